"""A person's own composite: it has to predict votes in scenes held out before it is a column."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from toolkit.composite import Composite, composite
from toolkit.errors import ResultsError
from toolkit.records import Vote
from toolkit.stats import held_out_accuracy, pair_accuracy, scales

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def runs(num_scenes: int, *, seed: int = 0, model: str = "luma/ray-2") -> pd.DataFrame:
    """Two arms a scene with two random scores."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            {
                "run_key": f"{model}-{scene}-{arm}",
                "model": model,
                "simulated": model.startswith("sim/"),
                "prompt.scene": f"scene {scene}",
                "prompt.text": f"{scene} {arm}",
                "score.camera_match": rng.normal(),
                "score.luma_flicker": 0.001 * rng.normal(),
                "score.camera_motion.label": "static",
            }
            for scene, arm in product(range(num_scenes), ("a", "b"))
        ]
    )


def vote(left: str, right: str, verdict: str, **more: Any) -> Vote:
    return Vote(
        f"{left}|{right}|{len(more)}", left=left, right=right, verdict=verdict,  # type: ignore[arg-type]
        by="prompt.camera", shown_at=NOW, answered_at=NOW, **more,
    )  # fmt: skip


def votes_by(df: pd.DataFrame, score: str, *, sign: int = 1) -> list[Vote]:
    """One vote a scene, for the clip that has more of `score`."""
    found = []
    for _, pair in df.groupby("prompt.scene", sort=False):
        a, b = pair.to_dict("records")
        left_won = sign * (a[score] - b[score]) > 0
        found.append(vote(a["run_key"], b["run_key"], "left" if left_won else "right"))
    return found


def test_a_composite_that_predicts_the_votes_is_a_column():
    df = runs(12)
    made = composite(df, votes_by(df, "score.camera_match"), {"camera_match": 1})
    assert made.predicts
    assert made.accuracy is not None
    assert made.accuracy.value == 1.0
    assert made.text.startswith("camera_match predicts the votes: 100% of 12 votes in 12 scenes")
    column = made.df["score.composite"]
    assert list(column.groupby(df["prompt.scene"]).mean().round(9)) == [0.0] * 12
    assert column.corr(df["score.camera_match"]) > 0.5


def test_a_composite_with_the_sign_the_wrong_way_round_is_refused():
    df = runs(12)
    made = composite(df, votes_by(df, "score.camera_match"), {"camera_match": -1})
    assert not made.predicts
    assert "a sign may be the wrong way round" in made.text
    with pytest.raises(ResultsError, match=r"^no column yet\. −camera_match does not predict"):
        made.df  # noqa: B018


def test_votes_that_follow_nothing_make_no_column_in_most_draws():
    refused = 0
    for seed in range(40):
        df = runs(10, seed=seed)
        df["score.other"] = np.random.default_rng(1000 + seed).normal(size=len(df))
        made = composite(df, votes_by(df, "score.other"), {"camera_match": 1, "luma_flicker": -1})
        refused += not made.predicts
    assert refused >= 36  # a test at 0.05, one-sided


def test_too_few_votes_say_how_many_more():
    df = runs(3)
    made = composite(df, votes_by(df, "score.camera_match"), {"camera_match": 1})
    assert not made.predicts
    assert made.text.endswith("about 3 more votes in 3 more scenes would tell")


def test_one_scene_alone_tells_nothing():
    df = runs(1)
    made = composite(df, votes_by(df, "score.camera_match"), {"camera_match": 1})
    assert made.accuracy is None
    assert "1 vote on 1 scene cannot be told from luck" in made.text
    assert "5 more votes in 5 more scenes" in made.text


def test_ties_undone_votes_and_other_raters_do_not_count():
    df = runs(8)
    votes = votes_by(df, "score.camera_match")
    tie = vote("luma/ray-2-0-a", "luma/ray-2-0-b", "tie", rater="me")
    wrong = vote("luma/ray-2-1-b", "luma/ray-2-1-a", "left", rater="you", strong=True)
    made = composite(df, [*votes, tie, wrong], {"camera_match": 1}, rater="me")
    assert made.num_votes == 8


def test_votes_on_clips_without_the_scores_are_counted_and_said():
    df = runs(9)
    votes = votes_by(df, "score.camera_match")
    df.loc[0, "score.camera_match"] = math.nan
    made = composite(df, votes, {"camera_match": 1})
    assert (made.num_votes, made.left_out) == (8, 1)
    assert "1 vote on clips without these scores" in made.text


def test_real_and_simulated_votes_are_not_pooled():
    real, pretended = runs(7), runs(9, model="sim/draft")
    votes = [*votes_by(real, "score.camera_match"), *votes_by(pretended, "score.camera_match")]
    made = composite(pd.concat([real, pretended]), votes, {"camera_match": 1})
    assert (made.num_votes, made.simulated) == (7, False)
    alone = composite(pretended, votes_by(pretended, "score.camera_match"), {"camera_match": 1})
    assert "simulated clips" in alone.text


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, r"^a composite needs scores"),
        ({"camera_match": 0}, r"^the weight of camera_match is 0; leave the score out instead$"),
        ({"camera_match": "much"}, r"^the weight of camera_match is a number, not 'much'$"),
        ({"camera_mach": 1}, r"^no column 'camera_mach': did you mean 'camera_match'\?$"),
        ({"camera_motion.label": 1}, r"holds words, not numbers$"),
        ({"camera_match": 1, "score.camera_match": 2}, r"is named twice$"),
    ],
)
def test_odd_weights_are_refused_with_the_way_out(weights: dict[str, Any], message: str):
    df = runs(3)
    with pytest.raises(ResultsError, match=message):
        composite(df, votes_by(df, "score.camera_match"), weights)


def test_without_votes_there_is_no_composite():
    with pytest.raises(ResultsError, match=r"^no votes of 'ada' to hold it against"):
        composite(runs(3), [], {"camera_match": 1}, rater="ada")


def test_nothing_is_learned_from_the_scene_that_is_told():
    """Each scene differs in one score alone: seen from the other that one says nothing."""
    gaps = [[1.0, 0.0], [0.0, 5.0]]
    found = held_out_accuracy(gaps, [True, True], [1.0, 1.0], ["one", "two"])
    assert found == {"one": 0.5, "two": 0.5}
    assert held_out_accuracy([[1.0]], [True], [1.0], ["one"]) == {}


def test_a_gap_is_measured_in_its_usual_size():
    assert scales([[3.0, 0.0], [4.0, 0.0]])[0] == pytest.approx(math.sqrt(12.5))
    assert math.isnan(scales([[3.0, 0.0]])[1])


def test_accuracy_is_against_one_half_with_the_exact_test_over_scenes():
    found = pair_accuracy([1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.5], n=14)
    assert found.value == pytest.approx(6 / 7)
    assert found.p == pytest.approx(2**-4)  # five of one sign, two that decide nothing
    assert found.high <= 1.0


def test_the_formula_is_said_with_its_signs():
    made = Composite({"score.a": 1, "score.b": -0.5, "score.c": 2}, "x", None, 0, {})
    assert made.formula == "a − 0.5 × b + 2 × c"
