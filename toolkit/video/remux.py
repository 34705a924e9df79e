"""A clip in a plain box: the same pictures and sound, and nothing that says where they come from.

For blind review. The streams are copied, not encoded again, so that what is judged is what was
delivered; titles, comments, recipes, dates, handler names and the encoder's own notes inside the
stream (x264 writes its settings there) are left behind.
"""

from __future__ import annotations

import io
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import ClipError

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["opaque_copy"]

_SEI = {"h264": "filter_units=remove_types=6", "hevc": "filter_units=remove_types=39-40"}
"""Supplemental information: no picture in it, but the encoder's name and settings."""

_SIGNED = re.compile(rb"Lavc[0-9.]+")  # in the padding of the first AAC packet
_MTIME_S = 946_684_800  # one date for all, as a server tells it to the browser


def opaque_copy(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    pool: Executor | None = None,
) -> Path:
    """`target`, holding only the picture and sound of `source` as an MP4, the index in front.

    An existing `target` is kept. Raises `ClipError` for a file without video or one that MP4 cannot
    hold; then no file is left.
    """
    from toolkit.video import _call

    out = Path(target)
    if out.exists():
        return out
    raw = _call(pool, boxed, source)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(raw)
        os.utime(part, (_MTIME_S, _MTIME_S))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return out


def boxed(path: str) -> bytes:
    """The bytes of the plain copy; for a decode process, which may write no file."""
    import av

    name = Path(path).name
    try:
        once = _written(path, room=0)
        index = len(once) - once.rfind(b"moov") + 4
        return _written(path, room=index + 16)  # now that its size is known, the index goes first
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, ClipError):
            raise
        raise ClipError(f"{name}: cannot be copied for review ({error})") from error


def _written(path: str, *, room: int) -> bytes:
    """An MP4 with `room` bytes kept at its front for the index; 0 puts the index at the end."""
    import av

    options = {"fflags": "+bitexact"} | ({"moov_size": str(room)} if room else {})
    out = io.BytesIO()
    with av.open(path) as box:
        if not box.streams.video:
            raise ClipError(f"{Path(path).name}: no video in it, nothing to review")
        with av.open(out, "w", format="mp4", container_options=options) as plain:
            _copy(box, plain)
    return out.getvalue()


def _copy(box: Any, plain: Any) -> None:
    from av.bitstream import BitStreamFilterContext

    kept = [box.streams.video[0], *box.streams.audio[:1]]
    to: dict[int, tuple[Any, Any]] = {}
    for stream in kept:
        made = plain.add_stream_from_template(stream)
        made.metadata.clear()
        rule = _SEI.get(stream.codec_context.name)
        to[stream.index] = (made, BitStreamFilterContext(rule, stream, made) if rule else None)
    for packet in box.demux(kept):
        if packet.dts is None:
            continue  # the empty packet at the end
        made, strip = to[packet.stream.index]
        if packet.stream.type == "audio" and (signed := _SIGNED.search(bytes(packet))):
            packet.update(bytes(packet).replace(signed[0], b"\0" * len(signed[0]), 1))
        for ready in strip.filter(packet) if strip else [packet]:
            ready.stream = made
            plain.mux(ready)
