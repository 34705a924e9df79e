"""The base of the fakes does what its words say: a judge is judged first."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from PIL import Image

from tests.services._server import (
    BEFORE,
    CHARGED,
    Answer,
    Ask,
    FakeService,
    canary,
    clip_bytes,
    image_bytes,
    route,
)
from toolkit.video import probe


class Small(FakeService):
    keys: ClassVar = {"SMALL_KEY": "Authorization: Bearer {}"}

    @route("POST", "/v1/{model...}/jobs", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        job = self.charge(ask.json, model=ask.path_args["model"])
        return Answer(201, {"id": job.id})

    @route("GET", "/v1/jobs/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        if job is None:
            return self.error(404, "no such job")
        return Answer(200, {"state": job.state, "url": self.result_url(job)})


KEY = {"authorization": f"Bearer {canary('SMALL_KEY')}"}


@pytest.fixture
def small() -> Iterator[FakeService]:
    with Small(num_polls=2, hang_s=0.5) as fake:
        yield fake


def post(fake: FakeService, **settings: object) -> httpx.Response:
    settings = {"headers": KEY, "json": {"prompt": "a fox"}, "timeout": 5.0, **settings}
    return httpx.post(f"{fake.url}/v1/some/model/jobs", **settings)  # type: ignore[arg-type]


def test_a_job_is_charged_once_and_ends_after_its_polls(small: FakeService) -> None:
    job = post(small).json()["id"]
    assert [small.jobs[job].request, small.jobs[job].model] == [{"prompt": "a fox"}, "some/model"]
    seen = [httpx.get(f"{small.url}/v1/jobs/{job}", headers=KEY).json() for _ in range(4)]
    assert [one["state"] for one in seen] == ["running", "running", "succeeded", "succeeded"]
    assert httpx.get(seen[-1]["url"]).content == clip_bytes(job)
    assert [ask.kind for ask in small.asked] == ["submit", *["poll"] * 4, "download"]


def test_a_request_without_the_key_is_refused_and_charges_nothing(small: FakeService) -> None:
    assert post(small, headers={"authorization": "Bearer other"}).status_code == 401
    assert small.charges == 0


@pytest.mark.parametrize("fault", BEFORE)
def test_what_goes_wrong_before_charges_nothing(small: FakeService, fault: str) -> None:
    small.wrong("submit", fault)
    if fault == "drop":
        with pytest.raises(httpx.TransportError):
            post(small)
    else:
        assert post(small).status_code >= 400
    assert small.charges == 0
    assert post(small).status_code == 201  # once only


@pytest.mark.parametrize("fault", CHARGED)
def test_what_goes_wrong_after_has_charged(small: FakeService, fault: str) -> None:
    small.wrong("submit", fault)
    if fault in ("lose", "hang", "drip"):
        with pytest.raises(httpx.TransportError):
            post(small)
    else:
        reply = post(small)
        assert not reply.is_success or "id" not in reply.text
    assert small.charges == 1


def test_retry_after_comes_in_both_forms(small: FakeService) -> None:
    small.wrong("submit", "busy", "busy_date")
    seconds, date = (post(small).headers["retry-after"] for _ in range(2))
    assert seconds == "7"
    assert date.endswith(" GMT")


def test_a_redirect_leads_to_a_stranger_whose_requests_are_seen(small: FakeService) -> None:
    small.wrong("submit", "redirect")
    post(small, follow_redirects=True)
    assert [ask.where for ask in small.asked] == ["service", "elsewhere"]


def test_results_are_real_files_of_their_own(tmp_path: Path, small: FakeService) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(clip_bytes("a"))
    clip = probe(path)
    assert (clip.width, clip.height, clip.num_frames) == (96, 54, 12)
    assert clip_bytes("a") != clip_bytes("b")
    for form in ("PNG", "JPEG", "WEBP"):
        with Image.open(io.BytesIO(image_bytes("a", form))) as image:
            assert (image.format, image.size) == (form, (64, 36))


def test_a_list_lags_behind_the_ledger(small: FakeService) -> None:
    small.list_lag_s = 60
    post(small)
    assert small.listed() == []
    small.advance(61)
    assert len(small.listed()) == 1
    assert small.listed(since=small.now()) == []
