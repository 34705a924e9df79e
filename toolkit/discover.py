"""From a name to an extension: our own files first, then installed entry points.

A provider, a scorer or an exporter is one file in its room; nothing has to be registered. A dash in
a name is an underscore in the file's. Packages from elsewhere announce themselves under the
entry-point group `promptgrid.<room>`.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType

__all__ = ["load", "names"]


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


def load(room: str, name: str) -> ModuleType:
    """The module that implements `name`; `LookupError` names what there is."""
    if name in _own(room):
        return importlib.import_module(f"toolkit.{room}.{name.replace('-', '_')}")
    for point in entry_points(group=f"promptgrid.{room}"):
        if point.name == name:
            return point.load()  # type: ignore[no-any-return]
    raise LookupError(f"no {name!r} among {room}; there are: {', '.join(names(room))}")
