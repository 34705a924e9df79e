"""What the official clients send for the same wish is what our adapters send.

The clients' requests are stored in tests/data/oracles; `python -m tests.oracles` makes them anew.
"""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import fnmatch
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.oracles import TOKEN, _capture
from tests.oracles.__main__ import DATA, HERE, declared, drivers
from tests.oracles._capture import Capture, differences
from tests.oracles.cases import CASES, PICTURES
from toolkit import catalog, discover
from toolkit.records import ImageRef, RunSpec
from toolkit.seams import Request

STORED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in DATA.glob("*.json")}
CLIENTS = sorted(name for name, found in STORED.items() if "exchanges" in found)
PAIRS = [(name, case) for name in CLIENTS for case in STORED[name]["exchanges"]]


def spec_of(case: dict[str, Any], folder: Path) -> RunSpec:
    """A case as the runner would hand it to an adapter."""
    params = dict(case.get("params", {}))
    for name, value in params.items():
        if isinstance(value, dict) and "picture" in value:
            content = PICTURES[value["picture"]]
            path = folder / value["picture"]
            path.write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            url = value.get("url")
            params[name] = ImageRef(sha256, path=None if url else str(path), url=url)
    return RunSpec(
        case["prompt"], model=case["model"], negative=case.get("negative"), params=params
    )


async def _do(provider: Any, spec: RunSpec, steps: list[str]) -> None:
    request = Request(spec=spec, card=catalog.card(spec.model))
    job = None
    try:
        for step in steps:
            if step == "submit":
                if hasattr(provider, "prepare"):
                    body = json.loads(json.dumps(await provider.prepare(request)))
                    request = dataclasses.replace(request, body=body)
                job = (await provider.submit(request, TOKEN)).job
            elif step == "recent":
                await provider.recent(datetime.now(UTC) - timedelta(hours=1), spec.model)
            else:
                assert job is not None, f"{step} comes after submit"
                await getattr(provider, step)(job)
    finally:
        if hasattr(provider, "aclose"):
            await provider.aclose()


def _ours(name: str, case_name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    case, told = CASES[case_name], declared(name)
    service = case["model"].split("/", 1)[0]
    module = discover.load("providers", service)
    with Capture(told["REPLIES"], case=case_name) as server:
        variable = f"PROMPTGRID_{re.sub(r'[^A-Z0-9]', '_', service.upper())}_URL"
        path = urlsplit(getattr(module, "BASE_URL", "")).path.rstrip("/")
        monkeypatch.setenv(variable, server.url + path)
        for key in module.KEYS[:1]:
            monkeypatch.setenv(key, "canary-key-of-the-oracles")
        for key, value in told.get("ENV", {}).items():
            monkeypatch.setenv(key, value.replace("{url}", server.url))
        spec = spec_of(case, folder)
        asyncio.run(_do(module.provider(folder), spec, case.get("steps", ["submit"])))
        assert server.unanswered == []
    return server.exchanges[case_name]


_known: dict[tuple[str, str], dict[str, Any]] = {}


def _named(name: str, case: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Where ours differs: `POST /v1/jobs: body.seed` -> theirs, ours."""
    if (name, case) in _known:
        return _known[name, case]
    theirs, ours = STORED[name]["exchanges"][case], _ours(name, case, folder, monkeypatch)
    lines = [[f"{x['method']} {x['path']}" for x in side] for side in (theirs, ours)]
    assert lines[0] == lines[1], "they ask for other things"
    found: dict[str, Any] = {}
    for line, a, b in zip(lines[0], theirs, ours, strict=True):
        found |= {f"{line}: {place}": pair for place, pair in differences(a, b).items()}
    return _known.setdefault((name, case), found)


def _allowed(place: str, reasons: dict[str, str]) -> set[str]:
    bare = place.split(": ", 1)[1]
    return {p for p in reasons if place == p or fnmatch.fnmatchcase(bare, p.replace("[", "[[]"))}


@pytest.mark.parametrize(("name", "case"), PAIRS, ids=[f"{n}-{c}" for n, c in PAIRS])
def test_an_adapter_sends_what_the_official_client_sends(
    name: str, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    reasons = declared(name).get("DIFFERENCES", {})
    found = _named(name, case, tmp_path, monkeypatch)
    unexplained = {place: pair for place, pair in found.items() if not _allowed(place, reasons)}
    assert unexplained == {}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_reason_to_differ_is_needed_and_says_why(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    reasons = declared(name).get("DIFFERENCES", {})
    used: set[str] = set()
    for case in STORED[name]["exchanges"]:
        for place in _named(name, case, tmp_path, monkeypatch):
            used |= _allowed(place, reasons)
    assert set(reasons) == used
    assert all(len(reason.split()) >= 3 for reason in reasons.values())


def test_every_driver_has_been_run_and_says_with_what():
    assert sorted(STORED) == drivers()
    for name, found in STORED.items():
        assert found["command"] == f"python -m tests.oracles {name}"
        wanted = {re.split(r"[\[<>=!~; @]", want)[0] for want in declared(name)["REQUIRES"]}
        assert set(found["made_with"]) == {*wanted, "python"}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_case_of_a_driver_was_asked(name: str):
    asked = STORED[name]["exchanges"]
    assert asked
    for case, exchanges in asked.items():
        assert case in CASES, "a case that is no more"
        assert exchanges, f"{case}: nothing was asked"
    services = {CASES[case]["model"].split("/", 1)[0] for case in asked}
    assert {c for c, x in CASES.items() if x["model"].split("/", 1)[0] in services} == set(asked)


def test_drivers_import_nothing_of_the_toolkit():
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in named if n.split(".")[0] == "toolkit"], path.name


@pytest.mark.parametrize("name", sorted(STORED))
def test_what_is_stored_names_no_machine_and_holds_no_key(name: str):
    text = (DATA / f"{name}.json").read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|root|work|tmp|Users)/|127\.0\.0\.1|localhost|canary-", text)


def test_the_capture_server_writes_down_a_form_and_its_files_and_hides_the_key():
    import httpx

    with Capture({"POST /v1/videos": [[201, {"id": "1"}], [200, {"at": "{url}/x"}]]}) as server:
        server.begin("one")
        asked: dict[str, Any] = {
            "data": {"prompt": "a fox"},
            "files": {"input_reference": ("a.png", b"\x89PNG", "image/png")},
            "headers": {"authorization": "Bearer canary-1"},
        }
        first = httpx.post(f"{server.url}/v1/videos", **asked)
        second = httpx.post(f"{server.url}/v1/videos", json={"to": server.url})
        third = httpx.get(f"{server.url}/v1/none?a=1")
    assert (first.status_code, second.json()["at"]) == (201, f"{server.url}/x")
    assert (third.status_code, server.unanswered) == (501, ["GET /v1/none"])
    form, plain, got = server.exchanges["one"]
    assert form["headers"] == {
        "authorization": "Bearer <key>",
        "content-type": "multipart/form-data",
    }
    sha256 = hashlib.sha256(b"\x89PNG").hexdigest()
    assert form["body"] == {
        "multipart": [
            {"name": "prompt", "value": "a fox"},
            {
                "name": "input_reference",
                "filename": "a.png",
                "content_type": "image/png",
                "sha256": sha256,
                "size": 4,
            },
        ]
    }
    assert plain["body"] == {"to": "<url>"}
    assert got == {"method": "GET", "path": "/v1/none", "query": {"a": "1"}, "headers": {}}


def test_differences_tell_the_place_and_both_sides():
    theirs = {"a": 1, "b": [1, {"c": True}], "d": 0, "f": None}
    ours = {"a": 1, "b": [1, {"c": 1}, 2], "e": None}
    assert differences(theirs, ours) == {
        "b[1].c": (True, 1),
        "b[2]": (_capture.ABSENT, 2),
        "d": (0, _capture.ABSENT),
        "e": (_capture.ABSENT, None),
    }
