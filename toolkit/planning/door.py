"""Money at the door: what runs unasked, what needs a yes, what is refused. A pure function.

A paid cell needs a budget. A price that is not known is refused until one is given. A bill above $2
and a quarter of the cap, or above $10, needs an amount; a later, dearer bill is refused again.
Simulated cost never asks: the engine holds it to the budget, so that caps can be rehearsed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from toolkit.errors import ApprovalNeeded, BudgetError, GridError
from toolkit.planning.bill import Plan
from toolkit.planning.money import count, usd
from toolkit.records import to_micro

if TYPE_CHECKING:
    from toolkit.store import Budget

__all__ = ["approve"]

UNASKED_MICRO_USD = 2_000_000  # below this nothing asks
ALWAYS_ASK_MICRO_USD = 10_000_000
SHARE_OF_CAP = 4


def approve(
    bill: Plan, budget: Budget, *, up_to_usd: float | None = None, call: str = "exp.run(grid"
) -> None:
    """Returns where the bill may be run; `BudgetError` or `ApprovalNeeded` says the way on, which
    begins with `call`.

    Nothing is spent here, whatever happens.
    """
    if not bill.cells:
        reasons = "; ".join(map(str, bill.exclusions[:3]))
        raise GridError(f"no cell of this grid runs: {reasons}")
    if errors := [finding for finding in bill.findings if finding.severity == "error"]:
        more = f" (and {len(errors) - 1} more in exp.plan(grid))" if len(errors) > 1 else ""
        raise GridError(f"nothing spent: {errors[0]}{more}")
    if bill.by_hand:
        rest = "; run the others as a grid of their own" if bill.new else ""
        raise GridError(
            f"{count(bill.by_hand, 'clip')} of this grid {_are(bill.by_hand)} made by hand: "
            f"exp.worklist(grid), then exp.import_clips(folder, grid=grid){rest}"
        )
    cost = bill.cost
    if cost.unknown:
        notes = sorted({arm.each.note for arm in bill.arms if arm.each.unknown and arm.new})
        raise BudgetError(
            f"{'; '.join(notes)}. Nothing spent. To run: {call}, price_usd=…) with the most "
            f"that one clip may cost"
        )
    if not cost.high:
        return
    cap = budget.cap_micro_usd
    if cap is None:
        raise BudgetError(
            f"{bill.headline}. Nothing spent: a paid run needs a budget; "
            f"exp.set_budget({_amount(cost.high)})"
        )
    left = max(0, cap - budget.real.committed_micro_usd)
    if cost.low > left:
        raise BudgetError(
            f"{bill.headline}. Nothing spent: ${usd(left)} of the budget of ${usd(cap)} is left; "
            f"run fewer cells, or exp.set_budget({_amount(cap - left + cost.high)})"
        )
    granted = _granted(up_to_usd)
    asks = cost.high > UNASKED_MICRO_USD and cost.high * SHARE_OF_CAP > cap
    if granted is None:
        if asks or cost.high > ALWAYS_ASK_MICRO_USD:
            raise ApprovalNeeded(_ask(bill, call))
    elif cost.high > granted:
        raise ApprovalNeeded(_ask(bill, call))


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _granted(up_to_usd: float | None) -> int | None:
    if up_to_usd is None:
        return None
    try:
        return to_micro(up_to_usd)
    except (TypeError, ValueError) as error:
        raise BudgetError(f"`up_to_usd`: {error}") from None


def _ask(bill: Plan, call: str) -> str:
    return f"{bill.headline}. Nothing spent. To run: {call}, up_to_usd={_amount(bill.cost.high)})"


def _amount(micro: int) -> str:
    """The next round amount: whole dollars from one up, cents below."""
    if micro >= 1_000_000:
        return str(math.ceil(micro / 1_000_000))
    return f"{math.ceil(micro / 10_000) / 100:.2f}"
