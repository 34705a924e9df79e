"""The methods note: how the numbers came about, from the data alone, limits said out loud."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from toolkit.columns import resolve_all
from toolkit.exports._files import write_text
from toolkit.exports._show import clean, money, plain, short
from toolkit.exports.table import EVIDENCE
from toolkit.records import ModelCard, State

__all__ = ["Section", "methods", "sections", "write_methods"]

_PACKAGES = ("promptgrid", "pandas", "numpy", "scipy", "av", "opencv-python-headless", "evalica",
             "sqlalchemy", "moviepy", "matplotlib")  # fmt: skip
_AXES = ("model", "prompt.scene", "prompt.subject", "prompt.action", "prompt.environment",
         "prompt.camera", "prompt.mood", "prompt.negative")  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A heading and its sentences, plain text."""

    title: str
    lines: tuple[str, ...]


def sections(
    runs: pd.DataFrame,
    *,
    by: str | Sequence[str] = (),
    scores: pd.DataFrame | None = None,
    votes: pd.DataFrame | None = None,
    ratings: pd.DataFrame | None = None,
    cards: Iterable[ModelCard] = (),
    excluded: Mapping[str, int] | None = None,
    statistics: Iterable[str] = (),
    made_at: datetime | None = None,
) -> list[Section]:
    """What a reader must know to judge the results; a section that has nothing to say is left out.

    `runs`, `scores`, `votes` and `ratings` are the tables of `toolkit.tables`; `excluded` says how
    many cells were left out for which reason; `statistics` are sentences on how arms were compared.
    """
    made_at = made_at or datetime.now(UTC)
    arms = resolve_all(by or None, runs.columns)
    found = [
        Section("Design", tuple(_design(runs, arms, excluded or {}))),
        Section("What became of the runs", tuple(_runs(runs))),
        Section("Models and prices", tuple(_models(runs, list(cards)))),
        Section("Measurement", tuple(_measurement(scores))),
        Section("People", tuple(_people(votes, ratings))),
        Section("Statistics", tuple(plain(line) for line in statistics)),
        Section("Limits", tuple(_limits(runs, votes))),
        Section("Software", tuple(_software(made_at))),
    ]
    return [section for section in found if section.lines]


def methods(title: str, parts: Sequence[Section]) -> str:
    """`parts` as Markdown."""
    lines = [f"# Methods: {_escape(plain(title))}", ""]
    for part in parts:
        lines += [f"## {part.title}", "", *(f"- {_escape(line)}" for line in part.lines), ""]
    return "\n".join(lines)


def write_methods(path: str | Path, title: str, parts: Sequence[Section]) -> Path:
    """`methods` as a file, usually METHODS.md."""
    return write_text(path, methods(title, parts))


# ---------------------------------------------------------------- the sections


def _design(runs: pd.DataFrame, arms: list[str], excluded: Mapping[str, int]) -> Iterable[str]:
    yield f"{_count(len(runs), 'run')} of {_count(runs['prompt.text'].nunique(), 'prompt')}."
    axes = [c for c in runs.columns if c in _AXES or c.startswith("param.")]
    for column in [*arms, *(c for c in axes if c not in arms)]:
        levels = runs[column].dropna().unique().tolist()
        if len(levels) > 1 or column in arms:
            head = "Compared" if column in arms else "Varied"
            yield f"{head}: {column}, {_count(len(levels), 'level')}: {_listed(levels)}."
    samples = runs["sample"].dropna()
    if len(samples):
        yield f"Samples of each request: {int(samples.max())}."
    fixed = {
        c: runs[c].dropna().iloc[0]
        for c in runs.columns
        if c.startswith("param.") and runs[c].nunique() == 1 and runs[c].notna().all()
    }
    if fixed:
        asked = ", ".join(f"{c.removeprefix('param.')} {_plain(v)}" for c, v in fixed.items())
        yield f"The same for every run: {asked}."
    scenes = runs["prompt.scene"].nunique()
    if scenes:
        yield f"Wordings are compared within a scene; scenes: {scenes}."
    for reason, number in excluded.items():
        yield f"Excluded: {_count(number, 'cell')}: {plain(reason)}."


def _runs(runs: pd.DataFrame) -> Iterable[str]:
    counts = runs["state"].value_counts()
    if len(counts):
        yield "States: " + ", ".join(f"{n} {_words(state)}" for state, n in counts.items()) + "."
    for kind, name in ((False, "Real"), (True, "Simulated")):
        some = runs[runs["simulated"].fillna(False).astype(bool) == kind]
        column = "sim_cost_usd" if kind else "cost_usd"
        if len(some) and (kind or some[column].fillna(0).any()):
            unit = " simulated dollars, which are no money" if kind else ""
            yield f"{name} cost: {money(float(some[column].sum()))}{unit}, failures included."
    used = runs["prompt.used"]
    rewritten = int((used.notna() & (used != runs["prompt.text"])).sum())
    if rewritten:
        yield f"The service rewrote the prompt of {_count(rewritten, 'run')} (prompt.used)."
    dates = runs["done_at"].dropna()
    if len(dates):
        first, last = dates.min(), dates.max()
        when = (
            f"{first:%Y-%m-%d}"
            if first.date() == last.date()
            else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        )
        yield f"Clips made: {when} (UTC)."


def _models(runs: pd.DataFrame, cards: list[ModelCard]) -> Iterable[str]:
    known = {card.model: card for card in cards}
    for model, some in runs.groupby("model", sort=False):
        card = known.get(str(model))
        facts = [_count(len(some), "run")]
        if bool(some["simulated"].iloc[0]):
            facts.append("the built-in simulator, no video model")
        elif str(model).startswith("import/"):
            facts.append("clips imported, made elsewhere; what was asked is what the importer says")
        if card is not None:
            price = card.price if isinstance(card.price, (int, float)) else None
            if price is not None and card.price_unit:
                kind = "simulated " if card.is_simulated else ""
                dated = f", price of {card.price_date}" if card.price_date else ", price undated"
                facts.append(f"{kind}{price:g} {card.price_unit}{dated}")
            elif card.price_date:
                facts.append(f"priced by a table of {card.price_date}")
            facts.append(f"seed: {card.seed.replace('_', ' ')}")
            if card.status not in ("live", "unknown"):
                facts.append(f"status {card.status}")
        yield f"{plain(str(model))}: {'; '.join(facts)}."


def _measurement(scores: pd.DataFrame | None) -> Iterable[str]:
    if scores is None or scores.empty:
        return
    for (scorer, tier), some in scores.groupby(["scorer", "tier"], sort=True):
        names = ", ".join(sorted(some["metric"].unique()))
        yield f"{scorer}, tier {tier}: {names}; {_count(some['run_key'].nunique(), 'clip')}."
    missing = scores[scores["value"].isna() & scores["label"].isna()]
    for note, some in missing.groupby(missing["note"].fillna("no reason given")):
        yield f"No value for {_count(len(some), 'reading')}: {plain(str(note))}."
    levels = scores.groupby("evidence")["metric"].unique()
    for level, names in levels.items():
        yield f"Evidence {level} ({EVIDENCE.get(str(level), '?')}): {', '.join(sorted(names))}."
    yield (
        "Scores are diagnostics of single properties, measured on the decoded clip; there is no "
        "overall quality score."
    )


def _people(votes: pd.DataFrame | None, ratings: pd.DataFrame | None) -> Iterable[str]:
    if votes is not None and len(votes):
        kept = votes[~votes["undone"].astype(bool) & votes["undoes"].isna()]
        kept = kept[kept["verdict"] != "skip"]
        verdicts = kept["verdict"].value_counts()
        said = ", ".join(f"{n} {_words(v)}" for v, n in verdicts.items())
        yield (
            f"{_count(len(kept), 'vote')} by {_count(kept['rater'].nunique(), 'rater')} on pairs "
            f"of clips: {said or 'none'}. Undone and skipped ones are left out."
        )
        blind = int((~kept["seen_labels"].astype(bool)).sum())
        yield (
            f"Blind: {blind} of {len(kept)} votes; in the others the rater had seen the labels."
            if blind < len(kept)
            else "Every vote was blind: cast before its rater had seen the labels."
        )
        seconds = (kept["answered_at"] - kept["shown_at"]).dt.total_seconds()
        if len(seconds):
            yield f"Time for a vote: {seconds.median():.0f} s in the median."
    if ratings is not None and len(ratings):
        last = ratings[ratings["current"].astype(bool) & (ratings["mark"] != "none")]
        marks = ", ".join(f"{n} {mark}" for mark, n in last["mark"].value_counts().items())
        yield (
            f"Marks on {_count(len(last), 'run')} by {_count(last['rater'].nunique(), 'rater')}: "
            f"{marks}. Accepted = done and marked pick, keep or 3 to 5."
        )


def _limits(runs: pd.DataFrame, votes: pd.DataFrame | None) -> Iterable[str]:
    simulated = runs["simulated"].fillna(False).astype(bool)
    if simulated.all() and len(runs):
        yield (
            "Every clip is a simulation with planted differences. It shows that the method works "
            "and says nothing about any video model."
        )
    elif simulated.any():
        yield (
            f"{_count(int(simulated.sum()), 'run')} of {len(runs)} are simulated. They are never "
            "pooled with real ones and say nothing about any video model."
        )
    scenes = int(runs["prompt.scene"].nunique())
    if scenes == 1:
        yield "One scene: a difference may be this scene's alone. More scenes would tell."
    elif 1 < scenes < 6:
        yield (
            f"{scenes} scenes: an exact sign-flip test over scenes cannot give p below "
            f"{2 / 2**scenes:.2g}, whatever the difference. 6 scenes can reach 0.031."
        )
    samples = runs["sample"].dropna()
    if len(samples) and int(samples.max()) == 1:
        yield "One sample of each request: wording and the luck of the draw cannot be told apart."
    lost = runs["state"].isin([State.MODERATED, State.FAILED, State.BAD_CLIP, State.REJECTED])
    if lost.any():
        yield (
            f"{_count(int(lost.sum()), 'run')} gave no clip. Scores and votes are of the clips "
            "that came; where an arm fails more often, that favours it."
        )
    dates = runs["done_at"].dropna()
    if len(dates) and (dates.max() - dates.min()).days > 30:
        yield "Clips were made more than 30 days apart; services change models under the same name."
    if votes is not None and len(votes) and votes["rater"].nunique() == 1:
        yield "One rater: the votes are one person's taste."


def _software(made_at: datetime) -> Iterable[str]:
    versions = [f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    yield ", ".join(versions) + f"; {platform.system()}."
    yield f"Written {made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC."


# ---------------------------------------------------------------- words


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _words(state: Any) -> str:
    return str(state).replace("_", " ")


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else plain(str(value))


def _listed(levels: list[Any], most: int = 8) -> str:
    said = [f"“{short(_plain(v), 60)}”" if isinstance(v, str) else _plain(v) for v in levels[:most]]
    return ", ".join(said) + (f" and {len(levels) - most} more" if len(levels) > most else "")


def _escape(text: str) -> str:
    text = clean(text).replace("\\", "\\\\")
    for mark in "`*[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
