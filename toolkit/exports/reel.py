"""Films: the best clips cut together, and a grid of clips playing side by side.

moviepy composes and writes. It never opens a downloaded file: pictures and sound come from
`toolkit.video`, which decodes in limited processes, as functions of time. Text is drawn by the
sheets' labels and laid over each finished frame, so that no font has to be hunted for.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from toolkit import video
from toolkit.errors import ClipError, ExportError
from toolkit.exports._files import whole
from toolkit.keywords import tells
from toolkit.records import Clip
from toolkit.sheets.labels import Style, clean, label, line_height, mask, width, wrap
from toolkit.sheets.layout import DARK
from toolkit.sheets.pivot import Item, items_of, standing

__all__ = ["mosaic", "reel"]

Pixels = NDArray[np.uint8]
PathLike = str | os.PathLike[str]
Clips = pd.DataFrame | Sequence[PathLike]
Fit = Literal["blur", "bars", "fill"]
Progress = Callable[[int, int], None]

SHORT_SIDES = {"360p": 360, "480p": 480, "540p": 540, "720p": 720, "1080p": 1080}
ASPECTS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:5": (4, 5)}
AUDIO_HZ = 48_000

_BT709 = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)
_NEAR = 1e-3  # seconds: a frame due this soon is shown, or rounding would repeat the one before


@dataclass(frozen=True)
class _Take:
    """One clip of a film."""

    path: Path
    clip: Clip
    title: str
    simulated: bool


class _Player:
    """The frames of one clip as a function of time, for times that go forward.

    The decode process starts with the first frame asked for and ends with the last. A step back
    starts the clip again.
    """

    def __init__(self, path: Path, long_px: int | None) -> None:
        self._path = path
        self._long_px = long_px
        self._frames: Iterator[Any] | None = None
        self._now: Pixels | None = None
        self._next: tuple[float, Pixels] | None = None
        self._zero_s = self._asked_s = 0.0

    def at(self, time_s: float) -> Pixels:
        """The frame on screen at `time_s`; the last one stays."""
        if self._frames is None or time_s < self._asked_s - _NEAR:
            self._start()
        self._asked_s = time_s
        while self._next is not None and self._next[0] <= time_s + _NEAR:
            self._now = self._next[1]
            self._next = self._step()
        assert self._now is not None
        return self._now

    def _start(self) -> None:
        self.close()
        self._frames = video.iter_frames(self._path, long_px=self._long_px)
        first = next(self._frames, None)
        if first is None:
            raise ClipError(f"{self._path.name}: no picture in it")
        self._zero_s, self._now = first.time_s, first.image
        self._next = self._step()

    def _step(self) -> tuple[float, Pixels] | None:
        assert self._frames is not None
        frame = next(self._frames, None)
        return None if frame is None else (frame.time_s - self._zero_s, frame.image)

    def close(self) -> None:
        """End the decode process; asking again starts a new one."""
        frames, self._frames, self._now, self._next = self._frames, None, None, None
        if frames is not None and hasattr(frames, "close"):
            frames.close()


# ---------------------------------------------------------------- which clips, which size


def _takes(
    clips: Clips,
    best: int | None,
    by: str | None,
    titles: bool | Sequence[str] | None,
    on_problem: Callable[[str], None],
) -> list[_Take]:
    """The clips of a film in their order, measured; `ExportError` names what is not there.

    A file that is named must be readable; of a table of runs those that are not are left out.
    """
    if best is not None and best < 1:
        raise ValueError(f"`best` is at least 1, not {best}")
    found: list[tuple[Path, str, bool]]
    if isinstance(clips, pd.DataFrame):
        items = items_of(clips)
        if best is not None or by is not None:
            rank = standing(clips, by)
            items = sorted(items, key=lambda item: -rank[item.index])
        found = _readable(items, best, on_problem)
    else:
        found = [(path, path.stem, False) for path in _paths(clips)][:best]
    if not found:
        raise ExportError("no film: there is no finished clip among these")
    gone = [str(path) for path, _, _ in found if not path.is_file()]
    if gone:
        raise ExportError(f"no film: no such file: {', '.join(gone)}")
    named = _titles(titles, [title for _, title, _ in found])
    return [
        _Take(path, video.probe(path), title, simulated)
        for (path, _, simulated), title in zip(found, named, strict=True)
    ]


def _readable(
    items: Sequence[Item], best: int | None, on_problem: Callable[[str], None]
) -> list[tuple[Path, str, bool]]:
    """The first `best` whose every frame can be decoded: path, title, simulated."""
    found: list[tuple[Path, str, bool]] = []
    for item in items:
        if item.path is None or len(found) == best:
            continue
        try:
            video.probe(item.path, full=True)
        except ClipError as error:
            on_problem(f"left out of the film: {error}")
        else:
            found.append((item.path, item.note, item.simulated))
    return found


def _paths(clips: Sequence[PathLike]) -> list[Path]:
    if isinstance(clips, str | os.PathLike):
        raise TypeError("clips are a list of files or a table of runs; put a single file in [ ]")
    return [Path(path) for path in clips]


def _titles(asked: bool | Sequence[str] | None, own: Sequence[str]) -> list[str]:
    if asked is True:
        return list(own)
    if not asked:
        return [""] * len(own)
    if isinstance(asked, str):
        raise TypeError("`titles` is True or one title a clip; one text for all is `text`")
    if len(asked) != len(own):
        raise ValueError(f"{len(asked)} titles for {len(own)} clips: give one for each")
    return list(asked)


def _frame_size(size: str, aspect: str) -> tuple[int, int]:
    """Width and height in even pixels; `size` names the short side."""
    if size not in SHORT_SIDES:
        raise ValueError(f"`size` is one of {', '.join(SHORT_SIDES)}, not {size!r}")
    if aspect not in ASPECTS:
        raise ValueError(f"`aspect` is one of {', '.join(ASPECTS)}, not {aspect!r}")
    a, b = ASPECTS[aspect]
    scale = SHORT_SIDES[size] / min(a, b)
    return round(a * scale / 2) * 2, round(b * scale / 2) * 2


def _target(out: PathLike) -> Path:
    target = Path(out)
    if target.suffix.lower() != ".mp4":
        raise ExportError(f"{target.name}: a film is written as .mp4, not {target.suffix!r}")
    return target


def _checked_fps(fps: float) -> float:
    if not 1 <= fps <= 120:
        raise ValueError(f"`fps` is 1 to 120, not {fps}")
    return fps


# ---------------------------------------------------------------- pictures


def _scaled(image: Pixels, w: int, h: int) -> Pixels:
    if image.shape[:2] == (h, w):
        return image
    how = cv2.INTER_AREA if w < image.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(image, (w, h), interpolation=how).astype(np.uint8, copy=False)


def _framed(image: Pixels, w: int, h: int, fit: Fit) -> Pixels:
    """`image` in a frame of `w` x `h`: cropped to fill it, or whole on black or on its own blur."""
    high, wide = image.shape[:2]
    if fit == "fill" or abs(wide * h - high * w) < 0.02 * wide * h:
        scale = max(w / wide, h / high)
        big = _scaled(image, max(w, round(wide * scale)), max(h, round(high * scale)))
        top, left = (big.shape[0] - h) // 2, (big.shape[1] - w) // 2
        return big[top : top + h, left : left + w]
    scale = min(w / wide, h / high)
    inner = _scaled(image, min(w, round(wide * scale)), min(h, round(high * scale)))
    if fit == "bars":
        canvas = np.zeros((h, w, 3), np.uint8)
    else:
        small = _framed(image, max(8, w // 16), max(8, h // 16), "fill")
        soft = cv2.GaussianBlur(small, (0, 0), 2.2)
        dimmed = cv2.convertScaleAbs(soft, alpha=0.55)
        canvas = cv2.resize(dimmed, (w, h), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    top, left = (h - inner.shape[0]) // 2, (w - inner.shape[1]) // 2
    canvas[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return canvas


def _long_px(clip: Clip, w: int, h: int, fit: Fit) -> int | None:
    """To what long side a clip is decoded for a frame of `w` x `h`; None where it is smaller."""
    ratios = w / clip.width, h / clip.height
    scale = max(ratios) if fit == "fill" else min(ratios)
    return math.ceil(max(clip.width, clip.height) * scale) if scale < 1 else None


@dataclass(frozen=True, eq=False)
class _Overlay:
    """A picture with coverage laid over the film at (x, y) from `start_s` to `end_s`."""

    x: int
    y: int
    colour: NDArray[np.float32]  # (H, W, 3), already multiplied by its coverage
    coverage: NDArray[np.float32]  # (H, W, 1), 0..1
    start_s: float
    end_s: float
    fade_s: float = 0.25

    def onto(self, frame: Pixels, time_s: float) -> None:
        """Draw into `frame`, fading in and out at the ends of the time it is shown."""
        if not self.start_s - _NEAR <= time_s < self.end_s - _NEAR:
            return
        within = min(time_s - self.start_s + 0.04, self.end_s - time_s)
        shown = np.float32(min(1.0, max(0.0, within / self.fade_s)) if self.fade_s else 1.0)
        h, w = self.coverage.shape[:2]
        under = frame[self.y : self.y + h, self.x : self.x + w]
        mixed = under * (1 - shown * self.coverage) + shown * self.colour
        under[:] = (mixed + 0.5).astype(np.uint8)


def _text_overlay(
    text: str, frame: tuple[int, int], *, size: int, place: Literal["title", "text"],
    start_s: float, end_s: float,
) -> _Overlay:  # fmt: skip
    """White words to be read on anything: a title top left in a box, a text low with shadow."""
    w, h = frame
    edge = round(min(w, h) * 0.045)
    style = Style(size, strong=place == "text")
    pad = round(size * (0.45 if place == "title" else 0.7))
    lines = wrap(text, style, w - 2 * edge - 2 * pad, 1 if place == "title" else 3)
    step = line_height(style)
    wide = max(width(line, style) for line in lines)
    ink = np.zeros((step * len(lines) + 2 * pad, wide + 2 * pad), np.uint8)
    for i, line in enumerate(lines):
        drawn = mask(line, style)
        x = pad + (0 if place == "title" else (wide - drawn.shape[1]) // 2)
        ink[pad + i * step : pad + (i + 1) * step, x : x + drawn.shape[1]] = drawn
    letters: NDArray[np.float32] = ink[..., None].astype(np.float32) / np.float32(255)
    if place == "title":
        ground = np.full_like(letters, 0.58)
    else:
        spread = cv2.GaussianBlur(cv2.dilate(ink, np.ones((3, 3))), (0, 0), size * 0.22)
        ground = np.minimum(0.8, spread[..., None].astype(np.float32) / 255 * 1.2)
    coverage: NDArray[np.float32] = (letters + ground * (1 - letters)).astype(np.float32)
    high, wide = coverage.shape[:2]
    x = edge if place == "title" else (w - wide) // 2
    y = edge if place == "title" else h - edge - high
    white = np.float32(255)
    return _Overlay(max(0, x), max(0, y), letters * white, coverage, start_s, end_s)


def _simulation_tag(frame: tuple[int, int], start_s: float, end_s: float) -> _Overlay:
    """The word nobody may miss, bottom right, for as long as simulated clips are shown."""
    w, h = frame
    style = Style(max(11, round(min(w, h) * 0.022)))
    bitmap = label(("SIMULATION",), style, DARK.tag_ink, DARK.tag)
    pad = round(style.size * 0.5)
    tag = np.empty((bitmap.shape[0], bitmap.shape[1] + 2 * pad, 3), np.float32)
    tag[:] = DARK.tag
    tag[:, pad:-pad] = bitmap
    edge = round(min(w, h) * 0.02)
    full = np.ones((*tag.shape[:2], 1), np.float32)
    x, y = w - edge - tag.shape[1], h - edge - tag.shape[0]
    return _Overlay(x, y, tag, full, start_s, end_s, fade_s=0.0)


# ---------------------------------------------------------------- writing


def _write(
    film: Any, out: Path, fps: float, on_progress: Progress | None, *, audio_codec: str = "aac"
) -> None:
    """`film` at `out`, whole or not at all: H.264, yuv420p, bt709, index in front."""
    import proglog

    class Told(proglog.ProgressBarLogger):  # type: ignore[misc]
        def bars_callback(self, bar: str, attr: str, value: Any, _old: Any = None) -> None:
            if on_progress is not None and bar == "frame_index" and attr == "index":
                total = self.bars[bar]["total"] or 0
                on_progress(min(int(value), total), total)

    with whole(out) as part, tempfile.TemporaryDirectory(prefix="promptgrid-reel-") as folder:
        half = part.with_name(f"{part.name}.mp4")  # moviepy asks for the suffix
        try:
            film.write_videofile(
                str(half),
                fps=fps,
                codec="libx264",
                preset="veryfast",
                audio=film.audio is not None,
                audio_codec=audio_codec,
                audio_fps=AUDIO_HZ,
                audio_bitrate="160k",
                temp_audiofile=str(Path(folder) / "sound.m4a"),
                threads=2,
                # said in words, or players take HD for bt709 where ffmpeg had used bt601
                ffmpeg_params=["-vf", _BT709, "-crf", "20", "-movflags", "+faststart"],
                logger=Told(),
            )
            half.replace(part)
        finally:
            half.unlink(missing_ok=True)


@tells
def reel(
    clips: Clips,
    out: PathLike,
    *,
    best: int | None = None,
    by: str | None = None,
    transition: Literal["cut", "crossfade"] = "cut",
    overlap_s: float | None = None,
    titles: bool | Sequence[str] | None = None,
    text: str | Mapping[tuple[float, float], str] | None = None,
    speed: float = 1.0,
    aspect: str = "16:9",
    fit: Fit = "blur",
    size: str = "720p",
    fps: float = 24,
    audio: bool = True,
    on_progress: Progress | None = None,
    on_problem: Callable[[str], None] | None = None,
) -> Path:
    """The film of `clips` one after the other, written whole to `out` (.mp4).

    `clips` are files, or a table of runs, whose finished ones are taken; with `best` the that many
    best, by their marks or by the score `by`; of these a clip that cannot be read is left out, and
    `on_problem` hears why. `transition="crossfade"` lets each take run `overlap_s` into the next,
    picture and sound: half a second, or half of the shortest take. `titles` stand top left, one a
    clip, or `True` for what tells the clips apart; `text` low in the middle, for all the film or as
    `{(start_s, end_s): words}`. `fit` puts a clip of another shape on its own blur, on black bars,
    or crops it. `speed` 2 is twice as fast, sound included. `on_progress(frames_done, frames)`.
    """
    from moviepy import CompositeAudioClip, VideoClip, concatenate_videoclips

    target = _target(out)
    frame = w, h = _frame_size(size, aspect)
    _checked_fps(fps)
    if transition not in ("cut", "crossfade"):
        raise ValueError(f"`transition` is 'cut' or 'crossfade', not {transition!r}")
    if fit not in ("blur", "bars", "fill"):
        raise ValueError(f"`fit` is 'blur', 'bars' or 'fill', not {fit!r}")
    if not 0.1 <= speed <= 10:
        raise ValueError(f"`speed` is 0.1 to 10, not {speed}")
    takes = _takes(clips, best, by, titles, on_problem or (lambda _: None))
    lengths = [_whole_frames(take.clip.duration_s / speed, fps) for take in takes]
    if overlap_s is None:
        overlap_s = min(0.5, math.floor(min(lengths) / 2 * fps + _NEAR) / fps)
    fades = transition == "crossfade" and len(takes) > 1 and overlap_s > 0
    overlap = _whole_frames(overlap_s, fps) if fades else 0.0
    for take, length in zip(takes, lengths, strict=True):
        if overlap > length / 2 + _NEAR:
            raise ExportError(
                f"{take.path.name} lasts {length:.3g} s here, too short to be faded over "
                f"{overlap:.3g} s at both ends: overlap_s={length / 2:.2g} would do"
            )
    starts = [sum(lengths[:i]) - i * overlap for i in range(len(takes))]
    total = starts[-1] + lengths[-1]

    with ExitStack() as open_players:
        shots = []
        for take, length in zip(takes, lengths, strict=True):
            player = _Player(take.path, _long_px(take.clip, w, h, fit))
            open_players.callback(player.close)
            shots.append(_shot(VideoClip, player, frame, fit, speed, length))
        film = concatenate_videoclips(_segments(shots, overlap), method="chain")
        overlays = _overlays(takes, starts, lengths, overlap, text, frame, total)

        def finished(get_frame: Callable[[float], Pixels], time_s: float) -> Pixels:
            picture = np.array(get_frame(time_s), np.uint8)
            for overlay in overlays:
                overlay.onto(picture, time_s)
            return picture

        film = film.transform(finished).with_duration(total).without_audio()
        sounds = _sounds(takes, starts, lengths, overlap, speed) if audio else []
        if sounds:
            film = film.with_audio(CompositeAudioClip(sounds).with_duration(total))
        _write(film, target, fps, on_progress)
    return target


def _whole_frames(seconds: float, fps: float) -> float:
    """`seconds` as a whole number of frames: a cut between two frames shows neither."""
    return max(1, round(seconds * fps)) / fps


def _shot(
    video_clip: Any, player: _Player, frame: tuple[int, int], fit: Fit, speed: float, length: float
) -> Any:
    """One take as moviepy sees it; its decoder starts when its first frame is asked for."""
    shot = video_clip(duration=length)
    shot.size = frame  # given a function at once, moviepy would ask for a frame to learn this
    shot.frame_function = lambda time_s: _framed(player.at(time_s * speed), *frame, fit)
    return shot


def _segments(shots: Sequence[Any], overlap: float) -> list[Any]:
    """The shots, with what two of them share as one mixed segment between them.

    Only the shared part goes through moviepy's compositor, which takes 30 times as long a frame.
    """
    if not overlap:
        return list(shots)
    from moviepy import CompositeVideoClip
    from moviepy.video.fx import CrossFadeIn

    parts = []
    for i, shot in enumerate(shots):
        start = overlap if i else 0.0
        end = shot.duration - (overlap if i + 1 < len(shots) else 0.0)
        if end - start > _NEAR:
            parts.append(shot.subclipped(start, end))
        if i + 1 < len(shots):
            leaving = shot.subclipped(end, shot.duration)
            coming = shots[i + 1].subclipped(0, overlap).with_effects([CrossFadeIn(overlap)])
            mixed = CompositeVideoClip([leaving, coming], size=shot.size)
            parts.append(mixed.without_mask())  # all opaque; one mask would slow every frame
    return parts


def _overlays(
    takes: Sequence[_Take],
    starts: Sequence[float],
    lengths: Sequence[float],
    overlap: float,
    text: str | Mapping[tuple[float, float], str] | None,
    frame: tuple[int, int],
    total: float,
) -> list[_Overlay]:
    short = min(frame)
    overlays = []
    for i, take in enumerate(takes):
        start = starts[i] + (overlap / 2 if i else 0)
        end = starts[i] + lengths[i] - (overlap / 2 if i + 1 < len(takes) else 0)
        if clean(take.title):
            overlays.append(
                _text_overlay(
                    take.title,
                    frame,
                    size=max(12, round(short * 0.033)),
                    place="title",
                    start_s=start,
                    end_s=end,
                )
            )
        if take.simulated:
            overlays.append(_simulation_tag(frame, start, end))
    spans = {(0.0, total): text} if isinstance(text, str) else dict(text or {})
    for (start, end), words in spans.items():
        if not 0 <= start < end:
            raise ValueError(f"`text` from {start} to {end} s: the start comes before the end")
        if clean(words):
            overlays.append(
                _text_overlay(
                    words,
                    frame,
                    size=max(16, round(short * 0.065)),
                    place="text",
                    start_s=start,
                    end_s=min(end, total),
                )
            )
    return overlays


def _sounds(
    takes: Sequence[_Take],
    starts: Sequence[float],
    lengths: Sequence[float],
    overlap: float,
    speed: float,
) -> list[Any]:
    """The sound of each take in its place, faded where two of them meet."""
    from moviepy.audio.AudioClip import AudioArrayClip
    from moviepy.audio.fx import AudioFadeIn, AudioFadeOut

    sounds = []
    for i, (take, start, length) in enumerate(zip(takes, starts, lengths, strict=True)):
        heard = video.audio(take.path) if take.clip.has_audio else None
        if heard is None:
            continue
        samples, rate = heard
        wanted = round(length * AUDIO_HZ)
        at = np.arange(wanted) * (speed * rate / AUDIO_HZ)
        grid = np.arange(len(samples))
        sides = [np.interp(at, grid, samples[:, side], right=0.0) for side in (0, 1)]
        sound = AudioArrayClip(np.stack(sides, 1), fps=AUDIO_HZ)
        effects = []
        if overlap and i:
            effects.append(AudioFadeIn(overlap))
        if overlap and i + 1 < len(takes):
            effects.append(AudioFadeOut(overlap))
        sounds.append(sound.with_effects(effects).with_start(start))
    return sounds


# ---------------------------------------------------------------- mosaic


@tells
def mosaic(
    clips: Clips,
    out: PathLike,
    *,
    labels: Sequence[str] | None = None,
    title: str | None = None,
    columns: int | None = None,
    speed: float = 1.0,
    aspect: str = "16:9",
    size: str = "1080p",
    fps: float = 24,
    on_progress: Progress | None = None,
) -> Path:
    """All `clips` at once in one film, each in its labelled place, written whole to `out` (.mp4).

    All start together and run at the same pace; one that ends first shows its last frame. Runs of a
    table without a clip, and files that cannot be read, keep their place and say why. `labels` are
    by default what tells the runs apart, or the file names; `columns` what makes pictures largest.
    """
    from moviepy import VideoClip

    target = _target(out)
    frame = _frame_size(size, aspect)
    _checked_fps(fps)
    if not 0.1 <= speed <= 10:
        raise ValueError(f"`speed` is 0.1 to 10, not {speed}")
    if columns is not None and columns < 1:
        raise ValueError(f"`columns` is at least 1, not {columns}")
    if isinstance(clips, pd.DataFrame):
        items = items_of(clips)
    else:
        items = [Item(i, path, None, note=path.stem) for i, path in enumerate(_paths(clips))]
    gone = [str(item.path) for item in items if item.path is not None and not item.path.is_file()]
    if gone:
        raise ExportError(f"no film: no such file: {', '.join(gone)}")
    named = [item.note for item in items] if labels is None else list(labels)
    if len(named) != len(items):
        raise ValueError(f"{len(named)} labels for {len(items)} clips: give one for each")

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(_probed, items))
        items = [item for item, _ in found]
        measured = [clip for _, clip in found]
        if not any(measured):
            told = "; ".join(dict.fromkeys(item.problem for item in items))
            raise ExportError(
                f"no film: there is no clip that can be shown ({told or 'none given'})"
            )
        board = _Board.of(items, named, measured, frame, columns, title)
        films = list(pool.map(board.read, range(len(items)), [fps / speed] * len(items)))
    length = max(len(film) for film in films) / fps

    def picture(time_s: float) -> Pixels:
        canvas = board.ground.copy()
        for place, film in enumerate(films):
            if film:
                now = film[min(len(film) - 1, math.floor(time_s * fps + 0.5))]
                board.paste(canvas, place, now)
        return canvas

    shown = VideoClip(duration=length)
    shown.size, shown.frame_function = frame, picture
    _write(shown, target, fps, on_progress)
    return target


def _probed(item: Item) -> tuple[Item, Clip | None]:
    """`item` with what its clip measures; one that cannot be read becomes one that says so."""
    if item.path is None:
        return item, None
    try:
        return item, video.probe(item.path)
    except ClipError as error:
        return replace(item, path=None, problem=f"cannot be read: {error}"), None


@dataclass(eq=False)
class _Board:
    """A mosaic's frame: the places of its clips and all that does not move."""

    items: Sequence[Item]
    clips: Sequence[Clip | None]
    boxes: list[tuple[int, int, int, int]]  # x, y, w, h of each clip's picture
    ground: Pixels

    @staticmethod
    def of(
        items: Sequence[Item],
        labels: Sequence[str],
        clips: Sequence[Clip | None],
        frame: tuple[int, int],
        columns: int | None,
        title: str | None,
    ) -> _Board:
        """Lay out `items` in rows of `columns`, as large as the frame allows."""
        w, h = frame
        shapes = [clip.width / clip.height for clip in clips if clip is not None]
        shape = float(np.median(shapes))
        gap = max(4, round(min(w, h) * 0.012))
        small = Style(max(11, round(min(w, h) / 54)))
        head = Style(round(small.size * 1.5), strong=True)
        simulated = [item.simulated for item in items]
        any_head = bool(clean(title or "")) or any(simulated)
        top = gap + (line_height(head) + gap if any_head else 0)
        told = [_label_lines(words) for words in labels]
        under = line_height(small) * max(map(len, told))

        def cell(num: int) -> tuple[float, int]:
            lines = math.ceil(len(items) / num)
            wide = (w - gap * (num + 1)) / num
            high = (h - top - gap * lines) / lines - under
            return (min(wide, high * shape) if min(wide, high) > 8 else 0.0), lines

        num = columns or _tidy([cell(n)[0] for n in range(1, len(items) + 1)], told)
        cell_w = int(cell(num)[0])
        cell_h = int(cell_w / shape)
        if cell_w < 32 or cell_h < 16:
            raise ExportError(
                f"{len(items)} clips in {num} columns are too small to see in {w} x {h}: "
                "show fewer, or choose a larger size"
            )
        lines = math.ceil(len(items) / num)
        left = (w - num * cell_w - (num - 1) * gap) // 2
        spare = h - top - lines * (cell_h + under + gap)
        ground = np.empty((h, w, 3), np.uint8)
        ground[:] = DARK.paper
        y = gap
        if any_head:
            _put(ground, left, y, clean(title or ""), head, DARK.ink, w - 2 * left)
            if any(simulated):
                _put_tag(ground, w - left, y, small, line_height(head))
        boxes = []
        for place, item in enumerate(items):
            row, col = divmod(place, num)
            x = left + col * (cell_w + gap)
            y = top + spare // 2 + row * (cell_h + under + gap)
            boxes.append((x, y, cell_w, cell_h))
            ground[y : y + cell_h, x : x + cell_w] = DARK.panel
            if item.simulated and not all(simulated):
                told[place][:1] = [f"SIM · {told[place][0] if told[place] else ''}".rstrip(" ·")]
            for i, words in enumerate(told[place]):
                ink = DARK.dim if i else DARK.ink
                _put(ground, x, y + cell_h + i * line_height(small), words, small, ink, cell_w)
            if item.path is None:
                _panel(ground[y : y + cell_h, x : x + cell_w], item, small)
        return _Board(items, clips, boxes, ground)

    def read(self, place: int, per_second: float) -> list[bytes]:
        """Every picture that will be shown of one clip, `per_second` of its time, in its size.

        Held as JPEG: as many decode processes as clips would not fit, nor would the raw pictures.
        """
        path, clip = self.items[place].path, self.clips[place]
        if path is None or clip is None:
            return []
        w, h = self.boxes[place][2:]
        player = _Player(path, max(w, h))
        try:
            pictures = []
            for i in range(max(1, round(clip.duration_s * per_second))):
                fitted = _framed(player.at(i / per_second), w, h, "bars")
                bgr = cv2.cvtColor(fitted, cv2.COLOR_RGB2BGR)
                pictures.append(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])
            return [picture.tobytes() for picture in pictures]
        finally:
            player.close()

    def paste(self, canvas: Pixels, place: int, picture: bytes) -> None:
        x, y, w, h = self.boxes[place]
        bgr = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        assert bgr is not None
        canvas[y : y + h, x : x + w] = bgr[..., ::-1]


def _tidy(sizes: Sequence[float], told: Sequence[Sequence[str]]) -> int:
    """How many columns: the largest pictures, or nearly so where each row then holds one scene."""
    best = max(range(1, len(sizes) + 1), key=lambda num: sizes[num - 1])
    heads = [lines[0] if lines else "" for lines in told]
    run = next((i for i, head in enumerate(heads) if head != heads[0]), len(heads))
    tidy = 1 < run < len(heads) and len(heads) % run == 0
    return run if tidy and sizes[run - 1] > 0.75 * sizes[best - 1] else best


def _label_lines(words: str) -> list[str]:
    """`words` as at most three lines, one for each thing that varies."""
    parts = [part for part in clean(words).split(" · ") if part]
    return parts if len(parts) <= 3 else [*parts[:2], " · ".join(parts[2:])]


def _put(canvas: Pixels, x: int, y: int, text: str, style: Style, ink: Any, room: int) -> None:
    if not text or room < style.size:
        return
    bitmap = label(wrap(text, style, room, 1), style, ink, DARK.paper)
    target = canvas[y : y + bitmap.shape[0], x : x + bitmap.shape[1]]
    target[:] = bitmap[: target.shape[0], : target.shape[1]]


def _put_tag(canvas: Pixels, right: int, y: int, style: Style, high: int) -> None:
    bitmap = label(("SIMULATION",), style, DARK.tag_ink, DARK.tag)
    pad, top = round(style.size * 0.5), y + (high - bitmap.shape[0]) // 2
    x = right - bitmap.shape[1] - pad
    canvas[top : top + bitmap.shape[0], x - pad : right] = DARK.tag
    canvas[top : top + bitmap.shape[0], x : x + bitmap.shape[1]] = bitmap


def _panel(box: Pixels, item: Item, style: Style) -> None:
    """The reason in the place of a clip that is not there."""
    room = box.shape[1] - 2 * style.size
    step = line_height(style)
    most = max(1, min(3, box.shape[0] // step - 1))
    lines = wrap(item.problem, style, max(20, room), most)
    y = max(0, (box.shape[0] - step * len(lines)) // 2)
    bitmap = label(lines, style, DARK.ink, DARK.panel)
    target = box[y : y + bitmap.shape[0], style.size : style.size + bitmap.shape[1]]
    target[:] = bitmap[: target.shape[0], : target.shape[1]]
