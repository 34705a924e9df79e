"""Paired differences: against SciPy, published numbers, and simulated coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from toolkit.stats import (
    holm,
    mean_estimate,
    paired_estimate,
    resting_on,
    scene_differences,
    sign_flip_p,
    smallest_p,
    wins,
)
from toolkit.stats.paired import bca_interval, sign_flip_interval, t_interval

# Darwin's maize: crossed minus self-fertilised, eighths of an inch, 15 pots; Fisher (1935),
# The Design of Experiments, §17 and §21: 863 of the 32,768 arrangements reach the observed sum of
# 314 in one direction, so the exact two-sided p is 1,726 / 32,768.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def test_darwins_maize_gives_fishers_exact_p():
    assert sign_flip_p(DARWIN) == 1726 / 32768


def test_darwins_maize_gives_fishers_t_interval():
    """Mean 20.933, t = 2.148 on 14 degrees of freedom (Fisher, §17): the interval just misses 0."""
    low, high = t_interval(DARWIN)
    assert (low + high) / 2 == pytest.approx(20.9333, abs=1e-4)
    expected = scipy_stats.ttest_1samp(DARWIN, 0)
    assert expected.statistic == pytest.approx(2.148, abs=5e-4)
    assert (low, high) == pytest.approx(tuple(expected.confidence_interval()))


@pytest.mark.parametrize("num", [2, 5, 8, 12])
@pytest.mark.parametrize("step", [0, 0.5])
def test_the_exact_p_is_scipys(num, step):
    d = np.random.default_rng(num).normal(0.4, 1, num)
    d = np.round(d / step) * step if step else d  # ties between sums, where rounding goes wrong
    oracle = scipy_stats.permutation_test(
        (d,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(d) == pytest.approx(oracle.pvalue, abs=1e-12)


def test_all_of_one_sign_gives_the_smallest_p():
    assert [sign_flip_p([0.1] * n) for n in (1, 5, 6, 8)] == [1, 0.0625, 0.03125, 0.0078125]
    assert [smallest_p(n) for n in (1, 5, 6, 8)] == [1, 0.0625, 0.03125, 0.0078125]


def test_no_difference_at_all_has_p_1():
    assert sign_flip_p([0.0] * 8) == 1
    assert sign_flip_p([0.0] * 25) == 1


def test_monte_carlo_meets_the_exact_p_is_seeded_and_never_0():
    d = np.random.default_rng(4).normal(0.25, 1, 21)
    sums = np.zeros(1)
    for x in d[1:]:  # 2^20 by hand
        sums = np.concatenate([sums + x, sums - x])
    exact = float(np.mean(np.abs(sums + d[0]) >= abs(d.sum()) - 1e-9))
    assert sign_flip_p(d) == pytest.approx(exact, abs=4 * math.sqrt(exact / 19_999))
    assert sign_flip_p(d, seed=1) == sign_flip_p(d, seed=1) != sign_flip_p(d, seed=2)
    assert sign_flip_p([1.0] * 40, num_resamples=999) == 1 / 1000


@pytest.mark.parametrize("bad", [[], [1.0, math.nan], [math.inf], [[1.0, 2.0]]])
def test_what_is_no_list_of_numbers_is_refused(bad):
    with pytest.raises(ValueError, match=r"^differences are finite numbers, one a scene; found "):
        sign_flip_p(bad)


@pytest.mark.parametrize("num", [6, 8, 11])
def test_the_interval_holds_exactly_what_the_test_does_not_reject(num):
    d = np.random.default_rng(num).exponential(1, num)
    low, high = sign_flip_interval(d)
    eps = 1e-6
    assert sign_flip_p(d - (low + eps)) > 0.05 >= sign_flip_p(d - (low - eps))
    assert sign_flip_p(d - (high - eps)) > 0.05 >= sign_flip_p(d - (high + eps))


def test_an_interval_never_contradicts_its_p():
    rng = np.random.default_rng(0)
    for _ in range(200):
        estimate = paired_estimate(rng.normal(0.8, 1, 7))
        assert (estimate.p <= 0.05) == (not estimate.low <= 0 <= estimate.high)


def test_the_method_follows_the_number_of_scenes():
    def method(num: int) -> str:
        return paired_estimate(np.random.default_rng(num).normal(size=num)).method

    start = "paired difference over scenes, "
    assert method(5) == f"{start}t interval, exact sign-flip p"
    assert method(6) == method(20) == f"{start}sign-flip interval, exact sign-flip p"
    assert method(21) == f"{start}t interval, Monte Carlo sign-flip p"
    assert method(30) == f"{start}BCa interval, Monte Carlo sign-flip p"


def test_one_scene_or_no_spread_has_no_interval():
    for d in ([0.3], [0.25] * 8):
        estimate = paired_estimate(d)
        assert math.isnan(estimate.low)
        assert math.isnan(estimate.high)
    assert paired_estimate([0.25] * 8).p == 0.0078125


COVERAGE = [
    # scenes, method, least share of 400 intervals that must hold the truth for normal differences
    (6, sign_flip_interval, 0.92),
    (8, sign_flip_interval, 0.92),
    (4, t_interval, 0.92),
    (25, t_interval, 0.92),
]


@pytest.mark.parametrize(("num", "interval", "least"), COVERAGE)
def test_intervals_cover_what_they_claim(num, interval, least):
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(400):
        low, high = interval(rng.normal(0.3, 1, num))
        hits += low <= 0.3 <= high
    assert least <= hits / 400 <= 0.98


def test_bca_covers_too_little_with_few_scenes_which_is_why_it_waits_for_30():
    rng = np.random.default_rng(5)

    def cover(num: int) -> float:
        return np.mean(
            [
                low <= 0 <= high
                for low, high in (
                    bca_interval(rng.normal(size=num), num_resamples=499) for _ in range(200)
                )
            ]
        )

    assert cover(6) < 0.92
    assert cover(40) > 0.9


def test_holm_is_the_worked_example():
    """p = .01, .04, .03, .005 → .03, .06, .06, .02: R's p.adjust documentation, method "holm"."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1, 1])
    assert holm([0.01, math.nan, 0.04])[[0, 2]] == pytest.approx([0.02, 0.04])


def test_samples_are_averaged_before_scenes():
    """Two samples of one arm in scene 1, two moods in scene 2, no partner in scene 3."""
    names, d = scene_differences(
        [1.0, 3.0, 1.0, 5.0, 4.0, 2.0, 0.0, 9.0, math.nan],
        is_a=[True, True, False, True, False, True, False, True, True],
        cells=[1, 1, 1, "2x", "2x", "2y", "2y", 3, 1],
        scenes=[1, 1, 1, 2, 2, 2, 2, 3, 1],
    )
    assert names == [1, 2]
    assert d == pytest.approx([1.0, 1.5])


def test_wins_follow_the_direction():
    assert wins([1, 2, -1, 0]).__dict__ == {"better": 2, "worse": 1, "same": 1}
    assert wins([1, 2, -1, 0], higher_is_better=False).__dict__ == {
        "better": 1,
        "worse": 2,
        "same": 1,
    }


def test_an_effect_that_one_scene_carries_is_found():
    assert resting_on([0.1, 0.0, 5.0, -0.1, 0.2]) == 2
    assert resting_on([0.9, 1.0, 1.1, 1.0, 1.3]) is None
    assert resting_on([0.4]) == 0
    assert resting_on([1.0, -1.0]) is None


def test_the_clustered_mean_is_a_regression_on_a_constant():
    """By hand: residuals −1, 0 | 1, 1 | −1, 0 sum to −1, 2, −1; SE = √(3/2 × 6) / 6 = 0.5."""
    estimate = mean_estimate([1, 2, 3, 3, 1, 2], ["a", "a", "b", "b", "c", "c"])
    half = scipy_stats.t.ppf(0.975, 2) * 0.5
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((2, 2 - half, 2 + half))
    assert (estimate.n, estimate.clusters) == (6, 3)
    assert math.isnan(mean_estimate([1, 2], ["a", "a"]).low)
