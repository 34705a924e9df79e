"""Words that give a model nothing to render: praise, resolution in words, negations, flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from toolkit.prompts.lint.finding import Edit, Finding
from toolkit.prompts.lint.reading import MANY, Reading

__all__ = ["negation", "typed_flags", "vague_quality"]

_LOOK = (
    r"(?:shots?|view|views|scene|scenery|lighting|light|quality|detail|details|visuals?|footage|"
    r"image|picture|look|composition|colou?rs?|"
    r"cinematography|video|clip|camera\s*work|landscape|atmosphere|effects?|result|vibes?|"
    r"aesthetics?|mood|feel|feeling|texture|textures|graphics|"
    r"animation|resolution|clarity|moment|ambience|ambiance|shadows|render|rendering|motion|"
    r"movement)"
)
_VAGUE = re.compile(
    r"(?<![\w-])(?:"
    r"(?:so\s+|very\s+|really\s+|truly\s+|absolutely\s+|insanely\s+|incredibly\s+|extremely\s+|"
    r"super\s+)?"
    r"(?:beautiful|beautifully|stunning|stunningly|gorgeous|amazing|awesome|breathtaking|"
    r"breath-taking|spectacular|magnificent|incredible|fantastic|"
    r"wonderful|marvell?ous|majestic(?!\s+(?:theatre|theater|cinema|hotel))|mesmeri[sz]ing|"
    r"captivating|jaw-dropping|mind-blowing|awe-inspiring|"
    r"eye-catching|outstanding|phenomenal|superb|exquisite|flawless|perfect(?!\s+(?:circle|square|"
    r"stillness|symmetry|fifth|storm|line|row|reflection|sphere))|"
    r"excellent|epic(?!\s+(?:poem|theatre|theater|of\s+gilgamesh))|lovely|unbelievable|impressive|"
    r"extraordinary|picturesque|"
    r"cool-looking|good-looking|nice-looking|nice|interesting|sensational|unforgettable|remarkable|"
    r"fabulous|insane|glorious|"
    r"attractive|aesthetic(?:ally\s+pleasing)?|aesthetically|visually\s+(?:stunning|striking|rich|"
    r"appealing|pleasing|impressive)|super\s+cool)"
    r"(?:\s+and\s+(?:beautiful|stunning|amazing|gorgeous|epic|breathtaking))?|"
    r"masterpiece|master-piece|award[- ]winning|best\s+(?:quality|possible\s+quality|ever)|(?:top|"
    r"high|highest|premium|ultra|superior|great|good|max|maximum|broadcast|studio|exceptional|"
    r"hollywood)[- ]quality|"
    r"(?:high|top)[- ](?:end\s+look|resolution|res|definition)|hi-?res|world[- ]class|next[- "
    r"]level|state[- ]of[- ]the[- ]art|top[- ]notch|mind\s+blowing|"
    r"(?:ultra|super|hyper|extremely|very|insanely|highly|incredibly|so|really|max(?:imum)?)[- "
    r"]?(?:detailed|realistic|real|sharp|clear|hd|high\s+resolution|cinematic|crisp|"
    r"photo-?realistic|high\s+quality)|hyper-?realism|ultra-?realism|"
    r"(?:8k|4k|16k|uhd|full\s+hd|ultra\s+hd|fhd|hdr10|hd)(?:\s+(?:uhd|hdr|resolution|quality|"
    r"footage|video|hd))?|(?:1080|720|2160|1440)p|"
    r"(?:intricate|insane|incredible|extreme)\s+details?|trending\s+on\s+\w+|professional(?:ly)?[- "
    r"](?:quality|shot|looking|grade|look|video|footage|lighting|made)|viral|"
    r"(?:great|good|best|cool|pretty|professional|dynamic|nice|amazing|magical|dramatic|"
    rf"quality)\s+{_LOOK}|"
    r"(?:make|makes|making)\s+it\s+(?:look\s+)?(?:\w+\s+)?(?:good|great|nice|real|cool|pretty|"
    r"beautiful|amazing|epic|cinematic|professional|realistic)|looks?\s+(?:really\s+|very\s+|"
    r"so\s+)?(?:great|good|amazing|awesome|cool|nice|professional|real)|"
    r"pretty\s+(?:girl|woman|flower|flowers|scene|sunset|landscape|view|face|lady)|cool\s+(?:guy|"
    r"car|effect|effects|scene|stuff|style)|"
    r"something\s+(?:cool|nice|amazing|beautiful|epic|interesting|special)|and\s+so\s+on|etc\.?|"
    r"unreal\s+engine(?:\s+\d)?|octane\s+render|artstation|wow\s+factor"
    r")(?![\w-])",
    re.I,
)
_FINE = re.compile(
    r"(?:\b(?:in\s+the\s+style\s+of|sleeping|called|named|titled|film|song|hotel|theatre|"
    r"theater)\s+)$",
    re.I,
)
_PRO = re.compile(
    r"^dramatic\s+(?:lighting|light|shadows|mood|atmosphere|scene|landscape|moment)$", re.I
)
_SPECIFIC_COOL = re.compile(
    r"^cool\s+(?:light|lighting|colou?rs?|mood|shadows|landscape|texture|textures)$", re.I
)
_PIXELS = re.compile(r"\d|\bhd|uhd|resolution|definition|\bres\b", re.I)


def vague_quality(read: Reading) -> Iterator[Finding]:
    """Praise instead of specifics: "stunning", "masterpiece", "8k"."""
    for match in read.matches(_VAGUE):
        start, end = match.span()
        said = match[0]
        if _PRO.match(said) or _SPECIFIC_COOL.match(said) or _FINE.search(read.before(start, 30)):
            continue
        if said.lower() in {"perfect", "epic"} and re.match(r"\w*ly\b", read.plain[end:]):
            continue
        pixels = _PIXELS.search(said)
        yield read.finding(
            "vague-quality",
            "warning",
            f"“{read.said(start, end)}” "
            + (
                "is no picture: size is a parameter"
                if pixels
                else "names nothing that can be rendered"
            ),
            "`resolution=…` sets the size" if pixels else "name the light, the lens, the material",
            span=(start, end),
            replace=[_with_article(read, start, end)],
        )


def _with_article(read: Reading, start: int, end: int) -> tuple[int, int, str]:
    """The cut, with "a" before it put right: "an amazing fox" leaves "a fox"."""
    before = re.search(r"\b(an?)\s+$", read.before(start, 8), re.I)
    after = re.match(r"\s+(\w+)", read.after(end, 40))
    if not before or not after:
        return start, end, ""
    article = "an" if after[1][0].lower() in "aeiou" else "a"
    if article == before[1].lower():
        return start, end, ""
    begin = start - len(before[0])
    return begin, end, article


_NEGATION = re.compile(
    r"(?<![\w-])(?P<all>"
    r"(?:(?:and|but|with|there\s+(?:is|are|should\s+be)|absolutely|please|"
    r"make\s+sure\s+(?:there\s+(?:is|are)|to\s+have))\s+)?"
    r"(?:no(?!\.)|zero)\s+(?!(?:one\s+else\s+)?(?:longer|more\s+than|less\s+than|fewer|sooner|"
    r"matter|doubt|wonder|\d|man's|name|nonsense|stranger|"
    r"hurry)\b)(?P<what>[\w'-]+(?:\s+[\w'-]+){0,3}?)(?=\s*(?:[,.;:!?)]|$|\b(?:and|or|in|on|at|of|"
    r"with|but|anywhere|around|visible|for|to|is|are|nearby)\b))|"
    r"without\s+(?!(?:a\s+(?:sound|word|hurry|pause|break|care)|hurry|haste|pause|pausing|stopping|"
    r"rush|rushing|hurrying|end|moving|breaking|looking|turning|"
    r"speaking|sound|warning|effort|hesitation|touching|waking|blinking|urgency)\b)(?:any\s+|a\s+|"
    r"an\s+|the\s+)?[\w'-]+(?:\s+[\w'-]+){0,2}?(?=\s*(?:[,.;:!?)]|$|\b(?:and|or|in|on|at|of|with|"
    r"but)\b))|"
    r"(?:do|does|did|should|must|can|could|will|would|is|are|was|were|has|have|need)(?:\s*n't|"
    r"\s+not|not)\s+[\w'-]+(?:\s+[\w'-]+){0,4}?(?=\s*(?:[,.;:!?)]|$|\b(?:and|or|but)\b))|"
    r"don'?t\s+[\w'-]+(?:\s+[\w'-]+){0,4}?(?=\s*(?:[,.;:!?)]|$|\b(?:and|or|but)\b))|"
    r"never\s+(?!(?:ending|mind)\b)[\w'-]+(?:\s+[\w'-]+){0,3}?(?=\s*(?:[,.;:!?)]|$|\b(?:and|or|"
    r"but)\b))|"
    r"(?:please\s+)?(?:avoid|avoiding|exclude|excluding|omit|leave\s+out|get\s+rid\s+of|"
    r"refrain\s+from|free\s+(?:of|from)|absence\s+of|lack\s+of|lacking)\s+(?!(?:a|the)\s+(?:puddle|"
    r"rock|car|obstacle)s?\b)[\w'-]+(?:\s+[\w'-]+){0,3}?(?:\s+(?:and|"
    r"or)\s+[\w'-]+)?(?=\s*(?:[,.;:!?)]|$|\b(?:and|or|but)\b))|"
    r"(?:blur|noise|artifact|artefact|flicker|watermark|distortion|text|logo|glitch|grain|people|"
    r"person|jitter)[- ]free|"
    r"(?:but\s+|and\s+|,\s*)?not\s+(?!(?:far|only|yet|quite|unlike|long|much|least|just|even|"
    r"a\s+(?:breath|single)|too\s+(?:far|long))\b)[\w'-]+(?:\s+[\w'-]+){0,3}?(?=\s*(?:[,.;:!?)]|$|"
    r"\b(?:and|or|but)\b))|"
    r"(?:nobody|no-one|no\s+one|nothing|none|nowhere|neither)(?!\s+(?:but|else\s+moves|moves|stirs|"
    r"happens|except|more\s+than|if\s+not|short\s+of))(?:\s+(?:is|are|else|in|around|on|of|to|"
    r"visible|should|nor|other)\b(?:\s+[\w'-]+){0,3}?)?(?=\s*(?:[,.;:!?)]|$|\b(?:and|or|but|in|on|"
    r"around)\b)))",
    re.I,
)
_IDIOM = re.compile(
    r"(?:whether\s+or|if|why|more\s+often\s+than|chanel|likely\s+as|as\s+often\s+as|says?|reading|"
    r"reads|forget-me-|\bnumber|"
    r"\bflight|\bsong|\btitled|\bopus|\bhas|\bsees|\blooks?\s+at)\s*$",
    re.I,
)
_CAMERA_STILL = re.compile(
    r"\bno\s+(?:camera\s+)?(?:movement|motion|moves?|shake|shaking|camera\s+\w+)$|\b(?:camera|shot|"
    r"frame)\b",
    re.I,
)


def negation(read: Reading) -> Iterator[Finding]:
    """What should not be there: a model pictures the words it reads."""
    if read.is_english:
        for match in islice(_NEGATION.finditer(read.plain), MANY):
            start, end = match.span("all")
            if start == end or _IDIOM.search(read.before(start, 25)):
                continue
            yield _denied(read, start, end)
    denied = re.match(r"\s*(?:no|without|avoid|don'?t)\s+", read.negative, re.I)
    if denied:
        yield Finding(
            "negation",
            "warning",
            f"the negative says “{' '.join(read.negative.split())[:60]}”: a no within the negative",
            "name the thing alone there (“text, watermark”)",
            part="negative",
            edits=(Edit("negative", denied[0].strip(), ""),),
        )


def _denied(read: Reading, start: int, end: int) -> Finding:
    said = read.plain[start:end]
    still = bool(_CAMERA_STILL.search(said)) and re.search(r"mov|motion|shak", said, re.I)
    return read.finding(
        "negation",
        "warning",
        f"“{read.said(start, end)}” puts into the picture what it denies",
        "say “static camera”"
        if still
        else "say what is there instead (“an empty street”), or use `negative=` where the model "
        "takes it",
        span=(start, end),
        replace=[(start, end, "static camera" if still else "")],
    )


_FLAG = re.compile(
    r"(?<!\S)--?(?:ar|v|q|s|style|stylize|no|seed|fps|motion|duration|resolution|camera|chaos|niji|"
    r"hd|quality)\b(?:\s+[\w.:]+)?|\(\([^()]{1,60}\)\)|\([^():]{1,60}:\d(?:\.\d+)?\)|<lora:[^>]+>",
    re.I,
)


def typed_flags(read: Reading) -> Iterator[Finding]:
    """Flags and weights of image models (`--ar 16:9`, `(fox:1.3)`): read as words here."""
    for match in islice(_FLAG.finditer(read.plain), MANY):
        yield read.finding(
            "typed-flags",
            "warning",
            f"“{read.said(*match.span())}” is no parameter here: it is read as words of the scene",
            "pass it as a parameter (`aspect_ratio=`, `seed=`, `duration_s=`)",
            span=match.span(),
            replace=[
                (*match.span(), "" if match[0][0] in "-<" else match[0].strip("()").split(":")[0])
            ],
        )
