"""Replicate: models of many makers behind one interface, any of them by name.

Seen in documents (Replicate's OpenAPI file of 2026-05-02, `replicate` 1.0.7 and 2.0.0b4, pages of
replicate.com/docs): paths, bodies, states, `data_removed`, that inputs and results go after an
hour, the hosts of results, that these want the key, data URIs up to 256 kB, `POST /files`,
`created_after` of the list and its full `input`, errors as RFC 7807, "resets in ~30s", model
objects with their input schema, `is_official`, other models by `owner/name:version`. Inferred: how
a moderated job's error reads ("flagged as sensitive (E005)", from public code), what 402 says,
that a job which was never started costs nothing, what a schema's names mean. Nothing was tried
against the live service.

An official model is asked by its name. A model of somebody else's is asked by version: give its
row the wire id `owner/name:version`, as `describe` does. Prices are in no interface.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from toolkit import catalog
from toolkit.errors import ProviderError, ToolkitError
from toolkit.providers import _images, _lists, _schema, _secrets, _wire
from toolkit.providers._http import (
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

__all__ = ["BASE_URL", "KEYS", "ReplicateProvider", "provider"]

KEYS = ("REPLICATE_API_TOKEN",)
BASE_URL = "https://api.replicate.com/v1"

KEPT = timedelta(hours=1)
MOST_INLINE_BYTES = 256_000
UNSAID = ("hidden", None)
"""Of which version a job is, where its list does not say: no proof that it is another's."""
FILES_KEPT_S = 6 * 3600.0  # inferred: a file's own `expires_at` is a day away

FORMS = {
    "duration_s": "duration",
    "negative": "negative_prompt",
    "audio": "generate_audio",
    "camera_motion": "",
    "prompt_rewrite": "",
    "fps": "",  # a row's `fps` says what comes, and few models take it
}


class ReplicateProvider:
    """Speaks to Replicate. Make one in the loop that uses it."""

    name = "replicate"
    download_hosts = ("replicate.delivery", "*.replicate.delivery")  # seen

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._folder = folder
        self._key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http = client(self.base_url)
        self._http.auth = _secrets.KeyAuth(self._key, self.base_url)
        self._uploads = Uploads(self._upload, folder, provider=self.name, keep_s=FILES_KEPT_S)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def describe(self, wire_id: str) -> ModelCard:
        """A model's card from its live input schema: parameters, choices, which of them is which.

        `wire_id` is "owner/name", or "owner/name:version" for one version of it. A model that is
        not official gets its latest version, by which it is asked.
        """
        owner_name, _, version = wire_id.partition(":")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", owner_name):
            raise ProviderError(f"a model is 'owner/name', not {wire_id!r}", provider=self.name)
        found = await self._get(f"/models/{owner_name}")
        if version:
            told = await self._get(f"/models/{owner_name}/versions/{version}")
        else:
            told = found.get("latest_version") or {}
        schemas = ((told.get("openapi_schema") or {}).get("components") or {}).get("schemas") or {}
        if "Input" not in schemas:
            raise ProviderError(f"says nothing of what {wire_id} takes", provider=self.name)
        if not version and not found.get("is_official"):
            wire_id = f"{owner_name}:{told['id']}"
        example = (found.get("default_example") or {}).get("output")
        return _schema.card_of(
            f"{self.name}/{owner_name}",
            schemas["Input"],
            schemas,
            wire_id=wire_id,
            makes=_schema.made_by(schemas.get("Output", {}), schemas, _addresses(example)),
            source=f"Replicate's model object of {datetime.now(UTC):%Y-%m-%d}",
            title=owner_name,
            notes=str(found.get("description") or ""),
        )

    async def prepare(self, request: Request) -> JSON:
        """The inputs by their wire names; `$model` is which model is asked for them."""
        given: JSON = {
            "prompt": _wire.text_of(request),
            "negative": request.spec.negative,
            **_wire.rewriting(request),
        }
        for name, value in request.params.items():
            if isinstance(value, ImageRef):
                given[name] = await self._placed(value)
        return {"$model": request.card.wire_id, **_wire.body(request, FORMS, given=given)}

    async def _placed(self, image: ImageRef) -> Any:
        """A small picture goes in the body, a larger one is uploaded."""
        if image.path is not None:
            content = _images.read(image, self._folder, provider=self.name)
            if len(content) <= MOST_INLINE_BYTES:
                return _images.placed(image)
        return await self._uploads.address(image)

    async def _upload(self, content: bytes) -> str:
        part = (file_name(content), content, _images.media_type(content))
        found = await free_json(
            self._http, "POST", "/files", provider=self.name, files={"content": part}, judge=_judge
        )
        url = (found.get("urls") or {}).get("get")
        if not isinstance(url, str):
            raise ProviderError("took a picture and gave no address for it", provider=self.name)
        return url

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - the seam's
        body = await self.prepare(request) if request.body is None else request.body
        inputs = {name: value for name, value in body.items() if name != "$model"}
        inputs = _images.filled(
            inputs, request, self._folder, _images.as_data_uri, provider=self.name
        )
        owner_name, _, version = str(body["$model"]).partition(":")
        path = "/predictions" if version else f"/models/{owner_name}/predictions"
        sent = {"version": version, "input": inputs} if version else {"input": inputs}
        reply = await post_once(self._http, path, provider=self.name, body=sent, judge=_judge)
        if not isinstance(reply.get("id"), str):
            raise UnclearError("answered without a prediction", provider=self.name)
        return Accepted(JobHandle(reply["id"]), body)

    async def poll(self, job: JobHandle) -> JobState:
        found = await self._get(f"/predictions/{job.id}")
        status = found.get("status")
        if status == "succeeded":
            return self._result(found)
        if status == "failed":
            reason = str(found.get("error") or "no reason was given")
            flagged = "(E005)" in reason or _wire.is_moderation(reason)
            kind: FailureKind = "moderated" if flagged else "failed"
            return Failed(kind=kind, reason=reason, charged_micro_usd=None)  # it does not say
        if status in ("canceled", "aborted"):
            ran = status == "canceled" and found.get("started_at")
            return Failed(
                kind="cancelled",
                reason=f"the prediction was {status}",
                charged_micro_usd=None if ran else 0,
            )
        return Running(note=str(status))

    def _result(self, found: JSON) -> Succeeded | Failed:
        urls = _addresses(found.get("output"))
        if urls:
            done = _lists.moment(found.get("completed_at"))
            until = None if done is None else done + KEPT
            return Succeeded(
                assets=[
                    Asset(url=url, headers=self._key_for(url), expires_at=until) for url in urls
                ]
            )
        if found.get("data_removed") or found.get("output") is None:
            return Failed(
                kind="expired",
                reason="Replicate removes results after an hour, and this one is gone",
                charged_micro_usd=None,
            )
        made = str(found["output"])[:80]
        return Failed(kind="failed", reason=f"it made no file but {made!r}", charged_micro_usd=None)

    def _key_for(self, url: str) -> Mapping[str, str]:
        """Its files want the key too; it goes to Replicate's own hosts alone."""
        scheme, host, _ = where = origin(url)
        own = host == "replicate.delivery" or host.endswith(".replicate.delivery")
        if (scheme == "https" and own) or where == origin(self.base_url):
            return {"authorization": f"Bearer {self._key.get_secret_value()}"}
        return {}

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        wire_id = _lists.wire_id(model, self.models())
        owner_name, _, version = wire_id.partition(":")
        asked: JSON | None = {"created_after": since.astimezone(UTC).isoformat()}
        path = "/predictions"

        async def page(_: int) -> tuple[list[JSON], bool]:
            nonlocal path, asked
            found = await get_json(self._http, path, provider=self.name, params=asked, judge=_judge)
            rows = found.get("results")
            if not isinstance(rows, list):
                raise ProviderError("its list is none", provider=self.name)
            more = found.get("next")
            path, asked = f"/predictions?{urlsplit(str(more)).query}", None
            return rows, bool(more)

        def made_at(row: JSON) -> datetime | None:
            return _lists.moment(row.get("created_at"))

        rows = await _lists.back_to(since, page, made_at, provider=self.name)
        return [
            _job(row, model, made_at(row) or since, wire_id)
            for row in {row["id"]: row for row in rows}.values()
            if str(row.get("model")).lower() == owner_name.lower()
            and (not version or row.get("version") in (version, *UNSAID))
        ]

    async def cancel(self, job: JobHandle) -> None:
        await free_json(
            self._http, "POST", f"/predictions/{job.id}/cancel", provider=self.name, judge=_judge
        )

    async def _get(self, path: str) -> JSON:
        return await get_json(self._http, path, provider=self.name, judge=_judge)

    async def aclose(self) -> None:
        await self._http.aclose()


def _job(row: JSON, model: str, created_at: datetime, wire_id: str) -> Job:
    """A row of the list; without `sent` where what was asked has been removed."""
    handle = JobHandle(str(row["id"]))
    inputs = row.get("input")
    if row.get("data_removed") or not isinstance(inputs, dict) or "prompt" not in inputs:
        return Job(handle=handle, created_at=created_at, model=model)
    prompt = str(inputs["prompt"])
    # a picture may come back under an address of Replicate's own
    told = {k: v for k, v in inputs.items() if not str(v).startswith(("data:", "https:", "http:"))}
    sent = {**told, "prompt": prompt, "$model": wire_id}
    return Job(handle=handle, created_at=created_at, model=model, prompt=prompt, sent=sent)


def _addresses(output: Any) -> list[str]:
    """The files in an output, whatever its shape: an address, a list of them, an object."""
    if isinstance(output, str):
        return [output] if output.startswith(("https://", "http://")) else []
    if isinstance(output, Mapping):
        output = list(output.values())
    return [url for part in output for url in _addresses(part)] if isinstance(output, list) else []


def _judge(reply: httpx.Response) -> ToolkitError | None:
    """The way out of a refusal."""
    hint = {
        401: f"is {KEYS[0]} right? replicate.com/account/api-tokens",
        402: "add credit at replicate.com/account/billing",
        404: "if it is a model, it is private, retired or asked by its version, name:version",
        422: _fields_named(reply),
    }.get(reply.status_code, "")
    return refusal(reply, provider="replicate", hint=hint) if hint else None


def _fields_named(reply: httpx.Response) -> str:
    """Which inputs a 422 is about."""
    try:
        named = [str(field["field"]) for field in reply.json()["invalid_fields"]]
    except (ValueError, KeyError, TypeError):
        return ""
    return "not taken: " + ", ".join(re.sub(r"[^\w.\[\]-]", "", name)[:60] for name in named[:8])


def provider(folder: Path) -> Provider:
    """Replicate, with the key in `REPLICATE_API_TOKEN`; pictures' paths begin at `folder`."""
    return ReplicateProvider(folder)
