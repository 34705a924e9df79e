"""The thread that writes: everything in order, and what waits meanwhile in one go.

A write to disk costs the same for one change as for thirty. So whatever has come in while the last
one was under way is committed together; nobody is told before it lasts.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolkit.errors import BudgetError
from toolkit.store import Store
from toolkit.store.life import JOINT, LostLeaseError

__all__ = ["Writer"]

MOST_TOGETHER = 32
_OWN_FAULT = (BudgetError, LostLeaseError)
"""What one change may raise without harm to those beside it."""


@dataclass(eq=False)
class _Job:
    work: Callable[[], Any]
    waiter: asyncio.Future[Any]
    is_joint: bool
    result: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        self.result = self.error = None
        try:
            self.result = self.work()
        except BaseException as problem:  # noqa: BLE001 - told to whoever waits
            self.error = problem

    def tell(self) -> None:
        if self.waiter.done():
            return
        if self.error is not None:
            self.waiter.set_exception(self.error)
        else:
            self.waiter.set_result(self.result)


class _TakenBackError(Exception):
    """The database failed: nothing of this group was written."""


class Writer:
    """Runs work on `store` in one thread. Make it, and call `do`, in the loop that waits for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name="promptgrid-store", daemon=True)
        self._thread.start()

    def do(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        """Run it in turn; the future is done when what it changed is on disk."""
        is_joint = getattr(work, "__name__", "") in JOINT
        job = _Job(lambda: work(*args, **kwargs), self._loop.create_future(), is_joint)
        self._jobs.put(job)
        return job.waiter

    def shutdown(self) -> None:
        """End when everything that was given is written."""
        self._jobs.put(None)
        self._thread.join()

    def _main(self) -> None:
        job = self._jobs.get()
        while job is not None:
            group, after = self._gather(job)
            group = [one for one in group if not one.waiter.cancelled()]
            if len(group) > 1:
                self._run_together(group)
            elif group:
                group[0].run()
            self._tell(group)
            job = self._jobs.get() if after is _NOTHING else after

    def _gather(self, first: _Job) -> tuple[list[_Job], Any]:
        """The jobs that may be written with `first`, and the next one if it was taken out too."""
        group: list[_Job] = [first]
        while first.is_joint and len(group) < MOST_TOGETHER:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, _NOTHING
            if job is None or not job.is_joint:
                return group, job
            group.append(job)
        return group, _NOTHING

    def _run_together(self, group: list[_Job]) -> None:
        try:
            with self._store.together():
                for job in group:
                    job.run()
                    if job.error is not None and not isinstance(job.error, _OWN_FAULT):
                        raise _TakenBackError  # SQLite may have ended the transaction by itself
        except BaseException:  # noqa: BLE001 - all was taken back: each tells its own trouble
            for job in group:
                job.run()

    def _tell(self, group: list[_Job]) -> None:
        def tell() -> None:
            for job in group:
                job.tell()

        try:
            self._loop.call_soon_threadsafe(tell)
        except RuntimeError:
            return  # the loop has ended: nobody waits any more


_NOTHING: Any = object()
