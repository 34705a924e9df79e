"""A grid as a list for making clips by hand, on a site without an interface for programs.

A row a clip: what to paste, what to set, and the name to save under, which begins with the cell's
id; `promptgrid import` finds the cell by it.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit.catalog import is_by_hand
from toolkit.errors import ExportError, GridError
from toolkit.grid import Cell, Grid
from toolkit.records import ImageRef

__all__ = ["cells_by_hand", "worklist", "write_worklist"]

MOST = 2_000  # clips that a person might make by hand
COLUMNS = ("cell_id", "prompt", "negative", "model", "settings", "sample", "scene", "file")


def cells_by_hand(grid: Grid) -> Iterator[Cell]:
    """The cells of a grid whose clips a person can make; `GridError` for one that is too large."""
    if grid.num_kept > MOST:
        raise GridError(
            f"a worklist of {grid.num_kept:,} clips is more than hands can make ({MOST:,}); "
            f"take a smaller grid"
        )
    return grid.cells()


def worklist(grid: Grid) -> list[dict[str, Any]]:
    """One row for each clip to make, in the order of the grid; cells that share a run once.

    Of a grid with models such as `import/NAME` only theirs; of any other, every clip.
    """
    hands = any(map(is_by_hand, grid.models))
    rows: dict[str, dict[str, Any]] = {}
    for cell in cells_by_hand(grid):
        if (is_by_hand(cell.spec.model) or not hands) and cell.id not in rows:
            rows[cell.id] = _row(cell, grid)
    return list(rows.values())


def _row(cell: Cell, grid: Grid) -> dict[str, Any]:
    spec = cell.spec
    return {
        "cell_id": cell.id,
        "prompt": spec.prompt,
        "negative": spec.negative or "",
        "model": spec.model,
        "settings": ", ".join(_setting(name, value) for name, value in spec.params.items()),
        "sample": spec.sample,
        "scene": cell.labels["scene"],
        "file": f"{cell.id}_{_name(cell, grid)}.mp4",
    }


def _setting(name: str, value: Any) -> str:
    if isinstance(value, ImageRef):
        value = Path(value.path).name if value.path else value.sha256[:12]
    if isinstance(value, bool):
        value = "on" if value else "off"
    return {"duration_s": f"{value} s", "fps": f"{value} fps"}.get(
        name, f"{name.replace('_', ' ')} {value}"
    )


def _name(cell: Cell, grid: Grid) -> str:
    """What a person recognises a clip by: the scene and what varies, safe on every file system."""
    varying = [cell.parts[p] for p in cell.parts if p in grid.varies]
    words = [cell.labels["scene"], *varying, cell.spec.model.rsplit("/", 1)[-1]]
    if len(grid.samples) > 1:
        words.append(f"sample {cell.spec.sample}")
    plain = unicodedata.normalize("NFKD", " ".join(words)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:80].strip("-") or "clip"


def write_worklist(grid: Grid, path: str | Path) -> Path:
    """The worklist as a CSV that spreadsheets open; returns where it lies."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in worklist(grid):
        writer.writerow({name: _guard(value) for name, value in row.items()})
    target = Path(path).expanduser()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        part.write_text(out.getvalue(), encoding="utf-8-sig", newline="")
        part.replace(target)  # rename last: a reader never sees half a list
    except OSError as error:
        raise ExportError(f"the worklist could not be written to {target}: {error}") from error
    return target.resolve()


def _guard(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
