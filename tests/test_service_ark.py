"""Seedance by ByteDance's own interface: a tag that is ours, tokens that are money, two sites."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import Answer
from tests.services.ark import ArkFake
from toolkit.errors import CannotList, ProviderError, Refused
from toolkit.providers import ark
from toolkit.providers._http import UnclearError
from toolkit.records import ImageRef
from toolkit.runner import Settings
from toolkit.runner.reconcile import match
from toolkit.seams import Failed, JobHandle, Succeeded
from toolkit.store.life import Claim

PRO, TWO = "ark/seedance-1-0-pro", "ark/seedance-2-0"


@pytest.fixture
def fake() -> Iterator[ArkFake]:
    with ArkFake() as found:
        yield found  # type: ignore[misc]


@pytest.fixture
def met(fake: ArkFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "ark", tmp_path, monkeypatch)


def test_the_watermark_is_off_and_what_was_not_asked_is_not_said(met: Met):
    body = met.prepare(wish(TWO, duration_s=8.0, aspect_ratio="21:9", audio=False, fps=24, seed=1))
    assert isinstance(body["duration"], int)
    assert body == {
        "model": "dreamina-seedance-2-0-260128",
        "content": [{"type": "text", "text": FOX}],
        "duration": 8,
        "ratio": "21:9",
        "generate_audio": False,
        "seed": 1,
        "watermark": False,
    }


def test_a_still_camera_is_a_switch_and_a_moving_one_is_words(met: Met):
    still = met.prepare(wish(PRO, camera_motion="static", audio=False))
    moving = met.prepare(wish(PRO, camera_motion="orbit_left"))
    on_two = met.prepare(wish(TWO, camera_motion="static"))
    assert (still["camera_fixed"], still["content"][0]["text"]) == (True, FOX)
    assert "generate_audio" not in still
    for body in (moving, on_two):
        assert "camera_fixed" not in body
        assert body["content"][0]["text"].startswith(f"{FOX}. ")


def test_extra_is_passed_on_untouched_and_last(met: Met):
    extra = {"service_tier": "flex", "watermark": True}
    body = met.prepare(wish(PRO, extra=extra))
    assert {name: body[name] for name in extra} == extra


def test_a_rewriting_that_there_is_none_of_is_not_dropped_in_silence(met: Met):
    with pytest.raises(Refused, match="no switch for rewriting"):
        met.prepare(wish(PRO, prompt_rewrite=True))
    assert "prompt_rewrite" not in met.prepare(wish(PRO, prompt_rewrite=False))


def test_pictures_are_recorded_by_their_hash_and_sent_whole(met: Met, fake: ArkFake):
    fox, bear = picture(met.folder), ImageRef("0" * 64, url="https://p.example/bear.png")
    accepted = met.submit(wish(PRO, start_image=fox, end_image=bear))
    recorded, sent = accepted.sent["content"][1:], fake.of_kind("submit")[0].json["content"][1:]
    data = base64.b64encode((met.folder / "fox.png").read_bytes()).decode()
    assert [item["role"] for item in sent] == ["first_frame", "last_frame"]
    assert recorded[0]["image_url"] == {"url": {"image_sha256": fox.sha256}}
    assert [item["image_url"]["url"] for item in sent] == [
        f"data:image/png;base64,{data}",
        "https://p.example/bear.png",
    ]


def matched(met: Met, token: str, before: str | None = None) -> Any:
    """What the runner makes of the list for an attempt; `before` is one that the same adapter has
    had accepted.
    """
    request = wish(PRO)

    async def go(made: Any) -> Any:
        if before is not None:
            await made.submit(wish(PRO, "a heron"), before)
        claim = Claim(
            key=request.spec.key, spec=request.spec, state="unknown", fence=1, attempt_id=token,
            est_cost_micro_usd=0, intent_at=datetime.now(UTC).timestamp(),
            sent=await made.prepare(request),
        )  # fmt: skip
        jobs = await made.recent(datetime.now(UTC) - timedelta(hours=1), PRO)
        return match(claim, jobs, settings=Settings())

    return met(go)


def test_a_job_is_found_by_our_name_for_the_attempt(met: Met, fake: ArkFake):
    accepted = met.submit(wish(PRO), TOKEN)
    assert fake.of_kind("submit")[0].json["safety_identifier"] == TOKEN
    assert accepted.sent["safety_identifier"] == TOKEN
    fake.charge({"content": [], "model": "x"}, id="cgt-other", model="seedance-1-0-pro-250528")
    found = matched(met, TOKEN)
    assert ([job.handle.id for job in found.jobs], found.exact) == ([accepted.job.id], True)


def test_others_are_ruled_out_only_where_a_name_of_ours_was_seen(met: Met, fake: ArkFake):
    fake.charge({"safety_identifier": "a user"}, id="cgt-other", model="seedance-1-0-pro-250528")
    fake.charge({}, id="cgt-nameless", model="seedance-1-0-pro-250528")
    unproven = matched(met, TOKEN)
    ids = {job.handle.id for job in unproven.doubtful}
    assert (unproven.exact, ids) == (False, {"cgt-other", "cgt-nameless"})
    proven = matched(met, TOKEN, before="f" * 32)
    assert (proven.all, proven.exact) == ([], True)


def test_names_that_are_shown_in_another_spelling_prove_nothing(met: Met, fake: ArkFake):
    real = fake.task

    def hashed(job: Any) -> dict[str, Any]:
        found = real(job)
        return {**found, "safety_identifier": found["safety_identifier"][::-1]}

    fake.task = hashed  # type: ignore[method-assign]
    lost = met.submit(wish(PRO), TOKEN).job.id
    found = matched(met, TOKEN, before="0123" * 8)
    assert not found.exact
    assert lost in {job.handle.id for job in found.doubtful}


def test_the_name_of_the_attempt_is_not_overwritten(met: Met):
    with pytest.raises(Refused, match="leave it out of `extra`"):
        met.prepare(wish(PRO, extra={"safety_identifier": "me"}))


def test_where_no_row_shows_a_name_nothing_tells_jobs_apart(met: Met, fake: ArkFake):
    fake.echoes = False
    met.submit(wish(PRO))
    (job,) = listed(met)
    assert job.token is None
    assert job.sent == {"model": "seedance-1-0-pro-250528"}


def listed(met: Met, since: timedelta = timedelta(hours=1), model: str = PRO) -> Any:
    return met(lambda made: made.recent(datetime.now(UTC) - since, model))


def test_every_page_is_read_and_other_known_models_are_left_out(
    met: Met, fake: ArkFake, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ark, "PAGE", 2)
    made = [met.submit(wish(PRO, f"{FOX} {n}"), f"t{n}").job.id for n in range(5)]
    met.submit(wish(TWO), "two")
    fake.jobs[made[0]].model = "ep-2026-unheard-of"
    jobs = listed(met)
    assert {job.handle.id for job in jobs} == set(made)
    assert {job.token for job in jobs} == {None, *(f"t{n}" for n in range(5))}
    assert {job.model for job in jobs} == {PRO}
    assert len(fake.of_kind("list")) == 3


def test_what_is_older_than_the_list_is_not_said_to_be_absent(met: Met):
    with pytest.raises(CannotList, match="7 days"):
        listed(met, timedelta(days=8))


def test_an_answer_without_a_list_is_no_empty_list(met: Met, fake: ArkFake):
    fake.wrong("list", "empty")
    with pytest.raises(ProviderError, match="without a list"):
        listed(met)


def test_the_tokens_it_used_are_the_cost(met: Met):
    tokens = 1280 * 720 * 24 * 5 // 1024
    one, two, small = (
        met.end(wish(PRO, duration_s=5, resolution="720p")),
        met.end(wish(TWO, duration_s=5, resolution="720p")),
        met.end(wish(TWO, duration_s=5, resolution="4k")),
    )
    assert isinstance(one, Succeeded)
    assert isinstance(two, Succeeded)
    assert isinstance(small, Succeeded)
    assert one.cost_micro_usd == round(2.5 * tokens)
    assert two.cost_micro_usd == round(7.0 * tokens)
    assert small.cost_micro_usd == round(4.0 * tokens * 9)


def test_a_service_that_counts_no_tokens_names_no_cost(met: Met, fake: ArkFake):
    job = met.submit(wish(PRO)).job
    state = met(lambda made: made.poll(JobHandle(job.id, {**job.data, "model": "sim/draft"})))
    state = met(lambda made: made.poll(JobHandle(job.id, {**job.data, "model": "sim/draft"})))
    assert isinstance(state, Succeeded)
    assert state.cost_micro_usd is None


def test_failures_tell_moderation_from_bad_luck(met: Met, fake: ArkFake):
    fake.end_next("moderated")
    fake.end_next("failed")
    assert met.end(wish(PRO)) == Failed(
        kind="moderated", reason="OutputVideoSensitiveContentDetected: no luck"
    )
    assert met.end(wish(PRO)) == Failed(kind="failed", reason="InternalServiceError: no luck")


def test_what_waited_too_long_was_never_made_and_costs_nothing(met: Met, fake: ArkFake):
    job = met.submit(wish(PRO)).job
    fake.task = lambda _: {"id": job.id, "status": "expired"}  # type: ignore[method-assign]
    state = met(lambda made: made.poll(job))
    assert state == Failed(kind="failed", reason="expired: it was not begun in time")


CODES = {
    "AuthenticationError": (401, "auth", "BytePlus and Volcengine differ"),
    "AccountOverdueError": (403, "arrears", "top up"),
    "ModelNotOpen": (404, "auth", "activate the model"),
    "QuotaExceeded": (429, "arrears", "activate the model"),
    "SetLimitExceeded": (429, "arrears", "raise it"),
    "RateLimitExceeded.EndpointRPMExceeded": (429, "rate_limit", ""),
    "ServerOverloaded": (429, "rate_limit", ""),
    "InputImageSensitiveContentDetected.PrivacyInformation": (400, "moderated", "picture"),
    "InvalidEndpointOrModel.NotFound": (404, "retired", "gone"),
    "InvalidEndpointOrModel.ModelIDAccessDisabled": (404, "auth", "console"),
    "InvalidParameter.Duration": (400, "invalid", ""),
    "SomethingNew": (403, "auth", ""),
}


@pytest.mark.parametrize("code", CODES)
def test_its_codes_are_told_apart_and_say_the_way_out(code: str, met: Met, fake: ArkFake):
    status, kind, hint = CODES[code]
    fake.invalid = lambda *_: "no"  # type: ignore[method-assign]
    fake.error = lambda *_: Answer(status, {"error": {"code": code, "message": "m"}})  # type: ignore[method-assign]
    with pytest.raises(Refused) as no:
        met.submit(wish(PRO))
    assert no.value.kind == kind
    assert hint in str(no.value)
    assert fake.charges == 0


def test_a_code_that_comes_with_a_5xx_proves_nothing(met: Met, fake: ArkFake):
    fake.invalid = lambda *_: "no"  # type: ignore[method-assign]
    fake.error = lambda *_: Answer(500, {"error": {"code": "AccountOverdueError"}})  # type: ignore[method-assign]
    with pytest.raises(UnclearError):
        met.submit(wish(PRO))


def test_what_waits_is_taken_off_and_what_has_ended_is_left_alone(met: Met, fake: ArkFake):
    waits, runs, ended = (met.submit(wish(PRO), f"t{n}").job for n in range(3))
    for job, state in ((waits, "queued"), (runs, "running"), (ended, "succeeded")):
        fake.jobs[job.id].state = fake.jobs[job.id].ends = state
        fake.jobs[job.id].num_polls = 9
    real, fake.look = fake.look, fake.jobs.get  # type: ignore[method-assign]
    met(lambda made: made.cancel(waits))
    for job, state in ((runs, "running"), (ended, "succeeded")):
        with pytest.raises(ProviderError, match=f"the job is {state}"):
            met(lambda made, job=job: made.cancel(job))
    fake.look = real  # type: ignore[method-assign]
    assert fake.jobs[waits.id].state == "cancelled"
    assert "deleted" not in fake.jobs[ended.id].extra
    assert len(fake.of_kind("cancel")) == 1


def test_a_job_of_the_other_site_is_asked_for_nowhere(met: Met, fake: ArkFake):
    job = JobHandle("cgt-1", {"base": "https://ark.cn-beijing.volces.com/api/v3", "model": PRO})
    for work in ("poll", "cancel"):
        with pytest.raises(ProviderError, match=r"made at https://ark\.cn-beijing.*ARK_URL"):
            met(lambda made, work=work: getattr(made, work)(job))
    assert fake.asked == []


@pytest.mark.parametrize(
    ("model", "name"),
    [(PRO, "doubao-seedance-1-0-pro-250528"), (TWO, "doubao-seedance-2-0-260128")],
)
def test_in_china_models_have_names_of_their_own(
    model: str, name: str, met: Met, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ARK_API_KEY", "canary-a")
    monkeypatch.setenv("PROMPTGRID_ARK_URL", "https://ark.cn-beijing.volces.com/api/v3")
    import asyncio

    body = asyncio.run(ark.ArkProvider(met.folder).prepare(wish(model)))
    assert body["model"] == name


def test_results_come_with_the_hour_they_are_gone(met: Met):
    state = met.end(wish(PRO))
    assert isinstance(state, Succeeded)
    until = state.assets[0].expires_at
    assert until is not None
    assert abs((until - datetime.now(UTC)).total_seconds() - 24 * 3600) < 120
