"""The base of all fakes: routes, faults, a ledger of charges, and a record of what was asked.

It serves on 127.0.0.1 from threads of its own, so that the client under test may use any loop, or
another process. A second address, `elsewhere`, stands for a stranger's host: redirects lead there,
and no key may ever be seen there.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import pkgutil
import re
import secrets
import socket
import struct
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from toolkit import discover
from toolkit.seams import Provider

__all__ = [
    "BEFORE",
    "CHARGED",
    "Answer",
    "Ask",
    "Case",
    "FakeJob",
    "FakeService",
    "all_cases",
    "canary",
    "clip_bytes",
    "image_bytes",
    "route",
]

BEFORE = (
    "drop", "error_before", "busy", "busy_date", "arrears", "no_auth", "not_found", "invalid",
)  # fmt: skip
"""What goes wrong before anything is done: nothing is charged."""

CHARGED = (
    "lose", "error_after", "gateway", "garbage", "empty", "redirect", "hang", "drip",
)  # fmt: skip
"""What goes wrong after the work was begun: the charge stands, the answer is of no use."""

REFUSALS = {
    "busy": 429, "busy_date": 429, "arrears": 402, "no_auth": 401, "not_found": 404, "invalid": 422,
}  # fmt: skip

FILES = ("truncated", "html", "no_file", "gone", "nothing")
"""What may be wrong with a result."""


def canary(name: str) -> str:
    """The made-up key that the environment variable `name` holds in the tests."""
    return f"canary-{name.lower().replace('_', '-')}-3f9c2e71d845"


@dataclass(frozen=True)
class Ask:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """By lower-case names."""
    body: bytes
    at: float
    where: str = "service"
    """`service` or `elsewhere`."""
    kind: str = ""
    path_args: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body as JSON; `None` where there is none."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Answer:
    """A reply: a dict or list goes out as JSON, text as HTML, bytes as they are."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    declared: int | None = None
    """A length that is not the body's."""

    def packed(self) -> tuple[bytes, dict[str, str]]:
        if self.body is None:
            return b"", dict(self.headers)
        if isinstance(self.body, bytes):
            return self.body, dict(self.headers)
        if isinstance(self.body, str):
            return self.body.encode(), {"content-type": "text/html", **self.headers}
        return json.dumps(self.body).encode(), {"content-type": "application/json", **self.headers}


@dataclass
class FakeJob:
    """A charged submission. `state` moves on with every look."""

    id: str
    request: Any
    """The body as it came."""
    at: float
    """When it was charged, by the service's clock."""
    model: str = ""
    token: str | None = None
    num_polls: int = 0
    """So many looks find it running."""
    ends: str = "succeeded"
    """succeeded, failed, moderated, expired, cancelled: what it becomes."""
    reason: str = ""
    state: str = "queued"
    extra: dict[str, Any] = field(default_factory=dict)
    """For the subclass."""


Handler = Callable[[Any, Ask], Answer]


def route(method: str, pattern: str, *, kind: str = "other") -> Callable[[Handler], Handler]:
    """Mark a method of a fake as what answers there. `kind` is submit, poll, list, cancel, upload,
    download or other: faults are asked for by it. A submit, poll, list, cancel or upload without
    the right key is answered 401.
    """

    def mark(handler: Handler) -> Handler:
        routes = getattr(handler, "_routes", [])
        regex = re.sub(r"\\\{(\w+)(\\\.\\\.\\\.)?\\\}", _group, re.escape(pattern))
        handler._routes = [*routes, (method, re.compile(regex), kind)]  # type: ignore[attr-defined]
        return handler

    return mark


def _group(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})"


class FakeService:
    """A service on the loopback, used as a context manager. Subclasses add routes."""

    keys: ClassVar[Mapping[str, str]] = {}
    """Environment variable → the header that must carry it: `"Authorization: Bearer {}"`."""

    def __init__(
        self,
        *,
        num_polls: int = 1,
        list_lag_s: float = 0.0,
        makes: str = "video",
        hang_s: float = 30.0,
        retry_after_s: int = 7,
    ) -> None:
        self.num_polls = num_polls
        self.list_lag_s = list_lag_s
        self.makes = makes
        self.hang_s = hang_s
        self.retry_after_s = retry_after_s
        self.jobs: dict[str, FakeJob] = {}
        """The ledger: every charged submission, by job."""
        self.asked: list[Ask] = []
        """Every request, those that went `elsewhere` too."""
        self.files_need: str | None = None
        """A header that a download must carry."""
        self.files_forbid: tuple[str, ...] = ()
        """Headers that a download must not carry."""
        self.url = self.elsewhere = ""
        self._wrong: dict[str, deque[str]] = defaultdict(deque)
        self._always: dict[str, str] = {}
        self._endings: deque[tuple[str, str]] = deque()
        self._files: dict[str, str] = {}
        self._offset_s = 0.0
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._routes = [
            (method, pattern, kind, getattr(self, name))
            for name in dir(type(self))
            for method, pattern, kind in getattr(getattr(type(self), name), "_routes", ())
        ]
        self._routes.sort(key=lambda entry: entry[1].pattern.count(".+"))  # the narrow ones first

    # -- for the test ----------------------------------------------------------------------------

    def __enter__(self) -> FakeService:
        self._servers = [_Server(self, "service"), _Server(self, "elsewhere")]
        self.url, self.elsewhere = (server.url for server in self._servers)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def wrong(self, kind: str, *faults: str, always: bool = False) -> None:
        """The next requests of `kind` go wrong so, one after another ("" is well); or, with
        `always`, all of them so.

        submit: any of BEFORE and CHARGED. poll, list, upload, cancel: any of BEFORE, `garbage`,
        `empty`, `redirect`, `hang`, `drip`, `gateway`. download: any of FILES, `drop`,
        `error_before`, `redirect`.
        """
        known = {*BEFORE, *CHARGED, *FILES, ""}
        assert set(faults) <= known, f"no such fault among {sorted(known)}: {faults}"
        if always:
            (self._always[kind],) = faults
        else:
            self._wrong[kind] += faults

    def end_next(self, state: str, reason: str = "") -> None:
        """The next job charged ends so."""
        self._endings.append((state, reason))

    def now(self) -> float:
        return time.time() + self._offset_s

    def advance(self, seconds: float) -> None:
        """The service's clock jumps."""
        self._offset_s += seconds

    @property
    def charges(self) -> int:
        return len(self.jobs)

    def of_kind(self, kind: str) -> list[Ask]:
        """The requests of one kind that came to the service itself."""
        return [ask for ask in self.asked if ask.kind == kind and ask.where == "service"]

    def key_of(self, name: str) -> str:
        """The key that the environment has for the variable `name`; an adapter may need a form."""
        return canary(name)

    def environ(self, service: str) -> dict[str, str]:
        """What the environment must hold for the adapter of `service` to come here."""
        url = f"PROMPTGRID_{re.sub(r'[^A-Z0-9]', '_', service.upper())}_URL"
        return {url: self.url, **{name: self.key_of(name) for name in self.keys}}

    def provider(self, service: str, folder: Path, patch: pytest.MonkeyPatch) -> Provider:
        """The adapter of `service`, pointed here, with canaries for keys. Make it in the loop that
        uses it.
        """
        for name, value in self.environ(service).items():
            patch.setenv(name, value)
        made = discover.load("providers", service).provider(folder)
        assert isinstance(made, Provider)
        return made

    # -- for the subclass ------------------------------------------------------------------------

    def charge(
        self,
        request: Any,
        *,
        id: str | None = None,  # noqa: A002 - the service's word
        model: str = "",
        token: str | None = None,
        **extra: Any,
    ) -> FakeJob:
        """Take a job: from here on it is paid for."""
        with self._lock:
            ends, reason = self._endings.popleft() if self._endings else ("succeeded", "")
            job = FakeJob(
                id or secrets.token_hex(8), request, self.now(), model, token,
                self.num_polls, ends, reason, extra=extra,
            )  # fmt: skip
            self.jobs[job.id] = job
            return job

    def look(self, job_id: str) -> FakeJob | None:
        """The job as a poll finds it, a step further; None where there is none."""
        with self._lock:
            job = self.jobs.get(job_id)
            if job is not None and job.state in ("queued", "running"):
                job.state = "running" if job.num_polls > 0 else job.ends
                job.num_polls -= 1
            return job

    def cancelled(self, job_id: str) -> FakeJob | None:
        """The job, taken off if it had not ended."""
        with self._lock:
            job = self.jobs.get(job_id)
            if job is not None and job.state in ("queued", "running"):
                job.state = job.ends = "cancelled"
            return job

    def listed(self, since: float = 0.0) -> list[FakeJob]:
        """Jobs that a list shows by now, newest first."""
        with self._lock:
            shown = self.now() - self.list_lag_s
            found = [job for job in self.jobs.values() if since <= job.at <= shown]
            return sorted(found, key=lambda job: job.at, reverse=True)

    def result_url(self, job: FakeJob) -> str:
        """Where its file lies."""
        suffix = "mp4" if self.makes == "video" else "png"
        return f"{self.url}/results/{job.id}.{suffix}"

    def error(self, status: int, message: str) -> Answer:
        """A refusal in the service's own words; overridden where these matter."""
        return Answer(status, {"detail": message})

    def accepts_key(self, ask: Ask) -> bool:
        """Whether the request carries the key."""
        for name, form in self.keys.items():
            header, _, value = form.partition(": ")
            if ask.headers.get(header.lower()) != value.format(self.key_of(name)):
                return False
        return True

    @route("GET", "/results/{name}", kind="download")
    def result(self, ask: Ask) -> Answer:
        """A finished job's file; byte ranges are not served."""
        job = self.jobs.get(ask.path_args["name"].partition(".")[0])
        if job is None or job.state == "expired":
            return Answer(404, "<html>no such file</html>")
        if self.files_need and self.files_need.lower() not in ask.headers:
            return Answer(401, "<html>who are you?</html>")
        if any(name.lower() in ask.headers for name in self.files_forbid):
            return Answer(400, "<Error><Code>InvalidArgument</Code></Error>")
        if self.makes == "video":
            return Answer(200, clip_bytes(job.id), {"content-type": "video/mp4"})
        return Answer(200, image_bytes(job.id), {"content-type": "image/png"})

    # -- serving ---------------------------------------------------------------------------------

    def _fault(self, kind: str) -> str:
        with self._lock:
            if self._wrong[kind]:
                return self._wrong[kind].popleft()
            return self._always.get(kind, "")

    def _serve(self, ask: Ask) -> Answer | str:
        """The answer to a request, or how the connection ends without one."""
        if ask.where == "elsewhere":
            self.asked.append(ask)
            return Answer(200, clip_bytes("elsewhere"), {"content-type": "video/mp4"})
        for method, pattern, kind, work in self._routes:
            found = pattern.fullmatch(ask.path)
            if found and method == ask.method:
                ask = replace(ask, kind=kind, path_args=found.groupdict())
                handler = work
                break
        else:
            self.asked.append(ask)
            return self.error(404, f"nothing is at {ask.method} {ask.path}")
        self.asked.append(ask)
        wrong = self._fault(kind)
        if wrong == "drop":
            return "reset"
        if wrong in REFUSALS:
            return self._refusal(wrong)
        if wrong == "error_before":
            return Answer(503, {"detail": "not taken"})
        if kind not in ("download", "other") and not self.accepts_key(ask):
            return self.error(401, "the key is missing or wrong")
        answer = handler(ask)
        if not 200 <= answer.status < 300:
            return answer
        return self._spoiled(answer, wrong)

    def _refusal(self, wrong: str) -> Answer:
        answer = self.error(REFUSALS[wrong], f"no: {wrong}")
        date = formatdate(time.time(), usegmt=True)
        until = formatdate(time.time() + self.retry_after_s, usegmt=True)
        extra = {
            "busy": {"retry-after": str(self.retry_after_s)},
            "busy_date": {"retry-after": until, "date": date},
        }.get(wrong, {})
        return Answer(answer.status, answer.body, {**answer.headers, **extra})

    def _spoiled(self, answer: Answer, wrong: str) -> Answer | str:
        body, headers = answer.packed()
        match wrong:
            case "lose":
                return "reset"
            case "hang" | "drip":
                return wrong
            case "error_after":
                return Answer(500, {"detail": "taken, but who knows"})
            case "gateway":
                return Answer(504, "<html><h1>504 Gateway Time-out</h1></html>")
            case "garbage" | "html":
                return Answer(200, "<html>welcome</html>")
            case "empty":
                return Answer(200, {})
            case "nothing":
                return Answer(200, b"")
            case "redirect":
                return Answer(302, None, {"location": f"{self.elsewhere}/stranger"})
            case "truncated":
                return Answer(200, body[: len(body) // 2], headers, declared=len(body))
            case "no_file":
                return Answer(404, "<html>not found</html>")
            case "gone":
                return Answer(410, "<html>gone</html>")
        return answer


class _Server(ThreadingHTTPServer):
    """One listening address of a fake."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, fake: FakeService, where: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake
        self.where = where
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's
        """Nothing is printed."""

    def _answer(self) -> None:
        fake = self.server.fake
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(headers)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.close_connection = True
        answer = fake._serve(
            Ask(self.command, url.path, query, headers, body, fake.now(), self.server.where)
        )
        if isinstance(answer, Answer):
            self._write(answer)
        elif answer == "drip":
            fake_answer = Answer(200, {"slow": "x" * 2000})
            self._write(fake_answer, drip=True)
        elif answer == "hang":
            fake._closing.wait(fake.hang_s)
            self._reset()
        else:
            self._reset()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _answer  # noqa: N815

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            blocks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                blocks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(blocks)
        return self.rfile.read(int(headers.get("content-length", 0)))

    def _write(self, answer: Answer, *, drip: bool = False) -> None:
        fake = self.server.fake
        body, headers = answer.packed()
        length = len(body) if answer.declared is None else answer.declared
        self.send_response_only(answer.status)
        for name, value in {**headers, "content-length": str(length)}.items():
            self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()
        if not drip:
            self.wfile.write(body)
            return
        until = time.monotonic() + fake.hang_s
        for byte in body:
            if time.monotonic() > until or fake._closing.wait(0.2):
                break
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
        self._reset()

    def _reset(self) -> None:
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.rfile.close()
            self.connection.close()


# -- files that results are ----------------------------------------------------------------------


def clip_bytes(name: str) -> bytes:
    """A real H.264 clip of half a second, 96x54; another content for every name."""
    tail = name.encode()
    return _clip() + struct.pack(">I4s", 8 + len(tail), b"free") + tail


@functools.cache
def _clip() -> bytes:
    from toolkit.video.encode import write_mp4

    ramp = np.linspace(0, 200, 96, dtype=np.uint8)
    frames = [np.tile(np.roll(ramp, 4 * n)[None, :, None], (54, 1, 3)) for n in range(12)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_mp4(path, frames, 24)
        return path.read_bytes()


def image_bytes(name: str, form: str = "PNG", size: tuple[int, int] = (64, 36)) -> bytes:
    """A real picture in PNG, JPEG or WEBP; another content for every name."""
    from PIL import Image

    dice = np.random.default_rng(list(name.encode()))
    pixels = dice.integers(0, 255, (4, 4, 3), dtype=np.uint8)
    with io.BytesIO() as out:
        Image.fromarray(pixels).resize(size).save(out, form)
        return out.getvalue()


# -- the contract suite --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Case:
    """An adapter as the contract suite meets it."""

    model: str
    """"service/model" as in the catalogue: a plain text-to-video request to it is made."""
    fake: type[FakeService]
    params: Mapping[str, Any] = field(default_factory=dict)
    lists: bool = False
    """Whether the service has a list of jobs."""
    shows_request: bool = True
    """Whether the list shows what a job under way was asked for."""
    tokens: bool = False
    """Whether the list echoes a token of ours."""
    cancels: bool = False
    """Whether a job that has not begun can be taken off."""
    image_model: str | None = None
    """A model that takes `start_image`; None where the service has none that a file can go to."""
    image_params: Mapping[str, Any] = field(default_factory=dict)
    uploads: bool = False
    """Whether images are uploaded before (else they travel in the body)."""

    @property
    def service(self) -> str:
        return self.model.partition("/")[0]

    def __str__(self) -> str:
        return self.model


def all_cases() -> Iterator[Case]:
    """The `CASES` of every file here."""
    import tests.services as room

    for module in sorted(found.name for found in pkgutil.iter_modules(room.__path__)):
        if not module.startswith("_"):
            yield from importlib.import_module(f"tests.services.{module}").CASES
