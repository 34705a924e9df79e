"""The Protocols: where a newcomer's file meets the rest.

A provider translates and does nothing else: no waiting, no retrying, no saving, no downloading.
A scorer is settings at construction and a clip's decode pass at the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Clip, Metric, ModelCard, Reading, RunSpec

__all__ = [
    "Accepted",
    "Analysis",
    "Asset",
    "Failed",
    "FailureKind",
    "Job",
    "JobHandle",
    "JobState",
    "Provider",
    "Request",
    "Running",
    "Scorer",
    "Succeeded",
]

JSON = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One paid wish, ready to be translated: the spec, and the model's card."""

    spec: RunSpec
    card: ModelCard

    @property
    def prompt(self) -> str:
        return self.spec.prompt

    @property
    def params(self) -> Mapping[str, Any]:
        return self.spec.params


@dataclass(frozen=True)
class JobHandle:
    """The service's name for a job, as JSON that a second process can use."""

    id: str
    data: JSON = field(default_factory=dict)

    def to_json(self) -> JSON:
        return {"id": self.id, **({"data": self.data} if self.data else {})}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> JobHandle:
        return JobHandle(str(raw["id"]), dict(raw.get("data", {})))


@dataclass(frozen=True)
class Accepted:
    """The service took the job. `sent` is what really went over the wire, without secrets."""

    job: JobHandle
    sent: JSON


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A result to fetch: a URL with the headers it needs, or a local path."""

    url: str | None = None
    path: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    size_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Running:
    """Not finished; `progress` in 0..1 where the service says."""

    progress: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Succeeded:
    """Finished: what to fetch, what it cost (None where the service does not say)."""

    assets: Sequence[Asset]
    cost_micro_usd: int | None = None
    prompt_used: str | None = None


FailureKind = Literal["failed", "moderated", "expired", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Finished without a clip; `charged_micro_usd` is 0 where the service says it does not bill."""

    kind: FailureKind
    reason: str
    charged_micro_usd: int | None = 0


JobState = Running | Succeeded | Failed


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job found in the service's own list, for adopting one whose answer was lost."""

    handle: JobHandle
    created_at: datetime
    model: str
    token: str | None = None
    prompt: str | None = None
    params: Mapping[str, Any] | None = None


@runtime_checkable
class Provider(Protocol):
    """One service. Outcomes of `submit` other than `Accepted` are exceptions: `NotSent`, `Refused`;
    anything else means that the service may have charged."""

    name: str

    def models(self) -> Sequence[ModelCard]: ...

    async def submit(self, request: Request, token: str) -> Accepted: ...

    async def poll(self, job: JobHandle) -> JobState: ...

    async def recent(self, since: datetime, model: str) -> Sequence[Job]: ...

    async def cancel(self, job: JobHandle) -> None: ...


class Analysis(Protocol):
    """One decode pass over a clip, shared by all its scorers. Everything is made once, when asked.

    T frames; `small` is the luma plane scaled so that its long side is 256 px, (T, h, w) uint8 in
    full range; `flow[t]` maps frame t to t+1 in pixels of `small`, (T-1, h, w, 2) float32-like.
    """

    clip: Clip
    tier: str

    @property
    def time_s(self) -> NDArray[np.float64]: ...

    @property
    def luma(self) -> NDArray[np.float64]: ...

    @property
    def small(self) -> NDArray[np.uint8]: ...

    @property
    def flow(self) -> NDArray[Any]: ...


@runtime_checkable
class Scorer(Protocol):
    """Frozen settings at construction, data at the call."""

    name: str
    version: str
    where: Literal["worker", "main"]
    metrics: Mapping[str, Metric]

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]: ...
