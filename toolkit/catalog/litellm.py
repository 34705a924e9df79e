"""LiteLLM's public price list (MIT) laid over the catalogue, where both know a model.

A person downloads `model_prices_and_context_window.json` and names it in their own `catalog.yaml`
(`litellm: model_prices.json`). Its prices are dollars a second, some of them by resolution.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toolkit.catalog.prices import Fact, PriceRow, with_price
from toolkit.errors import CatalogError
from toolkit.records import ModelCard

__all__ = ["from_litellm"]

SERVICES = {  # ours -> theirs; the first that has the model counts
    "gemini": ("gemini",),
    "vertex": ("vertex_ai",),
    "fal": ("fal_ai",),
    "runway": ("runwayml",),
    "dashscope": ("qwencloud", "dashscope"),  # Singapore, then Beijing
    "ark": ("volcengine",),
    "replicate": ("replicate",),
}
PER_SECOND = ("output_cost_per_second", "output_cost_per_video_per_second")


def from_litellm(path: Path, cards: Iterable[ModelCard]) -> Iterator[tuple[str, ModelCard, Fact]]:
    """The cards that the list knows, at its price, with where it comes from."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8-sig"))
        date = datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    except (OSError, ValueError) as error:
        raise CatalogError(f"{path}: cannot be read as LiteLLM's price list: {error}") from error
    if not isinstance(listed, Mapping):
        raise CatalogError(f"{path}: LiteLLM's price list is an object by model")
    for card in cards:
        for key in _keys(card):
            row = listed.get(key)
            if isinstance(row, Mapping) and (table := _table(row, card, where=f"{path}: {key}")):
                found = with_price(card, PriceRow(table, "USD/s", date))
                if row.get("deprecation_date"):
                    found = replace(found, retired_on=str(row["deprecation_date"]))
                yield card.model, found, Fact("LiteLLM's price list", date, f"as {key}")
                break


def _keys(card: ModelCard) -> list[str]:
    wire = [card.wire_id]
    if card.wire_id.startswith("dreamina-"):  # ByteDance's name for it outside China
        wire.append(card.wire_id.replace("dreamina-", "doubao-", 1))
    return [f"{theirs}/{w}" for theirs in SERVICES.get(card.service, ()) for w in wire]


def _table(row: Mapping[str, Any], card: ModelCard, *, where: str) -> list[dict[str, Any]]:
    """One row a resolution; the general price stands for those that have none of their own."""
    general = next((row[name] for name in PER_SECOND if row.get(name) is not None), None)
    own = {
        name.rsplit("_", 1)[1]: value
        for name, value in row.items()
        if name.startswith(f"{PER_SECOND[0]}_") and value is not None
    }
    prices: list[tuple[dict[str, Any], Any]] = [
        ({"resolution": name}, own.get(name, general))
        for name in (card.resolutions or list(own))
        if own.get(name, general) is not None
    ]
    if not prices and general is not None:
        prices = [({}, general)]
    for _, usd in prices:
        if isinstance(usd, bool) or not isinstance(usd, (int, float)) or not math.isfinite(usd):
            raise CatalogError(f"{where}: a price is a number, not {usd!r}")
        if usd < 0:
            raise CatalogError(f"{where}: a price cannot be below 0, found {usd!r}")
    return [{"usd": float(usd), "when": when} for when, usd in prices if usd > 0]
