"""Small wording changes of one part, from the vocabulary: the five variations of an afternoon.

A variation swaps a word for another of its group ("slow" → "unhurried") or adds one where the
prompt has none of that group. It never makes another shot of it: the move of the camera and the
place stay.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from toolkit.errors import PromptError
from toolkit.prompts.formula import PROMPT_PARTS, Prompt
from toolkit.prompts.lint import lint
from toolkit.prompts.lint.finding import splice
from toolkit.prompts.vocabulary import Group, find, groups

__all__ = ["ASPECTS", "variations"]

ASPECTS = {
    "light": ("environment", "light"),
    "time": ("environment", "time"),
    "weather": ("environment", "weather"),
    "lens": ("camera", "lens"),
    "framing": ("camera", "framing"),
    "pace": ("camera", "pace"),
    "palette": ("mood", "palette"),
    "register": ("mood", "register"),
    "style": ("mood", "style"),
}
"""What may be varied by itself: the part it stands in, and its group of words."""

_PACED = re.compile(r"\b(?:push|pull|pan|tilt|orbit|dolly|zoom|roll|arc|crane)", re.I)
_ADDED = {
    "environment": ("light",),
    "camera": ("pace", "lens", "depth", "height"),
    "mood": ("register", "palette", "contrast"),
    "action": ("pace",),
    "subject": ("place in frame",),
    "negative": ("faults",),
}
"""Groups of which a word may be added where the part has none: they fit whatever is there."""


def variations(prompt: Prompt, n: int = 5, *, part: str = "camera", seed: int = 0) -> list[Prompt]:
    """`n` prompts that say `part` a little differently, none of them the original, no two alike.

    `part` is a part, or one aspect of it: light, time, weather, lens, framing, pace, palette,
    register, style. Each differs from `prompt` in that part alone and shares its scene; the same
    `seed` gives the same ones, and more of them begin with fewer. Of a template the first wording
    is varied.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise PromptError(f"`n` is a count from 1, not {n!r}")
    home, only = ASPECTS.get(part, (part, None))
    if home not in PROMPT_PARTS:
        known = ", ".join((*PROMPT_PARTS, *ASPECTS))
        raise PromptError(f"no part {part!r} to vary; there are: {known}")
    if prompt.is_typed:
        raise PromptError(
            "a prompt sent as typed has no parts to vary; `tk.split(text)` suggests them"
        )
    held = prompt.options(home)
    original = held[0] if held.size else ""
    base = prompt if not prompt.is_template else prompt[0]
    if not original and home in {"subject", "action"}:
        raise PromptError(f"`{home}` is empty: there is no wording to vary; write one first")
    spoilt = _faults(base)
    chosen: list[str] = []
    for wording in _wordings(original, home, only, seed):
        if wording not in chosen and not _faults(base.with_parts(**{home: wording})) - spoilt:
            chosen.append(wording)
            if len(chosen) == n:
                return prompt.twins(home, chosen)
    raise PromptError(
        f"`{part}` has {len(chosen)} small variations of {original!r}, {n} were asked for; "
        f"ask for fewer, or vary another part"
    )


def _faults(prompt: Prompt) -> set[str]:
    """What is above info: a variation must not be worse than the original."""
    return {finding.code for finding in lint(prompt) if finding.severity != "info"}


def _wordings(original: str, part: str, only: str | None, seed: int) -> Iterator[str]:
    """Single changes first, in an order drawn by `seed`, then two changes at once."""
    said = _folded(original)
    rng = random.Random(f"{seed}\n{part}\n{only}")  # noqa: S311  (a draw that can be repeated, not a secret)
    single = list(dict.fromkeys(_changed(original, part, only)))
    rng.shuffle(single)
    seen = {said}
    for wording in single:
        if _folded(wording) not in seen:
            seen.add(_folded(wording))
            yield wording
    for first in single:
        twice = list(dict.fromkeys(_changed(first, part, only)))
        rng.shuffle(twice)
        for wording in twice[:4]:
            if _folded(wording) not in seen:
                seen.add(_folded(wording))
                yield wording


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace(",", " ").split())


def _changed(text: str, part: str, only: str | None) -> Iterator[str]:
    present = find(text, part, opposed=False)
    for group, start, end in present:
        if only is None or group.name == only:
            yield from (splice(text, start, end, word) for word in group.words)
    said = {group.name.split()[0] for group, _, _ in present}  # one light is enough, of any kind
    for group in groups(part):
        fits = group.name == only if only else group.name in _ADDED[part]
        if fits and not group.is_opposed and group.name.split()[0] not in said:
            yield from _added(text, group)


def _added(text: str, group: Group) -> Iterator[str]:
    if group.part == "camera" and group.name == "pace":
        move = _PACED.search(text)
        if move is not None:
            yield from (f"{text[: move.start()]}{w} {text[move.start() :]}" for w in group.words)
        return
    joint = " " if group.part == "action" else ", "
    for word in group.words:
        yield f"{text.rstrip(' .,;')}{joint}{word}" if text else word
