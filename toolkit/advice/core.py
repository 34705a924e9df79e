"""Symptoms and remedies put together, arm by arm: `advise` reads, `Advice` tells."""

from __future__ import annotations

import html
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from toolkit import stats
from toolkit.advice import remedies, strips, telling
from toolkit.advice.remedies import Arm, Change, Clip
from toolkit.advice.symptoms import (
    DRIFT,
    FLICKER,
    SOFT_EDGES,
    SYMPTOMS,
    THOROUGH,
    Look,
    Sign,
    signs,
)
from toolkit.columns import RUN_COLUMNS, as_list, resolve
from toolkit.errors import GridError
from toolkit.grid import Grid
from toolkit.prompts.formula import Prompt
from toolkit.records import PARTS, Estimate, Metric, ModelCard, Reading, RunSpec, State
from toolkit.review.pairs import plain, scene_of
from toolkit.stats.words import count, interval, number, p_words

__all__ = ["Advice", "Case", "Item", "advise"]

_COLUMNS = [
    "item", "arm", "symptom", "run_id", "scene", "metric", "value", "twins", "num_twins",
    "from_s", "to_s", "sure", "evidence", "confidence", "change", "edit", "run_key",
]  # fmt: skip

PICTURE_BYTES = 360_000
"""Of strips in one view, before base64 adds a third: the view stays below 500 kB."""

ARM_WIDE = {"flicker": ("luma_flicker", FLICKER), "blur": ("sharpness_log", SOFT_EDGES),
            "drift": ("subject_color_drift", DRIFT)}  # fmt: skip
"""What is looked for in an arm as a whole, scene by scene: a smaller difference that is always
there. Three quarters of what one clip needs are enough, where the scenes agree (p <= 0.05)."""
ARM_SHARE, ALPHA = 0.75, 0.05

Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Case:
    """A symptom in one clip of a run; `trace` is what shows it over time, where something does."""

    run_key: str
    scene: str
    sign: Sign
    clip: Clip
    path: Path | None = None
    trace: tuple[float, ...] = ()

    @property
    def run_id(self) -> str:
        return self.run_key[:16]


@dataclass(frozen=True, eq=False)
class Item:
    """One arm with one symptom: the clips that show it, the strongest first, and what to change.

    `shown` of `measured` scenes of the arm show it, `elsewhere` of `of_elsewhere` clips of other
    arms. `estimate` is the arm's mean difference from the others where it was told scene by scene.
    `arm` is the edited prompt of the strongest case, `arms` those of all cases.
    """

    arm_label: str
    code: str
    cases: tuple[Case, ...]
    changes: tuple[Change, ...]
    metric: Metric | None
    shown: int
    measured: int
    clips: int
    elsewhere: int
    of_elsewhere: int
    estimate: Estimate | None = None
    simulated: bool = False

    @property
    def symptom(self) -> str:
        return SYMPTOMS[self.code].words

    @property
    def change(self) -> str:
        """What to do, in a sentence."""
        return self.changes[0].words

    @property
    def arm(self) -> Arm | None:
        return self.changes[0].arm

    @property
    def arms(self) -> list[Arm]:
        return [change.arm for change in self.changes if change.arm is not None]

    @property
    def evidence(self) -> str:
        """The score among its twins, and where the threshold comes from."""
        sign = self.cases[0].sign
        value = telling.figure(sign.value, sign.metric)
        said = f"{sign.metric} {value}"
        if sign.usual is not None:
            said += f"; its {count(sign.twins, 'twin')} {telling.figure(sign.usual, sign.metric)}"
        said += f" (threshold: {sign.threshold})"
        if sign.moment_s is not None and self.code not in ("camera-reversed", "camera-missed",
                                                           "camera-several"):  # fmt: skip
            start, stop = sign.moment_s
            said += f", at {start:.2f} s" if stop - start < 0.05 else (
                f", from {start:.2f} to {stop:.2f} s")  # fmt: skip
        if sign.note:
            said += f"; {sign.note}"
        if self.estimate is not None:
            e = self.estimate
            said += (
                f"; the arm as a whole {number(e.value, e, sign=True)} in "
                f"{count(e.clusters, 'scene')} ({interval(e)}, {p_words(e.p or 1.0)})"
            )
        return said

    @property
    def spread(self) -> str:
        """In how much of the arm it shows, and how often elsewhere."""
        said = f"{self.shown} of {count(self.measured, 'scene')}"
        if self.measured == 1 or len(self.cases) > self.shown:
            said = f"{len(self.cases)} of {count(self.clips, 'clip')}"
        if self.of_elsewhere:
            said += f", elsewhere {self.elsewhere} of {self.of_elsewhere}"
        return said

    @property
    def is_lone(self) -> bool:
        """One clip among several of its arm: as likely luck as the wording."""
        return len(self.cases) == 1 and self.clips > 2 and self.estimate is None

    @property
    def sure(self) -> str:
        """`sure`, `likely` or `a hint`, by the metric's evidence and by how often it shows."""
        grade = self.metric.evidence if self.metric is not None else "C"
        confidence = self.cases[0].sign.confidence
        doubtful = confidence is not None and confidence < 0.5
        often = self.shown > 1 or self.cases[0].sign.is_gross or self.estimate is not None
        if grade == "A" and often and not doubtful:
            return "sure"
        if grade == "C" or doubtful or (grade == "B" and not often):
            return "a hint"
        return "likely"

    @property
    def text(self) -> str:
        sim = "; simulated" if self.simulated else ""
        lines = [
            f"{self.arm_label}: {self.symptom} ({self.sure}; {self.spread}{sim})",
            f"  evidence: {self.evidence}",
            f"  change: {self.change}" + ("; one clip alone may be luck: another sample first"
                                          if self.is_lone else ""),
        ]  # fmt: skip
        if self.arm is not None:
            lines.append(f"  new arm: {telling.told(self.arm)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text

    def to_json(self) -> dict[str, Any]:
        first = self.cases[0].sign
        return {
            "arm": self.arm_label,
            "symptom": self.code,
            "words": self.symptom,
            "sure": self.sure,
            "evidence_level": self.metric.evidence if self.metric else None,
            "metric": first.metric,
            "value": first.value,
            "twins": first.usual,
            "num_twins": first.twins,
            "threshold": first.threshold,
            "confidence": first.confidence,
            "moment_s": list(first.moment_s) if first.moment_s else None,
            "scenes": [self.shown, self.measured],
            "elsewhere": [self.elsewhere, self.of_elsewhere],
            "runs": [case.run_id for case in self.cases],
            "evidence": self.evidence,
            "change": self.change,
            "new_arm": None if self.arm is None else {
                "prompt": self.arm.prompt.text,
                "model": self.arm.model,
                "params": {k: v for k, v in self.arm.params.items() if not isinstance(v, bytes)},
                "edit": self.arm.edit,
            },
            "simulated": self.simulated,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Advice:
    """What is worth changing, arm by arm, the surest first; empty where nothing is.

    `items` are the findings, `df` one row a clip, `text` all of it in words, `grid()` the originals
    and their edits for the scenes concerned. `notes` say what could not be looked at.
    """

    items: tuple[Item, ...]
    num_clips: int
    notes: tuple[str, ...] = ()
    _rows: Mapping[str, Row] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __getitem__(self, place: int) -> Item:
        return self.items[place]

    @property
    def df(self) -> pd.DataFrame:
        """One row a clip and symptom."""
        rows = [
            {
                "item": place,
                "arm": item.arm_label,
                "symptom": item.code,
                "run_id": case.run_id,
                "scene": case.scene,
                "metric": case.sign.metric,
                "value": case.sign.value,
                "twins": math.nan if case.sign.usual is None else case.sign.usual,
                "num_twins": case.sign.twins,
                "from_s": case.sign.moment_s[0] if case.sign.moment_s else math.nan,
                "to_s": case.sign.moment_s[1] if case.sign.moment_s else math.nan,
                "sure": item.sure,
                "evidence": item.metric.evidence if item.metric else None,
                "confidence": math.nan if case.sign.confidence is None else case.sign.confidence,
                "change": change.words,
                "edit": change.arm.edit if change.arm else None,
                "run_key": case.run_key,
            }
            for place, item in enumerate(self.items)
            for case, change in zip(item.cases, item.changes, strict=True)
        ]
        return pd.DataFrame(rows, columns=_COLUMNS)

    @property
    def text(self) -> str:
        kinds = {str(row["model"]).startswith("sim/") for row in self._rows.values()}
        what = "simulated clip" if kinds == {True} else "clip"
        head = f"{count(self.num_clips, what)} looked at"
        if not self.num_clips:
            return "\n".join([head, *self.notes])
        found = f"{count(len(self.items), 'thing')} to change" if self.items else "nothing unusual"
        return "\n".join([f"{head}: {found}", *(item.text for item in self.items), *self.notes])

    def __repr__(self) -> str:
        return self.text

    def to_json(self) -> dict[str, Any]:
        return {
            "clips": self.num_clips,
            "items": [item.to_json() for item in self.items],
            "notes": list(self.notes),
        }

    @cached_property
    def pictures(self) -> tuple[bytes, ...]:
        """One strip an item, b"" where a clip cannot be read; `PICTURE_BYTES` in all at most."""
        if not self.items:
            return ()
        for look in strips.LOOKS:
            made = tuple(telling.picture(item, *look) for item in self.items)
            if sum(map(len, made)) <= PICTURE_BYTES:
                return made
        room, kept = PICTURE_BYTES, []
        for picture in made:
            kept.append(picture if len(picture) <= room else b"")
            room -= len(kept[-1])
        return tuple(kept)

    def told(self) -> list[dict[str, Any]]:
        """Each item as plain words with its strip (JPEG), for a page."""
        return [
            {
                "arm": item.arm_label,
                "symptom": item.symptom,
                "sure": item.sure,
                "grade": item.metric.evidence if item.metric else "",
                "spread": item.spread,
                "scene": item.cases[0].scene,
                "evidence": item.evidence,
                "change": item.change,
                "is_lone": item.is_lone,
                "edit": "" if item.arm is None else item.arm.edit,
                "times": telling.times(item.cases[0]),
                "curve": telling.curve(item.cases[0]),
                "edited": [] if item.arm is None else telling.edited(item.cases[0].clip, item.arm),
                "picture": picture,
                "simulated": item.simulated,
            }
            for item, picture in zip(self.items, self.pictures, strict=True)
        ]

    def _repr_html_(self) -> str:
        if not self.items:
            said = "".join(f"<p>{html.escape(line)}</p>" for line in self.text.splitlines())
            return f'<div class="promptgrid-advice">{said}</div>'
        cards = "".join(telling.card(item) for item in self.told())
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        head = html.escape(self.text.splitlines()[0])
        return f'{telling.STYLE}<div class="promptgrid-advice"><p>{head}</p>{cards}{notes}</div>'

    def grid(
        self,
        *,
        items: Iterable[int] | int | None = None,
        samples: int | Sequence[int] | None = None,
    ) -> Grid:
        """The originals beside their edits, for the scenes concerned alone; nothing is spent.

        `items` are places in this list, all by default; `samples` are those of the originals unless
        more are wanted. Originals that are paid for cost nothing again.
        """
        chosen = self._chosen(items)
        made, numbers = [], set()
        for item in chosen:
            for case, change in zip(item.cases, item.changes, strict=True):
                if change.arm is not None:
                    made += [Arm(case.clip.prompt, case.clip.model, case.clip.params), change.arm]
                    numbers.add(int(self._rows[case.run_key].get("sample") or 1))
        if not made:
            what = "; ".join(dict.fromkeys(item.change for item in chosen))
            raise GridError(
                f"nothing here is an edit of words or parameters: {what}"
                if chosen
                else "nothing unusual was found, so there is nothing to change"
            )
        return _grid(made, sorted(numbers) if samples is None else samples)

    def _chosen(self, items: Iterable[int] | int | None) -> list[Item]:
        if items is None:
            return list(self.items)
        places = [items] if isinstance(items, int) else list(items)
        for place in places:
            if not -len(self.items) <= place < len(self.items):
                raise GridError(f"no item {place}; there are {len(self.items)}, from 0")
        return [self.items[place] for place in places]


# ---------------------------------------------------------------- reading the runs


def advise(
    runs: Iterable[Row],
    readings: Mapping[str, Mapping[str, Reading]],
    *,
    by: str | Sequence[str] = (),
    cards: Iterable[ModelCard] = (),
    metrics: Mapping[str, Metric] | None = None,
) -> Advice:
    """What to change next in these runs, from what was measured on them.

    `runs` are rows such as those of `store.run_rows()` (the columns of `runs_df()`, and `params`),
    `readings` a run's by metric, with their traces. `by` are the columns that make an arm; by
    default all that was asked and varies within a scene. `cards` say what the models take.
    """
    if metrics is None:
        from toolkit import scorers

        metrics = scorers.METRICS
    known = {card.model: card for card in cards}
    rows = [row for row in runs if row.get("state") == State.DONE and row["run_key"] in readings]
    labels = _labels(rows, by)
    by_key = {str(row["run_key"]): row for row in rows}
    looks = _looks(rows, readings, labels)
    found: dict[tuple[str, str], list[Case]] = {}
    for key, look in looks.items():
        for sign in signs(look):
            case = _case(by_key[key], sign, known, look)
            found.setdefault((labels[key], sign.code), []).append(case)
    told = _arm_wide(rows, labels, looks)
    for (label, code), (key, sign, _) in told.items():
        if (label, code) not in found:
            found[label, code] = [_case(by_key[key], sign, known, looks[key])]
    items = [
        _item(label, code, cases, rows, labels, found, metrics, told)
        for (label, code), cases in found.items()
    ]
    order = list(SYMPTOMS)
    items.sort(key=lambda i: (_SURE[i.sure], -i.shown / max(1, i.measured), order.index(i.code)))
    return Advice(tuple(items), len(rows), tuple(_notes(rows, looks)), by_key)


_SURE = {"sure": 0, "likely": 1, "a hint": 2}


def _labels(rows: Sequence[Row], by: str | Sequence[str]) -> dict[str, str]:
    """The arm of every run in words: what was asked and varies within some scene."""
    names = as_list(by)
    columns = list(dict.fromkeys(name for row in rows for name in _flat(row)))
    if names:
        known = dict.fromkeys((*columns, *RUN_COLUMNS))  # also those that are empty here
        chosen = [resolve(name, known) for name in names]
    else:
        varies = _varying(rows, columns)
        chosen = [c for c in varies if c not in ("prompt.text", "prompt.name")]
        if not any(c.startswith("prompt.") for c in chosen) and "prompt.text" in varies:
            chosen.append("prompt.name" if "prompt.name" in varies else "prompt.text")
    made = {}
    for row in rows:
        flat = _flat(row)
        words = [
            f"{c.rsplit('.', 1)[-1]} {flat.get(c)}" if c.startswith("param.") else str(flat.get(c))
            for c in chosen
            if flat.get(c) is not None
        ]
        made[str(row["run_key"])] = " · ".join(words) or "all clips"
    return made


def _flat(row: Row) -> dict[str, Any]:
    """What was asked of a run, under the table's names."""
    words = {c: plain(row.get(c)) for c in ("model", *_WORDS)}
    params = row.get("params") or {}
    return words | {f"param.{n}": plain(v) for n, v in params.items() if n not in _NO_ARM}


_WORDS = (*(f"prompt.{part}" for part in PARTS), "prompt.text", "prompt.name")
_NO_ARM = ("seed", "extra", "flaws")


def _varying(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    scenes: dict[tuple[str, str], set[Any]] = {}
    for row in rows:
        flat, scene = _flat(row), scene_of(row)
        for column in columns:
            scenes.setdefault((column, scene), set()).add(flat.get(column))
    return [c for c in columns if any(len(v) > 1 for (name, _), v in scenes.items() if name == c)]


def _looks(
    rows: Sequence[Row],
    readings: Mapping[str, Mapping[str, Reading]],
    labels: Mapping[str, str],
) -> dict[str, Look]:
    """Every clip with its twins: those of other arms in its scene, same model, where there are two
    or more; else all others of its scene and model."""
    homes: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        homes.setdefault((scene_of(row), str(row["model"])), []).append(str(row["run_key"]))
    made = {}
    for row in rows:
        key = str(row["run_key"])
        beside = [k for k in homes[scene_of(row), str(row["model"])] if k != key]
        others = [k for k in beside if labels[k] != labels[key]]
        twins = others if len(others) > 1 else beside
        made[key] = Look(
            _spec(row), readings[key], [readings[k] for k in twins],
            float(plain(row.get("clip.duration_s")) or 0.0), [readings[k] for k in beside],
        )  # fmt: skip
    return made


def _spec(row: Row) -> RunSpec:
    return RunSpec(
        str(row.get("prompt.text") or ""),
        model=str(row["model"]),
        params=remedies.images(row.get("params") or {}),
    )


def _case(row: Row, sign: Sign, cards: Mapping[str, ModelCard], look: Look) -> Case:
    path = plain(row.get("clip.path"))
    clip = Clip(
        remedies.asked(row),
        str(row["model"]),
        remedies.images(row.get("params") or {}),
        cards.get(str(row["model"])),
        width=int(plain(row.get("clip.width")) or 0),
        height=int(plain(row.get("clip.height")) or 0),
        duration_s=float(plain(row.get("clip.duration_s")) or 0.0),
    )
    trace = look.trace(_shown_by(sign, clip))
    return Case(
        str(row["run_key"]), scene_of(row), sign, clip, Path(str(path)) if path else None,
        tuple(trace),
    )  # fmt: skip


def _shown_by(sign: Sign, clip: Clip) -> str:
    """Whose curve shows a symptom: the metric's own, else one beside it; the way the camera went
    along the move that was asked for."""
    move = remedies.asked_move(clip) if sign.metric == "camera_match" else None
    if move is not None:
        stem = move.split("_")[0]
        axes = {"push": "camera_zoom", "pull": "camera_zoom", "orbit": "camera_pan"}
        return axes.get(stem, f"camera_{stem}")
    return {"blur": "sharpness_log", "frozen": "frozen_ratio"}.get(sign.code, sign.metric)


def _arm_wide(
    rows: Sequence[Row], labels: Mapping[str, str], looks: Mapping[str, Look]
) -> dict[tuple[str, str], tuple[str, Sign, Estimate]]:
    """Arms that differ from the others a little, but in every scene: the clip that shows it best,
    its sign, and the mean difference over scenes."""
    found = {}
    for label in dict.fromkeys(labels.values()):
        mine = [row for row in rows if labels[str(row["run_key"])] == label]
        for code, (metric, least) in ARM_WIDE.items():
            scenes: dict[str, list[float]] = {}
            best: tuple[float, str] | None = None
            for row in mine:
                key = str(row["run_key"])
                excess = looks[key].excess(metric)
                if excess is None:
                    continue
                scenes.setdefault(scene_of(row), []).append(excess)
                if best is None or excess / least > best[0]:
                    best = (excess / least, key)
            if best is None or len(scenes) < 6:  # no p can be 0.05 below
                continue
            estimate = stats.paired_estimate([statistics.fmean(d) for d in scenes.values()])
            enough = estimate.value / least >= ARM_SHARE
            if not enough or estimate.p is None or estimate.p > ALPHA:
                continue
            look = looks[best[1]]
            usual, twins = look.usual(metric)
            sign = Sign(
                code, metric, look.value(metric) or 0.0, usual, twins,
                f"{ARM_SHARE * least:+g} on average over scenes".replace("-", "−"), best[0],
            )  # fmt: skip
            found[label, code] = (best[1], sign, estimate)
    return found


def _item(
    label: str,
    code: str,
    cases: Sequence[Case],
    rows: Sequence[Row],
    labels: Mapping[str, str],
    found: Mapping[tuple[str, str], Sequence[Case]],
    metrics: Mapping[str, Metric],
    told: Mapping[tuple[str, str], tuple[str, Sign, Estimate]],
) -> Item:
    cases = sorted(cases, key=lambda case: -case.sign.strength)
    mine = [row for row in rows if labels[str(row["run_key"])] == label]
    others = sum(len(c) for (arm, s), c in found.items() if s == code and arm != label)
    whole = told.get((label, code))
    return Item(
        arm_label=label,
        code=code,
        cases=tuple(cases),
        changes=tuple(remedies.change(case.sign, case.clip) for case in cases),
        metric=metrics.get(cases[0].sign.metric),
        shown=len({case.scene for case in cases}),
        measured=len({scene_of(row) for row in mine}),
        clips=len(mine),
        elsewhere=others,
        of_elsewhere=len(rows) - len(mine),
        estimate=whole[2] if whole else None,
        simulated=cases[0].clip.model.startswith("sim/"),
    )


def _notes(rows: Sequence[Row], looks: Mapping[str, Look]) -> Iterator[str]:
    if not rows:
        yield "no finished clip is scored yet: exp.score()"
        return
    blind = [c for c, m in THOROUGH.items() if all(m not in k.readings for k in looks.values())]
    if blind:
        words = " and ".join(SYMPTOMS[code].code.replace("-", " ") for code in blind)
        yield f"not looked at: {words}; exp.score(tier='thorough') measures them"
    alone = sum(not look.twins for look in looks.values())
    if alone:
        yield (
            f"{count(alone, 'clip')} without a twin in the same scene and model: only gross faults "
            "are seen there"
        )


# ---------------------------------------------------------------- the grid


def _grid(arms: Sequence[Arm], samples: int | Sequence[int]) -> Grid:
    """Just these arms: the axes hold every value, what no arm asks for is excluded."""
    extras = [arm.params.get("extra") for arm in arms]
    if any(extra != extras[0] for extra in extras):
        raise GridError(
            "the runs have different `extra` parameters, which a grid has once: take the items one "
            "by one, advice.grid(items=0)"
        )
    names = list(dict.fromkeys(n for arm in arms for n in arm.params if n != "extra"))
    axes: dict[str, list[Any]] = {name: [] for name in names}
    prompts, models = {}, list(dict.fromkeys(arm.model for arm in arms))
    for arm in arms:
        for name in names:
            if (value := arm.params.get(name)) not in axes[name]:
                axes[name].append(value)
        prompt, edit = arm.prompt, arm.edit
        if prompt.text not in prompts:
            base = prompt.name or prompt.scene_label
            same = edit == "" or any(prompt.text == a.prompt.text for a in arms if not a.edit)
            called = Prompt.typed(
                prompt.text, name=base if same else f"{base} · {edit}", scene=prompt.scene_label
            ) if prompt.is_typed else prompt.with_parts(
                name=base if same else f"{base} · {edit}", scene=prompt.scene_label
            )  # fmt: skip
            prompts[prompt.text] = called
    wanted = {(a.prompt.text, a.model, *(plain(a.params.get(n)) for n in names)) for a in arms}
    rules = []
    for model, *values in product(models, *axes.values()):
        place = (model, *map(plain, values))
        out = [text for text in prompts if (text, *place) not in wanted]
        if out:
            rule = {"model": model, **dict(zip(names, values, strict=True))}
            rules.append(rule if len(out) == len(prompts) else {"prompt": out, **rule})
    given: dict[str, Any] = {"extra": extras[0]} if extras[0] else {}
    given |= axes
    return Grid(list(prompts.values()), models=models, samples=samples, exclude=rules, **given)
