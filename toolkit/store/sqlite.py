"""Everything that is SQLite's alone: which library, which journal, how a transaction begins.

Several kernels on one write-ahead log is exactly the case in which SQLite 3.7.0 to 3.51.2 can
corrupt a file (fixed in 3.51.3, 3.50.7 and 3.44.6), so the library and the journal are chosen by
version. A write takes its lock when it begins: nothing reads first and is refused later.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import QueuePool

__all__ = [
    "ChangeCounter",
    "backup",
    "file_system",
    "insert_new",
    "is_network",
    "library",
    "make_engine",
    "part_of",
    "shorten_log",
    "transaction",
    "wal_is_safe",
]

BUSY_S = 60.0

SMALL_DISK_BYTES, SMALL_LOG_PAGES = 64 << 20, 50
"""Where so little is free the log is kept short: emptying a long one may take room that it took."""

_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "davfs")
_NETWORK_FUSE = ("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.glusterfs")


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite resets a write-ahead log correctly under several writers."""
    return (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )


def library() -> Any:
    """The DB-API module: Python's own where its SQLite is sound, else `pysqlite3` if installed."""
    if not wal_is_safe(sqlite3.sqlite_version_info):
        try:
            from pysqlite3 import dbapi2
        except ImportError:
            return sqlite3
        return dbapi2
    return sqlite3


def file_system(path: Path) -> str:
    """The type of the file system that holds `path`, as Linux names it; "" where unknown."""
    best, kind = "", ""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    where = str(path.resolve())
    for line in lines:
        left, _, right = line.partition(" - ")
        mount = left.split()[4].encode().decode("unicode_escape")
        inside = where == mount or where.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, right.split()[0]
    return kind


def is_network(kind: str) -> bool:
    """Whether a file system of this type keeps its locks on another machine, or not at all."""
    return kind.startswith(_NETWORK) or kind in _NETWORK_FUSE


def journal_mode(lib: Any, path: Path) -> str:
    safe = wal_is_safe(lib.sqlite_version_info)
    return "wal" if safe and not is_network(file_system(path)) else "truncate"


def make_engine(path: Path, *, read_only: bool = False, immutable: bool = False) -> sa.Engine:
    """An engine on the file at `path`; `transaction` begins its transactions."""
    lib = library()
    mode = journal_mode(lib, path.parent)
    uri = path.resolve().as_uri()
    if read_only:
        uri += "?immutable=1" if immutable else "?mode=ro"

    def connect() -> Any:
        conn = lib.connect(
            uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        conn.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
        if not read_only and conn.execute("PRAGMA journal_mode").fetchone()[0] != mode:
            with contextlib.suppress(lib.OperationalError):  # others are at work: their mode holds
                conn.execute(f"PRAGMA journal_mode={mode}")
        conn.execute("PRAGMA synchronous=FULL")
        if shutil.disk_usage(path.parent).free < SMALL_DISK_BYTES:
            conn.execute(f"PRAGMA wal_autocheckpoint={SMALL_LOG_PAGES}")
        return conn

    return sa.create_engine(
        "sqlite://", module=lib, creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=16
    )


@contextlib.contextmanager
def transaction(engine: sa.Engine, *, write: bool = False) -> Iterator[sa.Connection]:
    """One transaction; with `write` it takes the write lock at once."""
    with engine.begin() as conn:
        # here and not in a listener: one listener makes every statement of the engine slower
        conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
        yield conn


@contextlib.contextmanager
def part_of(conn: sa.Connection) -> Iterator[sa.Connection]:
    """A part of a transaction that may be taken back by itself."""
    raw: Any = conn.connection.driver_connection  # ten times as quick as through the library
    raw.execute("SAVEPOINT part")
    try:
        yield conn
    except BaseException:
        if raw.in_transaction:  # a full disk ends the whole of it
            raw.execute("ROLLBACK TO part")
            raw.execute("RELEASE part")
        raise
    raw.execute("RELEASE part")


def insert_new(conn: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    batch = [dict(row) for row in rows]
    if batch:
        conn.execute(insert(table).on_conflict_do_nothing(), batch)


def backup(source: sa.Engine, target: Path) -> None:
    """A consistent copy of a database that may be in use."""
    part = target.with_name(target.name + ".part")
    with source.connect() as conn:
        copy = library().connect(str(part))
        try:
            conn.connection.driver_connection.backup(copy)  # type: ignore[union-attr]
        finally:
            copy.close()
    part.replace(target)


def shorten_log(engine: sa.Engine) -> bool:
    """Move what waits in the write-ahead log into the database and give its space back; whether
    that could be done now. Without this a log that has filled the disk keeps it full.
    """
    raw: Any = engine.raw_connection()
    try:
        raw.execute("PRAGMA busy_timeout=0")  # who reads at this moment is not waited for
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except library().OperationalError:  # no room for that, either
        return False
    finally:
        raw.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
        raw.close()
    return not busy


class ChangeCounter:
    """Tells whether anybody, in this process or another, has written since the last look."""

    def __init__(self, engine: sa.Engine) -> None:
        self._raw: Any = engine.raw_connection()
        self._lock = threading.Lock()

    def read(self) -> int:
        with self._lock:
            # counts the commits of all *other* connections; this one never writes
            return int(self._raw.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        with self._lock:
            self._raw.close()
