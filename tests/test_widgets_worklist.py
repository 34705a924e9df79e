"""Clips made by hand: the worklist, and giving files that nothing matched their place."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from toolkit.errors import ClipError
from toolkit.records import RunSpec
from toolkit.video.encode import write_mp4
from toolkit.widgets.worklist import ImportAssign, Worklist, thumbnail

ROWS = [
    {
        "cell_id": f"c{n}",
        "prompt": f"A courier, take {n}. <script>alert(1)</script>",
        "model": "import/picasso",
        "settings": "5 s, 16:9",
        "file": f"c{n}_courier.mp4",
    }
    for n in range(120)
]


@dataclass(frozen=True)
class Cell:
    id: str
    spec: RunSpec
    parts: dict[str, str]


@dataclass(frozen=True)
class Report:
    unmatched: list[Path]


CELLS = [
    Cell(
        f"c{n}",
        RunSpec(f"A courier. {camera}.", model="sim/draft", sample=1),
        {"subject": "a courier", "camera": camera},
    )
    for n, camera in enumerate(["static", "slow push in", "handheld"])
]


def replies(widget: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[Any]]]:
    sent: list[tuple[dict[str, Any], list[Any]]] = []
    monkeypatch.setattr(widget, "send", lambda body, buffers=(): sent.append((body, list(buffers))))
    return sent


def test_rows_travel_by_the_page_and_the_state_stays_small(monkeypatch):
    widget = Worklist(ROWS)
    sent = replies(widget, monkeypatch)

    for start in (0, 50, 100):
        widget._hear(widget, {"kind": "rows", "id": start, "from": start}, [])

    assert [len(body["rows"]) for body, _ in sent] == [50, 50, 20]
    assert [body["left"] for body, _ in sent] == [70, 20, 0]
    assert sent[2][0]["rows"][-1]["file"] == "c119_courier.mp4"
    state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css", "layout")}
    assert len(json.dumps(state)) < 1_000


def test_the_text_of_a_worklist_says_what_to_paste_and_save_under():
    lines = repr(Worklist(ROWS[:2])).splitlines()

    assert lines == [
        "Worklist · 2 clips to make",
        "c0_courier.mp4  ←  A courier, take 0. <script>alert(1)</script>",
        "c1_courier.mp4  ←  A courier, take 1. <script>alert(1)</script>",
    ]


def test_a_thumbnail_is_the_middle_of_the_clip(tmp_path: Path):
    path = tmp_path / "a.mp4"
    write_mp4(path, (np.full((180, 320, 3), 10 * i, np.uint8) for i in range(21)), 24)

    with Image.open(io.BytesIO(thumbnail(path))) as image:
        assert image.size == (320, 180)
        assert np.asarray(image).mean() == pytest.approx(100, abs=6)


def test_files_get_the_places_that_were_chosen_and_the_rest_stays():
    chosen: list[dict[str, str]] = []

    def take(places: dict[str, str]) -> Report:
        chosen.append(places)
        return Report([Path("in/bad.mp4"), Path("in/left.mp4")])

    files = [Path("in/a.mp4"), Path("in/bad.mp4"), Path("in/left.mp4")]
    widget = ImportAssign(files, CELLS, on_assign=take)
    asked = {"a.mp4": "c1", "bad.mp4": "c2", "left.mp4": "", "../x.mp4": "c0"}

    widget._hear(widget, {"kind": "assign", "chosen": asked}, [])

    assert chosen == [{"a.mp4": "c1", "bad.mp4": "c2"}]
    assert [file["name"] for file in widget.view["files"]] == ["bad.mp4", "left.mp4"]
    assert widget.view["done"] == "1 imported"
    assert list(widget._cells) == ["c0", "c2"]


def test_one_place_takes_one_clip():
    widget = ImportAssign(
        [Path("a.mp4"), Path("b.mp4")], CELLS, on_assign=lambda _: pytest.fail("asked")
    )

    widget._hear(widget, {"kind": "assign", "chosen": {"a.mp4": "c1", "b.mp4": "c1"}}, [])

    assert widget.problem == "two clips are given the same place; each cell takes one clip"
    assert len(widget.view["files"]) == 2


def test_a_file_that_shows_no_picture_says_why(monkeypatch):
    def broken(path: Path) -> bytes:
        raise ClipError(f"{path.name}: cut short")

    widget = ImportAssign([Path("in/a.mp4")], CELLS, on_assign=print, picture=broken)
    sent = replies(widget, monkeypatch)

    widget._hear(widget, {"kind": "thumb", "id": 1, "file": 0}, [])
    widget._hear(widget, {"kind": "thumb", "id": 2, "file": 7}, [])

    assert [body["problem"] for body, _ in sent] == ["a.mp4: cut short", "no such file"]


def test_cells_are_told_by_what_sets_them_apart(monkeypatch):
    again = Cell("c9", RunSpec("A courier. static.", model="sim/final"), CELLS[0].parts)
    widget = ImportAssign([Path("a.mp4")], [CELLS[0], CELLS[1], again], on_assign=print)
    sent = replies(widget, monkeypatch)

    widget._hear(widget, {"kind": "cells", "id": 1}, [])

    assert sent[0][0]["cells"] == [
        {"id": "c0", "label": "static · sim/draft"},
        {"id": "c1", "label": "slow push in · sim/draft"},
        {"id": "c9", "label": "static · sim/final"},
    ]
