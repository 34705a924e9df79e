"""The inside of a decode process: limits first, then one task after another until the pipe closes.

On Linux a *nursery* process imports the heavy libraries once and forks a child for each worker; it
is started with `subprocess`, not `multiprocessing`, so that a script without a `__main__` guard, a
notebook and `python -c` all work, and so that no secret of the parent's environment is inherited.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Iterator
from typing import Any, BinaryIO

from toolkit.errors import ClipError, ToolkitError
from toolkit.video import _wire

resource: Any
try:
    import resource
except ImportError:  # Windows: the wall clock in the parent is the only limit there
    resource = None

__all__ = ["MEMORY_BYTES", "grant_cpu_s", "nursery", "serve", "spawned"]

MEMORY_BYTES = 3 << 30
CPU_S = 10  # a task's first grant; decoding asks for more once it knows the number of frames

_in_child = False


def limit_process() -> None:
    """Bound what this process may take: memory, no files written, no core dump."""
    global _in_child
    _in_child = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    if resource is None:
        return
    for name, value in (("AS", MEMORY_BYTES), ("FSIZE", 0), ("CORE", 0)):
        with contextlib.suppress(OSError, ValueError):  # a stricter hard limit may be set already
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def grant_cpu_s(seconds: float, *, from_now: bool = False) -> None:
    """Let the running task use `seconds` more processor time; past it the system ends the process.

    Outside a decode process this does nothing.
    """
    if resource is None or not _in_child:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    base = used.ru_utime + used.ru_stime if from_now or soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_CPU, (int(base + seconds) + 1, hard))


def serve(reader: BinaryIO, writer: BinaryIO) -> None:
    """Answer tasks until the parent hangs up. A generator's items are sent as they are made."""
    while True:
        try:
            task = _wire.read_bytes(reader)
        except _wire.Closed:
            return
        grant_cpu_s(CPU_S, from_now=True)
        try:
            function, args, kwargs = pickle.loads(task)  # noqa: S301  (from our own parent)
            answer = function(*args, **kwargs)
            if isinstance(answer, Iterator):
                for item in answer:
                    _wire.write(writer, ("item", item))
                answer = None
            _wire.write(writer, ("done", answer))
        except BrokenPipeError:
            return
        except MemoryError:
            _wire.write(
                writer, ("failed", _failure(ClipError("needs more memory than it may use")))
            )
        except Exception as error:  # noqa: BLE001  (every failure is reported, none ends the child)
            _wire.write(writer, ("failed", _failure(error)))


def _failure(error: BaseException) -> dict[str, Any]:
    shown = "" if isinstance(error, ToolkitError) else traceback.format_exc(limit=-4)
    return {"type": type(error).__name__, "message": str(error), "traceback": shown}


def warm() -> None:
    """Import what every task needs, and keep every library to one thread."""
    import av
    import cv2

    import toolkit.video.analysis  # noqa: F401

    cv2.setNumThreads(1)
    av.logging.set_level(None)


def spawned() -> None:
    """Where nothing can be forked: this process is one worker, speaking over its own pipes."""
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)
    os.dup2(silence, 1)  # a library that prints must not break the conversation
    warm()
    limit_process()
    serve(reader, writer)


def nursery(control_fd: int) -> None:
    """Fork a worker for each socket received; kill one or tell how one ended when asked.

    Requests are one letter and a process id: F(ork) brings a socket along and answers the id,
    K(ill) and S(tatus) answer the wait status, or -1 for a process that never was.
    """
    control = socket.socket(fileno=control_fd)
    warm()
    alive: set[int] = set()
    try:
        while True:
            letter, fds = _request(control)
            if letter is None:
                return
            kind, pid = letter
            if kind == b"F":
                pid = os.fork()
                if pid == 0:
                    control.close()
                    _be_worker(socket.socket(fileno=fds[0]))
                os.close(fds[0])
                alive.add(pid)
                control.sendall(struct.pack("<q", pid))
                continue
            if kind == b"K" and pid in alive:
                os.kill(pid, signal.SIGKILL)
            status = -1
            if pid in alive:
                _, status = os.waitpid(pid, 0)  # asked only of a worker that is ending
                alive.discard(pid)
            control.sendall(struct.pack("<q", status))
    finally:
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _request(control: socket.socket) -> tuple[tuple[bytes, int] | None, list[int]]:
    data, fds, _, _ = socket.recv_fds(control, 9, 1)
    while data and len(data) < 9:
        data += control.recv(9 - len(data)) or b"\0" * 9
    if not data:
        return None, fds
    return (data[:1], struct.unpack("<q", data[1:9])[0]), fds


def _be_worker(link: socket.socket) -> None:
    """Never returns: whatever happens, this process ends here."""
    try:
        limit_process()
        serve(link.makefile("rb"), link.makefile("wb"))
    finally:
        os._exit(0)


def main(arguments: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if arguments:
        nursery(int(arguments[0]))
    else:
        spawned()


if __name__ == "__main__":
    from toolkit.video import _child  # the module that others import too, not this second copy

    _child.main(sys.argv[1:])
