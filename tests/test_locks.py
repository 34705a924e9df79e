"""Locks between processes: freed by death, handed round in order, and never waited for in vain."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.fake_service import wait_for
from toolkit.locks import HAS_LOCKS, Turns, locked, try_lock

pytestmark = pytest.mark.skipif(not HAS_LOCKS, reason="this system has no such locks")

HOLD = """
import sys, time
from pathlib import Path
from toolkit.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE,
                             text=True)  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_lock_is_held_by_one_process_and_freed_by_its_death(tmp_path):
    child = holder(tmp_path / "lock")
    with try_lock(tmp_path / "lock") as mine:
        assert not mine
    child.kill()
    child.wait()
    with try_lock(tmp_path / "lock") as mine:
        assert mine


def test_where_there_are_no_locks_the_caller_says_what_that_means(tmp_path, monkeypatch):
    monkeypatch.setattr("toolkit.locks.HAS_LOCKS", False)
    for otherwise in (True, False):
        with try_lock(tmp_path / "lock", otherwise=otherwise) as mine:
            assert mine is otherwise
    with locked(tmp_path / "other"), Turns(tmp_path / "turn").taken():
        assert not (tmp_path / "turn").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the order is that of Linux")
def test_turns_come_in_the_order_of_asking(tmp_path):
    order: list[int] = []
    asked = threading.Semaphore(0)

    def take(number: int) -> None:
        asked.release()
        with Turns(tmp_path / "turn", patience_s=30).taken():
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
    with locked(tmp_path / "turn"):
        for thread in threads:
            thread.start()
            asked.acquire()
            time.sleep(0.1)
        assert order == []
    for thread in threads:
        thread.join(10)  # sooner than anybody's patience ends
    assert order == [0, 1, 2, 3, 4]


def test_who_waits_in_vain_goes_on_without_and_queues_again_later(tmp_path):
    turns = Turns(tmp_path / "turn", patience_s=0.2)
    child = holder(tmp_path / "turn")
    began = time.monotonic()
    for _ in range(20):
        with turns.taken():
            pass
    assert 0.15 < time.monotonic() - began < 2  # waited once, not twenty times
    child.kill()
    child.wait()

    def is_taken() -> bool:
        with turns.taken(), try_lock(tmp_path / "turn") as other:
            return not other

    wait_for(is_taken, 5)
    with try_lock(tmp_path / "turn") as free:
        assert free
    turns.close()


def test_an_interrupted_wait_leaves_the_turn_to_others(tmp_path, monkeypatch):
    turns = Turns(tmp_path / "turn")
    child = holder(tmp_path / "turn")

    def interrupt(*_: object) -> bool:
        child.kill()
        child.wait()
        time.sleep(0.2)  # by now it was handed over
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", interrupt)
        patch.setattr(threading.Thread, "start", _start_without_waiting)
        with pytest.raises(KeyboardInterrupt), turns.taken():
            pass
    with try_lock(tmp_path / "turn") as free:
        assert free


def _start_without_waiting(thread: threading.Thread) -> None:
    import _thread

    _thread.start_new_thread(thread.run, ())


def test_a_turn_that_cannot_be_kept_is_passed_over(tmp_path):
    for path in (None, tmp_path / "not there" / "turn"):
        turns = Turns(path)
        with turns.taken():
            pass
        turns.close()
