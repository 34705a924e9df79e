"""Wan by Alibaba's own interface: regions, codes, what a list that shows little can prove."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fake_service import verify
from tests.services._meet import FOX, Met, picture, wish
from tests.services._server import Answer
from tests.services.dashscope import DashScopeFake
from toolkit.errors import CannotList, NotSent, ProviderError, Refused
from toolkit.providers import dashscope
from toolkit.providers._http import AddressError, UnclearError
from toolkit.providers._nest import nested
from toolkit.records import ImageRef, State
from toolkit.runner import Engine, Settings
from toolkit.seams import Failed, JobHandle, Request, Succeeded
from toolkit.store import CellRow, Store

T2V, I2V = "dashscope/wan2.7-t2v", "dashscope/wan2.7-i2v"


@pytest.fixture
def fake() -> Iterator[DashScopeFake]:
    with DashScopeFake() as found:
        yield found  # type: ignore[misc]


@pytest.fixture
def met(fake: DashScopeFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    for name in ("DASHSCOPE_REGION", "DASHSCOPE_API_REGION", "DASHSCOPE_WORKSPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    return Met(fake, "dashscope", tmp_path, monkeypatch)


def with_body(request: Request, body: dict[str, Any]) -> Request:
    return Request(spec=request.spec, card=request.card, body=body)


def test_rewriting_and_the_watermark_are_switched_off_aloud(met: Met):
    body = met.prepare(wish(T2V, duration_s=5.0, resolution="1080p", aspect_ratio="9:16", seed=3))
    assert isinstance(body["parameters"]["duration"], int)
    assert body == {
        "model": "wan2.7-t2v",
        "input": {"prompt": FOX},
        "parameters": {
            "duration": 5,
            "resolution": "1080P",
            "ratio": "9:16",
            "seed": 3,
            "prompt_extend": False,
            "watermark": False,
        },
    }


def test_a_rewritten_prompt_is_the_runs_prompt_used(met: Met, fake: DashScopeFake):
    plain, rewritten = met.end(wish(T2V)), met.end(wish(T2V, prompt_rewrite=True))
    assert isinstance(plain, Succeeded)
    assert isinstance(rewritten, Succeeded)
    assert (plain.prompt_used, rewritten.prompt_used) == (FOX, fake.rewrites)


def test_extra_joins_the_body_and_comes_last(met: Met):
    extra = {"parameters": {"watermark": True, "shot_type": "multi"}}
    body = met.prepare(wish(T2V, seed=3, extra=extra))
    assert body["parameters"] == {
        "seed": 3,
        "prompt_extend": False,
        "watermark": True,
        "shot_type": "multi",
    }


def test_a_camera_move_goes_in_words(met: Met):
    body = met.prepare(wish(T2V, camera_motion="push_in"))
    assert body["input"]["prompt"].startswith(f"{FOX}. ")
    assert "camera" not in str(body["parameters"])


def test_a_failure_inside_a_good_answer_is_a_failure(met: Met, fake: DashScopeFake):
    fake.end_next("moderated")
    fake.end_next("failed", "out of memory")
    first, second = met.end(wish(T2V)), met.end(wish(T2V))
    text = "DataInspectionFailed: Output data may contain inappropriate content."
    assert first == Failed(kind="moderated", reason=text)
    assert second == Failed(kind="failed", reason="InternalError.Algo: out of memory")


def test_an_unknown_job_has_expired_only_where_it_is_a_day_old(met: Met, fake: DashScopeFake):
    now = datetime.now(UTC)
    young, old = (
        JobHandle("gone", {"base": fake.url, "at": (now - timedelta(hours=h)).isoformat()})
        for h in (1, 25)
    )
    with pytest.raises(Refused, match="younger than a day") as no:
        met(lambda made: made.poll(young))
    assert no.value.kind == "not_found"
    state = met(lambda made: made.poll(old))
    assert isinstance(state, Failed)
    assert (state.kind, state.charged_micro_usd) == ("expired", None)


def test_a_job_of_another_region_is_asked_for_nowhere(met: Met, fake: DashScopeFake):
    job = JobHandle("d1", {"base": "https://w.ap-southeast-1.maas.aliyuncs.com"})
    for work in ("poll", "cancel"):
        with pytest.raises(ProviderError, match=r"made at https://w\.ap-southeast-1.*REGION"):
            met(lambda made, work=work: getattr(made, work)(job))
    assert fake.asked == []


@pytest.mark.parametrize(
    ("region", "workspace", "url"),
    [
        ("", "", "https://dashscope.aliyuncs.com"),
        ("cn-beijing", "ws-1", "https://dashscope.aliyuncs.com"),
        ("ap-southeast-1", "ws-1", "https://ws-1.ap-southeast-1.maas.aliyuncs.com"),
    ],
)
def test_the_region_and_the_workspace_make_the_address(
    region: str, workspace: str, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "canary-d")
    monkeypatch.setenv("DASHSCOPE_REGION", region)
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", workspace)
    monkeypatch.delenv("PROMPTGRID_DASHSCOPE_URL", raising=False)
    assert dashscope.DashScopeProvider(tmp_path).base_url == url


@pytest.mark.parametrize(
    ("region", "workspace", "said"),
    [
        ("ap-southeast-1", "", "DASHSCOPE_WORKSPACE_ID is ''"),
        ("ap-southeast-1", "evil.example/x", "DASHSCOPE_WORKSPACE_ID is 'evil.example/x'"),
        ("x@evil.example", "ws-1", "DASHSCOPE_REGION is 'x@evil.example'"),
    ],
)
def test_what_is_no_part_of_an_address_is_refused(
    region: str, workspace: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "canary-d")
    monkeypatch.setenv("DASHSCOPE_REGION", region)
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", workspace)
    with pytest.raises(ProviderError, match=said):
        dashscope.DashScopeProvider(tmp_path)


CODES = {
    "InvalidApiKey": (401, "auth", "DASHSCOPE_REGION"),
    "Arrearage": (400, "arrears", "top up"),
    "DataInspectionFailed": (400, "moderated", "word it differently"),
    "Throttling.RateQuota": (429, "rate_limit", ""),
    "Throttling.AllocationQuota": (429, "arrears", "quota is used up"),
    "ModelNotFound": (404, "retired", "gone or not offered in this region"),
    "AccessDenied.Unpurchased": (403, "arrears", "activate the model"),
    "AccessDenied": (403, "auth", "let the key use this model"),
    "InvalidParameter.Duration": (400, "invalid", ""),
    "SomethingNew": (400, "invalid", ""),
}


@pytest.mark.parametrize("code", CODES)
def test_its_codes_are_told_apart_and_say_the_way_out(code: str, met: Met, fake: DashScopeFake):
    status, kind, hint = CODES[code]
    fake.invalid = lambda *_: "no"  # type: ignore[method-assign]
    fake.error = lambda *_: Answer(status, {"code": code, "message": "m"})  # type: ignore[method-assign]
    with pytest.raises(Refused) as no:
        met.submit(wish(T2V))
    assert no.value.kind == kind
    assert hint in str(no.value)
    assert code in str(no.value)
    assert fake.charges == 0


def test_a_refusal_may_come_with_200_but_an_unknown_one_is_unclear(met: Met, fake: DashScopeFake):
    fake.invalid = lambda *_: "no"  # type: ignore[method-assign]
    fake.error = lambda *_: Answer(200, {"code": "Arrearage", "message": "m"})  # type: ignore[method-assign]
    with pytest.raises(Refused) as no:
        met.submit(wish(T2V))
    assert no.value.kind == "arrears"
    fake.error = lambda *_: Answer(200, {"code": "New", "message": "m"})  # type: ignore[method-assign]
    with pytest.raises(UnclearError):
        met.submit(wish(T2V))


def test_a_code_that_comes_with_a_5xx_proves_nothing(met: Met, fake: DashScopeFake):
    fake.invalid = lambda *_: "no"  # type: ignore[method-assign]
    fake.error = lambda *_: Answer(503, {"code": "Arrearage", "message": "m"})  # type: ignore[method-assign]
    with pytest.raises(UnclearError):
        met.submit(wish(T2V))


def test_pictures_are_uploaded_once_and_the_key_stays_at_home(met: Met, fake: DashScopeFake):
    fox, bear = picture(met.folder), picture(met.folder, "bear")

    async def both(made: Any) -> list[dict[str, Any]]:
        asked = [wish(I2V, start_image=fox, end_image=bear), wish(I2V, start_image=fox, seed=2)]
        bodies = [await made.prepare(request) for request in asked]
        for request, body in zip(asked, bodies, strict=True):
            await made.submit(with_body(request, body), "t")
        return bodies

    first, second = met(both)
    urls = [f"oss://dashscope-instant/x/{image.sha256}.png" for image in (fox, bear)]
    assert first["input"]["media"] == [
        {"type": "first_frame", "url": urls[0]},
        {"type": "last_frame", "url": urls[1]},
    ]
    assert second["input"]["media"] == [{"type": "first_frame", "url": urls[0]}]
    put = [ask for ask in fake.asked if ask.path == "/bucket"]
    assert len(put) == 2
    assert all("authorization" not in ask.headers for ask in put)
    assert (met.folder / "fox.png").read_bytes() in put[0].body


def test_a_picture_that_is_public_alone_is_not_uploaded(met: Met, fake: DashScopeFake):
    fox = ImageRef("0" * 64, url="https://pictures.example/fox.png")
    body = met.prepare(wish(I2V, start_image=fox))
    assert body["input"]["media"] == [{"type": "first_frame", "url": fox.url}]
    assert fake.asked == []


class Elsewhere(DashScopeFake):
    @property
    def bucket_url(self) -> str:
        return self.elsewhere


def test_a_picture_is_not_brought_to_a_strangers_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with Elsewhere() as fake:
        met = Met(fake, "dashscope", tmp_path, monkeypatch)
        with pytest.raises(AddressError):
            met.prepare(wish(I2V, start_image=picture(tmp_path)))
        assert [ask for ask in fake.asked if ask.where == "elsewhere"] == []


def listed(met: Met, since: timedelta = timedelta(hours=1)) -> Any:
    return met(lambda made: made.recent(datetime.now(UTC) - since, T2V))


def test_the_list_shows_the_prompt_of_finished_jobs_alone(met: Met, fake: DashScopeFake):
    fake.charge({"input": {"prompt": "x"}}, model="wan2.7-i2v")
    running = met.submit(wish(T2V, "running")).job.id
    done = met.submit(wish(T2V, "done")).job.id
    long = met.submit(wish(T2V, "long " * 200)).job.id
    for job in (done, long):
        fake.jobs[job].state = fake.jobs[job].ends = "succeeded"
    found = {job.handle.id: job.sent for job in listed(met)}
    assert found == {
        running: {"model": "wan2.7-t2v"},
        done: {"model": "wan2.7-t2v", "input": {"prompt": "done"}},
        long: {"model": "wan2.7-t2v"},
    }


def test_every_page_is_read_and_a_models_dated_version_counts(met: Met, fake: DashScopeFake):
    fake.page = 2
    made = [met.submit(wish(T2V, f"{FOX} {n}")).job.id for n in range(5)]
    fake.jobs[made[0]].model = "wan2.7-t2v-2026-04-25"
    jobs = listed(met)
    assert {job.handle.id for job in jobs} == set(made)
    assert all(job.model == T2V for job in jobs)
    assert all(abs((job.created_at - datetime.now(UTC)).total_seconds()) < 60 for job in jobs)


QUICK = Settings(
    spare_bytes=0,
    settle_s=0.4,
    skew_s=30.0,
    guard_s=5.0,
    submit_timeout_s=2.0,
    list_every_s=0.05,
    retry_submit_s=0.05,
    poll_first_s=0.05,
    poll_most_s=0.1,
)


def led(met: Met, prompts: list[str], faults: list[str], *, done: bool) -> list[State]:
    """What becomes of runs whose answers go wrong so; `done` where jobs end at once."""
    for name, value in met.fake.environ("dashscope").items():
        met.patch.setenv(name, value)
    with Store.open(met.folder / "exp") as store:
        store.set_budget(10)
        specs = [wish(T2V, text, duration_s=5, resolution="720p").spec for text in prompts]
        store.plan(
            [CellRow("g", n, s.key, s, est_cost_micro_usd=500_000) for n, s in enumerate(specs)]
        )
        met.fake.wrong("submit", *faults)
        if done:
            real = met.fake.charge

            def charge(*what: Any, **more: Any) -> Any:
                job = real(*what, **more)
                job.state = "succeeded"
                return job

            met.fake.charge = charge  # type: ignore[method-assign]
        with Engine(
            store, lambda _: dashscope.provider(met.folder), verify=verify, settings=QUICK
        ) as engine:
            engine.start([spec.key for spec in specs])
            assert engine.wait(20), engine.progress()
        return [store.run(spec.key).state for spec in specs]


def test_a_lost_answer_whose_job_shows_nothing_is_held_and_not_paid_again(
    met: Met, fake: DashScopeFake
):
    fake.num_polls = 10**6
    assert led(met, ["a fox"], ["lose"], done=False) == [State.HOLD]
    assert (fake.charges, len(fake.of_kind("submit"))) == (1, 1)


def test_a_lost_answer_is_found_by_its_prompt_once_the_job_has_succeeded(
    met: Met, fake: DashScopeFake
):
    states = led(met, ["a fox", "a heron"], ["lose", "gateway"], done=True)
    assert states == [State.DONE, State.DONE]
    assert (fake.charges, len(fake.of_kind("submit"))) == (2, 2)


def test_what_never_came_to_the_service_is_sent_again(met: Met, fake: DashScopeFake):
    assert led(met, ["a fox"], ["error_before"], done=True) == [State.DONE]
    assert (fake.charges, len(fake.of_kind("submit"))) == (1, 2)


def test_what_is_older_than_a_day_is_not_said_to_be_absent(met: Met):
    with pytest.raises(CannotList, match="24 hours"):
        listed(met, timedelta(hours=25))


def test_a_list_without_rows_or_key_is_no_empty_list(met: Met, fake: DashScopeFake):
    fake.wrong("list", "empty")
    with pytest.raises(ProviderError, match="without a list"):
        listed(met)


def test_what_waits_can_be_taken_off_and_what_runs_cannot(met: Met, fake: DashScopeFake):
    waits, runs = (met.submit(wish(T2V)).job for _ in range(2))
    fake.jobs[runs.id].state = "running"
    met(lambda made: made.cancel(waits))
    with pytest.raises(ProviderError, match="PENDING"):
        met(lambda made: made.cancel(runs))
    state = met(lambda made: made.poll(waits))
    assert state == Failed(kind="cancelled", reason="cancelled before it began")


def test_results_come_with_the_hour_they_are_gone(met: Met):
    state = met.end(wish(T2V))
    assert isinstance(state, Succeeded)
    until = state.assets[0].expires_at
    assert until is not None
    assert abs((until - datetime.now(UTC)).total_seconds() - 24 * 3600) < 60


def test_without_a_key_the_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    with pytest.raises(ProviderError, match="DASHSCOPE_API_KEY"):
        dashscope.provider(tmp_path)


def test_a_dead_address_means_not_sent(met: Met, fake: DashScopeFake):
    request = wish(T2V)
    made = met.fake.environ("dashscope")
    for name, value in made.items():
        met.patch.setenv(name, value)
    met.patch.setenv("PROMPTGRID_DASHSCOPE_URL", "http://127.0.0.1:9")
    import asyncio

    async def go() -> None:
        provider = dashscope.DashScopeProvider(met.folder)
        await provider.submit(request, "t")

    with pytest.raises(NotSent):
        asyncio.run(go())


def test_dotted_names_nest_and_mappings_meet():
    flat = {"model": "m", "a.b": 1, "a.c.d": 2, "a": {"b": 3, "c": {"e": 4}}, "x.y": None}
    assert nested(flat) == {"model": "m", "a": {"b": 3, "c": {"d": 2, "e": 4}}, "x": {"y": None}}
