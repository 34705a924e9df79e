"""Differences between two arms, one a scene: how large, how sure, in how many scenes.

The scene is the unit that is drawn and generalised over; clips of one scene are averaged first
(`scene_differences`). Test and interval belong together: from 6 to 20 scenes both come from the
same sign flips, so that an interval never contradicts the p printed beside it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.records import Estimate

__all__ = [
    "EXACT_UP_TO",
    "Wins",
    "bca_interval",
    "holm",
    "mean_estimate",
    "paired_estimate",
    "resting_on",
    "scene_differences",
    "sign_flip_interval",
    "sign_flip_p",
    "smallest_p",
    "t_interval",
    "wins",
]

EXACT_UP_TO = 20
"""Scenes up to which all 2^B flips are counted: a million, some 20 ms."""

BCA_FROM = 30
"""Below this BCa covers too little (81 to 93 % where 95 % is claimed; see the coverage test)."""

Method = Literal["auto", "sign_flip", "t", "bca"]


def _checked(differences: ArrayLike) -> NDArray[np.float64]:
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1 or not len(d) or not np.isfinite(d).all():
        raise ValueError(f"differences are finite numbers, one a scene; found {d!r}")
    return d


def scene_differences(
    values: ArrayLike,
    *,
    is_a: ArrayLike,
    cells: Sequence[Hashable],
    scenes: Sequence[Hashable],
) -> tuple[list[Hashable], NDArray[np.float64]]:
    """The scenes both arms share, in order of appearance, and mean a − mean b in each.

    A cell is all that is held equal (scene, model, other factors): samples are averaged in a cell,
    cells with both arms are subtracted, and their differences averaged in the scene. Values that
    are not finite are left out.
    """
    y = np.asarray(values, dtype=np.float64)
    in_a = np.asarray(is_a, dtype=bool)
    found: dict[Hashable, dict[Hashable, tuple[list[float], list[float]]]] = {}
    for value, a, cell, scene in zip(y, in_a, cells, scenes, strict=True):
        if math.isfinite(value):
            pair = found.setdefault(scene, {}).setdefault(cell, ([], []))
            pair[0 if a else 1].append(float(value))
    kept = {
        scene: [math.fsum(a) / len(a) - math.fsum(b) / len(b) for a, b in of.values() if a and b]
        for scene, of in found.items()
    }
    kept = {scene: deltas for scene, deltas in kept.items() if deltas}
    return list(kept), np.array([math.fsum(d) / len(d) for d in kept.values()], dtype=np.float64)


@dataclass(frozen=True)
class Wins:
    """In how many scenes the first arm did better, worse, the same."""

    better: int
    worse: int
    same: int

    @property
    def n(self) -> int:
        return self.better + self.worse + self.same


def wins(differences: ArrayLike, *, higher_is_better: bool = True) -> Wins:
    d = _checked(differences)
    d = d if higher_is_better else -d
    return Wins(int((d > 0).sum()), int((d < 0).sum()), int((d == 0).sum()))


def smallest_p(num_scenes: int) -> float:
    """The least p that so many scenes can give, all of one sign: 2^(1 − B)."""
    return min(1.0, 2.0 ** (1 - num_scenes))


def sign_flip_p(differences: ArrayLike, *, seed: int = 0, num_resamples: int = 19_999) -> float:
    """Two-sided p of "the mean difference is 0": the share of sign flips at least as extreme.

    Exact up to `EXACT_UP_TO` scenes, beyond by seeded Monte Carlo with the observed arrangement
    counted in, so that p is never 0. Fisher (1935), The Design of Experiments, §21.
    """
    d = _checked(differences)
    observed = abs(math.fsum(d))
    reach = observed - 1e-9 * math.fsum(abs(d))  # sums of the same numbers in another order
    if len(d) <= EXACT_UP_TO:
        sums = np.zeros(1)
        for x in d[1:]:  # the first sign is fixed: the other half mirrors this one
            sums = np.concatenate([sums + x, sums - x])
        return float(np.mean(np.abs(sums + d[0]) >= reach))
    rng = np.random.default_rng(seed)
    extreme, left = 0, num_resamples
    while left:
        batch = min(left, max(1, 2_000_000 // len(d)))
        flips = rng.integers(0, 2, size=(batch, len(d)), dtype=np.int8) * 2.0 - 1.0
        extreme += int((np.abs(flips @ d) >= reach).sum())
        left -= batch
    return (extreme + 1) / (num_resamples + 1)


def sign_flip_interval(differences: ArrayLike, *, level: float = 0.95) -> tuple[float, float]:
    """The mean differences that `sign_flip_p` does not reject at 1 − `level`.

    Its ends are order statistics of the means of all 2^B − 1 subsets: Hartigan (1969), Using
    subsample values as typical values, JASA 64, theorem 1. Unbounded where no p can be that small.
    """
    d = _checked(differences)
    if len(d) > EXACT_UP_TO:
        raise ValueError(f"{len(d)} scenes have too many subsets; use t or bca above {EXACT_UP_TO}")
    sums, sizes = np.zeros(1), np.zeros(1)
    for x in d:
        sums, sizes = np.concatenate([sums, sums + x]), np.concatenate([sizes, sizes + 1])
    k = math.floor((1 - level) / 2 * len(sums) + 1e-9)
    if k < 1:
        return -math.inf, math.inf
    means = np.sort(sums[1:] / sizes[1:])
    return float(means[k - 1]), float(means[-k])


def t_interval(differences: ArrayLike, *, level: float = 0.95) -> tuple[float, float]:
    """Mean ± t(B − 1) × sd / √B; nan for one scene."""
    from scipy import stats

    d = _checked(differences)
    if len(d) < 2:
        return math.nan, math.nan
    half = float(stats.t.ppf((1 + level) / 2, len(d) - 1) * d.std(ddof=1) / math.sqrt(len(d)))
    return float(d.mean()) - half, float(d.mean()) + half


def bca_interval(
    differences: ArrayLike, *, level: float = 0.95, seed: int = 0, num_resamples: int = 9999
) -> tuple[float, float]:
    """Efron's BCa bootstrap over scenes; follows a skew that t does not see."""
    from scipy import stats

    found = stats.bootstrap(
        (_checked(differences),),
        np.mean,
        method="BCa",
        confidence_level=level,
        n_resamples=num_resamples,
        rng=np.random.default_rng(seed),
        batch=1000,
    ).confidence_interval
    return float(found.low), float(found.high)


def paired_estimate(
    differences: ArrayLike,
    *,
    n: int | None = None,
    level: float = 0.95,
    method: Method = "auto",
    seed: int = 0,
) -> Estimate:
    """Mean difference over scenes with its interval and the sign-flip p; `n` counts the clips.

    By number of scenes B: one has no interval (nan); 2 to 5 take t, because no p can reach 0.05
    there; 6 to 20 the sign flips; 21 to 29 t; from 30 BCa. Where all differences are equal there is
    no spread to make an interval from: nan.
    """
    d = _checked(differences)
    num = len(d)
    if method == "auto":
        flips = smallest_p(num) <= 1 - level and num <= EXACT_UP_TO
        method = "sign_flip" if flips else "t" if num < BCA_FROM else "bca"
    if np.ptp(d) <= 1e-12 * np.abs(d).max(initial=0.0):
        low, high = math.nan, math.nan
    elif method == "sign_flip":
        low, high = sign_flip_interval(d, level=level)
    elif method == "t":
        low, high = t_interval(d, level=level)
    else:
        low, high = bca_interval(d, level=level, seed=seed)
    exact = "exact" if num <= EXACT_UP_TO else "Monte Carlo"
    names = {"sign_flip": "sign-flip interval", "t": "t interval", "bca": "BCa interval"}
    return Estimate(
        math.fsum(d) / num,
        low=low,
        high=high,
        level=level,
        n=num if n is None else n,
        clusters=num,
        method=f"paired difference over scenes, {names[method]}, {exact} sign-flip p",
        p=sign_flip_p(d, seed=seed),
    )


def mean_estimate(
    values: ArrayLike, clusters: Sequence[Hashable], *, level: float = 0.95
) -> Estimate:
    """Plain mean of `values` with a t interval whose standard error is clustered (scenes).

    SE = √(C / (C − 1) × Σ_c (Σ_{i in c} (y_i − mean))²) / n, t with C − 1 degrees of freedom:
    Miller (2024), Adding error bars to evals, eq. 4. nan below two clusters.
    """
    from scipy import stats

    y = _checked(values)
    _, place = np.unique([repr(c) for c in clusters], return_inverse=True)
    num = int(place.max()) + 1
    mean = math.fsum(y) / len(y)
    half = math.nan
    if num > 1:
        sums = np.bincount(place, weights=y - mean)
        se = math.sqrt(num / (num - 1) * float(sums @ sums)) / len(y)
        half = float(stats.t.ppf((1 + level) / 2, num - 1)) * se
    method = "mean, standard error clustered by scene, t interval"
    return Estimate(
        mean, low=mean - half, high=mean + half, level=level, n=len(y), clusters=num, method=method
    )


def holm(ps: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p, in the order given: Holm (1979), Scand. J. Statist. 6, 65-70. nan stays nan and
    is no member of the family.
    """
    p = np.asarray(ps, dtype=np.float64)
    out = np.full(p.shape, np.nan)
    real = np.flatnonzero(~np.isnan(p))
    order = real[np.argsort(p[real], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def resting_on(differences: ArrayLike) -> int | None:
    """The scene without which the mean difference loses half its size or turns round; else None.

    One scene alone always rests on itself.
    """
    d = _checked(differences)
    if len(d) == 1:
        return 0
    mean = d.mean()
    if mean == 0:
        return None
    without = (d.sum() - d) / (len(d) - 1) / mean  # as a share of the mean of all
    worst = int(np.argmin(without))
    return worst if without[worst] < 0.5 else None
