"""A card as a row for one's own catalogue: what a service told of a model, kept beside our data."""

from __future__ import annotations

import json
from dataclasses import fields

from toolkit.records import ModelCard

__all__ = ["row_of"]

TOLD_ELSEWHERE = ("model", "source", "confidence", "price", "price_unit", "price_date")


def row_of(card: ModelCard) -> str:
    """YAML for the file at `override_path()`, with all that the card knows but its price.

    Without one the model is asked for `price_usd=` before it may cost anything.
    """
    bare = ModelCard(card.model, title="", wire_id="")
    lines = ["models:", f"  {json.dumps(card.model)}:"]
    for name in (field.name for field in fields(card)):
        value = getattr(card, name)
        if name not in TOLD_ELSEWHERE and value != getattr(bare, name):
            lines.append(f"    {name}: {json.dumps(value, ensure_ascii=False)}")
    lines.append(f"    sources: {json.dumps(card.source, ensure_ascii=False)}")
    lines.append("    # price: {per: s, usd: 0.00, date: 2026-01-31}")
    return "\n".join(lines) + "\n"
