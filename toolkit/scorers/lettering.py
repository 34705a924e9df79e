"""Whether letters in the picture keep their shape: a box that the user draws is followed, laid over
its start, and compared edge by edge."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers.structure import ssim
from toolkit.scorers.subject import Points, follow, region
from toolkit.seams import Analysis

__all__ = ["Lettering"]

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Lettering:
    """`box` holds the text, as (left, top, width, height), shares of the first frame:
    `exp.score(scorers=[Lettering(box=(0.3, 0.2, 0.4, 0.1))])`.

    The larger pictures (about 8 of a clip) are laid over the first by the corners that are followed
    and then by an affine fit (Evangelidis and Psarakis 2008); SSIM compares what is left as edges.
    """

    name: ClassVar[str] = "lettering"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    tier: ClassVar[str] = "thorough"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "roi_text_stability",
                unit="",
                low=-1,
                high=1,
                direction="higher",
                evidence="C",
                description="How well letters in a box that you draw keep their shape over the "
                "clip, camera moves taken out. Experimental; it says stable, and neither legible "
                "nor right: letters that are wrong all the time score high.",
            )
        ]
    )
    box: tuple[float, float, float, float] | None = None
    least: float = 0.3

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        return {"roi_text_stability": self._stability(clip)}

    def _stability(self, clip: Analysis) -> Reading:
        if self.box is None:
            return Reading(None, note="no box was drawn around the text; see Lettering(box=…)")
        if len(clip.detail) < 2:
            return Reading(None, note="too short for a second picture")
        if any(clip.detail_at[0] < cut <= clip.detail_at[-1] for cut in clip.cuts):
            return Reading(None, note="a cut: nothing to follow")
        first = clip.detail[0]
        x0, y0, x1, y1 = region(self.box, first.shape[1], first.shape[0])
        text = first[max(0, y0) : y1, max(0, x0) : x1]
        if min(text.shape) < 12:
            return Reading(None, note="the box is smaller than 12 px")
        wanted = _edges(text)
        if wanted.std() < 4:
            return Reading(None, note="no edges in the box at the start")
        small = region(self.box, clip.small.shape[2], clip.small.shape[1])
        start, ways = follow(clip, small, clip.detail_at)
        alive = len(ways[-1][0]) / len(start) if len(start) else 0.0
        scale = first.shape[1] / clip.small.shape[2]
        alike = [
            ssim(wanted, _edges(_laid_over(text, later, (max(0, x0), max(0, y0)), way, scale)))
            for later, way in zip(clip.detail[1:], ways[1:], strict=True)
        ]
        if alive < self.least:
            note = f"only {alive:.0%} of the box can be followed to the end"
            return Reading(None, confidence=round(alive, 3), note=note)
        return Reading(float(np.mean(alike)), confidence=round(alive, 3))


def _edges(image: Image) -> Image:
    edges: Any = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.asarray(edges, np.uint8)


def _laid_over(
    text: Image, later: Image, corner: tuple[int, int], way: tuple[Points, Points], scale: float
) -> Image:
    """What `text`, cut from the first picture at `corner`, has become in a `later` one."""
    then, now = (scale * points for points in way)
    matrix: Any = None
    if len(then) >= 4:
        matrix, _ = cv2.estimateAffinePartial2D(then, now, method=cv2.LMEDS)
    if matrix is None:
        matrix = np.eye(2, 3)
    matrix = matrix.astype(np.float32)
    matrix[:, 2] += matrix[:, :2] @ np.asarray(corner, np.float32)
    how = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    fit: Any = cv2.findTransformECC
    with contextlib.suppress(cv2.error):  # no agreement to be found: the corners' own way stays
        _, matrix = fit(text, later, matrix.copy(), cv2.MOTION_AFFINE, how, None, 5)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (text.shape[1], text.shape[0])
    found = cv2.warpAffine(later, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.uint8)


scorer = Lettering()
