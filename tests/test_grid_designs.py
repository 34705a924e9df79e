"""Designs: which cells are run, the same each time, and what they leave open; rules in words."""

import itertools
import re
import time

import numpy as np
import pytest

from toolkit.errors import GridError, PromptError
from toolkit.grid import DESIGNS, Fractional, Grid, Pairwise, Random, near
from toolkit.grid.designs import Factor
from toolkit.planning import plan
from toolkit.prompts.formula import Prompt

FOX = Prompt("a red fox", environment="a pine forest")
CAMERAS = ["static", "push in", "pan left"]
MOODS = ["calm", "wild", "cold"]


def fox(**asked):
    given = {"models": ["sim/draft", "sim/final"], "camera": CAMERAS, "mood": MOODS,
             "aspect_ratio": ["16:9", "9:16"], **asked}  # fmt: skip
    return Grid(given.pop("prompts", FOX), **given)


def levels(grid, *names):
    return [tuple(cell.fields.get(name) for name in names) for cell in grid]


ALL = ("camera", "mood", "model", "aspect_ratio")


def test_one_at_a_time_has_a_control_and_each_other_value_alone():
    grid = fox(design="one_at_a_time", samples=2)
    control = ("static", "calm", "sim/draft", "16:9")
    found = levels(grid, *ALL)
    assert found[0] == found[1] == control
    assert len(grid) == 2 * (1 + 2 + 2 + 1 + 1)
    assert sorted(sum(a != b for a, b in zip(row, control, strict=True)) for row in found) == [
        *[0] * 2, *[1] * 12,
    ]  # fmt: skip
    assert {row[0] for row in found} == {*CAMERAS}


def test_one_at_a_time_of_a_huge_grid_is_counted_without_being_made():
    shot = Prompt("{0|1|2|3|4|5|6|7|8|9}" * 3, camera="{a|b|c|d|e|f|g|h|i|j}" * 3)
    grid = Grid(shot, models="sim/draft", seed=range(1000, 90_000), design="one_at_a_time")
    assert grid.size == 1 + 999 + 999 + 88_999
    assert grid[-1].fields["seed"] == 89_999
    assert grid[1000].fields["camera"] == "aab"


def test_paired_takes_the_nth_value_of_everything_together():
    grid = Grid(FOX, models="sim/draft", camera=CAMERAS, mood=MOODS, design="paired", samples=2)
    assert levels(grid, "camera", "mood", "sample") == [
        (c, m, s) for c, m in zip(CAMERAS, MOODS, strict=True) for s in (1, 2)
    ]
    with pytest.raises(GridError) as caught:
        fox(design="paired")
    assert str(caught.value) == (
        "`design`: paired takes the n-th value of everything together, so all that varies needs as "
        "many values: camera has 3, mood has 3, model has 2, aspect_ratio has 2"
    )


def pairs(rows):
    width = range(len(rows[0]))
    return {(a, row[a], b, row[b]) for row in rows for a, b in itertools.combinations(width, 2)}


def test_pairwise_lets_every_two_values_meet_in_few_cells():
    grid = fox(design="pairwise")
    rows = levels(grid, *ALL)
    assert len(rows) == len(set(rows)) <= 12 < len(fox()) == 36
    assert pairs(rows) == pairs(levels(fox(), *ALL))


def test_pairwise_works_around_exclusions_and_still_covers_what_can_meet():
    rule = [
        {"model": "sim/final", "camera": ["push in", "static"]},
        {"mood": "wild", "camera": "static"},
    ]
    grid = fox(design="pairwise", exclude=rule)
    kept = [tuple(c.fields[n] for n in ALL) for c in fox(exclude=rule).cells()]
    assert grid.num_kept == len(grid) < len(kept)
    assert pairs(levels(grid, *ALL)) == pairs(kept)


def test_a_covering_array_of_432_combinations_has_a_dozen_or_so():
    letters = [
        Prompt("x", action="{a|b|c|d}", environment="{a|b|c}", camera="{a|b|c}", mood="{a|b|c}")
    ]
    grid = Grid(letters, models=["sim/draft", "sim/final"], loop=[None, False], design=Pairwise())
    assert 12 <= len(grid) <= 16


TWO = {"camera": ["static", "push in"], "mood": ["calm", "wild"], "duration_s": [3, 5]}


def test_a_fraction_is_balanced_holds_the_control_and_says_its_aliases():
    grid = fox(**TWO, aspect_ratio="16:9", design="fractional")
    names = ("camera", "mood", "model", "duration_s")
    rows = levels(grid, *names)
    assert len(rows) == 8
    assert ("static", "calm", "sim/draft", 3) in rows
    for column in zip(*rows, strict=True):
        assert sorted(map(column.count, set(column))) == [4, 4]
    assert grid.cannot_tell == (
        "camera × mood is mixed up with model × duration_s; camera × model is mixed up with "
        "mood × duration_s; camera × duration_s is mixed up with mood × model"
    )


def test_the_aliases_are_those_that_the_columns_have():
    factors = [Factor(name, 2, 1) for name in "abcdef"]
    for resolution in (3, 4):
        table = np.array(Fractional(resolution).table(factors)) * 2 - 1
        aliases = Fractional(resolution).aliases(factors)
        groups = [re.split(" is mixed up with | and ", line) for line in aliases]
        said = [{frozenset(effect.split(" × ")) for effect in group} for group in groups]
        effects = [s for n in (1, 2) for s in itertools.combinations(range(6), n)]
        columns = {s: table[:, s].prod(axis=1) for s in effects}
        for one, other in itertools.combinations(effects, 2):
            together = abs(int(columns[one] @ columns[other])) == len(table)
            names = {frozenset("abcdef"[i] for i in s) for s in (one, other)}
            assert together == any(names <= group for group in said)


def test_what_has_more_than_two_values_is_crossed_with_the_fraction():
    grid = fox(mood=["calm", "wild"], duration_s=[3, 5], design="fractional")
    assert len(grid) == 8 * 3
    with pytest.raises(
        GridError, match=r"needs three or more axes with two values each; there are 2 of 4"
    ):
        fox(design="fractional")
    with pytest.raises(GridError, match=r"there is no fraction of resolution 5 of 3 axes"):
        fox(**TWO, models="sim/draft", aspect_ratio="16:9", design=Fractional(5))


def test_a_random_design_is_the_same_for_a_seed_and_runs_whole():
    rule = {"model": "sim/final", "camera": "static"}
    grid = fox(design=Random(10, seed=3), exclude=rule, samples=2)
    assert len(grid) == grid.num_kept == 20
    assert levels(grid, *ALL) == levels(
        fox(design=Random(10, seed=3), exclude=rule, samples=2), *ALL
    )
    assert levels(grid, *ALL) != levels(
        fox(design=Random(10, seed=4), exclude=rule, samples=2), *ALL
    )
    whole = fox(design=Random(30, seed=3), exclude=rule)
    assert len(set(levels(whole, *ALL))) == 30 == fox(exclude=rule).num_kept
    with pytest.raises(
        GridError, match=r"31 combinations were asked for and 30 that run were found"
    ):
        fox(design=Random(31), exclude=rule)


def test_a_random_few_of_a_million_million_are_drawn_at_once_and_by_their_weights():
    shot = Prompt("{0|1|2|3|4|5|6|7|8|9}" * 12, mood="{9::calm|wild}")
    start = time.process_time()
    grid = Grid(shot, models="sim/draft", design=Random(200, seed=1))
    assert len(grid) == 200
    assert time.process_time() - start < 1
    assert 160 < sum(cell.parts["mood"] == "calm" for cell in grid) < 197


@pytest.mark.parametrize("name", [*DESIGNS][:-1])
def test_every_prompt_and_every_sample_go_with_each_combination(name):
    owl = Prompt("an owl", environment="a barn")
    two = {**TWO, "aspect_ratio": "16:9"}
    both = fox(prompts=[FOX, owl], samples=[2, 5], **two, design=name)
    alone = fox(samples=1, **two, design=name)
    names = ("camera", "mood", "model", "duration_s")
    for subject in ("a red fox", "an owl"):
        for sample in (2, 5):
            rows = [
                tuple(c.fields[n] for n in names)
                for c in both
                if (c.parts["subject"], c.spec.sample) == (subject, sample)
            ]
            assert rows == levels(alone, *names)


@pytest.mark.parametrize(
    "design",
    ["one_at_a_time", "pairwise", "fractional", Random(5), Random(5, seed=2), Fractional(3)],
)
def test_a_design_is_written_and_read_back(design):
    grid = fox(**TWO, aspect_ratio="16:9", design=design)
    again = Grid.from_yaml(grid.to_yaml())
    assert again == grid
    assert [c.run_key for c in again] == [c.run_key for c in grid]
    assert grid.id != fox(**TWO, aspect_ratio="16:9").id


def test_cells_of_a_design_are_the_runs_of_the_full_grid():
    """A clip made for a design is not paid for again by the full grid."""
    whole = {c.run_key for c in fox()}
    for name in ("one_at_a_time", "pairwise"):
        assert {c.run_key for c in fox(design=name)} < whole


def test_the_bill_and_the_summary_of_a_design_count_its_cells():
    grid = fox(design="one_at_a_time", exclude={"camera": "pan left"}, duration_s=5)
    bill = plan(grid)
    assert (bill.cells, bill.num_excluded) == (6, 1) == (grid.num_kept, grid.size - grid.num_kept)
    assert sum(arm.cells for arm in bill.arms) == 6
    assert grid.tally("model") == {("sim/draft",): 5, ("sim/final",): 1}


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ("ful", ("`design`: 'ful' is none; there are: full, one_at_a_time, paired, pairwise, "
         "fractional, random")),
        (7, ("`design`: 7 is none; there are: full, one_at_a_time, paired, pairwise, fractional, "
         "random")),
        ("random", "`design`: say how many are drawn: tk.Random(12), in a file {random: {k: 12}}"),
        ({"random": {"n": 2}}, "`design`: random takes k, seed, not `n`"),
        ({"random": {"k": 0}}, "`design`: k of a random one is a number from 1, not 0"),
        ({"random": {"k": "x"}}, "`design`: k of a random one is a number from 1, not 'x'"),
    ],
)  # fmt: skip
def test_a_design_that_is_none_says_what_there_is(design, said):
    with pytest.raises(GridError) as caught:
        fox(design=design)
    assert str(caught.value) == said


def test_nothing_that_runs_is_no_crash_in_any_design():
    for name in [*DESIGNS][:-1]:
        grid = fox(**TWO, aspect_ratio="16:9", design=name, exclude=[{"sample": 1}])
        assert (grid.num_kept, list(grid.cells())) == (0, [])
    with pytest.raises(GridError, match="0 that run were found"):
        fox(design=Random(3), exclude=[{"sample": 1}])


def test_the_same_grid_with_another_design_or_model():
    grid = fox(design="pairwise", samples=2, exclude={"mood": "wild"})
    assert grid.with_(design="full") == fox(samples=2, exclude={"mood": "wild"})
    assert grid.with_(camera=None, design="full").varies == [
        "mood",
        "model",
        "aspect_ratio",
        "sample",
    ]


# ---- rules in words


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("model=sim/final and camera=static", {"model": "sim/final", "camera": "static"}),
        ("model=final & aspect_ratio == 9:16", {"model": "sim/final", "aspect_ratio": "9:16"}),
        ("camera='push in'|static", {"camera": ["push in", "static"]}),
        ("duration_s=5|3.0", {"duration_s": [5, 3]}),
        ("prompt.mood=calm", {"mood": "calm"}),
    ],
)
def test_a_rule_may_be_written_in_words(words, rule):
    said, meant = fox(**TWO, exclude=[words]), fox(**TWO, exclude=[rule])
    assert said.num_kept == meant.num_kept < said.size
    assert [c.excluded for c in said] == [c.excluded for c in meant]
    assert fox(**TWO, exclude=words) == said
    assert Grid.from_yaml(said.to_yaml()) == said


def test_a_wording_with_and_in_it_is_one_value():
    grid = Grid(FOX, models="sim/draft", camera=["push in and out", "static"],
                exclude="camera=push in and out")  # fmt: skip
    assert [c.parts["camera"] for c in grid.cells()] == ["static"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("model", ("`exclude`: 'model' is no rule; write it as 'model=sim/final and duration_s=9', "
         "several values of one field as duration_s=9|10")),
        ("model!=sim/final", ("`exclude`: 'model!=sim/final' is no rule; write it as "
         "'model=sim/final and duration_s=9', several values of one field as duration_s=9|10")),
        ("camera=statik", ("`exclude`: no cell has camera 'statik'; there are: 'static', "
         "'push in', 'pan left'")),
        ("modl=x", "`modl`: did you mean `model`?"),
    ],
)  # fmt: skip
def test_a_rule_in_words_that_means_nothing_says_so(words, said):
    with pytest.raises(GridError) as caught:
        fox(exclude=words)
    assert str(caught.value) == said


def test_near_and_designs_go_together():
    grid = fox(duration_s=near(20), design="one_at_a_time")
    assert {c.spec.params["duration_s"] for c in grid} == {10}


# ---- too much of anything


def test_more_cells_than_a_machine_word_counts_are_still_counted_and_priced():
    grid = Grid(Prompt("{a|b}" * 70), models="sim/draft", duration_s=5)
    assert grid.size == grid.num_kept == plan(grid).new == 2**70
    assert grid[2**70 - 1].text == "B" + "b" * 69 + "."
    with pytest.raises(GridError, match=r"^1,180,591,.* cells are more than `len` can say"):
        len(grid)


def test_a_covering_array_of_thousands_is_refused_before_it_is_made():
    many = "{" + "|".join(map(str, range(120))) + "}"
    with pytest.raises(GridError) as caught:
        Grid(Prompt("x", camera=many, mood=many), models="sim/draft", design="pairwise")
    assert str(caught.value) == (
        "`design`: pairwise needs 14,400 combinations for camera and mood alone, at most 1,000 are "
        "made; take a random design"
    )


@pytest.mark.parametrize(
    "extra", ["&a {a: *a}", "{{a: &a [{0}], b: &b [{1}], c: &c [{2}], d: [{3}]}}"]
)
def test_a_grid_file_that_unfolds_without_end_is_refused(extra):
    names = [", ".join([word] * 40) for word in ("x", "*a", "*b", "*c")]
    text = extra.format(*names) if "{0}" in extra else extra
    with pytest.raises(GridError, match=r"its aliases .* stand for more than fits into memory"):
        Grid.from_yaml(f"prompts: x\nmodels: sim/draft\nextra: {text}\n")


def test_a_mistake_in_a_template_of_a_file_names_the_file(tmp_path):
    path = tmp_path / "night.yaml"
    path.write_text("prompts: {subject: 'a {fox'}\nmodels: sim/draft\n")
    with pytest.raises(PromptError, match=r"^night.yaml: `{` at character 2 is not closed; add"):
        Grid.from_yaml(path)
