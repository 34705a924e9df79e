"""pyloudnorm (ITU-R BS.1770-4) and FFmpeg's ebur128 and silencedetect: how loud sounds are."""

from __future__ import annotations

import json

import av
import numpy as np
import pyloudnorm

from tests.oracles.frames import RATE, Sound, sounds

REQUIRES = ["pyloudnorm==0.2.0", "av==18.1.0", "numpy==2.2.6"]


def told(samples: Sound, name: str, how: str) -> list[dict[str, str]]:
    """The metadata that one of FFmpeg's audio filters writes."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo")
    node, sink = graph.add(name, how), graph.add("abuffersink")
    source.link_to(node)
    node.link_to(sink)
    graph.configure()
    found = []
    for start in [*range(0, len(samples), RATE // 10), None]:
        if start is None:
            graph.push(None)
        else:
            block = np.ascontiguousarray(samples[start : start + RATE // 10].T.astype(np.float32))
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, start
            graph.push(frame)
        while True:
            try:
                found.append(dict(graph.pull().metadata))
            except (av.error.BlockingIOError, av.error.EOFError):
                break
    return found


def main() -> None:
    meter, found = pyloudnorm.Meter(RATE), {}
    for name, samples in sounds().items():
        loud = [m["lavfi.r128.I"] for m in told(samples, "ebur128", "metadata=1") if m]
        quiet = told(samples, "silencedetect", "n=-60dB:d=0.1")
        lengths = [float(v) for m in quiet for k, v in m.items() if k.endswith("silence_duration")]
        starts = [float(v) for m in quiet for k, v in m.items() if k.endswith("silence_start")]
        open_end = len(samples) / RATE - starts[-1] if len(starts) > len(lengths) else 0.0
        found[name] = {
            "pyloudnorm": float(meter.integrated_loudness(samples)),
            "ffmpeg_ebur128": float(loud[-1]),
            "ffmpeg_silence_s": sum(lengths) + open_end,
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
