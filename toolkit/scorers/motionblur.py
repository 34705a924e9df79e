"""Smear along the motion: how much softer the picture is in the direction in which it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers._warp import pairs_within_shots
from toolkit.seams import Analysis

__all__ = ["MotionBlur"]


@dataclass(frozen=True)
class MotionBlur:
    """log2 of gradients along the motion against those across it, where something moves fast.

    Blur in all directions leaves it alone. `fast_px` is in a frame, at a short side of 256 px.
    """

    name: ClassVar[str] = "motionblur"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    tier: ClassVar[str] = "thorough"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "motion_blur_index",
                unit="log2",
                direction="higher",
                evidence="A",
                description="0 is none, -0.4 a smear of one frame's exposure. Only between twins: "
                "upright and level lines in a scene shift it (by a third).",
            )
        ]
    )
    fast_px: float = 2.0
    least: float = 0.02
    pairs: float = 0.1

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        together = list(pairs_within_shots(clip))
        fast = self.fast_px * min(clip.small.shape[1:]) / 256
        found, trace = [], [0.0] * len(clip.small)
        for a, b in together:
            flow = clip.flow(a, b)
            size = cv2.magnitude(flow[..., 0], flow[..., 1])
            moving = size > fast
            if moving.mean() < self.least:
                continue
            soft = cv2.GaussianBlur(clip.small[a].astype(np.float32), (0, 0), 0.8)
            gx = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8)[moving]
            gy = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)[moving]
            ux, uy = (flow[moving] / size[moving][:, None]).T
            along = float(np.mean((gx * ux + gy * uy) ** 2))
            across = float(np.mean((gy * ux - gx * uy) ** 2))
            if min(along, across) > 0.01:  # gray levels a pixel, squared: some texture
                found.append(0.5 * float(np.log2(along / across)))
                trace[a] = round(found[-1], 4)
        if not together or len(found) < max(1.0, self.pairs * len(together)):
            return {
                "motion_blur_index": Reading(
                    None, note=f"too little moves faster than {self.fast_px:g} px in a frame"
                )
            }
        share = len(found) / len(together)
        return {
            "motion_blur_index": Reading(
                float(np.mean(found)), confidence=round(min(1.0, 2 * share), 3), trace=trace
            )
        }


scorer = MotionBlur()
