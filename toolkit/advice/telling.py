"""How an item is said: figures, the edited prompt beside the old one, a card with its strip."""

from __future__ import annotations

import base64
import difflib
import html
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toolkit.advice import strips
from toolkit.advice.remedies import Arm, Clip
from toolkit.errors import ClipError

if TYPE_CHECKING:
    from toolkit.advice.core import Case, Item

__all__ = ["STYLE", "card", "curve", "edited", "figure", "picture", "times", "told"]

_SHARES = ("letterbox", "pillarbox", "audio_silence", "track_survival")


def figure(value: float, metric: str) -> str:
    if metric in _SHARES:
        return f"{value:.0%}"
    unit = " s" if metric.endswith("_s") else ""
    return f"{value:.3g}{unit}".replace("-", "−")


def told(arm: Arm) -> str:
    params = ", ".join(f"{n}={v}" for n, v in arm.params.items() if arm.edit.startswith(f"{n}="))
    return f"“{arm.prompt.text}”" + (f" with {params}" if params else f" ({arm.edit})")


def edited(clip: Clip, arm: Arm) -> list[tuple[str, str]]:
    """(kind, words) of the new prompt beside the old one: same, old, new; then what else is new."""
    found: list[tuple[str, str]] = []
    if arm.prompt.text != clip.prompt.text:
        found += _words_changed(clip.prompt.text, arm.prompt.text)
    for name, value in arm.params.items():
        if clip.params.get(name) != value:
            was = clip.params.get(name)
            found.append(("new", f" {name}={value}"))
            if was is not None:
                found.append(("old", f" {name}={was}"))
    negative = [p.options("negative")[0] if p.negative else "" for p in (clip.prompt, arm.prompt)]
    if negative[0] != negative[1]:
        found.append(("new", f" negative: {negative[1]}"))
    return found


_WORD = re.compile(r"\s*(?:[\w'’-]+|[^\w\s])")


def _words_changed(old: str, new: str) -> list[tuple[str, str]]:
    a, b = _WORD.findall(old), _WORD.findall(new)
    found = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(a[i:j])))
        else:
            found += [("old", "".join(a[i:j]))] * (j > i) + [("new", "".join(b[k:m]))] * (m > k)
    return found


def times(case: Case) -> list[str]:
    """When the frames of the strip are, as words."""
    return [f"{t * case.clip.duration_s:.2f} s" for t in _moments(case, strips.LOOKS[0][0])]


def _moments(case: Case, count: int) -> list[float]:
    return strips.around(case.sign.moment_s, case.clip.duration_s, count)


def picture(item: Item, frames: int, side: int, quality: int) -> bytes:
    """The strip of the item's strongest case; b"" where there is nothing to see."""
    case = item.cases[0]
    if case.path is None or item.code == "audio":
        return b""
    try:
        return strips.strip(case.path, _moments(case, frames), side=side, quality=quality)
    except (ClipError, OSError):
        return b""


CURVE = (240, 26)
"""Width and height of a curve, in the units of its drawing."""


def curve(case: Case) -> dict[str, Any]:
    """The trace as the points of a line in `CURVE`, and where the moment lies; {} without one."""
    trace, seconds = case.trace, case.clip.duration_s
    if len(trace) < 3 or seconds <= 0 or max(trace) - min(trace) <= 0:
        return {}
    wide, high = CURVE
    low, span = min(trace), max(trace) - min(trace)
    points = [
        f"{wide * place / (len(trace) - 1):.1f},{high - 2 - (high - 4) * (value - low) / span:.1f}"
        for place, value in enumerate(trace)
    ]
    start, stop = case.sign.moment_s or (0.0, 0.0)
    if stop - start > 0.9 * seconds:  # the whole clip: nothing to point at
        start = stop = 0.0
    return {
        "points": " ".join(points),
        "from": round(wide * start / seconds, 1),
        "width": round(max(1.0, wide * (stop - start) / seconds), 1) if stop else 0,
        "label": f"{low:.3g} to {max(trace):.3g}".replace("-", "−"),
    }


def card(item: Mapping[str, Any]) -> str:
    say = html.escape
    strip = ""
    if item["picture"]:
        data = base64.b64encode(item["picture"]).decode()
        strip = f'<img src="data:image/jpeg;base64,{data}" alt="keyframes of {say(item["scene"])}">'
        moments = "".join(f"<span>{say(text)}</span>" for text in item["times"])
        strip += f"<div class=times>{moments}</div>"
    if line := item["curve"]:
        wide, high = CURVE
        strip += (
            f'<svg viewBox="0 0 {wide} {high}" preserveAspectRatio="none" role="img" '
            f'aria-label="over time, {say(line["label"])}"><rect x="{line["from"]}" y="0" '
            f'width="{line["width"]}" height="{high}"/><polyline points="{line["points"]}"/></svg>'
        )
    words = {"same": "{}", "old": "<del>{}</del>", "new": "<ins>{}</ins>"}
    changed = "".join(words[kind].format(say(text)) for kind, text in item["edited"])
    lone = " One clip alone may be luck: another sample first." if item["is_lone"] else ""
    return (
        f"<figure><figcaption><b>{say(item['arm'])}</b>: {say(item['symptom'])} "
        f"<small>{say(item['sure'])} · evidence {say(item['grade'])} · "
        f"{say(item['spread'])}</small>"
        f"</figcaption>{strip}<p><small>{say(item['evidence'])}</small></p>"
        f"<p>→ {say(item['change'])}.{lone}</p>"
        + (f"<p class=edit>{changed}</p>" if changed else "")
        + "</figure>"
    )


STYLE = """<style>
.promptgrid-advice figure {
  margin: 0 0 1.2em; padding: .2em 0 .2em .9em; border-left: 3px solid #8886; max-width: 56em;
}
.promptgrid-advice img { display: block; width: 100%; margin: .4em 0; border-radius: 3px; }
.promptgrid-advice .times { display: flex; font-size: .72em; opacity: .7; margin-top: -.2em; }
.promptgrid-advice .times span { flex: 1; }
.promptgrid-advice svg { display: block; width: 100%; height: 2em; margin: .3em 0; }
.promptgrid-advice polyline {
  fill: none; stroke: #2f7f86; stroke-width: 1.4; vector-effect: non-scaling-stroke;
}
.promptgrid-advice rect { fill: #c8732c; opacity: .22; }
.promptgrid-advice p { margin: .25em 0; }
.promptgrid-advice small { opacity: .75; }
.promptgrid-advice ins {
  text-decoration: none; background: #2d7a4633; border-radius: 2px; padding: 0 .2em;
}
.promptgrid-advice del { opacity: .55; }
.promptgrid-advice .edit { font-family: serif; }
</style>"""
