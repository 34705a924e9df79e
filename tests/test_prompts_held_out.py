"""The lint on prompts that no rule was written for: how much it finds, how often it cries wolf.

Four sets, each written after the rules stood and measured before they were changed for it: 87, 84,
81 and 80 % found under the right code (184 of 219), 3 false alarms in 141 good prompts. The rules
have learnt from them since, so this guards against going back and is no longer a fair test.
"""

from __future__ import annotations

import pytest

from toolkit.prompts.lint import lint

SPOILT = [
    (
        "several-subjects",
        "A father teaches his daughter to ride a bicycle in a sunny park, handheld",
    ),
    (
        "several-subjects",
        "Five coworkers brainstorm around a whiteboard in a glass office, wide shot",
    ),
    ("several-subjects", "An elderly couple dancing slowly in their living room, lamplight"),
    ("several-subjects", "A waiter serves wine to a woman at a candlelit restaurant table"),
    ("several-subjects", "A crowd of protesters marches down the avenue, drone shot"),
    ("several-subjects", "Two samurai face each other in a field of tall grass at dusk"),
    ("several-subjects", "Kids splash in a fountain on a hot afternoon"),
    ("several-subjects", "A bride and groom exchanging rings under an arch of flowers"),
    ("several-subjects", "A detective interrogates a suspect in a dim room"),
    ("several-subjects", "A jazz band performs in a smoky club, slow pan"),
    ("several-subjects", "A little girl and an old man play chess on a bench"),
    ("several-subjects", "Teenagers laughing together on a rooftop at night"),
    (
        "readable-text",
        "A vintage diner with a glowing sign that reads EAT HERE, night, slow push in",
    ),
    ("readable-text", "Close-up of a passport page with the name clearly visible"),
    ("readable-text", "A man holding a cardboard sign saying 'will work for food'"),
    ("readable-text", "A laptop screen displaying lines of code in a dark room"),
    ("readable-text", "The brand name NORTHWIND embossed on a leather wallet"),
    ("readable-text", "Birthday cake with 'Happy 40th Anna' in icing, candles lit"),
    ("readable-text", "Opening credits over a foggy highway"),
    ("readable-text", "A street with many shop signs in legible Japanese text"),
    ("readable-text", "A teacher writes an equation on a blackboard"),
    ("readable-text", "An animated infographic with statistics and percentages"),
    ("fast-action", "Parkour runner leaping between rooftops at sunset"),
    ("fast-action", "A cheetah sprinting across the savannah after a gazelle"),
    ("fast-action", "A motorcycle weaving through traffic at high speed"),
    ("fast-action", "A martial artist delivers a flurry of kicks in the rain"),
    ("fast-action", "A glass falls and shatters on a tiled floor"),
    ("fast-action", "Fighter jets dogfight above the clouds"),
    ("fast-action", "A tornado rips the roof off a barn, debris flying"),
    ("fast-action", "A snowboarder flies off a ramp and does a triple backflip"),
    ("fast-action", "Children race each other down a hill"),
    ("fast-action", "A man is running away from an explosion"),
    ("specific-face", "A woman who is the spitting image of Audrey Hepburn sips coffee"),
    ("specific-face", "Young Leonardo DiCaprio on the deck of a ship"),
    (
        "specific-face",
        (
            "A man with a face like a Hollywood leading man, chiselled jaw, cleft chin, "
            "steel-blue eyes"
        ),
    ),
    ("specific-face", "Portrait of Barack Obama smiling in a garden"),
    (
        "specific-face",
        (
            "A girl with heterochromia, a heart-shaped face, freckles across the nose and a "
            "beauty mark above the lip"
        ),
    ),
    ("specific-face", "A pop star lookalike steps out of a limousine"),
    ("change-in-clip", "Bread dough rises and turns golden in an oven"),
    ("change-in-clip", "A tulip bud unfurls in morning light, macro"),
    ("change-in-clip", "A boy grows up into an old man on the same bench"),
    ("change-in-clip", "The old house crumbles into ruins over decades"),
    ("change-in-clip", "Summer fades into winter in a quiet valley"),
    ("change-in-clip", "A car morphs into a robot in a parking lot"),
    ("change-in-clip", "An ice sculpture melts into a puddle"),
    ("change-in-clip", "Her hair changes from black to white as she walks"),
    ("change-in-clip", "A sketch comes to life and becomes a real bird"),
    ("change-in-clip", "A pumpkin is transformed into a carriage"),
    ("several-moves", "A temple in the jungle, camera orbits then tilts up to the sky"),
    (
        "several-moves",
        "Start on a close-up of the hands, pull out to a wide, then pan right to the window",
    ),
    ("several-moves", "A cliff house, drone circles around while zooming in"),
    ("several-moves", "Whip pan to the door, crash zoom on the handle"),
    ("several-moves", "A bar at night, dolly in, rack focus, then truck left along the counter"),
    ("several-moves", "A cook at work, montage of close-ups"),
    ("several-moves", "The camera rises above the rooftops and then swoops down into the street"),
    ("static-and-move", "A lone tree in a field, fixed camera, zoom out slowly"),
    ("static-and-move", "A cello on a chair, tripod shot with a slow dolly forward"),
    ("static-and-move", "A stationary camera tracks left along the shelves"),
    ("static-and-move", "Motionless camera orbiting a marble bust"),
    ("vague-quality", "Gorgeous cinematic masterpiece of a fox in the forest"),
    ("vague-quality", "A really cool futuristic city, amazing details, 4K UHD"),
    ("vague-quality", "A perfume bottle, very beautiful, professional quality"),
    ("vague-quality", "The most incredible waterfall, visually stunning"),
    ("vague-quality", "A horse in a meadow, ultra-realistic, trending on artstation"),
    ("vague-quality", "Nice video of a dog at the beach, good lighting"),
    ("negation", "A quiet beach with no footprints and no tourists"),
    ("negation", "A man at a desk, he is not looking at the camera"),
    ("negation", "A city at night, do not include cars"),
    ("negation", "A bowl of fruit, without shadows"),
    ("negation", "A cat on a chair, never blinking"),
    ("negation", "Forest path, absolutely no people, no animals"),
    ("part-missing", "a dog"),
    ("part-missing", "Cinematic, moody, slow dolly in, teal and orange"),
    ("part-missing", "A vase of tulips"),
    ("no-motion", "Portrait of a sailor in a blue coat, plain backdrop, 85 mm lens"),
    ("no-motion", "A chef in a white apron, marble kitchen, warm light, medium shot"),
    (
        "several-subjects",
        (
            "In a sunlit kitchen, a husband and wife cook pasta, bumping shoulders, warm "
            "documentary style, static medium shot"
        ),
    ),
    (
        "several-subjects",
        "Three generations of women braid bread at a long table, slow push in, amber light",
    ),
    (
        "several-subjects",
        ("A tense negotiation across a boardroom table at night, low-key lighting, slow dolly in"),
    ),
    ("several-subjects", "A street dance crew performs a synchronized routine under a bridge"),
    ("several-subjects", "An audience applauds in a grand theatre, wide shot"),
    ("several-subjects", "Roommates gossip over tea on a fire escape"),
    ("several-subjects", "A boy hands an apple to a girl in an orchard"),
    ("several-subjects", "The king addresses his knights in a torchlit hall"),
    ("several-subjects", "Handheld close-up of lovers kissing in the rain"),
    ("several-subjects", "A doctor examines a patient in a white room, static"),
    ("several-subjects", "Two kittens playing with a ball of yarn on a rug"),
    ("several-subjects", "A family of four has breakfast on a terrace overlooking the sea"),
    ("readable-text", "Astronaut planting a flag that says MARS ONE"),
    ("readable-text", "A close-up of a wine label with elegant lettering"),
    ("readable-text", "A train station departure board listing destinations and times"),
    ("readable-text", "A movie poster titled 'The Last Harbor' on a brick wall"),
    ("readable-text", "Book cover with the title in gold, slow push in"),
    ("readable-text", "A smartphone showing the app's home screen with notifications"),
    ("readable-text", "Neon letters spelling LOVE on a pink wall"),
    ("readable-text", "A handwritten note that reads I miss you on a fridge"),
    ("readable-text", "A lower third introduces the speaker"),
    ("fast-action", "A skier carving down a steep couloir, powder exploding around her"),
    ("fast-action", "Samurai swordfight in a bamboo grove, blades flashing"),
    ("fast-action", "A race car overtakes on the final lap, sparks flying, crowd roaring"),
    ("fast-action", "The hero bursts through a window in slow-mo glass"),
    ("fast-action", "A soccer player scores with a bicycle kick"),
    ("fast-action", "A dog jumps over a fence and bolts across the yard"),
    ("fast-action", "A fast-paced montage of a city waking up"),
    ("fast-action", "A meteor slams into the desert, shockwave rolling outward"),
    ("fast-action", "He sprints up the stairs two at a time"),
    ("fast-action", "A breakdancer spinning on his head"),
    ("specific-face", "A detective who looks exactly like Humphrey Bogart lights a cigarette"),
    ("specific-face", "An actress resembling a young Elizabeth Taylor at a vanity mirror"),
    ("specific-face", "Taylor Swift playing guitar in an empty stadium"),
    (
        "specific-face",
        (
            "A man with deep-set hazel eyes, a crooked nose, thin lips and a long scar across his"
            " cheek"
        ),
    ),
    ("specific-face", "A celebrity chef with the same face as Gordon Ramsay"),
    ("change-in-clip", "Clouds part as night becomes day over the harbour"),
    ("change-in-clip", "A wilted plant slowly comes back to life"),
    ("change-in-clip", "A lump of clay turns into a vase on its own"),
    ("change-in-clip", "Time lapse of a building under construction"),
    ("change-in-clip", "The chameleon shifts from green to bright orange"),
    ("change-in-clip", "A baby becomes a toddler, then a teenager"),
    ("change-in-clip", "An egg hatches and a chick emerges"),
    ("change-in-clip", "A dry riverbed gradually fills with water and turns green"),
    ("change-in-clip", "The city slowly decays and nature takes over"),
    ("change-in-clip", "Frost creeps over the rose until it is frozen solid"),
    ("several-moves", "A pianist on stage; we push in, circle behind him, and end on an overhead"),
    ("several-moves", "Slow zoom in on the mask while panning left and rolling clockwise"),
    (
        "several-moves",
        "Tracking shot through the market, then crane up to reveal the mosque, then tilt down",
    ),
    ("several-moves", "A sports car, multi-angle, quick jump cuts"),
    ("several-moves", "Pull back from the eye, tilt up to the sky"),
    ("several-moves", "First a pan right across the table, next a dolly in on the cake"),
    ("static-and-move", "Static tripod frame of a doorway that slowly zooms in"),
    ("static-and-move", "Locked off camera, orbit around the statue"),
    ("static-and-move", "A still camera pans across the mantelpiece"),
    ("vague-quality", "A dog in a park, best video ever, insane quality"),
    ("vague-quality", "An extremely beautiful and elegant ballroom, perfect lighting"),
    ("vague-quality", "Wonderful, magical, awesome forest with a fairy-tale look"),
    ("vague-quality", "Car commercial, super realistic, 8K resolution, hdr"),
    ("vague-quality", "A flawless, world-class cinematic shot of a mountain"),
    ("negation", "Empty road, no cars, golden hour, static wide"),
    ("negation", "A dancer without shoes and without music"),
    ("negation", "A woman at a window, do not show any text or logos"),
    ("negation", "A room that isn't messy"),
    ("negation", "A mountain lake, avoid people, avoid boats"),
    ("negation", "Nobody is in the hallway"),
    ("part-missing", "cat"),
    ("part-missing", "Moody, desaturated, handheld"),
    ("no-motion", "A woman in a yellow hat, studio light, pastel backdrop, medium close-up"),
    ("typed-flags", "A lighthouse in a storm --ar 9:16 --motion 4"),
    ("several-subjects", "Three chefs plating dishes in a busy kitchen, handheld"),
    ("several-subjects", "A grandfather reads a story to his granddaughter by the fire"),
    ("several-subjects", "Strangers on a bus exchange glances"),
    ("several-subjects", "A soldier kneels beside a wounded comrade"),
    ("several-subjects", "Two lovers embrace on a bridge in Paris"),
    ("several-subjects", "A team of surgeons operating under bright lights"),
    ("readable-text", "A chalkboard menu listing today's specials"),
    ("readable-text", "A protest banner reading NO MORE WAR"),
    ("readable-text", "Close-up of a diary page with neat handwriting, words legible"),
    ("readable-text", "A glowing hologram displays the word WELCOME"),
    ("readable-text", "A tombstone engraved with the name John Carter"),
    ("fast-action", "A train derails and crashes through a wall"),
    ("fast-action", "A basketball player dunks over a defender"),
    ("fast-action", "An eagle dives at incredible speed and snatches a fish"),
    ("fast-action", "Bullets fly as a man dives behind a car"),
    ("fast-action", "A girl cartwheels across a meadow"),
    ("fast-action", "Cyclists sprint for the finish line"),
    ("specific-face", "An old man who resembles Sean Connery sails a yacht"),
    ("specific-face", "A woman with Angelina Jolie's lips and cheekbones"),
    ("specific-face", "A famous pop singer on stage, recognisable face"),
    ("change-in-clip", "A sunflower blooms in fast forward"),
    ("change-in-clip", "The wolf becomes a man under the full moon"),
    ("change-in-clip", "Autumn leaves turn from green to gold in seconds"),
    ("change-in-clip", "A painting comes alive and the figures step out"),
    ("change-in-clip", "A teenager ages into a grandmother in one take"),
    ("several-moves", "A violin on a chair, pan right, then tilt down, then zoom in"),
    ("several-moves", "Dolly in on the door while tilting up"),
    (
        "several-moves",
        "The shot begins with a crane down and finishes with an orbit around the fountain",
    ),
    ("static-and-move", "A static shot that slowly zooms into the lighthouse"),
    ("static-and-move", "Fixed tripod camera, panning left over the bay"),
    ("vague-quality", "Perfect, flawless, high-end perfume ad, 4K"),
    ("vague-quality", "An awesome dragon, epic, super detailed"),
    ("vague-quality", "Mesmerizing jellyfish, incredible colors"),
    ("negation", "A desk without a computer"),
    ("negation", "A garden at noon, there should be no shadows"),
    ("negation", "A woman who isn't wearing a hat"),
    ("part-missing", "mountains"),
    (
        "several-subjects",
        "Cheerful coworkers high-five in an open office, bright daylight, slow dolly in",
    ),
    ("several-subjects", "A nurse comforts an elderly patient at a hospital bed, soft light"),
    ("several-subjects", "A boy and his sister build a sandcastle on the beach"),
    ("several-subjects", "Students listen to a lecture in a wood-panelled hall"),
    ("several-subjects", "An orchestra tunes up on stage, slow pan"),
    ("several-subjects", "A man proposes to his girlfriend on a rooftop at sunset"),
    ("readable-text", "A runner wearing a bib with the number 42"),
    ("readable-text", "An old map with place names visible, candlelight"),
    ("readable-text", "A TV screen showing breaking news headlines"),
    ("readable-text", "A perfume bottle with the label 'NOIR' facing the camera"),
    ("readable-text", "Title text fades in: 'The Journey Begins'"),
    ("fast-action", "A gymnast tumbling across a mat"),
    ("fast-action", "A police chase down a rain-soaked alley"),
    ("fast-action", "A wave smashes a boat against the rocks"),
    ("fast-action", "A child sprints after a kite"),
    ("fast-action", "Robots battling in a ruined city"),
    ("fast-action", "A wolf charges through deep snow"),
    ("specific-face", "A businessman who looks just like Elon Musk"),
    ("specific-face", "A 1940s movie star with piercing blue eyes and a cleft chin"),
    ("specific-face", "Close-up of Cillian Murphy in the rain"),
    ("change-in-clip", "A candle burns down to nothing"),
    ("change-in-clip", "A butterfly emerging from its cocoon"),
    ("change-in-clip", "The statue slowly turns to flesh"),
    ("change-in-clip", "Night gives way to sunrise over the desert"),
    ("change-in-clip", "A girl's dress changes colour as she spins"),
    ("several-moves", "Camera pans across the room and then pushes in on a photograph"),
    ("several-moves", "Orbiting the car, then a quick zoom out to an aerial view"),
    ("several-moves", "Tilt up from the shoes, pan to the mirror"),
    ("static-and-move", "Camera locked off. Slow zoom in on the window."),
    ("static-and-move", "A perfectly static shot, gently tracking right"),
    ("vague-quality", "The best looking sports car, super high quality"),
    ("vague-quality", "Spectacular, awe-inspiring mountain scenery in HD"),
    ("negation", "A kitchen with nobody in it"),
    ("negation", "No text, no watermark, a fox in snow"),
    ("negation", "A sunny beach, don't include umbrellas"),
]

GOOD = [
    (
        "An elderly watchmaker bends over a brass movement under a green desk lamp, tweezers in "
        "hand, dust in the beam. Static macro shot, shallow depth of field. Quiet, amber and "
        "deep green."
    ),
    (
        "A red tram climbs a steep street in morning fog, overhead wires dripping. Static wide "
        "shot on an 85 mm lens. Documentary naturalism, muted colours."
    ),
    (
        "A bowl of ramen on a dark counter, steam rising through a shaft of neon light, "
        "chopsticks resting on the rim. Slow push in. Intimate, warm reds."
    ),
    (
        "Snow falls on an empty ferry deck at night, a single lamp swinging above a wooden "
        "bench. Handheld, slight sway. Melancholy, cold blue."
    ),
    (
        "A girl in a green coat walks along a canal in autumn, leaves drifting past her, seen "
        "from behind. Handheld, following at medium distance. Soft overcast light, desaturated "
        "earth tones."
    ),
    (
        "Aerial view of a salt flat at sunrise, thin water mirroring the sky, a lone cyclist "
        "crossing. Slow pull-back. Minimal, pale pink and grey."
    ),
    (
        "A ceramic teapot on a linen cloth, tea poured in one slow movement, light from a north "
        "window. Close-up, static. Calm, ivory and slate."
    ),
    (
        "A lighthouse keeper climbs an iron staircase with a lantern, shadows sliding over the "
        "wall. Slow tilt up. Tense, low-key lighting."
    ),
    (
        "A barber's chair in an empty shop at closing time, ceiling fan turning, blinds throwing"
        " stripes across the floor. Slow dolly in. Nostalgic, 16 mm film grain."
    ),
    (
        "A humpback whale turns slowly beneath the surface, sunbeams moving across its back. "
        "Wide underwater shot, camera drifting with it. Serene nature documentary, deep blue."
    ),
    (
        "An astronaut stands at the edge of a crater, dust settling around her boots, the Earth "
        "low on the horizon. Static wide shot. Solemn, high contrast monochrome."
    ),
    (
        "A sneaker on a turntable, white seamless background, a soft shadow circling beneath it."
        " Gentle orbit left. Clean product commercial."
    ),
    (
        "A street food vendor flips a flatbread on a hot plate, smoke curling into lamplight, "
        "the crowd blurred behind him. Medium close-up, static. Warm documentary."
    ),
    (
        "Wind moves through a field of barley under storm clouds, a single oak in the distance. "
        "Slow pan left. Brooding, deep green and slate."
    ),
    (
        "A cellist plays alone in a ruined chapel, dust drifting in the light from a broken "
        "window. Slow push in. Reverent, desaturated."
    ),
    (
        "A black cat sits on a piano, tail moving, candlelight trembling on the keys. Static "
        "close-up. Film noir."
    ),
    (
        "Rain streaks down a taxi window at night, city lights turning to soft discs behind the "
        "glass. Close-up on a 50 mm lens, locked-off. Lonely, teal and amber."
    ),
    (
        "A farmer leads a white horse along a ridge at dawn, mist in the valley below. Wide "
        "shot, slow pan right. Painterly, gold and grey."
    ),
    (
        "A grandmother folds dumplings at a kitchen table, flour on her sleeves. Handheld "
        "close-up on her hands. Tender, warm window light."
    ),
    (
        "Volcanic steam drifts over black sand, a hiker in an orange jacket small in the frame. "
        "Aerial, slow pull-back. Stark, graphite and rust."
    ),
    (
        "A vintage typewriter by an open window, curtains breathing in and out, paper stirring "
        "in the roller. Slow push in. Wistful, pale yellow."
    ),
    (
        "A diver descends along an anchor line, bubbles rising past the mask. Low angle, static."
        " Quiet tension, turquoise fading to black."
    ),
    (
        "An orchid in a glass cloche, a drop of water sliding along one petal. Macro, slow orbit"
        " right. Elegant, white and violet."
    ),
    (
        "A night bus waits at a terminal, doors open, its engine idling, breath of exhaust in "
        "the cold. Static wide shot. Slow cinema, sodium orange."
    ),
    (
        "A courier cycles across a bridge at first light, his shadow long on the rails. "
        "Handheld, following. Documentary naturalism, cool morning palette."
    ),
    (
        "A blacksmith lifts a glowing bar from the coals and turns it in the light. Medium shot,"
        " slow push in. Warm darkness, ember red."
    ),
    (
        "A paper boat drifts along a gutter after the rain, the street mirrored in the water. "
        "Low angle, tracking with it. Playful, pastel."
    ),
    "Empty swings move in the wind on a playground at dusk. Static wide shot. Eerie, muted green.",
    (
        "A ballet dancer ties her ribbon on the floor of a rehearsal room, mirror behind her. "
        "Static medium shot. Soft daylight, dusty rose."
    ),
    (
        "A fox pauses at the edge of a birch wood, ears turning, snow falling softly. Slow push "
        "in. Hushed, silver and rust."
    ),
    (
        "A fisherman rows across a still lagoon, oars dipping, stilt houses behind him in haze. "
        "Drone shot, slow pull-back. Calm, pearl grey."
    ),
    (
        "Close-up of a record player, the needle riding the groove, dust glinting on the vinyl. "
        "Static, shallow depth of field. Warm vintage tones."
    ),
    (
        "A woman in a linen dress opens the shutters of a stone house and light falls across the"
        " floor. Static wide shot. Mediterranean warmth, cream and blue."
    ),
    (
        "Two empty deckchairs face the sea at sunset, canvas lifting in the breeze. Static wide "
        "shot. Nostalgic, coral and teal."
    ),
    (
        "A cup of espresso fills under a chrome machine, crema swirling. Extreme close-up, "
        "static. Rich brown, high contrast."
    ),
    (
        "A cowboy leans on a fence at golden hour, his horse grazing behind him. Slow dolly in. "
        "Western drama, ochre dust."
    ),
    (
        "A stag stands in a clearing, breath steaming, first sun on its antlers. Long lens, "
        "static. Nature documentary, cool green."
    ),
    (
        "A glass of water on a nightstand, moonlight through blinds, a clock ticking in soft "
        "focus. Slow push in. Sleepless, blue grey."
    ),
    (
        "A greenhouse at noon, condensation running down the panes, a gardener watering ferns. "
        "Handheld, gentle sway. Lush green, airy."
    ),
    (
        "A luxury sedan rolls along a coastal road in soft rain, reflections sliding over the "
        "bonnet. Side tracking shot. Sleek commercial, graphite and pearl."
    ),
    (
        "An old projector hums in an attic, light flickering through the dust onto a bare wall. "
        "Slow push in. Nostalgic, sepia."
    ),
    (
        "A child's hand trails through tall grass, seeds lifting into the light. Close-up, "
        "following. Dreamy, golden."
    ),
    (
        "A monk sweeps fallen leaves in a temple courtyard, morning mist behind the gate. Static"
        " wide shot. Contemplative, ochre and stone."
    ),
    (
        "A train window at dusk, fields passing outside, a traveller's reflection in the glass. "
        "Static close-up. Wistful, lavender and grey."
    ),
    (
        "A pair of leather boots on a doorstep, rain bouncing off the stone. Low angle, slow "
        "push in. Rugged, brown and slate."
    ),
    (
        "A kite surfer's board lies on wet sand, foam sliding around it. Static close-up. "
        "Bright, clean, sea green."
    ),
    (
        "A violin maker sands a curved rib of spruce, shavings curling to the floor. Close-up, "
        "static. Craft documentary, honey tones."
    ),
    (
        "A desert highway shimmering in heat, a lone petrol station in the distance. Slow push "
        "in. Americana, faded red and dust."
    ),
    (
        "A man crosses a crowded square with a cello case on his back, pigeons lifting around "
        "him. Handheld, following. Quiet documentary, stone greys."
    ),
    (
        "Static with slight handheld sway: a woman irons a shirt by a window, steam rising into "
        "the light. Intimate, faded blue."
    ),
    (
        "A bookseller climbs a ladder between tall shelves, lamp in hand. Slow tilt up. Warm "
        "amber, hushed."
    ),
    (
        "A goat stands on a stone wall, bell turning in the wind, valley in haze behind it. "
        "Static wide shot on a long lens. Pastoral, soft green."
    ),
    (
        "Condensation gathers on a bottle of cold beer, a drop sliding down the glass, beach out"
        " of focus behind. Slow push in. Bright and fresh, cyan and gold."
    ),
    (
        "A lone runner's shoes rest on a wet track at dawn, rain dotting the lane. Low angle, "
        "slow push in. Sober, slate and orange."
    ),
    (
        "An old ferry leaves the quay, rope dripping, gulls hanging in the air. Static wide "
        "shot. Melancholy, pewter and rust."
    ),
    (
        "A child's kite trembles above a dune, string running out of frame. Static wide shot. "
        "Airy, pale blue and sand."
    ),
    (
        "A chef dusts flour over a wooden board, hands in window light. Overhead shot, static. "
        "Calm, cream and oak."
    ),
    (
        "The door of a farmhouse opens and a dog steps out into snow. Static wide shot. Tender, "
        "cold morning light."
    ),
    (
        "A market at dawn before opening, awnings stirring, a single vendor stacking oranges. "
        "Slow pan right. Documentary, warm and dusty."
    ),
    "Ink spreads through water in a glass beaker on a white table. Macro, static. Minimal, indigo.",
    (
        "A man in a parka turns to face the wind on a ridge, his scarf lifting. Slow orbit left."
        " Stark, blue and white."
    ),
    (
        "A subway car sways through a tunnel, straps swinging, one passenger asleep by the "
        "window. Static medium shot. Fluorescent green, lonely."
    ),
    (
        "A jar of honey on a sill, sunlight moving through it, a bee walking along the rim. "
        "Extreme close-up, slow push in. Golden, gentle."
    ),
    (
        "Laundry lifts on a line between two houses, a cat watching from a step. Static wide "
        "shot. Neapolitan summer, bleached colours."
    ),
    (
        "A woman's hands tune an old radio, dial glowing in a dark room. Close-up, static. "
        "Nostalgic, ember orange."
    ),
    (
        "A drone shot slowly pulls back from a monastery on a cliff, mist rising from the gorge."
        " Solemn, jade and grey."
    ),
    (
        "A surfer waits on her board beyond the break, swell lifting her gently. Long lens, "
        "static. Peaceful, silver morning."
    ),
    (
        "A carousel turns in the fog, lights blinking, its seats empty. Slow push in. Dreamy, "
        "pink and teal."
    ),
    (
        "A mechanic wipes his hands under a lifted car, sparks of dust in a work lamp. Medium "
        "shot, handheld sway. Gritty, tungsten and blue."
    ),
    (
        "A scientist in a white coat lowers a pipette over a tray, blue light on her gloves. "
        "Macro close-up, static. Clean, clinical, cyan."
    ),
    "Leaves turn slowly on the surface of a rain barrel. Overhead, static. Quiet, olive and brown.",
    (
        "A luxury handbag on a stone plinth, silk ribbon drifting past it. Gentle orbit right. "
        "Elegant, ivory and camel."
    ),
    (
        "A shepherd rests against a gate, sheep grazing far below in the mist. Static wide shot."
        " Pastoral melancholy, moss and grey."
    ),
    (
        "A teenager skates slowly along an empty promenade at blue hour, sea to one side. "
        "Handheld, following. Wistful, violet and sodium."
    ),
    (
        "A hummingbird hovers at a red flower, wings a soft blur, garden out of focus. Close-up,"
        " static. Nature documentary."
    ),
    (
        "A train crosses a viaduct in the distance, smoke trailing over the valley. Static wide "
        "shot. Painterly, autumn gold."
    ),
    (
        "An owl turns its head on a snowy branch, flakes drifting down. Close-up on a 200 mm "
        "lens. Hushed, white and amber."
    ),
    (
        "A half-eaten birthday cake on a table after the party, balloons nudging the ceiling. "
        "Slow push in. Bittersweet, pastel."
    ),
    (
        "A diver's lamp sweeps across the ribs of a wreck, silt hanging in the beam. Slow push "
        "in. Mysterious, dark green."
    ),
    (
        "A courier waits under an awning for the rain to ease, steam rising from a grate. Static"
        " medium shot. Neon, quiet."
    ),
    (
        "Curtains billow in an abandoned ballroom, chandelier swaying. Slow dolly in. Gothic, "
        "moonlit silver."
    ),
    (
        "A tea picker moves along a terrace with a basket, fog behind her. Medium-wide shot, "
        "slow pan left. Soft greens, documentary."
    ),
    (
        "A glass elevator rises along a tower at night, one figure inside, city lights below. "
        "Static wide shot. Sleek, cobalt."
    ),
    (
        "The hands of a clockmaker set a tiny gear, breath fogging the lens of his loupe. Macro,"
        " static. Brass and shadow."
    ),
    (
        "A windmill turns against a thunderhead, wheat bending in waves. Slow pull out. "
        "Brooding, yellow and slate."
    ),
    (
        "A nun lights a candle in a side chapel, flame steadying. Medium close-up, slow push in."
        " Reverent, umber."
    ),
    (
        "A dog sleeps on a porch, one ear twitching, rain on the roof. Static close-up. Cosy, "
        "brown and blue."
    ),
    (
        "Not far from the shore a buoy rocks in grey water, its bell silent. Long lens, static. "
        "Bleak, steel."
    ),
    (
        "A small robot rolls along a polished corridor, its lamp sliding over the tiles. Low "
        "angle, slow pull back. Retro science fiction, mint and cream."
    ),
    (
        "A woman walks past a wall of old posters, umbrella tilted, puddles underfoot. Handheld,"
        " following at medium distance. Noir, wet black."
    ),
    (
        "Pancake batter spreads in a pan, edges bubbling, butter sliding. Overhead close-up, "
        "static. Homely, yellow."
    ),
    (
        "A paraglider hangs above a lake, canopy rippling. Aerial, slow orbit right. Open, "
        "bright blue and snow."
    ),
    (
        "A lighthouse beam sweeps over a black sea, foam glowing on the rocks. Static wide shot."
        " Ominous, ink and pearl."
    ),
    (
        "A librarian pushes a cart between the stacks, lamps going by. Handheld, following. "
        "Still, green and walnut."
    ),
    (
        "A gold ring turns on black velvet, a point of light travelling round it. Macro, static."
        " Restrained commercial."
    ),
    (
        "A horse drinks from a trough at dusk, ripples spreading, breath visible. Static medium "
        "shot. Rural, copper and blue."
    ),
    (
        "A gardener kneels by a bed of lavender, bees drifting between the stems. Static wide "
        "shot. Provençal light, violet and straw."
    ),
    (
        "A cat watches two goldfish circle in a bowl, light rippling on the wall. Slow push in. "
        "Quiet, amber."
    ),
    (
        "An open notebook on a desk, its pages lifting in the breeze from a window. Overhead, "
        "static. Calm, paper white and oak."
    ),
    (
        "A baker slides a tray into a stone oven, embers glowing behind. Handheld medium shot. "
        "Warm documentary, ochre."
    ),
    (
        "A woman stands alone on an escalator, moving slowly upward through blue light. Static "
        "wide shot. Sleek, lonely."
    ),
    (
        "Clouds race over a ridge while a lone hut sits in the foreground. Static wide shot. "
        "Dramatic, slate grey."
    ),
    (
        "A man sits in a barbershop mirror, steam from a towel drifting past. Medium close-up, "
        "static. Nostalgic, teal and brass."
    ),
    (
        "A waterfall pours into a green pool, ferns trembling in the spray. Slow tilt down. "
        "Nature documentary, deep green."
    ),
    (
        "A cyclist pedals along an empty coastal road at dawn, seen from behind. Handheld, "
        "following. Hopeful, pastel."
    ),
    (
        "The sun hangs low behind a row of poplars, dust drifting across a field. Slow pan left."
        " Painterly, gold."
    ),
    (
        "A pianist's hands rest on the keys and begin to play, lamplight on lacquer. Close-up, "
        "slow push in. Intimate, black and amber."
    ),
    (
        "A lantern swings from the bow of a wooden boat gliding through reeds. Low angle, "
        "static. Mysterious, moonlit blue."
    ),
    (
        "A bowl of lemons on blue tiles, shadow of a fan turning over them. Static overhead. "
        "Mediterranean, bright."
    ),
    (
        "A traveller waits on a bench in a deserted bus station, fluorescent tube flickering. "
        "Static wide shot. Melancholy, green and grey."
    ),
    (
        "An elephant walks through dry grass, dust rising at its feet. Long lens, slow pan "
        "right. Documentary, ochre."
    ),
    (
        "A tailor draws chalk along a length of wool, scissors beside his hand. Close-up, "
        "static. Craft documentary, navy and grey."
    ),
    (
        "A glass sphere rolls slowly across wet sand, the horizon upside down inside it. Low "
        "angle, static. Minimal, pale."
    ),
    (
        "A pair of headphones on a concrete block, a slow sweep of light across the ear cup. "
        "Gentle orbit left. Product commercial, graphite."
    ),
    (
        "A girl on a swing at dusk, hair lifting, seen from behind. Static wide shot. Wistful, "
        "rose and slate."
    ),
    (
        "A horse and cart wait outside an inn in falling snow. Static wide shot. Period drama, "
        "candle gold."
    ),
    (
        "Smoke rises from a chimney in a mountain village, bells in the distance. Aerial, slow "
        "pull-back. Peaceful, blue hour."
    ),
    (
        "A surgeon's gloved hand lifts an instrument from a tray, light glancing off steel. "
        "Macro, static. Clinical, cyan."
    ),
    (
        "An umbrella turns in the wind on an empty beach, sand streaming past it. Static wide "
        "shot. Bleak, grey and red."
    ),
    (
        "A coffee farmer rakes beans on a patio, mountains behind him in haze. Medium-wide shot,"
        " slow pan right. Documentary, earth tones."
    ),
    (
        "Northern lights sway above a frozen lake, one tent glowing. Static wide shot. Awe, "
        "green and indigo."
    ),
    (
        "A welder in a dark visor runs a bead along a steel beam, sparks falling in slow arcs. "
        "Static medium shot. Industrial, blue and orange."
    ),
    (
        "A stream runs under a mossy bridge, light moving over the stones. Static wide shot. "
        "Hushed, emerald."
    ),
    (
        "A woman with a bicycle waits at a level crossing, wind lifting her coat. Static wide "
        "shot. Wistful, grey and mustard."
    ),
    (
        "A mother-of-pearl comb on a dresser, morning light crossing it slowly. Macro, slow push"
        " in. Delicate, cream."
    ),
    (
        "An attic room with a rocking horse moving slightly, dust in the beam of a skylight. "
        "Slow dolly in. Nostalgic, sepia."
    ),
    (
        "A trumpet player lifts his horn under a single spotlight, smoke hanging in the beam. "
        "Low angle, static. Jazz noir."
    ),
    (
        "A delivery robot waits at a crosswalk in the rain, its lamp blinking. Static medium "
        "shot. Gentle humour, teal."
    ),
    (
        "An archer's hand draws a bowstring, breath steaming in cold air. Close-up, static. "
        "Tense, silver green."
    ),
    (
        "A toddler's red boots stand in a puddle, raindrops ringing the water. Low angle, "
        "static. Playful, primary colours."
    ),
    (
        "A fisherman's boat rides a slow swell beneath a cliff, gulls wheeling. Aerial, slow "
        "orbit right. Wild, slate and white."
    ),
    (
        "A glassblower turns a molten orb at the end of a pipe, its glow sliding over his face. "
        "Medium close-up, static. Ember and black."
    ),
    (
        "A queue of empty shopping trolleys glints in a car park at night, mist drifting through"
        " the lamps. Slow push in. Lonely, sodium yellow."
    ),
    (
        "A figure in a long coat crosses a frozen lake, very small under a huge sky. Aerial, "
        "static. Bleak, ivory and blue."
    ),
    (
        "A butter knife spreads honey over warm toast, steam rising. Macro, slow push in. Golden"
        " breakfast light."
    ),
    (
        "A young woman lowers her headphones and looks out at the sea from a train seat. Static "
        "medium close-up. Calm, pale turquoise."
    ),
    (
        "A rusted weathervane turns above a barn, storm light behind it. Static, low angle. "
        "Ominous, bruise purple."
    ),
    (
        "A camel rests in the shade of a dune, sand streaming off the crest. Wide shot, slow pan"
        " right. Vast, apricot."
    ),
    (
        "A dressing room after the show, a sequinned jacket swaying on its hook. Slow push in. "
        "Bittersweet, tungsten."
    ),
    (
        "A lynx steps between snow-laden spruces, ears turning toward a sound. Long lens, "
        "static. Nature documentary, blue white."
    ),
    (
        "A racing bicycle leans against a café wall, its wheel still turning. Close-up, static. "
        "Mediterranean morning, terracotta."
    ),
]


def serious(text: str) -> set[str]:
    return {finding.code for finding in lint(text) if finding.severity != "info"}


def test_the_lint_finds_what_spoils_unseen_prompts():
    missed = [(c, t) for c, t in SPOILT if c not in {f.code for f in lint(t)}]
    assert len(missed) <= 0.08 * len(SPOILT), missed


def test_the_lint_seldom_cries_wolf():
    wrong = [(serious(text), text) for text in GOOD if serious(text)]
    assert len(wrong) <= 0.04 * len(GOOD), wrong


@pytest.mark.parametrize("code", sorted({code for code, _ in SPOILT}))
def test_no_rule_is_blind(code):
    own = [text for c, text in SPOILT if c == code]
    found = [text for text in own if code in {f.code for f in lint(text)}]
    assert len(found) >= 0.75 * len(own)
