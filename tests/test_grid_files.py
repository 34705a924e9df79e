"""The grid files and word lists in `data/`: what a newcomer opens first must work as it is."""

from pathlib import Path

import pytest

from toolkit.grid import Grid
from toolkit.planning import approve, plan
from toolkit.store import Budget, Purse

DATA = Path(__file__).parents[1] / "data"
GRIDS = sorted(DATA.glob("*.yaml"))
LISTS = sorted((DATA / "wildcards").glob("*.txt"))


def test_there_are_examples():
    assert {"courier", "ab_camera", "watch_ad", "sizes_linked"} <= {path.stem for path in GRIDS}
    assert {"lens", "light", "palette", "weather", "time_of_day"} <= {path.stem for path in LISTS}


@pytest.mark.parametrize("path", GRIDS, ids=lambda path: path.stem)
def test_an_example_grid_runs_on_the_simulator_unasked(path):
    grid = Grid.from_yaml(path)
    bill = plan(grid)
    budget = Budget(cap_micro_usd=5_000_000, per_day_micro_usd=None, real=Purse(), sim=Purse())
    assert {model.split("/")[0] for model in grid.models} == {"sim"}
    assert (bill.cost.high, bill.cost.unknown) == (0, 0)
    assert 0 < bill.cost.sim_high <= 5_000_000
    assert all(cell.text.strip() and "__" not in cell.text for cell in grid.cells())
    approve(bill, budget)


@pytest.mark.parametrize("path", GRIDS, ids=lambda path: path.stem)
def test_an_example_grid_is_written_and_read_back_the_same(path, tmp_path):
    grid = Grid.from_yaml(path)
    keys = [cell.run_key for cell in grid]
    assert [cell.run_key for cell in Grid.from_yaml(grid.to_yaml())] == keys


def test_the_walk_is_the_one_of_the_readme():
    grid = Grid.from_yaml(DATA / "courier.yaml")
    assert (len(grid), grid.varies) == (9, ["camera", "sample"])
    assert grid[0].text == (
        "A courier in a yellow raincoat pushing a bicycle. Rain runs off the coat as she walks. "
        "A narrow market street at dusk, neon on wet stone. Static wide shot. "
        "Quiet documentary, muted teal and amber."
    )


def test_wordings_of_the_watch_ad_share_a_scene_and_are_typed():
    grid = Grid.from_yaml(DATA / "watch_ad.yaml")
    assert grid.scenes == ["watch ad"]
    assert all(prompt.is_typed for prompt in grid.prompts)


def test_linked_sizes_leave_out_what_a_model_does_not_take():
    grid = Grid.from_yaml(DATA / "sizes_linked.yaml")
    assert (len(grid), grid.num_kept) == (16, 8)
    assert [(e.reason, e.cells) for e in grid.exclusions] == [
        ("sim/draft takes 540p", 4),
        ("sim/final takes 720p", 4),
    ]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_word_list_names_each_wording_once(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    words = [line for line in lines if line and not line.startswith("#")]
    assert lines[0].startswith("# ")
    assert len(words) == len(set(words)) >= 5
    assert all(word == word.strip() for word in words)
