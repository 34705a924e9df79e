"""A kernel that works on an experiment until it is through, or killed; and the service it uses."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing as mp
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit.providers._sim_http import HttpSimProvider
from toolkit.records import Clip, ModelCard, RunSpec
from toolkit.runner import Engine, Limits, Settings
from toolkit.simulator.http_service import Faults, HttpService
from toolkit.store import CellRow, Store
from toolkit.store.failpoint import arm

FORK = mp.get_context("forkserver")
FORK.set_forkserver_preload(["tests.storm.kernel"])

MODEL = "fake/one"
PRICE = 100_000
CARD = ModelCard(MODEL, title="One", wire_id="one", price_unit="USD/clip", price=0.1)


def settings(in_flight: int = 32, limits: Limits | None = None) -> Settings:
    """Seconds where a real service gets minutes; the proportions are the real ones.

    settle >= lease + guard + submit timeout + lag, as it must be.
    """
    return Settings(
        lease_s=4.0, heartbeat_s=1.0, take_over_every_s=0.5, guard_s=1.0, submit_timeout_s=2.0,
        settle_s=8.0, skew_s=30.0, list_every_s=0.5, retry_submit_s=0.2, poll_first_s=0.1,
        poll_most_s=0.5, retry_fetch_s=0.1, spare_bytes=0, most_fetches=12,
        limits={"fake": limits or Limits(max_in_flight=in_flight)},
    )  # fmt: skip


def verify(path: Path) -> Clip:
    """Header only."""
    content = path.read_bytes()
    return Clip(
        hashlib.sha256(content).hexdigest(), width=960, height=540, num_frames=120, duration_s=5.0,
        fps=24.0, codec="h264", has_audio=False, size_bytes=len(content),
    )  # fmt: skip


def rows(runs: int, identical: int) -> list[CellRow]:
    """`runs` runs, of which each `identical` ask for the same."""
    made = []
    for number in range(runs):
        spec = RunSpec(
            f"a fox {number // identical}", model=MODEL, params={"duration_s": 5},
            sample=number % identical + 1,
        )  # fmt: skip
        made.append(CellRow("storm", number, spec.key, spec, {}, {}, PRICE))
    return made


def work(
    folder: str, url: str, failpoint: str = "", in_flight: int = 32, tokens: bool = False,
    patience_s: float = 600.0, limits: Limits | None = None,
) -> None:  # fmt: skip
    """Be a kernel: exit 0 when nothing is left to do, 3 when patience ends, 4 where it broke."""
    arm(failpoint)
    try:
        store = Store.open(Path(folder))
        engine = Engine(
            store,
            lambda _: HttpSimProvider(url, cards=[CARD], name="fake", tokens=tokens),
            verify=verify,
            settings=settings(in_flight, limits),
        )
        engine.start(None)
        through = engine.wait(patience_s)
        engine.close()
        store.close()
    except BaseException as problem:  # noqa: BLE001 - counted by the judge
        with (Path(folder).parent / "broken.txt").open("a") as file:
            file.write(f"{type(problem).__name__}: {problem}\n")
        os._exit(4)
    os._exit(0 if through else 3)


def kernel(*args: Any, **kwargs: Any) -> Any:
    process = FORK.Process(target=work, args=args, kwargs=kwargs, daemon=True)
    process.start()
    return process


def _serve(folder: str, faults: Faults, pipe: Any, for_s: float) -> None:
    async def main() -> None:
        async with HttpService(Path(folder), faults=faults).serving() as url:
            pipe.send(url)
            await asyncio.sleep(for_s)

    asyncio.run(main())


@contextlib.contextmanager
def service(folder: Path, faults: Faults, *, for_s: float = 3600.0) -> Iterator[str]:
    """A service in a process of its own, for at most `for_s`; its address."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=_serve, args=(str(folder), faults, theirs, for_s), daemon=True)
    process.start()
    try:
        if not ours.poll(60):
            raise TimeoutError("the service did not start")
        yield ours.recv()
    finally:
        process.terminate()
        process.join(10)
