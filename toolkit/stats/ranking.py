"""Abilities from votes: Bradley-Terry with ties as half a win each, sure only as far as scenes go.

Votes on one scene are not independent, so the intervals are clustered by scene. Clusters alone
can look far too sure where there are few of them or where one arm won everything, so the clustered
variance is never taken below what independent votes would allow.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.records import Estimate

__all__ = ["Ranking", "bradley_terry"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Abilities of `len(ability)` arms on the log scale, mean 0 within each group of arms that the
    votes connect. An arm without a vote has nan everywhere and `group` −1.

    `covariance` is (arms, arms), of the abilities; `df` the degrees of freedom that go with it (inf
    for many). `p_best` is the chance of being the best of its group. `wins`, `losses`, `ties` count
    votes; `num_clusters` is 0 where every vote stood for itself.
    """

    ability: Floats
    covariance: Floats
    df: float
    p_best: Floats
    group: NDArray[np.int64]
    wins: NDArray[np.int64]
    losses: NDArray[np.int64]
    ties: NDArray[np.int64]
    num_votes: int
    num_clusters: int
    level: float

    @property
    def win_rate(self) -> Floats:
        """Share of its votes an arm won, ties as half."""
        total = self.wins + self.losses + self.ties
        with np.errstate(invalid="ignore"):
            return np.where(total > 0, (self.wins + 0.5 * self.ties) / total, np.nan)

    @property
    def method(self) -> str:
        how = (
            f"clustered by {self.num_clusters} scenes" if self.num_clusters else "votes independent"
        )
        return f"Bradley-Terry, ties as half, {how}"

    def estimate(self, arm: int) -> Estimate:
        """Its ability."""
        return self._estimate(np.eye(len(self.ability))[arm])

    def gap(self, a: int, b: int) -> Estimate:
        """Ability of `a` minus that of `b`, with its p; nan where no votes connect them."""
        weights = np.zeros(len(self.ability))
        weights[a], weights[b] = 1.0, -1.0
        if self.group[a] != self.group[b] or self.group[a] < 0:
            weights[a] = math.nan
        return self._estimate(weights)

    def gap_se(self, a: int, b: int) -> float:
        """Standard error of `gap(a, b)`."""
        c = self.covariance
        return math.sqrt(max(0.0, float(c[a, a] + c[b, b] - 2 * c[a, b])))

    def _estimate(self, weights: Floats) -> Estimate:
        from scipy import stats

        used = weights != 0
        value = float(weights[used] @ self.ability[used])
        variance = float(weights[used] @ self.covariance[np.ix_(used, used)] @ weights[used])
        se = math.sqrt(max(variance, 0.0)) if not math.isnan(variance) else math.nan
        half = float(stats.t.ppf((1 + self.level) / 2, self.df)) * se
        p = None
        if used.sum() > 1 and not math.isnan(value):
            p = 1.0 if se == 0 else float(2 * stats.t.sf(abs(value) / se, self.df))
        return Estimate(
            value,
            low=value - half,
            high=value + half,
            level=self.level,
            n=int((self.wins + self.losses + self.ties)[used].max(initial=0)),
            clusters=self.num_clusters,
            method=self.method,
            p=p,
        )


def bradley_terry(
    left: ArrayLike,
    right: ArrayLike,
    share: ArrayLike,
    *,
    num_arms: int | None = None,
    clusters: Sequence[Hashable] | None = None,
    prior: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
) -> Ranking:
    """Abilities from votes; arms are 0..`num_arms` − 1, `share` is the left arm's: 1, 0.5 or 0.

    P(i beats j) = 1 / (1 + exp(b_j − b_i)), ties half a win each; fitted by evalica. `prior` is a
    pseudo-win each way of every arm against a phantom of its own group, against infinite abilities
    where an arm won everything; 0 turns it off and raises `ValueError` in that case. `clusters`
    names the scene of each vote: the covariance is the sandwich with score vectors summed in a
    scene, C / (C − 1), not below (1 − ties) × the inverse information, and t with C − 1 degrees of
    freedom. Without clusters, or with one alone, every vote is its own.
    """
    i, j = np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
    y = np.asarray(share, dtype=np.float64)
    if not (i.shape == j.shape == y.shape and i.ndim == 1):
        raise ValueError(
            f"left, right and share are as long as each other; {len(i)}, {len(j)}, {len(y)}"
        )
    if (i == j).any():
        raise ValueError("a vote compares two arms; found one against itself")
    if not np.isin(y, (0.0, 0.5, 1.0)).all():
        raise ValueError("a share is 1 (left), 0.5 (tie) or 0 (right)")
    num = int(max(i.max(initial=-1), j.max(initial=-1))) + 1 if num_arms is None else num_arms
    groups = _groups(i, j, num)
    if not prior and _separated(i, j, y, groups, num):
        raise ValueError("an arm or group of arms won everything against the rest; use prior > 0")
    ability = _fit(i, j, y, groups, num, prior)
    places, num_clusters = _places(clusters, len(y))
    covariance = _covariance(i, j, y, ability, groups, places, prior)
    df = float(num_clusters - 1) if num_clusters else math.inf
    ties = y == 0.5
    return Ranking(
        ability=ability,
        covariance=covariance,
        df=df,
        p_best=_p_best(ability, covariance, groups, df, seed),
        group=groups,
        wins=_count(i[y == 1], j[y == 0], num),
        losses=_count(i[y == 0], j[y == 1], num),
        ties=_count(i[ties], j[ties], num),
        num_votes=len(y),
        num_clusters=num_clusters,
        level=level,
    )


def _count(first: NDArray[np.int64], second: NDArray[np.int64], num: int) -> NDArray[np.int64]:
    return np.bincount(np.concatenate([first, second]), minlength=num)


def _groups(i: NDArray[np.int64], j: NDArray[np.int64], num: int) -> NDArray[np.int64]:
    """Connected groups of arms, numbered in order of appearance; −1 for an arm without a vote."""
    from scipy.sparse import coo_array, csgraph

    graph = coo_array((np.ones(len(i)), (i, j)), shape=(num, num))
    _, label = csgraph.connected_components(graph, directed=False)
    voted = np.zeros(num, dtype=bool)
    voted[i] = voted[j] = True
    out = np.full(num, -1, dtype=np.int64)
    _, first = np.unique(label[voted], return_index=True)
    order = {int(label[voted][at]): rank for rank, at in enumerate(sorted(first))}
    out[voted] = [order[int(x)] for x in label[voted]]
    return out


def _separated(
    i: NDArray[np.int64], j: NDArray[np.int64], y: Floats, groups: NDArray[np.int64], num: int
) -> bool:
    """Ford (1957): finite abilities exist where wins lead from every arm to every other."""
    from scipy.sparse import coo_array, csgraph

    winners = np.concatenate([i[y > 0], j[y < 1]])
    losers = np.concatenate([j[y > 0], i[y < 1]])
    graph = coo_array((np.ones(len(winners)), (winners, losers)), shape=(num, num))
    _, label = csgraph.connected_components(graph, directed=True, connection="strong")
    return any(len(set(label[groups == g])) > 1 for g in range(int(groups.max(initial=-1)) + 1))


def _fit(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    y: Floats,
    groups: NDArray[np.int64],
    num: int,
    prior: float,
) -> Floats:
    import evalica

    ability = np.full(num, np.nan)
    won = np.zeros((num, num))
    np.add.at(won, (i, j), y)
    np.add.at(won, (j, i), 1 - y)
    for group in range(int(groups.max(initial=-1)) + 1):
        arms = np.flatnonzero(groups == group)
        wins = np.zeros((len(arms) + 1, len(arms) + 1))  # the last one is the phantom
        wins[:-1, :-1] = won[np.ix_(arms, arms)]
        wins[-1, :-1] = wins[:-1, -1] = prior
        xs, ys = np.nonzero(wins)
        found = evalica.bradley_terry(
            xs.tolist(),
            ys.tolist(),
            [evalica.Winner.X] * len(xs),
            weights=wins[xs, ys].tolist(),
            tolerance=1e-12,
            limit=100_000,
        ).scores
        logs = np.log([found[k] for k in range(len(arms))])
        ability[arms] = np.round(logs - logs.mean(), 12)  # the fit is no finer
    return ability


def _places(clusters: Sequence[Hashable] | None, num_votes: int) -> tuple[NDArray[np.int64], int]:
    if clusters is not None:
        if len(clusters) != num_votes:
            raise ValueError(f"{len(clusters)} clusters for {num_votes} votes")
        order = {name: rank for rank, name in enumerate(dict.fromkeys(clusters))}
        if len(order) > 1:
            return np.array([order[name] for name in clusters], dtype=np.int64), len(order)
    return np.arange(num_votes), 0


def _covariance(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    y: Floats,
    ability: Floats,
    groups: NDArray[np.int64],
    places: NDArray[np.int64],
    prior: float,
) -> Floats:
    """Sandwich within each group, with the information of the prior's votes in the bread."""
    num = len(ability)
    covariance = np.full((num, num), np.nan)
    for group in range(int(groups.max(initial=-1)) + 1):
        arms = np.flatnonzero(groups == group)
        local = np.full(num, -1)
        local[arms] = np.arange(len(arms))
        inside = groups[i] == group
        a, b, share = local[i[inside]], local[j[inside]], y[inside]
        p = 1 / (1 + np.exp(ability[j[inside]] - ability[i[inside]]))
        bread = _bread(a, b, p, ability[arms], prior)
        _, where = np.unique(places[inside], return_inverse=True)
        num_clusters = int(where.max()) + 1
        scores = np.zeros((num_clusters, len(arms)))
        np.add.at(scores, (where, a), share - p)
        np.add.at(scores, (where, b), p - share)
        small = num_clusters / (num_clusters - 1) if num_clusters > 1 else 1.0
        clustered = small * bread @ (scores.T @ scores) @ bread
        ties = float((share == 0.5).sum()) / (len(share) + 1)
        covariance[np.ix_(arms, arms)] = _at_least(clustered, (1 - ties) * bread)
    return covariance


def _bread(
    a: NDArray[np.int64], b: NDArray[np.int64], p: Floats, ability: Floats, prior: float
) -> Floats:
    """Covariance of centred abilities if votes were independent: the pseudo-inverse information."""
    num = len(ability)
    weight = np.zeros((num, num))
    np.add.at(weight, (a, b), p * (1 - p))
    weight = weight + weight.T
    information = np.diag(weight.sum(axis=1)) - weight
    if prior:
        q = 1 / (1 + np.exp(-ability))  # the phantom stands at the mean, near enough
        w = 2 * prior * q * (1 - q)
        information += np.diag(w) - np.outer(w, w) / w.sum()  # the phantom taken out (Schur)
    centre = np.eye(num) - 1 / num
    return np.asarray(centre @ np.linalg.pinv(information, hermitian=True) @ centre)


def _at_least(covariance: Floats, floor: Floats) -> Floats:
    """`covariance` with its variance in no direction below that of `floor`."""
    values, vectors = np.linalg.eigh(floor)
    kept = values > 1e-12 * values.max()
    root = vectors[:, kept] * np.sqrt(values[kept])
    back = vectors[:, kept] / np.sqrt(values[kept])
    ratio, turn = np.linalg.eigh(back.T @ covariance @ back)
    return np.asarray(root @ (turn * np.maximum(ratio, 1.0)) @ turn.T @ root.T)


def _p_best(
    ability: Floats, covariance: Floats, groups: NDArray[np.int64], df: float, seed: int
) -> Floats:
    """Share of 10,000 draws from the (t-shaped) spread of the abilities in which an arm is best."""
    rng = np.random.default_rng(seed)
    out = np.full(len(ability), np.nan)
    for group in range(int(groups.max(initial=-1)) + 1):
        arms = np.flatnonzero(groups == group)
        values, vectors = np.linalg.eigh(covariance[np.ix_(arms, arms)])
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        draws = rng.standard_normal((10_000, len(arms))) @ root.T
        if math.isfinite(df):
            draws /= np.sqrt(rng.chisquare(df, size=(10_000, 1)) / df)
        best = np.argmax(draws + ability[arms], axis=1)
        out[arms] = np.bincount(best, minlength=len(arms)) / len(draws)
    return out
