"""A few clips of the simulator with planted flaws: found, and nothing found that is not there.

`python -m tests.truth` prints the whole table; the margins here are half of what it shows.
"""

from __future__ import annotations

import pytest

from tests.truth import PLANTED, RULES, SCENES, VIEWS, Row, confusion, table
from toolkit.simulator.planted import FLAWS


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return table(SCENES[:1], seconds=1.5, planted=PLANTED | {"freeze": 0.5, "cut": 0.8})


def test_planted_flaws_are_found(rows: dict[str, Row]):
    found = {row.flaw for row in rows.values() if row.found}
    assert {"flicker", "blur", "letterbox", "reversed"} <= found
    assert len(found) >= len(FLAWS) - 2


def test_what_is_not_planted_is_not_found(rows: dict[str, Row]):
    assert sum(row.clean for row in rows.values()) <= 1  # of 21
    assert sum(row.others for row in rows.values()) <= 4  # of 42


def test_moves_are_named_and_the_opposite_is_called_reversed():
    """A few of `python -m tests.truth camera`, which names 90 of 96 at seeds never looked at."""
    moves = ("static", "pull_out", "pan_left", "orbit_right")
    seen = confusion(VIEWS[5:6], moves=moves, seconds=1.0, first_seed=40)
    named = {move: row.seen[move] for move, row in seen.items()}
    assert sum(named.values()) >= 3, named
    assert seen["pan_left"].turned == {"reversed": 1}
    assert not any(row.match["reversed"] for row in seen.values())


def test_every_flaw_that_can_be_planted_has_a_rule():
    assert set(RULES) == set(PLANTED) == set(FLAWS)
