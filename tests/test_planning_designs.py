"""What a grid could find out, its designs side by side, and trying it out without paying."""

import math
import time

import pytest

from toolkit.errors import GridError
from toolkit.grid import Fractional, Grid, Random
from toolkit.planning import approve, designs, dry_run, pilot, plan, power
from toolkit.planning.detect import EFFECT_VARIES
from toolkit.prompts.formula import Prompt
from toolkit.prompts.lint import Finding
from toolkit.stats.power import detectable_difference, detectable_win_rate
from toolkit.store import Budget, Purse

ANIMALS = ["a red fox", "a barn owl", "an elk", "a brown hare", "a black bear", "a grey wolf"]
BUDGET = Budget(cap_micro_usd=5_000_000, per_day_micro_usd=None, real=Purse(), sim=Purse())


def animals(num=6, **asked):
    scenes = [
        Prompt(subject, action="it walks along the bank", environment="a pine forest at dawn")
        for subject in ANIMALS[:num]
    ]
    given = {"models": "sim/draft", "camera": ["static", "push in", "pan left"], "samples": 2}
    return Grid(scenes, **{**given, **asked})


# ---- what it could find out


def test_scenes_and_clips_a_level_decide_what_can_be_found():
    found = power(animals())
    assert (found.by, found.scenes, found.clips) == ("camera", 6, 2)
    sd = math.sqrt(EFFECT_VARIES**2 + 2 / 2)
    assert found.difference_sd == pytest.approx(detectable_difference(sd, 6))
    assert found.win_rate == detectable_win_rate(12)
    assert power(animals(samples=4)).difference_sd < found.difference_sd


def test_the_weakest_comparison_is_told():
    found = power(animals(mood=["calm", "wild"]))
    assert (found.by, found.clips) == ("camera", 4)
    assert power(animals(mood=["calm", "wild"], design="one_at_a_time")).clips == 2


def test_too_few_scenes_are_told_as_such():
    found = power(animals(num=2))
    assert found.difference_sd is None
    assert found.text == (
        "camera over 2 scenes, 2 clips a level each: scores cannot be sure below 6 scenes; "
        "4 votes on two levels can be sure of nothing"
    )


def test_what_differs_between_scenes_alone_is_no_comparison():
    assert power(animals(camera="static")) is None
    texts = ["a fox walks", "a fox stands", "a fox sleeps"]
    assert power(Grid(texts, models="sim/draft")) is None
    found = power(Grid(texts, models="sim/draft", scene="fox", samples=3))
    assert (found.by, found.scenes, found.clips) == ("prompt", 1, 3)


def test_the_power_of_a_huge_grid_is_quick():
    shot = Prompt("{0|1|2|3|4|5|6|7|8|9}" * 9, camera=["static", "push in"])
    start = time.process_time()
    found = power(Grid(shot, models="sim/draft", samples=500))
    assert (found.by, found.clips) == ("camera", 500 * 10**9)
    assert time.process_time() - start < 1


# ---- designs side by side


def test_designs_are_compared_in_one_table():
    grid = animals(models=["sim/draft", "sim/final"], mood=["calm", "wild"], duration_s=[3, 5])
    table = designs(grid).set_index("design")
    assert list(table.index) == [
        "full", "one_at_a_time", "paired", "pairwise", "fractional", "Random(k=12, seed=0)",
    ]  # fmt: skip
    clips = table["clips"]
    assert clips["full"] == 6 * 3 * 2 * 2 * 2 * 2
    assert clips["one_at_a_time"] == 6 * (1 + 2 + 1 + 1 + 1) * 2
    assert clips["fractional"] == 6 * 3 * 4 * 2
    assert clips["full"] > clips["fractional"] > clips["pairwise"] > clips["one_at_a_time"]
    assert table["sim_usd"]["full"] == pytest.approx(6 * 3 * 2 * 2 * (0.02 + 0.10) * (3 + 5))
    assert table["detects_sd"]["full"] < table["detects_sd"]["one_at_a_time"]
    assert table["cannot_tell"]["full"] == "nothing of what varies here"
    assert table["cannot_tell"]["fractional"] == (
        "mood is mixed up with model × duration_s; model is mixed up with mood × duration_s; "
        "duration_s is mixed up with mood × model"
    )
    assert clips["paired"] is None
    assert table["cannot_tell"]["paired"].startswith("does not fit: paired takes the n-th value of")


def test_the_table_keeps_what_the_grid_asks_of_its_own_design():
    two = {"mood": ["calm", "wild"], "duration_s": [3, 5], "camera": ["static", "push in"]}
    grid = animals(models=["sim/draft", "sim/final"], **two, design=Fractional(4))
    table = designs(grid, k=5).set_index("design")
    assert table["clips"]["Fractional(resolution=4)"] == 6 * 8 * 2
    assert table["clips"]["Random(k=5, seed=0)"] == 5 * 2


def test_an_unknown_price_is_no_zero_in_the_table():
    grid = Grid("a watch", models="pixverse/v5", samples=2)
    row = designs(grid).iloc[0]
    assert (row["cost_usd"], row["cost"]) == (None, "2 clips of unknown price")


# ---- lint on the bill and at the door


def test_the_bill_says_what_it_could_find_out_and_what_the_words_may_spoil():
    grid = animals(mood="beautiful, no people", samples=1)
    bill = plan(grid)
    assert "· can find out · camera over 6 scenes, 1 clip a level each: scores find" in bill.text
    assert any(line.startswith("· lint · warning negation") for line in bill.text.splitlines())
    assert "can find out" in bill._repr_html_()
    assert {f["code"] for f in bill.to_json()["lint"]} >= {"negation"}


def test_what_a_model_does_not_take_is_excluded_and_stops_nothing():
    bill = plan(animals(duration_s=[5, 30]))
    assert bill.num_excluded == 36
    assert not [f for f in bill.findings if f.severity == "error"]
    approve(bill, BUDGET)


def test_an_error_of_the_lint_stops_the_run_with_the_reason(monkeypatch):
    broken = Finding("broken", "error", "this cannot be filmed", "write something else")
    monkeypatch.setattr("toolkit.prompts.lint.lint", lambda grid: [broken, broken])
    bill = plan(animals())
    with pytest.raises(GridError) as caught:
        approve(bill, BUDGET)
    assert str(caught.value) == (
        "nothing spent: error broken: this cannot be filmed; write something else "
        "(and 1 more in exp.plan(grid))"
    )
    assert "! error broken" in bill.text


# ---- trying it out


def test_a_pilot_is_one_sample_on_the_cheapest_model():
    grid = animals(
        models=["sim/final", "sim/draft", "import/Site"],
        samples=[3, 4],
        exclude=[
            {"model": "sim/final", "camera": "static"},
            {"model": ["sim/draft", "sim/final"], "camera": "pan left"},
            {"sample": 4, "camera": "push in"},
            lambda cell: cell["subject"] == "an elk",
        ],
    )
    small = pilot(grid)
    assert (small.models, list(small.samples)) == (("sim/draft",), [3])
    kept = [(c.parts["subject"], c.parts["camera"]) for c in small.cells()]
    assert kept == [(a, c) for a in ANIMALS if a != "an elk" for c in ("static", "push in")]
    assert {c.run_key for c in small.cells()} < {c.run_key for c in grid.cells()}


def test_a_pilot_of_a_random_design_draws_no_more_than_there_is():
    grid = animals(num=1, models=["sim/draft", "sim/final"], design=Random(6, seed=2))
    assert len(pilot(grid)) == 3


def test_a_pilot_needs_a_service():
    with pytest.raises(GridError, match="there is nothing to try out"):
        pilot(animals(models="import/Site"))


def test_a_dry_run_renders_every_cell_and_spends_nothing():
    report = dry_run(animals(exclude={"camera": "static"}))
    assert (report.cells, len(report.texts), report.is_ready) == (24, 12, True)
    assert report.text.startswith("dry run: 24 cells, 12 texts on sim/draft: nothing was sent")
    assert "A red fox. It walks along the bank. A pine forest at dawn. Push in." in report.text
    assert "excluded: camera static: 12 cells excluded" in report.text
    assert report.text.endswith("ready to run")


def test_a_dry_run_lists_the_pictures_and_finds_those_that_changed(tmp_path):
    picture = tmp_path / "watch.png"
    picture.write_bytes(b"first")
    grid = animals(num=1, models="sim/final", start_image=str(picture), samples=1)
    assert dry_run(grid).images == [(str(picture), ["sim"])]
    assert f"would upload {picture} to sim" in dry_run(grid).text
    picture.write_bytes(b"second")
    changed = dry_run(grid)
    assert changed.problems == [
        (i, f"the picture {picture} has changed since the grid was made") for i in range(3)
    ]
    assert changed.text.endswith("not ready: see above")
    picture.unlink()
    assert "cannot be read: No such file or directory" in dry_run(grid).text


def test_a_dry_run_of_nothing_is_not_ready():
    report = dry_run(animals(exclude={"sample": [1, 2]}))
    assert (report.cells, report.is_ready) == (0, False)


def test_a_typed_text_with_choices_in_it_is_pointed_out():
    notices = Grid("a {red|grey} fox", models="sim/draft").notices
    assert any(note.startswith("a text is sent exactly as typed: choices in") for note in notices)
    assert not Grid("a fox in snake_case, {x}", models="sim/draft").notices


def test_an_exclusion_of_one_sample_leaves_the_table_of_designs_standing():
    grid = Grid(
        Prompt("a fox", camera=["static", "push in"]),
        models="sim/draft",
        samples=3,
        exclude=["sample=2 and camera=static"],
    )
    assert designs(grid).set_index("design").loc["full", "clips"] == 5
