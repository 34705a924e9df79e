"""Clips that a person has already: matched to what was asked, measured, and copied in.

Import copies, never moves. A clip is named by its content, so that importing a folder twice changes
nothing. Three ways in: a table that says what each file is, a worklist whose cells carry the name
to save under, or neither: then the table to fill in is written.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.catalog import by_hand_model as import_model
from toolkit.errors import ClipError, ImportProblem
from toolkit.prompts.formula import Prompt
from toolkit.records import PARTS, RunSpec
from toolkit.stats.words import count

if TYPE_CHECKING:
    from toolkit.grid import Cell
    from toolkit.records import Clip
    from toolkit.store import Store

__all__ = ["MEDIA", "ImportReport", "import_clips", "media_in", "read_table", "write_table"]

MEDIA = (".mp4", ".m4v", ".mov", ".webm", ".mkv")

COLUMNS = ("file", "prompt", "model", *PARTS, "negative", "seed", "sample", "scene")
"""What a table may hold; `file` and one of `prompt` or a part must be there."""

SYNONYMS = {
    "path": "file", "filename": "file", "file_name": "file", "clip": "file", "text": "prompt",
    "cell": "cell_id", "id": "cell_id",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did. Nothing is lost: what did not fit is listed with its reason."""

    folder: Path
    imported: list[str] = field(default_factory=list)  # run keys, in order
    already: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)  # (file or row, why)
    unmatched: list[Path] = field(default_factory=list)
    table: Path | None = None  # the table to fill in, where none was given

    @property
    def is_complete(self) -> bool:
        return not self.problems and not self.unmatched and self.table is None

    @property
    def text(self) -> str:
        lines = [f"{count(len(self.imported), 'clip')} imported from {self.folder}"]
        if self.already:
            lines[0] += f", {self.already} were there already"
        lines += [f"  {name}: {why}" for name, why in self.problems]
        if self.unmatched:
            names = ", ".join(path.name for path in self.unmatched[:8])
            more = f" and {len(self.unmatched) - 8} more" if len(self.unmatched) > 8 else ""
            lines.append(f"  not matched: {names}{more}")
        if self.table is not None:
            lines.append(
                f"  say what each clip is in {self.table}, then import with csv={str(self.table)!r}"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text

    def to_json(self) -> dict[str, Any]:
        return {
            "imported": len(self.imported),
            "already": self.already,
            "problems": [{"file": name, "why": why} for name, why in self.problems],
            "unmatched": [path.name for path in self.unmatched],
            "table": None if self.table is None else str(self.table),
        }


def media_in(folder: Path) -> list[Path]:
    """The clips of a folder in name order; `ImportProblem` where there is none."""
    if not folder.is_dir():
        raise ImportProblem(f"no folder {folder}; name the one that holds the clips")
    inside = folder.resolve().iterdir()
    found = sorted(path for path in inside if path.suffix.lower() in MEDIA)
    if not found:
        raise ImportProblem(f"no clips in {folder}; looked for {' '.join(MEDIA)}")
    return found


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table that says what each file is: UTF-8 with or without a mark, comma,
    semicolon or tab; column names in any case. `ImportProblem` names what is missing."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ImportProblem(f"no table {path}; import without one to have it written") from None
    except UnicodeDecodeError:
        raise ImportProblem(f"{path} is not UTF-8; save it as CSV UTF-8 and import again") from None
    if not text.strip():
        raise ImportProblem(f"{path} is empty; it needs a row a clip with `file` and `prompt`")
    first = text.lstrip().splitlines()[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    names = {}
    for name in rows.fieldnames or []:
        plain = re.sub(r"[\s-]+", "_", (name or "").strip().lower())
        plain = plain.removeprefix("prompt.").removeprefix("param.")
        names[name] = SYNONYMS.get(plain, plain)
    if "file" not in names.values() and "cell_id" not in names.values():
        found = ", ".join(map(repr, names))
        raise ImportProblem(f"{path.name} has no column `file`; it has {found}")
    if not {"prompt", "cell_id", *PARTS} & set(names.values()):
        raise ImportProblem(
            f"{path.name} does not say what was asked; add a column `prompt`, or one of "
            f"{', '.join(f'`{part}`' for part in PARTS)}"
        )
    return [
        {
            names[k]: _unguard(v.strip())
            for k, v in row.items()
            if k is not None and isinstance(v, str)
        }
        for row in rows
    ]


def _unguard(text: str) -> str:
    """Without the apostrophe that a worklist puts before what a spreadsheet takes for a formula."""
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def write_table(paths: Iterable[Path], out: Path) -> Path:
    """A table to fill in: a row a clip. An existing one is never overwritten: a number is added."""
    number, target = 1, out
    while target.exists():
        number += 1
        target = out.with_name(f"{out.stem}-{number}{out.suffix}")
    with target.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for path in paths:
            writer.writerow([path.name, *[""] * (len(COLUMNS) - 1)])
    return target


def _spec(row: Mapping[str, str]) -> tuple[RunSpec, dict[str, str], dict[str, str]]:
    """A row of the table as what was asked, its parts and its labels."""
    parts = {part: row[part] for part in PARTS if row.get(part)}
    text = row.get("prompt") or Prompt(**parts).text
    if not text.strip():
        raise ImportProblem("no prompt and no part; say what was asked for")
    params: dict[str, Any] = {}
    if seed := row.get("seed"):
        if not re.fullmatch(r"-?\d+", seed):
            raise ImportProblem(f"a seed is a whole number, not {seed!r}")
        params["seed"] = int(seed)
    sample = row.get("sample") or "1"
    if not sample.isdigit() or int(sample) < 1:
        raise ImportProblem(f"a sample counts from 1, not {sample!r}")
    spec = RunSpec(
        text,
        model=import_model(row.get("model") or ""),
        negative=row.get("negative") or None,
        params=params,
        sample=int(sample),
    )
    labels = {name: row[name] for name in ("name", "scene") if row.get(name)}
    return spec, parts, {"scene": _scene(parts, text), **labels}


def _row_spec(row: Mapping[str, str]) -> tuple[RunSpec, dict[str, str], dict[str, str]]:
    """`_spec` of a row that stands for itself, not for a cell of a worklist: that knows its parts
    and settings, which the row does not hold."""
    if re.fullmatch(r"[0-9a-f]{16}", row.get("cell_id", "")):
        raise ImportProblem(
            "a row of a worklist: name its grid too (grid=…, or --grid GRID.yaml) and it is matched"
        )
    return _spec(row)


def _scene(parts: Mapping[str, str], text: str) -> str:
    """Clips of one subject in one place are takes of one shot; a plain text is its own shot."""
    where = [parts[part] for part in ("subject", "environment") if parts.get(part)]
    return ", ".join(where) or text[:80]


def _inside(folder: Path, name: str) -> Path:
    """The file `name` of `folder`; a name that leads out of it is refused."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ImportProblem("the name leads out of the folder; put the clip into it")
    if not path.is_file():
        raise ImportProblem("no such file in the folder")
    return path


def import_clips(
    store: Store,
    folder: Path,
    *,
    csv: Path | None = None,
    cells: Sequence[Cell] = (),
    probe: Callable[[Path], Clip],
    assign: Mapping[str, str] | None = None,
) -> ImportReport:
    """Copy the clips of `folder` into the experiment and say what was asked for each.

    `csv` is a table with a row a clip (`read_table`); `cells` are those of a worklist, matched by
    the cell id at the front of the file's name; `assign` maps file names to cell ids by hand. One
    bad clip fails alone.
    """
    files = media_in(folder)
    if csv is None and not cells:
        return ImportReport(
            folder=folder,
            unmatched=files,
            table=write_table(files, folder / "clips-to-fill-in.csv"),
        )
    asked: list[tuple[str, Path, Any]] = []
    problems: list[tuple[str, str]] = []
    taken: set[Path] = set()
    by_id = {cell.id: cell for cell in cells}
    if csv is not None:
        for number, row in enumerate(read_table(csv), start=2):
            if not any(row.values()):
                continue  # a spreadsheet leaves such lines at its end
            name = row.get("file") or f"row {number}"
            try:
                cell = by_id.get(row.get("cell_id", ""))
                asked.append((name, _inside(folder, row.get("file", "")), cell or _row_spec(row)))
            except ImportProblem as error:
                problems.append((name, str(error)))
    rows = {path for _, path, _ in asked}
    names = {path.name for path in files}
    for name, cell_id in (assign or {}).items():
        if name not in names:
            problems.append((name, "no such file in the folder"))
        elif cell_id not in by_id:
            problems.append(
                (name, f"no cell {cell_id!r} in this grid; exp.worklist(grid) shows them")
            )
    for path in (path for path in files if path not in rows):
        named = (assign or {}).get(path.name) or path.stem.split("_", 1)[0].split(" ", 1)[0]
        if named in by_id:
            asked.append((path.name, path, by_id[named]))
    imported: list[str] = []
    already = 0
    for name, path, what in asked:
        if path in taken:
            problems.append((name, "named twice; the first row counts"))
            continue
        taken.add(path)
        try:
            clip = probe(path)
        except ClipError as error:
            problems.append((name, str(error).removeprefix(f"{path.name}: ")))
            continue
        if isinstance(what, tuple):
            spec, parts, labels = what
        else:
            spec, parts, labels = what.spec, dict(what.parts), dict(what.labels)
        spec = _free(store, spec, clip.sha256)
        if _clip_of(store, spec) == clip.sha256:
            already += 1
            continue
        imported.append(store.add_imported(spec, path, clip, parts=parts, labels=labels).key)
    unmatched = [path for path in files if path not in taken]
    if csv is not None and not cells:
        told = {name for name, _ in problems}
        left = [path.name for path in unmatched if path.name not in told]
        problems += [(name, "not in the table; add a row for it") for name in left]
        unmatched = []
    return ImportReport(
        folder=folder, imported=imported, already=already, problems=problems, unmatched=unmatched
    )


def _free(store: Store, spec: RunSpec, sha256: str) -> RunSpec:
    """`spec`, with the next sample number that is free or holds this very clip.

    Two different files under one prompt are two samples of it; the same file again is the same run.
    """
    while True:
        if _clip_of(store, spec) in (None, sha256):
            return spec
        spec = RunSpec(
            spec.prompt,
            model=spec.model,
            negative=spec.negative,
            params=spec.params,
            sample=spec.sample + 1,
        )


def _clip_of(store: Store, spec: RunSpec) -> str | None:
    found = store.runs(keys=[spec.key])
    return found[0].clip_sha256 if found else None
