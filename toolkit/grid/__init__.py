"""Prompts x models x params x samples, held lazily: a million cells cost nothing.

`axes` turns what a person types into values, `core` counts and indexes, `sources` reads prompts
from tables, `document` writes a grid as YAML, as code and as a receipt.
"""

from toolkit.grid.axes import Axis, Near, near
from toolkit.grid.core import Cell, Exclusion, Grid

__all__ = ["Axis", "Cell", "Exclusion", "Grid", "Near", "near"]
