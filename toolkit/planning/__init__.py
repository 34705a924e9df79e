"""Before any money is spent: what is new, what it costs, what is wrong, and the door to pass.

`bill` counts and prices a grid, `door` decides whether it may run unasked, `worklist` turns it into
a list for making clips by hand, `promote` takes the best arms on to other models.
"""

from toolkit.planning.bill import Plan, plan
from toolkit.planning.catalogue import models
from toolkit.planning.count import cell_rows
from toolkit.planning.door import approve
from toolkit.planning.money import Cost
from toolkit.planning.promote import promoted
from toolkit.planning.worklist import worklist, write_worklist

__all__ = [
    "Cost",
    "Plan",
    "approve",
    "cell_rows",
    "models",
    "plan",
    "promoted",
    "worklist",
    "write_worklist",
]
