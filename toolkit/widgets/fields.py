"""The models and the settings of the builder: what each takes, what it costs, why it is off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product
from typing import Any

from toolkit.catalog import Price, near_value, refusal
from toolkit.errors import CatalogError, GridError, ToolkitError
from toolkit.grid.axes import Near, linked_size, param_value
from toolkit.records import CAMERA_MOVES, CANONICAL_PARAMS, ModelCard, from_micro
from toolkit.widgets.form import SIZE, Kept, read_values, texts_of
from toolkit.widgets.receipt import typed_near

__all__ = ["asked", "model_row", "param_fields"]

SOUND = 50  # values of a field that are looked at for reasons and prices
PRICED = 48  # combinations of values that a model's price is looked up for
ALWAYS = ("duration_s", "resolution", "aspect_ratio")
WORDS = {
    "duration_s": ("Duration", "seconds"),
    "resolution": ("Resolution", ""),
    SIZE: ("Size", "both at once: 720p@9:16"),
    "aspect_ratio": ("Aspect ratio", ""),
    "seed": ("Seed", "1-5, or 1, 2, .., 10"),
    "camera_motion": ("Camera move", "as a parameter, where a model has one"),
    "start_image": ("Start image", "path of a picture"),
    "end_image": ("End image", "path of a picture"),
    "loop": ("Loop", ""),
    "audio": ("Audio", ""),
    "fps": ("Frames per second", ""),
    "prompt_rewrite": ("Prompt rewrite", "by the service"),
}
LENGTHS = (2, 3, 4, 5, 6, 8, 9, 10, 12, 15)
"""Durations offered where a model takes any length of a range."""


def model_row(
    card: ModelCard,
    values: Mapping[str, Sequence[Any]],
    *,
    price: Callable[[ModelCard, Mapping[str, Any]], Price],
    why_not: Callable[[ModelCard], str | None],
) -> dict[str, Any]:
    """One row of the list: what it costs a clip, and why it cannot be used."""
    row: dict[str, Any] = {"model": card.model, "title": card.title}
    row["hint"] = "; ".join(card.best_for or card.strengths)[:160]
    off = why_not(card)
    if card.status == "retired":
        off = f"retired {card.retired_on}" if card.retired_on else "retired"
    row["usable"] = not off  # from here at all; a value it does not take can be changed
    note = ""
    for name, asked in values.items():
        refused = [r for v in asked if (r := refusal(card, name, _on(card, name, v)))]
        if asked and len(refused) == len(asked):
            off = off or str(refused[0])
        elif refused:
            note = str(refused[0])
    if off:
        row["off"] = typed_near(off.removeprefix(f"{card.model} "))
    elif note:
        row["note"] = typed_near(note.removeprefix(f"{card.model} "))
    row["price"] = _price_text(card, values, price)
    return row


def _price_text(
    card: ModelCard,
    values: Mapping[str, Sequence[Any]],
    price: Callable[[ModelCard, Mapping[str, Any]], Price],
) -> str:
    """What a clip costs on this model over all the values that are asked for."""
    asked = {name: [_on(card, name, v) for v in vs] for name, vs in values.items() if vs}
    taken = {
        name: [v for v in vs if v is not None and not refusal(card, name, v)]
        for name, vs in asked.items()
    }
    known = {name: vs or [None] for name, vs in taken.items()}
    prices = [
        price(card, {n: v for n, v in zip(known, one, strict=True) if v is not None})
        for one in islice(product(*known.values()), PRICED)
    ]
    lows = [p.low for p in prices if p.low is not None]
    highs = [p.high for p in prices if p.high is not None]
    if len(highs) < len(prices) or not lows:
        return "price not known"
    kind = "sim " if card.is_simulated else ""
    low, high = f"{from_micro(min(lows)):.2f}", f"{from_micro(max(highs)):.2f}"
    return f"{kind}${high}" if low == high else f"{kind}${low}–{high}"


def param_fields(
    cards: Sequence[ModelCard], form: Mapping[str, Any], kept: Kept
) -> list[dict[str, Any]]:
    """The fields, each with the values that the chosen models take."""
    declared = {name: values for card in cards for name, values in card.extra_params.items()}
    names = [*ALWAYS, *(n for n in CANONICAL_PARAMS if n not in ALWAYS), *declared]
    names += [SIZE] if SIZE not in kept.params else []
    names += [n for n in (*form["params"], *kept.params) if n not in names]
    fields = []
    for name in dict.fromkeys(names):
        label, hint = WORDS.get(name, (name, ""))
        values = _offered(name, cards, declared)
        choices = []
        for value, text in zip(values, texts_of(values), strict=True):
            refused = [str(r) for card in cards if (r := refusal(card, name, value))]
            choices.append({"text": text, "off": refused[0]} if refused else {"text": text})
        fields.append(
            {
                "name": name,
                "label": label,
                "hint": hint,
                "more": name not in ALWAYS,
                "choices": choices,
                "kept": _kept_text(kept.params.get(name)),
                "empty": "left to the service",
            }
        )
    return fields


def asked(params: Mapping[str, str]) -> dict[str, list[Any]]:
    """The values of each parameter that are on the screen; a size is two parameters."""
    values = {name: _sound(name, text) for name, text in params.items() if name != SIZE}
    for size in _typed_values(SIZE, params.get(SIZE, "")):
        linked = linked_size(size)
        for name, value in linked.items() if isinstance(linked, Mapping) else ():
            values[name] = [*values.get(name, ()), value]
    return values


def _typed_values(name: str, text: str) -> list[Any]:
    try:
        return list(islice(iter(read_values(name, text)), SOUND))
    except GridError:
        return []


def _sound(name: str, text: str) -> list[Any]:
    """The first values of a field that can be one at all: others are half typed."""
    found = []
    for value in _typed_values(name, text):
        try:
            found.append(value if name.endswith("_image") else param_value(name, value))
        except ToolkitError:
            continue
    return found


def _on(card: ModelCard, name: str, value: Any) -> Any:
    """What is asked of this model: `near` comes to a value of its own."""
    try:
        return near_value(card, name, value.value) if isinstance(value, Near) else value
    except CatalogError:
        return value.value


def _offered(
    name: str, cards: Sequence[ModelCard], declared: Mapping[str, Sequence[Any]]
) -> list[Any]:
    """Values to click: what any of these models takes."""
    if name == "duration_s":
        fixed = {d for card in cards for d in card.durations_s}
        ranges = [card.duration_range_s for card in cards if card.duration_range_s]
        within = {float(n) for low, high in ranges for n in LENGTHS if low <= n <= high}
        return sorted(fixed | within)
    lists = {"resolution": "resolutions", "aspect_ratio": "aspect_ratios", "fps": "fps"}
    if name in lists:
        return list(dict.fromkeys(v for card in cards for v in getattr(card, lists[name])))
    if name == "camera_motion":
        return list(CAMERA_MOVES)
    if name in {"loop", "audio", "prompt_rewrite"}:
        return [True, False]
    return list(declared.get(name, []))


def _kept_text(values: Any) -> str:
    if not values:
        return ""
    text = ", ".join(map(str, values))
    return f"kept: {text}" if len(text) < 80 else f"kept: {text[:79]}…"
