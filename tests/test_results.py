"""Arms compared: what is said, what is not said, and what is never pooled."""

from __future__ import annotations

import itertools
import json
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from toolkit.errors import ResultsError, ReviewError
from toolkit.records import Metric, Vote
from toolkit.results import contrast, promote_arms, rank_votes, read_votes, results
from toolkit.review import Duel

METRICS = {
    "camera_match": Metric("camera_match", unit="", description="", direction="higher"),
    "luma_flicker": Metric("luma_flicker", unit="", description="", direction="lower"),
}
CAMERAS = ("static", "push in", "handheld")
EXAMPLE = Path(__file__).parents[1] / "data" / "votes_example.csv"


def runs(values, *, scenes=8, samples=1, models=("luma/ray-2",), score="camera_match", **more):
    """Runs as `runs_df()` gives them; `values(scene, camera, model, sample)` is the score."""
    rows = []
    for scene, camera, model, sample in itertools.product(
        range(scenes), CAMERAS, models, range(1, samples + 1)
    ):
        simulated = model.startswith("sim/")
        rows.append(
            {
                "run_key": f"{scene}|{camera}|{model}|{sample}",
                "model": model,
                "simulated": simulated,
                "sample": sample,
                "state": "done",
                "prompt.scene": f"scene {scene}",
                "prompt.subject": f"subject {scene}",
                "prompt.camera": camera,
                "prompt.text": f"Subject {scene}. {camera}.",
                "param.duration_s": 5.0,
                "clip.path": "clip.mp4",
                "cost_usd": math.nan if simulated else 0.5,
                "sim_cost_usd": 0.1 if simulated else math.nan,
                "mark": None,
                "accepted": pd.NA,
                f"score.{score}": values(scene, camera, model, sample),
                **more,
            }
        )
    return pd.DataFrame(rows)


PUSH = [0.5, 0.2, 0.4, 0.3, 0.1, 0.6, 0.5, -0.1]  # push in less handheld, scene by scene


def planted(scene, camera, *_):
    return scene / 10 + {"push in": PUSH[scene], "handheld": 0.0, "static": 0.2}[camera]


def noise(scene, camera, model, sample):
    seed = [scene, CAMERAS.index(camera), len(model), sample]
    return 0.005 + 0.002 * np.random.default_rng(seed).normal()


def compare(df, a="push in", b="handheld", *, score="camera_match"):
    return contrast(df, score, "camera", a, b, metrics=METRICS)


# ---------------------------------------------------------------- two arms


def test_a_difference_that_is_told_is_said_in_plain_words():
    """By hand: the sum of 2.5 is reached by turning no scene, the −0.1, or ±0.1 together: with the
    mirrored ones 6 of 256 flips."""
    found = compare(runs(planted))
    assert found.text == (
        "push in followed the words better than handheld in 7 of 8 scenes: "
        "+0.31 (95 % interval 0.10 to 0.50), p = 0.023, 8 scenes × 1 sample"
    )
    assert found.estimate.value == pytest.approx(0.3125)
    assert (found.wins, found.losses, found.n, found.estimate.n) == (7, 1, 8, 16)
    assert found.more_scenes == 0
    assert found.separated


def test_the_sentence_begins_with_the_better_arm():
    df = runs(planted)
    one = compare(df)
    other = compare(df, "handheld", "push in")
    assert other.text == one.text
    assert other.estimate.value == -one.estimate.value
    assert (other.wins, other.losses) == (1, 7)


def test_less_is_better_where_the_metric_says_so():
    df = runs(planted, score="luma_flicker")
    found = contrast(df, "luma_flicker", "camera", "push in", "handheld", metrics=METRICS)
    assert found.text.startswith("handheld flickered less than push in in 7 of 8 scenes: −0.31 (")
    assert (found.wins, found.losses) == (1, 7)


def test_a_score_without_direction_is_higher_or_lower_and_never_better():
    df = runs(planted, score="colourfulness")
    found = contrast(df, "colourfulness", "camera", "handheld", "push in", metrics={})
    assert found.text.startswith("push in had a higher colourfulness than handheld in 7 of 8")
    assert "better" not in found.text


def test_a_difference_that_is_not_told_says_what_would_tell():
    found = contrast(
        runs(noise, score="luma_flicker"),
        "luma_flicker",
        "camera",
        "push in",
        "handheld",
        metrics=METRICS,
    )
    assert not found.separated
    assert found.p > 0.05
    assert found.estimate.low < 0 < found.estimate.high
    start = "luma_flicker, push in against handheld: not separated (difference "
    assert found.text.startswith(start)
    assert (
        f"about {found.more_scenes} more scenes would tell a difference of this size" in found.text
    )


def test_a_hopeless_difference_says_what_these_scenes_would_show():
    df = runs(
        lambda s, c, *_: (0.001 if c == "static" else 0) + (1 if (s % 2) == (c == "static") else 0)
    )
    found = compare(df, "static", "handheld")
    assert found.more_scenes is None
    assert "no number of scenes that one would run tells a difference this small" in found.text
    assert "these 8 would show one of 1." in found.text


def test_the_same_in_every_scene_has_a_p_and_no_interval():
    df = runs(lambda s, c, *_: float(c == "static"))
    found = compare(df, "static", "handheld")
    assert "in 8 of 8 scenes: +1.0 (the same in every scene: no interval), p = 0.0078" in found.text


def test_five_scenes_cannot_separate_whatever_they_say():
    df = runs(lambda s, c, *_: float(c == "static") + s / 100, scenes=5)
    found = compare(df, "static", "handheld")
    assert found.p == 0.0625
    assert "not separated" in found.text
    assert "about 1 more scene would tell" in found.text


def test_one_scene_says_that_it_tells_nothing_of_others():
    found = contrast(runs(planted, scenes=1), "camera_match", "camera", "push in", "handheld")
    assert "not separated" in found.text
    assert "one scene: no interval" in found.text
    assert "one scene tells nothing of others" in found.text


def test_many_arms_that_are_not_separated_are_said_so_once():
    made = results(runs(noise, score="luma_flicker"), by="camera", of="luma_flicker")
    head, said, *pairs = made.text.splitlines()
    assert "3 arms" in head
    assert said == "not separated: all 3 pairs"
    assert [pair.split(":")[0] for pair in pairs] == [
        f"{c.a} against {c.b}" for c in made.contrasts
    ]
    assert "more scenes would tell" in pairs[0]


def test_many_arms_on_one_scene_say_once_that_it_tells_nothing():
    made = results(runs(planted, scenes=1), by="camera", of="camera_match")
    assert made.text.count("one scene tells nothing of others") == 1
    assert made.text.count("difference ") == 3


def test_what_separates_is_told_in_full_beside_what_does_not():
    made = results(runs(planted), by="camera", of="camera_match")
    assert [c.separated for c in made.contrasts].count(False) == 1
    for comparison in made.contrasts:
        assert comparison.text in made.text.splitlines()


def test_an_effect_that_rests_on_one_scene_is_said():
    values = [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 3.0]
    df = runs(lambda s, c, *_: values[s] if c == "static" else 0.0)
    found = compare(df, "static", "handheld")
    assert found.separated
    assert "; this rests on one scene, 'scene 7': without it +0.0" in found.text


def test_samples_and_models_are_averaged_before_scenes():
    df = runs(
        lambda s, c, m, k: planted(s, c) + (0.1 if k == 2 else -0.1),
        samples=2,
        models=("luma/ray-2", "kling/v2"),
    )
    found = compare(df)
    assert found.text.endswith("8 scenes × 2 models × 2 samples")
    assert found.estimate.clusters == 8
    once = compare(runs(planted))
    assert found.estimate.value == pytest.approx(once.estimate.value)
    assert found.p == once.p


def test_a_missing_clip_costs_its_cell_and_no_more():
    df = runs(planted)
    df.loc[
        (df["prompt.scene"] == "scene 3") & (df["prompt.camera"] == "handheld"),
        "score.camera_match",
    ] = math.nan
    found = compare(df)
    assert found.n == 7
    assert "scene 3" not in found.differences


def test_a_frame_saved_and_read_back_says_the_same(tmp_path):
    df = runs(planted)
    df.to_csv(tmp_path / "r.csv", index=False)
    again = contrast(
        pd.read_csv(tmp_path / "r.csv"),
        "camera_match",
        "camera",
        "push in",
        "handheld",
        metrics=METRICS,
    )
    assert again.text == compare(df).text


WRONG = {
    "no arm 'crane' of camera; there are: 'static', 'push in', 'handheld'": (
        lambda df: compare(df, "push in", "crane")
    ),
    "no column 'camra_match': did you mean 'camera_match'?": (
        lambda df: compare(df, score="camra_match")
    ),
    "'static' is set against itself; name two arms": lambda df: compare(df, "static", "static"),
    "model has one value, 'luma/ray-2': a comparison needs two arms": (
        lambda df: contrast(df, "camera_match", "model", "a", "b")
    ),
    "no column 'colour'; there are:": lambda df: contrast(df, "camera_match", "colour", "a", "b"),
    "no score 'camera_match': nothing is scored yet; exp.score() does it": (
        lambda df: compare(df.drop(columns="score.camera_match"))
    ),
    "'push in' and 'handheld' share no scene in which all else is equal, so any difference": (
        lambda df: compare(df.assign(**{"prompt.scene": df["run_key"]}))
    ),
    "no column 'zzz'; there are: score.camera_match": lambda df: results(df, by="camera", of="zzz"),
    "nothing to compare: there are no runs": lambda df: compare(df.iloc[:0]),
    "no run fits where={'model': 'x'}": (
        lambda df: results(df, by="camera", of="camera_match", where={"model": "x"})
    ),
    "no clip has a camera_match yet; score the runs first": (
        lambda df: results(
            df.assign(**{"score.camera_match": math.nan}), by="camera", of="camera_match"
        )
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_cannot_be_answered_says_why(message):
    with pytest.raises(ResultsError) as found:
        WRONG[message](runs(planted))
    assert str(found.value).startswith(message)


def test_the_tables_of_the_house_are_understood():
    """`runs_frame` has dtypes of its own, and columns that end like those asked for."""
    from toolkit.tables import runs_frame

    rows = runs(planted).drop(columns=["score.camera_match", "accepted", "mark"])
    rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    rows = [{**row, "clip.duration_s": 5.1, "params": {"duration_s": 5}} for row in rows]
    readings = [
        (r["run_key"], "camera_match", planted(int(r["run_key"][0]), r["prompt.camera"]), "a word")
        for r in rows
    ]
    df = runs_frame(rows, readings)
    assert compare(df).text == compare(runs(planted)).text
    found = results(df, vote_all(df, STRONG), by="camera")
    assert found.num_votes == 24
    json.dumps(found.to_json(), allow_nan=False)
    with pytest.raises(ResultsError, match=r"^duration_s has one value, 'duration_s 5': a compar"):
        results(df, by="duration_s")
    with pytest.raises(ResultsError, match=r"^score\.camera_match\.label holds words, not numbers"):
        results(df, by="camera", of="camera_match.label")


# ---------------------------------------------------------------- simulated and real


def test_simulated_and_real_runs_are_never_pooled():
    df = runs(lambda s, c, m, k: planted(s, c) + 9 * m.startswith("sim/") * (c == "handheld"),
              models=("sim/draft", "luma/ray-2"))  # fmt: skip
    both = results(df, by="camera", of="camera_match", metrics=METRICS)
    real = results(df[~df["simulated"]], by="camera", of="camera_match", metrics=METRICS)
    pd.testing.assert_frame_equal(both.df, real.df)
    assert not both.simulated
    note = "24 simulated runs left out: never pooled with real ones; "
    assert both.notes == (note + "where={'simulated': True} shows them alone",)
    assert both.notes[0] in both.text
    alone = results(df, by="camera", of="camera_match", where={"simulated": True}, metrics=METRICS)
    assert alone.simulated
    assert alone.df["arm"][0] == "handheld"
    assert "simulated clips" in alone.text.splitlines()[0]
    assert "simulated clips" in alone.contrasts[0].text


# ---------------------------------------------------------------- all arms by a score


def test_arms_are_ranked_with_holm_over_the_comparisons():
    found = results(runs(planted), by="camera", of="camera_match", metrics=METRICS)
    assert list(found.df["arm"]) == ["push in", "static", "handheld"]
    assert list(found.df["rank"]) == [1, 2, 3]
    assert found.df["mean"].tolist() == pytest.approx([0.6625, 0.55, 0.35])
    assert [(c.a, c.b) for c in found.contrasts] == [
        ("push in", "static"),
        ("push in", "handheld"),
        ("static", "handheld"),
    ]
    ps = sorted(c.p for c in found.contrasts)
    assert min(c.p_holm for c in found.contrasts) == pytest.approx(3 * ps[0])
    assert found.text.splitlines()[0] == (
        "camera by camera_match (higher is better): 3 arms; 3 comparisons, p held together by Holm"
    )
    assert list(found.contrasts_df["p_holm"]) == [c.p_holm for c in found.contrasts]


def test_lower_is_first_where_lower_is_better():
    df = runs(planted, score="luma_flicker")
    found = results(df, by="camera", of="luma_flicker", metrics=METRICS)
    assert list(found.df["arm"]) == ["handheld", "static", "push in"]


def test_a_baseline_is_what_all_are_compared_with():
    found = results(
        runs(planted), by="camera", of="camera_match", baseline="static", metrics=METRICS
    )
    assert [(c.a, c.b) for c in found.contrasts] == [("push in", "static"), ("handheld", "static")]


def test_several_factors_make_combined_arms():
    df = runs(planted, models=("luma/ray-2", "kling/v2"))
    found = results(df, by=["camera", "model"], of="camera_match", metrics=METRICS)
    assert len(found.df) == 6
    assert "push in · kling/v2" in set(found.df["arm"])
    assert len(found.contrasts) == 5  # 15 pairs are too many: the first with each
    c = contrast(
        df, "camera_match", ["camera", "model"], ("static", "kling/v2"), ("push in", "kling/v2")
    )
    assert (c.a, c.b) == ("static · kling/v2", "push in · kling/v2")


def test_clips_without_a_score_are_counted():
    df = runs(planted)
    df.loc[:1, "score.camera_match"] = math.nan
    found = results(df, by="camera", of="camera_match", metrics=METRICS)
    assert "2 finished clips without a camera_match left out" in found.text
    assert found.df.set_index("arm").loc["static", "scored"] == 7


# ---------------------------------------------------------------- all arms by votes


def vote_all(df, strength, *, seed=0, limit=None):
    rng = np.random.default_rng(seed)
    votes: list[Vote] = []
    duel = Duel(df.to_dict("records"), "camera", save=votes.append, minutes=None)
    while (pair := duel.next_pair()) and (limit is None or len(votes) < limit):
        gap = strength[pair.left_key.split("|")[1]] - strength[pair.right_key.split("|")[1]]
        chance = 1 / (1 + math.exp(-gap))
        duel.vote("tie" if rng.random() < 0.1 else "left" if rng.random() < chance else "right")
    return votes


STRONG = {"push in": 3.0, "static": 0.0, "handheld": -1.0}
EQUAL = dict.fromkeys(CAMERAS, 0.0)


def test_a_clear_winner_is_named_with_its_interval():
    df = runs(planted, samples=4)
    found = results(df, vote_all(df, STRONG), by="camera")
    assert found.winner == "push in"
    line = found.text.splitlines()[1]
    assert line.startswith("winner: push in, P(best) ")
    assert "ahead in 8 of 8 scenes; before static by +" in line
    assert list(found.df["arm"]) == ["push in", "static", "handheld"]
    assert found.df["p_best"].sum() == pytest.approx(1)
    assert (found.df["wins"] + found.df["losses"] + found.df["ties"] == found.df["votes"]).all()
    assert found.num_votes == 96


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_called_a_winner_before_it_is_told(seed):
    """Equal arms: a winner in 8 tries would be one too many; and whatever the words, they agree."""
    df = runs(planted)
    found = results(df, vote_all(df, EQUAL, seed=seed), by="camera")
    assert found.winner is None
    assert "winner" not in found.text
    assert "not decided: " in found.text
    assert "not separated from" in found.text


def test_an_undecided_ranking_says_what_would_tell():
    df = runs(planted)
    found = results(df, vote_all(df, STRONG, limit=6), by="camera")
    assert "winner" not in found.text
    assert "more votes, on more scenes, would tell one of this size" in found.text
    assert "preliminary: fewer than 10 votes on some arm" in found.notes


def test_no_votes_is_a_table_and_no_ranking():
    found = results(runs(planted), by="camera")
    assert found.text.splitlines() == [
        "camera by votes: 3 arms, no votes yet; exp.review('camera')",
        "cost per accepted clip: not rated",
    ]
    assert found.df["rank"].isna().all()
    assert list(found.df["n"]) == [8, 8, 8]


def test_undone_and_skipped_votes_do_not_count_and_both_bad_is_a_tie():
    df = runs(planted)
    votes: list[Vote] = []
    duel = Duel(df.to_dict("records"), "camera", save=votes.append)
    for verdict in ("left", "left", "skip", "both_bad", "tie"):
        duel.next_pair()
        duel.vote(verdict)
    duel.undo()
    found = results(df, votes, by="camera")
    assert found.num_votes == 3
    assert "1 skipped" in found.text
    assert "both bad (33%) count half" in found.text
    assert found.df["ties"].sum() == 2
    assert found.df["both_bad_rate"].max() > 0


def test_votes_of_another_factor_or_dimension_do_not_count():
    df = runs(planted, models=("luma/ray-2", "kling/v2"))
    at = datetime(2025, 1, 1, tzinfo=UTC)

    def vote(left, right, **more):
        keys = {"id": left + right, "verdict": "left", "shown_at": at, "answered_at": at}
        given = {"by": "model", "left": left, "right": right, **keys, **more}
        return Vote(given.pop("id"), **given)

    votes = [
        vote("0|static|kling/v2|1", "0|static|luma/ray-2|1"),  # same camera
        vote("0|static|kling/v2|1", "0|push in|luma/ray-2|1"),  # the model differs too
        vote("1|static|kling/v2|1", "1|push in|kling/v2|1"),  # a fair pair, whatever it was for
        vote("2|static|kling/v2|1", "2|push in|kling/v2|1", dimension="motion"),
        vote("2|static|kling/v2|1", "nobody", by="prompt.camera"),
    ]
    assert results(df, votes, by="camera").num_votes == 1
    assert results(df, votes, by="camera", of="votes:motion").num_votes == 1


def test_a_side_bias_is_said():
    df = runs(planted)
    votes: list[Vote] = []
    duel = Duel(df.to_dict("records"), "camera", save=votes.append, seen_labels=True)
    while duel.next_pair():
        duel.vote("left")
    found = results(df, votes, by="camera")
    assert "100% of decisive votes went to the left (p < 0.001): a pull to one side" in found.notes
    assert "24 of 24 votes came after labels had been seen" in found.notes
    assert found.winner is None


def test_one_scene_is_said_and_so_is_a_lead_that_one_scene_carries():
    df = runs(planted, scenes=1, samples=6)
    one = results(df, vote_all(df, STRONG), by="camera")
    assert "all votes are on one scene, 'scene 0': this says nothing of others" in one.notes
    many = runs(planted, scenes=4, samples=5)
    votes: list[Vote] = []
    duel = Duel(many.to_dict("records"), "camera", save=votes.append, minutes=None)
    while pair := duel.next_pair():
        scene, left, *_ = pair.left_key.split("|")
        right = pair.right_key.split("|")[1]
        favourite = "static" if scene == "0" else "handheld" if pair.left_key[-1] == "1" else ""
        duel.vote("left" if left == favourite else "right" if right == favourite else "tie")
    found = results(many, votes, by="camera")
    assert found.df["arm"][0] == "static"
    assert "the lead rests on one scene, 'scene 0': without it another arm leads" in found.notes


def test_a_baseline_shows_each_gap():
    df = runs(planted, samples=4)
    found = results(df, vote_all(df, STRONG), by="camera", baseline="static")
    lines = [line for line in found.text.splitlines() if " against static: " in line]
    assert len(lines) == 2
    assert lines[0].startswith("push in against static: +")
    assert "(Holm)" in lines[0]


def test_cost_per_accepted_clip_waits_for_ratings():
    df = runs(planted)
    assert set(results(df, by="camera").df["accepted"]) == {"not rated"}
    df["accepted"] = pd.array([True, False, True] + [None] * 21, dtype="boolean")
    df.loc[5, "state"] = "failed"  # still paid for
    table = results(df, by="camera").df.set_index("arm")
    assert table.loc["static", "accepted"] == "1 of 1 rated"
    assert table.loc["static", "usd_per_accepted"] == pytest.approx(8 * 0.5)
    assert table.loc["push in", "accepted"] == "0 of 1 rated"
    assert math.isnan(table.loc["push in", "usd_per_accepted"])
    assert table.loc["handheld", "cost_usd"] == pytest.approx(4.0)
    assert table.loc["handheld", "done"] == 7


# ---------------------------------------------------------------- showing


def test_results_show_as_text_page_json_and_picture():
    df = runs(planted).replace({"prompt.camera": {"static": "<b>static</b> & co"}})
    drawn = {}

    def draw(frame, **settings):
        drawn.update(settings, frame=frame)
        return "figure"

    found = results(df, by="camera", of="camera_match", draw=draw, metrics=METRICS)
    page = found._repr_html_()
    assert "<b>static" not in page
    assert page.count("&lt;b&gt;static&lt;/b&gt; &amp; co") >= 2
    assert repr(found) == found.text
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [arm["rank"] for arm in told["arms"]] == [1, 2, 3]
    assert told["contrasts"][0]["text"] == found.contrasts[0].text
    assert found.plot() == "figure"
    assert list(drawn["frame"].columns) == ["arm", "value", "low", "high"]
    assert drawn["title"] == "camera by camera_match"
    with pytest.raises(ResultsError, match=r"^nothing to draw with; give results\(…, draw="):
        results(df, by="camera").plot()
    json.dumps(results(df, by="camera").to_json(), allow_nan=False)


def test_the_chart_of_the_house_draws_them():
    from toolkit.exports.charts import forest

    df = runs(planted)
    fig = results(df, vote_all(df, STRONG), by="camera", draw=forest).plot()
    assert fig.axes


# ---------------------------------------------------------------- who goes on


def test_the_best_arms_go_on():
    df = runs(planted, samples=2)
    found = results(df, vote_all(df, STRONG), by="camera")
    assert promote_arms(found) == ["push in", "static"]
    assert promote_arms(found.df, top=1) == ["push in"]
    assert promote_arms(found, arms=["handheld"]) == ["handheld"]
    both = runs(planted, models=("luma/ray-2", "kling/v2"))
    of_two = results(both, by=["camera", "model"], of="camera_match", metrics=METRICS)
    assert promote_arms(of_two, top=1)[0][0] == "push in"


def test_values_go_on_as_what_they_are_and_not_as_text():
    df = runs(planted)
    df["param.duration_s"] = df["prompt.camera"].map(
        {"static": 4.0, "push in": 5.0, "handheld": 8.0}
    )
    df[["prompt.camera", "prompt.text"]] = "same"
    found = results(df, by="duration_s", of="camera_match", metrics=METRICS)
    assert found.df["arm"][0] == "duration_s 5"
    assert promote_arms(found, top=1) == [5]


def test_without_votes_promote_says_what_to_type():
    found = results(runs(planted), by="camera")
    with pytest.raises(
        ResultsError, match=r"nothing is voted on yet.*: arms=\['static', 'push in'\]$"
    ):
        promote_arms(found)
    assert promote_arms(found, arms=["static"]) == ["static"]
    with pytest.raises(ResultsError, match=r"^no arm 'crane'; there are: 'static', "):
        promote_arms(found, arms=["crane"])
    with pytest.raises(ResultsError, match=r"^arms are promoted from results; "):
        promote_arms(runs(planted))
    with pytest.raises(ResultsError, match=r"^top=0: at least one arm goes on$"):
        promote_arms(found, top=0)


# ---------------------------------------------------------------- votes from a file


def test_the_example_votes_are_ranked():
    found = rank_votes(read_votes(EXAMPLE))
    assert found.keys() >= {"ratings", "ties_as", "clusters", "p_best"}
    assert [row["arm"] for row in found["ratings"]] == [
        "slow push in",
        "static wide shot",
        "handheld, following",
    ]
    assert found["ratings"][0].keys() >= {
        "arm", "log_ability", "low", "high", "wins", "losses", "ties",
    }  # fmt: skip
    assert (found["ties_as"], found["clusters"], found["cluster_by"]) == (0.5, 8, "scene")
    assert sum(found["p_best"].values()) == pytest.approx(1)
    assert (found["votes"], found["skipped"]) == (47, 1)
    assert sum(row["log_ability"] for row in found["ratings"]) == pytest.approx(0, abs=1e-9)
    json.dumps(found, allow_nan=False)


def test_clusters_widen_the_interval_and_are_a_choice():
    rows = [
        {"left": "a", "right": "b", "verdict": v, "rater": rater, "prompt": str(n)}
        for rater, wins in (("x", 9), ("y", 9), ("z", 2), ("w", 2))
        for n, v in enumerate(["left"] * wins + ["right"] * (10 - wins))
    ]
    by_prompt, by_rater = rank_votes(rows), rank_votes(rows, cluster="rater")
    assert (by_prompt["clusters"], by_rater["clusters"]) == (10, 4)
    width = [r["ratings"][0]["high"] - r["ratings"][0]["low"] for r in (by_prompt, by_rater)]
    assert width[1] > 1.5 * width[0]
    alone = rank_votes([{k: row[k] for k in ("left", "right", "verdict")} for row in rows])
    assert alone["clusters"] is None
    with pytest.raises(ReviewError, match=r"^no column 'team' to cluster by; there are: left, "):
        rank_votes(rows, cluster="team")
    with pytest.raises(ReviewError, match=r"^no vote to rank: there are none, or every one is a"):
        rank_votes([{"left": "a", "right": "b", "verdict": "skip"}])
