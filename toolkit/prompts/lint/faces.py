"""A face so particular that no two frames agree on it: a likeness, a name, a list of features."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.prompts.lexicon import any_of
from toolkit.prompts.lint.finding import Finding
from toolkit.prompts.lint.reading import Reading

__all__ = ["specific_face"]

_STAR = (
    r"(?:film|movie|rock|pop|tv|hollywood|bollywood|k-pop|silver-screen|screen|opera|rap|"
    r"silent-film)[- ](?:star|idol|legend|siren|icon|goddess)s?|"
    r"stars?\s+of\s+the\s+(?:19)?\d0s|celebrity|celebrities|supermodels?|actors?|actress(?:es)?|"
    r"president|politicians?|prime\s+minister|"
    r"famous\s+(?:singer|person|athlete|footballer|model|rapper|youtuber|scientist|director|"
    r"star)s?|superstars?|influencers?|pop\s+singer|pin-?up(?:\s+girl)?|"
    r"matinee\s+idol|starlet|first\s+lady|royal"
)
_LIKE = (
    r"(?:(?:who\s+|that\s+)?look(?:s|ing|ed)?\s+(?:\w+\s+)?(?:just\s+|exactly\s+|a\s+lot\s+|"
    r"much\s+)?like|resembl(?:es|ing|ed)|"
    r"with\s+the\s+(?:face|looks|features|likeness)\s+of|"
    r"(?:the\s+)?spitting\s+image\s+of|in\s+the\s+likeness\s+of|similar\s+(?:face\s+)?to|"
    r"(?:who\s+)?reminiscent\s+of|a\s+dead\s+ringer\s+for|"
    r"modell?ed\s+(?:on|after)|the\s+face\s+of|a\s+double\s+of|identical\s+to)"
)
_LIKENESS = re.compile(
    rf"\b(?P<cut>{_LIKE}\s+(?:(?:a|an|the|some|his|her|young|old|older|younger|classic|famous|"
    r"(?:19|20)?\d0s|vintage|retro|golden-age|"
    rf"[\w'-]+)\s+){{0,5}}?(?:{_STAR}))\b",
    re.I,
)
_FACE_OF_NAME = re.compile(
    r"\b(?P<cut>(?:[Ww]ho\s+|[Tt]hat\s+)?(?:[Ll]ook(?:s|ing|ed)?\s+(?:just\s+|exactly\s+)?like|"
    r"[Rr]esembl(?:es|ing)|[Ww]ith\s+the\s+(?:face|looks|features|likeness)\s+of|"
    r"[Tt]he\s+spitting\s+image\s+of|[Ii]n\s+the\s+likeness\s+of|[Aa]\s+dead\s+ringer\s+for|"
    r"[Tt]he\s+face\s+of|[Mm]odell?ed\s+(?:on|after)|[Ss]imilar\s+to)\s+"
    r"(?:a\s+)?(?:young\s+|old\s+|younger\s+|older\s+)?[A-Z][\w'.-]+(?:\s+(?:[A-Z][\w'.-]+|de|van|"
    r"von|da))+)"
)
_LOOKALIKE = re.compile(
    r"\b(?:(?:celebrity|elvis|monroe|[A-Z][a-z]+)\s+)?(?:look-?alike|impersonator|doppelg[aä]nger|"
    r"body\s+double|face\s+swap|deep-?fake)s?\b|"
    r"\b(?:exact|perfect|same|precise)\s+(?:same\s+)?(?:likeness|face|facial\s+features)\b|"
    r"\b(?:film|movie|pop|rock)[- ]star\s+(?:face|features|looks|good\s+looks|jawline|cheekbones|"
    r"smile)\b|"
    r"\b(?:celebrity|supermodel|hollywood)\s+(?:face|features|looks|jawline|cheekbones)\b|"
    r"\b(?:film|movie|rock|pop|tv|hollywood|bollywood|silent-film)[- ](?:star|idol|siren)s?\b(?!'|"
    r"\s+(?:poster|"
    r"dressing|trailer|room|mirror|memorabilia|photo))|"
    r"\b(?:recogni[sz]able|famous|well-known|iconic)\s+faces?\b|"
    r"\b(?:famous|well-known|world-famous|a-list)\s+(?:\w+\s+){0,2}?(?:actor|actress|singer|model|"
    r"athlete|"
    r"footballer|politician|rapper|star|celebrity|musician|youtuber|influencer|dancer|player)\b|"
    r"\bidentical\s+face\b|\bface\s+identical\b",
    re.I,
)

_NAMES = """
tom cruise|brad pitt|leonardo dicaprio|keanu reeves|johnny depp|scarlett johansson|
angelina jolie|emma watson|emma stone|marilyn monroe|audrey hepburn|grace kelly|james dean|
elvis presley|marlon brando|humphrey bogart|clint eastwood|al pacino|robert de niro|
morgan freeman|denzel washington|will smith|samuel l jackson|dwayne johnson|the rock johnson|
ryan gosling|ryan reynolds|timothée chalamet|timothee chalamet|zendaya|margot robbie|
jennifer lawrence|jennifer aniston|natalie portman|anne hathaway|cate blanchett|meryl streep|
nicole kidman|julia roberts|george clooney|matt damon|ben affleck|robert downey|chris hemsworth|
chris evans|hugh jackman|daniel craig|pierce brosnan|sean connery|idris elba|
benedict cumberbatch|cillian murphy|jackie chan|bruce lee|jet li|arnold schwarzenegger|
sylvester stallone|harrison ford|mel gibson|taylor swift|beyoncé|beyonce|rihanna|lady gaga|
madonna|michael jackson|billie eilish|ariana grande|justin bieber|harry styles|kanye west|
kim kardashian|drake|freddie mercury|david bowie|mick jagger|john lennon|bob marley|
prince william|kate middleton|princess diana|queen elizabeth|king charles|meghan markle|
donald trump|joe biden|barack obama|michelle obama|hillary clinton|kamala harris|vladimir putin|
emmanuel macron|angela merkel|boris johnson|winston churchill|john f kennedy|jfk|abraham lincoln|
george washington|nelson mandela|mahatma gandhi|albert einstein|steve jobs|elon musk|bill gates|
mark zuckerberg|jeff bezos|oprah winfrey|ellen degeneres|lionel messi|cristiano ronaldo|
david beckham|serena williams|lebron james|michael jordan|muhammad ali|mike tyson|usain bolt|
roger federer|neymar|shah rukh khan|deepika padukone|priyanka chopra|gal gadot|jason momoa|
henry cavill|robert pattinson|kristen stewart|daniel radcliffe|sophia loren|brigitte bardot|
greta garbo|charlie chaplin|buster keaton|frida kahlo|salvador dalí|salvador dali|
cleopatra selene|sydney sweeney|pedro pascal|anya taylor-joy|florence pugh
"""
_FAMOUS = re.compile(
    rf"\b(?P<cut>{any_of(' '.join(name.split()) for name in _NAMES.split('|'))})\b(?!-|"
    r"'s\s+(?:style|song|novel|film))"
    r"(?!\s+(?:poster|photograph|photo|portrait|statue|song|record|style|mural|print|bust|stamp|"
    r"museum|bridge|square|airport|tribute))",
    re.I,
)
_NOT_A_FACE = re.compile(
    r"\b(?:style\s+of|photograph\s+of|poster\s+of|(?:painted|framed|oil|hanging)\s+portrait\s+of|"
    r"painting\s+of|painting\s+by|"
    r"film\s+by|"
    r"song\s+by|music\s+by|directed\s+by|statue\s+of|bust\s+of|book\s+about|in\s+the\s+manner\s+of|"
    r"mural\s+of|homage\s+to)\s+(?:a\s+|the\s+)?$",
    re.I,
)

_FEATURE = re.compile(
    r"\b(?:(?:high|sharp|hollow|chiselled|chiseled|prominent|strong|sculpted)\s+cheekbones?|"
    r"(?:square|strong|chiselled|chiseled|sharp|angular|cleft|narrow)\s+(?:jaw(?:line)?|chin)|"
    r"cleft\s+chin|dimple[sd]?(?:\s+(?:chin|cheeks))?|(?:aquiline|hooked|crooked|roman|button|snub|"
    r"broken|upturned|long|broad|narrow|straight)\s+nose|"
    r"(?:full|thin|pouty|heart-shaped|cupid's-bow|plump|chapped)\s+lips|(?:almond-shaped|hooded|"
    r"deep-set|heterochromatic|piercing|wide-set|close-set|hazel|emerald|ice-blue|"
    r"steel-grey|mismatched|amber|violet|green|blue|brown|grey|gray|dark)(?:[ -](?:green|blue|grey|"
    r"gray|brown))?\s+eyes|(?:arched|bushy|thick|thin|unruly|pierced)\s+(?:eye)?brows?|(?:small|"
    r"faint|long|jagged|thin|crescent|tiny)?\s*scar\s+"
    r"(?:above|across|over|on|under|through|below|beneath|running)\s+(?:\w+\s+){1,3}?(?:eye|"
    r"eyebrow|cheek|lip|nose|chin|brow|forehead|temple)|"
    r"(?:beauty\s+mark|mole|birthmark)(?:\s+(?:above|on|under|near|below|"
    r"beside)\s+(?:\w+\s+){1,3}?(?:lip|cheek|eye|chin|mouth))?|"
    r"freckles?(?:\s+(?:across|over|on)\s+(?:\w+\s+){1,3}?(?:nose|cheeks|face))?|gap(?:ped)?[- "
    r"]?(?:between|tooth(?:ed)?)\s*(?:\w+\s+){0,3}?(?:teeth|smile)?|widow's\s+peak|crow's\s+feet|"
    r"(?:wide|high|low|broad)\s+forehead|(?:pointed|attached|protruding)\s+(?:ear(?:lobe)?s?)|"
    r"(?:crooked|lopsided)\s+(?:smile|teeth|grin)|laugh\s+lines|"
    r"(?:heart-shaped|oval|diamond-shaped|square|round)\s+face)\b",
    re.I,
)

_MESSAGE = "a face too particular to hold (“{said}”): it differs from frame to frame"
_FIX = "a general description (“a woman in her thirties, short dark hair”), or a reference image"


def specific_face(read: Reading) -> Iterator[Finding]:
    """A likeness of somebody, a famous name, or three and more features of one face."""
    for pattern in (_LIKENESS, _FACE_OF_NAME, _FAMOUS):
        for match in read.matches(pattern):
            if not _NOT_A_FACE.search(read.before(match.start(), 40)):
                cut = match.span("cut")
                new = "" if pattern is not _FAMOUS else "a person"
                named = re.search(
                    r"\b(?:a|an|the|young|old)\s+$", read.before(match.start(), 8), re.I
                )
                fits = pattern is not _FAMOUS or not named
                yield _finding(read, *match.span(), [(*cut, new)] if fits else [])
                return
    for match in read.matches(_LOOKALIKE):
        yield _finding(read, *match.span(), [])
        return
    features = list(read.matches(_FEATURE))
    if len({match[0].lower() for match in features}) >= 3:
        yield _finding(read, features[0].start(), features[-1].end(), [])


def _finding(read: Reading, start: int, end: int, cut: list[tuple[int, int, str]]) -> Finding:
    return read.finding(
        "specific-face",
        "warning",
        _MESSAGE.format(said=read.said(start, end)),
        _FIX,
        span=(start, end),
        replace=cut,
    )
