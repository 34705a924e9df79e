"""What a decode process does with a clip besides scoring it: measure it, pick frames, play it.

The functions here run inside such a process; `toolkit.video` offers each of them from outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.records import Clip, Frame
from toolkit.video import planes
from toolkit.video.analysis import _Ears, measure, sha256_of
from toolkit.video.container import opened

__all__ = ["audio", "frames_at", "iter_frames", "probe"]

_PROBED = 3  # decoded by a quick look: enough to know that pictures come out


def probe(path: str, *, full: bool = False, threads: int = 1) -> Clip:
    """Measure a clip: hash, header and every packet; the first pictures decoded, or all of them."""
    place = Path(path)
    digest = sha256_of(place) if place.is_file() else ""
    with opened(place, threads=threads) as source:
        first: Any = None
        for packet in source.packets():
            if full or source.num_frames < _PROBED:
                for frame in source.decode(packet):
                    first = frame if first is None else first
        if full:
            source.check_decoded()
        elif first is None:
            raise source.error("no picture could be decoded from it")
        turned = int(first.rotation) % 180
        size = (first.height, first.width) if turned else (first.width, first.height)
        return measure(source, place, digest, size, decoded=full)


def frames_at(
    path: str, times: Sequence[float], *, long_px: int | None = None, threads: int = 1
) -> list[Frame]:
    """The frames nearest to `times` (0 the first, 1 the last), in that order.

    Packets are read once and kept; only the groups of pictures that hold a wanted frame are
    decoded, each of them once, and none further than its last wanted frame.
    """
    with opened(Path(path), threads=threads) as source:
        packets = list(source.packets())
        flush = packets.pop()  # the empty one that asks for what is still inside the decoder
        stamps = np.array(sorted(p.pts for p in packets if p.pts is not None and not p.is_discard))
        if not len(stamps):
            raise source.error("its frames carry no times")
        goals = stamps[0] + np.asarray(times, np.float64) * (stamps[-1] - stamps[0])
        wanted = [int(stamps[np.abs(stamps - goal).argmin()]) for goal in goals]
        found: dict[int, Frame] = {}
        for run in _runs(packets, set(wanted)):
            goal = {p.pts for p in run} & set(wanted)
            for packet in [*run, flush]:
                for frame in source.decode(packet):
                    if frame.pts in goal and frame.pts not in found:
                        found[frame.pts] = _frame(frame, long_px)
                if goal <= found.keys():
                    break
            source.stream.codec_context.flush_buffers()
        lost = set(wanted) - found.keys()
        if lost:
            raise source.error(f"damaged: {len(lost)} of its frames cannot be decoded")
        return [found[stamp] for stamp in wanted]


def _runs(packets: Sequence[Any], wanted: set[int]) -> Iterator[list[Any]]:
    """The packets to decode, in stretches that each begin with a codec keyframe."""
    starts = [i for i, p in enumerate(packets) if p.is_keyframe]
    starts = [0, *starts[1:]]
    groups = [list(packets[a:b]) for a, b in zip(starts, [*starts[1:], len(packets)], strict=True)]
    needed = [any(p.pts in wanted for p in group) for group in groups]
    for k in range(1, len(groups)):  # pictures shown before their keyframe lean on the group before
        if any(p.pts in wanted and p.pts < groups[k][0].pts for p in groups[k]):
            needed[k - 1] = True
    run: list[Any] = []
    for group, is_needed in zip(groups, needed, strict=True):
        if is_needed:
            run += group
        elif run:
            yield run
            run = []
    if run:
        yield run


def _frame(frame: Any, long_px: int | None) -> Frame:
    image = planes.turn(planes.rgb(frame, long_px), int(frame.rotation))
    return Frame(image, pts=frame.pts, time_base=frame.time_base)


def iter_frames(path: str, *, long_px: int | None = None, threads: int = 1) -> Iterator[Frame]:
    """Every frame of a clip, in display order."""
    with opened(Path(path), threads=threads) as source:
        for frame in source.frames():
            yield _frame(frame, long_px)


def audio(path: str) -> tuple[NDArray[np.float32], int] | None:
    """The sound of a clip at 48 kHz, two channels; None where it has none."""
    with opened(Path(path)) as source:
        if source.audio is None:
            return None
        ears = _Ears()
        for packet in source.container.demux(source.audio):
            ears.hear(packet)
        samples = ears.samples()
        return None if samples is None else (samples, ears.RATE)
