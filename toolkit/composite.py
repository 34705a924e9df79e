"""A person's own composite: a weighted sum of scores that has to earn its place.

No score here is quality. Whoever wants one number names the scores and their weights; it becomes a
column only where it predicts that person's own votes, in scenes held out, better than a coin.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from toolkit import stats
from toolkit.columns import resolve
from toolkit.errors import ResultsError
from toolkit.records import Estimate, Vote
from toolkit.review.pairs import plain, scene_of
from toolkit.review.votes import effective
from toolkit.stats.words import count, p_words

__all__ = ["ALPHA", "LEAST_SCENES", "Composite", "composite"]

ALPHA = 0.05
LEAST_SCENES = 6
"""Below so many no exact test over scenes can reach 0.05."""


@dataclass(frozen=True, eq=False)
class Composite:
    """A weighted sum of scores and whether it says what votes say.

    `accuracy` is the share of pairs told right in scenes held out (None for fewer than two scenes),
    `predicts` whether that is more than a coin would. `.df` has it as `score.<name>`; it is refused
    where it does not predict: there is no way to trust it all the same.
    """

    weights: Mapping[str, float]
    name: str
    accuracy: Estimate | None
    num_votes: int
    by_scene: Mapping[str, float]
    left_out: int = 0
    simulated: bool = False
    _runs: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    _scales: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def predicts(self) -> bool:
        found = self.accuracy
        if found is None or found.p is None or found.clusters < LEAST_SCENES:
            return False
        return found.p <= ALPHA and found.value > 0.5

    @property
    def formula(self) -> str:
        """Such as camera_match − 0.5 × luma_flicker."""
        words = ""
        for score, weight in self.weights.items():
            sign = "−" if weight < 0 else "+"
            size = "" if abs(weight) == 1 else f"{abs(weight):g} × "
            lead = f" {sign} " if words else ("−" if weight < 0 else "")
            words += f"{lead}{size}{score.removeprefix('score.')}"
        return words

    @property
    def text(self) -> str:
        """What may be said of it, and what would tell where nothing may."""
        sim = ", simulated clips" if self.simulated else ""
        out = f"; {count(self.left_out, 'vote')} on clips without these scores" * bool(
            self.left_out
        )
        if self.accuracy is None:
            what = f"{count(self.num_votes, 'vote')} on {count(len(self.by_scene) or 1, 'scene')}"
            return f"{self.formula}: {what} cannot be told from luck; {self._more()}{out}"
        e = self.accuracy
        share = f"{e.value:.0%} of {count(self.num_votes, 'vote')} in {count(e.clusters, 'scene')}"
        ends = "the same in every scene: no interval"
        if not math.isnan(e.low):
            ends = f"95 % interval {e.low:.0%} to {e.high:.0%}"
        told = f"({ends}, {p_words(1.0 if e.p is None else e.p)} against a coin{sim}{out})"
        if self.predicts:
            return f"{self.formula} predicts the votes: {share}, held out {told}"
        if e.value <= 0.5:
            return (
                f"{self.formula} does not predict the votes: {share}, held out {told}; "
                "a sign may be the wrong way round, or these scores are not what you vote by"
            )
        return f"{self.formula} may predict the votes: {share}, held out {told}; {self._more()}"

    def _more(self) -> str:
        """How many more scenes and votes would tell an accuracy like this one."""
        values = list(self.by_scene.values())
        here = max(1, len(values))  # of one scene alone nothing can be held out
        per_scene = max(1.0, self.num_votes / here)
        least = max(0, LEAST_SCENES - here)
        guess: int | None = None
        if len(values) > 1:
            above = np.array(values) - 0.5
            guess = stats.more_scenes(float(above.mean()), float(above.std(ddof=1)), here)
            if guess is None and not least:
                return "no number of votes that one would give tells an accuracy so near a coin's"
        scenes = max(least, guess or 0)
        votes = math.ceil(scenes * per_scene)
        return f"about {count(votes, 'more vote')} in {count(scenes, 'more scene')} would tell"

    def __repr__(self) -> str:
        return self.text

    @property
    def df(self) -> pd.DataFrame:
        """The runs with the composite as a column, in units of a usual difference, within scene and
        model; `ResultsError` where it does not predict."""
        if not self.predicts:
            raise ResultsError(f"no column yet. {self.text}")
        frame = self._runs
        home = [frame["prompt.scene"].fillna(frame["prompt.text"]), frame["model"]]
        total = pd.Series(0.0, index=frame.index)
        for score, weight in self.weights.items():
            values = frame[score].astype("float64")
            beside = values.groupby(home, dropna=False).transform("mean")
            total += weight * (values - beside) / self._scales[score]
        size = math.fsum(abs(weight) for weight in self.weights.values())
        return frame.assign(**{f"score.{self.name}": total / size})


def composite(
    df: pd.DataFrame,
    votes: Iterable[Vote],
    weights: Mapping[str, float],
    *,
    name: str = "composite",
    rater: str | None = None,
    dimension: str = "overall",
) -> Composite:
    """The sum of `weights` × scores held against the votes of `rater` (all raters by default).

    `df` has the columns of `runs_df()`. Each score is first put in units of its usual difference
    between two clips that were voted on. Ties and both-bad decide nothing and are left out. Real
    and simulated clips are never pooled: where votes are on both, the real ones count.
    """
    chosen = _columns(df, weights)
    if f"score.{name}" in df.columns or not name.isidentifier():
        raise ResultsError(f"name={name!r} cannot be a new score; use a word that is none yet")
    rows: dict[str, dict[str, Any]] = {
        str(row["run_key"]): {str(name): value for name, value in row.items()}
        for row in df.to_dict("records")
    }
    decided = [
        vote
        for vote in effective(votes)
        if vote.verdict in ("left", "right")
        and vote.dimension == dimension
        and (rater is None or vote.rater == rater)
        and vote.left in rows
        and vote.right in rows
    ]
    if not decided:
        whose = f" of {rater!r}" if rater else ""
        raise ResultsError(
            f"no votes{whose} to hold it against: a composite has to predict votes before it may "
            "be a column; exp.review(…) asks for them"
        )
    kinds = [bool(rows[vote.left].get("simulated")) for vote in decided]
    if not all(kinds):
        decided = [vote for vote, pretended in zip(decided, kinds, strict=True) if not pretended]
    gaps, won, scenes = [], [], []
    for vote in decided:
        left, right = rows[vote.left], rows[vote.right]
        pair = [(plain(left[c]), plain(right[c])) for c in chosen]
        if any(a is None or b is None for a, b in pair):
            continue
        gaps.append([float(a) - float(b) for a, b in pair])
        won.append(vote.verdict == "left")
        scenes.append(scene_of(left))
    if not gaps:
        raise ResultsError(
            f"{count(len(decided), 'vote')}, but no pair has all of {', '.join(chosen)}; "
            "score the clips first: exp.score()"
        )
    sizes = dict(zip(chosen, map(float, stats.scales(gaps)), strict=True))
    flat = [c for c, size in sizes.items() if math.isnan(size)]
    if flat:
        raise ResultsError(f"{', '.join(flat)}: no two clips that were voted on differ in it")
    by_scene = stats.held_out_accuracy(gaps, won, list(chosen.values()), scenes)
    told = {str(scene): value for scene, value in by_scene.items()}
    accuracy = stats.pair_accuracy(list(by_scene.values()), n=len(gaps)) if len(told) > 1 else None
    return Composite(
        chosen,
        name,
        accuracy,
        len(gaps),
        told,
        left_out=len(decided) - len(gaps),
        simulated=all(kinds),
        _runs=df,
        _scales=sizes,
    )


def _columns(df: pd.DataFrame, weights: Mapping[str, float]) -> dict[str, float]:
    if not weights:
        raise ResultsError('a composite needs scores: {"camera_match": 1, "luma_flicker": -0.5}')
    known = [str(c) for c in df.columns if str(c).startswith("score.")]
    found: dict[str, float] = {}
    for score, weight in weights.items():
        number: Any = weight
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ResultsError(f"the weight of {score} is a number, not {weight!r}")
        if not math.isfinite(number) or number == 0:
            raise ResultsError(f"the weight of {score} is {weight!r}; leave the score out instead")
        try:
            column = resolve(f"score.{score}" if f"score.{score}" in known else score, known)
        except LookupError as error:
            raise ResultsError(str(error.args[0])) from error
        if not pd.api.types.is_numeric_dtype(df[column]):
            raise ResultsError(f"{column} holds words, not numbers")
        if column in found:
            raise ResultsError(f"{column} is named twice")
        found[column] = float(number)
    return found
