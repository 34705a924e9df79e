"""How much there is to see and how much it changes: for comparing like with like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers._warp import pairs_within_shots
from toolkit.seams import Analysis

__all__ = ["Complexity"]


@dataclass(frozen=True)
class Complexity:
    """Spatial and temporal information of ITU-T P.910 (2008), 6.3, on luma at 256 px."""

    name: ClassVar[str] = "complexity"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    tier: ClassVar[str] = "thorough"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "spatial_info",
                unit="gray levels",
                low=0,
                evidence="B",
                description="The largest spread of edges in any frame: how busy the picture is.",
            ),
            Metric(
                "temporal_info",
                unit="gray levels",
                low=0,
                high=255,
                evidence="B",
                description="The largest spread of change from any frame to the next, cuts left "
                "out: how busy the motion is.",
            ),
        ]
    )

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if min(clip.small.shape[1:]) < 3:
            return dict.fromkeys(self.metrics, Reading(None, note="smaller than 3 px"))
        edges = []
        for frame in clip.small:
            gx, gy = (cv2.Sobel(frame, cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))
            edges.append(float(cv2.magnitude(gx, gy)[1:-1, 1:-1].std()))
        readings = {"spatial_info": Reading(max(edges), trace=[round(e, 3) for e in edges])}
        change, trace = [], [0.0] * len(clip.small)
        for a, b in pairs_within_shots(clip):
            change.append(float(np.std(clip.small[b].astype(np.float32) - clip.small[a])))
            trace[b] = round(change[-1], 3)
        readings["temporal_info"] = (
            Reading(max(change), trace=trace)
            if change
            else Reading(None, note="no two frames of one shot")
        )
        return readings


scorer = Complexity()
