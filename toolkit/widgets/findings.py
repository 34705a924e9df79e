"""What the lint says of the grid on the screen: where it stands, and the edit that mends it there.

A finding that several prompts share is one line. A wording that was read once is not read again:
at each key only what changed is, so the lint comes with the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from toolkit.grid import Grid
from toolkit.prompts.formula import PROMPT_PARTS
from toolkit.prompts.lint import GRID_RULES, Finding, lint, wordings
from toolkit.prompts.lint.grids import settings_of
from toolkit.records import CANONICAL_PARAMS
from toolkit.widgets.form import part_text

__all__ = ["Noted", "Reader", "mended"]

MOST = 300  # prompts that are read
ABOUT_ALL = frozenset({"duration-open"})  # said of a prompt, true of the grid
_ORDER = ("error", "warning", "info")
_SETS = re.compile(r"`(\w+)=(tk\.near\()?'?([\w.:]+)'?\)?`")
_NEAR = re.compile(r"`tk\.near\('?([^')]+)'?\)`")


@dataclass(frozen=True)
class Noted:
    """A finding and the prompts of the grid that it is about, by number; none: about the grid."""

    finding: Finding
    prompts: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same finding after the next key."""
        return "/".join(map(str, _alike(self.finding)))

    @property
    def rule(self) -> str:
        """What is ignored where this is: of cells that a model refuses, those of that model."""
        code = self.finding.code
        return code if self.is_of_prompts else f"{code} {self.finding.message.split()[0]}"

    @property
    def is_of_prompts(self) -> bool:
        return bool(self.prompts)

    def setting(self, params: Mapping[str, str]) -> tuple[str, str] | None:
        """The field of the screen, and its new text, where the way out is another value."""
        for name, nearly, value in _SETS.findall(self.finding.fix):
            if name in CANONICAL_PARAMS:
                return name, f"near {value}" if nearly else value
        if nearest := _NEAR.search(self.finding.fix):
            for name, text in params.items():
                words = [word.strip() for word in text.split(",")]
                if nearest[1] in words:
                    words[words.index(nearest[1])] = f"near {nearest[1]}"
                    return name, ", ".join(dict.fromkeys(words))
        return None

    def button(self, params: Mapping[str, str]) -> str:
        """What the quick fix does, in a few words; "" where a person has to think."""
        edits = self.finding.edits
        if edits:
            first = edits[0]
            if not first.old:
                said = f"Write “{_cut(first.new)}”"
            elif first.new:
                said = f"“{_cut(first.old)}” → “{_cut(first.new)}”"
            else:
                said = f"Remove “{_cut(first.old)}”"
            return said if len(edits) == 1 else f"{said} and {len(edits) - 1} more"
        change = self.setting(params)
        return "" if change is None else f"{change[0].replace('_', ' ')}: {change[1]}"


def _alike(finding: Finding) -> tuple[str, str, str]:
    """The same for what one line can say: wordings of 29 and of 30 words are both short."""
    return finding.code, finding.part or "", re.sub(r"\d+", "#", finding.message)


def _rank(finding: Finding) -> int:
    return _ORDER.index(finding.severity)


def _cut(text: str, limit: int = 32) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


class Reader:
    """`reader(grid)` is what the lint says of it, worst first."""

    def __init__(self) -> None:
        self._settings: Any = None
        self._read: dict[Any, list[Finding]] = {}

    def __call__(self, grid: Grid) -> list[Noted]:
        found: dict[Any, list[int]] = {}
        noted: dict[Any, Finding] = {}
        for number, finding in self._findings(grid):
            key = _alike(finding)
            if _rank(finding) < _rank(noted.setdefault(key, finding)):
                noted[key] = finding
            places = found.setdefault(key, [])
            if number is not None and number not in places:
                places.append(number)
        rows = [Noted(finding, tuple(found[key])) for key, finding in noted.items()]
        return sorted(rows, key=lambda row: _rank(row.finding))

    def _findings(self, grid: Grid) -> Iterator[tuple[int | None, Finding]]:
        for rule in GRID_RULES:
            yield from ((None, finding) for finding in rule(grid))
        cards = [card for card in grid.cards if card.status != "retired"]
        settings = settings_of(grid)
        if self._settings != (cards, settings):
            self._settings, self._read = (cards, settings), {}
        known, self._read = self._read, {}
        for number, prompt in enumerate(grid.prompts[:MOST]):
            worded = prompt if prompt.is_typed else prompt.with_parts(**grid.parts)
            for wording in wordings(worded):
                if wording not in known:
                    known[wording] = [
                        finding
                        for held in settings
                        for finding in lint(wording, models=cards, params=held)
                        if finding.code != "not-taken"  # said of its cells, with their number
                    ]
                self._read[wording] = known[wording]
                for finding in known[wording]:
                    yield (None if finding.code in ABOUT_ALL else number), finding


def mended(form: Mapping[str, Any], grid: Grid, noted: Noted) -> dict[str, Any] | None:
    """The screen with the quick fix made, or None where there is nothing to make it on."""
    changed = deepcopy(dict(form))
    if not noted.finding.edits:
        setting = noted.setting(changed["params"])
        if setting is None:
            return None
        changed["params"][setting[0]] = setting[1]
        return changed
    numbers: Sequence[int] = noted.prompts or range(len(grid.prompts))
    for number in numbers:
        prompt = grid.prompts[number]
        worded = prompt if prompt.is_typed else prompt.with_parts(**grid.parts)
        better = noted.finding.apply(worded)
        if better is None:
            continue
        fields = changed["prompts"][number]
        if worded.is_typed:
            fields["typed"] = better.as_typed
            continue
        for part in PROMPT_PARTS:
            if (text := getattr(better, part)) != getattr(worded, part):
                home = changed["shared"] if part in grid.parts else fields["parts"]
                home[part] = part_text(text)
    return changed if changed != form else None
