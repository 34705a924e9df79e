"""Where everything goes: a pivot becomes pages of placed strips, texts and rules, all in pixels.

Nothing is drawn here and no picture is loaded. Type is set in proportion to the width of the sheet,
because a wide sheet is looked at from further away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from toolkit.sheets.labels import Colour, Style, line_height, width, wrap
from toolkit.sheets.pivot import Badge, Block, Cell, Item, Pivot, Tone

__all__ = [
    "DARK", "LIGHT", "Look", "Page", "Rule", "Strip", "Text", "Theme", "lay_out", "look_for",
    "summary", "times",
]  # fmt: skip

Mode = Literal["filmstrip", "poster"]

TRIM = 0.02
"""The first and last fiftieth of a clip are left out: services fade in and end on a stray frame."""

TARGET_WIDTH = 1920
MIN_THUMB, MAX_THUMB = 120, 320
MAX_PIXELS = 120_000_000
"""No page holds more, whatever its format allows: 360 MB while it is drawn."""


@dataclass(frozen=True)
class Theme:
    """Colours. Good and poor are blue and orange, which colour-blind eyes tell apart, and never
    stand without their glyph.
    """

    paper: Colour
    ink: Colour
    dim: Colour
    rule: Colour
    panel: Colour
    good: Colour
    middling: Colour
    poor: Colour
    tag_ink: Colour
    tag: Colour

    def tone(self, tone: Tone) -> Colour:
        return {
            "good": self.good, "middling": self.middling, "poor": self.poor, "plain": self.dim,
        }[tone]  # fmt: skip


LIGHT = Theme(
    paper=(252, 252, 250), ink=(24, 24, 27), dim=(107, 107, 112), rule=(226, 226, 222),
    panel=(240, 239, 235), good=(11, 98, 173), middling=(107, 107, 112), poor=(186, 76, 10),
    tag_ink=(74, 53, 0), tag=(255, 214, 92),
)  # fmt: skip
DARK = Theme(
    paper=(19, 19, 22), ink=(240, 240, 238), dim=(157, 157, 164), rule=(48, 48, 54),
    panel=(31, 31, 36), good=(104, 179, 245), middling=(157, 157, 164), poor=(245, 153, 84),
    tag_ink=(58, 42, 0), tag=(255, 214, 92),
)  # fmt: skip

GLYPH = {"good": "▲", "middling": "●", "poor": "▼", "plain": ""}


@dataclass(frozen=True)
class Look:
    """The measures of one sheet. A thumbnail box is `thumb_w` x `thumb_h`; a strip holds `frames`
    of them, `per_line` side by side.
    """

    mode: Mode
    theme: Theme
    frames: int
    per_line: int
    thumb_w: int
    thumb_h: int
    base: int  # the size of body type

    @property
    def lines(self) -> int:
        return math.ceil(self.frames / self.per_line)

    @property
    def film_gap(self) -> int:
        return 2

    @property
    def strip_w(self) -> int:
        return self.per_line * (self.thumb_w + self.film_gap) - self.film_gap

    def strip_h(self, thumb_h: int) -> int:
        return self.lines * (thumb_h + self.film_gap) - self.film_gap

    @property
    def gap(self) -> int:
        """Between columns, between rows, and half of the margin."""
        return round(self.base * 1.1)

    @property
    def margin(self) -> int:
        return self.gap * 2

    @property
    def title(self) -> Style:
        return Style(round(self.base * 1.65), strong=True)

    @property
    def head(self) -> Style:
        return Style(self.base, strong=True)

    @property
    def body(self) -> Style:
        return Style(self.base)

    @property
    def small(self) -> Style:
        return Style(max(11, round(self.base * 0.82)))


@dataclass(frozen=True)
class Text:
    """`lines` set from the top left corner (x, y)."""

    x: int
    y: int
    lines: tuple[str, ...]
    style: Style
    ink: Colour
    paper: Colour
    pad: int = 0  # of a filled tag


@dataclass(frozen=True)
class Rule:
    """A filled rectangle."""

    x: int
    y: int
    w: int
    h: int
    colour: Colour


@dataclass(frozen=True)
class Strip:
    """One clip in its place: column and row as shown on this page, and the pixels it covers.

    Its thumbnail boxes are `thumb_h` high, which is no more than the clips of its row need.
    """

    item: Item
    x: int
    y: int
    w: int
    h: int
    thumb_h: int
    row: tuple[str, ...]
    col: tuple[str, ...]


@dataclass
class Page:
    """One picture to be drawn."""

    width: int
    height: int
    strips: list[Strip] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


def times(frames: int, mode: Mode) -> tuple[float, ...]:
    """The moments shown, in 0..1 of a clip's length: the same in every clip."""
    if mode == "poster" or frames == 1:
        return (0.5,)
    step = (1 - 2 * TRIM) / (frames - 1)
    return tuple(round(TRIM + i * step, 6) for i in range(frames))


def look_for(
    pivoted: Pivot,
    aspects: Sequence[float],
    *,
    frames: int,
    mode: Mode,
    cell_px: int | None,
    theme: Theme,
    target_w: int = TARGET_WIDTH,
    min_thumb: int = MIN_THUMB,
) -> Look:
    """Measures that bring the sheet near `target_w`; a strip is folded before its frames get tiny.

    `aspects` are width / height of the clips; every thumbnail box has room for each of them.
    """
    count = 1 if mode == "poster" else frames
    across = max((len(block.cols) for block in pivoted.blocks), default=1)
    across = across if pivoted.col_axes else 1
    lines = 1
    while (
        count > 3
        and lines < 3
        and across > 1
        and across * math.ceil(count / lines) * (min_thumb + 2) > target_w
    ):
        lines += 1
    per_line = math.ceil(count / lines)
    fits = target_w // (across * per_line) - 2
    side = cell_px or max(min_thumb, min(MAX_THUMB, fits))
    shapes = aspects or (16 / 9,)
    thumb_w = max(round(side * min(1.0, a)) for a in shapes)
    thumb_h = max(round(side * min(1.0, 1 / a)) for a in shapes)
    content = across * per_line * thumb_w
    base = max(14, min(26, round(11 + content / 190)))
    return Look(mode, theme, count, per_line, thumb_w, thumb_h, base)


# ---------------------------------------------------------------- captions under a strip


def _tokens(item: Item, look: Look) -> list[tuple[str, str, Colour, Colour]]:
    """What stands under a strip: (glyph, words, colour of the glyph, colour of the words)."""
    theme = look.theme
    tokens = []
    if item.mark:
        glyph = {"pick": "★", "keep": "✓", "reject": "✕"}.get(item.mark, "★")
        tokens.append((glyph, item.mark, theme.tone(item.tone), theme.ink))
    tokens += [("", line, theme.dim, theme.ink) for line in _note_lines(item.note, look)]
    tokens += [_badge_token(badge, theme) for badge in item.badges]
    return tokens


def _note_lines(note: str, look: Look) -> list[str]:
    """`note` on one line, or broken between the things it says, so that each is seen."""
    lines: list[str] = []
    for part in note.split(" · ") if note else []:
        joined = f"{lines[-1]} · {part}" if lines else part
        if lines and width(joined, look.small) <= look.strip_w:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def _badge_token(badge: Badge, theme: Theme) -> tuple[str, str, Colour, Colour]:
    words = theme.dim if badge.tone in ("plain", "middling") else theme.tone(badge.tone)
    return GLYPH[badge.tone], badge.text, theme.tone(badge.tone), words


def _under(item: Item, look: Look, x: int, y: int) -> tuple[list[Text], int]:
    """The texts under a strip at (x, y), flowed to its width, and the height they take."""
    style, theme = look.small, look.theme
    step, space = line_height(style), round(style.size * 0.9)
    texts: list[Text] = []
    at, line = 0, 0
    for glyph, words, tint, ink in _tokens(item, look):
        lead = width(glyph, style) + round(style.size * 0.3) if glyph else 0
        (words,) = wrap(words, style, max(20, look.strip_w - lead), 1)
        wide = lead + width(words, style)
        if at and at + wide > look.strip_w:
            at, line = 0, line + 1
        top = y + line * step
        if glyph:
            texts.append(Text(x + at, top, (glyph,), style, tint, theme.paper))
        texts.append(Text(x + at + lead, top, (words,), style, ink, theme.paper))
        at += wide + space
    return texts, (line + 1) * step if texts else 0


def _thumb_h(cells: Sequence[Cell], look: Look) -> int:
    """What the clips of one row need, so that a row of wide ones is not padded for a tall one."""
    shapes = [item.aspect for cell in cells for item in cell.items if item.path and item.aspect]
    return max((min(look.thumb_h, round(look.thumb_w / a)) for a in shapes), default=look.thumb_h)


def _stack_h(cell: Cell, look: Look, thumb_h: int) -> int:
    heights = []
    for item in cell.items:
        under = _under(item, look, 0, 0)[1]
        heights.append(look.strip_h(thumb_h) + (under + round(look.base * 0.3) if under else 0))
    if not heights:
        return look.strip_h(thumb_h)
    return sum(heights) + round(look.gap * 0.6) * (len(heights) - 1)


# ---------------------------------------------------------------- headers


@dataclass(frozen=True)
class _Row:
    """One row ready to be placed: its words, its cells, its height."""

    key: tuple[str, ...]
    cells: tuple[Cell, ...]
    label: tuple[tuple[tuple[str, ...], Style, Colour], ...]
    thumb_h: int
    h: int


def _header_w(block: Block, look: Look, axes: Sequence[str] = ()) -> int:
    """Room for the row words and the names over them: as wide as they are, within reason."""
    widest = min(width(" · ".join(axes), look.small), look.base * 9)
    for key in block.rows:
        for depth, word in enumerate(key):
            style = look.head if depth == 0 else look.body
            widest = max(widest, width(word, style))
    across = len(block.cols) * (look.strip_w + look.gap)
    limit = max(look.base * 9, min(look.base * 17, round(across * 0.24)))
    return min(widest, limit)


def _row_label(
    key: tuple[str, ...], look: Look, wide: int
) -> tuple[tuple[tuple[str, ...], Style, Colour], ...]:
    deep = len(key)
    return tuple(
        (
            wrap(word, look.head if depth == 0 else look.body, wide, 4 if deep < 3 else 2),
            look.head if depth == 0 else look.body,
            look.theme.ink if depth == 0 else look.theme.dim,
        )
        for depth, word in enumerate(key)
    )


def _rows(block: Block, look: Look, header_w: int) -> list[_Row]:
    rows = []
    for key, cells in zip(block.rows, block.cells, strict=True):
        label = _row_label(key, look, header_w) if header_w else ()
        label_h = sum(line_height(style) * len(lines) for lines, style, _ in label)
        thumb_h = _thumb_h(cells, look)
        row_h = max(label_h, *(_stack_h(cell, look, thumb_h) for cell in cells))
        rows.append(_Row(key, cells, label, thumb_h, row_h))
    return rows


def _col_head_h(block: Block, look: Look) -> list[int]:
    """The height of each level of column words."""
    levels = len(block.cols[0]) if block.cols else 0
    heights = []
    for level in range(levels):
        words = {col[level] for col in block.cols}
        lines = max(len(wrap(w, look.head, look.strip_w, 2)) for w in words)
        heights.append(lines * line_height(look.head))
    return heights


def _reflow(block: Block, look: Look) -> Block:
    """Posters without columns flow like text, each with its row's words beneath."""
    items = [
        replace(item, note=" · ".join((*key, item.note)).strip(" ·"))
        for key, cells in zip(block.rows, block.cells, strict=True)
        for cell in cells
        for item in cell.items
    ]
    fit = max(1, TARGET_WIDTH // (look.strip_w + look.gap))
    num = max(1, min(fit, math.ceil(math.sqrt(len(items) * 1.6))))
    lines = [items[i : i + num] for i in range(0, len(items), num)]
    return Block(
        block.title,
        rows=tuple(() for _ in lines),
        cols=tuple(() for _ in range(num)),
        cells=tuple(
            tuple(Cell((line[i],)) if i < len(line) else Cell() for i in range(num))
            for line in lines
        ),
    )


# ---------------------------------------------------------------- pages


def _cut(sizes: Sequence[int], room: int) -> Iterator[range]:
    """`sizes` in order, in as few ranges as fit `room` each; one that is too big stands alone."""
    start, used = 0, 0
    for i, size in enumerate(sizes):
        if i > start and used + size > room:
            yield range(start, i)
            start, used = i, 0
        used += size
    yield range(start, len(sizes))


def _unstacked(block: Block, look: Look, room: int) -> Block:
    """`block` with each row whose stack is higher than `room` cut into several of one name."""
    rows: list[tuple[str, ...]] = []
    cells: list[tuple[Cell, ...]] = []
    for key, row in zip(block.rows, block.cells, strict=True):
        thumb_h = _thumb_h(row, look)
        deepest = max(len(cell.items) for cell in row)
        highest = max(_stack_h(cell, look, thumb_h) for cell in row)
        step = deepest if highest <= room else max(1, deepest * room // (highest + look.gap))
        for first in range(0, max(1, deepest), max(1, step)):
            rows.append(key)
            cells.append(tuple(Cell(cell.items[first : first + step]) for cell in row))
    return replace(block, rows=tuple(rows), cells=tuple(cells))


def _plural(num: int, word: str) -> str:
    return f"{num:,} {word}" if num == 1 else f"{num:,} {word}s"


def summary(pivoted: Pivot, look: Look) -> str:
    """What a sheet holds, in one line."""
    facts = [_plural(pivoted.num_clips, "clip")]
    if pivoted.num_missing:
        facts.append(f"{pivoted.num_missing:,} without a clip")
    if look.mode == "filmstrip":
        facts.append(f"{_plural(look.frames, 'frame')} each")
    return " · ".join(facts)


def footnotes(pivoted: Pivot, look: Look) -> list[str]:
    notes = []
    if look.mode == "filmstrip" and look.frames > 1:
        notes.append("Frames at the same moments of every clip, evenly from beginning to end.")
    if pivoted.badge_notes:
        notes.append(
            "▲ best third, ▼ worst third of this sheet (" + "; ".join(pivoted.badge_notes) + ")."
        )
    if pivoted.outline_note:
        notes.append(pivoted.outline_note[0].upper() + pivoted.outline_note[1:] + ".")
    return notes


def lay_out(
    pivoted: Pivot, look: Look, *, title: str, max_side: int, extra_note: str = ""
) -> list[Page]:
    """The pages of a sheet; none is wider or higher than `max_side` unless one clip alone is."""
    pages: list[Page] = []
    for block in pivoted.blocks:
        flowing = look.mode == "poster" and not pivoted.col_axes
        shown = _reflow(block, look) if flowing else block
        pages += _lay_out_block(pivoted, shown, look, title, max_side, extra_note)
    if len(pages) > 1:
        for num, page in enumerate(pages, 1):
            words = f"page {num} of {len(pages)}"
            x = page.width - look.margin - width(words, look.small)
            y = page.height - look.margin - line_height(look.small)
            page.texts.append(Text(x, y, (words,), look.small, look.theme.dim, look.theme.paper))
    return pages


def _lay_out_block(
    pivoted: Pivot, block: Block, look: Look, title: str, max_side: int, extra_note: str
) -> Iterator[Page]:
    header_w = _header_w(block, look, pivoted.row_axes) if any(block.rows) else 0
    left = look.margin + (header_w + look.gap if header_w else 0)
    step = look.strip_w + look.gap
    for cols in _cut([step] * len(block.cols), max_side - left - look.margin):
        narrowed = replace(
            block,
            cols=block.cols[cols.start : cols.stop],
            cells=tuple(row[cols.start : cols.stop] for row in block.cells),
        )
        page_w = left + len(narrowed.cols) * step - look.gap + look.margin
        page_w = max(page_w, look.margin * 2 + look.base * 22)
        top, head = _caption(pivoted, narrowed, look, title, page_w)
        foot = _foot(pivoted, look, page_w, extra_note)
        levels = _col_head_h(narrowed, look)
        head_h = sum(levels) + round(look.base * 0.6) if levels and levels[0] else 0
        axis_h = line_height(look.small) if pivoted.row_axes and header_w else 0
        head_h = max(head_h, axis_h + round(look.base * 0.4) if axis_h else 0)
        foot_h = sum(line_height(t.style) * len(t.lines) for t in foot)
        foot_h += look.gap if foot else 0
        room = min(max_side, MAX_PIXELS // page_w) - head - head_h - foot_h - look.margin
        rows = _rows(_unstacked(narrowed, look, room), look, header_w)
        for chunk in _cut([row.h + look.gap for row in rows], room):
            height = head + head_h + sum(rows[i].h + look.gap for i in chunk) - look.gap
            page = Page(page_w, height + foot_h + look.margin)
            page.texts += top
            _place_heads(page, pivoted, narrowed, look, header_w, left, head, head_h, levels)
            y = head + head_h
            previous: tuple[str, ...] = ()
            for i in chunk:
                _place_row(page, pivoted, rows[i], narrowed, look, left, y, previous)
                previous = rows[i].key
                y += rows[i].h + look.gap
            y = height + look.gap
            for text in foot:
                page.texts.append(replace(text, y=y))
                y += line_height(text.style) * len(text.lines)
            yield page


def _caption(
    pivoted: Pivot, block: Block, look: Look, title: str, page_w: int
) -> tuple[list[Text], int]:
    """Title, tag and what is constant, from the top margin; and where the next thing may start."""
    theme, room = look.theme, page_w - 2 * look.margin
    y = look.margin
    texts: list[Text] = []
    tag = ""
    if pivoted.num_simulated:
        total = pivoted.num_clips + pivoted.num_missing
        tag = "SIMULATION" if pivoted.num_simulated == total else "SIM = SIMULATED CLIP"
    tag_w = width(tag, look.small) + 2 * look.gap if tag else 0
    words = " · ".join(part for part in (title, block.title) if part)
    lines = wrap(words, look.title, max(look.base * 8, room - tag_w), 2)
    texts.append(Text(look.margin, y, lines, look.title, theme.ink, theme.paper))
    if tag:
        beside = look.margin + width(lines[0], look.title) + look.gap
        drop = round(line_height(look.title) - line_height(look.small)) // 2
        pad = round(look.base * 0.45)
        texts.append(
            Text(beside + pad, y + drop, (tag,), look.small, theme.tag_ink, theme.tag, pad)
        )
    y += len(lines) * line_height(look.title) + round(look.base * 0.15)
    facts = wrap(" · ".join([summary(pivoted, look), *pivoted.facts]), look.body, room, 3)
    texts.append(Text(look.margin, y, facts, look.body, theme.dim, theme.paper))
    y += len(facts) * line_height(look.body) + look.gap
    return texts, y


def _foot(pivoted: Pivot, look: Look, page_w: int, extra_note: str) -> list[Text]:
    words = " ".join([*footnotes(pivoted, look), *([extra_note] if extra_note else [])])
    if not words:
        return []
    room = page_w - 2 * look.margin - look.base * 8  # the page number stands on the right
    lines = wrap(words, look.small, max(look.base * 10, room), 3)
    return [Text(look.margin, 0, lines, look.small, look.theme.dim, look.theme.paper)]


def _place_heads(
    page: Page,
    pivoted: Pivot,
    block: Block,
    look: Look,
    header_w: int,
    left: int,
    top: int,
    head_h: int,
    levels: Sequence[int],
) -> None:
    """Column words over their columns, each group of equal ones once; the axes' names beside."""
    theme = look.theme
    step = look.strip_w + look.gap
    y = top
    for level, h in enumerate(levels):
        style = look.head if level == 0 else look.body
        start = 0
        for i in range(1, len(block.cols) + 1):
            same = i < len(block.cols) and (
                block.cols[i][: level + 1] == block.cols[start][: level + 1]
            )
            if same:
                continue
            span = (i - start) * step - look.gap
            lines = wrap(block.cols[start][level], style, span, 2)
            x = left + start * step
            page.texts.append(Text(x, y, lines, style, theme.ink, theme.paper))
            if level + 1 < len(levels):
                page.rules.append(Rule(x, y + h - 1, span, 1, theme.rule))
            start = i
        y += h
    if header_w:
        words = " · ".join(pivoted.row_axes)
        (line,) = wrap(words, look.small, header_w, 1)
        bottom = top + head_h - round(look.base * 0.5) - line_height(look.small)
        page.texts.append(Text(look.margin, bottom, (line,), look.small, theme.dim, theme.paper))


def _place_row(
    page: Page,
    pivoted: Pivot,
    row: _Row,
    block: Block,
    look: Look,
    left: int,
    y: int,
    previous: tuple[str, ...],
) -> None:
    theme = look.theme
    if previous and len(row.key) > 1 and row.key[0] != previous[0]:
        page.rules.append(
            Rule(look.margin, y - look.gap // 2, page.width - 2 * look.margin, 1, theme.rule)
        )
    at = y - round(look.base * 0.2)  # the first line's capitals meet the top of the strip
    for depth, (lines, style, ink) in enumerate(row.label):
        repeated = depth == 0 and len(row.key) > 1 and previous[:1] == row.key[:1]
        if not repeated:
            page.texts.append(Text(look.margin, at, lines, style, ink, theme.paper))
            at += len(lines) * line_height(style)
    for i, cell in enumerate(row.cells):
        x, top = left + i * (look.strip_w + look.gap), y
        if not cell.items and pivoted.col_axes:
            dash = Text(x, y, ("–",), look.body, theme.rule, theme.paper)
            page.texts.append(dash)
        for item in cell.items:
            high = look.strip_h(row.thumb_h)
            page.strips.append(
                Strip(item, x, top, look.strip_w, high, row.thumb_h, row.key, block.cols[i])
            )
            top += high
            texts, under = _under(item, look, x, top + round(look.base * 0.25))
            page.texts += texts
            top += (under + round(look.base * 0.3) if under else 0) + round(look.gap * 0.6)
