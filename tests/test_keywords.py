"""Calls with a wrong, a missing or a misspelt argument, and what is said of them."""

from __future__ import annotations

import inspect
from typing import Any

import pandas as pd
import pytest

import toolkit as tk
from toolkit.errors import ArgumentError
from toolkit.keywords import tells


@tells
def cook(dish: str, *, salt: int = 1, for_how_many: int = 2) -> str:
    """Cooks."""
    return f"{dish} {salt} {for_how_many}"


@tells
def open_ended(*, models: str, **axes: Any) -> dict[str, Any]:
    return {"models": models, **axes}


def test_a_right_call_is_what_it_was():
    assert cook("soup", salt=3) == "soup 3 2"
    assert open_ended(models="a", camera="b") == {"models": "a", "camera": "b"}
    assert (cook.__name__, cook.__doc__) == ("cook", "Cooks.")
    assert list(inspect.signature(cook).parameters) == ["dish", "salt", "for_how_many"]


def test_an_error_of_the_work_itself_is_left_alone():
    @tells
    def broken() -> None:
        len(5)

    with pytest.raises(TypeError, match="has no len") as found:
        broken()
    assert not isinstance(found.value, tk.ToolkitError)


WRONG = {
    "cook: no argument `slat`: did you mean `salt`?": lambda: cook("soup", slat=3),
    "cook: no argument `zzz`; it takes: dish, salt, for_how_many": lambda: cook("soup", zzz=3),
    "cook: `dish` is missing; it takes: dish, salt, for_how_many": lambda: cook(),
    "cook: too many positional arguments; it takes: dish, salt, for_how_many": lambda: cook("a", 2),
    "open_ended: no argument `model`: did you mean `models`?": lambda: open_ended(model="a"),
    "open_ended: `models` is missing; it takes: models": lambda: open_ended(camera="a"),
    "Grid: no argument `model`: did you mean `models`?": lambda: tk.Grid("fox", model="sim/draft"),
    "Grid: `models` is missing; it takes: prompts, models": lambda: tk.Grid("a fox"),
    "Grid: `models` is missing; it takes: prompts, models, ": lambda: tk.Grid("a fox", mood="x"),
    "sheet: no argument `row`: did you mean `rows`?": lambda: tk.sheet(pd.DataFrame(), row="a"),
    "models: no argument `max_dollar`; it takes: words, max_usd": lambda: tk.models(max_dollar=1),
}  # fmt: skip


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_call_says_what_would_be_right(message):
    with pytest.raises(ArgumentError) as found:
        WRONG[message]()
    assert str(found.value).startswith(message)
    assert isinstance(found.value, TypeError)
    assert isinstance(found.value, tk.ToolkitError)


def test_an_experiment_names_the_argument_that_was_meant(tmp_path):
    exp = tk.Experiment(tmp_path / "zoo", say=lambda _: None)
    with exp:
        for call, said in (
            (lambda: exp.results("camera", off="votes"), "exp.results: no argument `off`: did you"),
            (lambda: exp.run("a fox", upto_usd=5), "exp.run: no argument `upto_usd`: did"),
            (lambda: exp.score("sharpness_log"), "exp.score: too many positional arguments; it"),
            (lambda: exp.sheet(row="camera"), "sheet: no argument `row`: did you mean `rows`"),
            (lambda: exp.settle("abc"), "exp.settle: `action` is missing"),
            (lambda: exp.run(), "exp.run: `grid` is missing"),
        ):  # fmt: skip
            with pytest.raises(ArgumentError) as found:
                call()
            assert str(found.value).startswith(said)
        for call in (exp.plan, exp.run):
            with pytest.raises(
                tk.GridError, match=r"^what runs is a grid, not 'a fox': tk\.Grid\("
            ):
                call("a fox")
            with pytest.raises(tk.GridError, match=r"^what runs is a grid, not a Prompt: "):
                call(tk.Prompt("a fox"))
    with pytest.raises(
        ArgumentError, match="Experiment: no argument `budget`: did you mean `budget_"
    ):
        tk.Experiment(tmp_path / "zoo", budget=5)
