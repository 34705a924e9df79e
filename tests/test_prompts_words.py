"""Vocabulary, variations, the diff, splitting, presets, and what a model would be sent."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolkit.camera import parse_camera
from toolkit.catalog import card
from toolkit.errors import PromptError
from toolkit.grid import Grid
from toolkit.prompts.diff import Change, diff
from toolkit.prompts.formula import PROMPT_PARTS, Prompt
from toolkit.prompts.lint import lint
from toolkit.prompts.presets import preset, presets
from toolkit.prompts.rendering import CAMERA_WORDS, rendered
from toolkit.prompts.split import split
from toolkit.prompts.variations import ASPECTS, variations
from toolkit.prompts.vocabulary import complete, find, groups, vocabulary
from toolkit.records import CAMERA_MOVES
from toolkit.simulator import render, simulate
from toolkit.video import probe

DATA = Path(__file__).parents[1] / "data" / "presets"

WALK = Prompt(
    "a courier in a yellow raincoat pushing a bicycle",
    action="she walks at a steady pace",
    environment="a narrow market street at dusk",
    camera="slow push in",
    mood="quiet documentary, muted teal and amber",
)

# ---- vocabulary


def test_completion_offers_what_begins_so_and_then_what_has_it_inside():
    inside = ["aerial, slow pull-back", "very slow"]
    assert complete("camera", "slow") == ["slow push in", "slow pull out", "slow dolly in", *inside]
    assert complete("mood", "mut") == ["muted teal and amber"]


def test_completion_goes_by_what_stands_after_the_last_comma():
    assert complete("camera", "static, on a 3") == ["on a 35 mm lens"]


def test_completion_does_not_offer_what_is_said_already():
    assert "quiet" in complete("mood", "", limit=100)
    assert "quiet" not in complete("mood", "quiet, ", limit=100)
    assert complete("mood", "quiet") == []


def test_completion_of_nothing_lists_the_vocabulary_and_of_nonsense_nothing():
    assert len(complete("environment", limit=1000)) == len(
        {word for words in vocabulary("environment").values() for word in words}
    )
    assert complete("camera", "((xyz") == []
    assert len(complete("camera", limit=3)) == 3


def test_an_unknown_part_names_those_there_are():
    with pytest.raises(PromptError, match=r"^no part 'lens'; there are: subject, action,"):
        complete("lens")


def test_every_part_has_words_and_none_twice_in_a_group():
    for part in PROMPT_PARTS:
        for group in groups(part):
            assert len(set(group.words)) == len(group.words) >= 4, group.name


def test_the_longer_of_two_overlapping_words_is_found():
    text = "medium close-up, slow push in on an 85 mm lens"
    found = [(group.name, text[start:end]) for group, start, end in find(text, "camera")]
    lens = ("lens", "on an 85 mm lens")
    assert found == [("framing", "medium close-up"), ("move", "slow push in"), lens]
    plain = [(g.name, text[i:j]) for g, i, j in find(text, "camera", opposed=False)]
    assert plain == [("framing", "medium close-up"), ("pace", "slow"), lens]


# ---- variations


@pytest.mark.parametrize("part", ["camera", "mood", "environment", "subject", "action", *ASPECTS])
def test_a_variation_differs_in_one_part_and_is_never_the_original(part):
    found = WALK.variations(n=5, part=part)
    home = ASPECTS.get(part, (part, None))[0]
    assert len({twin.text for twin in found}) == 5
    for twin in found:
        assert WALK.diff(twin).differs == [home]
        assert WALK.diff(twin).is_clean_twin
        assert twin.scene_label == WALK.scene_label


@pytest.mark.parametrize(
    "part", ["camera", "mood", "environment", "light", "lens", "pace", "palette"]
)
def test_a_variation_is_no_worse_than_the_original(part):
    before = {f.code for f in lint(WALK) if f.severity != "info"}
    for twin in WALK.variations(n=5, part=part):
        assert {f.code for f in lint(twin) if f.severity != "info"} <= before


def test_the_camera_keeps_its_move():
    for twin in WALK.variations(n=20, part="camera"):
        assert "push in" in twin.camera


def test_the_seed_decides_and_fewer_are_the_first_of_more():
    assert variations(WALK, 6, seed=1) == variations(WALK, 6, seed=1)
    assert variations(WALK, 6, seed=1) != variations(WALK, 6, seed=2)
    assert variations(WALK, 8, seed=1)[:3] == variations(WALK, 3, seed=1)


def test_a_word_of_the_group_is_swapped_and_not_added_twice():
    for twin in WALK.variations(n=5, part="palette"):
        assert "muted teal" not in twin.mood
        assert twin.mood.startswith("quiet documentary, ")


@pytest.mark.parametrize(
    ("prompt", "kind", "message"),
    [
        (WALK, {"part": "lense"}, "no part 'lense' to vary; there are: subject, action"),
        (WALK, {"n": 0}, "`n` is a count from 1, not 0"),
        (WALK, {"n": 10_000}, r"`camera` has \d+ small variations of 'slow push in', 10000 were"),
        (Prompt.typed("a fox"), {}, "a prompt sent as typed has no parts"),
        (Prompt("a fox"), {"part": "action"}, "`action` is empty: there is no wording to vary"),
    ],
)
def test_what_cannot_be_varied_says_why(prompt, kind, message):
    with pytest.raises(PromptError, match=f"^{message}"):
        variations(prompt, **kind)


def test_a_grid_takes_variations_as_they_are():
    grid = Grid([WALK, *WALK.variations(n=3)], models="sim/draft")
    assert (len(grid.scenes), len(grid)) == (1, 4)
    assert "confounded" not in {f.code for f in lint(grid)}


# ---- diff


def test_a_diff_names_the_words_by_part():
    found = diff(WALK, WALK.with_parts(camera="slow pull out"))
    assert found.differs == ["camera"]
    assert found.parts["camera"] == (
        Change("same", "slow "),
        Change("removed", "push in"),
        Change("added", "pull out"),
    )
    assert found.parts["mood"] == (Change("same", WALK.mood),)


def test_a_diff_prints_with_colours_and_reads_without():
    found = diff(Prompt("a red fox"), Prompt("a grey wolf"))
    assert found.text == "≠ subject  a \x1b[31m[-red fox-]\x1b[0m\x1b[32m{+grey wolf+}\x1b[0m"
    assert str(found) == found.text
    assert found.plain == "≠ subject  a [-red fox-]{+grey wolf+}"


def test_a_diff_gives_back_both_prompts():
    a, b = "a red fox, running through snow", "the red fox walks slowly through deep snow"
    changes = diff(a, b).parts["text"]
    assert "".join(c.text for c in changes if c.kind != "added") == a
    assert "".join(c.text for c in changes if c.kind != "removed") == b


def test_html_is_escaped_and_control_characters_do_not_reach_the_terminal():
    found = diff("<script>alert(1)</script>", "<img onerror=x> \x1b[2J")
    assert "<script" not in found.html
    assert "<img" not in found.html
    assert found.html.count("&lt;") == 2
    assert "\x1b[2J" not in found.text


def test_a_part_that_is_new_or_gone_is_a_difference():
    found = diff(Prompt("a fox", mood="calm"), Prompt("a fox", negative="text"))
    assert found.differs == ["mood", "negative"]
    assert not found.is_clean_twin


def test_the_same_prompt_differs_in_nothing():
    assert diff(WALK, WALK).differs == []
    assert diff("", "").text == "the same: both are empty"


def test_a_template_and_a_typed_prompt_can_be_compared():
    assert diff(Prompt("a fox", camera=["static", "pan left"]), Prompt("a fox")).differs == [
        "camera"
    ]
    assert list(diff(WALK, "a fox").parts) == ["text"]


def test_a_long_diff_takes_no_time():
    begun = time.perf_counter()
    diff("fox " * 25_000, "wolf " * 25_000)
    assert time.perf_counter() - begun < 3


# ---- split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "A woman in a red coat walks through a busy market at dusk, slow push in, muted teal.",
            {
                "subject": "A woman in a red coat walks",
                "environment": "through a busy market at dusk",
                "camera": "slow push in",
                "mood": "muted teal",
            },
        ),
        (
            "Static wide shot of a foggy pine forest at dawn. Cold blue palette, hushed.",
            {
                "subject": "a foggy pine forest",
                "environment": "at dawn",
                "camera": "Static wide shot",
                "mood": "Cold blue palette, hushed",
            },
        ),
        (
            "Subject: a fox\nEnvironment: deep snow\nCamera: slow pan\nStyle: calm",
            {"subject": "a fox", "environment": "deep snow", "camera": "slow pan", "mood": "calm"},
        ),
        (
            "A cup of coffee on a wooden table, steam curling upward, shallow depth of field, cozy",
            {
                "subject": "A cup of coffee",
                "action": "steam curling upward",
                "environment": "a wooden table",
                "camera": "shallow depth of field",
                "mood": "cozy",
            },
        ),
        (
            "The camera slowly pushes in on an old typewriter on a desk by the window. Sepia.",
            {
                "subject": "an old typewriter",
                "environment": "a desk by the window",
                "camera": "The camera slowly pushes in",
                "mood": "Sepia",
            },
        ),
        ("狐狸在雪地里", {"subject": "狐狸在雪地里"}),
        ("fox", {"subject": "fox"}),
    ],
)  # fmt: skip
def test_pasted_text_is_split_into_parts(text, parts):
    assert split(text).parts == parts


@pytest.mark.parametrize("shot", presets(), ids=lambda p: p.name)
def test_splitting_loses_no_telling_word(shot):
    def words(text):
        return set(re.findall(r"[a-z0-9-]{3,}", text.lower()))

    assert words(shot.text) - words(split(shot.text).text) <= {"the"}


@pytest.mark.parametrize("shot", presets(), ids=lambda p: p.name)
def test_the_camera_and_the_look_of_a_preset_are_found_again(shot):
    found = split(shot.text)
    assert shot.prompt.camera.split(",")[0].lower() in found.camera.lower()
    assert shot.prompt.mood.split(",")[0].lower() in found.mood.lower()
    assert shot.prompt.subject.split(",")[0].split(" in ")[0].split(" on ")[0].lower()[:12] in (
        found.subject.lower()
    )


def test_a_negative_is_kept_apart():
    found = split("Subject: a fox\nCamera: static\nNegative prompt: text, blur")
    assert (found.negative, "blur" in found.text) == ("text, blur", False)


@pytest.mark.parametrize(
    "text", ["a, b. c; d", ",,,a", "\n\n\n fox", "a" * 20_000, "😀", "fox. " * 2000]
)
def test_odd_text_is_split_somehow(text):
    assert split(text).text


def test_nothing_is_not_split():
    with pytest.raises(PromptError, match="an empty prompt; paste"):
        split("  \n ")


# ---- presets


def test_there_is_a_preset_for_every_place_where_it_works():
    names = {p.name for p in presets()}
    assert len(names) >= 12
    assert names >= {"social-loop", "watch-close-up", "pines-in-fog", "urban-walk", "empty-cafe",
                     "coastal-aerial", "empty-station"}  # fmt: skip


@pytest.mark.parametrize("shot", presets(), ids=lambda p: p.name)
def test_a_preset_is_complete_and_draws_no_finding(shot):
    assert {"subject", "action", "environment", "camera", "mood"} == shot.prompt.parts.keys()
    assert 60 <= len(shot.text.split()) <= 120
    assert lint(shot.prompt, params={"duration_s": shot.duration_s}) == []
    for camera in shot.cameras:
        assert [
            f for f in lint(shot.prompt.with_parts(camera=camera)) if f.severity != "info"
        ] == []


@pytest.mark.parametrize("shot", presets(), ids=lambda p: p.name)
def test_a_preset_fits_the_models_that_it_names(shot):
    for model in shot.models:
        assert card(model).status in {"live", "legacy"}
        found = lint(
            shot.prompt, models=model, params={"duration_s": shot.duration_s, **shot.params}
        )
        assert [str(f) for f in found if f.severity != "info"] == []


@pytest.mark.parametrize("shot", presets(), ids=lambda p: p.name)
def test_a_preset_has_a_grid_file_that_is_the_same_grid(shot):
    grid = Grid.from_yaml(DATA / f"{shot.name}.yaml")
    assert grid == Grid(shot.prompt, models="sim/draft", **shot.axes)
    assert grid.num_kept == len(grid) == len(shot.cameras)
    assert [str(f) for f in lint(grid) if f.severity != "info"] == []


def test_no_grid_file_is_left_over():
    assert {path.stem for path in DATA.glob("*.yaml")} == {p.name for p in presets()}


def test_a_preset_is_found_by_its_name_and_a_slip_names_the_nearest():
    assert preset("pines-in-fog") is preset("Pines in fog")
    with pytest.raises(PromptError, match=r"^no preset 'watch': did you mean 'watch-close-up'\?$"):
        preset("watch")


@pytest.mark.parametrize("shot", presets(), ids=lambda p: p.name)
def test_the_simulator_accepts_every_preset(shot):
    for cell in Grid.from_yaml(DATA / f"{shot.name}.yaml"):
        assert cell.excluded is None
        render(cell.spec)  # refuses at once, draws later


def test_a_preset_runs_on_the_simulator(tmp_path):
    spec = Grid.from_yaml(DATA / "steaming-cup.yaml")[1].spec
    path = simulate(spec.prompt, tmp_path / "cup.mp4", model=spec.model, duration_s=2)
    clip = probe(path)
    assert (clip.width, clip.height, round(clip.duration_s)) == (960, 540, 2)


# ---- rendering


def test_a_camera_parameter_takes_the_move_and_the_words_stay():
    sent = rendered(WALK, "sim/draft", params={"camera_motion": "push_in", "duration_s": 5})
    assert sent.text == WALK.text
    assert sent.params == {"camera_motion": "push_in", "duration_s": 5}
    assert sent.notes[0] == "`camera_motion=push_in` goes as `camera_motion`"
    assert sent.fits


def test_without_a_camera_parameter_the_words_join_the_text():
    still = WALK.with_parts(camera="")
    sent = rendered(still, "fal/veo3", params={"camera_motion": "orbit_left", "duration_s": 4})
    assert sent.text == f"{still.text} The camera orbits left."
    assert sent.params == {"duration_s": 4}
    again = WALK.rendered("fal/veo3", params={"camera_motion": "push_in", "duration_s": 4})
    assert again.text == WALK.text


@pytest.mark.parametrize("move", CAMERA_MOVES)
def test_the_words_of_a_move_are_understood_as_that_move(move):
    assert parse_camera(CAMERA_WORDS[move]) == (move,)


def test_two_moves_are_pointed_out():
    sent = rendered(WALK, "luma/ray-2", params={"camera_motion": "orbit_left", "duration_s": 5})
    assert "the words ask for push_in" in sent.notes[0]


def test_what_a_model_refuses_is_said_first():
    sent = rendered("fog " * 500, "runway/veo3.1", params={"duration_s": 5})
    assert not sent.fits
    assert sent.notes[0].startswith("`duration_s`: runway/veo3.1 takes 4, 6, 8")
    assert sent.notes[1] == "2,000 characters, and the model takes 1,000"


def test_a_negative_that_is_not_taken_is_refused():
    sent = rendered(WALK.with_parts(negative="text"), "luma/ray-2", params={"duration_s": 5})
    assert (sent.fits, sent.negative) == (False, None)


def test_a_template_has_no_one_rendering():
    with pytest.raises(PromptError, match=r"^a template has 2 wordings; render one of them"):
        rendered(WALK.with_parts(camera=["static", "pan left"]), "sim/draft")


def test_the_formula_alone_loads_no_vocabulary():
    code = "import sys, toolkit.prompts.formula; print([m for m in sys.modules if '.lint' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
