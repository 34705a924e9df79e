"""Kernels, a service, a person and a clock in any order: the rules about money and clips hold.

The real `Life` and `Store`; the service is a list in memory, which is the truth. The invariants are
those of the storms, checked after every single step:
I1 a job belongs to one attempt; I2 a run is charged once, unless the person asked again; I3 what is
spent and reserved stays under the cap; I4 done means that the clip is there, with that hash;
I5 the history tells the states; I6 fences only grow; I7 the purse says what the service says.

`PROMPTGRID_EXAMPLES=5000 pytest tests/test_runner_model.py` looks for longer.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fake_service import PRICE, mp4, verify
from tests.storm.kernel import MODEL
from toolkit.errors import BudgetError, StoreError
from toolkit.records import RunSpec, State
from toolkit.runner import Limits, Settings
from toolkit.runner.reconcile import contested, match
from toolkit.seams import Job, JobHandle
from toolkit.store import CellRow, Store
from toolkit.store.life import TAKE_OVER, Claim, Life, LostLeaseError

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

EXAMPLES = int(os.environ.get("PROMPTGRID_EXAMPLES", "0"))
FAST = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
RULES = Settings()  # the real ones: lease 60 s, guard 1 s, settle 180 s
LAG_S = 100.0
LIMITS = Limits(max_in_flight=5)
ENDS = {"made": ("ok", PRICE), "cheaper": ("ok", PRICE // 2), "failed": ("failed", 0),
        "moderated": ("moderated", 0), "billed": ("failed", PRICE)}  # fmt: skip

PERSONS = ("unknown", "hold", "bad_clip", "expired_paid")

SPECS = [
    RunSpec(f"a fox {group}", model=MODEL, params={"duration_s": 5}, sample=sample)
    for group in range(2)
    for sample in (1, 2, 3)
]


@dataclass
class Charged:
    """A job that the service took: it is paid for."""

    id: str
    prompt: str
    token: str
    at: float
    end: str


class Kernel:
    """What one process knows; it dies with it."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.claims: dict[str, Claim] = {}
        self.answers: dict[str, Charged] = {}


class Runs(RuleBasedStateMachine):
    """One experiment, two kernels."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="model-", dir=FAST))
        shutil.copytree(self.template, self.folder / "exp")
        self.store = Store.open(self.folder / "exp")
        self.now = 1_800_000_000.0
        self.jobs: dict[str, Charged] = {}
        self.cap = self.most = 4 * PRICE
        self.born = 0
        self.kernels = [self.born_kernel() for _ in range(2)]
        self.asked_again: Counter[str] = Counter()  # by the person, by prompt
        self.fences: dict[str, int] = {}
        self.told = 0
        self.replayed: dict[str, str] = {}
        self.whole: set[str] = set()

    def born_kernel(self) -> Kernel:
        self.born += 1
        life = Life(self.store, f"kernel {self.born}", now=lambda: self.now, ticks=lambda: self.now)
        return Kernel(life)

    # -- what may happen ---------------------------------------------------------------------

    which = st.integers(0, 1)
    nth = st.integers(0, 5)

    @precondition(lambda self: len(self.held(State.PLANNED)) < 2)
    @rule(who=which, most=st.integers(1, 3))
    def claim(self, who: int, most: int) -> None:
        kernel = self.kernels[who]
        keys = [spec.key for spec in SPECS]
        for claim in kernel.life.claim_new("fake", keys, LIMITS, most=most).got:
            kernel.claims[claim.key] = claim

    @precondition(lambda self: self.adrift())
    @rule(who=which)
    def take_over(self, who: int) -> None:
        kernel = self.kernels[who]
        for claim in kernel.life.claim_open(4):
            kernel.claims[claim.key] = claim
            kernel.answers.pop(claim.key, None)

    @precondition(lambda self: self.held(State.PLANNED))
    @rule(nth=nth, later_s=st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.5, 5.0, 400.0]),
          luck=st.sampled_from(["answered", "answered", "lost", "drop", "rate_limit", "invalid",
                                "moderated", "not_sent"]),
          end=st.sampled_from(sorted(ENDS)))  # fmt: skip
    def submit(self, nth: int, later_s: float, luck: str, end: str) -> None:
        """Intent; `later_s` pass; then it is sent, unless the guard holds it back."""
        kernel, claim = self.pick(State.PLANNED, nth)
        try:
            claim = kernel.life.intent(claim, {"prompt": claim.spec.prompt})
        except (BudgetError, LostLeaseError):
            del kernel.claims[claim.key]
            return
        assert self.committed() <= self.cap
        self.now += later_s
        if self.now - claim.intent_ticks > RULES.guard_s or luck == "not_sent":
            self.write(kernel, claim, kernel.life.not_sent, "held back", delay_s=0.0, blame=False)
            return
        if luck in ("answered", "lost"):
            assert claim.attempt_id is not None
            number = f"job {len(self.jobs)}"
            job = Charged(number, claim.spec.prompt, claim.attempt_id, self.now, end)
            self.jobs[number] = job
            if luck == "answered":
                kernel.claims[claim.key] = claim
                kernel.answers[claim.key] = job  # heard by and by, or never
                return
        if luck in ("lost", "drop"):
            self.write(kernel, claim, kernel.life.unknown, "reset", None)
        else:
            self.write(kernel, claim, kernel.life.refused, luck, "no")

    @precondition(lambda self: any(kernel.answers for kernel in self.kernels))
    @rule(nth=nth)
    def hear(self, nth: int) -> None:
        """An answer arrives, in time or long after others took over."""
        found = [(kernel, key) for kernel in self.kernels for key in sorted(kernel.answers)]
        kernel, key = found[nth % len(found)]
        job = kernel.answers.pop(key)
        claim = kernel.claims[key]
        self.write(kernel, claim, kernel.life.accepted, {"id": job.id}, {"prompt": job.prompt})

    @precondition(lambda self: self.held(State.SUBMITTED))
    @rule(nth=nth)
    def poll(self, nth: int) -> None:
        kernel, claim = self.pick(State.SUBMITTED, nth)
        assert claim.job is not None
        state, cost = ENDS[self.jobs[claim.job["id"]].end]
        if state == "ok":
            self.write(kernel, claim, kernel.life.ready, cost_micro_usd=cost, prompt_used=None,
                       expires_at=None)  # fmt: skip
        else:
            end = State.MODERATED if state == "moderated" else State.FAILED
            self.write(kernel, claim, kernel.life.failed, end, "as it goes", cost)

    @precondition(lambda self: self.held(State.READY))
    @rule(nth=nth, well=st.booleans())
    def fetch(self, nth: int, well: bool) -> None:
        kernel, claim = self.pick(State.READY, nth)
        if not well:
            self.write(kernel, claim, kernel.life.fetch_failed, "404")
            return
        part = self.store.part_path(f"{claim.attempt_id}-{claim.fence}")
        part.write_bytes(mp4(claim.attempt_id or ""))
        sha256 = hashlib.sha256(part.read_bytes()).hexdigest()
        self.store.keep(part, sha256)
        self.write(kernel, claim, kernel.life.stored, sha256)

    @precondition(lambda self: self.held(State.STORED))
    @rule(nth=nth, well=st.booleans())
    def check(self, nth: int, well: bool) -> None:
        kernel, claim = self.pick(State.STORED, nth)
        if well:
            clip = verify(self.store.clip_path(claim.clip_sha256 or ""))
            self.write(kernel, claim, kernel.life.done, clip)
        else:
            self.write(kernel, claim, kernel.life.bad_clip, "no video")

    @precondition(lambda self: self.held(State.UNKNOWN))
    @rule(nth=nth, tokens=st.booleans())
    def reconcile(self, nth: int, tokens: bool) -> None:
        """One look at the list, as the engine takes it; it shows jobs late."""
        kernel, claim = self.pick(State.UNKNOWN, nth)
        listed = [
            Job(handle=JobHandle(job.id), created_at=datetime.fromtimestamp(job.at, UTC),
                model=MODEL, token=job.token if tokens else None, sent={"prompt": job.prompt},
                prompt=job.prompt)
            for job in self.jobs.values() if job.at + LAG_S <= self.now
        ]  # fmt: skip
        life = kernel.life
        found = match(claim, listed, settings=RULES)
        found = found.without(life.known_jobs("fake", [job.handle.id for job in found.all]))
        if found.all and not found.exact:
            span = 2 * RULES.skew_s + RULES.guard_s + RULES.submit_timeout_s
            found, open_to = contested(claim, found, life.rivals(claim, within_s=span),
                                       settings=RULES)  # fmt: skip
            assert not open_to  # what is alike has the same body here
        for job in found.jobs:
            if adopted := self.write(kernel, claim, life.adopt, job.handle.to_json()):
                kernel.claims[claim.key] = adopted
                return
            if claim.key not in kernel.claims:
                return
        if self.write(kernel, claim, life.absent, listed_at=self.now, settle_s=RULES.settle_s,
                      exact=found.exact):  # fmt: skip
            kernel.claims.pop(claim.key, None)
        elif self.holds(kernel, claim):
            kernel.claims[claim.key] = claim

    @rule(nth=nth, end=st.sampled_from(sorted(ENDS)))
    def lead(self, nth: int, end: str) -> None:
        """One run goes on, and all is well."""
        kernel = self.kernels[nth % 2]
        if kernel.answers:
            self.hear(nth)
        elif self.held(State.PLANNED):
            self.submit(nth, 0.0, "answered", end)
        elif self.held(State.SUBMITTED):
            self.poll(nth)
        elif self.held(State.READY):
            self.fetch(nth, well=True)
        elif self.held(State.STORED):
            self.check(nth, well=True)
        elif self.held(State.UNKNOWN):
            self.now += LAG_S
            self.reconcile(nth, tokens=False)
        else:
            self.claim(nth % 2, 2)

    @rule(seconds=st.sampled_from([0.5, 5.0, 30.0, 61.0, 200.0, 1000.0]),
          awake=st.sampled_from([(), (0,), (1,), (0, 1)]))  # fmt: skip
    def wait(self, seconds: float, awake: tuple[int, ...]) -> None:
        """Time passes; a kernel that is suspended misses its heartbeats."""
        self.now += seconds
        for who in awake:
            self.kernels[who].life.heartbeat()

    @precondition(lambda self: sum(len(kernel.claims) for kernel in self.kernels) > 2)
    @rule(who=which, known=st.booleans())
    def die(self, who: int, known: bool) -> None:
        """Killed; where that can be known, what it held is free at once."""
        dead, self.kernels[who] = self.kernels[who], self.born_kernel()
        if known:
            self.kernels[who].life.retire(owner=dead.life.owner)

    @precondition(lambda self: "over_budget" in self.replayed.values())
    @rule(runs=st.integers(2, 7))
    def set_cap(self, runs: int) -> None:
        """The person sets another budget, and asks for everything again."""
        self.cap = runs * PRICE
        self.most = max(self.most, self.cap)
        self.store.set_budget(self.cap / 1e6)
        self.kernels[0].life.reopen([spec.key for spec in SPECS], ["fake"])

    @precondition(lambda self: any(s in PERSONS for s in self.replayed.values()))
    @rule(nth=nth, action=st.sampled_from(["check", "resubmit", "give_up"]))
    def settle(self, nth: int, action: Any) -> None:
        """The person decides about one that the engine cannot settle."""
        spec = SPECS[nth]
        try:
            self.kernels[0].life.settle(spec.key, action)
        except StoreError:
            return
        if action != "check":
            self.asked_again[spec.prompt] += 1

    # -- the rules ---------------------------------------------------------------------------

    @invariant()
    def holds_true(self) -> None:
        with self.store.reading() as conn:
            rows = conn.exec_driver_sql(
                "SELECT key, prompt, state, fence, reserved_micro_usd, coalesce(cost_micro_usd, 0),"
                " clip_sha256 FROM run"
            ).all()
            attempts = conn.exec_driver_sql(
                "SELECT job_id, reserved_micro_usd, settled_micro_usd, run_key FROM attempt"
            ).all()
            spent, reserved = conn.exec_driver_sql(
                "SELECT spent_micro_usd, reserved_micro_usd FROM budget WHERE purse='real'"
            ).one()
        named = Counter(job for job, *_ in attempts if job is not None)
        assert all(times == 1 for times in named.values())  # I1
        assert named.keys() <= self.jobs.keys()
        wanted = Counter(prompt for _, prompt, *_ in rows)
        charged = Counter(job.prompt for job in self.jobs.values())
        waiting = Counter(prompt for _, prompt, state, *_ in rows
                          if state in ("submitting", "unknown", "hold"))  # fmt: skip
        nameless = Counter(job.prompt for job in self.jobs.values() if job.id not in named)
        for prompt in wanted:
            assert charged[prompt] <= wanted[prompt] + self.asked_again[prompt]  # I2
            assert nameless[prompt] <= waiting[prompt] + self.asked_again[prompt]  # I7: none lost
        assert spent + reserved <= self.most  # I3
        assert reserved == sum(held for _, held, paid, _ in attempts if paid is None)  # I7
        assert spent == sum(paid for _, _, paid, _ in attempts if paid is not None)
        assert spent == sum(cost for *_, cost, _ in rows)
        assert reserved == sum(held for *_, held, _, _ in rows)
        for key, _, state, fence, _, _, sha256 in rows:
            assert fence >= self.fences.get(key, 0)  # I6
            self.fences[key] = fence
            if state == "done" and sha256 not in self.whole:  # I4
                content = self.store.clip_path(sha256).read_bytes()
                assert hashlib.sha256(content).hexdigest() == sha256
                assert self.store.clip(sha256) is not None
                self.whole.add(sha256)
        for event in self.store.events(after=self.told):  # I5
            self.told = event["seq"]
            if event["to"] is not None:
                before = self.replayed.get(event["run_key"], "planned")
                assert event["from"] == before
                self.replayed[event["run_key"]] = event["to"]
        assert {key: self.replayed.get(key, "planned") for key, *_ in rows} == {
            key: state for key, _, state, *_ in rows
        }

    def teardown(self) -> None:
        """In the end one kernel brings everything to its end, and the sums are the service's."""
        try:
            self.now += 10_000
            self.set_cap(100)
            self.kernels = [self.born_kernel(), self.born_kernel()]
            for _ in range(40):
                if not any(state.is_open for state in self.store.counts()):
                    break
                self.now += RULES.settle_s + LAG_S
                self.kernels[0].life.heartbeat()
                self.take_over(0)
                self.claim(0, 3)
                while self.held(State.PLANNED):
                    self.submit(0, 0.0, "answered", "made")
                    self.hear(0)
                for _ in self.held(State.UNKNOWN):
                    self.reconcile(0, tokens=False)
                while self.held(State.SUBMITTED):
                    self.poll(0)
                while self.held(State.READY):
                    self.fetch(0, well=True)
                while self.held(State.STORED):
                    self.check(0, well=True)
            self.holds_true()
            assert not any(state.is_open for state in self.store.counts()), self.store.counts()
            assert self.store.budget().real.reserved_micro_usd == sum(
                run.reserved_micro_usd for run in self.store.runs([State.HOLD])
            )
            jobs = [a.job["id"] for a in self.store.attempts() if a.job is not None
                    and a.settled_micro_usd != PRICE]  # fmt: skip
            by_job = {a.job["id"]: a.settled_micro_usd for a in self.store.attempts() if a.job}
            assert all(by_job[job] == ENDS[self.jobs[job].end][1] for job in jobs)  # I7
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    # -- helpers -----------------------------------------------------------------------------

    def held(self, state: State) -> list[tuple[Kernel, Claim]]:
        """What some kernel works on and stands so."""
        return [
            (kernel, claim)
            for kernel in self.kernels
            for key, claim in sorted(kernel.claims.items())
            if claim.state is state and key not in kernel.answers
        ]

    def adrift(self) -> bool:
        """Whether something was paid, or may have been, that no kernel works on."""
        at_work = {key for kernel in self.kernels for key in kernel.claims}
        return any(State(state) in TAKE_OVER and key not in at_work
                   for key, state in self.replayed.items())  # fmt: skip

    def pick(self, state: State, nth: int) -> tuple[Kernel, Claim]:
        found = self.held(state)
        return found[nth % len(found)]

    def write(self, kernel: Kernel, claim: Claim, step: Any, *args: Any, **kwargs: Any) -> Any:
        """One step of a life: what it returns as a claim is held on, else the run is let go of."""
        kernel.claims.pop(claim.key, None)
        try:
            now = step(claim, *args, **kwargs)
        except LostLeaseError:
            return None
        if isinstance(now, Claim):
            kernel.claims[claim.key] = now
        elif now is None and step == kernel.life.adopt:
            kernel.claims[claim.key] = claim  # a twin has that job
        return now

    def holds(self, kernel: Kernel, claim: Claim) -> bool:
        (run,) = [row for row in self.store.open_rows() if row["key"] == claim.key] or [None]
        return (
            run is not None
            and run["state"] == State.UNKNOWN
            and (self.fences.get(claim.key, 0) <= claim.fence)
        )

    def committed(self) -> int:
        return self.store.budget().real.committed_micro_usd


@pytest.fixture(scope="module")
def template(tmp_path_factory: Any) -> Path:
    """A planned experiment, made once and copied for every example."""
    folder: Path = tmp_path_factory.mktemp("model") / "exp"
    with Store.open(folder) as store:
        store.set_budget(4 * PRICE / 1e6)
        store.plan(CellRow("g", n, spec.key, spec, {}, {}, PRICE) for n, spec in enumerate(SPECS))
    return folder


def test_in_whatever_order_things_happen_the_rules_hold(template):
    Runs.template = template
    Runs.TestCase.settings = settings(
        max_examples=EXAMPLES or 50,
        stateful_step_count=50 if EXAMPLES else 35,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    Runs.TestCase("runTest").runTest()
