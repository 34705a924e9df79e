"""A table of runs as pages of rows and columns of clips, with words for what varies.

What varies becomes headers, what is the same everywhere the caption. A clip that is missing keeps
its place and says why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from toolkit.columns import resolve, resolve_all
from toolkit.records import PARTS, State
from toolkit.sheets.labels import clean

__all__ = [
    "GONE", "Badge", "Block", "Cell", "Direction", "Item", "Pivot", "Tone", "arrange", "items_of",
    "standing", "value_text",
]  # fmt: skip


Tone = Literal["good", "middling", "poor", "plain"]
Direction = Literal["higher", "lower", "neutral"]

_PARTS = tuple(f"prompt.{part}" for part in PARTS)
_TO_COLUMNS = (
    "prompt.camera", "prompt.mood", "prompt.action", "prompt.environment", "prompt.subject",
    "model",
)  # fmt: skip
"""Which axis goes across by itself: the wording under test before the shot it is tested on."""

MAX_ACROSS = 6
"""An axis with more values goes down the side."""

GONE = "the clip file is gone"

REASONS: Mapping[str, str] = {
    State.PLANNED: "not run yet",
    State.SUBMITTING: "being sent",
    State.SUBMITTED: "being made",
    State.READY: "made, not downloaded yet",
    State.STORED: "downloaded, not checked yet",
    State.UNKNOWN: "no clear answer from the service: it may have been made",
    State.HOLD: "on hold until you decide",
    State.OVER_BUDGET: "not sent: the budget is used up",
    State.REJECTED: "refused by the service",
    State.MODERATED: "refused by the service's content filter",
    State.FAILED: "failed at the service",
    State.EXPIRED_PAID: "made and paid for, but gone before it was downloaded",
    State.BAD_CLIP: "the file that came is no usable video",
    State.CANCELLED: "cancelled",
}


@dataclass(frozen=True)
class Badge:
    """One score on one clip: what to write, and how it stands among the clips of this sheet."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Item:
    """One run in a cell. `path` is None where there is no clip; then `problem` says why."""

    index: int  # its row in the table
    path: Path | None
    sha256: str | None
    problem: str = ""
    detail: str = ""
    simulated: bool = False
    aspect: float | None = None  # width / height, where the table tells
    note: str = ""  # what tells it from the others in its cell
    badges: tuple[Badge, ...] = ()
    tone: Tone = "plain"  # of the outline
    mark: str = ""


@dataclass(frozen=True)
class Cell:
    """The clips that share a row and a column; none where that combination was never planned."""

    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Block:
    """One page as asked for: `cells[row][col]`; headers hold one word for each axis."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    cols: tuple[tuple[str, ...], ...]
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Pivot:
    """All of a sheet but the pictures."""

    row_axes: tuple[str, ...]  # as words: "camera", "duration"
    col_axes: tuple[str, ...]
    blocks: tuple[Block, ...]
    facts: tuple[str, ...]  # what is the same everywhere
    num_clips: int
    num_missing: int
    num_simulated: int
    problems: tuple[str, ...]
    badge_notes: tuple[str, ...] = ()
    outline_note: str = ""


# ---------------------------------------------------------------- words


def axis_word(column: str) -> str:
    """`param.duration_s` as "duration", `prompt.camera` as "camera"."""
    tail = column.rsplit(".", 1)[-1] if not column.endswith(".label") else column.split(".")[-2]
    return tail.removesuffix("_s").removesuffix("_usd").replace("_", " ")


def is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def value_text(column: str, value: Any) -> str:
    """`value` as a header says it: with its unit, or its name where a number alone is bare."""
    if is_missing(value) or value == "":
        return f"no {axis_word(column)}"
    tail = column.rsplit(".", 1)[-1]
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return axis_word(tail.removeprefix("has_")) if value else f"no {axis_word(tail)}"
    if isinstance(value, int | float) or hasattr(value, "dtype"):
        number = f"{float(value):.4g}" if float(value) != int(value) else str(int(value))
        if tail == "fps":
            return f"{number} fps"
        if tail.endswith("_s"):
            return f"{number} s"
        if tail.endswith("_usd"):
            return f"${number}"
        return f"{axis_word(column)} {number}"
    return clean(value) or f"no {axis_word(column)}"


def score_text(column: str, value: float) -> str:
    """`score.luma_flicker`, 0.01234 as "luma flicker 0.0123"."""
    unit = " s" if column.endswith("_s") else ""
    return f"{axis_word(column)} {value:.3g}{unit}"


# ---------------------------------------------------------------- which axes


def _hashable(values: pd.Series[Any]) -> pd.Series[Any]:
    """`values` with one token for what is missing, and text for what cannot be a key."""
    return values.map(
        lambda v: None if is_missing(v) else v if isinstance(v, str | int | float) else str(v)
    ).astype(object)


def _determined(df: pd.DataFrame, column: str, by: Sequence[str]) -> bool:
    """Whether the columns `by` already tell the value of `column`."""
    keys = _hashable(df[column])
    if not by:
        return len(keys.map(repr).unique()) <= 1
    groups = pd.Series(list(zip(*(_hashable(df[c]).map(repr) for c in by), strict=True)))
    pairs = pd.Series(list(zip(groups, keys.map(repr), strict=True)))
    return len(pairs.unique()) == len(groups.unique())


def varying(df: pd.DataFrame) -> list[str]:
    """The axes that tell the runs apart, the samples last; none that earlier ones already tell.

    A scene that is only the prompt's text again comes late: its part that varies says it shorter.
    """
    params = [c for c in df.columns if c.startswith("param.")]
    order = [*_PARTS, "model", *params, "prompt.negative", "prompt.name"]
    named = {"prompt.scene", "prompt.text"} <= {*df.columns} and (
        df["prompt.scene"].map(str) != df["prompt.text"].map(str)
    ).any()
    order = ["prompt.scene", *order] if named else [*order, "prompt.scene"]
    chosen: list[str] = []
    for column in (*order, "prompt.text", "sample"):
        if column in df.columns and not _determined(df, column, chosen):
            chosen.append(column)
    return chosen


def _count(df: pd.DataFrame, columns: Sequence[str]) -> int:
    return len({*zip(*(_hashable(df[c]).map(repr) for c in columns), strict=True)})


def choose(df: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Rows and columns for `df` where nobody said: shots down, wordings across, samples stacked."""
    axes = varying(df)
    inner = [c for c in axes if c != "sample"]
    if not axes:
        name = next((c for c in ("prompt.name", "prompt.text", "run_id") if c in df.columns), None)
        return ([name] if name else []), []
    if not inner:
        return ["sample"], []
    if len(inner) == 1:
        if "sample" in axes and _count(df, ["sample"]) <= MAX_ACROSS:
            return inner, ["sample"]
        return inner, []
    preferred = [c for c in _TO_COLUMNS if c in inner] + [c for c in inner if "param." in c]
    for across in preferred:
        down = [c for c in inner if c != across]
        num_cols = _count(df, [across])
        if num_cols > MAX_ACROSS:
            continue
        filled = _count(df, [*down, across]) / (num_cols * _count(df, down))
        if filled > 0.5:  # else most of the sheet would be holes
            return down, [across]
    return inner, []


# ---------------------------------------------------------------- scores


def directions(columns: Sequence[str], asked: Mapping[str, Direction]) -> dict[str, Direction]:
    """Which way is better for each score column: as asked, else as its scorer says."""
    known: Mapping[str, Any] = {}
    if any(column not in asked for column in columns):
        from toolkit import scorers

        known = getattr(scorers, "METRICS", {})
    found: dict[str, Direction] = {}
    for column in columns:
        metric = known.get(column.removeprefix("score."))
        found[column] = asked.get(column) or (metric.direction if metric else "neutral")
    return found


def tones(values: Sequence[float | None], direction: Direction) -> list[Tone]:
    """How each value stands among all: the best and the worst third, by rank; ties stand together.

    Nothing is called good or poor where all are equal or the score has no direction.
    """
    known = sorted(v for v in values if v is not None)
    if direction == "neutral" or not known or known[0] == known[-1]:
        return ["plain"] * len(values)
    low, high = known[(len(known) - 1) // 3], known[-1 - (len(known) - 1) // 3]
    if low == high:  # most are equal: only what differs stands out
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)

    def tone(value: float | None) -> Tone:
        if value is None:
            return "plain"
        rank: Tone = "poor" if value <= low else "good" if value >= high else "middling"
        if direction == "lower" and rank != "middling":
            return "good" if rank == "poor" else "poor"
        return rank

    return [tone(v) for v in values]


def _numbers(df: pd.DataFrame, column: str) -> list[float | None]:
    values = pd.to_numeric(df[column], errors="coerce").tolist()
    return [None if is_missing(v) or not math.isfinite(v) else float(v) for v in values]


def _badges(
    df: pd.DataFrame, asked: Sequence[str] | Mapping[str, Direction] | None
) -> tuple[list[tuple[Badge, ...]], tuple[str, ...]]:
    """For each run its badges, and for the footnote what they mean."""
    names = [asked] if isinstance(asked, str) else list(asked or ())
    columns = resolve_all(names, df.columns)
    said: dict[str, Direction] = {}
    if isinstance(asked, Mapping):
        said = {resolve(name, df.columns): way for name, way in asked.items()}
    ways = directions(columns, said)
    badges: list[tuple[Badge, ...]] = [()] * len(df)
    notes = []
    for column in columns:
        values = _numbers(df, column)
        words = df[f"{column}.label"].tolist() if f"{column}.label" in df.columns else []
        if column.endswith(".label") or all(v is None for v in values):
            words = words or df[column].tolist()
        for i, (value, tone) in enumerate(zip(values, tones(values, ways[column]), strict=True)):
            word = words[i] if words else None
            if not is_missing(word) and word is not None:
                text = f"{axis_word(column)} {clean(word).replace('_', ' ')}"
            elif value is not None:
                text = score_text(column, value)
            else:
                text = f"{axis_word(column)} –"
            badges[i] = (*badges[i], Badge(text, tone))
        if ways[column] != "neutral":
            notes.append(f"{axis_word(column)}: {ways[column]} is better")
    return badges, tuple(notes)


def _outlines(df: pd.DataFrame, outline: str | None) -> tuple[list[tuple[Tone, str]], str]:
    """For each run the tone of its frame and its mark; picks and rejects where nothing is asked."""
    if outline is None:
        outline = "mark" if "mark" in df.columns and df["mark"].notna().any() else ""
    if not outline:
        return [("plain", "")] * len(df), ""
    column = resolve(outline, df.columns)
    if column == "mark":
        marks = ["" if is_missing(v) else str(v) for v in df["mark"]]
        by_mark: dict[str, Tone] = {"pick": "good", "keep": "good", "reject": "poor"}
        by_mark |= {"5": "good", "4": "good", "2": "poor", "1": "poor", "3": "middling"}
        return [(by_mark.get(m, "plain"), m) for m in marks], "outlined: marks"
    way = directions([column], {})[column]
    found = tones(_numbers(df, column), way)
    return [(tone, "") for tone in found], f"outlined by {axis_word(column)}, {way} is better"


_MARK_RANK = {"pick": 5, "5": 5, "keep": 4, "4": 4, "3": 3, "2": 2, "1": 1, "reject": 0}


def standing(df: pd.DataFrame, by: str | None) -> list[float]:
    """How good each run is, higher is better: by one score, by default by its mark.

    Runs without a mark stand between 2 and 3; without the score, last.
    """
    if by is None and "mark" not in df.columns:
        return [0.0] * len(df)
    column = resolve(by or "mark", df.columns)
    if column == "mark":
        return [float(_MARK_RANK.get(str(mark), 2.5)) for mark in df["mark"]]
    sign = -1.0 if directions([column], {})[column] == "lower" else 1.0
    return [-math.inf if v is None else sign * v for v in _numbers(df, column)]


# ---------------------------------------------------------------- the pivot


def _keys(df: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """For each run its header words along `columns`."""
    texts = [[value_text(c, v) for v in df[c].tolist()] for c in columns]
    return list(zip(*texts, strict=True)) if texts else [()] * len(df)


def _order(
    df: pd.DataFrame, columns: Sequence[str], keys: Sequence[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """The distinct keys: numbers by size, words by first appearance, one axis inside the other."""
    ranks: list[dict[str, float]] = []
    for i, column in enumerate(columns):
        words = dict.fromkeys(key[i] for key in keys)
        values = df[column].tolist()
        numeric = all(
            is_missing(v) or (isinstance(v, int | float) and not isinstance(v, bool))
            for v in values
        )
        if numeric:
            size = {
                key[i]: math.inf if is_missing(v) else float(v)
                for key, v in zip(keys, values, strict=True)
            }
            words = dict.fromkeys(sorted(words, key=lambda w: size[w]))
        ranks.append({word: place for place, word in enumerate(words)})
    distinct = list(dict.fromkeys(keys))
    return sorted(distinct, key=lambda key: [ranks[i][word] for i, word in enumerate(key)])


def _items(
    df: pd.DataFrame,
    badges: Sequence[tuple[Badge, ...]],
    outlines: Sequence[tuple[Tone, str]],
    folder: Path | None,
) -> list[Item]:
    items = []
    records: list[dict[Any, Any]] = df.to_dict("records")
    for i, row in enumerate(records):
        get = {k: None if is_missing(v) else v for k, v in row.items()}.get
        state = str(get("state") or (State.DONE if get("clip.path") else State.PLANNED))
        path = Path(str(get("clip.path"))) if get("clip.path") else None
        if path is not None and folder is not None and not path.is_absolute():
            path = folder / path
        problem = detail = ""
        if state != State.DONE:
            problem, detail = REASONS.get(state, state), clean(get("reason") or "")
            path = None
        elif path is None:
            problem = "done, but the table has no clip.path"
        elif not path.is_file():
            problem, detail, path = GONE, path.name, None
        simulated = get("simulated")
        if simulated is None:
            simulated = str(get("model") or "").startswith("sim/")
        tone, mark = outlines[i]
        sha = get("clip.sha256")
        items.append(
            Item(
                index=i,
                path=path,
                sha256=str(sha) if sha else None,
                problem=problem,
                detail="" if detail == problem else detail,
                simulated=bool(simulated),
                aspect=wide / high
                if (wide := get("clip.width")) and (high := get("clip.height"))
                else None,
                badges=badges[i] if path else (),
                tone=tone if path else "plain",
                mark=mark if path else "",
            )
        )
    return items


def _facts(df: pd.DataFrame, shown: Sequence[str]) -> tuple[str, ...]:
    """What is the same in every run, as a caption says it; the longest prompt words come last."""
    facts: list[str] = []

    def only(column: str) -> Any:
        if column not in df.columns or column in shown:
            return None
        values = df[column].dropna().map(str).unique()
        same = len(values) == 1 and df[column].notna().all()
        return df[column].iloc[0] if same else None

    model = only("model")
    if model is not None:
        facts.append(clean(model))
    for column in [c for c in df.columns if c.startswith("param.")]:
        value = only(column)
        if value is not None and value != "":
            facts.append(value_text(column, value))
    dates = [df[c].dropna() for c in ("done_at", "created_at") if c in df.columns]
    dates = [d for d in dates if len(d)]
    if dates:
        first, last = (pd.Timestamp(v).date().isoformat() for v in (dates[0].min(), dates[0].max()))
        facts.append(first if first == last else f"{first} to {last}")
    for column in ("prompt.scene", *(f"prompt.{p}" for p in PARTS)):
        value = only(column)
        if value:
            facts.append(f"{axis_word(column)}: {clean(value)}")
    text = only("prompt.text")
    if text and not any(fact.startswith("subject:") for fact in facts):
        facts.append(clean(text))
    return tuple(facts)


def items_of(df: pd.DataFrame) -> list[Item]:
    """The runs of `df` in its order, each with a note of what tells it from the others."""
    df = df.reset_index(drop=True)
    nothing: list[tuple[Badge, ...]] = [()] * len(df)
    items = _items(df, nothing, [("plain", "")] * len(df), None)
    keys = _keys(df, varying(df))
    return [replace(i, note=" · ".join(key)) for i, key in zip(items, keys, strict=True)]


def _stack(df: pd.DataFrame, items: Sequence[Item]) -> tuple[Item, ...]:
    """`items` of one cell, each with a note of what tells it from the others."""
    if len(items) < 2:
        return tuple(items)
    part = df.iloc[[item.index for item in items]]
    axes = varying(part)
    if not axes:
        return tuple(items)
    keys = _keys(part, axes)
    order = _order(part, axes, keys)
    noted = [
        (order.index(key), place, replace(item, note=" · ".join(key)))
        for place, (item, key) in enumerate(zip(items, keys, strict=True))
    ]
    return tuple(item for _, _, item in sorted(noted, key=lambda n: n[:2]))


def arrange(
    df: pd.DataFrame,
    *,
    rows: str | Sequence[str] | None,
    cols: str | Sequence[str] | None,
    pages: str | Sequence[str] | None,
    badges: Sequence[str] | Mapping[str, Direction] | None,
    outline: str | None,
    folder: Path | None,
) -> Pivot:
    """`df` by `rows`, `cols` and `pages` (bare names will do); chosen by itself where all are None.

    `LookupError` names a column that is not there, `ValueError` one that is used twice.
    """
    df = df.reset_index(drop=True)
    page_axes = resolve_all(pages, df.columns)
    row_axes, col_axes = resolve_all(rows, df.columns), resolve_all(cols, df.columns)
    if not row_axes and not col_axes and len(df):
        row_axes, col_axes = choose(df)
        row_axes = [c for c in row_axes if c not in page_axes]
        col_axes = [c for c in col_axes if c not in page_axes]
    axes = [*page_axes, *row_axes, *col_axes]
    twice = sorted({c for c in axes if axes.count(c) > 1})
    if twice:
        raise ValueError(f"a column is either rows, cols or pages, once: {', '.join(twice)}")

    worn, badge_notes = _badges(df, badges)
    outlines, outline_note = _outlines(df, outline)
    items = _items(df, worn, outlines, folder)
    page_of, row_of, col_of = (_keys(df, names) for names in (page_axes, row_axes, col_axes))
    col_order = _order(df, col_axes, col_of)
    blocks = []
    for page in _order(df, page_axes, page_of) if len(df) else []:
        here = [i for i in range(len(df)) if page_of[i] == page]
        part = df.iloc[here]
        row_order = _order(part, row_axes, [row_of[i] for i in here])
        placed: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Item]] = {}
        for i in here:
            placed.setdefault((row_of[i], col_of[i]), []).append(items[i])
        stacked = {at: Cell(_stack(df, group)) for at, group in placed.items()}
        blocks.append(
            Block(
                title=" · ".join(page),
                rows=tuple(row_order),
                cols=tuple(col_order),
                cells=tuple(
                    tuple(stacked.get((row, col), Cell()) for col in col_order) for row in row_order
                ),
            )
        )
    missing = [item for item in items if item.path is None]
    return Pivot(
        row_axes=tuple(axis_word(c) for c in row_axes),
        col_axes=tuple(axis_word(c) for c in col_axes),
        blocks=tuple(blocks),
        facts=_facts(df, axes) if len(df) else (),
        num_clips=len(items) - len(missing),
        num_missing=len(missing),
        num_simulated=sum(item.simulated for item in items),
        problems=tuple(
            f"{item.problem}: {item.detail}" if item.detail else item.problem for item in missing
        ),
        badge_notes=badge_notes,
        outline_note=outline_note,
    )
