"""From one template to its concrete texts: exact count first, any one of them by index.

A template is text with choices: `{a|b}` picks one. The count is known without expanding, and the
n-th text is made without the others, so that a template of 10^9 texts costs nothing to hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

from toolkit.errors import PromptError

__all__ = ["Template", "parse"]


@dataclass(frozen=True)
class Template:
    """A parsed template: a sequence of pieces, each a text or a choice between templates."""

    pieces: tuple[str | tuple[Template, ...], ...]

    @cached_property
    def size(self) -> int:
        """How many texts, exactly; beyond what `len` can say."""
        return prod(
            1 if isinstance(piece, str) else sum(option.size for option in piece)
            for piece in self.pieces
        )

    @cached_property
    def longest(self) -> int:
        """No text is longer than this, in characters."""
        return sum(
            len(piece) if isinstance(piece, str) else max(option.longest for option in piece)
            for piece in self.pieces
        )

    @cached_property
    def shortest(self) -> int:
        """Some text has as few characters as this."""
        return sum(
            len(piece) if isinstance(piece, str) else min(option.shortest for option in piece)
            for piece in self.pieces
        )

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(self.size))

    def __getitem__(self, index: int) -> str:
        """The `index`-th text; the last choice varies fastest."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        texts: list[str] = []
        for piece in reversed(self.pieces):
            if isinstance(piece, str):
                texts.append(piece)
                continue
            index, rest = divmod(index, sum(option.size for option in piece))
            for option in piece:
                if rest < option.size:
                    texts.append(option[rest])
                    break
                rest -= option.size
        return "".join(reversed(texts))


@lru_cache(maxsize=4096)
def parse(text: str) -> Template:
    """`text` as a template; `PromptError` where a brace is not closed or not opened."""
    template, end = _sequence(text, 0, depth=0)
    if end != len(text):
        raise PromptError(f"`}}` at character {end} closes nothing: {text[:80]!r}")
    return template


def _sequence(text: str, start: int, *, depth: int) -> tuple[Template, int]:
    pieces: list[str | tuple[Template, ...]] = []
    literal: list[str] = []
    at = start
    while at < len(text):
        char = text[at]
        if char == "{":
            if literal:
                pieces.append("".join(literal))
                literal = []
            choice, at = _choice(text, at)
            pieces.append(choice)
            continue
        if depth and char in "|}":
            break
        if char == "}":
            return Template((*pieces, "".join(literal))), at
        literal.append(char)
        at += 1
    if literal:
        pieces.append("".join(literal))
    return Template(tuple(pieces)), at


def _choice(text: str, start: int) -> tuple[tuple[Template, ...], int]:
    options: list[Template] = []
    at = start + 1
    while True:
        option, at = _sequence(text, at, depth=1)
        options.append(option)
        if at >= len(text):
            raise PromptError(f"`{{` at character {start} is not closed: {text[:80]!r}")
        if text[at] == "}":
            return tuple(options), at + 1
        at += 1
