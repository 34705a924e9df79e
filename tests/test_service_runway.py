"""Runway: sizes as pixel pairs, pictures as data, costs in credits, no list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services import runway as documents
from tests.services._meet import FOX, Met, picture, wish
from tests.services.runway import CREDITS, RunwayFake
from toolkit import catalog
from toolkit.errors import CannotList, Refused
from toolkit.providers import runway
from toolkit.providers.runway import RATIOS
from toolkit.records import ImageRef
from toolkit.seams import Failed, Succeeded


@pytest.fixture
def fake() -> Iterator[RunwayFake]:
    with RunwayFake() as made:
        yield made


@pytest.fixture
def met(fake: RunwayFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "runway", tmp_path, monkeypatch)


def test_our_words_become_the_services(met: Met) -> None:
    body = met.prepare(
        wish(
            "runway/veo3.1", negative="text", duration_s=6, resolution="1080p",
            aspect_ratio="9:16", audio=False, seed=7, loop=False,
        )
    )  # fmt: skip
    assert body == {
        "model": "veo3.1",
        "promptText": FOX,
        "negativePrompt": "text",
        "duration": 6,
        "ratio": "1080:1920",
        "audio": False,
        "seed": 7,
    }


def test_a_model_without_a_seed_is_sent_none(met: Met) -> None:
    body = met.prepare(wish("runway/kling3.0_pro", seed=7, extra={"cfgScale": 0.3}))
    assert body == {
        "model": "kling3.0_pro",
        "promptText": FOX,
        "ratio": "1920:1080",
        "cfgScale": 0.3,
    }


@pytest.mark.parametrize(
    ("model", "params", "ratio"),
    [
        ("runway/veo3.1", {}, "1280:720"),
        ("runway/veo3.1", {"resolution": "1080p"}, "1920:1080"),
        ("runway/kling3.0_standard", {"aspect_ratio": "1:1"}, "960:960"),
        ("runway/kling3.0_4k", {"aspect_ratio": "9:16"}, "2160:3840"),
        ("runway/seedance2", {}, None),
        ("runway/seedance2", {"aspect_ratio": "21:9"}, "1470:630"),
        ("runway/seedance2", {"resolution": "4k"}, "3840:2160"),
        ("runway/gen4.5", {}, "1280:720"),
    ],
)
def test_size_and_shape_are_one_pair(
    met: Met, model: str, params: dict[str, Any], ratio: str | None
) -> None:
    assert met.prepare(wish(model, **params)).get("ratio") == ratio
    assert isinstance(met.end(wish(model, **params)), Succeeded)


def test_every_pair_is_one_of_the_documents_and_has_its_shape() -> None:
    for model, ours in RATIOS.items():
        if model not in documents.RATIOS:
            continue
        pairs = [pair for shapes in ours.values() for pair in shapes.values()]
        assert sorted(pairs) == sorted(documents.RATIOS[model].split())
        for shapes in ours.values():
            for shape, pair in shapes.items():
                wanted, got = (int(a) / int(b) for a, b in (x.split(":") for x in (shape, pair)))
                assert got == pytest.approx(wanted, rel=0.03)


def test_every_size_of_the_catalogue_has_a_pair() -> None:
    for card in catalog.cards():
        if card.service == "runway":
            assert set(card.resolutions) == set(RATIOS[card.wire_id])
            for shapes in RATIOS[card.wire_id].values():
                assert set(card.aspect_ratios) == set(shapes)


def test_pictures_go_as_data_and_are_recorded_by_their_hash(
    met: Met, fake: RunwayFake, tmp_path: Path
) -> None:
    one, two = picture(tmp_path, "a"), picture(tmp_path, "b")
    sent = met.submit(wish("runway/kling3.0_pro", start_image=one, end_image=two)).sent
    assert sent["promptImage"] == [
        {"uri": one.canonical(), "position": "first"},
        {"uri": two.canonical(), "position": "last"},
    ]
    assert "ratio" not in sent  # it follows the picture
    (job,) = fake.jobs.values()
    assert job.request["promptImage"][1]["uri"].startswith("data:image/png;base64,iVBOR")
    assert fake.of_kind("submit")[0].path == "/v1/image_to_video"


def test_a_picture_that_is_too_large_goes_by_its_address_or_not_at_all(
    met: Met, fake: RunwayFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runway, "MOST_IMAGE_CHARS", 200)
    with pytest.raises(Refused, match="make it smaller, or give its public address") as said:
        met.submit(wish("runway/veo3.1", start_image=picture(tmp_path)))
    assert (said.value.kind, fake.asked) == ("invalid", [])
    image = picture(tmp_path, url="https://pictures.example/fox.png")
    sent = met.submit(wish("runway/veo3.1", start_image=image)).sent
    assert sent["promptImage"] == [{"uri": "https://pictures.example/fox.png", "position": "first"}]


def test_a_last_frame_needs_a_first(met: Met, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="`end_image` only beside a `start_image`"):
        met.prepare(wish("runway/veo3.1", end_image=picture(tmp_path)))


def test_a_picture_with_an_address_alone_goes_by_it(met: Met, tmp_path: Path) -> None:
    image = ImageRef(picture(tmp_path).sha256, url="https://pictures.example/fox.png")
    body = met.prepare(wish("runway/gen4.5", start_image=image))
    assert body["promptImage"][0]["uri"] == "https://pictures.example/fox.png"
    assert body["duration"] == 5  # it wants one


def test_a_credit_is_a_cent(met: Met) -> None:
    done = met.end(wish("runway/kling3.0_pro"))
    assert isinstance(done, Succeeded)
    assert done.cost_micro_usd == CREDITS * 10_000
    until = done.assets[0].expires_at
    assert until is not None
    assert abs(until - datetime.now(UTC) - timedelta(hours=24)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("SAFETY.INPUT.TEXT", "moderated"),
        ("SAFETY.OUTPUT.VIDEO", "moderated"),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", "moderated"),
        ("INTERNAL.BAD_OUTPUT", "failed"),
    ],
)
def test_a_failure_says_its_code_and_what_it_cost(
    met: Met, fake: RunwayFake, code: str, kind: str
) -> None:
    fake.end_next("failed", code)
    done = met.end(wish("runway/kling3.0_pro"))
    assert isinstance(done, Failed)
    assert (done.kind, done.charged_micro_usd) == (kind, 0)
    assert done.reason == f"{code}: in a person's words"


def test_a_cancelled_task_costs_what_it_says(met: Met, fake: RunwayFake) -> None:
    fake.num_polls = 9

    async def go(made: Any) -> Any:
        job = (await made.submit(wish("runway/kling3.0_pro"), "t")).job
        await made.cancel(job)
        return await made.poll(job)

    assert met(go) == Failed(kind="cancelled", reason="cancelled", charged_micro_usd=0)


def test_a_retired_model_is_no_typing_error(
    met: Met, fake: RunwayFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(documents.FIELDS, "veo3.1")
    with pytest.raises(Refused, match="take another model") as said:
        met.submit(wish("runway/veo3.1"))
    assert said.value.kind == "retired"


def test_what_is_left_on_the_account(met: Met) -> None:
    assert met(lambda made: made.balance_usd()) == 12.34


def test_without_a_list_nothing_is_looked_up(met: Met, fake: RunwayFake) -> None:
    with pytest.raises(CannotList, match="no list of tasks"):
        met(lambda made: made.recent(datetime.now(UTC), "runway/veo3.1"))
    assert fake.asked == []
