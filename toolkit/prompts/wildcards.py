"""Word lists that templates pick from: `__lens__` is a line of `lens.txt`.

A list lies in a folder named `wildcards` beside the grid file or in the project around the current
folder, in a folder that is given, or in the grid's own document. Names never lead out of it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from toolkit.errors import PromptError

__all__ = ["MAX_BYTES", "Wildcards", "wildcards"]

MAX_BYTES = 2_000_000  # of one list; a hundred thousand wordings

NAME = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:/[^\W_](?:[\w-]*[^\W_])?)*")
PLACES = ("wildcards", "data/wildcards")


Lists = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Wildcards:
    """Where word lists are looked up: first the `lists` at hand, then the folders.

    `folder` is where the grid file lies, or a folder of lists; without one the project around the
    current folder is searched.
    """

    folder: Path | None = None
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def lines(self, name: str) -> tuple[str, ...]:
        """The wordings of a list, in the order written; `PromptError` says what is wrong."""
        if not NAME.fullmatch(name):
            raise PromptError(
                f"`__{name}__`: a word list is a name such as __lens__ or __film/stock__, "
                f"found in a folder `wildcards`; it cannot lead out of it"
            )
        for known, lines in self.lists:
            if known == name:
                return lines
        folders = list(self._folders())
        for folder in folders:
            path = folder / f"{name}.txt"
            if path.is_symlink() or path.exists():
                return _read(path, folder)
        raise PromptError(self._missing(name, folders))

    def _folders(self) -> Iterator[Path]:
        if self.folder is not None:
            yield self.folder
            home = self.folder.resolve()
            places = (home / name for name in PLACES)
            yield from (p for p in places if p.is_dir() and p.resolve().is_relative_to(home))
        here = Path.cwd()
        for base in (here, *here.parents):
            yield from (place for name in PLACES if (place := base / name).is_dir())

    def _missing(self, name: str, folders: Sequence[Path]) -> str:
        there = dict.fromkeys(known for known, _ in self.lists)
        there |= dict.fromkeys(path.stem for f in folders[:3] for path in sorted(f.glob("*.txt")))
        near = difflib.get_close_matches(name, there, n=1)
        if near:
            return f"no word list `__{name}__`: did you mean `__{near[0]}__`?"
        listed = ", ".join(list(there)[:12]) or "none"
        return (
            f"no word list `__{name}__`; write {name}.txt, a wording a line, into a folder "
            f"`wildcards` beside the grid file; there are: {listed}"
        )


def wildcards(
    given: str | Path | Mapping[str, Sequence[str]] | Wildcards | None,
) -> Wildcards | None:
    """What a person gives for `wildcards=`: a folder, or the lists themselves by name."""
    if given is None or isinstance(given, Wildcards):
        return given
    if isinstance(given, (str, Path)):
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise PromptError(f"`wildcards`: no folder {str(given)!r}; name the one with the lists")
        return Wildcards(folder.resolve())
    if not isinstance(given, Mapping):
        raise PromptError(f"`wildcards` is a folder or lists by name, not {type(given).__name__}")
    for name, lines in given.items():
        if not NAME.fullmatch(str(name)):
            raise PromptError(f"`wildcards`: {name!r} is no name; use letters, digits, - and _")
        if isinstance(lines, str) or not all(isinstance(line, str) for line in lines) or not lines:
            raise PromptError(f"`wildcards`: {name!r} is a list of texts, not {lines!r:.80}")
    return Wildcards(lists=tuple((str(name), tuple(lines)) for name, lines in given.items()))


def _read(path: Path, folder: Path) -> tuple[str, ...]:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise PromptError(f"{path.name} in {folder.name} leads out of the folder; copy the list in")
    try:
        stamp = path.stat()
        if not path.is_file():
            raise PromptError(f"{path.name} in {folder.name} is no file; write a wording a line")
        if stamp.st_size > MAX_BYTES:
            raise PromptError(
                f"{path.name} has {stamp.st_size / 1e6:,.0f} MB; a word list may have "
                f"{MAX_BYTES / 1e6:.0f} MB: keep the wordings that you want to compare"
            )
        return _lines(path, stamp.st_mtime_ns, stamp.st_size)
    except OSError as error:
        raise PromptError(f"{path.name} cannot be read: {error.strerror}") from error


@lru_cache(maxsize=64)
def _lines(path: Path, _modified: int, _size: int) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PromptError(
            f"{path.name} is not UTF-8 (byte {error.start}); save it again as UTF-8"
        ) from error
    if "\0" in text:
        raise PromptError(f"{path.name} holds a NUL character; it is no list of words")
    said = (line.strip() for line in text.splitlines())
    lines = tuple(line for line in said if line and not line.startswith("#"))
    if not lines:
        raise PromptError(f"{path.name} has no wordings; write one a line")
    return lines
