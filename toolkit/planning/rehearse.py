"""Trying a grid out: unpaid (`dry_run`), or as one sample on the cheapest model (`pilot`)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.catalog import is_by_hand
from toolkit.errors import GridError
from toolkit.grid import Exclusion, Grid, Random
from toolkit.grid.rules import Rule
from toolkit.planning.count import MOST
from toolkit.planning.money import count
from toolkit.records import CANONICAL_PARAMS, ImageRef

if TYPE_CHECKING:
    from toolkit.prompts.lint import Finding

__all__ = ["DryRun", "dry_run", "pilot"]

SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What would be sent, looked through cell by cell. Nothing was sent and nothing was spent.

    `problems` are (cell, why) for cells that could not be made as they are; `images` the pictures
    of this machine that would be uploaded, and to whom.
    """

    cells: int
    texts: list[str]
    models: list[str]
    images: list[tuple[str, list[str]]]
    exclusions: list[Exclusion]
    findings: list[Finding] = field(repr=False)
    problems: list[tuple[int, str]]

    @property
    def is_ready(self) -> bool:
        """Whether there is something to run and nothing in the way."""
        return bool(self.cells) and not self.problems

    @cached_property
    def text(self) -> str:
        lengths = sorted(len(text.split()) for text in self.texts)
        on = ", ".join(self.models) or "no model"
        said = count(len(self.texts), "text")
        lines = [f"dry run: {count(self.cells, 'cell')}, {said} on {on}: nothing was sent"]
        if lengths:
            lines.append(f"  {lengths[0]} to {lengths[-1]} words; the first:")
            lines += [f"    {text}" for text in self.texts[:SHOWN]]
        lines += [f"  would upload {name} to {', '.join(to)}" for name, to in self.images]
        lines += [f"  ! {exclusion}" for exclusion in self.exclusions]
        lines += [f"  ! cell {index}: {why}" for index, why in self.problems[:20]]
        if len(self.problems) > 20:
            lines.append(f"  … {len(self.problems) - 20:,} more in .problems")
        lines += [f"  {finding}" for finding in self.findings if finding.severity != "info"]
        lines.append("ready to run" if self.is_ready else "not ready: see above")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text


def dry_run(grid: Grid) -> DryRun:
    """Renders and checks every cell of `grid` that would run, its pictures too. Spends nothing."""
    from toolkit.prompts.lint import lint

    if grid.num_kept > MOST:
        raise GridError(
            f"{grid.num_kept:,} cells are more than can be run at once ({MOST:,}); take a smaller "
            f"design, or a sample of the grid"
        )
    texts: dict[str, None] = {}
    problems: list[tuple[int, str]] = []
    pictures: dict[ImageRef, dict[str, None]] = {}
    whole: dict[ImageRef, str] = {}
    models: dict[str, None] = {}
    cells = 0
    for cell in grid.cells():
        cells += 1
        spec = cell.spec
        texts.setdefault(spec.prompt)
        models.setdefault(spec.model)
        for picture in _pictures(spec.params):
            pictures.setdefault(picture, {}).setdefault(spec.service)
            if picture not in whole:
                whole[picture] = _wrong_with(picture)
            if whole[picture]:
                problems.append((cell.index, whole[picture]))
    return DryRun(
        cells=cells,
        texts=list(texts),
        models=list(models),
        images=[(_named(picture), list(to)) for picture, to in pictures.items()],
        exclusions=grid.exclusions,
        findings=[f for f in lint(grid) if f.code != "not-taken"],
        problems=problems,
    )


def _pictures(params: Mapping[str, Any]) -> Iterator[ImageRef]:
    return (value for value in params.values() if isinstance(value, ImageRef))


def _named(picture: ImageRef) -> str:
    return str(picture.path or picture.sha256[:16])


def _wrong_with(picture: ImageRef) -> str:
    if picture.path is None:
        return ""  # known by its content alone: the experiment that it comes from has it
    try:
        found = hashlib.sha256(Path(picture.path).read_bytes()).hexdigest()
    except OSError as error:
        return f"the picture {picture.path} cannot be read: {error.strerror}"
    changed = found != picture.sha256
    return f"the picture {picture.path} has changed since the grid was made" if changed else ""


def pilot(grid: Grid) -> Grid:
    """One sample of `grid` on the cheapest of its models: a look before the bill."""
    from toolkit.planning.bill import plan

    prices: dict[str, list[float]] = {}
    for arm in plan(grid).arms:
        model = arm.levels["model"]
        if arm.cells and not is_by_hand(model):
            expected = arm.each.expected
            prices.setdefault(model, []).append(math.inf if expected is None else expected)
    if not prices:
        raise GridError("no cell of this grid runs on a service: there is nothing to try out")
    cheapest = min(prices, key=lambda model: sum(prices[model]) / len(prices[model]))
    chosen = next(card for card in grid.cards if card.model == cheapest)
    known = {*CANONICAL_PARAMS, *chosen.extra_params}
    gone = [axis.name for axis in grid._axes if not known.issuperset(axis.fields)]
    held = {"model": cheapest, "service": chosen.service, "sample": grid.samples[0]}
    changes: dict[str, Any] = {
        **dict.fromkeys(gone),
        "models": cheapest,
        "samples": [grid.samples[0]],
        "exclude": list(_rules(grid, held, gone)),
    }
    if isinstance(grid._design, Random):  # fewer combinations are left to draw from
        most = grid.with_(**changes, design="full").num_kept
        drawn = grid._design
        changes["design"] = Random(max(1, min(drawn.k, most)), drawn.seed)
    return grid.with_(**changes)


def _rules(grid: Grid, held: Mapping[str, Any], gone: Sequence[str]) -> Iterator[Rule]:
    """The exclusions that concern this model and this sample, which need no naming any more."""
    for rule in grid.exclude:
        if not isinstance(rule, Mapping):
            yield rule
        elif all(_names(rule.get(n, value), value) for n, value in held.items()) and not (
            rule.keys() & set(gone)
        ):
            yield {n: value for n, value in rule.items() if n not in held} or rule


def _names(asked: Any, value: Any) -> bool:
    return value in asked if isinstance(asked, (list, tuple, set, frozenset)) else asked == value
