"""From canonical parameters to a service's own names, for every adapter alike.

A form says how one value travels: `"duration"` as it is, `"duration={}s"` as text ("5s"),
`"concepts[]"` as a list of one; `"mode|720p=standard|1080p=pro"` gives some values another word
first. An adapter knows the forms of its service; a catalogue row's `fields` overrule them for one
model, and "" there means that the model takes no such thing.

Where a model has another endpoint for what comes with a picture, the row's `fields` name it:
`with start_image: fal-ai/…/image-to-video start_image=image_url aspect_ratio=`, which is the wire
id and the forms that differ there. `with end_image` goes before `with start_image`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from toolkit.errors import RefusalKind, Refused
from toolkit.prompts.rendering import takes_move, with_camera
from toolkit.seams import Request

__all__ = [
    "base_url",
    "body",
    "endpoint",
    "is_moderation",
    "meant",
    "rewriting",
    "text_of",
    "url_variable",
]

SWITCHES = ("audio", "loop")


def base_url(service: str, default: str) -> str:
    """Where a service is asked: `PROMPTGRID_<SERVICE>_URL` (say, `PROMPTGRID_FAL_URL`), else
    `default`; without a slash at its end.
    """
    return (os.environ.get(url_variable(service)) or default).rstrip("/")


def url_variable(service: str) -> str:
    """The environment variable with another address for a service."""
    return f"PROMPTGRID_{re.sub(r'[^A-Z0-9]', '_', service.upper())}_URL"


def text_of(request: Request) -> str:
    """The prompt as sent: the camera's words join it where the model has no parameter for them."""
    move = request.params.get("camera_motion")
    if move is None:
        return request.prompt
    return with_camera(request.prompt, move, request.card)[0]


def endpoint(request: Request) -> tuple[str, Request]:
    """The wire id that takes this request, and the request as it is called there.

    `Refused` where that endpoint cannot take what was asked beside the picture.
    """
    fields = dict(request.card.fields)
    for name in ("end_image", "start_image"):
        told = fields.get(f"with {name}")
        if told is None or request.params.get(name) is None:
            continue
        wire_id, *pairs = told.split()
        there = dict(pair.split("=", 1) for pair in pairs)
        for asked in request.params:
            if there.get(asked) == "" and request.params[asked] is not None:
                raise Refused(
                    f"{request.card.model} takes no `{asked}` beside `{name}`: leave it out",
                    kind="invalid",
                    provider=request.card.service,
                )
        card = replace(request.card, fields={**fields, **there})
        return wire_id, replace(request, card=card)
    return request.card.wire_id, request


def rewriting(request: Request) -> dict[str, bool]:
    """The switch for rewriting prompts, said aloud where the model has one: off, unless asked for.

    `Refused` where it is asked for and there is none.
    """
    asked = bool(request.params.get("prompt_rewrite"))
    if request.card.fields.get("prompt_rewrite"):
        return {"prompt_rewrite": asked}
    if asked:
        raise Refused(
            f"{request.card.model} has no switch for rewriting prompts: leave `prompt_rewrite` out",
            kind="invalid",
            provider=request.card.service,
        )
    return {}


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
    if not takes_move(request.card, params.get("camera_motion")):
        params.pop("camera_motion", None)  # said in the words
    elif request.card.camera == "camera_fixed":
        params["camera_motion"] = True
    if request.card.seed == "none":
        params.pop("seed", None)
    for name in SWITCHES:
        if getattr(request.card, name) is False and params.get(name) is False:
            del params[name]  # what is not there is off already
    sent: dict[str, Any] = {}
    for name, value in {**params, **(given or {})}.items():
        form = named.get(name, name)
        if form and value is not None:
            wire, shaped = _shaped(form, value)
            sent[wire] = shaped
    return {**sent, **extra}


def _shaped(form: str, value: Any) -> tuple[str, Any]:
    form, *pairs = form.split("|")
    if pairs:
        value = dict(pair.split("=", 1) for pair in pairs).get(str(value), value)
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


_MEANT: tuple[tuple[RefusalKind, re.Pattern[str]], ...] = (
    (
        "arrears",
        re.compile(
            r"(?:insufficient|(?:not (?:have )?|n't have )enough|out of|low on|no) "
            r"(?:\w+ )?(?:credit|balance|fund|quota|money)|(?:credit|account) balance|"
            r"balance (?:is )?(?:too low|exhausted|(?:is )?not enough|insufficient)|in arrears|"
            r"payment required|top up your|budget[ _](?:is )?(?:exhausted|exceeded)",
            re.IGNORECASE,
        ),
    ),
    (
        "retired",
        re.compile(
            r"model.{0,80}(?:no longer|retired|deprecat|discontinued|not (?:supported|available)|"
            r"not found|does not exist)|(?:unknown|unsupported|invalid) model",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
)


def meant(text: object) -> RefusalKind | None:
    """What a refusal in a service's free words is about, where its status does not tell."""
    for kind, words in _MEANT:
        if words.search(str(text)):
            return kind
    return "moderated" if is_moderation(text) else None
