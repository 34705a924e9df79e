"""What the readings of a clip show beside those of its twins.

A twin is a clip of the same scene by the same model. Thresholds are differences from the middle of
the twins wherever there are any; absolute ones stand only for gross faults, or where nothing but
the clip itself is needed (a cut, bars, what was asked for). The differences were read off simulated
clips with planted flaws beside clean ones and then tried on other scenes and seeds: `python -m
tests.advice_truth` prints both.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from toolkit.records import Reading, RunSpec

__all__ = ["SYMPTOMS", "THOROUGH", "Look", "Sign", "Symptom", "signs"]

Readings = Mapping[str, Reading]

PLANTED = "from planted flaws beside clean clips in the simulator"
TRUTH = "what was asked for"
FEW_TWINS = 1.5
"""How much larger a difference has to be where there is one twin alone."""


@dataclass(frozen=True)
class Symptom:
    """A thing that may be unusual: `words` name it, `metric` shows it, `lower` metrics sink."""

    code: str
    words: str
    metric: str
    lower: bool = False


SYMPTOMS: dict[str, Symptom] = {
    symptom.code: symptom
    for symptom in (
        Symptom("camera-reversed", "the camera goes the other way", "camera_match", True),
        Symptom("camera-missed", "the camera move asked for is not there", "camera_match", True),
        Symptom("camera-several", "several camera moves were asked for", "camera_match", True),
        Symptom("cut", "a cut or jump inside the shot", "cut_count"),
        Symptom("frozen", "the picture stands still for a while", "longest_freeze_s"),
        Symptom("flicker", "the brightness pumps", "luma_flicker"),
        Symptom("motion-blur", "what moves is smeared", "motion_blur_index", True),
        Symptom("blur", "the picture is soft", "blur_effect"),
        Symptom("drift", "the subject changes over the clip", "subject_color_drift"),
        Symptom("letterbox", "black bars", "letterbox"),
        Symptom("duration", "the length is not the one asked for", "duration_error_s"),
        Symptom("size", "the size is not the one asked for", "size_match", True),
        Symptom("audio", "the sound is not what was asked for", "audio_match", True),
    )
}
"""Every symptom by its code, in the order in which they are told."""

THOROUGH = {"drift": "subject_color_drift", "motion-blur": "motion_blur_index"}
"""Symptoms that only the thorough tier can see, by the metric that shows them."""


@dataclass(frozen=True)
class Sign:
    """A symptom seen in one clip: `value` of `metric`, `usual` among `twins` clips (None without),
    the `threshold` it passed and where that comes from, from when to when in seconds.

    `strength` is how far past the threshold it went, 1 at it; `is_gross` where it stands without
    twins; `note` adds what else speaks for it.
    """

    code: str
    metric: str
    value: float
    usual: float | None
    twins: int
    threshold: str
    strength: float
    confidence: float | None = None
    moment_s: tuple[float, float] | None = None
    is_gross: bool = False
    note: str = ""


@dataclass(frozen=True)
class Look:
    """A clip and its twins, as the rules see them; `beside` are all clips of its scene and model,
    those of its own arm too."""

    spec: RunSpec
    readings: Readings
    twins: Sequence[Readings]
    duration_s: float
    beside: Sequence[Readings] = ()

    def value(self, metric: str) -> float | None:
        found = self.readings.get(metric)
        return None if found is None else found.value

    def others(self, metric: str) -> list[float]:
        """What its twins have, as far as it is known."""
        return [
            reading.value
            for twin in self.twins
            if (reading := twin.get(metric)) is not None and reading.value is not None
        ]

    def usual(self, metric: str) -> tuple[float | None, int]:
        """The middle of what the twins have, and how many of them have it."""
        known = self.others(metric)
        return (statistics.median(known), len(known)) if known else (None, 0)

    @property
    def alike(self) -> Look | None:
        """The same clip beside those alone whose camera went the same way, siblings included; None
        where there are none. A tilt brings other things into the picture than a pan does."""
        move = self._move(self.readings)
        same = [twin for twin in self.beside if move is not None and self._move(twin) == move]
        return replace(self, twins=same) if same else None

    @staticmethod
    def _move(readings: Readings) -> str | None:
        found = readings.get("camera_motion")
        return None if found is None else found.label

    def excess(self, metric: str) -> float | None:
        """How far above its twins it is; None where either is not known."""
        mine, (usual, _) = self.value(metric), self.usual(metric)
        return None if mine is None or usual is None else mine - usual

    def trace(self, metric: str) -> Sequence[float]:
        found = self.readings.get(metric)
        return () if found is None or found.trace is None else found.trace

    def time_s(self, place: float, count: int) -> float:
        """The moment of the `place`-th of `count` values of a trace."""
        return round(self.duration_s * place / max(1, count - 1), 2)


Rule = Callable[[Look], Sign | None]


def signs(look: Look) -> list[Sign]:
    """What is unusual in this clip, in the order of `SYMPTOMS`; [] where nothing is."""
    found = {sign.code: sign for rule in _RULES if (sign := rule(look)) is not None}
    for cause, effects in _EXPLAINS.items():
        if cause in found:
            for effect in effects:
                found.pop(effect, None)
    return [found[code] for code in SYMPTOMS if code in found]


_EXPLAINS = {
    "blur": ("motion-blur", "frozen"),
    "frozen": ("camera-missed", "cut"),
    "cut": ("drift",),
    "flicker": ("drift", "motion-blur"),
}
"""What shows in other scores too: a soft picture in freezes, a freeze in the jump that ends it,
pumping light in colours. The cause alone is told."""


def _above(
    look: Look,
    code: str,
    metric: str,
    *,
    by: float,
    gross: float | None = None,
    moment_s: tuple[float, float] | None = None,
    note: str = "",
    sources: str = PLANTED,
) -> Sign | None:
    """A sign where `metric` is above its twins by `by`, or above `gross` where it has none.

    With `by` below 0 it has to be below them by as much.
    """
    value, (usual, count) = look.value(metric), look.usual(metric)
    if value is None:
        return None
    way = 1 if by > 0 else -1
    if usual is None:
        if gross is None or way * (value - gross) < 0:
            return None
        strength = abs(value / gross) if gross else 1.0
        said = f"{'above' if way > 0 else 'below'} {gross:g} without twins"
    else:
        needed = by if count > 1 else FEW_TWINS * by
        if way * (value - usual) < abs(needed):
            return None
        strength = (value - usual) / needed
        said = f"{needed:+g} beside its twins".replace("-", "−")
    reading = look.readings[metric]
    return Sign(
        code, metric, value, usual, count, f"{said}, {sources}", round(strength, 2),
        confidence=reading.confidence, moment_s=moment_s, is_gross=usual is None, note=note,
    )  # fmt: skip


# ---------------------------------------------------------------- the picture


FLICKER, FLICKER_TIMES, FLICKER_GROSS = 0.005, 2.0, 0.03
_PUMPS = re.compile(
    r"\b(?:strob\w+|flash(?:es|ing)?\b|flicker\w*|blink\w*|puls(?:e|es|ing)\b|lightning|"
    r"fireworks?|disco|glitch\w*|candle\w*|campfire|bonfire|fire\w*|rave|sparks?)",
    re.I,
)


def _flicker(look: Look) -> Sign | None:
    """Light that is asked to pump does nothing unusual by pumping."""
    trace = look.trace("luma_flicker")
    moment = _densest(look, trace, 0.5)
    sign = _above(
        look, "flicker", "luma_flicker", by=FLICKER, gross=FLICKER_GROSS, moment_s=moment,
        sources=PLANTED if look.twins else "real footage has 0.0006 to 0.03",
    )  # fmt: skip
    if sign is None or (sign.usual is not None and sign.value < FLICKER_TIMES * sign.usual):
        return None
    return None if _PUMPS.search(look.spec.prompt) else sign


def _densest(look: Look, trace: Sequence[float], window_s: float) -> tuple[float, float] | None:
    """The stretch of `window_s` in which a trace is highest."""
    if not trace or look.duration_s <= 0:
        return None
    width = max(1, min(len(trace), round(window_s / look.duration_s * len(trace))))
    sums = [sum(trace[k : k + width]) for k in range(len(trace) - width + 1)]
    best = max(range(len(sums)), key=sums.__getitem__)
    return look.time_s(best, len(trace)), look.time_s(best + width - 1, len(trace))


SOFT, SOFT_EDGES = 0.06, -0.45


def _blur(look: Look) -> Sign | None:
    """Two views of sharpness have to agree: by itself either follows what is in the picture."""
    edges = look.excess("sharpness_log")
    if edges is None or edges > SOFT_EDGES * (1 if len(look.twins) > 1 else FEW_TWINS):
        return None
    trace = look.trace("sharpness_log")
    moment = _densest(look, [-x for x in trace], 0.5)
    note = f"edge energy {edges:+.2f} beside its twins".replace("-", "−")
    return _above(look, "blur", "blur_effect", by=SOFT, moment_s=moment, note=note)


SMEAR, FASTER, SMEARED_EDGES = -0.6, 1.3, -0.15


def _motion_blur(look: Look) -> Sign | None:
    """Only where it moves faster than its twins and is softer, and beside clips whose camera went
    the same way: lines in the scene shift the index by themselves."""
    alike = look.alike
    if alike is None:
        return None
    look = alike
    speed, (usual, _) = look.value("motion_magnitude"), look.usual("motion_magnitude")
    edges = look.excess("sharpness_log")
    if speed is None or usual is None or speed < FASTER * usual:
        return None
    if edges is None or edges > SMEARED_EDGES:
        return None
    trace = look.trace("motion_blur_index")
    return _above(
        look, "motion-blur", "motion_blur_index", by=SMEAR,
        moment_s=_densest(look, [-x for x in trace], 0.5),
        note=f"speed {speed:.1f}, its twins {usual:.1f} px in 1/8 s",
    )  # fmt: skip


FREEZE_S, FREEZE_SHARE, STILL = 0.125, 0.1, 0.9


def _frozen(look: Look) -> Sign | None:
    """A still picture is what a static shot without action asks for."""
    share, excess = look.value("frozen_ratio"), look.excess("frozen_ratio")
    if share is None or (share >= STILL and _may_be_still(look.spec)):
        return None
    if excess is not None and excess < FREEZE_SHARE:
        return None
    return _above(
        look, "frozen", "longest_freeze_s", by=FREEZE_S, gross=0.5, moment_s=_longest(look),
        note=f"{share:.0%} of the frames repeat the one before",
    )  # fmt: skip


def _may_be_still(spec: RunSpec) -> bool:
    from toolkit.scorers.camera import asked_moves

    return set(asked_moves(spec)) <= {"static"}


def _longest(look: Look) -> tuple[float, float] | None:
    trace = look.trace("frozen_ratio")
    best = start = stop = 0
    run = 0
    for place, still in enumerate(trace):
        run = run + 1 if still else 0
        if run > best:
            best, start, stop = run, place - run, place
    return (look.time_s(start, len(trace)), look.time_s(stop, len(trace))) if best else None


DRIFT, DRIFT_SHAPE, DRIFT_TIMES, DRIFT_FAR = 0.01, 0.06, 1.5, 5.0


def _drift(look: Look) -> Sign | None:
    """Colours of the region, else its shapes, beside clips whose camera went the same way; without
    such clips only what is far beyond anything that a move brings. In some scenes all clips seem to
    change (a dark hall, a balloon that turns): there only what stands far above all of them."""
    alike, every = look.alike, look
    far = 1.0 if alike is not None else DRIFT_FAR
    look = alike or look
    for metric, by in (("subject_color_drift", DRIFT), ("subject_shape_drift", DRIFT_SHAPE)):
        trace = look.trace(metric)
        half = 0.5 * max(trace, default=0.0)
        place = next((k for k, x in enumerate(trace) if x > half), 0)
        moment = (look.time_s(place, len(trace)), look.duration_s) if trace else None
        sign = _above(look, "drift", metric, by=far * by, moment_s=moment)
        if sign is not None and sign.value >= DRIFT_TIMES * max(every.others(metric), default=0.0):
            return sign
    return None


LOST = 0.5


def _cut(look: Look) -> Sign | None:
    """Cuts counted, else half of the subject's corners lost at once although its twins keep
    theirs."""
    value, reading = look.value("cut_count"), look.readings.get("cut_count")
    if value is not None and value >= 1 and reading is not None:
        at = re.search(r"([\d.]+) s", reading.note)
        moment = (float(at[1]), float(at[1])) if at else None
        usual, count = look.usual("cut_count")
        return Sign(
            "cut", "cut_count", value, usual, count, "one is enough in a single shot", value,
            moment_s=moment, is_gross=True,
        )  # fmt: skip
    trace, (usual, count) = look.trace("track_survival"), look.usual("track_survival")
    drops = [a - b for a, b in pairwise(trace)]
    if usual is None or usual < 0.8 or not drops or max(drops) < LOST:
        return None
    place = drops.index(max(drops)) + 1
    at_s = look.time_s(place, len(trace))
    return Sign(
        "cut", "track_survival", trace[-1], usual, count,
        f"{LOST:.0%} of the subject's corners lost in one step, {PLANTED}",
        round(max(drops) / LOST, 2), moment_s=(at_s, at_s),
        note="half of the subject is gone at once",
    )  # fmt: skip


BARS = 0.05


def _letterbox(look: Look) -> Sign | None:
    for metric in ("letterbox", "pillarbox"):
        value, excess = look.value(metric), look.excess(metric)
        if value is not None and value >= BARS and (excess is None or excess >= 0.8 * BARS):
            usual, count = look.usual(metric)
            return Sign(
                "letterbox", metric, value, usual, count, f"{BARS:.0%} of the frame",
                round(value / BARS, 2), is_gross=True,
            )  # fmt: skip
    return None


# ---------------------------------------------------------------- what was asked for


SURE_MISSED = 0.6


def _camera(look: Look) -> Sign | None:
    """The scorer's own word, where it is sure: reversed, missed, or one of several."""
    from toolkit.scorers.camera import asked_moves

    reading = look.readings.get("camera_match")
    if reading is None or reading.value is None or reading.value >= 1:
        return None
    sure = reading.confidence or 0.0
    several = len([m for m in asked_moves(look.spec) if m != "handheld"]) > 1
    if several:
        code = "camera-several"
    elif reading.label == "reversed":
        code = "camera-reversed"
    elif reading.value <= 0 and sure >= SURE_MISSED:
        code = "camera-missed"
    else:
        return None
    usual, count = look.usual("camera_match")
    return Sign(
        code, "camera_match", reading.value, usual, count, TRUTH, 1 - reading.value,
        confidence=reading.confidence, moment_s=(0.0, look.duration_s), is_gross=True,
        note=reading.note,
    )  # fmt: skip


DURATION_S, DURATION_SHARE = 0.3, 0.08


def _duration(look: Look) -> Sign | None:
    value, asked = look.value("duration_error_s"), look.spec.params.get("duration_s")
    if value is None or abs(value) < max(DURATION_S, DURATION_SHARE * float(asked or 0)):
        return None
    usual, count = look.usual("duration_error_s")
    return Sign(
        "duration", "duration_error_s", value, usual, count,
        f"{DURATION_S:g} s and {DURATION_SHARE:.0%}", round(abs(value) / DURATION_S, 2),
        is_gross=True, note=f"{look.duration_s:.1f} s, asked {asked}",
    )  # fmt: skip


def _size(look: Look) -> Sign | None:
    reading = look.readings.get("size_match")
    if reading is None or reading.value is None or reading.value >= 1:
        return None
    usual, count = look.usual("size_match")
    return Sign(
        "size", "size_match", reading.value, usual, count, TRUTH, 1.0,
        is_gross=True, note=reading.note,
    )  # fmt: skip


SILENT = 0.95


def _audio(look: Look) -> Sign | None:
    """No track though one was asked for (or the other way round), or one that is silent."""
    match, silence = look.value("audio_match"), look.value("audio_silence")
    asked = look.spec.params.get("audio")
    usual, count = look.usual("audio_match")
    if match is not None and match < 1:
        note = "no sound track, one was asked for" if asked else "a sound track, none was asked for"
        return Sign(
            "audio", "audio_match", match, usual, count, TRUTH, 1.0, is_gross=True, note=note
        )
    if asked and silence is not None and silence >= SILENT:
        usual, count = look.usual("audio_silence")
        return Sign(
            "audio", "audio_silence", silence, usual, count, f"{SILENT:.0%} of the time", 1.0,
            is_gross=True, note="the sound track cannot be heard",
        )  # fmt: skip
    return None


_RULES: tuple[Rule, ...] = (
    _camera, _cut, _frozen, _flicker, _motion_blur, _blur, _drift, _letterbox, _duration, _size,
    _audio,
)  # fmt: skip
