"""The blind duel's screen: what the browser may know, and that no verdict is lost or doubled."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolkit.records import Vote
from toolkit.review import Duel
from toolkit.video.encode import write_mp4
from toolkit.widgets.review import DuelWidget

CAMERAS = ("static wide shot", "slow push in", "handheld, following")


@pytest.fixture
def clips(tmp_path: Path) -> dict[str, Path]:
    """Three clips of one scene, one a camera, by run key."""
    made = {}
    for n, camera in enumerate(CAMERAS):
        path = tmp_path / "clips" / f"{n}.mp4"
        frames = (np.full((64, 96, 3), 60 * n + i, np.uint8) for i in range(12))
        write_mp4(path, frames, 24, comment={"camera": camera, "model": "sim/draft"})
        made[f"{n}" * 64] = path
    return made


@pytest.fixture
def votes() -> list[Vote]:
    return []


def rows(clips: dict[str, Path]) -> list[dict[str, Any]]:
    return [
        {
            "run_key": key,
            "state": "done",
            "model": "sim/draft",
            "sample": 1,
            "prompt.scene": "courier",
            "prompt.subject": "a courier",
            "prompt.camera": camera,
            "clip.path": str(path),
            "clip.sha256": key,
        }
        for (key, path), camera in zip(clips.items(), CAMERAS, strict=True)
    ]


@pytest.fixture
def widget(clips: dict[str, Path], votes: list[Vote], tmp_path: Path) -> DuelWidget:
    session = Duel(rows(clips), "camera", save=votes.append, minutes=None)
    return DuelWidget(session, clip_path=clips.__getitem__, opaque_dir=tmp_path / "e" / "review")


def press(widget: DuelWidget, verdict: str, **more: Any) -> None:
    pair = widget.view["pair"]
    ticket = pair["id"] if pair else None
    widget._hear(widget, {"kind": "vote", "pair": ticket, "verdict": verdict, **more}, [])


def test_nothing_that_reaches_the_browser_tells_the_arm(widget: DuelWidget, clips: dict[str, Path]):
    state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css")}
    sent = json.dumps(state, default=str)
    for side in ("left", "right"):
        copy = widget._copies[widget.view["pair"][side]["id"]]
        sent += copy.read_bytes().decode("latin-1") + str(copy)

    for secret in (*CAMERAS, "push", "static", "handheld", "sim/draft", *clips):
        assert secret not in sent, secret
    assert widget.view["prompt"] == "A courier."


def test_a_verdict_is_saved_and_the_next_pair_is_shown(widget: DuelWidget, votes: list[Vote]):
    first = widget.view["pair"]
    assert widget.view["progress"].startswith("0 of 3 judged")

    press(widget, "left", strong=True)

    assert [(v.verdict, v.strong, v.seen_labels) for v in votes] == [("left", True, False)]
    assert widget.view["progress"].startswith("1 of 3 judged")
    assert widget.view["pair"]["id"] != first["id"]


def test_a_second_press_for_a_pair_that_is_gone_does_nothing(widget: DuelWidget, votes: list[Vote]):
    gone = widget.view["pair"]["id"]
    press(widget, "left")

    widget._hear(widget, {"kind": "vote", "pair": gone, "verdict": "right"}, [])

    assert len(votes) == 1


def test_undo_brings_the_pair_back_with_the_same_sides(widget: DuelWidget, votes: list[Vote]):
    first = widget.view["pair"]
    press(widget, "tie")

    widget._hear(widget, {"kind": "undo"}, [])

    again = widget.view["pair"]
    assert (again["left"], again["right"]) == (first["left"], first["right"])
    assert votes[1].undoes == votes[0].id
    assert not widget.view["can_undo"]


def test_sides_are_balanced_over_a_review(widget: DuelWidget, votes: list[Vote]):
    while widget.view["pair"]:
        press(widget, "tie")

    assert len(votes) == 3
    assert widget.view["end"]["title"] == "3 pairs judged, every vote is saved"
    assert widget.view["end"]["code"] == "exp.results('camera')"
    assert widget.view["end"]["more"] == ""


def test_a_vote_that_cannot_be_saved_is_said_and_the_pair_stays(
    clips: dict[str, Path], tmp_path: Path
):
    def full(_vote: Vote) -> None:
        raise OSError("no space left on the disk")

    session = Duel(rows(clips), "camera", save=full, minutes=None)
    widget = DuelWidget(session, clip_path=clips.__getitem__, opaque_dir=tmp_path / "review")
    before = widget.view

    press(widget, "left")

    assert widget.problem == "OSError: no space left on the disk"
    assert widget.view == before


def test_a_pair_whose_clip_is_lost_is_skipped_and_said(
    clips: dict[str, Path], votes: list[Vote], tmp_path: Path
):
    lost = next(iter(clips))
    clips[lost].unlink()
    session = Duel(rows(clips), "camera", save=votes.append, minutes=None)
    widget = DuelWidget(session, clip_path=clips.__getitem__, opaque_dir=tmp_path / "review")
    while widget.view["pair"]:
        press(widget, "left")

    assert sorted(v.verdict for v in votes) == ["left", "skip", "skip"]
    assert all(lost in (v.left, v.right) for v in votes if v.verdict == "skip")
    assert all(v.reason_tags == ["clip missing"] for v in votes if v.verdict == "skip")


def test_the_bytes_of_a_clip_come_by_its_opaque_name_only(widget: DuelWidget, monkeypatch):
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(widget, "send", lambda body, buffers=(): sent.append((body, list(buffers))))
    side = widget.view["pair"]["left"]
    ask = {"kind": "slice", "id": 1, "clip": side["id"], "offset": 0, "length": 1 << 30}

    widget._hear(widget, ask, [])
    widget._hear(widget, {**ask, "id": 2, "clip": "../../experiment.db"}, [])
    widget._hear(widget, {**ask, "id": 3, "offset": side["size"] - 5, "length": 100}, [])

    widget._hear(widget, {**ask, "id": 4, "base64": True}, [])

    whole = widget._copies[side["id"]].read_bytes()
    assert base64.b64decode(sent[3][0]["base64"]) == whole
    assert sent[0] == ({"kind": "reply", "id": 1}, [whole])
    assert sent[1][0]["problem"] == "no such clip in this review"
    assert sent[2][1] == [whole[-5:]]


def test_copies_left_by_an_earlier_kernel_are_swept_and_nothing_else(
    widget: DuelWidget, clips: dict[str, Path], votes: list[Vote], monkeypatch
):
    folder = widget._dir
    note = folder / "my-notes.mp4"
    note.write_bytes(b"mine")
    fresh = sorted(path for path in folder.iterdir() if path != note)
    real = time.time()
    monkeypatch.setattr("toolkit.widgets.review.time.time", lambda: real + 2 * 86_400)

    session = Duel(rows(clips), "camera", save=votes.append, minutes=None)
    DuelWidget(session, clip_path=clips.__getitem__, opaque_dir=folder)

    assert note.exists()
    assert len(fresh) == 2
    assert not any(path.exists() for path in fresh)


def test_copies_go_when_the_widget_goes(clips: dict[str, Path], votes: list[Vote], tmp_path: Path):
    from toolkit.widgets import review

    copy = tmp_path / "0123456789abcdef.mp4"
    copy.write_bytes(b"x")
    review._remove({"0123456789abcdef": copy})

    assert not copy.exists()


def test_the_state_is_small_and_the_text_says_how_to_go_on(widget: DuelWidget):
    state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css", "layout")}

    assert len(json.dumps(state)) < 4_000
    assert repr(widget) == "Blind duel · 0 of 3 pairs judged · exp.review('camera')"


def test_served_paths_are_offered_for_every_folder_above_both(
    widget: DuelWidget, tmp_path: Path, monkeypatch
):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setenv("JUPYTER_SERVER_ROOT", str(tmp_path / "e"))

    roots = widget._roots()

    assert roots[:2] == ["review", "e/review"]
    assert all(not root.startswith((os.sep, "..")) for root in roots)
