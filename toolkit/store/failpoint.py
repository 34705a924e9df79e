"""Named places where a test can make the process die, stop or wait; idle unless asked.

`PROMPTGRID_FAILPOINT=name[:action][:nth]`, where action is `kill` (default), `stop` (SIGSTOP),
`raise` or a number of seconds to sleep, on the nth visit (default 1).
"""

from __future__ import annotations

import os
import signal
import time

__all__ = ["ENV", "POINTS", "InjectedError", "arm", "point"]

ENV = "PROMPTGRID_FAILPOINT"

STEPS = (
    "claim", "take_over", "intent", "accepted", "not_sent", "refused", "rejected", "unknown",
    "adopt", "absent", "hold", "ready", "failed", "fetch_failed", "stored", "done", "bad_clip",
    "settle", "heartbeat",
)  # fmt: skip
"""The transactions of `life.Life`: each can be struck before, inside and after."""

POINTS = (
    *(f"{step}.{where}" for step in STEPS for where in ("before", "in_txn", "after")),
    "submit.before", "submit.after", "poll.before", "poll.after", "reconcile.listed",
    "download.block", "download.complete", "file.synced", "file.renamed", "verify.before",
    "verify.after",
)  # fmt: skip

_name = _action = ""
_left = 1


def arm(text: str) -> None:
    """Set the trap, as the environment variable does."""
    global _name, _action, _left
    name, action, nth = (*text.split(":"), "", "")[:3]
    if name and name not in POINTS:
        raise ValueError(f"no failpoint {name!r}")
    _name, _action, _left = name, action, int(nth or 1)


class InjectedError(OSError):
    """The failure a test asked for."""


def point(name: str) -> None:
    """Pass, unless this very place was asked to fail."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left:
        return
    if _action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif _action == "raise":
        raise InjectedError(f"failpoint {name}")
    elif _action in ("", "kill"):
        os._exit(137)
    else:
        time.sleep(float(_action))


arm(os.environ.get(ENV, ""))
