"""Tables as files: CSV, XLSX, Parquet, LaTeX, Markdown.

Parquet is the truth and comes back exactly. The others are for people and for spreadsheets, which
run any text that looks like a formula: unless `raw=True`, such a text gets an apostrophe in front.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import ExportError
from toolkit.exports._files import write_bytes, write_text
from toolkit.exports._show import clean, is_missing, plain, short, shown
from toolkit.records import Metric

__all__ = [
    "disarm",
    "meanings",
    "to_csv",
    "to_latex",
    "to_markdown",
    "to_parquet",
    "to_xlsx",
]

Guard = Callable[[str], str]

_STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_INVISIBLE = " \u00a0\u200b\u200c\u200d\u2060\ufeff\u200e\u200f"
_XLSX_TEXT = 32_767  # characters in a cell; Excel calls a file with more of them broken
_XLSX_ROWS, _XLSX_COLUMNS = 1_048_576, 16_384
_EXACT_IN_A_SPREADSHEET = 10**15


def disarm(text: str) -> str:
    """`text` that no spreadsheet takes for a formula: one that starts like it gets a `'` in front.

    Invisible characters before the sign do not hide it.
    """
    starts = text.startswith(_STARTS_A_FORMULA)
    return f"'{text}" if starts or text.lstrip(_INVISIBLE).startswith(_STARTS_A_FORMULA) else text


def to_csv(df: pd.DataFrame, path: str | Path, *, raw: bool = False) -> Path:
    """Comma-separated UTF-8, times in UTC, an empty field where there is no value."""

    def guard(text: str) -> str:
        text = clean(text) if raw else _safe(text)
        return re.sub(
            r"\r\n?", "\n", text
        )  # pandas leaves a lone \r unquoted: it would cut the row

    safe = _flat(df).rename(columns=lambda name: guard(str(name)))
    for place in range(safe.shape[1]):
        column = safe.iloc[:, place]
        if not _is_plain(column):
            texts = [None if is_missing(v) else _as_text(v, guard) for v in column.astype(object)]
            safe.isetitem(place, np.array(texts, dtype=object))
    return write_text(path, safe.to_csv(index=False, lineterminator="\n"))


def to_parquet(df: pd.DataFrame, path: str | Path) -> Path:
    """Lossless: dtypes, missing values and every character come back as they were."""
    import pyarrow as pa

    buffer = io.BytesIO()
    try:
        df.to_parquet(buffer, engine="pyarrow", compression="zstd")
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise ExportError(
            f"{path}: Parquet keeps one kind of value in a column, and one here mixes them: {error}"
        ) from error
    return write_bytes(path, buffer.getvalue())


def to_xlsx(
    df: pd.DataFrame | Mapping[str, pd.DataFrame],
    path: str | Path,
    *,
    notes: Mapping[str, str] | None = None,
    about: Iterable[str] = (),
    raw: bool = False,
) -> Path:
    """A workbook: a sheet for each table (header frozen, filters on), then "notes".

    `notes` says what columns mean, by default `meanings(columns)`; `about` are sentences on top of
    that sheet. Every text is stored as text; a whole number of more than 15 digits too, because a
    spreadsheet would round it.
    """
    import xlsxwriter

    tables = dict(df) if isinstance(df, Mapping) else {"runs": df}
    tables = {name: _flat(table) for name, table in tables.items()}
    for name, table in tables.items():
        if len(table) >= _XLSX_ROWS or table.shape[1] > _XLSX_COLUMNS:
            raise ExportError(
                f"{path}: {name!r} has {len(table):,} rows × {table.shape[1]:,} columns and a "
                f"sheet holds {_XLSX_ROWS:,} × {_XLSX_COLUMNS:,}; export it as parquet or csv"
            )
    if notes is None:
        notes = meanings(column for table in tables.values() for column in table.columns)
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "nan_inf_to_errors": False}  # fmt: skip
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": Path(path).stem, "comments": ""})
        guard = clean if raw else _safe
        for name, table in tables.items():
            _add_sheet(book, name, table, guard)
        _add_notes(book, notes, [guard(line) for line in about], guard)
    return write_bytes(path, buffer.getvalue())


def to_latex(
    df: pd.DataFrame,
    path: str | Path | None = None,
    *,
    caption: str = "",
    label: str = "",
    max_text: int = 60,
) -> str:
    """A `table` with booktabs rules, all text escaped; written to `path` if there is one.

    Needs `\\usepackage{booktabs}`. Texts of more than `max_text` characters end in an ellipsis.
    """
    df = _flat(df)
    align = "".join("r" if _is_number(df.iloc[:, i]) else "l" for i in range(df.shape[1]))
    head = " & ".join(_tex(str(column)) for column in df.columns)
    body = [
        " & ".join(_tex(short(plain(cell), max_text)) for cell in cells) + r" \\"
        for cells in _cells(df)
    ]
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{table}[htbp]",
        r"  \centering\small",
        *([rf"  \caption{{{_tex(plain(caption))}}}"] if caption else []),
        *([rf"  \label{{{re.sub(r'[^A-Za-z0-9:.-]', '-', label)}}}"] if label else []),
        rf"  \begin{{tabular}}{{@{{}}{align}@{{}}}}",
        r"    \toprule",
        rf"    {head} \\",
        r"    \midrule",
        *(f"    {line}" for line in body),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return _written("\n".join(lines) + "\n", path)


def to_markdown(
    df: pd.DataFrame, path: str | Path | None = None, *, title: str = "", max_text: int = 200
) -> str:
    """A pipe table, all text escaped; written to `path` if there is one."""
    df = _flat(df)
    rows = [[_md(str(column)) for column in df.columns]]
    rows += [[_md(short(plain(cell), max_text)) for cell in cells] for cells in _cells(df)]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(df.shape[1])]
    right = [_is_number(df.iloc[:, i]) for i in range(df.shape[1])]
    texts = [_md_line(row, widths, right) for row in rows]
    rule = ["-" * (w - 1) + ":" if r else "-" * w for w, r in zip(widths, right, strict=True)]
    texts.insert(1, "| " + " | ".join(rule) + " |")
    head = [f"## {_md(plain(title))}", ""] if title else []
    return _written("\n".join([*head, *texts]) + "\n", path)


# ---------------------------------------------------------------- what columns mean


def meanings(columns: Iterable[str], metrics: Mapping[str, Metric] | None = None) -> dict[str, str]:
    """What each column holds, in one sentence; for scores from the definitions in `metrics`."""
    return {column: _meaning(column, metrics or {}) for column in dict.fromkeys(columns)}


def _meaning(column: str, metrics: Mapping[str, Metric]) -> str:
    if column in _MEANINGS:
        return _MEANINGS[column]
    room, _, name = column.partition(".")
    if room == "param":
        return f"parameter {name} as asked; empty: not asked, the model's own default"
    if room == "prompt":
        return f"the {name} of the prompt, as written"
    if room == "score":
        metric, _, field = name.partition(".")
        if field in _SCORE_FIELDS:
            return f"{metric}: {_SCORE_FIELDS[field]}"
        return score_meaning(metrics[metric]) if metric in metrics else f"measured: {metric}"
    return ""


def score_meaning(metric: Metric) -> str:
    """Definition, unit, direction and evidence of a score, as one line."""
    direction = {
        "higher": "higher is better",
        "lower": "lower is better",
        "neutral": "no better end",
    }
    return (
        f"{metric.description.rstrip('.')}. Unit: {metric.unit or 'none'}; "
        f"{direction.get(metric.direction, 'no better end')}; "
        f"evidence {metric.evidence} ({EVIDENCE[metric.evidence]})"
    )


EVIDENCE = {
    "A": "validated against people or known truth",
    "B": "sound physics, tested by known changes to clips",
    "C": "experimental",
}
_SCORE_FIELDS = {
    "label": "what was seen, as a word",
    "confidence": "how sure the scorer is, 0 to 1",
    "note": "why there is no value, or what to know about it",
}
_MEANINGS = {
    "run_id": "the run's short name: the first 16 digits of run_key",
    "run_key": "SHA-256 of what was asked; names what is paid for",
    "model": "service/model",
    "service": "who made the clip; sim is the built-in simulator",
    "simulated": "made by the built-in simulator, no real video model",
    "sample": "which repetition of the same request, from 1",
    "state": "where the run stands; done = clip stored and verified",
    "reason": "why it is not done, in the service's or the toolkit's words",
    "prompt.name": "the prompt's label",
    "prompt.scene": "the shot that is wanted; wordings are compared within a scene",
    "prompt.negative": "what the prompt asks to avoid",
    "prompt.text": "the prompt as sent",
    "prompt.used": "the prompt the service says it used, where it rewrote it",
    "clip.path": "where the clip lies",
    "clip.sha256": "SHA-256 of the clip's bytes",
    "clip.width": "measured, pixels as shown",
    "clip.height": "measured, pixels as shown",
    "clip.num_frames": "measured",
    "clip.duration_s": "measured, seconds (param.duration_s is what was asked)",
    "clip.fps": "measured, mean frames per second",
    "clip.codec": "measured",
    "clip.has_audio": "measured",
    "clip.size_bytes": "measured",
    "cost_usd": "real money, US dollars; empty for simulated and imported clips",
    "sim_cost_usd": "simulated dollars: no money, never added to cost_usd",
    "reserved_usd": "held under the budget until the run is settled",
    "created_at": "UTC",
    "submitted_at": "UTC",
    "done_at": "UTC",
    "num_attempts": "submissions made for this run",
    "job_id": "the service's own name for the job",
    "mark": "a person's last mark: pick, keep, reject or 1 to 5",
    "accepted": "done and marked pick, keep or 3 to 5; empty: not rated",
    "n": "runs in this arm",
    "done": "runs with a verified clip",
    "failed": "runs that ended without a usable clip",
    "moderated": "runs the service refused to show",
    "other": "runs still open, held or cancelled",
    "num_rated": "runs with a mark",
    "num_accepted": "runs accepted; empty: not rated",
    "usd_per_accepted": "all the arm cost, failures too, per accepted clip",
    "sim_usd_per_accepted": "the same in simulated dollars",
}


# ---------------------------------------------------------------- helpers


def _safe(text: str) -> str:
    return disarm(clean(text))


def _as_text(value: Any, guard: Guard) -> Any:
    return value if isinstance(value, (int, float, np.number, np.bool_)) else guard(str(value))


def _flat(df: pd.DataFrame) -> pd.DataFrame:
    """`df` with the levels of a named index as its first columns."""
    return df.reset_index() if any(df.index.names) else df


def _is_plain(column: pd.Series[Any]) -> bool:
    types = pd.api.types
    return (
        types.is_numeric_dtype(column)
        or types.is_bool_dtype(column)
        or types.is_datetime64_any_dtype(column)
    )


def _is_number(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _cells(df: pd.DataFrame) -> Iterable[list[str]]:
    names = [str(column) for column in df.columns]
    columns = [df.iloc[:, i].astype(object).tolist() for i in range(df.shape[1])]
    for cells in zip(*columns, strict=True):
        yield [shown(cell, column=name) for cell, name in zip(cells, names, strict=True)]


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_text(path, text)
    return text


_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
        "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
        "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
        "–": "--", "−": "$-$", "…": r"\ldots{}", "×": r"$\times$", "∞": r"$\infty$",
        "→": r"$\rightarrow$", "≥": r"$\geq$", "≤": r"$\leq$", "±": r"$\pm$",
    }
)  # fmt: skip


def _tex(text: str) -> str:
    return text.translate(_TEX)


def _md(text: str) -> str:
    text = re.sub(r"([\\`*\[\]|~$])", r"\\\1", text)
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _md_line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = [
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    ]
    return "| " + " | ".join(padded) + " |"


def _add_sheet(book: Any, name: str, df: pd.DataFrame, guard: Guard) -> None:
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:31] or "table")
    bold = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
    for place, column in enumerate(map(str, df.columns)):
        values = df.iloc[:, place].astype(object).tolist()
        form = book.add_format({"valign": "top", **_number_format(column, values)})
        sheet.write_string(0, place, guard(column), bold)
        for line, value in enumerate(values, start=1):
            _write(sheet, line, place, value, form, guard)
        sheet.set_column(place, place, _width(column, values))
    sheet.freeze_panes(1, 1)
    if len(df) and df.shape[1]:
        sheet.autofilter(0, 0, len(df), df.shape[1] - 1)


def _write(
    sheet: Any, line: int, place: int, value: Any, form: Any, guard: Callable[[str], str]
) -> None:
    if is_missing(value):
        return
    if isinstance(value, (bool, np.bool_)):
        sheet.write_boolean(line, place, bool(value), form)
    elif isinstance(value, (int, float, np.integer, np.floating)) and _fits_a_cell(value):
        sheet.write_number(line, place, float(value), form)
    elif isinstance(value, datetime):
        when = value.replace(tzinfo=None) if value.tzinfo is None else _utc(value)
        sheet.write_datetime(line, place, when, form)
    else:
        text = guard(str(value))
        if len(text) > _XLSX_TEXT:
            tail = (
                f" … [cut at {_XLSX_TEXT:,} of {len(text):,} characters; whole in the Parquet file]"
            )
            text = text[: _XLSX_TEXT - len(tail)] + tail
        sheet.write_string(line, place, text, form)


def _fits_a_cell(value: Any) -> bool:
    return bool(np.isfinite(value)) and (
        not isinstance(value, (int, np.integer)) or abs(int(value)) < _EXACT_IN_A_SPREADSHEET
    )


def _utc(when: datetime) -> datetime:
    return pd.Timestamp(when).tz_convert("UTC").tz_localize(None).to_pydatetime(warn=False)


def _number_format(column: str, values: list[Any]) -> dict[str, str]:
    there = [value for value in values if not is_missing(value)]
    if any(isinstance(value, datetime) for value in there):
        return {"num_format": "yyyy-mm-dd hh:mm:ss"}
    if "usd" in column:
        return {"num_format": "$#,##0.00##"}
    if any(isinstance(value, (float, np.floating)) for value in there):
        return {"num_format": "0.0###"}
    return {}


def _width(column: str, values: list[Any]) -> int:
    lengths = sorted(len(shown(value, column=column)) for value in values[:500])
    typical = lengths[int(len(lengths) * 0.9)] if lengths else 0
    return max(8, min(48, max(len(column) + 3, typical + 2)))


def _add_notes(
    book: Any, notes: Mapping[str, str], about: list[str], guard: Callable[[str], str]
) -> None:
    sheet = book.add_worksheet("notes")
    bold = book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 90, wrap)
    line = 0
    for line, sentence in enumerate(about, start=1):
        sheet.write_string(line - 1, 0, sentence)
    line += 1 if about else 0
    sheet.write_string(line, 0, "column", bold)
    sheet.write_string(line, 1, "what it holds", bold)
    sheet.freeze_panes(line + 1, 0)
    for offset, (column, meaning) in enumerate(notes.items(), start=line + 1):
        sheet.write_string(offset, 0, guard(column))
        sheet.write_string(offset, 1, guard(meaning), wrap)
