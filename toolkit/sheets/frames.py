"""Thumbnails of clips at given moments: from the cache the decode pass wrote, else by decoding.

What was read stays in memory for a while, so that the preview, the file and the next order of the
same clips read each clip once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import ClipError

__all__ = ["aspect", "forget", "thumbnails"]

Pixels = NDArray[np.uint8]

HELD_BYTES = 192 * 2**20
FULL, HALF = 320, 160
"""The long sides of the cached thumbnails, in pixels."""

_held: OrderedDict[tuple[object, ...], list[Pixels]] = OrderedDict()
_held_bytes = 0
_lock = Lock()


def thumbnails(
    path: Path, times: Sequence[float], *, sha256: str | None, side: int
) -> list[Pixels]:
    """Pictures of `path` at `times` (0..1 of its length), at least `side` px on the long side where
    the clip has them. `ClipError` or `OSError` says why a clip cannot be shown.
    """
    return _source(path, tuple(times), sha256, side)


def aspect(path: Path, times: Sequence[float], *, sha256: str | None) -> float | None:
    """Width / height of a clip whose table does not tell; None where it cannot be read.

    The pictures at `times` are what is read, as they will be shown next.
    """
    try:
        image = _source(path, tuple(times), sha256, FULL)[0]
    except (ClipError, OSError):
        return None
    return float(image.shape[1] / image.shape[0])


def _source(path: Path, times: tuple[float, ...], sha256: str | None, side: int) -> list[Pixels]:
    """The pictures before they are fitted, `FULL` px on the long side or `HALF` if that will do."""
    stat = path.stat()
    key = (str(path), stat.st_mtime_ns, stat.st_size, times)
    wanted = HALF if side <= HALF else FULL
    with _lock:
        for size in {wanted, FULL}:
            if (*key, size) in _held:
                _held.move_to_end((*key, size))
                return _held[(*key, size)]
    images = _cached(path, times, sha256, wanted)
    if images is None:  # decoded anyway: keep the large ones
        wanted = FULL
        images = _decoded(path, times)
    if not images:
        raise ClipError(f"{path.name}: no picture in it")
    _keep((*key, wanted), images)
    return images


def _cached(
    path: Path, times: Sequence[float], sha256: str | None, side: int
) -> list[Pixels] | None:
    """The nearest thumbnails the decode pass left for this clip; None where there are none."""
    if sha256 is None or path.stem != sha256:  # only clips in an experiment's folder have a cache
        return None
    from toolkit.video.thumbs import Thumbs, path_beside

    try:
        return list(Thumbs.load(path_beside(path), long_px=side, at=times).images)
    except (ClipError, OSError):  # never made, deleted or damaged: it is a cache
        return None


def _decoded(path: Path, times: Sequence[float]) -> list[Pixels]:
    from toolkit.video import frames_at

    return [frame.image for frame in frames_at(path, times, long_px=FULL)]


def _keep(key: tuple[object, ...], images: list[Pixels]) -> None:
    global _held_bytes
    with _lock:
        _held[key] = images
        _held_bytes += sum(image.nbytes for image in images)
        while _held_bytes > HELD_BYTES and len(_held) > 1:
            _, old = _held.popitem(last=False)
            _held_bytes -= sum(image.nbytes for image in old)


def forget() -> None:
    """Let go of every thumbnail held in memory."""
    global _held_bytes
    with _lock:
        _held.clear()
        _held_bytes = 0
