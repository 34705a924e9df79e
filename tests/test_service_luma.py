"""Luma Dream Machine: what is sent is what its document allows, and what it says is understood."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import Answer
from tests.services.luma import LumaFake, check
from toolkit import catalog
from toolkit.errors import ProviderError, Refused
from toolkit.providers import _lists, luma
from toolkit.providers.luma import CONCEPTS, from_generation
from toolkit.records import CAMERA_MOVES
from toolkit.seams import Failed, Succeeded

DOCUMENTED = frozenset(
    [
        "truck_left",
        "pan_right",
        "pedestal_down",
        "low_angle",
        "pedestal_up",
        "selfie",
        "pan_left",
        "roll_right",
        "zoom_in",
        "over_the_shoulder",
        "orbit_right",
        "orbit_left",
        "static",
        "tiny_planet",
        "high_angle",
        "bolt_cam",
        "dolly_zoom",
        "overhead",
        "zoom_out",
        "handheld",
        "roll_left",
        "pov",
        "aerial_drone",
        "push_in",
        "crane_down",
        "truck_right",
        "tilt_down",
        "elevator_doors",
        "tilt_up",
        "ground_level",
        "pull_out",
        "aerial",
        "crane_up",
        "eye_level",
    ]
)
"""The keys of concepts in the documents."""


@pytest.fixture
def fake() -> Iterator[LumaFake]:
    with LumaFake() as made:
        yield made


@pytest.fixture
def met(fake: LumaFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "luma", tmp_path, monkeypatch)


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_our_words_become_the_services(met: Met) -> None:
    body = met.prepare(
        wish(
            "luma/ray-2", duration_s=9, resolution="1080p", aspect_ratio="9:16", loop=True,
            camera_motion="push_in", seed=7, audio=False, fps=24, prompt_rewrite=False,
        )
    )  # fmt: skip
    assert body == {
        "model": "ray-2",
        "prompt": FOX,
        "duration": "9s",
        "resolution": "1080p",
        "aspect_ratio": "9:16",
        "loop": True,
        "concepts": [{"key": "push_in"}],
    }


def test_only_what_was_asked_is_sent(met: Met) -> None:
    assert met.prepare(wish("luma/ray-flash-2")) == {"model": "ray-flash-2", "prompt": FOX}


def test_every_camera_move_is_a_documented_concept() -> None:
    assert set(CONCEPTS) == set(CAMERA_MOVES)
    assert set(CONCEPTS.values()) <= DOCUMENTED
    assert len(set(CONCEPTS.values())) == len(CONCEPTS)


def test_a_concept_of_its_own_goes_beside_ours(met: Met) -> None:
    extra = {"concepts": [{"key": "dolly_zoom"}, {"key": "pan_left"}]}
    body = met.prepare(wish("luma/ray-2", camera_motion="pan_left", extra=extra))
    assert body["concepts"] == [{"key": "pan_left"}, {"key": "dolly_zoom"}]
    assert met.prepare(wish("luma/ray-2", extra=extra))["concepts"] == extra["concepts"]


def test_ray_1_6_hears_the_camera_in_words_and_is_told_no_duration(met: Met) -> None:
    body = met.prepare(wish("luma/ray-1-6", duration_s=5, camera_motion="push_in"))
    assert body == {"model": "ray-1-6", "prompt": f"{FOX}. The camera pushes in slowly."}
    card = catalog.card("luma/ray-1-6")
    assert str(catalog.limit_refusal(card, {"resolution": "720p"})) == (
        "luma/ray-1-6 takes no resolution"
    )


def test_images_go_as_public_addresses(met: Met, tmp_path: Path) -> None:
    one, two = (picture(tmp_path, n, url=f"https://images.example/{n}.png") for n in ("a", "b"))
    body = met.prepare(wish("luma/ray-2", start_image=one, end_image=two))
    assert body["keyframes"] == {
        "frame0": {"type": "image", "url": "https://images.example/a.png"},
        "frame1": {"type": "image", "url": "https://images.example/b.png"},
    }
    check(body, "GenerationRequest")


def test_a_file_without_an_address_is_refused_before_anything_is_sent(
    met: Met, fake: LumaFake, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=r"`end_image` from a public address .* give both: ") as said:
        met.submit(wish("luma/ray-2", end_image=picture(tmp_path)))
    assert said.value.kind == "invalid"
    assert fake.asked == []


def test_a_clip_may_go_on_from_an_earlier_one(met: Met, tmp_path: Path) -> None:
    earlier = "8a1c0d2e-0000-4000-8000-000000000001"
    image = picture(tmp_path, url="https://images.example/fox.png")
    extra = {"keyframes": from_generation(earlier)}
    body = met.prepare(wish("luma/ray-2", end_image=image, extra=extra))
    assert body["keyframes"] == {
        "frame0": {"type": "generation", "id": earlier},
        "frame1": {"type": "image", "url": "https://images.example/fox.png"},
    }
    check(body, "GenerationRequest")


def test_a_clip_is_made(met: Met, fake: LumaFake) -> None:
    done = met.end(wish("luma/ray-2", resolution="540p"))
    assert isinstance(done, Succeeded)
    assert done.assets[0].url == fake.result_url(next(iter(fake.jobs.values())))
    assert (done.prompt_used, done.cost_micro_usd) == (FOX, None)


@pytest.mark.parametrize("ends", ["failed", "moderated"])
def test_a_failed_generation_costs_nothing_and_says_why(
    met: Met, fake: LumaFake, ends: str
) -> None:
    fake.end_next(ends)
    done = met.end(wish("luma/ray-2"))
    assert isinstance(done, Failed)
    assert (done.kind, done.charged_micro_usd) == (ends, 0)
    assert done.reason == {
        "failed": "job failed",
        "moderated": "400: prompt not allowed because advanced moderation failed",
    }[ends]  # fmt: skip


def test_a_retired_model_is_no_typing_error(met: Met) -> None:
    with pytest.raises(Refused, match="take another model: luma/ray-2") as said:
        met.submit(wish("luma/ray-1-6"))
    assert said.value.kind == "retired"


def test_refused_words_are_moderation(met: Met, fake: LumaFake) -> None:
    with pytest.raises(Refused, match="change the words") as said:
        met.submit(wish("luma/ray-2", "a forbidden thing"))
    assert (said.value.kind, fake.charges) == ("moderated", 0)


@pytest.mark.parametrize(
    ("detail", "kind", "way_out"),
    [
        ("Insufficient credits", "arrears", "top up"),
        ("model ray-2 is no longer available", "retired", "another model"),
        ("duration must be one of 5s, 9s", "invalid", "one of 5s"),
        ("bad prompt: white balance, a budget hotel, insufficient light", "invalid", "bad prompt"),
        ("Your account balance is too low", "arrears", "top up"),
        ("You do not have enough credits", "arrears", "top up"),
    ],
)
def test_each_refusal_has_its_own_kind(
    met: Met, fake: LumaFake, detail: str, kind: str, way_out: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(LumaFake, "error", lambda *_: Answer(422, {"detail": detail}))
    fake.wrong("submit", "invalid")
    with pytest.raises(Refused, match=way_out) as said:
        met.submit(wish("luma/ray-2"))
    assert said.value.kind == kind


def test_a_key_of_the_other_luma_is_named(met: Met, fake: LumaFake) -> None:
    fake.wrong("submit", "no_auth")
    with pytest.raises(Refused, match="LUMAAI_API_KEY a key of Dream Machine") as said:
        met.submit(wish("luma/ray-2"))
    assert said.value.kind == "auth"


def test_a_job_is_found_again_by_what_was_asked(met: Met) -> None:
    request = wish("luma/ray-2", duration_s=5, camera_motion="roll_cw")
    sent = met.submit(request).sent
    met.submit(wish("luma/ray-flash-2"))
    jobs = met(lambda made: made.recent(long_ago(), "luma/ray-2"))
    assert [(job.model, job.token, job.prompt) for job in jobs] == [("luma/ray-2", None, FOX)]
    echoed = jobs[0].sent
    assert all(echoed[name] == value for name, value in sent.items())


def test_with_an_address_of_ones_own_a_job_is_recognised_exactly(
    met: Met, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTGRID_CALLBACK_URL", "https://me.example/hook?a=1")
    sent = met.submit(wish("luma/ray-2"), TOKEN).sent
    assert sent["callback_url"] == f"https://me.example/hook?a=1&promptgrid={TOKEN}"
    check(sent, "GenerationRequest")
    jobs = met(lambda made: made.recent(long_ago(), "luma/ray-2"))
    assert [job.token for job in jobs] == [TOKEN]


def test_an_address_that_is_none_is_told(met: Met, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTGRID_CALLBACK_URL", "me.example")
    with pytest.raises(ProviderError, match=r"PROMPTGRID_CALLBACK_URL is an http\(s\) address"):
        met.submit(wish("luma/ray-2"))


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_list_is_followed_as_far_as_it_is_needed(
    met: Met, fake: LumaFake, newest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.page, fake.newest_first = 3, newest_first
    fake.advance(-7200)
    for _ in range(7):
        fake.charge({"model": "ray-2", "prompt": FOX}, id=luma_id(fake), model="ray-2")
        fake.advance(1)
    fake.advance(7200 - 7)
    new = [met.submit(wish("luma/ray-2")).job.id for _ in range(4)]

    monkeypatch.setattr(luma, "PAGE", 3)
    jobs = met(lambda made: made.recent(long_ago(), "luma/ray-2"))
    assert sorted(job.handle.id for job in jobs) == sorted(new)
    assert len(fake.of_kind("list")) == (2 if newest_first else 4)


def test_a_list_in_no_order_is_read_to_its_end() -> None:
    now = datetime.now(UTC)
    hours = [[0, 2, 1], [3, 9], [8, 0]]
    pages = [[{"at": now - timedelta(hours=h), "h": h} for h in page] for page in hours]
    asked = []

    async def page(n: int) -> tuple[list[dict[str, Any]], bool]:
        asked.append(n)
        return pages[n], n + 1 < len(pages)

    since = now - timedelta(hours=4)
    rows = asyncio.run(_lists.back_to(since, page, lambda row: row["at"], provider="luma"))
    assert [row["h"] for row in rows] == [0, 2, 1, 3, 0]
    assert asked == [0, 1, 2]


def test_a_list_that_never_ends_or_tells_no_time_is_an_error() -> None:
    now = datetime.now(UTC)

    async def endless(_: int) -> tuple[list[dict[str, Any]], bool]:
        return [{"at": now}], True

    for told, reason in ((now, "more than 100 pages"), (None, "a row without a time")):
        with pytest.raises(ProviderError, match=reason):
            asyncio.run(_lists.back_to(now, endless, lambda _, told=told: told, provider="luma"))


def luma_id(fake: LumaFake) -> str:
    return f"00000000-0000-4000-8000-{len(fake.jobs):012x}"


def test_what_is_left_on_the_account(met: Met) -> None:
    assert met(lambda made: made.balance_usd()) == 12.34


def test_nothing_can_be_stopped(met: Met) -> None:
    job = met.submit(wish("luma/ray-2")).job
    with pytest.raises(ProviderError, match="cannot be stopped"):
        met(lambda made: made.cancel(job))


def test_the_fake_answers_as_the_document_says(met: Met, fake: LumaFake) -> None:
    met.end(wish("luma/ray-2", duration_s=5))
    fake.end_next("failed")
    met.end(wish("luma/ray-2", loop=True))
    for job in fake.jobs.values():
        check(fake.generation(job), "Generation")
    ask = next(ask for ask in fake.asked if ask.kind == "poll")
    rows = fake.list(ask).body
    check(rows, "ListGenerationResponse")
    check(fake.credits(ask).body, "Credits")
