"""Whether motion runs evenly: frames against what their neighbours foretell, the camera's jolts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers._warp import back_along, both_ways, pairs_within_shots
from toolkit.scorers.camera import camera_path, deliver
from toolkit.seams import Analysis

__all__ = ["Smoothness"]

_STILL = "moves < 1 px in an eighth of a second: smoothness undefined"


@dataclass(frozen=True)
class Smoothness:
    """Each on luma at 256 px. Where nothing moves there is nothing to judge, and stills would win.

    `moving_px` is of `motion_magnitude`: at a short side of 256 px, in an eighth of a second.
    """

    name: ClassVar[str] = "smoothness"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    tier: ClassVar[str] = "thorough"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "warp_error",
                unit="of full brightness, squared",
                low=0,
                high=1,
                direction="lower",
                evidence="B",
                description="Mean squared change of what can be followed from frame to frame "
                "(luma; EvalCrafter's, occlusions left out). The confidence is the share that can "
                "be followed.",
            ),
            Metric(
                "smooth_interp",
                unit="",
                low=0,
                high=1,
                direction="higher",
                evidence="B",
                description="How well every other frame lies half way between its neighbours, 1 "
                "being exactly. The best single sign of stutter and jumps; blur raises it.",
            ),
            Metric(
                "accel",
                unit="short sides / s^2",
                low=0,
                direction="lower",
                evidence="B",
                description="Rms change of the camera's speed. Only between twins: a handheld "
                "camera and one that starts from rest have more.",
            ),
        ]
    )
    moving_px: float = 1.0
    lost: float = 0.5

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.small) < 3:
            return dict.fromkeys(self.metrics, Reading(None, note="fewer than 3 frames"))
        top = clip.motion.top * 256 / min(clip.small.shape[1:])
        moves = float(np.mean(top)) * (clip.clip.fps or 8.0) / 8 >= self.moving_px
        still = Reading(None, note=_STILL)
        return {
            "warp_error": self._warp(clip),
            "smooth_interp": self._between(clip) if moves else still,
            "accel": self._accel(clip) if moves else still,
        }

    def _warp(self, clip: Analysis) -> Reading:
        errors, shares, trace = [], [], [0.0] * len(clip.small)
        for a, b in pairs_within_shots(clip):
            forth, _, seen = both_ways(clip, a, b)
            shares.append(float(seen.mean()))
            if not seen.any():
                continue
            off = clip.small[a][seen] / 255 - back_along(clip.small[b], forth)[seen] / 255
            errors.append(float((off**2).mean()))
            trace[b] = round(errors[-1], 6)
        followed = float(np.mean(shares)) if shares else 0.0
        if not errors or 1 - followed > self.lost:
            return Reading(
                None, confidence=round(followed, 3),
                note=f"only {followed:.0%} of the picture can be followed",
            )  # fmt: skip
        return Reading(float(np.mean(errors)), confidence=round(followed, 3), trace=trace)

    def _between(self, clip: Analysis) -> Reading:
        joined, kept = set(pairs_within_shots(clip)), []
        for t in range(1, len(clip.small) - 1, 2):
            if not {(t - 1, t), (t, t + 1)} <= joined:
                continue
            forth, back = clip.flow(t - 1, t + 1), clip.flow(t + 1, t - 1)
            middle = 0.5 * back_along(clip.small[t - 1], 0.5 * back).astype(np.float32)
            middle += 0.5 * back_along(clip.small[t + 1], 0.5 * forth)
            kept.append(float(np.abs(clip.small[t] - middle).mean()) / 255)
        if not kept:
            return Reading(None, note="no three frames of one shot")
        return Reading(1 - float(np.mean(kept)))

    def _accel(self, clip: Analysis) -> Reading:
        if not len(clip.motion.points) or not (path := camera_path(clip)).seen:
            return Reading(None, note="too little detail in the picture")
        change = np.diff(np.stack([path.right, path.down]), axis=1)
        cuts = np.array(clip.cuts, int)
        known = np.ones(change.shape[1], bool)
        known[[k for cut in cuts for k in (cut - 2, cut - 1) if 0 <= k < len(known)]] = False
        if not known.any():
            return Reading(None, note="cut too often")
        fps = clip.clip.fps or 8.0
        jolts = np.sqrt((change**2).sum(axis=0)) * fps**2
        trace = [0.0, *np.where(known, jolts, 0.0).round(4).tolist(), 0.0]
        value = float(np.sqrt((jolts[known] ** 2).mean()))
        return Reading(value, confidence=round(deliver(path).sure, 3), trace=trace)


scorer = Smoothness()
