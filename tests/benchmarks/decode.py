"""What decoding costs beside PyAV alone: the analysis pass, frames for a sheet, previews, memory.

python -m tests.benchmarks.decode [--json] [--rounds N] [--quick]

Ratios of processor time, each pair measured back to back in one process, medians over rounds in
the order A B B A. One decode thread, one OpenCV thread.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import av
import cloudpickle
import cv2

from tests.benchmarks import clips
from toolkit import scorers
from toolkit.records import RunSpec
from toolkit.video import analysis, reading
from toolkit.video.sandbox import Pool

LIMITS = {
    "T0_540p": 3.0, "T0_720p": 3.0, "T0_1080p": 4.5, f"T0_{clips.LOW}": 3.0,
    "T1_540p": 1.45, "T1_720p": 1.25, "T1_1080p": 1.20, f"T1_{clips.LOW}": 2.0,
    "T5_540p": 1.08, "T5_720p": 1.08, "T5_1080p": 1.08,
    "T8_720p": 0.2, "T9_speedup": -1.8, "T9_of_decode_only": -0.8,
    "T10_rss_mb": 160.0, "T10_mb_per_s": 1.0,
}  # fmt: skip
"""At most; a negative limit is "at least"."""

SPEC = RunSpec("slow push in", model="import/x", params={"duration_s": 5}).to_json()


def decode_only(path: Path) -> int:
    """The floor: every frame decoded by PyAV, nothing done with it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return sum(1 for _ in container.decode(stream))


def analyse(path: Path, tier: str = "full") -> None:
    packed = cloudpickle.dumps(scorers.default(tier))
    analysis.run(str(path), packed, [SPEC], tier=tier, sha256="0" * 64)


def sheet_frames(path: Path) -> None:
    reading.frames_at(str(path), [(k + 0.5) / 12 for k in range(12)], long_px=320)


def cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def ratio(
    rounds: int, ours: Callable[[], Any], floor: Callable[[], Any]
) -> tuple[float, float, float]:
    """Median ratio, and both medians in seconds."""
    ours(), floor()
    mine, base = [], []
    for k in range(rounds):
        pair = [(ours, mine), (floor, base)]
        for work, times in pair if k % 2 == 0 else pair[::-1]:
            times.append(cpu(work))
    ratios = [a / b for a, b in zip(mine, base, strict=True)]
    return statistics.median(ratios), statistics.median(mine), statistics.median(base)


def dis_unit() -> float:
    """Seconds of one DIS FAST call at 256 x 144 on this machine, now."""
    pair = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in clips.frames((144, 256), 2, 4.0)]
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return cpu(lambda: [dis.calc(*pair, None) for _ in range(60)]) / 60


def worker_rss_mb(path: Path) -> float:
    """Of a worker as the product runs it, after its first clip."""

    def peak() -> float:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    packed = cloudpickle.dumps(scorers.default())
    with Pool(1) as pool:
        pool.submit(analysis.run, str(path), packed, [SPEC], sha256="0" * 64).result()
        return pool.submit(peak).result()


def throughput(paths: list[Path], workers: int, *, only_decode: bool = False) -> float:
    """Wall seconds for all clips in a warm pool, scored or only decoded."""
    packed = cloudpickle.dumps(scorers.default())

    def job(pool: Pool, path: Path) -> Future[Any]:
        if only_decode:
            return pool.submit(decode_only, path)
        return pool.submit(analysis.run, str(path), packed, [SPEC], sha256="0" * 64)

    with Pool(workers) as pool:
        list(pool.map(abs, range(2 * workers)))
        start = time.perf_counter()
        for one in [job(pool, path) for path in paths]:
            one.result()
        return time.perf_counter() - start


def measure(rounds: int, *, quick: bool) -> dict[str, float]:
    cv2.setNumThreads(1)
    kinds = ["540p", "720p", clips.LOW] + ([] if quick else ["1080p"])
    made = clips.make(kinds)
    found: dict[str, float] = {}
    for kind, path in made.items():
        unit = dis_unit()
        share, mine, base = ratio(rounds, lambda p=path: analyse(p), lambda p=path: decode_only(p))
        found[f"T1_{kind}"] = share
        unit = 0.5 * (unit + dis_unit())
        found[f"T0_{kind}"] = (mine - base) / clips.NUM_FRAMES / unit
        found[f"ms_per_frame_{kind}"] = 1000 * (mine - base) / clips.NUM_FRAMES
        found[f"decode_ms_{kind}"] = 1000 * base
        if kind != clips.LOW:
            found[f"T5_{kind}"] = ratio(
                rounds, lambda p=path: sheet_frames(p), lambda p=path: decode_only(p)
            )[0]
    path = made["720p"]
    found["T8_720p"] = ratio(rounds, lambda: analyse(path, "preview"), lambda: decode_only(path))[0]
    found["fast_720p"] = ratio(rounds, lambda: analyse(path, "fast"), lambda: decode_only(path))[0]
    if not quick:
        many = [path] * 8
        alone, together, bare = [], [], []
        for _ in range(max(1, rounds // 2)):
            alone.append(throughput(many, 1))
            together.append(throughput(many, 2))
            bare.append(throughput(many, 2, only_decode=True))
        found["T9_speedup"] = min(alone) / min(together)
        found["T9_of_decode_only"] = min(bare) / min(together)
        found["T9_clips_per_min"] = 60 * len(many) / min(together)
        found["T10_rss_mb"] = worker_rss_mb(made["1080p"])
        longer = clips.make(["720p"], 20)["720p"]
        found["T10_mb_per_s"] = (worker_rss_mb(longer) - worker_rss_mb(path)) / 15
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="no 1080p, no pool, no memory")
    args = parser.parse_args()
    found = measure(args.rounds, quick=args.quick)
    if args.json:
        print(json.dumps({"figures": found, "limits": LIMITS}, indent=1))
        return 0
    for name, value in found.items():
        limit = LIMITS.get(name)
        verdict = ""
        if limit is not None:
            good = value >= -limit if limit < 0 else value <= limit
            side = "at least" if limit < 0 else "at most"
            verdict = f"  {side} {abs(limit)}  {'ok' if good else 'MISSED'}"
        print(f"{name:22} {value:8.2f}{verdict}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
