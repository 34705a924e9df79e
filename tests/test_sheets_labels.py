"""Labels: any text becomes a bitmap of bounded size, drawn once."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.sheets import labels
from toolkit.sheets.labels import Style, clean, ellipsize, label, line_height, mask, width, wrap
from toolkit.sheets.pivot import tones, value_text

BODY = Style(16)
TEXTS = [
    "a courier in a yellow raincoat",
    "雨の市場の通り、夕暮れ",
    "سوق ضيق عند الغسق",
    "רחוב שוק צר neon בשעת ערב",
    "улица на закате · δρόμος",
    "rain 🌧️ and 👩‍👩‍👧 and ✨",
    "<script>alert(1)</script>",
    "a\x00b\x07c\u202egnirts\u2066",
    "ไทย हिन्दी 한국어",
    "e\u0301 combining",
    "\ud800 lone surrogate",
    "",
    "   ",
    "x" * 100_000,
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("style", [BODY, Style(22, strong=True)], ids=["body", "strong"])
def test_any_text_is_wrapped_into_its_width_and_drawn(text, style):
    lines = wrap(text, style, 180, 3)
    assert 1 <= len(lines) <= 3
    assert all(width(line, style) <= 180 for line in lines)
    bitmap = label(lines, style, (0, 0, 0), (255, 255, 255))
    assert bitmap.shape[0] == line_height(style) * len(lines)
    assert (bitmap.min() < 128) == bool(clean(text))


def test_controls_and_bidirectional_overrides_are_gone():
    assert clean("a\x00b\n\tc\u202ed\u2066e\u200bf") == "a b cdef"
    assert clean("e\u0301") == "é"
    assert len(clean("y" * 10**6)) == labels.MAX_CHARS


def test_an_ellipsis_stands_for_what_does_not_fit():
    short = ellipsize("a courier in a yellow raincoat", BODY, 100)
    assert short.endswith("…")
    assert width(short, BODY) <= 100
    assert width(short.removesuffix("…") + "ri…", BODY) > 90
    assert ellipsize("short", BODY, 100) == "short"


def test_words_are_broken_only_where_they_must_be():
    assert wrap("one two", BODY, width("one two", BODY), 2) == ("one two",)
    assert wrap("one two", BODY, width("one two", BODY) - 1, 2) == ("one", "two")
    pieces = wrap("coast_push_in_take_number_seven", BODY, 90, 9)
    assert "".join(pieces) == "coast_push_in_take_number_seven"


def test_scripts_without_a_glyph_show_a_box_each_and_not_nothing(monkeypatch):
    monkeypatch.setattr(
        labels, "_face_of", lambda char: 0 if char.isascii() or char == "□" else None
    )
    labels._runs.cache_clear()
    try:
        assert labels._runs("ab雨雪") == ((0, "ab□□"),)
    finally:
        labels._runs.cache_clear()


def test_greek_is_drawn_by_the_second_face_and_not_as_boxes():
    (_, latin), (face, greek) = labels._runs("road δρόμος")
    assert [latin, greek] == ["road ", "δρόμος"]
    assert face == 1
    assert not np.array_equal(mask("δ", BODY), mask("ρ", BODY))


def test_hebrew_reads_from_the_right():
    pytest.importorskip("PIL.features")
    both = mask("אמ", BODY)  # first letter on the right: its ink matches the single letter's
    alone = mask("א", BODY)
    ink = np.flatnonzero(alone.max(axis=0) > 60)
    letter = alone[:, ink[0] : ink[-1] + 1].astype(int)
    found = [
        x
        for x in range(both.shape[1] - letter.shape[1] + 1)
        if np.abs(both[:, x : x + letter.shape[1]].astype(int) - letter).mean() < 12
    ]
    assert found
    assert min(found) > both.shape[1] // 3


def test_without_a_shaper_right_to_left_words_are_turned_by_hand():
    assert labels._visual("אבג") == "גבא"
    assert labels._visual("אבג דה") == "הד גבא"
    assert labels._visual("neon אבג") == "neon גבא"


def test_a_label_is_drawn_once():
    label.cache_clear()
    for _ in range(5):
        label(("slow push in",), BODY, (1, 2, 3), (250, 250, 250))
    assert label.cache_info().misses == 1
    assert label.cache_info().hits == 4


def test_ink_and_paper_are_the_colours_asked_for():
    bitmap = label(("MMM",), Style(40), (10, 20, 30), (200, 210, 220))
    colours = {tuple(int(c) for c in pixel) for pixel in bitmap.reshape(-1, 3)}
    assert (10, 20, 30) in colours
    assert (200, 210, 220) in colours


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("param.duration_s", 5.0, "5 s"),
        ("param.duration_s", 7.5, "7.5 s"),
        ("param.fps", 24.0, "24 fps"),
        ("param.seed", 7, "seed 7"),
        ("sample", 2, "sample 2"),
        ("param.loop", True, "loop"),
        ("param.loop", False, "no loop"),
        ("prompt.camera", "", "no camera"),
        ("prompt.camera", None, "no camera"),
        ("prompt.camera", float("nan"), "no camera"),
        ("prompt.camera", " slow\n push ", "slow push"),
        ("cost_usd", 0.25, "$0.25"),
    ],
)
def test_a_value_is_said_with_its_unit_or_its_name(column, value, text):
    assert value_text(column, value) == text


def test_ties_stand_together():
    assert tones([1, 1, 1, 1, 2], "higher") == ["middling"] * 4 + ["good"]
    assert tones([1, 2, 2, 2, 2], "lower") == ["good"] + ["middling"] * 4
    assert tones([1, 2], "higher") == ["poor", "good"]
    assert tones([None, 1.0], "higher") == ["plain", "plain"]
    assert tones([1, 2, 3], "neutral") == ["plain"] * 3
