"""Values as a strict JSON interface takes them: nested by dotted names, whole numbers as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["nested", "whole"]


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The body of dotted names; mappings that meet are merged, the later value counting.

    So `extra={"parameters": {"shot_type": "multi"}}` joins what is there already.
    """
    body: dict[str, Any] = {}
    for name, value in flat.items():
        head, dot, rest = name.partition(".")
        inner = nested({rest: value}) if dot else value
        old = body.get(head)
        both = isinstance(old, Mapping) and isinstance(inner, Mapping)
        body[head] = _merged(old, inner) if both else inner
    return body


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}


def whole(value: Any) -> Any:
    """5 for 5.0: an interface that asks for an integer may refuse the other."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
