"""The OpenAI-style `/v1/videos` of one's own servers: vLLM-Omni, SGLang, or a LiteLLM proxy.

The three speak one dialect each, named by a row's `server.flavour` or `PROMPTGRID_VIDEOS_FLAVOUR`:

- `vllm` (read in the source of vllm-omni 0.32.0rc1): a multipart form and nothing else; a failed
  job is answered with an error status and the job in it; the list shows prompts, so that a lost
  answer can be looked up; DELETE stops a job.
- `sglang` (read in the source of sglang 0.5.23): JSON, a form where a picture goes along; the list
  shows no prompt, so a lost answer is held; a job cannot be stopped; the file may lie in a bucket,
  whose host the row names (`server.results`).
- `litellm` (read in the source of litellm 1.109.1, and tried with its proxy before a fake server):
  JSON; `model` is the proxy's name for a route; what OpenAI's own API did not know goes into
  `extra_body`. What lies behind may cost money and is for the row to say.

`PROMPTGRID_VIDEOS_URL` or a row's `server.url` says where; a key is sent only where
`PROMPTGRID_VIDEOS_KEY` is set. `videos-studio/…` are the models of another server, with variables
of its own (`PROMPTGRID_VIDEOS_STUDIO_URL` …).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast, get_args
from urllib.parse import quote

import httpx
from pydantic import Field

from toolkit import catalog
from toolkit.catalog.prices import OWN_SERVER
from toolkit.errors import CannotList, CatalogError, ProviderError, Refused, ToolkitError
from toolkit.providers import _images, _own
from toolkit.providers._http import UnclearError, client, free_json, get_json, post_once, refusal
from toolkit.providers._lists import back_to, moment
from toolkit.providers._secrets import KeyAuth
from toolkit.providers._wire import body, is_moderation, text_of
from toolkit.records import ImageRef, ModelCard
from toolkit.seams import (
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

__all__ = ["BASE_URL", "KEYS", "VideosProvider", "provider", "served_as"]

KEYS: tuple[str, ...] = ()  # none is needed; PROMPTGRID_VIDEOS_KEY is sent where it is set
BASE_URL = "http://127.0.0.1:8000"

Flavour = Literal["vllm", "sglang", "litellm"]

FORMS = {
    "negative": "negative_prompt",
    "start_image": "input_reference",
    "duration_s": "", "resolution": "", "aspect_ratio": "", "end_image": "", "loop": "",
}  # fmt: skip
"""Lengths and sizes are counted by `_own` and go as `seconds` or `num_frames`, and as `size`."""

OWN_FORMS: Mapping[Flavour, Mapping[str, str]] = {
    "vllm": {"audio": "generate_sound", "prompt_rewrite": ""},
    "sglang": {"audio": "", "prompt_rewrite": "enhance_prompt"},
    "litellm": {"audio": "", "prompt_rewrite": ""},
}

OPENAI = ("prompt", "model", "size", "seconds", "extra_body", "input_reference")
"""What the dialect's first speaker knew; LiteLLM wants the rest in `extra_body`."""

ECHOED = ("prompt", "size", "seconds")
"""What vLLM-Omni's list says of a request. It tells the frames as resolved, not as asked."""


class VideosServer(_own.Server):
    """What a row of `videos` may say under `server`."""

    flavour: Flavour | None = None
    results: list[str] = Field(default=[])
    """Hosts that results may be fetched from, beside the server itself."""


class VideosProvider:
    """One server. Make it in the loop that uses it."""

    def __init__(self, service: str, folder: Path) -> None:
        self.name = service
        self._folder = folder
        self._cards = _own.cards_of(service)
        self.base_url = _own.address(service, self._cards, BASE_URL)
        servers = [_own.server_of(card, VideosServer) for card in self._cards]
        self.download_hosts = tuple(sorted({host for s in servers for host in s.results}))
        self._http = client(self.base_url)
        self._key = _own.key_of(service)
        if self._key is not None:
            self._http.auth = KeyAuth(self._key, self.base_url)
        self._stopped: set[str] = set()

    def models(self) -> Sequence[ModelCard]:
        return self._cards

    def _flavour(self, card: ModelCard) -> Flavour:
        variable = _own.variable(self.name, "FLAVOUR")
        asked = os.environ.get(variable)
        flavour = _own.server_of(card, VideosServer).flavour or asked or "vllm"
        if flavour not in get_args(Flavour):
            raise CatalogError(
                f"{variable} is {flavour!r}; it may be {', '.join(get_args(Flavour))}"
            )
        return cast("Flavour", flavour)

    # -- the request -----------------------------------------------------------------------------

    async def prepare(self, request: Request) -> dict[str, Any]:
        """The wire body, a start image as its hash."""
        card, params = request.card, request.params
        flavour = self._flavour(card)
        self._check(request, flavour)
        image = params.get("start_image")
        if isinstance(image, ImageRef):
            _images.read(image, self._folder, provider=self.name)
        given: dict[str, Any] = {
            "prompt": text_of(request),
            "negative": request.spec.negative,
            "model": card.wire_id or None,
            "start_image": _images.placed(image) if isinstance(image, ImageRef) else None,
            **self._measures(request, flavour),
        }
        forms = {**FORMS, **OWN_FORMS[flavour]}
        sent = body(request, forms, given={k: v for k, v in given.items() if v is not None})
        order = (*OPENAI[:-1], *(name for name in sent if name != OPENAI[-1]), OPENAI[-1])
        sent = {name: sent[name] for name in order if name in sent}  # a file comes last
        if flavour == "litellm":
            return _apart(sent, params.get("extra") or {}, form=isinstance(image, ImageRef))
        return sent

    def _check(self, request: Request, flavour: Flavour) -> None:
        card = request.card
        row = _own.server_of(card, VideosServer)
        if flavour == "litellm" and row.flavour is None and catalog.is_own(card):
            raise self._refused(
                f"{card.model} is priced as your own server, and a proxy may pass it on to a paid "
                f"one: write a row with `server: {{flavour: litellm}}` and its price, "
                f"or `price: {OWN_SERVER}`"
            )
        if request.params.get("prompt_rewrite") and flavour != "sglang":
            raise self._refused(f"{flavour} rewrites no prompts; leave prompt_rewrite out")
        if request.params.get("audio") and flavour != "vllm" and "audio" not in card.fields:
            raise self._refused(
                f"{flavour} has no word for sound; name the model's own in the row's "
                f"`fields: {{audio: …}}`, or leave audio out"
            )

    def _measures(self, request: Request, flavour: Flavour) -> dict[str, Any]:
        """Length and size, by what the row says of the model."""
        card, params = request.card, request.params
        server = _own.server_of(card, VideosServer)
        found: dict[str, Any] = {}
        if not {"resolution", "aspect_ratio"} & set(card.fields):
            size = _own.size_of(request, server)
            found["size"] = size and f"{size[0]}x{size[1]}"
        if "duration_s" in card.fields:
            return found
        frames = _own.frames_of(request, server)
        seconds = params.get("duration_s")
        if frames is not None:
            found |= {"num_frames": frames, "fps": _own.fps_of(request, server)}
        elif seconds is not None:
            if not float(seconds).is_integer():
                raise self._refused(
                    f"{card.model} takes whole seconds, not {seconds:g}; with `server: {{fps: …}}` "
                    f"in its row a length is asked for in frames"
                )
            found["seconds"] = int(seconds) if flavour == "sglang" else str(int(seconds))
        return found

    def _refused(self, text: str) -> Refused:
        return Refused(text, kind="invalid", provider=self.name)

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - no echo
        sent = request.body if request.body is not None else await self.prepare(request)
        flavour = self._flavour(request.card)
        files = None
        image = request.params.get("start_image")
        if flavour == "vllm" or isinstance(image, ImageRef):
            files = [(name, self._part(value, image)) for name, value in sent.items()]
        reply = await post_once(
            self._http, "/v1/videos", provider=self.name, body=sent, files=files,
            judge=self._unknown_key,
        )  # fmt: skip
        if not isinstance(reply.get("id"), str) or not reply["id"]:
            raise UnclearError("answered without a job", provider=self.name)
        return Accepted(JobHandle(reply["id"], {"flavour": flavour}), sent)

    def _part(self, value: Any, image: Any) -> tuple[Any, ...]:
        """One field of a form."""
        if isinstance(image, ImageRef) and value == _images.placed(image):
            content = _images.read(image, self._folder, provider=self.name)
            kind = _images.media_type(content)
            return f"{image.sha256[:16]}.{kind.rpartition('/')[2]}", content, kind
        if isinstance(value, str):
            return None, value
        return None, json.dumps(value, ensure_ascii=False)  # true, 7, {"a": 1}

    # -- the job ---------------------------------------------------------------------------------

    async def poll(self, job: JobHandle) -> JobState:
        if job.id in self._stopped:
            return Failed(kind="cancelled", reason="stopped at your word")
        try:
            found = await get_json(
                self._http, self._path(job), provider=self.name, judge=self._failed_job
            )
        except _FailedJob as answer:
            found = answer.job
        status = found.get("status")
        if status == "completed":
            return self._done(job, found)
        if status == "failed":
            return self._failed(job, found)
        progress = found.get("progress")
        share = float(progress) / 100 if isinstance(progress, (int, float)) and progress else None
        return Running(progress=share, note=str(status))

    def _done(self, job: JobHandle, found: Mapping[str, Any]) -> Succeeded:
        url, headers = f"{self.base_url}{self._path(job)}/content", {}
        if isinstance(found.get("url"), str) and found["url"]:
            url = found["url"]  # SGLang has put it into a bucket
        elif self._key is not None:
            headers = {"authorization": f"Bearer {self._key.get_secret_value()}"}
        used = found.get("revised_prompt") or found.get("prompt")
        expires = found.get("expires_at")
        return Succeeded(
            assets=[
                Asset(url=url, headers=headers, expires_at=moment(expires) if expires else None)
            ],
            prompt_used=used if isinstance(used, str) else None,
        )

    def _failed(self, job: JobHandle, found: Mapping[str, Any]) -> Failed:
        error = found.get("error")
        told = error if isinstance(error, Mapping) else {"message": error}
        code, message = told.get("code"), told.get("message") or "it failed and does not say why"
        refused = is_moderation(f"{code} {message}")
        paid = None if job.data.get("flavour") == "litellm" else 0  # what lies behind may bill
        return Failed(
            kind="moderated" if refused else "failed",
            reason=f"{message}" if code is None else f"{message} ({code})",
            charged_micro_usd=paid,
        )

    def _unknown_key(self, reply: httpx.Response) -> ToolkitError | None:
        """A LiteLLM proxy without a database says 400 to a key that is not its own."""
        if reply.status_code != 400 or b"no_db_connection" not in reply.content:
            return None
        hint = f"the proxy does not know the key in {_own.variable(self.name, 'KEY')}"
        return refusal(reply, provider=self.name, kind="auth", hint=hint)

    def _failed_job(self, reply: httpx.Response) -> ToolkitError | None:
        """vLLM-Omni answers with an error status for a job that failed; so the job is no error.
        LiteLLM's proxy hands that on within the words of an error of its own.
        """
        if reply.is_success:
            return None
        found = _object_in(reply.text)
        error = found.get("error")
        told = error.get("message") if isinstance(error, dict) else None
        for job in (found, _object_in(told) if isinstance(told, str) else {}):
            if job.get("status") == "failed" and job.get("id"):
                return _FailedJob(job)
        return None

    @staticmethod
    def _path(job: JobHandle) -> str:
        return f"/v1/videos/{quote(job.id, safe='=')}"

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        card = next((card for card in self._cards if card.model == model), None)
        flavour = self._flavour(card) if card is not None else "vllm"
        if flavour != "vllm":
            raise CannotList(
                f"{flavour}'s list does not say what was asked, so a job cannot be told from "
                f"another in it",
                provider=self.name,
            )
        last: list[str] = []

        async def page(_: int) -> tuple[list[dict[str, Any]], bool]:
            asked = {"limit": 100, "order": "desc", **({"after": last[-1]} if last else {})}
            found = await get_json(self._http, "/v1/videos", provider=self.name, params=asked)
            rows = found.get("data")
            if not isinstance(rows, list):
                raise ProviderError("answered without a list of jobs", provider=self.name)
            if rows:
                last.append(str(rows[-1]["id"]))
            return rows, bool(found.get("has_more")) and bool(rows)

        def made_at(row: dict[str, Any]) -> datetime | None:
            return moment(row.get("created_at"))

        wire_id = card.wire_id if card is not None else ""
        return [
            Job(
                handle=JobHandle(str(row["id"]), {"flavour": flavour}),
                created_at=made_at(row) or since,
                model=model,
                sent={name: row[name] for name in ECHOED if row.get(name) is not None},
            )
            for row in await back_to(since, page, made_at, provider=self.name)
            if not wire_id or row.get("model") in (None, wire_id)
        ]

    async def cancel(self, job: JobHandle) -> None:
        flavour = job.data.get("flavour", "vllm")
        if flavour != "vllm":
            raise ProviderError(
                f"{flavour} cannot stop a job; it goes on to its end", provider=self.name
            )
        await free_json(self._http, "DELETE", self._path(job), provider=self.name)
        self._stopped.add(job.id)

    async def aclose(self) -> None:
        await self._http.aclose()


def _apart(sent: dict[str, Any], extra: Mapping[str, Any], *, form: bool) -> dict[str, Any]:
    """What LiteLLM's proxy hands on: in JSON the words that OpenAI's API did not know lie in
    `extra_body`; in a form it passes `extra_body` by, and they stand beside the others.
    """
    more = dict(extra.get("extra_body") or {})
    if form:
        return {**{k: v for k, v in sent.items() if k != "extra_body"}, **more}
    own = {k: v for k, v in sent.items() if k not in OPENAI and k not in extra}
    kept = {k: v for k, v in sent.items() if k not in own}
    return {**kept, "extra_body": {**own, **more}} if own else kept


def _object_in(text: str) -> dict[str, Any]:
    """The first JSON object in a text; {} where there is none."""
    with contextlib.suppress(ValueError):
        found, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
        if isinstance(found, dict):
            return found
    return {}


class _FailedJob(ToolkitError):
    """A job that failed, on its way out of a reader that takes its status for an error."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__("the job failed")
        self.job = job


def served_as(name: str) -> SimpleNamespace:
    """This file as the module of one server: `videos`, `videos-studio`."""
    return SimpleNamespace(
        KEYS=KEYS, BASE_URL=BASE_URL, provider=lambda folder: VideosProvider(name, folder)
    )


def provider(folder: Path) -> Provider:
    """The server at PROMPTGRID_VIDEOS_URL; relative paths of pictures begin at `folder`."""
    return VideosProvider("videos", folder)
