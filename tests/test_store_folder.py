"""Opening, moving, migrating and refusing folders."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.fake_service import cells, mp4, verify
from toolkit.errors import StoreError
from toolkit.records import RunSpec, State
from toolkit.store import Store, schema, sqlite


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "courier"


def raw(folder: Path) -> sqlite3.Connection:
    return sqlite.library().connect(str(folder / "experiment.db"))


def test_a_folder_is_new_once(folder):
    with Store.open(folder) as store:
        assert (store.is_new, store.name, store.folder) == (True, "courier", folder)
    with Store.open(folder) as store:
        assert store.is_new is False


def test_a_moved_folder_works(folder, tmp_path):
    source = tmp_path / "made.mp4"
    source.write_bytes(mp4("a"))
    with Store.open(folder) as store:
        spec = RunSpec("a fox", model="import/veo")
        store.add_imported(spec, source, verify(source))
    shutil.move(folder, tmp_path / "elsewhere")
    with Store.open(tmp_path / "elsewhere") as store:
        (row,) = store.run_rows()
        assert (store.folder / row["clip.path"]).read_bytes() == mp4("a")
        assert store.name == "courier"
    assert source.exists()


def test_nothing_is_made_where_none_is_asked_for(folder):
    with pytest.raises(StoreError, match=r"is no experiment: there is no experiment.db in it"):
        Store.open(folder, create=False)
    assert not folder.exists()


def test_a_folder_of_something_else_is_refused(folder):
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"not empty and no experiment \(it holds holiday.jpg\)"):
        Store.open(folder)
    assert [p.name for p in folder.iterdir()] == ["holiday.jpg"]


def test_clips_whose_database_is_gone_are_not_taken_for_a_new_experiment(folder):
    (folder / "clips" / "ab").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"holds clips but its experiment.db is gone"):
        Store.open(folder)


def test_a_database_of_something_else_is_refused(folder):
    folder.mkdir()
    db = sqlite3.connect(folder / "experiment.db")
    db.execute("CREATE TABLE holiday (x)")
    db.close()
    with pytest.raises(StoreError, match="is a database of something else"):
        Store.open(folder)


def test_a_newer_schema_is_refused_untouched(folder):
    Store.open(folder).close()
    db = raw(folder)
    db.execute("UPDATE meta SET value='99' WHERE key='schema_version'")
    db.commit()
    db.close()
    before = (folder / "experiment.db").read_bytes()
    with pytest.raises(StoreError, match=r"written by a newer version \(schema 99, here \d+\)"):
        Store.open(folder)
    assert (folder / "experiment.db").read_bytes() == before


def test_a_damaged_database_says_what_to_do(folder):
    with Store.open(folder) as store:
        store.plan(cells(200))
    path = folder / "experiment.db"
    path.write_bytes(b"this is no database" * 100 + path.read_bytes()[1900:])
    with pytest.raises(StoreError, match=r"is damaged .*the clips beside it are whole"):
        Store.open(folder)


def test_an_older_file_is_migrated_and_backed_up(folder):
    """Made by hand as the first draft had it: no version, fewer tables, fewer columns."""
    folder.mkdir()
    db = raw(folder)
    db.executescript(
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);
        CREATE TABLE run (key TEXT PRIMARY KEY, seq BIGINT NOT NULL UNIQUE, prompt TEXT NOT NULL,
          negative TEXT, model TEXT NOT NULL, service TEXT NOT NULL, simulated BOOLEAN NOT NULL,
          params TEXT NOT NULL, sample INTEGER NOT NULL, state TEXT NOT NULL, created_at DOUBLE);
        CREATE TABLE budget (purse TEXT PRIMARY KEY, cap_micro_usd BIGINT,
          spent_micro_usd BIGINT NOT NULL DEFAULT 0);
        INSERT INTO budget VALUES ('real', 5000000, 400000);
        """
    )
    spec = RunSpec("a fox", model="fake/one")
    db.execute(
        "INSERT INTO run VALUES (?,1,'a fox',NULL,'fake/one','fake',0,'{}',1,'planned',1.0)",
        (spec.key,),
    )
    db.commit()
    db.close()
    with Store.open(folder) as store:
        assert store.run(spec.key).state is State.PLANNED
        assert store.run_rows()[0]["num_attempts"] == 0
        assert (store.budget().cap_micro_usd, store.budget().real.spent_micro_usd) == (
            5_000_000,
            400_000,
        )
        store.plan(cells(3))
        assert len(store.runs()) == 4
    with Store.open(folder.with_name("fresh")) as fresh, Store.open(folder) as old:
        assert shape(old) == shape(fresh)
    backup = sqlite.library().connect(str(folder / "experiment.db.v0.bak"))
    assert backup.execute("SELECT count(*) FROM run").fetchone() == (1,)
    assert backup.execute("SELECT count(*) FROM sqlite_master WHERE name='clip'").fetchone() == (0,)
    backup.close()


def shape(store: Store) -> dict[str, set[str]]:
    with store.reading() as conn:
        inspector = sa.inspect(conn)
        return {
            table: {column["name"] for column in inspector.get_columns(table)}
            for table in inspector.get_table_names()
        }


def test_every_step_to_the_present_schema_exists():
    assert sorted(schema.MIGRATIONS) == list(range(schema.SCHEMA_VERSION))


def test_a_store_for_reading_writes_nothing(folder):
    with Store.open(folder) as store:
        store.plan(cells(2))
    with Store.open(folder, read_only=True) as store:
        assert store.counts() == {State.PLANNED: 2}
        with pytest.raises(StoreError, match="is open for reading only"):
            store.set_budget(1)


def test_a_reader_beside_a_writer_sees_what_is_new(folder):
    with Store.open(folder) as store, Store.open(folder, read_only=True) as reader:
        before = reader.version
        store.plan(cells(3))
        assert reader.counts() == {State.PLANNED: 3}
        assert reader.version != before


AS_NOBODY = """
import os, sys, tempfile
from pathlib import Path
from toolkit.errors import StoreError
from toolkit.store import Store
with tempfile.TemporaryDirectory() as other, Store.open(Path(other) / "e") as store:
    store.counts()  # whatever is imported late is imported now, while it may be read
os.setuid(65534)
folder = Path(sys.argv[1])
try:
    Store.open(folder)
except StoreError as problem:
    print(problem)
with Store.open(folder, read_only=True) as store:
    print(sum(store.counts().values()))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become nobody")
@pytest.mark.parametrize(
    "state",
    [
        pytest.param("closed", marks=pytest.mark.slow),
        pytest.param("killed", marks=pytest.mark.slow),
        "in use",
    ],
)
def test_a_folder_that_may_not_be_written_is_readable(state):
    """Also when changes still wait in the write-ahead log, and while its owner works on it."""
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    folder = base / "exp"
    child = f"""
import os
from tests.fake_service import cells
from toolkit.store import Store
store = Store.open({str(folder)!r}); store.plan(cells(5)); os._exit(0)
"""
    root = Path(__file__).parents[1]
    here = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", child], check=True, cwd=base, env=here)
    owner = Store.open(folder) if state != "killed" else None
    if state == "closed" and owner is not None:
        owner.close()
    for path in (base, folder, *folder.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(folder)],
        capture_output=True, text=True, cwd=root, env=here, check=False,
    )  # fmt: skip
    if owner is not None:
        owner.close()
    shutil.rmtree(base)
    assert done.returncode == 0, done.stderr
    message, count = done.stdout.splitlines()
    assert "cannot be written" in message
    assert "read_only=True" in message
    assert count == "5"


def test_a_network_folder_gets_a_warning_and_no_write_ahead_log(folder, monkeypatch):
    monkeypatch.setattr(sqlite, "file_system", lambda _: "nfs4")
    with pytest.warns(UserWarning, match=r"is on a network file system \(nfs4\)"):
        store = Store.open(folder)
    with store.reading() as conn:
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "truncate"
    store.close()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_the_journal_is_chosen_by_version(version, safe):
    assert sqlite.wal_is_safe(version) is safe


def test_each_connection_waits_syncs_and_takes_its_lock_first(folder):
    with Store.open(folder) as store, store.writing() as conn:
        ask = conn.exec_driver_sql
        assert ask("PRAGMA synchronous").scalar() == 2
        assert ask("PRAGMA busy_timeout").scalar() == 60_000
        lib = sqlite.library()
        safe = sqlite.wal_is_safe(lib.sqlite_version_info)
        assert ask("PRAGMA journal_mode").scalar() == ("wal" if safe else "truncate")
        other = lib.connect(str(folder / "experiment.db"), timeout=0)
        with pytest.raises(lib.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_many_writers_are_never_told_that_it_is_locked(folder):
    with Store.open(folder) as first:
        stores = [first, *(Store.open(folder) for _ in range(5))]
        problems: list[BaseException] = []

        def write(store: Store, name: int) -> None:
            try:
                for number in range(25):
                    store.meta_set(f"w{name}", number)
            except BaseException as problem:  # noqa: BLE001 - told below
                problems.append(problem)

        threads = [threading.Thread(target=write, args=(s, i)) for i, s in enumerate(stores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert [first.meta_get(f"w{name}") for name in range(6)] == [24] * 6
        for store in stores[1:]:
            store.close()


def test_new_folders_may_be_opened_at_the_same_moment(folder):
    opened: list[Store] = []
    threads = [threading.Thread(target=lambda: opened.append(Store.open(folder))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    for store in opened:
        store.close()


def test_a_store_does_not_travel_by_pickle(folder):
    import pickle

    with Store.open(folder) as store, pytest.raises(TypeError, match="pass its folder"):
        pickle.dumps(store)
