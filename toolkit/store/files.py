"""The files of an experiment: named by content, written whole or not at all, never removed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from toolkit.errors import StoreError
from toolkit.pictures import suffix_of
from toolkit.store.failpoint import point

__all__ = ["FOLDERS", "Files", "file_sha256", "sync_folder"]

FOLDERS = ("clips", "thumbs", "images", "review", "sheets", "sim")

_SUFFIX = ".mp4"


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Files:
    """Paths below an experiment's folder; every name is a hash of ours, never one from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def clip_path(self, sha256: str) -> Path:
        """Where the clip with this hash lies, or would."""
        return self.folder / self.relative_clip(sha256)

    @staticmethod
    def relative_clip(sha256: str) -> str:
        return f"clips/{sha256[:2]}/{sha256}{_SUFFIX}"

    def thumbs_path(self, sha256: str, recipe: str) -> Path:
        return self.folder / "thumbs" / sha256[:2] / f"{sha256}.{recipe}"

    def image_path(self, sha256: str, suffix: str) -> Path:
        return self.folder / "images" / sha256[:2] / f"{sha256}{suffix}"

    def find_image(self, sha256: str) -> Path | None:
        """The picture with this hash, whatever its kind, if it is here."""
        return next((self.folder / "images" / sha256[:2]).glob(f"{sha256}.*"), None)

    def part_path(self, stem: str) -> Path:
        """Where an unfinished download is kept: a rename away from its final name."""
        folder = self.folder / "clips"
        folder.mkdir(exist_ok=True)
        return folder / f"{stem}.part"

    def keep(self, part: Path, sha256: str) -> Path:
        """Give a finished file its final name; the bytes are on disk before the name is."""
        target = self.clip_path(sha256)
        return self._place(part, target)

    def keep_image(self, part: Path, sha256: str) -> Path:
        """The same for a picture, whose kind its first bytes tell."""
        with part.open("rb") as file:
            suffix = suffix_of(file.read(12))
        return self._place(part, self.image_path(sha256, suffix or ".png"))

    def _place(self, part: Path, target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        point("file.synced")
        if target.exists() and target.stat().st_size == part.stat().st_size:
            part.unlink()  # the same content is there: a clip is never rewritten
        else:
            part.replace(target)  # rename last: a reader never sees half a clip
        point("file.renamed")
        sync_folder(target.parent)
        sync_folder(target.parent.parent)
        return target

    def copy_in(self, source: Path, *, to: str, suffix: str = _SUFFIX) -> str:
        """Copy a file from outside under its hash; the source stays. Returns the SHA-256."""
        folder = self.folder / to
        folder.mkdir(exist_ok=True)
        digest = hashlib.sha256()
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as out, source.open("rb") as file:
                _copy(file, out, digest)
            part.chmod(0o644)
            sha256 = digest.hexdigest()
            self._place(part, folder / sha256[:2] / f"{sha256}{suffix}")
        except OSError as problem:
            with contextlib.suppress(OSError):
                part.unlink()
            raise StoreError(f"{source}: could not be copied into {folder}: {problem}") from problem
        return sha256

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.folder).free

    def sweep(self, *, older_than_s: float, now: float) -> int:
        """Remove what crashes left unfinished; returns how many."""
        removed = 0
        for kind in ("clips", "images"):
            for part in (self.folder / kind).glob("*.part"):
                with contextlib.suppress(OSError):
                    if now - part.stat().st_mtime > older_than_s:
                        part.unlink()
                        removed += 1
        return removed


def _copy(source: BinaryIO, target: BinaryIO, digest: hashlib._Hash) -> None:
    while block := source.read(1 << 20):
        digest.update(block)
        target.write(block)
