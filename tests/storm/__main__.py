"""The commands; see the package."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

COMMANDS = ("storm", "failpoints", "faults", "contention", "rate", "expiry", "soak")


def main(argv: list[str]) -> int:
    name = argv.pop(0) if argv and argv[0] in COMMANDS else "storm"
    parser = argparse.ArgumentParser(prog=f"python -m tests.storm {name}")
    add = parser.add_argument
    add("--json", action="store_true")
    add("--limit-s", type=float, default=3600.0, help="end at the latest after so long")
    if name == "storm":
        add("--runs", type=int, default=10_000)
        add("--kills", type=int, default=1_000)
        add("--kernels", type=int, default=8)
        add("--identical", type=int, default=5)
        add("--cap-runs", type=int, help="a budget for so many runs alone")
        add("--every-s", type=float, default=0.4, help="mean time between two kills")
        add("--seed", type=int, default=0)
        add("--tokens", action="store_true", help="the service lists our tokens")
    elif name == "failpoints":
        add("--stop", type=float, default=0.0, metavar="S", help="SIGSTOP for S, with a take-over")
        add("--at-once", type=int, default=4)
        add("--only", nargs="*", metavar="POINT")
    elif name == "faults":
        add("--runs", type=int, default=20)
    elif name == "contention":
        add("--kernels", type=int, default=8)
        add("--seconds", type=float, default=60.0)
    elif name == "rate":
        add("--kernels", type=int, default=8)
        add("--per-minute", type=float, default=600.0)
        add("--burst", type=int, default=5)
        add("--seconds", type=float, default=60.0)
    elif name == "expiry":
        add("--runs", type=int, default=48)
        add("--in-flight", type=int, default=4)
        add("--hours", type=float, default=12.0)
    else:
        add("--runs", type=int, default=100_000)
        add("--in-flight", type=int, default=64)
    args = vars(parser.parse_args(argv))
    as_json = args.pop("json")
    found = _command(name)(**args)
    if as_json:
        json.dump(found, sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        for key, value in found.items():
            print(f"{key:28} {value}")
    return 0 if found["ok"] else 1


def _command(name: str) -> Any:
    if name == "storm":
        from tests.storm.storm import storm as command
    elif name == "failpoints":
        from tests.storm.failpoints import failpoints as command
    elif name == "faults":
        from tests.storm.faults import faults as command
    elif name == "contention":
        from tests.storm.contention import contention as command
    elif name == "rate":
        from tests.storm.rate import rate as command
    elif name == "expiry":
        from tests.storm.expiry import expiry as command
    else:
        from tests.storm.soak import soak as command
    return command


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
