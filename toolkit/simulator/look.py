"""The light of a scene: colours of sky, key light and haze from time of day and weather; the grade
from the words of the mood.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toolkit.simulator.paint import RGB, generator, mix, scaled
from toolkit.simulator.words import Script

__all__ = ["Grade", "Look", "grade_of", "look_of"]


@dataclass(frozen=True)
class Look:
    """Colours in 0..1. `sun` is where the disc stands, in shares of the view (x -1..1, y 0 at the
    horizon, 1 at the top); `night` says how dark it is, `lamps` how many lights are on.
    """

    zenith: RGB
    middle: RGB
    horizon: RGB
    key: RGB  # what the sun or lamp adds to a surface that faces it
    ambient: RGB  # what reaches every surface
    haze: RGB
    density: float  # of the haze, 0..1
    sun: tuple[float, float] | None
    disc: RGB
    night: float
    lamps: float
    stars: float = 0.0
    moon: bool = False
    clouds: float = 0.35
    cloud: RGB = (1.0, 1.0, 1.0)
    wet: float = 0.0
    side: float = -1.0  # where the key light comes from: -1 left, 1 right

    def closer(self) -> Look:
        """The light on a subject: a little more than the scene has, as a film crew would give."""
        lift = 0.10 * self.night + 0.03
        return replace(
            self,
            ambient=mix(self.ambient, (0.62, 0.62, 0.66), lift),
            key=mix(self.key, (0.85, 0.80, 0.72), lift * 1.5),
        )

    def lit(self, rgb: RGB, far: float = 0.0, *, facing: float = 0.6) -> RGB:
        """A surface of `rgb` seen through the haze: `far` 0 close by, 1 at the horizon; `facing`
        0 turned away from the key light, 1 towards it.
        """
        a, k = self.ambient, self.key
        light = (a[0] + k[0] * facing, a[1] + k[1] * facing, a[2] + k[2] * facing)
        return mix(scaled(rgb, light), self.haze, min(1.0, far * self.density))


_TIMES: dict[str, Look] = {
    "dawn": Look(
        zenith=(0.30, 0.36, 0.53), middle=(0.68, 0.60, 0.66), horizon=(0.98, 0.76, 0.62),
        key=(0.62, 0.44, 0.32), ambient=(0.36, 0.37, 0.46), haze=(0.84, 0.74, 0.72), density=0.80,
        sun=(-0.45, 0.16), disc=(1.0, 0.86, 0.66), night=0.2, lamps=0.5, cloud=(0.98, 0.74, 0.68),
    ),
    "morning": Look(
        zenith=(0.33, 0.55, 0.80), middle=(0.62, 0.77, 0.90), horizon=(0.95, 0.91, 0.82),
        key=(0.66, 0.59, 0.46), ambient=(0.42, 0.45, 0.50), haze=(0.86, 0.88, 0.88), density=0.60,
        sun=(-0.62, 0.55), disc=(1.0, 0.96, 0.84), night=0.0, lamps=0.1, cloud=(1.0, 0.98, 0.95),
    ),
    "day": Look(
        zenith=(0.16, 0.42, 0.76), middle=(0.42, 0.66, 0.89), horizon=(0.80, 0.89, 0.95),
        key=(0.66, 0.62, 0.54), ambient=(0.42, 0.45, 0.50), haze=(0.76, 0.85, 0.92), density=0.50,
        sun=(0.5, 0.85), disc=(1.0, 0.99, 0.93), night=0.0, lamps=0.0, cloud=(1.0, 1.0, 1.0),
    ),
    "golden": Look(
        zenith=(0.25, 0.32, 0.56), middle=(0.88, 0.56, 0.38), horizon=(1.0, 0.78, 0.42),
        key=(0.84, 0.52, 0.24), ambient=(0.31, 0.28, 0.34), haze=(0.98, 0.70, 0.44), density=0.68,
        sun=(0.35, 0.14), disc=(1.0, 0.92, 0.66), night=0.1, lamps=0.35, cloud=(1.0, 0.66, 0.46),
    ),
    "dusk": Look(
        zenith=(0.07, 0.10, 0.25), middle=(0.25, 0.22, 0.42), horizon=(0.86, 0.44, 0.36),
        key=(0.30, 0.22, 0.26), ambient=(0.20, 0.23, 0.35), haze=(0.38, 0.32, 0.46), density=0.62,
        sun=None, disc=(1.0, 0.6, 0.4), night=0.7, lamps=1.0, stars=0.25, cloud=(0.62, 0.36, 0.44),
    ),
    "night": Look(
        zenith=(0.015, 0.025, 0.075), middle=(0.04, 0.07, 0.16), horizon=(0.12, 0.16, 0.28),
        key=(0.20, 0.25, 0.36), ambient=(0.10, 0.13, 0.22), haze=(0.11, 0.15, 0.26), density=0.60,
        sun=(0.42, 0.72), disc=(0.93, 0.95, 1.0), night=1.0, lamps=1.0, stars=1.0, moon=True,
        clouds=0.2, cloud=(0.16, 0.20, 0.31),
    ),
}  # fmt: skip


def look_of(script: Script, seed: str) -> Look:
    """The light that `script` asks for; the seed places the sun and the clouds."""
    rng = generator(seed, "look")
    look = _TIMES[script.time]
    side = -1.0 if rng.random() < 0.5 else 1.0
    if look.sun:
        x, y = look.sun
        look = replace(
            look, sun=(abs(x) * side * (0.6 + 0.6 * rng.random()), y * (0.9 + 0.2 * rng.random()))
        )
    look = replace(look, side=side, clouds=look.clouds * (0.5 + rng.random()))
    weather = script.weather
    if weather & {"rain", "storm", "overcast", "snow", "fog"}:
        look = _veiled(look, 0.16 if weather == {"fog"} else 0.62)
    if "storm" in weather:
        look = replace(
            look,
            zenith=scaled(look.zenith, 0.48), middle=scaled(look.middle, 0.62),
            horizon=scaled(look.horizon, 0.86), ambient=scaled(look.ambient, 0.74),
            key=scaled(look.key, 0.55), cloud=scaled(look.cloud, 0.55), clouds=1.0,
            haze=scaled(look.haze, 0.80), density=0.8, sun=None, moon=False,
        )  # fmt: skip
    if "wet" in weather:
        look = replace(look, wet=1.0)
    if weather & {"rain", "storm"}:
        look = replace(look, wet=1.0, density=min(1.0, look.density + 0.12))
    if "fog" in weather:
        pale = mix(look.haze, (0.80, 0.83, 0.86), 0.16 * (1 - 0.75 * look.night))
        look = replace(look, density=1.0, haze=pale, horizon=mix(look.horizon, pale, 0.6))
    if "snow" in weather:
        look = replace(look, haze=mix(look.haze, (0.86, 0.90, 0.96), 0.5 * (1 - look.night)))
    if "dust" in weather:
        look = replace(look, haze=mix(look.haze, (0.85, 0.66, 0.42), 0.5), density=0.9)
    if "clear" in weather:
        look = replace(look, clouds=0.08)
    return look


def _veiled(look: Look, by: float) -> Look:
    """Under cloud: the sun gone, the sky evened out towards grey."""
    bright = sum(look.horizon) / 3
    grey: RGB = (bright * 0.80, bright * 0.85, bright * 0.92)
    return replace(
        look,
        zenith=mix(look.zenith, scaled(grey, 0.72), by), middle=mix(look.middle, grey, by),
        horizon=mix(look.horizon, scaled(grey, 1.08), by * 0.8),
        haze=mix(look.haze, grey, by * 0.7),
        key=scaled(mix(look.key, (0.5, 0.5, 0.5), by * 0.5), 0.72),
        ambient=mix(look.ambient, scaled(grey, 0.62), by * 0.5),
        cloud=mix(look.cloud, scaled(grey, 0.9), by), clouds=0.9,
        sun=None if by > 0.5 else look.sun, stars=look.stars * 0.2, moon=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Grade:
    """A colour grade: how saturated, how contrasty, what the shadows and the lights lean to."""

    saturation: float = 1.04
    contrast: float = 1.06
    shadows: RGB = (0.0, 0.0, 0.0)
    lights: RGB = (0.0, 0.0, 0.0)
    lift: float = 0.0
    exposure: float = 1.0
    vignette: float = 0.30
    grain: float = 0.008

    def matrix(self) -> NDArray[np.float32]:
        """The saturation as a matrix over premultiplied RGBA: it is linear, so it is baked once."""
        luma = np.array([0.2126, 0.7152, 0.0722])
        m = np.eye(4, dtype=np.float32)
        m[:3, :3] = np.eye(3) * self.saturation + np.outer(np.ones(3), luma) * (1 - self.saturation)
        return m

    def curve(self, gain: float = 1.0) -> NDArray[np.uint8]:
        """The rest as a (256, 1, 3) table: exposure, a soft S, and the split tone."""
        x = np.linspace(0, 1, 256)[:, None] * self.exposure * gain
        x = np.where(x > 0.82, 0.82 + 0.18 * np.tanh((x - 0.82) / 0.18), x)  # lights roll off
        s = x * x * (3 - 2 * np.clip(x, 0, 1))
        k = (self.contrast - 1) * 2.2
        y = x + (s - x) * k
        dark = (1 - np.clip(y, 0, 1)) ** 2 * np.clip(y * 5, 0, 1)
        bright = np.clip(y, 0, 1) ** 1.5
        y = y + dark * np.array(self.shadows) + bright * np.array(self.lights)
        y = self.lift + y * (1 - self.lift)
        table: NDArray[np.uint8] = np.clip(y * 255 + 0.5, 0, 255).astype(np.uint8)[:, None, :]
        return table


_GRADES: dict[str, dict[str, float | RGB]] = {
    "warm": {"lights": (0.06, 0.015, -0.06), "shadows": (0.03, 0.0, -0.02)},
    "cold": {"lights": (-0.05, 0.0, 0.05), "shadows": (-0.02, 0.01, 0.05), "saturation": 0.86},
    "teal": {
        "lights": (0.07, 0.02, -0.07), "shadows": (-0.05, 0.035, 0.06), "contrast": 1.16,
        "vignette": 0.4,
    },
    "noir": {
        "saturation": 0.0, "contrast": 1.20, "vignette": 0.55, "grain": 0.016, "exposure":
        1.16,
    },
    "pastel": {
        "saturation": 0.78, "contrast": 0.86, "lift": 0.10, "exposure": 1.10, "lights":
        (0.02, 0.0, 0.02), "vignette": 0.1,
    },
    "vibrant": {"saturation": 1.42, "contrast": 1.14},
    "muted": {"saturation": 0.76, "contrast": 0.98, "lift": 0.02, "grain": 0.018},
    "vintage": {
        "saturation": 0.72, "lift": 0.07, "lights": (0.07, 0.03, -0.07), "shadows": (0.03,
        0.0, 0.03), "grain": 0.03,
    },
    "dark": {"exposure": 0.90, "contrast": 1.16, "saturation": 0.88, "vignette": 0.55},
    "neon": {
        "saturation": 1.30, "shadows": (0.02, -0.02, 0.08), "lights": (0.05, -0.03, 0.05),
        "contrast": 1.16,
    },
    "luxury": {
        "contrast": 1.20, "lights": (0.04, 0.015, -0.03), "exposure": 1.02, "vignette": 0.45,
    },
}  # fmt: skip


def grade_of(script: Script) -> Grade:
    """The grade of the moods named, the effects of several added up."""
    plain = Grade()
    values: dict[str, float | RGB] = {}
    for mood in script.moods[:3]:
        for name, value in _GRADES[mood].items():
            old = values.get(name, getattr(plain, name))
            base = getattr(plain, name)
            if isinstance(value, tuple) and isinstance(old, tuple):
                values[name] = (old[0] + value[0], old[1] + value[1], old[2] + value[2])
            elif isinstance(value, float) and isinstance(old, float):
                values[name] = old + value - base
    mixed = replace(plain, **values)  # type: ignore[arg-type]
    return replace(
        mixed,
        saturation=max(0.0, mixed.saturation),
        contrast=float(np.clip(mixed.contrast, 0.8, 1.28)),
        exposure=float(np.clip(mixed.exposure, 0.90, 1.2)),
        vignette=float(np.clip(mixed.vignette, 0.0, 0.6)),
    )
