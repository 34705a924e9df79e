"""Camera moves with a known answer: every word, both signs, and what must be called uncertain."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.clipmaker import Image, passed, seen, texture
from toolkit.records import CAMERA_MOVES, Reading, RunSpec
from toolkit.scorers.camera import Camera, asked_moves, camera_path, deliver, scorer
from toolkit.video.analysis import decode

SIZE = (144, 256)
PICTURE = texture(4, (700, 1000))[..., 0]
MOVES = {
    "push_in": {"zoom": 0.3},
    "pull_out": {"zoom": -0.3},
    "pan_left": {"pan": -0.3},
    "pan_right": {"pan": 0.3},
    "tilt_up": {"tilt": 0.3},
    "tilt_down": {"tilt": -0.3},
    "roll_cw": {"roll": 0.3},
    "roll_ccw": {"roll": -0.3},
    "static": {},
}


def camera(num_frames: int = 24, size: tuple[int, int] = SIZE, **net: float) -> list[Image]:
    ways = np.linspace(0, 1, num_frames)
    return [seen(PICTURE, size, **{k: v * t for k, v in net.items()}) for t in ways]


def score(frames: list[Image], asked: str | None = None, fps: float = 24) -> dict[str, Reading]:
    params = {"camera_motion": asked} if asked else {}
    return dict(scorer(passed(frames, fps), RunSpec("", model="import/x", params=params)))


@pytest.mark.parametrize("strength", [0.25, 1.5])
@pytest.mark.parametrize("move", MOVES)
def test_every_move_has_its_name_and_its_opposite_is_reversed(move: str, strength: float):
    net = {axis: strength * value for axis, value in MOVES[move].items()}
    found = score(camera(**net), asked=move)
    assert found["camera_motion"].label == move
    assert found["camera_match"].value == 1.0
    if move != "static":
        other = score(camera(**{axis: -value for axis, value in net.items()}), asked=move)
        assert (other["camera_match"].value, other["camera_match"].label) == (-1.0, "reversed")


@pytest.mark.parametrize("size", [(144, 256), (256, 144), (192, 192)])
@pytest.mark.parametrize("num_frames", [16, 48])
def test_the_path_is_measured_to_a_tenth(size: tuple[int, int], num_frames: int):
    net = {"pan": 0.2, "tilt": -0.1, "zoom": 0.15, "roll": 0.1}
    found = score(camera(num_frames, size, **net))
    measured = [found[f"camera_{axis}"].value for axis in net]
    # zoom and roll are told as the motion of a point half a short side away; the rest is the
    # turned and grown frame's own
    np.testing.assert_allclose(measured, [0.2, -0.1, 0.075, 0.05], atol=0.03)
    trace = found["camera_pan"].trace or []
    assert (len(trace), trace[0]) == (num_frames, 0.0)
    assert trace[-1] == pytest.approx(found["camera_pan"].value, abs=1e-4)


def test_grain_and_compression_are_no_move():
    rng = np.random.default_rng(3)
    frames = [np.clip(f + rng.normal(0, 10, SIZE), 0, 255).astype(np.uint8) for f in camera(30)]
    found = score(frames, asked="static")
    assert (found["camera_motion"].label, found["camera_match"].value) == ("static", 1.0)


def test_handheld_is_told_from_still_and_from_a_steady_move():
    rng = np.random.default_rng(7)
    times = np.arange(60) / 24
    sway = [
        0.02 * sum(np.sin(2 * np.pi * (f * times + rng.random())) for f in (1.1, 1.7, 2.6)) / 2
        for _ in range(2)
    ]
    held = [
        seen(PICTURE, SIZE, pan=a - sway[0][0], tilt=b - sway[1][0])
        for a, b in zip(*sway, strict=True)
    ]
    found = score(held, asked="handheld")
    assert (found["camera_motion"].label, found["camera_match"].value) == ("handheld", 1.0)
    walked = [
        seen(PICTURE, SIZE, pan=a + 0.3 * k / 59, tilt=b)
        for k, (a, b) in enumerate(zip(*sway, strict=True))
    ]
    found = score(walked, asked="handheld")
    assert found["camera_motion"].label == "pan_right"
    assert "also handheld" in found["camera_motion"].note
    assert (found["camera_match"].value, found["camera_match"].label) == (0.5, "partial")
    steady = score(camera(60, pan=0.4))
    assert steady["shake"].value < 0.2 * found["shake"].value


@pytest.mark.parametrize(("sign", "move"), [(1, "orbit_right"), (-1, "orbit_left")])
def test_an_orbit_is_layers_that_part(sign: int, move: str):
    """What is behind the subject goes with the camera, what is before it against."""
    near = texture(9, (700, 1000))[..., 0]
    frames = []
    for t in np.linspace(0, 1, 40):
        behind = seen(PICTURE, SIZE, pan=-sign * 0.2 * t)
        before = seen(near, SIZE, pan=sign * 0.2 * t)
        frames.append(np.vstack([behind[:80], before[80:]]))
    found = score(frames, asked=move)
    assert (found["camera_motion"].label, found["camera_match"].value) == (move, 1.0)
    assert (found["camera_motion"].confidence or 0) <= 0.5
    for name in ("camera_motion", "camera_match"):
        assert found[name].note.endswith("an orbit is weak evidence (C)")
    across = score(frames, asked=f"pan_{move[6:]}")["camera_match"]
    assert (across.value, across.label) == (None, "uncertain")


def test_an_orbit_that_looks_like_a_pan_is_no_failure():
    found = score(camera(pan=0.3), asked="orbit_left")["camera_match"]
    assert (found.value, found.label) == (None, "uncertain")
    assert found.note == "asked orbit_left, seen pan_right; an orbit and a pan look much alike"
    missed = score(camera(), asked="orbit_left")["camera_match"]
    assert (missed.value, missed.label) == (0.0, "missed")


def test_an_orbit_over_a_floor_is_told_by_the_floor_that_lags():
    """Every row of the ground at its own speed, none of it against: mountains 0.3, feet 0.05."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    way = np.r_[np.full(60, 0.3), np.linspace(0.3, 0.05, SIZE[0] - 60)].astype(np.float32)
    frames = [
        cv2.remap(PICTURE, x + 300 - SIZE[0] * t * way[:, None], y + 200, cv2.INTER_LINEAR)
        for t in np.linspace(0, 1, 24, dtype=np.float32)
    ]
    found = score(frames, asked="orbit_right")
    assert (found["camera_motion"].label, found["camera_match"].value) == ("orbit_right", 1.0)
    assert score(frames, asked="orbit_left")["camera_match"].label == "reversed"
    upside_down = [np.ascontiguousarray(frame[::-1]) for frame in frames]  # travelling sideways
    assert score(upside_down)["camera_motion"].label == "pan_left"


def test_what_moves_above_a_still_ground_is_no_orbit():
    other = texture(9, (700, 1000))[..., 0]
    for high in (48, 64):
        frames = []
        for t in np.linspace(0, 1, 24):
            frame = seen(PICTURE, SIZE)
            frame[:high] = seen(other, SIZE, pan=0.3 * t)[:high]
            frames.append(frame)
        assert score(frames)["camera_motion"].label == "static"


def test_a_bonnet_at_the_lower_edge_makes_no_orbit():
    frames = camera(24, pan=0.3)
    for frame in frames:
        frame[100:] = PICTURE[:44, :256]
    assert score(frames)["camera_motion"].label in ("pan_right", "uncertain")


def test_near_things_that_pass_faster_leave_a_pan_a_pan():
    near = texture(9, (700, 1000))[..., 0]
    frames = []
    for t in np.linspace(0, 1, 40):
        frame = seen(PICTURE, SIZE, pan=0.15 * t)
        frame[100:] = seen(near, SIZE, pan=0.4 * t)[100:]
        frames.append(frame)
    found = score(frames, asked="pan_right")
    assert (found["camera_motion"].label, found["camera_match"].value) == ("pan_right", 1.0)


def test_a_subject_that_crosses_a_still_picture_is_no_camera():
    frames = []
    for k in range(40):
        frame = PICTURE[100:244, 100:356].copy()
        frame[30:114, 4 * k : 4 * k + 80] = texture(8, (84, 80))[..., 0]
        frames.append(frame)
    assert score(frames, asked="static")["camera_match"].value == 1.0


def test_a_picture_without_detail_is_uncertain_and_no_failure():
    flat = [np.full(SIZE, 120, np.uint8) for _ in range(20)]
    found = score(flat, asked="pan_left")
    assert found["camera_motion"].label == "uncertain"
    assert "too little detail in the picture" in found["camera_motion"].note
    assert (found["camera_match"].value, found["camera_match"].label) == (None, "uncertain")


def test_things_that_all_go_their_own_way_are_uncertain():
    rng = np.random.default_rng(2)
    tiles = [(texture(10 + k, (300, 300))[..., 0], rng.uniform(-0.6, 0.6, 2)) for k in range(16)]
    frames = []
    for t in np.linspace(0, 1, 30):
        rows = [
            np.hstack(
                [seen(p, (36, 64), pan=5 * a * t, tilt=5 * b * t) for p, (a, b) in tiles[r : r + 4]]
            )
            for r in range(0, 16, 4)
        ]
        frames.append(np.vstack(rows))
    found = score(frames, asked="push_in")
    assert (found["camera_motion"].label, found["camera_match"].value) == ("uncertain", None)


def test_a_cut_is_stepped_over():
    other = texture(12, (700, 1000))[..., 0]
    frames = camera(24, pan=0.2)
    frames[15:] = [seen(other, SIZE, pan=0.2 * k / 23) for k in range(15, 24)]
    assert score(frames, asked="pan_right")["camera_match"].value == 1.0
    still = [*camera(12), *[seen(other, SIZE)] * 12]
    found = score(still, asked="static")
    assert found["camera_match"].value == 1.0
    net = [found[f"camera_{axis}"].value for axis in ("pan", "tilt", "zoom", "roll")]
    np.testing.assert_allclose(net, 0, atol=0.005)


@pytest.mark.parametrize("fps", [8, 24, 60])
def test_the_name_does_not_hang_on_the_frame_rate(fps: int):
    assert score(camera(2 * fps, tilt=0.2), asked="tilt_up", fps=fps)["camera_match"].value == 1.0


def test_what_was_asked_is_the_parameter_or_else_the_words():
    def asked(prompt: str, **params: object) -> tuple[str, ...]:
        return asked_moves(RunSpec(prompt, model="import/x", params=params))

    assert asked("a cat, slow push in") == ("push_in",)
    assert asked("a cat, slow push in", camera_motion="pan_left") == ("pan_left",)
    assert asked("a cat", camera_motion="Pan Left") == ("pan_left",)
    assert asked("a cat on a mat") == ()


def test_nothing_asked_is_unscored_and_never_zero():
    assert score(camera(pan=0.3))["camera_match"] == Reading(
        None, note="no camera move was asked for"
    )


@pytest.mark.parametrize("words", ["following the fox", "an aerial shot", "follow"])
def test_words_that_only_hint_at_a_move_fail_nobody(words: str):
    for net in ({"zoom": 0.3}, {"pan": 0.3}, {}):
        found = scorer(passed(camera(**net)), RunSpec(words, model="import/x"))["camera_match"]
        assert found.value is None
        assert "only hints at a move; seen " in found.note
    assert score(camera(zoom=0.3), asked="follow")["camera_match"].value is None
    spec = RunSpec("handheld, following", model="import/x")
    assert scorer(passed(camera()), spec)["camera_match"].value == 0.0


def test_falling_rain_does_not_shake_the_camera():
    rng = np.random.default_rng(5)

    def rained(frames: list[Image]) -> list[Image]:
        drops = rng.uniform(0, 1, (150, 2)) * (SIZE[1], SIZE[0])
        out = []
        for k, frame in enumerate(frames):
            wet = frame.copy()
            way = 0.0, 23.0
            for x, y in (drops + k * np.array(way)) % (SIZE[1], SIZE[0]):
                x, y = int(x), int(y)
                wet[y : y + 11, x] = 235
            out.append(wet)
        return out

    dark = [(0.35 * f).astype(np.uint8) for f in camera(60)]
    wet = score(rained(dark))
    assert wet["shake"].value < 0.5 * Camera().shaking
    times = np.arange(60) / 24
    sway = 0.03 * np.sin(2 * np.pi * 1.7 * times)
    held = [(0.35 * seen(PICTURE, SIZE, pan=a, tilt=-a)).astype(np.uint8) for a in sway]
    dry, soaked = score(held)["shake"].value, score(rained(held))["shake"].value
    assert soaked == pytest.approx(dry, rel=0.25)


def test_several_moves_asked_for_are_scored_together():
    spec = RunSpec("push in while panning left", model="import/x")
    assert set(asked_moves(spec)) == {"push_in", "pan_left"}
    found = scorer(passed(camera(zoom=0.3)), spec)["camera_match"]
    assert (found.value, found.label) == (0.5, "partial")


def test_too_few_frames_are_unscored():
    found = score(camera(2, pan=0.3))
    assert list(found.values()) == [Reading(None, note="fewer than 3 frames")] * len(found)


@pytest.mark.parametrize("move", [m for m in MOVES if m not in ("static",)])
def test_clips_of_a_real_model_with_known_moves(real_clips: Path, move: str):
    made = decode(real_clips / f"coast_{move}.mp4")
    found = deliver(camera_path(made))
    assert found.move == move
    assert found.sure >= Camera().sure_enough


def test_every_word_is_one_of_the_vocabulary():
    assert set(MOVES) | {"handheld", "orbit_left", "orbit_right"} == set(CAMERA_MOVES)
