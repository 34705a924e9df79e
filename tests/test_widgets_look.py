"""What every widget promises: legible colours, nothing from a network, text where nothing draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WIDGETS = Path(__file__).parents[1] / "toolkit" / "widgets"
PAPER = {"light": "#ffffff", "dark": "#212121"}  # JupyterLab's own
INK = {"light": "#000000", "dark": "#ffffff"}


def colours() -> dict[str, dict[str, str]]:
    css = (WIDGETS / "panel.css").read_text()
    light, dark = css.split("body[data-jp-theme-light", 1)
    found = {}
    for name, text in (("light", light), ("dark", dark.split("}", 1)[0])):
        found[name] = dict(re.findall(r"--pg-([\w-]+): (#[0-9a-f]{6})", text))
        found[name] |= {"paper": PAPER[name], "ink": INK[name]}
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "raised", "accent-soft", "warn-soft", "bad-soft"])
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "warn", "bad", "good"])
def test_text_holds_wcag_aa(theme: str, text: str, ground: str):
    palette = colours()[theme]

    assert contrast(palette[text], palette[ground]) >= 4.5
    assert contrast(palette["on-accent"], palette["accent"]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_fields_and_buttons_can_be_seen(theme: str):
    palette = colours()[theme]

    assert contrast(palette["edge"], palette["paper"]) >= 3


@pytest.mark.parametrize("path", sorted(WIDGETS.glob("*.js")), ids=lambda p: p.name)
def test_a_script_loads_nothing_and_puts_no_text_in_as_markup(path: Path):
    source = path.read_text()

    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "import "):
        assert word not in source, word
    assert not re.search(r"https?://", source)


def test_every_script_is_sent_by_a_widget_and_has_its_style():
    stems = {path.stem for path in WIDGETS.glob("*.js")}
    senders = "".join(path.read_text() for path in WIDGETS.glob("*.py"))

    assert {"panel", "grid_builder", "run_monitor", "review", "worklist"} <= stems
    for stem in stems:
        assert f'"{stem}"' in senders or stem == "panel", f"nothing sends {stem}.js"
        assert (WIDGETS / f"{stem}.css").exists()
