"""Brightness that pumps from frame to frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["Flicker", "luma_flicker"]


def luma_flicker(luma: NDArray[np.float64]) -> NDArray[np.float64]:
    """|L(t-1) - 2 L(t) + L(t+1)| of `luma` (T,) in 0..1, for the T-2 inner frames.

    Steady fades leave it at 0, unlike a first difference.
    """
    return np.abs(np.diff(luma, 2))


@dataclass(frozen=True)
class Flicker:
    """The mean second difference of each frame's mean brightness, cuts left out."""

    name: ClassVar[str] = "flicker"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "luma_flicker",
                unit="of full brightness",
                low=0,
                high=1,
                direction="lower",
                evidence="A",
                description="How much the brightness pumps; real footage has 0.0006 to 0.03. "
                "A strobe that is wanted looks the same.",
            )
        ]
    )

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.luma) < 3:
            return {"luma_flicker": Reading(None, note="fewer than 3 frames")}
        pumping = luma_flicker(clip.luma)
        kept = np.ones(len(pumping), bool)
        for cut in clip.cuts:  # frame `cut` begins a new shot: two second differences span it
            kept[max(0, cut - 2) : cut] = False
        if not kept.any():
            return {"luma_flicker": Reading(None, note="cut too often")}
        trace = [0.0, *np.where(kept, pumping, 0.0).round(6).tolist(), 0.0]
        return {"luma_flicker": Reading(float(pumping[kept].mean()), trace=trace)}


scorer = Flicker()
