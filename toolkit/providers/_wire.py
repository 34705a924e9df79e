"""From canonical parameters to a service's own names, for every adapter alike.

A form says how one value travels: `"duration"` as it is, `"duration={}s"` as text ("5s"),
`"concepts[]"` as a list of one. An adapter knows the forms of its service; a catalogue row's
`fields` overrule them for one model, and "" there means that the model takes no such thing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from toolkit.prompts.rendering import with_camera
from toolkit.seams import Request

__all__ = ["base_url", "body", "is_moderation", "text_of"]


def base_url(service: str, default: str) -> str:
    """Where a service is asked: `PROMPTGRID_<SERVICE>_URL` (say, `PROMPTGRID_FAL_URL`), else
    `default`; without a slash at its end.
    """
    name = f"PROMPTGRID_{re.sub(r'[^A-Z0-9]', '_', service.upper())}_URL"
    return (os.environ.get(name) or default).rstrip("/")


def text_of(request: Request) -> str:
    """The prompt as sent: the camera's words join it where the model has no parameter for them."""
    move = request.params.get("camera_motion")
    if move is None or request.card.camera is not None:
        return request.prompt
    return with_camera(request.prompt, move, request.card)[0]


def body(
    request: Request, forms: Mapping[str, str], *, given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The parameters by their wire names, `extra` untouched and last.

    `given` holds values that the adapter made itself, by canonical name: `prompt`, `negative`, an
    uploaded image's address. What neither the row nor `forms` name goes by its own name: the grid
    has let only declared parameters pass.
    """
    named = {**forms, **request.card.fields}
    params = dict(request.params)
    extra = params.pop("extra", None) or {}
    if request.card.camera is None:
        params.pop("camera_motion", None)  # said in the words
    sent: dict[str, Any] = {}
    for name, value in {**params, **(given or {})}.items():
        form = named.get(name, name)
        if form and value is not None:
            wire, shaped = _shaped(form, value)
            sent[wire] = shaped
    return {**sent, **extra}


def _shaped(form: str, value: Any) -> tuple[str, Any]:
    if form.endswith("[]"):
        return form[:-2], [value]
    name, sign, text = form.partition("=")
    if not sign:
        return name, value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return name, text.format(f"{value:g}" if number else value)


_MODERATION = re.compile(
    r"moderat|nsfw|inappropriate|sensitive|safety|risk control|blacklist|prohibited|"
    r"(?:prompt|image|content) (?:is )?not allowed|restricted (?:word|content)|"
    r"(?:content|platform|usage|security) polic",
    re.IGNORECASE,
)


def is_moderation(text: object) -> bool:
    """Whether a service's free words say that it did not like what was asked or made."""
    return _MODERATION.search(str(text)) is not None
