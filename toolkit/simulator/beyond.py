"""Places without ground or air: under water and in space."""

# ruff: noqa: E501
# One stroke to a line: a drawing reads best that way.

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolkit.simulator.paint import RGB, Sheet, fbm, mix, ridge, scaled
from toolkit.simulator.sets import Set

__all__ = ["space", "underwater"]

# fmt: off


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
        s.add(sheet, 0.1 + 0.3 * k, sway=(0.03, 0.0, 4.3, phase), gain=lambda t, p=phase: 0.7 + 0.3 * np.sin(1.7 * t + 6 * p))
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
        sheet, _ = s.hill(0.30, 0.03, (0.66, 0.65, 0.64), 0.0, 0.9, bumps=1.4, name="moon", grain=0.2, shade=0.35)
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
