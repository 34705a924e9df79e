"""What a person should know when an experiment is opened again: what moves, what waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from toolkit.records import State, from_micro
from toolkit.runner.process import is_dead
from toolkit.store import Store, Worker
from toolkit.store.core import new_id
from toolkit.store.life import Action, Life

__all__ = ["at_work", "attention", "settle"]

MOST_LINES = 5
FRESH_S = 120.0  # eight heartbeats
_MOVING = (State.SUBMITTING, State.SUBMITTED, State.READY, State.STORED)


def at_work(
    store: Store,
    *,
    kind: str | None = None,
    dead: Callable[[Mapping[str, Any]], bool] = is_dead,
    now: float | None = None,
) -> list[Worker]:
    """The processes that run this experiment at this moment, of one kind or of any."""
    now = time.time() if now is None else now
    return [
        worker
        for worker in store.workers()
        if worker.ended_at is None
        and kind in (None, worker.kind)
        and now - worker.heartbeat_at.timestamp() < FRESH_S
        and not dead(worker.process)
    ]


def settle(store: Store, key: str, action: Action) -> State:
    """A person's word on a run that the engine cannot settle; where the run stands after it."""
    if action not in ("check", "resubmit", "give_up"):
        raise ValueError(f'{action!r}: "check", "resubmit" or "give_up"')
    return Life(store, new_id()).settle(key, action)


def attention(store: Store, *, now: float | None = None) -> list[str]:
    """Lines for the person, the most pressing last; [] where all is well."""
    now = time.time() if now is None else now
    rows = store.open_rows()
    lines = [*_open(store, rows, now), *_unknown(rows), *_expiring(rows, now)]
    held = [row for row in rows if row["state"] == State.HOLD]
    lines += [
        f"run {row['key'][:16]} waits for you{_money([row])}: {row['reason']}; "
        f'exp.settle("{row["key"][:16]}", "check"), "resubmit" or "give_up"'
        for row in held[:MOST_LINES]
    ]
    if len(held) > MOST_LINES:
        lines.append(f"{len(held) - MOST_LINES} more wait for you: state hold in exp.runs_df()")
    return lines + _over_budget(store) + store.stops()


def _over_budget(store: Store) -> list[str]:
    number = store.counts().get(State.OVER_BUDGET, 0)
    if not number:
        return []
    clips = "1 clip was" if number == 1 else f"{number} clips were"
    return [f"{clips} not sent, over budget: exp.set_budget(…), then run the grid again"]


def _open(store: Store, rows: list[dict[str, Any]], now: float) -> list[str]:
    counts: dict[State, int] = {}
    for row in rows:
        if row["state"] in (State.PLANNED, *_MOVING):
            state = State(row["state"])
            counts[state] = counts.get(state, 0) + 1
    if not counts:
        return []
    what = ", ".join(f"{number} {state}" for state, number in counts.items())
    workers = at_work(store, now=now)
    if workers:
        pids = ", ".join(str(worker.process.get("pid")) for worker in workers)
        return [f"open: {what}; at work in process {pids}"]
    return [f"open: {what}; exp.resume() goes on, nothing is paid twice"]


def _unknown(rows: list[dict[str, Any]]) -> list[str]:
    unknown = [row for row in rows if row["state"] == State.UNKNOWN]
    if not unknown:
        return []
    what = f"{len(unknown)} unknown: the service may have charged{_money(unknown)}"
    return [f"{what}; exp.resume() looks them up in its list"]


def _expiring(rows: list[dict[str, Any]], now: float) -> list[str]:
    times = sorted(row["expires_at"] for row in rows if row["expires_at"] is not None)
    if not times:
        return []
    left = times[0] - now
    clips = "1 clip is" if len(times) == 1 else f"{len(times)} clips are"
    if left <= 0:
        return [f"{clips} paid and not fetched, and past the time the service keeps them"]
    when = f"{left / 60:.0f} min" if left < 5400 else f"{left / 3600:.0f} h"
    first = "it expires" if len(times) == 1 else "the first expires"
    return [f"{clips} paid and not fetched; {first} in {when}: exp.resume()"]


def _money(rows: list[dict[str, Any]]) -> str:
    """What the runs hold, real and simulated money apart."""
    texts = []
    for simulated, sign in ((False, "$"), (True, "sim $")):
        held = sum(r["reserved_micro_usd"] for r in rows if bool(r["simulated"]) is simulated)
        texts += [f"{sign}{from_micro(held):.2f}"] if held else []
    return f" (holds {' + '.join(texts)})" if texts else ""
