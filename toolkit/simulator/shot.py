"""A scene as the camera sees it: the pose of the camera, layers at their depths, what moves by
itself.

`Pose` says what the *camera* does; the picture does the opposite: a camera that pans left moves the
content right. `near` is a layer's depth: 0 infinitely far, 1 where the subject stands, 1.5 in front
of it. Turning the camera moves all depths nearly alike, travelling moves near layers more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.simulator.paint import Image, Plane, Sheet, Stage, drop, fbm, generator, over

__all__ = [
    "Flash",
    "Item",
    "Layer",
    "Pose",
    "Precipitation",
    "Scene",
    "Shimmer",
    "Splashes",
    "Sprite",
    "View",
    "bake",
    "merge",
    "smooth_noise",
    "stamp",
]


@dataclass(frozen=True)
class Pose:
    """Where the camera has gone: `pan` to the right and `tilt` downwards in units of the short
    side, `zoom` the log of the scale, `roll` in radians clockwise, `orbit` to the right in units.
    """

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0
    roll: float = 0.0
    orbit: float = 0.0


@dataclass(frozen=True)
class View:
    """The frame that is filled: its size in pixels and the pose it is seen from."""

    width: int
    height: int
    pose: Pose
    memo: dict[int, tuple[bytes, Image]] = field(default_factory=dict, compare=False)

    @property
    def unit(self) -> int:
        return min(self.width, self.height)

    def matrix(self, near: float, slope: float = 0.0, ground: float = 0.0) -> NDArray[np.float64]:
        """(2, 3): from units in a layer to pixels of the frame. With `slope` the layer is a floor:
        `near` holds at height `ground` and grows by `slope` per unit downwards.
        """
        pose = self.pose
        turn = 0.93 + 0.07 * near
        shear = -pose.orbit * slope - pose.pan * 0.07 * slope
        move_x = -pose.pan * turn - pose.orbit * (near - 1.0) - shear * ground
        move_y = -pose.tilt * turn
        scale = float(np.exp(pose.zoom * (0.74 + 0.30 * near)))
        c, s = np.cos(-pose.roll), np.sin(-pose.roll)  # the picture turns against the camera
        spin = np.array([[c, -s], [s, c]]) * scale * self.unit
        flat = spin @ np.array([[1.0, shear, move_x], [0.0, 1.0, move_y]])
        flat[:, 2] += (self.width / 2, self.height / 2 + drop(self.width, self.height) * self.unit)
        return flat  # type: ignore[no-any-return]


class Item(Protocol):
    """Anything that draws itself into a frame at time `t` seconds."""

    def draw(self, frame: Image, view: View, t: float) -> None: ...


def _sheet_matrix(sheet: Sheet) -> NDArray[np.float64]:
    """(3, 3): from pixels of a sheet to units."""
    p = 1 / sheet.ppu
    half = 0.5 * p
    return np.array([[p, 0, sheet.x0 + half], [0, p, sheet.y0 + half], [0, 0, 1.0]])


def _window(
    matrix: NDArray[np.float64], width: int, height: int, view: View
) -> tuple[int, int, int, int] | None:
    """The part of the frame that a (width, height) sheet reaches: x0, y0, x1, y1."""
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1.0]])
    at = corners @ matrix.T
    x0, y0 = np.maximum(np.floor(at.min(axis=0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(at.max(axis=0)).astype(int) + 2, (view.width, view.height))
    return (int(x0), int(y0), int(x1), int(y1)) if x0 < x1 and y0 < y1 else None


def stamp(
    frame: Image,
    view: View,
    rgba: Image,
    matrix: NDArray[np.float64],
    border: int = cv2.BORDER_CONSTANT,
) -> None:
    """Lay `rgba`, taken through `matrix` (sheet pixels to frame pixels), over the frame."""
    window = _window(matrix, rgba.shape[1], rgba.shape[0], view)
    if window is None:
        return
    x0, y0, x1, y1 = window
    moved = matrix.copy()
    moved[:, 2] -= (x0 + 0.5, y0 + 0.5)
    warped = cv2.warpAffine(
        rgba, moved, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=border
    )
    over(frame[y0:y1, x0:x1], warped)


@dataclass
class Layer:
    """A painted sheet at its depth. It may drift sideways, sway, breathe in brightness."""

    sheet: Sheet
    near: float
    slope: float = 0.0
    ground: float = 0.0
    opaque: bool = False  # covers the whole frame: nothing below need be drawn
    drift: float = 0.0  # units a second to the right; the sheet must be wide enough
    sway: tuple[float, float, float, float] = (0.0, 0.0, 3.0, 0.0)  # dx, dy, period s, phase
    gain: Callable[[float], float] | None = None

    @property
    def is_still(self) -> bool:
        """Whether only the camera moves it."""
        return not (self.drift or any(self.sway[:2]) or self.gain)

    def draw(self, frame: Image, view: View, t: float) -> None:
        matrix = np.vstack((view.matrix(self.near, self.slope, self.ground), [0, 0, 1]))
        dx, dy, period, phase = self.sway
        if dx or dy:
            turn = 2 * np.pi * (t / period + phase)
            matrix = matrix @ _shift(dx * np.sin(turn), dy * np.sin(turn * 0.77 + 1.3))
        if self.drift:
            matrix = matrix @ _shift(self.drift * t, 0.0)
        self._draw(frame, view, matrix, t)

    def _draw(self, frame: Image, view: View, matrix: NDArray[np.float64], t: float) -> None:
        full = (matrix @ _sheet_matrix(self.sheet))[:2]
        rgba = self.sheet.rgba
        key = full.tobytes()
        window = (0, 0, view.width, view.height)
        if not self.opaque:
            reached = _window(full, rgba.shape[1], rgba.shape[0], view)
            if reached is None:
                return
            window = reached
        x0, y0, x1, y1 = window
        known = view.memo.get(id(self))
        if known is None or known[0] != key:  # a still camera warps every layer once
            full[:, 2] -= (x0 + 0.5, y0 + 0.5)
            warped = cv2.warpAffine(
                rgba,
                full,
                (x1 - x0, y1 - y0),
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE if self.opaque else cv2.BORDER_CONSTANT,
            )
            if self.opaque:
                warped = cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB)
            known = view.memo[id(self)] = (key, warped)
        warped = known[1]
        if self.opaque:
            np.copyto(frame, warped)
            return
        if self.gain is not None:
            warped = cv2.convertScaleAbs(warped, alpha=max(0.0, self.gain(t)))
        over(frame[y0:y1, x0:x1], warped)


def _shift(dx: float, dy: float) -> NDArray[np.float64]:
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1.0]])


@dataclass
class Sprite:
    """A subject: the phases of its motion, its feet at (`x`, `y`), its way over time.

    `place(t)` gives (dx, dy, tilt in radians, scale) in units; `step(t)` the phase, a float that
    wraps. `mirror` is how much of it a wet or watery ground gives back. `tint(t)` is a (4, 4)
    colour matrix, used for planted drift.
    """

    phases: list[Sheet]
    x: float
    y: float
    size: float
    near: float = 1.0
    place: Callable[[float], tuple[float, float, float, float]] | None = None
    step: Callable[[float], float] | None = None
    mirror: float = 0.0
    shadow: float = 0.0
    flip: bool = False
    tint: Callable[[float], NDArray[np.float32]] | None = None

    def draw(self, frame: Image, view: View, t: float) -> None:
        index = int(self.step(t)) % len(self.phases) if self.step else 0
        sheet = self.phases[index]
        dx, dy, tilt, scale = self.place(t) if self.place else (0.0, 0.0, 0.0, 1.0)
        world = np.vstack((view.matrix(self.near), [0, 0, 1]))
        rgba = sheet.rgba
        if self.tint is not None:
            rgba = cv2.transform(rgba, self.tint(t))
        size = self.size * scale
        c, s = np.cos(tilt) * size, np.sin(tilt) * size
        side = -1.0 if self.flip else 1.0
        if self.shadow:
            self._shade(frame, view, world, dx, sheet, size)
        local = np.array([[c * side, -s, self.x + dx], [s * side, c, self.y + dy], [0, 0, 1.0]])
        if self.mirror:
            down = local @ np.diag([1.0, -1.0, 1.0])
            ghost = cv2.convertScaleAbs(rgba, alpha=self.mirror)
            stamp(frame, view, ghost, (world @ down @ _sheet_matrix(sheet))[:2])
        stamp(frame, view, rgba, (world @ local @ _sheet_matrix(sheet))[:2])

    def _shade(
        self,
        frame: Image,
        view: View,
        world: NDArray[np.float64],
        dx: float,
        sheet: Sheet,
        size: float,
    ) -> None:
        wide = sheet.width / sheet.ppu * size * 0.42
        at = world @ np.array([self.x + dx, self.y, 1.0])
        scale = float(np.hypot(world[0, 0], world[1, 0]))
        matrix = np.array([
            [wide * scale / 32, 0, at[0] - wide * scale],
            [0, wide * 0.20 * scale / 32, at[1] - wide * 0.20 * scale],
        ])  # fmt: skip
        stamp(frame, view, _blob(self.shadow), matrix)


def _blob(alpha: float) -> Image:
    """A soft dark spot, 64 x 64."""
    d = (np.arange(64, dtype=np.float32) - 31.5) / 32
    fall = np.clip(1 - (d[None] ** 2 + d[:, None] ** 2), 0, 1) ** 1.5
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[..., 3] = (fall * 255 * alpha).astype(np.uint8)
    return rgba


@dataclass
class Shimmer:
    """Light on water or wet ground: two fields of glints slide over each other between `top` and
    `bottom`; only where both are bright does it sparkle.
    """

    top: float
    bottom: float
    rgb: tuple[float, float, float]
    strength: float
    near: float
    seed: str
    slope: float = 0.0
    cells: tuple[int, int] = (26, 22)
    speed: float = 0.05
    centre: float | None = None  # a path of light under the sun, at this x
    spread: float = 0.35

    def __post_init__(self) -> None:
        rng = generator(self.seed, "shimmer")
        size = (96, 384)
        self._a = np.clip(fbm(size, self.cells, rng, 2) * 0.8 + 0.25, 0, 1)
        self._b = np.clip(fbm(size, self.cells, rng, 2) * 0.8 + 0.25, 0, 1)
        y = np.linspace(0, 1, size[0], dtype=np.float32)[:, None]
        fade = np.clip(y * 6, 0, 1) * (0.35 + 0.65 * y)
        if self.centre is not None:
            x = np.linspace(-1.6, 1.6, size[1], dtype=np.float32)[None] - self.centre
            fade = fade * np.exp(-((x / (self.spread * (0.35 + 0.9 * y))) ** 2))
        self._fade = (np.ones_like(self._a) * fade).astype(np.float32)

    def draw(self, frame: Image, view: View, t: float) -> None:
        move = round(self.speed * t * 120)
        a, b = np.roll(self._a, move, axis=1), np.roll(self._b, -move, axis=1)
        spark = np.clip(a * b * 3.0 - 0.42, 0, 1) * self._fade * (255 * self.strength)
        rgba = np.zeros((*spark.shape, 4), np.uint8)
        for c in range(3):
            rgba[..., c] = np.clip(spark * self.rgb[c], 0, 255)
        world = np.vstack((view.matrix(self.near, self.slope, self.top), [0, 0, 1]))
        fit = np.array([
            [3.2 / spark.shape[1], 0, -1.6],
            [0, (self.bottom - self.top) / spark.shape[0], self.top],
            [0, 0, 1.0],
        ])  # fmt: skip
        stamp(frame, view, rgba, (world @ fit)[:2])


class Precipitation:
    """Rain or snow in front of everything: sheets at three distances, each at its own speed."""

    def __init__(
        self,
        kind: str,
        width: int,
        height: int,
        seed: str,
        *,
        amount: float,
        bright: float,
        wind: float,
    ) -> None:
        rng = generator(seed, kind)
        unit = min(width, height)
        self._tiles: list[tuple[Image, float, float]] = []
        self.snow = kind == "snow"
        for distance in range(3):
            tile: Image = np.zeros((height, width, 3), np.uint8)
            size = (0.55, 0.85, 1.35)[distance]
            count = int(amount * (420, 230, 70)[distance] * width * height / unit**2)
            for _ in range(count):
                x, y = rng.random() * width, rng.random() * height
                if self.snow:
                    r = unit * 0.0028 * size * (0.6 + 0.8 * rng.random())
                    level = 255 * bright * (0.55 + 0.4 * rng.random())
                    centre = (round(x * 16), round(y * 16))
                    cv2.circle(tile, centre, max(8, round(r * 16)), [level] * 3, -1, cv2.LINE_AA, 4)
                else:
                    length = unit * 0.055 * size * (0.5 + rng.random())
                    level = 255 * bright * (0.11 + 0.18 * rng.random())
                    for up in (0, -height):  # wraps at the lower edge
                        a = (round((x) * 16), round((y + up) * 16))
                        b = (round((x + wind * length) * 16), round((y + up + length) * 16))
                        cv2.line(
                            tile,
                            a,
                            b,
                            [level, level, level * 1.06],
                            1 + (distance == 2),
                            cv2.LINE_AA,
                            4,
                        )
            if distance == 2:
                tile = cv2.GaussianBlur(tile, (0, 0), unit * (0.0022 if self.snow else 0.0014))
            speed = (0.16, 0.24, 0.36)[distance] if self.snow else (1.9, 2.5, 3.3)[distance]
            self._tiles.append((tile, speed * unit, wind * speed * unit))

    def draw(self, frame: Image, view: View, t: float) -> None:
        height, width = frame.shape[:2]
        for distance, (tile, speed, side) in enumerate(self._tiles):
            near = 0.6 + 0.4 * distance
            dy = int(speed * t - view.pose.tilt * near * view.unit) % height
            swing = np.sin(t * 0.9 + distance * 2) * 0.02 * view.unit if self.snow else 0.0
            dx = int(side * t + swing - view.pose.pan * near * view.unit) % width
            for y0, y1, ty in ((dy, height, 0), (0, dy, height - dy)):
                for x0, x1, tx in ((dx, width, 0), (0, dx, width - dx)):
                    if y0 < y1 and x0 < x1:
                        part = frame[y0:y1, x0:x1]
                        cv2.add(part, tile[ty : ty + y1 - y0, tx : tx + x1 - x0], dst=part)


@dataclass
class Splashes:
    """Rings where drops meet the ground."""

    top: float
    bottom: float
    seed: str
    rgb: tuple[float, float, float]
    num: int = 70

    def draw(self, frame: Image, view: View, t: float) -> None:
        rng = generator(self.seed, "splash")
        at = rng.random((self.num, 4))
        world = view.matrix(1.0)
        for x, y, phase, life in at:
            age = (t * (1.6 + life) + phase) % 1.0
            turn = int(t * (1.6 + life) + phase)
            px = (x + turn * 0.37) % 1.0 * 2.6 - 1.3
            py = self.top + (self.bottom - self.top) * (y + turn * 0.61) % 1.0
            depth = 0.25 + 0.75 * (py - self.top) / (self.bottom - self.top)
            u, v = world @ (px, py, 1.0)
            r = 0.016 * depth * age * view.unit
            if r >= 1:
                ink = [255 * c * (1 - age) for c in self.rgb]
                _ring(frame, u, v, r, ink)


def _ring(frame: Image, u: float, v: float, r: float, ink: list[float]) -> None:
    size = int(r) + 2
    x0, y0 = int(u) - size, int(v) - size // 2 - 1
    x1, y1 = int(u) + size, int(v) + size // 2 + 1
    if x0 < 0 or y0 < 0 or x1 >= frame.shape[1] or y1 >= frame.shape[0]:
        return
    part = frame[y0:y1, x0:x1]
    light = np.zeros_like(part)
    centre = (round((u - x0) * 16), round((v - y0) * 16))
    cv2.ellipse(light, centre, (round(r * 16), round(r * 6)), 0, 0, 360, ink, 1, cv2.LINE_AA, 4)
    cv2.add(part, light, dst=part)


@dataclass
class Flash:
    """Lightning: the whole picture jumps in brightness, twice, at times that the seed draws."""

    seed: str

    def gain(self, t: float) -> float:
        rng = generator(self.seed, "lightning")
        at = 0.5 + rng.random(4).cumsum() * 2.2
        light = 0.0
        for start in at:
            for later, strength in ((0.0, 0.55), (0.13, 0.35)):
                age = t - start - later
                if 0 <= age < 0.3:
                    light = max(light, strength * float(np.exp(-age * 14)))
        return 1.0 + light


@dataclass
class Scene:
    """What was painted: items from far to near, and what lies over all of them."""

    items: list[Item]
    overlay: list[Item] = field(default_factory=list)
    flash: Flash | None = None


def bake(scene: Scene, matrix: NDArray[Any]) -> None:
    """Apply a colour matrix to everything that is painted, once, instead of to every frame."""
    if np.allclose(matrix, np.eye(4)):
        return
    for item in scene.items:
        if isinstance(item, Layer):
            item.sheet.rgba = cv2.transform(item.sheet.rgba, matrix)
        elif isinstance(item, Sprite):
            for sheet in item.phases:
                sheet.rgba = cv2.transform(sheet.rgba, matrix)


def merge(items: Sequence[Item], stage: Stage, groups: int) -> list[Item]:
    """The same picture from fewer layers: neighbours at nearly one depth become one.

    At most about `groups` still layers are left; what moves by itself, floors, and whatever is no
    layer stay as they are, and keep their place in the order.
    """
    out: list[Item] = list(items)
    while True:
        still = [i for i, item in enumerate(out) if _mergeable(item)]
        pairs = [
            (_distance(out[i], out[i + 1]), i)
            for i in still
            if i + 1 < len(out) and _mergeable(out[i + 1])
        ]
        if not pairs:
            break
        nearest, i = min(pairs)
        if nearest > 0.05 and len(still) <= groups:
            break
        out[i : i + 2] = [_join(out[i], out[i + 1], stage)]  # type: ignore[arg-type]
    for item in out:
        if isinstance(item, Layer) and not item.opaque:
            item.sheet.trim()
    return out


def _mergeable(item: Item) -> bool:
    return isinstance(item, Layer) and item.is_still and not item.slope


def _distance(a: Any, b: Any) -> float:
    return abs(float(a.near) - float(b.near))


def _join(below: Layer, above: Layer, stage: Stage) -> Layer:
    fine = max(below.sheet.ppu, above.sheet.ppu) / stage.unit
    sheet = stage.sheet(fine)
    for layer in (below, above):
        source = layer.sheet
        ratio = sheet.ppu / source.ppu
        place = np.array(
            [
                [ratio, 0, (source.x0 - sheet.x0) * sheet.ppu + (ratio - 1) / 2],
                [0, ratio, (source.y0 - sheet.y0) * sheet.ppu + (ratio - 1) / 2],
            ]
        )
        border = cv2.BORDER_REPLICATE if layer.opaque else cv2.BORDER_CONSTANT
        over(
            sheet.rgba,
            cv2.warpAffine(source.rgba, place, (sheet.width, sheet.height), borderMode=border),
        )
    # the upper layer is what one sees move; an opaque one lies far behind its details
    near = above.near if below.opaque else (below.near + above.near) / 2
    return Layer(sheet, near * (0.5 if below.opaque else 1.0), opaque=below.opaque)


def smooth_noise(
    t: Plane | float, rng_name: tuple[object, ...], rate_hz: float
) -> NDArray[np.float64]:
    """Smooth noise over time in about -1..1 with its energy around `rate_hz`."""
    rng = generator(*rng_name)
    at = np.asarray(t, np.float64)
    out = np.zeros_like(at)
    for share, weight in ((0.55, 0.9), (0.83, 1.0), (1.21, 0.8), (1.7, 0.45)):
        out = out + weight * np.sin(2 * np.pi * (at * rate_hz * share + rng.random()))
    return out / 2.2
