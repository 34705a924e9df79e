"""What a file measures, and why it is no usable video."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clipmaker import FPS, numbered, write, write_uneven
from toolkit.errors import ClipError
from toolkit.records import Clip
from toolkit.video import analyse, audio, frames_at, probe
from toolkit.video.encode import write_mp4


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("probe") / "ten.mp4", numbered(30))


def test_a_clip_is_measured(clip: Path):
    data = clip.read_bytes()
    assert probe(clip) == Clip(
        hashlib.sha256(data).hexdigest(),
        width=160,
        height=96,
        num_frames=30,
        duration_s=1.25,
        fps=float(FPS),
        codec="h264",
        has_audio=False,
        size_bytes=len(data),
    )


def test_a_full_look_measures_the_same(clip: Path):
    assert probe(clip, full=True) == probe(clip)


def test_sound_is_seen_and_read_back(tmp_path: Path):
    tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    path = tmp_path / "tone.mp4"
    write_mp4(path, numbered(24), 24, audio=np.stack([tone, tone], axis=1).astype(np.float32))
    assert probe(path).has_audio
    samples, rate = audio(path) or (np.empty((0, 2)), 0)
    assert rate == 48_000
    assert samples.shape[1] == 2
    assert samples[2_000:40_000].std() == pytest.approx(0.25 / np.sqrt(2), rel=0.02)


def test_a_silent_clip_has_no_sound(clip: Path):
    assert audio(clip) is None


def test_uneven_times_are_kept(tmp_path: Path):
    path = write_uneven(tmp_path / "vfr.mp4", numbered(5), [0, 40, 400, 440, 1000])
    found = probe(path)
    assert (found.num_frames, found.fps) == (5, pytest.approx(5 / found.duration_s, rel=1e-3))
    assert [f.time_s for f in frames_at(path, [0, 0.4, 1])] == pytest.approx([0, 0.4, 1.0])


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_clip_is_measured_and_shown_as_players_do(tmp_path: Path, degrees: int):
    corner = np.zeros((96, 160, 3), np.uint8)
    corner[:48, :80] = 255  # upper left is white
    path = write_uneven(tmp_path / "turned.mp4", [corner] * 3, [0, 40, 80], rotation=degrees)
    found = probe(path)
    image = frames_at(path, [0])[0].image
    assert image.shape[:2] == (found.height, found.width)
    assert (found.width > found.height) == (degrees == 180)
    white = {90: (-1, 0), 180: (-1, -1), 270: (0, -1)}[degrees]  # display rotation is anticlockwise
    shown = [(r, c) for r in (0, -1) for c in (0, -1) if image[r, c].mean() > 200]
    assert shown == [white]


def _is_no_clip(path: Path, message: str) -> None:
    for look in (probe, lambda p: probe(p, full=True), lambda p: frames_at(p, [0.5])):
        with pytest.raises(ClipError, match=message):
            look(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"^x\.mp4: the file is empty \(0 bytes\); fetch it again$"),
        (
            b"<!DOCTYPE html><h1>Gone</h1>",
            r'^x\.mp4: a web page, not a video; it begins "<!DOCTYPE',
        ),
        (b'\xef\xbb\xbf {"error": "expired"}', r"^x\.mp4: JSON, not a video; it begins"),
        (b"#EXTM3U\n#EXTINF:1\nreal.ts\n", r"^x\.mp4: a playlist, which may point at other files$"),
        (b"\x89PNG\r\n\x1a\n" + bytes(80), r"^x\.mp4: a PNG picture$"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(80), r"^x\.mp4: a RIFF file \(WAVE\)"),
        (bytes(4096), r"^x\.mp4: not a video \(4096 bytes\)"),
        (b"\0\0\0\x20ftypisom" + bytes(20), r"^x\.mp4: cut short: its index \(moov\) is missing"),
    ],
)
def test_what_is_no_video_says_what_it_is(tmp_path: Path, data: bytes, message: str):
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    _is_no_clip(path, message)


def test_a_file_that_is_not_there_says_so(tmp_path: Path):
    _is_no_clip(tmp_path / "x.mp4", r"^x\.mp4: cannot be read: No such file")


def test_a_playlist_in_disguise_does_not_open_its_neighbour(tmp_path: Path, clip: Path):
    (tmp_path / "real.mp4").write_bytes(clip.read_bytes())
    (tmp_path / "x.mp4").write_text("ffconcat version 1.0\nfile real.mp4\n")
    with av.open(str(tmp_path / "x.mp4")) as container:
        assert container.streams.video  # what would happen without us
    _is_no_clip(tmp_path / "x.mp4", r"^x\.mp4: a playlist")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
def test_a_clip_cut_short_is_never_whole(tmp_path: Path, clip: Path, share: float):
    data = clip.read_bytes()
    path = tmp_path / "x.mp4"
    path.write_bytes(data[: int(len(data) * share)])
    _is_no_clip(path, r"^x\.mp4: cut short|^x\.mp4: not a video|^x\.mp4: damaged")


def test_the_boxes_tell_how_much_is_missing(tmp_path: Path, clip: Path):
    data = clip.read_bytes()
    path = tmp_path / "x.mp4"
    path.write_bytes(data[:-5])
    _is_no_clip(path, rf"^x\.mp4: cut short: mdat should run to byte {len(data)}, the file ends at")


def test_a_webm_cut_short_is_never_whole(tmp_path: Path):
    path = tmp_path / "x.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
        for image in numbered(12):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    assert (probe(path).num_frames, probe(path).codec) == (12, "vp9")
    path.write_bytes(path.read_bytes()[:-200])
    _is_no_clip(path, r"^x\.webm: cut short")


def test_only_sound_is_no_video(tmp_path: Path):
    path = tmp_path / "x.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((2, 1024), np.float32), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts = 48_000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    _is_no_clip(path, r"^x\.mp4: has only sound, no video track$")


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path):
    path = tmp_path / "x.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 4096, 2400, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        frame = av.VideoFrame(4096, 2400, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert path.stat().st_size < 100_000
    _is_no_clip(path, r"^x\.mp4: 4096 x 2400 pixels; at most 9 million are decoded$")


def test_damage_in_the_middle_is_a_clip_error_and_nothing_worse(tmp_path: Path, clip: Path):
    from toolkit.records import RunSpec

    rng = np.random.default_rng(5)
    clean = np.frombuffer(clip.read_bytes(), np.uint8)
    path = tmp_path / "x.mp4"
    for _ in range(12):
        data = clean.copy()
        at = rng.integers(0, len(data), 8)
        data[at] ^= rng.integers(1, 255, 8).astype(np.uint8)
        path.write_bytes(data.tobytes())
        try:
            analyse(path, (), RunSpec("", model="import/x"))
        except ClipError as error:
            assert str(error).startswith("x.mp4: ")  # noqa: PT017  (either verdict is right)
