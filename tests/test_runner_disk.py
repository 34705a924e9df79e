"""The disk fills up in the middle, at whatever write that is, and is emptied again."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_service import FAST, PRICE, FakeProvider, cells, mp4, verify, wait_for
from toolkit.records import State
from toolkit.runner import Engine
from toolkit.store import Store

RUNS, CLIP_BYTES = 24, 40_000


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """24 MB that are really no more: room for a write-ahead log, once the ballast is gone."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("room_kb", [120, pytest.param(330, marks=pytest.mark.slow),
                                     pytest.param(700, marks=pytest.mark.slow)])  # fmt: skip
def test_a_disk_that_fills_up_loses_nothing_and_the_work_goes_on(small_disk, tmp_path, room_kb):
    provider = FakeProvider(
        tmp_path / "service", clock=FAST.clock,
        serve=lambda key, _nth: mp4(key) + bytes(CLIP_BYTES),
    )  # fmt: skip
    with Store.open(small_disk / "exp") as store:
        store.set_budget(100)
        rows = cells(RUNS)
        store.plan(rows)
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        ballast.write_bytes(bytes(free - room_kb * 1024))
        settings = dataclasses.replace(FAST, spare_bytes=0)
        with Engine(store, lambda _: provider, verify=verify, settings=settings) as engine:
            engine.start([row.run_key for row in rows])
            told = ("full", "No space", "no room", "are free")
            wait_for(lambda: any(t in (engine.progress().message or "") for t in told), 30)
            seen = {run.key for run in store.runs([State.DONE])}
            assert len(seen) < RUNS
            ballast.unlink()
            assert engine.wait(60), engine.progress()
        assert store.counts() == {State.DONE: RUNS}
        assert seen <= {run.key for run in store.runs([State.DONE])}
        with store.reading() as conn:
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        clips = list((store.folder / "clips").rglob("*.mp4"))
        assert len(clips) == RUNS
        for clip in clips:
            assert hashlib.sha256(clip.read_bytes()).hexdigest() == clip.stem
        real = store.budget().real
        assert (real.spent_micro_usd, real.reserved_micro_usd) == (RUNS * PRICE, 0)
    assert provider.ledger.num_charges == RUNS
