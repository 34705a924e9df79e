"""Charts: arms as a forest of intervals, twins joined by lines, cost against quality; of one clip
the way of its camera, and a score over time above its frames.

The only file that knows matplotlib. Figures are made without pyplot, so no backend is chosen and
nothing is shown by accident. `svg` gives one picture for light and dark paper: its ink follows the
reader's colour scheme.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from toolkit.columns import resolve, resolve_all
from toolkit.exports._show import need, plain, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["camera_path", "cost_quality", "forest", "paired", "png", "svg", "trace"]

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


AXES = {
    "pan": "pan, right is up",
    "tilt": "tilt, up is up",
    "zoom": "push in is up",
    "roll": "roll, clockwise is up",
}
_WAYS = {
    "pan_right": ("pan", 1), "pan_left": ("pan", -1), "tilt_up": ("tilt", 1),
    "tilt_down": ("tilt", -1), "push_in": ("zoom", 1), "pull_out": ("zoom", -1),
    "roll_cw": ("roll", 1), "roll_ccw": ("roll", -1), "orbit_right": ("pan", 1),
    "orbit_left": ("pan", -1),
}  # fmt: skip


def camera_path(
    paths: Mapping[str, Sequence[float]],
    *,
    duration_s: float,
    asked: Sequence[str] = (),
    seen: str = "",
    title: str = "",
    note: str = "",
) -> Figure:
    """Where the camera went, axis by axis, against the moves that were asked for.

    `paths` are the cumulative pan, tilt, zoom and roll, one value a frame, in short sides of the
    picture. A move asked for is a dashed line in its direction: no service is told how far, so it
    is drawn as long as the longest way that was gone. Axes that stand still and were not asked for
    are left out of the legend.
    """
    unknown = sorted(set(paths) - set(AXES))
    if unknown:
        raise ValueError(f"no axis {unknown[0]!r}; there are: {', '.join(AXES)}")
    fig, ax = _figure(height=3.2)
    reach = max([0.05, *(abs(float(x)) for way in paths.values() for x in way)])
    wanted = [(move, *_WAYS[move]) for move in asked if move in _WAYS]
    for place, (axis, name) in enumerate(AXES.items()):
        way = np.asarray(paths.get(axis, ()), float)
        if not len(way):
            continue
        quiet = float(np.abs(way).max()) < 0.02 and axis not in {a for _, a, _ in wanted}
        times = np.linspace(0, duration_s, len(way))
        ax.plot(times, way, color=FAINT if quiet else COLOURS[place], lw=1 if quiet else 2.2,
                alpha=0.6 if quiet else 1, label=None if quiet else name)  # fmt: skip
    for move, axis, sign in wanted:
        colour = COLOURS[list(AXES).index(axis)]
        ax.plot([0, duration_s], [0, sign * reach], color=colour, lw=1.4, ls=(0, (4, 3)),
                label=f"asked: {move.replace('_', ' ')}")  # fmt: skip
    if "static" in asked:
        ax.axhspan(-0.02, 0.02, color=RULE, alpha=0.5, lw=0, label="asked: static")
    ax.axhline(0, color=RULE, lw=0.8, zorder=0)
    ax.set_ylim(-1.15 * reach, 1.15 * reach)
    ax.set_xlim(0, duration_s)
    ax.grid(axis="y", color=RULE, lw=0.5, alpha=0.6)
    if ax.get_legend_handles_labels()[0]:
        fig.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=4, labelcolor=INK)
    if seen:
        title = f"{title} · seen: {seen.replace('_', ' ')}" if title else f"seen: {seen}"
    return _finish(
        fig, ax, title=title, xlabel="seconds", ylabel="way gone, short sides", note=note
    )


def trace(
    values: Sequence[float],
    *,
    duration_s: float,
    frames: Sequence[Any] = (),
    times_s: Sequence[float] = (),
    twins: Sequence[Sequence[float]] = (),
    title: str = "",
    ylabel: str = "",
    note: str = "",
) -> Figure:
    """A score over time, above the clip's frames at their moments.

    `values` has one number a frame or pair of frames. `frames` are (H, W, 3) RGB pictures of the
    moments `times_s`, shown under the line in that order; `twins` are faint lines.
    """
    if len(frames) != len(times_s):
        raise ValueError(f"{len(frames)} frames and {len(times_s)} moments; one moment a frame")
    fig, ax, below = _above_pictures(frames)
    for number, other in enumerate(twins):
        ax.plot(np.linspace(0, duration_s, len(other)), np.asarray(other, float), color=FAINT,
                lw=0.9, alpha=0.55, label=None if number else "its twins")  # fmt: skip
    ax.plot(np.linspace(0, duration_s, len(values)), np.asarray(values, float), color=COLOURS[0],
            lw=1.9, label="this clip" if len(twins) else None)  # fmt: skip
    ax.set_xlim(0, duration_s)
    ax.margins(y=0.12)
    ax.grid(axis="y", color=RULE, lw=0.5, alpha=0.6)
    if len(twins):
        ax.legend(frameon=False, fontsize=9, loc="upper right", labelcolor=INK, ncols=2)
    for cell, image, moment in zip(below, frames, times_s, strict=True):
        cell.imshow(np.asarray(image), aspect="equal", interpolation="antialiased")
        cell.set_axis_off()
        cell.set_title(f"{moment:.2f} s", color=FAINT, size=8, pad=2)
        ax.axvline(moment, color=RULE, lw=0.8, zorder=0)
    fig = _finish(fig, ax, title=title, ylabel=ylabel, note=note)
    if len(frames):  # photographs: a notebook would carry ten times as much as PNG
        del fig.__dict__["_repr_png_"]
        fig.__dict__["_repr_jpeg_"] = lambda: _jpeg(fig)
    return fig


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


def _jpeg(fig: Figure) -> bytes:
    buffer = io.BytesIO()
    settings = {"quality": 78}
    fig.savefig(buffer, format="jpg", dpi=80, facecolor="white", pil_kwargs=settings)
    return buffer.getvalue()


# ---------------------------------------------------------------- style


def _figure(*, height: float, width: float = 7.2) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    fig = Figure(figsize=(width, height), layout="constrained")
    return fig, _styled(fig.add_subplot())


def _above_pictures(pictures: Sequence[Any]) -> tuple[Figure, Axes, list[Axes]]:
    """A wide figure with a place for a line, and below it one for each picture."""
    from matplotlib.figure import Figure

    if not len(pictures):
        fig, ax = _figure(height=2.4, width=8.2)
        return fig, ax, []
    high, wide = pictures[0].shape[:2]
    tall = 8.2 / len(pictures) * high / wide + 0.25
    fig = Figure(figsize=(8.2, 2.5 + tall), layout="constrained")
    parts = fig.add_gridspec(2, len(pictures), height_ratios=[2.5, tall], wspace=0.02)
    below = [fig.add_subplot(parts[1, place]) for place in range(len(pictures))]
    return fig, _styled(fig.add_subplot(parts[0, :])), below


def _styled(ax: Axes) -> Axes:
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(RULE)
    ax.tick_params(colors=FAINT, labelsize=9, length=3, width=0.6)
    ax.set_axisbelow(True)
    return ax


def _finish(
    fig: Figure, ax: Axes, *, title: str, xlabel: str = "", ylabel: str = "", note: str = ""
) -> Figure:
    if title:
        ax.set_title(_name(title, 90), loc="left", color=INK, size=11.5, weight="bold", pad=10)
    ax.set_xlabel(_name(xlabel, 90), color=FAINT, size=9)
    ax.set_ylabel(_name(ylabel, 60), color=FAINT, size=9)
    if note:
        fig.supxlabel(_name(note, 140), color=FAINT, size=8, x=0.01, ha="left")
    fig.__dict__["_repr_png_"] = lambda: png(fig, dpi=80)  # a notebook shows it, without pyplot
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
