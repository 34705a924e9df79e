"""Each flaw moves the scores it must and leaves those it must not.

Three scenes whose truth is known, scored clean and with one flaw at a time; one of them through an
encoded file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest

from tests.clipmaker import FPS, Image, passed, seen, texture, write
from toolkit import scorers
from toolkit.records import RunSpec
from toolkit.video import analysis

SIZE = (216, 384)
NUM = 36
SCENES = ("pan", "push", "still")
TINTS = {"pan": (1.2, 0.9, 0.5), "push": (0.6, 0.9, 1.2), "still": (0.6, 1.1, 0.7)}
RNG = np.random.default_rng


@cache
def clean(scene: str) -> tuple[Image, ...]:
    """A camera that pans, one that pushes in, and one that stands; a patch moves in each."""
    picture, patch = texture(len(scene), (500, 700)), texture(40 + len(scene), (60, 60))
    move = {"pan": {"pan": 0.25}, "push": {"zoom": 0.25}, "still": {}}[scene]
    frames = []
    for k in range(NUM):
        t = k / (NUM - 1)
        frame = seen(picture, SIZE, **{axis: value * t for axis, value in move.items()})
        x, y = round(120 + 140 * t), round(90 + 20 * np.sin(6 * t))
        frame[y : y + 60, x : x + 60] = patch
        frame = frame * TINTS[scene]  # a colour to lose: the texture alone has every hue
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    return tuple(frames)


def each(change: Callable[[Image, int], np.ndarray]) -> Callable[[tuple[Image, ...]], list[Image]]:
    return lambda frames: [
        np.clip(change(f, k), 0, 255).astype(np.uint8) for k, f in enumerate(frames)
    ]


def _hue(frame: Image, k: int) -> Image:
    hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 90 * k // NUM) % 180
    hsv[..., 1] = np.maximum(hsv[..., 1], 90)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def _bars(frame: Image, k: int) -> Image:
    out = frame.copy()
    out[:22], out[-22:] = 0, 0
    return out


def _pillars(frame: Image, k: int) -> Image:
    out = frame.copy()
    out[:, :40], out[:, -40:] = 0, 0
    return out


def _temporal_blur(frames: tuple[Image, ...]) -> list[Image]:
    last = len(frames) - 1
    return [
        np.mean([frames[max(0, k - 1)], f, frames[min(last, k + 1)]], axis=0).astype(np.uint8)
        for k, f in enumerate(frames)
    ]


def _cut(frames: tuple[Image, ...]) -> list[Image]:
    """To bars in another colour that drift a little."""
    rows = 128 + 70 * np.sign(np.sin(np.arange(SIZE[0] + NUM) / 9.0))
    other = rows[:, None, None] * np.array([1.0, 0.4, 1.0]) * np.ones((1, SIZE[1], 1))
    return [*frames[:20], *(other[k : k + SIZE[0]].astype(np.uint8) for k in range(NUM - 20))]


def _jitter(frames: tuple[Image, ...]) -> list[Image]:
    ways = RNG(4).integers(-4, 5, (NUM, 2))
    return [np.roll(f, tuple(way), axis=(0, 1)) for f, way in zip(frames, ways, strict=True)]


FLAWS: dict[str, Callable[[tuple[Image, ...]], list[Image]]] = {
    "none": list,
    "blur": each(lambda f, k: cv2.GaussianBlur(f, (0, 0), 2.0)),
    "temporal blur": _temporal_blur,
    "flicker": each(lambda f, k: f.astype(float) * (1 + 0.08 * (-1) ** k)),
    "fade": each(lambda f, k: f.astype(float) * (0.6 + 0.6 * k / NUM)),
    "frozen half": lambda frames: [*frames[: NUM // 2], *[frames[NUM // 2]] * (NUM - NUM // 2)],
    "stutter": lambda frames: [frames[k - k % 3] for k in range(NUM)],
    "jitter": _jitter,
    "hue drift": each(_hue),
    "cut": _cut,
    "noise": each(lambda f, k: f + RNG(k).normal(0, 10, f.shape)),
    "letterbox": each(_bars),
    "pillarbox": each(_pillars),
    "dark": each(lambda f, k: (f.astype(float) - 128) * 1.2 + 40),
    "bright": each(lambda f, k: (f.astype(float) - 128) * 1.2 + 255),
    "gray": each(lambda f, k: np.repeat(f.mean(axis=2, keepdims=True), 3, axis=2)),
    "shuffled": lambda frames: [frames[k] for k in RNG(1).permutation(NUM)],
    "there and back": lambda frames: [*frames[::2], *frames[::-2]],
}


@cache
def scores(scene: str, flaw: str) -> dict[str, float | None]:
    spec, readings = RunSpec("", model="import/x"), {}
    frames = FLAWS[flaw](clean(scene))
    if scene == "pan":  # through a file, as clips come; the others as they are, which is quicker
        with TemporaryDirectory() as folder:
            path = write(Path(folder) / "x.mp4", frames, FPS, crf=14)
            _, (readings,), _ = analysis.run(
                str(path), _packed(), [spec.to_json()], with_thumbs=False
            )
    else:
        seen = passed(frames)
        for scorer in scorers.default():
            readings |= scorer(seen, spec)
    return {name: reading.value for name, reading in readings.items()}


@cache
def _packed() -> bytes:
    import cloudpickle

    return cloudpickle.dumps(scorers.default())


MUST_RISE = {
    "blur": {"blur_effect": 0.05},
    "temporal blur": {},
    "flicker": {"luma_flicker": 0.1},
    "frozen half": {"frozen_ratio": 0.4, "longest_freeze_s": 0.5},
    "stutter": {"frozen_ratio": 0.6},
    "jitter": {"shake": 0.005},
    "cut": {"cut_count": 0.9},
    "noise": {"sharpness_log": 0.05},
    "letterbox": {"letterbox": 0.18},
    "pillarbox": {"pillarbox": 0.18},
    "dark": {"clip_low": 0.02},
    "bright": {"clip_high": 0.02},
    "shuffled": {"luma_flicker": 0.0},
}
"""By how much at least, in every scene."""

MUST_FALL = {
    "blur": {"sharpness_log": 0.5},
    "temporal blur": {},
    "hue drift": {"hist_first": 0.1},
    "cut": {"hist_first": 0.02},
    "gray": {"colorfulness": 5.0},
    "noise": {"blur_effect": 0.002},
}

SAME = {
    "luma_flicker": (0.002, {"flicker", "shuffled", "jitter", "cut", "hue drift"}),
    "frozen_ratio": (0.03, {"frozen half", "stutter"}),
    "longest_freeze_s": (0.06, {"frozen half", "stutter"}),
    "letterbox": (0.001, {"letterbox"}),
    "pillarbox": (0.001, {"pillarbox"}),
    "cut_count": (0.0, {"cut", "shuffled"}),
    "clip_low": (0.015, {"dark", "fade", "noise", "flicker", "cut"}),
    "clip_high": (0.01, {"bright", "fade", "noise", "flicker", "hue drift", "cut"}),
    "blur_effect": (0.02, {"blur", "temporal blur", "noise", "letterbox", "pillarbox", "cut"}
                    | {"dark", "bright", "hue drift"}),
    "has_audio": (0.0, set()),
}  # fmt: skip
"""A score, how far it may wander, and the flaws that are allowed to move it further."""


@pytest.mark.parametrize("flaw", MUST_RISE)
def test_a_flaw_raises_what_it_must(flaw: str):
    for scene in SCENES:
        for metric, least in MUST_RISE[flaw].items():
            change = _change(scene, flaw, metric)
            assert change > least, f"{metric} in {scene}: {change:+.4f}"


@pytest.mark.parametrize("flaw", MUST_FALL)
def test_a_flaw_lowers_what_it_must(flaw: str):
    for scene in SCENES:
        for metric, least in MUST_FALL[flaw].items():
            change = _change(scene, flaw, metric)
            assert change < -least, f"{metric} in {scene}: {change:+.4f}"


def test_motion_blur_is_blur_where_something_moves():
    for scene in ("pan", "push"):
        assert _change(scene, "temporal blur", "blur_effect") > 0.01
        assert _change(scene, "temporal blur", "sharpness_log") < -0.1


@pytest.mark.parametrize("metric", SAME)
def test_a_score_leaves_other_flaws_alone(metric: str):
    limit, allowed = SAME[metric]
    for scene in SCENES:
        for flaw in FLAWS.keys() - allowed - {"none"}:
            change = _change(scene, flaw, metric)
            assert abs(change) <= limit, f"{flaw} in {scene}: {change:+.4f}"


@pytest.mark.parametrize(
    "flaw", ["blur", "flicker", "fade", "hue drift", "noise", "gray", "stutter"]
)
def test_the_camera_is_seen_through_flaws_of_the_picture(flaw: str):
    for scene, metric in (("pan", "camera_pan"), ("push", "camera_zoom")):
        change = _change(scene, flaw, metric)
        assert abs(change) < 0.03, f"{metric} in {scene}: {change:+.4f}"


def test_another_picture_is_another_shape():
    assert _change("still", "cut", "hog_first") < -0.1


def test_a_clip_that_comes_back_closes_its_loop():
    for scene in ("pan", "push"):
        assert (scores(scene, "there and back")["loop_closure"] or 9) < 0.7
        assert (scores(scene, "none")["loop_closure"] or 0) > 3


def test_motion_is_speed_and_does_not_hang_on_the_frame_rate():
    full = clean("pan")
    with TemporaryDirectory() as folder:
        found: list[float] = []
        for step, fps in ((1, 24), (2, 12), (1, 12)):
            path = write(Path(folder) / f"{step}-{fps}.mp4", full[::step], fps)
            _, (readings,), _ = analysis.run(
                str(path), _packed(), [RunSpec("", model="import/x").to_json()], with_thumbs=False
            )
            found.append(readings["motion_magnitude"].value or 0.0)
    assert found[1] == pytest.approx(found[0], rel=0.15)
    assert found[2] == pytest.approx(found[0] / 2, rel=0.1)


def _change(scene: str, flaw: str, metric: str) -> float:
    before, after = scores(scene, "none")[metric], scores(scene, flaw)[metric]
    assert before is not None, f"{metric} in {scene}: unscored"
    assert after is not None, f"{metric} in {scene} with {flaw}: unscored"
    return after - before


def test_a_freeze_in_a_slow_clip_is_told_from_what_encoding_leaves():
    """In a repeat a quarter of the pixels changes by a gray level, a fifth of the usual step."""
    picture = texture(7, (500, 700))[..., 0]
    ways = [0.002 * (k if k < 20 else max(20, k - 14)) for k in range(48)]
    frames = [
        seen(picture, SIZE, zoom=way) + (RNG(k).random(SIZE) < 0.3) for k, way in enumerate(ways)
    ]
    clip = passed([frame.astype(np.uint8) for frame in frames])
    busy = float(np.percentile(clip.step, 90))
    assert 0.12 * busy < clip.step[20:33].min() <= clip.step[20:33].max() < 0.35 * busy
    found = scorers.with_metric("frozen_ratio")(clip, RunSpec("", model="import/x"))
    assert found["longest_freeze_s"].value == pytest.approx(14 / FPS, abs=1 / FPS)
    assert found["frozen_ratio"].value == pytest.approx(14 / 47)
