"""Clips as pictures: measured, decoded and kept small, always in a limited process of their own.

Nothing here decodes in the caller's process: what a stranger's file can do to a decoder it does
to a child that holds no secret and is replaced when it dies. Heavy libraries load when needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit.errors import ClipError
from toolkit.records import Clip, Frame, Reading, RunSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    import numpy as np
    from numpy.typing import NDArray

    from toolkit.seams import Scorer
    from toolkit.video.sandbox import Pool
    from toolkit.video.thumbs import Thumbs

__all__ = ["Pool", "Thumbs", "analyse", "audio", "frames_at", "iter_frames", "probe"]

T = TypeVar("T")
PathLike = str | os.PathLike[str]


def __getattr__(name: str) -> Any:
    if name == "Pool":
        from toolkit.video.sandbox import Pool

        return Pool
    if name == "Thumbs":
        from toolkit.video.thumbs import Thumbs

        return Thumbs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _call(
    pool: Executor | None, function: Callable[..., T], path: PathLike, *args: Any, **kwargs: Any
) -> T:
    from toolkit.video.sandbox import Crashed, default_pool

    place = Path(path).absolute()  # a child works in a folder of its own
    try:
        return (pool or default_pool()).submit(function, str(place), *args, **kwargs).result()
    except Crashed as error:
        raise ClipError(f"{place.name}: {error}") from None


def probe(path: PathLike, *, full: bool = False, pool: Executor | None = None) -> Clip:
    """What `path` measures, by its hash, its header and every packet in it.

    A quick look decodes the first pictures only, and still notices a file cut short; `full` decodes
    them all. `ClipError` says why a file is no usable video: empty, a web page, a playlist in
    disguise, cut short, without pictures, too large.
    """
    from toolkit.video import reading

    return _call(pool, reading.probe, path, full=full)


def frames_at(
    path: PathLike,
    times: Sequence[float],
    *,
    long_px: int | None = None,
    pool: Executor | None = None,
) -> list[Frame]:
    """The frames nearest to `times`, in that order; 0 is the first frame and 1 the last.

    `long_px` scales their long side down. Each frame of the clip is decoded at most once.
    """
    from toolkit.video import reading

    if not all(0 <= time <= 1 for time in times):
        raise ValueError(f"times run from 0 (first frame) to 1 (last), not {list(times)!r}")
    return _call(pool, reading.frames_at, path, [float(t) for t in times], long_px=long_px)


def iter_frames(path: PathLike, *, long_px: int | None = None, threads: int = 1) -> Iterator[Frame]:
    """Every frame in display order, from a decode process that runs a little ahead.

    The process ends with the iteration, also when it is given up early.
    """
    from toolkit.video import reading
    from toolkit.video.sandbox import Crashed, stream

    place = Path(path).absolute()
    try:
        yield from stream(reading.iter_frames, str(place), long_px=long_px, threads=threads)
    except Crashed as error:
        raise ClipError(f"{place.name}: {error}") from None


def audio(
    path: PathLike, *, pool: Executor | None = None
) -> tuple[NDArray[np.float32], int] | None:
    """The sound as (N, 2) float32 in -1..1 and its rate, 48000; None where a clip has none."""
    from toolkit.video import reading

    return _call(pool, reading.audio, path)


def analyse(
    path: PathLike,
    scorers: Sequence[Scorer],
    spec: RunSpec,
    *,
    tier: str = "full",
    thumbs_to: PathLike | None = None,
    sha256: str | None = None,
    pool: Executor | None = None,
) -> tuple[Clip, dict[str, Reading]]:
    """Decode `path` once: the clip's measures, every scorer's readings, and its thumbnails.

    `thumbs_to` is the thumbnails file to write. `sha256`, where it is known, saves hashing again.
    """
    from toolkit.video import analysis, thumbs

    function, packed = analysis.order(scorers)
    specs, show = [spec.to_json()], thumbs_to is not None
    outcome = _call(pool, function, path, packed, specs, tier=tier, sha256=sha256, with_thumbs=show)
    clip, (readings,), tiles = analysis.finished(outcome, scorers, specs)
    if thumbs_to is not None:
        thumbs.store(Path(thumbs_to), tiles)
    return clip, readings
