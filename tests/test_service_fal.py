"""fal: which endpoint, under which names, and what the queue's answers mean."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fake_service import verify, wait_for
from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import Answer, image_bytes
from tests.services.fal import ENDPOINTS, FalFake, FalThatShowsAll
from toolkit import catalog
from toolkit.errors import ProviderError, Refused
from toolkit.providers import fal
from toolkit.providers._http import AddressError
from toolkit.records import ModelCard, State
from toolkit.runner import Engine, Limits, Settings
from toolkit.seams import Failed, JobHandle, Request, Running, Succeeded
from toolkit.store import CellRow, Store

RAY = "fal/luma-dream-machine/ray-2"
KLING = "fal/kling-video/v2.6/pro"
WAN = "fal/wan/v2.7"
CARDS = [card for card in catalog.cards() if card.service == "fal"]


@pytest.fixture
def fake() -> Iterator[FalFake]:
    with FalFake(num_polls=0) as made:
        yield made


@pytest.fixture
def met(fake: FalFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "fal", tmp_path, monkeypatch)


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def inputs(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if not name.startswith("$")}


def answers(
    patch: pytest.MonkeyPatch, fake: FalFake, kind: str, work: Callable[[Any], Answer]
) -> None:
    """All requests of one kind are answered so."""
    routes = [r if r[2] != kind else (*r[:3], work) for r in fake._routes]
    patch.setattr(fake, "_routes", routes)


# -- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "asked", "endpoint", "sent"),
    [
        (
            RAY,
            {"duration_s": 9, "resolution": "720p", "loop": True},
            "fal-ai/luma-dream-machine/ray-2",
            {"duration": "9s", "resolution": "720p", "loop": True},
        ),
        (
            KLING,
            {"duration_s": 5, "resolution": "1080p", "aspect_ratio": "9:16", "audio": False},
            "fal-ai/kling-video/v2.6/pro/text-to-video",
            {"duration": "5", "aspect_ratio": "9:16", "generate_audio": False},
        ),
        (
            "fal/bytedance/seedance/v1/pro",
            {"duration_s": 12, "camera_motion": "static", "seed": 7},
            "fal-ai/bytedance/seedance/v1/pro/text-to-video",
            {"duration": "12", "camera_fixed": True, "seed": 7},
        ),
        (
            WAN,
            {"duration_s": 5, "audio": True},
            "fal-ai/wan/v2.7/text-to-video",
            {"duration": "5", "enable_prompt_expansion": False},
        ),
        (
            WAN,
            {"prompt_rewrite": True},
            "fal-ai/wan/v2.7/text-to-video",
            {"enable_prompt_expansion": True},
        ),
        (
            "fal/veo3.1",
            {"duration_s": 8, "extra": {"safety_tolerance": "4"}},
            "fal-ai/veo3.1",
            {"duration": "8s", "auto_fix": False, "safety_tolerance": "4"},
        ),
        (
            "fal/flux/schnell",
            {"aspect_ratio": "16:9", "seed": 7},
            "fal-ai/flux/schnell",
            {"image_size": "landscape_16_9", "seed": 7},
        ),
    ],
)
def test_our_words_become_each_models_own(
    met: Met, fake: FalFake, model: str, asked: Any, endpoint: str, sent: Any
) -> None:
    met.submit(wish(model, **asked))
    (ask,) = fake.of_kind("submit")
    assert ask.path == f"/{endpoint}"
    assert ask.json == {"prompt": FOX, **sent}


PICTURES = [("start_image",), ("end_image",), ("start_image", "end_image")]


def with_pictures() -> list[Any]:
    return [
        pytest.param(card, names, id=f"{card.model}+{'+'.join(names)}")
        for card in CARDS
        for names in PICTURES
        if all(getattr(card, name) for name in names)
        # an end alone: only Luma's endpoint takes it
        and (names != ("end_image",) or "luma" in card.model)
    ]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.model)
def test_every_models_plain_request_is_one_that_its_endpoint_takes(
    met: Met, fake: FalFake, card: ModelCard, tmp_path: Path
) -> None:
    params = catalog.usual_params(card) if card.makes == "video" else {}
    params |= {n: picture(tmp_path) for n in ("start_image",) if {"needs": n} in card.limits}
    params |= {"seed": 7} if card.seed != "none" else {}
    met.submit(wish(card.model, negative="text" if card.negative else None, **params))
    assert fake.charges == 1


@pytest.mark.parametrize(("card", "names"), with_pictures())
def test_every_models_pictures_go_to_an_endpoint_that_takes_them_under_these_names(
    met: Met, fake: FalFake, card: ModelCard, names: tuple[str, ...], tmp_path: Path
) -> None:
    params: dict[str, Any] = {name: picture(tmp_path, name) for name in names}
    met.submit(wish(card.model, duration_s=(card.durations_s or [5])[0], **params))
    (ask,) = fake.of_kind("submit")
    taken = ENDPOINTS[ask.path[1:]]
    went = {name for name, value in ask.json.items() if str(value).startswith("https://v3.fal")}
    assert len(went) == len(names)
    assert went <= set(taken["properties"])
    assert sorted(fake.uploaded.values()) == sorted(map(image_bytes, names))


def test_what_an_endpoint_for_pictures_cannot_take_is_refused_before_anything_is_paid(
    met: Met, fake: FalFake, tmp_path: Path
) -> None:
    asked = wish(KLING, aspect_ratio="16:9", start_image=picture(tmp_path))
    with pytest.raises(Refused, match="takes no `aspect_ratio` beside `start_image`: leave it out"):
        met.submit(asked)
    assert fake.asked == []


def test_fal_is_told_to_ask_no_other_model_and_that_is_recorded(met: Met, fake: FalFake) -> None:
    answer = met.submit(wish(RAY))
    (ask,) = fake.of_kind("submit")
    assert answer.sent["$headers"] == fal.HEADERS
    for name in ("x-app-fal-disable-fallback", "x-app-fal-disable-fallbacks"):
        assert ask.headers[name] == "true"
    assert ask.headers["x-fal-disable-fallbacks"] == "true"
    assert not {"x-fal-store-io", "x-fal-no-retry", "x-fal-request-timeout"} & set(ask.headers)
    assert ask.query == {}


# -- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["http://files.example/x", "file:///etc/passwd", "None"])
def test_a_picture_goes_nowhere_else_than_over_https(
    met: Met, fake: FalFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    told = {"upload_url": target, "file_url": "https://v3.fal.media/files/a/1.png"}
    reply = Answer(200, told)
    monkeypatch.setattr(
        fake,
        "_routes",
        [r if r[2] != "upload" else (*r[:3], lambda _: reply) for r in fake._routes],
    )
    with pytest.raises(AddressError):
        met.prepare(wish(RAY, start_image=picture(tmp_path)))


# -- the queue's addresses -----------------------------------------------------------------------


def test_the_addresses_that_fal_gave_are_kept_and_used(met: Met, fake: FalFake) -> None:
    job = met.submit(wish(KLING)).job
    here = f"{fake.url}/fal-ai/kling-video/requests/{job.id}"
    assert job.data == {
        "response_url": here,
        "status_url": f"{here}/status",
        "cancel_url": f"{here}/cancel",
    }


def test_addresses_on_a_strangers_host_are_not_used(
    met: Met, fake: FalFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = fake.submit

    def elsewhere(ask: Any) -> Answer:
        reply = plain(ask)
        told = {k: v.replace(fake.url, fake.elsewhere) for k, v in reply.body.items() if "url" in k}
        return Answer(200, {**reply.body, **told})

    answers(monkeypatch, fake, "submit", elsewhere)
    assert isinstance(met.end(wish(KLING)), Succeeded)
    assert not [ask for ask in fake.asked if ask.where == "elsewhere"]


@pytest.mark.parametrize(
    ("endpoint", "app"),
    [
        ("fal-ai/kling-video/v3/pro/image-to-video", "fal-ai/kling-video"),
        ("bytedance/seedance-2.0/text-to-video", "bytedance/seedance-2.0"),
        ("fal-ai/veo3", "fal-ai/veo3"),
        ("workflows/me/my-flow/run", "workflows/me/my-flow"),
        ("comfy/me/my-graph", "comfy/me/my-graph"),
    ],
)
def test_without_addresses_the_first_parts_of_the_name_are_the_app(
    met: Met, fake: FalFake, endpoint: str, app: str
) -> None:
    async def handle(made: Any) -> JobHandle:
        return made._handle("r1", endpoint)  # type: ignore[no-any-return]

    job = met(handle)
    assert job.data["response_url"] == f"{fake.url}/{app}/requests/r1"
    assert job.data["status_url"] == f"{fake.url}/{app}/requests/r1/status"


# -- how jobs end --------------------------------------------------------------------------------


def polled(met: Met, fake: FalFake, end: str, reason: str = "") -> Any:
    fake.end_next(end, reason)
    job = met.submit(wish(RAY)).job
    return met(lambda made: made.poll(job))


def test_a_finished_job_may_be_an_error(met: Met, fake: FalFake) -> None:
    state = polled(met, fake, "failed")
    assert state == Failed(kind="failed", reason="the runner went away (runner_disconnected)")


def test_the_error_may_be_in_the_result_alone(met: Met, fake: FalFake) -> None:
    state = polled(met, fake, "failed", "out of memory")
    assert state == Failed(kind="failed", reason="out of memory (internal_error)")


def test_a_policy_violation_is_moderation(met: Met, fake: FalFake) -> None:
    state = polled(met, fake, "moderated")
    assert (state.kind, state.charged_micro_usd) == ("moderated", 0)
    assert state.reason == "The content was flagged (content_policy_violation)"


def test_a_stopped_job_is_cancelled(met: Met, fake: FalFake) -> None:
    assert polled(met, fake, "cancelled").kind == "cancelled"


@pytest.mark.parametrize(
    "reply",
    [
        Answer(502, "<html>Bad Gateway</html>"),
        Answer(500, {"detail": "try again"}),
        Answer(429, {"detail": "slow down"}),
        Answer(401, {"detail": "who?"}),
    ],
)
def test_trouble_on_the_way_to_a_result_ends_nothing(
    met: Met, fake: FalFake, monkeypatch: pytest.MonkeyPatch, reply: Answer
) -> None:
    job = met.submit(wish(RAY)).job
    with monkeypatch.context() as patch:
        answers(patch, fake, "result", lambda _: reply)
        with pytest.raises(ProviderError):
            met(lambda made: made.poll(job))
    assert isinstance(met(lambda made: made.poll(job)), Succeeded)


def test_the_prompt_that_was_used_is_told(met: Met, fake: FalFake) -> None:
    state = met.end(wish(WAN, prompt_rewrite=True))
    assert isinstance(state, Succeeded)
    assert state.prompt_used is None
    fake.rewrites = True
    state = met.end(wish(WAN, prompt_rewrite=True))
    assert isinstance(state, Succeeded)
    assert state.prompt_used == f"{FOX}, golden hour"
    assert state.cost_micro_usd is None


def test_pictures_are_results_too(met: Met, fake: FalFake) -> None:
    fake.makes = "image"
    state = met.end(wish("fal/flux/schnell"))
    assert isinstance(state, Succeeded)
    (asset,) = state.assets
    assert str(asset.url).endswith(".png")


def test_a_result_without_a_file_may_have_cost(
    met: Met, fake: FalFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "output", lambda _: {"seed": 7, "video": None})
    state = met.end(wish(RAY))
    assert state == Failed(kind="expired", reason="finished without a file", charged_micro_usd=None)


def test_a_place_in_the_queue_is_told(
    met: Met, fake: FalFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = met.submit(wish(RAY)).job
    told = {"status": "IN_QUEUE", "queue_position": 3}
    answers(monkeypatch, fake, "poll", lambda _: Answer(202, told))
    assert met(lambda made: made.poll(job)) == Running(note="3 before it")


def test_a_job_that_has_ended_cannot_be_cancelled(met: Met, fake: FalFake) -> None:
    job = met.submit(wish(RAY)).job
    met(lambda made: made.poll(job))
    with pytest.raises(ProviderError, match=f"job {job.id} has ended already"):
        met(lambda made: made.cancel(job))


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            Answer(403, {"detail": "User is locked. Reason: Exhausted balance."}),
            "arrears",
            "top up",
        ),
        (Answer(403, {"detail": "forbidden"}), "auth", "FAL_KEY"),
        (Answer(404, {"detail": "Application not found"}), "not_found", "fal.ai/models"),
        (
            Answer(422, {"detail": [{"msg": "flagged", "type": "content_policy_violation"}]}),
            "moderated",
            "change the words",
        ),
        (Answer(422, {"detail": [{"msg": "bad", "loc": ["body", "seed"]}]}), "invalid", "seed"),
    ],
)
def test_a_refusal_says_what_and_the_way_out(
    met: Met, fake: FalFake, monkeypatch: pytest.MonkeyPatch, reply: Answer, kind: str, words: str
) -> None:
    monkeypatch.setattr(fake, "_refusal", lambda _: reply)
    fake.wrong("submit", "invalid")
    with pytest.raises(Refused, match=words) as found:
        met.submit(wish(RAY))
    assert found.value.kind == kind
    assert fake.charges == 0


# -- the list ------------------------------------------------------------------------------------


def test_jobs_are_found_at_all_endpoints_of_a_model_and_through_all_pages(
    fake: FalFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FalThatShowsAll(num_polls=0) as full:
        full.page = 2
        met = Met(full, "fal", tmp_path, monkeypatch)
        for n in range(3):
            met.submit(wish(KLING, f"{FOX} {n}"))
        image = picture(tmp_path)
        last = met.submit(wish(KLING, start_image=image))
        met.submit(wish(RAY))
        jobs = met(lambda made: made.recent(ago(minutes=5), KLING))
        assert len(jobs) == 4
        assert len(full.of_kind("list")) == 2
        (found,) = (job for job in jobs if job.handle.id == last.job.id)
        assert found.handle == last.job
        assert found.sent == {k: v for k, v in last.sent.items() if k != "$headers"}
        assert found.sent["$endpoint"] == "fal-ai/kling-video/v2.6/pro/image-to-video"


def test_rows_without_payloads_are_left_out_for_they_say_nothing(met: Met, fake: FalFake) -> None:
    job = met.submit(wish(RAY)).job
    met(lambda made: made.poll(job))
    assert len(met(lambda made: made.recent(ago(minutes=5), RAY))) == 1
    fake.keeps_payloads = False
    assert met(lambda made: made.recent(ago(minutes=5), RAY)) == []


def test_a_payload_may_be_text_and_a_row_may_know_its_end_alone(
    met: Met, fake: FalFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = {"request_id": "r1", "endpoint_id": "fal-ai/luma-dream-machine/ray-2"}
    ended |= {"ended_at": datetime.now(UTC).isoformat()}
    rows = [
        {**ended, "json_input": '{"prompt": "a fox", "duration": "5s"}'},
        {**ended, "request_id": "r2", "json_input": "not kept"},
    ]
    answers(monkeypatch, fake, "list", lambda _: Answer(200, {"items": rows, "has_more": False}))
    (job,) = met(lambda made: made.recent(ago(minutes=5), RAY))
    assert job.handle.id == "r1"
    assert job.sent == {
        "$endpoint": "fal-ai/luma-dream-machine/ray-2",
        "prompt": "a fox",
        "duration": "5s",
    }


QUICK = Settings(
    limits={"fal": Limits(max_in_flight=4)},
    spare_bytes=0,
    settle_s=0.4,
    skew_s=30.0,
    list_every_s=0.05,
    late_list_s=3.0,
    retry_submit_s=0.05,
    poll_first_s=0.05,
    poll_most_s=0.1,
)


@pytest.fixture
def run(fake: FalFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An engine whose one paid answer is lost."""
    for name, value in fake.environ("fal").items():
        monkeypatch.setenv(name, value)
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(10)
        spec = wish(KLING, duration_s=5).spec
        store.plan([CellRow("g", 0, spec.key, spec, est_cost_micro_usd=350_000)])
        fake.wrong("submit", "lose")
        with Engine(
            store, lambda _: fal.provider(tmp_path), verify=verify, settings=QUICK
        ) as engine:
            engine.start([spec.key])
            yield engine, lambda: store.run(spec.key)


def test_a_lost_answer_waits_for_the_job_to_end_and_pays_once(fake: FalFake, run: Any) -> None:
    engine, now = run
    wait_for(lambda: len(fake.of_kind("list")) > 4)
    time.sleep(2 * QUICK.settle_s)  # any other service's job would count as never taken by now
    assert now().state is State.UNKNOWN
    (job,) = fake.jobs.values()
    job.state = "succeeded"
    assert engine.wait(20)
    assert now().state is State.DONE
    assert (fake.charges, len(fake.of_kind("submit"))) == (1, 1)


def test_a_lost_answer_whose_job_never_shows_waits_for_a_person(fake: FalFake, run: Any) -> None:
    engine, now = run
    assert engine.wait(20)
    held = now()
    assert held.state is State.HOLD
    assert held.reason == "fal may have charged; it lists finished jobs, and none is this"
    assert (fake.charges, len(fake.of_kind("submit"))) == (1, 1)


# -- any model, by its schema --------------------------------------------------------------------


def described(met: Met, wire_id: str) -> ModelCard:
    return met(lambda made: made.describe(wire_id))


def test_a_model_is_described_by_its_own_schema(met: Met, fake: FalFake) -> None:
    card = described(met, "fal-ai/luma-dream-machine/ray-2")
    assert (card.model, card.wire_id) == (RAY, "fal-ai/luma-dream-machine/ray-2")
    assert card.makes == "video"
    assert card.durations_s == [5, 9]
    assert card.default_duration_s == 5
    assert card.fields["duration_s"] == "duration={}s"
    assert card.resolutions == ["540p", "720p", "1080p"]
    assert (card.seed, card.camera, card.loop, card.start_image) == ("none", None, True, False)
    assert card.defaults == {"resolution": "540p", "aspect_ratio": "16:9"}
    assert "authorization" not in fake.asked[-1].headers, "schemas are public"


def test_what_a_model_needs_and_calls_otherwise_is_read(met: Met) -> None:
    kling = described(met, "fal-ai/kling-video/v2.6/pro/image-to-video")
    assert kling.fields["start_image"] == "start_image_url"
    assert kling.fields["duration_s"] == "duration={}"
    assert kling.limits == [{"needs": "start_image"}]
    assert (kling.audio, kling.negative, kling.durations_s) == (True, True, [5, 10])
    both = described(met, "fal-ai/veo3.1/first-last-frame-to-video")
    assert both.limits == [{"needs": "start_image"}, {"needs": "end_image"}]
    assert (both.fields["start_image"], both.fields["end_image"]) == (
        "first_frame_url",
        "last_frame_url",
    )
    wan = described(met, "fal-ai/wan/v2.7/text-to-video")
    assert wan.fields["prompt_rewrite"] == "enable_prompt_expansion"
    assert wan.defaults["prompt_rewrite"] is True
    assert wan.extra_params["enable_safety_checker"] == [True, False]
    assert wan.durations_s == list(range(2, 16))
    assert described(met, "fal-ai/flux/schnell").makes == "image"


@pytest.mark.parametrize("wire_id", sorted(ENDPOINTS))
def test_what_a_described_card_lets_through_the_endpoint_takes(
    met: Met, fake: FalFake, tmp_path: Path, wire_id: str
) -> None:
    card = described(met, wire_id)
    params: dict[str, Any] = {"seed": 7} if card.seed != "none" else {}
    if card.durations_s:
        params["duration_s"] = int(card.durations_s[-1])
    params |= {"resolution": card.resolutions[-1]} if card.resolutions else {}
    params |= {"aspect_ratio": card.aspect_ratios[-1]} if card.aspect_ratios else {}
    params |= {n: True for n in ("audio", "loop") if getattr(card, n)}
    params |= {n: picture(tmp_path) for n in ("start_image", "end_image") if getattr(card, n)}
    params |= {"camera_motion": "static"} if card.camera else {}
    params |= {n: v[0] for n, v in card.extra_params.items() if v}
    spec = dataclasses.replace(wish(RAY).spec, model=card.model, params=params)
    met.submit(Request(spec=spec, card=card), TOKEN)
    assert fake.charges == 1
    aloud = "prompt_rewrite" in card.fields
    assert len(fake.of_kind("submit")[0].json) == 1 + len(params) + aloud


def test_a_model_that_is_not_there_is_not_described(met: Met) -> None:
    with pytest.raises(Refused) as found:
        described(met, "fal-ai/no-such-model")
    assert found.value.kind == "not_found"


# -- prices --------------------------------------------------------------------------------------


def test_prices_are_asked_for_and_shown_and_change_no_card(met: Met) -> None:
    before = catalog.card("fal/veo3")
    told = met(lambda made: made.prices(["fal/veo3", "fal/flux/schnell", RAY]))
    assert told == {
        "fal/veo3": "0.4 USD per second",
        "fal/flux/schnell": "0.003 USD per megapixel",
    }
    assert catalog.card("fal/veo3") == before
