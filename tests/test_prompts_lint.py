"""The lint: what each rule must catch, and the near misses that it must leave alone."""

import json
import time

import pytest

from toolkit.catalog import card
from toolkit.cli import main
from toolkit.errors import CatalogError, PromptError
from toolkit.grid import Grid, near
from toolkit.prompts.formula import Prompt
from toolkit.prompts.lint import RULES, lint

CATCH = {
    "several-subjects": [
        "Two friends argue at a café table, static medium shot, warm light",
        "A couple walks hand in hand along a beach at sunset",
        "A group of children plays football in a dusty street",
        "A man and a woman dance in an empty ballroom",
        "A barista talking with a customer across the counter, soft morning light",
        "Wide shot of three women laughing in a kitchen",
        "A mother hugs her daughter on a train platform",
        "Friends share a meal around a long table, candlelight",
        "A knight fights a dragon on a castle wall",
        "The conversation of two old fishermen on a pier at dawn",
        "Two dogs wrestling in tall grass, golden hour",
        "A handshake between executives in a glass office",
    ],
    "readable-text": [
        'A neon sign reading "OPEN" above a bar door, rain, slow push in',
        "A woman holds a poster that says hello world",
        "The title card fades in over a mountain lake",
        "A coffee cup with our logo on a marble counter, slow push in",
        "A newspaper headline in close-up, static",
        'A shirt with the words "JUST GO" printed across the chest',
        "Subtitles run along the bottom of the frame",
        "A phone screen showing a text message, close-up",
        "A hand writes the word love on a foggy window",
        "A bottle of gin with a clearly legible label, side light",
    ],
    "fast-action": [
        "A woman running through a forest at dawn",
        "A sports car speeds down a mountain road",
        "Two cars collide at a crossing, debris everywhere",
        "A horse gallops across a beach, spray flying",
        "A building explodes behind a man in a suit",
        "A skateboarder does a kickflip over a stair set",
        "The fox runs across the snow toward the camera",
        "A high-speed chase through narrow streets",
        "A boxer punches a heavy bag, sweat flying",
        "A dancer spins rapidly under a spotlight",
    ],
    "specific-face": [
        "A woman who looks like a 1950s film star, smoking at a window",
        "Tom Cruise walking through an airport",
        "A man with the face of Albert Einstein, in a lab coat",
        "A Marilyn Monroe lookalike on a balcony",
        "A woman with almond-shaped green eyes, an aquiline nose, a cleft chin and full lips",
        "A young man resembling a famous actor, in a leather jacket",
    ],
    "change-in-clip": [
        "A rose slowly opens on a black background",
        "A man's face ages from twenty to eighty",
        "A caterpillar becomes a butterfly on a leaf",
        "Day turns to night over the city",
        "The leaves change colour from green to red",
        "Time-lapse of a seed growing into a tree",
        "A woman transforms into a flock of birds",
        "A city street as the seasons change",
        "Her dress turns into water",
        "The snowman melts in the sun",
    ],
    "several-moves": [
        "A watch on marble. Push in, then orbit left.",
        "A lighthouse at dusk, pan left and tilt up",
        "The camera zooms in and then pulls back to reveal the valley",
        "A courier in the rain, slow dolly in followed by a crane up",
        "A market street, pan left then right",
        "A dancer on stage, orbit right while zooming out",
        "A car on a bridge, quick cuts between different angles",
    ],
    "static-and-move": [
        "A watch on marble, static shot, slow orbit left",
        "Locked-off tripod shot of a lake, the camera pushes in",
        "A fox in snow. Static camera, slow pan right.",
        "A café, static wide, dolly in toward the window",
        "The camera stays fixed and zooms out over a harbour",
    ],
    "vague-quality": [
        "A stunning sunset over the sea, 8k, masterpiece",
        "A beautiful woman in a garden, high quality",
        "Epic cinematic drone shot of mountains, breathtaking",
        "An amazing perfume bottle, ultra realistic",
        "A cat on a sofa, best quality, award-winning",
        "A nice shot of a car in the rain",
        "A highly detailed robot in a workshop, hyper-realistic",
    ],
    "negation": [
        "An empty street at night, no people",
        "A watch on marble without any text",
        "A woman walks along a pier, don't show her face",
        "A forest at dawn, no camera movement",
        "A lake at dusk, avoid blur and distortion",
        "A portrait of a man, not smiling",
        "A station at dusk, nobody on the platform",
    ],
    "typed-flags": [
        "A fox in the snow --ar 16:9",
        "A watch on marble --v 6 --style raw",
        "A (red fox:1.3) in the snow",
        "((masterpiece)), a fox in the snow",
        "A fox in a forest <lora:film:0.8>",
    ],
    "part-missing": [
        "A woman walking",
        "A red fox",
        "Slow push in, moody cinematic lighting",
        "A watch on marble, soft window light",
        "A cat asleep on a windowsill in morning light",
    ],
    "no-motion": [
        "A portrait of a woman in a red dress, studio backdrop, muted colours",
        "A wooden chair in an empty room, soft window light, quiet mood",
        "A bottle of perfume on black marble, low-key lighting",
        "A castle on a hill, blue sky, wide shot, storybook style",
        "A man in a grey suit at a desk, warm lamplight, medium shot",
    ],
}  # fmt: skip

LEAVE = {
    "several-subjects": [
        "A man walks through a busy market at dusk, slow push in",
        "A lone figure among the crowd on a station platform",
        "A woman and her reflection in a shop window, static",
        "Two boats moored in a quiet harbour at dawn",
        "A couple of candles burn on a window sill",
        "A girl walks past a group of children, handheld",
        "A barista pours milk, customers blurred in the background",
        "A family portrait hangs on the wall of an empty hall",
        "A flock of birds turns over a lake at dusk",
        "An empty meeting room in morning light",
        "A woman talks on the phone by a window",
        "Fog embraces the pines, static wide shot",
        "A wedding dress hangs in a window, curtains moving",
        "A potter shapes a bowl, her hands pressed together around the clay",
        "A courier in a yellow raincoat pushing a bicycle",
        "A street musician plays in front of a passing crowd, handheld",
    ],
    "readable-text": [
        "Neon on wet stone in a narrow market street at dusk",
        "A man reading a newspaper on a bench, static",
        "A neon sign glows above a bar door, rain, slow push in",
        "The texture of linen in side light, macro",
        "A letter in her hand, folded, close-up",
        "Signs of wear on an old leather boot",
        "A library with tall windows, dust in the light",
        "A bottle of perfume with a blank label on marble",
        "A girl turns the pages of a book by lamplight",
        'A street in the style of "Blade Runner", rain, slow push in',
        "A woman reads by the window, hushed",
        "Chalk dust on a teacher's hands, close-up",
    ],
    "fast-action": [
        "Rain runs off her coat as she walks",
        "Running water over stones in a forest stream, static",
        "A path runs along the shore at dusk",
        "A pair of running shoes on a wooden bench, slow push in",
        "She runs her hand along the wall, handheld",
        "A race car parked in a garage, slow orbit",
        "Waves crash against the cliffs, aerial, slow pull-back",
        "A firefighter rests on the bumper of a truck",
        "An explosion of colour in a field of tulips, static wide",
        "A dash of cinnamon falls on the foam, macro",
        "A runner ties her laces at dawn, close-up",
        "Fast-moving clouds over a still lake, static wide",
        "A train waits at the platform, steam drifting",
        "Tears run down her cheeks, close-up",
        "A punch bowl on a table, condensation runs down the glass",
    ],
    "specific-face": [
        "A woman in her thirties with short dark hair, at a window",
        "The sky looks like rain, wide shot of a harbour",
        "An old fisherman with a weathered face, close-up",
        "A street in the style of Wes Anderson, symmetrical",
        "Clouds that look like whales drift over a bay",
        "A Vermeer-like light falls on a girl at a table",
        "A man with a grey beard and kind eyes, medium shot",
        "A freckled boy with red hair looks out of a train window",
        "An astronaut behind a gold visor, slow push in",
        "A woman in a 1950s dress waits at a bus stop",
        "A Marilyn Monroe poster on the wall of an empty diner",
    ],
    "change-in-clip": [
        "A woman opens a door and steps into the light",
        "A man turns into a narrow alley, handheld",
        "Blooming cherry trees along a canal, petals falling",
        "An ageing fisherman coils a rope",
        "A courier turns toward the camera",
        "Melting snow drips from a roof, close-up",
        "She opens her eyes, extreme close-up",
        "Leaves fall in a quiet park, static wide",
        "Flowers in full bloom sway in the wind",
        "A growing crowd behind the glass, out of focus",
        "An opening in the clouds above a mountain ridge",
        "Steam fades into the cold air above a cup",
        "The tram turns a corner at dusk, lights reflected",
        "Ivy grows along the wall of an old house, wind in the leaves",
    ],
    "several-moves": [
        "Static with slight handheld sway, a woman at a window",
        "Handheld, following a courier at medium distance",
        "A train pulls out of the station as she waits, slow push in",
        "She pulls back the curtain, slow dolly in",
        "A planet orbits a dim star, slow push in",
        "Aerial, slow pull-back over a rocky coast",
        "A slow push in toward the watch, shallow depth of field",
        "A crane lifts a container in a harbour, pan left",
        "A frying pan on a stove, steam rises, slow push in",
        "A drone shot that slowly pulls back from a lighthouse",
        "He pushes in the chair and leaves, static wide shot",
        "Handheld, slow push in on a boxer's hands",
    ],
    "static-and-move": [
        "Static with slight handheld sway, a woman at a window",
        "A train pulls away. Static wide shot.",
        "Static electricity lifts her hair, slow push in",
        "A still lake at dawn, slow pan right",
        "The fox stands still, slow push in",
        "A tripod in a photographer's hand, handheld following",
        "She pushes in a drawer, locked-off shot",
        "A red truck left of the road, static wide",
        "Clouds roll right across the sky, static wide shot",
        "An old radio hisses with static, slow push in",
        "Static shot, waves pull back over the pebbles",
    ],
    "vague-quality": [
        "Cool blue light falls on a concrete wall",
        "A great egret stands in shallow water at dawn",
        "A perfect circle of lamplight on a desk",
        "Perfectly still water under pines",
        "A professional dancer ties her shoe in a studio",
        "A detailed miniature of a ship on a shelf, macro",
        "Magic hour on a wheat field, slow push in",
        "A nurse walks down a quiet corridor",
        "Low golden light on brushed steel, 85 mm lens",
        "A fine layer of dust on the piano, side light",
        "Dramatic lighting from one side, deep shadow",
    ],
    "negation": [
        "A street not far from the harbour, at dusk",
        "A bottle of Chanel No. 5 on black marble",
        "A no-nonsense kitchen in steel and tile",
        "Knots in an old rope, macro",
        "Nothing moves but the steam above the cup",
        "She walks without hurry along the pier",
        "A never-ending staircase in a stone tower",
        "An empty street at night, wet stone",
        "A bus stop whether or not the rain has come",
        "He pauses without a word and looks out to sea",
        "A forget-me-not in a glass, window light",
        "A note pinned to a notice board out of focus",
    ],
    "typed-flags": [
        "A fox -- red, quick-eyed -- in the snow",
        "A well-lit room - slow push in",
        "A 16:9 frame of a lighthouse",
        "A clock at 12:30 (noon) in an empty hall",
        "A kitchen (tiled, white) in morning light",
        "A re-used bottle on a sill",
        "A hand-held lamp in a cellar, handheld",
        "A ratio of light to dark like an old painting",
        "A fox (one ear torn) listens",
        "Shot at f/2.8 on a 50 mm lens",
    ],
    "part-missing": [
        "A fisherman mends a net in a quiet harbour at dawn, static wide shot, muted blue palette",
        "A watch on black marble, soft rim light, slow push in, product commercial",
        "An empty café in morning light, steam above a cup, static, hushed",
        "Waves on a rocky coast at dusk, aerial, slow pull-back, cold blue and grey",
        "A courier pushes a bicycle down a wet street at night, handheld, documentary naturalism",
        "Fog moves through pines, static wide shot, calm",
        "A cup of coffee on a wooden table, slow push in, warm ochre palette",
        "A cat washes its paw on a window sill in low light, close-up, tender",
        "A train waits at a platform before sunrise, slow pan right, film noir",
        "A dancer turns slowly on an empty stage, low angle, high contrast",
    ],
    "no-motion": [
        "A watch on marble, slow push in",
        "Fog over the pines, static wide shot",
        "A woman turns her head toward the window",
        "An empty café, steam curls above a cup",
        "A candle burns on a window sill",
        "A courier pushes a bicycle up a hill",
        "Leaves stir in a courtyard",
        "A cat asleep on a sofa, its side rising with each breath",
        "Rain on a tin roof",
        "A boat rocks at its mooring",
    ],
}  # fmt: skip

GOOD = [
    """A courier in a yellow raincoat pushes a bicycle through a narrow market street at dusk, rain
    runs off her coat, neon on wet stone. Handheld, following at medium distance. Quiet documentary,
    muted teal.""",
    """A steel wristwatch stands on a block of black marble. Soft rim light slides along the bezel.
    Slow push in, 100 mm macro, shallow depth of field. Restrained product commercial, black and
    silver.""",
    """Thin fog moves between tall pines on a slope before sunrise. Static wide shot. Hushed, cold
    blue and grey.""",
    """An empty café in morning light, chairs still upside down on the tables, dust drifting through
    the beam from the window. Static with slight handheld sway. Warm ochre, intimate.""",
    """A man walks through a busy market, his back to the camera, lamps swinging over the stalls.
    Handheld, medium shot. Documentary naturalism.""",
    """A cup of coffee on a wooden counter, steam curling up in low window light. Gentle orbit
    right. Soft highlights, warm brown palette.""",
    "Waves roll in against a rocky coast at dusk. Aerial, slow pull-back. Cold blue, solemn.",
    """An old woman kneads dough at a floured table beside a window, flour hanging in the light.
    Slow push in on her hands. Tender, film grain.""",
]


def codes(text, **kind):
    return {finding.code for finding in lint(text, **kind)}


def serious(what, **kind):
    return [str(finding) for finding in lint(what, **kind) if finding.severity != "info"]


def one(code, what, **kind):
    (finding,) = [f for f in lint(what, **kind) if f.code == code]
    return finding


# ---- by rule


@pytest.mark.parametrize(("code", "text"), [(c, t) for c, texts in CATCH.items() for t in texts])
def test_a_rule_catches_what_it_is_for(code, text):
    assert code in codes(text)


@pytest.mark.parametrize(("code", "text"), [(c, t) for c, texts in LEAVE.items() for t in texts])
def test_a_rule_leaves_near_misses_alone(code, text):
    assert code not in codes(text)


def test_every_rule_for_words_has_five_to_catch_and_ten_to_leave():
    assert CATCH.keys() == LEAVE.keys()
    assert {c: len(t) for c, t in CATCH.items() if len(t) < 5} == {}
    assert {c: len(t) for c, t in LEAVE.items() if len(t) < 10} == {}


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_a_good_prompt_draws_nothing_above_info(text):
    assert serious(text) == []


# ---- length


@pytest.mark.parametrize("words", [1, 5, 30, 58, 59])
def test_a_short_prompt_is_info(words):
    assert one("short", "fog " * words).severity == "info"


@pytest.mark.parametrize("words", [*range(60, 201, 14), 200])
def test_sixty_to_two_hundred_words_say_nothing(words):
    assert not codes("fog " * words) & {"short", "too-long"}


@pytest.mark.parametrize("words", [201, 250, 400, 1_000, 5_000])
def test_a_long_prompt_is_a_warning_and_its_fix_keeps_whole_sentences(words):
    text = "Fog lies low. " * (words // 3) + "fog " * (words % 3)
    finding = one("too-long", text)
    assert finding.severity == "warning"
    mended = finding.apply(text)
    assert mended.endswith(".")
    assert 195 <= len(mended.split()) <= 200


# ---- findings


def test_a_finding_says_what_where_why_and_the_way_out():
    text = "A fox in the snow at dawn, static, no people"
    finding = one("negation", text)
    assert finding.to_json() == {
        "code": "negation",
        "severity": "warning",
        "message": "“no people” puts into the picture what it denies",
        "fix": "say what is there instead (“an empty street”), "
        "or use `negative=` where the model takes it",
        "span": [35, 44],
        "part": None,
    }
    assert text[35:44] == "no people"


@pytest.mark.parametrize(
    ("code", "text", "mended"),
    [
        ("vague-quality", "An amazing fox, slow push in", "A fox, slow push in"),
        ("vague-quality", "Stunning fox at dawn", "Fox at dawn"),
        ("vague-quality", "A fox at dawn, 8k", "A fox at dawn"),
        ("negation", "A street at night, no people", "A street at night"),
        ("negation", "A lake, avoid blur and noise, slow pan", "A lake, slow pan"),
        ("negation", "A lake, no camera movement", "A lake, static camera"),
        ("fast-action", "A man runs across a field", "A man walks at a steady pace across a field"),
        ("fast-action", "A man running fast", "A man walking at a steady pace"),
        ("several-moves", "A fox. Push in, then orbit left.", "A fox. Push in."),
        ("static-and-move", "A fox, static shot, slow pan left", "A fox, slow pan left"),
        ("specific-face", "A man who looks like a film star, alone", "A man, alone"),
        ("readable-text", 'A sign reading "OPEN" in the rain', "A sign in the rain"),
        ("several-subjects", "Wide shot of three women laughing", "Wide shot of a woman laughing"),
        ("typed-flags", "A fox in the snow --ar 16:9", "A fox in the snow"),
        ("change-in-clip", "Time-lapse, a cactus in the desert", "A cactus in the desert"),
    ],
)
def test_a_quick_fix_edits_the_prompt_and_mends_it(code, text, mended):
    finding = next(f for f in lint(text) if f.code == code)
    assert finding.apply(text) == mended
    assert code not in codes(mended)


@pytest.mark.parametrize("text", [t for texts in CATCH.values() for t in texts])
def test_no_quick_fix_leaves_a_worse_prompt(text):
    before = {f.code for f in lint(text) if f.severity != "info"}
    for finding in lint(text):
        mended = finding.apply(text)
        if mended is not None:
            assert mended != text
            after = {f.code for f in lint(mended) if f.severity != "info"}
            assert after - before <= {"no-motion", "part-missing"}, (finding.code, mended)


def test_a_fix_goes_to_the_part_it_is_about_and_leaves_the_others():
    prompt = Prompt("a stunning  fox", environment="a stunning park", camera="pan left", name="fox")
    parts = [f.part for f in lint(prompt) if f.code == "vague-quality"]
    assert parts == ["subject", "environment"]
    mended = [f.apply(prompt) for f in lint(prompt) if f.code == "vague-quality"]
    assert [(p.subject, p.environment, p.camera, p.name) for p in mended] == [
        ("a fox", "a stunning park", "pan left", "fox"),
        ("a stunning  fox", "a park", "pan left", "fox"),
    ]


def test_a_span_is_a_place_in_the_text_that_is_sent():
    prompt = Prompt("a fox", environment="a stunning park", camera="static, slow orbit left")
    for finding in lint(prompt):
        if finding.span:
            assert prompt.text[slice(*finding.span)] in finding.message or "static" in finding.code


def test_a_template_is_read_in_every_wording_and_mended_where_it_is_wrong():
    prompt = Prompt("a fox in snow", camera=["slow push in", "static, pan left"])
    finding = one("static-and-move", prompt)
    assert finding.apply(prompt).camera == ("slow push in", "pan left")


def test_a_finding_that_needs_thought_has_no_fix():
    finding = one("part-missing", Prompt("a fox trots", camera="pan left", mood="calm"))
    assert finding.apply("a fox") is None
    assert (finding.part, finding.can_apply) == ("environment", False)


def test_a_fix_for_another_prompt_is_none():
    finding = one("negation", "A street at night, no people")
    assert finding.apply("A lake") is None
    assert finding.apply(Prompt("a lake")) is None


def test_a_no_within_the_negative_is_said_and_mended():
    prompt = Prompt("a fox trots", camera="pan left", negative="no text")
    finding = one("negation", prompt)
    assert finding.part == "negative"
    assert finding.apply(prompt).negative == "text"


# ---- odd text


ODD = ["", " ", "\0", "\0" * 50, "😀🎬", "狐狸在雪地里奔跑，镜头缓慢推进",
       "שועל רץ בשלג", "ثعلب يركض في الثلج",
       "лиса бежит по снегу", "सुंदर लोमड़ी", "สุนัขจิ้งจอก", "{unclosed", "a" * 100_000,
       "run " * 25_000, "," * 100_000, "(" * 50_000, "\n" * 1000, "no " * 30_000,
       "two " * 30_000, "a man and a man " * 6_000, '"' * 50_000, "\ud83d"]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_text_never_fails_and_takes_no_time(text):
    begun = time.perf_counter()
    findings = lint(text)
    assert time.perf_counter() - begun < 1.5
    assert findings == lint(text)


@pytest.mark.parametrize(
    "text",
    [
        "狐狸在雪地里奔跑，镜头缓慢推进，没有人",
        "שועל רץ בשלג, בלי אנשים",
        "лиса бежит по снегу, без людей",
        "Ein Fuchs rennt durch den Schnee und die Kamera ist auf dem Stativ, kein Text im Bild",
        "Una mujer corre por la calle con el perro y una pareja que habla en el parque",
        "Un homme et une femme courent dans la rue, sans texte, avec des explosions",
        "😀🎬🔥",
    ],
)
def test_of_other_languages_the_vocabulary_says_nothing(text):
    assert serious(text) == []


def test_a_prompt_is_read_in_a_few_milliseconds():
    lint(GOOD[0])
    begun = time.perf_counter()
    for _ in range(5):
        for text in GOOD:
            lint(text)
    assert (time.perf_counter() - begun) / (5 * len(GOOD)) < 0.03  # about 3 ms at rest


def test_what_is_no_prompt_is_refused():
    with pytest.raises(PromptError, match=r"^lint reads a text, a Prompt or a grid, not int$"):
        lint(3)


# ---- models and parameters

FOX = Prompt(
    "a red fox trots", environment="a pine forest at dawn", camera="static wide shot", mood="hushed"
)
WOMAN = FOX.with_parts(subject="a woman in a green coat turns her head")


def test_a_value_that_a_model_does_not_take_is_an_error_with_the_allowed_ones():
    finding = one("not-taken", FOX, models="fal/veo3", params={"duration_s": 5})
    assert finding.severity == "error"
    assert finding.message == "`duration_s=5`: fal/veo3 takes 4, 6, 8"
    assert finding.fix == "`tk.near(5)` would use 4"


@pytest.mark.parametrize(
    ("model", "params", "part"),
    [
        ("luma/ray-2", {"duration_s": 7}, "luma/ray-2 takes 5, 9"),
        ("luma/ray-2", {"aspect_ratio": "5:4"}, "aspect_ratio"),
        ("sim/draft", {"duration_s": 30}, "sim/draft takes "),
        ("sim/draft", {"end_image": "x"}, "takes no end image"),
        ("gemini/veo-3.0", {}, "was retired"),
        ("dashscope/wan2.7-i2v", {}, "needs `start_image`"),
    ],
)
def test_what_a_model_refuses_is_an_error(model, params, part):
    (finding,) = [f for f in lint(FOX, models=model, params=params) if f.severity == "error"]
    assert part in finding.message


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("luma/ray-2", {"duration_s": 5}),
        ("luma/ray-2", {"duration_s": 9}),
        ("luma/ray-2", {"extra": {"anything": 1}}),
        ("sim/draft", {"duration_s": 2}),
        ("sim/draft", {"duration_s": 10, "seed": 4}),
        ("sim/final", {"resolution": "720p"}),
        ("fal/veo3", {"duration_s": 8}),
        ("pixverse/v5", {"duration_s": 5}),
        ("dashscope/wan2.7-t2v", {"duration_s": 3}),
        ("fal/kling-video/v3/pro", {"duration_s": 15}),
    ],
)
def test_what_a_model_takes_draws_no_error(model, params):
    assert not [f for f in lint(FOX, models=model, params=params) if f.severity == "error"]


def test_a_prompt_longer_than_the_model_reads_is_an_error():
    text = "Fog over the pines. " * 100
    finding = one("not-taken", text, models="runway/veo3.1")
    assert finding.message == "runway/veo3.1 takes 1,000 characters and the prompt has 2,000"


def test_a_negative_where_the_model_takes_none_is_an_error():
    finding = one("not-taken", FOX.with_parts(negative="text"), models=card("luma/ray-2"))
    assert finding.message == "luma/ray-2 takes no negative prompt"


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(CatalogError, match=r"no model 'luma/ray2': did you mean 'luma/ray-2'"):
        lint(FOX, models="luma/ray2")


@pytest.mark.parametrize(
    "subject",
    ["a woman turns her head", "an old man breathes", "a dancer on a stage", "a nurse at a window"],
)
def test_a_person_for_more_than_five_seconds_is_a_warning(subject):
    finding = one("character-too-long", FOX.with_parts(subject=subject), params={"duration_s": 8})
    assert finding.severity == "warning"
    assert "8 s" in finding.message


@pytest.mark.parametrize(
    ("prompt", "params"),
    [
        (WOMAN, {"duration_s": 5}),
        (WOMAN, {"duration_s": 4}),
        (WOMAN, {}),
        (WOMAN, {"duration_s": 9, "start_image": "x"}),
        (FOX, {"duration_s": 9}),
        (FOX.with_parts(subject="fog over pines"), {"duration_s": 9}),
        (FOX.with_parts(subject="a watch on marble"), {"duration_s": 8}),
        (FOX.with_parts(subject="a distant figure of a man on a dune"), {"duration_s": 9}),
        (FOX.with_parts(subject="an empty chair"), {"duration_s": 9}),
        (FOX.with_parts(subject="a statue of a king"), {"duration_s": 9}),
    ],
)
def test_short_clips_and_things_may_run(prompt, params):
    assert "character-too-long" not in codes(prompt, params=params)


def test_a_default_that_is_too_long_for_a_person_counts():
    finding = one("character-too-long", WOMAN, models="fal/veo3")
    assert "8 s on fal/veo3" in finding.message


def test_a_duration_left_to_models_that_differ_is_a_warning():
    finding = one("duration-open", FOX, models=["fal/veo3", "luma/ray-2"])
    assert finding.severity == "warning"
    assert finding.message.endswith("5 s on luma/ray-2, 8 s on fal/veo3")
    assert "duration-open" not in codes(FOX, models=["sim/draft", "luma/ray-2"])
    assert "duration-open" not in codes(FOX, models=["fal/veo3"])
    given = {"duration_s": 4}
    assert "duration-open" not in codes(FOX, models=["fal/veo3", "luma/ray-2"], params=given)


# ---- grids


def test_twins_that_differ_in_two_parts_are_confounded():
    other = FOX.with_parts(camera="slow push in", mood="warm ochre")
    finding = one("confounded", Grid([FOX, other], models="sim/draft"))
    assert finding.severity == "warning"
    assert "2 parts at once (camera, mood)" in finding.message


@pytest.mark.parametrize(
    "prompts",
    [
        FOX.twins("camera", ["static wide shot", "slow push in", "pan left"]),
        [FOX, FOX.with_parts(mood="warm ochre")],
        [FOX, FOX.with_parts(mood="warm ochre"), FOX.with_parts(camera="slow push in")],
        [FOX],
        [FOX.with_parts(camera=["static", "slow push in"], mood=["hushed", "warm ochre"])],
        [FOX, FOX.with_parts(subject="an owl", environment="a barn", mood="warm")],
        [FOX, FOX.with_parts(camera="Static  wide shot.")],
        [FOX, FOX.with_parts(mood="warm"), FOX.with_parts(mood="warm", camera="slow push in")],
        ["a fox in snow", "an owl in a barn"],
        [FOX, "a typed prompt, slow push in"],
    ],
    ids=range(10),
)
def test_clean_designs_are_not_confounded(prompts):
    assert "confounded" not in codes(Grid(prompts, models="sim/draft"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FOX, FOX.with_parts(camera="slow push in", environment="a beach at noon")),
        (FOX, FOX.with_parts(action="it listens", mood="warm")),
        (FOX.with_parts(scene="a"), WOMAN.with_parts(mood="warm", scene="a")),
        (FOX, FOX.with_parts(camera="", mood="")),
        (FOX, FOX.with_parts(negative="text", mood="warm")),
    ],
)
def test_more_pairs_that_are_confounded(first, second):
    assert "confounded" in codes(Grid([first, second], models="sim/draft"))


def test_a_grid_says_which_values_its_models_do_not_take():
    grid = Grid(FOX, models=["sim/draft", "fal/veo3"], duration_s=5)
    finding = one("not-taken", grid)
    assert finding.message == "fal/veo3 takes 4, 6, 8: 1 cell is left out"
    assert "not-taken" not in codes(Grid(FOX, models=["sim/draft", "fal/veo3"], duration_s=near(5)))


def test_what_a_person_excluded_is_no_finding():
    grid = Grid(
        FOX, models=["sim/draft", "sim/final"], duration_s=5, exclude=[{"model": "sim/final"}]
    )
    assert "not-taken" not in codes(grid)


def test_a_grid_names_the_prompt_that_a_finding_is_about():
    owl = FOX.with_parts(subject="a stunning owl blinks", name="owl")
    grid = Grid([FOX.with_parts(name="fox"), owl], models="sim/draft", duration_s=5)
    assert [f.prompt for f in lint(grid) if f.code == "vague-quality"] == ["owl"]


def test_an_open_duration_is_said_once_for_a_grid():
    grid = Grid([FOX, WOMAN], models=["fal/veo3", "luma/ray-2"])
    assert len([f for f in lint(grid) if f.code == "duration-open"]) == 1


def test_a_long_axis_is_read_for_characters():
    assert "character-too-long" in codes(Grid(WOMAN, models="sim/draft", duration_s=[4, 9]))
    assert "character-too-long" not in codes(Grid(WOMAN, models="sim/draft", duration_s=[4, 5]))


def test_a_grid_of_thousands_of_cells_is_read_at_once():
    grid = Grid([f"a fox number {i} in the snow at dawn, pan left" for i in range(2_000)],
                models="sim/draft", samples=50)  # fmt: skip
    begun = time.perf_counter()
    lint(grid)
    assert time.perf_counter() - begun < 8


# ---- the command line


def test_lint_prints_json_and_exits_zero_without_errors(capsys):
    assert main(["lint", "A stunning fox", "Fog over pines, static", "--json"]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert [(d["text"], d["words"]) for d in documents] == [
        ("A stunning fox", 3), ("Fog over pines, static", 4)]  # fmt: skip
    finding = documents[0]["findings"][0]
    assert {"code", "severity", "message", "fix", "span"} <= finding.keys()
    assert (finding["code"], finding["span"]) == ("vague-quality", [2, 10])


def test_lint_exits_one_where_a_finding_is_an_error(capsys):
    assert main(["lint", "fog " * 300, "--model", "runway/veo3.1"]) == 1
    assert "takes 1,000 characters" in capsys.readouterr().out


def test_lint_of_an_unknown_model_says_so(capsys):
    assert main(["lint", "fog", "--model", "luma/ray2"]) == 1
    assert "did you mean" in capsys.readouterr().err


def test_lint_on_the_command_line_survives_odd_text(capsys):
    assert main(["lint", "", "\0", "😀", "--json"]) == 0
    assert [d["words"] for d in json.loads(capsys.readouterr().out)] == [0, 0, 0]


def test_every_rule_is_documented():
    assert all(rule.__doc__ for rule in RULES)
