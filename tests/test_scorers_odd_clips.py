"""Clips that nobody asked for: tiny, narrow, black, too fast, turned, deep, gray, see-through.

Every metric is a number within its range or None with a reason, and no scorer fails.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import av
import cloudpickle
import numpy as np
import pytest

from tests.clipmaker import Image, passed, path, texture, write, write_uneven
from toolkit import scorers
from toolkit.errors import ClipError
from toolkit.records import Clip, Reading, RunSpec
from toolkit.scorers import METRICS
from toolkit.video import analysis, planes
from toolkit.video.flow import Flow
from toolkit.video.sandbox import Pool

SIZE = (54, 96)
PICTURE = texture(6, (300, 400))
SPEC = RunSpec("slow push in", model="import/x", params={"duration_s": 1, "fps": 24})
PACKED = cloudpickle.dumps(scorers.default("thorough"))


def panned(num_frames: int = 8, size: tuple[int, int] = SIZE) -> list[Image]:
    return path(PICTURE, num_frames, size, pan=0.2)


def coded(
    target: Path, frames: list[Image], codec: str, fmt: str, options: dict[str, str] | None = None
) -> Path:
    with av.open(str(target), "w") as container:
        stream = container.add_stream(codec, rate=24)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = fmt, options or {}
        source = {2: "gray", 3: "rgb24", 4: "rgba"}[
            frames[0].shape[-1] if frames[0].ndim > 2 else 2
        ]
        for image in frames:
            frame = av.VideoFrame.from_ndarray(image, format=source)
            container.mux(stream.encode(frame.reformat(format=fmt)))
        container.mux(stream.encode(None))
    return target


def _alpha(frames: list[Image]) -> list[Image]:
    return [np.dstack([f, np.full(f.shape[:2], 120, np.uint8)]) for f in frames]


QUICK = {"deadline": "realtime", "cpu-used": "8"}
FILES: dict[str, Callable[[Path], Path]] = {
    "one frame": lambda p: write(p / "x.mp4", panned(1)),
    "two frames": lambda p: write(p / "x.mp4", panned(2)),
    "8 x 8": lambda p: write(p / "x.mp4", panned(size=(8, 8))),
    "2 x 2": lambda p: write(p / "x.mp4", panned(size=(2, 2))),
    "wide and low": lambda p: write(p / "x.mp4", panned(size=(16, 400))),
    "high and narrow": lambda p: write(p / "x.mp4", panned(size=(400, 6))),
    "black": lambda p: write(p / "x.mp4", [np.zeros((*SIZE, 3), np.uint8)] * 8),
    "1000 a second": lambda p: write(p / "x.mp4", panned(24), fps=1000),
    "one a second": lambda p: write(p / "x.mp4", panned(4), fps=1),
    "uneven": lambda p: write_uneven(
        p / "x.mp4", panned(), [0, 10, 20, 200, 210, 700, 710, 1500]
    ),
    "all in a blink": lambda p: write_uneven(p / "x.mkv", panned(6), [0, 1, 2, 3, 4, 5]),
    "turned": lambda p: write_uneven(
        p / "x.mp4", panned(), [40 * k for k in range(8)], rotation=90
    ),
    "odd": lambda p: coded(p / "x.mp4", panned(size=(55, 97)), "libx264", "yuv444p"),
    "10 bit": lambda p: coded(p / "x.mp4", panned(), "libx264", "yuv420p10le"),
    "see-through": lambda p: coded(
        p / "x.webm", _alpha(panned()), "libvpx-vp9", "yuva420p", QUICK
    ),
    "argb": lambda p: coded(p / "x.mov", _alpha(panned()), "qtrle", "argb"),
    "gray": lambda p: coded(p / "x.mkv", [f[..., 0] for f in panned()], "ffv1", "gray"),
    "16 bit rgb": lambda p: coded(p / "x.mkv", panned(), "ffv1", "gbrp16le"),
}  # fmt: skip


def measured(target: Path) -> tuple[Clip, dict[str, Reading]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a mean of nothing is a bug, not a warning
        clip, (readings,), _ = analysis.run(
            str(target), PACKED, [SPEC.to_json()], tier="thorough", with_thumbs=False
        )
    return clip, readings


@pytest.mark.parametrize("kind", FILES)
def test_an_odd_clip_is_measured_or_says_why_not(kind: str, tmp_path: Path):
    clip, readings = measured(FILES[kind](tmp_path))
    assert set(readings) == set(METRICS)
    for name, reading in readings.items():
        metric = METRICS[name]
        assert "failed:" not in reading.note, f"{name}: {reading.note}"
        if reading.value is None:
            assert reading.note, f"{name} is unscored and does not say why"
            continue
        assert type(reading.value) is float, name
        assert np.isfinite(reading.value), name
        assert metric.low is None or reading.value >= metric.low, name
        assert metric.high is None or reading.value <= metric.high, name
        assert reading.trace is None or len(reading.trace) <= clip.num_frames, name


def test_black_is_no_still_camera_and_has_no_bars(tmp_path: Path):
    _, readings = measured(FILES["black"](tmp_path))
    unscored = {name: r.note for name, r in readings.items() if r.value is None}
    nothing = "too little detail in the picture"
    assert unscored["letterbox"] == unscored["pillarbox"] == "black throughout"
    for name in ("shake", "camera_pan", "camera_tilt", "camera_zoom", "camera_roll"):
        assert unscored[name] == nothing
    assert unscored["camera_motion"] == f"perhaps static; {nothing}"
    assert readings["camera_motion"].label == "uncertain"
    assert readings["clip_low"].value == 1.0


@pytest.mark.parametrize("kind", ["turned", "odd", "10 bit", "argb", "16 bit rgb", "see-through"])
def test_the_way_a_clip_is_stored_changes_no_score(kind: str, tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, plain = measured(write(tmp_path / "a" / "x.mp4", panned(), crf=8))
    _, other = measured(FILES[kind](tmp_path / "b"))
    axis = "camera_tilt" if kind == "turned" else "camera_pan"
    assert abs(other[axis].value or 0) == pytest.approx(plain["camera_pan"].value, abs=0.02)
    for name, off in (("clip_low", 0.01), ("colorfulness", 4.0), ("spatial_info", 8.0)):
        assert other[name].value == pytest.approx(plain[name].value, abs=off), name


@pytest.mark.parametrize(("height", "width"), [(1, 1), (8, 8), (12, 256), (24, 256), (256, 6)])
def test_flow_of_low_and_narrow_pictures_does_not_end_the_process(height: int, width: int):
    """In a child of its own: OpenCV's DIS reads beyond such pictures."""

    def shape() -> tuple[int, ...]:
        noise = np.random.default_rng(0).integers(0, 255, (height, width)).astype(np.uint8)
        return Flow()(noise, noise[::-1].copy()).shape

    with Pool(1) as pool:
        assert pool.submit(shape).result() == (height, width, 2)


def test_flow_of_a_low_picture_is_what_moved():
    frames = [f[..., 0] for f in path(PICTURE, 2, (24, 256), pan=0.1)]
    flow = passed(frames).flow(0, 1)
    assert np.median(flow[..., 0]) == pytest.approx(-2.4, abs=0.2)


@pytest.mark.parametrize(("fmt", "marked"), [("gray", 0), ("gray", 2), ("yuvj420p", 2)])
def test_gray_and_jpeg_luma_is_in_full_range(fmt: str, marked: int):
    frame = av.VideoFrame.from_ndarray(np.full((16, 16), 60, np.uint8), format="gray")
    frame = frame if fmt == "gray" else frame.reformat(format=fmt)
    frame.color_range = marked
    assert planes.full_range(frame)
    assert int(planes.luma(frame)[0, 0]) == 60


@pytest.mark.parametrize("suffix", ["gif", "avi", "h264", "ts"])
def test_other_containers_are_no_clips_and_say_so(suffix: str, tmp_path: Path):
    codec, fmt = {
        "gif": ("gif", "rgb8"), "avi": ("mjpeg", "yuvj420p"), "h264": ("libx264", "yuv420p"),
        "ts": ("libx264", "yuv420p"),
    }[suffix]  # fmt: skip
    target = coded(tmp_path / f"x.{suffix}", panned(4), codec, fmt)
    with pytest.raises(ClipError, match=r"convert it to MP4 first|only MP4, MOV, WebM and Matro"):
        analysis.decode(target)
