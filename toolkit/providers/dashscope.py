"""Alibaba's own interface to Wan: Model Studio, also called DashScope.

Seen in documents (dashscope 2.0.2's source; Model Studio's pages of 2026 on Wan, on asynchronous
tasks and on error codes): paths, headers, bodies, states, the upload of files, what a row of the
list shows, `orig_prompt` and `actual_prompt`, that jobs and links last 24 hours and that keys and
job numbers belong to a region. Inferred: that a failed job is not charged, that a result lies on a
host below aliyuncs.com, how results are refused by moderation beside `DataInspectionFailed`.
Nothing was tried against the live service.

`DASHSCOPE_REGION` (cn-beijing, where keys of the Chinese site belong, is the default) and
`DASHSCOPE_WORKSPACE_ID` say where: `ap-southeast-1` is Singapore. The service rewrites prompts and
stamps a watermark unless told otherwise: both are switched off here, in words that are recorded;
`prompt_rewrite=True` asks for the rewriting, and what came of it is the run's prompt used.

The list shows no request while a job is under way, and its prompt alone once it has succeeded: what
that leaves open is held for a person.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from toolkit import catalog
from toolkit.errors import CannotList, ProviderError, RefusalKind, Refused, ToolkitError
from toolkit.providers import _images, _lists, _secrets, _wire
from toolkit.providers._http import (
    UnclearError,
    check_url,
    client,
    free_json,
    get_json,
    post_once,
    refusal,
)
from toolkit.providers._nest import nested, whole
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

__all__ = ["BASE_URL", "KEYS", "DashScopeProvider", "provider"]

KEYS = ("DASHSCOPE_API_KEY",)
BASE_URL = "https://dashscope.aliyuncs.com"
SUBMIT = "/api/v1/services/aigc/video-generation/video-synthesis"
KEPT = timedelta(hours=24)
"""For how long the service knows a job and keeps its result."""
UPLOAD_KEPT = timedelta(hours=40)
"""An uploaded file is kept for 48 hours."""
ECHOED = 500
"""Up to how many characters a prompt is taken to be shown whole: longer ones may be cut."""
PAGE = 100

FORMS = {
    "prompt": "input.prompt",
    "negative": "input.negative_prompt",
    "media": "input.media",
    "resolution": "parameters.resolution",
    "aspect_ratio": "parameters.ratio",
    "duration_s": "parameters.duration",
    "seed": "parameters.seed",
    "prompt_rewrite": "parameters.prompt_extend",
    "watermark": "parameters.watermark",
    "start_image": "",  # in `media`
    "end_image": "",
    "audio": "",  # always made
    "fps": "",  # always 30
    "loop": "",
}

_CODES: tuple[tuple[str, RefusalKind, str], ...] = (
    ("InvalidApiKey", "auth", "a key belongs to one region: set DASHSCOPE_REGION to its own"),
    ("AccessDenied.Unpurchased", "arrears", "activate the model in the Model Studio console"),
    ("AccessDenied", "auth", "let the key use this model, in the Model Studio console"),
    ("Model.AccessDenied", "auth", "let the workspace use this model, in the console"),
    ("Arrearage", "arrears", "top up the account in the Alibaba Cloud console"),
    ("AllocationQuota", "arrears", "the free quota is used up: see the Model Studio console"),
    ("DataInspectionFailed", "moderated", "word it differently"),
    ("IPInfringementSuspect", "moderated", "word it differently"),
    ("FaqRuleBlocked", "moderated", "word it differently"),
    ("Throttling.AllocationQuota", "arrears", "the quota is used up: see the Model Studio console"),
    ("Throttling", "rate_limit", ""),
    ("LimitRequests", "rate_limit", ""),
    ("ModelNotFound", "retired", "the model is gone or not offered in this region"),
    ("Model.NotFound", "retired", "the model is gone or not offered in this region"),
    ("InvalidParameter", "invalid", ""),
    ("InvalidURL", "invalid", ""),
)
"""What codes begin with. The longest that fits counts."""


def _kind(code: str) -> tuple[RefusalKind, str] | None:
    fits = [entry for entry in _CODES if code.lower().startswith(entry[0].lower())]
    if not fits:
        return None
    _, kind, hint = max(fits, key=lambda entry: len(entry[0]))
    return kind, hint


class DashScopeProvider:
    """Speaks to Model Studio. Make one in the loop that uses it."""

    name = "dashscope"
    # seen: dashscope-result-bj.oss-cn-beijing.aliyuncs.com; each region has buckets of its own
    download_hosts = ("*.aliyuncs.com",)

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, _region_url())
        self._folder = folder
        self._uploads: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._echoes: dict[str, JSON] = {}
        self._http = client(self.base_url)
        key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http.auth = _secrets.KeyAuth(key, self.base_url)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        given: JSON = {
            "prompt": _wire.text_of(request),
            "negative": request.spec.negative,
            "duration_s": whole(request.params.get("duration_s")),
            "prompt_rewrite": bool(request.params.get("prompt_rewrite", False)),
            "watermark": False,
        }
        if "resolution" in request.params:
            given["resolution"] = str(request.params["resolution"]).upper()
        media = []
        for name, kind in (("start_image", "first_frame"), ("end_image", "last_frame")):
            image = request.params.get(name)
            if isinstance(image, ImageRef):
                media.append({"type": kind, "url": await self._address(image, request.card)})
        given["media"] = media or None
        model = request.card.wire_id
        return {"model": model, **nested(_wire.body(request, FORMS, given=given))}

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - the seam's
        body = await self.prepare(request) if request.body is None else request.body
        headers = {"x-dashscope-async": "enable"}
        media = (body.get("input") or {}).get("media") or []
        if any(str(item.get("url")).startswith("oss://") for item in media):
            headers["x-dashscope-ossresourceresolve"] = "enable"
        reply = await post_once(
            self._http, SUBMIT, provider=self.name, body=body, headers=headers, judge=_judge
        )
        task = (reply.get("output") or {}).get("task_id")
        if not isinstance(task, str):
            raise UnclearError("answered without a job", provider=self.name)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return Accepted(JobHandle(task, {"base": self.base_url, "at": at}), body)

    async def poll(self, job: JobHandle) -> JobState:
        self._check_region(job)
        found = await get_json(
            self._http, f"/api/v1/tasks/{job.id}", provider=self.name, judge=_judge
        )
        output = found.get("output") or {}
        state = output.get("task_status")
        if state == "SUCCEEDED":
            if not output.get("video_url"):
                return Failed(kind="expired", reason=_said(output), charged_micro_usd=None)
            at = _lists.moment((job.data or {}).get("at"))
            return Succeeded(
                assets=[Asset(url=output["video_url"], expires_at=at and at + KEPT)],
                prompt_used=output.get("actual_prompt") or output.get("orig_prompt"),
            )
        if state == "FAILED":
            judged = _kind(str(output.get("code")))
            moderated = judged is not None and judged[0] == "moderated"
            return Failed(kind="moderated" if moderated else "failed", reason=_said(output))
        if state == "CANCELED":
            return Failed(kind="cancelled", reason="cancelled before it began")
        if state == "UNKNOWN":
            at = _lists.moment((job.data or {}).get("at"))
            if at is not None and datetime.now(UTC) - at < KEPT:
                raise Refused(
                    "does not know the job, which is younger than a day; is the key of the same "
                    "account and region?",
                    kind="not_found",
                    provider=self.name,
                )
            reason = "a job and its result are kept for 24 hours, and it is older"
            return Failed(kind="expired", reason=reason, charged_micro_usd=None)
        if state not in ("PENDING", "RUNNING", "SUSPENDED"):
            raise ProviderError(f"answered with the state {state!r}", provider=self.name)
        return Running(note=str(state).lower())

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        if since < datetime.now(UTC) - KEPT:
            raise CannotList("lists the last 24 hours alone", provider=self.name)
        wire = catalog.card(model).wire_id

        async def page(n: int) -> tuple[Sequence[JSON], bool]:
            # no times are sent: in which zone it reads them is not said, and 24 hours are its own
            asked = {"page_no": n + 1, "page_size": PAGE}
            found = await get_json(
                self._http, "/api/v1/tasks", provider=self.name, params=asked, judge=_judge
            )
            if not isinstance(found.get("data"), list):
                raise ProviderError("answered without a list", provider=self.name)
            return found["data"], n + 1 < int(found.get("total_page") or 0)

        rows = await _lists.back_to(since, page, _made_at, provider=self.name)
        # a model's dated versions (wan2.7-t2v-2026-04-25) begin with its name
        mine = [row for row in rows if str(row.get("model_name") or wire).startswith(wire)]
        return [
            Job(
                handle=JobHandle(
                    str(row["task_id"]),
                    {"base": self.base_url, "at": (_made_at(row) or since).isoformat()},
                ),
                created_at=_made_at(row) or since,
                model=model,
                sent={"model": wire, **await self._echo(row)},
            )
            for row in mine
        ]

    async def cancel(self, job: JobHandle) -> None:
        """Takes off what has not begun; `ProviderError` for the rest."""
        self._check_region(job)
        await free_json(
            self._http,
            "POST",
            f"/api/v1/tasks/{job.id}/cancel",
            provider=self.name,
            judge=_judge,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _echo(self, row: JSON) -> JSON:
        """What the service shows of a job's request: its prompt, once it has succeeded."""
        task = str(row["task_id"])
        if row.get("status") == "SUCCEEDED" and task not in self._echoes:
            found = await get_json(
                self._http, f"/api/v1/tasks/{task}", provider=self.name, judge=_judge
            )
            prompt = (found.get("output") or {}).get("orig_prompt")
            whole = isinstance(prompt, str) and 0 < len(prompt) <= ECHOED
            self._echoes[task] = {"input": {"prompt": prompt}} if whole else {}
        return self._echoes.get(task, {})

    async def _address(self, image: ImageRef, card: ModelCard) -> str:
        """The address of a temporary copy at the service; the public one where there is no file."""
        if image.path is None and image.url is not None:
            return image.url
        kept = self._uploads.get((card.wire_id, image.sha256))
        if kept is not None and datetime.now(UTC) - kept[1] < UPLOAD_KEPT:
            return kept[0]
        content = _images.read(image, self._folder, provider=self.name)
        asked = {"action": "getPolicy", "model": card.wire_id}
        found = await get_json(
            self._http, "/api/v1/uploads", provider=self.name, params=asked, judge=_judge
        )
        ticket = found.get("data") or {}
        try:
            host, kind = str(ticket["upload_host"]), _images.media_type(content)
            name = f"{image.sha256}.{kind.rpartition('/')[2]}"
            form = {
                "OSSAccessKeyId": ticket["oss_access_key_id"],
                "Signature": ticket["signature"],
                "policy": ticket["policy"],
                "key": f"{ticket['upload_dir']}/{name}",
                "x-oss-object-acl": ticket["x_oss_object_acl"],
                "x-oss-forbid-overwrite": ticket["x_oss_forbid_overwrite"],
                "success_action_status": "200",
                "x-oss-content-type": kind,
            }
        except KeyError as missing:
            raise ProviderError(
                f"answered a wish to upload without {missing}", provider=self.name
            ) from None
        check_url(host, hosts=self.download_hosts, base_url=self.base_url)
        files = {"file": (name, content, kind)}
        await free_json(
            self._http, "POST", host, provider=self.name, data=form, files=files, auth=None
        )
        url = f"oss://{form['key']}"
        self._uploads[card.wire_id, image.sha256] = url, datetime.now(UTC)
        return url

    def _check_region(self, job: JobHandle) -> None:
        """A job is known in its own region alone, and its key is sent nowhere else."""
        base = (job.data or {}).get("base", self.base_url)
        if base != self.base_url:
            raise ProviderError(
                f"the job was made at {base}, and now {self.base_url} is asked: set "
                "DASHSCOPE_REGION (or PROMPTGRID_DASHSCOPE_URL) and the key as they were",
                provider=self.name,
            )


def _region_url() -> str:
    """The address of `DASHSCOPE_REGION`, and of `DASHSCOPE_WORKSPACE_ID` outside Beijing."""
    region = os.environ.get("DASHSCOPE_REGION") or os.environ.get("DASHSCOPE_API_REGION") or ""
    if region in ("", "cn-beijing"):
        return BASE_URL
    workspace = os.environ.get("DASHSCOPE_WORKSPACE_ID", "")
    for name, value in (("DASHSCOPE_REGION", region), ("DASHSCOPE_WORKSPACE_ID", workspace)):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", value):
            raise ProviderError(
                f"outside cn-beijing an address is made of the region and the workspace, and "
                f"{name} is {value!r}; the Model Studio console shows both",
                provider="dashscope",
            )
    return f"https://{workspace}.{region}.maas.aliyuncs.com"


def _judge(reply: httpx.Response) -> ToolkitError | None:
    """Its codes count before the status, an error may come with 200; a 5xx proves nothing."""
    if reply.status_code >= 500:
        return None
    try:
        code = str(reply.json()["code"])
    except (ValueError, KeyError, TypeError):
        return None
    judged = _kind(code)
    if judged is None:
        return None
    return refusal(reply, provider="dashscope", kind=judged[0], hint=judged[1])


def _said(output: JSON) -> str:
    return f"{output.get('code') or 'no code'}: {output.get('message') or 'no reason given'}"


def _made_at(row: dict[str, Any]) -> datetime | None:
    return _lists.moment(row.get("gmt_create"))


def provider(folder: Path) -> Provider:
    """The service, with the key of the environment; pictures of `folder`."""
    return DashScopeProvider(folder)
