"""The camera: one move at a time, and none that contradicts another.

Handheld and following are manners, not moves: "static with a slight handheld sway" and "handheld,
slow push in" ask for one thing. What the scene does ("a train pulls away") is no move of the
camera.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.camera import Mention
from toolkit.prompts.lint.finding import Finding
from toolkit.prompts.lint.reading import Reading

__all__ = ["camera_mentions", "several_moves"]

_MANNER = {"handheld"}
_LENS_WORD = re.compile(
    r"\b(?:zoom|doll[yi]|pans?\b|panning|tilt|orbit|crane|cranes|craning|truck|jib|"
    r"boom)",
    re.I,
)
_VERB = re.compile(r"^\w+(?:s|ing)\b", re.I)
_CUE = re.compile(
    r"\b(?:camera|cam|shot|lens|frame|framing|view|drone|gimbal|dolly|steadicam|we|perspective|pov|"
    r"handheld|aerial|zoom\w*|pan|pans|close-?up|"
    r"static|tripod|wide|gently|slowly|smoothly)\b",
    re.I,
)
_HINT_MOVES = re.compile(
    r"\b(?:circl|orbit|360|arc|pan|tilt|crane|zoom|whip|truck|boom|jib|roll|dutch|fly)", re.I
)
_AERIAL = re.compile(r"\b(?:aerial|drone|bird)", re.I)

_BACK_AND_FORTH = re.compile(
    r"\b(?:pan|tilt|zoom|doll(?:y|ies)|truck|track|push|pull|crane|orbit|roll)(?:s|ning|"
    r"ing)?\s+(?:the\s+camera\s+)?(?:slowly\s+|to\s+the\s+)?"
    r"(?:left|right|up|down|in|out|back)(?:wards?)?\s*(?:,|and|then|and\s+then|,\s*then|before|to|"
    r"/|followed\s+by)+\s*(?:\w+ing\s+)?(?:then\s+)?(?:back\s+)?(?:to\s+the\s+)?"
    r"(?:left|right|up|down|in|out|back)\b(?!\s+(?:of|the|a))|\b(?:back\s+and\s+forth|"
    r"in\s+and\s+out|side\s+to\s+side)\s+camera|"
    r"\b(?:camera|shot|lens)\b[^.;]{0,40}\b(?:back\s+and\s+forth|in\s+and\s+out|side\s+to\s+side|"
    r"all\s+around|in\s+every\s+direction|constantly\s+mov\w+)",
    re.I,
)
_CUTS = re.compile(
    r"\b(?:(?:quick|jump|rapid|hard|fast|smash|match)\s+cuts?|cuts?\s+(?:to|between)\s+(?:a|an|the|"
    r"her|his|another|different|various|wide|close)|cut\s+to\b|montage|"
    r"multiple\s+(?:camera\s+)?(?:angles|shots|scenes|cuts)|"
    r"(?:different|several|various|many|changing)\s+(?:camera\s+)?(?:angles|shots|camera\s+moves)|"
    r"split[- ]screen|multi-?(?:angle|shot|cam)|"
    r"(?:scene|shot)\s+(?:1|2|one|two)\s*:|series\s+of\s+(?:quick\s+)?(?:shots|scenes|close-?ups)|"
    r"camera\s+(?:angles\s+)?switch\w*|switch\w*\s+(?:camera\s+)?angles?|intercut\w*|"
    r"sequence\s+of\s+(?:shots|scenes))\b",
    re.I,
)
_GOES = (
    r"(?:spins?|rises?|dives?|circles?|flies|fly|pulls?|pushes|push|soars?|orbits?|zooms?|climbs?|"
    r"swoops?|tilts?|"
    r"pans?|whirls?|sweeps?|loops?|drops?|descends?|ascends?|glides?|moves?|"
    r"rotates?|plunges?|races?|rushes|cranes?|lifts?|ends?\s+on|lands?\s+on)(?:ing)?"
)
_SCENE_GOES_ON = (
    r"(?:(?!\b(?:as|while|when|she|he|they|it|who|which|that|where|to\s+reveal)\b)[^.;])"
)
_FLYING = re.compile(
    rf"\b(?:camera|drone|we)\s+(?:\w+ly\s+)?{_GOES}\b{_SCENE_GOES_ON}{{0,80}}?"
    rf"(?:\b(?:then|and|before|and\s+then)|,)\s+(?:\w+ly\s+)?{_GOES}\b",
    re.I,
)
_ONTO = re.compile(
    r"\b(?P<kind>pan|tilt|zoom|dolly|crane|truck|orbit)(?:s|ning|ing)?\s+(?:\w+ly\s+)?(?:to|into|"
    r"over|across|onto|towards?|"
    r"from|around|past|through)\b",
    re.I,
)
_KINDS = {
    "push_in": "depth",
    "pull_out": "depth",
    "zoom": "depth",
    "dolly": "depth",
    "truck": "pan",
}
_THEN = re.compile(
    r"(?:,|\band\b|\bthen\b|\bbefore\b|\bfollowed\s+by\b|\binto\b|\bwhile\b|\bplus\b|"
    r"\bending\s+(?:in|on|with)\b|\s|\ba\b|\bslow(?:ly)?\b|\bgentle\b|\bquick\b)+$",
    re.I,
)


def camera_mentions(read: Reading) -> list[Mention]:
    """The moves that the camera is asked to make; what the scene does by itself is left out."""
    if not read.is_english:
        return []
    return [m for m in read.mentions if _is_camera(read, m)]


def _is_camera(read: Reading, mention: Mention) -> bool:
    said = read.plain[mention.start : mention.end]
    in_camera = read.part_at(mention.start) == "camera"
    if re.search(r"\b(?:camera|shot|frame|tripod)\b", said, re.I):
        return True
    if in_camera or mention.move in {"static", "handheld"}:
        return (
            in_camera
            or not re.search(
                r"\b(?:a|the|his|her|its|their|an?\s+\w+|radio|tv|television|with|of)\s+$",
                read.before(mention.start, 20),
                re.I,
            )
            or _CUE.search(read.after(mention.end, 40)) is not None
        )
    before = read.before(mention.start, 80)
    if (
        read.has_parts
    ):  # a part for the camera is there to be used: elsewhere only plain words count
        return bool(re.search(r"\b(?:camera|shot|lens)\b", before + said, re.I))
    if _LENS_WORD.match(said):
        return not re.search(
            r"\b(?:a|the|planets?|moons?|satellites?|construction|tower|rusty|red|old)\s+$",
            before,
            re.I,
        ) or bool(re.search(r"\b(?:a|the)\s+$", before, re.I) and _LENS_WORD.match(said))
    if _VERB.match(said):
        return bool(_CUE.search(before))
    return not re.search(
        r"\b(?:to|will|can|they|we\s+all|waves|tides?|clouds|who|he|she|children|people|friends|"
        r"hands)\s+$",
        before,
        re.I,
    )


def several_moves(read: Reading) -> Iterator[Finding]:
    """Two moves of the camera, a static camera that moves, or several shots in one."""
    mentions = camera_mentions(read)
    exact = [m for m in mentions if m.exact]
    moves = [m for m in exact if m.move not in _MANNER and m.move != "static"]
    moves += [
        m for m in mentions if not m.exact and m.move != "handheld" and _counts(read, m, moves)
    ]
    moves.sort(key=lambda m: m.start)
    kinds = list(dict.fromkeys(m.move for m in moves))
    static = next((m for m in exact if m.move == "static"), None)
    if static is not None and moves:
        yield _static_and_move(read, static, moves[0])
        return
    again = next(iter(read.matches(_BACK_AND_FORTH)), None)
    if len(kinds) > 1:
        second = next(m for m in moves if m.move != moves[0].move)
        joint = _THEN.search(read.plain[: second.start])
        cut = joint.start() if joint and joint.start() > moves[0].start else second.start
        yield _several(read, moves[0].start, second.end, [(cut, second.end, "")])
    elif again is not None:
        yield _several(read, *again.span(), [])
    elif moves and (more := _another(read, moves)) is not None:
        yield _several(read, moves[0].start, more, [])
    else:
        for pattern in (_CUTS, _FLYING):
            for match in read.matches(pattern):
                yield _several(read, *match.span(), [])
                return


def _another(read: Reading, moves: list[Mention]) -> int | None:
    """Where a move of another kind ends that is named by where it goes ("pan to the mirror")."""
    kinds = {_KINDS.get(m.move, m.move.split("_")[0]) for m in moves}
    for match in read.matches(_ONTO):
        kind = match["kind"].lower()
        taken = any(m.start < match.end() and match.start() < m.end for m in moves)
        if _KINDS.get(kind, kind) not in kinds and not taken:
            return match.end()
    return None


def _counts(read: Reading, hint: Mention, moves: list[Mention]) -> bool:
    """Whether a mere hint is a second move: an aerial shot may pull back, a crane shot may rise."""
    said = read.plain[hint.start : hint.end]
    if _AERIAL.search(said) or not _HINT_MOVES.search(said):
        return False
    family = {
        "pan_right": "pan",
        "orbit_right": "orbit",
        "tilt_up": "tilt",
        "roll_cw": "roll",
        "push_in": "pu",
    }
    if any(m.move.startswith(family.get(hint.move, hint.move)) for m in moves):
        return False
    return not re.search(r"crane|jib|boom|dutch", said, re.I) or not moves


def _several(read: Reading, start: int, end: int, cut: list[tuple[int, int, str]]) -> Finding:
    return read.finding(
        "several-moves",
        "warning",
        f"more than one move of the camera (“{read.said(start, end)}”): none of them is delivered",
        "keep one move; make the other a clip of its own",
        span=(start, end),
        replace=cut,
    )


def _static_and_move(read: Reading, static: Mention, move: Mention) -> Finding:
    start, end = min(static.start, move.start), max(static.end, move.end)
    shot = re.match(r"\s+(?:camera|tripod|shot|frame|framing)\b(?!\s+of)", read.plain[static.end :])
    stop = static.end + (len(shot[0]) if shot else 0)
    is_verb = read.plain[static.start :].lower().startswith("camera")  # "the camera stays fixed"
    return read.finding(
        "static-and-move",
        "warning",
        f"a static camera that moves (“{read.said(static.start, static.end)}” and "
        f"“{read.said(move.start, move.end)}”): one contradicts the other",
        "keep one of the two",
        span=(start, end),
        replace=[] if is_verb else [(static.start, stop, "")],
    )
