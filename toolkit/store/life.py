"""The life of a run: the one place where its state moves. Each method is one durable transaction.

A run is worked on under a *lease* (owner, end) and a *fence* that only grows: whoever lost the
lease finds its fence out of date, and its write does nothing. Money is reserved under the cap in
the same transaction that says "about to submit", so that no crash can lose either.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from toolkit.errors import BudgetError, RefusalKind, StoreError
from toolkit.records import Clip, RunSpec, State, canonical_json, from_micro
from toolkit.store import schema as t
from toolkit.store.core import Store, dumps, log, new_id, put_clip, spec_of, today
from toolkit.store.failpoint import point
from toolkit.store.sqlite import insert_new

__all__ = ["JOINT", "Claim", "Claims", "Life", "Limits", "LostLeaseError", "group_hash"]

IN_FLIGHT = (State.SUBMITTING, State.SUBMITTED)
TAKE_OVER = (State.SUBMITTING, State.SUBMITTED, State.READY, State.STORED, State.UNKNOWN)

FAILURES_IN_A_ROW = 5
WINDOW_S = 60.0
WINDOW_FAILURES = 10  # at least so many submits in the window, half of them failed
OPEN_S, LONGEST_OPEN_S = 30.0, 600.0

Action = Literal["check", "resubmit", "give_up"]

JOINT = frozenset({
    "claim_new", "intent", "accepted", "not_sent", "refused", "rejected", "unknown", "adopt",
    "absent", "hold", "ready", "failed", "fetch_failed", "stored", "done", "bad_clip", "let_go",
    "heartbeat",
})  # fmt: skip
"""Steps of a `Life` that may share one write to disk with those of other runs."""

ROUNDING_MICRO_USD, ROUNDING = 10_000, 0.01
"""A bill so much above its price, a cent or one in a hundred, is rounding and no wrong price."""

# Statements that every run needs are made once: making them takes longer than running them.
_r, _a, _b, _d = t.run.c, t.attempt.c, t.budget.c, t.budget_day.c
_MOVE = sa.update(t.run).where(
    _r.key == sa.bindparam("k"),
    _r.fence == sa.bindparam("f"),
    _r.state == sa.bindparam("s"),  # a late answer may have moved it meanwhile
)
_MOVE_AND_CHARGE = _MOVE.values(
    cost_micro_usd=sa.func.coalesce(_r.cost_micro_usd, 0) + sa.bindparam("c")
)
_LEASE = sa.update(t.run).where(_r.key == sa.bindparam("k"))
_RUN = sa.select(t.run).where(_r.key == sa.bindparam("k"))
_ATTEMPT = sa.select(t.attempt).where(_a.id == sa.bindparam("k"))
_SET_ATTEMPT = sa.update(t.attempt).where(_a.id == sa.bindparam("k"))
_NEW_ATTEMPT = sa.insert(t.attempt)
_BUCKET = sa.select(t.bucket).where(
    t.bucket.c.service == sa.bindparam("k"), t.bucket.c.account == ""
)
_PURSE = sa.select(t.budget).where(_b.purse == sa.bindparam("k"))
_PAY = (
    sa.update(t.budget)
    .where(_b.purse == sa.bindparam("k"))
    .values(
        reserved_micro_usd=_b.reserved_micro_usd + sa.bindparam("held"),
        spent_micro_usd=_b.spent_micro_usd + sa.bindparam("paid"),
        refunded_micro_usd=_b.refunded_micro_usd + sa.bindparam("back"),
    )
)
_TODAY = sa.select(_d.committed_micro_usd).where(
    _d.purse == sa.bindparam("k"), _d.day == sa.bindparam("on")
)
_COMMIT_DAY = (
    sa.update(t.budget_day)
    .where(_d.purse == sa.bindparam("k"), _d.day == sa.bindparam("on"))
    .values(committed_micro_usd=_d.committed_micro_usd + sa.bindparam("more"))
)


class LostLeaseError(Exception):
    """Another engine has taken the run over; what was about to be written no longer counts."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How hard a service may be pressed, by all kernels together. None: as fast as it goes."""

    max_in_flight: int = 4
    per_minute: float | None = None
    burst: int = 1


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A run that this engine works on, as it stood when it was claimed."""

    key: str
    spec: RunSpec
    state: State
    fence: int
    est_cost_micro_usd: int | None
    attempt_id: str | None = None
    intent_at: float = 0.0
    intent_ticks: float = 0.0
    job: dict[str, Any] | None = None
    sent: dict[str, Any] | None = None
    makes: str = "video"
    clip_sha256: str | None = None
    num_fetches: int = 0
    num_attempts: int = 0
    expires_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a claim brought. `wait_s`: when to ask again; `blocked`: why only a person can help."""

    got: list[Claim]
    wait_s: float | None = None
    blocked: str | None = None


def group_hash(spec: RunSpec) -> str:
    """Requests with the same hash cannot be told apart in a service's list of jobs."""
    asked = {"p": spec.prompt, "n": spec.negative, "m": spec.model, "k": spec.params}
    return hashlib.sha256(canonical_json(asked).encode()).hexdigest()


def _recalled(claim: Claim, attempt: Any) -> Claim:
    """The claim with what is known of its attempt."""
    return replace(
        claim,
        intent_at=attempt.intent_at,
        job=None if attempt.job is None else json.loads(attempt.job),
        sent=None if attempt.sent is None else json.loads(attempt.sent),
    )


class Life:
    """The transactions of one engine, `owner`, on a store.

    `now` is wall-clock seconds, which processes share; `ticks` is this process's monotonic clock.
    """

    def __init__(
        self,
        store: Store,
        owner: str,
        *,
        now: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        lease_s: float = 60.0,
    ) -> None:
        self.store = store
        self.owner = owner
        self.now = now
        self.ticks = ticks
        self.lease_s = lease_s

    @contextmanager
    def _step(self, name: str) -> Iterator[sa.Connection]:
        point(f"{name}.before")
        with self.store.writing() as conn:
            yield conn
            point(f"{name}.in_txn")
        self.store.when_durable(lambda: point(f"{name}.after"))

    def _move(
        self,
        conn: sa.Connection,
        claim: Claim,
        to: State,
        *,
        detail: Mapping[str, Any] | None = None,
        release: bool = False,
        charge: int | None = None,
        **values: Any,
    ) -> None:
        """The fenced change of state that all below is made of; `charge` adds to the run's cost."""
        if release:
            values |= {"owner": None, "lease_until": None}
        values |= {"k": claim.key, "f": claim.fence, "s": str(claim.state), "state": str(to)}
        if charge is None:
            changed = conn.execute(_MOVE, values)
        else:
            changed = conn.execute(_MOVE_AND_CHARGE, {**values, "c": charge})
        if changed.rowcount != 1:
            raise LostLeaseError(claim.key)
        log(
            conn,
            claim.key,
            frm=claim.state,
            to=to,
            owner=self.owner,
            detail=detail,
            at=self.now(),
        )

    # -- claiming --------------------------------------------------------------------------------

    def claim_new(
        self, service: str, keys: Sequence[str], limits: Limits, *, most: int = 1 << 30
    ) -> Claims:
        """Lease planned runs of one service for submission, in the order of `keys`.

        Takes no more than the in-flight cap, the rate bucket and the breaker allow; marks those
        that no longer fit under the budget.
        """
        with self._step("claim") as conn:
            now = self.now()
            bucket = self._bucket(conn, service)
            gate, wait_s, blocked = self._gate(bucket, now)
            in_flight = conn.scalar(
                sa.select(sa.func.count())
                .select_from(t.run)
                .where(
                    t.run.c.service == service,
                    sa.or_(
                        t.run.c.state.in_([str(s) for s in IN_FLIGHT]),
                        sa.and_(t.run.c.state == str(State.PLANNED), t.run.c.lease_until > now),
                    ),
                )
            )
            room = min(gate, limits.max_in_flight - (in_flight or 0), most)
            if blocked is None and room > 0:
                rate = _Rate(limits, bucket.next_free, now)
                got, wait_s, blocked = self._take(conn, keys, room, rate, now)
                if got and rate.next_free != bucket.next_free:
                    conn.execute(_of_bucket(service).values(next_free=rate.next_free))
                if got and bucket.breaker != "closed":
                    conn.execute(
                        _of_bucket(service).values(
                            breaker="half_open",
                            probe_owner=self.owner,
                            open_until=now + self.lease_s,
                        )
                    )
                return Claims(got=got, wait_s=wait_s, blocked=blocked)
        return Claims(got=[], wait_s=wait_s, blocked=blocked)

    def _gate(self, bucket: Any, now: float) -> tuple[int, float | None, str | None]:
        """How many submissions the breaker lets through, when to ask again, who must act."""
        if bucket.breaker == "person":
            return 0, None, bucket.reason
        if bucket.open_until is not None and bucket.open_until > now:
            return 0, bucket.open_until - now, None
        return (1 << 30 if bucket.breaker == "closed" else 1), None, None

    def _take(
        self, conn: sa.Connection, keys: Sequence[str], room: int, rate: _Rate, now: float
    ) -> tuple[list[Claim], float | None, str | None]:
        got: list[Claim] = []
        wait_s: float | None = None
        purses: dict[str, _Purse] = {}
        for row in _planned(conn, keys):
            if row.lease_until is not None and row.lease_until > now:
                continue
            if row.not_before is not None and row.not_before > now:
                wait_s = min(wait_s or 1e9, row.not_before - now)
                continue
            name = "sim" if row.simulated else "real"
            purse = purses.get(name) or purses.setdefault(name, _Purse(conn, name, now))
            if purse.stopped:
                return got, None, purse.stopped
            verdict, why = purse.verdict(row.est_cost_micro_usd, conn)
            if verdict == "never":
                self._mark_over_budget(conn, row, why)
                continue
            if verdict == "wait":
                wait_s = min(wait_s or 1e9, 1.0)
                continue
            if len(got) >= room:
                break
            if not rate.take():
                wait_s = min(wait_s or 1e9, rate.wait_s)
                break
            purse.pending += row.est_cost_micro_usd or 0
            got.append(self._lease(conn, row, State.PLANNED, now))
        return got, wait_s, None

    def _mark_over_budget(self, conn: sa.Connection, row: Any, why: str) -> None:
        conn.execute(
            sa.update(t.run)
            .where(t.run.c.key == row.key, t.run.c.state == str(State.PLANNED))
            .values(state=str(State.OVER_BUDGET), reason=why)
        )
        log(
            conn,
            row.key,
            frm=State.PLANNED,
            to=State.OVER_BUDGET,
            owner=self.owner,
            detail={"reason": why},
            at=self.now(),
        )

    def _lease(self, conn: sa.Connection, row: Any, state: State, now: float) -> Claim:
        lease = {"owner": self.owner, "lease_until": now + self.lease_s, "fence": row.fence + 1}
        conn.execute(_LEASE, {"k": row.key, **lease})
        return Claim(
            key=row.key,
            spec=spec_of(row),
            state=state,
            fence=row.fence + 1,
            est_cost_micro_usd=row.est_cost_micro_usd,
            attempt_id=row.attempt_id,
            makes=row.makes,
            clip_sha256=row.clip_sha256,
            num_fetches=row.num_fetches,
            num_attempts=row.num_attempts,
            expires_at=row.expires_at,
        )

    def claim_open(self, most: int) -> list[Claim]:
        """Take over paid runs that nobody works on, those that expire first before others.

        One found about to be submitted may have been sent: it becomes `unknown`, never sent again.
        """
        now = self.now()
        free = (
            sa.select(t.run)
            .where(
                t.run.c.state.in_([str(s) for s in TAKE_OVER]),
                sa.or_(t.run.c.lease_until.is_(None), t.run.c.lease_until < now),
                sa.or_(t.run.c.not_before.is_(None), t.run.c.not_before <= now),
            )
            .order_by(sa.func.coalesce(t.run.c.expires_at, 1e18), t.run.c.seq)
            .limit(most)
        )
        with self.store.reading() as conn:
            if conn.execute(free.limit(1)).first() is None:
                return []
        claims = []
        with self._step("take_over") as conn:
            for row in conn.execute(free).all():
                claim = self._lease(conn, row, State(row.state), now)
                if claim.state is State.SUBMITTING:
                    why = "the engine stopped while it was submitting"
                    self._set_attempt(conn, claim.attempt_id, state="unknown", error=why)
                    self._move(conn, claim, State.UNKNOWN, reason=why)
                    claim = replace(claim, state=State.UNKNOWN)
                attempt = conn.execute(_ATTEMPT, {"k": claim.attempt_id}).first()
                if attempt is not None:
                    claim = _recalled(claim, attempt)
                claims.append(claim)
        return claims

    # -- submitting ------------------------------------------------------------------------------

    def intent(self, claim: Claim, sent: Mapping[str, Any] | None = None) -> Claim:
        """Reserve the cost, write the attempt, become `submitting`: after this it may be sent once.

        `sent` is the body that was prepared: what was meant is known even if no answer comes.
        `BudgetError` where the money no longer fits; the run is then released.
        """
        refusal = None
        with self._step("intent") as conn:
            now, ticks = self.now(), self.ticks()  # once the lock is held: waiting for it is free
            name = "sim" if claim.spec.is_simulated else "real"
            purse = _Purse(conn, name, now)
            cost = claim.est_cost_micro_usd or 0
            verdict, why = purse.verdict(claim.est_cost_micro_usd, conn)
            if purse.stopped or verdict != "yes":
                refusal = purse.stopped or why
                state = State.OVER_BUDGET if verdict == "never" else State.PLANNED
                reason = why if verdict == "never" else None
                self._move(conn, claim, state, release=True, reason=reason)
            else:
                purse.reserve(conn, cost)
                attempt_id = new_id()
                new = {
                    "id": attempt_id,
                    "run_key": claim.key,
                    "state": "intent",
                    "service": claim.spec.service,
                    "model": claim.spec.model,
                    "group_hash": group_hash(claim.spec),
                    "token": attempt_id,
                    "sent": None if sent is None else dumps(sent),
                    "purse": name,
                    "day": purse.day,
                    "reserved_micro_usd": cost,
                    "intent_at": now,
                }
                conn.execute(_NEW_ATTEMPT, new)
                self._move(
                    conn,
                    claim,
                    State.SUBMITTING,
                    attempt_id=attempt_id,
                    num_attempts=claim.num_attempts + 1,
                    reserved_micro_usd=cost,
                    reason=None,
                    lease_until=now + self.lease_s,
                )
        if refusal is not None:
            raise BudgetError(refusal)
        return replace(
            claim,
            state=State.SUBMITTING,
            attempt_id=attempt_id,
            intent_at=now,
            intent_ticks=ticks,
            sent=None if sent is None else dict(sent),
            num_attempts=claim.num_attempts + 1,
        )

    def accepted(self, claim: Claim, job: Mapping[str, Any], sent: Mapping[str, Any]) -> Claim:
        """Record the job. An answer that comes after the lease was lost is recorded all the same,
        as long as nothing newer stands in its place: it is the proof that was missing.
        """
        now = self.now()
        values = {
            "state": "accepted",
            "job": dumps(job),
            "job_id": str(job["id"]),
            "sent": dumps(sent),
            "accepted_at": now,
            "error": None,
        }
        try:
            with self._step("accepted") as conn:
                self._set_attempt(conn, claim.attempt_id, **values)
                row = conn.execute(_RUN, {"k": claim.key}).one()
                waiting = (State.SUBMITTING, State.UNKNOWN, State.HOLD)
                ours = row.fence == claim.fence
                if row.attempt_id == claim.attempt_id and row.state in waiting:
                    late = replace(claim, fence=row.fence, state=State(row.state))
                    self._move(conn, late, State.SUBMITTED, reason=None, not_before=None)
                elif not ours:
                    self._charge_stray(conn, claim)
                self._outcome(conn, claim.spec.service, failed=False)
        except IntegrityError:
            # a twin request adopted this job when its own answer was lost: look for the twin's
            self.unknown(claim, "its job was adopted by an identical run", None)
            return replace(claim, state=State.UNKNOWN)
        if not ours:
            raise LostLeaseError(claim.key)
        return replace(claim, state=State.SUBMITTED, job=dict(job))

    def _charge_stray(self, conn: sa.Connection, claim: Claim) -> None:
        """An answer so late that its run had been declared absent: count the money, say so."""
        row = conn.execute(_ATTEMPT, {"k": claim.attempt_id}).one()
        if row.settled_micro_usd == 0:
            self._spend_more(conn, row, row.reserved_micro_usd)
        log(
            conn,
            claim.key,
            owner=self.owner,
            detail={"stray_job": row.job_id, "cost_micro_usd": row.reserved_micro_usd},
            at=self.now(),
        )

    def not_sent(self, claim: Claim, why: str, *, delay_s: float, blame: bool = True) -> None:
        """Proof that nothing left: the money comes back, and it may be tried again. `blame` counts
        it against the service. Before the intent there is neither money nor an attempt.
        """
        begun = claim.state is State.SUBMITTING
        with self._step("not_sent") as conn:
            if begun:
                self._set_attempt(conn, claim.attempt_id, state="not_sent", error=why)
                self._settle(conn, claim.attempt_id, 0)
            self._move(
                conn,
                claim,
                State.PLANNED,
                release=True,
                reserved_micro_usd=0,
                num_attempts=claim.num_attempts - begun,
                not_before=self.now() + delay_s,
                detail={"not_sent": why},
            )
            if blame:
                self._outcome(conn, claim.spec.service, failed=True)

    def refused(
        self,
        claim: Claim,
        kind: RefusalKind,
        why: str,
        *,
        retry_after_s: float | None = None,
        http_status: int | None = None,
    ) -> State:
        """A definite no, to the request or before it: the money comes back. Returns where the run
        now stands.
        """
        now = self.now()
        service = claim.spec.service
        ends = {"moderated": State.MODERATED}
        later = ("rate_limit", "outage", "auth", "arrears")
        state = State.PLANNED if kind in later else ends.get(kind, State.REJECTED)
        with self._step("refused") as conn:
            if claim.state is State.SUBMITTING:
                self._set_attempt(
                    conn, claim.attempt_id, state="refused", error=why, http_status=http_status
                )
                self._settle(conn, claim.attempt_id, 0)
            self._move(
                conn,
                claim,
                state,
                release=True,
                reserved_micro_usd=0,
                reason=None if state is State.PLANNED else why,
                done_at=None if state is State.PLANNED else now,
                detail={"refused": kind, "why": why},
            )
            if kind in ("auth", "arrears"):
                lack = "a valid key" if kind == "auth" else "credit"
                reason = (
                    f"{service} wants {lack} ({why}); nothing was charged. Put that right, then "
                    "run the grid again: what waits goes on"
                )
                conn.execute(_of_bucket(service).values(breaker="person", reason=reason))
            elif kind == "rate_limit":
                self._pause(conn, service, 10.0 if retry_after_s is None else retry_after_s)
            elif kind == "outage":
                if retry_after_s:
                    self._pause(conn, service, retry_after_s)
                self._outcome(conn, service, failed=True)
            else:
                self._outcome(conn, service, failed=False)
        return state

    def rejected(self, claim: Claim, why: str) -> None:
        """It cannot even be asked for; there was no attempt."""
        with self._step("rejected") as conn:
            self._move(conn, claim, State.REJECTED, release=True, reason=why, done_at=self.now())

    def unknown(self, claim: Claim, why: str, http_status: int | None) -> Claim:
        """No clean answer: the service may have charged. The money stays reserved."""
        with self._step("unknown") as conn:
            self._set_attempt(
                conn, claim.attempt_id, state="unknown", error=why, http_status=http_status
            )
            self._move(conn, claim, State.UNKNOWN, reason=why)
            self._outcome(conn, claim.spec.service, failed=True)
        return replace(claim, state=State.UNKNOWN)

    # -- settling what is unknown ----------------------------------------------------------------

    def known_jobs(self, service: str, job_ids: Sequence[str]) -> set[str]:
        """Those of the service's jobs that some attempt here has already."""
        found: set[str] = set()
        with self.store.reading() as conn:
            for start in range(0, len(job_ids), 500):
                query = sa.select(t.attempt.c.job_id).where(
                    t.attempt.c.service == service,
                    t.attempt.c.job_id.in_(list(job_ids[start : start + 500])),
                )
                found.update(job for job in conn.scalars(query) if job is not None)
        return found

    def accepted_at(self, service: str, job_ids: Iterable[str]) -> dict[str, float]:
        """When those of the service's jobs were accepted that some attempt here has."""
        wanted = list(job_ids)
        found: dict[str, float] = {}
        with self.store.reading() as conn:
            for start in range(0, len(wanted), 500):
                query = sa.select(_a.job_id, _a.accepted_at).where(
                    _a.service == service, _a.job_id.in_(wanted[start : start + 500])
                )
                found.update({row.job_id: row.accepted_at for row in conn.execute(query)})
        return found

    def rivals(self, claim: Claim, *, within_s: float) -> list[Claim]:
        """Runs that asked the same model for something else so near in time that a job in its list
        may be theirs, and that have no job yet.
        """
        near = sa.and_(
            _a.service == claim.spec.service,
            _a.model == claim.spec.model,
            _a.id != claim.attempt_id,
            _a.job_id.is_(None),
            _a.state.in_(["intent", "unknown", "given_up"]),
            _a.intent_at.between(claim.intent_at - within_s, claim.intent_at + within_s),
            _a.group_hash != group_hash(claim.spec),
        )
        with self.store.reading() as conn:
            attempts = {row.run_key: row for row in conn.execute(sa.select(t.attempt).where(near))}
            runs = [conn.execute(_RUN, {"k": key}).one() for key in attempts]
        return [
            _recalled(
                Claim(
                    key=row.key,
                    spec=spec_of(row),
                    state=State(row.state),
                    fence=row.fence,
                    est_cost_micro_usd=row.est_cost_micro_usd,
                    attempt_id=attempts[row.key].id,
                ),
                attempts[row.key],
            )
            for row in runs
        ]

    def adopt(self, claim: Claim, job: Mapping[str, Any]) -> Claim | None:
        """Take a job from the service's list as this run's own; None if another run has it."""
        try:
            with self._step("adopt") as conn:
                self._set_attempt(
                    conn,
                    claim.attempt_id,
                    state="accepted",
                    job=dumps(job),
                    job_id=str(job["id"]),
                    accepted_at=self.now(),
                )
                self._move(conn, claim, State.SUBMITTED, reason=None, detail={"adopted": job["id"]})
        except IntegrityError:
            return None
        return replace(claim, state=State.SUBMITTED, job=dict(job))

    def absent(self, claim: Claim, *, listed_at: float, settle_s: float, exact: bool) -> bool:
        """Declare that the service never took it, if the list proves that; the run is planned anew.

        `listed_at` is when the list was asked for. Without an exact token, identical requests
        answer for each other: none of them may have started within `settle_s`.
        """
        with self._step("absent") as conn:
            mine = t.attempt.c.id == claim.attempt_id
            group = t.attempt.c.group_hash == group_hash(claim.spec)
            started = conn.scalar(
                sa.select(sa.func.max(t.attempt.c.intent_at)).where(mine if exact else group)
            )
            if started is None or listed_at - started < settle_s:
                return False
            self._set_attempt(conn, claim.attempt_id, state="settled")
            self._settle(conn, claim.attempt_id, 0)
            self._move(
                conn,
                claim,
                State.PLANNED,
                release=True,
                reason=None,
                reserved_micro_usd=0,
                detail={"absent": True},
            )
        return True

    def hold(self, claim: Claim, why: str) -> None:
        """Only a person can tell now; the money stays reserved."""
        with self._step("hold") as conn:
            self._move(conn, claim, State.HOLD, release=True, reason=why)

    # -- fetching --------------------------------------------------------------------------------

    def ready(
        self,
        claim: Claim,
        *,
        cost_micro_usd: int | None,
        prompt_used: str | None,
        expires_at: float | None,
    ) -> Claim:
        """The service has finished: settle what it cost (the reserved price if it does not say)."""
        with self._step("ready") as conn:
            if prompt_used is not None:
                self._set_attempt(conn, claim.attempt_id, prompt_used=prompt_used)
            cost = self._settle(conn, claim.attempt_id, cost_micro_usd)
            self._move(
                conn,
                claim,
                State.READY,
                reserved_micro_usd=0,
                charge=cost,
                expires_at=expires_at,
                detail={"cost_micro_usd": cost},
            )
        return replace(claim, state=State.READY, expires_at=expires_at)

    def failed(self, claim: Claim, state: State, why: str, charged_micro_usd: int | None) -> None:
        """The service ended it without a clip, or its clip is gone."""
        with self._step("failed") as conn:
            cost = self._settle(conn, claim.attempt_id, charged_micro_usd)
            self._move(
                conn,
                claim,
                state,
                release=True,
                reason=why,
                reserved_micro_usd=0,
                charge=cost,
                done_at=self.now(),
                detail={"cost_micro_usd": cost, "why": why},
            )

    def fetch_failed(self, claim: Claim, why: str) -> Claim:
        """Count a download that brought no clip."""
        with self._step("fetch_failed") as conn:
            self._move(
                conn, claim, State.READY, num_fetches=claim.num_fetches + 1, detail={"why": why}
            )
        return replace(claim, state=State.READY, num_fetches=claim.num_fetches + 1)

    def stored(self, claim: Claim, sha256: str) -> Claim:
        """The file lies in the clip store."""
        with self._step("stored") as conn:
            self._move(conn, claim, State.STORED, clip_sha256=sha256)
        return replace(claim, state=State.STORED, clip_sha256=sha256)

    def done(self, claim: Claim, clip: Clip | None) -> None:
        """Stored and verified; None for a picture, of which nothing more is recorded."""
        with self._step("done") as conn:
            if clip is not None:
                put_clip(conn, clip)
            self._move(conn, claim, State.DONE, release=True, reason=None, done_at=self.now())

    def bad_clip(self, claim: Claim, why: str) -> None:
        """What the service delivered is no usable video; it stays where it is."""
        with self._step("bad_clip") as conn:
            self._move(conn, claim, State.BAD_CLIP, release=True, reason=why, done_at=self.now())

    # -- the person's word -----------------------------------------------------------------------

    def settle(self, key: str, action: Action) -> State:
        """What a person decides about a run that the engine cannot settle.

        `check` looks again; `resubmit` sends it anew, and the old attempt counts as paid; `give_up`
        ends it, and the attempt counts as paid. Returns where the run now stands.
        """
        with self._step("settle") as conn:
            row = conn.execute(_RUN, {"k": key}).one()
            state = State(row.state)
            settleable = (State.UNKNOWN, State.HOLD, State.EXPIRED_PAID, State.BAD_CLIP)
            if state not in settleable:
                raise StoreError(
                    f"run {key[:16]} is {state}; only a run that is unknown, hold, expired_paid or "
                    "bad_clip is settled by hand"
                )
            if row.lease_until is not None and row.lease_until > self.now() and action != "check":
                raise StoreError(
                    f"run {key[:16]} is being settled by an engine at this moment; stop the batch "
                    "or wait"
                )
            attempt = conn.execute(_ATTEMPT, {"k": row.attempt_id}).one()
            claim = Claim(
                key=key,
                spec=spec_of(row),
                state=state,
                fence=row.fence,
                est_cost_micro_usd=row.est_cost_micro_usd,
            )
            detail = {"settled_by_hand": action}
            if action == "check":
                to = State.SUBMITTED if attempt.job_id else State.UNKNOWN
                if state is not State.UNKNOWN:
                    self._move(
                        conn, claim, to, release=True, num_fetches=0, done_at=None, detail=detail
                    )
                conn.execute(sa.update(t.run).where(t.run.c.key == key).values(not_before=None))
                return to
            paid = self._settle(conn, attempt.id, None)
            if attempt.job_id is None:
                self._set_attempt(conn, attempt.id, state="given_up")
            cost = (row.cost_micro_usd or 0) + paid
            to = State.PLANNED if action == "resubmit" else State.FAILED
            self._move(
                conn,
                claim,
                to,
                release=True,
                reserved_micro_usd=0,
                cost_micro_usd=cost,
                reason=None if action == "resubmit" else "given up; it may have been charged",
                detail={**detail, "cost_micro_usd": paid},
                not_before=None,
                num_fetches=0,
                clip_sha256=None,
                done_at=None if action == "resubmit" else self.now(),
                fence=row.fence + 1,  # whoever still holds the old fence writes no more
            )
        return to

    def reopen(self, keys: Iterable[str], services: Iterable[str]) -> None:
        """A person asked for these runs (again): what waited for money or for them may go on."""
        with self.store.writing() as conn:
            wanted = list(keys)
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                found = conn.execute(sa.select(_r.key, _r.state).where(_r.key.in_(some)))
                rows = [row for row in found if row.state == State.OVER_BUDGET]
                conn.execute(
                    sa.update(t.run)
                    .where(t.run.c.key.in_([row.key for row in rows]))
                    .values(state=str(State.PLANNED), reason=None)
                )
                for row in rows:
                    log(conn, row.key, frm=State.OVER_BUDGET, to=State.PLANNED, owner=self.owner)
            conn.execute(
                sa.update(t.bucket)
                .where(t.bucket.c.service.in_(list(services)), t.bucket.c.breaker == "person")
                .values(breaker="closed", reason=None, streak=0, open_until=None)
            )

    # -- leases ----------------------------------------------------------------------------------

    def enlist(self, process: Mapping[str, Any], *, kind: str, task: Any = None) -> None:
        """Record this engine's process, so that others can tell whether it lives."""
        now = self.now()
        row = {
            "id": self.owner,
            "process": dumps(process),
            "kind": kind,
            "task": None if task is None else dumps(task),
            "started_at": now,
            "heartbeat_at": now,
        }
        with self.store.writing() as conn:
            insert_new(conn, t.worker, [row])

    def heartbeat(self) -> None:
        """Keep what this engine holds."""
        now = self.now()
        with self._step("heartbeat") as conn:
            conn.execute(
                sa.update(t.run)
                .where(t.run.c.owner == self.owner)
                .values(lease_until=now + self.lease_s)
            )
            conn.execute(
                sa.update(t.worker).where(t.worker.c.id == self.owner).values(heartbeat_at=now)
            )

    def let_go(self, claim: Claim, *, not_before: float | None = None) -> None:
        """Release one run as it stands; anybody may take it from here."""
        with self.store.writing() as conn:
            conn.execute(
                sa.update(t.run)
                .where(t.run.c.key == claim.key, t.run.c.fence == claim.fence)
                .values(owner=None, lease_until=None, not_before=not_before)
            )

    def retire(self, *, owner: str | None = None) -> None:
        """Free everything that an engine held (this one, or one whose process is gone)."""
        now = self.now()
        who = owner or self.owner
        with self.store.writing() as conn:
            conn.execute(
                sa.update(t.run).where(t.run.c.owner == who).values(owner=None, lease_until=None)
            )
            conn.execute(
                sa.update(t.worker)
                .where(t.worker.c.id == who, t.worker.c.ended_at.is_(None))
                .values(ended_at=now)
            )
            conn.execute(
                sa.update(t.bucket)
                .where(t.bucket.c.probe_owner == who, t.bucket.c.breaker == "half_open")
                .values(open_until=now, probe_owner=None)
            )

    def bury(self, is_dead: Callable[[Mapping[str, Any]], bool]) -> int:
        """Free what engines hold whose process is known to be gone; returns how many there were."""
        with self.store.reading() as conn:
            rows = conn.execute(
                sa.select(t.worker.c.id, t.worker.c.process).where(
                    t.worker.c.ended_at.is_(None), t.worker.c.id != self.owner
                )
            ).all()
        dead = [row.id for row in rows if is_dead(json.loads(row.process))]
        for owner in dead:
            self.retire(owner=owner)
        return len(dead)

    def changes(self, after: int) -> tuple[int, list[tuple[str, str, int]]]:
        """Changes of state since event `after`: (last event, [(run key, state, cost)])."""
        query = (
            sa.select(t.event.c.seq, t.event.c.run_key, t.event.c.to, t.event.c.detail)
            .where(t.event.c.seq > after)
            .order_by(t.event.c.seq)
        )
        with self.store.reading() as conn:
            rows = conn.execute(query).all()
        found = []
        for _, key, to, detail in rows:
            if key is not None and to is not None:
                cost = json.loads(detail).get("cost_micro_usd", 0) if detail else 0
                found.append((key, to, cost))
        return (rows[-1][0] if rows else after), found

    def last_event(self) -> int:
        with self.store.reading() as conn:
            return conn.scalar(sa.select(sa.func.max(t.event.c.seq))) or 0

    # -- money -----------------------------------------------------------------------------------

    def _set_attempt(self, conn: sa.Connection, attempt_id: str | None, **values: Any) -> None:
        conn.execute(_SET_ATTEMPT, {"k": attempt_id, **values})

    def _settle(self, conn: sa.Connection, attempt_id: str | None, cost: int | None) -> int:
        """Turn an attempt's reservation into `cost` spent, once; returns what was newly spent.

        None means what was reserved. More than was reserved is recorded as it is; where that is
        more than rounding, the prices are wrong, and the purse is stopped.
        """
        row = conn.execute(_ATTEMPT, {"k": attempt_id}).one()
        if row.settled_micro_usd is not None:
            return 0
        held = row.reserved_micro_usd
        paid = held if cost is None else cost
        self._set_attempt(conn, attempt_id, settled_micro_usd=paid, settled_at=self.now())
        _pay(conn, row.purse, held=-held, paid=paid, back=max(0, held - paid))
        if paid != held:
            self._commit_day(conn, row.purse, row.day, paid - held)
        if paid - held > max(ROUNDING_MICRO_USD, held * ROUNDING):
            self._stop_purse(conn, row, paid)
        return paid

    def _spend_more(self, conn: sa.Connection, row: Any, cost: int) -> None:
        """Charge an attempt that had been settled at nothing."""
        self._set_attempt(conn, row.id, settled_micro_usd=cost)
        _pay(conn, row.purse, paid=cost, back=-cost)
        self._commit_day(conn, row.purse, row.day, cost)

    def _stop_purse(self, conn: sa.Connection, attempt: Any, paid: int) -> None:
        why = (
            f"{attempt.model} charged ${from_micro(paid):.4g} for a clip priced at most "
            f"${from_micro(attempt.reserved_micro_usd):.4g}; nothing more is sent until the "
            "budget is set again"
        )
        conn.execute(
            sa.update(t.budget).where(t.budget.c.purse == attempt.purse).values(stopped=why)
        )

    @staticmethod
    def _commit_day(conn: sa.Connection, purse: str, day: str, change: int) -> None:
        conn.execute(_COMMIT_DAY, {"k": purse, "on": day, "more": change})

    # -- limits ----------------------------------------------------------------------------------

    @staticmethod
    def _bucket(conn: sa.Connection, service: str) -> Any:
        row = conn.execute(_BUCKET, {"k": service}).first()
        if row is None:
            conn.execute(sa.insert(t.bucket).values(service=service, account=""))
            row = conn.execute(_BUCKET, {"k": service}).one()
        return row

    def _pause(self, conn: sa.Connection, service: str, seconds: float) -> None:
        until = self.now() + seconds
        bucket = self._bucket(conn, service)
        if bucket.open_until is None or bucket.open_until < until:
            conn.execute(_of_bucket(service).values(open_until=until))

    def _outcome(self, conn: sa.Connection, service: str, *, failed: bool) -> None:
        """Count a submission for the breaker, which all kernels share."""
        now = self.now()
        row = self._bucket(conn, service)
        if not failed and row.breaker == "closed" and not row.streak and row.outcomes == "[]":
            return  # all is well, as it was: nothing to write
        recent = [o for o in json.loads(row.outcomes) if o[0] > now - WINDOW_S][-99:]
        recent.append([round(now, 3), int(failed)])
        bad = sum(o[1] for o in recent)
        streak = row.streak + 1 if failed else 0
        values: dict[str, Any] = {"outcomes": dumps(recent), "streak": streak}
        trips = streak >= FAILURES_IN_A_ROW or (
            len(recent) >= WINDOW_FAILURES and 2 * bad >= len(recent)
        )
        if not failed:
            if row.breaker in ("open", "half_open"):
                values |= {"breaker": "closed", "open_until": None, "num_opened": 0}
                values |= {"outcomes": "[]", "probe_owner": None, "reason": None}
            elif not bad:
                values["outcomes"] = "[]"
        elif row.breaker == "half_open" or (row.breaker == "closed" and trips):
            pause = min(LONGEST_OPEN_S, OPEN_S * 2**row.num_opened)
            values |= {
                "breaker": "open",
                "open_until": now + pause,
                "num_opened": row.num_opened + 1,
                "probe_owner": None,
                "reason": f"{bad} of the last {len(recent)} submissions failed",
            }
        conn.execute(_of_bucket(service).values(**values))


class _Rate:
    """The generic cell rate algorithm: `next_free` is when the next token would arrive on time."""

    def __init__(self, limits: Limits, next_free: float, now: float) -> None:
        self.every = 60.0 / limits.per_minute if limits.per_minute else 0.0
        self.slack = self.every * (max(1, limits.burst) - 1)
        self.next_free = next_free
        self.now = now

    @property
    def wait_s(self) -> float:
        return max(0.0, self.next_free - self.slack - self.now)

    def take(self) -> bool:
        if not self.every:
            return True
        if self.wait_s > 1e-9:
            return False
        self.next_free = max(self.next_free, self.now) + self.every
        return True


class _Purse:
    """What is left to spend, within one transaction."""

    def __init__(self, conn: sa.Connection, name: str, now: float) -> None:
        self.name = name
        self.day = today(now)
        row = conn.execute(_PURSE, {"k": name}).one()
        self.cap = row.cap_micro_usd
        self.per_day = row.per_day_micro_usd
        self.spent = row.spent_micro_usd
        self.reserved = row.reserved_micro_usd
        self.stopped = row.stopped
        self.pending = 0
        found = conn.scalar(_TODAY, {"k": name, "on": self.day})
        self.is_new_day = found is None
        self.today = found or 0

    def verdict(
        self, cost: int | None, conn: sa.Connection
    ) -> tuple[Literal["yes", "wait", "never"], str]:
        """Whether `cost` may be reserved: now, perhaps when others have settled, or not at all."""
        if self.name == "real" and cost is None:
            return "never", "its price is not known; run it with price_usd="
        if self.name == "real" and self.cap is None and cost:
            return "never", "no budget is set; exp.set_budget(usd)"
        cost = cost or 0
        held = self.reserved + self.pending
        if self.per_day is not None and self.today + self.pending + cost > self.per_day:
            return "never", f"today's budget of ${from_micro(self.per_day):.2f} is used up"
        if self.cap is None or self.spent + held + cost <= self.cap:
            return "yes", ""
        why = f"the budget of ${from_micro(self.cap):.2f} is used up"
        if self.spent + cost > self.cap or not held:
            return "never", why
        return ("wait" if self.pending or self._may_come_back(conn) else "never"), why

    def _may_come_back(self, conn: sa.Connection) -> bool:
        """Whether money is reserved by runs that will settle by themselves."""
        states = [str(State.SUBMITTING), str(State.SUBMITTED), str(State.UNKNOWN)]
        query = sa.select(t.run.c.key).where(
            t.run.c.state.in_(states),
            t.run.c.simulated == (self.name == "sim"),
            t.run.c.reserved_micro_usd > 0,
        )
        return conn.execute(query.limit(1)).first() is not None

    def reserve(self, conn: sa.Connection, cost: int) -> None:
        _pay(conn, self.name, held=cost)
        if self.is_new_day:
            insert_new(conn, t.budget_day, [{"purse": self.name, "day": self.day}])
            self.is_new_day = False
        Life._commit_day(conn, self.name, self.day, cost)


def _pay(conn: sa.Connection, purse: str, *, held: int = 0, paid: int = 0, back: int = 0) -> None:
    """Change a purse by so much reserved, spent and refunded."""
    conn.execute(_PAY, {"k": purse, "held": held, "paid": paid, "back": back})


def _planned(conn: sa.Connection, keys: Sequence[str]) -> Iterator[Any]:
    """The planned runs among `keys`, in their order, a few at a time: most claims take one."""
    for start in range(0, len(keys), 16):
        some = list(keys[start : start + 16])
        # not by state as well: SQLite would then look through all that are planned
        rows = {row.key: row for row in conn.execute(sa.select(t.run).where(_r.key.in_(some)))}
        yield from (
            row for key in some if (row := rows.get(key)) is not None and row.state == State.PLANNED
        )


def _of_bucket(service: str) -> sa.Update:
    return sa.update(t.bucket).where(t.bucket.c.service == service, t.bucket.c.account == "")
