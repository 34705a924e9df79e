"""The thread that writes: in order, together where it can, and nobody is told too early."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tests.fake_service import PRICE, cells
from toolkit.errors import StoreError
from toolkit.records import State
from toolkit.runner.writer import Writer
from toolkit.store import Store
from toolkit.store.life import Life, Limits, LostLeaseError

LIMITS = Limits(max_in_flight=100)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(100)
        yield store


def claimed(store: Store, num: int) -> tuple[Life, list[Any]]:
    rows = cells(num)
    store.plan(rows)
    life = Life(store, "a")
    return life, life.claim_new("fake", [row.run_key for row in rows], LIMITS).got


def together(store: Store, *jobs: Any) -> list[Any]:
    """Give the jobs while the thread is busy, so that it finds them all at once."""

    async def main() -> list[Any]:
        writer = Writer(store)
        gate = threading.Event()
        first = writer.do(gate.wait)
        futures = [writer.do(*job) for job in jobs]
        gate.set()
        results = await asyncio.gather(first, *futures, return_exceptions=True)
        writer.shutdown()
        return results[1:]

    return asyncio.run(main())


def test_what_waits_is_one_write(store, monkeypatch):
    life, claims = claimed(store, 10)
    begun = []
    real = store.together
    monkeypatch.setattr(store, "together", lambda: begun.append(1) or real())
    results = together(store, *[(life.intent, claim) for claim in claims])
    assert [claim.state for claim in results] == [State.SUBMITTING] * 10
    assert (store.counts(), len(begun)) == ({State.SUBMITTING: 10}, 1)
    assert store.budget().real.reserved_micro_usd == 10 * PRICE


def test_one_that_lost_its_lease_harms_none_beside_it(store):
    life, claims = claimed(store, 3)
    Life(store, "b").retire(owner="a")
    (stolen,) = Life(store, "b").claim_new("fake", [claims[1].key], LIMITS).got
    results = together(store, *[(life.intent, claim) for claim in claims])
    assert isinstance(results[1], LostLeaseError)
    assert [results[0].state, results[2].state] == [State.SUBMITTING] * 2
    assert store.counts() == {State.SUBMITTING: 2, State.PLANNED: 1}
    assert store.budget().real.reserved_micro_usd == 2 * PRICE  # the third reserved nothing
    assert stolen.fence == 2


def test_a_failing_database_takes_all_back_and_each_is_tried_alone(store, monkeypatch):
    """SQLite may end a transaction by itself when the disk is full."""
    life, claims = claimed(store, 4)
    tries: list[str] = []
    real = life._move

    def full(conn: Any, claim: Any, to: Any, **values: Any) -> None:
        tries.append(claim.key)
        if claim.key == claims[2].key:
            raise StoreError("the disk is full")
        real(conn, claim, to, **values)

    monkeypatch.setattr(life, "_move", full)
    results = together(store, *[(life.intent, claim) for claim in claims])
    assert [type(result).__name__ for result in results] == [
        "Claim", "Claim", "StoreError", "Claim",
    ]  # fmt: skip
    assert tries == [c.key for c in (*claims[:3], *claims)]
    assert store.budget().real.reserved_micro_usd == 3 * PRICE
    assert len(store.attempts()) == 3


def test_the_order_is_kept(store):
    seen: list[int] = []
    life, claims = claimed(store, 2)
    together(
        store,
        (seen.append, 1),
        (life.intent, claims[0]),
        (seen.append, 2),
        (life.intent, claims[1]),
        (lambda: seen.append(len(store.attempts())),),
    )
    assert seen == [1, 2, 2]


def test_what_nobody_waits_for_any_more_is_not_begun(store):
    """An intent whose run was cancelled meanwhile must not be written: nobody would send it."""
    life, claims = claimed(store, 1)

    async def main() -> None:
        writer = Writer(store)
        gate = threading.Event()
        writer.do(gate.wait)
        waiter = writer.do(life.intent, claims[0])
        waiter.cancel()
        gate.set()
        writer.shutdown()

    asyncio.run(main())
    assert store.counts() == {State.PLANNED: 1}
