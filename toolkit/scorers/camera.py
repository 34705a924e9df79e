"""What the camera did, and whether it is what was asked.

Moves are named by what the *camera* does, and the picture does the opposite: content that moves
right is a pan left, content that turns clockwise a roll anticlockwise. Flow in the picture cannot
tell a pan from a sideways travel, nor a push-in from a zoom: each of these pairs is one word here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.camera import find_moves, opposite
from toolkit.records import CAMERA_MOVES, Metric, Reading, RunSpec
from toolkit.scorers import table
from toolkit.seams import Analysis, Motion

__all__ = [
    "Camera", "Delivered", "Path", "asked_moves", "camera_path", "deliver", "hinted", "match",
]  # fmt: skip

Array = NDArray[np.floating]
_AT_ONCE = 128
TRUSTED = 0.02
"""The share of the picture that must have enough detail to follow."""
SHAKING = 0.008
"""Of a short side: a camera on a stand stays below half of it, one in the hand has twice that."""


@dataclass(frozen=True, eq=False)
class Path:
    """The picture's global motion, pair by pair, in units of the short side (T-1,).

    `right` and `down` are where the content goes, `grow` is log scale and `turn` radians clockwise,
    both halved: then all four are the motion of a point half a short side from the centre. Of the
    points with enough detail (a share `trusted` of all), `steady` go the same way, `exact` at the
    same speed too, in `spread` quarters of the picture; `stuck` is the share of its edge that
    stands still although the fit moves. `ninths` (3, 3) is how far right each ninth of the picture
    went by itself. `shake` is the rms change of speed, eight times a second.
    """

    right: Array
    down: Array
    grow: Array
    turn: Array
    shake: float
    steady: float
    exact: float
    trusted: float
    spread: int
    stuck: float
    ninths: Array

    @property
    def seen(self) -> bool:
        """Whether anything could be measured at all."""
        return self.trusted > TRUSTED

    def total(self) -> dict[str, float]:
        """Net pan (content right), tilt (content down), zoom (in) and roll (content clockwise)."""
        return {
            "pan": float(self.right.sum()),
            "tilt": float(self.down.sum()),
            "zoom": float(self.grow.sum()),
            "roll": float(self.turn.sum()),
        }


def camera_path(clip: Analysis) -> Path:
    """How the picture as a whole moved: a similarity fitted to flow at the trusted grid points.

    Flow between neighbouring frames follows whatever moves most clearly, falling snow too; flow
    over half a second sees only what is still there. So the way from anchor to anchor is taken from
    the long flow, what happens in between from the short one, and cuts are stepped over.
    """
    motion, (_, height, width) = clip.motion, clip.small.shape
    short = min(height, width)
    x = (motion.points[:, 0].astype(np.float32) - (width - 1) / 2) / short
    y = (motion.points[:, 1].astype(np.float32) - (height - 1) / 2) / short
    u, v = np.moveaxis(motion.moves / np.float32(short), 2, 0)
    trusted = motion.textured.copy()
    for cut in clip.cuts:
        trusted[cut - 1] = False
    pairs = _similarity(x, y, u, v, trusted)
    parts = _anchored(pairs, clip)
    far = np.stack([_sampled(clip, a, b, motion) for a, b in parts]) / short
    known = np.stack([trusted[a] for a, _ in parts])
    fits = _similarity(x, y, far[..., 0], far[..., 1], known)
    whole = np.stack([np.r_[u[a:b].sum(axis=0), v[a:b].sum(axis=0)] for a, b in parts])
    summed = np.stack([pairs[a:b].sum(axis=0) for a, b in parts])
    half = len(x)
    agree_far = _near(fits, x, y, far[..., 0], far[..., 1], known, short).mean(axis=1)
    agree_sum = _near(summed, x, y, whole[:, :half], whole[:, half:], known, short).mean(axis=1)
    lost = agree_far < 0.5 * agree_sum  # too far for flow to follow: trust the short steps
    fits[lost] = summed[lost]
    far[lost, :, 0], far[lost, :, 1] = whole[lost, :half], whole[lost, half:]
    steps = pairs.copy()
    for (a, b), fit in zip(parts, fits, strict=True):
        steps[a:b] += (fit - pairs[a:b].sum(axis=0)) / (b - a)
    covered = np.zeros(len(steps), bool)
    for a, b in parts:
        covered[a:b] = True
    steps[~covered] = 0
    steady, exact, spread, stuck = _agreement(fits, x, y, far[..., 0], far[..., 1], known, short)
    return Path(
        right=steps[:, 0],
        down=steps[:, 1],
        grow=0.5 * steps[:, 2],
        turn=0.5 * steps[:, 3],
        shake=_shake(pairs[:, :2], exact, clip, x, y),
        steady=steady,
        exact=exact,
        trusted=float(trusted.mean()),
        spread=spread,
        stuck=stuck,
        ninths=_ninths(fits, x, y, far[..., 0], known),
    )


def _anchored(pairs: Array, clip: Analysis) -> list[tuple[int, int]]:
    """Stretches of at most half a second and an eighth of the picture, none across a cut."""
    going = np.hypot(pairs[:, 0], pairs[:, 1]) + 0.5 * np.hypot(pairs[:, 2], pairs[:, 3])
    cuts = set(clip.cuts)
    parts, start = [], 0
    for t in range(1, len(clip.small)):
        last = t == len(clip.small) - 1
        full = clip.time_s[t] - clip.time_s[start] > 0.45 or going[start:t].sum() > 0.12
        if t in cuts:
            parts.append((start, t - 1))
            start = t
        elif last or full:
            parts.append((start, t))
            start = t
    return [(a, b) for a, b in parts if b > a] or [(0, 1)]


def _sampled(clip: Analysis, first: int, second: int, motion: Motion) -> Array:
    return _at(motion, clip.flow(first, second))


def _at(motion: Motion, flow: Array) -> Array:
    columns, rows = motion.points.astype(int).T
    sampled: Array = flow[rows, columns].astype(np.float32)
    return sampled


def _shake(shifts: Array, exact: float, clip: Analysis, x: Array, y: Array) -> float:
    """The rms second difference of the path, sampled eight times a second (short sides).

    Rain between the camera and the scene shakes the flow from frame to frame. So where much moves
    by itself and a shake is seen, the samples are compared once more, each as the median of three
    frames: what falls is gone from a pixel by the next frame.
    """
    at = np.arange(0, clip.time_s[-1] + 1e-9, 1 / 8)
    if len(at) < 4:
        return 0.0
    path = np.concatenate([np.zeros((1, 2)), shifts.cumsum(axis=0)])
    where = np.stack([np.interp(at, clip.time_s, axis) for axis in path.T], axis=1)
    shake = _rms(np.diff(where, 2, axis=0))
    if shake < 0.5 * SHAKING or exact > 0.85:
        return shake
    import cv2

    from toolkit.video.flow import Flow

    follow, small, motion = Flow(), clip.small, clip.motion
    frames = np.unique(np.abs(clip.time_s[:, None] - at).argmin(axis=0))
    frames = frames[(frames > 0) & (frames < len(small) - 1)]
    if len(frames) < 3:
        return shake
    calm = []
    for t in frames:
        low, high = cv2.min(small[t - 1], small[t]), cv2.max(small[t - 1], small[t])
        calm.append(cv2.max(low, cv2.min(high, small[t + 1])))
    flow = np.stack([_at(motion, follow(a, b)) for a, b in pairwise(calm)])
    flow /= min(small.shape[1:])
    fit = _similarity(x, y, flow[..., 0], flow[..., 1], motion.textured[frames[:-1]])
    return min(shake, _rms(np.diff(fit[:, :2], axis=0)))


def _rms(change: Array) -> float:
    return float(np.sqrt((change**2).sum(axis=1).mean()))


def _similarity(x: Array, y: Array, u: Array, v: Array, trusted: NDArray[np.bool_]) -> Array:
    """(P, 4): shift right, shift down, growth and turn of each pair; zeros where nothing is known.

    u = right + growth x - turn y, v = down + growth y + turn x: the linear form of a small
    similarity, whose growth is log scale and whose turn is clockwise on the screen.
    """
    if len(u) > _AT_ONCE:  # a long clip takes no more memory than a short one
        parts = [slice(k, k + _AT_ONCE) for k in range(0, len(u), _AT_ONCE)]
        return np.concatenate([_similarity(x, y, u[p], v[p], trusted[p]) for p in parts])
    fit = np.zeros((len(u), 4))
    known = np.flatnonzero(trusted.sum(axis=1) >= 8)
    if not len(known):
        return fit
    u, v, trusted = u[known], v[known], trusted[known]
    ones, position = trusted.astype(np.float32), np.stack([x, y, x * x + y * y])
    best = np.zeros((len(known), 4))
    best[:, 0], best[:, 1] = _median(u, trusted), _median(v, trusted)
    floor = 0.08 / 144  # of a short side: what flow is good for
    for turn_no in range(6):
        du, dv = _residual(best, x, y, u, v)
        off = np.hypot(du, dv)
        if turn_no < 3:  # by then the scale of what is left over is known
            scale = np.maximum(1.5 * _median(off, trusted), floor)[:, None]
        w = ones / (1 + (off / scale) ** 2)
        wu, wv, total = w * u, w * v, w.sum(axis=1)
        mx, my, square = (w @ position.T / total[:, None]).T
        mu, mv = wu.sum(axis=1) / total, wv.sum(axis=1) / total
        size = np.maximum(square - mx * mx - my * my, 1e-9)
        grow = ((wu @ x + wv @ y) / total - mx * mu - my * mv) / size
        turn = ((wv @ x - wu @ y) / total - mx * mv + my * mu) / size
        right, down = mu - grow * mx + turn * my, mv - grow * my - turn * mx
        best = np.stack([right, down, grow, turn], axis=1)
    fit[known] = best
    return fit


def _median(values: Array, trusted: NDArray[np.bool_]) -> Array:
    """Of each row, over its trusted points; a row has at least one."""
    ordered = np.sort(np.where(trusted, values, np.inf), axis=1)
    middle: Array = ordered[np.arange(len(values)), (trusted.sum(axis=1) - 1) // 2]
    return middle


def _residual(fit: Array, x: Array, y: Array, u: Array, v: Array) -> tuple[Array, Array]:
    right, down, grow, turn = (part[:, None] for part in fit.T)
    return u - (right + grow * x - turn * y), v - (down + grow * y + turn * x)


def _near(
    fit: Array, x: Array, y: Array, u: Array, v: Array, trusted: NDArray[np.bool_], short: int
) -> NDArray[np.bool_]:
    """Which trusted points end up about where the fit says."""
    du, dv = _residual(fit, x, y, u, v)
    said = np.hypot(u - du, v - dv)
    return trusted & (np.hypot(du, dv) <= 0.5 / short + 0.2 * said)


def _agreement(
    fit: Array, x: Array, y: Array, u: Array, v: Array, trusted: NDArray[np.bool_], short: int
) -> tuple[float, float, int, float]:
    """How much of the picture goes along: the share of trusted points, the share of those that go
    exactly where the fit says, the quarters they lie in, and the share of the picture's edge that
    stands still while the rest is said to move.

    A point goes along when it ends up near where the fit says, or went the same way at another
    speed, as near and far things do before a camera that travels.
    """
    if not trusted.any():
        return 0.0, 0.0, 0, 0.0
    du, dv = _residual(fit, x, y, u, v)
    said_u, said_v = u - du, v - dv
    gone, said = np.hypot(u, v), np.hypot(said_u, said_v)
    noise = 0.5 / short
    near = _near(fit, x, y, u, v, trusted, short)
    same_way = u * said_u + v * said_v >= 0.9 * gone * said
    alike = same_way & (gone >= 0.35 * said) & (gone <= 3 * said) & (said > noise)
    follows = trusted & (near | alike)
    quarters = 0
    for right in (x < 0, x >= 0):
        for low in (y < 0, y >= 0):
            here = right & low
            least = max(trusted[:, here].sum(), 4 * len(fit))
            quarters += bool(follows[:, here].sum() >= 0.25 * least)
    edge = (np.abs(x) > 0.75 * np.abs(x).max()) | (np.abs(y) > 0.75 * np.abs(y).max())
    judged = (trusted & (said > 3 * noise))[:, edge]
    still = (gone < noise)[:, edge] & judged
    stuck = float(still.sum() / judged.sum()) if judged.sum() > 20 else 0.0
    total = trusted.sum()
    return float(follows.sum() / total), float(near.sum() / total), quarters, stuck


def _ninths(fit: Array, x: Array, y: Array, u: Array, trusted: NDArray[np.bool_]) -> Array:
    """(3, 3): how far right each ninth of the picture went, growth and turn taken out.

    NaN where too little can be trusted.
    """
    _, _, grow, turn = (part[:, None] for part in fit.T)
    own = np.where(trusted, u - grow * x + turn * y, 0)
    often = trusted.mean(axis=0) > 0.5
    gone = own.sum(axis=0) / np.maximum(trusted.mean(axis=0), 1e-9)
    found = np.full((3, 3), np.nan)
    row = np.minimum((3 * (y - y.min()) / (np.ptp(y) + 1e-9)).astype(int), 2)
    column = np.minimum((3 * (x - x.min()) / (np.ptp(x) + 1e-9)).astype(int), 2)
    for r in range(3):
        for c in range(3):
            here = often & (row == r) & (column == c)
            if here.sum() >= 4:
                found[r, c] = np.median(gone[here])
    return found


@dataclass(frozen=True)
class Delivered:
    """What was seen: `move` is the main one, `moves` all of them, `sure` in 0..1."""

    move: str
    moves: tuple[str, ...]
    strength: float
    sure: float
    shake: float
    net: dict[str, float]
    why: str = ""


@dataclass(frozen=True)
class Camera:
    """Thresholds in short sides over the whole clip; see `deliver` and `match`.

    Named and validated on clips with known moves: synthetic paths, the simulator's (`python -m
    tests.truth camera` prints who is taken for whom), and AnimateDiff's motion modules.
    """

    name: ClassVar[str] = "camera"
    version: ClassVar[str] = "3"
    where: ClassVar[Literal["worker", "main"]] = "worker"
    metrics: ClassVar[Mapping[str, Metric]] = table(
        [
            Metric(
                "camera_motion",
                unit="short sides",
                low=0,
                evidence="A",
                description="The main camera move (the label) and how far it went. Pan and "
                "sideways travel are one word, push-in and zoom-in too. An orbit is weak "
                "evidence (C): near things that lag tell it from a pan, and where the picture has "
                "no depth nothing does.",
            ),
            Metric(
                "camera_match",
                unit="",
                low=-1,
                high=1,
                direction="higher",
                evidence="A",
                description="The move asked for against the one seen: 1 the same, 0.5 among "
                "others, 0 another, -1 reversed. An orbit is weak evidence (C), and unscored where "
                "a pan is seen.",
            ),
            Metric(
                "shake",
                unit="short sides",
                low=0,
                evidence="B",
                description="Unsteadiness: the rms change of the camera's speed, eight times a "
                "second. Lower is better unless handheld was asked for.",
            ),
            Metric(
                "camera_pan",
                unit="short sides",
                evidence="A",
                description="Net pan to the right; the trace is the path.",
            ),
            Metric(
                "camera_tilt",
                unit="short sides",
                evidence="A",
                description="Net tilt up; the trace is the path.",
            ),
            Metric(
                "camera_zoom",
                unit="half log scale",
                evidence="A",
                description="Net push or zoom in; the trace is the path.",
            ),
            Metric(
                "camera_roll",
                unit="half radians",
                evidence="A",
                description="Net roll of the camera, clockwise; the trace is the path.",
            ),
        ]
    )
    still: float = 0.02
    slight: float = 0.05
    named: float = 0.03
    share: float = 0.35
    shaking: float = SHAKING
    coherent: float = 0.5
    lag: float = 0.47
    sure_enough: float = 0.3

    def __call__(self, clip: Analysis, spec: RunSpec) -> Mapping[str, Reading]:
        if len(clip.small) < 3:
            return dict.fromkeys(self.metrics, Reading(None, note="fewer than 3 frames"))
        if not len(clip.motion.points):
            return dict.fromkeys(self.metrics, Reading(None, note="too narrow to see a move in"))
        path = camera_path(clip)
        seen = deliver(path, self)
        sure = round(seen.sure, 3)
        notes = [seen.why] if seen.why else []
        if seen.move in _ORBITS:
            notes.append(WEAK)
        if seen.strength < self.slight and seen.move not in ("static", "handheld"):
            notes.append("slight")
        if others := [m for m in seen.moves if m != seen.move]:
            notes.append(f"also {', '.join(others)}")
        label = seen.move
        if seen.sure < self.sure_enough:
            label = "uncertain"
            notes.insert(0, f"perhaps {seen.move}")
        axes = {
            "camera_pan": -path.right,
            "camera_tilt": path.down,
            "camera_zoom": path.grow,
            "camera_roll": -path.turn,
        }
        readings = {
            "camera_motion": Reading(
                seen.strength, label=label, confidence=sure, note="; ".join(notes)
            ),
            "shake": Reading(seen.shake, confidence=sure),
        } | {
            name: Reading(float(steps.sum()), confidence=sure, trace=_path(steps))
            for name, steps in axes.items()
        }
        if not path.seen:  # the zeros of a picture without detail are no measurement
            readings = {
                name: replace(reading, value=None, note=reading.note or seen.why, trace=None)
                for name, reading in readings.items()
            }
        found = match(asked_moves(spec), seen, self, hints=hinted(spec))
        return {"camera_motion": readings.pop("camera_motion"), "camera_match": found} | readings


def _path(steps: Array) -> list[float]:
    return [0.0, *steps.cumsum().round(5).tolist()]


def deliver(path: Path, settings: Camera | None = None) -> Delivered:
    """Name what the camera did.

    Every part of the net motion of at least `named`, and of `share` of the largest, is a move; the
    largest is the main one; all below `still` is static. Shaking without net motion is handheld,
    shaking on top of a move is a second label.
    """
    settings = settings or Camera()
    net = path.total()
    names = {
        "pan": ("pan_left", "pan_right"),
        "tilt": ("tilt_up", "tilt_down"),
        "zoom": ("push_in", "pull_out"),
        "roll": ("roll_ccw", "roll_cw"),
    }
    sizes = {axis: abs(value) for axis, value in net.items()}
    order = sorted(sizes, key=sizes.__getitem__, reverse=True)
    first, second = sizes[order[0]], sizes[order[1]]
    moves = [
        names[axis][net[axis] < 0]
        for axis in order
        if sizes[axis] >= max(settings.named, settings.share * first)
    ]
    shaking = path.shake >= settings.shaking and path.exact >= settings.coherent
    strength = first
    orbit, lag = _orbit(path, sizes)
    around = lag >= settings.lag
    margin = min(1.0, 2 * (first - second) / first) if first >= settings.named else 1.0
    if around:
        moves = ["orbit_right" if orbit > 0 else "orbit_left"]
        strength = abs(orbit)
    elif shaking and first < settings.slight:
        moves, strength, margin = ["handheld"], path.shake, 1.0
    elif shaking:
        moves.append("handheld")
    elif first < settings.slight:
        moves = (moves or [names[order[0]][net[order[0]] < 0]]) if first >= settings.still else []
        moves.append("static")
        margin = min(1.0, 0.4 + abs(first - settings.still) / settings.still)
    if around:
        sure, why = _sure(replace(path, steady=1.0, exact=1.0), strength, min(0.6, lag - 0.15))
    else:
        sure, why = _sure(path, strength, margin)
    if not around and lag > 0.5 * settings.lag and sure > 0.25:  # no pan or travel does that
        sure, why = 0.25, "near and far things part, perhaps an orbit"
    return Delivered(moves[0], tuple(moves), strength, sure, path.shake, net, why)


def _orbit(path: Path, sizes: Mapping[str, float]) -> tuple[float, float]:
    """How far what is behind the subject went right, and by which share of that the near things
    lag behind it; (0, 0) where the picture does not part as it does in an orbit.

    Around a subject that stays where it is, what is behind it (mostly higher up) goes with the
    camera and what is before it (lower down) stays or goes against. A pan moves both alike, and
    travelling sideways moves the lower part more: that near things *lag* is an orbit's own sign.
    Clouds, water or a passing train before a still camera leave the rest of the upper part alone.
    """
    *upper, near = path.ninths
    behind = np.concatenate(upper)
    behind, near = behind[np.isfinite(behind)], near[np.isfinite(near)]
    if len(behind) < 3 or len(near) < 2 or path.exact > 0.75:
        return 0.0, 0.0
    way = float(np.sign(behind.sum()))
    far = float(np.sort(way * behind)[-2:].mean())
    others = max(sizes["tilt"], sizes["zoom"], sizes["roll"])
    goes_round = (way * behind >= 0.25 * far).mean() >= 0.8 and (way * behind).min() > -0.02
    if far < 0.04 or sizes["pan"] < 1.3 * others or far < 1.6 * others or not goes_round:
        return 0.0, 0.0
    last = max(float(np.median(way * near)), 0.75 * float((way * near).max()))
    lag = 1 - last / float(np.median(way * behind))
    return way * far, max(0.0, lag)


def _sure(path: Path, strength: float, margin: float) -> tuple[float, str]:
    """How far the name can be trusted, and the reason where it cannot."""
    reasons = {
        "too little detail in the picture": np.clip((path.trusted - TRUSTED) / 0.1, 0, 1),
        "what moves by itself hides the camera": np.clip((path.steady - 0.4) / 0.3, 0, 1),
        "the edges stand still while something large moves": 1 - np.clip(path.stuck / 0.3, 0, 1),
        "something large passes by": 1.0 if path.exact > 0.6 else np.clip(2 - strength / 1.5, 0, 1),
        "only part of the picture goes along": (0.1, 0.1, 0.4, 0.85, 1.0)[path.spread],
        "several moves at once": max(margin, 0.3),
    }
    why = min(reasons, key=lambda reason: reasons[reason])
    sure = float(reasons[why])
    return sure, why if sure < 0.5 else ""


def _words(spec: RunSpec) -> str:
    asked = spec.params.get("camera_motion")
    if isinstance(asked, str) and asked:
        word = asked.strip().lower().replace(" ", "_").replace("-", "_")
        return word if word in CAMERA_MOVES else asked
    return spec.prompt


def asked_moves(spec: RunSpec) -> tuple[str, ...]:
    """The moves a spec names outright: in the parameter, or else in the words of the prompt."""
    named = [mention.move for mention in find_moves(_words(spec)) if mention.exact]
    return tuple(dict.fromkeys(named))


def hinted(spec: RunSpec) -> tuple[str, ...]:
    """The words that only hint at a move ("following"), where none is named outright."""
    text = _words(spec)
    mentions = find_moves(text)
    if any(mention.exact for mention in mentions):
        return ()
    return tuple(text[mention.start : mention.end] for mention in mentions)


def match(
    asked: Sequence[str],
    seen: Delivered,
    settings: Camera | None = None,
    *,
    hints: Sequence[str] = (),
) -> Reading:
    """1 for the main move, 0.5 for one of the others, -1 for a reversed one, 0 for anything else.

    Of several moves asked for, the mean. None where none was asked for, or the eye is not sure, or
    the words only hinted at a move: "following" is kept by a push-in and by a pan.
    """
    settings = settings or Camera()
    found = " with ".join(seen.moves)
    if not asked:
        words = " and ".join(repr(word) for word in hints)
        note = f"{words} only hints at a move; seen {found}" if hints else ""
        return Reading(None, note=note or "no camera move was asked for")
    said = f"asked {' and '.join(asked)}, seen {found}"
    why = seen.why if seen.sure < settings.sure_enough else _doubt(asked, seen)
    if seen.sure < settings.sure_enough or why:
        note = f"{said}; {why}" if why else said
        return Reading(None, label="uncertain", confidence=round(seen.sure, 3), note=note)
    values = [_match_one(move, seen) for move in asked]
    value = float(np.mean(values))
    label = "match" if value == 1 else "reversed" if min(values) < 0 else None
    label = label or ("partial" if value > 0 else "missed")
    if _ORBITS.intersection((*asked, seen.move)):
        said = f"{said}; {WEAK}"
    return Reading(value, label=label, confidence=round(seen.sure, 3), note=said)


_ORBITS = frozenset({"orbit_left", "orbit_right"})
_PANS = frozenset({"pan_left", "pan_right"})
WEAK = "an orbit is weak evidence (C)"


def _doubt(asked: Sequence[str], seen: Delivered) -> str:
    """Where little depth is in the picture an orbit is a pan, and either may be taken for the
    other."""
    around, across = _ORBITS.intersection(asked), _PANS.intersection(asked)
    alike = (around and seen.move in _PANS) or (across and seen.move in _ORBITS)
    return "an orbit and a pan look much alike" if alike else ""


def _match_one(move: str, seen: Delivered) -> float:
    if move == seen.move:
        return 1.0
    if opposite(move) == seen.move:
        return -1.0
    return 0.5 if move in seen.moves else 0.0


scorer = Camera()
