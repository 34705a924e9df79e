"""What is free comes before any money; what was meant is known when no answer comes; and a job that
may be another's is not guessed at.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fake_service import CARD, FAST, MODEL, OTHER, PRICE, mp4, verify
from tests.services._server import image_bytes
from toolkit.errors import NotSent, ProviderError, Refused
from toolkit.records import ImageRef, RunSpec, State
from toolkit.runner import Engine, Settings
from toolkit.runner.reconcile import Matches, contested, match
from toolkit.seams import Accepted, Asset, Job, JobHandle, Request, Succeeded
from toolkit.store import CellRow, Store
from toolkit.store.life import Claim


class Preparing:
    """A service with uploads and a list; `shows` are the keys of a request that its list echoes.

    `answer(nth)` says what becomes of the nth submit: "" (well), "lost" (charged, no answer) or
    "drop" (neither).
    """

    name = "fake"

    def __init__(
        self,
        folder: Path,
        *,
        shows: tuple[str, ...] = ("prompt", "seconds", "image"),
        answer: Callable[[int], str] = lambda _: "",
        prepare: Callable[[Request], dict[str, Any] | None] | None = None,
    ) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.shows, self.answer, self.preparing = shows, answer, prepare
        self.jobs: dict[str, tuple[dict[str, Any], float]] = {}
        self.calls: list[str] = []
        self.requests: list[Request] = []

    def models(self) -> list[Any]:
        return [CARD, OTHER]

    async def prepare(self, request: Request) -> Any:
        self.calls.append("prepare")
        self.requests.append(request)
        if self.preparing is not None:
            return self.preparing(request)
        body: dict[str, Any] = {"prompt": request.prompt, "seconds": 5}
        image = request.params.get("start_image")
        if image is not None:
            body["image"] = image.canonical()
        return body

    async def submit(self, request: Request, token: str) -> Accepted:
        self.calls.append("submit")
        assert request.body is not None
        what = self.answer(self.calls.count("submit"))
        if what != "drop":
            self.jobs[f"job-{len(self.jobs)}"] = (request.body, FAST.clock.now())
        if what:
            raise ProviderError("connection reset", provider=self.name)
        return Accepted(JobHandle(list(self.jobs)[-1]), request.body)

    async def poll(self, job: JobHandle) -> Succeeded:
        path = self.folder / f"{job.id}.mp4"
        path.write_bytes(mp4(job.id))
        return Succeeded(assets=[Asset(path=str(path))])

    async def recent(self, since: datetime, model: str) -> list[Job]:
        return [
            Job(
                handle=JobHandle(name),
                created_at=datetime.fromtimestamp(at, UTC),
                model=model,
                sent={k: v for k, v in body.items() if k in self.shows},
            )
            for name, (body, at) in self.jobs.items()
        ]

    async def cancel(self, job: JobHandle) -> None:
        raise NotImplementedError


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(100)
        yield store


def cell(prompt: str = "a fox", sample: int = 1, **params: Any) -> CellRow:
    spec = RunSpec(prompt, model=MODEL, params=params, sample=sample)
    return CellRow("g", hash(spec.key) % 10**6, spec.key, spec, est_cost_micro_usd=PRICE)


def run(
    store: Store, provider: Any, *rows: CellRow, timeout: float = 20.0, settings: Settings = FAST
) -> list[str]:
    store.plan(rows)
    keys = [row.run_key for row in rows]
    with Engine(store, lambda _: provider, settings=settings, verify=verify) as engine:
        engine.start(keys)
        assert engine.wait(timeout), engine.progress()
    return [str(store.run(key).state) for key in keys]


def picture(store: Store, name: str) -> ImageRef:
    path = store.folder.parent / f"{name}.png"
    path.write_bytes(image_bytes(name))
    return store.add_image(path)


def spent(store: Store) -> tuple[int, int]:
    real = store.budget().real
    return real.spent_micro_usd // PRICE, real.reserved_micro_usd // PRICE


# -- before any money ----------------------------------------------------------------------------


def test_what_was_prepared_is_recorded_with_the_intent_and_handed_to_submit(store, tmp_path):
    seen = []

    def look(_: int) -> str:
        (attempt,) = store.attempts()
        seen.append((attempt.state, attempt.sent))
        return ""

    provider = Preparing(tmp_path / "s", answer=look)
    assert run(store, provider, cell()) == ["done"]
    body = {"prompt": "a fox", "seconds": 5}
    assert seen == [("intent", body)]
    assert provider.calls[:2] == ["prepare", "submit"]
    assert store.attempts()[0].sent == body


@pytest.mark.parametrize("kind", ["invalid", "moderated"])
def test_a_refusal_while_preparing_ends_the_run_with_nothing_sent_and_nothing_held(
    store, tmp_path, kind
):
    def refuse(_: Request) -> None:
        raise Refused("not like that", kind=kind, provider="fake")

    provider = Preparing(tmp_path / "s", prepare=refuse)
    (state,) = run(store, provider, cell())
    assert state == {"invalid": "rejected", "moderated": "moderated"}[kind]
    assert "submit" not in provider.calls
    assert (store.attempts(), spent(store)) == ([], (0, 0))
    assert "not like that" in store.runs()[0].reason


@pytest.mark.parametrize(
    "problem",
    [NotSent("no route", provider="fake"), ProviderError("503"), TimeoutError(), OSError()],
)
def test_what_may_pass_while_preparing_is_tried_again(store, tmp_path, problem):
    times: list[int] = []

    def fail_twice(_: Request) -> dict[str, Any]:
        times.append(1)
        if len(times) < 3:
            raise problem
        return {"prompt": "a fox"}

    provider = Preparing(tmp_path / "s", prepare=fail_twice)
    assert run(store, provider, cell()) == ["done"]
    assert (len(times), len(provider.jobs), len(store.attempts())) == (3, 1, 1)
    assert store.run_rows()[0]["num_attempts"] == 1


@pytest.mark.parametrize("answer", [None, ["list"], {"a": object()}])
def test_what_is_no_body_is_never_sent(store, tmp_path, answer):
    provider = Preparing(tmp_path / "s", prepare=lambda _: answer)
    assert run(store, provider, cell()) == ["rejected"]
    assert "cannot be prepared" in store.runs()[0].reason
    assert "submit" not in provider.calls


def test_a_preparation_without_end_is_given_up_and_holds_nothing(store, tmp_path):
    class Hanging(Preparing):
        async def prepare(self, request: Request) -> Any:
            self.calls.append("prepare")
            await asyncio.sleep(3600)

    provider = Hanging(tmp_path / "s")
    settings = Settings(**{**vars(FAST), "prepare_timeout_s": 2.0})
    row = cell()
    store.plan([row])
    with Engine(store, lambda _: provider, settings=settings, verify=verify) as engine:
        engine.start([row.run_key])
        until = time.monotonic() + 10
        while provider.calls.count("prepare") < 2 and time.monotonic() < until:
            time.sleep(0.01)
    assert provider.calls.count("prepare") >= 2  # it came back to it
    assert (store.attempts(), spent(store)) == ([], (0, 0))
    assert store.runs()[0].state is State.PLANNED


def test_a_stop_while_preparing_sends_nothing(store, tmp_path):
    class Slow(Preparing):
        async def prepare(self, request: Request) -> Any:
            self.calls.append("prepare")
            engine.stop()
            return {"prompt": request.prompt}

    provider = Slow(tmp_path / "s")
    row = cell()
    store.plan([row])
    with Engine(store, lambda _: provider, settings=FAST, verify=verify) as engine:
        engine.start([row.run_key])
        assert engine.wait(10)
    assert provider.calls == ["prepare"]
    assert store.runs()[0].state is State.PLANNED


# -- pictures ------------------------------------------------------------------------------------


def test_a_picture_reaches_the_provider_by_its_full_path(store, tmp_path):
    image = picture(store, "fox")
    assert not Path(image.path).is_absolute()
    provider = Preparing(tmp_path / "s")
    assert run(store, provider, cell(start_image=image)) == ["done"]
    given = provider.requests[0].params["start_image"]
    assert Path(given.path) == store.folder / image.path
    assert hashlib.sha256(Path(given.path).read_bytes()).hexdigest() == image.sha256
    assert store.runs()[0].spec.params["start_image"].path == image.path


def test_a_picture_known_by_its_hash_alone_is_found_in_the_experiment(store, tmp_path):
    image = picture(store, "fox")
    provider = Preparing(tmp_path / "s")
    assert run(store, provider, cell(start_image=ImageRef(image.sha256))) == ["done"]
    assert provider.requests[0].params["start_image"].path == str(store.folder / image.path)


def test_a_picture_that_is_gone_is_refused_before_any_money(store, tmp_path):
    image = picture(store, "fox")
    (store.folder / image.path).unlink()
    provider = Preparing(tmp_path / "s")
    assert run(store, provider, cell(start_image=image)) == ["rejected"]
    assert provider.calls == []
    assert spent(store) == (0, 0)
    assert "is not there any more; nothing was sent" in store.runs()[0].reason


def test_the_address_of_a_picture_survives_the_store(store):
    image = ImageRef("ab" * 32, path="x.png", url="https://example.com/x.png")
    store.plan([cell(start_image=image)])
    assert store.runs()[0].spec.params["start_image"] == image


# -- a lost answer -------------------------------------------------------------------------------


def test_a_lost_answer_is_adopted_by_what_the_list_echoes_of_the_body(store, tmp_path):
    provider = Preparing(tmp_path / "s", answer=lambda n: "lost" if n == 1 else "")
    assert run(store, provider, cell()) == ["done"]
    assert len(provider.jobs) == 1
    assert spent(store) == (1, 0)


def test_a_request_that_never_arrived_is_sent_again_after_proof(store, tmp_path):
    provider = Preparing(tmp_path / "s", answer=lambda n: "drop" if n == 1 else "")
    assert run(store, provider, cell()) == ["done"]
    assert provider.calls.count("submit") == 2
    assert spent(store) == (1, 0)


def test_identical_requests_are_exchangeable(store, tmp_path):
    provider = Preparing(tmp_path / "s", answer=lambda n: "lost")
    rows = [cell(sample=n) for n in (1, 2, 3)]
    assert run(store, provider, *rows) == ["done"] * 3
    assert len({store.run(row.run_key).clip_sha256 for row in rows}) == 3
    assert len(provider.jobs) == 3


def test_arms_that_differ_by_a_picture_which_the_list_shows_are_told_apart(store, tmp_path):
    class Hosting(Preparing):
        async def prepare(self, request: Request) -> Any:
            image = request.params["start_image"]
            return {"prompt": request.prompt, "image": f"https://x.example/{image.sha256}"}

    provider = Hosting(tmp_path / "s", answer=lambda n: "lost")
    rows = [cell(start_image=picture(store, name)) for name in ("fox", "hare")]
    assert run(store, provider, *rows) == ["done", "done"]
    for row in rows:
        (attempt,) = store.attempts(row.run_key)
        body, _ = provider.jobs[attempt.job["id"]]
        assert body["image"].endswith(row.spec.params["start_image"].sha256)


def test_arms_that_differ_by_a_picture_which_the_list_does_not_show_wait_for_a_person(
    store, tmp_path
):
    provider = Preparing(tmp_path / "s", shows=("prompt", "seconds"), answer=lambda n: "lost")
    rows = [cell(start_image=picture(store, name)) for name in ("fox", "hare")]
    assert run(store, provider, *rows) == ["hold", "hold"]
    assert len(provider.jobs) == 2
    assert spent(store) == (0, 2)
    reason = store.run(rows[0].run_key).reason
    assert rows[1].run_key[:16] in reason
    assert "differ only in what its list does not show" in reason


def test_a_lost_arm_waits_for_the_answer_of_the_other_before_a_job_is_its_own(store, tmp_path):
    """The other's job is in the list before its own answer is: it must not be taken."""

    class Late(Preparing):
        async def submit(self, request: Request, token: str) -> Accepted:
            self.calls.append("submit")
            if request.params["start_image"].sha256 == fox.sha256:
                raise ProviderError("reset", provider=self.name)  # never arrived
            self.jobs["job-hare"] = (request.body or {}, FAST.clock.now())
            await FAST.clock.sleep(15)
            return Accepted(JobHandle("job-hare"), request.body or {})

    fox, hare = picture(store, "fox"), picture(store, "hare")
    provider = Late(tmp_path / "s", shows=("prompt", "seconds"))
    rows = [cell(start_image=fox), cell(start_image=hare)]
    store.plan(rows)
    with Engine(store, lambda _: provider, settings=FAST, verify=verify) as engine:
        engine.start([row.run_key for row in rows])
        until = time.monotonic() + 15
        while store.run(rows[1].run_key).state is not State.DONE and time.monotonic() < until:
            time.sleep(0.02)
        engine.stop()
    (attempt,) = store.attempts(rows[1].run_key)
    assert attempt.job == {"id": "job-hare"}
    assert all(a.job is None for a in store.attempts(rows[0].run_key))


def test_a_job_of_which_too_little_is_shown_is_held(store, tmp_path):
    provider = Preparing(tmp_path / "s", shows=("seconds",), answer=lambda n: "lost")
    assert run(store, provider, cell()) == ["hold"]
    assert "too little is shown of its job job-0" in store.runs()[0].reason


def test_the_prepared_body_outlives_the_process(store, tmp_path):
    """A kernel is killed between the request and its answer; the next one knows what was meant."""
    row = cell()
    store.plan([row])
    program = f"""
        import os
        from pathlib import Path
        from tests.fake_service import FAST, verify
        from tests.test_runner_prepare import Preparing
        from toolkit.runner import Engine
        from toolkit.store import Store

        class Killed(Preparing):
            async def submit(self, request, token):
                os._exit(9)

        with Store.open({str(store.folder)!r}) as store:
            made = Killed(Path({str(tmp_path / "s")!r}))
            with Engine(store, lambda _: made, settings=FAST, verify=verify) as engine:
                engine.start([{row.run_key!r}])
                engine.wait(20)
    """
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=root, timeout=60, check=False
    )
    assert done.returncode == 9
    provider = Preparing(tmp_path / "s")
    provider.jobs["job-0"] = ({"prompt": "a fox", "seconds": 5}, FAST.clock.now())
    assert run(store, provider, row) == ["done"]
    assert provider.calls.count("submit") == 0
    assert len(provider.jobs) == 1
    assert os.path.getsize(store.clip_path(store.runs()[0].clip_sha256))  # noqa: PTH202


# -- matching, by itself -------------------------------------------------------------------------

NOW = 1_700_000_000.0


def claim(sent: dict[str, Any] | None, prompt: str = "a fox", **params: Any) -> Claim:
    spec = RunSpec(prompt, model=MODEL, params=params)
    return Claim(
        key=spec.key, spec=spec, state=State.UNKNOWN, fence=1, est_cost_micro_usd=0,
        attempt_id="t", intent_at=NOW, sent=sent,
    )  # fmt: skip


def job(sent: dict[str, Any] | None, name: str = "j", **more: Any) -> Job:
    return Job(
        handle=JobHandle(name), created_at=datetime.fromtimestamp(NOW + 1, UTC), model=MODEL,
        sent=sent, **more,
    )  # fmt: skip


URL = "https://x.example/1"


@pytest.mark.parametrize(
    ("theirs", "ours", "kind"),
    [
        ({"prompt": "a fox"}, {"prompt": "a fox", "seed": 1}, "jobs"),
        ({"prompt": "a fox", "seed": 1}, {"prompt": "a fox", "seed": 1}, "jobs"),
        ({"prompt": "a fox", "seed": 2}, {"prompt": "a fox", "seed": 1}, None),
        ({"prompt": "a fox", "n": "5"}, {"prompt": "a fox", "n": 5.0}, "jobs"),
        ({"prompt": " a  fox\n"}, {"prompt": "a fox"}, "jobs"),
        ({"prompt": "a fox. Slow push in."}, {"prompt": "a fox. Slow push in."}, "jobs"),
        ({"prompt": "a hare"}, {"prompt": "a fox"}, None),
        ({"input": {"prompt": "a fox"}}, {"input": {"prompt": "a fox", "a": 1}, "b": 2}, "jobs"),
        ({"input": {"prompt": "a fox", "a": 2}}, {"input": {"prompt": "a fox", "a": 1}}, None),
        ({"seconds": 5}, {"prompt": "a fox", "seconds": 5}, "doubtful"),
        ({"seconds": 6}, {"prompt": "a fox", "seconds": 5}, None),
        ({"prompt": "a fox", "image": URL}, {"prompt": "a fox", "image": URL}, "jobs"),
        ({"prompt": "a fox", "image": URL + "2"}, {"prompt": "a fox", "image": URL}, "doubtful"),
        ({"prompt": "a fox", "image": "x"}, {"prompt": "a fox", "image": URL}, None),
        ({"prompt": "a fox", "image": URL}, {"prompt": "a fox", "image": {"image_sha256": "ab"}},
         "jobs"),
        ({"content": [{"text": "a fox"}, {"a": 1}]}, {"content": [{"text": "a fox"}, {"a": 1}]},
         "jobs"),
        ({"prompt": "a fox"}, None, "doubtful"),
        ({"prompt": "a hare"}, None, None),
        (None, {"prompt": "a fox"}, "faded"),
        ({}, {"prompt": "a fox"}, "faded"),
    ],
)  # fmt: skip
def test_a_job_is_recognised_by_what_both_show(theirs, ours, kind):
    found = match(claim(ours), [job(theirs)], settings=Settings())
    assert {k for k in ("jobs", "faded", "doubtful") if getattr(found, k)} == ({kind} - {None})


def test_a_job_that_is_certainly_another_runs_is_no_doubt_of_ours():
    mine = claim({"prompt": "a fox", "image": URL}, start_image=ImageRef("a" * 64))
    other = claim({"prompt": "a fox", "image": URL + "2"}, start_image=ImageRef("b" * 64))
    found = match(mine, [job(other.sent)], settings=Settings())
    assert found.doubtful
    left, open_to = contested(mine, found, [other], settings=Settings())
    assert (left.all, open_to) == ([], {})


def test_a_faded_job_that_may_be_anothers_is_nobodys():
    mine, other = claim({"prompt": "a fox"}), claim({"prompt": "a hare"}, prompt="a hare")
    found = match(mine, [job(None)], settings=Settings())
    left, open_to = contested(mine, found, [other], settings=Settings())
    assert (left, open_to) == (Matches(), {"j": [other]})
    left, open_to = contested(mine, found, [], settings=Settings())
    assert (left.faded, open_to) == (found.faded, {})
