"""From words to camera moves."""

import time

import pytest

from toolkit.camera import find_moves, opposite, parse_camera, without_camera
from toolkit.records import CAMERA_MOVES


@pytest.mark.parametrize("move", CAMERA_MOVES)
def test_every_move_is_found_by_its_own_name(move):
    assert parse_camera(move) == (move,)
    assert parse_camera(f"A fox. {move.replace('_', ' ').title()}.") == (move,)


@pytest.mark.parametrize(
    ("text", "moves"),
    [
        ("static wide shot", ("static",)),
        ("locked-off, on a tripod", ("static",)),
        ("slow push in", ("push_in",)),
        ("The camera slowly pushes in toward the watch", ("push_in",)),
        ("slow dolly forward", ("push_in",)),
        ("zoom", ("push_in",)),
        ("slow zoom out", ("pull_out",)),
        ("aerial, slow pull-back", ("pull_out",)),
        ("aerial drone shot", ("push_in",)),
        ("pans to the right", ("pan_right",)),
        ("truck left", ("pan_left",)),
        ("tracking left", ("pan_left",)),
        ("crane up", ("tilt_up",)),
        ("the camera tilts slowly upward", ("tilt_up",)),
        ("arc right around the bottle", ("orbit_right",)),
        ("orbit left", ("orbit_left",)),
        ("camera rolls clockwise", ("roll_cw",)),
        ("roll counter-clockwise", ("roll_ccw",)),
        ("handheld, following", ("handheld",)),
        ("tracking shot", ("handheld",)),
        ("pan right then tilt up", ("pan_right", "tilt_up")),
        ("no zoom, static", ("static",)),
    ],
)
def test_phrases_name_the_nearest_move(text, moves):
    assert parse_camera(text) == moves


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a courier pushing a bicycle in the rain",
        "waves roll in below rolling hills",
        "static electricity on a wool coat",
        "a red truck left the road",
        "a frying pan on a stove",
        "a drone hovering over a field",
        "\0 😀 שלום",
    ],
)
def test_scene_words_are_no_camera_moves(text):
    assert parse_camera(text) == ()


def test_camera_twins_leave_the_same_scene():
    scene = "A courier pushing a bicycle. A market street at dusk. {}. Quiet documentary."
    cameras = ("Static wide shot", "Slow push in", "Handheld, following", "Orbit left", "Roll cw")
    left = {
        " ".join(without_camera(scene.format(c)).translate({44: " ", 46: " "}).split())
        for c in cameras
    }
    assert left == {"A courier pushing a bicycle A market street at dusk Quiet documentary"}


def test_a_mention_knows_its_place():
    text = "A fox, slow push in."
    (mention,) = find_moves(text)
    assert (text[mention.start : mention.end], mention.exact) == ("push in", True)


def test_opposites_undo_each_other():
    assert opposite("pan_left") == "pan_right"
    assert opposite("static") is opposite("handheld") is None
    assert all(opposite(opposite(m)) == m for m in CAMERA_MOVES if opposite(m))


@pytest.mark.parametrize("text", ["pan" + " " * 100_000, "camera slowly " * 9_000, "_-" * 50_000])
def test_long_texts_are_read_quickly(text):
    started = time.process_time()
    parse_camera(text)
    assert time.process_time() - started < 1.0
