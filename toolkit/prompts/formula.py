"""A prompt in four parts (and an optional fifth, what happens): the formula people write by.

A part may be a list or hold choices; then the prompt is a template that iterates concrete prompts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from math import prod
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from toolkit.errors import PromptError
from toolkit.prompts.expand import parse
from toolkit.records import PARTS

__all__ = ["Prompt", "render"]

Part = str | tuple[str, ...]


def render(parts: dict[str, str]) -> str:
    """The text that is sent: one sentence a part, in the order of the formula, empty ones left out.

    Changing this changes every key, and so pays for every clip again.
    """
    sentences = []
    for name in PARTS:
        text = " ".join(parts.get(name, "").split()).rstrip(" .,;")
        if text:
            ended = text if text[-1] in "!?…。！？" else f"{text}."
            sentences.append(ended[0].upper() + ended[1:])
    return " ".join(sentences)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Prompt:
    """Subject, environment, camera and mood, with an optional action and a negative.

    `name` and `scene` are labels and no part of what is sent: `scene` is the shot that is wanted,
    the block in which wordings are compared. A prompt made with `Prompt.typed` has no parts and is
    sent exactly as typed.
    """

    subject: Part = ""
    action: Part = field(default="", kw_only=True)
    environment: Part = field(default="", kw_only=True)
    camera: Part = field(default="", kw_only=True)
    mood: Part = field(default="", kw_only=True)
    negative: Part | None = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)
    scene: str | None = field(default=None, kw_only=True)
    as_typed: str | None = field(default=None, kw_only=True)

    @staticmethod
    def typed(text: str, *, name: str | None = None, scene: str | None = None) -> Prompt:
        """A prompt that is sent exactly as typed."""
        if not text.strip():
            raise PromptError("an empty prompt; write what the camera should see")
        return Prompt(as_typed=text, name=name, scene=scene)

    def options(self, part: str) -> list[str]:
        """Every concrete wording of `part`."""
        value = getattr(self, part) or ""
        texts = [value] if isinstance(value, str) else list(value)
        return [template[i] for template in map(parse, texts) for i in range(len(template))]

    def _counts(self) -> dict[str, int]:
        counts = {}
        for part in (*PARTS, "negative"):
            value = getattr(self, part) or ""
            texts = [value] if isinstance(value, str) else list(value)
            counts[part] = sum(len(parse(text)) for text in texts)
        return counts

    @property
    def varies(self) -> list[str]:
        """The parts with more than one wording."""
        return [part for part, count in self._counts().items() if count > 1]

    @property
    def is_template(self) -> bool:
        return bool(self.varies)

    def __len__(self) -> int:
        """How many concrete prompts there are, without making them."""
        return 1 if self.as_typed is not None else prod(self._counts().values())

    def __iter__(self) -> Iterator[Prompt]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Prompt:
        """The `index`-th concrete prompt; the last part varies fastest."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        if self.as_typed is not None:
            return self
        chosen: dict[str, Any] = {}
        for part in reversed((*PARTS, "negative")):
            if getattr(self, part) is None:
                continue
            options = self.options(part)
            index, rest = divmod(index, len(options))
            chosen[part] = options[rest]
        return Prompt(**chosen, name=self.name, scene=self.scene or self._scene_of_template())

    def _scene_of_template(self) -> str | None:
        return None

    @property
    def parts(self) -> dict[str, str]:
        """The concrete parts that are not empty; `PromptError` for a template."""
        if self.is_template:
            raise PromptError(f"a template has {len(self)} wordings; iterate it to get prompts")
        return {p: self.options(p)[0] for p in PARTS if self.as_typed is None and getattr(self, p)}

    @property
    def text(self) -> str:
        """What is sent."""
        return self.as_typed if self.as_typed is not None else render(self.parts)

    def __str__(self) -> str:
        return self.text
