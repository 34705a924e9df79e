"""Reference pictures: from a file, an address, a frame of a clip, or a model that makes pictures.

Whatever they come from, they are checked by their content, kept in the experiment's `images/`
under their hash, and given to grids as an `ImageRef`.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from toolkit import pictures
from toolkit.errors import ClipError, GridError, ToolkitError
from toolkit.records import Clip, ImageRef, Run, State

if TYPE_CHECKING:
    from toolkit.grid import Grid
    from toolkit.store import CellRow, Store

__all__ = [
    "Take",
    "fetched",
    "frame",
    "from_file",
    "is_address",
    "kept",
    "kept_rows",
    "made",
    "one_cell",
    "picture_of",
    "take",
]


OF_CLIPS = frozenset({"duration_s", "fps", "loop", "audio", "camera_motion", "end_image"})


@dataclass(frozen=True)
class Take:
    """A finished clip of an experiment and its pictures: `exp.clip(run)`.

    `clip` is what was measured on it. The pictures are lossless, kept in `images/`, and ready for
    `start_image=` and `end_image=`: with `last_frame` as the next start, the next clip goes on
    where this one ends.
    """

    run: Run
    path: Path
    clip: Clip | None
    _store: Store

    @property
    def first_frame(self) -> ImageRef:
        return self.frame(0.0)

    @property
    def last_frame(self) -> ImageRef:
        return self.frame(1.0)

    def frame(self, at: float) -> ImageRef:
        """The frame nearest to `at`: 0 is the first, 1 the last, 0.5 the middle."""
        return frame(self._store, self.path, at)

    def __repr__(self) -> str:
        size = "" if self.clip is None else f", {self.clip.width}x{self.clip.height}"
        length = "" if self.clip is None else f", {self.clip.duration_s:.1f} s"
        return f"Take({self.run.id}, {self.run.spec.model}{size}{length}, {self.path})"


def kept(store: Store, image: ImageRef) -> ImageRef:
    """The picture as the experiment keeps it, copied in if need be; by its full path, so that it
    may be handed on to any grid. `GridError` where its file is gone or another.
    """
    if store.find_image(image.sha256) is None:
        if image.path is None:
            raise GridError(
                f"the picture {image.sha256[:12]} is not in {store.folder}; give its file: "
                "exp.image(path)"
            )
        path = store.folder / Path(image.path).expanduser()
        found = pictures.check(path)
        if found.sha256 != image.sha256:
            raise GridError(f"the picture {path} has changed since it was named; name it again")
        store.add_image(path)
    return _whole(store, image.sha256, image.url)


def _whole(store: Store, sha256: str, url: str | None = None) -> ImageRef:
    return ImageRef(sha256, path=str(store.find_image(sha256)), url=url)


def kept_rows(store: Store, grid: Grid, rows: Iterable[CellRow]) -> Iterator[CellRow]:
    """The rows with every picture copied in and named by its place in the experiment."""
    for image in dict.fromkeys(grid.images):
        kept(store, image)
    for row in rows:
        params = {
            name: store.image(value.sha256, url=value.url) if isinstance(value, ImageRef) else value
            for name, value in row.spec.params.items()
        }
        changed = params != row.spec.params
        yield replace(row, spec=replace(row.spec, params=params)) if changed else row


def from_file(store: Store, path: Path) -> ImageRef:
    return _whole(store, store.add_image(path.expanduser()).sha256)


def frame(store: Store, clip: Path, at: float) -> ImageRef:
    """One frame of a clip as a PNG among the pictures."""
    from PIL import Image

    from toolkit.video import frames_at

    (found,) = frames_at(clip, [at])
    with _scratch(store) as part:
        Image.fromarray(found.image).save(part, "PNG", compress_level=6)
        return _whole(store, store.add_image(part).sha256)


def is_address(text: str) -> bool:
    return re.match(r"[a-z][a-z0-9+.-]*://|data:", text, re.IGNORECASE) is not None


def fetched(store: Store, url: str) -> ImageRef:
    """The picture at a public https address, fetched once and kept by content; the address is kept
    beside it for services that fetch pictures themselves.
    """
    if urlsplit(url).scheme != "https":
        raise GridError(f"{url[:80]!r} is not fetched: give an https address, or a file's path")
    from toolkit.runner import download

    with _scratch(store) as part:
        _in_own_loop(lambda: download.fetch_picture(url, part))
        return _whole(store, store.add_image(part).sha256, url)


def _in_own_loop(work: Callable[[], Any]) -> None:
    """Run a coroutine to its end from anywhere, a notebook's running loop included."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as problem:  # noqa: BLE001 - handed to the caller
            problems.append(problem)

    thread = threading.Thread(target=run, name="promptgrid-picture")
    thread.start()
    thread.join()
    if problems:
        raise problems[0]


class _scratch:  # noqa: N801 - used as a function
    """A file beside the pictures that is gone afterwards; a crash leaves it to be swept."""

    def __init__(self, store: Store) -> None:
        store.need_writable()
        folder = store.folder / "images"
        folder.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        os.close(handle)
        self._path = Path(name)

    def __enter__(self) -> Path:
        return self._path

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)


def one_cell(grid: Grid) -> Any:
    """The one cell of a grid that makes a picture."""
    (card,) = grid.cards
    if card.makes != "image":
        raise GridError(
            f"{card.model} makes clips; models of pictures: tk.models(makes='image'). For a frame "
            "of a clip: exp.image(run, at=0.5)"
        )
    if odd := [axis.name for axis in grid._axes if axis.name in OF_CLIPS]:
        raise GridError(f"{card.model} makes pictures: it takes no {odd[0]}")
    if grid.num_kept != 1:
        reasons = "; ".join(map(str, grid.exclusions[:3]))
        raise GridError(reasons or f"one picture at a time, not {grid.num_kept:,}")
    return next(iter(grid.cells()))


def made(store: Store, key: str, said: str | None = None) -> ImageRef:
    """The picture that a run made; an error that says the way on where it made none. `said` is what
    the engine said last, for a run that is not at its end.
    """
    run = store.run(key)
    if run.state is State.DONE and run.image_sha256 is not None:
        return _whole(store, run.image_sha256)
    told = run.reason or (said if run.state.is_open else None)
    why = f": {told}" if told else ""
    way = {
        State.HOLD: f"exp.settle({run.id!r}, …) with your word on it",
        State.UNKNOWN: f"exp.settle({run.id!r}, 'check') looks again",
        State.OVER_BUDGET: "exp.set_budget(…), then the same call",
    }.get(run.state, f"sample={run.spec.sample + 1} makes another")
    if run.state.is_open and run.state is not State.UNKNOWN:
        way = "the same call goes on with it, and pays nothing twice"
    raise ToolkitError(f"{run.spec.model} made no picture, {run.state}{why}; {way}")


def picture_of(store: Store, run: Run) -> ImageRef | None:
    """What a run that makes pictures has made; None for a run that makes clips."""
    return None if run.image_sha256 is None else _whole(store, run.image_sha256)


def take(store: Store, run: Run) -> Take:
    """The clip of a run with its pictures; `ClipError` where there is none (yet)."""
    if run.clip_sha256 is None:
        raise ClipError(f"run {run.id} is {run.state}: it has no clip")
    return Take(run, store.clip_path(run.clip_sha256), store.clip(run.clip_sha256), store)
