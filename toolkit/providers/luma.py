"""Luma Dream Machine, the interface that Luma itself calls legacy: Ray 2, Ray Flash 2, Ray 1.6.

Seen in documents (Luma's OpenAPI file of 2025-06-24, lumaai 1.21.0): paths, bodies, states, the
list and its echo of the request, the keys of concepts, errors as `{"detail": …}`. From its pages:
failed generations are given back. Inferred: that a roll to the right is clockwise, the wording of
refusals, the hosts of results beside storage.cdn-luma.com, the order of the list (taken from its
own dates). Nothing was tried against the live service.

It fetches images from public addresses: give `ImageRef(sha256, path=…, url="https://…")`. Other
keyframes go in `extra`, and join `start_image` and `end_image` where they fill the other place:
`extra={"keyframes": from_generation(ID)}` goes on from an earlier generation.

Its list shows what was asked, so a job whose answer was lost is recognised by that. With
`PROMPTGRID_CALLBACK_URL` set to an address of yours it is recognised exactly: every request then
carries `callback_url=<address>?promptgrid=<token>`, which the list echoes, and Luma posts its news
there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from toolkit import catalog
from toolkit.errors import ProviderError, ToolkitError
from toolkit.providers import _images, _lists, _secrets, _wire
from toolkit.providers._http import UnclearError, client, get_json, post_once, refusal
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

__all__ = ["BASE_URL", "CONCEPTS", "KEYS", "LumaProvider", "from_generation", "provider"]

KEYS = ("LUMAAI_API_KEY",)
BASE_URL = "https://api.lumalabs.ai/dream-machine/v1"
CALLBACK = "PROMPTGRID_CALLBACK_URL"
PAGE = 100

CONCEPTS = {
    "static": "static",
    "push_in": "push_in",
    "pull_out": "pull_out",
    "pan_left": "pan_left",
    "pan_right": "pan_right",
    "tilt_up": "tilt_up",
    "tilt_down": "tilt_down",
    "orbit_left": "orbit_left",
    "orbit_right": "orbit_right",
    # inferred: a camera that rolls to its right rolls clockwise, as a plane does
    "roll_cw": "roll_right",
    "roll_ccw": "roll_left",
    "handheld": "handheld",
}
"""Which concept each of our camera moves is. That Luma names the orbits and pans by what the camera
does, as we do, is inferred too. Its other 22 concepts go in `extra={"concepts": [{"key": …}]}`.
"""

FORMS = {
    "duration_s": "duration={}s",
    "negative": "",
    "camera_motion": "",
    "start_image": "",
    "end_image": "",
    "seed": "",
    "audio": "",
    "fps": "",
    "prompt_rewrite": "",
}


HINTS = {
    "retired": "take another model: luma/ray-2, luma/ray-flash-2, or one of Luma Agents",
    "arrears": "top up the account's credits at Luma",
    "moderated": "change the words or the image",
    "auth": f"is {KEYS[0]} a key of Dream Machine? Those of Luma Agents are others",
}


def from_generation(
    generation_id: str, *, place: Literal["frame0", "frame1"] = "frame0"
) -> dict[str, dict[str, str]]:
    """The keyframe that goes on from an earlier generation (`frame0`), or leads up to it.

    The id is what an attempt's job handle holds.
    """
    return {place: {"type": "generation", "id": generation_id}}


class LumaProvider:
    """Speaks to Dream Machine. Make one in the loop that uses it."""

    name = "luma"
    download_hosts = ("storage.cdn-luma.com", "*.cdn-luma.com", "*.lumalabs.ai")  # seen, inferred

    def __init__(self) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._callback = _callback_url()
        self._http = client(self.base_url)
        key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http.auth = _secrets.KeyAuth(key, self.base_url)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        """The body, without the callback's token."""
        given: JSON = {"prompt": _wire.text_of(request)}
        move = request.params.get("camera_motion")
        if move is not None and request.card.camera is not None:
            given["concepts"] = [{"key": CONCEPTS[move]}]
        frames = {}
        for name, place in (("start_image", "frame0"), ("end_image", "frame1")):
            image = request.params.get(name)
            if isinstance(image, ImageRef):
                url = _images.public_url(image, provider=self.name, name=name)
                frames[place] = {"type": "image", "url": url}
        body = {"model": request.card.wire_id, **_wire.body(request, FORMS, given=given)}
        if frames:
            body["keyframes"] = {**frames, **body.get("keyframes", {})}
        if "concepts" in given:  # they go together: a move of ours beside one in `extra`
            ours, more = given["concepts"], body["concepts"]
            body["concepts"] = ours + [concept for concept in more if concept not in ours]
        return body

    async def submit(self, request: Request, token: str) -> Accepted:
        body = await self.prepare(request) if request.body is None else request.body
        if self._callback and "callback_url" not in body:
            joint = "&" if urlsplit(self._callback).query else "?"
            mark = urlencode({"promptgrid": token})
            body = {**body, "callback_url": f"{self._callback}{joint}{mark}"}
        reply = await post_once(
            self._http, "/generations/video", provider=self.name, body=body, judge=_judge
        )
        if not isinstance(reply.get("id"), str):
            raise UnclearError("answered without a generation", provider=self.name)
        return Accepted(JobHandle(reply["id"]), body)

    async def poll(self, job: JobHandle) -> JobState:
        found = await get_json(
            self._http, f"/generations/{job.id}", provider=self.name, judge=_judge
        )
        state, asked = found.get("state"), found.get("request") or {}
        if state == "completed":
            url = (found.get("assets") or {}).get("video")
            if not url:
                return Failed(
                    kind="expired",  # paid, and may be looked at again
                    reason="completed without a video",
                    charged_micro_usd=None,
                )
            return Succeeded(assets=[Asset(url=url)], prompt_used=asked.get("prompt"))
        if state == "failed":  # given back, by its pages
            reason = str(found.get("failure_reason") or "no reason was given")
            return Failed(
                kind="moderated" if _wire.is_moderation(reason) else "failed", reason=reason
            )
        return Running(note=str(state))

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        async def page(n: int) -> tuple[list[JSON], bool]:
            asked = {"limit": PAGE, "offset": n * PAGE}
            found = await get_json(self._http, "/generations", provider=self.name, params=asked)
            if not isinstance(found.get("generations"), list):
                raise ProviderError("its list is none", provider=self.name)
            return found["generations"], bool(found.get("has_more"))

        rows = await _lists.back_to(
            since, page, lambda row: _lists.moment(row.get("created_at")), provider=self.name
        )
        wanted = _lists.wire_id(model, self.models())  # several rows may share it
        jobs: dict[str, Job] = {}  # by id: a row moves down while the pages are read
        for row in rows:
            asked = {k: v for k, v in (row.get("request") or {}).items() if v is not None}
            kind = row.get("generation_type") or asked.get("generation_type") or "video"
            if kind == "video" and (asked.get("model") or row.get("model")) == wanted:
                token = parse_qs(urlsplit(asked.get("callback_url", "")).query).get("promptgrid")
                jobs[row["id"]] = Job(
                    handle=JobHandle(row["id"]),
                    created_at=_lists.moment(row["created_at"]) or since,
                    model=model,
                    token=token[0] if token else None,
                    prompt=asked.get("prompt"),
                    sent=asked,
                )
        return list(jobs.values())

    async def cancel(self, job: JobHandle) -> None:
        raise ProviderError(
            f"generation {job.id} cannot be stopped: Luma has no such request", provider=self.name
        )

    async def balance_usd(self) -> float:
        """What is left on the account, in dollars."""
        found = await get_json(self._http, "/credits", provider=self.name)
        try:
            return float(found["credit_balance"]) / 100
        except (KeyError, TypeError, ValueError):
            raise ProviderError("says no balance", provider=self.name) from None

    async def aclose(self) -> None:
        await self._http.aclose()


def _callback_url() -> str:
    url = os.environ.get(CALLBACK, "").strip()
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment):
        raise ProviderError(
            f"{CALLBACK} is an http(s) address of yours, not {url[:60]!r}", provider="luma"
        )
    return url


def _judge(reply: httpx.Response) -> ToolkitError | None:
    """What a refusal's words mean; the words themselves are inferred."""
    if not 400 <= reply.status_code < 500 or reply.status_code in (408, 409, 425, 429):
        return None
    words, places = _detail(reply)
    kind = "retired" if "model" in places else _wire.meant(words)
    if kind is None and reply.status_code in (401, 403):
        kind = "auth"
    hint = HINTS.get(kind or "")
    return None if hint is None else refusal(reply, provider="luma", kind=kind, hint=hint)


def _detail(reply: httpx.Response) -> tuple[str, set[str]]:
    """The refusal in words, and the fields that it names."""
    try:
        said = reply.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return reply.text[:2000], set()
    rows = said if isinstance(said, list) else [said]
    places = {str(p) for row in rows if isinstance(row, dict) for p in row.get("loc", ())}
    return "; ".join(
        str(row.get("msg", row) if isinstance(row, dict) else row) for row in rows
    ), places


def provider(folder: Path) -> Provider:  # noqa: ARG001 - the room's
    """Dream Machine, with the key in `LUMAAI_API_KEY`."""
    return LumaProvider()
