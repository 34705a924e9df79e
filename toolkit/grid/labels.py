"""Names and scenes for prompts that were given none, each told apart from the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolkit.prompts.formula import PROMPT_PARTS, Prompt

__all__ = ["identity", "scenes", "unique"]


def identity(prompt: Prompt) -> tuple[Any, ...]:
    return (prompt.as_typed, *(getattr(prompt, part) for part in PROMPT_PARTS))


def scenes(prompts: Sequence[Prompt], scene: str | None) -> list[str]:
    """A scene each. Structured prompts of one subject and environment are wordings of one shot."""
    if scene is not None:
        return [scene] * len(prompts)
    named = {(p.subject, p.environment): p.scene_label for p in prompts if p.scene or p.name}
    shots: list[Any] = []
    for number, prompt in enumerate(prompts):
        shot = (prompt.subject, prompt.environment)
        if prompt.scene or prompt.name:
            shots.append(prompt.scene_label)
        elif prompt.is_typed or not any(shot):
            shots.append(number)
        else:
            shots.append(named.get(shot, shot))
    return unique([prompt.scene_label or "scene" for prompt in prompts], same=shots)


def unique(labels: Sequence[str], *, same: Sequence[Any]) -> list[str]:
    """`labels`, numbered where one would be taken for another; equal `same` share one."""
    given: dict[Any, str] = {}
    taken: dict[str, int] = {}
    for label, key in zip(labels, same, strict=True):
        if key in given:
            continue
        count = taken.get(label, 0) + 1
        taken[label] = count
        while count > 1 and f"{label} {count}" in taken:
            count += 1
        unique = label if count == 1 else f"{label} {count}"
        taken[unique] = max(taken.get(unique, 0), 1)
        given[key] = unique
    return [given[key] for key in same]
