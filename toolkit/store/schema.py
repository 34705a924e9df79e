"""The tables, and how an older file becomes a newer one. Portable SQL only.

Money is integer micro-dollars, times are UTC seconds since 1970 as floats, JSON is text. Real and
simulated money have a purse each (`budget.purse`) and never meet.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, Index, MetaData, Table, UniqueConstraint

__all__ = ["MIGRATIONS", "SCHEMA_VERSION", "metadata", "migrate"]

metadata = MetaData()

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up only INTEGER keys
Money = sa.BigInteger
Time = sa.Double
Text = sa.Text


def _time(name: str, *, nullable: bool = True) -> Column[float]:
    return Column(name, Time, nullable=nullable)


meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text))

grid = Table(
    "grid",
    metadata,
    Column("id", Text, primary_key=True),
    Column("doc", Text, nullable=False),
    _time("created_at"),
)

cell = Table(
    "cell",
    metadata,
    Column("grid_id", Text, primary_key=True),
    Column("index", sa.Integer, primary_key=True, autoincrement=False),
    Column("run_key", Text, nullable=False, index=True),
    Column("parts", Text, nullable=False),
    Column("labels", Text, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("key", Text, primary_key=True),
    Column("seq", sa.BigInteger, nullable=False, unique=True),
    # what was asked
    Column("prompt", Text, nullable=False),
    Column("negative", Text),
    Column("model", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("simulated", sa.Boolean, nullable=False),
    Column("params", Text, nullable=False),
    Column("sample", sa.Integer, nullable=False),
    # "video", or "image" for a reference picture: then `clip_sha256` names a file in images/
    Column("makes", Text, nullable=False, server_default="video"),
    # parts and labels of its cell in the grid planned last
    Column("parts", Text, nullable=False, server_default="{}"),
    Column("labels", Text, nullable=False, server_default="{}"),
    # where it stands; only life.py writes these
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("est_cost_micro_usd", Money),
    Column("cost_micro_usd", Money),
    Column("reserved_micro_usd", Money, nullable=False, server_default="0"),
    Column("clip_sha256", Text),
    Column("attempt_id", Text),
    Column("num_attempts", sa.Integer, nullable=False, server_default="0"),
    Column("num_fetches", sa.Integer, nullable=False, server_default="0"),
    Column("owner", Text),
    _time("lease_until"),
    Column("fence", sa.BigInteger, nullable=False, server_default="0"),
    _time("not_before"),
    _time("expires_at"),
    _time("created_at", nullable=False),
    _time("done_at"),
    Index("run_open", "state", "lease_until"),
    Index("run_owner", "owner"),
    Index("run_clip", "clip_sha256"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_key", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("account", Text, nullable=False, server_default=""),
    Column("model", Text, nullable=False),
    Column("group_hash", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("job_id", Text),
    Column("job", Text),
    Column("sent", Text),
    Column("prompt_used", Text),
    Column("purse", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("reserved_micro_usd", Money, nullable=False),
    Column("settled_micro_usd", Money),
    Column("http_status", sa.Integer),
    Column("error", Text),
    _time("intent_at", nullable=False),
    _time("accepted_at"),
    _time("settled_at"),
    UniqueConstraint("service", "account", "job_id", name="one_attempt_per_job"),
    Index("attempt_group", "group_hash", "intent_at"),
)

clip = Table(
    "clip",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("width", sa.Integer, nullable=False),
    Column("height", sa.Integer, nullable=False),
    Column("num_frames", sa.Integer, nullable=False),
    Column("duration_s", sa.Double, nullable=False),
    Column("fps", sa.Double, nullable=False),
    Column("codec", Text, nullable=False),
    Column("has_audio", sa.Boolean, nullable=False),
    Column("size_bytes", sa.BigInteger, nullable=False),
)

score = Table(
    "score",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("run_key", Text, nullable=False),
    Column("clip_sha256", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("scorer", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("settings_hash", Text, nullable=False),
    Column("value", sa.Double),
    Column("note", Text, nullable=False),
    Column("confidence", sa.Double),
    Column("label", Text),
    Column("trace", Text),
    _time("at"),
    Index("score_run_metric", "run_key", "metric"),
)

vote = Table(
    "vote",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("by", Text, nullable=False),
    Column("doc", Text, nullable=False),
)

rating = Table(
    "rating",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("run_key", Text, nullable=False, index=True),
    Column("mark", Text, nullable=False),
    Column("doc", Text, nullable=False),
)

budget = Table(
    "budget",
    metadata,
    Column("purse", Text, primary_key=True),  # "real" or "sim"
    Column("cap_micro_usd", Money),
    Column("per_day_micro_usd", Money),
    Column("spent_micro_usd", Money, nullable=False, server_default="0"),
    Column("reserved_micro_usd", Money, nullable=False, server_default="0"),
    Column("refunded_micro_usd", Money, nullable=False, server_default="0"),
    Column("stopped", Text),  # why nothing more is sent, until the budget is set again
    CheckConstraint("reserved_micro_usd >= 0", name="reserved_not_negative"),
    CheckConstraint("spent_micro_usd >= 0", name="spent_not_negative"),
)

budget_day = Table(
    "budget_day",
    metadata,
    Column("purse", Text, primary_key=True),
    Column("day", Text, primary_key=True),  # UTC date of the intent
    Column("committed_micro_usd", Money, nullable=False, server_default="0"),
    CheckConstraint("committed_micro_usd >= 0", name="committed_not_negative"),
)

bucket = Table(
    "bucket",
    metadata,
    Column("service", Text, primary_key=True),
    Column("account", Text, primary_key=True, server_default=""),
    Column("next_free", Time, nullable=False, server_default="0"),  # GCRA's arrival time
    Column("breaker", Text, nullable=False, server_default="closed"),
    Column("open_until", Time),
    Column("reason", Text),
    Column("num_opened", sa.Integer, nullable=False, server_default="0"),
    Column("streak", sa.Integer, nullable=False, server_default="0"),
    Column(
        "outcomes", Text, nullable=False, server_default="[]"
    ),  # [[time, failed], ...], last minute
    Column("probe_owner", Text),
)

event = Table(
    "event",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("run_key", Text, index=True),
    _time("at", nullable=False),
    Column("owner", Text),
    Column("from", Text),
    Column("to", Text),
    Column("detail", Text),
)

worker = Table(
    "worker",
    metadata,
    Column("id", Text, primary_key=True),
    Column("process", Text, nullable=False),  # JSON: host, pid, start; tells whether it still lives
    Column("kind", Text, nullable=False, server_default="kernel"),
    Column("task", Text),
    _time("started_at", nullable=False),
    _time("heartbeat_at", nullable=False),
    _time("ended_at"),
)


def _add_missing(conn: sa.Connection) -> None:
    """Create the tables and add the columns that this file lacks; what is there stays as it is."""
    metadata.create_all(conn)
    inspector = sa.inspect(conn)
    prepare = conn.dialect.identifier_preparer
    for table in metadata.sorted_tables:
        have = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in have:
                spec = sa.schema.CreateColumn(column).compile(dialect=conn.dialect)
                conn.exec_driver_sql(f"ALTER TABLE {prepare.format_table(table)} ADD COLUMN {spec}")
        known = {index["name"] for index in inspector.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in known:
                index.create(conn)


MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {0: _add_missing, 1: _add_missing}
"""`MIGRATIONS[n]` takes a file from schema n to n + 1. Never edit a released one: add the next."""

SCHEMA_VERSION = max(MIGRATIONS) + 1


def migrate(conn: sa.Connection, version: int) -> None:
    """Bring a file from `version` to `SCHEMA_VERSION`, in the caller's transaction."""
    for step in range(version, SCHEMA_VERSION):
        MIGRATIONS[step](conn)
    conn.execute(sa.delete(meta).where(meta.c.key == "schema_version"))
    conn.execute(sa.insert(meta).values(key="schema_version", value=str(SCHEMA_VERSION)))
