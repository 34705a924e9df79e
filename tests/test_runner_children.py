"""Two seconds after the end nothing is left running: engine, pool, worker process, service."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = str(Path(__file__).parents[1])
PATIENCE_S = 2.0

NOTEBOOK = """
import sys, time, toolkit as tk
exp = tk.Experiment(sys.argv[1], budget_usd=5)
grid = tk.Grid("a red fox", models="sim/draft", duration_s=1, samples=2)
batch = exp.run(grid, monitor=False, score=False)
print("started", flush=True)
{middle}
exp.close()
print("closed", flush=True)
time.sleep(60)
"""


def notebook(folder: Path, middle: str) -> subprocess.Popen[bytes]:
    with (folder / "said.txt").open("w") as said:
        return subprocess.Popen(
            [sys.executable, "-c", NOTEBOOK.format(middle=middle), str(folder / "exp")],
            stdout=said, cwd=folder, env=os.environ | {"PYTHONPATH": ROOT},
        )  # fmt: skip


def family_until(process: subprocess.Popen[bytes], said: Path, line: str) -> set[psutil.Process]:
    """Every child seen before it says `line`."""
    seen: set[psutil.Process] = set()
    until = time.monotonic() + 120
    while line not in said.read_text():
        assert process.poll() is None, "it ended too early"
        assert time.monotonic() < until, f"it never said {line!r}"
        seen |= set(psutil.Process(process.pid).children(recursive=True))
        time.sleep(0.02)
    return seen


def left_of(process: subprocess.Popen[bytes], seen: set[psutil.Process]) -> list[psutil.Process]:
    """Who still runs, or waits to be buried, `PATIENCE_S` from now, while the parent lives on."""
    psutil.wait_procs(seen, timeout=PATIENCE_S)
    return [*psutil.Process(process.pid).children(recursive=True),
            *(child for child in seen if child.is_running())]  # fmt: skip


@pytest.mark.parametrize("middle", ["batch.wait(); exp.sheet(frames=2)", "time.sleep(2.0)"])
def test_a_kernel_that_lives_on_keeps_no_process(tmp_path, middle):
    """After all was done, and in the middle of it."""
    process = notebook(tmp_path, middle)
    try:
        seen = family_until(process, tmp_path / "said.txt", "\nclosed\n")
        assert seen or "wait" not in middle, "decoding happens in processes of its own"
        assert left_of(process, seen) == []
    finally:
        process.kill()
        process.wait()


def test_a_worker_process_ends_with_all_that_it_started(tmp_path):
    code = (
        "import sys, toolkit as tk\n"
        "exp = tk.Experiment(sys.argv[1])\n"
        'grid = tk.Grid("a red fox", models="sim/draft", duration_s=1)\n'
        'print("PID", exp.run(grid, detached=True).pid, flush=True)\n'
    )
    parent = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "exp")], capture_output=True, text=True,
        timeout=120, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ROOT}, check=True,
    )  # fmt: skip
    worker = psutil.Process(int(parent.stdout.rpartition("PID ")[2]))
    seen: set[psutil.Process] = set()
    until = time.monotonic() + 120
    while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        try:
            seen |= set(worker.children(recursive=True))
        except psutil.NoSuchProcess:
            break
        time.sleep(0.02)
    assert seen, "decoding happens in processes of its own"
    _, alive = psutil.wait_procs(seen, timeout=PATIENCE_S)
    assert alive == []
    assert "nothing is open" in (tmp_path / "exp" / "worker.log").read_text()


def test_the_rehearsed_service_ends_with_all_that_it_started(tmp_path):
    service = subprocess.Popen(
        [sys.executable, "-m", "toolkit.simulator.http_service", str(tmp_path), "--for-s", "60"],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": ROOT},
    )  # fmt: skip
    assert service.stdout is not None
    assert service.stdout.readline().startswith("http://127.0.0.1:")
    seen = set(psutil.Process(service.pid).children(recursive=True))
    service.send_signal(signal.SIGINT)
    assert service.wait(PATIENCE_S + 3) == 0
    _, alive = psutil.wait_procs(seen, timeout=PATIENCE_S)
    assert alive == []
