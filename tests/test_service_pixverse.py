"""PixVerse: its codes count and not its HTTP status, and every request has an id of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import Answer, Ask, route
from tests.services.pixverse import PixVerseFake
from toolkit.errors import CannotList, ProviderError, Refused
from toolkit.providers._http import UnclearError
from toolkit.records import ImageRef
from toolkit.seams import Failed, Succeeded


@pytest.fixture
def fake() -> Iterator[PixVerseFake]:
    with PixVerseFake() as made:
        made.unique = True
        yield made


@pytest.fixture
def met(fake: PixVerseFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "pixverse", tmp_path, monkeypatch)


def test_our_words_become_the_services(met: Met) -> None:
    body = met.prepare(
        wish(
            "pixverse/v5", negative="text, logos", duration_s=8.0, resolution="720p",
            aspect_ratio="9:16", seed=7, audio=False, loop=False, fps=24,
            extra={"style": "anime"},
        )
    )  # fmt: skip
    assert body == {
        "model": "v5",
        "prompt": FOX,
        "negative_prompt": "text, logos",
        "duration": 8,
        "quality": "720p",
        "aspect_ratio": "9:16",
        "seed": 7,
        "style": "anime",
    }
    assert isinstance(body["duration"], int)


def test_what_it_insists_on_is_said_as_the_catalogue_has_it(met: Met) -> None:
    answer = met.submit(wish("pixverse/v5"))
    assert answer.sent == {
        "model": "v5",
        "prompt": FOX,
        "duration": 5,
        "quality": "540p",
        "aspect_ratio": "16:9",
    }


def test_one_picture_goes_up_and_is_named_by_its_number(
    met: Met, fake: PixVerseFake, tmp_path: Path
) -> None:
    body = met.prepare(wish("pixverse/v5", start_image=picture(tmp_path)))
    assert body == {"model": "v5", "prompt": FOX, "duration": 5, "quality": "540p", "img_id": 1}
    assert fake.images == {1: (tmp_path / "fox.png").read_bytes()}
    assert isinstance(met.end(wish("pixverse/v5", start_image=picture(tmp_path))), Succeeded)
    assert fake.of_kind("submit")[0].path == "/openapi/v2/video/img/generate"


def test_two_pictures_are_the_ends_of_a_transition(
    met: Met, fake: PixVerseFake, tmp_path: Path
) -> None:
    start, end = picture(tmp_path, "a"), picture(tmp_path, "b")
    answer = met.submit(wish("pixverse/v5", start_image=start, end_image=end))
    assert (answer.sent["first_frame_img"], answer.sent["last_frame_img"]) == (1, 2)
    assert fake.of_kind("submit")[0].path == "/openapi/v2/video/transition/generate"


def test_what_it_cannot_take_is_refused_before_anything_is_sent(
    met: Met, fake: PixVerseFake, tmp_path: Path
) -> None:
    image = picture(tmp_path)
    elsewhere = ImageRef(image.sha256, url="https://pictures.example/fox.png")
    for params, reason in (
        ({"end_image": image}, "takes `end_image` only beside a `start_image`"),
        ({"start_image": elsewhere}, "takes pictures as files and no addresses"),
        ({"seed": 2**31}, "`seed` is at most 2,147,483,647, not 2,147,483,648"),
    ):
        with pytest.raises(Refused, match=reason) as said:
            met.submit(wish("pixverse/v5", **params))
        assert said.value.kind == "invalid"
    assert fake.asked == []


def test_every_request_has_an_id_of_its_own_and_a_paid_one_that_of_its_attempt(
    met: Met, fake: PixVerseFake, tmp_path: Path
) -> None:
    first = met.submit(wish("pixverse/v5", start_image=picture(tmp_path)), TOKEN)
    met(lambda made: made.poll(first.job))
    second = met.submit(wish("pixverse/v5"), "another attempt")
    assert len(fake.traces) == len(set(fake.traces)) == len(fake.asked)
    traces = [ask.headers["ai-trace-id"] for ask in fake.of_kind("submit")]
    assert [job.data["trace"] for job in (first.job, second.job)] == traces
    assert {uuid.UUID(trace).version for trace in traces} == {5}


def test_the_same_attempt_never_makes_two_clips(met: Met, fake: PixVerseFake) -> None:
    met.submit(wish("pixverse/v5"), TOKEN)
    with pytest.raises(Refused):
        met.submit(wish("pixverse/v5"), TOKEN)
    assert fake.charges == 1


class Saying(PixVerseFake):
    """Answers every submission with one code."""

    answer = Answer()

    @route("POST", "/openapi/v2/video/{kind}/generate", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        return self.answer


@pytest.fixture
def saying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Met]:
    with Saying() as made:
        yield Met(made, "pixverse", tmp_path, monkeypatch)


def said(met: Met, status: int, code: object, message: str = "in its words") -> ProviderError:
    Saying.answer = Answer(status, {"ErrCode": code, "ErrMsg": message, "Resp": None})
    with pytest.raises(ProviderError) as found:
        met.submit(wish("pixverse/v5"))
    return found.value


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("code", "kind", "way_out"),
    [
        (400011, "invalid", "in its words"),
        (400012, "auth", "PIXVERSE_API_KEY right"),
        (400017, "invalid", "in its words"),
        (500020, "auth", "plan does not allow"),
        (500030, "invalid", "at most 20 MB"),
        (500044, "rate_limit", "in its words"),
        (500054, "moderated", "another image"),
        (500060, "arrears", "this month"),
        (500063, "moderated", "change the words"),
        (500069, "outage", "too much to do"),
        (500090, "arrears", "top up"),
    ],
)
def test_each_code_has_its_kind_and_its_way_out(
    saying: Met, status: int, code: int, kind: str, way_out: str
) -> None:
    found = said(saying, status, code)
    assert isinstance(found, Refused), found
    assert found.kind == kind
    assert way_out in str(found)


def test_a_service_that_has_too_much_to_do_is_left_alone_for_a_while(saying: Met) -> None:
    found = said(saying, 200, 500069)
    assert isinstance(found, Refused)
    assert found.retry_after_s == 30


def test_a_model_that_is_gone_is_no_typing_error(saying: Met) -> None:
    found = said(saying, 200, 400017, "model v5 is no longer supported")
    assert isinstance(found, Refused)
    assert found.kind == "retired"


@pytest.mark.parametrize(("status", "code"), [(200, 500100), (200, 99999), (500, 500044)])
def test_a_code_that_says_nothing_is_unknown(saying: Met, status: int, code: int) -> None:
    assert isinstance(said(saying, status, code), UnclearError)


def test_a_clip_is_made_and_says_what_it_was_asked(met: Met) -> None:
    done = met.end(wish("pixverse/v5", seed=7))
    assert isinstance(done, Succeeded)
    assert done.prompt_used == FOX


def test_the_credits_are_kept_with_the_job(met: Met) -> None:
    assert met.submit(wish("pixverse/v5")).job.data["credits"] == 45


@pytest.mark.parametrize(
    ("ends", "kind", "charged"),
    [("moderated", "moderated", 0), ("failed", "failed", None), ("expired", "expired", None)],
)
def test_what_moderation_takes_off_is_given_back_and_the_rest_is_not_known(
    met: Met, fake: PixVerseFake, ends: str, kind: str, charged: int | None
) -> None:
    fake.end_next(ends)
    done = met.end(wish("pixverse/v5"))
    assert isinstance(done, Failed)
    assert (done.kind, done.charged_micro_usd) == (kind, charged)


def test_without_a_list_nothing_is_looked_up(met: Met, fake: PixVerseFake) -> None:
    with pytest.raises(CannotList, match="finds one by the trace id"):
        met(lambda made: made.recent(datetime.now(UTC), "pixverse/v5"))
    assert fake.asked == []
