"""What a model would be sent: the text, the parameters, and what gets lost on the way.

Nothing is sent here. The notes say what a person should know: where the camera goes, what the model
does not take, how near the prompt is to its limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.camera import find_moves, parse_camera
from toolkit.catalog import card as card_of
from toolkit.catalog import limit_refusal, refusal
from toolkit.errors import PromptError
from toolkit.prompts.formula import Prompt
from toolkit.records import CAMERA_MOVES, ModelCard

__all__ = ["CAMERA_WORDS", "Rendering", "rendered", "takes_move", "with_camera"]

CAMERA_WORDS = {
    "static": "static camera",
    "push_in": "the camera pushes in slowly",
    "pull_out": "the camera pulls back slowly",
    "pan_left": "the camera pans left",
    "pan_right": "the camera pans right",
    "tilt_up": "the camera tilts up",
    "tilt_down": "the camera tilts down",
    "orbit_left": "the camera orbits left",
    "orbit_right": "the camera orbits right",
    "roll_cw": "the camera rolls clockwise",
    "roll_ccw": "the camera rolls counter-clockwise",
    "handheld": "handheld camera",
}
"""The canonical moves as words, for models that have no parameter for them."""

assert set(CAMERA_WORDS) == set(CAMERA_MOVES)


@dataclass(frozen=True)
class Rendering:
    """What one model is sent: `text`, `negative` and `params`; `notes` say what a person should
    know.

    `fits` is False where the model would refuse it, and then the first notes say why.
    """

    model: str
    text: str
    negative: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    fits: bool = True

    def __str__(self) -> str:
        lines = [f"{self.model}{'' if self.fits else ' (refused)'}", f"  {self.text}"]
        if self.negative:
            lines.append(f"  negative: {self.negative}")
        lines += [f"  {name} = {value}" for name, value in self.params.items()]
        return "\n".join([*lines, *(f"  – {note}" for note in self.notes)])


def rendered(
    prompt: str | Prompt, model: str | ModelCard, *, params: Mapping[str, Any] | None = None
) -> Rendering:
    """What `model` would be sent for `prompt` with these parameters.

    Camera words always stay in the text. `camera_motion` goes as the model's own parameter where it
    has one, else its words join the text. `PromptError` for a template: it has many texts.
    """
    card = card_of(model) if isinstance(model, str) else model
    if isinstance(prompt, str):
        prompt = Prompt.typed(prompt)
    if prompt.is_template:
        raise PromptError(f"a template has {prompt.size} wordings; render one of them: prompt[0]")
    asked = dict(params or {})
    refused, notes = _refused(card, asked), []
    text, move = prompt.text, asked.get("camera_motion")
    if move is not None and move not in CAMERA_WORDS:
        raise PromptError(
            f"`camera_motion` has no move {move!r}; there are: {', '.join(CAMERA_MOVES)}"
        )
    if move is not None:
        text, said = with_camera(text, move, card)
        notes.append(said)
        if not takes_move(card, move):
            asked.pop("camera_motion")
    elif card.camera and any(mention.exact for mention in find_moves(text)):
        notes.append(f"the camera is in the words; `camera_motion=` would go as `{card.camera}`")
    negative = prompt.options("negative")[0] if prompt.negative else None
    if negative and card.negative is False:
        refused.append(f"{card.model} takes no negative prompt: {negative!r} would be refused")
        negative = None
    elif negative and card.negative is None:
        notes.append("it is not known whether it takes a negative prompt")
    limit = card.prompt_limit
    if limit is not None and len(text) > limit:
        refused.append(f"{len(text):,} characters, and the model takes {limit:,}")
    elif limit is not None:
        notes.append(f"{len(text):,} of {limit:,} characters")
    else:
        notes.append(f"{len(text):,} characters; no limit is known")
    if "duration_s" not in asked:
        default = card.default_duration_s
        notes.append(
            "the duration is left to the model"
            + (f": {default:g} s" if default is not None else ", its default is not known")
        )
    return Rendering(card.model, text, negative, asked, (*refused, *notes), not refused)


def _refused(card: ModelCard, params: Mapping[str, Any]) -> list[str]:
    found = []
    if card.status == "retired":
        found.append(
            f"{card.model} was retired" + (f" on {card.retired_on}" if card.retired_on else "")
        )
    named = ((name, value) for name, value in params.items() if name != "extra")
    found += [f"`{name}`: {no}" for name, value in named if (no := refusal(card, name, value))]
    together = limit_refusal(card, params)
    return [*found, str(together)] if together else found


_MOVES_OF: Mapping[str, tuple[str, ...]] = {
    "camera_fixed": ("static",),
    "camera_control": tuple(
        move for move in CAMERA_MOVES if not move.startswith(("static", "orbit", "handheld"))
    ),
}
"""The moves that a camera parameter knows, where it does not know all."""


def takes_move(card: ModelCard, move: str | None) -> bool:
    """Whether the model has a parameter for this move."""
    if move is None or card.camera is None:
        return False
    return move in _MOVES_OF.get(card.camera, CAMERA_MOVES)


def with_camera(text: str, move: str, card: ModelCard) -> tuple[str, str]:
    """The text with a move's words where the model has no parameter for it, and what was done."""
    if takes_move(card, move):
        also = parse_camera(text)
        other = f", and the words ask for {also[0]}" if also and move not in also else ""
        return text, f"`camera_motion={move}` goes as `{card.camera}`{other}"
    if move in parse_camera(text):
        return text, f"no camera parameter: the words ask for {move} already"
    words = CAMERA_WORDS[move]
    end = "" if text.rstrip()[-1:] in ".!?" else "."
    also = parse_camera(text)
    other = f", which asks for {also[0]} already: two moves" if also else ""
    return (
        f"{text.rstrip()}{end} {words[0].upper()}{words[1:]}.",
        f"no camera parameter: “{words}” joins the text{other}",
    )
