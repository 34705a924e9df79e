"""The subjects: one silhouette a kind, drawn in parts that move, lit from the scene's key light.

Local units: the feet at the origin, up is negative, about 1 tall or long, facing right. `SUBJECTS`
says how large a kind is beside a grown person, how many phases its motion has, and how it idles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from toolkit.simulator.look import Look
from toolkit.simulator.paint import RGB, Sheet, brighter, mix, scaled
from toolkit.simulator.words import Script

__all__ = ["KINDS", "Brush", "Kind", "sprites"]

Motion = Literal["walk", "roll", "float", "fly", "still", "flame"]


class Brush:
    """A sheet in local units with the scene's light on it."""

    def __init__(self, ppu: float, look: Look, script: Script, rng: np.random.Generator) -> None:
        half_w, up, down = 1.25, 1.45, 0.28
        shape = (max(8, round((up + down) * ppu)), max(8, round(2 * half_w * ppu)), 4)
        self.sheet = Sheet(np.zeros(shape, np.uint8), -half_w, -up, ppu)
        self.look, self.script, self.rng = look, script, rng
        self.lights: list[tuple[float, float, float, RGB, float]] = []
        self.beam: tuple[float, float, float, float] | None = None  # from x, y; how far; how wide

    def lit(self, rgb: RGB, facing: float = 0.62) -> RGB:
        return self.look.lit(rgb, 0.02, facing=facing)

    def poly(self, points: Sequence[Sequence[float]], rgb: RGB, facing: float = 0.62, alpha: float = 1.0) -> None:
        self.sheet.poly(points, self.lit(rgb, facing), alpha)

    def oval(
        self, x: float, y: float, rx: float, ry: float, rgb: RGB, *, angle: float = 0.0, facing: float = 0.62, alpha: float = 1.0, start: float = 0.0, end: float = 360.0
    ) -> None:
        self.sheet.ellipse(x, y, rx, ry, self.lit(rgb, facing), angle=angle, alpha=alpha, start=start, end=end)

    def stroke(self, points: Sequence[Sequence[float]], width: float, rgb: RGB, *, taper: float = 1.0, facing: float = 0.62) -> None:
        self.sheet.line(points, width, self.lit(rgb, facing), taper=taper)

    def box(self, x0: float, y0: float, x1: float, y1: float, rgb: RGB, facing: float = 0.62, alpha: float = 1.0) -> None:
        self.sheet.rect(x0, y0, x1, y1, self.lit(rgb, facing), alpha)

    def smooth(self, points: Sequence[Sequence[float]], rgb: RGB, facing: float = 0.62) -> None:
        """A closed curve through `points` (Catmull-Rom)."""
        p = np.asarray(points, np.float64)
        n = len(p)
        t = np.linspace(0, 1, 7)[:-1, None]
        out = []
        for i in range(n):
            a, b, c, d = p[i - 1], p[i], p[(i + 1) % n], p[(i + 2) % n]
            out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
        self.poly(np.vstack(out), rgb, facing)  # type: ignore[arg-type]

    def glow(self, x: float, y: float, r: float, rgb: RGB, strength: float = 0.6) -> None:
        """A lamp on the subject; drawn last, so that nothing shades it."""
        self.lights.append((x, y, r, rgb, strength))

    def finish(self) -> Sheet:
        """Round the parts with the key light, add a rim, crop to what was drawn."""
        sheet, look = self.sheet, self.look
        sheet.trim(pad=max(2, round(0.08 * sheet.ppu)))
        alpha = sheet.rgba[..., 3].astype(np.float32) / 255
        step = max(1.0, 0.035 * sheet.ppu)
        soft = cv2.GaussianBlur(alpha, (0, 0), step)
        to = (look.side * step * 0.9, -step * 0.7)
        facing = _moved(soft, -to[0], -to[1]) - _moved(soft, to[0], to[1])
        small = cv2.GaussianBlur(alpha, (0, 0), max(0.6, 0.008 * sheet.ppu))
        rim = np.clip(alpha - _moved(small, to[0] * 0.34, to[1] * 0.34), 0, 1)
        edge = np.asarray(look.key, np.float32) + 0.30 * np.asarray(look.horizon, np.float32)
        rgb = sheet.rgba[..., :3] * (0.96 + 0.34 * facing)[..., None]
        rgb += (rim * alpha * 70)[..., None] * edge
        shaded = np.minimum(np.clip(rgb, 0, 255), sheet.rgba[..., 3:])
        sheet.rgba[..., :3] = shaded.astype(np.uint8)
        if not self.lights and not self.beam:
            return sheet
        reach = max([r for _, _, r, _, _ in self.lights] + [1.3] * bool(self.beam))
        whole = _padded(sheet, reach)
        if self.beam:
            _shine(whole, *self.beam)
        for x, y, r, ink, strength in self.lights:
            whole.glow(x, y, r, ink, strength)
        whole.trim()
        return whole


def _shine(sheet: Sheet, x: float, y: float, far: float, wide: float) -> None:
    """A beam from (x, y), `far` units to the right or (negative) left."""
    plane = np.zeros(sheet.rgba.shape[:2], np.uint8)
    cone = [(x, y - 0.02), (x + far, y - wide), (x + far, y + wide), (x, y + 0.02)]
    cv2.fillPoly(plane, [sheet.fixed(cone)], 255, cv2.LINE_AA, 4)
    fade = np.clip(1 - np.abs(sheet.xs - x) / 1.25, 0, 1)[None]
    beam = cv2.GaussianBlur(plane, (0, 0), 0.02 * sheet.ppu).astype(np.float32) / 255 * fade * 0.42
    sheet.light(beam[..., None] * np.asarray((1.0, 0.95, 0.78), np.float32))


def _padded(sheet: Sheet, by: float) -> Sheet:
    """The same drawing with `by` units of empty space around it."""
    edge = round(by * sheet.ppu)
    rgba = cv2.copyMakeBorder(sheet.rgba, edge, edge, edge, edge, cv2.BORDER_CONSTANT)
    return Sheet(rgba, sheet.x0 - edge / sheet.ppu, sheet.y0 - edge / sheet.ppu, sheet.ppu)


def _moved(plane: np.ndarray, dx: float, dy: float) -> np.ndarray:  # type: ignore[type-arg]
    """`plane` looked up at (x + dx, y + dy)."""
    return cv2.warpAffine(  # type: ignore[no-any-return]
        plane, np.array([[1, 0, -dx], [0, 1, -dy]], np.float32), (plane.shape[1], plane.shape[0])
    )


@dataclass(frozen=True)
class Kind:
    """How a silhouette is used: `size` beside a person of 1, `motion`, number of `phases`."""

    draw: Callable[[Brush, float], None]
    size: float
    motion: Motion
    phases: int = 1
    cycle_s: float = 1.1


def _swing(hip: tuple[float, float], turn: float, bend: float, upper: float, lower: float) -> list[tuple[float, float]]:
    knee = (hip[0] + np.sin(turn) * upper, hip[1] + np.cos(turn) * upper)
    foot = (knee[0] + np.sin(turn - bend) * lower, knee[1] + np.cos(turn - bend) * lower)
    return [hip, knee, foot]


_COATS: tuple[RGB, ...] = ((0.72, 0.16, 0.14), (0.16, 0.28, 0.50), (0.88, 0.66, 0.18), (0.20, 0.40, 0.32), (0.62, 0.46, 0.30), (0.78, 0.78, 0.76))
_SKINS: tuple[RGB, ...] = ((0.90, 0.72, 0.60), (0.72, 0.50, 0.36), (0.48, 0.32, 0.22), (0.84, 0.62, 0.46))


def _person(b: Brush, phase: float) -> None:
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
        path = _swing((0.015 * sign, -0.50 + bob), a, bend, 0.25, 0.24)
        b.stroke(path, 0.098, scaled(trousers, shade), taper=0.72)
        x, y = path[-1]
        b.smooth([(x - 0.045, y - 0.03), (x + 0.03, y - 0.035), (x + 0.10, y + 0.008), (x + 0.09, y + 0.028), (x - 0.05, y + 0.028)], scaled((0.16, 0.12, 0.10), shade))

    def arm(sign: float, shade: float) -> None:
        a = -sign * np.sin(turn) * walk * 0.9
        if bike and sign > 0:
            path = [(0.0, -0.77 + bob), (0.16, -0.62 + bob), (0.33, -0.58)]
        elif dancer:
            path = [(0.04 * sign, -0.78 + bob), (0.20 * sign, -0.92 + bob + 0.02 * np.sin(turn)), (0.10 * sign, -1.14 + bob)]
        elif "book" in script.props:
            path = [(0.0, -0.77 + bob), (0.05, -0.61 + bob), (0.19, -0.66 + bob)]
        elif "umbrella" in script.props and sign > 0:
            path = [(0.0, -0.77 + bob), (0.12, -0.62 + bob), (0.10, -0.76 + bob)]
        else:
            path = [(x, y) for x, y in _swing((lean, -0.77 + bob), a, -0.35, 0.17, 0.16)]
        b.stroke(path, 0.078, scaled(coat, shade), taper=0.8)
        b.oval(*path[-1], 0.030, 0.030, scaled(skin, shade))

    leg(-1, 0.62)
    arm(-1, 0.62)
    leg(1, 1.0)
    hem, flare = (-0.30, 0.19) if long else (-0.46, 0.135)
    swing = 0.02 * np.sin(turn) * (walk > 0.1)
    b.smooth(
        [
            (lean - 0.045, -0.85 + bob),
            (lean + 0.055, -0.85 + bob),
            (lean + 0.125, -0.77 + bob),
            (0.115, -0.60 + bob),
            (flare * 0.86 + swing, hem),
            (0.02, hem + 0.018),
            (-flare + swing, hem),
            (-0.115, -0.60 + bob),
            (lean - 0.115, -0.78 + bob),
        ],
        coat,
    )
    b.poly([(lean + 0.008, -0.84 + bob), (lean + 0.022, -0.84 + bob), (0.03 + swing, hem), (0.012 + swing, hem)], scaled(coat, 0.72))
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
        for k in (-0.30, -0.12, 0.12, 0.30):
            b.stroke([(0.06, -1.245 + bob), (0.06 + k * 0.75, -1.17 + bob), (0.06 + k * 1.22, -1.05 + bob)], 0.010, scaled(canopy, 0.7))
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
    for a, c in ((back, crank), (crank, seat), (back, seat), (crank, head), (seat, head), (head, front)):
        b.stroke([a, c], 0.055 * size, paint)
    b.stroke([head, (head[0] - 0.04 * size, head[1] - 0.20 * size), (head[0] - 0.16 * size, head[1] - 0.24 * size)], 0.050 * size, paint)
    b.oval(seat[0], seat[1] - 0.06 * size, 0.15 * size, 0.045 * size, (0.10, 0.08, 0.07))


def _rider(b: Brush, phase: float) -> None:
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


def _astronaut(b: Brush, phase: float) -> None:
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


def _robot(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase
    steel: RGB = b.script.colour or ((0.62, 0.66, 0.70), (0.78, 0.50, 0.22), (0.40, 0.52, 0.55))[int(b.rng.integers(3))]
    dark = scaled(steel, 0.45)
    walk = 0.26 if b.script.actions & {"walk", "run", "dance"} else 0.04
    for sign, shade in ((-1, 0.65), (1, 1.0)):
        path = _swing((0.09 * sign, -0.42), sign * np.sin(turn) * walk, 0.15, 0.19, 0.19)
        b.stroke(path, 0.085, scaled(steel, shade))
        b.oval(*path[1], 0.055, 0.055, scaled(dark, shade))
        x, y = path[2]
        b.poly([(x - 0.08, y + 0.03), (x - 0.05, y - 0.05), (x + 0.06, y - 0.05), (x + 0.13, y + 0.03)], scaled(dark, shade))
    for sign, shade in ((-1, 0.65), (1, 1.0)):
        path = _swing((0.22 * sign, -0.74), -sign * np.sin(turn) * walk - 0.1 * sign, -0.3 * sign, 0.17, 0.17)
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


def _knight(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase
    steel: RGB = (0.66, 0.68, 0.72)
    cape = b.script.colour or (0.55, 0.10, 0.12)
    wave = 0.05 * np.sin(turn)
    b.smooth([(-0.02, -0.84), (-0.16, -0.70), (-0.30 + wave, -0.30), (-0.42 + wave * 2, -0.06), (-0.14, -0.08), (0.0, -0.40)], cape)
    walk = 0.3 if b.script.actions & {"walk", "run"} else 0.06
    for sign, shade in ((-1, 0.65), (1, 1.0)):
        path = _swing((0.02 * sign, -0.48), sign * np.sin(turn) * walk, 0.1, 0.24, 0.23)
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
        path = _swing((x, y + girth * 0.1), a + (0.14 if hind else 0.0), -bend if hind else bend, leg * 0.58, leg * 0.60)
        b.stroke(path, thick * (1.25 if hind else 1.0), scaled(coat, shade), taper=0.55)
        b.stroke(path[1:], thick * 0.62, scaled(feet or coat, shade), taper=0.8)
        b.oval(path[2][0] + 0.015, path[2][1], thick * 0.50, thick * 0.32, scaled(feet or coat, shade * 0.85))

    swish = 0.07 * np.sin(turn * (1 if gait > 0.1 else 1))
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


def _fox(b: Brush, phase: float) -> None:
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


def _dog(b: Brush, phase: float) -> None:
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


def _cat(b: Brush, phase: float) -> None:
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


def _horse(b: Brush, phase: float) -> None:
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


def _deer(b: Brush, phase: float) -> None:
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


def _elephant(b: Brush, phase: float) -> None:
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


def _bird(b: Brush, phase: float) -> None:
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


def _whale(b: Brush, phase: float) -> None:
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


def _fish(b: Brush, phase: float) -> None:
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


def _jellyfish(b: Brush, phase: float) -> None:
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


def _wheel(b: Brush, x: float, y: float, r: float, turn: float) -> None:
    b.oval(x, y, r, r, (0.06, 0.06, 0.065))
    b.oval(x, y, r * 0.64, r * 0.64, (0.55, 0.57, 0.60))
    b.oval(x, y, r * 0.52, r * 0.52, (0.20, 0.21, 0.23))
    for k in range(5):
        a = turn + 2 * np.pi * k / 5
        b.stroke([(x, y), (x + np.cos(a) * r * 0.58, y + np.sin(a) * r * 0.58)], r * 0.14, (0.66, 0.68, 0.71))
    b.oval(x, y, r * 0.14, r * 0.14, (0.75, 0.77, 0.8))


def _car(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase / 5 * 2
    paint: RGB = b.script.colour or (
        (0.98, 0.78, 0.10)
        if "taxi" in b.script.key or " cab" in b.script.key
        else ((0.72, 0.08, 0.09), (0.10, 0.26, 0.48), (0.80, 0.81, 0.83), (0.12, 0.13, 0.15))[int(b.rng.integers(4))]
    )
    b.box(-0.86, -0.20, 0.86, -0.075, (0.03, 0.03, 0.035))
    b.smooth(
        [
            (-0.98, -0.22),
            (-1.00, -0.34),
            (-0.92, -0.40),
            (-0.58, -0.44),
            (-0.36, -0.60),
            (0.08, -0.635),
            (0.30, -0.58),
            (0.52, -0.42),
            (0.90, -0.36),
            (1.01, -0.26),
            (1.00, -0.14),
            (0.92, -0.11),
            (-0.92, -0.11),
        ],
        paint,
    )
    glass = mix((0.12, 0.16, 0.20), b.look.horizon, 0.28)
    b.sheet.poly([(-0.50, -0.435), (-0.32, -0.565), (-0.06, -0.585), (-0.06, -0.43)], glass)
    b.sheet.poly([(-0.025, -0.43), (-0.025, -0.588), (0.08, -0.588), (0.25, -0.54), (0.41, -0.415)], glass)
    b.sheet.poly([(-0.40, -0.47), (-0.28, -0.56), (-0.20, -0.565), (-0.34, -0.45)], brighter(glass, 0.35), 0.6)
    b.stroke([(-0.93, -0.335), (0.0, -0.375), (0.93, -0.315)], 0.014, brighter(paint, 0.35))
    b.stroke([(-0.04, -0.43), (-0.06, -0.16)], 0.007, scaled(paint, 0.5))
    b.box(0.06, -0.375, 0.13, -0.36, scaled(paint, 0.5))
    b.stroke([(-0.90, -0.13), (0.90, -0.13)], 0.028, scaled(paint, 0.4))
    for x in (-0.60, 0.62):
        b.oval(x, -0.17, 0.205, 0.205, (0.02, 0.02, 0.02), start=180, end=360)
        _wheel(b, x, -0.165, 0.165, turn)
    b.oval(0.93, -0.295, 0.065, 0.032, (1.0, 0.97, 0.86), facing=1.2, angle=14)
    b.oval(-0.965, -0.31, 0.030, 0.036, (0.9, 0.08, 0.06), facing=1.0)
    if b.look.lamps > 0.25:
        b.glow(1.0, -0.29, 0.42, (1.0, 0.92, 0.72), 0.65 * b.look.lamps)
        b.glow(-0.97, -0.31, 0.22, (1.0, 0.1, 0.06), 0.55 * b.look.lamps)


def _suv(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase / 5 * 2
    paint: RGB = b.script.colour or ((0.86, 0.87, 0.88), (0.26, 0.32, 0.26), (0.62, 0.22, 0.14), (0.20, 0.26, 0.34))[int(b.rng.integers(4))]
    bus = any(w in b.script.key for w in ("bus", "van", "camper", "ambulance", "truck", "lorry"))
    glass = mix((0.12, 0.16, 0.20), b.look.horizon, 0.28)
    b.box(-0.88, -0.26, 0.90, -0.11, (0.03, 0.03, 0.035))
    if bus:
        b.smooth([(-0.98, -0.16), (-1.0, -0.80), (-0.94, -0.86), (0.55, -0.86), (0.72, -0.80), (0.86, -0.48), (0.99, -0.42), (1.0, -0.16)], paint)
        for k in range(4):
            b.sheet.rect(-0.88 + 0.34 * k, -0.76, -0.60 + 0.34 * k, -0.52, glass)
        b.sheet.poly([(0.50, -0.76), (0.66, -0.76), (0.80, -0.50), (0.50, -0.50)], glass)
        b.box(-0.98, -0.44, 0.86, -0.39, brighter(paint, 0.5))
    else:
        b.smooth(
            [(-0.96, -0.18), (-0.98, -0.46), (-0.93, -0.72), (-0.84, -0.77), (0.22, -0.77), (0.36, -0.72), (0.52, -0.50), (0.92, -0.45), (1.0, -0.38), (1.0, -0.18)],
            paint,
        )
        for x0, x1, x2 in ((-0.84, -0.48, -0.48), (-0.43, -0.02, -0.02)):
            b.sheet.poly([(x0, -0.70), (x1, -0.70), (x2, -0.50), (x0, -0.50)], glass)
        b.sheet.poly([(0.03, -0.70), (0.24, -0.70), (0.40, -0.50), (0.03, -0.50)], glass)
        b.sheet.poly([(-0.40, -0.69), (-0.26, -0.69), (-0.38, -0.51), (-0.42, -0.51)], brighter(glass, 0.35), 0.6)
        b.stroke([(-0.78, -0.82), (0.16, -0.82)], 0.022, (0.10, 0.10, 0.11))
        for x in (-0.7, -0.2, 0.1):
            b.stroke([(x, -0.82), (x, -0.77)], 0.016, (0.10, 0.10, 0.11))
        b.stroke([(-0.46, -0.50), (-0.46, -0.22)], 0.007, scaled(paint, 0.5))
        b.stroke([(0.0, -0.50), (0.0, -0.22)], 0.007, scaled(paint, 0.5))
        b.oval(-0.99, -0.46, 0.04, 0.15, (0.06, 0.06, 0.07))
    b.stroke([(-0.94, -0.20), (0.97, -0.20)], 0.05, (0.12, 0.12, 0.13))
    for x in (-0.60, 0.62):
        b.oval(x, -0.21, 0.245, 0.245, (0.02, 0.02, 0.02), start=180, end=360)
        _wheel(b, x, -0.195, 0.195, turn)
    b.oval(0.95, -0.38, 0.045, 0.038, (1.0, 0.97, 0.86), facing=1.2)
    b.box(-0.99, -0.46, -0.965, -0.36, (0.9, 0.08, 0.06), facing=1.0)
    if b.look.lamps > 0.25:
        b.glow(1.0, -0.38, 0.40, (1.0, 0.92, 0.72), 0.6 * b.look.lamps)


def _train(b: Brush, phase: float) -> None:
    paint: RGB = b.script.colour or ((0.72, 0.16, 0.13), (0.16, 0.36, 0.52), (0.80, 0.80, 0.80))[int(b.rng.integers(3))]
    glass = mix((1.0, 0.86, 0.60), mix((0.14, 0.18, 0.22), b.look.horizon, 0.3), 1 - b.look.lamps)
    b.box(-1.22, -0.10, 1.0, -0.04, (0.05, 0.05, 0.055))
    for x in np.linspace(-1.12, 0.86, 9):
        b.oval(float(x), -0.07, 0.06, 0.06, (0.12, 0.12, 0.13))
    b.smooth(
        [(-1.24, -0.12), (-1.24, -0.52), (0.66, -0.54), (0.88, -0.48), (1.06, -0.26), (1.08, -0.12), (0.2, -0.11), (-0.6, -0.11)], mix(paint, (0.88, 0.88, 0.87), 0.2)
    )
    b.box(-1.22, -0.24, 1.02, -0.185, scaled(paint, 0.55))
    b.box(-1.22, -0.535, 0.72, -0.505, (0.5, 0.52, 0.54))
    for k in range(9):
        x = -1.16 + 0.20 * k
        if k % 4 == 3:
            b.box(x - 0.01, -0.46, x + 0.12, -0.13, scaled(paint, 0.7))
            b.sheet.rect(x + 0.015, -0.43, x + 0.095, -0.30, glass)
        else:
            b.sheet.rect(x, -0.44, x + 0.15, -0.29, glass)
    b.sheet.poly([(0.68, -0.46), (0.84, -0.43), (0.96, -0.28), (0.68, -0.28)], glass)
    b.oval(1.03, -0.20, 0.03, 0.025, (1, 0.97, 0.85), facing=1.2)
    b.glow(1.05, -0.20, 0.4, (1.0, 0.94, 0.75), 0.3 + 0.4 * b.look.lamps)


def _ship(b: Brush, phase: float) -> None:
    wave = np.sin(2 * np.pi * phase)
    sail = any(w in b.script.key for w in ("sail", "schooner", "galleon", "yacht", "toy", "pirate"))
    hull: RGB = b.script.colour or ((0.42, 0.24, 0.14) if sail else ((0.16, 0.24, 0.36), (0.62, 0.16, 0.13))[int(b.rng.integers(2))])
    if sail:
        for x, t, w in ((-0.30, 0.86, 0.26), (0.14, 1.08, 0.34), (0.50, 0.80, 0.24)):
            b.stroke([(x, -0.30), (x, -0.32 - t)], 0.030, (0.30, 0.20, 0.12), taper=0.6)
            for k in range(2):
                top, low = -0.32 - t * (0.96 - 0.44 * k), -0.32 - t * (0.56 - 0.44 * k)
                puff = 0.10 + 0.02 * wave
                b.smooth(
                    [
                        (x - w * 0.30, top),
                        (x + w * 0.72, top + 0.02),
                        (x + w * 0.86 + puff, (top + low) / 2),
                        (x + w * 0.80, low),
                        (x - w * 0.34, low + 0.01),
                        (x - w * 0.20 + puff, (top + low) / 2),
                    ],
                    (0.93, 0.90, 0.82),
                )
                b.stroke([(x - w * 0.3, (top + low) / 2), (x + w * 0.84, (top + low) / 2)], 0.006, (0.7, 0.66, 0.58))
        b.stroke([(0.62, -0.30), (1.0, -0.48)], 0.024, (0.30, 0.20, 0.12))
        b.poly([(0.50, -1.06), (0.98, -0.48), (0.60, -0.36)], (0.92, 0.88, 0.80), alpha=0.95)
        b.smooth([(-0.86, -0.42), (-0.60, -0.32), (0.4, -0.30), (0.86, -0.38), (0.66, -0.10), (0.5, -0.02), (-0.60, -0.02), (-0.76, -0.14)], hull)
        b.stroke([(-0.82, -0.34), (-0.5, -0.25), (0.4, -0.23), (0.80, -0.30)], 0.028, (0.88, 0.74, 0.42))
        for k in range(6):
            b.oval(-0.5 + 0.18 * k, -0.17, 0.022, 0.022, (0.06, 0.04, 0.03))
        b.poly([(0.14, -1.40), (0.34, -1.36 + 0.02 * wave), (0.14, -1.32)], (0.75, 0.12, 0.12))
    else:
        b.smooth([(-0.98, -0.30), (-0.6, -0.26), (0.6, -0.28), (1.04, -0.38), (0.84, -0.04), (0.7, 0.0), (-0.82, 0.0), (-0.92, -0.10)], hull)
        b.stroke([(-0.90, -0.06), (0.80, -0.06)], 0.05, (0.56, 0.14, 0.11))
        b.box(-0.66, -0.42, 0.20, -0.26, (0.90, 0.89, 0.86))
        b.box(-0.54, -0.56, 0.06, -0.42, (0.88, 0.87, 0.84))
        b.box(-0.34, -0.68, -0.06, -0.56, (0.86, 0.85, 0.82))
        for k in range(7):
            b.sheet.rect(-0.60 + 0.11 * k, -0.37, -0.55 + 0.11 * k, -0.32, mix((1.0, 0.84, 0.5), (0.15, 0.2, 0.25), 1 - b.look.lamps))
        b.poly([(-0.46, -0.56), (-0.44, -0.84), (-0.32, -0.84), (-0.30, -0.56)], (0.75, 0.18, 0.14))
        b.stroke([(0.42, -0.28), (0.42, -0.80)], 0.018, (0.3, 0.3, 0.32))
        b.stroke([(0.42, -0.78), (0.78, -0.38)], 0.008, (0.3, 0.3, 0.32))
        b.glow(0.42, -0.80, 0.12, (1, 0.3, 0.2), b.look.lamps)
    b.sheet.poly(
        [(-1.0, 0.0), (-0.7, -0.035 + 0.01 * wave), (0.0, -0.015), (0.7, -0.04 - 0.01 * wave), (1.08, 0.0), (0.8, 0.03), (-0.8, 0.03)],
        b.lit((0.92, 0.96, 0.98), 0.7),
        0.7,
    )


def _drone(b: Brush, phase: float) -> None:
    turn = 2 * np.pi * phase
    body: RGB = b.script.colour or (0.24, 0.25, 0.27)
    y = -0.72
    if any(w in b.script.key for w in ("ufo", "spaceship", "spacecraft")):
        b.oval(0, y - 0.10, 0.30, 0.22, mix((0.6, 0.8, 0.85), b.look.horizon, 0.3), start=180, end=360)
        b.smooth([(-0.80, y), (-0.30, y - 0.14), (0.30, y - 0.14), (0.80, y), (0.30, y + 0.12), (-0.30, y + 0.12)], (0.60, 0.63, 0.67))
        for k in range(7):
            x = -0.6 + 0.2 * k
            b.glow(x, y + 0.05, 0.10, (0.4, 0.95, 1.0), 0.5 + 0.4 * np.sin(turn + k))
            b.oval(x, y + 0.04, 0.025, 0.025, (0.8, 1, 1), facing=1.2)
    elif any(w in b.script.key for w in ("helicopter",)):
        b.smooth([(-0.30, y - 0.12), (0.20, y - 0.20), (0.50, y - 0.06), (0.46, y + 0.10), (0.1, y + 0.16), (-0.34, y + 0.08)], body)
        b.stroke([(-0.28, y - 0.02), (-0.98, y - 0.10)], 0.09, body, taper=0.4)
        b.sheet.ellipse(0.34, y - 0.03, 0.14, 0.11, mix((0.2, 0.3, 0.36), b.look.horizon, 0.4))
        b.sheet.line([(-0.85 * np.cos(turn), y - 0.28), (0.85 * np.cos(turn) + 0.02, y - 0.28)], 0.018, b.lit((0.2, 0.2, 0.2)))
        b.stroke([(0, y - 0.2), (0, y - 0.28)], 0.03, body)
        b.stroke([(-0.2, y + 0.22), (0.4, y + 0.22)], 0.02, (0.1, 0.1, 0.1))
    else:
        for x in (-0.62, 0.62):
            b.stroke([(0, y), (x, y - 0.10)], 0.055, body)
            b.box(x - 0.03, y - 0.17, x + 0.03, y - 0.06, scaled(body, 0.7))
            b.sheet.ellipse(x, y - 0.18, 0.30 + 0.03 * np.sin(turn * 3), 0.028, b.lit((0.7, 0.72, 0.75)), alpha=0.45)
        b.smooth([(-0.24, y - 0.06), (0.0, y - 0.12), (0.24, y - 0.06), (0.20, y + 0.07), (-0.20, y + 0.07)], brighter(body, 0.06))
        b.oval(0.10, y + 0.13, 0.065, 0.065, (0.08, 0.08, 0.09))
        b.oval(0.12, y + 0.13, 0.032, 0.032, (0.2, 0.4, 0.6), facing=1.0)
        for x in (-0.30, 0.30):
            b.stroke([(x * 0.6, y + 0.05), (x, y + 0.26), (x + 0.1 * np.sign(x), y + 0.26)], 0.022, scaled(body, 0.8))
        b.glow(-0.2, y, 0.10, (1, 0.2, 0.15), 0.7 + 0.3 * np.sin(turn))
        b.glow(0.2, y, 0.10, (0.2, 1, 0.4), 0.5)


def _plane(b: Brush, phase: float) -> None:
    white: RGB = b.script.colour or (0.92, 0.92, 0.93)
    y = -0.70
    b.smooth([(-0.2, y - 0.02), (-0.62, y - 0.24), (-0.74, y - 0.24), (-0.42, y)], scaled(white, 0.7))
    b.smooth([(-1.0, y - 0.06), (-0.8, y - 0.10), (0.6, y - 0.12), (0.92, y - 0.05), (1.0, y + 0.02), (0.85, y + 0.07), (0.3, y + 0.09), (-0.7, y + 0.04)], white)
    b.smooth([(-0.98, y - 0.05), (-1.10, y - 0.34), (-0.96, y - 0.34), (-0.74, y - 0.08)], b.script.accent or (0.75, 0.16, 0.16))
    b.smooth([(0.18, y + 0.04), (-0.46, y + 0.34), (-0.62, y + 0.34), (-0.22, y + 0.04)], scaled(white, 0.85))
    b.oval(-0.08, y + 0.15, 0.12, 0.045, scaled(white, 0.6))
    for k in range(13):
        b.sheet.rect(-0.56 + 0.10 * k, y - 0.055, -0.525 + 0.10 * k, y - 0.02, mix((1.0, 0.85, 0.55), (0.2, 0.26, 0.32), 1 - b.look.lamps))
    b.sheet.poly([(0.82, y - 0.07), (0.92, y - 0.04), (0.86, y - 0.03)], (0.10, 0.13, 0.17))
    b.glow(-0.55, y + 0.34, 0.12, (1, 0.2, 0.15), 0.5 + 0.5 * np.sin(2 * np.pi * phase))


def _rocket(b: Brush, phase: float) -> None:
    flame = 1 + 0.18 * np.sin(2 * np.pi * phase) + 0.1 * np.sin(4 * np.pi * phase + 1)
    white: RGB = b.script.colour or (0.92, 0.92, 0.92)
    for w, t, ink in ((0.13, 0.26, (1.0, 0.45, 0.10)), (0.09, 0.19, (1.0, 0.75, 0.25)), (0.05, 0.12, (1.0, 0.96, 0.8))):
        b.sheet.poly([(-w, -0.30), (w, -0.30), (w * 0.5, -0.30 + t * flame * 0.6), (0, -0.30 + t * flame), (-w * 0.5, -0.30 + t * flame * 0.6)], ink)
    b.glow(0, -0.2, 0.6, (1.0, 0.55, 0.2), 0.7)
    for side in (-1, 1):
        b.smooth([(side * 0.14, -0.58), (side * 0.32, -0.36), (side * 0.32, -0.24), (side * 0.12, -0.34)], (0.75, 0.15, 0.13))
    b.smooth([(0, -1.30), (0.13, -1.06), (0.17, -0.78), (0.14, -0.38), (0.10, -0.30), (-0.10, -0.30), (-0.14, -0.38), (-0.17, -0.78), (-0.13, -1.06)], white)
    b.smooth([(0, -1.30), (0.09, -1.16), (0.115, -1.08), (-0.115, -1.08), (-0.09, -1.16)], (0.75, 0.15, 0.13))
    b.oval(0, -0.90, 0.072, 0.072, (0.30, 0.32, 0.36))
    b.oval(0, -0.90, 0.052, 0.052, (0.35, 0.65, 0.85))
    b.box(-0.155, -0.60, 0.155, -0.57, (0.25, 0.26, 0.28))


def _balloon(b: Brush, phase: float) -> None:
    first: RGB = b.script.colour or ((0.86, 0.20, 0.16), (0.18, 0.38, 0.66), (0.90, 0.56, 0.14))[int(b.rng.integers(3))]
    other: RGB = b.script.accent or (0.97, 0.86, 0.62)
    for k in range(7):
        a0, a1 = -1 + 2 * k / 7, -1 + 2 * (k + 1) / 7
        left = [(np.sin(a0 * np.pi / 2) * 0.44 * np.sin(np.pi * t) ** 0.72 * (1 - 0.30 * max(0, t - 0.55)), -1.38 + 0.94 * t) for t in np.linspace(0.02, 0.93, 12)]
        right = [(np.sin(a1 * np.pi / 2) * 0.44 * np.sin(np.pi * t) ** 0.72 * (1 - 0.30 * max(0, t - 0.55)), -1.38 + 0.94 * t) for t in np.linspace(0.93, 0.02, 12)]
        b.poly(left + right, first if k % 2 else other)
    for side in (-1, 1):
        b.stroke([(side * 0.10, -0.52), (side * 0.065, -0.28)], 0.010, (0.2, 0.16, 0.12))
    b.box(-0.075, -0.28, 0.075, -0.15, (0.48, 0.32, 0.18))
    b.box(-0.085, -0.29, 0.085, -0.265, (0.34, 0.22, 0.12))
    b.glow(0, -0.46, 0.22 + 0.03 * np.sin(2 * np.pi * phase), (1.0, 0.72, 0.3), 0.65)


def _watch(b: Brush, phase: float) -> None:
    case: RGB = (0.84, 0.66, 0.34) if "gold" in b.script.key or b.rng.random() < 0.3 else (0.76, 0.78, 0.81)
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


def _bottle(b: Brush, phase: float) -> None:
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


def _cup(b: Brush, phase: float) -> None:
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


def _shoe(b: Brush, phase: float) -> None:
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


def _phone(b: Brush, phase: float) -> None:
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


def _book(b: Brush, phase: float) -> None:
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


def _candle(b: Brush, phase: float) -> None:
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


def _food(b: Brush, phase: float) -> None:
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


def _flower(b: Brush, phase: float) -> None:
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


def _tree(b: Brush, phase: float) -> None:
    from toolkit.simulator import places

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
        places.palm(b.sheet, 0.0, 0.0, 1.1, b.lit((0.20, 0.46, 0.20)), rng)
    else:
        leaf: RGB = b.script.colour or ((0.95, 0.66, 0.74) if "cherry" in key or "blossom" in key else (0.78, 0.42, 0.12) if "autumn" in key else (0.26, 0.46, 0.18))
        places.crown(b.sheet, sway, 0.0, 1.22, b.lit(leaf), rng, b.look.side, 170)


def _lighthouse(b: Brush, phase: float) -> None:
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
    for k in (-0.075, 0.0, 0.07):
        b.stroke([(k, -1.10), (k, -0.985)], 0.010, (0.12, 0.12, 0.13))
    b.smooth([(-0.105, -1.10), (0.0, -1.22), (0.105, -1.10)], (0.20, 0.10, 0.10))
    for y in (-0.30, -0.62):
        b.box(-0.025, y, 0.025, y + 0.07, (0.12, 0.14, 0.18))
    b.glow(0, -1.04, 0.40, (1.0, 0.93, 0.70), 0.6 + 0.3 * b.look.night)
    if b.look.lamps > 0.2 or b.script.weather & {"storm", "fog"}:
        turn = np.cos(2 * np.pi * phase)
        b.beam = (0.0, -1.04, 1.25 * turn, 0.16 * abs(turn) + 0.02)


def _house(b: Brush, phase: float) -> None:
    from toolkit.simulator import places

    if "tent" in b.script.key:
        tone: RGB = b.script.colour or (0.90, 0.50, 0.16)
        b.poly([(-0.62, 0.0), (0.0, -0.66), (0.20, 0.0)], tone)
        b.poly([(0.0, -0.66), (0.66, 0.0), (0.20, 0.0)], scaled(tone, 0.65))
        b.poly([(-0.22, 0.0), (0.0, -0.5), (0.02, 0.0)], (1.0, 0.82, 0.5), facing=0.6 + b.look.lamps)
        b.glow(-0.05, -0.2, 0.6, (1.0, 0.7, 0.35), 0.5 * b.look.lamps)
        return
    places.house(b.sheet, 0.0, 0.0, 0.62, b.look, 0.0, np.random.default_rng(int(b.rng.integers(99))), snow="snow" in b.script.weather)
    b.box(-0.02, -0.24, 0.12, 0.0, (0.28, 0.17, 0.11))


KINDS: dict[str, Kind] = {
    "person": Kind(_person, 1.0, "walk", 12, 1.15),
    "astronaut": Kind(_astronaut, 1.02, "walk", 8, 3.2),
    "robot": Kind(_robot, 1.0, "walk", 10, 1.5),
    "knight": Kind(_knight, 1.05, "walk", 10, 1.4),
    "fox": Kind(_fox, 0.72, "walk", 10, 0.9),
    "dog": Kind(_dog, 0.74, "walk", 10, 0.8),
    "cat": Kind(_cat, 0.66, "walk", 10, 1.0),
    "horse": Kind(_horse, 1.12, "walk", 10, 1.0),
    "deer": Kind(_deer, 1.02, "walk", 10, 1.2),
    "elephant": Kind(_elephant, 1.25, "walk", 10, 1.9),
    "bird": Kind(_bird, 0.85, "fly", 10, 0.7),
    "whale": Kind(_whale, 1.15, "float", 10, 2.6),
    "fish": Kind(_fish, 0.80, "float", 10, 0.9),
    "jellyfish": Kind(_jellyfish, 1.0, "float", 10, 2.2),
    "car": Kind(_car, 0.86, "roll", 6, 0.5),
    "suv": Kind(_suv, 0.92, "roll", 6, 0.5),
    "train": Kind(_train, 1.25, "roll", 1),
    "ship": Kind(_ship, 0.95, "float", 8, 2.8),
    "bike": Kind(_rider, 1.0, "roll", 10, 0.9),
    "drone": Kind(_drone, 0.75, "fly", 8, 0.4),
    "plane": Kind(_plane, 0.95, "fly", 4, 1.0),
    "rocket": Kind(_rocket, 1.25, "fly", 6, 0.3),
    "balloon": Kind(_balloon, 1.10, "fly", 4, 1.2),
    "watch": Kind(_watch, 0.92, "still", 12, 12.0),
    "bottle": Kind(_bottle, 0.92, "still", 10, 5.0),
    "cup": Kind(_cup, 0.90, "still", 1),
    "shoe": Kind(_shoe, 0.82, "still", 1),
    "phone": Kind(_phone, 0.90, "still", 8, 4.0),
    "book": Kind(_book, 0.85, "still", 8, 3.0),
    "candle": Kind(_candle, 0.95, "flame", 12, 0.9),
    "food": Kind(_food, 0.88, "still", 1),
    "flower": Kind(_flower, 0.80, "still", 10, 2.6),
    "tree": Kind(_tree, 1.35, "still", 6, 3.2),
    "lighthouse": Kind(_lighthouse, 1.55, "still", 12, 4.0),
    "house": Kind(_house, 1.10, "still", 1),
}
"""Silhouette → how it is drawn and moves."""


def sprites(script: Script, look: Look, *, ppu: float, seed: tuple[object, ...]) -> list[Sheet]:
    """Every phase of the subject's motion, drawn at `ppu` pixels to a local unit."""
    from toolkit.simulator.paint import generator

    kind = KINDS[script.subject or "person"]
    out = []
    for i in range(kind.phases):
        brush = Brush(ppu, look, script, generator(*seed, "subject"))
        kind.draw(brush, i / kind.phases)
        out.append(brush.finish())
    return out
