"""The whole loop on the simulator: from eight ideas to a table, a report, a sheet and a film.

Nothing here is special to the demonstration: it calls what a notebook calls. Run again, it pays and
generates nothing, because every cell of the grid is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.experiment import Experiment
from toolkit.grid import Grid
from toolkit.prompts.formula import Prompt

if TYPE_CHECKING:
    from toolkit.results import Contrast

__all__ = ["CAMERAS", "SCENES", "WALK", "demo", "demo_grid"]

WALK = Prompt(
    "a courier in a yellow raincoat pushing a bicycle",
    action="rain runs off the coat as she walks",
    environment="a narrow market street at dusk, neon on wet stone",
    mood="quiet documentary, muted teal and amber",
    name="courier",
)

SCENES = [
    WALK,
    Prompt(
        "a red fox",
        action="it trots over the moss and stops to listen",
        environment="a pine forest at dawn, fog between the trunks",
        mood="cold blue light, hushed nature film",
        name="fox",
    ),
    Prompt(
        "a steel wristwatch on dark slate",
        action="the second hand sweeps on",
        environment="a studio table, one soft key light from the left",
        mood="luxury product film, deep black and gold",
        name="watch",
    ),
    Prompt(
        "a lighthouse on a headland",
        action="waves break over the rocks below",
        environment="a rocky coast in a storm, heavy grey clouds",
        mood="wild and dramatic, desaturated",
        name="lighthouse",
    ),
    Prompt(
        "a steaming cup of coffee on a wooden table",
        action="steam curls up past the window",
        environment="an empty café in the early morning, low sun through the blinds",
        mood="warm and unhurried, soft pastel tones",
        name="café",
    ),
    Prompt(
        "a white off-road car",
        action="it rolls along the track and raises dust",
        environment="a desert valley at noon, dunes and far mesas",
        mood="wide adventure film, burnt orange",
        name="desert",
    ),
    Prompt(
        "a lone traveller with a suitcase",
        action="he waits under the clock",
        environment="an empty railway station at night, wet platform lights",
        mood="noir, sodium light and long shadows",
        name="station",
    ),
    Prompt(
        "a wooden sailing boat",
        action="it drifts with slack sails",
        environment="a calm harbour at sunset, mountains behind",
        mood="golden, nostalgic, gentle grain",
        name="harbour",
    ),
]

CAMERAS = ["static wide shot", "slow push in", "handheld, following"]


def demo_grid(*, small: bool = False) -> Grid:
    """Eight scenes × three camera twins × two models × one sample, clips of 2.5 s; `small`: the
    first scene alone."""
    return Grid(
        WALK if small else SCENES,
        camera=CAMERAS,
        models=["sim/draft", "sim/final"],
        duration_s=2 if small else 2.5,
        samples=1,
    )


def demo(out: Path, *, small: bool = False, say: Callable[[str], None]) -> int:
    """Run the loop into the folder `out`; the return value is the exit status."""
    started = time.monotonic()
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    grid = demo_grid(small=small)
    with Experiment(out / "demo", budget_usd=20, say=say) as exp:
        plan = exp.plan(grid)
        say(plan.text)
        batch = exp.run(grid)
        batch.wait()
        say(batch.summary)
        words = findings(exp)
        paths = exp.export(out, formats=DELIVERABLES, findings=words)
        print(exp.results("camera", of="camera_match").text)  # noqa: T201 - the demo's product
        print()  # noqa: T201
        for line in words:
            print(line)  # noqa: T201
        print()  # noqa: T201
        for path in paths:
            print(path)  # noqa: T201
        complete = batch.is_complete
    say(f"{time.monotonic() - started:.0f} s")
    return 0 if complete else 1


DELIVERABLES = ("csv", "parquet", "xlsx", "report", "sheet", "reel", "methods")


def findings(exp: Experiment) -> list[str]:
    """One contrast that the simulator planted, one that it did not, in plain words."""
    found: list[Contrast] = [
        exp.contrast(score, "camera", "slow push in", "handheld, following")
        for score in ("camera_match", "luma_flicker")
    ]
    return [contrast.text for contrast in found]
