"""Several kernels send as fast as they may; the ledger tells when the requests came."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.storm.kernel import PRICE, kernel, rows, service
from toolkit.records import State
from toolkit.runner import Limits
from toolkit.simulator.http_service import Faults, Ledger
from toolkit.store import Store

LATE_S = 1.0
"""A token is taken when a run is claimed, and the send guard lets a request be so much later."""


def rate(
    *, kernels: int = 8, per_minute: float = 600.0, burst: int = 5, seconds: float = 60.0,
    limit_s: float = 3600.0,
) -> dict[str, Any]:  # fmt: skip
    """`kernels` kernels under one rate: how many requests were too early, however counted."""
    runs = int(per_minute / 60 * seconds) + burst
    limits = Limits(max_in_flight=runs, per_minute=per_minute, burst=burst)
    with tempfile.TemporaryDirectory(prefix="rate-") as scratch:
        base = Path(scratch)
        with Store.open(base / "exp") as store:
            store.set_budget(2 * runs * PRICE / 1e6)
            store.plan(rows(runs, 1))
        began = time.monotonic()
        with service(base / "service", Faults(), for_s=limit_s + 60) as url:
            alive = [kernel(str(base / "exp"), url, limits=limits) for _ in range(kernels)]
            for process in alive:
                process.join(max(0.0, limit_s - (time.monotonic() - began)))
            late = any(process.is_alive() for process in alive)
            for process in alive:
                process.kill()
        ledger = Ledger(base / "service" / "ledger.db")
        times = ledger.asked("submit")
        ledger.close()
        with Store.open(base / "exp") as store:
            done = store.counts().get(State.DONE, 0)
    every = 60.0 / per_minute
    above = excess(times, every, burst, LATE_S)
    return {
        "kernels": kernels, "per_minute": per_minute, "burst": burst, "requests": len(times),
        "above_the_rate": above, "most_in_a_minute": most_within(times, 60.0),
        "earliest_by_s": round(earliness(times, every, burst), 3), "done": done,
        "seconds": round(times[-1] - times[0], 1) if times else 0.0,
        "load": round(os.getloadavg()[0], 1), "timed_out": late,
        "ok": not above and not late and done == runs == len(times),
    }  # fmt: skip


def earliness(times: Sequence[float], every: float, burst: int) -> float:
    """By how much the earliest request came before its token, as the service counts; 0 if none."""
    token, worst = -1e18, 0.0
    for at in times:
        token = max(token, at)  # when this one's token would come on time
        worst = max(worst, token - at - every * (burst - 1))
        token += every
    return worst


def excess(times: Sequence[float], every: float, burst: int, slack_s: float) -> int:
    """How many requests came more than `slack_s` before their token."""
    token, early = -1e18, 0
    for at in times:
        token = max(token, at)
        early += token - at - every * (burst - 1) > slack_s + 1e-9
        token += every
    return early


def most_within(times: Sequence[float], window_s: float) -> int:
    """The most requests in any stretch of `window_s`."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while at - times[first] > window_s:
            first += 1
        most = max(most, last - first + 1)
    return most
