"""The simulator over HTTP: what a real service's file looks like, and a rehearsal of its worst.

`PROMPTGRID_SIM_URL` sends `sim/…` runs to a service started with `promptgrid service`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from toolkit.errors import CannotList, ProviderError, Refused
from toolkit.providers._http import UnclearError, client, get_json, post_once
from toolkit.records import ModelCard
from toolkit.seams import (
    Accepted,
    Asset,
    Failed,
    FailureKind,
    Job,
    JobHandle,
    JobState,
    Request,
    Running,
    Succeeded,
)

__all__ = ["HttpSimProvider"]


class HttpSimProvider:
    """Speaks to `simulator.http_service`. Make one in the loop that uses it."""

    def __init__(
        self,
        base_url: str,
        *,
        cards: Sequence[ModelCard],
        name: str = "sim",
        tokens: bool = True,
    ) -> None:
        self.name = name
        self.base_url = base_url
        self._cards = list(cards)
        self._tokens = tokens
        self._http = client(base_url)

    def models(self) -> Sequence[ModelCard]:
        return self._cards

    async def submit(self, request: Request, token: str) -> Accepted:
        body = {**request.spec.to_json(), **({"token": token} if self._tokens else {})}
        reply = await post_once(self._http, "/v1/jobs", provider=self.name, body=body)
        if not isinstance(reply.get("id"), str):
            raise UnclearError("answered without a job", provider=self.name)
        return Accepted(JobHandle(reply["id"]), body)

    async def poll(self, job: JobHandle) -> JobState:
        found = await get_json(self._http, f"/v1/jobs/{job.id}", provider=self.name)
        state = found.get("state")
        if state == "succeeded":
            expires = found.get("expires_at")
            when = None if expires is None else datetime.fromtimestamp(expires, UTC)
            return Succeeded(
                assets=[Asset(url=str(found["url"]), expires_at=when)],
                cost_micro_usd=int(found["cost_micro_usd"]),
            )
        ends: dict[str, FailureKind] = {
            "failed": "failed",
            "moderated": "moderated",
            "expired": "expired",
            "cancelled": "cancelled",
        }
        if state in ends:
            cost = int(found.get("cost_micro_usd") or 0)
            return Failed(kind=ends[state], reason=str(found["reason"]), charged_micro_usd=cost)
        return Running(note=str(state))

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        asked = {"since": since.timestamp(), "model": model}
        try:
            found = await get_json(self._http, "/v1/jobs", provider=self.name, params=asked)
        except Refused as problem:
            if problem.kind not in ("invalid", "not_found"):
                raise
            raise CannotList(str(problem), provider=self.name) from None
        return [
            Job(
                handle=JobHandle(job["id"]),
                created_at=datetime.fromtimestamp(job["created"], UTC),
                model=job["model"],
                token=job["token"],
                prompt=job["prompt"],
                params=job.get("params", {}),
            )
            for job in found["jobs"]
        ]

    async def cancel(self, job: JobHandle) -> None:  # noqa: ARG002 - the seam's
        raise ProviderError("a job that was taken is finished", provider=self.name)

    async def aclose(self) -> None:
        await self._http.aclose()
