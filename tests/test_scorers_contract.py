"""What every scorer keeps, found by its file name; and formulas against other implementations."""

from __future__ import annotations

import math
from pathlib import Path

import av
import cloudpickle
import numpy as np
import pytest

from tests.clipmaker import numbered, passed, path, texture
from toolkit import discover, scorers
from toolkit.errors import ScoreError
from toolkit.records import Clip, Metric, Reading, RunSpec
from toolkit.scorers import METRICS, delivery, every_scorer, identity, settings_hash, with_metric
from toolkit.scorers.bars import find_bars
from toolkit.scorers.flicker import luma_flicker
from toolkit.scorers.light import colorfulness
from toolkit.scorers.likeness import hog
from toolkit.scorers.sharpness import blur_effect
from toolkit.scorers.sound import block_loudness, loudness
from toolkit.seams import Scorer
from toolkit.video import analysis
from toolkit.video.encode import write_mp4

SPEC = RunSpec("slow push in", model="import/x", params={"duration_s": 2, "resolution": "144p"})
ALL = every_scorer()


@pytest.fixture(scope="module")
def clip():
    return passed(path(texture(), 24, (144, 256), zoom=0.2))


def test_every_file_of_the_room_is_a_scorer():
    assert {scorer.name for scorer in ALL} == set(discover.names("scorers"))
    assert all(isinstance(scorer, Scorer) for scorer in ALL)


@pytest.mark.parametrize("scorer", ALL, ids=lambda s: s.name)
def test_a_scorer_answers_each_of_its_metrics(scorer: Scorer, clip):
    found = scorer(clip, SPEC)
    assert set(found) == set(scorer.metrics)
    for name, reading in found.items():
        metric = METRICS[name]
        assert metric == scorer.metrics[name]
        assert metric.name == name
        assert metric.description.endswith(".")
        if reading.value is None:
            assert reading.note, f"{name} is unscored and does not say why"
        else:
            assert math.isfinite(reading.value)
            assert metric.low is None or reading.value >= metric.low
            assert metric.high is None or reading.value <= metric.high
        assert reading.confidence is None or 0 <= reading.confidence <= 1


@pytest.mark.parametrize("scorer", ALL, ids=lambda s: s.name)
@pytest.mark.parametrize("num_frames", [1, 2])
def test_a_scorer_says_why_it_cannot_say_anything_of_one_or_two_frames(
    scorer: Scorer, num_frames: int
):
    flat = passed([np.full((90, 160), 90, np.uint8)] * num_frames)
    for name, reading in scorer(flat, SPEC).items():
        assert reading.value is not None or reading.note, name


@pytest.mark.parametrize("scorer", ALL, ids=lambda s: s.name)
def test_a_scorer_is_settings_that_travel(scorer: Scorer, clip):
    again = cloudpickle.loads(cloudpickle.dumps(scorer))
    assert again(clip, SPEC) == scorer(clip, SPEC)
    assert settings_hash(again, "r") == settings_hash(scorer, "r") != settings_hash(scorer, "s")
    assert identity(scorer) == f"{scorer.name}@{scorer.version}"


def test_no_metric_is_given_twice():
    names = [name for scorer in ALL for name in scorer.metrics]
    assert len(names) == len(set(names)) == len(METRICS)


def test_the_starting_set_is_there():
    asked = """frozen_ratio longest_freeze_s luma_flicker motion_magnitude dynamic camera_motion
        camera_match shake sharpness_log blur_effect clip_low clip_high letterbox pillarbox
        cut_count hist_first hog_first loop_closure colorfulness has_audio audio_loudness
        audio_silence duration_error_s size_match fps_error audio_match"""
    assert set(asked.split()) <= {m for s in scorers.default("full") for m in s.metrics}


def test_the_costly_ones_are_measured_only_where_asked():
    asked = """tile_flicker flicker_vbench ssim_adjacent hog_adjacent warp_error smooth_interp accel
        motion_blur_index roi_text_stability spatial_info temporal_info subject_color_drift
        subject_shape_drift track_survival change_profile"""
    full = {m for s in scorers.default("full") for m in s.metrics}
    assert set(METRICS) - full == set(asked.split())


def test_a_wrong_name_says_what_there_is():
    with pytest.raises(ScoreError, match=r"^no tier 'deep'; there are: preview, fast, full, thoro"):
        scorers.default("deep")
    with pytest.raises(
        ScoreError, match=r"^no metric 'beauty'; there are: accel, audio_loudness, "
    ):
        with_metric("beauty")
    assert with_metric("shake").name == "camera"


# -- formulas --------------------------------------------------------------------------------------


def test_luma_flicker_is_a_second_difference():
    np.testing.assert_allclose(luma_flicker(np.array([0.1, 0.2, 0.3, 0.5])), [0, 0.1], atol=1e-12)


@pytest.mark.parametrize("sigma", [0.0, 1.0, 3.0])
def test_blur_effect_agrees_with_scikit_image(sigma: float):
    import cv2
    from skimage.measure import blur_effect as theirs

    image = texture(5, (180, 320))[..., 1]
    image = cv2.GaussianBlur(image, (0, 0), sigma) if sigma else image
    assert blur_effect(image) == pytest.approx(theirs(image), abs=0.01)


def test_colorfulness_of_known_pictures():
    assert colorfulness(np.full((4, 4, 3), 90, np.uint8)) == 0
    halves = np.zeros((4, 4, 3), np.uint8)
    halves[:2], halves[2:] = (255, 0, 0), (0, 0, 255)  # rg = 255, 0; yb = 127.5, -255
    spread = np.hypot(127.5, 191.25) + 0.3 * np.hypot(127.5, 63.75)
    assert colorfulness(halves) == pytest.approx(spread, rel=1e-5)


def test_hog_is_one_for_itself_and_less_for_another_shape():
    one = texture(1)[..., 0]
    other = np.tile(np.repeat([40, 200], 12).astype(np.uint8), (100, 20))  # upright bars
    assert hog(one) @ hog(one) == pytest.approx(1)
    assert hog(one) @ hog(np.clip(one * 0.7 + 20, 0, 255).astype(np.uint8)) > 0.99
    assert hog(one) @ hog(other) < 0.9


def test_bars_are_black_and_flat_in_every_frame():
    frames = np.full((3, 100, 160), 128, np.uint8)
    frames[:, :10], frames[:, 85:], frames[:, :, :8] = 2, 3, 0
    assert find_bars(frames) == (10, 15, 8, 0)
    frames[1, 4, 20:] = 200  # one frame shows something there
    assert find_bars(frames) == (4, 15, 8, 0)
    assert find_bars(np.zeros((3, 100, 160), np.uint8)) == (0, 0, 0, 0)


@pytest.mark.parametrize(("level", "hz"), [(0.5, 1000), (0.1, 100), (0.02, 6000)])
def test_loudness_agrees_with_ffmpeg(level: float, hz: float):
    """ebur128 of the same FFmpeg that decodes, as an independent implementation."""
    t = np.arange(3 * 48_000) / 48_000
    rng = np.random.default_rng(3)
    left = level * np.sin(2 * np.pi * hz * t) + 0.2 * level * rng.standard_normal(len(t))
    samples = np.stack([left, 0.4 * left], axis=1).astype(np.float32)
    assert loudness(block_loudness(samples, 48_000)) == pytest.approx(_ebur128(samples), abs=0.15)


def _ebur128(samples: np.ndarray) -> float:
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=48_000, format="fltp", layout="stereo")
    meter = graph.add("ebur128", "metadata=1")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    found = 0.0
    for start in range(0, len(samples), 4800):
        block = np.ascontiguousarray(samples[start : start + 4800].T)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, start
        graph.push(frame)
        while True:
            try:
                out = graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            found = float(out.metadata.get("lavfi.r128.I", found))
    return found


def test_sound_is_told_from_silence_and_from_nothing(tmp_path: Path):
    tone = 0.2 * np.sin(2 * np.pi * 500 * np.arange(72_000) / 48_000).astype(np.float32)
    half = np.where(np.arange(72_000) < 36_000, tone, 0).astype(np.float32)
    found = {}
    for name, sound in (("none", None), ("silent", 0 * tone), ("half", half), ("tone", tone)):
        target = tmp_path / f"{name}.mp4"
        stereo = None if sound is None else np.stack([sound, sound], axis=1)
        write_mp4(target, numbered(36), 24, audio=stereo)
        _, (found[name],), _ = analysis.run(
            str(target), cloudpickle.dumps(scorers.default()), [SPEC.to_json()], with_thumbs=False
        )
    assert [found[n]["has_audio"].value for n in found] == [0, 1, 1, 1]
    assert found["none"]["audio_loudness"] == Reading(None, note="no sound track")
    assert found["silent"]["audio_loudness"] == Reading(None, note="silent throughout")
    assert found["silent"]["has_audio"].label == "silent"
    assert found["tone"]["audio_loudness"].value == pytest.approx(-14.0, abs=0.7)
    assert found["tone"]["audio_silence"].value == pytest.approx(0, abs=0.1)
    assert found["half"]["audio_silence"].value == pytest.approx(0.4, abs=0.15)


# -- delivered against asked -----------------------------------------------------------------------


def _delivered(**params: object) -> dict[str, Reading]:
    clip = Clip(
        "0" * 64, width=960, height=540, num_frames=120, duration_s=5.02, fps=23.9, codec="h264",
        has_audio=True, size_bytes=1,
    )  # fmt: skip
    seen = passed(numbered(3))
    seen.clip = clip
    return dict(delivery.scorer(seen, RunSpec("", model="import/x", params=params)))


def test_what_was_not_asked_for_is_unscored():
    assert [(r.value, r.note) for r in _delivered().values()] == [
        (None, "no length was asked for"),
        (None, "no resolution or aspect ratio was asked for"),
        (None, "no frame rate was asked for"),
        (None, "nothing was said about sound"),
    ]


def test_what_was_asked_for_is_compared():
    found = _delivered(duration_s=5, fps=24, audio=True, resolution="540p", aspect_ratio="16:9")
    assert [r.value for r in found.values()] == [0.02, 1.0, -0.1, 1.0]
    found = _delivered(duration_s=8, audio=False)
    assert (found["duration_error_s"].value, found["audio_match"].value) == (-2.98, 0.0)


@pytest.mark.parametrize(
    ("params", "value", "note"),
    [
        ({"resolution": "960x540"}, 1.0, ""),
        ({"resolution": "720p"}, 0.0, "960x540, asked 720p"),
        ({"aspect_ratio": "9:16"}, 0.0, "960x540, asked 9:16"),
        ({"resolution": "540p", "aspect_ratio": "1:1"}, 0.0, "960x540, asked 540p 1:1"),
        ({"resolution": "4K"}, 0.0, "960x540, asked 4K"),
        ({"resolution": "dazzling"}, None, "no resolution or aspect ratio was asked for"),
    ],
)
def test_sizes_are_read_as_services_write_them(params: dict[str, str], value: float, note: str):
    reading = _delivered(**params)["size_match"]
    assert (reading.value, reading.note) == (value, note)


def test_a_metric_tells_what_it_is():
    assert METRICS["camera_match"] == Metric(
        "camera_match",
        unit="",
        low=-1,
        high=1,
        direction="higher",
        evidence="A",
        description="The move asked for against the one seen: 1 the same, 0.5 among others, "
        "0 another, -1 reversed. An orbit is weak evidence (C), and unscored where a pan is "
        "seen.",
    )
