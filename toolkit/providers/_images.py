"""Pictures on their way to a service: read, checked against their name, put into the body.

A body is recorded with a picture's hash where its bytes will stand (`placed`); `filled` puts them
in at the last moment, so that the record stays small and the same on every machine.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import Refused
from toolkit.records import ImageRef
from toolkit.seams import Request

__all__ = ["as_base64", "as_data_uri", "filled", "media_type", "placed", "public_url", "read"]

_MAGIC = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


def read(image: ImageRef, folder: Path, *, provider: str) -> bytes:
    """The picture's bytes; `folder` is where a relative path begins. `Refused` where they are gone
    or no longer those that were asked for.
    """
    if image.path is None:
        raise Refused(
            f"the picture {image.sha256[:12]} has no file here; give its path",
            kind="invalid",
            provider=provider,
        )
    try:
        content = (folder / image.path).read_bytes()
    except OSError as problem:
        raise Refused(
            f"the picture {image.path} cannot be read ({problem.strerror})",
            kind="invalid",
            provider=provider,
        ) from None
    if hashlib.sha256(content).hexdigest() != image.sha256:
        raise Refused(
            f"the picture {image.path} has changed since it was asked for; name it in a new grid",
            kind="invalid",
            provider=provider,
        )
    return content


def media_type(content: bytes) -> str:
    """image/png, image/jpeg or image/webp, by the first bytes."""
    for magic, name in _MAGIC.items():
        if content.startswith(magic):
            return name
    return "application/octet-stream"


def public_url(image: ImageRef, *, provider: str, name: str) -> str:
    """Where everybody finds the picture, for services that fetch it themselves; else `Refused`."""
    if image.url is None:
        raise Refused(
            f"fetches `{name}` from a public address and takes no file; put it where everybody can "
            f"read it and give both: {name}=ImageRef(sha256, path=…, url='https://…')",
            kind="invalid",
            provider=provider,
        )
    return image.url


def placed(image: ImageRef) -> dict[str, str]:
    """What stands for the picture in a recorded body."""
    return image.canonical()


def filled(
    body: Any,
    request: Request,
    folder: Path,
    encode: Callable[[bytes], str],
    *,
    provider: str,
) -> Any:
    """`body` with every picture of the request in its place."""
    images = {v.sha256: v for v in request.params.values() if isinstance(v, ImageRef)}

    def fill(value: Any) -> Any:
        if isinstance(value, Mapping):
            if set(value) == {"image_sha256"} and value["image_sha256"] in images:
                return encode(read(images[value["image_sha256"]], folder, provider=provider))
            return {name: fill(inner) for name, inner in value.items()}
        return [fill(inner) for inner in value] if isinstance(value, list) else value

    return fill(body)


def as_base64(content: bytes) -> str:
    """Base64, without a prefix."""
    return base64.b64encode(content).decode()


def as_data_uri(content: bytes) -> str:
    """`data:image/png;base64,…`."""
    return f"data:{media_type(content)};base64,{as_base64(content)}"
