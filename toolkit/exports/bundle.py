"""An experiment in one file, and back: the database, every clip and reference image, all hashed.

What can be made again is not in it: thumbnails, sheets, copies for review, the simulator's side. A
bundle comes from outside, so restoring trusts nothing: only names that an experiment has are
taken, no link is followed, and each file must be what the manifest says.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from toolkit.errors import ImportProblem
from toolkit.exports._files import whole

if TYPE_CHECKING:
    from toolkit.store import Store

__all__ = ["bundle", "restore"]

FORMAT = "promptgrid-bundle/1"
_MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 64 * 2**20
_BLOCK = 2**20
_NAMES = re.compile(
    r"experiment\.db"
    r"|clips/(?P<a>[0-9a-f]{2})/(?P<clip>(?P=a)[0-9a-f]{62})\.mp4"
    r"|images/(?P<b>[0-9a-f]{2})/(?P<image>(?P=b)[0-9a-f]{62})(\.[a-z0-9]{1,5})?"
)

Put = Callable[[str, Path], dict[str, Any]]


def bundle(store: Store, out: str | Path) -> Path:
    """`out`: a zip if it ends in .zip, else a folder. The experiment may be in use meanwhile.

    The database is copied first, as one consistent look; clips are never removed, so every clip it
    knows is still there to be copied after it.
    """
    out = Path(out)
    with whole(out) as part:
        if out.suffix.lower() == ".zip":
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
                _fill(store, _into_zip(archive), part.with_name(part.name + ".db.part"))
        else:
            part.mkdir()
            _fill(store, _into_folder(part), part / ".experiment.db")
    return out


def restore(source: str | Path, folder: str | Path) -> Path:
    """The experiment of a bundle, in `folder`, which must not exist or be empty.

    `ImportProblem` where the bundle is damaged, incomplete or holds what no experiment has; then
    `folder` is left as it was.
    """
    from toolkit.store import Store

    source, folder = Path(source), Path(folder).expanduser().absolute()
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise ImportProblem(f"{folder} is in use; restore into a new folder")
    with _opened(source) as bag:
        files = _manifest(bag, source)
        needed = sum(entry["size"] for entry in files)
        free = shutil.disk_usage(_existing(folder)).free
        if needed > free:
            raise ImportProblem(
                f"{source.name}: needs {needed / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free at "
                f"{folder.parent}; free some space or restore to another disk"
            )
        with whole(folder) as part:
            part.mkdir()
            for entry in files:
                _take(bag, entry, part, source)
            with Store.open(part, create=False, read_only=True) as store:
                store.counts()  # a newer or damaged database is refused before it gets the name
            if folder.exists():
                folder.rmdir()  # empty, as was seen
    return folder


# ---------------------------------------------------------------- out


def _fill(store: Store, put: Put, copy: Path) -> None:
    try:
        store.backup(copy)
        files = [put("experiment.db", copy)]
    finally:
        copy.unlink(missing_ok=True)
    for kind in ("clips", "images"):
        for path in sorted((store.folder / kind).glob("??/*")):
            name = f"{kind}/{path.parent.name}/{path.name}"
            if _NAMES.fullmatch(name) and path.is_file() and not path.is_symlink():
                files.append(put(name, path))
    manifest = {
        "format": FORMAT,
        "experiment": store.name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "promptgrid": metadata.version("promptgrid"),
        "files": files,
    }
    text = copy.with_name(copy.name + ".json")
    try:
        text.write_text(json.dumps(manifest, indent=1), "utf-8")
        put(_MANIFEST, text)
    finally:
        text.unlink(missing_ok=True)


def _into_zip(archive: zipfile.ZipFile) -> Put:
    def put(name: str, path: Path) -> dict[str, Any]:
        info = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        media = name.startswith(("clips/", "images/"))
        info.compress_type = zipfile.ZIP_STORED if media else zipfile.ZIP_DEFLATED
        with path.open("rb") as file, archive.open(info, "w", force_zip64=True) as target:
            return _copied(name, file, target)

    return put


def _into_folder(folder: Path) -> Put:
    def put(name: str, path: Path) -> dict[str, Any]:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as file, place.open("wb") as target:
            return _copied(name, file, target)

    return put


def _copied(name: str, file: IO[bytes], target: IO[bytes]) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        target.write(block)
        digest.update(block)
        size += len(block)
    return {"path": name, "size": size, "sha256": digest.hexdigest()}


# ---------------------------------------------------------------- in


class _Bag:
    """The files of a bundle by name, whichever form it has."""

    def __init__(self, names: set[str], reader: Callable[[str], IO[bytes]]) -> None:
        self.names = names
        self.open = reader


@contextmanager
def _opened(source: Path) -> Iterator[_Bag]:
    if source.is_dir():
        yield _Bag(_folder_names(source), lambda name: (source / name).open("rb"))
        return
    try:
        with zipfile.ZipFile(source) as archive:
            yield _Bag(_zip_names(archive, source), archive.open)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ImportProblem(f"{source}: no bundle, or a damaged one ({error})") from error
    except FileNotFoundError:
        raise ImportProblem(f"{source}: there is no such file") from None


def _folder_names(source: Path) -> set[str]:
    names = set()
    for path in source.rglob("*"):
        if path.is_symlink():
            raise ImportProblem(f"{source}: {path.name!r} is a link; a bundle holds only files")
        if not path.is_dir():
            names.add(path.relative_to(source).as_posix())
    return names


def _zip_names(archive: zipfile.ZipFile, source: Path) -> set[str]:
    names: set[str] = set()
    for info in archive.infolist():
        if info.is_dir():
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise ImportProblem(f"{source}: {info.filename!r} is a link or device, not a file")
        if info.filename in names:
            raise ImportProblem(f"{source}: holds {info.filename!r} twice")
        names.add(info.filename)
    return names


def _manifest(bag: _Bag, source: Path) -> list[dict[str, Any]]:
    if _MANIFEST not in bag.names:
        raise ImportProblem(f"{source}: no {_MANIFEST}, so no bundle of exp.export(…)")
    with bag.open(_MANIFEST) as file:
        raw = file.read(_MAX_MANIFEST_BYTES + 1)
    try:
        found = json.loads(raw)
        files: list[dict[str, Any]] = [
            {"path": str(e["path"]), "size": int(e["size"]), "sha256": str(e["sha256"])}
            for e in found["files"]
        ]
        if found["format"] != FORMAT:
            raise ImportProblem(
                f"{source}: its format is {found['format']!r}, this version reads {FORMAT!r}; "
                "update promptgrid"
            )
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ImportProblem):
            raise
        raise ImportProblem(f"{source}: {_MANIFEST} cannot be read ({error})") from error
    listed = [entry["path"] for entry in files]
    for name in listed:
        if not _NAMES.fullmatch(name):
            raise ImportProblem(f"{source}: {name!r} is nothing that an experiment holds")
    if len(set(listed)) != len(listed) or any(entry["size"] < 0 for entry in files):
        raise ImportProblem(f"{source}: {_MANIFEST} contradicts itself")
    missing = sorted(set(listed) - bag.names)
    extra = sorted(bag.names - set(listed) - {_MANIFEST})
    if missing or extra or "experiment.db" not in listed:
        what = f"lacks {missing[0]!r}" if missing else f"holds {extra[0]!r}, which is not listed" \
            if extra else "lacks 'experiment.db'"  # fmt: skip
        raise ImportProblem(f"{source}: {what}; it is incomplete or was changed")
    return files


def _take(bag: _Bag, entry: dict[str, Any], folder: Path, source: Path) -> None:
    name = entry["path"]
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), entry["size"]
    with bag.open(name) as file, target.open("xb") as out:
        while block := file.read(min(_BLOCK, left + 1)):  # never more than was announced
            left -= len(block)
            if left < 0:
                break
            digest.update(block)
            out.write(block)
    found = _NAMES.fullmatch(name)
    own = found and (found["clip"] or found["image"])
    if left or digest.hexdigest() != entry["sha256"] or (own and own != entry["sha256"]):
        raise ImportProblem(
            f"{source}: {name!r} is not what the manifest says; copy the bundle again"
        )


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())
