"""How much moves, and whether that counts as a moving picture at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["MotionMagnitude"]


@dataclass(frozen=True)
class MotionMagnitude:
    """The fastest twentieth of the picture, over eighths of a second, at a short side of 256 px.

    The yardstick of VBench's dynamic degree (Huang et al. 2024), with DIS flow in place of RAFT: a
    clip is dynamic when enough of its eighths of a second move more than `moving_px`.
    """

    name: ClassVar[str] = "motion"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "motion_magnitude",
                unit="px per 1/8 s at 256 px",
                low=0,
                evidence="A",
                description="Speed of the fastest 5 % of the picture; camera moves count.",
            ),
            Metric(
                "dynamic",
                unit="yes or no",
                low=0,
                high=1,
                evidence="A",
                description="1 where at least a quarter of the clip moves fast enough to be seen.",
            ),
        ]
    )
    moving_px: float = 6.0

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        num_frames = len(clip.small)
        if num_frames < 2:
            return dict.fromkeys(self.metrics, Reading(None, note="one frame only"))
        per_frame = clip.motion.top * 256 / min(clip.small.shape[1:])
        for cut in clip.cuts:  # flow across a cut is no motion: take that of the pair before
            per_frame[cut - 1] = per_frame[max(0, cut - 2)]
        fps = clip.clip.fps or 8.0
        stride = max(1, round(fps / 8))
        starts = np.arange(0, len(per_frame), stride)
        eighths = np.add.reduceat(per_frame, starts)
        moving = int((eighths > self.moving_px).sum())
        enough = max(1, round(4 * (len(eighths) + 1) / 16))
        trace = (per_frame * fps / 8).round(3).tolist()
        return {
            "motion_magnitude": Reading(float(per_frame.mean() * fps / 8), trace=trace),
            "dynamic": Reading(float(moving >= enough)),
        }


scorer = MotionMagnitude()
