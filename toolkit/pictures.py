"""Still pictures as files: known by their first bytes, opened once, and not believed before that.

A picture may come from anywhere, so its size is read before it is decoded, and its name's ending
says nothing.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import ClipError
from toolkit.records import ImageRef

__all__ = ["MOST_BYTES", "MOST_PIXELS", "Picture", "check", "suffix_of", "told"]

MOST_PIXELS = 80_000_000
MOST_BYTES = 50 << 20

_FORMS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP"}


@dataclass(frozen=True)
class Picture:
    """What was measured on a picture: the hash of its bytes, its kind, its size."""

    sha256: str
    suffix: str
    width: int
    height: int
    size_bytes: int


def suffix_of(head: bytes) -> str | None:
    """.png, .jpg or .webp by the first 12 bytes; None for anything else."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if head.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    return None


def check(path: Path) -> Picture:
    """The picture in a file, decoded to its last row; `ClipError` where it is no whole PNG, JPEG or
    WebP of at most 80 megapixels and 50 MiB.
    """
    from PIL import Image

    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ClipError(f"{path.name}: {size >> 20} MiB; at most {MOST_BYTES >> 20} are taken")
        content = path.read_bytes()
    except OSError as problem:
        raise ClipError(f"no picture at {path}: {problem.strerror}") from problem
    suffix = suffix_of(content[:12])
    if suffix is None:
        raise ClipError(f"{path.name} is no PNG, JPEG or WebP but begins with {content[:12].hex()}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is ours
            with Image.open(path, formats=[_FORMS[suffix]]) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise ClipError(
                        f"{path.name}: {width}x{height} px; at most "
                        f"{MOST_PIXELS // 10**6} megapixels are taken"
                    )
                image.load()
    except ClipError:
        raise
    except Image.DecompressionBombError as problem:
        most = MOST_PIXELS // 10**6
        raise ClipError(f"{path.name}: at most {most} megapixels are taken: {problem}") from problem
    except Exception as problem:  # a decoder may raise anything
        raise ClipError(f"{path.name} cannot be read as a picture: {problem}") from problem
    return Picture(hashlib.sha256(content).hexdigest(), suffix, width, height, size)


def told(image: ImageRef) -> str:
    """A picture in a line, for people: `fox.png, 1280x720, 1.2 MB`."""
    from PIL import Image

    if image.path is None:
        return f"{image.sha256[:12]}, kept in its experiment"
    path = Path(image.path)
    name = path.name if path.stem != image.sha256 else f"{image.sha256[:12]}{path.suffix}"
    try:
        size = path.stat().st_size
        with Image.open(path) as opened:  # its head alone
            width, height = opened.size
    except Exception:  # noqa: BLE001 - a decoder may raise anything
        return f"{name}, which cannot be read"
    return f"{name}, {width}x{height}, {size / 1e6:.1f} MB"
