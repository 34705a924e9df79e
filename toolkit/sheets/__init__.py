"""Contact sheets: keyframes of many clips side by side, by what varies between them.

Not a chart: pixels are pasted and labels are drawn once, so that a sheet of a thousand thumbnails
takes a moment and can be looked at again in another order.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from toolkit.errors import ClipError, ExportError
from toolkit.keywords import tells
from toolkit.sheets.draw import SIDE_LIMITS, Pixels, encode, render
from toolkit.sheets.frames import aspect, thumbnails
from toolkit.sheets.layout import DARK, LIGHT, Look, Page, lay_out, look_for, summary, times
from toolkit.sheets.pivot import GONE, Block, Cell, Direction, Item, Pivot, arrange

__all__ = ["Sheet", "sheet", "sheet_files"]

Names = str | Sequence[str]

PREVIEW_CELLS, PREVIEW_FRAMES, PREVIEW_BYTES = 24, 4, 500_000
"""What a notebook's output may hold; the whole sheet is a file beside it."""


class Sheet:
    """A contact sheet: save it, or let a notebook show the first page.

    Pictures are read and drawn when they are asked for. `pages` are (H, W, 3) uint8 RGB arrays,
    `text` says in words what is on them.
    """

    def __init__(
        self, pivoted: Pivot, *, frames: int, mode: Literal["filmstrip", "poster"],
        cell_px: int | None, title: str, theme: Literal["light", "dark"],
    ) -> None:  # fmt: skip
        self._pivot = pivoted = _with_aspects(pivoted, times(frames, mode))
        self._title = title
        self._aspects = _aspects(pivoted)
        self._look = look_for(
            pivoted,
            self._aspects,
            frames=frames,
            mode=mode,
            cell_px=cell_px,
            theme=DARK if theme == "dark" else LIGHT,
        )
        self.saved: list[Path] = []
        self._unreadable: set[str] = set()

    @property
    def unreadable(self) -> list[str]:
        """The clips that were to be shown and could not be read, with the reason of each: files
        that are gone, and what was found when pages were drawn or saved."""
        gone = [why for why in self._pivot.problems if why.startswith(GONE)]
        return gone + sorted(self._unreadable)

    @property
    def pages(self) -> list[Pixels]:
        """Every page drawn, as JPEG would hold them. Large: a page may take 360 MB."""
        return [self._draw(page, self._look) for page in self.layout()]

    def layout(self, max_side: int = SIDE_LIMITS[".jpg"]) -> list[Page]:
        """Where every clip, text and rule of each page lies, in pixels; nothing is drawn."""
        return lay_out(self._pivot, self._look, title=self._title, max_side=max_side)

    def save(self, path: str | os.PathLike[str], *, quality: int = 85) -> list[Path]:
        """The files written: `path`, or `path` with -1, -2 … where one page cannot hold the sheet.

        The suffix chooses the format: .jpg, .png or .webp. `ExportError` for any other, and where
        the file cannot be written; nothing half written stays behind.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in SIDE_LIMITS:
            raise ExportError(
                f"{target.name}: a sheet is saved as .jpg, .png or .webp, not {suffix!r}"
            )
        pages = self.layout(SIDE_LIMITS[suffix])
        if not pages:
            raise ExportError(f"{target.name}: no runs to show; the table is empty")
        limit = SIDE_LIMITS[suffix]
        widest = max(max(page.width, page.height) for page in pages)
        if widest > limit:
            raise ExportError(
                f"{target.name}: one clip alone takes {widest:,} px and {suffix} holds {limit:,}: "
                "show fewer frames or a smaller cell_px"
            )
        names = [target] if len(pages) == 1 else [
            target.with_name(f"{target.stem}-{num}{target.suffix}")
            for num in range(1, len(pages) + 1)
        ]  # fmt: skip
        for page, name in zip(pages, names, strict=True):
            _write_whole(name, encode(self._draw(page, self._look), suffix, quality=quality))
        self.saved = names
        return names

    @property
    def text(self) -> str:
        """What is on the sheet, in words: how it is ordered, what is missing and why."""
        lines = [repr(self)]
        counts: dict[str, int] = {}
        for problem in self._pivot.problems:
            counts[problem] = counts.get(problem, 0) + 1
        lines += [f"  {num} × {problem}" for problem, num in counts.items()]
        lines += [f"  file: {path}" for path in self.saved]
        return "\n".join(lines)

    def __repr__(self) -> str:
        rows, cols = " · ".join(self._pivot.row_axes), " · ".join(self._pivot.col_axes)
        order = " × ".join(part for part in (rows, cols) if part)
        parts = [summary(self._pivot, self._look), f"by {order}" if order else ""]
        if self._pivot.num_simulated:
            parts.append(f"{self._pivot.num_simulated} simulated")
        return "Sheet: " + " · ".join(part for part in parts if part)

    @cached_property
    def _preview(self) -> bytes:
        """The first page cut to what a notebook may carry, as JPEG."""
        for side, quality in ((160, 80), (140, 72), (120, 66), (120, 50), (120, 35), (120, 15)):
            look, pages = self._preview_layout(side)
            data = encode(self._draw(pages[0], look), ".jpg", quality=quality)
            if len(data) <= PREVIEW_BYTES:
                break
        return data

    def _preview_layout(self, side: int) -> tuple[Look, list[Page]]:
        """The first clips of the first page, thumbnails `side` px long."""
        first, num_left = _first_cells(self._pivot, PREVIEW_CELLS)
        note = f"Preview; {num_left:,} more on the whole sheet." if num_left else ""
        look = look_for(
            first,
            self._aspects,
            frames=min(self._look.frames, PREVIEW_FRAMES),
            mode=self._look.mode,
            cell_px=side,
            theme=self._look.theme,
            target_w=1400,
        )
        return look, lay_out(first, look, title=self._title, max_side=30_000, extra_note=note)

    def _repr_mimebundle_(self, **_asked: Any) -> dict[str, Any]:
        """A picture within bounds, and words for where pictures are not shown."""
        if not self._pivot.blocks:
            return {"text/plain": self.text}
        return {"image/jpeg": self._preview, "text/plain": self.text}

    def _ipython_display_(self) -> None:
        """The preview, and a link to the whole sheet where it was saved below the notebook."""
        from IPython.display import HTML, display

        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]
        if self.saved:
            display(HTML(_links(self.saved)))  # type: ignore[no-untyped-call]

    def _draw(self, page: Page, look: Look) -> Pixels:
        moments = times(look.frames, look.mode)
        box = look.thumb_w, look.thumb_h

        def load(item: Item) -> list[Pixels]:
            if item.path is None:
                return []
            try:
                return thumbnails(item.path, moments, sha256=item.sha256, side=max(box))
            except ClipError as error:
                self._unreadable.add(str(error))
                raise

        total = self._pivot.num_clips + self._pivot.num_missing
        mixed = 0 < self._pivot.num_simulated < total
        return render(page, look, load, tag_simulated=mixed)


@tells
def sheet(
    df: pd.DataFrame,
    *,
    rows: Names | None = None,
    cols: Names | None = None,
    pages: Names | None = None,
    frames: int = 6,
    mode: Literal["filmstrip", "poster"] = "filmstrip",
    cell_px: int | None = None,
    badges: Names | Mapping[str, Direction] | None = None,
    outline: str | None = None,
    title: str | None = None,
    theme: Literal["light", "dark"] = "light",
    folder: str | os.PathLike[str] | None = None,
) -> Sheet:
    """A contact sheet of the runs in `df` (the columns of `runs_df()`, any filter of it).

    `rows`, `cols` and `pages` each name one column or several, bare names will do ("camera"); with
    none of them what varies is picked: shots down, wordings across, samples stacked. `frames`
    keyframes lie at the same normalised times in every clip; `mode="poster"` shows the middle one.
    `cell_px` is the long side of a thumbnail. `badges` are score columns, coloured by the better
    and worse third of this sheet; a mapping says which way is better ("higher", "lower").
    `outline` frames clips by one score, or by "mark", as it does by itself where clips are marked.
    Relative clip paths are taken from `folder`.
    """
    if frames < 1:
        raise ValueError(f"`frames` is at least 1, not {frames}")
    if mode not in ("filmstrip", "poster"):
        raise ValueError(f"`mode` is 'filmstrip' or 'poster', not {mode!r}")
    if theme not in ("light", "dark"):
        raise ValueError(f"`theme` is 'light' or 'dark', not {theme!r}")
    if cell_px is not None and not 16 <= cell_px <= 1920:
        raise ValueError(f"`cell_px` is 16 to 1920 pixels, not {cell_px}")
    pivoted = arrange(
        df,
        rows=rows,
        cols=cols,
        pages=pages,
        badges=badges,
        outline=outline,
        folder=Path(folder) if folder is not None else None,
    )
    if title is None:
        order = " by ".join(
            " · ".join(axes) for axes in (pivoted.col_axes, pivoted.row_axes) if axes
        )
        title = order[:1].upper() + order[1:] or "Contact sheet"
    return Sheet(pivoted, frames=frames, mode=mode, cell_px=cell_px, title=title, theme=theme)


def sheet_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    title: str | None = None,
    frames: int = 6,
    mode: Literal["filmstrip", "poster"] = "filmstrip",
    cell_px: int | None = None,
    theme: Literal["light", "dark"] = "light",
) -> Sheet:
    """A contact sheet of files as they lie in a folder, one row each under its name."""
    files = [Path(path) for path in paths]
    stems = [path.stem for path in files]
    names = [p.stem if stems.count(p.stem) == 1 else f"{p.parent.name}/{p.name}" for p in files]
    df = pd.DataFrame(
        {"prompt.name": names, "state": "done", "clip.path": [str(path) for path in files]}
    )
    folders = {path.absolute().parent.name for path in files}
    title = title or (folders.pop() if len(folders) == 1 else "") or "Clips"
    return sheet(
        df, rows="prompt.name", title=title, frames=frames, mode=mode, cell_px=cell_px, theme=theme
    )


def _items(pivoted: Pivot) -> Iterator[Item]:
    for block in pivoted.blocks:
        for row in block.cells:
            for cell in row:
                yield from cell.items


def _with_aspects(pivoted: Pivot, moments: Sequence[float]) -> Pivot:
    """`pivoted` with the shape of every clip, read from the files where the table does not tell."""
    unknown = [item for item in _items(pivoted) if item.path and item.aspect is None]
    if not unknown:
        return pivoted

    def shape(item: Item) -> float | None:
        return aspect(item.path, moments, sha256=item.sha256) if item.path else None

    with ThreadPoolExecutor(2) as pool:
        shapes = dict(zip((item.index for item in unknown), pool.map(shape, unknown), strict=True))

    def filled(cell: Cell) -> Cell:
        return Cell(
            tuple(replace(item, aspect=shapes.get(item.index, item.aspect)) for item in cell.items)
        )

    blocks = tuple(
        replace(block, cells=tuple(tuple(filled(cell) for cell in row) for row in block.cells))
        for block in pivoted.blocks
    )
    return replace(pivoted, blocks=blocks)


def _aspects(pivoted: Pivot) -> list[float]:
    """The distinct shapes among the clips, width / height; extreme ones are letterboxed."""
    known = (item.aspect for item in _items(pivoted) if item.path and item.aspect)
    return sorted({round(min(4.0, max(0.25, shape)), 3) for shape in known})


def _first_cells(pivoted: Pivot, limit: int) -> tuple[Pivot, int]:
    """The first rows of the first page, no more than `limit` clips; and how many are left out."""
    total = pivoted.num_clips + pivoted.num_missing
    block = pivoted.blocks[0]
    rows: list[tuple[Cell, ...]] = []
    used = 0
    for row in block.cells:
        num = sum(len(cell.items) for cell in row)
        if used + num > limit:
            break
        rows.append(row)
        used += num
    cols = block.cols
    if not rows:  # one row alone holds too much: its first clips
        cells: list[Cell] = []
        for cell in block.cells[0][:limit]:
            kept = cell.items[: limit - used]
            cells.append(Cell(kept))
            used += len(kept)
        rows, cols = [tuple(cells)], block.cols[:limit]
    cut = Block(block.title, block.rows[: len(rows)], cols, tuple(rows))
    return replace(pivoted, blocks=(cut,)), total - used


def _write_whole(path: Path, data: bytes) -> None:
    """`data` at `path`, or nothing there: written beside it and renamed."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise ExportError(f"{path} could not be written: {error.strerror or error}") from error


def _links(paths: Sequence[Path]) -> str:
    """Links to what was saved, where a notebook can follow them: below its folder; else paths."""
    from html import escape
    from urllib.parse import quote

    here = Path.cwd()
    words = []
    for path in paths:
        whole = path.absolute()
        if whole.is_relative_to(here):
            near = whole.relative_to(here).as_posix()
            words.append(f'<a href="{quote(near)}" target="_blank">{escape(near)}</a>')
        else:
            words.append(f"<code>{escape(str(path))}</code>")
    return "Whole sheet: " + " · ".join(words)
