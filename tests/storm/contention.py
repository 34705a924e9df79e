"""Several kernels write to one experiment as fast as they can."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.storm.kernel import FORK, rows
from toolkit.store import Store
from toolkit.store.life import Life, Limits

LIMITS = Limits(max_in_flight=1 << 30)


def contention(
    *, kernels: int = 8, seconds: float = 60.0, limit_s: float = 3600.0
) -> dict[str, Any]:
    """How long a claim takes when `kernels` claim, intend and record all the time."""
    seconds = min(seconds, limit_s)
    with tempfile.TemporaryDirectory(prefix="contention-") as folder:
        base = Path(folder)
        with Store.open(base / "exp") as store:
            store.set_budget(1e6)
            store.plan(rows(int(4000 * max(1.0, seconds)), 1))
        pipes = []
        for number in range(kernels):
            ours, theirs = FORK.Pipe(duplex=False)
            process = FORK.Process(
                target=_press, args=(str(base / "exp"), number, kernels, seconds, theirs)
            )
            process.start()
            pipes.append((process, ours))
        claims: list[float] = []
        problems: list[str] = []
        for process, ours in pipes:
            if ours.poll(seconds + 120):
                took, trouble = ours.recv()
                claims += took
                problems += trouble
            process.join(10)
            process.kill()
        with Store.open(base / "exp") as store, store.reading() as conn:
            sound = conn.exec_driver_sql("PRAGMA integrity_check").scalar()
    claims.sort()
    locked = sum("locked" in text or "busy" in text for text in problems)
    return {
        "kernels": kernels, "seconds": seconds, "claims": len(claims),
        "claims_per_s": round(len(claims) / seconds, 1),
        "p50_ms": _quantile(claims, 0.5), "p99_ms": _quantile(claims, 0.99),
        "max_ms": _quantile(claims, 1.0), "locked": locked, "problems": problems[:5],
        "integrity": sound, "load": round(os.getloadavg()[0], 1),
        "ok": not problems and sound == "ok" and bool(claims),
    }  # fmt: skip


def _quantile(values: list[float], q: float) -> float:
    if not values:
        return 0.0
    return round(1000 * values[min(len(values) - 1, int(q * len(values)))], 1)


def _press(folder: str, number: int, kernels: int, seconds: float, pipe: Any) -> None:
    took, problems = [], []
    with Store.open(Path(folder)) as store:
        life = Life(store, f"kernel {number}")
        keys = store.keys(["planned"])[number::kernels]  # type: ignore[list-item]
        until = time.monotonic() + seconds
        while time.monotonic() < until and keys:
            try:
                began = time.perf_counter()
                got = life.claim_new("fake", keys[:16], LIMITS, most=1).got
                took.append(time.perf_counter() - began)
                keys = keys[1:]
                for claim in got:
                    sent = life.accepted(life.intent(claim), {"id": claim.key}, {})
                    life.ready(sent, cost_micro_usd=None, prompt_used=None, expires_at=None)
            except Exception as problem:  # noqa: BLE001 - counted
                problems.append(f"{type(problem).__name__}: {problem}")
            time.sleep(0.02)  # a kernel does other things, too
    pipe.send((took, problems))
