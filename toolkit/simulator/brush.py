"""The brush that subjects are drawn with: parts in local units, lit by the scene.

Local units: the feet at the origin, up is negative, about 1 tall or long, facing right.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from toolkit.simulator.look import Look
from toolkit.simulator.paint import RGB, Sheet
from toolkit.simulator.words import Script

__all__ = ["Brush", "swing"]


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

    def poly(
        self, points: Sequence[Sequence[float]], rgb: RGB, facing: float = 0.62, alpha: float = 1.0
    ) -> None:
        self.sheet.poly(points, self.lit(rgb, facing), alpha)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        rgb: RGB,
        *,
        angle: float = 0.0,
        facing: float = 0.62,
        alpha: float = 1.0,
        start: float = 0.0,
        end: float = 360.0,
    ) -> None:
        self.sheet.ellipse(
            x, y, rx, ry, self.lit(rgb, facing), angle=angle, alpha=alpha, start=start, end=end
        )

    def stroke(
        self,
        points: Sequence[Sequence[float]],
        width: float,
        rgb: RGB,
        *,
        taper: float = 1.0,
        facing: float = 0.62,
    ) -> None:
        self.sheet.line(points, width, self.lit(rgb, facing), taper=taper)

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        rgb: RGB,
        facing: float = 0.62,
        alpha: float = 1.0,
    ) -> None:
        self.sheet.rect(x0, y0, x1, y1, self.lit(rgb, facing), alpha)

    def smooth(self, points: Sequence[Sequence[float]], rgb: RGB, facing: float = 0.62) -> None:
        """A closed curve through `points` (Catmull-Rom)."""
        p = np.asarray(points, np.float64)
        n = len(p)
        t = np.linspace(0, 1, 7)[:-1, None]
        out = []
        for i in range(n):
            a, b, c, d = p[i - 1], p[i], p[(i + 1) % n], p[(i + 2) % n]
            out.append(
                0.5
                * (
                    2 * b
                    + (c - a) * t
                    + (2 * a - 5 * b + 4 * c - d) * t**2
                    + (3 * b - a - 3 * c + d) * t**3
                )
            )
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


def _moved(plane: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """`plane` looked up at (x + dx, y + dy)."""
    return cv2.warpAffine(
        plane, np.array([[1, 0, -dx], [0, 1, -dy]], np.float32), (plane.shape[1], plane.shape[0])
    )


def swing(
    hip: tuple[float, float], turn: float, bend: float, upper: float, lower: float
) -> list[tuple[float, float]]:
    knee = (hip[0] + np.sin(turn) * upper, hip[1] + np.cos(turn) * upper)
    foot = (knee[0] + np.sin(turn - bend) * lower, knee[1] + np.cos(turn - bend) * lower)
    return [hip, knee, foot]
