"""What a prompt says, in the simulator's vocabulary: places, subjects, times, weathers, moods.

The tables are the documentation: `PLACES` and `SUBJECTS` list every word that is understood. A word
that is in none of them still counts: it goes into `Script.key`, from which every random choice of
the scene is drawn, so that another wording is another picture and nothing ever fails.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from toolkit.camera import parse_camera, without_camera
from toolkit.simulator.paint import RGB, generator

__all__ = [
    "ACTIONS",
    "COLOURS",
    "MOODS",
    "PLACES",
    "SUBJECTS",
    "TIMES",
    "WEATHERS",
    "Script",
    "read",
]

_LIMIT = 4_000  # characters of scene that are read; the rest only goes into the key


def _table(text: str) -> dict[str, str]:
    """Lines of "kind: word, two words, ..." turned round: {word: kind}. Indented lines go on."""
    rows = re.sub(r"\n {5,}", " ", text).strip().splitlines()
    pairs = (row.split(":", 1) for row in rows)
    return {word.strip(): kind.strip() for kind, words in pairs for word in words.split(",")}


PLACES = _table(
    """
    street: street, streets, alley, alleyway, lane, market, market street, bazaar, souk,
        chinatown, shops, shopfronts, storefront, storefronts, pavement, sidewalk, crosswalk,
        crossing, downtown, arcade, night market, food stall, stalls, neon, cobblestones,
        backstreet, old town, plaza
    skyline: city, skyline, skyscraper, skyscrapers, rooftop, rooftops, metropolis, towers,
        high-rise, cityscape, megacity, helipad, penthouse, manhattan, tokyo
    forest: forest, forests, woods, woodland, pine, pines, grove, birch, trunks, redwood,
        redwoods, taiga, thicket, spruce, jungle, rainforest, bamboo, orchard, park
    coast: coast, coastline, coastal, sea, ocean, beach, shore, seashore, cliff, cliffs, waves,
        surf, cove, headland, seaside, tide, shoreline, dune beach, breakwater
    harbor: harbor, harbour, port, pier, docks, dock, marina, quay, jetty, boats, fishing
        village, wharf
    desert: desert, dune, dunes, sahara, sand, canyon, mesa, badlands, wasteland, mars, oasis,
        arid
    mountain: mountain, mountains, peak, peaks, alps, alpine, summit, ridge, himalaya, glacier,
        valley, volcano, fjord, highlands, ravine
    meadow: meadow, field, fields, grass, grassland, prairie, pasture, farm, farmland, hill,
        hills, savanna, savannah, wheat, vineyard, lavender, garden, countryside, steppe, lawn,
        moor
    lake: lake, river, pond, riverbank, stream, lagoon, wetland, marsh, swamp, waterfall, canal,
        reservoir
    cafe: cafe, café, coffee shop, coffeehouse, restaurant, diner, bar, pub, bistro, bakery,
        tavern, tearoom
    room: room, bedroom, living room, kitchen, apartment, office, library, bookshop, study,
        attic, studio apartment, hotel, classroom, interior, indoors, house interior, cabin
        interior, workshop, museum, gallery
    station: station, train station, platform, subway, metro, underground, corridor, hallway,
        tunnel, airport, terminal, warehouse, hospital, parking garage, hangar, concourse,
        lobby, factory
    table: table, tabletop, countertop, counter, marble, desk, pedestal, podium, velvet, linen,
        slate, wooden table, product shot, still life
    underwater: underwater, reef, coral, seabed, deep sea, undersea, aquarium, kelp, abyss
    space: space, outer space, galaxy, nebula, cosmos, asteroid, starfield, planet, orbiting
        station, lunar, moon surface
    snowfield: snowfield, snow field, tundra, arctic, antarctica, ice, iceberg, ski slope,
        blizzard, aurora, northern lights, glade of snow
    road: road, highway, motorway, freeway, dirt road, country road, racetrack, route, bridge,
        track, driveway, path, trail
    village: village, hamlet, houses, cottages, farmhouse, suburb, suburban, neighborhood,
        neighbourhood, church, castle, temple, ruins, town square, town
    stage: stage, concert, theatre, theater, club, nightclub, arena, circus, dance floor,
        spotlight, boxing ring, gym
    studio: studio, seamless, backdrop, cyclorama, white background, black background, plain
        background, infinity cove, photo studio, gradient background
    """
)
"""Word → kind of scene."""

SUBJECTS = _table(
    """
    person: person, man, woman, girl, boy, child, kid, courier, fisherman, traveler, traveller,
        hiker, runner, dancer, figure, pedestrian, worker, farmer, chef, barista, monk, nurse,
        soldier, detective, musician, student, teacher, lady, gentleman, mother, father,
        grandmother, grandfather, stranger, commuter, skater, surfer, model, ballerina,
        violinist, painter, shopkeeper, vendor, couple, lovers, crowd, silhouette, jogger,
        tourist, photographer, wanderer, guy, someone, people, friends, family
    astronaut: astronaut, cosmonaut, spaceman, diver, scuba diver
    robot: robot, android, cyborg, droid, mech, machine
    knight: knight, samurai, warrior, wizard, witch, king, queen
    fox: fox, wolf, coyote, jackal
    dog: dog, puppy, labrador, retriever, corgi, husky, terrier, hound
    cat: cat, kitten, kitty, tiger, lion, leopard, lynx, panther
    horse: horse, horses, pony, stallion, mare, foal, zebra, donkey, unicorn
    deer: deer, stag, elk, reindeer, moose, antelope, gazelle
    elephant: elephant, mammoth, rhino, hippo, bear, cow, bull, buffalo
    bird: bird, birds, seagull, gull, eagle, hawk, raven, crow, owl, heron, crane bird, swan,
        dove, pigeon, parrot, sparrow, falcon, dragon, bat, butterfly, hummingbird
    whale: whale, whales, humpback, orca, dolphin, shark
    fish: fish, goldfish, koi, salmon, tuna, manta, turtle
    jellyfish: jellyfish, octopus, squid
    car: car, sedan, taxi, cab, sports car, roadster, convertible, coupe, supercar, vehicle,
        limousine, ev
    suv: suv, off-road car, off-road vehicle, jeep, truck, van, pickup, lorry, bus, off-roader,
        rover, campervan, tractor, ambulance
    train: train, tram, locomotive, streetcar, subway train, monorail, carriage
    ship: ship, boat, sailboat, yacht, ferry, vessel, trawler, schooner, galleon, canoe, kayak,
        tanker, toy ship
    bike: bicycle, bike, cyclist, motorbike, motorcycle, scooter, moped, e-bike
    drone: drone, quadcopter, helicopter, ufo, spacecraft, spaceship, satellite
    plane: plane, airplane, aeroplane, jet, aircraft, glider, biplane
    rocket: rocket, missile, spaceship launch, shuttle
    balloon: balloon, hot air balloon, hot-air balloon, airship, zeppelin, lantern sky
    watch: watch, wristwatch, chronograph, timepiece, clock, pocket watch, ring, jewelry,
        jewellery
    bottle: bottle, perfume, perfume bottle, fragrance, wine, beer, whisky, whiskey, vase,
        serum, cosmetics, skincare, lotion, jar, soda, can
    cup: cup, mug, coffee, tea, teacup, espresso, latte, cappuccino, teapot, bowl, soup, ramen,
        noodles
    shoe: shoe, shoes, sneaker, sneakers, trainer, trainers, boot, boots
    phone: phone, smartphone, iphone, tablet, laptop, computer, camera, headphones, speaker
    book: book, notebook, diary, letter, newspaper, magazine
    candle: candle, candles, lamp, lantern, torch, light bulb, campfire, bonfire, fire
    food: cake, burger, pizza, bread, croissant, apple, orange fruit, lemon, strawberry, fruit,
        donut, pie, cheese
    flower: flower, rose, tulip, sunflower, orchid, poppy, blossom, lotus, dandelion, daisy,
        flowers, bouquet
    tree: tree, oak, palm, palm tree, willow, cherry tree, bonsai, cactus, baobab, plant
    lighthouse: lighthouse, beacon, windmill, water tower, wind turbine
    house: house, cabin, hut, cottage, barn, tent, mansion, shack, building
    """
)
"""Word → silhouette."""

_WEAK = frozenset({"tree", "flower", "house", "candle", "food", "book"})
"""Kinds that are often scenery: they are the subject only where there is nothing else."""

_OBJECTS = frozenset({"watch", "bottle", "cup", "shoe", "phone", "book", "candle", "food"})

TIMES = _table(
    """
    dawn: dawn, sunrise, daybreak, first light, early morning
    morning: morning, forenoon
    day: noon, midday, day, daytime, daylight, afternoon, sunny, sunlit, sunlight, sunshine,
        bright day, summer
    golden: golden hour, golden, sunset, late afternoon, low sun, autumn, magic hour, sundown
    dusk: dusk, twilight, evening, blue hour, nightfall, gloaming
    night: night, midnight, nighttime, moonlight, moonlit, starry, nocturnal, after dark, neon
    """
)

WEATHERS = _table(
    """
    rain: rain, rainy, raining, drizzle, downpour, raindrops, monsoon, rainstorm
    wet: wet, puddles, puddle, raincoat, umbrella
    storm: storm, stormy, thunder, lightning, tempest, thunderstorm, hurricane, squall
    snow: snowing, snowfall, flurries, blizzard, snowflakes, falling snow, heavy snow, snowstorm
    white: snow, snowy, snow-covered, snowcapped, winter, wintry
    fog: fog, foggy, mist, misty, haze, hazy, smoke, smoky
    overcast: overcast, cloudy, clouds, grey sky, gray sky, gloomy
    wind: wind, windy, breeze, breezy, gust, gusts
    dust: dust, dusty, sandstorm, embers, pollen
    clear: clear sky, clear, cloudless, blue sky
    """
)

MOODS = _table(
    """
    warm: warm, cozy, cosy, amber, honey, intimate, casual, tender, nostalgic, hopeful
    cold: cold, cool, icy, sterile, bleak, lonely, chilly, clinical
    teal: teal, teal and amber, teal and orange, blockbuster, cinematic, film, filmic,
        anamorphic, epic
    noir: noir, black and white, monochrome, black-and-white, b&w, film noir
    pastel: pastel, soft pastel, candy, whimsical, kawaii, dreamy, ethereal, airy, gentle
    vibrant: vibrant, vivid, saturated, colorful, colourful, bold, energetic, pop, playful,
        joyful
    muted: documentary, muted, naturalistic, natural, realistic, quiet, restrained, desaturated,
        understated
    vintage: vintage, retro, 1970s, 1980s, super 8, 16mm, kodak, analog, sepia, faded, old film
    dark: dark, moody, ominous, mysterious, tense, dramatic, gothic, horror, eerie, brooding,
        low-key
    neon: cyberpunk, synthwave, vaporwave, futuristic, sci-fi, electric
    luxury: luxury, luxurious, elegant, premium, sleek, refined, opulent
    """
)

ACTIONS = _table(
    """
    walk: walk, walks, walking, strolls, strolling, pushes, pushing, wanders, wandering,
        marching, hiking, follows, crossing, carrying, carries, trots, trotting
    run: run, running, sprints, sprinting, gallops, galloping, races, racing, chasing, jogging,
        leaps, rushing, speeding, speeds
    ride: rides, riding, cycling, pedals, drives, driving, cruising, rolling past
    fly: fly, flies, flying, soars, soaring, hovers, hovering, gliding, glides, drifts,
        drifting, floats, floating
    swim: swim, swims, swimming, dives, diving, sails, sailing, breaching, breaches
    dance: dance, dances, dancing, spins, spinning, twirls, twirling, waving, playing, jumps
    still: still, sits, sitting, stands, standing, waits, waiting, sleeps, sleeping, resting,
        rests, reading, motionless, looks, looking, gazes, gazing, poses
    steam: steam, steams, steaming, smoke rising, hot, fresh
    """
)

COLOURS: dict[str, RGB] = {
    "red": (0.80, 0.12, 0.11), "crimson": (0.68, 0.06, 0.13), "scarlet": (0.88, 0.14, 0.07),
    "orange": (0.95, 0.48, 0.10), "amber": (0.96, 0.64, 0.14), "yellow": (0.98, 0.80, 0.12),
    "gold": (0.86, 0.67, 0.26), "golden": (0.86, 0.67, 0.26), "green": (0.16, 0.55, 0.24),
    "emerald": (0.05, 0.52, 0.36), "olive": (0.42, 0.45, 0.20), "teal": (0.06, 0.50, 0.52),
    "turquoise": (0.14, 0.70, 0.68), "cyan": (0.15, 0.75, 0.85), "blue": (0.12, 0.33, 0.76),
    "navy": (0.07, 0.12, 0.32), "indigo": (0.22, 0.15, 0.52), "purple": (0.45, 0.18, 0.60),
    "violet": (0.52, 0.28, 0.74), "pink": (0.95, 0.50, 0.64), "magenta": (0.85, 0.13, 0.55),
    "white": (0.93, 0.92, 0.89), "ivory": (0.94, 0.91, 0.82), "cream": (0.93, 0.87, 0.74),
    "black": (0.07, 0.07, 0.08), "grey": (0.45, 0.46, 0.48), "gray": (0.45, 0.46, 0.48),
    "silver": (0.74, 0.76, 0.79), "brown": (0.40, 0.25, 0.14), "copper": (0.72, 0.42, 0.24),
    "bronze": (0.58, 0.42, 0.22), "beige": (0.82, 0.73, 0.58), "tan": (0.74, 0.58, 0.40),
}  # fmt: skip

_PROPS = _table(
    """
    umbrella: umbrella, parasol
    bike: bicycle, bike
    coat: coat, raincoat, jacket, trench coat, cloak, poncho, parka, cape, robe
    dress: dress, skirt, gown, kimono, ballerina, bride, queen
    hat: hat, cap, fedora
    backpack: backpack, rucksack, bag, suitcase
    hood: hood, hoodie, raincoat
    lantern: lantern, torch
    book: reads, reading, book, letter, newspaper
    long_hair: woman, girl, lady, ballerina, mother, grandmother, queen, witch, actress, bride
    tutu: ballerina, tutu
    steam: steam, steaming, hot, espresso, coffee, tea, soup, ramen
    """
)

_VARIANTS = _table(
    """
    neon: neon, cyberpunk, signs
    lantern: lanterns, lantern, bazaar, souk, chinatown, night market
    pine: pine, pines, spruce, taiga, conifer
    birch: birch, birches
    bamboo: bamboo
    jungle: jungle, rainforest, tropical
    autumn: autumn, fall leaves, orange leaves, october
    wheat: wheat, savanna, savannah, prairie, dry grass
    lavender: lavender
    flowers: flowers, wildflowers, blossom, poppies, tulips, garden
    vineyard: vineyard, farm, farmland, fields
    red: mars, red rock, canyon, mesa, badlands
    aurora: aurora, northern lights
    waterfall: waterfall, waterfalls
    volcano: volcano, lava
    beach: beach, sand, palm, tropical
    cliff: cliff, cliffs, headland, rocks, rocky
    train: train, subway, metro, platform, station, underground
    corridor: corridor, hallway, tunnel, hospital, warehouse, parking garage, lobby, factory
    library: library, bookshop, books, study, bookshelves
    bedroom: bedroom, bed, hotel
    kitchen: kitchen, bakery
    office: office, desk, classroom, computer
    marble: marble, white marble, stone, slate, concrete
    wood: wood, wooden, oak, rustic
    velvet: velvet, silk, satin, black background, luxury
    empty: empty, deserted, abandoned
    crowd: crowd, crowded, busy, bustling, people
    black: black background, dark background, black backdrop
    white: white background, seamless, white backdrop, infinity cove
    dirt: dirt road, dirt, path, trail, gravel
    planet: planet, earth, moon, saturn
    castle: castle, temple, ruins, church
    """
)

_FRAMING = (
    (re.compile(r"\b(?:extreme close[\s-]?up|macro)\b", re.I), 1.75),
    (re.compile(r"\bclose[\s-]?up\b", re.I), 1.45),
    (re.compile(r"\bmedium\b", re.I), 1.15),
)

_WORD = re.compile(r"[^\W_]+(?:[-'’&][^\W_]+)*", re.UNICODE)
_VERBS = re.compile(r"\bwatch(?:es|ing)?\s+(?:the|a|an|over|him|her|them|as|from)\b")


@dataclass(frozen=True)
class Script:
    """A prompt as the scene painter reads it. `key` holds every word, known or not."""

    key: str
    place: str
    subject: str | None
    companion: str | None  # a second creature beside the subject
    time: str
    weather: frozenset[str]
    moods: tuple[str, ...]
    actions: frozenset[str]
    props: frozenset[str]
    variants: frozenset[str]
    colour: RGB | None
    accent: RGB | None
    framing: float
    moves: tuple[str, ...] = field(default=())

    @property
    def is_white(self) -> bool:
        """Whether snow lies."""
        return bool(self.weather & {"snow", "white"})

    @property
    def is_product(self) -> bool:
        return self.subject in _OBJECTS


def _hits(words: list[str], table: dict[str, str]) -> list[tuple[int, str, int]]:
    """(place in the text, kind, number of words) of every longest phrase found in `table`."""
    found, at = [], 0
    while at < len(words):
        for length in (3, 2, 1):
            phrase = " ".join(words[at : at + length])
            if at + length <= len(words) and phrase in table:
                found.append((at, table[phrase], length))
                at += length - 1
                break
        at += 1
    return found


def read(text: str) -> Script:
    """The script of `text`. Total: any string, however odd or long, has one."""
    moves = parse_camera(text)
    plain = unicodedata.normalize("NFKC", without_camera(text)).lower()
    words = _WORD.findall(_VERBS.sub(" ", plain[:_LIMIT]))
    key = " ".join(_WORD.findall(plain)) or plain.strip("\0 .,;:!?") or text[:200].lower()
    rng = generator("script", key)

    subjects = _hits(words, SUBJECTS)
    places = _hits(words, PLACES)
    placed = {at + i for at, _, n in places for i in range(n)}
    strong = [s for s in subjects if s[1] not in _WEAK]
    weak = [s for s in subjects if s[1] in _WEAK and s[0] not in placed]
    chosen = next(iter(strong or weak), None)
    variants = frozenset(kind for _, kind, _ in _hits(words, _VARIANTS))
    if chosen and "empty" in variants and _near(words, chosen[0], ("empty", "no", "without")):
        chosen = None
    subject = chosen[1] if chosen else None

    weights: dict[str, float] = {}
    for order, (_, kind, length) in enumerate(places):
        weights[kind] = weights.get(kind, 0.0) + length - 0.1 * order
    place = max(weights, key=lambda k: weights[k]) if weights else _home(subject, rng)
    if subject in _OBJECTS and (place in {"cafe", "room", "street"} or not weights):
        place = "table"
    if place == "table":
        variants |= {f"behind-{kind}" for kind in weights if kind != "table"}
    if place == "table" and not subject:
        subject = str(rng.choice(["bottle", "cup", "watch"]))
    times = _hits(words, TIMES)
    weather = frozenset(kind for _, kind, _ in _hits(words, WEATHERS))
    time = _clock([kind for _, kind, _ in times], rng)
    actions = frozenset(kind for _, kind, _ in _hits(words, ACTIONS))
    props = frozenset(kind for _, kind, _ in _hits(words, _PROPS))
    if {"hood", "coat"} & props and weather & {"rain"}:
        props |= {"hood"}
    framing = next((size for pattern, size in _FRAMING if pattern.search(text[:_LIMIT])), 1.0)

    coloured = [(at, COLOURS[word]) for at, word in enumerate(words) if word in COLOURS]
    near = [rgb for at, rgb in coloured if chosen and -4 <= at - chosen[0] <= 6]
    far = [rgb for _, rgb in coloured if rgb not in near]
    return Script(
        key=key,
        place=place,
        subject=subject,
        companion=_companion(strong, subject, props),
        time=time,
        weather=weather,
        moods=tuple(dict.fromkeys(kind for _, kind, _ in _hits(words, MOODS))),
        actions=actions,
        props=props,
        variants=variants,
        colour=near[0] if near else None,
        accent=far[0] if far else None,
        framing=framing,
        moves=moves,
    )


_COMPANY = frozenset({"person", "robot", "fox", "dog", "cat", "horse", "deer", "elephant", "bird"})


def _companion(
    found: list[tuple[int, str, int]], subject: str | None, props: frozenset[str]
) -> str | None:
    """The next creature named, where there is a subject that has company."""
    if subject not in _COMPANY or "umbrella" in props:
        return None
    return next((kind for _, kind, _ in found if kind in _COMPANY and kind != subject), None)


def _near(words: list[str], at: int, wanted: tuple[str, ...]) -> bool:
    return any(word in wanted for word in words[max(0, at - 2) : at])


def _clock(named: list[str], rng: object) -> str:
    """The time of day: the one named, dusk over night where both are, else the hash's choice."""
    if "dusk" in named:
        return "dusk"
    if named:
        return named[0]
    return str(rng.choice(["morning", "day", "golden"]))  # type: ignore[attr-defined]


def _home(subject: str | None, rng: object) -> str:
    """Where a subject is at home, for a prompt that names no place."""
    homes = {
        "whale": ("underwater", "coast"), "fish": ("underwater",), "jellyfish": ("underwater",),
        "ship": ("coast", "harbor"), "train": ("station", "meadow"), "car": ("road", "street"),
        "suv": ("road", "desert"), "bike": ("street", "road"), "fox": ("forest", "meadow"),
        "dog": ("meadow", "coast"), "cat": ("room", "village"), "horse": ("meadow",),
        "deer": ("forest", "meadow"), "elephant": ("meadow",), "bird": ("lake", "mountain"),
        "astronaut": ("space", "desert"), "rocket": ("desert", "space"),
        "robot": ("station", "skyline"), "balloon": ("mountain", "meadow"),
        "plane": ("mountain", "coast"), "drone": ("meadow", "skyline"),
        "lighthouse": ("coast",), "house": ("meadow", "village"), "tree": ("meadow", "lake"),
        "flower": ("meadow",), "knight": ("village", "mountain"),
        "person": ("street", "meadow", "coast"), "candle": ("table",),
    }  # fmt: skip
    every = (
        "street", "skyline", "forest", "coast", "harbor", "desert", "mountain", "meadow", "lake",
        "cafe", "station", "snowfield", "road", "village", "space", "underwater",
    )  # fmt: skip
    if subject in _OBJECTS:
        return "table"
    return str(rng.choice(homes.get(subject or "", every)))  # type: ignore[attr-defined]
