"""An experiment on disk: one SQLite file that is the truth, and clips named by their content."""

from __future__ import annotations

from toolkit.store.core import KEEP, Budget, CellRow, Keep, PlanResult, Purse, Store, Worker

__all__ = ["KEEP", "Budget", "CellRow", "Keep", "PlanResult", "Purse", "Store", "Worker"]
