"""The live view of a batch: where the runs stand, what it costs, how long it still takes.

It asks `progress` for the figures from a thread of its own, at most four times a second, and sends
the browser one small message when they changed. When the work is over the thread ends, and in a
notebook the widget's place is taken by plain text, which a saved notebook keeps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from toolkit.planning.wait import minutes
from toolkit.records import State, from_micro
from toolkit.widgets.panel import Panel, sources

__all__ = ["ProgressLike", "RunMonitor"]

MIN_PAUSE_S = 0.25  # at most four messages a second, however fast the runs change
LOOK_EVERY_S = 1.0
MAX_FAILURES = 5
NEAR_CAP = 0.8


class ProgressLike(Protocol):
    """What is read of `runner.Progress`."""

    @property
    def counts(self) -> Mapping[State, int]: ...
    @property
    def total(self) -> int: ...
    @property
    def eta_s(self) -> float | None: ...
    @property
    def money(self) -> str: ...
    @property
    def message(self) -> str | None: ...


class PurseLike(Protocol):
    """What is read of `store.Purse`."""

    @property
    def spent_micro_usd(self) -> int: ...
    @property
    def reserved_micro_usd(self) -> int: ...
    @property
    def committed_micro_usd(self) -> int: ...


class BudgetLike(Protocol):
    """What is read of `store.Budget`."""

    @property
    def cap_micro_usd(self) -> int | None: ...
    @property
    def real(self) -> PurseLike: ...
    @property
    def sim(self) -> PurseLike: ...


@dataclass(frozen=True)
class Look:
    """How a state is shown: never by colour alone."""

    glyph: str
    tone: str  # wait, work, good, warn, bad
    hint: str


LOOKS: dict[State, Look] = {
    State.DONE: Look("●", "good", "clip stored and verified"),
    State.STORED: Look("◕", "work", "clip stored, being verified"),
    State.READY: Look("◑", "work", "finished at the service, being fetched"),
    State.SUBMITTED: Look("◔", "work", "the service is working on it"),
    State.SUBMITTING: Look("↑", "work", "being sent"),
    State.PLANNED: Look("○", "wait", "not sent yet; costs nothing to stop"),
    State.UNKNOWN: Look("?", "warn", "no clear answer: the service may have charged"),
    State.HOLD: Look("‖", "warn", "waits for a person's decision"),
    State.OVER_BUDGET: Look("$", "warn", "not sent: the budget does not cover it"),
    State.MODERATED: Look("⚑", "warn", "turned down by the service's content rules"),
    State.CANCELLED: Look("–", "warn", "cancelled"),
    State.REJECTED: Look("⊘", "bad", "refused by the service before any work"),
    State.FAILED: Look("✕", "bad", "the service tried and failed"),
    State.EXPIRED_PAID: Look("⌛", "bad", "paid, but the file was gone before it was fetched"),
    State.BAD_CLIP: Look("▨", "bad", "what came back is no usable clip"),
}
"""In the order of the bar: what is done, under way, waiting, in trouble."""


class RunMonitor(Panel):
    """Live progress of a batch; shows itself in a notebook, ends by itself.

    `progress` returns the figures of the moment and is called from a thread; `on_stop` stops new
    submissions; `is_finished` says when the work is over (by default: when no run is open);
    `budget` gives the experiment's `Budget`, for the bar under the cap; `on_end` is called once.

    >>> RunMonitor(batch.progress, on_stop=batch.stop, is_finished=lambda: batch.is_finished)
    """

    _esm, _css = sources("run_monitor")

    def __init__(
        self,
        progress: Callable[[], ProgressLike],
        *,
        on_stop: Callable[[], None] | None = None,
        is_finished: Callable[[], bool] | None = None,
        budget: Callable[[], BudgetLike] | None = None,
        on_end: Callable[[], None] | None = None,
        title: str = "Batch",
        code: str = "batch.progress()",
    ) -> None:
        self._progress = progress
        self._on_stop = on_stop
        self._is_finished = is_finished
        self._budget = budget
        self._on_end = on_end
        self._title = title
        self._code = code
        self._stopping = False
        self._failures = 0
        self._last: ProgressLike | None = None
        self._fresh = threading.Event()
        self._ended = threading.Event()
        self._handle: Any = None
        super().__init__({"stop": lambda *_: self.stop()}, text=self._line)
        self.refresh()
        self._thread = threading.Thread(target=self._follow, name="promptgrid-monitor", daemon=True)
        if not self.is_over:
            self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the work has ended and the view no longer changes."""
        return self._ended.is_set()

    def poke(self) -> None:
        """Something changed: look soon. Cheap, and may be called from any thread."""
        self._fresh.set()

    def stop(self) -> None:
        """What the button does: nothing new is sent, what is paid for is still fetched."""
        if self._on_stop is None or self._stopping or self.is_over:
            return
        self._on_stop()
        self._stopping = True
        self.refresh()

    def refresh(self) -> None:
        """Ask for the figures and draw them."""
        self._failures += 1
        with self.shows_errors():
            now = self._progress()
            is_open = any(state.is_open and n for state, n in now.counts.items())
            if self._is_finished() if self._is_finished else not is_open:
                now = self._progress()  # once more: the last change came before the end
                self._ended.set()
            self._last = now
            drawn = self._draw(now)
            if drawn != self.view:
                self.view = drawn
            self._failures = 0
        if self._failures >= MAX_FAILURES:
            self._ended.set()  # the experiment was closed under us: its last figures stay

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until the last figures are drawn."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def close(self) -> None:
        """End the thread and take the widget off the screen."""
        self._ended.set()
        self._fresh.set()
        super().close()

    def _follow(self) -> None:
        while not self.is_over:
            self._fresh.wait(LOOK_EVERY_S)
            self._fresh.clear()
            if not self.is_over:
                self.refresh()
                self._ended.wait(MIN_PAUSE_S)
        self._leave_text()
        if self._on_end is not None:
            with self.shows_errors():
                self._on_end()

    def _leave_text(self) -> None:
        """Put plain text where the widget was: a saved notebook keeps no widget."""
        if self._handle is not None:
            with self.shows_errors():
                self._handle.update({"text/plain": self.text}, raw=True)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle = self._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if self.is_over:
            data = {"text/plain": self.text}
        self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def _draw(self, now: ProgressLike) -> dict[str, Any]:
        counts = {state: now.counts.get(state, 0) for state in LOOKS}
        stop: dict[str, Any] | None = None
        if self._on_stop is not None and not self.is_over:
            left = counts[State.PLANNED]
            stop = {
                "label": "Stopping" if self._stopping else "Stop",
                "off": self._stopping or not left,
                "hint": "batch.stop(): send nothing new; what is paid for is still fetched",
            }
        return {
            "title": self._title,
            "status": self._status(now),
            "running": not self.is_over,
            "total": now.total,
            "settled": sum(n for state, n in counts.items() if not state.is_open),
            "states": [
                {
                    "name": state.value,
                    "word": state.value.replace("_", " "),
                    "count": n,
                    "glyph": LOOKS[state].glyph,
                    "tone": LOOKS[state].tone,
                    "hint": LOOKS[state].hint,
                }
                for state, n in counts.items()
                if n
            ],
            "money": self._money(now),
            "trouble": now.message or "",
            "stop": stop,
        }

    def _money(self, now: ProgressLike) -> dict[str, Any] | None:
        """What was spent and is committed, under the cap; the simulator's money apart."""
        if self._budget is None:
            return {"text": now.money} if now.money else None
        budget = self._budget()
        cap = budget.cap_micro_usd
        under = f" of ${from_micro(cap):.2f}" if cap is not None else ""
        used = [p for p in (("", budget.real), ("sim ", budget.sim)) if p[1].committed_micro_usd]
        texts = []
        for kind, purse in used or [("", budget.real)]:
            text = f"{kind}${from_micro(purse.spent_micro_usd):.2f} spent"
            if purse.reserved_micro_usd:
                text += f" + {kind}${from_micro(purse.reserved_micro_usd):.2f} committed"
            texts.append(text + under)
        money: dict[str, Any] = {"text": " · ".join(texts)}
        if cap and used:
            purse = used[0][1]
            spent, held = purse.spent_micro_usd / cap, purse.reserved_micro_usd / cap
            money |= {
                "spent": round(min(1.0, spent), 4),
                "held": round(min(max(0.0, 1 - spent), held), 4),
                "near": spent + held >= NEAR_CAP,
            }
        return money

    def _status(self, now: ProgressLike) -> str:
        done = now.counts.get(State.DONE, 0)
        text = f"{done} of {now.total} done"
        if self.is_over:
            return text
        if self._stopping:
            return f"{text} · stopping, nothing new is sent"
        return f"{text} · about {minutes(now.eta_s)} left" if now.eta_s is not None else text

    def _line(self) -> str:
        """The same as one line of text."""
        now = self._last
        if now is None:
            return f"{self._title} · no figures yet · {self._code}"
        states = ", ".join(
            f"{n} {state.value.replace('_', ' ')}"
            for state in LOOKS
            if (n := now.counts.get(state))
        )
        parts = [self._title, f"{now.total} clips: {states}" if states else "no clips", now.money]
        if now.message:
            parts.append(now.message)
        return " · ".join(part for part in parts if part)
