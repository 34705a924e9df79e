"""Before any money is spent: what is new, what it costs, what is wrong, and the door to pass.

`bill` counts and prices a grid, `detect` says what it could find out, `compare` sets its designs
side by side, `rehearse` tries it out, `door` decides whether it may run unasked, `worklist` turns
it into a list for making clips by hand, `promote` takes the best arms on to other models.
"""

from toolkit.planning.added import add_model
from toolkit.planning.bill import Plan, plan
from toolkit.planning.catalogue import models, models_json, models_text
from toolkit.planning.compare import designs
from toolkit.planning.count import cell_rows
from toolkit.planning.detect import Power, power
from toolkit.planning.door import approve
from toolkit.planning.money import Cost
from toolkit.planning.promote import promoted
from toolkit.planning.rehearse import DryRun, dry_run, pilot
from toolkit.planning.worklist import cells_by_hand, worklist, write_worklist

__all__ = [
    "Cost",
    "DryRun",
    "Plan",
    "Power",
    "add_model",
    "approve",
    "cell_rows",
    "cells_by_hand",
    "designs",
    "dry_run",
    "models",
    "models_json",
    "models_text",
    "pilot",
    "plan",
    "power",
    "promoted",
    "worklist",
    "write_worklist",
]
