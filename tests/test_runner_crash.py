"""A process is killed at every named place; the ledger of the service says what that cost."""

from __future__ import annotations

import multiprocessing as mp
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import crash_child
from tests.fake_service import PRICE, Ledger
from toolkit.records import State
from toolkit.store import Store
from toolkit.store.failpoint import POINTS

FORK = mp.get_context("forkserver")
FORK.set_forkserver_preload(["tests.crash_child"])

SECOND_LIFE = ("take_over.before", "take_over.in_txn", "take_over.after")
"""The places to which only who finds another's work comes."""

FIRST_LIFE = tuple(point for point in POINTS if point not in SECOND_LIFE)

TELLING = ("intent.after", "submit.after", "accepted.in_txn", "file.renamed")
"""The places that a first draft gets wrong; `-m slow` strikes all of them."""


def child(folder: Path, failpoint: str = "", **kwargs: Any) -> Any:
    process = FORK.Process(target=crash_child.run, args=(str(folder), failpoint), kwargs=kwargs)
    process.start()
    return process


def judge(folder: Path) -> list[str]:
    """What is wrong, by the service's own ledger: [] if nothing was paid twice or lost."""
    ledger = Ledger(folder / "ledger.db")
    wrong = []
    with Store.open(folder / "exp") as store:
        known = {a.job["id"]: a for a in store.attempts() if a.job is not None}
        for run in store.runs():
            want = crash_child.expected(run.key)
            charges = ledger.charges_of(run.key)
            if charges != (want != "rejected"):
                wrong.append(f"{run.id}: charged {charges} times")
            if run.state != want:
                wrong.append(f"{run.id}: {run.state} ({run.reason}), should be {want}")
            if run.state is State.DONE and not store.clip_path(run.clip_sha256 or "").exists():
                wrong.append(f"{run.id}: done without its file")
        wrong += [f"job {job} is lost" for job in ledger.jobs if job not in known]
        purse = store.budget().real
        paid = sum(want not in ("rejected", "moderated") for want in map(crash_child.expected, [
            run.key for run in store.runs()]))  # fmt: skip
        if (purse.spent_micro_usd, purse.reserved_micro_usd) != (paid * PRICE, 0):
            wrong.append(f"the purse says {purse}")
    return wrong


def restarted(folder: Path, point: str) -> list[str]:
    """Killed at `point`, then opened again by a new process."""
    crash_child.prepare(folder)
    first = child(folder, point)
    first.join(40)
    wrong = [] if first.exitcode == 137 else [f"never came to {point}: exit {first.exitcode}"]
    second = child(folder)
    second.join(40)
    wrong += [] if second.exitcode == 0 else [f"the second life ended with {second.exitcode}"]
    return wrong + judge(folder)


def killed_again(folder: Path, point: str) -> list[str]:
    """Killed when a request was sent; the next one, which finds it, at `point`; then a third."""
    crash_child.prepare(folder)
    wrong = []
    for struck in ("submit.after", point):
        process = child(folder, struck)
        process.join(40)
        if process.exitcode != 137:
            wrong.append(f"never came to {struck}: exit {process.exitcode}")
    last = child(folder)
    last.join(40)
    wrong += [] if last.exitcode == 0 else [f"the third life ended with {last.exitcode}"]
    return wrong + judge(folder)


def taken_over(folder: Path, point: str) -> list[str]:
    """Killed at `point` while a second kernel works on the same experiment."""
    crash_child.prepare(folder)
    first, second = child(folder, point), child(folder)
    first.join(40)
    second.join(40)
    if second.exitcode != 0:
        return [f"the second kernel ended with {second.exitcode}"]
    return judge(folder)


def strike(tmp_path: Path, points: Any, how: Any, *, at_once: int) -> None:
    def one(point: str) -> list[str]:
        folder = tmp_path / point
        folder.mkdir()
        return [f"{point}: {line}" for line in how(folder, point)]

    with ThreadPoolExecutor(at_once) as pool:
        wrong = [line for lines in pool.map(one, points) for line in lines]
    assert not wrong, "\n".join(wrong)


def test_the_named_places_are_those_in_the_code():
    """A place that is only in one of the two would never be struck."""
    root = Path(__file__).parents[1] / "toolkit"
    text = "".join(
        path.read_text() for path in [*root.glob("store/*.py"), *root.glob("runner/*.py")]
    )
    found = set(re.findall(r'\bpoint\("([\w.]+)"\)', text))
    for step in re.findall(r'self\._step\("(\w+)"\)', text):
        found |= {f"{step}.before", f"{step}.in_txn", f"{step}.after"}
    assert found == set(POINTS)
    assert len(POINTS) >= 25


def test_a_kernel_killed_and_restarted_pays_once_and_loses_nothing(tmp_path):
    strike(tmp_path, TELLING, restarted, at_once=4)


def test_a_kernel_killed_beside_another_pays_once_and_loses_nothing(tmp_path):
    strike(tmp_path, TELLING[1:2], taken_over, at_once=1)


@pytest.mark.slow
def test_every_place_may_be_struck_before_a_restart(tmp_path):
    strike(tmp_path, FIRST_LIFE, restarted, at_once=6)


@pytest.mark.slow
def test_every_place_of_a_second_life_may_be_struck(tmp_path):
    strike(tmp_path, SECOND_LIFE, killed_again, at_once=3)


@pytest.mark.slow
def test_every_place_may_be_struck_beside_another_kernel(tmp_path):
    strike(tmp_path, FIRST_LIFE, taken_over, at_once=4)
