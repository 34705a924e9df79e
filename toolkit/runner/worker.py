"""The same engine in a process of its own, which outlives the notebook that started it.

What it is to do is an *order* in the experiment's database, so that a second notebook can add to
what a running worker does. One worker an experiment: a file lock, freed by the system whatever
happens, says who it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Protocol

from toolkit.errors import StoreError
from toolkit.locks import try_lock
from toolkit.providers import keys_of
from toolkit.providers._secrets import held, hold
from toolkit.records import State
from toolkit.runner.attention import at_work
from toolkit.store import Store

__all__ = ["Detached", "detach", "work"]

LOG = "worker.log"
LOCK = ".worker.lock"
ORDERS = "worker.orders"
START_S = 60.0
LOOK_S = 0.5


class _Batch(Protocol):
    @property
    def is_finished(self) -> bool: ...
    def wait(self) -> Any: ...
    def stop(self) -> None: ...


class Detached:
    """Work in another process. It goes on whether or not anybody waits here."""

    def __init__(self, store: Store, keys: Sequence[str], pid: int) -> None:
        self.keys = list(keys)
        self.pid = pid
        self.log = store.folder / LOG
        self._store = store

    @property
    def is_finished(self) -> bool:
        """Whether that process has ended, done or not: see `states`."""
        return not any(w.process.get("pid") == self.pid for w in at_work(self._store))

    def states(self) -> dict[str, int]:
        """How many of the runs stand where."""
        return {state.value: n for state, n in self._store.counts(self.keys).items()}

    def wait(self, timeout_s: float | None = None) -> Detached:
        """Block until that process has ended; an interrupt ends the wait only."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while not self.is_finished:
            if until is not None and time.monotonic() > until:
                raise TimeoutError(f"not finished after {timeout_s:g} s; the work goes on")
            time.sleep(LOOK_S)
        return self

    def __await__(self) -> Generator[Any, None, Detached]:
        return self._wait_async().__await__()

    async def _wait_async(self) -> Detached:
        while not self.is_finished:
            await asyncio.sleep(LOOK_S)
        return self

    def stop(self) -> None:
        """Send nothing new; what is paid for is still fetched, then the process ends."""
        if not self.is_finished:  # the number may be somebody else's by now
            os.kill(self.pid, signal.SIGTERM)

    def __repr__(self) -> str:
        what = "ended" if self.is_finished else "running"
        return f"Detached(process {self.pid}, {what}: {self.states()}, log {self.log})"


def detach(store: Store, keys: Sequence[str], *, score: bool = True) -> Detached:
    """Hand runs to this experiment's worker process; start it unless it is there.

    Returns when it is at work. `StoreError` with the end of its log where it did not start.
    """
    _check_keys(store, keys)
    _order(store, keys, score)
    started: subprocess.Popen[bytes] | None = None
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        for worker in at_work(store, kind="worker"):
            if not store.meta_get(ORDERS, []):  # it has taken them
                return Detached(store, keys, int(worker.process["pid"]))
        if started is None and _is_free(store):
            started = _spawn(store)
        elif started is not None and started.poll() not in (None, 0):
            break
        elif started is not None and started.returncode == 0:
            if not store.meta_get(ORDERS, []):  # quicker than we looked
                return Detached(store, keys, started.pid)
            started = None
        time.sleep(0.1)
    raise StoreError(f"the worker process did not start; {store.folder / LOG} ends: {_tail(store)}")


_given: dict[int, set[str]] = {}
"""By process: the names of the keys that it was handed at its start."""


def _check_keys(store: Store, keys: Sequence[str]) -> None:
    """`StoreError` where the worker that is there cannot know a key that was typed here since."""
    services = {service for _, _, service, _ in store.brief(keys)}
    needed = {name for service in services for name in keys_of(service)} & set(held())
    for worker in at_work(store, kind="worker"):
        pid = int(worker.process.get("pid") or 0)
        if lacking := sorted(needed - _given.get(pid, set())):
            raise StoreError(
                f"process {pid} works on {store.name} already and cannot be told {lacking[0]}, "
                "which was typed here: wait until it has ended, or leave detached out; nothing "
                "was sent"
            )


def _spawn(store: Store) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "toolkit.cli", "worker", str(store.folder), "--ordered"]
    with (store.folder / LOG).open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and command
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,  # no signal to the notebook's group reaches it
        )
    with contextlib.suppress(BrokenPipeError), child.stdin or contextlib.nullcontext() as pipe:
        if pipe is not None:
            pipe.write(json.dumps(dict(held())).encode())
            _given[child.pid] = set(held())
    return child


def _receive_keys() -> None:
    """Keys that a person typed in the notebook come by a pipe: an environment can be looked at."""
    with contextlib.suppress(ValueError, OSError):
        for name, value in json.loads(sys.stdin.read() or "{}").items():
            hold(name, value, asked=True)


def _tail(store: Store) -> str:
    with contextlib.suppress(OSError):
        text = (store.folder / LOG).read_text("utf-8", errors="replace")
        return " | ".join(text.strip().splitlines()[-3:])
    return "(no log)"


def work(
    store: Store, start: Callable[[Sequence[str], bool], _Batch], *, ordered: bool = False
) -> int:
    """Be the worker: start a batch for what is open, or `ordered`, until nothing is left to do.

    Returns how many runs are still open. `StoreError` where another process is the worker.
    """
    if ordered:
        _receive_keys()
    with _sole(store):
        batches: list[_Batch] = []
        stopping: list[int] = []
        with _on_terminate(lambda: stopping.append(1)):
            if not ordered:
                batches.append(start(store.keys(s for s in State if s.is_open), True))
            while True:
                orders = _take_orders(store)
                batches += [start(keys, score) for keys, score in orders]
                if stopping:
                    for batch in batches:
                        batch.stop()
                if not orders and all(batch.is_finished for batch in batches):
                    break
                time.sleep(LOOK_S)
            for batch in batches:
                batch.wait()  # raises what went wrong in it
    return len(store.keys(s for s in State if s.is_open))


def _order(store: Store, keys: Sequence[str], score: bool) -> None:
    with store.together():  # reads and writes under one lock
        store.meta_set(ORDERS, [*store.meta_get(ORDERS, []), [list(keys), score]])


def _take_orders(store: Store) -> list[tuple[list[str], bool]]:
    if not store.meta_get(ORDERS, []):
        return []
    with store.together():
        orders = store.meta_get(ORDERS, [])
        store.meta_set(ORDERS, [])
    return [(keys, score) for keys, score in orders]


@contextlib.contextmanager
def _on_terminate(call: Callable[[], object]) -> Iterator[None]:
    """SIGTERM asks for an end instead of making one."""
    try:
        before = signal.signal(signal.SIGTERM, lambda *_: call())
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _sole(store: Store) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(20):  # somebody may be trying whether it is free
            if mine := stack.enter_context(try_lock(store.folder / LOCK)):
                break
            time.sleep(0.05)
        if not mine:
            pids = [str(w.process.get("pid")) for w in at_work(store, kind="worker")]
            where = f" in process {', '.join(pids)}" if pids else ""
            raise StoreError(f"a worker of {store.name} runs already{where}; it takes up new runs")
        yield


def _is_free(store: Store) -> bool:
    with try_lock(store.folder / LOCK) as mine:
        return mine
