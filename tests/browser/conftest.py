"""A real JupyterLab and a real Chromium, one of each a session; one notebook a test.

Run apart from the other tests (`pytest tests/browser`): Playwright keeps an event loop in the main
thread, in which nobody else's `asyncio.run` works.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

HERE = Path(__file__).parent
SCREENSHOTS = HERE / "screenshots"
CHROMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
START_S = 90
CELLS_S = 60


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mine = [item for item in items if HERE in item.path.parents]
    for item in mine:
        item.add_marker(pytest.mark.browser)
    if len(mine) < len(items):
        apart = pytest.mark.skip(reason="browser tests run apart: pytest tests/browser")
        for item in mine:
            item.add_marker(apart)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    setattr(item, f"report_{report.when}", report)
    return report


def find_chromium() -> str | None:
    named = os.environ.get("PROMPTGRID_CHROMIUM")
    return named or next((path for name in CHROMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = find_chromium()
    if path is None:
        if os.environ.get("PROMPTGRID_REQUIRE_BROWSER"):
            pytest.fail("PROMPTGRID_REQUIRE_BROWSER is set, and no Chromium was found")
        pytest.skip("no Chromium on PATH; install one or set PROMPTGRID_CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update"]  # fmt: skip
    if os.name == "posix" and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to run as root with it
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()


@dataclass(frozen=True)
class Lab:
    """A running server: where it listens, which folder it serves."""

    url: str
    root: Path

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None


@pytest.fixture(scope="session")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a free port, with every folder of its own under a temporary one."""
    tmp = tmp_path_factory.mktemp("lab")
    root = tmp / "root"
    root.mkdir()
    settings = tmp / "settings"
    quiet = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews":"false","checkForUpdates":false,"doNotDisturbMode":true}')
    env = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(tmp / "config"),
        "JUPYTER_DATA_DIR": str(tmp / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp / "workspaces"),
        "IPYTHONDIR": str(tmp / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PROMPTGRID_HOME": str(root / "experiments"),
        "PROMPTGRID_STATE": str(tmp / "state"),
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
        "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    if os.name == "posix" and os.geteuid() == 0:
        command.append("--allow-root")
    with (tmp / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, env=env, cwd=root, stdout=log, stderr=log, start_new_session=True
        )
    here = Lab(f"http://127.0.0.1:{port}/", root)
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                here.call("GET", "api/status")
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail("JupyterLab did not start:\n" + (tmp / "server.log").read_text())
                time.sleep(0.2)
        yield here
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(15)
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)


@dataclass
class Notebook:
    """An open notebook with a live kernel."""

    lab: Lab
    page: Any
    path: Path
    session: str
    errors: list[str] = field(default_factory=list)

    def do(self, command: str, args: Any = None) -> None:
        """Run one of Lab's commands to its end (a bare `evaluate` would wait for ever)."""
        self.page.evaluate(
            """([command, args]) => {
                window.pgDone = null;
                window.jupyterapp.commands.execute(command, args ?? undefined)
                    .then(() => { window.pgDone = 'ok' }, (e) => { window.pgDone = String(e) });
            }""",
            [command, args],
        )
        self.page.wait_for_function("window.pgDone !== null", timeout=CELLS_S * 1000)
        assert self.page.evaluate("window.pgDone") == "ok"

    def run_all(self) -> None:
        """Run every cell; an error in one ends the test here, with its text."""
        self.do("notebook:run-all-cells")
        errors = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells
                .flatMap((cell) => cell.outputs ?? [])
                .filter((output) => output.output_type === 'error')
                .map((output) => `${output.ename}: ${output.evalue}`)"""
        )
        assert errors == []

    def theme(self, name: str) -> None:
        """`light` or `dark`."""
        self.do("apputils:change-theme", {"theme": f"JupyterLab {name.title()}"})
        is_light = str(name == "light").lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light='{is_light}']", state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def python(self, code: str) -> str:
        """What `code` prints in the notebook's kernel, for looking behind the screen."""
        return str(
            self.page.evaluate(
                """async (code) => {
                    const panel = window.jupyterapp.shell.currentWidget;
                    const kernel = panel.sessionContext.session.kernel;
                    const future = kernel.requestExecute({ code, store_history: false });
                    let out = '';
                    future.onIOPub = (message) => {
                        const { header, content } = message;
                        if (header.msg_type === 'stream') out += content.text;
                        if (header.msg_type === 'error') out += content.traceback.join('\\n');
                    };
                    const late = new Promise((_, no) => setTimeout(() => no('no answer'), 30000));
                    await Promise.race([future.done, late]);
                    return out;
                }""",
                code,
            )
        ).strip()

    def shot(self, name: str, selector: str | None = None) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        target = self.page.locator(selector).first if selector else self.page
        target.screenshot(path=str(path))
        return path


Open = Callable[..., Notebook]


@contextlib.contextmanager
def opening(lab: Lab, browser: Any) -> Iterator[tuple[Open, list[Notebook]]]:
    """Opens notebooks of the given cells, their kernels ready; closes them at the end."""
    opened: list[Notebook] = []

    def open_(*cells: str, width: int = 1280, height: int = 1000) -> Notebook:
        path = lab.root / f"t{uuid4().hex[:8]}.ipynb"
        path.write_text(
            json.dumps(
                {
                    "nbformat": 4,
                    "nbformat_minor": 5,
                    "metadata": {
                        "kernelspec": {"name": "python3", "display_name": "Python 3"},
                        "language_info": {"name": "python"},
                    },
                    "cells": [
                        {
                            "cell_type": "code",
                            "id": f"c{i}",
                            "metadata": {},
                            "outputs": [],
                            "execution_count": None,
                            "source": text,
                        }
                        for i, text in enumerate(cells)
                    ],
                }
            )
        )
        # The kernel first: a page that races it may ask for one, or wait for ever.
        session = lab.call(
            "POST",
            "api/sessions",
            {
                "path": path.name,
                "name": path.name,
                "type": "notebook",
                "kernel": {"name": "python3"},
            },
        )
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(20_000)
        book = Notebook(lab, page, path, session["id"])
        opened.append(book)
        page.on("pageerror", lambda error: book.errors.append(str(error)))
        page.goto(f"{lab.url}doc/tree/{path.name}?reset")
        page.wait_for_function(
            """() => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                const kernel = panel?.sessionContext?.session?.kernel;
                return kernel?.connectionStatus === 'connected' && kernel?.status === 'idle';
            }""",
            timeout=START_S * 1000,
        )
        return book

    try:
        yield open_, opened
    finally:
        for book in opened:
            book.page.close()
            with contextlib.suppress(OSError):
                lab.call("DELETE", f"api/sessions/{book.session}")


@pytest.fixture
def notebook(lab: Lab, browser: Any, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open a notebook for this test alone. A screenshot is kept on failure."""
    with opening(lab, browser) as (open_, opened):
        yield open_
        if getattr(getattr(request.node, "report_call", None), "failed", False):
            for i, book in enumerate(opened):
                book.shot(f"{request.node.name}-{i}".replace("/", "_"))


@pytest.fixture(scope="module")
def opened(lab: Lab, browser: Any) -> Iterator[Open]:
    """Open a notebook for all tests of a file: a tab takes longer than most tests in it."""
    with opening(lab, browser) as (open_, _):
        yield open_
