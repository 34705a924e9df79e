"""A model that the catalogue lacks, by what its service says of it: `tk.add_model`.

The card is written as a row of the person's own catalogue file, where it can be read, mended and
priced like any other; what is in that file already stays as it is, comments included.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import threading
from collections.abc import Callable, Coroutine
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from toolkit import catalog, discover
from toolkit.catalog import plain_yaml
from toolkit.catalog.prices import read_price, read_rates
from toolkit.errors import CatalogError, Refused
from toolkit.records import ModelCard

__all__ = ["add_model"]

T = TypeVar("T")

_LEFT_OUT = frozenset({"model", "price", "price_unit", "price_date", "source", "confidence"})


def add_model(
    model: str, *, price_usd: float | None = None, price_unit: Literal["s", "clip"] = "s"
) -> ModelCard:
    """Make a model usable that its service offers and the catalogue lacks: its card.

    `model` is "service/…" with the name that the service has for it ("replicate/owner/name"). What
    it takes is asked of the service, which costs nothing, and kept in your own catalogue file
    (`catalog.override_path()`). `price_usd` is by `price_unit`, a second or a clip; without it each
    run needs a `price_usd`. Adding a model again takes what is said of it now, and keeps the price
    that the file has.
    """
    service, _, wire_id = model.partition("/")
    if not wire_id or not discover.has("providers", service):
        there = ", ".join(name for name in discover.names("providers") if _describes(name))
        raise CatalogError(f"a model to add is 'service/its name there', by {there}; not {model!r}")
    if not _describes(service):
        raise CatalogError(
            f"{service} does not say what its models take; write a row for {model} into "
            f"{catalog.override_path()}"
        )
    if price_unit not in ("s", "clip"):
        raise CatalogError(f"`price_unit` is 's' or 'clip', not {price_unit!r}")
    price: dict[str, Any] = {}
    if price_usd is not None:
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        asked = {"per": price_unit, "usd": float(price_usd), "date": day, "source": "you"}
        read_price(asked, read_rates({}, where=""), where="`price_usd`")  # else none could be read
        price = {"price": asked}
    card = _in_own_loop(lambda: _described(service, wire_id, model))
    _write(catalog.override_path(), card.model, {**_row(card), **price})
    return catalog.card(card.model)


def _describes(service: str) -> bool:
    """Whether its adapter can ask what a model takes, by its own words: nothing is started."""
    module = discover.load("providers", service)
    made = [value for value in vars(module).values() if isinstance(value, type)]
    return any(hasattr(value, "describe") for value in made)


async def _described(service: str, wire_id: str, model: str) -> ModelCard:
    with tempfile.TemporaryDirectory() as folder:
        provider = discover.load("providers", service).provider(Path(folder))
        try:
            card: ModelCard = await provider.describe(wire_id)
        except Refused as problem:
            if problem.kind not in ("not_found", "invalid", "retired"):
                raise
            raise CatalogError(
                f"{service} has no model {wire_id!r}: {problem}. Write it as its page there does: "
                f"{model!r} is '{service}/' and the name in its address"
            ) from None
        finally:
            close = getattr(provider, "aclose", None)
            if close is not None:
                await close()
    return card


def _in_own_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The outcome of a coroutine, from anywhere, a notebook's running loop included."""
    found: list[T] = []
    problems: list[BaseException] = []

    def run() -> None:
        try:
            found.append(asyncio.run(work()))
        except BaseException as problem:  # noqa: BLE001 - handed to the caller
            problems.append(problem)

    thread = threading.Thread(target=run, name="promptgrid-describe")
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
    return found[0]


def _row(card: ModelCard) -> dict[str, Any]:
    """What is known of it, as a row of the catalogue."""
    row: dict[str, Any] = {}
    for known in fields(card):
        value = getattr(card, known.name)
        if known.name not in _LEFT_OUT and value not in (None, [], {}, (), ""):
            row[known.name] = list(value) if isinstance(value, tuple) else value
    return {**row, "sources": card.source or card.service, "date": f"{datetime.now(UTC):%Y-%m-%d}"}


def _write(path: Path, model: str, row: dict[str, Any]) -> None:
    """Put the row into the file, whole or not at all; the rest of it stays letter by letter."""
    try:
        text = path.read_text("utf-8") if path.exists() else ""
        before = plain_yaml.load(text) or {}
    except (OSError, UnicodeDecodeError, plain_yaml.YAMLError) as problem:
        raise CatalogError(f"{path} cannot be read, so nothing is added: {problem}") from None
    if not isinstance(before, dict) or not isinstance(before.get("models") or {}, dict):
        raise CatalogError(f"{path}: a catalogue is a mapping with `models:`; nothing is added")
    old = (before.get("models") or {}).get(model)
    if isinstance(old, dict) and "price" in old:
        row = {"price": old["price"], **row}
    wanted = {**before, "models": {**(before.get("models") or {}), model: row}}
    made = _inserted(text, model, row)
    if _loads(made) != wanted:  # written in a way that lines do not show: {models: {…}}
        made = plain_yaml.dump(wanted)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(made, "utf-8")
        part.replace(path)
    except OSError as problem:
        raise CatalogError(
            f"{path} cannot be written: {problem}; set PROMPTGRID_CATALOG to a file that can be"
        ) from None


def _loads(text: str) -> Any:
    try:
        return plain_yaml.load(text)
    except plain_yaml.YAMLError:
        return None


def _inserted(text: str, model: str, row: dict[str, Any]) -> str:
    """The text with the row as the first of `models:`, and without an older one of its name."""
    block = "".join(f"  {line}\n" for line in plain_yaml.dump({model: row}).splitlines())
    lines = text.splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines) if re.match(r"models:\s*(#.*)?$", line)), None)
    if start is None:
        return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}models:\n{block}"
    kept, skipping = [], False
    for line in lines[start + 1 :]:
        if re.match(r"( {0,2})\S", line):
            named = re.match(r"  (['\"]?)(.+?)\1:\s", line)
            skipping = named is not None and named[2] == model
        if not skipping:
            kept.append(line)
    return "".join([*lines[: start + 1], block, *kept])
