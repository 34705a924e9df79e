"""Veo by Google's two interfaces: ends that are none, models that are gone, keys that stay home."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services._meet import FOX, Met, picture, wish
from tests.services._server import Answer, clip_bytes
from tests.services.gemini import GeminiFake
from tests.services.vertex import HERE, VertexFake
from toolkit.errors import CannotList, NotSent, ProviderError, Refused
from toolkit.providers import _google, vertex
from toolkit.providers._http import AddressError, UnclearError
from toolkit.runner import Settings, download
from toolkit.runner.download import Source
from toolkit.seams import Asset, Failed, JobHandle, Running, Succeeded

GEMINI, VERTEX = "gemini/veo-3.1-001", "vertex/veo-3.1-lite"
KEY = "x-goog-api-key"


@pytest.fixture
def gemini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Met]:
    with GeminiFake() as fake:
        yield Met(fake, "gemini", tmp_path, monkeypatch)


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Met]:
    with VertexFake() as fake:
        yield Met(fake, "vertex", tmp_path, monkeypatch)


def test_the_body_nests_and_holds_only_what_was_asked(gemini: Met, cloud: Met):
    asked = {"duration_s": 8.0, "aspect_ratio": "9:16", "audio": True, "fps": 24}
    plain = gemini.prepare(wish(GEMINI, negative="text", **asked))
    other = cloud.prepare(wish(VERTEX, seed=3, **asked))
    assert isinstance(plain["parameters"]["durationSeconds"], int)
    assert plain == {
        "instances": [{"prompt": FOX}],
        "parameters": {"durationSeconds": 8, "aspectRatio": "9:16", "negativePrompt": "text"},
    }
    assert other["parameters"] == {
        "durationSeconds": 8,
        "aspectRatio": "9:16",
        "seed": 3,
        "generateAudio": True,
    }
    assert cloud.prepare(wish(VERTEX))["instances"] == [{"prompt": FOX}]


def test_extra_joins_the_parameters(cloud: Met):
    extra = {"parameters": {"personGeneration": "allow_adult"}}
    body = cloud.prepare(wish(VERTEX, seed=3, extra=extra))
    assert body["parameters"] == {"seed": 3, "personGeneration": "allow_adult"}


def test_pictures_are_recorded_by_their_hash_and_sent_with_their_kind(gemini: Met):
    fox, bear = picture(gemini.folder), picture(gemini.folder, "bear")
    accepted = gemini.submit(wish(GEMINI, start_image=fox, end_image=bear))
    (recorded,) = accepted.sent["instances"]
    (sent,) = gemini.fake.of_kind("submit")[0].json["instances"]
    assert recorded["image"] == {"bytesBase64Encoded": {"image_sha256": fox.sha256}}
    for wire, name in (("image", "fox"), ("lastFrame", "bear")):
        data = base64.b64encode((gemini.folder / f"{name}.png").read_bytes()).decode()
        assert sent[wire] == {"bytesBase64Encoded": data, "mimeType": "image/png"}


def fetched(asset: Asset, met: Met, provider: Any) -> bytes:
    """What the runner's download brings home."""
    settings = Settings(spare_bytes=0, download_deadline_s=5)
    source = Source(provider.name, provider.download_hosts, provider.base_url)
    part = met.folder / "clip.part"

    async def go() -> None:
        from toolkit.providers._http import client

        async with client(public_only=True, trusted=[provider.base_url]) as http:
            await download.fetch(asset, part, source, http=http, settings=settings)

    asyncio.run(go())
    return part.read_bytes()


def test_a_result_is_fetched_with_the_key_from_googles_own_host(gemini: Met):
    state = gemini.end(wish(GEMINI))
    assert isinstance(state, Succeeded)
    (asset,) = state.assets
    assert asset.headers == {KEY: gemini.fake.key_of("GEMINI_API_KEY")}
    made = gemini.fake.provider("gemini", gemini.folder, gemini.patch)
    (job,) = gemini.fake.jobs
    assert fetched(asset, gemini, made) == clip_bytes(job)


def test_the_key_goes_to_no_other_host_whatever_the_answer_says(gemini: Met):
    fake = gemini.fake
    fake.result_url = lambda job: f"{fake.elsewhere}/{job.id}.mp4"  # type: ignore[method-assign]
    state = gemini.end(wish(GEMINI))
    assert isinstance(state, Succeeded)
    assert state.assets[0].headers == {}
    made = fake.provider("gemini", gemini.folder, gemini.patch)
    with pytest.raises(AddressError):
        fetched(state.assets[0], gemini, made)


def test_a_redirect_to_a_stranger_is_not_followed(gemini: Met):
    state = gemini.end(wish(GEMINI))
    assert isinstance(state, Succeeded)
    gemini.fake.wrong("download", "redirect")
    made = gemini.fake.provider("gemini", gemini.folder, gemini.patch)
    with pytest.raises(AddressError):
        fetched(state.assets[0], gemini, made)
    assert [ask for ask in gemini.fake.asked if ask.where == "elsewhere"] == []


@pytest.mark.parametrize("which", ["gemini", "cloud"])
def test_done_without_a_film_is_moderated_with_the_reasons(
    which: str, request: pytest.FixtureRequest
):
    met: Met = request.getfixturevalue(which)
    model = GEMINI if which == "gemini" else VERTEX
    met.fake.end_next("moderated")
    met.fake.end_next("failed")
    reason = "the result was held back: 58061214"
    assert met.end(wish(model)) == Failed(kind="moderated", reason=reason)
    assert met.end(wish(model)) == Failed(kind="failed", reason="13: internal trouble")


@pytest.mark.parametrize(
    ("found", "answer", "kind", "reason"),
    [
        ({}, {"raiMediaFilteredCount": 1}, "moderated", "held back without a reason given"),
        ({"error": {"code": 3, "message": "violates usage policies"}}, {}, "moderated",
         "3: violates usage policies"),
        ({"error": {"code": 8, "message": "busy", "status": "RESOURCE_EXHAUSTED"}}, {}, "failed",
         "RESOURCE_EXHAUSTED: busy"),
    ],
)  # fmt: skip
def test_the_ends_of_an_operation(found: Any, answer: Any, kind: str, reason: str):
    assert _google.failed(found, answer) == Failed(kind=kind, reason=reason)  # type: ignore[arg-type]


def test_done_with_nothing_at_all_may_have_been_charged(gemini: Met):
    gemini.fake.operation = lambda job, _: {"name": job.extra["name"], "done": True}  # type: ignore[attr-defined]
    state = gemini.end(wish(GEMINI))
    assert isinstance(state, Failed)
    assert (state.kind, state.charged_micro_usd) == ("expired", None)


def test_an_empty_answer_is_no_running_job(gemini: Met):
    gemini.fake.num_polls = 5
    job = gemini.submit(wish(GEMINI)).job
    gemini.fake.wrong("poll", "empty")
    with pytest.raises(ProviderError, match="without an operation"):
        gemini(lambda made: made.poll(job))
    assert gemini(lambda made: made.poll(job)) == Running()


@pytest.mark.parametrize("model", ["gemini/veo-3.0", "vertex/veo-3.1"])
def test_a_model_that_is_gone_names_what_came_after(model: str, gemini: Met, cloud: Met):
    met = gemini if model.startswith("gemini") else cloud
    with pytest.raises(Refused, match=r"gemini-omni-1\.1-flash") as no:
        met.submit(wish(model))
    assert no.value.kind == "retired"
    assert met.fake.charges == 0


ERRORS = {
    "a wrong key": (400, "INVALID_ARGUMENT", "API key not valid.", "auth", "GEMINI_API_KEY"),
    "no right": (403, "PERMISSION_DENIED", "denied", "auth", "GEMINI_API_KEY"),
    "no billing": (403, "PERMISSION_DENIED", "billing is not enabled", "arrears", "billing"),
    "nothing left": (429, "RESOURCE_EXHAUSTED", "prepayment credits are depleted", "arrears", ""),
    "too fast": (429, "RESOURCE_EXHAUSTED", "quota of requests per minute", "rate_limit", ""),
    "words": (400, "INVALID_ARGUMENT", "sensitive words", "moderated", "word it differently"),
    "a typing error": (400, "INVALID_ARGUMENT", "Invalid JSON payload", "invalid", ""),
    "gone": (404, "NOT_FOUND", "models/x is not found", "retired", "successor"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_told_apart_and_say_the_way_out(name: str, gemini: Met):
    code, status, message, kind, hint = ERRORS[name]
    error = {"code": code, "status": status, "message": message}
    if kind == "rate_limit":
        error["details"] = [{"@type": "…RetryInfo", "retryDelay": "34s"}]
    gemini.fake.taken = lambda *_: Answer(code, {"error": error})  # type: ignore[attr-defined]
    with pytest.raises(Refused) as no:
        gemini.submit(wish(GEMINI))
    assert no.value.kind == kind
    assert hint in str(no.value)
    assert no.value.retry_after_s == (34 if kind == "rate_limit" else None)


def test_an_error_that_comes_with_a_5xx_proves_nothing(gemini: Met):
    error = {"error": {"code": 503, "status": "NOT_FOUND", "message": "models/x is not found"}}
    gemini.fake.taken = lambda *_: Answer(503, error)  # type: ignore[attr-defined]
    with pytest.raises(UnclearError):
        gemini.submit(wish(GEMINI))


@pytest.mark.parametrize("name", ["../../v1/x", "models/x?key=1", "", "a//b", "https://evil/x"])
def test_an_operation_whose_name_is_no_path_is_not_taken(name: str, gemini: Met):
    gemini.fake.taken = lambda *_: Answer(200, {"name": name})  # type: ignore[attr-defined]
    with pytest.raises(UnclearError):
        gemini.submit(wish(GEMINI))


def test_neither_lists_nor_takes_off(gemini: Met, cloud: Met):
    from datetime import UTC, datetime

    for met, model in ((gemini, GEMINI), (cloud, VERTEX)):
        with pytest.raises(CannotList):
            met(lambda made, model=model: made.recent(datetime.now(UTC), model))
        with pytest.raises(ProviderError, match="takes no job off"):
            met(lambda made: made.cancel(JobHandle("x")))


# -- Vertex AI -----------------------------------------------------------------------------------


def test_a_film_within_the_answer_is_a_file_for_as_long_as_it_is_needed(cloud: Met):
    async def go(made: Any) -> tuple[Asset, bytes]:
        job = (await made.submit(wish(VERTEX), "t")).job
        while not isinstance(state := await made.poll(job), Succeeded):
            assert isinstance(state, Running)
        (asset,) = state.assets
        return asset, Path(str(asset.path)).read_bytes()

    asset, content = cloud(go)
    (job,) = cloud.fake.jobs
    assert content == clip_bytes(job)
    assert asset.size_bytes == len(content)
    assert not Path(str(asset.path)).exists()


def test_a_film_larger_than_other_answers_arrives(cloud: Met, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("toolkit.providers._http.MAX_REPLY_BYTES", 2000)
    assert isinstance(cloud.end(wish(VERTEX)), Succeeded)


def test_a_film_in_a_bucket_is_fetched_from_google_with_the_token(cloud: Met):
    extra = {"parameters": {"storageUri": "gs://a-bucket/clips of mine"}}
    state = cloud.end(wish(VERTEX, extra=extra))
    assert isinstance(state, Succeeded)
    (asset,) = state.assets
    (job,) = cloud.fake.jobs
    assert asset.url == (
        "https://storage.googleapis.com/storage/v1/b/a-bucket/o/"
        f"clips%20of%20mine%2F{job}%2Fsample_0.mp4?alt=media"
    )
    assert asset.headers == {"authorization": f"Bearer {cloud.fake.key_of(vertex.KEYS[0])}"}


def test_a_job_of_another_location_is_asked_for_nowhere(cloud: Met):
    job = JobHandle(f"{HERE}/m/operations/1", {"base": "https://europe-west4-aiplatform"})
    with pytest.raises(ProviderError, match=r"made at https://europe-west4.*VERTEX_LOCATION"):
        cloud(lambda made: made.poll(job))
    assert cloud.fake.asked == []


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith(("VERTEX_", "GOOGLE_", "PROMPTGRID_VERTEX")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("VERTEX_PROJECT", "a-project")
    monkeypatch.setenv("VERTEX_ACCESS_TOKEN", "canary-v")
    return monkeypatch


@pytest.mark.parametrize(
    ("location", "url"),
    [
        (None, "https://us-central1-aiplatform.googleapis.com"),
        ("europe-west4", "https://europe-west4-aiplatform.googleapis.com"),
        ("global", "https://aiplatform.googleapis.com"),
    ],
)
def test_the_location_makes_the_address(
    location: str | None, url: str, bare: pytest.MonkeyPatch, tmp_path: Path
):
    if location:
        bare.setenv("VERTEX_LOCATION", location)
    assert vertex.VertexProvider(tmp_path).base_url == url


def test_a_project_is_asked_for_and_odd_ones_are_refused(bare: pytest.MonkeyPatch, tmp_path: Path):
    bare.setenv("VERTEX_LOCATION", "evil.example/")
    with pytest.raises(ProviderError, match=r"VERTEX_LOCATION cannot be 'evil\.example/'"):
        vertex.VertexProvider(tmp_path)
    bare.delenv("VERTEX_PROJECT")
    with pytest.raises(ProviderError, match="set VERTEX_PROJECT"):
        vertex.VertexProvider(tmp_path)


def gcloud(folder: Path, script: str) -> None:
    program = folder / "gcloud"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_without_a_token_gcloud_is_asked_once(cloud: Met, bare: pytest.MonkeyPatch, tmp_path: Path):
    bare.setattr(vertex, "_google_auth", lambda: None)
    (tmp_path / "bin").mkdir()
    gcloud(
        tmp_path / "bin", f"echo x >> {tmp_path}/calls; echo {cloud.fake.key_of(vertex.KEYS[0])}"
    )
    bare.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    real = cloud.fake.environ
    cloud.fake.environ = lambda service: {  # type: ignore[method-assign]
        name: value for name, value in real(service).items() if name != "VERTEX_ACCESS_TOKEN"
    }
    bare.delenv("VERTEX_ACCESS_TOKEN")
    assert isinstance(cloud.end(wish(VERTEX)), Succeeded)
    assert (tmp_path / "calls").read_text() == "x\n"


def test_where_gcloud_knows_nobody_nothing_is_sent(
    cloud: Met, bare: pytest.MonkeyPatch, tmp_path: Path
):
    bare.setattr(vertex, "_google_auth", lambda: None)
    (tmp_path / "bin").mkdir()
    gcloud(tmp_path / "bin", "exit 1")
    bare.setenv("PATH", str(tmp_path / "bin"))
    bare.delenv("VERTEX_ACCESS_TOKEN")
    real = cloud.fake.environ
    cloud.fake.environ = lambda service: {  # type: ignore[method-assign]
        name: value for name, value in real(service).items() if name != "VERTEX_ACCESS_TOKEN"
    }
    with pytest.raises(NotSent, match="gcloud auth login"):
        cloud.submit(wish(VERTEX))
    assert cloud.fake.asked == []


def test_where_there_is_no_way_to_a_token_it_is_said_at_once(
    bare: pytest.MonkeyPatch, tmp_path: Path
):
    bare.setattr(vertex, "_google_auth", lambda: None)
    bare.setenv("PATH", str(tmp_path))
    bare.delenv("VERTEX_ACCESS_TOKEN")
    with pytest.raises(ProviderError, match="set VERTEX_ACCESS_TOKEN"):
        vertex.VertexProvider(tmp_path)
