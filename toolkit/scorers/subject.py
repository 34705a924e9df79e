"""Whether the subject stays itself: a region is followed, straightened, held against its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers.likeness import hog
from toolkit.seams import Analysis

__all__ = ["Subject", "follow", "region"]

Points = NDArray[np.float32]
Region = tuple[int, int, int, int]


def region(box: tuple[float, float, float, float], width: int, height: int) -> Region:
    """Left, top, right, bottom in pixels of a box (left, top, width, height) in shares."""
    left, top, wide, high = box
    return (
        round(left * width), round(top * height),
        round((left + wide) * width), round((top + high) * height),
    )  # fmt: skip


def follow(
    clip: Analysis, where: Region, moments: Sequence[int], corners: int = 300
) -> tuple[Points, list[tuple[Points, Points]]]:
    """The corners within `where` at the first moment; at every moment those that are still there,
    then and now: followed from frame to frame, there and back (Lucas and Kanade, pyramids).
    """
    _, height, width = clip.small.shape
    x0, y0, x1, y1 = where
    mask = np.zeros((height, width), np.uint8)
    mask[y0:y1, x0:x1] = 255
    found: Any = cv2.goodFeaturesToTrack(clip.small[moments[0]], corners, 0.01, 3, mask=mask)
    start: Points = np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2)
    then, now = start, start
    asked, ways = set(moments), [(then, now)]
    for t in range(moments[0], moments[-1]):
        if len(now):
            there = _steps(clip.small[t], clip.small[t + 1], now)
            again = _steps(clip.small[t + 1], clip.small[t], there)
            inside = ((there >= 0) & (there < (width, height))).all(axis=1)
            kept = (np.hypot(*(again - now).T) < 1) & inside
            then, now = then[kept], there[kept]
        if t + 1 in asked:
            ways.append((then, now))
    return start, ways


@dataclass(frozen=True)
class Subject:
    """`box` is the region as (left, top, width, height), shares of the frame at the first moment
    shown; without one it is the middle, where subjects mostly are.

    Corners are followed from frame to frame, there and back; a similarity through those that are
    left turns later pictures back onto the first.
    """

    name: ClassVar[str] = "subject"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    tier: ClassVar[str] = "thorough"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "subject_color_drift",
                unit="",
                low=0,
                high=1,
                direction="lower",
                evidence="B",
                description="How far the region's colours leave those at the start, beyond what "
                "the rest of the picture does.",
            ),
            Metric(
                "subject_shape_drift",
                unit="",
                low=0,
                high=1,
                direction="lower",
                evidence="B",
                description="How far the region's shapes end from those at the start, camera moves "
                "taken out. A turn of the subject looks the same.",
            ),
            Metric(
                "track_survival",
                unit="share of corners",
                low=0,
                high=1,
                direction="higher",
                evidence="B",
                description="How much of the region can be followed to the end; what turns, hides "
                "or dissolves is lost.",
            ),
        ]
    )
    box: tuple[float, float, float, float] | None = None
    least: float = 0.3
    corners: int = 300

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.shown) < 4:
            return dict.fromkeys(self.metrics, Reading(None, note="fewer than 4 frames"))
        first, last = clip.shown[0], clip.shown[-1]
        if any(first < cut <= last for cut in clip.cuts):
            return dict.fromkeys(self.metrics, Reading(None, note="a cut: nothing to follow"))
        box = self._region(clip.small.shape[2], clip.small.shape[1])
        start, ways = follow(clip, box, clip.shown, self.corners)
        if len(start) < 12:
            note = "too few corners in the region to follow"
            return dict.fromkeys(self.metrics, Reading(None, note=note))
        survival = len(ways[-1][0]) / len(start)
        alive = Reading(survival, trace=[round(len(kept) / len(start), 4) for kept, _ in ways])
        if survival < self.least:
            lost = Reading(
                None, confidence=round(survival, 3),
                note=f"only {survival:.0%} of the region can be followed to the end",
            )  # fmt: skip
            return {
                "subject_color_drift": lost, "subject_shape_drift": lost, "track_survival": alive,
            }  # fmt: skip
        colour, shape = self._compare(clip, ways)
        sure = round(survival, 3)
        tail = float(np.mean(shape[-3:]))
        return {
            "subject_color_drift": Reading(
                float(np.clip(np.mean(colour[1:]), 0, 1)), confidence=sure,
                trace=[round(c, 4) for c in colour],
            ),
            "subject_shape_drift": Reading(
                float(np.clip(tail, 0, 1)), confidence=sure, trace=[round(s, 4) for s in shape]
            ),
            "track_survival": alive,
        }  # fmt: skip

    def _region(self, width: int, height: int) -> Region:
        return region(self.box or (0.22, 0.22, 0.56, 0.56), width, height)

    def _compare(
        self, clip: Analysis, ways: list[tuple[Points, Points]]
    ) -> tuple[list[float], list[float]]:
        """Colour and shape drift at every moment shown, from 0 at the first."""
        height, width = clip.thumbs.shape[1:3]
        scale = width / clip.small.shape[2]
        x0, y0, x1, y1 = self._region(width, height)
        here = np.zeros((height, width), np.uint8)
        here[y0:y1, x0:x1] = 1
        first = clip.thumbs[0]
        shape_0 = hog(cv2.cvtColor(first, cv2.COLOR_RGB2GRAY)[y0:y1, x0:x1])
        colour, shape = [], []
        for image, (then, now) in zip(clip.thumbs, ways, strict=True):
            matrix: Any = None
            if len(then) >= 4:
                matrix, _ = cv2.estimateAffinePartial2D(scale * then, scale * now, method=cv2.LMEDS)
            if matrix is None:
                matrix = np.eye(2, 3)
            how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            back = cv2.warpAffine(image, matrix, (width, height), flags=how)
            known = cv2.warpAffine(
                np.ones((height, width), np.uint8), matrix, (width, height),
                flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            )  # fmt: skip
            inside: Any = cv2.bitwise_and(known, here)
            outside: Any = cv2.bitwise_and(known, 1 - here)
            own = 1 - _alike(first, back, inside)
            rest = 1 - _alike(first, back, outside)
            colour.append(max(0.0, own - rest))
            gray = cv2.cvtColor(np.where(known[..., None] > 0, back, first), cv2.COLOR_RGB2GRAY)
            shape.append(max(0.0, 1 - float(shape_0 @ hog(gray[y0:y1, x0:x1]))))
        return colour, shape


def _steps(a: NDArray[np.uint8], b: NDArray[np.uint8], points: Points) -> Points:
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        a,
        b,
        points.reshape(-1, 1, 2),
        None,
        winSize=(21, 21),
        maxLevel=3,  # type: ignore[call-overload]
    )
    there: Points = moved.reshape(-1, 2)
    there[found.ravel() == 0] = -1e6
    return there


def _alike(a: NDArray[np.uint8], b: NDArray[np.uint8], mask: NDArray[np.uint8]) -> float:
    """Bhattacharyya coefficient of the a-b histograms in CIE Lab, 16 x 16 bins over 64..192."""
    if mask.sum() < 100:
        return 1.0
    shares = []
    for image in (a, b):
        lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
        counts: Any = cv2.calcHist([lab], [1, 2], mask, [16, 16], [64, 192, 64, 192])
        shares.append(counts.ravel() / max(1.0, float(counts.sum())))
    return float(np.sqrt(shares[0] * shares[1]).sum())


scorer = Subject()
