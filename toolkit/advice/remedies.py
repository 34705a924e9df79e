"""What practitioners change for a symptom, made on the prompt and its parameters.

One thing is changed at a time, so that the next run can tell whether it helped, and it is what a
model takes. Where no edit of words or parameters would do, the words say what would (a reference
image, another model) and there is no arm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.advice.symptoms import Sign
from toolkit.camera import find_moves, parse_camera
from toolkit.catalog import near_value, refusal
from toolkit.errors import CatalogError
from toolkit.prompts.expand import escape
from toolkit.prompts.formula import Prompt
from toolkit.prompts.lint import lint
from toolkit.prompts.lint.finding import splice
from toolkit.prompts.rendering import CAMERA_WORDS
from toolkit.records import CAMERA_MOVES, PARTS, ImageRef, ModelCard

__all__ = ["Arm", "Change", "Clip", "asked", "asked_move", "change", "images"]


@dataclass(frozen=True)
class Arm:
    """A wording with its parameters on one model, ready for a grid: what was `asked`, edited.

    `params` are those of the run but for what was changed; a parameter that is None is left to the
    service. `edit` says in a few words what is different.
    """

    prompt: Prompt
    model: str
    params: Mapping[str, Any] = field(default_factory=dict)
    edit: str = ""


@dataclass(frozen=True)
class Change:
    """What to do: `words` in a sentence; `arm` the run so edited, None where a person has to."""

    words: str
    arm: Arm | None = None


@dataclass(frozen=True)
class Clip:
    """What was asked and delivered, as a remedy needs it."""

    prompt: Prompt
    model: str
    params: Mapping[str, Any]
    card: ModelCard | None
    width: int = 0
    height: int = 0
    duration_s: float = 0.0

    def edited(self, edit: str, *, prompt: Prompt | None = None, **params: Any) -> Arm:
        return Arm(prompt or self.prompt, self.model, {**self.params, **params}, edit)

    def part(self, name: str) -> str:
        """One part as it is written; "" for a prompt without parts."""
        return "" if self.prompt.is_typed else self.prompt.parts.get(name, "")


def asked(row: Mapping[str, Any]) -> Prompt:
    """The prompt of a run as a row of the table has it, parts where it has any."""
    labels = {name: _text(row.get(f"prompt.{name}")) or None for name in ("name", "scene")}
    parts = {p: escape(text) for p in PARTS if (text := _text(row.get(f"prompt.{p}")))}
    text = _text(row.get("prompt.text"))
    negative = _text(row.get("prompt.negative"))
    if parts:
        made = Prompt(**parts, negative=escape(negative) if negative else None, **labels)  # type: ignore[arg-type]
        if not text or made.text == text:
            return made
    return Prompt.typed(text or " ", **labels)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def change(sign: Sign, clip: Clip) -> Change:
    """What to change for `sign`: the first edit that the prompt and the model allow."""
    return _REMEDIES[sign.code](sign, clip)


# ---------------------------------------------------------------- words in their part


def _write(clip: Clip, part: str, words: str) -> Prompt:
    """`words` added to a part, or as a sentence at the end of a prompt without parts."""
    if clip.prompt.is_typed:
        text = clip.prompt.text.rstrip()
        end = "" if text[-1:] in ".!?" else "."
        said = f"{text}{end} {words[0].upper()}{words[1:]}."
        return Prompt.typed(said, name=clip.prompt.name, scene=clip.prompt.scene)
    held = clip.part(part).rstrip(" .,;")
    return _with(clip, **{part: f"{held}, {words}" if held else words})


def _with(clip: Clip, **parts: str) -> Prompt:
    return clip.prompt.with_parts(**{name: escape(text) for name, text in parts.items()})


def _replace(clip: Clip, pattern: re.Pattern[str], new: Callable[[str], str]) -> Prompt | None:
    """The first match in the parts (or the text) replaced; None where there is none."""
    if clip.prompt.is_typed:
        made = _once(clip.prompt.text, pattern, new)
        return Prompt.typed(made, name=clip.prompt.name, scene=clip.prompt.scene) if made else None
    for part, text in clip.prompt.parts.items():
        made = _once(text, pattern, new)
        if made:
            return _with(clip, **{part: made})
    return None


def _once(text: str, pattern: re.Pattern[str], new: Callable[[str], str]) -> str | None:
    match = pattern.search(text)
    if match is None:
        return None
    said = splice(text, match.start(), match.end(), new(match[0].lower()))
    return said if said.strip() and said != text else None


def _linted(clip: Clip, *codes: str) -> tuple[Prompt, str] | None:
    """The prompt with the quick fix of the first of these findings, and what the finding says."""
    for finding in lint(clip.prompt):
        if finding.code in codes and finding.can_apply:
            mended = finding.apply(clip.prompt)
            if mended is not None:
                return mended, finding.message
    return None


def _takes(clip: Clip, name: str, value: Any) -> bool:
    """Whether the model is known to take it: what nobody knows is not proposed."""
    if clip.card is None:
        return False
    if name == "camera_motion" and clip.card.camera is None:
        return False
    return refusal(clip.card, name, value) is None


# ---------------------------------------------------------------- the camera


def _camera(sign: Sign, clip: Clip) -> Change:
    move = asked_move(clip)
    if move is None:
        return Change("say one camera move in plain words")
    plain = CAMERA_WORDS[move]
    how = "went the other way" if sign.code == "camera-reversed" else "did not come"
    if "camera_motion" not in clip.params and _takes(clip, "camera_motion", move):
        return Change(
            f"ask for the move by parameter too: the words alone {how}",
            clip.edited(f"camera_motion={move}", camera_motion=move),
        )
    if not clip.prompt.is_typed and plain not in clip.part("camera").lower():
        rest = _framing(clip.part("camera"))
        said = f"{plain}, {rest}" if rest else plain
        return Change(
            f"say the move plainly: “{plain}”", clip.edited(plain, prompt=_with(clip, camera=said))
        )
    text = clip.prompt.text
    opening = f"{plain[0].upper()}{plain[1:]}."
    if text.startswith(opening):
        return Change(
            f"the prompt begins with the move already: a model that follows {move} better"
        )
    bare = Prompt(**{p: escape(t) for p, t in clip.prompt.parts.items() if p != "camera"}) if (
        not clip.prompt.is_typed and len(clip.prompt.parts) > 1) else None  # fmt: skip
    rest = bare.text if bare is not None else text
    first = Prompt.typed(f"{opening} {rest}", name=clip.prompt.name, scene=clip.prompt.scene_label)
    return Change(
        "begin the prompt with the move; if that fails, a model that follows it better",
        clip.edited("the move first", prompt=first),
    )


def asked_move(clip: Clip) -> str | None:
    """The first camera move that was asked for, by parameter or in words."""
    param = clip.params.get("camera_motion")
    if isinstance(param, str) and param in CAMERA_MOVES:
        return param
    moves = parse_camera(clip.prompt.text)
    return moves[0] if moves else None


def _framing(camera: str) -> str:
    """What a camera part says beside its moves: "wide shot", "on a 35 mm lens"."""
    clauses = [clause.strip() for clause in re.split(r",|;|\band\b|\bthen\b", camera)]
    return ", ".join(clause for clause in clauses if clause and not find_moves(clause))


def _several(_sign: Sign, clip: Clip) -> Change:
    """The first move alone."""
    say = "keep one camera move; make the other a clip of its own"
    mended = _linted(clip, "several-moves", "static-and-move")
    moves = parse_camera(clip.prompt.text)
    if mended is not None and len(parse_camera(mended[0].text)) < 2:
        return Change(say, clip.edited("one camera move", prompt=mended[0]))
    if not moves:
        return Change(say)
    if not clip.prompt.is_typed and clip.part("camera"):
        rest = _framing(clip.part("camera"))
        plain = CAMERA_WORDS[moves[0]]
        one = _with(clip, camera=f"{plain}, {rest}" if rest else plain)
        if len(parse_camera(one.text)) < 2:
            return Change(say, clip.edited("one camera move", prompt=one))
    return Change(say)


# ---------------------------------------------------------------- the picture


def _cut(_sign: Sign, clip: Clip) -> Change:
    say = "one continuous shot; what comes after the cut is a clip of its own (`tk.split` helps)"
    mended = _linted(clip, "several-moves", "change-in-clip")
    if mended is not None:
        return Change(
            f"{say}; the prompt asks for {mended[1].split(':')[0]}",
            clip.edited("one state, one shot", prompt=mended[0]),
        )
    if "continuous shot" in clip.prompt.text.lower():
        return _shorter(clip, say)
    return Change(
        say,
        clip.edited("one continuous shot", prompt=_write(clip, "camera", "one continuous shot")),
    )


_LIVELY = {
    "stands still": "walks slowly", "stands": "walks slowly", "standing": "walking slowly",
    "sits": "leans forward", "sitting": "leaning forward", "waits": "paces slowly",
    "waiting": "pacing slowly", "rests": "rises", "resting": "rising", "lies": "stirs",
    "lying": "stirring", "gazes": "turns to look", "gazing": "turning to look",
    "poses": "turns slowly", "posing": "turning slowly", "sleeps": "breathes and stirs",
    "motionless": "gently moving", "barely moving": "moving at a steady pace",
}  # fmt: skip
_CALM = re.compile(rf"\b(?:{'|'.join(sorted(_LIVELY, key=len, reverse=True))})\b", re.I)
_MOVES_ON = "moving steadily from the first frame to the last"


def _frozen(_sign: Sign, clip: Clip) -> Change:
    say = "a stronger action verb, so that something moves all the time"
    lively = _replace(clip, _CALM, lambda word: _LIVELY[word])
    if lively is not None:
        return Change(say, clip.edited("a stronger verb", prompt=lively))
    if _MOVES_ON in clip.prompt.text:
        return _shorter(clip, "a shorter clip: what happens does not fill it")
    return Change(say, clip.edited("moving throughout", prompt=_write(clip, "action", _MOVES_ON)))


_STEADY = "in steady, even light"
_UNSTEADY = re.compile(
    r"\b(?:flicker\w*|strob\w+|flash(?:es|ing)|blink\w*|pulsing|pulsating|shimmering|glittering|"
    r"sparkling|twinkling|dappled)\b",
    re.I,
)


def _flicker(_sign: Sign, clip: Clip) -> Change:
    calmer = _replace(clip, _UNSTEADY, lambda _: "steady")
    if calmer is not None:
        word = _UNSTEADY.search(clip.prompt.text)
        assert word is not None
        return Change(
            f"steadier light words: “{word[0]}” asks for light that moves",
            clip.edited("steady light", prompt=calmer),
        )
    if _STEADY in clip.prompt.text.lower():
        return Change("another sample, or a model that is steadier: the words ask for steady light")
    return Change(
        "say that the light is steady",
        clip.edited("steady light", prompt=_write(clip, "environment", _STEADY)),
    )


_SLOW = "slowly, with small, careful movements"


def _calmer(_sign: Sign, clip: Clip) -> Change:
    """Less kinetic energy: speed belongs into the edit."""
    say = "a calmer verb; add the speed when editing"
    mended = _linted(clip, "fast-action")
    if mended is not None:
        return Change(say, clip.edited("a calmer verb", prompt=mended[0]))
    if _SLOW in clip.prompt.text:
        return Change("less motion in all: a static camera, or the speed added when editing")
    return Change(say, clip.edited("slower", prompt=_write(clip, "action", _SLOW)))


_SHARP = "in crisp focus"
_SOFTLY = re.compile(
    r"\b(?:soft[- ]focus|blurr(?:y|ed)|blur|hazy|out[- ]of[- ]focus|motion\s+blur|dreamy\s+blur)\b",
    re.I,
)


def _blur(sign: Sign, clip: Clip) -> Change:
    mended = _linted(clip, "fast-action")
    if mended is not None:
        return _calmer(sign, clip)
    crisper = _replace(clip, _SOFTLY, lambda _: "crisp")
    if crisper is not None:
        return Change("the words ask for softness", clip.edited("crisp", prompt=crisper))
    if _SHARP in clip.prompt.text.lower():
        return Change("a larger resolution, or a sharper model: the words ask for focus")
    return Change(
        "name the focus; if something moves fast, a calmer verb",
        clip.edited(_SHARP, prompt=_write(clip, "camera", _SHARP)),
    )


SHORT_S = 5.0
_SAME = "the same from the first frame to the last"


def _drift(_sign: Sign, clip: Clip) -> Change:
    """Language of change goes first, then length; a reference image holds a subject best."""
    image = ""
    if clip.card is not None and clip.card.start_image and "start_image" not in clip.params:
        image = "; a reference image (`start_image`) locks the subject best"
    mended = _linted(clip, "change-in-clip", "specific-face")
    if mended is not None:
        return Change(f"describe one state{image}", clip.edited("one state", prompt=mended[0]))
    shorter = _shorter(clip, f"4 to 5 s hold a subject better{image}", least=4.0)
    if shorter.arm is not None:
        return shorter
    if _SAME in clip.prompt.text:
        return Change(f"describe the subject more precisely, at the start of the prompt{image}")
    return Change(
        f"describe the subject precisely, at the start, and as staying itself{image}",
        clip.edited("stays the same", prompt=_write(clip, "subject", _SAME)),
    )


def _shorter(clip: Clip, say: str, *, least: float = 2.0) -> Change:
    """A shorter clip: 4 s instead of 9, or the nearest below that the model takes."""
    now = clip.params.get("duration_s") or clip.duration_s
    if not isinstance(now, (int, float)) or now <= least:
        return Change(say)
    wanted = 4.0 if now > SHORT_S else max(least, float(int(now / 2)))
    try:
        seconds = near_value(clip.card, "duration_s", wanted) if clip.card else wanted
    except CatalogError:
        return Change(say)
    if not isinstance(seconds, (int, float)) or seconds >= now:
        return Change(say)
    seconds = int(seconds) if float(seconds).is_integer() else seconds
    return Change(
        f"{seconds:g} s instead of {now:g}: {say}",
        clip.edited(f"{seconds:g} s", duration_s=seconds),
    )


_WIDE = re.compile(
    r"\b(?:letterbox(?:ed)?|cinemascope|black\s+bars|(?:2\.(?:35|39|4)\s*:\s*1|21\s*:\s*9)"
    r"(?:\s+aspect(?:\s+ratio)?)?|anamorphic|widescreen)\b",
    re.I,
)


def _letterbox(_sign: Sign, clip: Clip) -> Change:
    plain = _replace(clip, _WIDE, lambda _: "")
    if plain is not None:
        return Change(
            "take the words out that ask for a wider picture; crop it when editing",
            clip.edited("no wide-screen words", prompt=plain),
        )
    shape = _shape(clip)
    if "aspect_ratio" not in clip.params and shape and _takes(clip, "aspect_ratio", shape):
        return Change(
            f"ask for the shape by parameter: aspect_ratio={shape}",
            clip.edited(f"aspect_ratio={shape}", aspect_ratio=shape),
        )
    if clip.card is not None and clip.card.negative and not clip.prompt.is_typed:
        held = clip.prompt.options("negative")[0] if clip.prompt.negative else ""
        if "black bars" not in held:
            said = f"{held}, black bars" if held else "black bars"
            return Change(
                "name the bars in the negative prompt",
                clip.edited("no black bars", prompt=clip.prompt.with_parts(negative=escape(said))),
            )
    return Change(
        "say that the picture fills the frame",
        clip.edited("fills the frame", prompt=_write(clip, "camera", "filling the whole frame")),
    )


def _shape(clip: Clip) -> str:
    """The aspect ratio of what was delivered, among the usual ones."""
    if not clip.width or not clip.height:
        return ""
    usual = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
    ratio = clip.width / clip.height
    return min(usual, key=lambda s: abs(ratio - int(s.split(":")[0]) / int(s.split(":")[1])))


# ---------------------------------------------------------------- the parameters


def _duration(_sign: Sign, clip: Clip) -> Change:
    now = clip.params.get("duration_s")
    got = round(clip.duration_s)
    say = f"ask for a length that the model makes: it made {clip.duration_s:.1f} s of {now}"
    if got >= 1 and got != now and _takes(clip, "duration_s", got):
        return Change(say, clip.edited(f"{got} s", duration_s=got))
    return Change(say)


def _size(sign: Sign, clip: Clip) -> Change:
    say = f"ask for a size that the model makes ({sign.note})"
    lines = f"{min(clip.width, clip.height)}p" if clip.width and clip.height else ""
    if (
        lines
        and clip.params.get("resolution") not in (None, lines)
        and _takes(clip, "resolution", lines)
    ):
        return Change(say, clip.edited(lines, resolution=lines))
    shape = _shape(clip)
    if (
        shape
        and clip.params.get("aspect_ratio") not in (None, shape)
        and _takes(clip, "aspect_ratio", shape)
    ):
        return Change(say, clip.edited(shape, aspect_ratio=shape))
    return Change(say)


def _audio(sign: Sign, clip: Clip) -> Change:
    wanted = bool(clip.params.get("audio"))
    if not wanted:
        return Change("take the sound away when editing; it may be cheaper without")
    if clip.card is not None and clip.card.audio is False:
        return Change("a model that makes sound: tk.models('sound') lists them")
    words = "clear ambient sound of the scene"
    if words in clip.prompt.text.lower():
        return Change("a model that makes sound: tk.models('sound') lists them")
    return Change(
        f"name what is heard ({sign.note})",
        clip.edited("what is heard", prompt=_write(clip, "environment", words)),
    )


_REMEDIES: dict[str, Callable[[Sign, Clip], Change]] = {
    "camera-reversed": _camera, "camera-missed": _camera, "camera-several": _several,
    "cut": _cut, "frozen": _frozen, "flicker": _flicker, "motion-blur": _calmer, "blur": _blur,
    "drift": _drift, "letterbox": _letterbox, "duration": _duration, "size": _size,
    "audio": _audio,
}  # fmt: skip
"""By the code of the symptom."""


def images(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as a grid takes them: a picture that was read back as data is one again."""
    return {
        name: ImageRef(**value) if isinstance(value, Mapping) and "sha256" in value else value
        for name, value in params.items()
    }
