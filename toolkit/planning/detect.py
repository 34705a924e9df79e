"""What a grid could find out, said before it is paid for: by scores and by votes.

A comparison generalises over scenes, so they are counted first. In a scene each level of what
varies has some clips; the mean of k clips scatters with 1/k. In units of the scatter of single
clips, the difference of two levels varies from scene to scene by sqrt(w^2 + 2/k) (Miller 2024,
"Adding error bars to evals", both arms alike); w is how much the effect differs between scenes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolkit.errors import GridError
from toolkit.grid import Grid
from toolkit.planning.money import count
from toolkit.stats.power import detectable_difference, detectable_win_rate

__all__ = ["Power", "power"]

EFFECT_VARIES = 0.5  # w: an effect differs between scenes by half of what single clips scatter
VOTES_IN_6_MIN = 33  # 36 duels of 10 s, three of them repeats
SCENES_NEEDED = 6  # for an exact test to reach p < 0.05 at all


@dataclass(frozen=True)
class Power:
    """What varies within scenes, over how many of them, with how many clips a level in each.

    `difference_sd` is the least difference of two levels that is found four times of five, in
    standard deviations of single clips' scores; `win_rate` the least share of duels won that six
    minutes of votes would tell from one half. None where nothing can be sure.
    """

    by: str
    scenes: int
    clips: int

    @cached_property
    def difference_sd(self) -> float | None:
        return detectable_difference(math.sqrt(EFFECT_VARIES**2 + 2 / self.clips), self.scenes)

    @property
    def votes(self) -> int:
        """Duels of two levels that there are clips for, up to what six minutes hold."""
        return min(VOTES_IN_6_MIN, self.scenes * self.clips)

    @cached_property
    def win_rate(self) -> float | None:
        return detectable_win_rate(self.votes)

    @property
    def text(self) -> str:
        over = f"{self.by} over {count(self.scenes, 'scene')}, {count(self.clips, 'clip')} a level"
        if self.difference_sd is None:
            scores = f"scores cannot be sure below {SCENES_NEEDED} scenes"
        else:
            scores = (
                f"scores find differences from about {self.difference_sd:.1f} sd of single clips"
            )
        votes = f"{count(self.votes, 'vote')} on two levels "
        if self.win_rate is None:
            votes += "can be sure of nothing"
        else:
            votes += f"find one that wins {self.win_rate:.0%}"
        return f"{over} each: {scores}; {votes}"


def power(grid: Grid) -> Power | None:
    """Of the comparison for which `grid` is weakest; None where nothing varies within a scene, or
    where it is too large to be counted.
    """
    weakest: Power | None = None
    for name in grid.varies:
        if name in {"sample", "seed"}:
            continue
        try:
            found = _within_scenes(grid, name)
        except GridError:  # too fine to be counted: it would be strong enough
            continue
        if found is not None and (weakest is None or _reach(found) < _reach(weakest)):
            weakest = found
    return weakest


def _reach(found: Power) -> tuple[int, int]:
    return found.scenes, found.clips


def _within_scenes(grid: Grid, name: str) -> Power | None:
    by_scene: dict[Any, dict[Any, int]] = {}
    for (level, scene), cells in grid.tally([name, "scene"]).items():
        by_scene.setdefault(scene, {})[level] = cells
    compared = [levels for levels in by_scene.values() if len(levels) > 1]
    if not compared:
        return None
    clips = min(_alike(grid, levels) for levels in compared)
    label = "prompt" if name == "name" else name
    return Power(label, len(compared), clips)


def _alike(grid: Grid, levels: Mapping[Any, int]) -> int:
    """Clips of a level that meet clips of another with all else alike."""
    matched = grid.design in {"one_at_a_time", "paired"}
    return len(grid.samples) if matched else min(levels.values())
