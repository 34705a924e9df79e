"""How the picture leaves its beginning: little by little, at once, or there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.records import Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.scorers.likeness import hog, hs_histogram
from toolkit.seams import Analysis

__all__ = ["Change"]


@dataclass(frozen=True)
class Change:
    """Distance of colours and shapes from the first moment shown, over time.

    `flat` is the distance below which nothing has changed, `sudden` the share of it that one step
    takes in a change that comes at once.
    """

    name: ClassVar[str] = "change"
    version: ClassVar[str] = "1"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    tier: ClassVar[str] = "thorough"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "change_profile",
                unit="rank correlation",
                low=-1,
                high=1,
                evidence="C",
                description="How steadily the picture leaves its first moment: 1 ever further, "
                "about 0 there and back; the label says gradual, sudden or returning. It cannot "
                "tell whether the right thing changed, and camera moves count.",
            )
        ]
    )
    flat: float = 0.03
    sudden: float = 0.6

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.thumbs) < 4:
            return {"change_profile": Reading(None, note="fewer than 4 frames")}
        colours = [hs_histogram(image) for image in clip.thumbs]
        shapes = [hog(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) for image in clip.thumbs]
        edges = shapes[0].any()
        far = np.array([
            1 - 0.5 * (np.sqrt(colours[0] * c).sum() + (shapes[0] @ s if edges else 1.0))
            for c, s in zip(colours, shapes, strict=True)
        ])  # fmt: skip
        far = np.maximum(far, 0)
        trace = far.round(4).tolist()
        reach = float(far.max())
        if reach < self.flat:
            return {"change_profile": Reading(None, note="the picture hardly changes", trace=trace)}
        value = _ranked(far)
        label = "gradual" if value > 0.5 else "returning" if far[-1] < 0.5 * reach else "uneven"
        if float(np.abs(np.diff(far)).max()) >= self.sudden * reach:
            label = "sudden"
        return {"change_profile": Reading(value, label=label, trace=trace)}


def _ranked(values: NDArray[np.float64]) -> float:
    """Spearman's correlation of `values` with their order; ties share their mean rank."""
    _, group, count = np.unique(values.round(6), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[group]
    return float(np.corrcoef(ranks, np.arange(len(values)))[0, 1])


scorer = Change()
