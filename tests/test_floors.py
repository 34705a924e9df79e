"""The architecture, kept: a file imports from lower floors and its own room alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

TOOLKIT = Path(__file__).parents[1] / "toolkit"

FLOORS = {
    9: ("__init__", "cli", "demo", "doctor"),
    8: ("experiment",),
    7: ("widgets",),
    6: ("exports", "planning", "importing", "advice", "reference"),
    5: ("runner", "scoring", "tables", "sheets", "results", "composite"),
    4: ("grid", "providers"),
    3: ("prompts", "scorers", "review", "simulator"),
    2: ("catalog", "stats", "store", "video"),
    1: ("seams", "discover", "columns", "camera", "keywords", "locks", "pictures"),
    0.5: ("records",),  # the nouns: on the first floor with the others, who all speak in them
    0: ("errors",),
}
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}

DOORS = {
    "av": {"video"},
    "httpx": {"providers", "runner"},
    "sqlalchemy": {"store"},
    "pandas": {room for room, floor in FLOOR_OF.items() if floor >= 5},
    "ipywidgets": {"widgets"},
    "anywidget": {"widgets"},
    "moviepy": {"exports"},
    "matplotlib": {"exports"},
}
"""One door for each outside library."""

FILES = sorted(TOOLKIT.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(TOOLKIT).parts[0]
    return first.removesuffix(".py")


def imports(tree: ast.AST) -> list[tuple[int, str]]:
    """Every import of a file, those inside functions and for type checkers too."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are written in full"
            base = node.module or ""
            found += [(node.lineno, base)]
            if base == "toolkit":
                found += [(node.lineno, f"toolkit.{alias.name}") for alias in node.names]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(TOOLKIT)))
def test_imports_go_down(path: Path):
    room = room_of(path)
    assert room in FLOOR_OF, f"{room} has no floor: give it one in {Path(__file__).name}"
    floor = FLOOR_OF[room]
    wrong = []
    for line, name in imports(ast.parse(path.read_text())):
        parts = name.split(".")
        if parts[0] == "toolkit" and len(parts) > 1:
            other = parts[1]
            if floor == 9:
                continue
            if other != room and FLOOR_OF.get(other, 10) >= floor:
                wrong.append(
                    f"line {line}: {room} (floor {floor}) imports {other} "
                    f"(floor {FLOOR_OF.get(other, '?')})"
                )
        elif parts[0] in DOORS and room not in DOORS[parts[0]] and floor != 9:
            wrong.append(f"line {line}: {parts[0]} belongs in {', '.join(sorted(DOORS[parts[0]]))}")
    assert not wrong, "\n".join(wrong)


def test_a_import_up_would_be_seen():
    assert imports(ast.parse("def f():\n    from toolkit.experiment import Experiment")) == [
        (2, "toolkit.experiment")
    ]


def test_importing_the_toolkit_loads_nothing_heavy():
    heavy = ["torch", "moviepy", "matplotlib", "anywidget", "cv2", "pandas", "av", "httpx"]
    code = f"import sys, toolkit; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_sorted():
    import toolkit

    assert list(toolkit.__all__) == sorted(toolkit.__all__)
    for name in toolkit.__all__:
        assert getattr(toolkit, name) is not None
