"""Values as a person reads them: the same words in every export that is meant for eyes."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import ExportError

__all__ = ["MISSING", "clean", "is_missing", "money", "need", "number", "plain", "short", "shown"]

MISSING = "–"

_PICTURES = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n\r"}
_PICTURES |= {0x7F: "␡", **dict.fromkeys(range(0x80, 0xA0), "\ufffd")}
_PICTURES |= dict.fromkeys((0xFFFE, 0xFFFF), "\ufffd")
_PICTURES |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def clean(text: str) -> str:
    """`text` without what no table can hold: NUL and other control characters become their
    pictures (␀); tab and line ends stay.
    """
    return text.translate(_PICTURES)


def plain(text: str) -> str:
    """`clean`, on one line, and without characters that turn the direction of what follows."""
    return " ".join(clean(text).translate(_TURNS).split())


_TURNS: dict[int, None] = dict.fromkeys(
    (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)


def short(text: str, limit: int) -> str:
    """`text`, or its beginning and an ellipsis: at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def is_missing(value: Any) -> bool:
    """Whether it is None, NaN, NaT or NA."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def number(value: float, digits: int = 3) -> str:
    """`digits` significant ones, never an exponent for everyday sizes: 0.0125, 3.14, 1,250."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else MISSING
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e9:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def money(usd: float) -> str:
    """Dollars with cents, and with more places below a cent's worth: $1,204.50, $0.0125."""
    if usd and abs(usd) < 0.1:
        return f"${usd:.4f}".rstrip("0")
    return f"${usd:,.2f}"


def shown(value: Any, *, column: str = "") -> str:
    """One cell for eyes. The name of its column says what is money."""
    if is_missing(value):
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{int(value):d}"
    if isinstance(value, (float, np.floating)):
        return money(float(value)) if "usd" in column else number(float(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def need(df: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    """Refuses a table that lacks what is drawn from it, naming what is missing."""
    lacking = [column for column in columns if column not in df.columns]
    if lacking:
        raise ExportError(f"{what} needs {', '.join(lacking)}; there are: {', '.join(df.columns)}")
