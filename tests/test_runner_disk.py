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
from toolkit.errors import StoreError
from toolkit.records import State
from toolkit.runner import Engine
from toolkit.store import Store

RUNS, CLIP_BYTES = 24, 40_000


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """3 MB that are really no more: less than a write-ahead log takes before it is emptied."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def is_whole(clip: Path) -> bool:
    """Nothing has its final name, which is its hash, before it is complete."""
    return hashlib.sha256(clip.read_bytes()).hexdigest() == clip.stem


@pytest.mark.parametrize(
    "room_kb",
    [120, *(pytest.param(room, marks=pytest.mark.slow) for room in range(60, 1000, 90))],
)
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
            assert all(is_whole(clip) for clip in (store.folder / "clips").rglob("*.mp4"))
            ballast.unlink()
            assert engine.wait(60), engine.progress()
        assert store.counts() == {State.DONE: RUNS}
        assert seen <= {run.key for run in store.runs([State.DONE])}
        with store.reading() as conn:
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        clips = list((store.folder / "clips").rglob("*.mp4"))
        assert len(clips) == RUNS
        assert all(is_whole(clip) for clip in clips)
        real = store.budget().real
        assert (real.spent_micro_usd, real.reserved_micro_usd) == (RUNS * PRICE, 0)
    assert provider.ledger.num_charges == RUNS


def fill(store: Store, changes: int) -> int:
    """How many of so many changes of the same value were refused, for the disk was full."""
    told = 0
    for number in range(changes):
        value = f"{number} " * 500
        try:
            store.meta_set("much", value)
        except StoreError as problem:
            if "is full; nothing that was recorded is lost" not in str(problem):
                raise
            told += 1
        else:
            assert store.meta_get("much") == value
    return told


def test_a_log_stays_short_where_little_is_free(small_disk):
    with Store.open(small_disk / "exp") as store:
        assert fill(store, 600) == 0
        assert (store.folder / "experiment.db-wal").stat().st_size < 1 << 20


def test_a_log_that_filled_the_disk_while_somebody_read_makes_room_again(small_disk):
    """Nothing is deleted by hand: the database needs no more than one of all these values."""
    with Store.open(small_disk / "exp") as store:
        fill(store, 10)
        with store.reading() as conn:
            conn.exec_driver_sql("SELECT count(*) FROM run").scalar()  # holds the log as it is
            assert fill(store, 600) > 0
        assert fill(store, 200) <= 1
