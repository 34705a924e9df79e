"""How alike neighbouring frames are in structure. Stillness and blur raise it: no merit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers._warp import pairs_within_shots
from toolkit.scorers.likeness import hog
from toolkit.seams import Analysis

__all__ = ["Structure", "ssim"]


def ssim(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Mean structural similarity, -1..1 (Wang et al. 2004, 7 x 7 windows, K = 0.01, 0.03).

    Agrees with `skimage.metrics.structural_similarity` with its default settings.
    """
    x, y = a.astype(np.float64), b.astype(np.float64)
    mx, my = cv2.blur(x, (7, 7)), cv2.blur(y, (7, 7))
    sample = 49 / 48
    vx = sample * (cv2.blur(x * x, (7, 7)) - mx * mx)
    vy = sample * (cv2.blur(y * y, (7, 7)) - my * my)
    vxy = sample * (cv2.blur(x * y, (7, 7)) - mx * my)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return float(found[3:-3, 3:-3].mean())


@dataclass(frozen=True)
class Structure:
    """SSIM and gradient histograms of each frame against the next, cuts left out."""

    name: ClassVar[str] = "structure"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    tier: ClassVar[str] = "thorough"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "ssim_adjacent",
                unit="",
                low=-1,
                high=1,
                evidence="A",
                description="Structural similarity of neighbouring frames. Goes with people's "
                "judgement of steadiness (0.3), and against their judgement of motion (-0.3): "
                "still and blurred clips score high.",
            ),
            Metric(
                "hog_adjacent",
                unit="",
                low=0,
                high=1,
                evidence="B",
                description="Likeness of shapes in neighbouring frames (cosine of gradients). "
                "Rises with stillness and blur too.",
            ),
        ]
    )

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        pairs = list(pairs_within_shots(clip))
        if not pairs:
            return dict.fromkeys(self.metrics, Reading(None, note="no two frames of one shot"))
        if min(clip.small.shape[1:]) < 7:
            return dict.fromkeys(self.metrics, Reading(None, note="smaller than 7 px"))
        alike = [ssim(clip.small[a], clip.small[b]) for a, b in pairs]
        readings = {"ssim_adjacent": Reading(float(np.mean(alike)), trace=_spread(clip, alike))}
        shapes = [hog(frame) for frame in clip.small]
        same = [float(shapes[a] @ shapes[b]) for a, b in pairs if shapes[a].any()]
        if same:
            readings["hog_adjacent"] = Reading(min(1.0, float(np.mean(same))))
        else:
            readings["hog_adjacent"] = Reading(None, note="no edges in the picture")
        return readings


def _spread(clip: Analysis, values: list[float]) -> list[float]:
    """One number a frame: a first frame and one after a cut are like themselves."""
    trace = [1.0] * len(clip.small)
    for (_, second), value in zip(pairs_within_shots(clip), values, strict=True):
        trace[second] = round(value, 4)
    return trace


scorer = Structure()
