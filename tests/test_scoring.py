"""Scores of an experiment's clips: measured once, in parallel, one bad clip harming no other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.clipmaker import path, texture, write
from toolkit import scorers
from toolkit.errors import ScoreError
from toolkit.records import Metric, Reading, RunSpec, State
from toolkit.scoring import score_files, score_runs
from toolkit.store import Store
from toolkit.video import Pool, Thumbs, probe, thumbs


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("scoring")
    moves = ({"pan": 0.3}, {"zoom": 0.3}, {})
    return [
        write(folder / f"{k}.mp4", path(texture(k), 16, (96, 160), **move))
        for k, move in enumerate(moves)
    ]


@pytest.fixture
def store(tmp_path: Path, clips: list[Path]) -> Iterator[Store]:
    with Store.open(tmp_path / "exp") as made:
        for k, clip in enumerate(clips):
            spec = RunSpec(
                f"clip {k}",
                model="import/x",
                params={"camera_motion": "pan_right", "duration_s": 1},
            )
            made.add_imported(spec, clip, probe(clip))
        yield made


def _values(store: Store, metric: str) -> list[float | None]:
    rows = {s.run_key: s.reading.value for s in store.latest_scores() if s.metric == metric}
    return [rows[run.key] for run in store.runs()]


def test_every_clip_gets_every_score_and_its_thumbnails(store: Store, pool: Pool):
    steps: list[tuple[int, int]] = []
    assert score_runs(store, pool=pool, on_progress=lambda *at: steps.append(at)) == 3
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    found = store.latest_scores()
    assert {s.metric for s in found} == {m for s in scorers.default() for m in s.metrics}
    assert len(found) == 3 * len({s.metric for s in found})
    assert {s.tier for s in found} == {"full"}
    assert sorted(_values(store, "camera_match"), key=str) == [0.0, 0.0, 1.0]
    assert _values(store, "duration_error_s") == [-0.3333] * 3
    for run in store.runs():
        assert run.clip_sha256
        Thumbs.load(store.thumbs_path(run.clip_sha256, thumbs.RECIPE))


def test_what_is_known_is_not_measured_again(store: Store, pool: Pool):
    first = store.runs()[0].key
    assert score_runs(store, [first], pool=pool) == 1
    assert score_runs(store, pool=pool) == 2
    assert score_runs(store, pool=pool) == 0
    assert score_runs(store, tier="preview", pool=pool) == 0  # better ones are there
    assert score_runs(store, tier="thorough", pool=pool) in (0, 3)  # 3 where that tier has its own
    count = len(store.scores())
    steps: list[tuple[int, int]] = []
    score_runs(store, tier="thorough", pool=pool, on_progress=lambda *at: steps.append(at))
    assert steps == [(0, 0)]  # nothing was decoded to find that out
    assert len(store.scores()) == count


def test_a_worse_tier_is_measured_again_by_a_better(store: Store, pool: Pool):
    assert score_runs(store, tier="preview", pool=pool) == 3
    assert _values(store, "luma_flicker") == [None] * 3
    assert score_runs(store, pool=pool) == 3
    assert None not in _values(store, "luma_flicker")


@dataclass(frozen=True)
class Count:
    """As one is written in a notebook cell."""

    name: ClassVar[str] = "count"
    version: ClassVar[str] = "1"
    where: ClassVar[str] = "worker"
    metrics: ClassVar[dict[str, Metric]] = {
        "n": Metric("n", unit="frames", description="How many.")
    }
    times: int = 1

    def __call__(self, clip, spec):
        return {"n": self.times * len(clip.small)}


def test_a_scorer_of_ones_own_works_and_its_settings_count(store: Store, pool: Pool):
    assert score_runs(store, scorers=[Count()], pool=pool) == 3
    assert _values(store, "n") == [16.0] * 3
    assert score_runs(store, scorers=[Count()], pool=pool) == 0
    assert score_runs(store, scorers=[Count(times=2)], pool=pool) == 3
    assert _values(store, "n") == [32.0] * 3


CELL = """
import os
from toolkit.records import Metric, Reading

class Fatal:
    name, version, where = "fatal", "1", "worker"
    metrics = {"sum": Metric("sum", unit="", description="Of the first frame.")}

    def __init__(self, victim):
        self.victim = victim

    def __call__(self, clip, spec):
        if clip.clip.sha256 == self.victim:
            os.abort()
        return {"sum": Reading(float(clip.small[0].sum()))}
"""


def test_a_scorer_from_a_cell_that_kills_its_process_costs_that_clip_only(store: Store, pool: Pool):
    """What is written in a notebook belongs to no module that a decode process could import."""
    cell: dict[str, Any] = {"__name__": "__main__"}
    exec(CELL, cell)
    victim = store.runs()[1]
    assert score_runs(store, scorers=[cell["Fatal"](victim.clip_sha256)], pool=pool) == 3
    assert [value is None for value in _values(store, "sum")] == [False, True, False]
    (score,) = store.latest_scores([victim.key])
    assert score.reading.note.endswith("was ended by SIGABRT, twice")
    assert score_runs(store, pool=pool) == 3


def test_a_bad_clip_fails_itself_with_the_reason_stored(store: Store, pool: Pool):
    bad = store.runs()[1]
    assert bad.clip_sha256
    place = store.clip_path(bad.clip_sha256)
    place.write_bytes(place.read_bytes()[:-100])
    assert score_runs(store, pool=pool) == 3
    notes = {s.reading.note for s in store.latest_scores([bad.key])}
    (note,) = notes
    assert note.startswith(f"{bad.clip_sha256[:12]}.mp4: cut short: ")
    assert {s.reading.value for s in store.latest_scores([bad.key])} == {None}
    assert [v is None for v in _values(store, "luma_flicker")].count(True) == 1
    assert score_runs(store, pool=pool) == 0


def test_a_clip_that_is_missing_is_measured_when_it_is_back(store: Store, pool: Pool):
    lost = store.runs()[0]
    assert lost.clip_sha256
    place = store.clip_path(lost.clip_sha256)
    data = place.read_bytes()
    place.unlink()
    assert score_runs(store, pool=pool) == 2
    assert store.latest_scores([lost.key]) == []
    place.write_bytes(data)
    assert score_runs(store, pool=pool) == 1


class Here(Count):
    """Cannot leave its process: it holds what cannot be pickled, as a model on a GPU is held."""

    name = "here"
    where = "main"
    metrics: ClassVar = {"pid": Metric("pid", unit="", description="Which process looked.")}

    def __init__(self):
        object.__setattr__(self, "held", open(os.devnull))  # noqa: SIM115, PTH123

    def __reduce__(self):
        raise TypeError("cannot be pickled")

    def __call__(self, clip, spec):
        assert clip.flow(0, 1).shape == (*clip.small.shape[1:], 2)
        return {"pid": Reading(os.getpid(), note=f"{len(clip.thumbs)} {len(clip.detail)}")}


def test_a_scorer_that_must_stay_is_called_here_with_the_same_pass(
    store: Store, pool: Pool, clips: list[Path]
):
    assert score_runs(store, scorers=[Count(), Here()], pool=pool) == 3
    assert _values(store, "n") == [16.0] * 3
    assert _values(store, "pid") == [float(os.getpid())] * 3
    found = {s.reading.note for s in store.latest_scores() if s.metric == "pid"}
    assert found == {"16 8"}
    (row,) = score_files(clips[:1], scorers=[Here(), Count()], pool=pool)
    assert row["metrics"]["pid"]["value"] == os.getpid()
    assert row["metrics"]["n"]["value"] == 16.0


class Deadly(Count):
    """Ends the process on one of the clips."""

    name = "deadly"

    def __call__(self, clip, spec):
        if spec.prompt == "clip 1":
            os._exit(9)
        return {"n": 1}


def test_a_clip_that_kills_its_process_harms_no_other(store: Store, pool: Pool):
    assert score_runs(store, scorers=[Deadly()], pool=pool) == 3
    by_prompt = {run.key: run.spec.prompt for run in store.runs()}
    found = {by_prompt[s.run_key]: s.reading for s in store.latest_scores()}
    assert found["clip 0"] == found["clip 2"] == Reading(1.0)
    assert found["clip 1"].value is None
    assert found["clip 1"].note.endswith("the decode process ended, twice")


def test_two_runs_of_one_clip_are_decoded_once_and_scored_apart(
    store: Store, pool: Pool, clips: list[Path]
):
    twin = RunSpec("clip 0", model="import/x", params={"camera_motion": "pan_left"})
    store.add_imported(twin, clips[0], probe(clips[0]))
    assert score_runs(store, pool=pool) == 3
    found = {s.run_key: s.reading for s in store.latest_scores() if s.metric == "camera_match"}
    assert found[twin.key].label == "reversed"


def test_any_executor_will_do(store: Store):
    with ProcessPoolExecutor(1) as plain:
        assert score_runs(store, [store.runs()[0].key], pool=plain) == 1


def test_only_done_runs_are_measured(store: Store, pool: Pool):
    assert all(run.state is State.DONE for run in store.runs())
    assert score_runs(store, [], pool=pool) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tier": "deep"}, r"^no tier 'deep'; there are: preview, fast, full, thorough$"),
        ({"scorers": ["blur"]}, r"^'blur' is no scorer: it needs name, version, where"),
        ({"scorers": [Count(), Deadly()]}, r"^'n' is given by count and by deadly$"),
    ],
)
def test_what_cannot_be_scored_says_so_first(store: Store, wrong: dict, message: str):
    with pytest.raises(ScoreError, match=message):
        score_runs(store, **wrong)


def test_files_are_scored_in_their_order_and_what_is_no_clip_says_so(
    clips: list[Path], tmp_path: Path, pool: Pool
):
    other = tmp_path / "note.txt"
    other.write_text("no clip")
    found = score_files([clips[0], other, clips[2]], camera="pan left", pool=pool)
    assert [row["path"] for row in found] == [str(clips[0]), str(other), str(clips[2])]
    assert found[1] == {
        "path": str(other),
        "error": "note.txt: not a video (7 bytes); only MP4, MOV, WebM and Matroska are read",
    }
    assert found[0]["sha256"] == found[0]["clip"]["sha256"] == probe(clips[0], pool=pool).sha256
    assert found[0]["metrics"]["camera_match"]["label"] == "reversed"
    assert set(found[0]["metrics"]["shake"]) == {"value", "label", "confidence", "note"}


def test_an_unknown_camera_move_is_refused(clips: list[Path]):
    with pytest.raises(ScoreError, match=r"^no camera move 'sideways'; there are: static, push_in"):
        score_files(clips, camera="sideways")
