"""fal: models of many makers behind one queue, any of them by its endpoint's name.

Seen in documents (`fal-client` 1.0.3, @fal-ai/client 1.10.1, pages of fal.ai/docs): the queue's
paths, its answer's own addresses and the rule that they hold the first two parts of a name alone,
states, that a finished job may be an error, results, headers, the platform's list and prices, the
two steps of an upload, that only successful output is paid for, the address of a model's schema.
Seen in public code: `content_policy_violation`, jobs found again by the list. Inferred: that the
list shows finished jobs alone (it is sorted by when they ended), how a stopped job reads, what a
schema's names mean. Nothing was tried against the live service.

fal sends a request elsewhere when a model is down, unless told not to. It is told, by all three
names that the header has had in the documents; and that prompts are not to be rewritten, where a
model has a switch for that and `prompt_rewrite=True` was not asked for.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from toolkit import catalog
from toolkit.errors import ProviderError, ToolkitError
from toolkit.providers import _images, _lists, _schema, _secrets, _wire
from toolkit.providers._http import (
    AddressError,
    UnclearError,
    client,
    free_json,
    get_json,
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

__all__ = ["BASE_URL", "HEADERS", "KEYS", "FalProvider", "provider"]

KEYS = ("FAL_KEY",)
BASE_URL = "https://queue.fal.run"
PLATFORM_URL = "https://api.fal.ai"
STORAGE_URL = "https://rest.fal.ai"
SCHEMA_URL = "https://fal.ai"

HEADERS = {
    "x-app-fal-disable-fallback": "true",
    "x-app-fal-disable-fallbacks": "true",
    "x-fal-disable-fallbacks": "true",
}
"""One switch, which the documents have named in three ways."""

PAGE = 100
FILES_KEPT_S = 12 * 3600.0  # by the documents they stay; not longer than a day's work all the same

FORMS = {
    "duration_s": "duration={}",
    "negative": "negative_prompt",
    "audio": "generate_audio",
    "camera_motion": "",
    "prompt_rewrite": "",
    "fps": "",  # a row's `fps` says what comes, and few models take it
}


class FalProvider:
    """Speaks to fal's queue. Make one in the loop that uses it."""

    name = "fal"
    download_hosts = ("fal.media", "*.fal.media")  # v3.fal.media was seen
    list_shows = "finished"

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._folder = folder
        key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http, self._platform, self._storage = (
            self._client(key, url) for url in (BASE_URL, PLATFORM_URL, STORAGE_URL)
        )
        self._schemas = client(self._at(SCHEMA_URL))  # public: no key
        self._files = client(public_only=True, trusted=[self.base_url])
        self._uploads = Uploads(self._upload, folder, provider=self.name, keep_s=FILES_KEPT_S)

    def _at(self, url: str) -> str:
        """All of fal is where a person put its queue."""
        return url if self.base_url == BASE_URL else self.base_url

    def _client(self, key: _secrets.Key, url: str) -> httpx.AsyncClient:
        made = client(self._at(url))
        made.auth = _secrets.KeyAuth(key, self._at(url), form="Key {}")
        return made

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def describe(self, wire_id: str) -> ModelCard:
        """An endpoint's card from its own schema: parameters, choices, which of them is which."""
        found = await get_json(
            self._schemas,
            "/api/openapi/queue/openapi.json",
            provider=self.name,
            params={"endpoint_id": wire_id},
        )
        schemas = (found.get("components") or {}).get("schemas") or {}
        takes, gives = _body_and_result(found)
        if not takes:
            raise ProviderError(f"says nothing of what {wire_id} takes", provider=self.name)
        return _schema.card_of(
            f"{self.name}/{wire_id.removeprefix('fal-ai/')}",
            takes,
            schemas,
            wire_id=wire_id,
            makes=_schema.made_by(gives, schemas),
            source=f"fal's schema of {datetime.now(UTC):%Y-%m-%d}",
            title=str((found.get("info") or {}).get("title") or wire_id),
        )

    async def prices(self, models: Sequence[str]) -> dict[str, str]:
        """What fal says that models cost now, in its words ("0.07 USD per second"), to look at.

        The catalogue's prices stay as they are: what a unit is differs from model to model.
        """
        wanted = {self._wire_ids(model)[0]: model for model in models}
        found = await get_json(
            self._platform,
            "/v1/models/pricing",
            provider=self.name,
            params={"endpoint_id": ",".join(wanted)},
            judge=_judge,
        )
        rows = [row for row in found.get("prices") or () if row.get("endpoint_id") in wanted]
        return {
            wanted[row["endpoint_id"]]: f"{row['unit_price']:g} {row['currency']} per {row['unit']}"
            for row in rows
        }

    async def prepare(self, request: Request) -> JSON:
        """The inputs by their wire names; `$endpoint` is where they go, `$headers` with what."""
        endpoint, there = _wire.endpoint(request)
        given: JSON = {
            "prompt": _wire.text_of(request),
            "negative": request.spec.negative,
            **_wire.rewriting(there),
        }
        for name, value in request.params.items():
            if isinstance(value, ImageRef):
                given[name] = await self._uploads.address(value)
        body = _wire.body(there, FORMS, given=given)
        return {"$endpoint": endpoint, "$headers": HEADERS, **body}

    async def _upload(self, content: bytes) -> str:
        kind = _images.media_type(content)
        told = await free_json(
            self._storage,
            "POST",
            "/storage/upload/initiate?storage_type=gcs",
            provider=self.name,
            json={"file_name": file_name(content), "content_type": kind},
            judge=_judge,
        )
        target, url = str(told.get("upload_url")), told.get("file_url")
        scheme, host, _ = where = origin(target)
        if not isinstance(url, str) or (scheme != "https" and where != origin(self.base_url)):
            raise AddressError(f"a picture would go to {host} by {scheme}", provider=self.name)
        await _put(self._files, target, content, kind)
        return url

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - the seam's
        body = await self.prepare(request) if request.body is None else request.body
        inputs = {name: value for name, value in body.items() if not name.startswith("$")}
        endpoint = str(body["$endpoint"])
        reply = await post_once(
            self._http,
            f"/{endpoint}",
            provider=self.name,
            body=inputs,
            headers=body["$headers"],
            judge=_judge,
        )
        if not isinstance(reply.get("request_id"), str):
            raise UnclearError("answered without a request", provider=self.name)
        return Accepted(self._handle(reply["request_id"], endpoint, reply), body)

    def _handle(
        self, request_id: str, endpoint: str, told: Mapping[str, Any] | None = None
    ) -> JobHandle:
        """The job by the addresses that fal gave, where these are its own; else by its rule."""
        parts = endpoint.split("/")
        app = "/".join(parts[: 3 if parts[0] in ("workflows", "comfy") else 2])
        result = f"{self.base_url}/{app}/requests/{request_id}"
        urls = {
            "response_url": result,
            "status_url": f"{result}/status",
            "cancel_url": f"{result}/cancel",
        }
        for name in urls:
            given = str((told or {}).get(name))
            if _is_at(given, self.base_url):
                urls[name] = given
        return JobHandle(request_id, urls)

    async def poll(self, job: JobHandle) -> JobState:
        found = await self._get(job.data["status_url"])
        status = found.get("status")
        if status == "COMPLETED":
            if found.get("error"):
                return _failed(str(found["error"]), str(found.get("error_type") or ""))
            return await self._result(job)
        if status == "IN_QUEUE":
            place = found.get("queue_position")
            return Running(note="in the queue" if place is None else f"{place} before it")
        return Running(note=str(status).lower().replace("_", " "))

    async def _result(self, job: JobHandle) -> JobState:
        ended: list[Failed] = []

        def judge(reply: httpx.Response) -> ToolkitError | None:
            if (failure := _job_error(reply)) is not None:
                ended.append(failure)
                return ProviderError(failure.reason)
            return None

        try:
            found = await get_json(
                self._http, job.data["response_url"], provider=self.name, judge=judge
            )
        except ProviderError:
            if ended:
                return ended[0]
            raise
        urls = _files(found)
        if not urls:
            return Failed(kind="expired", reason="finished without a file", charged_micro_usd=None)
        told = (found.get(name) for name in ("actual_prompt", "revised_prompt", "prompt"))
        used = next((text for text in told if isinstance(text, str) and text), None)
        return Succeeded(assets=[Asset(url=url) for url in urls], prompt_used=used)

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        """Finished jobs; those whose payloads fal has not kept are left out, for nobody could tell
        what they were.
        """
        start = since.astimezone(UTC).isoformat()
        asked: JSON = {
            "endpoint_id": ",".join(self._wire_ids(model)),
            "start": start,
            "expand": "payloads",
            "limit": PAGE,
        }

        async def page(_: int) -> tuple[list[JSON], bool]:
            found = await get_json(
                self._platform,
                "/v1/models/requests/by-endpoint",
                provider=self.name,
                params=asked,
                judge=_judge,
            )
            if not isinstance(found.get("items"), list):
                raise ProviderError("its list is none", provider=self.name)
            asked["cursor"] = found.get("next_cursor")
            return found["items"], bool(found.get("has_more") and found.get("next_cursor"))

        def made_at(row: JSON) -> datetime | None:
            named = (row.get(name) for name in ("sent_at", "started_at", "ended_at"))
            return _lists.moment(next(filter(None, named), None))

        rows = await _lists.back_to(since, page, made_at, provider=self.name)
        return [
            Job(
                handle=self._handle(row["request_id"], row["endpoint_id"]),
                created_at=made_at(row) or since,
                model=model,
                prompt=str(told["prompt"]),
                sent={"$endpoint": row["endpoint_id"], **told},
            )
            for row in {row["request_id"]: row for row in rows}.values()
            if "prompt" in (told := _payload(row.get("json_input")))
        ]

    def _wire_ids(self, model: str) -> list[str]:
        """All endpoints that a model of ours may be asked at."""
        for card in self.models():
            if card.model == model:
                others = [v.split()[0] for k, v in card.fields.items() if k.startswith("with ")]
                return list(dict.fromkeys([card.wire_id, *others]))
        return [model.partition("/")[2]]

    async def cancel(self, job: JobHandle) -> None:
        def judge(reply: httpx.Response) -> ToolkitError | None:
            if reply.status_code == 400:
                return ProviderError(f"job {job.id} has ended already", provider=self.name)
            return _judge(reply)

        await free_json(self._http, "PUT", job.data["cancel_url"], provider=self.name, judge=judge)

    async def _get(self, url: str) -> JSON:
        return await get_json(self._http, url, provider=self.name, judge=_judge)

    async def aclose(self) -> None:
        for http in (self._http, self._platform, self._storage, self._schemas, self._files):
            await http.aclose()


async def _put(http: httpx.AsyncClient, url: str, content: bytes, kind: str) -> None:
    """Hand a picture over, without a key: the address itself is the permission."""
    headers = {"content-type": kind}
    await free_json(http, "PUT", url, provider="fal", content=content, headers=headers)


def _payload(told: Any) -> JSON:
    """What a request held, which may be written as text; {} where it was not kept."""
    with contextlib.suppress(ValueError):
        told = json.loads(told) if isinstance(told, str) else told
    return told if isinstance(told, dict) else {}


def _is_at(url: str, base_url: str) -> bool:
    try:
        return origin(url) == origin(base_url)
    except AddressError:
        return False


def _body_and_result(document: JSON) -> tuple[JSON, JSON]:
    """What a schema's POST takes and what its finished request gives."""
    takes: JSON = {}
    gives: JSON = {}
    for path, methods in (document.get("paths") or {}).items():
        post = methods.get("post") or {}
        content = (post.get("requestBody") or {}).get("content") or {}
        takes = takes or (content.get("application/json") or {}).get("schema") or {}
        if path.rstrip("/").endswith("/requests/{request_id}"):
            told = ((methods.get("get") or {}).get("responses") or {}).get("200") or {}
            gives = ((told.get("content") or {}).get("application/json") or {}).get("schema") or {}
    return takes, gives


def _files(result: Any) -> list[str]:
    """The addresses of what was made, under the names that fal's models have for it."""
    for name in ("video", "videos", "images", "image"):
        found = result.get(name)
        parts = found if isinstance(found, list) else [found]
        urls = [part.get("url") if isinstance(part, Mapping) else part for part in parts]
        if urls := [url for url in urls if isinstance(url, str) and url.startswith("http")]:
            return urls
    return []


def _failed(reason: str, error_type: str) -> Failed:
    """A job that ended badly: only successful output is paid for, by the documents."""
    words = f"{reason} {error_type}"
    kind: FailureKind = "failed"
    if "content_policy_violation" in words or _wire.is_moderation(words):
        kind = "moderated"
    elif re.search(r"cancell?ed", words, re.IGNORECASE):
        kind = "cancelled"
    return Failed(kind=kind, reason=f"{reason} ({error_type})" if error_type else reason)


def _job_error(reply: httpx.Response) -> Failed | None:
    """What a result that is no result says of its job; None where it says nothing of that.

    A 5xx without fal's word for the job's own error may be the way there, and passes; so does a
    result that is not to be found (yet), for the job itself was said to have ended.
    """
    if reply.status_code < 400 or reply.status_code in (401, 403, 404, 408, 409, 410, 425, 429):
        return None
    try:
        found = reply.json()
    except ValueError:
        return None
    if not isinstance(found, dict) or "detail" not in found:
        return None
    kind = str(found.get("error_type") or reply.headers.get("x-fal-error-type") or "")
    if reply.status_code >= 500 and not kind:
        return None
    said, types = _detail(found["detail"])
    if "in progress" in said.lower():
        return None
    return _failed(said, kind or types)


def _detail(detail: Any) -> tuple[str, str]:
    """An error's words, and its types."""
    rows = detail if isinstance(detail, list) else [detail]
    words = [str(row.get("msg", row)) if isinstance(row, Mapping) else str(row) for row in rows]
    types = [str(row["type"]) for row in rows if isinstance(row, Mapping) and "type" in row]
    return "; ".join(words)[:500], ", ".join(types)


def _judge(reply: httpx.Response) -> ToolkitError | None:
    """What a refusal's words mean, and the way out."""
    if not 400 <= reply.status_code < 500 or reply.status_code in (408, 409, 425):
        return None
    words = reply.text[:4000]
    if reply.status_code in (402, 403) and re.search(r"balance|credit|billing", words, re.I):
        hint = "top up at fal.ai/dashboard/billing"
        return refusal(reply, provider="fal", kind="arrears", hint=hint)
    if "content_policy_violation" in words:
        return refusal(reply, provider="fal", kind="moderated", hint="change the words or picture")
    hint = {
        401: f"is {KEYS[0]} right? fal.ai/dashboard/keys",
        403: f"may {KEYS[0]} use this? fal.ai/dashboard/keys",
        404: "if it is a model, it is gone or has another name: fal.ai/models",
    }.get(reply.status_code, "")
    return refusal(reply, provider="fal", hint=hint) if hint else None


def provider(folder: Path) -> Provider:
    """fal, with the key in `FAL_KEY`; pictures' paths begin at `folder`."""
    return FalProvider(folder)
