"""Pasted text split into the parts of the formula: a suggestion, which a person corrects.

No telling word is lost: all but a few joining ones ("of", "in") stand in some part. Text that
names its parts ("Camera: slow push in") is taken at its word; else each clause goes where most of
its telling words belong.
"""

from __future__ import annotations

import re

from toolkit.errors import PromptError
from toolkit.prompts.formula import Prompt
from toolkit.prompts.sense import is_camera, is_environment, place_at, weigh
from toolkit.records import PARTS

__all__ = ["split"]

_LABELS = {
    "subject": "subject", "character": "subject", "who": "subject", "main subject": "subject",
    "action": "action", "motion": "action", "movement": "action",
    "environment": "environment", "setting": "environment", "scene": "environment",
    "location": "environment", "background": "environment", "where": "environment",
    "place": "environment",
        "lighting": "environment",
        "light": "environment",
        "time": "environment",
    "camera": "camera", "shot": "camera", "framing": "camera", "camera movement": "camera",
    "lens": "camera", "camera motion": "camera",
    "mood": "mood", "style": "mood", "tone": "mood", "palette": "mood", "colour": "mood",
    "color": "mood", "look": "mood", "atmosphere": "mood", "aesthetic": "mood",
    "negative": "negative", "negative prompt": "negative", "avoid": "negative",
}  # fmt: skip
_LABELLED = re.compile(
    r"(?:^|[\n.;|])\s*[*_#\-\s]*\b"
    rf"({'|'.join(sorted(_LABELS, key=len, reverse=True))})\b[*_\s]*[:=]\s*[*_]*\s*",
    re.IGNORECASE,
)
_CLAUSES = re.compile(r"(?<=[.!?;。！？\n])\s*|,\s+(?!(?:and|or)\s)")
_GOES_ON = re.compile(
    r"^(?:and|or|with|who|which|that|whose|wearing|holding|carrying|in\s+(?:a|an|his|her|"
    r"their)\s+\w+\s+"
    r"(?:coat|dress|hat|suit|shirt|jacket|apron|scarf)|her|his|its|their)\b",
    re.IGNORECASE,
)
_HAPPENS = re.compile(
    r"^(?:as\s+)?(?:she|he|it|they|steam|rain|smoke|dust|wind|leaves|snow|water|light|waves|"
    r"curtains|hair|"
    r"the\s+\w+|her\s+\w+|his\s+\w+|its\s+\w+|\w+)\s+(?:\w+ly\s+)?"
    r"(?:\w+(?:s|ing)|run|drift|fall|move|stir|sway|roll|glow|rise|blow)\b|^\w+ing\b",
    re.IGNORECASE,
)
_CAMERA_FIRST = re.compile(
    r"^(?P<camera>(?:an?\s+|the\s+)?[^,.;]{0,60}?\b(?:shot|view|close-?up|footage|angle|take|"
    r"framing))\s+of\s+(?P<rest>.+)$|"
    r"^(?P<moves>(?:the\s+)?camera\b[^,.;]{0,40}?\b(?:in|out|back|left|right|up|down|around|"
    r"forward|away|closer))\s+"
    r"(?:on|onto|to|toward|towards|over|past|along|of|from|around|across)\s+(?P<seen>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_LEADING_IN = re.compile(r"^(?:in|on|at)\s+(?=(?:a|an|the)\s)", re.IGNORECASE)


def split(text: str) -> Prompt:
    """The parts that `text` seems to have, as a `Prompt` to look over.

    `PromptError` for an empty text. A text in which nothing is recognised becomes the subject.
    """
    if not text.strip():
        raise PromptError("an empty prompt; paste what the camera should see")
    labelled = _by_label(text)
    parts = labelled or _by_sense(text)
    negative = parts.pop("negative", None)
    return Prompt(
        parts.get("subject", ""),
        **{part: parts[part] for part in PARTS[1:] if part in parts},
        negative=negative,
    )


def _by_label(text: str) -> dict[str, str] | None:
    found = list(_LABELLED.finditer(text))
    if len(found) < 2:
        return None
    parts: dict[str, list[str]] = {}
    before = text[: found[0].start()]
    if _clean(before):
        parts["subject"] = [_clean(before)]
    for number, match in enumerate(found):
        stop = found[number + 1].start() if number + 1 < len(found) else len(text)
        said = _clean(text[match.end() : stop])
        if said:
            parts.setdefault(_LABELS[match[1].lower()], []).append(said)
    return {part: ", ".join(texts) for part, texts in parts.items()}


def _by_sense(text: str) -> dict[str, str]:
    parts: dict[str, list[str]] = {}
    previous = "subject"
    for number, clause in enumerate(_clauses(text)):
        led = _CAMERA_FIRST.match(clause)
        if led and "camera" not in parts and is_camera(clause):
            parts["camera"] = [_clean(led["camera"] or led["moves"])]
            clause = _clean(led["rest"] or led["seen"])
        part = _part_of(clause, is_first="subject" not in parts, previous=previous, number=number)
        if part == "subject" or (part == "action" and is_environment(clause)):
            head, place = _at_place(clause)
            if head:
                parts.setdefault(part, []).append(head)
            if place:
                parts.setdefault("environment", []).append(place)
        else:
            parts.setdefault(part, []).append(clause)
        previous = part
    if "subject" not in parts:  # a sentence that begins with its action, or a place alone
        for part in ("action", "environment"):
            if part in parts:
                parts["subject"] = parts.pop(part)
                break
    return {part: ", ".join(texts) for part, texts in parts.items()}


def _clauses(text: str) -> list[str]:
    pieces = (_clean(piece) for piece in _CLAUSES.split(text))
    return [piece for piece in pieces if piece]


def _clean(text: str) -> str:
    return " ".join(text.split()).strip(" ,.;|*_#-").strip() if text else ""


def _part_of(clause: str, *, is_first: bool, previous: str, number: int) -> str:
    weights = weigh(clause)
    length = max(1, len(clause))
    camera, mood = weights.get("camera", 0.0), weights.get("mood", 0.0)
    place = weights.get("environment", 0.0)
    if camera >= mood and (camera > 0.3 * length or (camera > place and camera > 0.15 * length)):
        return "camera"
    if mood > place and (
        mood > (0.6 if is_first else 0.25) * length or (number > 1 and not is_first)
    ):
        return "mood"
    if is_first:
        return "subject"
    if _GOES_ON.match(clause) and previous == "subject":
        return "subject"
    if _HAPPENS.match(clause) and place < 0.5 * length:
        return "action"
    if place or place_at(clause) == 0:
        return "environment"
    return previous if previous in {"subject", "mood", "camera"} else "subject"


def _at_place(clause: str) -> tuple[str, str]:
    """What is seen, and where: "a fox trots | through deep snow at dawn"."""
    at = place_at(clause)
    if at is None or len(clause[:at].split()) < 2:
        return clause, ""
    return _clean(clause[:at]), _LEADING_IN.sub("", _clean(clause[at:]))
