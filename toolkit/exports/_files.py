"""Files that are there whole or not at all, and what to tell a person when the disk says no."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from toolkit.errors import ExportError

__all__ = ["slug", "whole", "write_bytes", "write_text"]


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yields a path beside `path` for a file or a folder; renamed to it when the block ends well.

    When it does not, nothing is left under either name, and what stood at `path` is untouched.
    A full or read-only disk becomes an `ExportError` that says what to do.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)  # rename last: a reader never sees half a file
    except OSError as error:
        raise ExportError(_advice(path, error)) from error
    finally:
        _remove(part)


def write_bytes(path: str | Path, data: bytes) -> Path:
    """`path`, holding exactly `data`."""
    with whole(path) as part, part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # a full disk may say so only here
    return Path(path)


def write_text(path: str | Path, text: str) -> Path:
    """`path`, holding `text` as UTF-8 with `\\n` line ends."""
    return write_bytes(path, text.encode("utf-8", "replace"))


def slug(text: str, *, limit: int = 40) -> str:
    """`text` as a file name of a-z, 0-9 and `-`, never empty, never one that Windows reserves."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain)[:limit].strip("-") or "untitled"
    return f"{name}-1" if re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", name) else name


def _remove(part: Path) -> None:
    with suppress(OSError):
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink(missing_ok=True)


def _advice(path: Path, error: OSError) -> str:
    text = str(error)  # pyarrow and zipfile say it in words only
    if error.errno in _FULL or "No space left" in text:
        free = _free(path.parent)
        return (
            f"{path}: the disk is full{free}; no partial file was left. Free some space or export "
            "to another disk: exp.export('/other/disk/out')"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path}: may not be written ({error.strerror}); export to a folder of your own"
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY, errno.EEXIST):
        return f"{path}: something else stands there ({error.strerror}); choose another name"
    if error.errno == errno.ENAMETOOLONG:
        return f"{path.name[:60]}…: the name is too long for this disk; choose a shorter one"
    return f"{path}: could not be written ({error.strerror or text}); nothing partial was left"


_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


def _free(folder: Path) -> str:
    with suppress(OSError):
        return f" ({shutil.disk_usage(folder).free / 1e6:,.0f} MB free)"
    return ""
