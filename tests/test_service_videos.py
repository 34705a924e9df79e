"""One's own `/v1/videos`: what each flavour is sent, what it answers, and where a key may go."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import toolkit as tk
from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import Answer
from tests.services.videos import LitellmFake, SglangFake, VideosFake, VllmFake, form_of
from toolkit import catalog, discover
from toolkit.errors import CannotList, CatalogError, ProviderError, Refused
from toolkit.providers import _own
from toolkit.records import ModelCard, RunSpec
from toolkit.seams import Failed, JobHandle, Request, Succeeded

T2V, I2V = "videos/wan-2.2-t2v", "videos/wan-2.2-i2v"
WIRE = "Wan-AI/Wan2.2-T2V-A14B-Diffusers"

PROXY = """
models:
  videos/home-wan:
    title: Wan behind the proxy
    wire_id: home-wan
    start_image: true
    price: own server
    server: {flavour: litellm, fps: 16, frame_step: 4}
  videos/sora:
    title: Sora's successor behind the proxy
    wire_id: sora-2
    price: {per: s, usd: 0.1, date: 2026-11-01}
    server: {flavour: litellm}
  videos-studio/ltx:
    title: LTX in the studio
    wire_id: Lightricks/LTX-Video
    price: own server
    server: {flavour: sglang, url: "URL", results: [clips.example.com], multiple: 32}
"""


@pytest.fixture
def own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def write(text: str = PROXY, url: str = "http://127.0.0.1:9") -> None:
        path = tmp_path / "catalog.yaml"
        path.write_text(text.replace("URL", url), encoding="utf-8")
        monkeypatch.setenv("PROMPTGRID_CATALOG", str(path))

    return write


def body_of(fake: type[VideosFake], request: Request, folder: Path, patch: Any) -> dict[str, Any]:
    with fake() as service:
        return Met(service, request.card.service, folder, patch).prepare(request)


# -- what is sent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fake", "params", "sent"),
    [
        (VllmFake, {}, {}),
        (VllmFake, {"duration_s": 5, "seed": 7}, {"num_frames": 81, "fps": 16, "seed": 7}),
        (VllmFake, {"duration_s": 2, "fps": 24}, {"num_frames": 49, "fps": 24}),
        (VllmFake, {"resolution": "480p"}, {"size": "832x480"}),
        (VllmFake, {"resolution": "720p", "aspect_ratio": "9:16"}, {"size": "720x1280"}),
        (VllmFake, {"aspect_ratio": "1:1"}, {"size": "624x624"}),
        (VllmFake, {"camera_motion": "static"}, {"prompt": f"{FOX}. Static camera."}),
        (VllmFake, {"extra": {"flow_shift": 3.0, "size": "64x64"}},
         {"flow_shift": 3.0, "size": "64x64"}),
        (SglangFake, {"prompt_rewrite": True}, {"enhance_prompt": True}),
        (SglangFake, {"prompt_rewrite": False}, {"enhance_prompt": False}),
    ],
)  # fmt: skip
def test_a_wish_becomes_the_servers_words(
    fake: type[VideosFake], params: dict[str, Any], sent: dict[str, Any], tmp_path, monkeypatch
):
    got = body_of(fake, wish(T2V, **params), tmp_path, monkeypatch)
    assert got == {"prompt": FOX, "model": WIRE, **sent}


def test_a_negative_prompt_and_sound_have_their_own_words(tmp_path, monkeypatch):
    request = wish(T2V, negative="rain", audio=True)
    got = body_of(VllmFake, request, tmp_path, monkeypatch)
    assert (got["negative_prompt"], got["generate_sound"]) == ("rain", True)


def test_vllm_gets_a_form_of_text_and_the_picture_as_a_file(tmp_path, monkeypatch):
    image = picture(tmp_path)
    request = wish(I2V, start_image=image, duration_s=5, seed=7, audio=True)
    with VllmFake() as fake:
        answer = Met(fake, "videos", tmp_path, monkeypatch).submit(request)
        fields, files = form_of(fake.of_kind("submit")[0])
    assert answer.sent["input_reference"] == {"image_sha256": image.sha256}
    assert fields == {
        "prompt": FOX, "model": WIRE.replace("T2V", "I2V"), "num_frames": "81", "fps": "16",
        "seed": "7", "generate_sound": "true",
    }  # fmt: skip
    name, kind, content = files["input_reference"]
    assert (name, kind) == (f"{image.sha256[:16]}.png", "image/png")
    assert hashlib.sha256(content).hexdigest() == image.sha256


def test_sglang_gets_json_and_a_form_only_with_a_picture(tmp_path, monkeypatch):
    with SglangFake() as fake:
        met = Met(fake, "videos", tmp_path, monkeypatch)
        met.submit(wish(T2V, duration_s=5, seed=7))
        met.submit(wish(I2V, start_image=picture(tmp_path), seed=7))
        plain, form = fake.of_kind("submit")
    assert plain.json == {"prompt": FOX, "model": WIRE, "num_frames": 81, "fps": 16, "seed": 7}
    assert form_of(form)[0]["seed"] == "7"


def test_litellm_gets_what_openai_knew_and_the_rest_apart(tmp_path, monkeypatch, own_rows):
    own_rows()
    with LitellmFake() as fake:
        met = Met(fake, "videos", tmp_path, monkeypatch)
        request = wish("videos/home-wan", negative="rain", duration_s=5, seed=7, resolution="720p")
        met.submit(request)
        met.submit(wish("videos/sora", duration_s=8, extra={"extra_body": {"style": "x"}}))
        one, two = (ask.json for ask in fake.of_kind("submit"))
    rest = {"num_frames": 81, "fps": 16, "seed": 7, "negative_prompt": "rain"}
    assert one == {"prompt": FOX, "model": "home-wan", "size": "1280x720", "extra_body": rest}
    assert two == {
        "prompt": FOX, "model": "sora-2", "seconds": "8", "extra_body": {"style": "x"}
    }  # fmt: skip


def test_litellm_passes_extra_body_by_in_a_form_so_it_lies_open_there(
    tmp_path, monkeypatch, own_rows
):
    own_rows()
    image, more = picture(tmp_path), {"extra_body": {"style": "x"}}
    with LitellmFake() as fake:
        met = Met(fake, "videos", tmp_path, monkeypatch)
        met.submit(wish("videos/home-wan", start_image=image, seed=7, duration_s=5, extra=more))
        fields, files = form_of(fake.of_kind("submit")[0])
    assert fields == {
        "prompt": FOX, "model": "home-wan", "num_frames": "81", "fps": "16", "seed": "7",
        "style": "x",
    }  # fmt: skip
    assert list(files) == ["input_reference"]


def test_what_a_person_adds_to_extra_body_stands_beside_ours(tmp_path, monkeypatch, own_rows):
    own_rows()
    request = wish("videos/home-wan", seed=7, extra={"extra_body": {"style": "x", "seed": 9}})
    got = body_of(LitellmFake, request, tmp_path, monkeypatch)
    assert got["extra_body"] == {"seed": 9, "style": "x"}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"duration_s": 2.5}, "takes whole seconds, not 2.5"),
        ({"prompt_rewrite": True}, "rewrites no prompts"),
        ({"resolution": "big"}, "knows no size for big at 16:9"),
        ({"aspect_ratio": "1:1"}, "needs `resolution` with aspect_ratio 1:1"),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_sent(
    params: dict[str, Any], said: str, tmp_path, monkeypatch
):
    card = ModelCard("videos/mine", title="Mine", wire_id="mine")
    request = Request(spec=RunSpec(FOX, model="videos/mine", params=params), card=card)
    with VllmFake() as fake:
        with pytest.raises(Refused, match=said) as found:
            Met(fake, "videos", tmp_path, monkeypatch).submit(request)
        assert found.value.kind == "invalid"
        assert fake.asked == []


@pytest.mark.parametrize("flavour", ["sglang", "litellm"])
def test_sound_is_refused_where_no_word_for_it_is_known(flavour: str, tmp_path, monkeypatch):
    card = ModelCard("videos/m", title="M", wire_id="m", server={"flavour": flavour})
    request = Request(spec=RunSpec(FOX, model="videos/m", params={"audio": True}), card=card)
    with pytest.raises(Refused, match="has no word for sound"):
        body_of(VllmFake, request, tmp_path, monkeypatch)


def test_an_own_servers_price_does_not_pass_for_a_proxys(tmp_path, monkeypatch):
    with pytest.raises(Refused, match="is priced as your own server, and a proxy may pass it on"):
        body_of(LitellmFake, wish(T2V), tmp_path, monkeypatch)


def test_a_flavour_that_does_not_exist_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTGRID_VIDEOS_FLAVOUR", "vlm")
    made = discover.load("providers", "videos").provider(tmp_path)
    with pytest.raises(CatalogError, match="PROMPTGRID_VIDEOS_FLAVOUR is 'vlm'; it may be vllm,"):
        asyncio.run(made.prepare(wish(T2V)))


# -- what is answered -----------------------------------------------------------------------------


def test_a_failed_job_of_vllm_is_read_from_its_error_answer(tmp_path, monkeypatch):
    with VllmFake() as fake:
        fake.end_next("failed", "CUDA out of memory")
        state = Met(fake, "videos", tmp_path, monkeypatch).end(wish(T2V))
    assert state == Failed(kind="failed", reason="CUDA out of memory (500)", charged_micro_usd=0)


class HandedOn(LitellmFake):
    def row(self, job: Any) -> dict[str, Any]:
        found = super().row(job)
        return {**found, "id": job.id} if job.state == "failed" else found

    def look(self, job_id: str) -> Any:
        job = super().look(job_id)
        self.failed = json.dumps(self.row(job)) if job and job.state == "failed" else ""
        return job

    def poll(self, ask: Any) -> Any:
        answer = super().poll(ask)
        words = f"litellm.InternalServerError: Hosted_vllmException - {self.failed}. Group=home-wan"
        told = {"error": {"message": words, "type": None, "param": None, "code": "500"}}
        return Answer(500, told) if self.failed else answer

    poll._routes = VideosFake.poll._routes  # type: ignore[attr-defined]


def test_a_failed_job_that_a_proxy_hands_on_as_an_error_is_a_failed_job(
    tmp_path, monkeypatch, own_rows
):
    own_rows()
    with HandedOn() as fake:
        fake.end_next("failed", 'CUDA "out of memory"')
        met = Met(fake, "videos", tmp_path, monkeypatch)
        state = met.end(wish("videos/home-wan", duration_s=5))
    assert isinstance(state, Failed)
    assert state.reason == 'CUDA "out of memory" (500)'


def test_what_a_proxy_failed_at_may_have_been_billed(tmp_path, monkeypatch, own_rows):
    own_rows()
    with LitellmFake() as fake:
        fake.end_next("failed", "no")
        state = Met(fake, "videos", tmp_path, monkeypatch).end(wish("videos/sora", duration_s=8))
    assert isinstance(state, Failed)
    assert state.charged_micro_usd is None


def test_the_prompt_that_was_used_is_told(tmp_path, monkeypatch):
    with SglangFake() as fake:
        met = Met(fake, "videos", tmp_path, monkeypatch)
        state = met.end(wish(T2V, prompt_rewrite=True))
    assert isinstance(state, Succeeded)
    assert state.prompt_used == f"{FOX}, in great detail"


def test_a_list_of_many_pages_is_followed_and_other_models_left_out(tmp_path, monkeypatch):
    async def go(made: Any) -> list[Any]:
        for n in range(5):
            await made.submit(wish(T2V, f"{FOX} {n}", resolution="480p"), TOKEN)
        await made.submit(wish(I2V, start_image=picture(tmp_path)), TOKEN)
        return list(await made.recent(datetime.now(UTC) - timedelta(hours=1), T2V))

    with VllmFake() as fake:
        fake.page = 2
        jobs = Met(fake, "videos", tmp_path, monkeypatch)(go)
        assert len(fake.of_kind("list")) == 3
    assert sorted(job.sent["prompt"] for job in jobs) == [f"{FOX} {n}" for n in range(5)]
    assert {job.sent["size"] for job in jobs} == {"832x480"}
    assert all("num_frames" not in job.sent for job in jobs)  # it tells them as made, not as asked


@pytest.mark.parametrize(("fake", "name"), [(SglangFake, "sglang"), (LitellmFake, "litellm")])
def test_who_shows_no_prompt_cannot_be_searched_nor_stopped(
    fake: type[VideosFake], name: str, tmp_path, monkeypatch
):
    async def go(made: Any) -> None:
        with pytest.raises(CannotList, match=f"{name}'s list does not say what was asked"):
            await made.recent(datetime.now(UTC), T2V)
        with pytest.raises(ProviderError, match=f"{name} cannot stop a job"):
            await made.cancel(JobHandle("1", {"flavour": name}))

    with fake() as service:
        Met(service, "videos", tmp_path, monkeypatch)(go)
        assert service.asked == []


def test_sglangs_bucket_is_fetched_from_without_our_key(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTGRID_VIDEOS_KEY", "canary-own-key")
    with SglangFake() as fake:
        fake.bucket = True
        state = Met(fake, "videos", tmp_path, monkeypatch).end(wish(T2V))
    assert isinstance(state, Succeeded)
    assert (state.assets[0].url or "").startswith(f"{fake.url}/results/")
    assert state.assets[0].headers == {}


# -- where a key goes -----------------------------------------------------------------------------


class StrangeProxy(LitellmFake):
    def accepts_key(self, ask: Any) -> bool:
        return False

    def error(self, status: int, message: str) -> Any:
        told = {"message": "No connected db.", "type": "no_db_connection", "code": "400"}
        return Answer(400, {"error": told})


def test_a_proxy_without_a_database_means_the_key(tmp_path, monkeypatch, own_rows):
    own_rows()
    with (
        StrangeProxy() as fake,
        pytest.raises(Refused, match="the key in PROMPTGRID_VIDEOS_KEY") as e,
    ):
        Met(fake, "videos", tmp_path, monkeypatch).submit(wish("videos/sora", duration_s=8))
    assert e.value.kind == "auth"


class LockedFake(VllmFake):
    def accepts_key(self, ask: Any) -> bool:
        return bool(ask.headers.get("authorization") == "Bearer canary-own-key")


def test_a_key_is_sent_where_one_is_set_and_nowhere_else(tmp_path, monkeypatch):
    with LockedFake() as fake:
        fake.files_need = "authorization"
        met = Met(fake, "videos", tmp_path, monkeypatch)
        with pytest.raises(Refused) as found:
            met.submit(wish(T2V))
        assert found.value.kind == "auth"
        monkeypatch.setenv("PROMPTGRID_VIDEOS_KEY", "canary-own-key")
        state = met.end(wish(T2V))
        assert isinstance(state, Succeeded)
        assert state.assets[0].headers == {"authorization": "Bearer canary-own-key"}

        async def shown(made: Any) -> str:
            return f"{made!r} {vars(made)!r}"

        assert "canary" not in met(shown)


# -- several servers ------------------------------------------------------------------------------


def test_another_server_is_a_service_of_its_own(tmp_path, monkeypatch, own_rows):
    with SglangFake() as studio, VllmFake() as home:
        own_rows(url=studio.url)
        monkeypatch.setenv("PROMPTGRID_VIDEOS_URL", home.url)

        async def go() -> Any:
            made = discover.load("providers", "videos-studio").provider(tmp_path)
            assert (made.name, made.base_url) == ("videos-studio", studio.url)
            assert made.download_hosts == ("clips.example.com",)
            assert [card.model for card in made.models()] == ["videos-studio/ltx"]
            return await made.submit(wish("videos-studio/ltx", resolution="480p"), TOKEN)

        answer = asyncio.run(go())
        assert (studio.charges, home.charges) == (1, 0)
    assert answer.sent["size"] == "832x480"  # 853 is no multiple of 32
    assert discover.has("providers", "videos-studio")
    assert not discover.has("providers", "luma-studio")
    with pytest.raises(LookupError, match="no 'luma-studio' among providers"):
        discover.load("providers", "luma-studio")


def test_the_environment_of_another_server_goes_by_its_own_name(tmp_path, monkeypatch, own_rows):
    own_rows()
    monkeypatch.setenv("PROMPTGRID_VIDEOS_STUDIO_URL", "http://studio:8000/")
    made = discover.load("providers", "videos-studio").provider(tmp_path)
    assert made.base_url == "http://studio:8000"


def test_rows_of_one_service_that_name_two_servers_are_told_apart(tmp_path, monkeypatch, own_rows):
    two = """
models:
  videos/a: {title: A, wire_id: a, server: {url: "http://one:8000"}}
  videos/b: {title: B, wire_id: b, server: {url: "http://two:8000"}}
"""
    own_rows(two)
    monkeypatch.delenv("PROMPTGRID_VIDEOS_URL", raising=False)
    with pytest.raises(CatalogError, match=r"each is a service of its own: videos-NAME/…"):
        discover.load("providers", "videos").provider(tmp_path)


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"flavor": "vllm"}, "videos/m: `server.flavor`: Extra inputs are not permitted; there"),
        ({"flavour": "vlm"}, "videos/m: `server.flavour`: Input should be 'vllm'"),
        ({"fps": 0}, "videos/m: `server.fps`: Input should be greater than 0"),
    ],
)
def test_a_mistake_in_a_row_is_named(server: dict[str, Any], said: str):
    from toolkit.providers.videos import VideosServer

    card = ModelCard("videos/m", title="M", wire_id="m", server=server)
    with pytest.raises(CatalogError) as found:
        _own.server_of(card, VideosServer)
    assert str(found.value).startswith(said)


# -- from end to end ------------------------------------------------------------------------------


def test_clips_of_ones_own_server_need_no_budget(tmp_path, monkeypatch, own_rows):
    own_rows()
    with VllmFake() as fake:
        for name, value in fake.environ("videos").items():
            monkeypatch.setenv(name, value)
        exp = tk.Experiment(tmp_path / "home")
        grid = tk.Grid(["a red fox", "a grey heron"], models=T2V, duration_s=2, seed=7)
        assert exp.plan(grid).cost.high == 0
        batch = exp.run(grid, monitor=False, score=False)
        assert batch.wait(60)
        df = exp.runs_df()
        exp.close()
        assert fake.charges == 2
    assert set(df["state"]) == {"done"}
    assert set(df["cost_usd"]) == {0.0}
    assert catalog.is_own(catalog.card(T2V))
