"""The objects a notebook holds: an experiment is a folder of runs, a batch is work under way.

Thin: this file wires the rooms together and holds no rule of its own. Widgets and the command line
stand on it; they are handed records, tables and functions, never the experiment.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from toolkit import discover
from toolkit.errors import (
    GridError,
    ProviderError,
    ResultsError,
    ReviewError,
    StoreError,
    ToolkitError,
)
from toolkit.keywords import tells
from toolkit.records import State, from_micro
from toolkit.store import KEEP, Keep

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.advice import Advice
    from toolkit.composite import Composite
    from toolkit.grid import Grid
    from toolkit.importing import ImportReport
    from toolkit.planning import Plan
    from toolkit.records import ImageRef, ModelCard, Reading, Run
    from toolkit.reference import Take
    from toolkit.results import Contrast, Results
    from toolkit.runner.worker import Detached
    from toolkit.seams import Provider
    from toolkit.sheets import Sheet
    from toolkit.store import Store

__all__ = ["Batch", "Experiment", "home"]

By = str | Sequence[str]


def home() -> Path:
    """Where experiments live: PROMPTGRID_HOME, else `data/experiments` of the project around the
    current folder, else of the current folder itself."""
    named = os.environ.get("PROMPTGRID_HOME")
    if named:
        return Path(named).expanduser().resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "data").is_dir():
            return folder / "data" / "experiments"
    return here / "data" / "experiments"


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this code."""
    shell = sys.modules.get("IPython")
    return bool(shell and getattr(shell.get_ipython(), "kernel", None))


class Places:
    """Where experiments of which name were seen: a second one of the same name is noticed."""

    def __init__(self) -> None:
        state = os.environ.get("PROMPTGRID_STATE")
        if state is None:
            from platformdirs import user_state_dir

            state = user_state_dir("promptgrid")
        self.path = Path(state) / "places.json"

    def others(self, folder: Path) -> list[Path]:
        """Other folders of the same name that are still there; remembers this one."""
        known = self._read()
        same = [Path(p) for p in known.get(folder.name, []) if Path(p) != folder]
        there = [path for path in same if (path / "experiment.db").exists()]
        known[folder.name] = sorted({str(folder), *map(str, there)})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(known, indent=1))
        except OSError:
            pass  # a convenience; an unwritable home must not stop an experiment
        return there

    def _read(self) -> dict[str, list[str]]:
        try:
            known = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


END_S = 30.0
"""How long a clip under way is still scored when its experiment is closed."""

WAIT_ENDED = (
    "Only the wait has ended; the work goes on. batch.wait() waits again, batch.stop() sends "
    "nothing new and still fetches what is paid."
)


class Batch:
    """Runs under way: what `exp.run` returns, at once.

    `await batch` in a notebook keeps the buttons alive; `batch.wait()` is for scripts. An interrupt
    ends the wait only, never the work; `batch.stop()` stops new submissions. The batch is finished
    when every run has ended and its clip is scored.
    """

    def __init__(self, exp: Experiment, keys: Sequence[str], *, score: bool) -> None:
        self._exp = exp
        self.keys = list(keys)
        self._score = score
        self._done = threading.Event()
        self._error: BaseException | None = None
        self._fresh = threading.Event()
        self._engine = exp._engine(self._on_change)
        self._thread = threading.Thread(target=self._work, name="promptgrid-batch", daemon=True)
        self._engine.start(self.keys)
        self._thread.start()

    def _on_change(self, _keys: set[str]) -> None:
        self._fresh.set()

    def _work(self) -> None:
        """Score clips as they come; the engine has its own thread."""
        try:
            while True:
                self._fresh.wait(0.5)
                self._fresh.clear()
                over = self._engine.is_idle
                if self._score:
                    self._exp.score(keys=self.keys, show=False)
                if over:
                    return
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self._error = error
        finally:
            self._engine.close()
            self._done.set()

    def progress(self) -> Any:
        """Counts by state, money, time to go: `runner.Progress`."""
        return self._engine.progress()

    @property
    def is_finished(self) -> bool:
        return self._done.is_set()

    def wait(self, timeout_s: float | None = None) -> Batch:
        """Block until finished, with a bar in a terminal. KeyboardInterrupt ends the wait only."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        bar = None if in_notebook() else _Bar(self)
        try:
            while not self._done.wait(0.2):
                if bar:
                    bar.update()
                if until is not None and time.monotonic() > until:
                    raise TimeoutError(f"not finished after {timeout_s:g} s; the work goes on")
        except KeyboardInterrupt:
            self._exp._say(WAIT_ENDED)
            raise
        finally:
            if bar:
                bar.close()
        if self._error is not None:
            raise self._error
        return self

    def __await__(self) -> Generator[Any, None, Batch]:
        return self._wait_async().__await__()

    async def _wait_async(self) -> Batch:
        import asyncio

        try:
            while not self._done.is_set():
                await asyncio.sleep(0.2)  # ticking, so that an interrupt is seen
        except (KeyboardInterrupt, asyncio.CancelledError):
            self._exp._say(WAIT_ENDED)
            raise
        if self._error is not None:
            raise self._error
        return self

    def stop(self) -> None:
        """Send nothing new; what is paid for is still fetched."""
        self._engine.stop()

    def end(self) -> None:
        """Stop here: answers under way are recorded, the rest is left for `exp.resume()`."""
        self._score = False
        self._engine.close()
        self._fresh.set()
        self._done.wait(END_S)

    def states(self) -> dict[str, int]:
        """How many runs stand where."""
        counts: dict[str, int] = {}
        for run in self._exp.store.runs(keys=self.keys):
            counts[run.state.value] = counts.get(run.state.value, 0) + 1
        return counts

    @property
    def is_complete(self) -> bool:
        """Whether every run ended with a clip."""
        return self.states() == {State.DONE.value: len(set(self.keys))}

    @property
    def summary(self) -> str:
        counts = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in self.states().items())
        runs = f"{len(self.keys)} run{'s' if len(self.keys) != 1 else ''}"
        return f"{runs}: {counts or 'none'}"

    @property
    def df(self) -> pd.DataFrame:
        frame = self._exp.runs_df()
        return frame[frame["run_key"].isin(self.keys)]

    def __repr__(self) -> str:
        return f"Batch({self.summary})"


class _Bar:
    """A progress bar on standard error with the time to go and the running cost."""

    def __init__(self, batch: Batch) -> None:
        from tqdm import tqdm

        self.batch = batch
        self.told = ""
        calm = 0.3 if sys.stderr.isatty() else 10.0  # a log file takes a line now and then
        self.bar = tqdm(total=len(batch.keys), unit="clip", file=sys.stderr, mininterval=calm)

    def update(self) -> None:
        now = self.batch.progress()
        if now.message and now.message != self.told:
            self.told = now.message
            self.bar.write(now.message, file=sys.stderr)
        self.bar.set_postfix_str(now.money, refresh=False)
        self.bar.update(now.done - self.bar.n)

    def close(self) -> None:
        self.update()
        self.bar.close()


class Experiment:
    """A folder of runs: created, or reopened with everything that is in it.

    `name` is a word (the folder is made under `home()`) or a path. `budget_usd` caps what may be
    spent, real and simulated money each by itself; None keeps the cap that is stored. Reopening
    takes up what was under way. `say` receives the messages (standard output by default).
    """

    @tells
    def __init__(
        self,
        name: str | Path,
        *,
        budget_usd: float | None = None,
        per_day_usd: float | None = None,
        create: bool = True,
        read_only: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        from toolkit.store import Store

        self._say = say or _print
        self.folder = self._folder(name)
        if not create and not (self.folder / "experiment.db").exists():
            raise StoreError(_no_such(self.folder))
        self.store: Store = Store.open(self.folder, create=create, read_only=read_only)
        self.name = self.folder.name
        caps = {"usd": budget_usd, "per_day_usd": per_day_usd}
        if named := {name: cap for name, cap in caps.items() if cap is not None}:
            self.store.set_budget(**named)
        self._batches: list[weakref.ref[Batch]] = []
        _opened.add(self)
        self._builder: Any = lambda: None
        self._kind = "kernel"
        self._is_new = self.store.is_new
        self._say(f"{self.name} · {'NEW' if self._is_new else 'REOPENED'} · {self.folder}")
        for other in Places().others(self.folder):
            self._say(f"another experiment named {self.name!r} is in {other.parent}")
        if not self._is_new:
            for line in self._attention():
                self._say(line)

    @staticmethod
    def _folder(name: str | Path) -> Path:
        text = str(name)
        if "\0" not in text and (isinstance(name, Path) or "/" in text or os.sep in text):
            return Path(text).expanduser().resolve()
        if not re.fullmatch(r"[^\x00-\x1f<>:\"|?*\\]{1,100}", text) or text.strip(" .~") != text:
            raise StoreError(
                f"{text!r} cannot be a folder's name; use letters, digits, spaces and -_."
            )
        return home() / text

    def close(self) -> None:
        """Let go of the folder and end what was started for it; a detached process goes on.

        Answers under way are recorded; what is open stays open for `exp.resume()`. With the last
        experiment of this process its decoding children end, too.
        """
        for batch in [found for known in self._batches if (found := known()) is not None]:
            batch.end()
        self.store.close()
        _opened.discard(self)
        if not _opened and "toolkit.video.sandbox" in sys.modules:
            sys.modules["toolkit.video.sandbox"].close()

    def __enter__(self) -> Experiment:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- before any money is spent -------------------------------------------------------------

    @tells
    def set_budget(
        self, usd: float | Keep | None = KEEP, *, per_day_usd: float | Keep | None = KEEP
    ) -> None:
        """The most that may be spent here, in all and a day, in dollars; 0 refuses everything that
        costs, None lifts a cap, and one that is not named stays as it is."""
        self.store.set_budget(usd, per_day_usd=per_day_usd)

    @tells
    def plan(self, grid: Grid, *, price_usd: float | None = None) -> Plan:
        """The bill and what is wrong, per arm; nothing is spent."""
        from toolkit.planning import plan

        _must_be_a_grid(grid)
        return plan(grid, self.store, price_usd=price_usd)

    def build(self, grid: Grid | None = None) -> Any:
        """The grid builder: what is on screen is `.grid`; its button says what it will do."""
        from toolkit import catalog
        from toolkit.grid import Grid
        from toolkit.planning.compare import designs
        from toolkit.prompts.formula import Prompt
        from toolkit.widgets.grid_builder import GridBuilder

        start = grid if grid is not None else Grid(Prompt("a red fox"), models="sim/draft")
        builder = GridBuilder(
            start,
            cards=[card for card in catalog.cards() if card.makes == "video"],
            price=catalog.price,
            plan=self.plan,
            on_run=self._run_from_builder,
            why_not=self._why_not,
            designs=lambda shown: designs(shown, self.store),
        )
        self._builder = weakref.ref(builder)
        return builder

    def _run_from_builder(self, grid: Grid, **approval: Any) -> Batch:
        return cast("Batch", self.run(grid, monitor=False, **approval))

    def _why_not(self, card: ModelCard) -> str | None:
        """Why a model cannot be run from here, or None."""
        if card.status == "retired":
            return f"retired{f' on {card.retired_on}' if card.retired_on else ''}"
        if not discover.has("providers", card.service):
            return f"no adapter for {card.service} is installed"
        return None

    # ---- the runs ------------------------------------------------------------------------------

    @overload
    def run(
        self,
        grid: Grid,
        *,
        up_to_usd: float | None = ...,
        price_usd: float | None = ...,
        score: bool = ...,
        monitor: bool | None = ...,
        detached: Literal[True],
    ) -> Detached: ...
    @overload
    def run(
        self,
        grid: Grid,
        *,
        up_to_usd: float | None = ...,
        price_usd: float | None = ...,
        score: bool = ...,
        monitor: bool | None = ...,
        detached: Literal[False] = False,
    ) -> Batch: ...
    @tells
    def run(
        self,
        grid: Grid,
        *,
        up_to_usd: float | None = None,
        price_usd: float | None = None,
        score: bool = True,
        monitor: bool | None = None,
        detached: bool = False,
    ) -> Batch | Detached:
        """Generate what is new in `grid`; returns at once.

        A cell that was paid for is never paid again. Above what runs without asking,
        `ApprovalNeeded` says the bill and the call that approves it (`up_to_usd`). `price_usd` is a
        clip's price where the catalogue knows none. `monitor` shows the live widget (in a notebook
        by default). `detached=True` hands the work to a process of its own, which lives on when
        this one ends.
        """
        from toolkit.planning import approve, cell_rows
        from toolkit.reference import kept_rows

        _must_be_a_grid(grid)
        builder = self._builder()
        if builder is not None and (warning := builder.unsaved(grid)):
            self._say(warning)
        for card in grid.cards:
            if card.makes == "image":
                raise GridError(
                    f"{card.model} makes pictures, no clips: start_image=exp.image(prompt, "
                    f"model={card.model!r})"
                )
        bill = self.plan(grid, price_usd=price_usd)
        approve(bill, self.store.budget(), up_to_usd=up_to_usd)
        if bill.cells_new:
            self._need_services(grid.models)
        rows = list(kept_rows(self.store, grid, cell_rows(grid, price_usd=price_usd)))
        self.store.add_grid(grid.to_doc())
        self.store.plan(rows)
        keys = list(dict.fromkeys(row.run_key for row in rows))
        if detached:
            return self._detach(keys, score)
        return self._start(keys, score, monitor)

    def _need_services(self, models: Iterable[str]) -> None:
        """`ProviderError` where a model cannot be asked from here: no adapter, or no key.

        A key that is set nowhere is asked for now, while a person is looking; later, in the
        engine's thread, nobody would see the question.
        """
        from toolkit.providers import keys_of
        from toolkit.providers._secrets import find_key

        first = {model.partition("/")[0]: model for model in models}
        for service, model in first.items():
            if not discover.has("providers", service):
                raise ProviderError(
                    f"no adapter for {model.rstrip('/')} is installed; there are: "
                    f"{', '.join(discover.names('providers'))}. To make its clips by hand: "
                    f"exp.worklist(grid)",
                    provider=service,
                )
            if names := keys_of(service):
                find_key(names, provider=service)

    def _detach(self, keys: Sequence[str], score: bool) -> Detached:
        from toolkit.runner.worker import detach

        worker = detach(self.store, keys, score=score)
        self._say(f"Running in process {worker.pid}. You may close this notebook.")
        return worker

    @tells
    def resume(
        self, *, score: bool = True, monitor: bool | None = None, detached: bool = False
    ) -> Batch | Detached:
        """Go on with every run that is open, whoever began it; nothing is paid twice."""
        keys = self.store.keys(s for s in State if s.is_open)
        for service in sorted({run.spec.service for run in self.store.runs(keys=keys)}):
            try:
                self._need_services([f"{service}/"])
            except ProviderError as problem:
                self._say(f"{problem}; runs of other services go on")
        return self._detach(keys, score) if detached else self._start(keys, score, monitor)

    def work(self, *, ordered: bool = False) -> int:
        """Be the worker process of this experiment: run what is open and end when nothing is left.

        With `ordered` only what was handed over to a detached process. Returns how many runs are
        still open, which wait for a person. `StoreError` where another process works already.
        """
        from toolkit.runner.worker import work

        self._kind = "worker"
        return work(
            self.store, lambda keys, score: self._start(keys, score, False), ordered=ordered
        )

    @tells
    def settle(self, run: str, action: Literal["check", "resubmit", "give_up"]) -> Batch:
        """Your word on a run that is `unknown` or `hold`: the service may have charged for it.

        `check` looks for its job in the service's list once more; `resubmit` sends it anew, and the
        first attempt counts as paid; `give_up` ends it, and the attempt counts as paid. Returns
        what is now under way.
        """
        from toolkit.runner import settle

        found = self.store.run(run)
        state = settle(self.store, found.key, action)
        cost = (self.store.run(found.key).cost_micro_usd or 0) - (found.cost_micro_usd or 0)
        sign = "sim $" if found.spec.is_simulated else "$"
        paid = f"; {sign}{from_micro(cost):.2f} counts as spent" if cost else ""
        self._say(f"run {found.id}: {found.state} → {state}{paid}")
        return self._start([found.key], True, False)

    def _start(self, keys: Sequence[str], score: bool, monitor: bool | None) -> Batch:
        batch = Batch(self, keys, score=score)
        self._batches.append(weakref.ref(batch))
        if monitor or (monitor is None and in_notebook()):
            self.monitor(batch)
        return batch

    def monitor(self, batch: Batch) -> None:
        """Show the live monitor of a batch."""
        from IPython.display import display

        from toolkit.widgets.run_monitor import RunMonitor

        shown = RunMonitor(
            batch.progress,
            on_stop=batch.stop,
            is_finished=lambda: batch.is_finished,
            budget=self.store.budget,
            title=self.name,
        )
        display(shown)  # type: ignore[no-untyped-call]

    def _engine(self, on_change: Callable[[set[str]], None]) -> Any:
        from toolkit.runner import Engine
        from toolkit.video import probe

        return Engine(
            self.store, self._provider, on_change=on_change, verify=probe, kind=self._kind
        )

    def _provider(self, service: str) -> Provider:
        module = discover.load("providers", service)
        return module.provider(self.folder)  # type: ignore[no-any-return]

    # ---- reference pictures --------------------------------------------------------------------

    @tells
    def image(
        self,
        of: str | Path | ImageRef | Take | Run,
        *,
        at: float = 0.0,
        model: str | None = None,
        negative: str | None = None,
        sample: int = 1,
        price_usd: float | None = None,
        up_to_usd: float | None = None,
        timeout_s: float | None = None,
        **params: Any,
    ) -> ImageRef:
        """A reference picture for `start_image=` and `end_image=`, kept in the experiment.

        `of` is a file, an https address, a run or clip (its frame `at`: 0 the first, 1 the last),
        or, with `model`, the words that a model of pictures is asked for: then it is paid like any
        run, at most once, and the same call gives the same picture. `tk.models(makes="image")`
        lists such models; `params` are theirs.
        """
        from toolkit import reference
        from toolkit.records import ImageRef, Run

        if model is not None:
            asked = {"negative": negative, **params} if negative is not None else params
            approval = {"price_usd": price_usd, "up_to_usd": up_to_usd}
            return self._make_image(str(of), model, sample, asked, approval, timeout_s)
        if isinstance(of, ImageRef):
            return reference.kept(self.store, of)
        if isinstance(of, reference.Take):
            return of.frame(at)
        if isinstance(of, str) and reference.is_address(of):
            return reference.fetched(self.store, of)
        run = of if isinstance(of, Run) else self._run_named(of)
        if run is not None:
            made = reference.picture_of(self.store, run)
            return made or reference.take(self.store, run).frame(at)
        path = Path(str(of)).expanduser()
        if not path.is_file():
            raise GridError(
                f"no picture at {str(of)[:80]!r}: give a file, an https address or a run; for a "
                "picture made from these words name a model of tk.models(makes='image')"
            )
        return reference.from_file(self.store, path)

    def _run_named(self, of: object) -> Run | None:
        """The run with this id, where it is one."""
        if isinstance(of, str) and re.fullmatch(r"[0-9a-f]{8,64}", of):
            return self.store.run(of)
        return None

    def _make_image(
        self,
        prompt: str,
        model: str,
        sample: int,
        params: Mapping[str, Any],
        approval: Mapping[str, float | None],
        timeout_s: float | None,
    ) -> ImageRef:
        from toolkit import reference
        from toolkit.grid import Grid
        from toolkit.planning import approve, cell_rows

        negative = params.get("negative")
        params = {name: value for name, value in params.items() if name != "negative"}
        words: Any = prompt
        if negative is not None:
            from toolkit.prompts.formula import Prompt

            words = Prompt(prompt, negative=negative)
        grid = Grid(words, models=model, samples=[sample], **params)
        key = reference.one_cell(grid).run_key
        found = {run.key: run for run in self.store.image_runs()}.get(key)
        if found is None or found.state is State.PLANNED:
            bill = self.plan(grid, price_usd=approval["price_usd"])
            call = f"exp.image(…, model={model!r}"
            approve(bill, self.store.budget(), up_to_usd=approval["up_to_usd"], call=call)
            self._need_services([model])
            (row,) = reference.kept_rows(
                self.store, grid, cell_rows(grid, price_usd=approval["price_usd"])
            )
            found = self.store.plan_image(row.spec, row.est_cost_micro_usd)
        elif found.state.is_open:
            self._need_services([model])
        said = None
        if found.state.is_open or found.state is State.OVER_BUDGET:
            said = self._start([key], False, False).wait(timeout_s).progress().message
        return reference.made(self.store, key, said)

    @tells
    def clip(self, run: str | Run) -> Take:
        """A run's clip with its pictures: `.first_frame`, `.last_frame`, `.frame(0.5)`."""
        from toolkit.reference import take

        return take(self.store, self.store.run(run if isinstance(run, str) else run.key))

    def images_df(self) -> pd.DataFrame:
        """One row a reference picture: its file and size, what made it, how many runs use it."""
        from toolkit.tables import images_df

        return images_df(self.store)

    @tells
    def score(
        self,
        *,
        keys: Sequence[str] | None = None,
        tier: Literal["preview", "fast", "full", "thorough"] = "full",
        scorers: Sequence[Any] | None = None,
        show: bool = True,
    ) -> int:
        """Measure every clip that lacks these scores; the number of clips measured."""
        from toolkit.scoring import score_runs

        bar: Any = None

        def advance(done: int, total: int) -> None:
            nonlocal bar
            if bar is None and total:
                from tqdm.auto import tqdm

                bar = tqdm(total=total, unit="clip", file=sys.stderr, leave=False)
            elif bar is not None:
                bar.update(done - bar.n)

        try:
            return score_runs(
                self.store,
                keys,
                tier=tier,
                scorers=scorers,
                on_progress=advance if show else None,
            )
        finally:
            if bar is not None:
                bar.close()

    def subject_box(self, of: str, box: Sequence[float] | None) -> None:
        """Say where the subject is: (left, top, width, height) in shares of the first frame, for a
        run (its id) or for every run of a scene; None takes it back.

        The thorough subject scores follow this region instead of the middle of the frame. What was
        asked and paid for stays as it is; `exp.score(tier="thorough")` measures anew.
        """
        from toolkit.scoring import set_subject_box

        keys = set_subject_box(self.store, of, box)
        what = "the middle" if box is None else "the box"
        clips = f"{len(keys)} run{'s' if len(keys) != 1 else ''}"
        self._say(f"{what} holds for {clips}; exp.score(tier='thorough') measures with it")

    # ---- tables and pictures -------------------------------------------------------------------

    @tells
    def runs_df(self, *, scores: bool = True) -> pd.DataFrame:
        """One row a run: what was asked, what was measured, scores, cost."""
        from toolkit.tables import runs_df

        return runs_df(self.store, scores=scores)

    def scores_df(self) -> pd.DataFrame:
        """One row a run and metric, with confidence, note and scorer."""
        from toolkit.tables import scores_df

        return scores_df(self.store)

    def scores_json(self) -> list[dict[str, Any]]:
        """One entry a clip: its file, what was measured on it, and its readings by metric."""
        from dataclasses import asdict

        found: dict[str, dict[str, Any]] = {}
        for score in self.store.latest_scores():
            if score.clip_sha256 not in found:
                clip = self.store.clip(score.clip_sha256)
                found[score.clip_sha256] = {
                    "path": str(self.store.clip_path(score.clip_sha256)),
                    "sha256": score.clip_sha256,
                    "clip": None if clip is None else asdict(clip),
                    "metrics": {},
                }
            reading = score.reading
            found[score.clip_sha256]["metrics"][score.metric] = {
                "value": reading.value,
                "label": reading.label,
                "confidence": reading.confidence,
                "note": reading.note,
            }
        return list(found.values())

    @tells
    def attempts_df(self, run: str | None = None) -> pd.DataFrame:
        """One row a submission, of one run or of all: what was really sent, and what it cost."""
        from toolkit.tables import attempts_df

        return attempts_df(self.store, run)

    def votes_df(self) -> pd.DataFrame:
        """One row a vote, undone ones included and marked."""
        from toolkit.tables import votes_df

        return votes_df(self.store)

    @tells
    def sheet(
        self,
        rows: By | None = None,
        cols: By | None = None,
        pages: By | None = None,
        *,
        where: Mapping[str, Any] | None = None,
        save: bool = True,
        **look: Any,
    ) -> Sheet:
        """A contact sheet of aligned keyframes; with no axis named it picks what varies.

        The full sheet is written into the experiment's `sheets/` and linked under the preview.
        """
        from toolkit.sheets import sheet

        made = sheet(_where(self.runs_df(), where), rows=rows, cols=cols, pages=pages, **look)
        if save and not self.store.read_only:
            made.save(self.folder / "sheets" / "sheet.jpg")
        return made

    def plot_twins(
        self, metric: str, by: By | None = None, *, where: Mapping[str, Any] | None = None
    ) -> Any:
        """A score by arm, one thin line through the twins of each scene: lines that rise together
        show an effect, crossing ones luck. `by` is what varies, if not named."""
        from toolkit.columns import as_list, resolve
        from toolkit.exports.charts import paired
        from toolkit.exports.report import varied_by

        frame = _where(self.runs_df(), where)
        arms = as_list(by) or varied_by(frame)
        if len(arms) != 1:
            raise ResultsError(f"one factor at a time, not {len(arms)}: by='camera'")
        scores = [str(c) for c in frame.columns if str(c).startswith("score.")]
        score = f"score.{metric}" if f"score.{metric}" in scores else resolve(metric, scores)
        simulated = bool(len(frame)) and bool(frame["simulated"].fillna(False).all())
        return paired(
            frame,
            arms[0],
            score,
            title=metric.removeprefix("score.").replace("_", " "),
            ylabel=self._unit(score),
            note="simulated clips" if simulated else "",
        )

    def plot_camera(self, run: str) -> Any:
        """The way a clip's camera went, against the moves that were asked for."""
        from toolkit.exports.charts import AXES, camera_path
        from toolkit.scorers.camera import asked_moves

        found, readings, seconds = self._traced(run)
        ways = {axis: readings.get(f"camera_{axis}") for axis in AXES}
        paths = {axis: r.trace for axis, r in ways.items() if r is not None and r.trace}
        if not paths:
            raise ResultsError(f"run {found.id} has no camera path; exp.score() measures it")
        seen = readings["camera_motion"].label if "camera_motion" in readings else None
        return camera_path(
            paths,
            duration_s=seconds,
            asked=asked_moves(found.spec),
            seen=seen or "",
            title=f"run {found.id}",
            note="simulated clip" if found.spec.is_simulated else "",
        )

    def plot_trace(self, run: str, metric: str = "luma_flicker", *, frames: int = 7) -> Any:
        """A score of one clip over time, above its frames; its twins (same scene, same model) are
        faint."""
        import numpy as np

        from toolkit.exports.charts import trace
        from toolkit.video import frames_at

        found, readings, seconds = self._traced(run)
        metric = metric.removeprefix("score.")
        own = readings[metric].trace if metric in readings else None
        if not own:
            traced = sorted(name for name, reading in readings.items() if reading.trace)
            hint = f"there are: {', '.join(traced)}" if traced else "exp.score() measures it"
            raise ResultsError(f"run {found.id} has no {metric} over time; {hint}")
        at = [float(t) for t in np.linspace(0.02, 0.98, frames)] if frames else []
        shown = frames_at(self.clip_path(found.key), at, long_px=320) if at else []
        others = self._twins(found.key)
        return trace(
            own,
            duration_s=seconds,
            frames=[frame.image for frame in shown],
            times_s=[t * seconds for t in at],
            twins=[
                score.reading.trace
                for score in self.store.latest_scores(others)
                if score.metric == metric and score.reading.trace
            ]
            if others
            else [],
            title=f"{metric.replace('_', ' ')} of run {found.id}",
            ylabel=self._unit(metric),
            note="simulated clip" if found.spec.is_simulated else "",
        )

    def _traced(self, run: str) -> tuple[Run, dict[str, Reading], float]:
        """A run with its readings and the length of its clip in seconds."""
        found = self.store.run(run)
        clip = None if found.clip_sha256 is None else self.store.clip(found.clip_sha256)
        if clip is None:
            raise LookupError(f"run {found.id} is {found.state}: it has no clip")
        scores = self.store.latest_scores([found.key])
        return found, {score.metric: score.reading for score in scores}, clip.duration_s

    def _twins(self, key: str) -> list[str]:
        """The other finished runs of its scene by its model."""
        frame = self.runs_df(scores=False)
        mine = frame[frame["run_key"] == key].iloc[0]
        alike = (frame["prompt.scene"] == mine["prompt.scene"]) & (frame["model"] == mine["model"])
        beside = frame[alike & (frame["state"] == State.DONE)]
        return [other for other in beside["run_key"] if other != key]

    @staticmethod
    def _unit(metric: str) -> str:
        from toolkit import scorers

        known = scorers.METRICS.get(metric.removeprefix("score."))
        return known.unit if known else ""

    # ---- people --------------------------------------------------------------------------------

    def rate(self, run: str, mark: str, *, rater: str = "me", reasons: Sequence[str] = ()) -> None:
        """Mark one run: pick, keep, reject, 1..5, or none to take it back."""
        from toolkit.review import new_rating

        found = self.store.run(run)
        if found.clip_sha256 is None and mark != "none":
            raise ReviewError(f"run {found.id} is {found.state}: it has no clip to mark")
        self.store.add_rating(new_rating(found.key, mark, rater=rater, reason_tags=list(reasons)))

    @tells
    def review(
        self,
        by: By,
        *,
        goal: str = "best",
        minutes: float = 6,
        rater: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Any:
        """A blind duel of the arms of `by`: two clips side by side, no labels, sides balanced.

        Votes are saved one by one; reviewing again goes on where it ended.
        """
        from toolkit.review import Duel
        from toolkit.widgets.review import DuelWidget

        if goal != "best":
            raise ReviewError(f"goal={goal!r} is not known; goal='best' finds the best arm")
        rows: Any = _where(self.runs_df(scores=False), where).to_dict("records")
        session = Duel(
            rows,
            by,
            votes=self.store.votes(),
            save=self.store.add_vote,
            rater=rater or "me",
            minutes=minutes,
        )
        return DuelWidget(
            session,
            clip_path=self.clip_path,
            opaque_dir=self.folder / "review",
        )

    @tells
    def results(
        self,
        by: By,
        *,
        of: str = "votes",
        baseline: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Results:
        """The arms of `by` ranked, with intervals and P(best); "not separated" where they are not.

        `of` is `"votes"` or a score. `where` keeps the rows whose columns have these values.
        """
        from toolkit.results import results

        return results(
            self.runs_df(),
            self.store.votes(),
            by=by,
            of=of,
            baseline=baseline,
            where=where,
            draw=_forest,
        )

    @tells
    def contrast(
        self, score: str, by: By, a: Any, b: Any, *, where: Mapping[str, Any] | None = None
    ) -> Contrast:
        """Two arms on one score, over the scenes that both have; `.text` says it in words."""
        from toolkit.results import contrast

        return contrast(_where(self.runs_df(), where), score, by, a, b)

    @tells
    def composite(
        self,
        weights: Mapping[str, float],
        *,
        name: str = "composite",
        rater: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Composite:
        """Your own weighted sum of scores, held against your votes: `{"camera_match": 1,
        "luma_flicker": -0.5}`.

        `.text` says whether it tells your votes better than a coin, in scenes held out, and how
        many more votes would tell; only where it does is `.df` the runs with it as a column.
        """
        from toolkit.composite import composite

        frame = _where(self.runs_df(), where)
        return composite(frame, self.store.votes(), weights, name=name, rater=rater)

    @tells
    def advice(self, by: By = (), *, where: Mapping[str, Any] | None = None) -> Advice:
        """What to change next: symptom, evidence, and the edited prompt as a new arm.

        Arms are compared with their twins (same scene, same model); `by` names what makes an arm,
        by default all that varies within a scene. `.grid()` is the originals beside their edits.
        Silent where nothing is unusual; `exp.score(tier="thorough")` lets it see more.
        """
        from toolkit import catalog
        from toolkit.advice import advise

        keys = list(_where(self.runs_df(scores=False), where)["run_key"]) if where else None
        readings: dict[str, dict[str, Any]] = {}
        for score in self.store.latest_scores(keys):
            readings.setdefault(score.run_key, {})[score.metric] = score.reading
        rows = [
            {**row, "clip.path": row["clip.path"] and str(self.folder / row["clip.path"])}
            for row in self.store.run_rows(keys)
        ]
        return advise(rows, readings, by=by, cards=catalog.cards())

    @tells
    def promote(
        self,
        by: By,
        *,
        top: int = 2,
        models: By,
        samples: int | Sequence[int] = 1,
        arms: Sequence[Any] | None = None,
        **params: Any,
    ) -> Grid:
        """The best arms of `by` as a grid for other models: draft first, then final. Nothing is
        spent. Without votes name the arms yourself (`arms=[…]`)."""
        from toolkit.planning import promoted
        from toolkit.results import promote_arms

        chosen = promote_arms(self.results(by), top=top, arms=arms)
        return promoted(self.store, by, chosen, models=models, samples=samples, **params)

    # ---- in and out ----------------------------------------------------------------------------

    def reel(
        self,
        best: int | None = None,
        text: str | None = None,
        *,
        out: str | Path | None = None,
        by: str | None = None,
        where: Mapping[str, Any] | None = None,
        **look: Any,
    ) -> Path:
        """The best clips cut together: by their marks, else by the score `by` (`camera_match`)."""
        from toolkit.exports.reel import reel

        target = Path(out) if out is not None else self.folder / "reel.mp4"
        frame = _where(self.runs_df(), where)
        by = by or _best_by(frame)
        return reel(frame, target, best=best, by=by, text=text, on_problem=self._say, **look)

    def mosaic(
        self, out: str | Path | None = None, *, where: Mapping[str, Any] | None = None, **look: Any
    ) -> Path:
        """All clips at once in one film, each in its labelled place."""
        from toolkit.exports.reel import mosaic

        target = Path(out) if out is not None else self.folder / "mosaic.mp4"
        return mosaic(_where(self.runs_df(), where), target, **look)

    @tells
    def export(
        self,
        out: str | Path,
        *,
        formats: Sequence[str] | str | None = None,
        only: str | Sequence[str] | None = None,
        by: By = (),
        findings: Sequence[str] = (),
        best: int | None = 2,
        raw: bool = False,
    ) -> list[Path]:
        """Everything that leaves, into the folder `out`: the files written.

        `formats` are any of `exports.FORMATS`; `only="picks"` narrows what is pictures alone;
        `formats=["page"], only="picks"` makes a page for a client, without prices, scores or
        models. `findings` open the report.
        """
        from toolkit import catalog, scorers
        from toolkit.exports import export_all
        from toolkit.exports.bundle import bundle
        from toolkit.exports.reel import reel
        from toolkit.exports.report import varied_by
        from toolkit.sheets import sheet

        frame = self.runs_df()
        arms = by or varied_by(frame)
        used = set(frame["model"].dropna())
        return export_all(
            out,
            frame,
            title=self.name,
            formats=formats,
            only=only,
            by=arms,
            findings=findings,
            results=self._comparisons(arms),
            advice=lambda: self.advice(arms).told(),
            scores=self.scores_df(),
            votes=self.store.votes(),
            ratings=self.store.ratings(),
            metrics=scorers.METRICS,
            cards=[card for card in catalog.cards() if card.model in used],
            excluded=self._excluded(),
            raw=raw,
            sheet=lambda path, runs: sheet(runs).save(path),
            reel=lambda path, runs: reel(
                runs,
                path,
                best=best,
                by=_best_by(runs),
                transition="crossfade",
                on_problem=self._say,
            ),
            bundle=lambda path: bundle(self.store, path),
            say=self._say,
        )

    def _comparisons(self, by: By) -> list[Results]:
        """What a report compares: votes where there are any, else the scores that have a say."""
        made = []
        for of in ["votes"] * bool(self.store.votes()) + ["camera_match", "luma_flicker"]:
            try:
                made.append(self.results(by, of=of))
            except (ToolkitError, LookupError):
                continue  # nothing varies, or nothing was measured: the report has the table
        return made

    def _excluded(self) -> dict[str, int]:
        """Reasons for which cells of the experiment's grids were left out, with their number."""
        from toolkit.grid import Grid

        counts: dict[str, int] = {}
        for row in self.store.grids():
            for item in Grid.from_doc(row["doc"]).exclusions:
                counts[item.reason] = counts.get(item.reason, 0) + item.cells
        return counts

    @tells
    def worklist(self, grid: Grid, path: str | Path | None = None) -> Any:
        """The cells of a grid for making clips by hand: prompts to copy, names to save under."""
        from toolkit.planning import worklist, write_worklist
        from toolkit.widgets.worklist import Worklist

        self.store.add_grid(grid.to_doc())
        if path is not None:
            self._say(f"worklist · {write_worklist(grid, Path(path))}")
        return Worklist(worklist(grid))

    @tells
    def import_clips(
        self,
        folder: str | Path,
        csv: str | Path | None = None,
        *,
        grid: Grid | None = None,
        assign: Mapping[str, str] | None = None,
        show: bool | None = None,
    ) -> ImportReport:
        """Copy in clips that are there already, and measure them.

        `csv` says what each file is; `grid` matches files to the cells of its worklist by the cell
        id at the front of the name; `assign` (file name → cell id) does so by hand. With neither,
        a table to fill in is written. In a notebook what was not matched is shown to be assigned.
        """
        from toolkit.importing import import_clips
        from toolkit.planning import cells_by_hand
        from toolkit.video import probe

        report = import_clips(
            self.store,
            Path(folder),
            csv=None if csv is None else Path(csv),
            cells=list(cells_by_hand(grid)) if grid is not None else (),
            probe=probe,
            assign=assign,
        )
        if report.imported:
            self.score(keys=report.imported, show=False)
        if show or (show is None and in_notebook()):
            self._show_import(report, grid)
        return report

    def _show_import(self, report: ImportReport, grid: Grid | None) -> None:
        from IPython.display import display

        from toolkit.sheets import sheet_files

        if report.table is not None:
            display(sheet_files(report.unmatched))  # type: ignore[no-untyped-call]
        elif report.unmatched and grid is not None:
            from toolkit.widgets.worklist import ImportAssign

            have = {run.key for run in self.store.runs(states=[State.DONE])}
            open_cells = [cell for cell in grid.cells() if cell.run_key not in have]
            display(  # type: ignore[no-untyped-call]
                ImportAssign(
                    report.unmatched,
                    open_cells,
                    on_assign=lambda chosen: self.import_clips(
                        report.folder, grid=grid, assign=chosen, show=False
                    ),
                )
            )

    def clip_path(self, run: str) -> Path:
        """The file of a run's clip; `LookupError` where there is none (yet)."""
        found = self.store.run(run)
        if found.clip_sha256 is None:
            raise LookupError(f"run {found.id} is {found.state}: it has no clip")
        return self.store.clip_path(found.clip_sha256)

    # ---- how it stands -------------------------------------------------------------------------

    @property
    def status(self) -> str:
        """The morning page as one line."""
        counts = self.store.counts()
        total = sum(counts.values())
        done = counts.get(State.DONE, 0)
        parts = [self.name, "NEW" if self._is_new else "REOPENED", str(self.folder)]
        states = ", ".join(
            f"{n} {state.value.replace('_', ' ')}" for state, n in counts.items() if n
        )
        clips = f"{total} clip{'s' if total != 1 else ''}"
        parts.append(f"{clips}: {states}" if total else "no clips yet")
        parts.append(self._money())
        if done:
            rated = len({rating.run_key for rating in self.store.ratings()})
            parts.append(f"{max(0, done - rated)} not rated")
            asked = self.store.run_columns(bare=True)
            short = counts.get(State.OVER_BUDGET, 0)  # what was planned comes before what was made
            after = "exp.set_budget(…), then run the grid again" if short else self._next(asked)
            parts.append(f"next: {after}")
            parts += self._aged(asked)
        return " · ".join(parts)

    def _money(self) -> str:
        """What was spent and held, real and simulated money never added."""
        budget = self.store.budget()
        cap = "" if budget.cap_micro_usd is None else f" of ${from_micro(budget.cap_micro_usd):.2f}"
        texts = []
        for purse, sign in ((budget.real, "$"), (budget.sim, "sim $")):
            if purse.committed_micro_usd or (sign == "$" and not budget.sim.committed_micro_usd):
                held = from_micro(purse.reserved_micro_usd)
                waiting = f" ({sign}{held:.2f} held)" if held else ""
                texts.append(f"spent {sign}{from_micro(purse.spent_micro_usd):.2f}{cap}{waiting}")
        return ", ".join(texts)

    def _aged(self, asked: Mapping[str, Sequence[Any]]) -> list[str]:
        from datetime import UTC, datetime

        from toolkit import catalog
        from toolkit.planning.age import aged

        if all(model.startswith("sim/") for model in set(asked["model"])):
            return []
        return aged(self.store.run_rows(), catalog.cards(), today=datetime.now(UTC).date())

    def _next(self, asked: Mapping[str, Sequence[Any]]) -> str:
        parts = ["prompt.camera", "model", "prompt.mood", "prompt.environment", "prompt.subject"]
        varying = [c for c in parts if len(set(asked[c]) - {None}) > 1]
        if varying and not self.store.votes():
            return f'exp.review("{varying[0].rsplit(".", 1)[-1]}"), about 6 min'
        if varying:
            return f'exp.results("{varying[0].rsplit(".", 1)[-1]}")'
        return "exp.sheet()"

    def _attention(self) -> list[str]:
        """What a person should know on reopening: what is under way, what may have been charged."""
        from toolkit.runner import attention

        return attention(self.store)

    def __repr__(self) -> str:
        return self.status

    def _repr_html_(self) -> str:
        from html import escape

        first, *rest = self.status.split(" · ")
        items = "".join(f"<li>{escape(item)}</li>" for item in rest)
        return f"<strong>{escape(first)}</strong><ul>{items}</ul>"


_opened: weakref.WeakSet[Experiment] = weakref.WeakSet()


def _must_be_a_grid(grid: object) -> None:
    from toolkit.grid import Grid

    if not isinstance(grid, Grid):
        shown = repr(grid)[:60] if isinstance(grid, str) else f"a {type(grid).__name__}"
        raise GridError(f"what runs is a grid, not {shown}: tk.Grid(prompt, models='sim/draft')")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _no_such(folder: Path) -> str:
    parent = folder.parent
    there = sorted(p.parent.name for p in parent.glob("*/experiment.db")) if parent.is_dir() else []
    known = f"; there are: {', '.join(there)}" if there else ""
    return f"no experiment {folder.name!r} in {parent}{known}"


def _best_by(frame: pd.DataFrame) -> str | None:
    """What says which clips are best where nobody has marked any: whether the camera followed."""
    score = "score.camera_match"
    unmarked = bool(frame["mark"].isna().all())
    return score if unmarked and score in frame and frame[score].notna().any() else None


def _forest(*args: Any, **settings: Any) -> Any:
    from toolkit.exports.charts import forest

    return forest(*args, **settings)


def _where(frame: pd.DataFrame, where: Mapping[str, Any] | None) -> pd.DataFrame:
    """The rows whose columns have these values; a list means any of them."""
    from toolkit.columns import resolve

    for name, value in (where or {}).items():
        column = resolve(name, frame.columns)
        values = list(value) if isinstance(value, (list, tuple, set)) else [value]
        frame = frame[frame[column].isin(values)]
    return frame
