"""Whether raters can be relied on: the same answer twice, among each other, no pull to a side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from toolkit.records import Estimate

__all__ = ["agreement", "share", "side_bias"]


def share(hits: int, n: int, *, clusters: int = 0, level: float = 0.95) -> Estimate:
    """`hits` of `n` with the exact interval of Clopper and Pearson (1934); nan for none."""
    from scipy import stats

    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no share")
    if n == 0:
        nan = float("nan")
        return Estimate(nan, low=nan, high=nan, level=level, n=0, clusters=clusters, method="share")
    found = stats.binomtest(hits, n).proportion_ci(level, method="exact")
    return Estimate(
        hits / n,
        low=float(found.low),
        high=float(found.high),
        level=level,
        n=n,
        clusters=clusters,
        method="share, Clopper-Pearson interval",
    )


def side_bias(num_left: int, num_right: int, *, level: float = 0.95) -> Estimate:
    """Share of decisive votes that went to the left, with the exact p of "no pull to a side".

    Fair only where sides are balanced in each pair of arms, which `review.Duel` sees to.
    """
    from scipy import stats

    n = num_left + num_right
    found = share(num_left, n, level=level)
    return Estimate(
        found.value,
        low=found.low,
        high=found.high,
        level=level,
        n=n,
        clusters=0,
        method="share of left, exact binomial",
        p=float(stats.binomtest(num_left, n).pvalue) if n else None,
    )


def agreement(answers: Sequence[Mapping[Any, str]], *, level: float = 0.95) -> Estimate:
    """Share of shared questions on which two raters gave the same answer, over all pairs of raters.

    `answers` is one mapping a rater, question to answer; for one rater asked twice, give two
    mappings. nan where no two raters share a question. Chance agreement is not taken off.
    """
    hits = n = 0
    for one, other in combinations(answers, 2):
        both = one.keys() & other.keys()
        n += len(both)
        hits += sum(one[question] == other[question] for question in both)
    return share(hits, n, clusters=len(answers), level=level)
