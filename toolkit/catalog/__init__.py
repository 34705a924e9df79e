"""Models as services offer them: limits, prices with their date, what each is good for.

The facts lie in `models.yaml` beside this file. A person lays their own prices, models and
currency rates over them in `catalog.yaml` (see `override_path`). A price that is not known is
said to be unknown and is never $0.
"""

from toolkit.catalog.cards import (
    Refusal,
    by_hand_model,
    card,
    cards,
    is_by_hand,
    limit_refusal,
    limited,
    near_value,
    override_path,
    provenance,
    refusal,
)
from toolkit.catalog.find import Match, find
from toolkit.catalog.prices import Fact, Price, is_own, price, price_depends_on, usual_params

__all__ = [
    "Fact",
    "Match",
    "Price",
    "Refusal",
    "by_hand_model",
    "card",
    "cards",
    "find",
    "is_by_hand",
    "is_own",
    "limit_refusal",
    "limited",
    "near_value",
    "override_path",
    "price",
    "price_depends_on",
    "provenance",
    "refusal",
    "usual_params",
]
