"""A kernel that may be killed: runs the engine of an experiment until nothing is left to do.

`run` is the whole life in one process; the tests start it in children and strike them at will.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.fake_service import PRICE, FakeProvider, Ledger, cells, mp4, verify
from toolkit.errors import ClipError, StoreError
from toolkit.records import Clip, State
from toolkit.runner import Engine, Limits, Settings, settle
from toolkit.seams import Asset, Failed, JobHandle, Request, Succeeded
from toolkit.store import Store
from toolkit.store.failpoint import arm

QUICK = Settings(
    lease_s=1.0,
    heartbeat_s=0.25,
    take_over_every_s=0.1,
    guard_s=0.4,
    submit_timeout_s=0.4,
    settle_s=2.0,
    skew_s=30.0,
    list_every_s=0.1,
    retry_submit_s=0.05,
    poll_first_s=0.02,
    poll_most_s=0.1,
    retry_fetch_s=0.05,
    spare_bytes=0,
    limits={"fake": Limits(max_in_flight=8)},
)

MISHAPS = ("", "lost", "drop", "not_sent", "refuse:rate_limit", "refuse:invalid", "garbage", "")
"""What goes wrong with the first submit of prompt n; what is invalid stays so."""


class Served(FakeProvider):
    """Hands over files, but one by an address of its own, and one by an address of elsewhere."""

    base_url = ""

    async def poll(self, job: JobHandle) -> Any:
        state = await super().poll(job)
        key = self.ledger.job(job.id)[0]
        if isinstance(state, Succeeded) and key in (FETCHED, HELD):
            host = self.base_url if key == FETCHED else "https://elsewhere.example"
            return Succeeded(assets=[Asset(url=f"{host}/{job.id}.mp4")])
        return state


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@contextlib.contextmanager
def files_at(folder: Path) -> Iterator[str]:
    """The address under which the files of `folder` are served."""
    folder.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def service(folder: Path, *, lag_s: float = 0.1) -> Served:
    ledger = Ledger(folder / "ledger.db")

    def mishap(request: Request, _nth: int) -> str:
        number = int(request.spec.prompt.rsplit(" ", 1)[-1])
        mishap = MISHAPS[number] if number < len(MISHAPS) else ""
        final = mishap == "refuse:invalid"
        return mishap if final or not ledger.asked(request.spec.key) else ""

    def serve(key: str, nth: int) -> bytes:
        if key == BAD and not ledger.calls("served"):
            ledger.note("served", key, time.time())
            return b"<html>not yet</html>"
        return mp4(key)

    def ends(key: str) -> Failed | None:
        return Failed(kind="moderated", reason="no foxes") if key == MODERATED else None

    return Served(folder, mishap=mishap, serve=serve, ends=ends, lag_s=lag_s, work_s=0.05)


GONE = "fake/gone"
ALL = [*cells(14), *cells(1, model=GONE, words="a hen")]
BAD = ALL[8].run_key  # served as a page of HTML at first
MODERATED = ALL[9].run_key
BROKEN = ALL[10].run_key  # a file that verifies as no video
UNLISTED = ALL[11].run_key
FETCHED = ALL[12].run_key  # its file comes by HTTP
HELD = ALL[13].run_key  # its file lies where none is fetched from: the person gives it up
UNOFFERED = ALL[14].run_key  # a model that the service does not have


def expected(key: str) -> str:
    """How a run must end, whatever happened on the way."""
    number = [cell.run_key for cell in ALL].index(key)
    if key == MODERATED:
        return "moderated"
    if key == BROKEN:
        return "bad_clip"
    if key == HELD:
        return "failed"
    if key == UNOFFERED:
        return "rejected"
    return "rejected" if number == MISHAPS.index("refuse:invalid") else "done"


def picky(path: Path) -> Clip:
    if mp4(BROKEN) == path.read_bytes():
        raise ClipError("no video track")
    return verify(path)


def prepare(folder: Path) -> None:
    """An experiment with a run for every kind of luck."""
    with Store.open(folder / "exp") as store:
        store.set_budget(len(ALL) * PRICE / 1e6)
        store.plan(ALL)


def run(
    folder: str,
    failpoint: str = "",
    *,
    keys: Iterable[str] | None = None,
    patience_s: float = 30.0,
    settings: Settings = QUICK,
) -> None:
    """Work until all is settled, then exit 0; 3 if it is not after `patience_s`."""
    arm(failpoint)
    where = Path(folder)
    store = Store.open(where / "exp")
    provider = service(where)
    with files_at(provider.folder / "files") as provider.base_url:
        engine = Engine(store, lambda _: provider, verify=picky, settings=settings)
        engine.start(keys if keys is not None else [cell.run_key for cell in ALL])
        through = engine.wait(patience_s)
        engine.close()
    if store.run(HELD).state is State.HOLD:
        with contextlib.suppress(StoreError):  # somebody else may have said so just now
            settle(store, HELD, "give_up")
    store.close()
    os._exit(0 if through else 3)
