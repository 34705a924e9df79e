"""Bringing one frame onto another along the flow, and where that can be believed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.seams import Analysis

__all__ = ["Pair", "back_along", "both_ways", "pairs_within_shots"]

Flow = NDArray[np.float32]
Pair = tuple[int, int]


@lru_cache(maxsize=4)
def _places(height: int, width: int) -> tuple[Flow, Flow]:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return columns, rows


def back_along(image: NDArray[Any], flow: Flow) -> NDArray[Any]:
    """`image` looked up at x + flow(x): what lies there is brought here."""
    columns, rows = _places(*flow.shape[:2])
    return cv2.remap(
        image, columns + flow[..., 0], rows + flow[..., 1],
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip


def both_ways(clip: Analysis, first: int, second: int) -> tuple[Flow, Flow, NDArray[np.bool_]]:
    """Flow from `first` to `second`, the way back, and where the two agree.

    Sundaram, Brox and Keutzer (2010), eq. 5: |f + b(x + f)|^2 <= 0.01 (|f|^2 + |b|^2) + 0.5, inside
    the picture. What fails is hidden in one of the frames.
    """
    forth, back = clip.flow(first, second), clip.flow(second, first)
    there = back_along(back, forth)
    off = ((forth + there) ** 2).sum(axis=2)
    size = (forth**2).sum(axis=2) + (there**2).sum(axis=2)
    height, width = forth.shape[:2]
    columns, rows = _places(height, width)
    x, y = columns + forth[..., 0], rows + forth[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return forth, back, (off <= 0.01 * size + 0.5) & inside


def pairs_within_shots(clip: Analysis) -> Iterator[Pair]:
    """(t, t + 1) for neighbours that no cut parts."""
    cuts = set(clip.cuts)
    return ((t, t + 1) for t in range(len(clip.small) - 1) if t + 1 not in cuts)
