"""What the builder says of a grid and of its bill: factors, counts, the prompts as sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from toolkit.grid import Grid
from toolkit.planning import Plan
from toolkit.planning.wait import minutes
from toolkit.prompts.formula import PROMPT_PARTS

__all__ = ["clips", "counts", "design_row", "factors", "line", "texts", "typed_near"]

SHOWN_TEXTS = 8


def factors(grid: Grid) -> str:
    """Such as `3 camera × 2 models × 3 samples = 18 clips`; several prompts count as one factor."""
    axes = grid.axes
    factors = []
    if len(grid.prompts) > 1:
        factors.append(f"{sum(prompt.size for prompt in _worded(grid)):,} prompts")
    for name, values in axes.items():
        if len(grid.prompts) > 1 and name in {"name", *PROMPT_PARTS}:
            continue  # within the first factor
        if len(values) > 1:
            plural = {"model": "models", "sample": "samples", "duration_s": "durations"}
            factors.append(f"{len(values):,} {plural.get(name, name.replace('_', ' '))}")
    total = clips(grid.size)
    return f"{' × '.join(factors)} = {total}" if len(factors) > 1 else total


def _worded(grid: Grid) -> list[Any]:
    return [p if p.is_typed else p.with_parts(**grid.parts) for p in grid.prompts]


def counts(grid: Grid) -> dict[str, str]:
    """How many wordings each part has, where that is more than one."""
    found = {}
    for number, prompt in enumerate(grid.prompts):
        for part, n in prompt.axes.items():
            if n > 1:
                found[f"{number}.{part}"] = f"{n:,} wordings"
    for part, texts in grid.parts.items():
        found[f"shared.{part}"] = f"{len(texts)} wordings"
    return found


def texts(grid: Grid) -> dict[str, Any]:
    """The first prompts as they would be sent."""
    prompts = (text for block in _worded(grid) for text in block)
    num = sum(block.size for block in _worded(grid))
    texts = [str(prompt) for prompt in islice(prompts, SHOWN_TEXTS)]
    return {"texts": [t if len(t) <= 600 else t[:599] + "…" for t in texts], "num_texts": num}


def line(bill: Plan) -> str:
    """What stands in the way and how long it takes: counts that are not all new, seconds, time."""
    parts = []
    if bill.new != bill.cells + bill.num_excluded:
        counts = [(bill.new, "new"), (bill.done, "done already"), (bill.going, "on their way")]
        counts += [(bill.ended, "ended before, not sent again"), (bill.num_excluded, "excluded")]
        parts += [f"{n:,} {word}" for n, word in counts if n]
    if bill.new and bill.video_s:
        parts.append(f"{bill.video_s:,.0f} s of video")
    if bill.new and bill.wall_s is not None:
        parts.append(f"about {minutes(bill.wall_s[0])}")
    if bill.price_dates:
        parts.append(f"prices of {bill.price_dates[0]}")
    return " · ".join(parts)


def design_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A design as a line of the table: what it costs, what it could find out."""
    if row["clips"] is None:
        return {"text": row["design"], "off": row["cannot_tell"]}
    finds = []
    if row["detects_sd"] is not None:
        finds.append(f"scores {row['detects_sd']} SD apart")
    if row["detects_win_rate"] is not None:
        finds.append(f"wins of {row['detects_win_rate']:.0%}")
    return {
        "text": row["design"],
        "clips": clips(row["clips"]),
        "cost": row["cost"],
        "finds": " · ".join(finds),
        "open": "" if row["cannot_tell"].startswith("nothing") else row["cannot_tell"],
    }


def clips(n: int) -> str:
    return f"{n:,} clip" if n == 1 else f"{n:,} clips"


def typed_near(text: str) -> str:
    """Advice that names the call, as it is typed on the screen: `near 5`."""
    return re.sub(r"`tk\.near\('?([^')]+)'?\)`", r"“near \1”", text)
