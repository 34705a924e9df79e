"""The catalogue as a table: `tk.models("action", max_usd=0.5)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from toolkit.catalog import find, usual_params
from toolkit.catalog.find import Match
from toolkit.records import from_micro

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["models"]

COLUMNS = (
    "model", "service", "wire_id", "durations_s", "resolutions", "seed", "camera", "audio",
    "start_image", "price_usd", "price_unit", "price_date", "status", "retired_on", "best_for",
    "why",
)  # fmt: skip


def models(
    words: str | Sequence[str] | None = None, *, max_usd: float | None = None
) -> pd.DataFrame:
    """The models for a purpose, best first, each with the reason; all of them without words.

    `max_usd` is the most that one clip of about 5 s may cost; a price that is not known is not
    cheap, so such models are left out then. `price_usd` is by `price_unit`, for 720p or the nearest
    without sound; None is unknown.
    """
    import pandas as pd

    asked = words if isinstance(words, str) else " ".join(words or ())
    rows = [_row(match) for match in find(asked, max_usd)]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)  # None stays None, not NaN


def _row(match: Match) -> dict[str, Any]:
    card = match.card
    amount, unit = _unit_price(match)
    lengths: Any = list(card.durations_s)
    if not lengths and card.duration_range_s:
        lengths = "{:g}–{:g}".format(*card.duration_range_s)
    return {
        "model": card.model,
        "service": card.service,
        "wire_id": card.wire_id,
        "durations_s": lengths,
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
        "why": "; ".join(match.why),
    }


def _unit_price(match: Match) -> tuple[float | None, str | None]:
    """Dollars by the unit a person compares: the second where it is charged so, else the clip."""
    if match.price.expected is None:
        return None, None
    each = from_micro(match.price.expected)
    if match.card.price_unit == "USD/s":
        return round(each / usual_params(match.card)["duration_s"], 6), "USD/s"
    return each, "USD/clip"
