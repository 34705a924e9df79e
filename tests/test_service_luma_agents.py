"""Luma Agents: a nested body, codes of failure, links that last an hour, no list."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.services._meet import FOX, Met, picture, wish
from tests.services.luma_agents import LumaAgentsFake
from toolkit import catalog
from toolkit.errors import CannotList, Refused
from toolkit.records import ImageRef
from toolkit.seams import Failed, Succeeded

RAY = "luma-agents/ray-3.2"


@pytest.fixture
def fake() -> Iterator[LumaAgentsFake]:
    with LumaAgentsFake() as made:
        yield made


@pytest.fixture
def met(fake: LumaAgentsFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "luma-agents", tmp_path, monkeypatch)


def test_our_words_become_the_services(met: Met) -> None:
    body = met.prepare(
        wish(
            RAY, duration_s=5, resolution="1080p", aspect_ratio="9:16", loop=True, seed=7,
            audio=False, fps=24, camera_motion="push_in", extra={"video": {"hdr": False}},
        )
    )  # fmt: skip
    assert body == {
        "model": "ray-3.2",
        "type": "video",
        "prompt": f"{FOX}. The camera pushes in slowly.",
        "aspect_ratio": "9:16",
        "video": {"duration": "5s", "resolution": "1080p", "loop": True, "hdr": False},
    }


def test_only_what_was_asked_is_sent(met: Met) -> None:
    assert met.submit(wish(RAY)).sent == {"model": "ray-3.2", "type": "video", "prompt": FOX}


def test_pictures_go_inside_and_are_recorded_by_their_hash(
    met: Met, fake: LumaAgentsFake, tmp_path: Path
) -> None:
    one, two = picture(tmp_path, "a"), picture(tmp_path, "b")
    sent = met.submit(wish(RAY, start_image=one, end_image=two)).sent
    assert sent["video"] == {
        "start_frame": {"data": one.canonical(), "media_type": "image/png"},
        "end_frame": {"data": two.canonical(), "media_type": "image/png"},
    }
    (job,) = fake.jobs.values()
    data = job.request["video"]["end_frame"]["data"]
    assert base64.b64decode(data) == (tmp_path / "b.png").read_bytes()


def test_ten_seconds_take_their_pictures_as_keyframes(met: Met, tmp_path: Path) -> None:
    """Its pages: start_frame and end_frame are for 5 s; keyframes lie on a grid of 24 a second."""
    one, two = picture(tmp_path, "a"), picture(tmp_path, "b")
    sent = met.submit(wish(RAY, duration_s=10, start_image=one, end_image=two)).sent
    assert sent["video"] == {
        "duration": "10s",
        "keyframes": [
            {"data": image.canonical(), "media_type": "image/png"} for image in (one, two)
        ],
        "keyframe_indexes": [0, 240],
    }
    sent = met.submit(wish(RAY, duration_s=10, end_image=two)).sent
    assert sent["video"]["keyframe_indexes"] == [240]


def test_a_picture_with_an_address_alone_goes_by_it(met: Met, tmp_path: Path) -> None:
    image = ImageRef(picture(tmp_path).sha256, url="https://pictures.example/fox.png")
    sent = met.submit(wish(RAY, start_image=image)).sent
    assert sent["video"] == {"start_frame": {"url": "https://pictures.example/fox.png"}}


def test_a_clip_may_go_on_from_an_earlier_one(met: Met) -> None:
    extra = {"video": {"start_frame": {"generation_id": "g0"}}}
    sent = met.submit(wish(RAY, resolution="720p", extra=extra)).sent
    assert sent["video"] == {"resolution": "720p", "start_frame": {"generation_id": "g0"}}


def test_a_loop_of_ten_seconds_is_refused_by_the_grid() -> None:
    no = catalog.limit_refusal(catalog.card(RAY), {"duration_s": 10, "loop": True})
    assert str(no) == f"{RAY} takes loop False with duration_s 10, not True"


def test_its_links_last_an_hour(met: Met) -> None:
    done = met.end(wish(RAY))
    assert isinstance(done, Succeeded)
    until = done.assets[0].expires_at
    assert until is not None
    assert abs(until - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("code", "kind", "way_out"),
    [
        ("content_moderated", "moderated", "change the words"),
        ("generation_failed", "failed", "another sample"),
        ("budget_exhausted", "failed", "raise the account's budget"),
        ("output_not_found", "expired", "gone"),
        ("image_too_large", "failed", "smaller"),
        ("rate_limited", "failed", "later"),
        ("a_new_code", "failed", "in a person's words"),
    ],
)
def test_each_failure_has_its_way_out_and_no_price_is_assumed(
    met: Met, fake: LumaAgentsFake, code: str, kind: str, way_out: str
) -> None:
    fake.end_next("failed", code)
    done = met.end(wish(RAY))
    assert isinstance(done, Failed)
    assert (done.kind, done.charged_micro_usd) == (kind, None)
    assert done.reason.startswith(f"{code}; ")
    assert way_out in done.reason


@pytest.mark.parametrize(
    ("fault", "kind", "way_out"),
    [("no_auth", "auth", "Those of Dream Machine are others"), ("arrears", "arrears", "top up")],
)
def test_each_refusal_has_its_way_out(
    met: Met, fake: LumaAgentsFake, fault: str, kind: str, way_out: str
) -> None:
    fake.wrong("submit", fault)
    with pytest.raises(Refused, match=way_out) as said:
        met.submit(wish(RAY))
    assert said.value.kind == kind


def test_refused_words_are_moderation(met: Met, fake: LumaAgentsFake) -> None:
    with pytest.raises(Refused, match="change the words") as said:
        met.submit(wish(RAY, "a forbidden thing"))
    assert (said.value.kind, fake.charges) == ("moderated", 0)


def test_without_a_list_nothing_is_looked_up(met: Met, fake: LumaAgentsFake) -> None:
    with pytest.raises(CannotList, match="no list of generations"):
        met(lambda made: made.recent(datetime.now(UTC), RAY))
    assert fake.asked == []
