"""The one door to a service: a client that sends a paid request at most once, and never late.

Nothing here, nor in the library below, repeats a POST: one lost answer must not become two bills.
The *send guard* is checked when the first header byte is about to leave, after connecting, TLS and
waiting for a socket: a request that was kept too long since its intent is dropped unsent, because
others may have declared it absent by then.

Proxies of the environment (`HTTPS_PROXY`) are not used: one that repeats a POST would pay twice
behind our back, and behind one no address can be checked. Where there is no other way out, a person
names it in `PROMPTGRID_PROXY`; then the list of a service's hosts is all the check there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import ipaddress
import json
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpcore
import httpx

from toolkit.errors import NotSent, ProviderError, RefusalKind, Refused, ToolkitError
from toolkit.providers._redact import redact

__all__ = [
    "AddressError",
    "GuardTrippedError",
    "Judge",
    "StrangeHostError",
    "UnclearError",
    "check_guard",
    "check_url",
    "client",
    "free_json",
    "get_json",
    "post_once",
    "refusal",
    "retry_after_s",
    "send_guard",
]

TIMEOUT = httpx.Timeout(60.0, connect=15.0)
MAX_REPLY_BYTES = 16 << 20

_KINDS: dict[int, RefusalKind] = {
    400: "invalid", 401: "auth", 402: "arrears", 403: "auth", 404: "not_found", 405: "invalid",
    410: "retired", 413: "invalid", 415: "invalid", 422: "invalid", 429: "rate_limit",
    451: "moderated",
}  # fmt: skip
"""Answers that prove that no work was begun. 408, 409, 425 and every 5xx prove nothing."""


class UnclearError(ProviderError):
    """No clean answer to a paid request: it may have been charged. `http_status` where there was
    one.
    """

    def __init__(self, message: str, *, provider: str, http_status: int | None = None) -> None:
        super().__init__(message, provider=provider)
        self.http_status = http_status


# -- the send guard ------------------------------------------------------------------------------


class GuardTrippedError(NotSent):
    """The request was kept so long on this machine that it may not be sent any more."""


@dataclass(frozen=True)
class _Guard:
    deadline: float
    ticks: Callable[[], float]


_guard: ContextVar[_Guard | None] = ContextVar("send_guard", default=None)


@contextlib.contextmanager
def send_guard(
    since: float, limit_s: float, *, ticks: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Requests begun in this block must leave within `limit_s` of `since`, by the clock `ticks`."""
    token = _guard.set(_Guard(since + limit_s, ticks))
    try:
        yield
    finally:
        _guard.reset(token)


def check_guard() -> None:
    """Raise `GuardTrippedError` if the block's time is over. A provider that has no HTTP calls it
    right before the step that may cost money.
    """
    guard = _guard.get()
    if guard is not None and (late := guard.ticks() - guard.deadline) > 0:
        raise GuardTrippedError(
            f"held back {late:.1f} s too long on this machine; not sent, nothing was charged"
        )


async def _trace(event: str, _info: Mapping[str, Any]) -> None:
    if event.endswith(".send_request_headers.started"):
        check_guard()


# -- addresses -----------------------------------------------------------------------------------


class AddressError(ProviderError):
    """An address that is not fetched from."""


class StrangeHostError(AddressError):
    """A result on a host that is not known as one of the service's."""

    def __init__(self, host: str) -> None:
        super().__init__(f"a result on {host}, which is none of the service's hosts")
        self.host = host


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; `AddressError` where the address is not plain http(s)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressError("the address of a result cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressError("the address of a result is not http(s)")
    if parts.username is not None or parts.password is not None:
        raise AddressError(f"the address of a result on {parts.hostname} holds a name or password")
    if re.search(r"[\x00-\x20\\]", url):
        raise AddressError(f"the address of a result on {parts.hostname} holds control characters")
    return parts.scheme, parts.hostname.rstrip(".").lower(), port or _PORTS[parts.scheme]


_PORTS = {"http": 80, "https": 443}


def check_url(url: str, *, hosts: Iterable[str], base_url: str | None = None) -> None:
    """Pass for https on one of `hosts` (`*.name` means any host below, `*` any at all), and for the
    very origin of `base_url`; else `AddressError`. Whether the host's addresses are public is
    checked when connecting.
    """
    scheme, host, port = where = origin(url)
    if base_url is not None and where == origin(base_url):
        return
    if scheme != "https" or port != 443:
        raise AddressError(f"a result on {host}:{port} by {scheme}; only https on 443 is fetched")
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        raise AddressError(f"a result on the bare address {host}; only named hosts are fetched")
    if not any(_matches(host, pattern) for pattern in hosts):
        raise StrangeHostError(host)


def _matches(host: str, pattern: str) -> bool:
    pattern = pattern.lower()
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern


def is_public(address: str) -> bool:
    """Whether an IP address, or the IPv4 address wrapped in it, is on the public internet."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to public addresses, and to the origins a person configured.

    The name is resolved once and the connection made to that very address, so that a resolver that
    changes its mind gains nothing. TLS still checks the name.
    """

    def __init__(self, trusted: Iterable[tuple[str, int]] = ()) -> None:
        self._trusted = frozenset(trusted)
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        target = host
        if (host.lower(), port) not in self._trusted:
            target = await self._public_address(host, port)
        return await self._inner.connect_tcp(target, port, timeout, local_address, socket_options)

    async def _public_address(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as problem:
            raise httpcore.ConnectError(f"{host} has no address: {problem}") from None
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if not is_public(address):
                raise AddressError(f"{host} leads to {address}, which is not a public address")
        return addresses[0]

    async def connect_unix_socket(self, *_: Any, **__: Any) -> NoReturn:
        raise AddressError("no results are fetched from sockets")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


# -- clients -------------------------------------------------------------------------------------


@cache
def _ssl_context() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than many a request."""
    return httpx.create_ssl_context()


class _Transport(httpx.AsyncHTTPTransport):
    """Adds the send guard to every request. HTTP/1.1 only: its trace events are the tested ones."""

    def __init__(
        self, backend: httpcore.AsyncNetworkBackend | None = None, proxy: str | None = None
    ) -> None:
        context = _ssl_context()
        super().__init__(verify=context, retries=0, http1=True, http2=False, trust_env=False)
        settings: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": 64,
            "max_keepalive_connections": 0,  # a stale connection would turn a submit into `unknown`
            "http1": True,
            "http2": False,
            "retries": 0,
        }
        if proxy is not None:
            self._pool = httpcore.AsyncHTTPProxy(proxy, **settings)
        else:
            self._pool = httpcore.AsyncConnectionPool(network_backend=backend, **settings)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["trace"] = _trace
        return await super().handle_async_request(request)


def client(
    base_url: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    public_only: bool = False,
    trusted: Iterable[str] = (),
) -> httpx.AsyncClient:
    """A client that retries nothing and follows nothing. Make one in the loop that uses it.

    With `public_only` it connects to public addresses and the origins of `trusted` alone. The proxy
    in `PROMPTGRID_PROXY`, if any, is passed by for a `base_url` or `trusted` on this machine.
    """
    backend = None
    proxy = os.environ.get("PROMPTGRID_PROXY") or None
    if proxy is not None and any(_is_local(url) for url in (base_url, *trusted) if url):
        proxy = None
    if public_only:
        backend = PublicOnly(origin(url)[1:] for url in trusted)
    return httpx.AsyncClient(
        base_url=base_url,
        headers={"accept-encoding": "identity", **(headers or {})},
        transport=_Transport(backend, proxy),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


class _TooLongError(httpx.HTTPError):
    """The answer never ends, or is no answer to what was asked."""


def _is_local(url: str) -> bool:
    host = origin(url)[1]
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


async def _exchange(
    http: httpx.AsyncClient, method: str, url: str, *, most_bytes: int | None = None, **what: Any
) -> httpx.Response:
    """One request and its answer, read up to `most_bytes` (`MAX_REPLY_BYTES`); only an error's text
    is cut there.

    A service may send more than memory holds, by mistake or not, packed or not.
    """
    most = most_bytes or MAX_REPLY_BYTES
    async with http.stream(method, url, **what) as reply:
        body = bytearray()
        async for block in reply.aiter_bytes(1 << 16):
            body += block
            if len(body) > most:
                if reply.is_success:
                    raise _TooLongError(f"more than {most >> 20} MiB")
                break
        packed = ("content-encoding", "content-length", "transfer-encoding")
        headers = [(name, value) for name, value in reply.headers.items() if name not in packed]
        return httpx.Response(
            reply.status_code, headers=headers, content=bytes(body), request=reply.request
        )


async def post_once(
    http: httpx.AsyncClient,
    url: str,
    *,
    provider: str,
    body: Any,
    headers: Mapping[str, str] | None = None,
    judge: Judge | None = None,
    files: Sequence[tuple[str, Any]] | None = None,
) -> dict[str, Any]:
    """Send a paid request once and return its JSON answer.

    `NotSent` where nothing left, `Refused` for a definite no; `UnclearError` for everything else,
    which means that the service may have charged. `judge` is asked first. With `files`, as httpx
    takes them, it is a multipart form and `body` is not sent.
    """
    what: dict[str, Any] = {"json": body} if files is None else {"files": files}
    try:
        reply = await _exchange(http, "POST", url, **what, headers=dict(headers or {}))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
        raise NotSent(f"could not connect: {_name(problem)}", provider=provider) from None
    except httpx.HTTPError as problem:
        raise UnclearError(
            f"no clean answer ({_name(problem)}); it may have been charged", provider=provider
        ) from None
    if judge is not None and (said := judge(reply)) is not None:
        raise said from None
    if reply.status_code in _KINDS:
        raise refusal(reply, provider=provider) from None
    if not reply.is_success:
        raise UnclearError(
            f"answered {reply.status_code}; it may have been charged: {_excerpt(reply)}",
            provider=provider,
            http_status=reply.status_code,
        ) from None
    return _json(reply, provider)


async def get_json(
    http: httpx.AsyncClient,
    url: str,
    *,
    provider: str,
    params: Mapping[str, Any] | None = None,
    judge: Judge | None = None,
) -> dict[str, Any]:
    """The JSON at `url`; `Refused` for a definite no, `ProviderError` for what may pass."""
    asked = dict(params) if params else None
    return await free_json(http, "GET", url, provider=provider, judge=judge, params=asked)


async def free_json(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    provider: str,
    judge: Judge | None = None,
    **what: Any,
) -> dict[str, Any]:
    """The JSON answer to a request that costs nothing and may be repeated: an upload (`files=`), a
    list, a cancellation. {} for an empty one. Errors as for `get_json`. `most_bytes` is for an
    answer that holds a film.
    """
    try:
        reply = await _exchange(http, method, url, **what)
    except httpx.HTTPError as problem:
        raise ProviderError(f"no answer ({_name(problem)})", provider=provider) from None
    if judge is not None and (said := judge(reply)) is not None:
        raise said from None
    if reply.status_code in _KINDS:
        raise refusal(reply, provider=provider) from None
    if not reply.is_success:
        raise ProviderError(
            f"answered {reply.status_code}: {_excerpt(reply)}", provider=provider
        ) from None
    if reply.status_code == 204 or (method != "GET" and not reply.content):
        return {}
    return _json(reply, provider)


Judge = Callable[[httpx.Response], ToolkitError | None]
"""What a service's own error codes mean, where the HTTP status does not tell: sees every answer
first, and what it returns is raised.
"""


def refusal(
    reply: httpx.Response, *, provider: str, kind: RefusalKind | None = None, hint: str = ""
) -> Refused:
    """A definite refusal as an exception, without headers or addresses in it. `hint` is the way
    out.
    """
    return Refused(
        f"answered {reply.status_code}: {_excerpt(reply)}" + (f"; {hint}" if hint else ""),
        kind=kind or _KINDS.get(reply.status_code, "invalid"),
        provider=provider,
        retry_after_s=retry_after_s(reply),
    )


def retry_after_s(reply: httpx.Response) -> float | None:
    """How long the service asks to wait: by header, as seconds or as a date, or in its words."""
    value = reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    if value:
        with contextlib.suppress(ValueError, TypeError):
            until = parsedate_to_datetime(value)
            until = until if until.tzinfo else until.replace(tzinfo=UTC)
            return max(0.0, (until - _now(reply)).total_seconds())
    said = re.search(r"resets? in ~?\s*(\d+)\s*s", reply.text[:2000])
    return float(said[1]) if said else None


def _now(reply: httpx.Response) -> datetime:
    """The service's own clock, where it says the time."""
    with contextlib.suppress(KeyError, ValueError, TypeError):
        date = parsedate_to_datetime(reply.headers["date"])
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    return datetime.now(UTC)


def _json(reply: httpx.Response, provider: str) -> dict[str, Any]:
    try:
        found = json.loads(reply.content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderError(
            f"answered {reply.status_code} with what is no JSON object: {_excerpt(reply)}",
            provider=provider,
        ) from None
    return found


def _excerpt(reply: httpx.Response) -> str:
    text = " ".join(reply.text[:2000].split())
    text = redact(text)  # before it is cut: half a key is a key
    return html.escape(re.sub(r"https?://\S+", "<address>", text)[:300], quote=False)


def _name(problem: BaseException) -> str:
    return str(problem) if isinstance(problem, _TooLongError) else type(problem).__name__
