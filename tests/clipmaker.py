"""Clips whose truth is known: a texture seen by a camera that goes where it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.records import Clip
from toolkit.video import planes
from toolkit.video.analysis import DecodePass
from toolkit.video.encode import write_mp4

Image = NDArray[np.uint8]
FPS = 24
cv2.setNumThreads(1)  # as in a decode process; more only wait for each other on a busy machine


def texture(seed: int = 0, size: tuple[int, int] = (900, 1200)) -> Image:
    """An (H, W, 3) picture with detail at every scale, colours, and no large flat part."""
    return _texture(seed, size).copy()


@lru_cache(maxsize=32)
def _texture(seed: int, size: tuple[int, int]) -> Image:
    rng = np.random.default_rng(seed)
    height, width = size
    total = np.zeros((height, width, 3), np.float32)
    for cells, weight in ((6, 1.0), (14, 0.9), (34, 0.8), (80, 0.7), (180, 0.5)):
        coarse = rng.standard_normal((cells, cells * width // height, 3)).astype(np.float32)
        coarse = 0.75 * coarse.mean(axis=2, keepdims=True) + 0.25 * coarse
        total += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    total = 128 + 42 * total / total.std()
    return np.clip(total, 0, 255).astype(np.uint8)


def seen(
    picture: Image,
    size: tuple[int, int],
    *,
    pan: float = 0.0,
    tilt: float = 0.0,
    zoom: float = 0.0,
    roll: float = 0.0,
) -> Image:
    """`picture` as (H, W) by a camera turned right by `pan` and up by `tilt` short sides, pushed in
    by `zoom` (log), rolled clockwise by `roll` radians."""
    height, width = size
    short = min(size)
    c, s = np.cos(-roll) * np.exp(zoom), np.sin(-roll) * np.exp(zoom)
    centre = np.array([picture.shape[1] / 2, picture.shape[0] / 2])
    spin = np.array([[c, -s], [s, c]])
    shift = np.array([width / 2 - pan * short, height / 2 + tilt * short]) - spin @ centre
    matrix = np.hstack([spin, shift[:, None]])
    return cv2.warpAffine(
        picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )


def path(
    picture: Image,
    num_frames: int = 48,
    size: tuple[int, int] = (270, 480),
    **net: float,
) -> list[Image]:
    """Frames of a camera that moves evenly by `net` in all (see `seen`)."""
    share = np.linspace(0, 1, num_frames)
    return [seen(picture, size, **{k: v * t for k, v in net.items()}) for t in share]


def write(
    target: Path, frames: Sequence[Image] | Iterator[Image], fps: float = FPS, crf: int = 16
) -> Path:
    write_mp4(target, frames, fps, crf=crf, preset="ultrafast")
    return target


def write_uneven(
    target: Path, frames: Sequence[Image], times_ms: Sequence[int], rotation: int = 0
) -> Path:
    """A clip with a time of its own for each frame, and perhaps turned by its header."""
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for image, time in zip(frames, times_ms, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target


def numbered(num_frames: int, size: tuple[int, int] = (96, 160)) -> list[Image]:
    """Frames that say which they are: the k-th has a gray level of 16 + 4 k everywhere."""
    return [np.full((*size, 3), 16 + 4 * k, np.uint8) for k in range(num_frames)]


def which(image: Image) -> int:
    """The number of a frame of `numbered`."""
    return round((float(image.mean()) - 16) / 4)


def passed(frames: Sequence[Image], fps: float = FPS) -> DecodePass:
    """What a decode pass sees of frames that never were a file; gray or RGB, of any size."""
    clip = Clip(
        "0" * 64, width=frames[0].shape[1], height=frames[0].shape[0], num_frames=len(frames),
        duration_s=len(frames) / fps, fps=fps, codec="h264", has_audio=False, size_bytes=1,
    )  # fmt: skip
    gray = [f if f.ndim == 2 else cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames]
    colour = [f if f.ndim == 3 else cv2.cvtColor(f, cv2.COLOR_GRAY2RGB) for f in frames]
    shown = np.unique(
        (np.linspace(0.02, 0.98, 24) * (len(frames) - 1)).round().astype(int)
    ).tolist()
    few = np.unique(np.linspace(0, len(frames) - 1, 8).round().astype(int)).tolist()
    return DecodePass(
        clip,
        tier="full",
        time_s=np.arange(len(frames)) / fps,
        small=np.stack([planes.shrink(f, 256) for f in gray]),
        shown=shown,
        thumbs=np.stack([planes.shrink(colour[k], 320) for k in shown]),
        detail=[gray[k] for k in few],
        detail_at=few,
    )
