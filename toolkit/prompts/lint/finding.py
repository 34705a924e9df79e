"""What a rule says of a prompt, and the edit that would mend it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from toolkit.prompts.formula import Prompt

__all__ = ["Edit", "Finding", "Severity", "splice"]

Severity = Literal["error", "warning", "info"]
Words = TypeVar("Words", str, Prompt)


@dataclass(frozen=True)
class Edit:
    """Put `new` in place of the words `old`, which stand at or near character `at` of `part`.

    `part` is None for a prompt without parts. `old` is as it was read; a difference in spaces or in
    the first capital letter does not matter. An empty `old` writes `new` into an empty part.
    """

    part: str | None
    old: str
    new: str
    at: int = 0

    def on(self, text: str) -> str | None:
        """`text` with the edit made, or None where the words are not there."""
        if not self.old:
            return self.new if not text.strip() else None
        start, end = self.at, self.at + len(self.old)
        if text[start:end].casefold() != self.old.casefold():
            words = r"\s+".join(map(re.escape, self.old.split()))
            places = [m.span() for m in re.finditer(words, text, re.I)]
            if not places:
                return None
            start, end = min(places, key=lambda place: abs(place[0] - self.at))
        return splice(text, start, end, self.new)


@dataclass(frozen=True)
class Finding:
    """One thing that spoils a clip, or may: what, where, why, and the way out.

    `code` is stable. `span` is where in the text that is sent (None for what is missing, or is
    about a grid); `part` the part it stands in. `prompt` names the prompt, where a grid was read.
    """

    code: str
    severity: Severity
    message: str
    fix: str
    span: tuple[int, int] | None = None
    part: str | None = None
    prompt: str | None = None
    edits: tuple[Edit, ...] = ()

    @property
    def can_apply(self) -> bool:
        """Whether there is an edit; else a person has to think."""
        return bool(self.edits)

    def apply(self, prompt: Words) -> Words | None:
        """The prompt with the quick fix made; None where there is none, or nothing to make it on.

        A template is mended in every wording that holds the words.
        """
        if not self.edits:
            return None
        if isinstance(prompt, str):
            return _on_text(prompt, self.edits)
        if prompt.as_typed is not None:
            text = _on_text(prompt.as_typed, self.edits)
            if text is None or not text.strip():
                return None
            return Prompt.typed(text, name=prompt.name, scene=prompt.scene)
        changed: dict[str, Any] = {}
        for edit in self.edits:
            if edit.part is None:
                continue
            given = changed.get(edit.part, getattr(prompt, edit.part))
            mended = _on_part(given, edit)
            if mended is not None:
                changed[edit.part] = mended
        return prompt.with_parts(**changed) if changed else None

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "fix": self.fix,
            "span": None if self.span is None else list(self.span),
            "part": self.part,
        }

    def __str__(self) -> str:
        return f"{self.severity} {self.code}: {self.message}; {self.fix}"


def _on_text(text: str, edits: tuple[Edit, ...]) -> str | None:
    changed: str | None = None
    for edit in edits:
        mended = edit.on(text if changed is None else changed) if edit.old else None
        changed = mended if mended is not None else changed
    return changed


def _on_part(given: Any, edit: Edit) -> Any:
    if given is None or isinstance(given, str):
        return edit.on(given or "")
    mended = tuple(edit.on(text) for text in given)
    if all(text is None for text in mended):
        return None
    kept = tuple(old if new is None else new for old, new in zip(given, mended, strict=True))
    return tuple(dict.fromkeys(kept))


_DANGLING = re.compile(
    r"(?:[\s,;:]+|\s*[-–—]+\s+|\b(?:and|then|but|or|with|while|as|plus)\s*)+$", re.IGNORECASE
)
_LEADING = re.compile(r"^(?:[\s,;:]+|(?:and|then|but|or|with|while)\b\s*)+", re.IGNORECASE)


def splice(text: str, start: int, end: int, new: str) -> str:
    """`text[start:end]` replaced, without the commas, spaces and joining words left dangling."""
    left, right = text[:start], text[end:]
    if new:
        if text[start : start + 1].isupper():
            new = new[0].upper() + new[1:]
        return f"{left}{new}{right}"
    ends = re.match(r"\s*(?:[.!?;]|,|$)", right)
    if ends:
        left = _DANGLING.sub("", left)
    left = left.rstrip(" ")
    opens = not left or left[-1] in ".!?:\n"
    if opens:
        right = _LEADING.sub("", right)
        right = right.lstrip(".!? ")
        if text[start : start + 1].isupper() and right:
            right = right[0].upper() + right[1:]
    gap = "" if not left or not right or right[0] in ".,;:!? " or left[-1] == "\n" else " "
    if gap == "" and right.startswith(" "):
        right = " " + right.lstrip(" ") if left else right.lstrip(" ")
    return f"{left}{gap}{right}".strip(" ")
