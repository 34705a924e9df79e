"""Opening a clip: what the bytes are, whether they are all there, and the one way to decode them.

A file is judged by its first bytes, never by its name, and the demuxer is forced accordingly: a
playlist named `x.mp4` would otherwise be opened as a playlist and read its neighbours.
"""

from __future__ import annotations

import contextlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av

from toolkit.errors import ClipError
from toolkit.video._child import grant_cpu_s

__all__ = ["LIMITS", "Limits", "Source", "check", "opened"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a clip may be at most; past it decoding is refused, not attempted."""

    size_bytes: int = 2 << 30
    pixels: int = 9_000_000  # a little more than 3840 x 2160
    frames: int = 18_000
    duration_s: float = 900.0


LIMITS = Limits()

_BOXES = frozenset(
    b"ftyp moov mdat moof free skip wide pnot uuid meta sidx styp mfra udta emsg prft ssix".split()
)
_EBML = b"\x1a\x45\xdf\xa3"
_NOT_VIDEO = (
    (b"ffconcat", "a playlist, which may point at other files"),
    (b"#EXTM3U", "a playlist, which may point at other files"),
    (b"[playlist]", "a playlist, which may point at other files"),
    (b"<?xml", "XML, not a video"),
    (b"<", "a web page, not a video"),
    (b"{", "JSON, not a video"),
    (b"[", "JSON, not a video"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF; convert it to MP4 first"),
    (b"ID3", "sound, not a video"),
    (b"OggS", "an Ogg file; only MP4, MOV, WebM and Matroska are read"),
    (b"fLaC", "sound, not a video"),
    (b"PK\x03\x04", "a ZIP archive"),
)


def check(path: Path, limits: Limits = LIMITS) -> str:
    """The demuxer for `path` ("mp4" or "matroska"); `ClipError` for what is no whole video file."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ClipError(f"{path.name}: not a file")
        if size == 0:
            raise ClipError(f"{path.name}: the file is empty (0 bytes); fetch it again")
        if size > limits.size_bytes:
            raise ClipError(
                f"{path.name}: {size / 1e9:.1f} GB; at most {limits.size_bytes / 1e9:.1f} are read"
            )
        with path.open("rb") as file:
            head = file.read(512)
            if head[4:8] in _BOXES:
                _check_boxes(path.name, file, size)
                return "mp4"
            if head.startswith(_EBML):
                _check_segment(path.name, file, size)
                return "matroska"
    except OSError as error:
        raise ClipError(f"{path.name}: cannot be read: {error.strerror or error}") from None
    raise ClipError(f"{path.name}: {_what(head, size)}")


def _what(head: bytes, size: int) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, name in _NOT_VIDEO:
        if text.lower().startswith(mark.lower()):
            shown = ""
            if mark in (b"<", b"<?xml", b"{", b"["):
                words = text[:300].decode("utf-8", errors="replace").split()
                shown = f"; it begins {json.dumps(' '.join(words)[:120], ensure_ascii=False)}"
            return f"{name}{shown}"
    if head[:4] == b"RIFF":
        return f"a RIFF file ({head[8:12].decode(errors='replace')!s}); convert it to MP4 first"
    return f"not a video ({size} bytes); only MP4, MOV, WebM and Matroska are read"


def _check_boxes(name: str, file: BinaryIO, size: int) -> None:
    """Follow the top-level boxes to the end of the file: the cheapest proof that it is whole."""
    at = 0
    seen: set[bytes] = set()
    while at + 8 <= size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind not in _BOXES:
            if {b"moov", b"mdat"} <= seen or {b"moov", b"moof"} <= seen:
                break  # rubbish after a whole film does no harm
            raise ClipError(f"{name}: damaged: byte {at} should begin a box and does not")
        header = 8
        if length == 1:
            wide = file.read(8)
            if len(wide) < 8:
                raise _cut(name, kind, at + 16, size)
            length, header = struct.unpack(">Q", wide)[0], 16
        elif length == 0:
            length = size - at  # "to the end of the file": the frame count has to tell
        if length < header:
            raise ClipError(f"{name}: damaged: a box of {length} bytes at byte {at}")
        if at + length > size:
            raise _cut(name, kind, at + length, size)
        seen.add(kind)
        at += length
    if b"moov" not in seen:
        raise ClipError(f"{name}: cut short: its index (moov) is missing; fetch it again")
    if not seen & {b"mdat", b"moof"}:
        raise ClipError(f"{name}: cut short: it has an index but no pictures; fetch it again")


def _cut(name: str, kind: bytes, end: int, size: int) -> ClipError:
    return ClipError(
        f"{name}: cut short: {kind.decode()} should run to byte {end}, the file ends at {size}; "
        "fetch it again"
    )


def _check_segment(name: str, file: BinaryIO, size: int) -> None:
    """The same for Matroska and WebM, which have one segment of known or unknown length."""
    file.seek(4)
    header = _vint(file)
    if header is None:
        raise ClipError(f"{name}: damaged: no Matroska header")
    file.seek(header, 1)
    if file.read(4) != b"\x18\x53\x80\x67":
        raise ClipError(f"{name}: cut short or damaged: no Matroska segment")
    length = _vint(file)
    if length is not None and file.tell() + length > size:
        raise _cut(name, b"the segment", file.tell() + length, size)


def _vint(file: BinaryIO) -> int | None:
    """An EBML length; None for "unknown" or at the end of the file."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    extra = 8 - first[0].bit_length()
    rest = file.read(extra)
    value = int.from_bytes(bytes([first[0] & ((1 << (7 - extra)) - 1)]) + rest, "big")
    return None if len(rest) < extra or value == (1 << 7 * (extra + 1)) - 1 else value


class Source:
    """An open clip: its header, and its frames exactly once.

    `num_frames`, `first_s`, `last_s` and `end_s` grow with what is decoded; after the last packet
    `span()` tells the same from the packets alone. `look_sparsely` leaves frames out on purpose.
    """

    def __init__(self, path: Path, container: Any, stream: Any, limits: Limits) -> None:
        self.path = path
        self.container = container
        self.stream = stream
        self.limits = limits
        self.num_declared: int = stream.frames
        self.num_packets = 0
        self.num_frames = 0
        self._sparse = False
        self._stamps: list[tuple[int, int]] = []
        self.first_s: float | None = None
        self.last_s = 0.0
        self.end_s = 0.0

    @property
    def audio(self) -> Any | None:
        """The first sound track."""
        return next(iter(self.container.streams.audio), None)

    @property
    def codec(self) -> str:
        return str(self.stream.codec_context.codec.canonical_name)

    @property
    def declared_s(self) -> float | None:
        """The length that the header promises, in seconds."""
        if self.stream.duration and self.stream.time_base:
            return float(self.stream.duration * self.stream.time_base)
        return self.container.duration / av.time_base if self.container.duration else None

    @property
    def rate(self) -> float | None:
        rate = self.stream.average_rate or self.stream.guessed_rate
        return float(rate) if rate else None

    def look_sparsely(self, skip: str) -> None:
        """Have the decoder leave frames out: "NONKEY" all but codec keyframes, "BIDIR" B-frames."""
        self._sparse = True
        self.stream.codec_context.skip_frame = skip

    def span(self) -> tuple[int, float, float]:
        """Number of frames, start and end in seconds, by the packets that were read."""
        base = float(self.stream.time_base)
        stamps = sorted(self._stamps)
        last, held = stamps[-1]
        if not held and len(stamps) > 1:
            held = last - stamps[-2][0]
        return len(stamps), stamps[0][0] * base, (last + held) * base

    def error(self, text: str) -> ClipError:
        return ClipError(f"{self.path.name}: {text}")

    def packets(self, *, sound: bool = False) -> Iterator[Any]:
        """Packets of the picture (and, if wanted, of the sound), the flushing ones at the end."""
        streams = [self.stream, *([self.audio] if sound and self.audio else [])]
        cut = False
        try:
            for packet in self.container.demux(*streams):
                if packet.stream is self.stream and packet.size:
                    self.num_packets += 1
                    if not packet.is_discard and packet.pts is not None:  # as an edit list says
                        self._stamps.append((packet.pts, packet.duration or 0))
                    cut = cut or bool(packet.is_corrupt)
                yield packet
        except av.error.FFmpegError as error:
            raise self.error(f"damaged: {error.strerror}") from None
        if cut or self.num_packets < self.num_declared:
            found = self.num_packets - (1 if cut else 0)
            raise self.error(
                f"cut short: {found} of {self.num_declared} frames are there; fetch it again"
            )

    def decode(self, packet: Any) -> Iterator[Any]:
        """The frames that `packet` completes, each with a pts."""
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, MemoryError) as error:
            why = getattr(error, "strerror", None) or "it needs more memory than it may use"
            raise self.error(f"damaged: frame {self.num_frames}: {why}") from None
        for frame in frames:
            if frame.width * frame.height > self.limits.pixels:
                raise self._too_large(frame.width, frame.height)
            if self.num_frames >= self.limits.frames:
                raise self.error(f"more than {self.limits.frames} frames; cut it first")
            if frame.pts is None:
                step = Fraction(1) / Fraction(self.stream.average_rate or 24)
                frame.pts = int(self.num_frames * step / self.stream.time_base)
                frame.time_base = self.stream.time_base
            time_s = float(frame.pts * frame.time_base)
            if self.first_s is None:
                self.first_s = time_s
            elif frame.is_corrupt:
                raise self.error(f"damaged: frame {self.num_frames} could not be decoded whole")
            held = float((frame.duration or 0) * frame.time_base)
            self.end_s = time_s + (held or time_s - self.last_s if self.num_frames else held)
            self.last_s = time_s
            self.num_frames += 1
            yield frame

    def frames(self) -> Iterator[Any]:
        """Every frame in display order, each decoded once; `ClipError` when some are missing."""
        for packet in self.packets():
            yield from self.decode(packet)
        self.check_decoded()

    def check_decoded(self) -> None:
        """After the last packet: `ClipError` unless there were pictures, about one per packet."""
        if not self.num_frames:
            raise self.error("no picture could be decoded from it")
        known = self.codec in ("h264", "hevc") and not self._sparse
        if known and self.num_frames < len(self._stamps) - 2:
            raise self.error(
                f"damaged: only {self.num_frames} of {self.num_packets} frames can be decoded"
            )

    def _too_large(self, width: int, height: int) -> ClipError:
        return self.error(
            f"{width} x {height} pixels; at most {self.limits.pixels / 1e6:.0f} million are decoded"
        )


@contextlib.contextmanager
def opened(path: Path, *, threads: int = 1, limits: Limits = LIMITS) -> Iterator[Source]:
    """Open `path` for decoding, within `limits`. Trouble is a `ClipError` that names the file."""
    name = check(path, limits)
    try:
        container = av.open(
            f"file:{path}",
            format=name,
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, MemoryError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error) or "no memory"
        raise ClipError(f"{path.name}: cannot be opened as a video: {why}") from None
    with container:
        if not container.streams.video:
            kind = "only sound" if container.streams.audio else "no pictures"
            raise ClipError(f"{path.name}: has {kind}, no video track")
        stream = container.streams.video[0]
        context = stream.codec_context
        if context is None:
            raise ClipError(f"{path.name}: there is no decoder here for its video track")
        context.options = {"max_pixels": str(limits.pixels)}
        context.thread_count = threads
        context.thread_type = "FRAME" if threads > 1 else "NONE"
        source = Source(path, container, stream, limits)
        if context.width * context.height > limits.pixels:
            raise source._too_large(context.width, context.height)
        if source.num_declared > limits.frames:
            raise source.error(f"{source.num_declared} frames; at most {limits.frames} are decoded")
        if (source.declared_s or 0.0) > limits.duration_s:
            raise source.error(f"{source.declared_s:.0f} s; at most {limits.duration_s:.0f} s")
        mega = max(context.width * context.height / 1e6, 0.2)
        grant_cpu_s(0.03 * mega * source.num_declared + path.stat().st_size / 2e6)
        yield source
