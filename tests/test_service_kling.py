"""Kling: its own words and codes, both ways to sign in, and a name of ours for every task."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.services._meet import FOX, TOKEN, Met, picture, wish
from tests.services._server import Answer, Ask, canary, route
from tests.services.kling import KlingFake
from toolkit.errors import ProviderError, Refused
from toolkit.providers import kling
from toolkit.providers._http import UnclearError
from toolkit.providers._secrets import NoKeyError
from toolkit.providers.kling import CAMERA, signed
from toolkit.records import CAMERA_MOVES
from toolkit.seams import Failed, Succeeded


@pytest.fixture
def fake() -> Iterator[KlingFake]:
    with KlingFake() as made:
        yield made


@pytest.fixture
def met(fake: KlingFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Met:
    return Met(fake, "kling", tmp_path, monkeypatch)


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_our_words_become_the_services(met: Met) -> None:
    body = met.prepare(
        wish(
            "kling/kling-v2-6", negative="text, logos", duration_s=10, resolution="1080p",
            aspect_ratio="9:16", audio=True, seed=7, loop=False, fps=24,
            extra={"cfg_scale": 0.3},
        )
    )  # fmt: skip
    assert body == {
        "model_name": "kling-v2-6",
        "prompt": FOX,
        "negative_prompt": "text, logos",
        "duration": "10",
        "mode": "pro",
        "aspect_ratio": "9:16",
        "sound": "on",
        "cfg_scale": 0.3,
    }


def test_only_what_was_asked_is_sent_and_our_name_for_it(met: Met) -> None:
    answer = met.submit(wish("kling/kling-v3", resolution="720p", audio=False))
    assert answer.sent == {
        "model_name": "kling-v3",
        "prompt": FOX,
        "mode": "std",
        "sound": "off",
        "external_task_id": TOKEN,
    }
    assert answer.job.data == {"path": "/v1/videos/text2video"}


def test_a_picture_goes_as_bare_base64_and_is_recorded_by_its_hash(
    met: Met, fake: KlingFake, tmp_path: Path
) -> None:
    image = picture(tmp_path)
    answer = met.submit(wish("kling/kling-v2-6", start_image=image))
    assert answer.sent["image"] == {"image_sha256": image.sha256}
    (job,) = fake.jobs.values()
    assert base64.b64decode(job.request["image"]) == (tmp_path / "fox.png").read_bytes()
    assert answer.job.data == {"path": "/v1/videos/image2video"}
    assert met.prepare(wish("kling/kling-v3", end_image=image))["image_tail"] == image.canonical()


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"audio": True}, "kling/kling-v2-6 takes audio False with resolution 720p, not True"),
        ({"end_image": "fox"}, "kling/kling-v2-6 takes no end_image with resolution 720p"),
        (
            {"end_image": "fox", "audio": True, "resolution": "1080p"},
            "kling/kling-v2-6 takes no end_image with audio True",
        ),
    ],
)
def test_what_goes_not_together_is_refused_by_what_it_does_where_nothing_is_said(
    met: Met, fake: KlingFake, tmp_path: Path, params: dict[str, object], reason: str
) -> None:
    params = {k: picture(tmp_path) if v == "fox" else v for k, v in params.items()}
    with pytest.raises(Refused, match=f"^kling: {reason}$") as said:
        met.prepare(wish("kling/kling-v2-6", **params))
    assert said.value.kind == "invalid"
    assert fake.asked == []


def test_version_1_is_told_the_camera_as_one_number(met: Met, fake: KlingFake) -> None:
    for move, (axis, amount) in CAMERA.items():
        body = met.prepare(wish("kling/kling-v1", camera_motion=move))
        config = body["camera_control"]["config"]
        assert {name: value for name, value in config.items() if value} == {axis: amount}
        assert body["prompt"] == FOX
    assert isinstance(met.end(wish("kling/kling-v1", camera_motion="roll_cw")), Succeeded)


def test_other_moves_and_other_versions_are_told_in_words(met: Met) -> None:
    for model, move in [("kling/kling-v1", m) for m in sorted({*CAMERA_MOVES} - {*CAMERA})] + [
        ("kling/kling-v2-6", "push_in")
    ]:
        body = met.prepare(wish(model, camera_motion=move))
        assert "camera_control" not in body
        assert body["prompt"].startswith(f"{FOX}. ")
    assert {m for m in CAMERA_MOVES if m in CAMERA} == set(CAMERA)


def test_opposite_moves_have_opposite_numbers() -> None:
    for a, b in (
        ("push_in", "pull_out"),
        ("pan_left", "pan_right"),
        ("tilt_up", "tilt_down"),
        ("roll_cw", "roll_ccw"),
    ):
        assert CAMERA[a][0] == CAMERA[b][0]
        assert CAMERA[a][1] == -CAMERA[b][1]


class Saying(KlingFake):
    """Answers every submission with one code."""

    answer = Answer()

    @route("POST", "/v1/videos/{kind}", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        return self.answer


def said(
    met_with: Met, status: int, code: object, *, message: str = "in its words"
) -> ProviderError:
    Saying.answer = Answer(status, {"code": code, "message": message, "request_id": "q"})
    with pytest.raises(ProviderError) as found:
        met_with.submit(wish("kling/kling-v2-6"))
    return found.value


@pytest.fixture
def saying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Met]:
    with Saying() as made:
        yield Met(made, "kling", tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("status", "code", "kind", "way_out"),
    [
        (401, 1000, "auth", "KLING_API_KEY right"),
        (401, 1004, "auth", "KLING_SECRET_KEY"),
        (429, 1100, "arrears", "look at its page"),
        (429, 1101, "arrears", "pay what is due"),
        (429, 1102, "arrears", "buy another"),
        (403, 1103, "auth", "activate it"),
        (400, 1200, "invalid", "in its words"),
        (400, 1201, "invalid", "in its words"),
        (404, 1203, "retired", "another model"),
        (400, 1300, "moderated", "change the words"),
        (400, 1301, "moderated", "change the words"),
        (429, 1302, "rate_limit", "in its words"),
        (429, 1303, "rate_limit", "in its words"),
        (429, 1304, "auth", "this machine's address"),
        (200, 1303, "rate_limit", "in its words"),
    ],
)
def test_each_code_has_its_kind_and_its_way_out(
    saying: Met, status: int, code: int, kind: str, way_out: str
) -> None:
    found = said(saying, status, code)
    assert isinstance(found, Refused), found
    assert found.kind == kind
    assert way_out in str(found)


@pytest.mark.parametrize(("status", "code"), [(500, 5000), (503, 5001), (504, 5002), (200, 5000),
                                              (200, 9999), (500, 1102)])  # fmt: skip
def test_a_code_that_says_nothing_is_unknown(saying: Met, status: int, code: int) -> None:
    assert isinstance(said(saying, status, code), UnclearError)


def test_a_clip_is_made_and_kept_for_30_days(met: Met, fake: KlingFake) -> None:
    done = met.end(wish("kling/kling-v2-6"))
    assert isinstance(done, Succeeded)
    until = done.assets[0].expires_at
    assert until is not None
    assert abs(until - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize("ends", ["failed", "moderated"])
def test_a_failed_task_is_not_taken_for_a_free_one(met: Met, fake: KlingFake, ends: str) -> None:
    fake.end_next(ends)
    done = met.end(wish("kling/kling-v2-6"))
    assert isinstance(done, Failed)
    assert (done.kind, done.charged_micro_usd) == (ends, None)


def test_lost_tasks_are_found_by_our_name_whichever_way_they_went(
    met: Met, fake: KlingFake, tmp_path: Path
) -> None:
    fake.unique = True
    text = met.submit(wish("kling/kling-v3"), "one").job
    image = met.submit(wish("kling/kling-v3", start_image=picture(tmp_path)), "two").job
    fake.charge({"prompt": "somebody else's"}, kind="text2video")  # without a name: not ours
    jobs = met(lambda made: made.recent(long_ago(), "kling/kling-v3"))
    assert {job.token: job.handle for job in jobs} == {"one": text, "two": image}
    assert {job.model for job in jobs} == {"kling/kling-v3"}
    for job in jobs:
        assert met(lambda made, job=job: made.poll(job.handle)) is not None


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_list_is_followed_as_far_as_it_is_needed(
    met: Met, fake: KlingFake, newest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.newest_first = newest_first
    monkeypatch.setattr(kling, "PAGE", 2)
    fake.advance(-7200)
    for n in range(5):
        fake.charge({"prompt": FOX}, token=f"old-{n}", kind="text2video")
        fake.advance(1)
    fake.advance(7200 - 5)
    for n in range(3):
        fake.charge({"prompt": FOX}, token=f"new-{n}", kind="text2video")
        fake.advance(1)
    jobs = met(lambda made: made.recent(long_ago(), "kling/kling-v3"))
    assert sorted(str(job.token) for job in jobs) == ["new-0", "new-1", "new-2"]
    texts = [ask for ask in fake.of_kind("list") if "text2video" in ask.path]
    assert len(texts) == (2 if newest_first else 5)


def test_the_older_keys_sign_a_short_lived_token(
    fake: KlingFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    secret = canary("KLING_SECRET_KEY")
    monkeypatch.setenv("KLING_ACCESS_KEY", "access-of-mine")
    monkeypatch.setenv("KLING_SECRET_KEY", secret)
    fake.accepts_key = lambda ask: True  # type: ignore[method-assign]
    fake.environ = lambda service: {"PROMPTGRID_KLING_URL": fake.url}  # type: ignore[method-assign]
    monkeypatch.delenv("KLING_API_KEY", raising=False)
    caplog.set_level(logging.DEBUG)
    met = Met(fake, "kling", tmp_path, monkeypatch)
    assert isinstance(met.end(wish("kling/kling-v2-6")), Succeeded)
    sent = {ask.headers["authorization"] for ask in fake.asked}
    (token,) = {value.removeprefix("Bearer ") for value in sent}
    head, claims, mark = token.split(".")
    assert json.loads(_unpacked(head)) == {"alg": "HS256", "typ": "JWT"}
    told = json.loads(_unpacked(claims))
    now = time.time()
    assert told["iss"] == "access-of-mine"
    assert told["nbf"] == pytest.approx(now - 5, abs=60)
    assert told["exp"] == pytest.approx(now + 1800, abs=60)
    expected = hmac.new(secret.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert _unpacked(mark) == expected
    logging.getLogger("anybody").warning("sent %s", token)
    assert "sent **********" in caplog.text
    assert secret not in caplog.text
    assert token not in caplog.text


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_signature_holds_whole_seconds_and_no_padding() -> None:
    token = signed("me", "secret", 1_000_000.9)
    assert json.loads(_unpacked(token.split(".")[1])) == {
        "iss": "me", "exp": 1_001_800, "nbf": 999_995,
    }  # fmt: skip
    assert "=" not in token


def test_half_of_the_older_keys_is_no_key(
    fake: KlingFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KLING_API_KEY", "KLING_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KLING_ACCESS_KEY", "access-of-mine")
    fake.environ = lambda service: {"PROMPTGRID_KLING_URL": fake.url}  # type: ignore[method-assign]
    with pytest.raises(NoKeyError, match="KLING_SECRET_KEY"):
        Met(fake, "kling", tmp_path, monkeypatch).prepare(wish("kling/kling-v3"))
