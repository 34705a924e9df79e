"""How long a grid of 1,000,000 cells takes, and what it weighs: medians of one run, CPU time.

python -m tests.benchmarks.grid [--json] [--rounds N]
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import time
import tracemalloc
from typing import Any

from toolkit.catalog import cards
from toolkit.grid import Grid
from toolkit.prompts.formula import Prompt

LIMITS = {"build_len_1000_prompts_ms": 10.0, "peak_mb": 5.0}


def million(seed: int) -> Grid:
    """50 subjects x 20 places x 10 cameras x 2 models x 5 lengths x 10 samples."""
    shot = Prompt(
        [f"subject number {i} of draw {seed}" for i in range(50)],
        environment=[f"place number {i} at dusk" for i in range(20)],
        mood="quiet documentary",
    )
    return Grid(
        shot,
        camera=[f"camera move number {i}" for i in range(10)],
        models=["sim/draft", "sim/final"],
        duration_s=[2, 3, 4, 5, 6],
        samples=10,
    )


def use(seed: int) -> int:
    """Build, `len`, and 1,000 rendered prompts of cells drawn at random."""
    grid = million(seed)
    rng = random.Random(seed)
    size = len(grid)
    return sum(len(grid[rng.randrange(size)].text) for _ in range(1000))


def everything(seed: int) -> int:
    """The same grid as a list of dicts, for comparison."""
    grid = million(seed)
    axes = [grid.axes[name] for name in ("subject", "environment", "camera", "model", "duration_s")]
    rows = [
        dict(zip("secmd", values, strict=True))
        for values in itertools.product(*axes)
        for _ in range(10)
    ]
    return len(rows)


def measure(rounds: int) -> dict[str, Any]:
    cards()  # the catalogue is read once a process
    assert len(million(0)) == 1_000_000
    took, wall = [], []
    for seed in range(rounds):
        start, start_wall = time.process_time(), time.perf_counter()
        use(seed)
        took.append((time.process_time() - start) * 1e3)
        wall.append((time.perf_counter() - start_wall) * 1e3)
    start = time.process_time()
    everything(0)
    listed_ms = (time.process_time() - start) * 1e3
    tracemalloc.start()
    use(rounds)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    grid = million(1)
    start = time.process_time()
    grid.tally("camera")
    tally_ms = (time.process_time() - start) * 1e3
    return {
        "cells": 1_000_000,
        "build_len_1000_prompts_ms": round(statistics.median(took), 2),
        "wall_ms": round(statistics.median(wall), 2),
        "peak_mb": round(peak, 2),
        "tally_by_camera_ms": round(tally_ms, 2),
        "list_of_dicts_ms": round(listed_ms, 1),
        "limits": LIMITS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    found = measure(args.rounds)
    if args.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        if name != "limits":
            limit = f"   (at most {LIMITS[name]:g})" if name in LIMITS else ""
            print(f"{name:28} {value:>12,}{limit}")


if __name__ == "__main__":
    main()
