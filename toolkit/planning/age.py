"""What time does to an experiment: old prices, retired models, samples made months apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from toolkit.records import ModelCard

__all__ = ["OLD", "aged"]

OLD = timedelta(days=30)


def aged(
    rows: Iterable[Mapping[str, Any]], cards: Iterable[ModelCard], *, today: date
) -> list[str]:
    """What to know before more is added to runs made a while ago; nothing for younger ones.

    `rows` are those of the store (`model`, `done_at`, `prompt.text`, `params`, `sample`). Runs of
    the simulator do not age.
    """
    done = [row for row in rows if row.get("done_at") and not row["model"].startswith("sim/")]
    if not done or today - min(row["done_at"].date() for row in done) < OLD:
        return []
    used = {row["model"] for row in done}
    found = []
    known = [card for card in cards if card.model in used]
    for card in known:
        if card.status == "retired" or (card.retired_on and card.retired_on <= str(today)):
            when = f" on {card.retired_on}" if card.retired_on else ""
            found.append(f"{card.model} was retired{when}")
    priced = sorted(card.price_date for card in known if card.price_date)
    if priced and today - date.fromisoformat(priced[0]) >= OLD:
        found.append(f"prices from {priced[0]}")
    apart: dict[tuple[str, ...], set[date]] = defaultdict(set)
    for row in done:
        asked = (row["model"], str(row.get("prompt.text")), repr(sorted(row["params"].items())))
        apart[asked].add(row["done_at"].date())
    split = sum(max(days) - min(days) >= timedelta(days=7) for days in apart.values())
    if split:
        many = "request has" if split == 1 else "requests have"
        found.append(f"{split} {many} samples made a week or more apart")
    return found
