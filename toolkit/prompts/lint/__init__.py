"""What spoils a clip, said before it is paid for: one rule a function, stable codes, quick fixes.

A rule takes a `Reading` and yields `Finding`s. To add one: write the function, list it in `RULES`,
and give it prompts to catch and near misses to leave alone in `tests/test_prompts_lint.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from toolkit.errors import PromptError
from toolkit.prompts.formula import PROMPT_PARTS, Prompt
from toolkit.prompts.lint import grids
from toolkit.prompts.lint.action import fast_action
from toolkit.prompts.lint.change import change_in_clip
from toolkit.prompts.lint.faces import specific_face
from toolkit.prompts.lint.finding import Edit, Finding, Severity
from toolkit.prompts.lint.lettering import readable_text
from toolkit.prompts.lint.reading import Reading, read
from toolkit.prompts.lint.shape import length, no_motion, part_missing
from toolkit.prompts.lint.shot import several_moves
from toolkit.prompts.lint.subjects import several_subjects
from toolkit.prompts.lint.wording import negation, typed_flags, vague_quality
from toolkit.records import ModelCard

__all__ = [
    "GRID_RULES",
    "RULES",
    "Edit",
    "Finding",
    "Reading",
    "Severity",
    "lint",
    "read",
    "wordings",
]

Rule = Callable[[Reading], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    several_subjects, readable_text, fast_action, specific_face, change_in_clip, several_moves,
    vague_quality, negation, typed_flags, length, part_missing, no_motion,
    grids.not_taken, grids.character_too_long, grids.duration_open,
)  # fmt: skip
"""Rules for one prompt, with the models and parameters that it goes to."""

GRID_RULES = (grids.refused_cells, grids.confounded)
"""Rules for a grid as a whole."""

_ORDER = {"error": 0, "warning": 1, "info": 2}
MAX_WORDINGS = 24  # of one template: every wording of every part, but not every combination
MAX_PROMPTS = 300  # of one grid


def lint(
    what: str | Prompt | Any,
    *,
    models: str | ModelCard | Sequence[str | ModelCard] = (),
    params: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """What is likely to spoil the clip, worst first; [] where nothing is.

    `what` is a text, a `Prompt` (of a template every wording of every part is read) or a grid. With
    `models` and `params` the findings say too what a model does not take. Never fails on odd text;
    of text that is not English the vocabulary rules say nothing.
    """
    named = [models] if isinstance(models, (str, ModelCard)) else list(models)
    cards = grids.cards_of(named)
    if isinstance(what, (str, Prompt)):
        return _sorted(_prompt_findings(what, cards, params or {}))
    if hasattr(what, "prompts") and hasattr(what, "cards"):
        return _sorted(_grid_findings(what))
    raise PromptError(f"lint reads a text, a Prompt or a grid, not {type(what).__name__}")


def _prompt_findings(
    prompt: str | Prompt, cards: Sequence[ModelCard], params: Mapping[str, Any]
) -> Iterator[Finding]:
    for wording in wordings(prompt):
        reading = read(wording, cards=cards, params=params)
        for rule in RULES:
            yield from rule(reading)


def wordings(prompt: str | Prompt) -> Iterator[str | Prompt]:
    """Concrete prompts in which every wording of every part stands at least once."""
    if isinstance(prompt, str) or prompt.is_typed or not prompt.is_template:
        yield prompt
        return
    sizes = {part: count for part, count in prompt.axes.items() if part in PROMPT_PARTS}
    for turn in range(min(MAX_WORDINGS, max(sizes.values()))):
        words = {part: prompt.options(part)[turn % count] for part, count in sizes.items()}
        yield Prompt(**cast("dict[str, Any]", words))


def _grid_findings(grid: grids.GridLike) -> Iterator[Finding]:
    for rule in GRID_RULES:
        yield from rule(grid)
    settings = grids.settings_of(grid)
    cards = [card for card in grid.cards if card.status != "retired"]  # said of the cells already
    once = {"not-taken"}  # of the cells of a grid, with their number
    for prompt in list(grid.prompts)[:MAX_PROMPTS]:
        worded = prompt if prompt.is_typed else prompt.with_parts(**grid.parts)
        name = prompt.name or prompt.scene_label
        for held in settings:
            for finding in _prompt_findings(worded, cards, held):
                if finding.code not in once:
                    about_all = finding.code == "duration-open"
                    yield finding if about_all else replace(finding, prompt=name)


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, worst first, then in the order found."""
    kept: dict[Any, Finding] = {}
    for finding in findings:
        key = (finding.code, finding.severity, finding.message, finding.part, finding.prompt)
        kept.setdefault(key, finding)
    return sorted(kept.values(), key=lambda f: _ORDER[f.severity])


for (
    _rule
) in RULES:  # the patterns are compiled at their first use: now, and not at the first prompt
    list(_rule(read("a fog")))
