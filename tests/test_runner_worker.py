"""The detached worker: it outlives its parent, is alone, and ends by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import toolkit as tk
from tests.fake_service import PRICE, cells, wait_for
from toolkit.errors import StoreError
from toolkit.records import State
from toolkit.runner import at_work, attention
from toolkit.runner.worker import ORDERS, Detached, work
from toolkit.store import Store
from toolkit.store.life import Life, Limits

PARENT = """
import sys, toolkit as tk
exp = tk.Experiment(sys.argv[1])
grid = tk.Grid(tk.Prompt("a red fox"), models="sim/draft", duration_s=2, samples=2)
done = exp.run(grid, detached=True, score=False)
print("PID", done.pid, flush=True)
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_detached_run_outlives_its_parent_and_ends_by_itself(tmp_path):
    folder = tmp_path / "exp"
    parent = subprocess.run(
        [sys.executable, "-c", PARENT, str(folder)], capture_output=True, text=True, timeout=120
    )
    assert parent.returncode == -9, parent.stderr
    assert "You may close this notebook." in parent.stdout
    pid = int(parent.stdout.rpartition("PID ")[2])
    with Store.open(folder) as store:
        Detached(store, [], pid).wait(100)
        assert store.counts() == {State.DONE: 2}, (folder / "worker.log").read_text()
        (worker,) = store.workers()
        assert (worker.kind, worker.process["pid"]) == ("worker", pid)
        assert worker.ended_at is not None
    wait_for(lambda: "nothing is open" in (folder / "worker.log").read_text(), 30)


class Batch:
    """What an experiment's batch is to the worker."""

    def __init__(self) -> None:
        self.is_finished = False

    def wait(self) -> None: ...
    def stop(self) -> None:
        self.is_finished = True


def test_a_second_worker_is_refused(tmp_path):
    with Store.open(tmp_path / "exp") as store:
        store.plan(cells(1))
        life = Life(store, "w")

        def start(_keys: object, _score: bool) -> Batch:
            from toolkit.runner.process import identity

            life.enlist(identity(), kind="worker")
            with pytest.raises(
                StoreError, match=rf"runs already in process {os.getpid()}; it takes"
            ):
                work(store, start)
            batch = Batch()
            batch.is_finished = True
            return batch

        assert work(store, start) == 1
        assert [w.kind for w in at_work(store)] == ["worker"]


def test_an_order_given_meanwhile_is_taken_up(tmp_path, monkeypatch):
    monkeypatch.setattr("toolkit.runner.worker.LOOK_S", 0.01)
    with Store.open(tmp_path / "exp") as store:
        store.meta_set(ORDERS, [[["a"], True]])
        seen = []

        def start(keys: object, score: bool) -> Batch:
            seen.append((keys, score))
            if len(seen) == 1:
                store.meta_set(ORDERS, [[["b"], False]])
            batch = Batch()
            batch.is_finished = True
            return batch

        work(store, start, ordered=True)
        assert seen == [(["a"], True), (["b"], False)]
        assert store.meta_get(ORDERS) == []


def test_reopening_says_what_moves_and_what_waits(tmp_path):
    now = time.time()
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(1)
        rows = cells(4)
        store.plan(rows)
        assert attention(store) == ["open: 4 planned; exp.resume() goes on, nothing is paid twice"]
        life = Life(store, "dead", now=lambda: now)
        claims = life.claim_new("fake", [r.run_key for r in rows[:3]], Limits()).got
        first, second, third = [life.intent(claim) for claim in claims]
        life.unknown(first, "reset", None)
        for claim, left in ((second, 1500), (third, 9000)):
            claim = life.accepted(claim, {"id": claim.key}, {})
            life.ready(claim, cost_micro_usd=PRICE, prompt_used=None, expires_at=now + left)
        life.retire()
        assert attention(store, now=now) == [
            "open: 2 ready, 1 planned; exp.resume() goes on, nothing is paid twice",
            (
                "1 unknown: the service may have charged (holds $0.10); exp.resume() looks them up "
                "in its list"
            ),
            "2 clips are paid and not fetched; the first expires in 25 min: exp.resume()",
        ]


def test_settling_by_hand_is_told_and_taken_up(tmp_path):
    said: list[str] = []
    exp = tk.Experiment(tmp_path / "exp", say=said.append)
    (cell,) = rows = cells(1)
    exp.set_budget(1)
    exp.store.plan(rows)
    life = Life(exp.store, "a")
    claim = life.intent(life.claim_new("fake", [cell.run_key], Limits()).got[0])
    life.hold(life.unknown(claim, "reset", None), "fake may have charged; it lists no jobs")
    exp.settle(cell.run_key[:16], "give_up").wait(20)
    assert said[-1] == f"run {cell.run_key[:16]}: hold → failed; $0.10 counts as spent"
    assert exp.store.counts() == {State.FAILED: 1}
    with pytest.raises(ValueError, match='"check", "resubmit" or "give_up"'):
        exp.settle(cell.run_key, "forget")  # type: ignore[arg-type]
    assert Path(exp.folder, "experiment.db").exists()
    exp.close()
