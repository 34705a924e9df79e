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
    "Motion",
    "Provider",
    "Request",
    "Running",
    "Scorer",
    "Succeeded",
]

JSON = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One paid wish, ready to be translated: the spec, and the model's card.

    `body` is what the provider's own `prepare` made of it, where it has one.
    """

    spec: RunSpec
    card: ModelCard
    body: JSON | None = None

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
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold a key
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
    """A job found in the service's own list, for adopting one whose answer was lost.

    It is recognised by its `token`; else by `sent`, the request as the service echoes it, in the
    service's own terms, which is compared with what `prepare` made; else by `prompt` and `params`,
    in ours.
    """

    handle: JobHandle
    created_at: datetime
    model: str
    token: str | None = None
    prompt: str | None = None
    params: Mapping[str, Any] | None = None
    sent: Mapping[str, Any] | None = None


@runtime_checkable
class Provider(Protocol):
    """One service. Outcomes of `submit` other than `Accepted` are exceptions: `NotSent`, `Refused`;
    anything else means that the service may have charged.

    It may also have `async def prepare(request) -> JSON`: all that is free and may be repeated
    (uploading images, translating) is done there, before any money is reserved. What it returns is
    recorded with the intent and comes back as `request.body`.

    `list_shows = "finished"` says that `recent` leaves out jobs under way: what it does not show
    is then no proof that there is nothing.
    """

    name: str

    def models(self) -> Sequence[ModelCard]: ...

    async def submit(self, request: Request, token: str) -> Accepted: ...

    async def poll(self, job: JobHandle) -> JobState: ...

    async def recent(self, since: datetime, model: str) -> Sequence[Job]: ...

    async def cancel(self, job: JobHandle) -> None: ...


@dataclass(frozen=True, eq=False)
class Motion:
    """Flow from each frame to the next, in pixels of `Analysis.small`, T-1 pairs.

    `points` (N, 2) are x, y of an 8 px grid; `moves` (T-1, N, 2) the flow there; `textured`
    (T-1, N) where there is enough detail to trust it; `top` (T-1,) the mean of the fastest 5 %.
    """

    points: NDArray[np.float32]
    moves: NDArray[np.float32]
    textured: NDArray[np.bool_]
    top: NDArray[np.float64]


class Analysis(Protocol):
    """One decode pass over a clip, shared by all its scorers. Everything is made once, when asked.

    T frames; luma is in full range (0 black, 255 white) whatever the file uses, pictures are turned
    as a player shows them. `tier` is "full" or "thorough".
    """

    clip: Clip
    tier: str
    time_s: NDArray[np.float64]
    """(T,) seconds since the first frame."""
    small: NDArray[np.uint8]
    """(T, h, w) luma of every frame, long side 256 px (never enlarged)."""
    shown: Sequence[int]
    """Which frames `thumbs` are: up to 24, evenly spaced in time, 2 % left out at either end."""
    thumbs: NDArray[np.uint8]
    """(K, h, w, 3) RGB, long side 320 px."""
    detail: Sequence[NDArray[np.uint8]]
    """Luma of about 8 evenly spaced frames, halved until the long side is below 1280 px."""
    detail_at: Sequence[int]
    """Which frames `detail` are."""
    sound: NDArray[np.float32] | None
    """(N, 2) in -1..1 at `sound_rate`; None where there is none."""
    sound_rate: int

    @property
    def luma(self) -> NDArray[np.float64]:
        """(T,) mean brightness of each frame, 0..1."""
        ...

    @property
    def step(self) -> NDArray[np.float64]:
        """(T-1,) mean absolute difference of consecutive frames of `small`, gray levels."""
        ...

    @property
    def cuts(self) -> Sequence[int]:
        """Frames that begin a new shot, ascending; () for one shot."""
        ...

    @property
    def motion(self) -> Motion: ...

    def flow(self, first: int, second: int) -> NDArray[np.float32]:
        """(h, w, 2) flow between any two frames, made anew at each call."""
        ...


@runtime_checkable
class Scorer(Protocol):
    """Frozen settings at construction, data at the call.

    `where` is "main" for one that cannot leave the process it was made in: it is then given the
    pass that a decode process made.

    Two more attributes may be left out: `tier` ("full"; "thorough" for costly ones) and
    `every_frame` (True; False where a sparse look at a clip will do).
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def where(self) -> Literal["worker", "main"]: ...

    @property
    def metrics(self) -> Mapping[str, Metric]: ...

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]: ...
