"""Everything that leaves an experiment, into one folder, each thing whole or not at all.

It is handed tables, records and functions: a sheet and a film are made by whoever passes the
function that makes them.
"""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from toolkit.columns import resolve_all
from toolkit.errors import ExportError, ToolkitError
from toolkit.exports import methods as notes
from toolkit.exports import table
from toolkit.exports._files import slug, whole
from toolkit.exports.page import choose, page
from toolkit.exports.report import Comparison, strips, varied_by, write_report
from toolkit.records import Metric, ModelCard, Rating, Vote
from toolkit.results import Results
from toolkit.stats.words import count
from toolkit.tables import arms_df, ratings_frame, votes_frame

__all__ = ["DEFAULT_FORMATS", "FORMATS", "export_all"]

FORMATS = (
    "csv", "parquet", "xlsx", "md", "tex", "report", "methods", "sheet", "reel", "clips", "page",
    "bundle",
)  # fmt: skip
DEFAULT_FORMATS = ("csv", "parquet", "xlsx", "tex", "report", "methods", "sheet", "clips")

_SAME = {"html": "report", "latex": "tex", "markdown": "md", "excel": "xlsx", "mp4": "reel",
         "sheets": "sheet", "zip": "bundle"}  # fmt: skip

MakeFiles = Callable[[Path, pd.DataFrame], "Path | Sequence[Path]"]


def export_all(
    out: str | Path,
    runs: pd.DataFrame,
    *,
    title: str,
    formats: Iterable[str] | str | None = None,
    only: str | Sequence[str] | None = None,
    by: str | Sequence[str] = (),
    findings: Iterable[str] = (),
    results: Iterable[Results] = (),
    advice: Callable[[], Iterable[Mapping[str, Any]]] = tuple,
    scores: pd.DataFrame | None = None,
    votes: Sequence[Vote] = (),
    ratings: Sequence[Rating] = (),
    metrics: Mapping[str, Metric] | None = None,
    cards: Sequence[ModelCard] = (),
    excluded: Mapping[str, int] | None = None,
    statistics: Iterable[str] = (),
    captions: Mapping[str, str] | None = None,
    raw: bool = False,
    sheet: MakeFiles | None = None,
    reel: MakeFiles | None = None,
    bundle: Callable[[Path], Path] | None = None,
    say: Callable[[str], None] | None = None,
) -> list[Path]:
    """The files written into `out`, in the order of `FORMATS`.

    `runs` is `runs_df()`, `scores` is `scores_df()`. `only` narrows what is pictures alone (sheet,
    reel, clips, page): `"picks"`, `"accepted"` or run ids; tables and report hold every run, for a
    table without its failures misleads. `advice()` is asked for what to change next when the report
    is made. `sheet(path, runs)` and `reel(path, runs)` write a file,
    `bundle(path)` the experiment; a format whose function is missing is refused. `say` hears what
    was left out and why.

    A format that fails does not stop the others: `ExportError` at the end names each that failed
    and what was written.
    """
    makers = {"sheet": sheet, "reel": reel, "bundle": bundle}
    wanted = _wanted(formats, {name for name, make in makers.items() if make is not None})
    job = _Job(
        Path(out), runs, title, only=only, by=resolve_all(by, runs.columns) or varied_by(runs),
        findings=list(findings), results=list(results), advice=advice, scores=scores, votes=votes,
        ratings=ratings,
        metrics=metrics or {}, cards=cards, excluded=excluded or {}, statistics=list(statistics),
        captions=captions or {}, raw=raw, sheet=sheet, reel=reel, bundle=bundle,
        say=say or (lambda _: None),
    )  # fmt: skip
    try:
        job.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"{out}: no folder can be made there ({error.strerror}); name another"
        ) from error
    written: list[Path] = []
    problems: list[tuple[str, Exception]] = []
    for name in wanted:
        try:
            written += getattr(job, f"make_{name}")()
        except ToolkitError as error:
            problems.append((name, error))
    if problems and len(wanted) == 1:
        raise problems[0][1]
    if problems:
        done = ", ".join(dict.fromkeys(path.relative_to(out).parts[0] for path in written))
        raise ExportError(
            f"{len(problems)} of {len(wanted)} formats failed: "
            + "; ".join(f"{name}: {error}" for name, error in problems)
            + f" · written to {out}: {done or 'nothing'}"
        ) from problems[0][1]
    return written


def _wanted(formats: Iterable[str] | str | None, able: set[str]) -> list[str]:
    needs = {"sheet", "reel", "bundle"}
    if formats is None:
        return [name for name in DEFAULT_FORMATS if name not in needs or name in able]
    asked = [formats] if isinstance(formats, str) else list(formats)
    named = [_SAME.get(name.lower().lstrip("."), name.lower().lstrip(".")) for name in asked]
    for name in named:
        if name not in FORMATS:
            near = difflib.get_close_matches(name, [*FORMATS, *_SAME], n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ExportError(f"no format {name!r}; {hint}there are: {', '.join(FORMATS)}")
        if name in needs and name not in able:
            raise ExportError(f"the format {name!r} needs an experiment to make it from")
    return [name for name in FORMATS if name in named]


@dataclass(frozen=True, eq=False)
class _Job:
    out: Path
    runs: pd.DataFrame
    title: str
    only: str | Sequence[str] | None = field(kw_only=True)
    by: list[str] = field(kw_only=True)
    findings: list[str] = field(kw_only=True)
    results: list[Results] = field(kw_only=True)
    advice: Callable[[], Iterable[Mapping[str, Any]]] = field(kw_only=True)
    scores: pd.DataFrame | None = field(kw_only=True)
    votes: Sequence[Vote] = field(kw_only=True)
    ratings: Sequence[Rating] = field(kw_only=True)
    metrics: Mapping[str, Metric] = field(kw_only=True)
    cards: Sequence[ModelCard] = field(kw_only=True)
    excluded: Mapping[str, int] = field(kw_only=True)
    statistics: list[str] = field(kw_only=True)
    captions: Mapping[str, str] = field(kw_only=True)
    raw: bool = field(kw_only=True)
    sheet: MakeFiles | None = field(kw_only=True)
    reel: MakeFiles | None = field(kw_only=True)
    bundle: Callable[[Path], Path] | None = field(kw_only=True)
    say: Callable[[str], None] = field(kw_only=True)

    # ---- tables

    def make_csv(self) -> list[Path]:
        return [table.to_csv(self._portable, self.out / "results.csv", raw=self.raw)]

    def make_parquet(self) -> list[Path]:
        """The lossless tables: runs, and the scores, votes and marks they rest on."""
        made = [table.to_parquet(self._portable, self.out / "results.parquet")]
        for name, df in (("scores", self.scores), ("votes", self._votes), ("ratings", self._marks)):
            if df is not None and len(df):
                made.append(table.to_parquet(df, self.out / f"{name}.parquet"))
        return made

    def make_xlsx(self) -> list[Path]:
        sheets = {"runs": self._portable}
        if self._arms is not None:
            sheets["arms"] = self._arms
        for result in self.results:
            sheets[f"by {result.of.removeprefix('score.')}"] = result.df
        if self.scores is not None and len(self.scores):
            sheets["scores"] = self.scores
        columns = [column for sheet in sheets.values() for column in sheet.columns]
        runs = count(len(self.runs), "run")
        return [
            table.to_xlsx(
                sheets, self.out / "results.xlsx", notes=table.meanings(columns, self.metrics),
                about=[f"{self.title}: {runs}", *self.findings, *self._honest],
                raw=self.raw,
            )
        ]  # fmt: skip

    def make_md(self) -> list[Path]:
        path = self.out / "results.md"
        table.to_markdown(self._summary, path, title=self.title)
        return [path]

    def make_tex(self) -> list[Path]:
        path = self.out / "results.tex"
        by = ", ".join(column.rsplit(".", 1)[-1] for column in self.by)
        caption = f"{self.title}: {len(self.runs)} runs{f' by {by}' if by else ''}. "
        caption += " ".join([*self._honest, "See METHODS.md."])
        table.to_latex(self._summary, path, caption=caption, label=f"tab:{slug(self.title)}")
        return [path]

    # ---- words

    def make_report(self) -> list[Path]:
        path = self.out / "report.html"
        made = strips(self.runs, on_error=lambda run, why: self.say(f"no picture of {run}: {why}"))
        return [
            write_report(
                path, self.title, self.runs, by=self.by, findings=self.findings,
                results=[self._comparison(result) for result in self.results],
                strips=made, advice=self.advice(), metrics=self.metrics, methods=self._sections,
                cards=self.cards,
            )
        ]  # fmt: skip

    def make_methods(self) -> list[Path]:
        return [notes.write_methods(self.out / "METHODS.md", self.title, self._sections)]

    # ---- pictures

    def make_sheet(self) -> list[Path]:
        assert self.sheet
        chosen = self.runs if self.only is None else choose(self.runs, self.only)
        return _paths(self.sheet(self.out / "sheet.jpg", chosen))

    def make_reel(self) -> list[Path]:
        assert self.reel
        return _paths(self.reel(self.out / "reel.mp4", choose(self.runs, self.only)))

    def make_clips(self) -> list[Path]:
        """The clips under names that a person can read; what is there is not copied again."""
        if self.only is None and self.runs["clip.path"].isna().all():
            self.say("clips: none is finished yet")
            return []
        chosen = choose(self.runs, self.only)
        made = []
        for place in range(len(chosen)):
            run = chosen.iloc[place]
            words = run[["prompt.scene", "model", *self.by]].dropna().unique()
            name = f"{slug('-'.join(map(str, words)), limit=80)}-{run['run_id'][:8]}.mp4"
            source = Path(run["clip.path"])
            if source.is_file():
                made.append(_copy(source, self.out / "clips" / name))
            else:
                self.say(f"clips: the clip of run {run['run_id']} is gone from {source.parent}")
        return made

    def make_page(self) -> list[Path]:
        made = page(
            self.out / "page", self.runs, title=self.title, only=self.only,
            captions=self.captions, on_problem=lambda why: self.say(f"page: {why}"),
        )  # fmt: skip
        return [made / "index.html"]

    def make_bundle(self) -> list[Path]:
        assert self.bundle
        return [self.bundle(self.out / f"{slug(self.title)}.zip")]

    # ---- what several of them need

    @cached_property
    def _portable(self) -> pd.DataFrame:
        """The runs with clip paths relative to `out`: nobody's home directory travels with them."""
        where = self.out.resolve()

        def relative(path: str) -> str:
            try:
                return Path(os.path.relpath(path, where)).as_posix()
            except ValueError:  # another drive
                return Path(path).name

        paths = self.runs["clip.path"].map(relative, na_action="ignore")
        return self.runs.assign(**{"clip.path": paths})

    @cached_property
    def _arms(self) -> pd.DataFrame | None:
        return arms_df(self.runs, self.by) if self.by and len(self.runs) else None

    @cached_property
    def _summary(self) -> pd.DataFrame:
        """The table for a page: the arms of the first comparison, else what became of each arm."""
        if self.results:
            df = self.results[0].df
            return df[[column for column in _TOLD if column in df.columns]]
        if self._arms is not None:
            return self._arms.loc[:, ~self._arms.columns.str.startswith("score.")]
        return self.runs[["run_id", "model", "prompt.name", "state", "cost_usd", "sim_cost_usd"]]

    @cached_property
    def _votes(self) -> pd.DataFrame:
        return votes_frame(self.votes)

    @cached_property
    def _marks(self) -> pd.DataFrame:
        return ratings_frame(self.ratings)

    @cached_property
    def _sections(self) -> list[notes.Section]:
        return notes.sections(
            self.runs, by=self.by, scores=self.scores, votes=self._votes, ratings=self._marks,
            cards=self.cards, excluded=self.excluded,
            statistics=self.statistics or _how_compared(self.results),
        )  # fmt: skip

    @cached_property
    def _honest(self) -> list[str]:
        simulated = self.runs["simulated"].fillna(False).astype(bool)
        if len(simulated) and simulated.all():
            return ["Simulation: no video model was used, simulated dollars are no money."]
        if simulated.any():
            return [f"{int(simulated.sum())} of {len(simulated)} runs are simulated."]
        return []

    def _comparison(self, result: Results) -> Comparison:
        """Votes as a forest of intervals; a score as the twins that were compared, joined."""
        from toolkit.exports import charts

        df = result.df[[column for column in _TOLD if column in result.df.columns]]
        what = result.of.removeprefix("score.").replace("_", " ")
        chart = b""
        if result.of.startswith("votes") and df["ability"].notna().any():
            chart = charts.svg(
                charts.forest(df, label="arm", value="ability", reference=0, xlabel="log ability")
            )
        elif result.of in self.runs and len(self.by) == 1 and self.runs[result.of].notna().any():
            chart = charts.svg(charts.paired(self.runs, self.by[0], result.of, ylabel=what))
        return Comparison(f"By {what}", df, result.text, chart)


_TOLD = ("arm", "mean", "ability", "low", "high", "p_best", "win_rate", "wins", "losses", "ties",
         "votes", "scored", "scenes", "done")  # fmt: skip
"""What of a comparison's table is told on paper; the workbook has all of it."""


def _how_compared(results: Sequence[Results]) -> list[str]:
    said = []
    if any(result.of.startswith("votes") for result in results):
        said.append("Votes: Bradley-Terry abilities with ties; intervals are clustered by scene.")
    if any(not result.of.startswith("votes") for result in results):
        said.append(
            "Scores: samples of a scene are averaged, arms are compared within scenes; p is from "
            "an exact sign-flip test over scenes, intervals are at 95 %."
        )
    if any(len(result.contrasts) > 1 for result in results):
        said.append("Where several comparisons of one score were made, p is held together by Holm.")
    if results:
        said.append("Compared: " + "; ".join(dict.fromkeys(result.of for result in results)) + ".")
    return said


def _paths(made: Path | Sequence[Path]) -> list[Path]:
    return [made] if isinstance(made, Path) else list(made)


def _copy(source: Path, target: Path) -> Path:
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return target
    with whole(target) as part:
        shutil.copyfile(source, part)
    return target
