"""What may be typed in short for the values of an axis."""

import pytest

from toolkit.errors import GridError
from toolkit.grid import Grid
from toolkit.prompts.formula import Prompt

FOX = Prompt("a red fox", camera="static")


def fox(**asked):
    return Grid(FOX, **{"models": "sim/draft", **asked})


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("1-5", [1, 2, 3, 4, 5]),
        ("3, 5", [3, 5]),
        ("5", [5]),
        ("1, 2, .., 10", [*range(1, 11)]),
        ("2, 4, ..., 10", [2, 4, 6, 8, 10]),
        ("1, .., 4", [1, 2, 3, 4]),
        ("9, 2, 4, .., 8", [9, 2, 4, 6, 8]),
        ("1-3, 7", [1, 2, 3, 7]),
        ("3, SKIP: 4, 5", [3, 5]),
    ],
)
def test_numbers_may_be_written_as_a_row(typed, values):
    assert [c.spec.params["seed"] for c in fox(seed=typed)] == values
    assert [c.spec.sample for c in fox(samples=typed)] == values
    assert [c.spec.params["seed"] for c in Grid.from_yaml(fox(seed=typed).to_yaml())] == values


def test_seconds_may_have_a_point():
    assert [c.spec.params["duration_s"] for c in fox(duration_s="2.5, 5")] == [2.5, 5]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"seed": "5-1"}, ("`seed`: '5-1' does not lead from 5 to 1 in steps of 1; write "
         "'1, 2, .., 10' or '1-10'")),
        ({"seed": "1, 3, .., 10"}, ("`seed`: '1, 3, .., 10' does not lead from 1 to 10 in steps of "
         "2; write '1, 2, .., 10' or '1-10'")),
        ({"seed": "1, .., x"}, ("`seed`: '1, .., x' is no row of whole numbers; write "
         "'1, 2, .., 10' or '1-10'")),
        ({"seed": ".., 5"}, ("`seed`: '.., 5' is no row of whole numbers; write '1, 2, .., 10' or "
         "'1-10'")),
        ({"duration_s": "long"}, "`duration_s` is a number, not 'long'"),
        ({"seed": "SKIP: 1"}, "`seed` has no values; leave it out, or give one"),
        ({"seed": "1, 1"}, "`seed` names a value twice: [1, 1]"),
        ({"size": "large"}, "`size`; there are: "),
        ({"size": ["720p@16:9", "540p"]}, ("`size` links resolution, aspect_ratio: every value "
         "sets just these, found '540p'")),
        ({"size": "720p@wide"}, "`aspect_ratio` is a shape such as '16:9', not 'wide'"),
        ({"size": "720p@16:9", "aspect_ratio": "1:1"}, ("`aspect_ratio` is set by `size` and by "
         "`aspect_ratio`")),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_refused_with_the_way_out(asked, said):
    with pytest.raises(GridError) as caught:
        fox(**asked)
    assert str(caught.value).startswith(said)


def test_a_value_to_skip_stays_in_the_list_and_is_not_run():
    grid = fox(camera=["static", "SKIP: push in", "pan left"], duration_s=[3, "skip: 9"])
    assert [c.parts["camera"] for c in grid] == ["static", "pan left"]
    assert {c.spec.params["duration_s"] for c in grid} == {3}


@pytest.mark.parametrize("name", ["size", "resolution"])
def test_a_size_and_its_shape_are_written_together(name):
    grid = fox(**{name: ["960 × 540 @ 16:9", "540p@9:16"]})
    assert [c.spec.params for c in grid] == [
        {"resolution": "540p", "aspect_ratio": "16:9"},
        {"resolution": "540p", "aspect_ratio": "9:16"},
    ]
    assert grid.axes["size"] == ["540p@16:9", "540p@9:16"]
    assert Grid.from_yaml(grid.to_yaml()) == grid


def test_pixels_alone_say_the_shape_too():
    (cell,) = fox(size="720x1280", models="sim/final")
    assert cell.spec.params == {"resolution": "720p", "aspect_ratio": "9:16"}


def test_a_linked_size_may_be_excluded_by_its_short_name():
    grid = fox(size=["540p@16:9", "540p@9:16"], exclude="size=540p@9:16")
    assert [c.spec.params["aspect_ratio"] for c in grid.cells()] == ["16:9"]
