"""What a clip measures: one family of metrics a file, each file ending in `scorer = …`.

A new file is found by its name; nothing has to be registered. A scorer gets the clip's one decode
pass and the spec, and answers every one of its metrics: a value, or None with the reason.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from toolkit import discover
from toolkit.errors import ScoreError
from toolkit.records import Metric, canonical_json
from toolkit.seams import Scorer

__all__ = [
    "METRICS",
    "TIERS",
    "default",
    "every_scorer",
    "identity",
    "settings_hash",
    "with_metric",
]

TIERS = ("preview", "fast", "full", "thorough")
"""How much is looked at: codec keyframes, some frames, every frame, every frame with care."""


@cache
def every_scorer() -> tuple[Scorer, ...]:
    """All scorers with their default settings, by name."""
    return tuple(_load(name) for name in discover.names("scorers"))


def _load(name: str) -> Scorer:
    scorer = getattr(discover.load("scorers", name), "scorer", None)
    if not isinstance(scorer, Scorer):
        raise ScoreError(f"scorers/{name}.py: its last line is `scorer = …`, a Scorer")
    return scorer


def default(tier: str = "full") -> tuple[Scorer, ...]:
    """The scorers of a tier: those of "full" everywhere, the costly ones in "thorough" only.

    In "preview" and "fast" a scorer that needs every frame says so in place of a value.
    """
    if tier not in TIERS:
        raise ScoreError(f"no tier {tier!r}; there are: {', '.join(TIERS)}")
    return tuple(s for s in every_scorer() if tier == "thorough" or _tier(s) != "thorough")


def _tier(scorer: Scorer) -> str:
    return str(getattr(scorer, "tier", "full"))


def with_metric(name: str) -> Scorer:
    """The scorer that gives metric `name`; `ScoreError` names what there is."""
    for scorer in every_scorer():
        if name in scorer.metrics:
            return scorer
    raise ScoreError(f"no metric {name!r}; there are: {', '.join(sorted(_metrics()))}")


def identity(scorer: Scorer) -> str:
    """`name@version`, as stored with each score."""
    return f"{scorer.name}@{scorer.version}"


def settings_hash(scorer: Scorer, recipe: str) -> str:
    """16 hex digits that change with the scorer's settings or with what it is given (`recipe`)."""
    thing: Any = scorer
    fixed = dataclasses.is_dataclass(thing) and not isinstance(thing, type)
    settings = dataclasses.asdict(thing) if fixed else vars(thing)
    text = canonical_json({"recipe": recipe, "settings": settings})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def table(metrics: Iterable[Metric]) -> dict[str, Metric]:
    """Metrics by name, in order."""
    return {metric.name: metric for metric in metrics}


@cache
def _metrics() -> dict[str, Metric]:
    return {name: metric for s in every_scorer() for name, metric in s.metrics.items()}


def __getattr__(name: str) -> Any:
    if name == "METRICS":
        return _metrics()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


METRICS: Mapping[str, Metric]
"""Every metric by name, with its unit, range, direction and evidence; made when first looked at."""
