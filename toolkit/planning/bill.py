"""What a grid costs and what of it is there already, in one object that can be read and displayed.

Up to `EXACT` cells every cell is looked at. Above, the bill is a sum over arms, without making
cells; then what is done already is known for a grid that was planned here before, and else not
taken off. Real and simulated money are kept apart throughout, and an unknown price is a count of
clips, never $0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from toolkit.catalog import is_by_hand, price_depends_on
from toolkit.grid import Exclusion, Grid
from toolkit.planning.count import Arm, Pricing, plain, tally
from toolkit.planning.detect import Power, power
from toolkit.planning.look import as_html, as_table
from toolkit.planning.money import Cost, count, usd
from toolkit.planning.wait import minutes, wait
from toolkit.records import from_micro

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.prompts.lint import Finding
    from toolkit.store import Store

__all__ = ["Plan", "plan"]

LINTED = 3  # warnings that are shown with the bill; `Plan.findings` has all


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The bill of a grid. Displaying it shows the text; `df` is a row an arm; nothing was spent.

    `cells` run, of which `new` are to be made, `by_hand` to be made by a person and imported,
    `done` are there, `going` are on their way and `ended` came to nothing before (moderated,
    failed: they are not sent again by themselves).
    """

    grid: Grid
    cells: int
    new: int
    by_hand: int
    done: int
    going: int
    ended: int
    num_excluded: int
    exclusions: list[Exclusion]
    video_s: float
    cost: Cost
    wall_s: tuple[float, float] | None
    price_dates: tuple[str, ...]
    arms: list[Arm]
    notes: list[str] = field(default_factory=list)

    @property
    def cells_new(self) -> int:
        return self.new

    @property
    def cells_done(self) -> int:
        return self.done

    @property
    def excluded(self) -> list[Exclusion]:
        """Why cells are left out, with counts."""
        return self.exclusions

    @property
    def headline(self) -> str:
        """`20 clips · 100 s · $2.80 (price of 2025-06-24) · about 6 min`."""
        hands = f"{count(self.by_hand, 'clip')} by hand"
        if not self.new and self.by_hand:
            return hands
        if not self.new:
            return f"nothing new: {count(self.done, 'clip')} done" if self.done else "nothing runs"
        words = [count(self.new, "clip")]
        if self.video_s:
            words.append(f"{self.video_s:,.0f} s")
        dates = [d for d in self.price_dates if self.cost.high]
        words.append(str(self.cost) + (f" (price of {dates[0]})" if dates else ""))
        if self.wall_s is not None:
            words.append(f"about {minutes(self.wall_s[0])}")
        if self.by_hand:
            words.append(f"and {hands}")
        return " · ".join(words)

    @property
    def text(self) -> str:
        """The bill as plain text."""
        lines = [self.headline, self.counts]
        lines += as_table(self.arms)
        lines += [f"! {exclusion}" for exclusion in self.exclusions]
        lines += [f"! {finding}" for finding in self.findings if finding.severity == "error"]
        lines += [f"· {note}" for note in (*self.notes, *self.remarks)]
        return "\n".join(line for line in lines if line)

    @property
    def counts(self) -> str:
        """`63 cells: 54 new · 9 excluded`."""
        counts = [("new", self.new), ("by hand", self.by_hand), ("done", self.done)]
        counts += [("on their way", self.going), ("ended before", self.ended)]
        counts += [("excluded", self.num_excluded)]
        listed = " · ".join(f"{n:,} {word}" for word, n in counts if n)
        return f"{count(self.cells, 'cell')}: {listed}"

    @cached_property
    def findings(self) -> list[Finding]:
        """What the lint says of the words, worst first; what a model does not take is excluded."""
        from toolkit.prompts.lint import lint

        return [finding for finding in lint(self.grid) if finding.code != "not-taken"]

    @cached_property
    def power(self) -> Power | None:
        """What the grid could find out; None where nothing in it is compared within a scene."""
        return power(self.grid)

    @cached_property
    def remarks(self) -> list[str]:
        """What it could find out, what it cannot tell, and what the lint says, in a line each."""
        lines = [f"can find out · {self.power.text}"] if self.power else []
        if said := self.grid.cannot_tell:
            lines.append(f"cannot tell · {said}")
        found = [(n, word) for word in ("error", "warning", "info")
                 if (n := sum(f.severity == word for f in self.findings))]  # fmt: skip
        if found:
            counts = ", ".join(f"{n} {word}{'s' * (n > 1 and word != 'info')}" for n, word in found)
            lines.append(f"lint · {counts}")
        warnings = [f for f in self.findings if f.severity == "warning"]
        lines += [f"lint · {finding}" for finding in warnings[:LINTED]]
        return lines

    @cached_property
    def df(self) -> pd.DataFrame:
        """One row an arm: its levels, counts, seconds of video, price of a clip, cost."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    **{name: plain(value) for name, value in arm.levels.items()},
                    "cells": arm.cells,
                    "new": arm.new,
                    "done": arm.done,
                    "video_s": arm.seconds,
                    "each_usd": None if not arm.each.high else from_micro(arm.each.high),
                    "cost_low_usd": _dollars(arm, arm.cost.low),
                    "cost_usd": _dollars(arm, arm.cost.expected),
                    "cost_high_usd": _dollars(arm, arm.cost.high),
                    "sim_usd": from_micro(arm.cost.sim),
                    "price_date": arm.each.date,
                }
                for arm in self.arms
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """What `promptgrid plan --json` prints."""
        return {
            "cells": self.cells,
            "new": self.new,
            "by_hand": self.by_hand,
            "done": self.done,
            "on_their_way": self.going,
            "ended": self.ended,
            "excluded": self.num_excluded,
            "reasons": [
                {"reason": e.reason, "cells": e.cells, "instead": e.instead}
                for e in self.exclusions
            ],
            "cost_usd": self.cost.to_json(),
            "sim_usd": from_micro(self.cost.sim),
            "video_s": self.video_s,
            "wall_s": None if self.wall_s is None else [round(s, 1) for s in self.wall_s],
            "arms": [arm.to_json() for arm in self.arms],
            "notes": self.notes,
            "can_find_out": self.power.text if self.power else None,
            "cannot_tell": self.grid.cannot_tell or None,
            "lint": [finding.to_json() for finding in self.findings],
        }

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return as_html(self)


def _dollars(arm: Arm, micro: int) -> float | None:
    return None if arm.cost.unknown else from_micro(micro)


def plan(grid: Grid, store: Store | None = None, *, price_usd: float | None = None) -> Plan:
    """What running `grid` would do: new, done and excluded cells, the price, the time. Spends
    nothing. `price_usd` is a clip's price where the catalogue knows none.
    """
    pricing = Pricing(price_usd)
    tallies = tally(grid, store, pricing)
    arms = [found.arm() for found in tallies.values()]
    new_by_model: dict[str, int] = {}
    for arm in (arm for arm in arms if not arm.is_by_hand):
        new_by_model[arm.levels["model"]] = new_by_model.get(arm.levels["model"], 0) + arm.new
    wall = wait(new_by_model, store)
    notes = [*_notes(grid, pricing), *tallies.notes]
    if wall is not None and wall.is_guess:
        notes.append("how long it takes is a rule of thumb until clips have arrived")
    hands = [arm.is_by_hand for arm in arms]
    lengths = [found.video_s for found in tallies.values()]
    cost = sum((arm.cost for arm in arms), Cost())
    notes += _over_cap(cost, store)
    real = {p.date for p in pricing.used if p.date and not p.simulated and not p.unknown}
    return Plan(
        grid=grid,
        cells=grid.num_kept,
        new=sum(new_by_model.values()),
        by_hand=sum(arm.new for arm in arms if arm.is_by_hand),
        done=sum(arm.done for arm in arms),
        going=tallies.going,
        ended=tallies.ended,
        num_excluded=grid.size - grid.num_kept,
        exclusions=grid.exclusions,
        video_s=sum(s for s, hand in zip(lengths, hands, strict=True) if not hand),
        cost=cost,
        wall_s=None if wall is None else wall.seconds,
        price_dates=tuple(sorted(real)),
        arms=arms,
        notes=notes,
    )


def _over_cap(cost: Cost, store: Store | None) -> list[str]:
    """Where the bill is more than the budget leaves: the engine stops there, and this says so."""
    if store is None:
        return []
    budget = store.budget()
    cap = budget.cap_micro_usd
    if cap is None:
        return []
    return [
        f"{kind}${usd(most)} is more than the {kind}${usd(left)} that the budget of ${usd(cap)} "
        f"leaves: what comes after stays over_budget until it is raised"
        for kind, most, purse in (("", cost.high, budget.real), ("sim ", cost.sim_high, budget.sim))
        if most > (left := max(0, cap - purse.committed_micro_usd))
    ]


def _notes(grid: Grid, pricing: Pricing) -> list[str]:
    """What a person should know before paying: nothing that stops them."""
    notes = list(grid.notices)
    notes += [
        f"tk.near: {name} is " + ", ".join(f"{v} on {m}" for m, v in by_model.items())
        for name, by_model in grid.near_values().items()
    ]
    cards = [c for c in grid.cards if not is_by_hand(c.model)]
    lengths = {c.model: c.default_duration_s for c in cards}
    if "duration_s" not in grid.params and len(set(lengths.values())) > 1:
        said = ", ".join(f"{m} {'?' if d is None else f'{d:g} s'}" for m, d in lengths.items())
        notes.append(f"no duration_s is asked for and the models' own differ: {said}")
    for c in cards:
        if c.status in {"deprecated", "legacy"}:
            until = f", retired on {c.retired_on}" if c.retired_on else ""
            notes.append(f"{c.model} is {c.status}{until}" + (f": {c.notes}" if c.notes else ""))
        allowed = [rule["allow"].get("prompt_rewrite") for rule in c.limits if "allow" in rule]
        if [True] in allowed:  # elsewhere it is switched off, unless asked for
            notes.append(f"{c.model} rewrites prompts by itself and cannot be told not to")
        known = {*grid.params, *c.defaults, *(["duration_s"] if c.default_duration_s else [])}
        if left := [name for name in price_depends_on(c) if name not in known]:
            notes.append(
                f"{c.model}: the price depends on {' and '.join(left)}, left to the service; "
                f"ask for one to know it"
            )
    unknown = sorted({p.note for p in pricing.used if p.unknown and p.note})
    notes += [f"{note}: give price_usd=… before it runs" for note in unknown]
    return notes
