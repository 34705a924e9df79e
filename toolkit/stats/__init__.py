"""Arrays in, estimates out: paired differences over scenes, rankings from votes, sample sizes.

    paired      mean difference, exact sign-flip p and interval, wins, Holm
    power       how many more scenes or votes would tell
    ranking     Bradley-Terry with ties, clustered by scene
    agreement   side bias, raters with themselves and each other
    composite   whether a weighted sum of scores says what votes say
    sequential  the e-value that survives peeking

Nothing here knows a prompt or a DataFrame. SciPy and evalica are loaded at the first use.
"""

from toolkit.stats.agreement import agreement, share, side_bias
from toolkit.stats.composite import held_out_accuracy, pair_accuracy, scales
from toolkit.stats.paired import (
    Wins,
    holm,
    mean_estimate,
    paired_estimate,
    resting_on,
    scene_differences,
    sign_flip_p,
    smallest_p,
    wins,
)
from toolkit.stats.power import (
    detectable_difference,
    detectable_win_rate,
    more_scenes,
    more_votes,
    scenes_needed,
    votes_needed,
)
from toolkit.stats.ranking import Ranking, bradley_terry
from toolkit.stats.sequential import anytime_p, e_value

__all__ = [
    "Ranking",
    "Wins",
    "agreement",
    "anytime_p",
    "bradley_terry",
    "detectable_difference",
    "detectable_win_rate",
    "e_value",
    "held_out_accuracy",
    "holm",
    "mean_estimate",
    "more_scenes",
    "more_votes",
    "pair_accuracy",
    "paired_estimate",
    "resting_on",
    "scales",
    "scene_differences",
    "scenes_needed",
    "share",
    "side_bias",
    "sign_flip_p",
    "smallest_p",
    "votes_needed",
    "wins",
]
