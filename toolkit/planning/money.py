"""Money as a bill shows it: real and simulated apart, an unknown price a count of clips."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.catalog import Price
from toolkit.records import from_micro

__all__ = ["BY_HAND", "Cost", "count", "each", "usd"]

BY_HAND = Price(0, 0, 0, note="made by hand")
"""Of a clip that a person makes and imports: nothing that is known here is paid for it."""


@dataclass(frozen=True)
class Cost:
    """Money in micro-dollars: real, simulated, and how many clips have no known price."""

    low: int = 0
    expected: int = 0
    high: int = 0
    sim: int = 0
    sim_high: int = 0
    unknown: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            *(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__)
        )

    @staticmethod
    def of(found: Price, clips: int) -> Cost:
        """The price of a clip, so many times."""
        if found.low is None or found.expected is None or found.high is None:
            return Cost(unknown=clips)
        if found.simulated:
            return Cost(sim=found.expected * clips, sim_high=found.high * clips)
        return Cost(found.low * clips, found.expected * clips, found.high * clips)

    def to_json(self) -> dict[str, float | int]:
        """Real money in dollars, and how many clips have no known price."""
        return {
            "low": from_micro(self.low),
            "expected": from_micro(self.expected),
            "high": from_micro(self.high),
            "unknown": self.unknown,
        }

    def __str__(self) -> str:
        """`$2.80`, `$2.10–2.80`, `sim $1.80`, and what is not known."""
        words = []
        if self.high:
            low, high = usd(self.low), usd(self.high)
            words.append(f"${low}" if low == high else f"${low}–{high}")
        if self.sim:
            words.append(f"sim ${usd(self.sim)}")
        if self.unknown:
            words.append(f"{count(self.unknown, 'clip')} of unknown price")
        return " + ".join(words) or "$0"


def usd(micro: int) -> str:
    """Dollars with two places, more where they would say nothing."""
    value = from_micro(micro)
    return f"{value:,.2f}" if value >= 0.1 or not micro else f"{value:.3g}"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def each(found: Price) -> str:
    if found == BY_HAND:
        return "by hand"
    if found.low is None or found.high is None:
        return "unknown"
    kind = "sim $" if found.simulated else "$"
    low, high = usd(found.low), usd(found.high)
    return f"{kind}{low}" if low == high else f"{kind}{low}–{high}"
