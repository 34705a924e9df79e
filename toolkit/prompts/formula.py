"""A prompt in four parts (and an optional fifth, what happens): the formula people write by.

A part may be a list or hold choices; then the prompt is a template that iterates concrete prompts,
each made by its number alone, so that a template of 10^9 wordings costs nothing to hold.
"""

from __future__ import annotations

import difflib
import random
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING, Any, overload

from toolkit.errors import PromptError
from toolkit.prompts.expand import Template, escape, lists_of, parse
from toolkit.prompts.wildcards import Wildcards
from toolkit.prompts.wildcards import wildcards as read_wildcards
from toolkit.records import PARTS

if TYPE_CHECKING:
    from toolkit.prompts.diff import Diff
    from toolkit.prompts.lint import Finding
    from toolkit.prompts.rendering import Rendering
    from toolkit.records import ModelCard

__all__ = ["PROMPT_PARTS", "Options", "Prompt", "options", "render", "slug"]

Part = str | tuple[str, ...]

PROMPT_PARTS = (*PARTS, "negative")
"""Everything about a prompt that may vary: the parts that are rendered, and the negative."""


def render(parts: Mapping[str, str]) -> str:
    """The text that is sent: one sentence a part, in the order of the formula, empty ones left out.

    Changing this changes every key, and so pays for every clip again.
    """
    return " ".join([said for name in PARTS if name in parts and (said := _sentence(parts[name]))])


@lru_cache(maxsize=8192)
def _sentence(part: str) -> str:
    text = " ".join(part.split()).rstrip(" .,;")
    if not text:
        return ""
    ended = text if text[-1] in "!?…。！？" else f"{text}."
    return ended[0].upper() + ended[1:]


_HOLD = 4096  # wordings of a part that are kept once made: a grid asks for the same ones again


class Options(Sequence[str]):
    """Every wording of one part, in the order written; made one at a time."""

    def __init__(self, texts: Sequence[str], lists: Wildcards | None = None) -> None:
        self._templates: list[Template] = [parse(text, lists) for text in texts]
        self._ends = list(accumulate(template.size for template in self._templates))
        self.size: int = self._ends[-1] if self._ends else 0
        self._made: list[str] | None = None

    def held(self) -> Sequence[str]:
        """The wordings as a list where they are few, so that a grid makes each of them once."""
        if self._made is None and self.size <= _HOLD:
            self._made = [text for template in self._templates for text in template]
        return self if self._made is None else self._made

    @cached_property
    def longest(self) -> int:
        """No wording is longer than this, in characters."""
        return max((template.longest for template in self._templates), default=0)

    @cached_property
    def shortest(self) -> int:
        """Some wording has as few characters as this."""
        return min((template.shortest for template in self._templates), default=0)

    def __len__(self) -> int:
        return min(self.size, sys.maxsize)  # `size` is exact

    @cached_property
    def is_weighted(self) -> bool:
        """Whether a random draw prefers some wordings."""
        return any(template.is_weighted for template in self._templates)

    def draw(self, rng: random.Random) -> int:
        """A random index, by the weights where there are some."""
        if not self.is_weighted:
            return rng.randrange(self.size)
        which = rng.randrange(len(self._templates))
        return (self._ends[which - 1] if which else 0) + self._templates[which].draw(rng)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.size))]
        if not -self.size <= index < self.size:
            raise IndexError(index)
        index %= self.size
        if self._made is not None:
            return self._made[index]
        which = bisect_right(self._ends, index)
        return self._templates[which][index - (self._ends[which - 1] if which else 0)]

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(self.size))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Options, list, tuple)) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(repr(self[i]) for i in range(min(self.size, 6)))
        return f"[{shown}{f', … {self.size:,} in all' if self.size > 6 else ''}]"


def options(part: Part | None, lists: Wildcards | None = None) -> Options:
    """Every wording of a part; none for a part that is left out."""
    texts = ((part,) if part else ()) if isinstance(part, str) else tuple(part or ())
    if any("__" in text for text in texts):
        return Options(texts, lists)  # a word list may change between two calls
    return _options(texts)


@lru_cache(maxsize=4096)
def _options(texts: tuple[str, ...]) -> Options:
    return Options(texts)


_SMALL_WORD = re.compile(
    r"an?|the|in|on|of|at|by|to|is|its?|and|or|with|from|for|as|into|over|under|her|his|their|"
    r"s?he|they|some|very|while|that|this"
)


def slug(*texts: str, words: int = 3, limit: int = 48) -> str:
    """A few telling words of each text, in any script: a label that a person recognises."""
    groups = []
    for text in texts:
        found = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.lower())
        telling = [word for word in found if not _SMALL_WORD.fullmatch(word)][:words]
        if telling:
            groups.append(" ".join(telling))
    label = ", ".join(groups)
    return label if len(label) <= limit else label[: limit - 1].rstrip(" ,") + "…"


def _part(name: str, given: Any) -> Part:
    """A part as it is kept: text, or a tuple of texts; refuses what no service can be sent."""
    if isinstance(given, str):
        _check(given, name)
        return given
    if not isinstance(given, (list, tuple)):
        raise PromptError(f"`{name}` is text or a list of texts, not {type(given).__name__}")
    if not given:
        raise PromptError(f"`{name}` is a list without a wording; write one, or leave it out")
    for text in given:
        if not isinstance(text, str):
            raise PromptError(f"`{name}` lists texts, found {text!r}")
        _check(text, name)
    return tuple(given)


def _check(text: str, name: str) -> None:
    at = text.find("\0")
    if at >= 0:
        raise PromptError(f"`{name}` holds a NUL character at position {at}; delete it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PromptError(
            f"`{name}` holds half a character (a lone surrogate) at position {error.start}; "
            f"paste the text again"
        ) from None


@dataclass(frozen=True, init=False)
class Prompt:
    """Subject, environment, camera and mood, with an optional action and a negative.

    A part is text, or a list of texts, and may hold choices. `name` and `scene` are labels and no
    part of what is sent: `scene` is the shot that is wanted, the block in which wordings are
    compared. `wildcards` is a folder of word lists, or the lists themselves by name. A prompt made
    with `Prompt.typed` has no parts and is sent exactly as typed.
    """

    subject: Part
    action: Part
    environment: Part
    camera: Part
    mood: Part
    negative: Part | None
    name: str | None
    scene: str | None
    as_typed: str | None
    wildcards: Wildcards | None

    def __init__(
        self,
        subject: str | Sequence[str] = "",
        *,
        action: str | Sequence[str] = "",
        environment: str | Sequence[str] = "",
        camera: str | Sequence[str] = "",
        mood: str | Sequence[str] = "",
        negative: str | Sequence[str] | None = None,
        name: str | None = None,
        scene: str | None = None,
        as_typed: str | None = None,
        wildcards: Any = None,
        **unknown: Any,
    ) -> None:
        for word in unknown:
            known = (*PROMPT_PARTS, "name", "scene")
            near = difflib.get_close_matches(word, known, n=1)
            hint = f": did you mean `{near[0]}`?" if near else f"; there are: {', '.join(known)}"
            raise PromptError(f"`{word}` is no part of a prompt{hint}")
        for label, value in (("name", name), ("scene", scene), ("text", as_typed)):
            if value is not None:
                if not isinstance(value, str):
                    raise PromptError(f"`{label}` is text, not {type(value).__name__}")
                _check(value, label)
        keep = object.__setattr__  # frozen: once, here
        keep(self, "subject", _part("subject", subject))
        keep(self, "action", _part("action", action))
        keep(self, "environment", _part("environment", environment))
        keep(self, "camera", _part("camera", camera))
        keep(self, "mood", _part("mood", mood))
        keep(self, "negative", None if negative is None else _part("negative", negative))
        keep(self, "name", name or None)
        keep(self, "scene", scene or None)
        keep(self, "as_typed", as_typed)
        keep(self, "wildcards", read_wildcards(wildcards))

    @staticmethod
    def typed(text: str, *, name: str | None = None, scene: str | None = None) -> Prompt:
        """A prompt that is sent exactly as typed."""
        if not text.strip():
            raise PromptError("an empty prompt; write what the camera should see")
        return Prompt(as_typed=text, name=name, scene=scene)

    @property
    def is_typed(self) -> bool:
        """Whether it is sent exactly as typed, without parts."""
        return self.as_typed is not None

    @cached_property
    def _options(self) -> dict[str, Options]:
        return {}

    def options(self, part: str) -> Options:
        """Every concrete wording of `part`; word lists are read once and then stay as they were."""
        if part not in self._options:
            self._options[part] = options(getattr(self, part), self.wildcards)
        return self._options[part]

    @cached_property
    def word_lists(self) -> dict[str, tuple[str, ...]]:
        """The word lists it uses, by name, with their wordings."""
        if self.is_typed:
            return {}
        given = [getattr(self, part) or () for part in PROMPT_PARTS]
        texts = [t for part in given for t in ((part,) if isinstance(part, str) else part)]
        return lists_of(texts, self.wildcards)

    @cached_property
    def axes(self) -> dict[str, int]:
        """The parts that are there and how many wordings each has, in the order of the formula."""
        return {part: n for part in PROMPT_PARTS if (n := self.options(part).size)}

    @property
    def varies(self) -> list[str]:
        """The parts with more than one wording."""
        return [part for part, count in self.axes.items() if count > 1]

    @property
    def is_template(self) -> bool:
        return bool(self.varies)

    @cached_property
    def size(self) -> int:
        """How many concrete prompts there are, exactly, without making them."""
        return 1 if self.is_typed else prod(self.axes.values())

    def __len__(self) -> int:
        if self.size > sys.maxsize:
            raise PromptError(f"{self.size:,} wordings are more than `len` can say; see `.size`")
        return self.size

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Prompt]:
        return self.iterate()

    def iterate(self, start: int = 0) -> Iterator[Prompt]:
        """The concrete prompts from the `start`-th on: where one stopped, one goes on."""
        index = start
        while index < self.size:
            yield self[index]
            index += 1

    def draw(self, rng: random.Random) -> int:
        """A random index, by the weights of its choices where there are some."""
        index = 0
        for part in self.varies:
            index = index * self.options(part).size + self.options(part).draw(rng)
        return index

    @cached_property
    def is_weighted(self) -> bool:
        return any(self.options(part).is_weighted for part in self.varies)

    @cached_property
    def _wheels(self) -> tuple[dict[str, str], list[tuple[str, int, int, Sequence[str]]]]:
        """The first wording of every part, and how the others are read off an index."""
        first = {part: self.options(part)[0] for part in self.axes}
        wheels: list[tuple[str, int, int, Sequence[str]]] = []
        stride = 1
        for part in reversed(self.varies):
            wordings = self.options(part)
            wheels.append((part, stride, wordings.size, wordings.held()))
            stride *= wordings.size
        return first, wheels

    def wording(self, index: int) -> dict[str, str]:
        """The parts of the `index`-th concrete prompt; the last part varies fastest."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        first, wheels = self._wheels
        chosen = dict(first)
        for part, stride, count, wordings in wheels:
            chosen[part] = wordings[index // stride % count]
        return chosen

    @cached_property
    def _spoken(self) -> list[tuple[int, int, Sequence[str]]]:
        """The parts that are rendered, in order: stride, number of wordings, wordings."""
        first, wheels = self._wheels
        turning = {part: (stride, count, texts) for part, stride, count, texts in wheels}
        return [turning.get(part, (1, 1, (first[part],))) for part in PARTS if part in first]

    def text_at(self, index: int) -> str:
        """What the `index`-th concrete prompt says, without making the prompt."""
        if self.as_typed is not None:
            return self.as_typed
        said = [_sentence(texts[index // stride % n]) for stride, n, texts in self._spoken]
        return " ".join(filter(None, said))

    def __getitem__(self, index: int) -> Prompt:
        """The `index`-th concrete prompt; all of one template share a scene."""
        if index < 0:
            index += self.size
        if self.is_typed or not self.is_template:
            if index != 0:
                raise IndexError(index)
            return self
        parts: dict[str, Any] = {p: escape(text) for p, text in self.wording(index).items()}
        return Prompt(**parts, name=self.name, scene=self.scene_label)

    def twins(self, part: str, wordings: Sequence[str] | None = None) -> list[Prompt]:
        """Prompts that differ in `part` alone and share a scene: what an A/B test compares.

        `wordings` replaces those the part has; of other parts that vary the first wording is held.
        """
        if part not in PROMPT_PARTS:
            raise PromptError(f"no part {part!r}; there are: {', '.join(PROMPT_PARTS)}")
        if self.is_typed:
            raise PromptError("a prompt sent as typed has no parts to vary; write it in parts")
        held = {name: escape(text) for name, text in self.wording(0).items()}
        values = (
            self.options(part) if wordings is None else options(tuple(wordings), self.wildcards)
        )
        if not values.size:
            raise PromptError(f"`{part}` has no wordings to compare; pass a list of them")
        scene = self.scene_label
        return [
            Prompt(**{**held, part: escape(value)}, name=self.name, scene=scene) for value in values
        ]

    def variations(self, n: int = 5, *, part: str = "camera", seed: int = 0) -> list[Prompt]:
        """`n` twins that say `part` a little differently, never as it is; see `variations`."""
        from toolkit.prompts.variations import variations

        return variations(self, n, part=part, seed=seed)

    def lint(self, *, models: Any = (), params: Mapping[str, Any] | None = None) -> list[Finding]:
        """What is likely to spoil the clip, worst first; see `lint`."""
        from toolkit.prompts.lint import lint

        return lint(self, models=models, params=params)

    def diff(self, other: str | Prompt) -> Diff:
        """What `other` says otherwise, part by part; prints with colours."""
        from toolkit.prompts.diff import diff

        return diff(self, other)

    def rendered(
        self, model: str | ModelCard, *, params: Mapping[str, Any] | None = None
    ) -> Rendering:
        """What `model` would be sent, with notes; see `rendered`."""
        from toolkit.prompts.rendering import rendered

        return rendered(self, model, params=params)

    @property
    def scene_label(self) -> str:
        """The scene it belongs to: as given, else its name, else the telling words of the shot."""
        if self.scene or self.name:
            return self.scene or self.name or ""
        if self.is_typed:
            return slug(self.as_typed or "", words=5)
        first = {part: self.options(part)[0] for part in self.axes}
        return slug(first.get("subject", ""), first.get("environment", "")) or slug(*first.values())

    def with_parts(self, **parts: Any) -> Prompt:
        """The same prompt with these parts in place of its own."""
        return replace(self, **parts)

    @property
    def parts(self) -> dict[str, str]:
        """The concrete parts that are not empty; `PromptError` for a template."""
        if self.is_template:
            raise PromptError(f"a template has {self.size} wordings; iterate it to get prompts")
        return {p: text for p, text in self.wording(0).items() if p in PARTS and text}

    @property
    def text(self) -> str:
        """What is sent."""
        return self.as_typed if self.as_typed is not None else render(self.parts)

    def __str__(self) -> str:
        return self.text
