"""A kernel dies, or is suspended, at every named place; the ledger says what that cost."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests import test_runner_crash as crash
from tests.crash_child import prepare
from toolkit.store.failpoint import POINTS


def failpoints(
    *, stop: float = 0.0, at_once: int = 4, only: Sequence[str] | None = None,
    limit_s: float = 3600.0,
) -> dict[str, Any]:  # fmt: skip
    """Killed at each place × {restart, take-over}; with `stop` suspended there for so long."""
    began = time.monotonic()
    ways = {f"suspended {stop:g} s": lambda f, p: suspended(f, p, stop)} if stop else {
        "restart": crash.restarted, "take-over": crash.taken_over,
    }  # fmt: skip
    points = list(only or crash.FIRST_LIFE)
    cases = [(way, point) for way in ways for point in points]
    if not (stop or only):
        ways["second life"] = crash.killed_again
        cases += [("second life", point) for point in crash.SECOND_LIFE]
    wrong: list[str] = []
    skipped: list[str] = []

    def one(case: tuple[str, str]) -> None:
        way, point = case
        if time.monotonic() - began > limit_s:
            skipped.append(f"{way} {point}")
            return
        with tempfile.TemporaryDirectory(prefix="failpoint-") as folder:
            wrong.extend(f"{way} {point}: {line}" for line in ways[way](Path(folder), point))

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, cases))
    return {
        "points": len({point for _, point in cases}), "of": len(POINTS), "ways": list(ways),
        "cases": len(cases) - len(skipped), "skipped": len(skipped), "wrong": wrong,
        "seconds": round(time.monotonic() - began, 1), "ok": not wrong and not skipped,
    }  # fmt: skip


def suspended(folder: Path, point: str, seconds: float) -> list[str]:
    """Stopped by SIGSTOP at `point` for so long, while a second kernel takes over."""
    prepare(folder)
    patience = {"patience_s": seconds + 60}  # their clocks run on meanwhile
    first = crash.child(folder, f"{point}:stop", **patience)
    reached = _until_stopped(first.pid, 20)
    second = crash.child(folder, **patience)
    time.sleep(seconds)
    os.kill(first.pid, signal.SIGCONT)
    for process in (second, first):
        process.join(seconds + 60)
        process.kill()
    wrong = [] if reached else [f"never came to {point}"]
    return wrong + crash.judge(folder)


def _until_stopped(pid: int, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "T":
            return True
        time.sleep(0.02)
    return False
