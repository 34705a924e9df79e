"""How far a clip wanders from its first frame in colour and shape, and whether it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["Likeness", "hog", "hs_histogram"]

_CELLS, _BINS = 8, 9


def hs_histogram(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Hue x saturation, 24 x 8 bins, of an RGB picture; sums to 1."""
    import cv2

    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    counts: NDArray[Any] = cv2.calcHist([hsv], [0, 1], None, [24, 8], [0, 180, 0, 256])
    shares: NDArray[np.float64] = counts.ravel().astype(np.float64) / counts.sum()
    return shares


def hog(gray: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Histograms of oriented gradients of 8 x 8 cells of a 128 x 128 picture, as one unit vector.

    Dalal and Triggs (2005) without block normalisation; a flat picture gives zeros.
    """
    import cv2

    small = cv2.resize(gray, (128, 128), interpolation=cv2.INTER_AREA)
    gx = cv2.Sobel(small, cv2.CV_32F, 1, 0, ksize=1)
    gy = cv2.Sobel(small, cv2.CV_32F, 0, 1, ksize=1)
    size, angle = cv2.cartToPolar(gx, gy)
    bins = (angle * (_BINS / np.pi)).astype(np.int64) % _BINS  # unsigned directions
    cell = np.arange(128) // (128 // _CELLS)
    index = (cell[:, None] * _CELLS + cell[None, :]) * _BINS + bins
    weights = size.ravel().astype(np.float64)
    counts: NDArray[np.float64]
    counts = np.bincount(index.ravel(), weights, _CELLS * _CELLS * _BINS).astype(np.float64)
    length = float(np.linalg.norm(counts))
    return counts / length if length > 0 else counts


@dataclass(frozen=True)
class Likeness:
    """The frames shown, each against the first; and the last against the first, in usual steps."""

    name: ClassVar[str] = "likeness"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "hist_first",
                unit="",
                low=0,
                high=1,
                direction="higher",
                evidence="B",
                description="Likeness of colours to the first frame (Bhattacharyya). A camera that "
                "finds new things lowers it too: compare twins.",
            ),
            Metric(
                "hog_first",
                unit="",
                low=0,
                high=1,
                direction="higher",
                evidence="B",
                description="Likeness of shapes to the first frame (cosine of gradients). Any "
                "camera move lowers it: compare twins.",
            ),
            Metric(
                "loop_closure",
                unit="steps",
                low=0,
                direction="lower",
                evidence="B",
                description="How far the last frame is from the first, in usual steps between "
                "frames; about 1 is a seamless loop.",
            ),
        ]
    )
    min_step: float = 0.1

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.small) < 2:
            return dict.fromkeys(self.metrics, Reading(None, note="one frame only"))
        one = Reading(None, note="too short for a second picture")
        several = len(clip.shown) > 1
        return {
            "hist_first": self._colours(clip) if several else one,
            "hog_first": self._shapes(clip) if several else one,
            "loop_closure": self._loop(clip),
        }

    def _colours(self, clip: Analysis) -> Reading:
        first, *others = (hs_histogram(image) for image in clip.thumbs)
        alike = [float(np.sqrt(first * other).sum()) for other in others]
        return Reading(min(1.0, float(np.mean(alike))), trace=_rounded([1.0, *alike]))

    def _shapes(self, clip: Analysis) -> Reading:
        shapes = [hog(clip.small[t]) for t in clip.shown]
        if not shapes[0].any():
            return Reading(None, note="the first frame has no edges")
        alike = [float(shapes[0] @ other) for other in shapes[1:]]
        return Reading(min(1.0, float(np.mean(alike))), trace=_rounded([1.0, *alike]))

    def _loop(self, clip: Analysis) -> Reading:
        usual = float(np.median(clip.step))
        if usual < self.min_step:
            return Reading(None, note="hardly anything moves: no usual step to compare with")
        first, last = clip.small[0].astype(np.int16), clip.small[-1].astype(np.int16)
        return Reading(float(np.abs(first - last).mean()) / usual)


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 4) for value in values]


scorer = Likeness()
