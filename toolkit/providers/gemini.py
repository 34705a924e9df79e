"""Google's Gemini API to Veo, by REST. For what was seen in documents see `_google`.

Its Veo models were shut down on 2026-10-22; what a price list still names is asked for as it is,
and an answer that it is gone says what came after. It has no list of jobs and takes none off, so an
answer that was lost is held for a person.

A result lies at Google's own host and wants the key, which goes to no other, whatever the answer
says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from toolkit import catalog
from toolkit.errors import CannotList, ProviderError
from toolkit.providers import _google, _secrets, _wire
from toolkit.providers._http import client, get_json, origin, post_once
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

__all__ = ["BASE_URL", "KEYS", "GeminiProvider", "provider"]

KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
BASE_URL = "https://generativelanguage.googleapis.com"
HEADER = "x-goog-api-key"
FORMS = {**_google.FORMS, "audio": "", "seed": ""}  # always made; not taken
KEPT = timedelta(days=2)

_judge = _google.judge("gemini", "is GEMINI_API_KEY right? aistudio.google.com/apikey")


class GeminiProvider:
    """Speaks to the Gemini API. Make one in the loop that uses it."""

    name = "gemini"
    # seen: the first; where it sends one on to is from memory
    download_hosts = (
        "generativelanguage.googleapis.com",
        "storage.googleapis.com",
        "*.googleusercontent.com",
    )

    def __init__(self, folder: Path) -> None:
        self.base_url = _wire.base_url(self.name, BASE_URL)
        self._folder = folder
        self._http = client(self.base_url)
        self._key = _secrets.find_key(KEYS, provider=self.name, ask=False)
        self._http.auth = _secrets.KeyAuth(self._key, self.base_url, header=HEADER, form="{}")

    def models(self) -> Sequence[ModelCard]:
        return [card for card in catalog.cards() if card.service == self.name]

    async def prepare(self, request: Request) -> JSON:
        return _google.prepared(request, FORMS)

    async def submit(self, request: Request, token: str) -> Accepted:  # noqa: ARG002 - the seam's
        body = await self.prepare(request) if request.body is None else request.body
        full = _google.filled(body, request, self._folder, provider=self.name)
        url = f"/v1beta/models/{request.card.wire_id}:predictLongRunning"
        reply = await post_once(self._http, url, provider=self.name, body=full, judge=_judge)
        return Accepted(JobHandle(_google.name_of(reply, provider=self.name)), body)

    async def poll(self, job: JobHandle) -> JobState:
        found = await get_json(self._http, f"/v1beta/{job.id}", provider=self.name, judge=_judge)
        if not found.get("done"):
            if not found.get("name"):
                raise ProviderError("answered without an operation", provider=self.name)
            return Running()
        answer = (found.get("response") or {}).get("generateVideoResponse") or {}
        for sample in answer.get("generatedSamples") or []:
            if url := (sample.get("video") or {}).get("uri"):
                return Succeeded(assets=[self._asset(str(url))])
        return _google.failed(found, answer) or Failed(
            kind="expired", reason="done, without a video or a reason", charged_micro_usd=None
        )

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:  # noqa: ARG002
        raise CannotList("has no list of jobs", provider=self.name)

    async def cancel(self, job: JobHandle) -> None:  # noqa: ARG002 - the seam's
        raise ProviderError("takes no job off", provider=self.name)

    async def aclose(self) -> None:
        await self._http.aclose()

    def _asset(self, url: str) -> Asset:
        """Where the result lies; with the key at Google's own host alone."""
        at_home = origin(url) == origin(self.base_url)
        return Asset(url=url, headers={HEADER: self._key.get_secret_value()} if at_home else {})


def provider(folder: Path) -> Provider:
    """The service, with the key of the environment; pictures of `folder`."""
    return GeminiProvider(folder)
