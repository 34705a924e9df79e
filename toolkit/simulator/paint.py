"""The brushes: sheets of premultiplied RGBA, drawn in units of the picture's short side.

Positions are in units with the origin at the centre of the view and y downwards, so that a draft
at 360 lines and a final at 720 lines show the same scene. A pixel with colour but no alpha only
adds light: glows and mist need no blend mode of their own. Every random choice comes from a
generator named after what it decides, so that one more tree moves no window.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "RGB",
    "Sheet",
    "Stage",
    "brighter",
    "drop",
    "fbm",
    "generator",
    "mix",
    "ridge",
    "scaled",
]

RGB = tuple[float, float, float]
Image = NDArray[Any]  # (H, W, C) uint8
Plane = NDArray[Any]  # (H, W) or (N,) float32

_SHIFT = 4  # binary digits behind the point in OpenCV's drawing


def generator(*names: object) -> np.random.Generator:
    """A generator that depends on `names` alone."""
    digest = hashlib.blake2b("\x1f".join(map(str, names)).encode("utf-8", "replace"), digest_size=8)
    return np.random.default_rng(int.from_bytes(digest.digest(), "little"))


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """`a` where `share` is 0, `b` where it is 1."""
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


def scaled(a: RGB, b: RGB | float) -> RGB:
    """Channel by channel, as light on a surface."""
    r, g, l = (b, b, b) if isinstance(b, (int, float)) else b  # noqa: E741
    return (a[0] * r, a[1] * g, a[2] * l)


def brighter(a: RGB, by: float) -> RGB:
    return mix(a, (1.0, 1.0, 1.0), by) if by >= 0 else scaled(a, 1 + by)


def fbm(
    shape: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator, octaves: int = 4
) -> Plane:
    """Smooth noise in about -1..1 with `cells` (rows, columns) bumps, finer ones at half strength.

    The lattice does not depend on `shape`: two sizes of one picture carry the same noise.
    """
    height, width = shape
    rng = np.random.default_rng(rng.integers(1 << 62))  # the caller's next draw stays the same
    out = np.zeros(shape, np.float32)
    strength, total = 1.0, 0.0
    rows, columns = cells
    for _ in range(octaves):
        lattice = rng.random((rows + 3, columns + 3), np.float32) * 2 - 1
        if rows > height or columns > width:
            break
        out += cv2.resize(lattice, (width, height), interpolation=cv2.INTER_CUBIC) * strength
        total += strength
        strength *= 0.5
        rows, columns = rows * 2, columns * 2
    return out / max(total * 0.7, 1e-6)


def ridge(
    x: Plane, rng: np.random.Generator, *, bumps: float, octaves: int = 5, rough: float = 0.5
) -> Plane:
    """A skyline in about -1..1 over positions `x` in units, `bumps` to a unit."""
    out = np.zeros_like(x)
    strength, total = 1.0, 0.0
    for _ in range(octaves):
        knots = rng.random(int(6 * bumps) + 8).astype(np.float32) * 2 - 1
        at = (x + 3.0) * bumps % (len(knots) - 1)
        low = np.floor(at).astype(int)
        part = at - low
        part = part * part * (3 - 2 * part)
        out += (knots[low] * (1 - part) + knots[low + 1] * part) * strength
        total += strength
        strength *= rough
        bumps *= 2.03
    return out / total


def drop(width: int, height: int) -> float:
    """How much lower a tall picture shows the scene, in units: its ground is no taller than its
    sky would be in a wide one."""
    return 0.18 * min(1.0, (height / width - 1) / 0.78) if height > width else 0.0


@dataclass(frozen=True)
class Stage:
    """How large the view is, how much lies around it, how fine the brushes are.

    `width` and `height` are the view in pixels as rendered; `margin` is the space around it that
    the camera may look into, in units.
    """

    width: int
    height: int
    seed: str
    detail: float = 1.0
    margin: float = 0.30

    @property
    def unit(self) -> int:
        """Pixels to a unit."""
        return min(self.width, self.height)

    @property
    def half_w(self) -> float:
        return self.width / 2 / self.unit

    @property
    def half_h(self) -> float:
        return self.height / 2 / self.unit

    @property
    def left(self) -> float:
        return -self.half_w - self.margin

    @property
    def right(self) -> float:
        return self.half_w + self.margin

    @property
    def top(self) -> float:
        return -self.half_h - self.margin - drop(self.width, self.height)

    @property
    def bottom(self) -> float:
        return self.half_h + self.margin - drop(self.width, self.height)

    @property
    def tall(self) -> bool:
        return self.height > self.width

    def rng(self, *names: object) -> np.random.Generator:
        return generator(self.seed, *names)

    def sheet(
        self,
        fine: float = 1.0,
        *,
        left: float | None = None,
        top: float | None = None,
        right: float | None = None,
        bottom: float | None = None,
    ) -> Sheet:
        """An empty sheet over the stage or a part of it, at `fine` times the view's resolution."""
        x0 = self.left if left is None else left
        y0 = self.top if top is None else top
        x1 = self.right if right is None else right
        y1 = self.bottom if bottom is None else bottom
        ppu = self.unit * fine
        size = (max(2, round((y1 - y0) * ppu)), max(2, round((x1 - x0) * ppu)))
        return Sheet(np.zeros((*size, 4), np.uint8), x0, y0, ppu)


class Sheet:
    """One layer under the brush."""

    def __init__(self, rgba: Image, x0: float, y0: float, ppu: float) -> None:
        self.rgba, self.x0, self.y0, self.ppu = rgba, x0, y0, ppu

    @property
    def height(self) -> int:
        return int(self.rgba.shape[0])

    @property
    def width(self) -> int:
        return int(self.rgba.shape[1])

    @property
    def xs(self) -> Plane:
        """The position of every column, in units."""
        return (np.arange(self.width, dtype=np.float32) + 0.5) / self.ppu + self.x0

    @property
    def ys(self) -> Plane:
        return (np.arange(self.height, dtype=np.float32) + 0.5) / self.ppu + self.y0

    def row(self, y: float) -> int:
        """The row at `y`, kept on the sheet."""
        return int(np.clip(round((y - self.y0) * self.ppu), 0, self.height))

    def column(self, x: float) -> int:
        return int(np.clip(round((x - self.x0) * self.ppu), 0, self.width))

    def fixed(self, points: Sequence[Sequence[float]] | NDArray[Any]) -> NDArray[np.int32]:
        """`points` in sheet pixels, in the fixed-point numbers that OpenCV draws with."""
        at = (np.asarray(points, np.float64) - (self.x0, self.y0)) * self.ppu - 0.5
        return np.round(at * (1 << _SHIFT)).astype(np.int32)

    @staticmethod
    def _ink(rgb: RGB, alpha: float = 1.0) -> tuple[float, float, float, float]:
        r, g, b = (min(max(c, 0.0), 1.0) * 255 * alpha for c in rgb)
        return (r, g, b, 255 * alpha)

    def poly(
        self, points: Sequence[Sequence[float]] | NDArray[Any], rgb: RGB, alpha: float = 1.0
    ) -> None:
        """A filled polygon with soft edges."""
        fixed = self.fixed(points)
        if alpha >= 0.999:
            cv2.fillPoly(self.rgba, [fixed], self._ink(rgb), cv2.LINE_AA, _SHIFT)
            return
        low = np.maximum(fixed.min(axis=0) // 16 - 2, 0)
        high = np.minimum(fixed.max(axis=0) // 16 + 3, (self.width, self.height))
        if (high <= low).any():
            return
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        cv2.fillPoly(mask, [fixed - (low * 16).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
        self.blend(mask.astype(np.float32) * (alpha / 255), rgb, int(low[1]), int(low[0]))

    def blend(self, mask: Plane, rgb: RGB | NDArray[Any], row: int = 0, column: int = 0) -> None:
        """Lay `rgb` (a colour, or an image as large as `mask`, in 0..1) over it through `mask`."""
        height, width = mask.shape
        part = self.rgba[row : row + height, column : column + width]
        ink = np.empty((*mask.shape, 4), np.float32)
        ink[..., :3] = np.asarray(rgb, np.float32) * 255
        ink[..., 3] = 255
        keep = (1 - mask)[..., None]
        np.copyto(part, np.clip(part * keep + ink * mask[..., None] + 0.5, 0, 255).astype(np.uint8))

    def rect(
        self, x0: float, y0: float, x1: float, y1: float, rgb: RGB, alpha: float = 1.0
    ) -> None:
        self.poly(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), rgb, alpha)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        rgb: RGB,
        *,
        angle: float = 0.0,
        start: float = 0.0,
        end: float = 360.0,
        alpha: float = 1.0,
    ) -> None:
        """A filled ellipse, or its part from `start` to `end` degrees clockwise from the right."""
        turn = np.radians(np.linspace(start, end, 48 if max(rx, ry) * self.ppu > 12 else 20))
        around = np.stack((np.cos(turn) * rx, np.sin(turn) * ry), 1)
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        self.poly(around @ np.array([[c, s], [-s, c]]) + (x, y), rgb, alpha)

    def line(
        self,
        points: Sequence[Sequence[float]],
        width: float,
        rgb: RGB,
        *,
        taper: float = 1.0,
        alpha: float = 1.0,
    ) -> None:
        """A brush stroke through `points`, `width` units thick, at the end `taper` times that."""
        at = np.asarray(points, np.float64)
        step = np.diff(at, axis=0)
        length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)
        normal = np.stack((-step[:, 1], step[:, 0]), 1) / length[:, None]
        joined = np.vstack((normal[:1], (normal[1:] + normal[:-1]) / 2, normal[-1:]))
        half = np.linspace(width, width * taper, len(at))[:, None] / 2
        self.poly(np.vstack((at + joined * half, (at - joined * half)[::-1])), rgb, alpha)
        if width * self.ppu > 2.5 and alpha >= 0.999:
            self.ellipse(at[0, 0], at[0, 1], width / 2, width / 2, rgb)
            if taper > 0.3:
                end = width * taper / 2
                self.ellipse(at[-1, 0], at[-1, 1], end, end, rgb)

    def glow(self, x: float, y: float, radius: float, rgb: RGB, strength: float = 1.0) -> None:
        """Light around a point: adds colour, hides nothing."""
        r = max(2, round(radius * self.ppu))
        cx, cy = round((x - self.x0) * self.ppu), round((y - self.y0) * self.ppu)
        x0, x1 = max(cx - r, 0), min(cx + r + 1, self.width)
        y0, y1 = max(cy - r, 0), min(cy + r + 1, self.height)
        if x0 >= x1 or y0 >= y1:
            return
        dx = (np.arange(x0, x1, dtype=np.float32) - cx) / r
        dy = (np.arange(y0, y1, dtype=np.float32) - cy) / r
        fall = np.clip(1 - (dx[None] ** 2 + dy[:, None] ** 2), 0, 1) ** 2
        fall = fall * fall * 0.65 + fall * 0.35
        light = fall[..., None] * (np.asarray(rgb, np.float32) * 255 * strength)
        part = self.rgba[y0:y1, x0:x1, :3]
        np.copyto(part, np.clip(part + light, 0, 255).astype(np.uint8))

    def below(
        self,
        line: Plane,
        top: RGB,
        bottom: RGB,
        *,
        depth: float = 0.4,
        alpha: float = 1.0,
        grain: Plane | None = None,
    ) -> None:
        """Everything under `line` (y of every column), `top` colour at the line, `bottom` colour
        from `depth` units below; `grain` (H, W) in about -1..1 lightens and darkens it.
        """
        first = max(0, int((float(line.min()) - self.y0) * self.ppu) - 2)
        if first >= self.height:
            return
        under = self.ys[first:, None] - line[None]
        mask = np.clip(under * self.ppu + 0.5, 0, 1) * alpha
        share = np.clip(under / depth, 0, 1)[..., None]
        colour = np.asarray(top, np.float32) * (1 - share) + np.asarray(bottom, np.float32) * share
        if grain is not None:
            colour *= 1 + grain[first:, :, None]
        self.blend(mask.astype(np.float32), colour, first)

    def gradient(self, stops: Sequence[tuple[float, RGB]]) -> None:
        """Fill the whole sheet with colours by height: (y, colour), y ascending."""
        at = [y for y, _ in stops]
        rows = np.stack(
            [np.interp(self.ys, at, [rgb[c] for _, rgb in stops]) for c in range(3)], 1
        ).astype(np.float32)
        self.rgba[..., :3] = np.clip(rows[:, None] * 255 + 0.5, 0, 255).astype(np.uint8)
        self.rgba[..., 3] = 255

    def modulate(self, factor: Plane, row: int = 0) -> None:
        """Multiply the colours (not the alpha) from `row` down by `factor` (h, W)."""
        part = self.rgba[row : row + factor.shape[0], :, :3]
        np.copyto(part, np.clip(part * factor[..., None], 0, 255).astype(np.uint8))

    def light(self, plane: NDArray[Any], row: int = 0) -> None:
        """Add light: (h, W, 3) in 0..1, from `row` down."""
        part = self.rgba[row : row + plane.shape[0], :, :3]
        np.copyto(part, np.clip(part + plane * 255, 0, 255).astype(np.uint8))

    def blur(self, sigma: float) -> None:
        """Out of focus by `sigma` units."""
        px = sigma * self.ppu
        if px > 0.3:
            self.rgba = cv2.GaussianBlur(self.rgba, (0, 0), px, borderType=cv2.BORDER_REPLICATE)

    def trim(self, pad: int = 1) -> None:
        """Cut off what is empty around the drawing, but for `pad` pixels."""
        rows = np.flatnonzero(self.rgba.any(axis=(1, 2)))
        if not len(rows):
            self.rgba = self.rgba[:2, :2]
            return
        r0, r1 = max(int(rows[0]) - pad, 0), int(rows[-1]) + pad + 1
        columns = np.flatnonzero(self.rgba[r0:r1].any(axis=(0, 2)))
        c0, c1 = max(int(columns[0]) - pad, 0), int(columns[-1]) + pad + 1
        self.rgba = np.ascontiguousarray(self.rgba[r0:r1, c0:c1])
        self.x0, self.y0 = self.x0 + c0 / self.ppu, self.y0 + r0 / self.ppu


def over(below: Image, above: Image) -> None:
    """Premultiplied `above` (h, w, 4) over `below` (h, w, 3 or 4), in place."""
    keep = cv2.bitwise_not(cv2.extractChannel(above, 3))
    channels = below.shape[2]
    kept = cv2.multiply(below, cv2.merge([keep] * channels), scale=1 / 255)
    ink = above if channels == 4 else cv2.cvtColor(above, cv2.COLOR_RGBA2RGB)
    np.copyto(below, cv2.add(kept, ink))
