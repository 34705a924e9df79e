"""A table copied from a spreadsheet, as prompts of the screen."""

from __future__ import annotations

import csv
import io
from typing import Any

from toolkit.errors import GridError
from toolkit.prompts.formula import PROMPT_PARTS
from toolkit.records import PARTS

__all__ = ["prompts_from_table"]

MOST = 500  # rows; more belong in a file: tk.Grid("prompts.csv", …)
HEADS = {name: name for name in (*PROMPT_PARTS, "name", "scene")} | {
    "prompt": "typed", "text": "typed", "setting": "environment", "place": "environment",
    "style": "mood", "title": "name", "negative prompt": "negative", "shot": "camera",
}  # fmt: skip
COLUMNS = {1: ("typed",), 4: ("subject", "environment", "camera", "mood"), 5: PARTS}
"""What columns without a head are, by their number."""


def prompts_from_table(text: str) -> list[dict[str, Any]]:
    """One prompt a row, one part a column, as fields of the screen; lines in a cell are wordings.

    A first row that names its columns is taken at its word; else one column is text that is sent as
    typed, four are subject, environment, camera and mood, five have the action second. `GridError`
    says what does not fit.
    """
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), "excel-tab")]
    rows = [row for row in rows if any(row)]
    if not rows:
        raise GridError("nothing was pasted: copy some rows of a spreadsheet first")
    if len(rows) > MOST:
        raise GridError(
            f"{len(rows):,} rows; at most {MOST} are shown here. Save them as a file: "
            f"tk.Grid('prompts.csv', models=…)"
        )
    heads = [HEADS.get(cell.lower()) for cell in rows[0]]
    width = max(map(len, rows))
    if all(heads) and len(heads) == width:
        columns: tuple[str, ...] = tuple(str(head) for head in heads)
        rows = rows[1:]
    elif width in COLUMNS:
        columns = COLUMNS[width]
    else:
        raise GridError(
            f"{width} columns, and the first row does not name them; name them out of: "
            f"{', '.join(dict.fromkeys(HEADS.values())).replace('typed', 'text')}"
        )
    if len(set(columns)) < len(columns):
        raise GridError(f"two columns are the same part: {', '.join(rows[0])}")
    return [_fields(dict(zip(columns, row, strict=False))) for row in rows]


def _fields(row: dict[str, str]) -> dict[str, Any]:
    parts = {part: row[part] for part in PROMPT_PARTS if row.get(part)}
    typed = row.get("typed") or None
    return {
        "name": row.get("name", ""),
        "scene": row.get("scene", ""),
        "typed": None if parts else typed,
        "parts": parts,
    }
