"""Picking frames, playing them, and the thumbnails file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.clipmaker import numbered, texture, which, write, write_uneven
from toolkit.errors import ClipError
from toolkit.records import RunSpec
from toolkit.video import Thumbs, analyse, frames_at, iter_frames, planes, reading, thumbs
from toolkit.video.container import Source

SPEC = RunSpec("", model="import/x")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("frames") / "x.mp4", numbered(49))


def test_frames_come_in_the_order_asked_for(clip: Path):
    found = frames_at(clip, [1.0, 0.0, 0.5, 0.5])
    assert [which(f.image) for f in found] == [48, 0, 24, 24]
    assert [f.time_s for f in found] == pytest.approx([2.0, 0.0, 1.0, 1.0])


def test_times_outside_the_clip_are_refused(clip: Path):
    with pytest.raises(ValueError, match=r"^times run from 0 .* not \[1\.5\]$"):
        frames_at(clip, [1.5])


def test_frames_are_scaled_down_and_never_up(clip: Path):
    assert frames_at(clip, [0], long_px=80)[0].image.shape == (48, 80, 3)
    assert frames_at(clip, [0], long_px=640)[0].image.shape == (96, 160, 3)


@pytest.mark.parametrize(
    ("at", "most"), [([0.0], 3), ([0.5], 9), ([1.0], 9), ([0.1, 0.95], 18), ([0, 0.5, 1], 20)]
)
def test_only_the_groups_that_hold_a_wanted_frame_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: list[float], most: int
):
    path = _grouped(tmp_path / "x.mp4", every=8)
    decoded: list[int] = []
    decode = Source.decode

    def counted(self, packet):
        for frame in decode(self, packet):
            decoded.append(frame.pts)
            yield frame

    monkeypatch.setattr(Source, "decode", counted)
    found = reading.frames_at(str(path), at)
    assert [which(f.image) for f in found] == [round(48 * t) for t in at]
    assert len(decoded) == len(set(decoded)) <= most


@pytest.mark.parametrize(
    "options", ["open-gop=1:keyint=8:bframes=3", "keyint=9:bframes=2:scenecut=0"]
)
def test_every_frame_can_be_picked_whatever_the_groups(tmp_path: Path, options: str):
    path = _grouped(tmp_path / "x.mp4", params=options)
    for k in (0, 5, 7, 8, 9, 15, 16, 31, 48):
        assert which(reading.frames_at(str(path), [k / 48])[0].image) == k


def _grouped(path: Path, every: int = 8, params: str = "") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.options = {"x264-params": params or f"keyint={every}:min-keyint={every}:scenecut=0"}
        for image in numbered(49):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_all_frames_come_in_order(clip: Path):
    frames = list(iter_frames(clip, long_px=80))
    assert [which(f.image) for f in frames] == list(range(49))
    assert frames[0].image.shape == (48, 80, 3)


def test_playing_can_stop_early_and_a_bad_clip_says_why(clip: Path, tmp_path: Path):
    playing = iter_frames(clip)
    next(playing)
    playing.close()
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(clip.read_bytes()[:-40])
    with pytest.raises(ClipError, match=r"^bad\.mp4: cut short"):
        list(iter_frames(bad))


@pytest.mark.parametrize("space", ["ITU601", "ITU709"])
@pytest.mark.parametrize("span", ["MPEG", "JPEG"])
@pytest.mark.parametrize("kind", ["yuv420p", "yuv444p"])
def test_colours_are_those_of_the_file(space: str, span: str, kind: str):
    picture = texture(3, (144, 256))
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format=kind, dst_colorspace=space, src_color_range="JPEG", dst_color_range=span
    )
    frame.colorspace = {"ITU601": 5, "ITU709": 1}[space]
    frame.color_range = {"MPEG": 1, "JPEG": 2}[span]
    found = planes.rgb(frame).astype(int)
    limit = 1.5 if kind == "yuv444p" else 6  # the second has lost its fine colours
    assert np.abs(found - picture).mean() < limit
    assert abs((found - picture).mean()) < 0.7
    gray = planes.luma(frame)
    gray = gray if planes.full_range(frame) else planes.stretch(gray)
    weights = (0.299, 0.587, 0.114) if space == "ITU601" else (0.2126, 0.7152, 0.0722)
    assert np.abs(gray - picture @ np.array(weights)).mean() < 1.2


def test_thumbnails_are_even_and_leave_out_a_fiftieth_at_both_ends(clip: Path, tmp_path: Path):
    made, _ = analyse(clip, (), SPEC, thumbs_to=tmp_path / "t" / "x.k24t2w320")
    found = Thumbs.load(tmp_path / "t" / "x.k24t2w320")
    shown = [which(image) for image in found.images]
    assert len(shown) == thumbs.K
    assert (shown[0], shown[-1]) == (1, 47)
    assert set(np.diff(shown)) == {2}
    np.testing.assert_allclose(found.times_s, np.array(shown) / 24, atol=1e-6)
    assert found.duration_s == made.duration_s


def test_a_short_clip_has_a_thumbnail_of_every_frame(tmp_path: Path):
    path = write_uneven(tmp_path / "x.mp4", numbered(5), [0, 40, 400, 440, 1000])
    analyse(path, (), SPEC, thumbs_to=tmp_path / "x.t")
    found = Thumbs.load(tmp_path / "x.t")
    assert [which(image) for image in found.images] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found.times_s, [0, 0.04, 0.4, 0.44, 1.0], atol=1e-6)


def test_thumbnails_load_in_part_and_at_half_size(tmp_path: Path):
    path = write(tmp_path / "x.mp4", [texture(1, (360, 640))] * 30)
    analyse(path, (), SPEC, thumbs_to=tmp_path / "x.t")
    assert Thumbs.load(tmp_path / "x.t").images.shape == (24, 180, 320, 3)
    part = Thumbs.load(tmp_path / "x.t", at=[0, 1], long_px=160)
    assert part.images.shape == (2, 90, 160, 3)
    assert list(part.times_s) == pytest.approx([1 / 24, 28 / 24], abs=1e-6)


def test_a_moment_is_a_share_of_the_whole_clip(tmp_path: Path):
    path = write(tmp_path / "x.mp4", [image for image in numbered(48) for _ in range(2)], 48)
    analyse(path, (), SPEC, thumbs_to=tmp_path / "x.t")
    for moments in ([0.02, 0.5, 0.98], [0.3, 0.7]):
        shown = Thumbs.load(tmp_path / "x.t", at=moments).images
        wanted = [frame.image for frame in frames_at(path, moments)]
        assert all(abs(which(a) - which(b)) <= 1 for a, b in zip(shown, wanted, strict=True))


def test_damaged_thumbnails_say_so(clip: Path, tmp_path: Path):
    path = tmp_path / "x.t"
    analyse(clip, (), SPEC, thumbs_to=path)
    data = path.read_bytes()
    for bad, message in ((data[:-9], "cut short"), (b"other", "no thumbnails of this version")):
        path.write_bytes(bad)
        with pytest.raises(ClipError, match=message):
            Thumbs.load(path)


def test_thumbnails_lie_beside_the_clips():
    place = thumbs.path_beside("home/exp/clips/ab/abcd.mp4")
    assert place == Path("home/exp/thumbs/ab/abcd.k24t2w320")
