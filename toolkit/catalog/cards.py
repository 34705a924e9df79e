"""From the data files to `ModelCard`s, and what a card allows.

A row of `models.yaml` names its family, which holds what is true of the model wherever it is sold;
the row holds what one service does with it. Every fact may carry a source and a confidence of its
own (`doubts`), read back by `provenance`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from toolkit.catalog import plain_yaml
from toolkit.catalog.litellm import from_litellm
from toolkit.catalog.prices import Fact, read_price, read_rates, with_price
from toolkit.errors import CatalogError
from toolkit.records import ModelCard

__all__ = [
    "Catalog",
    "Fact",
    "Refusal",
    "by_hand_model",
    "card",
    "cards",
    "current",
    "is_by_hand",
    "limit_refusal",
    "limited",
    "near_value",
    "override_path",
    "provenance",
    "refusal",
]

OWN_DATA = Path(__file__).with_name("models.yaml")
OVERRIDE_VARIABLE = "PROMPTGRID_CATALOG"

SECTIONS = ("models", "prices", "rates", "families", "sources", "litellm")

_CARD_FIELDS = {f.name for f in fields(ModelCard)} - {"model", "price_unit", "price_date"}
_ROW_FIELDS = (_CARD_FIELDS - {"source", "confidence"}) | {"family", "sources", "date", "doubts"}


@dataclass(frozen=True)
class Catalog:
    """The cards by model, and where each of their facts comes from."""

    cards: dict[str, ModelCard]
    facts: dict[str, dict[str, Fact]]


def override_path() -> Path:
    """The person's own file: `$PROMPTGRID_CATALOG`, else `catalog.yaml` in the user's settings."""
    named = os.environ.get(OVERRIDE_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("promptgrid", appauthor=False) / "catalog.yaml"


def current() -> Catalog:
    """Our data with the person's file laid over it; read again when that file changes."""
    path = override_path()
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        if os.environ.get(OVERRIDE_VARIABLE):
            raise CatalogError(
                f"{OVERRIDE_VARIABLE} names {str(path)!r}, which cannot be read; "
                f"unset it or write the file"
            ) from None
        return _on(_today(), None, 0)
    return _on(_today(), path, stamp)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@lru_cache(maxsize=8)
def _on(day: str, override: Path | None, stamp: int) -> Catalog:
    """The catalogue as it holds on a day: what was to be retired by then is retired."""
    read = _read(override, stamp)
    gone = {
        model: replace(card, status="retired")
        for model, card in read.cards.items()
        if card.retired_on is not None and card.retired_on <= day
    }
    return Catalog({**read.cards, **gone}, read.facts)


@lru_cache(maxsize=8)
def _read(override: Path | None, _stamp: int) -> Catalog:
    if override is None:
        return _catalog(_document(OWN_DATA), read_rates({}, where=""), where=OWN_DATA.name)
    return _overlay(_read(None, 0), _document(override), where=str(override))


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = plain_yaml.load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, plain_yaml.YAMLError) as error:
        raise CatalogError(f"{path}: cannot be read as a catalogue: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        raise CatalogError(f"{path}: a catalogue is a mapping with `models:` or `prices:`")
    return document


def _mapping(document: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, Mapping):
        raise CatalogError(f"{where}: `{key}` must be a mapping, not {type(value).__name__}")
    return value


def _catalog(document: Mapping[str, Any], rates: Mapping[str, float], *, where: str) -> Catalog:
    sources = _mapping(document, "sources", where)
    families = _mapping(document, "families", where)
    cards: dict[str, ModelCard] = {}
    facts: dict[str, dict[str, Fact]] = {}
    for model, row in _mapping(document, "models", where).items():
        if not isinstance(row, Mapping):
            raise CatalogError(f"{where}: `{model}` must be a mapping of facts")
        family = row.get("family")
        if family is not None and family not in families:
            raise CatalogError(f"{where}: `{model}` names a family {family!r} that is not there")
        merged = {**(families[family] if family else {}), **row}
        cards[model] = _card(model, merged, rates, where=where)
        facts[model] = _facts(merged, sources)
    return Catalog(cards, facts)


def _card(
    model: str, row: Mapping[str, Any], rates: Mapping[str, float], *, where: str
) -> ModelCard:
    for name in row:
        if name not in _ROW_FIELDS:
            raise CatalogError(f"{where}: `{model}` has an unknown fact {_near(name, _ROW_FIELDS)}")
    if "/" not in model:
        raise CatalogError(f"{where}: a model is 'service/model', not {model!r}")
    _check_limits(row.get("limits", []), where=f"{where}: `{model}`")
    known = {name: value for name, value in row.items() if name in _CARD_FIELDS}
    asked = read_price(known.pop("price", None), rates, where=f"{where}: `{model}`")
    try:
        return ModelCard(
            model,
            **{"title": model, "wire_id": model.split("/", 1)[1], **known},
            price=asked.table,
            price_unit=asked.unit,
            price_date=asked.date,
            source="; ".join(_as_list(row.get("sources"))),
            confidence="; ".join(f"{k}: {v}" for k, v in (row.get("doubts") or {}).items())
            or "read in the source named",
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise CatalogError(
            f"{where}: `{model}`: {name} = {first['input']!r}: {first['msg']}"
        ) from error


def _check_limits(limits: Any, *, where: str) -> None:
    shapes = {"when": Mapping, "with": str, "allow": Mapping, "needs": str}
    for limit in limits if isinstance(limits, list) else [limits]:
        if not isinstance(limit, Mapping) or not limit or set(limit) - set(shapes):
            raise CatalogError(
                f"{where}: a limit is {{when: {{…}}, allow: {{…}}}} or {{needs: start_image}}, "
                f"not {limit!r}"
            )
        for name, value in limit.items():
            if not isinstance(value, shapes[name]):
                raise CatalogError(f"{where}: `{name}` of a limit cannot be {value!r}")
        for name, values in limit.get("allow", {}).items():
            if not isinstance(values, list):
                raise CatalogError(f"{where}: a limit allows a list of {name}, not {values!r}")


def _facts(row: Mapping[str, Any], sources: Mapping[str, Any]) -> dict[str, Fact]:
    named = _as_list(row.get("sources"))
    source = "; ".join(str(sources.get(name, name)) for name in named)
    doubts = row.get("doubts") or {}
    date = str(row.get("date") or "")
    price_row = row.get("price")
    facts = {}
    for name in row:
        if name in {"family", "sources", "date", "doubts"}:
            continue
        own = price_row if name == "price" and isinstance(price_row, Mapping) else {}
        facts[name] = Fact(
            source=str(own.get("source") or source),
            date=str(own.get("date") or date),
            confidence=str(own.get("confidence") or doubts.get(name) or "read in the source"),
        )
    return facts


def _overlay(base: Catalog, document: Mapping[str, Any], *, where: str) -> Catalog:
    for name in document:
        if name not in SECTIONS:
            raise CatalogError(f"{where}: unknown section {_near(name, SECTIONS)}")
    rates = read_rates(_mapping(document, "rates", where), where=where)
    own = _catalog(document, rates, where=where)
    cards = {**base.cards, **own.cards}
    facts = {**base.facts, **own.facts}
    if document.get("litellm"):
        lists = Path(where).parent / str(document["litellm"])
        for model, card_, fact in from_litellm(lists, cards.values()):
            cards[model] = card_
            facts[model] = {**facts.get(model, {}), "price": fact}
    for model, raw in _mapping(document, "prices", where).items():
        if model not in cards:
            raise CatalogError(f"{where}: a price for an unknown model {_near(model, cards)}")
        asked = read_price(raw, rates, where=f"{where}: `{model}`")
        cards[model] = with_price(cards[model], asked)
        fact = Fact(source=where, date=asked.date or "", confidence="your own")
        facts[model] = {**facts.get(model, {}), "price": fact}
    return Catalog(cards, facts)


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(value)] if isinstance(value, str) else [str(v) for v in value]


def _near(name: str, known: Iterable[str], rest: str = "") -> str:
    """`'x'`, and the nearest thing that exists; where nothing is near `rest`, else all there is."""
    names = [str(k) for k in known]
    wanted = str(name).lower()
    near = [n for n in names if n.rsplit("/", 1)[-1] == wanted]
    if not near:
        tail = 0 if "/" in wanted else 1  # a service left out is no difference
        likeness = {n: _alike(wanted, n.split("/", tail)[-1]) for n in names}
        best = max(likeness.values(), default=0.0)
        near = [n for n in names if likeness[n] >= max(0.6, best - 0.05)]
    if near:
        return f"{name!r}: did you mean {' or '.join(map(repr, near[:4]))}?"
    return f"{name!r}; {rest or 'there are: ' + ', '.join(sorted(names))}"


def _alike(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a, b.lower()).ratio()


def cards() -> list[ModelCard]:
    """Every model as one service offers it: the simulator first, then by name."""
    return sorted(current().cards.values(), key=lambda c: (not c.is_simulated, c.model))


BY_HAND = "import/"


def is_by_hand(model: str) -> bool:
    """Whether its clips are made by a person, on a site without an interface for programs."""
    return model.startswith(BY_HAND)


def by_hand_model(name: str) -> str:
    """The model of clips from outside: `import/NAME`, in the one spelling that keys hang on."""
    cleaned = re.sub(r"[^\w.+-]+", "-", name.strip().removeprefix(BY_HAND)).strip("-")
    return f"{BY_HAND}{cleaned or 'unknown'}"


def card(model: str) -> ModelCard:
    """The card of `"service/model"`; `CatalogError` names the nearest.

    Any `"import/NAME"` has one, of which nothing is known and which so refuses nothing.
    """
    if is_by_hand(model):
        title = model.removeprefix(BY_HAND).strip()
        if not title:
            raise CatalogError("name the site or tool that makes the clips: 'import/NAME'")
        said = "made by hand: a worklist says what to make, import brings it in"
        return ModelCard(by_hand_model(model), title=title, wire_id="", status="live", notes=said)
    known = current().cards
    if model in known:
        return known[model]
    service = model.partition("/")[0].lower()
    beside = sorted(name for name in known if name.startswith(f"{service}/"))
    there = f"{service} has: {', '.join(beside)}" if beside else "tk.models() lists those there are"
    raise CatalogError(f"no model {_near(model, known, there)}")


def provenance(model: str) -> dict[str, Fact]:
    """Source, date and confidence of each fact on a model's card."""
    card(model)
    return dict(current().facts.get(model, {}))


# ------------------------------------------------------------------ what a card allows

_CAN = {  # what a model may not do at all, and how one says it
    "audio": "makes no sound",
    "start_image": "takes no start image",
    "end_image": "takes no end image",
    "loop": "cannot loop",
    "negative": "takes no negative prompt",
}
_LISTS = {
    "duration_s": "durations_s",
    "resolution": "resolutions",
    "aspect_ratio": "aspect_ratios",
    "fps": "fps",
}


class Refusal(NamedTuple):
    """What a model does not take, and what to do instead ("" where there is nothing near)."""

    reason: str
    instead: str = ""

    def __str__(self) -> str:
        return f"{self.reason}; {self.instead}" if self.instead else self.reason


def refusal(card: ModelCard, name: str, value: Any) -> Refusal | None:
    """Why this model does not take `value` for the parameter `name`, or None.

    What is not known is never a reason: an empty list of durations refuses nothing.
    """
    if value is None:
        return None
    if name in _CAN:
        able = getattr(card, name)
        return Refusal(f"{card.model} {_CAN[name]}") if able is False and value else None
    if name == "duration_s" and not card.durations_s and card.duration_range_s:
        low, high = card.duration_range_s
        fits, takes = low <= value <= high, f"{low:g} to {high:g} s"
    else:
        allowed = _allowed(card, name)
        fits, takes = not allowed or value in allowed, _shown(allowed)
    if fits:
        return None
    try:
        near = near_value(card, name, value)
    except CatalogError:
        return Refusal(f"{card.model} takes {takes}, not {value}")
    call = f"tk.near({value:g})" if isinstance(value, float) else f"tk.near({value!r})"
    return Refusal(f"{card.model} takes {takes}", f"`{call}` would use {_word(near)}")


def limit_refusal(card: ModelCard, params: Mapping[str, Any]) -> Refusal | None:
    """Why these values do not go together on this model (1080p only at 5 s), or None.

    What is not asked for counts as the model's own default.
    """
    for limit in card.limits:
        when, beside = limit.get("when", {}), limit.get("with")
        if any(params.get(name, card.defaults.get(name)) != v for name, v in when.items()):
            continue
        if beside is not None and params.get(beside) is None:
            continue
        words = [f"{name} {_word(value)}" for name, value in when.items()]
        words += [] if beside is None else [beside]
        under = f" with {', '.join(words)}" if words else ""
        needed = limit.get("needs")
        if needed and params.get(needed) is None:
            return Refusal(f"{card.model} needs `{needed}`{under}")
        for name, allowed in limit.get("allow", {}).items():
            if name in params and params[name] not in allowed:
                takes = f"takes {name} {_shown(allowed)}" if allowed else f"takes no {name}"
                return Refusal(
                    f"{card.model} {takes}{under}, not {_word(params[name])}"
                    if allowed
                    else f"{card.model} {takes}{under}"
                )
    return None


def limited(card: ModelCard) -> set[str]:
    """The parameters that `limit_refusal` looks at."""
    names: set[str] = set()
    for limit in card.limits:
        names |= {*limit.get("when", {}), *limit.get("allow", {})}
        names |= {limit[key] for key in ("with", "needs") if key in limit}
    return names


def _allowed(card: ModelCard, name: str) -> Sequence[Any]:
    if name in _LISTS:
        return getattr(card, _LISTS[name])  # type: ignore[no-any-return]
    return card.extra_params.get(name, [])


def _word(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    return str(value)


def _shown(values: Sequence[Any]) -> str:
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(numbers) == len(values) > 4 and all(b - a == 1 for a, b in pairwise(values)):
        return f"{values[0]:g} to {values[-1]:g}"
    return ", ".join(map(_word, values))


def near_value(card: ModelCard, name: str, value: Any) -> Any:
    """What the model takes that is nearest to `value`; `value` itself where that is not known.

    Numbers by distance, resolutions by height ("720p"), aspect ratios by shape; the smaller at a
    tie, because it costs less.
    """
    if name == "duration_s" and not card.durations_s and card.duration_range_s:
        low, high = card.duration_range_s
        return _whole(min(max(value, low), high))
    allowed = _allowed(card, name)
    if not allowed or value in allowed:
        return value
    wanted = _size(value)
    sized = [
        (abs(size - wanted), size, a)
        for a in allowed
        if wanted is not None and (size := _size(a)) is not None
    ]
    if not sized:
        raise CatalogError(
            f"`{name}`: nothing near {value!r} for {card.model}, which takes {_shown(allowed)}"
        )
    return _whole(min(sized, key=lambda found: found[:2])[2])


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _size(value: Any) -> float | None:
    """A number to measure nearness by: 720 for "720p", 2160 for "4k", 1.78 for "16:9"."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = str(value).lower()
    if text in {"4k", "2k", "8k"}:
        return {"2k": 1440.0, "4k": 2160.0, "8k": 4320.0}[text]
    if text.endswith("p") and text[:-1].isdigit():
        return float(text[:-1])
    wide, colon, high = text.partition(":")
    if colon and wide.isdigit() and high.isdigit() and int(high):
        return int(wide) / int(high)
    return None
