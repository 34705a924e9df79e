"""Text as small bitmaps: each distinct label is shaped once and pasted ever after.

Drawing text is what a sheet spends its time on, pixels are not. No font is shipped: Pillow embeds
Aileron for plain Latin, matplotlib's wheel holds DejaVu for Greek, Cyrillic, Hebrew, Arabic and
symbols, and what neither has (Chinese, Japanese, Korean) is taken from the system where it can be.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFont, features

__all__ = ["Colour", "Style", "clean", "ellipsize", "label", "line_height", "mask", "width", "wrap"]

Colour = tuple[int, int, int]

MAX_CHARS = 600
"""Longer texts are cut before they are measured: no label shows more."""

_SYSTEM_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/YuGothM.ttc",
    "C:/Windows/Fonts/malgun.ttf",
    "C:/Windows/Fonts/seguiemj.ttf",
    "/usr/share/fonts/truetype/noto/NotoEmoji-Regular.ttf",
)
_MISSING = "\U0010fffe"  # no font has it, so it draws what a font draws for "I do not have this"
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f")


class Style(NamedTuple):
    """How a text is set: `size` in pixels, `strong` for headings."""

    size: int
    strong: bool = False


def clean(text: object) -> str:
    """One line of `text`: controls and bidirectional overrides gone, spaces single, NFC, not long.

    A prompt may hold anything; a label must not reorder its neighbours or draw a box for a NUL.
    """
    cut = str(text)[: 4 * MAX_CHARS]
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in cut)
    kept = "".join(
        c
        for c in unicodedata.normalize("NFC", spaced)
        if c not in _INVISIBLE and unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join(kept.split())[:MAX_CHARS]


@cache
def _dejavu(strong: bool) -> Path | None:
    """DejaVu Sans in matplotlib's data, found without importing matplotlib (0.5 s)."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        return None
    name = "DejaVuSans-Bold.ttf" if strong else "DejaVuSans.ttf"
    path = Path(next(iter(spec.submodule_search_locations)), "mpl-data", "fonts", "ttf", name)
    return path if path.is_file() else None


@cache
def _faces(style: Style) -> tuple[ImageFont.FreeTypeFont, ...]:
    """The faces to try, in order; the first that has a character draws it."""
    first = ImageFont.load_default(style.size)
    if not isinstance(first, ImageFont.FreeTypeFont):  # a Pillow built without FreeType
        raise RuntimeError("this Pillow cannot draw text: install the wheel from the registry")
    faces = [first]
    for path in (_dejavu(style.strong), *map(Path, _SYSTEM_FONTS)):
        if path is not None and path.is_file():
            # 0.93: DejaVu is drawn larger on its body than Aileron
            scale = 0.93 if path.name.startswith("DejaVu") else 1.0
            faces.append(ImageFont.truetype(path, max(1, round(style.size * scale))))
    return tuple(faces)


@cache
def _probe(index: int) -> tuple[ImageFont.FreeTypeFont, bytes]:
    face = _faces(Style(16))[index]
    return face, bytes(face.getmask(_MISSING))


@lru_cache(maxsize=8192)
def _face_of(char: str) -> int | None:
    """The index of the first face that has `char`, None where none has."""
    for index in range(len(_faces(Style(16)))):
        face, missing = _probe(index)
        drawn = bytes(face.getmask(char))
        if drawn and drawn != missing:
            return index
    return None


def _is_rtl(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


def _visual(text: str) -> str:
    """`text` in the order it is read from the left, for a Pillow without Raqm.

    Runs of right-to-left letters are turned round and the runs of a right-to-left line too. Arabic
    stays unjoined: legible, not beautiful.
    """
    words = text.split(" ")
    turned = [word[::-1] if _is_rtl(word) else word for word in words]
    return " ".join(reversed(turned)) if _is_rtl(words[0]) else " ".join(turned)


@lru_cache(maxsize=8192)
def _runs(text: str) -> tuple[tuple[int, str], ...]:
    """`text` as (face, part), so that a word in another script does not cost the line its face."""
    if _is_rtl(text):  # shaped as a whole, or the parts would stand in the wrong order
        text = "".join(c if c == " " or _face_of(c) in (0, 1) else "□" for c in text)
        return ((min(1, len(_faces(Style(16))) - 1), text),)
    runs: list[tuple[int, str]] = []
    for char in text:
        face = runs[-1][0] if runs and (char == " " or unicodedata.combining(char)) else None
        if face is None:
            found = 0 if char == " " else _face_of(char)
            if found is None:
                char, found = "□", _face_of("□") or 0
            face = found
        if runs and runs[-1][0] == face:
            runs[-1] = (face, runs[-1][1] + char)
        else:
            runs.append((face, char))
    return tuple(runs)


def _parts(text: str, style: Style) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    faces = _faces(style)
    shaped = features.check("raqm")
    return [
        (faces[index], part if shaped or not _is_rtl(part) else _visual(part))
        for index, part in _runs(text)
    ]


@lru_cache(maxsize=16384)
def width(text: str, style: Style) -> int:
    """Pixels that one line of `text` takes."""
    advance = sum(face.getlength(part) for face, part in _parts(text, style))
    return int(np.ceil(advance + (0.5 if style.strong else 0)))


def line_height(style: Style) -> int:
    """Pixels from one baseline to the next."""
    return round(style.size * 1.36)


def ellipsize(text: str, style: Style, limit: int) -> str:
    """`text`, or as much of it as fits `limit` pixels with an ellipsis behind."""
    if width(text, style) <= limit:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", style) <= limit:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip(" ,;.:·") + "…"


def _break(word: str, style: Style, limit: int) -> int:
    """How many characters of `word` fit `limit` pixels; at least one."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if width(word[:middle], style) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=8192)
def wrap(text: str, style: Style, limit: int, max_lines: int) -> tuple[str, ...]:
    """`text` in at most `max_lines` lines of `limit` pixels; what is left over becomes an ellipsis.

    Breaks at spaces, and inside a word only where the word alone is too wide (a script without
    spaces, a file name).
    """
    words = clean(text).split(" ")
    lines: list[str] = []
    line = ""
    while words:
        word = words.pop(0)
        joined = f"{line} {word}" if line else word
        if width(joined, style) <= limit:
            line = joined
            continue
        if len(lines) == max_lines - 1:
            rest = " ".join([joined, *words])
            return (*lines, ellipsize(rest, style, limit))
        if line:
            lines.append(line)
            line = ""
            words.insert(0, word)
        else:
            at = _break(word, style, limit)
            lines.append(word[:at])
            words.insert(0, word[at:])
    return (*lines, line) if line or not lines else tuple(lines)


@lru_cache(maxsize=4096)
def mask(text: str, style: Style) -> NDArray[np.uint8]:
    """One line of `text` as coverage 0..255, (line_height, width)."""
    size = max(1, width(text, style)), line_height(style)
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "L"
    baseline = round(style.size * 1.02)
    x = 0.0
    for face, part in _parts(text, style):
        draw.text((x, baseline), part, fill=255, font=face, anchor="ls")
        x += face.getlength(part)
    if (
        style.strong
    ):  # the embedded face has one weight: a second strike half a pixel on thickens it
        second = image.transform(
            size, Image.Transform.AFFINE, (1, 0, -0.5, 0, 1, 0), Image.Resampling.BILINEAR
        )
        image = ImageChops.lighter(image, second)
    return np.asarray(image)


@lru_cache(maxsize=4096)
def label(
    lines: tuple[str, ...],
    style: Style,
    ink: Colour,
    paper: Colour,
) -> NDArray[np.uint8]:
    """`lines` in `ink` on `paper`, (H, W, 3) uint8 RGB."""
    step = line_height(style)
    wide = max((width(line, style) for line in lines), default=0)
    coverage = np.zeros((max(1, step * len(lines)), max(1, wide)), np.uint8)
    for i, line in enumerate(lines):
        drawn = mask(line, style)
        coverage[i * step : (i + 1) * step, : drawn.shape[1]] = drawn
    alpha = coverage[..., None].astype(np.float32) / 255
    paint = np.asarray(ink, np.float32)
    ground = np.asarray(paper, np.float32)
    out: NDArray[np.uint8] = (ground + (paint - ground) * alpha + 0.5).astype(np.uint8)
    out.setflags(write=False)
    return out
