"""A prompt as the rules read it: the text that is sent, which part each word stands in, its
language.

The vocabulary is English. Of a text in another script or language the rules that go by words say
nothing, rather than nonsense.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice
from typing import Any

from toolkit.camera import Mention, find_moves
from toolkit.prompts.formula import Prompt, render
from toolkit.prompts.lint.finding import Edit, Finding, Severity
from toolkit.records import PARTS, ModelCard

__all__ = ["Reading", "read"]

MANY = 50  # places where one pattern is looked at: enough for any prompt that a person wrote
LIMIT = 6_000  # characters that the vocabulary is looked for in; more than any model reads

_WORD = re.compile(r"[^\W_]+(?:['’.,\-‐-―&/][^\W_]+)*")
_CHUNK = re.compile(r"[^.!?;\n]+")
_QUOTES = str.maketrans("‘’‛“”„«»‐‑–—\xa0", '\'\'\'"""""---- ')

_ENGLISH = re.compile(
    r"\b(?:the|a|an|of|and|in|on|with|at|is|his|her|by|through|from|into|as|its|to|under|over|shot|"
    r"slow|slowly|light|camera|wide)\b",
    re.I,
)
_OTHER = re.compile(
    r"\b(?:der|die|das|und|ein|eine|einer|einem|einen|dem|den|im|mit|auf|ist|nicht|vor|"
    r"el|los|las|una|uno|unos|con|del|por|para|y|en|"
    r"le|les|une|des|du|dans|avec|est|et|sur|au|aux|"
    r"il|lo|gli|della|nel|nella|di|che|um|uma|dos|das|com|no|na|em|"
    r"een|het|van|op|met|och|ett|som|på|jest|na|się|w|z|og|på|bir|ve)\b",
    re.I,
)
_NO = re.compile(
    r"(?:\b(?:no|not|without|never|avoid|avoiding|nor|neither|free\s+of|zero|exclude|minus|"
    r"instead\s+of|"
    r"rather\s+than)|n't)\s+(?:[\w-]+\s+){0,2}$",
    re.I,
)


@cache
def _folded(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """The same pattern for text in lower case."""
    return re.compile(pattern.pattern.replace("A-Z", "a-z"), pattern.flags & ~re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """`text` as sent; `segments` says which part stands where: (part, start, end)."""

    text: str
    segments: tuple[tuple[str, int, int], ...] = ()
    negative: str = ""
    cards: tuple[ModelCard, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def plain(self) -> str:
        """The text that patterns are looked for in: place by place the same, quotes straight."""
        return self.text[:LIMIT].translate(_QUOTES)

    @cached_property
    def low(self) -> str:
        """`plain` in lower case: half the time of a search that ignores case."""
        return self.plain.lower()

    @cached_property
    def num_words(self) -> int:
        return sum(1 for _ in _WORD.finditer(self.text))

    @cached_property
    def is_english(self) -> bool:
        """Whether the vocabulary applies: a text in Latin letters, and in no other language."""
        letters = [c for c in self.plain if c.isalpha()]
        if not letters:
            return False
        latin = sum(1 for c in letters if c < "ɐ")
        if latin < 0.8 * len(letters):
            return False
        others = len({m.lower() for m in _OTHER.findall(self.plain)})
        return others < 2 or len(_ENGLISH.findall(self.plain)) > len(_OTHER.findall(self.plain))

    @cached_property
    def is_spaced(self) -> bool:
        """Whether words can be counted: a script that puts spaces between them."""
        dense = sum(1 for c in self.plain if "⺀" <= c <= "퟿" or "฀" <= c <= "໿")
        return dense < 0.2 * max(1, len(self.plain))

    @cached_property
    def mentions(self) -> list[Mention]:
        """Every move that could be one of the camera's."""
        return find_moves(self.plain)

    @property
    def has_parts(self) -> bool:
        return bool(self.segments)

    def part_at(self, place: int) -> str | None:
        return next((p for p, start, end in self.segments if start <= place < end), None)

    def part(self, name: str) -> str:
        """The words of a part, as sent; empty where it is left out."""
        return next((self.plain[start:end] for p, start, end in self.segments if p == name), "")

    def sentence(self, place: int) -> tuple[int, int]:
        """Where the sentence around `place` begins and ends."""
        start = max(self.plain.rfind(mark, 0, place) for mark in ".!?;\n") + 1
        ends = [at for mark in ".!?;\n" if (at := self.plain.find(mark, place)) >= 0]
        return start, min(ends, default=len(self.plain))

    def before(self, place: int, reach: int = 60) -> str:
        """What stands before `place` in its sentence, at most `reach` characters."""
        return self.plain[max(self.sentence(place)[0], place - reach) : place]

    def after(self, place: int, reach: int = 60) -> str:
        """What stands after `place` in its sentence, at most `reach` characters."""
        return self.plain[place : min(self.sentence(place)[1], place + reach)]

    def is_denied(self, place: int) -> bool:
        """Whether what begins at `place` is said not to be there ("no text")."""
        return bool(_NO.search(self.before(place, 40)))

    def matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Where `pattern` is found and not denied; nowhere in a text of another language."""
        if self.is_english:
            folds = pattern.flags & re.IGNORECASE and len(self.low) == len(self.plain)
            text = self.low if folds else self.plain
            for match in islice((_folded(pattern) if folds else pattern).finditer(text), MANY):
                if match.end() > match.start() and not self.is_denied(match.start()):
                    yield match

    def finding(
        self,
        code: str,
        severity: Severity,
        message: str,
        fix: str,
        *,
        span: tuple[int, int] | None = None,
        part: str | None = None,
        replace: Sequence[tuple[int, int, str]] = (),
    ) -> Finding:
        """A finding; `replace` lists (start, end, new words) of its quick fix."""
        edits = [edit for start, end, new in replace if (edit := self._edit(start, end, new))]
        where = part or (None if span is None else self.part_at(span[0]))
        complete = len(edits) == len(replace)
        return Finding(
            code, severity, message, fix, span, where, None, tuple(edits) if complete else ()
        )

    def said(self, start: int, end: int) -> str:
        """The words there, short enough for a message."""
        words = " ".join(self.text[start:end].split())
        return words if len(words) <= 60 else f"{words[:59]}…"

    def _edit(self, start: int, end: int, new: str) -> Edit | None:
        old = self.text[start:end]
        if not self.segments:
            home, offset = None, 0
        else:
            held = [(p, s) for p, s, e in self.segments if s <= start and end <= e]
            if not held:
                return None  # across two parts: nothing to edit in one place
            home, offset = held[0]
        return Edit(home, old, new, start - offset)


def read(
    prompt: str | Prompt,
    *,
    cards: Sequence[ModelCard] = (),
    params: Mapping[str, Any] | None = None,
) -> Reading:
    """A concrete prompt, or a text, as the rules read it."""
    settings: dict[str, Any] = {"cards": tuple(cards), "params": params or {}}
    if isinstance(prompt, str):
        return Reading(prompt, **settings)
    negative = prompt.options("negative")[0] if prompt.negative else ""
    if prompt.as_typed is not None:
        return Reading(prompt.as_typed, negative=negative, **settings)
    parts = prompt.parts
    segments, at = [], 0
    for name in PARTS:
        said = render({name: parts[name]}) if name in parts else ""
        if said:
            segments.append((name, at, at + len(said)))
            at += len(said) + 1
    return Reading(prompt.text, tuple(segments), negative, **settings)
