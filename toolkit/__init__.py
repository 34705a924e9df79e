"""promptgrid: text-to-video prompt A/B experiments in notebooks.

    import toolkit as tk

    exp = tk.Experiment("courier", budget_usd=5)
    grid = tk.Grid(tk.Prompt("a fox", camera=["static", "slow push in"]), models="sim/draft")
    exp.plan(grid)
    batch = exp.run(grid)

Names are loaded when they are first used, so that the import costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.advice import advise
    from toolkit.errors import (
        ApprovalNeeded,
        BudgetError,
        CatalogError,
        ClipError,
        ExportError,
        GridError,
        ImportProblem,
        PromptError,
        ProviderError,
        Refused,
        ReviewError,
        ScoreError,
        StoreError,
        ToolkitError,
    )
    from toolkit.experiment import Batch, Experiment
    from toolkit.grid import Fractional, Grid, Random, near
    from toolkit.planning import add_model, designs, dry_run, models, pilot
    from toolkit.prompts.diff import diff
    from toolkit.prompts.formula import Prompt
    from toolkit.prompts.lint import lint
    from toolkit.prompts.presets import preset, presets
    from toolkit.prompts.split import split
    from toolkit.prompts.vocabulary import complete
    from toolkit.records import Metric, Reading, RunSpec, State
    from toolkit.sheets import sheet
    from toolkit.simulator import simulate

_HOMES = {
    "advice": ("advise",),
    "errors": (
        "ApprovalNeeded", "BudgetError", "CatalogError", "ClipError", "ExportError", "GridError",
        "ImportProblem", "PromptError", "ProviderError", "Refused", "ReviewError", "ScoreError",
        "StoreError", "ToolkitError",
    ),
    "experiment": ("Batch", "Experiment"),
    "grid": ("Fractional", "Grid", "Random", "near"),
    "planning": ("add_model", "designs", "dry_run", "models", "pilot"),
    "prompts.diff": ("diff",),
    "prompts.formula": ("Prompt",),
    "prompts.lint": ("lint",),
    "prompts.presets": ("preset", "presets"),
    "prompts.split": ("split",),
    "prompts.vocabulary": ("complete",),
    "records": ("Metric", "Reading", "RunSpec", "State"),
    "sheets": ("sheet",),
    "simulator": ("simulate",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ApprovalNeeded",
    "Batch",
    "BudgetError",
    "CatalogError",
    "ClipError",
    "Experiment",
    "ExportError",
    "Fractional",
    "Grid",
    "GridError",
    "ImportProblem",
    "Metric",
    "Prompt",
    "PromptError",
    "ProviderError",
    "Random",
    "Reading",
    "Refused",
    "ReviewError",
    "RunSpec",
    "ScoreError",
    "State",
    "StoreError",
    "ToolkitError",
    "add_model",
    "advise",
    "complete",
    "designs",
    "diff",
    "dry_run",
    "lint",
    "models",
    "near",
    "pilot",
    "preset",
    "presets",
    "sheet",
    "simulate",
    "split",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
