"""Places people built: streets, skylines, villages, roads, harbours."""

# ruff: noqa: E501
# One stroke to a line: a drawing reads best that way.

from __future__ import annotations

import numpy as np

from toolkit.simulator.look import Look
from toolkit.simulator.paint import RGB, Sheet, brighter, fbm, mix, scaled
from toolkit.simulator.sets import (
    NEON,
    WARM,
    Set,
    crown,
    grass,
    house,
    lamp_glow,
    perspective_noise,
    window_grid,
)
from toolkit.simulator.shot import Shimmer

__all__ = ["harbor", "road", "skyline", "street", "village"]

# fmt: off


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
    under = len(s.items)

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
    _paving(ground, vx, h, rng)
    s.items.insert(under, s.items.pop())  # it mirrors the houses and lies behind them
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
    inside = mix(scaled(wall, 0.35), scaled(front, 0.85), bright)
    sheet.poly([at(za, 0.03), at(zb, 0.03), at(zb, 0.33), at(za, 0.33)], inside)
    for k in range(7):
        zc = 1 / ((1 - k / 7) / za + k / 7 / zb)
        up = 0.15 + 0.10 * rng.random()
        zd = zc * (0.985 - 0.01 * rng.random())
        sheet.poly([at(zc, 0.03), at(zd, 0.03), at(zd, up), at(zc, up)], scaled(inside, 0.42 + 0.3 * rng.random()))
    wood = look.lit((0.42, 0.28, 0.18), far, facing=facing)
    glow = mix(wood, scaled(front, 0.7), 0.30 * lamps)
    sheet.poly([at(za, 0.12), at(zb, 0.12), at(zb, 0.12, 0.10), at(za, 0.12, 0.10)], glow)
    sheet.poly([at(za, 0.0, 0.10), at(zb, 0.0, 0.10), at(zb, 0.12, 0.10), at(za, 0.12, 0.10)], scaled(wood, 0.62))
    for k in range(9):
        zc = 1 / ((1 - (k + 0.5) / 9) / za + (k + 0.5) / 9 / zb)
        goods = mix(scaled(NEON[int(rng.integers(len(NEON)))], 0.9), (0.8, 0.55, 0.3), 0.35)
        x, y = at(zc, 0.135, 0.06)
        size = (0.016 + 0.010 * rng.random()) / zc
        sheet.ellipse(x, y, size * 1.2, size, mix(look.lit(goods, far, facing=0.5), scaled(goods, 0.9), 0.5 * lamps))
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
        for left, top, right, low in ((lo, y0, hi, y0 + border), (lo, y1 - border, hi, y1), (lo, y0, lo + border, y1), (hi - border, y0, hi, y1)):
            sheet.rect(left, top, right, low, mix(ink, (1, 1, 1), 0.25))
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


def _paving(sheet: Sheet, vx: float, h: float, rng: np.random.Generator) -> None:
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
    snow = s.script.is_white
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
    s.afloat((rng.random() - 0.5) * 0.3, h + 0.23, 0.46, near=0.86, mirror=0.34)
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
    for z, tall in ((0.24, 0.3), (0.36, 0.6), (0.55, 1.0)):
        for side in (-1, 1):
            x = vx + side * (0.10 + (z - 0.20) * 0.95)
            pier.line([(x, z + 0.10 * tall), (x, z - 0.16 * tall)], 0.030 * tall, scaled(wood, 0.55))
            pier.ellipse(x, z - 0.16 * tall, 0.016 * tall, 0.006 * tall, brighter(wood, 0.1))
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
