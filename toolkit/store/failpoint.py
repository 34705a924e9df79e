"""Named places where a test can make the process die, stop or wait; idle unless asked.

`PROMPTGRID_FAILPOINT=name[:action][:nth]`, where action is `kill` (default), `stop` (SIGSTOP),
`raise` or a number of seconds to sleep, on the nth visit (default 1).
"""

from __future__ import annotations

import os
import signal
import time

__all__ = ["ENV", "InjectedError", "point"]

ENV = "PROMPTGRID_FAILPOINT"

_armed = os.environ.get(ENV, "")
_name, _action, _nth = (*_armed.split(":"), "", "")[:3]
_left = int(_nth or 1)


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
