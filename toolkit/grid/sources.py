"""Where prompts come from: a Prompt, a string, a list of either, a DataFrame, a CSV file."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import GridError, PromptError
from toolkit.prompts.formula import PROMPT_PARTS, Prompt
from toolkit.records import CANONICAL_PARAMS

__all__ = ["read_prompts"]

COLUMNS = (*PROMPT_PARTS, "text", "name", "scene")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt")


def read_prompts(given: Any) -> list[Prompt]:
    """The prompts a person means; `GridError` where there is none."""
    prompts = list(_read(given))
    if not prompts:
        raise GridError("no prompts; pass a Prompt, a text, a list of them, or a CSV file")
    return prompts


def _read(given: Any) -> Iterable[Prompt]:
    if isinstance(given, Prompt):
        return [given]
    if isinstance(given, Path) or (isinstance(given, str) and _names_a_table(given)):
        return _file(Path(given))
    if isinstance(given, str):
        return [Prompt.typed(given)]
    if hasattr(given, "to_dict") and hasattr(given, "columns"):  # a DataFrame, of pandas or not
        return _rows(given.to_dict("records"), where="the table")
    if isinstance(given, Mapping):
        return _rows([given], where="the prompt")
    if not isinstance(given, Iterable):
        raise GridError(f"a prompt is text or a Prompt, not {type(given).__name__}")
    return _list(given)


def _list(given: Iterable[Any]) -> Iterable[Prompt]:
    for number, item in enumerate(given, start=1):
        if isinstance(item, Prompt):
            yield item
        elif isinstance(item, str):
            try:
                yield Prompt.typed(item)
            except PromptError as error:
                raise PromptError(f"prompt {number} of the list: {error}") from None
        elif isinstance(item, Mapping):
            yield from _rows([item], where=f"prompt {number} of the list")
        else:
            raise GridError(f"prompt {number} of the list is a {type(item).__name__}, not text")


def _names_a_table(text: str) -> bool:
    return len(text) < 500 and "\n" not in text and text.lower().endswith(TABLE_SUFFIXES)


def _file(path: Path) -> Iterable[Prompt]:
    try:
        raw = path.expanduser().read_bytes()
    except OSError as error:
        raise GridError(f"no prompts at {str(path)!r} ({error.strerror})") from error
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise GridError(
            f"{path.name} is not UTF-8 (byte {error.start}); save it again as CSV UTF-8"
        ) from error
    if path.suffix.lower() == ".txt":
        return [Prompt.typed(line) for line in text.splitlines() if line.strip()]
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = list(reader)
    except csv.Error as error:
        raise GridError(f"{path.name} cannot be read as a table: {error}") from error
    return _rows(rows, where=path.name)


def _rows(rows: list[Any], *, where: str) -> Iterable[Prompt]:
    if not rows:
        raise GridError(f"{where} has no rows of prompts")
    columns: list[str] = list(dict.fromkeys(str(name) for row in rows for name in row if name))
    names = {column: column.strip().removeprefix("prompt.").lower() for column in columns}
    used = {column: name for column, name in names.items() if name in COLUMNS}
    for column, name in names.items():
        if name in used.values():
            continue
        near = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.75)
        if near:
            raise GridError(f"{where}: column `{column}`: did you mean `{near[0]}`?")
        if name.removeprefix("param.") in CANONICAL_PARAMS:
            raise GridError(
                f"{where}: column `{column}` is a parameter; pass it to Grid as a keyword"
            )
    if not {*used.values()} & {*COLUMNS[:-2]}:
        raise GridError(
            f"{where} has no column of prompts; name one `text`, or some of "
            f"{', '.join(COLUMNS[:5])}; found: {', '.join(columns) or 'nothing'}"
        )
    for number, row in enumerate(rows, start=1):
        fields = {name: _cell(row.get(column)) for column, name in used.items()}
        found: dict[str, Any] = {name: value for name, value in fields.items() if value}
        if not found.keys() - {"name", "scene"}:
            continue  # an empty row
        text = found.pop("text", None)
        if text is not None and found.keys() & {*PROMPT_PARTS}:
            raise GridError(f"{where}, row {number}: give either `text` or parts, not both")
        try:
            yield Prompt.typed(text, **found) if text is not None else Prompt(**found)
        except PromptError as error:
            raise PromptError(f"{where}, row {number}: {error}") from None


def _cell(value: Any) -> Any:
    if value is None or value != value:  # NaN is how tables say "nothing"
        return ""
    if isinstance(value, (list, tuple)):
        return tuple(str(v) for v in value)
    return str(value).strip()
