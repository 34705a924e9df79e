"""Where everything went between two small pictures: DIS flow (Kroeger et al. 2016), fast preset."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_PX", "Flow"]

LEAST_PX = 32
"""OpenCV's DIS reads beyond pictures that are wide and lower than this, and ends the process."""


class Flow:
    """`flow(a, b)` is (h, w, 2): how far right and down each pixel of `a` went; pixels.

    Both are (h, w) uint8. One of these serves one thread.
    """

    def __init__(self) -> None:
        make: Any = cv2.DISOpticalFlow_create  # type: ignore[attr-defined]
        self._dis = make(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def __call__(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float32]:
        height, width = a.shape
        below, beside = max(0, LEAST_PX - height), max(0, LEAST_PX - width)
        if below or beside:
            pads = ((0, below), (0, beside))
            a, b = np.pad(a, pads, mode="edge"), np.pad(b, pads, mode="edge")
        flow: NDArray[np.float32] = self._dis.calc(a, b, None)
        return flow[:height, :width]
