"""A person's own ComfyUI graphs: where a wish goes in, what a server says, what it answers."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import Ask
from tests.services.comfyui import NODES, ComfyFake
from toolkit import catalog
from toolkit.catalog import plain_yaml
from toolkit.errors import CatalogError, ProviderError, Refused
from toolkit.providers import comfyui
from toolkit.providers._own import server_of
from toolkit.seams import Failed, JobHandle, Running, Succeeded

T2V, I2V = "comfyui/wan-2.1-t2v-1.3b", "comfyui/wan-2.2-ti2v-5b"

GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {
        "seed": 1, "steps": 20, "cfg": 6.0, "positive": ["6", 0], "negative": ["9", 0],
        "latent_image": ["40", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["38", 0]}},
    "9": {"class_type": "Reroute", "inputs": {"conditioning": ["7", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurred", "clip": ["38", 0]}},
    "40": {"class_type": "EmptyHunyuanLatentVideo",
           "inputs": {"width": 832, "height": 480, "length": 33}},
    "49": {"class_type": "CreateVideo", "inputs": {"images": ["8", 0], "fps": 16.0}},
}  # fmt: skip


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def write(bind: Any = None, graph: Any = GRAPH, **server: Any) -> None:
        (tmp_path / "graph.json").write_text(json.dumps(graph), encoding="utf-8")
        bind = bind or {"prompt": "/6/inputs/text", "seed": "/3/inputs/seed"}
        row = {"title": "Mine", "extra_params": {"steps": []}, "server": {"graph": "graph.json"}}
        row["server"] |= {"bind": bind, **server}
        path = tmp_path / "catalog.yaml"
        path.write_text(json.dumps({"models": {"comfyui/mine": row}}), encoding="utf-8")
        monkeypatch.setenv("PROMPTGRID_CATALOG", str(path))

    return write


def prepared(request: Any, folder: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    with ComfyFake() as fake:
        return dict(Met(fake, "comfyui", folder, patch).prepare(request)["prompt"])


# -- the graph ------------------------------------------------------------------------------------


def test_a_wish_goes_into_its_places_and_nothing_else_moves(tmp_path, monkeypatch):
    request = wish(
        T2V, negative="rain", duration_s=5, resolution="480p", aspect_ratio="9:16", seed=7, steps=12
    )
    graph = prepared(request, tmp_path, monkeypatch)
    card = catalog.card(T2V)
    bare = comfyui.graph_of(card, server_of(card, comfyui.ComfyServer))
    moved = {
        f"{node}.{name}": value
        for node, about in graph.items()
        for name, value in about["inputs"].items()
        if value != bare[node]["inputs"][name]
    }
    assert moved == {
        "prompt.text": FOX, "negative.text": "rain", "sampler.seed": 7, "sampler.steps": 12,
        "latent.width": 480, "latent.height": 832,
    }  # fmt: skip
    assert (graph["latent"]["inputs"]["length"], graph["video"]["inputs"]["fps"]) == (81, 16)


def test_samples_without_a_seed_are_not_the_same_job_again(tmp_path, monkeypatch):
    def seed_of(sample: int) -> int:
        import dataclasses

        request = wish(T2V)
        spec = dataclasses.replace(request.spec, sample=sample)
        request = dataclasses.replace(request, spec=spec)
        return int(prepared(request, tmp_path, monkeypatch)["sampler"]["inputs"]["seed"])

    assert seed_of(1) == seed_of(1)
    assert seed_of(1) != seed_of(2)


def test_a_picture_is_uploaded_and_named_in_the_graph(tmp_path, monkeypatch):
    image = picture(tmp_path)
    with ComfyFake() as fake:
        met = Met(fake, "comfyui", tmp_path, monkeypatch)
        graph = met.prepare(wish(I2V, start_image=image, resolution="720p"))["prompt"]
        name = graph["image"]["inputs"]["image"]
        assert fake.pictures[name] == (tmp_path / "fox.png").read_bytes()
    assert name == f"promptgrid/{image.sha256[:32]}.png"
    assert (graph["latent"]["inputs"]["width"], graph["latent"]["inputs"]["height"]) == (1280, 704)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"steps": 12}, "comfyui/mine has no place for steps; its row binds: prompt, seed"),
        ({"duration_s": 5}, "comfyui/mine counts a length in frames"),
        ({"resolution": "480p"}, "has no place for width, height"),
    ],
)
def test_what_has_no_place_is_refused(params, said, tmp_path, monkeypatch, mine):
    mine()
    with pytest.raises(Refused, match=said):
        prepared(wish("comfyui/mine", **params), tmp_path, monkeypatch)


def test_a_graph_that_knows_resolutions_and_seconds_is_given_them_as_they_are(
    tmp_path, monkeypatch, mine
):
    mine(
        {"prompt": "/6/inputs/text", "resolution": "/7/inputs/text", "duration_s": "/3/inputs/cfg"},
        fps=16,
    )
    graph = prepared(wish("comfyui/mine", resolution="480p", duration_s=5), tmp_path, monkeypatch)
    assert (graph["7"]["inputs"]["text"], graph["3"]["inputs"]["cfg"]) == ("480p", 5)
    assert graph["40"]["inputs"] == GRAPH["40"]["inputs"]


def test_one_value_may_go_to_several_places_and_bindings_may_lie_in_a_file(
    tmp_path, monkeypatch, mine
):
    bind = "prompt: [/6/inputs/text, /7/inputs/text]\n"
    (tmp_path / "bind.yaml").write_text(bind, encoding="utf-8")
    mine("bind.yaml")
    graph = prepared(wish("comfyui/mine"), tmp_path, monkeypatch)
    assert graph["6"]["inputs"]["text"] == graph["7"]["inputs"]["text"] == FOX


@pytest.mark.parametrize(
    ("bind", "said"),
    [
        ({"prompt": "/5/inputs/text"}, "/5/inputs/text is not in the graph; there: 3, 6, 9,"),
        ({"prompt": "/6/inputs/txt"}, "is not in the graph; there: text, clip"),
        ({"prompt": "6.text"}, "a place is written /NODE/inputs/NAME, not '6.text'"),
        ({"seed": "/3/inputs/seed"}, "says where the `prompt` goes"),
        ("none.yaml", "none.yaml cannot be read"),
    ],
)
def test_a_place_that_is_not_there_is_named(bind, said, tmp_path, monkeypatch, mine):
    mine(bind)
    with pytest.raises(CatalogError, match=said) as found:
        prepared(wish("comfyui/mine"), tmp_path, monkeypatch)
    assert str(found.value).startswith("comfyui/mine: `")


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        ({"nodes": [], "links": []}, "export it again with 'Export \\(API\\)'"),
        ({"3": {"inputs": {}}}, "is no graph in the API format"),
        ([1], "is no graph in the API format"),
    ],
)
def test_a_file_that_is_no_graph_is_named(graph, said, tmp_path, monkeypatch, mine):
    mine(graph=graph)
    with pytest.raises(CatalogError, match=said):
        prepared(wish("comfyui/mine"), tmp_path, monkeypatch)


def test_a_row_is_proposed_from_a_graph(tmp_path):
    path = tmp_path / "my wan.json"
    path.write_text(json.dumps(GRAPH), encoding="utf-8")
    found = plain_yaml.load(comfyui.row(path, name="wan"))["models"]["comfyui/wan"]
    assert found["server"] == {
        "graph": str(path), "fps": 16.0,
        "bind": {
            "seed": "/3/inputs/seed", "prompt": "/6/inputs/text", "negative": "/7/inputs/text",
            "width": "/40/inputs/width", "height": "/40/inputs/height",
            "frames": "/40/inputs/length", "fps": "/49/inputs/fps",
        },
    }  # fmt: skip
    assert (found["seed"], found["price"], found["start_image"]) == (
        "honoured",
        "own server",
        False,
    )


def test_a_proposed_row_can_be_used_as_it_is(tmp_path, monkeypatch):
    path = tmp_path / "g.json"
    path.write_text(json.dumps(GRAPH), encoding="utf-8")
    (tmp_path / "catalog.yaml").write_text(comfyui.row(path), encoding="utf-8")
    monkeypatch.setenv("PROMPTGRID_CATALOG", str(tmp_path / "catalog.yaml"))
    graph = prepared(wish("comfyui/g", seed=7, duration_s=2), tmp_path, monkeypatch)
    assert (graph["6"]["inputs"]["text"], graph["40"]["inputs"]["length"]) == (FOX, 32)


@pytest.mark.parametrize("name", ["wan-2.1-t2v", "wan-2.2-i2v"])
def test_the_graphs_that_come_along_hold_together(name: str):
    graph = json.loads((comfyui.GRAPHS / f"{name}.json").read_text("utf-8"))
    links = [v for about in graph.values() for v in about["inputs"].values() if type(v) is list]
    assert {link[0] for link in links} <= set(graph)
    assert set(graph) - {link[0] for link in links} == {"save"}
    assert {about["class_type"] for about in graph.values()} <= set(NODES)


# -- the server -----------------------------------------------------------------------------------


def test_a_job_carries_our_token_and_our_id(tmp_path, monkeypatch):
    with ComfyFake() as fake:
        answer = Met(fake, "comfyui", tmp_path, monkeypatch).submit(wish(T2V))
        sent = fake.of_kind("submit")[0].json
    assert answer.sent == sent
    assert answer.job.id == sent["prompt_id"]
    assert sent["client_id"] == sent["extra_data"]["promptgrid"]["token"] == TOKEN
    assert sent["extra_data"]["promptgrid"]["model"] == T2V


def test_an_older_server_gives_an_id_of_its_own(tmp_path, monkeypatch):
    with ComfyFake() as fake:
        fake.takes_ids = False
        met = Met(fake, "comfyui", tmp_path, monkeypatch)

        async def go(made: Any) -> Any:
            answer = await made.submit(wish(T2V), TOKEN)
            assert answer.job.id != answer.sent["prompt_id"]
            (job,) = await made.recent(datetime.now(UTC) - timedelta(minutes=1), T2V)
            assert (job.token, job.handle.id) == (TOKEN, answer.job.id)
            return job.handle.id

        assert met(go) in fake.jobs


def test_a_graph_that_does_not_run_names_the_node_and_the_input(tmp_path, monkeypatch):
    request = wish(T2V, seed=-1, steps=20_000)
    with ComfyFake() as fake, pytest.raises(Refused) as found:
        Met(fake, "comfyui", tmp_path, monkeypatch).submit(request)
    assert found.value.kind == "invalid"
    assert str(found.value) == (
        "comfyui: does not run this graph: "
        "node sampler (KSampler), seed: Value -1 smaller than min of 0; "
        "node sampler (KSampler), steps: Value 20000 bigger than max of 10000"
    )


def test_a_node_that_the_server_does_not_have_is_named(tmp_path, monkeypatch, mine):
    mine()
    with ComfyFake() as fake, pytest.raises(Refused, match=r"node 9 \(Reroute\), Reroute: no such"):
        Met(fake, "comfyui", tmp_path, monkeypatch).submit(wish("comfyui/mine"))


def test_a_failure_names_the_node(tmp_path, monkeypatch):
    with ComfyFake() as fake:
        fake.end_next("failed", "CUDA out of memory")
        state = Met(fake, "comfyui", tmp_path, monkeypatch).end(wish(T2V))
    assert state == Failed(kind="failed", reason="node decode (VAEDecode): CUDA out of memory")


@pytest.mark.parametrize("place", ["images", "gifs", "videos"])
def test_the_file_is_found_wherever_a_saver_tells_it(place: str, tmp_path, monkeypatch):
    with ComfyFake() as fake:
        fake.place = place
        state = Met(fake, "comfyui", tmp_path, monkeypatch).end(wish(T2V))
    assert isinstance(state, Succeeded)
    assert state.assets[0].url == (
        f"{fake.url}/view?filename=promptgrid_00001_.mp4&subfolder=video&type=output"
    )


def test_a_graph_that_saves_no_clip_says_what_it_made(tmp_path, monkeypatch):
    with ComfyFake() as fake:
        fake.file_name = "promptgrid_{}_.webp"
        state = Met(fake, "comfyui", tmp_path, monkeypatch).end(wish(T2V))
    assert isinstance(state, Failed)
    assert state.reason.startswith("the graph made promptgrid_00001_.webp; a clip is an .mp4")


def test_of_several_files_the_saved_one_of_the_named_node_is_taken():
    outputs = {
        "1": {"gifs": [{"filename": "a.mp4", "type": "temp"}]},
        "2": {"images": [{"filename": "b.mp4", "type": "output"}, {"filename": "c.png"}]},
        "3": {"text": ["said"], "images": None},
    }
    assert [f["filename"] for f in comfyui._files(outputs, only=None)] == [
        "a.mp4",
        "b.mp4",
        "c.png",
    ]
    assert [f["filename"] for f in comfyui._files(outputs, only="1")] == ["a.mp4"]


def test_who_waits_is_told_how_many_are_before(tmp_path, monkeypatch):
    with ComfyFake(num_polls=5) as fake:

        async def go(made: Any) -> Any:
            jobs = [(await made.submit(wish(T2V, seed=n), str(n) * 32)).job for n in range(3)]
            for row in fake.jobs.values():
                row.num_polls = 100
            fake.jobs[jobs[0].id].state = "running"
            monkeypatch.setattr(fake, "look", fake.jobs.get)  # looking moves nothing on
            return [await made.poll(job) for job in jobs]

        states = Met(fake, "comfyui", tmp_path, monkeypatch)(go)
    assert states == [Running(note=n) for n in ("running", "1 before it", "2 before it")]


def test_a_restarted_server_has_forgotten_the_job(tmp_path, monkeypatch):
    with ComfyFake() as fake, pytest.raises(Refused, match="was it restarted") as found:
        Met(fake, "comfyui", tmp_path, monkeypatch)(lambda made: made.poll(JobHandle("1")))
    assert found.value.kind == "not_found"


def test_only_the_job_that_runs_is_interrupted(tmp_path, monkeypatch):
    with ComfyFake(num_polls=5) as fake:

        async def go(made: Any) -> Any:
            jobs = [(await made.submit(wish(T2V, seed=n), str(n) * 32)).job for n in range(2)]
            await made.poll(jobs[0])  # begins
            await made.cancel(jobs[1])
            states = [await made.poll(job) for job in jobs]
            await made.cancel(jobs[0])
            states.append(await made.poll(jobs[0]))
            with pytest.raises(ProviderError, match="it has ended"):
                await made.cancel(jobs[0])
            return states

        first, second, third = Met(fake, "comfyui", tmp_path, monkeypatch)(go)
        asked = [(ask.path, ask.json) for ask in fake.of_kind("cancel")]
    assert isinstance(first, Running)
    assert (second, third) == (
        Failed(kind="cancelled", reason="stopped at your word"),
        Failed(kind="cancelled", reason="it was interrupted"),
    )
    assert [path for path, _ in asked] == ["/queue", "/interrupt"]
    assert asked[1][1]["prompt_id"] in fake.jobs


def test_the_history_is_read_as_far_back_as_needed(tmp_path, monkeypatch):
    with ComfyFake(num_polls=0) as fake:

        async def go(made: Any) -> Any:
            job = (await made.submit(wish(T2V), TOKEN)).job
            await made.poll(job)
            for n in range(150):  # somebody else's
                request = {"graph": {}, "extra": {}}
                other = fake.charge(request, id=f"other-{n}")
                other.extra["number"], other.state = n + 2, "succeeded"
            return job.id, await made.recent(datetime.now(UTC) - timedelta(minutes=1), T2V)

        job_id, (job,) = Met(fake, "comfyui", tmp_path, monkeypatch)(go)
        sizes = [ask.query["max_items"] for ask in fake.of_kind("list") if ask.query]
    assert (job.handle.id, job.token) == (job_id, TOKEN)
    assert sizes == ["100", "1000"]


class LockedFake(ComfyFake):
    def accepts_key(self, ask: Ask) -> bool:
        return ask.headers.get("authorization") == "Bearer canary-own-key"


def test_a_key_is_sent_to_what_stands_before_a_server(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTGRID_COMFYUI_KEY", "canary-own-key")
    with LockedFake() as fake:
        state = Met(fake, "comfyui", tmp_path, monkeypatch).end(wish(T2V))
    assert isinstance(state, Succeeded)
    assert state.assets[0].headers == {"authorization": "Bearer canary-own-key"}


def test_another_server_is_another_service(tmp_path, monkeypatch):
    from toolkit import discover

    monkeypatch.setenv("PROMPTGRID_COMFYUI_STUDIO_URL", "http://studio:8188")
    made = discover.load("providers", "comfyui-studio").provider(tmp_path)
    assert (made.name, made.base_url, list(made.models())) == (
        "comfyui-studio", "http://studio:8188", [],
    )  # fmt: skip
    asyncio.run(made.aclose())
