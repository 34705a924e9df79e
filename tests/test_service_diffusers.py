"""Open models on this machine: one process that may die, jobs that lie on the disk.

Most of it runs with stand-ins for torch and diffusers, in a real process; the last part makes clips
with tiny random pipelines of the real library, where there is one: here, or at
PROMPTGRID_DIFFUSERS_PYTHON (`python -m tests.real diffusers` sees to it).
"""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import toolkit as tk
from tests.services._meet import FOX, TOKEN, picture, wish
from toolkit.errors import CatalogError, ProviderError, Refused
from toolkit.providers import diffusers
from toolkit.providers._images import placed
from toolkit.seams import Failed, JobHandle, Running, Succeeded
from toolkit.video import frames_at, probe

TORCH = """
import contextlib
bfloat16, float16, float32 = "bfloat16", "float16", "float32"

class Generator:
    def __init__(self, device): self.device = device
    def manual_seed(self, seed): self.seed = seed; return self

class cuda:
    is_available = staticmethod(lambda: False)

class backends:
    class mps:
        is_available = staticmethod(lambda: False)

inference_mode = contextlib.nullcontext
"""

DIFFUSERS = """
import os, time
from pathlib import Path
from types import SimpleNamespace
import numpy as np

__version__ = "0"
LOADED = 0

class OutOfMemoryError(Exception): pass

class DiffusionPipeline:
    @classmethod
    def from_pretrained(cls, source, **how):
        global LOADED
        LOADED += 1
        pipe = cls()
        pipe.how, pipe.vae = how, SimpleNamespace(enable_tiling=lambda: None)
        print("what a library prints")
        return pipe

    def set_progress_bar_config(self, **_): ...
    def to(self, device): self.device = device

    def __call__(self, prompt, image=None, negative_prompt=None, width=64, height=48, num_frames=5,
                 num_inference_steps=4, generator=None, output_type=None,
                 callback_on_step_end=None):
        assert output_type == "np"
        self.num_timesteps = num_inference_steps
        for n in range(num_inference_steps):
            time.sleep(0.6 if "slow" in prompt else 0.0)
            callback_on_step_end(self, n, 0, {})
        if "die" in prompt:
            os.kill(os.getpid(), 9)
        if "memory" in prompt:
            raise OutOfMemoryError("CUDA out of memory")
        if "secret" in prompt:
            raise ValueError(" ".join(n for n in os.environ if "KEY" in n or "TOKEN" in n))
        dice = np.random.default_rng(generator.seed)
        frames = np.full((num_frames, height, width, 3), dice.random())
        frames[:, :, :, 1] = LOADED / 10
        if image is not None:
            frames[:] = np.asarray(image).mean() / 255
        return SimpleNamespace(frames=[frames * (np.nan if "nan" in prompt else 1.0)])

class WanPipeline(DiffusionPipeline): ...
"""

ROW: dict[str, Any] = {
    "title": "Tiny", "wire_id": "tiny", "start_image": True, "seed": "honoured",
    "price": "own server", "fields": {"steps": "num_inference_steps"},
    "extra_params": {"steps": []},
}  # fmt: skip


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def write(**server: Any) -> None:
        path = tmp_path / "catalog.yaml"
        about = {"path": "tiny", "fps": 8, "frame_step": 4, **server}
        row = {**ROW, "server": about}
        path.write_text(json.dumps({"models": {"diffusers/tiny": row}}), encoding="utf-8")
        monkeypatch.setenv("PROMPTGRID_CATALOG", str(path))
        (tmp_path / "tiny").mkdir(exist_ok=True)
        (tmp_path / "tiny" / "model_index.json").touch()

    return write


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: Any) -> None:
    rows()
    monkeypatch.delenv(diffusers.PYTHON, raising=False)
    here = tmp_path / "stand-ins"
    here.mkdir()
    (here / "torch.py").write_text(TORCH, encoding="utf-8")
    (here / "diffusers.py").write_text(DIFFUSERS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(here))


def made(folder: Path) -> Any:
    return diffusers.provider(folder)


async def sent(provider: Any, request: Any, token: str = TOKEN) -> JobHandle:
    body = json.loads(json.dumps(await provider.prepare(request)))
    answer = await provider.submit(dataclasses.replace(request, body=body), token)
    assert answer.sent == body
    return JobHandle.from_json(json.loads(json.dumps(answer.job.to_json())))


async def ended(provider: Any, job: JobHandle, *, within_s: float = 60) -> Any:
    until = time.monotonic() + within_s
    seen = []
    while time.monotonic() < until:
        state = await provider.poll(job)
        if not isinstance(state, Running):
            return state
        seen.append(state)
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never ends: {seen[-1]}")


def run(folder: Path, work: Any) -> Any:
    async def go() -> Any:
        provider = made(folder)
        try:
            return await work(provider)
        finally:
            await provider.aclose()

    return asyncio.run(go())


def tiny(prompt: str = FOX, **params: Any) -> Any:
    return wish("diffusers/tiny", prompt, **params)


# -- what is asked of it --------------------------------------------------------------------------


def test_a_wish_becomes_a_call(tmp_path, stand_ins):
    image = picture(tmp_path)
    request = wish(
        "diffusers/tiny", negative="rain", duration_s=2, resolution="480p", aspect_ratio="16:9",
        seed=7, steps=3, start_image=image, extra={"guidance_scale": 4.0},
    )  # fmt: skip
    body = run(tmp_path, lambda provider: provider.prepare(request))
    assert body == {
        "call": {
            "prompt": FOX, "negative_prompt": "rain", "image": placed(image), "width": 848,
            "height": 480, "num_frames": 17, "num_inference_steps": 3, "guidance_scale": 4.0,
        },
        "pipeline": {
            "source": str(tmp_path / "tiny"), "dtype": "bfloat16", "parts": {}, "offload": "model",
            "tiling": False,
        },
        "seed": 7,
        "fps": 8,
    }  # fmt: skip


def test_rows_that_come_along_name_hub_ids_and_a_steady_decoder(tmp_path, monkeypatch):
    monkeypatch.setenv(diffusers.PYTHON, sys.executable)
    request = wish("diffusers/wan-2.1-t2v-1.3b", duration_s=5, resolution="480p")
    body = run(tmp_path, lambda provider: provider.prepare(request))
    assert body["pipeline"]["source"] == "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"
    assert body["pipeline"]["parts"] == {"vae": "float32"}
    assert body["call"] == {"prompt": FOX, "width": 832, "height": 480, "num_frames": 81}


def test_without_the_library_it_says_what_to_install(tmp_path, monkeypatch, rows):
    rows()
    monkeypatch.delenv(diffusers.PYTHON, raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Refused, match=r"torch and diffusers cannot be imported here; `pip install"):
        run(tmp_path, lambda provider: provider.prepare(tiny()))


def test_a_folder_without_a_pipeline_and_a_misspelt_row_are_named(tmp_path, stand_ins, rows):
    rows(path="nothing")
    with pytest.raises(Refused, match=r"nothing holds no pipeline \(no model_index.json\)"):
        run(tmp_path, lambda provider: provider.prepare(tiny()))
    rows(dtype="int8")
    with pytest.raises(CatalogError, match=r"diffusers/tiny: `server.dtype`: Input should be"):
        run(tmp_path, lambda provider: provider.prepare(tiny()))


def test_nothing_of_torch_is_imported_by_the_main_process():
    code = (
        "import sys; from toolkit.providers import diffusers;"
        "print([n for n in ('torch', 'diffusers') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- what it makes --------------------------------------------------------------------------------


def test_a_clip_is_made_as_asked_and_its_seed_decides(tmp_path, stand_ins):
    async def go(provider: Any) -> list[Any]:
        found = []
        for n, seed in enumerate((7, 7, 8)):
            job = await sent(provider, tiny(seed=seed, duration_s=2), str(n) * 32)
            found.append(await ended(provider, job))
        return found

    one, two, other = (state.assets[0] for state in run(tmp_path, go))
    clip = probe(one.path)
    assert (clip.width, clip.height, clip.num_frames, clip.fps) == (64, 48, 17, 8.0)
    assert (clip.sha256, clip.size_bytes) == (one.sha256, one.size_bytes)
    same, differs = ((tmp_path / a.path).read_bytes() for a in (two, other))
    assert Path(one.path).read_bytes() == same != differs


def test_the_model_is_loaded_once_for_jobs_in_a_row(tmp_path, stand_ins):
    async def go(provider: Any) -> list[Any]:
        jobs = [await sent(provider, tiny(seed=n), str(n) * 32) for n in range(3)]
        return [await ended(provider, job) for job in jobs]

    states = run(tmp_path, go)
    green = [frames_at(s.assets[0].path, [0.0])[0].image[:, :, 1].mean() / 255 for s in states]
    assert all(abs(value - 0.1) < 0.03 for value in green)


def test_every_step_is_told(tmp_path, stand_ins):
    async def go(provider: Any) -> list[Running]:
        job = await sent(provider, tiny("slow fox"))
        seen: list[Running] = []
        while isinstance(state := await provider.poll(job), Running):
            if state not in seen:
                seen.append(state)
            await asyncio.sleep(0.05)
        return seen

    seen = run(tmp_path, go)
    assert Running(progress=0.5, note="step 2 of 4") in seen
    assert [s.progress or 0 for s in seen] == sorted(s.progress or 0 for s in seen)


def test_a_picture_goes_along(tmp_path, stand_ins):
    image = picture(tmp_path)

    async def go(provider: Any) -> Any:
        return await ended(provider, await sent(provider, tiny(start_image=image)))

    state = run(tmp_path, go)
    assert isinstance(state, Succeeded)
    assert (tmp_path / "diffusers" / TOKEN / image.sha256).is_file()


@pytest.mark.parametrize(
    ("prompt", "params", "reason"),
    [
        ("memory", {}, "OutOfMemoryError: CUDA out of memory; use a smaller size, `offload:"),
        ("nan", {}, "ValueError: the model made what is no number; try `dtype: float32`"),
        (FOX, {"extra": {"sound": 1}}, "ValueError: DiffusionPipeline takes no sound; it takes: "),
    ],
)
def test_a_failure_says_what_to_do(prompt, params, reason, tmp_path, stand_ins):
    async def go(provider: Any) -> Any:
        return await ended(provider, await sent(provider, tiny(prompt, **params)))

    state = run(tmp_path, go)
    assert isinstance(state, Failed)
    assert state.reason.startswith(reason)
    assert state.charged_micro_usd == 0


def test_a_pipeline_that_does_not_exist_is_named(tmp_path, stand_ins, rows):
    rows(pipeline="WonPipeline")

    async def go(provider: Any) -> Any:
        return await ended(provider, await sent(provider, tiny()))

    assert run(tmp_path, go) == Failed(
        kind="failed", reason="ValueError: diffusers 0 has no pipeline WonPipeline"
    )


def test_the_process_holds_no_key(tmp_path, stand_ins, monkeypatch):
    monkeypatch.setenv("LUMAAI_API_KEY", "canary-luma")
    monkeypatch.setenv("HF_TOKEN", "canary-hub")

    async def go(provider: Any) -> Any:
        return await ended(provider, await sent(provider, tiny("secret")))

    assert run(tmp_path, go).reason == "ValueError: HF_TOKEN"


# -- when things end ------------------------------------------------------------------------------


def test_a_process_that_dies_fails_its_own_clip_alone(tmp_path, stand_ins):
    async def go(provider: Any) -> list[Any]:
        prompts = ("a fox", "die", "a heron")
        jobs = [await sent(provider, tiny(p), str(n) * 32) for n, p in enumerate(prompts)]
        return [await ended(provider, job) for job in jobs]

    one, two, three = run(tmp_path, go)
    assert isinstance(one, Succeeded)
    assert isinstance(three, Succeeded)
    assert isinstance(two, Failed)
    assert two.reason.startswith("its process was ended by SIGKILL (the system may have been out")


def test_what_is_wanted_no_more_ends_at_the_next_step(tmp_path, stand_ins):
    async def go(provider: Any) -> list[Any]:
        jobs = [await sent(provider, tiny("slow fox", steps=50), str(n) * 32) for n in range(2)]
        while (await provider.poll(jobs[0])).progress is None:
            await asyncio.sleep(0.05)
        for job in jobs:
            await provider.cancel(job)
        states = [await ended(provider, job, within_s=10) for job in jobs]
        with pytest.raises(ProviderError, match="the job has ended"):
            await provider.cancel(jobs[0])
        return states

    assert run(tmp_path, go) == [Failed(kind="cancelled", reason="stopped at your word")] * 2


def test_a_job_outlives_who_asked_for_it(tmp_path, stand_ins):
    """A second process sees that the first one's clip is being made, and takes up what waits."""

    async def first(provider: Any) -> list[JobHandle]:
        jobs = [await sent(provider, tiny("slow fox"), "0" * 32)]
        jobs.append(await sent(provider, tiny("a heron"), "1" * 32))
        while (await provider.poll(jobs[0])).progress is None:
            await asyncio.sleep(0.05)
        return jobs

    async def second(provider: Any) -> list[Any]:
        assert await provider.poll(jobs[0]) == Running(note="made by another process")
        return [await ended(provider, job) for job in jobs[::-1]]

    jobs = run(tmp_path, first)
    assert all(isinstance(state, Succeeded) for state in run(tmp_path, second))


def test_what_a_vanished_process_was_making_has_failed(tmp_path, stand_ins):
    place = tmp_path / "diffusers" / TOKEN
    place.mkdir(parents=True)
    job = {"model": "diffusers/tiny", "created_at": datetime.now(UTC).isoformat(), "body": {}}
    (place / "job.json").write_text(json.dumps(job))
    (place / "begun").touch()
    state = run(tmp_path, lambda provider: provider.poll(JobHandle(TOKEN)))
    assert state == Failed(kind="failed", reason="the process that made it ended")
    assert json.loads((place / "ended.json").read_text())["state"] == "failed"


def test_every_job_is_found_by_its_token(tmp_path, stand_ins):
    async def go(provider: Any) -> Any:
        await sent(provider, tiny())
        (tmp_path / "diffusers" / ".half.part").mkdir()
        since = datetime.now(UTC) - timedelta(minutes=1)
        await ended(provider, JobHandle(TOKEN))
        later = await provider.recent(datetime.now(UTC) + timedelta(minutes=1), "diffusers/tiny")
        assert (later, await provider.recent(since, "diffusers/other")) == ([], [])
        return await provider.recent(since, "diffusers/tiny")

    (job,) = run(tmp_path, go)
    assert (job.token, job.handle) == (TOKEN, JobHandle(TOKEN))


@pytest.mark.parametrize("name", ["../x", "", "a/b"])
def test_a_handle_never_leads_out_of_the_folder(name: str, tmp_path, stand_ins):
    with pytest.raises(ProviderError, match="no job is named"):
        run(tmp_path, lambda provider: provider.poll(JobHandle(name)))


def test_a_job_that_is_not_there_is_an_error(tmp_path, stand_ins):
    with pytest.raises(Refused) as found:
        run(tmp_path, lambda provider: provider.poll(JobHandle(TOKEN)))
    assert found.value.kind == "not_found"


def test_the_process_ends_when_nobody_asks(tmp_path, stand_ins, monkeypatch):
    started: list[subprocess.Popen[str]] = []
    start = diffusers._start
    monkeypatch.setattr(
        diffusers, "_start", lambda jobs: started.append(start(jobs)) or started[-1]
    )
    monkeypatch.setattr(diffusers, "IDLE_S", 0.5)

    async def go(provider: Any) -> None:
        await ended(provider, await sent(provider, tiny(), "0" * 32))
        assert os.getpgid(started[0].pid) != os.getpgid(0)  # an interrupt of ours misses it
        started[0].wait(10)
        await ended(provider, await sent(provider, tiny(), "1" * 32))

    run(tmp_path, go)
    assert len(started) == 2
    started[1].wait(15)


def test_a_grid_runs_on_this_machine_without_a_budget(tmp_path, stand_ins):
    exp = tk.Experiment(tmp_path / "exp")
    grid = tk.Grid(["a red fox", "die at once"], models="diffusers/tiny", duration_s=1, seed=7)
    batch = exp.run(grid, monitor=False, score=False)
    assert batch.wait(60)
    df = exp.runs_df()
    exp.close()
    assert dict(zip(df["prompt.text"], df["state"], strict=True)) == {
        "a red fox": "done", "die at once": "failed",
    }  # fmt: skip


# -- the real library -----------------------------------------------------------------------------

REAL = os.environ.get(diffusers.PYTHON) or (
    sys.executable if all(map(importlib.util.find_spec, ("torch", "diffusers"))) else None
)
needs_torch = pytest.mark.skipif(REAL is None, reason="torch and diffusers are not here")

KINDS = {
    "wan": ("WanPipeline", {"width": 32, "height": 32}, {}),
    "ltx": ("LTXPipeline", {"width": 32, "height": 32}, {"frame_step": 8}),
    "cogvideox": ("CogVideoXPipeline", {"width": 16, "height": 16}, {"frame_step": 8}),
    "hunyuan": (
        "HunyuanVideoPipeline",
        {
            "width": 32, "height": 32,
            "prompt_template": {"template": "{}", "crop_start": 0}, "max_sequence_length": 16,
        },
        {},
    ),
}  # fmt: skip


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_a_tiny_real_pipeline_makes_a_clip_and_honours_its_seed(
    kind: str, tmp_path, rows, monkeypatch
):
    assert REAL is not None
    monkeypatch.setenv(diffusers.PYTHON, REAL)
    builder = Path(__file__).with_name("tiny_pipelines.py")
    subprocess.run([REAL, str(builder), str(tmp_path / "made"), kind], check=True)
    name, extra, server = KINDS[kind]
    rows(path=f"made/{kind}", pipeline=name, dtype="float32", **server)

    async def go(provider: Any) -> list[Any]:
        states = []
        for n, (prompt, seed) in enumerate(((FOX, 7), (FOX, 7), (FOX, 8))):
            request = tiny(prompt, seed=seed, steps=2, duration_s=1, extra=extra)
            job = await sent(provider, request, str(n) * 32)
            states.append(await ended(provider, job, within_s=200))
        return states

    states = run(tmp_path, go)
    log = (tmp_path / "diffusers" / "worker.log").read_text()[-2000:]
    assert all(isinstance(state, Succeeded) for state in states), (states, log)
    clip = probe(states[0].assets[0].path)
    frames = 8 // server.get("frame_step", 4) * server.get("frame_step", 4) + 1
    assert (clip.width, clip.num_frames, clip.fps) == (extra["width"], frames, 8.0)
    one, same, other = (Path(state.assets[0].path).read_bytes() for state in states)
    assert one == same != other


@needs_torch
def test_killing_a_real_pipeline_fails_its_own_clip_alone(tmp_path, rows, monkeypatch):
    assert REAL is not None
    monkeypatch.setenv(diffusers.PYTHON, REAL)
    builder = Path(__file__).with_name("tiny_pipelines.py")
    subprocess.run([REAL, str(builder), str(tmp_path / "made"), "wan"], check=True)
    rows(path="made/wan", dtype="float32")
    started: list[subprocess.Popen[str]] = []
    start = diffusers._start
    monkeypatch.setattr(
        diffusers, "_start", lambda jobs: started.append(start(jobs)) or started[-1]
    )
    extra = {"width": 32, "height": 32}

    async def go(provider: Any) -> list[Any]:
        long = await sent(provider, tiny(steps=500, duration_s=1, extra=extra), "0" * 32)
        short = await sent(provider, tiny(steps=2, duration_s=1, extra=extra), "1" * 32)
        while isinstance(state := await provider.poll(long), Running) and not state.progress:
            await asyncio.sleep(0.05)
        os.kill(started[0].pid, signal.SIGKILL)
        return [await ended(provider, job, within_s=200) for job in (long, short)]

    killed, well = run(tmp_path, go)
    assert isinstance(killed, Failed)
    assert "SIGKILL" in killed.reason
    assert isinstance(well, Succeeded)
    assert len(started) == 2
