"""A key, a signed address and a home folder must not be in anything that a person may pass on.

A notebook is run in a kernel of its own against a service on this machine, with everything written
that the toolkit can write; then every byte of it is searched.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from nbclient import NotebookClient

from tests.services._server import canary
from tests.services.replicate import ReplicateFake

NAME = "REPLICATE_API_TOKEN"
SIGNATURE = "canary-signature-77e1"

CELLS = (
    (
        "%xmode Verbose\n"
        "import logging, os, pickle\n"
        "logging.basicConfig(level=logging.DEBUG, filename=os.environ['HERE'] + '/debug.log')\n"
        "import toolkit as tk\n"
        "exp = tk.Experiment('canary', budget_usd=9)\n"
        "grid = tk.Grid(tk.Prompt(subject='a red fox', environment='deep snow'),\n"
        "               camera=['static wide shot', 'slow push in'],\n"
        "               models='replicate/luma/ray-2-720p', duration_s=5)\n"
        "grid"
    ),
    "exp.build(grid)",
    "batch = exp.run(grid, up_to_usd=9)\nawait batch",
    "exp.runs_df()",
    (
        "from toolkit import discover\n"
        "provider = discover.load('providers', 'replicate').provider(exp.folder)\n"
        "print(provider, vars(provider))\n"
        "for thing in (provider, vars(provider)):\n"
        "    try:\n"
        "        open(os.environ['HERE'] + '/pickled', 'ab').write(pickle.dumps(thing))\n"
        "    except Exception as problem:\n"
        "        print(problem)"
    ),
    "await provider.poll(None)",  # a traceback that shows every variable
    (
        "import psutil, time\n"
        "print('children', [p.environ() for p in psutil.Process().children(recursive=True)])"
    ),
    "exp.review('camera')",
    "for path in exp.export(os.environ['HERE'] + '/out'):\n    print(path.name)",
    "exp.sheet().save(os.environ['HERE'] + '/sheet.jpg')\nexp",
)


class Signing(ReplicateFake):
    """Its results lie at signed addresses."""

    def result_url(self, job):
        return f"{super().result_url(job)}?X-Signature={SIGNATURE}"


def spellings(secret: str) -> list[bytes]:
    """The secret as it may be written: bare, quoted, and in base64 at each of its three phases."""
    coded = [base64.b64encode(b"x" * n + secret.encode())[4:-4] for n in range(3)]
    return [secret.encode(), quote(secret, safe="").encode(), *coded]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("canary")
    home = tmp_path / "somebodys-home"
    home.mkdir()
    with Signing() as fake, pytest.MonkeyPatch.context() as patch:
        told = {
            **fake.environ("replicate"),
            "HERE": str(tmp_path / "here"),
            "HOME": str(home),
            "PROMPTGRID_HOME": str(home / "experiments"),
            "PROMPTGRID_STATE": str(home / "state"),
            "IPYTHONDIR": str(home / "ipython"),
        }
        for name, value in told.items():
            patch.setenv(name, value)
        (tmp_path / "here").mkdir()
        book = nbformat.v4.new_notebook()
        book.cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
        client = NotebookClient(
            book, timeout=120, allow_errors=True, store_widget_state=True,
            resources={"metadata": {"path": str(tmp_path)}},
        )  # fmt: skip
        client.execute()
        (tmp_path / "here" / "book.ipynb").write_text(nbformat.writes(book))
        yield tmp_path, book, fake, os.environ[NAME]


@pytest.mark.filterwarnings("ignore")
def test_a_key_is_in_nothing_that_was_written(run):
    folder, book, fake, key = run
    assert key == canary(NAME)
    assert fake.charges == 2
    shown = {i: cell.outputs for i, cell in enumerate(book.cells)}
    failed = {i for i, out in shown.items() if any(o.output_type == "error" for o in out)}
    assert failed == {5}, {i: shown[i] for i in failed}
    children = "".join(o.get("text", "") for o in shown[6])
    assert "PYTHONSAFEPATH" in children  # there were children to look at

    written = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    names = {path.name for path in written}
    assert {"debug.log", "book.ipynb", "experiment.db", "sheet.jpg"} <= names
    assert {"report.html", "results.csv", "METHODS.md"} <= names
    log = next(data for path, data in written.items() if path.name == "debug.log")
    assert b"send_request_headers.started" in log  # of the library below, too

    for secret in (key, SIGNATURE):
        found = {p.name: data[data.index(s) - 60 :][:200] for p, data in written.items()
                 for s in spellings(secret) if s in data}  # fmt: skip
        assert found == {}, secret
    ours = [ask for ask in fake.asked if ask.where == "service"]
    assert any(key in str(ask.headers) for ask in ours)  # it did travel, to its own place
    assert not any(key in str(ask.headers) for ask in fake.asked if ask.where != "service")


def test_no_home_folder_is_in_what_is_passed_on(run):
    folder, *_ = run
    out = folder / "here" / "out"
    home = str(folder / "somebodys-home").encode()
    assert json.loads((folder / "here" / "book.ipynb").read_text())["cells"]
    written = {p.name: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    told = {name: data[data.index(home) - 60 :][:200] for name, data in written.items()
            if home in data}  # fmt: skip
    assert told == {}
    assert Path(out / "report.html").stat().st_size > 10_000
