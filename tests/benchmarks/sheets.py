"""How long a contact sheet takes, beside the same grid in matplotlib: medians of one run.

python -m tests.benchmarks.sheets [--json] [--rounds N]
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from toolkit.sheets import sheet
from toolkit.sheets.draw import encode
from toolkit.sheets.frames import forget, thumbnails
from toolkit.sheets.layout import times
from toolkit.video import thumbs

LIMITS = {
    "12x8_cpu_ms": 30.0,
    "120x8_160px_jpeg_cpu_ms": 150.0,
    "times_faster_than_matplotlib": 40.0,
}


def make_experiment(folder: Path, num: int) -> pd.DataFrame:
    """`num` runs whose thumbnails lie in the cache: moving gradients with grain, 24 each."""
    rng = np.random.default_rng(7)
    x, y = np.meshgrid(np.linspace(0, 1, 320), np.linspace(0, 1, 180))
    rows = []
    for i in range(num):
        sha = f"{i:064x}"
        clip = folder / "clips" / sha[:2] / f"{sha}.mp4"
        clip.parent.mkdir(parents=True, exist_ok=True)
        clip.write_bytes(b"the cache is what is read")
        images = []
        for k in range(thumbs.K):
            waves = [np.sin(6 * (x * (j + 1) + y * (i % 5 + 1)) + k / 4 + j) for j in range(3)]
            picture = 128 + 80 * np.stack(waves, -1) + rng.normal(0, 4, (180, 320, 3))
            images.append(cv2.GaussianBlur(picture, (3, 3), 0).clip(0, 255).astype(np.uint8))
        moments = [k / 23 * 5 for k in range(thumbs.K)]
        thumbs.store(thumbs.path_beside(clip), thumbs.pack(moments, images, 5.0))
        rows.append(
            {
                "run_id": sha[-16:], "model": "sim/draft", "simulated": True, "sample": 1,
                "state": "done", "prompt.scene": f"scene {i // 3} by the river at dusk",
                "prompt.camera": ["static wide shot", "slow push in", "handheld"][i % 3],
                "clip.path": str(clip), "clip.sha256": sha, "clip.width": 1280, "clip.height": 720,
                "score.luma_flicker": float(rng.random()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def medians_ms(
    work: Callable[[], object], rounds: int, before: Callable[[], None] | None = None
) -> tuple[float, float]:
    """Wall and processor time; the second is steady where other work shares the machine."""
    wall, cpu = [], []
    for _ in range(rounds + 1):
        if before:
            before()
        start = time.perf_counter(), time.process_time()
        work()
        wall.append(1000 * (time.perf_counter() - start[0]))
        cpu.append(1000 * (time.process_time() - start[1]))
    return statistics.median(wall[1:]), statistics.median(cpu[1:])  # the first warms the fonts


def in_matplotlib(df: pd.DataFrame, frames: int) -> bytes:
    """The plain way: one axes a picture, a title a row, saved as PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    fig, grid = plt.subplots(len(df), frames, figsize=(frames * 1.7, len(df) * 1.0), dpi=100)
    for line, row in zip(grid, df.to_dict("records"), strict=True):
        moments = times(frames, "filmstrip")
        pictures = thumbnails(Path(row["clip.path"]), moments, sha256=row["clip.sha256"], side=160)
        for axes, picture in zip(line, pictures, strict=True):
            axes.imshow(picture)
            axes.set_axis_off()
        line[0].set_title(f"{row['prompt.scene']}, {row['prompt.camera']}", fontsize=7)
    held = io.BytesIO()
    fig.savefig(held, format="png")
    plt.close(fig)
    return held.getvalue()


def measure(rounds: int = 7) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        df = make_experiment(Path(folder), 120)
        few = df.head(12)
        by = ["scene", "camera"]

        def small() -> bytes:
            page = sheet(few, rows=by, frames=8, cell_px=160).pages[0]
            return encode(page, ".jpg")

        def large() -> bytes:
            page = sheet(df, rows=by, frames=8, cell_px=160, badges={"luma_flicker": "lower"}).pages
            return encode(page[0], ".jpg")

        took = {
            "12x8": medians_ms(small, rounds),
            "12x8_from_disk": medians_ms(small, rounds, forget),
            "120x8_160px_jpeg": medians_ms(large, rounds),
            "120x8_160px_jpeg_from_disk": medians_ms(large, rounds, forget),
            "matplotlib_12x8": medians_ms(lambda: in_matplotlib(few, 8), 2),
        }
        size = len(large())
    result = {f"{name}_ms": wall for name, (wall, _) in took.items()}
    result |= {f"{name}_cpu_ms": cpu for name, (_, cpu) in took.items()}
    result["120x8_160px_jpeg_bytes"] = float(size)
    result["times_faster_than_matplotlib"] = took["matplotlib_12x8"][1] / took["12x8"][1]
    return {name: round(value, 2) for name, value in result.items()}


def measure_quick() -> float:
    """Processor milliseconds of the 12 x 8 sheet alone, best of five."""
    with tempfile.TemporaryDirectory() as folder:
        df = make_experiment(Path(folder), 12)
        took = []
        for _ in range(6):
            start = time.process_time()
            page = sheet(df, rows=["scene", "camera"], frames=8, cell_px=160).pages[0]
            encode(page, ".jpg")
            took.append(1000 * (time.process_time() - start))
    return min(took[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document and nothing else")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    result = measure(asked.rounds)
    if asked.json:
        print(json.dumps({"sheets": result, "limits": LIMITS}))
        return
    for name, value in result.items():
        limit = f"   (limit {LIMITS[name]:g})" if name in LIMITS else ""
        print(f"{name:32} {value:12,.2f}{limit}")


if __name__ == "__main__":
    main()
