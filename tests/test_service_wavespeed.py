"""WaveSpeed: Ray 1.6 and its siblings, and what the codes in its answers mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services._meet import FOX, Met, picture, wish
from tests.services._server import Answer, image_bytes
from tests.services.wavespeed import WaveSpeedFake
from toolkit import catalog
from toolkit.errors import CannotList, ProviderError, Refused
from toolkit.providers._http import AddressError, UnclearError
from toolkit.seams import Failed, Succeeded

RAY = "wavespeed/ray-1.6-t2v"
RAY_2 = "wavespeed/ray-2-t2v"


@pytest.fixture
def fake() -> Iterator[WaveSpeedFake]:
    with WaveSpeedFake(num_polls=0) as made:
        yield made


@pytest.fixture
def met(fake: WaveSpeedFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "wavespeed", tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("model", "asked", "path", "sent"),
    [
        (
            RAY,
            {"duration_s": 10, "aspect_ratio": "9:16", "resolution": "720p"},
            "luma/ray-1.6-t2v",
            {"duration": 10, "size": "720*1280"},
        ),
        (RAY, {"camera_motion": "push_in"}, "luma/ray-1.6-t2v", {}),
        (
            "wavespeed/pixverse-v5-t2v",
            {"duration_s": 8, "resolution": "720p", "aspect_ratio": "1:1", "seed": 7},
            "pixverse/pixverse-v5-t2v",
            {"duration": 8, "resolution": "720p", "aspect_ratio": "1:1", "seed": 7},
        ),
    ],
)
def test_our_words_become_each_models_own(
    met: Met, fake: WaveSpeedFake, model: str, asked: Any, path: str, sent: Any
) -> None:
    met.submit(wish(model, **asked))
    (ask,) = fake.of_kind("submit")
    body = ask.json
    words = " The camera pushes in slowly." if "camera_motion" in asked else ""
    assert body.pop("prompt") == f"{FOX}{'.' if words else ''}{words}"
    assert (ask.path, body) == (f"/api/v3/{path}", sent)


def test_a_picture_is_uploaded_without_the_key_and_goes_to_the_endpoint_for_pictures(
    met: Met, fake: WaveSpeedFake, tmp_path: Path
) -> None:
    answer = met.submit(wish(RAY_2, duration_s=5, start_image=picture(tmp_path)))
    assert fake.uploaded == [image_bytes("fox")]
    assert answer.sent == {
        "$model": "luma/ray-2-i2v",
        "prompt": FOX,
        "duration": 5,
        "image": "https://d1q70pf5vjeyhc.cloudfront.net/media/1.png",
    }
    assert fake.of_kind("submit")[0].path == "/api/v3/luma/ray-2-i2v"


@pytest.mark.parametrize("target", ["http://files.example/x", "ftp://a.example/x", "None"])
def test_a_picture_goes_nowhere_else_than_over_https(
    met: Met, fake: WaveSpeedFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    told = {"upload": {"url": target}, "download_url": "https://a.example/1.png"}
    monkeypatch.setattr(fake, "wrapped", lambda _: {"code": 200, "data": told})
    with pytest.raises(AddressError):
        met.prepare(wish(RAY_2, start_image=picture(tmp_path)))


def test_a_result_lasts_seven_days(met: Met, fake: WaveSpeedFake) -> None:
    answer = met.submit(wish(RAY))
    state = met(lambda made: made.poll(answer.job))
    assert isinstance(state, Succeeded)
    until = state.assets[0].expires_at
    assert until is not None
    assert timedelta(days=6.9) < until - datetime.now(UTC) <= timedelta(days=7)


@pytest.mark.parametrize(
    ("row", "kind", "charged"),
    [
        ({"status": "failed", "code": 1200, "error": "no"}, "moderated", 0),
        ({"status": "failed", "error": "The content contains sensitive words"}, "moderated", 0),
        ({"status": "failed", "code": 1405, "error": "it broke"}, "failed", 0),
        ({"status": "timeout", "error": ""}, "failed", 0),
        ({"status": "cancelled"}, "cancelled", 0),
        ({"status": "deleted"}, "expired", None),
        ({"status": "completed", "outputs": []}, "expired", None),
        (
            {"status": "completed", "outputs": [], "created_at": "2026-01-01T00:00:00Z"},
            "expired",
            None,
        ),
    ],
)
def test_an_end_without_a_clip_says_which(
    met: Met,
    fake: WaveSpeedFake,
    monkeypatch: pytest.MonkeyPatch,
    row: dict[str, Any],
    kind: str,
    charged: int | None,
) -> None:
    job = met.submit(wish(RAY)).job
    monkeypatch.setattr(fake, "prediction", lambda _: row)
    state = met(lambda made: made.poll(job))
    assert isinstance(state, Failed)
    assert (state.kind, state.charged_micro_usd) == (kind, charged)
    assert state.reason


@pytest.mark.parametrize(
    "outputs", [["https://a.example/1.mp4"], [{"url": "https://a.example/1.mp4"}]]
)
def test_outputs_are_addresses_or_hold_them(
    met: Met, fake: WaveSpeedFake, monkeypatch: pytest.MonkeyPatch, outputs: Any
) -> None:
    job = met.submit(wish(RAY)).job
    monkeypatch.setattr(fake, "prediction", lambda _: {"status": "completed", "outputs": outputs})
    state = met(lambda made: made.poll(job))
    assert [asset.url for asset in state.assets] == ["https://a.example/1.mp4"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, "invalid"), (401, "auth"), (402, "arrears"), (404, "not_found"), (429, "rate_limit"),
     (1200, "moderated"), (1401, "invalid")],
)  # fmt: skip
def test_a_refusal_inside_an_answer_that_says_200_is_a_refusal(
    met: Met, fake: WaveSpeedFake, code: int, kind: str
) -> None:
    fake.ok = code
    with pytest.raises(Refused) as found:
        met.submit(wish(RAY))
    assert found.value.kind == kind


@pytest.mark.parametrize("code", [500, 503, 408, 5000, 5004])
def test_trouble_inside_an_answer_that_says_200_may_have_cost(
    met: Met, fake: WaveSpeedFake, code: int
) -> None:
    fake.ok = code
    with pytest.raises(UnclearError, match=f"answered {code}: it may have been charged"):
        met.submit(wish(RAY))


def test_an_empty_purse_is_told_by_its_words(
    met: Met, fake: WaveSpeedFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = Answer(400, {"code": 400, "message": "Insufficient credits. Please top up."})
    monkeypatch.setattr(fake, "_refusal", lambda _: reply)
    fake.wrong("submit", "invalid")
    with pytest.raises(Refused, match=r"top up at wavespeed\.ai/billing") as found:
        met.submit(wish(RAY))
    assert found.value.kind == "arrears"


def test_its_history_tells_nothing_and_says_where_to_look(met: Met) -> None:
    since = datetime.now(UTC)
    with pytest.raises(
        CannotList, match=r"does not show what was asked.*wavespeed\.ai/predictions"
    ):
        met(lambda made: made.recent(since, RAY))


def test_a_job_cannot_be_stopped(met: Met) -> None:
    job = met.submit(wish(RAY)).job
    with pytest.raises(ProviderError, match=f"{job.id} cannot be stopped"):
        met(lambda made: made.cancel(job))


def test_ray_1_6_is_charged_for_each_five_seconds() -> None:
    card = catalog.card(RAY)
    prices = [catalog.price(card, {"duration_s": seconds}) for seconds in (5, 10)]
    assert [price.expected for price in prices] == [300_000, 600_000]
