"""Fetching a result: whole, checked, and from nowhere but where the service keeps its results.

A file is written as `.part`, resumed by byte range, and gets its name (its hash) only when it is
complete and on disk. What is no video is not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import httpx

from toolkit.errors import ProviderError
from toolkit.locks import try_lock
from toolkit.pictures import MOST_BYTES, suffix_of
from toolkit.providers._http import AddressError, check_url, client, origin
from toolkit.runner.settings import Settings
from toolkit.seams import Asset
from toolkit.store.failpoint import point

__all__ = [
    "BadContentError",
    "GoneError",
    "NoSpaceError",
    "Source",
    "fetch",
    "fetch_picture",
    "hosts_variable",
    "own_hosts",
]

MOST_REDIRECTS = 3


class GoneError(ProviderError):
    """The address no longer serves it (403, 404, 410): ask the service for a new one."""


class BadContentError(ProviderError):
    """What was served is no video, or not the whole of it."""


class NoSpaceError(ProviderError):
    """The disk has no room for it."""


@dataclass(frozen=True)
class Source:
    """From where a provider's results may come."""

    provider: str
    hosts: Sequence[str] = ()
    base_url: str | None = None


def hosts_variable(service: str) -> str:
    """The environment variable with more hosts that a service's results may lie on."""
    return f"PROMPTGRID_{re.sub(r'[^A-Z0-9]', '_', service.upper())}_HOSTS"


def own_hosts(service: str) -> tuple[str, ...]:
    """The hosts in that variable, split by commas: names, or `*.name.tld` for all below one."""
    variable = hosts_variable(service)
    hosts = tuple(host.strip() for host in os.environ.get(variable, "").split(",") if host.strip())
    for host in hosts:
        if not re.fullmatch(r"(\*\.[\w-]+|[\w-]+)(\.[\w-]+)+", host):
            raise ProviderError(
                f"{variable} names hosts such as cdn.example.com or *.example.com, "
                f"not {host[:60]!r}",
                provider=service,
            )
    return hosts


async def fetch(
    asset: Asset,
    part: Path,
    source: Source,
    *,
    http: httpx.AsyncClient,
    settings: Settings,
    makes: str = "video",
) -> str:
    """Bring the asset, a "video" or an "image", to `part`, complete, and return the SHA-256 of its
    bytes.

    `GoneError`, `BadContentError`, `NoSpaceError`, `AddressError` say what is wrong; other
    `ProviderError`s and `httpx` errors may pass by trying again, which goes on where it stopped.
    """
    room = asset.size_bytes or 0
    if room > settings.most_bytes:
        raise BadContentError(
            f"a result of {room} bytes; at most {settings.most_bytes} are fetched",
            provider=source.provider,
        )
    free = shutil.disk_usage(part.parent).free
    if free < settings.spare_bytes + room:
        raise NoSpaceError(
            f"{free >> 20} MiB are free in {part.parent}; "
            f"{(settings.spare_bytes + room) >> 20} MiB are needed",
            provider=source.provider,
        )
    if asset.path is not None:
        await asyncio.to_thread(_copy, Path(asset.path), part, source)
    elif asset.url is not None:
        async with asyncio.timeout(settings.download_deadline_s / settings.clock.speed):
            await _download(asset, part, source, http, settings)
    else:
        raise BadContentError("a result without an address", provider=source.provider)
    point("download.complete")
    return await asyncio.to_thread(_check, asset, part, source, makes)


async def fetch_picture(url: str, part: Path) -> None:
    """Bring a picture from anywhere on the public internet, by https; `ProviderError` where that
    cannot be.
    """
    settings = Settings(most_bytes=MOST_BYTES, spare_bytes=1 << 20)
    where = urlsplit(url).hostname or url[:60]
    async with client(public_only=True) as http:
        try:
            await fetch(
                Asset(url=url), part, Source("", ("*",)), http=http, settings=settings,
                makes="image",
            )  # fmt: skip
        except (httpx.HTTPError, OSError, ProviderError) as problem:
            why = str(problem) or type(problem).__name__
            raise ProviderError(f"no picture could be fetched from {where}: {why}") from None
        finally:
            _Note.path(part).unlink(missing_ok=True)


def _copy(path: Path, part: Path, source: Source) -> None:
    if not path.is_file():
        raise GoneError(f"{path} is not there", provider=source.provider)
    with path.open("rb") as inp, part.open("wb") as out:
        shutil.copyfileobj(inp, out, 1 << 20)


def _check(asset: Asset, part: Path, source: Source, makes: str) -> str:
    """The hash of a complete file that looks like what was made and is what was announced."""
    with part.open("rb") as file:
        head = file.read(300)
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = part.stat().st_size
    wrong = None
    if size == 0:
        wrong = "an empty file"
    elif makes == "image" and suffix_of(head[:12]) is None:
        wrong = f"no picture but {_describe(head)}"
    elif makes == "video" and head[4:8] != b"ftyp":
        wrong = f"no MP4 but {_describe(head)}"
    elif asset.size_bytes is not None and size != asset.size_bytes:
        wrong = f"{size} bytes of the {asset.size_bytes} announced"
    elif asset.sha256 is not None and sha256 != asset.sha256.lower():
        wrong = "content that does not match its announced hash"
    if wrong:
        part.unlink()  # kept nowhere: the next try starts anew
        raise BadContentError(f"served {wrong}", provider=source.provider)
    return sha256


def _describe(head: bytes) -> str:
    with contextlib.suppress(UnicodeDecodeError):
        text = " ".join(head.decode("utf-8").split())
        if text.isprintable():
            kept = text.replace("&", "&amp;").replace("<", "&lt;")[:300]
            return f"text: {kept!r}"
    return f"bytes that begin with {head[:12].hex()}"


async def _download(
    asset: Asset, part: Path, source: Source, http: httpx.AsyncClient, settings: Settings
) -> None:
    url = asset.url or ""
    headers = dict(asset.headers)
    first = origin(url)
    for _ in range(MOST_REDIRECTS + 1):
        check_url(url, hosts=source.hosts, base_url=source.base_url)
        own = headers if origin(url) == first else {}  # a key never travels to another host
        note = _Note.read(part)
        have = note.num_bytes
        ranged = {"range": f"bytes={have}-", "if-range": note.etag} if have and note.etag else {}
        try:
            async with http.stream("GET", url, headers={**own, **ranged}) as reply:
                if reply.is_redirect:
                    url = urljoin(url, reply.headers.get("location", ""))
                    continue
                await _receive(reply, part, note if ranged else _Note(), source, settings)
                return
        except httpx.InvalidURL:  # httpx reads where a redirect leads, too
            raise AddressError(
                "the address of a result cannot be read", provider=source.provider
            ) from None
    raise AddressError("more redirects than are followed", provider=source.provider)


async def _receive(
    reply: httpx.Response, part: Path, note: _Note, source: Source, settings: Settings
) -> None:
    status, have = reply.status_code, note.num_bytes
    if status in (403, 404, 410):
        raise GoneError(f"answered {status} for a result", provider=source.provider)
    if status == 416:
        discard(part)
        raise BadContentError("the rest of a result could not be had", provider=source.provider)
    if status not in (200, 206):
        raise ProviderError(f"answered {status} for a result", provider=source.provider)
    if reply.headers.get("content-encoding", "identity") != "identity":
        raise BadContentError("a result in a packed form", provider=source.provider)
    start = have if status == 206 else 0
    if status == 206 and not reply.headers.get("content-range", "").startswith(f"bytes {have}-"):
        raise BadContentError("another part of a result than asked", provider=source.provider)
    length = _length(reply)
    total = None if length is None else start + length
    if start and note.length is not None and total != note.length:
        discard(part)
        raise BadContentError("a result whose length has changed", provider=source.provider)
    if total is not None and total > settings.most_bytes:
        raise BadContentError(
            f"a result of {total} bytes; at most {settings.most_bytes} are fetched",
            provider=source.provider,
        )
    etag = reply.headers.get("etag", "")
    note = _Note("" if etag.startswith("W/") else etag, total, start)
    note.write(part)
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        if total is not None:
            _reserve(file.fileno(), start, total - start, source)
        try:
            got = await _write(reply, _Noting(file, part, note), start, source, settings)
        finally:
            file.truncate(file.tell())  # the reserved space ends where the bytes do
            replace(note, num_bytes=file.tell()).write(part)
    if total is not None and got != total:
        raise ProviderError(f"sent {got} of {total} bytes", provider=source.provider)


async def _write(
    reply: httpx.Response,
    write: Callable[[bytes], int],
    got: int,
    source: Source,
    settings: Settings,
) -> int:
    """Write the body as it comes, at least so fast and at most so long; returns the file's size."""
    clock = settings.clock
    began, first = clock.ticks(), got
    try:
        async for block in reply.aiter_raw():
            write(block)
            point("download.block")
            got += len(block)
            if got > settings.most_bytes:
                raise BadContentError(
                    f"more than {settings.most_bytes} bytes", provider=source.provider
                )
            took = clock.ticks() - began
            if took > 30 and (got - first) / took < settings.least_bytes_per_s:
                raise ProviderError("serves a result too slowly", provider=source.provider)
    except httpx.HTTPError as problem:
        raise ProviderError(
            f"broke off after {got} bytes ({type(problem).__name__})", provider=source.provider
        ) from None
    return got


def _length(reply: httpx.Response) -> int | None:
    text = reply.headers.get("content-length", "")
    return int(text) if text.isdigit() else None


def _reserve(handle: int, start: int, size: int, source: Source) -> None:
    """Ask for the space before the transfer: a full disk is noticed with nothing lost."""
    if size <= 0 or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(handle, start, size)
    except OSError as problem:
        if problem.errno == 28:  # ENOSPC
            raise NoSpaceError(f"no room for {size} bytes", provider=source.provider) from None


@dataclass(frozen=True)
class _Note:
    """What is known of an unfinished file, kept beside it: a later process goes on from there.

    Its size alone says nothing, for its space is reserved before its bytes come. Without a strong
    tag it starts anew.
    """

    etag: str = ""
    length: int | None = None
    num_bytes: int = 0

    @staticmethod
    def path(part: Path) -> Path:
        return part.with_suffix(".note.part")

    @staticmethod
    def read(part: Path) -> _Note:
        with contextlib.suppress(OSError, ValueError, TypeError):
            note = _Note(**json.loads(_Note.path(part).read_text("utf-8")))
            if note.etag and note.num_bytes <= part.stat().st_size:
                return note
        return _Note()

    def write(self, part: Path) -> None:
        """Whole or not at all: a crash leaves the older note, whose bytes are there, too."""
        scratch = part.with_suffix(".note.new.part")
        scratch.write_text(json.dumps(asdict(self)), "utf-8")
        scratch.replace(self.path(part))


class _Noting:
    """Writes blocks, and every megabyte notes how far it is."""

    EVERY = 1 << 20

    def __init__(self, file: BinaryIO, part: Path, note: _Note) -> None:
        self._file, self._part, self._note = file, part, note
        self._noted = note.num_bytes

    def __call__(self, block: bytes) -> int:
        num = self._file.write(block)
        here = self._file.tell()
        if here - self._noted >= self.EVERY:
            self._file.flush()  # first the bytes, then the word that they are there
            replace(self._note, num_bytes=here).write(self._part)
            self._noted = here
        return num


@contextlib.contextmanager
def alone(part: Path, other: Path) -> Iterator[Path]:
    """`part`, if nobody else writes to it now (who was suspended still may), or `other`."""
    with try_lock(part.with_suffix(".lock.part"), otherwise=False) as mine:
        yield part if mine else other


def discard(part: Path) -> None:
    """Forget an unfinished download, or a finished one's traces."""
    for path in (part, _Note.path(part), part.with_suffix(".lock.part")):
        path.unlink(missing_ok=True)
