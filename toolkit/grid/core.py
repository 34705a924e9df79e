"""The grid itself: counted without counting, indexed without building.

A grid is a list of blocks, one a prompt; a block is a mixed-radix number whose digits are the
wordings of its parts, then the model, the parameters and the sample, which varies fastest. So the
n-th cell is a few divisions, and how many cells a rule excludes is a product over the few axes that
the rule looks at.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import Any, overload

from toolkit.catalog import Refusal, card, limit_refusal
from toolkit.errors import CatalogError, GridError
from toolkit.grid.axes import Axis, as_values, linked_size, nearest, no_twice, sample_values
from toolkit.grid.designs import Design, Factor, Full, Space, read_design
from toolkit.grid.labels import identity, scenes, unique
from toolkit.grid.rules import Exclusion, Rule, applies, read_rules
from toolkit.grid.sources import read_prompts
from toolkit.grid.tally import groups
from toolkit.keywords import tells
from toolkit.pictures import told
from toolkit.prompts.formula import PROMPT_PARTS, Prompt, render
from toolkit.prompts.wildcards import Wildcards
from toolkit.prompts.wildcards import wildcards as read_wildcards
from toolkit.records import CANONICAL_PARAMS, PARTS, ImageRef, ModelCard, RunSpec, canonical_json

__all__ = ["Cell", "Exclusion", "Grid"]

LABELS = ("name", "scene", "prompt")
OPTIONS = ("models", "samples", "scene", "exclude", "design", "extra", "wildcards")
_LOOKS_CHOSEN = re.compile(r"\{[^{}]*\|[^{}]*\}|__[^\W_]\w*__|\$\{\w+\}")


class Cell:
    """A place in a grid and the run it asks for. Two cells may share a run."""

    def __init__(self, grid: Grid, index: int) -> None:
        self._grid = grid
        self.index = index
        self._block, self._inner = grid._place(index)
        self._wording = self._inner // grid._rest

    @cached_property
    def _words(self) -> dict[str, str]:
        return self._block.prompt.wording(self._wording)

    @cached_property
    def _digits(self) -> list[int]:
        return [self._inner // stride % radix for stride, radix in self._grid._strides]

    @property
    def grid_id(self) -> str:
        return self._grid.id

    @property
    def parts(self) -> dict[str, str]:
        """The words as written in the formula; empty for a prompt sent as typed."""
        return {part: text for part, text in self._words.items() if part != "negative"}

    @property
    def labels(self) -> dict[str, str]:
        """The prompt's name and scene, which are no part of what is sent."""
        return {"name": self._block.name, "scene": self._block.scene}

    @property
    def text(self) -> str:
        """The prompt as sent."""
        return self._block.prompt.text_at(self._wording)

    @cached_property
    def spec(self) -> RunSpec:
        """What is asked of the service."""
        grid = self._grid
        return RunSpec(
            self.text,
            model=grid.models[self._digits[0]],
            negative=self._words.get("negative") or None,
            params=grid._params(self._digits),
            sample=grid.samples[self._digits[-1]],
        )

    @cached_property
    def run_key(self) -> str:
        return self.spec.key

    @property
    def id(self) -> str:
        """The id of its run, as tables show it: what a clip made by hand is saved under."""
        return self.run_key[:16]

    @property
    def fields(self) -> dict[str, Any]:
        """Everything the cell may be grouped or excluded by, under the names of `grid.axes`."""
        return self._grid._values(self._asked())

    def _asked(self) -> _Asked:
        return self._grid._ask(self._block, self._words, self._digits)

    @cached_property
    def excluded(self) -> str | None:
        """Why this cell is not run, or None."""
        refused = self._grid._refusal(self._asked())
        return None if refused is None else str(refused)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and (self._grid, self.index) == (other._grid, other.index)

    def __hash__(self) -> int:
        return hash(self.index)

    def __repr__(self) -> str:
        said = f", excluded={self.excluded!r}" if self.excluded else ""
        spec = self.spec
        return (
            f"<Cell {self.index}: {spec.model} {spec.params} sample {spec.sample} "
            f"{spec.prompt!r}{said}>"
        )


class Block:
    """One prompt of the grid with the grid's own parts in place, and the axes of its wordings."""

    def __init__(self, prompt: Prompt, name: str, scene: str) -> None:
        self.prompt = prompt
        self.name = name
        self.scene = scene
        self.size = prompt.size
        self.has = prompt.axes
        self.parts = {part: count for part, count in prompt.axes.items() if count > 1}

    def index(self, digits: Mapping[str, int]) -> int:
        """The wording with these digits, 0 for the parts not named."""
        index = 0
        for part, count in self.parts.items():
            index = index * count + digits.get(part, 0)
        return index

    @cached_property
    def longest(self) -> int:
        """No wording is longer than this, in characters."""
        if self.prompt.as_typed is not None:
            return len(self.prompt.as_typed)
        return sum(self.prompt.options(part).longest + 2 for part in self.has if part in PARTS)

    @cached_property
    def may_be_empty(self) -> bool:
        """Whether some wording might say nothing at all."""
        if self.prompt.is_typed:
            return False
        return not any(self.prompt.options(part).shortest for part in self.has if part in PARTS)


class Grid:
    """Prompts x models x parameters x samples: a list varies, a value is fixed.

    `prompts` is a `Prompt`, a string (sent exactly as typed), a list of either, or a DataFrame or
    CSV file with the parts or `text`. Keywords are parts (`camera=[…]` replaces that part of every
    structured prompt), canonical parameters, and those that the models declare. `samples` is a
    count, or a list of sample numbers. `exclude` lists mappings (`{"model": "sim/final",
    "duration_s": 9}`; a list of values means any of them) or functions of a cell's values. `extra`
    goes to the service untouched. `wildcards` is a folder of word lists (`__lens__`), or the lists
    by name.

    `len` counts raw cells; `cells()` gives those that run, `excluded()` the others and why.
    """

    @tells
    def __init__(
        self,
        prompts: Any,
        *,
        models: str | Sequence[str],
        samples: int | Sequence[int] = 1,
        scene: str | None = None,
        exclude: Any = (),
        design: Any = "full",
        extra: Mapping[str, Any] | None = None,
        wildcards: Any = None,
        **axes: Any,
    ) -> None:
        lists = read_wildcards(wildcards)
        self._init(prompts, models, samples, scene, exclude, design, extra, axes, lists=lists)

    def _init(
        self,
        prompts: Any,
        models: Any,
        samples: Any,
        scene: str | None,
        exclude: Any,
        design: Any,
        extra: Mapping[str, Any] | None,
        axes: Mapping[str, Any],
        *,
        folder: Path | None = None,
        lists: Wildcards | None = None,
    ) -> None:
        read = read_prompts(prompts)
        if lists is not None:
            read = [p if p.is_typed else p.with_parts(wildcards=lists) for p in read]
        self.prompts: tuple[Prompt, ...] = tuple(read)
        self._cards: list[ModelCard] = [_card(model) for model in as_values("models", models)]
        self.models: tuple[str, ...] = tuple(model_card.model for model_card in self._cards)
        no_twice("models", self.models)
        self.samples: Sequence[int] = sample_values(samples)
        self.scene = scene
        self._design = read_design(design)
        self.extra: dict[str, Any] = dict(extra or {})
        declared = list(dict.fromkeys(name for c in self._cards for name in c.extra_params))
        self.parts: dict[str, tuple[str, ...]] = {}
        self._axes: list[Axis] = []
        for name, given in axes.items():
            if name in PROMPT_PARTS:
                self.parts[name] = tuple(as_values(name, given))
            else:
                self._axes.append(self._axis(name, given, declared, folder))
        self._refuse_two_owners()
        self._blocks = self._make_blocks()
        self.word_lists  # noqa: B018  (read now: a file that changes later is another grid)
        self._shared = [len(self.models), *map(len, self._axes), len(self.samples)]
        self._rest = prod(self._shared)
        self._strides = [
            (prod(self._shared[place + 1 :]), radix) for place, radix in enumerate(self._shared)
        ]
        self._ends = list(accumulate(block.size * self._rest for block in self._blocks))
        self.exclude: tuple[Rule, ...] = read_rules(exclude, field=self._field, levels=self._levels)
        self._chosen: list[Sequence[int]] | None = None
        if not isinstance(self._design, Full):
            self._chosen = self._design.choose([self._space(block) for block in self._blocks])
            num = len(self.samples)
            self._ends = list(accumulate(len(offsets) * num for offsets in self._chosen))

    def _axis(self, name: str, given: Any, declared: list[str], folder: Path | None) -> Axis:
        first = as_values(name, given)[0]
        known = [*PROMPT_PARTS, *CANONICAL_PARAMS, *declared]
        if not isinstance(linked_size(first), Mapping) and name not in known:
            raise GridError(f"`{name}`{nearest(name, [*known, *OPTIONS])}")
        return Axis(name, given, declared=declared, folder=folder)

    def _refuse_two_owners(self) -> None:
        owner: dict[str, str] = {}
        for axis in self._axes:
            for field in axis.fields:
                if field in owner:
                    raise GridError(f"`{field}` is set by `{owner[field]}` and by `{axis.name}`")
                owner[field] = axis.name
        self._owner = owner

    # ---- prompts and scenes ----------------------------------------------------------------

    def _make_blocks(self) -> list[Block]:
        if self.parts and all(prompt.is_typed for prompt in self.prompts):
            named = ", ".join(f"`{part}`" for part in self.parts)
            raise GridError(
                f"{named}: the prompts are sent exactly as typed and have no parts; "
                f"write them as tk.Prompt(subject=…, environment=…)"
            )
        worded = [p if p.is_typed else p.with_parts(**self.parts) for p in self.prompts]
        shots = scenes(self.prompts, self.scene)
        names = unique(
            [p.name or p.scene_label or "prompt" for p in self.prompts],
            same=[p.name or number for number, p in enumerate(self.prompts)],
        )
        return [Block(*row) for row in zip(worded, names, shots, strict=True)]

    # ---- designs ---------------------------------------------------------------------------

    @property
    def design(self) -> str | Design:
        """How the cells are chosen: a name, or an object where there is more to say."""
        doc = self._design.to_doc()
        return doc if isinstance(doc, str) else self._design

    @property
    def cannot_tell(self) -> str:
        """What stays open whatever the clips look like; "" where every combination is there."""
        fullest = max(self._blocks, key=lambda block: len(self.factors(block)))
        return self._design.cannot_tell(self.factors(fullest))

    def factors(self, block: Block) -> list[Factor]:
        """What varies for one prompt, the sample left out."""
        found: list[Factor] = []
        stride = self._rest
        for part, count in reversed(block.parts.items()):
            found.append(Factor(part, count, stride))
            stride *= count
        found.reverse()
        names = ["model", *(axis.name for axis in self._axes)]
        found += [
            Factor(name, levels, stride)
            for name, (stride, levels) in zip(names, self._strides[:-1], strict=True)
            if levels > 1
        ]
        return found

    def _space(self, block: Block) -> Space:
        num = len(self.samples)

        def draw(rng: random.Random) -> int:
            return block.prompt.draw(rng) * self._rest + rng.randrange(self._rest // num) * num

        def is_kept(offset: int) -> bool:
            digits = [offset // stride % radix for stride, radix in self._strides]
            words = block.prompt.wording(offset // self._rest)
            return self._refusal(self._ask(block, words, digits)) is None

        return Space(self.factors(block), block.size * self._rest // num, draw, is_kept)

    def with_(self, **changes: Any) -> Grid:
        """The same grid with these arguments in place of its own: `grid.with_(design="pairwise")`.

        An axis that is None is left out.
        """
        given = {
            "models": self.models,
            "samples": self.samples,
            "scene": self.scene,
            "exclude": self.exclude,
            "design": self._design,
            "extra": self.extra,
            **self.parts,
            **{axis.name: axis.values for axis in self._axes},
            **changes,
        }
        prompts = given.pop("prompts", self.prompts)
        kept = {k: v for k, v in given.items() if v is not None or k == "scene"}
        return Grid(prompts, **kept)

    # ---- counting and indexing -------------------------------------------------------------

    @property
    def size(self) -> int:
        """Raw cells, exactly, however many."""
        return self._ends[-1]

    def __len__(self) -> int:
        if self.size > sys.maxsize:
            raise GridError(f"{self.size:,} cells are more than `len` can say; see `.size`")
        return self.size

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Cell]:
        return (Cell(self, i) for i in range(self.size))

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cell]: ...
    def __getitem__(self, index: int | slice) -> Cell | list[Cell]:
        """The raw cell at `index` (`.excluded` says why it is left out), or a list of them."""
        if isinstance(index, slice):
            return [Cell(self, i) for i in range(*index.indices(self.size))]
        at = index + self.size if index < 0 else index
        if not 0 <= at < self.size:
            raise IndexError(f"cell {index} of {self.size:,}")
        return Cell(self, at)

    def cells(self) -> Iterator[Cell]:
        """The cells that run, in order."""
        if not self.num_kept:
            return
        for index in range(self.size):
            cell = Cell(self, index)
            if cell.excluded is None:
                yield cell

    def excluded(self) -> Iterator[tuple[int, str]]:
        """The cells that do not run: index and reason, found one by one."""
        if self.num_kept == self.size:
            return
        for index in range(self.size):
            reason = Cell(self, index).excluded
            if reason is not None:
                yield index, reason

    def sample(self, k: int, *, seed: int = 0) -> list[Cell]:
        """`k` cells that run, drawn without repeats, in order of index; the same for one seed."""
        kept = self.num_kept
        if k > kept:
            raise GridError(f"{k:,} cells were asked for and {kept:,} run")
        rng = random.Random(seed)  # noqa: S311  (a draw that can be repeated, not a secret)
        if kept < 200_000 and kept < self.size:
            indices = [cell.index for cell in self.cells()]
            return [Cell(self, i) for i in sorted(rng.sample(indices, k))]
        found: dict[int, Cell] = {}
        while len(found) < k:
            index = self._draw(rng)
            if index not in found and (cell := Cell(self, index)).excluded is None:
                found[index] = cell
        return [found[i] for i in sorted(found)]

    def _draw(self, rng: random.Random) -> int:
        """A raw cell by chance; wordings by their weights where they have some."""
        index = rng.randrange(self.size)
        block, inner = self._place(index)
        if self._chosen is not None or not block.prompt.is_weighted:
            return index
        return index - inner + block.prompt.draw(rng) * self._rest + inner % self._rest

    def _place(self, index: int) -> tuple[Block, int]:
        """Which block, and which of its cells."""
        which = bisect_right(self._ends, index)
        place = index - (self._ends[which - 1] if which else 0)
        if self._chosen is not None:
            number, sample = divmod(place, len(self.samples))
            place = self._chosen[which][number] + sample
        return self._blocks[which], place

    def _ask(self, block: Block, words: dict[str, str], digits: list[int]) -> _Asked:
        return _Asked(block, words, self._params(digits), digits)

    def _params(self, digits: Sequence[int]) -> dict[str, Any]:
        params: dict[str, Any] = {}
        for axis, digit in zip(self._axes, digits[1:-1], strict=True):
            params.update(axis.params(digit, self._cards[digits[0]]))
        if self.extra:
            params["extra"] = self.extra
        return params

    # ---- what is left out ------------------------------------------------------------------

    @cached_property
    def _refused_values(self) -> dict[tuple[int, int, int], Refusal]:
        """(axis, model, value) for every value that a model does not take."""
        return {
            (a, m, v): refused
            for a, axis in enumerate(self._axes)
            if not isinstance(axis.values, range)
            for m, model_card in enumerate(self._cards)
            for v in range(len(axis))
            if (refused := axis.refusal(v, model_card)) is not None
        }

    def _refusal(self, asked: _Asked) -> Refusal | None:
        digits, block = asked.digits, asked.block
        model = self._cards[digits[0]]
        if model.status == "retired":  # first: no other value would help
            when = f" on {model.retired_on}" if model.retired_on else ""
            return Refusal(f"{model.model} was retired{when}", model.notes)
        if self._refused_values:
            for a, digit in enumerate(digits[1:-1]):
                refused = self._refused_values.get((a, digits[0], digit))
                if refused is not None:
                    return refused
        if model.limits and (refused := limit_refusal(model, asked.params)) is not None:
            return refused
        if model.negative is False and asked.parts.get("negative"):
            return Refusal(f"{model.model} takes no negative prompt")
        if block.may_be_empty and not asked.text:
            return Refusal("an empty prompt", "write what the camera should see")
        limit = model.prompt_limit
        if limit is not None and block.longest > limit and len(asked.text) > limit:
            return Refusal(
                f"{model.model} takes {limit:,} characters and the prompt has {len(asked.text):,}"
            )
        if self.exclude:
            values = self._values(asked)
            for rule in self.exclude:
                if (reason := applies(rule, values)) is not None:
                    return Refusal(reason)
        return None

    def _values(self, asked: _Asked) -> dict[str, Any]:
        """Everything that an exclusion or a grouping may look at, by name."""
        digits = asked.digits
        model = self.models[digits[0]]
        linked = {
            axis.name: axis.label(digit)
            for axis, digit in zip(self._axes, digits[1:-1], strict=True)
            if axis.is_linked
        }
        return {
            **linked,
            **asked.params,
            **asked.parts,
            "model": model,
            "service": model.split("/", 1)[0],
            "sample": self.samples[digits[-1]],
            "name": asked.block.name,
            "scene": asked.block.scene,
            "prompt": asked.text,
        }

    def _fields(self) -> list[str]:
        """The names that exclusions and groupings may use."""
        return [
            *(part for part in PROMPT_PARTS if any(part in block.has for block in self._blocks)),
            *(axis.name for axis in self._axes if axis.is_linked),
            *self._owner,
            *("model", "service", "sample", *LABELS),
        ]

    def _field(self, name: str) -> str:
        plain = name.split(".", 1)[1] if name.startswith(("prompt.", "param.")) else name
        plain = "prompt" if plain == "text" else plain
        known = self._fields()
        if plain not in known:
            raise GridError(f"`{name}`{nearest(plain, known)}")
        return plain

    def _levels(self, name: str, *, most: int = 10_000) -> Sequence[Any] | None:
        """The values that a field takes; None where listing them would take long."""
        if name in {"model", "sample"}:
            return self.models if name == "model" else self.samples
        if name == "service":
            return sorted({model.split("/", 1)[0] for model in self.models})
        if name in {"name", "scene"}:
            return list(dict.fromkeys(getattr(block, name) for block in self._blocks))
        if name == "prompt":
            return None
        if name in PROMPT_PARTS:
            blocks = [b for b in self._blocks if name in b.has]
            if sum(b.prompt.options(name).size for b in blocks) > most:
                return None
            return list(dict.fromkeys(text for b in blocks for text in b.prompt.options(name)))
        for a, axis in enumerate(self._axes):
            if axis.name == name and axis.is_linked:
                return [axis.label(v) for v in range(len(axis))]
            if name in axis.fields:
                if isinstance(axis.values, range):
                    return axis.values
                found = [
                    self._axes[a].params(v, c).get(name)
                    for v in range(len(axis))
                    for c in self._cards
                ]
                return [v for i, v in enumerate(found) if v not in found[:i]]
        return None

    # ---- counting in groups, without making cells ------------------------------------------

    def tally(
        self, by: str | Sequence[str] = (), *, kept: bool = True
    ) -> dict[tuple[Any, ...], int]:
        """How many cells each combination of the fields `by` has: `{("static", "sim/draft"): 9}`.

        Looks only at the axes that matter, so a grid of 10^12 cells is tallied at once; `GridError`
        where the combinations themselves are too many. `kept=False` counts what is excluded.
        """
        names = [self._field(n) for n in ([by] if isinstance(by, str) else by)]
        counts: dict[tuple[Any, ...], int] = {}
        for (levels, refused), cells in groups(self, names).items():
            if (refused is None) == kept:
                counts[levels] = counts.get(levels, 0) + cells
        return counts

    @cached_property
    def num_kept(self) -> int:
        """Cells that run."""
        return sum(self.tally().values())

    @cached_property
    def exclusions(self) -> list[Exclusion]:
        """Why cells are left out, with counts, most first."""
        counts: dict[Refusal, int] = {}
        for (_, refused), cells in groups(self, ()).items():
            if refused is not None:
                counts[refused] = counts.get(refused, 0) + cells
        ordered = sorted(counts.items(), key=lambda item: -item[1])
        return [Exclusion(r.reason, cells, r.instead) for r, cells in ordered]

    def arms(self, by: str | Sequence[str]) -> list[dict[str, Any]]:
        """What would be compared: each combination of the levels of `by`, and its cells."""
        names = [self._field(n) for n in ([by] if isinstance(by, str) else by)]
        return [
            {**dict(zip(names, levels, strict=True)), "cells": cells}
            for levels, cells in self.tally(names).items()
        ]

    # ---- what it is ------------------------------------------------------------------------

    @cached_property
    def axes(self) -> dict[str, Any]:
        """Everything that has a value here, by name, in the order of the index."""
        found: dict[str, Any] = {}
        if len(self._blocks) > 1:
            found["name"] = [block.name for block in self._blocks]
        for part in PROMPT_PARTS:
            blocks = [block for block in self._blocks if part in block.has]
            if blocks:
                few = self._levels(part, most=1000)
                found[part] = blocks[0].prompt.options(part) if few is None else few
        found["model"] = self.models
        for axis in self._axes:
            found[axis.name] = (
                axis.values
                if isinstance(axis.values, range)
                else [axis.label(v) for v in range(len(axis))]
            )
        found["sample"] = self.samples
        return found

    @property
    def varies(self) -> list[str]:
        """The names with more than one value."""
        return [name for name, values in self.axes.items() if len(values) > 1]

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters that are asked for, fixed or varying."""
        return tuple(self._owner)

    def near_values(self) -> dict[str, dict[str, Any]]:
        """What `tk.near` comes to: `{"duration_s": {"vertex/veo-3.1-lite": "4"}}`."""
        found: dict[str, dict[str, Any]] = {}
        for axis in self._axes:
            for name in sorted(axis.near_fields):
                found[name] = {
                    c.model: ", ".join(
                        dict.fromkeys(str(axis.params(v, c)[name]) for v in axis.near_places(name))
                    )
                    for c in self._cards
                }
        return found

    @property
    def cards(self) -> list[ModelCard]:
        """The card of each model."""
        return list(self._cards)

    @property
    def images(self) -> list[ImageRef]:
        """Every picture that would be sent to a service."""
        return [
            value
            for axis in self._axes
            if not isinstance(axis.values, range)
            for entry in axis.values
            for value in (entry.values() if axis.is_linked else (entry,))
            if isinstance(value, ImageRef)
        ]

    @cached_property
    def word_lists(self) -> dict[str, tuple[str, ...]]:
        """The word lists that its prompts pick from, by name, with their wordings."""
        found: dict[str, tuple[str, ...]] = {}
        for block in self._blocks:
            for name, lines in block.prompt.word_lists.items():
                if found.setdefault(name, lines) != lines:
                    raise GridError(
                        f"two word lists are named `__{name}__` here; give one another name"
                    )
        return found

    @property
    def scenes(self) -> list[str]:
        """The shots that are wanted, in order."""
        return list(dict.fromkeys(block.scene for block in self._blocks))

    @cached_property
    def notices(self) -> list[str]:
        """What a person may want to know before running: nothing that stops them."""
        found = []
        same = len(self.prompts) - len({identity(p) for p in self.prompts})
        if same:
            found.append(
                f"{same} prompt{'s say' if same > 1 else ' says'} the same as another: "
                f"they share their clips and are paid once"
            )
        seedless = [c.model for c in self._cards if c.seed == "none"]
        if seedless and "seed" in self._owner:
            found.append(
                f"{', '.join(seedless)}: no seed is honoured, so samples of one seed are not paired"
            )
        if any(p.as_typed and _LOOKS_CHOSEN.search(p.as_typed) for p in self.prompts[:1000]):
            found.append(
                "a text is sent exactly as typed: choices in it ({a|b}, __list__) are not made; "
                "write it as tk.Prompt(subject=…)"
            )
        asked = dict.fromkeys(card.service for card in self._cards if not card.is_simulated)
        goes = f"would be uploaded to {', '.join(asked)}" if asked else "stays on this machine"
        found += [f"a picture that {goes}: {told(image)}" for image in dict.fromkeys(self.images)]
        return found

    @cached_property
    def id(self) -> str:
        """The hash of the grid's document, 16 hex digits."""
        return hashlib.sha256(canonical_json(self.to_doc()).encode()).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        prompts = sum(block.size for block in self._blocks)
        sizes = [f"{prompts:,} prompt{'s' if prompts != 1 else ''}"]
        counts = [("model", len(self.models)), *((a.name, len(a)) for a in self._axes)]
        sizes += [f"{n:,} {name}" for name, n in counts if n > 1 or name == "model"]
        sizes.append(f"{len(self.samples):,} sample{'s' if len(self.samples) != 1 else ''}")
        shown = len(set(self.images))
        pictures = f", with {shown} picture{'s' if shown != 1 else ''}" if shown else ""
        cells = f"{self.size:,} cell{'s' if self.size != 1 else ''}"
        return f"<Grid {' × '.join(sizes)} = {cells}{pictures}>"

    # ---- as a document, as code, as a receipt ----------------------------------------------

    def to_doc(self) -> dict[str, Any]:
        """The grid as plain data, the same wherever it is made: pictures by content, no paths."""
        from toolkit.grid.document import to_doc

        return to_doc(self)

    @staticmethod
    def from_doc(doc: Mapping[str, Any], *, folder: Path | None = None) -> Grid:
        """A grid from `to_doc()`, or from a person's `GRID.yaml` read as plain data."""
        from toolkit.grid.document import from_doc

        return from_doc(doc, folder=folder)

    def to_yaml(self, path: str | Path | None = None) -> str:
        """`GRID.yaml`, which scripts and people may edit; written to `path` where one is given."""
        from toolkit.grid.document import to_yaml

        return to_yaml(self, path)

    @staticmethod
    def from_yaml(source: str | Path) -> Grid:
        """A grid from YAML text or a file; pictures it names may not leave the file's folder."""
        from toolkit.grid.document import from_yaml

        return from_yaml(source)

    def to_code(self) -> str:
        """The call that makes this grid."""
        from toolkit.grid.document import to_code

        return to_code(self)

    def _repr_html_(self) -> str:
        from toolkit.grid.document import receipt

        return receipt(self)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one cell asks for, before it is a spec: enough to judge it by."""

    block: Block
    parts: dict[str, str]
    params: dict[str, Any]
    digits: list[int]

    @property
    def text(self) -> str:
        typed = self.block.prompt.as_typed
        return typed if typed is not None else render(self.parts)


def _card(model: Any) -> ModelCard:
    if not isinstance(model, str):
        raise GridError(f"a model is 'service/model', not {model!r}")
    try:
        return card(model)
    except CatalogError as error:
        raise GridError(str(error)) from None
