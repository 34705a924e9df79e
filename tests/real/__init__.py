"""Real servers and real libraries, where they run on a small machine: `python -m tests.real`.

No part of the ordinary tests. Each file here names what it needs (`REQUIRES`), which is installed
into an environment that is thrown away afterwards, and tries our adapter against it: `try_it`
prints one line a check and raises where one fails.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["checked", "ended", "fetched", "free_port", "server"]


def checked(what: str, found: Any, wanted: Any = True) -> None:
    """One line of the report; AssertionError where it is not as it should be."""
    assert found == wanted, f"{what}: {found!r}, not {wanted!r}"
    print(f"  ok  {what}", flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(
    command: list[str], folder: Path, *, ready: str, env: dict[str, str], within_s: float = 180
) -> Iterator[Path]:
    """A server until the block ends; gives its log. It is up once `ready` answers."""
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **env}, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            until = time.monotonic() + within_s
            while not _answers(ready):
                if process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"it did not start:\n{log.read_text()[-3000:]}")
                time.sleep(0.5)
            yield log
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return int(reply.status) == 200
    except (OSError, urllib.error.URLError):
        return False


async def ended(made: Any, job: Any, *, within_s: float = 120) -> Any:
    """What becomes of a job."""
    from toolkit.seams import Running

    until = time.monotonic() + within_s
    while time.monotonic() < until:
        state = await made.poll(job)
        if not isinstance(state, Running):
            return state
        await asyncio.sleep(0.3)
    raise AssertionError("it never ends")


async def fetched(made: Any, state: Any, folder: Path) -> Any:
    """The clip, brought as the runner brings it, and measured."""
    from toolkit.providers._http import client
    from toolkit.runner import Settings, download
    from toolkit.runner.download import Source
    from toolkit.video import probe

    base = getattr(made, "base_url", None)
    source = Source(made.name, tuple(getattr(made, "download_hosts", ())), base)
    part = folder / "clip.part"
    async with client(public_only=True, trusted=[base] if base else []) as http:
        settings = Settings(spare_bytes=0)
        await download.fetch(state.assets[0], part, source, http=http, settings=settings)
    clip = part.replace(folder / "clip.mp4")
    return await asyncio.to_thread(probe, clip)
