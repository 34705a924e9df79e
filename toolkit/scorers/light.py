"""Light and colour: burnt and drowned parts of the picture, and how colourful it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers.bars import find_bars
from toolkit.seams import Analysis

__all__ = ["Light", "colorfulness"]


def colorfulness(image: NDArray[np.uint8]) -> float:
    """Hasler and Süsstrunk (2003), of an (H, W, 3) RGB picture: 0 gray, about 110 very much so."""
    red, green, blue = np.moveaxis(image.astype(np.float32), 2, 0)
    rg, yb = red - green, 0.5 * (red + green) - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


@dataclass(frozen=True)
class Light:
    """Shares of black and white pixels inside the bars, and colourfulness of the frames shown."""

    name: ClassVar[str] = "light"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    every_frame: ClassVar[bool] = False
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "clip_low",
                unit="share of pixels",
                low=0,
                high=1,
                direction="lower",
                evidence="B",
                description="Pixels drowned in black (luma 5 of 255 or less), bars left out.",
            ),
            Metric(
                "clip_high",
                unit="share of pixels",
                low=0,
                high=1,
                direction="lower",
                evidence="B",
                description="Pixels burnt out to white (luma 250 of 255 or more).",
            ),
            Metric(
                "colorfulness",
                unit="Hasler-Süsstrunk",
                low=0,
                evidence="B",
                description="0 is gray, 15 slight, 45 fair, 80 strong.",
            ),
        ]
    )
    low: int = 5
    high: int = 250

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        bars = find_bars(clip.small)
        _, height, width = clip.small.shape
        inside = clip.small[:, bars.top : height - bars.bottom, bars.left : width - bars.right]
        colours = [colorfulness(image) for image in clip.thumbs]
        readings = {
            "colorfulness": Reading(float(np.mean(colours))),
            "clip_low": Reading(None, note="all of the picture is bars"),
            "clip_high": Reading(None, note="all of the picture is bars"),
        }
        if inside.size:
            dark = np.array([(frame <= self.low).mean() for frame in inside])
            light = np.array([(frame >= self.high).mean() for frame in inside])
            readings["clip_low"] = Reading(float(dark.mean()), trace=dark.round(4).tolist())
            readings["clip_high"] = Reading(float(light.mean()), trace=light.round(4).tolist())
        return readings


scorer = Light()
