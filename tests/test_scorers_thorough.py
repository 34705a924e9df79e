"""The careful tier: each change to a clip moves what it must, and leaves what it must not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from tests.clipmaker import Image, passed, seen, texture
from toolkit.records import Reading, RunSpec
from toolkit.scorers import default, every_scorer, with_metric
from toolkit.scorers.flicker import luma_flicker
from toolkit.scorers.lettering import Lettering
from toolkit.scorers.structure import ssim
from toolkit.scorers.subject import Subject
from toolkit.seams import Scorer

SIZE = (144, 256)
NUM = 24
SPEC = RunSpec("", model="import/x")
RNG = np.random.default_rng
Frames = list[Image]


@cache
def clean(scene: str) -> tuple[Image, ...]:
    """A camera that pans, one that pushes in, one that stands; a patch creeps over the last."""
    picture = texture(3 + len(scene), (400, 560))
    net = {"pan": {"pan": 0.35}, "push": {"zoom": 0.3}, "still": {}}[scene]
    frames = [
        seen(picture, SIZE, **{k: v * t for k, v in net.items()}) for t in np.linspace(0, 1, NUM)
    ]
    if scene == "still":
        for k, frame in enumerate(frames):
            frame[40:90, 60 + k // 8 : 100 + k // 8] = texture(9, (50, 40))
    return tuple(frames)


def each(change: Callable[[Image, int], np.ndarray]) -> Callable[[Frames], Frames]:
    return lambda frames: [
        np.clip(change(f, k), 0, 255).astype(np.uint8) for k, f in enumerate(frames)
    ]


def _jitter(frames: Frames) -> Frames:
    ways = RNG(4).integers(-4, 5, (NUM, 2))
    return [np.roll(f, tuple(way), axis=(0, 1)) for f, way in zip(frames, ways, strict=True)]


def _exposed(frames: Frames) -> Frames:
    """Each frame as the mean of three in a row: what a shutter of that length sees."""
    padded = [frames[0], *frames, frames[-1]]
    return [np.mean(padded[k : k + 3], axis=0).astype(np.uint8) for k in range(len(frames))]


def _boil(frame: Image, k: int) -> np.ndarray:
    """Patches of the picture get brighter and darker by turns, its mean stays."""
    signs = np.sign(RNG(100 + k).standard_normal((9, 16)))
    field = cv2.resize(signs - signs.mean(), SIZE[::-1], interpolation=cv2.INTER_NEAREST)
    return frame + 12 * field[..., None]


CHANGES: dict[str, Callable[[Frames], Frames]] = {
    "none": list,
    "blur": each(lambda f, k: cv2.GaussianBlur(f, (0, 0), 2.0)),
    "exposure": _exposed,
    "flicker": each(lambda f, k: f.astype(float) * (1 + 0.08 * (-1) ** k)),
    "boil": each(_boil),
    "frozen half": lambda fs: [*fs[: NUM // 2], *[fs[NUM // 2]] * (NUM - NUM // 2)],
    "stutter": lambda fs: [fs[k - k % 3] for k in range(NUM)],
    "jitter": _jitter,
    "noise": each(lambda f, k: f + RNG(k).normal(0, 10, f.shape)),
    "shuffled": lambda fs: [fs[k] for k in RNG(1).permutation(NUM)],
}


@cache
def _pass(scene: str, change: str):
    return passed(CHANGES[change](list(clean(scene))))


@cache
def _readings(scene: str, change: str, scorer: Scorer) -> dict[str, Reading]:
    return dict(scorer(_pass(scene, change), SPEC))


def read(scene: str, change: str, metric: str) -> Reading:
    return _readings(scene, change, with_metric(metric))[metric]


MOVES: dict[str, dict[str, dict[str, float]]] = {
    "tile_flicker": {
        "pan": {"boil": 0.01, "flicker": 0.01},
        "still": {"boil": 0.01, "flicker": 0.01, "noise": 0.0005},
    },
    "flicker_vbench": {
        "still": {"blur": 0.0001, "frozen half": 0.0001, "flicker": -0.01,
                  "noise": -0.01},
    },
    "ssim_adjacent": {
        "pan": {"blur": 0.05, "exposure": 0.05, "frozen half": 0.1, "stutter": 0.1,
                "jitter": -0.05, "noise": -0.05, "shuffled": -0.1},
    },
    "hog_adjacent": {
        "pan": {"frozen half": 0.002, "stutter": 0.0005, "jitter": -0.01, "shuffled": -0.015},
    },
    "warp_error": {
        "pan": {"flicker": 0.001, "noise": 0.001, "boil": 0.001},
        "push": {"flicker": 0.001, "noise": 0.0005},
    },
    "smooth_interp": {
        "pan": {"blur": 0.0005, "exposure": 0.0003, "flicker": -0.005, "stutter": -0.005,
                "jitter": -0.01, "noise": -0.01, "shuffled": -0.02},
        "push": {"stutter": -0.002, "jitter": -0.01, "noise": -0.01},
    },
    "accel": {"pan": {"jitter": 1.0, "stutter": 0.5}, "push": {"jitter": 1.0}},
    "motion_blur_index": {"pan": {"exposure": -0.2}},
    "spatial_info": {"pan": {"blur": -10.0, "noise": 1.5}},
    "temporal_info": {"pan": {"blur": -2.0, "noise": 2.0, "stutter": 2.0}},
}  # fmt: skip
"""By how much at least a change moves a metric, and which way."""

STAYS: dict[str, dict[str, dict[str, float]]] = {
    "tile_flicker": {"pan": {"blur": 0.002, "frozen half": 0.002}, "push": {"exposure": 0.002}},
    "ssim_adjacent": {"still": {"flicker": 0.04}},
    "motion_blur_index": {"pan": {"blur": 0.1, "flicker": 0.05}},
    "accel": {"pan": {"flicker": 0.3, "blur": 0.3}},
    "spatial_info": {"pan": {"stutter": 2.0, "shuffled": 0.01}},
}


@pytest.mark.parametrize("metric", MOVES)
def test_a_change_moves_what_it_must(metric: str):
    for scene, changes in MOVES[metric].items():
        before = read(scene, "none", metric).value
        assert before is not None
        for change, least in changes.items():
            after = read(scene, change, metric).value
            assert after is not None, f"{change} in {scene}"
            moved = after - before
            assert moved > least if least > 0 else moved < least, (
                f"{change} in {scene}: {moved:+.5f}"
            )


@pytest.mark.parametrize("metric", STAYS)
def test_a_change_leaves_what_it_must(metric: str):
    for scene, changes in STAYS[metric].items():
        before = read(scene, "none", metric).value
        for change, most in changes.items():
            after = read(scene, change, metric).value
            assert after is not None, f"{change} in {scene}"
            assert abs(after - before) <= most, f"{change} in {scene}: {after - before:+.5f}"


def test_boiling_is_local_and_escapes_the_mean_brightness():
    whole = float(luma_flicker(_pass("pan", "boil").luma).mean())
    tiles = read("pan", "boil", "tile_flicker").value
    assert tiles > 5 * whole
    assert tiles > 5 * read("pan", "none", "tile_flicker").value


def test_what_cannot_be_said_is_unscored_with_the_reason():
    flat = passed([np.full(SIZE, 90, np.uint8)] * NUM)
    said = {
        name: reading
        for scorer in every_scorer()
        if scorer not in default("full")
        for name, reading in scorer(flat, SPEC).items()
    }
    unscored = {name: reading.note for name, reading in said.items() if reading.value is None}
    still = "moves < 1 px in an eighth of a second: smoothness undefined"
    assert unscored == {
        "smooth_interp": still,
        "accel": still,
        "motion_blur_index": "too little moves faster than 2 px in a frame",
        "hog_adjacent": "no edges in the picture",
        "roi_text_stability": "no box was drawn around the text; see Lettering(box=…)",
        "subject_color_drift": "too few corners in the region to follow",
        "subject_shape_drift": "too few corners in the region to follow",
        "track_survival": "too few corners in the region to follow",
        "change_profile": "the picture hardly changes",
    }
    assert read("pan", "none", "flicker_vbench") == Reading(
        None, note="the shot moves; only static shots are judged by it"
    )


def test_warp_error_gives_up_where_flow_does():
    found = with_metric("warp_error")(
        passed([texture(k, SIZE)[..., 0] // 2 + 60 for k in range(2) for _ in range(1)] * 6), SPEC
    )["warp_error"]
    assert found.value is None
    assert found.note.startswith("only ")


@pytest.mark.parametrize("sigma", [0.0, 2.0])
def test_ssim_agrees_with_scikit_image(sigma: float):
    from skimage.metrics import structural_similarity as theirs

    one = texture(5, (90, 160))[..., 1]
    other = np.roll(cv2.GaussianBlur(one, (0, 0), sigma) if sigma else one, 1, axis=1)
    assert ssim(one, other) == pytest.approx(theirs(one, other, data_range=255), abs=1e-6)


# -- the subject -----------------------------------------------------------------------------------


def _staged(change: Callable[[Image, float], Image] = lambda p, t: p, **net: float) -> Frames:
    """A bright thing in the middle of a scene, seen by a camera that moves; `change` turns the
    thing into another over time."""
    picture, thing = texture(21, (400, 560)), texture(22, (90, 90)) // 2 + 100
    thing[..., 2] //= 3
    frames = []
    for t in np.linspace(0, 1, NUM):
        staged = picture.copy()
        staged[155:245, 235:325] = change(thing, t)
        frames.append(seen(staged, SIZE, **{axis: way * t for axis, way in net.items()}))
    return frames


def _dyed(thing: Image, t: float) -> Image:
    return np.clip(thing * (1 - 0.8 * t * np.array([1.0, 0.0, -0.8])), 0, 255).astype(np.uint8)


def _melted(thing: Image, t: float) -> Image:
    y, x = np.mgrid[:90, :90].astype(np.float32)
    bend = 9 * t * np.sin(2 * np.pi * y / 30)
    return cv2.remap(
        thing, x + bend.astype(np.float32), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )


def _subject(frames: Frames, **settings) -> dict[str, Reading]:
    return dict(Subject(**settings)(passed(frames), SPEC))


@pytest.mark.parametrize("net", [{}, {"pan": 0.12}, {"zoom": 0.2}, {"roll": 0.15}])
def test_a_subject_that_stays_itself_drifts_little_whatever_the_camera_does(net: dict[str, float]):
    found = _subject(_staged(**net))
    assert found["subject_color_drift"].value < 0.03
    assert found["subject_shape_drift"].value < 0.1
    assert found["track_survival"].value > 0.7


@pytest.mark.parametrize("net", [{}, {"pan": 0.12}, {"zoom": 0.2}])
def test_a_subject_that_changes_its_colour_or_its_shape_is_told(net: dict[str, float]):
    same = _subject(_staged(**net))
    dyed, melted = _subject(_staged(_dyed, **net)), _subject(_staged(_melted, **net))
    colour, shape = "subject_color_drift", "subject_shape_drift"
    assert dyed[colour].value > same[colour].value + 0.03
    assert melted[shape].value > same[shape].value + 0.03
    assert melted[colour].value < same[colour].value + 0.02


def test_light_that_changes_everywhere_is_no_drift_of_the_subject():
    frames = [_dyed(frame, k / NUM) for k, frame in enumerate(_staged())]
    box = (0.32, 0.2, 0.36, 0.6)
    assert _subject(frames, box=box)["subject_color_drift"].value < 0.5 * (
        _subject(_staged(_dyed), box=box)["subject_color_drift"].value
    )


def test_a_box_says_which_part_is_the_subject():
    frames = _staged(_dyed)
    on = _subject(frames, box=(0.34, 0.22, 0.32, 0.56))["subject_color_drift"].value
    off = _subject(frames, box=(0.0, 0.0, 0.28, 1.0))["subject_color_drift"].value
    assert on > 0.1 > off


def test_a_subject_that_is_lost_is_unscored():
    other = texture(30, SIZE)
    fizz = _staged(lambda thing, t: texture(40 + round(99 * t), (90, 90)))
    found = _subject(fizz, box=(0.34, 0.22, 0.32, 0.56))
    assert found["track_survival"].value < 0.3
    assert found["subject_shape_drift"].value is None
    assert "of the region can be followed to the end" in found["subject_shape_drift"].note
    cut = _subject([*_staged()[:12], *[other] * 12])
    assert {reading.note for reading in cut.values()} == {"a cut: nothing to follow"}


# -- letters ---------------------------------------------------------------------------------------

BOX = (0.17, 0.3, 0.66, 0.4)


def _sign(words: str = "OPEN 24H", bend: float = 0.0) -> Image:
    """A wall with a sign; `bend` waves its letters by so many pixels."""
    wall, board = texture(21, (500, 700))[..., 1].copy(), np.full((78, 252), 205, np.uint8)
    cv2.putText(board, words, (12, 54), cv2.FONT_HERSHEY_SIMPLEX, 1.35, 30, 4, cv2.LINE_AA)
    y, x = np.mgrid[:78, :252].astype(np.float32)
    x += (bend * np.sin(y / 5 + bend)).astype(np.float32)
    y += (bend * np.sin(x / 12 + bend)).astype(np.float32)
    bent = cv2.remap(board, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    wall[211:289, 224:476] = bent
    return wall


def _letters(change: Callable[[float], Image] = lambda t: _sign(), **net: float) -> Reading:
    frames = [
        seen(change(t), (216, 384), **{axis: way * t for axis, way in net.items()})
        for t in np.linspace(0, 1, 6)
    ]
    return Lettering(box=BOX)(passed(frames, 8), SPEC)["roi_text_stability"]


@pytest.mark.parametrize("net", [{}, {"pan": 0.2}, {"zoom": 0.2}, {"zoom": -0.2}, {"roll": 0.15}])
def test_letters_that_keep_their_shape_are_stable_whatever_the_camera_does(net: dict[str, float]):
    found = _letters(**net)
    assert found.value > 0.85
    assert found.confidence > 0.6


def test_letters_that_wave_or_become_others_are_told():
    same = _letters(pan=0.1).value
    assert _letters(lambda t: _sign(bend=4 * t), pan=0.1).value < same - 0.15
    assert _letters(lambda t: _sign("OPEN 24H" if t < 0.1 else "OREM 2VN")).value < same - 0.1
    assert _letters(lambda t: (_sign() * (1 - 0.3 * t)).astype(np.uint8)).value > 0.85


def test_without_letters_to_follow_there_is_no_stability():
    clip = passed([_sign()] * 4)
    for box, note in (
        (None, "no box was drawn around the text; see Lettering(box=…)"),
        ((0.5, 0.5, 0.005, 0.2), "the box is smaller than 12 px"),
    ):
        found = Lettering(box=box)(clip, SPEC)["roi_text_stability"]
        assert found == Reading(None, note=note)
    flat = passed([np.full(SIZE, 90, np.uint8)] * 4)
    assert Lettering(box=BOX)(flat, SPEC)["roi_text_stability"].note == (
        "no edges in the box at the start"
    )


# -- change over time ------------------------------------------------------------------------------


def test_change_is_gradual_sudden_returning_or_none():
    one, other = texture(31, SIZE), texture(32, SIZE)
    other[..., 0] //= 3

    def mixed(shares: np.ndarray) -> Reading:
        frames = [cv2.addWeighted(one, 1 - s, other, s, 0) for s in shares]
        return with_metric("change_profile")(passed(frames), SPEC)["change_profile"]

    way = np.linspace(0, 1, NUM)
    assert (mixed(way).label, round(mixed(way).value, 1)) == ("gradual", 1.0)
    assert mixed((way > 0.5).astype(float)).label == "sudden"
    back = mixed(1 - np.abs(1 - 2 * way))
    assert back.label == "returning"
    assert abs(back.value) < 0.3
    assert mixed(0 * way) == Reading(None, note="the picture hardly changes", trace=[0.0] * NUM)
