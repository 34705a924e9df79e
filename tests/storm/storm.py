"""Kernels are killed at random while they work against a service that misbehaves."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.storm.judge import is_sound, judge
from tests.storm.kernel import PRICE, kernel, rows, service
from toolkit.simulator.http_service import ROUGH, Faults
from toolkit.store import Store


def storm(
    *,
    runs: int,
    kills: int,
    kernels: int,
    identical: int = 1,
    seed: int = 0,
    cap_runs: int | None = None,
    every_s: float = 0.4,
    tokens: bool = False,
    limit_s: float = 3600.0,
    folder: Path | None = None,
) -> dict[str, Any]:
    """Run it and judge it. `cap_runs`: a budget for so many runs alone."""
    with tempfile.TemporaryDirectory(prefix="storm-") as scratch:
        base = folder or Path(scratch)
        cap = runs if cap_runs is None else cap_runs
        with Store.open(base / "exp") as store:
            store.set_budget(cap * PRICE / 1e6)
            store.plan(rows(runs, identical))
        faults = Faults(rates=ROUGH, lag_s=0.4, work_s=0.3, retry_after_s=0.5, seed=seed)
        began = time.monotonic()
        watch = _Watch(base / "exp", cap * PRICE)
        with service(base / "service", faults, for_s=limit_s + 60) as url:
            killed, late = _strike(
                base / "exp", url, kills, kernels, seed, every_s, limit_s, tokens
            )
        took = time.monotonic() - began
        watch.stop()
        verdict = judge(base / "exp", base / "service" / "ledger.db")
    verdict |= {
        "kills": killed, "kernels": kernels, "identical": identical, "seed": seed,
        "seconds": round(took, 1), "runs_per_s": round(runs / took, 1), "timed_out": late,
        "cap_micro_usd": cap * PRICE, "most_committed_micro_usd": watch.most,
        "cap_passed": watch.most > cap * PRICE,
    }  # fmt: skip
    verdict["ok"] = is_sound(verdict) and not late and not verdict["cap_passed"]
    return verdict


def _strike(
    experiment: Path, url: str, kills: int, kernels: int, seed: int, every_s: float,
    limit_s: float, tokens: bool,
) -> tuple[int, bool]:  # fmt: skip
    dice = random.Random(seed)
    until = time.monotonic() + limit_s
    alive = [kernel(str(experiment), url, tokens=tokens) for _ in range(kernels)]
    killed = 0
    next_kill = time.monotonic() + 1.0 + dice.expovariate(1 / every_s)
    with Store.open(experiment) as store:
        while time.monotonic() < until:
            time.sleep(0.02)
            through = not any(state.is_open for state in store.counts())
            if through and all(not process.is_alive() for process in alive):
                return killed, False
            for place, process in enumerate(alive):
                if not process.is_alive() and not through:
                    alive[place] = kernel(str(experiment), url, tokens=tokens)
            if killed < kills and not through and time.monotonic() >= next_kill:
                victim = dice.choice(alive)
                if victim.is_alive():
                    os.kill(victim.pid, signal.SIGKILL)
                    killed += 1
                next_kill = time.monotonic() + dice.expovariate(1 / every_s)
    for process in alive:
        process.kill()
    return killed, True


class _Watch:
    """Looks again and again how much is spent and reserved."""

    def __init__(self, experiment: Path, cap: int) -> None:
        self.most = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(experiment,), daemon=True)
        self._thread.start()

    def _look(self, experiment: Path) -> None:
        with Store.open(experiment) as store:
            while not self._ended.wait(0.05):
                self.most = max(self.most, store.budget().real.committed_micro_usd)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(10)
