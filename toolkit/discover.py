"""From a name to an extension: our own files first, then installed entry points.

A provider, a scorer or an exporter is one file in its room; nothing has to be registered. A dash in
a name is an underscore in the file's. Packages from elsewhere announce themselves under the
entry-point group `promptgrid.<room>`.

One file may serve several services of one kind: where it offers `served_as(name)`, `videos-studio`
is another `videos`, at another address.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

__all__ = ["has", "load", "names"]


def _own(room: str) -> list[str]:
    package = importlib.import_module(f"toolkit.{room}")
    found = (m.name for m in pkgutil.iter_modules(package.__path__) if m.name[0] != "_")
    return sorted(_dashed(room, name) for name in found)


def _dashed(room: str, name: str) -> str:
    """A provider's file is named after its service; a scorer's name is a word of Python."""
    return name.replace("_", "-") if room == "providers" else name


def names(room: str) -> list[str]:
    """The extensions of `room` ("providers", "scorers"), sorted; importing none of them."""
    foreign = {point.name for point in entry_points(group=f"promptgrid.{room}")}
    return sorted({*_own(room), *foreign})


def has(room: str, name: str) -> bool:
    """Whether something implements `name`."""
    return name in names(room) or _another(room, name) is not None


def load(room: str, name: str) -> Any:
    """The module that implements `name`; `LookupError` names what there is."""
    if name in _own(room):
        return _module(room, name)
    for point in entry_points(group=f"promptgrid.{room}"):
        if point.name == name:
            return point.load()
    if (kind := _another(room, name)) is not None:
        return kind.served_as(name)
    raise LookupError(f"no {name!r} among {room}; there are: {', '.join(names(room))}")


def _another(room: str, name: str) -> ModuleType | None:
    """The module that serves `name` as another of its kind."""
    kind, dash, rest = name.partition("-")
    if room != "providers" or not (dash and rest) or kind not in _own(room):
        return None
    module = _module(room, kind)
    return module if hasattr(module, "served_as") else None


def _module(room: str, name: str) -> ModuleType:
    return importlib.import_module(f"toolkit.{room}.{name.replace('-', '_')}")
