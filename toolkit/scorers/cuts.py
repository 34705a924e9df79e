"""Cuts and jumps inside what should be one shot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis

__all__ = ["Cuts"]


@dataclass(frozen=True)
class Cuts:
    """Counts the cuts that the decode pass found, which other scorers step over."""

    name: ClassVar[str] = "cuts"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "cut_count",
                unit="cuts",
                low=0,
                direction="lower",
                evidence="A",
                description="Abrupt changes to another picture. Fades and dissolves are not found.",
            )
        ]
    )

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.small) < 3:
            return {"cut_count": Reading(None, note="fewer than 3 frames")}
        times = ", ".join(f"{clip.time_s[cut]:.2f} s" for cut in clip.cuts)
        note = f"at {times}" if times else ""
        return {"cut_count": Reading(float(len(clip.cuts)), note=note)}


scorer = Cuts()
