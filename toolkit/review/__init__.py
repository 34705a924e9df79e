"""Blind review without a screen: which pairs, on which sides, what was answered.

pairs    clips that differ in what is under test and in nothing else
duel     the session: next pair, vote, undo, progress
triage   one clip at a time, kept or not
votes    which answers stand; reading a CSV of them
"""

from toolkit.review.duel import Duel, Pair, Progress
from toolkit.review.ranking import rank_votes
from toolkit.review.raters import RaterFacts, agreement, rater_facts
from toolkit.review.triage import Triage, is_accepted, new_rating
from toolkit.review.votes import effective, read_votes

__all__ = [
    "Duel",
    "Pair",
    "Progress",
    "RaterFacts",
    "Triage",
    "agreement",
    "effective",
    "is_accepted",
    "new_rating",
    "rank_votes",
    "rater_facts",
    "read_votes",
]
