"""What only models, parameters or several prompts side by side can show.

A grid is anything with `prompts`, `parts`, `models`, `cards`, `axes` and `exclusions`: the rooms
above pass theirs in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Protocol

from toolkit.catalog import limit_refusal, refusal
from toolkit.errors import CatalogError, ToolkitError
from toolkit.prompts.formula import PROMPT_PARTS, Prompt
from toolkit.prompts.lexicon import PERSON
from toolkit.prompts.lint.finding import Finding
from toolkit.prompts.lint.reading import Reading
from toolkit.records import ModelCard

__all__ = [
    "GridLike",
    "character_too_long",
    "confounded",
    "duration_open",
    "not_taken",
    "refused_cells",
]

CHARACTER_S = 5.0
"""A person stays the same for 4 to 5 seconds."""

MAX_TWINS = 400  # prompts compared with each other


class GridLike(Protocol):
    """What the lint reads of a grid."""

    @property
    def prompts(self) -> Sequence[Prompt]: ...
    @property
    def parts(self) -> Mapping[str, Any]: ...
    @property
    def models(self) -> Sequence[str]: ...
    @property
    def cards(self) -> Sequence[ModelCard]: ...
    @property
    def params(self) -> Sequence[str]: ...
    @property
    def axes(self) -> Mapping[str, Any]: ...
    @property
    def scene(self) -> str | None: ...
    @property
    def exclusions(self) -> Sequence[Any]: ...


# ---- one prompt, with the models and parameters it goes to


def not_taken(read: Reading) -> Iterator[Finding]:
    """A parameter or a value that a model does not take, a prompt that is too long for it."""
    for card in read.cards:
        if card.status == "retired":
            when = f" on {card.retired_on}" if card.retired_on else ""
            yield _refused(f"{card.model} was retired{when}", card.notes or "choose another model")
        for name, value in read.params.items():
            refused = refusal(card, name, value) if name != "extra" else None
            if refused is not None:
                yield _refused(
                    f"`{name}={value}`: {refused.reason}",
                    refused.instead or "change it, or the model",
                )
        together = limit_refusal(card, read.params)
        if together is not None:
            yield _refused(together.reason, together.instead or "change it, or the model")
        if read.negative and card.negative is False:
            yield _refused(
                f"{card.model} takes no negative prompt",
                "leave `negative` out, or choose another model",
            )
        limit = card.prompt_limit
        if limit is not None and len(read.text) > limit:
            yield _refused(
                f"{card.model} takes {limit:,} characters and the prompt has {len(read.text):,}",
                "shorten it; 60 to 120 words work best",
            )


def _refused(message: str, fix: str) -> Finding:
    return Finding("not-taken", "error", message, fix)


_CHARACTER = re.compile(rf"\b(?:{PERSON})\b", re.I)
_TINY = re.compile(
    r"\b(?:distant|far|silhouette|tiny|crowd|small\s+in\s+the\s+frame|no\s+people|empty|statue|"
    r"hands?\s+only)\b",
    re.I,
)


def character_too_long(read: Reading) -> Iterator[Finding]:
    """A person on the screen for longer than one stays the same."""
    if not read.is_english:
        return
    subject = read.part("subject") if read.has_parts else re.split(r"[.!?;\n]", read.plain)[0]
    match = _CHARACTER.search(subject)
    if match is None or _TINY.search(subject):
        return
    for model, duration in _durations(read.cards, read.params):
        if duration > CHARACTER_S:
            of = f" on {model}" if model else ""
            yield Finding(
                "character-too-long",
                "warning",
                f"a {match[0].lower()} for {duration:g} s{of}: a person holds for 4 to 5 s",
                "`duration_s=5` or less, or animate a reference image (`start_image=`)",
                part="subject" if read.has_parts else None,
            )
            return


def _durations(
    cards: Sequence[ModelCard], params: Mapping[str, Any]
) -> Iterator[tuple[str, float]]:
    asked = params.get("duration_s")
    if params.get("start_image"):
        return
    if isinstance(asked, (int, float)):
        yield "", float(asked)
    elif asked is None:
        for card in cards:
            if card.default_duration_s is not None:
                yield card.model, card.default_duration_s


def duration_open(read: Reading) -> Iterator[Finding]:
    """A duration left to models that choose differently: their clips do not compare."""
    if read.params.get("duration_s") is not None or len(read.cards) < 2:
        return
    defaults: dict[float, list[str]] = {}
    unknown = []
    for card in read.cards:
        if card.default_duration_s is None:
            unknown.append(card.model)
        else:
            defaults.setdefault(card.default_duration_s, []).append(card.model)
    if len(defaults) > 1:
        said = ", ".join(f"{s:g} s on {' and '.join(m)}" for s, m in sorted(defaults.items()))
        yield Finding(
            "duration-open", "warning", f"the duration is left to the models, which differ: {said}",
            "`duration_s=tk.near(5)` makes them alike",
        )  # fmt: skip
    elif (unknown and defaults) or len(unknown) > 1:
        yield Finding(
            "duration-open", "info",
            f"the duration is left to the models, and it is not known what {' and '.join(unknown)} "
            "does",
            "`duration_s=tk.near(5)` makes them alike",
        )  # fmt: skip


# ---- a grid


def refused_cells(grid: GridLike) -> Iterator[Finding]:
    """What the models of a grid do not take, with the cells it costs."""
    try:
        exclusions = grid.exclusions
    except ToolkitError:
        return  # too fine a grid to be counted: the plan says so
    for exclusion in exclusions:
        if str(exclusion.reason).startswith(tuple(f"{model} " for model in grid.models)):
            cells = f"{exclusion.cells:,} cell{'s are' if exclusion.cells != 1 else ' is'} left out"
            yield _refused(
                f"{exclusion.reason}: {cells}",
                exclusion.instead or "change the value, or the model",
            )


def confounded(grid: GridLike) -> Iterator[Finding]:
    """Twins that differ in more than one part: whatever wins, nobody knows why.

    Prompts are twins where they share a scene or a subject. A set is clean where one gets from any
    of its prompts to any other by steps that change one part each.
    """
    worded = [p if p.is_typed else p.with_parts(**grid.parts) for p in grid.prompts]
    families: dict[Any, list[Prompt]] = {}
    for prompt in worded[:MAX_TWINS]:
        for key in _kinship(prompt, grid.scene):
            families.setdefault(key, []).append(prompt)
            break
    for twins in families.values():
        if len(twins) < 2:
            continue
        apart = _apart(twins)
        if apart is None:
            continue
        a, b, parts = apart
        names = " and ".join(filter(None, (_name(a), _name(b))))
        yield Finding(
            "confounded",
            "info" if a.is_typed or b.is_typed else "warning",
            f"twins that differ in {len(parts)} parts at once ({', '.join(parts)}): {names}; "
            f"whichever wins, one cannot say why",
            "change one part at a time: `prompt.twins(part, […])`, or a list as that part",
            prompt=_name(a),
        )


def _kinship(prompt: Prompt, scene: str | None) -> Iterator[Any]:
    if scene is not None:
        yield "scene", scene
    elif prompt.scene:
        yield "scene", prompt.scene
    elif not prompt.is_typed and prompt.subject:
        yield "subject", prompt.subject


def _apart(twins: Sequence[Prompt]) -> tuple[Prompt, Prompt, list[str]] | None:
    """Two of them that no chain of one-part changes joins, and the parts in which they differ."""
    parts = [_wordings(prompt) for prompt in twins]
    group = list(range(len(twins)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    worst: dict[tuple[int, int], list[str]] = {}
    for i, j in combinations(range(len(twins)), 2):
        different = _different(parts[i], parts[j])
        if len(different) <= 1:
            group[root(i)] = root(j)
        else:
            worst[i, j] = different
    split = [(len(d), i, j, d) for (i, j), d in worst.items() if root(i) != root(j)]
    if not split:
        return None
    _, i, j, different = min(split)
    return twins[i], twins[j], different


def _wordings(prompt: Prompt) -> dict[str, tuple[str, ...]]:
    if prompt.is_typed:
        from toolkit.prompts.split import split

        prompt = split(prompt.as_typed or "")
    return {
        part: (given,) if isinstance(given, str) else tuple(given)
        for part in PROMPT_PARTS
        if (given := getattr(prompt, part))
    }


def _different(a: Mapping[str, tuple[str, ...]], b: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Parts of which the two share no wording: a crossed list joins what stands in it."""
    return [
        part for part in PROMPT_PARTS
        if not set(map(_folded, a.get(part, ("",)))) & set(map(_folded, b.get(part, ("",))))
    ]  # fmt: skip


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(" .,;")


def _name(prompt: Prompt) -> str:
    name = prompt.name or prompt.scene_label
    return f"“{name}”" if name else "a prompt"


def settings_of(grid: GridLike) -> list[dict[str, Any]]:
    """The durations and other fixed values a grid asks for, as parameters of one prompt each."""
    durations: Iterable[Any] = [None]
    if "duration_s" in grid.params and "duration_s" in grid.axes:
        durations = list(grid.axes["duration_s"])[:1000]
    numbers = [d for d in durations if isinstance(d, (int, float))]
    near = [getattr(d, "value", None) for d in durations if not isinstance(d, (int, float))]
    known = [*numbers, *(n for n in near if isinstance(n, (int, float)))]
    held: dict[str, Any] = {"duration_s": max(known)} if known else {}
    if "start_image" in grid.params:
        held["start_image"] = True
    return [held]


def cards_of(models: Sequence[str | ModelCard]) -> list[ModelCard]:
    """Cards by name; `CatalogError` names the nearest."""
    from toolkit.catalog import card

    found = [card(model) if isinstance(model, str) else model for model in models]
    for item in found:
        if not isinstance(item, ModelCard):
            raise CatalogError(f"a model is 'service/model' or its card, not {item!r}")
    return found
