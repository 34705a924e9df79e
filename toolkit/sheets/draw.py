"""Pages drawn: thumbnails pasted with NumPy, labels from the cache; then one JPEG, PNG or WebP."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from toolkit.errors import ClipError, ExportError
from toolkit.sheets.labels import label, line_height, wrap
from toolkit.sheets.layout import Look, Page, Strip, Text
from toolkit.sheets.pivot import Item

__all__ = ["SIDE_LIMITS", "Load", "Pixels", "encode", "fit", "render"]

Pixels = NDArray[np.uint8]
Load = Callable[[Item], Sequence[Pixels]]

SIDE_LIMITS = {".jpg": 65500, ".jpeg": 65500, ".png": 65500, ".webp": 16383}
"""The longest side a format can hold: libjpeg stops at 65500, short of the format's 65535. PNG
could hold more, but little that opens it can."""


def fit(image: Pixels, w: int, h: int) -> Pixels:
    """`image` as large as fits `w` x `h`, in its own shape, up to twice its size."""
    if image.shape[:2] == (h, w):
        return image
    scale = min(w / image.shape[1], h / image.shape[0], 2.0)
    wide, high = round(image.shape[1] * scale), round(image.shape[0] * scale)
    if abs(wide - w) <= 1 and abs(high - h) <= 1:
        wide, high = w, h  # a rounded pixel would show as a hairline
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    sized = cv2.resize(image, (max(1, wide), max(1, high)), interpolation=how)
    return sized.astype(np.uint8, copy=False)


def render(page: Page, look: Look, load: Load, *, tag_simulated: bool) -> Pixels:
    """`page` as (H, W, 3) uint8 RGB. A clip that cannot be read leaves its reason in its place."""
    canvas: Pixels = np.empty((page.height, page.width, 3), np.uint8)
    canvas[:] = np.full((1, page.width, 3), look.theme.paper, np.uint8)  # 20x a fill by triples
    for rule in page.rules:
        canvas[rule.y : rule.y + rule.h, rule.x : rule.x + rule.w] = rule.colour
    for strip, loaded in zip(page.strips, _load_all(page.strips, load), strict=True):
        if isinstance(loaded, str):
            _panel(canvas, strip, look, loaded)
        else:
            _film(canvas, strip, look, loaded)
        if strip.item.tone != "plain":
            _outline(canvas, strip, look)
        if tag_simulated and strip.item.simulated:
            pad = round(look.base * 0.3)
            ink, tag = look.theme.tag_ink, look.theme.tag
            _write(canvas, Text(strip.x + pad, strip.y, ("SIM",), look.small, ink, tag, pad))
    for text in page.texts:
        _write(canvas, text)
    return canvas


def _load_all(strips: Sequence[Strip], load: Load) -> Iterator[Sequence[Pixels] | str]:
    """The frames of each strip, or why there are none, in order."""

    def one(strip: Strip) -> Sequence[Pixels] | str:
        if strip.item.path is None:
            return strip.item.problem
        try:
            return load(strip.item)
        except (ClipError, OSError) as error:
            return f"cannot be read: {error}"

    with ThreadPoolExecutor(2) as pool:  # decoding and resizing let go of the interpreter
        yield from pool.map(one, strips)


def _film(canvas: Pixels, strip: Strip, look: Look, images: Sequence[Pixels]) -> None:
    box_w, box_h = look.thumb_w, strip.thumb_h
    for i in range(look.frames):
        line, place = divmod(i, look.per_line)
        x = strip.x + place * (box_w + look.film_gap)
        y = strip.y + line * (box_h + look.film_gap)
        image = fit(images[i], box_w, box_h)
        h, w = image.shape[:2]
        if (h, w) != (box_h, box_w):
            canvas[y : y + box_h, x : x + box_w] = look.theme.panel
        top, left = y + (box_h - h) // 2, x + (box_w - w) // 2
        canvas[top : top + h, left : left + w] = image


def _panel(canvas: Pixels, strip: Strip, look: Look, problem: str) -> None:
    """The place of a clip that is not there, with the reason."""
    theme, pad = look.theme, round(look.base * 0.9)
    canvas[strip.y : strip.y + strip.h, strip.x : strip.x + strip.w] = theme.panel
    room = strip.w - 2 * pad
    head, step = line_height(look.body), line_height(look.small)
    lines = wrap(problem, look.body, room, max(1, min(3, (strip.h - pad) // head)))
    left = (strip.h - pad - head * len(lines)) // step
    told = strip.item.detail and left > 0
    detail = wrap(strip.item.detail, look.small, room, min(3, left)) if told else ()
    y = strip.y + max(0, (strip.h - head * len(lines) - step * len(detail)) // 2)
    _write(canvas, Text(strip.x + pad, y, lines, look.body, theme.ink, theme.panel))
    if detail:
        y += head * len(lines)
        _write(canvas, Text(strip.x + pad, y, detail, look.small, theme.dim, theme.panel))


def _outline(canvas: Pixels, strip: Strip, look: Look) -> None:
    """A frame round the strip, outside its pixels, in the colour of its tone."""
    colour = look.theme.tone(strip.item.tone)
    away, thick = 2, max(2, look.base // 7)
    top, bottom = strip.y - away - thick, strip.y + strip.h + away + thick
    left, right = strip.x - away - thick, strip.x + strip.w + away + thick
    top, left = max(0, top), max(0, left)
    canvas[top : top + thick, left:right] = colour
    canvas[bottom - thick : bottom, left:right] = colour
    canvas[top:bottom, left : left + thick] = colour
    canvas[top:bottom, right - thick : right] = colour


def _write(canvas: Pixels, text: Text) -> None:
    """`text` from the label cache, cut where the page ends."""
    bitmap = label(text.lines, text.style, text.ink, text.paper)
    h, w = bitmap.shape[:2]
    if text.pad:
        pad = text.pad
        canvas[text.y : text.y + h, max(0, text.x - pad) : text.x + w + pad] = text.paper
    target = canvas[text.y : text.y + h, text.x : text.x + w]
    target[:] = bitmap[: target.shape[0], : target.shape[1]]


def encode(image: Pixels, suffix: str, *, quality: int = 85) -> bytes:
    """`image` (RGB) as a file of the kind `suffix` names (".jpg", ".png", ".webp")."""
    if suffix == ".webp":
        held = io.BytesIO()
        Image.fromarray(image).save(held, "WEBP", quality=quality, method=0)  # 25x JPEG's time at 4
        return held.getvalue()
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix in (".jpg", ".jpeg") else []
    done, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    if not done:
        raise ExportError(f"a picture of {image.shape[1]} x {image.shape[0]} px as {suffix} failed")
    return data.tobytes()
