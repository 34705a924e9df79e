"""Which part of the formula a piece of text speaks for: camera, place and light, mood, or motion.

Patterns, not understanding: `split` and the lint go by them, and a person corrects.
"""

from __future__ import annotations

import re

from toolkit.camera import find_moves

__all__ = ["PLACE", "is_camera", "is_environment", "is_mood", "place_at"]

_FRAMING = re.compile(
    r"\b(?:(?:extreme\s+|medium[\s-]|big\s+)?close[\s-]?ups?|(?:extreme\s+|medium[\s-])?(?:wide|"
    r"long|full|medium|establishing|master|tracking|overhead|aerial|drone|crane|macro|"
    r"two|hero|point[\s-]of[\s-]view|over[\s-]the[\s-]shoulder|top[\s-]down|low[\s-]angle|"
    r"high[\s-]angle|eye[\s-]level|detail|insert|beauty|product|profile|dutch|side|rear|front|"
    r"single|steady|slow|smooth|"
    r"locked|handheld|static|pov)[\s-]+(?:shots?|angle|view|take|camera|framing|frame|clip|"
    r"footage)|static\s+wide|camera|cameras?\s+\w+|handheld|tripod|gimbal|steadicam|"
    r"\d{2,3}\s?mm(?:\s+lens)?|lens|lenses|anamorphic|f/?\d(?:\.\d)?|shallow\s+(?:depth|focus)|"
    r"depth\s+of\s+field|deep\s+focus|bokeh|rack\s+focus|macro|bird'?s[\s-]eye|worm'?s[\s-]eye|"
    r"eye\s+level|low\s+angle|high\s+angle|wide[\s-]angle|telephoto|fish-?eye|framed|framing|"
    r"overhead|top[\s-]down|pov|aerial|seen\s+from\s+(?:above|below|behind|the\s+side)|"
    r"from\s+(?:a\s+)?(?:low|high)\s+angle|one[\s-]take|long\s+take|wide\s+shot|medium\s+shot|"
    r"full\s+shot|\bwide\b(?=\s*[,.])|static(?=\s*[,.]|$))\b",
    re.I,
)
_TIME = (
    r"dawn|dusk|sunrise|sunset|sundown|twilight|daybreak|midnight|midday|noon|night|nighttime|"
    r"evening|morning|afternoon|golden\s+hour|blue\s+hour|magic\s+hour|daylight|"
    r"sunlight|moonlight|starlight|lamplight|candlelight|firelight|overcast|first\s+light|"
    r"last\s+light|winter|summer|autumn|spring\s+day|late\s+autumn"
)
_WEATHER = (
    r"rain|rainy|drizzle|snow|snowy|snowfall|fog|foggy|mist|misty|haze|hazy|storm|stormy|wind|"
    r"windy|breeze|cloudy|clouds|clear\s+sky|blue\s+sky|"
    r"thunder|lightning|blizzard|frost|frosty|humid|heat\s+haze|smoke|dust"
)
PLACE = (
    r"street|streets|alley|lane|road|path|trail|market|bazaar|souk|square|plaza|park|garden|"
    r"gardens|forest|woods|woodland|jungle|rainforest|beach|shore|coast|coastline|sea|ocean|lake|"
    r"river|riverbank|stream|waterfall|pond|mountain|mountains|hill|hills|hillside|valley|canyon|"
    r"desert|dunes?|field|fields|meadow|prairie|steppe|savannah?|island|cliff|cliffs|cave|glacier|"
    r"iceberg|tundra|swamp|marsh|harbou?r|port|pier|dock|docks|quay|bridge|tunnel|station|platform|"
    r"subway|metro|train|tram|bus|airport|terminal|hangar|ship|boat|deck|car|cockpit|"
    r"city|town|village|skyline|rooftop|rooftops|roof|balcony|terrace|courtyard|backyard|yard|"
    r"porch|house|home|cabin|hut|cottage|farmhouse|barn|farm|stable|castle|palace|temple|church|"
    r"cathedral|chapel|mosque|monastery|ruins|tower|lighthouse|factory|warehouse|workshop|garage|"
    r"studio|office|classroom|school|library|bookshop|bookstore|museum|gallery|theatre|theater|"
    r"cinema|stage|concert\s+hall|hall|hallway|corridor|lobby|staircase|stairwell|stairs|hospital|"
    r"clinic|lab|laboratory|kitchen|bedroom|bathroom|living\s+room|dining\s+room|room|attic|"
    r"basement|cellar|greenhouse|conservatory|cafe|café|coffee\s+shop|restaurant|diner|bar|pub|"
    r"bistro|bakery|tavern|tearoom|shop|store|supermarket|laundromat|hotel|gym|stadium|arena|"
    r"swimming\s+pool|pool|counter|countertop|table|tabletop|desk|shelf|windowsill|window|sill|"
    r"marble|slate|backdrop|background|linen|velvet|plinth|pedestal|space|planet|moon|mars|"
    r"sky|underwater|reef|seabed|kelp|snowfield|snow|ice|sand|grass|orchard|vineyard|plantation|"
    r"rice\s+terraces?|terraces|paddies|quarry|mine|trench|wasteland|crossing|intersection|"
    r"highway|motorway|parking\s+lot|car\s+park|petrol\s+station|gas\s+station|phone\s+booth|bench|"
    r"doorway|threshold|garden\s+gate|fireplace|hearth|stove|bathtub|sink|archway|arcade|fjord|"
    r"moor|heath|"
    r"canal|pavement|sidewalk|kerb|cobblestones?|neon|interior|indoors|outdoors|countryside|"
    r"wilderness|clearing|grove|pines|trees|reeds|wheat|lavender|surface|stone|tiles?|carpet|rug|"
    r"bed|sofa|armchair"
)
_PLACE = re.compile(rf"\b(?:{PLACE}|{_TIME}|{_WEATHER})\b", re.I)
_LOCATIVE = re.compile(
    r"\b(?:in|on|at|through|along|across|beside|under|near|over|inside|beneath|against|by|down|"
    r"into|outside|behind|above|among|amid|atop|onto|within|around|between|past|"
    r"beyond|below|towards?|off|up|from|against)\s+(?:(?:a|an|the|his|her|its|their|some|two|old|"
    r"deep|thick|thin|wet|dry|dark|bright|empty|fresh|heavy|light|soft|tall|open|falling|warm|"
    r"cold)\s+)*"
    r"(?P<head>(?:[\w'’-]+\s+){0,4}?)"
    rf"(?P<place>{PLACE}|{_TIME}|{_WEATHER})\b",
    re.I,
)
_LIGHT = re.compile(
    r"\b(?:(?:soft|hard|low|warm|cold|cool|golden|dappled|diffuse|diffused|natural|window|morning|"
    r"evening|rim|side|back|backlit|key|studio|overcast|practical|ambient|harsh|dim|grey|gray|pale|"
    r"late|last|first|neon|"
    r"moon|lamp|candle|amber|blue|green|red|available|northern|north)[\s-]?(?:light|lights|"
    r"lighting|glow|sun)|backlit|backlight|sunlit|lamplit|moonlit|candlelit|shadows?|"
    r"light\s+(?:falls|comes|from|through|on)|lit\s+by|neon|glow)\b",
    re.I,
)
_MOOD = re.compile(
    r"\b(?:cinematic|documentary|naturalism|naturalistic|realism|realist|film\s+(?:look|grain|"
    r"stock|noir)|noir|filmic|35\s?mm\s+film|16\s?mm|super\s?8|kodak|fuji|portra|vintage|retro|"
    r"nostalgi[ac]\w*|"
    r"mood|moody|atmosphere|atmospheric|tone|tones|toned|palette|colou?rs?|colou?r\s+grad\w*|grade|"
    r"graded|grading|muted|desaturated|saturated|pastels?|monochrome|black[\s-]and[\s-]white|teal|"
    r"sepia|"
    r"contrast|high-key|low-key|quiet|hushed|calm|serene|tranquil|peaceful|tender|intimate|"
    r"melanchol\w+|wistful|lonely|lonesome|solitary|tense|ominous|eerie|mysterious|dreamy|"
    r"dreamlike|ethereal|whimsical|playful|joyful|"
    r"cheerful|hopeful|romantic|nostalgic|dramatic|epic|gritty|raw|minimalist|minimal|elegant|"
    r"luxurious|luxury|premium|editorial|commercial|advert\w*|fashion|style|styled|stylised|"
    r"stylized|aesthetic|"
    r"anime|cartoon|claymation|stop[\s-]motion|watercolou?r|oil\s+painting|pixar|ghibli|"
    r"3d\s+(?:render|animation)|photorealis\w+|hyper-?realis\w+|surreal\w*|cyberpunk|steampunk|"
    r"synthwave|vaporwave|"
    r"grain|grainy|warmth|casual|cosy|cozy|sober|solemn|reverent|contemplative|meditative|"
    r"reflective|restrained|understated|austere|bleak|sombre|somber|gloomy|haunting|suspense\w*|"
    r"horror|comedy|comic|"
    r"slow\s+cinema|home[\s-]video|vhs|lo-?fi|feel|feeling|vibe|energy|energetic|"
    r"in\s+the\s+style\s+of|look\s+of|earth\s+tones?|bittersweet|stillness|relaxed|unhurried|"
    r"sensual|crisp|airy|rustic|homely|timeless|"
    r"spirit|emotion\w*|gentle\s+humou?r|uplifting|optimistic|subdued|mellow|languid|sleepy|lazy|"
    r"stark|clinical|sterile|magical|fairy-?tale|gothic|art\s+deco|baroque|impressionist\w*|"
    r"naturalist|observational|drama|western|americana|thriller|fantasy|sleepless|darkness|rugged|"
    r"sleek|lush|clean|reportage|broadcast)\b",
    re.I,
)
_COLOUR = (
    r"(?:blue|grey|gray|green|gold|amber|teal|ochre|brown|black|silver|white|cream|rose|pink|rust|"
    r"red|slate|ivory|orange|copper|bronze|violet|purple|yellow|turquoise|indigo|umber|sand)"
)
_PALETTE = re.compile(
    r"\b(?:cold|cool|warm|deep|pale|dusty|muted|soft|icy|steely|earthy|smoky|sea|ember|faded|"
    r"sodium|"
    r"bottle|forest|brick|sky|midnight|powder|honey|rich|dull|bright|burnt|"
    rf"{_COLOUR})\s+(?:{_COLOUR}|"
    rf"hues?|shades?)s?\b|\b{_COLOUR}s?\s+and\s+(?:\w+\s+)?{_COLOUR}s?\b",
    re.I,
)


def is_camera(text: str) -> bool:
    """Whether framing, lens or a move of the camera is named."""
    return bool(_FRAMING.search(text)) or any(m.exact for m in find_moves(text))


def is_environment(text: str) -> bool:
    """Whether a place, a time, a light or a weather is named."""
    return bool(_PLACE.search(text) or _LIGHT.search(text))


def is_mood(text: str) -> bool:
    """Whether a register, a style or a palette is named."""
    return bool(_MOOD.search(text) or _PALETTE.search(text))


def weigh(text: str) -> dict[str, float]:
    """How much of `text` speaks for each part: characters of telling words, by part."""
    found = {
        "camera": float(sum(len(m[0]) for m in _FRAMING.finditer(text)))
        + sum(m.end - m.start for m in find_moves(text) if m.exact or m.move != "handheld"),
        "environment": 0.8 * sum(len(m[0]) for m in _PLACE.finditer(text))
        + sum(len(m[0]) for m in _LIGHT.finditer(text)),
        "mood": float(sum(len(m[0]) for m in _MOOD.finditer(text)))
        + sum(len(m[0]) for m in _PALETTE.finditer(text)),
    }
    return {part: weight for part, weight in found.items() if weight}


def place_at(text: str) -> int | None:
    """Where in `text` the first "in a place, at a time" begins, or None."""
    for match in _LOCATIVE.finditer(text):
        if not re.search(
            r"\b(?:coat|dress|hat|suit|shirt|scarf|boots|gloves|jacket|apron|robe)\b",
            match[0],
            re.I,
        ):
            return match.start()
    return None
