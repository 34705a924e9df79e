"""What Google's two interfaces to Veo share: the body, the end of an operation, the errors.

Seen in documents (the source of google-genai 2.34.0 and 3.4.0, Google Cloud's page on errors):
paths, bodies, the fields of an operation, `raiMediaFilteredReasons`, statuses of errors. From
memory: `RetryInfo` in the details of a 429, that Veo 3 rewrites prompts itself and cannot be told
not to. Nothing was tried against the live services.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from toolkit.errors import ProviderError, RefusalKind, ToolkitError
from toolkit.providers import _images, _wire
from toolkit.providers._http import UnclearError, refusal
from toolkit.providers._nest import nested, whole
from toolkit.records import ImageRef
from toolkit.seams import JSON, Failed, Request

__all__ = ["SUCCESSOR", "failed", "filled", "judge", "name_of", "prepared"]

SUCCESSOR = (
    "retired, or not offered here: Google's successor of Veo is gemini-omni-1.1-flash, by its "
    "Interactions interface, which has no adapter here; `promptgrid models` shows other ways"
)

FORMS = {
    "duration_s": "parameters.durationSeconds",
    "resolution": "parameters.resolution",
    "aspect_ratio": "parameters.aspectRatio",
    "negative": "parameters.negativePrompt",
    "seed": "parameters.seed",
    "audio": "parameters.generateAudio",
    "start_image": "",  # in `instances`
    "end_image": "",
    "fps": "",  # always 24
    "loop": "",
    "prompt_rewrite": "",  # it always does
}


def prepared(request: Request, forms: Mapping[str, str] = FORMS) -> JSON:
    """The body, pictures by their hash."""
    instance: JSON = {"prompt": _wire.text_of(request)}
    for name, wire in (("start_image", "image"), ("end_image", "lastFrame")):
        image = request.params.get(name)
        if isinstance(image, ImageRef):
            instance[wire] = {"bytesBase64Encoded": _images.placed(image)}
    given = {
        "negative": request.spec.negative,
        "duration_s": whole(request.params.get("duration_s")),
    }
    return {"instances": [instance], **nested(_wire.body(request, forms, given=given))}


def filled(body: JSON, request: Request, folder: Any, *, provider: str) -> JSON:
    """The body with the pictures in it, and of which kind each is."""
    full: JSON = _images.filled(body, request, folder, _images.as_base64, provider=provider)
    for instance in full["instances"]:
        for image in instance.values():
            if isinstance(image, dict) and "bytesBase64Encoded" in image:
                image.setdefault("mimeType", _media_type(image["bytesBase64Encoded"]))
    return full


def _media_type(text: str) -> str:
    for start, name in (("iVBOR", "image/png"), ("/9j/", "image/jpeg"), ("UklGR", "image/webp")):
        if text.startswith(start):
            return name
    return "application/octet-stream"


def name_of(reply: JSON, *, provider: str) -> str:
    """The operation's name, which becomes part of an address: nothing odd may be in it."""
    name = reply.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[\w-]+(?:[/.][\w-]+)*", name):
        raise UnclearError("answered without an operation", provider=provider)
    return name


def failed(found: JSON, answer: JSON) -> Failed | None:
    """Why an operation that is done has nothing to show: an error, or words on what was held back.

    `answer` is the part of it that holds the samples.
    """
    error = found.get("error")
    if error:
        said = f"{error.get('status') or error.get('code')}: {error.get('message')}"
        moderated = _wire.is_moderation(error.get("message"))
        return Failed(kind="moderated" if moderated else "failed", reason=said)
    reasons = answer.get("raiMediaFilteredReasons") or []
    if reasons or answer.get("raiMediaFilteredCount"):
        said = "; ".join(map(str, reasons)) or "held back without a reason given"
        return Failed(kind="moderated", reason=said)
    return None


def judge(provider: str, auth_hint: str) -> Callable[[httpx.Response], ToolkitError | None]:
    """Google's words for errors; a 5xx proves nothing."""

    def judged(reply: httpx.Response) -> ToolkitError | None:
        if reply.is_success or reply.status_code >= 500:
            return None
        try:
            error = reply.json()["error"]
            status, message = str(error.get("status")), str(error.get("message"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        kind, hint = _kind(reply.status_code, status, message, auth_hint)
        if kind is None:
            return None
        said = refusal(reply, provider=provider, kind=kind, hint=hint)
        said.retry_after_s = said.retry_after_s or _retry_after_s(error)
        return said

    return judged


def _kind(code: int, status: str, message: str, auth_hint: str) -> tuple[RefusalKind | None, str]:
    if re.search(r"API key not valid|API_KEY_INVALID|API key expired", message):
        return "auth", auth_hint
    if status in ("UNAUTHENTICATED", "PERMISSION_DENIED") or code in (401, 403):
        if "billing" in message.lower():
            return "arrears", "enable billing for the project in the Google Cloud console"
        return "auth", auth_hint
    if status in ("RESOURCE_EXHAUSTED", "FAILED_PRECONDITION") and re.search(
        r"billing|prepay|credits? (?:are|is) depleted", message, re.IGNORECASE
    ):
        return "arrears", "see to the project's billing"
    if status == "RESOURCE_EXHAUSTED" or code == 429:
        return "rate_limit", ""
    if status == "NOT_FOUND" and "operation" not in message.lower():
        return "retired", SUCCESSOR
    if status == "INVALID_ARGUMENT" and _wire.is_moderation(message):
        return "moderated", "word it differently"
    return None, ""


def _retry_after_s(error: JSON) -> float | None:
    for detail in error.get("details") or []:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", "")))
        if found:
            return float(found[1])
    return None


def check_base(base: str, job_data: JSON, *, provider: str, way_out: str) -> None:
    """A job is known where it was made alone."""
    made_at = job_data.get("base", base)
    if made_at != base:
        raise ProviderError(
            f"the job was made at {made_at}, and now {base} is asked: {way_out}", provider=provider
        )
