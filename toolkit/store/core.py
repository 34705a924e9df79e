"""`Store`: an experiment's folder, its database and its clips.

Facts (events, scores, votes, ratings) are only ever added. The state of a run moves in `life.py`
and nowhere else. Several threads, kernels and processes may hold a store on the same folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import hashlib
import json
import shutil
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.exc import DatabaseError, IntegrityError

from toolkit.errors import StoreError
from toolkit.locks import Turns, locked
from toolkit.pictures import check as check_picture
from toolkit.records import (
    PARTS,
    Attempt,
    Clip,
    ImageRef,
    Rating,
    Reading,
    Run,
    RunSpec,
    Score,
    State,
    Vote,
    canonical_json,
    from_micro,
    to_micro,
)
from toolkit.store import schema as t
from toolkit.store import sqlite
from toolkit.store.files import FOLDERS, Files

__all__ = ["KEEP", "Budget", "CellRow", "Keep", "PlanResult", "Purse", "Store", "Worker"]

DATABASE = "experiment.db"

_BATCH = 500  # keys in one IN (...): below every library's limit of bound values
_VOTE = TypeAdapter(Vote)
_RATING = TypeAdapter(Rating)
_ACCEPTING = frozenset({"pick", "keep", "3", "4", "5"})


@dataclass(frozen=True)
class CellRow:
    """One cell of a grid on its way into the store. `est_cost_micro_usd` is the most it may cost;
    None where the price is not known.
    """

    grid_id: str
    index: int
    run_key: str
    spec: RunSpec
    parts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    est_cost_micro_usd: int | None = None


@dataclass(frozen=True)
class PlanResult:
    """The run keys of what was planned: those that are `new`, those that were `existing`."""

    new: list[str]
    existing: list[str]


@dataclass(frozen=True, kw_only=True)
class Purse:
    """Money of one kind, in micro-dollars. `today` is what today's (UTC) attempts commit."""

    spent_micro_usd: int = 0
    reserved_micro_usd: int = 0
    refunded_micro_usd: int = 0
    today_micro_usd: int = 0
    stopped: str | None = None

    @property
    def committed_micro_usd(self) -> int:
        return self.spent_micro_usd + self.reserved_micro_usd


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The caps, and what was done under them; the simulator's money is held to them apart."""

    cap_micro_usd: int | None
    per_day_micro_usd: int | None
    real: Purse
    sim: Purse


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A process that runs, or ran, this experiment's engine."""

    id: str
    process: dict[str, Any]
    kind: str
    task: Any
    started_at: datetime
    heartbeat_at: datetime
    ended_at: datetime | None


class Keep(enum.Enum):
    """The type of `KEEP`, which stands for "as it is"."""

    KEEP = enum.auto()

    def __repr__(self) -> str:
        return "KEEP"


KEEP = Keep.KEEP


def when(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, ImageRef):
        known = {"path": value.path, "url": value.url}
        return {"sha256": value.sha256, **{k: v for k, v in known.items() if v}}
    if hasattr(value, "item"):  # a NumPy scalar
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


class _Json:
    """Reads JSON texts of which most repeat: the same text gives an equal, fresh top-level dict,
    or, `shared`, the same one.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}

    def shared(self, text: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self._seen.get(text)
        if found is None:
            found = self._seen[text] = json.loads(text)
        return found

    def __call__(self, text: str) -> dict[str, Any]:
        return dict(self.shared(text))


def params_from_json(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: ImageRef(**value) if isinstance(value, Mapping) and "sha256" in value else value
        for name, value in raw.items()
    }


def spec_of(row: Any) -> RunSpec:
    """The `RunSpec` in a row of the run table."""
    return RunSpec(
        row.prompt,
        negative=row.negative,
        model=row.model,
        params=params_from_json(json.loads(row.params)),
        sample=row.sample,
    )


class Store(Files):
    """An experiment's folder. Open with `Store.open`; close it, or use it in a `with`."""

    def __init__(self, folder: Path, engine: sa.Engine, *, read_only: bool, is_new: bool) -> None:
        super().__init__(folder)
        self.is_new = is_new
        self.read_only = read_only
        self._engine = engine
        network = sqlite.is_network(sqlite.file_system(folder))
        self._turns = Turns(None if network else folder / f".{DATABASE}.turn")
        self._gate = threading.RLock()
        self._joint: sa.Connection | None = None
        self._after: list[Callable[[], None]] = []
        self._changes: sqlite.ChangeCounter | None = None
        self._closers: list[Callable[[], None]] = []
        self.name = folder.name

    # -- opening and closing ---------------------------------------------------------------------

    @staticmethod
    def open(
        folder: Path | str,
        *,
        name: str | None = None,
        create: bool = True,
        read_only: bool = False,
    ) -> Store:
        """The experiment in `folder`, made if it is not there and `create`.

        `StoreError` where the folder holds something else, was written by a newer version, is
        damaged, or cannot be written (then `read_only=True` still reads it).
        """
        folder = Path(folder).expanduser().absolute()
        database = folder / DATABASE
        if not database.exists():
            _check_new(folder, create=create and not read_only)
        if read_only:
            return _open_read_only(folder, database)
        kind = sqlite.file_system(folder if folder.exists() else folder.parent)
        if sqlite.is_network(kind):
            warnings.warn(
                f"{folder} is on a network file system ({kind}): keep to one kernel at a time, or "
                "move the experiment to a local disk",
                stacklevel=2,
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / f".{DATABASE}.lock"):
                is_new = not database.exists()
                engine = sqlite.make_engine(database)
                store = Store(folder, engine, read_only=False, is_new=is_new)
                with _telling(folder):
                    store._prepare(name)
        except PermissionError as problem:
            raise _not_writable(folder, problem) from problem
        except OSError as problem:
            if problem.errno == 30:  # EROFS
                raise _not_writable(folder, problem) from problem
            raise StoreError(f"{folder} cannot be opened: {problem}") from problem
        return store

    def _prepare(self, name: str | None) -> None:
        version = _schema_version(self._engine, self.folder)
        if 0 < version < t.SCHEMA_VERSION or (version == 0 and not self.is_new):
            sqlite.backup(self._engine, self.folder / f"{DATABASE}.v{version}.bak")
        if version != t.SCHEMA_VERSION:
            with self._writing() as conn:
                t.migrate(conn, version)
                sqlite.insert_new(conn, t.budget, [{"purse": "real"}, {"purse": "sim"}])
        self.name = self.meta_get("name") or name or self.folder.name
        if self.meta_get("name") is None:
            self.meta_set("name", self.name)
            self.meta_set("created_at", time.time())

    def close(self) -> None:
        """Let go of the files; a closed store can be opened again."""
        if self._changes is not None:
            self._changes.close()
            self._changes = None
        self._engine.dispose()
        self._turns.close()
        for close in self._closers:
            close()
        self._closers.clear()

    def backup(self, target: Path) -> None:
        """A consistent copy of the database, taken while anybody may be writing."""
        with _telling(self.folder):
            sqlite.backup(self._engine, target)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r})"

    def __reduce__(self) -> Any:
        raise TypeError("a store is open files: pass its folder and open it there")

    # -- transactions ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent look."""
        with _telling(self.folder), sqlite.transaction(self._engine) as conn:
            yield conn

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One durable change: all of it or nothing, on disk when the block is left."""
        if self.read_only:
            raise StoreError(
                f"{self.folder} is open for reading only; copy the folder to a place that you may "
                "write to, and open the copy"
            )
        with self._gate, _telling(self.folder):
            if self._joint is not None:
                with sqlite.part_of(self._joint) as conn:
                    yield conn
            else:
                with self._writing() as conn:
                    yield conn

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Changes made in this block, by this thread, last together: one write to disk for all.

        Each may fail by itself and takes only itself back. After a failure of the database itself
        leave the block with it: everything is taken back.
        """
        with self._gate, _telling(self.folder):
            self._after = []
            try:
                with self._writing() as conn:
                    self._joint = conn
                    yield
            finally:
                self._joint = None
            for call in self._after:
                call()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A write in turn: SQLite's own lock has no queue, and who waits long then waits longer."""
        with self._turns.taken():
            try:
                with sqlite.transaction(self._engine, write=True) as conn:
                    yield conn
            except DatabaseError as problem:
                if "disk is full" in str(problem):
                    sqlite.shorten_log(self._engine)  # the next try may find room
                raise

    def when_durable(self, call: Callable[[], None]) -> None:
        """Call it as soon as the change just made is on disk."""
        with self._gate:
            if self._joint is None:
                call()
            else:
                self._after.append(call)

    @property
    def version(self) -> int:
        """A number that differs as soon as anybody, here or in another process, has written."""
        if self._changes is None:
            self._changes = sqlite.ChangeCounter(self._engine)
        return self._changes.read()

    # -- meta ------------------------------------------------------------------------------------

    def meta_get(self, key: str, default: Any = None) -> Any:
        with self.reading() as conn:
            text = conn.scalar(sa.select(t.meta.c.value).where(t.meta.c.key == key))
        return default if text is None else json.loads(text)

    def meta_set(self, key: str, value: Any) -> None:
        if key == "schema_version":
            raise ValueError("the schema version is not for setting")
        with self.writing() as conn:
            conn.execute(sa.delete(t.meta).where(t.meta.c.key == key))
            conn.execute(sa.insert(t.meta).values(key=key, value=dumps(value)))

    # -- money -----------------------------------------------------------------------------------

    def budget(self) -> Budget:
        """The caps and the two purses."""
        day = today()
        with self.reading() as conn:
            rows = {row.purse: row for row in conn.execute(sa.select(t.budget))}
            days = {
                row.purse: row.committed_micro_usd
                for row in conn.execute(sa.select(t.budget_day).where(t.budget_day.c.day == day))
            }
        purses = {
            name: Purse(
                spent_micro_usd=row.spent_micro_usd,
                reserved_micro_usd=row.reserved_micro_usd,
                refunded_micro_usd=row.refunded_micro_usd,
                today_micro_usd=days.get(name, 0),
                stopped=row.stopped,
            )
            for name, row in rows.items()
        }
        real = rows["real"]
        return Budget(
            cap_micro_usd=real.cap_micro_usd, per_day_micro_usd=real.per_day_micro_usd, **purses
        )

    def set_budget(
        self, usd: float | Keep | None = KEEP, *, per_day_usd: float | Keep | None = KEEP
    ) -> Budget:
        """Set the caps, for real money and for simulated money apart; one that is not named stays.

        None: no cap, and with `usd=None` nothing real is sent. Also lets an engine go on that a
        dearer bill had stopped.
        """
        asked = {"cap_micro_usd": usd, "per_day_micro_usd": per_day_usd}
        caps = {
            name: None if value is None else to_micro(value)
            for name, value in asked.items()
            if not isinstance(value, Keep)
        }
        with self.writing() as conn:
            conn.execute(sa.update(t.budget).values(**caps, stopped=None))
            log(conn, None, detail={"budget": caps})
        return self.budget()

    # -- grids, cells, runs ----------------------------------------------------------------------

    def add_grid(self, doc: Mapping[str, Any]) -> str:
        """Keep a grid's document; its id is the hash of its content."""
        text = canonical_json(doc)
        grid_id = hashlib.sha256(text.encode()).hexdigest()[:16]
        row = {"id": grid_id, "doc": dumps(doc), "created_at": time.time()}
        with self.writing() as conn:
            sqlite.insert_new(conn, t.grid, [row])
        return grid_id

    def grids(self) -> list[dict[str, Any]]:
        """Every grid's `id`, `doc` and `created_at`, oldest first."""
        with self.reading() as conn:
            rows = conn.execute(sa.select(t.grid).order_by(t.grid.c.created_at, t.grid.c.id)).all()
        return [
            {"id": r.id, "doc": json.loads(r.doc), "created_at": when(r.created_at)} for r in rows
        ]

    def plan(self, cells: Iterable[CellRow]) -> PlanResult:
        """Record cells and the runs they ask for (state `planned`); what is there is kept.

        A run takes the parts and labels of its first cell in the grid that was planned last, so
        that a regrouped grid regroups the table and pays nothing.
        """
        new: dict[str, None] = {}
        existing: dict[str, None] = {}
        for batch in _batches(cells, 2000):
            with self.writing() as conn:
                self._plan_batch(conn, batch, new, existing)
        return PlanResult(list(new), list(existing))

    def _plan_batch(
        self,
        conn: sa.Connection,
        batch: list[CellRow],
        new: dict[str, None],
        existing: dict[str, None],
    ) -> None:
        now = time.time()
        have = {
            row.key: row
            for row in _where_in(
                conn,
                sa.select(t.run.c.key, t.run.c.parts, t.run.c.labels, t.run.c.est_cost_micro_usd),
                t.run.c.key,
                list(dict.fromkeys(cell.run_key for cell in batch)),
            )
        }
        seq = conn.scalar(sa.select(sa.func.coalesce(sa.func.max(t.run.c.seq), 0))) or 0
        cells, runs, changes = [], [], []
        for cell in batch:
            parts, labels = dumps(dict(cell.parts)), dumps(dict(cell.labels))
            cells.append(
                {
                    "grid_id": cell.grid_id,
                    "index": cell.index,
                    "run_key": cell.run_key,
                    "parts": parts,
                    "labels": labels,
                }
            )
            if cell.run_key in new or cell.run_key in existing:
                continue
            row = have.get(cell.run_key)
            if row is None:
                seq += 1
                new[cell.run_key] = None
                runs.append(_run_row(cell, seq, parts, labels, now))
                continue
            existing[cell.run_key] = None
            price = cell.est_cost_micro_usd
            if (row.parts, row.labels, row.est_cost_micro_usd) != (parts, labels, price):
                changes.append(
                    {"k": cell.run_key, "parts": parts, "labels": labels, "price": price}
                )
        sqlite.insert_new(conn, t.cell, cells)
        if runs:
            conn.execute(sa.insert(t.run), runs)
        if changes:
            conn.execute(
                sa.update(t.run)
                .where(t.run.c.key == sa.bindparam("k"))
                .values(
                    parts=sa.bindparam("parts"),
                    labels=sa.bindparam("labels"),
                    est_cost_micro_usd=sa.bindparam("price"),
                ),
                changes,
            )

    def add_imported(
        self,
        spec: RunSpec,
        path: Path,
        clip: Clip,
        *,
        parts: Mapping[str, str] | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> Run:
        """A clip made elsewhere as a run that is done and cost nothing here. The file is copied.

        Importing the same spec again takes the new clip.
        """
        sha256 = self.add_clip_file(path, clip)
        with self.writing() as conn:
            found = conn.scalar(sa.select(t.run.c.state).where(t.run.c.key == spec.key))
            if found not in (None, State.PLANNED, State.DONE):
                raise StoreError(
                    f"run {spec.key[:16]} is {found}: a run in progress takes no imported clip"
                )
            now = time.time()
            if found is None:
                seq = conn.scalar(sa.select(sa.func.coalesce(sa.func.max(t.run.c.seq), 0))) or 0
                cell = CellRow("", 0, spec.key, spec, est_cost_micro_usd=0)
                conn.execute(sa.insert(t.run), [_run_row(cell, seq + 1, "{}", "{}", now)])
            conn.execute(
                sa.update(t.run)
                .where(t.run.c.key == spec.key)
                .values(
                    parts=dumps(dict(parts or {})),
                    labels=dumps(dict(labels or {})),
                    state=State.DONE,
                    clip_sha256=sha256,
                    cost_micro_usd=0,
                    done_at=now,
                )
            )
            log(conn, spec.key, to=State.DONE, detail={"imported": sha256})
        return self.run(spec.key)

    def run(self, key: str) -> Run:
        """The run with this key, or with a key that begins so (8 digits or more)."""
        found = self.runs(keys=[key])
        if not found and 8 <= len(key) < 64:
            with self.reading() as conn:
                starts = t.run.c.key.startswith(key, autoescape=True)
                rows = conn.execute(sa.select(t.run).where(starts).limit(2)).all()
            found = [_run(row) for row in rows]
        if len(found) != 1:
            what = "several runs begin with" if found else "no run has the key"
            raise StoreError(f"{what} {key!r} in {self.folder}; exp.runs_df() lists them")
        return found[0]

    def runs(
        self,
        states: Iterable[State] | None = None,
        keys: Iterable[str] | None = None,
    ) -> list[Run]:
        """Runs in the order they were planned, all of them unless narrowed."""
        return [_run(row) for row in self._run_rows(states, keys)]

    def _run_rows(
        self, states: Iterable[State] | None, keys: Iterable[str] | None
    ) -> Sequence[sa.Row[Any]]:
        query = sa.select(t.run).order_by(t.run.c.seq)
        if states is not None:
            query = query.where(t.run.c.state.in_([str(state) for state in states]))
        with self.reading() as conn:
            if keys is None:
                return conn.execute(query).all()
            rows = _where_in(conn, query, t.run.c.key, list(dict.fromkeys(keys)))
        return sorted(rows, key=lambda row: row.seq)

    def brief(self, keys: Iterable[str]) -> list[tuple[str, State, str, bool]]:
        """(key, state, service, simulated) of runs, in the order of `keys`; unknown keys are left
        out.
        """
        wanted = list(dict.fromkeys(keys))
        columns = (t.run.c.key, t.run.c.state, t.run.c.service, t.run.c.simulated)
        with self.reading() as conn:
            rows = {r.key: r for r in _where_in(conn, sa.select(*columns), t.run.c.key, wanted)}
        found = [rows[key] for key in wanted if key in rows]
        return [(r.key, State(r.state), r.service, bool(r.simulated)) for r in found]

    def keys(self, states: Iterable[State]) -> list[str]:
        """The keys of all runs in these states, in the order planned."""
        wanted = [str(state) for state in states]
        query = sa.select(t.run.c.key).where(t.run.c.state.in_(wanted)).order_by(t.run.c.seq)
        with self.reading() as conn:
            return list(conn.scalars(query))

    def open_rows(self) -> list[dict[str, Any]]:
        """What is not at its end, and what waits for a person, as bare rows in the order planned:
        key, state, reason, simulated, reserved_micro_usd, expires_at.
        """
        c = t.run.c
        columns = (c.key, c.state, c.reason, c.simulated, c.reserved_micro_usd, c.expires_at)
        wanted = [str(state) for state in State if state.is_open or state is State.HOLD]
        query = sa.select(*columns).where(c.state.in_(wanted)).order_by(c.seq)
        with self.reading() as conn:
            return [dict(row._mapping) for row in conn.execute(query)]

    def stops(self) -> list[str]:
        """Why nothing more is sent until a person acts, for each purse and service."""
        breaker = t.bucket.c.breaker == "person"
        with self.reading() as conn:
            purses = conn.scalars(sa.select(t.budget.c.stopped).order_by(t.budget.c.purse)).all()
            services = conn.scalars(sa.select(t.bucket.c.reason).where(breaker)).all()
        return [why for why in (*purses, *services) if why]

    def counts(self, keys: Iterable[str] | None = None) -> dict[State, int]:
        """How many runs stand in each state that occurs; without `keys`, of those that make
        clips.
        """
        query = sa.select(t.run.c.state, sa.func.count()).group_by(t.run.c.state)
        if keys is None:
            query = query.where(t.run.c.makes == "video")
        counts: dict[State, int] = {}
        with self.reading() as conn:
            rows: Iterable[Any]
            if keys is None:
                rows = conn.execute(query)
            else:
                rows = _where_in(conn, query, t.run.c.key, list(dict.fromkeys(keys)))
            for state, number in rows:
                counts[State(state)] = counts.get(State(state), 0) + number
        return counts

    def run_rows(self, keys: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """One flat dict a run, in the order planned; see `run_columns`."""
        columns = self.run_columns(keys)
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]

    def run_columns(
        self, keys: Iterable[str] | None = None, *, bare: bool = False
    ) -> dict[str, Sequence[Any]]:
        """The columns of `columns.RUN_COLUMNS`, one value a run in the order planned (without
        `keys` those that make clips, not pictures), with
        `params` and `labels` (dicts) and the attempt that counts under `attempt.*`.

        `clip.path` is relative to the folder. Money is in dollars: `cost_usd` real, `sim_cost_usd`
        simulated, both what was spent so far; `reserved_usd` is what is still held. `bare` is for
        large tables: times are seconds since 1970, equal dicts are one and not to be changed, and
        what is no column of the table is left out, but for `params`.
        """
        wanted = None if keys is None else list(dict.fromkeys(keys))
        run_query = _BARE_RUN_QUERY if bare else _RUN_QUERY
        with self.reading() as conn:
            if wanted is None:
                clips = t.run.c.makes == "video"
                rows = _tuples(conn.execute(run_query.where(clips).order_by(t.run.c.seq)))
            else:
                rows = _where_in(conn, run_query, t.run.c.key, wanted)
                rows.sort(key=lambda row: row.seq)
            query = sa.select(t.rating.c.run_key, t.rating.c.mark).order_by(t.rating.c.seq)
            marks = {key: mark for key, mark in conn.execute(query)}  # noqa: C416 - rows, not pairs
        names = [column.name for column in run_query.selected_columns]
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        return _columns(dict(zip(names, columns, strict=True)), marks, bare=bare)

    def cells(self, grid_id: str | None = None) -> list[dict[str, Any]]:
        """Every cell: `grid_id`, `index`, `run_key`, `parts`, `labels`."""
        query = sa.select(t.cell).order_by(t.cell.c.grid_id, t.cell.c.index)
        if grid_id is not None:
            query = query.where(t.cell.c.grid_id == grid_id)
        read = _Json()
        with self.reading() as conn:
            return [
                {**row._mapping, "parts": read(row.parts), "labels": read(row.labels)}
                for row in conn.execute(query)
            ]

    def attempts(self, run_key: str | None = None) -> list[Attempt]:
        """Every submission of a run (of all runs if None), oldest first."""
        query = sa.select(t.attempt).order_by(t.attempt.c.intent_at, t.attempt.c.id)
        if run_key is not None:
            query = query.where(t.attempt.c.run_key == run_key)
        with self.reading() as conn:
            return [_attempt(row) for row in conn.execute(query)]

    def events(self, run_key: str | None = None, *, after: int = 0) -> list[dict[str, Any]]:
        """What happened, in order: `seq`, `run_key`, `at`, `owner`, `from`, `to`, `detail`."""
        query = sa.select(t.event).where(t.event.c.seq > after).order_by(t.event.c.seq)
        if run_key is not None:
            query = query.where(t.event.c.run_key == run_key)
        with self.reading() as conn:
            return [
                {
                    **row._mapping,
                    "at": when(row.at),
                    "detail": json.loads(row.detail) if row.detail else {},
                }
                for row in conn.execute(query)
            ]

    # -- clips and images ------------------------------------------------------------------------

    def add_clip_file(self, path: Path, clip: Clip | None = None) -> str:
        """Copy a video into the clip store and return its SHA-256; `clip` records what was
        measured on it.
        """
        sha256 = self.copy_in(Path(path), to="clips")
        if clip is not None:
            if clip.sha256 != sha256:
                raise StoreError(f"{path} changed while it was read; import it again")
            self.put_clip(clip)
        return sha256

    def put_clip(self, clip: Clip) -> None:
        """Record what was measured; a later measure of the same clip replaces an earlier one."""
        with self.writing() as conn:
            put_clip(conn, clip)

    def clip(self, sha256: str) -> Clip | None:
        with self.reading() as conn:
            row = conn.execute(sa.select(t.clip).where(t.clip.c.sha256 == sha256)).first()
        return None if row is None else Clip(**row._mapping)

    def clips(self) -> dict[str, Clip]:
        """Every measured clip by its SHA-256."""
        with self.reading() as conn:
            return {row.sha256: Clip(**row._mapping) for row in conn.execute(sa.select(t.clip))}

    def add_image(self, path: Path, *, url: str | None = None) -> ImageRef:
        """Copy a reference picture into the experiment; the same bytes are kept once. `ClipError`
        where it is none. `url` is where everybody finds it, for services that want that.
        """
        found = check_picture(Path(path))
        if self.find_image(found.sha256) is None:
            self.need_writable()
            sha256 = self.copy_in(Path(path), to="images", suffix=found.suffix)
            if sha256 != found.sha256:
                raise StoreError(f"{path} changed while it was read; name it again")
        return self.image(found.sha256, url=url)

    def need_writable(self) -> None:
        if self.read_only:
            raise StoreError(f"{self.folder} is open for reading only; nothing can be kept in it")

    def image(self, sha256: str, *, url: str | None = None) -> ImageRef:
        """A picture that the experiment keeps, by its path in it."""
        kept = self.find_image(sha256)
        if kept is None:
            raise StoreError(
                f"no picture {sha256[:16]} in {self.folder}; exp.images_df() lists them"
            )
        return ImageRef(sha256, path=kept.relative_to(self.folder).as_posix(), url=url)

    def plan_image(self, spec: RunSpec, est_cost_micro_usd: int | None) -> Run:
        """A run that makes a reference picture: in no grid's cells and no table of clips."""
        with self.writing() as conn:
            found = conn.execute(sa.select(t.run).where(t.run.c.key == spec.key)).first()
            if found is None:
                seq = conn.scalar(sa.select(sa.func.coalesce(sa.func.max(t.run.c.seq), 0))) or 0
                cell = CellRow("", 0, spec.key, spec, est_cost_micro_usd=est_cost_micro_usd)
                row = _run_row(cell, seq + 1, "{}", "{}", time.time())
                conn.execute(sa.insert(t.run), [{**row, "makes": "image"}])
            elif found.state == State.PLANNED:
                conn.execute(
                    sa.update(t.run)
                    .where(t.run.c.key == spec.key)
                    .values(est_cost_micro_usd=est_cost_micro_usd)
                )
        return self.run(spec.key)

    def image_runs(self) -> list[Run]:
        """The runs that make pictures, in the order planned."""
        query = sa.select(t.run).where(t.run.c.makes == "image").order_by(t.run.c.seq)
        with self.reading() as conn:
            return [_run(row) for row in conn.execute(query)]

    # -- scores, votes, ratings ------------------------------------------------------------------

    def add_scores(self, scores: Iterable[Score]) -> None:
        now = time.time()
        rows = [
            {
                "run_key": score.run_key,
                "clip_sha256": score.clip_sha256,
                "metric": score.metric,
                "scorer": score.scorer,
                "tier": score.tier,
                "settings_hash": score.settings_hash,
                "value": score.reading.value,
                "note": score.reading.note,
                "confidence": score.reading.confidence,
                "label": score.reading.label,
                "trace": None if score.reading.trace is None else dumps(score.reading.trace),
                "at": now,
            }
            for score in scores
        ]
        if rows:
            with self.writing() as conn:
                conn.execute(sa.insert(t.score), rows)

    def scores(self, keys: Iterable[str] | None = None, *, traces: bool = True) -> list[Score]:
        """Every score ever stored, oldest first."""
        return [_score(row, traces=traces) for row in self._score_rows(keys)]

    def latest_scores(
        self, keys: Iterable[str] | None = None, *, traces: bool = True
    ) -> list[Score]:
        """The newest score of each run and metric."""
        rows = {(row.run_key, row.metric): row for row in self._score_rows(keys)}
        return [_score(row, traces=traces) for row in rows.values()]

    def latest_score_rows(
        self, keys: Iterable[str] | None = None
    ) -> list[tuple[str, str, float | None, str | None]]:
        """`latest_scores` as bare (run key, metric, value, label), for large tables."""
        c = t.score.c
        return self._latest(keys, (c.run_key, c.metric, c.value, c.label))

    def latest_score_facts(self, keys: Iterable[str] | None = None) -> list[tuple[Any, ...]]:
        """`latest_scores` as bare (run key, metric, value, label, note, confidence, scorer, tier,
        settings hash, clip's SHA-256), for large tables.
        """
        c = t.score.c
        facts = (c.note, c.confidence, c.scorer, c.tier, c.settings_hash, c.clip_sha256)
        return self._latest(keys, (c.run_key, c.metric, c.value, c.label, *facts))

    def _latest(self, keys: Iterable[str] | None, columns: Sequence[Any]) -> list[Any]:
        """The newest score of each run and metric, which are the first two columns."""
        return list({row[:2]: row for row in self._score_rows(keys, columns)}.values())

    def scored(self, keys: Iterable[str] | None = None) -> set[tuple[str, str, str, str, str, str]]:
        """What is measured already: run key, clip, scorer, tier, settings hash, metric."""
        c = t.score.c
        columns = (c.run_key, c.clip_sha256, c.scorer, c.tier, c.settings_hash, c.metric)
        return {tuple(row) for row in self._score_rows(keys, columns)}

    def _score_rows(
        self, keys: Iterable[str] | None, columns: Sequence[Any] | None = None
    ) -> list[Any]:
        query = sa.select(*(columns or (t.score,))).order_by(t.score.c.id)
        with self.reading() as conn:
            if keys is not None:
                return _where_in(conn, query, t.score.c.run_key, list(dict.fromkeys(keys)))
            result = conn.execute(query)
            return list(result) if columns is None else _tuples(result)

    def add_vote(self, vote: Vote) -> None:
        """Append a vote; the same id twice is kept once."""
        row = {"id": vote.id, "by": vote.by, "doc": _VOTE.dump_json(vote).decode()}
        with self.writing() as conn:
            sqlite.insert_new(conn, t.vote, [row])

    def votes(self, by: str | None = None) -> list[Vote]:
        """Votes as they were given, those that undo another included."""
        query = sa.select(t.vote.c.doc).order_by(t.vote.c.seq)
        if by is not None:
            query = query.where(t.vote.c.by == by)
        with self.reading() as conn:
            return [_VOTE.validate_json(doc) for doc in conn.scalars(query)]

    def add_rating(self, rating: Rating) -> None:
        """Append a rating; the newest of a run counts, the mark "none" takes it back."""
        row = {
            "id": rating.id,
            "run_key": rating.run_key,
            "mark": rating.mark,
            "doc": _RATING.dump_json(rating).decode(),
        }
        with self.writing() as conn:
            sqlite.insert_new(conn, t.rating, [row])

    def ratings(self) -> list[Rating]:
        """Ratings as they were given."""
        with self.reading() as conn:
            docs = conn.scalars(sa.select(t.rating.c.doc).order_by(t.rating.c.seq))
            return [_RATING.validate_json(doc) for doc in docs]

    # -- processes at work -----------------------------------------------------------------------

    def workers(self) -> list[Worker]:
        """The kernels and worker processes that ran this experiment, oldest first."""
        with self.reading() as conn:
            rows = conn.execute(sa.select(t.worker).order_by(t.worker.c.started_at)).all()
        return [
            Worker(
                id=row.id,
                process=json.loads(row.process),
                kind=row.kind,
                task=None if row.task is None else json.loads(row.task),
                started_at=datetime.fromtimestamp(row.started_at, UTC),
                heartbeat_at=datetime.fromtimestamp(row.heartbeat_at, UTC),
                ended_at=when(row.ended_at),
            )
            for row in rows
        ]


# -- rows to records -----------------------------------------------------------------------------


def _run_row(cell: CellRow, seq: int, parts: str, labels: str, now: float) -> dict[str, Any]:
    spec = cell.spec
    return {
        "key": cell.run_key,
        "seq": seq,
        "prompt": spec.prompt,
        "negative": spec.negative,
        "model": spec.model,
        "service": spec.service,
        "simulated": spec.is_simulated,
        "params": dumps(spec.params),
        "sample": spec.sample,
        "makes": "video",
        "parts": parts,
        "labels": labels,
        "state": str(State.PLANNED),
        "est_cost_micro_usd": cell.est_cost_micro_usd,
        "created_at": now,
    }


def _run(row: Any) -> Run:
    return Run(
        row.key,
        spec=spec_of(row),
        state=State(row.state),
        reason=row.reason,
        clip_sha256=row.clip_sha256 if row.makes == "video" else None,
        image_sha256=row.clip_sha256 if row.makes == "image" else None,
        cost_micro_usd=row.cost_micro_usd,
        reserved_micro_usd=row.reserved_micro_usd,
        created_at=when(row.created_at),
        done_at=when(row.done_at),
    )


def _attempt(row: Any) -> Attempt:
    return Attempt(
        row.id,
        run_key=row.run_key,
        state=row.state,
        intent_at=datetime.fromtimestamp(row.intent_at, UTC),
        service=row.service,
        token=row.token,
        job=None if row.job is None else json.loads(row.job),
        sent=None if row.sent is None else json.loads(row.sent),
        prompt_used=row.prompt_used,
        reserved_micro_usd=row.reserved_micro_usd,
        settled_micro_usd=row.settled_micro_usd,
        http_status=row.http_status,
        error=row.error,
    )


def _score(row: Any, *, traces: bool) -> Score:
    return Score(
        row.run_key,
        clip_sha256=row.clip_sha256,
        metric=row.metric,
        scorer=row.scorer,
        tier=row.tier,
        settings_hash=row.settings_hash,
        reading=Reading(
            row.value,
            note=row.note,
            confidence=row.confidence,
            label=row.label,
            trace=json.loads(row.trace) if traces and row.trace else None,
        ),
    )


def put_clip(conn: sa.Connection, clip: Clip) -> None:
    conn.execute(_NO_CLIP, {"k": clip.sha256})
    conn.execute(_NEW_CLIP, dataclasses.asdict(clip))


_NO_CLIP = sa.delete(t.clip).where(t.clip.c.sha256 == sa.bindparam("k"))
_NEW_CLIP = sa.insert(t.clip)


def log(
    conn: sa.Connection,
    run_key: str | None,
    *,
    frm: str | None = None,
    to: str | None = None,
    owner: str | None = None,
    detail: Mapping[str, Any] | None = None,
    at: float | None = None,
) -> None:
    """Append to the history."""
    conn.execute(
        _NEW_EVENT,
        {
            "run_key": run_key,
            "at": time.time() if at is None else at,
            "owner": owner,
            "from": frm,
            "to": to,
            "detail": dumps(detail) if detail else None,
        },
    )


_NEW_EVENT = sa.insert(t.event)

_CLIP_FIELDS = tuple(column.name for column in t.clip.c if column.name != "sha256")

_RUN_FIELDS = (
    "key", "model", "service", "simulated", "sample", "state", "reason", "prompt", "negative",
    "params", "parts", "labels", "clip_sha256", "cost_micro_usd", "reserved_micro_usd",
    "num_attempts", "created_at", "done_at", "seq",
)  # fmt: skip


def _run_query(*beside: Any) -> sa.Select[Any]:
    return sa.select(
        *(t.run.c[name] for name in _RUN_FIELDS),
        *(t.attempt.c[name] for name in ("intent_at", "job_id", "prompt_used")),
        *(t.clip.c[name] for name in _CLIP_FIELDS),
        *beside,
    ).select_from(
        t.run.outerjoin(t.attempt, t.run.c.attempt_id == t.attempt.c.id).outerjoin(
            t.clip, t.run.c.clip_sha256 == t.clip.c.sha256
        )
    )


_BARE_RUN_QUERY = _run_query()
_RUN_QUERY = _run_query(
    t.run.c.est_cost_micro_usd,
    t.run.c.expires_at,
    t.attempt.c.id.label("attempt_id"),
    t.attempt.c.state.label("attempt_state"),
    t.attempt.c.sent,
    t.attempt.c.http_status,
    t.attempt.c.error,
)


def _columns(
    raw: Mapping[str, Sequence[Any]], marks: Mapping[str, str], *, bare: bool
) -> dict[str, Sequence[Any]]:
    """Columns of the database as columns of the table."""
    read = _Json()
    dicts = read.shared if bare else read
    moment: Callable[[Any], Any] = _as_it_is if bare else when
    parts = [read.shared(text) for text in raw["parts"]]
    labels = [dicts(text) for text in raw["labels"]]
    run_marks = [None if (m := marks.get(key)) == "none" else m for key in raw["key"]]
    rated = any(run_marks)
    costs = [from_micro(cost or 0) for cost in raw["cost_micro_usd"]]
    simulated = [bool(sim) for sim in raw["simulated"]]
    columns: dict[str, Sequence[Any]] = {
        "run_id": [key[:16] for key in raw["key"]],
        "run_key": raw["key"],
        "model": raw["model"],
        "service": raw["service"],
        "simulated": simulated,
        "sample": raw["sample"],
        "state": raw["state"],
        "reason": raw["reason"],
        "prompt.name": [label.get("name") for label in labels],
        "prompt.scene": [label.get("scene") for label in labels],
        **{f"prompt.{part}": [texts.get(part) for texts in parts] for part in PARTS},
        "prompt.negative": raw["negative"],
        "prompt.text": raw["prompt"],
        "prompt.used": raw["prompt_used"],
        "clip.path": [sha and Files.relative_clip(sha) for sha in raw["clip_sha256"]],
        "clip.sha256": raw["clip_sha256"],
        **{f"clip.{name}": raw[name] for name in _CLIP_FIELDS},
        "clip.has_audio": [None if yes is None else bool(yes) for yes in raw["has_audio"]],
        "cost_usd": [0.0 if sim else cost for sim, cost in zip(simulated, costs, strict=True)],
        "sim_cost_usd": [cost if sim else 0.0 for sim, cost in zip(simulated, costs, strict=True)],
        "reserved_usd": [from_micro(held) for held in raw["reserved_micro_usd"]],
        "created_at": [moment(at) for at in raw["created_at"]],
        "submitted_at": [moment(at) for at in raw["intent_at"]],
        "done_at": [moment(at) for at in raw["done_at"]],
        "num_attempts": raw["num_attempts"],
        "job_id": raw["job_id"],
        "mark": run_marks,
        "accepted": [
            (state == State.DONE and mark in _ACCEPTING) if rated else None
            for state, mark in zip(raw["state"], run_marks, strict=True)
        ],
        "params": [dicts(text) for text in raw["params"]],
    }
    if bare:
        return columns
    return columns | {
        "labels": labels,
        "est_cost_micro_usd": raw["est_cost_micro_usd"],
        "expires_at": [when(at) for at in raw["expires_at"]],
        "attempt.id": raw["attempt_id"],
        "attempt.state": raw["attempt_state"],
        "attempt.sent": [text and read(text) for text in raw["sent"]],
        "attempt.http_status": raw["http_status"],
        "attempt.error": raw["error"],
    }


# -- helpers -------------------------------------------------------------------------------------


def today(now: float | None = None) -> str:
    """The UTC date, by which a daily budget is counted."""
    return datetime.fromtimestamp(time.time() if now is None else now, UTC).date().isoformat()


def new_id() -> str:
    return uuid.uuid4().hex


def _batches(items: Iterable[CellRow], size: int) -> Iterator[list[CellRow]]:
    batch: list[CellRow] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _as_it_is(value: Any) -> Any:
    return value


def _tuples(result: sa.CursorResult[Any]) -> list[Any]:
    """All rows as the driver gives them: the library's own take a fifth longer, and make a yes of
    what SQLite calls 1.
    """
    assert result.cursor is not None
    return list(result.cursor.fetchall())


def _where_in(
    conn: sa.Connection, query: sa.Select[Any], column: sa.Column[Any], keys: Sequence[str]
) -> list[Any]:
    """All rows whose `column` is one of `keys`, in batches."""
    rows: list[Any] = []
    for start in range(0, len(keys), _BATCH):
        rows += conn.execute(query.where(column.in_(keys[start : start + _BATCH])))
    return rows


def _check_new(folder: Path, *, create: bool) -> None:
    if not create:
        raise StoreError(
            f"{folder} is no experiment: there is no {DATABASE} in it; the folder of an experiment "
            "is what `Experiment` printed when it was made"
        )
    if not folder.exists():
        return
    if not folder.is_dir():
        raise StoreError(f"{folder} is a file; an experiment is a folder: choose another name")
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    if any(entry.name == DATABASE for entry in entries):
        return  # another process has made it at this moment
    if all(entry.name in FOLDERS and not any(entry.iterdir()) for entry in entries):
        return
    names = ", ".join(sorted(entry.name for entry in entries)[:3])
    if (folder / "clips").is_dir():
        raise StoreError(
            f"{folder} holds clips but its {DATABASE} is gone; put the database back, or import "
            "the clips into a new experiment with `promptgrid import`"
        )
    raise StoreError(
        f"{folder} is not empty and no experiment (it holds {names}); choose another name"
    )


def _not_writable(folder: Path, problem: OSError) -> StoreError:
    return StoreError(
        f"{folder} cannot be written ({problem.strerror}); open it with read_only=True to look at "
        "it, or copy it to a place that you may write to"
    )


def _open_read_only(folder: Path, database: Path) -> Store:
    scratch: Path | None = None
    logs = [database.with_name(database.name + tail) for tail in ("-wal", "-journal")]
    engine = sqlite.make_engine(database, read_only=True)
    if not _readable(engine):
        engine.dispose()
        if any(log_file.exists() and log_file.stat().st_size for log_file in logs):
            # changes wait in the log and the folder cannot take them: work on a copy
            scratch = Path(tempfile.mkdtemp(prefix="promptgrid-"))
            for part in (database, *logs):
                if part.exists():
                    shutil.copy(part, scratch / part.name)
            engine = sqlite.make_engine(scratch / database.name)
        else:
            engine = sqlite.make_engine(database, read_only=True, immutable=True)
    store = Store(folder, engine, read_only=True, is_new=False)
    if scratch is not None:
        store._closers.append(lambda: shutil.rmtree(scratch, ignore_errors=True))
    with _telling(folder):
        version = _schema_version(engine, folder)
        if version < t.SCHEMA_VERSION:
            raise StoreError(
                f"{folder} was written by an older version (schema {version}, here "
                f"{t.SCHEMA_VERSION}); open it once where it can be written, and it is brought "
                "up to date"
            )
        store.name = store.meta_get("name") or folder.name
    return store


def _readable(engine: sa.Engine) -> bool:
    try:
        with sqlite.transaction(engine) as conn:
            conn.execute(sa.text("SELECT count(*) FROM sqlite_master"))
    except DatabaseError as problem:
        told = "unable to open", "readonly", "disk I/O"  # the last on a disk that is full
        if any(words in str(problem) for words in told):
            return False
        raise
    return True


def _schema_version(engine: sa.Engine, folder: Path) -> int:
    """0 for a file without a version; `StoreError` for one from a newer toolkit, or not ours."""
    with sqlite.transaction(engine) as conn:
        names = set(sa.inspect(conn).get_table_names())
        found = None
        if "meta" in names:
            found = conn.scalar(sa.select(t.meta.c.value).where(t.meta.c.key == "schema_version"))
    if names and not names & {"run", "meta"}:
        raise StoreError(
            f"{folder / DATABASE} is a database of something else; choose another name"
        )
    version = int(found or 0)
    if version > t.SCHEMA_VERSION:
        raise StoreError(
            f"{folder} was written by a newer version (schema {version}, here {t.SCHEMA_VERSION}); "
            "upgrade with `pip install -U promptgrid`; nothing was changed"
        )
    return version


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < 1 << 18  # less than SQLite asks for to open a file


@contextlib.contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """SQLite's refusals in words that say what to do."""
    try:
        yield
    except IntegrityError:
        raise
    except (DatabaseError, sqlite.library().DatabaseError) as problem:
        text = str(getattr(problem, "orig", problem))  # a backup speaks to the driver itself
        low = text.lower()
        if "disk is full" in low or ("disk i/o" in low and _is_full(folder)):
            raise StoreError(
                f"the disk of {folder} is full; nothing that was recorded is lost: make space and "
                "go on, or open it with read_only=True to look at it"
            ) from problem
        if "disk i/o" in low:
            raise StoreError(
                f"the disk of {folder} does not answer as it should ({text}); look at the disk, "
                "then open the experiment again"
            ) from problem
        if "readonly" in low or "unable to open" in low:
            raise StoreError(
                f"{folder} cannot be written ({text}); open it with read_only=True to look at it, "
                "or copy it to a place that you may write to"
            ) from problem
        if "malformed" in low or "not a database" in low:
            raise StoreError(
                f"{folder / DATABASE} is damaged ({text}); the clips beside it are whole: put back "
                f"a copy of the database ({DATABASE}.v*.bak), or import the clips into a new "
                "experiment with `promptgrid import`"
            ) from problem
        if "locked" in low:
            raise StoreError(
                f"{folder} has been busy for {sqlite.BUSY_S:.0f} s: another kernel holds it; is "
                "one of them suspended?"
            ) from problem
        raise
