"""Kling, by its maker's own interface, in the form with `/v1/videos/text2video` and `image2video`.

Seen in documents (a mirror of Kling's pages, a capability table of 2026-09-20, Kling's page of
error codes): paths, bodies, states, codes, the list, `external_task_id`, both ways to sign in,
results that are kept 30 days. From memory: which way the numbers of `camera_control` turn.
Inferred: that a failed task may be charged (not said, so not assumed to be free), the hosts of
results (several `…kling.klingai.com` were seen). There is no official client to compare with, and
nothing was tried against the live service.

`KLING_API_KEY` signs in; so do `KLING_ACCESS_KEY` and `KLING_SECRET_KEY` together, the older way.
Our token goes as `external_task_id`, which its list shows: a lost answer is found again exactly.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Generator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from toolkit import catalog
from toolkit.errors import ProviderError, RefusalKind, Refused, ToolkitError
from toolkit.providers import _images, _lists, _secrets, _wire
from toolkit.providers._http import UnclearError, client, get_json, origin, post_once, refusal
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

__all__ = ["BASE_URL", "KEYS", "KlingProvider", "provider", "signed"]

KEYS = ("KLING_API_KEY", "KLING_ACCESS_KEY")
SECRET = "KLING_SECRET_KEY"  # noqa: S105 - the variable's name
BASE_URL = "https://api-singapore.klingai.com"

TEXT, IMAGE = "/v1/videos/text2video", "/v1/videos/image2video"
PAGE = 100
KEPT = timedelta(days=30)
TOKEN_LASTS_S = 1800

FORMS = {
    "prompt": "prompt",
    "negative": "negative_prompt",
    "duration_s": "duration={}",
    "resolution": "mode|720p=std|1080p=pro",
    "audio": "sound|True=on|False=off",
    "camera_motion": "",
    "start_image": "image",
    "end_image": "image_tail",
    "seed": "",
    "fps": "",
    "loop": "",
    "prompt_rewrite": "",
}

CAMERA = {
    "push_in": ("zoom", -5),  # a longer lens: the nearest that it has
    "pull_out": ("zoom", 5),
    "pan_left": ("tilt", -5),  # its tilt turns about the upright axis, its pan about the level one
    "pan_right": ("tilt", 5),
    "tilt_up": ("pan", 5),
    "tilt_down": ("pan", -5),
    "roll_cw": ("roll", 5),
    "roll_ccw": ("roll", -5),
}
"""Our moves as version 1's `camera_control`: exactly one number of -10..10 may differ from 0."""

WHOSE_KEY = (
    f"is {KEYS[0]} right, or are {KEYS[1]} and {SECRET}? Keys of the Chinese site are taken at "
    "PROMPTGRID_KLING_URL=https://api-beijing.klingai.com alone"
)

CODES: dict[int, tuple[RefusalKind, str]] = {
    1103: ("auth", "this account may not use that model: activate it at Kling"),
    1100: ("arrears", "the account is not in order: look at its page at Kling"),
    1101: ("arrears", "the account is in arrears: pay what is due at Kling"),
    1102: ("arrears", "the resource pack is used up or has run out: buy another at Kling"),
    1200: ("invalid", ""),
    1201: ("invalid", ""),
    1202: ("invalid", ""),
    1203: ("not_found", ""),
    1300: ("moderated", "change the words or the image"),
    1301: ("moderated", "change the words or the image"),
    1302: ("rate_limit", ""),
    1303: ("rate_limit", ""),
    1304: ("auth", "let this machine's address in at Kling (its list of addresses)"),
    **dict.fromkeys(range(1000, 1005), ("auth", WHOSE_KEY)),
}
"""What a service code means, and the way out. Of those that come with 429, only 1302 and 1303 pass
by themselves. 5000 and above say nothing about what was done.
"""


class KlingProvider:
    """Speaks to Kling. Make one in the loop that uses it."""

    name = "kling"
    download_hosts = ("*.klingai.com", "*.kling.ai")  # seen, inferred

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._folder = folder
        self._http = client(self.base_url)
        self._http.auth = _auth(self.base_url)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        """The body without our token, with each picture's hash where it will stand."""
        card, params = request.card, request.params
        no = catalog.limit_refusal(card, {**card.defaults, **params})
        if no is not None:  # by what it does where nothing is said
            raise Refused(str(no), kind="invalid", provider=self.name)
        given: JSON = {"prompt": _wire.text_of(request), "negative": request.spec.negative}
        for name in ("start_image", "end_image"):
            if isinstance(image := params.get(name), ImageRef):
                given[name] = self._picture(image)
        if card.camera is not None and params.get("camera_motion") in CAMERA:
            which, amount = CAMERA[params["camera_motion"]]
            axes = ("horizontal", "vertical", "pan", "tilt", "roll", "zoom")
            config = {axis: amount if axis == which else 0 for axis in axes}
            given["camera_control"] = {"type": "simple", "config": config}
        return {"model_name": card.wire_id, **_wire.body(request, FORMS, given=given)}

    def _picture(self, image: ImageRef) -> Any:
        if image.path is None and image.url is not None:
            return image.url
        _images.read(image, self._folder, provider=self.name)  # that it is there, and the same
        return _images.placed(image)

    async def submit(self, request: Request, token: str) -> Accepted:
        body = await self.prepare(request) if request.body is None else request.body
        body = {**body, "external_task_id": token}
        path = IMAGE if "image" in body or "image_tail" in body else TEXT
        whole = _images.filled(body, request, self._folder, _images.as_base64, provider=self.name)
        judge = _judge(missing="retired", hint="take another model: kling/…")
        reply = await post_once(self._http, path, provider=self.name, body=whole, judge=judge)
        task = _data(reply).get("task_id")
        if not isinstance(task, str):
            raise UnclearError("answered without a task", provider=self.name)
        return Accepted(JobHandle(task, {"path": path}), body)

    async def poll(self, job: JobHandle) -> JobState:
        path = f"{job.data.get('path', TEXT)}/{job.id}"
        reply = await get_json(self._http, path, provider=self.name, judge=_judge())
        found = _data(reply)
        state = found.get("task_status")
        if state in ("succeed", "succeeded"):  # the newer interface's word
            videos = (found.get("task_result") or {}).get("videos") or []
            made_at = _lists.moment(found.get("created_at"))
            until = None if made_at is None else made_at + KEPT
            assets = [Asset(url=v["url"], expires_at=until) for v in videos if v.get("url")]
            if assets:
                return Succeeded(assets=assets)
            return Failed(
                kind="expired", reason="succeeded, and no video is left", charged_micro_usd=None
            )
        if state == "failed":
            reason = str(found.get("task_status_msg") or "no reason was given")
            return Failed(
                kind="moderated" if _wire.is_moderation(reason) else "failed",
                reason=reason,
                charged_micro_usd=None,
            )
        return Running(note=str(state))

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        """Tasks with a token, of all models: the list does not say which, and a token is exact."""
        jobs: dict[str, Job] = {}
        for path in (TEXT, IMAGE):
            for row in await _lists.back_to(
                since, self._page(path), lambda row: _lists.moment(row.get("created_at")),
                provider=self.name,
            ):  # fmt: skip
                token = (row.get("task_info") or {}).get("external_task_id")
                if token:
                    jobs[row["task_id"]] = Job(
                        handle=JobHandle(row["task_id"], {"path": path}),
                        created_at=_lists.moment(row["created_at"]) or since,
                        model=model,
                        token=token,
                    )
        return list(jobs.values())

    def _page(self, path: str) -> Any:
        async def page(n: int) -> tuple[list[JSON], bool]:
            asked = {"pageNum": n + 1, "pageSize": PAGE}
            reply = await get_json(
                self._http, path, provider=self.name, params=asked, judge=_judge()
            )
            rows = reply.get("data")
            if not isinstance(rows, list):
                raise ProviderError("its list is none", provider=self.name)
            return rows, len(rows) >= PAGE

        return page

    async def cancel(self, job: JobHandle) -> None:
        raise ProviderError(
            f"task {job.id} cannot be stopped: Kling has no such request", provider=self.name
        )

    async def aclose(self) -> None:
        await self._http.aclose()


def _data(reply: JSON) -> JSON:
    found = reply.get("data")
    return found if isinstance(found, dict) else {}


def _judge(
    *, missing: RefusalKind = "not_found", hint: str = ""
) -> Callable[[httpx.Response], ToolkitError | None]:
    """By the service's code; `missing` is what it means that something does not exist."""

    def judge(reply: httpx.Response) -> ToolkitError | None:
        if reply.status_code >= 500:
            return None
        try:
            said = reply.json()
            code = int(said["code"])
        except (ValueError, KeyError, TypeError):
            return None
        if code in CODES:
            kind, way_out = CODES[code]
            if code == 1203:
                kind, way_out = missing, hint
            return refusal(reply, provider="kling", kind=kind, hint=way_out)
        if code == 0 or not reply.is_success:
            return None
        text = f"answered with code {code}: {said.get('message')}"
        return UnclearError(text, provider="kling", http_status=reply.status_code)

    return judge


def _auth(base_url: str) -> httpx.Auth:
    if not _secrets.has_key(KEYS[0]) and _secrets.has_key(KEYS[1]):
        access = _secrets.find_key(KEYS[1], provider="kling", ask=False)
        secret = _secrets.find_key(SECRET, provider="kling", ask=False)
        return _SignedAuth(access, secret, base_url)
    return _secrets.KeyAuth(_secrets.find_key(KEYS[0], provider="kling", ask=False), base_url)


class _SignedAuth(httpx.Auth):
    """Signs a short-lived token with the secret key, which itself never leaves."""

    def __init__(self, access: _secrets.Key, secret: _secrets.Key, base_url: str) -> None:
        self._access, self._secret = access, secret
        self._origin = origin(base_url)
        self._made_at, self._token = 0.0, ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header; never to another host."""
        if origin(str(request.url)) == self._origin:
            if time.time() - self._made_at > TOKEN_LASTS_S / 2:
                self._made_at = time.time()
                key = signed(
                    self._access.get_secret_value(), self._secret.get_secret_value(), self._made_at
                )
                self._token = _secrets.hold("", key).get_secret_value()  # and out of every log
            request.headers["authorization"] = f"Bearer {self._token}"
        yield request


def signed(access: str, secret: str, now: float) -> str:
    """A JSON web token, signed with HMAC-SHA256 (RFC 7519): valid from 5 s ago, for 30 minutes."""
    claims = {"iss": access, "exp": int(now) + TOKEN_LASTS_S, "nbf": int(now) - 5}
    parts = [
        _packed(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    told = ".".join(parts)
    mark = hmac.new(secret.encode(), told.encode(), hashlib.sha256).digest()
    return f"{told}.{_packed(mark)}"


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def provider(folder: Path) -> Provider:
    """Kling, with the key in `KLING_API_KEY`; pictures' paths begin in `folder`."""
    return KlingProvider(folder)
