"""What is planted in simulated clips, and what the scores find: a detection and a false-alarm rate
for every flaw; every camera move against the name it is given.

python -m tests.truth [flaws|camera] [--json] [--scenes N] [--seconds S] [--first-seed K]

A flaw is looked for as a person would: against two clean clips of the same scene and camera with
other seeds. False alarms are counted apart in clean clips and in those with another flaw. A move
is named without any comparison; too little confidence is "uncertain". `--first-seed` draws clips
that nobody has seen.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cloudpickle

from toolkit import scorers
from toolkit.camera import opposite
from toolkit.records import CAMERA_MOVES, Reading, RunSpec
from toolkit.simulator import simulate, truth
from toolkit.simulator.planted import FLAWS
from toolkit.video import analysis

Readings = dict[str, Reading]
Rule = Callable[[Readings, Sequence[Readings]], bool | None]

SCENES = (
    ("A black cat walks along a garden wall. A village at noon.", "push_in"),
    ("A robot in a train station, evening light.", "pan_left"),
    ("A sailboat on a lake, golden hour.", "tilt_up"),
    ("A teacup on a wooden table by the window.", "pull_out"),
    ("A woman waits in a street market at night, rain.", "pan_right"),
)
PLANTED: dict[str, Any] = {
    "flicker": 0.06, "blur": 3.0, "drift": 0.8, "freeze": 0.7, "cut": 1.1, "letterbox": 0.16,
    "reversed": True,
}  # fmt: skip
CLEAN = {"flicker": 0.0, "blur": 0.0, "drift": 0.0, "freeze": 0.0, "cut": 0.0}
assert set(PLANTED) == set(FLAWS)


def _more(metric: str, by: float) -> Rule:
    def rule(clip: Readings, others: Sequence[Readings]) -> bool | None:
        mine = clip[metric].value
        usual = [value for other in others if (value := other[metric].value) is not None]
        return mine - sum(usual) / len(usual) >= by if mine is not None and usual else None

    return rule


def _turned(clip: Readings, others: Sequence[Readings]) -> bool | None:
    match = clip["camera_match"]
    return None if match.value is None else match.label == "reversed"


RULES: dict[str, tuple[str, Rule]] = {
    "flicker": ("luma_flicker + 0.005", _more("luma_flicker", 0.005)),
    "blur": ("blur_effect + 0.04", _more("blur_effect", 0.04)),
    "drift": ("subject_color_drift + 0.015", _more("subject_color_drift", 0.015)),
    "freeze": ("longest_freeze_s + 0.3", _more("longest_freeze_s", 0.3)),
    "cut": ("cut_count + 1", _more("cut_count", 1.0)),
    "letterbox": ("letterbox + 0.05", _more("letterbox", 0.05)),
    "reversed": ("camera_match is reversed", _turned),
}
"""How each flaw is told: in words, and as a test of a clip against clean ones (None: the score
would not say)."""


@dataclass
class Row:
    """One line of the table; `clean` and `others` are false alarms, each of how many clips."""

    flaw: str
    rule: str
    planted: int = 0
    found: int = 0
    silent: int = 0
    clean: int = 0
    of_clean: int = 0
    others: int = 0
    of_others: int = 0


NEEDED = frozenset({"flicker", "sharpness", "subject", "freeze", "cuts", "bars", "camera"})


def wish(scene: str, move: str, seed: int, flaws: dict[str, Any], seconds: float) -> RunSpec:
    params = {
        "duration_s": seconds, "resolution": "360p", "camera_motion": move, "seed": seed,
        "extra": {"flaws": CLEAN | flaws},
    }  # fmt: skip
    return RunSpec(scene, model="sim/final", params=params)


def seeds(scene: str, move: str, seconds: float, first: int = 1) -> Iterator[int]:
    """Those whose camera does as asked, from `first` on."""
    for seed in range(first, first + 998):
        planted = truth(wish(scene, move, seed, {}, seconds))
        if planted.outcome == "followed" and not planted.refused:
            yield seed


def measured(
    spec: RunSpec, folder: Path, *, names: Collection[str] = NEEDED, asked: Sequence[str] = ()
) -> list[Readings]:
    """Scores of the clip that `spec` gives, by way of a file; then the same as if each of the moves
    `asked` had been asked for."""
    path = simulate(spec.prompt, folder / "clip.mp4", model=spec.model, **spec.params)
    needed = tuple(s for s in scorers.default("thorough") if s.name in names)
    others = [replace(spec, params=spec.params | {"camera_motion": move}) for move in asked]
    specs = [one.to_json() for one in (spec, *others)]
    packed = cloudpickle.dumps(needed)
    return analysis.run(str(path), packed, specs, tier="thorough", with_thumbs=False)[1]


def table(
    scenes: Sequence[tuple[str, str]] = SCENES,
    *,
    planted: dict[str, Any] = PLANTED,
    seconds: float = 2.0,
    first_seed: int = 1,
    on_clip: Callable[[str], None] = lambda _: None,
) -> dict[str, Row]:
    """Every flaw planted once in every scene, beside three clean clips of it."""
    rows = {flaw: Row(flaw, RULES[flaw][0]) for flaw in planted}
    with TemporaryDirectory() as name:
        folder = Path(name)

        def look(seed: int, flaws: dict[str, Any]) -> Readings:
            on_clip(f"{scene[:30]} {move} {flaws}")
            return measured(wish(scene, move, seed, flaws, seconds), folder)[0]

        for scene, move in scenes:
            chosen = list(islice(seeds(scene, move, seconds, first_seed), 3))
            clean = [look(seed, {}) for seed in chosen]
            for clip in clean:
                for row in rows.values():
                    row.of_clean += 1
                    others = [other for other in clean if other is not clip]
                    row.clean += bool(RULES[row.flaw][1](clip, others))
            for flaw, dose in planted.items():
                clip = look(chosen[0], {flaw: dose})
                for row in rows.values():
                    says = RULES[row.flaw][1](clip, clean[1:])
                    if row.flaw == flaw:
                        row.planted += 1
                        row.found += bool(says)
                        row.silent += says is None
                    else:
                        row.of_others += 1
                        row.others += bool(says)
    return rows


VIEWS = (
    "A black cat walks along a garden wall. A village at noon.",
    "A robot in a train station, evening light.",
    "A sailboat on a lake, golden hour.",
    "A teacup on a wooden table by the window.",
    "A woman waits in a street market at night, rain.",
    "A cyclist on a country road between fields, morning.",
    "An owl in an old library, candlelight.",
    "A dog in a park in autumn, soft light.",
)


@dataclass
class Seen:
    """What was made of the clips whose camera did one move: how often each name was given; what
    `camera_match` says where that move was asked for, and where its opposite was."""

    seen: Counter[str]
    match: Counter[str]
    turned: Counter[str]


def confusion(
    views: Sequence[str] = VIEWS,
    *,
    moves: Sequence[str] = CAMERA_MOVES,
    seconds: float = 2.0,
    first_seed: int = 1,
    on_clip: Callable[[str], None] = lambda _: None,
) -> dict[str, Seen]:
    """Every move once in every view."""
    rows = {move: Seen(Counter(), Counter(), Counter()) for move in moves}
    with TemporaryDirectory() as name:
        for view in views:
            for move, row in rows.items():
                on_clip(f"{view[:30]} {move}")
                seed = next(seeds(view, move, seconds, first_seed))
                asked = [other] if (other := opposite(move)) else []
                spec = wish(view, move, seed, {}, seconds)
                found = measured(spec, Path(name), names=("camera",), asked=asked)
                row.seen[found[0]["camera_motion"].label or ""] += 1
                row.match[found[0]["camera_match"].label or ""] += 1
                row.turned.update(readings["camera_match"].label or "" for readings in found[1:])
    return rows


def _print_confusion(rows: dict[str, Seen]) -> None:
    columns = [*rows, "uncertain"]
    print(f"{'done, seen':<12}" + "".join(f"{_short(name):>10}" for name in columns))
    for move, row in rows.items():
        cells = "".join(f"{row.seen[name] or '.':>10}" for name in columns)
        print(f"{move:<12}{cells}")
    total = sum(row.seen.total() for row in rows.values())
    right = sum(row.seen[move] for move, row in rows.items())
    unsure = sum(row.seen["uncertain"] for row in rows.values())
    told = sum(row.turned["reversed"] for row in rows.values())
    could = sum(row.turned.total() for row in rows.values())
    print(
        f"{right} of {total} named rightly, {unsure} uncertain, {total - right - unsure} wrongly;"
    )
    print(f"asked for the opposite, {told} of {could} are told as reversed")


def _short(move: str) -> str:
    return move.replace("_left", "_l").replace("_right", "_r").replace("orbit", "orb")[:9]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("flaws", "camera"), default="flaws")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scenes", type=int, default=99)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--first-seed", type=int, default=1)
    args = parser.parse_args()
    how: dict[str, Any] = {
        "seconds": args.seconds, "first_seed": args.first_seed,
        "on_clip": lambda at: print(at, file=sys.stderr),
    }  # fmt: skip
    if args.what == "camera":
        seen = confusion(VIEWS[: args.scenes], **how)
        if args.json:
            print(json.dumps({move: vars(row) for move, row in seen.items()}, indent=1))
        else:
            _print_confusion(seen)
        return 0
    rows = table(SCENES[: args.scenes], **how)
    if args.json:
        print(json.dumps([vars(row) for row in rows.values()], indent=1))
        return 0
    print(
        f"{'flaw':<10} {'found':>7} {'unsure':>7} {'alarms in clean':>16} {'in others':>10}  rule"
    )
    for row in rows.values():
        print(
            f"{row.flaw:<10} {row.found:>3}/{row.planted:<3} {row.silent:>7} "
            f"{row.clean:>12}/{row.of_clean:<3} {row.others:>6}/{row.of_others:<3}  {row.rule}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
