"""Copies for blind review: the same pictures, and nothing that tells where they come from."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from toolkit.errors import ClipError
from toolkit.video.encode import write_mp4
from toolkit.video.remux import opaque_copy


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    frames = (np.full((64, 96, 3), 20 * i, np.uint8) for i in range(12))
    path = tmp_path / "static-wide.mp4"
    sound = np.zeros((24_000, 2), np.float32)
    write_mp4(path, frames, 24, comment={"model": "sim/final", "camera": "push_in"}, audio=sound)
    return path


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as box:
        return [frame.to_ndarray(format="rgb24") for frame in box.decode(video=0)]


def test_the_copy_shows_the_same_pictures_with_the_same_sound(clip: Path, tmp_path: Path):
    copy = opaque_copy(clip, tmp_path / "review" / "a1.mp4")

    assert np.array_equal(pictures(copy), pictures(clip))
    with av.open(str(copy)) as box, av.open(str(clip)) as source:
        assert [s.type for s in box.streams] == [s.type for s in source.streams]
        assert box.duration == pytest.approx(source.duration, abs=50_000)


def test_nothing_in_the_copy_tells_where_it_comes_from(clip: Path, tmp_path: Path):
    raw = clip.read_bytes()
    assert b"sim/final" in raw
    assert b"x264" in raw  # what must be gone is there to begin with

    copy = opaque_copy(clip, tmp_path / "a1.mp4")

    for word in (b"sim/final", b"push_in", b"x264", b"Lavf", b"Lavc", b"crf"):
        assert word not in copy.read_bytes(), word
    assert copy.stat().st_mtime == 946_684_800


def test_the_index_is_in_front_so_that_a_browser_plays_at_once(clip: Path, tmp_path: Path):
    raw = opaque_copy(clip, tmp_path / "a1.mp4").read_bytes()

    assert 0 < raw.find(b"moov") < raw.find(b"mdat")


def test_a_file_that_is_no_clip_is_refused_and_leaves_nothing(tmp_path: Path):
    page = tmp_path / "page.mp4"
    page.write_text("<html>expired</html>")

    with pytest.raises(ClipError, match=r"^page\.mp4: cannot be copied for review"):
        opaque_copy(page, tmp_path / "out" / "a1.mp4")

    assert not (tmp_path / "out").exists()


def test_an_existing_copy_is_kept(clip: Path, tmp_path: Path):
    copy = opaque_copy(clip, tmp_path / "a1.mp4")
    before = copy.stat().st_ino

    assert opaque_copy(clip, copy).stat().st_ino == before
