"""The whole job of a clip, beside what people chain today; and the same job done again.

python -m tests.benchmarks.whole [--json] [--rounds N] [--clips N] [--again N]

A labelled sheet of 12 frames, the cuts, scores of sharpness, flicker, change and motion: ours in
one pass (and some forty scores more), theirs by `tests/benchmarks/peers/` in an environment that is
made for it: moviepy or vcsi (where `ffmpeg` and `ffprobe` are installed) for the sheet,
PySceneDetect, a plain OpenCV script. Processor time of whole processes, imports included; medians.

`--again` clips are then scored a second time, unchanged.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks import clips

if TYPE_CHECKING:
    from toolkit.store import Store

HERE = Path(__file__).parent
REQUIRES = ["moviepy==2.2.1", "scenedetect-headless==0.7.2", "vcsi==7.0.17"]
KEPT = Path(tempfile.gettempdir()) / "promptgrid-benchmark-peers"
LIMITS = {
    "T4_moviepy": -4.0, "T4_vcsi": -5.5, "T14_hashing": -50.0, "T14_unchanged": -500.0,
}  # fmt: skip
"""At least so many times our processor time."""


def ours(folder: Path, paths: Sequence[str]) -> None:
    """One pass a clip in a decode process, then a sheet from the thumbnails it left."""
    import cloudpickle
    import pandas as pd

    from toolkit import scorers
    from toolkit.records import RunSpec
    from toolkit.sheets import sheet
    from toolkit.sheets.draw import encode
    from toolkit.video import analysis, thumbs
    from toolkit.video.sandbox import Pool

    packed = cloudpickle.dumps(scorers.default())
    spec = RunSpec("slow push in", model="import/x", params={"duration_s": 5}).to_json()
    with Pool(1) as pool:
        for number, path in enumerate(paths):
            clip, (readings,), tiles = pool.submit(analysis.run, path, packed, [spec]).result()
            sha = f"{number:02x}{clip.sha256[2:]}"  # the same clip again is another one here
            place = folder / "clips" / sha[:2] / f"{sha}.mp4"
            place.parent.mkdir(parents=True)
            place.symlink_to(path)
            thumbs.store(thumbs.path_beside(place), tiles)
            row: dict[str, Any] = {
                "run_id": sha[-16:], "model": "import/x", "simulated": False, "sample": 1,
                "state": "done", "prompt.scene": "a scene", "clip.path": str(place),
                "clip.sha256": sha, "clip.duration_s": clip.duration_s,
            }  # fmt: skip
            row |= {f"score.{name}": reading.value for name, reading in readings.items()}
            page = sheet(pd.DataFrame([row]), rows="scene", frames=12, cell_px=320).pages[0]
            (folder / f"{number}.jpg").write_bytes(encode(page, ".jpg"))


def cpu_s(command: Sequence[str]) -> float:
    """User and system time of a process and all that it waited for."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=HERE.parents[1])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return used.ru_utime + used.ru_stime


def peers() -> Path:
    """The Python of the peers' own environment, made where it is missing."""
    from tests.oracles.__main__ import _environment

    KEPT.mkdir(exist_ok=True)
    return Path(_environment(KEPT / "env", REQUIRES))


def chained(rounds: int, count: int) -> dict[str, float]:
    path = str(clips.make(["720p"])["720p"])
    python = peers()
    script = HERE / "peers"
    with tempfile.TemporaryDirectory() as name:
        jobs = {
            stem: [str(python), str(script / f"{stem}.py"), name, *[path] * count]
            for stem in ("moviepy_sheet", "scenes", "plain_scores")
        }
        if shutil.which("ffprobe") and shutil.which("ffmpeg"):
            sheet = ["-g", "4x3", "-w", "1280", "-o", f"{name}/vcsi.jpg"]
            jobs["vcsi_sheet"] = [str(python.parent / "vcsi"), path, *sheet]
        took: dict[str, list[float]] = {stem: [] for stem in (*jobs, "ours")}
        for number in range(rounds):
            for stem, command in jobs.items():
                repeats = count if stem == "vcsi_sheet" else 1
                took[stem].append(sum(cpu_s(command) for _ in range(repeats)) / count)
            folder = Path(name) / f"ours-{number}"
            folder.mkdir()
            mine = [sys.executable, "-m", "tests.benchmarks.whole", "--ours", str(folder)]
            took["ours"].append(cpu_s([*mine, *[path] * count]) / count)
    found = {f"{stem}_cpu_s": statistics.median(values) for stem, values in took.items()}
    rest = found["scenes_cpu_s"] + found["plain_scores_cpu_s"]
    for stem in ("moviepy", "vcsi"):
        if f"{stem}_sheet_cpu_s" in found:
            theirs = found[f"{stem}_sheet_cpu_s"] + rest
            found[f"T4_{stem}"] = theirs / found["ours_cpu_s"]
    return found


def _experiment(folder: Path, path: Path, count: int) -> tuple[Store, list[Path]]:
    """`count` clips that differ in a box that says nothing, imported; and where they lie."""
    from toolkit.records import RunSpec
    from toolkit.store import Store
    from toolkit.video import probe

    store, data, places = Store.open(folder), path.read_bytes(), []
    for number in range(count):
        copy = folder / "next.mp4"
        copy.write_bytes(data + struct.pack(">I4sQ", 16, b"free", number))
        clip = probe(copy)
        spec = RunSpec(f"clip {number}", model="import/x", params={"camera_motion": "push_in"})
        store.add_imported(spec, copy, clip)
        places.append(store.clip_path(clip.sha256))
    copy.unlink(missing_ok=True)
    return store, places


def done_again(count: int) -> dict[str, float]:
    """An experiment's clips scored, and scored again: from known scores, and after hashing them."""
    from toolkit import scoring
    from toolkit.video.analysis import sha256_of
    from toolkit.video.sandbox import Pool

    path = clips.make(["720p"])["720p"]
    with tempfile.TemporaryDirectory() as name:
        store, places = _experiment(Path(name) / "exp", path, count)
        start = time.perf_counter()
        with Pool(1) as pool:
            assert scoring.score_runs(store, pool=pool) == count
        cold = time.perf_counter() - start
        start = time.perf_counter()
        assert scoring.score_runs(store) == 0
        unchanged = time.perf_counter() - start
        start = time.perf_counter()
        for place in places:
            assert sha256_of(place) == place.stem
        hashing = unchanged + time.perf_counter() - start
        store.close()
    return {
        "cold_s_per_clip": cold / count, "again_s_per_clip": unchanged / count,
        "T14_unchanged": cold / unchanged, "T14_hashing": cold / hashing,
    }  # fmt: skip


def main() -> int:
    if sys.argv[1:2] == ["--ours"]:
        ours(Path(sys.argv[2]), sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--again", type=int, default=20)
    args = parser.parse_args()
    found = chained(args.rounds, args.clips) if args.rounds else {}
    found |= done_again(args.again) if args.again else {}
    if args.json:
        print(json.dumps({"figures": found, "limits": LIMITS}, indent=1))
        return 0
    for name, value in found.items():
        limit = LIMITS.get(name)
        verdict = "" if limit is None else f"  at least {-limit:g}"
        verdict += "" if limit is None else "  ok" if value >= -limit else "  MISSED"
        print(f"{name:22} {value:9.3f}{verdict}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
