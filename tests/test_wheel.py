"""The built wheel holds everything the package needs, and works away from the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run([*build, str(ROOT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    [wheel] = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out / "site")
    return out / "site"


def data_files(root: Path) -> set[str]:
    """Everything a room reads at run time: all that is neither code nor a cache."""
    return {
        str(path.relative_to(root))
        for path in (root / "toolkit").rglob("*")
        if path.is_file()
        and path.suffix not in {".pyc", ".py"}
        and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(root).parts)
    }


def test_the_wheel_holds_every_data_file(unpacked: Path):
    assert data_files(unpacked) == data_files(ROOT)
    suffixes = {Path(name).suffix for name in data_files(unpacked)}
    assert {".js", ".css", ".yaml", ".typed"} <= suffixes


def test_the_wheel_works_away_from_the_repository(unpacked: Path, tmp_path: Path):
    env = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONSAFEPATH": "1"}
    code = "import toolkit as tk; print(tk.__file__); print(tk.Grid('a fox', models='sim/draft'))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(unpacked))
    listed = subprocess.run(
        [sys.executable, "-m", "toolkit.cli", "models", "--json"],
        capture_output=True, text=True, env=env, cwd=tmp_path,
    )  # fmt: skip
    assert listed.returncode == 0, listed.stderr
    assert '"sim/draft"' in listed.stdout
