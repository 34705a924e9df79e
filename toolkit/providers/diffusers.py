"""Open models on this machine, by the diffusers library (extra `local`), in a process of their own.

A row's `wire_id` is a hub id, or its `server.path` a folder; `server` also says the pipeline's
class, `dtype`, `offload`, and the rate and steps in which the model counts frames. Nothing of torch
is imported here: `_diffusers_child` makes one clip after another, keeps the model loaded while jobs
come, and may be killed, which fails the one clip it was making. It speaks JSON lines.

A job is a folder, named by our token, in the experiment: who asks about one that nobody works on
takes it up, so an answer cannot be lost. `PROMPTGRID_DIFFUSERS_PYTHON` names the Python of another
environment that has torch, diffusers and this package.

Read in diffusers 0.42.1; tried with tiny random Wan, LTX, CogVideoX and Hunyuan pipelines on the
processor (`python -m tests.real diffusers`), and never on a graphics card.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from toolkit.errors import ProviderError, Refused
from toolkit.locks import try_lock
from toolkit.providers import _images, _own
from toolkit.providers._http import check_guard
from toolkit.providers._wire import body, text_of
from toolkit.records import ImageRef, ModelCard
from toolkit.seams import (
    Accepted,
    Asset,
    Failed,
    FailureKind,
    Job,
    JobHandle,
    JobState,
    Provider,
    Request,
    Running,
    Succeeded,
)

__all__ = ["BASE_URL", "KEYS", "DiffusersProvider", "provider"]

KEYS: tuple[str, ...] = ()
BASE_URL = ""

PYTHON = "PROMPTGRID_DIFFUSERS_PYTHON"
IDLE_S = 120.0  # then the model is let go: others may want the memory

FORMS = {
    "negative": "negative_prompt", "start_image": "image", "end_image": "last_image",
    **dict.fromkeys(("duration_s", "resolution", "aspect_ratio", "fps", "seed"), ""),
    **dict.fromkeys(("loop", "audio", "prompt_rewrite"), ""),
}  # fmt: skip
"""Names of a pipeline's call. `_own` counts lengths and sizes; the seed makes a generator."""

Precision = Literal["bfloat16", "float16", "float32"]


class DiffusersServer(_own.Server):
    """What a row of `diffusers` may say under `server`."""

    path: str | None = None
    """A folder with the pipeline; else `wire_id` is its id on the hub."""
    pipeline: str | None = None
    """The class, where the folder does not say: WanPipeline, LTXPipeline …"""
    dtype: Precision = "bfloat16"
    parts: dict[str, Precision] = Field(default={})
    """Parts of another precision: {vae: float32}."""
    offload: Literal["none", "model", "sequential"] = "model"
    """What waits outside the graphics card: nothing, whole models, or every layer."""
    tiling: bool = False
    """Whether the decoder works tile by tile, for less memory."""
    revision: str | None = None
    variant: str | None = None


class DiffusersProvider:
    """Jobs in `folder/diffusers`, made one after another by a child process."""

    name = "diffusers"
    download_hosts: tuple[str, ...] = ()
    base_url: str | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs = folder / "diffusers"
        self._worker = _Worker(self._jobs)

    def models(self) -> Sequence[ModelCard]:
        return _own.cards_of(self.name)

    # -- the request -----------------------------------------------------------------------------

    async def prepare(self, request: Request) -> dict[str, Any]:
        """The call, the pipeline, the seed and the rate; pictures as their hash."""
        card, params = request.card, request.params
        server = _own.server_of(card, DiffusersServer)
        given: dict[str, Any] = {"prompt": text_of(request)}
        if request.spec.negative is not None:
            given["negative"] = request.spec.negative
        for name in ("start_image", "end_image"):
            if isinstance(image := params.get(name), ImageRef):
                _images.read(image, self._folder, provider=self.name)
                given[name] = _images.placed(image)
        size, frames = _own.size_of(request, server), _own.frames_of(request, server)
        if size is not None:
            given |= {"width": size[0], "height": size[1]}
        if frames is not None:
            given["num_frames"] = frames
        elif params.get("duration_s") is not None:
            raise self._refused(
                f"{card.model} counts a length in frames; its row needs `server: {{fps: …}}`"
            )
        about = server.model_dump(exclude={*_own.Server.model_fields, "path"}, exclude_none=True)
        return {
            "call": body(request, FORMS, given=given),
            "pipeline": {"source": self._source(card, server), **about},
            **({"seed": params["seed"]} if params.get("seed") is not None else {}),
            "fps": _own.fps_of(request, server) or 24,
        }

    def _source(self, card: ModelCard, server: DiffusersServer) -> str:
        """The folder, or the id on the hub; `Refused` where neither can be, or torch is missing."""
        lacking = [name for name in ("torch", "diffusers") if not importlib.util.find_spec(name)]
        if lacking and PYTHON not in os.environ:
            raise self._refused(
                f"{' and '.join(lacking)} cannot be imported here; "
                f"`pip install 'promptgrid[local]'`, or name another Python in {PYTHON}"
            )
        if server.path is None:
            return card.wire_id
        path = _own.file_of(server.path)
        if not (path / "model_index.json").is_file():
            raise self._refused(f"{card.model}: {path} holds no pipeline (no model_index.json)")
        return str(path)

    def _refused(self, text: str) -> Refused:
        return Refused(text, kind="invalid", provider=self.name)

    async def submit(self, request: Request, token: str) -> Accepted:
        sent = request.body if request.body is not None else await self.prepare(request)
        images = [value for value in request.params.values() if isinstance(value, ImageRef)]
        contents = {i.sha256: _images.read(i, self._folder, provider=self.name) for i in images}
        check_guard()
        await asyncio.to_thread(self._keep, token, request.card.model, sent, contents)
        self._worker.give(token)
        return Accepted(JobHandle(token), sent)

    def _keep(
        self, token: str, model: str, sent: dict[str, Any], images: Mapping[str, bytes]
    ) -> None:
        """Write the job down; it is there as a whole or not at all."""
        made = self._jobs / f".{token}.part"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        for sha256, content in images.items():
            (made / sha256).write_bytes(content)
        job = {"model": model, "created_at": datetime.now(UTC).isoformat(), "body": sent}
        _write(made / "job.json", job)
        made.rename(self._place(token))

    def _place(self, job_id: str) -> Path:
        if not re.fullmatch(r"[\w-]{1,128}", job_id):
            raise ProviderError(f"no job is named {job_id!r}", provider=self.name)
        return self._jobs / job_id

    # -- the job ---------------------------------------------------------------------------------

    async def poll(self, job: JobHandle) -> JobState:
        return await asyncio.to_thread(self._look, job)

    def _look(self, job: JobHandle) -> JobState:
        place = self._place(job.id)
        if not (place / "job.json").is_file():
            raise Refused(f"{place} is not there", kind="not_found", provider=self.name)
        if (end := _end_of(place)) is not None:
            return end
        if (state := self._worker.state_of(job.id)) is not None:
            return state
        begun = (place / "begun").exists()
        with try_lock(place / "lock", otherwise=not begun) as mine:
            if not mine:
                return Running(note="made by another process")
            if (end := _end_of(place)) is not None:
                return end
            if begun:  # whoever made it is gone, and left no word
                return _fail(place, "the process that made it ended")
        self._worker.give(job.id)
        return Running(note="queued")

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        return await asyncio.to_thread(self._listed, since, model)

    def _listed(self, since: datetime, model: str) -> list[Job]:
        found = []
        for path in sorted(self._jobs.glob("[!.]*/job.json")):
            job = json.loads(path.read_text("utf-8"))
            created = datetime.fromisoformat(job["created_at"])
            if job["model"] == model and created >= since:
                token = path.parent.name
                found.append(
                    Job(handle=JobHandle(token), created_at=created, model=model, token=token)
                )
        return found

    async def cancel(self, job: JobHandle) -> None:
        place = self._place(job.id)
        if not place.is_dir() or _end_of(place) is not None:
            raise ProviderError("the job has ended", provider=self.name)
        (place / "cancel").touch()  # looked for before it begins, and after every step

    async def aclose(self) -> None:
        """Let go: the clip that is being made is finished, what waits stays in the folder."""
        self._worker.close()


def _write(path: Path, value: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _end_of(place: Path) -> JobState | None:
    """How a job ended, as its folder says."""
    try:
        end = json.loads((place / "ended.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    if end["state"] == "succeeded":
        clip = Asset(
            path=str(place / "clip.mp4"), size_bytes=end["size_bytes"], sha256=end["sha256"]
        )
        return Succeeded(assets=[clip])
    kind: FailureKind = "cancelled" if end["state"] == "cancelled" else "failed"
    return Failed(kind=kind, reason=str(end["reason"]))


def _fail(place: Path, reason: str) -> JobState:
    _write(place / "ended.json", {"state": "failed", "reason": reason})
    return Failed(kind="failed", reason=reason)


@dataclass
class _Task:
    """A job given to the worker of this process."""

    note: str = "queued"
    progress: float | None = None


class _Worker:
    """The child process, and the thread that hands it one job after another."""

    def __init__(self, jobs: Path) -> None:
        self._jobs = jobs
        self._tasks: dict[str, _Task] = {}
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def give(self, job_id: str) -> None:
        """Have it made; nothing happens where it is under way already."""
        with self._lock:
            if self._closed or job_id in self._tasks:
                return
            self._tasks[job_id] = _Task()
            self._waiting.put(job_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="diffusers", daemon=True)
                self._thread.start()

    def state_of(self, job_id: str) -> Running | None:
        task = self._tasks.get(job_id)
        return Running(progress=task.progress, note=task.note) if task is not None else None

    def close(self) -> None:
        self._closed = True
        self._waiting.put(None)

    def _run(self) -> None:
        child: subprocess.Popen[str] | None = None
        while True:
            try:
                job_id = self._waiting.get(timeout=IDLE_S)
            except queue.Empty:
                job_id = ""
            if not job_id or self._closed:
                _let_go(child)
                child = None
                if self._closed:
                    return
                continue
            if child is None or child.poll() is not None:
                child = _start(self._jobs)
            try:
                self._make(child, job_id)
            except Exception as problem:  # noqa: BLE001 - a job always gets an end
                with contextlib.suppress(OSError):
                    _fail(self._jobs / job_id, f"{type(problem).__name__}: {problem}")
            self._tasks.pop(job_id, None)

    def _make(self, child: subprocess.Popen[str], job_id: str) -> None:
        """One job, from its line to its last word. A child that dies fails this job alone."""
        assert child.stdin is not None
        assert child.stdout is not None
        task, place = self._tasks[job_id], self._jobs / job_id
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(json.dumps({"job": job_id}) + "\n")
            child.stdin.flush()
            for line in child.stdout:
                told = json.loads(line)
                if told.get("ended"):
                    return
                task.note = str(told.get("note", task.note))
                task.progress = told.get("progress", task.progress)
        how = child.wait()
        if _end_of(place) is None:
            _fail(place, f"its process {_ending(how)}; see {self._jobs / 'worker.log'}")


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with status {code}"
    name = signal.Signals(-code).name
    more = " (the system may have been out of memory)" if name == "SIGKILL" else ""
    return f"was ended by {name}{more}"


def _start(jobs: Path) -> subprocess.Popen[str]:
    """A child that holds no key but the hub's, and is not struck by an interrupt of ours."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("HF_") or not re.search(r"KEY|TOKEN|SECRET|PASSWORD", name)
    }
    python = os.environ.get(PYTHON)
    if python is None:
        python = sys.executable
        roots = [str(Path(entry).absolute()) for entry in sys.path]
        env["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(roots))
    env |= {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    with (jobs / "worker.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603  (our own module, no shell)
            [python, "-m", "toolkit.providers._diffusers_child", str(jobs)],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip


def _let_go(child: subprocess.Popen[str] | None) -> None:
    """It ends by itself once it has nothing more to read."""
    if child is not None and child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)


def provider(folder: Path) -> Provider:
    """The models of this machine; jobs and clips lie in `folder/diffusers`."""
    return DiffusersProvider(folder)
