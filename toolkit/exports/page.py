"""A page of playing clips for a client: no price, no score, no model, on screen or in the files.

A folder with `index.html` and the clips beside it. Clips have numbers for names, and are copied
without the notes that encoders and services leave in a file.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from toolkit.errors import ClipError, ExportError
from toolkit.exports._files import whole
from toolkit.exports._show import is_missing, short
from toolkit.exports.report import environment
from toolkit.records import State

__all__ = ["choose", "page"]

_MADE_BY_US = '<meta name="generator" content="promptgrid page">'
_POSTER_PX = 960


def page(
    out: str | Path,
    runs: pd.DataFrame,
    *,
    title: str,
    intro: str = "",
    only: str | Sequence[str] | None = None,
    captions: Mapping[str, str] | None = None,
    on_problem: Callable[[str], None] | None = None,
) -> Path:
    """The folder `out`, to be opened at its `index.html`; one of ours that stood there is replaced.

    `only` is `"picks"`, `"accepted"`, a list of run ids, or None for every finished clip.
    `captions` gives words to clips, by run id; without them a clip is known by its number. Clips of
    one scene stand together. A clip that cannot be copied is an `ExportError`, or with `on_problem`
    is left out and told to it; then the others go on.
    """
    chosen = choose(runs, only)
    scenes = chosen["prompt.scene"].fillna(chosen["prompt.name"]).fillna("")
    out = Path(out)
    old = _replaceable(out)
    with whole(out) as part:
        clips = part / "clips"
        clips.mkdir(parents=True)
        groups: dict[str, list[dict[str, Any]]] = {}
        first = {scene: place for place, scene in reversed(list(enumerate(scenes)))}
        order = sorted(range(len(chosen)), key=lambda place: first[scenes.iloc[place]])
        for number, place in enumerate(order, start=1):
            run = chosen.iloc[place]
            try:
                item = _clip(run, number, clips, (captions or {}).get(run["run_id"], ""))
            except ExportError as error:
                if on_problem is None:
                    raise
                on_problem(str(error))
            else:
                groups.setdefault(str(scenes.iloc[place]), []).append(item)
        if not groups:
            raise ExportError(f"{out}: none of {len(chosen)} clips could be copied")
        text = environment().get_template("page.html.j2").render(
            title=title,
            intro=intro,
            nonce=secrets.token_urlsafe(16),
            groups=_headed(groups),
            num_clips=sum(map(len, groups.values())),
            simulated=bool(chosen["simulated"].fillna(False).any()),
        )  # fmt: skip
        (part / "index.html").write_text(text, "utf-8", newline="\n")
        if old:
            shutil.rmtree(out)
    return out


def _headed(groups: dict[str, list[dict[str, Any]]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """A heading for each scene; where every scene has one clip, one grid with the scenes below."""
    if len(groups) == 1:
        return [("", items) for items in groups.values()]
    if any(len(items) > 1 for items in groups.values()):
        return list(groups.items())
    flat = [{**i, "caption": i["caption"] or name} for name, items in groups.items() for i in items]
    return [("", flat)]


def choose(runs: pd.DataFrame, only: str | Sequence[str] | None) -> pd.DataFrame:
    """The finished runs that `only` names; `ExportError` where there are none, with the way out."""
    done = runs[(runs["state"] == State.DONE) & runs["clip.path"].notna()]
    if only is None:
        found, lack = done, "no clip is finished yet; run the grid first"
    elif only == "picks":
        found, lack = done[done["mark"] == "pick"], "no clip is marked pick"
    elif only == "accepted":
        found, lack = done[done["accepted"].fillna(False).astype(bool)], "no clip is accepted"
    elif isinstance(only, str):
        raise ExportError(f"only={only!r} is not known; 'picks', 'accepted' or a list of run ids")
    else:
        found = done[done["run_id"].isin(list(only)) | done["run_key"].isin(list(only))]
        lack = f"no finished clip is among {', '.join(map(str, only))}"
    if found.empty:
        hint = (
            "" if only is None else "; mark one with exp.rate(run_id, 'pick'), or leave `only` out"
        )
        raise ExportError(lack + hint)
    return found


def _clip(run: pd.Series[Any], number: int, folder: Path, caption: str) -> dict[str, Any]:
    from toolkit.video.remux import opaque_copy

    name = f"clip-{number:02d}"
    source = Path(run["clip.path"])
    if not source.exists():
        raise ExportError(f"clip of run {run['run_id']} is gone: {source}")
    try:
        opaque_copy(source, folder / f"{name}.mp4")
        poster = _poster(source, folder / f"{name}.jpg")
    except ClipError as error:
        raise ExportError(f"clip of run {run['run_id']}: {error}") from error
    width, height = run["clip.width"], run["clip.height"]
    known = not (is_missing(width) or is_missing(height))
    return {
        "number": number,
        "src": f"clips/{name}.mp4",
        "poster": f"clips/{name}.jpg" if poster else "",
        "caption": short(caption, 300),
        "width": int(width) if known else 16,
        "height": int(height) if known else 9,
    }


def _poster(source: Path, target: Path) -> bool:
    import cv2

    from toolkit import video

    frames = video.frames_at(source, [0.35], long_px=_POSTER_PX)
    if not frames:
        return False
    bgr = cv2.cvtColor(frames[0].image, cv2.COLOR_RGB2BGR)
    ok, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert ok
    target.write_bytes(bytes(jpeg))
    return True


def _replaceable(out: Path) -> bool:
    """Whether `out` is a page of ours and nothing else; anything else there is left alone."""
    if not out.exists():
        return False
    index = out / "index.html"
    ours = index.is_file() and _MADE_BY_US in index.read_text("utf-8", errors="replace")
    names = [path.relative_to(out).as_posix() for path in out.rglob("*")] if ours else []
    known = r"index\.html|clips|clips/clip-\d+\.(mp4|jpg)"
    if not ours or not all(re.fullmatch(known, name) for name in names):
        raise ExportError(f"{out} holds something else; choose a new folder for the page")
    return True
