"""Words to go on with while a person types: of a part from its vocabulary, of an exclusion from
the grid.
"""

from __future__ import annotations

import re
from typing import Any

from toolkit.errors import GridError
from toolkit.grid import Grid
from toolkit.prompts.formula import PROMPT_PARTS
from toolkit.prompts.vocabulary import complete
from toolkit.widgets.form import value_text

__all__ = ["offered"]

MOST = 8


def offered(what: str, before: str, grid: Grid | None) -> dict[str, Any]:
    """`words` to put in place of what stands from `start` on in `before`, the line up to the caret.

    `what` is a part, or `exclude`; anything else has no words.
    """
    if what == "exclude":
        return _of_rule(before, grid)
    if what not in PROMPT_PARTS:
        return {"words": [], "start": len(before)}
    start = _after(r"[,{|]\s*|^\s*", before)
    said = re.sub(r"[{}|]", ",", before)  # each choice of a template is one of its own
    return {"words": complete(what, said, limit=MOST), "start": start}


def _of_rule(before: str, grid: Grid | None) -> dict[str, Any]:
    """Names of fields, then after `=` the values that they take in the grid."""
    if grid is None:
        return {"words": [], "start": len(before)}
    clause = _after(r"^\s*|\s(?:and|&&?)\s+", before)
    name, sign, _ = before[clause:].partition("=")
    if not sign:
        known = [n for n in grid._fields() if len(grid._levels(n) or "") > 1]
        words = [f"{known_name} = " for known_name in known]
        return _starting(words, before, clause)
    try:
        levels = grid._levels(grid._field(name.strip())) or ()
    except GridError:
        return {"words": [], "start": len(before)}
    return _starting([value_text(v) for v in levels[:200]], before, _after(r"[=|]\s*", before))


def _after(sign: str, text: str) -> int:
    """Where the last thing that begins with `sign` begins."""
    return max((match.end() for match in re.finditer(sign, text)), default=0)


def _starting(words: list[str], before: str, start: int) -> dict[str, Any]:
    typed = before[start:].strip().lower()
    fit = [w for w in words if typed in w.lower() and w.strip().lower() != typed]
    fit.sort(key=lambda w: not w.lower().startswith(typed))
    return {"words": fit[:MOST], "start": start}
