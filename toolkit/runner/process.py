"""Who a process is, so that another can tell whether it still lives."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["identity", "is_dead"]


def _started(pid: int) -> str | None:
    """When a process of this machine was started, in ticks since boot; None if it is not there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


@cache
def _machine() -> str:
    """This boot of this machine, and its process numbers' name space."""
    boot = namespace = ""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        pass
    return f"{socket.gethostname()}/{boot}/{namespace}"


def identity() -> dict[str, Any]:
    """This process, as JSON."""
    pid = os.getpid()
    return {"machine": _machine(), "pid": pid, "started": _started(pid)}


def is_dead(process: Mapping[str, Any]) -> bool:
    """Whether that process is surely gone. False where it cannot be known: then its lease decides.

    A process before the last boot of the same machine is left to its lease, too.
    """
    if process.get("machine") != _machine() or process.get("started") is None:
        return False
    return _started(int(process["pid"])) != str(process["started"])
