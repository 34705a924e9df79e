"""Words to be read in the picture: always distorted. Signs that nobody has to read are fine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.prompts.lint.finding import Finding
from toolkit.prompts.lint.reading import Reading

__all__ = ["readable_text"]

_QUOTED = r"(?:\"[^\"\n]{1,80}\"|(?<!\w)'[^'\n]{1,80}'(?!\w))"
_SURFACE = (
    r"signs?|signboards?|signage|billboards?|banners?|posters?|placards?|labels?|plaques?|screens?|"
    r"displays?|monitors?|"
    r"phones?|t-?shirts?|shirts?|hoodies?|jackets?|caps?|mugs?|covers?|pages?|books?|letters?|"
    r"notes?|cards?|"
    r"newspapers?|magazines?|headlines?|menus?|chalkboards?|blackboards?|whiteboards?|walls?|"
    r"packages?|packaging|box(?:es)?|bottles?|cans?|storefronts?|awnings?|neon|marquees?|tattoos?|"
    r"stickers?|envelopes?|tickets?|maps?|scrolls?|gravestones?|tombstones?|license\s+plates?|"
    r"clocks?|"
    r"scoreboards?|balloons?|cakes?|flags?|badges?|tags?|stones?|sand|tablet|laptop|receipt|"
    r"post-?it|bumper|jersey"
)
_READS = (
    r"(?:that\s+|which\s+)?(?:read(?:s|ing)?|say(?:s|ing)?|spell(?:s|ed|ing)?(?:\s+out)?|"
    r"display(?:s|ing)?|show(?:s|ing)?|announc(?:es|ing)|state?s|written|printed|emblazoned|"
    r"inscribed|engraved|embroidered|painted|titled|labell?ed|captioned)"
)
_PATTERNS = [
    # a surface that says something: a sign reading "OPEN", a shirt that says hello
    re.compile(
        rf"\b(?:{_SURFACE})\b[^.;\n]{{0,30}}?\s(?P<cut>(?:that\s+|which\s+)?(?:reads?|reading|"
        r"says?|saying|"
        rf"spell(?:s|ing)(?:\s+out)?|spelling|displaying|announcing|announces)\s+(?:{_QUOTED}|"
        rf"[^,.;\n]{{2,60}}))",
        re.I,
    ),
    re.compile(rf"\b{_READS}\b[^.;,\"\n]{{0,30}}?{_QUOTED}", re.I),
    re.compile(rf"\b(?:{_SURFACE})\b[^.;\"\n]{{0,25}}{_QUOTED}", re.I),
    re.compile(
        rf"{_QUOTED}\s+(?:\w+\s+){{0,3}}?(?:written|printed|painted|engraved|{_SURFACE}|glow\w*|"
        r"appears?)\b",
        re.I,
    ),
    # the words themselves
    re.compile(
        r"\b(?:the|a|big|bold|large|giant|floating|animated|glowing|neon|legible|readable|clear)\s+"
        r"(?:words?|letters|phrase|text|slogan|message|caption|sentence|title)\b"
        rf"(?=\s*[:,]?\s*(?:{_QUOTED}|[A-Z]{{2,}}|(?:written|printed|spelled|spelling|appears?|"
        r"appearing|"
        r"on\s|across|over|scroll\w*|fad\w+|reads?|says?|reading|that\s+(?:reads|says)|"
        r"in\s+(?:bold|gold|white|large)|floats?|glow\w*)))",
        re.I,
    ),
    re.compile(
        r"\b(?:text|title|caption|lettering|word)\s+(?:overlay|animation|card|effect|reveal)s?\b|"
        r"\b(?:sub-?titles?|captions?|closed\s+captions|opening\s+credits|end\s+credits|"
        r"closing\s+credits|"
        r"credits\s+roll(?:ing)?|title\s+(?:card|sequence)s?|lower\s+thirds?|headlines?|"
        r"typography|typographic|lettering|wordmark|watermark|speech\s+bubbles?)\b|"
        r"\b(?:legible|readable|crisp|clear(?:ly)?\s+(?:legible|readable|"
        r"visible))\s+(?:[\w-]+\s+){0,2}?"
        r"(?:text|writing|words|print|sign|signs|label|labels|menu|numbers|letters|handwriting|"
        r"title|name)\b|"
        r"\b(?:label|text|sign|menu|writing|words|print|title|name|letters|headline|"
        r"numbers)\s+(?:\w+\s+){0,2}?"
        r"(?:clearly\s+)?(?:legible|readable|visible)\b",
        re.I,
    ),
    re.compile(
        r"\b(?:with|featuring|bearing|showing|shows|displaying|displays|and|of)\s+(?:the|a|an|its|"
        r"our|their|my)\s+"
        r"(?:[\w'-]+\s+){0,3}?(?:logo|brand\s+name|product\s+name|company\s+name|slogan|tagline|"
        r"hashtag|phone\s+number|website|url)\b|"
        r"\b(?:brand|company|product)\s+(?:logo|name|lettering)\b|\b(?:logo|brand\s+name|slogan|"
        r"tagline)\s+"
        r"(?:on|across|clearly|in\s+the|appears?|visible|reveal\w*|animation|printed|embossed)\b",
        re.I,
    ),
    re.compile(
        r"\b(?:writes?|writing|wrote|spell(?:s|ing)\s+out|paints?|painting|draws?|drawing|"
        r"carv(?:es|ing)|types?|typing|traces?|tracing|"
        r"scrawls?|scrawling|prints?|signs|signing)\s+(?:out\s+)?"
        r"(?:the\s+(?:words?|name|letters?|sentence|title|date|number)|(?:his|her|their|"
        r"an?|the)\s+(?:\w+\s+)?(?:name|signature|autograph|message|equation|formula|poem|word|"
        r"slogan)|"
        rf"(?:mathematical\s+)?(?:equations|formulas|formulae|letters|numbers)|{_QUOTED})",
        re.I,
    ),
    re.compile(
        r"\b(?:lines?\s+of\s+(?:\w+\s+)?(?:code|text|poetry|writing)|code\s+scroll\w*|"
        r"scrolling\s+(?:text|code|words|letters|news|headlines|ticker)|"
        r"fast-moving\s+text|news\s+ticker|stock\s+ticker|price\s+tags?\s+(?:reading|showing|of)|"
        r"countdown\s+(?:timer|clock|numbers)|digital\s+(?:clock|display|timer|"
        r"scoreboard)\s+(?:\w+\s+)?(?:show|read|count)\w*|"
        r"(?:screen|phone|monitor|laptop|tablet|display|dashboard)\s+(?:\w+\s+){0,2}?(?:show|"
        r"display)\w*\s+(?:an?\s+|the\s+|his\s+|her\s+)?"
        r"(?:\w+\s+){0,3}?(?:text|message|messages|email|tweet|code|chart|data|document|"
        r"app\s+interface|website|headline|time|score|words|notification)|"
        r"(?:chart|infographic|spreadsheet|slide|presentation|dashboard)s?\s+(?:with|full\s+of|"
        r"showing)\s+(?:\w+\s+){0,2}?(?:labels|numbers|text|data|figures|statistics))\b",
        re.I,
    ),
    re.compile(
        r"\b(?:(?:title|text|captions?|logo|slogan|tagline)(?:\s+(?:text|card|screen))?\s+(?:fad|"
        r"appear|slid|scroll|pop|animat|"
        r"roll|float|zoom)(?:e|es|s|ing)\b|with\s+(?:the|a)\s+(?:numbers?|letters?|words?|dates?|"
        r"names?)\b(?!\s+of\b)|"
        r"chalkboard\s+menu|menu\s+board|menu\s+(?:listing|showing)|(?:engraved|inscribed|"
        r"carved|written|printed|"
        r"embroidered|stamped|etched|tattooed|emblazoned)\s+with\s+(?:the|his|her|their|its|a|"
        r"an)\s+(?:\w+\s+)?"
        r"(?:names?|words?|dates?|initials|message|text|letters|numbers?|slogan|motto|quote|verse)|"
        r"departures?\s+board|arrivals\s+board|timetable|score-?boards?|leader-?board|chyron|"
        r"inscriptions?|lyrics|crossword|name\s*(?:tag|plate|badge)s?|number\s+plates?|"
        r"licen[cs]e\s+plates?|"
        r"listing\s+(?:the\s+)?(?:names|times|prices|destinations|ingredients|dishes)|"
        r"(?:names|prices|dates|ingredients|instructions|lyrics|numerals)\s+(?:written|printed|"
        r"listed|"
        r"engraved|visible|on\s+(?:the|a)\s+(?:sign|label|board|screen|wall|page))|"
        r"(?:phone|smartphone|screen|monitor|laptop|tablet|display|"
        r"dashboard)\b[^.;]{0,30}\b(?:show|display|with)\w*\b"
        r"[^.;]{0,40}\b(?:notifications?|home\s+screen|app\b|apps\b|interface|messages?|inbox|"
        r"web\s?page|chat))\b",
        re.I,
    ),
    re.compile(
        r"\b(?:spell(?:s|ed|ing)?\s+out|(?:form(?:s|ing)?|arranged\s+(?:in)?to|"
        r"make)\s+(?:the\s+)?(?:words?|letters?|name))\b",
        re.I,
    ),
    re.compile(
        r"\b(?:reading|reads|says|saying|spelling|"
        r"spells)\s+(?:[A-Z][A-Z0-9'!&-]+)(?:\s+[A-Z][A-Z0-9'!&-]+)*\b"
    ),
]
_NOT = re.compile(
    r"\b(?:in\s+the\s+style\s+of|style\s+of|inspired\s+by|like\s+a|mood\s+of|blank|unreadable|"
    r"illegible|"
    r"out\s+of\s+focus|blurred|called|nicknamed|known\s+as)\s+(?:the\s+|a\s+)?(?:film\s+)?$",
    re.I,
)
_BLANK = re.compile(
    r"\b(?:blank|unreadable|illegible|too\s+small\s+to\s+read|unlabel?led|unmarked|wordless)\b",
    re.I,
)


def readable_text(read: Reading) -> Iterator[Finding]:
    """Signs that say something, titles, logos, captions: anything to be read."""
    for pattern in _PATTERNS:
        for match in read.matches(pattern):
            start, end = match.span()
            if _NOT.search(read.before(start, 50)) or _BLANK.search(
                read.plain[slice(*read.sentence(start))]
            ):
                continue
            cut = match.span("cut") if "cut" in match.re.groupindex else None
            yield read.finding(
                "readable-text",
                "warning",
                f"words to be read in the picture (“{read.said(start, end)}”): lettering comes out "
                "distorted",
                "leave it blank, and lay the text over the clip when editing",
                span=(start, end),
                replace=[(*cut, "")] if cut else [],
            )
            return
