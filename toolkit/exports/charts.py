"""Charts of arms: a forest of intervals, twins joined by lines, cost against quality.

The only file that knows matplotlib. Figures are made without pyplot, so no backend is chosen and
nothing is shown by accident. `svg` gives one picture for light and dark paper: its ink follows the
reader's colour scheme.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from toolkit.columns import resolve, resolve_all
from toolkit.exports._show import need, plain, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["cost_quality", "forest", "paired", "png", "svg"]

INK, FAINT, RULE = "#4a5058", "#767d86", "#b9bec5"
"""Greys that can be read on white and on near-black."""

COLOURS = ("#2f7f86", "#c8732c", "#7a68b3", "#5f8f3e", "#b5527a", "#4677b8", "#97803a", "#6b747d")
"""Told apart by those who do not see red and green alike too; each series has its own marker."""

MARKERS = "osD^vPX*"

_ON_DARK = ("#6cc2c8", "#e9a066", "#ac9ae0", "#94c274", "#e08bac", "#82aee6", "#cdb468", "#a3acb5")
_DARK = {INK: "#c9ced6", FAINT: "#939aa4", RULE: "#4b525b"} | dict(
    zip(COLOURS, _ON_DARK, strict=True)
)


def forest(
    df: pd.DataFrame,
    *,
    label: str | None = None,
    value: str = "value",
    low: str = "low",
    high: str = "high",
    title: str = "",
    xlabel: str = "",
    reference: float | None = None,
    note: str = "",
) -> Figure:
    """One line an arm, in the order of `df`: a dot at `value`, a bar from `low` to `high`.

    `label` is the column of names (by default the first), `reference` a dashed line, such as 0 for
    differences. A value without an interval is a hollow dot.
    """
    label = label or str(df.columns[0])
    need(df, (label, value, low, high), "a forest plot")
    fig, ax = _figure(height=0.75 + 0.38 * max(1, len(df)) + (0.3 if title else 0))
    places = np.arange(len(df))[::-1]
    if reference is not None:
        ax.axvline(reference, color=FAINT, lw=1, ls=(0, (4, 3)), zorder=0)
    values = [_float(v) for v in df[value]]
    ends = list(zip(map(_float, df[low]), map(_float, df[high]), strict=True))
    digits = _places([n for n in (*values, *itertools.chain(*ends)) if np.isfinite(n)])
    for place, middle, (left, right) in zip(places, values, ends, strict=True):
        known = np.isfinite(left) and np.isfinite(right)
        if known:
            ax.plot([left, right], [place, place], color=COLOURS[0], lw=2.4, solid_capstyle="round")
        face = COLOURS[0] if known else "none"
        ax.plot(middle, place, "o", ms=7, mfc=face, mec=COLOURS[0], mew=1.6)
        text = f"{middle:.{digits}f}"
        text += f"  [{left:.{digits}f}, {right:.{digits}f}]" if known else ""
        ax.annotate(
            text, (1.02, place), xycoords=("axes fraction", "data"), va="center", color=INK, size=9
        )
    ax.set_yticks(places, [_name(text) for text in df[label]])
    ax.set_ylim(-0.6, max(1, len(df)) - 0.4)
    ax.tick_params(axis="y", length=0, labelsize=10, labelcolor=INK)
    ax.grid(axis="x", color=RULE, lw=0.5, alpha=0.6)
    return _finish(fig, ax, title=title, xlabel=xlabel, note=note)


def paired(
    df: pd.DataFrame,
    by: str,
    of: str,
    *,
    block: str | Sequence[str] = ("prompt.scene", "model", "sample"),
    title: str = "",
    ylabel: str = "",
    note: str = "",
) -> Figure:
    """A score by arm, one thin line through the twins of a block, the means on top.

    Lines that rise together show an effect that holds across scenes; crossing lines show luck. Runs
    of one block and arm are averaged first; simulated and real ones have means of their own.
    """
    by, of = resolve(by, df.columns), resolve(of, df.columns)
    rows = df[df[of].notna()].assign(_arm=df[by].fillna("–").astype(str))
    blocks = [b for b in resolve_all(block, df.columns) if b != by]
    arms = list(dict.fromkeys(df[by].fillna("–").astype(str)))
    fig, ax = _figure(height=3.4, width=max(4.2, min(8.5, 1.6 * len(arms) + 2)))
    x = np.arange(len(arms))
    simulated = rows["simulated"].fillna(False).astype(bool) if "simulated" in rows else None
    kinds = [("", rows)] if simulated is None else [
        (name, rows[simulated == kind])
        for kind, name in ((False, "real"), (True, "simulated")) if (simulated == kind).any()
    ]  # fmt: skip
    names = [_name(arm, 24) for arm in arms]
    for place, (kind, some) in enumerate(kinds):
        twins = some.groupby([*blocks, "_arm"], dropna=False)[of].mean().unstack("_arm")
        twins = twins.reindex(columns=arms)
        for line in twins.to_numpy(float):
            ax.plot(x, line, color=FAINT, lw=0.9, alpha=0.55, marker="o", ms=3, zorder=1)
        means = twins.mean().to_numpy(float)
        ax.plot(x, means, color=COLOURS[place], lw=2.2, marker=MARKERS[place], ms=8, zorder=3,
                label=kind)  # fmt: skip
        digits = _places([mean for mean in means if np.isfinite(mean)])
        for arm, mean in enumerate(means):
            said = f"mean {mean:.{digits}f}" if np.isfinite(mean) else "no score"
            names[arm] += f"\n{kind + ' ' if len(kinds) > 1 else ''}{said}"
    if len(arms) > 6:  # side by side they would run into each other
        slanted = [name.replace("\n", " · ") for name in names]
        ax.set_xticks(x, slanted, color=INK, rotation=35, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks(x, names, color=INK)
    if len(kinds) > 1:
        fig.legend(frameon=False, fontsize=9, loc="outside upper right", ncols=2, labelcolor=INK)
    ax.set_xlim(-0.4, len(arms) - 0.4)
    ax.margins(y=0.15)
    ax.grid(axis="y", color=RULE, lw=0.5, alpha=0.6)
    return _finish(fig, ax, title=title, ylabel=ylabel or of, note=note)


def cost_quality(
    df: pd.DataFrame,
    *,
    cost: str,
    quality: str,
    label: str | None = None,
    colour: str | None = None,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    note: str = "",
) -> Figure:
    """One dot an arm: what it cost across, how good it was up. Up and to the left is better value.

    `colour` names the column whose values get their own colour and marker.
    """
    label = label or str(df.columns[0])
    need(df, (label, cost, quality, *([colour] if colour else [])), "a cost chart")
    fig, ax = _figure(height=3.6, width=7.2)
    rows = df[df[cost].notna() & df[quality].notna()]
    kinds = list(dict.fromkeys(rows[colour].astype(str))) if colour else [""]
    for place, kind in enumerate(kinds):
        some = rows[rows[colour].astype(str) == kind] if colour else rows
        ax.plot(
            some[cost].to_numpy(float), some[quality].to_numpy(float),
            MARKERS[place % len(MARKERS)], ms=9, color=COLOURS[place % len(COLOURS)],
            mec="none", alpha=0.9, label=_name(kind), ls="none",
        )  # fmt: skip
    _label_points(ax, [_name(text, 26) for text in rows[label]],
                  rows[cost].to_numpy(float), rows[quality].to_numpy(float))  # fmt: skip
    if len(kinds) > 1:
        fig.legend(frameon=False, fontsize=9, loc="outside upper right", ncols=4, labelcolor=INK)
    ax.margins(x=0.2, y=0.2)
    ax.set_xlim(left=0)
    ax.grid(color=RULE, lw=0.5, alpha=0.6)
    return _finish(fig, ax, title=title, xlabel=xlabel or cost, ylabel=ylabel or quality, note=note)


def svg(fig: Figure) -> bytes:
    """`fig` as an SVG on no ground, whose colours follow the reader's light or dark scheme."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue().decode()
    light = "".join(f"--c{i}:{ink};" for i, ink in enumerate(_DARK))
    dark = "".join(f"--c{i}:{ink};" for i, ink in enumerate(_DARK.values()))
    for place, ink in enumerate(_DARK):
        text = text.replace(ink, f"var(--c{place})")
    head, tag, rest = text.partition("<defs>")
    style = f"<style>svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"
    return f"{head}{style}{tag}{rest}".encode()


def png(fig: Figure, *, dpi: int = 160) -> bytes:
    """`fig` as a PNG on white."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


# ---------------------------------------------------------------- style


def _figure(*, height: float, width: float = 7.2) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    fig = Figure(figsize=(width, height), layout="constrained")
    ax = fig.add_subplot()
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(RULE)
    ax.tick_params(colors=FAINT, labelsize=9, length=3, width=0.6)
    ax.set_axisbelow(True)
    return fig, ax


def _finish(
    fig: Figure, ax: Axes, *, title: str, xlabel: str = "", ylabel: str = "", note: str = ""
) -> Figure:
    if title:
        ax.set_title(_name(title, 90), loc="left", color=INK, size=11.5, weight="bold", pad=10)
    ax.set_xlabel(_name(xlabel, 90), color=FAINT, size=9)
    ax.set_ylabel(_name(ylabel, 60), color=FAINT, size=9)
    if note:
        fig.supxlabel(_name(note, 140), color=FAINT, size=8, x=0.01, ha="left")
    return fig


def _name(text: Any, limit: int = 40) -> str:
    """`text` for a chart: one line, no `$` that matplotlib would read as mathematics."""
    return short(plain(str(text)), limit).replace("$", r"\$")


def _label_points(ax: Axes, texts: list[str], xs: Any, ys: Any) -> None:
    """Names beside their dots, on the side that is free."""
    for place, text in enumerate(texts):
        higher = sum(1 for x, y in zip(xs, ys, strict=True) if x >= xs[place] and y > ys[place])
        right = xs[place] <= np.median(xs)
        ax.annotate(
            text, (xs[place], ys[place]), textcoords="offset points", color=INK, size=9,
            xytext=(9 if right else -9, -3 if higher else 4), va="center",
            ha="left" if right else "right",
        )  # fmt: skip


def _places(values: Sequence[float]) -> int:
    """Decimals that show three digits of the largest of `values`."""
    largest = max((abs(value) for value in values), default=1.0) or 1.0
    return max(0, 2 - math.floor(math.log10(largest)))


def _float(value: Any) -> float:
    return float("nan") if value is None or value is pd.NA else float(value)
