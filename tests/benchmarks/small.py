"""What a person waits for: a durable change of state, the command line's help, opening again.

python -m tests.benchmarks.small [--json] [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from toolkit.grid import Grid
from toolkit.planning import cell_rows
from toolkit.store import Store, sqlite
from toolkit.tables import runs_df

LIMITS = {"durable_change_ms": 1.0, "help_s": 0.3}


def measure(rounds: int) -> dict[str, float]:
    """Medians; wall time, because that is what is waited for."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as tmp, Store.open(Path(tmp) / "exp") as store:
        raw = sqlite.library().connect(str(Path(tmp) / "raw.db"), isolation_level=None)
        raw.executescript("pragma journal_mode=wal; pragma synchronous=full; create table t(n)")
        times: dict[str, list[float]] = {"durable_change_ms": [], "bare_commit_ms": []}
        for n in range(40 * rounds):  # side by side: on a busy disk both grow
            start = time.perf_counter()
            store.meta_set("n", n)
            middle = time.perf_counter()
            raw.execute("insert into t values (?)", (n,))
            times["durable_change_ms"].append(1000 * (middle - start))
            times["bare_commit_ms"].append(1000 * (time.perf_counter() - middle))
        raw.close()
        found |= {name: statistics.median(values) for name, values in times.items()}
        grid = Grid([f"a fox {n}" for n in range(1000)], models="sim/draft", samples=10)
        start = time.perf_counter()
        store.plan(cell_rows(grid))
        found["plan_10_000_runs_s"] = time.perf_counter() - start
        start = time.perf_counter()
        runs_df(store)
        found["table_10_000_runs_s"] = time.perf_counter() - start
    command = [sys.executable, "-m", "toolkit.cli", "--help"]
    waits = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        waits.append(time.perf_counter() - start)
    found["help_s"] = statistics.median(waits)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    found = measure(asked.rounds)
    if asked.json:
        print(json.dumps({"small": found, "limits": LIMITS}))
        return
    for name, value in found.items():
        limit = f"   (at most {LIMITS[name]:g})" if name in LIMITS else ""
        print(f"{name:24} {value:10.3f}{limit}")


if __name__ == "__main__":
    main()
