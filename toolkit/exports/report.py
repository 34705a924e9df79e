"""The report: one HTML file that opens anywhere, without a kernel, a server or a network.

It is given tables, words and pictures, never the experiment. Every text from outside is escaped by
the template; the page's own policy forbids it to load or run anything that is not in the file.
"""

from __future__ import annotations

import base64
import math
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from toolkit.columns import resolve_all
from toolkit.errors import ClipError
from toolkit.exports._files import write_text
from toolkit.exports._show import clean, is_missing, money, number, short, shown
from toolkit.exports.methods import Section
from toolkit.exports.table import EVIDENCE
from toolkit.records import PARTS, Metric, ModelCard, State
from toolkit.stats.words import count
from toolkit.tables import arms_df, display_df

__all__ = ["Chart", "Comparison", "environment", "report", "strips", "varied_by", "write_report"]

PICTURE_BYTES = 3_300_000
"""Of pictures in one report, before base64 adds a third: the file stays below 5 MB."""

_MAX_ROWS = 1000
_MAX_TEXT = 160
_MAX_PROMPT_TEXT, _ALL_PROMPTS_TEXT = 4000, 300_000  # characters


@dataclass(frozen=True)
class Chart:
    """A picture (SVG or PNG bytes) with a caption; `alt` says it in words."""

    data: bytes
    caption: str
    alt: str = ""


@dataclass(frozen=True)
class Comparison:
    """Arms compared on one thing: a table with one row an arm, what it says in words, a chart.

    Where the table has `low`, `high` and one of `value`, `mean`, `ability`, intervals are drawn.
    """

    title: str
    df: pd.DataFrame
    text: str = ""
    chart: bytes = b""


def report(
    title: str,
    runs: pd.DataFrame,
    *,
    by: str | Sequence[str] = (),
    findings: Iterable[str] = (),
    results: Iterable[Comparison] = (),
    charts: Iterable[Chart] = (),
    strips: Mapping[str, bytes] | None = None,
    advice: Iterable[Mapping[str, Any]] = (),
    metrics: Mapping[str, Metric] | None = None,
    methods: Iterable[Section] = (),
    cards: Iterable[ModelCard] = (),
    made_at: datetime | None = None,
) -> str:
    """The page as text.

    `runs` is `runs_df()`, or any part of it; `by` the arms compared (what varies if not named);
    `findings` plain sentences, the most important first; `results` the comparisons made; `strips`
    run id → JPEG of keyframes; `advice` what to change next, as `Advice.told()` gives it; `metrics`
    what the scores mean; `methods` from `methods.sections`.
    """
    arms = resolve_all(by, runs.columns) or varied_by(runs)
    made_at = (made_at or datetime.now(UTC)).astimezone(UTC)
    nonce = secrets.token_urlsafe(16)
    simulated = runs["simulated"].fillna(False).astype(bool)
    page = {
        "title": title,
        "made_at": made_at,
        "nonce": nonce,
        "simulated": "all" if len(runs) and simulated.all() else "some" if simulated.any() else "",
        "num_simulated": int(simulated.sum()),
        "findings": list(findings),
        "facts": _facts(runs),
        "bill": _bill(runs, {card.model: card for card in cards}),
        "results": [_compared(comparison, arms) for comparison in results],
        "arms": _table(_arms(runs, arms)) if arms and len(runs) else None,
        "arm_names": [_short_name(arm) for arm in arms],
        "charts": [(c.caption, c.alt or c.caption, _data_uri(c.data)) for c in charts],
        "advice": [_advised(item) for item in advice],
        "sheet": _sheet(runs, arms, strips or {}),
        "scores": _scores(runs, arms, metrics or {}),
        "failures": _failures(runs, arms),
        "prompts": _prompts(runs),
        "runs": _table(_listed(runs), most=_MAX_ROWS),
        "num_runs": len(runs),
        "methods": list(methods),
    }
    return str(environment().get_template("report.html.j2").render(page))


def write_report(path: str | Path, title: str, runs: pd.DataFrame, **rest: Any) -> Path:
    """`report` as a file, usually report.html."""
    return write_text(path, report(title, runs, **rest))


def varied_by(runs: pd.DataFrame) -> list[str]:
    """The column that was most likely compared: the first part of a prompt that takes several
    values within one scene, else the model, else the prompt's name. Empty where nothing varies.
    """
    scene = runs["prompt.scene"].fillna("")
    for part in ("camera", "mood", "action", "environment", "subject"):
        column = runs[f"prompt.{part}"]
        if column.groupby(scene).nunique().max() > 1:
            return [f"prompt.{part}"]
    params = [c for c in runs.columns if c.startswith("param.")]
    for name in ("model", *params, "prompt.name", "prompt.scene"):
        if 1 < runs[name].nunique() <= 12:
            return [name]
    return []


def strips(
    runs: pd.DataFrame, *, frames: int = 3, on_error: Callable[[str, str], None] | None = None
) -> dict[str, bytes]:
    """Run id → one JPEG of `frames` keyframes side by side, for every run that has a clip.

    The more clips there are, the smaller the pictures, so that all of them fit the report. A clip
    that cannot be read is left out and told to `on_error` (run id, reason).
    """
    there = runs[runs["clip.path"].notna()]
    rows = list(zip(there["run_id"], there["clip.path"], there["clip.sha256"], strict=True))
    if not rows:
        return {}

    def strip(row: tuple[str, str, Any], size: tuple[int, int, int], *, tell: bool) -> bytes:
        run_id, path, sha256 = row
        try:
            return _strip(Path(path), None if is_missing(sha256) else sha256, *size)
        except (ClipError, OSError) as error:
            if tell and on_error:
                on_error(run_id, str(error))
            return b""

    sizes = [
        (n, w, q) for n in (frames, 1) for w, q in ((320, 76), (240, 72), (200, 70), (160, 66))
    ]
    some = rows[:: -(-len(rows) // 8)]
    room = 0.85 * PICTURE_BYTES * len(some) / len(rows)
    fits = (size for size in sizes if sum(len(strip(row, size, tell=False)) for row in some) < room)
    size = next(fits, sizes[-1])
    made = {row[0]: strip(row, size, tell=True) for row in rows}
    return {run_id: data for run_id, data in made.items() if data}


def _strip(path: Path, sha256: str | None, frames: int, width: int, quality: int) -> bytes:
    import cv2

    from toolkit.sheets.frames import thumbnails

    times = [0.5] if frames == 1 else [float(t) for t in np.linspace(0.04, 0.96, frames)]
    images = thumbnails(path, times, sha256=sha256, side=width)
    bgr = cv2.cvtColor(np.hstack([_scaled(image, width) for image in images]), cv2.COLOR_RGB2BGR)
    ok, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert ok
    return bytes(jpeg)


def _scaled(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    import cv2

    scale = min(1.0, side / max(image.shape[:2]))
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


# ---------------------------------------------------------------- tables


@dataclass(frozen=True)
class _Cell:
    text: str
    sort: str = ""  # how it is ordered where the text does not say: a number, or an ISO time
    kind: str = ""  # a CSS class
    bar: tuple[float, ...] = ()  # left, middle, right of an interval in 0..240


@dataclass(frozen=True)
class _Table:
    heads: list[tuple[str, str, str]]  # (text, full name, class)
    rows: list[list[_Cell]]
    left_out: int = 0
    wide: bool = field(default=False)


def _compared(comparison: Comparison, arms: list[str]) -> dict[str, Any]:
    df = comparison.df
    if "arm" in df.columns:  # it says what the columns of the factor say
        df = df[["arm", *(c for c in df.columns if c != "arm" and c not in arms)]]
    return {
        "title": comparison.title,
        "text": comparison.text,
        "chart": _data_uri(comparison.chart) if comparison.chart else "",
        "table": _table(df, interval=True),
    }


def _table(df: pd.DataFrame, *, interval: bool = False, most: int = _MAX_ROWS) -> _Table:
    df = df.reset_index() if any(df.index.names) else df
    middle = next((c for c in _MIDDLES if c in df.columns), None) if interval else None
    bars = _bars(df, middle) if middle and {"low", "high"} <= set(df.columns) else None
    kinds = ["num" if _is_number(df.iloc[:, i]) else "" for i in range(df.shape[1])]
    heads = [
        (_head(str(column)), str(column), kind) for column, kind in zip(df, kinds, strict=True)
    ]
    if bars:
        heads.insert(1, ("interval", "value with its interval", "iv"))
    rows = []
    places = [_places(str(c), df.iloc[:most, i]) for i, c in enumerate(df.columns)]
    if bars:  # an estimate and its ends have as many decimals each
        ends = [i for i, c in enumerate(df.columns) if c in (middle, "low", "high")]
        finest = max((places[i] or 0 for i in ends), default=0)
        places = [finest if i in ends else p for i, p in enumerate(places)]
    for place in range(min(len(df), most)):
        cells = [
            _cell(df.iat[place, i], str(column), kinds[i], places[i])
            for i, column in enumerate(df.columns)
        ]
        if bars:
            cells.insert(1, bars[place])
        rows.append(cells)
    return _Table(heads, rows, max(0, len(df) - most), wide=len(heads) > 9)


def _cell(value: Any, column: str, kind: str, places: int | None) -> _Cell:
    text = shown(value, column=column)
    if places is not None:
        text = _fixed(value, places)
    if is_missing(value):
        return _Cell(text, "", f"{kind} none".strip())
    if column == "state":
        kind = f"state {'ok' if value == State.DONE else 'bad'}"
    if isinstance(value, datetime):
        return _Cell(text, value.isoformat(), kind)
    if isinstance(value, (int, float, np.number)):
        return _Cell(text, repr(float(value)), kind)
    if column == "run_id":
        kind += " mono"
    elif len(text) <= 30:
        kind += " short"
    return _Cell(short(text, _MAX_TEXT), "", kind.strip())


def _places(column: str, values: pd.Series[Any]) -> int | None:
    """Decimals for a whole column, so that its points stand under each other: three digits of the
    largest number, fewer where all are rounder. None for money and for what is no number.
    """
    if not pd.api.types.is_float_dtype(values) or "usd" in column:
        return None
    known = [abs(float(v)) for v in values.dropna() if np.isfinite(v)]
    largest = max(known, default=0.0)
    most = max(0, 2 - math.floor(math.log10(largest))) if largest else 0
    if most > 6:
        return None
    return next(d for d in range(most + 1)
                if d == most or all(round(v, d) == round(v, most) for v in known))  # fmt: skip


def _fixed(value: Any, places: int | None) -> str:
    if is_missing(value) or places is None or not abs(value) < 1e6:
        return shown(value)
    return f"{value:,.{places}f}".replace("-", "−")


_MIDDLES = ("value", "mean", "ability")


def _bars(df: pd.DataFrame, middle: str) -> list[_Cell]:
    low, high = df["low"].astype("float64"), df["high"].astype("float64")
    value = df[middle].astype("float64")
    ends = [float(x) for x in pd.concat([low, high, value]).dropna()]
    left, right = (min(ends), max(ends)) if ends else (0.0, 1.0)
    span = (right - left) or 1.0

    def place(x: float) -> float:
        return round(8 + 224 * (x - left) / span, 2)

    cells = []
    for start, mid, end in zip(low, value, high, strict=True):
        if np.isnan(mid):
            cells.append(_Cell("–", "", "iv none"))
            continue
        lo, hi = (mid, mid) if np.isnan(start) or np.isnan(end) else (start, end)
        text = f"{number(mid)}, from {number(lo)} to {number(hi)}"
        cells.append(_Cell(text, repr(float(mid)), "iv", (place(lo), place(mid), place(hi))))
    return cells


def _is_number(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


_HEADS = {
    "n": "runs",
    "run_id": "run",
    "simulated": "kind",
    "cost_usd": "cost",
    "sim_cost_usd": "sim $",
    "reserved_usd": "held",
    "usd_per_accepted": "$ per accepted",
    "sim_usd_per_accepted": "sim $ per accepted",
}


def _head(column: str) -> str:
    if column in _HEADS:
        return _HEADS[column]
    room, _, rest = column.partition(".")
    if room == "score" and rest.endswith(".label"):
        return rest.removesuffix(".label").replace("_", " ") + " seen"
    return (rest if room in ("prompt", "param", "score") and rest else column).replace("_", " ")


def _short_name(column: str) -> str:
    return column.rsplit(".", 1)[-1].replace("_", " ")


# ---------------------------------------------------------------- sections


def _facts(runs: pd.DataFrame) -> list[tuple[str, str, str]]:
    """(number, what, class) for the strip under the title; real and simulated money apart."""
    states = runs["state"].value_counts()
    done = int(states.get(State.DONE, 0))
    facts = [(f"{done:,}", f"of {count(len(runs), 'clip')} done", "")]
    moderated = int(states.get(State.MODERATED, 0))
    if moderated:
        facts.append((f"{moderated:,}", "moderated", "warn"))
    other = len(runs) - done - moderated
    if other:
        facts.append((f"{other:,}", "failed or open", "warn"))
    rated = int(runs["mark"].notna().sum())
    accepted = int(runs["accepted"].fillna(False).sum())
    facts.append((f"{accepted:,}", f"accepted of {rated:,} rated", "") if rated else
                 ("–", "not rated", "quiet"))  # fmt: skip
    spent, pretended = float(runs["cost_usd"].sum()), float(runs["sim_cost_usd"].sum())
    if spent or not runs["simulated"].fillna(False).all():
        facts.append((money(spent), "spent", ""))
    if pretended:
        facts.append((money(pretended), "simulated, no money", "sim"))
    return facts


def _bill(runs: pd.DataFrame, cards: Mapping[str, ModelCard]) -> _Table | None:
    if runs.empty:
        return None
    rows = []
    for model, some in runs.groupby("model", sort=False):
        card, pretended = cards.get(str(model)), bool(some["simulated"].fillna(False).iloc[0])
        cost = float(some["sim_cost_usd" if pretended else "cost_usd"].sum())
        accepted = int(some["accepted"].fillna(False).sum())
        seconds = float(some["clip.duration_s"].sum())
        sim = "sim " if pretended else ""
        each = "not rated" if some["mark"].isna().all() else "none accepted"
        rows.append(
            {
                "model": model,
                "runs": len(some),
                "done": int((some["state"] == State.DONE).sum()),
                "seconds": seconds,
                "cost_usd": None if pretended else cost,
                "sim_cost_usd": cost if pretended else None,
                "per second": f"{sim}{money(cost / seconds)}" if seconds else None,
                "prices of": card.price_date if card else None,
                "reserved_usd": float(some["reserved_usd"].fillna(0).sum()) or None,
                "per accepted clip": f"{sim}{money(cost / accepted)}" if accepted else each,
            }
        )
    table = pd.DataFrame(rows)
    for column in ("cost_usd", "sim_cost_usd", "reserved_usd"):
        table[column] = table[column].astype("float64")
    return _table(table.dropna(axis="columns", how="all"))


def _arms(runs: pd.DataFrame, arms: list[str]) -> pd.DataFrame:
    """What became of each arm, without the columns in which nothing happened."""
    out = arms_df(runs, arms)
    out = out.drop(columns=[c for c in out.columns if c.startswith("score.")])
    out = out.drop(columns=["num_rated", "num_accepted"])
    pretended = runs["simulated"].fillna(False).astype(bool)
    if pretended.any() and not pretended.all():
        out["simulated"] = out["simulated"].map({True: "simulated", False: "real"})
        out["cost_usd"] = out["cost_usd"].where(out["simulated"] == "real")
        out["sim_cost_usd"] = out["sim_cost_usd"].where(out["simulated"] == "simulated")
    quiet = ("failed", "moderated", "other", "cost_usd", "usd_per_accepted", "sim_cost_usd",
             "sim_usd_per_accepted")  # fmt: skip
    return out.drop(columns=[c for c in quiet if not out[c].fillna(0).astype(float).any()])


@dataclass(frozen=True)
class _Card:
    run_id: str
    label: str
    src: str
    alt: str
    problem: str = ""
    mark: str = ""
    simulated: bool = False


@dataclass(frozen=True)
class _SheetRow:
    name: str
    cells: list[list[_Card]]


@dataclass(frozen=True)
class _Sheet:
    cols: list[str]
    rows: list[_SheetRow]
    left_out: int


def _sheet(runs: pd.DataFrame, arms: list[str], strips: Mapping[str, bytes]) -> _Sheet | None:
    """Rows are scenes, columns arms (or the other way round where there are many arms)."""
    if runs.empty or not strips:
        return None
    col = _joined(runs, arms) if arms else pd.Series("", index=runs.index)
    scene = runs["prompt.scene"].fillna(runs["prompt.name"]).fillna("")
    row = scene if scene.nunique() > 1 and "prompt.scene" not in arms else pd.Series("", runs.index)
    num_pairs = len(pd.DataFrame({"row": row, "col": col}).drop_duplicates())
    if 2 * num_pairs < row.nunique() * col.nunique():  # not crossed: a grid would be mostly holes
        row = row.where((row == col) | col.isin(["", "–"]), row + " · " + col)
        col = pd.Series("", runs.index)
    elif col.nunique() > 6 and row.nunique() <= 6:
        row, col = col, row
    cols, rows = list(dict.fromkeys(col)), list(dict.fromkeys(row))
    labels = [c for c in ("model", "sample") if c not in arms and runs[c].nunique() > 1]
    room, left_out = PICTURE_BYTES, 0
    grid: dict[tuple[str, str], list[_Card]] = {}
    for place in range(len(runs)):
        run = runs.iloc[place]
        data = strips.get(run["run_id"], b"")
        if len(data) > room:
            data, left_out = b"", left_out + 1
        room -= len(data)
        grid.setdefault((row.iloc[place], col.iloc[place]), []).append(_card(run, labels, data))
    made = [_SheetRow(str(r), [grid.get((r, c), []) for c in cols]) for r in rows]
    return _Sheet([str(c) for c in cols], made, left_out)


def _card(run: pd.Series[Any], labels: list[str], data: bytes) -> _Card:
    said = [f"sample {run[c]}" if c == "sample" else str(run[c]) for c in labels]
    name = next((run[c] for c in ("prompt.name", "prompt.scene") if not is_missing(run[c])), "clip")
    problem = "" if data else "no picture"
    if run["state"] != State.DONE:
        reason = "" if is_missing(run["reason"]) else f": {run['reason']}"
        problem = short(f"{str(run['state']).replace('_', ' ')}{reason}", 120)
    mark = "" if is_missing(run["mark"]) else str(run["mark"])
    return _Card(
        run["run_id"], " · ".join(said), _data_uri(data) if data else "",
        f"keyframes of {short(str(name), 60)}", problem, mark, bool(run["simulated"]),
    )  # fmt: skip


def _advised(item: Mapping[str, Any]) -> dict[str, Any]:
    """One item of `Advice.told()` with its strip as an address."""
    picture = item["picture"]
    return {
        **item,
        "picture": _data_uri(picture) if picture else "",
        "alt": f"keyframes of {short(str(item['scene']), 60)}",
        "grade_means": EVIDENCE.get(item["grade"], ""),
    }


def _scores(
    runs: pd.DataFrame, arms: list[str], metrics: Mapping[str, Metric]
) -> dict[str, Any] | None:
    """A row a metric: definition, unit, direction, evidence, then its mean for each arm."""
    columns = [
        c for c in runs.columns if c.startswith("score.") and _is_number(runs[c])
        and not c.endswith(".confidence") and runs[c].notna().any()
    ]  # fmt: skip
    if not columns:
        return None
    keys = arms if arms and len(runs[arms].drop_duplicates()) <= 8 else []
    if runs["simulated"].nunique() > 1:
        keys = [*keys, "simulated"]
    name = _joined(runs, keys) if keys else pd.Series("all clips", index=runs.index)
    groups = list(dict.fromkeys(name))
    rows = []
    for column in columns:
        metric = metrics.get(column.removeprefix("score."))
        values = [runs.loc[name == group, column].dropna() for group in groups]
        means = pd.Series([v.mean() if len(v) else np.nan for v in values], dtype="float64")
        places = _places(column, means)
        rows.append(
            {
                "name": column.removeprefix("score.").replace("_", " "),
                "metric": metric,
                "evidence": EVIDENCE[metric.evidence] if metric else "",
                "means": [_fixed(mean, places) for mean in means],
                "ns": [len(v) for v in values],
            }
        )
    return {"groups": groups, "rows": rows}


def _failures(runs: pd.DataFrame, arms: list[str]) -> _Table | None:
    lost = runs[runs["state"] != State.DONE]
    if lost.empty:
        return None
    keys = [c for c in arms if c != "model"]
    columns = ["run_id", "model", *keys, "sample", "state", "reason"]
    paid = [c for c in ("cost_usd", "sim_cost_usd", "reserved_usd") if lost[c].fillna(0).any()]
    return _table(lost[[*columns, *paid]])


def _prompts(runs: pd.DataFrame) -> dict[str, Any]:
    distinct = runs.drop_duplicates("prompt.text")
    parts = [*(f"prompt.{part}" for part in PARTS), "prompt.negative"]
    rows = []
    room = _ALL_PROMPTS_TEXT
    for place in range(len(distinct)):
        if room <= 0:
            break
        run = distinct.iloc[place]
        given = [(p.removeprefix("prompt."), run[p]) for p in parts if not is_missing(run[p])]
        text = "" if is_missing(run["prompt.text"]) else str(run["prompt.text"])
        name = next((str(run[c]) for c in ("prompt.name", "prompt.scene")
                     if not is_missing(run[c])), "")  # fmt: skip
        room -= 2 * min(len(text), _MAX_PROMPT_TEXT) + 500
        rows.append(
            {
                "name": short(name, _MAX_TEXT),
                "text": short(text, _MAX_PROMPT_TEXT),
                "parts": [(part, short(str(value), _MAX_PROMPT_TEXT)) for part, value in given],
                "cut": len(text) if len(text) > _MAX_PROMPT_TEXT else 0,
            }
        )
    return {"rows": rows, "left_out": len(distinct) - len(rows)}


def _listed(runs: pd.DataFrame) -> pd.DataFrame:
    if runs.empty:
        return runs[["run_id", "model", "state"]]
    return display_df(runs).drop(columns="reason", errors="ignore")  # told under "Without a clip"


def _joined(runs: pd.DataFrame, columns: list[str]) -> pd.Series[Any]:
    """One name an arm: the values of its columns, " · " between them."""
    words = {True: "simulated", False: "real"}
    texts = [
        runs[c].map(words) if c == "simulated" else runs[c].map(lambda v: short(shown(v), 80))
        for c in columns
    ]
    return pd.Series([" · ".join(row) for row in zip(*texts, strict=True)], index=runs.index)


# ---------------------------------------------------------------- the page


_KINDS = {b"\xff\xd8": "jpeg", b"\x89P": "png", b"RI": "webp"}


def _data_uri(data: bytes) -> str:
    kind = _KINDS.get(data[:2], "svg+xml")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def environment() -> Any:
    """Templates that escape everything; what lies in `templates/` is ours, all else is not."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    env = Environment(
        loader=PackageLoader("toolkit", "exports/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
    )
    folder = Path(__file__).parent / "templates"
    env.globals["file"] = lambda name: Markup((folder / name).read_text("utf-8"))  # noqa: S704
    return env
