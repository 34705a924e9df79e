"""Which model for this? A few words against what each is good for, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from toolkit.catalog.cards import cards
from toolkit.catalog.prices import Price, price, usual_params
from toolkit.records import ModelCard, from_micro

__all__ = ["Match", "find"]


@dataclass(frozen=True)
class Match:
    """A model that fits, why, and what one usual clip (about 5 s, 720p) costs."""

    card: ModelCard
    score: float
    why: tuple[str, ...]
    price: Price

    def __str__(self) -> str:
        return f"{self.card.model}: {'; '.join(self.why)}"


# Words that people use, and the words of the catalogue that they mean.
MEANT = {
    "ad": "product", "advert": "product", "beauty": "product", "bottle": "product",
    "watch": "product", "perfume": "product", "portrait": "people", "person": "people",
    "woman": "people", "man": "people", "face": "people", "actor": "people",
    "music": "sound", "audio": "sound", "voice": "sound", "dialogue": "sound", "speech": "sound",
    "cheap": "drafts", "cheapest": "drafts", "test": "drafts", "tests": "drafts", "try": "drafts",
    "sketch": "storyboards", "fast": "speed", "quick": "speed", "quickly": "speed",
    "character": "characters", "consistency": "consistent", "sport": "action", "sports": "action",
    "running": "action", "dance": "movement", "motion": "movement", "film": "cinematic",
    "movie": "cinematic", "real": "realism", "realistic": "photorealism", "photo": "photorealism",
    "anime": "styles", "cartoon": "styles", "style": "styles", "tiktok": "social",
    "instagram": "social", "reel": "social", "reels": "social", "shorts": "social",
    "news": "editorial", "nature": "documentary", "long": "longer", "hero": "final",
    "image": "image", "picture": "image", "broadcast": "production", "stable": "stability",
    "quality": "final",
}  # fmt: skip

NEEDS = {  # words that a model can or cannot meet at all
    "sound": ("audio", "makes sound"),
    "image": ("start_image", "takes a start image"),
    "loop": ("loop", "can loop"),
}


def find(
    words: str = "",
    max_usd: float | None = None,
    *,
    among: Iterable[ModelCard] | None = None,
    makes: str = "video",
) -> list[Match]:
    """The models for a purpose, best first: best use before strengths, weaknesses against; of those
    that make a "video", or an "image".

    Retired models are left out and simulated ones come last. `max_usd` is the most that one usual
    clip may cost; where it is given a model of unknown price is left out: unknown is not cheap.
    """
    asked = _stems(words, meant=True)
    found = []
    for card in cards() if among is None else among:
        if card.status == "retired" or card.makes != makes:
            continue
        match = _match(card, asked)
        if match is None or (max_usd is not None and not _affordable(match.price, max_usd)):
            continue
        found.append(match)
    return sorted(
        found,
        key=lambda m: (m.card.is_simulated and bool(asked), -m.score, _cost(m.price), m.card.model),
    )


def _affordable(price: Price, max_usd: float) -> bool:
    return price.expected is not None and from_micro(price.expected) <= max_usd


def _cost(price: Price) -> float:
    return float("inf") if price.expected is None else float(price.expected)


def _match(card: ModelCard, asked: dict[str, str]) -> Match | None:
    score: float = 0
    why: list[str] = []
    for need, (field, said) in NEEDS.items():
        if _stem(need) in asked:
            if getattr(card, field) is False:
                return None
            if getattr(card, field):
                score += 1
                why.append(said)
    if sizes := [size for size in card.resolutions if size in asked]:
        score += 2.0
        why.append(f"makes {', '.join(sizes)}")
    for weight, label, phrases in (
        (3.0, "best for", card.best_for),
        (2.0, "strong in", card.strengths),
        (-1.5, "weak in", card.weaknesses),
    ):
        hits = [p for p in phrases if asked.keys() & _stems(p).keys()]
        if hits:
            score += weight * len({s for p in hits for s in _stems(p) if s in asked})
            why.append(f"{label} {', '.join(hits)}")
    named = _stems(f"{card.title} {card.maker} {card.model.replace('/', ' ')}")
    if called := [word for stem, word in asked.items() if stem in named and _stem(word) == stem]:
        score += 4.0 * len(called)
        why.append(f"named {', '.join(called)}")
    if asked and score <= 0:
        return None
    if card.status in ("deprecated", "legacy", "unknown"):
        score -= {"deprecated": 1.0, "unknown": 0.5, "legacy": 0.25}[card.status]
        said = {"unknown": "may be gone"}.get(card.status, card.status)
        why.append(f"{said}, gone on {card.retired_on}" if card.retired_on else said)
    if not asked and card.best_for:
        why.append(f"best for {', '.join(card.best_for)}")
    params = usual_params(card)
    if _stem("sound") in asked and card.audio:
        params["audio"] = True
    cost = price(card, params)
    if cost.expected is None:
        why.append("price unknown")
    else:
        kind = "sim $" if cost.simulated else "$"
        of = f"{params['duration_s']:g} s" if card.makes == "video" else "a picture"
        why.append(f"{kind}{from_micro(cost.expected):.2f} for {of}")
    return Match(card, score, tuple(why), cost)


def _stems(text: str, *, meant: bool = False) -> dict[str, str]:
    """Stem -> the word as written; with `meant`, words of the catalogue that people mean by it."""
    stems: dict[str, str] = {}
    for word in re.findall(r"[^\W_][\w.-]*", text.lower()):
        if len(word) > 1 and word not in _SMALL:
            stems.setdefault(_stem(word), word)
            if meant and word in MEANT:
                stems.setdefault(_stem(MEANT[word]), word)
    return stems


_SMALL = frozenset(
    ["for", "and", "the", "with", "of", "an", "in", "on", "to", "that", "is", "my", "best"]
)


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "s", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
