"""The one writer of clips: frames in, a web-ready H.264 file out.

A file appears under its name complete or not at all: it is written beside it as `.part`, flushed
to the disk and renamed. yuv420p, bt709 and the index in front, so that a browser plays it at once.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import ExportError

__all__ = ["AUDIO_RATE_HZ", "write_mp4"]

AUDIO_RATE_HZ = 48_000
_BT709 = 1  # the code of bt709 in each of the three H.264 colour fields
_BLOCK = 1024  # samples handed to the AAC encoder at a time


def write_mp4(
    path: str | os.PathLike[str],
    frames: Iterable[NDArray[np.uint8]],
    fps: float | Fraction,
    *,
    crf: int = 20,
    preset: str = "veryfast",
    comment: str | Mapping[str, Any] | None = None,
    audio: NDArray[np.float32] | None = None,
    threads: int = 1,
) -> int:
    """The number of frames written to `path`.

    `frames` are (H, W, 3) uint8 RGB, all of one size; an odd last row or column is left out, as
    yuv420p has none. `comment` goes into the container's comment tag, a mapping as JSON. `audio`
    is (N, 2) float32 in -1..1 at 48 kHz, cut to the length of the picture. Raises `ExportError`
    without frames, and passes on what `frames` raises; neither leaves a file.
    """
    import av

    target = Path(path)
    rate = Fraction(fps).limit_denominator(90_000)
    source = iter(frames)
    first = next(source, None)
    if first is None:
        raise ExportError(f"{target.name}: no frames to write")
    height, width = first.shape[0] // 2 * 2, first.shape[1] // 2 * 2
    if not (height and width and rate > 0):
        raise ExportError(f"{target.name}: {first.shape[1]}x{first.shape[0]} px at {fps} fps")

    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with av.open(
            str(part), "w", format="mp4", container_options={"movflags": "+faststart"}
        ) as container:
            if comment is not None:
                text = comment if isinstance(comment, str) else _compact(comment)
                container.metadata["comment"] = text
            video = container.add_stream("libx264", rate=rate)
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            video.codec_context.thread_count = threads
            video.options = {
                "crf": str(crf),
                "preset": preset,
                "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709",
            }
            context = video.codec_context
            context.color_primaries = context.color_trc = context.colorspace = _BT709
            context.color_range = 1  # 16..235, what every player expects
            sound = None
            if audio is not None:
                sound = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")

            count = 0
            for image in chain((first,), source):
                frame = _frame(av, image, width, height)
                frame.pts, frame.time_base = count, 1 / rate
                for packet in video.encode(frame):
                    container.mux(packet)
                count += 1
            for packet in video.encode():
                container.mux(packet)
            if sound is not None and audio is not None:
                _add_audio(av, container, sound, audio[: round(count / rate * AUDIO_RATE_HZ)])
        _flush(part)
        part.replace(target)  # rename last: a reader never sees half a clip
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return count


def _compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _frame(av: Any, image: NDArray[np.uint8], width: int, height: int) -> Any:
    """`image` as a bt709 yuv420p frame."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ExportError(f"a frame is (H, W, 3) uint8, not {image.shape} {image.dtype}")
    if image.shape[0] < height or image.shape[1] < width:
        raise ExportError(
            f"a frame of {image.shape[1]}x{image.shape[0]} px among frames of {width}x{height}"
        )
    cropped = np.ascontiguousarray(image[:height, :width])
    frame = av.VideoFrame.from_ndarray(cropped, format="rgb24")
    return frame.reformat(
        format="yuv420p", src_colorspace="ITU709", dst_colorspace="ITU709",
        src_color_range="JPEG", dst_color_range="MPEG",
    )  # fmt: skip


def _add_audio(av: Any, container: Any, stream: Any, samples: NDArray[np.float32]) -> None:
    planes = np.ascontiguousarray(np.clip(samples, -1.0, 1.0).T, dtype=np.float32)
    for start in range(0, planes.shape[1], _BLOCK):
        block = np.ascontiguousarray(planes[:, start : start + _BLOCK])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = AUDIO_RATE_HZ, start
        frame.time_base = Fraction(1, AUDIO_RATE_HZ)
        for packet in stream.encode(frame):
            container.mux(packet)
    for packet in stream.encode():
        container.mux(packet)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
