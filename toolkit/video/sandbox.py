"""Decode processes: every byte of a clip is parsed in a limited child that holds no secret.

`Pool` is a `concurrent.futures.Executor`. Each of its threads owns one child at a time, so the task
that a dying child held is known: it is run once more, alone, in a fresh child, and only when that
one dies too does the task fail. Children are replaced after `TASKS_PER_CHILD` tasks.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TypeVar

from toolkit import errors
from toolkit.errors import ClipError
from toolkit.video import _wire

__all__ = ["Crashed", "Pool", "default_pool", "num_cores", "stream"]

P = ParamSpec("P")
T = TypeVar("T")

TASKS_PER_CHILD = 200
WALL_S = 180.0  # a child that waits for ever is ended too; processor time is limited inside it

_FORKS = sys.platform == "linux"


class Crashed(ClipError):
    """The decode process died of this clip, twice."""


class _Died(Exception):
    """A child ended in the middle of a task; the text says how."""


def num_cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _environment() -> dict[str, str]:
    """What a child may know: where Python and our modules are, and nothing that could be a key."""
    kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    roots = [str(Path(entry).absolute()) for entry in sys.path]  # "" is the folder worked in
    env["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(roots))
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return env | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}


def _start(arguments: list[str], room: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "toolkit.video._child", *arguments]
    return subprocess.Popen(  # noqa: S603  (our own module, no shell)
        command, env=_environment(), cwd=room, start_new_session=True, bufsize=-1, **options
    )


class _Nursery:
    """The forking process; started when first needed, started again when it was lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._room: tempfile.TemporaryDirectory[str] | None = None

    def fork(self) -> tuple[int, socket.socket]:
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for attempt in (1, 2):
                try:
                    return self._ask(b"F", 0, theirs.fileno()), ours
                except OSError as error:
                    why = self._lost()
                    if attempt == 2:
                        ours.close()
                        raise RuntimeError(f"no decode process could be started: {why}") from error
        raise AssertionError

    def end(self, pid: int, *, kill: bool) -> int:
        """The wait status of a child that has ended, or that is ended now; -1 if nobody knows."""
        with self._lock:
            if self._process is None:
                return -1
            try:
                return self._ask(b"K" if kill else b"S", pid)
            except OSError:
                self._lost()
                return -1

    def _ask(self, kind: bytes, pid: int, fd: int | None = None) -> int:
        if self._process is None:
            self._open()
        control = self._control
        assert control is not None
        socket.send_fds(control, [kind + struct.pack("<q", pid)], [] if fd is None else [fd])
        answer = b""
        while len(answer) < 8:
            got = control.recv(8 - len(answer))
            if not got:
                raise ConnectionResetError("the forking process ended")
            answer += got
        return int(struct.unpack("<q", answer)[0])

    def _open(self) -> None:
        self._room = tempfile.TemporaryDirectory(prefix="promptgrid-")
        self._control, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        with theirs:
            self._process = _start(
                [str(theirs.fileno())],
                self._room.name,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
            )

    def _lost(self) -> str:
        self._log.seek(0)
        why = self._log.read()[-400:].decode(errors="replace").strip()
        self.close()
        return why or "it ended without a word"

    def close(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        if self._control is not None:
            self._control.close()  # the nursery ends its children and itself
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._log.close()
        if self._room is not None:
            self._room.cleanup()


_nursery = _Nursery()


class _Child:
    """One decode process and the line to it. `ask` and `items` raise `_Died` when it is gone."""

    def __init__(self) -> None:
        self.num_tasks = 0
        self._process: subprocess.Popen[bytes] | None = None
        if _FORKS:
            self._pid, link = _nursery.fork()
            self._link: socket.socket | None = link
            self._reader: BinaryIO = link.makefile("rb")
            self._writer: BinaryIO = link.makefile("wb")
        else:
            self._link = None
            self._room = tempfile.TemporaryDirectory(prefix="promptgrid-")
            pipe = subprocess.PIPE
            self._process = _start(
                [], self._room.name, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
            )
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._reader, self._writer = self._process.stdout, self._process.stdin  # type: ignore[assignment]
        self._ended = False

    def items(self, task: bytes, *, wall_s: float | None = None) -> Iterator[tuple[str, Any]]:
        """The messages of one task: any number of `("item", …)`, then `("done", value)`."""
        self.num_tasks += 1
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.close(kill=True)

        timer = threading.Timer(wall_s, stop) if wall_s else None
        if timer:
            timer.daemon = True
            timer.start()
        kind, to_send = "", task
        try:
            while kind != "done":
                try:
                    if to_send:
                        _wire.write_bytes(self._writer, to_send)
                        to_send = b""
                    kind, body = _wire.read(self._reader)
                except Exception:  # noqa: BLE001  (gone, or saying what no child of ours says)
                    how = self.close(kill=True)
                    if late.is_set():
                        how = f"it took longer than {wall_s} s"
                    raise _Died(how) from None
                if kind == "failed":
                    raise _rebuilt(body)
                yield kind, body
        finally:
            if timer:
                timer.cancel()

    def close(self, *, kill: bool = False) -> str:
        """End it and say how it ended. Safe to call again, and from another thread."""
        if self._ended:
            return "it was ended"
        self._ended = True
        if self._process is not None:
            if kill:
                self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            status = self._process.wait()
            self._room.cleanup()
            return _ending(status)
        assert self._link is not None
        with contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)  # an idle worker ends by itself
        status = _nursery.end(self._pid, kill=kill)
        for line in (self._writer, self._reader, self._link):
            with contextlib.suppress(OSError):
                line.close()
        return _ending(os.waitstatus_to_exitcode(status) if status >= 0 else 0)


def _ending(code: int) -> str:
    if code >= 0:
        return "the decode process ended"
    if -code == getattr(signal, "SIGXCPU", 0):
        return "it used more processor time than a clip of its length may"
    return f"the decode process was ended by {signal.Signals(-code).name}"


def _rebuilt(failure: dict[str, Any]) -> Exception:
    """The child's exception, as one of ours or a built-in one; anything else by name."""
    name, message = str(failure["type"]), str(failure["message"])
    found = getattr(errors, name, None) or getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, Exception)):
        found, message = RuntimeError, f"{name}: {message}"
    try:
        error: Exception = found(message)
    except TypeError:
        error = RuntimeError(f"{name}: {message}")
    if failure.get("traceback"):
        error.add_note(f"in a decode process:\n{failure['traceback']}")
    return error


def _task(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    import cloudpickle

    return bytes(cloudpickle.dumps((function, args, kwargs)))


class _Seat:
    """Where one child sits at a time: replaced when it is worn out or has died."""

    def __init__(self, alone: threading.Lock, wall_s: float) -> None:
        self._alone = alone
        self._wall_s = wall_s
        self._child: _Child | None = None

    def run(self, task: bytes) -> Any:
        if self._child is not None and self._child.num_tasks >= TASKS_PER_CHILD:
            self.close()
        try:
            return self._ask(task)
        except _Died:
            with self._alone:  # alone: what killed it may have been its neighbours' memory
                try:
                    return self._ask(task)
                except _Died as error:
                    raise Crashed(f"{error}, twice") from None

    def _ask(self, task: bytes) -> Any:
        if self._child is None:
            self._child = _Child()
        try:
            for kind, body in self._child.items(task, wall_s=self._wall_s):
                if kind == "done":
                    return body
        except _Died:
            self._child = None
            raise
        raise AssertionError("a task ends with done")

    def close(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None


class Pool(Executor):
    """Decode processes behind the standard `Executor` face; see the module's docstring.

    Tasks may return plain data, arrays, bytes, `Clip`, `Reading` and `Frame`: nothing that would
    have to be unpickled here. `workers` defaults to the processors this process may use.
    """

    def __init__(self, workers: int | None = None, *, wall_s: float = WALL_S) -> None:
        self.num_workers = workers or num_cores()
        self._wall_s = wall_s
        self._tasks: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._alone = threading.Lock()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        task = _task(fn, args, kwargs)
        with self._lock:
            if self._closed:
                raise RuntimeError("this pool is closed; make a new one")
            self._tasks.put((future, task))
            if self._idle < self._tasks.qsize() and len(self._threads) < self.num_workers:
                thread = threading.Thread(target=self._work, name="decode", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def _work(self) -> None:
        seat = _Seat(self._alone, self._wall_s)
        while True:
            with self._lock:
                self._idle += 1
            entry = self._tasks.get()
            with self._lock:
                self._idle -= 1
            if entry is None:
                seat.close()
                return
            future, task = entry
            if not future.set_running_or_notify_cancel():
                continue
            try:
                answer = seat.run(task)
            except BaseException as error:  # noqa: BLE001  (it belongs to whoever waits)
                future.set_exception(error)
            else:
                future.set_result(answer)
            del entry, future, task

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock:
            self._closed = True
            if cancel_futures:
                with contextlib.suppress(queue.Empty):
                    while entry := self._tasks.get_nowait():
                        entry[0].cancel()
            for _ in self._threads:
                self._tasks.put(None)
        if wait:
            for thread in self._threads:
                thread.join()


def stream(function: Callable[..., Iterator[Any]], *args: Any, **kwargs: Any) -> Iterator[Any]:
    """Run a generator function in a decode process of its own and hand on what it yields.

    The process ends with the iteration, also when it is given up early. It runs ahead only as far
    as the pipe between the two holds.
    """
    child = _Child()
    try:
        for kind, body in child.items(_task(function, args, kwargs)):
            if kind == "item":
                yield body
    except _Died as error:
        raise Crashed(str(error)) from None
    finally:
        child.close(kill=True)


_default: Pool | None = None
_default_lock = threading.Lock()


def default_pool() -> Pool:
    """The pool that everything here shares unless given another; closed when Python ends."""
    global _default
    with _default_lock:
        if _default is None or _default._closed:
            _default = Pool()
        return _default


@atexit.register
def close() -> None:
    """End every child. Whoever decodes after this starts new ones."""
    if _default is not None:
        _default.shutdown(wait=False, cancel_futures=True)
    _nursery.close()


def _forget() -> None:
    """A forked copy of this process has neither the threads nor the right to the children."""
    global _default, _nursery
    _default, _nursery = None, _Nursery()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
