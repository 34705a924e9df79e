"""The door to the services: one request at most, never late, and results from nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import os
import re
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpcore
import httpx
import pytest

from tests.fake_service import mp4
from toolkit.errors import NotSent, ProviderError, Refused
from toolkit.providers import _http
from toolkit.providers._http import AddressError, GuardTrippedError, check_url, is_public
from toolkit.runner import Settings, download
from toolkit.runner.download import BadContentError, GoneError, NoSpaceError, Source
from toolkit.seams import Asset

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]

QUICK = Settings(spare_bytes=0, download_deadline_s=5)


class Server:
    """Answers as it is told and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.heads: list[str] = []
        self.url = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            length = [x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")]
            body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
            await self.answer(reader, writer, body)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[Server]:
    server = Server(answer)
    tcp = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{tcp.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        tcp.close()


def reply(status: int = 200, body: bytes = b"", **headers: Any) -> Answer:
    async def answer(_r: Any, writer: asyncio.StreamWriter, _b: bytes) -> None:
        lines = {
            "content-length": len(body),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)

    return answer


async def drop(_r: Any, _writer: asyncio.StreamWriter, _b: bytes) -> None:
    """Takes the request and closes."""


async def reset(_r: Any, writer: asyncio.StreamWriter, _b: bytes) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def hang(reader: asyncio.StreamReader, _w: Any, _b: bytes) -> None:
    await reader.read()


async def slow(_r: Any, writer: asyncio.StreamWriter, _b: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(100):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def half(_r: Any, writer: asyncio.StreamWriter, _b: bytes) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id": ')


LOST = {
    "drop": drop,
    "reset": reset,
    "hang": hang,
    "slow loris": slow,
    "half an answer": half,
    "bad JSON": reply(200, b"<html>ok</html>"),
    "a list": reply(200, b"[1]"),
    "redirect": reply(302, location="/elsewhere"),
    "408": reply(408),
    "409": reply(409),
    "500": reply(500, b"oops"),
    "502": reply(502),
    "504 from a proxy": reply(504, b"<html>Gateway Time-out</html>"),
}


@pytest.mark.parametrize("name", LOST)
def test_one_submit_is_one_request_and_no_clean_answer_is_unknown(name):
    """Exactly one, whatever the service does: neither refused nor unsent may be concluded."""

    async def main() -> None:
        async with serving(LOST[name]) as server, _http.client(server.url) as http:
            with pytest.raises((ProviderError, TimeoutError)) as caught:
                async with asyncio.timeout(0.7):
                    await _http.post_once(http, "/jobs", provider="x", body={"prompt": "a fox"})
            assert not isinstance(caught.value, (NotSent, Refused))
            assert [head.split()[0] for head in server.heads] == ["POST"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid"), (401, "auth"), (402, "arrears"), (404, "not_found"), (429, "rate_limit")],
)
def test_a_definite_no_is_a_refusal(status, kind):
    async def main() -> None:
        answer = reply(status, b'{"detail": "no"}', retry_after="7")
        async with serving(answer) as server, _http.client(server.url) as http:
            with pytest.raises(Refused, match=f"x: answered {status}") as caught:
                await _http.post_once(http, "/jobs", provider="x", body={})
            assert (caught.value.kind, caught.value.retry_after_s) == (kind, 7.0)
            assert len(server.heads) == 1

    asyncio.run(main())


def test_a_clean_answer_is_its_json():
    async def main() -> None:
        async with serving(reply(201, b'{"id": "j1"}')) as server, _http.client(server.url) as http:
            assert await _http.post_once(http, "/jobs", provider="x", body={}) == {"id": "j1"}
            assert await _http.get_json(http, "/jobs/j1", provider="x") == {"id": "j1"}

    asyncio.run(main())


@pytest.mark.parametrize("status", [200, 402])
def test_an_answer_without_end_is_read_no_further_than_its_cap(status, monkeypatch):
    """What was accepted stays unknown; what was refused stays refused."""
    monkeypatch.setattr(_http, "MAX_REPLY_BYTES", 1 << 20)
    sent = 0

    async def endless(_r: Any, writer: asyncio.StreamWriter, _b: bytes) -> None:
        nonlocal sent
        writer.write(f"HTTP/1.1 {status} X\r\n\r\n".encode())
        while sent < 200 << 20:
            writer.write(b"[" * 65536)
            await writer.drain()
            sent += 65536

    async def main() -> None:
        async with serving(endless) as server, _http.client(server.url) as http:
            with pytest.raises(ProviderError) as post:
                await _http.post_once(http, "/jobs", provider="x", body={})
            with pytest.raises(ProviderError) as get:
                await _http.get_json(http, "/jobs", provider="x")
        kinds = (_http.UnclearError, ProviderError) if status == 200 else (Refused, Refused)
        assert (type(post.value), type(get.value)) == kinds
        if status == 200:
            assert str(get.value) == "x: no answer (more than 1 MiB)"

    asyncio.run(main())
    assert sent < 100 << 20


def test_a_proxy_is_used_where_a_person_named_it_and_never_for_this_machine(monkeypatch):
    async def main() -> list[str]:
        async with serving(reply(200, b"{}")) as proxy, serving(reply(200, b"{}")) as own:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            async with _http.client("http://api.example.invalid") as http:
                with pytest.raises(NotSent):
                    await _http.post_once(http, "/jobs", provider="x", body={})
            monkeypatch.setenv("PROMPTGRID_PROXY", proxy.url)
            async with _http.client("http://api.example.invalid") as http:
                await _http.post_once(http, "/jobs", provider="x", body={})
                late = _http.send_guard(0.0, 1.0, ticks=lambda: 2.0)
                with late, pytest.raises(GuardTrippedError):
                    await _http.post_once(http, "/jobs", provider="x", body={})
            async with _http.client(own.url) as http:
                await _http.post_once(http, "/jobs", provider="x", body={})
            assert len(own.heads) == 1
            return proxy.heads

    (head,) = asyncio.run(main())
    assert head.startswith("POST http://api.example.invalid/jobs HTTP/1.1")


def test_where_nobody_listens_nothing_was_sent():
    async def main() -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        async with _http.client(f"http://127.0.0.1:{port}") as http:
            with pytest.raises(NotSent, match="could not connect: ConnectError"):
                await _http.post_once(http, "/jobs", provider="x", body={})

    asyncio.run(main())


def test_the_guard_stops_a_request_after_connecting_and_before_its_first_byte():
    """The deadline passes while the connection is being made."""

    async def main() -> None:
        async with serving(reply(200, b"{}")) as server, _http.client(server.url) as http:
            ticks = iter([0.5, 1.5])  # the first look is the runner's, the second at the socket
            with _http.send_guard(0.0, 1.0, ticks=lambda: next(ticks)):
                _http.check_guard()
                with pytest.raises(GuardTrippedError, match=r"held back 0\.5 s too long"):
                    await _http.post_once(http, "/jobs", provider="x", body={})
            assert server.heads == []
            await _http.post_once(http, "/jobs", provider="x", body={})
            assert len(server.heads) == 1

    asyncio.run(main())


def test_retry_after_is_read_in_all_its_forms():
    def read(text: str = "", **headers: str) -> float | None:
        return _http.retry_after_s(
            httpx.Response(
                429, headers={k.replace("_", "-"): v for k, v in headers.items()}, text=text
            )
        )

    assert read(retry_after="12") == 12.0
    assert read(retry_after="1.5") == 1.5
    assert read(
        retry_after="Tue, 24 Jun 2025 12:01:00 GMT", date="Tue, 24 Jun 2025 12:00:15 GMT"
    ) == pytest.approx(45.0)
    assert read(retry_after="soon") is None
    assert read("Your rate limit resets in ~30s.") == 30.0
    assert read() is None


def test_an_error_shows_neither_addresses_nor_markup():
    async def main() -> None:
        body = b"<script>x</script> see https://files.example/a?sig=SECRET now"
        async with serving(reply(500, body)) as server, _http.client(server.url) as http:
            with pytest.raises(ProviderError) as caught:
                await _http.get_json(http, "/x", provider="x", params={"key": "CANARY"})
            text = str(caught.value)
            assert "SECRET" not in text
            assert "CANARY" not in text
            assert "<script>" not in text
            assert caught.value.__cause__ is None

    asyncio.run(main())


# -- where results may come from -----------------------------------------------------------------

HOSTILE = [
    "http://files.example/a.mp4", "https://files.example:8443/a.mp4", "https://evil.example/a.mp4",
    "https://files.example.evil.example/a.mp4", "https://evilfiles.example/a", "ftp://files.example/a",
    "file:///etc/passwd", "https://127.0.0.1/a", "https://[::1]/a", "https://2130706433/a",
    "https://0x7f000001/a", "https://0177.0.0.1/a", "https://127.1/a", "https://localhost/a",
    "https://169.254.169.254/latest/meta-data", "https://metadata.google.internal/a",
    "https://[::ffff:127.0.0.1]/a", "https://[64:ff9b::7f00:1]/a", "https://user:pw@files.example/a",
    "https://files.example@evil.example/a", "https://files.example\\@evil.example/a",
    "https://files.example\r\nhost: evil/a", "https:///a", "https://", "//files.example/a",
    "data:video/mp4;base64,AAAA", "javascript:alert(1)", "gopher://files.example/_a", "https://.example/a",
    "https://cdn.example/a", "https://files.example:99999/a", "https://files.example:x/a",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused(url):
    with pytest.raises(AddressError):
        check_url(url, hosts=["files.example", "*.cdn.example"])


def test_the_services_own_hosts_are_fetched_from():
    for url in (
        "https://files.example/a",
        "https://FILES.example:443/a",
        "https://a.b.cdn.example/x",
    ):
        check_url(url, hosts=["files.example", "*.cdn.example"])
    check_url("http://127.0.0.1:9000/a", hosts=[], base_url="http://127.0.0.1:9000/v1")
    with pytest.raises(AddressError):
        check_url("http://127.0.0.1:9001/a", hosts=[], base_url="http://127.0.0.1:9000/v1")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False),
        ("10.1.2.3", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("::1", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:7f00:1::", False),
        ("255.255.255.255", False), ("192.168.0.1", False),
    ],
)  # fmt: skip
def test_only_public_addresses_are_connected_to(address, public):
    assert is_public(address) is public


def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch):
    """Also when only one of its addresses does, and though the name itself is allowed."""
    connected: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def resolve(host: str, port: int, **_: Any) -> list[Any]:
            return [(2, 1, 6, "", (ip, port)) for ip in ("93.184.216.34", "127.0.0.1")]

        monkeypatch.setattr(loop, "getaddrinfo", resolve)

        async def connect(_self: Any, host: str, *_: Any) -> Any:
            connected.append(host)
            raise httpcore.ConnectError("no")

        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
        async with _http.client(public_only=True) as http:
            with pytest.raises(AddressError, match=r"leads to 127\.0\.0\.1"):
                await http.get("https://files.example/a")

    asyncio.run(main())
    assert connected == []


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A resolver that changes its mind gains nothing."""
    connected: list[str] = []

    async def main() -> None:
        async def resolve(host: str, port: int, **_: Any) -> list[Any]:
            return [(2, 1, 6, "", ("93.184.216.34", port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)

        async def connect(_self: Any, host: str, *_: Any) -> Any:
            connected.append(host)
            raise httpcore.ConnectError("no")

        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
        async with _http.client(public_only=True) as http:
            with pytest.raises(httpx.ConnectError):
                await http.get("https://files.example/a")

    asyncio.run(main())
    assert connected == ["93.184.216.34"]


# -- downloads -----------------------------------------------------------------------------------

MOVIE = mp4("movie") * 4000
SHA = hashlib.sha256(MOVIE).hexdigest()


def fetch(
    server: Server, part: Path, *, settings: Settings = QUICK, path: str = "/a.mp4", **asset: Any
) -> Awaitable[str]:
    async def go() -> str:
        async with _http.client(public_only=True, trusted=[server.url]) as http:
            return await download.fetch(
                Asset(url=server.url + path, **asset),
                part,
                Source("x", base_url=server.url),
                http=http,
                settings=settings,
            )

    return go()


def fetched(answer: Answer, part: Path, **kwargs: Any) -> tuple[str, list[str]]:
    async def main() -> tuple[str, list[str]]:
        async with serving(answer) as server:
            return await fetch(server, part, **kwargs), server.heads

    return asyncio.run(main())


@pytest.fixture
def part(tmp_path):
    return tmp_path / "a.part"


def test_a_result_is_fetched_whole(part):
    sha, heads = fetched(
        reply(200, MOVIE), part, sha256=SHA, size_bytes=len(MOVIE), headers={"authorization": "k"}
    )
    assert (sha, part.read_bytes()) == (SHA, MOVIE)
    assert "authorization: k" in heads[0].lower()
    assert "accept-encoding: identity" in heads[0].lower()


def test_an_interrupted_download_goes_on_where_it_stopped(part):
    calls: list[bytes] = []

    async def answer(_r: Any, writer: asyncio.StreamWriter, _b: bytes) -> None:
        cut = len(MOVIE) // 2
        calls.append(b"")
        if len(calls) == 1:
            head = f'HTTP/1.1 200 OK\r\netag: "v1"\r\ncontent-length: {len(MOVIE)}\r\n\r\n'
            writer.write(head.encode() + MOVIE[:cut])
        else:
            rest = MOVIE[cut:]
            head = f"HTTP/1.1 206 X\r\ncontent-range: bytes {cut}-\r\n"
            head += f'etag: "v1"\r\ncontent-length: {len(rest)}\r\n\r\n'
            writer.write(head.encode() + rest)

    async def main() -> list[str]:
        async with serving(answer) as server:
            with pytest.raises(ProviderError, match=r"x: broke off after \d+ bytes"):
                await fetch(server, part)
            assert part.stat().st_size == len(MOVIE) // 2
            assert await fetch(server, part) == SHA
            return server.heads

    heads = asyncio.run(main())
    assert f"range: bytes={len(MOVIE) // 2}-" in heads[1].lower()
    assert 'if-range: "v1"' in heads[1].lower()


def test_another_process_goes_on_where_a_killed_one_was(part, tmp_path):
    """The space is reserved, so the file's size lies; the note beside it does not."""
    movie = mp4("big") + bytes(range(256)) * 20_000
    asked: list[int] = []

    async def answer(_r: Any, writer: asyncio.StreamWriter, _b: bytes) -> None:
        found = re.search(r"range: bytes=(\d+)-", server_heads[-1].lower())
        start = int(found[1]) if found else 0
        asked.append(start)
        status = f"206 X\r\ncontent-range: bytes {start}-" if start else "200 OK"
        writer.write(f'HTTP/1.1 {status}\r\netag: "v1"\r\n'.encode())
        writer.write(f"content-length: {len(movie) - start}\r\n\r\n".encode())
        for at in range(start, len(movie), 1 << 18):
            writer.write(movie[at : min(at + (1 << 18), len(movie))])
            await writer.drain()
            await asyncio.sleep(0.02 if not start else 0)

    server_heads: list[str] = []

    async def main() -> str:
        async with serving(answer) as server:
            server.heads = server_heads
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", KILLED, server.url, str(part),
                cwd=Path(__file__).parents[1], env={**os.environ, "PROMPTGRID_FAILPOINT": ""},
            )  # fmt: skip
            assert await child.wait() == 137
            assert part.stat().st_size == len(movie)
            return await fetch(server, part)

    assert asyncio.run(main()) == hashlib.sha256(movie).hexdigest()
    first, second = asked
    assert first == 0
    assert 1 << 20 <= second < len(movie)


KILLED = """
import asyncio, sys
from pathlib import Path
from toolkit.store.failpoint import arm
from tests.test_runner_http import QUICK, _http, download, Asset, Source
arm("download.block:kill:60")
async def main():
    async with _http.client(public_only=True, trusted=[sys.argv[1]]) as http:
        await download.fetch(Asset(url=sys.argv[1] + "/a.mp4"), Path(sys.argv[2]),
                             Source("x", base_url=sys.argv[1]), http=http, settings=QUICK)
asyncio.run(main())
"""


def test_two_processes_never_write_to_one_part(part, tmp_path):
    mine = tmp_path / "mine"
    with download.alone(part, mine) as first, download.alone(part, mine) as second:
        assert (first, second) == (part, mine)
    with download.alone(part, tmp_path / "mine") as third:
        assert third == part


def test_a_server_that_ignores_the_range_starts_again(part):
    part.write_bytes(b"old half")
    download._Note('"v1"', None, part.stat().st_size).write(part)
    assert fetched(reply(200, MOVIE), part)[0] == SHA


@pytest.mark.parametrize(
    ("answer", "asset", "error", "match"),
    [
        (reply(200, b""), {}, BadContentError, "an empty file"),
        (reply(200, b"<html>log in</html>"), {}, BadContentError, "no MP4 but text"),
        (reply(200, MOVIE), {"size_bytes": 5}, BadContentError, "bytes of the 5 announced"),
        (reply(200, MOVIE), {"sha256": "0" * 64}, BadContentError, "announced hash"),
        (reply(200, MOVIE, content_encoding="gzip"), {}, BadContentError, "packed form"),
        (reply(403), {}, GoneError, "answered 403"),
        (reply(404), {}, GoneError, "answered 404"),
        (reply(410), {}, GoneError, "answered 410"),
        (reply(503), {}, ProviderError, "answered 503"),
        (reply(302, location="http://127.0.0.1:1/a"), {}, AddressError, "only https on 443"),
        (reply(302, location="https://evil.example/a"), {}, AddressError, "none of the service"),
        (reply(302, location="file:///etc/passwd"), {}, AddressError, "is not http"),
        (reply(302, location="/again"), {}, AddressError, "more redirects than are followed"),
    ],
)
def test_what_is_no_whole_video_from_there_is_refused(part, answer, asset, error, match):
    with pytest.raises(error, match=match):
        fetched(answer, part, **asset)
    assert not part.exists() or part.stat().st_size == 0


def test_a_body_that_is_too_large_is_cut_off(part):
    small = dataclasses.replace(QUICK, most_bytes=1000)
    with pytest.raises(BadContentError, match=r"at most 1000 are fetched"):
        fetched(reply(200, MOVIE), part, settings=small)

    async def endless(_r: Any, writer: asyncio.StreamWriter, _b: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + MOVIE)

    with pytest.raises(BadContentError, match="more than 1000 bytes"):
        fetched(endless, part, settings=small)


def test_a_download_has_a_deadline(part):
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        fetched(slow, part, settings=dataclasses.replace(QUICK, download_deadline_s=0.3))
    assert time.monotonic() - began < 3


def test_a_key_does_not_follow_a_redirect_to_another_host(part):
    async def main() -> list[str]:
        async with serving(reply(200, MOVIE)) as other:
            there = other.url.replace("127.0.0.1", "localhost")
            async with serving(reply(307, location=there + "/b")) as server:
                async with _http.client(public_only=True, trusted=[server.url, there]) as http:
                    asset = Asset(url=server.url + "/a", headers={"authorization": "CANARY"})
                    source = Source("x", base_url=there)
                    # the first hop is allowed as if it were the configured one
                    real = download.check_url
                    download.check_url = lambda *_a, **_k: None
                    try:
                        await download.fetch(asset, part, source, http=http, settings=QUICK)
                    finally:
                        download.check_url = real
                assert "CANARY" in server.heads[0]
            return other.heads

    (head,) = asyncio.run(main())
    assert "CANARY" not in head


INSIDE = [
    "127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "::1", "fe80::1", "fc00::7", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
]  # fmt: skip
"""What a name of the service itself may lead to, if somebody has its name server."""


@pytest.mark.parametrize("by", ["the answer", "a redirect"])
def test_no_connection_is_made_for_a_hostile_result(part, monkeypatch, by):
    """Every hostile address, and every inner one that the service's own name may lead to."""
    connected: list[str] = []
    real = httpcore.AnyIOBackend.connect_tcp
    leads_to = {"address": "93.184.216.34"}

    async def connect(self: Any, host: str, port: int, *more: Any, **named: Any) -> Any:
        connected.append(f"{host}:{port}")
        if f"{host}:{port}" != trusted["server"]:
            raise httpcore.ConnectError("no")
        return await real(self, host, port, *more, **named)

    async def resolve(_host: str, port: int, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", (leads_to["address"], port))]

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    trusted = {"server": ""}
    answer = {"location": ""}

    async def main() -> list[str]:
        outcomes = []
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        own = [("https://files.example/a.mp4", address) for address in INSIDE]
        async with serving(lambda *said: reply(302, location=answer["location"])(*said)) as server:
            trusted["server"] = server.url.removeprefix("http://")
            source = Source("x", ("files.example", "*.cdn.example"), server.url)
            for url, address in [*((url, "93.184.216.34") for url in HOSTILE), *own]:
                leads_to["address"] = address
                answer["location"] = url if url.isprintable() else quote(url, safe=":/\\@")
                asked = url if by == "the answer" else server.url + "/a.mp4"
                async with _http.client(public_only=True, trusted=[server.url]) as http:
                    try:
                        await download.fetch(
                            Asset(url=asked), part, source, http=http, settings=QUICK
                        )
                    except (AddressError, httpx.HTTPError, ProviderError) as problem:
                        outcomes.append(type(problem).__name__)
        return outcomes

    outcomes = asyncio.run(main())
    elsewhere = [host for host in connected if host != trusted["server"]]
    assert elsewhere == []
    assert len(outcomes) == len(HOSTILE) + len(INSIDE) >= 40
    assert not part.exists() or part.stat().st_size == 0


def test_a_full_disk_is_noticed_before_the_transfer(part):
    with pytest.raises(NoSpaceError, match="MiB are free"):
        fetched(reply(200, MOVIE), part, settings=dataclasses.replace(QUICK, spare_bytes=1 << 60))
