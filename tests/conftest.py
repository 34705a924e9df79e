"""What all tests share: a home of their own, and the real clips where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_CLIPS = Path(__file__).parents[1].parent / "shared" / "clips"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes a person's experiments, keys or catalogue."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("PROMPTGRID_HOME", str(home))
    monkeypatch.setenv("PROMPTGRID_STATE", str(home / "state"))
    monkeypatch.delenv("PROMPTGRID_CATALOG", raising=False)
    return home


@pytest.fixture
def real_clips() -> Path:
    """A folder of real clips beside the checkout; skipped where it is absent."""
    if not SHARED_CLIPS.is_dir():
        pytest.skip(f"no real clips at {SHARED_CLIPS.name}/ beside the checkout")
    return SHARED_CLIPS
