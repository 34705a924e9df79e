"""Runs x scorers → scores: which clips lack which readings, measured in parallel, stored at once.

A score is known by clip, scorer, version, settings and tier; what is known is not measured again,
so running over an unchanged experiment costs one query. A clip that cannot be decoded gets readings
of None that say why, and harms no other.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from toolkit import scorers as rooms
from toolkit.errors import ClipError, ScoreError, StoreError
from toolkit.records import CAMERA_MOVES, Clip, Reading, Run, RunSpec, Score, State
from toolkit.seams import Scorer
from toolkit.store import Store
from toolkit.video import thumbs
from toolkit.video.sandbox import Crashed, default_pool

__all__ = ["score_files", "score_runs", "set_subject_box", "subject_boxes"]

Box = tuple[float, float, float, float]

Outcome = tuple[Clip, list[dict[str, Reading]], bytes]


@dataclass(frozen=True)
class _Job:
    """One clip, the runs that show it, and the scorers that at least one of them lacks."""

    path: Path
    sha256: str
    runs: tuple[Run, ...]
    scorers: tuple[Scorer, ...]


def score_runs(
    store: Store,
    keys: Iterable[str] | None = None,
    *,
    tier: str = "full",
    scorers: Sequence[Scorer] | None = None,
    pool: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Measure every done run's clip that lacks these scores; the number of clips measured.

    `scorers` defaults to the tier's own. Results are stored clip by clip, so an interrupt loses at
    most what is being decoded. `on_progress` is called with (clips done, clips in all). Thumbnails
    are written by the same pass where they are missing. A run with a subject box of its own
    (`set_subject_box`) is measured with that.
    """
    chosen = tuple(rooms.default(tier) if scorers is None else scorers)
    _check(chosen, tier)
    runs = store.runs([State.DONE], None if keys is None else list(keys))
    jobs = [
        job
        for those, with_boxes in _boxed(store, runs, chosen)
        for job in _lacking(store, those, with_boxes, tier)
    ]
    if on_progress:
        on_progress(0, len(jobs))
    count = 0
    for done, (job, outcome) in enumerate(_measured(store, jobs, tier, pool), start=1):
        found = _scores(job, outcome, tier)
        store.add_scores(found)
        count += bool(found)
        if on_progress:
            on_progress(done, len(jobs))
    return count


def _check(chosen: Sequence[Scorer], tier: str) -> None:
    if tier not in rooms.TIERS:
        raise ScoreError(f"no tier {tier!r}; there are: {', '.join(rooms.TIERS)}")
    owner: dict[str, str] = {}
    for scorer in chosen:
        if not isinstance(scorer, Scorer):
            raise ScoreError(
                f"{scorer!r} is no scorer: it needs name, version, where, metrics and a call"
            )
        for metric in scorer.metrics:
            if owner.setdefault(metric, scorer.name) != scorer.name:
                raise ScoreError(f"{metric!r} is given by {owner[metric]} and by {scorer.name}")


# ---------------------------------------------------------------- boxes that a person drew

_BOXES = "subject_boxes"
_SUBJECT = "subject"
LEAST_BOX = 0.02


def set_subject_box(store: Store, of: str, box: Sequence[float] | None) -> list[str]:
    """Keep where the subject is in a run (its id) or in every run of a scene; the keys of the runs
    it holds for. None takes it back.

    `box` is (left, top, width, height) in shares of the first frame. It is a setting of the scorer
    and no part of what was asked: keys stay, the scores' settings hash changes. Of a run and its
    scene the run's own box counts.
    """
    kind, name, keys = _meant(store, of)
    kept: dict[str, dict[str, list[float]]] = store.meta_get(_BOXES, {})
    there = dict(kept.get(kind, {}))
    if box is None:
        there.pop(name, None)
    else:
        there[name] = list(_checked(box))
    store.meta_set(_BOXES, {**kept, kind: there})
    _say_again(store, keys)
    return keys


def subject_boxes(store: Store) -> dict[str, Box]:
    """The box of every run that has one, by run key."""
    kept = store.meta_get(_BOXES, {})
    if not any(kept.values()):
        return {}
    found: dict[str, Box] = {}
    columns = store.run_columns()
    for key, scene in zip(columns["run_key"], columns["prompt.scene"], strict=True):
        box = kept.get("run", {}).get(key) or kept.get("scene", {}).get(scene)
        if box:
            found[key] = _checked(box)
    return found


def _checked(box: Sequence[float]) -> Box:
    try:
        left, top, wide, high = map(float, box)
    except (TypeError, ValueError):
        raise ScoreError(
            f"a box is (left, top, width, height), four numbers from 0 to 1, not {box!r}"
        ) from None
    fits = left >= 0 and top >= 0 and left + wide <= 1 + 1e-9 and top + high <= 1 + 1e-9
    if not fits or not min(wide, high) >= LEAST_BOX:
        raise ScoreError(
            f"{tuple(box)!r} is no box inside the frame: (left, top, width, height) in shares of "
            f"it, both sides at least {LEAST_BOX:g}"
        )
    return left, top, wide, high


def _meant(store: Store, of: str) -> tuple[str, str, list[str]]:
    """A scene, or else a run: its kind, its name, and its runs."""
    columns = store.run_columns()
    pairs = list(zip(columns["run_key"], columns["prompt.scene"], strict=True))
    keys = [key for key, scene in pairs if scene == of]
    if keys:
        return "scene", of, keys
    try:
        run = store.run(of)
    except StoreError:
        scenes = list(dict.fromkeys(scene for _, scene in pairs if scene))
        raise ScoreError(
            f"{of!r} is neither a run nor a scene; scenes are: {', '.join(map(repr, scenes))}"
        ) from None
    return "run", run.key, [run.key]


def _boxed(
    store: Store, runs: Sequence[Run], chosen: tuple[Scorer, ...]
) -> Iterator[tuple[list[Run], tuple[Scorer, ...]]]:
    """Runs of one box each, with the scorers as they are for it. A scorer that was given a box by
    hand keeps it."""
    open_: Any = next((s for s in chosen if s.name == _SUBJECT and hasattr(s, "box")), None)
    boxes = subject_boxes(store) if open_ is not None and open_.box is None else {}
    homes: defaultdict[Box | None, list[Run]] = defaultdict(list)
    for run in runs:
        homes[boxes.get(run.key)].append(run)
    for box, those in homes.items():
        mine = replace(open_, box=box) if box else open_
        yield those, tuple(mine if scorer is open_ else scorer for scorer in chosen)


def _say_again(store: Store, keys: Sequence[str]) -> None:
    """Make the readings with the box that now holds the latest ones, where there are any: they are
    not measured again."""
    boxes, scorer = subject_boxes(store), rooms.with_metric("subject_color_drift")
    subject: Any = scorer
    latest: dict[tuple[str, str], Score] = {}
    for score in store.scores(keys):
        now = _settings(replace(subject, box=boxes.get(score.run_key)))
        if score.scorer == rooms.identity(scorer) and score.settings_hash == now:
            latest[score.run_key, score.metric] = score
    store.add_scores(latest.values())


# ---------------------------------------------------------------- what lacks, and measuring it


def _settings(scorer: Scorer) -> str:
    from toolkit.video.analysis import RECIPE

    return rooms.settings_hash(scorer, RECIPE)


def _enough(tier: str) -> tuple[str, ...]:
    """The tiers whose readings are at least as good: nothing is measured worse a second time."""
    return rooms.TIERS[min(rooms.TIERS.index(tier), rooms.TIERS.index("full")) :]


def _lacking(store: Store, runs: Sequence[Run], chosen: Sequence[Scorer], tier: str) -> list[_Job]:
    known = store.scored([run.key for run in runs]) if runs else set()
    marks = [
        (scorer, rooms.identity(scorer), _settings(scorer), next(iter(scorer.metrics), ""))
        for scorer in chosen
    ]
    by_clip: defaultdict[str, list[Run]] = defaultdict(list)
    wanted: defaultdict[str, dict[str, Scorer]] = defaultdict(dict)
    for run in runs:
        clip = run.clip_sha256
        if clip is None:
            continue
        lacks = [
            scorer
            for scorer, name, settings, metric in marks
            if not any((run.key, clip, name, t, settings, metric) in known for t in _enough(tier))
        ]
        if lacks:
            by_clip[clip].append(run)
            wanted[clip] |= {scorer.name: scorer for scorer in lacks}
    return [
        _Job(store.clip_path(clip), clip, tuple(those), tuple(wanted[clip].values()))
        for clip, those in by_clip.items()
    ]


def _measured(
    store: Store, jobs: Sequence[_Job], tier: str, pool: Executor | None
) -> Iterator[tuple[_Job, Outcome | ClipError]]:
    """Each job with what came of it, as they finish; only a few are handed out ahead of time."""
    from toolkit.video import analysis

    pool = pool or default_pool()
    ahead = 2 * getattr(pool, "num_workers", os.cpu_count() or 1)
    orders: dict[tuple[tuple[str, str], ...], tuple[Callable[..., Any], bytes]] = {}
    waiting: dict[Future[Any], _Job] = {}
    left = iter(jobs)
    while True:
        while len(waiting) < ahead and (job := next(left, None)) is not None:
            names = tuple((scorer.name, _settings(scorer)) for scorer in job.scorers)
            if names not in orders:
                orders[names] = analysis.order(job.scorers)
            function, packed = orders[names]
            future = pool.submit(
                function,
                str(job.path.absolute()),
                packed,
                [run.spec.to_json() for run in job.runs],
                tier=tier,
                sha256=job.sha256,
                with_thumbs=not store.thumbs_path(job.sha256, thumbs.RECIPE).exists(),
            )
            waiting[future] = job
        if not waiting:
            return
        ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in ready:
            job = waiting.pop(future)
            try:
                specs = [run.spec.to_json() for run in job.runs]
                outcome = analysis.finished(future.result(), job.scorers, specs)
            except ClipError as error:
                name = job.path.name
                yield job, ClipError(f"{name}: {error}") if isinstance(error, Crashed) else error
                continue
            if outcome[2]:
                thumbs.store(store.thumbs_path(job.sha256, thumbs.RECIPE), outcome[2])
            yield job, outcome


def _scores(job: _Job, outcome: Outcome | ClipError, tier: str) -> list[Score]:
    if isinstance(outcome, ClipError):
        if not job.path.is_file():
            return []  # not the clip's fault: measured when the file is back
        bad = Reading(None, note=str(outcome).replace(job.sha256, job.sha256[:12]))
        readings = [{m: bad for s in job.scorers for m in s.metrics}] * len(job.runs)
    else:
        readings = outcome[1]
    settings = {scorer.name: _settings(scorer) for scorer in job.scorers}
    return [
        Score(
            run.key,
            clip_sha256=job.sha256,
            metric=metric,
            scorer=rooms.identity(scorer),
            tier=tier,
            settings_hash=settings[scorer.name],
            reading=found[metric],
        )
        for run, found in zip(job.runs, readings, strict=True)
        for scorer in job.scorers
        for metric in scorer.metrics
    ]


def score_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    camera: str | None = None,
    tier: str = "full",
    scorers: Sequence[Scorer] | None = None,
    pool: Executor | None = None,
) -> list[dict[str, Any]]:
    """Measure clips that belong to no experiment; one JSON-able dict a path, in their order.

    `{path, sha256, clip: {…}, metrics: {name: {value, label, confidence, note}}}`, or
    `{path, error}` for a file that is no clip. `camera` is the move they were asked for.
    """
    from toolkit.camera import parse_camera
    from toolkit.video import analysis

    if camera is not None and camera not in CAMERA_MOVES and not parse_camera(camera):
        raise ScoreError(f"no camera move {camera!r}; there are: {', '.join(CAMERA_MOVES)}")
    chosen = tuple(rooms.default(tier) if scorers is None else scorers)
    _check(chosen, tier)
    params = {} if camera is None else {"camera_motion": camera}
    spec = RunSpec("", model="import/file", params=params).to_json()
    function, packed = analysis.order(chosen)
    workers = pool or default_pool()
    places = [Path(path) for path in paths]
    futures = [
        workers.submit(
            function, str(place.absolute()), packed, [spec], tier=tier, with_thumbs=False
        )
        for place in places
    ]

    def measured(future: Future[Any]) -> Outcome:
        return analysis.finished(future.result(), chosen, [spec])

    return [_row(place, measured, future) for place, future in zip(places, futures, strict=True)]


def _row(
    path: Path, measured: Callable[[Future[Any]], Outcome], future: Future[Any]
) -> dict[str, Any]:
    try:
        clip, (readings,), _ = measured(future)
    except ClipError as error:
        text = f"{path.name}: {error}" if isinstance(error, Crashed) else str(error)
        return {"path": str(path), "error": text}
    return {
        "path": str(path),
        "sha256": clip.sha256,
        "clip": asdict(clip),
        "metrics": {
            name: {
                "value": reading.value,
                "label": reading.label,
                "confidence": reading.confidence,
                "note": reading.note,
            }
            for name, reading in readings.items()
        },
    }
