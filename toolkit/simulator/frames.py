"""From a spec to frames: paint the scene once, then move the camera through it.

`render(spec)` yields the frames that a simulated service encodes. The same spec gives the same
pixels; what is wrong with them is what `truth(spec)` says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.errors import Refused
from toolkit.records import ImageRef, RunSpec
from toolkit.simulator.look import Grade, Look, grade_of, look_of
from toolkit.simulator.paint import Image, Plane, Sheet, Stage, drop, generator
from toolkit.simulator.places import PAINTERS
from toolkit.simulator.planted import PlantedTruth, duration_of, truth
from toolkit.simulator.sets import Set, Spot
from toolkit.simulator.shot import (
    Flash,
    Item,
    Layer,
    Pose,
    Precipitation,
    Scene,
    Splashes,
    Sprite,
    View,
    bake,
    merge,
    smooth_noise,
    stamp,
)
from toolkit.simulator.subjects import KINDS, sprites
from toolkit.simulator.words import Script, read

__all__ = ["STILL", "ambience", "as_clip", "check", "path", "render", "size_of"]

STILL = "sim/still"

FPS = 24.0
_LINES = {"360p": 360, "480p": 480, "540p": 540, "720p": 720, "1080p": 1080}
_DEFAULT = {"sim/draft": "540p", "sim/final": "720p"}
_DRAFT_SCALE = 2 / 3  # a draft is painted small and enlarged


def size_of(spec: RunSpec) -> tuple[int, int]:
    """(width, height) in pixels; `Refused` for a resolution or ratio the simulator lacks."""
    name = str(spec.params.get("resolution", _DEFAULT.get(spec.model, "540p")))
    ratio = str(spec.params.get("aspect_ratio", "16:9"))
    if name not in _LINES:
        raise Refused(
            f"resolution {name!r}; there are: {', '.join(_LINES)}", kind="invalid", provider="sim"
        )
    try:
        a, b = (float(part) for part in ratio.split(":"))
        share = a / b
    except (ValueError, ZeroDivisionError):
        share = 0.0
    if not 0.3 <= share <= 3.4:
        raise Refused(f"aspect_ratio {ratio!r}; 16:9 would do", kind="invalid", provider="sim")
    lines = _LINES[name]
    wide = round(lines * max(share, 1 / share) / 2) * 2
    return (wide, lines) if share >= 1 else (lines, wide)


# -- the camera ----------------------------------------------------------------------------------

_FULL: dict[str, Pose] = {
    "push_in": Pose(zoom=0.30), "pull_out": Pose(zoom=-0.30),
    "pan_left": Pose(pan=-0.40), "pan_right": Pose(pan=0.40),
    "tilt_up": Pose(tilt=-0.36), "tilt_down": Pose(tilt=0.36),
    "orbit_left": Pose(orbit=-0.42), "orbit_right": Pose(orbit=0.42),
    "roll_cw": Pose(roll=0.32), "roll_ccw": Pose(roll=-0.32),
}  # fmt: skip
"""How far a move goes from the first frame to the last, when it is followed."""


def path(
    move: str, times: Plane | NDArray[Any], duration_s: float, *, strength: float = 1.0,
    seed: object = 0, from_rest: bool = False, loop: bool = False, unsteady: float = 0.0,
) -> list[Pose]:  # fmt: skip
    """The pose of the camera at every one of `times`.

    A move passes its middle in the middle of the clip, so that all of them show the same scene;
    `from_rest` starts it at the given picture instead. `unsteady` is a draft's uneven speed.
    """
    share = np.asarray(times, np.float64) / max(duration_s - 1 / FPS, 1e-6)
    if loop:
        share = 0.5 - 0.5 * np.cos(2 * np.pi * share)
    if move == "handheld":
        shake = strength * 0.024
        ways = [smooth_noise(times, (seed, "hand", k), 1.45) for k in range(4)]
        ways = [way - np.interp(share, (0, 1), (way[0], way[-1])) for way in ways]
        return [
            Pose(pan=shake * a, tilt=shake * b, roll=0.30 * shake * c, zoom=0.25 * shake * d + 0.03)
            for a, b, c, d in zip(*ways, strict=True)
        ]
    full = _FULL.get(move)
    if full is None:
        return [Pose()] * len(share)
    eased = share + 0.035 * np.sin(2 * np.pi * share) * -1.0  # soft ends
    if unsteady:
        eased = eased + unsteady * smooth_noise(times, (seed, "uneven"), 2.2) / 60
    at = (eased if from_rest else eased - 0.5) * strength
    zoom = full.zoom * strength * (eased if full.zoom > 0 or from_rest else eased - 1.0)
    return [
        Pose(pan=full.pan * k, tilt=full.tilt * k, zoom=z, roll=full.roll * k, orbit=full.orbit * k)
        for k, z in zip(at, np.broadcast_to(zoom, at.shape), strict=True)
    ]


# -- the scene -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """Everything that decides the pixels of a clip."""

    spec: RunSpec
    script: Script
    planted: PlantedTruth
    width: int
    height: int
    duration_s: float
    fps: float
    draft: bool

    @property
    def seed(self) -> str:
        text = f"{self.script.key}|{self.planted.seed}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def num_frames(self) -> int:
        return max(2, round(self.duration_s * self.fps))


def _plan(spec: RunSpec) -> _Plan:
    width, height = size_of(spec)
    return _Plan(
        spec=spec,
        script=read(spec.prompt),
        planted=truth(spec),
        width=width,
        height=height,
        duration_s=duration_of(spec),
        fps=float(spec.params.get("fps") or FPS),
        draft=spec.model == "sim/draft",
    )


def _stage(plan: _Plan) -> Stage:
    scale = _DRAFT_SCALE if plan.draft else 1.0
    width, height = (round(side * scale / 2) * 2 for side in (plan.width, plan.height))
    return Stage(width, height, plan.seed, detail=0.5 if plan.draft else 1.0)


_LEVELS = 4  # depths of still layers that are moved apart from each other


def paint(plan: _Plan) -> tuple[Scene, Grade]:
    """The scene of a prompt, ready for the camera, with this clip's own drift in its subject."""
    image = _image(plan.spec.params.get("start_image"))
    if image is not None:
        stage, grade = _stage(plan), grade_of(plan.script)
        scene = Scene([_backdrop(stage, image)])
        scene.overlay += _weather(stage, plan.script, look_of(plan.script, plan.seed))
        plain = Grade(saturation=1.0, contrast=1.0, vignette=0.0, grain=grade.grain)
        return scene, plain
    script = replace(plan.script, moves=())  # camera twins share what is painted
    scene, grade = _painted(script, _stage(plan), plan.draft)
    items = [_acting(item, plan) if isinstance(item, Sprite) else item for item in scene.items]
    return replace(scene, items=items), grade


@lru_cache(maxsize=3)
def _painted(script: Script, stage: Stage, draft: bool) -> tuple[Scene, Grade]:
    """Everything about a scene that no camera move and no flaw changes; never written to."""
    grade = grade_of(script)
    built = Set(stage, script, look_of(script, stage.seed))
    PAINTERS[script.place](built)
    outdoors = not built.interior and script.place not in {"underwater", "space"}
    if outdoors and "fog" in script.weather:
        built.mist(built.horizon + 0.10, 0.20, 0.93, 0.42, name="bank", drifts=True)
        built.items.insert(built.at, built.items.pop())
        built.at += 1
    _steady(built.items, 0.0042 if draft else 0.0022)
    far = merge(built.items[: built.at], stage, _LEVELS - 1)
    front = merge(built.items[built.at :], stage, 1)
    subject = _cast(built, draft)
    scene = Scene([*far, *subject, *front])
    if outdoors:
        scene.overlay += _weather(stage, script, built.look, built.horizon)
        if "storm" in script.weather:
            scene.flash = Flash(stage.seed)
    elif "dust" in script.weather or built.interior:
        scene.overlay.append(_motes(stage, built.look))
    if script.is_product and "steam" in script.props | script.actions:
        wisps = _Steam(stage.seed, built.spot.x, built.spot.y - 0.36)
        scene.items.insert(len(far) + len(subject), wisps)
    bake(scene, grade.matrix())
    return scene, grade


def _steady(items: list[Item], least: float) -> None:
    """Hold still what sways by less than `least` units: nobody sees it, and it costs a layer."""
    for item in items:
        if isinstance(item, Layer) and max(abs(item.sway[0]), abs(item.sway[1])) < least:
            item.sway = (0.0, 0.0, 1.0, 0.0)


def _cast(built: Set, draft: bool) -> list[Item]:
    """The subject in its place, and its companion a step behind."""
    script, spot = built.script, built.spot
    if script.subject is None:
        return []
    cast: list[Item] = [_actor(built, script.subject, spot, draft)]
    if script.companion:
        side = -1.0 if spot.x > 0 else 1.0
        beside = replace(spot, x=spot.x + side * 0.26, y=spot.y - 0.015, near=spot.near - 0.04)
        alone = replace(
            script, subject=script.companion, colour=None, props=frozenset(), framing=1.0
        )
        cast.insert(0, _actor(replace(built, script=alone), script.companion, beside, draft))
    return cast


def _actor(built: Set, kind_name: str, spot: Spot, draft: bool) -> Sprite:
    """A subject with its idle motion, that crosses its place about the middle of a clip."""
    stage, script = built.stage, built.script
    kind = KINDS[kind_name]
    big = kind.size * spot.size * (1.0 if stage.half_w > 0.7 else 0.86)
    if script.is_product and script.place != "table":
        big *= 0.62  # a thing in a landscape, larger than life, or nobody would see it
    framing = min(script.framing, 1.32 / max(big, 0.2))
    size = big * framing
    rng = stage.rng("subject")
    flip = bool(rng.random() < 0.5) and not script.is_product
    fine = 1.0 if draft else 1.15
    drawn = sprites(script, built.look.closer(), ppu=stage.unit * size * fine, seed=(stage.seed,))
    moving = bool(script.actions & {"walk", "run", "ride", "dance", "swim", "fly"})
    fly = kind.motion == "fly"
    floats = kind.motion == "float" or spot.floats
    speed = 0.0
    if moving or "still" not in script.actions:
        speed = {"walk": 0.04 * moving, "roll": 0.055 if moving else 0.012, "float": 0.02}.get(
            kind.motion, 0.035 * fly
        ) * (1.9 if "run" in script.actions else 1.0)  # fmt: skip
    y = spot.y + (framing - 1) * 0.10
    if fly:
        y = min(spot.y, 0.33) - 0.02
    elif spot.floats:
        y = spot.y + size * 0.5
    side, phase = (-1.0 if flip else 1.0), float(rng.random())
    lift = 0.020 if fly or floats else 0.0
    beat = kind.phases / kind.cycle_s

    def place(t: float) -> tuple[float, float, float, float]:
        turn = 2 * np.pi * (t / 3.1 + phase)
        tilt = 0.02 * np.sin(turn) if lift else 0.0
        return (side * speed * (t - 1.5), lift * float(np.sin(turn)), tilt, 1.0)

    return Sprite(
        drawn,
        spot.x,
        y,
        size,
        spot.near,
        place=place,
        step=lambda t: t * beat,
        mirror=0.0 if fly or spot.floats else spot.mirror,
        shadow=0.0 if fly or floats else spot.shadow,
        flip=flip,
    )


def _acting(sprite: Sprite, plan: _Plan) -> Sprite:
    """The subject of one clip: it drifts in colour and size by what is planted."""
    drift, place, seconds = plan.planted.drift, sprite.place, plan.duration_s
    if drift <= 0.01 or place is None:
        return sprite

    def drifting(t: float) -> tuple[float, float, float, float]:
        dx, dy, tilt, scale = place(t)
        return (dx, dy, tilt, scale * (1.0 + 0.35 * drift * t / seconds))

    return replace(sprite, place=drifting, tint=_hue_shift(drift, seconds))


def _hue_shift(amount: float, duration_s: float) -> Any:
    """Colour that wanders: a turn about the grey axis, growing over the clip."""

    def at(t: float) -> NDArray[np.float32]:
        turn = amount * 2.2 * t / duration_s
        c, s = np.cos(turn), np.sin(turn)
        k = (1 - c) / 3
        q = s / np.sqrt(3)
        m = np.eye(4, dtype=np.float32)
        m[:3, :3] = [[c + k, k - q, k + q], [k + q, c + k, k - q], [k - q, k + q, c + k]]
        return m

    return at


def _weather(stage: Stage, script: Script, look: Look, horizon: float = 0.1) -> list[Item]:
    items: list[Item] = []
    wind = 0.30 if script.weather & {"wind", "storm"} else 0.06
    light = (0.55 + 0.45 * (1 - look.night)) * (0.7 if stage.detail < 0.7 else 1.0)
    if script.weather & {"rain", "storm"}:
        heavy = 1.1 if "storm" in script.weather else 1.0
        items.append(
            Precipitation(
                "rain", stage.width, stage.height, stage.seed, amount=heavy, bright=light, wind=wind
            )
        )
        if look.wet and script.place in {"street", "road", "village", "station", "harbor", "lake"}:
            items.append(Splashes(horizon + 0.14, 0.5, stage.seed, (0.5 * light,) * 3))
    if "snow" in script.weather:
        items.append(
            Precipitation(
                "snow",
                stage.width,
                stage.height,
                stage.seed,
                amount=1.0,
                bright=0.75 + 0.25 * light,
                wind=wind,
            )
        )
    if "dust" in script.weather:
        items.append(_motes(stage, look))
    return items


def _motes(stage: Stage, look: Look) -> Layer:
    """Specks that float in the light."""
    rng = stage.rng("motes")
    sheet = stage.sheet(0.7)
    for x, y, r in rng.random((60, 3)):
        at = (stage.left + x * 2 * stage.right, stage.top + y * 2 * stage.bottom)
        sheet.glow(*at, 0.003 + 0.006 * r**4, look.disc, 0.10 + 0.25 * r)
    return Layer(sheet, 1.2, drift=0.012, sway=(0.010, 0.014, 3.7, 0.0))


class _Steam:
    """Wisps that rise, widen and fade."""

    def __init__(self, seed: str, x: float, y: float) -> None:
        rng = generator(seed, "steam")
        self.x, self.y = x, y
        self.puffs = rng.random((16, 4))
        d = (np.arange(64, dtype=np.float32) - 31.5) / 32
        fall = np.clip(1 - (d[None] ** 2 + d[:, None] ** 2), 0, 1) ** 2
        self.blob = np.repeat((fall * 255).astype(np.uint8)[..., None], 4, axis=2)

    def draw(self, frame: Image, view: View, t: float) -> None:
        world = np.vstack((view.matrix(1.0), [0, 0, 1]))
        for a, b, c, d in self.puffs:
            age = (t * (0.20 + 0.10 * b) + a) % 1.0
            r = 0.024 + 0.070 * age
            x = self.x + (c - 0.5) * 0.10 + 0.035 * np.sin(6 * age + 6.28 * d) * age
            y = self.y - 0.34 * age
            strength = 0.30 * min(1.0, age * 5) * (1 - age) ** 1.3
            blob = cv2.convertScaleAbs(self.blob, alpha=strength)
            local = np.array([[r / 32, 0, x - r], [0, r * 2.2 / 32, y - r * 2.2], [0, 0, 1.0]])
            stamp(frame, view, blob, (world @ local)[:2])


def _image(value: Any) -> Image | None:
    """A reference image as (H, W, 3), None where there is none; `Refused` if it is unreadable."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        value = ImageRef(sha256=str(value.get("sha256", "")), path=value.get("path"))
    name = value.path if isinstance(value, ImageRef) else str(value)
    if not name:
        raise Refused("start_image has no path here", kind="invalid", provider="sim")
    from PIL import Image as Pillow

    try:
        with Pillow.open(Path(name)) as opened:
            if opened.width * opened.height > 80_000_000:
                raise ValueError("more than 80 megapixels")
            return np.asarray(opened.convert("RGB"))
    except (OSError, ValueError) as error:
        raise Refused(
            f"image {Path(name).name}: {error}", kind="invalid", provider="sim"
        ) from error


def _cover(image: Image, width: int, height: int) -> Image:
    """`image` scaled and cropped to fill (height, width)."""
    scale = max(width / image.shape[1], height / image.shape[0])
    size = (max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale)))
    fitted = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(fitted[y : y + height, x : x + width])


def _backdrop(stage: Stage, image: Image) -> Layer:
    """The reference image as the scene: it fills the view, its mirror fills the margin."""
    fitted = _cover(image, stage.width, stage.height)
    edge = round(stage.margin * 1.6 * stage.unit)
    wide = cv2.copyMakeBorder(fitted, edge, edge, edge, edge, cv2.BORDER_REFLECT_101)
    rgba = cv2.cvtColor(wide, cv2.COLOR_RGB2RGBA)
    margin = edge / stage.unit
    top = -stage.half_h - margin - drop(stage.width, stage.height)
    sheet = Sheet(rgba, -stage.half_w - margin, top, stage.unit)
    return Layer(sheet, 0.9, slope=0.35, ground=0.0, opaque=True)


# -- frames --------------------------------------------------------------------------------------


def check(spec: RunSpec) -> None:
    """`Refused` where `render` would refuse; costs next to nothing."""
    if spec.model == STILL:
        spec = as_clip(spec)
    truth(spec)
    size_of(spec)
    duration_of(spec)
    fps = spec.params.get("fps", FPS)
    if not isinstance(fps, (int, float)) or not 6 <= fps <= 60:
        raise Refused(f"fps {fps!r}; 24 would do", kind="invalid", provider="sim")
    for name in ("start_image", "end_image"):
        if spec.params.get(name) is not None and spec.model == "sim/draft":
            raise Refused(f"sim/draft takes no {name}", kind="invalid", provider="sim")
        _image(spec.params.get(name))


def as_clip(spec: RunSpec) -> RunSpec:
    """The clip of `sim/final` whose first frame is the picture that `sim/still` makes."""
    if odd := sorted(spec.params.keys() - {"resolution", "aspect_ratio", "seed"}):
        raise Refused(f"{STILL} takes no {odd[0]}", kind="invalid", provider="sim")
    params = {**spec.params, "duration_s": 1, "camera_motion": "static"}
    return replace(spec, model="sim/final", params=params)


def render(spec: RunSpec) -> Iterator[Image]:
    """The frames of `spec` as (H, W, 3) uint8 RGB, `duration_s` x fps of them, flaws included.

    The same spec gives the same pixels. `Refused` for a model, size, length or image that a
    service would refuse; any prompt will do.
    """
    plan = _plan(spec)
    return _frames(plan)


def _frames(plan: _Plan) -> Iterator[Image]:
    planted = plan.planted
    scene, grade = paint(plan)
    later = None
    if planted.cut_s is not None:
        other = replace(planted, seed=planted.seed + 7919, cut_s=None)
        later = replace(plan, planted=other)
    times = np.arange(plan.num_frames) / plan.fps
    given = plan.spec.params.get("start_image") is not None
    poses = path(
        planted.delivered, times, plan.duration_s, strength=planted.strength,
        seed=f"{plan.seed}|{planted.model}", from_rest=given,
        loop=bool(plan.spec.params.get("loop")), unsteady=0.10 if plan.draft else 0.0,
    )  # fmt: skip
    finish = _Finish(plan, grade)
    freeze = planted.freeze
    held: Image | None = None
    ending = _image(plan.spec.params.get("end_image"))
    for index, t in enumerate(times):
        if later is not None and t >= (planted.cut_s or 0):
            scene, grade = paint(later)
            finish = _Finish(later, grade)
            later = None
        if held is not None and freeze and freeze[0] <= t < freeze[0] + freeze[1]:
            yield held.copy()
            continue
        frame = _compose(scene, finish.view(poses[index]), float(t), draft=plan.draft)
        if ending is not None:
            frame = _towards(frame, ending, float(t) / plan.duration_s)
        flash = scene.flash.gain(float(t)) if scene.flash else 1.0
        held = finish(frame, index, flash)
        yield held


def _compose(scene: Scene, view: View, t: float, *, draft: bool) -> Image:
    frame = np.zeros((view.height, view.width, 3), np.uint8)
    now = round(t * 12) / 12 if draft else t  # a draft animates every other frame
    for item in scene.items:
        item.draw(frame, view, now)
    for item in scene.overlay:
        item.draw(frame, view, t)
    return frame


def _towards(frame: Image, ending: Image, share: float) -> Image:
    """Cross over into the end image during the last two fifths."""
    weight = float(np.clip((share - 0.6) / 0.36, 0, 1))
    if weight <= 0:
        return frame
    target = _cover(ending, frame.shape[1], frame.shape[0])
    return cv2.addWeighted(frame, 1 - weight, target, weight, 0)


class _Finish:
    """Grade, vignette, grain, and the flaws that lie over a whole frame."""

    def __init__(self, plan: _Plan, grade: Grade) -> None:
        self.plan, self.grade = plan, grade
        stage = _stage(plan)
        self.size = (stage.width, stage.height)
        self.memo: dict[int, tuple[bytes, Image]] = {}
        x = np.linspace(-1, 1, stage.width, dtype=np.float32)[None]
        y = np.linspace(-1, 1, stage.height, dtype=np.float32)[:, None]
        shade = 1 - grade.vignette * 0.55 * np.clip((x**2 + y**2) / 2, 0, 1) ** 1.25
        self.vignette = cv2.merge([(shade * 255).astype(np.uint8)] * 3) if grade.vignette else None
        rng = generator(plan.seed, plan.spec.model, "grain")
        grain = grade.grain * (2.2 if plan.draft else 1.0)
        noise = rng.normal(0, grain * 255, (stage.height + 64, stage.width + 64)).astype(np.float32)
        if plan.draft:
            noise = cv2.GaussianBlur(noise, (0, 0), 1.0) * 2.2
        self.noise = cv2.merge([np.clip(noise + 128, 0, 255).astype(np.uint8)] * 3)
        self.rng = generator(plan.seed, plan.spec.model, plan.planted.asked, "flicker")
        swing = self.rng.normal(0, 1, plan.num_frames)
        self.flicker = 1 + plan.planted.flicker * np.clip(swing, -2, 2)
        self.shifts = self.rng.integers(0, 64, (plan.num_frames, 2))
        self.curve = grade.curve()

    def view(self, pose: Pose) -> View:
        return View(*self.size, pose, self.memo)

    def __call__(self, frame: Image, index: int, flash: float) -> Image:
        plan = self.plan
        gain = float(self.flicker[index]) * flash
        table = self.curve if abs(gain - 1) < 1e-4 else self.grade.curve(gain)
        frame = cv2.LUT(frame, table)
        if self.vignette is not None:
            frame = cv2.multiply(frame, self.vignette, scale=1 / 255)
        dy, dx = self.shifts[index]
        noise = self.noise[dy : dy + frame.shape[0], dx : dx + frame.shape[1]]
        frame = cv2.addWeighted(frame, 1.0, noise, 1.0, -128.0)
        if plan.planted.blur_px > 0.05:
            sigma = plan.planted.blur_px * frame.shape[0] / 540
            if sigma > 0.25:
                frame = cv2.GaussianBlur(frame, (0, 0), sigma)
        if frame.shape[1] != plan.width or frame.shape[0] != plan.height:
            frame = cv2.resize(frame, (plan.width, plan.height), interpolation=cv2.INTER_LINEAR)
        if plan.planted.letterbox > 0:
            bar = round(plan.height * plan.planted.letterbox / 2)
            frame[:bar] = 0
            frame[plan.height - bar :] = 0
        return frame


# -- sound ---------------------------------------------------------------------------------------


def ambience(spec: RunSpec, rate_hz: int = 48_000) -> NDArray[np.float32]:
    """(N, 2) float32: a quiet bed of the scene's sound: rain, wind, waves, traffic or a room."""
    script = read(spec.prompt)
    count = round(duration_of(spec) * rate_hz)
    rng = generator(script.key, truth(spec).seed, "sound")
    t = np.arange(count) / rate_hz
    white = rng.normal(0, 1, (count, 2))
    spectrum = np.fft.rfft(white, axis=0)
    freq = np.fft.rfftfreq(count, 1 / rate_hz)[:, None]

    def band(low: float, high: float, tilt: float) -> NDArray[np.float64]:
        shape = 1 / (1 + (low / np.maximum(freq, 1)) ** 4) / (1 + (freq / high) ** 4)
        noise = np.fft.irfft(spectrum * shape * np.maximum(freq, 20) ** -tilt, count, axis=0)
        loud: NDArray[np.float64] = noise / (np.abs(noise).max() + 1e-9)
        return loud

    sound = 0.05 * band(60, 400, 0.6)
    if script.weather & {"rain", "storm"}:
        sound = sound + 0.16 * band(900, 9000, 0.15)
    if script.place in {"coast", "harbor", "lake"}:
        swell = (0.55 + 0.45 * np.sin(2 * np.pi * t / 4.2 + rng.random() * 6))[:, None]
        sound = sound + 0.16 * band(150, 3000, 0.4) * swell
    if script.place in {"street", "skyline", "station", "road", "cafe"}:
        sound = sound + 0.10 * band(40, 600, 0.7)
    if script.weather & {"wind", "storm", "snow"} or script.place in {"desert", "mountain"}:
        gust = (0.6 + 0.4 * np.sin(2 * np.pi * t / 3.3 + rng.random() * 6))[:, None]
        sound = sound + 0.12 * band(120, 900, 0.5) * gust
    edge = np.clip(np.minimum(t, t[-1] - t) * 8, 0, 1)[:, None]
    bed: NDArray[np.float32] = np.clip(sound * edge, -0.5, 0.5).astype(np.float32)
    return bed
