"""Which camera move a text asks for: the one place where words become `CAMERA_MOVES`.

Moves are named by what the camera does. Words outside the vocabulary go to the nearest one (zoom →
push_in, truck left → pan_left, crane up → tilt_up); words that only hint at a move (follow,
tracking, aerial, a bare pan) count where the text names no plainer one, so that "handheld,
following" is one move and not two. The scorer, the lint and the simulator all read this file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from toolkit.records import CAMERA_MOVES

__all__ = ["SYNONYMS", "Mention", "find_moves", "opposite", "parse_camera", "without_camera"]


@dataclass(frozen=True)
class Mention:
    """A move named in a text at `start`..`end`; `exact` is False for a hint ("tracking shot")."""

    move: str
    start: int
    end: int
    exact: bool


_GAP = r"[\s_\-‐-―]*"
_SOFT = r"(?:\s+\w{2,12}ly)?" + _GAP  # "push slowly in"
_TO = r"(?:(?:\s+(?:to|towards?|from))?(?:\s+the)?|[\s_\-]*)\s*"
_LEFT = rf"{_TO}(?:left|anti-?clockwise\b(?!\s*roll))(?:\b|wards?)"
_RIGHT = rf"{_TO}right(?:\b|wards?)"
_CAM = r"\bcamera\s+(?:\w{2,12}ly\s+)?(?:is\s+)?"
_PAN = (
    r"\b(?:pan|pans|panning|panned|(?<!a\s)(?<!the\s)(?<!red\s)(?<!blue\s)truck|trucks|trucking|"
    r"side[\s-]?track(?:s|ing)?|track(?:s|ing)?(?:\s+shot)?(?:\s+moving)?)"
)
_TILT = (
    r"\b(?:tilt|tilts|tilting|crane|cranes|craning|boom|booms|jib|pedestal)"
    r"(?:\s+shot)?(?:\s+moving)?"
)
_ORBIT = (
    r"\b(?:orbit(?:s|ing|al)?(?:\s+shot)?|arc(?:s|ing)?(?:\s+shot)?)"
    r"(?:\s+around(?:\s+\w+){0,4}?)?"
)

_ROLL = rf"\b(?:rolls?|rolling|rotat(?:e|es|ing)){_GAP}(?:to\s+the\s+)?"

SYNONYMS: dict[str, tuple[str, ...]] = {
    "push_in": (
        rf"\bpush(?:es|ing)?{_SOFT}(?:in|forwards?)\b",
        rf"{_CAM}push(?:es|ing)?\s+(?:into|towards?|closer)\b",
        rf"\bdoll(?:y|ies|ying){_SOFT}(?:in|forwards?|towards?|into)\b",
        rf"\b(?:crash|snap|slow|quick)?\s*zoom(?:s|ing)?{_SOFT}in\b",
        r"\b(?:slow|quick|crash|snap|gentle|subtle)\s+zoom(?!\s*(?:out|back|lens))\b",
        rf"{_CAM}(?:moves?|moving|glid(?:es|ing)|creep(?:s|ing)?|travels?)\s+(?:in\b|forwards?|closer|towards?|into)",
        r"\bmove\s+closer\b",
        r"\bfly[\s-]?(?:through|forward|in)\s+(?:shot|camera)\b",
    ),
    "pull_out": (
        rf"\bpull(?:s|ing)?{_SOFT}(?:out|back|away)\b",
        rf"\bdoll(?:y|ies|ying){_SOFT}(?:out|back(?:wards?)?|away)\b",
        rf"\bzoom(?:s|ing)?{_SOFT}(?:out|back)\b",
        rf"{_CAM}(?:moves?|moving|glid(?:es|ing)|travels?)\s+(?:back(?:wards?)?|away|out)\b",
        r"\bpull[\s-]?back\s+(?:shot|reveal)\b",
    ),
    "pan_left": (rf"{_PAN}{_LEFT}", rf"{_CAM}(?:moves?|turns?|swings?|slides?|glides?){_LEFT}"),
    "pan_right": (rf"{_PAN}{_RIGHT}", rf"{_CAM}(?:moves?|turns?|swings?|slides?|glides?){_RIGHT}"),
    "tilt_up": (
        rf"{_TILT}{_GAP}(?:slowly\s+)?up(?:\b|wards?)",
        rf"{_CAM}(?:rises?|rising|ascends?|lifts?)\b",
    ),
    "tilt_down": (
        rf"{_TILT}{_GAP}(?:slowly\s+)?down(?:\b|wards?)",
        rf"{_CAM}(?:lowers?|descends?|sinks?)\b",
    ),
    "orbit_left": (rf"{_ORBIT}{_GAP}{_TO}left\b",),
    "orbit_right": (rf"{_ORBIT}{_GAP}{_TO}right\b",),
    "roll_cw": (
        rf"{_ROLL}(?:cw\b|clockwise|right\b)",
        r"\bclockwise\s+(?:camera\s+)?(?:roll|rotation)",
    ),
    "roll_ccw": (
        rf"{_ROLL}(?:ccw\b|(?:anti|counter)[\s-]?clockwise|left\b)",
        r"\b(?:anti|counter)[\s-]?clockwise\s+(?:camera\s+)?(?:roll|rotation)",
    ),
    "handheld": (
        r"\bhand[\s_-]?held\b",
        r"\bshaky(?:[\s-]?cam(?:era)?)?\b",
        r"\bshoulder[\s-]?mount(?:ed)?\b",
        rf"{_CAM}(?:shake|shakes|shaking|sway|sways|wobbles?)\b",
    ),
    "static": (
        r"\bstatic\b(?!\s+(?:electricity|noise|hiss|discharge))",
        r"\block(?:ed)?[\s-]?(?:off|down)\b",
        r"\b(?:locked|fixed|stationary|motionless|unmoving|still)\s+(?:wide\s+)?(?:camera|shot|frame)\b",
        r"\b(?:on\s+(?:a\s+)?)?tripod\b",
        r"\bno\s+camera\s+(?:movement|motion|move)\b",
        rf"{_CAM}(?:stays?|remains?|stands?|holds?)(?:\s+(?:still|fixed|put|steady))?",
        rf"{_CAM}(?:does\s+not|doesn['’]t)\s+move",
    ),
}
"""Patterns that name a move outright, by move. Every move's own name is found too."""

_HINTS: dict[str, tuple[str, ...]] = {
    "push_in": (
        r"\b(?:aerial|drone|bird['’]?s[\s-]?eye)[\s-]+(?:shot|view|footage|flight|flyover|video)s?\b",
        r"\baerials?\b",
        r"\bfly[\s-]?over\b",
        r"\bdolly(?:\s+shot)?\b",
        r"\bzoom(?:s|ing)?\b(?!\s*(?:lens|out|back))",
    ),
    "pan_right": (
        r"(?<!frying\s)(?<!sauce\s)\b(?:slow|gentle|quick|whip|wide|smooth)\s+pan\b",
        r"\bpan(?:s|ning)\b",
        r"\bpan\s+(?:shot|across|over)\b",
        r"\btruck(?:ing)?\s+shot\b",
    ),
    "tilt_up": (r"\b(?:tilt|crane|boom|jib)\s+shot\b",),
    "orbit_right": (
        rf"{_ORBIT}(?:\s+(?:shot|camera|move))?\b",
        r"\bcircl(?:e|es|ing)\s+(?:around\b|shot\b)",
        r"\b360(?:°|\s*degrees?)?\s+(?:shot|turn|spin|move)\b",
    ),
    "roll_cw": (
        r"\bcamera\s+rolls?\b",
        r"\b(?:dutch|barrel)\s+(?:roll|angle|tilt)\b",
        r"\brolling\s+camera\b",
    ),
    "handheld": (
        r"\bfollow(?:s|ing)?\b(?!\s+(?:by|the\s+light))",
        r"\btracking(?:\s+shot)?\b",
        r"\bsteadi[\s-]?cam\b",
        r"\bpov\b",
    ),
}

_NEGATED = re.compile(r"(?:\bno|\bwithout|\bnever|\bnot|n['’]t)(?:\s+(?:any|a|the))?\s+$", re.I)


def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all; gaps are bounded, or 10,000 spaces would take seconds."""
    bounded = "|".join(patterns).replace(r"\s+", r"\s{1,3}").replace(r"\s*", r"\s{0,3}")
    return re.compile(bounded.replace(r"‐-―]*", r"‐-―]{0,3}").replace(r"_\-]*", r"_\-]{0,3}"), re.I)


_EXACT = {move: _compiled(SYNONYMS[move]) for move in CAMERA_MOVES}
_HINT = {move: _compiled(patterns) for move, patterns in _HINTS.items()}

_OPPOSITE = {
    "push_in": "pull_out",
    "pan_left": "pan_right",
    "tilt_up": "tilt_down",
    "orbit_left": "orbit_right",
    "roll_cw": "roll_ccw",
}
_OPPOSITE |= {b: a for a, b in _OPPOSITE.items()}

_LIMIT = 20_000  # characters read; a longer prompt has lost its camera anyway

_TALK = re.compile(
    r"\b(?:the\s+)?(?:camera|shot|shots|lens|framing|framed|footage|handheld|tripod|angle|"
    r"close[\s-]?up|wide|medium|macro|extreme|slow|slowly|smooth|smoothly|gentle|gently|steady|"
    r"following|tracking|establishing|\d+\s?mm)\b",
    re.I,
)


def opposite(move: str) -> str | None:
    """The reversed move, or None for static and handheld, which have none."""
    return _OPPOSITE.get(move)


def find_moves(text: str) -> list[Mention]:
    """Every mention of a move in `text`, in order of place; negated ones ("no zoom") are left out.

    Hints are listed with `exact=False` even where `parse_camera` would pass them over.
    """
    text = text[:_LIMIT]
    found: list[Mention] = []
    for table, exact in ((_EXACT, True), (_HINT, False)):
        for move, pattern in table.items():
            for match in pattern.finditer(text):
                start, end = match.span()
                taken = any(m.start < end and start < m.end and m.exact for m in found)
                negated = move != "static" and _NEGATED.search(text[max(0, start - 14) : start])
                if start < end and not negated and not (taken and not exact):
                    found.append(Mention(move, start, end, exact))
    return sorted(found, key=lambda m: (m.start, m.end))


def parse_camera(text: str) -> tuple[str, ...]:
    """The moves that `text` asks for, each once, in the order named; () where it names none.

    Hints count only where no move is named outright. Two or more in the result is a prompt that
    asks for several moves at once.
    """
    found = find_moves(text)
    named = [m.move for m in found if m.exact] or [m.move for m in found][:1]
    return tuple(dict.fromkeys(named))


def without_camera(text: str) -> str:
    """`text` without its camera talk: what is left says what is in the scene.

    Twins that differ in the camera alone come out the same, apart from spaces and punctuation.
    """
    text = text[:_LIMIT]
    kept, at = [], 0
    for mention in find_moves(text):
        if mention.start >= at:
            kept.append(text[at : mention.start])
        at = max(at, mention.end)
    kept.append(text[at:])
    return " ".join(_TALK.sub(" ", " ".join(kept)).split())
