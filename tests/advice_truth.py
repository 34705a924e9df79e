"""Whether the advice speaks where a flaw is planted and is silent where none is.

python -m tests.advice_truth [--json] [--scenes N] [--derived]

Every scene is an experiment of four camera wordings with two seeds each, clean; then one clip at a
time is swapped for its twin with a planted flaw. The thresholds were read off the scenes in
`DERIVED`; `HELD_OUT` are other scenes with other seeds, looked at once they were fixed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cloudpickle

from tests.truth import Readings, wish
from toolkit import scorers
from toolkit.advice import Advice, advise
from toolkit.records import RunSpec, State
from toolkit.simulator import simulate, truth
from toolkit.video import analysis

DERIVED = (
    "A black cat walks along a garden wall. A village at noon.",
    "A robot in a train station, evening light.",
    "A sailboat on a lake, golden hour.",
    "A teacup on a wooden table by the window.",
    "A woman waits in a street market at night, rain.",
    "A red fox trots through a birch forest, snow falling.",
    "A lighthouse on a cliff above the sea, storm at dusk.",
    "A yellow taxi in a city street at night, neon.",
    "A perfume bottle on black marble, studio light.",
    "An elephant crosses the savanna, late afternoon.",
    "A fisherman mends a net in a harbour, fog at dawn.",
    "A hot air balloon over a mountain valley, morning.",
    "A violinist on a stage, spotlight, dark hall.",
    "A steam train crosses a bridge, autumn forest.",
    "A glass jar of honey on linen, soft window light.",
    "Two boats in a harbour at blue hour.",
    "A white horse in a meadow, thin mist, dawn.",
    "An astronaut stands on the moon, stars.",
)
HELD_OUT = (
    "A monk sweeps a temple courtyard, early morning haze.",
    "A vintage motorcycle on a desert road, hard noon sun.",
    "A koi fish in a garden pond, dappled light.",
    "A chef in a small kitchen, steam, warm lamplight.",
    "A wooden cabin in a snowfield, northern lights.",
    "A dancer in a studio, plain backdrop, soft rim light.",
)
MOVES = ("static", "push_in", "pan_right", "tilt_down")
PLANTED: dict[str, tuple[str, Any]] = {
    "flicker": ("flicker", 0.04), "blur": ("blur", 2.5), "drift": ("drift", 0.7),
    "freeze": ("frozen", 0.6), "cut": ("cut", 0.9), "letterbox": ("letterbox", 0.12),
    "reversed": ("camera-reversed", True),
}  # fmt: skip
"""Each flaw with the symptom that should be told, and the dose."""

NEEDED = {
    "flicker", "sharpness", "subject", "freeze", "cuts", "bars", "camera", "delivery", "sound",
    "motion", "motionblur",
}  # fmt: skip


@dataclass
class Shown:
    """One clip as it was asked for, and what was measured on it."""

    scene: str
    move: str
    seed: int
    spec: RunSpec
    readings: Readings

    @property
    def row(self) -> dict[str, Any]:
        return {
            "run_key": self.spec.key, "state": State.DONE, "model": self.spec.model,
            "prompt.text": self.spec.prompt, "prompt.scene": self.scene, "sample": self.seed,
            "params": self.spec.params, "clip.duration_s": self.spec.params["duration_s"],
        }  # fmt: skip


@dataclass
class Tally:
    """How often each flaw was told, and how often something was said of clips without one."""

    found: dict[str, int] = field(default_factory=dict)
    planted: dict[str, int] = field(default_factory=dict)
    clean: int = 0
    talked: int = 0  # of clean clips, in experiments without any flaw
    beside: int = 0
    talked_beside: int = 0  # of clean clips, in experiments with one flawed clip
    said: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return sum(self.found.values()) / max(1, sum(self.planted.values()))

    @property
    def silence(self) -> float:
        return 1 - (self.talked + self.talked_beside) / max(1, self.clean + self.beside)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "recall": self.recall, "silence": self.silence}


def followed(scene: str, move: str, seconds: float, first: int) -> Iterator[int]:
    """Seeds from `first` on whose camera does as asked."""
    for seed in range(first, first + 9999):
        planted = truth(wish(scene, move, seed, {}, seconds))
        if planted.outcome == "followed" and not planted.refused:
            yield seed


def measured(spec: RunSpec, folder: Path) -> Readings:
    path = simulate(spec.prompt, folder / "clip.mp4", model=spec.model, **spec.params)
    packed = cloudpickle.dumps(tuple(s for s in scorers.default("thorough") if s.name in NEEDED))
    return analysis.run(
        str(path), packed, [spec.to_json()], tier="thorough", with_thumbs=False
    )[1][0]  # fmt: skip


def told(clips: Sequence[Shown]) -> Advice:
    return advise([c.row for c in clips], {c.spec.key: c.readings for c in clips})


def spoken(advice: Advice) -> dict[str, set[str]]:
    """The symptoms that were told, by run."""
    found: dict[str, set[str]] = {}
    for item in advice:
        for case in item.cases:
            found.setdefault(case.run_key, set()).add(item.code)
    return found


def tally(
    scenes: Sequence[str] = HELD_OUT,
    *,
    moves: Sequence[str] = MOVES,
    planted: Mapping[str, tuple[str, Any]] = PLANTED,
    seconds: float = 2.0,
    first_seed: int = 700,
    on_clip: Callable[[str], None] = lambda _: None,
) -> Tally:
    """Every scene clean, then with each flaw in one clip of it."""
    result = Tally()
    with TemporaryDirectory() as name:
        folder = Path(name)

        def look(scene: str, move: str, seed: int, flaws: dict[str, Any]) -> Shown:
            on_clip(f"{scene[:30]} {move} {flaws}")
            spec = wish(scene, move, seed, flaws, seconds)
            return Shown(scene, move, seed, spec, measured(spec, folder))

        for number, scene in enumerate(scenes):
            clean = [
                look(scene, move, seed, {})
                for move in moves
                for seed in islice(followed(scene, move, seconds, first_seed), 2)
            ]
            said = spoken(told(clean))
            result.clean += len(clean)
            result.talked += len(said)
            result.said += [f"clean {scene[:30]} {codes}" for codes in said.values()]
            for place, (flaw, (code, dose)) in enumerate(planted.items()):
                move = moves[(number + place) % len(moves)]
                if flaw == "reversed" and move == "static":
                    move = moves[1]
                old = next(clip for clip in clean if clip.move == move)
                new = look(scene, move, old.seed, {flaw: dose})
                said = spoken(told([new if clip is old else clip for clip in clean]))
                mine = said.pop(new.spec.key, set())
                result.planted[flaw] = result.planted.get(flaw, 0) + 1
                result.found[flaw] = result.found.get(flaw, 0) + (code in mine)
                result.beside += len(clean) - 1
                result.talked_beside += len(said)
                if code not in mine or mine != {code} or said:
                    others = sorted(set().union(*said.values()))
                    result.said.append(
                        f"{flaw} {move} {scene[:30]}: {sorted(mine)}, twins {others}"
                    )
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scenes", type=int, default=99)
    parser.add_argument("--derived", action="store_true", help="the scenes that it was read off")
    args = parser.parse_args()
    scenes, seed = (DERIVED, 1) if args.derived else (HELD_OUT, 700)
    result = tally(
        scenes[: args.scenes], first_seed=seed, on_clip=lambda at: print(at, file=sys.stderr)
    )
    if args.json:
        print(json.dumps(result.to_json(), indent=1))
        return 0
    for flaw, num in result.planted.items():
        print(f"{flaw:<10} told {result.found[flaw]:>2} of {num}")
    print(f"recall {result.recall:.1%}, silence on clean clips {result.silence:.1%}: "
          f"{result.talked} of {result.clean} clips where no flaw is near, "
          f"{result.talked_beside} of {result.beside} beside a flawed one")  # fmt: skip
    print("\n".join(result.said))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
