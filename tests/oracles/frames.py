"""Pictures, clips and sounds that come out the same everywhere: NumPy's integers, and sines.

Formula drivers and the tests that read their values make their input here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Sound = NDArray[np.float64]

RATE = 48_000
FPS = 24


def noise(height: int, width: int, seed: int) -> NDArray[np.int64]:
    """(height, width) integers in 0..255 that depend on place and seed alone."""
    y, x = np.mgrid[:height, :width].astype(np.uint64)
    value = (x * 73_856_093) ^ (y * 19_349_663) ^ np.uint64(seed * 83_492_791)
    for shift in (13, 17, 5):
        value = (value ^ (value >> np.uint64(shift))) * np.uint64(0x9E3779B1) & 0xFFFFFFFF
    return (value >> np.uint64(24)).astype(np.int64)


def soft(values: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Means over `size` x `size`, rounded down; the picture wraps."""
    for axis in (0, 1):
        values = sum(np.roll(values, k - size // 2, axis) for k in range(size)) // size
    return values


def picture(height: int, width: int, seed: int) -> Image:
    """(height, width) with coarse shapes, some detail and a little grain, 20..235."""
    coarse, middle = (1024 * (noise(height, width, seed + k) - 128) for k in (0, 1))
    coarse, middle = soft(soft(coarse, 25), 25), soft(soft(middle, 7), 5)
    grain = 1024 * (noise(height, width, seed + 2) // 64)
    return np.clip(128 + (30 * coarse + 3 * middle + grain) // 1024, 20, 235).astype(np.uint8)


def blurred(image: Image, size: int) -> Image:
    return soft(image.astype(np.int64), size).astype(np.uint8)


def panned(count: int, *, step: int = 2, seed: int = 1, size: tuple[int, int] = (144, 256)) -> list:
    """Frames of a camera that goes right by `step` pixels each."""
    wide = picture(size[0], size[1] + step * count, seed)
    return [wide[:, step * k : step * k + size[1]].copy() for k in range(count)]


def clips() -> dict[str, list[Image]]:
    """Gray clips of 144 x 256 at 24 frames a second, each with something to find."""
    plain = panned(48)
    cut = [*panned(20, seed=5), *panned(28, seed=9)]
    frozen = [plain[k if k < 12 else max(12, k - 14)] for k in range(48)]
    boxed = [frame.copy() for frame in plain]
    for frame in boxed:
        frame[:18], frame[-18:] = 0, 0
    flicker = [np.clip(f.astype(int) + 12 * (-1) ** k, 0, 255) for k, f in enumerate(plain)]
    still = [plain[0]] * 48
    return {
        "pan": plain, "two cuts": [*cut, *panned(20, seed=12)], "cut": cut, "frozen": frozen,
        "boxed": boxed, "flicker": [f.astype(np.uint8) for f in flicker], "still": still,
    }  # fmt: skip


def sounds() -> dict[str, Sound]:
    """(N, 2) at 48 kHz in -1..1; the first two are cases 1 and 2 of EBU Tech 3341."""
    t = np.arange(4 * RATE) / RATE
    tone = np.sin(2 * np.pi * 1000 * t)
    low = np.sin(2 * np.pi * 80 * t)
    hiss = (noise(1, len(t), 4)[0] - 127.5) / 127.5
    half = np.where(t < 2, tone, 0.0)
    return {
        "-23 dB": 10 ** (-23 / 20) * np.stack([tone, tone], 1),
        "-33 dB": 10 ** (-33 / 20) * np.stack([tone, tone], 1),
        "low": 0.3 * np.stack([low, 0.5 * low], 1),
        "hiss": 0.1 * np.stack([hiss, hiss[::-1]], 1),
        "half silent": 0.2 * np.stack([half, half], 1),
        "one side": 0.2 * np.stack([tone, 0 * tone], 1),
    }
