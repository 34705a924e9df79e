"""What the simulated models get wrong, planted and documented: the ground truth for scorers,
statistics and tutorials.

What goes wrong in a clip depends on (model, scene, camera move, seed) alone, where the scene is the
prompt without its camera words: `truth(spec)` says exactly what `render(spec)` puts into the
picture. The two models, as `MODELS` holds them (`print(describe())` prints this table):

    ===================  =========  =========
    chance to follow     sim/draft  sim/final
    ===================  =========  =========
    static                    0.95       0.98
    push_in, pull_out         0.93       0.97
    pan_*                     0.80       0.95
    tilt_*                    0.75       0.92
    orbit_*                   0.45       0.80
    roll_*                    0.50       0.85
    handheld                  0.10       0.35
    -------------------  ---------  ---------
    flicker (median)         0.020      0.006
    refused                  0.5 %      1 %
    freezes                  5 %        1 %
    jumps (a cut)            3 %        1 %
    price per second         $0.02      $0.10
    ===================  =========  =========

A move that is not followed comes out static, weakened to a third, or reversed. Flicker, blur and
drift do not depend on whether the camera was followed: comparing camera wordings by flicker must
not separate them, comparing models by flicker must.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from toolkit.camera import opposite, parse_camera
from toolkit.errors import Refused
from toolkit.records import CAMERA_MOVES, RunSpec
from toolkit.simulator.paint import generator
from toolkit.simulator.words import read

__all__ = ["FLAWS", "MODELS", "ModelTruth", "PlantedTruth", "describe", "model_truth", "truth"]

Outcome = Literal["followed", "weak", "static", "reversed", "unasked"]

FLAWS = ("flicker", "blur", "drift", "freeze", "cut", "letterbox", "reversed")
"""What `extra={"flaws": {...}}` may plant, beside or instead of the model's own: flicker 0..1
(brightness noise), blur in px at 540 lines, drift 0..1 (the subject's colour and shape over the
clip), freeze in seconds, cut in seconds from the start, letterbox (share of the height that is
black), reversed (true: the camera goes the other way)."""


@dataclass(frozen=True, kw_only=True)
class ModelTruth:
    """One model's habits. `flicker`, `blur_px` and `drift` are medians of log-normal draws."""

    model: str
    follows: Mapping[str, float]
    flicker: float
    blur_px: float
    drift: float
    freeze_rate: float
    cut_rate: float
    refuse_rate: float
    fail_rate: float
    latency_s: float
    usd_per_s: float
    spread: float = 0.35  # the sigma of the log of flicker, blur and drift


def _both(stem: str, first: str, second: str, chance: float) -> dict[str, float]:
    return {f"{stem}_{first}": chance, f"{stem}_{second}": chance}


MODELS: dict[str, ModelTruth] = {
    "sim/draft": ModelTruth(
        model="sim/draft",
        follows={
            "static": 0.95, "push_in": 0.93, "pull_out": 0.93, "handheld": 0.10,
            **_both("pan", "left", "right", 0.80), **_both("tilt", "up", "down", 0.75),
            **_both("orbit", "left", "right", 0.45), **_both("roll", "cw", "ccw", 0.50),
        },
        flicker=0.020, blur_px=0.55, drift=0.10, freeze_rate=0.05, cut_rate=0.03,
        refuse_rate=0.005, fail_rate=0.0, latency_s=0.2, usd_per_s=0.02,
    ),
    "sim/final": ModelTruth(
        model="sim/final",
        follows={
            "static": 0.98, "push_in": 0.97, "pull_out": 0.97, "handheld": 0.35,
            **_both("pan", "left", "right", 0.95), **_both("tilt", "up", "down", 0.92),
            **_both("orbit", "left", "right", 0.80), **_both("roll", "cw", "ccw", 0.85),
        },
        flicker=0.006, blur_px=0.0, drift=0.03, freeze_rate=0.01, cut_rate=0.01,
        refuse_rate=0.01, fail_rate=0.0, latency_s=0.4, usd_per_s=0.10,
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PlantedTruth:
    """What is in one clip. `delivered` is the move that the picture shows, at `strength` times the
    full size; `asked` is None where nothing was asked. Times are in seconds of the clip.
    """

    model: str
    asked: str | None
    delivered: str
    strength: float
    outcome: Outcome
    flicker: float
    blur_px: float
    drift: float
    freeze: tuple[float, float] | None  # from, for how long
    cut_s: float | None
    letterbox: float
    refused: bool
    fails: bool
    seed: int
    scene: str
    others: tuple[str, ...] = field(default=())  # further moves asked for, and not delivered

    def to_json(self) -> dict[str, Any]:
        return {
            "asked": self.asked, "delivered": self.delivered, "strength": self.strength,
            "outcome": self.outcome, "flicker": self.flicker, "blur_px": self.blur_px,
            "drift": self.drift, "freeze": list(self.freeze) if self.freeze else None,
            "cut_s": self.cut_s, "letterbox": self.letterbox,
        }  # fmt: skip


def model_truth(model: str) -> ModelTruth:
    """The habits of `model`; `Refused` names the models there are."""
    if model not in MODELS:
        raise Refused(
            f"no model {model!r}; there are: {', '.join(MODELS)}", kind="not_found", provider="sim"
        )
    return MODELS[model]


def duration_of(spec: RunSpec) -> float:
    """Seconds; `Refused` outside 1..10."""
    asked = spec.params.get("duration_s", 5.0)
    try:
        seconds = float(asked)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 1.0 <= seconds <= 10.0:
        raise Refused(f"duration_s {asked!r}; 1 to 10", kind="invalid", provider="sim")
    return seconds


def seed_of(spec: RunSpec) -> int:
    """The seed that was asked for, else the number of the sample."""
    seed = spec.params.get("seed")
    return int(seed) if isinstance(seed, (int, float)) else spec.sample


def _flaws(spec: RunSpec) -> dict[str, Any]:
    extra = spec.params.get("extra")
    asked = spec.params.get("flaws") or (extra.get("flaws") if isinstance(extra, Mapping) else None)
    if not asked:
        return {}
    if not isinstance(asked, Mapping):
        raise Refused(f"flaws are a mapping, not {asked!r}", kind="invalid", provider="sim")
    unknown = sorted(set(asked) - set(FLAWS))
    if unknown:
        raise Refused(
            f"no flaw {unknown[0]!r}; there are: {', '.join(FLAWS)}", kind="invalid", provider="sim"
        )
    return dict(asked)


_SALT = "truth 125"
"""Which draw of these chances the world got; this one shows the demonstration typical cases."""


def truth(spec: RunSpec) -> PlantedTruth:
    """Exactly what `render(spec)` plants."""
    model = model_truth(spec.model)
    scene = read(spec.prompt).key
    seed = seed_of(spec)
    asked_param = spec.params.get("camera_motion")
    moves = (str(asked_param),) if asked_param in CAMERA_MOVES else parse_camera(spec.prompt)
    asked = moves[0] if moves else None
    duration = duration_of(spec)
    rng = generator(_SALT, model.model, scene, asked or "", seed)
    luck, way, n1, n2, n3, where, length, freeze, cut, refuse, fail = (
        *rng.random(2), *rng.standard_normal(3), *rng.random(6),
    )  # fmt: skip

    delivered, strength, outcome = _delivered(model, moves, float(luck), float(way))
    planted = PlantedTruth(
        model=model.model,
        asked=asked,
        delivered=delivered,
        strength=strength,
        outcome=outcome,
        flicker=round(float(model.flicker * 2.718281828 ** (model.spread * n1)), 5),
        blur_px=round(float(model.blur_px * 2.718281828 ** (model.spread * n2)), 3),
        drift=round(float(model.drift * 2.718281828 ** (model.spread * n3)), 4),
        freeze=(round(duration * float(0.3 + 0.3 * where), 3), round(float(0.5 + length / 2), 3))
        if freeze < model.freeze_rate
        else None,
        cut_s=round(duration * (0.35 + 0.3 * float(where)), 3) if cut < model.cut_rate else None,
        letterbox=0.0,
        refused=bool(refuse < model.refuse_rate) or _unwelcome(scene),
        fails=bool(fail < model.fail_rate),
        seed=seed,
        scene=scene,
        others=tuple(moves[1:]),
    )
    return _with_flaws(planted, _flaws(spec), duration)


def _delivered(
    model: ModelTruth, moves: tuple[str, ...], luck: float, way: float
) -> tuple[str, float, Outcome]:
    if not moves:
        if way < 0.55:
            return "static", 1.0, "unasked"
        return (
            ("push_in" if way < 0.8 else "pan_right" if way < 0.9 else "pan_left"),
            0.5,
            "unasked",
        )
    asked = moves[0]
    if len(moves) > 1:  # several moves at once: none is delivered properly
        return (asked, 0.3, "weak") if way < 0.6 else ("static", 1.0, "static")
    if luck < model.follows[asked]:
        return asked, 1.0, "followed"
    if asked == "static":
        return ("push_in" if way < 0.5 else "pan_right"), 0.4, "weak"
    if asked == "handheld":
        return ("static", 1.0, "static") if way < 0.6 else ("handheld", 0.2, "weak")
    if way < 0.40:
        return "static", 1.0, "static"
    if way < 0.75:
        return asked, 0.3, "weak"
    return opposite(asked) or asked, 1.0, "reversed"


def _with_flaws(planted: PlantedTruth, flaws: dict[str, Any], duration: float) -> PlantedTruth:
    if "flicker" in flaws:
        planted = replace(planted, flicker=float(flaws["flicker"]))
    if "blur" in flaws:
        planted = replace(planted, blur_px=float(flaws["blur"]))
    if "drift" in flaws:
        planted = replace(planted, drift=float(flaws["drift"]))
    if "freeze" in flaws:
        seconds = float(flaws["freeze"])
        start = max(0.1, (duration - seconds) / 2)
        planted = replace(planted, freeze=(round(start, 3), seconds) if seconds > 0 else None)
    if "cut" in flaws:
        at = float(flaws["cut"])
        planted = replace(planted, cut_s=at if 0 < at < duration else None)
    if "letterbox" in flaws:
        planted = replace(planted, letterbox=min(max(float(flaws["letterbox"]), 0.0), 0.6))
    if flaws.get("reversed"):
        other = opposite(planted.delivered)
        if other:
            planted = replace(planted, delivered=other, outcome="reversed")
    return planted


_UNWELCOME = frozenset({"gore", "gory", "beheading", "nude", "nudity", "naked"})


def _unwelcome(scene: str) -> bool:
    """Words that every simulated model refuses, so that moderation can be rehearsed at will."""
    return not _UNWELCOME.isdisjoint(scene.split())


def describe() -> str:
    """The planted truth as a table."""
    rows = [f"{'':<22}" + "".join(f"{name:>12}" for name in MODELS)]
    rows += [
        f"{'follows ' + move:<22}" + "".join(f"{m.follows[move]:>12.2f}" for m in MODELS.values())
        for move in CAMERA_MOVES
    ]
    for name in (
        "flicker", "blur_px", "drift", "freeze_rate", "cut_rate", "refuse_rate", "fail_rate",
        "latency_s", "usd_per_s",
    ):  # fmt: skip
        rows.append(f"{name:<22}" + "".join(f"{getattr(m, name):>12g}" for m in MODELS.values()))
    return "\n".join(rows)
