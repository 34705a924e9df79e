"""Every benchmark, one after the other: `make bench`, or one of them by name.

python -m tests.benchmarks [decode|grid|sheets|small|whole ...]
"""

from __future__ import annotations

import subprocess
import sys

ALL = ("small", "grid", "sheets", "decode", "whole")


def main(names: list[str]) -> int:
    status = 0
    for name in names or ALL:
        print(f"== {name}", flush=True)
        status |= subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"]).returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
