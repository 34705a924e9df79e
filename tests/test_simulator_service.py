"""The simulated service: jobs that outlive a process, charges, and the provider over it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import av
import pytest

from toolkit.errors import Refused
from toolkit.providers.sim import SimProvider, provider
from toolkit.records import RunSpec
from toolkit.seams import Accepted, Failed, JobHandle, Provider, Request, Running, Succeeded
from toolkit.simulator import SimService, describe, simulate, truth
from toolkit.simulator.planted import MODELS
from toolkit.simulator.service import STILL_USD

PARAMS = {"duration_s": 1, "resolution": "360p"}


def spec(prompt="A red car in a village. Static.", model="sim/draft", **params) -> RunSpec:
    return RunSpec(prompt, model=model, params={**PARAMS, **params})


def finished(service: SimService, job_id: str):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = service.poll(job_id)
        if job.is_finished:
            return job
        time.sleep(0.02)
    raise AssertionError("never finished")


@pytest.fixture
def service(tmp_path):
    service = SimService(tmp_path / "sim", pace=0)
    yield service
    service.close()


def test_a_job_becomes_a_clip_and_a_charge(service):
    job = finished(service, service.submit(spec(model="sim/final"), token="t1"))
    assert (job.state, job.cost_micro_usd, job.token) == ("succeeded", 100_000, "t1")
    path = service.path_of(job)
    assert path.stat().st_size == job.size_bytes
    with av.open(str(path)) as clip:
        video = clip.streams.video[0]
        assert (video.width, video.height, video.frames, video.average_rate) == (640, 360, 24, 24)
        note = json.loads(clip.metadata["comment"])
    assert note["simulation"] is True
    assert note["prompt"] == "A red car in a village. Static."


def test_sound_is_added_where_it_is_asked_for(tmp_path):
    for asked, streams in ((True, 1), (False, 0)):
        path = simulate("Rain on a street", tmp_path / "x.mp4", **PARAMS, audio=asked)
        with av.open(str(path)) as clip:
            assert len(clip.streams.audio) == streams


def test_an_unwelcome_prompt_is_moderated_and_costs_nothing(service):
    job = finished(service, service.submit(spec("gore in a village")))
    assert (job.state, job.cost_micro_usd, job.file) == ("moderated", 0, None)


def test_what_cannot_be_made_is_refused_at_the_door(service):
    with pytest.raises(Refused, match="duration_s 99; 1 to 10"):
        service.submit(spec(duration_s=99))
    with pytest.raises(Refused, match="sim/draft takes no start_image"):
        service.submit(spec(start_image="x.png"))
    assert service.list() == []


def test_an_unknown_job_is_refused(service):
    for name in ("nope", "../../etc/passwd", ""):
        with pytest.raises(Refused, match="no job"):
            service.poll(name)


def test_jobs_are_listed_from_a_time_on_by_model(service):
    before = datetime.now(UTC)
    first = service.submit(spec(), token="a")
    second = service.submit(spec(model="sim/final"), token="b")
    assert [job.token for job in service.list(before)] == ["a", "b"]
    assert [job.id for job in service.list(before, "sim/final")] == [second]
    assert service.list(before + timedelta(hours=1)) == []
    assert first != second


def test_a_second_process_takes_up_what_a_killed_one_left(tmp_path):
    code = (
        "import os, sys\n"
        "from toolkit.records import RunSpec\n"
        "from toolkit.simulator import SimService\n"
        "service = SimService(sys.argv[1], pace=1000)\n"  # it would wait for minutes
        f"print(service.submit(RunSpec('x', model='sim/draft', params={PARAMS!r})), flush=True)\n"
        "os._exit(9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    service = SimService(tmp_path, pace=0)
    job = finished(service, done.stdout.strip())
    service.close()
    assert job.state == "succeeded"
    assert service.path_of(job).is_file()


def test_a_waiting_job_can_be_cancelled(tmp_path):
    service = SimService(tmp_path, pace=0, workers=1)
    ids = [service.submit(spec(sample=1, seed=k)) for k in range(3)]
    service.cancel(ids[-1])
    assert finished(service, ids[-1]).state in {"cancelled", "succeeded"}
    service.close()
    assert service.poll(ids[-1]).cost_micro_usd in {0, 20_000}


def test_the_provider_speaks_the_seam(tmp_path):
    async def walk():
        sim = provider(tmp_path)
        assert isinstance(sim, Provider)
        card = next(card for card in sim.models() if card.model == "sim/draft")
        started = datetime.now(UTC)
        accepted = await sim.submit(Request(spec=spec(), card=card), "token-1")
        assert isinstance(accepted, Accepted)
        assert accepted.sent["prompt"] == "A red car in a village. Static."
        job = JobHandle.from_json(json.loads(json.dumps(accepted.job.to_json())))
        state = await sim.poll(job)
        while isinstance(state, Running):
            await asyncio.sleep(0.05)
            state = await sim.poll(job)
        (found,) = await sim.recent(started, "sim/draft")
        moderated = await sim.submit(Request(spec=spec("gore"), card=card), "token-2")
        refused = await sim.poll(moderated.job)
        while isinstance(refused, Running):
            await asyncio.sleep(0.05)
            refused = await sim.poll(moderated.job)
        await sim.aclose()
        return state, found, job, refused

    state, found, job, refused = asyncio.run(walk())
    assert isinstance(state, Succeeded)
    assert state.cost_micro_usd == 20_000
    (asset,) = state.assets
    assert asset.size_bytes
    assert (found.handle.id, found.token, found.model) == (job.id, "token-1", "sim/draft")
    assert refused == Failed(kind="moderated", reason="the simulated filter refused this prompt")


def test_the_catalogue_and_the_planted_truth_agree_on_the_price(tmp_path):
    cards = {card.model: card for card in SimProvider(tmp_path).models()}
    assert set(cards) == {*MODELS, "sim/still"}
    assert str(STILL_USD) in str(cards["sim/still"].price)
    for name, habits in MODELS.items():
        assert str(habits.usd_per_s) in str(cards[name].price)


# -- the planted truth -----------------------------------------------------------------------------


def test_the_same_request_has_the_same_truth_whatever_its_look():
    assert truth(spec()) == truth(spec())
    assert truth(spec(resolution="540p")).outcome == truth(spec()).outcome


def test_models_follow_as_often_as_their_table_says():
    for model, habits in MODELS.items():
        for move in ("push_in", "handheld", "orbit_left"):
            kept = [
                truth(spec("x", model, camera_motion=move, seed=seed)).outcome == "followed"
                for seed in range(600)
            ]
            assert abs(sum(kept) / 600 - habits.follows[move]) < 0.06


def test_flicker_is_drawn_alike_whether_or_not_the_camera_was_followed():
    draws = {"followed": [], "missed": []}
    for seed in range(800):
        found = truth(spec("x", camera_motion="orbit_left", seed=seed))
        draws["followed" if found.outcome == "followed" else "missed"].append(found.flicker)
    means = [sum(some) / len(some) for some in draws.values()]
    assert abs(means[0] / means[1] - 1) < 0.08


def test_several_moves_at_once_are_not_delivered():
    found = truth(spec("A car. Pan left, then tilt up."))
    assert found.outcome in {"weak", "static"}
    assert found.others == ("tilt_up",)


def test_the_words_of_the_prompt_name_the_move_unless_the_parameter_does():
    assert truth(spec("A car. Slow push in.")).asked == "push_in"
    assert truth(spec("A car. Slow push in.", camera_motion="pan_left")).asked == "pan_left"
    assert truth(spec("A car.")).asked is None


def test_the_table_is_printed_with_every_model_and_move():
    text = describe()
    assert "sim/draft" in text
    assert "follows handheld" in text
