"""How long a batch takes: from the clips made before, else the card, else a rule of thumb."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from toolkit.catalog import card
from toolkit.records import State

if TYPE_CHECKING:
    from toolkit.store import Store

__all__ = ["Wait", "minutes", "wait"]

RULE_OF_THUMB_S = (90.0, 240.0)  # p50 and p90 of a hosted model that nothing is known of
IN_FLIGHT = 4  # jobs at a time where the card does not say


@dataclass(frozen=True)
class Wait:
    """Median and p90 of the seconds until all is there; a guess where nothing is known."""

    seconds: tuple[float, float]
    is_guess: bool


def wait(new: Mapping[str, int], store: Store | None) -> Wait | None:
    """Median and p90 of the time until all is there: services work side by side, the jobs of one
    in rounds. A sum of k rounds has k times the median and sqrt(k) times the spread.
    """
    history = _history(store) if store is not None else {}
    by_service: dict[str, tuple[float, float]] = {}
    is_guess = False
    for model, clips in new.items():
        if not clips:
            continue
        model_card = card(model)
        seconds = history.get(model) or model_card.wall_s
        if seconds is None:
            seconds, is_guess = RULE_OF_THUMB_S, True
        rounds = math.ceil(clips / (model_card.concurrency or IN_FLIGHT))
        p50, p90 = by_service.get(model_card.service, (0.0, 0.0))
        by_service[model_card.service] = (
            p50 + rounds * seconds[0],
            p90 + rounds * seconds[0] + math.sqrt(rounds) * (seconds[1] - seconds[0]),
        )
    if not by_service:
        return None
    return Wait(
        (max(p for p, _ in by_service.values()), max(p for _, p in by_service.values())), is_guess
    )


def _history(store: Store) -> dict[str, tuple[float, float]]:
    """Median and p90 of submission to clip, in seconds, of models with at least three clips."""
    if not store.counts().get(State.DONE):
        return {}
    columns = store.run_columns()
    took: dict[str, list[float]] = {}
    for model, sent, done in zip(
        columns["model"], columns["submitted_at"], columns["done_at"], strict=True
    ):
        if isinstance(sent, datetime) and isinstance(done, datetime):
            took.setdefault(model, []).append((done - sent).total_seconds())
    return {
        model: (ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.9))])
        for model, times in took.items()
        if len(ordered := sorted(times)) >= 3
    }


def minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds)):d} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36_000 else f"{seconds / 3600:,.0f} h"
