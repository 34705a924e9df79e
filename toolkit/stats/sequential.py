"""Looking after every vote without being fooled: an e-value that may be read at any time."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["anytime_p", "e_value"]


def e_value(wins: int, losses: int) -> float:
    """Evidence against "both arms win half": 20 or more, at any look, means p ≤ 0.05.

    Beta(½, ½) mixture over the win rate against ½, ties left out: B(½ + w, ½ + l) / B(½, ½) × 2^n,
    a martingale under the null, so by Ville (1939) it passes 1 / α with chance at most α, ever.
    Votes must be independent: count one a scene.
    """
    from scipy.special import betaln

    if wins < 0 or losses < 0:
        raise ValueError(f"votes are counted from 0; found {wins} and {losses}")
    logs = betaln(0.5 + wins, 0.5 + losses) - betaln(0.5, 0.5) + (wins + losses) * math.log(2)
    return math.exp(min(float(logs), 700.0))


def anytime_p(outcomes: Sequence[float]) -> float:
    """1 / the largest e-value on the way, at most 1; `outcomes` are 1, 0.5 or 0 in order."""
    wins = losses = 0
    best = 1.0
    for outcome in outcomes:
        wins, losses = wins + (outcome == 1), losses + (outcome == 0)
        best = max(best, e_value(wins, losses))
    return 1 / best
