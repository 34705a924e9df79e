"""A few clips of the simulator with planted flaws: found, and nothing found that is not there.

`python -m tests.truth` prints the whole table; the margins here are half of what it shows.
"""

from __future__ import annotations

import pytest

from tests.truth import PLANTED, RULES, SCENES, Row, table
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


def test_every_flaw_that_can_be_planted_has_a_rule():
    assert set(RULES) == set(PLANTED) == set(FLAWS)
