"""A few of the damaged files that `python -m tests.fuzz` tries by the thousand."""

from __future__ import annotations

import pytest

from tests.fuzz import KINDS, boxes, cut, fuzz
from toolkit import scorers


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_damaged_files_are_refused_or_read_and_never_break_anything(kind: str):
    (tally,) = fuzz([kind], step=4096, flips=15, seed=7)
    assert tally.wrong == []
    assert tally.cuts == {"refused": tally.cuts.total()}
    assert tally.flips.total() == 15
    assert tally.flips["decoder died"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_is_known_to_be_cut(kind: str):
    (tally,) = fuzz([kind], step=4096, flips=0, chosen=())
    assert tally.cuts == {"refused": tally.cuts.total()}
    assert tally.cuts.total() > 2


def test_what_breaks_is_seen():
    """A scorer that fails on every file is no verdict of the file's."""

    class Broken:
        name, version, where = "broken", "1", "worker"
        metrics = scorers.default()[0].metrics

        def __call__(self, clip, spec):
            raise ZeroDivisionError

    (tally,) = fuzz(["webm"], step=10**6, flips=4, chosen=[Broken()])
    assert len(tally.wrong) == tally.flips["broken"] > 0


def test_the_places_to_cut_at():
    data = b"\0\0\0\x0cftypmp42" + b"\0\0\0\x08free" + b"\0\0\0\x10mdat" + bytes(8)
    assert boxes(data) == [0, 12, 20]
    assert [what for what, _ in cut(data, 16)] == [
        "cut at byte 0", "cut at byte 12", "cut at byte 16", "cut at byte 20", "cut at byte 32",
        "cut at byte 35",
    ]  # fmt: skip
