"""The one decode pass: every frame once, luma as it is, cuts where they are."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av
import cloudpickle
import numpy as np
import pytest

from tests.clipmaker import numbered, passed, path, seen, texture, write, write_uneven
from toolkit import scorers
from toolkit.records import RunSpec
from toolkit.seams import Analysis
from toolkit.video import analysis
from toolkit.video.analysis import decode
from toolkit.video.container import Source

SPEC = RunSpec("", model="import/x")


def test_every_frame_is_decoded_once_for_scores_and_thumbnails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    clip = write(tmp_path / "x.mp4", path(texture(), 50, (90, 160), pan=0.3))
    packets, frames = Counter(), Counter()
    read, dec = Source.packets, Source.decode

    def counted_packets(self, **how):
        for packet in read(self, **how):
            packets[packet.pts] += bool(packet.size)
            yield packet

    def counted_frames(self, packet):
        for frame in dec(self, packet):
            frames[frame.pts] += 1
            yield frame

    monkeypatch.setattr(Source, "packets", counted_packets)
    monkeypatch.setattr(Source, "decode", counted_frames)
    found, (readings,), tiles = analysis.run(
        str(clip), cloudpickle.dumps(scorers.default()), [SPEC.to_json()]
    )
    packets.pop(None, None)
    assert found.num_frames == len(frames) == len(packets) == 50
    assert set(frames.values()) == set(packets.values()) == {1}
    assert len(readings) > 20
    assert tiles


def test_opening_happens_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clip = write(tmp_path / "x.mp4", numbered(9))
    opened = []
    real = av.open
    monkeypatch.setattr(av, "open", lambda *a, **k: opened.append(a) or real(*a, **k))
    analysis.run(str(clip), cloudpickle.dumps(scorers.default()), [SPEC.to_json()])
    assert len(opened) == 1


def test_a_pass_is_what_the_seam_promises(tmp_path: Path):
    clip = write(tmp_path / "x.mp4", path(texture(), 30, (360, 640), pan=0.1))
    made: Analysis = decode(clip)
    assert made.small.shape == (30, 144, 256)
    assert made.thumbs.shape == (24, 180, 320, 3)
    assert [image.shape for image in made.detail] == [(360, 640)] * 8
    assert (made.shown[0], made.shown[-1]) == (1, 28)
    assert (made.detail_at[0], made.detail_at[-1]) == (0, 29)
    assert made.motion.moves.shape == (29, 18 * 32, 2)
    np.testing.assert_allclose(made.time_s, np.arange(30) / 24, atol=1e-6)


def test_luma_is_in_full_range(tmp_path: Path):
    black, white = np.zeros((96, 160, 3), np.uint8), np.full((96, 160, 3), 255, np.uint8)
    made = decode(write(tmp_path / "x.mp4", [black, white, black]))
    np.testing.assert_allclose(made.luma, [0, 1, 0], atol=0.01)


def test_upright_clips_and_small_ones_keep_their_shape(tmp_path: Path):
    tall = write(tmp_path / "tall.mp4", path(texture(), 6, (320, 180), pan=0.1))
    assert decode(tall).small.shape == (6, 256, 144)
    tiny = write(tmp_path / "tiny.mp4", numbered(6, (48, 64)))
    assert decode(tiny).small.shape == (6, 48, 64)


def test_a_turned_clip_is_seen_upright(tmp_path: Path):
    half = np.zeros((96, 160, 3), np.uint8)
    half[:, :80] = 255
    turned = decode(write_uneven(tmp_path / "x.mp4", [half] * 4, [0, 40, 80, 120], rotation=90))
    assert turned.small.shape == (4, 160, 96)
    assert turned.small[0, -1].min() > 240  # left became below
    assert turned.small[0, 0].max() < 15
    assert turned.thumbs[0, -1].min() > 240


def test_flow_points_where_the_content_goes():
    picture = texture(size=(600, 800))[..., 0]
    frames = [seen(picture, (144, 256), pan=0.02 * k, tilt=0.01 * k) for k in range(3)]
    flow = np.median(passed(frames).flow(0, 1).reshape(-1, 2), axis=0)
    np.testing.assert_allclose(flow, [-0.02 * 144, 0.01 * 144], atol=0.1)


@pytest.mark.parametrize("speed", [0.0, 0.3, 1.5])
def test_a_cut_is_found_at_its_frame_and_only_there(speed: float):
    first, second = texture(1)[..., 0], texture(2)[..., 0]
    frames = [seen(first if k < 20 else second, (144, 256), pan=speed * k / 40) for k in range(40)]
    assert passed(frames).cuts == (20,)
    assert passed(frames[:20]).cuts == ()


def test_flashes_and_stutter_are_no_cuts():
    picture = texture(1)[..., 0]
    frames = [seen(picture, (144, 256), pan=0.02 * (k // 3)) for k in range(40)]
    assert passed(frames).cuts == ()
    flash = [
        np.clip(f.astype(int) + 60 * (k == 20), 0, 255).astype(np.uint8)
        for k, f in enumerate(frames)
    ]
    assert passed(flash).cuts == ()


def test_a_jump_within_one_scene_is_a_cut_and_lightning_is_none():
    """The same place with another thing in it; then a flash from one side for two frames."""
    picture, thing = texture(1)[..., 0], texture(2, (110, 110))[..., 0][:90, :105]
    frames = [seen(picture, (144, 256), pan=0.002 * k) for k in range(40)]
    jumped = [frame.copy() for frame in frames]
    for frame in jumped[20:]:
        frame[30:120, 90:195] = thing
    assert 0.08 < passed(jumped)._unlike(19, 20) < 0.25
    assert passed(jumped).cuts == (20,)
    light = np.zeros((144, 256))
    light[20:120, 150:] = 90
    struck = [
        np.clip(f + light * (k in (20, 21)), 0, 255).astype(np.uint8) for k, f in enumerate(frames)
    ]
    assert passed(struck)._unlike(19, 20) > 0.08
    assert passed(struck).cuts == ()


def test_a_change_of_size_half_way_is_refused(tmp_path: Path):
    from toolkit.errors import ClipError

    target = tmp_path / "x.mkv"
    with av.open(str(target), "w") as container:
        stream = container.add_stream("mjpeg", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuvj420p"
        for k in range(6):
            size = (96, 160) if k < 3 else (64, 96)
            encoder = av.CodecContext.create("mjpeg", "w")
            encoder.width, encoder.height, encoder.pix_fmt = size[1], size[0], "yuvj420p"
            encoder.time_base = Fraction(1, 24)
            image = av.VideoFrame.from_ndarray(np.full((*size, 3), 90, np.uint8), format="rgb24")
            frame = image.reformat(format="yuvj420p")
            frame.pts = k
            for packet in encoder.encode(frame):
                packet.stream = stream
                packet.pts = packet.dts = k
                container.mux(packet)
    with pytest.raises(ClipError, match=r"^x\.mkv: changes its size at frame 3$"):
        decode(target)


def test_one_scorer_that_fails_loses_only_its_own_readings(tmp_path: Path):
    from toolkit.records import Metric, Reading

    class Broken:
        name, version, where = "broken", "1", "worker"
        metrics: ClassVar = {"odd": Metric("odd", unit="", description="")}

        def __call__(self, clip, spec):
            return {"odd": 1 / 0}

    class Bare(Broken):
        name = "bare"
        metrics: ClassVar = {
            name: Metric(name, unit="", description="") for name in ("n", "nan", "lost")
        }

        def __call__(self, clip, spec):
            return {"n": np.float64(len(clip.small)), "nan": float("nan")}

    clip = write(tmp_path / "x.mp4", numbered(9))
    _, (found,), _ = analysis.run(
        str(clip), cloudpickle.dumps([Broken(), Bare()]), [SPEC.to_json()], with_thumbs=False
    )
    assert found == {
        "odd": Reading(None, note="broken failed: ZeroDivisionError: division by zero"),
        "n": Reading(9.0),
        "nan": Reading(None, note="came out as nan"),
        "lost": Reading(None, note="bare gave no reading"),
    }


@pytest.mark.parametrize(("tier", "least", "most"), [("preview", 1, 4), ("fast", 5, 40)])
def test_sparse_tiers_measure_the_clip_whole_and_say_what_they_leave(
    tmp_path: Path, tier: str, least: int, most: int
):
    clip = tmp_path / "x.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.options = {"x264-params": "keyint=25:bframes=2"}
        for image in path(texture(), 50, (96, 160), pan=0.3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    whole, sparse = decode(clip), decode(clip, tier=tier)
    assert sparse.clip == whole.clip
    assert least <= len(sparse.small) <= most
    _, (found,), _ = analysis.run(
        str(clip), cloudpickle.dumps(scorers.default(tier)), [SPEC.to_json()], tier=tier
    )
    assert found["luma_flicker"].note == f"needs every frame; tier {tier!r} leaves some out"
    assert found["colorfulness"].value is not None
