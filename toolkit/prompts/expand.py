"""From one template to its concrete texts: exact count first, any one of them by index.

    {a|b}                 one of them; {0.5::a|b} with weights, which a random draw goes by
    {2$$a|b|c}            two of them, in the order written; {1-2$$ and $$a|b|c} one or two, joined
    __lens__              a line of lens.txt
    ${who={a fox|an owl}} a name for a choice, said nowhere; ${who} is the same wherever it stands
    \\{ \\} \\| \\$ \\_ \\\\     the character itself

The count is known without expanding, and the n-th text is made without the others, so that a
template of 10^12 texts costs nothing to hold.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from math import prod

from toolkit.errors import PromptError
from toolkit.prompts.wildcards import Wildcards

__all__ = ["Template", "escape", "lists_of", "parse"]

MAX_DEPTH = 40
MAX_CHOSEN = 64  # of one `{2$$…}`; a table of options by that many is kept

_SPECIAL = "{}|$_\\"
_ESCAPED = frozenset(_SPECIAL)
_ANY_SPECIAL = re.compile(r"[{}|$_\\]")
_PLAIN = re.compile(r"[^{}|$_\\]+")
_LIST = re.compile(r"__([^\s_{}|$\\][^\s{}|$\\]*?)__(?!_)")
_NAME = re.compile(r"[^\W\d]\w*")
_HOW_MANY = re.compile(r"\s*(\d{1,4})(?:-(\d{1,4}))?\$\$(?:([^{}|$]*)\$\$)?")
_WEIGHT = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)::")

Values = Mapping[str, str]
NONE: Values = {}


@dataclass(frozen=True)
class Name:
    """`${name}`: one wording of its template, chosen once for the whole text."""

    name: str
    means: Template
    size = 1

    def text(self, _index: int, values: Values) -> str:
        return values[self.name]

    def draw(self, _rng: random.Random) -> int:
        return 0

    @property
    def is_weighted(self) -> bool:
        return False

    @property
    def longest(self) -> int:
        return self.means.longest

    @property
    def shortest(self) -> int:
        return self.means.shortest


@dataclass(frozen=True)
class Choice:
    """`least` to `most` of the options, in the order written, joined by `joiner`."""

    options: tuple[Template, ...]
    weights: tuple[float, ...] | None = None
    least: int = 1
    most: int = 1
    joiner: str = ", "

    @cached_property
    def _is_one(self) -> bool:
        return self.least == self.most == 1

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(option.size for option in self.options))

    @cached_property
    def _ways(self) -> list[list[int]]:
        """`[i][k]`: in how many ways k of the options from the i-th on are chosen and worded."""
        table = [[1] + [0] * self.most]
        for option in reversed(self.options):
            after = table[-1]
            table.append(
                [1, *(after[k] + option.size * after[k - 1] for k in range(1, self.most + 1))]
            )
        return table[::-1]

    @cached_property
    def size(self) -> int:
        return self._ends[-1] if self._is_one else sum(self._ways[0][self.least :])

    @cached_property
    def longest(self) -> int:
        lengths = sorted((option.longest for option in self.options), reverse=True)
        return sum(lengths[: self.most]) + len(self.joiner) * max(0, self.most - 1)

    @cached_property
    def shortest(self) -> int:
        lengths = sorted(option.shortest for option in self.options)
        return sum(lengths[: self.least]) + len(self.joiner) * max(0, self.least - 1)

    @cached_property
    def is_weighted(self) -> bool:
        return self.weights is not None or any(option.is_weighted for option in self.options)

    def text(self, index: int, values: Values) -> str:
        if self._is_one:
            which = bisect_right(self._ends, index)
            return self.options[which].at(index - (self._ends[which - 1] if which else 0), values)
        return self.joiner.join(
            self.options[which].at(wording, values) for which, wording in self._chosen(index)
        )

    def _chosen(self, index: int) -> Iterator[tuple[int, int]]:
        """Which options, and which wording of each."""
        left = self.least
        while index >= self._ways[0][left]:
            index -= self._ways[0][left]
            left += 1
        for which, option in enumerate(self.options):
            if not left:
                return
            rest = self._ways[which + 1][left - 1]
            if index < option.size * rest:
                wording, index = divmod(index, rest)
                yield which, wording
                left -= 1
            else:
                index -= option.size * rest

    def draw(self, rng: random.Random) -> int:
        """A random index by the weights; without weights every text is as likely as any other."""
        if not self.is_weighted:
            return rng.randrange(self.size)
        weights = self.weights or (1.0,) * len(self.options)
        if self._is_one:
            (which,) = rng.choices(range(len(self.options)), weights)
            before = self._ends[which - 1] if which else 0
            return before + self.options[which].draw(rng)
        num = rng.randint(self.least, self.most)
        open_ = dict(enumerate(weights))
        for _ in range(num):
            some = any(open_.values())  # where only weights of 0 are left, any of them will do
            (which,) = rng.choices(list(open_), list(open_.values()) if some else None)
            del open_[which]
        index, left = sum(self._ways[0][self.least : num]), num
        for which, option in enumerate(self.options):
            if not left:
                break
            rest = self._ways[which + 1][left - 1]
            if which in open_:
                index += option.size * rest
            else:
                index += option.draw(rng) * rest
                left -= 1
        return index


Piece = str | Choice | Name


@dataclass(frozen=True)
class Template:
    """A parsed template: a sequence of pieces, and the names whose choice holds for all of them."""

    pieces: tuple[Piece, ...]
    names: tuple[Name, ...] = ()  # each after those it is made of

    @cached_property
    def _turning(self) -> list[Choice]:
        return [piece for piece in self.pieces if isinstance(piece, Choice)]

    @cached_property
    def size(self) -> int:
        """How many texts, exactly; beyond what `len` can say."""
        return prod(name.means.size for name in self.names) * prod(c.size for c in self._turning)

    @cached_property
    def longest(self) -> int:
        """No text is longer than this, in characters."""
        return sum(len(p) if isinstance(p, str) else p.longest for p in self.pieces)

    @cached_property
    def shortest(self) -> int:
        """No text has fewer characters than this."""
        return sum(len(p) if isinstance(p, str) else p.shortest for p in self.pieces)

    @cached_property
    def is_weighted(self) -> bool:
        """Whether some choice in it has weights."""
        return any(c.is_weighted for c in self._turning) or any(
            name.means.is_weighted for name in self.names
        )

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[str]:
        return self.iterate()

    def iterate(self, start: int = 0) -> Iterator[str]:
        """The texts from the `start`-th on: where one stopped, one goes on."""
        index = start
        while index < self.size:
            yield self[index]
            index += 1

    def __getitem__(self, index: int) -> str:
        """The `index`-th text; the last choice varies fastest, names slowest."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self.at(index, NONE)

    def at(self, index: int, values: Values) -> str:
        """The `index`-th text where the names outside mean `values`."""
        texts: list[str] = []
        digits: list[int] = []
        for choice in reversed(self._turning):
            index, digit = divmod(index, choice.size)
            digits.append(digit)
        if self.names:
            values = self._values(index)
        for piece in self.pieces:
            if isinstance(piece, str):
                texts.append(piece)
            else:
                texts.append(piece.text(digits.pop() if isinstance(piece, Choice) else 0, values))
        return "".join(texts)

    def _values(self, index: int) -> Values:
        digits = []
        for name in reversed(self.names):
            index, digit = divmod(index, name.means.size)
            digits.append(digit)
        values: dict[str, str] = {}
        for name in self.names:
            values[name.name] = name.means.at(digits.pop(), values)
        return values

    def draw(self, rng: random.Random) -> int:
        """A random index, by the weights where there are some."""
        index = 0
        parts: list[Template | Choice] = [*(name.means for name in self.names), *self._turning]
        for part in parts:
            index = index * part.size + part.draw(rng)
        return index


def escape(text: str) -> str:
    """A template that says exactly `text`."""
    return re.sub(r"\\(?=[{}|$_\\])|[{}]|\$(?=\{)|_(?=_)", r"\\\g<0>", text)


def parse(text: str, lists: Wildcards | None = None) -> Template:
    """`text` as a template; `PromptError` says the place of what is not closed or not known."""
    if not any(char in text for char in "{}$\\") and "__" not in text:
        return Template((text,))
    if "__" in text:
        return _Reader(text, lists or Wildcards()).whole()  # a list may change between two calls
    return _parse(text)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Template:
    return _Reader(text, Wildcards()).whole()


def lists_of(texts: Sequence[str], lists: Wildcards | None) -> dict[str, tuple[str, ...]]:
    """The word lists that these templates use, those that are named in lists included."""
    book = lists or Wildcards()
    found: dict[str, tuple[str, ...]] = {}
    to_read = [name for text in texts for name in _named(text)]
    while to_read:
        name = to_read.pop()
        if name not in found:
            found[name] = book.lines(name)
            to_read += [inner for line in found[name] for inner in _named(line)]
    return dict(sorted(found.items()))


def _named(text: str) -> list[str]:
    return _LIST.findall(re.sub(r"\\.", "", text)) if "__" in text else []


# ------------------------------------------------------------------ reading


@dataclass(frozen=True)
class _Ref:
    """`${name}` before it is known what it means."""

    name: str
    at: int


@dataclass(frozen=True)
class _Pick:
    """A choice as written: the weight (None where it has none) and pieces of each option."""

    options: list[tuple[float | None, list[_Raw]]]
    least: int = 1
    most: int = 1
    joiner: str = ", "

    def spread(self) -> list[tuple[float | None, list[_Raw]]]:
        """The options, a word list laid open: `{2$$__lens__}` takes two of its lines."""
        found: list[tuple[float | None, list[_Raw]]] = []
        for weight, pieces in self.options:
            only = pieces[0] if len(pieces) == 1 and weight is None else None
            if isinstance(only, Choice):
                own = only.weights or (None,) * len(only.options)
                found += [(w, [option]) for w, option in zip(own, only.options, strict=True)]
            else:
                found.append((weight, pieces))
        return found


_Raw = str | Template | Choice | _Ref | _Pick


class _Reader:
    """Reads one text from left to right; `within` are the word lists that led here."""

    def __init__(self, text: str, lists: Wildcards, within: tuple[str, ...] = ()) -> None:
        self.text = text
        self.lists = lists
        self.within = within
        self.at = 0
        self.defined: dict[str, _Pick] = {}

    def wrong(self, said: str) -> PromptError:
        where = f" (in the word list `__{self.within[-1]}__`)" if self.within else ""
        return PromptError(f"{said}: {self.text[:80]!r}{where}")

    def whole(self) -> Template:
        pieces = self._sequence(0)
        if self.at < len(self.text):
            raise self.wrong(
                f"`}}` at character {self.at} closes nothing; delete it, or write `\\}}` for the "
                f"character itself"
            )
        return _Meanings(self).template(pieces)

    def _sequence(self, depth: int) -> list[_Raw]:
        """The pieces up to what ends them at this depth."""
        if depth > MAX_DEPTH:
            raise self.wrong(f"braces at character {self.at} are nested more than {MAX_DEPTH} deep")
        pieces: list[_Raw] = []
        literal: list[str] = []
        while self.at < len(self.text):
            start = self.at
            char = self.text[start]
            piece: _Raw | None = None
            if char == "\\" and self.text[start + 1 : start + 2] in _ESCAPED:
                literal.append(self.text[start + 1])
                self.at += 2
                continue
            if char == "}" or (char == "|" and depth):
                break
            if char == "{":
                piece = self._choice(depth)
            elif char == "$" and self.text.startswith("${", start):
                piece = self._name(depth)
            elif char == "_" and (named := _LIST.match(self.text, start)):
                self.at = named.end()
                piece = self._list(named[1], start)
            else:
                plain = _PLAIN.match(self.text, start + 1)
                self.at = plain.end() if plain else start + 1
                literal.append(self.text[start : self.at])
                continue
            if literal:
                pieces.append("".join(literal))
                literal = []
            if piece is not None:
                pieces.append(piece)
        return [*pieces, "".join(literal)] if literal else pieces

    def _choice(self, depth: int) -> _Pick:
        start = self.at
        self.at += 1
        how_many = _HOW_MANY.match(self.text, self.at)
        if how_many is None:
            return _Pick(self._options(start, depth, "{"))
        self.at = how_many.end()
        least, most = int(how_many[1]), int(how_many[2] or how_many[1])
        joiner = ", " if how_many[3] is None else how_many[3]
        options = _Pick(self._options(start, depth, "{")).spread()
        if not (least <= most <= len(options) and most):
            asked = f"{least}" if least == most else f"{least} to {most}"
            raise self.wrong(
                f"`{{` at character {start} takes {asked} of {len(options)}; "
                f"take 1 to {len(options)}, or write more options"
            )
        if most > MAX_CHOSEN:
            raise self.wrong(f"`{{` at character {start} takes more than {MAX_CHOSEN} options")
        return _Pick(options, least, most, joiner)

    def _options(
        self, start: int, depth: int, opened: str
    ) -> list[tuple[float | None, list[_Raw]]]:
        """The options up to the closing brace."""
        options: list[tuple[float | None, list[_Raw]]] = []
        while True:
            weight = _WEIGHT.match(self.text, self.at)
            self.at = weight.end() if weight else self.at
            options.append((float(weight[1]) if weight else None, self._sequence(depth + 1)))
            if self.at >= len(self.text):
                itself = "`\\{` for the character itself"
                if opened != "{":
                    itself = "`\\$\\{` for the characters themselves"
                raise self.wrong(
                    f"`{opened}` at character {start} is not closed; add `}}`, or write {itself}"
                )
            self.at += 1
            if self.text[self.at - 1] == "}":
                break
        if all(weight == 0 for weight, _ in options):
            raise self.wrong(f"`{opened}` at character {start} has only weights of 0")
        return options

    def _name(self, depth: int) -> _Ref | None:
        """`${who}`, or None for a definition, which says nothing where it stands."""
        start = self.at
        named = _NAME.match(self.text, start + 2)
        if named is None:
            raise self.wrong(
                f"`${{` at character {start} is followed by no name; write ${{who}} or "
                f"${{who={{a fox|an owl}}}}, or `\\$\\{{` for the characters themselves"
            )
        name = named[0]
        self.at = named.end() + 1
        after = self.text[named.end() : self.at]
        if after == "}":
            return _Ref(name, start)
        if after != "=":
            raise self.wrong(f"`${{{name}` at character {start} is not closed; add `}}`")
        if depth:
            raise self.wrong(
                f"`${{{name}=` at character {start} stands inside a choice; define it outside"
            )
        if name in self.defined:
            raise self.wrong(f"`${{{name}=` at character {start} defines it a second time")
        if self.text.startswith("!", self.at):
            self.at += 1  # "chosen at once" in other tools: here a name always is
        self.defined[name] = _Pick(self._options(start, depth, f"${{{name}="))
        return None

    def _list(self, name: str, start: int) -> Choice:
        if name in self.within:
            around = " → ".join(f"__{n}__" for n in (*self.within, name))
            raise PromptError(f"word lists that name each other: {around}; break the circle")
        try:
            lines = self.lists.lines(name)
        except PromptError as error:
            raise PromptError(f"{error} (at character {start} of {self.text[:80]!r})") from None
        if not any("__" in line for line in lines):
            return _list_of(lines, name)
        within = (*self.within, name)
        return _worded(lines, lambda line: _Reader(line, self.lists, within).whole())


def _worded(lines: Sequence[str], read: Callable[[str], Template]) -> Choice:
    """A word list as a choice, with the weights that its lines begin with."""
    options: list[Template] = []
    weights: list[float | None] = []
    for line in lines:
        weight = _WEIGHT.match(line) if "::" in line else None
        said = line[weight.end() :] if weight else line
        options.append(read(said) if _ANY_SPECIAL.search(said) else Template((said,)))
        weights.append(float(weight[1]) if weight else None)
    return Choice(tuple(options), _weights(weights))


@lru_cache(maxsize=32)
def _list_of(lines: tuple[str, ...], name: str) -> Choice:
    return _worded(lines, lambda line: _Reader(line, Wildcards(), (name,)).whole())


def _weights(given: Sequence[float | None]) -> tuple[float, ...] | None:
    return tuple(1.0 if w is None else w for w in given) if any(given) else None


class _Meanings:
    """What the names of one text mean: each made once, after those that it is made of."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.uses: dict[str, int] = {}
        self.made: dict[str, Name | Choice] = {}
        self.order: list[Name] = []

    def template(self, pieces: list[_Raw]) -> Template:
        for name, meaning in self.reader.defined.items():
            self._follow(meaning, (name,))
        self._count(pieces)
        made = self._pieces(pieces)
        return Template(made, tuple(self.order))

    def _refs(self, raw: _Raw | list[_Raw]) -> Iterator[_Ref]:
        if isinstance(raw, _Ref):
            yield raw
        elif isinstance(raw, list):
            for piece in raw:
                yield from self._refs(piece)
        elif isinstance(raw, _Pick):
            for _, pieces in raw.options:
                yield from self._refs(pieces)

    def _follow(self, meaning: _Pick, path: tuple[str, ...]) -> None:
        """`PromptError` where a name is made of itself."""
        for ref in self._refs(meaning):
            if ref.name in path:
                circle = " → ".join(f"${{{n}}}" for n in (*path[path.index(ref.name) :], ref.name))
                raise self.reader.wrong(f"names that mean each other: {circle}; break the circle")
            self._follow(self._defined(ref), (*path, ref.name))

    def _defined(self, ref: _Ref) -> _Pick:
        if ref.name not in self.reader.defined:
            raise self.reader.wrong(
                f"`${{{ref.name}}}` at character {ref.at} means nothing here; "
                f"define it in the same part: ${{{ref.name}={{…|…}}}}"
            )
        return self.reader.defined[ref.name]

    def _count(self, raw: _Raw | list[_Raw]) -> None:
        """How often each name is said; what it is made of counts once."""
        for ref in self._refs(raw):
            meaning = self._defined(ref)
            self.uses[ref.name] = self.uses.get(ref.name, 0) + 1
            if self.uses[ref.name] == 1:
                self._count(meaning)

    def _pieces(self, raw: list[_Raw]) -> tuple[Piece, ...]:
        return tuple(piece for one in raw for piece in self._piece(one))

    def _piece(self, raw: _Raw) -> tuple[Piece, ...]:
        if isinstance(raw, (str, Choice)):
            return (raw,)
        if isinstance(raw, Template):
            return (Choice((raw,)),) if raw.names else raw.pieces
        return (self._meaning(raw.name) if isinstance(raw, _Ref) else self._choice(raw),)

    def _choice(self, raw: _Pick) -> Choice:
        return Choice(
            tuple(Template(self._pieces(pieces)) for _, pieces in raw.options),
            _weights([weight for weight, _ in raw.options]),
            raw.least,
            raw.most,
            raw.joiner,
        )

    def _meaning(self, name: str) -> Name | Choice:
        """Said once it is a choice where it stands; said again it is held for the whole text."""
        if name not in self.made:
            choice = self._choice(self.reader.defined[name])
            if self.uses[name] == 1:
                self.made[name] = choice
            else:
                held = self.made[name] = Name(name, Template((choice,)))
                self.order.append(held)
        return self.made[name]
