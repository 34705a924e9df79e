"""The subjects: one silhouette a kind, how large it is beside a grown person, how it moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from toolkit.simulator import animals, people, things, vehicles
from toolkit.simulator.brush import Brush
from toolkit.simulator.look import Look
from toolkit.simulator.paint import Sheet, generator
from toolkit.simulator.words import Script

__all__ = ["KINDS", "Kind", "sprites"]

Motion = Literal["walk", "roll", "float", "fly", "still", "flame"]


@dataclass(frozen=True)
class Kind:
    """How a silhouette is used: `size` beside a person of 1, `motion`, number of `phases`."""

    draw: Callable[[Brush, float], None]
    size: float
    motion: Motion
    phases: int = 1
    cycle_s: float = 1.1


KINDS: dict[str, Kind] = {
    "person": Kind(people.person, 1.0, "walk", 12, 1.15),
    "astronaut": Kind(people.astronaut, 1.02, "walk", 8, 3.2),
    "robot": Kind(people.robot, 1.0, "walk", 10, 1.5),
    "knight": Kind(people.knight, 1.05, "walk", 10, 1.4),
    "fox": Kind(animals.fox, 0.72, "walk", 10, 0.9),
    "dog": Kind(animals.dog, 0.74, "walk", 10, 0.8),
    "cat": Kind(animals.cat, 0.66, "walk", 10, 1.0),
    "horse": Kind(animals.horse, 1.12, "walk", 10, 1.0),
    "deer": Kind(animals.deer, 1.02, "walk", 10, 1.2),
    "elephant": Kind(animals.elephant, 1.25, "walk", 10, 1.9),
    "bird": Kind(animals.bird, 0.85, "fly", 10, 0.7),
    "whale": Kind(animals.whale, 1.15, "float", 10, 2.6),
    "fish": Kind(animals.fish, 0.80, "float", 10, 0.9),
    "jellyfish": Kind(animals.jellyfish, 1.0, "float", 10, 2.2),
    "car": Kind(vehicles.car, 0.86, "roll", 6, 0.5),
    "suv": Kind(vehicles.suv, 0.92, "roll", 6, 0.5),
    "train": Kind(vehicles.train, 1.25, "roll", 1),
    "ship": Kind(vehicles.ship, 0.95, "float", 8, 2.8),
    "bike": Kind(people.rider, 1.0, "roll", 10, 0.9),
    "drone": Kind(vehicles.drone, 0.75, "fly", 8, 0.4),
    "plane": Kind(vehicles.plane, 0.95, "fly", 4, 1.0),
    "rocket": Kind(vehicles.rocket, 1.25, "fly", 6, 0.3),
    "balloon": Kind(vehicles.balloon, 1.10, "fly", 4, 1.2),
    "watch": Kind(things.watch, 0.92, "still", 12, 12.0),
    "bottle": Kind(things.bottle, 0.92, "still", 10, 5.0),
    "cup": Kind(things.cup, 0.90, "still", 1),
    "shoe": Kind(things.shoe, 0.82, "still", 1),
    "phone": Kind(things.phone, 0.90, "still", 8, 4.0),
    "book": Kind(things.book, 0.85, "still", 8, 3.0),
    "candle": Kind(things.candle, 0.95, "flame", 12, 0.9),
    "food": Kind(things.food, 0.88, "still", 1),
    "flower": Kind(things.flower, 0.80, "still", 10, 2.6),
    "tree": Kind(things.tree, 1.35, "still", 6, 3.2),
    "lighthouse": Kind(things.lighthouse, 1.55, "still", 12, 4.0),
    "house": Kind(things.cottage, 1.10, "still", 1),
}
"""Silhouette → how it is drawn and moves."""


def sprites(script: Script, look: Look, *, ppu: float, seed: tuple[object, ...]) -> list[Sheet]:
    """Every phase of the subject's motion, drawn at `ppu` pixels to a local unit."""
    kind = KINDS[script.subject or "person"]
    out = []
    for i in range(kind.phases):
        brush = Brush(ppu, look, script, generator(*seed, "subject"))
        kind.draw(brush, i / kind.phases)
        out.append(brush.finish())
    return out
