"""Damaged files: cut off at every kilobyte and at every box, and with bits flipped.

python -m tests.fuzz [--json] [--flips N] [--step BYTES] [--kinds mp4,webm] [--seed K]

Every damaged file goes the way of a clip: through the pool, one decode pass, every score. Allowed
answers are readings or a `ClipError`; a file that was cut may never be called whole; this process
must outlive them all. A decoder that dies of a file is counted, and is the pool's business.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import cloudpickle
import numpy as np

from tests.clipmaker import Image, path, texture
from toolkit import scorers
from toolkit.errors import ClipError
from toolkit.records import RunSpec
from toolkit.video import analysis
from toolkit.video.encode import write_mp4
from toolkit.video.sandbox import Crashed, Pool

SPEC = RunSpec("slow push in", model="import/x").to_json()
SIZE, NUM_FRAMES = (90, 160), 24


def _frames() -> list[Image]:
    return path(texture(3, (400, 500)), NUM_FRAMES, SIZE, zoom=0.3)


def _tone() -> np.ndarray:
    wave = 0.2 * np.sin(2 * np.pi * 440 * np.arange(48_000 * NUM_FRAMES // 24) / 48_000)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def _mp4(target: Path) -> None:
    """As our own writer makes it: H.264 and AAC, the index first."""
    write_mp4(target, _frames(), 24, crf=12, audio=_tone())


def _muxed(codec: str, options: dict[str, str], mux: dict[str, str]) -> Callable[[Path], None]:
    def make(target: Path) -> None:
        with av.open(str(target), "w", options=mux) as container:
            stream = container.add_stream(codec, rate=24)
            stream.height, stream.width = SIZE
            stream.pix_fmt, stream.options = "yuv420p", options
            for image in _frames():
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))

    return make


KINDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "mp4": (".mp4", _mp4),
    "mp4, index last": (".mp4", _muxed("libx264", {"crf": "12"}, {})),
    "mp4, hevc": (".mp4", _muxed("libx265", {"x265-params": "log-level=none:crf=14"}, {})),
    "webm": (".webm", _muxed("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}, {})),
    "mkv": (".mkv", _muxed("libx264", {"crf": "12"}, {})),
}


@dataclass
class Tally:
    """What came of the damaged files of one kind. `wrong` must stay empty."""

    kind: str
    size_bytes: int
    cuts: Counter[str] = field(default_factory=Counter)
    flips: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def boxes(data: bytes) -> list[int]:
    """Where the outermost boxes of an MP4 begin; [] for anything else."""
    found, at = [], 0
    while data[4:8] == b"ftyp" and at + 8 <= len(data):
        found.append(at)
        at += max(8, int.from_bytes(data[at : at + 4], "big"))
    return found


def cut(data: bytes, step: int) -> Iterator[tuple[str, bytes]]:
    """The first bytes of a file: every `step`, at each box, and all but the last."""
    places = {*range(0, len(data), step), *boxes(data), len(data) - 1} - {len(data)}
    return ((f"cut at byte {at}", data[:at]) for at in sorted(places))


def flipped(data: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """One bit of a file turned over, at `count` places."""
    for bit in np.random.default_rng(seed).integers(0, 8 * len(data), count):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << int(bit % 8)
        yield f"bit {bit} flipped", bytes(damaged)


def fuzz(
    kinds: Sequence[str] = tuple(KINDS),
    *,
    step: int = 1024,
    flips: int = 10_000,
    seed: int = 1,
    chosen: Sequence[Any] | None = None,
    pool: Pool | None = None,
    on_progress: Callable[[str, int], None] = lambda kind, count: None,
) -> list[Tally]:
    """`flips` are shared out among the kinds; `chosen` scorers, by default all."""
    packed = cloudpickle.dumps(tuple(scorers.default() if chosen is None else chosen))
    tallies = []
    with TemporaryDirectory() as name, pool or Pool() as decoders:
        for kind in kinds:
            suffix, make = KINDS[kind]
            whole = Path(name) / f"whole{suffix}"
            make(whole)
            data = whole.read_bytes()
            tally = Tally(kind, len(data))
            for how, files in (
                ("cut", cut(data, step)),
                ("flip", flipped(data, flips // len(kinds), seed)),
            ):
                counter = tally.cuts if how == "cut" else tally.flips
                for count, (what, verdict) in enumerate(
                    _verdicts(files, Path(name), suffix, packed, decoders)
                ):
                    on_progress(kind, count)
                    counter[verdict.partition(":")[0]] += 1
                    if verdict.startswith("broken") or (how == "cut" and verdict == "ok"):
                        tally.wrong.append(f"{what}: {verdict}")
            tallies.append(tally)
    return tallies


def _verdicts(
    files: Iterable[tuple[str, bytes]], folder: Path, suffix: str, packed: bytes, pool: Pool
) -> Iterator[tuple[str, str]]:
    """What was done and what came of it; only a few files lie on the disk at once."""
    waiting: dict[Future[Any], tuple[str, Path]] = {}
    left = enumerate(files)
    while True:
        while len(waiting) < 3 * pool.num_workers and (entry := next(left, None)) is not None:
            number, (what, data) = entry
            target = folder / f"{number}{suffix}"
            target.write_bytes(data)
            future = pool.submit(analysis.run, str(target), packed, [SPEC])
            waiting[future] = what, target
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            what, target = waiting.pop(future)
            target.unlink()
            yield what, _verdict(future)


def _verdict(future: Future[Any]) -> str:
    try:
        _, (readings,), _ = future.result()
    except Crashed as error:
        return f"decoder died: {error}"
    except ClipError:
        return "refused"
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what is looked for)
        return f"broken: {type(error).__name__}: {error}"
    failed = [reading.note for reading in readings.values() if "failed: " in reading.note]
    return f"broken: {failed[0]}" if failed else "ok"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--step", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS).replace(", ", "+"))
    args = parser.parse_args()
    start = time.perf_counter()

    def progress(kind: str, count: int) -> None:
        if count % 500 == 499:
            print(f"{kind}: {count + 1}, {time.perf_counter() - start:.0f} s", file=sys.stderr)

    kinds = [kind.replace("+", ", ") for kind in args.kinds.split(",")]
    tallies = fuzz(
        kinds, step=args.step, flips=args.flips, seed=args.seed, on_progress=progress
    )  # fmt: skip
    if args.json:
        print(json.dumps([vars(tally) for tally in tallies], indent=1))
    else:
        for tally in tallies:
            print(f"{tally.kind:<16} {tally.size_bytes:>8} bytes   cut: {dict(tally.cuts)}")
            print(f"{'':<16} {'':>14}   bits: {dict(tally.flips)}")
            for text in tally.wrong:
                print(f"  WRONG {text}")
    return 1 if any(tally.wrong for tally in tallies) else 0


if __name__ == "__main__":
    raise SystemExit(main())
