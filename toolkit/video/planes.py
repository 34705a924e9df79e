"""From a decoded frame to small pictures, touching as few bytes as possible.

Scores look at luma alone, so the Y plane is viewed in place and halved exactly (2 x 2 means, the
cheapest filter that does not alias); U and V are touched only for frames that are shown.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FULL_RANGE",
    "fit",
    "full_range",
    "halve",
    "luma",
    "resize",
    "rgb",
    "shrink",
    "stretch",
    "turn",
]

Image = NDArray[Any]

FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_PLANAR = frozenset(
    f"yuv{'j' if full else ''}{sub}p" for full in (0, 1) for sub in ("420", "422", "444", "440")
)
_STRETCH = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def _view(plane: Any) -> Image:
    rows = np.frombuffer(plane, np.uint8, count=plane.line_size * plane.height)
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]


def full_range(frame: Any) -> bool:
    """Whether luma runs over 0..255 and not over 16..235; gray without a mark does."""
    name, marked = frame.format.name, int(frame.color_range)
    return marked == FULL_RANGE or name.startswith("yuvj") or (name == "gray" and not marked)


def luma(frame: Any) -> Image:
    """The Y plane, (H, W) uint8 in the range of the file; a view of the frame where it can be."""
    name = frame.format.name
    if name in _PLANAR or name in ("nv12", "nv21", "gray"):
        return _view(frame.planes[0])
    return _view(frame.reformat(format="yuv444p").planes[0])


def halve(image: Image, long_px: int) -> Image:
    """`image` halved as often as its long side stays at least `long_px`."""
    while max(image.shape[:2]) >= 2 * long_px:
        size = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image


def resize(image: Image, width: int, height: int) -> Image:
    """Exactly `width` x `height`, by halving and one bilinear step."""
    image = halve(image, max(width, height))
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def fit(width: int, height: int, long_px: int) -> tuple[int, int]:
    """The size whose long side is `long_px`, never larger than it was; sides are at least 1."""
    scale = min(1.0, long_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink(plane: Image, long_px: int) -> Image:
    """`plane` with its long side at `long_px` (smaller ones stay as they are)."""
    return resize(plane, *fit(plane.shape[1], plane.shape[0], long_px))


def stretch(image: Image) -> Image:
    """Luma of the limited range (16..235) as 0..255."""
    return cv2.LUT(image, _STRETCH)


def turn(image: Image, degrees: int) -> Image:
    """`image` turned as a player shows it; `degrees` as PyAV's `frame.rotation` gives them."""
    return np.ascontiguousarray(np.rot90(image, degrees // 90)) if degrees % 360 else image


def _to_rgb(frame: Any) -> NDArray[np.float32]:
    """The 3 x 4 matrix from full-scale (Y, U, V, 1) bytes to R, G, B bytes.

    Kr and Kb of ITU-R BT.601, BT.709 and BT.2020; an unmarked clip is taken as 601 below 720 lines,
    as players do.
    """
    marked = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
    default = (0.2126, 0.0722) if min(frame.width, frame.height) >= 720 else (0.299, 0.114)
    kr, kb = marked.get(int(frame.colorspace), default)
    kg = 1 - kr - kb
    y, c, low = (1.0, 1.0, 0.0) if full_range(frame) else (255 / 219, 255 / 224, 16.0)
    red, blue = 2 * (1 - kr) * c, 2 * (1 - kb) * c
    matrix = np.array(
        [[y, 0, red, 0], [y, -kb / kg * blue, -kr / kg * red, 0], [y, blue, 0, 0]], np.float64
    )
    matrix[:, 3] = -matrix[:, :3] @ np.array([low, 128.0, 128.0])
    return matrix.astype(np.float32)


def rgb(frame: Any, long_px: int | None = None) -> Image:
    """(H, W, 3) RGB with the long side at `long_px` (None: as large as it is), not yet turned."""
    width, height = frame.width, frame.height
    if long_px is not None:
        width, height = fit(width, height, long_px)
    name = frame.format.name
    if name not in _PLANAR:
        if name.startswith(("rgb", "bgr", "gbr", "gray", "pal", "argb", "abgr")):
            picture = frame.to_ndarray(format="rgb24")
            return resize(picture, width, height)
        frame = frame.reformat(format="yuv420p")
    planes = [resize(_view(plane), width, height) for plane in frame.planes[:3]]
    return cv2.transform(cv2.merge(planes), _to_rgb(frame))
