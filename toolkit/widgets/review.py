"""The blind duel on the screen: two clips in step, one verdict, the next pair.

The browser is shown copies under names drawn by lot, without metadata (`video.remux`), and is told
nothing else: no run, model, price or score, and of the prompt only what both clips share. Which arm
was on which side is known to the session in Python alone.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args

from toolkit.errors import ClipError, ReviewError
from toolkit.prompts.formula import render
from toolkit.records import Verdict
from toolkit.review import Duel, Pair
from toolkit.video.remux import opaque_copy
from toolkit.widgets.panel import Panel, sources

__all__ = ["DuelWidget"]

MAX_SLICE_BYTES = 4 << 20
STALE_S = 86_400  # copies of a review that was left open a day ago
VERDICTS = get_args(Verdict)
_COPY = re.compile(r"[0-9a-f]{16}\.mp4")


class DuelWidget(Panel):
    """Judge pairs by button or key: ← → better, ↓ tie, ↑ both bad, S skip, Backspace undo.

    `session` says which pair comes next and on which sides, and saves each vote before the screen
    moves on; `clip_path` finds a run's clip; copies for the browser go into `opaque_dir`.

    >>> exp.review("camera")
    """

    _esm, _css = sources("review")

    def __init__(
        self,
        session: Duel,
        *,
        clip_path: Callable[[str], Path],
        opaque_dir: Path,
        question: str = "Which clip is better?",
        code: str | None = None,
    ) -> None:
        self.session = session
        self._clip_path = clip_path
        self._dir = Path(opaque_dir)
        self._question = question
        names = ", ".join(repr(name.rsplit(".", 1)[-1]) for name in _names(session.by))
        by = names if "," not in names else f"[{names}]"
        self._code = code or f"exp.results({by})"
        self._again = f"exp.review({by})"
        self._copies: dict[str, Path] = {}  # opaque name → file
        self._name_of: dict[str, str] = {}  # run key → opaque name
        self._shown: tuple[str, Pair] | None = None  # with the ticket that a verdict must carry
        self._lock = threading.RLock()
        weakref.finalize(self, _remove, self._copies)
        _sweep(self._dir)
        super().__init__(
            {
                "vote": self._hear_vote,
                "undo": self._hear_undo,
                "more": self._hear_more,
                "slice": self._hear_slice,
            },
            text=self._line,
        )
        with self._lock:
            self._show_next()

    # ---- what the rater does -------------------------------------------------------------------

    def vote(self, verdict: Verdict, *, strong: bool = False) -> None:
        """Answer for the pair on the screen; saved before the next one is shown."""
        with self._lock:
            self.session.vote(verdict, strong=strong)
            self._show_next()

    def undo(self) -> None:
        """Take the last answer back; its pair is on the screen again, the same way round."""
        with self._lock:
            self.session.undo()
            self._show_next()

    def _hear_vote(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        with self._lock:
            if self._shown is None or content.get("pair") != self._shown[0]:
                return  # a second press meant for a pair that is gone
            verdict: Any = content.get("verdict")
            if verdict not in VERDICTS:
                raise ReviewError(f"no verdict {verdict!r}; there are: {', '.join(VERDICTS)}")
            self.vote(verdict, strong=bool(content.get("strong")))

    def _hear_undo(self, _content: dict[str, Any], _buffers: list[memoryview]) -> None:
        self.undo()

    def _hear_more(self, _content: dict[str, Any], _buffers: list[memoryview]) -> None:
        with self._lock:
            self.session.more(minutes=6)
            self._show_next()

    def _hear_slice(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        """A piece of a clip, by its opaque name: the browser never names a path."""
        reply = {"kind": "reply", "id": content.get("id")}
        path = self._copies.get(str(content.get("clip")))
        offset, length = content.get("offset"), content.get("length")
        if path is None or not isinstance(offset, int) or not isinstance(length, int):
            self.send({**reply, "problem": "no such clip in this review"})
            return
        try:
            with path.open("rb") as file:
                file.seek(max(0, offset))
                piece = file.read(min(max(0, length), MAX_SLICE_BYTES))
        except OSError:
            self.send({**reply, "problem": "the clip cannot be read; skip this pair"})
            return
        if content.get("base64"):
            self.send({**reply, "base64": base64.b64encode(piece).decode("ascii")})
        else:
            self.send(reply, [piece])

    # ---- what is shown -------------------------------------------------------------------------

    def _show_next(self) -> None:
        """What the session has on the screen; a pair with a lost clip is skipped, and said."""
        lost = 0
        while (pair := self.session.next_pair()) is not None:
            try:
                sides = [self._side(key) for key in (pair.left_key, pair.right_key)]
            except (ClipError, OSError):
                self.session.vote("skip", reason_tags=["clip missing"])
                lost += 1
                continue
            break
        if lost:
            self.problem = (
                f"{lost} pair{'s' if lost > 1 else ''} skipped: a clip cannot be read. "
                f"Nothing else was lost."
            )
        now = self.session.progress
        view: dict[str, Any] = {
            "question": self._question if pair else "Review",
            "progress": f"{now.done} of {now.total} judged",
            "can_undo": now.done > 0,
            "roots": self._roots(),
            "pair": None,
        }
        if pair is None:
            self._shown = None
            left = int(self.session.design["num_pairs"]) - now.done
            view["end"] = {
                "title": f"{now.done} pairs judged, every vote is saved",
                "text": "What won, and how sure one may be:",
                "code": self._code,
                "more": f"Go on ({left} pairs are left)" if left > 0 else "",
            }
        else:
            ticket = secrets.token_hex(4)
            self._shown = (ticket, pair)
            view["pair"] = {"id": ticket, "left": sides[0], "right": sides[1]}
            view["prompt"] = render(pair.brief)
            view["progress"] += f" · about {max(1, round(now.eta_s / 60))} min"
        self.view = view

    def _side(self, run_key: str) -> dict[str, Any]:
        """A clip as the browser may know it: a name drawn by lot, and its size."""
        name = self._name_of.setdefault(run_key, secrets.token_hex(8))
        path = opaque_copy(self._clip_path(run_key), self._dir / f"{name}.mp4")
        self._copies[name] = path
        return {"id": name, "size": path.stat().st_size}

    def _roots(self) -> list[str]:
        """Where a Jupyter server may serve the copies: paths under folders that hold this one too.

        Which of them is the server's root is not known here; the browser tries them, and takes the
        bytes over the kernel's connection where none is.
        """
        folder, here = self._dir.resolve(), Path.cwd().resolve()
        named = os.environ.get("JUPYTER_SERVER_ROOT")
        tops = [Path(named).expanduser().resolve()] if named else []
        tops += [here, *here.parents]
        found = [folder.relative_to(t).as_posix() for t in tops if folder.is_relative_to(t)]
        return list(dict.fromkeys(found))[:6]

    def _line(self) -> str:
        now = self.session.progress
        return f"Blind duel · {now.done} of {now.total} pairs judged · {self._again}"


def _names(by: str) -> list[str]:
    return [name.strip() for name in by.split(",")]


def _remove(copies: dict[str, Path]) -> None:
    for path in copies.values():
        path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Delete the copies that an earlier kernel left behind; they are copies, never the clips."""
    old: Iterable[Path] = folder.glob("*.mp4") if folder.is_dir() else ()
    for path in old:
        if _COPY.fullmatch(path.name) and time.time() - path.stat().st_ctime > STALE_S:
            path.unlink(missing_ok=True)
