"""The grid builder: write the parts, choose the models, see the bill, run.

What is on the screen travels as one trait, `form`, all of it text; at each change the grid is made
from it anew, and what follows (counts, prices, reasons, the code) goes back as `view`. So the
screen, the grid and the code cannot disagree.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import ipywidgets
import traitlets

from toolkit.catalog import Price
from toolkit.errors import ApprovalNeeded, GridError, ToolkitError
from toolkit.grid import Grid
from toolkit.planning import Plan
from toolkit.planning.compare import designs
from toolkit.planning.rehearse import DryRun, dry_run, pilot
from toolkit.prompts.formula import PROMPT_PARTS
from toolkit.prompts.presets import preset, presets
from toolkit.records import ModelCard
from toolkit.widgets.fields import asked, model_row, param_fields
from toolkit.widgets.findings import Noted, Reader, mended
from toolkit.widgets.form import FormError, grid_from, to_form
from toolkit.widgets.panel import Panel, in_words, sources
from toolkit.widgets.pasted import prompts_from_table
from toolkit.widgets.receipt import clips, counts, design_row, factors, line, texts, typed_near
from toolkit.widgets.run_monitor import RunMonitor
from toolkit.widgets.words import offered

__all__ = ["GridBuilder"]

SHOWN_NOTES = 8
SHOWN_FINDINGS = 12
SHOWN_LEFT_OUT = 20


class _Form(Panel):
    """The drawn half: `form` is what the person typed, `view` what Python says to it."""

    _esm, _css = sources("suggest", "grid_builder")
    form = traitlets.Dict().tag(sync=True)
    presets: Any = traitlets.List().tag(sync=True)  # name, title and what it is good for, each


class GridBuilder(ipywidgets.VBox):  # type: ignore[misc]
    """A form for a grid, with its price and a Run button that says what it will do.

    `cards` are the models to choose from; `price` gives a model's price for parameters, `plan` the
    bill of a grid; `on_run` starts it and returns the batch, whose monitor then appears below.
    `why_not` greys a model out with the reason it returns. `designs` compares the designs of a
    grid, `pilot` makes the small grid of a first look, `dry_run` looks a grid through. Read `.grid`
    for what is on the screen; `.load(grid)` shows another one, `.ask(grid)` first asks where edits
    would be lost.

    >>> b = exp.build(grid)
    >>> b.grid
    """

    def __init__(
        self,
        grid: Grid,
        *,
        cards: Sequence[ModelCard],
        price: Callable[[ModelCard, Mapping[str, Any]], Price],
        plan: Callable[[Grid], Plan],
        on_run: Callable[..., Any],
        code: Callable[[Grid], str] | None = None,
        why_not: Callable[[ModelCard], str | None] = lambda _card: None,
        designs: Callable[[Grid], Any] = designs,
        pilot: Callable[[Grid], Grid] = pilot,
        dry_run: Callable[[Grid], DryRun] = dry_run,
    ) -> None:
        self._cards = list(cards)
        self._price = price
        self._plan = plan
        self._on_run = on_run
        self._code = code or (lambda shown: f"grid = {shown.to_code()}\nexp.run(grid)")
        self._why_not = why_not
        self._designs, self._pilot, self._dry_run = designs, pilot, dry_run
        self._lock = threading.RLock()  # some kernels hear the browser in a thread of its own
        self._pending: Callable[[], None] | None = None
        self._question: dict[str, str] | None = None
        self._said = ""
        self._looked = ""  # what the dry run said
        self._grid: Grid | None = None
        self._error: ToolkitError | None = None
        self._lint = Reader()
        self._noted: list[Noted] = []
        self._sent: Grid | None = None  # what was run last from here
        self._last: Grid | None = None  # the last grid that the screen was
        self._is_ours = False  # whether the form is changed from here
        self._before: dict[str, Any] | None = None  # what Undo brings back
        self.batch: Any = None
        heard = {"run": self._hear_run, "answer": self._hear_answer, "fix": self._hear_fix}
        heard |= {"ignore": self._hear_ignore, "heed": self._hear_heed, "undo": self._hear_undo}
        heard |= {"pilot": self._hear_pilot, "dry_run": self._hear_dry_run}
        heard |= {"preset": self._hear_preset, "table": self._hear_table}
        heard |= {"yaml": self._hear_yaml, "load_yaml": self._hear_load_yaml}
        heard |= {"complete": self._hear_complete, "beside": self._hear_beside}
        self._form = _Form(heard, text=lambda: self.text)
        self._form.presets = [
            {"name": p.name, "title": p.title, "good_for": p.good_for} for p in presets()
        ]
        self._below = ipywidgets.VBox()
        super().__init__([self._form, self._below])
        self.load(grid)
        self._form.observe(self._on_edit, "form")

    # ---- what a person reads -------------------------------------------------------------------

    @property
    def grid(self) -> Grid:
        """What is on the screen; `GridError` says what is wrong with it."""
        with self._lock:
            if self._error is not None:
                raise GridError(str(self._error)) from self._error
            assert self._grid is not None
            return self._grid

    @property
    def is_edited(self) -> bool:
        """Whether the screen holds edits that were neither run nor loaded."""
        return _typed(self._form.form) != self._clean

    @property
    def text(self) -> str:
        view = self._form.view
        head = " · ".join(filter(None, (view.get("factors"), view.get("bill"))))
        return f"Grid builder · {head}\n{view.get('code', '')}".strip()

    def unsaved(self, grid: Grid) -> str | None:
        """What to say before another grid than the one on the screen is run, or None."""
        if not self.is_edited or grid in (self._grid, self._sent):
            return None
        return "the open builder holds edits that are not in this grid; `b.grid` is what it shows"

    # ---- what is put on the screen -------------------------------------------------------------

    def load(self, grid: Grid) -> None:
        """Show this grid; edits that are on the screen are gone."""
        with self._lock:
            rev = self._form.form.get("rev", 0) + 1
            form, self._kept = to_form(grid, rev=rev)
            self._clean = _typed(form)
            self._pending = self._question = self._before = None
            self._said = ""
            self._set(form)
            self._update()

    def ask(self, grid: Grid) -> bool:
        """Show this grid, but ask on the screen first where edits would be lost.

        Returns whether it is shown already.
        """
        if not self.is_edited:
            self.load(grid)
            return True
        with self._lock:
            self._put_question(
                f"Show the other grid ({clips(grid.size)})? Your edits here would be lost.",
                yes="Show it",
                no="Keep my edits",
                then=lambda: self.load(grid),
            )
        return False

    def refresh(self) -> None:
        """Work out the bill again: runs may have ended since."""
        with self._lock:
            self._update()

    def _set(self, form: Mapping[str, Any]) -> None:
        """Change the form from here; the browser takes a new `rev` over what it has."""
        self._is_ours = True
        try:
            self._form.form = dict(form)
        finally:
            self._is_ours = False

    # ---- what the person does ------------------------------------------------------------------

    def _on_edit(self, _change: Any) -> None:
        if self._is_ours:
            return
        with self._lock, self._form.shows_errors():
            self._said, self._before, self._looked = "", None, ""
            self._update()

    def _hear_run(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        with self._lock:
            self._take(content)
            grid = self.grid
            if stop := self._in_the_way():
                raise GridError(stop)
            self._start(grid)

    def _hear_answer(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        with self._lock:
            then, self._pending, self._question = self._pending, None, None
            self._update()
            if content.get("yes") and then is not None:
                then()

    def _hear_fix(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Make the quick fix of one finding in the form."""
        with self._lock:
            self._take(content)
            noted = self._named(content)
            better = mended(self._form.form, self.grid, noted)
            if better is None:
                raise GridError(f"these words are not there any more: {noted.finding.message}")
            self._put(better, f"Changed {_where(self._form.form, noted) or 'the settings'}.")

    def _hear_ignore(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Say no more of this rule here: in these prompts, or of the grid as a whole."""
        with self._lock:
            self._take(content)
            noted = self._named(content)
            form = deepcopy(self._form.form)
            for home in [form["prompts"][n] for n in noted.prompts] or [form]:
                home["ignored"] = [*home.get("ignored", ()), noted.rule]
            self._put(form)

    def _hear_heed(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Show again what was ignored."""
        with self._lock:
            self._take(content)
            form = deepcopy(self._form.form)
            for home in [form, *form["prompts"]]:
                home["ignored"] = []
            self._put(form)

    def _hear_undo(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:  # noqa: ARG002
        with self._lock:
            before, self._before = self._before, None
            if before is not None:
                self._put(before)

    # ---- a look before the bill ----------------------------------------------------------------

    def _hear_pilot(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        with self._lock:
            self._take(content)
            grid = self.grid
            if stop := self._in_the_way():
                raise GridError(stop)
            self._start(self._pilot(grid), is_pilot=True)

    def _hear_dry_run(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        with self._lock:
            self._take(content)
            self._looked = typed_near(self._dry_run(self.grid).text)
            self._update()

    def _hear_beside(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        """What takes longer than a key may: the pilot's amount, and the designs side by side."""
        with self._lock:
            reply: dict[str, Any] = {"kind": "reply", "id": content.get("id")}
            if self._grid is not None:
                reply["pilot"] = self._pilot_button(self._grid)
                if content.get("designs"):
                    reply |= self._design_rows(self._grid)
            self._form.send(reply)

    def _pilot_button(self, grid: Grid) -> dict[str, Any]:
        try:
            small = self._pilot(grid)
            bill = self._plan(small)
        except ToolkitError as error:
            return {"label": "Pilot", "on": False, "why": in_words(error)}
        why = f"one sample on {small.models[0]}"
        if not bill.new:
            return {"label": "Pilot done", "on": False, "why": f"{why}: nothing new"}
        label = f"Pilot {clips(bill.new)} · {bill.cost}"
        return {"label": label, "on": not self._in_the_way(), "why": why}

    def _design_rows(self, grid: Grid) -> dict[str, Any]:
        try:
            rows = self._designs(grid).to_dict("records")
        except ToolkitError as error:
            return {"designs": [], "problem": in_words(error)}
        return {"designs": [design_row(row) for row in rows]}

    # ---- what comes in from elsewhere ----------------------------------------------------------

    def _hear_preset(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        with self._lock:
            self._take(content)
            found = preset(str(content.get("name")))
            models = self._form.form["models"] or [self._cards[0].model]
            grid = Grid(found.prompt, models=models, **found.axes)
            self._offer(grid, f"the preset “{found.title}”")

    def _hear_load_yaml(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        with self._lock:
            self._take(content)
            text = str(content.get("text") or "")
            if not text.strip():
                raise GridError("no text; paste what is in a GRID.yaml, or open the file")
            grid = Grid.from_yaml(f"{text}\n")  # with a line end it is text, never a path
            self._offer(grid, f"the grid of {content.get('name') or 'the text'}")

    def _offer(self, grid: Grid, what: str) -> None:
        """Load a grid, asking first where edits would be lost; Undo brings the old one back."""

        def show() -> None:
            before = self._form.form
            self.load(grid)
            self._before, self._said = before, f"Loaded {what}."
            self._update()

        if not self.is_edited:
            show()
            return
        text = f"Load {what}? Your edits here would be lost."
        self._put_question(text, yes="Load it", no="Keep my edits", then=show)

    def _hear_table(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Rows of a spreadsheet become prompts, in place of those that are still empty."""
        with self._lock:
            self._take(content)
            added = prompts_from_table(str(content.get("text") or ""))
            form = deepcopy(self._form.form)
            form["prompts"] = [p for p in form["prompts"] if _says(p)] + added
            number = len(added)
            self._put(form, f"Added {number} prompt{'s' if number > 1 else ''} from the table.")

    def _hear_yaml(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        """The grid as `GRID.yaml`, for the clipboard."""
        with self._lock:
            reply: dict[str, Any] = {"kind": "reply", "id": content.get("id")}
            try:
                self._take(content)
                self._form.send({**reply, "text": self.grid.to_yaml()})
            except ToolkitError as error:
                self._form.send({**reply, "text": "", "problem": in_words(error)})
                raise

    def _hear_complete(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        words = offered(str(content.get("what")), str(content.get("before") or ""), self._last)
        self._form.send({"kind": "reply", "id": content.get("id"), **words})

    def _named(self, content: Mapping[str, Any]) -> Noted:
        found = next((n for n in self._noted if n.id == content.get("id")), None)
        if found is None:
            raise GridError("the text has changed: look again at what the lint says now")
        return found

    def _put(self, form: Mapping[str, Any], said: str = "") -> None:
        """Change the screen from here. With `said`, Undo brings back what was there."""
        before = self._form.form
        self._set({**form, "rev": before.get("rev", 0) + 1})
        self._before = before if said else None
        self._said = said
        self._update()

    def _take(self, content: Mapping[str, Any]) -> None:
        """What is clicked acts on what is on the screen, though the trait may come later."""
        form = content.get("form")
        if isinstance(form, dict) and form != self._form.form:
            self._form.form = form

    def _start(self, grid: Grid, *, is_pilot: bool = False, **approval: float) -> None:
        bill = self._plan(grid)
        self._sent = grid
        try:
            self.batch = self._on_run(grid, **approval)
        except ApprovalNeeded as needed:
            if approval:
                raise
            amount = math.ceil(bill.cost.high / 10_000) / 100  # in whole cents, never below
            self._put_question(
                str(needed).split(" To run: ")[0],
                yes=f"Run, up to ${amount:.2f}",
                no="Not now",
                then=lambda: self._start(grid, is_pilot=is_pilot, up_to_usd=amount),
            )
            return
        self._said = f"Running {clips(bill.new + bill.going)}; `b.batch` is the batch."
        if is_pilot:
            self._said = f"Pilot on {grid.models[0]}: {self._said[0].lower()}{self._said[1:]}"
        else:
            self._clean = _typed(self._form.form)
        self._show_monitor()
        self._update()

    def _show_monitor(self) -> None:
        batch = self.batch
        if not (hasattr(batch, "progress") and hasattr(batch, "stop")):
            return
        for old in self._below.children:
            old.close()
        monitor = RunMonitor(
            batch.progress,
            on_stop=batch.stop,
            is_finished=lambda: bool(getattr(batch, "is_finished", False)),
            on_end=self._after_run,
            title="Batch",
        )
        self._below.children = (monitor,)

    def _after_run(self) -> None:
        with self._lock, self._form.shows_errors():
            self._said = ""
            self._update()

    def _put_question(self, text: str, *, yes: str, no: str, then: Callable[[], None]) -> None:
        self._pending = then
        self._question = {"text": text, "yes": yes, "no": no}
        self._update()

    # ---- what follows from it ------------------------------------------------------------------

    def _update(self) -> None:
        """Make the grid from the screen and say all that follows from it."""
        form = self._form.form
        view: dict[str, Any] = {"errors": {}, "notes": [], "ask": self._question}
        try:
            self._grid, self._error = grid_from(form, self._kept), None
        except FormError as error:
            self._grid, self._error = None, error
            view["errors"] = error.places
            view |= {"factors": "Not a grid yet", "bill": "", "run": {"label": "Run", "on": False}}
            loose = {
                p: t
                for p, t in error.places.items()
                if p in {"grid", "models", "prompts", "design"}
            }
            view["notes"] = [{"tone": "bad", "text": text} for text in loose.values()]
        chosen = [card for card in self._cards if card.model in form["models"]]
        values = asked(form["params"])
        view["models"] = [
            model_row(card, values, price=self._price, why_not=self._why_not)
            for card in self._cards
        ]
        view["params"] = param_fields(chosen or self._cards, form, self._kept)
        view["said"], view["undo"] = self._said, self._before is not None
        view["dry_run"] = self._looked
        self._noted = []
        if self._grid is not None:
            self._last = self._grid
            self._noted = self._lint(self._grid)
            view |= self._bill(self._grid)
            view["lint"] = self._findings(form)
            view["counts"] = counts(self._grid)
            view["code"] = self._code(self._grid)
            view |= texts(self._grid)
        if self._form.view != view:
            self._form.view = view

    def _bill(self, grid: Grid) -> dict[str, Any]:
        sizes = factors(grid)
        try:
            bill = self._plan(grid)
        except ToolkitError as error:
            notes = [{"tone": "bad", "text": in_words(error)}]
            off = {"label": "Run", "on": False}
            return {"factors": sizes, "bill": "", "notes": notes, "run": off}
        money = str(bill.cost) if bill.new else ""
        notes = [{"tone": "info", "text": typed_near(note)} for note in bill.notes]
        if self._kept.named:
            names = ", ".join(self._kept.named)
            notes.append({"tone": "info", "text": f"kept as in the code: {names}"})
        if len(notes) > SHOWN_NOTES:
            more = f"and {len(notes) - SHOWN_NOTES} more; exp.plan(b.grid) lists them"
            notes = [*notes[:SHOWN_NOTES], {"tone": "info", "text": more}]
        run: dict[str, Any] = {"label": f"Run {clips(bill.new)} · {money}", "on": True}
        if not bill.cells:
            run = {"label": "Nothing to run", "on": False, "why": "no cell runs"}
        elif not bill.new:
            run = {"label": "Nothing new to run", "on": bill.going > 0}
            run["why"] = "" if bill.going else "nothing would be sent"
            if bill.going:
                run["label"] = f"Go on with {clips(bill.going)}"
        elif stop := self._in_the_way():
            run |= {"on": False, "why": stop}
        return {
            "factors": f"{sizes} · {money}" if money else sizes,
            "bill": line(bill),
            "notes": notes,
            "run": run,
            "left_out": [typed_near(str(e)) for e in bill.exclusions[:SHOWN_LEFT_OUT]],
            "more_left_out": len(bill.exclusions) - SHOWN_LEFT_OUT,
        }

    def _heeded(self) -> list[Noted]:
        """What the lint says, without what is ignored where it is."""
        form = self._form.form
        ignored = [set(fields.get("ignored", ())) for fields in form["prompts"]]
        heeded = []
        for noted in self._noted:
            left = tuple(n for n in noted.prompts if noted.rule not in ignored[n])
            if left if noted.is_of_prompts else noted.rule not in form.get("ignored", ()):
                heeded.append(replace(noted, prompts=left))
        return heeded

    def _in_the_way(self) -> str:
        """Why nothing is run yet: the first error that the lint found, or ""."""
        errors = [n.finding for n in self._heeded() if n.finding.severity == "error"]
        if not errors:
            return ""
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        return f"an error stands above{more}: {typed_near(errors[0].message)}"

    def _findings(self, form: Mapping[str, Any]) -> dict[str, Any]:
        heeded = self._heeded()
        rows = []
        for noted in heeded[:SHOWN_FINDINGS]:
            finding = noted.finding
            places = [f"{n}.{_field_of(form, n, finding.part)}" for n in noted.prompts]
            if finding.part in form.get("shared", {}):
                places = [f"shared.{finding.part}"]
            row = {"id": noted.id, "severity": finding.severity, "code": finding.code,
                   "text": typed_near(finding.message), "fix": typed_near(finding.fix),
                   "where": _where(form, noted), "places": places[:3],
                   "button": noted.button(form["params"]),
                   "words": finding.edits[0].old if finding.edits else ""}  # fmt: skip
            is_cells = finding.severity == "error" and not noted.is_of_prompts
            row["ignore"] = "Leave these cells out" if is_cells else "Ignore here"
            rows.append(row)
        severities = [noted.finding.severity for noted in heeded]
        said = [
            f"{n} {name}{'s' if n > 1 and name != 'info' else ''}"
            for name in ("error", "warning", "info")
            if (n := severities.count(name))
        ]
        return {
            "rows": rows,
            "more": len(heeded) - len(rows),
            "ignored": len(self._noted) - len(heeded),
            "summary": " · ".join(said),
            "worst": severities[0] if severities else "",
        }

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = super()._repr_mimebundle_(**kwargs)
        data["text/plain"] = self.text
        return data


def _typed(form: Mapping[str, Any]) -> dict[str, Any]:
    """What of the form a person typed: empty fields and the revision count for nothing."""
    return {
        **{k: v for k, v in form.items() if k not in {"rev", "params", "prompts", "ignored"}},
        "params": {k: v.strip() for k, v in form.get("params", {}).items() if v.strip()},
        "prompts": [
            {
                **{k: v for k, v in p.items() if k != "ignored"},
                "parts": {k: v for k, v in p["parts"].items() if v.strip()},
            }
            for p in form.get("prompts", [])
        ],
    }


def _says(prompt: Mapping[str, Any]) -> bool:
    """Whether anything is written in a prompt of the screen."""
    return prompt["typed"] is not None or any(text.strip() for text in prompt["parts"].values())


def _field_of(form: Mapping[str, Any], number: int, part: str | None) -> str:
    """The field of a prompt in which a finding stands; of one about the whole, the first."""
    if form["prompts"][number]["typed"] is not None:
        return "typed"
    return part if part is not None and part in PROMPT_PARTS else "subject"


def _where(form: Mapping[str, Any], noted: Noted) -> str:
    """Such as `Prompt 2 · camera`; the part alone where there is one prompt."""
    part = noted.finding.part or ""
    if len(form["prompts"]) < 2:
        return part
    if part in form.get("shared", {}):
        return f"in every prompt · {part}"
    names = [form["prompts"][n]["name"] or f"prompt {n + 1}" for n in noted.prompts]
    more = f" and {len(names) - 2} more" if len(names) > 3 else ""
    listed = ", ".join(names[: 2 if more else 3]) + more
    return " · ".join(filter(None, (listed, part)))
