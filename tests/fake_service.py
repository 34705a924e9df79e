"""A service that charges, for the tests: jobs and charges in a file that outlives any process.

`FakeProvider` is the code under a provider's seam; what it does wrong is asked for by `mishap`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toolkit.errors import CannotList, NotSent, ProviderError, Refused
from toolkit.providers._http import check_guard
from toolkit.records import Clip, ModelCard, RunSpec
from toolkit.runner import Clock, Limits, Settings
from toolkit.seams import Accepted, Asset, Failed, Job, JobHandle, Request, Running, Succeeded
from toolkit.store import CellRow

MODEL = "fake/one"
PRICE = 100_000  # micro-dollars

CARD = ModelCard(MODEL, title="One", wire_id="one", price_unit="USD/clip", price=0.1)
OTHER = ModelCard("fake/two", title="Two", wire_id="two", price_unit="USD/clip", price=0.1)


def mp4(seed: str) -> bytes:
    """Something that begins like an MP4 and differs by seed."""
    return b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + seed.encode() * 8


def verify(path: Path) -> Clip:
    """A header-only measure."""
    return Clip(
        hashlib.sha256(path.read_bytes()).hexdigest(),
        width=960,
        height=540,
        num_frames=120,
        duration_s=5.0,
        fps=24.0,
        codec="h264",
        has_audio=False,
        size_bytes=path.stat().st_size,
    )


class Ledger:
    """What the service did: the truth in every test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS job (id TEXT PRIMARY KEY, request TEXT, token TEXT,"
                " model TEXT, prompt TEXT, params TEXT, created REAL, listed REAL, ready REAL)"
            )
            db.execute("CREATE TABLE IF NOT EXISTS call (at REAL, what TEXT, request TEXT)")

    @contextmanager
    def _open(self) -> Any:
        with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=OFF")
            yield db

    def charge(
        self, request: Request, token: str, *, now: float, lag_s: float, work_s: float
    ) -> str:
        job = uuid.uuid4().hex[:12]
        spec = request.spec
        with self._open() as db:
            db.execute(
                "INSERT INTO job VALUES (?,?,?,?,?,?,?,?,?)",
                (job, spec.key, token, spec.model, spec.prompt, json.dumps(dict(spec.params)),
                 now, now + lag_s, now + work_s),
            )  # fmt: skip
        return job

    def note(self, what: str, request: str, now: float) -> None:
        with self._open() as db:
            db.execute("INSERT INTO call VALUES (?,?,?)", (now, what, request))

    def asked(self, key: str) -> bool:
        """Whether this run was ever submitted, charged or not."""
        with self._open() as db:
            query = "SELECT 1 FROM call WHERE what='submit' AND request=? LIMIT 1"
            return db.execute(query, (key,)).fetchone() is not None

    def job(self, job_id: str) -> Any:
        with self._open() as db:
            return db.execute("SELECT request, ready FROM job WHERE id=?", (job_id,)).fetchone()

    def listed(self, since: float, model: str, now: float) -> list[Any]:
        with self._open() as db:
            return db.execute(
                "SELECT id, token, model, prompt, params, created FROM job"
                " WHERE created>=? AND model=? AND listed<=? ORDER BY created",
                (since, model, now),
            ).fetchall()

    @property
    def jobs(self) -> dict[str, str]:
        """Every charged job's id and the run key it was made for."""
        with self._open() as db:
            return dict(db.execute("SELECT id, request FROM job").fetchall())

    @property
    def num_charges(self) -> int:
        return len(self.jobs)

    def charges_of(self, key: str) -> int:
        return sum(request == key for request in self.jobs.values())

    def calls(self, what: str) -> list[float]:
        with self._open() as db:
            rows = db.execute("SELECT at FROM call WHERE what=? ORDER BY at", (what,)).fetchall()
        return [row[0] for row in rows]


class FakeProvider:
    """`mishap(request, nth)` names what goes wrong with the nth submit of a run: "" (nothing),
    "lost" (charged, no answer), "drop" (not charged, no answer), "not_sent", "refuse:KIND",
    "hang" (charged, silent), "garbage"."""

    def __init__(
        self,
        folder: Path,
        *,
        mishap: Callable[[Request, int], str] = lambda *_: "",
        tokens: bool = False,
        lists: bool = True,
        lag_s: float = 0.0,
        work_s: float = 0.0,
        answer_s: float = 0.0,
        cost_micro_usd: int | None = None,
        ends: Callable[[str], Failed | None] = lambda *_: None,
        clock: Clock = Clock(),  # noqa: B008
        name: str = "fake",
        serve: Callable[[str, int], bytes] | None = None,
    ) -> None:
        self.name = name
        self.ledger = Ledger(folder / "ledger.db")
        self.folder = folder
        self.mishap = mishap
        self.tokens = tokens
        self.lists = lists
        self.lag_s, self.work_s, self.answer_s = lag_s, work_s, answer_s
        self.cost = cost_micro_usd
        self.ends = ends
        self.clock = clock
        self.serve = serve
        self.retry_after_s = 0.3
        self._submits: dict[str, int] = {}
        self._served: dict[str, int] = {}

    def models(self) -> Sequence[ModelCard]:
        return [CARD, OTHER]

    async def submit(self, request: Request, token: str) -> Accepted:
        key = request.spec.key
        nth = self._submits[key] = self._submits.get(key, 0) + 1
        what = self.mishap(request, nth)
        check_guard()
        now = self.clock.now()
        self.ledger.note("submit", key, now)
        if what == "not_sent":
            raise NotSent("no route", provider=self.name)
        if what.startswith("refuse:"):
            raise Refused(
                "no", kind=what.split(":")[1], provider=self.name, retry_after_s=self.retry_after_s
            )
        if what == "drop":
            raise ProviderError("connection reset", provider=self.name)
        job = self.ledger.charge(request, token, now=now, lag_s=self.lag_s, work_s=self.work_s)
        if what == "hang":
            await asyncio.sleep(3600)
        if self.answer_s:
            await self.clock.sleep(self.answer_s)
        if what == "lost":
            raise ProviderError("connection reset", provider=self.name)
        if what == "garbage":
            return None  # type: ignore[return-value]
        return Accepted(JobHandle(job), {"prompt": request.spec.prompt})

    async def poll(self, job: JobHandle) -> Any:
        self.ledger.note("poll", job.id, self.clock.now())
        found = self.ledger.job(job.id)
        if found is None:
            raise Refused("no such job", kind="not_found", provider=self.name)
        key, ready = found
        if self.clock.now() < ready:
            return Running()
        ended = self.ends(key)
        if ended is not None:
            return ended
        path = self.folder / "files" / f"{job.id}.mp4"
        path.parent.mkdir(exist_ok=True)
        nth = self._served[key] = self._served.get(key, 0) + 1
        path.write_bytes(mp4(job.id) if self.serve is None else self.serve(key, nth))
        return Succeeded(assets=[Asset(path=str(path))], cost_micro_usd=self.cost)

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        if not self.lists:
            raise CannotList("no list", provider=self.name)
        rows = self.ledger.listed(since.timestamp(), model, self.clock.now())
        return [
            Job(
                handle=JobHandle(job),
                created_at=datetime.fromtimestamp(created, UTC),
                model=model_,
                token=token if self.tokens else None,
                prompt=prompt,
                params=json.loads(params),
            )
            for job, token, model_, prompt, params, created in rows
        ]

    async def cancel(self, job: JobHandle) -> None:
        raise NotImplementedError


FAST = Settings(
    clock=Clock(40.0),
    limits={"fake": Limits(max_in_flight=8)},
    spare_bytes=0,
    guard_s=20.0,
    lease_s=40.0,
    heartbeat_s=8.0,
    submit_timeout_s=20.0,
    settle_s=60.0,
    skew_s=60.0,
    poll_first_s=1.0,
    poll_most_s=4.0,
)
"""Forty times as fast as it is: the settle time of 60 s takes 1.5 s, a lease one."""


def cells(
    num: int,
    *,
    samples: int = 1,
    price: int | None = PRICE,
    model: str = MODEL,
    words: str = "a fox",
) -> list[CellRow]:
    """`num` prompts with `samples` samples each."""
    rows = []
    for index in range(num):
        for sample in range(1, samples + 1):
            spec = RunSpec(f"{words} {index}", model=model, params={"duration_s": 5}, sample=sample)
            labels: Mapping[str, Any] = {"name": None, "scene": words}
            rows.append(
                CellRow(
                    "g", len(rows), spec.key, spec, {"subject": f"{words} {index}"}, labels, price
                )
            )
    return rows


def wait_for(what: Callable[[], Any], timeout_s: float = 10.0) -> None:
    until = time.monotonic() + timeout_s
    while not what():
        if time.monotonic() > until:
            raise AssertionError("it did not happen in time")
        time.sleep(0.01)
