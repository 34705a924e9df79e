"""A box drawn by hand: a setting of the subject scores, and no part of what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clipmaker import path, texture, write
from toolkit.errors import ScoreError
from toolkit.experiment import Experiment
from toolkit.records import RunSpec, Score
from toolkit.scorers.subject import Subject
from toolkit.scoring import score_runs, set_subject_box, subject_boxes
from toolkit.simulator import simulate
from toolkit.store import Store
from toolkit.video import Pool, analyse, probe

BOX = (0.1, 0.55, 0.2, 0.3)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1) as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three runs of two scenes."""
    with Store.open(tmp_path / "exp") as made:
        for k, scene in enumerate(("fox", "fox", "boat")):
            clip = write(tmp_path / f"{k}.mp4", path(texture(k), 12, (96, 160), pan=0.05 * k))
            labels = {"name": scene, "scene": scene}
            made.add_imported(
                RunSpec(f"{scene} {k}", model="import/x"), clip, probe(clip), labels=labels
            )
        yield made


def readings(store: Store) -> dict[str, Score]:
    latest = store.latest_scores(traces=False)
    return {s.run_key: s for s in latest if s.metric == "subject_shape_drift"}


def measure(store: Store, pool: Pool) -> int:
    return score_runs(store, tier="thorough", scorers=[Subject()], pool=pool)


def test_a_box_changes_the_settings_of_its_runs_alone_and_no_key(store: Store, pool: Pool):
    keys = [run.key for run in store.runs()]
    assert measure(store, pool) == 3
    before = readings(store)
    assert set_subject_box(store, "fox", BOX) == keys[:2]
    assert measure(store, pool) == 2
    after = readings(store)
    assert [run.key for run in store.runs()] == keys
    changed = [after[k].settings_hash != before[k].settings_hash for k in keys]
    assert changed == [True, True, False]
    assert measure(store, pool) == 0


def test_the_box_of_a_run_counts_before_that_of_its_scene(store: Store):
    first, second, _ = (run.key for run in store.runs())
    set_subject_box(store, "fox", BOX)
    set_subject_box(store, first[:16], (0, 0, 0.5, 0.5))
    assert subject_boxes(store) == {first: (0, 0, 0.5, 0.5), second: BOX}


def test_a_box_taken_back_brings_the_old_readings_back_unmeasured(store: Store, pool: Pool):
    measure(store, pool)
    before = readings(store)
    set_subject_box(store, "fox", BOX)
    measure(store, pool)
    set_subject_box(store, "fox", None)
    assert subject_boxes(store) == {}
    assert measure(store, pool) == 0
    assert readings(store) == before


def test_a_scorer_given_a_box_by_hand_keeps_it(store: Store, pool: Pool):
    set_subject_box(store, "fox", BOX)
    own = Subject(box=(0.4, 0.4, 0.3, 0.3))
    assert score_runs(store, tier="thorough", scorers=[own], pool=pool) == 3
    assert len({score.settings_hash for score in readings(store).values()}) == 1


@pytest.mark.parametrize(
    ("of", "box", "message"),
    [
        ("fox", (0.1, 0.2), r"^a box is \(left, top, width, height\), four numbers"),
        ("fox", "left", r"^a box is"),
        ("fox", (0.8, 0.1, 0.3, 0.2), r"is no box inside the frame"),
        ("fox", (0.1, 0.1, 0.01, 0.2), r"both sides at least 0.02$"),
        ("fox", (0.1, 0.1, float("nan"), 0.2), r"is no box inside the frame"),
        ("owl", BOX, r"^'owl' is neither a run nor a scene; scenes are: 'fox', 'boat'$"),
    ],
)
def test_what_is_no_box_is_refused(store: Store, of: str, box: Any, message: str):
    with pytest.raises(ScoreError, match=message):
        set_subject_box(store, of, box)


def test_an_experiment_says_for_how_many_runs_it_holds(store: Store):
    said: list[str] = []
    store.close()
    with Experiment(store.folder, say=said.append) as exp:
        exp.subject_box("fox", BOX)
        exp.subject_box("fox", None)
    assert said[-2:] == [
        "the box holds for 2 runs; exp.score(tier='thorough') measures with it",
        "the middle holds for 2 runs; exp.score(tier='thorough') measures with it",
    ]


def test_a_subject_beside_the_middle_is_seen_with_a_box(tmp_path: Path, pool: Pool):
    """The cat walks low on the left: what changes there is not in the middle of the frame."""
    text = "A black cat walks along a garden wall. A village at noon."
    flaws = {"flicker": 0, "blur": 0, "freeze": 0, "cut": 0, "drift": 0.8}
    params = {"duration_s": 1.5, "resolution": "360p", "seed": 4, "camera_motion": "static"}
    clip = simulate(text, tmp_path / "cat.mp4", model="sim/final", extra={"flaws": flaws}, **params)
    spec = RunSpec(text, model="sim/final", params=params)

    def seen(box: tuple[float, float, float, float] | None) -> float:
        found = analyse(clip, [Subject(box=box)], spec, tier="thorough", pool=pool)[1]
        value = found["subject_shape_drift"].value
        assert value is not None
        return value

    assert seen((0.25, 0.6, 0.2, 0.3)) > 2 * seen(None)
