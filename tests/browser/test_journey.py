"""The walk of the README in a real notebook, on the simulator: build, run, judge, rank."""

from __future__ import annotations

import json
from typing import Any

WALK = """
import toolkit as tk
walk = tk.Prompt(
    subject="a courier in a yellow raincoat pushing a bicycle",
    environment="a narrow market street at dusk, neon on wet stone",
    mood="quiet documentary, muted teal and amber",
)
exp = tk.Experiment("NAME", budget_usd=5)
grid = tk.Grid(walk, camera=["static wide shot", "slow push in"], models="sim/draft", duration_s=2)
"""
PLAYING = """() => {
    const videos = [...document.querySelectorAll('.pg-duel video')];
    return videos.length === 2 && videos.every((v) => v.readyState >= 3 && v.currentTime > 0.1);
}"""


def test_a_grid_is_built_and_run_on_the_screen(notebook: Any):
    book = notebook(WALK.replace("NAME", "built"), "b = exp.build(grid)\nb", height=1500)
    book.run_all()
    page = book.page
    page.get_by_role("button", name="Run 2 clips · sim $0.08").wait_for()

    page.get_by_label("Camera 2 wordings").fill("static wide shot\nslow push in\npan left")
    page.get_by_role("button", name="Run 3 clips · sim $0.12").click()
    page.locator(".pg-monitor").get_by_text("3 of 3 done").wait_for(timeout=60_000)
    page.get_by_text("3 done already").wait_for()
    book.shot("journey-built", ".jp-OutputArea-output:has(.pg-builder)")

    assert page.get_by_role("button", name="Nothing new to run").is_disabled()
    said = book.python(
        "import json; df = exp.runs_df(scores=False)\n"
        "print(json.dumps([sorted(df['prompt.camera']), list(df['state']), b.batch.is_complete]))"
    )
    assert json.loads(said) == [
        ["pan left", "slow push in", "static wide shot"], ["done"] * 3, True,
    ]  # fmt: skip
    assert book.errors == []


def test_a_run_is_followed_judged_blind_and_ranked(notebook: Any):
    book = notebook(
        WALK.replace("NAME", "judged").replace("duration_s=2)", "duration_s=2, samples=3)"),
        "batch = exp.run(grid)",
        "await batch",
        'duel = exp.review("camera")\nduel',
        height=1400,
    )
    book.run_all()
    page = book.page
    page.locator("pre", has_text="judged · 6 clips: 6 done").wait_for(timeout=90_000)
    page.locator(".pg-duel").wait_for()
    page.wait_for_function(PLAYING)
    book.shot("journey-duel", ".pg-duel")
    total = int(page.locator(".pg-count").inner_text().split(" of ")[1].split()[0])

    page.locator(".pg-stage").click()
    for n in range(total):
        page.wait_for_function(PLAYING)
        side = book.python(
            "pair = duel._shown[1]\n"
            "print('left' if 'Slow push' in exp.store.run(pair.left_key).spec.prompt else 'right')"
        )
        page.keyboard.press("ArrowLeft" if side == "left" else "ArrowRight")
        page.get_by_text(f"{n + 1} of {total} judged").wait_for()

    page.get_by_text(f"{total} pairs judged, every vote is saved").wait_for()
    said = json.loads(
        book.python(
            """
import json
votes = exp.votes_df()
wins = exp.results("camera").df
print(json.dumps([len(votes), sorted(votes["verdict"].value_counts().to_dict().items()),
                  str(wins.iloc[0].to_dict())]))"""
        )
    )
    left, right = dict(said[1]).get("left", 0), dict(said[1]).get("right", 0)
    assert said[0] == total == left + right
    assert abs(left - right) <= 1  # the winner was shown on both sides
    assert "slow push in" in said[2]
    assert book.errors == []
