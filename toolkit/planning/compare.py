"""The designs of a grid side by side: what each costs, could find out, and leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.errors import GridError
from toolkit.grid import DESIGNS, Design, Grid, Random
from toolkit.planning.bill import plan
from toolkit.planning.detect import power
from toolkit.records import from_micro

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.store import Store

__all__ = ["designs"]

COLUMNS = (
    "design", "clips", "cost", "cost_usd", "sim_usd", "scenes", "clips_a_level", "detects_sd",
    "detects_win_rate", "cannot_tell",
)  # fmt: skip
DRAWN = 12  # combinations of the random design, where the grid names no other number


def designs(
    grid: Grid, store: Store | None = None, *, price_usd: float | None = None, k: int | None = None
) -> pd.DataFrame:
    """One row a design of `grid`: clips, price, the smallest difference it could detect, and what
    it cannot tell. Nothing is spent.

    `detects_sd` is in standard deviations of single clips' scores, for the weakest comparison,
    found four times of five; `detects_win_rate` the share of duels won that six minutes of votes
    tell from one half; None where nothing can be sure. `k` is the number that the random design
    draws. A design that does not fit has no clips and says why.
    """
    import pandas as pd

    rows = [_row(grid, design, store, price_usd) for design in _all(grid, k)]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _all(grid: Grid, k: int | None) -> list[Design]:
    """Every design, the grid's own settings kept."""
    own = grid._design
    drawn = Random(k) if k is not None else own if isinstance(own, Random) else None
    if drawn is None:
        wordings = grid.with_(design="full").num_kept // len(grid.samples)
        drawn = Random(min(DRAWN, max(1, wordings)))
    made: list[Design] = [kind() for kind in DESIGNS.values() if kind is not Random]
    return [own if type(own) is type(design) else design for design in made] + [drawn]


def _row(
    grid: Grid, design: Design, store: Store | None, price_usd: float | None
) -> dict[str, Any]:
    asked = design.to_doc()
    name = asked if isinstance(asked, str) else repr(design)
    try:
        made = grid.with_(design=design)
        bill = plan(made, store, price_usd=price_usd)
    except GridError as error:
        why = str(error).removeprefix("`design`: ")
        return {**dict.fromkeys(COLUMNS), "design": name, "cannot_tell": f"does not fit: {why}"}
    found = power(made)
    known = not bill.cost.unknown
    return {
        "design": name,
        "clips": bill.new + bill.by_hand,
        "cost": str(bill.cost),
        "cost_usd": from_micro(bill.cost.expected) if known else None,
        "sim_usd": from_micro(bill.cost.sim),
        "scenes": found.scenes if found else len(made.scenes),
        "clips_a_level": found.clips if found else None,
        "detects_sd": round(found.difference_sd, 2) if found and found.difference_sd else None,
        "detects_win_rate": round(found.win_rate, 2) if found and found.win_rate else None,
        "cannot_tell": made.cannot_tell or "nothing of what varies here",
    }
