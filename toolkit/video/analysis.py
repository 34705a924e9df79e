"""One decode pass over a clip, shared by the thumbnails and by every scorer.

The pass keeps little: luma at 256 px of every frame, colour at 320 px of the `K` frames that are
shown, larger luma of a few. Flow, differences and the rest are made from these when first asked
for.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.errors import ClipError, ScoreError
from toolkit.records import Clip, Reading, RunSpec
from toolkit.seams import Motion, Scorer
from toolkit.video import planes, thumbs
from toolkit.video.container import LIMITS, Limits, Source, opened
from toolkit.video.flow import Flow

__all__ = [
    "RECIPE", "SMALL_PX", "DecodePass", "decode", "finished", "measure", "order", "run",
    "sha256_of",
]  # fmt: skip

SMALL_PX = 256
DETAIL_PX = 640
NUM_DETAIL = 8
GRID_PX = 8
CUT_REPEAT, CUT_STEP, CUT_RATIO, CUT_UNLIKE = 0.3, 6.0, 3.0, 0.25
JUMP_RATIO, JUMP_UNLIKE, FLASH = 8.0, 0.08, 5
RECIPE = "y256-dis-fast-3"
"""Names everything that scorers are given; part of each score's settings, so a change rescores."""

SPARSE = {"preview": "NONKEY", "fast": "BIDIR"}
"""Tiers that leave frames out: what the decoder skips in each."""

Image = NDArray[np.uint8]


class DecodePass:
    """What scorers see of a clip: the `Analysis` of `toolkit.seams`, which explains each part."""

    def __init__(
        self,
        clip: Clip,
        *,
        tier: str,
        time_s: NDArray[np.float64],
        small: Image,
        shown: Sequence[int],
        thumbs: Image,
        detail: Sequence[Image],
        detail_at: Sequence[int],
        sound: NDArray[np.float32] | None = None,
        sound_rate: int = 0,
    ) -> None:
        self.clip = clip
        self.tier = tier
        self.time_s = time_s
        self.small = small
        self.shown: Sequence[int] = list(shown)
        self.thumbs = thumbs
        self.detail: Sequence[Image] = list(detail)
        self.detail_at: Sequence[int] = list(detail_at)
        self.sound = sound
        self.sound_rate = sound_rate
        self._flow = Flow()
        self._left_over: dict[int, float] = {}

    def parts(self) -> dict[str, Any]:
        """What the pass is made of, besides `clip`, as it crosses processes."""
        names = ("tier", "time_s", "small", "shown", "thumbs", "detail", "detail_at", "sound")
        return {name: getattr(self, name) for name in (*names, "sound_rate")}

    @cached_property
    def luma(self) -> NDArray[np.float64]:
        return np.array([cv2.mean(frame)[0] for frame in self.small]) / 255

    @cached_property
    def step(self) -> NDArray[np.float64]:
        pairs = zip(self.small, self.small[1:], strict=False)
        total = self.small[0].size
        return np.array([cv2.norm(a, b, cv2.NORM_L1) / total for a, b in pairs], np.float64)

    @cached_property
    def cuts(self) -> tuple[int, ...]:
        """A cut changes the picture's structure by several times what motion leaves unexplained.

        The adaptive rule of PySceneDetect (3 x the mean of two pairs on either side, over pairs
        that are no mere repeats), on what is left after following the flow: a fast pan is no cut
        and does not hide one. The correlation tells a cut from a flash of light. A jump to a like
        picture counts where it stands far out. What was there before does not come back at once.
        """
        moved = np.flatnonzero(self.step > CUT_REPEAT)
        found = []
        for k, t in enumerate(moved):
            near = [int(n) for n in (*moved[max(0, k - 2) : k], *moved[k + 1 : k + 3])]
            usual = float(self.step[near].mean()) if near else 0.0
            if self.step[t] < max(CUT_STEP, 1.25 * usual):
                continue
            unlike = self._unlike(int(t), int(t) + 1)
            if unlike < JUMP_UNLIKE or not self._stays_away(int(t)):
                continue
            rest = max(1.0, float(np.mean([self._unexplained(n) for n in near])) if near else 0.0)
            ratio = CUT_RATIO if unlike >= CUT_UNLIKE else JUMP_RATIO
            if self._unexplained(int(t)) >= ratio * rest:
                found.append(int(t) + 1)
        return tuple(found)

    def _unexplained(self, t: int) -> float:
        """Mean difference of frame t and frame t+1 brought back along the flow, gray levels."""
        if t not in self._left_over:
            flow = self.flow(t, t + 1)
            height, width = flow.shape[:2]
            rows, columns = np.mgrid[:height, :width].astype(np.float32)
            back = cv2.remap(
                self.small[t + 1], columns + flow[..., 0], rows + flow[..., 1],
                cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip
            total = cv2.norm(self.small[t], back, cv2.NORM_L1)
            self._left_over[t] = total / self.small[t].size
        return self._left_over[t]

    def _stays_away(self, t: int) -> bool:
        """Whether the frames after t stay unlike those before: lightning does not."""
        before, after = max(0, t - FLASH), min(len(self.small) - 1, t + FLASH)
        return min(self._unlike(before, t + 1), self._unlike(t, after)) >= JUMP_UNLIKE

    def _unlike(self, first: int, second: int) -> float:
        """1 minus the correlation of two frames at 64 px."""
        pair = [planes.shrink(self.small[i], 64).ravel().astype(np.float64)
                for i in (first, second)]  # fmt: skip
        if min(frame.std() for frame in pair) < 1:
            return 1.0
        return 1 - float(np.corrcoef(pair[0], pair[1])[0, 1])

    def flow(self, first: int, second: int) -> NDArray[np.float32]:
        return self._flow(self.small[first], self.small[second])

    @cached_property
    def motion(self) -> Motion:
        """Flow of every pair, kept as grid samples and the mean of its largest twentieth."""
        _, height, width = self.small.shape
        ys = np.arange(GRID_PX // 2, height, GRID_PX)
        xs = np.arange(GRID_PX // 2, width, GRID_PX)
        grid_x, grid_y = np.meshgrid(xs, ys)
        points = np.stack([grid_x.ravel(), grid_y.ravel()], axis=1).astype(np.float32)
        num_pairs = max(len(self.small) - 1, 0)
        moves = np.empty((num_pairs, len(points), 2), np.float32)
        textured = np.empty((num_pairs, len(points)), bool)
        top = np.empty(num_pairs)
        kept = max(1, height * width // 20)
        for t in range(num_pairs):
            flow = self.flow(t, t + 1)
            moves[t] = flow[GRID_PX // 2 :: GRID_PX, GRID_PX // 2 :: GRID_PX].reshape(-1, 2)
            size = cv2.magnitude(flow[..., 0], flow[..., 1]).ravel()
            top[t] = np.partition(size, -kept)[-kept:].mean()
            texture = _texture(self.small[t])
            textured[t] = texture[GRID_PX // 2 :: GRID_PX, GRID_PX // 2 :: GRID_PX].ravel()
        return Motion(points, moves, textured, top)


def _texture(image: Image) -> NDArray[np.bool_]:
    """Where flow can be trusted: mean squared gradient over 9 x 9 px above 4 gray levels^2."""
    gx = cv2.Sobel(image, cv2.CV_32F, 1, 0, scale=1 / 8)
    gy = cv2.Sobel(image, cv2.CV_32F, 0, 1, scale=1 / 8)
    energy = cv2.blur(gx * gx + gy * gy, (9, 9))
    return np.asarray(energy > 4.0)


class _Stack:
    """Pictures of one size, gathered without holding them twice where their number is known."""

    def __init__(self) -> None:
        self.room = 0
        self._count = 0
        self._held: Image | None = None

    def append(self, image: Image) -> None:
        if self._held is None:
            self._held = np.empty((max(self.room, 16), *image.shape), np.uint8)
        elif self._count == len(self._held):
            self._held = np.concatenate([self._held, np.empty_like(self._held)])
        self._held[self._count] = image
        self._count += 1

    def whole(self) -> Image:
        assert self._held is not None
        return self._held[: self._count]


class _Even:
    """Picks evenly spaced moments while frames stream by, not knowing what comes.

    They leave out a share `trim` at either end. A frame is taken when it is the nearest to its
    moment as far as a constant rate tells; a clip that ends early leaves moments `open`.
    """

    def __init__(self, count: int, end_s: float, trim: float = 0.0) -> None:
        self._moments = np.linspace(trim, 1 - trim, count) * max(end_s, 0.0)
        self._next = 0

    @property
    def open(self) -> bool:
        return self._next < len(self._moments)

    def takes(self, time_s: float, half_s: float) -> bool:
        if self._next >= len(self._moments) or time_s + half_s < self._moments[self._next]:
            return False
        while self._next < len(self._moments) and self._moments[self._next] <= time_s + half_s:
            self._next += 1
        return True


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def measure(
    source: Source, path: Path, sha256: str, size: tuple[int, int], *, decoded: bool = True
) -> Clip:
    """The record of a clip; `size` is width and height as shown.

    What was `decoded` is counted and timed, or else what the packets say.
    """
    count, start_s, end_s = source.num_frames, source.first_s or 0.0, source.end_s
    if not decoded:
        count, start_s, end_s = source.span()
    duration_s = end_s - start_s
    if duration_s <= 0:
        duration_s = source.declared_s or 0.0
    return Clip(
        sha256=sha256,
        width=size[0],
        height=size[1],
        num_frames=count,
        duration_s=round(duration_s, 6),
        fps=round(count / duration_s, 4) if duration_s > 0 else 0.0,
        codec=source.codec,
        has_audio=source.audio is not None,
        size_bytes=path.stat().st_size,
    )


def decode(
    path: Path,
    *,
    tier: str = "full",
    sha256: str | None = None,
    threads: int = 1,
    limits: Limits = LIMITS,
) -> DecodePass:
    """Decode every frame of `path` once and keep what scorers and thumbnails need.

    `ClipError` for anything that is not a whole, playable clip within `limits`.
    """
    digest = sha256 or (sha256_of(path) if path.is_file() else "")  # what is no file fails below
    small = _Stack()
    times: list[float] = []
    shown: list[int] = []
    pictures: list[Image] = []
    detail: list[Image] = []
    detail_at: list[int] = []
    with opened(path, threads=threads, limits=limits) as source:
        if tier in SPARSE:
            source.look_sparsely(SPARSE[tier])
        small.room = source.num_declared
        half_s = 0.5 / source.rate if source.rate else 0.0
        end_s = (source.declared_s or 0.0) - 2 * half_s
        even = _Even(thumbs.K, end_s, thumbs.TRIM)
        sparse = _Even(NUM_DETAIL, end_s)
        frame: Any = None
        degrees, stretched = 0, False
        ears = _Ears() if source.audio else None

        def show(index: int) -> None:
            shown.append(index)
            pictures.append(planes.turn(planes.rgb(frame, thumbs.LONG_PX), degrees))

        for packet in source.packets(sound=ears is not None):
            if packet.stream is not source.stream:
                assert ears is not None
                ears.hear(packet)
                continue
            for frame in source.decode(packet):
                index = len(times)
                if index == 0:
                    degrees, stretched = int(frame.rotation), not planes.full_range(frame)
                    shape = (frame.height, frame.width)
                elif (frame.height, frame.width) != shape:
                    raise source.error(f"changes its size at frame {index}")
                times.append(source.last_s)
                plane = planes.luma(frame)
                since = source.last_s - (source.first_s or 0.0)
                if sparse.takes(since, half_s):
                    plane = planes.halve(plane, DETAIL_PX)
                    detail.append(_finish(plane.copy(), stretched, degrees))
                    detail_at.append(index)
                small.append(_finish(planes.shrink(plane, SMALL_PX), stretched, degrees))
                if even.takes(since, half_s):
                    show(index)
        source.check_decoded()
        if even.open and (not shown or shown[-1] != len(times) - 1):
            show(len(times) - 1)
        size = shape if degrees % 180 else shape[::-1]
        clip = measure(source, path, digest, size, decoded=tier not in SPARSE)
        origin = source.first_s or 0.0
    return DecodePass(
        clip,
        tier=tier,
        time_s=np.array(times) - origin,
        small=small.whole(),
        shown=shown,
        thumbs=np.stack(pictures),
        detail=detail,
        detail_at=detail_at,
        sound=ears.samples() if ears else None,
        sound_rate=ears.RATE if ears else 0,
    )


def _finish(image: Image, stretched: bool, degrees: int) -> Image:
    return planes.turn(planes.stretch(image) if stretched else image, degrees)


class _Ears:
    """Collects the sound track at 48 kHz, two channels, as float."""

    RATE = 48_000

    def __init__(self) -> None:
        import av

        self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=self.RATE)
        self._parts: list[NDArray[Any]] = []
        self._broken = False

    def hear(self, packet: Any) -> None:
        import av

        try:
            for frame in packet.decode():
                self._parts += [part.to_ndarray() for part in self._resampler.resample(frame)]
        except av.error.FFmpegError:  # a damaged sound track does not make the picture unusable
            self._broken = True

    def samples(self) -> NDArray[np.float32] | None:
        """(N, 2) in -1..1, or None where nothing could be decoded."""
        if not self._parts:
            return None
        return np.ascontiguousarray(np.concatenate(self._parts, axis=1).T)


def run(
    path: str,
    scorers: bytes,
    specs: Sequence[dict[str, Any]],
    *,
    tier: str = "full",
    sha256: str | None = None,
    threads: int = 1,
    with_thumbs: bool = True,
    keep: bool = False,
) -> tuple[Any, ...]:
    """In a worker: decode once, then every scorer once per spec. Returns what crosses processes:
    the clip, the readings for each spec, the thumbnails file; with `keep` the pass itself too, for
    scorers that can only work in the main process.

    `scorers` is a cloudpickle of a sequence of `Scorer`; a scorer that fails loses only its own
    readings, which then say why.
    """
    seen = decode(Path(path), tier=tier, sha256=sha256, threads=threads)
    chosen: Sequence[Scorer] = pickle.loads(scorers)  # noqa: S301  (from our own parent)
    answers = [_read_all(chosen, seen, spec) for spec in specs]
    tiles = b""
    if with_thumbs:
        times = seen.time_s[seen.shown].tolist()
        tiles = thumbs.pack(times, seen.thumbs, seen.clip.duration_s, last_s=float(seen.time_s[-1]))
    return seen.clip, answers, tiles, *((seen.parts(),) if keep else ())


def order(scorers: Sequence[Scorer]) -> tuple[Callable[..., Any], bytes]:
    """What to submit for `scorers`: the function, and those that go along, pickled."""
    import cloudpickle

    away = tuple(scorer for scorer in scorers if scorer.where != "main")
    return partial(run, keep=len(away) < len(scorers)), cloudpickle.dumps(away)


def finished(
    outcome: tuple[Any, ...], scorers: Sequence[Scorer], specs: Sequence[dict[str, Any]]
) -> tuple[Clip, list[dict[str, Reading]], bytes]:
    """What came back for an `order`, and the readings of scorers that stayed in this process."""
    clip, answers, tiles, *kept = outcome
    if kept:
        seen = DecodePass(clip, **kept[0])
        here = [scorer for scorer in scorers if scorer.where == "main"]
        mine = [_read_all(here, seen, spec) for spec in specs]
        answers = [away | stayed for away, stayed in zip(answers, mine, strict=True)]
    return clip, answers, tiles


def _read_all(
    chosen: Sequence[Scorer], seen: DecodePass, raw: dict[str, Any]
) -> dict[str, Reading]:
    spec = RunSpec.from_json(raw)
    readings: dict[str, Reading] = {}
    for scorer in chosen:
        readings |= _read(scorer, seen, spec)
    return readings


def _read(scorer: Scorer, seen: DecodePass, spec: RunSpec) -> dict[str, Reading]:
    if seen.tier in SPARSE and getattr(scorer, "every_frame", True):
        note = f"needs every frame; tier {seen.tier!r} leaves some out"
        return dict.fromkeys(scorer.metrics, Reading(None, note=note))
    try:
        found = {name: _plain(value) for name, value in scorer(seen, spec).items()}
    except (ClipError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  (somebody's scorer; the others go on)
        note = f"{scorer.name} failed: {type(error).__name__}: {error}"
        return {name: Reading(None, note=note) for name in scorer.metrics}
    strange = sorted(set(found) - set(scorer.metrics))
    if strange:
        raise ScoreError(f"{scorer.name} returned {strange[0]!r}, which is none of its metrics")
    missing = Reading(None, note=f"{scorer.name} gave no reading")
    return {name: found.get(name, missing) for name in scorer.metrics}


def _plain(value: Reading | float | None) -> Reading:
    """A bare number is a reading too; what is not finite is none."""
    if isinstance(value, Reading):
        reading = value
    else:
        reading = Reading(None if value is None else float(value))
    if reading.value is not None and not np.isfinite(reading.value):
        return Reading(None, note=reading.note or f"came out as {reading.value}")
    return reading
