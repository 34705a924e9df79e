"""Copy buttons that copy, and clips that are given their place by hand."""

from __future__ import annotations

WORKLIST = """
from toolkit.widgets.worklist import Worklist
Worklist([{"cell_id": f"c{n}", "model": "import/by-hand", "settings": "5 s · 16:9",
           "prompt": f"A courier in a yellow raincoat, take {n}. <b>Slow</b> push in.",
           "file": f"c{n}_courier.mp4"} for n in range(60)])
"""
ASSIGN = """
from pathlib import Path
from types import SimpleNamespace
import numpy as np
from toolkit.records import RunSpec
from toolkit.video.encode import write_mp4
from toolkit.widgets.worklist import ImportAssign
Path("by_hand").mkdir()
for n, name in enumerate(["download (1).mp4", "download (2).mp4"]):
    y, x = np.mgrid[0:180, 0:320]
    picture = np.stack([x * 255 // 320, y * 255 // 180, np.full_like(x, 200 * n)], -1)
    write_mp4(Path("by_hand") / name, [picture.astype(np.uint8)] * 12, 24)
Path("by_hand/page.mp4").write_text("<html>log in</html>")
cells = [SimpleNamespace(id=f"c{n}", spec=RunSpec("A courier. Slow push in.", model="sim/draft",
         params={"duration_s": 5}, sample=n + 1), parts={}) for n in range(4)]
given = []
def take(chosen):
    given.append(chosen)
    return SimpleNamespace(unmatched=[])
ImportAssign(sorted(Path("by_hand").iterdir()), cells, on_assign=take)
"""


def test_a_prompt_and_its_file_name_are_copied_as_typed(notebook):
    book = notebook(WORKLIST)
    book.run_all()
    page = book.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy the prompt of c1_courier.mp4").click()
    page.get_by_text("Copied", exact=True).wait_for()
    text = page.evaluate("navigator.clipboard.readText()")
    assert text == "A courier in a yellow raincoat, take 1. <b>Slow</b> push in."
    page.get_by_role("button", name="Copy the name c1_courier.mp4").click()
    page.wait_for_function("navigator.clipboard.readText().then((t) => t === 'c1_courier.mp4')")
    book.shot("worklist", ".pg-worklist")

    page.get_by_role("button", name="Show more (10 left)").click()
    page.get_by_text("c59_courier.mp4", exact=True).wait_for()
    assert page.locator(".pg-work li").count() == 60
    assert book.errors == []


def test_files_are_shown_as_pictures_and_given_their_cells(notebook):
    book = notebook(ASSIGN)
    book.run_all()
    page = book.page
    page.wait_for_function(
        """[...document.querySelectorAll('.pg-thumb img')]
            .filter((image) => image.naturalWidth > 0).length === 2"""
    )
    page.locator(".pg-thumb", has_text="page.mp4").wait_for()  # says why there is no picture
    book.shot("assign", ".pg-assign")

    assert page.locator(".pg-assign .pg-main").is_disabled()
    page.get_by_label("What download (1).mp4 is").select_option("c2")
    page.get_by_label("What download (2).mp4 is").select_option("c2")
    page.get_by_text("two clips are given the same place").wait_for()
    assert page.locator(".pg-assign .pg-main").is_disabled()
    page.get_by_label("What download (2).mp4 is").select_option("c0")
    page.get_by_role("button", name="Import 2 clips").click()

    page.get_by_text("2 imported").wait_for()
    assert page.locator(".pg-cards li").count() == 1
    assert book.python("print(given)") == "[{'download (1).mp4': 'c2', 'download (2).mp4': 'c0'}]"
    assert book.errors == []
