"""The engine: a thread with a loop of its own, which leads runs through their lives.

Cells of a notebook only wait for it, so an interrupt ends the wait and never comes between a paid
request and its record. All that must outlive the process is in the store; here is only what can be
found out again. Writes go through one thread, in order.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import errno
import functools
import logging
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from toolkit.errors import (
    BudgetError,
    CannotList,
    ClipError,
    NotSent,
    ProviderError,
    Refused,
    StoreError,
    ToolkitError,
)
from toolkit.pictures import check as check_picture
from toolkit.providers._http import (
    AddressError,
    GuardTrippedError,
    StrangeHostError,
    check_guard,
    client,
    send_guard,
)
from toolkit.records import Clip, ImageRef, ModelCard, RunSpec, State, from_micro
from toolkit.runner import download
from toolkit.runner.order import order_runs
from toolkit.runner.process import identity, is_dead
from toolkit.runner.reconcile import Lister, contested, match
from toolkit.runner.settings import Settings
from toolkit.runner.writer import Writer
from toolkit.seams import Accepted, Asset, Failed, JobHandle, Provider, Request, Running, Succeeded
from toolkit.store import Store
from toolkit.store.core import dumps, new_id, when
from toolkit.store.failpoint import point
from toolkit.store.life import Claim, Life, LostLeaseError

__all__ = ["Engine", "Progress"]

logger = logging.getLogger("toolkit.runner")

T = TypeVar("T")

FEED_S = 0.2  # how often changes are told: a notebook takes no more than a few messages a second
STALL_S = 1.0
SWEEP_AFTER_S = 86_400.0
MOST_ERRORS = 5
BROKEN_S = 30.0
FULL = (errno.ENOSPC, errno.EDQUOT)
"""What passes when a person makes space: waited for, and no fault of the service."""
MOST_TRIES = 20


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a batch is. `done` counts runs that have ended, well or badly; costs are what these
    runs cost since the engine was started, in dollars, real and simulated.
    """

    counts: dict[State, int]
    done: int
    total: int
    cost_usd: float
    sim_cost_usd: float
    eta_s: float | None
    started_at: datetime | None
    message: str | None

    @property
    def money(self) -> str:
        """What was spent, as it is shown."""
        texts = [f"${self.cost_usd:.2f}"] if self.cost_usd else []
        texts += [f"sim ${self.sim_cost_usd:.2f}"] if self.sim_cost_usd else []
        return " + ".join(texts) or "$0.00"


class Engine:
    """Runs an experiment's runs. `start` returns at once; `wait` may be interrupted; `stop` sends
    nothing new and fetches what is paid; `close` ends the thread.

    `providers` gives the provider of a service and is called in the engine's thread; `verify`
    measures a file, or raises `ClipError`; `on_change` gets the keys of runs that moved, from the
    engine's thread. Runs that were paid and that nobody works on are taken up, whoever began them.
    """

    def __init__(
        self,
        store: Store,
        providers: Callable[[str], Provider],
        *,
        on_change: Callable[[set[str]], None] | None = None,
        verify: Callable[[Path], Clip],
        settings: Settings | None = None,
        kind: str = "kernel",
    ) -> None:
        self.store = store
        self.settings = settings or Settings()
        self.owner = new_id()
        clock = self.settings.clock
        self.life = Life(
            store, self.owner, now=clock.now, ticks=clock.ticks, lease_s=self.settings.lease_s
        )
        self._providers = providers
        self._on_change = on_change
        self._verify = verify
        self._kind = kind
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.Lock()
        self._asked: deque[list[str]] = deque()
        self._stopping = False
        self._closing = False
        self._error: BaseException | None = None
        self._board = _Board()

    # -- from any thread -------------------------------------------------------------------------

    def start(self, keys: Iterable[str] | None = None) -> None:
        """Take up these runs; None means every open one. May be called again with more."""
        if self._closing:
            raise StoreError("this engine was closed; make a new one")
        if self.store.read_only:
            raise StoreError(f"{self.store.folder} is open for reading only; nothing can run in it")
        if keys is None:
            keys = self.store.keys(state for state in State if state.is_open)
        with self._lock:
            self._stopping = False
            self._idle.clear()
            self._asked.append(list(dict.fromkeys(keys)))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._main, name="promptgrid-engine", daemon=True
                )
                self._thread.start()
                _close_at_exit(self)
        self._wake()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left that this engine can do; False if the time ran out first.

        KeyboardInterrupt ends the wait, not the work.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not self._idle.wait(0.1):  # short waits, so that an interrupt is seen everywhere
            if until is not None and time.monotonic() > until:
                return False
        if self._error is not None:
            raise self._error
        return True

    def stop(self) -> None:
        """Send nothing new; what is paid for is still fetched."""
        self._stopping = True
        self._wake()

    def close(self, timeout: float = 90.0) -> None:
        """End the engine: answers under way are recorded, the rest is left for the next one."""
        self._closing = True
        self._wake()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        _open_engines.discard(self)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left that this engine can do now."""
        return self._idle.is_set()

    @property
    def num_left(self) -> int:
        """How many of the runs that it was given have not ended."""
        now = self.progress()
        return now.total - now.done

    def progress(self) -> Progress:
        """How far the runs are that it was given."""
        return self._board.progress(self.settings.clock.now())

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                loop.call_soon_threadsafe(self._awake.set)

    # -- the thread ------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as problem:
            self._error = problem
            logger.exception("the engine ended")
            self._board.message = f"the engine ended: {problem}"
        finally:
            self._loop = None
            self._idle.set()

    async def _run(self) -> None:
        self._awake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(self.store)
        self._hands = ThreadPoolExecutor(4, "promptgrid-files")
        self._fetching = asyncio.Semaphore(self.settings.most_fetching)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._paying: set[str] = set()
        self._services: dict[str, _Service] = {}
        self._errors: dict[str, int] = {}
        self._assets: dict[str, Sequence[Asset]] = {}
        self._moved: set[str] = set()
        self._broken: dict[str, str] = {}
        self._reading = asyncio.Lock()
        try:
            await self._db(self.life.enlist, identity(), kind=self._kind)
            self._seen = await self._db(self.life.last_event)
            now = time.time()
            await self._db(lambda: self.store.sweep(older_than_s=SWEEP_AFTER_S, now=now))
            helpers = [asyncio.create_task(self._beat()), asyncio.create_task(self._tell())]
            try:
                await self._lead()
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)
        finally:
            await self._finish()

    async def _db(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        result: T = await self._writer.do(work, *args, **kwargs)
        return result

    async def _finish(self) -> None:
        """Leave nothing half recorded: answers first, then the leases."""
        paying = [task for key, task in self._tasks.items() if key in self._paying]
        if paying:
            await asyncio.wait(paying, timeout=self.settings.submit_timeout_s)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        with contextlib.suppress(StoreError):
            await self._db(self.life.retire)
        for service in self._services.values():
            await service.aclose()
        self._writer.shutdown()
        self._hands.shutdown()

    async def _lead(self) -> None:
        """The main loop: take over, claim, start; again when something changed."""
        next_look = 0.0
        while not self._closing:
            self._awake.clear()
            await self._take_orders()
            clock = self.settings.clock
            if clock.ticks() >= next_look:
                await self._durably(self.life.bury, is_dead)
                next_look = clock.ticks() + self.settings.take_over_every_s
                await self._take_over()
            pause = await self._claim()
            await self._read_changes()
            with self._lock:
                if self._is_through():
                    self._idle.set()
            left = max(0.0, next_look - clock.ticks())
            pause = min(pause, left) / clock.speed
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.001, pause)):
                    await self._awake.wait()

    async def _take_orders(self) -> None:
        while self._asked:
            with self._lock:
                keys = self._asked.popleft()
            services = {run[2] for run in await self._durably(self.store.brief, keys)}
            self._broken.clear()
            await self._durably(self.life.reopen, keys, services)
            async with self._reading:  # a change told in between would be missed for good
                runs = await self._durably(self.store.brief, keys)
                self._board.add(runs, self.settings.clock.now())
            fresh = [key for key, state, _, _ in runs if state is State.PLANNED]
            if fresh:
                ordered = await self._durably(order_runs, self.store, fresh)
                service_of = {key: service for key, _, service, _ in runs}
                for key in ordered:
                    self._board.queue(service_of[key], key)

    async def _take_over(self) -> None:
        room = self.settings.most_tasks - len(self._tasks)
        if room > 0:
            for claim in await self._durably(self.life.claim_open, room):
                self._spawn(claim)

    async def _claim(self) -> float:
        """Claim what may be sent now; returns after how long to ask again."""
        pause = STALL_S
        blocked = dict(self._broken)
        free = self.store.free_bytes()
        if free < self.settings.spare_bytes:
            self._board.message = f"nothing more is sent: only {free >> 20} MiB are free"
            return pause
        if self._stopping:
            return pause
        for service, queue in self._board.queues.items():
            limits = self.settings.limits_of(service)
            window = self._board.window(queue, 2 * limits.max_in_flight + 16)
            room = min(limits.max_in_flight, self.settings.most_tasks - len(self._tasks))
            if not window or room <= 0 or service in self._broken:
                continue
            claims = await self._durably(self.life.claim_new, service, window, limits, most=room)
            for claim in claims.got:
                self._board.taken(queue, claim.key)
                self._spawn(claim)
            if claims.blocked is not None:
                blocked[service] = claims.blocked
            if claims.wait_s is not None:
                pause = min(pause, max(0.01, claims.wait_s))
        self._board.blocked = blocked  # at once: it is read from other threads
        return pause

    def _is_through(self) -> bool:
        """Whether none of the runs asked for can be moved on by this engine."""
        if self._asked or self._board.under_way(except_for=self._broken):
            return False
        if any(key in self._board.states for key in self._tasks):
            return False
        if self._stopping:
            return True
        return all(
            service in self._board.blocked or not any(True for _ in self._board.waiting(queue))
            for service, queue in self._board.queues.items()
        )

    async def _beat(self) -> None:
        while True:
            await self.settings.clock.sleep(self.settings.heartbeat_s)
            try:
                await self._db(self.life.heartbeat)
            except Exception as problem:  # noqa: BLE001 - full or busy: the lease bears a miss
                logger.warning("the heartbeat was missed: %s", problem)

    async def _tell(self) -> None:
        version = None
        while True:
            await asyncio.sleep(FEED_S)
            with contextlib.suppress(StoreError):
                found = self.store.version
                if found != version:
                    version = found
                    await self._read_changes()
            if self._moved and self._on_change is not None:
                moved, self._moved = self._moved, set()
                try:
                    self._on_change(moved)
                except Exception:
                    logger.exception("on_change failed; the work goes on")

    async def _read_changes(self) -> None:
        """Learn what moved, by this engine or another."""
        async with self._reading:
            with contextlib.suppress(StoreError):
                self._seen, changes = await asyncio.to_thread(self.life.changes, self._seen)
                for key, state, cost in changes:
                    if self._board.note(key, State(state), cost):
                        self._moved.add(key)

    # -- one run ---------------------------------------------------------------------------------

    def _spawn(self, claim: Claim) -> None:
        task = asyncio.get_running_loop().create_task(self._live(claim))
        self._tasks[claim.key] = task
        task.add_done_callback(lambda _: self._forget(claim.key))

    def _forget(self, key: str) -> None:
        self._tasks.pop(key, None)
        self._board.requeue(key)
        self._awake.set()

    async def _live(self, claim: Claim) -> None:
        """Lead one run as far as it goes, and leave it free for others if it is not at its end."""
        at: Claim | None = claim
        delay = 0.0
        try:
            while at is not None:
                claim = at
                at = await self._step(claim)
            return
        except LostLeaseError:
            pass
        except _BrokenError as problem:
            self._broken[claim.spec.service] = str(problem)
            delay = BROKEN_S
        except Exception as problem:
            self._errors[claim.key] = self._errors.get(claim.key, 0) + 1
            logger.exception("run %s", claim.key[:16])
            self._board.message = f"run {claim.key[:16]}: {problem}"
            delay = 5.0 * self._errors[claim.key]
            if self._errors[claim.key] >= MOST_ERRORS and claim.state is not State.PLANNED:
                with contextlib.suppress(StoreError, LostLeaseError):
                    await self._db(self.life.hold, claim, f"{type(problem).__name__}: {problem}")
                return
        finally:
            self._assets.pop(claim.key, None)
            if at is not None:
                until = self.settings.clock.now() + delay if delay else None
                with contextlib.suppress(StoreError):
                    await asyncio.shield(self._db(self.life.let_go, claim, not_before=until))

    async def _step(self, claim: Claim) -> Claim | None:
        match claim.state:
            case State.PLANNED:
                return await self._submit(claim)
            case State.SUBMITTED:
                return await self._poll(claim)
            case State.READY:
                return await self._fetch(claim)
            case State.STORED:
                return await self._check(claim)
            case State.UNKNOWN:
                return await self._reconcile(claim)
        return None

    def _service(self, name: str) -> _Service:
        if name in self._broken:
            raise _BrokenError(self._broken[name])
        if name not in self._services:
            try:
                lags = self.store.meta_get(_lag_key(name), [])
                self._services[name] = _Service(self._providers(name), self.settings, lags)
            except Exception as problem:
                raise _BrokenError(f"{name} cannot be used: {problem}") from problem
        return self._services[name]

    async def _durably(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Write, however long it takes: a full disk is waited out with the answer in memory."""
        while True:
            try:
                return await self._db(work, *args, **kwargs)
            except StoreError as problem:
                self._board.message = str(problem)
                if self._closing:
                    raise
                await asyncio.sleep(STALL_S)

    async def _submit(self, claim: Claim) -> Claim | None:
        """Send the paid request once. Every way out is recorded."""
        service = self._service(claim.spec.service)
        if self._is_ending():
            await self._db(self.life.let_go, claim)
            return None
        card = service.cards.get(claim.spec.model)
        if card is None:
            why = f"{claim.spec.service} does not offer {claim.spec.model}"
            await self._durably(self.life.rejected, claim, why)
            return None
        settings = self.settings
        request = await self._prepare(claim, service.provider, card)
        if request is None:
            return None
        if self._is_ending():
            await self._db(self.life.let_go, claim)
            return None
        self._paying.add(claim.key)
        try:
            try:
                claim = await self._db(self.life.intent, claim, request.body)
            except BudgetError:
                return None
            answer: Accepted
            try:
                with send_guard(claim.intent_ticks, settings.guard_s, ticks=settings.clock.ticks):
                    point("submit.before")
                    check_guard()
                    async with asyncio.timeout(settings.submit_timeout_s / settings.clock.speed):
                        answer = await service.provider.submit(request, claim.attempt_id or "")
                point("submit.after")
                if not isinstance(answer, Accepted):
                    raise TypeError(f"submit returned {type(answer).__name__}, not Accepted")
            except NotSent as problem:
                guarded = isinstance(problem, GuardTrippedError)
                await self._durably(
                    self.life.not_sent,
                    claim,
                    str(problem),
                    delay_s=0.0 if guarded else settings.retry_submit_s,
                    blame=not guarded,
                )
                self._board.message = str(problem)
                return None
            except Refused as problem:
                await self._durably(
                    self.life.refused,
                    claim,
                    problem.kind,
                    str(problem),
                    retry_after_s=problem.retry_after_s,
                )
                self._board.message = str(problem)
                return None
            except asyncio.CancelledError:
                await asyncio.shield(
                    self._db(self.life.unknown, claim, "the engine was closed meanwhile", None)
                )
                raise
            except Exception as problem:  # noqa: BLE001 - whatever it is, it may have charged
                why = "no answer in time" if isinstance(problem, TimeoutError) else str(problem)
                status = getattr(problem, "http_status", None)
                return await self._durably(
                    self.life.unknown, claim, why or type(problem).__name__, status
                )
            return await self._durably(self.life.accepted, claim, answer.job.to_json(), answer.sent)
        finally:
            self._paying.discard(claim.key)

    def _is_ending(self) -> bool:
        return self._stopping or self._closing

    async def _prepare(self, claim: Claim, provider: Provider, card: ModelCard) -> Request | None:
        """The request with all that is free already done; None where it cannot go on, which is
        recorded. No money is reserved yet, and nothing that fails here was sent.
        """
        settings = self.settings
        why: str
        try:
            spec = claim.spec
            if any(isinstance(value, ImageRef) for value in spec.params.values()):
                spec = replace(spec, params=await asyncio.to_thread(self._at_hand, spec))
            request = Request(spec=spec, card=card)
            prepare = getattr(provider, "prepare", None)
            if prepare is None:
                return request
            async with asyncio.timeout(settings.prepare_timeout_s / settings.clock.speed):
                body = await prepare(request)
            if not isinstance(body, dict):
                raise TypeError(f"prepare returned {type(body).__name__}, no JSON object")
            dumps(body)
            return replace(request, body=body)
        except Refused as problem:
            why = str(problem)
            await self._durably(
                self.life.refused, claim, problem.kind, why, retry_after_s=problem.retry_after_s
            )
        except (ProviderError, httpx.HTTPError, OSError) as problem:  # OSError: no answer in time
            why = f"{provider.name}: not sent, {str(problem) or type(problem).__name__}"
            await self._durably(self.life.not_sent, claim, why, delay_s=settings.retry_submit_s)
        except Exception as problem:
            logger.exception("run %s cannot be prepared", claim.key[:16])
            why = f"it cannot be prepared: {type(problem).__name__}: {problem}"
            await self._durably(self.life.rejected, claim, why)
        self._board.message = why
        return None

    def _at_hand(self, spec: RunSpec) -> dict[str, Any]:
        """The parameters with every picture's full path; `Refused` where one is gone."""
        return {
            name: replace(value, path=str(self._picture(value, spec.service)))
            if isinstance(value, ImageRef)
            else value
            for name, value in spec.params.items()
        }

    def _picture(self, image: ImageRef, service: str) -> Path:
        kept = self.store.find_image(image.sha256)
        path = kept or (self.store.folder / image.path if image.path else None)
        if path is None or not path.is_file():
            named = image.path or image.sha256[:12]
            raise Refused(
                f"the picture {named} is not there any more; nothing was sent. Put it back, or "
                "name another in a new grid",
                kind="invalid",
                provider=service,
            )
        return path

    async def _poll(self, claim: Claim) -> Claim | None:
        """Ask until the job has ended."""
        settings, clock = self.settings, self.settings.clock
        service = self._service(claim.spec.service)
        pause, most = settings.pace(claim.spec.is_simulated)
        missing = 0
        since, why = clock.now(), ""  # a night that nobody was here is no fault of the service
        while True:
            point("poll.before")
            try:
                async with asyncio.timeout(settings.poll_timeout_s / clock.speed):
                    state = await service.provider.poll(JobHandle.from_json(claim.job or {}))
            except Refused as problem:
                missing += problem.kind in ("not_found", "retired")
                self._board.message = why = str(problem)
                young = clock.now() - claim.intent_at < settings.settle_s  # shown late, perhaps
                if missing >= MOST_ERRORS and not young:
                    await self._durably(self.life.hold, claim, f"the job is not found: {problem}")
                    return None
                pause = max(pause, problem.retry_after_s or 0.0)
            except (ToolkitError, httpx.HTTPError, TimeoutError, OSError) as problem:
                self._board.message = why = f"{claim.spec.service} does not answer: {problem}"
            else:
                point("poll.after")
                missing, since, why = 0, claim.intent_at, ""
                if not isinstance(state, Running):
                    return await self._ended(claim, state)
            if clock.now() - since > settings.job_limit_s:
                hours = settings.job_limit_s / 3600
                told = f"no result after {hours:.0f} h" + (f": {why}" if why else "")
                await self._durably(self.life.hold, claim, told)
                return None
            await clock.sleep(pause)
            pause = min(most, pause * 1.4) if pause < most else pause

    async def _ended(self, claim: Claim, state: Succeeded | Failed) -> Claim | None:
        if isinstance(state, Failed):
            ends = {
                "moderated": State.MODERATED,
                "expired": State.EXPIRED_PAID,
                "cancelled": State.CANCELLED,
            }
            charged = state.charged_micro_usd
            if state.kind == "expired":  # there was a result, so it was billed
                charged = charged or None
            end = ends.get(state.kind, State.FAILED)
            await self._durably(self.life.failed, claim, end, state.reason, charged)
            return None
        expiries = [a.expires_at.timestamp() for a in state.assets if a.expires_at is not None]
        self._assets[claim.key] = state.assets
        return await self._durably(
            self.life.ready,
            claim,
            cost_micro_usd=state.cost_micro_usd,
            prompt_used=state.prompt_used,
            expires_at=min(expiries, default=None),
        )

    async def _fetch(self, claim: Claim) -> Claim | None:
        """Bring the clip into the store; a fresh address is asked for whenever one is needed."""
        settings = self.settings
        service = self._service(claim.spec.service)
        pause, tries, why = settings.retry_fetch_s, 0, ""
        while tries < MOST_TRIES:
            try:
                async with self._fetching:
                    got = await self._bring(claim, service)
                if isinstance(got, Failed):
                    return await self._ended(claim, got)
                return await self._durably(self.life.stored, claim, got)
            except StrangeHostError as problem:
                variable = download.hosts_variable(claim.spec.service)
                why = (
                    f"{problem}; if {claim.spec.service} keeps its results there, set "
                    f'{variable}={problem.host} and let it be looked at again: "check"'
                )
                await self._durably(self.life.hold, claim, why)
                return None
            except AddressError as problem:
                await self._durably(self.life.hold, claim, str(problem))
                return None
            except download.NoSpaceError as problem:
                self._board.message = str(problem)  # waits for space, however long that takes
            except (download.BadContentError, download.GoneError) as problem:
                why = str(problem)
                gone = isinstance(problem, download.GoneError)
                claim = await self._durably(self.life.fetch_failed, claim, why)
                if claim.num_fetches >= settings.most_fetches:
                    await self._unfetchable(claim, why, gone=gone)
                    return None
            except (ToolkitError, httpx.HTTPError, TimeoutError, OSError) as problem:
                why = str(problem) or type(problem).__name__
                self._board.message = why
                tries += getattr(problem, "errno", None) not in FULL
            await settings.clock.sleep(pause)
            pause = min(60.0, pause * 2)
        await self._durably(self.life.hold, claim, f"its clip could not be fetched: {why}")
        return None

    async def _bring(self, claim: Claim, service: _Service) -> str | Failed:
        """One try: the hash under which the clip now lies, or how the job ended instead."""
        settings = self.settings
        assets = self._assets.pop(claim.key, None)
        if assets is None:
            async with asyncio.timeout(settings.poll_timeout_s / settings.clock.speed):
                state = await service.provider.poll(JobHandle.from_json(claim.job or {}))
            if isinstance(state, Failed):
                return state
            assets = () if isinstance(state, Running) else state.assets
        stem = claim.attempt_id or claim.key  # the same for whoever takes it over
        part, own = (self.store.part_path(name) for name in (stem, f"{stem}-{claim.fence}"))
        with download.alone(part, own) as place:
            try:
                if not assets:
                    raise download.GoneError("no result to fetch", provider=claim.spec.service)
                sha256 = await download.fetch(
                    assets[0],
                    place,
                    service.source,
                    http=service.http,
                    settings=settings,
                    makes=claim.makes,
                )
            except (download.BadContentError, download.GoneError):
                download.discard(place)
                raise
            keep = self.store.keep_image if claim.makes == "image" else self.store.keep
            await asyncio.get_running_loop().run_in_executor(self._hands, keep, place, sha256)
            download.discard(place)
        return sha256

    async def _unfetchable(self, claim: Claim, why: str, *, gone: bool) -> None:
        if not gone:
            await self._durably(self.life.bad_clip, claim, why)
        elif claim.expires_at is not None and claim.expires_at < self.settings.clock.now():
            await self._durably(self.life.failed, claim, State.EXPIRED_PAID, why, None)
        else:
            await self._durably(self.life.hold, claim, f"its clip could not be fetched: {why}")

    async def _check(self, claim: Claim) -> Claim | None:
        """Verify the stored clip."""
        point("verify.before")
        loop = asyncio.get_running_loop()
        sha256 = claim.clip_sha256 or ""
        try:
            async with asyncio.timeout(self.settings.verify_timeout_s):
                clip = await loop.run_in_executor(self._hands, self._measured, claim.makes, sha256)
        except ClipError as problem:
            if claim.num_fetches == 0:  # once more: perhaps it was cut on its way
                return await self._durably(self.life.fetch_failed, claim, str(problem))
            await self._durably(self.life.bad_clip, claim, str(problem))
            return None
        point("verify.after")
        if clip is not None and clip.sha256 != sha256:
            clip = replace(clip, sha256=sha256)
        await self._durably(self.life.done, claim, clip)
        return None

    def _measured(self, makes: str, sha256: str) -> Clip | None:
        """What was measured on a stored file; `ClipError` where it is of no use."""
        if makes == "video":
            return self._verify(self.store.clip_path(sha256))
        kept = self.store.find_image(sha256)
        if kept is None:
            raise ClipError(f"the picture {sha256[:16]} is not in {self.store.folder}")
        check_picture(kept)
        return None

    async def _reconcile(self, claim: Claim) -> Claim | None:
        """Find the job of an attempt whose answer was lost, or prove that there is none."""
        settings, clock = self.settings, self.settings.clock
        service = self._service(claim.spec.service)
        name = claim.spec.service
        began = clock.ticks()
        while True:
            try:
                since = claim.intent_at - settings.skew_s
                asked, jobs = await service.lister.recent(since, claim.spec.model)
                await self._learn(name, service.lister)
            except CannotList:
                await self._durably(
                    self.life.hold, claim, f"{name} may have charged; it lists no jobs"
                )
                return None
            except (ToolkitError, httpx.HTTPError, TimeoutError, OSError) as problem:
                self._board.message = f"{name} does not list its jobs: {problem}"
                if clock.ticks() - began > settings.list_limit_s:
                    await self._durably(
                        self.life.hold, claim, f"{name} may have charged: {problem}"
                    )
                    return None
            else:
                point("reconcile.listed")
                found = match(claim, jobs, settings=settings)
                del jobs  # a long one is not kept while this run waits for the next
                ids = [job.handle.id for job in found.all]
                found = found.without(await self._db(self.life.known_jobs, name, ids))
                open_to: dict[str, list[Claim]] = {}
                if found.all and not found.exact:
                    span = 2 * settings.skew_s + settings.guard_s + settings.submit_timeout_s
                    rivals = await self._db(self.life.rivals, claim, within_s=span)
                    found, open_to = contested(claim, found, rivals, settings=settings)
                for job in found.jobs:
                    adopted = await self._durably(self.life.adopt, claim, job.handle.to_json())
                    if adopted is not None:
                        return adopted
                for job in found.faded:
                    taken = await self._durably(self.life.adopt, claim, job.handle.to_json())
                    if taken is not None:
                        why = f"{name} made job {job.handle.id}, and has removed its result"
                        await self._durably(self.life.failed, taken, State.EXPIRED_PAID, why, None)
                        return None
                if open_to:  # an answer under way to one of them may tell; else only a person can
                    begun = [r.intent_at for runs in open_to.values() for r in runs]
                    if asked - max([claim.intent_at, *begun]) >= service.lister.settle_s:
                        why = _undecided(name, open_to)
                        await self._durably(self.life.hold, claim, why)
                        return None
                elif not service.lists_all:  # that it is not there proves nothing
                    if clock.now() - claim.intent_at > settings.late_list_s:
                        why = f"{name} may have charged; it lists finished jobs, and none is this"
                        await self._durably(self.life.hold, claim, why)
                        return None
                elif await self._durably(
                    self.life.absent,
                    claim,
                    listed_at=asked,
                    settle_s=service.lister.settle_s,
                    exact=found.exact,
                ):
                    return None
            await clock.sleep(settings.list_every_s)

    async def _learn(self, service: str, lister: Lister) -> None:
        """Keep how late this service's list is, for all kernels to come."""
        if lister.fresh and lister.learn(
            await self._db(self.life.accepted_at, service, set(lister.fresh))
        ):
            await self._durably(self.store.meta_set, _lag_key(service), lister.lags)


def _undecided(service: str, open_to: dict[str, list[Claim]]) -> str:
    """Why a job in the list is not adopted."""
    job, rivals = next(iter(open_to.items()))
    if not rivals:
        return f"{service} may have charged: too little is shown of its job {job} to tell"
    others = ", ".join(sorted({rival.key[:16] for rival in rivals}))
    return (
        f"{service} may have charged: its job {job} is this run's or that of {others}, which "
        "differ only in what its list does not show"
    )


def _lag_key(service: str) -> str:
    return f"list_lag_s.{service}"


class _BrokenError(Exception):
    """The provider of a service cannot be made: no key, no such file."""


class _Service:
    """A provider with what the engine keeps beside it, made in the engine's loop."""

    def __init__(self, provider: Provider, settings: Settings, lags: Sequence[float]) -> None:
        self.provider = provider
        self.lister = Lister(provider, settings, lags)
        self.lists_all = getattr(provider, "list_shows", "all") == "all"
        base_url = getattr(provider, "base_url", None)
        hosts = (*getattr(provider, "download_hosts", ()), *download.own_hosts(provider.name))
        self.source = download.Source(provider.name, hosts, base_url)
        self.http = client(public_only=True, trusted=[base_url] if base_url else [])
        self.cards = {card.model: card for card in provider.models()}

    async def aclose(self) -> None:
        await self.http.aclose()
        close = getattr(self.provider, "aclose", None)
        if close is not None:
            with contextlib.suppress(Exception):
                await close()


_UNDER_WAY = (State.SUBMITTING, State.SUBMITTED, State.READY, State.STORED, State.UNKNOWN)


class _Board:
    """What the engine was asked for and where it stands, as far as this engine has heard."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.simulated: dict[str, bool] = {}
        self.queues: dict[str, deque[str]] = {}
        self.blocked: dict[str, str] = {}
        self.message: str | None = None
        self._home: dict[str, str] = {}
        self._counts: dict[State, int] = {}
        self._cost = {False: 0, True: 0}
        self._started: float | None = None
        self._done_at_start = 0

    def add(self, runs: Iterable[tuple[str, State, str, bool]], now: float) -> None:
        if self._started is None:
            self._started = now
        for key, state, service, simulated in runs:
            if key not in self.states:
                self._counts[state] = self._counts.get(state, 0) + 1
                self._done_at_start += not state.is_open
            elif self.states[key] is not state:
                self._recount(key, state)
            self.states[key] = state
            self.simulated[key] = simulated
            self._home[key] = service

    def queue(self, service: str, key: str) -> None:
        queue = self.queues.setdefault(service, deque())
        queue.append(key)

    def requeue(self, key: str) -> None:
        """Put back what may still have to be sent; what was sent after all is dropped later."""
        if self.states.get(key) is State.PLANNED:
            self.queues.setdefault(self._home[key], deque()).appendleft(key)

    def note(self, key: str, state: State, cost: int) -> bool:
        """Take in one change; False if it is about a run nobody asked for here."""
        known = self.states.get(key)
        if known is None:
            return False
        self._cost[self.simulated[key]] += cost
        if known is not state:
            self._recount(key, state)
            self.states[key] = state
            self.requeue(key)
        return True

    def _recount(self, key: str, state: State) -> None:
        self._counts[self.states[key]] -= 1
        self._counts[state] = self._counts.get(state, 0) + 1

    def under_way(self, *, except_for: Collection[str]) -> bool:
        """Whether a run is between sent and stored, at any other service."""
        if not any(self._counts.get(state, 0) for state in _UNDER_WAY):
            return False
        return not except_for or any(
            state in _UNDER_WAY and self._home[key] not in except_for
            for key, state in self.states.items()
        )

    def window(self, queue: deque[str], size: int) -> list[str]:
        """The next keys to claim; forgets those that are past that point."""
        seen: dict[str, None] = {}
        for _ in range(len(queue)):
            key = queue.popleft()
            if self.states.get(key) is State.PLANNED and key not in seen:
                seen[key] = None
                if len(seen) == size:
                    break
        queue.extendleft(reversed(seen))
        return list(seen)

    def taken(self, queue: deque[str], key: str) -> None:
        with contextlib.suppress(ValueError):
            queue.remove(key)

    def waiting(self, queue: deque[str]) -> Iterable[str]:
        return (key for key in queue if self.states.get(key) is State.PLANNED)

    def progress(self, now: float) -> Progress:
        counts = {state: n for state, n in list(self._counts.items()) if n}
        total = len(self.states)
        done = sum(n for state, n in counts.items() if not state.is_open)
        fresh = done - self._done_at_start
        eta = None
        if fresh > 0 and self._started is not None:
            eta = (now - self._started) / fresh * (total - done)
        why = "; ".join(dict.fromkeys(self.blocked.values()))
        return Progress(
            counts=counts,
            done=done,
            total=total,
            cost_usd=from_micro(self._cost[False]),
            sim_cost_usd=from_micro(self._cost[True]),
            eta_s=eta,
            started_at=when(self._started),
            message=why or self.message,
        )


_open_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _close_at_exit(engine: Engine) -> None:
    _arrange_closing()
    _open_engines.add(engine)


@functools.cache
def _arrange_closing() -> None:
    """Engines end before the thread pools do: `atexit` alone comes after these, and an engine whose
    pool is gone can neither record an answer that it waits for nor end without noise."""
    getattr(threading, "_register_atexit", atexit.register)(_close_all)


def _close_all() -> None:
    for engine in list(_open_engines):
        engine.close()
        if left := engine.num_left:
            name = engine.store.folder.name
            sys.stderr.write(
                f"{name}: {left} run{'s are' if left > 1 else ' is'} open; exp.resume() or "
                f"`promptgrid worker {name}` goes on, nothing is paid twice\n"
            )
