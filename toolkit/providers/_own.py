"""What adapters of a person's own servers share: where they are, and how open models count.

A row's `server` is read strictly: a misspelt word there is an error that names the row. One service
is one server: `videos-studio/…` are the models of another, at an address of its own.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from toolkit import catalog
from toolkit.errors import CatalogError, Refused
from toolkit.providers._http import origin
from toolkit.providers._secrets import Key, find_key, has_key
from toolkit.records import ModelCard
from toolkit.seams import Request

__all__ = [
    "Server", "address", "cards_of", "file_of", "fps_of", "frames_of", "key_of", "server_of",
    "size_of", "variable",
]  # fmt: skip


class Server(BaseModel):
    """What the rows of all own servers may say under `server`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    """Where it listens; the environment goes first."""
    fps: float | None = Field(default=None, gt=0)
    """The rate the model was made for: a length is then asked for in frames."""
    frame_step: int = Field(default=1, ge=1)
    """Frames come in so many at a time, and one more: 4 for Wan, 8 for LTX."""
    multiple: int = Field(default=16, ge=1)
    """Width and height are multiples of it."""
    sizes: dict[str, dict[str, str]] = {}
    """Sizes that differ from those computed: `{480p: {"16:9": 832x480}}`."""


S = TypeVar("S", bound=Server)


def server_of(card: ModelCard, kind: type[S]) -> S:
    """A row's `server`, read; `CatalogError` names the row and what is wrong in it."""
    try:
        return kind(**card.server)
    except (ValidationError, TypeError) as error:
        if not isinstance(error, ValidationError):
            raise CatalogError(f"{card.model}: `server`: {error}") from None
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        known = ", ".join(sorted(kind.model_fields))
        more = f"; there are: {known}" if first["type"] == "extra_forbidden" else ""
        raise CatalogError(f"{card.model}: `server.{name}`: {first['msg']}{more}") from None


def cards_of(service: str) -> list[ModelCard]:
    """The rows of one service."""
    return [card for card in catalog.cards() if card.service == service]


def variable(service: str, what: str) -> str:
    """The environment variable of a service: `PROMPTGRID_VIDEOS_STUDIO_URL`."""
    return f"PROMPTGRID_{re.sub(r'[^A-Z0-9]', '_', service.upper())}_{what}"


def address(service: str, cards: Iterable[ModelCard], default: str) -> str:
    """Where the server listens: the environment, else its rows, else `default`."""
    url = os.environ.get(variable(service, "URL"))
    if not url:
        named = sorted({str(card.server["url"]) for card in cards if card.server.get("url")})
        if len(named) > 1:
            raise CatalogError(
                f"the rows of {service} name several servers ({', '.join(named)}); each is a "
                f"service of its own: {service}-NAME/…"
            )
        url = named[0] if named else default
    origin(url)  # a clear error now, not at the first request
    return url.rstrip("/")


def key_of(service: str) -> Key | None:
    """The key that a person has set for a server of theirs, which needs none."""
    name = variable(service, "KEY")
    return find_key(name, provider=service, ask=False) if has_key(name) else None


def file_of(name: str) -> Path:
    """A file that a row names; a relative path begins where the person's catalogue lies."""
    return catalog.override_path().parent / Path(name).expanduser()


def fps_of(request: Request, server: Server) -> int | float | None:
    """Frames a second: as asked, else the model's own rate."""
    fps = request.params.get("fps", server.fps)
    return int(fps) if fps is not None and float(fps).is_integer() else fps


def frames_of(request: Request, server: Server) -> int | None:
    """How many frames make the length asked for, as the model counts them; None where no length or
    no rate is known.
    """
    seconds, fps = request.params.get("duration_s"), fps_of(request, server)
    if seconds is None or fps is None:
        return None
    steps = max(1, round(float(seconds) * float(fps) / server.frame_step))
    return steps * server.frame_step + (server.frame_step > 1)


def size_of(request: Request, server: Server) -> tuple[int, int] | None:
    """Width and height in pixels from `resolution` and `aspect_ratio`; None where neither is asked
    for. The short side is the resolution's; without a shape it is the row's, else 16:9.
    """
    card, params = request.card, request.params
    resolution, shape = params.get("resolution"), params.get("aspect_ratio")
    if resolution is None and shape is None:
        return None
    if resolution is None:
        resolution = card.defaults.get("resolution")
        if resolution is None and len(card.resolutions) == 1:
            resolution = card.resolutions[0]
        if resolution is None:
            raise _invalid(request, f"needs `resolution` with aspect_ratio {shape}")
    shape = shape or card.defaults.get("aspect_ratio", "16:9")
    text = server.sizes.get(str(resolution), {}).get(str(shape), str(resolution))
    if exact := re.fullmatch(r"(\d+)[x×*](\d+)", text):
        return int(exact[1]), int(exact[2])
    short = {"2k": 1440, "4k": 2160, "8k": 4320}.get(text.lower())
    if short is None and (lines := re.fullmatch(r"(\d+)[pP]", text)):
        short = int(lines[1])
    ratio = re.fullmatch(r"(\d+):(\d+)", str(shape))
    if short is None or ratio is None or not (int(ratio[1]) and int(ratio[2])):
        raise _invalid(request, f"knows no size for {resolution} at {shape}; write 720p and 16:9")
    wide = int(ratio[1]) / int(ratio[2])
    width, height = (short * wide, short) if wide >= 1 else (short, short / wide)
    unit = server.multiple
    return max(1, math.floor(width / unit)) * unit, max(1, math.floor(height / unit)) * unit


def _invalid(request: Request, text: str) -> Refused:
    return Refused(f"{request.card.model} {text}", kind="invalid", provider=request.card.service)
