"""WaveSpeed: models of many makers by one key, Luma's Ray 1.6 among them.

Seen in documents (`wavespeed` 2.0.5, pages of wavespeed.ai/docs): paths, bodies, states, results,
error codes of jobs, the two steps of an upload, that failed jobs are given back within three hours,
that results stay seven days, hosts of results. Inferred: which codes a refused submission has, that
results may lie on `cdn.wavespeed.ai`. Nothing was tried against the live service.

Its history (`POST /predictions`) shows that a job was made, and not what was asked for: a lost
answer cannot be looked up there. The pages advise against using it for a job's state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from toolkit import catalog
from toolkit.errors import CannotList, ProviderError, RefusalKind, ToolkitError
from toolkit.providers import _images, _lists, _secrets, _wire
from toolkit.providers._http import (
    AddressError,
    UnclearError,
    client,
    free_json,
    origin,
    post_once,
    refusal,
)
from toolkit.providers._uploads import Uploads, file_name
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

__all__ = ["BASE_URL", "KEYS", "WaveSpeedProvider", "provider"]

KEYS = ("WAVESPEED_API_KEY",)
BASE_URL = "https://api.wavespeed.ai/api/v3"

KEPT = timedelta(days=7)
FILES_KEPT_S = 24 * 3600.0  # they stay seven days
MODERATED = 1200

FORMS = {
    "duration_s": "duration",
    "negative": "negative_prompt",
    "audio": "generate_audio",
    "camera_motion": "",
    "prompt_rewrite": "",
    "fps": "",  # a row's `fps` says what comes, and few models take it
}


class WaveSpeedProvider:
    """Speaks to WaveSpeed. Make one in the loop that uses it."""

    name = "wavespeed"
    download_hosts = (
        "d1q70pf5vjeyhc.cloudfront.net",  # seen in results, in public code
        "d11ewybssaphwx.cloudfront.net",  # seen in its pages
        "d1q70pf5vjeyhc.wavespeed.ai",  # seen in its pages
        "cdn.wavespeed.ai",  # seen in its pages
    )

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._http = client(self.base_url)
        key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http.auth = _secrets.KeyAuth(key, self.base_url)
        self._files = client(public_only=True, trusted=[self.base_url])
        self._uploads = Uploads(self._upload, folder, provider=self.name, keep_s=FILES_KEPT_S)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        """The inputs by their wire names; `$model` is which model is asked for them."""
        wire_id, there = _wire.endpoint(request)
        given: JSON = {
            "prompt": _wire.text_of(request),
            "negative": request.spec.negative,
            **_wire.rewriting(there),
        }
        for name, value in request.params.items():
            if isinstance(value, ImageRef):
                given[name] = await self._uploads.address(value)
        return {"$model": wire_id, **_wire.body(there, FORMS, given=given)}

    async def _upload(self, content: bytes) -> str:
        kind = _images.media_type(content)
        asked = {"filename": file_name(content), "size": len(content), "content_type": kind}
        told = await self._free("POST", "/media/uploads", json=asked)
        step, url = told.get("upload") or {}, told.get("download_url")
        target = str(step.get("url"))
        scheme, host, _ = where = origin(target)
        if not isinstance(url, str) or (scheme != "https" and where != origin(self.base_url)):
            raise AddressError(f"a picture would go to {host} by {scheme}", provider=self.name)
        # without a key: the address itself is the permission
        headers = {str(k): str(v) for k, v in (step.get("headers") or {}).items()}
        await free_json(
            self._files, "PUT", target, provider=self.name, content=content, headers=headers
        )
        return url

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - the seam's
        body = await self.prepare(request) if request.body is None else request.body
        inputs = {name: value for name, value in body.items() if name != "$model"}
        path = f"/{body['$model']}"
        reply = await post_once(self._http, path, provider=self.name, body=inputs, judge=_judge)
        data = reply.get("data")
        if not isinstance(data, Mapping) or not isinstance(data.get("id"), str):
            raise UnclearError("answered without a prediction", provider=self.name)
        return Accepted(JobHandle(data["id"]), body)

    async def poll(self, job: JobHandle) -> JobState:
        found = await self._free("GET", f"/predictions/{job.id}/result")
        status, reason = found.get("status"), str(found.get("error") or "")
        match status:
            case "completed":
                return self._result(found)
            case "failed" | "timeout":
                moderated = found.get("code") == MODERATED or _wire.is_moderation(reason)
                kind: FailureKind = "moderated" if moderated else "failed"
                return Failed(kind=kind, reason=reason or f"no reason was given ({status})")
            case "cancelled":
                return Failed(kind="cancelled", reason=reason or "it was stopped")
            case "deleted":
                return Failed(kind="expired", reason="it was deleted", charged_micro_usd=None)
        return Running(note=str(status))

    def _result(self, found: JSON) -> Succeeded | Failed:
        made = _lists.moment(found.get("created_at"))
        until = None if made is None else made + KEPT
        outputs = found.get("outputs") or []
        urls = [part.get("url") if isinstance(part, Mapping) else part for part in outputs]
        assets = [
            Asset(url=url, expires_at=until)
            for url in urls
            if isinstance(url, str) and url.startswith("http")
        ]
        if assets:
            return Succeeded(assets=assets)
        if until is not None and until < datetime.now(until.tzinfo):
            gone = "results stay seven days, and this one is gone"
            return Failed(kind="expired", reason=gone, charged_micro_usd=None)
        return Failed(kind="expired", reason="completed without a file", charged_micro_usd=None)

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:  # noqa: ARG002 - the seam's
        raise CannotList(
            "its history does not show what was asked; compare at wavespeed.ai/predictions",
            provider=self.name,
        )

    async def cancel(self, job: JobHandle) -> None:
        raise ProviderError(
            f"prediction {job.id} cannot be stopped: no such request is documented",
            provider=self.name,
        )

    async def _free(self, method: str, path: str, **what: Any) -> JSON:
        """The `data` of an answer to what costs nothing."""
        found = await free_json(self._http, method, path, provider=self.name, judge=_judge, **what)
        data = found.get("data")
        if not isinstance(data, dict):
            raise ProviderError("answered without data", provider=self.name)
        return data

    async def aclose(self) -> None:
        await self._http.aclose()
        await self._files.aclose()


_HINTS: dict[int, tuple[RefusalKind, str]] = {
    401: ("auth", f"is {KEYS[0]} right? It works after a first top-up: wavespeed.ai/accesskey"),
    402: ("arrears", "top up at wavespeed.ai/billing"),
    404: ("not_found", "if it is a model, it is gone or has another name: wavespeed.ai/models"),
}


def _judge(reply: httpx.Response) -> ToolkitError | None:
    """What a refusal means: by its status, or by the `code` of an answer that says 200."""
    try:
        found = reply.json()
    except ValueError:
        found = None
    told = found if isinstance(found, dict) else {}
    code = told["code"] if isinstance(told.get("code"), int) else reply.status_code
    if reply.is_success and (code == 200 or not told):
        return None
    if code in (408, 409, 425) or not (400 <= code < 500 or 1000 <= code < 2000):
        if reply.is_success:
            return UnclearError(f"answered {code}: it may have been charged", provider="wavespeed")
        return None
    words = str(told.get("message") or "").lower()
    kind, hint = _HINTS.get(code, ("rate_limit" if code == 429 else "invalid", ""))
    if "insufficient" in words or "balance" in words:
        kind, hint = _HINTS[402]
    elif code == MODERATED or _wire.is_moderation(words):
        kind, hint = "moderated", "change the words or the picture"
    return refusal(reply, provider="wavespeed", kind=kind, hint=hint)


def provider(folder: Path) -> Provider:
    """WaveSpeed, with the key in `WAVESPEED_API_KEY`; pictures' paths begin at `folder`."""
    return WaveSpeedProvider(folder)
