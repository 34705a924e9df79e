"""Frames that stand still while the clip should move: freezes, and frames sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["Freeze", "frozen_pairs"]


@dataclass(frozen=True)
class Freeze:
    """A frame is frozen when it repeats the one before, measured against how the clip moves at all.

    `max_step` is the largest mean difference of a repeat in gray levels, `share` the largest part
    of the clip's own busy step (its 90th percentile), so that a slow drift is not a freeze; `floor`
    is what re-encoding alone changes. In a slow clip re-encoding changes more than that `share`:
    where the clip moves evenly (the median step is `even` of the busy one), up to `slow_share` is a
    repeat too if no block changes by more than `slow_block`.
    """

    name: ClassVar[str] = "freeze"
    version: ClassVar[str] = "2"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "frozen_ratio",
                unit="share of frames",
                low=0,
                high=1,
                direction="lower",
                evidence="A",
                description="Frames that repeat the one before; 1 for a still picture.",
            ),
            Metric(
                "longest_freeze_s",
                unit="s",
                low=0,
                direction="lower",
                evidence="A",
                description="The longest unbroken time without a new picture.",
            ),
        ]
    )
    max_step: float = 1.5
    share: float = 0.12
    floor: float = 0.06
    max_block: float = 4.0
    even: float = 0.6
    slow_share: float = 0.35
    slow_step: float = 0.5
    slow_block: float = 2.2

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.small) < 2:
            return dict.fromkeys(self.metrics, Reading(None, note="one frame only"))
        frozen = frozen_pairs(clip, self)
        trace = [0.0, *frozen.astype(float).tolist()]
        longest = start = 0.0
        for i, still in enumerate(frozen):
            start = start if still else clip.time_s[i + 1]
            longest = max(longest, clip.time_s[i + 1] - start)
        note = "nothing moves in the whole clip" if frozen.all() else ""
        return {
            "frozen_ratio": Reading(float(frozen.mean()), note=note, trace=trace),
            "longest_freeze_s": Reading(float(longest), note=note),
        }


def frozen_pairs(clip: Analysis, settings: Freeze | None = None) -> NDArray[np.bool_]:
    """(T-1,) whether frame t+1 repeats frame t."""
    settings = settings or Freeze()
    step = clip.step
    busy = float(np.percentile(step, 90))
    limit = np.clip(settings.share * busy, settings.floor, settings.max_step)
    slow = 0.0
    if np.median(step) >= settings.even * busy:
        slow = min(settings.slow_share * busy, settings.slow_step)
    frozen = step < max(limit, slow)
    for t in np.flatnonzero(frozen):  # a small thing that moves in a still scene is no freeze
        most = settings.max_block if step[t] < limit else settings.slow_block
        frozen[t] = _largest_block(clip.small[t], clip.small[t + 1]) < most
    return np.asarray(frozen)


def _largest_block(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """The largest mean absolute difference of any 8 x 8 block."""
    import cv2

    size = (max(1, a.shape[1] // 8), max(1, a.shape[0] // 8))
    return float(cv2.resize(cv2.absdiff(a, b), size, interpolation=cv2.INTER_AREA).max())


scorer = Freeze()
