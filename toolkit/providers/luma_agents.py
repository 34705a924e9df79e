"""Luma Agents, Luma's current interface: Ray 3.2.

Seen in documents (luma-agents 0.5.0 and its pages): paths, bodies, states, failure codes, links
that last one hour, that a clip of 10 s takes its pictures as keyframes on a grid of 24 a second.
Inferred: the hosts of results, what a failed generation costs (not said, so not assumed to be
nothing). Nothing was tried against the live service.

It has no list of jobs and takes no name of ours for one: a request whose answer was lost cannot be
looked up, and is held for a person. There is no seed. A picture travels inside the body; one that
has an address alone goes by that. `extra={"video": {"hdr": True}}` joins what is said of the video,
`extra={"video": {"start_frame": {"generation_id": ID}}}` goes on from an earlier clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from toolkit import catalog
from toolkit.errors import CannotList, ProviderError, ToolkitError
from toolkit.providers import _images, _secrets, _wire
from toolkit.providers._http import UnclearError, client, get_json, post_once, refusal
from toolkit.providers._nest import nested
from toolkit.records import ImageRef, ModelCard
from toolkit.seams import (
    JSON,
    Accepted,
    Asset,
    Failed,
    FailureKind,
    Job,
    JobHandle,
    JobState,
    Provider,
    Request,
    Running,
    Succeeded,
)

__all__ = ["BASE_URL", "KEYS", "LumaAgentsProvider", "provider"]

KEYS = ("LUMA_AGENTS_API_KEY",)
BASE_URL = "https://agents.lumalabs.ai/v1"

GRID_FPS = 24
LINK_LASTS = timedelta(hours=1)

FORMS = {
    "duration_s": "video.duration={}s",
    "resolution": "video.resolution",
    "loop": "video.loop",
    "negative": "",
    "start_image": "",
    "end_image": "",
    "seed": "",
    "audio": "",
    "fps": "",
    "prompt_rewrite": "",
}

CODES: dict[str, tuple[FailureKind, str]] = {
    "content_moderated": ("moderated", "change the words or the image"),
    "generation_failed": ("failed", "another sample may do"),
    "budget_exhausted": ("failed", "raise the account's budget at Luma"),
    "output_not_found": ("expired", "its file is gone"),
    "image_too_large": ("failed", "make the image smaller"),
    "unsupported_format": ("failed", "take a PNG, JPEG or WebP image"),
    "corrupt_input": ("failed", "the image cannot be read: save it anew"),
    "invalid_request": ("failed", "change what is asked"),
    "rate_limited": ("failed", "make it again later"),
}
"""What a failure code means, and the way out."""

HINTS = {
    "retired": "take another model",
    "arrears": "top up the account, or raise its budget, at Luma",
    "moderated": "change the words or the image",
    "auth": f"is {KEYS[0]} a key of Luma Agents? Those of Dream Machine are others",
}


class LumaAgentsProvider:
    """Speaks to Luma Agents. Make one in the loop that uses it."""

    name = "luma-agents"
    # none was seen: its own names, and Amazon's, whose presigned links its uploads use
    download_hosts = (
        "*.lumalabs.ai",
        "*.cdn-luma.com",
        "*.s3.amazonaws.com",
        "*.s3.us-east-1.amazonaws.com",
        "*.s3.us-east-2.amazonaws.com",
        "*.s3.us-west-2.amazonaws.com",
    )

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._folder = folder
        self._http = client(self.base_url)
        key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http.auth = _secrets.KeyAuth(key, self.base_url)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        """The body, with each picture's hash where it will stand."""
        given = {"prompt": _wire.text_of(request), **self._frames(request)}
        asked = {"model": request.card.wire_id, "type": "video"}
        return nested({**asked, **_wire.body(request, FORMS, given=given)})

    def _frames(self, request: Request) -> JSON:
        given = [
            (name, image)
            for name in ("start_image", "end_image")
            if isinstance(image := request.params.get(name), ImageRef)
        ]
        if request.params.get("duration_s") == 10 and given:  # start_frame and end_frame: 5 s only
            at = {"start_image": 0, "end_image": 10 * GRID_FPS}
            return {
                "video.keyframes": [self._picture(image) for _, image in given],
                "video.keyframe_indexes": [at[name] for name, _ in given],
            }
        at_ends = {"start_image": "video.start_frame", "end_image": "video.end_frame"}
        return {at_ends[name]: self._picture(image) for name, image in given}

    def _picture(self, image: ImageRef) -> JSON:
        if image.path is None and image.url is not None:
            return {"url": image.url}
        content = _images.read(image, self._folder, provider=self.name)
        return {"data": _images.placed(image), "media_type": _images.media_type(content)}

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - the seam's
        body = await self.prepare(request) if request.body is None else request.body
        whole = _images.filled(body, request, self._folder, _images.as_base64, provider=self.name)
        reply = await post_once(
            self._http, "/generations", provider=self.name, body=whole, judge=_judge
        )
        if not isinstance(reply.get("id"), str):
            raise UnclearError("answered without a generation", provider=self.name)
        return Accepted(JobHandle(reply["id"]), body)

    async def poll(self, job: JobHandle) -> JobState:
        found = await get_json(
            self._http, f"/generations/{job.id}", provider=self.name, judge=_judge
        )
        state = found.get("state")
        if state == "completed":
            urls = [o["url"] for o in found.get("output") or [] if o.get("type") == "video"]
            until = datetime.now(UTC) + LINK_LASTS
            if urls:
                return Succeeded(assets=[Asset(url=url, expires_at=until) for url in urls])
            return Failed(
                kind="expired", reason="completed, and no video is left", charged_micro_usd=None
            )
        if state == "failed":
            code = str(found.get("failure_code"))
            kind, way_out = CODES.get(code, ("failed", ""))
            said = [code, str(found.get("failure_reason") or ""), way_out]
            reason = "; ".join(text for text in said if text)
            return Failed(kind=kind, reason=reason, charged_micro_usd=None)
        return Running(note=str(state))

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:  # noqa: ARG002
        raise CannotList(
            "has no list of generations; look at the account's page at Luma", provider=self.name
        )

    async def cancel(self, job: JobHandle) -> None:
        raise ProviderError(
            f"generation {job.id} cannot be stopped: Luma has no such request", provider=self.name
        )

    async def aclose(self) -> None:
        await self._http.aclose()


def _judge(reply: httpx.Response) -> ToolkitError | None:
    """What a refusal's words mean; the words themselves are inferred."""
    if reply.status_code not in (400, 401, 402, 403, 404, 413, 422):
        return None
    kind = _wire.meant(reply.text[:2000])
    if reply.status_code in (401, 402, 403) and kind != "moderated":
        kind = "arrears" if reply.status_code == 402 else "auth"
    hint = HINTS.get(kind or "")
    return None if hint is None else refusal(reply, provider="luma-agents", kind=kind, hint=hint)


def provider(folder: Path) -> Provider:
    """Luma Agents, with the key in `LUMA_AGENTS_API_KEY`; pictures' paths begin in `folder`."""
    return LumaAgentsProvider(folder)
