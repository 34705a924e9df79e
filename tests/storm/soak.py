"""Very many runs through one engine with a provider in memory: memory, files, pace, reopening."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.fake_service import mp4
from tests.storm.kernel import CARD, rows, settings, verify
from toolkit.records import State
from toolkit.runner import Engine
from toolkit.seams import Accepted, Asset, Job, JobHandle, Request, Succeeded
from toolkit.store import Store
from toolkit.tables import runs_df


class Memory:
    """Takes everything and is done at once."""

    name = "fake"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.num = 0
        folder.mkdir(parents=True, exist_ok=True)

    def models(self) -> Sequence[Any]:
        return [CARD]

    async def submit(self, request: Request, token: str) -> Accepted:
        self.num += 1
        return Accepted(JobHandle(f"j{self.num}"), {"prompt": request.prompt})

    async def poll(self, job: JobHandle) -> Any:
        path = self.folder / f"{self.num % 512}-{job.id}.mp4"
        path.write_bytes(mp4(job.id))
        return Succeeded(assets=[Asset(path=str(path))])

    async def recent(self, since: Any, model: str) -> Sequence[Job]:
        return []

    async def cancel(self, job: JobHandle) -> None: ...


def soak(*, runs: int, in_flight: int = 64, limit_s: float = 3600.0) -> dict[str, Any]:
    me = psutil.Process()
    samples: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        base = Path(folder)
        store = Store.open(base / "exp")
        store.set_budget(1e6)
        cells = rows(runs, 1)
        store.plan(cells)
        keys = [cell.run_key for cell in cells]
        del cells
        provider = Memory(base / "service")
        engine = Engine(store, lambda _: provider, verify=verify, settings=settings(in_flight))
        began, cpu = time.monotonic(), time.process_time()
        engine.start(keys)
        late = False
        while not engine.wait(0.2):
            samples.append((me.memory_info().rss, me.num_fds()))
            for path in (base / "service").glob("*.mp4"):
                if time.time() - path.stat().st_mtime > 10:
                    path.unlink(missing_ok=True)
            if late := time.monotonic() - began > limit_s:
                break
        took, cpu = time.monotonic() - began, time.process_time() - cpu
        done = store.counts().get(State.DONE, 0)
        engine.close()
        store.close()
        size = sum(path.stat().st_size for path in (base / "exp").glob("experiment.db*"))
        began = time.monotonic()
        with Store.open(base / "exp") as again:
            frame = runs_df(again)
        reopened = time.monotonic() - began
    warm = samples[max(1, len(samples) // 5) :] or samples or [(0, 0)]
    growth = (warm[-1][0] - warm[0][0]) / 2**20
    return {
        "runs": runs, "done": done, "seconds": round(took, 1),
        "runs_per_s": round(done / took, 1), "cpu_ms_per_run": round(1000 * cpu / max(1, done), 2),
        "rss_growth_mb": round(growth, 1), "rss_mb": round(warm[-1][0] / 2**20, 1),
        "most_open_files": max(files for _, files in samples or [(0, 0)]),
        "db_bytes_per_run": round(size / max(1, done)), "reopened_s": round(reopened, 2),
        "rows": len(frame), "load": round(os.getloadavg()[0], 1), "timed_out": late,
        "ok": not late and done == runs,
    }  # fmt: skip
