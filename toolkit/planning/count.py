"""Cells counted into arms and priced: one by one where they are few, else by sums over arms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.catalog import Price, card, is_by_hand, price
from toolkit.errors import GridError
from toolkit.grid import Grid
from toolkit.planning.money import BY_HAND, Cost
from toolkit.records import CANONICAL_PARAMS, ModelCard, State, from_micro, to_micro
from toolkit.store import CellRow

if TYPE_CHECKING:
    from toolkit.store import Store

__all__ = ["Arm", "Pricing", "Tallies", "arm_names", "cell_rows", "plain", "tally"]

EXACT = 10_000  # cells that are looked at one by one
MOST = 200_000  # cells that are run at once
MOST_ARMS = 400  # rows of the bill before it is summed by model
NEW = frozenset({State.PLANNED, State.OVER_BUDGET})  # there, but nothing was sent for them


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One row of the bill: what varies, and what it comes to."""

    levels: Mapping[str, Any]
    cells: int
    new: int
    done: int
    seconds: float | None
    each: Price
    cost: Cost

    @property
    def is_by_hand(self) -> bool:
        """Whether its clips are made by a person and imported."""
        return self.each == BY_HAND

    def to_json(self) -> dict[str, Any]:
        return {
            **{name: plain(value) for name, value in self.levels.items()},
            "cells": self.cells,
            "new": self.new,
            "done": self.done,
            "video_s": self.seconds,
            "cost_usd": self.cost.to_json(),
            "sim_usd": from_micro(self.cost.sim),
            "price_date": self.each.date,
        }


def plain(value: Any) -> Any:
    """A level as JSON and tables can hold it."""
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


class Pricing:
    """Prices, each looked up once, and which were used."""

    def __init__(self, price_usd: float | None) -> None:
        try:
            self.instead = None if price_usd is None else to_micro(price_usd)
        except (ValueError, TypeError) as error:
            raise GridError(f"`price_usd`: {error}") from None
        if self.instead == 0:
            raise GridError(
                "`price_usd`: a price of 0 is a guess; say what a clip may cost at most"
            )
        self._made: dict[Any, Price] = {}

    def __call__(self, model: str, params: Mapping[str, Any]) -> Price:
        if is_by_hand(model):
            return BY_HAND
        key = (model, *((n, _key(v)) for n, v in params.items() if n in _PRICED))
        if key not in self._made:
            found = price(card(model), params)
            if found.unknown and self.instead is not None:
                asked = self.instead
                found = Price(asked, asked, asked, None, found.simulated, "your own price")
            self._made[key] = found
        return self._made[key]

    @property
    def used(self) -> list[Price]:
        return list(self._made.values())


_PRICED = frozenset(CANONICAL_PARAMS) - {"seed", "start_image", "end_image"}


def _key(value: Any) -> Any:
    return value if value.__hash__ is not None else str(value)


class _Tally:
    """One arm while it is counted."""

    def __init__(self, levels: Mapping[str, Any]) -> None:
        self.levels = levels
        self.cells = self.new = self.done = 0
        self.video_s = 0.0
        self.has_length = True
        self.cost = Cost()
        self.prices: list[Price] = []

    def add(self, found: Price, length: float | None, cells: int, new: int) -> None:
        self.cells += cells
        self.new += new
        self.cost += Cost.of(found, new)
        if found not in self.prices:
            self.prices.append(found)
        if length is None:
            self.has_length = False
        else:
            self.video_s += length * new

    def arm(self) -> Arm:
        return Arm(
            levels=self.levels,
            cells=self.cells,
            new=self.new,
            done=self.done,
            seconds=self.video_s if self.has_length else None,
            each=max(self.prices, key=lambda p: p.high or 0),
            cost=self.cost,
        )


class Tallies(dict[Any, _Tally]):
    """The arms, and what belongs to none of them."""

    def __init__(self) -> None:
        super().__init__()
        self.going = self.ended = 0
        self.notes: list[str] = []

    def count(self, arm: _Tally, state: State) -> None:
        """A run that is there and was sent."""
        if state is State.DONE:
            arm.done += 1
        elif state.is_open:
            self.going += 1
        else:
            self.ended += 1

    def at(self, names: Sequence[str], levels: tuple[Any, ...]) -> _Tally:
        if levels not in self:
            self[levels] = _Tally(dict(zip(names, levels, strict=True)))
        return self[levels]


def _length(model_card: ModelCard, params: Mapping[str, Any]) -> float | None:
    asked = params.get("duration_s", model_card.default_duration_s)
    return None if asked is None else float(asked)


def tally(grid: Grid, store: Store | None, pricing: Pricing) -> Tallies:
    """The arms of `grid`, counted and priced."""
    names = arm_names(grid)
    states = {} if store is None else {run.key: run.state for run in store.runs()}
    if grid.num_kept <= EXACT:
        return _cell_by_cell(grid, names, states, pricing)
    tallies = _arm_by_arm(grid, names, pricing)
    if store is not None and states:
        _take_off(tallies, grid, names, store, states, pricing)
    return tallies


def arm_names(grid: Grid) -> list[str]:
    """What tells arms apart: all that varies but the sample, or the model where that is a lot."""
    varying = [n for n in grid.varies if n not in {"sample", "name", "seed"}]
    names = list(dict.fromkeys(["model", *varying]))
    sizes = math.prod(len(grid.axes[n]) for n in names)
    return names if sizes <= MOST_ARMS else ["model"]


def _cell_by_cell(
    grid: Grid, names: Sequence[str], states: Mapping[str, State], pricing: Pricing
) -> Tallies:
    tallies = Tallies()
    seen: set[str] = set()
    shared = 0
    cards = {c.model: c for c in grid.cards}
    for cell in grid.cells():
        spec = cell.spec
        values = {**cell.fields, "model": spec.model}
        arm = tallies.at(names, tuple(_key(values.get(name)) for name in names))
        key = cell.run_key
        state = states.get(key)
        is_new = key not in seen and (state is None or state in NEW)
        found = pricing(spec.model, spec.params)
        arm.add(found, _length(cards[spec.model], spec.params), 1, int(is_new))
        if key in seen:
            shared += 1
            continue
        seen.add(key)
        if state is not None and state not in NEW:
            tallies.count(arm, state)
    if shared:
        ask = "1 cell asks" if shared == 1 else f"{shared:,} cells ask"
        tallies.notes.append(f"{ask} for the clip of another cell: paid once")
    return tallies


def _arm_by_arm(grid: Grid, names: Sequence[str], pricing: Pricing) -> Tallies:
    tallies = Tallies()
    asked = [n for n in _PRICED if n in grid.params]
    cards = {c.model: c for c in grid.cards}
    for levels, cells in grid.tally([*names, "model", *asked]).items():
        model = levels[len(names)]
        params = {
            name: value
            for name, value in zip(asked, levels[len(names) + 1 :], strict=True)
            if value is not None
        }
        arm = tallies.at(names, levels[: len(names)])
        arm.add(pricing(model, params), _length(cards[model], params), cells, cells)
    return tallies


def _take_off(
    tallies: Tallies,
    grid: Grid,
    names: Sequence[str],
    store: Store,
    states: Mapping[str, State],
    pricing: Pricing,
) -> None:
    """What this very grid has done here before comes off a bill that was made by arms."""
    rows = store.cells(grid.id)
    if not rows:
        tallies.notes.append(
            f"above {EXACT:,} cells, clips of other grids that this one would use again are not "
            f"taken off the bill; they are not paid again"
        )
    cards = {c.model: c for c in grid.cards}
    for row in rows:
        state = states.get(row["run_key"], State.PLANNED)
        if state in NEW:
            continue
        cell = grid[row["index"]]
        values, spec = cell.fields, cell.spec
        arm = tallies.at(names, tuple(_key(values.get(name)) for name in names))
        found = pricing(spec.model, spec.params)
        arm.add(found, _length(cards[spec.model], spec.params), 0, -1)
        tallies.count(arm, state)


def cell_rows(grid: Grid, *, price_usd: float | None = None) -> Iterator[CellRow]:
    """The cells that run, as the store takes them: each with the most it may cost."""
    if grid.num_kept > MOST:
        raise GridError(
            f"{grid.num_kept:,} cells are more than can be run at once ({MOST:,}); take a smaller "
            f"design, or a sample of the grid"
        )
    pricing = Pricing(price_usd)
    grid_id = grid.id
    for cell in grid.cells():
        spec = cell.spec
        yield CellRow(
            grid_id,
            cell.index,
            cell.run_key,
            spec,
            cell.parts,
            cell.labels,
            pricing(spec.model, spec.params).high,
        )
