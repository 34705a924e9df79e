"""Runway, which sells its own Gen-4.5 and others' models: Kling 3.0, Seedance 2, Veo 3.1.

Seen in documents (runwayml 5.24.0, Runway's price page by way of LiteLLM): paths, the version
header, each model's body, the pixel pairs that stand for size and shape, states, costs in credits
of one cent, that a last frame needs a first one, links that last 24 hours or more. Inferred: the
words of refusals and most failure codes, the hosts of results (two were seen in public code).
Nothing was tried against the live service.

It has no list of tasks and takes no name of ours for one: a request whose answer was lost cannot be
looked up, and is held for a person. A picture travels inside the body, up to 5 MB there; one that
is larger, or has an address alone, goes by its address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from toolkit import catalog
from toolkit.errors import CannotList, ProviderError, Refused, ToolkitError
from toolkit.providers import _images, _secrets, _wire
from toolkit.providers._http import (
    UnclearError,
    client,
    free_json,
    get_json,
    post_once,
    refusal,
)
from toolkit.providers._nest import whole
from toolkit.records import ImageRef, ModelCard
from toolkit.seams import (
    JSON,
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

__all__ = ["BASE_URL", "KEYS", "RATIOS", "RunwayProvider", "provider"]

KEYS = ("RUNWAYML_API_SECRET",)
BASE_URL = "https://api.dev.runwayml.com"
VERSION = "2024-11-06"

CREDIT_MICRO_USD = 10_000
LINK_LASTS = timedelta(hours=24)
MOST_IMAGE_CHARS = 5_000_000

_HD = {
    "720p": {"16:9": "1280:720", "9:16": "720:1280"},
    "1080p": {"16:9": "1920:1080", "9:16": "1080:1920"},
}
_KLING = {
    "720p": {**_HD["720p"], "1:1": "960:960"},
    "1080p": {**_HD["1080p"], "1:1": "1440:1440"},
    "4k": {"16:9": "3840:2160", "9:16": "2160:3840", "1:1": "2880:2880"},
}
_SEEDANCE = {
    "480p": "992:432 864:496 752:560 640:640 560:752 496:864",
    "720p": "1470:630 1280:720 1112:834 960:960 834:1112 720:1280",
    "1080p": "2206:946 1920:1080 1664:1248 1440:1440 1248:1664 1080:1920",
    "4k": "3840:1646 3840:2160 3840:2880 3840:3840 2880:3840 2160:3840",
}
_SHAPES = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")

RATIOS: dict[str, dict[str, dict[str, str]]] = {
    "gen4.5": {"720p": _HD["720p"]},
    "veo3.1": _HD,
    "veo3.1_fast": _HD,
    "kling3.0_standard": {"720p": _KLING["720p"]},
    "kling3.0_pro": {"1080p": _KLING["1080p"]},
    "kling3.0_4k": {"4k": _KLING["4k"]},
    "seedance2": {
        size: dict(zip(_SHAPES, pairs.split(), strict=True)) for size, pairs in _SEEDANCE.items()
    },
}
"""`ratio` by model, resolution and aspect ratio."""

FREE_RATIO = {"seedance2"}
"""Models that choose a ratio by themselves where none is given."""

NEEDS_DURATION = {"gen4.5"}

FORMS = {
    "prompt": "promptText",
    "negative": "negativePrompt",
    "duration_s": "duration",
    "resolution": "",
    "aspect_ratio": "",
    "start_image": "",
    "end_image": "",
    "fps": "",
    "loop": "",
    "prompt_rewrite": "",
}

HINTS = {
    "retired": "take another model",
    "arrears": "buy credits for the organization at Runway",
    "moderated": "change the words or the image",
    "auth": f"is {KEYS[0]} a key of Runway's API?",
}


class RunwayProvider:
    """Speaks to Runway. Make one in the loop that uses it."""

    name = "runway"
    # seen in public code; what they are is not documented
    download_hosts = (
        "dnznrvs05pmza.cloudfront.net",
        "d2jqrm6oza8nb6.cloudfront.net",
        "runway-task-artifacts.s3.amazonaws.com",
        "*.runwayml.com",  # inferred
    )

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._folder = folder
        self._http = client(self.base_url, headers={"X-Runway-Version": VERSION})
        key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http.auth = _secrets.KeyAuth(key, self.base_url)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        """The body, with each picture's hash where it will stand."""
        card, params = request.card, request.params
        given: JSON = {"prompt": _wire.text_of(request), "negative": request.spec.negative}
        frames = self._frames(request)
        if frames:
            given["promptImage"] = frames
        seconds = params.get("duration_s")
        if seconds is None and card.wire_id in NEEDS_DURATION:
            seconds = card.default_duration_s
        given["duration_s"] = whole(seconds)
        if (ratio := _ratio(request, with_image=bool(frames))) is not None:
            given["ratio"] = ratio
        forms = {**FORMS, "seed": ""} if card.seed == "none" else FORMS
        return {"model": card.wire_id, **_wire.body(request, forms, given=given)}

    def _frames(self, request: Request) -> list[JSON]:
        start, end = request.params.get("start_image"), request.params.get("end_image")
        if end is not None and start is None:
            raise Refused(
                f"{request.card.model} takes `end_image` only beside a `start_image`",
                kind="invalid",
                provider=self.name,
            )
        return [
            {"uri": self._picture(image), "position": position}
            for image, position in ((start, "first"), (end, "last"))
            if isinstance(image, ImageRef)
        ]

    def _picture(self, image: ImageRef) -> Any:
        if image.path is None and image.url is not None:
            return image.url
        content = _images.read(image, self._folder, provider=self.name)
        if len(content) * 4 / 3 <= MOST_IMAGE_CHARS - 100:
            return _images.placed(image)
        if image.url is not None:
            return image.url
        raise Refused(
            f"the picture {image.path} has {len(content) / 1e6:.1f} MB, and at most 3.7 travel in "
            "a request: make it smaller, or give its public address beside it (ImageRef's url)",
            kind="invalid",
            provider=self.name,
        )

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - the seam's
        body = await self.prepare(request) if request.body is None else request.body
        path = f"/v1/{'image' if 'promptImage' in body else 'text'}_to_video"
        ready = _images.filled(body, request, self._folder, _images.as_data_uri, provider=self.name)
        reply = await post_once(self._http, path, provider=self.name, body=ready, judge=_judge)
        if not isinstance(reply.get("id"), str):
            raise UnclearError("answered without a task", provider=self.name)
        return Accepted(JobHandle(reply["id"]), body)

    async def poll(self, job: JobHandle) -> JobState:
        found = await get_json(self._http, f"/v1/tasks/{job.id}", provider=self.name, judge=_judge)
        state = found.get("status")
        charged = (found.get("cost") or {}).get("credits")
        cost = None if charged is None else round(charged * CREDIT_MICRO_USD)
        if state == "SUCCEEDED":
            until = datetime.now(UTC) + LINK_LASTS
            assets = [Asset(url=url, expires_at=until) for url in found.get("output") or []]
            if assets:
                return Succeeded(assets=assets, cost_micro_usd=cost)
            return Failed(
                kind="expired", reason="succeeded, and no output is left", charged_micro_usd=cost
            )
        if state == "FAILED":
            code = str(found.get("failureCode") or "")
            said = [code, str(found.get("failure") or "")]
            reason = ": ".join(text for text in said if text) or "no reason was given"
            return Failed(
                kind="moderated" if "SAFETY" in code.upper() else "failed",
                reason=reason,
                charged_micro_usd=cost,
            )
        if state == "CANCELLED":
            return Failed(kind="cancelled", reason="cancelled", charged_micro_usd=cost)
        return Running(progress=found.get("progress"), note=str(state))

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:  # noqa: ARG002
        raise CannotList(
            "has no list of tasks; look at the organization's usage at Runway", provider=self.name
        )

    async def cancel(self, job: JobHandle) -> None:
        """Stop it, or delete what it made; what it costs then is what the next poll says."""
        await free_json(self._http, "DELETE", f"/v1/tasks/{job.id}", provider=self.name)

    async def balance_usd(self) -> float:
        """What is left on the account, in dollars."""
        found = await get_json(self._http, "/v1/organization", provider=self.name)
        try:
            return float(found["creditBalance"]) * CREDIT_MICRO_USD / 1e6
        except (KeyError, TypeError, ValueError):
            raise ProviderError("says no balance", provider=self.name) from None

    async def aclose(self) -> None:
        await self._http.aclose()


def _ratio(request: Request, *, with_image: bool) -> str | None:
    """The pixel pair for what was asked; what was left out is the row's default."""
    card, params = request.card, request.params
    asked = [params.get("resolution"), params.get("aspect_ratio")]
    follows = card.wire_id in FREE_RATIO or (with_image and card.wire_id.startswith("kling"))
    if asked == [None, None] and follows:
        return None
    size = asked[0] or card.defaults.get("resolution")
    shape = asked[1] or card.defaults.get("aspect_ratio")
    known = RATIOS.get(card.wire_id, {})
    if (found := known.get(str(size), {}).get(str(shape))) is not None:
        return found
    if not known:  # a row of one's own: `extra={"ratio": …}` says it
        return None
    raise Refused(
        f"{card.model} has no picture of {size} and {shape}", kind="invalid", provider="runway"
    )


def _judge(reply: httpx.Response) -> ToolkitError | None:
    """What a refusal's words mean; the words themselves are inferred."""
    if reply.status_code not in (400, 401, 402, 403, 404, 422):
        return None
    kind = _wire.meant(reply.text[:2000])
    if kind is None and reply.status_code in (401, 403):
        kind = "auth"
    hint = HINTS.get(kind or "")
    return None if hint is None else refusal(reply, provider="runway", kind=kind, hint=hint)


def provider(folder: Path) -> Provider:
    """Runway, with the key in `RUNWAYML_API_SECRET`; pictures' paths begin in `folder`."""
    return RunwayProvider(folder)
