"""Animals: on four legs, with wings, in the water."""

# ruff: noqa: E501
# One stroke to a line: a drawing reads best that way.

from __future__ import annotations

import numpy as np

from toolkit.simulator.brush import Brush, swing
from toolkit.simulator.paint import RGB, mix, scaled

__all__ = ["bird", "cat", "deer", "dog", "elephant", "fish", "fox", "horse", "jellyfish", "whale"]

# fmt: off


def _quadruped(
    b: Brush,
    phase: float,
    *,
    coat: RGB,
    belly: RGB,
    leg: float,
    length: float,
    girth: float,
    neck: float,
    head: float,
    ear: str,
    tail: str,
    muzzle: float,
    feet: RGB | None = None,
    thick: float = 0.07,
    extra: str = "",
) -> None:
    turn = 2 * np.pi * phase
    if b.script.colour:
        coat = mix(coat, b.script.colour, 0.45)  # a red fox is no red paint
    gait = 0.34 if b.script.actions & {"walk", "ride"} else 0.60 if "run" in b.script.actions else 0.05
    bob = -0.015 * abs(np.sin(turn)) * (gait > 0.1)
    y = -leg - girth * 0.45 + bob
    rear, fore = -length / 2, length / 2

    def limb(x: float, sign: float, shade: float, hind: bool) -> None:
        a = np.sin(turn + (0 if sign > 0 else np.pi) + (0.6 if hind else 0)) * gait
        bend = (-0.28 if hind else 0.10) + 0.3 * gait * np.cos(turn) * sign
        path = swing((x, y + girth * 0.1), a + (0.14 if hind else 0.0), -bend if hind else bend, leg * 0.58, leg * 0.60)
        b.stroke(path, thick * (1.25 if hind else 1.0), scaled(coat, shade), taper=0.55)
        b.stroke(path[1:], thick * 0.62, scaled(feet or coat, shade), taper=0.8)
        b.oval(path[2][0] + 0.015, path[2][1], thick * 0.50, thick * 0.32, scaled(feet or coat, shade * 0.85))

    swish = 0.07 * np.sin(turn)
    if tail == "bush":
        b.smooth(
            [
                (rear + 0.03, y - girth * 0.2),
                (rear - 0.16, y - 0.06 + swish),
                (rear - 0.36, y + 0.02 + swish * 1.5),
                (rear - 0.48, y + 0.02 + swish * 2),
                (rear - 0.36, y + 0.13 + swish * 1.5),
                (rear - 0.14, y + 0.10 + swish),
                (rear + 0.02, y + girth * 0.1),
            ],
            coat,
        )
        b.smooth([(rear - 0.36, y + 0.02 + swish * 1.5), (rear - 0.48, y + 0.02 + swish * 2), (rear - 0.37, y + 0.12 + swish * 1.5)], (0.94, 0.92, 0.88))
    elif tail == "up":
        b.stroke([(rear + 0.02, y - girth * 0.2), (rear - 0.10, y - 0.14 + swish), (rear - 0.10 + swish, y - 0.30), (rear + swish, y - 0.38)], 0.062, coat, taper=0.6)
    elif tail == "hair":
        b.smooth(
            [(rear + 0.02, y - girth * 0.45), (rear - 0.10, y - girth * 0.3), (rear - 0.16 + swish, y + 0.20), (rear - 0.10 + swish, y + 0.34), (rear - 0.03, y + 0.1)],
            scaled(coat, 0.45),
        )
    else:
        b.stroke([(rear + 0.01, y - girth * 0.2), (rear - 0.06, y + 0.02)], 0.05, coat, taper=0.5)
    limb(rear + 0.07, -1, 0.60, True)
    limb(fore - 0.05, -1, 0.60, False)
    body = [
        (rear - 0.02, y - girth * 0.15), (rear + 0.08, y - girth * 0.50), (0.0, y - girth * 0.42), (fore - 0.06, y - girth * 0.52),
        (fore + 0.05, y - girth * 0.20), (fore + 0.02, y + girth * 0.36), (0.0, y + girth * 0.42), (rear + 0.12, y + girth * 0.30), (rear, y + girth * 0.25),
    ]  # fmt: skip
    b.smooth(body, coat)
    b.smooth(
        [(fore - 0.04, y + girth * 0.20), (0.02, y + girth * 0.32), (rear + 0.16, y + girth * 0.26), (0.0, y + girth * 0.44), (fore - 0.02, y + girth * 0.40)], belly
    )
    limb(rear + 0.10, 1, 1.0, True)
    limb(fore - 0.02, 1, 1.0, False)
    nod = 0.012 * np.sin(turn * 2)
    hx, hy = fore + neck * 0.62, y - girth * 0.20 - neck * 0.78 + nod
    b.smooth(
        [
            (fore - 0.10, y - girth * 0.45),
            (hx - head * 0.75, hy - head * 0.2),
            (hx + head * 0.1, hy + head * 0.45),
            (fore + 0.06, y + girth * 0.18),
            (fore - 0.02, y + girth * 0.25),
        ],
        coat,
    )
    if extra == "mane":
        b.smooth(
            [
                (fore - 0.12, y - girth * 0.52),
                (hx - head * 1.0, hy - head * 0.6),
                (hx - head * 0.2, hy - head * 0.9),
                (hx - head * 0.5, hy + head * 0.4),
                (fore - 0.06, y - girth * 0.2),
            ],
            scaled(coat, 0.42),
        )
    if extra == "antlers":
        for side in (-1, 1):
            bx = hx - head * 0.2 + 0.02 * side
            stem = [(bx, hy - head * 0.7), (bx - 0.08 * side - 0.03, hy - head * 1.9), (bx + 0.02 - 0.04 * side, hy - head * 3.0)]
            b.stroke(stem, 0.026, (0.62, 0.50, 0.36), taper=0.4)
            b.stroke([stem[1], (stem[1][0] + 0.10, hy - head * 2.4)], 0.020, (0.62, 0.50, 0.36), taper=0.4)
            b.stroke([(bx - 0.04, hy - head * 1.3), (bx + 0.09, hy - head * 1.8)], 0.020, (0.62, 0.50, 0.36), taper=0.4)
    if ear in {"point", "round", "flop"}:
        for dx, shade in ((-0.12, 0.65), (0.16, 1.0)):
            ex, ey = hx - head * 0.45 + dx * head * 2.0, hy - head * 0.55
            if ear == "point":
                b.poly([(ex - head * 0.36, ey + head * 0.1), (ex - head * 0.05, ey - head * 1.05), (ex + head * 0.34, ey + head * 0.1)], scaled(coat, shade))
                b.poly([(ex - head * 0.16, ey), (ex - head * 0.03, ey - head * 0.72), (ex + head * 0.16, ey)], scaled(belly, shade * 0.62))
            elif ear == "round":
                b.oval(ex, ey, head * 0.34, head * 0.36, scaled(coat, shade))
            else:
                b.smooth(
                    [(ex - head * 0.2, ey - head * 0.1), (ex - head * 0.55, ey + head * 0.7), (ex - head * 0.15, ey + head * 0.95), (ex + head * 0.1, ey + head * 0.1)],
                    scaled(coat, 0.68),
                )
    b.oval(hx, hy, head * 0.82, head * 0.72, coat)
    b.smooth(
        [
            (hx + head * 0.10, hy - head * 0.38),
            (hx + head * (0.7 + muzzle), hy + head * 0.02),
            (hx + head * (0.74 + muzzle), hy + head * 0.26),
            (hx + head * 0.3, hy + head * 0.62),
            (hx - head * 0.2, hy + head * 0.6),
        ],
        coat,
    )
    b.smooth(
        [
            (hx + head * 0.16, hy + head * 0.30),
            (hx + head * (0.70 + muzzle), hy + head * 0.14),
            (hx + head * (0.70 + muzzle), hy + head * 0.28),
            (hx + head * 0.25, hy + head * 0.60),
        ],
        belly,
    )
    b.oval(hx + head * (0.74 + muzzle), hy + head * 0.10, head * 0.13, head * 0.11, (0.05, 0.04, 0.04))
    b.oval(hx + head * 0.26, hy - head * 0.12, head * 0.10, head * 0.11, (0.04, 0.03, 0.03))
    b.oval(hx + head * 0.29, hy - head * 0.16, head * 0.035, head * 0.035, (1, 1, 1), facing=1.0)
    if extra == "stripes":
        for k in range(7):
            x = rear + 0.05 + k * length * 0.14
            b.stroke([(x, y - girth * 0.44), (x + 0.02, y + 0.02)], 0.026, (0.10, 0.08, 0.07), taper=0.2)
    if extra == "trunk":
        b.oval(hx - head * 0.55, hy + head * 0.1, head * 0.75, head * 0.95, scaled(coat, 0.84))
        b.stroke(
            [(hx + head * 0.6, hy + 0.0), (hx + head * 1.0, hy + head * 1.1), (hx + head * 0.8 + swish, hy + head * 2.2), (hx + head * 1.2 + swish, hy + head * 2.7)],
            head * 0.55,
            coat,
            taper=0.4,
        )
        b.stroke([(hx + head * 0.5, hy + head * 0.5), (hx + head * 1.3, hy + head * 1.2)], head * 0.18, (0.92, 0.88, 0.78), taper=0.3)


def fox(b: Brush, phase: float) -> None:
    wolf = any(w in b.script.key for w in ("wolf", "coyote", "jackal"))
    coat: RGB = (0.45, 0.45, 0.47) if wolf else (0.86, 0.40, 0.12)
    _quadruped(
        b,
        phase,
        coat=coat,
        belly=(0.95, 0.92, 0.86),
        leg=0.30,
        length=0.56,
        girth=0.22,
        neck=0.16,
        head=0.105,
        ear="point",
        tail="bush",
        muzzle=0.85,
        feet=(0.14, 0.10, 0.09),
        thick=0.062,
    )


def dog(b: Brush, phase: float) -> None:
    husky = "husky" in b.script.key
    coat: RGB = (0.35, 0.37, 0.41) if husky else ((0.80, 0.60, 0.34), (0.34, 0.22, 0.15), (0.90, 0.84, 0.74))[int(b.rng.integers(3))]
    _quadruped(
        b,
        phase,
        coat=coat,
        belly=mix(coat, (1, 0.96, 0.9), 0.6),
        leg=0.32,
        length=0.55,
        girth=0.26,
        neck=0.18,
        head=0.115,
        ear="point" if husky else "flop",
        tail="up",
        muzzle=0.55,
        thick=0.078,
    )


def cat(b: Brush, phase: float) -> None:
    big = any(w in b.script.key for w in ("tiger", "lion", "leopard", "panther", "lynx"))
    coat: RGB = (0.86, 0.52, 0.18) if big else ((0.42, 0.40, 0.40), (0.86, 0.58, 0.30), (0.12, 0.11, 0.12), (0.90, 0.87, 0.82))[int(b.rng.integers(4))]
    _quadruped(
        b,
        phase,
        coat=coat,
        belly=mix(coat, (1, 0.97, 0.92), 0.55),
        leg=0.24,
        length=0.52,
        girth=0.22,
        neck=0.10,
        head=0.115,
        ear="point" if not big else "round",
        tail="up",
        muzzle=0.15,
        thick=0.066,
        extra="stripes" if big or b.rng.random() < 0.4 else "mane" if "lion" in b.script.key else "",
    )


def horse(b: Brush, phase: float) -> None:
    coat: RGB = ((0.36, 0.20, 0.12), (0.16, 0.13, 0.12), (0.74, 0.70, 0.66), (0.52, 0.30, 0.16))[int(b.rng.integers(4))]
    zebra = "zebra" in b.script.key
    if zebra:
        coat = (0.90, 0.89, 0.86)
    _quadruped(
        b,
        phase,
        coat=coat,
        belly=coat,
        leg=0.46,
        length=0.66,
        girth=0.30,
        neck=0.34,
        head=0.10,
        ear="point",
        tail="hair",
        muzzle=1.15,
        feet=scaled(coat, 0.5),
        thick=0.085,
        extra="stripes" if zebra else "mane",
    )


def deer(b: Brush, phase: float) -> None:
    _quadruped(
        b,
        phase,
        coat=(0.55, 0.36, 0.21),
        belly=(0.86, 0.78, 0.66),
        leg=0.44,
        length=0.52,
        girth=0.24,
        neck=0.30,
        head=0.082,
        ear="point",
        tail="stub",
        muzzle=0.8,
        feet=(0.3, 0.2, 0.13),
        thick=0.056,
        extra="antlers",
    )


def elephant(b: Brush, phase: float) -> None:
    if any(w in b.script.key for w in ("bear", "cow", "bull", "buffalo", "hippo")):
        coat: RGB = (0.30, 0.20, 0.14) if "bear" in b.script.key else (0.24, 0.18, 0.16)
        _quadruped(
            b, phase, coat=coat, belly=scaled(coat, 1.2), leg=0.28, length=0.66, girth=0.42, neck=0.16, head=0.14, ear="round", tail="stub", muzzle=0.5, thick=0.14
        )
    else:
        _quadruped(
            b,
            phase,
            coat=(0.46, 0.45, 0.46),
            belly=(0.42, 0.41, 0.42),
            leg=0.36,
            length=0.72,
            girth=0.52,
            neck=0.20,
            head=0.20,
            ear="none",
            tail="stub",
            muzzle=0.05,
            thick=0.16,
            extra="trunk",
        )


def bird(b: Brush, phase: float) -> None:
    white = any(w in b.script.key for w in ("gull", "swan", "dove", "heron"))
    coat: RGB = b.script.colour or ((0.93, 0.93, 0.92) if white else (0.14, 0.13, 0.15))
    flock = (
        [(0.0, -0.62, 0.95, 0.0)] if any(w in b.script.key for w in ("eagle", "owl", "hawk", "dragon", "parrot", "butterfly", "hummingbird"))
        else [(0.05, -0.60, 0.62, 0.0), (-0.62, -0.86, 0.36, 0.3), (0.62, -0.98, 0.30, 0.55), (-0.30, -1.18, 0.24, 0.8), (0.28, -1.25, 0.20, 0.15)]
    )  # fmt: skip
    for x, y, size, late in flock:
        beat = np.sin(2 * np.pi * (phase + late))
        tip = -0.52 * beat
        for side, shade in ((-1, 0.72), (1, 1.0)):
            reach = 0.55 if side > 0 else 0.50
            wing = [
                (x + 0.02 * size, y - 0.05 * size), (x + side * 0.22 * size, y + (tip * 0.55 - 0.12) * size), (x + side * reach * size, y + tip * size),
                (x + side * 0.40 * size - 0.08 * size, y + (tip * 0.62 + 0.05) * size), (x + side * 0.18 * size - 0.08 * size, y + (tip * 0.25 + 0.06) * size), (x - 0.10 * size, y + 0.05 * size),
            ]  # fmt: skip
            b.smooth(wing, scaled(coat, shade))
            b.smooth([wing[2], wing[3], (x + side * 0.34 * size, y + tip * 0.72 * size)], scaled(coat, 0.35))
        b.smooth(
            [
                (x - 0.34 * size, y + 0.05 * size),
                (x - 0.12 * size, y - 0.06 * size),
                (x + 0.14 * size, y - 0.06 * size),
                (x + 0.27 * size, y - 0.02 * size),
                (x + 0.12 * size, y + 0.08 * size),
                (x - 0.12 * size, y + 0.08 * size),
            ],
            coat,
        )
        b.oval(x + 0.24 * size, y - 0.05 * size, 0.07 * size, 0.06 * size, coat)
        b.poly([(x + 0.29 * size, y - 0.07 * size), (x + 0.40 * size, y - 0.03 * size), (x + 0.29 * size, y - 0.02 * size)], (0.95, 0.62, 0.15))


def whale(b: Brush, phase: float) -> None:
    wave = np.sin(2 * np.pi * phase)
    skin: RGB = b.script.colour or (0.20, 0.28, 0.36)
    if any(w in b.script.key for w in ("shark", "dolphin")):
        skin = b.script.colour or (0.40, 0.46, 0.52)
    tail = 0.10 * wave
    b.smooth(
        [
            (-0.78, -0.42 + tail),
            (-1.05, -0.56 + tail * 1.7),
            (-1.12, -0.44 + tail * 1.8),
            (-0.96, -0.38 + tail * 1.5),
            (-1.08, -0.26 + tail * 1.4),
            (-0.94, -0.26 + tail * 1.3),
            (-0.76, -0.36 + tail),
        ],
        scaled(skin, 0.9),
    )
    b.smooth(
        [
            (-0.84, -0.42 + tail),
            (-0.45, -0.56 + tail * 0.4),
            (0.05, -0.64),
            (0.55, -0.60),
            (0.92, -0.46),
            (0.98, -0.36),
            (0.80, -0.24),
            (0.35, -0.16),
            (-0.20, -0.22),
            (-0.60, -0.34 + tail * 0.6),
        ],
        skin,
    )
    b.smooth([(0.98, -0.36), (0.80, -0.24), (0.35, -0.16), (-0.10, -0.20), (0.30, -0.27), (0.72, -0.34)], (0.80, 0.84, 0.86))
    for k in range(6):
        b.stroke([(0.86 - 0.02 * k, -0.35 + 0.020 * k), (0.42 - 0.05 * k, -0.27 + 0.018 * k), (0.05, -0.22 + 0.008 * k)], 0.006, scaled(skin, 0.8))
    b.smooth([(0.28, -0.26), (0.10, -0.06 + 0.05 * wave), (-0.10, 0.06 + 0.09 * wave), (-0.02, -0.08 + 0.04 * wave), (0.12, -0.26)], scaled(skin, 0.75))
    b.smooth([(-0.28, -0.56), (-0.40, -0.68), (-0.46, -0.66), (-0.46, -0.54)], scaled(skin, 0.85))
    b.oval(0.66, -0.40, 0.020, 0.018, (0.03, 0.03, 0.04))
    b.oval(0.668, -0.404, 0.006, 0.006, (1, 1, 1), facing=1.0)


def fish(b: Brush, phase: float) -> None:
    for k, (x, y, size) in enumerate(((0.0, -0.50, 0.55), (-0.62, -0.74, 0.30), (0.60, -0.20, 0.28), (-0.46, -0.22, 0.24))):
        wave = 0.16 * np.sin(2 * np.pi * (phase + 0.27 * k))
        tone: RGB = b.script.colour or ((0.96, 0.50, 0.14), (0.98, 0.80, 0.30), (0.92, 0.36, 0.24))[k % 3]
        tail = (x - 0.62 * size, y + wave * size)
        b.smooth(
            [
                (tail[0] + 0.1 * size, tail[1]),
                (tail[0] - 0.36 * size, tail[1] - 0.34 * size),
                (tail[0] - 0.22 * size, tail[1]),
                (tail[0] - 0.36 * size, tail[1] + 0.32 * size),
            ],
            scaled(tone, 0.82),
        )
        b.smooth([(x + 0.05 * size, y - 0.28 * size), (x - 0.2 * size, y - 0.52 * size), (x - 0.36 * size, y - 0.20 * size)], scaled(tone, 0.8))
        b.smooth(
            [
                (x - 0.66 * size, y + wave * size),
                (x - 0.2 * size, y - 0.30 * size),
                (x + 0.35 * size, y - 0.26 * size),
                (x + 0.62 * size, y),
                (x + 0.35 * size, y + 0.26 * size),
                (x - 0.2 * size, y + 0.28 * size),
            ],
            tone,
        )
        for d in (0.22, -0.12):
            b.smooth(
                [
                    (x + d * size, y - 0.27 * size),
                    (x + (d + 0.10) * size, y - 0.27 * size),
                    (x + (d + 0.06) * size, y + 0.26 * size),
                    (x + (d - 0.04) * size, y + 0.27 * size),
                ],
                (0.96, 0.95, 0.92),
            )
        b.smooth([(x + 0.1 * size, y + 0.05 * size), (x - 0.14 * size, y + (0.24 + wave) * size), (x - 0.02 * size, y + 0.02 * size)], scaled(tone, 0.75))
        b.oval(x + 0.44 * size, y - 0.06 * size, 0.055 * size, 0.055 * size, (1, 1, 1))
        b.oval(x + 0.455 * size, y - 0.06 * size, 0.032 * size, 0.032 * size, (0.02, 0.02, 0.02))


def jellyfish(b: Brush, phase: float) -> None:
    for x, y, size, late in ((0.0, -0.80, 0.62, 0.0), (-0.62, -1.02, 0.30, 0.4), (0.60, -0.60, 0.26, 0.7)):
        pulse = 0.10 * np.sin(2 * np.pi * (phase + late))
        tone: RGB = b.script.colour or (0.86, 0.52, 0.86)
        wide = (0.48 + pulse) * size
        for k in range(9):
            dx = (k - 4) / 4 * wide * 0.82
            path = [(x + dx + 0.05 * size * np.sin(4.5 * t + 2 * np.pi * (phase + late) + k), y + t * size * (0.9 + 0.25 * np.cos(k * 2))) for t in np.linspace(0, 1, 9)]
            b.sheet.line(path, 0.026 * size, b.lit(mix(tone, (1, 0.9, 1), 0.4)), taper=0.15, alpha=0.62)
        b.sheet.ellipse(x, y, wide, (0.42 - pulse) * size, b.lit(tone, 0.9), start=180, end=360, alpha=0.78)
        b.sheet.ellipse(x, y, wide, 0.10 * size, b.lit(scaled(tone, 0.85), 0.9), alpha=0.7)
        b.sheet.ellipse(x, y - 0.05 * size, wide * 0.6, 0.26 * size, b.lit((1, 0.92, 1), 1.0), start=180, end=360, alpha=0.35)
        b.glow(x, y - 0.1 * size, 0.75 * size, tone, 0.22)
