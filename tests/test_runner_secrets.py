"""A key that must not be found anywhere but in the header that needs it."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import keyring
import pytest

from tests.fake_service import MODEL, FakeProvider, cells, verify
from toolkit.providers import _http, _redact, _secrets
from toolkit.providers._secrets import KeyAuth, NoKeyError, find_key
from toolkit.runner import Engine, Settings
from toolkit.store import Store

CANARY = "sk-canary+9f8e/7d6c=b5a4"
SHAPES = (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode())


@pytest.fixture(autouse=True)
def nobody_knows_a_key(monkeypatch):
    monkeypatch.setattr(_secrets, "_held", {})
    monkeypatch.setattr(_redact, "_shapes", [])
    monkeypatch.setattr(keyring, "get_password", lambda *_: None)
    monkeypatch.delenv("FAKE_API_KEY", raising=False)
    before = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(before)


def test_it_is_looked_for_in_the_environment_then_the_keyring(monkeypatch):
    monkeypatch.setattr(keyring, "get_password", lambda *asked: f"ring-{asked}")
    found = find_key("FAKE_API_KEY", provider="fake")
    assert found.get_secret_value() == "ring-('promptgrid', 'FAKE_API_KEY')"
    monkeypatch.setenv("FAKE_API_KEY", CANARY)
    assert find_key(["OTHER_KEY", "FAKE_API_KEY"], provider="fake", ask=False) is not None
    assert find_key("FAKE_API_KEY", provider="fake").get_secret_value() == CANARY


def test_a_person_is_asked_only_where_there_is_one(monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr("getpass.getpass", lambda text: asked.append(text) or CANARY)
    with pytest.raises(NoKeyError) as caught:
        find_key("FAKE_API_KEY", provider="fake")
    assert asked == []
    assert str(caught.value) == (
        "fake: no key; set the environment variable FAKE_API_KEY, or keep it in the keyring: "
        "`keyring set promptgrid FAKE_API_KEY`"
    )
    for stream in ("stdin", "stderr"):
        tty = io.StringIO()
        tty.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr(sys, stream, tty)
    assert find_key("FAKE_API_KEY", provider="fake").get_secret_value() == CANARY
    assert asked == ["FAKE_API_KEY (hidden, kept until this process ends): "]
    assert find_key("FAKE_API_KEY", provider="fake").get_secret_value() == CANARY  # not twice
    assert (len(asked), dict(_secrets.held())) == (1, {"FAKE_API_KEY": CANARY})


def test_a_broken_keyring_is_no_keyring(monkeypatch):
    def broken(*_: Any) -> str:
        raise RuntimeError("locked")

    monkeypatch.setattr(keyring, "get_password", broken)
    assert _secrets.has_key("FAKE_API_KEY") is False


def test_it_goes_in_a_header_and_to_its_own_host_alone(monkeypatch):
    monkeypatch.setenv("FAKE_API_KEY", CANARY)
    auth = KeyAuth(find_key("FAKE_API_KEY", provider="fake"), "https://api.fake.example")

    def header(url: str) -> str | None:
        request = next(auth.auth_flow(httpx.Request("GET", url)))
        assert CANARY not in str(request.url)
        return request.headers.get("authorization")

    assert header("https://api.fake.example/v1/jobs") == f"Bearer {CANARY}"
    assert header("https://files.fake.example/v1/jobs") is None
    assert header("http://api.fake.example/v1/jobs") is None


class Keyed(FakeProvider):
    """Sends its key with every submit, to a server that answers with the key in its error."""

    url = ""

    async def submit(self, request: Any, token: str) -> Any:
        auth = KeyAuth(find_key("FAKE_API_KEY", provider="fake"), self.url)
        logging.getLogger("careless").error("sending %s", auth._key.get_secret_value())
        async with _http.client(self.url) as http:
            http.auth = auth
            try:
                await _http.post_once(http, "/jobs", provider="fake", body={})
            except Exception:
                logging.getLogger("careless").exception("it failed with %r", request)
                raise
        return await super().submit(request, token)


def test_the_canary_is_found_nowhere(tmp_path, monkeypatch, capsys):
    """Logs at DEBUG, tracebacks, pickles, the database and all files, after a run that fails."""
    monkeypatch.setenv("FAKE_API_KEY", CANARY)
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        body = f"bad key {CANARY} {SHAPES[2]}".encode()
        writer.write(b"HTTP/1.1 500 No\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    out = io.StringIO()
    handler = logging.StreamHandler(out)
    root = logging.getLogger()
    level, before = root.level, root.handlers[:]
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
        Keyed.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        import threading

        threading.Thread(target=loop.run_forever, daemon=True).start()
        with Store.open(tmp_path / "exp") as store:
            store.set_budget(1)
            rows = cells(1)
            store.plan(rows)
            provider = Keyed(tmp_path / "service", lists=False)
            with Engine(store, lambda _: provider, verify=verify,
                        settings=Settings(spare_bytes=0)) as engine:  # fmt: skip
                engine.start([rows[0].run_key])
                assert engine.wait(20)
            assert store.run(rows[0].run_key).state == "hold"
            said = repr([store.run_rows(), store.events(), store.attempts()])
        loop.call_soon_threadsafe(loop.stop)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert [f"Bearer {CANARY}" in head for head in heads] == [True]
    logs = out.getvalue()
    assert "sending **********" in logs
    assert "send_request_headers.started" in logs  # DEBUG of the library below, too
    assert "it failed with" in logs
    key = find_key("FAKE_API_KEY", provider="fake")
    for thing in (key, KeyAuth(key, "https://a.example")):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(thing)
    try:
        raise _http.UnclearError(_secrets.redact(f"x {CANARY}"), provider=MODEL)
    except _http.UnclearError:
        shown = traceback.format_exc()
    files = b"".join(path.read_bytes() for path in Path(tmp_path).rglob("*") if path.is_file())
    everything = logs + said + repr(key) + str(key) + shown + files.decode("latin-1")
    captured = capsys.readouterr()
    everything += captured.out + captured.err
    assert [shape for shape in SHAPES if shape in everything] == []


def test_children_that_decode_get_no_key(monkeypatch):
    from toolkit.video import sandbox

    monkeypatch.setenv("FAKE_API_KEY", CANARY)
    assert CANARY not in repr(sandbox._environment())
