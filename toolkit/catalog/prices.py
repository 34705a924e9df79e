"""What a clip costs: from a number or a table to low, expected and high micro-dollars.

A table has rows such as `{resolution: 720p, duration_s: 9, usd: 1.28}`. A parameter that was not
asked for leaves several rows open: they make the range, and the service's own default, where it is
known, the expected price. No row, no duration, no price at all: *unknown*, never $0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from toolkit.errors import CatalogError
from toolkit.records import ModelCard, to_micro

__all__ = [
    "Fact",
    "Price",
    "PriceRow",
    "is_own",
    "price",
    "price_depends_on",
    "read_price",
    "read_rates",
    "usual_params",
    "with_price",
]

UNITS = ("s", "clip", "Mtoken")
OWN_SERVER = "own server"
"""The price of what a person's own machine makes: nothing that a bill could show."""
_NOTHING = [{"usd": 0.0, "when": {}}]


@dataclass(frozen=True)
class Price:
    """What one clip costs, in micro-dollars; all None and a `note` where it is not known."""

    low: int | None
    expected: int | None
    high: int | None
    date: str | None = None
    simulated: bool = False
    note: str = ""

    @property
    def unknown(self) -> bool:
        return self.high is None


@dataclass(frozen=True)
class Fact:
    """Where one field of a card comes from, when it was read, how sure it is."""

    source: str
    date: str
    confidence: str


@dataclass(frozen=True)
class PriceRow:
    """A price as written: its unit, its date, a number or rows in dollars."""

    table: Any
    unit: str | None
    date: str | None


def _amount(raw: Any, rate: float, where: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not math.isfinite(raw):
        raise CatalogError(f"{where}: a price is a number such as 0.07, not {raw!r}")
    if raw < 0:
        raise CatalogError(f"{where}: a price cannot be below 0, found {raw!r}")
    if raw == 0:
        raise CatalogError(
            f"{where}: a price of 0 is a guess; leave it out where it is not known, or write "
            f"`price: {OWN_SERVER}` for a machine of yours"
        )
    return raw * rate


def read_rates(raw: Mapping[str, Any], *, where: str) -> dict[str, float]:
    """Dollars for one of each currency; the dollar is always there."""
    rates = {"USD": 1.0}
    for name, value in raw.items():
        rates[str(name).upper()] = _amount(value, 1.0, f"{where}: rate of `{name}`")
    return rates


def read_price(raw: Any, rates: Mapping[str, float], *, where: str) -> PriceRow:
    """`{per: s, usd: 0.07}`, `{per: clip, eur: 0.3}`, `{per: s, table: [{…, usd: 0.1}]}`, or
    `own server`.
    """
    if raw is None:
        return PriceRow(None, None, None)
    if raw == OWN_SERVER:
        return PriceRow(_NOTHING, "USD/clip", None)
    if not isinstance(raw, Mapping):
        raise CatalogError(
            f"{where}: a price is written {{per: s, usd: 0.07}} or {{per: clip, usd: 0.3}}, "
            f"not {raw!r}"
        )
    per = raw.get("per")
    if per not in UNITS:
        raise CatalogError(f"{where}: `per` is one of {', '.join(UNITS)}, not {per!r}")
    date = None if raw.get("date") is None else str(raw["date"])
    unit = f"USD/{per}"
    if "table" not in raw:
        return PriceRow(
            [_row(raw, rates, where, {"per", "date", "source", "confidence"})], unit, date
        )
    table = raw["table"]
    if not isinstance(table, list) or not all(isinstance(row, Mapping) for row in table):
        raise CatalogError(
            f"{where}: `table` is a list of rows such as {{resolution: 720p, usd: 1}}"
        )
    return PriceRow([_row(row, rates, where, set()) for row in table], unit, date)


def _row(
    raw: Mapping[str, Any], rates: Mapping[str, float], where: str, leave_out: set[str]
) -> dict[str, Any]:
    currencies = [name for name in raw if str(name).upper() in rates]
    if len(currencies) != 1:
        raise CatalogError(
            f"{where}: a price names one currency ({', '.join(sorted(rates)).lower()}), "
            f"found {', '.join(map(str, raw)) or 'nothing'}; "
            f"other currencies need a rate under `rates`"
        )
    rate = rates[str(currencies[0]).upper()]
    row: dict[str, Any] = {"usd": _amount(raw[currencies[0]], rate, where)}
    for bound in ("low", "high"):
        if bound in raw:
            row[bound] = _amount(raw[bound], rate, where)
    when = {
        str(k): v for k, v in raw.items() if k not in {currencies[0], "low", "high", *leave_out}
    }
    return {**row, "when": when}


def is_own(card: ModelCard) -> bool:
    """Whether its clips are made by the person's own machine, and so cost nothing known."""
    return bool(card.price == _NOTHING)


def with_price(card: ModelCard, asked: PriceRow) -> ModelCard:
    """The same card at another price."""
    return replace(card, price=asked.table, price_unit=asked.unit, price_date=asked.date)


def usual_params(card: ModelCard, duration_s: float = 5) -> dict[str, Any]:
    """The settings by which models are compared: about 5 s, 720p or the nearest, no sound."""
    params: dict[str, Any] = dict(card.defaults)
    if card.durations_s:
        params["duration_s"] = min(card.durations_s, key=lambda d: (abs(d - duration_s), d))
    else:
        params["duration_s"] = duration_s
    if "720p" in card.resolutions or not card.resolutions:
        params["resolution"] = "720p"
    else:
        params["resolution"] = card.defaults.get("resolution", card.resolutions[0])
    always = any(
        "audio" in limit.get("allow", {}) and not limit.get("when") for limit in card.limits
    )
    if card.audio is not None:
        params["audio"] = always
    return params


def price(card: ModelCard, params: Mapping[str, Any]) -> Price:
    """What one clip costs on `card` with `params`, as the service published it on `Price.date`."""

    def unknown(note: str) -> Price:
        return Price(None, None, None, card.price_date, card.is_simulated, note)

    if not card.price:
        return unknown(f"no price of {card.model} is known")
    rows = [row for row in card.price if _fits(row["when"], params)]
    if not rows:
        asked = ", ".join(f"{k}={params[k]}" for k in price_depends_on(card) if k in params)
        return unknown(f"no price of {card.model} is known for {asked}")
    assumed = {**card.defaults, **params}
    if card.default_duration_s is not None:
        assumed.setdefault("duration_s", card.default_duration_s)
    usual = [row for row in rows if _fits(row["when"], assumed)] or rows
    per = str(card.price_unit).removeprefix("USD/")
    factors = _factors(card, params, per)
    if factors is None:
        return unknown(f"{card.model} is charged by the {per}, and how many is not known")
    low_by, expected_by, high_by = factors
    return Price(
        low=to_micro(min(row.get("low", row["usd"]) for row in rows) * low_by),
        expected=to_micro(max(row["usd"] for row in usual) * expected_by),
        high=to_micro(max(row.get("high", row["usd"]) for row in rows) * high_by),
        date=card.price_date,
        simulated=card.is_simulated,
    )


def price_depends_on(card: ModelCard) -> list[str]:
    """The parameters that the price table looks at."""
    return list(dict.fromkeys(name for row in card.price or [] for name in row["when"]))


def _fits(when: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    return all(name not in params or _same(params[name], value) for name, value in when.items())


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return bool(a) == bool(b)
    return bool(a == b)


def _factors(
    card: ModelCard, params: Mapping[str, Any], per: str
) -> tuple[float, float, float] | None:
    """By how much the unit price is multiplied: low, expected, high."""
    if per == "clip":
        return 1.0, 1.0, 1.0
    seconds = _seconds(card, params)
    if seconds is None or per == "s":
        return seconds
    tokens = _tokens_per_s(card, params)
    if tokens is None:
        return None
    low, expected, high = seconds
    return low * tokens[0] / 1e6, expected * tokens[1] / 1e6, high * tokens[2] / 1e6


def _seconds(card: ModelCard, params: Mapping[str, Any]) -> tuple[float, float, float] | None:
    if "duration_s" in params:
        asked = float(params["duration_s"])
        return asked, asked, asked
    usual = card.default_duration_s
    ends = card.durations_s or list(card.duration_range_s or ())
    if usual is not None:
        return usual, usual, usual
    return (min(ends), max(ends), max(ends)) if ends else None


_HEIGHT = {"480p": 480, "540p": 540, "720p": 720, "1080p": 1080, "4k": 2160}


def _tokens_per_s(card: ModelCard, params: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """Width x height x frames per second / 1024, taken as 16:9, the largest of the usual shapes."""
    names = [params["resolution"]] if "resolution" in params else card.resolutions
    rates = sorted(
        height * height * 16 / 9 * 24 / 1024 for n in names if (height := _HEIGHT.get(str(n)))
    )
    if not rates:
        return None
    usual = _HEIGHT.get(str(params.get("resolution", card.defaults.get("resolution"))))
    expected = usual * usual * 16 / 9 * 24 / 1024 if usual else rates[-1]
    return rates[0], expected, rates[-1]
