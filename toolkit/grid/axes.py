"""One axis of a grid: a name, its values, and the parameters that each value sets.

A list varies, a single value is fixed. Most axes set one parameter; a value that is a mapping sets
several together, and `"1280x720@16:9"` is such a value in short. Numbers may be written as text:
`"1-5"`, `"1, 2, .., 10"`; a value that begins with `SKIP:` is kept in the file and not run.
"""

from __future__ import annotations

import difflib
import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.catalog import near_value, refusal
from toolkit.catalog.cards import Refusal
from toolkit.errors import CatalogError, GridError
from toolkit.records import CAMERA_MOVES, CANONICAL_PARAMS, ImageRef, ModelCard

__all__ = ["Axis", "Near", "as_values", "image", "near", "nearest", "no_twice", "sample_values"]

MAX_VALUES = 100_000  # of one parameter; a range of seeds may be longer


@dataclass(frozen=True)
class Near:
    """The value nearest to `value` that each model takes."""

    value: Any

    def __repr__(self) -> str:
        return f"tk.near({self.value!r})"


def near(value: float | str) -> Near:
    """Asks each model for its nearest allowed value: `duration_s=tk.near(5)` is 4 on a model that
    takes 4, 6, 8. Works for numbers, resolutions and aspect ratios; the smaller at a tie.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise GridError(f"`tk.near` takes a number or a size such as '720p', not {value!r}")
    return Near(value)


def nearest(name: str, known: Iterable[str]) -> str:
    """`: did you mean `x`?`, or what there is."""
    names = list(known)
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f": did you mean `{found[0]}`?" if found else f"; there are: {', '.join(names)}"


def no_twice(name: str, values: Sequence[Any]) -> None:
    """Refuses a value that is named twice: it would look like two arms and be one."""
    if isinstance(values, range):
        return
    seen: list[Any] = []
    hashed: set[Any] = set()
    for value in values:
        try:
            key: Any = (isinstance(value, bool), value)
            twice = key in hashed
            hashed.add(key)
        except TypeError:  # a mapping: linked values are few
            twice = value in seen
            seen.append(value)
        if twice:
            raise GridError(f"`{name}` names a value twice: {list(values)!r}")


def as_values(name: str, given: Any) -> Sequence[Any]:
    """What a person typed for one axis, as its values; a list varies, anything else is fixed."""
    if isinstance(given, str) and name in NUMBERS:
        given = numbers(name, given)
    if isinstance(given, range):
        values: Sequence[Any] = given
    elif isinstance(given, (str, bytes, Mapping, ImageRef, Path, Near)) or not isinstance(
        given, Iterable
    ):
        values = (given,)
    else:
        values = tuple(given)
    if not isinstance(values, range):
        values = tuple(v for v in values if not (isinstance(v, str) and _SKIP.match(v)))
    if not len(values):
        raise GridError(f"`{name}` has no values; leave it out, or give one")
    if len(values) > MAX_VALUES and not isinstance(values, range):
        raise GridError(
            f"`{name}` has {len(values):,} values; at most {MAX_VALUES:,} may be listed"
        )
    no_twice(name, values)
    return values


NUMBERS = ("duration_s", "fps", "seed", "samples")
_SKIP = re.compile(r"\s*SKIP:", re.IGNORECASE)
_SPAN = re.compile(r"(\d+)\s*-\s*(\d+)")


def numbers(name: str, text: str) -> Sequence[Any]:
    """`"1-5"`, `"1, 2, .., 10"` or `"3, 5, SKIP: 9"` as numbers."""
    words = [word.strip() for word in text.split(",")]
    if len(words) == 1 and (span := _SPAN.fullmatch(words[0])):
        return _steps(name, text, int(span[1]), int(span[1]) + 1, int(span[2]))
    found: list[Any] = []
    for place, word in enumerate(words):
        if word in ("..", "...", "…"):
            known = [*found[-2:], *map(_typed, words[place + 1 :])]
            if len(found) == 1 and type(found[0]) is int:
                known.insert(1, found[0] + 1)
            if len(known) != 3 or any(type(n) is not int for n in known):
                raise GridError(
                    f"`{name}`: {text!r} is no row of whole numbers; write '1, 2, .., 10' or '1-10'"
                )
            return [*found[:-2], *_steps(name, text, *known)]
        if span := _SPAN.fullmatch(word):
            found += _steps(name, text, int(span[1]), int(span[1]) + 1, int(span[2]))
        elif word:
            found.append(_typed(word))
    return found


def _steps(name: str, text: str, first: int, second: int, last: int) -> range:
    step = second - first
    if step <= 0 or last < first or (last - first) % step:
        raise GridError(
            f"`{name}`: {text!r} does not lead from {first} to {last} in steps of {step}; "
            f"write '1, 2, .., 10' or '1-10'"
        )
    return range(first, last + 1, step)


def _typed(word: str) -> Any:
    """A number where it is one; other words are refused later, with the reason."""
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


_PIXELS = re.compile(r"(\d{2,5})\s*[x×]\s*(\d{2,5})", re.IGNORECASE)


def linked_size(value: Any) -> Any:
    """`"1280x720@16:9"`, `"720p@9:16"` or `"1280x720"` as the two parameters that it sets."""
    if not isinstance(value, str):
        return value
    size, at, ratio = (word.strip() for word in value.partition("@"))
    pixels = _PIXELS.fullmatch(size)
    if pixels is None and not at:
        return value
    if pixels is None:
        return {"resolution": size, "aspect_ratio": ratio}
    width, height = int(pixels[1]), int(pixels[2])
    shape = math.gcd(width, height)
    own = f"{width // shape}:{height // shape}"
    return {"resolution": f"{min(width, height)}p", "aspect_ratio": ratio or own}


def sample_values(samples: Any) -> Sequence[int]:
    """1..k for a count, the numbers themselves for a list."""
    if isinstance(samples, bool):
        raise GridError(f"`samples` is a count or a list of numbers, not {samples!r}")
    if isinstance(samples, int):
        if samples < 1:
            raise GridError(f"`samples` is a count from 1, not {samples}")
        return range(1, samples + 1)
    values = as_values("samples", samples)
    for value in (values[0], values[-1]) if isinstance(values, range) else values:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise GridError(f"`samples` counts from 1 in whole numbers, found {value!r}")
    return values


def image(value: Any, *, name: str, folder: Path | None = None) -> ImageRef:
    """The picture at a path, named by its content; `folder` is where a grid file may look."""
    if isinstance(value, ImageRef):
        return value
    text = str(value)
    if re.match(r"^[a-z][a-z0-9+.-]+://|^data:", text, re.IGNORECASE):
        raise GridError(
            f"`{name}` is a file on this machine, not an address ({text[:60]!r}): what lies at an "
            f"address can change; exp.image(url) fetches it once and keeps it"
        )
    path = Path(text).expanduser()
    if folder is not None:
        path = inside(folder, text)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise GridError(f"`{name}`: no picture at {text!r} ({error.strerror})") from error
    return ImageRef(digest, path=str(path.resolve()))


def inside(folder: Path, name: str) -> Path:
    """The file `name` in `folder`; `GridError` where it lies outside."""
    home = folder.resolve()
    path = (home / name).resolve()
    if not path.is_relative_to(home):
        raise GridError(f"{name!r} lies outside the folder of the grid file; copy it in there")
    return path


_RATIO = re.compile(r"^\d{1,5}:\d{1,5}$|^(auto|adaptive)$")
_RESOLUTION = re.compile(r"^\d{3,4}p$|^\d+k$")


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GridError(f"`{name}` is a number, not {value!r}")
    if not math.isfinite(value) or value <= 0:
        raise GridError(f"`{name}` is a number above 0, not {value!r}")
    return int(value) if float(value).is_integer() else value


def param_value(name: str, value: Any, *, folder: Path | None = None) -> Any:
    """`value` in the one spelling that a parameter has; `GridError` where it cannot be one."""
    if value is None:
        return None  # left out: the service's own default
    if isinstance(value, Near):
        return Near(param_value(name, value.value))
    if name in {"duration_s", "fps"}:
        return _number(name, value)
    if name == "seed":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
            raise GridError(f"`seed` is a whole number from 0, not {value!r}")
        return value
    if name in {"loop", "audio", "prompt_rewrite"}:
        if not isinstance(value, bool):
            raise GridError(f"`{name}` is True or False, not {value!r}")
        return value
    if name in {"start_image", "end_image"}:
        return image(value, name=name, folder=folder)
    if name == "resolution":
        text = f"{value}p" if isinstance(value, int) else str(value).strip().lower()
        if not _RESOLUTION.match(text):
            raise GridError(f"`resolution` is a height such as '720p' or '4k', not {value!r}")
        return text
    if name == "aspect_ratio":
        text = str(value).strip().lower().replace("/", ":").replace("x", ":")
        if not _RATIO.match(text):
            raise GridError(f"`aspect_ratio` is a shape such as '16:9', not {value!r}")
        return text
    if name == "camera_motion":
        text = str(value).strip().lower().replace(" ", "_").replace("-", "_")
        if text not in CAMERA_MOVES:
            raise GridError(f"`camera_motion` has no move {value!r}{nearest(text, CAMERA_MOVES)}")
        return text
    if isinstance(value, (str, int, float, bool)):
        return value
    raise GridError(f"`{name}` is text, a number or True/False, not {type(value).__name__}")


SIZES = ("size", "resolution")


class Axis:
    """A named list of values; `params(i, card)` is what the i-th value sets on a model."""

    def __init__(
        self, name: str, given: Any, *, declared: Iterable[str], folder: Path | None = None
    ) -> None:
        values = as_values(name, given)
        if name in SIZES:
            values = values if isinstance(values, range) else tuple(map(linked_size, values))
            name = "size" if isinstance(values[0], Mapping) else name
        self.name = name
        known = [*CANONICAL_PARAMS, *declared]
        first = values[0]
        self.is_linked = isinstance(first, Mapping)
        if self.is_linked:
            self.fields = tuple(first)
            for value in values:
                if not isinstance(value, Mapping) or set(value) != set(self.fields):
                    raise GridError(
                        f"`{name}` links {', '.join(self.fields)}: every value sets just these, "
                        f"found {value!r}"
                    )
        else:
            self.fields = (name,)
        for field in self.fields:
            if field not in known:
                raise GridError(f"`{field}`{nearest(field, known)}")
        if isinstance(values, range) and name == "seed":
            param_value("seed", min(values[0], values[-1]))
            self.values: Sequence[Any] = values
        elif self.is_linked:
            self.values = tuple(
                {f: param_value(f, value[f], folder=folder) for f in self.fields}
                for value in values
            )
        else:
            self.values = tuple(param_value(name, value, folder=folder) for value in values)
        no_twice(name, self.values)
        self.near_fields = {
            field
            for value in (() if isinstance(self.values, range) else self.values)
            for field, asked in self._set(value).items()
            if isinstance(asked, Near)
        }

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Axis({self.name!r}, {self.values!r})"

    def _set(self, value: Any) -> Mapping[str, Any]:
        return value if self.is_linked else {self.name: value}

    def params(self, index: int, card: ModelCard) -> dict[str, Any]:
        """What the `index`-th value sets on this model; nothing where it is left to the service."""
        found = {}
        for name, asked in self._set(self.values[index]).items():
            if isinstance(asked, Near):
                try:
                    found[name] = near_value(card, name, asked.value)
                except CatalogError:
                    found[name] = asked.value  # refused below, with the reason
            elif asked is not None:
                found[name] = asked
        return found

    def near_places(self, name: str) -> list[int]:
        """Which values of the axis ask for the nearest `name`."""
        return [
            place
            for place, value in enumerate(self.values)
            if isinstance(self._set(value).get(name), Near)
        ]

    def refusal(self, index: int, card: ModelCard) -> Refusal | None:
        """Why this model does not take the `index`-th value, or None."""
        if isinstance(self.values, range):
            return None
        for name, value in self.params(index, card).items():
            refused = refusal(card, name, value)
            if refused is None and name not in CANONICAL_PARAMS and name not in card.extra_params:
                refused = Refusal(f"{card.model} has no parameter `{name}`")
            if refused is not None:
                return refused
        return None

    def label(self, index: int) -> Any:
        """The value as a person reads it."""
        value = self.values[index]
        if self.is_linked:
            return "@".join(str(v) for v in value.values())
        return value
