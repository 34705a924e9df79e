"""Estimates as a person reads them: digits as the interval supports, a true minus sign."""

from __future__ import annotations

import math
from dataclasses import replace

from toolkit.records import Estimate

__all__ = ["count", "interval", "number", "p_words", "turned"]


def number(value: float, scale: Estimate, *, sign: bool = False) -> str:
    """`value` with two digits of the half width of `scale`: 0.31 beside 0.12 to 0.50."""
    half = (scale.high - scale.low) / 2
    size = half if math.isfinite(half) and half > 0 else abs(scale.value) or abs(value) or 1.0
    places = min(8, max(0, 1 - math.floor(math.log10(size))))
    text = f"{value:+.{places}f}" if sign else f"{value:.{places}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def interval(estimate: Estimate, *, short: bool = False) -> str:
    """Such as 95 % interval 0.12 to 0.50; `short` without the level; or why there is none."""
    if math.isnan(estimate.low):
        why = "one scene" if estimate.clusters == 1 else "the same in every scene"
        return f"{why}: no interval"
    ends = f"interval {number(estimate.low, estimate)} to {number(estimate.high, estimate)}"
    return ends if short else f"{100 * estimate.level:.0f} % {ends}"


def p_words(p: float) -> str:
    """Such as p = 0.016: two digits, and never p = 0."""
    if p < 0.001:
        return "p < 0.001"
    places = 1 - math.floor(math.log10(p)) if p < 0.995 else 0
    return f"p = {p:.{places}f}"


def count(n: int, noun: str) -> str:
    """Such as 1 scene, 8 scenes."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def turned(estimate: Estimate) -> Estimate:
    """The same difference seen from the other side."""
    return replace(estimate, value=-estimate.value, low=-estimate.high, high=-estimate.low)
