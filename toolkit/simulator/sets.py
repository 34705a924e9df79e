"""What the places are built with: the stage, its sky, mist and ground, and the things that several
places need: trees, grass, rocks, windows, houses.
"""

# ruff: noqa: E501
# One stroke to a line: a drawing reads best that way.

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from toolkit.simulator.look import Look
from toolkit.simulator.paint import (
    RGB,
    Plane,
    Sheet,
    Stage,
    brighter,
    fbm,
    mix,
    over,
    ridge,
    scaled,
)
from toolkit.simulator.shot import Item, Layer
from toolkit.simulator.words import Script

__all__ = [
    "NEON",
    "WARM",
    "Set",
    "Spot",
    "conifer",
    "crown",
    "emboss",
    "fern_bed",
    "grass",
    "house",
    "lamp_glow",
    "palm",
    "perspective_noise",
    "rock",
    "tall_trunk",
    "window_grid",
]

# fmt: off


WARM: RGB = (1.0, 0.74, 0.38)
NEON: tuple[RGB, ...] = (
    (1.0, 0.20, 0.46), (0.12, 0.88, 0.95), (1.0, 0.52, 0.14), (0.55, 0.28, 1.0), (0.28, 1.0, 0.52), (1.0, 0.84, 0.25),
)  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """Where the subject stands: its feet, how large a grown person is there, how deep it is."""

    x: float
    y: float
    size: float = 0.46
    near: float = 1.0
    mirror: float = 0.0
    shadow: float = 0.45
    floats: bool = False  # no ground: a subject hangs in water or space


@dataclass
class Set:
    """A scene under construction."""

    stage: Stage
    script: Script
    look: Look
    items: list[Item] = field(default_factory=list)
    spot: Spot = Spot(0.0, 0.3)
    at: int = 0  # how many items lie behind the subject
    interior: bool = False
    horizon: float = 0.07

    def rng(self, *names: object) -> np.random.Generator:
        return self.stage.rng(self.script.place, *names)

    def has(self, *variants: str) -> bool:
        return bool(self.script.variants & set(variants))

    def add(self, sheet: Sheet, near: float, **how: object) -> Layer:
        layer = Layer(sheet, near, **how)  # type: ignore[arg-type]
        self.items.append(layer)
        return layer

    def stand(self, x: float, y: float, size: float = 0.46, **how: object) -> None:
        """The subject goes here, in front of what was added so far; the first place counts."""
        if self.at:
            return
        if self.stage.tall:
            x *= 0.45
        self.spot = Spot(x, y, size, **how)  # type: ignore[arg-type]
        self.at = len(self.items)

    def afloat(self, x: float, y: float, size: float, **how: object) -> None:
        """Where a subject goes that belongs into the water; others wait for `stand`."""
        if self.script.subject in {"ship", "whale", "fish", "jellyfish"}:
            deep = 0.09 if self.script.subject == "whale" else 0.0
            self.stand(x, y + deep, size, shadow=0.0, **how)

    def spread(self) -> float:
        """Half the width of what can come into view."""
        return self.stage.right

    # -- what most places share --------------------------------------------------------------

    def sky(self, *, clouds: bool = True, low: float | None = None) -> None:
        stage, look, rng = self.stage, self.look, self.rng("sky")
        h = self.horizon if low is None else low
        sheet = stage.sheet(0.6)
        sheet.gradient(
            [
                (min(stage.top, h - 0.9), look.zenith),
                (h - 0.42, mix(look.zenith, look.middle, 0.75)),
                (h - 0.20, look.middle),
                (h - 0.02, look.horizon),
                (h + 0.06, mix(look.horizon, look.haze, 0.6)),
                (stage.bottom, look.haze),
            ]
        )
        height = h + stage.half_h
        if look.stars > 0.05:
            for x, y, size in rng.random((int(260 * stage.half_w * 2), 3)):
                px = stage.left + x * (stage.right - stage.left)
                py = stage.top + y**1.3 * (h - 0.06 - stage.top)
                strength = look.stars * (0.25 + 0.75 * size**4)
                sheet.glow(px, py, 0.0022 + 0.0035 * size**6, (0.9, 0.94, 1.0), strength)
        if look.sun:
            x, y = look.sun[0] * stage.half_w, h - look.sun[1] * height
            hazy = 0.6 + 0.6 * look.density
            if look.moon:
                sheet.glow(x, y, 0.42, (0.45, 0.55, 0.8), 0.30 * hazy)
                sheet.ellipse(x, y, 0.042, 0.042, look.disc)
                for cx, cy, r in ((-0.012, -0.008, 0.011), (0.014, 0.010, 0.008), (0.004, -0.02, 0.006)):
                    sheet.ellipse(x + cx, y + cy, r, r, scaled(look.disc, 0.86))
            else:
                sheet.glow(x, y, 0.95, look.disc, 0.34 * hazy)
                sheet.glow(x, y, 0.36, look.disc, 0.42 * hazy)
                sheet.glow(x, y, 0.10, (1, 1, 0.95), 0.9)
                sheet.ellipse(x, y, 0.034, 0.034, mix(look.disc, (1, 1, 1), 0.55))
        noise = rng.normal(0, 1.1, sheet.rgba.shape[:2]).astype(np.float32)[..., None]
        sheet.rgba[..., :3] = np.clip(sheet.rgba[..., :3] + noise, 0, 255).astype(np.uint8)
        self.add(sheet, 0.0, opaque=True)
        if clouds and look.clouds > 0.05:
            self._clouds(h)

    def _clouds(self, h: float) -> None:
        stage, look, rng = self.stage, self.look, self.rng("clouds")
        sheet = stage.sheet(0.45, left=stage.left - 0.2, right=stage.right + 0.2, bottom=h + 0.02)
        shape = (sheet.height, sheet.width)
        if min(shape) < 8:
            return
        field_ = fbm(shape, (5, 4), rng, 5 if stage.detail > 0.7 else 4)
        up = np.clip((h - sheet.ys) / (h - stage.top), 0, 1)[:, None]
        cover = look.clouds
        mask = np.clip((field_ - (0.62 - 0.95 * cover)) * (1.6 + 0.8 * (1 - cover)), 0, 1)
        mask *= np.clip(up * 7, 0, 1) * np.clip(0.55 + up, 0, 1)
        drop = np.roll(field_, max(2, sheet.height // 26), axis=0)
        lit = np.clip(0.55 + (field_ - drop) * 1.1, 0, 1)[..., None]
        bright = np.asarray(brighter(look.cloud, 0.10), np.float32)
        dark = np.asarray(mix(scaled(look.cloud, 0.62), look.middle, 0.45), np.float32)
        sheet.blend((mask * 0.88).astype(np.float32), bright * lit + dark * (1 - lit))
        wind = 0.02 if {"wind", "storm"} & self.script.weather else 0.007
        way = 1 if rng.random() < 0.5 else -1
        self.add(sheet, 0.06, drift=wind * way if stage.detail > 0.7 else 0.0)

    def mist(self, y: float, thick: float, near: float, alpha: float, *, name: object = "", rgb: RGB | None = None, drifts: bool = False) -> None:
        """A bank of haze, densest at `y`."""
        if alpha <= 0.03:
            return
        stage, rng = self.stage, self.rng("mist", name)
        top, bottom = max(y - thick * 1.6, stage.top), min(y + thick * 1.6, stage.bottom)
        sheet = stage.sheet(0.22, left=stage.left - 0.25, right=stage.right + 0.25, top=top, bottom=bottom)
        noise = fbm((sheet.height, sheet.width), (3, 5), rng, 3)
        body = np.exp(-(((sheet.ys - y) / (thick * 0.75)) ** 2))[:, None]
        edge = np.clip((sheet.ys - top) / (0.3 * thick), 0, 1) * np.clip((bottom - sheet.ys) / (0.3 * thick), 0, 1)
        mask = np.clip(body * (0.62 + 0.5 * noise) * edge[:, None], 0, 1) * alpha
        sheet.blend(mask.astype(np.float32), rgb or self.look.haze)
        self.add(sheet, near, drift=float(rng.choice([-1, 1])) * (0.012 + 0.02 * near) if drifts else 0.0)

    def hill(
        self,
        y: float,
        amp: float,
        rgb: RGB,
        far: float,
        near: float,
        *,
        bumps: float = 1.4,
        rough: float = 0.45,
        name: object = "",
        grain: float = 0.06,
        cells: tuple[int, int] = (30, 40),
        shade: float = 0.62,
        depth: float = 0.35,
        octaves: int = 5,
        slope: float = 0.0,
        fine: float = 1.0,
    ) -> tuple[Sheet, Plane]:
        """A ridge that fills everything below it; returns the sheet and its line."""
        stage, look, rng = self.stage, self.look, self.rng("hill", name)
        sheet = stage.sheet(fine, top=y - amp * 1.3 - 0.02)
        line = y + amp * ridge(sheet.xs, rng, bumps=bumps, rough=rough, octaves=octaves)
        texture = None
        if grain:
            texture = fbm((sheet.height, sheet.width), cells, rng, 3 if stage.detail > 0.7 else 2) * grain
        top = look.lit(rgb, far, facing=0.75)
        low = mix(look.lit(scaled(rgb, shade), far, facing=0.4), look.haze, 0.35 * far * look.density)
        sheet.below(line, top, low, depth=depth, grain=texture)
        self.add(sheet, near, slope=slope, ground=y)
        return sheet, line

    def floor(
        self,
        rgb: RGB,
        *,
        y: float | None = None,
        far: float = 0.7,
        slope: float = 1.0,
        near: float = 0.45,
        grain: float = 0.07,
        cells: tuple[int, int] = (60, 30),
        shade: float = 0.62,
        wet: float = 0.0,
    ) -> Sheet:
        """The ground from the horizon to the viewer's feet."""
        stage, look, rng = self.stage, self.look, self.rng("floor")
        h = self.horizon if y is None else y
        sheet = stage.sheet(top=h - 0.01)
        depth = np.clip((sheet.ys - h) / (stage.half_h - h), 0, 1.4)[:, None]
        near_rgb = np.asarray(look.lit(rgb, 0.0, facing=0.6), np.float32)
        far_rgb = np.asarray(look.lit(scaled(rgb, 1.05), far, facing=0.7), np.float32)
        share = (np.clip(depth, 0, 1) ** 0.55)[..., None]
        colour = far_rgb * (1 - share) + near_rgb * share * (1 - (1 - shade) * 0.7 * np.clip(depth, 0, 1)[..., None])
        texture = perspective_noise(sheet, h, rng, cells, stage.detail)
        colour = np.broadcast_to(colour, (sheet.height, sheet.width, 3)) * (1 + (texture * grain * np.clip(depth * 3, 0.15, 1))[..., None])
        mask = np.clip((sheet.ys - h) * sheet.ppu + 0.5, 0, 1)[:, None] * np.ones((1, sheet.width))
        sheet.blend(mask.astype(np.float32), colour)
        if wet:
            self._reflection(sheet, h, wet, rng)
        self.add(sheet, near, slope=slope, ground=h)
        return sheet

    def _reflection(self, sheet: Sheet, h: float, strength: float, rng: np.random.Generator, blur: float = 0.05) -> None:
        """Give back on `sheet` what stands above `h`, drawn out downwards as wet stone does."""
        picture = self.behind(sheet)
        first = sheet.row(h)
        above = picture[: self.stage.sheet(sheet.ppu / self.stage.unit).row(h)]
        flipped = above[::-1][: sheet.height - first]
        if flipped.shape[0] < 4:
            return
        span = flipped.shape[0]
        k = max(3, int(blur * sheet.ppu)) | 1
        flipped = cv2.blur(flipped, (max(1, k // 6), k))
        flipped = cv2.blur(flipped, (1, k))
        wide = fbm((span, sheet.width), (26, 12), rng, 3)
        puddle = np.clip(0.58 + 0.75 * wide, 0.12, 1)
        depth = np.clip(1.05 - 0.35 * (np.arange(span, dtype=np.float32) / sheet.ppu / 0.5), 0.25, 1)[:, None]
        share = (puddle * depth * strength)[..., None]
        part = sheet.rgba[first : first + span, :, :3].astype(np.float32)
        seen = flipped.astype(np.float32)
        mixed = part * (1 - 0.55 * share) + seen * share
        sheet.rgba[first : first + span, :, :3] = np.clip(mixed, 0, 255).astype(np.uint8)

    def behind(self, like: Sheet) -> np.ndarray:
        """Everything painted so far as one (H, W, 3) picture over the stage, at `like`'s finesse."""
        stage = self.stage
        whole = stage.sheet(like.ppu / stage.unit)
        picture = np.zeros((whole.height, whole.width, 3), np.uint8)
        for item in self.items:
            if not isinstance(item, Layer):
                continue
            sheet = item.sheet
            ratio = like.ppu / sheet.ppu
            matrix = np.array([
                [ratio, 0, (sheet.x0 - whole.x0) * like.ppu],
                [0, ratio, (sheet.y0 - whole.y0) * like.ppu],
            ])  # fmt: skip
            over(picture, cv2.warpAffine(sheet.rgba, matrix, (whole.width, whole.height)))
        return picture

    def front(self) -> Sheet:
        """A sheet for things close to the lens."""
        return self.stage.sheet(0.7)


def perspective_noise(sheet: Sheet, h: float, rng: np.random.Generator, cells: tuple[int, int], detail: float) -> Plane:
    """Noise that lies on the ground: fine and flat at the horizon `h`, coarse at the feet."""
    size = 256
    tile = fbm((size, size), (cells[0] // 4, cells[1] // 2), rng, 4 if detail > 0.7 else 3)
    depth = np.clip(sheet.ys - h, 0.012, None)
    v = (0.16 / depth * size * 0.9).astype(np.float32)
    u = (sheet.xs[None] / (depth[:, None] + 0.02) * size * 0.11).astype(np.float32)
    map_u = np.mod(u + size * 4, size).astype(np.float32)
    map_v = np.mod(np.broadcast_to(v[:, None], u.shape), size).astype(np.float32)
    return cv2.remap(tile, map_u, map_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def emboss(shape: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator, side: float, octaves: int = 5) -> Plane:
    """Rock faces: noise lit from one side, in about -1..1."""
    height = fbm(shape, cells, rng, octaves)
    slope = np.gradient(height, axis=1) * -side + np.gradient(height, axis=0) * 0.6
    faces: Plane = np.clip(slope / (np.abs(slope).mean() * 2.4 + 1e-6), -1.4, 1.4).astype(np.float32)
    return faces


def conifer(sheet: Sheet, x: float, y: float, height: float, rgb: RGB, rng: np.random.Generator, side: float = 0.0) -> None:
    """A spruce with its foot at (x, y)."""
    tiers = 7 if height * sheet.ppu > 60 else 5
    sheet.rect(x - height * 0.018, y - height * 0.16, x + height * 0.018, y, scaled(rgb, 0.6))
    for i in range(tiers):
        top = y - height + height * 0.86 * i / tiers * 0.92
        low = y - height + height * (0.30 + 0.70 * (i + 1) / tiers) * 0.92
        half = height * (0.05 + 0.17 * (i + 1) / tiers) * (0.85 + 0.3 * rng.random())
        dip = height * 0.035
        points = [
            (x, top), (x + half * 0.45, (top + low) / 2 + dip * rng.random()), (x + half, low),
            (x + half * 0.5, low - dip), (x + half * 0.2, low + dip * 0.6), (x, low - dip * 0.6),
            (x - half * 0.25, low + dip * 0.6), (x - half * 0.55, low - dip), (x - half, low + dip * 0.2),
            (x - half * 0.45, (top + low) / 2 + dip * rng.random()),
        ]  # fmt: skip
        sheet.poly(points, scaled(rgb, 0.86 + 0.16 * i / tiers))
        if side:
            lit = brighter(rgb, 0.10)
            edge = [(x, top), (x + side * half, low), (x + side * half * 0.62, low - dip), (x + side * half * 0.12, top + (low - top) * 0.5)]
            sheet.poly(edge, lit, 0.5)


def crown(sheet: Sheet, x: float, y: float, size: float, rgb: RGB, rng: np.random.Generator, side: float, leaves: int = 46) -> None:
    """A round tree with its foot at (x, y) and `size` tall."""
    trunk = scaled(mix(rgb, (0.28, 0.2, 0.14), 0.8), 0.62)
    sheet.line([(x, y), (x + size * 0.01, y - size * 0.3), (x - size * 0.01, y - size * 0.55)], size * 0.075, trunk, taper=0.5)
    for dx in (-0.16, 0.15):
        sheet.line([(x, y - size * 0.34), (x + dx * size, y - size * 0.58)], size * 0.035, trunk, taper=0.5)
    spots = rng.random((leaves, 3))
    for i, (a, b, c) in enumerate(spots):
        turn, reach = a * 6.283, b**0.5
        px, py = (x + np.cos(turn) * reach * size * 0.34, y - size * 0.68 + np.sin(turn) * reach * size * 0.27)
        bright = 0.72 + 0.28 * i / leaves + 0.16 * (np.cos(turn) * side * reach) - 0.20 * (np.sin(turn) * reach)
        r = size * (0.075 + 0.055 * c)
        sheet.ellipse(px, py, r, r * 0.86, scaled(rgb, bright))


def palm(sheet: Sheet, x: float, y: float, size: float, rgb: RGB, rng: np.random.Generator) -> None:
    bend = (rng.random() - 0.5) * 0.4 * size
    path = [(x + bend * s**2, y - size * s) for s in np.linspace(0, 1, 9)]
    sheet.line(path, size * 0.05, scaled(mix(rgb, (0.4, 0.3, 0.2), 0.7), 0.7), taper=0.6)
    tx, ty = path[-1]
    for i in range(11):
        turn = np.pi * (0.05 + 0.9 * i / 10) + (rng.random() - 0.5) * 0.2
        reach = size * (0.34 + 0.1 * rng.random())
        leaf = [(tx - np.cos(turn) * reach * s, ty - np.sin(turn) * reach * 0.55 * s + reach * 0.62 * s**2.2) for s in np.linspace(0, 1, 7)]
        sheet.line(leaf, size * 0.05, scaled(rgb, 0.75 + 0.35 * rng.random()), taper=0.08)


def grass(sheet: Sheet, line_y: float, height: float, rgb: RGB, rng: np.random.Generator, num: int, lean: float = 0.15) -> None:
    """Blades along `line_y`, over the whole sheet."""
    left, right = sheet.x0, sheet.x0 + sheet.width / sheet.ppu
    for a, b, c, d in rng.random((num, 4)):
        x = left + a * (right - left)
        tall = height * (0.45 + 0.75 * b)
        bend = (c - 0.5) * tall * 0.7 + lean * tall
        base = line_y + (d - 0.5) * height * 0.4 + height * 0.3
        w = height * 0.028 + 0.0012
        colour = scaled(rgb, 0.62 + 0.62 * d)
        sheet.poly(
            [(x - w, base), (x + bend * 0.45 - w * 0.6, base - tall * 0.6), (x + bend, base - tall), (x + bend * 0.5 + w * 0.7, base - tall * 0.58), (x + w, base)],
            colour,
        )


def rock(sheet: Sheet, x: float, y: float, w: float, h: float, rgb: RGB, rng: np.random.Generator, side: float) -> None:
    turn = np.linspace(np.pi, 2 * np.pi, 10)
    reach = 0.75 + 0.35 * rng.random(10)
    top = [(x + np.cos(t) * w * r, y + np.sin(t) * h * r) for t, r in zip(turn, reach, strict=True)]
    outline = [*top, (x + w * 0.9, y + h * 0.12), (x - w * 0.9, y + h * 0.12)]
    sheet.poly(outline, scaled(rgb, 0.62))
    middle = (x + side * w * 0.08, y - h * 0.45)
    lit = [p for p in top if (p[0] - x) * side > -w * 0.25]
    if len(lit) > 1:
        sheet.poly([*lit, middle], scaled(rgb, 1.0), 0.85)
    sheet.poly([*top[3:6], middle], scaled(rgb, 1.12), 0.6)


def window_grid(
    sheet: Sheet, x0: float, y0: float, x1: float, y1: float, rng: np.random.Generator, *, step: tuple[float, float], lit: float, glow: RGB, dark: RGB, fill: float = 0.55
) -> None:
    """Rows of windows on a facade that faces the viewer; a share `lit` of them has light on."""
    columns, rows = max(1, int((x1 - x0) / step[0])), max(1, int((y1 - y0) / step[1]))
    if columns * rows > 4000:
        return
    for r in range(rows):
        for c in range(columns):
            on = rng.random() < lit
            tone = rng.random()
            px, py = x0 + (c + 0.5) * (x1 - x0) / columns, y0 + (r + 0.5) * (y1 - y0) / rows
            w, h = (x1 - x0) / columns * fill / 2, (y1 - y0) / rows * fill / 2
            colour = mix(glow, (0.75, 0.85, 1.0), 0.55 * (tone > 0.75)) if on else dark
            sheet.rect(px - w, py - h, px + w, py + h, scaled(colour, 0.55 + 0.45 * tone) if on else colour)


def lamp_glow(sheet: Sheet, x: float, y: float, r: float, rgb: RGB, strength: float = 1.0) -> None:
    sheet.glow(x, y, r * 5.0, rgb, 0.30 * strength)
    sheet.glow(x, y, r * 2.0, rgb, 0.55 * strength)
    sheet.ellipse(x, y, r * 0.55, r * 0.55, mix(rgb, (1, 1, 1), 0.6))


def tall_trunk(
    sheet: Sheet, x: float, y: float, w: float, lean: float, rgb: RGB, look: Look, far: float, rng: np.random.Generator, *, bamboo: bool = False, birch: bool = False
) -> None:
    top = sheet.y0 - 0.05
    tall = y - top
    body = [
        (x - w * 1.25, y),
        (x - w * 0.9 + lean * tall * 0.3, y - 0.2),
        (x + lean * tall - w * 0.62, top),
        (x + lean * tall + w * 0.62, top),
        (x + w * 0.9 + lean * tall * 0.3, y - 0.2),
        (x + w * 1.25, y),
    ]
    sheet.poly(body, rgb)
    lit = mix(brighter(rgb, 0.12), look.key, 0.25 * (1 - far))
    a, b = (0.30, 1.0) if look.side > 0 else (-1.0, -0.30)
    sheet.poly([(x + w * a, y), (x + lean * tall + w * a * 0.62, top), (x + lean * tall + w * b * 0.62, top), (x + w * b, y)], lit, 0.6)
    if bamboo:
        for k in range(9):
            yy = y - tall * (k + 0.5) / 9
            sheet.rect(x + lean * (y - yy) - w * 1.05, yy, x + lean * (y - yy) + w * 1.05, yy + w * 0.3, scaled(rgb, 0.7))
    elif birch:
        for _ in range(16):
            yy = y - tall * rng.random()
            sheet.rect(x + lean * (y - yy) - w * 0.8 * rng.random(), yy, x + lean * (y - yy) + w * 0.7 * rng.random(), yy + w * 0.22, scaled(rgb, 0.3))
    elif w * sheet.ppu > 5:
        for _ in range(7):
            off, yy = (rng.random() - 0.5) * 1.4 * w, y - tall * rng.random()
            sheet.line([(x + lean * (y - yy) + off, yy), (x + lean * (y - yy + 0.1) + off, yy - 0.10 - 0.1 * rng.random())], w * 0.12, scaled(rgb, 0.66))


def fern_bed(sheet: Sheet, y: float, size: float, rgb: RGB, rng: np.random.Generator, num: int) -> None:
    left, right = sheet.x0, sheet.x0 + sheet.width / sheet.ppu
    for a, b, c in rng.random((num, 3)):
        x, yy = left + a * (right - left), y + (b - 0.5) * size * 0.7
        for k in range(6):
            turn = np.pi * (0.12 + 0.76 * (k + 0.5 * c) / 6)
            reach = size * (0.6 + 0.5 * c)
            tip = (x - np.cos(turn) * reach, yy - np.sin(turn) * reach * 0.75 + reach * 0.2)
            middle = (x - np.cos(turn) * reach * 0.5, yy - np.sin(turn) * reach * 0.62)
            sheet.line([(x, yy), middle, tip], size * 0.13, scaled(rgb, 0.6 + 0.55 * rng.random()), taper=0.08)


def house(sheet: Sheet, x: float, y: float, size: float, look: Look, far: float, rng: np.random.Generator, *, snow: bool = False, church: bool = False) -> None:
    """A gabled house with its foot at (x, y), `size` half its width."""
    walls = ((0.80, 0.74, 0.64), (0.66, 0.42, 0.32), (0.72, 0.70, 0.66), (0.76, 0.62, 0.40), (0.52, 0.56, 0.60))
    rgb = walls[int(rng.integers(len(walls)))]
    wall, shade = look.lit(rgb, far, facing=0.6), look.lit(rgb, far, facing=0.15)
    roof = look.lit((0.88, 0.91, 0.96) if snow else (0.40, 0.22, 0.18), far, facing=0.5)
    w, t = size, size * (0.75 + 0.4 * rng.random())
    if church:
        sheet.rect(x + w * 0.55, y - t * 2.6, x + w * 1.05, y, wall)
        sheet.poly([(x + w * 0.5, y - t * 2.55), (x + w * 0.8, y - t * 4.2), (x + w * 1.1, y - t * 2.55)], scaled(roof, 0.9))
    sheet.rect(x - w, y - t, x + w, y, shade)
    gable = x - w * 0.2 * look.side
    sheet.rect(min(gable, x + look.side * w), y - t, max(gable, x + look.side * w), y, wall)
    peak = y - t - size * 0.72
    sheet.poly([(x - w * 1.12, y - t + 0.004), (x - w * 0.66, peak), (x + w * 0.66, peak), (x + w * 1.12, y - t + 0.004)], roof)
    sheet.rect(x + w * 0.30, peak - size * 0.22, x + w * 0.46, peak + size * 0.10, scaled(shade, 0.8))
    for k in (-0.62, -0.08, 0.46):
        on = rng.random() < 0.25 + 0.6 * look.lamps and look.lamps > 0.2
        ink = mix(WARM, look.haze, far * look.density * 0.5) if on else scaled(shade, 0.5)
        sheet.rect(x + k * w, y - t * 0.74, x + (k + 0.26) * w, y - t * 0.34, ink)
        if on:
            sheet.glow(x + (k + 0.13) * w, y - t * 0.5, size * 0.6, WARM, 0.35 * look.lamps)
            sheet.line([(x + (k + 0.13) * w, y - t * 0.74), (x + (k + 0.13) * w, y - t * 0.34)], size * 0.02, shade)
