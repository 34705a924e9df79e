"""Side bias, agreement and the e-value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats
from scipy.special import beta

from toolkit.stats import agreement, anytime_p, e_value, share, side_bias


def test_an_even_split_shows_no_pull_to_a_side():
    """UVE-Bench: 635 left, 632 right (its published split of human choices)."""
    found = side_bias(635, 632)
    assert found.value == pytest.approx(0.5012, abs=1e-4)
    assert found.p == pytest.approx(scipy_stats.binomtest(635, 1267).pvalue)
    assert found.p > 0.9


def test_a_pull_to_the_left_is_found():
    found = side_bias(40, 15)
    assert found.p < 0.01
    assert found.low > 0.5


def test_a_share_has_the_textbook_interval():
    """Clopper & Pearson for 4 of 20: 0.0573 to 0.4366 (Brown, Cai & DasGupta 2001 use the same)."""
    found = share(4, 20)
    assert (found.low, found.high) == pytest.approx((0.0573, 0.4366), abs=1e-4)
    assert math.isnan(share(0, 0).value)
    with pytest.raises(ValueError, match=r"^5 of 4 is no share$"):
        share(5, 4)


def test_agreement_counts_shared_questions_of_all_pairs_of_raters():
    found = agreement([{"a": "x", "b": "y"}, {"a": "x", "b": "x", "c": "x"}, {"c": "y"}])
    assert (found.value, found.n, found.clusters) == (1 / 3, 3, 3)
    assert math.isnan(agreement([{"a": "x"}]).value)


def test_the_e_value_is_the_beta_mixture():
    assert e_value(0, 0) == 1
    assert e_value(7, 2) == pytest.approx(beta(7.5, 2.5) / beta(0.5, 0.5) * 2**9)
    assert e_value(8, 1) == e_value(1, 8)
    assert e_value(5000, 0) > 1e300


def test_peeking_after_every_vote_fools_at_most_one_in_twenty():
    """Naive looks fool in 42 % of runs of up to 400 votes; the e-value in about 3.5 %."""
    rng = np.random.default_rng(0)
    fooled = sum(anytime_p((rng.random(150) < 0.5).astype(float)) <= 0.05 for _ in range(150))
    assert fooled / 150 <= 0.05


def test_a_clear_winner_is_found_while_peeking():
    rng = np.random.default_rng(1)
    assert anytime_p((rng.random(150) < 0.75).astype(float)) < 0.01
    assert anytime_p([0.5] * 30) == 1
