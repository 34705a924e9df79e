"""The built-in simulator: prompts become procedural 2.5-D scenes, rendered as real MP4 files.

Nothing here needs a network or a key. `simulate` writes one clip; `SimService` is the service
behind the models `sim/draft` and `sim/final`, with jobs that outlive a process; `truth(spec)` says
what is planted in a clip, so that scorers and statistics can be tested.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.simulator.frames import ambience, render
    from toolkit.simulator.planted import MODELS, ModelTruth, PlantedTruth, describe, truth
    from toolkit.simulator.service import SimService, simulate

__all__ = [
    "MODELS",
    "ModelTruth",
    "PlantedTruth",
    "SimService",
    "ambience",
    "describe",
    "render",
    "simulate",
    "truth",
]

_HOME = {
    "frames": ("ambience", "render"),
    "service": ("SimService", "simulate"),
    "planted": ("MODELS", "ModelTruth", "PlantedTruth", "describe", "truth"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(importlib.import_module(f"toolkit.simulator.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
