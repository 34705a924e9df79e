"""Answers: which of them count, and reading those that others collected in a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_args

from toolkit.errors import ImportProblem
from toolkit.records import Verdict, Vote

__all__ = ["SHARE", "VERDICTS", "effective", "read_votes"]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

SHARE: Mapping[str, float] = {"left": 1.0, "right": 0.0, "tie": 0.5, "both_bad": 0.5}
"""The left arm's part of a win. Both bad says something of the level and nothing of the order; a
skip says nothing."""

_NEEDED = ("left", "right", "verdict")
_MAX_BYTES = 200_000_000


def effective(votes: Iterable[Vote]) -> list[Vote]:
    """The votes that stand, in order: neither those taken back nor the rows that took them back."""
    votes = list(votes)
    undone = {vote.undoes for vote in votes if vote.undoes}
    return [vote for vote in votes if vote.undoes is None and vote.id not in undone]


def read_votes(path: Path | str) -> list[dict[str, str]]:
    """One mapping a vote from a CSV with the columns left, right, verdict; others are kept.

    Comma, semicolon or tab; UTF-8 with or without a byte order mark. `ImportProblem` names the
    line of the first row that is no vote. Empty lines are passed over.
    """
    path = Path(path)
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    rows: list[dict[str, str]] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(path, cells)
            else:
                rows.append(_row(path, reader.line_num, header, cells))
    except csv.Error as error:
        raise ImportProblem(f"{path.name}, line {reader.line_num}: no CSV ({error})") from error
    if header is None:
        raise ImportProblem(f"{path.name} is empty; it needs the columns {', '.join(_NEEDED)}")
    if not rows:
        raise ImportProblem(f"{path.name} has a header and no votes")
    return rows


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ImportProblem(f"{path.name} has more than {_MAX_BYTES:,} bytes: no file of votes")
        data = path.read_bytes()
    except OSError as error:
        raise ImportProblem(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportProblem(
            f"{path.name} is not UTF-8 (byte {error.start}); save it as “CSV UTF-8”"
        ) from error


def _header(path: Path, cells: list[str]) -> list[str]:
    names = [cell.strip().casefold() for cell in cells]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        found = ", ".join(repr(cell.strip()) for cell in cells)
        raise ImportProblem(
            f"{path.name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"found {found}. Needed: {', '.join(_NEEDED)}; optional: scene or prompt, rater"
        )
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ImportProblem(f"{path.name} names a column twice: {', '.join(twice)}")
    return names


def _row(path: Path, line: int, header: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) > len(header):
        raise ImportProblem(
            f"{path.name}, line {line}: {len(cells)} cells under {len(header)} columns; "
            "put text that holds the separator in quotes"
        )
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}
    for side in ("left", "right"):
        if not row.get(side):
            raise ImportProblem(f"{path.name}, line {line}: `{side}` is empty")
    if row["left"] == row["right"]:
        raise ImportProblem(f"{path.name}, line {line}: {row['left']!r} is set against itself")
    said = row.get("verdict", "")
    row["verdict"] = said.casefold().replace(" ", "_").replace("-", "_")
    if row["verdict"] not in VERDICTS:
        raise ImportProblem(
            f"{path.name}, line {line}: unknown verdict {said!r}; there are: {', '.join(VERDICTS)}"
        )
    return row
