"""Things: products, flowers and trees, buildings that stand alone."""

# ruff: noqa: E501
# One stroke to a line: a drawing reads best that way.

from __future__ import annotations

import numpy as np

from toolkit.simulator.brush import Brush
from toolkit.simulator.paint import RGB, brighter, mix, scaled
from toolkit.simulator.sets import crown, house, palm

__all__ = [
    "book",
    "bottle",
    "candle",
    "cottage",
    "cup",
    "flower",
    "food",
    "lighthouse",
    "phone",
    "shoe",
    "tree",
    "watch",
]

# fmt: off


def watch(b: Brush, phase: float) -> None:
    case: RGB = (0.84, 0.66, 0.34) if b.rng.random() < 0.3 and "steel" not in b.script.key else (0.76, 0.78, 0.81)
    dial: RGB = b.script.colour or ((0.08, 0.10, 0.16), (0.94, 0.93, 0.90), (0.08, 0.22, 0.18))[int(b.rng.integers(3))]
    if sum(abs(dial[i] - case[i]) for i in range(3)) < 0.35:
        dial = (0.08, 0.10, 0.14)
    strap: RGB = ((0.34, 0.19, 0.11), (0.10, 0.10, 0.11), (0.52, 0.54, 0.57))[int(b.rng.integers(3))]
    cy, r = -0.52, 0.34
    b.smooth([(-0.20, cy - 0.10), (-0.17, -1.04), (-0.10, -1.10), (0.10, -1.10), (0.17, -1.04), (0.20, cy - 0.10)], strap)
    b.smooth([(-0.20, cy + 0.10), (-0.17, -0.02), (-0.13, 0.03), (0.13, 0.03), (0.17, -0.02), (0.20, cy + 0.10)], strap)
    for k in range(7):
        for side in (-1, 1):
            b.stroke([(side * 0.155, cy - 0.34 - 0.035 * k), (side * 0.150, cy - 0.36 - 0.035 * k)], 0.010, brighter(strap, 0.35))
    for side in (-1, 1):
        for up in (-1, 1):
            b.poly([(side * 0.16, cy + up * 0.22), (side * 0.25, cy + up * 0.20), (side * 0.22, cy + up * 0.40), (side * 0.15, cy + up * 0.40)], scaled(case, 0.86))
    b.box(r - 0.01, cy - 0.045, r + 0.065, cy + 0.045, scaled(case, 0.85))
    b.oval(0, cy, r, r, case)
    for k in range(60):  # the polished ring mirrors the room: bright and dark by turns
        a0, a1 = 2 * np.pi * k / 60, 2 * np.pi * (k + 1.3) / 60
        tone = 0.62 + 0.5 * max(0.0, np.cos(2 * (a0 - 0.9 - 0.5 * phase))) + 0.25 * max(0.0, np.cos(5 * a0 + 1))
        ring = [(np.cos(a) * q * r, cy + np.sin(a) * q * r) for a, q in ((a0, 0.99), (a1, 0.99), (a1, 0.86), (a0, 0.86))]
        b.poly(ring, scaled(case, tone))
    b.oval(0, cy, r * 0.86, r * 0.86, scaled(dial, 0.75))
    b.oval(0, cy, r * 0.82, r * 0.82, dial)
    ink: RGB = (0.93, 0.92, 0.88) if sum(dial) < 1.3 else (0.10, 0.10, 0.12)
    for k in range(60):
        a = 2 * np.pi * k / 60
        q0, w = (0.66, 0.016) if k % 5 == 0 else (0.745, 0.005)
        b.stroke([(np.sin(a) * q0 * r, cy - np.cos(a) * q0 * r), (np.sin(a) * 0.78 * r, cy - np.cos(a) * 0.78 * r)], w, ink, facing=0.9)
    for x, y in ((-0.10, 0.0), (0.10, 0.0), (0.0, 0.11)):
        b.oval(x, cy + y, 0.062, 0.062, scaled(dial, 0.72) if sum(dial) > 1.3 else brighter(dial, 0.08))
        b.stroke([(x, cy + y), (x + 0.03, cy + y - 0.035)], 0.006, ink)
    for a, length, w in ((2 * np.pi * 10.15 / 12, 0.44, 0.026), (2 * np.pi * 9 / 60, 0.66, 0.020)):
        b.stroke([(-np.sin(a) * 0.05, cy + np.cos(a) * 0.05), (np.sin(a) * length * r, cy - np.cos(a) * length * r)], w, ink, taper=0.45, facing=1.0)
    a = 2 * np.pi * (0.58 + phase / 12)
    b.stroke([(-np.sin(a) * 0.06, cy + np.cos(a) * 0.06), (np.sin(a) * 0.74 * r, cy - np.cos(a) * 0.74 * r)], 0.007, (0.85, 0.2, 0.12), facing=1.0)
    b.oval(0, cy, 0.018, 0.018, case, facing=1.0)
    b.sheet.ellipse(-0.10 + 0.05 * np.sin(2 * np.pi * phase), cy - 0.12, r * 0.52, r * 0.34, (1, 1, 1), angle=-35, alpha=0.10)


def bottle(b: Brush, phase: float) -> None:
    key = b.script.key
    if any(w in key for w in ("wine", "beer", "whisk", "soda")):
        glass: RGB = b.script.colour or (0.10, 0.24, 0.13)
        b.smooth(
            [(-0.16, 0.0), (-0.17, -0.50), (-0.12, -0.64), (-0.058, -0.74), (-0.055, -1.0), (0.055, -1.0), (0.058, -0.74), (0.12, -0.64), (0.17, -0.50), (0.16, 0.0)],
            glass,
        )
        b.box(-0.062, -1.06, 0.062, -0.90, (0.55, 0.14, 0.14))
        b.box(-0.155, -0.42, 0.155, -0.16, (0.92, 0.88, 0.78))
        b.box(-0.10, -0.36, 0.10, -0.345, (0.3, 0.2, 0.15))
        b.box(-0.07, -0.30, 0.07, -0.29, (0.5, 0.4, 0.3))
    elif any(w in key for w in ("vase", "jar", "can")):
        tone: RGB = b.script.colour or (0.30, 0.44, 0.56)
        b.smooth(
            [(-0.14, 0.0), (-0.26, -0.22), (-0.24, -0.48), (-0.11, -0.66), (-0.13, -0.74), (0.13, -0.74), (0.11, -0.66), (0.24, -0.48), (0.26, -0.22), (0.14, 0.0)], tone
        )
        b.oval(0, -0.74, 0.13, 0.03, scaled(tone, 0.4))
    else:
        liquid: RGB = (
            b.script.colour if b.script.colour and sum(b.script.colour) > 0.5 else ((0.90, 0.58, 0.24), (0.86, 0.50, 0.52), (0.46, 0.62, 0.72))[int(b.rng.integers(3))]
        )
        b.smooth(
            [(-0.27, 0.0), (-0.285, -0.05), (-0.285, -0.52), (-0.24, -0.59), (0.24, -0.59), (0.285, -0.52), (0.285, -0.05), (0.27, 0.0)],
            mix(liquid, (0.95, 0.96, 0.97), 0.55),
        )
        body = [(-0.235, -0.045), (-0.235, -0.47), (0.235, -0.47), (0.235, -0.045)]
        b.poly(body, liquid)
        for k in range(14):
            x0 = -0.235 + 0.47 * k / 14
            tone2 = 0.72 + 0.55 * np.exp(-(((k - 3.5 - 1.2 * np.sin(2 * np.pi * phase)) / 1.5) ** 2)) + 0.35 * np.exp(-(((k - 11) / 1.2) ** 2))
            b.poly([(x0, -0.045), (x0, -0.47), (x0 + 0.036, -0.47), (x0 + 0.036, -0.045)], scaled(liquid, float(tone2)), facing=0.75)
        b.poly([(-0.235, -0.47), (0.235, -0.47), (0.235, -0.445), (-0.235, -0.445)], brighter(liquid, 0.5), facing=0.9)
        b.box(-0.11, -0.33, 0.11, -0.17, (0.95, 0.93, 0.88), facing=0.7)
        for y, w in ((-0.275, 0.07), (-0.245, 0.04), (-0.215, 0.055)):
            b.box(-w, y, w, y + 0.010, (0.25, 0.2, 0.16))
        b.box(-0.075, -0.655, 0.075, -0.58, (0.82, 0.66, 0.36), facing=0.9)
        b.smooth(
            [(-0.13, -0.66), (-0.14, -0.86), (-0.11, -0.90), (0.11, -0.90), (0.14, -0.86), (0.13, -0.66)], (0.10, 0.10, 0.11) if sum(liquid) > 1.4 else (0.85, 0.70, 0.40)
        )
    x = -0.17 + 0.02 * np.sin(2 * np.pi * phase)
    b.sheet.poly([(x, -0.07), (x + 0.035, -0.07), (x + 0.030, -0.50), (x - 0.002, -0.50)], (1, 1, 1), 0.34)
    b.sheet.poly([(0.13, -0.10), (0.143, -0.10), (0.143, -0.44), (0.13, -0.44)], (1, 1, 1), 0.22)


def cup(b: Brush, _phase: float) -> None:
    glaze: RGB = b.script.colour or ((0.92, 0.90, 0.86), (0.30, 0.42, 0.46), (0.70, 0.36, 0.26))[int(b.rng.integers(3))]
    bowl = any(w in b.script.key for w in ("bowl", "soup", "ramen", "noodle"))
    b.oval(0, -0.045, 0.52, 0.095, scaled(glaze, 0.80))
    b.oval(0, -0.060, 0.50, 0.085, glaze)
    b.oval(0, -0.055, 0.25, 0.042, scaled(glaze, 0.72))
    wide, tall = (0.44, 0.40) if bowl else (0.31, 0.50)
    if not bowl:
        around = [(0.30 + 0.135 * np.cos(a), -0.34 + 0.14 * np.sin(a)) for a in np.linspace(-1.75, 1.75, 17)]
        b.stroke(around, 0.060, scaled(glaze, 0.86))
    b.smooth(
        [
            (-wide, -tall - 0.06),
            (-wide * 0.98, -tall * 0.62),
            (-wide * 0.70, -0.12),
            (-wide * 0.4, -0.055),
            (wide * 0.4, -0.055),
            (wide * 0.70, -0.12),
            (wide * 0.98, -tall * 0.62),
            (wide, -tall - 0.06),
        ],
        glaze,
    )
    b.oval(0, -tall - 0.06, wide, wide * 0.205, brighter(glaze, 0.12))
    drink: RGB = (0.62, 0.36, 0.14) if "tea" in b.script.key else (0.80, 0.50, 0.22) if bowl else (0.22, 0.12, 0.07)
    b.oval(0, -tall - 0.045, wide * 0.90, wide * 0.165, drink, facing=0.8)
    if any(w in b.script.key for w in ("latte", "cappuccino", "coffee")):
        b.oval(0.0, -tall - 0.045, wide * 0.62, wide * 0.10, (0.88, 0.74, 0.56), facing=0.8)
        b.oval(0.03, -tall - 0.045, wide * 0.30, wide * 0.05, (0.50, 0.30, 0.16), facing=0.8)
    if bowl:
        for k in range(6):
            b.stroke([(-0.24 + 0.08 * k, -tall - 0.03), (-0.20 + 0.08 * k, -tall - 0.075), (-0.14 + 0.08 * k, -tall - 0.035)], 0.016, (0.96, 0.84, 0.52), facing=0.9)
        b.oval(-0.18, -tall - 0.065, 0.085, 0.034, (0.97, 0.95, 0.90), facing=0.9)
        b.oval(-0.18, -tall - 0.067, 0.042, 0.018, (0.97, 0.66, 0.16), facing=0.9)
    b.sheet.poly([(-wide * 0.80, -tall * 0.95), (-wide * 0.66, -tall * 0.95), (-wide * 0.50, -0.20), (-wide * 0.60, -0.22)], (1, 1, 1), 0.22)
    b.oval(0.40, -0.070, 0.085, 0.024, (0.72, 0.74, 0.76), angle=-12)
    b.stroke([(0.34, -0.065), (0.52, -0.105)], 0.018, (0.72, 0.74, 0.76))


def shoe(b: Brush, _phase: float) -> None:
    main: RGB = b.script.colour or ((0.92, 0.92, 0.92), (0.84, 0.20, 0.16), (0.16, 0.36, 0.62))[int(b.rng.integers(3))]
    accent: RGB = b.script.accent or ((0.95, 0.42, 0.14) if main[0] > 0.8 and main[1] > 0.8 else (0.96, 0.95, 0.92))
    b.smooth([(-0.66, -0.02), (-0.70, -0.10), (-0.60, -0.16), (0.30, -0.15), (0.72, -0.13), (0.80, -0.06), (0.70, 0.0), (0.0, 0.01)], (0.96, 0.95, 0.92))
    b.stroke([(-0.64, -0.02), (0.0, 0.0), (0.74, -0.03)], 0.030, scaled(accent, 0.8))
    b.smooth(
        [
            (-0.62, -0.14),
            (-0.66, -0.36),
            (-0.58, -0.56),
            (-0.46, -0.58),
            (-0.32, -0.50),
            (-0.18, -0.53),
            (0.10, -0.38),
            (0.40, -0.30),
            (0.70, -0.22),
            (0.75, -0.13),
            (0.2, -0.14),
        ],
        main,
    )
    b.smooth([(0.46, -0.29), (0.70, -0.22), (0.755, -0.13), (0.42, -0.14)], scaled(main, 0.86))
    b.smooth([(-0.64, -0.30), (-0.62, -0.14), (-0.36, -0.14), (-0.44, -0.26)], accent)
    b.smooth([(-0.30, -0.16), (-0.10, -0.30), (0.22, -0.34), (0.02, -0.24), (-0.20, -0.15)], accent)
    b.smooth([(-0.56, -0.54), (-0.44, -0.57), (-0.30, -0.50), (-0.42, -0.45), (-0.54, -0.48)], scaled(main, 0.35))
    for k in range(5):
        x, y = -0.16 + 0.085 * k, -0.50 + 0.040 * k
        b.stroke([(x - 0.05, y + 0.05), (x + 0.05, y + 0.012)], 0.022, (0.97, 0.97, 0.95), facing=0.8)


def phone(b: Brush, phase: float) -> None:
    key = b.script.key
    shell: RGB = b.script.colour or (0.13, 0.14, 0.16)
    if "headphone" in key:
        around = [(0.40 * np.cos(a), -0.56 + 0.50 * np.sin(a)) for a in np.linspace(np.pi, 2 * np.pi, 25)]
        b.stroke(around, 0.075, shell)
        for side in (-1, 1):
            b.smooth([(side * 0.30, -0.62), (side * 0.50, -0.60), (side * 0.54, -0.34), (side * 0.46, -0.14), (side * 0.32, -0.16)], brighter(shell, 0.08))
            b.oval(side * 0.33, -0.38, 0.09, 0.21, scaled(shell, 0.55))
    elif any(w in key for w in ("laptop", "computer")):
        b.poly([(-0.62, -0.06), (0.62, -0.06), (0.78, 0.02), (-0.78, 0.02)], (0.70, 0.72, 0.75))
        b.poly([(-0.58, -0.74), (0.58, -0.74), (0.62, -0.06), (-0.62, -0.06)], (0.16, 0.17, 0.19))
        _screen(b, -0.54, -0.70, 0.54, -0.10, phase)
    elif "speaker" in key or "camera" in key:
        b.smooth(
            [(-0.42, 0.0), (-0.44, -0.40), (-0.40, -0.50), (-0.14, -0.52), (-0.08, -0.62), (0.14, -0.62), (0.20, -0.52), (0.40, -0.50), (0.44, -0.40), (0.42, 0.0)], shell
        )
        for r, tone in ((0.215, (0.30, 0.31, 0.33)), (0.18, (0.06, 0.06, 0.07)), (0.12, (0.14, 0.18, 0.26)), (0.06, (0.03, 0.03, 0.05))):
            b.oval(0.02, -0.25, r, r, tone)
        b.oval(-0.05, -0.32, 0.035, 0.025, (0.85, 0.9, 1.0), angle=-30, facing=1.0)
        b.oval(0.32, -0.42, 0.03, 0.03, (0.85, 0.2, 0.15), facing=1.0)
    else:
        b.smooth([(-0.27, 0.0), (-0.29, -0.04), (-0.29, -1.0), (-0.25, -1.05), (0.25, -1.05), (0.29, -1.0), (0.29, -0.04), (0.25, 0.0)], shell)
        _screen(b, -0.26, -1.01, 0.26, -0.035, phase)
        b.sheet.ellipse(0, -0.97, 0.055, 0.014, (0.01, 0.01, 0.015))


def _screen(b: Brush, x0: float, y0: float, x1: float, y1: float, phase: float) -> None:
    hue = b.rng.random(3) * 0.6 + 0.3
    first, other = (float(hue[0]), float(hue[1]) * 0.6, 0.75), (0.95, float(hue[2]), 0.45)
    n = 24
    for k in range(n):
        f = k / n
        b.sheet.rect(x0, y0 + (y1 - y0) * f, x1, y0 + (y1 - y0) * (f + 1.3 / n), mix(first, other, f))
    cx = (x0 + x1) / 2
    for k in range(4):
        b.sheet.ellipse(
            cx + (x1 - x0) * 0.22 * np.sin(k * 2 + 2 * np.pi * phase),
            y0 + (y1 - y0) * (0.25 + 0.18 * k),
            (x1 - x0) * 0.22,
            (x1 - x0) * 0.20,
            mix(other, (1, 1, 1), 0.3),
            alpha=0.35,
        )
    b.sheet.poly([(x0, y0), (x0 + (x1 - x0) * 0.62, y0), (x0 + (x1 - x0) * 0.10, y1), (x0, y1)], (1, 1, 1), 0.10)
    b.glow(cx, (y0 + y1) / 2, 0.7, mix(first, other, 0.5), 0.16)


def book(b: Brush, phase: float) -> None:
    for k, (w, t, tone) in enumerate(((0.62, 0.13, (0.24, 0.34, 0.46)), (0.54, 0.11, (0.62, 0.26, 0.20)))):
        y = -0.13 * k
        b.box(-w, y - t, w, y, tone)
        b.box(-w + 0.03, y - t + 0.022, w + 0.005, y - 0.022, (0.92, 0.88, 0.78))
        b.box(-w, y - t, -w + 0.05, y, scaled(tone, 0.75))
    lift = 0.03 * np.sin(2 * np.pi * phase)
    b.smooth([(0.0, -0.30), (-0.22, -0.40), (-0.58, -0.36), (-0.62, -0.27), (-0.2, -0.29)], (0.95, 0.92, 0.84))
    b.smooth([(0.0, -0.30), (0.22, -0.40), (0.58, -0.36), (0.62, -0.27), (0.2, -0.29)], (0.90, 0.86, 0.77))
    b.smooth([(0.0, -0.30), (0.12, -0.46 - lift), (0.36, -0.50 - lift), (0.30, -0.40), (0.1, -0.36)], (0.97, 0.94, 0.88))
    for k in range(4):
        b.stroke([(-0.50, -0.345 + 0.016 * k), (-0.14, -0.365 + 0.018 * k)], 0.006, (0.4, 0.37, 0.34))


def candle(b: Brush, phase: float) -> None:
    lean = 0.020 * np.sin(2 * np.pi * phase) + 0.010 * np.sin(6 * np.pi * phase)
    fire = any(w in b.script.key for w in ("fire", "torch"))
    if fire:
        for a in (-0.3, 0.05, 0.32):
            b.stroke([(-0.36 * np.cos(a), -0.02 - 0.1 * a), (0.36 * np.cos(a), -0.06 + 0.12 * a)], 0.075, (0.30, 0.19, 0.12))
        for k, (w, t, ink) in enumerate(((0.26, 0.72, (1.0, 0.36, 0.06)), (0.19, 0.55, (1.0, 0.60, 0.12)), (0.11, 0.36, (1.0, 0.88, 0.45)))):
            s = np.sin(2 * np.pi * (phase + 0.3 * k))
            p = [
                (-w, -0.08),
                (-w * 0.9, -0.24),
                (-w * 0.35 + 0.04 * s, -0.10 - t * 0.55),
                (0.04 * s, -0.08 - t),
                (w * 0.45 + 0.03 * s, -0.10 - t * 0.5),
                (w * 0.95, -0.22),
                (w, -0.08),
            ]
            b.sheet.poly(p, ink, 0.9)
        b.glow(0, -0.35, 1.1, (1.0, 0.55, 0.2), 0.7)
        return
    for x, t, w in ((0.0, 0.52, 0.11), (-0.28, 0.34, 0.09), (0.27, 0.26, 0.10)):
        wax: RGB = b.script.colour or (0.94, 0.88, 0.74)
        b.smooth([(x - w, 0.0), (x - w, -t), (x + w, -t), (x + w, 0.0)], wax)
        b.box(x - w, -t, x + w, 0.0, wax)
        b.oval(x, -t, w, w * 0.24, brighter(wax, 0.3), facing=0.9)
        b.stroke([(x, -t), (x + 0.005, -t - 0.05)], 0.012, (0.1, 0.08, 0.07))
        for s, ink in ((1.0, (1.0, 0.66, 0.22)), (0.55, (1.0, 0.94, 0.72))):
            b.sheet.poly(
                [
                    (x - 0.035 * s, -t - 0.07),
                    (x + 0.035 * s, -t - 0.07),
                    (x + 0.022 * s + lean * 0.5, -t - 0.12 * s - 0.05),
                    (x + lean, -t - 0.05 - 0.17 * s),
                    (x - 0.024 * s + lean * 0.4, -t - 0.12 * s - 0.05),
                ],
                ink,
            )
        b.glow(x + lean, -t - 0.12, 0.62, (1.0, 0.62, 0.24), 0.5 + 0.06 * np.sin(4 * np.pi * phase))


def food(b: Brush, _phase: float) -> None:
    key = b.script.key
    b.oval(0, -0.03, 0.62, 0.11, (0.80, 0.80, 0.78))
    b.oval(0, -0.05, 0.60, 0.10, (0.95, 0.94, 0.92))
    if any(w in key for w in ("apple", "orange", "lemon", "strawberry", "fruit")):
        for x, y, r, tone in ((-0.22, -0.24, 0.19, (0.80, 0.14, 0.12)), (0.20, -0.22, 0.18, (0.96, 0.56, 0.12)), (0.0, -0.44, 0.17, (0.62, 0.74, 0.22))):
            b.oval(x, y, r, r * 0.96, tone)
            b.oval(x - r * 0.35, y - r * 0.38, r * 0.22, r * 0.15, brighter(tone, 0.6), angle=-30)
            b.stroke([(x, y - r * 0.8), (x + 0.02, y - r * 1.15)], 0.016, (0.3, 0.2, 0.1))
    elif "burger" in key:
        b.smooth([(-0.36, -0.08), (-0.38, -0.16), (0.38, -0.16), (0.36, -0.08)], (0.82, 0.56, 0.28))
        b.smooth([(-0.40, -0.16), (-0.38, -0.24), (0.38, -0.24), (0.40, -0.16)], (0.34, 0.19, 0.11))
        b.smooth([(-0.41, -0.24), (-0.2, -0.26), (0.2, -0.26), (0.41, -0.24), (0.2, -0.20), (-0.1, -0.18), (-0.3, -0.21)], (0.98, 0.74, 0.20))
        b.smooth([(-0.42, -0.25), (-0.3, -0.31), (0.0, -0.28), (0.3, -0.31), (0.42, -0.25), (0, -0.24)], (0.40, 0.64, 0.22))
        b.oval(0, -0.30, 0.38, 0.28, (0.86, 0.58, 0.28), start=180, end=360)
        for k in range(12):
            b.oval(-0.26 + 0.05 * k, -0.44 - 0.07 * np.sin(k * 1.9), 0.014, 0.009, (0.97, 0.90, 0.72))
    elif "pizza" in key:
        b.poly([(-0.50, -0.12), (0.50, -0.14), (0.04, 0.0)], (0.96, 0.78, 0.36))
        b.stroke([(-0.52, -0.14), (0.0, -0.18), (0.52, -0.16)], 0.07, (0.76, 0.50, 0.26))
        for x, y in ((-0.2, -0.11), (0.14, -0.115), (0.0, -0.06)):
            b.oval(x, y, 0.08, 0.024, (0.74, 0.16, 0.12))
    else:
        b.box(-0.34, -0.46, 0.34, -0.06, (0.93, 0.80, 0.62))
        b.box(-0.34, -0.30, 0.34, -0.24, (0.96, 0.94, 0.90))
        b.box(-0.34, -0.15, 0.34, -0.11, (0.84, 0.30, 0.36))
        b.oval(0, -0.46, 0.34, 0.075, b.script.colour or (0.92, 0.52, 0.58))
        for k in range(7):
            x = -0.32 + 0.105 * k
            b.smooth(
                [(x - 0.05, -0.46), (x + 0.05, -0.46), (x + 0.03, -0.34 - 0.05 * (k % 2)), (x - 0.03, -0.34 - 0.05 * (k % 2))], b.script.colour or (0.92, 0.52, 0.58)
            )
        b.oval(0, -0.54, 0.06, 0.055, (0.80, 0.10, 0.12))


def flower(b: Brush, phase: float) -> None:
    sway = 0.03 * np.sin(2 * np.pi * phase)
    key = b.script.key
    petal: RGB = b.script.colour or (
        (0.98, 0.78, 0.12)
        if "sunflower" in key
        else (0.88, 0.14, 0.18)
        if "rose" in key or "poppy" in key
        else ((0.90, 0.28, 0.44), (0.62, 0.36, 0.80), (0.98, 0.86, 0.30))[int(b.rng.integers(3))]
    )
    many = "bouquet" in key or "flowers" in key
    for x, t, size in ((0.0, 1.0, 1.0), (-0.26, 0.78, 0.72), (0.24, 0.70, 0.66)) if many else ((0.0, 0.98, 1.25),):
        top = (x + sway * t, -t)
        b.stroke([(x * 0.3, 0.0), (x * 0.7 + 0.02, -t * 0.5), top], 0.032, (0.22, 0.46, 0.18), taper=0.8)
        b.smooth([(x * 0.5, -t * 0.32), (x + 0.14, -t * 0.50), (x + 0.26, -t * 0.50), (x + 0.14, -t * 0.38)], (0.26, 0.52, 0.20))
        b.smooth([(x * 0.5, -t * 0.22), (x - 0.14, -t * 0.38), (x - 0.26, -t * 0.36), (x - 0.12, -t * 0.26)], (0.20, 0.44, 0.17))
        if "tulip" in key:
            for dx, tone in ((-0.06, 0.8), (0.06, 0.9), (0.0, 1.0)):
                b.smooth(
                    [
                        (top[0] - 0.07, top[1] + 0.07),
                        (top[0] - 0.12 + dx, top[1] - 0.05),
                        (top[0] + dx, top[1] - 0.22),
                        (top[0] + 0.12 + dx, top[1] - 0.05),
                        (top[0] + 0.07, top[1] + 0.07),
                    ],
                    scaled(petal, tone),
                )
            continue
        for ring, (r, n, tone) in enumerate(((0.20, 12, 0.78), (0.155, 10, 0.95), (0.10, 8, 1.08))):
            for k in range(n):
                a = 2 * np.pi * (k + 0.5 * ring) / n
                b.oval(
                    top[0] + np.cos(a) * r * 0.72 * size,
                    top[1] + np.sin(a) * r * 0.62 * size,
                    0.088 * size,
                    0.052 * size,
                    scaled(petal, tone + 0.08 * np.sin(a * 3)),
                    angle=float(np.degrees(a)),
                )
        b.oval(top[0], top[1], 0.072 * size, 0.064 * size, (0.36, 0.22, 0.10) if "sunflower" in key else (0.98, 0.80, 0.26))


def tree(b: Brush, phase: float) -> None:
    sway = 0.012 * np.sin(2 * np.pi * phase)
    key = b.script.key
    rng = np.random.default_rng(7)
    if "cactus" in key:
        green: RGB = (0.26, 0.46, 0.26)
        b.stroke([(0, 0), (0, -1.05)], 0.20, green)
        b.stroke([(0, -0.45), (0.26, -0.48), (0.28, -0.80)], 0.13, green)
        b.stroke([(0, -0.60), (-0.25, -0.63), (-0.26, -0.92)], 0.12, scaled(green, 0.85))
        for k in (-0.05, 0.0, 0.05):
            b.stroke([(k, -0.02), (k, -1.08)], 0.008, scaled(green, 0.6))
    elif "palm" in key:
        palm(b.sheet, 0.0, 0.0, 1.1, b.lit((0.20, 0.46, 0.20)), rng)
    else:
        leaf: RGB = b.script.colour or ((0.95, 0.66, 0.74) if "cherry" in key or "blossom" in key else (0.78, 0.42, 0.12) if "autumn" in key else (0.26, 0.46, 0.18))
        crown(b.sheet, sway, 0.0, 1.22, b.lit(leaf), rng, b.look.side, 170)


def lighthouse(b: Brush, phase: float) -> None:
    key = b.script.key
    if any(w in key for w in ("windmill", "turbine")):
        white: RGB = (0.90, 0.89, 0.86)
        b.smooth([(-0.14, 0.0), (-0.075, -0.80), (0.075, -0.80), (0.14, 0.0)], white)
        for k in range(3 if "turbine" in key else 4):
            a = 2 * np.pi * (phase / 3 + k / (3 if "turbine" in key else 4))
            b.stroke([(0, -0.82), (np.cos(a) * 0.50, -0.82 + np.sin(a) * 0.50)], 0.065, (0.80, 0.76, 0.70), taper=0.5)
        b.oval(0, -0.82, 0.06, 0.06, (0.4, 0.3, 0.25))
        return
    stripe: RGB = b.script.colour or (0.78, 0.14, 0.13)
    b.box(-0.34, -0.16, 0.42, 0.0, (0.86, 0.84, 0.80))
    b.poly([(0.08, -0.16), (0.46, -0.16), (0.38, -0.28), (0.16, -0.28)], (0.50, 0.20, 0.16))
    for k in range(5):
        t0, t1 = k / 5, (k + 1) / 5
        w0, w1 = 0.150 - 0.055 * t0, 0.150 - 0.055 * t1
        b.poly([(-w0, -0.95 * t0), (w0, -0.95 * t0), (w1, -0.95 * t1), (-w1, -0.95 * t1)], stripe if k % 2 else (0.94, 0.93, 0.90))
    b.box(-0.135, -0.985, 0.135, -0.95, (0.12, 0.12, 0.13))
    b.sheet.rect(-0.075, -1.10, 0.075, -0.985, (1.0, 0.95, 0.75))
    for x in (-0.075, 0.0, 0.07):
        b.stroke([(x, -1.10), (x, -0.985)], 0.010, (0.12, 0.12, 0.13))
    b.smooth([(-0.105, -1.10), (0.0, -1.22), (0.105, -1.10)], (0.20, 0.10, 0.10))
    for y in (-0.30, -0.62):
        b.box(-0.025, y, 0.025, y + 0.07, (0.12, 0.14, 0.18))
    b.glow(0, -1.04, 0.40, (1.0, 0.93, 0.70), 0.6 + 0.3 * b.look.night)
    if b.look.lamps > 0.2 or b.script.weather & {"storm", "fog"}:
        turn = np.cos(2 * np.pi * phase)
        b.beam = (0.0, -1.04, 1.25 * turn, 0.16 * abs(turn) + 0.02)


def cottage(b: Brush, _phase: float) -> None:
    if "tent" in b.script.key:
        tone: RGB = b.script.colour or (0.90, 0.50, 0.16)
        b.poly([(-0.62, 0.0), (0.0, -0.66), (0.20, 0.0)], tone)
        b.poly([(0.0, -0.66), (0.66, 0.0), (0.20, 0.0)], scaled(tone, 0.65))
        b.poly([(-0.22, 0.0), (0.0, -0.5), (0.02, 0.0)], (1.0, 0.82, 0.5), facing=0.6 + b.look.lamps)
        b.glow(-0.05, -0.2, 0.6, (1.0, 0.7, 0.35), 0.5 * b.look.lamps)
        return
    house(b.sheet, 0.0, 0.0, 0.62, b.look, 0.0, np.random.default_rng(int(b.rng.integers(99))), snow=b.script.is_white)
    b.box(-0.02, -0.24, 0.12, 0.0, (0.28, 0.17, 0.11))
