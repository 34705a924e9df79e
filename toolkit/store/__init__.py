"""An experiment on disk: one SQLite file that is the truth, and clips named by their content."""

from __future__ import annotations

from toolkit.store.core import Budget, CellRow, PlanResult, Purse, Store, Worker

__all__ = ["Budget", "CellRow", "PlanResult", "Purse", "Store", "Worker"]
