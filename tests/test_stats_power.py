"""Sample sizes: against published tables and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from toolkit.stats import (
    detectable_difference,
    detectable_win_rate,
    more_scenes,
    more_votes,
    scenes_needed,
    sign_flip_p,
    votes_needed,
)
from toolkit.stats.power import paired_power


@pytest.mark.parametrize(("d_z", "num"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_scenes_needed_are_those_of_g_power(d_z, num):
    """Paired t, two-sided 0.05, power 0.8: G*Power 3.1 manual; Cohen's small, medium, large."""
    assert scenes_needed(d_z) == num


def test_scenes_needed_never_fall_below_what_the_exact_test_can_tell():
    assert scenes_needed(50.0) == 6  # 2^(1-5) = 0.0625 is above 0.05
    assert scenes_needed(50.0, alpha=0.05 / 3) == 7


def test_hopeless_is_none():
    assert scenes_needed(0.01) is None
    assert more_scenes(0.0, 1.0, 8) is None
    assert more_scenes(0.001, 1.0, 8) is None
    assert more_votes(0.0001, 0.5, 20) is None


def test_more_scenes_says_how_many_beside_those_there_are():
    assert more_scenes(0.5, 1.0, 8) == 34 - 8
    assert more_scenes(-0.5, 1.0, 8) == 34 - 8
    assert more_scenes(0.5, 1.0, 40) == 1
    assert more_scenes(0.25, 0.0, 4) == 2  # all alike: six scenes are enough


def test_the_promised_power_is_what_the_sign_flip_test_has():
    """1,000 experiments of 15 scenes with d_z = 0.8: the t formula's 0.82 holds for sign flips."""
    rng = np.random.default_rng(1)
    found = np.mean([sign_flip_p(rng.normal(0.8, 1, 15)) <= 0.05 for _ in range(400)])
    assert paired_power(0.8, 15) == pytest.approx(0.8213, abs=1e-4)
    assert found == pytest.approx(0.82, abs=0.06)


def test_the_detectable_difference_turns_scenes_needed_round():
    assert detectable_difference(2.0, 34) == pytest.approx(2 * 0.5, rel=0.02)
    assert detectable_difference(1.0, 5) is None
    assert paired_power(detectable_difference(1.0, 8), 8) == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize(
    ("rate", "decisive", "with_ties"),
    [(0.55, 783, 1118), (0.6, 194, 277), (0.65, 85, 122), (0.7, 47, 67), (0.75, 29, 42)],
)
def test_votes_needed_are_the_table(rate, decisive, with_ties):
    """Two-sided sign test, normal approximation: Fleiss (1981), ch. 1, has n = 194 at 0.6."""
    assert votes_needed(rate) == votes_needed(1 - rate) == decisive
    assert votes_needed(rate, ties=0.3) == with_ties


def test_forty_votes_tell_a_preference_of_73_percent():
    assert detectable_win_rate(40) == pytest.approx(0.725, abs=0.006)
    assert detectable_win_rate(5) is None
    assert detectable_win_rate(6) == pytest.approx(0.8 ** (1 / 6), abs=1e-5)  # all six must agree


def test_half_is_never_told_from_half():
    assert votes_needed(0.5) is None
    with pytest.raises(ValueError, match=r"^shares lie in 0\.\.1; found win_rate=1\.2, ties=0\.0$"):
        votes_needed(1.2)


def test_more_votes_shrink_the_standard_error_with_their_root():
    need = more_votes(1.0, 0.5, 100)
    assert need == math.ceil(100 * ((1.959964 + 0.841621) * 0.5) ** 2) - 100
