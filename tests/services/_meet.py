"""For the tests of one service: requests as the runner makes them, and an adapter in its loop."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.services._server import FakeService, image_bytes
from toolkit import catalog
from toolkit.records import ImageRef, RunSpec
from toolkit.seams import Accepted, JobState, Request, Running

FOX = "a fox in deep snow"
TOKEN = "0123456789abcdef0123456789abcdef"

T = TypeVar("T")


def wish(model: str, prompt: str = FOX, *, negative: str | None = None, **params: Any) -> Request:
    """One paid wish, as the runner hands it over."""
    spec = RunSpec(prompt, model=model, negative=negative, params=params)
    return Request(spec=spec, card=catalog.card(model))


def picture(folder: Path, name: str = "fox", *, url: str | None = None) -> ImageRef:
    """A real PNG in `folder`, by a relative path as an experiment keeps it."""
    content = image_bytes(name)
    (folder / f"{name}.png").write_bytes(content)
    return ImageRef(hashlib.sha256(content).hexdigest(), path=f"{name}.png", url=url)


class Met:
    """An adapter that speaks to a fake: `met(lambda luma: luma.submit(wish(…), TOKEN))`."""

    def __init__(
        self, fake: FakeService, service: str, folder: Path, patch: pytest.MonkeyPatch
    ) -> None:
        self.fake, self.service, self.folder, self.patch = fake, service, folder, patch

    def __call__(self, work: Callable[[Any], Awaitable[T]]) -> T:
        async def go() -> T:
            made: Any = self.fake.provider(self.service, self.folder, self.patch)
            try:
                return await work(made)
            finally:
                await made.aclose()

        return asyncio.run(go())

    def prepare(self, request: Request) -> dict[str, Any]:
        return self(lambda made: made.prepare(request))

    def submit(self, request: Request, token: str = TOKEN) -> Accepted:
        return self(lambda made: made.submit(request, token))

    def end(self, request: Request, token: str = TOKEN) -> JobState:
        """What becomes of it."""

        async def go(made: Any) -> JobState:
            job = (await made.submit(request, token)).job
            for _ in range(20):
                state: JobState = await made.poll(job)
                if not isinstance(state, Running):
                    return state
            raise AssertionError("it never ends")

        return self(go)
