"""The words of each part, and what a wording says of itself: read from `vocabulary.yaml`.

A group of words answers one question (which lens? which light?). `find` tells the groups that a
text already answers; `complete` offers what a person may want to type next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from toolkit.catalog import plain_yaml
from toolkit.errors import PromptError
from toolkit.prompts.formula import PROMPT_PARTS

__all__ = ["Group", "complete", "find", "groups", "vocabulary"]

_DATA = Path(__file__).with_name("vocabulary.yaml")


@dataclass(frozen=True)
class Group:
    """Words that answer one question about a part. `is_opposed`: another word is another shot."""

    part: str
    name: str
    words: tuple[str, ...]
    is_opposed: bool = False


@lru_cache(maxsize=1)
def _groups() -> tuple[Group, ...]:
    document: dict[str, dict[str, Any]] = plain_yaml.load(_DATA.read_text(encoding="utf-8"))
    found = []
    for part, named in document.items():
        for name, given in named.items():
            rows = given if isinstance(given, list) else given["words"]
            opposed = not isinstance(given, list) and bool(given.get("opposed"))
            found.append(Group(part, name, tuple(map(str, rows)), opposed))
    return tuple(found)


def groups(part: str) -> list[Group]:
    """The groups of `part`; `PromptError` where there is no such part."""
    if part not in PROMPT_PARTS:
        raise PromptError(f"no part {part!r}; there are: {', '.join(PROMPT_PARTS)}")
    return [group for group in _groups() if group.part == part]


def vocabulary(part: str) -> dict[str, list[str]]:
    """The words of `part` by what they decide: `{"lens": ["on a 35 mm lens", …], …}`."""
    return {group.name: list(group.words) for group in groups(part)}


def complete(part: str, prefix: str = "", *, limit: int = 12) -> list[str]:
    """Words of `part` to go on with after `prefix`, best first; all of them where it is empty.

    Goes by what stands after the last comma: words that begin with it come first, then those in
    which any word does. What the text before the comma already says is not offered again.
    """
    before, _, typed = prefix.rpartition(",")
    wanted = " ".join(typed.lower().split())
    said = before.lower()
    known = [w for group in groups(part) for w in group.words if w.lower() not in said]
    if not wanted:
        return known[:limit]
    starts = [w for w in known if w.lower().startswith(wanted)]
    inside = [
        w for w in known if re.search(rf"\b{re.escape(wanted)}", w.lower()) and w not in starts
    ]
    return [w for w in (*starts, *inside) if w.lower() != wanted][:limit]


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[Group, re.Pattern[str]], ...]:
    made = []
    for group in _groups():
        longest = sorted(group.words, key=len, reverse=True)
        words = "|".join(
            r"[\s-]{1,3}".join(map(re.escape, re.split(r"[\s-]+", w))) for w in longest
        )
        made.append((group, re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I)))
    return tuple(made)


def find(text: str, part: str, *, opposed: bool = True) -> list[tuple[Group, int, int]]:
    """What of the vocabulary of `part` stands in `text`, by place; of overlaps the longer.

    Without `opposed` the groups whose words are another shot are passed over: "slow push in" is
    then a pace and no move.
    """
    hits = [
        (group, match.start(), match.end())
        for group, pattern in _patterns()
        if group.part == part and (opposed or not group.is_opposed)
        for match in pattern.finditer(text[:20_000])
    ]
    kept: list[tuple[Group, int, int]] = []
    for hit in sorted(hits, key=lambda h: (h[1] - h[2], h[1])):
        if all(hit[2] <= start or end <= hit[1] for _, start, end in kept):
            kept.append(hit)
    return sorted(kept, key=lambda h: h[1])
