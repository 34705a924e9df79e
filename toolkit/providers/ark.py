"""ByteDance's own interface to Seedance: Ark, sold as BytePlus ModelArk and, in China, Volcengine.

Seen in documents (byteplus-python-sdk-v2 3.0.63's source; ModelArk's tutorial of 2026): paths,
bodies, states, roles of pictures, `safety_identifier` on a job and on each row of the list, tokens
used, error codes, that links last 24 hours, jobs 7 days, and that deleting takes off what waits and
forgets what is finished. Inferred: that the service shows the identifier as it was given, that a
refused or failed job is not charged, the names of models in China, the hosts of results beside
volces.com. Nothing was tried against the live service.

`safety_identifier`, meant for telling a seller's own users apart, carries our name of the attempt:
a job whose answer was lost is then recognised exactly. That a row with another name is another's
counts only once a name that we sent was seen in the list, letter by letter; until then, and where
no row shows one, nothing is guessed and the run is held.

`PROMPTGRID_ARK_URL=https://ark.cn-beijing.volces.com/api/v3` asks Volcengine, with its own key and
its own names of models. Of the moves of the camera `static` is a switch; the others go in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from toolkit import catalog
from toolkit.errors import CannotList, ProviderError, RefusalKind, Refused, ToolkitError
from toolkit.providers import _images, _lists, _secrets, _wire
from toolkit.providers._http import (
    UnclearError,
    client,
    free_json,
    get_json,
    post_once,
    refusal,
)
from toolkit.providers._nest import whole
from toolkit.records import ImageRef, ModelCard, to_micro
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

__all__ = ["BASE_URL", "KEYS", "ArkProvider", "provider"]

KEYS = ("ARK_API_KEY",)
BASE_URL = "https://ark.ap-southeast.bytepluses.com/api/v3"
TASKS = "/contents/generations/tasks"
LISTED = timedelta(days=7)
LINK_KEPT = timedelta(hours=24)
PAGE = 100

FORMS = {
    "duration_s": "duration",
    "aspect_ratio": "ratio",
    "audio": "generate_audio",
    "camera_motion": "camera_fixed",
    "start_image": "",  # in `content`
    "end_image": "",
    "negative": "",
    "fps": "",  # always 24
    "loop": "",
    "prompt_rewrite": "",
}

_CODES: tuple[tuple[str, RefusalKind, str], ...] = (
    ("AuthenticationError", "auth", "is ARK_API_KEY of this site? BytePlus and Volcengine differ"),
    ("InvalidApiKey", "auth", "is ARK_API_KEY of this site? BytePlus and Volcengine differ"),
    ("AccessDenied", "auth", "let the key use this model, in the ModelArk console"),
    ("OperationDenied", "auth", "see the ModelArk console"),
    ("AccountOverdue", "arrears", "top up the account in the ModelArk console"),
    ("ServiceOverdue", "arrears", "top up the account in the ModelArk console"),
    ("ModelNotOpen", "auth", "activate the model in the ModelArk console"),
    ("ServiceNotOpen", "auth", "activate the model in the ModelArk console"),
    ("QuotaExceeded", "arrears", "the free quota is used up: activate the model in the console"),
    ("SetLimitExceeded", "arrears", "your own limit is reached: raise it in the ModelArk console"),
    ("RateLimitExceeded", "rate_limit", ""),
    ("ServerOverloaded", "rate_limit", ""),
    ("InvalidEndpointOrModel.ModelIDAccessDisabled", "auth", "see the ModelArk console"),
    ("InvalidEndpointOrModel", "retired", "the model is gone or not offered at this site"),
    ("ModelNotFound", "retired", "the model is gone or not offered at this site"),
    ("InvalidParameter", "invalid", ""),
    ("MissingParameter", "invalid", ""),
)
"""What codes begin with. The longest that fits counts."""


class ArkProvider:
    """Speaks to Ark. Make one in the loop that uses it."""

    name = "ark"
    # seen: ark-content-generation-ap-southeast-1.tos-ap-southeast-1.volces.com; the other inferred
    download_hosts = ("*.volces.com", "*.bytepluses.com")

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._folder = folder
        self._tokens: set[str] = set()
        self._http = client(self.base_url)
        key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http.auth = _secrets.KeyAuth(key, self.base_url)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        content: list[JSON] = [{"type": "text", "text": _wire.text_of(request)}]
        for name, role in (("start_image", "first_frame"), ("end_image", "last_frame")):
            image = request.params.get(name)
            if isinstance(image, ImageRef):
                only_public = image.path is None and image.url is not None
                url = image.url if only_public else _images.placed(image)
                content.append({"type": "image_url", "image_url": {"url": url}, "role": role})
        _wire.rewriting(request)
        if "safety_identifier" in (request.params.get("extra") or {}):
            raise Refused(
                "`safety_identifier` carries our name of the attempt, by which a lost answer is "
                "found: leave it out of `extra`",
                kind="invalid",
                provider=self.name,
            )
        given = {"watermark": False, "duration_s": whole(request.params.get("duration_s"))}
        sent = _wire.body(request, FORMS, given=given)
        return {"model": self._wire_id(request.card), "content": content, **sent}

    async def submit(self, request: Request, token: str) -> Accepted:
        body = await self.prepare(request) if request.body is None else request.body
        body = {"safety_identifier": token, **body}
        self._tokens.add(token)
        full = _images.filled(body, request, self._folder, _images.as_data_uri, provider=self.name)
        reply = await post_once(self._http, TASKS, provider=self.name, body=full, judge=_judge)
        if not isinstance(reply.get("id"), str):
            raise UnclearError("answered without a job", provider=self.name)
        data: JSON = {"base": self.base_url, "model": request.spec.model}
        return Accepted(JobHandle(reply["id"], data), body)

    async def poll(self, job: JobHandle) -> JobState:
        self._check_site(job)
        found = await get_json(self._http, f"{TASKS}/{job.id}", provider=self.name, judge=_judge)
        state, error = found.get("status"), found.get("error") or {}
        if state == "succeeded":
            url = (found.get("content") or {}).get("video_url")
            if not url:
                reason = "succeeded without a video"
                return Failed(kind="expired", reason=reason, charged_micro_usd=None)
            at = _lists.moment(found.get("updated_at"))
            return Succeeded(
                assets=[Asset(url=url, expires_at=at and at + LINK_KEPT)],
                cost_micro_usd=_cost(job, found),
                prompt_used=found.get("revised_prompt") or None,
            )
        if state == "failed":
            said = f"{error.get('code') or 'no code'}: {error.get('message') or 'no reason given'}"
            moderated = "Sensitive" in str(error.get("code"))
            return Failed(kind="moderated" if moderated else "failed", reason=said)
        if state == "cancelled":
            return Failed(kind="cancelled", reason="cancelled before it began")
        if state == "expired":  # it waited for too long and was never made
            return Failed(kind="failed", reason="expired: it was not begun in time")
        if state not in ("queued", "running"):
            raise ProviderError(f"answered with the state {state!r}", provider=self.name)
        return Running(note=str(state))

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        if since < datetime.now(UTC) - LISTED:
            raise CannotList("lists the last 7 days alone", provider=self.name)
        wire_ids = {card.model: self._wire_id(card) for card in self.models()}
        others = {*wire_ids.values()} - {wire_ids.get(model)}  # several rows may share one

        async def page(n: int) -> tuple[Sequence[JSON], bool]:
            # not filtered by model: the filter may mean an endpoint's id, and then shows nothing
            asked = {"page_num": n + 1, "page_size": PAGE}
            found = await get_json(
                self._http, TASKS, provider=self.name, params=asked, judge=_judge
            )
            if not isinstance(found.get("items"), list):
                raise ProviderError("answered without a list", provider=self.name)
            return found["items"], (n + 1) * PAGE < int(found.get("total") or 0)

        rows = await _lists.back_to(since, page, _made_at, provider=self.name)
        mine = [row for row in rows if row.get("model") not in others]
        names = [row.get("safety_identifier") for row in mine]
        proven = not self._tokens.isdisjoint(names)
        return [
            Job(
                handle=JobHandle(str(row["id"]), {"base": self.base_url, "model": model}),
                created_at=_made_at(row) or since,
                model=model,
                token=token,
                sent={"model": row.get("model")},
            )
            for row, name in zip(mine, names, strict=True)
            for token in _tokens(name, proven=proven)
        ]

    async def cancel(self, job: JobHandle) -> None:
        """Takes off what waits. What has ended is left alone: deleting it would lose the result."""
        self._check_site(job)
        found = await get_json(self._http, f"{TASKS}/{job.id}", provider=self.name, judge=_judge)
        if found.get("status") != "queued":
            raise ProviderError(
                f"cancels what waits alone, and the job is {found.get('status')}",
                provider=self.name,
            )
        await free_json(self._http, "DELETE", f"{TASKS}/{job.id}", provider=self.name, judge=_judge)

    async def aclose(self) -> None:
        await self._http.aclose()

    def _wire_id(self, card: ModelCard) -> str:
        """The model's name at this site: in China they begin with `doubao-`."""
        host = urlsplit(self.base_url).hostname or ""
        if not host.endswith(".volces.com"):
            return card.wire_id
        return "doubao-" + card.wire_id.removeprefix("dreamina-")

    def _check_site(self, job: JobHandle) -> None:
        """A job is known where it was made alone."""
        base = (job.data or {}).get("base", self.base_url)
        if base != self.base_url:
            raise ProviderError(
                f"the job was made at {base}, and now {self.base_url} is asked: set "
                "PROMPTGRID_ARK_URL and the key as they were",
                provider=self.name,
            )


def _cost(job: JobHandle, found: JSON) -> int | None:
    """The tokens it says it used, at the catalogue's price for them; None where it has none."""
    tokens = (found.get("usage") or {}).get("completion_tokens")
    card = catalog.card(str((job.data or {}).get("model")))
    if not isinstance(tokens, int) or card.price_unit != "USD/Mtoken":
        return None
    asked = {"resolution": found.get("resolution")}
    rates = [
        row["usd"]
        for row in card.price or []
        if all(asked.get(name, value) == value for name, value in row["when"].items())
    ]
    return to_micro(max(rates) * tokens / 1e6) if rates else None


def _judge(reply: httpx.Response) -> ToolkitError | None:
    """Its codes count before the status; a 5xx proves nothing."""
    if reply.status_code >= 500 or reply.is_success:
        return None
    try:
        code = str(reply.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return None
    if "SensitiveContentDetected" in code:
        hint = "word it differently, or take another picture"
        return refusal(reply, provider="ark", kind="moderated", hint=hint)
    fits = [entry for entry in _CODES if code.startswith(entry[0])]
    if not fits:
        return None
    _, kind, hint = max(fits, key=lambda entry: len(entry[0]))
    return refusal(reply, provider="ark", kind=kind, hint=hint)


def _tokens(name: str | None, *, proven: bool) -> list[str | None]:
    """As what a row is shown: by its name where it has one, and as one that may be anybody's until
    names are proven to be shown as they were sent; "" is nobody's of ours.
    """
    if proven:
        return [name or ""]
    return [name, None] if name else [None]


def _made_at(row: dict[str, Any]) -> datetime | None:
    return _lists.moment(row.get("created_at"))


def provider(folder: Path) -> Provider:
    """The service, with the key of the environment; pictures of `folder`."""
    return ArkProvider(folder)
