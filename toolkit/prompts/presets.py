"""Starting points that work: a prompt in parts, cameras worth comparing, a length, models to begin
with.

>>> fog = tk.preset("pines-in-fog")
>>> tk.Grid(fog.prompt, models="sim/draft", **fog.axes)
"""

from __future__ import annotations

import difflib
import html
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from toolkit.catalog import plain_yaml
from toolkit.errors import PromptError
from toolkit.prompts.formula import PROMPT_PARTS, Prompt

__all__ = ["Preset", "preset", "presets"]

_DATA = Path(__file__).with_name("presets.yaml")


@dataclass(frozen=True)
class Preset:
    """A shot that models do well; `cameras` are wordings of its camera part worth comparing."""

    name: str
    title: str
    good_for: str
    prompt: Prompt
    cameras: tuple[str, ...]
    duration_s: float
    models: tuple[str, ...]
    params: dict[str, Any] = field(default_factory=dict)
    tip: str = ""

    @property
    def axes(self) -> dict[str, Any]:
        """Keywords for a `Grid`: the cameras as an axis, the length and the parameters fixed."""
        return {"camera": list(self.cameras), "duration_s": self.duration_s, **self.params}

    @property
    def text(self) -> str:
        """The prompt as sent."""
        return self.prompt.text

    def __repr__(self) -> str:
        return f"<Preset {self.name}: {self.title}, {self.good_for}>"

    def _repr_html_(self) -> str:
        rows = {**self.prompt.parts, "cameras": " · ".join(self.cameras),
                "begin with": f"{self.duration_s:g} s on {' or '.join(self.models)}",
                    "tip": self.tip}  # fmt: skip
        cells = "".join(
            "<tr><th "
            f"style='text-align:left;vertical-align:top;padding-right:12px;opacity:.75'>{html.escape(name)}"
            f"</th><td style='text-align:left'>{html.escape(said)}</td></tr>"
            for name, said in rows.items()
            if said
        )
        return (
            f"<div style='font:13px/1.5 system-ui,sans-serif'><b>{html.escape(self.title)}</b> · "
            f"{html.escape(self.good_for)}<table>{cells}</table></div>"
        )


@lru_cache(maxsize=1)
def _all() -> dict[str, Preset]:
    rows: dict[str, dict[str, Any]] = plain_yaml.load(_DATA.read_text(encoding="utf-8"))
    return {name: _preset(name, row) for name, row in rows.items()}


def _preset(name: str, row: dict[str, Any]) -> Preset:
    parts = {part: row[part] for part in PROMPT_PARTS if part in row}
    return Preset(
        name,
        row["title"],
        row["good_for"],
        Prompt(**parts, name=name, scene=name),
        tuple(row["cameras"]),
        row["duration_s"],
        tuple(row["models"]),
        dict(row.get("params", {})),
        row.get("tip", ""),
    )


def presets() -> list[Preset]:
    """Every preset."""
    return list(_all().values())


def preset(name: str) -> Preset:
    """The preset of that name; `PromptError` names the nearest."""
    known = _all()
    if name in known:
        return known[name]
    wanted = str(name).strip().lower().replace(" ", "-").replace("_", "-")
    titles = {p.title.lower().replace(" ", "-"): key for key, p in known.items()}
    if wanted in known or wanted in titles:
        return known[titles.get(wanted, wanted)]
    near = [key for key in known if wanted and (wanted in key or key in wanted)]
    near = near or difflib.get_close_matches(wanted, known, n=2, cutoff=0.5)
    hint = (
        f": did you mean {' or '.join(map(repr, near))}?"
        if near
        else f"; there are: {', '.join(known)}"
    )
    raise PromptError(f"no preset {name!r}{hint}")
