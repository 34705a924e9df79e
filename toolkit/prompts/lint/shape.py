"""What a prompt lacks, and how long it is: parts, motion, words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.prompts.lexicon import ANIMAL, PERSON
from toolkit.prompts.lint.finding import Edit, Finding
from toolkit.prompts.lint.reading import Reading
from toolkit.prompts.lint.shot import camera_mentions
from toolkit.prompts.sense import is_camera, is_environment, is_mood

__all__ = ["length", "no_motion", "part_missing"]

SHORT, LONG, BARE = 60, 200, 9  # words

_WORD = re.compile(r"[^\W_]+(?:['’.,\-‐-―&/][^\W_]+)*")


def length(read: Reading) -> Iterator[Finding]:
    """60 to 120 words work best; above 200 a model cannot tell what matters."""
    if not read.is_spaced or not read.num_words:
        return
    words = read.num_words
    if words > LONG:
        last = list(_word_ends(read.text, LONG))[-1]
        stop = max((read.text.rfind(mark, 0, last) for mark in ".!?\n"), default=-1) + 1 or last
        yield read.finding(
            "too-long",
            "warning",
            f"{words} words: above {LONG} a model cannot tell what matters",
            f"keep what the picture needs, 60 to 120 words; the quick fix keeps the first {LONG} "
            "at most",
            span=(stop, len(read.text)),
            replace=_cuts(read, stop),
        )
    elif words < SHORT:
        yield read.finding(
            "short",
            "info",
            f"{words} word{'s' if words != 1 else ''}: 60 to 120 work best",
            "once it works, add what you see: clothing, material, light, lens",
        )


def _word_ends(text: str, most: int) -> Iterator[int]:
    for number, match in enumerate(_WORD.finditer(text), start=1):
        yield match.end()
        if number == most:
            return


def _cuts(read: Reading, stop: int) -> list[tuple[int, int, str]]:
    """What to delete beyond `stop`, part by part."""
    if not read.segments:
        return [(stop, len(read.text), "")]
    return [(max(stop, start), end, "") for _, start, end in read.segments if end > stop]


_WAYS = {
    "subject": (
        "who or what is seen is left to chance",
        "name one subject, its look, its place in the frame",
    ),
    "environment": ("the place is left to chance", "say where, in what light, at what time of day"),
    "camera": (
        "framing and move are left to chance",
        "say the framing and one move: “static wide shot”, “slow push in”",
    ),
    "mood": (
        "the look is left to chance",
        "add a register or a palette: “quiet documentary, muted teal and amber”",
    ),
}
_STARTERS = {
    "camera": "static wide shot",
    "mood": "quiet documentary, natural colours",
}


def part_missing(read: Reading) -> Iterator[Finding]:
    """Subject, environment, camera, mood: what is not said is filled in at random."""
    if read.has_parts:
        missing = [p for p in _WAYS if not read.part(p) and not _said_elsewhere(read, p)]
    elif read.is_english and read.num_words:
        missing = [p for p in _WAYS if not _said_elsewhere(read, p)]
    else:
        return
    bare = {"environment", "camera", "mood"} <= {*missing} and read.num_words < BARE * 2
    for part in missing:
        why, way = _WAYS[part]
        starter = _STARTERS.get(part) if read.has_parts else None
        serious = part == "subject" or (bare and part == "environment")
        finding = read.finding(
            "part-missing",
            "warning" if serious else "info",
            f"no {part}: {why}",
            way,
            part=part,
        )
        if starter:
            finding = Finding(
                finding.code,
                finding.severity,
                finding.message,
                finding.fix,
                None,
                part,
                None,
                (Edit(part, "", starter),),
            )
        yield finding


def _said_elsewhere(read: Reading, part: str) -> bool:
    if not read.is_english:
        return read.num_words > 0 or bool(read.text.strip())
    text = read.plain
    if part == "camera":
        return is_camera(text)
    if part == "mood":
        return is_mood(text)
    if part == "environment":
        return is_environment(text)
    return _has_subject(read)


_NO_SUBJECT = re.compile(
    r"\b(?:the|a|an|and|in|on|of|with|at|to|from|by|for|as|is|are|it|its|over|into|slow|slowly|"
    r"very|soft|warm|cold|cool|low|high|deep|dark|light|lighting|"
    r"style|look|feel|feeling|atmosphere|atmospheric|mood|moody|shot|camera|scene|video|clip|"
    r"footage|film|cinematic|dramatic|quality|colou?rs?|palette|tones?|"
    r"contrast|grade|graded|muted|desaturated|motion|move|moves|movement|please|make|create|"
    r"generate|some|something|video|wide|medium|close-?up|"
    r"lens|mm|focus|depth|field|shallow|bokeh|angle|frame|framing|in|out|left|right|up|down|push|"
    r"pull|pan|tilt|orbit|static|handheld|dolly|zoom|"
    r"beautiful|stunning|epic|amazing|gorgeous|golden|hour|dusk|dawn|night|day|morning|evening|"
    r"sunset|sunrise|grain|\d+\w*|documentary|noir|vintage|"
    r"teal|orange|amber|blue|grey|gray|smooth|gentle|steady|quiet|calm|melancholy|melancholic|"
    r"nostalgic|dreamy|natural|ultra|hd|4k|8k|realistic|"
    r"photorealistic|high|back|backlit|rim|side|neon|glow|haze|hazy|and)\b",
    re.I,
)


def _has_subject(read: Reading) -> bool:
    """Whether anything is left to see once camera, light and look are taken away."""
    if _ALIVE.search(read.plain):
        return True
    rest = read.plain
    for mention in reversed(read.mentions):
        rest = rest[: mention.start] + " " + rest[mention.end :]
    return bool(re.search(r"[^\W\d_]{3,}", _NO_SUBJECT.sub(" ", rest)))


_ING_NOUNS = (
    r"building|buildings|morning|evening|lighting|ceiling|clothing|clearing|painting|paintings|"
    r"string|ring|king|wing|wings|spring|nothing|something|anything|everything|"
    r"railing|awning|thing|things|setting|framing|during|including|wedding|bedding|sterling|dining|"
    r"living|sitting|standing|lying|leaning|waiting|"
    r"resting|sleeping|looking|facing|wearing|holding|hanging|towering|overlooking|surrounding|"
    r"featuring|shooting|establishing|charming|stunning|"
    r"interesting|amazing|striking|exciting|outstanding|posing|smiling|being|boring|matching|"
    r"missing|remaining|drawing|flooring|tiling|plating|"
    r"evening|viking|sibling|siblings|pudding|earring|earrings|stocking|stockings|filling|filing|"
    r"bring|sling|swing|cling|parking|reading|staring|gazing|"
    r"breathtaking|captivating|mesmerizing|shining|glowing|gleaming|glistening|sparkling|seating|"
    r"sting|wing|containing|kneeling|crouching|seated|promising|lining|ageing|aging|outing|ping"
)
_MOVES = re.compile(
    rf"\b(?!(?:{_ING_NOUNS})\b)[a-z]{{2,}}ing\b|"
    r"\b(?:walks?|runs?|trots?|strolls?|wanders?|paces|hikes?|climbs?|crawls?|jumps?|leaps?|"
    r"dances?|sways?|swims?|flies|fly|soars?|glides?|drifts?|floats?|falls?|rises?|"
    r"turns?|spins?|rotates?|rolls?|slides?|moves?|passes|crosses|follows|enters|leaves|opens|"
    r"closes|lifts?|raises|lowers|pours?|stirs?|pushes|pulls|carries|"
    r"drives?|rides?|rows?|sails?|cycles|pedals|skates|surfs|dives?|waves|nods|blinks|breathes|"
    r"breathe|smiles|laughs|speaks|sings|plays|writes|cuts|chops|kneads|sweeps|"
    r"cooks|eats|drinks|sips|reaches|picks|places|sets|puts|takes|brushes|combs|wipes|polishes|"
    r"sharpens|paints|draws|folds|unfolds|ties|throws|catches|drops?|drips?|"
    r"flows?|ripples?|splash(?:es)?|burns?|flickers?|glows|steams?|curls|billows?|blows?|bends?|"
    r"trembles?|shakes?|shivers?|flutters?|flaps?|hovers?|circles|swirls?|whirls?|twirls?|"
    r"settles?|scatters?|spreads?|streams?|pulses?|throbs|swings?|rocks|bobs|lands?|takes\s+off|"
    r"departs|arrives|approaches|looks\s+(?:up|down|over|around|back|away|at|out)|"
    r"glances|tilts|leans\s+(?:in|over|back|forward)|steps|stops|starts|begins|sits\s+down|"
    r"stands\s+up|adjusts|twists|kicks|grazes?|graze|pecks|sniffs|licks|chews|stretches|yawns|"
    r"purrs|wags|hunts|digs|spins|works|hammers|planes|weaves|knits|sews|types|rings|ticks|sweeps|"
    r"melts|boils|bubbles?|simmers?|sizzles?|fizzes|foams?|froths|lap|laps|roll\s+in|break|breaks|"
    r"breaking|crash|"
    r"crashes|surges?|roll|wash(?:es)?|stir|sway|drift|gather|hang\s+and\s+sway|wind\s+moves|pad|"
    r"pads|emerges?|disappears?|vanish(?:es)?|shuffles?|limps?|marches|parades?|twinkles?|"
    r"shimmers?|shimmer|sparkles?|dapples|"
    r"descends?|ascends?|hurries|races|sprints|gallops|chases|explodes|collapses|cascades?|"
    r"plunges?|tumbles?|trickles?|seeps|"
    r"slips|creeps|sinks|peels|unrolls|tugs|spill|spills|pulls?|bows|kneels|shifts|touches|traces|"
    r"strokes|plucks|strums|checks|tastes|squeezes|scoops|kindles|lights\s+(?:a|the|up)|stokes)\b|"
    r"\b(?:rain|raindrops|drizzle|snow|snowfall|snowflakes|mist|fog|smoke|steam|vapou?r|waves?|"
    r"surf|waterfall|rapids|river|stream|fountain|fire|flames?|campfire|"
    r"bonfire|embers|sparks|candlelight|candle\s+flame|wind|breeze|breezy|gust|storm|blizzard|"
    r"clouds|dust|tide|ripples|traffic|flock|fireworks|lava|currents?|swirl|aurora|motion|movement|"
    r"slow[- ]motion|time-?lapse|in\s+motion|walk|flight|ride|dance|stroll|sway|drift|handheld)\b",
    re.I,
)
_MEANT_STILL = re.compile(
    r"\b(?:still\s+life|stillness|motionless|perfectly\s+still|completely\s+still|unmoving|"
    r"frozen\s+in|cinemagraph|living\s+photograph|holds\s+still|locked[- ]off|tripod|static)\b",
    re.I,
)


_ALIVE = re.compile(rf"\b(?:{PERSON}|{ANIMAL})\b", re.I)
_RESTS = re.compile(
    r"\b(?:sits?|stands?|lies|lie|rests?|waits?|sleeps?|reads?|looks?|gazes?|stares?|watches|"
    r"holds?|hangs?|leans?|poses?|wears?|listens?|thinks?|talks?|"
    r"standing|sitting|lying|leaning|waiting|resting|sleeping|asleep|looking|reading|staring|"
    r"gazing|listening|kneeling|seated|smiling|coils?|shapes?|mends?)\b",
    re.I,
)


def no_motion(read: Reading) -> Iterator[Finding]:
    """Nothing moves, not even the camera: the clip will be a photograph, or drift on its own."""
    if not read.is_english or not read.num_words or _MOVES.search(read.plain):
        return
    moving = [m for m in camera_mentions(read) if m.move != "static"]
    if moving:
        return
    alive = _ALIVE.search(read.plain)
    meant = _MEANT_STILL.search(read.plain) or _RESTS.search(read.plain) or not alive
    yield read.finding(
        "no-motion",
        "info" if meant else "warning",
        "nothing moves: neither the subject nor the air nor the camera",
        "let one small thing move (“she turns her head”)"
        if alive
        else "let one small thing move (“steam curls upward”), or the camera (“slow push in”)",
        part="action" if read.has_parts else None,
    )
