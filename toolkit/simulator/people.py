"""People and what walks like them: cyclists, astronauts, robots, knights."""

# ruff: noqa: E501
# One stroke to a line: a drawing reads best that way.

from __future__ import annotations

import numpy as np

from toolkit.simulator.brush import Brush, swing
from toolkit.simulator.paint import RGB, brighter, scaled

__all__ = ["astronaut", "knight", "person", "rider", "robot"]

# fmt: off


_COATS: tuple[RGB, ...] = ((0.72, 0.16, 0.14), (0.16, 0.28, 0.50), (0.88, 0.66, 0.18), (0.20, 0.40, 0.32), (0.62, 0.46, 0.30), (0.78, 0.78, 0.76))
_SKINS: tuple[RGB, ...] = ((0.90, 0.72, 0.60), (0.72, 0.50, 0.36), (0.48, 0.32, 0.22), (0.84, 0.62, 0.46))


def person(b: Brush, phase: float) -> None:
    rng, script = b.rng, b.script
    coat = script.colour or _COATS[int(rng.integers(6))]
    skin = _SKINS[int(rng.integers(4))]
    hair: RGB = ((0.10, 0.08, 0.07), (0.30, 0.19, 0.11), (0.55, 0.42, 0.25))[int(rng.integers(3))]
    trousers: RGB = ((0.15, 0.17, 0.22), (0.26, 0.22, 0.20), (0.20, 0.22, 0.20))[int(rng.integers(3))]
    lady = "long_hair" in script.props
    dancer = "tutu" in script.props or (lady and "dance" in script.actions)
    long = bool(script.props & {"coat", "dress"}) or rng.random() < 0.5
    if dancer:
        trousers, long = skin, False
    turn = 2 * np.pi * phase
    walk = 0.40 if script.actions & {"walk", "run", "ride", "dance"} else 0.05
    if "run" in script.actions:
        walk = 0.68
    bob = -0.012 * abs(np.sin(turn)) * (walk > 0.1)
    lean = 0.05 if "run" in script.actions else 0.0
    bike = "bike" in script.props
    if bike:
        _bicycle(b, 0.34, 0.0, 0.40, turn)
    if "backpack" in script.props:
        b.smooth([(-0.22, -0.78 + bob), (-0.06, -0.82 + bob), (-0.05, -0.52 + bob), (-0.20, -0.50 + bob)], scaled(coat, 0.5))

    def leg(sign: float, shade: float) -> None:
        a = sign * np.sin(turn) * walk
        bend = 0.10 + 0.75 * walk * max(0.0, np.cos(turn) * sign)
        path = swing((0.015 * sign, -0.50 + bob), a, bend, 0.25, 0.24)
        b.stroke(path, 0.098, scaled(trousers, shade), taper=0.72)
        x, y = path[-1]
        b.smooth([(x - 0.045, y - 0.03), (x + 0.03, y - 0.035), (x + 0.10, y + 0.008), (x + 0.09, y + 0.028), (x - 0.05, y + 0.028)], scaled((0.16, 0.12, 0.10), shade))

    def arm(sign: float, shade: float) -> None:
        a = -sign * np.sin(turn) * walk * 0.9
        if bike:
            path = [(0.0, -0.77 + bob), (0.20, -0.63 + bob), (0.44, -0.53)]
        elif dancer:
            path = [(0.04 * sign, -0.78 + bob), (0.20 * sign, -0.92 + bob + 0.02 * np.sin(turn)), (0.10 * sign, -1.14 + bob)]
        elif "book" in script.props:
            path = [(0.0, -0.77 + bob), (0.05, -0.61 + bob), (0.19, -0.66 + bob)]
        elif "umbrella" in script.props and sign > 0:
            path = [(0.0, -0.77 + bob), (0.12, -0.62 + bob), (0.10, -0.76 + bob)]
        else:
            path = [(x, y) for x, y in swing((lean, -0.77 + bob), a, -0.35, 0.17, 0.16)]
        b.stroke(path, 0.078, scaled(coat, shade), taper=0.8)
        b.oval(*path[-1], 0.030, 0.030, scaled(skin, shade))

    leg(-1, 0.62)
    arm(-1, 0.62)
    leg(1, 1.0)
    hem, flare = (-0.30, 0.19) if long else (-0.46, 0.135)
    flutter = 0.02 * np.sin(turn) * (walk > 0.1)
    b.smooth(
        [
            (lean - 0.045, -0.85 + bob),
            (lean + 0.055, -0.85 + bob),
            (lean + 0.125, -0.77 + bob),
            (0.115, -0.60 + bob),
            (flare * 0.86 + flutter, hem),
            (0.02, hem + 0.018),
            (-flare + flutter, hem),
            (-0.115, -0.60 + bob),
            (lean - 0.115, -0.78 + bob),
        ],
        coat,
    )
    b.poly([(lean + 0.008, -0.84 + bob), (lean + 0.022, -0.84 + bob), (0.03 + flutter, hem), (0.012 + flutter, hem)], scaled(coat, 0.72))
    b.stroke([(-0.112, -0.565 + bob), (0.112, -0.565 + bob)], 0.022, scaled(coat, 0.55))
    b.smooth([(lean - 0.10, -0.80 + bob), (lean + 0.0, -0.86 + bob), (lean + 0.10, -0.80 + bob), (lean + 0.0, -0.775 + bob)], scaled(coat, 0.86))
    if dancer:
        for k in range(9):
            dx = (k - 4) / 4
            b.smooth([(0.3 * dx * 0.25, -0.58 + bob), (dx * 0.30 - 0.05, -0.47 + bob + 0.02 * np.sin(turn + k)), (dx * 0.30 + 0.05, -0.47 + bob)], brighter(coat, 0.30 - 0.2 * abs(dx)))
    hx, hy = lean + 0.018, -0.925 + bob
    if lady and "hood" not in script.props and not dancer:
        b.smooth([(hx + 0.02, hy - 0.08), (hx - 0.07, hy - 0.05), (hx - 0.10, hy + 0.08), (hx - 0.095, hy + 0.20), (hx - 0.02, hy + 0.18), (hx + 0.0, hy + 0.03)], hair)
    b.stroke([(lean + 0.005, -0.84 + bob), (hx, hy)], 0.055, scaled(skin, 0.8))
    b.oval(hx, hy, 0.060, 0.074, skin)
    b.oval(hx + 0.056, hy + 0.008, 0.012, 0.012, skin)
    if "hood" in script.props:
        b.smooth(
            [
                (hx - 0.085, hy + 0.085),
                (hx - 0.088, hy - 0.03),
                (hx - 0.02, hy - 0.10),
                (hx + 0.055, hy - 0.075),
                (hx + 0.040, hy - 0.02),
                (hx + 0.022, hy + 0.06),
                (hx + 0.03, hy + 0.10),
            ],
            brighter(coat, 0.06),
        )
    elif "hat" in script.props:
        b.oval(hx, hy - 0.045, 0.115, 0.018, (0.20, 0.15, 0.12))
        b.smooth([(hx - 0.065, hy - 0.045), (hx - 0.05, hy - 0.115), (hx + 0.05, hy - 0.115), (hx + 0.065, hy - 0.045)], (0.22, 0.17, 0.13))
    else:
        b.smooth(
            [
                (hx - 0.066, hy + 0.04),
                (hx - 0.068, hy - 0.03),
                (hx - 0.02, hy - 0.085),
                (hx + 0.045, hy - 0.070),
                (hx + 0.062, hy - 0.028),
                (hx + 0.01, hy - 0.030),
                (hx - 0.02, hy + 0.01),
            ],
            hair,
        )
    if dancer:
        b.oval(hx - 0.055, hy - 0.075, 0.036, 0.036, hair)
    if "book" in script.props:
        b.poly([(0.13, -0.74 + bob), (0.22, -0.70 + bob), (0.24, -0.60 + bob), (0.15, -0.64 + bob)], (0.62, 0.20, 0.18))
        b.poly([(0.22, -0.70 + bob), (0.30, -0.76 + bob), (0.32, -0.66 + bob), (0.24, -0.60 + bob)], (0.93, 0.90, 0.82))
    if "umbrella" in script.props:
        b.stroke([(0.10, -0.74 + bob), (0.07, -1.22 + bob)], 0.016, (0.2, 0.18, 0.17))
        canopy = script.accent or script.colour or (0.75, 0.14, 0.14)
        b.oval(0.06, -1.05 + bob, 0.37, 0.20, canopy, start=180, end=360)
        for dx in (-0.30, -0.12, 0.12, 0.30):
            b.stroke([(0.06, -1.245 + bob), (0.06 + dx * 0.75, -1.17 + bob), (0.06 + dx * 1.22, -1.05 + bob)], 0.010, scaled(canopy, 0.7))
    if "lantern" in script.props:
        b.stroke([(0.12, -0.56), (0.14, -0.48)], 0.012, (0.1, 0.1, 0.1))
        b.oval(0.14, -0.43, 0.045, 0.060, (1.0, 0.8, 0.4), facing=1.2)
        b.glow(0.14, -0.43, 0.45, (1.0, 0.72, 0.34), 0.6)
    arm(1, 0.92)


def _bicycle(b: Brush, x: float, y: float, size: float, turn: float) -> None:
    paint = (0.16, 0.18, 0.20)
    r = 0.42 * size
    back, front = (x - 0.60 * size, y - r), (x + 0.62 * size, y - r)
    for cx, cy in (back, front):
        around = [(cx + np.cos(a) * r, cy + np.sin(a) * r) for a in np.linspace(0, 2 * np.pi, 33)]
        b.stroke(around, 0.060 * size, (0.07, 0.07, 0.08))
        for k in range(6):
            a = turn * 0.9 + np.pi * k / 6
            b.stroke([(cx + np.cos(a) * r, cy + np.sin(a) * r), (cx - np.cos(a) * r, cy - np.sin(a) * r)], 0.012 * size, (0.6, 0.62, 0.64))
    crank, seat, head = ((x - 0.06 * size, y - 0.38 * size), (x - 0.26 * size, y - 0.98 * size), (x + 0.46 * size, y - 1.0 * size))
    for one, other in ((back, crank), (crank, seat), (back, seat), (crank, head), (seat, head), (head, front)):
        b.stroke([one, other], 0.055 * size, paint)
    b.stroke([head, (head[0] - 0.04 * size, head[1] - 0.20 * size), (head[0] - 0.16 * size, head[1] - 0.24 * size)], 0.050 * size, paint)
    b.oval(seat[0], seat[1] - 0.06 * size, 0.15 * size, 0.045 * size, (0.10, 0.08, 0.07))


def rider(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase
    if any(w in b.script.key for w in ("motor", "moped", "scooter")):
        paint = b.script.colour or (0.70, 0.14, 0.12)
        for cx in (-0.36, 0.40):
            b.oval(cx, -0.17, 0.17, 0.17, (0.06, 0.06, 0.07))
            b.oval(cx, -0.17, 0.10, 0.10, (0.5, 0.52, 0.55))
        b.smooth([(-0.46, -0.46), (-0.10, -0.40), (0.02, -0.52), (0.24, -0.55), (0.30, -0.40), (0.12, -0.22), (-0.22, -0.20), (-0.30, -0.34)], paint)
        b.stroke([(0.28, -0.60), (0.40, -0.17)], 0.05, (0.4, 0.42, 0.45))
        b.stroke([(0.26, -0.62), (0.16, -0.68)], 0.03, (0.1, 0.1, 0.1))
        b.oval(0.33, -0.52, 0.05, 0.05, (1, 0.95, 0.8), facing=1.2)
        b.glow(0.36, -0.52, 0.30, (1, 0.92, 0.7), 0.5 * b.look.lamps)
        seat, hand, knee, foot = (-0.14, -0.50), (0.17, -0.67), (0.10, -0.40), (0.02, -0.18)
    else:
        _bicycle(b, 0.0, 0.0, 0.62, turn)
        seat, hand = (-0.16, -0.66), (0.20, -0.74)
        foot = (-0.04 + 0.09 * np.cos(turn), -0.24 + 0.09 * np.sin(turn))
        knee = ((seat[0] + foot[0]) / 2 + 0.15, (seat[1] + foot[1]) / 2 - 0.06)
    coat = b.script.colour or _COATS[int(b.rng.integers(6))]
    b.stroke([seat, knee, foot], 0.10, (0.16, 0.18, 0.24), taper=0.7)
    b.stroke([(seat[0], seat[1] - 0.02), (-0.02, -0.98)], 0.19, coat)
    b.stroke([(-0.01, -0.96), (0.10, -0.78), hand], 0.07, scaled(coat, 0.85))
    b.oval(0.06, -1.10, 0.068, 0.080, _SKINS[int(b.rng.integers(4))])
    b.oval(0.045, -1.135, 0.088, 0.066, (0.86, 0.84, 0.80), start=180, end=360)


def astronaut(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase
    white: RGB = b.script.colour or (0.90, 0.90, 0.90)
    sway = 0.05 * np.sin(turn)
    b.smooth([(-0.26, -0.84), (-0.08, -0.88), (-0.08, -0.44), (-0.26, -0.46)], scaled(white, 0.62))
    for sign, shade in ((-1, 0.7), (1, 1.0)):
        path = [(0.05 * sign, -0.46), (0.10 * sign + sway, -0.26), (0.08 * sign + 0.03 + sway, -0.05)]
        b.stroke(path, 0.15, scaled(white, shade))
        b.oval(path[-1][0] + 0.03, -0.03, 0.10, 0.055, scaled((0.5, 0.5, 0.52), shade))
    for sign, shade in ((-1, 0.7), (1, 1.0)):
        b.stroke([(0.10 * sign, -0.76), (0.24 * sign, -0.62 + sway * sign), (0.30 * sign, -0.48 + 2 * sway * sign)], 0.12, scaled(white, shade))
        b.oval(0.31 * sign, -0.45 + 2 * sway * sign, 0.06, 0.06, scaled((0.85, 0.5, 0.2), shade))
    b.smooth([(-0.16, -0.84), (0.16, -0.84), (0.17, -0.60), (0.14, -0.42), (-0.14, -0.42), (-0.17, -0.60)], white)
    b.box(-0.08, -0.70, 0.08, -0.58, (0.45, 0.47, 0.50))
    for k, ink in enumerate(((0.9, 0.2, 0.2), (0.2, 0.8, 0.4), (0.2, 0.5, 0.9))):
        b.oval(-0.05 + 0.05 * k, -0.64, 0.015, 0.015, ink, facing=1.0)
    b.oval(0.0, -0.98, 0.155, 0.155, white)
    b.oval(0.03, -0.98, 0.115, 0.105, (0.08, 0.10, 0.16))
    b.oval(0.07, -1.02, 0.040, 0.028, (0.75, 0.55, 0.25), angle=30, facing=1.0)
    b.oval(-0.02, -0.95, 0.05, 0.035, (0.20, 0.30, 0.45), angle=20)


def robot(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase
    steel: RGB = b.script.colour or ((0.62, 0.66, 0.70), (0.78, 0.50, 0.22), (0.40, 0.52, 0.55))[int(b.rng.integers(3))]
    dark = scaled(steel, 0.45)
    walk = 0.26 if b.script.actions & {"walk", "run", "dance"} else 0.04
    for sign, shade in ((-1, 0.65), (1, 1.0)):
        path = swing((0.09 * sign, -0.42), sign * np.sin(turn) * walk, 0.15, 0.19, 0.19)
        b.stroke(path, 0.085, scaled(steel, shade))
        b.oval(*path[1], 0.055, 0.055, scaled(dark, shade))
        x, y = path[2]
        b.poly([(x - 0.08, y + 0.03), (x - 0.05, y - 0.05), (x + 0.06, y - 0.05), (x + 0.13, y + 0.03)], scaled(dark, shade))
    for sign, shade in ((-1, 0.65), (1, 1.0)):
        path = swing((0.22 * sign, -0.74), -sign * np.sin(turn) * walk - 0.1 * sign, -0.3 * sign, 0.17, 0.17)
        b.stroke(path, 0.07, scaled(steel, shade))
        b.oval(*path[0], 0.075, 0.075, scaled(dark, shade))
        b.oval(*path[2], 0.055, 0.055, scaled(dark, shade))
    b.smooth([(-0.20, -0.82), (0.20, -0.82), (0.19, -0.58), (0.12, -0.40), (-0.12, -0.40), (-0.19, -0.58)], steel)
    b.box(-0.10, -0.74, 0.10, -0.60, dark)
    b.oval(0.0, -0.67, 0.045, 0.045, (0.3, 0.9, 1.0), facing=1.2)
    b.glow(0.0, -0.67, 0.16, (0.3, 0.9, 1.0), 0.5)
    b.box(-0.03, -0.88, 0.03, -0.80, dark)
    b.smooth([(-0.14, -1.06), (0.14, -1.06), (0.16, -0.95), (0.12, -0.87), (-0.12, -0.87), (-0.16, -0.95)], brighter(steel, 0.06))
    b.box(-0.11, -1.00, 0.13, -0.93, (0.05, 0.07, 0.09))
    for k in (-0.03, 0.07):
        b.oval(k, -0.965, 0.024, 0.024, (0.4, 0.95, 1.0), facing=1.4)
        b.glow(k, -0.965, 0.10, (0.4, 0.95, 1.0), 0.5)
    b.stroke([(-0.08, -1.06), (-0.10, -1.18)], 0.012, dark)
    b.oval(-0.10, -1.19, 0.022, 0.022, (1.0, 0.3, 0.2), facing=1.2)


def knight(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase
    steel: RGB = (0.66, 0.68, 0.72)
    cape = b.script.colour or (0.55, 0.10, 0.12)
    wave = 0.05 * np.sin(turn)
    b.smooth([(-0.02, -0.84), (-0.16, -0.70), (-0.30 + wave, -0.30), (-0.42 + wave * 2, -0.06), (-0.14, -0.08), (0.0, -0.40)], cape)
    walk = 0.3 if b.script.actions & {"walk", "run"} else 0.06
    for sign, shade in ((-1, 0.65), (1, 1.0)):
        path = swing((0.02 * sign, -0.48), sign * np.sin(turn) * walk, 0.1, 0.24, 0.23)
        b.stroke(path, 0.11, scaled(steel, shade), taper=0.75)
        b.oval(path[2][0] + 0.03, path[2][1] + 0.01, 0.08, 0.035, scaled(steel, shade * 0.7))
    b.smooth([(-0.12, -0.84), (0.13, -0.84), (0.13, -0.62), (0.14, -0.40), (-0.14, -0.40), (-0.12, -0.62)], steel)
    b.box(-0.13, -0.56, 0.13, -0.52, (0.34, 0.22, 0.12))
    b.stroke([(0.08, -0.78), (0.20, -0.64), (0.26, -0.50)], 0.085, scaled(steel, 0.9))
    b.stroke([(0.24, -0.44), (0.40, -1.02)], 0.030, (0.85, 0.88, 0.92), taper=0.5)
    b.stroke([(0.20, -0.50), (0.33, -0.47)], 0.025, (0.7, 0.55, 0.2))
    b.oval(0.015, -0.94, 0.078, 0.092, steel)
    b.box(0.0, -0.965, 0.09, -0.945, (0.04, 0.04, 0.05))
    b.smooth([(0.0, -1.02), (-0.05, -1.14), (-0.18, -1.10 + wave), (-0.14, -1.02)], cape)
