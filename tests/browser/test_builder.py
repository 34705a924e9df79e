"""The grid builder in a real notebook: typed, clicked, counted, priced, run; by keyboard too."""

from __future__ import annotations

import json
from typing import Any

import pytest

SETUP = """
from toolkit import catalog
from toolkit.grid import Grid, near
from toolkit.planning import plan
from toolkit.prompts.formula import Prompt
from toolkit.widgets.grid_builder import GridBuilder
walk = Prompt(
    subject="a courier in a yellow raincoat pushing a bicycle",
    environment="a narrow market street at dusk, neon on wet stone",
    camera=["static wide shot", "slow push in"],
    mood="quiet documentary, muted teal and amber",
)
ran = []
b = GridBuilder(
    Grid(walk, models="sim/draft", duration_s=5, samples=3),
    cards=catalog.cards(), price=catalog.price, plan=plan,
    on_run=lambda grid, **approval: ran.append((grid, approval)),
    why_not=lambda card: None if card.is_simulated else f"no key for {card.service}",
)
"""

MARKUP = "a fox <img src=x onerror='window.hacked = 1'></script><script>window.hacked = 1</script>"


@pytest.fixture
def builder(notebook: Any) -> Any:
    book = notebook(SETUP, "b", height=1500)
    book.run_all()
    book.page.locator(".pg-builder").wait_for()
    return book


def test_typing_and_clicking_change_count_price_and_grid(builder):
    page = builder.page
    page.get_by_role("button", name="Run 6 clips · sim $0.60").wait_for()

    camera = page.get_by_label("Camera 2 wordings")
    camera.click()
    page.keyboard.press("End")
    page.keyboard.press("Control+End")
    page.keyboard.type("\nhandheld, following")
    page.get_by_text("3 camera × 3 samples = 9 clips · sim $0.90").wait_for()
    page.get_by_label("sim/final").check()
    page.get_by_text("3 camera × 2 models × 3 samples = 18 clips").wait_for()
    page.locator('[data-param="duration_s"] button', has_text="2").first.click()
    page.get_by_text("3 camera × 2 models × 2 durations × 3 samples = 36 clips").wait_for()
    page.get_by_label("Samples").fill("1")
    run = page.get_by_role("button", name="Run 12 clips · sim $2.52")
    run.wait_for()
    for theme in ("dark", "light"):
        builder.theme(theme)
        builder.shot(f"builder-{theme}", ".pg-builder")

    run.click()
    page.get_by_text("Running 12 clips").wait_for()
    said = builder.python(
        """
import json
grid, approval = ran[0]
print(json.dumps([len(ran), grid == b.grid, approval, len(grid), list(grid.models),
                  list(grid.prompts[0].camera), b.is_edited]))"""
    )
    assert json.loads(said) == [
        1, True, {}, 12, ["sim/draft", "sim/final"],
        ["static wide shot", "slow push in", "handheld, following"], False,
    ]  # fmt: skip
    assert builder.errors == []


def test_the_code_shown_makes_the_same_grid(builder):
    page = builder.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Mood").fill("dreamy, soft light")
    page.get_by_text("Show code").click()
    page.locator(".pg-code pre", has_text="dreamy").wait_for()
    page.get_by_role("button", name="Copy code").click()
    page.get_by_text("Copied", exact=True).wait_for()

    code = page.evaluate("navigator.clipboard.readText()").split("exp.run")[0]
    same = builder.python(f"import toolkit as tk\n{code}\nprint(grid == b.grid, len(grid))")
    assert same == "True 6"


def test_what_is_wrong_is_said_at_its_field_and_run_is_off(builder):
    page = builder.page
    page.get_by_label("Camera 2 wordings").fill("slow {push|pull in")
    page.locator('[data-place="0.camera"] .pg-error', has_text="not closed").wait_for()
    assert page.get_by_role("button", name="Run", exact=True).is_disabled()
    assert "not closed" in builder.python("""
try:
    b.grid
except Exception as error:
    print(type(error).__name__, error)""")

    page.get_by_label("Camera", exact=False).first.fill("slow {push|pull} in")
    page.get_by_role("button", name="Run 6 clips").wait_for()
    page.get_by_label("Resolution").fill("720p")
    page.locator(".pg-notes", has_text="sim/draft takes 540p: 6 cells excluded").wait_for()
    assert page.get_by_role("button", name="Nothing to run").is_disabled()
    row = page.locator(".pg-modelrow", has_text="sim/draft")
    assert "takes 540p" in row.inner_text()
    other = page.locator(".pg-modelrow", has_text="luma/ray-2").first
    assert "no key for luma" in other.inner_text()
    assert other.locator("input").is_disabled()


def test_another_grid_asks_before_edits_are_lost(builder):
    page = builder.page
    page.get_by_label("Mood").fill("my own words")
    page.get_by_text("Prompts as sent (2)").click()
    page.locator(".pg-texts", has_text="My own words.").wait_for()
    assert builder.python('print(b.ask(Grid("another one", models="sim/final")))') == "False"
    question = page.get_by_role("alertdialog")
    question.wait_for()
    builder.shot("builder-ask", ".pg-builder")
    page.get_by_role("button", name="Keep my edits").click()
    question.wait_for(state="hidden")
    assert page.get_by_label("Mood").input_value() == "my own words"

    builder.python(f"other = Grid({MARKUP!r}, models='sim/final'); b.ask(other)")
    page.get_by_role("button", name="Show it").click()
    page.get_by_label("sent exactly as typed").wait_for()
    assert page.get_by_label("sent exactly as typed").input_value() == MARKUP
    page.locator(".pg-texts li", has_text=MARKUP).wait_for()
    assert builder.python("print(b.grid == other)") == "True"
    assert page.evaluate("window.hacked") is None  # a prompt is text, whatever it holds


def test_a_twin_shares_the_scene_and_the_keyboard_is_enough(builder):
    page = builder.page
    cells = page.locator(".jp-Cell").count()
    page.get_by_label("Subject").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("a red fox, x y z dd aa")  # letters that are shortcuts outside
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Twin":
            break
    page.keyboard.press("Enter")
    page.locator(".pg-card").nth(1).wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.type("a grey wolf")
    page.get_by_text("4 prompts × 3 samples = 12 clips").wait_for()
    builder.shot("builder-twins", ".pg-builder")
    for _ in range(60):
        page.keyboard.press("Tab")
        if (page.evaluate("document.activeElement.textContent") or "").startswith("Run 12 clips"):
            break
    page.keyboard.press("Enter")
    page.get_by_text("Running 12 clips").wait_for()

    assert page.locator(".jp-Cell").count() == cells
    assert builder.python("print(ran[0][0].scenes, [p.subject for p in b.grid.prompts])") == (
        "['scene 1'] ['a red fox, x y z dd aa', 'a grey wolf']"
    )
    small = page.eval_on_selector_all(
        ".pg-builder button",
        "all => all.filter((b) => b.offsetParent"
        " && b.getBoundingClientRect().height < 32).map((b) => b.textContent)",
    )
    assert small == []


def test_a_large_grid_stays_quick(builder):
    page = builder.page
    page.get_by_label("Mood").fill("\n".join(f"mood {n}" for n in range(60)))
    page.get_by_text("2 camera × 60 mood × 3 samples = 360 clips").wait_for()
    took = page.evaluate(
        """async () => {
            const area = [...document.querySelectorAll('.pg-part-mood textarea')][0];
            const factors = document.querySelector('.pg-factors');
            const times = [];
            for (let n = 0; n < 5; n++) {
                const seen = new Promise((done) => new MutationObserver((_, me) => {
                    me.disconnect(); done();
                }).observe(factors, { childList: true, characterData: true, subtree: true }));
                const start = performance.now();
                area.value += `\\nmore ${n}`;
                area.dispatchEvent(new Event('input'));
                await seen;
                times.push(performance.now() - start);
            }
            return times.sort((a, b) => a - b);
        }"""
    )
    print("key to receipt, ms:", [round(ms) for ms in took])
    assert took[2] < 400  # half of what the design asks for, for a busy machine
    assert builder.python("print(len(b.grid))") == "390"
