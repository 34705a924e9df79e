"""A call with an argument that it does not take is answered with the nearest that it does."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from toolkit.errors import ArgumentError

__all__ = ["tells"]

F = TypeVar("F", bound=Callable[..., Any])


def tells(function: F) -> F:
    """`function`, whose wrong call says what would have been right: `ArgumentError`.

    Only the call is looked at; what happens inside is its own.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **given: Any) -> Any:
        try:
            signature.bind(*args, **given)
        except TypeError as error:
            raise ArgumentError(_wrong(function, signature, given, error)) from None
        return function(*args, **given)

    return cast("F", call)


def _wrong(
    function: Callable[..., Any],
    signature: inspect.Signature,
    given: dict[str, Any],
    error: TypeError,
) -> str:
    said = function.__qualname__.removesuffix(".__init__").replace("Experiment.", "exp.")
    takes = [p for p in signature.parameters.values() if p.name != "self"]
    names = [p.name for p in takes if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    rest = f"it takes: {', '.join(names)}" if names else "it takes none"
    unknown = [name for name in given if name not in names]
    needed = [p.name for p in takes if p.name in names and p.default is p.empty]
    is_open = any(p.kind is p.VAR_KEYWORD for p in takes)  # takes others: only a near miss counts
    for name in unknown:
        if near := difflib.get_close_matches(name, names, n=1, cutoff=0.8 if is_open else 0.6):
            return f"{said}: no argument `{name}`: did you mean `{near[0]}`?"
    if unknown and not is_open:
        return f"{said}: no argument `{unknown[0]}`; {rest}"
    if str(error).startswith("missing"):
        named = next((name for name in needed if f"'{name}'" in str(error)), "an argument")
        return f"{said}: `{named}` is missing; {rest}"
    return f"{said}: {error}; {rest}"
