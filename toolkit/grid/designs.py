"""Which cells of the full grid are run: all of them, or a few that are chosen to answer a question.

A design chooses among the combinations of one prompt's wordings, the models and the parameters;
every prompt of the list and every sample goes with each. A combination is held as its *offset*:
where its first sample lies among the cells of its prompt. So most designs are counted and reached
by index without being made.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import accumulate, combinations, islice, product
from math import prod
from typing import Any, NamedTuple

from toolkit.errors import GridError

__all__ = [
    "DESIGNS",
    "Design",
    "Factor",
    "Fractional",
    "Full",
    "OneAtATime",
    "Paired",
    "Pairwise",
    "Random",
    "read_design",
]

MOST_PAIRS = 1_000  # of the two longest axes, for which a covering array is made
MOST_HALVED = 10  # axes of a half fraction
MOST_RUNS = 100_000  # combinations of a design that has to be made to be counted
TRIES = 2_000  # completions looked at for a pair of values that exclusions keep apart


class Factor(NamedTuple):
    """Something that varies: its name, how many values, and how far apart these lie."""

    name: str
    levels: int
    stride: int


class Space(NamedTuple):
    """The combinations of one prompt: what varies, how many, and a draw that goes by weights."""

    factors: Sequence[Factor]
    size: int
    draw: Callable[[random.Random], int]
    is_kept: Callable[[int], bool]


@dataclass(frozen=True)
class Design:
    """How the cells that run are chosen; compare them with `tk.designs(grid)`."""

    name = ""

    def choose(self, spaces: Sequence[Space]) -> list[Sequence[int]]:
        """The offsets that are run, for each prompt."""
        return [self.offsets(space) for space in spaces]

    def offsets(self, space: Space) -> Sequence[int]:
        raise NotImplementedError

    def cannot_tell(self, factors: Sequence[Factor]) -> str:
        """What stays open whatever the clips look like."""
        raise NotImplementedError

    def to_doc(self) -> Any:
        """Its name, or its name with what was asked of it."""
        asked = {f.name: v for f in fields(self) if (v := getattr(self, f.name)) is not None}
        return {self.name: asked} if asked else self.name


class Full(Design):
    """Every combination."""

    name = "full"

    def offsets(self, space: Space) -> Sequence[int]:  # noqa: ARG002
        raise AssertionError("the grid counts its own cells")

    def cannot_tell(self, factors: Sequence[Factor]) -> str:  # noqa: ARG002
        return ""


class OneAtATime(Design):
    """A control, the first value of everything, and each other value alone beside it."""

    name = "one_at_a_time"

    def offsets(self, space: Space) -> Sequence[int]:
        return _OneByOne(space.factors)

    def cannot_tell(self, factors: Sequence[Factor]) -> str:
        if len(factors) < 2:
            return ""
        return f"how {_listed(factors)} work together: each is changed alone"


class Paired(Design):
    """The first values of everything together, the second ones together: A against B."""

    name = "paired"

    def offsets(self, space: Space) -> Sequence[int]:
        levels = {factor.levels for factor in space.factors}
        if len(levels) > 1:
            sizes = ", ".join(f"{f.name} has {f.levels:,}" for f in space.factors)
            raise GridError(
                f"`design`: paired takes the n-th value of everything together, so all that varies "
                f"needs as many values: {sizes}"
            )
        step = sum(factor.stride for factor in space.factors)
        return range(0, max(levels, default=1) * step, step) if step else (0,)

    def cannot_tell(self, factors: Sequence[Factor]) -> str:
        if len(factors) < 2:
            return ""
        return f"which of {_listed(factors)} made the difference: they change together"


class Pairwise(Design):
    """Few combinations in which every two values meet at least once; exclusions are worked around.

    Covering array by allpairspy. It shows what breaks; it is unbalanced and weak for effects.
    """

    name = "pairwise"

    def offsets(self, space: Space) -> Sequence[int]:
        factors = space.factors
        if len(factors) < 2:
            return _OneByOne(factors)
        most, next_most = sorted(factors, key=lambda f: -f.levels)[:2]
        if most.levels * next_most.levels > MOST_PAIRS:
            raise GridError(
                f"`design`: pairwise needs {most.levels * next_most.levels:,} combinations for "
                f"{most.name} and {next_most.name} alone, at most {MOST_PAIRS:,} are made; "
                f"take a random design"
            )
        from allpairspy import AllPairs

        def fits(row: Sequence[int]) -> bool:
            return len(row) < len(factors) or space.is_kept(_offset(factors, row))

        try:
            rows = [
                tuple(r) for r in AllPairs([range(f.levels) for f in factors], filter_func=fits)
            ]
        except ValueError:  # it found no combination that runs
            rows = []
        rows = [row for row in rows if fits(row)]
        return sorted({_offset(factors, row) for row in (*rows, *_missing(space, rows))}) or (0,)

    def cannot_tell(self, factors: Sequence[Factor]) -> str:
        if len(factors) < 3:
            return ""
        return "how large an effect is: every two values meet, but not equally often"


@dataclass(frozen=True)
class Fractional(Design):
    """A regular fraction of what has two values, crossed with all values of the rest (pyDOE3).

    `resolution` 3 mixes up single effects with pairs of others, 4 pairs with pairs, 5 neither; the
    highest up to 4 that saves anything is taken where none is given.
    """

    resolution: int | None = None
    name = "fractional"

    def offsets(self, space: Space) -> Sequence[int]:
        two = [f for f in space.factors if f.levels == 2]
        rest = [f for f in space.factors if f.levels != 2]
        table = self.table(space.factors)
        if len(table) * prod(f.levels for f in rest) > MOST_RUNS:
            raise GridError("`design`: this fraction is too large to be made; take a random design")
        return sorted(
            _offset(two, row) + _offset(rest, others)
            for row in table
            for others in product(*(range(f.levels) for f in rest))
        )

    def table(self, factors: Sequence[Factor]) -> list[tuple[int, ...]]:
        """The fraction of the two-level factors: 0 and 1, the control first."""
        two = [f for f in factors if f.levels == 2]
        if len(two) < 3:
            raise GridError(
                f"`design`: fractional needs three or more axes with two values each; there "
                f"{'is' if len(two) == 1 else 'are'} {len(two)} of {len(factors)}"
            )
        for resolution in [self.resolution] if self.resolution else [4, 3]:
            found = [t for t in _fractions(len(two), resolution) if len(t) < 2 ** len(two)]
            if found:
                return min(found, key=len)
        raise GridError(
            f"`design`: there is no fraction of resolution {self.resolution} of {len(two)} axes; "
            f"leave the resolution out, or take 3 or 4"
        )

    def aliases(self, factors: Sequence[Factor]) -> list[str]:
        """What cannot be told apart, in words: `camera is mixed up with model × loop`."""
        names = [f.name for f in factors if f.levels == 2]
        table = self.table(factors)
        effects: dict[tuple[int, ...], list[tuple[str, ...]]] = {}
        for num in (1, 2):
            for chosen in combinations(range(len(names)), num):
                signs = [(-1) ** sum(row[c] for c in chosen) for row in table]
                column = tuple(sign * signs[0] for sign in signs)
                effects.setdefault(column, []).append(tuple(names[c] for c in chosen))
        return [
            f"{' × '.join(first)} is mixed up with {' and '.join(' × '.join(o) for o in others)}"
            for first, *others in effects.values()
            if others
        ]

    def cannot_tell(self, factors: Sequence[Factor]) -> str:
        return "; ".join(self.aliases(factors))


@dataclass(frozen=True)
class Random(Design):
    """`k` combinations by chance over all prompts, the same for one `seed`; weights count."""

    k: int
    seed: int = 0
    name = "random"

    def __post_init__(self) -> None:
        for name, value, least in (("k", self.k, 1), ("seed", self.seed, 0)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise GridError(
                    f"`design`: {name} of a random one is a number from {least}, not {value!r}"
                )
        if self.k > MOST_RUNS:
            raise GridError(f"`design`: a random one has at most {MOST_RUNS:,} combinations")

    def choose(self, spaces: Sequence[Space]) -> list[Sequence[int]]:
        rng = random.Random(self.seed)  # noqa: S311  (a draw that can be repeated, not a secret)
        ends = list(accumulate(space.size for space in spaces))
        found: list[set[int]] = [set() for _ in spaces]
        num = tries = 0
        while num < self.k and tries < 20 * self.k + TRIES:
            tries += 1
            which = bisect_right(ends, rng.randrange(ends[-1]))
            offset = spaces[which].draw(rng)
            if offset not in found[which] and spaces[which].is_kept(offset):
                found[which].add(offset)
                num += 1
        if num < self.k and ends[-1] <= MOST_RUNS:  # few are left: draw from just these
            left = [
                (which, offset)
                for which, space in enumerate(spaces)
                for offset in _every(space.factors)
                if offset not in found[which] and space.is_kept(offset)
            ]
            for which, offset in rng.sample(left, min(self.k - num, len(left))):
                found[which].add(offset)
                num += 1
        if num < self.k:
            raise GridError(
                f"`design`: {self.k:,} combinations were asked for and {num:,} that run were "
                f"found; ask for fewer"
            )
        return [sorted(offsets) for offsets in found]

    def cannot_tell(self, factors: Sequence[Factor]) -> str:
        size = prod(f.levels for f in factors)
        return (
            f"anything about a single combination that was not drawn, and effects only roughly: "
            f"{self.k:,} drawn, of {size:,} for each prompt" if size > self.k else ""
        )  # fmt: skip


DESIGNS: dict[str, type[Design]] = {
    kind.name: kind for kind in (Full, OneAtATime, Paired, Pairwise, Fractional, Random)
}


def read_design(given: Any) -> Design:
    """A design by its name, as an object, or as a grid file writes it: `{random: {k: 12}}`."""
    if isinstance(given, Design):
        return given
    if isinstance(given, type) and issubclass(given, Design):
        given = given.name
    asked: Mapping[str, Any] = {}
    if isinstance(given, Mapping) and len(given) == 1:
        ((given, asked),) = given.items()
    plain = str(given).strip().lower().replace("-", "_").replace(" ", "_")
    kind = DESIGNS.get(plain) if isinstance(given, str) else None
    if kind is None or not isinstance(asked, Mapping):
        raise GridError(f"`design`: {given!r} is none; there are: {', '.join(DESIGNS)}")
    known = [f.name for f in fields(kind)]
    if wrong := [name for name in asked if name not in known]:
        raise GridError(
            f"`design`: {plain} takes {', '.join(known) or 'nothing'}, not `{wrong[0]}`"
        )
    if kind is Random and "k" not in asked:
        raise GridError(
            "`design`: say how many are drawn: tk.Random(12), in a file {random: {k: 12}}"
        )
    return kind(**asked)


def _fractions(num: int, resolution: int) -> Iterator[list[tuple[int, ...]]]:
    """Fractions of `num` two-level axes in which no fewer than `resolution` effects make a word.

    Checked here, because what pyDOE3 finds for a resolution may be of a lower one. The half
    fraction is tried first: it has the highest resolution that there is.
    """
    from pyDOE3 import fracfact, fracfact_by_res

    tables = []
    if num <= MOST_HALVED:
        letters = "abcdefghijklmnop"[: num - 1]
        tables.append(fracfact(" ".join([*letters, letters])))
    for at_least in (resolution, resolution + 1):
        with suppress(ValueError):  # it knows none
            tables.append(fracfact_by_res(num, at_least))
    for table in tables:
        words = (chosen for n in range(1, resolution) for chosen in combinations(range(num), n))
        if all(abs(table[:, chosen].prod(axis=1).sum()) < len(table) for chosen in words):
            yield sorted(tuple(map(int, row)) for row in (table != table[0]))


class _OneByOne(Sequence[int]):
    """The control's offset, then those that differ from it in one value."""

    def __init__(self, factors: Sequence[Factor]) -> None:
        self._factors = factors
        self._ends = list(accumulate((f.levels - 1 for f in factors), initial=1))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if not index:
            return 0
        which = bisect_right(self._ends, index) - 1
        return (index - self._ends[which] + 1) * self._factors[which].stride


def _offset(factors: Sequence[Factor], digits: Sequence[int]) -> int:
    return sum(digit * f.stride for digit, f in zip(digits, factors, strict=True))


def _every(factors: Sequence[Factor]) -> Iterator[int]:
    for digits in product(*(range(f.levels) for f in factors)):
        yield _offset(factors, digits)


def _missing(space: Space, rows: Sequence[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """A combination for each two values that can meet and do not: exclusions were in the way."""
    factors = space.factors
    met = {(a, row[a], b, row[b]) for row in rows for a, b in combinations(range(len(factors)), 2)}
    for a, b in combinations(range(len(factors)), 2):
        for x, y in product(range(factors[a].levels), range(factors[b].levels)):
            if (a, x, b, y) in met:
                continue
            others = [[x] if f == a else [y] if f == b else range(factors[f].levels)
                      for f in range(len(factors))]  # fmt: skip
            for row in islice(product(*others), TRIES):
                if space.is_kept(_offset(factors, row)):
                    met |= {(c, row[c], d, row[d]) for c, d in combinations(range(len(factors)), 2)}
                    yield row
                    break


def _listed(factors: Sequence[Factor]) -> str:
    names = [f.name for f in factors]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
