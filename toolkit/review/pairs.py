"""Which clips may be set side by side: they differ in what is under test and in nothing else.

An *arm* is a combination of values of the columns under test, a *block* all that is held equal:
scene, model, sample, the other parts and parameters. Rows are plain mappings with the names of
`columns.py`, such as the records of `runs_df()`; what is missing there is None here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from toolkit.columns import as_list, resolve
from toolkit.errors import ReviewError
from toolkit.records import PARTS, canonical_json

__all__ = [
    "Candidate",
    "Entry",
    "Layout",
    "candidates",
    "check",
    "lay_out",
    "plain",
    "scene_of",
    "under_test",
]

_PARTS = tuple(f"prompt.{part}" for part in PARTS)
_WORDING = ("prompt.text", "prompt.name")
_ASKED = ("model", "service", "sample")  # a bare name never means what was measured
_UNPAIRED = "param.seed"  # held equal only where the arms share seeds


def plain(value: Any) -> Any:
    """`value` as something hashable and comparable: numpy and pandas scalars as Python's, missing
    ones as None, lists and mappings as their JSON.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    try:
        if value != value:
            return None
    except (TypeError, ValueError):  # pandas.NA refuses to be true or false
        return None
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, Hashable) else canonical_json(value)


@dataclass(frozen=True)
class Entry:
    """A clip that can be shown. `row` is what it was made from."""

    key: str
    arm: tuple[Any, ...]
    block: tuple[Any, ...]
    scene: str
    clip: str
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Layout:
    """What is under test, what is held equal, and what cannot be told apart from the arms.

    `by` and `block` are full column names; `tied` are parameters that change along with the arms (a
    model's own nearest duration, the `camera_motion` of a wording) and so are compared with them,
    whether wanted or not.
    """

    by: tuple[str, ...]
    block: tuple[str, ...]
    tied: tuple[str, ...]
    entries: tuple[Entry, ...]

    @property
    def arms(self) -> tuple[tuple[Any, ...], ...]:
        """In order of appearance."""
        return tuple(dict.fromkeys(entry.arm for entry in self.entries))

    @property
    def label(self) -> str:
        """What a vote stores as `by`."""
        return ",".join(self.by)


@dataclass(frozen=True)
class Candidate:
    """Two clips of one block from two arms; `a` is the arm that appeared first."""

    a: Entry
    b: Entry

    @property
    def arms(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return self.a.arm, self.b.arm

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.a.key, self.b.key))


def scene_of(row: Mapping[str, Any]) -> str:
    """The shot that was wanted; where nobody named it, each wording is a scene of its own."""
    found = plain(row.get("prompt.scene")) or plain(row.get("prompt.text")) or row["run_key"]
    return str(found)


def under_test(rows: Sequence[Mapping[str, Any]], by: str | Sequence[str]) -> list[str]:
    """The full names of the columns in `by`; `"prompt"` is the wording.

    Names of prompts are the arms where they differ within a scene ("formal", "casual" in every
    scene), else their texts. `LookupError` for a name that is no column or may mean several.
    """
    names = as_list(by)
    if not names:
        raise LookupError("`by` names no column; try by='camera' or by=['model', 'camera']")
    every = list(dict.fromkeys(name for row in rows for name in row))
    asked = [c for c in every if c in _ASKED or c.startswith(("prompt.", "param."))]
    if "prompt" in names:
        seen: dict[str, set[Any]] = {}
        for row in rows:
            seen.setdefault(scene_of(row), set()).add(plain(row.get("prompt.name")))
        named = any(len(found - {None}) > 1 for found in seen.values())
        names = [("prompt.name" if named else "prompt.text") if n == "prompt" else n for n in names]
    found = [name if name in every else resolve(name, asked) for name in names]
    return list(dict.fromkeys(found))


def lay_out(rows: Iterable[Mapping[str, Any]], by: str | Sequence[str]) -> Layout:
    """Arms and blocks of `rows`, all of them; a row without any value of `by` is left out."""
    rows = list(rows)
    under = under_test(rows, by)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    held = [c for c in columns if c in ("model", "sample", "prompt.negative")]
    held += [c for c in columns if c.startswith("param.")]
    if not any(c.startswith("prompt.") for c in under):
        held += [c for c in columns if c == "prompt.text"]
    elif not any(c in _WORDING for c in under):
        held += [c for c in columns if c in _PARTS]
    held = [c for c in held if c not in under]
    arms = [tuple(plain(row.get(c)) for c in under) for row in rows]
    kept = [(row, arm) for row, arm in zip(rows, arms, strict=True) if arm != (None,) * len(under)]
    tied = [c for c in held if c.startswith("param.") and _follows(c, kept)]
    block = [c for c in held if c not in tied]
    if _UNPAIRED in block and not _shared(_entries(kept, block)):
        block.remove(_UNPAIRED)
    return Layout(tuple(under), tuple(block), tuple(tied), tuple(_entries(kept, block)))


def candidates(layout: Layout) -> list[Candidate]:
    """Every pair of clips from one block and two arms; a simulation is never set beside a film."""
    blocks: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in layout.entries:
        blocks.setdefault(entry.block, []).append(entry)
    place = {arm: n for n, arm in enumerate(layout.arms)}
    found = []
    for entries in blocks.values():
        for one, other in combinations(sorted(entries, key=lambda e: place[e.arm]), 2):
            if one.arm != other.arm and _simulated(one) == _simulated(other):
                found.append(Candidate(one, other))
    return found


def check(layout: Layout, found: Sequence[Candidate], by: str | Sequence[str]) -> None:
    """`ReviewError` that says what would work, where there is nothing to compare."""
    name = " × ".join(as_list(by))
    if found:
        return
    if not layout.entries:
        raise ReviewError(f"nothing to compare: no finished clip has a value of {name}")
    if len(layout.arms) == 1:
        varied = _varied(layout)
        hint = f"; what varies: {', '.join(varied)}" if varied else "; nothing else varies either"
        raise ReviewError(
            f"{name} has one value, {_short(layout.arms[0])}: nothing to compare{hint}"
        )
    scenes: dict[str, set[tuple[Any, ...]]] = {}
    for entry in layout.entries:
        scenes.setdefault(entry.scene, set()).add(entry.arm)
    if all(len(arms) == 1 for arms in scenes.values()):
        raise ReviewError(
            f"the {len(layout.arms)} arms of {name} share no scene, so any difference may be the "
            'scene\'s; say which are wordings of one shot: tk.Grid(texts, scene="watch ad")'
        )
    differing = [c for c in layout.block if _parts_arms(c, layout)]
    raise ReviewError(
        f"no two clips differ in {name} alone: {', '.join(differing) or 'the model'} changes along "
        f"with it; compare by={[*layout.by, *differing]!r}, or run the cells that are missing"
    )


def _follows(column: str, rows: Sequence[tuple[Mapping[str, Any], tuple[Any, ...]]]) -> bool:
    """Whether `column` has one value in each arm and not the same in all."""
    values: dict[tuple[Any, ...], set[Any]] = {}
    for row, arm in rows:
        values.setdefault(arm, set()).add(plain(row.get(column)))
    return all(len(v) == 1 for v in values.values()) and len({*map(frozenset, values.values())}) > 1


def _entries(
    rows: Sequence[tuple[Mapping[str, Any], tuple[Any, ...]]], block: Sequence[str]
) -> list[Entry]:
    return [
        Entry(
            key=str(row["run_key"]),
            arm=arm,
            block=(scene_of(row), *(plain(row.get(c)) for c in block)),
            scene=scene_of(row),
            clip=str(plain(row.get("clip.path")) or ""),
            row=row,
        )
        for row, arm in rows
    ]


def _shared(entries: Sequence[Entry]) -> bool:
    arms: dict[tuple[Any, ...], set[tuple[Any, ...]]] = {}
    for entry in entries:
        arms.setdefault(entry.block, set()).add(entry.arm)
    return any(len(found) > 1 for found in arms.values())


def _parts_arms(column: str, layout: Layout) -> bool:
    """Whether in some scene two arms share no value of `column`."""
    values: dict[str, dict[tuple[Any, ...], set[Any]]] = {}
    for entry in layout.entries:
        arms = values.setdefault(entry.scene, {})
        arms.setdefault(entry.arm, set()).add(plain(entry.row.get(column)))
    return any(
        not one & other for arms in values.values() for one, other in combinations(arms.values(), 2)
    )


def _simulated(entry: Entry) -> bool:
    return str(entry.row.get("model", "")).startswith("sim/")


def _varied(layout: Layout) -> list[str]:
    return [
        column.rsplit(".", 1)[-1]
        for column in layout.block
        if len({plain(entry.row.get(column)) for entry in layout.entries}) > 1
    ]


def _short(arm: tuple[Any, ...]) -> str:
    text = " × ".join(map(str, arm))
    return repr(text if len(text) <= 60 else f"{text[:59]}…")
