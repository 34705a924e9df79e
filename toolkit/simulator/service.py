"""The service behind the simulated models: it takes a job, renders it, keeps it.

A job is a JSON file in the service's folder, written beside and renamed, so that it outlives the
process that took it: whoever asks about an unfinished job takes it up. Two processes that render
the same job make the same file. A job is charged when its clip is ready; a refused one costs
nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from toolkit.errors import Refused
from toolkit.locks import try_lock
from toolkit.records import RunSpec, to_micro
from toolkit.simulator.planted import model_truth, truth

__all__ = ["SimJob", "SimService", "simulate"]

JobState = Literal["queued", "running", "succeeded", "failed", "moderated", "cancelled"]

STILL_USD = 0.01
_WORKERS = 2
_FINISHED = frozenset({"succeeded", "failed", "moderated", "cancelled"})


@dataclass(frozen=True)
class SimJob:
    """A job as the service stores it; times are ISO 8601 in UTC."""

    id: str
    spec: dict[str, Any]
    token: str | None
    created_at: str
    state: JobState = "queued"
    reason: str = ""
    cost_micro_usd: int = 0
    file: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    finished_at: str | None = None

    @property
    def is_finished(self) -> bool:
        return self.state in _FINISHED

    @property
    def run_spec(self) -> RunSpec:
        return RunSpec.from_json(self.spec)


def simulate(
    prompt: str,
    path: str | os.PathLike[str],
    *,
    model: str = "sim/draft",
    negative: str | None = None,
    sample: int = 1,
    **params: Any,
) -> Path:
    """Render one clip of `prompt` to `path` and return it (a PNG of `sim/still`); `params` as in a
    grid.

    Outside any experiment, budget or queue: for trying words, and for clips to test with. Raises
    `Refused` where the simulated service would refuse.
    """
    spec = RunSpec(prompt, model=model, negative=negative, params=params, sample=sample)
    target = Path(path)
    _write(spec, target)
    return target


def _write(spec: RunSpec, target: Path) -> None:
    from toolkit.simulator.frames import STILL, ambience, as_clip, render
    from toolkit.video.encode import write_mp4

    if spec.model == STILL:
        from PIL import Image

        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        Image.fromarray(next(render(as_clip(spec)))).save(part, "PNG")
        part.replace(target)
        return
    frames = render(spec)
    sound = ambience(spec) if spec.params.get("audio") is True else None
    fps = float(spec.params.get("fps") or 24.0)
    # grain is dear to encode: "veryfast" halves the file and doubles the time
    write_mp4(target, frames, fps, crf=24, preset="superfast", comment=_recipe(spec), audio=sound)


def _recipe(spec: RunSpec) -> dict[str, Any]:
    """What the container's comment says: that this is a simulation, and what was asked."""
    return {
        "simulation": True,
        "made_by": "promptgrid simulator",
        "model": spec.model,
        "prompt": spec.prompt.replace("\0", "�")[:2000],
        "params": {
            name: value
            for name, value in spec.to_json().get("params", {}).items()
            if isinstance(value, (str, int, float, bool))
        },
        "sample": spec.sample,
    }


class SimService:
    """The simulated service over `folder`.

    `pace` stretches the planted latency: 1 is as documented, 0 (tests) waits for rendering alone.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, pace: float = 1.0, workers: int = _WORKERS
    ) -> None:
        self.folder = Path(folder)
        self._jobs = self.folder / "jobs"
        self._files = self.folder / "files"
        self.pace = pace
        self._workers = max(1, min(workers, _WORKERS))
        self._pool: ThreadPoolExecutor | None = None
        self._busy: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._closed = False

    # -- what a client may ask ---------------------------------------------------------------

    def submit(self, spec: RunSpec, *, token: str | None = None) -> str:
        """Take a job and return its id. `Refused` for what is refused at the door: an unknown
        model, a size, length, image or flaw that does not exist, an empty prompt.
        """
        from toolkit.simulator.frames import check

        check(spec)
        now = datetime.now(UTC).isoformat()
        job = SimJob(id=secrets.token_hex(8), spec=spec.to_json(), token=token, created_at=now)
        self._jobs.mkdir(parents=True, exist_ok=True)
        self._files.mkdir(parents=True, exist_ok=True)
        self._save(job)
        self._take_up(job)
        return job.id

    def poll(self, job_id: str) -> SimJob:
        """The job as it stands; an unfinished one is taken up here if nobody works on it.

        `Refused` (not_found) for an id that was never given out.
        """
        job = self._load(job_id)
        if not job.is_finished:
            self._take_up(job)
            job = self._load(job_id)
        return job

    def list(self, since: datetime | None = None, model: str | None = None) -> list[SimJob]:
        """Jobs made at or after `since`, oldest first."""
        found = []
        for path in sorted(self._jobs.glob("*.json")) if self._jobs.is_dir() else []:
            with contextlib.suppress(OSError, ValueError, TypeError):
                job = SimJob(**json.loads(path.read_text("utf-8")))
                recent = since is None or datetime.fromisoformat(job.created_at) >= since
                if recent and model in (None, job.spec.get("model")):
                    found.append(job)
        return sorted(found, key=lambda job: (job.created_at, job.id))

    def cancel(self, job_id: str) -> None:
        """Drop a job that has not been started; one that runs goes on and is charged."""
        job = self._load(job_id)
        future = self._busy.get(job_id)
        if job.state == "queued" and (future is None or future.cancel()):
            self._save(replace(job, state="cancelled", finished_at=datetime.now(UTC).isoformat()))

    def path_of(self, job: SimJob) -> Path:
        """Where the clip of a finished job lies."""
        return self._files / (job.file or f"{job.id}.mp4")

    def close(self) -> None:
        """Let go: what runs is finished, what waits stays in the folder for the next process."""
        self._closed = True
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    # -- the work ----------------------------------------------------------------------------

    def _take_up(self, job: SimJob) -> None:
        with self._lock:
            if self._closed or (job.id in self._busy and not self._busy[job.id].done()):
                return
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="sim")
            self._busy[job.id] = self._pool.submit(self._work, job.id)

    def _work(self, job_id: str) -> None:
        with try_lock(self._jobs / f"{job_id}.lock") as mine:  # without: rendered twice, the same
            job = self._load(job_id)
            if not mine or job.is_finished:
                return
            job = replace(job, state="running")
            self._save(job)
            try:
                self._save(self._render(job))
            except Refused as problem:
                self._save(self._ended(job, "failed", str(problem)))
            except Exception as problem:  # noqa: BLE001 - a job always gets an end
                self._save(self._ended(job, "failed", f"{type(problem).__name__}: {problem}"))
        with contextlib.suppress(OSError):
            (self._jobs / f"{job_id}.lock").unlink()

    def _render(self, job: SimJob) -> SimJob:
        from toolkit.simulator.frames import STILL, as_clip

        spec = job.run_spec
        shown = as_clip(spec) if spec.model == STILL else spec
        planted, habits = truth(shown), model_truth(shown.model)
        started = time.monotonic()
        if planted.refused:
            self._wait(started, habits.latency_s)
            return self._ended(job, "moderated", "the simulated filter refused this prompt")
        if planted.fails:
            self._wait(started, habits.latency_s)
            return self._ended(job, "failed", "the simulated service failed, as planted")
        name = f"{job.id}.{'png' if spec.model == STILL else 'mp4'}"
        _write(spec, self._files / name)
        self._wait(started, habits.latency_s)
        content = (self._files / name).read_bytes()
        seconds = float(spec.params.get("duration_s", 5.0))
        cost = STILL_USD if spec.model == STILL else seconds * habits.usd_per_s
        return replace(
            self._ended(job, "succeeded", ""),
            cost_micro_usd=to_micro(cost),
            file=name,
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
        )

    def _wait(self, started: float, seconds: float) -> None:
        time.sleep(max(0.0, seconds * self.pace - (time.monotonic() - started)))

    @staticmethod
    def _ended(job: SimJob, state: JobState, reason: str) -> SimJob:
        return replace(job, state=state, reason=reason, finished_at=datetime.now(UTC).isoformat())

    def _load(self, job_id: str) -> SimJob:
        if not job_id.isalnum():
            raise Refused(f"no job {job_id!r}", kind="not_found", provider="sim")
        try:
            text = (self._jobs / f"{job_id}.json").read_text("utf-8")
        except OSError as problem:
            raise Refused(f"no job {job_id!r}", kind="not_found", provider="sim") from problem
        return SimJob(**json.loads(text))

    def _save(self, job: SimJob) -> None:
        target = self._jobs / f"{job.id}.json"
        part = target.with_suffix(f".{secrets.token_hex(4)}.part")
        part.write_text(json.dumps(asdict(job), ensure_ascii=True), "utf-8")
        part.replace(target)  # rename last: nobody reads half a job
