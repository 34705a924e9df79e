"""Several subjects that have to do with each other: single subjects hold, groups degrade.

What is background is left alone: a crowd that one person walks through is a place, and people
behind somebody, blurred or far away are scenery.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.prompts.lexicon import ANIMAL, ANIMALS, MANY, PEOPLE, PERSON, SINGULAR
from toolkit.prompts.lint.finding import Finding
from toolkit.prompts.lint.reading import Reading

__all__ = ["several_subjects"]

_ADJ = r"(?:[\w'-]+\s+){0,3}?"
_DET = r"(?:a|an|the|his|her|their|its|another|one|some|each|two|three|other|an?\s+other)"
_WHO = (
    rf"(?:{_DET}\s+{_ADJ})(?:{PERSON}|{PEOPLE}|couple|crowd|audience|opponent|partner|team|group)"
)

_COUNTED = re.compile(rf"\b(?:{MANY})\s+{_ADJ}(?P<who>{PEOPLE}|people)\b(?!-)", re.I)
_PAIRED = re.compile(
    rf"\b(?:{PERSON})\b(?:\s+(?:in|with|wearing)\s[^,.;]{{1,40}}?)?(?P<and>\s+(?:and|&)\s+"
    rf"(?:(?:a|an|the|his|her|their|another)\s+)?{_ADJ}(?:{PERSON}))\b(?!\s+(?:doll|statue|toy|"
    r"costume|poster))",
    re.I,
)
_WITH_CHILD = re.compile(
    rf"\b(?:{PERSON})\b(?P<and>\s+(?:with|alongside|beside|next\s+to|opposite|facing|and)\s+"
    rf"(?:his|her|their|another|a\s+second)\s+{_ADJ}(?:{PERSON}|friends|family|kids|children|"
    r"teammates|colleagues))\b",
    re.I,
)
_SHOT_OF = (
    r"(?:shot|view|footage|scene|video|close-?up|portrait|clip|film|image|framing|angle|frame|take)"
    r"\s+(?:of|on)\s+"
)
_HEAD = re.compile(
    rf"(?:^|[.;:!?\n]|\b(?:{_SHOT_OF})|\b(?:while|where|as|and|when)\s)\s*"
    rf"(?P<who>(?:(?:an?|the|some|our|young|old|elderly)\s+)?{_ADJ}"
    r"(?:couple|lovers|newlyweds|friends|family|families|twins|siblings|classmates|teammates|"
    r"roommates|flatmates|"
    rf"housemates|cousins|crew|staff|players|fans|patrons|revell?ers|campers|mourners|worshippers|"
    rf"pilgrims|refugees|troops|cheerleaders|congregation|jury|"
    r"crowd|crowds|audience|choir|orchestra|quartet|quintet|ensemble|duo|trio|troupe|squad|gang|"
    r"mob|army|team|band|procession|parade|"
    rf"{PEOPLE}|people|kids|children))\b"
    r"(?!\s+of\s+(?!two|three|four|five|six|seven|\d)|-|'|\s+(?:home|house|portrait|photos?|car|"
    r"room|dinner\s+table|recipe|album|"
    r"restaurant|"
    r"farm|business|heirloom|table|kitchen|dog|cat|noise|stand|jersey|bus|shoes|barrier|drawing|"
    r"toys?|"
    r"tiles?|playground|hospital|quarters|pit|shell|poster|figurines?))",
    re.I,
)
_AND_HEAD_NEEDS = re.compile(r"^\s+(?:\w+ly\s+)?(?:are\s+)?\w{3,}(?:ing|s)?\b", re.I)

_VERB_WITH = re.compile(
    r"\b(?P<verb>(?:talk|speak|chat|whisper|argu|quarrel|flirt|danc|wrestl|spar|jok|meet|din|"
    r"convers|"
    r"debat|bicker|negotiat|gossip|shak\w+\s+hands|laugh|play|fight|compet|sit|walk|eat|"
    r"shar\w*\s[^,.;]{1,30}?|"
    r"hav\w+\s(?:\w+\s){0,3}?|cuddl|collaborat|duel)"
    r"(?:s|es|e|ed|ing|ning|ting)?)\s+"
    rf"(?:\w+\s+){{0,2}}?(?:with|to|against|alongside)\s+{_WHO}\b",
    re.I,
)
_VERB_WHO = re.compile(
    r"\b(?P<verb>(?:hug|embrac|kiss|greet|help|feed|teach|comfort|interview|serv|chas|attack|punch|"
    r"slap|"
    r"tackl|marri|marr|propos\w*\sto|bump\w*\sinto|high-fiv|scold|tickl|rescu|carri|carry|confront|"
    r"approach|embarrass|fight|arrest|handcuff|massag|consol|toast)(?:s|es|e|y|ies|ed|ging|sing|"
    r"ing)?|"
    r"wav(?:es|ing)\s+(?:at|to)|(?:pass|giv|hand|serv|offer|show|throw|toss)(?:es|s|"
    r"ing)\s+[^,.;]{1,30}?\s+to|"
    rf"(?:hand|serv|giv|offer|teach)(?:es|s|ing))\s+{_WHO}\b",
    re.I,
)
_ACTS_ON = re.compile(
    rf"\b(?:{PERSON})\s+(?:\w+ly\s+|is\s+)?(?P<verb>\w{{2,}}(?:s|ing))\s+(?:a|an|the|his|her|"
    r"another|two|some)\s+"
    rf"(?:[\w'-]+\s+){{0,2}}?(?:{PERSON}|{PEOPLE})\b(?!'|-|\s+(?:statue|costume|doll|mask|figurine|"
    r"portrait|"
    r"model|toy|chair|uniform|suit|hat|face|hands?|bag|car|house|poster|trap|room|seat))",
    re.I,
)
_BESIDE = re.compile(
    rf"\b(?:{PERSON})\b[^.;:!?]{{0,60}}?\s(?P<verb>to|with|beside|for|against|alongside|opposite|"
    r"facing|"
    r"next\s+to|behind\s+the\s+back\s+of|at)\s+(?:a|an|the|his|her|another|"
    rf"some)\s+(?:[\w-]+\s+){{0,2}}?"
    rf"(?:{PERSON})\b(?!'|-|\s+(?:of|statue|costume|doll|mask|figurine|portrait|suit|hat|bag|car|"
    r"house|"
    r"poster|trap|room|seat|chair|uniform|school|shop|stand|stall|table|entrance|window|station))",
    re.I,
)
_EACH_OTHER = re.compile(
    r"\b(?:each\s+other|one\s+another|hand\s+in\s+hand|arm\s+in\s+arm|holding\s+hands|hold\s+hands|"
    r"shak(?:e|es|ing)\s+hands|face\s+to\s+face|back\s+to\s+back|"
    r"(?:sit|walk|laugh|danc|play|sing|work|eat|drink|cook|talk|stand|read|watch|study|train|march|"
    r"row|"
    r"gather|huddl|celebrat|cuddl|travel|rid|chat|stroll|sleep|jump|splash|pos|hik|pray|fish)"
    r"(?:e|es|s|ing|ning)?(?:\s+[\w']+){0,3}?\s+(?:together|side\s+by\s+side))\b",
    re.I,
)
_ANIMATE = re.compile(
    rf"\b(?:{PERSON}|{PEOPLE}|{ANIMAL}|{ANIMALS}|they|couple|people|kids|both)\b", re.I
)

_EVENT = re.compile(
    r"\b(?:conversations?|argument|discussion|debate|dialogue|quarrel|negotiation|interview|"
    r"handshake|"
    r"high[- ]fives?|group\s+hug|tug[- ]of[- ]war|(?:team|board|business|staff|office)\s+meeting|"
    r"(?:house|dinner|birthday|garden|pool|office|beach|rooftop)\s+party|party\s+scene|"
    r"(?:wedding|graduation)\s+ceremony|family\s+(?:dinner|gathering|reunion|meal|picnic|"
    r"breakfast)|"
    r"(?:football|soccer|basketball|rugby|hockey|volleyball|boxing|wrestling|cricket)\s+(?:match|"
    r"game|bout)|"
    r"dance\s+battle|(?:sword|fist|snowball|pillow|food|street|bar)[- ]?fight|brawl|"
    r"(?:street|mass)\s+protest|protest\s+march|riot|flash\s+mob|mosh\s+pit|romantic\s+date|"
    r"first\s+date|"
    r"group\s+(?:selfie|photo|dance)|standoff|shoot-?out)\b"
    r"(?!\s+(?:pit|piece|room|rooms|hall|is\s+over|table|stage|ring|chairs?))",
    re.I,
)
_ANIMAL_GROUP = re.compile(
    rf"\b(?:(?:{MANY})\s+{_ADJ}(?:{ANIMALS})|(?:a|the|one)\s+{_ADJ}(?:{ANIMAL})\s+and\s+"
    rf"(?:(?:a|an|the|another)\s+)?{_ADJ}(?:{ANIMAL}|{PERSON})|(?:a|"
    rf"the)\s+{_ADJ}(?:{PERSON})\s+and\s+"
    rf"(?:a|an|the|his|her|their)\s+{_ADJ}(?:{ANIMAL})|(?:{ANIMALS}))\b[^.;]{{0,40}}?"
    r"\b(?:play|fight|chas|wrestl|tussl|nuzzl|cuddl|spar|tumbl|groom|brawl|circl\w+\s+each|"
    r"together)\w*",
    re.I,
)
_ANIMAL_FOE = re.compile(
    r"\b(?:chas|attack|fight|wrestl|play|box|danc|battl|hunt|confront)(?:e|es|s|ing|"
    r"ting)?\s+(?:with\s+|against\s+)?"
    rf"(?:a|an|the|his|her|another)\s+{_ADJ}(?:{ANIMAL}|{ANIMALS}|monster|beast|creature)\b",
    re.I,
)

_BEHIND_WORDS = re.compile(
    r"\b(?:through|past|among|amid|amidst|amongst|between|above|over|behind|beyond|of|from|against|"
    r"across|"
    r"for|like|into|near|by|in\s+front\s+of|around|toward|towards|at|under|beneath|in|inside|on|to|"
    r"on\s+behalf\s+of|watched\s+by|surrounded\s+by|away\s+from|before|after|full\s+of|without|"
    r"crowded\s+with|filled\s+with|lined\s+with|busy\s+with|dotted\s+with)\s+(?:(?:the|a|an|some|"
    r"all|any)\s+)?$",
    re.I,
)
_SHOT_END = re.compile(rf"{_SHOT_OF}(?:(?:the|a|an|some)\s+)?$", re.I)
_SCENERY = re.compile(
    r"\b(?:blurred|blurry|out\s+of\s+focus|in\s+the\s+(?:\w+\s+)?(?:back)?(?:background|ground)|"
    r"background|in\s+the\s+distance|distant|"
    r"far[- ]?(?:off|away|below)|bokeh|unfocused|soft-focus|silhouettes?\s+of|faint|reflected|"
    r"painted|painting|"
    r"carved|statues?|figurines?|mannequins?|toy|toys|dolls?|chess\s+(?:pieces?|king|queen|set)|"
    r"mural|poster|puppets?|unseen|"
    r"photographs?|photo|sculptures?|behind\s+(?:him|her|it|them|(?:the\s+|a\s+)?glass)|pass(?:es|"
    r"ing)?\s+behind|off[- ]?screen|"
    r"as\s+scenery|small\s+as\s+ants|specks|lights\s+of)\b",
    re.I,
)
_NO_EVENT = re.compile(
    r"\b(?:empty|abandoned|deserted|after|before|set\s+for|ready\s+for|remains\s+of|memory\s+of|"
    r"for|from|"
    r"echo\s+of|murmur\s+of|hum\s+of|quiet|waiting)\s+(?:the|a|an|another|distant)?\s*(?:\w+\s+)?$",
    re.I,
)

_AGREES = re.compile(  # what may follow one as well as many: "women laughing", not "women laugh"
    r"\s*(?:[,.;:!?)]|$|\w+ing\b|\w+s\b|(?:in|on|at|with|under|by|behind|beside|near|through|from|"
    r"around)\b)",
    re.I,
)
_MESSAGE = "several subjects that interact (“{said}”): one subject holds its shape, groups degrade"
_FIX = "keep one subject; cut between single shots"
CODE = "several-subjects"


def several_subjects(read: Reading) -> Iterator[Finding]:
    """A conversation, a couple, a group: more than one subject that acts."""
    for start, end, edit in _first(read):
        yield read.finding(
            CODE,
            "warning",
            _MESSAGE.format(said=read.said(start, end)),
            _FIX,
            span=(start, end),
            replace=edit,
        )
        return  # one is enough: the other hits are the same people


def _first(read: Reading) -> Iterator[tuple[int, int, list[tuple[int, int, str]]]]:
    for match in read.matches(_COUNTED):
        if not _is_scenery(read, match.start(), match.end()):
            one = SINGULAR.get(match["who"].lower())
            said = re.sub(rf"^(?:{MANY})\s+", "", match[0], flags=re.I)
            alone = f"a {said[: -len(match['who'])]}{one}" if one else ""
            fits = one and _AGREES.match(read.plain[match.end() :])
            yield *match.span(), ([(*match.span(), alone)] if fits else [])
    for pattern in (_PAIRED, _WITH_CHILD):
        for match in read.matches(pattern):
            if not _is_scenery(read, match.start(), match.end(), lead=_with_article(read, match)):
                fits = _AGREES.match(read.plain[match.end() :])
                yield *match.span(), ([(*match.span("and"), "")] if fits else [])
    for match in read.matches(_HEAD):
        start, end = match.span("who")
        joined = re.match(r"\s*(?:and|as|while|when|where)\b", match[0], re.I)
        if joined and not _AND_HEAD_NEEDS.match(read.after(end)):
            continue
        if not _is_scenery(read, start, end, lead=-1):
            yield start, end, []
    for pattern in (_VERB_WITH, _VERB_WHO, _ACTS_ON, _BESIDE, _ANIMAL_FOE, _ANIMAL_GROUP):
        for match in read.matches(pattern):
            if not _SCENERY.search(read.plain[match.start() : match.end()]):
                yield *match.span(), []
    for match in read.matches(_EACH_OTHER):
        if _ANIMATE.search(read.plain) and not _is_scenery(read, *match.span(), lead=-1):
            yield *match.span(), []
    for match in read.matches(_EVENT):
        if not _NO_EVENT.search(read.before(match.start(), 40)):
            yield *match.span(), []


def _with_article(read: Reading, match: re.Match[str]) -> int:
    """Where the noun phrase begins: its article and adjectives stand before what was matched."""
    article = re.search(
        r"\b(?:a|an|the|one)\s+(?:[\w'-]+\s+){0,3}$", read.before(match.start(), 50), re.I
    )
    return match.start() - len(article[0]) if article else match.start()


def _is_scenery(read: Reading, start: int, end: int, *, lead: int | None = None) -> bool:
    """Whether these people are background. `lead` -1: do not ask what stands before them."""
    place = start if lead is None else lead
    if place >= 0:
        before = read.before(place, 40)
        if _BEHIND_WORDS.search(before) and not _SHOT_END.search(before):
            return True
    left = max(read.plain.rfind(",", 0, start), read.sentence(start)[0])
    stop = read.sentence(end)[1]
    right = read.plain.find(",", end, stop)
    if right < 0:
        return bool(_SCENERY.search(read.plain[left + 1 : stop]))
    aside = re.match(r",[^,]{1,30}(?=,|$)", read.plain[right:stop])  # ", out of focus"
    return bool(_SCENERY.search(read.plain[left + 1 : right] + (aside[0] if aside else "")))
