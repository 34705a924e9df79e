"""Extreme or fast action and collisions: models smear what moves faster than they can draw.

`run` is the hard word: a person runs too fast, water, paths and engines run all day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.prompts.lexicon import ANIMALS, PEOPLE, THING_THAT_RUNS
from toolkit.prompts.lint.finding import Finding
from toolkit.prompts.lint.reading import Reading

__all__ = ["fast_action"]

_CALMER = {
    "run": "walk at a steady pace", "runs": "walks at a steady pace",
    "running": "walking at a steady pace", "sprint": "walk at a steady pace",
    "sprints": "walks at a steady pace", "sprinting": "walking at a steady pace",
    "dash": "walk", "dashes": "walks", "dashing": "walking", "rushes": "walks",
    "rushing": "walking", "races": "moves steadily", "racing": "moving steadily",
    "speeds": "rolls", "speeding": "rolling", "gallops": "walks", "galloping": "walking",
    "darts": "steps", "darting": "stepping", "bolts": "walks", "charges": "walks",
    "charging": "walking", "hurtles": "glides", "hurtling": "gliding", "jogging": "walking",
    "leaps": "steps", "leaping": "stepping", "spins": "turns slowly",
    "quickly": "slowly", "rapidly": "slowly", "swiftly": "slowly", "frantically": "calmly",
    "frantic": "calm", "fast-paced": "unhurried", "high-speed": "steady", "fast-moving": "slow",
    "at full speed": "at walking pace", "at high speed": "at walking pace",
    "at top speed": "at walking pace",
}  # fmt: skip

_RUN = re.compile(r"\b(?:run|runs|running|ran)\b", re.I)
_HASTE = re.compile(r"\s+(?:(?:very|so|really)\s+)?(?:fast|hard|quickly|wildly)$", re.I)
_RUNS_ON = re.compile(
    r"^\s*(?:(?:\w+ly|fast|hard|barefoot|away|ahead|forward|toward|towards|through|across|down|up|"
    r"along|past|over|into|from|after|"
    r"to|at|on|in|out|around|beside|alongside|under|for|with|wild|free|as|between|by|while|late|"
    r"together|home|and)\b|[,.;!?]|$)",
    re.I,
)
_RUNS_THING = re.compile(
    r"^\s*(?:(?:his|her|its|their|a|an|the|one|both|two)\s+(?:\w+\s+){0,2}?(?:hands?|fingers?|palm|"
    r"thumb|eyes?|comb|brush|"
    r"cloth|finger|shop|cafe|café|stall|bakery|business|errands?|tongue|race)|errands?|water\b|"
    r"shoes?|tap|boards?|track|gag|"
    r"order|engine|mate|low|out\s+of\s+(?:the\s+)?(?:time|water|fuel|frame)|deep|parallel|dry|"
    r"down\s+(?:the|his|her|a|its)\s+(?:\w+\s+)?(?:glass|window|pane|windowpane|cheeks?|cheek|face|"
    r"wall|side|back|windshield|leaf|leaves|"
    r"stem|sleeve|chin|blade|petals?|bottle)|off\s+(?:the|his|her|a|its))",
    re.I,
)
_STILL_THING = re.compile(
    rf"\b(?:{THING_THAT_RUNS})\s+(?:\w+ly\s+)?(?:that\s+|which\s+|still\s+|are\s+|is\s+)?$", re.I
)

_FAST = re.compile(
    r"\b(?:"
    r"sprint(?:s|ing|ed)?|gallop(?:s|ing|ed)?|dash(?:es|ing|ed)(?!\s+(?:of|line))|dart(?:s|ing|"
    r"ed)(?=\s+(?:\w+ly\s+)?(?:across|through|past|away|between|"
    r"into|out|over|under|from|around|forward|after|among|behind|back|off))|hurtl(?:es?|ing|ed)|"
    r"(?:rushes|rushing|rushed)(?=\s+(?:\w+ly\s+)?(?:past|through|toward|towards|at|into|across|"
    r"down|forward|to|after|out|away|along|headlong))|"
    r"(?:speeds|speeding|sped)(?=\s+(?:\w+ly\s+)?(?:past|through|down|along|away|across|around|"
    r"over|on|up|into|toward|towards|by|out|off|car|motorcycle|train|bullet))|"
    r"(?:races|racing|raced|zooms|zooming|zipping|zips|blasts|blasting|barrel+ing|barrels|tearing|"
    r"careening|careens|bolts|bolting|charges|charging|streaks|streaking|storms|storming)"
    r"(?=\s+(?:\w+ly\s+)?(?:past|through|down|along|away|across|around|over|up|into|toward|towards|"
    r"by|out|off|against|after|at|each|ahead|forward|to\s+the\s+finish))|"
    r"stamped(?:e|es|ing)|chas(?:e|es|ing|ed)(?!\s+lounge)|pursuit|"
    r"explod(?:e|es|ing|ed)|explosions?(?!\s+of\s+(?:colou?rs?|light|flavou?r|petals|flowers|"
    r"blossoms?))|detonat\w+|"
    r"(?:volcan\w+\s+)?erupt(?:s|ing|ed)|eruption|blow(?:s|ing)?\s+up|blast\s+wave|"
    r"collid(?:e|es|ing|ed)|collisions?|crash(?:es|ed|ing)?(?=\s+(?:into|through|down|to\s+the|"
    r"against\s+(?:a|the)\s+(?:wall|car|truck|"
    r"barrier|building|tree|ground)|car|cars|site|plane|test|landing|together|violently|in\s+a))|"
    r"(?:car|plane|train|vehicle|bike|motorcycle|head-on|truck|helicopter)\s+(?:\w+\s+)?crash(?:es|"
    r"ing|ed)?|"
    r"smash(?:es|ing|ed)|slam(?:s|ming|med)|shatter(?:s|ing)|"
    r"(?:punch|kick)(?:es|s|ing)(?!\s+(?:bag|bowl|drum|stand|card|ball\s+aside|"
    r"up\s+(?:a\s+little\s+)?(?:dust|sand)))|"
    r"brawl(?:s|ing)?|shoot-?out|gun-?fights?|gunfire|sword-?\s?fights?|sword\s+duel|fist-?fights?|"
    r"fight\s+(?:scene|sequence)|(?:a|the|are|is)\s+fighting|"
    r"fighting|martial\s+arts|kung\s+fu|karate|breakdanc\w+|break-dance\w*|parkour|free-?running|"
    r"somersault\w*|back-?flips?|front-?flips?|flips?\s+(?:through|over|in)\s+(?:the\s+)?(?:air|"
    r"mid)|cartwheel(?:s|ing)|acrobatic\w*|pirouett\w+|"
    r"motocross|drag\s+rac\w+|car\s+chase|drift\s+racing|street\s+rac\w+|extreme\s+sports?|"
    r"skydiv\w+|free-?fall\w*|base\s+jump\w*|bungee\s+jump\w*|"
    r"kick-?flip\w*|ollies?|slam\s+dunks?|dunk(?:s|ing)|tackl(?:es|ing)|"
    r"(?:spin|whirl|twirl|rotat|swirl)\w*\s+(?:rapidly|wildly|fast|violently|quickly|furiously|"
    r"at\s+(?:high|full|top)\s+speed)|whirlwind\s+of|"
    r"tumbl(?:es|ing)\s+(?:down|through|over|off|across)|plummet\w*|"
    r"(?:jump|leap)(?:s|ing|ed)?\s+(?:off|over|from|between|across|onto\s+a\s+moving|through|"
    r"out\s+of|down|into\s+the\s+air|into\s+the\s+(?:sea|water|pool)|high)|leaps|leaping|"
    r"swing(?:s|ing)\s+(?:a|his|her|the|its)\s+(?:\w+\s+)?(?:sword|axe|bat|hammer|fist|racket|"
    r"club)|"
    r"rapidly|frantic(?:ally)?|frenetic(?:ally)?|frenzied|frenzy|breakneck|lightning[- ]fast|"
    r"quickly|swiftly|furiously|at\s+great\s+speed|"
    r"(?:at\s+)?(?:full|top|high|breakneck|incredible|extreme|maximum|lightning)[- ]speed|fast[- "
    r"](?:paced|moving|action|motion)|high[- ](?:speed|octane|energy)|"
    r"action[- ]packed|adrenaline|hyper-?speed|super[- ]fast|ultra[- ]fast|"
    r"(?:moves?|moving|drives?|driving|rides?|riding|flies|flying|runs?|spins?|spinning|goes|going|"
    r"cycles|pedal\w*|swims?|swimming|danc\w+|ski\w*|skat\w+)\s+(?:\w+\s+)?(?:very\s+|so\s+|"
    r"really\s+|extremely\s+|too\s+)?fast|"
    r"(?:very|so|really|extremely|super|incredibly)\s+fast|faster\s+and\s+faster|in\s+a\s+(?:blur|"
    r"flash)\s+of\s+(?:motion|speed|movement)|"
    r"flee(?:s|ing)|escap(?:es|ing)\s+(?:from|an?|the)|burst(?:s|ing)?\s+(?:through|into\s+flames|"
    r"out\s+of|open)|"
    r"(?:car|cars|vehicle|racer|roadster|truck|motorcycle|bike)s?\b[^.,;]{0,25}?\bdrift(?:s|ing)|"
    r"drift(?:s|ing)\s+(?:around|round|through)\s+(?:a|the|tight)\s+(?:\w+\s+)?(?:corner|bend|"
    r"hairpin|turn|track)|"
    r"carv(?:es|ing)\s+(?:down|through)\s+(?:the\s+|a\s+|fresh\s+|steep\s+)*(?:\w+\s+)?(?:slope|"
    r"powder|wave|snow|mountain)|"
    r"battles?\s+(?:scene|cry|rages|charge)|epic\s+battle|(?:in|into)\s+battle|(?:a|"
    r"the)\s+battle\s+(?:between|of)|battling|duel(?:s|ling|ing)?(?!\s+screen)|"
    r"avalanche\s+(?:crash|roar|sweep|tear)\w*|(?:bull|bronco)\s+riding|rodeo|thrash(?:es|ing)|"
    r"flail(?:s|ing)|convuls\w+|"
    r"hurl(?:s|ing)\s+|throws?\s+(?:a\s+|the\s+)?(?:punch|grenade|spear|javelin)|demolish\w*|"
    r"demolition|"
    r"boxing\s+match|knock(?:s|ed|ing)?\s+(?:out|down|over)|jogging|jogs"
    r")\b",
    re.I,
)
_MANY_FAST = re.compile(
    rf"\b(?:{PEOPLE}|{ANIMALS}|people|kids|cars|trucks|motorcycles|bikes|riders|drones|ships|tanks|"
    r"trains|jets)\s+"
    r"(?:\w+ly\s+)?(?:race|rush|charge|dash|dart|sprint|gallop|leap|bolt|tumble|collide|crash|"
    r"explode|clash|"
    r"chase|flee|scatter\s+in\s+panic|stampede|dive\s+for|wrestle|box|spar|brawl|fight|battle|skid|"
    r"swerve|smash)\b|"
    r"\b(?:dog-?fights?|dog-?fighting|wheelies?|burnouts?|stunts?|lung(?:es|ing)|pounc(?:es|ing)|"
    r"swerv(?:es|ing)|skid(?:s|ding)|"
    r"rampag(?:es|ing)|trampl(?:es|ing)|clash(?:es|ing)|combat(?!\s+boots)|wrestl(?:es|ing)|"
    r"sparring|ambush\w*|"
    r"shoot(?:s|ing)\s+(?:at|a\s+gun|arrows?|a\s+bow|lasers?|guns?)|fir(?:es|ing)\s+(?:a|his|her|"
    r"their|the)\s+(?:\w+\s+)?(?:gun|pistol|rifle|"
    r"cannons?|arrow|weapon|missiles?)|cannon\s+fire|(?:rip|tear)(?:s|ing)\s+(?:the|through|apart|"
    r"off|down|across)|"
    r"(?:flying|scattering)\s+debris|debris\s+(?:flying|everywhere|flies|scatter\w*)|shrapnel|"
    r"wrecking\s+ball|dive-?bomb\w*|"
    r"(?:horse|car|boat|foot|bike|formula\s+(?:1|one)|f1|drag|relay|motorbike|chariot|sled|dog|"
    r"sack)\s+rac(?:e|es|ing)\b"
    r"(?!\s+(?:cars?|tracks?|helmets?|bikes?|suits?|poster|trophy))|head-?bang\w*|"
    r"mosh(?:ing)?\s+pit|trick\s+shots?|"
    r"slid(?:es|ing)\s+(?:into\s+(?:home|the\s+base)|across\s+the\s+(?:bonnet|hood))|"
    r"power\s+slides?|"
    r"(?:whip|snap)(?:s|ping)\s+(?:around|past)|(?:blow|blast|knock)(?:s|ing)\s+(?:him|her|them|it|"
    r"everything)\s+(?:away|apart|off|over)|"
    r"kick(?:s|ing)\s+(?:a|the)\s+ball|scor(?:es|ing)\s+a\s+goal|throws?\s+(?:himself|herself|"
    r"themselves)|at\s+(?:a\s+)?(?:furious|blistering|dizzying)\s+(?:pace|speed)|"
    r"cliff[- ]diving|(?:white-?water|river)\s+rafting|wipe-?outs?|barrel\s+rolls?|loop-the-loop|"
    r"roller-?coaster\s+(?:plunges|drops|races|hurtles|ride)|"
    r"bullets?\s+(?:fly|flies|flying|whiz\w*|hit|hits|tear|ricochet\w*|rain)|gun-?shots?|"
    r"div(?:es|ing)\s+(?:behind|for\s+cover|out\s+of|off|through|at\s+(?:\w+\s+)?speed)|"
    r"overtak(?:es|ing)|final\s+lap|photo\s+finish|(?:crosses|crossing)\s+the\s+finish\s+line|"
    r"shock-?wave|"
    r"(?:bicycle|roundhouse|flying|high|free|spin|spinning|penalty|side|drop)\s+kicks?|home\s+run|"
    r"touchdown|knockout|"
    r"dribbl(?:es|ing)\s+(?:past|through|down)|serves\s+an\s+ace|scores\s+(?:with|from|the|a)|"
    r"rocket(?:s|ing)\s+(?:past|through|down|along|up|into|across)|catapult\w*)\b",
    re.I,
)
_NATURE = re.compile(
    rf"\b(?:{THING_THAT_RUNS}|leaves|clouds?|waves?|surf|waterfall|rapids|steam|mist|fog|snow|"
    r"snowflakes|wind|sand|dust|light|lights|"
    r"sunlight|shadows?|petals|foam|smoke|sparks?|traffic|city|crowd|world)\s+(?:\w+ly\s+)?$",
    re.I,
)
_MILD = re.compile(
    r"^(?:rush|race|racing|streak|tumbl|dart|storm|charg|blast|whirl|swirl|crash|hurl|tear|rip|spe|"
    r"burst|slam|leap|danc|chas|zip|plung)",
    re.I,
)
_NOT_FAST = re.compile(
    r"\b(?:running\s+(?:shoes?|water|tap|boards?|stitch|lights?|joke|track|order|engine)|"
    r"quickly\s+(?:fading|drying)|"
    r"high[- ]speed\s+(?:rail\s+station|train\s+(?:platform|station|waits|stands|at\s+rest))|"
    r"fast[- ]moving\s+(?:clouds?|sky|skies|weather|shadows?)|(?:punch|kick|"
    r"boxing)\w*\s+bags?\s+hang\w*|"
    r"(?:after|before|since)\s+(?:the|a|an)\s+(?:\w+\s+)?(?:chase|race|battle|explosion|eruption|"
    r"crash|collision|fight|pursuit)|"
    r"(?:parked|resting|leaning|standing|still|idle|sleeping|waiting)[^.;]{0,40}|"
    r"(?:statue|painting|poster|photograph|toy|model|medal|helmet|jersey|shoes?|boots?|saddle|"
    r"trophy)\b[^.;]{0,20})$",
    re.I,
)
_AT_REST = re.compile(
    r"\b(?:parked|at\s+rest|leaning|idle|idling|motionless|standing\s+still|stands\s+still|"
    r"sits\s+still|stretch(?:es|ing)|ties|tying|lac(?:es|ing)|"
    r"catch(?:es|ing)\s+(?:his|her|their)\s+breath|warms?\s+up|dormant|extinct|remembers?|"
    r"dreams?\s+of|statue|monument|mural|painting\s+of|"
    r"on\s+display|museum|medal|trophy)\b",
    re.I,
)
_SLOW = re.compile(
    r"\b(?:slow[- ]?mo(?:tion)?|slowed[- ]down|high[- ]frame[- ]rate|120\s*fps|240\s*fps|ultra[- "
    r"]slow)\b",
    re.I,
)
_NOUNISH = re.compile(
    r"^(?:\s+(?:shoes?|shop|bag|coach|club|medal|school|gym|class|poster|book|jacket|suit|helmet|"
    r"mat|dojo|instructor's|"
    r"master'?s?\s+(?:hands|robe)|studio|clouds?|green|bike\s+(?:leans|leaning|parked)|"
    r"cars?\s+(?:parked|at\s+rest)))\b",
    re.I,
)


def fast_action(read: Reading) -> Iterator[Finding]:
    """Running, chases, fights, crashes, explosions: more kinetic energy than models have."""
    hit = next(_hits(read), None)
    if hit is None:
        return
    start, end = hit
    said = " ".join(read.plain[start:end].lower().split())
    calmer = _CALMER.get(said) or _CALMER.get(said.split()[0] if _HASTE.search(said) else "")
    slowed = _SLOW.search(read.plain)
    yield read.finding(
        "fast-action",
        "info" if slowed else "warning",
        f"fast or violent action (“{read.said(start, end)}”): it comes out as blur",
        "a calmer verb (“walking at a steady pace”); add the speed when editing",
        span=(start, end),
        replace=[(start, end, calmer)] if calmer else [],
    )


def _hits(read: Reading) -> Iterator[tuple[int, int]]:
    for match in read.matches(_RUN):
        start, end = match.span()
        after = read.after(end, 50)
        before = read.before(start, 40)
        if (
            _RUNS_ON.match(after)
            and not _RUNS_THING.match(after)
            and not _STILL_THING.search(before)
            and not re.search(rf"\b(?:{THING_THAT_RUNS})\s*$", before, re.I)
            and not _at_rest(read, start)
        ):
            haste = re.match(r"\s+(?:(?:very|so|really)\s+)?(?:fast|hard|quickly|wildly)\b", after)
            yield start, end + (len(haste[0]) if haste else 0)
    for match in (*read.matches(_FAST), *read.matches(_MANY_FAST)):
        start, end = match.span()
        if _MILD.match(match[0]) and _NATURE.search(read.before(start, 40)):
            continue
        said = read.plain[max(0, start - 40) : end + 25]
        if _NOT_FAST.search(read.before(start, 50) + match[0]) or _NOUNISH.match(
            read.after(end, 30)
        ):
            continue
        if re.search(r"\bfast[- ]moving\s+(?:clouds?|sky|skies|weather|shadows?)", said, re.I):
            continue
        if not _at_rest(read, start):
            yield start, end


def _at_rest(read: Reading, place: int) -> bool:
    return bool(_AT_REST.search(read.plain[slice(*read.sentence(place))]))
