"""Texture that boils where it should only move, and VBench's flicker for shots that stand still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers._warp import back_along, both_ways, pairs_within_shots
from toolkit.seams import Analysis

__all__ = ["Boiling"]


@dataclass(frozen=True)
class Boiling:
    """Second differences of small tiles, with the motion taken out; first differences of shots
    without motion.
    """

    name: ClassVar[str] = "boiling"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    tier: ClassVar[str] = "thorough"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "tile_flicker",
                unit="of full brightness",
                low=0,
                high=2,
                direction="lower",
                evidence="B",
                description="How much tiles of the picture pump by themselves, motion taken out: "
                "the median tile. Grain raises it a little, pumping light as much as luma_flicker.",
            ),
            Metric(
                "flicker_vbench",
                unit="",
                low=0,
                high=1,
                direction="higher",
                evidence="B",
                description="1 minus the mean difference of neighbouring frames, as VBench's "
                "temporal flickering, on luma at 256 px. For static shots only: elsewhere it "
                "rewards stillness and blur.",
            ),
        ]
    )
    tiles: int = 8
    still_px: float = 3.0

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.small) < 3:
            return dict.fromkeys(self.metrics, Reading(None, note="fewer than 3 frames"))
        return {"tile_flicker": self._tiles(clip), "flicker_vbench": self._still(clip)}

    def _tiles(self, clip: Analysis) -> Reading:
        joined = set(pairs_within_shots(clip))
        size = (self.tiles, self.tiles)
        found, trace = [], [0.0] * len(clip.small)
        earlier = None  # of the frame before, brought to this one, and where it is seen
        for t in range(len(clip.small) - 1):
            if (t, t + 1) not in joined:
                earlier = None
                continue
            forth, back, seen = both_ways(clip, t, t + 1)
            here = clip.small[t].astype(np.float32)
            if earlier is not None:
                before, kept = earlier
                known = (kept & seen).astype(np.float32)
                after = back_along(clip.small[t + 1], forth).astype(np.float32)
                bend = (before - 2 * here + after) * known
                share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
                mean = cv2.resize(bend, size, interpolation=cv2.INTER_AREA)
                tiles = np.where(share > 0.5, np.abs(mean) / np.maximum(share, 1e-6), np.nan)
                found.append(tiles / 255)
                if np.isfinite(tiles).any():
                    trace[t] = round(float(np.nanmedian(tiles)) / 255, 6)
            kept = back_along(seen.astype(np.float32), back) > 0.5
            earlier = back_along(clip.small[t], back).astype(np.float32), kept
        if not found or not (known_tiles := np.isfinite(found).any(axis=0)).any():
            return Reading(None, note="the flow is lost: nothing can be followed for three frames")
        means = np.nanmean(np.stack(found)[:, known_tiles], axis=0)
        return Reading(float(np.median(means)), trace=trace)

    def _still(self, clip: Analysis) -> Reading:
        """VBench's static filter (Huang et al. 2024) over eighths of a second."""
        if clip.cuts:
            return Reading(None, note="a cut: no static shot")
        stride = max(1, round((clip.clip.fps or 8.0) / 8))
        top = clip.motion.top * 256 / min(clip.small.shape[1:])
        eighths = np.add.reduceat(top, np.arange(0, len(top), stride))
        if (eighths > self.still_px).sum() >= max(1, round(2 * (len(eighths) + 1) / 16)):
            return Reading(None, note="the shot moves; only static shots are judged by it")
        return Reading(1 - float(clip.step.mean()) / 255)


scorer = Boiling()
