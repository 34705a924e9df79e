"""Counting a grid in groups without making its cells.

How many cells a rule excludes is a product over the few axes that the rule looks at. A grid of a
design has no such product and is counted cell by cell; designs are small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from toolkit.catalog import Refusal, limited
from toolkit.errors import GridError
from toolkit.prompts.formula import PROMPT_PARTS
from toolkit.records import canonical_json

if TYPE_CHECKING:
    from toolkit.grid.core import Block, Grid

__all__ = ["Groups", "groups"]

LIMIT = 2_000_000  # combinations looked at before a summary says that it is too fine

Groups = dict[tuple[tuple[Any, ...], Refusal | None], int]


def groups(grid: Grid, names: Sequence[str]) -> Groups:
    """Cells by (levels of `names`, why excluded): a product over the digits that decide."""
    looks = set(names)
    for rule in grid.exclude:
        looks |= set(rule) if isinstance(rule, Mapping) else {*grid._fields()}
    if grid._chosen is not None:
        return _cell_by_cell(grid, names)
    shared = _shared_that_decide(grid, looks)
    found: Groups = {}
    made: dict[Any, Groups] = {}
    left = LIMIT
    for block in grid._blocks:
        parts = _parts_that_decide(grid, block, looks)
        alike = (
            block.size,
            *(getattr(block.prompt, p) for p in PROMPT_PARTS if p in looks or p in parts),
            *(getattr(block, n) for n in ("name", "scene") if n in looks),
            id(block) if "prompt" in looks or _is_particular(grid, block) else None,
            _refuses_negative(grid) and bool(block.prompt.negative),
        )
        if alike not in made:
            left -= prod(block.parts[p] for p in parts) * prod(grid._shared[d] for d in shared)
            if left < 0:
                raise _too_fine(grid, names)
            made[alike] = _count_block(grid, block, parts, shared, names)
        for key, cells in made[alike].items():
            found[key] = found.get(key, 0) + cells
    return found


def _too_fine(grid: Grid, names: Sequence[str]) -> GridError:
    return GridError(
        f"too fine a summary: {', '.join(names) or 'the exclusions'} of {grid.size:,} cells; "
        f"group by less, or exclude by value"
    )


def _cell_by_cell(grid: Grid, names: Sequence[str]) -> Groups:
    if grid.size > LIMIT:
        raise _too_fine(grid, names)
    found: Groups = {}
    for cell in grid:
        asked = cell._asked()
        values = grid._values(asked) if names else {}
        key = (tuple(_hashable(values.get(name)) for name in names), grid._refusal(asked))
        found[key] = found.get(key, 0) + 1
    return found


def _count_block(
    grid: Grid, block: Block, parts: Sequence[str], shared: Sequence[int], names: Sequence[str]
) -> Groups:
    looked_at = prod(block.parts[p] for p in parts) * prod(grid._shared[d] for d in shared)
    each = block.size * grid._rest // looked_at
    counts: Groups = {}
    for wording in product(*(range(block.parts[p]) for p in parts)):
        words = block.prompt.wording(block.index(dict(zip(parts, wording, strict=True))))
        for chosen in product(*(range(grid._shared[d]) for d in shared)):
            digits = [0] * len(grid._shared)
            for place, digit in zip(shared, chosen, strict=True):
                digits[place] = digit
            asked = grid._ask(block, words, digits)
            values = grid._values(asked) if names else {}
            key = (tuple(_hashable(values.get(name)) for name in names), grid._refusal(asked))
            counts[key] = counts.get(key, 0) + each
    return counts


def _shared_that_decide(grid: Grid, looks: set[str]) -> list[int]:
    """Places of the model, of the parameters that matter, and of the sample if it does."""
    limits = {name for model in grid.cards for name in limited(model)}
    refused = {a for a, _, _ in grid._refused_values}
    axes = [
        a + 1
        for a, axis in enumerate(grid._axes)
        if a in refused or looks & {axis.name, *axis.fields} or limits & {*axis.fields}
    ]
    return [0, *axes, *([len(grid._shared) - 1] if "sample" in looks else [])]


def _parts_that_decide(grid: Grid, block: Block, looks: set[str]) -> list[str]:
    if "prompt" in looks or _is_particular(grid, block):
        return list(block.parts)
    return [
        part
        for part in block.parts
        if part in looks or (part == "negative" and _refuses_negative(grid))
    ]


def _refuses_negative(grid: Grid) -> bool:
    return any(model.negative is False for model in grid.cards)


def _is_particular(grid: Grid, block: Block) -> bool:
    """Whether the very text of this block's prompts decides: too long, or empty."""
    limits = [c.prompt_limit for c in grid.cards if c.prompt_limit is not None]
    return block.may_be_empty or (bool(limits) and block.longest > min(limits))


def _hashable(value: Any) -> Any:
    return value if value.__hash__ is not None else canonical_json(value)
