"""What a claim costs: as much among many runs as among few."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from tests.fake_service import cells
from toolkit.store import Store
from toolkit.store.life import Life, Limits


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
