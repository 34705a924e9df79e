"""An experiment that lay for a while says what changed meanwhile; a young one says nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

from toolkit.planning.age import aged
from toolkit.records import ModelCard

CARD = ModelCard(
    "luma/ray-2", title="Ray 2", wire_id="ray-2", price_date="2025-06-24",
    status="retired", retired_on="2026-01-02",
)  # fmt: skip


def row(day: datetime, model: str = "luma/ray-2", **more: object) -> dict[str, object]:
    return {"model": model, "done_at": day, "prompt.text": "a fox", "params": {}, **more}


def test_after_a_month_retirement_prices_and_days_apart_are_said():
    rows = [row(datetime(2026, 1, 1, tzinfo=UTC)), row(datetime(2026, 1, 20, tzinfo=UTC))]
    assert aged(rows, [CARD], today=date(2026, 3, 1)) == [
        "luma/ray-2 was retired on 2026-01-02",
        "prices from 2025-06-24",
        "1 request has samples made a week or more apart",
    ]


def test_a_young_experiment_says_nothing():
    rows = [row(datetime(2026, 1, 1, tzinfo=UTC))]
    assert aged(rows, [CARD], today=date(2026, 1, 20)) == []
    assert aged([], [CARD], today=date(2026, 3, 1)) == []


def test_the_simulator_does_not_age():
    rows = [row(datetime(2025, 1, 1, tzinfo=UTC), model="sim/draft")]
    assert aged(rows, [], today=date(2026, 3, 1)) == []
