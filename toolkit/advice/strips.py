"""Keyframes around the moment in which a symptom shows, as one small JPEG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from toolkit.errors import ClipError

__all__ = ["LOOKS", "around", "strip"]

LOOKS = ((5, 168, 70), (4, 152, 66), (3, 144, 62), (2, 128, 56))
"""How a strip looks, the largest first: frames, their long side in pixels, JPEG quality."""

GAP_PX = 3


def around(moment_s: tuple[float, float] | None, duration_s: float, count: int) -> list[float]:
    """`count` moments in 0..1: the stretch itself, with a little before and after it.

    A single moment, such as a cut, gets neighbours on both sides; none at all the whole clip.
    """
    if moment_s is None or duration_s <= 0:
        return [float(t) for t in np.linspace(0.04, 0.96, count)]
    start, stop = moment_s
    room = 0.12 if stop - start < 0.05 else 0.08 * (stop - start)
    low, high = max(0.0, start - room), min(duration_s, stop + room)
    if stop - start < 0.05 and count > 2:  # a cut: as close as may be, and one further away
        return sorted(
            min(1.0, max(0.0, (start + by) / duration_s))
            for by in (-0.3, -0.06, 0.04, 0.3, 0.6)[:count]
        )
    return [float(min(1.0, max(0.0, t / duration_s))) for t in np.linspace(low, high, count)]


def strip(path: Path, times: Sequence[float], *, side: int, quality: int) -> bytes:
    """The frames of `path` at `times` side by side; `ClipError` where it cannot be read."""
    import cv2

    from toolkit.video import frames_at

    frames = frames_at(path, times, long_px=side)
    if not frames:
        raise ClipError(f"{path.name}: no picture in it")
    images = [frame.image for frame in frames]
    gap = np.full((images[0].shape[0], GAP_PX, 3), 128, np.uint8)
    joined = np.hstack([part for image in images for part in (gap, image)][1:])
    ok, jpeg = cv2.imencode(
        ".jpg", cv2.cvtColor(joined, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    assert ok
    return bytes(jpeg)
