"""The writer of clips."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest

from toolkit.errors import ExportError
from toolkit.video.encode import AUDIO_RATE_HZ, write_mp4


def frames(count=10, width=64, height=48):
    for index in range(count):
        image = np.zeros((height, width, 3), np.uint8)
        image[:, : width // 2] = (200, 60, 20)
        image[:, width // 2 :] = (20, 60, 20 + 20 * (index % 10))
        yield image


def test_a_clip_is_h264_yuv420p_in_bt709(tmp_path):
    path = tmp_path / "a.mp4"
    assert write_mp4(path, frames(), 24) == 10
    with av.open(str(path)) as clip:
        video = clip.streams.video[0]
        assert video.codec_context.name == "h264"
        assert video.pix_fmt == "yuv420p"
        assert (video.width, video.height, video.average_rate) == (64, 48, 24)
        decoded = list(clip.decode(video=0))
    assert len(decoded) == 10
    first = decoded[0]
    assert (first.colorspace, first.color_range, first.color_primaries, first.color_trc) == (
        1,
        1,
        1,
        1,
    )
    assert [frame.pts * frame.time_base * 24 for frame in decoded] == list(range(10))


def test_colours_come_back_as_they_went_in(tmp_path):
    path = tmp_path / "a.mp4"
    write_mp4(path, frames(), 24, crf=1)
    with av.open(str(path)) as clip:
        image = next(clip.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(image[20, 10].astype(int) - (200, 60, 20)).max() <= 6


def test_the_index_comes_before_the_pictures(tmp_path):
    path = tmp_path / "a.mp4"
    write_mp4(path, frames(), 24)
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_the_comment_is_kept_as_json(tmp_path):
    path = tmp_path / "a.mp4"
    write_mp4(path, frames(), 24, comment={"prompt": "café שלום", "sample": 2})
    with av.open(str(path)) as clip:
        assert json.loads(clip.metadata["comment"]) == {"prompt": "café שלום", "sample": 2}


def test_sound_is_cut_to_the_length_of_the_picture(tmp_path):
    path = tmp_path / "a.mp4"
    t = np.arange(3 * AUDIO_RATE_HZ) / AUDIO_RATE_HZ
    tone = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    write_mp4(path, frames(24), 24, audio=np.stack((tone, tone), 1))
    with av.open(str(path)) as clip:
        samples = np.concatenate([f.to_ndarray() for f in clip.decode(audio=0)], axis=1)
    assert abs(samples.shape[1] / AUDIO_RATE_HZ - 1.0) < 0.06
    assert 0.15 < np.sqrt((samples[:, 4000:40000] ** 2).mean()) < 0.25


def test_an_odd_row_and_column_are_left_out(tmp_path):
    path = tmp_path / "a.mp4"
    write_mp4(path, frames(width=65, height=49), 24)
    with av.open(str(path)) as clip:
        assert (clip.streams.video[0].width, clip.streams.video[0].height) == (64, 48)


def test_a_failure_among_the_frames_leaves_the_old_clip_and_nothing_else(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def broken():
        yield from frames(3)
        raise RuntimeError("lens cap")

    with pytest.raises(RuntimeError, match="lens cap"):
        write_mp4(path, broken(), 24)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    assert path.read_bytes() == b"old"


def test_no_frames_are_an_error(tmp_path):
    with pytest.raises(ExportError, match=r"^a\.mp4: no frames to write$"):
        write_mp4(tmp_path / "a.mp4", [], 24)
    assert list(tmp_path.iterdir()) == []


def test_frames_that_are_none_are_refused(tmp_path):
    bad = [np.zeros((48, 64), np.uint8)], [np.zeros((48, 64, 3), np.float32)]
    for wrong in bad:
        with pytest.raises(ExportError, match=r"a frame is \(H, W, 3\) uint8"):
            write_mp4(tmp_path / "a.mp4", wrong, 24)
    shrinking = [np.zeros((48, 64, 3), np.uint8), np.zeros((24, 64, 3), np.uint8)]
    with pytest.raises(ExportError, match="64x24 px among frames of 64x48"):
        write_mp4(tmp_path / "a.mp4", shrinking, 24)
