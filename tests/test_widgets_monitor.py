"""The run monitor: few messages, plain words, an end of its own."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field

import pytest

from toolkit.records import State
from toolkit.store import Budget, Purse
from toolkit.widgets.run_monitor import LOOKS, RunMonitor


@dataclass
class Figures:
    counts: dict[State, int] = field(default_factory=dict)
    total: int = 18
    eta_s: float | None = 40.0
    money: str = "sim $0.20"
    message: str | None = None


@pytest.fixture
def figures() -> Figures:
    return Figures({State.DONE: 4, State.SUBMITTED: 2, State.PLANNED: 12})


def test_every_state_has_a_glyph_and_a_word():
    assert set(LOOKS) == set(State)
    assert len({look.glyph for look in LOOKS.values()}) == len(State)


def test_it_shows_counts_money_and_the_time_to_go(figures: Figures):
    monitor = RunMonitor(lambda: figures, title="courier")

    assert repr(monitor) == ("courier · 18 clips: 4 done, 2 submitted, 12 planned · sim $0.20")
    assert monitor.view["status"] == "4 of 18 done · about 40 s left"
    assert [(s["count"], s["word"]) for s in monitor.view["states"]] == [
        (4, "done"), (2, "submitted"), (12, "planned"),
    ]  # fmt: skip
    assert monitor.view["settled"] == 4
    monitor.close()


def test_it_follows_the_work_and_ends_by_itself(figures: Figures):
    monitor = RunMonitor(lambda: figures)
    assert not monitor.is_over

    figures.counts = {State.DONE: 17, State.MODERATED: 1}
    figures.message = "moderated: the service turned down 1 prompt"
    monitor.poke()
    monitor.join(5)

    assert monitor.is_over
    assert monitor.view["status"] == "17 of 18 done"
    assert monitor.view["stop"] is None
    assert repr(monitor).endswith(
        "1 moderated · sim $0.20 · moderated: the service turned down 1 prompt"
    )


def test_a_thousand_changes_make_few_messages(figures: Figures):
    monitor = RunMonitor(lambda: figures)
    seen: list[float] = []
    monitor.observe(lambda _: seen.append(time.monotonic()), "view")

    until = time.monotonic() + 1.2
    while time.monotonic() < until:
        figures.counts = {State.DONE: figures.counts[State.DONE] + 1, State.PLANNED: 1}
        monitor.poke()
        time.sleep(0.001)
    monitor.close()

    assert 2 <= len(seen) <= 6
    assert all(b - a > 0.2 for a, b in itertools.pairwise(seen))


def test_stop_is_heard_once_and_said(figures: Figures):
    stops: list[int] = []
    monitor = RunMonitor(lambda: figures, on_stop=lambda: stops.append(1))
    assert monitor.view["stop"]["label"] == "Stop"

    monitor._hear(monitor, {"kind": "stop"}, [])
    monitor._hear(monitor, {"kind": "stop"}, [])

    assert stops == [1]
    assert monitor.view["stop"]["off"]
    assert "stopping, nothing new is sent" in monitor.view["status"]
    monitor.close()


def test_what_goes_wrong_is_shown_and_does_not_go_on_for_ever(figures: Figures, monkeypatch):
    monkeypatch.setattr("toolkit.widgets.run_monitor.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("toolkit.widgets.run_monitor.MIN_PAUSE_S", 0.01)
    monitor = RunMonitor(lambda: figures)

    def closed() -> Figures:
        raise RuntimeError("the experiment is closed")

    monitor._progress = closed
    monitor.join(5)

    assert monitor.is_over
    assert monitor.problem == "RuntimeError: the experiment is closed"


def test_what_is_sent_to_the_browser_is_small(figures: Figures):
    figures.counts = dict.fromkeys(State, 3)
    monitor = RunMonitor(lambda: figures)

    state = {k: v for k, v in monitor.get_state().items() if k not in ("_esm", "_css", "layout")}

    assert len(json.dumps(state)) < 4_000
    monitor.close()


def test_money_is_told_under_the_cap_and_the_simulators_apart(figures: Figures):
    budget = Budget(
        cap_micro_usd=5_000_000,
        per_day_micro_usd=None,
        real=Purse(spent_micro_usd=2_100_000, reserved_micro_usd=1_900_000),
        sim=Purse(spent_micro_usd=200_000),
    )
    monitor = RunMonitor(lambda: figures, budget=lambda: budget)

    assert monitor.view["money"] == {
        "text": "$2.10 spent + $1.90 committed of $5.00 · sim $0.20 spent of $5.00",
        "spent": 0.42,
        "held": 0.38,
        "near": True,
    }
    monitor.close()


def test_whoever_waits_for_the_end_is_told_once(figures: Figures):
    told: list[int] = []
    monitor = RunMonitor(lambda: figures, on_end=lambda: told.append(1))
    figures.counts = {State.DONE: 18}
    monitor.poke()
    monitor.join(5)

    assert told == [1]
