"""What every adapter of a paid service keeps to, whoever wrote it, against its fake.

To be in it, a file of `tests/services/` names its `CASES`; see there.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import pickle
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fake_service import verify
from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import BEFORE, CHARGED, Case, FakeService, all_cases, clip_bytes
from toolkit.errors import CannotList, NotSent, ProviderError, Refused, ToolkitError
from toolkit.providers._http import client
from toolkit.records import ImageRef, RunSpec, State
from toolkit.runner import Engine, Limits, Settings, download
from toolkit.runner.download import GoneError, Source
from toolkit.runner.reconcile import Matches, match
from toolkit.seams import Accepted, Failed, Job, JobHandle, Request, Running, Succeeded
from toolkit.store import CellRow, Store
from toolkit.store.life import Claim

CASES = list(all_cases())
PICTURED = [case for case in CASES if case.image_model]
SILENT = [case for case in CASES if not case.lists]
LISTING = [case for case in CASES if case.lists and case.shows_request]

MINUTE = timedelta(minutes=1)


def each(cases: list[Case]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=str)


@pytest.fixture
def fake(request: pytest.FixtureRequest) -> Iterator[FakeService]:
    case: Case = request.getfixturevalue("case")
    with case.fake(num_polls=1, hang_s=1.0) as service:
        yield service


@pytest.fixture
def met(
    request: pytest.FixtureRequest,
    fake: FakeService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Met:
    case: Case = request.getfixturevalue("case")
    return Met(fake, case.service, tmp_path, monkeypatch)


def asked(case: Case, prompt: str = FOX, **more: Any) -> Request:
    return wish(case.model, prompt, **{**case.params, **more})


async def prepared(made: Any, request: Request) -> Request:
    body = await made.prepare(request)
    return Request(spec=request.spec, card=request.card, body=json.loads(json.dumps(body)))


async def sent(made: Any, request: Request, token: str = TOKEN) -> Accepted:
    """As the runner does it: first what is free, then the one paid request."""
    answer: Accepted = await made.submit(await prepared(made, request), token)
    return answer


def outcome(met: Met, request: Request, *, within_s: float = 5.0) -> Any:
    """What the submit raised, or its answer."""

    async def go(made: Any) -> Any:
        ready = await prepared(made, request)
        try:
            async with asyncio.timeout(within_s):
                return await made.submit(ready, TOKEN)
        except Exception as problem:  # noqa: BLE001 - that is what is asked for
            return problem

    return met(go)


async def ended(made: Any, job: JobHandle) -> Any:
    for _ in range(20):
        state = await made.poll(job)
        if not isinstance(state, Running):
            return state
    raise AssertionError("it never ends")


def submits(fake: FakeService) -> int:
    return len(fake.of_kind("submit"))


def is_unknown(found: Any) -> bool:
    return isinstance(found, Exception) and not isinstance(found, (NotSent, Refused))


# -- the plain way -------------------------------------------------------------------------------


@each(CASES)
def test_a_clip_is_charged_once_and_comes_back_whole(
    case: Case, fake: FakeService, met: Met, tmp_path: Path
) -> None:
    async def go(made: Any) -> str:
        answer = await sent(made, asked(case))
        state = await ended(made, answer.job)
        assert isinstance(state, Succeeded)
        source = Source(made.name, tuple(made.download_hosts), made.base_url)
        part = tmp_path / "one.part"
        async with client(public_only=True, trusted=[made.base_url]) as http:
            settings = Settings(spare_bytes=0)
            await download.fetch(state.assets[0], part, source, http=http, settings=settings)
        assert part.read_bytes() in {clip_bytes(job) for job in fake.jobs}
        return str(answer.job.id)

    job = met(go)
    assert job
    assert (fake.charges, submits(fake)) == (1, 1)


@each(CASES)
def test_preparing_is_free_and_gives_the_same_body_again(
    case: Case, fake: FakeService, met: Met
) -> None:
    first, second = (met.prepare(asked(case)) for _ in range(2))
    assert first == second == json.loads(json.dumps(first))
    assert FOX in json.dumps(first, ensure_ascii=False)
    assert (fake.charges, submits(fake)) == (0, 0)


@each(CASES)
def test_what_was_prepared_is_what_is_sent_and_recorded(
    case: Case, fake: FakeService, met: Met
) -> None:
    body = met.prepare(asked(case))
    answer = met(lambda made: sent(made, asked(case)))
    differing = {name for name in body if answer.sent.get(name) != body[name]}
    assert not differing
    assert FOX in fake.of_kind("submit")[0].body.decode() or "multipart" in str(
        fake.of_kind("submit")[0].headers
    )


@each(CASES)
def test_another_process_goes_on_from_the_handle_as_json(
    case: Case, fake: FakeService, met: Met
) -> None:
    fake.num_polls = 2
    job = met(lambda made: sent(made, asked(case))).job
    handle = JobHandle.from_json(json.loads(json.dumps(job.to_json())))
    assert isinstance(met(lambda made: made.poll(handle)), Running)
    assert isinstance(met(lambda made: ended(made, handle)), Succeeded)
    assert fake.charges == 1


@each(CASES)
def test_the_download_hosts_are_narrow(case: Case, met: Met) -> None:
    async def hosts(made: Any) -> tuple[str, ...]:
        return tuple(made.download_hosts)

    for host in met(hosts):
        bare = host.removeprefix("*.")
        assert "*" not in bare
        assert bare.count(".") >= 1
        assert host not in ("*.amazonaws.com", "*.googleapis.com", "*.cloudfront.net", "*.com")


# -- one submit, at most one charge --------------------------------------------------------------

REFUSED = {
    "busy": {"rate_limit"},
    "busy_date": {"rate_limit"},
    "arrears": {"arrears"},
    "no_auth": {"auth"},
    "not_found": {"not_found", "retired", "invalid"},
    "invalid": {"invalid"},
}


@each(CASES)
@pytest.mark.parametrize("fault", BEFORE)
def test_what_was_not_taken_is_refused_or_unknown_and_sent_once(
    case: Case, fake: FakeService, met: Met, fault: str
) -> None:
    fake.wrong("submit", fault, always=True)
    found = outcome(met, asked(case))
    if fault in REFUSED:
        assert isinstance(found, Refused), found
        assert found.kind in REFUSED[fault]
    else:
        assert is_unknown(found), found
    if fault.startswith("busy"):
        assert found.retry_after_s == pytest.approx(fake.retry_after_s, abs=3)
    assert (fake.charges, submits(fake)) == (0, 1)


@each(CASES)
@pytest.mark.parametrize("fault", CHARGED)
def test_whatever_goes_wrong_after_the_charge_is_unknown_and_sent_once(
    case: Case, fake: FakeService, met: Met, fault: str
) -> None:
    fake.wrong("submit", fault, always=True)
    found = outcome(met, asked(case), within_s=0.6 if fault in ("hang", "drip") else 5.0)
    assert is_unknown(found), found
    assert (fake.charges, submits(fake)) == (1, 1)
    assert not [ask for ask in fake.asked if ask.where == "elsewhere"]


def transport_errors() -> list[type[httpx.TransportError]]:
    found, open_ = [], [httpx.TransportError]
    while open_:
        kind = open_.pop()
        below = kind.__subclasses__()
        open_ += below
        if not below:
            found.append(kind)
    return sorted((kind for kind in found if kind.__module__ == "httpx"), key=lambda k: k.__name__)


@each(CASES)
def test_only_a_failed_connection_proves_that_nothing_was_sent(
    case: Case, fake: FakeService, met: Met, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_sent = set()

    async def go(made: Any) -> None:
        ready = await prepared(made, asked(case))
        for kind in transport_errors():

            async def fail(*_: Any, kind: type[Exception] = kind) -> Any:
                raise kind("on purpose")

            with monkeypatch.context() as patch:
                patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", fail)
                with pytest.raises(ToolkitError) as found:
                    await made.submit(ready, TOKEN)
            assert not isinstance(found.value, Refused)
            if isinstance(found.value, NotSent):
                not_sent.add(kind.__name__)

    met(go)
    assert not_sent == {"ConnectError", "ConnectTimeout", "PoolTimeout"}
    assert len(transport_errors()) > 8


# -- polls ---------------------------------------------------------------------------------------


@each(CASES)
@pytest.mark.parametrize(
    "fault", ["drop", "error_before", "busy", "gateway", "garbage", "empty", "redirect"]
)
def test_a_poll_that_goes_wrong_ends_nothing(
    case: Case, fake: FakeService, met: Met, fault: str
) -> None:
    async def go(made: Any) -> Any:
        answer = await sent(made, asked(case))
        fake.wrong("poll", fault)
        try:
            state = await made.poll(answer.job)
        except ToolkitError:
            state = None
        assert state is None or isinstance(state, Running), state
        return await ended(made, answer.job)

    assert isinstance(met(go), Succeeded)
    assert not [ask for ask in fake.asked if ask.where == "elsewhere"]


@each(CASES)
@pytest.mark.parametrize("end", ["failed", "moderated"])
def test_a_job_that_ends_badly_says_how(case: Case, fake: FakeService, met: Met, end: str) -> None:
    fake.end_next(end)
    state = met.end(asked(case))
    assert isinstance(state, Failed)
    assert state.kind == end
    assert state.reason


@each(CASES)
def test_a_result_that_is_gone_is_never_a_clip(
    case: Case, fake: FakeService, met: Met, tmp_path: Path
) -> None:
    async def go(made: Any) -> None:
        job = (await sent(made, asked(case))).job
        assert isinstance(await ended(made, job), Succeeded)
        for row in fake.jobs.values():
            row.state = "expired"
        try:
            state = await made.poll(job)
        except Refused as problem:  # the job itself is gone
            assert problem.kind in ("not_found", "retired")  # noqa: PT017 - one of three ways
            return
        if isinstance(state, Failed):
            assert state.kind == "expired"
            return
        source = Source(made.name, tuple(made.download_hosts), made.base_url)
        async with client(public_only=True, trusted=[made.base_url]) as http:
            with pytest.raises(GoneError):
                await download.fetch(
                    state.assets[0], tmp_path / "x.part", source,
                    http=http, settings=Settings(spare_bytes=0),
                )  # fmt: skip

    met(go)


@each(CASES)
def test_a_job_that_nobody_knows_is_an_error_and_no_clip(
    case: Case, fake: FakeService, met: Met
) -> None:
    async def go(made: Any) -> Any:
        job = (await sent(made, asked(case))).job
        fake.jobs.clear()
        try:
            return await made.poll(job)
        except ToolkitError as problem:
            return problem

    found = met(go)
    assert isinstance(found, ToolkitError) or (
        isinstance(found, Failed) and found.kind == "expired"
    )


@each(CASES)
def test_a_job_is_cancelled_or_it_is_said_that_it_cannot_be(
    case: Case, fake: FakeService, met: Met
) -> None:
    fake.num_polls = 5

    async def go(made: Any) -> Any:
        job = (await sent(made, asked(case))).job
        await made.cancel(job)
        return await ended(made, job)

    if case.cancels:
        state = met(go)
        assert isinstance(state, Failed)
        assert state.kind == "cancelled"
    else:
        with pytest.raises(ProviderError):
            met(go)


# -- finding a job whose answer was lost ---------------------------------------------------------


async def listed(made: Any, case: Case, *, ago: timedelta = MINUTE) -> list[Job]:
    return list(await made.recent(datetime.now(UTC) - ago, case.model))


async def matched(made: Any, case: Case, request: Request, token: str = TOKEN) -> Matches:
    """What the runner makes of the list."""
    claim = Claim(
        key=request.spec.key, spec=request.spec, state="unknown", fence=1, est_cost_micro_usd=0,
        attempt_id=token, intent_at=datetime.now(UTC).timestamp(),
        sent=json.loads(json.dumps(await made.prepare(request))),
    )  # fmt: skip
    return match(claim, await listed(made, case), settings=Settings())


async def lost(made: Any, fake: FakeService, request: Request, token: str = TOKEN) -> None:
    fake.wrong("submit", "lose")
    with suppress(ToolkitError):
        await sent(made, request, token)


@each([case for case in CASES if not case.shows_request])
def test_where_the_list_shows_no_request_nothing_is_guessed(
    case: Case, fake: FakeService, met: Met
) -> None:
    async def go(made: Any) -> Matches:
        await lost(made, fake, asked(case))
        return await matched(made, case, asked(case))

    found = met(go)
    assert (found.jobs, found.faded, len(found.doubtful)) == ([], [], 1)


@each(SILENT)
def test_a_service_without_a_list_says_so(case: Case, fake: FakeService, met: Met) -> None:
    with pytest.raises(CannotList):
        met(lambda made: listed(made, case))


@each(LISTING)
def test_a_lost_answer_is_found_in_the_list_and_goes_on(
    case: Case, fake: FakeService, met: Met
) -> None:
    async def go(made: Any) -> tuple[str, Any]:
        await lost(made, fake, asked(case))
        await sent(made, asked(case, prompt="a heron over a lake"), "0" * 32)
        found = await matched(made, case, asked(case))
        (job,) = found.jobs
        assert found.exact == case.tokens
        handle = JobHandle.from_json(json.loads(json.dumps(job.handle.to_json())))
        return handle.id, await ended(made, handle)

    job, state = met(go)
    assert isinstance(state, Succeeded)
    assert job
    assert fake.charges == 2


@each(LISTING)
def test_other_requests_are_not_taken_for_it(case: Case, fake: FakeService, met: Met) -> None:
    async def go(made: Any) -> Matches:
        await sent(made, asked(case, prompt="a heron over a lake"), "0" * 32)
        await sent(made, asked(case, prompt=f"{FOX} and a hare"), "1" * 32)
        return await matched(made, case, asked(case))

    assert met(go).all == []


@each([case for case in LISTING if not case.tokens])
def test_two_alike_both_fit(case: Case, fake: FakeService, met: Met) -> None:
    async def go(made: Any) -> int:
        await lost(made, fake, asked(case))
        await lost(made, fake, asked(case), "0" * 32)
        return len((await matched(made, case, asked(case))).jobs)

    assert met(go) == 2


@each(LISTING)
def test_a_list_that_lags_shows_it_later(case: Case, fake: FakeService, met: Met) -> None:
    fake.list_lag_s = 1e6

    async def go(made: Any) -> tuple[int, int]:
        await lost(made, fake, asked(case))
        before = len((await matched(made, case, asked(case))).jobs)
        fake.list_lag_s = 0
        return before, len((await matched(made, case, asked(case))).jobs)

    assert met(go) == (0, 1)


@each(LISTING)
@pytest.mark.parametrize("fault", ["error_before", "garbage", "redirect", "drop", "no_auth"])
def test_a_list_that_cannot_be_read_is_no_empty_list(
    case: Case, fake: FakeService, met: Met, fault: str
) -> None:
    async def go(made: Any) -> None:
        await lost(made, fake, asked(case))
        fake.wrong("list", fault, always=True)
        with pytest.raises(ToolkitError) as found:
            await listed(made, case)
        assert not isinstance(found.value, CannotList)

    met(go)


# -- keys ----------------------------------------------------------------------------------------


@each([case for case in CASES if case.fake.keys])
def test_without_a_key_nothing_is_sent_and_its_variable_is_named(
    case: Case, fake: FakeService, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in fake.environ(case.service).items():
        monkeypatch.setenv(name, "" if name in fake.keys else value)
    monkeypatch.setattr("toolkit.providers._secrets._keyring", lambda _: "")

    async def go() -> None:
        from toolkit import discover

        made = discover.load("providers", case.service).provider(tmp_path)
        await sent(made, asked(case))

    with pytest.raises(ProviderError) as found:
        asyncio.run(go())
    assert any(name in str(found.value) for name in fake.keys)
    assert fake.asked == []


@each([case for case in CASES if case.fake.keys])
def test_the_key_is_in_the_header_to_the_service_and_in_nothing_else(
    case: Case,
    fake: FakeService,
    met: Met,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = [fake.key_of(name) for name in fake.keys]
    left: list[str] = []

    async def go(made: Any) -> None:
        ready = await prepared(made, asked(case))
        left.append(json.dumps(ready.body))
        for fault in ("error_before", "busy", "no_auth", "redirect", "garbage", "gateway", "lose"):
            fake.wrong("submit", fault)
            with pytest.raises(ToolkitError) as problem:
                await made.submit(ready, TOKEN)
            left.append(f"{problem.value!r} {problem.getrepr(showlocals=False)}")
        answer = await made.submit(ready, TOKEN)
        left.append(json.dumps([answer.sent, answer.job.to_json()]))
        for fault in ("no_auth", "redirect", "garbage"):
            fake.wrong("poll", fault)
            with suppress(ToolkitError):
                left.append(repr(await made.poll(answer.job)))
        left.append(repr(await ended(made, answer.job)) if not fake.files_need else "")
        with suppress(ToolkitError):
            left.append(repr(await listed(made, case)))
        left.append(f"{made!r} {vars(made)!r}")
        with suppress(TypeError, AttributeError, pickle.PicklingError):
            left.append(repr(pickle.dumps(made)))

    met(go)
    left += [caplog.text, *capsys.readouterr()]
    assert not [text for text in left for secret in secrets if secret in text]
    for ask in fake.asked:
        assert not any(s in ask.path + str(ask.query) + repr(ask.body) for s in secrets)
        if ask.where == "elsewhere":
            assert not any(s in str(ask.headers) for s in secrets)
        elif ask.kind not in ("download", "other"):
            assert fake.accepts_key(ask)


# -- pictures ------------------------------------------------------------------------------------


def pictured(case: Case, image: ImageRef, prompt: str = FOX) -> Request:
    return wish(case.image_model or "", prompt, **{**case.image_params, "start_image": image})


@each(PICTURED)
def test_a_picture_goes_up_once_however_often_it_is_used(
    case: Case, fake: FakeService, met: Met, tmp_path: Path
) -> None:
    image = picture(tmp_path, url="https://example.com/fox.png")
    content = (tmp_path / "fox.png").read_bytes()

    async def go(made: Any) -> tuple[int, int, str]:
        one = await prepared(made, pictured(case, image))
        first = len(fake.of_kind("upload"))
        await prepared(made, pictured(case, image, "a heron over a lake"))
        second = len(fake.of_kind("upload"))
        await made.submit(one, TOKEN)
        return first, second, json.dumps(one.body)

    first, second, body = met(go)
    assert first == second
    assert bool(first) == case.uploads
    assert base64.b64encode(content).decode()[:60] not in body  # a record stays small
    assert (fake.charges, submits(fake)) == (1, 1)
    if not case.uploads:
        went = fake.of_kind("submit")[0].body
        inline = base64.b64encode(content) in went or content in went
        assert inline or b"https://example.com/fox.png" in went


@each(PICTURED)
def test_a_picture_that_has_changed_is_refused_before_anything_is_paid(
    case: Case, fake: FakeService, met: Met, tmp_path: Path
) -> None:
    image = picture(tmp_path)  # with no address
    (tmp_path / "fox.png").write_bytes(b"something else")
    with pytest.raises(Refused) as found:
        met(lambda made: sent(made, pictured(case, image)))
    assert found.value.kind == "invalid"
    assert (fake.charges, submits(fake)) == (0, 0)


# -- through the engine --------------------------------------------------------------------------


def some(among: list[Case], *cases: Case | None) -> Any:
    """A few that always run; the others are slow."""
    always = {str(case) for case in cases if case is not None}
    return pytest.mark.parametrize(
        "case",
        [pytest.param(c, marks=() if str(c) in always else pytest.mark.slow) for c in among],
        ids=str,
    )


def first(cases: Iterable[Case]) -> Case | None:
    return next(iter(cases), None)


A_LISTING = first(case for case in LISTING if not case.tokens and case.params)
A_TOKEN = first(case for case in LISTING if case.tokens)
A_SILENT = first(SILENT)

QUICK = Settings(
    spare_bytes=0,
    default_limits=Limits(max_in_flight=2),
    guard_s=5.0,
    lease_s=20.0,
    heartbeat_s=5.0,
    submit_timeout_s=2.0,
    settle_s=1.0,
    late_list_s=1.0,
    list_every_s=0.1,
    retry_submit_s=0.05,
    poll_first_s=0.02,
    poll_most_s=0.1,
    retry_fetch_s=0.05,
)


class Led:
    """Runs of a case led by the real engine over a real store."""

    def __init__(self, case: Case, met: Met, store: Store) -> None:
        self.case, self.met, self.store = case, met, store

    def plan(self, num: int, **params: Any) -> list[str]:
        model = self.case.image_model if params else self.case.model
        asked = {**(self.case.image_params if params else self.case.params), **params}
        specs = [RunSpec(f"a fox {n}", model=model or "", params=asked) for n in range(num)]
        rows = [
            CellRow("g", n, s.key, s, est_cost_micro_usd=1_000_000) for n, s in enumerate(specs)
        ]
        self.store.plan(rows)
        return [row.run_key for row in rows]

    def engine(self) -> Engine:
        met = self.met
        return Engine(
            self.store,
            lambda service: met.fake.provider(service, self.store.folder, met.patch),
            verify=verify,
            settings=QUICK,
        )

    def lead(self, keys: list[str]) -> list[State]:
        with self.engine() as engine:
            engine.start(keys)
            assert engine.wait(30), engine.progress()
        return [self.store.run(key).state for key in keys]


@pytest.fixture
def led(request: pytest.FixtureRequest, met: Met, tmp_path: Path) -> Iterator[Led]:
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(100)
        yield Led(request.getfixturevalue("case"), met, store)


BAD_DAY = ("lose", "", "error_before", "", "busy", "", "garbage", "", "redirect")


@some(CASES, A_LISTING, A_TOKEN, A_SILENT)
def test_no_run_is_paid_twice_on_a_bad_day(case: Case, fake: FakeService, led: Led) -> None:
    fake.retry_after_s = 0
    keys = led.plan(5)
    fake.wrong("submit", *BAD_DAY)
    fake.wrong("poll", "error_before", "garbage", "", "drop")
    fake.wrong("list", "error_before")
    fake.wrong("download", "truncated", "html", "error_before")
    states = led.lead(keys)
    if case.lists and set(states) == {State.DONE}:
        assert fake.charges == len(
            keys
        )  # each once: what was lost was found, what never came resent
    else:
        assert set(states) <= {State.DONE, State.HOLD}
        assert State.DONE in states
        assert fake.charges <= len(keys)
    attempts = led.store.attempts()
    assert all(attempt.sent for attempt in attempts)
    budget = led.store.budget().real
    assert budget.spent_micro_usd + budget.reserved_micro_usd > 0
    for text in (json.dumps([a.sent for a in attempts]), *(str(a.error) for a in attempts)):
        assert not any(fake.key_of(name) in text for name in fake.keys)


@some(LISTING, A_LISTING)
def test_what_can_be_listed_ends_well_by_itself(case: Case, fake: FakeService, led: Led) -> None:
    keys = led.plan(2)
    fake.wrong("submit", "lose", "gateway")
    states = led.lead(keys)
    assert fake.charges == 2
    assert submits(fake) == 2
    assert set(states) <= {State.DONE, State.HOLD}
    assert case != A_LISTING or states == [State.DONE] * 2


@some(SILENT, A_SILENT)
def test_what_cannot_be_listed_is_held_and_never_sent_again(
    case: Case, fake: FakeService, led: Led
) -> None:
    keys = led.plan(3)
    fake.wrong("submit", "lose", "error_before", "garbage")
    assert led.lead(keys) == [State.HOLD] * 3
    assert led.lead(keys) == [State.HOLD] * 3
    assert (fake.charges, submits(fake)) == (2, 3)


@some(CASES, A_LISTING, A_SILENT)
def test_another_engine_goes_on_with_what_the_first_has_paid(
    case: Case, fake: FakeService, led: Led
) -> None:
    fake.num_polls = 10**6
    keys = led.plan(2)
    with led.engine() as engine:
        engine.start(keys)
        until = time.monotonic() + 20
        while fake.charges < 2 and time.monotonic() < until:
            time.sleep(0.02)
    for job in fake.jobs.values():
        job.num_polls = 0
    assert led.lead(keys) == [State.DONE] * 2
    assert (fake.charges, submits(fake)) == (2, 2)


@some(PICTURED, first(case for case in PICTURED if case.uploads))
def test_a_picture_of_many_runs_goes_up_once(
    case: Case, fake: FakeService, led: Led, tmp_path: Path
) -> None:
    image = led.store.add_image(tmp_path / picture(tmp_path).path)
    image = replace(image, url="https://example.com/fox.png")
    assert led.lead(led.plan(3, start_image=image)) == [State.DONE] * 3
    assert fake.charges == 3
    alone = len(fake.of_kind("upload"))
    assert bool(alone) == case.uploads
    for attempt in led.store.attempts():
        assert len(json.dumps(attempt.sent)) < 5000


# -- the suite itself ----------------------------------------------------------------------------


def test_every_adapter_of_a_paid_service_is_in_the_suite() -> None:
    from toolkit import discover

    there = set(discover.names("providers")) - {"sim", "own", "diffusers"}  # no service but us
    assert there <= {case.service for case in CASES}, "CASES in tests/services/ are missing"


@each(CASES)
def test_every_case_names_a_model_of_the_catalogue(case: Case) -> None:
    from toolkit import catalog

    assert catalog.card(case.model).service == case.service
