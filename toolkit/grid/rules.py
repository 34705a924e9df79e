"""What a person leaves out of a grid: rules by value, in words, or as a function.

{"model": "sim/final", "duration_s": [9, 10]}     every field must match; a list is any of them
"model=sim/final and duration_s=9|10"             the same in words
lambda cell: cell["camera"] == "static" and ...   a function of a cell's values
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.errors import GridError

__all__ = ["Exclusion", "Rule", "applies", "read_rules"]

Rule = Mapping[str, Any] | Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True)
class Exclusion:
    """Why cells are left out, how many, and what to do instead."""

    reason: str
    cells: int
    instead: str = ""

    def __str__(self) -> str:
        many = f"{self.cells:,} cell{'s' if self.cells != 1 else ''} excluded"
        return f"{self.reason}: {many}" + (f"; {self.instead}" if self.instead else "")


def read_rules(
    given: Any,
    *,
    field: Callable[[str], str],
    levels: Callable[[str], Sequence[Any] | None],
) -> tuple[Rule, ...]:
    """The rules as they are applied. `field` is the full name of what a person wrote; `levels` are
    the values that it takes in the grid, None where they are too many to list.
    """
    one = isinstance(given, (str, Mapping)) or callable(given)
    return tuple(_read_rule(rule, field, levels) for rule in ([given] if one else given))


def _read_rule(
    rule: Any, field: Callable[[str], str], levels: Callable[[str], Sequence[Any] | None]
) -> Rule:
    if callable(rule):
        return rule  # type: ignore[no-any-return]
    if isinstance(rule, str):
        return _check({field(name): asked for name, asked in _in_words(rule)}, levels, typed=True)
    if not isinstance(rule, Mapping) or not rule:
        raise GridError(
            f"`exclude` lists mappings such as {{'model': 'sim/final', 'sample': 2}} or texts such "
            f"as 'model=sim/final and sample=2', found {rule!r}"
        )
    return _check({field(str(name)): asked for name, asked in rule.items()}, levels, typed=False)


def _in_words(text: str) -> list[tuple[str, list[str]]]:
    """`model=veo-3.1 and duration_s=5|9` as names with the values that are meant."""
    found = []
    for clause in re.split(r"\s+(?:and|&&?)\s+(?=[\w.]+\s*=)", text.strip()):
        name, sign, asked = (word.strip() for word in clause.partition("="))
        asked = asked.removeprefix("=").strip()
        if not (name and sign and asked) or name.endswith("!"):
            raise GridError(
                f"`exclude`: {text!r} is no rule; write it as 'model=sim/final and duration_s=9', "
                f"several values of one field as duration_s=9|10"
            )
        values = [word.strip().strip("'\"") for word in asked.split("|")]
        found.append((name.strip(), values))
    return found


def _check(
    rule: Mapping[str, Any], levels: Callable[[str], Sequence[Any] | None], *, typed: bool
) -> Rule:
    """A value that no cell has is a slip of the pen: say so instead of excluding nothing."""
    checked: dict[str, Any] = {}
    for name, asked in rule.items():
        there = levels(name)
        values = list(asked) if isinstance(asked, (list, tuple, set, frozenset)) else [asked]
        if typed and there is not None:
            values = [_meant(value, name, there) for value in values]
        for value in values:
            if there is not None and value not in there:
                shown = ", ".join(map(repr, list(there)[:8]))
                raise GridError(f"`exclude`: no cell has {name} {value!r}; there are: {shown}")
        checked[name] = (values[0] if len(values) == 1 else values) if typed else asked
    return checked


def _meant(word: str, name: str, there: Sequence[Any]) -> Any:
    """The value of the grid that a word stands for: 9 for "9", a model by its last name."""
    for value in there:
        if word == str(value) or (isinstance(value, bool) and word.lower() in _WORDS[value]):
            return value
    if name == "model":
        last = [value for value in there if str(value).rsplit("/", 1)[-1] == word]
        return last[0] if len(last) == 1 else word
    try:
        number = float(word)
    except ValueError:
        return word
    return next((v for v in there if not isinstance(v, (str, bool)) and v == number), word)


_WORDS = {True: ("true", "yes", "on"), False: ("false", "no", "off")}


def applies(rule: Rule, values: Mapping[str, Any]) -> str | None:
    """Why this rule leaves a cell out, or None."""
    if not isinstance(rule, Mapping):
        said = rule(values)
        if not said:
            return None
        return said if isinstance(said, str) else f"excluded by {getattr(rule, '__name__', 'rule')}"
    for name, asked in rule.items():
        value = values.get(name)
        if isinstance(asked, (list, tuple, set, frozenset)):
            if value not in asked:
                return None
        elif value != asked:
            return None
    return "excluded: " + ", ".join(f"{name} {_listed(asked)}" for name, asked in rule.items())


def _listed(asked: Any) -> str:
    if isinstance(asked, (list, tuple, set, frozenset)):
        return " or ".join(map(str, asked))
    return str(asked)
