"""What becomes of paid work when a kernel is interrupted, restarted or gone, in a real notebook."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

OPEN = """
import toolkit as tk
exp = tk.Experiment("NAME", budget_usd=5)
"""
GRID = """
walk = tk.Prompt(subject="a red kite over the dunes", environment="a wide beach, low sun")
grid = tk.Grid(walk, camera=["static wide shot", "slow push in"], models="sim/draft",
               duration_s=2, samples=3)
"""
STATES = """
import json
print(json.dumps({str(state): n for state, n in exp.store.counts().items() if n}))
"""
PAID = """
from toolkit.simulator.service import SimService
print(len(SimService(exp.folder).list()))
"""
CLIPS = 6


def until(true: Callable[[], Any], what: str, limit_s: float = 90.0) -> Any:
    deadline = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.1)
    return found


def states(book: Any) -> dict[str, int]:
    said = until(lambda: book.python(STATES), "an answer")  # "" right after an interrupted cell
    found: dict[str, int] = json.loads(said)
    return found


def begin(book: Any) -> None:
    """Start all cells without waiting for the last one to end."""
    book.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")


def test_an_interrupt_ends_the_wait_and_not_the_work(notebook: Any):
    wait = "batch = exp.run(grid, monitor=False)\nprint('now', 'waiting')\nbatch.wait()"
    book = notebook(OPEN.replace("NAME", "interrupted") + GRID, wait, height=1200)
    begin(book)
    book.page.locator(".jp-OutputArea-output", has_text="now waiting").wait_for(timeout=60_000)
    book.page.get_by_title("Interrupt the kernel").click()
    book.page.locator(".jp-OutputArea-output", has_text="KeyboardInterrupt").wait_for()
    book.page.locator(".jp-OutputArea-output", has_text="the work goes on").wait_for()
    book.shot("kernel-interrupted", ".jp-Notebook")

    assert sum(states(book).values()) == CLIPS
    until(lambda: states(book) == {"done": CLIPS}, "all clips after the interrupt")
    assert book.python(PAID) == str(CLIPS)


def test_a_restarted_kernel_says_what_is_under_way_and_pays_nothing_twice(notebook: Any):
    book = notebook(OPEN.replace("NAME", "restarted") + GRID, "exp.run(grid, monitor=False)")
    begin(book)
    until(lambda: states(book).get("submitted"), "a clip that is paid for")
    paid = int(book.python(PAID))
    assert paid >= 1

    restart(book)
    said = book.python(OPEN.replace("NAME", "restarted"))
    assert "REOPENED" in said
    left = states(book)
    assert left.get("done", 0) < CLIPS
    assert "exp.resume() goes on, nothing is paid twice" in said, said

    assert "done" in book.python("batch = exp.resume(monitor=False); batch.wait(); print('done')")
    assert states(book) == {"done": CLIPS}
    assert book.python(PAID) == str(CLIPS)


def restart(book: Any) -> None:
    kernel = book.lab.call("GET", f"api/sessions/{book.session}")["kernel"]["id"]
    book.lab.call("POST", f"api/kernels/{kernel}/restart")
    book.page.wait_for_function(
        """() => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            return kernel.connectionStatus === 'connected' && kernel.status === 'idle';
        }"""
    )


def test_a_detached_run_ends_though_its_notebook_is_closed(notebook: Any):
    name = OPEN.replace("NAME", "overnight")
    book = notebook(name + GRID, "exp.run(grid, detached=True)")
    book.run_all()
    said = book.page.locator(".jp-OutputArea-output", has_text="You may close this notebook")
    assert "Running in process" in said.inner_text()
    book.lab.call("DELETE", f"api/sessions/{book.session}")
    book.page.close()

    later = notebook(name, "exp")
    later.run_all()
    until(lambda: states(later) == {"done": CLIPS}, "all clips of the detached run")
    assert later.python(PAID) == str(CLIPS)
    assert len(json.loads(later.python(
        "import json; print(json.dumps(list(exp.runs_df(scores=False)['clip.path'])))"
    ))) == CLIPS  # fmt: skip
