"""The nouns that travel between rooms: frozen, keyword-only after the subject.

*Asked and measured never mix*: a `RunSpec` says what was asked, a `Clip` what was measured.
A run's key is computed here and nowhere else, because it decides what is paid for twice.
"""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

__all__ = [
    "CAMERA_MOVES",
    "CANONICAL_PARAMS",
    "PARTS",
    "Attempt",
    "Clip",
    "Estimate",
    "Frame",
    "ImageRef",
    "Metric",
    "ModelCard",
    "Rating",
    "Reading",
    "Run",
    "RunSpec",
    "Score",
    "State",
    "Vote",
    "canonical_json",
    "from_micro",
    "to_micro",
]

PARTS = ("subject", "action", "environment", "camera", "mood")
"""The parts of a prompt, in the order they are rendered. `negative` is kept apart."""

CANONICAL_PARAMS = (
    "duration_s", "resolution", "aspect_ratio", "seed", "camera_motion", "start_image",
    "end_image", "loop", "audio", "fps", "prompt_rewrite",
)  # fmt: skip
"""Parameters every provider translates; others must be declared by the model or sit in `extra`."""

CAMERA_MOVES = (
    "static", "push_in", "pull_out", "pan_left", "pan_right", "tilt_up", "tilt_down",
    "orbit_left", "orbit_right", "roll_cw", "roll_ccw", "handheld",
)  # fmt: skip
"""Named by what the camera does: a camera that rolls clockwise turns the picture anticlockwise."""

_FROZEN = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

MICRO = 1_000_000


def to_micro(usd: float) -> int:
    """Integer micro-dollars, rounded half away from zero; `ValueError` for nan, inf or below 0."""
    try:
        is_money = math.isfinite(usd) and usd >= 0
    except TypeError:  # such as "5", from a form
        is_money = False
    if not is_money:
        raise ValueError(f"an amount of money is a finite number of dollars >= 0, not {usd!r}")
    return math.floor(usd * MICRO + 0.5)


def from_micro(micro_usd: int) -> float:
    """Dollars."""
    return micro_usd / MICRO


class State(StrEnum):
    """Where a run stands. `done` = clip stored and verified; scoring is no state."""

    PLANNED = "planned"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    READY = "ready"
    STORED = "stored"
    DONE = "done"
    UNKNOWN = "unknown"
    HOLD = "hold"
    OVER_BUDGET = "over_budget"
    REJECTED = "rejected"
    MODERATED = "moderated"
    FAILED = "failed"
    EXPIRED_PAID = "expired_paid"
    BAD_CLIP = "bad_clip"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether the engine still has something to do for it."""
        return self in _OPEN


_OPEN = frozenset(
    {
        State.PLANNED,
        State.SUBMITTING,
        State.SUBMITTED,
        State.READY,
        State.STORED,
        State.UNKNOWN,
    }
)


@dataclass(frozen=True, config=_FROZEN)
class ImageRef:
    """A reference image, named by the SHA-256 of its bytes; where it lies is not identity.

    `path` is a file on this machine, `url` the public address it was fetched from, for services
    that take nothing else.
    """

    sha256: str
    path: str | None = field(default=None, kw_only=True)
    url: str | None = field(default=None, kw_only=True)

    def canonical(self) -> dict[str, str]:
        return {"image_sha256": self.sha256}


def _plain(value: Any) -> Any:
    """`value` as JSON with one spelling per meaning: NFC text, whole floats as ints."""
    if isinstance(value, ImageRef):
        return value.canonical()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"a parameter must be finite, not {number!r}")
        return int(number) if number.is_integer() else number
    if isinstance(value, Mapping):
        return {unicodedata.normalize("NFC", str(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [_plain(v) for v in value]
    raise ValueError(f"a parameter must be JSON or an image, not {type(value).__name__}")


def canonical_json(value: Any) -> str:
    """One text per meaning: sorted keys, no spaces, NFC, whole floats as ints, UTF-8 kept."""
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


@dataclass(frozen=True, config=_FROZEN)
class RunSpec:
    """What is asked of a service: the prompt as sent, the model, the parameters, which sample.

    `model` is `"service/model"`. `params` holds only what was asked: absent stays absent, and an
    explicit value stays though it equals a default. `sample` is 1..k.
    """

    prompt: str
    model: str = field(kw_only=True)
    negative: str | None = field(default=None, kw_only=True)
    params: dict[str, Any] = field(default_factory=dict, kw_only=True)
    sample: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        if "/" not in self.model:
            raise ValueError(f"a model is 'service/model', not {self.model!r}")
        if self.sample < 1:
            raise ValueError(f"samples count from 1, not {self.sample}")

    @property
    def service(self) -> str:
        return self.model.split("/", 1)[0]

    @property
    def is_simulated(self) -> bool:
        return self.service == "sim"

    def canonical(self) -> str:
        """The text whose hash is the key. Changing it orphans every paid clip: never change it."""
        asked: dict[str, Any] = {
            "prompt": self.prompt,
            "model": self.model,
            "params": self.params,
            "sample": self.sample,
        }
        if self.negative is not None:
            asked["negative"] = self.negative
        return canonical_json(asked)

    @property
    def key(self) -> str:
        """SHA-256 (64 hex digits) of `canonical()`; unique within an experiment."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return _SPEC.dump_python(self, mode="json", exclude_none=True)  # type: ignore[no-any-return]

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RunSpec:
        params = {
            name: ImageRef(**value) if isinstance(value, Mapping) and "sha256" in value else value
            for name, value in data.get("params", {}).items()
        }
        return RunSpec(**{**data, "params": params})


_SPEC = TypeAdapter(RunSpec)


@dataclass(frozen=True, config=_FROZEN)
class Run:
    """A spec and where it stands."""

    key: str
    spec: RunSpec = field(kw_only=True)
    state: State = field(default=State.PLANNED, kw_only=True)
    reason: str | None = field(default=None, kw_only=True)
    clip_sha256: str | None = field(default=None, kw_only=True)
    image_sha256: str | None = field(default=None, kw_only=True)  # of a run that makes a picture
    cost_micro_usd: int | None = field(default=None, kw_only=True)
    reserved_micro_usd: int = field(default=0, kw_only=True)
    created_at: datetime | None = field(default=None, kw_only=True)
    done_at: datetime | None = field(default=None, kw_only=True)

    @property
    def id(self) -> str:
        """The first 16 hex digits of the key: short enough to show, long enough to be unique."""
        return self.key[:16]


@dataclass(frozen=True, config=_FROZEN)
class Attempt:
    """One submission: what was meant, what was really sent, what came back, what it cost."""

    id: str
    run_key: str = field(kw_only=True)
    state: Literal[
        "intent", "accepted", "refused", "not_sent", "unknown", "settled", "given_up"
    ] = field(kw_only=True)
    intent_at: datetime = field(kw_only=True)
    service: str = field(kw_only=True)
    token: str = field(kw_only=True)
    job: dict[str, Any] | None = field(default=None, kw_only=True)
    sent: dict[str, Any] | None = field(default=None, kw_only=True)
    prompt_used: str | None = field(default=None, kw_only=True)
    reserved_micro_usd: int = field(default=0, kw_only=True)
    settled_micro_usd: int | None = field(default=None, kw_only=True)
    http_status: int | None = field(default=None, kw_only=True)
    error: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, config=_FROZEN)
class Clip:
    """What was measured on a video file. Its name is its content: `sha256` (64 hex digits).

    `width` and `height` are as shown (rotation applied), in pixels; `fps` is the mean rate;
    `num_frames` counts decoded frames where they were decoded, else those declared.
    """

    sha256: str
    width: int = field(kw_only=True)
    height: int = field(kw_only=True)
    num_frames: int = field(kw_only=True)
    duration_s: float = field(kw_only=True)
    fps: float = field(kw_only=True)
    codec: str = field(kw_only=True)
    has_audio: bool = field(kw_only=True)
    size_bytes: int = field(kw_only=True)


@dataclass(frozen=True, config=_FROZEN, eq=False)
class Frame:
    """One picture of a clip: `image` is (H, W, 3) uint8 RGB; time is `pts` x `time_base`."""

    image: NDArray[np.uint8]
    pts: int = field(kw_only=True)
    time_base: Fraction = field(kw_only=True)

    @property
    def time_s(self) -> float:
        return float(self.pts * self.time_base)


Direction = Literal["higher", "lower", "neutral"]


@dataclass(frozen=True, config=_FROZEN)
class Metric:
    """What a number means. `evidence`: A validated against people or known truth, B sound physics
    with metamorphic tests, C experimental. `low`/`high` bound the value where it has bounds."""

    name: str
    unit: str = field(kw_only=True)
    description: str = field(kw_only=True)
    direction: Direction = field(default="neutral", kw_only=True)
    evidence: Literal["A", "B", "C"] = field(default="C", kw_only=True)
    low: float | None = field(default=None, kw_only=True)
    high: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True, config=_FROZEN)
class Reading:
    """What a scorer says of one clip. `value` is None where it cannot be said; `note` says why.

    `confidence` is in 0..1; `label` a word for the value ("push_in", "reversed"); `trace` the value
    over time, one number a frame or pair of frames.
    """

    value: float | None
    note: str = field(default="", kw_only=True)
    confidence: float | None = field(default=None, kw_only=True)
    label: str | None = field(default=None, kw_only=True)
    trace: list[float] | None = field(default=None, kw_only=True)


@dataclass(frozen=True, config=_FROZEN)
class Score:
    """A reading as stored: of which clip, by which scorer, with which settings."""

    run_key: str
    clip_sha256: str = field(kw_only=True)
    metric: str = field(kw_only=True)
    scorer: str = field(kw_only=True)  # "name@version"
    tier: str = field(kw_only=True)
    settings_hash: str = field(kw_only=True)
    reading: Reading = field(kw_only=True)


Verdict = Literal["left", "right", "tie", "both_bad", "skip"]


@dataclass(frozen=True, config=_FROZEN)
class Vote:
    """One answer of a blind duel. `left` and `right` are run keys, as shown. Undo appends."""

    id: str
    left: str = field(kw_only=True)
    right: str = field(kw_only=True)
    verdict: Verdict = field(kw_only=True)
    by: str = field(kw_only=True)  # the columns under test, comma-separated
    rater: str = field(default="me", kw_only=True)
    dimension: str = field(default="overall", kw_only=True)
    strong: bool = field(default=False, kw_only=True)
    shown_at: datetime = field(kw_only=True)
    answered_at: datetime = field(kw_only=True)
    seen_labels: bool = field(default=False, kw_only=True)
    policy: str = field(default="balanced", kw_only=True)
    policy_prob: float | None = field(default=None, kw_only=True)
    reason_tags: list[str] = field(default_factory=list, kw_only=True)
    undoes: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, config=_FROZEN)
class Rating:
    """An absolute mark on one run: pick, keep, reject, or "1".."5"."""

    id: str
    run_key: str = field(kw_only=True)
    mark: Literal["pick", "keep", "reject", "1", "2", "3", "4", "5", "none"] = field(kw_only=True)
    rater: str = field(default="me", kw_only=True)
    at: datetime = field(kw_only=True)
    reason_tags: list[str] = field(default_factory=list, kw_only=True)
    time_s: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True, config=_FROZEN)
class Estimate:
    """A number and how sure one may be: interval `low`..`high` at `level`, from `n` observations in
    `clusters` independent groups, by `method`."""

    value: float
    low: float = field(kw_only=True)
    high: float = field(kw_only=True)
    n: int = field(kw_only=True)
    clusters: int = field(kw_only=True)
    method: str = field(kw_only=True)
    level: float = field(default=0.95, kw_only=True)
    p: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True, config=_FROZEN)
class ModelCard:
    """A model as one service offers it: limits, price with its date, what it is good for.

    An empty `durations_s`, `resolutions` or `aspect_ratios` means *not known*, never *anything*.
    `fields` says by which wire name a parameter goes where a service's models differ in that:
    `{"start_image": "image", "duration_s": "duration={}s"}`, see `providers._wire`. `server` says
    how a person's own server or machine runs it, in its adapter's words, see `providers._own`.
    """

    model: str  # "service/model", what a person types
    title: str = field(kw_only=True)
    maker: str = field(default="", kw_only=True)
    wire_id: str = field(kw_only=True)
    makes: Literal["video", "image"] = field(default="video", kw_only=True)
    fields: dict[str, str] = field(default_factory=dict, kw_only=True)
    durations_s: list[float] = field(default_factory=list, kw_only=True)
    duration_range_s: tuple[float, float] | None = field(default=None, kw_only=True)
    default_duration_s: float | None = field(default=None, kw_only=True)
    resolutions: list[str] = field(default_factory=list, kw_only=True)
    aspect_ratios: list[str] = field(default_factory=list, kw_only=True)
    fps: list[float] = field(default_factory=list, kw_only=True)
    seed: Literal["honoured", "best_effort", "none", "unknown"] = field(
        default="unknown", kw_only=True
    )
    camera: str | None = field(default=None, kw_only=True)  # the wire parameter, if there is one
    audio: bool | None = field(default=None, kw_only=True)
    start_image: bool | None = field(default=None, kw_only=True)
    end_image: bool | None = field(default=None, kw_only=True)
    loop: bool | None = field(default=None, kw_only=True)
    negative: bool | None = field(default=None, kw_only=True)
    prompt_limit: int | None = field(default=None, kw_only=True)  # characters
    extra_params: dict[str, list[Any]] = field(default_factory=dict, kw_only=True)
    defaults: dict[str, Any] = field(default_factory=dict, kw_only=True)  # what absent means
    limits: list[dict[str, Any]] = field(default_factory=list, kw_only=True)  # see catalog.refusal
    server: dict[str, Any] = field(default_factory=dict, kw_only=True)
    wall_s: tuple[float, float] | None = field(default=None, kw_only=True)  # p50, p90 of one clip
    concurrency: int | None = field(default=None, kw_only=True)  # jobs at a time, if known
    price_unit: str | None = field(default=None, kw_only=True)  # "USD/s" or "USD/clip"
    price: Any = field(default=None, kw_only=True)  # a number, or a table; see catalog.price
    price_date: str | None = field(default=None, kw_only=True)  # ISO date
    status: Literal["live", "legacy", "deprecated", "retired", "unknown"] = field(
        default="unknown", kw_only=True
    )
    retired_on: str | None = field(default=None, kw_only=True)
    strengths: list[str] = field(default_factory=list, kw_only=True)
    weaknesses: list[str] = field(default_factory=list, kw_only=True)
    best_for: list[str] = field(default_factory=list, kw_only=True)
    usual_size: str | None = field(default=None, kw_only=True)
    source: str = field(default="", kw_only=True)
    confidence: str = field(default="", kw_only=True)
    notes: str = field(default="", kw_only=True)

    @property
    def service(self) -> str:
        return self.model.split("/", 1)[0]

    @property
    def is_simulated(self) -> bool:
        return self.service == "sim"
