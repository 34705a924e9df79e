"""The column names of every table, and what a bare name means.

`prompt.camera`, `param.duration_s`, `clip.duration_s`, `score.luma_flicker`: the first word says
where a value comes from, so that asked and measured never mix. A bare name means the one column
with that last segment.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from toolkit.errors import ColumnError

__all__ = ["RUN_COLUMNS", "as_list", "resolve", "resolve_all"]

RUN_COLUMNS = (
    "run_id", "run_key", "model", "service", "simulated", "sample", "state", "reason",
    "prompt.name", "prompt.scene", "prompt.subject", "prompt.action", "prompt.environment",
    "prompt.camera", "prompt.mood", "prompt.negative", "prompt.text", "prompt.used",
    "clip.path", "clip.sha256", "clip.width", "clip.height", "clip.num_frames", "clip.duration_s",
    "clip.fps", "clip.codec", "clip.has_audio", "clip.size_bytes",
    "cost_usd", "sim_cost_usd", "reserved_usd", "created_at", "submitted_at", "done_at",
    "num_attempts", "job_id", "mark", "accepted",
)  # fmt: skip
"""Always in `runs_df()`, in this order; `param.*` follow `prompt.*`, `score.*` come last."""

MOST_NAMED = 16


def resolve(name: str, columns: Iterable[str]) -> str:
    """The one column that `name` means: itself, or the only one with that last segment.

    `ColumnError` names every candidate where there are several, the nearest where there is none.
    """
    known = list(columns)
    if name in known:
        return name
    found = [column for column in known if column.rsplit(".", 1)[-1] == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise ColumnError(f"{name!r} may mean {' or '.join(map(repr, found))}: write one in full")
    tails = {column.rsplit(".", 1)[-1]: column for column in known}
    near = difflib.get_close_matches(name, [*tails, *known], n=1)
    hint = f": did you mean {near[0]!r}?" if near else f"; there are: {_some(known)}"
    raise ColumnError(f"no column {name!r}{hint}")


def _some(known: Sequence[str]) -> str:
    """Every name, or where they are many those that are asked for most: what was asked for."""
    if len(known) <= MOST_NAMED:
        return ", ".join(sorted(known))
    asked = sorted(c for c in known if c == "model" or c.startswith(("prompt.", "param.")))
    shown = (asked or sorted(known))[:MOST_NAMED]
    return f"{', '.join(shown)} and {len(known) - len(shown)} more: exp.runs_df().columns"


def as_list(names: str | Sequence[str] | None) -> list[str]:
    """One name, several, or none, as a list."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)


def resolve_all(names: str | Sequence[str] | None, columns: Iterable[str]) -> list[str]:
    """`resolve` over one name, several, or none."""
    known = list(columns)
    return [resolve(name, known) for name in as_list(names)]
