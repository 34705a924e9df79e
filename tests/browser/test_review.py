"""The blind duel in a real notebook: clips play in step, keys and buttons vote, nothing leaks."""

from __future__ import annotations

import json
from typing import Any

import pytest

SETUP = """
import json, tempfile
from pathlib import Path
import numpy as np
from toolkit.review import Duel
from toolkit.video.encode import write_mp4
from toolkit.widgets.review import DuelWidget

cameras = ["static wide shot", "slow push in", "handheld, following"]
rows, clips, votes = [], {}, []

def picture(n, scene, t):
    y, x = np.mgrid[0:180, 0:320]
    wave = 128 + 90 * np.sin((x + 6 * t * (n + 1)) / 23.0 + scene) * np.cos(y / 31.0 + n)
    return np.stack([wave, 255 - wave, np.full_like(wave, 60 + 60 * n)], -1).astype(np.uint8)

for scene in range(2):
    for n, camera in enumerate(cameras):
        key = f"{scene}{n}" * 32
        clips[key] = write = Path("clips") / f"{camera.split()[0]}-{scene}.mp4"
        write_mp4(write, (picture(n, scene, t) for t in range(24)), 24,
                  comment={"camera": camera, "model": "sim/draft"})
        rows.append({"run_key": key, "state": "done", "model": "sim/draft", "sample": 1,
                     "prompt.scene": f"scene {scene}", "prompt.subject": "a courier in a raincoat",
                     "prompt.environment": f"market street {scene}", "prompt.camera": camera,
                     "clip.path": str(write), "clip.sha256": key})

session = Duel(rows, "camera", save=votes.append, minutes=None)
folder = FOLDER
duel = DuelWidget(session, clip_path=clips.__getitem__, opaque_dir=folder)
"""
SERVED = 'Path("review")'
ELSEWHERE = 'Path(tempfile.mkdtemp()) / "review"'

PLAYING = """() => {
    const videos = [...document.querySelectorAll('.pg-duel video')];
    return videos.length === 2 && videos.every((v) => v.readyState >= 3 && !v.paused
        && v.currentTime > 0.1 && v.error === null);
}"""


def start(notebook: Any, folder: str = SERVED) -> Any:
    book = notebook(SETUP.replace("FOLDER", folder), "duel")
    asked: list[str] = []
    book.asked = asked
    book.page.on("request", lambda request: asked.append(request.url))
    book.run_all()
    book.page.locator(".pg-duel").wait_for()
    book.page.wait_for_function(PLAYING)
    return book


def verdicts(book: Any) -> list[str]:
    book.page.wait_for_timeout(50)
    return json.loads(book.python("print(json.dumps([v.verdict for v in votes]))"))


def judged(book: Any, n: int) -> None:
    book.page.get_by_text(f"{n} of 6 judged").wait_for()
    book.page.wait_for_function(PLAYING)


@pytest.mark.parametrize("folder", [SERVED, ELSEWHERE], ids=["served", "by bytes"])
def test_both_clips_play_in_step_and_loop(notebook, folder):
    book = start(notebook, folder)
    page = book.page

    sources = page.eval_on_selector_all(".pg-duel video", "all => all.map((v) => v.src)")
    assert all(src.startswith("blob:" if folder == ELSEWHERE else book.lab.url) for src in sources)
    drifts, pauses = [], 0
    for _ in range(12):
        page.wait_for_timeout(150)
        left, right = page.eval_on_selector_all(
            ".pg-duel video", "all => all.map((v) => [v.currentTime, v.muted, v.paused])"
        )
        assert left[1] is right[1] is True
        pauses += left[2] or right[2]  # may be met between the end and the next beginning
        drifts.append(abs(left[0] - right[0]))
    assert pauses <= 3
    assert sorted(drifts)[len(drifts) // 2] < 0.1
    frames = page.eval_on_selector_all(
        ".pg-duel video", "all => all.map((v) => v.getVideoPlaybackQuality().totalVideoFrames)"
    )
    assert min(frames) > 24  # more than one time through a clip of 24 frames
    assert book.errors == []


def test_votes_by_key_and_button_undo_and_the_end(notebook):
    book = start(notebook)
    page = book.page
    for theme in ("dark", "light"):
        book.theme(theme)
        book.shot(f"duel-{theme}", ".pg-duel")

    page.locator(".pg-stage").click()  # gives it the keys
    page.keyboard.press("ArrowLeft")
    judged(book, 1)
    page.keyboard.press("s")
    judged(book, 2)
    page.keyboard.press("Shift+ArrowRight")
    judged(book, 3)
    page.get_by_role("button", name="Both bad").click()
    judged(book, 4)
    before = page.eval_on_selector_all(".pg-duel video", "all => all.map((v) => v.src)")
    page.keyboard.press("ArrowDown")
    judged(book, 5)
    page.keyboard.press("Backspace")
    judged(book, 4)
    assert page.eval_on_selector_all(".pg-duel video", "all => all.map((v) => v.src)") == before
    page.get_by_role("button", name="Tie").click()
    judged(book, 5)
    page.keyboard.press("1")
    page.get_by_text("6 pairs judged, every vote is saved").wait_for()
    book.shot("duel-end", ".pg-duel")
    assert page.locator(".pg-duel pre").inner_text() == "exp.results('camera')"

    assert verdicts(book) == ["left", "skip", "right", "both_bad", "tie", "tie", "tie", "left"]
    said = json.loads(
        book.python(
            """
from collections import Counter
from toolkit.review import effective
kept = effective(votes)
left, right = Counter(v.left[1] for v in kept), Counter(v.right[1] for v in kept)
arms = Counter(tuple(sorted((v.left[1], v.right[1]))) for v in kept)
print(json.dumps({
    "kept": len(kept), "strong": [v.strong for v in kept], "undoes": votes[5].undoes == votes[4].id,
    "each": sorted(arms.values()),
    "sides": max(abs(left[a] - right[a]) for a in "012"),
    "pair_sides": [
        len({v.left[1] for v in kept if {v.left[1], v.right[1]} == set(pair)}) for pair in arms
    ],
}))"""
        )
    )
    assert said == {
        "kept": 6,
        "strong": [False, False, True, False, False, False],
        "undoes": True,
        "each": [2, 2, 2],
        "sides": 0,
        "pair_sides": [2, 2, 2],
    }
    assert book.errors == []


def test_the_page_cannot_learn_which_arm_is_where(notebook):
    book = start(notebook)
    page = book.page

    page.get_by_text("A courier in a raincoat. Market street").wait_for()
    html = page.locator(".pg-duel").evaluate("(node) => node.outerHTML")
    media = [url for url in book.asked if ".mp4" in url]
    assert media
    secrets = ("static", "push in", "handheld", "sim/draft", "scene 0", "scene 1", "0000", "0101")
    for text in (html, *media):
        for secret in secrets:
            assert secret not in text, secret
    names = {url.split("?")[0].rsplit("/", 1)[-1] for url in media}
    assert all(len(name) == 20 for name in names)  # 16 hex digits and .mp4


def test_the_keyboard_is_enough_and_the_notebook_does_not_hear_it(notebook):
    book = start(notebook)
    page = book.page
    cells = page.locator(".jp-Cell").count()

    page.locator(".pg-stage").click()
    page.get_by_text("keys active").wait_for()
    for key in ("a", "b", "x", "d", "d", "m", "Enter", " "):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.locator(".jp-Cell").count() == cells
    assert page.locator(".pg-duel").count() == 1
    paused = page.eval_on_selector_all(".pg-duel video", "all => all.map((v) => v.paused)")
    assert paused == [True, True]
    assert verdicts(book) == []

    page.locator(".pg-duel").focus()
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.firstChild?.textContent ?? ''"))
    assert reached == ["Left", "Tie", "Both bad", "Right", "Play", "Replay", "Skip"]
    page.keyboard.press("Enter")  # on Skip
    page.get_by_text("1 of 6 judged").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("0 of 6 judged").wait_for()
    page.keyboard.press("r")  # the keys are still here, though the button went off
    page.wait_for_function(PLAYING)
    page.keyboard.press("ArrowRight")
    judged(book, 1)
    assert verdicts(book) == ["skip", "skip", "right"]
    small = page.eval_on_selector_all(
        ".pg-duel button", "all => all.filter((b) => b.getBoundingClientRect().height < 32).length"
    )
    assert small == 0
