"""Arms compared: ranked, with how sure one may be, in a table and in plain words.

`contrast` sets two arms side by side on one score, `results` ranks all arms of a factor by votes or
by a score, `rank_votes` ranks arms from a file of votes. The unit is the scene throughout: clips of
one scene are averaged before anything is counted. Simulated and real runs are never pooled.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from toolkit import stats
from toolkit.columns import as_list, resolve
from toolkit.errors import ResultsError
from toolkit.records import Estimate, Metric, Vote
from toolkit.review.pairs import Entry, Layout, lay_out, plain
from toolkit.review.ranking import rank_votes
from toolkit.review.raters import agreement
from toolkit.review.votes import SHARE, effective, read_votes
from toolkit.stats.words import count, interval, number, p_words, turned

__all__ = [
    "Contrast",
    "Results",
    "contrast",
    "promote_arms",
    "rank_votes",
    "read_votes",
    "results",
]

ALPHA = 0.05
SURE = 0.8
"""The least P(best) at which anything is called a winner."""

NOT_RATED = "not rated"

FEW_VOTES = 10
"""Votes an arm below which a ranking is called preliminary."""

MOST_CONTRASTS = 10
"""All pairs of arms are compared up to so many; above, the first arm with each other one."""

Arm = tuple[Any, ...]
By = str | Sequence[str]

_PHRASES: Mapping[str, tuple[str, int]] = {
    # what is said of the arm with the higher (+1) or the lower (-1) score
    "camera_match": ("followed the words better than", 1),
    "luma_flicker": ("flickered less than", -1),
    "frozen_ratio": ("froze less than", -1),
    "longest_freeze_s": ("froze for a shorter time than", -1),
    "motion_magnitude": ("moved more than", 1),
    "blur_effect": ("was less blurred than", -1),
    "sharpness_log": ("was sharper than", 1),
    "duration_error_s": ("missed the length asked for by less than", -1),
}


# ---------------------------------------------------------------- two arms, one score


@dataclass(frozen=True, eq=False, kw_only=True)
class Contrast:
    """Two arms on one score. `estimate` is arm `a` minus arm `b`, the mean over the scenes both
    have; `differences` holds that of each scene.

    `wins` of `n` scenes went to `a`: better where the score has a direction, else higher.
    About `more_scenes` would tell a difference of this size: 0 where it is told, None where that is
    hopeless. `p_holm` is p in the family it was looked at with.
    """

    score: str
    a: str
    b: str
    estimate: Estimate
    differences: Mapping[str, float]
    wins: int
    losses: int
    more_scenes: int | None
    direction: str = "neutral"
    p_holm: float | None = None
    layout: str = ""
    simulated: bool = False

    @property
    def n(self) -> int:
        """Scenes."""
        return len(self.differences)

    @property
    def p(self) -> float:
        return 1.0 if self.estimate.p is None else self.estimate.p

    @property
    def separated(self) -> bool:
        return (self.p if self.p_holm is None else self.p_holm) <= ALPHA

    @property
    def rests_on(self) -> str | None:
        """The one scene without which the difference loses half its size or turns round."""
        found = stats.resting_on(list(self.differences.values()))
        return None if found is None else list(self.differences)[found]

    @property
    def text(self) -> str:
        """The finding in a sentence; where the arms are not told apart, what would tell."""
        return self._told() if self.separated else self._untold()

    def __str__(self) -> str:
        return self.text

    def _told(self) -> str:
        phrase, high_first = _phrase(self.score, self.direction)
        turn = (self.estimate.value > 0) != high_first  # the sentence begins with `b`
        first, second = (self.b, self.a) if turn else (self.a, self.b)
        shown = turned(self.estimate) if turn else self.estimate
        goes_first = [d for d in self.differences.values() if d and ((d > 0) == high_first) != turn]
        say = f"{first} {phrase} {second} in {len(goes_first)} of {count(self.n, 'scene')}: "
        say += f"{number(shown.value, shown, sign=True)} ({interval(shown)}), "
        say += f"{p_words(self.p)}{self._holm()}, {self.layout}{self._kind()}"
        if (scene := self.rests_on) is not None and self.n > 1:
            left = [d for name, d in self.differences.items() if name != scene]
            rest = number(math.fsum(left) / len(left) * (-1 if turn else 1), shown, sign=True)
            say += f"; this rests on one scene, {scene!r}: without it {rest}"
        return say

    def _untold(self) -> str:
        e = self.estimate
        say = f"{_name(self.score)}, {self.a} against {self.b}: not separated "
        say += f"(difference {number(e.value, e)}, {interval(e, short=True)}, "
        say += f"{p_words(self.p)}{self._holm()}{self._kind()}); "
        if self.n == 1:
            return f"{say}one scene tells nothing of others: run the same arms on six or more"
        if self.more_scenes is None:
            return say + self._hopeless()
        more = count(self.more_scenes, "more scene")
        return f"{say}about {more} would tell a difference of this size"

    @property
    def short(self) -> str:
        """An untold difference as a line among others of its kind."""
        e = self.estimate
        say = f"{self.a} against {self.b}: difference {number(e.value, e)}, "
        say += f"{interval(e, short=True)}, {p_words(self.p)}{self._holm()}"
        if self.n == 1:
            return say
        if self.more_scenes is None:
            return f"{say}; too small for any number of scenes that one would run"
        return f"{say}; about {count(self.more_scenes, 'more scene')} would tell"

    def _hopeless(self) -> str:
        spread = float(np.std(list(self.differences.values()), ddof=1)) if self.n > 1 else math.nan
        least = stats.detectable_difference(spread, self.n)
        say = "no number of scenes that one would run tells a difference this small"
        if least and math.isfinite(least):
            say += f"; these {self.n} would show one of {number(least, self.estimate)}"
        return say

    def _holm(self) -> str:
        if self.p_holm is None or self.p_holm == self.p:
            return ""
        return f" (Holm {p_words(self.p_holm).removeprefix('p ').removeprefix('= ')})"

    def _kind(self) -> str:
        return ", simulated clips" if self.simulated else ""

    def to_json(self) -> dict[str, Any]:
        e = self.estimate
        found = {
            "score": self.score,
            "a": self.a,
            "b": self.b,
            "difference": e.value,
            "low": e.low,
            "high": e.high,
            "level": e.level,
            "p": self.p,
            "p_holm": self.p_holm,
            "separated": self.separated,
            "wins": self.wins,
            "losses": self.losses,
            "scenes": self.n,
            "clips": e.n,
            "more_scenes": self.more_scenes,
            "rests_on": self.rests_on if self.separated else None,
            "method": e.method,
            "simulated": self.simulated,
            "text": self.text,
        }
        return {key: _json(value) for key, value in found.items()}


def contrast(
    df: pd.DataFrame,
    score: str,
    by: By,
    a: Any,
    b: Any,
    *,
    metrics: Mapping[str, Metric] | None = None,
) -> Contrast:
    """How arm `a` of `by` differs from arm `b` on `score`, over the scenes both have.

    `df` has the columns of `runs_df()`. Samples are averaged where all else is equal (scene, model,
    the other parts and parameters), differences within a scene, and scenes are compared: exact
    sign-flip test, interval by `stats.paired_estimate`. `ResultsError` says what is missing.
    """
    df, _ = _one_kind(df)
    column = _score_column(df, score)
    layout = _layout(df, by)
    one, other = (_find_arm(layout, arm) for arm in (a, b))
    if one == other:
        raise ResultsError(f"{_label(layout, one)!r} is set against itself; name two arms")
    return _contrast(layout, column, one, other, _direction(column, metrics), family=1)


def _contrast(
    layout: Layout, column: str, a: Arm, b: Arm, direction: str, *, family: int
) -> Contrast:
    scored = [e for e in layout.entries if e.arm in (a, b) and plain(e.row[column]) is not None]
    held = [c for c in layout.block if c not in ("sample", "param.seed")]
    cells = [(e.scene, *(plain(e.row.get(c)) for c in held)) for e in scored]
    scenes, found = stats.scene_differences(
        [float(e.row[column]) for e in scored],
        is_a=[e.arm == a for e in scored],
        cells=cells,
        scenes=[e.scene for e in scored],
    )
    names = _label(layout, a), _label(layout, b)
    if not scenes:
        raise ResultsError(_apart(scored, column, names, a, b))
    used = [(e, cell) for e, cell in zip(scored, cells, strict=True) if e.scene in set(scenes)]
    estimate = stats.paired_estimate(found, n=len(used))
    tally = stats.wins(found, higher_is_better=direction != "lower")
    told = estimate.p is not None and estimate.p <= ALPHA
    spread = float(found.std(ddof=1)) if len(found) > 1 else math.nan
    more = stats.more_scenes(estimate.value, spread, len(found), alpha=ALPHA / family)
    return Contrast(
        score=column,
        a=names[0],
        b=names[1],
        estimate=estimate,
        differences=dict(zip(map(str, scenes), found.tolist(), strict=True)),
        wins=tally.better,
        losses=tally.worse,
        more_scenes=0 if told and family == 1 else more,
        direction=direction,
        layout=_shape(used, len(scenes)),
        simulated=_is_simulated(scored[0]),
    )


def _apart(scored: Sequence[Entry], column: str, names: tuple[str, str], a: Arm, b: Arm) -> str:
    """Why two arms cannot be compared."""
    for name, arm in zip(names, (a, b), strict=True):
        if not any(e.arm == arm for e in scored):
            return f"no clip of {name!r} has a {_name(column)} yet; score the runs first"
    return (
        f"{names[0]!r} and {names[1]!r} share no scene in which all else is equal, so any "
        "difference may be the scene's; wordings of one shot share a scene: "
        'tk.Grid(texts, scene="watch ad")'
    )


# ---------------------------------------------------------------- all arms


@dataclass(frozen=True, eq=False, kw_only=True)
class Results:
    """The arms of `by`, best first, by `of`.

    `df` has one row an arm, `contrasts` the comparisons that were made, `text` all of it in words.
    `votes` is how many counted, `winner` the arm that may be called so, if there is one.
    """

    by: tuple[str, ...]
    of: str
    df: pd.DataFrame
    text: str
    contrasts: tuple[Contrast, ...] = ()
    num_votes: int = 0
    winner: str | None = None
    simulated: bool = False
    notes: tuple[str, ...] = ()
    arms: tuple[Arm, ...] = ()
    _draw: Callable[..., Any] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return self.text

    @property
    def contrasts_df(self) -> pd.DataFrame:
        """One row a comparison, `a` minus `b`."""
        rows = [c.to_json() for c in self.contrasts]
        return pd.DataFrame(rows, columns=list(rows[0]) if rows else None)

    def plot(self, **settings: Any) -> Any:
        """The arms as a forest of intervals, drawn by what `results(draw=…)` was given."""
        if self._draw is None:
            raise ResultsError("nothing to draw with; give results(…, draw=exports.charts.forest)")
        value = "ability" if self.of.startswith("votes") else "mean"
        frame = self.df[["arm", value, "low", "high"]].rename(columns={value: "value"})
        given: dict[str, Any] = {
            "title": f"{_names(self.by)} by {_name(self.of)}",
            "xlabel": "log ability, 95 % interval" if value == "ability" else _name(self.of),
            "note": "simulated clips" if self.simulated else "",
        }
        if value == "ability":
            given["reference"] = 0.0
        return self._draw(frame, **{**given, **settings})

    def to_json(self) -> dict[str, Any]:
        records = self.df.to_dict("records")
        return {
            "by": list(self.by),
            "of": self.of,
            "simulated": self.simulated,
            "num_votes": self.num_votes,
            "winner": self.winner,
            "arms": [{str(k): _json(v) for k, v in row.items()} for row in records],
            "contrasts": [c.to_json() for c in self.contrasts],
            "notes": list(self.notes),
            "text": self.text,
        }

    def _repr_html_(self) -> str:
        table = self.df.drop(columns=list(self.by)).to_html(
            index=False, escape=True, border=0, na_rep="–", float_format=lambda x: f"{x:.3g}"
        )
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.text.splitlines())
        return f'<div class="promptgrid-results">{table}{lines}</div>'


def results(
    df: pd.DataFrame,
    votes: Iterable[Vote] = (),
    *,
    by: By,
    of: str = "votes",
    baseline: Any = None,
    where: Mapping[str, Any] | pd.Series[Any] | None = None,
    draw: Callable[..., Any] | None = None,
    metrics: Mapping[str, Metric] | None = None,
) -> Results:
    """The arms of `by` ranked, with intervals, and what may be said of them.

    `df` has the columns of `runs_df()`. `of` is `"votes"`, `"votes:motion"` for another dimension,
    or a score. `baseline` is the arm the others are compared with; without one all are compared, or
    the first with the others where that would be more than `MOST_CONTRASTS`. `where` keeps rows by
    column (`{"model": "sim/final"}`, a list for several) or by a boolean Series. `draw` is what
    `.plot()` calls. `metrics` gives the direction of a score; by default those installed.

    Where simulated and real runs are both there, the real ones are analysed and a note says so.
    """
    df, notes = _one_kind(_where(df, where))
    layout = _layout(df, by, notes)
    base = None if baseline is None else _find_arm(layout, baseline)
    if of == "votes" or of.startswith("votes:"):
        dimension = of.partition(":")[2] or "overall"
        return _by_votes(layout, list(votes), dimension, base, notes, draw)
    column = _score_column(df, of)
    return _by_score(layout, column, _direction(column, metrics), base, notes, draw)


def _by_score(
    layout: Layout,
    column: str,
    direction: str,
    base: Arm | None,
    notes: list[str],
    draw: Callable[..., Any] | None,
) -> Results:
    rows = {arm: _facts(layout, arm) for arm in layout.arms}
    for arm, row in rows.items():
        scored = [e for e in _of(layout, arm) if plain(e.row[column]) is not None]
        row |= {"scored": len(scored), "scenes": len({e.scene for e in scored})}
        values = [float(e.row[column]) for e in scored]
        mean = stats.mean_estimate(values, [e.scene for e in scored]) if values else None
        row |= {"mean": mean.value if mean else math.nan}
        row |= {"low": mean.low if mean else math.nan, "high": mean.high if mean else math.nan}
    if all(not row["scored"] for row in rows.values()):
        raise ResultsError(f"no clip has a {_name(column)} yet; score the runs first")
    sign = 1 if direction == "lower" else -1
    order = _ranked(rows, {arm: sign * row["mean"] for arm, row in rows.items()})
    made: list[Contrast] = []
    wanted = _wanted([arm for arm in order if rows[arm]["scored"]], base)
    for a, b in wanted:
        try:
            made.append(_contrast(layout, column, a, b, direction, family=len(wanted)))
        except ResultsError as error:
            notes.append(str(error))
    if wanted and not made:
        raise ResultsError(notes[-1])
    if len(made) > 1:
        adjusted = stats.holm([c.p for c in made])
        made = [replace(c, p_holm=float(p)) for c, p in zip(made, adjusted, strict=True)]
    made = [replace(c, more_scenes=0) if c.separated else c for c in made]
    missing = sum(row["done"] - row["scored"] for row in rows.values())
    if missing:
        notes.append(f"{count(missing, 'finished clip')} without a {_name(column)} left out")
    notes += _tied(layout)
    simulated = _is_simulated(layout.entries[0])
    arrow = {"higher": "higher is better", "lower": "lower is better"}
    say = f"{_names(layout.by)} by {_name(column)} ({arrow.get(direction, 'neither end is better')}"
    say += f"): {count(len(rows), 'arm')}{', simulated clips' if simulated else ''}"
    if len(made) > 1:
        say += f"; {len(made)} comparisons, p held together by Holm"
    return Results(
        by=layout.by,
        of=column,
        df=_table(layout, order, rows),
        text="\n".join([say, *_told_apart(made), *notes]),
        contrasts=tuple(made),
        simulated=simulated,
        notes=tuple(notes),
        arms=tuple(order),
        _draw=draw,
    )


def _told_apart(made: Sequence[Contrast]) -> list[str]:
    """A line a comparison; several that are not separated under one line that says so."""
    told = [c.text for c in made if c.separated]
    rest = [c for c in made if not c.separated]
    if len(rest) < 2:
        return told + [c.text for c in rest]
    all_of = f"{len(rest)} of the {len(made)} pairs" if told else f"all {len(made)} pairs"
    head = f"not separated: {all_of}"
    if all(c.n == 1 for c in rest):
        head += "; one scene tells nothing of others: run the same arms on six or more"
    return [*told, head, *(c.short for c in rest)]


def _by_votes(
    layout: Layout,
    votes: list[Vote],
    dimension: str,
    base: Arm | None,
    notes: list[str],
    draw: Callable[..., Any] | None,
) -> Results:
    poll = _Poll(layout, votes, dimension)
    name, num_arms = _names(layout.by), count(len(layout.arms), "arm")
    lines: list[str] = []
    winner: str | None = None
    if not poll.votes:
        what = f" on {dimension}" if dimension != "overall" else ""
        column = layout.by[0].rsplit(".", 1)[-1]
        lines.append(f"{name} by votes: {num_arms}, no votes{what} yet; exp.review({column!r})")
    else:
        verdict, winner = poll.verdict()
        lines += [poll.header(), verdict]
        lines += poll.against(base) if base is not None else []
        notes += poll.notes()
    notes += _tied(layout)
    if all(row["accepted"] == NOT_RATED for row in poll.rows.values()):
        notes.append(f"cost per accepted clip: {NOT_RATED}")
    return Results(
        by=layout.by,
        of="votes" if dimension == "overall" else f"votes:{dimension}",
        df=_table(layout, poll.order, poll.rows),
        text="\n".join([*lines, *notes]),
        num_votes=len(poll.votes),
        winner=winner,
        simulated=_is_simulated(layout.entries[0]),
        notes=tuple(notes),
        arms=tuple(poll.order),
        _draw=draw,
    )


class _Poll:
    """The votes that count on the arms of a layout, their ranking, and what may be said of it."""

    def __init__(self, layout: Layout, votes: Iterable[Vote], dimension: str) -> None:
        self.layout = layout
        self.entries = {entry.key: entry for entry in layout.entries}
        self.place = {arm: n for n, arm in enumerate(layout.arms)}
        asked = [v for v in effective(votes) if v.dimension == dimension and self._fits(v)]
        self.votes = [vote for vote in asked if vote.verdict != "skip"]
        self.num_skipped = len(asked) - len(self.votes)
        self.scenes = [self.entries[vote.left].scene for vote in self.votes]
        self._left = np.array([self.place[self._arm(vote.left)] for vote in self.votes], int)
        self._right = np.array(
            [self.place[self._arm(vote.right)] for vote in self.votes], dtype=int
        )
        self._share = np.array([SHARE[vote.verdict] for vote in self.votes], dtype=float)
        self._bad = np.array([vote.verdict == "both_bad" for vote in self.votes], dtype=bool)
        self.ranking = stats.bradley_terry(
            self._left, self._right, self._share, num_arms=len(self.place), clusters=self.scenes
        )
        self.rows = {arm: _facts(layout, arm) | self._votes_of(arm) for arm in layout.arms}
        self.order = _ranked(self.rows, {arm: -row["ability"] for arm, row in self.rows.items()})

    def _fits(self, vote: Vote) -> bool:
        """Whether a vote compares two arms of this layout and nothing else."""
        left, right = self.entries.get(vote.left), self.entries.get(vote.right)
        if left is None or right is None or left.arm == right.arm or vote.policy == "repeat":
            return False
        return vote.by == self.layout.label or left.block == right.block

    def _arm(self, key: str) -> Arm:
        return self.entries[key].arm

    def _votes_of(self, arm: Arm) -> dict[str, Any]:
        k, ranking = self.place[arm], self.ranking
        estimate = ranking.estimate(k)
        mine = (self._left == k) | (self._right == k)
        return {
            "votes": int(mine.sum()),
            "wins": int(ranking.wins[k]),
            "losses": int(ranking.losses[k]),
            "ties": int(ranking.ties[k]),
            "win_rate": float(ranking.win_rate[k]),
            "both_bad_rate": float(self._bad[mine].mean()) if mine.any() else math.nan,
            "ability": estimate.value,
            "low": estimate.low,
            "high": estimate.high,
            "p_best": float(ranking.p_best[k]),
        }

    def _gap(self, a: Arm, b: Arm) -> Estimate:
        return self.ranking.gap(self.place[a], self.place[b])

    def _won_scenes(self, arm: Arm) -> tuple[int, int]:
        """In how many scenes an arm won more than it lost, of those it was voted on in."""
        balance = self._balance(arm)
        return sum(found > 0 for found in balance.values()), len(balance)

    def _balance(self, arm: Arm) -> dict[str, float]:
        """What an arm won above one half, scene by scene."""
        k = self.place[arm]
        balance: dict[str, float] = {}
        for left, right, won, scene in zip(
            self._left, self._right, self._share - 0.5, self.scenes, strict=True
        ):
            if k in (left, right):
                balance[scene] = balance.get(scene, 0.0) + (won if left == k else -won)
        return balance

    def header(self) -> str:
        votes = self.votes
        say = f"{_names(self.layout.by)} by votes: {count(len(self.place), 'arm')}, "
        say += f"{count(len(votes), 'vote')} by {count(len({v.rater for v in votes}), 'rater')} "
        say += f"in {count(len(set(self.scenes)), 'scene')}; "
        say += f"ties and both bad ({self._bad.mean():.0%}) count half"
        if self.num_skipped:
            say += f", {self.num_skipped} skipped"
        return say + (", simulated clips" if _is_simulated(self.layout.entries[0]) else "")

    def verdict(self) -> tuple[str, str | None]:
        """Whether there is a winner, and if not, what would tell."""
        voted = [arm for arm in self.order if self.rows[arm]["votes"]]
        silent = [_label(self.layout, arm) for arm in self.order if arm not in voted]
        top, others = voted[0], voted[1:]
        name, chance = _label(self.layout, top), self.rows[top]["p_best"]
        gaps = [self._gap(top, arm) for arm in others]
        if any(gap.p is None for gap in gaps):
            say = "not decided: the votes fall into groups of arms never compared with each other"
            return f"{say}; more pairs would join them", None
        adjusted = stats.holm([gap.p if gap.p is not None else math.nan for gap in gaps])
        told = bool((adjusted <= ALPHA).all())
        nearest = int(np.argmax(adjusted)) if not told else 0
        gap, p = gaps[nearest], float(adjusted[nearest])
        beside, more_or_less = _label(self.layout, others[nearest]), interval(gap)
        if told and chance >= SURE and not silent:
            won, of = self._won_scenes(top)
            say = f"winner: {name}, P(best) {chance:.2f}, ahead in {won} of {count(of, 'scene')}; "
            say += f"before {beside} by {number(gap.value, gap, sign=True)} in log ability "
            return f"{say}({more_or_less}), {p_words(p)}", name
        say = f"not decided: {name} leads with P(best) {chance:.2f}, "
        if told:
            say += f"before {beside} by {number(gap.value, gap, sign=True)} in log ability "
            say += f"({more_or_less}), {p_words(p)}"
        else:
            say += (
                f"not separated from {beside} (difference {number(gap.value, gap)} in log ability, "
            )
            say += f"{interval(gap, short=True)}, {p_words(p)}); {self._more(top, others[nearest])}"
        return say + (f"; no votes yet on {', '.join(silent)}" if silent else ""), None

    def _more(self, a: Arm, b: Arm) -> str:
        se = self.ranking.gap_se(self.place[a], self.place[b])
        more = stats.more_votes(self._gap(a, b).value, se, len(self.votes))
        if more is None:
            return "no number of votes that one would give tells a difference this small"
        return f"about {count(more, 'more vote')}, on more scenes, would tell one of this size"

    def against(self, base: Arm) -> list[str]:
        """Each arm's ability beside that of the baseline."""
        others = [arm for arm in self.order if arm != base]
        gaps = [self._gap(arm, base) for arm in others]
        adjusted = stats.holm([math.nan if gap.p is None else gap.p for gap in gaps])
        lines = []
        for arm, gap, p in zip(others, gaps, adjusted, strict=True):
            start = f"{_label(self.layout, arm)} against {_label(self.layout, base)}: "
            if math.isnan(p):
                lines.append(start + "never compared, not even through others")
                continue
            held = "" if len(others) == 1 else " (Holm)"
            told = "" if p <= ALPHA else ", not separated"
            value = number(gap.value, gap, sign=True)
            lines.append(f"{start}{value} ({interval(gap)}), {p_words(float(p))}{held}{told}")
        return lines

    def notes(self) -> list[str]:
        notes = []
        if min(row["votes"] for row in self.rows.values()) < FEW_VOTES:
            notes.append(f"preliminary: fewer than {FEW_VOTES} votes on some arm")
        if len(set(self.scenes)) == 1:
            only = self.scenes[0]
            notes.append(f"all votes are on one scene, {only!r}: this says nothing of others")
        elif (scene := self._leads_by()) is not None:
            notes.append(f"the lead rests on one scene, {scene!r}: without it another arm leads")
        sides = [vote.verdict for vote in self.votes]
        bias = stats.side_bias(sides.count("left"), sides.count("right"))
        if bias.p is not None and bias.p < 0.01:
            share = f"{bias.value:.0%} of decisive votes went to the left ({p_words(bias.p)})"
            notes.append(f"{share}: a pull to one side")
        alike = agreement(self.votes)
        if alike.n:
            share = f"{alike.value:.0%} of {count(alike.n, 'shared pair')}"
            notes.append(f"raters gave the same answer on {share}")
        seen = sum(vote.seen_labels for vote in self.votes)
        if seen:
            notes.append(f"{seen} of {len(self.votes)} votes came after labels had been seen")
        return notes

    def _leads_by(self) -> str | None:
        """The scene without which another arm would lead; the three that help most are tried."""
        leader, second = (self._balance(arm) for arm in self.order[:2])
        help_ = {scene: leader.get(scene, 0.0) - second.get(scene, 0.0) for scene in self.scenes}
        at = np.array(self.scenes)
        for scene in sorted(help_, key=lambda scene: -help_[scene])[:3]:
            kept = at != scene
            ability = stats.bradley_terry(
                self._left[kept], self._right[kept], self._share[kept], num_arms=len(self.place)
            ).ability
            if not ability[self.place[self.order[0]]] >= np.nanmax(ability) - 1e-9:
                return scene
        return None


# ---------------------------------------------------------------- who goes on


def promote_arms(
    found: Results | pd.DataFrame, *, top: int = 2, arms: Sequence[Any] | None = None
) -> list[Any]:
    """The values of the `top` best arms, in order; `arms` names them instead.

    `found` is what `results` returned, or its `df`. Values are those of the column where one is
    under test, else tuples. Without votes there is no best: `ResultsError` says what to type.
    """
    table = found.df if isinstance(found, Results) else found
    if not {"arm", "rank"} <= set(table.columns):
        raise ResultsError("arms are promoted from results; give results(…) or its .df")
    table = table.sort_values("rank", na_position="last", kind="stable")
    names = [str(name) for name in table["arm"]]
    if isinstance(found, Results):
        values = [arm[0] if len(arm) == 1 else arm for arm in found.arms]
    else:
        values = list(table["arm"])
    if arms is not None:
        known = {**dict(zip(names, values, strict=True)), **{repr(v): v for v in values}}
        chosen = []
        for arm in arms:
            if repr(arm) not in known and str(arm) not in known:
                raise ResultsError(f"no arm {arm!r}; there are: {', '.join(map(repr, names))}")
            chosen.append(known.get(repr(arm), known.get(str(arm))))
        return chosen
    if top < 1:
        raise ResultsError(f"top={top!r}: at least one arm goes on")
    ranked = [value for value, rank in zip(values, table["rank"], strict=True) if not pd.isna(rank)]
    if not ranked:
        example = ", ".join(map(repr, names[:2]))
        raise ResultsError(
            f"nothing is voted on yet, so no arm is the best; review first, or name them: "
            f"arms=[{example}]"
        )
    return ranked[:top]


# ---------------------------------------------------------------- the table


def _facts(layout: Layout, arm: Arm) -> dict[str, Any]:
    """What became of an arm's runs, and what they cost."""
    rows = [e.row for e in _of(layout, arm)]
    done = [r for r in rows if r.get("state", "done") == "done"]
    marks = [plain(r.get("accepted")) for r in done]
    rated = [mark for mark in marks if mark is not None]
    facts: dict[str, Any] = {"n": len(rows), "done": len(done)}
    for cost in ("cost_usd", "sim_cost_usd"):
        paid = [float(r[cost]) for r in rows if plain(r.get(cost)) is not None]
        facts[cost] = math.fsum(paid) if paid else math.nan
    facts["num_accepted"] = sum(map(bool, rated)) if rated else None
    facts["accepted"] = f"{sum(map(bool, rated))} of {len(rated)} rated" if rated else NOT_RATED
    return facts


def _table(
    layout: Layout, order: Sequence[Arm], rows: Mapping[Arm, dict[str, Any]]
) -> pd.DataFrame:
    """One row an arm, best first; an arm without a vote or a score has no rank."""
    cost, each = "cost_usd", "usd_per_accepted"
    if _is_simulated(layout.entries[0]):
        cost, each = f"sim_{cost}", f"sim_{each}"
    measured = [k for k in next(iter(rows.values())) if k not in _LATER]
    records = []
    for n, arm in enumerate(order, 1):
        row = rows[arm]
        there = row.get("votes", row.get("scored", 0)) > 0
        yes = row["num_accepted"]
        records.append(
            {
                "rank": n if there else None,
                "arm": _label(layout, arm),
                **dict(zip(layout.by, arm, strict=True)),
                **{key: row[key] for key in measured},
                "accepted": row["accepted"],
                cost: row[cost],
                each: row[cost] / yes if yes else math.nan,
            }
        )
    table = pd.DataFrame(records)
    return table.astype({"rank": "Int64"})


_LATER = frozenset({"accepted", "num_accepted", "cost_usd", "sim_cost_usd"})


# ---------------------------------------------------------------- rows and arms


def _where(df: pd.DataFrame, where: Mapping[str, Any] | pd.Series[Any] | None) -> pd.DataFrame:
    if where is None:
        return df
    if isinstance(where, pd.Series):
        return df[where.fillna(False).astype(bool)]
    for name, wanted in where.items():
        several = isinstance(wanted, (list, tuple, set, frozenset))
        df = df[df[_column(df, name)].isin(list(wanted) if several else [wanted])]
    if df.empty:
        raise ResultsError(f"no run fits where={dict(where)!r}")
    return df


def _one_kind(df: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Simulated or real runs, never both: the real ones where there are finished ones of both."""
    if df.empty:
        raise ResultsError("nothing to compare: there are no runs; exp.run(grid) first")
    if "model" not in df.columns:
        raise ResultsError("no column 'model'; give a frame such as exp.runs_df()")
    simulated = df["model"].astype(str).str.startswith("sim/")
    if simulated.nunique() < 2:
        return df, []
    done = df["state"] == "done" if "state" in df.columns else pd.Series(True, index=df.index)
    if not (done & ~simulated).any():
        return df[simulated], ["unfinished runs of real models are left out: never pooled"]
    note = f"{count(int(simulated.sum()), 'simulated run')} left out: never pooled with real ones; "
    return df[~simulated], [note + "where={'simulated': True} shows them alone"]


def _records(df: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in df.to_dict("records")]


def _layout(df: pd.DataFrame, by: By, notes: Sequence[str] = ()) -> Layout:
    if "run_key" not in df.columns:
        raise ResultsError("no column 'run_key'; give a frame such as exp.runs_df()")
    try:
        layout = lay_out(_records(df), by)
    except LookupError as error:
        raise ResultsError(str(error.args[0])) from error
    name = " × ".join(as_list(by))
    if len(layout.arms) < 2:
        value = f"one value, {_label(layout, layout.arms[0])!r}" if layout.arms else "no value"
        left_out = "".join(f"; {note}" for note in notes)
        raise ResultsError(f"{name} has {value}: a comparison needs two arms{left_out}")
    return layout


def _ranked(arms: Iterable[Arm], keys: Mapping[Arm, float]) -> list[Arm]:
    """`arms` by `keys`, those without one last, equals as they came."""
    return sorted(arms, key=lambda arm: (math.isnan(keys[arm]), keys[arm]))


def _of(layout: Layout, arm: Arm) -> list[Entry]:
    return [e for e in layout.entries if e.arm == arm]


def _is_simulated(entry: Entry) -> bool:
    return str(entry.row.get("model", "")).startswith("sim/")


def _label(layout: Layout, arm: Arm) -> str:
    """The arm as a person reads it: words as they are, parameters with their name."""
    words = []
    for column, value in zip(layout.by, arm, strict=True):
        text = "none" if value is None else str(value)
        bare = column.rsplit(".", 1)[-1]
        named = column.startswith("param.") or column == "sample"
        words.append(f"{bare} {text}" if named else text)
    return " · ".join(words)


def _find_arm(layout: Layout, wanted: Any) -> Arm:
    """The arm a person means: its value, a tuple or mapping of values, or its label."""
    if isinstance(wanted, Mapping):
        columns = {resolve(name, layout.by): plain(value) for name, value in wanted.items()}
        value: Arm = tuple(columns.get(c) for c in layout.by)
    elif isinstance(wanted, (tuple, list)):
        value = tuple(plain(v) for v in wanted)
    else:
        value = (plain(wanted),)
    for arm in layout.arms:
        if arm == value or _label(layout, arm) == wanted:
            return arm
    names = ", ".join(repr(_label(layout, arm)) for arm in layout.arms)
    raise ResultsError(f"no arm {wanted!r} of {_names(layout.by)}; there are: {names}")


def _wanted(order: Sequence[Arm], base: Arm | None) -> list[tuple[Arm, Arm]]:
    if base is not None:
        return [(arm, base) for arm in order if arm != base]
    pairs = list(combinations(order, 2))
    return pairs if len(pairs) <= MOST_CONTRASTS else [(order[0], arm) for arm in order[1:]]


def _column(df: pd.DataFrame, name: str) -> str:
    try:
        return resolve(name, [str(c) for c in df.columns])
    except LookupError as error:
        raise ResultsError(str(error.args[0])) from error


def _score_column(df: pd.DataFrame, score: str) -> str:
    name = f"score.{score}" if f"score.{score}" in df.columns else score
    known = [str(c) for c in df.columns]
    if name not in known and not any(c.startswith("score.") for c in known):
        raise ResultsError(f"no score {score!r}: nothing is scored yet; exp.score() does it")
    if not any(name in (c, c.rsplit(".", 1)[-1]) for c in known):
        df = df[[c for c in df.columns if str(c).startswith("score.")]]  # for what is said of it
    column = _column(df, name)
    if not pd.api.types.is_numeric_dtype(df[column]):
        raise ResultsError(f"{column} holds words, not numbers; compare its share by another score")
    return column


def _direction(column: str, metrics: Mapping[str, Metric] | None) -> str:
    if metrics is None:
        from toolkit import scorers

        metrics = getattr(scorers, "METRICS", {})
    found = metrics.get(_name(column))
    return found.direction if found else "neutral"


def _tied(layout: Layout) -> list[str]:
    return [
        f"{column} changes along with {_names(layout.by)}: the two cannot be told apart"
        for column in layout.tied
    ]


# ---------------------------------------------------------------- words


def _phrase(column: str, direction: str) -> tuple[str, bool]:
    """What is said of the arm named first, and whether that is the one with the higher score."""
    name = _name(column)
    phrase, sign = _PHRASES.get(name, ("", 0))
    if (
        sign
        and not (direction == "higher" and sign < 0)
        and not (direction == "lower" and sign > 0)
    ):
        return phrase, sign > 0
    if direction == "neutral":
        return f"had a higher {name} than", True
    return f"did better on {name} than", direction == "higher"


def _shape(used: Sequence[tuple[Entry, Arm]], num_scenes: int) -> str:
    """Such as 8 scenes × 2 models × 3 samples; clips where the cells are not alike."""
    per_cell: dict[tuple[Arm, Arm], int] = {}
    per_scene: dict[tuple[str, Arm], set[Arm]] = {}
    for entry, cell in used:
        per_cell[entry.arm, cell] = per_cell.get((entry.arm, cell), 0) + 1
        per_scene.setdefault((entry.scene, entry.arm), set()).add(cell)
    samples, cells = set(per_cell.values()), {len(found) for found in per_scene.values()}
    say = count(num_scenes, "scene")
    if len(samples) > 1 or len(cells) > 1:
        return f"{say}, {count(len(used), 'clip')}"
    models = {entry.row.get("model") for entry, _ in used}
    if (many := cells.pop()) > 1:
        say += f" × {many} {'models' if many == len(models) else 'settings'}"
    return f"{say} × {count(samples.pop(), 'sample')}"


def _name(column: str) -> str:
    return column.removeprefix("score.")


def _names(by: Sequence[str]) -> str:
    return " × ".join(column.rsplit(".", 1)[-1] for column in by)


def _json(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else json.dumps(value)
