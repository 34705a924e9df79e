"""Draft first, then final: the best arms of an experiment as a grid for other models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.columns import as_list, resolve_all
from toolkit.errors import GridError
from toolkit.grid import Grid, near
from toolkit.prompts.expand import escape
from toolkit.prompts.formula import Prompt
from toolkit.records import PARTS, ImageRef

if TYPE_CHECKING:
    from toolkit.store import Store

__all__ = ["promoted"]

LEFT_BEHIND = ("resolution", "seed", "fps")  # the draft's own; a final has better and fresh ones
ASKED = ("prompt.", "param.", "model", "service", "sample")  # not what was measured
NEAR = ("duration_s", "aspect_ratio")  # carried over to what the new model takes


def promoted(
    store: Store,
    by: str | Sequence[str],
    arms: Sequence[Any],
    *,
    models: str | Sequence[str],
    samples: int | Sequence[int] = 1,
    **params: Any,
) -> Grid:
    """The prompts and parameters of these arms of `by`, for other models. Nothing is spent.

    Every scene goes on with the chosen arms alone. Lengths become the nearest that each model
    takes; resolution and seed are left behind unless they are given, because a final has its own.
    """
    rows = [_values(row) for row in store.run_rows()]
    if not rows:
        raise GridError("there are no runs here yet; run the drafts first")
    asked = dict.fromkeys(name for row in rows for name in row if name.startswith(ASKED))
    names = resolve_all(as_list(by), asked)
    levels = [_level(arm, names) for arm in arms]
    if not levels:
        raise GridError(f"no arms to promote; name some of {', '.join(names)} by arms=[…]")
    chosen = []
    for level in levels:
        found = [r for r in rows if all(r.get(n) == v for n, v in zip(names, level, strict=True))]
        if not found:
            known = list(dict.fromkeys(tuple(r.get(n) for n in names) for r in rows))
            shown = ", ".join(repr(k[0] if len(k) == 1 else k) for k in known[:8])
            arm = level[0] if len(level) == 1 else level
            raise GridError(f"no run of the arm {arm!r} by {', '.join(names)}; there are: {shown}")
        chosen += found
    prompts = list(dict.fromkeys(_prompt(row) for row in chosen))
    asked_for = {**_carried(chosen, names, store.folder), **params}
    exclude = _not_chosen(names, levels, asked_for)
    return Grid(prompts, models=models, samples=samples, exclude=exclude, **asked_for)


def _not_chosen(
    names: Sequence[str], levels: Sequence[tuple[Any, ...]], params: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Where words and parameters were chosen together: the combinations that were not."""
    kept = [
        (place, name.split(".", 1)[1])
        for place, name in enumerate(names)
        if name.startswith("prompt.") or name.removeprefix("param.") in params
    ]
    if len(kept) < 2 or all(names[place].startswith("prompt.") for place, _ in kept):
        return []
    wanted = {tuple(level[place] for place, _ in kept) for level in levels}
    each = [list(dict.fromkeys(level[place] for level in levels)) for place, _ in kept]
    return [
        {name: value for (_, name), value in zip(kept, combination, strict=True)}
        for combination in product(*each)
        if combination not in wanted
    ]


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    """A run under the names of the table's columns."""
    return {**row, **{f"param.{name}": value for name, value in row["params"].items()}}


def _level(arm: Any, names: Sequence[str]) -> tuple[Any, ...]:
    if len(names) == 1:
        return (arm[0],) if isinstance(arm, tuple) and len(arm) == 1 else (arm,)
    if isinstance(arm, (str, bytes)) or not isinstance(arm, Sequence) or len(arm) != len(names):
        raise GridError(f"an arm of {', '.join(names)} has {len(names)} values, found {arm!r}")
    return tuple(arm)


def _prompt(row: Mapping[str, Any]) -> Prompt:
    labels = {"name": row["prompt.name"], "scene": row["prompt.scene"]}
    parts = {part: escape(text) for part in PARTS if (text := row.get(f"prompt.{part}"))}
    if not parts:
        return Prompt.typed(row["prompt.text"], **labels)
    negative = row["prompt.negative"]
    return Prompt(**parts, negative=escape(negative) if negative else None, **labels)


def _carried(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], folder: Path
) -> dict[str, Any]:
    """The parameters that go on: each with the values it had, what differs by model made near.
    Pictures lie in `folder`.
    """
    found: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row["params"].items():
            if name not in LEFT_BEHIND or f"param.{name}" in names:
                values = found.setdefault(name, [])
                if value not in values:
                    values.append(value)
    carried: dict[str, Any] = {}
    for name, values in found.items():
        if name == "extra":
            if len(values) == 1:
                carried["extra"] = values[0]
        elif name in NEAR and f"param.{name}" not in names:
            carried[name] = [near(value) for value in values]
        else:
            carried[name] = [_image(v, folder) if _is_image(v) else v for v in values]
    return carried


def _image(value: Mapping[str, Any], folder: Path) -> ImageRef:
    path = value.get("path")
    return ImageRef(**{**value, "path": path and str(folder / path)})


def _is_image(value: Any) -> bool:
    return isinstance(value, Mapping) and "sha256" in value
