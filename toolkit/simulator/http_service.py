"""The simulator as a service on the loopback, which misbehaves as it is told and keeps a ledger.

What real services do to their clients can be rehearsed here: answers that are lost after the
charge, errors that mean nothing, lists that lag, results that expire, files that are no videos. The
ledger says what was charged: it is the truth by which a client is judged.

    python -m toolkit.simulator.http_service FOLDER --rough

    POST /v1/jobs             {model, prompt, negative, params, sample, token} -> {id}
    GET  /v1/jobs/ID          {state, url, cost_micro_usd, expires_at, reason}
    GET  /v1/jobs?since=&model=   {jobs: [...]}, those the list shows already
    GET  /v1/files/ID.mp4     the clip; byte ranges
    POST /v1/clock            {advance_s}: the service's own clock jumps
    POST /v1/faults           {NAME: probability}: what goes wrong from now on; see `FAULTS`
    GET  /v1/ledger           {charges: {id: request}, requests: {...}}
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import sqlite3
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

from toolkit.errors import Refused
from toolkit.records import RunSpec

if TYPE_CHECKING:
    from toolkit.simulator.service import SimJob

__all__ = ["FAULTS", "ROUGH", "Faults", "HttpService", "Ledger", "Quick", "Rendered"]

FAULTS = {
    "drop": "the connection is reset before anything is done",
    "error": "500 or 503, charged or not",
    "busy": "429 with Retry-After in seconds or as a date; not charged",
    "arrears": "402; not charged",
    "lose": "charged, and the connection is reset instead of an answer",
    "gateway": "charged, and 504 with a page of HTML",
    "garbage": "charged, and an answer that is no JSON",
    "redirect": "charged, and 302 to elsewhere",
    "hang": "charged, and no answer",
    "drip": "charged, and an answer of a byte a second",
    "file": "a result that is truncated, empty, a page of HTML, or of a wrong length",
    "flaky": "a poll, list or download that is answered 503",
}
"""What can go wrong, by the name under which its probability is set."""

ROUGH = {
    "lose": 0.05, "drop": 0.03, "error": 0.05, "busy": 0.05, "gateway": 0.01, "garbage": 0.01,
    "redirect": 0.01, "file": 0.09, "flaky": 0.02,
}  # fmt: skip
"""A bad day."""

_BEFORE = ("drop", "busy", "arrears")
_AFTER = ("lose", "gateway", "garbage", "redirect", "hang", "drip")
_MOST_BODY = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How the service misbehaves: probabilities by name (see `FAULTS`), and its slowness."""

    rates: Mapping[str, float] = field(default_factory=dict)
    lag_s: float = 0.0
    """Until a job shows in the list."""
    work_s: float = 0.0
    """Until a job is finished (`Quick` alone)."""
    expire_s: float | None = None
    """How long a result is kept."""
    hang_s: float = 30.0
    retry_after_s: float = 1.0
    lists: bool = True
    """Whether it has a list of jobs at all; some services have none."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, rate in self.rates.items():
            if name not in FAULTS:
                raise ValueError(f"no fault {name!r}; there are: {', '.join(FAULTS)}")
            if not 0 <= rate <= 1:
                raise ValueError(f"{name}={rate}: a probability is 0..1")

    def draw(self, names: tuple[str, ...], dice: random.Random) -> str:
        """What goes wrong this time: one of `names`, or ""."""
        roll = dice.random()
        for name in names:
            roll -= self.rates.get(name, 0.0)
            if roll < 0:
                return name
        return ""


class Ledger:
    """Jobs and their charges, in a file that outlives the service."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS job (id TEXT PRIMARY KEY, request TEXT, token TEXT,"
            " model TEXT, spec TEXT, created REAL, listed REAL, ready REAL)"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS job_created ON job (created)")
        self._db.execute("CREATE TABLE IF NOT EXISTS asked (at REAL, what TEXT)")

    def charge(
        self, job: str, spec: RunSpec, token: str | None, *, now: float, lag_s: float, work_s: float
    ) -> None:
        """Take a job: from here on it is paid for."""
        values = (job, spec.key, token, spec.model, json.dumps(spec.to_json()), now, now + lag_s)
        self._db.execute("INSERT INTO job VALUES (?,?,?,?,?,?,?,?)", (*values, now + work_s))

    def note(self, what: str, now: float) -> None:
        self._db.execute("INSERT INTO asked VALUES (?,?)", (now, what))

    def job(self, job_id: str) -> dict[str, Any] | None:
        found = self._rows("SELECT * FROM job WHERE id=?", job_id)
        return found[0] if found else None

    def listed(self, since: float, model: str, now: float) -> list[dict[str, Any]]:
        query = "SELECT * FROM job WHERE created>=? AND model=? AND listed<=? ORDER BY created"
        return self._rows(query, since, model, now)

    def charges(self) -> dict[str, str]:
        """Every charged job and the run it was asked for."""
        return {row["id"]: row["request"] for row in self._rows("SELECT id, request FROM job")}

    def asked(self, what: str) -> list[float]:
        """When requests of this kind came."""
        rows = self._rows("SELECT at FROM asked WHERE what=? ORDER BY at", what)
        return [row["at"] for row in rows]

    def _rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with closing(self._db.execute(query, values)) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        self._db.close()


class Maker(Protocol):
    """Where clips come from."""

    def begin(self, job_id: str, spec: RunSpec, token: str | None) -> None: ...

    def look(self, row: Mapping[str, Any], now: float) -> tuple[str, str]:
        """(running | succeeded | failed | moderated, reason)."""
        ...

    def content(self, row: Mapping[str, Any]) -> bytes: ...

    def cost_micro_usd(self, row: Mapping[str, Any]) -> int | None:
        """What a finished job cost; None for the service's one price."""
        ...


class Quick:
    """Clips that only begin like an MP4, for load: nothing is rendered."""

    def begin(self, job_id: str, spec: RunSpec, token: str | None) -> None:
        """Nothing to do."""

    def look(self, row: Mapping[str, Any], now: float) -> tuple[str, str]:
        return ("running" if now < row["ready"] else "succeeded"), ""

    def content(self, row: Mapping[str, Any]) -> bytes:
        seed = hashlib.sha256(row["id"].encode()).digest()
        return b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + seed * 64

    def cost_micro_usd(self, row: Mapping[str, Any]) -> None:
        """The same for all."""


class Rendered:
    """The simulator's real clips."""

    def __init__(self, folder: Path) -> None:
        from toolkit.simulator.service import SimService

        self._sim = SimService(folder)
        self._ids = folder / "ids"
        self._ids.mkdir(parents=True, exist_ok=True)

    def begin(self, job_id: str, spec: RunSpec, token: str | None) -> None:
        (self._ids / job_id).write_text(self._sim.submit(spec, token=token))

    def look(self, row: Mapping[str, Any], now: float) -> tuple[str, str]:  # noqa: ARG002
        job = self._job(row)
        state = "running" if job.state == "queued" else str(job.state)
        return state, job.reason

    def content(self, row: Mapping[str, Any]) -> bytes:
        return self._sim.path_of(self._job(row)).read_bytes()

    def cost_micro_usd(self, row: Mapping[str, Any]) -> int:
        return self._job(row).cost_micro_usd

    def _job(self, row: Mapping[str, Any]) -> SimJob:
        return self._sim.poll((self._ids / row["id"]).read_text())


class _HangUp(Exception):
    """Reset the connection now."""


@dataclass(frozen=True)
class _Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    declared: int | None = None
    drip: bool = False


def _json(status: int, document: Any, **headers: str) -> _Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return _Reply(
        status, json.dumps(document).encode(), {"content-type": "application/json", **named}
    )


class HttpService:
    """Serves on 127.0.0.1 alone; `async with service.serving() as url`."""

    def __init__(
        self,
        folder: Path,
        *,
        maker: Maker | None = None,
        faults: Faults | None = None,
        price_micro_usd: int = 100_000,
    ) -> None:
        self.ledger = Ledger(folder / "ledger.db")
        self.maker: Maker = maker or Quick()
        self.faults = faults or Faults()
        self.price_micro_usd = price_micro_usd
        self.offset_s = 0.0
        self.url = ""
        self._dice = random.Random(self.faults.seed)  # noqa: S311 - mishaps, no secrets

    def now(self) -> float:
        return time.time() + self.offset_s

    @contextlib.asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """Listen until the block is left; the address."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=512)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self.url
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = (ConnectionError, asyncio.IncompleteReadError, TimeoutError, ValueError)
        with contextlib.suppress(*gone, asyncio.CancelledError):  # cancelled: the service ends
            async with asyncio.timeout(60):
                method, target, headers, body = await _read(reader)
                try:
                    reply = await self._answer(method, target, headers, body)
                    await _write(writer, reply)
                except _HangUp:
                    writer.transport.abort()
        writer.close()

    async def _answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> _Reply:
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if method == "POST" and url.path == "/v1/clock":
            self.offset_s += float(json.loads(body)["advance_s"])
            return _json(200, {"now": self.now()})
        if method == "POST" and url.path == "/v1/faults":
            return self._misbehave(json.loads(body))
        if url.path == "/v1/ledger":
            return _json(200, {"charges": self.ledger.charges()})
        if method == "POST" and url.path == "/v1/jobs":
            return await self._submit(json.loads(body))
        if method == "POST" and url.path.endswith("/cancel"):
            return _json(409, {"detail": "a job that was taken is finished"})
        if method != "GET":
            return _json(405, {"detail": "no such thing to do"})
        if self.faults.draw(("flaky",), self._dice):
            return _json(503, {"detail": "try again"})
        if url.path == "/v1/jobs":
            return self._list(query) if self.faults.lists else _json(405, {"detail": "no list"})
        if url.path.startswith("/v1/files/"):
            return self._file(url.path.rpartition("/")[2].removesuffix(".mp4"), headers)
        return self._poll(url.path.rpartition("/")[2])

    def _misbehave(self, rates: Mapping[str, float]) -> _Reply:
        try:
            self.faults = replace(self.faults, rates={**self.faults.rates, **rates})
        except ValueError as problem:
            return _json(422, {"detail": str(problem)})
        return _json(200, {"rates": dict(self.faults.rates)})

    async def _submit(self, asked: Mapping[str, Any]) -> _Reply:
        faults, now = self.faults, self.now()
        self.ledger.note("submit", now)
        wrong = faults.draw(("error", *_BEFORE, *_AFTER), self._dice)
        charged = wrong not in _BEFORE and (wrong != "error" or self._dice.random() < 0.5)
        if wrong == "drop":
            raise _HangUp
        if wrong == "busy":
            after = faults.retry_after_s
            date = self._dice.random() < 0.5
            value = formatdate(time.time() + after, usegmt=True) if date else f"{after:g}"
            return _json(
                429, {"detail": "slow down"}, retry_after=value, date=formatdate(usegmt=True)
            )
        if wrong == "arrears":
            return _json(402, {"detail": "no credit left"})
        if not charged:
            return _json(503, {"detail": "not taken"})
        try:
            token = asked.get("token")
            spec = RunSpec.from_json({k: v for k, v in asked.items() if k != "token"})
            job = uuid.uuid4().hex[:16]
            self.maker.begin(job, spec, token)
            self.ledger.charge(job, spec, token, now=now, lag_s=faults.lag_s, work_s=faults.work_s)
        except Refused as problem:
            return _json(422, {"detail": str(problem)})
        if wrong == "lose":
            raise _HangUp
        if wrong == "hang":
            await asyncio.sleep(faults.hang_s)
            raise _HangUp
        answer = _json(201, {"id": job})
        return {
            "error": _json(500, {"detail": "taken, but who knows"}),
            "gateway": _Reply(504, b"<html><h1>504 Gateway Time-out</h1></html>"),
            "garbage": _Reply(200, b"<html>welcome</html>"),
            "redirect": _Reply(302, b"", {"location": "/elsewhere"}),
            "drip": _Reply(201, answer.body, answer.headers, drip=True),
        }.get(wrong, answer)

    def _poll(self, job_id: str) -> _Reply:
        row = self.ledger.job(job_id)
        if row is None:
            return _json(404, {"detail": "no such job"})
        self.ledger.note("poll", self.now())
        state, reason = self.maker.look(row, self.now())
        expires = None if self.faults.expire_s is None else row["ready"] + self.faults.expire_s
        if state == "succeeded" and expires is not None and self.now() > expires:
            state, reason = "expired", "the result was removed"
        price = self.maker.cost_micro_usd(row)
        price = self.price_micro_usd if price is None else price
        cost = price if state in ("succeeded", "expired") else 0
        return _json(200, {
            "id": job_id, "state": state, "reason": reason, "expires_at": expires,
            "cost_micro_usd": cost,
            "url": f"{self.url}/v1/files/{job_id}.mp4" if state == "succeeded" else None,
        })  # fmt: skip

    def _list(self, query: Mapping[str, str]) -> _Reply:
        since, model = float(query.get("since", 0)), query.get("model", "")
        rows = self.ledger.listed(since, model, self.now())
        return _json(200, {"jobs": [
            {"id": row["id"], "created": row["created"], "token": row["token"],
             **json.loads(row["spec"])}
            for row in rows
        ]})  # fmt: skip

    def _file(self, job_id: str, headers: Mapping[str, str]) -> _Reply:
        row = self.ledger.job(job_id)
        if row is None:
            return _Reply(404)
        if self.faults.expire_s is not None and self.now() > row["ready"] + self.faults.expire_s:
            return _Reply(410)
        content = self.maker.content(row)
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        same = {"content-type": "video/mp4", "etag": etag, "accept-ranges": "bytes"}
        if self.faults.draw(("file",), self._dice):
            return self._dice.choice([
                _Reply(200, content[: len(content) // 2], same, declared=len(content)),
                _Reply(200, b"", same),
                _Reply(200, b"<html>not ready</html>", {"content-type": "text/html"}),
                _Reply(200, content, same, declared=len(content) + 100),
            ])  # fmt: skip
        start = headers.get("range", "").removeprefix("bytes=").removesuffix("-")
        if (
            start.isdigit()
            and headers.get("if-range") in (None, etag)
            and int(start) < len(content)
        ):
            part = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return _Reply(206, content[int(start) :], {**same, "content-range": part})
        return _Reply(200, content, same)


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {}
    for line in head[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    if length > _MOST_BODY:
        raise ValueError("too long")
    return method, target, headers, await reader.readexactly(length)


async def _write(writer: asyncio.StreamWriter, reply: _Reply) -> None:
    length = len(reply.body) if reply.declared is None else reply.declared
    lines = [f"HTTP/1.1 {reply.status} X", f"content-length: {length}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    if reply.drip:
        for byte in reply.body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1.0)
    else:
        writer.write(reply.body)
    await writer.drain()


async def _main(args: argparse.Namespace) -> None:
    rates = dict(ROUGH) if args.rough else {}
    for given in args.fault:
        name, _, rate = given.partition("=")
        rates[name] = float(rate or 1)
    faults = Faults(
        rates=rates, lag_s=args.lag_s, work_s=args.work_s, expire_s=args.expire_s,
        lists=not args.no_list, seed=args.seed,
    )  # fmt: skip
    folder = Path(args.folder)
    maker = Quick() if args.quick else Rendered(folder / "sim")
    service = HttpService(folder, maker=maker, faults=faults)
    async with service.serving(args.port) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.sleep(args.for_s if args.for_s else 1e9)


def main(argv: list[str] | None = None) -> int:
    """Serve until interrupted, or for `--for-s` seconds."""
    parser = argparse.ArgumentParser(prog="promptgrid service", description=__doc__)
    parser.add_argument("folder", help="where its ledger and clips lie")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rough", action="store_true", help="misbehave as on a bad day")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=P",
                        help=f"one of {', '.join(FAULTS)} and its probability")  # fmt: skip
    parser.add_argument("--lag-s", type=float, default=0.0, help="until a job shows in the list")
    parser.add_argument("--no-list", action="store_true", help="have no list of jobs at all")
    parser.add_argument("--work-s", type=float, default=0.0, help="until a --quick job is finished")
    parser.add_argument("--expire-s", type=float, help="how long a result is kept")
    parser.add_argument("--quick", action="store_true", help="no rendering: for load tests")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--for-s", type=float, default=0.0, help="end after so long")
    args = parser.parse_args(argv)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(args))
    return 0


if __name__ == "__main__":
    sys.exit(main())
