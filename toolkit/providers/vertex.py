"""Google's Vertex AI to Veo, by REST. For what was seen in documents see `_google`; the paths are
from the same source.

`VERTEX_PROJECT` (or `GOOGLE_CLOUD_PROJECT`) says whose project pays, `VERTEX_LOCATION` (or
`GOOGLE_CLOUD_LOCATION`, else us-central1) where it is made. The token is `VERTEX_ACCESS_TOKEN`,
which lasts about an hour; without it the `google-auth` package is asked where it is installed, else
`gcloud auth print-access-token`.

A film comes within the answer itself, and is written to a temporary folder; where
`extra={"parameters": {"storageUri": "gs://…"}}` names a bucket of yours it is fetched from there.
There is no list of jobs and none is taken off: an answer that was lost is held for a person.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import importlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

from toolkit import catalog
from toolkit.errors import CannotList, NotSent, ProviderError
from toolkit.providers import _google, _secrets, _wire
from toolkit.providers._http import client, free_json, post_once
from toolkit.records import ModelCard
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

__all__ = ["BASE_URL", "KEYS", "VertexProvider", "provider"]

KEYS = ("VERTEX_ACCESS_TOKEN",)
BASE_URL = "https://{location}-aiplatform.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_KEPT_S = 45 * 60
MOST_FILM_BYTES = 256 << 20

_HINT = (
    "a token lasts about an hour: VERTEX_ACCESS_TOKEN=$(gcloud auth print-access-token); the "
    "project needs the Vertex AI interface and the role Vertex AI User"
)
_judge = _google.judge("vertex", _HINT)


class VertexProvider:
    """Speaks to Vertex AI. Make one in the loop that uses it."""

    name = "vertex"
    download_hosts = ("storage.googleapis.com",)

    def __init__(self, folder: Path) -> None:
        self._location = _setting("LOCATION") or "us-central1"
        self._project = _setting("PROJECT")
        if not self._project:
            raise ProviderError(
                "no project; set VERTEX_PROJECT to the Google Cloud project that pays",
                provider=self.name,
            )
        for name, value in (("PROJECT", self._project), ("LOCATION", self._location)):
            if not re.fullmatch(r"[a-z0-9][a-z0-9.:-]*", value):
                raise ProviderError(f"VERTEX_{name} cannot be {value!r}", provider=self.name)
        if not (_secrets.has_key(KEYS) or _google_auth() or shutil.which("gcloud")):
            raise _no_token()
        host = BASE_URL if self._location != "global" else "https://aiplatform.googleapis.com"
        self.base_url = _wire.base_url(self.name, host.format(location=self._location))
        self._folder = folder
        self._films = tempfile.TemporaryDirectory(prefix="promptgrid-vertex-")
        self._token: tuple[_secrets.Key, float] | None = None
        self._http = client(self.base_url)

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        return _google.prepared(request)

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - the seam's
        body = await self.prepare(request) if request.body is None else request.body
        full = _google.filled(body, request, self._folder, provider=self.name)
        where = f"projects/{self._project}/locations/{self._location}/publishers/google/models"
        url = f"/v1/{where}/{request.card.wire_id}:predictLongRunning"
        try:
            await self._sign()
        except ProviderError as problem:
            raise NotSent(str(problem)) from None
        reply = await post_once(self._http, url, provider=self.name, body=full, judge=_judge)
        job = JobHandle(_google.name_of(reply, provider=self.name), {"base": self.base_url})
        return Accepted(job, body)

    async def poll(self, job: JobHandle) -> JobState:
        way_out = "set VERTEX_LOCATION (or PROMPTGRID_VERTEX_URL) as it was"
        _google.check_base(self.base_url, job.data or {}, provider=self.name, way_out=way_out)
        await self._sign()
        found = await free_json(
            self._http,
            "POST",
            f"/v1/{job.id.partition('/operations/')[0]}:fetchPredictOperation",
            provider=self.name,
            judge=_judge,
            json={"operationName": job.id},
            most_bytes=MOST_FILM_BYTES,
        )
        if not found.get("done"):
            if not found.get("name"):
                raise ProviderError("answered without an operation", provider=self.name)
            return Running()
        answer = found.get("response") or {}
        for video in answer.get("videos") or []:
            if asset := await self._asset(job, video):
                return Succeeded(assets=[asset])
        return _google.failed(found, answer) or Failed(
            kind="expired", reason="done, without a video or a reason", charged_micro_usd=None
        )

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:  # noqa: ARG002
        raise CannotList("has no list of jobs", provider=self.name)

    async def cancel(self, job: JobHandle) -> None:  # noqa: ARG002 - the seam's
        raise ProviderError("takes no job off", provider=self.name)

    async def aclose(self) -> None:
        await self._http.aclose()
        self._films.cleanup()

    async def _asset(self, job: JobHandle, video: JSON) -> Asset | None:
        if data := video.get("bytesBase64Encoded"):
            return await asyncio.to_thread(self._written, job, str(data))
        bucket, _, name = str(video.get("gcsUri", "")).removeprefix("gs://").partition("/")
        if not bucket or not name:
            return None
        url = f"https://storage.googleapis.com/storage/v1/b/{quote(bucket, safe='')}/o/"
        token = await self._access()
        return Asset(
            url=f"{url}{quote(name, safe='')}?alt=media",
            headers={"authorization": f"Bearer {token.get_secret_value()}"},
        )

    def _written(self, job: JobHandle, data: str) -> Asset:
        try:
            content = base64.b64decode(data, validate=True)
        except (ValueError, binascii.Error):
            raise ProviderError("sent a film that cannot be read", provider=self.name) from None
        path = Path(self._films.name) / f"{hashlib.sha256(job.id.encode()).hexdigest()}.mp4"
        path.write_bytes(content)
        return Asset(path=str(path), size_bytes=len(content))

    async def _sign(self) -> None:
        self._http.auth = _secrets.KeyAuth(await self._access(), self.base_url)

    async def _access(self) -> _secrets.Key:
        """A token that is good for the next minutes."""
        if _secrets.has_key(KEYS):
            return _secrets.find_key(KEYS, provider=self.name, ask=False)
        if self._token is None or time.monotonic() - self._token[1] > TOKEN_KEPT_S:
            text = await asyncio.to_thread(_from_google)
            self._token = _secrets.hold(KEYS[0], text), time.monotonic()
        return self._token[0]


def _setting(name: str) -> str:
    return os.environ.get(f"VERTEX_{name}") or os.environ.get(f"GOOGLE_CLOUD_{name}") or ""


def _google_auth() -> ModuleType | None:
    """The `google-auth` package, where it is installed and can ask."""
    try:
        importlib.import_module("google.auth.transport.requests")
        return importlib.import_module("google.auth")
    except ImportError:
        return None


def _from_google() -> str:
    """A token of google-auth's or of gcloud's."""
    auth = _google_auth()
    if auth is None:
        return _from_gcloud()
    transport = importlib.import_module("google.auth.transport.requests")
    try:
        found, _ = auth.default(scopes=[SCOPE])
        found.refresh(transport.Request())
    except Exception as problem:  # noqa: BLE001 - its errors are its own; none may hold a token
        raise ProviderError(
            f"google-auth found no way in ({type(problem).__name__}); run "
            "`gcloud auth application-default login`, or set VERTEX_ACCESS_TOKEN",
            provider="vertex",
        ) from None
    return str(found.token)


def _from_gcloud() -> str:
    program = shutil.which("gcloud")
    if program is not None:
        told = subprocess.run(  # noqa: S603 - no shell, nothing of the user's in it
            [program, "auth", "print-access-token"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if told.returncode == 0 and told.stdout.strip():
            return told.stdout.strip()
    raise _no_token()


def _no_token() -> _secrets.NoKeyError:
    return _secrets.NoKeyError(
        "no token; run `gcloud auth login`, or set VERTEX_ACCESS_TOKEN", provider="vertex"
    )


def provider(folder: Path) -> Provider:
    """The service, with the project and the token of the environment; pictures of `folder`."""
    return VertexProvider(folder)
