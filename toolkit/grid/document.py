"""A grid as data, as YAML, as the code that makes it, and as a receipt to look at.

The document is what is hashed into the grid's id, so it holds what was typed and no more: values
left at their default are left out, pictures are named by their content.
"""

from __future__ import annotations

import html
import pprint
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.catalog import plain_yaml
from toolkit.errors import GridError, PromptError
from toolkit.grid.axes import Near, image, nearest
from toolkit.prompts.formula import PROMPT_PARTS, Prompt
from toolkit.prompts.wildcards import Wildcards, wildcards
from toolkit.records import ImageRef

if TYPE_CHECKING:
    from toolkit.grid.core import Grid

__all__ = ["from_doc", "from_yaml", "receipt", "to_code", "to_doc", "to_yaml"]

FORMAT = 1
KEYS = (
    "promptgrid", "prompts", "parts", "models", "params", "samples", "scene", "exclude", "design",
    "extra", "wildcards",
)  # fmt: skip
MAX_BYTES = 20_000_000


def to_doc(grid: Grid) -> dict[str, Any]:
    """Plain data; see `Grid.to_doc`."""
    doc: dict[str, Any] = {
        "promptgrid": FORMAT,
        "prompts": [_prompt_doc(prompt) for prompt in grid.prompts],
        "parts": {name: _short(list(texts)) for name, texts in grid.parts.items()},
        "models": list(grid.models),
        "params": {axis.name: _short(_values_doc(axis.values)) for axis in grid._axes},
        "samples": _samples_doc(grid.samples),
        "scene": grid.scene,
        "exclude": [_rule_doc(rule) for rule in grid.exclude],
        "design": None if grid.design == "full" else grid._design.to_doc(),
        "extra": grid.extra,
        "wildcards": {name: list(lines) for name, lines in grid.word_lists.items()},
    }
    return {key: value for key, value in doc.items() if value not in (None, {}, [])}


def _prompt_doc(prompt: Prompt) -> Any:
    labels = {n: v for n in ("name", "scene") if (v := getattr(prompt, n)) is not None}
    if prompt.as_typed is not None:
        return {"text": prompt.as_typed, **labels} if labels else prompt.as_typed
    parts = {p: v for p in PROMPT_PARTS if (v := getattr(prompt, p))}
    return {p: v if isinstance(v, str) else list(v) for p, v in parts.items()} | labels


def _values_doc(values: Sequence[Any]) -> Any:
    if isinstance(values, range):
        return [{"range": [values.start, values.stop, values.step]}]
    return [_value_doc(value) for value in values]


def _value_doc(value: Any) -> Any:
    if isinstance(value, Near):
        return {"near": value.value}
    if isinstance(value, ImageRef):
        return {"image": value.sha256}
    if isinstance(value, Mapping):
        return {name: _value_doc(v) for name, v in value.items()}
    return value


def _short(values: Any) -> Any:
    """A list of one as the one."""
    return values[0] if len(values) == 1 and not isinstance(values[0], list) else values


def _samples_doc(samples: Sequence[int]) -> Any:
    if isinstance(samples, range) and samples.start == 1 and samples.step == 1:
        return len(samples)
    return list(samples)


def _rule_doc(rule: Any) -> Any:
    if isinstance(rule, Mapping):
        return {
            name: sorted(value, key=str)
            if isinstance(value, (set, frozenset))
            else _value_doc(value)
            for name, value in rule.items()
        }
    name = getattr(rule, "__qualname__", type(rule).__name__)
    return {"function": f"{getattr(rule, '__module__', '')}.{name}"}


# ------------------------------------------------------------------ and back


def from_doc(doc: Mapping[str, Any], *, folder: Path | None = None) -> Grid:
    """A grid from plain data; see `Grid.from_doc`."""
    from toolkit.grid.core import Grid

    if not isinstance(doc, Mapping):
        raise GridError(
            f"a grid is a mapping with `prompts` and `models`, not {type(doc).__name__}"
        )
    for key in doc:
        if key not in KEYS:
            raise GridError(f"`{key}` in a grid file{nearest(str(key), KEYS)}")
    if doc.get("promptgrid", FORMAT) != FORMAT:
        raise GridError(
            f"this grid file is of format {doc['promptgrid']!r}, known is {FORMAT}; "
            f"a newer promptgrid reads it"
        )
    for key in ("prompts", "models"):
        if not doc.get(key):
            raise GridError(f"a grid file needs `{key}`")
    parts = _section(doc, "parts")
    params = {name: _read_values(v, name, folder) for name, v in _section(doc, "params").items()}
    for name in parts:
        if name not in PROMPT_PARTS:
            raise GridError(f"`parts`: `{name}`{nearest(str(name), PROMPT_PARTS)}")
    for rule in doc.get("exclude") or ():
        if isinstance(rule, Mapping) and "function" in rule:
            raise GridError(
                f"`exclude`: the function {rule['function']} is code and no data; "
                f"pass it to Grid(…, exclude=[…]) again, or write the rule as values"
            )
    grid = object.__new__(Grid)
    grid._init(
        _read_prompts(doc["prompts"]),
        doc["models"],
        doc.get("samples", 1),
        doc.get("scene"),
        doc.get("exclude") or (),
        doc.get("design") or "full",
        _section(doc, "extra"),
        {**parts, **params},
        folder=folder,
        lists=_read_lists(_section(doc, "wildcards"), folder),
    )
    return grid


def _read_lists(given: Mapping[str, Any], folder: Path | None) -> Wildcards | None:
    """The lists in the file itself, and the folder in which others are looked for."""
    if not given:
        return None if folder is None else Wildcards(folder)
    inline = wildcards(given)
    assert inline is not None
    return Wildcards(folder, inline.lists)


def _section(doc: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = doc.get(key) or {}
    if not isinstance(value, Mapping):
        raise GridError(f"`{key}` in a grid file is a mapping, not {type(value).__name__}")
    return value


def _read_prompts(given: Any) -> Any:
    """Text here is always text: a grid file never makes us open another file of prompts."""
    items = given if isinstance(given, list) else [given]
    return [Prompt.typed(item) if isinstance(item, str) else item for item in items]


def _read_values(value: Any, name: str, folder: Path | None) -> Any:
    if isinstance(value, list):
        return [_read_value(v, name, folder) for v in value]
    return _read_value(value, name, folder)


def _read_value(value: Any, name: str, folder: Path | None) -> Any:
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"near"}:
        return Near(value["near"])
    if set(value) == {"range"}:
        return _read_range(value["range"], name)
    if "image" in value and set(value) <= {"image", "sha256"}:
        return _read_image(value, name, folder)
    return {key: _read_value(v, str(key), folder) for key, v in value.items()}


def _read_range(bounds: Any, name: str) -> range:
    if not isinstance(bounds, list) or not all(isinstance(b, int) for b in bounds):
        raise GridError(f"`{name}`: a range is [first, end] or [first, end, step] in whole numbers")
    try:
        return range(*bounds)
    except (TypeError, ValueError) as error:
        raise GridError(f"`{name}`: {bounds!r} is no range ({error})") from None


def _read_image(value: Mapping[str, Any], name: str, folder: Path | None) -> ImageRef:
    text = str(value["image"])
    if len(text) == 64 and all(c in "0123456789abcdef" for c in text):
        return ImageRef(text)  # by content alone: the experiment has the file
    found = image(text, name=name, folder=folder)
    asked = value.get("sha256")
    if asked and asked != found.sha256:
        raise GridError(
            f"`{name}`: {text!r} is not the picture the grid was made with; "
            f"remove its `sha256` to use it as it is now"
        )
    return found


def to_yaml(grid: Grid, path: str | Path | None = None) -> str:
    """YAML text; see `Grid.to_yaml`."""
    for rule in grid.exclude:
        if not isinstance(rule, Mapping):
            raise GridError("`exclude` holds a function, which YAML cannot; write it as values")
    doc = to_doc(grid)
    folder = None if path is None else Path(path).expanduser().resolve().parent
    for axis in grid._axes:
        if any(isinstance(f, ImageRef) for f in _leaves(axis.values)):
            doc["params"][axis.name] = _short([_with_paths(v, folder) for v in axis.values])
    text = plain_yaml.dump(doc)
    if path is not None:
        Path(path).expanduser().write_text(text, encoding="utf-8")
    return text


def _leaves(values: Sequence[Any]) -> list[Any]:
    if isinstance(values, range):
        return []
    return [leaf for v in values for leaf in (v.values() if isinstance(v, Mapping) else (v,))]


def _with_paths(value: Any, folder: Path | None) -> Any:
    if isinstance(value, Mapping):
        return {name: _with_paths(v, folder) for name, v in value.items()}
    if not isinstance(value, ImageRef) or value.path is None:
        return _value_doc(value)
    path = Path(value.path)
    if folder is not None and path.is_relative_to(folder):
        return {"image": path.relative_to(folder).as_posix(), "sha256": value.sha256}
    if folder is None:
        return {"image": path.name, "sha256": value.sha256}
    raise GridError(f"{path.name!r} lies outside {folder}; copy it beside the grid file first")


def from_yaml(source: str | Path) -> Grid:
    """A grid from a file or YAML text; see `Grid.from_yaml`."""
    text, folder, where = _source(source)
    try:
        doc = plain_yaml.load(text)
    except plain_yaml.YAMLError as error:
        raise GridError(f"{where} is no YAML: {error}") from error
    except RecursionError:
        raise GridError(f"{where} is nested too deep to be a grid") from None
    try:
        return from_doc(doc, folder=folder)
    except (GridError, PromptError) as error:
        raise type(error)(f"{where}: {error}") from None


def _source(source: str | Path) -> tuple[str, Path, str]:
    if isinstance(source, str) and ("\n" in source or (":" in source and not Path(source).suffix)):
        return source, Path.cwd(), "the text"
    path = Path(source).expanduser()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise GridError(f"{path.name} is larger than {MAX_BYTES // 10**6} MB; no grid is")
        return path.read_text(encoding="utf-8-sig"), path.resolve().parent, path.name
    except (OSError, UnicodeDecodeError) as error:
        raise GridError(f"no grid file at {str(source)!r}: {error}") from error


# ------------------------------------------------------------------ as code


def to_code(grid: Grid) -> str:
    """The call that makes the grid; see `Grid.to_code`."""
    prompts = [_prompt_code(prompt) for prompt in grid.prompts]
    given = prompts[0] if len(prompts) == 1 else "[\n" + _indent(",\n".join(prompts)) + ",\n]"
    lines = [given]
    lines += [f"{name}={_code(list(texts))}" for name, texts in grid.parts.items()]
    lines.append(f"models={_code(list(grid.models))}")
    lines += [f"{axis.name}={_code(axis.values)}" for axis in grid._axes]
    samples = _samples_doc(grid.samples)
    if samples != 1:
        lines.append(f"samples={samples!r}")
    if grid.scene is not None:
        lines.append(f"scene={grid.scene!r}")
    if grid.exclude:
        lines.append(f"exclude={[_rule_code(rule) for rule in grid.exclude]!r}")
    if grid.design != "full":
        said = grid.design
        lines.append(f"design={said!r}" if isinstance(said, str) else f"design=tk.{said!r}")
    if grid.extra:
        lines.append(f"extra={grid.extra!r}")
    if grid.word_lists:
        lists = {name: list(texts) for name, texts in grid.word_lists.items()}
        lines.append(f"wildcards={_code([lists])}")
    return "tk.Grid(\n" + _indent(",\n".join(lines)) + ",\n)"


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _code(values: Any) -> str:
    if isinstance(values, range):
        return repr(values)
    plain = [_plain(value) for value in values]
    shown: Any = plain[0] if len(plain) == 1 and not isinstance(plain[0], (list, tuple)) else plain
    return pprint.pformat(shown, width=88, compact=True, sort_dicts=False)


def _plain(value: Any) -> Any:
    if isinstance(value, ImageRef):
        return value.path or value
    if isinstance(value, Mapping):
        return {name: _plain(v) for name, v in value.items()}
    return value


def _rule_code(rule: Any) -> Any:
    return dict(rule) if isinstance(rule, Mapping) else rule


def _prompt_code(prompt: Prompt) -> str:
    labels = [f"{n}={v!r}" for n in ("name", "scene") if (v := getattr(prompt, n)) is not None]
    if prompt.as_typed is not None:
        text = repr(prompt.as_typed)
        return f"tk.Prompt.typed({text}, {', '.join(labels)})" if labels else text
    given = {p: v for p in PROMPT_PARTS if (v := getattr(prompt, p))}
    fields = [f"{p}={_code([v] if isinstance(v, str) else v)}" for p, v in given.items()]
    return "tk.Prompt(\n" + _indent(",\n".join([*fields, *labels])) + ",\n)"


# ------------------------------------------------------------------ as a receipt


_STYLE = (
    "font:13px/1.5 system-ui,sans-serif;border:1px solid #8886;border-radius:8px;"
    "padding:10px 14px;max-width:760px"
)


_CELL = "text-align:left;padding-right:12px"


def receipt(grid: Grid) -> str:
    """What the grid is, read-only; everything a person typed is escaped."""
    rows = []
    for name, values in grid.axes.items():
        shown = [_cut(str(values[i])) for i in range(min(len(values), 6))]
        more = f" … {len(values):,} in all" if len(values) > 6 else ""
        rows.append(
            f"<tr><td style='{_CELL};opacity:.7'>{html.escape(name)}</td>"
            f"<td style='{_CELL};text-align:right'>{len(values):,}</td>"
            f"<td style='{_CELL}'>{html.escape(' · '.join(shown))}{more}</td></tr>"
        )
    try:
        kept = f"{grid.num_kept:,} run" if grid.exclusions else "all run"
        notes = [str(e) for e in grid.exclusions[:8]] + grid.notices
    except GridError as error:
        kept, notes = "how many run is not counted", [str(error)]
    first = next(iter(grid)).text
    listed = "".join(f"<div style='color:#b45309'>{html.escape(_cut(n, 300))}</div>" for n in notes)
    cells = f"{grid.size:,} cell{'s' if grid.size != 1 else ''}"
    return (
        f"<div style='{_STYLE}'><b>Grid</b> · {cells} · {kept}"
        f"<table style='margin:6px 0;border:none'>{''.join(rows)}</table>"
        f"<div style='opacity:.75'>first: {html.escape(_cut(first, 220))}</div>{listed}</div>"
    )


def _cut(text: str, limit: int = 60) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
