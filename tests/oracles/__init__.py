"""What others' programs do with the same input: official clients' requests, other formulas' values.

Nothing here is needed to use or test the toolkit: `python -m tests.oracles [NAME…]` installs each
driver's `REQUIRES` into a throw-away environment, runs `tests/oracles/<name>.py` there and writes
`tests/data/oracles/<name>.json`; ordinary tests compare with what is written there.

A driver is a script that imports nothing of the toolkit. There are two kinds:

*A client's driver* names `REPLIES`, what the loopback server answers: `{"POST /v1/jobs": {…}}`, or
`[201, {…}]` with another status, or a list of such pairs to be answered in turn (the last one
again and again); `*` in a path stands for one segment, `{url}` in a text for the server's address.
It walks over `each("service")` and does what each case's steps say: `submit`, `poll`, `recent`,
`cancel`. What is asked of the server is written down. `DIFFERENCES` are the places at which our
adapter may differ, with the reason (`{"body.parameters.watermark": "we say it aloud"}`; `*` stands
for anything in a place); one that occurs in no case is an error. `ENV` are variables that our
adapter wants set beside its key and its address, `{url}` again being the server.

*A formula's driver* has no `REPLIES` and prints one JSON object.

`REQUIRES`, `REPLIES`, `DIFFERENCES` and `ENV` are literals: they are read without running a driver.
"""

from __future__ import annotations

import os
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.oracles.cases import CASES, PICTURES

KEY = "canary-key-of-the-oracles"
"""The key that drivers give to their clients; it is written down as `<key>`."""

TOKEN = "attempt-of-the-oracles"
"""Our name for an attempt, where a service takes one."""


def server_url() -> str:
    """Where the loopback server listens that stands for the service."""
    return os.environ["ORACLE_URL"]


def cases_of(service: str) -> dict[str, dict[str, Any]]:
    """The cases of one service, by name."""
    return {name: case for name, case in CASES.items() if case["model"].split("/", 1)[0] == service}


def each(service: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cases of one service; what the server is asked meanwhile belongs to that case."""
    for name, case in cases_of(service).items():
        asked = urllib.request.Request(f"{server_url()}/__case/{name}", method="POST")
        urllib.request.urlopen(asked).close()
        yield name, {"negative": None, "params": {}, "steps": ["submit"], **case}


def picture_file(picture: dict[str, str]) -> Path:
    """A picture of a case (`{"picture": NAME}`) as a file."""
    path = Path(tempfile.mkdtemp()) / picture["picture"]
    path.write_bytes(PICTURES[picture["picture"]])
    return path
