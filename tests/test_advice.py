"""Advice: it speaks of what is unusual beside twins, is silent elsewhere, and hands over the edit.

Readings are made by hand here; `python -m tests.advice_truth` plants flaws in simulated clips.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.advice_truth import HELD_OUT, PLANTED, tally
from toolkit.advice import Advice, advise
from toolkit.advice.core import PICTURE_BYTES
from toolkit.advice.strips import around
from toolkit.catalog import card
from toolkit.errors import GridError
from toolkit.grid import Grid
from toolkit.prompts.formula import Prompt
from toolkit.records import ModelCard, Reading, RunSpec, State
from toolkit.simulator import simulate

CALM: dict[str, Reading] = {
    "luma_flicker": Reading(0.002, trace=[0.0, 0.002, 0.002, 0.0]),
    "blur_effect": Reading(0.40),
    "sharpness_log": Reading(2.2, trace=[2.2] * 4),
    "subject_color_drift": Reading(0.001, trace=[0.0, 0.0, 0.001, 0.001]),
    "subject_shape_drift": Reading(0.01, trace=[0.0, 0.01]),
    "track_survival": Reading(1.0, trace=[1.0, 1.0, 1.0, 1.0]),
    "frozen_ratio": Reading(0.0, trace=[0.0] * 4),
    "longest_freeze_s": Reading(0.0),
    "cut_count": Reading(0.0),
    "letterbox": Reading(0.0),
    "pillarbox": Reading(0.0),
    "motion_magnitude": Reading(5.0),
    "motion_blur_index": Reading(0.1, trace=[0.1] * 4),
    "camera_match": Reading(1.0, label="match", confidence=1.0),
    "camera_motion": Reading(0.2, label="push_in", confidence=1.0),
    "duration_error_s": Reading(0.0),
    "size_match": Reading(1.0),
    "audio_match": Reading(None, note="nothing was said about sound"),
    "audio_silence": Reading(None),
}
FOX = Prompt("a red fox", action="trots along", environment="a birch forest", camera="slow push in")
SIM = card("sim/final")


def run(
    prompt: Prompt = FOX,
    *,
    scene: str = "fox",
    model: str = "sim/final",
    sample: int = 1,
    path: Path | None = None,
    params: Mapping[str, Any] | None = None,
    **more: Reading,
) -> tuple[dict[str, Any], dict[str, Reading]]:
    """A row of the table and its readings: calm but for what is named."""
    params = dict(params or {"duration_s": 5})
    spec = RunSpec(prompt.text, model=model, params=params, sample=sample)
    row = {
        "run_key": spec.key, "state": State.DONE, "model": model, "sample": sample,
        "prompt.text": prompt.text, "prompt.scene": scene, "prompt.name": scene, "params": params,
        "clip.duration_s": 5.0, "clip.width": 1280, "clip.height": 720,
        "clip.path": None if path is None else str(path),
        **{f"prompt.{part}": text for part, text in prompt.parts.items()},
    }  # fmt: skip
    return row, CALM | more


def told(
    *runs: tuple[dict[str, Any], dict[str, Reading]], cards: Any = (SIM,), **how: Any
) -> Advice:
    return advise(
        [row for row, _ in runs], {row["run_key"]: r for row, r in runs}, cards=cards, **how
    )


def beside(*runs: tuple[dict[str, Any], dict[str, Reading]], **how: Any) -> Advice:
    """These runs beside two calm twins of their scene."""
    calm = [run(FOX.with_parts(camera=words)) for words in ("static wide shot", "pull back slowly")]
    return told(*calm, *runs, **how)


# ---------------------------------------------------------------- when it speaks


UNUSUAL: dict[str, dict[str, Reading]] = {
    "flicker": {"luma_flicker": Reading(0.02, trace=[0.0, 0.03, 0.03, 0.0])},
    "blur": {"blur_effect": Reading(0.55), "sharpness_log": Reading(1.2, trace=[1.2] * 4)},
    "frozen": {
        "longest_freeze_s": Reading(0.9),
        "frozen_ratio": Reading(0.3, trace=[0.0, 1.0, 1.0, 0.0]),
    },
    "cut": {"cut_count": Reading(1.0, note="at 2.10 s")},
    "drift": {"subject_color_drift": Reading(0.2, trace=[0.0, 0.0, 0.2, 0.2])},
    "letterbox": {"letterbox": Reading(0.14)},
    "camera-reversed": {
        "camera_match": Reading(-1.0, label="reversed", confidence=0.9, note="asked push_in")
    },
    "camera-missed": {"camera_match": Reading(0.0, label="missed", confidence=0.9)},
    "duration": {"duration_error_s": Reading(-1.0)},
    "size": {"size_match": Reading(0.0, note="960x540, asked 720p")},
}


@pytest.mark.parametrize("code", UNUSUAL)
def test_what_is_unusual_is_told_of_its_arm_alone(code: str):
    advice = beside(run(**UNUSUAL[code]))
    assert [(item.code, item.arm_label) for item in advice] == [(code, "slow push in")]
    assert advice[0].cases[0].run_key == run()[0]["run_key"]


def test_calm_clips_are_passed_over_in_silence():
    advice = beside(run())
    assert list(advice) == []
    assert advice.text == "3 simulated clips looked at: nothing unusual"
    with pytest.raises(GridError, match=r"^nothing unusual was found, so there is nothing to"):
        advice.grid()


@pytest.mark.parametrize(
    ("almost", "why"),
    [
        ({"luma_flicker": Reading(0.006)}, "less than the threshold above its twins"),
        ({"blur_effect": Reading(0.55)}, "the edges say otherwise"),
        ({"sharpness_log": Reading(1.2)}, "the other view of blur says otherwise"),
        ({"camera_match": Reading(None, label="uncertain", confidence=0.2)}, "the eye is not sure"),
        ({"camera_match": Reading(0.0, label="missed", confidence=0.5)}, "not sure enough"),
        ({"longest_freeze_s": Reading(0.1), "frozen_ratio": Reading(0.05)}, "a frame or two"),
        ({"duration_error_s": Reading(0.2)}, "within a rounding"),
        ({"letterbox": Reading(0.02)}, "a dark edge"),
        ({"motion_blur_index": Reading(-0.9)}, "no faster than its twins"),
        ({"luma_flicker": Reading(None, note="cut too often")}, "not measured"),
    ],
)
def test_what_is_not_beyond_doubt_is_not_told(almost: dict[str, Reading], why: str):
    assert list(beside(run(**almost))) == [], why


def test_what_all_twins_have_is_not_unusual():
    pumping = {"luma_flicker": Reading(0.02)}
    twins = [
        run(FOX.with_parts(camera=words), **pumping) for words in ("static", "pan left", "tilt up")
    ]
    assert list(told(*twins)) == []


def test_light_that_is_asked_to_pump_may_pump():
    candle = FOX.with_parts(environment="a birch forest, lit by a flickering candle")
    assert list(beside(run(candle, luma_flicker=Reading(0.02)))) == []


def test_a_static_shot_may_stand_still_and_another_may_not():
    still = {"longest_freeze_s": Reading(5.0), "frozen_ratio": Reading(1.0, trace=[0.0, 1.0, 1.0])}
    static = FOX.with_parts(camera="static close-up")
    assert list(beside(run(static, **still))) == []
    assert [item.code for item in beside(run(**still))] == ["frozen"]


def test_without_a_twin_only_gross_faults_are_told():
    lone = told(run(luma_flicker=Reading(0.02)))
    assert list(lone) == []
    assert "1 clip without a twin in the same scene and model" in lone.text
    gross = told(run(luma_flicker=Reading(0.09)))
    assert [item.code for item in gross] == ["flicker"]
    assert "without twins, real footage has 0.0006 to 0.03" in gross[0].evidence


def test_another_model_is_no_twin():
    rough = [
        run(FOX.with_parts(camera=words), model="sim/draft", luma_flicker=Reading(0.02))
        for words in ("static", "pan left", "tilt up")
    ]
    fine = [run(FOX.with_parts(camera=words)) for words in ("static", "pan left", "tilt up")]
    assert list(told(*rough, *fine)) == []


def test_one_cause_is_told_and_not_its_effects():
    soft = UNUSUAL["blur"] | UNUSUAL["frozen"]
    assert [item.code for item in beside(run(**soft))] == ["blur"]


def test_drift_is_seen_beside_clips_whose_camera_went_the_same_way():
    """A tilt brings other things into the region: an arm of its own is no evidence."""
    tilted = Reading(0.2, label="tilt_up", confidence=1.0)
    drifting = {"subject_color_drift": Reading(0.03)}
    assert list(beside(run(camera_motion=tilted, **drifting))) == []
    assert [item.code for item in beside(run(**drifting))] == ["drift"]


def test_a_small_difference_in_every_scene_is_told_of_the_arm():
    runs = []
    for number in range(8):
        for words in ("static", "pan left", "handheld"):
            value = 0.0062 if words == "handheld" else 0.0018 + 0.0001 * (number % 3)
            prompt = FOX.with_parts(subject=f"fox number {number}", camera=words)
            runs.append(run(prompt, scene=f"s{number}", luma_flicker=Reading(value)))
    (item,) = told(*runs)
    assert (item.arm_label, item.code) == ("handheld", "flicker")
    assert "the arm as a whole +0.004" in item.evidence
    assert "8 scenes" in item.evidence


def test_how_sure_it_is_follows_evidence_confidence_and_number():
    sure = beside(run(**UNUSUAL["cut"]))[0]
    likely = beside(run(**UNUSUAL["flicker"]))[0]
    hint = beside(run(**UNUSUAL["drift"]))[0]
    assert (sure.sure, likely.sure, hint.sure) == ("sure", "likely", "a hint")
    doubtful = beside(
        run(camera_match=Reading(-1.0, label="reversed", confidence=0.4, note="asked push_in"))
    )[0]
    assert doubtful.sure == "a hint"


def test_it_says_in_how_many_scenes_and_how_often_elsewhere():
    runs = []
    for number in range(4):
        for words in ("static", "pan left", "slow push in"):
            bad = UNUSUAL["cut"] if words == "slow push in" and number < 3 else {}
            bad = UNUSUAL["cut"] if words == "static" and number == 0 else bad
            runs.append(run(FOX.with_parts(camera=words), scene=f"s{number}", **bad,
                            params={"duration_s": 5, "seed": number}))  # fmt: skip
    first, second = told(*runs)
    assert first.spread == "3 of 4 scenes, elsewhere 1 of 8"
    assert second.spread == "1 of 4 scenes, elsewhere 3 of 8"
    assert second.is_lone
    assert "one clip alone may be luck" in second.text


def test_the_moment_is_read_off_the_trace():
    calm = [0.001] * 50
    trace = [*calm[:20], *[0.05] * 5, *calm[25:]]
    (item,) = beside(run(luma_flicker=Reading(0.02, trace=trace)))
    start, stop = item.cases[0].sign.moment_s or (0.0, 0.0)
    assert 1.9 < start < 2.2
    assert 2.3 < stop < 2.6
    assert beside(run(**UNUSUAL["cut"]))[0].cases[0].sign.moment_s == (2.1, 2.1)


# ---------------------------------------------------------------- what it changes


def edit(code: str, prompt: Prompt = FOX, *, cards: Any = (SIM,), **params: Any) -> Any:
    asked = {"duration_s": 5, **params}
    advice = beside(run(prompt, params=asked, **UNUSUAL[code]), cards=cards)
    return next(item for item in advice if item.code == code)


def test_a_move_in_words_alone_goes_by_parameter_where_the_model_has_one():
    arm = edit("camera-reversed").arm
    assert arm.params == {"duration_s": 5, "camera_motion": "push_in"}
    assert arm.prompt.text == FOX.text


def test_else_the_move_is_said_plainly_and_then_first():
    plain = ModelCard("x/y", title="x", wire_id="y")
    said = edit("camera-missed", cards=(plain,)).arm
    assert said.prompt.parts["camera"] == "the camera pushes in slowly"
    first = edit("camera-missed", FOX.with_parts(camera="the camera pushes in slowly"),
                 camera_motion="push_in").arm  # fmt: skip
    assert first.prompt.text.startswith("The camera pushes in slowly. A red fox.")
    assert first.prompt.text.count("pushes in") == 1
    last = edit("camera-missed", Prompt.typed("The camera pushes in slowly. A fox."),
                camera_motion="push_in")  # fmt: skip
    assert last.arm is None
    assert "a model that follows push_in better" in last.change


def test_of_several_moves_the_first_stays():
    both = FOX.with_parts(camera="slow push in, then pan left, on a 35 mm lens")
    item = beside(run(both, camera_match=Reading(0.0, label="missed", confidence=0.9)))[0]
    assert item.code == "camera-several"
    assert item.arm is not None
    assert "pan" not in item.arm.prompt.parts["camera"]
    assert "35 mm" in item.arm.prompt.parts["camera"]


@pytest.mark.parametrize(
    ("code", "prompt", "part", "words"),
    [
        ("flicker", FOX, "environment", "a birch forest, in steady, even light"),
        ("flicker", FOX.with_parts(environment="a shimmering sea"), "environment", "a steady sea"),
        ("frozen", FOX, "action", "trots along, moving steadily from the first frame to the last"),
        ("frozen", FOX.with_parts(action="stands in snow"), "action", "walks slowly in snow"),
        ("cut", FOX, "camera", "slow push in, one continuous shot"),
        ("blur", FOX, "camera", "slow push in, in crisp focus"),
        ("blur", FOX.with_parts(action="sprints past"), "action", "walks at a steady pace past"),
        ("letterbox", FOX.with_parts(mood="anamorphic, teal"), "mood", "teal"),
    ],
)  # fmt: skip
def test_the_words_are_changed_in_their_part(code: str, prompt: Prompt, part: str, words: str):
    assert edit(code, prompt).arm.prompt.parts[part] == words


def test_a_long_clip_that_drifts_is_made_shorter():
    item = edit("drift", duration_s=9)
    assert item.arm.params["duration_s"] == 4
    assert item.change.startswith("4 s instead of 9: ")


def test_a_short_clip_that_drifts_keeps_its_length():
    arm = edit("drift", duration_s=4).arm
    assert arm.params["duration_s"] == 4
    assert arm.prompt.parts["subject"] == "a red fox, the same from the first frame to the last"


def test_a_reference_image_is_named_where_the_model_takes_one():
    able = ModelCard("sim/final", title="x", wire_id="y", start_image=True)
    assert "a reference image (`start_image`)" in edit("drift", cards=(able,), duration_s=4).change
    unable = ModelCard("sim/final", title="x", wire_id="y", start_image=False)
    assert "start_image" not in edit("drift", cards=(unable,), duration_s=4).change


def test_bars_are_answered_by_the_shape_that_was_meant():
    assert edit("letterbox").arm.params["aspect_ratio"] == "16:9"
    negative = edit("letterbox", aspect_ratio="16:9").arm.prompt
    assert negative.options("negative")[0] == "black bars"


def test_sound_asked_for_and_missing():
    silent = run(
        params={"duration_s": 5, "audio": True}, audio_match=Reading(0.0), has_audio=Reading(0.0)
    )
    (item,) = beside(silent)
    assert item.code == "audio"
    assert item.arm is not None
    assert "clear ambient sound" in item.arm.prompt.text
    mute = ModelCard("sim/final", title="x", wire_id="y", audio=False)
    assert "tk.models('sound')" in beside(silent, cards=(mute,))[0].change


def test_a_prompt_as_typed_stays_typed():
    typed = Prompt.typed("A fox in the snow", scene="fox")
    row, readings = run(typed, **UNUSUAL["flicker"])
    arm = beside((row, readings))[0].arm
    assert arm is not None
    assert arm.prompt.is_typed
    assert arm.prompt.text == "A fox in the snow. In steady, even light."


def test_braces_in_a_prompt_are_no_choice_after_an_edit():
    odd = FOX.with_parts(environment=r"a sign that says \{a\|b\}")
    arm = edit("flicker", odd).arm
    assert arm.prompt.size == 1
    assert arm.prompt.parts["environment"].startswith("a sign that says {a|b}")


# ---------------------------------------------------------------- the new grid


def test_the_grid_holds_the_originals_and_their_edits_and_nothing_else():
    advice = beside(run(**UNUSUAL["camera-reversed"]), run(FOX, sample=2, **UNUSUAL["flicker"]))
    grid = advice.grid()
    cells = [
        (c.spec.prompt, c.spec.params.get("camera_motion"), c.spec.sample) for c in grid.cells()
    ]
    steady = FOX.with_parts(environment="a birch forest, in steady, even light").text
    assert sorted(cells, key=str) == sorted(
        [(t, m, s) for s in (1, 2)
         for t, m in ((FOX.text, None), (FOX.text, "push_in"), (steady, None))],
        key=str,
    )  # fmt: skip
    assert {c.labels["scene"] for c in grid.cells()} == {"fox"}


def test_an_original_in_the_grid_is_the_run_that_was_paid_for():
    row, readings = run(**UNUSUAL["flicker"])
    keys = [cell.run_key for cell in beside((row, readings)).grid().cells()]
    assert row["run_key"] in keys
    assert len(keys) == 2


def test_the_grid_survives_being_written_down():
    grid = beside(run(**UNUSUAL["drift"], params={"duration_s": 9})).grid(samples=2)
    again = Grid.from_doc(grid.to_doc())
    assert [c.run_key for c in again.cells()] == [c.run_key for c in grid.cells()]
    assert grid.num_kept == 4


def test_runs_with_different_extras_go_one_by_one():
    one = run(params={"duration_s": 5, "extra": {"a": 1}}, **UNUSUAL["flicker"])
    two = run(FOX.with_parts(camera="pan left"), params={"duration_s": 5}, **UNUSUAL["cut"])
    advice = beside(one, two)
    with pytest.raises(GridError, match=r"^the runs have different `extra` parameters"):
        advice.grid()
    places = [place for place, item in enumerate(advice) if item.code == "flicker"]
    assert advice.grid(items=places).extra == {"a": 1}
    with pytest.raises(GridError, match=r"^no item 9; there are"):
        advice.grid(items=9)


def test_advice_without_an_edit_says_what_a_person_would_have_to_do():
    typed = Prompt.typed("The camera pushes in slowly. A fox.", scene="fox")
    missed = run(typed, params={"duration_s": 5, "camera_motion": "push_in"},
                 **UNUSUAL["camera-missed"])  # fmt: skip
    with pytest.raises(GridError, match=r"^nothing here is an edit of words or parameters: the"):
        beside(missed).grid()


# ---------------------------------------------------------------- how it is shown


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advice")
    return simulate("a red fox in a forest", folder / "c.mp4", model="sim/draft",
                    duration_s=1, resolution="360p")  # fmt: skip


def test_strips_are_small_and_the_whole_view_too(clip: Path):
    runs = [
        run(FOX.with_parts(camera=f"slow push in, take {number}"), path=clip, **UNUSUAL["cut"])
        for number in range(30)
    ]
    advice = told(*runs)
    assert len(advice) == 30
    assert sum(map(len, advice.pictures)) <= PICTURE_BYTES
    assert all(advice.pictures)
    with Image.open(io.BytesIO(advice.pictures[0])) as picture:
        assert picture.width > 3 * picture.height
    assert len(advice._repr_html_()) < 600_000


def test_a_clip_that_is_gone_leaves_its_words(tmp_path: Path):
    advice = beside(run(path=tmp_path / "gone.mp4", **UNUSUAL["cut"]))
    assert advice.pictures == (b"",)
    assert "a cut or jump" in advice._repr_html_()


def test_the_view_escapes_what_people_wrote():
    evil = FOX.with_parts(camera="slow push in <script>alert(1)</script>")
    text = beside(run(evil, **UNUSUAL["flicker"]))._repr_html_()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_the_edit_is_shown_word_by_word():
    item = beside(run(**UNUSUAL["flicker"])).told()[0]
    assert item["edited"][1] == ("new", ", in steady, even light")
    assert "".join(words for kind, words in item["edited"] if kind != "old") == (
        "A red fox. Trots along. A birch forest, in steady, even light. Slow push in."
    )


def test_the_table_has_a_row_a_clip_and_none_without_findings():
    advice = beside(run(**UNUSUAL["flicker"]))
    (row,) = advice.df.to_dict("records")
    assert (row["symptom"], row["metric"], row["value"], row["twins"]) == (
        "flicker", "luma_flicker", 0.02, 0.002,
    )  # fmt: skip
    assert list(beside(run()).df.columns) == list(advice.df.columns)


def test_json_holds_the_evidence_and_the_new_arm():
    item = beside(run(**UNUSUAL["flicker"])).to_json()["items"][0]
    assert item["new_arm"]["prompt"].startswith("A red fox.")
    assert item["evidence_level"] == "A"
    assert item["num_twins"] == 2


def test_what_was_not_measured_is_said():
    bare = {name: r for name, r in CALM.items() if not name.startswith(("subject", "motion_blur"))}
    row, _ = run()
    said = advise([row], {row["run_key"]: bare}).text
    assert "not looked at: drift and motion blur; exp.score(tier='thorough')" in said
    assert advise([row], {}).text.endswith("no finished clip is scored yet: exp.score()")


def test_moments_around_a_cut_lie_on_both_sides():
    times = around((2.0, 2.0), 4.0, 5)
    assert sum(t < 0.5 for t in times) == 2
    assert sum(t > 0.5 for t in times) == 3
    assert around(None, 4.0, 3)[1] == pytest.approx(0.5)
    assert all(0 <= t <= 1 for t in around((0.0, 0.0), 0.5, 5))


# ---------------------------------------------------------------- planted truth


def test_a_few_planted_flaws_are_told_and_clean_clips_are_not():
    """A small part of the table of `python -m tests.advice_truth`."""
    some = {flaw: PLANTED[flaw] for flaw in ("flicker", "letterbox", "reversed")}
    found = tally(HELD_OUT[1:2], moves=("static", "push_in"), planted=some, seconds=1.2)
    assert sum(found.found.values()) >= 2
    assert found.talked == 0


@pytest.mark.slow
def test_nine_of_ten_planted_flaws_are_told_and_silence_is_kept():
    found = tally()
    assert found.recall >= 0.9
    assert found.silence >= 0.95


def test_where_no_clip_was_looked_at_nothing_is_said_of_them():
    assert advise([], {}).text.startswith("0 clips looked at\n")
    assert "unusual" not in advise([], {}).text
