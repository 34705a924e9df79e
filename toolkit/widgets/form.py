"""Between a grid and what a person types on the builder's screen; no widget in sight.

On the screen everything is text: a part has one wording a line, a parameter its values with commas
between, an exclusion is a line such as `model = sim/final and duration_s = 9`. What cannot be said
in such text (linked parameters, a function that excludes) is *kept*: it stays with the grid, is
shown, and is not edited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.errors import GridError, PromptError, ToolkitError
from toolkit.grid import Design, Grid, near
from toolkit.grid.axes import NUMBERS, Axis, Near, linked_size, numbers
from toolkit.grid.rules import Rule, read_rules
from toolkit.prompts.formula import PROMPT_PARTS, Prompt, options
from toolkit.records import ImageRef

__all__ = [
    "SIZE", "FormError", "Kept", "design_text", "grid_from", "part_text", "read_values", "to_form",
    "value_text",
]  # fmt: skip

SIZE = "size"  # a linked axis: resolution and shape together
_IS_ROW = re.compile(r"\.{2,3}|…|\d+\s*-\s*\d+")
NOTHING = "(none)"  # a wording that leaves the part out, as a control
LEFT = "default"  # a value that leaves the parameter to the service
YES_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


class FormError(GridError):
    """What is wrong on the screen, by place: `"0.camera"`, `"param.duration_s"`, `"samples"`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        super().__init__("; ".join(dict.fromkeys(places.values())))
        self.places = dict(places)


@dataclass(frozen=True)
class Kept:
    """What the screen cannot say and the grid keeps."""

    params: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)  # scene, extra, word lists
    rules: tuple[Rule, ...] = ()  # exclusions that are no text

    @property
    def named(self) -> list[str]:
        """What is kept, in the words of the code."""
        return [*self.params, *self.options, *(["a function that excludes"] if self.rules else [])]


# ---- from a grid to the screen ---------------------------------------------------------------


def to_form(grid: Grid, *, rev: int = 0) -> tuple[dict[str, Any], Kept]:
    """The grid as text fields, and what does not fit into them."""
    prompts = [_prompt_fields(prompt) for prompt in grid.prompts]
    shared = {part: part_text(texts) for part, texts in grid.parts.items()}
    if len(prompts) == 1 and prompts[0]["typed"] is None:
        prompts[0]["parts"].update(shared)  # one prompt: its parts and everybody's are the same
        shared = {}
    params, kept = {}, {}
    for axis in grid._axes:
        text = _sizes_text(axis) if axis.is_linked else _values_text(axis.name, axis.values)
        if text is None:
            kept[axis.name] = list(axis.values)
        else:
            params[axis.name] = text
    options = {"scene": grid.scene, "extra": grid.extra, "wildcards": grid.word_lists}
    texts = [(rule, _rule_text(rule, grid)) for rule in grid.exclude]
    form = {
        "rev": rev,
        "prompts": prompts,
        "shared": shared,
        "models": list(grid.models),
        "params": params,
        "samples": _samples_text(grid.samples),
        "exclude": [text for _, text in texts if text],
        "design": design_text(grid.design),
    }
    rules = tuple(rule for rule, text in texts if not text)
    return form, Kept(kept, {name: value for name, value in options.items() if value}, rules)


def _prompt_fields(prompt: Prompt) -> dict[str, Any]:
    return {
        "name": prompt.name or "",
        "scene": prompt.scene or "",
        "typed": prompt.as_typed,
        "parts": {
            part: part_text(value) for part in PROMPT_PARTS if (value := getattr(prompt, part))
        },
    }


def part_text(value: str | Sequence[str] | None) -> str:
    """The wordings of a part as they are typed, one a line."""
    texts = [value] if isinstance(value, str) else value or ()
    return "\n".join(" ".join(text.split()) or NOTHING for text in texts)


def value_text(value: Any) -> str:
    """One value as it is typed."""
    if value is None:
        return LEFT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Near):
        return f"near {value_text(value.value)}"
    if isinstance(value, ImageRef):
        return value.path or ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sizes_text(axis: Axis) -> str | None:
    """`540p@16:9, 540p@9:16` for the linked axis that the screen has a field for."""
    if axis.name != SIZE or set(axis.fields) != {"resolution", "aspect_ratio"}:
        return None
    texts = [f"{value['resolution']}@{value['aspect_ratio']}" for value in axis.values]
    again = [linked_size(text) for text in texts]
    return ", ".join(texts) if again == list(axis.values) else None


def _values_text(name: str, values: Sequence[Any]) -> str | None:
    """The values as text, or None where the text would not be read back as the same values."""
    if isinstance(values, range) and len(values) > 1 and values.step == 1:
        return f"{values[0]}-{values[-1]}"
    texts = [value_text(value) for value in values]
    if not all(texts) or any("," in text for text in texts):
        return None
    text = ", ".join(texts)
    plain = [str(v.path) if isinstance(v, ImageRef) else v for v in values]
    return text if list(read_values(name, text)) == plain else None


def _rule_text(rule: Rule, grid: Grid) -> str:
    """An exclusion as it is typed; "" where the text would not be read back as the same rule."""
    if not isinstance(rule, Mapping):
        return ""
    asked = {name: _listed(value) for name, value in rule.items()}
    text = " and ".join(f"{name} = {'|'.join(map(str, v))}" for name, v in asked.items())
    try:
        (again,) = read_rules(text, field=grid._field, levels=grid._levels)
    except GridError:
        return ""
    assert isinstance(again, Mapping)
    return text if {name: _listed(value) for name, value in again.items()} == asked else ""


def _listed(value: Any) -> list[Any]:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return list(value) if isinstance(value, (list, tuple)) else [value]


def design_text(design: str | Design) -> str:
    """A design as the screen holds it: `pairwise`, `Random(k=12, seed=0)`."""
    return design if isinstance(design, str) else repr(design)


def read_design_text(text: str) -> Any:
    """What `Grid(design=…)` takes for it."""
    call = re.fullmatch(r"(\w+)\((.*)\)", text.strip())
    if call is None:
        return text.strip() or "full"
    asked = re.findall(r"(\w+)=(\d+)", call[2])
    return {call[1].lower(): {name: int(number) for name, number in asked}}


def _samples_text(samples: Sequence[int]) -> str:
    if isinstance(samples, range) and samples.start == 1 and samples.step == 1:
        return str(len(samples))
    return ", ".join(map(str, samples)) + ("," if len(samples) == 1 else "")


# ---- and back --------------------------------------------------------------------------------


def grid_from(form: Mapping[str, Any], kept: Kept) -> Grid:
    """The grid that is on the screen; `FormError` says what is wrong where."""
    wrong: dict[str, str] = {}
    prompts = [
        prompt
        for number, fields in enumerate(form["prompts"])
        if (prompt := _prompt(number, fields, wrong)) is not None
    ]
    shared: dict[str, Any] = {
        part: wordings
        for part, text in form.get("shared", {}).items()
        if (wordings := _wordings(f"shared.{part}", text, wrong))
    }
    params: dict[str, Any] = {}
    for name, text in form["params"].items():
        try:
            values = read_values(name, text) if name not in kept.params else ()
        except GridError as error:
            wrong[f"param.{name}"] = str(error)
        else:
            params |= {name: values} if values else {}
    samples = _samples(form["samples"], wrong)
    if not form["models"]:
        wrong["models"] = "choose a model"
    if not prompts and not wrong:
        wrong["prompts"] = "write a prompt"
    if wrong:
        raise FormError(wrong)

    def made(rules: Sequence[str]) -> Grid:
        return Grid(
            prompts,
            models=list(form["models"]),
            samples=samples,
            exclude=[*kept.rules, *rules],
            design=read_design_text(form.get("design", "full")),
            **shared,
            **params,
            **kept.params,
            **kept.options,
        )

    rules = [text for text in form.get("exclude", ()) if text.strip()]
    try:
        return made(rules)
    except ToolkitError as error:
        place = _wrong_rule(made, form) or _place_of(str(error), params)
        raise FormError({place: str(error)}) from error


def _wrong_rule(made: Callable[[Sequence[str]], Grid], form: Mapping[str, Any]) -> str:
    """Which exclusion alone is refused: `exclude.1`; "" for none, or where all else is wrong."""
    texts = {n: text for n, text in enumerate(form.get("exclude", ())) if text.strip()}
    if not texts or not _stands(made, []):
        return ""
    return next((f"exclude.{n}" for n, text in texts.items() if not _stands(made, [text])), "")


def _stands(made: Callable[[Sequence[str]], Grid], rules: Sequence[str]) -> bool:
    try:
        made(rules)
    except ToolkitError:
        return False
    return True


def _place_of(message: str, params: Mapping[str, Any]) -> str:
    """Where an error of the grid belongs: its message names the parameter first."""
    named = re.match(r"`(\w+)`", message)
    name = named[1] if named else ""
    return f"param.{name}" if name in params else name if name in {"samples", "design"} else "grid"


def _prompt(number: int, fields: Mapping[str, Any], wrong: dict[str, str]) -> Prompt | None:
    labels: dict[str, Any] = {
        name: str(fields.get(name) or "").strip() or None for name in ("name", "scene")
    }
    typed = fields.get("typed")
    try:
        if typed is not None:
            return Prompt.typed(str(typed), **labels)
        parts: dict[str, Any] = {
            part: wordings
            for part, text in fields["parts"].items()
            if (wordings := _wordings(f"{number}.{part}", text, wrong))
        }
        return Prompt(**parts, **labels)
    except PromptError as error:
        wrong[f"{number}.{'typed' if typed is not None else 'subject'}"] = str(error)
        return None


def _wordings(place: str, text: str, wrong: dict[str, str]) -> str | tuple[str, ...]:
    """The wordings of one part: text for one, a tuple for several, "" for none."""
    lines = [" ".join(line.split()) for line in str(text).splitlines()]
    lines = ["" if line == NOTHING else line for line in lines if line]
    twice = next((line for line in lines if lines.count(line) > 1), None)
    if twice is not None:
        wrong[place] = f"{twice or NOTHING!r} is written twice; change or delete one"
        return ""
    try:
        if lines:
            options(tuple(lines))
    except PromptError as error:
        wrong[place] = str(error)
        return ""
    return tuple(lines) if len(lines) > 1 else "".join(lines)


def _samples(text: str, wrong: dict[str, str]) -> int | Sequence[int]:
    try:
        found = read_values("samples", text)
    except GridError as error:
        wrong["samples"] = str(error)
        return 1
    if isinstance(found, range):
        return found
    whole = [n for n in found if isinstance(n, int) and not isinstance(n, bool) and n > 0]
    if not found or len(whole) < len(found):
        wrong["samples"] = f"a count from 1, or sample numbers such as 4, 5; found {text.strip()!r}"
        return 1
    return whole if len(whole) > 1 or "," in text else whole[0]


def read_values(name: str, text: str) -> Sequence[Any]:
    """What was typed for a parameter: `5`, `5, 9`, `near 5`, `yes`, `default`; `1-5` and
    `1, 2, .., 10` for numbers. What begins with `SKIP:` is left out.
    """
    words = [word for part in str(text).split(",") if (word := part.strip())]
    words = [word for word in words if not word.upper().startswith("SKIP:")]
    if name in NUMBERS and any(map(_IS_ROW.fullmatch, words)):
        return numbers(name, ", ".join(words))
    return [_read(word) for word in words]


def _read(word: str) -> Any:
    if nearly := re.fullmatch(r"(?:near\s+|~\s*)(.+)", word, re.IGNORECASE):
        return near(_read(nearly[1]))
    if word.lower() == LEFT:
        return None
    if word.lower() in YES_NO:
        return YES_NO[word.lower()]
    if re.fullmatch(r"[+-]?\d+", word):
        return int(word)
    if re.fullmatch(r"[+-]?\d*\.\d+", word):
        return float(word)
    return word


def texts_of(values: Iterable[Any]) -> list[str]:
    """Values as they are typed, for the chips that offer them."""
    return [value_text(value) for value in values]
