"""Sharpness of single frames. Good for comparing twins; between scenes the content decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["Sharpness", "blur_effect", "log_laplacian"]

_FLAT = 0.05  # variance below which a picture has no edges to judge


def log_laplacian(image: NDArray[np.uint8]) -> float | None:
    """log10 of the variance of the Laplacian; None for a picture without any edge."""
    import cv2

    _, spread = cv2.meanStdDev(cv2.Laplacian(image, cv2.CV_16S))
    variance = float(spread[0, 0]) ** 2
    return float(np.log10(variance)) if variance > _FLAT else None


def blur_effect(image: NDArray[np.uint8], size: int = 11) -> float | None:
    """0 (sharp) to 1 (blurred): how little another blur changes it. Crete et al. (2007).

    Agrees with `skimage.measure.blur_effect`. None for a picture without any edge.
    """
    import cv2

    gray: NDArray[Any] = image.astype(np.float32) / 255
    found = []
    for kernel, (dx, dy) in (((1, size), (0, 1)), ((size, 1), (1, 0))):
        soft = cv2.blur(gray, kernel, borderType=cv2.BORDER_REFLECT)
        edges = _edges(gray, dx, dy)
        lost = np.maximum(0, edges - _edges(soft, dx, dy))
        total = float(edges.sum())
        if total <= 1e-3 * edges.size / 255:  # also where nothing is left inside the margin
            return None
        found.append(abs(total - float(lost.sum())) / total)
    return max(found)


def _edges(gray: NDArray[Any], dx: int, dy: int) -> NDArray[Any]:
    import cv2

    edges = np.abs(cv2.Sobel(gray, cv2.CV_32F, dx, dy, scale=1 / 8))
    return edges[2:-1, 2:-1]


@dataclass(frozen=True)
class Sharpness:
    """Two views of the same thing: the energy of edges, and how much a further blur would cost."""

    name: ClassVar[str] = "sharpness"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    every_frame: ClassVar[bool] = False
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "sharpness_log",
                unit="log10",
                evidence="B",
                description="Edge energy, about 0 to 4. Only between twins: grain and detail raise "
                "it too, and between models sharper is not better.",
            ),
            Metric(
                "blur_effect",
                unit="",
                low=0,
                high=1,
                direction="lower",
                evidence="B",
                description="How blurred single frames look; real footage has 0.3 to 0.6.",
            ),
        ]
    )
    blur_frames: int = 2

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        sharp = [v for image in clip.detail if (v := log_laplacian(image)) is not None]
        middle = np.linspace(0, len(clip.detail) - 1, self.blur_frames + 2)[1:-1].round()
        blurs = [
            v for k in dict.fromkeys(middle) if (v := blur_effect(clip.detail[int(k)])) is not None
        ]
        flat = Reading(None, note="no edges in the picture")
        trace = [round(log_laplacian(frame) or 0.0, 4) for frame in clip.small]
        return {
            "sharpness_log": Reading(float(np.mean(sharp)), trace=trace) if sharp else flat,
            "blur_effect": Reading(float(np.mean(blurs))) if blurs else flat,
        }


scorer = Sharpness()
