"""The catalogue as a table: `tk.models("action", max_usd=0.5)`."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from toolkit import discover
from toolkit.catalog import find, usual_params
from toolkit.catalog.find import Match
from toolkit.keywords import tells
from toolkit.planning.look import cut
from toolkit.providers import keys_of
from toolkit.providers._secrets import has_key
from toolkit.records import ModelCard, from_micro

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["models", "models_json", "models_text"]

COLUMNS = (
    "model", "service", "wire_id", "durations_s", "resolutions", "seed", "camera", "audio",
    "start_image", "price_usd", "price_unit", "price_date", "status", "retired_on", "best_for",
    "key", "why",
)  # fmt: skip


@tells
def models(
    words: str | Sequence[str] | None = None,
    *,
    max_usd: float | None = None,
    makes: Literal["video", "image"] = "video",
) -> pd.DataFrame:
    """The models for a purpose, best first, each with the reason; all of them without words. Those
    of pictures, for `exp.image`, with `makes="image"`.

    `max_usd` is the most that one clip of about 5 s may cost; a price that is not known is not
    cheap, so such models are left out then. `price_usd` is by `price_unit`, for 720p or the nearest
    without sound; None is unknown. `key` says whether it can be asked from here: "set", "not set",
    "none needed", or "no adapter".
    """
    import pandas as pd

    asked = words if isinstance(words, str) else " ".join(words or ())
    rows = [_row(match) for match in find(asked, max_usd, makes=makes)]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)  # None stays None, not NaN


def models_json(table: pd.DataFrame) -> list[dict[str, Any]]:
    """What scripts rely on: the columns of `models` but the last two, which are for people."""
    return [
        {name: row[name] for name in COLUMNS if name not in ("key", "why")}
        for row in table.to_dict("records")
    ]


HEAD = ("model", "seconds", "sizes", "seed", "camera", "sound", "image", "price", "of", "key")
WIDTH = 120  # columns of a terminal that the lines keep to
LONGEST = 36  # of a model's name
KNOWN = {True: "yes", False: "no", None: "?"}
KEYS = {"set": "set", "not set": "unset", "none needed": "–", "no adapter": "n/a"}
SEEDS = {"honoured": "yes", "best_effort": "roughly", "none": "no", "unknown": "?"}


def models_text(table: pd.DataFrame) -> str:
    """The table for a terminal: a line of facts for each model, and below it why it is here, with
    its status where that is not live.
    """
    if not len(table):
        return "no model fits; ask for less, or see them all without words"
    rows = table.to_dict("records")
    lines = [HEAD, *(_facts(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    shown = ["  ".join(f"{w:{n}}" for w, n in zip(line, widths, strict=True)) for line in lines]
    text = [shown[0].rstrip()[:WIDTH]]
    for row, line in zip(rows, shown[1:], strict=True):
        text.append(line.rstrip()[:WIDTH])
        if row["why"]:
            text += textwrap.wrap(
                row["why"], WIDTH, initial_indent="    ", subsequent_indent="    "
            )
    return "\n".join(text)


def _facts(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    return (
        cut(row["model"], LONGEST),
        _span([f"{length:g}" for length in row["durations_s"]]),
        _span(row["resolutions"]),
        SEEDS[row["seed"]],
        "yes" if row["camera"] else "words",  # without a parameter the words of the prompt do it
        KNOWN[row["audio"]],
        KNOWN[row["start_image"]],
        _each(row),
        row["price_date"] or "–",
        KEYS[row["key"]],
    )


def _span(values: Sequence[str]) -> str:
    if len(values) > 3:
        return f"{values[0]}–{values[-1]}"
    return ", ".join(values) or "?"


def _each(row: Mapping[Hashable, Any]) -> str:
    if row["price_usd"] is None:
        return "unknown"
    kind = "sim $" if row["service"] == "sim" else "$"
    return f"{kind}{row['price_usd']:g}/{row['price_unit'].removeprefix('USD/')}"


def _row(match: Match) -> dict[str, Any]:
    card = match.card
    amount, unit = _unit_price(match)
    return {
        "model": card.model,
        "service": card.service,
        "wire_id": card.wire_id,
        "durations_s": _lengths(card),
        "resolutions": list(card.resolutions),
        "seed": card.seed,
        "camera": card.camera,
        "audio": card.audio,
        "start_image": card.start_image,
        "price_usd": amount,
        "price_unit": unit,
        "price_date": card.price_date,
        "status": card.status,
        "retired_on": card.retired_on,
        "best_for": list(card.best_for),
        "key": _key(card.service),
        "why": "; ".join(match.why),
    }


def _key(service: str) -> str:
    if not discover.has("providers", service):
        return "no adapter"
    names = keys_of(service)
    if not names:
        return "none needed"
    return "set" if has_key(names) else "not set"


def _lengths(card: ModelCard) -> list[float]:
    """The lengths it takes; of a range the whole seconds and its ends."""
    if card.durations_s or not card.duration_range_s:
        return [_whole(length) for length in card.durations_s]
    low, high = card.duration_range_s
    return [_whole(s) for s in sorted({low, *range(math.ceil(low), math.floor(high) + 1), high})]


def _whole(length: float) -> float:
    return int(length) if float(length).is_integer() else length


def _unit_price(match: Match) -> tuple[float | None, str | None]:
    """Dollars by the unit a person compares: the second where it is charged so, else the clip."""
    if match.price.expected is None:
        return None, None
    each = from_micro(match.price.expected)
    if match.card.price_unit == "USD/s":
        return round(each / usual_params(match.card)["duration_s"], 6), "USD/s"
    return each, "USD/clip"
