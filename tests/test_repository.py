"""What the repository promises about itself: the lock, the notebooks, the one-command set-up."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_the_lock_names_no_host_and_hashes_everything():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    pins = re.findall(r"^([a-z0-9._-]+(?:\[[^\]]*\])?)==", text, re.M | re.I)
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.M | re.I)[1:]
    assert len(pins) > 100
    assert all("--hash=sha256:" in block for block in blocks)


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=!~;\[ ]", want)[0].lower().replace("_", "-") for want in wanted}
    lock = (ROOT / "requirements.lock").read_text().lower()
    locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==", lock, re.M))
    assert names - locked == set()


def test_make_only_calls_dev_py():
    makefile = (ROOT / "Makefile").read_text()
    tasks = re.search(r"^\.PHONY: (.+)$", makefile, re.M)
    assert tasks
    dev = (ROOT / "dev.py").read_text()
    for task in tasks[1].split():
        assert re.search(rf'"{task}": {task}\b', dev), task


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_is_small_and_carries_no_state(path: Path):
    assert path.stat().st_size <= 300_000
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert "widgets" not in notebook["metadata"]
    assert "data:video" not in text
    assert "video/mp4" not in text
    assert "application/vnd.jupyter.widget-state" not in text
    assert not re.search(r"/(?:home|root|work|tmp|Users)/", text), "a path of somebody's machine"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_says_first_what_one_learns(path: Path):
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    assert first["cell_type"] == "markdown"
    assert "".join(first["source"]).startswith("# ")


def test_nothing_big_is_in_the_package():
    big = [p for p in (ROOT / "toolkit").rglob("*") if p.is_file() and p.stat().st_size > 400_000]
    assert big == []
