"""Locks between processes, held on a file: the system frees them when their process dies.

Never on a database file itself: closing any handle on it drops SQLite's own locks. Where the system
has no such locks (Windows) everybody passes, so what they guard is sound without them: it is then
done twice, or less fairly.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl

    HAS_LOCKS = True
except ImportError:
    HAS_LOCKS = False

__all__ = ["Turns", "locked", "try_lock"]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until this process alone holds the file at `path`; it is made if it is not there."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if HAS_LOCKS:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def try_lock(path: Path, *, otherwise: bool = True) -> Iterator[bool]:
    """Whether this process alone holds the file at `path`; never waits. `otherwise`: what is said
    where there are no such locks.
    """
    if not HAS_LOCKS:
        yield otherwise
        return
    with path.open("ab") as file:
        yield _try(file.fileno())


class Turns:
    """Hands something round among processes in the order in which they came.

    A courtesy that makes waiting short and fair, and no protection: who has waited `patience_s`
    goes on without, for whoever holds the turn may be suspended. One thread at a time.
    """

    def __init__(self, path: Path | None, *, patience_s: float = 2.0) -> None:
        self._path = path  # None: everybody passes
        self._patience_s = patience_s
        self._handle: int | None = None
        self._late: _Waiter | None = None

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """It is this process's turn, or as good as."""
        handle = self._take()
        try:
            yield
        finally:
            if handle is not None:
                fcntl.flock(handle, fcntl.LOCK_UN)

    def _take(self) -> int | None:
        if not HAS_LOCKS or self._path is None:
            return None
        if self._handle is None:
            try:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError:  # a full disk, say
                return None
        if self._late is not None:
            if self._late.is_alive():  # in vain so far: no use in queueing behind it
                return None
            self._late = None
        if _try(self._handle):
            return self._handle
        waiter = _Waiter(self._handle)
        waiter.start()
        try:
            waiter.got.wait(self._patience_s)
        except BaseException:  # an interrupt
            if waiter.settle():
                fcntl.flock(self._handle, fcntl.LOCK_UN)
            raise
        if waiter.settle():
            return self._handle
        self._late = waiter
        return None

    def close(self) -> None:
        """Let go of the file; whoever still waits for it ends with its process."""
        if self._handle is not None and not (self._late and self._late.is_alive()):
            os.close(self._handle)
            self._handle = None


class _Waiter(threading.Thread):
    """Waits for a lock in a thread of its own: the system's own queue is fair, but knows no end."""

    def __init__(self, handle: int) -> None:
        super().__init__(name="promptgrid-turn", daemon=True)
        self._handle = handle
        self._lock = threading.Lock()
        self._is_wanted = True
        self.got = threading.Event()

    def run(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        with self._lock:
            if self._is_wanted:
                self.got.set()
            else:
                fcntl.flock(self._handle, fcntl.LOCK_UN)

    def settle(self) -> bool:
        """Whether it was had; if not, it is let go as soon as it comes."""
        with self._lock:
            self._is_wanted = False
            return self.got.is_set()


def _try(handle: int) -> bool:
    """Whether the lock is had at once."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
