"""Whether a clip has sound, how loud it is, and how much of it is silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["Sound", "block_loudness", "loudness"]

# ITU-R BS.1770-4, tables 1 and 2: the two filters of K-weighting at 48 kHz
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285),
          (1.0, -1.69065929318241, 0.73248077421585))  # fmt: skip
_HIGHPASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_BLOCK_S, _HOP_S = 0.4, 0.1


def block_loudness(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Momentary loudness (LUFS) of each 400 ms block, 75 % overlapping; -inf for digital silence.

    The K-weighting is applied to each block's spectrum, which differs from filtering the whole by
    the filters' settling alone.
    """
    size, hop = round(_BLOCK_S * rate), round(_HOP_S * rate)
    if len(samples) < size:
        samples = np.pad(samples, ((0, size - len(samples)), (0, 0)))
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    power = np.ones(len(z))
    for top, bottom in (_SHELF, _HIGHPASS):
        power *= np.abs(np.polyval(top[::-1], z) / np.polyval(bottom[::-1], z)) ** 2
    power[1:-1] *= 2  # the mirrored half of the spectrum
    found = []
    for start in range(0, len(samples) - size + 1, hop):
        spectrum = np.fft.rfft(samples[start : start + size], axis=0)
        found.append(float((np.abs(spectrum) ** 2 * power[:, None]).sum()) / size**2)
    with np.errstate(divide="ignore"):
        blocks: NDArray[np.float64] = -0.691 + 10 * np.log10(np.array(found))
    return blocks


def loudness(blocks: NDArray[np.float64]) -> float | None:
    """Integrated loudness (LUFS) by the two gates of BS.1770-4; None for silence throughout."""
    loud = blocks[blocks > -70]
    if not len(loud):
        return None
    mean = _mean(loud)
    return _mean(loud[loud > mean - 10])


def _mean(blocks: NDArray[np.float64]) -> float:
    return float(-0.691 + 10 * np.log10(np.mean(10 ** ((blocks + 0.691) / 10))))


@dataclass(frozen=True)
class Sound:
    """Blocks quieter than `silent_lufs` count as silence."""

    name: ClassVar[str] = "sound"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    every_frame: ClassVar[bool] = False
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "has_audio",
                unit="yes or no",
                low=0,
                high=1,
                evidence="A",
                description="1 where there is a sound track, silent or not.",
            ),
            Metric(
                "audio_loudness",
                unit="LUFS",
                high=10,
                evidence="A",
                description="Integrated loudness (BS.1770-4); streaming services play at -14.",
            ),
            Metric(
                "audio_silence",
                unit="share of time",
                low=0,
                high=1,
                evidence="B",
                description="How much of the sound track cannot be heard.",
            ),
        ]
    )
    silent_lufs: float = -60.0

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if not clip.clip.has_audio:
            none = Reading(None, note="no sound track")
            return {"has_audio": Reading(0.0), "audio_loudness": none, "audio_silence": none}
        if clip.sound is None or not len(clip.sound):
            none = Reading(None, note="the sound track cannot be decoded")
            return {"has_audio": Reading(1.0), "audio_loudness": none, "audio_silence": none}
        blocks = block_loudness(clip.sound, clip.sound_rate)
        level = loudness(blocks)
        silent = Reading(None, note="silent throughout")
        return {
            "has_audio": Reading(1.0, label="silent" if level is None else None),
            "audio_loudness": silent if level is None else Reading(level),
            "audio_silence": Reading(float((blocks < self.silent_lufs).mean())),
        }


scorer = Sound()
