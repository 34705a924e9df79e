"""The simulator as a provider: the same seam as the paid services, no network and no key."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from toolkit import catalog
from toolkit.providers._http import check_guard
from toolkit.records import ImageRef, ModelCard
from toolkit.seams import (
    Accepted,
    Asset,
    Failed,
    Job,
    JobHandle,
    JobState,
    Provider,
    Request,
    Running,
    Succeeded,
)
from toolkit.simulator.service import SimJob, SimService

__all__ = ["SimProvider", "provider"]


class SimProvider:
    """`sim/draft`, `sim/final` and `sim/still`, served from a folder: jobs, files and charges
    outlive us.
    """

    name = "sim"

    def __init__(self, folder: str | os.PathLike[str], *, pace: float = 1.0) -> None:
        self.service = SimService(folder, pace=pace)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def submit(self, request: Request, token: str) -> Accepted:
        check_guard()
        job_id = await asyncio.to_thread(self.service.submit, request.spec, token=token)
        return Accepted(JobHandle(job_id), _sent(request, token))

    async def poll(self, job: JobHandle) -> JobState:
        found = await asyncio.to_thread(self.service.poll, job.id)
        return self._state(found)

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        jobs = await asyncio.to_thread(self.service.list, since, model)
        return [
            Job(
                handle=JobHandle(job.id),
                created_at=datetime.fromisoformat(job.created_at),
                model=str(job.spec["model"]),
                token=job.token,
                prompt=str(job.spec["prompt"]),
                params=job.spec.get("params", {}),
            )
            for job in jobs
        ]

    async def cancel(self, job: JobHandle) -> None:
        await asyncio.to_thread(self.service.cancel, job.id)

    async def aclose(self) -> None:
        await asyncio.to_thread(self.service.close)

    def _state(self, job: SimJob) -> JobState:
        if job.state == "succeeded":
            path = str(self.service.path_of(job))
            asset = Asset(path=path, size_bytes=job.size_bytes, sha256=job.sha256)
            return Succeeded(
                assets=[asset],
                cost_micro_usd=job.cost_micro_usd,
                prompt_used=str(job.spec["prompt"]),
            )
        if job.state == "moderated":
            return Failed(kind="moderated", reason=job.reason)
        if job.state == "cancelled":
            return Failed(kind="cancelled", reason=job.reason or "cancelled before it started")
        if job.state == "failed":
            return Failed(kind="failed", reason=job.reason)
        return Running(progress=None, note=job.state)


def _sent(request: Request, token: str) -> dict[str, object]:
    """What went to the service: the spec, images by their hash."""
    params = {
        name: value.canonical() if isinstance(value, ImageRef) else value
        for name, value in request.params.items()
    }
    spec = request.spec
    return {
        "model": spec.model,
        "prompt": spec.prompt,
        **({"negative": spec.negative} if spec.negative is not None else {}),
        "params": params,
        "sample": spec.sample,
        "token": token,
    }


def provider(folder: Path) -> Provider:
    """The simulator whose jobs and files lie in `folder`, or the service at PROMPTGRID_SIM_URL."""
    url = os.environ.get("PROMPTGRID_SIM_URL")
    if url:
        from toolkit.providers._sim_http import HttpSimProvider

        return HttpSimProvider(url, cards=SimProvider(folder).models())
    return SimProvider(folder)
