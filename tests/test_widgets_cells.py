"""Which cells run, on the builder's screen: exclusions, designs, presets, tables, YAML, a pilot."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from toolkit import catalog
from toolkit.errors import GridError
from toolkit.grid import Grid
from toolkit.planning import plan
from toolkit.prompts.formula import Prompt
from toolkit.prompts.presets import preset
from toolkit.widgets.form import grid_from, to_form
from toolkit.widgets.grid_builder import GridBuilder
from toolkit.widgets.pasted import prompts_from_table
from toolkit.widgets.words import offered

WALK = Prompt(
    "a courier",
    environment="a market street",
    camera=("static wide shot", "slow push in, then up and down"),
    mood="quiet documentary",
)
MODELS = ["sim/draft", "sim/final"]
GRID = Grid(WALK, models=MODELS, duration_s=[2, 5], samples=2)


class Screen(GridBuilder):
    """A builder whose answers to the browser are kept, and what it runs."""

    def __init__(self, grid: Grid = GRID, **more: Any) -> None:
        self.ran: list[Grid] = []
        self.said: list[dict[str, Any]] = []
        settings = {"cards": catalog.cards(), "price": catalog.price, "plan": plan}
        super().__init__(grid, on_run=lambda g, **_: self.ran.append(g), **{**settings, **more})
        self._form.send = lambda content, buffers=None: self.said.append(content)

    def click(self, kind: str, **body: Any) -> dict[str, Any]:
        self._form._hear(self._form, {"kind": kind, "id": 7, **body}, [])
        return self.said[-1] if self.said else {}

    def type(self, **changes: Any) -> None:
        form = deepcopy(self._form.form)
        self._form.form = {**form, **changes}

    @property
    def view(self) -> dict[str, Any]:
        return self._form.view


# ---- exclusions ------------------------------------------------------------------------------


def test_an_exclusion_is_typed_as_text_and_the_cells_are_listed_with_the_reason():
    screen = Screen()

    screen.type(exclude=["model = sim/final and duration_s = 5", " "])

    assert screen.grid.exclude == ({"model": "sim/final", "duration_s": 5},)
    assert screen.view["left_out"] == ["excluded: model sim/final, duration_s 5: 4 cells excluded"]
    assert screen.view["bill"].startswith("12 new · 4 excluded")


def test_cells_that_a_model_refuses_are_listed_beside_the_rules():
    screen = Screen(Grid(WALK, models=MODELS, resolution=["540p", "720p"], duration_s=5))

    screen.type(exclude=["camera = static wide shot"])

    assert sorted(screen.view["left_out"]) == [
        "excluded: camera static wide shot: 2 cells excluded",
        "sim/draft takes 540p: 2 cells excluded; “near 720p” would use 540p",
        "sim/final takes 720p: 2 cells excluded; “near 540p” would use 720p",
    ]


def test_a_rule_that_is_none_is_said_at_its_own_line():
    screen = Screen()

    screen.type(exclude=["duration_s = 5", "duration_s = 7"])

    assert screen.view["errors"] == {
        "exclude.1": "`exclude`: no cell has duration_s '7'; there are: 2, 5"
    }
    assert not screen.view["run"]["on"]


@pytest.mark.parametrize(
    "rule",
    [
        {"model": "sim/final", "duration_s": 5},
        {"model": "sim/final", "duration_s": [2, 5]},
        {"camera": "slow push in, then up and down"},
        {"sample": 2, "model": {"sim/draft", "sim/final"}},
    ],
)
def test_an_exclusion_comes_back_from_the_screen_as_it_was(rule: dict[str, Any]):
    grid = GRID.with_(exclude=[rule])

    form, kept = to_form(grid)

    assert form["exclude"]
    assert kept.rules == ()
    assert list(dict(grid_from(form, kept).excluded())) == list(dict(grid.excluded()))
    assert grid.num_kept < len(grid)


def test_a_rule_that_text_cannot_say_is_kept_as_it_is():
    odd = Grid("a | b", models=MODELS, exclude=[lambda cell: cell["model"] == "sim/final"])

    form, kept = to_form(odd)

    assert form["exclude"] == []
    assert grid_from(form, kept).num_kept == 1


# ---- designs ---------------------------------------------------------------------------------


def test_designs_are_compared_with_their_clips_and_price():
    screen = Screen()

    rows = {row["text"]: row for row in screen.click("beside", designs=True)["designs"]}

    assert (rows["full"]["clips"], rows["full"]["cost"]) == ("16 clips", str(plan(GRID).cost))
    assert rows["one_at_a_time"]["clips"] == "8 clips"
    assert rows["one_at_a_time"]["open"].startswith("how camera, model and duration_s")
    assert "off" not in rows["fractional"]


def test_a_chosen_design_is_the_grids_and_its_price_the_receipts():
    screen = Screen()

    screen.type(design="one_at_a_time")
    assert screen.grid == GRID.with_(design="one_at_a_time")
    assert screen.view["run"]["label"].startswith("Run 8 clips")

    screen.type(design="Random(k=3, seed=4)")
    assert screen.view["run"]["label"].startswith("Run 6 clips")
    assert "k=3" in screen.view["code"]
    assert to_form(screen.grid)[0]["design"] == "Random(k=3, seed=4)"


def test_a_design_that_does_not_fit_says_why():
    screen = Screen(Grid(WALK, models="sim/draft", duration_s=[2, 4, 5]))
    rows = {row["text"]: row for row in screen.click("beside", designs=True)["designs"]}
    assert "as many values" in rows["paired"]["off"]

    screen.type(design="paired")

    assert "as many values" in screen.view["errors"]["design"]
    assert not screen.view["run"]["on"]


# ---- a look before the bill ------------------------------------------------------------------


def test_the_pilot_says_its_amount_and_runs_one_sample_on_the_cheapest():
    screen = Screen()

    button = screen.click("beside")["pilot"]
    assert button == {"label": "Pilot 4 clips · sim $0.28", "on": True,
                      "why": "one sample on sim/draft"}  # fmt: skip

    screen.type(samples="3")
    screen.click("pilot")
    assert [(g.models, len(g)) for g in screen.ran] == [(("sim/draft",), 4)]
    assert screen.view["said"].startswith("Pilot on sim/draft: running 4 clips")
    assert screen.is_edited  # the pilot is not the grid
    assert screen.unsaved(screen.ran[0]) is None


def test_the_dry_run_says_what_would_be_sent_and_sends_nothing():
    screen = Screen()

    screen.click("dry_run")

    assert screen.view["dry_run"].startswith("dry run: 16 cells, 2 texts on sim/draft, sim/final")
    assert screen.ran == []
    screen.type(samples="1")
    assert screen.view["dry_run"] == ""  # it was of another grid


# ---- from elsewhere --------------------------------------------------------------------------


def test_a_preset_is_loaded_and_asks_before_edits_are_lost():
    screen = Screen()
    screen.click("preset", name="steaming-cup")
    cup = preset("steaming-cup")
    same = Grid(cup.prompt, models=MODELS, **cup.axes)
    assert [cell.run_key for cell in screen.grid] == [cell.run_key for cell in same]
    assert not screen.is_edited

    screen.click("undo")
    assert screen.grid == GRID

    screen.type(samples="4")
    screen.click("preset", name="pines-in-fog")
    assert screen.view["ask"]["text"] == (
        "Load the preset “Pines in fog”? Your edits here would be lost."
    )
    screen.click("answer", yes=False)
    assert screen.grid.samples == range(1, 5)
    screen.click("preset", name="pines-in-fog")
    screen.click("answer", yes=True)
    assert screen.grid.prompts[0].name == "pines-in-fog"


@pytest.mark.parametrize("grid", [GRID, GRID.with_(design="pairwise", exclude=[{"sample": 2}])])
def test_yaml_goes_out_and_comes_back_as_the_same_grid(grid: Grid):
    screen = Screen(grid)
    text = screen.click("yaml")["text"]
    other = Screen(Grid("something else", models="sim/draft"))

    other.click("load_yaml", text=text)

    assert other.grid == grid
    assert other.view["said"] == "Loaded the grid of the text."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no text"),
        ("prompts: [", "no YAML"),
        ("models: sim/draft", "needs `prompts`"),
        ("/etc/passwd", "a grid is a mapping"),
    ],
)
def test_a_text_that_is_no_grid_changes_nothing_and_says_why(text: str, why: str):
    screen = Screen()

    screen.click("load_yaml", text=text)

    assert why in screen._form.problem
    assert screen.grid == GRID


def test_rows_of_a_spreadsheet_become_prompts_with_parts():
    screen = Screen(Grid(Prompt("x"), models="sim/draft"))
    screen.type(prompts=[{"name": "", "scene": "", "typed": None, "parts": {"subject": " "}}])

    screen.click("table", text='a fox\tsnow\t"static\nslow push in"\tcalm\na wolf\train\t\tgrey\n')

    fox, wolf = screen.grid.prompts
    assert (fox.subject, fox.environment, fox.camera, fox.mood) == (
        "a fox", "snow", ("static", "slow push in"), "calm",
    )  # fmt: skip
    assert (wolf.subject, wolf.camera) == ("a wolf", "")
    assert screen.view["said"] == "Added 2 prompts from the table."


def test_a_first_row_may_name_the_columns():
    (row,) = prompts_from_table("Camera\tSubject\tName\npan left\ta fox\tfox 1\n\t\t\n")

    assert row == {"name": "fox 1", "scene": "", "typed": None,
                   "parts": {"subject": "a fox", "camera": "pan left"}}  # fmt: skip


def test_one_column_is_sent_as_typed():
    assert [row["typed"] for row in prompts_from_table("A fox, 4k.\r\nA wolf.")] == [
        "A fox, 4k.", "A wolf.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" \n\t", "nothing was pasted"),
        ("a\tb\tc", "3 columns, and the first row does not name them"),
        ("subject\tsubject\na\tb", "two columns are the same part"),
        ("a\n" * 501, "501 rows; at most 500"),
    ],
)
def test_a_table_that_does_not_fit_says_why(text: str, why: str):
    with pytest.raises(GridError, match=why):
        prompts_from_table(text)


# ---- words while typing ----------------------------------------------------------------------


def test_words_of_a_part_go_on_with_what_is_typed():
    found = offered("camera", "wide shot, slow pu", GRID)

    assert found["words"][:2] == ["slow push in", "slow pull out"]
    assert "wide shot, slow pu"[found["start"] :] == "slow pu"
    assert offered("camera", "{static|slow pu", GRID)["start"] == len("{static|")
    assert offered("name", "slow", GRID) == {"words": [], "start": 4}


def test_words_of_an_exclusion_are_the_grids_fields_and_values():
    assert offered("exclude", "mod", GRID) == {"words": ["model = "], "start": 0}
    both = offered("exclude", "model = sim/final and dur", GRID)
    assert both == {"words": ["duration_s = "], "start": len("model = sim/final and ")}
    values = offered("exclude", "model = sim/draft|fin", GRID)
    assert values == {"words": ["sim/final"], "start": len("model = sim/draft|")}
    assert offered("exclude", "nothing = ", GRID)["words"] == []


def test_models_that_cannot_run_from_here_are_marked():
    screen = Screen(why_not=lambda c: None if c.is_simulated else f"no key for {c.service}")

    usable = [row["model"] for row in screen.view["models"] if row["usable"]]

    assert usable == [*MODELS, "sim/still"]


# ---- what varies, in short -------------------------------------------------------------------


def test_sizes_are_typed_together_and_priced_as_two_parameters():
    screen = Screen(Grid(WALK, models="sim/draft", duration_s=5))

    screen.type(params={"duration_s": "2, 3, .., 5", "size": "540p@16:9, 540x960"})

    sizes = [{"resolution": "540p", "aspect_ratio": ratio} for ratio in ("16:9", "9:16")]
    assert screen.grid == Grid(WALK, models="sim/draft", duration_s=range(2, 6), size=sizes)
    assert to_form(screen.grid)[0]["params"]["size"] == "540p@16:9, 540p@9:16"
    draft = next(row for row in screen.view["models"] if row["model"] == "sim/draft")
    assert draft["price"] == "sim $0.04–0.10"
    assert "off" not in draft

    screen.type(params={"size": "4k@16:9"})
    draft = next(row for row in screen.view["models"] if row["model"] == "sim/draft")
    assert draft["off"].startswith("takes 540p")


def test_a_row_of_numbers_that_leads_nowhere_is_said_at_its_field():
    screen = Screen()

    screen.type(params={"duration_s": "1, 3, .., 6"})
    assert "does not lead from 1 to 6" in screen.view["errors"]["param.duration_s"]

    screen.type(params={"duration_s": "5, SKIP: 9", "seed": "1-1000000000"}, samples="1-1000000000")
    assert screen.view["errors"] == {}
    assert screen.grid.size == 2 * 2 * 10**18
