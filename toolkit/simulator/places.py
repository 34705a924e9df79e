"""The places: one painter a kind of scene, from the sky forwards, each a few layers in depth.

A painter gets a `Set` to build on. It adds layers from far to near, says with `stand` where the
subject goes, and leaves light, haze and grade to the `Look`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from toolkit.simulator.look import Look
from toolkit.simulator.paint import RGB, Plane, Sheet, Stage, brighter, fbm, mix, over, ridge, scaled
from toolkit.simulator.shot import Item, Layer, Shimmer
from toolkit.simulator.words import Script

__all__ = ["PAINTERS", "Set", "Spot"]


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

    def float(self, x: float, y: float, size: float, **how: object) -> None:
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

    def behind(self, like: Sheet) -> np.ndarray:  # type: ignore[type-arg]
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

    def front(self, near: float = 1.45) -> Sheet:
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
    return cv2.remap(tile, map_u, map_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)  # type: ignore[return-value]


def emboss(shape: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator, side: float, octaves: int = 5) -> Plane:
    """Rock faces: noise lit from one side, in about -1..1."""
    height = fbm(shape, cells, rng, octaves)
    slope = np.gradient(height, axis=1) * -side + np.gradient(height, axis=0) * 0.6
    return np.clip(slope / (np.abs(slope).mean() * 2.4 + 1e-6), -1.4, 1.4).astype(np.float32)


# -- trees, plants, houses: things that several places need --------------------------------------


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
        leaf = []
        for s in np.linspace(0, 1, 7):
            leaf.append((tx - np.cos(turn) * reach * s, ty - np.sin(turn) * reach * 0.55 * s + reach * 0.62 * s**2.2))
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


WARM: RGB = (1.0, 0.74, 0.38)
NEON: tuple[RGB, ...] = (
    (1.0, 0.20, 0.46), (0.12, 0.88, 0.95), (1.0, 0.52, 0.14), (0.55, 0.28, 1.0), (0.28, 1.0, 0.52), (1.0, 0.84, 0.25),
)  # fmt: skip


# -- streets and towns ---------------------------------------------------------------------------


def street(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("street")
    s.horizon = h = 0.02 + 0.05 * rng.random()
    vx = (rng.random() - 0.5) * 0.24
    s.sky(low=h)
    lamps = max(look.lamps, 0.25)
    wide = 0.62 if not stage.tall else 0.42
    storeys = 0.95 if not stage.tall else 1.5
    base = [(0.46, 0.36, 0.30), (0.40, 0.37, 0.38), (0.52, 0.44, 0.34), (0.34, 0.33, 0.36), (0.50, 0.33, 0.27)]
    neon_on = s.has("neon", "lantern") or look.night > 0.5
    # the end of the street: a few towers and the glow of what goes on there
    end = stage.sheet(0.8, top=h - 0.55, bottom=h + 0.05)
    for _ in range(9):
        x = vx + (rng.random() - 0.5) * 0.5
        w, t = (0.03 + 0.05 * rng.random(), 0.12 + 0.30 * rng.random() * (1 - min(1, abs(x - vx) * 2)))
        body = look.lit((0.36, 0.36, 0.42), 0.85)
        end.rect(x - w, h - t, x + w, h + 0.03, body)
        window_grid(end, x - w, h - t, x + w, h, rng, step=(0.017, 0.022), lit=0.5 * lamps, glow=mix(WARM, look.haze, 0.3), dark=scaled(body, 0.86))
    end.glow(vx, h, 0.36, mix(look.horizon, WARM, 0.5 * lamps), 0.55)
    s.add(end, 0.22)
    s.mist(h, 0.12, 0.3, 0.5 * look.density, name="end")

    depths = [7.0, 4.6, 3.1, 2.15, 1.5, 1.04, 0.70, 0.42]
    groups = ((0, 2, 0.42), (2, 4, 0.66), (4, 7, 1.02))
    for first, last, near in groups:
        sheet = stage.sheet()
        for i in range(first, last):
            z0, z1 = depths[i], depths[i + 1]
            far = min(1.0, (z0 - 0.7) / 6.5)
            for side in (-1, 1):
                tall = storeys * (0.75 + 0.55 * rng.random())
                rgb = base[int(rng.integers(len(base)))]
                _facade(s, sheet, vx, h, side, wide, z0, z1, tall, rgb, far, rng, lamps, neon_on)
        s.add(sheet, near)
        if last < 7:
            s.mist(h + 0.05, 0.16, near + 0.08, 0.32 * look.density, name=last)
    strings = stage.sheet()
    if s.has("lantern") or (neon_on and rng.random() < 0.7):
        for z in (3.4, 2.3, 1.55):
            y, half, sag = h - 0.50 / z, wide / z, 0.10 / z
            wire = [(vx + half * k, y + sag * (1 - k * k)) for k in np.linspace(-1, 1, 13)]
            strings.line(wire, 0.004 / z, (0.05, 0.05, 0.06))
            for k, (x, yy) in enumerate(wire[1 : -1 : 1 if z < 2 else 2]):
                rgb = (1.0, 0.32, 0.16) if s.has("lantern") else mix(WARM, (1, 1, 1), 0.2)
                r = (0.030 if s.has("lantern") else 0.012) / z
                strings.ellipse(x, yy + r, r, r * 1.15, scaled(rgb, 0.95))
                strings.ellipse(x, yy + r, r * 0.5, r * 0.8, mix(rgb, (1, 1, 0.8), 0.55))
                strings.glow(x, yy + r, r * 5, rgb, 0.42 * lamps + 0.05 * (k % 2))
        s.add(strings, 0.8, sway=(0.003, 0.001, 2.6, rng.random()))
    wet = 0.85 if look.wet else (0.30 if look.night > 0.5 else 0.0)
    ground = s.floor((0.34, 0.33, 0.34), far=0.6, slope=1.15, near=0.5, grain=0.30, cells=(64, 60), wet=wet)
    _paving(ground, vx, h, look, rng)
    if look.wet:
        s.items.append(Shimmer(h + 0.02, stage.bottom, mix(look.horizon, WARM, 0.5), 0.30, 0.5, stage.seed, slope=1.1, cells=(30, 40)))
    s.stand((rng.random() - 0.5) * 0.36 + vx * 0.4, h + 0.33, 0.50, mirror=0.34 * look.wet, shadow=0.5)
    front = s.front()
    if rng.random() < 0.7:
        side = -1 if s.spot.x > 0 else 1
        x = side * (stage.half_w - 0.02)
        front.rect(x - 0.05, -1.2, x + 0.05, 1.2, look.lit((0.10, 0.09, 0.10), 0))
        front.poly(
            [(x - side * 0.02, h - 0.34), (x - side * 0.36, h - 0.24), (x - side * 0.36, h - 0.20), (x - side * 0.02, h - 0.26)],
            look.lit((0.30, 0.10, 0.09), 0, facing=0.3),
        )
        if lamps > 0.4:
            lamp_glow(front, x - side * 0.16, h - 0.13, 0.03, WARM, 0.8)
        front.blur(0.010)
        s.add(front, 1.35)


def _facade(
    s: Set,
    sheet: Sheet,
    vx: float,
    h: float,
    side: int,
    wide: float,
    z0: float,
    z1: float,
    tall: float,
    rgb: RGB,
    far: float,
    rng: np.random.Generator,
    lamps: float,
    neon_on: bool,
) -> None:
    """One house along a street in one-point perspective, between the distances `z0` > `z1`."""
    look = s.look

    def at(z: float, up: float, out: float = 0.0) -> tuple[float, float]:
        return (vx + side * (wide - out) / z, h + (0.42 - up) / z)

    facing = 0.25 + 0.5 * (look.side == -side)
    wall = look.lit(rgb, far, facing=facing)
    roof = tall + 0.42
    sheet.poly([at(z0, 0), at(z1, 0), at(z1, roof), at(z0, roof)], wall)
    sheet.poly([at(z0, roof - 0.05), at(z1, roof - 0.05), at(z1, roof), at(z0, roof)], scaled(wall, 0.7))
    columns = 4
    rows = max(2, int((roof - 0.5) / 0.21))
    for r in range(rows):
        low = 0.52 + r * (roof - 0.56) / rows
        for c in range(columns):
            f0, f1 = (c + 0.25) / columns, (c + 0.75) / columns
            za, zb = 1 / ((1 - f0) / z0 + f0 / z1), 1 / ((1 - f1) / z0 + f1 / z1)
            on = rng.random() < 0.5 * lamps
            tone = 0.6 + 0.4 * rng.random()
            ink = mix(scaled(WARM, tone), look.haze, far * look.density * 0.6) if on else scaled(wall, 0.55)
            sheet.poly([at(za, low), at(zb, low), at(zb, low + 0.115), at(za, low + 0.115)], ink)
    # the shop: a lit front, an awning, a sign across the pavement
    front = mix(WARM if rng.random() < 0.7 else (0.72, 0.9, 1.0), look.haze, far * look.density * 0.5)
    za, zb = z0 * 0.97 + z1 * 0.03, z1 * 0.94 + z0 * 0.06
    bright = 0.25 + 0.75 * lamps
    sheet.poly([at(za, 0.03), at(zb, 0.03), at(zb, 0.33), at(za, 0.33)], mix(scaled(wall, 0.4), front, bright))
    for k in range(5):
        f = (k + rng.random()) / 5
        zc = 1 / ((1 - f) / za + f / zb)
        sheet.poly([at(zc, 0.03), at(zc * 0.985, 0.03), at(zc * 0.985, 0.33), at(zc, 0.33)], scaled(wall, 0.5))
        zd = zc * 0.96
        goods = NEON[int(rng.integers(len(NEON)))]
        sheet.poly([at(zc, 0.03), at(zd, 0.03), at(zd, 0.13), at(zc, 0.13)], mix(scaled(goods, 0.5 + 0.3 * lamps), wall, 0.45))
    cloth = mix(look.lit(NEON[int(rng.integers(len(NEON)))], far, facing=0.5), wall, 0.42)
    for k in range(6):
        f0, f1 = k / 6, (k + 1) / 6
        zc, zd = 1 / ((1 - f0) / za + f0 / zb), 1 / ((1 - f1) / za + f1 / zb)
        ink = cloth if k % 2 else mix(cloth, (0.85, 0.82, 0.76), 0.45)
        ink = mix(ink, scaled(look.lit((0.8, 0.8, 0.8), far), 1.0), 0.1)
        sheet.poly([at(zc, 0.44), at(zd, 0.44), at(zd, 0.36, 0.13), at(zc, 0.36, 0.13)], ink)
        sheet.poly([at(zc, 0.36, 0.13), at(zd, 0.36, 0.13), at(zd, 0.335, 0.13), at(zc, 0.335, 0.13)], scaled(ink, 0.75))
    if neon_on and rng.random() < 0.85:
        ink = s.script.accent or NEON[int(rng.integers(len(NEON)))]
        zs = z1 * 1.12
        up0 = 0.50 + 0.16 * rng.random()
        up1 = up0 + 0.20 + 0.18 * rng.random()
        x0, y0 = at(zs, up1, 0.02)
        x1, y1 = at(zs, up0, 0.15)
        lo, hi = min(x0, x1), max(x0, x1)
        sheet.glow((lo + hi) / 2, (y0 + y1) / 2, 0.26 / zs + 0.05, ink, 0.55 * lamps)
        sheet.rect(lo, y0, hi, y1, scaled(ink, 0.16))
        border = 0.010 / zs
        for a, b, c, d in ((lo, y0, hi, y0 + border), (lo, y1 - border, hi, y1), (lo, y0, lo + border, y1), (hi - border, y0, hi, y1)):
            sheet.rect(a, b, c, d, mix(ink, (1, 1, 1), 0.25))
        cells = 3
        for k in range(cells):  # strokes that read as signs, without being letters
            yy = y0 + (k + 0.5) * (y1 - y0) / cells
            w, t = (hi - lo) * 0.30, (y1 - y0) / cells * 0.30
            for dx0, dy0, dx1, dy1 in rng.choice(_STROKES, 4, replace=False):
                mid = (lo + hi) / 2
                sheet.line([(mid + dx0 * w, yy + dy0 * t), (mid + dx1 * w, yy + dy1 * t)], 0.010 / zs, mix(ink, (1, 1, 1), 0.55))
    if lamps > 0.3:
        x, y = at((za + zb) / 2, 0.2)
        sheet.glow(x, y, 0.20 / z1, front, 0.26 * lamps)


_STROKES = np.array([
    (-1, -1, 1, -1), (-1, 0, 1, 0), (-1, 1, 1, 1), (-1, -1, -1, 1), (1, -1, 1, 1), (0, -1, 0, 1), (-1, 1, 1, -1), (-1, -1, 1, 1),
])  # fmt: skip


def _paving(sheet: Sheet, vx: float, h: float, look: Look, rng: np.random.Generator) -> None:
    """Rows of stones: the joints dark, some stones lighter."""
    ys, xs = sheet.ys, sheet.xs
    depth = np.clip(ys - h, 0.004, None)
    v = 0.42 / depth * 3.2
    row = np.floor(v)
    u = (xs[None] - vx) / depth[:, None] * 1.9 + (row[:, None] % 2) * 0.5
    joint = np.minimum(np.abs(u - np.round(u)) * 9, 1) * np.minimum(np.abs(v - np.round(v)) * 7, 1)[:, None]
    table = rng.random(4096).astype(np.float32)
    stone = table[(np.floor(u).astype(np.int64) * 131 + row.astype(np.int64)[:, None] * 71) % 4096]
    fade = np.clip((ys - h) * 9, 0, 1)[:, None]
    sheet.modulate((1 - fade * (0.26 * (1 - joint) + 0.16 * (stone - 0.5))).astype(np.float32))


def skyline(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("skyline")
    s.horizon = h = 0.16
    s.sky(low=h)
    lamps = max(0.12, look.lamps)
    tallest = 0.55 if not stage.tall else 0.95
    rows = ((0.95, 0.12, 0.5, 26), (0.72, 0.26, 0.75, 18), (0.45, 0.46, 1.0, 13), (0.18, 0.72, 0.9, 9))
    for k, (far, near, size, count) in enumerate(rows):
        sheet = stage.sheet(top=h - tallest - 0.35)
        spread = stage.right + 0.05
        for i in range(count):
            x = -spread + (i + rng.random()) * 2 * spread / count
            w = (0.028 + 0.04 * rng.random()) * (0.8 + 0.9 * near)
            t = tallest * size * (0.35 + 0.65 * rng.random() ** 1.4) * (1 - 0.25 * near * (k == 3))
            tone = (0.34 + 0.1 * rng.random(), 0.37, 0.44)
            face = look.lit(tone, far, facing=0.55)
            other = look.lit(tone, far, facing=0.1)
            base = h + 0.08 + 0.10 * near
            top = base - t - 0.05
            cut = w * 0.42 * look.side
            sheet.rect(x - w, top, x + w, stage.bottom, other)
            sheet.rect(min(x + cut, x + look.side * w), top, max(x + cut, x + look.side * w), stage.bottom, face)
            kind = rng.random()
            if kind < 0.25:
                sheet.rect(x - w * 0.6, top - t * 0.08, x + w * 0.6, top + 0.01, other)
                sheet.line([(x, top - t * 0.08), (x, top - t * 0.26)], 0.004, other)
                sheet.glow(x, top - t * 0.26, 0.018, (1.0, 0.15, 0.1), look.lamps)
            elif kind < 0.45:
                sheet.poly([(x - w, top + 0.002), (x, top - w * 1.6), (x + w, top + 0.002)], mix(other, face, 0.5))
            elif kind < 0.6:
                sheet.ellipse(x, top, w, w * 0.7, mix(other, face, 0.6), start=180, end=360)
            light = mix(WARM, look.haze, far * look.density * 0.65)
            dark = mix(scaled(other, 0.82), scaled(look.horizon, 0.8), 0.25 * (1 - look.night))
            step = (0.0105 + 0.010 * near, 0.013 + 0.013 * near)
            window_grid(sheet, x - w * 0.92, top + 0.012, x + w * 0.92, base + 0.08, rng, step=step, lit=0.55 * lamps, glow=light, dark=dark, fill=0.62)
        s.add(sheet, near)
        s.mist(h + 0.06 + 0.08 * near, 0.14, near + 0.06, 0.75 * look.density * (0.4 + far), name=k)
    if look.lamps > 0.3:
        lights = stage.sheet(0.7, top=h + 0.02, bottom=h + 0.34)
        for x, y, tone in rng.random((110, 3)):
            lights.glow(-stage.right + x * 2 * stage.right, h + 0.10 + 0.2 * y, 0.012 + 0.02 * tone, WARM if tone < 0.7 else NEON[int(tone * 50) % 6], 0.8)
        s.add(lights, 0.75)
    ledge = stage.sheet(top=0.26)
    concrete = look.lit((0.30, 0.30, 0.33), 0.0, facing=0.4)
    ledge.rect(-2, 0.345, 2, 1.5, scaled(concrete, 0.62))
    ledge.rect(-2, 0.335, 2, 0.375, brighter(concrete, 0.06))
    ledge.modulate(1 + fbm((ledge.height, ledge.width), (16, 40), rng, 3) * 0.10)
    for x in np.arange(-1.8, 1.9, 0.21):
        ledge.rect(x, 0.385, x + 0.006, 1.2, scaled(concrete, 0.45))
    s.stand((rng.random() - 0.5) * 0.5, 0.352, 0.40, shadow=0.4)
    s.add(ledge, 1.0)
    s.at = len(s.items)
    front = s.front()
    x = -np.sign(s.spot.x or 1) * (stage.half_w - 0.12)
    front.rect(x - 0.10, 0.20, x + 0.10, 1.2, scaled(concrete, 0.4))
    for k in range(5):
        front.rect(x - 0.085, 0.225 + 0.03 * k, x + 0.085, 0.236 + 0.03 * k, scaled(concrete, 0.26))
    front.line([(x + 0.04, 0.2), (x + 0.04, -0.12)], 0.008, scaled(concrete, 0.34))
    front.blur(0.006)
    s.add(front, 1.32)


def village(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("village")
    s.horizon = h = 0.04
    s.sky(low=h)
    s.hill(h - 0.08, 0.16, (0.34, 0.42, 0.36), 0.85, 0.16, bumps=0.9, name="far")
    s.mist(h - 0.02, 0.10, 0.2, 0.6 * look.density)
    snow = "snow" in s.script.weather
    for k, (y, size, near, far, count) in enumerate(((h + 0.03, 0.62, 0.36, 0.62, 9), (h + 0.12, 0.95, 0.62, 0.32, 6), (h + 0.20, 1.35, 0.88, 0.1, 4))):
        green = (0.72, 0.75, 0.80) if snow else (0.30, 0.38, 0.20)
        s.hill(y + 0.03, 0.03, green, far, near - 0.02, bumps=1.2, name=("row", k))
        sheet = stage.sheet(top=y - 0.75)
        spread = stage.right + 0.1
        for i in range(count):
            x = -spread + (i + 0.2 + 0.6 * rng.random()) * 2 * spread / count
            if k == 2 and abs(x) < 0.26:
                continue
            if s.has("castle") and k == 1 and i == count // 2:
                _castle(sheet, x, y + 0.05, 0.34, look, far, rng)
            else:
                house(sheet, x, y + 0.05 + 0.02 * rng.random(), 0.15 * size * (0.8 + 0.4 * rng.random()), look, far, rng, snow=snow, church=(i == count // 2 and k == 0))
        for _ in range(5):
            x = (rng.random() - 0.5) * 2 * spread
            if not (k == 2 and abs(x) < 0.3):
                crown(sheet, x, y + 0.06, 0.14 * size, look.lit((0.24, 0.34, 0.16), far), rng, look.side, 26)
        s.add(sheet, near)
    path = s.floor((0.80, 0.83, 0.88) if snow else (0.40, 0.40, 0.26), y=h + 0.24, far=0.2, slope=1.0, near=0.9, grain=0.14, wet=0.35 * look.wet)
    tone = look.lit((0.86, 0.88, 0.92) if snow else (0.52, 0.43, 0.32), 0.05)
    path.poly([(-0.03, h + 0.235), (0.04, h + 0.235), (0.40, 1.0), (-0.34, 1.0)], tone, 0.8)
    path.modulate(1 + perspective_noise(path, h + 0.2, rng, (60, 40), stage.detail) * 0.10)
    s.stand((rng.random() - 0.5) * 0.3, 0.36, 0.44, mirror=0.2 * look.wet)
    front = s.front()
    grass(front, 0.50, 0.10, look.lit((0.75, 0.78, 0.82) if snow else (0.22, 0.30, 0.12), 0, facing=0.4), rng, 160)
    front.blur(0.003)
    s.add(front, 1.3, sway=(0.004, 0.0, 2.4, 0.1))


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


def _castle(sheet: Sheet, x: float, y: float, size: float, look: Look, far: float, rng: np.random.Generator) -> None:
    stone, dark = (look.lit((0.56, 0.54, 0.50), far, facing=0.6), look.lit((0.5, 0.48, 0.46), far, facing=0.15))
    for dx, w, t in ((0.0, 0.30, 0.55), (-0.34, 0.10, 0.80), (0.34, 0.10, 0.72), (-0.10, 0.08, 1.05), (0.16, 0.07, 0.92)):
        left, right, top = x + (dx - w) * size, x + (dx + w) * size, y - t * size
        sheet.rect(left, top, right, y, dark)
        sheet.rect((left + right) / 2 if look.side > 0 else left, top, right if look.side > 0 else (left + right) / 2, y, stone)
        for k in range(5):
            sheet.rect(left + k * (right - left) / 5, top - 0.035 * size, left + (k + 0.55) * (right - left) / 5, top + 0.01, stone)
        if w < 0.11:
            sheet.poly([(left - 0.01, top - 0.02 * size), ((left + right) / 2, top - 0.28 * size), (right + 0.01, top - 0.02 * size)], look.lit((0.30, 0.24, 0.36), far))
    for k in range(6):
        if rng.random() < 0.3 + look.lamps:
            sheet.rect(x + (k - 3) * 0.09 * size, y - 0.32 * size, x + (k - 2.8) * 0.09 * size, y - 0.22 * size, mix(WARM, dark, 0.3 + 0.6 * (1 - look.lamps)))


def road(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("road")
    s.horizon = h = 0.00 + 0.04 * rng.random()
    vx = (rng.random() - 0.5) * 0.3
    s.sky(low=h)
    dirt = s.has("dirt")
    dry = s.has("wheat", "red") or "dust" in s.script.weather or rng.random() < 0.35
    land = (0.62, 0.48, 0.28) if dry else (0.34, 0.42, 0.20)
    s.hill(h - 0.07, 0.13, mix(land, (0.4, 0.42, 0.5), 0.6), 0.9, 0.12, bumps=1.1, rough=0.5, name="far")
    s.hill(h - 0.02, 0.05, mix(land, (0.4, 0.42, 0.4), 0.3), 0.7, 0.25, bumps=1.5, name="mid")
    s.mist(h, 0.07, 0.3, 0.55 * look.density)
    ground = s.floor(land, far=0.75, slope=1.15, near=0.42, grain=0.24, cells=(80, 60))
    tone = look.lit((0.62, 0.52, 0.39), 0.12) if dirt else mix(look.lit((0.20, 0.21, 0.23), 0.1), look.middle, 0.10)
    wide = 0.62
    ground.poly([(vx - 0.006, h + 0.002), (vx + 0.006, h + 0.002), (vx + wide * 2.1, 1.1), (vx - wide * 2.1, 1.1)], tone)
    depth = np.clip(ground.ys - h, 0.003, None)
    u = (ground.xs[None] - vx) / depth[:, None] / 1.95
    inside = np.abs(u) < wide
    fade = np.clip((ground.ys - h) * 12, 0, 1)[:, None]
    tex = perspective_noise(ground, h, rng, (100, 80), stage.detail)
    ground.modulate((1 + inside * fade * tex * 0.12).astype(np.float32))
    if dirt:
        for lane in (-0.30, 0.30):
            mask = np.exp(-(((u - lane) / 0.10) ** 2)) * fade * 0.42
            ground.blend(mask.astype(np.float32), scaled(tone, 0.72))
    else:
        white = brighter(look.lit((0.96, 0.94, 0.86), 0.0, facing=0.9), 0.15)
        v = 0.42 / depth * 1.6
        dash = ((v % 1.0) < 0.5)[:, None] & (np.abs(u) < 0.024)
        edge = (np.abs(np.abs(u) - 0.560) < 0.018) & (depth > 0.006)[:, None]
        ground.blend(((dash | edge) * fade * 0.85).astype(np.float32), white)
        if look.wet:
            s._reflection(ground, h, 0.5, rng)
    sheet = stage.sheet()
    for z in (6.0, 4.0, 2.8, 2.0, 1.45, 1.05):
        for side in (-1, 1) if dirt or rng.random() < 0.5 else (1,):
            x, y = vx + side * 0.92 / z, h + 0.42 / z
            far = min(1, z / 7)
            if dirt or (dry and rng.random() < 0.3):
                crown(
                    sheet,
                    x + side * 0.25 / z * rng.random(),
                    y,
                    0.40 / z * (0.7 + 0.5 * rng.random()),
                    look.lit(mix(land, (0.2, 0.34, 0.15), 0.7), far),
                    rng,
                    look.side,
                    34,
                )
            else:
                pole = look.lit((0.30, 0.26, 0.24), far)
                sheet.line([(x, y), (x, y - 0.62 / z)], 0.018 / z, pole)
                sheet.line([(x - 0.10 / z, y - 0.56 / z), (x + 0.10 / z, y - 0.56 / z)], 0.012 / z, pole)
                if look.lamps > 0.5:
                    lamp_glow(sheet, x - side * 0.08 / z, y - 0.60 / z, 0.022 / z, WARM)
    s.add(sheet, 0.62)
    s.stand(vx * 0.4 - 0.16 * look.side, h + 0.30, 0.42, mirror=0.25 * look.wet, shadow=0.55)
    front = s.front()
    grass(front, 0.50, 0.14, look.lit(scaled(land, 0.7), 0, facing=0.5), rng, 200, 0.3)
    front.blur(0.004)
    s.add(front, 1.35, sway=(0.006, 0.0, 2.0, 0.3))


# -- open country --------------------------------------------------------------------------------


def forest(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("forest")
    s.horizon = h = 0.13
    s.sky(low=h, clouds=False)
    if s.look.night < 0.6:
        halo = stage.sheet(0.3)
        sun = look.sun or (0.25 * look.side, 0.2)
        halo.glow(sun[0] * stage.half_w * 0.7, h - 0.16, 0.75, mix(look.horizon, look.disc, 0.4), 0.55)
        s.add(halo, 0.05)
    foggy = "fog" in s.script.weather or s.script.time in {"dawn", "morning"}
    if s.has("jungle", "bamboo"):
        leaf: RGB = (0.16, 0.42, 0.16)
    elif s.has("autumn"):
        leaf = (0.72, 0.36, 0.10)
    else:
        leaf = (0.13, 0.27, 0.20)
    bark: RGB = (0.72, 0.70, 0.66) if s.has("birch") else (0.30, 0.44, 0.18) if s.has("bamboo") else (0.24, 0.18, 0.15)
    pines = s.has("pine") or not s.has("jungle", "bamboo", "birch", "autumn")
    rows = ((0.96, 0.10, 30, 0.34), (0.78, 0.22, 24, 0.50), (0.56, 0.38, 17, 0.72), (0.33, 0.60, 11, 1.05), (0.12, 0.86, 7, 1.5))
    for k, (far, near, count, size) in enumerate(rows):
        sheet = stage.sheet(0.8 if k < 2 else 1.0)
        base = h - 0.02 + 0.06 * k
        spread = stage.right + 0.1
        tint = look.lit(leaf, far, facing=0.35)
        trunk = look.lit(bark, far, facing=0.25)
        for i in range(count):
            x = -spread + (i + 0.15 + 0.7 * rng.random()) * 2 * spread / count
            if k >= 3 and abs(x - 0.05) < (0.16 if k == 3 else 0.30):
                continue  # the clearing where the subject stands
            y = base + 0.03 * rng.random()
            if pines and k < 3:
                conifer(sheet, x, y, size * (0.9 + 0.7 * rng.random()), tint, rng, look.side * (k > 0))
            else:
                w = 0.016 * size * (0.7 + 0.7 * rng.random()) * (2.0 if pines and k > 3 else 1.3)
                lean = (rng.random() - 0.5) * 0.06
                _trunk(sheet, x, y, w, lean, trunk, look, far, rng, bamboo=s.has("bamboo"), birch=s.has("birch"))
                if pines:
                    for b in range(9):
                        yy = y - 0.30 - 0.16 * b * (0.7 + 0.5 * rng.random())
                        reach = size * (0.10 + 0.13 * rng.random())
                        for side in (-1, 1):
                            bough = [(x + lean * -(yy - y), yy), (x + side * reach * 0.6, yy + 0.02), (x + side * reach, yy + 0.075)]
                            sheet.line(bough, 0.030 * size, scaled(tint, 0.6 + 0.3 * rng.random()), taper=0.1)
                elif not s.has("bamboo"):
                    for _ in range(26):
                        lx, ly = (x + (rng.random() - 0.5) * 0.5 * size, y - 0.42 * size - rng.random() * 0.9)
                        r = 0.05 * size * (0.5 + 0.7 * rng.random())
                        sheet.ellipse(lx, ly, r, r * 0.7, scaled(tint, 0.65 + 0.6 * rng.random()))
                else:
                    for _ in range(10):
                        lx, ly = x + (rng.random() - 0.5) * 0.3 * size, y - 0.2 - rng.random() * 0.9
                        sheet.line([(lx, ly), (lx + 0.08 * size * (rng.random() - 0.3), ly + 0.03)], 0.010 * size, scaled(tint, 0.8 + 0.5 * rng.random()), taper=0.1)
        s.add(sheet, near)
        thick = (0.86 if foggy else 0.34) * (1 - 0.13 * k)
        s.mist(base - 0.02, 0.18, near + 0.05, thick * (0.5 + 0.5 * look.density), name=k)
        if k == 3:
            _shafts(s, rng, 0.5 if foggy else 0.28)
    ground = (0.62, 0.66, 0.72) if "snow" in s.script.weather else mix(leaf, (0.22, 0.20, 0.12), 0.55)
    s.hill(h + 0.16, 0.025, ground, 0.10, 0.92, bumps=1.6, name="ground", grain=0.30, cells=(70, 90), shade=0.42, depth=0.3)
    ferns = stage.sheet(top=h)
    _ferns(ferns, h + 0.19, 0.09, look.lit(leaf, 0.06, facing=0.5), rng, 60)
    s.add(ferns, 0.96)
    s.stand((rng.random() - 0.5) * 0.26 + 0.05, h + 0.245, 0.42, shadow=0.5)
    near_ferns = s.front()
    _ferns(near_ferns, 0.52, 0.24, look.lit(scaled(leaf, 0.55), 0, facing=0.2), rng, 26)
    side = -1 if s.spot.x > 0 else 1
    _trunk(near_ferns, side * (stage.half_w - 0.03), 0.62, 0.062, side * 0.03, look.lit(scaled(bark, 0.42), 0, facing=0.25), look, 0.0, rng, birch=s.has("birch"))
    near_ferns.blur(0.005)
    s.add(near_ferns, 1.4, sway=(0.004, 0.0, 3.1, 0.4))


def _trunk(
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
        for k in range(16):
            yy = y - tall * rng.random()
            sheet.rect(x + lean * (y - yy) - w * 0.8 * rng.random(), yy, x + lean * (y - yy) + w * 0.7 * rng.random(), yy + w * 0.22, scaled(rgb, 0.3))
    elif w * sheet.ppu > 5:
        for _ in range(7):
            k, yy = (rng.random() - 0.5) * 1.4 * w, y - tall * rng.random()
            sheet.line([(x + lean * (y - yy) + k, yy), (x + lean * (y - yy + 0.1) + k, yy - 0.10 - 0.1 * rng.random())], w * 0.12, scaled(rgb, 0.66))


def _ferns(sheet: Sheet, y: float, size: float, rgb: RGB, rng: np.random.Generator, num: int) -> None:
    left, right = sheet.x0, sheet.x0 + sheet.width / sheet.ppu
    for a, b, c in rng.random((num, 3)):
        x, yy = left + a * (right - left), y + (b - 0.5) * size * 0.7
        for k in range(6):
            turn = np.pi * (0.12 + 0.76 * (k + 0.5 * c) / 6)
            reach = size * (0.6 + 0.5 * c)
            tip = (x - np.cos(turn) * reach, yy - np.sin(turn) * reach * 0.75 + reach * 0.2)
            middle = (x - np.cos(turn) * reach * 0.5, yy - np.sin(turn) * reach * 0.62)
            sheet.line([(x, yy), middle, tip], size * 0.13, scaled(rgb, 0.6 + 0.55 * rng.random()), taper=0.08)


def _shafts(s: Set, rng: np.random.Generator, strength: float) -> None:
    """Light falling through the trees, where there is a sun."""
    look, stage = s.look, s.stage
    if look.night > 0.6 or s.script.weather & {"rain", "storm"}:
        return
    sheet = stage.sheet(0.25)
    x0 = (look.sun[0] if look.sun else 0.3) * stage.half_w
    light = np.zeros((sheet.height, sheet.width), np.float32)
    xs, ys = sheet.xs[None], sheet.ys[:, None]
    turn = np.arctan2(xs - x0, ys + 1.1)
    for _ in range(9):
        at, wide = (rng.random() - 0.5) * 1.5, 0.012 + 0.035 * rng.random()
        light += np.exp(-(((turn - at) / wide) ** 2)) * (0.3 + 0.7 * rng.random())
    light *= np.clip(1.15 - (ys + 0.5) * 0.85, 0, 1) * 0.32 * strength
    sheet.light(np.clip(light, 0, 0.6)[..., None] * np.asarray(mix(look.disc, look.horizon, 0.4), np.float32))
    phase = rng.random()
    s.add(sheet, 0.55, gain=lambda t: 0.85 + 0.15 * np.sin(2 * np.pi * (t * 0.21 + phase)))


def coast(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("coast")
    storm = "storm" in s.script.weather or "wind" in s.script.weather
    s.horizon = h = -0.03 + 0.05 * rng.random()
    s.sky(low=h)
    side = -1.0 if rng.random() < 0.5 else 1.0
    deep: RGB = (0.06, 0.20, 0.26) if storm else (0.07, 0.33, 0.44)
    sea = stage.sheet(top=h - 0.005)
    depth = np.clip((sea.ys - h) / (stage.half_h - h), 0, 1.3)[:, None, None]
    far_c = np.asarray(mix(look.lit(deep, 0.5), look.horizon, 0.42), np.float32)
    near_c = np.asarray(look.lit(brighter(deep, 0.05), 0.0, facing=0.5), np.float32)
    texture = perspective_noise(sea, h, rng, (150, 26), stage.detail)
    colour = far_c * (1 - depth**0.6) + near_c * depth**0.6
    colour = np.broadcast_to(colour, (sea.height, sea.width, 3)) * (1 + texture[..., None] * (0.26 if storm else 0.16) * np.clip(depth * 4, 0.2, 1))
    sea.blend(np.ones((sea.height, sea.width), np.float32), colour)
    s.add(sea, 0.4, slope=0.9, ground=h)
    glint = look.sun[0] * stage.half_w if look.sun else None
    s.items.append(
        Shimmer(h + 0.004, 0.45, mix(look.horizon, look.disc, 0.6), 0.9 if look.sun else 0.32, 0.4, stage.seed, slope=0.9, cells=(34, 30), centre=glint, speed=0.08)
    )
    # a headland on one side, with its cliffs
    cape = stage.sheet(top=h - 0.42, bottom=h + 0.06)
    xs = cape.xs
    rise = np.clip((xs * side - (0.05 + 0.25 * rng.random())) * 1.5, 0, 1) ** 0.6
    line = h + 0.012 - rise * (0.16 + 0.05 * ridge(xs, rng, bumps=2.6))
    stone: RGB = (0.36, 0.33, 0.30)
    relief = emboss((cape.height, cape.width), (9, 22), rng, look.side)
    cape.below(line, look.lit((0.30, 0.36, 0.22), 0.55, facing=0.7), look.lit(stone, 0.6, facing=0.4), depth=0.07, grain=relief * 0.20)
    cape.rgba[cape.row(h + 0.014) :] = 0
    s.add(cape, 0.26)
    s.mist(h, 0.05, 0.3, 0.5 * look.density)
    waves = 5 if storm else 4
    foam = look.lit((0.96, 0.98, 1.0), 0.0, facing=0.7)
    for k in range(waves):
        share = (k + 1) / waves
        y = h + 0.035 + (0.27 if not s.has("beach") else 0.22) * share**1.35
        swell = (0.030 if storm else 0.011) * (0.4 + share)
        sheet = stage.sheet(top=y - swell * 3.2 - 0.02, bottom=y + 0.14 + 0.10 * share, left=stage.left - 0.15, right=stage.right + 0.15)
        xs = sheet.xs
        crest = y - swell * (ridge(xs, s.rng("wave", k), bumps=2.2 / (0.5 + share), octaves=4, rough=0.5) * 1.6 + 0.3 * np.sin(xs * 21 / (0.5 + share) + k))
        body_top = look.lit(mix(deep, (0.20, 0.55, 0.55), 0.40 if not storm else 0.25), 0.5 * (1 - share), facing=0.75)
        body_low = look.lit(scaled(deep, 0.8), 0.4 * (1 - share), facing=0.3)
        sheet.below(crest, body_top, body_low, depth=0.05 + 0.05 * share)
        fade = np.clip((y + 0.13 + 0.09 * share - sheet.ys) / (0.10 * share + 0.03), 0, 1)[:, None, None]
        sheet.rgba = (sheet.rgba * fade).astype(np.uint8)
        under = sheet.ys[:, None] - crest[None]
        streak = fbm((sheet.height, sheet.width), (12, 60), s.rng("foam", k), 3)
        cap = np.exp(-((under / (0.006 + 0.010 * share)) ** 2)) * np.clip((0.60 if storm else 0.10) + 1.3 * streak, 0, 1)
        trail = np.clip(streak - (0.34 if storm else 0.80), 0, 1) * np.clip(1 - under / (0.05 + 0.06 * share), 0, 1) * (under > 0) * 1.5
        sheet.blend(np.clip(cap + trail, 0, 0.95).astype(np.float32), foam)
        sway = ((0.024 if storm else 0.012) * (0.4 + share), (0.010 if storm else 0.004) * (0.4 + share), 3.4 - 0.9 * share, float(rng.random()))
        if k == waves - 1:
            s.float(-side * 0.12, y + 0.012, 0.40, near=0.86)
        s.add(sheet, 0.40 + 0.52 * share, sway=sway)
    if s.has("beach"):
        sand = stage.sheet(top=0.18)
        line = 0.30 + 0.03 * ridge(sand.xs, rng, bumps=0.8) - 0.05 * sand.xs * side
        tex = perspective_noise(sand, 0.1, rng, (120, 120), stage.detail) * 0.07
        sand.below(line, look.lit((0.58, 0.47, 0.35), 0, facing=0.7), look.lit((0.90, 0.78, 0.58), 0, facing=0.7), depth=0.10, grain=tex)
        edge = np.exp(-(((sand.ys[:, None] - line[None]) / 0.006) ** 2)) * 0.8
        sand.blend(edge.astype(np.float32), foam)
        s.add(sand, 1.0, slope=0.6, ground=0.3)
        s.stand(-side * 0.22 * rng.random(), 0.385, 0.42, shadow=0.5)
        front = s.front()
        if "palm" in s.script.key or rng.random() < 0.5:
            palm(front, side * (stage.half_w - 0.08), 0.62, 0.95, look.lit((0.14, 0.36, 0.16), 0, facing=0.4), rng)
            front.blur(0.002)
            s.add(front, 1.25, sway=(0.008, 0.002, 2.8, 0.2))
    else:
        cliff = stage.sheet(top=-0.02)
        xs = cliff.xs
        rise = np.clip(0.55 - np.abs(xs - side * 0.28) * 0.9, 0, 1)
        line = 0.50 - 0.20 * rise**0.8 - 0.02 * ridge(xs, rng, bumps=4.5)
        relief = emboss((cliff.height, cliff.width), (16, 30), rng, look.side)
        cliff.below(line, look.lit((0.33, 0.36, 0.24), 0, facing=0.7), look.lit(scaled(stone, 0.72), 0, facing=0.3), depth=0.10, grain=relief * 0.34)
        for _ in range(7):
            x = (rng.random() - 0.5) * 2.4
            rock(cliff, x, 0.50 + 0.05 * rng.random(), 0.06 + 0.08 * rng.random(), 0.06 + 0.06 * rng.random(), look.lit(stone, 0, facing=0.5), rng, look.side)
        s.stand(side * 0.28, 0.325, 0.34, shadow=0.45)
        s.add(cliff, 1.0)
        s.at = len(s.items)
        if storm:
            spray = stage.sheet(0.4)
            for x, y, size in rng.random((40, 3)):
                spray.glow(side * 0.28 + (x - 0.5) * 1.5, 0.42 - 0.16 * y * (1 - abs(x - 0.5)), 0.03 + 0.07 * size, foam, 0.16)
            s.add(spray, 1.08, sway=(0.02, 0.03, 1.7, 0.0), gain=lambda t: 0.55 + 0.45 * np.sin(t * 3.1))
        front = s.front()
        grass(front, 0.52, 0.12, look.lit((0.26, 0.30, 0.16), 0, facing=0.3), rng, 150, 0.45 if storm else 0.2)
        front.blur(0.004)
        s.add(front, 1.35, sway=(0.010 if storm else 0.004, 0.0, 1.3 if storm else 2.4, 0.3))


def harbor(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("harbor")
    s.horizon = h = -0.02
    s.sky(low=h)
    s.hill(h - 0.07, 0.10, (0.30, 0.36, 0.36), 0.85, 0.14, bumps=1.1, name="far")
    s.mist(h - 0.01, 0.05, 0.2, 0.5 * look.density)
    quay = stage.sheet(top=h - 0.4, bottom=h + 0.06)
    spread = stage.right + 0.05
    for i in range(15):
        x = -spread + (i + 0.5) * 2 * spread / 15
        house(quay, x, h + 0.025, 0.055 + 0.02 * rng.random(), look, 0.5, rng, church=i == 9)
    quay.rect(-2, h + 0.018, 2, h + 0.05, look.lit((0.32, 0.29, 0.27), 0.45))
    s.add(quay, 0.30)
    water = s.floor((0.10, 0.24, 0.30), y=h + 0.045, far=0.6, slope=1.0, near=0.36, grain=0.22, cells=(140, 30), wet=0.9)
    del water
    s.items.append(Shimmer(h + 0.05, stage.bottom, mix(look.horizon, WARM, 0.3), 0.5, 0.4, stage.seed, slope=1.0, cells=(34, 34), speed=0.05))
    for k, (y, size, near) in enumerate(((h + 0.10, 0.16, 0.5), (h + 0.19, 0.25, 0.72))):
        sheet = stage.sheet(0.9)
        for _ in range(4 - k):
            x = (rng.random() - 0.5) * 2 * spread
            if k and abs(x) < 0.25:
                x += 0.5 * np.sign(x or 1)
            _boat(sheet, x, y + 0.02 * rng.random(), size, look, 0.4 - 0.25 * k, rng)
        s.add(sheet, near, sway=(0.004, 0.003, 2.9, float(rng.random())))
    s.float((rng.random() - 0.5) * 0.3, h + 0.23, 0.46, near=0.86, mirror=0.34)
    pier = stage.sheet(top=0.12)
    wood = look.lit((0.44, 0.34, 0.26), 0.0, facing=0.55)
    vx = (rng.random() - 0.5) * 0.3
    pier.poly([(vx - 0.10, 0.20), (vx + 0.10, 0.20), (vx + 0.95, 1.1), (vx - 0.95, 1.1)], wood)
    depth = np.clip(pier.ys - 0.07, 0.01, None)
    v = 0.5 / depth * 3.0
    plank = np.minimum(np.abs(v - np.round(v)) * 8, 1)[:, None]
    table = rng.random(512).astype(np.float32)
    tone = table[np.floor(v).astype(int) % 512][:, None]
    pier.modulate(np.broadcast_to((0.62 + 0.30 * plank + 0.16 * tone), (pier.height, pier.width)).astype(np.float32))
    for z, k in ((0.24, 0.3), (0.36, 0.6), (0.55, 1.0)):
        for side in (-1, 1):
            x = vx + side * (0.10 + (z - 0.20) * 0.95)
            pier.line([(x, z + 0.10 * k), (x, z - 0.16 * k)], 0.030 * k, scaled(wood, 0.55))
            pier.ellipse(x, z - 0.16 * k, 0.016 * k, 0.006 * k, brighter(wood, 0.1))
    s.add(pier, 0.95, slope=0.7, ground=0.25)
    s.stand(vx + (rng.random() - 0.5) * 0.14, 0.37, 0.42, shadow=0.5)


def _boat(sheet: Sheet, x: float, y: float, size: float, look: Look, far: float, rng: np.random.Generator) -> None:
    hulls = ((0.70, 0.18, 0.14), (0.14, 0.30, 0.50), (0.86, 0.84, 0.78), (0.16, 0.42, 0.36))
    hull = look.lit(hulls[int(rng.integers(4))], far, facing=0.6)
    d = -1 if rng.random() < 0.5 else 1
    ghost = mix(scaled(hull, 0.5), look.lit((0.10, 0.22, 0.28), far), 0.4)
    sheet.poly([(x - d * size * 0.5, y), (x + d * size * 0.5, y), (x + d * size * 0.4, y + size * 0.24), (x - d * size * 0.4, y + size * 0.24)], ghost, 0.5)
    sheet.poly(
        [(x - d * size * 0.52, y - size * 0.15), (x + d * size * 0.62, y - size * 0.20), (x + d * size * 0.44, y + size * 0.02), (x - d * size * 0.46, y + size * 0.02)],
        hull,
    )
    sheet.poly(
        [(x - d * size * 0.52, y - size * 0.15), (x + d * size * 0.62, y - size * 0.20), (x + d * size * 0.58, y - size * 0.15), (x - d * size * 0.5, y - size * 0.11)],
        look.lit((0.92, 0.90, 0.84), far),
    )
    sheet.rect(x - size * 0.24, y - size * 0.36, x + size * 0.04, y - size * 0.14, look.lit((0.88, 0.86, 0.80), far, facing=0.5))
    sheet.rect(x - size * 0.20, y - size * 0.32, x, y - size * 0.23, mix(WARM, look.lit((0.2, 0.24, 0.3), far), 1 - look.lamps))
    if look.lamps > 0.4:
        sheet.glow(x - size * 0.1, y - size * 0.28, size * 0.4, WARM, 0.4)
    mast = look.lit((0.34, 0.26, 0.20), far)
    sheet.line([(x + size * 0.10, y - size * 0.12), (x + size * 0.10, y - size * 1.05)], size * 0.022, mast)
    for k in (-0.5, 0.58):
        sheet.line([(x + size * 0.10, y - size * 1.03), (x + d * size * k, y - size * 0.15)], size * 0.008, mast)


def desert(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("desert")
    s.horizon = h = 0.02
    red = s.has("red")
    sand: RGB = (0.74, 0.38, 0.22) if red else (0.88, 0.66, 0.40)
    s.sky(low=h)
    if red:
        sheet = stage.sheet(0.8, top=h - 0.4, bottom=h + 0.1)
        for _ in range(6):
            x, w, t = ((rng.random() - 0.5) * 2.6, 0.08 + 0.16 * rng.random(), 0.10 + 0.16 * rng.random())
            sheet.poly(
                [(x - w * 1.3, h + 0.06), (x - w, h - t * 0.5), (x - w * 0.85, h - t), (x + w * 0.9, h - t * 0.97), (x + w, h - t * 0.45), (x + w * 1.4, h + 0.06)],
                look.lit(sand, 0.72, facing=0.5),
            )
            for k in range(4):
                sheet.rect(x - w * 0.9, h - t * (0.9 - 0.2 * k), x + w * 0.9, h - t * (0.86 - 0.2 * k), look.lit(scaled(sand, 0.75), 0.72), 0.5)
        s.add(sheet, 0.14)
        s.mist(h, 0.08, 0.2, 0.6 * look.density)
    else:
        s.hill(h - 0.03, 0.05, sand, 0.9, 0.12, bumps=1.0, name="far", octaves=3)
    for k in range(4):
        share = (k + 1) / 4
        _dune(s, h + 0.03 + 0.20 * share**1.2, 0.06 + 0.05 * share, sand, 0.62 * (1 - share), 0.22 + 0.62 * share, k)
        if k < 3:
            s.mist(h + 0.05 + 0.18 * share, 0.06, 0.3 + 0.6 * share, 0.30 * look.density, name=("dune", k))
    s.stand((rng.random() - 0.5) * 0.5, 0.335, 0.36, shadow=0.55)
    if rng.random() < 0.6:
        front = s.front()
        grass(front, 0.53, 0.13, look.lit((0.46, 0.40, 0.22), 0, facing=0.5), rng, 60, 0.3)
        front.blur(0.004)
        s.add(front, 1.35, sway=(0.006, 0.0, 1.9, 0.3))


def _dune(s: Set, y: float, amp: float, sand: RGB, far: float, near: float, k: int) -> None:
    """A dune: one face in the light, the other in its own shadow, ripples over both."""
    stage, look, rng = s.stage, s.look, s.rng("dune", k)
    sheet = stage.sheet(top=y - amp * 1.4 - 0.02)
    xs = sheet.xs
    crest = y - amp * (0.75 * ridge(xs, rng, bumps=0.85, octaves=2, rough=0.3) + 0.25)
    lit = np.asarray(look.lit(sand, far, facing=0.95), np.float32)
    dark = np.asarray(look.lit(scaled(sand, 0.66), far, facing=0.12), np.float32)
    under = sheet.ys[:, None] - crest[None]
    slope = np.gradient(crest, xs)
    # the shadow side hangs from the crest; its edge runs down the dune in a curve
    edge = np.gradient(cv2.blur(crest[None], (max(3, sheet.width // 14) | 1, 1))[0], xs)
    wave = fbm((sheet.height, sheet.width), (7, 7), rng, 2) * 0.16
    shade = np.clip(0.5 + (edge[None] * look.side * 2.6 + slope[None] * look.side * 1.4 * np.exp(-np.clip(under, 0, 1) * 16) + wave), 0, 1)
    shade = shade * shade * (3 - 2 * shade)
    bend = fbm((sheet.height, sheet.width), (6, 5), rng, 2)
    depth = np.clip(under, 0, None)
    ripple = np.sin((sheet.ys[:, None] * (300 - 120 * near) + bend * 9 + xs[None] * 12 * look.side)) * 0.045 * near * np.clip(depth * 14, 0, 1)
    colour = lit * (1 - shade[..., None]) + dark * shade[..., None]
    colour *= (1 + ripple + fbm((sheet.height, sheet.width), (90, 120), rng, 1) * 0.03)[..., None]
    rim = np.exp(-((under / 0.004) ** 2)) * 0.5 * (1 - shade)
    colour = colour + rim[..., None] * np.asarray(look.key, np.float32) * 0.35
    haze = np.clip(depth * 3.2, 0, 0.55) * far * look.density
    colour = colour * (1 - haze[..., None]) + np.asarray(look.haze, np.float32) * haze[..., None]
    sheet.blend(np.clip(under * sheet.ppu + 0.5, 0, 1).astype(np.float32), colour)
    s.add(sheet, near)


def mountain(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("mountain")
    s.horizon = h = 0.10
    s.sky(low=h)
    stone: RGB = (0.42, 0.42, 0.46)
    white: RGB = (0.94, 0.96, 1.0)
    lift = 1.5 if stage.tall else 1.0
    for k, (y, amp, far, near, bumps) in enumerate(((-0.13, 0.19, 0.82, 0.10, 1.5), (-0.03, 0.17, 0.60, 0.20, 1.2), (0.08, 0.10, 0.36, 0.40, 1.6))):
        sheet = stage.sheet(0.9, top=y * lift - amp * lift * 1.2 - 0.05)
        line = (y - amp * np.abs(ridge(sheet.xs, s.rng("peak", k), bumps=bumps, octaves=6, rough=0.52)) * 1.5 + amp * 0.35) * (lift if y < 0 else 1)
        relief = emboss((sheet.height, sheet.width), (8 + 3 * k, 14 + 5 * k), s.rng("relief", k), look.side, 6 if stage.detail > 0.7 else 4)
        under = sheet.ys[:, None] - line[None]
        facing = np.clip(0.5 + 0.5 * relief, 0, 1)[..., None]
        rock_c = np.asarray(look.lit(stone, far, facing=0.15), np.float32) * (1 - facing) + np.asarray(look.lit(stone, far, facing=0.9), np.float32) * facing
        snow_c = (
            np.asarray(look.lit(scaled(white, 0.82), far, facing=0.12), np.float32) * (1 - facing) + np.asarray(look.lit(white, far, facing=0.95), np.float32) * facing
        )
        snow_line = 0.10 * lift + 0.06 * fbm((sheet.height, sheet.width), (10, 24), s.rng("snow", k), 4) + 0.05 * relief
        cover = 1.0 if "snow" in s.script.weather else (0.9, 0.75, 0.0)[k]
        share = (np.clip((snow_line - under) * 26, 0, 1) * cover)[..., None]
        colour = rock_c * (1 - share) + snow_c * share
        haze = (np.clip(under * 2.2, 0, 0.8) * far * look.density)[..., None]
        colour = colour * (1 - haze) + np.asarray(look.haze, np.float32) * haze
        sheet.blend(np.clip(under * sheet.ppu + 0.5, 0, 1).astype(np.float32), colour)
        if s.has("volcano") and k == 1:
            sheet.glow(0.1, -0.2, 0.3, (1.0, 0.35, 0.1), 0.7)
        s.add(sheet, near)
        s.mist(y * lift + 0.14, 0.09, near + 0.05, 0.75 * look.density, name=k)
    for k, (y, near, far, size, count) in enumerate(((0.15, 0.55, 0.30, 0.11, 60), (0.24, 0.78, 0.12, 0.19, 34))):
        base = (0.86, 0.89, 0.95) if "snow" in s.script.weather else (0.24, 0.32, 0.20)
        sheet, line = s.hill(y + 0.04, 0.04, base, far, near, bumps=1.1, name=("slope", k), grain=0.18)
        trees = stage.sheet(top=y - size * 1.6, bottom=y + 0.25)
        for _ in range(count):
            x = (rng.random() - 0.5) * 2 * (stage.right + 0.05)
            if k and abs(x) < 0.28:
                continue
            foot = float(np.interp(x, sheet.xs, line)) + 0.03 * rng.random() + 0.01
            conifer(trees, x, foot, size * (0.7 + 0.7 * rng.random()), look.lit((0.12, 0.24, 0.18), far, facing=0.4), rng, look.side)
        s.add(trees, near)
    s.hill(0.31, 0.03, (0.88, 0.90, 0.95) if "snow" in s.script.weather else (0.36, 0.40, 0.22), 0.02, 1.0, bumps=1.3, name="near", grain=0.22, shade=0.5)
    s.stand((rng.random() - 0.5) * 0.36, 0.365, 0.34, shadow=0.5)
    front = s.front()
    for _ in range(3):
        rock(front, (rng.random() - 0.5) * 2.2, 0.54, 0.16, 0.10, look.lit(scaled(stone, 0.7), 0, facing=0.4), rng, look.side)
    grass(front, 0.53, 0.08, look.lit((0.28, 0.34, 0.16), 0, facing=0.4), rng, 120)
    front.blur(0.004)
    s.add(front, 1.35)


def meadow(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("meadow")
    s.horizon = h = 0.03
    s.sky(low=h)
    if s.has("wheat"):
        green: RGB = (0.80, 0.60, 0.26)
    elif s.has("lavender"):
        green = (0.46, 0.34, 0.66)
    elif "snow" in s.script.weather:
        green = (0.88, 0.90, 0.95)
    else:
        green = (0.38, 0.54, 0.20)
    s.hill(h - 0.06, 0.09, mix(green, (0.36, 0.46, 0.5), 0.75), 0.9, 0.12, bumps=0.9, name="far")
    s.mist(h - 0.01, 0.06, 0.18, 0.5 * look.density)
    s.hill(h + 0.00, 0.05, mix(green, (0.30, 0.42, 0.24), 0.5), 0.66, 0.24, bumps=1.0, name="mid", grain=0.12)
    trees = stage.sheet(top=h - 0.35, bottom=h + 0.16)
    leaf: RGB = (0.66, 0.38, 0.12) if s.has("autumn") or s.script.time == "golden" and rng.random() < 0.4 else (0.20, 0.36, 0.16)
    for _ in range(22):
        x = (rng.random() - 0.5) * 2 * stage.right
        crown(trees, x, h + 0.045 + 0.015 * rng.random(), 0.05 + 0.08 * rng.random(), look.lit(leaf, 0.55), rng, look.side, 26)
    s.add(trees, 0.3)
    sheet, line = s.hill(h + 0.09, 0.035, green, 0.34, 0.46, bumps=0.8, name="field", grain=0.16, cells=(60, 60))
    if s.has("lavender", "vineyard"):
        ys, xs = sheet.ys, sheet.xs
        depth = np.clip(ys - h, 0.02, None)
        rows = np.sin((xs[None] - 0.1) / depth[:, None] * 7.0)
        sheet.modulate((1 + 0.22 * rows * np.clip((ys[:, None] - line[None]) * 8, 0, 1)).astype(np.float32))
    big = stage.sheet(top=-0.5, bottom=h + 0.2)
    x = np.sign(rng.random() - 0.5) * (0.32 + 0.3 * rng.random()) * stage.half_w
    if s.script.subject != "tree":
        crown(big, x, h + 0.125, 0.36, look.lit(leaf, 0.22), rng, look.side, 90)
        s.add(big, 0.55, sway=(0.002, 0.0, 3.2, 0.2))
    s.hill(h + 0.18, 0.03, scaled(green, 0.92), 0.12, 0.80, bumps=0.9, name="near", grain=0.26, cells=(90, 110))
    blades = stage.sheet(top=h + 0.1)
    for k in range(5):
        grass(blades, h + 0.22 + 0.055 * k, 0.035 + 0.016 * k, look.lit(scaled(green, 0.95), 0.12 - 0.02 * k, facing=0.6), rng, 240)
    if s.has("flowers") or (not s.has("wheat", "lavender") and rng.random() < 0.6 and "snow" not in s.script.weather):
        petals: tuple[RGB, ...] = ((0.92, 0.20, 0.18), (0.98, 0.84, 0.25), (0.96, 0.94, 0.90), (0.62, 0.42, 0.86))
        for a, b, c in rng.random((220, 3)):
            px, py = stage.left + a * (stage.right - stage.left), h + 0.17 + 0.30 * b**1.4
            r = 0.004 + 0.007 * b
            blades.ellipse(px, py, r, r * 0.8, look.lit(petals[int(c * 4)], 0.1, facing=0.8))
    if s.has("lavender"):
        for a, b, c in rng.random((500, 3)):
            px, py = stage.left + a * (stage.right - stage.left), h + 0.18 + 0.30 * b
            blades.line(
                [(px, py), (px + 0.004 * (c - 0.5), py - 0.03 - 0.03 * b)], 0.006 + 0.006 * b, look.lit((0.54, 0.36, 0.80), 0.05, facing=0.4 + 0.5 * c), taper=0.4
            )
    windy = "wind" in s.script.weather
    s.add(blades, 0.96, sway=(0.006 if windy else 0.003, 0.0, 1.6 if windy else 2.6, 0.1))
    s.stand((rng.random() - 0.5) * 0.4 - 0.25 * np.sign(x), 0.355, 0.42, shadow=0.4)
    front = s.front()
    tall = look.lit(scaled(green, 0.6), 0, facing=0.45)
    grass(front, 0.50, 0.20, tall, rng, 150, 0.2)
    for _ in range(10):
        a = stage.left + rng.random() * 2 * stage.right
        front.line([(a, 0.6), (a + 0.02, 0.36)], 0.004, tall)
        front.ellipse(a + 0.02, 0.35, 0.016, 0.014, look.lit((0.9, 0.75, 0.5) if not s.has("flowers") else (0.92, 0.25, 0.3), 0, facing=0.6))
    front.blur(0.006)
    s.add(front, 1.4, sway=(0.012 if windy else 0.006, 0.0, 1.3 if windy else 2.2, 0.5))


def lake(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("lake")
    s.horizon = h = 0.02
    s.sky(low=h)
    lift = 1.3 if stage.tall else 1.0
    s.hill(h - 0.13 * lift, 0.14 * lift, (0.40, 0.44, 0.52), 0.86, 0.10, bumps=1.1, rough=0.5, name="far", octaves=6)
    s.hill(h - 0.05, 0.07, (0.26, 0.36, 0.30), 0.66, 0.18, bumps=1.3, name="mid")
    s.mist(h - 0.02, 0.06, 0.2, 0.7 * look.density)
    trees = stage.sheet(top=h - 0.35, bottom=h + 0.03)
    for _ in range(80):
        x = (rng.random() - 0.5) * 2 * (stage.right + 0.05)
        size = 0.07 + 0.10 * rng.random() * (0.5 + abs(x) / stage.right)
        conifer(trees, x, h + 0.012, size, look.lit((0.11, 0.24, 0.18), 0.42, facing=0.35), rng, look.side)
    trees.rect(-2, h + 0.002, 2, h + 0.014, look.lit((0.20, 0.22, 0.16), 0.4))
    s.add(trees, 0.30)
    if s.has("waterfall"):
        fall = stage.sheet(0.8, top=-0.5, bottom=h + 0.05)
        x = -0.2 + 0.4 * rng.random()
        fall.poly([(x - 0.16, h + 0.03), (x - 0.10, -0.32), (x + 0.10, -0.33), (x + 0.17, h + 0.03)], look.lit((0.30, 0.30, 0.32), 0.3))
        mask = np.exp(-(((fall.xs[None] - x) / 0.045) ** 4)) * np.clip((fall.ys[:, None] + 0.31) * 40, 0, 1) * (fall.ys[:, None] < h + 0.02)
        streak = fbm((fall.height, fall.width), (3, 60), rng, 3)
        fall.blend((mask * np.clip(0.75 + 0.4 * streak, 0, 1)).astype(np.float32), look.lit((0.95, 0.98, 1.0), 0.2, facing=0.7))
        s.add(fall, 0.34)
        s.mist(h, 0.05, 0.36, 0.8, name="spray", rgb=look.lit((0.95, 0.97, 1.0), 0.2, facing=0.6))
    s.floor((0.10, 0.22, 0.26), y=h + 0.012, far=0.5, slope=1.0, near=0.30, grain=0.10, cells=(150, 20), wet=0.92)
    glint = look.sun[0] * stage.half_w if look.sun else None
    s.items.append(
        Shimmer(
            h + 0.02,
            stage.bottom,
            mix(look.horizon, look.disc, 0.5),
            0.6 if look.sun else 0.3,
            0.4,
            stage.seed,
            slope=1.0,
            cells=(40, 26),
            centre=glint,
            spread=0.5,
            speed=0.03,
        )
    )
    s.mist(h + 0.03, 0.04, 0.4, 0.55 * look.density, name="water")
    s.float((rng.random() - 0.5) * 0.3, h + 0.20, 0.40, near=0.8, mirror=0.3)
    bank = stage.sheet(top=0.22)
    line = 0.36 + 0.05 * ridge(bank.xs, rng, bumps=1.0) + 0.10 * bank.xs * look.side
    bank.below(
        line, look.lit((0.34, 0.36, 0.20), 0, facing=0.6), look.lit((0.16, 0.15, 0.10), 0), depth=0.18, grain=fbm((bank.height, bank.width), (24, 60), rng, 4) * 0.25
    )
    for _ in range(6):
        x = (rng.random() - 0.5) * 2
        rock(bank, x, float(np.interp(x, bank.xs, line)) + 0.02, 0.05 + 0.05 * rng.random(), 0.035, look.lit((0.44, 0.43, 0.42), 0, facing=0.5), rng, look.side)
    s.add(bank, 1.0)
    x = -look.side * (0.12 + 0.16 * rng.random())
    s.stand(x, float(np.interp(x, bank.xs, line)) + 0.03, 0.38, shadow=0.45)
    front = s.front()
    grass(front, 0.52, 0.26, look.lit((0.24, 0.32, 0.13), 0, facing=0.3), rng, 70, 0.1)
    front.blur(0.005)
    s.add(front, 1.35, sway=(0.007, 0.0, 2.5, 0.2))


def snowfield(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("snowfield")
    s.horizon = h = 0.06
    s.sky(low=h)
    if s.has("aurora") or (look.night > 0.8 and rng.random() < 0.5):
        for k in range(3):
            sheet = stage.sheet(0.3, bottom=h)
            xs = sheet.xs
            path = -0.25 + 0.10 * k + 0.12 * ridge(xs, s.rng("aurora", k), bumps=0.9, octaves=3)
            up = path[None] - sheet.ys[:, None]
            curtain = np.clip(up / 0.02 + 0.5, 0, 1) * np.exp(-np.clip(up, 0, None) / (0.14 + 0.05 * k))
            rays = 0.6 + 0.5 * ridge(xs, s.rng("rays", k), bumps=12, octaves=3)
            tint = np.clip(up / 0.3, 0, 1)[..., None]
            colour = np.asarray((0.16, 0.95, 0.56), np.float32) * (1 - tint) + np.asarray((0.55, 0.22, 0.85), np.float32) * tint
            sheet.light((curtain * rays[None] * 0.62)[..., None] * colour)
            phase = float(rng.random())
            s.add(sheet, 0.03, sway=(0.02, 0.006, 5.0, phase), gain=lambda t, p=phase: 0.8 + 0.2 * np.sin(t * 1.3 + p * 6))  # type: ignore[misc]
    white: RGB = (0.90, 0.94, 1.0)
    for k, (y, amp, far, near) in enumerate(((h - 0.10, 0.14, 0.85, 0.12), (h - 0.02, 0.06, 0.6, 0.24))):
        sheet, line = s.hill(y, amp, white, far, near, bumps=1.3, rough=0.5, name=("far", k), octaves=6, grain=0.0)
        relief = emboss((sheet.height, sheet.width), (10, 20), s.rng("relief", k), look.side)
        sheet.modulate(1 + relief * 0.10)
    s.mist(h, 0.07, 0.3, 0.6 * look.density)
    trees = stage.sheet(top=h - 0.25, bottom=h + 0.2)
    for _ in range(26):
        x = (rng.random() - 0.5) * 2 * stage.right
        t = 0.08 + 0.10 * rng.random()
        conifer(trees, x, h + 0.07, t, look.lit((0.22, 0.32, 0.34), 0.45), rng, look.side)
        for up, wide in ((0.92, 0.05), (0.62, 0.10), (0.36, 0.14)):
            y = h + 0.07 - up * t
            trees.poly([(x, y), (x + wide * t, y + 0.16 * t), (x, y + 0.11 * t), (x - wide * t, y + 0.16 * t)], look.lit(white, 0.35))
    s.add(trees, 0.36)
    s.hill(h + 0.08, 0.03, white, 0.3, 0.52, bumps=0.8, name="b", octaves=3, grain=0.04, shade=0.80)
    s.hill(h + 0.18, 0.04, white, 0.08, 0.86, bumps=0.7, name="c", octaves=3, grain=0.06, cells=(50, 50), shade=0.74)
    prints = stage.sheet(top=0.2)
    for k in range(16):
        y = h + 0.20 + 0.022 * k
        prints.ellipse(0.02 * np.sin(k * 3.1) + 0.012 * (k - 6), y, 0.008 + 0.001 * k, 0.004 + 0.0005 * k, look.lit((0.62, 0.70, 0.86), 0))
    s.add(prints, 0.9)
    s.stand((rng.random() - 0.5) * 0.3, 0.345, 0.40, shadow=0.35)
    front = s.front()
    line = 0.50 + 0.05 * ridge(front.xs, rng, bumps=0.9, octaves=2)
    front.below(line, look.lit(white, 0, facing=0.8), look.lit(scaled(white, 0.7), 0), depth=0.2)
    front.blur(0.006)
    s.add(front, 1.3)


# -- inside --------------------------------------------------------------------------------------


def _outside(s: Set, sheet: Sheet, x0: float, y0: float, x1: float, y1: float, rng: np.random.Generator) -> None:
    """What is seen through a window: sky, blurred greens or lights."""
    look = s.look
    view = Sheet(np.zeros((96, 128, 4), np.uint8), 0.0, 0.0, 96.0)
    view.gradient([(0.0, mix(look.zenith, look.middle, 0.6)), (0.55, look.middle), (0.8, look.horizon), (1.0, look.haze)])
    for _ in range(16):
        a, b, c = rng.random(3)
        if look.night > 0.5:
            view.ellipse(a * 1.33, 0.45 + 0.5 * b, 0.03 + 0.03 * c, 0.03 + 0.03 * c, mix(WARM, NEON[int(c * 6)], 0.4))
        else:
            view.ellipse(a * 1.33, 0.85 + 0.3 * b, 0.10 + 0.1 * c, 0.12 + 0.12 * c, look.lit((0.40, 0.52, 0.30), 0.55, facing=0.8))
    picture = cv2.GaussianBlur(view.rgba, (0, 0), 2.6)
    r0, r1, c0, c1 = sheet.row(y0), sheet.row(y1), sheet.column(x0), sheet.column(x1)
    if r1 > r0 and c1 > c0:
        sheet.rgba[r0:r1, c0:c1] = cv2.resize(picture, (c1 - c0, r1 - r0))
        if look.night < 0.5:
            sheet.rgba[r0:r1, c0:c1, :3] = cv2.convertScaleAbs(sheet.rgba[r0:r1, c0:c1, :3], alpha=1.16, beta=10)


def _wall_with_windows(s: Set, wall: RGB, floor_y: float, rng: np.random.Generator, *, panes: int, wide: float, top: float) -> list[tuple[float, float]]:
    """The far wall of a room; returns the left and right edge of every window."""
    stage, look = s.stage, s.look
    sheet = stage.sheet()
    inside = 0.52 if look.night < 0.5 else 0.34
    tone = scaled(mix(wall, look.lit(wall, 0, facing=0.4), 0.6), inside + 0.25 * look.lamps)
    sheet.gradient([(stage.top, scaled(tone, 0.55)), (-0.25, scaled(tone, 0.95)), (floor_y, tone), (stage.bottom, scaled(tone, 0.8))])
    sheet.modulate(1 + fbm((sheet.height, sheet.width), (20, 30), rng, 3) * 0.035)
    sheet.rect(-3, floor_y - 0.10, 3, floor_y - 0.088, scaled(tone, 0.6))
    edges = []
    first = -wide * panes / 2 + s.look.side * 0.12
    for k in range(panes):
        x0 = first + k * wide + 0.025
        x1 = first + (k + 1) * wide - 0.025
        _outside(s, sheet, x0, top, x1, floor_y - 0.13, rng)
        frame = scaled(tone, 0.42)
        for a in (x0, (x0 + x1) / 2, x1):
            sheet.rect(a - 0.007, top - 0.01, a + 0.007, floor_y - 0.12, frame)
        for b in (top, top + (floor_y - 0.13 - top) * 0.36, floor_y - 0.13):
            sheet.rect(x0 - 0.008, b - 0.006, x1 + 0.008, b + 0.006, frame)
        sheet.rect(x0 - 0.03, floor_y - 0.13, x1 + 0.03, floor_y - 0.115, scaled(tone, 1.15))
        glow = look.horizon if look.night < 0.5 else look.middle
        sheet.glow((x0 + x1) / 2, (top + floor_y) / 2, 0.36, glow, 0.30 * (1 - 0.6 * look.night))
        edges.append((x0, x1))
    s.add(sheet, 0.45, opaque=True)
    return edges


def _window_light(s: Set, edges: list[tuple[float, float]], floor_y: float) -> None:
    """Patches of sun on the floor and the beam they come by."""
    look, stage = s.look, s.stage
    if look.night > 0.5:
        return
    floor = stage.sheet(0.5, top=floor_y)
    beam = stage.sheet(0.3)
    lean = -look.side * 0.42
    ink = np.asarray(mix(look.disc, look.horizon, 0.3), np.float32)
    for x0, x1 in edges:
        mid = (x0 + x1) / 2
        for a, b in ((x0, mid), (mid, x1)):
            patch = np.array(
                [(a + lean * 0.35, floor_y + 0.05), (b + lean * 0.35, floor_y + 0.05), (b * 1.15 + lean * 1.15, floor_y + 0.30), (a * 1.15 + lean * 1.15, floor_y + 0.30)]
            )
            mask = np.zeros((floor.height, floor.width), np.uint8)
            cv2.fillPoly(mask, [floor.fixed(patch)], 255, cv2.LINE_AA, 4)
            soft = cv2.GaussianBlur(mask, (0, 0), 0.008 * floor.ppu).astype(np.float32) / 255
            floor.light(soft[..., None] * ink * 0.36)
        quad = np.array([(x0, -0.36), (x1, -0.36), (x1 * 1.1 + lean * 1.15, floor_y + 0.30), (x0 * 1.1 + lean * 1.15, floor_y + 0.30)])
        mask = np.zeros((beam.height, beam.width), np.uint8)
        cv2.fillPoly(mask, [beam.fixed(quad)], 255, cv2.LINE_AA, 4)
        beam.light((cv2.GaussianBlur(mask, (0, 0), 0.02 * beam.ppu).astype(np.float32) / 255)[..., None] * ink * 0.13)
    s.add(floor, 0.8, slope=0.7, ground=floor_y + 0.1)
    s.add(beam, 0.75, gain=lambda t: 0.92 + 0.08 * np.sin(t * 1.1))


def _planks(s: Set, y: float, rgb: RGB, rng: np.random.Generator, *, across: bool = False, gloss: float = 0.25) -> Sheet:
    """A wooden or tiled floor."""
    sheet = s.floor(rgb, y=y, far=0.15, slope=0.85, near=0.5, grain=0.10, cells=(40, 90), wet=gloss)
    depth = np.clip(sheet.ys - (y - 0.10), 0.02, None)
    u = sheet.xs[None] / depth[:, None] * 1.5
    v = 0.4 / depth * 3
    joint = np.minimum(np.abs(u - np.round(u)) * 16, 1)
    table = rng.random(2048).astype(np.float32)
    tone = table[(np.floor(u).astype(np.int64) * 97 + np.floor(v * 0.6).astype(np.int64)[:, None] * 31) % 2048]
    if across:
        joint = joint * np.minimum(np.abs(v - np.round(v)) * 9, 1)[:, None]
    sheet.modulate((0.80 + 0.12 * joint + 0.16 * tone).astype(np.float32))
    return sheet


def _table_and_chairs(sheet: Sheet, x: float, y: float, size: float, wood: RGB, rim: RGB, rng: np.random.Generator, *, cup: bool = True) -> None:
    dark = scaled(wood, 0.45)
    for side in (-1, 1):
        cx = x + side * size * 0.92
        sheet.line([(cx, y - size * 0.46), (cx + side * size * 0.05, y - size * 1.05)], size * 0.05, dark)
        sheet.line([(cx + side * size * 0.22, y - size * 0.46), (cx + side * size * 0.28, y - size * 1.05)], size * 0.05, dark)
        for k in (0.66, 0.82, 1.0):
            sheet.line([(cx + side * size * 0.02, y - size * k), (cx + side * size * 0.26, y - size * k)], size * 0.045, dark)
        sheet.ellipse(cx + side * size * 0.05, y - size * 0.46, size * 0.24, size * 0.055, scaled(wood, 0.62))
        for k in (-0.16, 0.2):
            sheet.line([(cx + side * size * 0.05 + k * size, y - size * 0.46), (cx + side * size * 0.05 + k * 1.15 * size, y + size * 0.02)], size * 0.035, dark)
    sheet.line([(x, y - size * 0.66), (x, y)], size * 0.07, dark)
    sheet.ellipse(x, y, size * 0.30, size * 0.06, dark)
    sheet.ellipse(x, y - size * 0.66, size * 0.66, size * 0.15, scaled(wood, 0.6))
    sheet.ellipse(x, y - size * 0.69, size * 0.66, size * 0.15, wood)
    sheet.ellipse(x - size * 0.12, y - size * 0.71, size * 0.42, size * 0.075, rim, alpha=0.35)
    if cup:
        sheet.ellipse(x + size * 0.15, y - size * 0.70, size * 0.12, size * 0.03, (0.86, 0.84, 0.80))
        sheet.poly(
            [(x + size * 0.08, y - size * 0.84), (x + size * 0.24, y - size * 0.84), (x + size * 0.21, y - size * 0.70), (x + size * 0.11, y - size * 0.70)],
            (0.90, 0.88, 0.84),
        )
        sheet.ellipse(x + size * 0.16, y - size * 0.84, size * 0.08, size * 0.022, (0.25, 0.15, 0.10))


def _pendants(s: Set, y: float, rng: np.random.Generator, count: int = 4, near: float = 0.72) -> None:
    sheet = s.stage.sheet()
    on = max(0.45, s.look.lamps)
    for k in range(count):
        x = (k - (count - 1) / 2) * 0.42 + 0.05 * (rng.random() - 0.5)
        drop = y + 0.05 * (rng.random() - 0.5)
        sheet.line([(x, sheet.y0), (x, drop)], 0.004, (0.05, 0.045, 0.04))
        sheet.poly([(x - 0.018, drop), (x + 0.018, drop), (x + 0.058, drop + 0.055), (x - 0.058, drop + 0.055)], (0.12, 0.10, 0.09))
        sheet.ellipse(x, drop + 0.055, 0.058, 0.013, mix((0.4, 0.3, 0.2), (1.0, 0.86, 0.58), on))
        sheet.glow(x, drop + 0.08, 0.30, WARM, 0.42 * on)
        sheet.glow(x, drop + 0.06, 0.07, (1, 0.9, 0.7), 0.7 * on)
    s.add(sheet, near)


def cafe(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("cafe")
    s.interior = True
    walls: tuple[RGB, ...] = ((0.62, 0.46, 0.34), (0.36, 0.46, 0.42), (0.66, 0.58, 0.46), (0.46, 0.30, 0.26))
    wall = s.script.accent or walls[int(rng.integers(len(walls)))]
    floor_y = 0.14
    s.horizon = floor_y
    edges = _wall_with_windows(s, wall, floor_y, rng, panes=3, wide=0.52, top=-0.34)
    shelf = stage.sheet()
    side = look.side * -1
    cx = side * (stage.half_w - 0.16)
    wood = (0.42, 0.27, 0.17)
    for k in range(3):
        y = -0.22 + 0.12 * k
        shelf.rect(cx - 0.20, y, cx + 0.25, y + 0.012, scaled(wood, 0.7))
        for b in range(9):
            tall = 0.03 + 0.05 * rng.random()
            bx = cx - 0.18 + 0.045 * b
            tone = ((0.55, 0.30, 0.16), (0.30, 0.40, 0.26), (0.75, 0.68, 0.56), (0.34, 0.22, 0.20))[int(rng.integers(4))]
            shelf.rect(bx, y - tall, bx + 0.024, y, tone)
            shelf.rect(bx + 0.007, y - tall - 0.016, bx + 0.017, y - tall, scaled(tone, 0.8))
            shelf.rect(bx + 0.004, y - tall, bx + 0.008, y, brighter(tone, 0.3))
    shelf.rect(cx - 0.30, floor_y - 0.16, cx + 0.40, floor_y + 0.13, scaled(wood, 0.62))
    shelf.rect(cx - 0.32, floor_y - 0.175, cx + 0.42, floor_y - 0.150, brighter(scaled(wood, 1.1), 0.08))
    for k in range(7):
        shelf.rect(cx - 0.29 + 0.1 * k, floor_y - 0.145, cx - 0.285 + 0.1 * k, floor_y + 0.13, scaled(wood, 0.42))
    s.add(shelf, 0.52)
    _planks(s, floor_y + 0.06, (0.46, 0.32, 0.22), rng)
    _window_light(s, edges, floor_y)
    _pendants(s, -0.33, rng)
    rim = mix(look.disc, WARM, 0.5)
    for near, y, size, xs in ((0.66, floor_y + 0.13, 0.14, (-0.55, 0.02)), (0.95, floor_y + 0.27, 0.22, (-0.42, 0.48))):
        sheet = stage.sheet()
        for x in xs:
            _table_and_chairs(sheet, x + 0.08 * (rng.random() - 0.5), y, size, (0.50, 0.33, 0.21), rim, rng)
        s.add(sheet, near)
    plant = stage.sheet()
    px = -side * (stage.half_w - 0.06)
    plant.poly([(px - 0.07, 0.22), (px + 0.07, 0.22), (px + 0.05, 0.38), (px - 0.05, 0.38)], (0.55, 0.36, 0.27))
    _ferns(plant, 0.22, 0.30, (0.20, 0.40, 0.22), rng, 0)
    for k in range(14):
        turn = np.pi * (0.1 + 0.8 * k / 13)
        reach = 0.20 + 0.16 * rng.random()
        plant.line(
            [(px, 0.22), (px - np.cos(turn) * reach * 0.6, 0.22 - np.sin(turn) * reach), (px - np.cos(turn) * reach, 0.22 - np.sin(turn) * reach * 0.8)],
            0.05,
            scaled((0.22, 0.42, 0.22), 0.6 + 0.6 * rng.random()),
            taper=0.1,
        )
    s.add(plant, 0.9, sway=(0.001, 0.0, 3, 0))
    s.stand((rng.random() - 0.5) * 0.2, floor_y + 0.24, 0.48, shadow=0.4)
    front = s.front()
    front.ellipse(-side * 0.35, 0.70, 0.66, 0.26, (0.30, 0.19, 0.12))
    front.ellipse(-side * 0.35, 0.69, 0.62, 0.22, (0.40, 0.26, 0.17))
    front.glow(-side * 0.2, 0.56, 0.3, rim, 0.25)
    front.poly([(-side * 0.42 - 0.07, 0.40), (-side * 0.42 + 0.07, 0.40), (-side * 0.42 + 0.05, 0.54), (-side * 0.42 - 0.05, 0.54)], (0.86, 0.83, 0.78))
    front.ellipse(-side * 0.42, 0.40, 0.07, 0.018, (0.26, 0.15, 0.09))
    front.blur(0.008)
    s.add(front, 1.35)


def room(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("room")
    s.interior = True
    walls: tuple[RGB, ...] = ((0.72, 0.68, 0.60), (0.50, 0.56, 0.60), (0.66, 0.54, 0.50), (0.48, 0.54, 0.44))
    wall = s.script.accent or walls[int(rng.integers(len(walls)))]
    floor_y = 0.16
    s.horizon = floor_y
    library = s.has("library")
    edges = _wall_with_windows(s, wall, floor_y, rng, panes=1 if library else 2, wide=0.56, top=-0.36)
    back = stage.sheet()
    lamp_on = max(0.3, look.lamps)
    if library or s.has("office"):
        for side in (-1, 1):
            x0 = side * 0.40 if side > 0 else -stage.right
            x1 = stage.right if side > 0 else -0.34
            back.rect(x0, -0.7, x1, floor_y + 0.02, (0.20, 0.13, 0.09))
            y = -0.62
            while y < floor_y - 0.06:
                back.rect(x0, y + 0.115, x1, y + 0.128, (0.34, 0.22, 0.14))
                x = x0 + 0.01
                while x < x1 - 0.02:
                    w, t = 0.012 + 0.018 * rng.random(), 0.07 + 0.04 * rng.random()
                    tone = ((0.52, 0.20, 0.16), (0.20, 0.28, 0.38), (0.58, 0.48, 0.30), (0.22, 0.34, 0.26), (0.66, 0.62, 0.54))[int(rng.integers(5))]
                    back.rect(x, y + 0.115 - t, x + w, y + 0.115, scaled(tone, 0.55 + 0.35 * rng.random()))
                    x += w + 0.002
                y += 0.128
    else:
        for k, x in enumerate((-0.72, 0.66)):
            if rng.random() < 0.85:
                back.rect(x - 0.10, -0.26, x + 0.10, -0.04, (0.22, 0.16, 0.12))
                tone = look.lit((0.5 + 0.3 * rng.random(), 0.5, 0.45 + 0.2 * k), 0.1)
                back.rect(x - 0.088, -0.248, x + 0.088, -0.052, tone)
                back.poly([(x - 0.088, -0.10), (x - 0.02, -0.17), (x + 0.05, -0.11), (x + 0.088, -0.14), (x + 0.088, -0.052), (x - 0.088, -0.052)], scaled(tone, 0.6))
        for x0, x1 in edges[:1] + edges[-1:]:
            for x, d in ((x0 - 0.05, 1), (x1 + 0.05, -1)):
                if (x < 0) == (d > 0):
                    for f in range(5):
                        back.poly(
                            [
                                (x + d * 0.018 * f - 0.012, -0.42),
                                (x + d * 0.018 * f + 0.012, -0.42),
                                (x + d * 0.016 * f + 0.016, floor_y - 0.02),
                                (x + d * 0.016 * f - 0.012, floor_y - 0.02),
                            ],
                            scaled(brighter(wall, 0.2), 0.62 + 0.12 * (f % 2)),
                        )
    s.add(back, 0.5)
    _planks(s, floor_y + 0.05, (0.44, 0.31, 0.21), rng, gloss=0.18)
    _window_light(s, edges, floor_y)
    things = stage.sheet()
    side = look.side * -1
    sofa = s.script.accent or ((0.30, 0.36, 0.44), (0.52, 0.30, 0.22), (0.36, 0.42, 0.32))[int(rng.integers(3))]
    x = side * 0.58
    if s.has("bedroom"):
        things.rect(x - 0.42, 0.06, x + 0.42, 0.34, scaled(sofa, 0.6))
        things.poly([(x - 0.42, 0.14), (x + 0.42, 0.14), (x + 0.50, 0.36), (x - 0.50, 0.36)], (0.84, 0.82, 0.80))
        things.poly([(x - 0.43, 0.20), (x + 0.43, 0.20), (x + 0.50, 0.38), (x - 0.50, 0.38)], sofa)
        for k in (-0.22, 0.16):
            things.ellipse(x + k, 0.13, 0.14, 0.045, (0.92, 0.90, 0.88))
    elif s.has("kitchen", "office"):
        things.rect(x - 0.40, 0.08, x + 0.40, 0.115, (0.62, 0.46, 0.32))
        things.rect(x - 0.38, 0.115, x + 0.38, 0.34, scaled((0.50, 0.52, 0.50), 0.6))
        things.rect(x - 0.10, -0.03, x + 0.14, 0.08, (0.16, 0.17, 0.19))
        things.rect(x - 0.09, -0.02, x + 0.13, 0.065, mix((0.3, 0.4, 0.5), (0.6, 0.8, 0.95), 0.4 + 0.4 * look.night))
    else:
        things.rect(x - 0.34, 0.03, x + 0.34, 0.22, scaled(sofa, 0.8))
        for k in (-1, 1):
            things.ellipse(x + k * 0.34, 0.18, 0.06, 0.10, scaled(sofa, 0.9))
            things.rect(x + k * 0.34 - 0.06, 0.17, x + k * 0.34 + 0.06, 0.31, scaled(sofa, 0.85))
        things.rect(x - 0.34, 0.18, x + 0.34, 0.29, sofa)
        things.rect(x - 0.003, 0.18, x + 0.003, 0.28, scaled(sofa, 0.7))
        things.ellipse(x - 0.18, 0.13, 0.075, 0.06, brighter(sofa, 0.3), angle=12)
        things.ellipse(x + 0.2, 0.14, 0.07, 0.055, (0.80, 0.62, 0.34), angle=-10)
    lx = x + (0.46 if side < 0 else -0.46)
    things.line([(lx, 0.30), (lx, -0.16)], 0.008, (0.14, 0.12, 0.11))
    things.poly([(lx - 0.045, -0.25), (lx + 0.045, -0.25), (lx + 0.085, -0.12), (lx - 0.085, -0.12)], mix((0.74, 0.66, 0.54), (1.0, 0.88, 0.62), lamp_on))
    things.glow(lx, -0.14, 0.42, WARM, 0.40 * lamp_on)
    s.add(things, 0.76)
    rug = stage.sheet(top=floor_y)
    rug.ellipse(0, 0.42, 0.62, 0.13, scaled(mix(sofa, (0.7, 0.5, 0.4), 0.5), 0.7))
    rug.ellipse(0, 0.42, 0.55, 0.108, scaled(mix(sofa, (0.8, 0.7, 0.55), 0.6), 0.8))
    s.add(rug, 0.9)
    s.stand(-side * 0.14 * rng.random(), floor_y + 0.22, 0.46, shadow=0.4)
    front = s.front()
    px = -side * (stage.half_w - 0.05)
    for k in range(12):
        turn = np.pi * (0.1 + 0.8 * k / 11)
        reach = 0.24 + 0.16 * rng.random()
        front.line(
            [(px, 0.5), (px - np.cos(turn) * reach * 0.7, 0.5 - np.sin(turn) * reach), (px - np.cos(turn) * reach * 1.1, 0.5 - np.sin(turn) * reach * 0.7)],
            0.06,
            scaled((0.14, 0.26, 0.14), 0.6 + 0.5 * rng.random()),
            taper=0.1,
        )
    front.blur(0.008)
    s.add(front, 1.35, sway=(0.002, 0.0, 3.0, 0.0))


def station(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("station")
    s.interior = True
    s.horizon = h = 0.00
    vx = (rng.random() - 0.5) * 0.22
    inner = not s.has("train")
    concrete: RGB = (0.46, 0.47, 0.50)
    bright = 0.45 + 0.4 * look.lamps
    sky = stage.sheet(0.5)
    sky.gradient([(stage.top, look.zenith), (-0.2, look.middle), (h, look.horizon), (stage.bottom, scaled(look.haze, 0.6))])
    s.add(sky, 0.0, opaque=True)
    hall = stage.sheet()
    tall, wide = (0.95, 1.05) if not stage.tall else (1.5, 0.75)

    def at(x: float, up: float, z: float) -> tuple[float, float]:
        return (vx + x / z, h + (0.42 - up) / z)

    far_z = 9.0
    depths = np.geomspace(far_z, 0.55, 14)
    for z0, z1 in zip(depths[:-1], depths[1:], strict=True):
        far = min(1.0, (z0 - 0.6) / 8)
        steel = look.lit(concrete, far * 0.9, facing=0.3)
        for side in (-1, 1):
            wall = scaled(mix(steel, WARM if bright > 0.5 else look.haze, 0.06), 0.50 + 0.20 * (side == look.side))
            low = 0.0 if inner or side > 0 else -0.12
            hi = tall * (1.0 if inner else 0.52)
            hall.poly([at(side * wide, low, z0), at(side * wide, low, z1), at(side * wide, hi, z1), at(side * wide, hi, z0)], wall)
            if not inner:
                pane = mix(look.middle, look.horizon, 0.5)
                hall.poly(
                    [at(side * wide, hi, z0), at(side * wide, hi, z1 * 1.06), at(side * wide, tall * 0.92, z1 * 1.06), at(side * wide, tall * 0.92, z0)],
                    mix(pane, look.haze, far * 0.4),
                    0.55,
                )
            panel = scaled(wall, 0.8)
            hall.poly([at(side * wide, 0.30, z0), at(side * wide, 0.30, z1), at(side * wide, 0.34, z1), at(side * wide, 0.34, z0)], panel)
        roof = scaled(steel, 0.34 if not inner else 0.5)
        hall.poly([at(-wide, tall, z0), at(-wide, tall, z1), at(wide, tall, z1), at(wide, tall, z0)], roof)
        hall.poly([at(-wide, tall, z1 * 1.04), at(-wide, tall, z1), at(wide, tall, z1), at(wide, tall, z1 * 1.04)], scaled(roof, 0.6))
    hall.glow(*at(0, 0.42, far_z), 0.32, mix(look.horizon, WARM, 0.3), 0.9)
    s.add(hall, 0.35)
    lights = stage.sheet()
    on = max(0.4, look.lamps)
    for z in np.geomspace(8, 0.8, 11):
        for x in (-0.42, 0.42):
            a, b = at(x - 0.05, tall - 0.06, z), at(x + 0.05, tall - 0.06, z)
            lights.poly([a, b, at(x + 0.05, tall - 0.06, z * 0.88), at(x - 0.05, tall - 0.06, z * 0.88)], mix((0.5, 0.52, 0.55), (1.0, 0.96, 0.84), on))
            lights.glow((a[0] + b[0]) / 2, a[1], 0.20 / z + 0.02, mix((1.0, 0.93, 0.78), (0.7, 0.9, 1.0), 0.3), 0.55 * on)
    s.add(lights, 0.5)
    s.floor((0.42, 0.42, 0.45), y=h + 0.42 / far_z, far=0.5, slope=1.1, near=0.45, grain=0.10, cells=(60, 60), wet=0.55 if look.wet or rng.random() < 0.8 else 0.3)
    marks = stage.sheet()
    if not inner:
        edge = -0.42
        for k in range(len(depths) - 1):
            z0, z1 = depths[k], depths[k + 1]
            pit = scaled(look.lit((0.16, 0.15, 0.16), 0.4 * min(1, z0 / 8)), 0.7)
            marks.poly([at(-wide * 1.0, 0.0, z0), at(-wide, 0.0, z1), at(edge, 0.0, z1), at(edge, 0.0, z0)], pit)
            for x in (-0.92, -0.62):
                marks.poly([at(x - 0.014, 0, z0), at(x - 0.014, 0, z1), at(x + 0.014, 0, z1), at(x + 0.014, 0, z0)], mix((0.6, 0.62, 0.66), look.horizon, 0.3))
            marks.poly([at(-0.97, 0, z1 * 1.05), at(-0.97, 0, z1), at(-0.57, 0, z1), at(-0.57, 0, z1 * 1.05)], scaled(pit, 1.8))
            marks.poly(
                [at(edge + 0.05, 0, z0), at(edge + 0.05, 0, z1), at(edge + 0.11, 0, z1), at(edge + 0.11, 0, z0)], mix((0.92, 0.74, 0.16), look.haze, 0.3 * min(1, z0 / 8))
            )
            marks.poly([at(edge, 0, z0), at(edge, 0, z1), at(edge + 0.018, 0, z1), at(edge + 0.018, 0, z0)], (0.78, 0.78, 0.76))
    s.add(marks, 0.62)
    things = stage.sheet()
    for z in (5.2, 3.6, 2.5, 1.75, 1.2):
        far = min(1, z / 8)
        tone = look.lit((0.34, 0.36, 0.40), far, facing=0.4)
        for x in (0.62,) if not inner else (-0.8, 0.8):
            a, b = at(x, 0, z), at(x, tall, z)
            things.rect(a[0] - 0.030 / z, b[1], a[0] + 0.030 / z, a[1], scaled(tone, 0.8))
            things.rect(a[0] + (0.010 if look.side > 0 else -0.030) / z, b[1], a[0] + (0.030 if look.side > 0 else -0.010) / z, a[1], brighter(tone, 0.12))
            things.rect(a[0] - 0.045 / z, a[1] - 0.05 / z, a[0] + 0.045 / z, a[1], scaled(tone, 0.6))
    bx, by = at(0.46, 0, 2.0)
    for k in range(3):
        things.rect(bx - 0.10 + 0.075 * k, by - 0.09, bx - 0.04 + 0.075 * k, by - 0.075, look.lit((0.40, 0.26, 0.16), 0.1))
        things.rect(bx - 0.10 + 0.075 * k, by - 0.15, bx - 0.04 + 0.075 * k, by - 0.10, look.lit((0.36, 0.23, 0.14), 0.1))
    for k in (-0.09, 0.10):
        things.line([(bx + k, by - 0.08), (bx + k, by)], 0.008, (0.10, 0.10, 0.11))
    cx, cy = at(0.05, 0.80, 2.2)
    things.line([(cx, cy - 0.2), (cx, cy)], 0.006, (0.08, 0.08, 0.09))
    things.ellipse(cx, cy + 0.035, 0.050, 0.050, (0.10, 0.10, 0.11))
    things.ellipse(cx, cy + 0.035, 0.043, 0.043, (0.96, 0.94, 0.86))
    things.glow(cx, cy + 0.035, 0.14, (1, 0.95, 0.8), 0.35)
    things.line([(cx, cy + 0.035), (cx + 0.004, cy + 0.008)], 0.005, (0.1, 0.1, 0.1))
    things.line([(cx, cy + 0.035), (cx + 0.022, cy + 0.042)], 0.005, (0.1, 0.1, 0.1))
    s.add(things, 0.72)
    s.mist(h + 0.06, 0.10, 0.5, 0.45 * look.density)
    s.stand(0.10 + 0.1 * (rng.random() - 0.5), h + 0.33, 0.46, mirror=0.25, shadow=0.4)
    front = s.front()
    x = look.side * (stage.half_w - 0.02)
    front.rect(x - 0.07, -1.4, x + 0.07, 1.4, scaled(look.lit((0.26, 0.27, 0.30), 0), 0.5))
    front.rect(x - 0.07, -1.4, x - 0.05, 1.4, scaled(look.lit((0.5, 0.5, 0.5), 0), 0.7))
    front.blur(0.010)
    s.add(front, 1.35)


def table(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("table")
    s.interior = True
    edge = 0.14
    s.horizon = edge
    back = stage.sheet(0.5)
    dark = s.has("velvet", "black") or {"dark", "luxury", "noir"} & set(s.script.moods)
    tint: RGB = s.script.accent or (
        ((0.16, 0.13, 0.13), (0.10, 0.13, 0.17), (0.17, 0.11, 0.09))[int(rng.integers(3))]
        if dark
        else ((0.62, 0.52, 0.42), (0.50, 0.56, 0.58), (0.66, 0.56, 0.52), (0.48, 0.53, 0.44))[int(rng.integers(4))]
    )
    cosy = s.has("behind-cafe", "behind-room", "behind-street")
    base = scaled(mix(tint, look.lit(tint, 0.0, facing=0.8), 0.5), 0.75 if cosy else 1.0)
    back.gradient([(stage.top, scaled(base, 0.55)), (-0.1, base), (edge, scaled(base, 0.8)), (stage.bottom, scaled(base, 0.7))])
    x = look.side * 0.55
    if cosy:
        for k in range(2):
            wx = look.side * (0.28 + 0.50 * k)
            _outside(s, back, wx - 0.21, -0.42, wx + 0.21, 0.06, rng)
            for d in (-0.21, 0.0, 0.21):
                back.rect(wx + d - 0.012, -0.44, wx + d + 0.012, 0.07, scaled(base, 0.4))
        for a, b, c in rng.random((26, 3)):
            r = 0.018 + 0.035 * c
            px, py = (a - 0.5) * 2.4, -0.45 + 0.5 * b
            ink = mix(WARM, NEON[int(c * 6)] if s.has("behind-street") else (1, 0.9, 0.7), 0.3)
            back.ellipse(px, py, r, r, scaled(ink, 0.9), alpha=0.22 + 0.3 * look.lamps)
        back.blur(0.022)
    else:
        back.glow(x, -0.25, 1.0, mix(look.disc, (1, 0.95, 0.88), 0.5), 0.30 if dark else 0.42)
        if rng.random() < 0.75:  # the shadow of a window and of leaves on the wall
            wall = np.zeros((back.height, back.width), np.float32)
            for k in range(3):
                for j in range(2):
                    a = x * 0.2 - 0.5 + 0.30 * k
                    b = -0.46 + 0.26 * j
                    quad = back.fixed([(a, b), (a + 0.24, b + 0.04), (a + 0.30, b + 0.27), (a + 0.06, b + 0.23)])
                    mask = np.zeros(wall.shape, np.uint8)
                    cv2.fillPoly(mask, [quad], 255, cv2.LINE_AA, 4)
                    wall += mask / 255.0
            leaf = Sheet(np.zeros((*wall.shape, 4), np.uint8), back.x0, back.y0, back.ppu)
            _ferns(leaf, 0.05, 0.5, (1, 1, 1), rng, 3)
            wall *= 1 - 0.75 * leaf.rgba[..., 3].astype(np.float32) / 255
            wall = cv2.GaussianBlur(wall, (0, 0), 0.012 * back.ppu)
            back.light(wall[..., None] * np.asarray(mix(look.disc, look.horizon, 0.4), np.float32) * (0.16 if dark else 0.26))
    s.add(back, 0.18, opaque=True)
    if dark and not cosy:
        bokeh = stage.sheet(0.4, bottom=edge)
        for a, b, c in rng.random((18, 3)):
            r = 0.02 + 0.04 * c
            bokeh.ellipse((a - 0.5) * 2.2, -0.4 + 0.5 * b, r, r, scaled(mix(WARM, (0.6, 0.7, 1.0), c), 0.8), alpha=0.16)
        bokeh.blur(0.004)
        s.add(bokeh, 0.35, sway=(0.006, 0.004, 4.0, 0.2))
    top = stage.sheet(top=edge - 0.01)
    marble, wood = s.has("marble"), s.has("wood")
    if not (marble or wood):
        wood = cosy or rng.random() < 0.4
    stone: RGB = (0.14, 0.14, 0.15) if dark else (0.80, 0.79, 0.77)
    rgb: RGB = (0.45, 0.29, 0.18) if wood else stone if marble else scaled(tint, 1.12)
    shine = np.asarray(look.lit(rgb, 0, facing=0.75 if not dark else 0.6), np.float32)
    under = np.clip((top.ys - edge) / (stage.half_h - edge), 0, 1.3)[:, None]
    pool = np.exp(-(((top.xs[None] - x * 0.3) / 0.85) ** 2)) * (1.1 - 0.45 * under) + 0.18
    colour = np.broadcast_to(shine, (top.height, top.width, 3)) * pool[..., None]
    if wood:
        lines = perspective_noise(top, edge - 0.16, rng, (220, 16), stage.detail)
        fine = np.sin(top.ys[:, None] * 0 + top.xs[None] / np.clip(top.ys[:, None] - edge + 0.2, 0.05, None) * 46 + lines * 5)
        v = 1 / np.clip(top.ys - edge + 0.16, 0.02, None) * 0.9
        gap = np.minimum(np.abs(v - np.round(v)) * 24, 1)[:, None]
        colour = colour * (1 + 0.09 * fine + 0.14 * lines)[..., None] * (0.72 + 0.28 * gap)[..., None]
    elif marble:
        vein = np.abs(perspective_noise(top, edge - 0.2, rng, (40, 30), stage.detail))
        ink = np.exp(-((vein / 0.05) ** 2)) * (0.30 if not dark else 0.5)
        target = np.asarray((0.5, 0.5, 0.52) if not dark else (0.55, 0.50, 0.42), np.float32)
        colour = colour * (1 - ink[..., None]) + target * ink[..., None]
    else:
        colour = colour * (1 + perspective_noise(top, edge - 0.2, rng, (300, 300), stage.detail) * 0.03)[..., None]
    top.blend(np.ones((top.height, top.width), np.float32), colour)
    s._reflection(top, edge, 0.35 if (marble or dark) else 0.14, rng, blur=0.10)
    rim = np.exp(-(((top.ys[:, None] - edge) / 0.006) ** 2)) * np.ones((1, top.width)) * 0.35
    top.blend(rim.astype(np.float32), brighter(look.lit(rgb, 0, facing=1.0), 0.2))
    s.add(top, 0.85, slope=0.45, ground=edge + 0.1)
    s.stand(0.0, 0.31, 0.62, mirror=0.32 if marble or dark else 0.16, shadow=0.6)
    props = stage.sheet(0.6)
    side = -look.side
    kind = s.script.subject
    if kind in {"cup", "food", "book", "candle"}:
        props.ellipse(side * 0.60, 0.24, 0.22, 0.045, (0.30, 0.30, 0.32) if dark else (0.86, 0.84, 0.80))
        props.ellipse(side * 0.60, 0.225, 0.10, 0.055, (0.72, 0.46, 0.22), start=180, end=360)
        props.ellipse(side * 0.56, 0.22, 0.07, 0.045, (0.80, 0.55, 0.28), start=180, end=360)
    else:
        for k in range(5):
            rock(
                props,
                side * (0.56 + 0.11 * k * rng.random()),
                0.25 + 0.04 * rng.random(),
                0.05 + 0.05 * rng.random(),
                0.03 + 0.05 * rng.random(),
                scaled(base, 0.9 + 0.4 * rng.random()),
                rng,
                look.side,
            )
    props.blur(0.006)
    s.items.insert(s.at, Layer(props, 0.80))
    s.at += 1
    front = s.front()
    for k in range(5):
        turn = np.pi * (0.15 + 0.16 * k)
        px = -side * (stage.half_w + 0.02)
        reach = 0.30 + 0.1 * rng.random()
        front.line(
            [
                (px, 0.5),
                (px + side * np.sin(turn) * reach * 0.5, 0.5 - np.cos(turn) * reach * 0.3 - 0.12),
                (px + side * np.sin(turn) * reach, 0.48 - np.cos(turn) * reach),
            ],
            0.07,
            scaled((0.16, 0.24, 0.15), 0.7 + 0.3 * rng.random()),
            taper=0.1,
        )
    front.blur(0.016)
    s.add(front, 1.35)


def stage_(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("stage")
    s.interior = True
    floor_y = 0.20
    s.horizon = floor_y
    back = stage.sheet(0.5)
    hue = s.script.accent or NEON[int(rng.integers(len(NEON)))]
    other = NEON[int(rng.integers(len(NEON)))]
    back.gradient([(stage.top, (0.01, 0.01, 0.02)), (-0.1, scaled(hue, 0.10)), (floor_y, scaled(mix(hue, other, 0.4), 0.22)), (stage.bottom, (0.02, 0.02, 0.03))])
    for k in range(9):  # the folds of a curtain
        x = -1.2 + 0.3 * k + 0.05 * rng.random()
        back.light((np.exp(-(((back.xs - x) / 0.07) ** 2)) * 0.05)[None, :, None] * np.asarray(hue, np.float32) * np.ones((back.height, 1, 1)))
    s.add(back, 0.15, opaque=True)
    for k in range(6):
        sheet = stage.sheet(0.35)
        x0 = -0.85 + 0.34 * k
        to = (rng.random() - 0.5) * 0.9
        ink = np.asarray(hue if k % 2 else other if k % 3 else (1.0, 0.95, 0.85), np.float32)
        down = np.clip((sheet.ys + 0.55) / 0.85, 0, 1.3)[:, None]
        mid = x0 + (to - x0) * down
        width = 0.012 + 0.10 * down
        beam = np.exp(-(((sheet.xs[None] - mid) / width) ** 2)) * np.clip(1.1 - down * 0.75, 0, 1) * np.clip((sheet.ys[:, None] + 0.55) * 30, 0, 1)
        sheet.light((beam * 0.42)[..., None] * ink)
        sheet.glow(x0, -0.52, 0.10, (float(ink[0]), float(ink[1]), float(ink[2])), 0.9)
        phase, speed = rng.random(), 0.25 + 0.3 * rng.random()
        s.add(sheet, 0.4 + 0.05 * k, sway=(0.05, 0.0, 1 / speed, phase), gain=lambda t, p=phase: 0.75 + 0.25 * np.sin(2.4 * t + 6 * p))  # type: ignore[misc]
    s.floor((0.20, 0.19, 0.21), y=floor_y, far=0.1, slope=0.9, near=0.6, grain=0.10, cells=(50, 60), wet=0.75)
    pool = stage.sheet(0.4, top=floor_y)
    spot_ = np.exp(-(((pool.xs[None]) / 0.42) ** 2) - (((pool.ys[:, None] - 0.36) / 0.09) ** 2))
    pool.light(spot_[..., None] * np.asarray((1.0, 0.92, 0.78), np.float32) * 0.45)
    s.add(pool, 1.0)
    s.stand(0.0, 0.37, 0.52, mirror=0.30, shadow=0.6)
    crowd = stage.sheet(0.7)
    for a, b in rng.random((34, 2)):
        x, y = stage.left + a * 2 * stage.right, 0.47 + 0.08 * b
        tone = scaled(hue, 0.05 + 0.05 * b)
        crowd.ellipse(x, y, 0.030, 0.038, tone)
        crowd.ellipse(x, y + 0.12, 0.075, 0.10, tone)
        if b > 0.7:
            crowd.line([(x + 0.05, y + 0.08), (x + 0.06, y - 0.10)], 0.022, tone)
    crowd.blur(0.004)
    s.add(crowd, 1.35, sway=(0.003, 0.006, 0.9, 0.0))


def studio(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("studio")
    s.interior = True
    tones: tuple[RGB, ...] = ((0.62, 0.63, 0.66), (0.70, 0.58, 0.50), (0.46, 0.55, 0.62), (0.60, 0.62, 0.52))
    tone = (0.05, 0.05, 0.06) if s.has("black") else (0.93, 0.93, 0.93) if s.has("white") else s.script.accent or tones[int(rng.integers(4))]
    edge = 0.22
    s.horizon = edge
    sheet = stage.sheet(0.6)
    sheet.gradient(
        [
            (stage.top, scaled(tone, 0.52)),
            (-0.05, scaled(tone, 0.86)),
            (edge - 0.06, scaled(tone, 0.92)),
            (edge + 0.06, scaled(tone, 0.99)),
            (stage.bottom, scaled(tone, 0.66)),
        ]
    )
    sheet.glow(look.side * 0.35, -0.18, 0.85, brighter(tone, 0.5), 0.34)
    sheet.modulate(1 + fbm((sheet.height, sheet.width), (9, 14), rng, 4) * 0.05)
    s.add(sheet, 0.30, opaque=True)
    ring = stage.sheet(0.6)
    x = -look.side * 0.40
    ring.ellipse(x, -0.12, 0.34, 0.34, brighter(tone, 0.14), alpha=0.30)
    s.add(ring, 0.42)
    box = stage.sheet(0.7)
    bx = look.side * (stage.half_w - 0.02)
    box.poly([(bx - 0.16, -0.46), (bx + 0.10, -0.50), (bx + 0.10, 0.02), (bx - 0.14, -0.06)], (0.10, 0.10, 0.11))
    box.poly([(bx - 0.15, -0.44), (bx + 0.05, -0.475), (bx + 0.05, -0.005), (bx - 0.13, -0.075)], (1.0, 0.97, 0.92))
    box.line([(bx, -0.05), (bx, 0.5)], 0.012, (0.08, 0.08, 0.09))
    box.glow(bx, -0.22, 0.6, (1, 0.96, 0.9), 0.35)
    s.add(box, 0.85)
    s.look = replace(s.look, key=(0.6, 0.57, 0.52), ambient=(0.40, 0.40, 0.42), lamps=0.6)
    s.stand(0.0, 0.33, 0.58, mirror=0.12, shadow=0.5)


# -- elsewhere -----------------------------------------------------------------------------------


def underwater(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("underwater")
    s.horizon = 0.25
    deep: RGB = s.script.accent or ((0.02, 0.16, 0.26), (0.01, 0.20, 0.24))[int(rng.integers(2))]
    dim = 1.0 - 0.55 * look.night
    back = stage.sheet(0.5)
    back.gradient(
        [
            (stage.top, scaled((0.30, 0.72, 0.78), dim)),
            (-0.25, scaled((0.10, 0.46, 0.58), dim)),
            (0.15, scaled(mix(deep, (0.05, 0.32, 0.44), 0.5), dim)),
            (stage.bottom, scaled(deep, dim)),
        ]
    )
    back.glow(look.side * 0.3, stage.top, 0.9, (0.55, 0.95, 0.95), 0.55 * dim)
    s.add(back, 0.0, opaque=True)
    for k in range(2):
        sheet = stage.sheet(0.25)
        turn = np.arctan2(sheet.xs[None] - look.side * 0.3, sheet.ys[:, None] + 1.25)
        light = np.zeros_like(turn)
        for _ in range(8):
            light += np.exp(-(((turn - (rng.random() - 0.5) * 1.5) / (0.02 + 0.05 * rng.random())) ** 2)) * rng.random()
        light *= np.clip(0.95 - (sheet.ys[:, None] + 0.5) * 0.9, 0, 1) * 0.26 * dim
        sheet.light(light[..., None] * np.asarray((0.65, 1.0, 0.98), np.float32))
        phase = float(rng.random())
        s.add(sheet, 0.1 + 0.3 * k, sway=(0.03, 0.0, 4.3, phase), gain=lambda t, p=phase: 0.7 + 0.3 * np.sin(1.7 * t + 6 * p))  # type: ignore[misc]
    blue = scaled((0.10, 0.40, 0.50), dim)
    for k, (y, far, near) in enumerate(((0.20, 0.75, 0.22), (0.30, 0.42, 0.52), (0.40, 0.08, 0.92))):
        sheet = stage.sheet(0.9, top=y - 0.42)
        line = y + 0.05 * ridge(sheet.xs, s.rng("bed", k), bumps=1.4)
        sand = mix(scaled((0.56, 0.56, 0.46), dim), blue, far)
        sheet.below(line, sand, mix(scaled(sand, 0.5), deep, 0.4), depth=0.25, grain=fbm((sheet.height, sheet.width), (20, 50), rng, 4) * 0.14)
        for _ in range(16 - 3 * k):
            x = (rng.random() - 0.5) * 2 * stage.right
            foot = float(np.interp(x, sheet.xs, line)) + 0.02
            size = (0.08 + 0.12 * rng.random()) * (0.6 + 0.6 * near)
            tone = mix(scaled(((0.90, 0.34, 0.36), (0.94, 0.60, 0.24), (0.72, 0.34, 0.66), (0.34, 0.58, 0.44), (0.92, 0.76, 0.60))[int(rng.integers(5))], dim), blue, far)
            if k == 2 and abs(x) < 0.25:
                size *= 0.45
            _coral(sheet, x, foot, size, tone, rng)
        s.add(sheet, near, sway=(0.003 * (k + 1), 0.0, 3.7, 0.2 * k))
        s.mist(y - 0.04, 0.16, near + 0.04, 0.5 - 0.14 * k, name=k, rgb=blue)
    small = stage.sheet(0.8)
    cx, cy = (rng.random() - 0.5) * 0.8, -0.15 + 0.1 * rng.random()
    for a, b, c in rng.random((26, 3)):
        x, y, size = cx + (a - 0.5) * 0.5, cy + (b - 0.5) * 0.24, 0.010 + 0.010 * c
        tone = mix(scaled((0.75, 0.85, 0.80), dim), blue, 0.5)
        small.ellipse(x, y, size, size * 0.42, tone)
        small.poly([(x - size * 0.8, y), (x - size * 1.6, y - size * 0.5), (x - size * 1.6, y + size * 0.5)], tone)
    s.add(small, 0.6, drift=0.03, sway=(0.01, 0.008, 2.1, 0.3))
    s.stand((rng.random() - 0.5) * 0.2, 0.02, 0.44, shadow=0.0, floats=True)
    bubbles = stage.sheet(0.8)
    for a, b, c in rng.random((46, 3)):
        x, y, r = stage.left + a * 2 * stage.right, stage.top + b * 1.6, 0.003 + 0.010 * c**3
        bubbles.ellipse(x, y, r, r, (0.75, 0.95, 0.98), alpha=0.35)
        bubbles.ellipse(x - r * 0.3, y - r * 0.3, r * 0.3, r * 0.3, (1, 1, 1), alpha=0.8)
    s.add(bubbles, 1.1, sway=(0.012, 0.02, 2.3, 0.0))
    front = s.front()
    for k in range(7):
        x = -look.side * (stage.half_w - 0.28 * rng.random())
        path = [(x + 0.03 * np.sin(5 * t + k), 0.75 - t * (0.7 + 0.4 * rng.random())) for t in np.linspace(0, 1, 9)]
        front.line(path, 0.05, scaled((0.05, 0.22, 0.17), dim), taper=0.1)
    front.blur(0.008)
    s.add(front, 1.4, sway=(0.022, 0.0, 3.3, 0.4))
    s.look = replace(look, key=(0.36 * dim, 0.60 * dim, 0.58 * dim), ambient=(0.22 * dim, 0.44 * dim, 0.52 * dim), haze=blue, side=look.side)


def _coral(sheet: Sheet, x: float, y: float, size: float, rgb: RGB, rng: np.random.Generator) -> None:
    kind = rng.random()
    if kind < 0.45:
        for k in range(7):
            turn = np.pi * (0.2 + 0.6 * k / 6)
            tip = (x - np.cos(turn) * size * 0.7, y - np.sin(turn) * size * (0.7 + 0.4 * rng.random()))
            middle = (x - np.cos(turn) * size * 0.3, y - np.sin(turn) * size * 0.5)
            sheet.line([(x, y), middle, tip], size * 0.14, scaled(rgb, 0.75 + 0.4 * rng.random()), taper=0.6)
    elif kind < 0.75:
        for k in range(9):
            a, r = (rng.random() - 0.5) * size, size * (0.14 + 0.16 * rng.random())
            sheet.ellipse(x + a, y - r * 0.6, r, r, scaled(rgb, 0.7 + 0.05 * k))
    else:
        for k in range(4):
            path = [(x + 0.2 * size * (k - 1.5) + 0.1 * size * np.sin(4 * t + k), y - t * size * 1.5) for t in np.linspace(0, 1, 7)]
            sheet.line(path, size * 0.13, scaled((0.24, 0.52, 0.30), 0.6 + 0.5 * rng.random()), taper=0.2)


def space(s: Set) -> None:
    stage, look, rng = s.stage, s.look, s.rng("space")
    s.horizon = 0.25
    back = stage.sheet(0.6)
    hue = s.script.accent or ((0.42, 0.18, 0.62), (0.12, 0.36, 0.66), (0.62, 0.24, 0.30))[int(rng.integers(3))]
    other = ((0.10, 0.45, 0.55), (0.80, 0.45, 0.22), (0.55, 0.20, 0.55))[int(rng.integers(3))]
    back.gradient([(stage.top, (0.010, 0.012, 0.030)), (stage.bottom, (0.020, 0.016, 0.040))])
    shape = (back.height, back.width)
    a, b = fbm(shape, (3, 4), rng, 5), fbm(shape, (4, 5), rng, 5)
    dust = fbm(shape, (6, 9), rng, 5)
    band = np.exp(-(((back.ys[:, None] + 0.25 * back.xs[None] + 0.08) / 0.34) ** 2))
    body = np.clip(0.35 + 0.8 * a, 0, 1) * band * np.clip(1.05 - np.clip(dust, 0, 1), 0.2, 1)
    glow = np.clip(0.25 + 0.8 * b, 0, 1) * band * np.clip(1 - np.clip(dust * 1.2, 0, 1), 0.1, 1)
    back.light(body[..., None] * np.asarray(hue, np.float32) * 0.95 + (glow**2)[..., None] * np.asarray(other, np.float32) * 0.9)
    for x, y, size in rng.random((620, 3)):
        r = 0.0018 + 0.005 * size**9
        tint = mix((0.75, 0.85, 1.0), (1.0, 0.86, 0.70), float(rng.random()))
        back.glow(stage.left + x * 2 * stage.right, stage.top + y * 2 * stage.bottom, r, tint, 0.35 + 0.65 * size**3)
    s.add(back, 0.0, opaque=True)
    planet = stage.sheet(0.9)
    big = 0.34 + 0.16 * rng.random()
    px, py = (look.side * (0.30 + 0.2 * rng.random()) * (0.5 if stage.tall else 1.0), -0.16 + 0.2 * rng.random())
    r0, r1 = planet.row(py - big), planet.row(py + big)
    c0, c1 = planet.column(px - big), planet.column(px + big)
    xs, ys = (planet.xs[c0:c1][None] - px) / big, (planet.ys[r0:r1][:, None] - py) / big
    dist = xs**2 + ys**2
    z = np.sqrt(np.clip(1 - dist, 0, 1))
    shade = np.clip(-look.side * xs * 0.75 - ys * 0.45 + z * 0.45, 0, 1)
    swirl = fbm(dist.shape, (9, 3), rng, 5) if rng.random() < 0.5 else fbm(dist.shape, (6, 7), rng, 5)
    land = np.clip(0.5 + 0.9 * swirl, 0, 1)[..., None]
    colour = np.asarray(scaled(hue, 1.1), np.float32) * (1 - land) + np.asarray(mix(other, (0.95, 0.9, 0.8), 0.45), np.float32) * land
    colour = colour * (0.03 + 1.15 * shade[..., None]) + (np.clip(dist, 0, 1) ** 4 * shade)[..., None] * np.asarray((0.4, 0.6, 0.9), np.float32)
    planet.blend((np.clip((1 - np.sqrt(dist)) * big * planet.ppu, 0, 1)).astype(np.float32), colour, r0, c0)
    planet.glow(px - look.side * big * 0.6, py - big * 0.4, big * 1.15, (0.4, 0.6, 1.0), 0.20)
    s.add(planet, 0.10)
    if "moon" in s.script.key or "lunar" in s.script.key or s.script.subject in {"suv", "car", "house", "knight", "robot"}:
        sheet, line = s.hill(0.30, 0.03, (0.66, 0.65, 0.64), 0.0, 0.9, bumps=1.4, name="moon", grain=0.2, shade=0.35)
        for _ in range(16):
            x, y = (rng.random() - 0.5) * 2.2, 0.34 + 0.24 * rng.random()
            r = 0.02 + 0.07 * rng.random() * (y - 0.28) * 4
            sheet.ellipse(x, y, r, r * 0.28, (0.22, 0.22, 0.23), alpha=0.8)
            sheet.ellipse(x + 0.1 * r, y + 0.06 * r, r * 0.86, r * 0.2, (0.52, 0.51, 0.50), alpha=0.8)
        s.stand(-look.side * 0.22, 0.375, 0.42, shadow=0.7)
    else:
        rocks = stage.sheet()
        for _ in range(11):
            x, y, r = ((rng.random() - 0.5) * 2, (rng.random() - 0.4) * 0.9, 0.008 + 0.035 * rng.random() ** 2)
            turn = np.sort(rng.random(9)) * 2 * np.pi
            shape_ = [(x + np.cos(t) * r * (0.7 + 0.4 * rng.random()), y + np.sin(t) * r * (0.6 + 0.4 * rng.random())) for t in turn]
            rocks.poly(shape_, (0.12, 0.11, 0.12))
            rocks.poly([(p - look.side * r * 0.18, q - r * 0.15) for p, q in shape_], (0.38, 0.35, 0.33), 0.8)
        s.add(rocks, 0.7, drift=0.006)
        s.stand(-look.side * 0.20, 0.02, 0.46, shadow=0.0, floats=True)
    s.look = replace(look, key=(0.85, 0.82, 0.78), ambient=(0.16, 0.16, 0.24), haze=(0.03, 0.03, 0.06), density=0.2, side=-look.side, lamps=1.0)


PAINTERS: dict[str, Callable[[Set], None]] = {
    "street": street, "skyline": skyline, "forest": forest, "coast": coast, "harbor": harbor,
    "desert": desert, "mountain": mountain, "meadow": meadow, "lake": lake, "cafe": cafe,
    "room": room, "station": station, "table": table, "underwater": underwater, "space": space,
    "snowfield": snowfield, "road": road, "village": village, "stage": stage_, "studio": studio,
}  # fmt: skip
"""Kind of scene → painter."""
