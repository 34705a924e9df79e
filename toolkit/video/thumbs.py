"""The thumbnails of a clip: one small file of JPEG tiles, written by the pass that decodes it.

`K` frames at evenly spaced times, from a fiftieth of the clip to a fiftieth before its end: there
services fade, and leave stray frames. The file is a cache that any
pass may write again: one line of JSON (times, sizes, places of the tiles), then the tiles.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import ClipError

__all__ = ["LONG_PX", "RECIPE", "TRIM", "K", "Thumbs", "pack", "path_beside", "store"]

K = 24
TRIM = 0.02
LONG_PX = 320
QUALITY = 85
RECIPE = f"k{K}t{round(100 * TRIM)}w{LONG_PX}"
"""The suffix of the file: what would have to change for the pictures to differ."""

_MAGIC = b"promptgrid thumbs 1\n"


@dataclass(frozen=True, eq=False)
class Thumbs:
    """`images[k]` (h, w, 3) uint8 RGB was on screen `times_s[k]` after the clip's first frame;
    times ascend, `duration_s` is the clip's. A clip of fewer frames has fewer pictures.
    """

    times_s: NDArray[np.float64]
    images: NDArray[np.uint8]
    duration_s: float

    @staticmethod
    def load(
        path: str | os.PathLike[str],
        *,
        long_px: int = LONG_PX,
        at: Sequence[float] | None = None,
    ) -> Thumbs:
        """Read a file that a decode pass wrote. `at` takes only the pictures nearest to these times
        (0 the clip's first frame, 1 its last); `long_px` up to 160 reads at half size, and quicker.

        `ClipError` for a file that is damaged or of another version: decode the clip again.
        """
        import cv2

        data = Path(path).read_bytes()
        index, body = _split(data, Path(path).name)
        times = np.array(index["times_s"], np.float64)
        which = list(range(len(times))) if at is None else nearest(times, at, index["last_s"])
        half = 2 * long_px <= index["long_px"]
        mode = cv2.IMREAD_REDUCED_COLOR_2 if half else cv2.IMREAD_COLOR
        ends = np.cumsum(index["sizes"])
        images = []
        for k in which:
            tile = np.frombuffer(body[ends[k] - index["sizes"][k] : ends[k]], np.uint8)
            image = cv2.imdecode(tile, mode)
            if image is None:
                raise ClipError(f"{Path(path).name}: a damaged thumbnail; decode the clip again")
            images.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        return Thumbs(times[which], np.stack(images), float(index["duration_s"]))


def nearest(times: NDArray[np.float64], at: Sequence[float], last_s: float) -> list[int]:
    """For each time in 0..1 of the way from 0 to `last_s`, the nearest index."""
    return [int(np.abs(times - share * last_s).argmin()) for share in at]


def _split(data: bytes, name: str) -> tuple[dict[str, Any], memoryview]:
    if not data.startswith(_MAGIC):
        raise ClipError(f"{name}: no thumbnails of this version; decode the clip again")
    end = data.find(b"\n", len(_MAGIC))
    try:
        index: dict[str, Any] = json.loads(data[len(_MAGIC) : end])
    except ValueError:
        raise ClipError(f"{name}: damaged thumbnails; decode the clip again") from None
    if end + 1 + sum(index["sizes"]) != len(data):
        raise ClipError(f"{name}: thumbnails cut short; decode the clip again")
    return index, memoryview(data)[end + 1 :]


def pack(
    times_s: Sequence[float],
    images: NDArray[np.uint8],
    duration_s: float,
    *,
    last_s: float | None = None,
) -> bytes:
    """The bytes of a thumbnails file; `last_s` is when the clip's last frame comes on, where that
    is not the last of `images`.
    """
    import cv2

    tiles = []
    for image in images:
        bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        ok, tile = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        assert ok
        tiles.append(tile.tobytes())
    index = {
        "times_s": [round(float(t), 6) for t in times_s],
        "sizes": [len(tile) for tile in tiles],
        "long_px": int(max(images[0].shape[:2])),
        "duration_s": duration_s,
        "last_s": round(float(times_s[-1] if last_s is None else last_s), 6),
    }
    return _MAGIC + json.dumps(index).encode() + b"\n" + b"".join(tiles)


def store(path: Path, data: bytes) -> None:
    """Write a cache file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)  # rename last: a reader never sees half a file


def path_beside(clip_path: str | os.PathLike[str]) -> Path:
    """Where the thumbnails of a clip in an experiment's folder lie."""
    clip = Path(clip_path)
    return clip.parents[2] / "thumbs" / clip.stem[:2] / f"{clip.stem}.{RECIPE}"
