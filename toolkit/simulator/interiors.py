"""Places with a roof: cafés, rooms, stations, tables, stages, studios."""

# ruff: noqa: E501
# One stroke to a line: a drawing reads best that way.

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from toolkit.simulator.paint import RGB, Plane, Sheet, brighter, fbm, mix, scaled
from toolkit.simulator.sets import NEON, WARM, Set, fern_bed, perspective_noise, rock
from toolkit.simulator.shot import Layer

__all__ = ["cafe", "room", "station", "studio", "table", "theatre"]

# fmt: off


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


def _table_and_chairs(sheet: Sheet, x: float, y: float, size: float, wood: RGB, rim: RGB, *, cup: bool = True) -> None:
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
            _table_and_chairs(sheet, x + 0.08 * (rng.random() - 0.5), y, size, (0.50, 0.33, 0.21), rim)
        s.add(sheet, near)
    plant = stage.sheet()
    px = -side * (stage.half_w - 0.06)
    plant.poly([(px - 0.07, 0.22), (px + 0.07, 0.22), (px + 0.05, 0.38), (px - 0.05, 0.38)], (0.55, 0.36, 0.27))
    fern_bed(plant, 0.22, 0.30, (0.20, 0.40, 0.22), rng, 0)
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
        for wing in (-1, 1):
            x0 = wing * 0.40 if wing > 0 else -stage.right
            x1 = stage.right if wing > 0 else -0.34
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
    side = -look.side
    sofa = s.script.accent or ((0.30, 0.36, 0.44), (0.52, 0.30, 0.22), (0.36, 0.42, 0.32))[int(rng.integers(3))]
    x = side * 0.58
    if s.has("bedroom"):
        things.rect(x - 0.42, 0.06, x + 0.42, 0.34, scaled(sofa, 0.6))
        things.poly([(x - 0.42, 0.14), (x + 0.42, 0.14), (x + 0.50, 0.36), (x - 0.50, 0.36)], (0.84, 0.82, 0.80))
        things.poly([(x - 0.43, 0.20), (x + 0.43, 0.20), (x + 0.50, 0.38), (x - 0.50, 0.38)], sofa)
        for dx in (-0.22, 0.16):
            things.ellipse(x + dx, 0.13, 0.14, 0.045, (0.92, 0.90, 0.88))
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
    under = len(s.items)
    hall = stage.sheet()
    tall, wide = (0.95, 1.05) if not stage.tall else (1.5, 0.75)

    def at(x: float, up: float, z: float) -> tuple[float, float]:
        return (vx + x / z, h + (0.42 - up) / z)

    far_z = 9.0
    depths = np.geomspace(far_z, 0.55, 14)
    for z0, z1 in pairwise(depths):
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
    s.items.insert(under, s.items.pop())
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
    for dx in (-0.09, 0.10):
        things.line([(bx + dx, by - 0.08), (bx + dx, by)], 0.008, (0.10, 0.10, 0.11))
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
            wall: Plane = np.zeros((back.height, back.width), np.float32)
            for k in range(3):
                for j in range(2):
                    a = x * 0.2 - 0.5 + 0.30 * k
                    b = -0.46 + 0.26 * j
                    quad = back.fixed([(a, b), (a + 0.24, b + 0.04), (a + 0.30, b + 0.27), (a + 0.06, b + 0.23)])
                    mask = np.zeros(wall.shape, np.uint8)
                    cv2.fillPoly(mask, [quad], 255, cv2.LINE_AA, 4)
                    wall += mask / 255.0
            leaf = Sheet(np.zeros((*wall.shape, 4), np.uint8), back.x0, back.y0, back.ppu)
            fern_bed(leaf, 0.05, 0.5, (1, 1, 1), rng, 3)
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
        stain = np.exp(-((vein / 0.05) ** 2)) * (0.30 if not dark else 0.5)
        target = np.asarray((0.5, 0.5, 0.52) if not dark else (0.55, 0.50, 0.42), np.float32)
        colour = colour * (1 - stain[..., None]) + target * stain[..., None]
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


def theatre(s: Set) -> None:
    stage, rng = s.stage, s.rng("stage")
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
        s.add(sheet, 0.4 + 0.05 * k, sway=(0.05, 0.0, 1 / speed, phase), gain=lambda t, p=phase: 0.75 + 0.25 * np.sin(2.4 * t + 6 * p))
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
