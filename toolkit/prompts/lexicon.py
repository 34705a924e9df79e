"""Who and what may be in a picture, and where: the nouns that the lint and `split` go by.

Plurals are made here, so that a list names a thing once. Every pattern is for use with `re.I` and
is a bare alternation: put it between brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = [
    "ANIMAL",
    "ANIMALS",
    "MANY",
    "PEOPLE",
    "PERSON",
    "SINGULAR",
    "THING_THAT_RUNS",
    "any_of",
    "plural",
]


def plural(noun: str) -> str:
    """The usual plural of an English noun, and the few unusual ones that are here."""
    for ending, many in (("woman", "women"), ("man", "men"), ("child", "children")):
        if noun.endswith(ending) and noun not in {"human", "shaman"}:
            return noun.removesuffix(ending) + many
    irregular = {
        "person": "people", "mouse": "mice", "goose": "geese", "wolf": "wolves", "elf": "elves",
        "dwarf": "dwarves", "wife": "wives", "calf": "calves", "sheep": "sheep", "deer": "deer",
        "fish": "fish", "passer-by": "passers-by",
    }  # fmt: skip
    if noun in irregular:
        return irregular[noun]
    if re.search(r"(?:[sxz]|ch|sh)$", noun):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of `words`, the longest that fits.

    Written as a tree of letters: an alternation of 200 words is tried one by one at every place of
    a text, a tree is left at the first letter.
    """
    tree: dict[str, Any] = {}
    for word in words:
        branch = tree
        for letter in word:
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return _branches(tree)


def _branches(tree: Mapping[str, Any]) -> str:
    longer = [
        re.escape(letter) + _branches(rest) for letter, rest in sorted(tree.items()) if letter
    ]
    if not longer:
        return ""
    joined = longer[0] if len(longer) == 1 and "" not in tree else f"(?:{'|'.join(longer)})"
    return f"{joined}?" if "" in tree else joined


def _nouns(text: str) -> list[str]:
    return text.split()


_PERSON = _nouns("""
man woman girl boy child schoolchild kid toddler baby infant newborn teenager teen adult person
human courier fisherman fisherwoman traveler traveller hiker runner dancer ballerina worker
farmer chef cook barista monk nun priest nurse doctor surgeon patient soldier officer policeman
policewoman cop detective spy musician pianist violinist guitarist drummer singer rapper dj
student pupil schoolgirl schoolboy teacher professor scientist researcher lady gentleman mother
father mom mum dad grandmother grandfather grandma grandpa daughter son sister brother aunt
uncle wife husband bride groom stranger commuter skater skateboarder surfer painter artist
potter sculptor shopkeeper vendor seller merchant trader customer shopper waiter waitress
bartender tourist photographer wanderer guy bloke friend lover neighbour neighbor colleague
coworker co-worker businessman businesswoman executive lawyer judge king queen prince princess
knight warrior samurai ninja viking pirate cowboy cowgirl astronaut pilot driver sailor captain
diver swimmer athlete boxer wrestler fighter cyclist biker rider jockey gymnast climber
mountaineer skier snowboarder footballer goalkeeper coach referee employee boss manager engineer
mechanic builder carpenter blacksmith baker butcher tailor weaver shepherd gardener librarian
writer poet author actor actress performer clown magician wizard witch elf dwarf fairy angel
demon villager peasant passenger pedestrian passer-by jogger barber hairdresser firefighter
rescuer guest host influencer vlogger grandson granddaughter twin sibling robot android cyborg
alien ghost zombie gladiator general hunter miner fencer acrobat juggler busker cellist
conductor elder villain hero heroine superhero enemy opponent rival protester reveler partygoer
onlooker bystander spectator suspect victim client mentor apprentice sheriff outlaw bandit thief
burglar prisoner guard sentry partner teammate stuntman gambler dealer maid butler emperor
empress sultan pharaoh druid troll goblin lecturer interviewer lifeguard paramedic comrade
companion grandchild cousin roommate flatmate classmate fiancée fiancé girlfriend boyfriend
buddy pal spouse bodyguard hostage commander recruit attendant cashier receptionist therapist
counsellor
""")

_ANIMAL = _nouns("""
dog puppy cat kitten horse pony foal stallion fox wolf bear cub deer stag doe lion lioness tiger
elephant monkey ape gorilla bird eagle hawk falcon owl crow raven seagull gull pigeon parrot
sparrow sheep lamb goat cow calf bull rabbit hare squirrel otter seal whale dolphin shark fish
koi duck duckling swan goose chicken hen rooster mouse rat snake lizard turtle dragon dinosaur
penguin panda koala kangaroo leopard cheetah jaguar panther zebra giraffe rhino hippo camel
donkey pig piglet hedgehog raccoon badger bee butterfly husky corgi labrador terrier retriever
collie dachshund poodle crab frog heron crane flamingo
""")

PERSON = any_of(_PERSON)
PEOPLE = any_of(
    [
        *map(plural, _PERSON),
        *[
            "folks",
            "folk",
            "youths",
            "toddlers",
            "teammates",
            "classmates",
            "bandmates",
            "villagers",
            "newlyweds",
            "strangers",
        ],
    ]
)
ANIMAL = any_of(_ANIMAL)
ANIMALS = any_of(map(plural, _ANIMAL))
SINGULAR = {plural(noun): noun for noun in (*_PERSON, *_ANIMAL)}
"""One of many: `women` → `woman`."""

MANY = (
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|several|multiple|numerous|"
    r"many|both|various|dozens\s+of|hundreds\s+of|thousands\s+of|a\s+dozen|a\s+few|"
    r"an?\s+(?:\w+\s+)?(?:pair|group|crowd|team|band|circle|gang|family|army|trio|class|bunch|row|"
    r"line|"
    r"throng|huddle|mob|squad|gathering|party|troupe|cluster)\s+of|"
    r"(?:groups|crowds|pairs|teams|rows|lines|throngs|bands)\s+of|[2-9]|[1-9]\d{1,3}"
)
"""What makes one subject several."""

THING_THAT_RUNS = (
    r"water|rain|river|stream|brook|creek|tap|faucet|road|path|trail|track|tracks|rail|rails|"
    r"railway|wall|walls|line|"
    r"lines|crack|cracks|fence|hedge|colou?r|paint|ink|wax|honey|sauce|syrup|tears?|sweat|drops?|"
    r"droplets?|"
    r"fingers?|fingertips?|hands?|palm|thumb|engine|motor|machine|generator|fan|film|projector|"
    r"tape|"
    r"street|alley|canal|shadow|shadows|light|reflection|reflections|cable|cables|wire|wires|pipe|"
    r"pipes|seam|seams|stitch|stripe|stripes|ridge|shore|coast|coastline|border|vein|veins|"
    r"river-bed|"
    r"stairs|staircase|bridge|clock|record|rivulets?|condensation|corridor|highway|border|"
    r"boardwalk|gutter|gutters"
)
"""What runs without hurry: `rain runs off her coat`, `a path runs along the shore`."""
