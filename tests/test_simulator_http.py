"""A rehearsal: an experiment against `promptgrid service`, judged by the service's ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import toolkit as tk

Start = Callable[..., Any]


class Service:
    """`promptgrid service` in a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data)) as answer:
            return json.load(answer)

    @property
    def num_charges(self) -> int:
        return len(self.call("/v1/ledger")["charges"])


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Service]:
    serve = [sys.executable, "-m", "toolkit.cli", "service", str(folder), "--for-s", "120"]
    process = subprocess.Popen([*serve, *options], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Service(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    @contextmanager
    def start(*options: str) -> Iterator[Service]:
        with serving(tmp_path / "service", *options) as running:
            monkeypatch.setenv("PROMPTGRID_SIM_URL", running.url)
            yield running

    return start


GRID = tk.Grid(
    tk.Prompt(subject="a red kite", environment="a wide beach"), models="sim/draft", duration_s=1
)


def until(true: Callable[[], Any], limit_s: float = 60.0) -> Any:
    deadline = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_an_answer_lost_on_its_way_is_looked_up_and_costs_once(service: Start, tmp_path: Path):
    with (
        service("--fault", "lose=1") as running,
        tk.Experiment(tmp_path / "exp", budget_usd=1) as exp,
    ):
        exp.run(GRID, score=False, monitor=False).wait(60)
        assert running.num_charges == 1
        assert [str(run.state) for run in exp.store.runs()] == ["done"]
        assert exp.runs_df()["sim_cost_usd"].sum() == pytest.approx(0.02)
        assert exp.clip_path(exp.store.runs()[0].key).stat().st_size > 1000


def test_where_no_list_tells_the_person_is_asked_and_their_word_is_kept(
    service: Start, tmp_path: Path
):
    with (
        service("--fault", "lose=1", "--no-list") as running,
        tk.Experiment(tmp_path / "exp", budget_usd=1) as exp,
    ):
        exp.run(GRID, score=False, monitor=False).wait(60)
        (run,) = exp.store.runs()
        assert (str(run.state), running.num_charges) == ("hold", 1)
        assert "lists no jobs" in (run.reason or "")

        exp.settle(run.id, "check").wait(60)  # nothing has changed: it is asked again
        assert str(exp.store.run(run.key).state) == "hold"

        running.call("/v1/faults", {"lose": 0})
        exp.settle(run.id, "resubmit").wait(60)
        assert str(exp.store.run(run.key).state) == "done"
        assert running.num_charges == 2
        assert exp.store.budget().sim.spent_micro_usd == 40_000  # both count, the lost one too


def test_an_unknown_fault_is_answered_with_the_names_there_are(service: Start):
    with service("--quick") as running, pytest.raises(urllib.request.HTTPError) as problem:
        running.call("/v1/faults", {"gremlins": 1})
    assert "drop" in json.load(problem.value)["detail"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_service_ends_on_a_signal(tmp_path: Path):
    command = [sys.executable, "-m", "toolkit.cli", "service", str(tmp_path), "--quick"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    process.send_signal(2)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in said
