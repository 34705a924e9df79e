"""Our formulas against others' programs: `python -m tests.oracles pictures films loudness` writes
what those say of the same input (tests/oracles/frames.py), with their versions."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.clipmaker import passed
from tests.oracles import frames as made
from toolkit.records import RunSpec
from toolkit.scorers import with_metric
from toolkit.scorers.likeness import hog
from toolkit.scorers.sharpness import blur_effect
from toolkit.scorers.sound import block_loudness, loudness
from toolkit.scorers.structure import ssim
from toolkit.video.analysis import DecodePass

DATA = Path(__file__).parent / "data" / "oracles"
SPEC = RunSpec("", model="import/x")
CLIPS, SOUNDS = tuple(made.clips()), tuple(made.sounds())


@cache
def told(name: str) -> dict[str, Any]:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@cache
def seen(name: str) -> DecodePass:
    return passed(made.clips()[name], made.FPS)


def value(clip: str, metric: str) -> float:
    found = with_metric(metric)(seen(clip), SPEC)[metric].value
    assert found is not None
    return found


# -- pictures: scikit-image ------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 3, 5, 9])
def test_blur_effect(size: int):
    sharp = made.picture(180, 320, 3)
    ours = blur_effect(made.blurred(sharp, size) if size else sharp)
    assert ours == pytest.approx(told("pictures")["blur_effect"][str(size)], abs=0.005)


def test_ssim():
    frames, theirs = made.panned(8), told("pictures")
    assert ssim(frames[0], frames[1]) == pytest.approx(theirs["ssim"]["next"], abs=1e-6)
    assert ssim(frames[0], frames[6]) == pytest.approx(theirs["ssim"]["later"], abs=1e-6)
    sharp = made.picture(180, 320, 3)
    assert ssim(sharp, made.blurred(sharp, 3)) == pytest.approx(theirs["ssim_blurred"], abs=1e-6)


def test_histograms_of_gradients():
    """Directions are binned a little differently at the edges of a bin; the vectors agree."""
    one, theirs = made.picture(128, 128, 1), told("pictures")
    others = {
        "other": made.picture(128, 128, 2), "blurred": made.blurred(one, 5),
        "mirrored": one[:, ::-1].copy(),
    }  # fmt: skip
    for name, other in others.items():
        assert hog(one) @ hog(other) == pytest.approx(theirs["hog_cosine"][name], abs=0.01), name


def test_the_path_of_a_pan_is_that_of_phase_correlation():
    frames = made.panned(8)
    path = with_metric("camera_pan")(passed(frames[:4]), SPEC)["camera_pan"].value
    theirs = told("pictures")["shift_right_px"] / min(frames[0].shape)
    assert path == pytest.approx(theirs, rel=0.03)


# -- clips: FFmpeg, siti-tools, PySceneDetect ------------------------------------------------------


@pytest.mark.parametrize("clip", CLIPS)
def test_spatial_and_temporal_information(clip: str):
    theirs = told("films")[clip]
    spatial = with_metric("spatial_info")(seen(clip), SPEC)["spatial_info"]
    np.testing.assert_allclose(spatial.trace, theirs["siti_si"], rtol=2e-3)
    assert spatial.value == pytest.approx(theirs["ffmpeg_si_max"], rel=0.08)  # its edges differ
    within = [ti for t, ti in enumerate(theirs["siti_ti"], 1) if t not in seen(clip).cuts]
    assert value(clip, "temporal_info") == pytest.approx(max(within), rel=1e-4)
    if not seen(clip).cuts:
        assert value(clip, "temporal_info") == pytest.approx(theirs["ffmpeg_ti_max"], abs=0.02)


@pytest.mark.parametrize("clip", CLIPS)
def test_brightness_and_the_change_from_frame_to_frame(clip: str):
    theirs = told("films")[clip]
    np.testing.assert_allclose(255 * seen(clip).luma, theirs["ffmpeg_luma"], atol=0.01)
    np.testing.assert_allclose(seen(clip).step, theirs["mean_step"], atol=1e-9)


@pytest.mark.parametrize("clip", CLIPS)
def test_cuts_are_those_of_pyscenedetect(clip: str):
    assert list(seen(clip).cuts) == told("films")[clip]["scenes_adaptive"]


@pytest.mark.parametrize("clip", [clip for clip in CLIPS if clip != "still"])
def test_freezes_are_those_of_ffmpeg(clip: str):
    """It counts from the frame that is then repeated, we from the first repeat."""
    theirs = max(told("films")[clip]["ffmpeg_freezes_s"], default=1 / made.FPS)
    assert value(clip, "longest_freeze_s") == pytest.approx(theirs - 1 / made.FPS, abs=1e-3)


@pytest.mark.parametrize("clip", CLIPS)
def test_bars_are_those_of_ffmpeg(clip: str):
    kept = told("films")[clip]["ffmpeg_rows_kept"]
    assert value(clip, "letterbox") == pytest.approx(1 - kept / 144)


# -- sound: pyloudnorm and FFmpeg ------------------------------------------------------------------


@pytest.mark.parametrize("sound", SOUNDS)
def test_loudness(sound: str):
    """pyloudnorm designs the filter by its own formula, and is 0.035 dB off the standard's."""
    samples = made.sounds()[sound].astype(np.float32)
    ours = loudness(block_loudness(samples, made.RATE))
    theirs = told("loudness")[sound]
    assert ours == pytest.approx(theirs["ffmpeg_ebur128"], abs=0.02)
    assert ours == pytest.approx(theirs["pyloudnorm"], abs=0.06)


def test_the_tones_of_ebu_tech_3341_read_what_it_says():
    for level in (-23, -33):
        samples = made.sounds()[f"{level} dB"].astype(np.float32)
        assert loudness(block_loudness(samples, made.RATE)) == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize("sound", SOUNDS)
def test_silence_is_that_of_ffmpeg(sound: str):
    clip = passed([np.full((32, 32), 90, np.uint8)] * 3)
    clip.clip = replace(clip.clip, has_audio=True)
    clip.sound, clip.sound_rate = made.sounds()[sound].astype(np.float32), made.RATE
    found = with_metric("audio_silence")(clip, SPEC)["audio_silence"].value
    length = len(clip.sound) / made.RATE
    assert found == pytest.approx(told("loudness")[sound]["ffmpeg_silence_s"] / length, abs=0.06)


def test_what_was_written_down_names_its_makers():
    for name in ("pictures", "films", "loudness"):
        assert told(name)["command"] == f"python -m tests.oracles {name}"
        assert all(told(name)["made_with"].values())
