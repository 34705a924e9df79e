"""A quick pass over single clips: which are worth keeping. No screen here either."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from toolkit.errors import ReviewError
from toolkit.records import Rating
from toolkit.review.pairs import plain, scene_of

__all__ = ["MARKS", "SECONDS_A_CLIP", "Mark", "Triage", "is_accepted", "new_rating"]

Mark = Literal["pick", "keep", "reject", "1", "2", "3", "4", "5"]
MARKS: tuple[Mark, ...] = get_args(Mark)

SECONDS_A_CLIP = 4.0


def is_accepted(mark: str | None) -> bool | None:
    """Whether a mark accepts a clip: pick, keep, 3, 4, 5. None where there is no mark."""
    if mark is None or mark == "none":
        return None
    return mark in ("pick", "keep", "3", "4", "5")


def new_rating(
    run_key: str,
    mark: str,
    *,
    rater: str,
    at: datetime | None = None,
    reason_tags: Sequence[str] = (),
    time_s: float | None = None,
) -> Rating:
    """A mark on one run, to be stored; "none" takes an earlier one back."""
    if mark not in (*MARKS, "none"):
        raise ReviewError(f"unknown mark {mark!r}; there are: {', '.join(MARKS)}, none")
    return Rating(
        uuid.uuid4().hex,
        run_key=run_key,
        mark=cast("Mark", mark),
        rater=rater,
        at=at or datetime.now(UTC),
        reason_tags=list(reason_tags),
        time_s=time_s,
    )


@dataclass(frozen=True)
class Todo:
    """One clip to mark."""

    key: str
    clip: str


class Triage:
    """Finished clips that a rater has not marked, one at a time, in an order that favours no arm.

    Scenes take turns, so that a pass that is broken off has seen a little of everything. `save`
    gets each rating before the queue moves on.
    """

    def __init__(
        self,
        runs: Iterable[Mapping[str, Any]],
        *,
        save: Callable[[Rating], object],
        ratings: Iterable[Rating] = (),
        rater: str = "me",
        seed: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        rows = [r for r in runs if r.get("state", "done") == "done" and plain(r.get("clip.path"))]
        if not rows:
            raise ReviewError("nothing to mark: no run is done and has a clip; run a grid first")
        self.rater = rater
        self._save = save
        self._now = now
        self._todo = {str(r["run_key"]): str(r["clip.path"]) for r in _in_turns(rows, seed)}
        self._marked: dict[str, Rating] = {}
        for rating in sorted(ratings, key=lambda rating: rating.at):
            if rating.rater == rater and rating.run_key in self._todo:
                self._note(rating)

    def next_clip(self) -> Todo | None:
        """The clip to mark, the same until it is; None when all are."""
        for key, clip in self._todo.items():
            if key not in self._marked:
                return Todo(key, clip)
        return None

    def rate(
        self, mark: Mark, *, reason_tags: Sequence[str] = (), time_s: float | None = None
    ) -> Rating:
        clip = self.next_clip()
        if clip is None:
            raise ReviewError("every clip is marked; undo() goes back")
        rating = new_rating(
            clip.key, mark, rater=self.rater, at=self._now(), reason_tags=reason_tags, time_s=time_s
        )
        self._save(rating)
        self._note(rating)
        return rating

    def undo(self) -> Todo:
        """Take the last mark back; its clip is next."""
        if not self._marked:
            raise ReviewError("nothing to undo: no mark stands")
        key = next(reversed(self._marked))
        rating = new_rating(key, "none", rater=self.rater, at=self._now())
        self._save(rating)
        self._note(rating)
        self._todo = {key: self._todo[key]} | self._todo
        return Todo(key, self._todo[key])

    @property
    def num_left(self) -> int:
        return len(self._todo) - len(self._marked)

    @property
    def eta_s(self) -> float:
        return self.num_left * SECONDS_A_CLIP

    def _note(self, rating: Rating) -> None:
        self._marked.pop(rating.run_key, None)
        if rating.mark != "none":
            self._marked[rating.run_key] = rating


def _in_turns(rows: Sequence[Mapping[str, Any]], seed: int) -> list[Mapping[str, Any]]:
    """Shuffled, one of each scene before the second of any."""
    rng = random.Random(seed)  # noqa: S311
    shuffled = rng.sample(list(rows), len(rows))
    turn: dict[str, int] = {}
    placed = []
    for row in shuffled:
        scene = scene_of(row)
        turn[scene] = turn.get(scene, 0) + 1
        placed.append((turn[scene], row))
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]
