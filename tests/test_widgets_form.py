"""The screen and the grid say the same, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolkit.grid import Grid, near
from toolkit.prompts.formula import Prompt
from toolkit.widgets.form import FormError, grid_from, read_values, to_form

WALK = Prompt(
    subject="a courier in a yellow raincoat",
    environment="a {narrow|wide} street at dusk",
    camera=("static wide shot", "slow push in"),
    mood="quiet documentary",
)
PICTURE = bytes.fromhex("89504e470d0a1a0a")


def keys(grid: Grid) -> list[str]:
    return [cell.run_key for cell in grid]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Grid(WALK, models="sim/draft", duration_s=5, samples=3),
        lambda: Grid(WALK, models=["sim/draft", "sim/final"], duration_s=near(5), samples=[2, 5]),
        lambda: Grid(WALK, models="sim/draft", seed=range(1, 6), samples=[2]),
        lambda: Grid(WALK, models="sim/draft", seed=[3, 1], audio=False, fps=24),
        lambda: Grid(WALK, models="sim/draft", resolution=["540p", None], duration_s=[2.5, 4]),
        lambda: Grid([WALK, "sent as typed", "another"], models="sim/draft", mood=["a", "b"]),
        lambda: Grid(["one wording", "another"], models="sim/draft", scene="watch ad"),
        lambda: Grid(WALK, models="sim/draft", camera=["static", "", "orbit left"]),
        lambda: Grid(
            WALK,
            models=["sim/draft", "sim/final"],
            exclude=[{"model": "sim/final", "duration_s": 2}],
            duration_s=[2, 5],
        ),
        lambda: Grid(
            WALK,
            models="sim/draft",
            size=[
                {"resolution": "540p", "aspect_ratio": "16:9"},
                {"resolution": "540p", "aspect_ratio": "9:16"},
            ],
        ),
        lambda: Grid(Prompt("a fox", negative="text", name="fox"), models="sim/draft"),
        lambda: Grid(WALK, models="sim/draft", extra={"style": {"a": 1}}),
        lambda: Grid(Prompt("лиса в лесу", mood="тихо 🦊"), models="sim/draft"),
    ],
)
def test_a_grid_comes_back_from_the_screen_as_it_was(make: Any):
    grid = make()

    again = grid_from(*to_form(grid))

    assert keys(again) == keys(grid)
    assert again.exclusions == grid.exclusions
    assert [cell.labels["scene"] for cell in again] == [cell.labels["scene"] for cell in grid]


def test_a_start_image_is_shown_as_its_path(tmp_path: Path):
    (tmp_path / "frame.png").write_bytes(PICTURE)
    grid = Grid(WALK, models="sim/final", start_image=str(tmp_path / "frame.png"))

    form, kept = to_form(grid)

    assert form["params"]["start_image"] == str(tmp_path / "frame.png")
    assert keys(grid_from(form, kept)) == keys(grid)


def test_one_wording_a_line_and_none_leaves_the_part_out():
    form, kept = to_form(Grid(WALK, models="sim/draft"))
    form["prompts"][0]["parts"]["mood"] = "  dreamy \n\n (none)\nharsh   light "

    grid = grid_from(form, kept)

    assert grid.prompts[0].mood == ("dreamy", "", "harsh light")


def wrong(**changes: Any) -> dict[str, str]:
    form, kept = to_form(Grid(WALK, models="sim/draft", duration_s=5))
    parts = changes.pop("parts", {})
    params = changes.pop("params", {})
    form["prompts"][0]["parts"].update(parts)
    form["params"].update(params)
    with pytest.raises(FormError) as caught:
        grid_from({**form, **changes}, kept)
    return caught.value.places


def test_what_is_wrong_is_said_where_it_is():
    assert wrong(models=[]) == {"models": "choose a model"}
    assert wrong(samples="some") == {
        "samples": "a count from 1, or sample numbers such as 4, 5; found 'some'"
    }
    assert wrong(samples="0").keys() == {"samples"}
    assert wrong(parts={"camera": "pan\nstatic\npan"}) == {
        "0.camera": "'pan' is written twice; change or delete one"
    }
    assert wrong(parts={"mood": "a {soft|hard light"}).keys() == {"0.mood"}
    assert wrong(parts={"subject": "a\0b"}).keys() == {"0.subject"}
    assert wrong(params={"duration_s": "long"}) == {
        "param.duration_s": "`duration_s` is a number, not 'long'"
    }
    assert wrong(params={"resolution": "540p, 540p"}).keys() == {"param.resolution"}
    assert wrong(params={"start_image": "/nowhere/x.png"}).keys() == {"param.start_image"}
    assert wrong(prompts=[]) == {"prompts": "write a prompt"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("5", [5]),
        (" 5 , 9.5,", [5, 9.5]),
        ("near 5, ~720p", [near(5), near("720p")]),
        ("yes, NO", [True, False]),
        ("default", [None]),
        ("16:9", ["16:9"]),
        ("-3", [-3]),
    ],
)
def test_values_are_read_as_a_person_types_them(text: str, values: list[Any]):
    assert list(read_values("duration_s", text)) == values


def test_a_range_of_seeds_is_short_to_write():
    assert read_values("seed", "1-1000000000000") == range(1, 1_000_000_000_001)
