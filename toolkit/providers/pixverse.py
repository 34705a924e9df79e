"""PixVerse, by its platform's own interface.

Seen in documents (PixVerse's pages for developers and a mirror of them): paths, bodies, states, its
table of error codes, `Ai-trace-id` (a new one for each request, "the most common cause" of a clip
that never comes where it is not), that what moderation takes off is given back. Inferred: what
happens to a second request with the same id; so it is used to be found in the logs of PixVerse, and
proves nothing. There is no official client to compare with, and nothing was tried against the live
service.

A reply's `ErrCode` counts, not its HTTP status. Size, shape and length must be given there: what is
left out is sent as the catalogue's row has it, and stands in the record. No list of clips was seen,
so a request whose answer was lost cannot be looked up, and is held for a person.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from toolkit import catalog
from toolkit.errors import CannotList, ProviderError, RefusalKind, Refused, ToolkitError
from toolkit.providers import _images, _secrets, _wire
from toolkit.providers._http import UnclearError, client, free_json, post_once, refusal
from toolkit.providers._nest import whole
from toolkit.providers._uploads import Uploads, file_name
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

__all__ = ["BASE_URL", "KEYS", "PixVerseProvider", "provider"]

KEYS = ("PIXVERSE_API_KEY",)
BASE_URL = "https://app-api.pixverse.ai/openapi/v2"

TEXT, IMAGE, BETWEEN = (f"/video/{what}/generate" for what in ("text", "img", "transition"))
KEEP_UPLOADS_S = 6 * 3600.0  # how long PixVerse keeps a picture is not said
TRACE = uuid.UUID("5f6c9e0e-2f4b-4c0e-9d0a-7d4f1f9f4a55")
"""Our own namespace: a trace id is made of it and the attempt's token."""

FORMS = {
    "prompt": "prompt",
    "negative": "negative_prompt",
    "duration_s": "duration",
    "resolution": "quality",
    "start_image": "",
    "end_image": "",
    "audio": "",
    "fps": "",
    "loop": "",
    "prompt_rewrite": "",
}

MOST_SEED = 2**31 - 1
BUSY_S = 30.0

CODES: dict[int, tuple[RefusalKind, str]] = {
    400012: ("auth", f"is {KEYS[0]} right?"),
    500020: ("auth", "the account's plan does not allow this"),
    500008: ("not_found", ""),
    500064: ("not_found", "it was deleted"),
    500044: ("rate_limit", ""),
    500069: ("outage", "PixVerse has too much to do"),
    500060: ("arrears", "this month's share of the plan is used up"),
    500090: ("arrears", "top up credits at PixVerse"),
    500054: ("moderated", "take another image"),
    500063: ("moderated", "change the words or the image"),
    **dict.fromkeys((400011, 400013, 400017, 400018, 400019, 400032), ("invalid", "")),
    **dict.fromkeys((500070, 500071), ("invalid", "")),
    **dict.fromkeys(
        (500030, 500031, 500032, 500033, 500041, 500042),
        ("invalid", "an image is JPEG, PNG or WebP, at most 20 MB and 4000x4000 pixels"),
    ),
}  # fmt: skip
"""What a business code means, and the way out. Others say nothing about what was done."""


class PixVerseProvider:
    """Speaks to PixVerse. Make one in the loop that uses it."""

    name = "pixverse"
    download_hosts = ("media.pixverse.ai", "*.pixverse.ai")  # seen, inferred

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._http = client(self.base_url)
        key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http.auth = _secrets.KeyAuth(key, self.base_url, header="API-KEY", form="{}")
        self._uploads = Uploads(self._upload, folder, provider=self.name, keep_s=KEEP_UPLOADS_S)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        """The body; pictures are handed over here."""
        card, params = request.card, request.params
        if (params.get("seed") or 0) > MOST_SEED:
            raise self._no(f"`seed` is at most {MOST_SEED:,}, not {params['seed']:,}")
        start, end = params.get("start_image"), params.get("end_image")
        if end is not None and start is None:
            raise self._no(f"{card.model} takes `end_image` only beside a `start_image`")
        given: JSON = {"prompt": _wire.text_of(request), "negative": request.spec.negative}
        if start is not None:
            given["img_id" if end is None else "first_frame_img"] = await self._picture(start)
        if end is not None:
            given["last_frame_img"] = await self._picture(end)
        needed = {
            "duration_s": card.default_duration_s,
            "resolution": card.defaults.get("resolution"),
            **({} if start else {"aspect_ratio": card.defaults.get("aspect_ratio")}),
        }
        given |= {name: value for name, value in needed.items() if params.get(name) is None}
        given["duration_s"] = whole(given.get("duration_s", params.get("duration_s")))
        return {"model": card.wire_id, **_wire.body(request, FORMS, given=given)}

    def _no(self, why: str) -> Refused:
        return Refused(why, kind="invalid", provider=self.name)

    async def _picture(self, image: ImageRef) -> int:
        if image.path is None:
            raise self._no("takes pictures as files and no addresses: give the picture's path")
        return int(await self._uploads.address(image))

    async def _upload(self, content: bytes) -> str:
        files = {"image": (file_name(content), content, _images.media_type(content))}
        found = await self._free("POST", "/image/upload", files=files)
        if not isinstance(found.get("img_id"), int):
            raise ProviderError("took a picture and named it not", provider=self.name)
        return str(found["img_id"])

    async def _free(self, method: str, path: str, **what: Any) -> JSON:
        reply = await free_json(
            self._http, method, path, provider=self.name, judge=_judge(ProviderError),
            headers={"Ai-trace-id": str(uuid.uuid4())}, **what,
        )  # fmt: skip
        found = reply.get("Resp")
        if not isinstance(found, dict):
            raise ProviderError("answered without what was asked", provider=self.name)
        return found

    async def submit(self, request: Request, token: str) -> Accepted:
        body = await self.prepare(request) if request.body is None else request.body
        path = BETWEEN if "first_frame_img" in body else IMAGE if "img_id" in body else TEXT
        trace = str(uuid.uuid5(TRACE, token))
        reply = await post_once(
            self._http, path, provider=self.name, body=body,
            headers={"Ai-trace-id": trace}, judge=_judge(UnclearError),
        )  # fmt: skip
        made = reply.get("Resp")
        if not isinstance(made, dict) or not isinstance(made.get("video_id"), (int, str)):
            raise UnclearError("answered without a clip", provider=self.name)
        charged = {"credits": made["credits"]} if "credits" in made else {}
        return Accepted(JobHandle(str(made["video_id"]), {"trace": trace, **charged}), body)

    async def poll(self, job: JobHandle) -> JobState:
        found = await self._free("GET", f"/video/result/{job.id}")
        match found.get("status"):
            case 1 if found.get("url"):
                asset = Asset(url=found["url"], size_bytes=None)
                return Succeeded(assets=[asset], prompt_used=found.get("prompt") or None)
            case 1 | 6:
                return Failed(kind="expired", reason="deleted at PixVerse", charged_micro_usd=None)
            case 7:  # "automatically refunded"
                return Failed(kind="moderated", reason="PixVerse's moderation took it off")
            case 8:
                return Failed(kind="failed", reason="generation failed", charged_micro_usd=None)
            case state:
                return Running(note=str(state))

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:  # noqa: ARG002
        raise CannotList(
            "has no list of clips; its pages show them, and its support finds one by the trace id",
            provider=self.name,
        )

    async def cancel(self, job: JobHandle) -> None:
        raise ProviderError(
            f"clip {job.id} cannot be stopped: PixVerse has no such request", provider=self.name
        )

    async def aclose(self) -> None:
        await self._http.aclose()


def _judge(
    otherwise: Callable[..., ProviderError],
) -> Callable[[httpx.Response], ToolkitError | None]:
    """By the business code; one that is not known is `otherwise`."""

    def judge(reply: httpx.Response) -> ToolkitError | None:
        if reply.status_code >= 500:
            return None
        try:
            said = reply.json()
            code = int(said["ErrCode"])
        except (ValueError, KeyError, TypeError):
            return None
        words = str(said.get("ErrMsg"))
        if code in CODES:
            kind, hint = CODES[code]
            if kind == "invalid" and _wire.meant(words) == "retired":
                kind, hint = "retired", "take another model"
            no = refusal(reply, provider="pixverse", kind=kind, hint=hint)
            if kind == "outage" and no.retry_after_s is None:
                no.retry_after_s = BUSY_S
            return no
        if code == 0 or not reply.is_success:
            return None
        return otherwise(f"answered with ErrCode {code}: {words[:200]}", provider="pixverse")

    return judge


def provider(folder: Path) -> Provider:
    """PixVerse, with the key in `PIXVERSE_API_KEY`; pictures' paths begin in `folder`."""
    return PixVerseProvider(folder)
