"""Results are deleted an hour after they are made, and nobody is there: what is saved?"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.storm.kernel import CARD, FORK, PRICE, kernel, rows, service, settings, verify
from toolkit.providers._sim_http import HttpSimProvider
from toolkit.records import State
from toolkit.runner import Engine
from toolkit.runner.worker import work
from toolkit.simulator.http_service import Faults, Ledger
from toolkit.store import Store

KEPT_S, WORK_S, STEP_S = 3600.0, 600.0, 300.0
"""By the service's clock, which is moved and not waited for."""


def expiry(
    *, runs: int = 48, in_flight: int = 4, hours: float = 12.0, limit_s: float = 3600.0
) -> dict[str, Any]:
    """A kernel's outage of 30 minutes; a night with the worker, and the same night without it."""
    began = time.monotonic()
    table = {
        "outage_30_min": _outage(runs, 1800.0),
        "night_with_worker": _night(runs, in_flight, hours * 3600),
        "night_without": _outage(runs, hours * 3600),
    }
    everything = {"saved": runs, "expired": 0, "charges": runs, "files": runs}
    told = {"saved": 0, "expired": runs, "charges": runs, "files": 0}
    return {
        "runs": runs, "kept_s": KEPT_S, "hours": hours, **table,
        "seconds": round(time.monotonic() - began, 1), "load": round(os.getloadavg()[0], 1),
        "ok": time.monotonic() - began < limit_s
        and table["outage_30_min"] == table["night_with_worker"] == everything
        and table["night_without"] == told,
    }  # fmt: skip


def _outage(runs: int, outage_s: float) -> dict[str, int]:
    """The kernel dies when all is sent, and comes back when the results are so old."""
    with tempfile.TemporaryDirectory(prefix="expiry-") as scratch:
        base = Path(scratch)
        with _prepared(base, runs) as store, _served(base) as url:
            first = kernel(str(base / "exp"), url, in_flight=runs)
            _until(lambda: store.counts() == {State.SUBMITTED: runs})
            os.kill(first.pid, signal.SIGKILL)
            _advance(url, WORK_S + outage_s)
            kernel(str(base / "exp"), url, in_flight=runs).join(120)
            return _found(base, store)


def _night(runs: int, in_flight: int, night_s: float) -> dict[str, int]:
    """The notebook dies at once; the worker is there as result after result is made."""
    with tempfile.TemporaryDirectory(prefix="expiry-") as scratch:
        base = Path(scratch)
        with _prepared(base, runs) as store, _served(base) as url:
            notebook = kernel(str(base / "exp"), url, in_flight=in_flight)
            _until(lambda: store.counts().get(State.SUBMITTED))
            os.kill(notebook.pid, signal.SIGKILL)
            worker = FORK.Process(target=_worker, args=(str(base / "exp"), url, in_flight))
            worker.start()
            ledger = Ledger(base / "service" / "ledger.db")
            ahead = 0.0
            while ahead < night_s and worker.is_alive():
                _advance(url, STEP_S)
                ahead += STEP_S
                made = {
                    job for job in ledger.charges()
                    if (ledger.job(job) or {})["ready"] <= time.time() + ahead
                }  # fmt: skip
                _until(lambda made=made: store.counts().get(State.DONE, 0) >= len(made))
            ledger.close()
            worker.join(60)
            worker.kill()
            return _found(base, store)


def _prepared(base: Path, runs: int) -> Store:
    store = Store.open(base / "exp")
    store.set_budget(runs * PRICE / 1e6)
    store.plan(rows(runs, 1))
    return store


def _served(base: Path) -> Any:
    return service(base / "service", Faults(work_s=WORK_S, expire_s=KEPT_S))


def _advance(url: str, seconds: float) -> None:
    httpx.post(f"{url}/v1/clock", json={"advance_s": seconds}, timeout=30).raise_for_status()


def _until(what: Any, patience_s: float = 60.0) -> None:
    """What does not come in time shows in the figures."""
    until = time.monotonic() + patience_s
    while not what() and time.monotonic() < until:
        time.sleep(0.02)


def _found(base: Path, store: Store) -> dict[str, int]:
    ledger = Ledger(base / "service" / "ledger.db")
    counts = store.counts()
    found = {
        "saved": counts.get(State.DONE, 0), "expired": counts.get(State.EXPIRED_PAID, 0),
        "charges": len(ledger.charges()),
        "files": sum(1 for _ in (store.folder / "clips").rglob("*.mp4")),
    }  # fmt: skip
    ledger.close()
    return found


class _Batch:
    """What an experiment's batch is to the worker."""

    def __init__(self, engine: Engine, keys: Sequence[str]) -> None:
        self._engine = engine
        engine.start(keys)

    @property
    def is_finished(self) -> bool:
        return self._engine.is_idle

    def wait(self) -> None:
        self._engine.wait()

    def stop(self) -> None:
        self._engine.stop()


def _worker(folder: str, url: str, in_flight: int) -> None:
    """The worker's own code, with an engine on the rehearsed service."""
    with Store.open(Path(folder)) as store:
        engine = Engine(
            store, lambda _: HttpSimProvider(url, cards=[CARD], name="fake"), verify=verify,
            settings=settings(in_flight), kind="worker",
        )  # fmt: skip
        with engine:
            work(store, lambda keys, _score: _Batch(engine, keys))
