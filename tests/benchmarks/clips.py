"""Clips to measure on: five seconds as text-to-video services deliver them, and one of low bitrate.

Grain is what makes such files large; it is painted over a moving texture before x264 sees it. The
files are made once and kept in a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tests.clipmaker import seen, texture

NUM_FRAMES, FPS = 120, 24
SIZES = {"540p": (540, 960), "720p": (720, 1280), "1080p": (1080, 1920)}
MEGABYTES = {"540p": 4.0, "720p": 8.5, "1080p": 15.0}
LEAST = {"540p": 3.0, "720p": 6.0, "1080p": 12.0}
LOW = "720p-low"


def frames(size: tuple[int, int], num_frames: int, grain: float) -> Iterator[NDArray[np.uint8]]:
    """A camera that pushes in and drifts over a texture, under fresh grain in every frame."""
    rng = np.random.default_rng(1)
    picture = texture(2, (size[0] * 2, size[1] * 2))
    noise = (grain * rng.standard_normal((size[0] + 64, size[1] + 64, 1))).astype(np.float32)
    for k in range(num_frames):
        t = k / max(num_frames - 1, 1)
        image = seen(picture, size, pan=0.3 * t, tilt=0.05 * t, zoom=0.25 * t)
        if grain:
            dy, dx = rng.integers(0, 64, 2)
            patch = noise[dy : dy + size[0], dx : dx + size[1]]
            image = np.clip(image + patch, 0, 255).astype(np.uint8)
        yield image


def write(
    path: Path, size: tuple[int, int], megabytes: float, grain: float, num_frames: int
) -> Path:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = int(megabytes * 8e6 * FPS / num_frames)
        stream.options = {"preset": "faster", "profile": "high", "g": "250"}
        for image in frames(size, num_frames, grain):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def make(kinds: list[str], seconds: float = NUM_FRAMES / FPS) -> dict[str, Path]:
    """Paths by kind ("540p" … and "720p-low"); `seconds` makes longer ones at the same bitrate."""
    folder = Path(tempfile.gettempdir()) / "promptgrid-benchmark-clips"
    folder.mkdir(exist_ok=True)
    count = round(seconds * FPS)
    made = {}
    for kind in kinds:
        path = folder / f"{kind}-{count}.mp4"
        low = kind == LOW
        base = "720p" if low else kind
        share = count / NUM_FRAMES
        if not path.exists():
            part = path.with_suffix(".part.mp4")
            megabytes = (1.0 if low else MEGABYTES[base]) * share
            write(part, SIZES[base], megabytes, 0.0 if low else 14.0, count)
            part.replace(path)
        size = path.stat().st_size / 1e6
        assert low or size >= LEAST[base] * share, f"{path.name}: only {size:.1f} MB"
        made[kind] = path
    return made
