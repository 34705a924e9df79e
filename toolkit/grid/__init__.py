"""Prompts x models x params x samples, held lazily: a million cells cost nothing.

`axes` turns what a person types into values, `rules` says what is left out, `designs` which cells
are run, `core` indexes, `tally` counts, `sources` reads prompts from tables, `document` writes a
grid as YAML, as code and as a receipt.
"""

from toolkit.grid.axes import Axis, Near, near
from toolkit.grid.core import Cell, Grid
from toolkit.grid.designs import (
    DESIGNS,
    Design,
    Fractional,
    Full,
    OneAtATime,
    Paired,
    Pairwise,
    Random,
)
from toolkit.grid.rules import Exclusion

__all__ = [
    "DESIGNS",
    "Axis",
    "Cell",
    "Design",
    "Exclusion",
    "Fractional",
    "Full",
    "Grid",
    "Near",
    "OneAtATime",
    "Paired",
    "Pairwise",
    "Random",
    "near",
]
