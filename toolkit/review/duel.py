"""A blind duel without a screen: which pair comes next, on which sides, and what was answered.

All that matters follows from the stored votes: a duel that is built again from them goes on where
it stopped. Nothing in a `Pair` names an arm, so a screen that shows only a `Pair` stays blind.
"""

from __future__ import annotations

import random
import statistics
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from toolkit.errors import ReviewError
from toolkit.records import PARTS, Verdict, Vote
from toolkit.review.pairs import Candidate, Entry, candidates, check, lay_out, plain
from toolkit.review.votes import VERDICTS, effective

__all__ = ["SECONDS_A_PAIR", "Duel", "Pair", "Progress"]

SECONDS_A_PAIR = 10.0
"""What a pair is reckoned to take until the rater's own pace is known."""

REST = 3
"""Screens for which a clip that was just shown is kept back, where there are others."""

Arms = tuple[tuple[Any, ...], tuple[Any, ...]]


@dataclass(frozen=True)
class Pair:
    """Two clips as shown. `brief` is the wording they share, by part, less what is under test."""

    left_key: str
    right_key: str
    left_clip: str
    right_clip: str
    brief: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.left_key, self.right_key))


@dataclass(frozen=True)
class Progress:
    """How far a review is. `total` counts what this session set out to do and what was done before;
    `eta_s` goes by the rater's own median pace once three pairs are answered.
    """

    done: int
    total: int
    eta_s: float
    seconds_a_pair: float


class Duel:
    """Pairs of finished clips that differ in `by` and nothing else, asked one at a time.

    ```python
    duel = Duel(df.to_dict("records"), "camera", save=store.add_vote, votes=store.votes())
    while pair := duel.next_pair():
        duel.vote("left")
    ```
    `save` gets each vote before the duel moves on: if it raises, nothing has moved. `minutes` is
    the time to fill, None for every pair. `dimensions` are asked in turn for each pair. Once arms
    are known to the rater, set `seen_labels`: the votes carry it.
    """

    def __init__(
        self,
        runs: Iterable[Mapping[str, Any]],
        by: str | Sequence[str],
        *,
        save: Callable[[Vote], object],
        votes: Iterable[Vote] = (),
        rater: str = "me",
        minutes: float | None = 6.0,
        dimensions: Sequence[str] = ("overall",),
        seed: int = 0,
        seen_labels: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        rows = [row for row in runs if _finished(row)]
        if not rows:
            raise ReviewError("nothing to compare: no run is done and has a clip; run a grid first")
        if not rater.strip():
            raise ReviewError("a rater needs a name; rater='me' will do")
        if not dimensions or len(set(dimensions)) < len(dimensions):
            raise ReviewError(f"dimensions are names, each once; found {list(dimensions)!r}")
        if minutes is not None and not minutes > 0:
            raise ReviewError(f"minutes={minutes!r}: give a time above 0, or None for every pair")
        try:
            self._layout = lay_out(rows, by)
        except LookupError as error:
            raise ReviewError(str(error.args[0])) from error
        found = candidates(self._layout)
        check(self._layout, found, by)
        self.by = self._layout.label
        self.rater = rater
        self.dimensions = tuple(dimensions)
        self.seed = seed
        self.seen_labels = seen_labels
        self._save = save
        self._now = now
        self._candidates = {candidate.keys: candidate for candidate in found}
        self._votes = [vote for vote in effective(votes) if self._is_mine(vote)]
        self._waiting: list[tuple[Pair, float | None]] = []
        self._current: tuple[Pair, float | None] | None = None  # with the chance it was chosen by
        self._shown_at = now()
        self._paces: list[float] = []
        self._total = self._num_done + self._share_of(minutes)

    # ------------------------------------------------------------ what a screen calls

    def next_pair(self) -> Pair | None:
        """The pair to show: the one on screen until it is answered, None when all is done."""
        if self._current is None:
            if self._waiting:
                self._current = self._waiting.pop()
            elif self._num_done < self._total:
                self._current = self._choose()
            self._shown_at = self._now()
        return self._current[0] if self._current else None

    def vote(
        self,
        verdict: Verdict,
        *,
        strong: bool = False,
        dimension: str | None = None,
        reason_tags: Sequence[str] = (),
    ) -> Vote:
        """The answer on the pair on screen, saved before anything moves.

        `dimension` defaults to the next one that is not answered; the pair leaves the screen when
        all are.
        """
        if self._current is None:
            raise ReviewError("no pair is on screen; next_pair() shows one")
        if verdict not in VERDICTS:
            raise ReviewError(f"unknown verdict {verdict!r}; there are: {', '.join(VERDICTS)}")
        pair, chance = self._current
        answered = self._answers().get(pair.keys, set())
        open_ = [d for d in self.dimensions if d not in answered]
        dimension = dimension or open_[0]
        if dimension not in open_:
            raise ReviewError(f"{dimension!r} is not asked here; open: {', '.join(open_)}")
        at = self._now()
        vote = Vote(
            uuid.uuid4().hex,
            left=pair.left_key,
            right=pair.right_key,
            verdict=verdict,
            by=self.by,
            rater=self.rater,
            dimension=dimension,
            strong=strong,
            shown_at=self._shown_at,
            answered_at=at,
            seen_labels=self.seen_labels,
            policy_prob=chance,
            reason_tags=list(reason_tags),
        )
        self._save(vote)
        self._votes.append(vote)
        if len(open_) == 1:
            self._paces.append((at - self._shown_at).total_seconds())
            self._current = None
        return vote

    def undo(self) -> Pair:
        """Take back the last vote, of an earlier session if need be; its pair is on screen again
        with the same sides, and what was on screen follows.
        """
        if not self._votes:
            raise ReviewError("nothing to undo: no vote stands")
        last = self._votes[-1]
        last_keys = frozenset((last.left, last.right))
        at = self._now()
        self._save(
            Vote(
                uuid.uuid4().hex,
                left=last.left,
                right=last.right,
                verdict=last.verdict,
                by=last.by,
                rater=last.rater,
                dimension=last.dimension,
                strong=last.strong,
                shown_at=last.shown_at,
                answered_at=at,
                seen_labels=last.seen_labels,
                policy=last.policy,
                policy_prob=last.policy_prob,
                undoes=last.id,
            )
        )
        self._votes.pop()
        if self._paces and (self._current is None or self._current[0].keys != last_keys):
            self._paces.pop()  # of a pair that this session had finished
        pair = self._pair(last)
        if self._current and self._current[0].keys != pair.keys:
            self._waiting.append(self._current)
        self._current = (pair, last.policy_prob)
        self._shown_at = at
        return pair

    @property
    def progress(self) -> Progress:
        done, pace = self._num_done, self._pace
        return Progress(done, self._total, (self._total - done) * pace, pace)

    def more(self, minutes: float | None = None) -> int:
        """Set out to do more pairs; returns how many are ahead. None is all there are."""
        self._total = self._num_done + self._share_of(minutes)
        return self._total - self._num_done

    # ------------------------------------------------------------ what an experiment reads

    @property
    def design(self) -> dict[str, Any]:
        """What to log so that the order and the sides can be told again."""
        return {
            "by": self.by,
            "rater": self.rater,
            "dimensions": list(self.dimensions),
            "seed": self.seed,
            "policy": "balanced",
            "num_arms": len(self._layout.arms),
            "num_scenes": len({c.a.scene for c in self._candidates.values()}),
            "num_pairs": len(self._candidates),
            "tied": list(self._layout.tied),
        }

    @property
    def text(self) -> str:
        """One line on what is compared; names no arm."""
        d, left = self.design, self._total - self._num_done
        minutes = max(1, round(left * self.progress.seconds_a_pair / 60))
        say = f"{d['by']}: {d['num_arms']} arms in {_count(d['num_scenes'], 'scene')}, "
        say += f"{_count(d['num_pairs'], 'pair')}; {left} to go, about {minutes} min"
        if d["tied"]:
            say += f"; {', '.join(d['tied'])} differ along with it and cannot be told apart from it"
        return say

    def arm(self, run_key: str) -> dict[str, Any]:
        """The values under test of a run: for the screen that reveals them when all is done."""
        for entry in self._layout.entries:
            if entry.key == run_key:
                return dict(zip(self._layout.by, entry.arm, strict=True))
        raise LookupError(f"no run {run_key!r} in this review")

    # ------------------------------------------------------------ how pairs are chosen

    @property
    def _num_done(self) -> int:
        return sum(len(answered) == len(self.dimensions) for answered in self._answers().values())

    def _answers(self) -> dict[frozenset[str], set[str]]:
        """The dimensions answered of each pair that was shown, in order of showing."""
        found: dict[frozenset[str], set[str]] = {}
        for vote in self._votes:
            found.setdefault(frozenset((vote.left, vote.right)), set()).add(vote.dimension)
        return found

    def _is_mine(self, vote: Vote) -> bool:
        here = frozenset((vote.left, vote.right)) in self._candidates
        asked = vote.by == self.by and vote.dimension in self.dimensions
        return here and asked and vote.rater == self.rater

    @property
    def _pace(self) -> float:
        """Seconds a pair; two at the least, or a burst of keys would fill minutes with hundreds."""
        return max(2.0, statistics.median(self._paces)) if len(self._paces) >= 3 else SECONDS_A_PAIR

    def _share_of(self, minutes: float | None) -> int:
        left = len(self._candidates) - self._num_done
        return left if minutes is None else min(left, max(1, round(minutes * 60 / self._pace)))

    def _choose(self) -> tuple[Pair, float] | None:
        """The least-shown pair whose clips have rested; chance decides among equals.

        First what joins arms not yet joined, so that after k − 1 screens all can be ranked; then
        the pair of arms, the scene and the clips that were shown least.
        """
        answers = self._answers()
        for vote in self._votes:
            if len(answers[frozenset((vote.left, vote.right))]) < len(self.dimensions):
                return self._pair(vote), 1.0  # left half answered by an earlier session
        ahead = [c for keys, c in self._candidates.items() if keys not in answers]
        if not ahead:
            return None
        shown = list(answers)
        past = [self._candidates[keys] for keys in shown]
        group = _joined(self._layout.arms, past)
        pairs: Counter[Arms] = Counter(c.arms for c in past)
        arms = Counter(arm for c in past for arm in c.arms)
        scenes = Counter(c.a.scene for c in past)
        clips = Counter(key for keys in shown for key in keys)
        resting = {key: REST - n for n, keys in enumerate(reversed(shown[-REST:])) for key in keys}

        def rank(c: Candidate) -> tuple[int, ...]:
            return (
                max(resting.get(key, 0) for key in c.keys),
                group[c.a.arm] == group[c.b.arm],
                pairs[c.arms],
                arms[c.a.arm] + arms[c.b.arm],
                scenes[c.a.scene],
                max(clips[key] for key in c.keys),
            )

        ranked = [(rank(c), c) for c in ahead]
        best = min(place for place, _ in ranked)
        equals = [c for place, c in ranked if place == best]
        chosen = self._random("order", len(shown)).choice(equals)
        return self._sided(chosen, past), 1 / len(equals)

    def _sided(self, chosen: Candidate, past: Sequence[Candidate]) -> Pair:
        """Blocked randomisation for each pair of arms: a coin, then the other way round."""
        left_of = {frozenset((vote.left, vote.right)): vote.left for vote in self._votes}
        before = [c for c in past if c.arms == chosen.arms]
        surplus = sum(1 if left_of[c.keys] == c.a.key else -1 for c in before)  # of `a` on the left
        coin = self._random("side", repr(chosen.arms), len(before)).random() < 0.5
        a_left = surplus < 0 or (surplus == 0 and coin)
        left, right = (chosen.a, chosen.b) if a_left else (chosen.b, chosen.a)
        return self._shown(left, right)

    def _pair(self, vote: Vote) -> Pair:
        candidate = self._candidates[frozenset((vote.left, vote.right))]
        entries = {e.key: e for e in (candidate.a, candidate.b)}
        return self._shown(entries[vote.left], entries[vote.right])

    def _shown(self, left: Entry, right: Entry) -> Pair:
        brief = {}
        for part in PARTS:
            one, other = (plain(e.row.get(f"prompt.{part}")) for e in (left, right))
            if one and one == other and f"prompt.{part}" not in self._layout.by:
                brief[part] = str(one)
        return Pair(left.key, right.key, left.clip, right.clip, brief)

    def _random(self, *what: object) -> random.Random:
        """The same for the same seed, rater and place in the review, in any process."""
        return random.Random("|".join(map(str, (self.seed, self.rater, self.by, *what))))  # noqa: S311


def _joined(arms: Iterable[Any], past: Iterable[Candidate]) -> dict[Any, int]:
    """Arm → the number of its group, where pairs that were shown join groups."""
    group = {arm: n for n, arm in enumerate(arms)}
    for candidate in past:
        old, new = group[candidate.a.arm], group[candidate.b.arm]
        if old != new:
            group = {arm: new if n == old else n for arm, n in group.items()}
    return group


def _finished(row: Mapping[str, Any]) -> bool:
    return row.get("state", "done") == "done" and bool(plain(row.get("clip.path")))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
