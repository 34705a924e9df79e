"""Films: length, size, sound and pictures of what was cut together, and of what plays at once."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from toolkit import video
from toolkit.errors import ClipError, ExportError
from toolkit.exports.reel import _framed, mosaic, reel
from toolkit.video.encode import write_mp4

RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (30, 180, 30)


def flat(colour, w=192, h=108):
    return np.full((h, w, 3), colour, np.uint8)


def tone(hz: float, seconds: float) -> np.ndarray:
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(48_000 * seconds)) / 48_000)
    return np.stack([wave, wave], 1).astype(np.float32)


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    made = {
        "red": ([flat(RED)] * 24, tone(440, 1)),
        "blue": ([flat(BLUE)] * 24, tone(880, 1)),
        "green": ([flat(GREEN)] * 36, None),
        "ramp": ([flat((5 * i + 20,) * 3) for i in range(36)], None),  # tells its own time
        "tall": ([flat(GREEN, 108, 192)] * 12, None),
        "marked": ([_marked()] * 12, None),
    }
    paths = {}
    for name, (images, sound) in made.items():
        paths[name] = folder / f"{name}.mp4"
        write_mp4(paths[name], images, 24, crf=8, audio=sound)
    paths["broken"] = folder / "broken.mp4"
    paths["broken"].write_text("<!doctype html>")
    return paths


def _marked() -> np.ndarray:
    image = flat((120, 120, 120))
    image[:, :20] = (250, 250, 250)
    image[:, -20:] = (250, 250, 250)
    return image


def frames(path: Path) -> list[np.ndarray]:
    return [frame.image for frame in video.iter_frames(path)]


def near(image: np.ndarray, colour, tolerance: float = 8) -> bool:
    return bool(np.abs(image.reshape(-1, 3).mean(0) - np.array(colour)).max() <= tolerance)


def test_a_cut_shows_each_clip_for_its_length_and_nothing_between(clips, tmp_path):
    out = reel([clips["red"], clips["blue"], clips["green"]], tmp_path / "a.mp4", size="360p")
    clip = video.probe(out, full=True)
    assert (clip.width, clip.height, clip.fps, clip.codec) == (640, 360, 24, "h264")
    assert clip.num_frames == 84
    assert clip.duration_s == pytest.approx(3.5, abs=0.001)
    shown = frames(out)
    assert all(near(image, RED) for image in shown[:24])
    assert all(near(image, BLUE) for image in shown[24:48])
    assert all(near(image, GREEN) for image in shown[48:])


def test_a_crossfade_mixes_both_takes_and_shortens_the_film_by_the_overlap(clips, tmp_path):
    out = reel([clips["red"], clips["blue"]], tmp_path / "a.mp4", size="360p",
               transition="crossfade", overlap_s=0.5)  # fmt: skip
    shown = frames(out)
    assert len(shown) == 36
    assert near(shown[11], RED)
    assert near(shown[18], np.add(RED, BLUE) / 2, 12)
    assert near(shown[24], BLUE)
    reds = [image[..., 0].mean() for image in shown[12:25]]
    assert all(b < a for a, b in itertools.pairwise(reds))


def test_a_crossfade_plays_on_through_the_overlap(clips, tmp_path):
    out = reel([clips["ramp"], clips["ramp"]], tmp_path / "a.mp4", size="360p",
               transition="crossfade", overlap_s=0.5)  # fmt: skip
    shown = [image.mean() for image in frames(out)]
    assert len(shown) == 60
    k = 6  # halfway: frame 30 of the first and 6 of the second, half and half
    assert shown[24 + k] == pytest.approx((5 * (24 + k) + 20 + 5 * k + 20) / 2, abs=6)
    assert shown[59] == pytest.approx(5 * 35 + 20, abs=4)


def test_a_take_too_short_to_fade_is_named_with_what_would_do(clips, tmp_path):
    with pytest.raises(
        ExportError, match=r"^tall\.mp4 lasts 0\.5 s here.* overlap_s=0\.25 would do"
    ):
        reel(
            [clips["red"], clips["tall"]],
            tmp_path / "a.mp4",
            transition="crossfade",
            overlap_s=0.5,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_short_take_is_faded_for_half_its_length_where_no_time_is_named(clips, tmp_path):
    out = reel([clips["red"], clips["tall"]], tmp_path / "a.mp4", transition="crossfade")
    whole = sum(video.probe(clips[name]).duration_s for name in ("red", "tall"))
    assert video.probe(out).duration_s == pytest.approx(whole - 0.25, abs=0.01)


def test_a_run_whose_clip_cannot_be_read_is_left_out_of_the_best(clips, tmp_path):
    df, said = runs(clips), []
    df.loc[0, "clip.path"] = str(clips["broken"])
    out = reel(df, tmp_path / "a.mp4", best=2, on_problem=said.append, size="360p")
    first, second = first_colours(out, 2)
    assert [why.split(": ")[:2] for why in said] == [["left out of the film", "broken.mp4"]]
    assert np.abs(first - BLUE).max() < 8
    assert np.abs(second - GREEN).max() < 8


def test_speed_changes_length_and_what_is_shown_when(clips, tmp_path):
    shown = [
        image.mean()
        for image in frames(reel([clips["ramp"]], tmp_path / "a.mp4", size="360p", speed=2))
    ]
    assert len(shown) == 18
    assert shown[5] == pytest.approx(5 * 10 + 20, abs=4)
    slow = frames(reel([clips["ramp"]], tmp_path / "b.mp4", size="360p", speed=0.5))
    assert len(slow) == 72
    assert slow[20].mean() == pytest.approx(5 * 10 + 20, abs=4)


def test_another_frame_rate_keeps_the_length(clips, tmp_path):
    clip = video.probe(reel([clips["red"]], tmp_path / "a.mp4", size="360p", fps=30), full=True)
    assert (clip.num_frames, clip.fps) == (30, 30)


@pytest.mark.parametrize(
    ("aspect", "size", "wanted"),
    [
        ("16:9", "720p", (1280, 720)),
        ("9:16", "540p", (540, 960)),
        ("1:1", "360p", (360, 360)),
        ("16:9", "480p", (854, 480)),
    ],
)
def test_aspect_and_size_presets(clips, tmp_path, aspect, size, wanted):
    out = reel([clips["tall"]], tmp_path / "a.mp4", aspect=aspect, size=size)
    clip = video.probe(out)
    assert (clip.width, clip.height) == wanted


def test_a_clip_of_another_shape_is_whole_on_bars_or_blur_and_cropped_to_fill():
    image = _marked()  # white at both sides
    bars = _framed(image, 108, 192, "bars")
    assert bars.shape == (192, 108, 3)
    assert (bars[:60] == 0).all()
    assert (bars[96, :8] == 250).all()
    assert (bars[96, -8:] == 250).all()
    blur = _framed(image, 108, 192, "blur")
    assert blur[:60].mean() > 30
    assert blur[:60].mean() < image.mean()
    assert np.array_equal(blur[70:122], bars[70:122])
    fill = _framed(image, 108, 192, "fill")
    assert (np.abs(fill.astype(int) - 120) <= 2).all()
    assert _framed(image, 192, 108, "bars") is not image
    assert np.array_equal(_framed(image, 192, 108, "blur"), image)


def test_the_sound_of_each_take_stands_at_its_place(clips, tmp_path):
    out = reel([clips["red"], clips["green"], clips["blue"]], tmp_path / "a.mp4", size="360p")
    assert video.probe(out).has_audio
    samples, rate = video.audio(out)

    def loudest(start, end):
        part = samples[int(start * rate) : int(end * rate), 0]
        if np.abs(part).max() < 0.01:
            return 0
        power = np.abs(np.fft.rfft(part * np.hanning(len(part))))
        return np.fft.rfftfreq(len(part), 1 / rate)[power.argmax()]

    assert loudest(0.2, 0.9) == pytest.approx(440, abs=5)
    assert loudest(1.2, 2.3) == 0
    assert loudest(2.7, 3.4) == pytest.approx(880, abs=5)


def test_sound_fades_with_the_picture(clips, tmp_path):
    out = reel([clips["red"], clips["blue"]], tmp_path / "a.mp4", size="360p",
               transition="crossfade", overlap_s=0.5)  # fmt: skip
    samples, rate = video.audio(out)

    def power(hz, start):
        part = samples[int(start * rate) : int((start + 0.08) * rate), 0]
        wave = np.exp(-2j * np.pi * hz * np.arange(len(part)) / rate)
        return abs((part * wave).mean())

    assert power(440, 0.55) > 3 * power(440, 0.88)
    assert power(880, 0.88) > 3 * power(880, 0.55)


def test_a_film_without_any_sound_has_no_sound_track(clips, tmp_path):
    assert not video.probe(reel([clips["green"]], tmp_path / "a.mp4", size="360p")).has_audio
    silent = reel([clips["red"]], tmp_path / "b.mp4", size="360p", audio=False)
    assert not video.probe(silent).has_audio


def test_text_and_titles_can_be_read_and_keep_to_their_time(clips, tmp_path):
    out = reel([clips["red"], clips["blue"]], tmp_path / "a.mp4", size="360p",
               titles=["push in", "static"], text={(0.5, 1.5): "Rain or shine"})  # fmt: skip
    shown = frames(out)
    low = slice(270, 360)

    def white(image):
        return int((image.min(axis=2) > 200).sum())

    assert white(shown[2][low]) == 0
    assert white(shown[24][low]) > 300
    assert white(shown[40][low]) == 0
    assert white(shown[12][:60, :200]) > 30
    assert white(shown[36][:60, :200]) > 30
    box = shown[12][22:26, 24:28].reshape(-1, 3).mean(0)  # the title's dark box
    assert np.abs(box - np.array(RED) * 0.42).max() < 15
    assert near(shown[24][100:200], BLUE)


def runs(clips, **more) -> pd.DataFrame:
    names = ["red", "blue", "green", "ramp"]
    return pd.DataFrame(
        {
            "model": "sim/draft", "simulated": True, "sample": 1, "state": "done",
            "prompt.camera": names, "prompt.scene": "s", "prompt.text": names,
            "clip.path": [str(clips[name]) for name in names], **more,
        }
    )  # fmt: skip


def first_colours(path: Path, num: int) -> list[np.ndarray]:
    return [frames(path)[24 * i + 6][60:250].reshape(-1, 3).mean(0) for i in range(num)]


def test_the_best_by_their_marks(clips, tmp_path):
    df = runs(clips, mark=["reject", "pick", None, None])
    out = reel(df, tmp_path / "a.mp4", best=1, size="360p")
    assert near(frames(out)[3][60:250], BLUE)
    assert video.probe(out).num_frames == 24


def test_the_best_by_a_score_and_failed_runs_left_out(clips, tmp_path, monkeypatch):
    from toolkit.sheets import pivot

    monkeypatch.setattr(pivot, "directions", lambda columns, asked: dict.fromkeys(columns, "lower"))
    df = runs(clips, **{"score.flicker": [0.3, 0.1, 0.2, 0.0]})
    df.loc[3, ["state", "clip.path"]] = ["failed", None]
    out = reel(df, tmp_path / "a.mp4", best=2, by="flicker", size="360p")
    first, second = first_colours(out, 2)
    assert np.abs(first - BLUE).max() < 8
    assert np.abs(second - GREEN).max() < 8


def test_simulated_takes_are_labelled_in_the_picture(clips, tmp_path):
    df = runs(clips).head(2).assign(simulated=[True, False])
    shown = frames(reel(df, tmp_path / "a.mp4", size="360p"))

    def yellow(image):
        corner = image[-40:, -140:].astype(int)
        return int(((corner[..., 0] > 200) & (corner[..., 1] > 170) & (corner[..., 2] < 150)).sum())

    assert yellow(shown[10]) > 300
    assert yellow(shown[34]) == 0


def test_titles_are_what_tells_the_clips_apart(clips):
    from toolkit.exports.reel import _takes

    takes = _takes(runs(clips).head(2), None, None, True, pytest.fail)
    assert [(t.title, t.simulated) for t in takes] == [("red", True), ("blue", True)]


def test_the_file_starts_with_its_index_and_says_its_colours(clips, tmp_path):
    data = reel([clips["red"]], tmp_path / "a.mp4", size="720p").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    with av.open(str(tmp_path / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
    assert near(frames(tmp_path / "a.mp4")[3], RED, 4)


def test_nothing_but_the_film_is_left_and_nothing_is_printed(clips, tmp_path, monkeypatch, capfd):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    told = []
    out = tmp_path / "out" / "a.mp4"
    reel(
        [clips["red"]], out, size="360p", on_progress=lambda done, total: told.append((done, total))
    )
    assert list((tmp_path / "work").iterdir()) == []
    assert list(out.parent.iterdir()) == [out]
    assert capfd.readouterr() == ("", "")
    assert told == sorted(told)
    assert told[-1] == (24, 24)


def test_a_failure_halfway_leaves_the_old_film_alone(clips, tmp_path):
    out = tmp_path / "a.mp4"
    out.write_bytes(b"the film of yesterday")

    def stop(done, total):
        if done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reel([clips["red"]], out, size="360p", on_progress=stop)
    assert out.read_bytes() == b"the film of yesterday"
    assert list(tmp_path.iterdir()) == [out]


def test_moviepy_never_opens_a_clip_itself(clips, tmp_path, monkeypatch):
    import moviepy.audio.io.readers as heard
    import moviepy.video.io.ffmpeg_reader as seen

    def refuse(*_, **__):
        raise AssertionError("moviepy opened a file")

    monkeypatch.setattr(seen.FFMPEG_VideoReader, "__init__", refuse)
    monkeypatch.setattr(heard.FFMPEG_AudioReader, "__init__", refuse)
    reel([clips["red"], clips["blue"]], tmp_path / "a.mp4", size="360p", transition="crossfade")
    mosaic([clips["red"], clips["blue"]], tmp_path / "b.mp4", size="360p")


def test_what_cannot_be_filmed_is_named(clips, tmp_path):
    out = tmp_path / "a.mp4"
    with pytest.raises(ExportError, match="no film: there is no finished clip among these"):
        reel([], out)
    with pytest.raises(ExportError, match=r"no film: no such file: .*gone\.mp4$"):
        reel([tmp_path / "gone.mp4"], out)
    with pytest.raises(ClipError, match=r"^broken\.mp4: "):
        reel([clips["red"], clips["broken"]], out)
    with pytest.raises(ExportError, match=r"a\.gif: a film is written as \.mp4, not '\.gif'"):
        reel([clips["red"]], tmp_path / "a.gif")
    with pytest.raises(ValueError, match="1 titles for 2 clips"):
        reel([clips["red"], clips["blue"]], out, titles=["one"])
    with pytest.raises(ValueError, match=r"`size` is one of 360p, 480p, .*, not '4k'"):
        reel([clips["red"]], out, size="4k")
    with pytest.raises(TypeError, match=r"put a single file in \[ \]"):
        reel(clips["red"], out)
    assert list(tmp_path.iterdir()) == []


def test_a_mosaic_runs_all_clips_in_step(clips, tmp_path):
    out = mosaic([clips["ramp"], clips["ramp"], clips["tall"]], tmp_path / "m.mp4", size="360p",
                 columns=3, labels=["a", "b", "c"])  # fmt: skip
    clip = video.probe(out, full=True)
    assert (clip.width, clip.height, clip.num_frames) == (640, 360, 36)
    shown = frames(out)
    for k in (0, 7, 20, 35):
        left, right = shown[k][175:185, 95:115].mean(), shown[k][175:185, 310:330].mean()
        assert left == pytest.approx(5 * k + 20, abs=4)
        assert right == pytest.approx(left, abs=2)
    assert near(shown[35][175:185, 530:540], GREEN)  # it ended at frame 12 and stays


def test_a_mosaic_at_twice_the_speed_is_half_as_long(clips, tmp_path):
    shown = frames(mosaic([clips["ramp"]], tmp_path / "m.mp4", size="360p", speed=2))
    assert len(shown) == 18
    assert shown[9][170:190, 310:330].mean() == pytest.approx(5 * 18 + 20, abs=4)


def test_in_a_mosaic_a_failed_run_and_an_unreadable_file_keep_their_places(clips, tmp_path):
    df = runs(clips)
    df.loc[1, ["state", "reason", "clip.path"]] = ["moderated", "x", None]
    df.loc[3, "clip.path"] = str(clips["broken"])
    shown = frames(mosaic(df, tmp_path / "m.mp4", size="540p", columns=2, title="Courier"))[5]
    h, w = shown.shape[:2]
    quarters = {}
    for row, col in itertools.product((0, 1), repeat=2):
        y, x = h * (2 * row + 1) // 4, w * (2 * col + 1) // 4
        quarters[row, col] = shown[y, x - 40 : x]
    assert near(quarters[0, 0], RED)
    assert near(quarters[1, 0], GREEN)
    for place in ((0, 1), (1, 1)):  # a dark panel with words
        assert np.median(quarters[place]) < 60


def test_too_many_clips_for_a_mosaic_are_refused_with_the_way_out(clips, tmp_path):
    with pytest.raises(ExportError, match="show fewer, or choose a larger size"):
        mosaic([clips["red"]] * 12, tmp_path / "m.mp4", size="360p", columns=1)
    with pytest.raises(ExportError, match=r"no clip that can be shown \(cannot be read: broken"):
        mosaic([clips["broken"]], tmp_path / "m.mp4")
