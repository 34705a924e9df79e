"""Black bars above and below (letterbox) or beside (pillarbox) the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["Bars", "Sides", "find_bars"]


class Sides(NamedTuple):
    """Rows and columns of black at each edge."""

    top: int
    bottom: int
    left: int
    right: int


def find_bars(frames: NDArray[np.uint8], dark: int = 24, flat: int = 12) -> Sides:
    """Edge rows and columns of (T, h, w) luma that are black and flat in every single frame.

    A dark sky is not flat over a whole clip; a bar is. A clip that is black throughout has none.
    """
    highest, lowest = frames.max(axis=0), frames.min(axis=0)
    black = (highest < dark) & (highest - lowest < flat)
    if black.all():
        return Sides(0, 0, 0, 0)
    rows, columns = np.flatnonzero(~black.all(axis=1)), np.flatnonzero(~black.all(axis=0))
    height, width = black.shape
    return Sides(
        int(rows[0]), int(height - 1 - rows[-1]), int(columns[0]), int(width - 1 - columns[-1])
    )


@dataclass(frozen=True)
class Bars:
    """How much of the frame is bars."""

    name: ClassVar[str] = "bars"
    version: ClassVar[str] = "2"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    every_frame: ClassVar[bool] = False
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "letterbox",
                unit="share of the height",
                low=0,
                high=1,
                direction="lower",
                evidence="A",
                description="Black bars above and below, together.",
            ),
            Metric(
                "pillarbox",
                unit="share of the width",
                low=0,
                high=1,
                direction="lower",
                evidence="A",
                description="Black bars at the sides, together.",
            ),
        ]
    )

    dark: int = 24
    flat: int = 12

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if clip.small.max() < self.dark:
            return dict.fromkeys(self.metrics, Reading(None, note="black throughout"))
        bars = find_bars(clip.small, self.dark, self.flat)
        _, height, width = clip.small.shape
        return {
            "letterbox": Reading((bars.top + bars.bottom) / height),
            "pillarbox": Reading((bars.left + bars.right) / width),
        }


scorer = Bars()
