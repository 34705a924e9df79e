"""What the store knows as DataFrames: one row a run, a score, a vote, a rating, an arm.

Asked (`prompt.*`, `param.*`) and measured (`clip.*`, `score.*`) never share a column. A value that
is not there is None everywhere else and becomes NaN here. The dtype of a fixed column does not
depend on the data, so that an empty table, a filtered one and one read back from Parquet agree.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from toolkit.columns import RUN_COLUMNS, resolve_all
from toolkit.records import (
    CANONICAL_PARAMS,
    ImageRef,
    Metric,
    Rating,
    Run,
    Score,
    State,
    Vote,
    canonical_json,
    from_micro,
)

if TYPE_CHECKING:
    from toolkit.store import Store

__all__ = [
    "arms_df",
    "attempts_df",
    "display_df",
    "images_df",
    "ratings_df",
    "ratings_frame",
    "runs_df",
    "runs_frame",
    "scores_df",
    "scores_frame",
    "votes_df",
    "votes_frame",
]

TEXT, WHOLE, NUMBER, YES_NO, TIME = "str", "Int64", "float64", "boolean", "datetime64[us, UTC]"

_RUN_DTYPES = {
    **dict.fromkeys(RUN_COLUMNS, TEXT),
    **dict.fromkeys(("simulated", "clip.has_audio", "accepted"), YES_NO),
    **dict.fromkeys(("sample", "num_attempts"), WHOLE),
    **dict.fromkeys(("clip.width", "clip.height", "clip.num_frames", "clip.size_bytes"), WHOLE),
    **dict.fromkeys(("clip.duration_s", "clip.fps"), NUMBER),
    **dict.fromkeys(("cost_usd", "sim_cost_usd", "reserved_usd"), NUMBER),
    **dict.fromkeys(("created_at", "submitted_at", "done_at"), TIME),
}
_PARAM_DTYPES = {
    "duration_s": NUMBER,
    "fps": NUMBER,
    "seed": WHOLE,
    "loop": YES_NO,
    "audio": YES_NO,
    **dict.fromkeys(("resolution", "aspect_ratio", "camera_motion"), TEXT),
    **dict.fromkeys(("start_image", "end_image"), TEXT),
}
_AFTER_PROMPT = RUN_COLUMNS.index("clip.path")  # `param.*` go here

_FAILED = (State.FAILED, State.BAD_CLIP, State.EXPIRED_PAID, State.REJECTED)
NOT_RATED = "not rated"

KEY_SCORES = (
    "camera_match", "camera_motion", "luma_flicker", "frozen_ratio", "motion_magnitude",
    "blur_effect",
)  # fmt: skip
"""What `display_df` shows first; any other score comes with `scores="all"`."""


# ---------------------------------------------------------------- from the store


def runs_df(store: Store, *, scores: bool = True, all: bool = False) -> pd.DataFrame:  # noqa: A002
    """One row a run, with the columns of `columns.RUN_COLUMNS`, `param.*` after `prompt.*`, and
    `score.*` last.

    `clip.path` is absolute. `all=True` adds `score.<metric>.confidence` and `.note`.
    """
    with _no_collecting():
        columns = store.run_columns(bare=True)
        home = str(store.folder)
        paths = [path and os.path.join(home, path) for path in columns["clip.path"]]  # noqa: PTH118
        readings = store.latest_score_rows() if scores else []
        details = store.latest_scores(traces=False) if scores and all else []
        return _runs({**columns, "clip.path": paths}, readings, details)


@contextlib.contextmanager
def _no_collecting() -> Iterator[None]:
    """Millions of values are read and all are kept: looking for garbage among them finds none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def scores_df(store: Store, *, metrics: Mapping[str, Metric] | None = None) -> pd.DataFrame:
    """Long form, one row a reading: the latest of each run and metric, with what the metric means.

    `metrics` are the definitions; by default those of the scorers that are installed.
    """
    if metrics is None:
        from toolkit import scorers

        metrics = scorers.METRICS
    return _scores(store.latest_score_facts(), metrics)


def votes_df(store: Store) -> pd.DataFrame:
    """One row an answer as it was given, undone ones included (`undone`, `undoes`)."""
    return votes_frame(store.votes())


def ratings_df(store: Store) -> pd.DataFrame:
    """One row a mark as it was given; `current` is the one that counts, the run's last."""
    return ratings_frame(store.ratings())


def attempts_df(store: Store, run: str | None = None) -> pd.DataFrame:
    """One row a submission, oldest first: what was really sent (JSON in the service's own names),
    the prompt that the service says it used, the job, what was held and what it cost.
    """
    attempts = store.attempts(None if run is None else store.run(run).key)
    settled = (a.settled_micro_usd for a in attempts)
    return _frame(
        {
            "run_id": (TEXT, [a.run_key[:16] for a in attempts]),
            "attempt_id": (TEXT, [a.id for a in attempts]),
            "at": (TIME, [a.intent_at for a in attempts]),
            "service": (TEXT, [a.service for a in attempts]),
            "state": (TEXT, [a.state for a in attempts]),
            "sent": (TEXT, [None if a.sent is None else canonical_json(a.sent) for a in attempts]),
            "prompt_used": (TEXT, [a.prompt_used for a in attempts]),
            "job_id": (TEXT, [None if a.job is None else str(a.job["id"]) for a in attempts]),
            "reserved_usd": (NUMBER, [from_micro(a.reserved_micro_usd) for a in attempts]),
            "settled_usd": (NUMBER, [None if s is None else from_micro(s) for s in settled]),
            "http_status": (WHOLE, [a.http_status for a in attempts]),
            "error": (TEXT, [a.error for a in attempts]),
        }
    )


def images_df(store: Store) -> pd.DataFrame:
    """One row a reference picture, then one a run that was to make one and has not: the file, the
    run and words that made it (missing where it was brought), and how many runs use it.
    """
    uses: dict[str, int] = {}
    for params in store.run_columns()["params"]:
        pictures = (v for v in params.values() if isinstance(v, Mapping) and "sha256" in v)
        for sha256 in {picture["sha256"] for picture in pictures}:
            uses[sha256] = uses.get(sha256, 0) + 1
    runs = store.image_runs()
    made = {run.image_sha256: run for run in runs}
    files = sorted((store.folder / "images").glob("??/*.*"))
    rows: list[tuple[Path | None, Run | None]] = [(f, made.get(f.stem)) for f in files]
    rows += [(None, run) for run in runs if run.image_sha256 is None]
    sizes = [(None, None) if file is None else _size_of(file) for file, _ in rows]
    cost = [(run is not None and run.spec.is_simulated, _cost_of(run)) for _, run in rows]
    return _frame(
        {
            "sha256": (TEXT, [file and file.stem for file, _ in rows]),
            "path": (TEXT, [file and str(file) for file, _ in rows]),
            "width": (WHOLE, [width for width, _ in sizes]),
            "height": (WHOLE, [height for _, height in sizes]),
            "run_id": (TEXT, [run and run.id for _, run in rows]),
            "state": (TEXT, [run and str(run.state) for _, run in rows]),
            "reason": (TEXT, [run and run.reason for _, run in rows]),
            "model": (TEXT, [run and run.spec.model for _, run in rows]),
            "prompt": (TEXT, [run and run.spec.prompt for _, run in rows]),
            "cost_usd": (NUMBER, [0.0 if simulated else usd for simulated, usd in cost]),
            "sim_cost_usd": (NUMBER, [usd if simulated else 0.0 for simulated, usd in cost]),
            "num_runs": (WHOLE, [uses.get(file.stem, 0) if file else 0 for file, _ in rows]),
        }
    )


def _size_of(picture: Path) -> tuple[int | None, int | None]:
    """Width and height by the file's head; None where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(picture) as opened:
            return opened.width, opened.height
    except Exception:  # noqa: BLE001 - a decoder may raise anything
        return None, None


def _cost_of(run: Run | None) -> float:
    return from_micro(run.cost_micro_usd or 0) if run else 0.0


# ---------------------------------------------------------------- from plain records


def runs_frame(
    rows: Iterable[Mapping[str, Any]],
    readings: Iterable[tuple[str, str, float | None, str | None]] = (),
    *,
    details: Iterable[Score] = (),
) -> pd.DataFrame:
    """`rows` are flat, one a run, keyed by column name, with the parameters as a dict in `params`.

    `readings` are (run key, metric, value, label). A key that is no column is dropped; one that is
    missing is NaN. `details` add confidence and notes.
    """
    rows = list(rows)
    names = ["params", *RUN_COLUMNS]
    return _runs({name: [row.get(name) for row in rows] for name in names}, readings, details)


def _runs(
    columns: Mapping[str, Sequence[Any]],
    readings: Iterable[tuple[str, str, float | None, str | None]],
    details: Iterable[Score],
) -> pd.DataFrame:
    params = [given or {} for given in columns["params"]]
    names = sorted({name for given in params for name in given}, key=_place)
    asked = {f"param.{n}": _param_column(n, [given.get(n) for given in params]) for n in names}
    fixed = {c: _column(list(columns[c]), _RUN_DTYPES[c]) for c in RUN_COLUMNS}
    fixed["accepted"] = fixed["accepted"].where(fixed["mark"].notna())  # unmarked is not refused
    before = {column: fixed.pop(column) for column in RUN_COLUMNS[:_AFTER_PROMPT]}
    keys = list(columns["run_key"])
    scores = _score_columns(keys, readings) | _detail_columns(keys, details)
    scores = {column: scores[column] for column in sorted(scores)}
    return pd.DataFrame({**before, **asked, **fixed, **scores})


def scores_frame(scores: Iterable[Score], metrics: Mapping[str, Metric]) -> pd.DataFrame:
    """One row a reading; a metric that `metrics` does not define has no unit and no direction."""
    return _scores([_facts(score) for score in scores], metrics)


def _facts(score: Score) -> tuple[Any, ...]:
    """As `Store.latest_score_facts` gives them."""
    found, of = score.reading, (score.scorer, score.tier, score.settings_hash, score.clip_sha256)
    said = (found.value, found.label, found.note, found.confidence)
    return (score.run_key, score.metric, *said, *of)


def _scores(rows: Sequence[tuple[Any, ...]], metrics: Mapping[str, Metric]) -> pd.DataFrame:
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 10
    keys, names, values, labels, notes, confidences, scorers, tiers, hashes, clips = columns
    known = [metrics.get(name) for name in names]
    return _frame(
        {
            "run_id": (TEXT, [key[:16] for key in keys]),
            "metric": (TEXT, names),
            "value": (NUMBER, values),
            "label": (TEXT, labels),
            "note": (TEXT, [note or None for note in notes]),
            "confidence": (NUMBER, confidences),
            "unit": (TEXT, [m and m.unit for m in known]),
            "direction": (TEXT, [m and m.direction for m in known]),
            "evidence": (TEXT, [m and m.evidence for m in known]),
            "scorer": (TEXT, scorers),
            "tier": (TEXT, tiers),
            "settings_hash": (TEXT, hashes),
            "clip.sha256": (TEXT, clips),
            "run_key": (TEXT, keys),
        }
    )


def votes_frame(votes: Iterable[Vote]) -> pd.DataFrame:
    votes = list(votes)
    undone = {vote.undoes for vote in votes if vote.undoes}
    return _frame(
        {
            "vote_id": (TEXT, [v.id for v in votes]),
            "by": (TEXT, [v.by for v in votes]),
            "left": (TEXT, [v.left for v in votes]),
            "right": (TEXT, [v.right for v in votes]),
            "verdict": (TEXT, [v.verdict for v in votes]),
            "strong": (YES_NO, [v.strong for v in votes]),
            "dimension": (TEXT, [v.dimension for v in votes]),
            "rater": (TEXT, [v.rater for v in votes]),
            "shown_at": (TIME, [v.shown_at for v in votes]),
            "answered_at": (TIME, [v.answered_at for v in votes]),
            "seen_labels": (YES_NO, [v.seen_labels for v in votes]),
            "policy": (TEXT, [v.policy for v in votes]),
            "policy_prob": (NUMBER, [v.policy_prob for v in votes]),
            "reason_tags": (TEXT, [", ".join(v.reason_tags) or None for v in votes]),
            "undoes": (TEXT, [v.undoes for v in votes]),
            "undone": (YES_NO, [v.id in undone for v in votes]),
        }
    )


def ratings_frame(ratings: Iterable[Rating]) -> pd.DataFrame:
    ratings = list(ratings)
    last = {rating.run_key: rating.id for rating in ratings}
    return _frame(
        {
            "rating_id": (TEXT, [r.id for r in ratings]),
            "run_id": (TEXT, [r.run_key[:16] for r in ratings]),
            "run_key": (TEXT, [r.run_key for r in ratings]),
            "mark": (TEXT, [r.mark for r in ratings]),
            "rater": (TEXT, [r.rater for r in ratings]),
            "at": (TIME, [r.at for r in ratings]),
            "time_s": (NUMBER, [r.time_s for r in ratings]),
            "reason_tags": (TEXT, [", ".join(r.reason_tags) or None for r in ratings]),
            "current": (YES_NO, [last[r.run_key] == r.id for r in ratings]),
        }
    )


# ---------------------------------------------------------------- summaries


def arms_df(df: pd.DataFrame, by: str | Sequence[str]) -> pd.DataFrame:
    """One row an arm, in order of appearance: the columns of `by`, then what became of its runs.

    `n` = `done` + `failed` + `moderated` + `other`. `accepted` is "3 of 4 rated", or "not rated";
    `num_accepted` is its number, NaN before anything is rated. `usd_per_accepted` is all that the
    arm cost, failures too, over its accepted clips. Scores are means over the runs that have one.
    Simulated and real runs are never pooled: where both are there, `simulated` splits the arms.
    """
    keys = resolve_all(by, df.columns)
    if not keys:
        raise ValueError("`by` names no column; try by='camera' or by=['model', 'camera']")
    if df["simulated"].nunique() > 1 and "simulated" not in keys:
        keys = [*keys, "simulated"]
    means = [c for c in df.columns if c.startswith("score.") and pd.api.types.is_float_dtype(df[c])]
    means = [c for c in means if not c.endswith(".confidence")]
    arms = df.groupby(keys, sort=False, dropna=False, observed=True)
    state, rated = df["state"], df["mark"].notna()
    counts = pd.DataFrame(
        {
            "done": state == State.DONE,
            "failed": state.isin([s.value for s in _FAILED]),
            "moderated": state == State.MODERATED,
            "num_rated": rated,
            "num_accepted": df["accepted"].fillna(False).astype(bool),
        }
    )
    counts = counts.astype("int64").groupby([df[k] for k in keys], sort=False, dropna=False).sum()
    out = arms.size().rename("n").to_frame().join(counts[["done", "failed", "moderated"]])
    out["other"] = out["n"] - out["done"] - out["failed"] - out["moderated"]
    num_rated, num_accepted = counts["num_rated"], counts["num_accepted"]
    out["accepted"] = [
        f"{yes} of {n} rated" if n else NOT_RATED
        for yes, n in zip(num_accepted, num_rated, strict=True)
    ]
    out["num_rated"] = num_rated
    out["num_accepted"] = num_accepted.astype("Int64").where(num_rated > 0)
    for cost, each in (("cost_usd", "usd_per_accepted"), ("sim_cost_usd", "sim_usd_per_accepted")):
        out[cost] = arms[cost].sum(min_count=1)
        out[each] = out[cost] / num_accepted.where(num_accepted > 0).astype("float64")
    pretended = arms["simulated"].first().fillna(False).astype(bool)
    out["usd_per_accepted"] = out["usd_per_accepted"].where(~pretended)
    out["sim_usd_per_accepted"] = out["sim_usd_per_accepted"].where(pretended)
    out = out.join(arms[means].mean())
    whole = ["n", "done", "failed", "moderated", "other", "num_rated"]
    return out.astype({**dict.fromkeys(whole, WHOLE), "accepted": TEXT}).reset_index()


def display_df(df: pd.DataFrame, *, scores: int | str = 6) -> pd.DataFrame:
    """The few columns a person wants: which run, what varied, where it stands, key scores, cost.

    `scores` is how many, or `"all"`. Columns that say the same in every row are left out, but the
    model stays.
    """
    asked = [c for c in df.columns if c == "sample" or c.startswith(("prompt.", "param."))]
    varied = [c for c in asked if c != "prompt.used" and df[c].nunique(dropna=False) > 1]
    parts = [c for c in varied if c.startswith("prompt.") and c != "prompt.text"]
    if parts and "prompt.text" in varied:
        varied.remove("prompt.text")  # the parts say it
    for label in ("prompt.name", "prompt.scene"):
        if label in varied:  # what follows from the label need not be said again
            within = df.groupby(label, dropna=False)[varied].nunique(dropna=False)
            varied = [c for c in varied if c == label or not c.startswith("prompt.")
                      or within[c].max() > 1]  # fmt: skip
    shown = [c for c in df.columns if c.startswith("score.") and df[c].notna().any()]
    shown = [c for c in shown if not c.endswith((".confidence", ".note"))]
    if scores != "all":
        rank = {name: place for place, name in enumerate(KEY_SCORES)}
        shown = sorted(shown, key=lambda c: rank.get(c.split(".")[1], len(rank)))[: int(scores)]
    facts = [c for c in ("reason", "mark") if df[c].notna().any()]
    money = [c for c in ("cost_usd", "sim_cost_usd") if df[c].fillna(0).any()]
    return df[["run_id", "model", *varied, "state", *facts, *shown, *money]]


# ---------------------------------------------------------------- columns


def _frame(columns: Mapping[str, tuple[str, list[Any]]]) -> pd.DataFrame:
    return pd.DataFrame({name: _column(values, dtype) for name, (dtype, values) in columns.items()})


def _column(values: list[Any], dtype: Any) -> pd.Series[Any]:
    """`values` as a column of exactly `dtype`; None is the dtype's missing value. A time is a
    datetime, or seconds since 1970.
    """
    if dtype == TIME:
        if any(isinstance(value, float) for value in values):
            return _moments(values)
        when: pd.Series[Any] = pd.to_datetime(pd.Series(values, dtype=object), utc=True)
        return when.astype(dtype)
    if dtype == TEXT:
        try:  # five times as quick as by way of objects
            return pd.Series(pd.array(pa.array(values, type=pa.large_string()), dtype=TEXT))
        except UnicodeEncodeError:
            return pd.Series([_text(value) for value in values], dtype=TEXT)
        except pa.ArrowException:  # something else than text among them
            return pd.Series(values, dtype=TEXT)
    if dtype == NUMBER:
        return pd.Series(np.array(values, dtype=np.float64))
    return pd.Series(pd.array(values, dtype=dtype))


def _moments(seconds: list[float | None]) -> pd.Series[Any]:
    """Seconds since 1970 as times, rounded as `datetime.fromtimestamp` does."""
    part, whole = np.modf(np.array(seconds, dtype=np.float64))
    missing = np.isnan(whole)
    micros = np.where(missing, 0, whole).astype(np.int64) * 1_000_000
    micros += np.rint(np.where(missing, 0, part) * 1e6).astype(np.int64)
    micros[missing] = np.iinfo(np.int64).min  # NaT
    return pd.Series(micros.view("datetime64[us]")).dt.tz_localize("UTC")


def _text(value: Any) -> str | None:
    """Text that any file can hold: half a surrogate pair, which is no text, becomes "?"."""
    return None if value is None else str(value).encode("utf-8", "replace").decode()


def _param_column(name: str, values: list[Any]) -> pd.Series[Any]:
    """A parameter as asked. A value that the usual dtype cannot hold makes the column text."""
    values = [_image_hash(value) for value in values]
    there = [value for value in values if value is not None]
    if _fits(dtype := _PARAM_DTYPES.get(name) or _dtype_of(there), there):
        return _column(values, dtype)
    return _column(
        [v if v is None or isinstance(v, str) else canonical_json(v) for v in values], TEXT
    )


def _image_hash(value: Any) -> Any:
    if isinstance(value, ImageRef):
        return value.sha256
    return value.get("sha256", value) if isinstance(value, Mapping) else value


def _dtype_of(values: list[Any]) -> str:
    return next(
        (dtype for dtype in (YES_NO, WHOLE, NUMBER) if values and _fits(dtype, values)), TEXT
    )


def _fits(dtype: str, values: list[Any]) -> bool:
    """Whether `dtype` holds every one of `values` exactly."""
    return all(_HOLDS[dtype](value) for value in values)


_HOLDS: dict[str, Callable[[Any], bool]] = {
    TEXT: lambda value: isinstance(value, str),
    YES_NO: lambda value: isinstance(value, bool),
    WHOLE: lambda v: isinstance(v, int) and not isinstance(v, bool) and -(2**63) <= v < 2**63,
    NUMBER: lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and float(v) == v,
}


def _place(param: str) -> tuple[int, str]:
    """Canonical parameters in their own order, then the others by name."""
    known = CANONICAL_PARAMS.index(param) if param in CANONICAL_PARAMS else len(CANONICAL_PARAMS)
    return known, param


def _score_columns(
    keys: Sequence[str | None], readings: Iterable[tuple[str, str, float | None, str | None]]
) -> dict[str, pd.Series[Any]]:
    values: dict[str, dict[str | None, float | None]] = {}
    labels: dict[str, dict[str | None, str]] = {}
    for key, metric, value, label in readings:
        values.setdefault(metric, {})[key] = value
        if label is not None:
            labels.setdefault(metric, {})[key] = label
    columns = {
        f"score.{metric}": _column([found.get(key) for key in keys], NUMBER)
        for metric, found in values.items()
    }
    for metric, words in labels.items():
        columns[f"score.{metric}.label"] = _column([words.get(key) for key in keys], TEXT)
    return columns


def _detail_columns(
    keys: Sequence[str | None], details: Iterable[Score]
) -> dict[str, pd.Series[Any]]:
    found: dict[str, dict[str | None, Score]] = {}
    for score in details:
        found.setdefault(score.metric, {})[score.run_key] = score
    columns: dict[str, pd.Series[Any]] = {}
    for metric, of in found.items():
        readings = [of[key].reading if key in of else None for key in keys]
        confidence = [reading and reading.confidence for reading in readings]
        notes = [reading and (reading.note or None) for reading in readings]
        columns[f"score.{metric}.confidence"] = _column(confidence, NUMBER)
        columns[f"score.{metric}.note"] = _column(notes, TEXT)
    return columns
