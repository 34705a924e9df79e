"""What differs between two prompts, word by word and part by part: in a terminal and on a page."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from toolkit.prompts.formula import PROMPT_PARTS, Prompt

__all__ = ["Change", "Diff", "diff"]

Kind = Literal["same", "removed", "added"]

_TOKEN = re.compile(r"\s+|[^\W_]+(?:['’\-][^\W_]+)*|.", re.DOTALL)
_ANSI = {"removed": ("\x1b[31m[-", "-]\x1b[0m"), "added": ("\x1b[32m{+", "+}\x1b[0m")}
_PLAIN = {"removed": ("[-", "-]"), "added": ("{+", "+}")}
_HTML = {
    "removed": "background:#e5534b33;color:inherit",
    "added": "background:#3fb95033;color:inherit",
}
_TAGS = {"removed": "del", "added": "ins"}
_LIMIT = 4_000  # tokens of a part that are compared one by one


@dataclass(frozen=True)
class Change:
    """A run of words that both say (`same`), only the first says, or only the second."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Diff:
    """The parts of two prompts with their changes, in the order of the formula.

    The part is "text" for prompts without parts. Printed it has colours, in a notebook it is HTML.
    """

    parts: dict[str, tuple[Change, ...]]

    @property
    def differs(self) -> list[str]:
        """The parts that are not the same."""
        return [p for p, changes in self.parts.items() if any(c.kind != "same" for c in changes)]

    @property
    def is_clean_twin(self) -> bool:
        """Whether they differ in one part and no more: what an A/B test compares."""
        return len(self.differs) == 1 and "text" not in self.parts

    @property
    def text(self) -> str:
        """With ANSI colours; `[-gone-]{+new+}` says it without colour too."""
        return self._lines(_ANSI)

    @property
    def plain(self) -> str:
        """Without colours."""
        return self._lines(_PLAIN)

    def _lines(self, marks: dict[str, tuple[str, str]]) -> str:
        if not any(self.parts.values()):
            return "the same: both are empty"
        width = max(len(part) for part in self.parts)
        lines = []
        for part, changes in self.parts.items():
            said = "".join(
                c.text
                if c.kind == "same"
                else f"{marks[c.kind][0]}{_visible(c.text)}{marks[c.kind][1]}"
                for c in changes
            )
            lines.append(f"{'≠' if part in self.differs else ' '} {part:<{width}}  {said}")
        return "\n".join(lines)

    @property
    def html(self) -> str:
        """A table; everything a person typed is escaped."""
        rows = []
        for part, changes in self.parts.items():
            said = "".join(
                html.escape(c.text)
                if c.kind == "same"
                else f"<{_TAGS[c.kind]} "
                f"style='{_HTML[c.kind]}'>{html.escape(_visible(c.text))}</{_TAGS[c.kind]}>"
                for c in changes
            )
            weight = "600" if part in self.differs else "400"
            rows.append(
                f"<tr><th style='text-align:left;vertical-align:top;padding:2px 12px 2px 0;"
                f"font-weight:{weight};opacity:.75'>{html.escape(part)}</th>"
                f"<td style='text-align:left;padding:2px 0;white-space:pre-wrap'>{said}</td></tr>"
            )
        style = "font:13px/1.5 system-ui,sans-serif;border-collapse:collapse"
        return f"<table style='{style}'>{''.join(rows)}</table>"

    def _repr_html_(self) -> str:
        return self.html

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def _visible(text: str) -> str:
    """Control characters would act on the terminal instead of being seen."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "�", text)


def diff(a: str | Prompt, b: str | Prompt) -> Diff:
    """What `b` says otherwise than `a`: part by part, or as texts where one has no parts.

    Of a template all wordings of a part are compared as one list.
    """
    left, right = _parts(a), _parts(b)
    if left is None or right is None:
        return Diff({"text": _changes(_whole(a), _whole(b))})
    names = [part for part in PROMPT_PARTS if left.get(part) or right.get(part)]
    return Diff({part: _changes(left.get(part, ""), right.get(part, "")) for part in names})


def _parts(prompt: str | Prompt) -> dict[str, str] | None:
    if isinstance(prompt, str) or prompt.is_typed:
        return None
    given = {part: getattr(prompt, part) for part in PROMPT_PARTS}
    return {
        part: value if isinstance(value, str) else " | ".join(value)
        for part, value in given.items()
        if value
    }


def _whole(prompt: str | Prompt) -> str:
    if isinstance(prompt, str):
        return prompt
    return prompt[0].text if prompt.is_template else prompt.text


def _changes(a: str, b: str) -> tuple[Change, ...]:
    if a == b:
        return (Change("same", a),) if a else ()
    left, right = _TOKEN.findall(a), _TOKEN.findall(b)
    if max(len(left), len(right)) > _LIMIT:
        return tuple(c for c in (Change("removed", a), Change("added", b)) if c.text)
    found: list[Change] = []
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            found.append(Change("same", "".join(left[i:j])))
            continue
        if j > i:
            found.append(Change("removed", "".join(left[i:j])))
        if m > k:
            found.append(Change("added", "".join(right[k:m])))
    return _joined(found)


def _joined(changes: list[Change]) -> tuple[Change, ...]:
    """Changes with nothing but a space between them as one: `a [-red fox-]{+grey wolf+}`."""
    made: list[Change] = []
    gone, new = "", ""
    for place, change in enumerate(changes):
        blank = change.kind == "same" and not change.text.strip()
        if change.kind == "removed":
            gone += change.text
        elif change.kind == "added":
            new += change.text
        elif blank and (gone or new) and place + 1 < len(changes):
            gone, new = gone + change.text, new + change.text
        else:
            made += [c for c in (Change("removed", gone), Change("added", new)) if c.text]
            gone, new = "", ""
            made.append(change)
    made += [c for c in (Change("removed", gone), Change("added", new)) if c.text]
    return tuple(made)
