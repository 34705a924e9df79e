"""`python -m tests.real [NAME…] [--env NAME=FOLDER]`: run them, each in its own environment."""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("[!_]*.py"))


def environment(folder: Path, requires: list[list[str]]) -> str:
    """Python in a new environment; each list of requirements is one run of the installer."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        for packages in requires:
            installer = [str(python), "-m", "pip", "install", "--quiet"]
            if packages[0] == "uv":
                uv = shutil.which("uv") or "uv"
                installer = [uv, "pip", "install", "--quiet", "--python", str(python)]
                packages = packages[1:]
            subprocess.run([*installer, *packages], check=True)
    return str(python)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.real", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(names())} (all)")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=FOLDER",
                        help="an environment that is there already, or is to be kept")  # fmt: skip
    asked = parser.parse_args()
    kept = dict(entry.split("=", 1) for entry in asked.env)
    for name in asked.names or names():
        module: Any = importlib.import_module(f"tests.real.{name}")
        print(f"{name}: {ast.get_docstring(ast.parse((HERE / f'{name}.py').read_text()))}")
        with tempfile.TemporaryDirectory() as folder:
            env = Path(kept.get(name, str(Path(folder) / "env")))
            python = environment(env.absolute(), module.REQUIRES)
            (Path(folder) / "work").mkdir()
            module.try_it(python, Path(folder) / "work")


if __name__ == "__main__":
    main()
