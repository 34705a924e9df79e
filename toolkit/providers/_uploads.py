"""Pictures that a service keeps for us: each is handed over once and then named by its address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from toolkit.providers import _images
from toolkit.records import ImageRef

__all__ = ["Uploads", "file_name"]

Send = Callable[[bytes], Awaitable[str]]


class Uploads:
    """`send` hands a picture's bytes over and says where it lies; asked again only after `keep_s`,
    before the service throws it away.
    """

    def __init__(self, send: Send, folder: Path, *, provider: str, keep_s: float) -> None:
        self._send = send
        self._folder = folder
        self._provider = provider
        self._keep_s = keep_s
        self._kept: dict[str, tuple[str, float]] = {}
        self._lock = asyncio.Lock()

    async def address(self, image: ImageRef) -> str:
        """Where the service finds the picture: as uploaded, or the person's own public address."""
        if image.path is None and image.url is not None:
            return image.url
        async with self._lock:
            url, until = self._kept.get(image.sha256, ("", 0.0))
            if time.monotonic() >= until:
                content = _images.read(image, self._folder, provider=self._provider)
                url = await self._send(content)
                self._kept[image.sha256] = url, time.monotonic() + self._keep_s
            return url


def file_name(content: bytes) -> str:
    """A name with the right ending; the person's own stays here."""
    return f"image.{_images.media_type(content).partition('/')[2].replace('octet-stream', 'bin')}"
