"""What the engine does with each answer of a service; the service's ledger is the judge."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fake_service import FAST, MODEL, PRICE, FakeProvider, cells, mp4, verify, wait_for
from toolkit.errors import ClipError, StoreError
from toolkit.providers import _http
from toolkit.records import RunSpec, State
from toolkit.runner import Engine, Limits, Settings, attention, settle
from toolkit.runner.order import balanced, order_runs
from toolkit.runner.reconcile import Lister
from toolkit.seams import Asset, Failed, Job, JobHandle, Running, Succeeded
from toolkit.store import CellRow, Store
from toolkit.store.life import Life


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(100)
        yield store


@pytest.fixture
def make(tmp_path, store):
    """Engines over the same store, closed at the end."""
    engines: list[Engine] = []

    def make(provider: Any, settings: Settings = FAST, **kwargs: Any) -> Engine:
        kwargs.setdefault("verify", verify)
        engines.append(Engine(store, lambda _: provider, settings=settings, **kwargs))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def fake(tmp_path):
    def fake(**kwargs: Any) -> FakeProvider:
        return FakeProvider(tmp_path / "service", clock=FAST.clock, **kwargs)

    return fake


def plan(store: Store, rows: list[CellRow]) -> list[str]:
    store.plan(rows)
    return [row.run_key for row in rows]


def work(engine: Engine, keys: list[str], timeout: float = 30.0) -> None:
    engine.start(keys)
    assert engine.wait(timeout), engine.progress()


def purse(store: Store) -> tuple[int, int, int]:
    """Spent, reserved, refunded, in prices of a clip."""
    real = store.budget().real
    return (
        real.spent_micro_usd // PRICE,
        real.reserved_micro_usd // PRICE,
        real.refunded_micro_usd // PRICE,
    )


def moves(store: Store, key: str) -> list[str]:
    return [event["to"] for event in store.events(key)]


# -- the good way --------------------------------------------------------------------------------


def test_a_run_goes_from_planned_to_done(store, make, fake):
    (key,) = keys = plan(store, cells(1))
    work(make(fake()), keys)
    assert moves(store, key) == ["submitting", "submitted", "ready", "stored", "done"]
    run = store.run(key)
    assert store.clip_path(run.clip_sha256).read_bytes().startswith(mp4("")[:12])
    assert (run.cost_micro_usd, run.reserved_micro_usd, purse(store)) == (PRICE, 0, (1, 0, 0))
    (attempt,) = store.attempts(key)
    assert (attempt.state, attempt.settled_micro_usd) == ("accepted", PRICE)
    row = store.run_rows()[0]
    assert (row["job_id"], row["num_attempts"]) == (attempt.job["id"], 1)
    assert row["attempt.sent"] == {"prompt": "a fox 0"}
    assert list((store.folder / "clips").glob("*.part")) == []


def test_what_is_done_is_not_done_again(store, make, fake):
    keys = plan(store, cells(3))
    provider = fake()
    work(make(provider), keys)
    work(make(provider), keys)
    assert provider.ledger.num_charges == 3


def test_a_reported_cost_is_settled_and_the_rest_comes_back(store, make, fake):
    work(make(fake(cost_micro_usd=0)), plan(store, cells(2)))
    assert purse(store) == (0, 0, 2)


def test_simulated_money_is_kept_apart_and_held_to_the_cap(store, make, fake):
    store.set_budget(0.25)
    rows = cells(4)
    sims = [
        CellRow("g", i, s.key, s, {}, {}, PRICE)
        for i in range(4)
        if (s := RunSpec(f"x {i}", model="sim/one"))
    ]
    provider = fake(name="sim")
    provider.models = lambda: [
        dataclasses.replace(c, model="sim/one") for c in FakeProvider.models(provider)
    ]
    work(make(provider, dataclasses.replace(FAST, simulator_limits=Limits(max_in_flight=1))),
         plan(store, sims))  # fmt: skip
    assert store.counts() == {State.DONE: 2, State.OVER_BUDGET: 2}
    budget = store.budget()
    assert (budget.sim.spent_micro_usd, budget.real.spent_micro_usd) == (2 * PRICE, 0)
    assert len(rows) == 4


def test_progress_counts_and_changes_are_told(store, make, fake):
    told: list[set[str]] = []
    keys = plan(store, cells(5))
    engine = make(fake(), on_change=told.append)
    assert engine.progress().total == 0
    work(engine, keys)
    now = engine.progress()
    assert (now.counts, now.done, now.total) == ({State.DONE: 5}, 5, 5)
    assert (now.cost_usd, now.sim_cost_usd, now.money) == (0.5, 0.0, "$0.50")
    wait_for(lambda: set().union(*told) == set(keys))


def test_a_listener_that_fails_stops_nothing(store, make, fake):
    def broken(_keys: set[str]) -> None:
        raise RuntimeError("widget gone")

    work(make(fake(), on_change=broken), plan(store, cells(3)))
    assert store.counts() == {State.DONE: 3}


# -- answers that are none -----------------------------------------------------------------------


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("mishap", ["lost", "garbage", "hang"])
def test_a_lost_answer_is_found_in_the_list_and_adopted(store, make, fake, mishap, tokens):
    (key,) = keys = plan(store, cells(1))
    provider = fake(mishap=lambda *_: mishap, tokens=tokens, lag_s=8)
    work(make(provider), keys)
    assert moves(store, key) == ["submitting", "unknown", "submitted", "ready", "stored", "done"]
    assert (provider.ledger.num_charges, purse(store)) == (1, (1, 0, 0))


@pytest.mark.parametrize("tokens", [False, True])
def test_what_the_list_never_shows_is_sent_again_after_the_settle_time(store, make, fake, tokens):
    (key,) = keys = plan(store, cells(1))
    provider = fake(mishap=lambda _, nth: "drop" if nth == 1 else "", tokens=tokens)
    work(make(provider), keys)
    assert moves(store, key)[:4] == ["submitting", "unknown", "planned", "submitting"]
    first, second = store.attempts(key)
    assert (first.state, first.settled_micro_usd, second.state) == ("settled", 0, "accepted")
    assert (second.intent_at - first.intent_at).total_seconds() >= FAST.settle_s
    assert (provider.ledger.num_charges, purse(store)) == (1, (1, 0, 1))


def test_a_list_that_lags_is_given_ten_times_as_long(tmp_path):
    """Known by jobs that an earlier list should have shown; kept for the next kernel."""

    class Provider:
        jobs: tuple[str, ...] = ()

        async def recent(self, since: datetime, model: str) -> list[Job]:
            at = datetime.fromtimestamp(0, UTC)
            return [Job(handle=JobHandle(name), created_at=at, model=model) for name in self.jobs]

    settings = dataclasses.replace(FAST, list_every_s=0.0)
    provider = Provider()
    lister = Lister(provider, settings)  # type: ignore[arg-type]

    async def main() -> None:
        await lister.recent(0, MODEL)
        provider.jobs = ("new", "late")
        await asyncio.sleep(0.1)  # a list is not asked for at once again, however quick it was
        before = settings.clock.now()
        await lister.recent(0, MODEL)
        assert lister.fresh == {"new", "late"}
        # "new" was accepted after the first list, "late" long before it
        assert lister.learn({"new": before, "late": before - 20.0})

    asyncio.run(main())
    assert len(lister.lags) == 1
    assert 15.0 <= lister.lags[0] <= 20.0
    assert lister.settle_s == 10 * lister.lags[0]
    again = Lister(provider, settings, [0.5] * 200 + lister.lags)  # type: ignore[arg-type]
    assert again.settle_s == FAST.settle_s
    assert Lister(provider, settings).settle_s == FAST.settle_s  # type: ignore[arg-type]


def test_a_list_reaches_back_to_the_oldest_run_that_still_waits(tmp_path):
    asked: list[float] = []
    made = [(10.0, "first"), (50.0, "second"), (90.0, "third")]

    class Provider:
        async def recent(self, since: datetime, model: str) -> list[Job]:
            asked.append(since.timestamp())
            return [
                Job(handle=JobHandle(name), created_at=datetime.fromtimestamp(at, UTC), model=model)
                for at, name in made
                if at >= asked[-1]
            ]

    settings = dataclasses.replace(FAST, list_every_s=0.0)
    lister = Lister(Provider(), settings)  # type: ignore[arg-type]

    async def main() -> None:
        for since in (80.0, 40.0, 80.0):
            _, jobs = await lister.recent(since, MODEL)
            await asyncio.sleep(0.1)
        assert [job.handle.id for job in jobs] == ["second", "third"]
        assert lister.fresh == set()  # "second" was out of the first list's reach: no lag
        lister._wanted[MODEL][40.0] -= 1e6  # that run has ended
        await lister.recent(80.0, MODEL)

    asyncio.run(main())
    assert asked == [80.0, 40.0, 40.0, 80.0]


def test_identical_requests_answer_for_each_other(store, make, fake):
    """Both lost; one job is listed late: neither may be declared absent because of that."""
    keys = plan(store, cells(1, samples=2))
    provider = fake(mishap=lambda _, nth: "lost" if nth == 1 else "", lag_s=40)
    work(make(provider), keys)
    assert store.counts() == {State.DONE: 2}
    assert provider.ledger.num_charges == 2
    jobs = {attempt.job["id"] for attempt in store.attempts()}
    assert jobs == set(provider.ledger.jobs)


@pytest.mark.parametrize("exact", [False, True])
def test_absence_waits_for_the_youngest_twin_unless_tokens_tell_them_apart(store, exact):
    """The older one's job may be the one that the younger adopted."""
    keys = plan(store, cells(1, samples=2))
    now = [1000.0]
    life = Life(store, "a", now=lambda: now[0], lease_s=1e6)
    unknown = []
    for key in keys:
        (claim,) = life.claim_new("fake", [key], Limits()).got
        unknown.append(life.unknown(life.intent(claim), "reset", None))
        now[0] += 60.0
    older, younger = unknown
    asked = {"settle_s": 100.0, "exact": exact}
    assert life.absent(older, listed_at=1100.0, **asked) is exact
    assert life.absent(younger, listed_at=1159.0, **asked) is False
    assert life.absent(younger, listed_at=1160.0, **asked) is True
    assert purse(store) == (0, 1 - exact, 1 + exact)


def test_a_service_that_cannot_list_makes_it_a_persons_matter(store, make, fake):
    (key,) = keys = plan(store, cells(1))
    work(make(fake(mishap=lambda *_: "lost", lists=False)), keys)
    run = store.run(key)
    assert (run.state, run.reason) == (State.HOLD, "fake may have charged; it lists no jobs")
    assert (run.reserved_micro_usd, purse(store)) == (PRICE, (0, 1, 0))


def test_a_job_whose_request_was_removed_is_paid_and_not_sent_again(store, make, fake):
    (key,) = keys = plan(store, cells(1))
    provider = fake(mishap=lambda *_: "lost")

    async def recent(_since: datetime, model: str) -> list[Job]:
        at = datetime.fromtimestamp(FAST.clock.now(), UTC) - timedelta(seconds=30)
        return [Job(handle=JobHandle("gone"), created_at=at, model=model)]

    provider.recent = recent
    work(make(provider), keys)
    assert store.run(key).state is State.EXPIRED_PAID
    assert store.attempts(key)[0].job == {"id": "gone"}
    assert purse(store) == (1, 0, 0)


@pytest.mark.parametrize(
    ("action", "state", "charges", "money"),
    [
        ("resubmit", State.DONE, 2, (2, 0, 0)),
        ("give_up", State.FAILED, 1, (1, 0, 0)),
    ],
)
def test_a_person_settles_what_is_held(store, make, fake, action, state, charges, money):
    (key,) = keys = plan(store, cells(1))
    provider = fake(mishap=lambda _, nth: "lost" if nth == 1 else "", lists=False)
    engine = make(provider)
    work(engine, keys)
    (line,) = attention(store)
    assert line == (
        f"run {key[:16]} waits for you (holds $0.10): fake may have charged; it lists no jobs; "
        f'exp.settle("{key[:16]}", "check"), "resubmit" or "give_up"'
    )
    settle(store, key, action)
    work(engine, keys)
    assert attention(store) == []
    assert (store.run(key).state, provider.ledger.num_charges) == (state, charges)
    assert purse(store) == money


def test_a_person_may_have_it_checked_again(store, make, fake):
    (key,) = keys = plan(store, cells(1))
    provider = fake(mishap=lambda *_: "lost", lists=False)
    engine = make(provider)
    work(engine, keys)
    provider.lists = True
    assert engine.life.settle(key, "check") is State.UNKNOWN
    work(engine, keys)
    assert (store.run(key).state, provider.ledger.num_charges) == (State.DONE, 1)
    with pytest.raises(StoreError, match="is done; only a run that is unknown, hold"):
        engine.life.settle(key, "resubmit")


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("moderated", State.MODERATED),
        ("invalid", State.REJECTED),
        ("retired", State.REJECTED),
        ("not_found", State.REJECTED),
    ],
)
def test_a_definite_refusal_costs_nothing_and_is_final(store, make, fake, kind, state):
    (key,) = keys = plan(store, cells(1))
    provider = fake(mishap=lambda *_: f"refuse:{kind}")
    work(make(provider), keys)
    assert (store.run(key).state, store.run(key).reason) == (state, "fake: no")
    assert (len(provider.ledger.calls("submit")), purse(store)) == (1, (0, 0, 1))


@pytest.mark.parametrize("mishap", ["not_sent", "refuse:rate_limit", "refuse:outage"])
def test_what_passes_is_tried_again(store, make, fake, mishap):
    keys = plan(store, cells(2))
    provider = fake(mishap=lambda _, nth: mishap if nth == 1 else "")
    work(make(provider), keys)
    assert store.counts() == {State.DONE: 2}
    assert (provider.ledger.num_charges, purse(store)) == (2, (2, 0, 2))


@pytest.mark.parametrize("kind", ["auth", "arrears"])
def test_without_key_or_credit_it_waits_for_the_person(store, make, fake, kind):
    keys = plan(store, cells(20))
    provider = fake(mishap=lambda *_: f"refuse:{kind}")
    engine = make(provider, dataclasses.replace(FAST, limits={"fake": Limits(max_in_flight=2)}))
    work(engine, keys)
    assert store.counts() == {State.PLANNED: 20}
    assert len(provider.ledger.calls("submit")) <= 2
    lack = "a valid key" if kind == "auth" else "credit"
    message = (
        f"fake wants {lack} (fake: no); nothing was charged. Put that right, then run the grid "
        "again: what waits goes on"
    )
    assert (engine.progress().message, attention(store)[-1]) == (message, message)
    provider.mishap = lambda *_: ""
    work(engine, keys)  # asking again is the person's word
    assert store.counts() == {State.DONE: 20}


def test_a_provider_that_cannot_be_made_leaves_the_runs_planned(store):
    keys = plan(store, cells(3))

    def no_key(_service: str) -> Any:
        raise LookupError("no key; set FAKE_API_KEY")

    with Engine(store, no_key, verify=verify, settings=FAST) as engine:
        work(engine, keys)
        assert engine.progress().message == "fake cannot be used: no key; set FAKE_API_KEY"
    assert store.counts() == {State.PLANNED: 3}
    assert store.attempts() == []


def test_a_model_that_is_not_offered_is_rejected_unsent(store, make, fake):
    (key,) = keys = plan(store, cells(1, model="fake/none"))
    work(make(fake()), keys)
    assert (store.run(key).state, store.attempts()) == (State.REJECTED, [])


@pytest.mark.parametrize(
    ("kind", "state", "charged", "money"),
    [
        ("failed", State.FAILED, 0, (0, 0, 1)),
        ("failed", State.FAILED, None, (1, 0, 0)),
        ("moderated", State.MODERATED, 0, (0, 0, 1)),
        ("expired", State.EXPIRED_PAID, 0, (1, 0, 0)),
    ],
)
def test_a_job_that_fails_is_kept_with_what_it_cost(store, make, fake, kind, state, charged, money):
    (key,) = keys = plan(store, cells(1))
    end = Failed(kind=kind, reason="it did", charged_micro_usd=charged)
    work(make(fake(ends=lambda _: end)), keys)
    assert (store.run(key).state, store.run(key).reason) == (state, "it did")
    assert purse(store) == money


# -- money ---------------------------------------------------------------------------------------


def test_the_cap_is_never_passed(store, make, fake):
    store.set_budget(0.35)
    provider = fake()
    work(make(provider), plan(store, cells(10)))
    assert store.counts() == {State.DONE: 3, State.OVER_BUDGET: 7}
    assert store.runs([State.OVER_BUDGET])[0].reason == "the budget of $0.35 is used up"
    assert (provider.ledger.num_charges, purse(store)) == (3, (3, 0, 0))


def test_money_that_comes_back_is_spent_on_the_next(store, make, fake):
    """Ten clips of at most 10 cents, billed at 2: 35 cents do for all."""
    store.set_budget(0.35)
    provider = fake(cost_micro_usd=PRICE // 5)
    work(make(provider), plan(store, cells(10)))
    assert store.counts() == {State.DONE: 10}


def test_a_raised_budget_takes_up_what_did_not_fit(store, make, fake):
    store.set_budget(0)
    keys = plan(store, cells(3))
    provider = fake()
    engine = make(provider)
    work(engine, keys)
    assert (store.counts(), provider.ledger.num_charges) == ({State.OVER_BUDGET: 3}, 0)
    store.set_budget(1)
    work(engine, keys)
    assert store.counts() == {State.DONE: 3}


def test_nothing_real_is_sent_without_a_budget_or_a_price(store, make, fake):
    keys = plan(store, cells(1, price=None))
    provider = fake()
    engine = make(provider)
    work(engine, keys)
    assert store.run(keys[0]).reason == "its price is not known; run it with price_usd="
    store.set_budget(None)
    keys = plan(store, cells(1, words="an owl"))
    work(engine, keys)
    assert store.run(keys[0]).reason == "no budget is set; exp.set_budget(usd)"
    assert provider.ledger.num_charges == 0


def test_a_day_has_its_own_cap(store, make, fake):
    store.set_budget(100, per_day_usd=0.2)
    provider = fake()
    work(make(provider), plan(store, cells(5)))
    assert store.counts() == {State.DONE: 2, State.OVER_BUDGET: 3}
    assert store.runs([State.OVER_BUDGET])[0].reason == "today's budget of $0.20 is used up"


def test_a_dearer_bill_is_recorded_and_stops_the_engine(store, make, fake):
    store.set_budget(1.0)
    keys = plan(store, cells(9))
    provider = fake(cost_micro_usd=2_000_000)
    engine = make(provider, dataclasses.replace(FAST, limits={"fake": Limits(max_in_flight=1)}))
    work(engine, keys)
    assert (provider.ledger.num_charges, store.counts()[State.DONE]) == (1, 1)
    assert store.budget().real.spent_micro_usd == 2_000_000
    message = engine.progress().message or ""
    assert message.startswith("fake/one charged $2 for a clip priced at most $0.1; nothing more")
    provider.cost = None
    work(engine, keys)
    assert provider.ledger.num_charges == 1
    store.set_budget(10)
    work(engine, keys)
    assert store.counts() == {State.DONE: 9}


@pytest.mark.parametrize(
    ("price", "paid", "stops"),
    [
        (100_000, 110_000, False),
        (100_000, 110_001, True),
        (5_000_000, 5_050_000, False),
        (5_000_000, 5_050_001, True),
    ],
)
def test_a_bill_may_be_a_cent_or_a_hundredth_above_the_price(store, price, paid, stops):
    (key,) = plan(store, cells(1, price=price))
    life = Life(store, "a")
    claim = life.accepted(
        life.intent(life.claim_new("fake", [key], Limits()).got[0]), {"id": "j"}, {}
    )
    life.ready(claim, cost_micro_usd=paid, prompt_used=None, expires_at=None)
    real = store.budget().real
    assert (real.spent_micro_usd, real.reserved_micro_usd) == (paid, 0)
    assert bool(real.stopped) is stops


# -- limits --------------------------------------------------------------------------------------


def test_no_more_are_in_flight_than_allowed_by_all_kernels_together(store, make, fake, tmp_path):
    settings = dataclasses.replace(FAST, limits={"fake": Limits(max_in_flight=3)})
    keys = plan(store, cells(12))
    flying: list[int] = []
    providers = [fake(work_s=4), fake(work_s=4)]

    for provider in providers:
        submit = provider.submit

        async def counted(request, token, submit=submit):
            counts = store.counts()
            flying.append(sum(counts.get(s, 0) for s in ("submitting", "submitted")))
            return await submit(request, token)

        provider.submit = counted
    with Store.open(store.folder) as other:
        second = Engine(other, lambda _: providers[1], verify=verify, settings=settings)
        first = make(providers[0], settings)
        first.start(keys)
        second.start(keys)
        assert first.wait(30)
        assert second.wait(30)
        second.close()
    assert store.counts() == {State.DONE: 12}
    assert max(flying) == 3


def test_claims_keep_to_the_rate_by_all_kernels_together(store):
    """Six a minute, two at once: by a clock that the test holds."""
    keys = plan(store, cells(9))
    now = [1000.0]
    limits = Limits(max_in_flight=20, per_minute=6, burst=2)
    kernels = [Life(store, name, now=lambda: now[0], lease_s=1e6) for name in "ab"]
    taken = []
    for step in range(40):
        claims = kernels[step % 2].claim_new("fake", keys, limits)
        taken += [(now[0] - 1000, claim.key) for claim in claims.got]
        now[0] += 1.0
    assert [at for at, _ in taken] == [0, 0, 10, 20, 30]
    assert [key for _, key in taken] == keys[:5]
    assert claims.wait_s == pytest.approx(1.0)


def test_retry_after_is_kept_by_every_kernel(store, make, fake):
    keys = plan(store, cells(6))
    refusals = Counter()

    def once(*_: Any) -> str:
        refusals["n"] += 1
        return "refuse:rate_limit" if refusals["n"] == 1 else ""

    settings = dataclasses.replace(FAST, limits={"fake": Limits(max_in_flight=1)})
    provider = fake(mishap=once)
    provider.retry_after_s = 20.0
    work(make(provider, settings), keys)
    times = provider.ledger.calls("submit")
    assert times[1] - times[0] >= 20.0
    assert store.counts() == {State.DONE: 6}


@pytest.mark.parametrize(("asked", "pause"), [(None, 10.0), (0.0, 0.0), (3.0, 3.0)])
def test_a_pause_is_as_long_as_the_service_asks(store, asked, pause):
    """A date that has just passed asks for none; without a word it is ten seconds."""
    (key,) = plan(store, cells(1))
    life = Life(store, "a", now=lambda: 1000.0)
    claim = life.intent(life.claim_new("fake", [key], Limits()).got[0])
    life.refused(claim, "rate_limit", "no", retry_after_s=asked)
    again = Life(store, "b", now=lambda: 1000.0 + pause).claim_new("fake", [key], Limits())
    assert len(again.got) == 1
    if pause:
        early = Life(store, "c", now=lambda: 999.9 + pause)
        early.let_go(again.got[0])
        assert early.claim_new("fake", [key], Limits()).wait_s == pytest.approx(0.1)


def test_a_failing_service_is_left_alone_while_what_is_paid_is_fetched(store, make, fake):
    """The breaker opens after five failures in a row; polls and downloads go on."""
    good, bad = plan(store, cells(2)), plan(store, cells(8, words="an owl"))
    provider = fake(work_s=20)
    engine = make(provider, dataclasses.replace(FAST, limits={"fake": Limits(max_in_flight=3)}))
    engine.start(good)
    wait_for(lambda: provider.ledger.num_charges == 2)
    provider.mishap = lambda *_: "refuse:outage"
    engine.start(bad)
    wait_for(lambda: len(provider.ledger.calls("submit")) == 7)
    seen = len(provider.ledger.calls("submit"))
    provider.mishap, provider.work_s = lambda *_: "", 0
    wait_for(lambda: store.counts().get(State.DONE) == 2)
    assert seen == 7
    assert engine.wait(40)
    times = provider.ledger.calls("submit")
    assert times[7] - times[6] >= 29  # half open: one goes first
    assert store.counts() == {State.DONE: 10}


# -- stopping, interrupting, resuming ------------------------------------------------------------


def test_stop_sends_nothing_new_and_fetches_what_is_paid(store, make, fake):
    keys = plan(store, cells(30))
    provider = fake(work_s=10)
    engine = make(provider)
    engine.start(keys)
    wait_for(lambda: provider.ledger.num_charges >= 4)
    engine.stop()
    assert engine.wait(20)
    paid = provider.ledger.num_charges
    assert store.counts() == {State.DONE: paid, State.PLANNED: 30 - paid}
    assert paid < 30
    engine.start(keys)
    assert engine.wait(30)
    assert provider.ledger.num_charges == 30


def test_an_interrupt_ends_the_wait_and_not_the_work(store, make, fake):
    keys = plan(store, cells(4))
    engine = make(fake(answer_s=20))
    engine.start(keys)
    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        engine.wait()
    assert engine.wait(20)
    assert store.counts() == {State.DONE: 4}


def test_an_engine_closed_in_the_middle_is_taken_up_by_the_next(store, make, fake):
    keys = plan(store, cells(10))
    provider = fake(answer_s=10, work_s=10)
    engine = make(provider)
    engine.start(keys)
    wait_for(lambda: provider.ledger.num_charges >= 3)
    engine.close()
    assert all(attempt.job for attempt in store.attempts() if attempt.state == "accepted")
    assert State.SUBMITTING not in store.counts()
    work(make(provider), keys)
    assert store.counts() == {State.DONE: 10}
    assert provider.ledger.num_charges == 10


def test_closing_leaves_no_threads_and_no_processes(store, make, fake):
    before, children = set(threading.enumerate()), set(psutil.Process().children())
    engine = make(fake())
    work(engine, plan(store, cells(2)))
    engine.close()
    wait_for(lambda: set(threading.enumerate()) <= before)
    assert set(psutil.Process().children()) <= children  # those of other tests apart
    with pytest.raises(StoreError, match="was closed"):
        engine.start([])


def test_two_kernels_pay_once(store, fake, tmp_path):
    keys = plan(store, cells(15))
    stores = [Store.open(store.folder) for _ in range(2)]
    providers = [fake(), fake()]
    engines = [
        Engine(s, lambda _, p=p: p, verify=verify, settings=FAST)
        for s, p in zip(stores, providers, strict=True)
    ]
    for engine in engines:
        engine.start(keys)
    for engine in engines:
        assert engine.wait(30)
        assert engine.progress().counts == {State.DONE: 15}
    for engine, other in zip(engines, stores, strict=True):
        engine.close()
        other.close()
    assert Counter(providers[0].ledger.jobs.values()) == Counter(keys)
    assert purse(store) == (15, 0, 0)


def test_a_change_while_an_order_is_taken_is_not_missed(store, make, fake, monkeypatch):
    """Another kernel ends the run after this one has looked and before it has noted what it saw."""
    keys = plan(store, cells(1))
    other = Life(store, "other", now=FAST.clock.now, lease_s=1e6)
    claim = other.intent(other.claim_new("fake", keys, Limits()).got[0])
    claim = other.accepted(claim, {"id": "j"}, {})
    brief, looks = store.brief, []

    def slow(wanted: Any) -> Any:
        rows = brief(wanted)
        looks.append(rows[0][1])
        if len(looks) == 2:
            other.failed(claim, State.FAILED, "no", 0)
            time.sleep(0.5)  # more than the time between two looks at what has changed
        return rows

    monkeypatch.setattr(store, "brief", slow)
    work(make(fake()), keys, 5)
    assert looks == [State.SUBMITTED] * 2


def test_a_request_that_was_kept_too_long_is_not_sent(store, make, fake):
    """Someone suspended the process between intent and send; later it goes through."""
    (key,) = keys = plan(store, cells(1))
    provider = fake()
    submit, slept = provider.submit, []

    async def late(request, token):
        if not slept:
            slept.append(1)
            time.sleep((FAST.guard_s + 0.5) / FAST.clock.speed)
        return await submit(request, token)

    provider.submit = late
    work(make(provider), keys)
    first, second = store.attempts(key)
    assert (first.state, first.settled_micro_usd, second.state) == ("not_sent", 0, "accepted")
    assert provider.ledger.num_charges == 1
    assert issubclass(_http.GuardTrippedError, _http.NotSent)


def test_a_run_stopped_while_submitting_is_never_sent_again_unproved(store, make, fake):
    """The state a dead kernel leaves behind, made by hand."""
    (key,) = keys = plan(store, cells(1))
    engine = make(fake(lists=False))
    claims = engine.life.claim_new("fake", keys, Limits())
    engine.life.intent(claims.got[0])
    engine.life.retire()
    work(engine, keys)
    assert moves(store, key) == ["submitting", "unknown", "hold"]


def test_an_answer_that_comes_after_a_take_over_is_still_recorded(store, make, fake):
    """Its fence is out of date, but it is the proof that was missing."""
    (key,) = keys = plan(store, cells(1))
    slow, other = make(fake()), make(fake())
    claim = slow.life.intent(slow.life.claim_new("fake", keys, Limits()).got[0])
    slow.life.retire()
    (taken,) = other.life.claim_open(10)
    assert (taken.state, taken.fence) == (State.UNKNOWN, claim.fence + 1)
    with pytest.raises(Exception, match=key):
        slow.life.accepted(claim, {"id": "j1"}, {})
    assert (store.run(key).state, store.attempts(key)[0].job) == (State.SUBMITTED, {"id": "j1"})
    with pytest.raises(Exception, match=key):
        other.life.adopt(taken, {"id": "j2"})  # it no longer is unknown
    with pytest.raises(Exception, match=key):
        other.life.absent(taken, listed_at=FAST.clock.now() + 1e6, settle_s=1, exact=False)
    assert store.attempts(key)[0].job == {"id": "j1"}


def test_a_read_only_experiment_runs_nothing(store, fake):
    keys = plan(store, cells(1))
    with Store.open(store.folder, read_only=True) as reader:
        engine = Engine(reader, lambda _: fake(), verify=verify, settings=FAST)
        with pytest.raises(StoreError, match="open for reading only"):
            engine.start(keys)


# -- fetching ------------------------------------------------------------------------------------


def test_what_is_no_video_is_fetched_again(store, make, fake):
    (key,) = keys = plan(store, cells(1))
    pages = {1: b"", 2: b"<html>wait</html>", 3: b"\x00\x01"}
    work(make(fake(serve=lambda key, nth: pages.get(nth, mp4(key)))), keys)
    assert store.run(key).state is State.DONE
    reasons = [e["detail"].get("why") for e in store.events(key) if e["detail"].get("why")]
    assert reasons == [
        "fake: served an empty file",
        "fake: served no MP4 but text: '&lt;html>wait&lt;/html>'",
        "fake: served no MP4 but bytes that begin with 0001",
    ]


def test_what_is_never_a_video_is_a_bad_clip_and_paid(store, make, fake):
    (key,) = keys = plan(store, cells(1))
    work(make(fake(serve=lambda *_: b"<html>no</html>")), keys)
    assert (store.run(key).state, purse(store)) == (State.BAD_CLIP, (1, 0, 0))
    assert list((store.folder / "clips").rglob("*.*")) == []


def test_a_file_that_does_not_verify_is_kept_and_called_bad(store, make, fake):
    def verify_none(_path: Path) -> Any:
        raise ClipError("no video track")

    (key,) = keys = plan(store, cells(1))
    provider = fake()
    work(make(provider, verify=verify_none), keys)
    run = store.run(key)
    assert (run.state, run.reason) == (State.BAD_CLIP, "no video track")
    assert store.clip_path(run.clip_sha256).exists()


def test_a_verifier_that_breaks_is_no_verdict_on_the_clip(store, make, fake):
    def broken(_path: Path) -> Any:
        raise MemoryError("child died")

    (key,) = keys = plan(store, cells(1))
    settings = dataclasses.replace(FAST, take_over_every_s=1.0)
    work(make(fake(), settings, verify=broken), keys)
    assert (store.run(key).state, store.run(key).reason) == (
        State.HOLD,
        "MemoryError: child died",
    )


def test_a_full_disk_is_waited_out(store, make, fake, monkeypatch):
    """Nothing is sent, and what is paid is not given up."""
    keys = plan(store, cells(2))
    provider = fake()
    engine = make(provider, dataclasses.replace(FAST, spare_bytes=1 << 20))
    monkeypatch.setattr(store, "free_bytes", lambda: 1000)
    engine.start(keys)
    wait_for(lambda: "only 0 MiB are free" in (engine.progress().message or ""))
    assert provider.ledger.num_charges == 0
    monkeypatch.undo()
    assert engine.wait(20)
    assert store.counts() == {State.DONE: 2}


def test_a_failing_write_of_an_answer_is_repeated_until_it_lasts(store, make, fake, monkeypatch):
    (key,) = keys = plan(store, cells(1))
    engine = make(fake())
    accepted, tries = engine.life.accepted, []

    def full(*args: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise StoreError("the disk is full")
        return accepted(*args)

    monkeypatch.setattr(engine.life, "accepted", full)
    monkeypatch.setattr("toolkit.runner.engine.STALL_S", 0.05)
    work(engine, keys)
    assert moves(store, key) == ["submitting", "submitted", "ready", "stored", "done"]


# -- order ---------------------------------------------------------------------------------------


def test_an_order_serves_every_level_evenly_wherever_it_stops():
    rows = [(c, m, p) for c in range(3) for m in range(2) for p in range(5)]
    order = balanced(rows)
    assert sorted(order) == list(range(30))
    for stop in range(1, 31):
        for column in range(3):
            levels = {row[column] for row in rows}
            counts = [sum(rows[i][column] == level for i in order[:stop]) for level in levels]
            assert max(counts) - min(counts) <= 2


def test_first_samples_come_first(store):
    keys = plan(store, cells(4, samples=3))
    samples = [store.run(key).spec.sample for key in order_runs(store, keys)]
    assert samples == [1] * 4 + [2] * 4 + [3] * 4


def test_the_engine_sends_in_that_order(store, make, fake):
    keys = plan(store, cells(4, samples=2))
    provider = fake()
    settings = dataclasses.replace(FAST, limits={"fake": Limits(max_in_flight=1)})
    work(make(provider, settings), keys)
    sent = sorted(store.attempts(), key=lambda attempt: attempt.intent_at)
    assert [attempt.run_key for attempt in sent] == order_runs(store, keys)


def test_jobs_and_assets_are_what_the_seam_says():
    """The fake speaks the real seam."""
    assert Running().progress is None
    assert Succeeded(assets=[Asset(path="x")]).cost_micro_usd is None
    assert MODEL == "fake/one"
