"""The grid builder: the screen, the grid, the bill and the code cannot disagree."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest

from toolkit import catalog
from toolkit.errors import ApprovalNeeded, BudgetError, GridError
from toolkit.grid import Grid, near
from toolkit.planning import plan
from toolkit.prompts.formula import Prompt
from toolkit.records import State
from toolkit.widgets.grid_builder import GridBuilder

WALK = Prompt(
    subject="a courier",
    environment="a market street",
    camera=("static wide shot", "slow push in", "handheld, following"),
    mood="quiet documentary",
)
GRID = Grid(WALK, models="sim/draft", duration_s=5, samples=3)


@dataclass
class Batch:
    """A batch as the builder knows it."""

    is_finished: bool = False
    stops: list[int] = field(default_factory=list)

    def progress(self) -> Any:
        return type(
            "Figures",
            (),
            {
                "counts": {State.DONE if self.is_finished else State.PLANNED: 9},
                "total": 9,
                "eta_s": None,
                "money": "",
                "message": None,
            },
        )()

    def stop(self) -> None:
        self.stops.append(1)


@dataclass
class Runner:
    """Notes what it is asked to run; asks for approval above `free_usd`."""

    free_usd: float = 1e9
    calls: list[tuple[Grid, dict[str, float]]] = field(default_factory=list)
    batch: Batch = field(default_factory=Batch)

    def __call__(self, grid: Grid, **approval: float) -> Batch:
        high = plan(grid).cost.high / 1e6
        if high > max(self.free_usd, approval.get("up_to_usd", 0)):
            raise ApprovalNeeded(f"{high} dollars. Nothing spent. To run: exp.run(grid, …)")
        self.calls.append((grid, approval))
        return self.batch


@pytest.fixture
def runner() -> Runner:
    return Runner()


def build(runner: Runner, grid: Grid = GRID, **more: Any) -> GridBuilder:
    settings = {"cards": catalog.cards(), "price": catalog.price, "plan": plan, "on_run": runner}
    return GridBuilder(grid, **{**settings, **more})


def type_in(builder: GridBuilder, **changes: Any) -> None:
    """What the browser sends: the whole form, changed."""
    form = deepcopy(builder._form.form)
    form["prompts"][0]["parts"].update(changes.pop("parts", {}))
    form["params"].update(changes.pop("params", {}))
    builder._form.form = {**form, **changes}


def click(builder: GridBuilder, kind: str, **body: Any) -> None:
    builder._form._hear(builder._form, {"kind": kind, **body}, [])


def row(builder: GridBuilder, model: str) -> dict[str, Any]:
    return next(r for r in builder._form.view["models"] if r["model"] == model)


def test_it_says_how_many_clips_and_what_they_cost(runner: Runner):
    view = build(runner)._form.view

    assert view["factors"] == "3 camera × 3 samples = 9 clips · sim $0.90"
    assert view["run"] == {"label": "Run 9 clips · sim $0.90", "on": True}
    assert view["counts"] == {"0.camera": "3 wordings"}
    assert view["num_texts"] == 3
    assert view["texts"][1] == "A courier. A market street. Slow push in. Quiet documentary."


def test_what_is_typed_is_the_grid(runner: Runner):
    builder = build(runner)

    type_in(builder, parts={"mood": "calm\ntense"}, models=["sim/draft", "sim/final"], samples="1")

    assert builder.grid == Grid(
        Prompt(
            subject="a courier",
            environment="a market street",
            camera=list(WALK.camera),
            mood=["calm", "tense"],
        ),
        models=["sim/draft", "sim/final"],
        duration_s=5,
    )
    view = builder._form.view
    assert view["factors"].startswith("3 camera × 2 mood × 2 models = 12 clips · sim $")
    assert builder.is_edited


def test_the_code_shown_makes_the_grid(runner: Runner):
    import toolkit as tk

    builder = build(runner)
    type_in(builder, params={"duration_s": "near 5", "seed": "1-3"})
    names: dict[str, Any] = {"tk": tk, "exp": type("E", (), {"run": print})}

    exec(builder._form.view["code"].rsplit("\n", 1)[0], names)

    assert names["grid"] == builder.grid
    assert builder._form.view["code"].endswith("\nexp.run(grid)")


def test_an_unfinished_screen_says_so_and_keeps_its_last_bill_off(runner: Runner):
    builder = build(runner)

    type_in(builder, models=[], params={"duration_s": "long"})

    view = builder._form.view
    assert view["factors"] == "Not a grid yet"
    assert view["notes"] == [{"tone": "bad", "text": "choose a model"}]
    assert view["run"]["on"] is False
    with pytest.raises(GridError, match=r"^choose a model$"):
        _ = builder.grid
    click(builder, "run")
    assert builder._form.problem == "choose a model"
    assert runner.calls == []


def test_models_that_cannot_be_used_say_why(runner: Runner):
    builder = build(runner, why_not=lambda c: None if c.is_simulated else f"no key for {c.service}")
    assert row(builder, "luma/ray-2")["off"] == "no key for luma"
    assert "off" not in row(builder, "sim/final")

    type_in(builder, params={"resolution": "720p"})

    assert row(builder, "sim/draft")["off"] == "takes 540p; “near 720p” would use 540p"
    assert builder._form.view["left_out"] == [
        "sim/draft takes 540p: 9 cells excluded; “near 720p” would use 540p"
    ]
    assert builder._form.view["run"] == {
        "label": "Nothing to run", "on": False, "why": "no cell runs",
    }  # fmt: skip


def test_a_models_price_covers_all_that_is_asked(runner: Runner):
    builder = build(runner)
    assert row(builder, "sim/draft")["price"] == "sim $0.10"

    type_in(builder, params={"duration_s": "2, 5"})

    assert row(builder, "sim/draft")["price"] == "sim $0.04–0.10"


def test_near_is_asked_of_each_model_as_it_comes_to(runner: Runner):
    grid = Grid(WALK, models="vertex/veo-3.1-lite", duration_s=near(5), resolution="720p")

    builder = build(runner, grid)

    assert "off" not in row(builder, "vertex/veo-3.1-lite")
    assert row(builder, "vertex/veo-3.1-lite")["price"].startswith("$")


def test_run_runs_what_is_on_the_screen_and_shows_the_monitor(runner: Runner):
    builder = build(runner)
    form = deepcopy(builder._form.form)
    form["samples"] = "1"

    click(builder, "run", form=form)  # the trait would come later than the click

    assert [(len(grid), approval) for grid, approval in runner.calls] == [(3, {})]
    assert builder.batch is runner.batch
    assert builder._form.view["said"] == "Running 3 clips; `b.batch` is the batch."
    (monitor,) = builder._below.children
    assert not builder.is_edited

    runner.batch.is_finished = True
    monitor.poke()
    monitor.join(5)
    assert monitor.is_over
    assert builder._form.view["said"] == ""


def test_a_large_bill_is_asked_for_with_its_amount(runner: Runner):
    runner.free_usd = 1.0
    grid = Grid(WALK, models="luma/ray-2", duration_s=5, resolution="540p", samples=2)
    builder = build(runner, grid)

    click(builder, "run")
    question = builder._form.view["ask"]
    assert question["text"].endswith("Nothing spent.")
    high = plan(grid).cost.high / 1e6
    assert question["yes"] == f"Run, up to ${high:.2f}"
    assert runner.calls == []

    click(builder, "answer", yes=False)
    assert builder._form.view["ask"] is None
    assert runner.calls == []

    click(builder, "run")
    click(builder, "answer", yes=True)
    assert [approval for _, approval in runner.calls] == [{"up_to_usd": pytest.approx(high)}]


def test_a_refusal_is_shown_in_words(runner: Runner):
    def refuse(_grid: Grid, **_: float) -> None:
        raise BudgetError("a paid run needs a budget; exp.set_budget(5)")

    builder = build(runner, on_run=refuse)

    click(builder, "run")

    assert builder._form.problem == "a paid run needs a budget; exp.set_budget(5)"


def test_another_grid_asks_before_edits_are_lost(runner: Runner):
    other = Grid("typed as it is", models="sim/final")
    builder = build(runner)
    assert builder.ask(GRID)

    type_in(builder, parts={"mood": "my own"})
    assert builder.unsaved(other) is not None
    assert builder.unsaved(builder.grid) is None
    assert not builder.ask(other)
    click(builder, "answer", yes=False)
    assert builder.grid.prompts[0].mood == "my own"

    builder.ask(other)
    click(builder, "answer", yes=True)
    assert builder.grid == other
    assert not builder.is_edited


def test_an_edit_that_changes_nothing_is_no_edit(runner: Runner):
    builder = build(runner)

    type_in(builder, params={"fps": " "}, parts={"action": ""})

    assert not builder.is_edited


def test_what_the_screen_cannot_say_is_kept_and_said(runner: Runner):
    grid = Grid(
        WALK,
        models="sim/draft",
        duration_s=[2, 5],
        exclude=[lambda cell: cell["duration_s"] == 2 and cell["camera"] == "slow push in"],
    )
    builder = build(runner, grid)

    type_in(builder, samples="2")

    assert builder.grid.exclude == grid.exclude
    assert builder.grid.num_kept == 10
    kept = {"tone": "info", "text": "kept as in the code: a function that excludes"}
    assert kept in builder._form.view["notes"]


def test_the_text_of_a_builder_is_the_bill_and_the_code(runner: Runner):
    text = repr(build(runner))

    assert text.startswith("Grid builder · 3 camera × 3 samples = 9 clips · sim $0.90")
    assert "tk.Grid(" in text
    assert " at 0x" not in text
    data = build(runner)._repr_mimebundle_()
    assert data["text/plain"] == text


def test_what_is_sent_to_the_browser_is_small_and_holds_no_key(runner: Runner, monkeypatch):
    monkeypatch.setenv("LUMAAI_API_KEY", "luma-secret-123")
    builder = build(runner)

    state = {
        name: value
        for name, value in builder._form.get_state().items()
        if name not in ("_esm", "_css", "layout")
    }

    assert len(json.dumps(state)) < 20_000
    assert "luma-secret-123" not in json.dumps(builder._form.get_state(), default=str)


def test_a_grid_of_many_millions_is_counted_at_once(runner: Runner):
    builder = build(runner)

    type_in(builder, samples="1000000", parts={"mood": "\n".join(f"m{n}" for n in range(60))})

    assert builder._form.view["factors"].startswith(
        "3 camera × 60 mood × 1,000,000 samples = 180,000,000 clips"
    )


def test_an_unknown_setting_of_the_widget_is_an_error(runner: Runner):
    with pytest.raises(TypeError, match="on_ran"):
        build(runner, on_ran=print)
