"""`python -m tests.oracles [NAME…] [--keep]`: run drivers, each in an environment of its own.

The environments are thrown away unless `--keep` is given; then the next `--keep` uses them again.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.oracles._capture import Capture

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATA = ROOT / "tests" / "data" / "oracles"
KEPT = Path(tempfile.gettempdir()) / "promptgrid-oracles"
LITERALS = ("REQUIRES", "REPLIES", "DIFFERENCES", "ENV")


def drivers() -> list[str]:
    """The names of all drivers: the files here that say what they require."""
    return sorted(path.stem for path in HERE.glob("[!_]*.py") if "REQUIRES" in declared(path.stem))


def declared(name: str) -> dict[str, Any]:
    """A driver's literals, read without running it."""
    found: dict[str, Any] = {}
    for node in ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id in LITERALS:
                found[target.id] = ast.literal_eval(node.value)
    return found


def run(name: str, folder: Path) -> dict[str, Any]:
    """Install what a driver requires, run it, and say what came of it."""
    told = declared(name)
    python = _environment(folder, told["REQUIRES"])
    env = {
        **{k: v for k, v in os.environ.items() if not k.endswith(("_KEY", "_TOKEN", "_PROXY"))},
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": "*",
    }
    with ExitStack() as stack:
        capture = None
        if "REPLIES" in told:
            capture = stack.enter_context(Capture(told["REPLIES"]))
            env["ORACLE_URL"] = capture.url
        done = subprocess.run(
            [python, "-P", "-m", f"tests.oracles.{name}"],
            env=env, cwd=folder, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{name}: the driver failed:\n{done.stdout}{done.stderr}")
    found: dict[str, Any] = {
        "made_with": _versions(python, told["REQUIRES"]),
        "command": f"python -m tests.oracles {name}",
    }
    if capture is None:
        return {**found, **json.loads(done.stdout)}
    if capture.unanswered:
        raise SystemExit(f"{name}: no reply to {', '.join(sorted(set(capture.unanswered)))}")
    return {**found, "exchanges": capture.exchanges}


def _environment(folder: Path, requires: list[str]) -> str:
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if not python.exists():
        made = [uv, "venv", "--quiet", "--python", sys.executable, folder]
        _do(made if uv else [sys.executable, "-m", "venv", folder])
    if uv:
        _do([uv, "pip", "install", "--quiet", "--python", python, *requires])
    else:
        _do([python, "-m", "pip", "install", "--quiet", *requires])
    return str(python)


def _do(command: list[Any]) -> None:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")


def _versions(python: str, requires: list[str]) -> dict[str, str]:
    names = [re.split(r"[\[<>=!~; @]", want)[0] for want in requires]
    asked = (
        "import json, platform, sys; from importlib.metadata import version;"
        "print(json.dumps({n: version(n) for n in sys.argv[1:]} "
        "| {'python': platform.python_version()}))"
    )
    done = subprocess.run([python, "-c", asked, *names], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.oracles", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(drivers())} (all)")
    parser.add_argument("--keep", action="store_true", help="keep the environments for next time")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(drivers()):
        parser.error(f"no driver {', '.join(sorted(unknown))}; there are: {', '.join(drivers())}")
    DATA.mkdir(parents=True, exist_ok=True)
    for name in asked.names or drivers():
        with ExitStack() as stack:
            if asked.keep:
                folder = KEPT / name
                folder.mkdir(parents=True, exist_ok=True)
            else:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            found = run(name, folder / "env")
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        (DATA / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}: written to tests/data/oracles/{name}.json")


if __name__ == "__main__":
    main()
