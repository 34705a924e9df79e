"""Change of state during the clip: rarely clean, and what should stay the same drifts.

Opening a door, turning into a street and leaves that fall are motion; a bud that opens, a face that
ages, day that becomes night are change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.prompts.lint.finding import Finding
from toolkit.prompts.lint.reading import Reading

__all__ = ["change_in_clip"]

_FLOWER = (
    r"(?:flowers?|blossoms?|buds?|roses?|tulips?|peon(?:y|ies)|lil(?:y|ies)|lotus(?:es)?|orchids?|"
    r"daffodils?|poppy|poppies|dais(?:y|ies)|"
    r"sunflowers?|petals?|blooms?|dandelions?|magnolias?|iris(?:es)?|hibiscus|dahlias?|"
    r"water\s+lil(?:y|ies)|cactus(?:es)?|crocus(?:es)?|leaf|leaves|fern|ferns|fronds?)"
)
_STATE = (
    r"(?:day|night|dawn|dusk|morning|noon|evening|sunset|sunrise|dark(?:ness)?|light|daylight|"
    r"spring|summer|autumn|fall|winter|child(?:hood)?|"
    r"young|youth|old(?:\s+age)?|adult(?:hood)?|baby|infant|seed|bud|sapling|green|red|orange|gold|"
    r"golden|blue|black|white|grey|gray|"
    r"colou?r|happy|happiness|sad(?:ness)?|smile|tears|calm|storm|stormy|sunny|rainy|empty|full|"
    r"raw|cooked|ice|water|steam|caterpillar|egg|human|"
    r"ruin(?:s)?|new|modern|past|present|future|black\s+and\s+white|warm|cold|wet|dry|frozen|whole|"
    r"broken|monochrome|stone|flesh|solid|liquid)"
)
_PATTERNS = [
    re.compile(
        r"\b(?:(?:gradually|slowly|suddenly|gently|magically|seamlessly|smoothly|then|and|it|she|"
        r"he|they|which|that|who|to|eventually|finally|is|are|\w+s?)\s+)?"
        r"(?:transform(?:s|ing|ed)?|morph(?:s|ing|ed)?|mutat(?:es|ing)|metamorphos\w+|"
        r"shape-?shift\w*|evolv(?:es|ing)|disintegrat(?:es|ing)|"
        r"crumbl(?:es|ing)\s+(?:in)?to|melt(?:s|ing)?\s+(?:away|into|down)|dissolv(?:es|"
        r"ing)\s+(?:in)?to|vaporiz\w+|petrif\w+|"
        r"becom(?:es|ing|e)\s+(?:a|an|the|older|younger|darker|brighter|lighter|larger|smaller|"
        r"taller|human|transparent|invisible|night|day|winter|spring|stone|gold|\w+er)|"
        r"chang(?:es?|ing)\s+(?:colou?rs?|shape|form|into|from|to|its\s+colou?r|her\s+(?:dress|"
        r"face|hair)|his\s+(?:face|hair)|outfits?|clothes|season|expression|appearance|"
        r"with\s+the\s+seasons)|"
        r"chang(?:es?|ing)\s+(?:gradually|slowly|completely|over\s+time)|transition(?:s|ing)|"
        r"shift(?:s|ing)\s+from|cycl(?:es|ing)\s+through|"
        r"turn(?:s|ing)\s+(?:slowly\s+|gradually\s+|suddenly\s+)?(?:in)?to\s+(?:a|an|gold|stone|"
        r"ice|dust|ash|ashes|sand|water|glass|butterfl\w+|snow|rain|night|day|smoke|birds|flowers|"
        r"steam|stars|liquid|crystal|metal|wood|petals)"
        r"(?!\s+(?:\w+\s+){0,2}?(?:street|alley|lane|road|avenue|corridor|driveway|doorway|hallway|"
        r"side\s+street|path|courtyard|field|camera|window|stranger|corner))|"
        r"turn(?:s|ing)\s+(?:slowly\s+|gradually\s+|bright\s+|deep\s+)?(?:red|gold|golden|orange|"
        r"yellow|green|blue|brown|grey|gray|white|black|pink|purple|old|to\s+night|into\s+night|"
        r"transparent|invisible|sour|dark)\b)",
        re.I,
    ),
    re.compile(
        rf"\b{_FLOWER}\s+(?:(?:that|which|is|are|slowly|gently|gradually|softly|begins?\s+to|"
        rf"starts?\s+to|\w+ly|bud|head|in\s+[\w\s]{{1,20}}?)\s+){{0,3}}?"
        r"(?:opens?|opening|unfurl(?:s|ing)?|unfold(?:s|ing)?|(?<!full )(?<!in )bloom(?:s|"
        r"ing)?(?!\s+(?:garden|tree|branch|meadow|field))|blossom(?:s|ing)|wilt(?:s|ing)?|"
        r"wither(?:s|ing)?|clos(?:es|ing)|sprout(?:s|ing)?|"
        r"droop(?:s|ing)?\s+and|shrivel\w*|fad(?:es|ing)|decay\w*)\b",
        re.I,
    ),
    re.compile(
        r"\b(?:opening|unfurling|unfolding|blooming|wilting|withering)\s+(?:of\s+(?:a|an|"
        rf"the)\s+)?(?:\w+\s+){{0,2}}?{_FLOWER}\b(?=[^.;]{{0,40}}\b(?:time|slowly|"
        r"petal\s+by\s+petal|over|gradually))|"
        r"\b(?:the\s+)?(?:opening|unfurling|unfolding|blooming|blossoming|wilting)\s+of\s+(?:a|an|"
        rf"the|its)\s+(?:\w+\s+){{0,2}}?{_FLOWER}|"
        r"\b(?:burst(?:s|ing)?|bursts)\s+into\s+(?:bloom|flower|blossom|leaf)|\bcom(?:es|"
        r"ing)\s+into\s+(?:bloom|flower|leaf)|\bpetal\s+by\s+petal|"
        r"\bin\s+the\s+process\s+of\s+(?:opening|blooming|melting|ageing|aging|growing|changing|"
        r"transforming)",
        re.I,
    ),
    re.compile(
        r"\b(?:ag(?:es|ed)|ageing|aging)\s+(?:from|rapidly|slowly|gradually|visibly|before|into|"
        r"over|by|through|(?:\w+\s+)?(?:decades|years)|fifty|forty|thirty|twenty|sixty)|"
        r"\b(?:man|woman|face|boy|girl|person|he|she|portrait|couple|skin|"
        r"child)(?:'s\s+face)?\s+(?:slowly\s+|gradually\s+|visibly\s+)?(?:ages|ageing|"
        r"aging)\b(?!\s+(?:hands|fisherman|farmer))|"
        r"\bgrow(?:s|ing)?\s+(?:up|old|older|younger|taller|larger|bigger|longer|smaller|into|from|"
        r"out\s+of|before\s+our\s+eyes)\b|"
        r"\b(?:seed|sapling|seedling|sprout|plant|vine|mushroom|beard|tree|crystals?|hair|moss|ivy|"
        r"vines|roots|wings|beanstalk|flowers?)s?\s+(?:slowly\s+|rapidly\s+|"
        r"quickly\s+)?(?:grow(?:s|ing)?|sprout(?:s|ing)?|germinat\w+)\b(?!\s+(?:in|on|along|"
        r"between|beside|under|over\s+the|against|wild|by|through|around|near)\s)|"
        r"\b(?:germinat(?:es|ing)|hatch(?:es|ing)(?!\s+(?:door|pattern))|ripen(?:s|ing)?|rot(?:s|"
        r"ting)|decay(?:s|ing)(?=\s+(?:over|slowly|rapidly|before|into|as))|decompos(?:es|ing)|"
        r"rust(?:s|ing)\s+(?:over|away|before|slowly)|ferment(?:s|ing)\s+over)\b|"
        r"\b(?:wrinkles|grey\s+hairs?|gray\s+hairs?)\s+(?:slowly\s+|gradually\s+)?(?:appear|form|"
        r"spread|deepen)\w*|\bhair\s+(?:slowly\s+|gradually\s+)?(?:turns|turning|goes|going|grows|"
        r"changes)\b",
        re.I,
    ),
    re.compile(
        rf"\bfrom\s+(?:a\s+|an\s+|the\s+)?(?:[\w-]+\s+){{0,2}}?{_STATE}\s+(?:in)?to\s+(?:a\s+|"
        rf"an\s+|the\s+)?(?:[\w-]+\s+){{0,2}}?{_STATE}\b(?!\s+(?:door|street|wall|side))|"
        r"\b(?:day|daylight|afternoon|sunset|dusk|twilight|night|dawn|morning|evening|light|winter|"
        r"spring|summer|autumn|golden\s+hour)\s+(?:slowly\s+|gradually\s+|quickly\s+|softly\s+)?"
        r"(?:turns?|turning|fades?|fading|becomes?|becoming|gives?\s+way|giving\s+way|passes|"
        r"changes?|changing|shifts?|shifting|melts?|darkens?|deepens?|slips?)\s+(?:in)?to\s+"
        r"(?:a\s+|the\s+)?(?:[\w-]+\s+){0,2}?(?:night|day|dawn|dusk|dark|darkness|morning|evening|"
        r"light|spring|summer|autumn|winter|twilight|starlight|sunrise)|"
        r"\b(?:the\s+)?(?:four\s+)?seasons?\s+(?:change|changing|pass|passing|shift|cycle|turn|"
        r"turning|through)\w*|\bthrough\s+(?:all\s+)?(?:the\s+)?(?:four\s+)?seasons\b|"
        r"\b(?:sky|light|scene|weather|lighting|colou?rs?|mood|palette|landscape|"
        r"room)\s+(?:slowly\s+|gradually\s+|suddenly\s+|dramatically\s+)?(?:shifts?|changes?|"
        r"turns?|fades?|transitions?|goes|moves)\s+(?:from|into|to|as\s+the)\b|"
        r"\b(?:fad(?:es|ing)|shift(?:s|ing)|go(?:es|ing)|turn(?:s|ing)|mov(?:es|ing)|pass(?:es|"
        r"ing)|chang(?:es|ing))\s+from\s+[\w\s-]{2,30}?\s+(?:in)?to\b",
        re.I,
    ),
    re.compile(
        r"\b(?:time-?\s?lapse|timelapse|"
        r"hyper-?lapse)\b(?!\s+of\s+(?:the\s+)?(?:\w+\s+){0,2}?(?:clouds?|stars?|traffic|sky|"
        r"night\s+sky|milky\s+way|fog|mist|tides?))|"
        r"\bover\s+the\s+(?:years|decades|seasons|centuries|months|course\s+of)|\bover\s+time\b|"
        r"\bas\s+(?:the\s+)?(?:years|decades|centuries|seasons|months)\s+(?:go|pass|roll|fly)\w*|"
        r"\bbefore[- ]and[- ]after\b|\bbefore\s+our\s+eyes\b|\b(?:glow-?up|makeover)\b|"
        r"\b(?:builds?|builds|assembl\w+|construct\w*|repairs?|rebuilds?)\s+itself\b|"
        r"\b(?:reassembl|assembl)(?:es|ing)\s+(?:from|out\s+of|in\s+mid-?air|piece\s+by\s+piece)|"
        r"\b(?:rises?|is\s+built|being\s+built|goes\s+up)\s+(?:floor\s+by\s+floor|"
        r"brick\s+by\s+brick|from\s+the\s+ground)|\bbrick\s+by\s+brick\b|"
        r"\b(?:snow|ice|snowman|icicles?|glacier|candle|chocolate|butter|ice\s+cube|ice\s+cubes|"
        r"wax)\s+(?:slowly\s+|gradually\s+|quickly\s+)?(?:melt|melts|melting|thaw|thaws|"
        r"thawing)(?:\s+(?:away|completely|into|over|to\s+reveal|down\s+to))\b|"
        r"\b(?:snow|ice|snowman|ice\s+cubes?)\s+(?:slowly\s+|gradually\s+)?(?:melts|thaws)\b|"
        r"\b(?:freez(?:es|ing)\s+(?:over|solid|into)|burn(?:s|ing)\s+down\s+to|burn(?:s|"
        r"ing)?\s+to\s+(?:ash|the\s+ground)|shrink(?:s|ing)|inflat(?:es|ing)|swell(?:s|"
        r"ing)\s+(?:to|into|up))\b|"
        r"\b(?:appear|appears|disappear|disappears|vanish|vanishes|materiali[sz]es?|disappearing|"
        r"vanishing|materiali[sz]ing)\s+(?:out\s+of\s+(?:thin\s+air|nowhere)|into\s+thin\s+air|"
        r"one\s+by\s+one|from\s+nowhere|in\s+a\s+puff)|"
        r"\b(?:stages|phases)\s+of\s+(?:life|growth|decay|the\s+moon)|\blife\s*cycle\b|"
        r"\bcaterpillar\b[^.;]{0,40}\bbutterfly\b|\bmakes?\s+(?:its|the)\s+transition\b|"
        r"\btransformation\b",
        re.I,
    ),
    re.compile(
        r"\b(?:gradually(?!\s+slop)|magically|fast[- ]forward)\b|\bcom(?:es|ing)\s+alive\b|"
        r"\bemerg(?:es|ing)\s+from\s+(?:its|a|the)\s+(?:cocoon|chrysalis|egg|shell|bud|seed|larva|"
        r"pupa)|"
        r"\bturn(?:s|ing)\s+(?:\w+ly\s+)?(?:in)?to\s+(?:flesh|marble|bronze|rust|silver|mud|mist|"
        r"fog|ruins|leather|coal|clay|"
        r"light|darkness|shadow)\b|\bburn(?:s|ing)\s+(?:down|out|away|up)\b|"
        r"\b(?:com(?:es|ing)|"
        r"brought)\s+(?:back\s+)?to\s+life|"
        r"\bnature\s+(?:takes\s+over|reclaims)|\b(?:slowly|rapidly|suddenly|visibly)\s+(?:decay|"
        r"rot|rust|wilt|wither|"
        r"evaporat|freez|thaw|crumbl|collaps|age|ripen|regrow|heal|multipl|inflat|expand|shrink|"
        r"dissolv|disappear|vanish|"
        r"materiali[sz]|solidif|crystalli[sz])\w*|\buntil\s+(?:it|he|she|they|the\s+\w+)\s+(?:is|"
        r"are|becomes?|turns?|"
        r"disappears?|vanish\w*|melts?|has)\b|\b(?:evaporat|regrow|multipl|metaboli[sz]|"
        r"regenerat)(?:es|ies|s|ing|ying)\b|"
        r"\bdr(?:ies|ying)\s+(?:up|out)\b|\b(?:loses|losing|sheds|shedding)\s+(?:its|all\s+its|"
        r"their)\s+(?:leaves|petals|skin|colou?r)|"
        r"\b(?:gets?|getting)\s+(?:older|younger|bigger|smaller|darker|brighter|taller)\b|"
        r"\bsplit(?:s|ting)\s+into\b|"
        r"\b(?:doubl|tripl)(?:es|ing)\s+in\s+size|\b(?:in\s+reverse|rewind(?:s|ing)?|"
        r"time\s+reverses)\b|"
        r"\bsun\s+rises\s+and\s+sets|\bcolou?rs?\s+(?:drains?|bleeds?)\s+(?:from|out|away|into)|"
        r"\b(?:restor|repair|rebuil|unravel|unmak)\w*\s+(?:itself|themselves)\b",
        re.I,
    ),
]
_STILL = re.compile(
    r"\b(?:as\s+if|as\s+though|never|seems?\s+to|frozen\s+in|ready\s+to|about\s+to|before\s+it|"
    r"long\s+since)\s+(?:\w+\s+){0,3}$",
    re.I,
)
_CUT = re.compile(
    r"^(?:time-?\s?lapse|timelapse|hyper-?lapse|over\s+time|over\s+the\s+years|before\s+our\s+eyes|"
    r"petal\s+by\s+petal)$",
    re.I,
)


def change_in_clip(read: Reading) -> Iterator[Finding]:
    """A flower that opens, a face that ages, day into night: one thing that becomes another."""
    for pattern in _PATTERNS:
        for match in read.matches(pattern):
            start, end = match.span()
            if _STILL.search(read.before(start, 40)):
                continue
            yield read.finding(
                "change-in-clip",
                "warning",
                f"something changes its state during the clip (“{read.said(start, end)}”): "
                f"it seldom comes out clean, and the rest drifts",
                "describe one state; make the other one a second clip and cut between them",
                span=(start, end),
                replace=[(start, end, "")] if _CUT.match(match[0]) else [],
            )
            return
