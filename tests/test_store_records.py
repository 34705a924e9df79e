"""What goes into a store comes out of it."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime

import pytest

from tests.fake_service import PRICE, cells, mp4, verify
from tests.services._server import image_bytes
from toolkit.columns import RUN_COLUMNS
from toolkit.errors import ClipError, StoreError
from toolkit.records import ImageRef, Rating, Reading, RunSpec, Score, State, Vote
from toolkit.store import KEEP, CellRow, Store

NOW = datetime(2025, 6, 24, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "exp") as store:
        yield store


def test_planning_again_adds_nothing(store):
    rows = cells(3, samples=2)
    first, second = store.plan(rows), store.plan(rows)
    assert (len(first.new), len(first.existing)) == (6, 0)
    assert (second.new, second.existing) == ([], first.new)
    assert [run.key for run in store.runs()] == [row.run_key for row in rows]
    assert len(store.cells()) == 6


def test_two_cells_may_share_a_run(store):
    spec = RunSpec("a fox", model="fake/one")
    rows = [CellRow("g", i, spec.key, spec, {}, {"name": name}) for i, name in enumerate("ab")]
    assert store.plan(rows).new == [spec.key]
    assert [cell["run_key"] for cell in store.cells("g")] == [spec.key] * 2
    assert store.run_rows()[0]["prompt.name"] == "a"


def test_a_regrouped_grid_regroups_the_table_and_plans_nothing(store):
    rows = cells(2)
    store.plan(rows)
    again = [
        CellRow("h", i, row.run_key, row.spec, row.parts, {"scene": "watch ad"}, PRICE)
        for i, row in enumerate(rows)
    ]
    assert store.plan(again).new == []
    assert [row["prompt.scene"] for row in store.run_rows()] == ["watch ad"] * 2


def test_every_column_of_the_run_table_is_there(store):
    spec = RunSpec(
        "a fox",
        model="sim/draft",
        negative="text",
        params={"duration_s": 5, "seed": 7, "start_image": ImageRef("ab" * 32, path="x.png")},
    )
    parts = {"subject": "a fox", "camera": "static"}
    store.plan([CellRow("g", 0, spec.key, spec, parts, {"name": "fox", "scene": "wood"}, PRICE)])
    (row,) = store.run_rows()
    assert [name for name in row if name in RUN_COLUMNS] == list(RUN_COLUMNS)
    assert row["run_id"] == spec.key[:16]
    assert row["simulated"] is True
    assert (row["prompt.camera"], row["prompt.mood"], row["prompt.scene"]) == (
        "static",
        None,
        "wood",
    )
    assert row["params"]["seed"] == 7
    assert (row["cost_usd"], row["sim_cost_usd"], row["accepted"]) == (0.0, 0.0, None)
    assert store.run(spec.key).spec == spec


def test_an_empty_experiment_has_all_columns_and_no_rows(store):
    columns = store.run_columns()
    assert set(RUN_COLUMNS) <= set(columns)
    assert all(len(values) == 0 for values in columns.values())


def test_a_run_is_found_by_the_beginning_of_its_key(store):
    key = store.plan(cells(3)).new[0]
    assert store.run(key[:10]).key == key
    with pytest.raises(StoreError, match="no run has the key 'ffff00000000'"):
        store.run("ffff00000000")


def test_an_imported_clip_is_a_run_that_is_done_and_cost_nothing(store, tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(mp4("a"))
    clip = verify(path)
    spec = RunSpec("a fox", model="import/veo")
    run = store.add_imported(spec, path, clip, parts={"subject": "a fox"}, labels={"name": "f"})
    assert (run.state, run.clip_sha256, run.cost_micro_usd) == (State.DONE, clip.sha256, 0)
    assert store.clip(clip.sha256) == clip
    row = store.run_rows([run.key])[0]
    assert (row["clip.width"], row["clip.path"]) == (
        960,
        f"clips/{clip.sha256[:2]}/{clip.sha256}.mp4",
    )
    assert store.run_rows()[0]["done_at"] is not None


def test_a_clip_is_kept_once_under_its_content(store, tmp_path):
    paths = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for path in paths:
        path.write_bytes(mp4("same"))
    names = {store.add_clip_file(path) for path in paths}
    assert len(names) == 1
    kept = list((store.folder / "clips").rglob("*.*"))
    assert kept == [store.clip_path(names.pop())]


def test_images_are_kept_by_content(store, tmp_path):
    path = tmp_path / "A.PNG"
    path.write_bytes(image_bytes("fox", "WEBP"))  # what it is called says nothing
    ref = store.add_image(path)
    assert ref.path == f"images/{ref.sha256[:2]}/{ref.sha256}.webp"
    assert (store.folder / ref.path).read_bytes() == path.read_bytes()
    assert store.find_image(ref.sha256) == store.folder / ref.path
    assert store.add_image(path) == ref
    (tmp_path / "a.png").write_bytes(b"MZ, and what follows")
    with pytest.raises(ClipError, match=r"^a.png is no PNG, JPEG or WebP"):
        store.add_image(tmp_path / "a.png")


def test_runs_that_make_pictures_are_no_clips(store):
    spec = RunSpec("a fox", model="sim/still")
    run = store.plan_image(spec, 10_000)
    assert store.plan_image(spec, 10_000) == run
    assert [run.key for run in store.image_runs()] == [spec.key]
    assert (store.run_rows(), store.counts(), store.cells()) == ([], {}, [])
    assert store.keys([State.PLANNED]) == [spec.key]  # the engine leads it all the same
    assert store.counts([spec.key]) == {State.PLANNED: 1}


def test_the_newest_score_of_a_metric_counts(store):
    def score(value: float, version: str) -> Score:
        return Score(
            "k",
            clip_sha256="c",
            metric="luma_flicker",
            scorer=f"light@{version}",
            tier="full",
            settings_hash="s",
            reading=Reading(value, note="n", confidence=0.5, label="l", trace=[1.0, 2.0]),
        )

    store.add_scores([score(0.1, "1")])
    store.add_scores([score(0.2, "2")])
    assert store.scores() == [score(0.1, "1"), score(0.2, "2")]
    assert store.latest_scores(["k"]) == [score(0.2, "2")]
    assert store.latest_score_rows() == [("k", "luma_flicker", 0.2, "l")]
    assert store.scores(["other"]) == []


def test_votes_are_kept_as_given(store):
    def vote(id_: str, undoes: str | None = None) -> Vote:
        return Vote(
            id_, left="a", right="b", verdict="left", by="camera", shown_at=NOW,
            answered_at=NOW, undoes=undoes, reason_tags=["sharp"],
        )  # fmt: skip

    for each in (vote("1"), vote("2", undoes="1"), vote("1")):
        store.add_vote(each)
    assert store.votes() == [vote("1"), vote("2", undoes="1")]
    assert store.votes(by="mood") == []


def test_the_newest_rating_counts_and_none_takes_it_back(store):
    keys = store.plan(cells(2)).new

    def rate(id_: str, key: str, mark: str) -> None:
        store.add_rating(Rating(id_, run_key=key, mark=mark, at=NOW))

    rate("1", keys[0], "reject")
    rate("2", keys[0], "pick")
    rate("3", keys[1], "keep")
    assert [row["mark"] for row in store.run_rows()] == ["pick", "keep"]
    assert [row["accepted"] for row in store.run_rows()] == [False, False]  # not done
    rate("4", keys[1], "none")
    assert [row["mark"] for row in store.run_rows()] == ["pick", None]
    assert len(store.ratings()) == 4


def test_the_same_grid_is_kept_once(store):
    ids = {store.add_grid({"b": 1, "a": [2.0]}), store.add_grid({"a": [2], "b": 1})}
    assert [grid["id"] for grid in store.grids()] == list(ids)


def test_caps_are_set_for_both_purses_and_money_is_never_a_float(store):
    budget = store.set_budget(0.1 + 0.2, per_day_usd=1)
    assert (budget.cap_micro_usd, budget.per_day_micro_usd) == (300_000, 1_000_000)
    assert (budget.real.spent_micro_usd, budget.sim.spent_micro_usd) == (0, 0)
    with pytest.raises(ValueError, match="finite"):
        store.set_budget(float("nan"))


def test_a_cap_that_is_not_named_stays(store):
    store.set_budget(5, per_day_usd=1)
    store.set_budget(per_day_usd=2)
    store.set_budget(6)
    budget = store.set_budget(usd=KEEP, per_day_usd=KEEP)
    assert (budget.cap_micro_usd, budget.per_day_micro_usd) == (6_000_000, 2_000_000)
    budget = store.set_budget(per_day_usd=None)
    assert (budget.cap_micro_usd, budget.per_day_micro_usd) == (6_000_000, None)


def test_the_version_changes_with_every_write_and_only_then(store):
    versions = [store.version, store.version]
    store.meta_set("a", 1)
    versions.append(store.version)
    assert versions[0] == versions[1] != versions[2]


def test_many_runs_are_read_quickly(store):
    """A hundred thousand take a second or two; here a wide margin for a busy machine."""
    spec = RunSpec("a fox", model="fake/one")
    store.plan(CellRow("g", i, f"{i:064x}", spec, {"subject": "a fox"}, {}) for i in range(5_000))
    began = time.perf_counter()
    assert len(store.run_columns()["run_key"]) == 5_000
    assert time.perf_counter() - began < 1.0


def test_one_durable_change_takes_about_a_millisecond(store):
    """The best of fifty: others may be using the disk."""
    took = []
    for number in range(50):
        began = time.perf_counter()
        store.meta_set("a", number)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.01


def test_changes_made_together_last_together(store):
    """Nothing is seen, and nobody is told, before all are on disk."""
    told: list[int] = []
    with Store.open(store.folder) as other:
        with store.together():
            for number in range(3):
                store.meta_set(f"a{number}", number)
                store.when_durable(lambda n=number: told.append(n))
            assert (other.meta_get("a0"), told) == (None, [])
        assert ([other.meta_get(f"a{n}") for n in range(3)], told) == ([0, 1, 2], [0, 1, 2])


def test_one_change_among_others_is_taken_back_alone(store):
    with store.together():
        store.meta_set("a", 1)
        with contextlib.suppress(KeyError), store.writing():
            store.meta_set("b", 2)
            raise KeyError("no")
        store.meta_set("c", 3)
    assert [store.meta_get(key) for key in "abc"] == [1, None, 3]


def test_a_group_that_fails_is_taken_back_whole(store):
    told: list[int] = []
    with contextlib.suppress(KeyError), store.together():
        store.meta_set("a", 1)
        store.when_durable(lambda: told.append(1))
        raise KeyError("no")
    assert (store.meta_get("a"), told) == (None, [])
    store.meta_set("a", 2)
    assert store.meta_get("a") == 2
