from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

import toolkit as tk
from toolkit.columns import RUN_COLUMNS, resolve
from toolkit.errors import ToolkitError
from toolkit.records import ImageRef, Metric, Rating, Reading, RunSpec, Score, Vote
from toolkit.tables import (
    arms_df,
    display_df,
    ratings_df,
    ratings_frame,
    runs_df,
    runs_frame,
    scores_df,
    scores_frame,
    votes_df,
    votes_frame,
)

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(n, **more):
    key = f"{n:064x}"
    done = more.get("state", "done") == "done"
    return {
        "run_id": key[:16], "run_key": key, "model": "sim/draft", "service": "sim",
        "simulated": True, "sample": 1, "state": "done", "prompt.name": "fox",
        "prompt.scene": "fox", "prompt.subject": "a fox", "prompt.text": "A fox.",
        "clip.path": "/x/a.mp4" if done else None, "clip.width": 960 if done else None,
        "clip.duration_s": 2.0 if done else None, "clip.has_audio": False if done else None,
        "sim_cost_usd": 0.04, "cost_usd": 0.0, "created_at": T0, "num_attempts": 1, **more,
        "params": {k[6:]: v for k, v in more.items() if k.startswith("param.")},
    }  # fmt: skip


def score(n, metric, value, label=None):
    return Score(
        f"{n:064x}", clip_sha256="c" * 64, metric=metric, scorer="fam@1", tier="full",
        settings_hash="0", reading=Reading(value, label=label, confidence=0.5),
    )  # fmt: skip


def frame(rows, scores=()):
    bare = [(s.run_key, s.metric, s.reading.value, s.reading.label) for s in scores]
    return runs_frame(rows, bare, details=scores)


def rating(n, mark, minute=0, rater="me"):
    return Rating(
        f"{n}-{mark}-{minute}", run_key=f"{n:064x}", mark=mark, rater=rater,
        at=T0 + timedelta(minutes=minute),
    )  # fmt: skip


def test_an_empty_experiment_has_every_column_with_its_dtype():
    empty, full = runs_frame([]), runs_frame([row(1)])
    assert tuple(empty.columns) == RUN_COLUMNS
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert votes_frame([]).dtypes["strong"] == "boolean"
    assert scores_frame([], {}).dtypes["value"] == "float64"


def test_params_follow_the_prompt_and_scores_come_last():
    rows = [row(1, **{"param.zeta": 1, "param.seed": 7, "param.duration_s": 5})]
    df = runs_frame(rows, [(f"{1:064x}", "luma_flicker", 0.25, None)])
    at = list(df.columns).index("prompt.used") + 1
    assert list(df.columns[at : at + 3]) == ["param.duration_s", "param.seed", "param.zeta"]
    assert df.columns[-1] == "score.luma_flicker"
    assert [c for c in df.columns if c in RUN_COLUMNS] == list(RUN_COLUMNS)


def test_asked_and_measured_stay_apart_and_a_bare_name_says_so():
    df = runs_frame([row(1, **{"param.duration_s": 5, "clip.duration_s": 2.04})])
    assert df.loc[0, "param.duration_s"] == 5.0
    assert df.loc[0, "clip.duration_s"] == 2.04
    with pytest.raises(LookupError, match=r"'param.duration_s' or 'clip.duration_s'"):
        resolve("duration_s", df.columns)


def test_a_column_that_is_not_there_is_answered_with_few_names_those_asked_for_first():
    many = [*RUN_COLUMNS, "param.duration_s", *(f"score.s{n}" for n in range(40))]
    with pytest.raises(ToolkitError, match=r"no column 'zzz'; there are: model, param.dur") as told:
        resolve("zzz", many)
    said = str(told.value)
    assert "prompt.camera" in said
    assert "score.s1" not in said
    assert said.endswith(f"and {len(many) - said.count(',') - 1} more: exp.runs_df().columns")
    with pytest.raises(ToolkitError, match=r"there are: a, b$"):
        resolve("zzz", ["b", "a"])


def test_a_table_survives_parquet_exactly(tmp_path):
    rows = [
        row(1, **{"param.loop": True, "param.seed": 3, "param.tags": ["a", 1]}),
        row(
            2, state="failed", reason="\0 <script> \u202e", **{"param.fps": 24, "param.loop": None}
        ),
        row(3, **{"param.start_image": ImageRef("f" * 64), "param.audio": False}),
    ]
    df = frame(rows, [score(1, "camera_motion", None, "push_in")])
    df.to_parquet(tmp_path / "runs.parquet")
    back = pd.read_parquet(tmp_path / "runs.parquet")
    pd.testing.assert_frame_equal(back, df)
    assert back["param.seed"].dtype == "Int64"
    assert back["param.loop"].tolist() == [True, pd.NA, pd.NA]
    assert back.loc[2, "param.start_image"] == "f" * 64
    assert back.loc[0, "param.tags"] == '["a",1]'
    assert str(back["created_at"].dtype) == "datetime64[us, UTC]"


def test_a_parameter_of_mixed_kinds_becomes_text_and_loses_nothing():
    rows = [row(1, **{"param.duration_s": 5}), row(2, **{"param.duration_s": "auto"})]
    assert runs_frame(rows)["param.duration_s"].tolist() == ["5", "auto"]
    big = [row(1, **{"param.seed": 2**64}), row(2, **{"param.seed": 1})]
    assert runs_frame(big)["param.seed"].tolist() == [str(2**64), "1"]
    kinds = [row(1, **{"param.strength": 1}), row(2, **{"param.strength": 0.5})]
    assert runs_frame(kinds)["param.strength"].tolist() == [1.0, 0.5]


def test_half_a_surrogate_pair_does_not_break_a_table():
    assert runs_frame([row(1, reason="bad \ud800 text")]).loc[0, "reason"] == "bad ? text"


def test_labels_stand_beside_their_score():
    df = frame([row(1), row(2)], [score(1, "camera_motion", 0.9, "push_in")])
    assert df["score.camera_motion.label"].tolist()[0] == "push_in"
    assert pd.isna(df.loc[1, "score.camera_motion"])
    assert df.loc[0, "score.camera_motion.confidence"] == 0.5


def test_the_last_mark_of_a_run_is_the_one_that_counts():
    marks = [rating(1, "reject"), rating(2, "4"), rating(1, "pick", 5, rater="you")]
    assert ratings_frame(marks)["current"].tolist() == [False, True, True]


def test_a_run_without_a_mark_is_not_rated_though_others_are():
    df = runs_frame([row(1, mark="pick", accepted=True), row(2, mark=None, accepted=False)])
    assert df["accepted"].tolist() == [True, pd.NA]


def test_scores_carry_what_they_mean():
    flicker = Metric("luma_flicker", unit="0..1", description="d", direction="lower", evidence="A")
    df = scores_frame([score(1, "luma_flicker", 0.2), score(1, "odd", 1.0)],
                      {"luma_flicker": flicker})  # fmt: skip
    assert df["direction"].fillna("-").tolist() == ["lower", "-"]
    assert df["value"].tolist() == [0.2, 1.0]


def test_an_undone_vote_stays_and_is_marked():
    when = {"shown_at": T0, "answered_at": T0, "by": "prompt.camera"}
    votes = [
        Vote("1", left="a", right="b", verdict="left", **when),
        Vote("2", left="a", right="b", verdict="skip", undoes="1", **when),
    ]
    assert votes_frame(votes)["undone"].tolist() == [True, False]


def arms():
    rated, no = {"mark": "pick", "accepted": True}, {"mark": "reject", "accepted": False}
    rows = [
        row(1, **{"prompt.camera": "static", "sim_cost_usd": 0.5}, **rated),
        row(2, **{"prompt.camera": "static", "sim_cost_usd": 0.5}, **no),
        row(3, **{"prompt.camera": "push in", "sim_cost_usd": 0.5, "state": "moderated"}),
        row(4, **{"prompt.camera": "push in", "sim_cost_usd": 0, "state": "failed"}),
        row(5, **{"prompt.camera": "push in", "sim_cost_usd": 0, "state": "planned"}),
    ]
    k1, k2 = (f"{n:064x}" for n in (1, 2))
    return runs_frame(rows, [(k1, "f", 0.2, None), (k2, "f", 0.4, None)])


def test_an_arm_counts_every_run_and_pays_for_its_failures():
    out = arms_df(arms(), "camera")
    assert out["prompt.camera"].tolist() == ["static", "push in"]
    assert out[["n", "done", "failed", "moderated", "other"]].to_numpy().tolist() == [
        [2, 2, 0, 0, 0],
        [3, 0, 1, 1, 1],
    ]
    assert out["accepted"].tolist() == ["1 of 2 rated", "not rated"]
    assert out["sim_usd_per_accepted"].fillna(-1).tolist() == [1.0, -1]
    assert out["cost_usd"].tolist() == [0.0, 0.0]
    assert out.loc[0, "score.f"] == pytest.approx(0.3)


def test_simulated_and_real_runs_are_never_pooled():
    real = {"simulated": False, "service": "luma", "model": "luma/ray-2", "cost_usd": 1.0}
    both = runs_frame([row(1), row(2, **real, sim_cost_usd=0.0)])
    out = arms_df(both, "prompt.scene")
    assert out["simulated"].tolist() == [True, False]
    assert out["cost_usd"].tolist() == [0, 1.0]
    assert out["sim_cost_usd"].tolist() == [0.04, 0]


def test_arms_of_an_empty_table_are_an_empty_table():
    assert len(arms_df(runs_frame([]), "model")) == 0
    with pytest.raises(ValueError, match="names no column"):
        arms_df(runs_frame([]), [])


def test_a_persons_view_shows_what_varied():
    df = display_df(arms())
    assert list(df.columns) == [
        "run_id", "model", "prompt.camera", "state", "mark", "score.f", "sim_cost_usd",
    ]  # fmt: skip
    assert len(display_df(runs_frame([]))) == 0


def test_the_store_and_the_tables_agree(tmp_path):
    store_room = pytest.importorskip("toolkit.store")
    spec = RunSpec(
        "A fox.", model="sim/draft", params={"duration_s": 5, "start_image": ImageRef("a" * 64)}
    )
    cell = store_room.CellRow(
        "g", 0, spec.key, spec, parts={"subject": "a fox"}, labels={"name": "fox", "scene": "den"}
    )
    with store_room.Store.open(tmp_path / "e") as store:
        assert tuple(runs_df(store).columns) == RUN_COLUMNS
        store.plan([cell])
        store.add_scores([score(0, "x", 1.0)])
        store.add_vote(Vote("1", left="a", right="b", verdict="tie", by="model", shown_at=T0,
                            answered_at=T0))  # fmt: skip
        store.add_rating(rating(0, "pick"))
        df = runs_df(store, all=True)
        assert df.loc[0, ["prompt.scene", "prompt.subject", "state"]].tolist() == [
            "den", "a fox", "planned",
        ]  # fmt: skip
        assert df.loc[0, "param.duration_s"] == 5.0
        assert df.loc[0, "param.start_image"] == "a" * 64
        assert df["created_at"].notna().all()
        assert scores_df(store, metrics={})["metric"].tolist() == ["x"]
        assert votes_df(store)["verdict"].tolist() == ["tie"]
        assert ratings_df(store)["mark"].tolist() == ["pick"]


def test_a_submission_shows_what_was_really_sent_and_what_it_cost(tmp_path):
    grid = tk.Grid("a red fox", models="sim/draft", duration_s=1, samples=2)
    with tk.Experiment(tmp_path / "exp", budget_usd=1) as exp:
        exp.run(grid, score=False, monitor=False).wait(60)
        table = exp.attempts_df()
        assert list(table["state"]) == ["accepted", "accepted"]
        sent = json.loads(table["sent"][0])
        assert (sent["prompt"], sent["params"]) == ("a red fox", {"duration_s": 1})
        assert table["settled_usd"].sum() == pytest.approx(0.04)
        assert list(table["prompt_used"]) == ["a red fox"] * 2
        one = exp.attempts_df(exp.store.runs()[0].id)
        assert list(one["run_id"]) == [exp.store.runs()[0].id]
        assert len(exp.runs_df()["job_id"].dropna()) == 2
    with tk.Experiment(tmp_path / "empty") as exp:
        assert exp.attempts_df().empty
