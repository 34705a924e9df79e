"""For clips that are made by hand on a site: what to paste and the name to save under; and, after
an import, the files that nothing matched, shown as pictures to say what they are.

The rows travel when the browser asks for them, so that a saved notebook stays small.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from toolkit.errors import ClipError, ImportProblem
from toolkit.records import RunSpec
from toolkit.stats.words import count
from toolkit.widgets.panel import Panel, sources

__all__ = ["ImportAssign", "Worklist", "thumbnail"]

PAGE_ROWS = 50
TEXT_ROWS = 200  # of a longer list the file holds the rest
THUMB_PX = 320
SHOWN_PROMPT = 90


class Worklist(Panel):
    """Each prompt with a Copy button and the file name to save the clip under.

    `rows` are those of `planning.worklist`: mappings with `cell_id`, `prompt`, `model`, `settings`
    and `file`, and `negative` where there is one.

    >>> exp.worklist(grid)
    """

    _esm, _css = sources("worklist")

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows = [dict(row) for row in rows]
        num = len(self._rows)
        self._count = f"{num:,} clip{'s' if num != 1 else ''} to make"
        super().__init__(
            {"rows": self._hear_rows},
            text=self._lines,
            view={"kind": "worklist", "count": self._count},
        )

    def _hear_rows(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        start = content.get("from")
        start = max(0, start) if isinstance(start, int) else 0
        names = ("prompt", "negative", "model", "settings", "file")
        rows = [
            {name: str(row.get(name) or "") for name in names}
            for row in self._rows[start : start + PAGE_ROWS]
        ]
        left = max(0, len(self._rows) - start - len(rows))
        self.send({"kind": "reply", "id": content.get("id"), "rows": rows, "left": left})

    def _lines(self) -> str:
        lines = [f"{row['file']}  ←  {row['prompt']}" for row in self._rows[:TEXT_ROWS]]
        if len(self._rows) > TEXT_ROWS:
            lines.append(f"… exp.worklist(grid, path) writes all {len(self._rows):,}")
        return "\n".join([f"Worklist · {self._count}", *lines])


class CellLike(Protocol):
    """What is read of `grid.Cell`."""

    @property
    def id(self) -> str: ...
    @property
    def spec(self) -> RunSpec: ...
    @property
    def parts(self) -> Mapping[str, str]: ...


def thumbnail(path: Path) -> bytes:
    """The middle frame of a clip as a small JPEG; `ClipError` where it cannot be read."""
    from PIL import Image

    from toolkit.video import frames_at

    (frame,) = frames_at(path, [0.5], long_px=THUMB_PX)
    out = io.BytesIO()
    Image.fromarray(frame.image).save(out, "JPEG", quality=80)
    return out.getvalue()


class ImportAssign(Panel):
    """Files that an import could not match, each with a picture and a list of the open cells.

    `on_assign` gets file name → cell id for those that were given a place, imports them, and
    returns a report whose `unmatched` (paths) stay on the screen.

    >>> exp.import_clips(folder, grid=grid)
    """

    _esm, _css = sources("worklist")

    def __init__(
        self,
        unmatched: Sequence[Path],
        cells: Sequence[CellLike],
        *,
        on_assign: Callable[[dict[str, str]], Any],
        picture: Callable[[Path], bytes] = thumbnail,
    ) -> None:
        self._files = [Path(path) for path in unmatched]
        self._cells = {cell.id: cell for cell in cells}
        self._on_assign = on_assign
        self._picture = picture
        handlers = {
            "thumb": self._hear_thumb,
            "cells": self._hear_cells,
            "assign": self._hear_assign,
        }
        super().__init__(handlers, text=self._lines)
        self._draw("")

    def _draw(self, done: str) -> None:
        n = len(self._files)
        self.view = {
            "kind": "assign",
            "files": [{"id": i, "name": path.name} for i, path in enumerate(self._files)],
            "status": f"{n} file{'s' if n != 1 else ''} matched no cell" if n else "",
            "done": done,
        }

    def _hear_cells(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        labels = _labels(self._cells.values())
        cells = [{"id": key, "label": label} for key, label in labels.items()]
        self.send({"kind": "reply", "id": content.get("id"), "cells": cells})

    def _hear_thumb(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        reply = {"kind": "reply", "id": content.get("id")}
        number = content.get("file")
        if not isinstance(number, int) or not 0 <= number < len(self._files):
            self.send({**reply, "problem": "no such file"})
            return
        try:
            self.send(reply, [self._picture(self._files[number])])
        except (ClipError, OSError) as error:
            self.send({**reply, "problem": str(error)})

    def _hear_assign(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        names = {path.name for path in self._files}
        asked = content.get("chosen")
        chosen = {
            name: cell
            for name, cell in (asked if isinstance(asked, dict) else {}).items()
            if name in names and cell in self._cells
        }
        if len(set(chosen.values())) < len(chosen):
            raise ImportProblem("two clips are given the same place; each cell takes one clip")
        if not chosen:
            return
        report = self._on_assign(chosen)
        left = {Path(path).name for path in getattr(report, "unmatched", [])}
        done = [name for name in chosen if name not in left]
        self._files = [path for path in self._files if path.name not in done]
        for name in done:
            del self._cells[chosen[name]]
        self._draw(f"{len(done)} imported" if done else "")

    def _lines(self) -> str:
        names = ", ".join(path.name for path in self._files)
        return (
            f"{count(len(self._files), 'file')} matched no cell: {names}\n"
            f"exp.import_clips(folder, grid=grid, assign={{file: cell_id}})"
            if names
            else "every file is matched"
        )


def _labels(cells: Iterable[CellLike]) -> dict[str, str]:
    """Each cell in one line by what sets it apart: a list of whole prompts would look all alike."""
    told = {cell.id: _told(cell) for cell in cells}
    seen: dict[str, set[str]] = {}
    for facts in told.values():
        for name, value in facts.items():
            seen.setdefault(name, set()).add(value)
    apart = [name for name, values in seen.items() if len(values) > 1] or ["text"]
    return {
        key: " · ".join(_short(facts[name]) for name in apart if facts.get(name)) or key
        for key, facts in told.items()
    }


def _told(cell: CellLike) -> dict[str, str]:
    spec = cell.spec
    words = dict(cell.parts) or {"text": spec.prompt}
    params = {name: f"{name} {value}" for name, value in spec.params.items()}
    return {**words, "model": spec.model, **params, "sample": f"sample {spec.sample}"}


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN_PROMPT else flat[: SHOWN_PROMPT - 1] + "…"
