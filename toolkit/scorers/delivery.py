"""Delivered against asked: length, size, frame rate and sound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from toolkit.records import Clip, Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["Delivery", "asked_size"]

_LINES = {"4k": 2160, "uhd": 2160, "2k": 1440, "qhd": 1440, "fullhd": 1080, "fhd": 1080, "hd": 720}


def asked_size(
    params: Mapping[str, Any],
) -> tuple[int | None, tuple[int, int] | None, float | None]:
    """What `params` say about size: the short side, or width and height, and width / height.

    Each is None where it was not asked for or is written in a way nobody knows.
    """
    short, exact, aspect = None, None, None
    text = str(params.get("resolution") or "").lower().replace(" ", "").replace("_", "")
    if found := re.fullmatch(r"(\d{2,5})[x×*:](\d{2,5})", text):
        exact = (int(found[1]), int(found[2]))
    elif found := re.fullmatch(r"(\d{3,4})p?", text):
        short = int(found[1])
    else:
        short = _LINES.get(text)
    ratio = str(params.get("aspect_ratio") or "")
    if (found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*[:x/]\s*(\d+(?:\.\d+)?)", ratio)) and float(
        found[2]
    ):
        aspect = float(found[1]) / float(found[2])
    return short, exact, aspect


@dataclass(frozen=True)
class Delivery:
    """`tolerance` is the relative error of a size that still counts as what was asked."""

    name: ClassVar[str] = "delivery"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    every_frame: ClassVar[bool] = False
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "duration_error_s",
                unit="s",
                direction="neutral",
                evidence="A",
                description="Delivered minus asked length; 0 is as asked.",
            ),
            Metric(
                "size_match",
                unit="yes or no",
                low=0,
                high=1,
                direction="higher",
                evidence="A",
                description="1 where resolution and aspect ratio are those asked for.",
            ),
            Metric(
                "fps_error",
                unit="frames/s",
                direction="neutral",
                evidence="A",
                description="Delivered minus asked frame rate; 0 is as asked.",
            ),
            Metric(
                "audio_match",
                unit="yes or no",
                low=0,
                high=1,
                direction="higher",
                evidence="A",
                description="1 where there is a sound track exactly if one was asked for.",
            ),
        ]
    )
    tolerance: float = 0.02

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        got, asked = clip.clip, spec.params
        sound = asked.get("audio")
        return {
            "duration_error_s": _difference(got.duration_s, asked.get("duration_s"), "length"),
            "size_match": self._size(got, asked),
            "fps_error": _difference(got.fps, asked.get("fps"), "frame rate"),
            "audio_match": Reading(float(got.has_audio == bool(sound)))
            if sound is not None
            else Reading(None, note="nothing was said about sound"),
        }

    def _size(self, got: Clip, asked: Mapping[str, Any]) -> Reading:
        short, exact, aspect = asked_size(asked)
        if (short, exact, aspect) == (None, None, None):
            return Reading(None, note="no resolution or aspect ratio was asked for")
        errors = []
        if short:
            errors.append(min(got.width, got.height) / short - 1)
        if exact:
            errors += [got.width / exact[0] - 1, got.height / exact[1] - 1]
        if aspect:
            errors.append(got.width / got.height / aspect - 1)
        fits = max(map(abs, errors)) <= self.tolerance
        wanted = " ".join(str(asked[k]) for k in ("resolution", "aspect_ratio") if asked.get(k))
        return Reading(
            float(fits), note="" if fits else f"{got.width}x{got.height}, asked {wanted}"
        )


def _difference(got: float, asked: Any, what: str) -> Reading:
    if isinstance(asked, bool) or not isinstance(asked, (int, float)):
        return Reading(None, note=f"no {what} was asked for")
    return Reading(round(got - asked, 4))


scorer = Delivery()
