"""Places nobody built: forests, coasts, deserts, mountains, meadows, lakes, snow."""

# ruff: noqa: E501
# One stroke to a line: a drawing reads best that way.

from __future__ import annotations

import cv2
import numpy as np

from toolkit.simulator.paint import RGB, brighter, fbm, mix, ridge, scaled
from toolkit.simulator.sets import (
    Set,
    conifer,
    crown,
    emboss,
    fern_bed,
    grass,
    palm,
    perspective_noise,
    rock,
    tall_trunk,
)
from toolkit.simulator.shot import Shimmer

__all__ = ["coast", "desert", "forest", "lake", "meadow", "mountain", "snowfield"]

# fmt: off


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
                tall_trunk(sheet, x, y, w, lean, trunk, look, far, rng, bamboo=s.has("bamboo"), birch=s.has("birch"))
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
    ground = (0.62, 0.66, 0.72) if s.script.is_white else mix(leaf, (0.22, 0.20, 0.12), 0.55)
    s.hill(h + 0.16, 0.025, ground, 0.10, 0.92, bumps=1.6, name="ground", grain=0.30, cells=(70, 90), shade=0.42, depth=0.3)
    ferns = stage.sheet(top=h)
    fern_bed(ferns, h + 0.19, 0.09, look.lit(leaf, 0.06, facing=0.5), rng, 60)
    s.add(ferns, 0.96)
    s.stand((rng.random() - 0.5) * 0.26 + 0.05, h + 0.245, 0.42, shadow=0.5)
    near_ferns = s.front()
    fern_bed(near_ferns, 0.52, 0.24, look.lit(scaled(leaf, 0.55), 0, facing=0.2), rng, 26)
    side = -1 if s.spot.x > 0 else 1
    tall_trunk(near_ferns, side * (stage.half_w - 0.03), 0.62, 0.062, side * 0.03, look.lit(scaled(bark, 0.42), 0, facing=0.25), look, 0.0, rng, birch=s.has("birch"))
    near_ferns.blur(0.005)
    s.add(near_ferns, 1.4, sway=(0.004, 0.0, 3.1, 0.4))


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
            s.afloat(-side * 0.12, y + 0.012, 0.40, near=0.86)
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
    ripple = np.sin(sheet.ys[:, None] * (300 - 120 * near) + bend * 9 + xs[None] * 12 * look.side) * 0.045 * near * np.clip(depth * 14, 0, 1)
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
        cover = 1.0 if s.script.is_white else (0.9, 0.75, 0.0)[k]
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
        base = (0.86, 0.89, 0.95) if s.script.is_white else (0.24, 0.32, 0.20)
        sheet, line = s.hill(y + 0.04, 0.04, base, far, near, bumps=1.1, name=("slope", k), grain=0.18)
        trees = stage.sheet(top=y - size * 1.6, bottom=y + 0.25)
        for _ in range(count):
            x = (rng.random() - 0.5) * 2 * (stage.right + 0.05)
            if k and abs(x) < 0.28:
                continue
            foot = float(np.interp(x, sheet.xs, line)) + 0.03 * rng.random() + 0.01
            conifer(trees, x, foot, size * (0.7 + 0.7 * rng.random()), look.lit((0.12, 0.24, 0.18), far, facing=0.4), rng, look.side)
        s.add(trees, near)
    s.hill(0.31, 0.03, (0.88, 0.90, 0.95) if s.script.is_white else (0.36, 0.40, 0.22), 0.02, 1.0, bumps=1.3, name="near", grain=0.22, shade=0.5)
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
    elif s.script.is_white:
        green = (0.88, 0.90, 0.95)
    else:
        green = (0.38, 0.54, 0.20)
    s.hill(h - 0.06, 0.09, mix(green, (0.36, 0.46, 0.5), 0.75), 0.9, 0.12, bumps=0.9, name="far")
    s.mist(h - 0.01, 0.06, 0.18, 0.5 * look.density)
    s.hill(h + 0.00, 0.05, mix(green, (0.30, 0.42, 0.24), 0.5), 0.66, 0.24, bumps=1.0, name="mid", grain=0.12)
    trees = stage.sheet(top=h - 0.35, bottom=h + 0.16)
    leaf: RGB = (0.66, 0.38, 0.12) if s.has("autumn") or (s.script.time == "golden" and rng.random() < 0.4) else (0.20, 0.36, 0.16)
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
    s.afloat((rng.random() - 0.5) * 0.3, h + 0.20, 0.40, near=0.8, mirror=0.3)
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
            s.add(sheet, 0.03, sway=(0.02, 0.006, 5.0, phase), gain=lambda t, p=phase: 0.8 + 0.2 * np.sin(t * 1.3 + p * 6))
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
        for high, wide in ((0.92, 0.05), (0.62, 0.10), (0.36, 0.14)):
            crest_y = h + 0.07 - high * t
            trees.poly([(x, crest_y), (x + wide * t, crest_y + 0.16 * t), (x, crest_y + 0.11 * t), (x - wide * t, crest_y + 0.16 * t)], look.lit(white, 0.35))
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
