"""How far raters can be relied on, told from their votes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from toolkit import stats
from toolkit.records import Estimate, Vote
from toolkit.review.votes import effective

__all__ = ["RaterFacts", "agreement", "rater_facts"]

Question = tuple[frozenset[str], str]


@dataclass(frozen=True, kw_only=True)
class RaterFacts:
    """One rater. `left` is the share of decisive votes that went to the left, with its p;
    `with_self` the share of repeated pairs answered alike, `with_others` that of shared pairs.
    """

    rater: str
    num_votes: int
    num_skipped: int
    median_s: float
    left: Estimate
    with_self: Estimate
    with_others: Estimate


def agreement(votes: Iterable[Vote]) -> Estimate:
    """Share of pairs on which two raters gave the same answer, sides set aside. Ties and both bad
    are one answer, since neither prefers a clip; skips are none.
    """
    return stats.agreement(list(_answers(votes).values()))


def rater_facts(votes: Iterable[Vote]) -> list[RaterFacts]:
    """Facts on each rater, in order of appearance."""
    votes = effective(votes)
    first, second = _answers(votes), _answers(votes, repeats=True)
    found = []
    for rater in dict.fromkeys(vote.rater for vote in votes):
        mine = [vote for vote in votes if vote.rater == rater]
        said = [vote.verdict for vote in mine]
        others = [answers for name, answers in first.items() if name != rater]
        found.append(
            RaterFacts(
                rater=rater,
                num_votes=len(mine),
                num_skipped=said.count("skip"),
                median_s=statistics.median(
                    (vote.answered_at - vote.shown_at).total_seconds() for vote in mine
                ),
                left=stats.side_bias(said.count("left"), said.count("right")),
                with_self=stats.agreement([first.get(rater, {}), second.get(rater, {})]),
                with_others=_with_others(first.get(rater, {}), others),
            )
        )
    return found


def _with_others(
    mine: Mapping[Question, str], others: Iterable[Mapping[Question, str]]
) -> Estimate:
    shared = [(mine[q], theirs[q]) for theirs in others for q in mine.keys() & theirs.keys()]
    return stats.share(sum(a == b for a, b in shared), len(shared))


def _answers(votes: Iterable[Vote], *, repeats: bool = False) -> dict[str, dict[Question, str]]:
    """Rater → pair and dimension → the preferred run, or "neither"; first answers or repeats."""
    found: dict[str, dict[Question, str]] = {}
    for vote in effective(votes):
        if vote.verdict == "skip" or (vote.policy == "repeat") != repeats:
            continue
        question = frozenset((vote.left, vote.right)), vote.dimension
        answer = {"left": vote.left, "right": vote.right}.get(vote.verdict, "neither")
        found.setdefault(vote.rater, {})[question] = answer
    return found
