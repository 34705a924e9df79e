"""The loopback server that stands for a service: it writes down what it is asked.

Used by the drivers' harness and by the ordinary tests alike, so that both sides are written down in
the same words. Keys, dates and random ids become `<key>`, `<date>`, `<id>`; what only belongs to
the transport is left out.
"""

from __future__ import annotations

import email.parser
import email.policy
import hashlib
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

__all__ = ["Capture", "differences"]

TRANSPORT = frozenset(
    {
        "accept", "accept-encoding", "accept-language", "connection", "content-length", "date",
        "host", "user-agent", "transfer-encoding", "traceparent", "x-request-id",
        "x-client-request-id", "x-goog-api-client", "x-server-timeout",
    }
)  # fmt: skip
TRANSPORT_PREFIXES = ("x-stainless-", "x-fal-client-", "x-dashscope-sdk-", "sec-")


class Capture:
    """A context: `url`, and `exchanges` by the case that was begun last."""

    def __init__(self, replies: Mapping[str, Any], *, case: str = "") -> None:
        self.exchanges: dict[str, list[dict[str, Any]]] = {}
        self.unanswered: list[str] = []
        self._case = case
        self._turns: dict[str, int] = {}
        self._replies = replies
        self._lock = threading.Lock()

    def __enter__(self) -> Capture:
        capture = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                capture.answer(self)

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._do
                raise AttributeError(name)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def begin(self, case: str) -> None:
        """What is asked from now on belongs to `case`; replies start anew."""
        self._case = case
        self._turns = {}
        self.exchanges.setdefault(case, [])

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = _read_body(handler)
        parts = urlsplit(handler.path)
        if parts.path.startswith("/__case/"):
            self.begin(parts.path.removeprefix("/__case/"))
            status, reply = 200, {}
        else:
            with self._lock:
                self.exchanges.setdefault(self._case, []).append(self._written(handler, body))
                status, reply = self._reply(f"{handler.command} {parts.path}")
        text = "" if reply is None else json.dumps(reply).replace("{url}", self.url)
        data = text.encode()
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(data)

    def _reply(self, asked: str) -> tuple[int, Any]:
        for pattern, given in self._replies.items():
            if re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]+"), asked):
                if isinstance(given, list) and given and isinstance(given[0], list):
                    turn = self._turns.get(pattern, 0)
                    self._turns[pattern] = turn + 1
                    given = given[min(turn, len(given) - 1)]
                if isinstance(given, list):
                    return int(given[0]), given[1]
                return 200, given
        self.unanswered.append(asked)
        return 501, {"error": f"no reply to {asked} in REPLIES"}

    def _written(self, handler: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
        parts = urlsplit(handler.path)
        kind = handler.headers.get("content-type", "")
        headers = {
            name.lower(): value
            for name, value in handler.headers.items()
            if name.lower() not in TRANSPORT
            and not name.lower().startswith(TRANSPORT_PREFIXES)
            and not (name.lower() == "content-type" and not body)
        }
        if "content-type" in headers:
            headers["content-type"] = kind.split(";")[0].strip()
        found: dict[str, Any] = {
            "method": handler.command,
            "path": parts.path,
            "query": dict(parse_qsl(parts.query, keep_blank_values=True)),
            "headers": dict(sorted(headers.items())),
        }
        if body:
            found["body"] = _body(body, kind)
        return self._plain(found)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._plain(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._plain(inner) for inner in value]
        if not isinstance(value, str):
            return value
        text = value.replace(self.url, "<url>").replace(self.url.split("//")[1], "<host>")
        for pattern, word in _WORDS:
            text = pattern.sub(word, text)
        return text


_WORDS = (
    (re.compile(r"canary-[\w.-]+"), "<key>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"), "<date>"),
)


def _read_body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("transfer-encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("content-length") or 0))
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body


def _body(body: bytes, kind: str) -> Any:
    if kind.startswith("multipart/"):
        head = f"content-type: {kind}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        return {"multipart": [_part(part) for part in message.iter_parts()]}
    if kind.startswith("application/x-www-form-urlencoded"):
        return {"form": dict(parse_qsl(body.decode(), keep_blank_values=True))}
    try:
        return json.loads(body)
    except ValueError:
        return {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}


def _part(part: Any) -> dict[str, Any]:
    content = part.get_payload(decode=True) or b""
    found: dict[str, Any] = {"name": part.get_param("name", header="content-disposition")}
    if (filename := part.get_filename()) is not None:
        kind = part.get("content-type")
        return {**found, "filename": filename, "content_type": kind, **_hashed(content)}
    return {**found, "value": content.decode()}


def _hashed(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def differences(theirs: Any, ours: Any, at: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two written values differ: the place (`body.parameters.seed`) -> theirs, ours.

    A place that one side lacks counts as `"<absent>"` there; a null of theirs that ours leaves out
    is no difference.
    """
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for name in {**theirs, **ours}:
            place = f"{at}.{name}" if at else str(name)
            found |= differences(theirs.get(name, ABSENT), ours.get(name, ABSENT), place)
        return found
    if isinstance(theirs, list) and isinstance(ours, list):
        found = {}
        for n in range(max(len(theirs), len(ours))):
            pair = [side[n] if n < len(side) else ABSENT for side in (theirs, ours)]
            found |= differences(*pair, f"{at}[{n}]")
        return found
    same = theirs == ours and isinstance(theirs, bool) == isinstance(ours, bool)
    left_out = theirs is None and ours == ABSENT
    return {} if same or left_out else {at: (theirs, ours)}


ABSENT = "<absent>"
