"""How many scenes or votes would tell, and what the ones at hand can tell at all."""

from __future__ import annotations

import math

from toolkit.stats.paired import smallest_p

__all__ = [
    "HOPELESS",
    "detectable_difference",
    "detectable_win_rate",
    "more_scenes",
    "more_votes",
    "paired_power",
    "scenes_needed",
    "votes_needed",
]

HOPELESS = 500
"""More scenes or, times ten, votes than anybody will make: the answer is then None."""


def paired_power(effect: float, num_scenes: int, *, alpha: float = 0.05) -> float:
    """Chance that a two-sided paired t test of `num_scenes` scenes finds `effect`, in sd of the
    differences (d_z). The sign-flip test needs as many: its efficiency beside t is 1.
    """
    from scipy import stats

    if num_scenes < 2:
        return 0.0
    df, shift = num_scenes - 1, abs(effect) * math.sqrt(num_scenes)
    critical = float(stats.t.ppf(1 - alpha / 2, df))
    if shift > 37:  # nct loses itself out there, where the power is 1
        return 1.0
    return float(stats.nct.sf(critical, df, shift))  # a find on the wrong side is none


def scenes_needed(
    effect: float, *, alpha: float = 0.05, power: float = 0.8, at_most: int = HOPELESS
) -> int | None:
    """Scenes that find `effect` (in sd of the differences) with `power`; None above `at_most`.

    Never fewer than an exact sign-flip test needs to reach `alpha` at all (6 for 0.05).
    """
    floor = max(2, math.ceil(1 - math.log2(alpha)))
    if paired_power(effect, at_most, alpha=alpha) < power:
        return None
    low, high = floor - 1, max(at_most, floor)
    while high - low > 1:
        middle = (low + high) // 2
        if paired_power(effect, middle, alpha=alpha) >= power:
            high = middle
        else:
            low = middle
    return high


def more_scenes(
    mean: float, sd: float, num_scenes: int, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """How many scenes beside the `num_scenes` at hand would tell a difference of this size.

    At least 1: it is asked where they did not. None where it is hopeless or the size is 0. A guess
    from noisy numbers, to be printed with "about".
    """
    if mean == 0 or not math.isfinite(sd) or not math.isfinite(mean):
        return None
    needed = scenes_needed(abs(mean) / sd if sd > 0 else math.inf, alpha=alpha, power=power)
    return None if needed is None else max(1, needed - num_scenes)


def detectable_difference(
    sd: float, num_scenes: int, *, alpha: float = 0.05, power: float = 0.8
) -> float | None:
    """The least mean difference that `num_scenes` scenes find with `power`; None where no
    difference can be found, because even all scenes agreeing leaves p above `alpha`.
    """
    if smallest_p(num_scenes) > alpha or not math.isfinite(sd):
        return None
    low, high = 0.0, 40.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if paired_power(middle, num_scenes, alpha=alpha) >= power:
            high = middle
        else:
            low = middle
    return high * sd


def votes_needed(
    win_rate: float, *, ties: float = 0.0, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Votes on one pair of arms that tell `win_rate` (of the decisive ones) from one half.

    `ties` is the share of votes that decide nothing. Normal approximation of the two-sided sign
    test. Votes are taken as independent: several on one scene tell less. None at one half.
    """
    from scipy import stats

    if not 0 <= win_rate <= 1 or not 0 <= ties < 1:
        raise ValueError(f"shares lie in 0..1; found win_rate={win_rate!r}, ties={ties!r}")
    if win_rate == 0.5:
        return None
    za, zb = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)
    root = (za * 0.5 + zb * math.sqrt(win_rate * (1 - win_rate))) / abs(win_rate - 0.5)
    return math.ceil(float(root) ** 2 / (1 - ties))


def detectable_win_rate(num_votes: int, *, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """The least true win rate that so many decisive votes find: exact two-sided sign test.

    None where the votes are too few to be sure of anything.
    """
    from scipy import stats

    if num_votes < 1 or 2 * stats.binom.pmf(0, num_votes, 0.5) > alpha:
        return None
    need = num_votes - int(stats.binom.ppf(alpha / 2, num_votes, 0.5)) + 1
    while 2 * stats.binom.sf(need - 2, num_votes, 0.5) <= alpha:
        need -= 1
    low, high = 0.5, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if stats.binom.sf(need - 1, num_votes, middle) >= power:
            high = middle
        else:
            low = middle
    return high


def more_votes(
    gap: float, se: float, num_votes: int, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Votes, spread as the `num_votes` at hand are, that would tell a gap in ability of this size;
    None where it is hopeless. The standard error shrinks with the root of their number.
    """
    from scipy import stats

    if gap == 0 or not math.isfinite(se) or not num_votes:
        return None
    reach = float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)) * se / abs(gap)
    needed = math.ceil(num_votes * reach**2)
    return None if needed > 10 * HOPELESS else max(1, needed - num_votes)
