"""YAML as people mean it: `16:9` and `on` stay text, a name given twice is an error.

PyYAML reads YAML 1.1, where `16:9` is the number 969 and `no` is False; both are values that
people type into grid and catalogue files. Only plain data is ever built (no tags).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

__all__ = ["YAMLError", "dump", "load"]

YAMLError = yaml.YAMLError

_Safe: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one reads 10 x faster


class _Loader(_Safe):  # type: ignore[misc]  # chosen at run time
    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012  (replaced, not shared)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (dict, list)):
                raise yaml.YAMLError(f"a name must be text{_at(key_node)}")
            if key in seen:
                raise yaml.YAMLError(f"`{key}` is given twice{_at(key_node)}")
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def _at(node: Any) -> str:
    return f" (line {node.start_mark.line + 1})"


_NO_TEXT: list[re.Pattern[str]] = []

for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"null|Null|NULL|~|", "nN~\0"),
    ("int", r"[-+]?(0|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+", "-+.0123456789"),
    ("merge", r"<<", "<"),
):  # fmt: skip
    _NO_TEXT.append(re.compile(f"^(?:{_pattern})$"))
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        _NO_TEXT[-1],
        ["" if char == "\0" else char for char in _first],
    )


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML's signature)
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quoted wherever our own reader would take it for a number; PyYAML sees to YAML 1.1."""
    style = "'" if any(pattern.match(text) for pattern in _NO_TEXT) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


MOST_NODES = 500_000  # values of a document with its aliases (`*name`) written out


def load(text: str) -> Any:
    """The document as dicts, lists, text, numbers; `YAMLError` says the line."""
    document = yaml.load(text, Loader=_Loader)  # noqa: S506  (a safe one with fewer surprises)
    if "*" in text and _nodes(document, {}) > MOST_NODES:
        raise yaml.YAMLError("its aliases (`*name`) stand for more than fits into memory")
    return document


def _nodes(value: Any, known: dict[int, int]) -> int:
    """How many values there are with aliases written out; endless where one holds itself."""
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) not in known:
        known[id(value)] = MOST_NODES + 1  # while it is counted: met again, it holds itself
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_nodes(item, known) for item in items)
    return known[id(value)]


def dump(document: Any) -> str:
    """YAML that any reader reads back the same; keys in the order given, scripts left readable."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
