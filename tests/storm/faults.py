"""One fault at a time, always: never more than one charge a submit, and one where it was taken."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.storm.kernel import CARD, rows
from toolkit.errors import NotSent, ProviderError, Refused
from toolkit.providers._sim_http import HttpSimProvider
from toolkit.seams import Request
from toolkit.simulator.http_service import FAULTS, Faults, HttpService

CHARGED = {"lose", "gateway", "garbage", "redirect", "hang", "drip"}
FREE = {"drop", "busy", "arrears"}
DEFINITE = {"busy", "arrears"}


def faults(*, runs: int = 20, limit_s: float = 3600.0) -> dict[str, Any]:
    """`runs` submits under each fault: how many charges, and what the client concluded."""
    began = time.monotonic()
    table = {}
    for name in FAULTS:
        if time.monotonic() - began < limit_s:
            with tempfile.TemporaryDirectory(prefix="faults-") as folder:
                table[name] = asyncio.run(_under(name, runs, Path(folder)))
    wrong = [
        name for name, row in table.items()
        if row["requests"] != runs
        or (name in CHARGED and (row["charges"] != runs or row["unknown"] != runs))
        or (name in FREE and row["charges"] != 0)
        or (name in DEFINITE and row["refused"] != runs)
        or row["not_sent"] != 0
    ]  # fmt: skip
    return {**table, "wrong": wrong, "seconds": round(time.monotonic() - began, 1),
            "ok": not wrong and len(table) == len(FAULTS)}  # fmt: skip


async def _under(name: str, runs: int, folder: Path) -> dict[str, int]:
    service = HttpService(folder, faults=Faults(rates={name: 1.0}, hang_s=5.0))
    row = {"accepted": 0, "refused": 0, "unknown": 0, "not_sent": 0}
    async with service.serving() as url:
        provider = HttpSimProvider(url, cards=[CARD], name="fake")

        async def one(spec: Any) -> None:
            try:
                async with asyncio.timeout(1.0):
                    await provider.submit(Request(spec=spec, card=CARD), spec.key)
                row["accepted"] += 1
            except Refused:
                row["refused"] += 1
            except NotSent:
                row["not_sent"] += 1
            except (ProviderError, TimeoutError):
                row["unknown"] += 1

        await asyncio.gather(*(one(cell.spec) for cell in rows(runs, 1)))
        await provider.aclose()
    row["charges"] = len(service.ledger.charges())
    row["requests"] = len(service.ledger.asked("submit"))
    service.ledger.close()
    return row
