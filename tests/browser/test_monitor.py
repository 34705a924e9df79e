"""The run monitor in a real notebook: it moves, it stops, it leaves text behind."""

from __future__ import annotations

import json

FIGURES = """
import threading, time
from types import SimpleNamespace as Figures
from toolkit.records import State
from toolkit.widgets.run_monitor import RunMonitor

now = Figures(counts={State.DONE: 4, State.SUBMITTED: 3, State.PLANNED: 10, State.MODERATED: 1},
              total=18, eta_s=41.0, money="sim $0.40 of $5.00", message=None)

def stop():
    now.counts = {State.DONE: 7, State.CANCELLED: 10, State.MODERATED: 1}
    now.message = "moderated: the service turned down 1 prompt"
"""


def test_the_monitor_moves_stops_and_leaves_text(notebook):
    book = notebook(FIGURES, "RunMonitor(lambda: now, on_stop=stop, title='courier')")
    book.run_all()
    page = book.page
    page.get_by_text("4 of 18 done · about 41 s left").wait_for()
    for theme in ("dark", "light"):
        book.theme(theme)
        book.shot(f"monitor-{theme}", ".pg-monitor")
    assert page.locator(".pg-bar").get_attribute("aria-valuenow") == "5"

    book.python("now.counts = {**now.counts, State.DONE: 6, State.SUBMITTED: 1}")
    page.get_by_text("6 of 18 done").wait_for()

    page.get_by_role("button", name="Stop").click()
    text = "courier · 18 clips: 7 done, 1 moderated, 10 cancelled · sim $0.40 of $5.00"
    page.locator(".jp-OutputArea-output pre", has_text=text).wait_for()
    assert page.locator(".pg-monitor").count() == 0

    book.do("docmanager:save")
    saved = json.loads(book.path.read_text())
    assert text in "".join(saved["cells"][1]["outputs"][0]["data"]["text/plain"])
    assert book.errors == []
