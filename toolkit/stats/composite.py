"""Whether a weighted sum of scores says what people said: pairs told right in scenes held out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.records import Estimate
from toolkit.stats.paired import paired_estimate

__all__ = ["held_out_accuracy", "pair_accuracy", "scales"]

Floats = NDArray[np.float64]


def scales(gaps: ArrayLike) -> Floats:
    """The root mean square of each column of `gaps` (pairs, scores); nan where it is all 0."""
    g = np.asarray(gaps, dtype=np.float64)
    size: Floats = np.sqrt((g**2).mean(axis=0))
    return np.where(size > 0, size, np.nan)


def held_out_accuracy(
    gaps: ArrayLike, left_won: ArrayLike, weights: ArrayLike, scenes: Sequence[Hashable]
) -> dict[Hashable, float]:
    """The share of pairs told right in each scene, with nothing learned from that scene.

    `gaps` (pairs, scores) are left minus right, `left_won` is who got the vote. What a score's unit
    is worth (`scales`) comes from the other scenes; the weights are the person's own. A pair that
    the sum does not tell apart counts half. {} for one scene: there is nothing to learn from.
    """
    g = np.asarray(gaps, dtype=np.float64)
    won = np.asarray(left_won, dtype=bool)
    w = np.asarray(weights, dtype=np.float64)
    if g.ndim != 2 or g.shape != (len(won), len(w)) or len(scenes) != len(won):
        raise ValueError(
            f"gaps are (pairs, scores), one answer and one scene a pair; found {g.shape}, "
            f"{len(won)} answers, {len(w)} weights, {len(scenes)} scenes"
        )
    names = list(dict.fromkeys(scenes))
    place = np.array([names.index(scene) for scene in scenes])
    found: dict[Hashable, float] = {}
    for number, scene in enumerate(names):
        here = place == number
        if here.all():
            continue
        parts = g[here] / scales(g[~here])
        told = np.nan_to_num(parts) @ w  # a score that never differs elsewhere says nothing
        right = np.where(np.abs(told) < 1e-12, 0.5, (told > 0) == won[here])
        found[scene] = float(right.mean())
    return found


def pair_accuracy(by_scene: ArrayLike, *, n: int, level: float = 0.95) -> Estimate:
    """The mean over scenes of `held_out_accuracy`, with its interval and p against one half.

    Every scene counts the same; test and interval are those of `paired_estimate`.
    """
    above = np.asarray(by_scene, dtype=np.float64) - 0.5
    found = paired_estimate(above, n=n, level=level)
    return replace(
        found,
        value=found.value + 0.5,
        low=max(0.0, found.low + 0.5),
        high=min(1.0, found.high + 0.5),
        method="share of pairs told right in scenes held out; " + found.method.split(", ", 1)[1],
    )
