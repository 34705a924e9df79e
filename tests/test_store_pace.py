"""What a claim costs, as much among many runs as among few, and what a large table costs."""

from __future__ import annotations

import dataclasses
import gc
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from tests.fake_service import cells
from toolkit.records import Reading
from toolkit.store import Store
from toolkit.store.life import Life, Limits
from toolkit.tables import _moments, runs_df, scores_df, scores_frame


def steps_of_a_claim(folder: Path, runs: int) -> int:
    """How much SQLite does, in hundreds of its own instructions, for ten claims."""
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    with Store.open(folder) as store:
        store.set_budget(1e6)
        rows = cells(runs)
        store.plan(rows)
        keys = [row.run_key for row in rows]
        life = Life(store, "a")
        sa.event.listen(
            store._engine, "checkout", lambda raw, *_: raw.set_progress_handler(count, 100)
        )
        for _ in range(10):
            (claim,) = life.claim_new("fake", keys, Limits(max_in_flight=99), most=1).got
            keys.remove(claim.key)
    return done


def test_a_claim_among_many_runs_costs_what_it_costs_among_few(tmp_path):
    few, many = (steps_of_a_claim(tmp_path / str(n), n) for n in (100, 2000))
    assert 0 < many < 1.5 * few + 10


def test_a_claim_passes_over_what_others_have_and_keeps_the_order(tmp_path):
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(1e6)
        keys = [row.run_key for row in cells(50)]
        store.plan(cells(50))
        other, life = Life(store, "b"), Life(store, "a")
        limits = Limits(max_in_flight=99)
        taken = keys[:20] + keys[30:35]
        assert len(other.claim_new("fake", taken, limits).got) == 25
        got = life.claim_new("fake", [*keys[::-1], "none"], limits, most=4).got
        assert [claim.key for claim in got] == keys[:45:-1]
        left = life.claim_new("fake", keys, limits).got
        assert [claim.key for claim in left] == keys[20:30] + keys[35:46]


FINISH = """
UPDATE run SET state='done', done_at=created_at+10.5, num_attempts=1, attempt_id=key,
    clip_sha256=key, cost_micro_usd=100000;
INSERT INTO attempt (id, run_key, state, service, model, group_hash, token, purse, day,
    reserved_micro_usd, intent_at, sent, job_id)
  SELECT key, key, 'accepted', service, model, key, key, 'real', '2026-01-01', 100000, created_at,
    '{"prompt": "' || prompt || '"}', key FROM run;
INSERT INTO clip SELECT key, 960, 540, 120, 5.0, 24.0, 'h264', 0, 100000 FROM run;
INSERT INTO score (run_key, clip_sha256, metric, scorer, tier, settings_hash, value, note, label,
    confidence, at)
  SELECT key, key, 'm', 'x@1', 'fast', 's', 0.5, 'n', 'l', 0.9, 1.0 FROM run
"""


def finished(folder: Path, runs: int) -> Store:
    """An experiment with so many runs that are done, each with a clip and a score."""
    store = Store.open(folder)
    store.plan(cells(runs))
    with store.writing() as conn:
        for statement in FINISH.split(";"):
            conn.exec_driver_sql(statement)
    return store


def cpu_s(work: Callable[[], object]) -> float:
    """The least of three."""
    took = []
    for _ in range(3):
        gc.collect()
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return min(took)


def test_a_large_table_costs_little_more_than_reading_its_rows(tmp_path):
    with finished(tmp_path / "exp", 4000) as store:
        query = (
            "SELECT * FROM run LEFT JOIN attempt ON attempt.id=run.attempt_id"
            " LEFT JOIN clip ON clip.sha256=run.clip_sha256"
        )

        def read() -> object:
            with store.reading() as conn:
                return conn.exec_driver_sql(query).cursor.fetchall()

        assert len(runs_df(store)) == 4000
        reading = cpu_s(read)
        assert cpu_s(lambda: runs_df(store, scores=False)) < 2.6 * reading
        assert cpu_s(lambda: scores_df(store, metrics={})) < 1.2 * reading


def test_bare_columns_say_the_same_as_full_ones(tmp_path):
    with finished(tmp_path / "exp", 5) as store:
        full, bare = store.run_columns(), store.run_columns(bare=True)
        assert set(bare) == {name for name in full if not name.startswith("attempt.")} - {
            "labels", "est_cost_micro_usd", "expires_at",
        }  # fmt: skip
        for name, values in bare.items():
            if name.endswith("_at"):
                values = [datetime.fromtimestamp(at, UTC) for at in values]
            assert list(values) == list(full[name]), name
        assert full["clip.has_audio"] == [False] * 5  # a yes or no, not 0 or 1
        assert full["simulated"] == [False] * 5


def test_scores_by_way_of_records_and_by_bare_rows_are_the_same_table(tmp_path):
    with finished(tmp_path / "exp", 5) as store:
        newer = dataclasses.replace(
            store.scores()[0], reading=Reading(None, note="", label=None, confidence=None)
        )
        store.add_scores([newer])
        by_records = scores_frame(store.latest_scores(traces=False), {})
        assert by_records.equals(scores_df(store, metrics={}))
        assert by_records["value"].isna().sum() == 1
        assert set(by_records["note"].dropna()) == {"n"}


def test_seconds_become_times_as_one_by_one():
    dice = random.Random(1)
    seconds = [dice.uniform(1.5e9, 2e9) for _ in range(2000)] + [0.0, 1.5, 1.7e9 + 5e-7, -1.25]
    found = _moments([*seconds, None])
    assert list(found[:-1].dt.to_pydatetime()) == [datetime.fromtimestamp(s, UTC) for s in seconds]
    assert found.isna().tolist() == [False] * len(seconds) + [True]
    assert str(found.dtype) == "datetime64[us, UTC]"
