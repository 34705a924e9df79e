"""Replicate: the wire names of each model, any model by its schema, and what its answers mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.fake_service import verify
from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import Answer, image_bytes
from tests.services.replicate import MODELS, OFFICIAL, SPEC, VERSION, ReplicateFake
from toolkit import catalog
from toolkit.catalog.rows import row_of
from toolkit.errors import CatalogError, ProviderError, Refused
from toolkit.providers.replicate import MOST_INLINE_BYTES, provider
from toolkit.records import ImageRef, ModelCard, State
from toolkit.runner import Engine, Settings
from toolkit.seams import Failed, JobHandle, Request, Succeeded
from toolkit.store import CellRow, Store

RAY = "replicate/luma/ray-2-720p"
SEEDANCE = "replicate/bytedance/seedance-1-pro"


@pytest.fixture
def fake() -> Iterator[ReplicateFake]:
    with ReplicateFake(num_polls=0) as made:
        yield made


@pytest.fixture
def met(fake: ReplicateFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "replicate", tmp_path, monkeypatch)


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def inputs(met: Met, model: str, **params: Any) -> dict[str, Any]:
    body = met.prepare(wish(model, **params))
    assert body.pop("prompt").startswith(FOX)
    assert body.pop("$model") == catalog.card(model).wire_id
    return body


# -- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        (
            RAY,
            {"duration_s": 9, "resolution": "720p", "loop": True, "camera_motion": "roll_cw"},
            {"duration": 9, "loop": True, "concepts": ["roll_right"]},
        ),
        (RAY, {"camera_motion": "push_in", "fps": 24}, {"concepts": ["push_in"]}),
        (RAY, {"audio": False, "loop": False}, {"loop": False}),
        (
            "replicate/kwaivgi/kling-v3-video",
            {"duration_s": 5, "resolution": "720p", "audio": False},
            {"duration": 5, "mode": "standard", "generate_audio": False},
        ),
        ("replicate/kwaivgi/kling-v3-video", {"resolution": "4k"}, {"mode": "4k"}),
        ("replicate/kwaivgi/kling-v2.6", {"resolution": "1080p"}, {}),
        ("replicate/pixverse/pixverse-v5", {"resolution": "540p"}, {"quality": "540p"}),
        (SEEDANCE, {"camera_motion": "static", "fps": 24}, {"camera_fixed": True, "fps": 24}),
        (
            "replicate/wan-video/wan-2.7-t2v",
            {"audio": True, "seed": 7},
            {"enable_prompt_expansion": False, "seed": 7},
        ),
        (
            "replicate/wan-video/wan-2.7-t2v",
            {"prompt_rewrite": True, "extra": {"audio": "https://sound.example/a.mp3"}},
            {"enable_prompt_expansion": True, "audio": "https://sound.example/a.mp3"},
        ),
        (
            "replicate/black-forest-labs/flux-schnell",
            {"aspect_ratio": "16:9", "output_format": "png", "seed": 7},
            {"aspect_ratio": "16:9", "output_format": "png", "seed": 7},
        ),
    ],
)
def test_our_words_become_each_models_own(
    met: Met, fake: ReplicateFake, model: str, asked: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert inputs(met, model, **asked) == sent
    if catalog.card(model).wire_id in OFFICIAL:
        met.submit(wish(model, **asked))
        assert fake.charges == 1


def test_a_move_that_a_fixed_camera_cannot_say_is_said_in_words(met: Met) -> None:
    body = met.prepare(wish(SEEDANCE, camera_motion="push_in"))
    assert body == {
        "$model": "bytedance/seedance-1-pro",
        "prompt": f"{FOX}. The camera pushes in slowly.",
    }


def test_rewriting_that_a_model_cannot_do_is_refused_before_anything_is_paid(
    met: Met, fake: ReplicateFake
) -> None:
    with pytest.raises(Refused, match="ray-2-720p has no switch for rewriting prompts"):
        met.submit(wish(RAY, prompt_rewrite=True))
    assert "prompt_rewrite" not in inputs(met, RAY, prompt_rewrite=False)
    assert fake.asked == []


def test_the_negative_prompt_goes_by_its_name(met: Met) -> None:
    body = met.prepare(wish("replicate/kwaivgi/kling-v3-video", negative="text, logos"))
    assert body["negative_prompt"] == "text, logos"


def test_what_is_posted_is_what_the_document_allows(met: Met, fake: ReplicateFake) -> None:
    met.submit(wish(RAY, duration_s=5))
    (ask,) = fake.of_kind("submit")
    assert ask.json == {"input": {"prompt": FOX, "duration": 5}}
    jsonschema.validate(ask.json, SPEC["schemas"]["schemas_prediction_request"])
    assert "prefer" not in ask.headers


# -- pictures ------------------------------------------------------------------------------------


def test_a_small_picture_travels_in_the_body_and_a_large_one_is_uploaded(
    met: Met, fake: ReplicateFake, tmp_path: Path
) -> None:
    import base64
    import hashlib

    small = picture(tmp_path)
    content = image_bytes("fox") + bytes(MOST_INLINE_BYTES)
    (tmp_path / "large.png").write_bytes(content)
    large = ImageRef(hashlib.sha256(content).hexdigest(), path="large.png")
    answer = met.submit(wish(SEEDANCE, start_image=small, end_image=large))
    posted = fake.of_kind("submit")[0].json["input"]
    uri = f"data:image/png;base64,{base64.b64encode(image_bytes('fox')).decode()}"
    assert posted["image"] == uri
    assert posted["last_frame_image"] == "https://api.replicate.com/v1/files/1"
    assert content in fake.uploaded[0]
    assert answer.sent["image"] == {"image_sha256": small.sha256}
    assert b"large.png" not in fake.uploaded[0], "a person's own name went out"


def test_a_picture_without_a_file_goes_by_its_public_address(met: Met, fake: ReplicateFake) -> None:
    image = ImageRef("0" * 64, url="https://pictures.example/fox.png")
    assert inputs(met, RAY, start_image=image) == {"start_image": image.url}
    assert fake.asked == []


# -- any model, by its schema --------------------------------------------------------------------


def described(met: Met, wire_id: str) -> ModelCard:
    return met(lambda made: made.describe(wire_id))


def test_a_model_that_was_seen_is_described_by_its_own_schema(met: Met) -> None:
    card = described(met, "luma/ray")
    assert (card.model, card.wire_id, card.makes) == ("replicate/luma/ray", "luma/ray", "video")
    assert card.fields["start_image"] == "start_image_url"
    assert card.fields["end_image"] == "end_image_url"
    assert card.aspect_ratios == ["1:1", "3:4", "4:3", "9:16", "16:9", "9:21", "21:9"]
    assert (card.durations_s, card.resolutions, card.seed) == ([], [], "none")
    assert (card.start_image, card.end_image, card.loop, card.negative) == (
        True, True, True, False,
    )  # fmt: skip
    assert card.defaults == {"aspect_ratio": "16:9", "loop": False}
    assert sorted(card.extra_params) == ["end_video_id", "start_video_id"]
    assert card.price is None


def test_durations_cameras_seeds_and_choices_are_read(met: Met) -> None:
    ray = described(met, "luma/ray-2-720p")
    assert (ray.durations_s, ray.default_duration_s, ray.camera) == ([5, 9], 5, "concepts")
    seedance = described(met, "bytedance/seedance-1-pro")
    assert seedance.durations_s == list(range(2, 13))
    assert (seedance.camera, seedance.seed, seedance.fps) == ("camera_fixed", "best_effort", [24])
    assert seedance.resolutions == ["480p", "720p", "1080p"]
    assert seedance.defaults["resolution"] == "1080p"
    assert (seedance.fields["start_image"], seedance.fields["end_image"]) == (
        "image",
        "last_frame_image",
    )
    kling = described(met, "kwaivgi/kling-v3-video")
    assert (kling.prompt_limit, kling.audio, kling.negative) == (2500, True, True)
    assert kling.extra_params["mode"] == ["standard", "pro", "4k"]
    wan = described(met, "wan-video/wan-2.7-t2v")
    assert wan.fields["prompt_rewrite"] == "enable_prompt_expansion"
    assert wan.audio is None, "its `audio` is a file to sing to, no switch"
    assert wan.start_image is False


def test_a_choice_under_the_name_of_a_switch_is_no_switch(
    met: Met, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = {"type": "string", "enum": ["on", "off"]}
    monkeypatch.setitem(MODELS, "luma/ray-2-720p", {"prompt": {"type": "string"}, "sound": sound})
    card = described(met, "luma/ray-2-720p")
    assert card.audio is None
    assert card.extra_params == {"sound": ["on", "off"]}


def test_a_model_that_makes_pictures_is_told_by_its_example(met: Met) -> None:
    card = described(met, "black-forest-labs/flux-schnell")
    assert card.makes == "image"
    assert card.extra_params["num_outputs"] == [1, 2, 3, 4]
    assert card.extra_params["output_format"] == ["webp", "jpg", "png"]


def test_somebody_elses_model_is_asked_by_its_version(met: Met, fake: ReplicateFake) -> None:
    card = described(met, "somebody/own-video")
    assert card.model == "replicate/somebody/own-video"
    assert card.wire_id == f"somebody/own-video:{VERSION}"
    wanted = wish(RAY, seed=7)
    spec = dataclasses.replace(wanted.spec, model=card.model)
    state = met.end(Request(spec=spec, card=card))
    assert isinstance(state, Succeeded)
    (ask,) = fake.of_kind("submit")
    assert ask.path == "/v1/predictions"
    assert ask.json == {"version": VERSION, "input": {"prompt": FOX, "seed": 7}}


@pytest.mark.parametrize("wire_id", sorted(OFFICIAL))
def test_what_a_described_card_lets_through_the_model_takes(
    met: Met, fake: ReplicateFake, tmp_path: Path, wire_id: str
) -> None:
    card = described(met, wire_id)
    params: dict[str, Any] = {"seed": 7} if card.seed != "none" else {}
    for name, values in (
        ("duration_s", card.durations_s),
        ("resolution", card.resolutions),
        ("aspect_ratio", card.aspect_ratios),
        ("fps", card.fps),
    ):
        params |= {name: int(values[-1]) if name == "fps" else values[-1]} if values else {}
    if "duration_s" in params:
        params["duration_s"] = int(params["duration_s"])
    params |= {n: True for n in ("audio", "loop") if getattr(card, n)}
    params |= {n: picture(tmp_path) for n in ("start_image", "end_image") if getattr(card, n)}
    params |= {"camera_motion": "static"} if card.camera else {}
    params |= {n: v[0] for n, v in card.extra_params.items() if v}
    spec = dataclasses.replace(wish(RAY).spec, model=card.model, params=params)
    met.submit(Request(spec=spec, card=card))
    assert fake.charges == 1
    aloud = "prompt_rewrite" in card.fields
    assert len(fake.of_kind("submit")[0].json["input"]) == 1 + len(params) + aloud


def test_what_cannot_be_described_says_why(
    met: Met, fake: ReplicateFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused) as gone:
        described(met, "luma/ray-9")
    assert gone.value.kind == "not_found"
    with pytest.raises(ProviderError, match="a model is 'owner/name', not 'ray'"):
        described(met, "ray")
    monkeypatch.setitem(MODELS, "luma/ray-2-720p", {"image": {"type": "string"}})
    with pytest.raises(CatalogError, match="takes no `prompt`; it takes: image"):
        described(met, "luma/ray-2-720p")
    monkeypatch.setattr(fake, "_version", lambda _: {"id": VERSION})
    with pytest.raises(ProviderError, match="says nothing of what luma/ray-2-720p takes"):
        described(met, "luma/ray-2-720p")


# -- results -------------------------------------------------------------------------------------

FILE = "https://replicate.delivery/xezq/a/out.mp4"


@pytest.mark.parametrize("output", [FILE, [FILE], {"video": FILE, "seconds": 5}, ["text", FILE]])
def test_a_result_is_found_whatever_its_shape(met: Met, fake: ReplicateFake, output: Any) -> None:
    fake.output = output
    state = met.end(wish(RAY))
    assert isinstance(state, Succeeded)
    assert [asset.url for asset in state.assets] == [FILE]
    assert state.cost_micro_usd is None
    until = state.assets[0].expires_at
    assert until is not None
    assert timedelta(minutes=59) < until - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize("output", [42, 0, "a sentence", ["one", "two"]])
def test_an_output_that_is_no_file_is_a_failure_and_may_have_cost(
    met: Met, fake: ReplicateFake, output: Any
) -> None:
    fake.output = output
    state = met.end(wish(RAY))
    assert isinstance(state, Failed)
    assert (state.kind, state.charged_micro_usd) == ("failed", None)
    assert repr(str(output)[:80]) in state.reason


def test_a_result_is_gone_after_an_hour(met: Met, fake: ReplicateFake) -> None:
    job = met.submit(wish(RAY)).job
    fake.advance(3601)
    state = met(lambda made: made.poll(job))
    assert isinstance(state, Failed)
    assert (state.kind, state.charged_micro_usd) == ("expired", None)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (FILE, True),
        ("https://pbxt.replicate.delivery/a/out.mp4", True),
        ("http://replicate.delivery/a.mp4", False),
        ("https://replicate.delivery.evil.example/a.mp4", False),
        ("https://evilreplicate.delivery/a.mp4", False),
        ("https://files.example/a.mp4", False),
    ],
)
def test_the_key_goes_to_replicates_own_files_alone(
    met: Met, fake: ReplicateFake, url: str, wanted: bool
) -> None:
    fake.output = url
    state = met.end(wish(RAY))
    assert isinstance(state, Succeeded)
    key = f"Bearer {fake.key_of('REPLICATE_API_TOKEN')}"
    assert state.assets[0].headers == ({"authorization": key} if wanted else {})


@pytest.mark.parametrize(
    ("end", "reason", "kind"),
    [
        ("failed", "The input or output was flagged as sensitive. (E005)", "moderated"),
        ("failed", "It went wrong (E005)", "moderated"),
        ("failed", "NSFW content detected", "moderated"),
        ("failed", "CUDA out of memory (E1001)", "failed"),
        ("cancelled", "", "cancelled"),
    ],
)
def test_a_failure_says_what_it_was(
    met: Met, fake: ReplicateFake, end: str, reason: str, kind: str
) -> None:
    fake.end_next(end, reason)
    state = met.end(wish(RAY))
    assert isinstance(state, Failed)
    assert state.kind == kind
    assert reason in state.reason
    assert state.charged_micro_usd is None, "it does not say that this is free"


def test_a_job_that_never_began_costs_nothing(met: Met, fake: ReplicateFake) -> None:
    def work(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "status": "aborted"}

    plain = fake.prediction
    fake.prediction = lambda job: work(plain(job))  # type: ignore[method-assign]
    state = met.end(wish(RAY))
    assert isinstance(state, Failed)
    assert (state.kind, state.charged_micro_usd) == ("cancelled", 0)


# -- refusals ------------------------------------------------------------------------------------


def refused(met: Met, request: Request) -> Refused:
    with pytest.raises(Refused) as found:
        met.submit(request)
    return found.value


def test_what_a_model_does_not_take_is_named(met: Met, fake: ReplicateFake) -> None:
    found = refused(met, wish(RAY, extra={"fps_please": 60, "duration": 7}))
    assert found.kind == "invalid"
    assert str(found).endswith("; not taken: input.duration, input.fps_please")
    assert fake.charges == 0


def test_refusals_name_the_way_out(met: Met, fake: ReplicateFake) -> None:
    for fault, kind, words in (
        ("arrears", "arrears", "add credit at replicate.com/account/billing"),
        ("no_auth", "auth", "is REPLICATE_API_TOKEN right?"),
        ("not_found", "not_found", "private, retired or asked by its version, name:version"),
    ):
        fake.wrong("submit", fault)
        found = refused(met, wish(RAY))
        assert found.kind == kind
        assert words in str(found)


def test_how_long_to_wait_is_read_from_the_words(
    met: Met, fake: ReplicateFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Request was throttled. Your rate limit resets in ~30s."
    reply = Answer(429, {"title": "Too Many Requests", "detail": text, "status": 429})
    monkeypatch.setattr(fake, "_take", lambda *_: reply)
    found = refused(met, wish(RAY))
    assert (found.kind, found.retry_after_s) == ("rate_limit", 30)


# -- the list ------------------------------------------------------------------------------------


def test_the_list_is_followed_through_its_pages_and_asks_for_what_is_new(
    met: Met, fake: ReplicateFake
) -> None:
    fake.page = 2
    for n in range(5):
        met.submit(wish(RAY, f"{FOX} {n}"))
    met.submit(wish(SEEDANCE))
    since = ago(minutes=5)
    jobs = met(lambda made: made.recent(since, RAY))
    assert {job.prompt for job in jobs} == {f"{FOX} {n}" for n in range(5)}
    assert {job.model for job in jobs} == {RAY}
    asks = fake.of_kind("list")
    assert datetime.fromisoformat(asks[0].query["created_after"]) == since
    assert [ask.query.get("cursor") for ask in asks] == [None, "2", "4"]
    assert all(ask.headers["authorization"] for ask in asks)


def test_a_job_whose_input_has_been_removed_fades(met: Met, fake: ReplicateFake) -> None:
    met.submit(wish(RAY))
    fake.advance(3601)
    (job,) = met(lambda made: made.recent(ago(hours=2), RAY))
    assert (job.prompt, job.params, job.sent) == (None, None, None)


def test_a_job_that_says_that_it_was_removed_is_believed(met: Met, fake: ReplicateFake) -> None:
    met.submit(wish(RAY))
    plain = fake.prediction
    fake.prediction = lambda job: {**plain(job), "data_removed": True}  # type: ignore[method-assign]
    (job,) = met(lambda made: made.recent(ago(minutes=5), RAY))
    assert job.sent is None


def test_pictures_take_no_part_in_recognising_a_job(
    met: Met, fake: ReplicateFake, tmp_path: Path
) -> None:
    asked = wish(SEEDANCE, start_image=picture(tmp_path), seed=7)
    met.submit(asked)
    (job,) = met(lambda made: made.recent(ago(minutes=5), SEEDANCE))
    assert job.sent == {"$model": "bytedance/seedance-1-pro", "prompt": FOX, "seed": 7}


def test_a_cancelled_job_is_asked_for_by_its_name(met: Met, fake: ReplicateFake) -> None:
    fake.num_polls = 3
    job = met.submit(wish(RAY), TOKEN).job
    met(lambda made: made.cancel(JobHandle(job.id)))
    assert fake.of_kind("cancel")[0].path == f"/v1/predictions/{job.id}/cancel"


# -- from a name to a clip -----------------------------------------------------------------------


@pytest.mark.parametrize("wire_id", ["luma/ray", "kwaivgi/kling-v3-video", "somebody/own-video"])
def test_a_described_model_becomes_a_row_of_ones_own_catalogue(
    met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wire_id: str
) -> None:
    card = described(met, wire_id)
    own = tmp_path / "catalog.yaml"
    own.write_text(row_of(card), encoding="utf-8")
    monkeypatch.setenv("PROMPTGRID_CATALOG", str(own))
    read = catalog.card(card.model)
    told = {"source": read.source, "confidence": read.confidence}
    assert dataclasses.replace(card, **told) == read
    assert catalog.price(read, {"duration_s": 5}).unknown


def test_a_model_of_any_name_is_run_from_its_schema(
    met: Met, fake: ReplicateFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = described(met, "somebody/own-video")
    own = tmp_path / "catalog.yaml"
    own.write_text(row_of(card), encoding="utf-8")
    for name, value in {**fake.environ("replicate"), "PROMPTGRID_CATALOG": str(own)}.items():
        monkeypatch.setenv(name, value)
    spec = dataclasses.replace(wish(RAY, seed=7).spec, model=card.model)
    settings = Settings(spare_bytes=0, poll_first_s=0.05, poll_most_s=0.1)
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(1)
        store.plan([CellRow("g", 0, spec.key, spec, est_cost_micro_usd=50_000)])
        with Engine(
            store, lambda _: provider(tmp_path), verify=verify, settings=settings
        ) as engine:
            engine.start([spec.key])
            assert engine.wait(20)
        assert store.run(spec.key).state is State.DONE
    (ask,) = fake.of_kind("submit")
    assert ask.json == {"version": VERSION, "input": {"prompt": FOX, "seed": 7}}
    (download,) = fake.of_kind("download")
    assert download.headers["authorization"].startswith("Bearer canary-")
