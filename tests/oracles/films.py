"""FFmpeg's own filters, PySceneDetect and VQEG's siti-tools: what they say of whole clips."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
from scenedetect import AdaptiveDetector, ContentDetector, detect
from siti_tools.siti import SiTiCalculator

from tests.oracles.frames import FPS, Image, clips

REQUIRES = [
    "av==18.1.0",
    "scenedetect-headless==0.7.2",
    "siti-tools==0.6.0",
    "imageio-ffmpeg==0.6.0",
    "numpy==2.2.6",
]


def filtered(frames: Sequence[Image], *filters: tuple[str, str]) -> Iterator[dict[str, str]]:
    """The metadata of every frame after a chain of filters."""
    graph = av.filter.Graph()
    height, width = frames[0].shape
    last = graph.add_buffer(width=width, height=height, format="gray", time_base=Fraction(1, FPS))
    for name, how in filters:
        node = graph.add(name, how)
        last.link_to(node)
        last = node
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    for k, image in enumerate([*frames, None]):
        if image is None:
            graph.push(None)
        else:
            frame = av.VideoFrame.from_ndarray(image, format="gray")
            frame.pts, frame.time_base = k, Fraction(1, FPS)
            graph.push(frame)
        while True:
            try:
                yield dict(graph.pull().metadata)
            except (av.error.BlockingIOError, av.error.EOFError):
                break


def scenes(frames: Sequence[Image], detector: Any) -> list[int]:
    """The frames at which new scenes begin."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.mkv"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("ffv1", rate=FPS)
            stream.height, stream.width = frames[0].shape
            stream.pix_fmt = "yuv420p"
            for image in frames:
                frame = av.VideoFrame.from_ndarray(image, format="gray")
                container.mux(stream.encode(frame.reformat(format="yuv420p")))
            container.mux(stream.encode(None))
        return [start.frame_num for start, _ in detect(str(path), detector)][1:]


def rows_kept(frames: Sequence[Image]) -> int:
    """What FFmpeg's cropdetect would leave of the height; PyAV's own build lacks the filter."""
    height, width = frames[0].shape
    told = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-f", "rawvideo", "-pix_fmt", "gray",
         "-s", f"{width}x{height}", "-r", str(FPS), "-i", "-",
         "-vf", "cropdetect=limit=24:round=2:reset=0", "-f", "null", "-"],
        input=b"".join(frame.tobytes() for frame in frames), capture_output=True, check=True,
    )  # fmt: skip
    return int(re.findall(rb"crop=\d+:(\d+):", told.stderr)[-1])


def looked_at(frames: Sequence[Image]) -> dict[str, Any]:
    told = list(filtered(frames, ("siti", ""), ("signalstats", "")))
    frozen = list(filtered(frames, ("freezedetect", "n=0.001:d=0.2")))
    floats = [frame.astype(float) for frame in frames]
    return {
        "ffmpeg_si_max": max(float(t["lavfi.siti.si"]) for t in told),
        "ffmpeg_ti_max": max(float(t["lavfi.siti.ti"]) for t in told),
        "ffmpeg_luma": [float(t["lavfi.signalstats.YAVG"]) for t in told],
        "ffmpeg_freezes_s": [
            float(t["lavfi.freezedetect.freeze_duration"])
            for t in frozen
            if "lavfi.freezedetect.freeze_duration" in t
        ],
        "ffmpeg_rows_kept": rows_kept(frames),
        "siti_si": [float(SiTiCalculator.si(f)) for f in floats],
        "siti_ti": [float(SiTiCalculator.ti(b, a)) for a, b in pairwise(floats)],
        "scenes_adaptive": scenes(frames, AdaptiveDetector()),
        "scenes_content": scenes(frames, ContentDetector()),
        "mean_step": [float(np.abs(b - a).mean()) for a, b in pairwise(floats)],
    }


def main() -> None:
    print(json.dumps({name: looked_at(frames) for name, frames in clips().items()}))


if __name__ == "__main__":
    main()
