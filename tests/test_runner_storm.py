"""The commands of `python -m tests.storm`, small: the full ones are `make storm`, `make soak`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.fake_service import cells
from tests.storm.contention import contention
from tests.storm.expiry import expiry
from tests.storm.faults import faults
from tests.storm.judge import is_sound, judge
from tests.storm.kernel import CARD
from tests.storm.rate import earliness, excess, most_within, rate
from tests.storm.soak import soak
from tests.storm.storm import storm
from toolkit.providers._sim_http import HttpSimProvider
from toolkit.seams import Asset, JobHandle, Request, Succeeded
from toolkit.simulator.http_service import Faults, HttpService
from toolkit.store import Store
from toolkit.store.life import Life, Limits


def test_a_small_storm_pays_once_and_loses_nothing(tmp_path):
    found = storm(runs=12, kills=2, kernels=2, identical=3, seed=3, every_s=0.3, limit_s=90)
    assert found["ok"], found
    assert (found["charges"], found["double"], found["lost"]) == (12, 0, 0)
    assert found["kills"] >= 1


@pytest.mark.slow
def test_a_storm_under_a_cap_never_passes_it(tmp_path):
    found = storm(runs=100, kills=10, kernels=4, identical=5, seed=5, cap_runs=60, limit_s=200)
    assert found["ok"], found
    assert found["charges"] == 60


def test_the_judge_sees_what_was_paid_twice_and_what_was_lost(tmp_path):
    """By a ledger made by hand: a test of the tests."""
    rows = cells(3)
    with Store.open(tmp_path / "exp") as store:
        store.set_budget(1)
        store.plan(rows)
        life = Life(store, "a")
        for name, row in zip("ab", rows, strict=False):
            claim = life.intent(life.claim_new("fake", [row.run_key], Limits()).got[0])
            life.accepted(claim, {"id": name}, {})
    service = HttpService(tmp_path / "service")
    for name, row in (("a", rows[0]), ("b", rows[1]), ("twice", rows[1]), ("lost", rows[2])):
        service.ledger.charge(name, row.spec, None, now=1.0, lag_s=0, work_s=0)
    found = judge(tmp_path / "exp", tmp_path / "service" / "ledger.db")
    assert (found["charges"], found["double"], found["lost"]) == (4, 1, 2)
    assert not is_sound(found)


def test_no_fault_makes_a_submit_cost_more_than_once():
    found = faults(runs=3)
    assert found["ok"], found


def test_kernels_side_by_side_are_never_told_that_it_is_locked():
    found = contention(kernels=3, seconds=1.0)
    assert found["ok"], found
    assert found["claims"] > 10


def test_kernels_side_by_side_keep_one_rate():
    found = rate(kernels=3, per_minute=1200, burst=3, seconds=2.5, limit_s=60)
    assert found["ok"], found
    assert found["requests"] == 53
    assert found["seconds"] > 2.5 - 3 * 0.05 - 1.0  # not all at once


def test_what_comes_before_its_token_is_counted():
    """A test of the test: one a second, two at once."""
    on_time = [0.0, 0.0, 1.0, 2.0, 2.5, 9.0, 9.0]
    early = [0.0, 0.0, 0.4, 0.5, 20.0]
    assert [excess(times, 1.0, 2, 0.0) for times in (on_time, early)] == [1, 2]
    assert [excess(times, 1.0, 2, 1.0) for times in (on_time, early)] == [0, 1]
    assert [earliness(times, 1.0, 2) for times in (on_time, early)] == [0.5, 1.5]
    assert [most_within(early, window) for window in (0.0, 0.45, 0.5, 100.0)] == [2, 3, 4, 5]


def test_results_that_expire_in_an_hour_are_saved_by_whoever_is_there():
    """Half an hour without a kernel loses nothing, nor a night with the worker; without it, all."""
    found = expiry(runs=4, in_flight=2, hours=2.0)
    assert found["ok"], found
    assert found["night_with_worker"] == {"saved": 4, "expired": 0, "charges": 4, "files": 4}


def test_a_short_soak_ends_with_all_done():
    before = psutil.Process().num_fds()  # this process holds the tests' own, too
    found = soak(runs=300, limit_s=60)
    assert found["ok"], found
    assert found["rows"] == 300
    assert found["most_open_files"] - before <= 52


def test_the_command_prints_one_json_document():
    done = subprocess.run(
        [sys.executable, "-m", "tests.storm", "faults", "--runs", "1", "--json"],
        capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, True), done.stderr


def test_results_expire_and_the_clock_of_the_service_can_be_moved(tmp_path):
    async def main() -> list[object]:
        service = HttpService(tmp_path, faults=Faults(expire_s=3600))
        async with service.serving() as url, httpx.AsyncClient(base_url=url) as http:
            provider = HttpSimProvider(url, cards=[CARD], name="fake")
            spec = cells(1)[0].spec
            job = (await provider.submit(Request(spec=spec, card=CARD), "t")).job
            early = await provider.poll(job)
            assert isinstance(early, Succeeded)
            asset: Asset = early.assets[0]
            whole = await http.get(asset.url or "")
            part = await http.get(asset.url or "", headers={"range": "bytes=100-"})
            assert (part.status_code, part.content) == (206, whole.content[100:])
            listed = await provider.recent(
                asset.expires_at.fromtimestamp(0, tz=asset.expires_at.tzinfo), CARD.model
            )
            assert [(j.handle, j.token, j.prompt) for j in listed] == [(job, "t", spec.prompt)]
            await http.post("/v1/clock", json={"advance_s": 3700})
            late = await provider.poll(JobHandle(job.id))
            gone = await http.get(asset.url or "")
            await provider.aclose()
            return [late.kind, late.charged_micro_usd, gone.status_code]

    assert asyncio.run(main()) == ["expired", 100_000, 410]


def test_an_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="no fault 'los'; there are: drop, error"):
        Faults(rates={"los": 0.1})
