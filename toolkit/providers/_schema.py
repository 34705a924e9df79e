"""From a model's own input schema, as aggregators publish it, to a `ModelCard`.

The schema says the wire names, types and choices; what they mean is known by their names alone, so
a card made here is as sure as these names are usual. Prices are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from toolkit.errors import CatalogError
from toolkit.records import ModelCard

__all__ = ["card_of", "made_by", "resolved"]

JSON = Mapping[str, Any]

NAMES: dict[str, tuple[str, ...]] = {
    "duration_s": ("duration", "duration_seconds", "seconds", "video_length"),
    "resolution": ("resolution", "quality", "video_quality"),
    "aspect_ratio": ("aspect_ratio", "ratio"),
    "seed": ("seed",),
    "start_image": (
        "start_image", "first_frame_image", "first_frame", "start_image_url", "first_frame_url",
        "first_image_url", "image_url", "image", "input_image",
    ),
    "end_image": (
        "end_image", "last_frame_image", "last_frame", "end_image_url", "last_frame_url",
        "tail_image_url", "last_image", "end_frame",
    ),
    "audio": ("generate_audio", "enable_audio", "with_audio", "sound", "generate_audio_switch"),
    "loop": ("loop",),
    "fps": ("fps", "frames_per_second"),
    "negative": ("negative_prompt",),
    "prompt_rewrite": (
        "enable_prompt_expansion", "prompt_optimizer", "enable_prompt_optimizer", "enhance_prompt",
        "auto_fix", "prompt_extend", "prompt_upsampling",
    ),
}  # fmt: skip
"""Canonical name -> usual wire names, the plainest first."""

SWITCHED = ("audio", "loop", "prompt_rewrite")
MOST_CHOICES = 60


def resolved(prop: JSON, schemas: JSON) -> dict[str, Any]:
    """A property with its references looked up and its "or null" forgotten."""
    found: dict[str, Any] = {}
    for part in (*prop.get("allOf", ()), *prop.get("anyOf", ()), *prop.get("oneOf", ())):
        inner = resolved(part, schemas)
        if inner.get("type") != "null":
            found = {**inner, **found}
    if "$ref" in prop:
        named = schemas.get(str(prop["$ref"]).rsplit("/", 1)[-1], {})
        found = {**resolved(named, schemas), **found}
    kept = {k: v for k, v in prop.items() if k not in ("allOf", "anyOf", "oneOf", "$ref")}
    return {**found, **kept}


def made_by(output: JSON, schemas: JSON, examples: Iterable[str] = ()) -> str | None:
    """Whether it makes an "image" or a "video", by what the output is called or how its examples
    end; None if neither says.
    """
    names = set(resolved(output, schemas).get("properties", {}))
    for word, kinds in (
        ("video", {"video", "videos", "video_url"}),
        ("image", {"image", "images"}),
    ):
        if names & kinds:
            return word
    for text in examples:
        if re.search(r"\.(mp4|webm|mov|m4v)(\?|$)", text):
            return "video"
        if re.search(r"\.(png|jpe?g|webp|avif)(\?|$)", text):
            return "image"
    return None


def card_of(
    model: str,
    input_schema: JSON,
    schemas: JSON,
    *,
    wire_id: str,
    makes: str | None,
    source: str,
    title: str = "",
    notes: str = "",
) -> ModelCard:
    """What a model takes, by its schema. `CatalogError` where it takes no prompt."""
    whole = resolved(input_schema, schemas)
    props = {name: resolved(p, schemas) for name, p in whole.get("properties", {}).items()}
    if "prompt" not in props:
        raise CatalogError(f"{model} takes no `prompt`; it takes: {', '.join(props) or 'nothing'}")
    at = {canonical: _first(names, props, canonical) for canonical, names in NAMES.items()}
    named = {canonical: name for canonical, name in at.items() if name}
    facts: dict[str, Any] = {"fields": dict(named), "defaults": {}}
    _durations(facts, props.get(named.get("duration_s", ""), {}), named)
    for canonical, fact in (("resolution", "resolutions"), ("aspect_ratio", "aspect_ratios")):
        facts[fact] = [str(v) for v in props.get(named.get(canonical, ""), {}).get("enum", ())]
    if "fps" in named:
        facts["fps"] = [float(v) for v in _choices(props[named["fps"]]) if _is_number(v)]
    _camera(facts, props)
    for canonical in ("resolution", "aspect_ratio", "fps", *SWITCHED):
        default = props.get(named.get(canonical, ""), {}).get("default")
        if default is not None:
            facts["defaults"][canonical] = default
    required = whole.get("required", ())
    needs = [c for c in ("start_image", "end_image") if named.get(c) in required]
    meant = {"prompt", *named.values(), *(str(facts.get("camera")),)}
    length = props["prompt"].get("maxLength")
    return ModelCard(
        model,
        title=title or model,
        wire_id=wire_id,
        makes=_kind(makes, props),
        seed="best_effort" if "seed" in named else "none",
        # a model without a switch may sound anyway
        audio=True if "audio" in named else None,
        start_image="start_image" in named,
        end_image="end_image" in named,
        loop="loop" in named,
        negative="negative" in named,
        prompt_limit=length if isinstance(length, int) else None,
        extra_params={n: _choices(p) for n, p in props.items() if n not in meant and _is_plain(p)},
        limits=[{"needs": name} for name in needs],
        status="live",
        source=source,
        confidence="read in the model's own input schema; what a name means is inferred from it",
        notes=notes,
        **facts,
    )


def _first(names: Iterable[str], props: JSON, canonical: str) -> str | None:
    for name in names:
        prop = props.get(name)
        if prop is None or (canonical in SWITCHED and prop.get("type") != "boolean"):
            continue
        if canonical == "resolution" and not any(_is_height(v) for v in prop.get("enum", ())):
            continue
        if canonical.endswith("_image") and prop.get("type") not in ("string", None):
            continue
        return name
    return None


def _kind(makes: str | None, props: JSON) -> Literal["video", "image"]:
    if makes in ("image", "video"):
        return makes  # type: ignore[return-value]
    moves = {"duration", "num_frames", "fps", "frames_per_second", "video_length"}
    return "video" if moves & set(props) or "image_size" not in props else "image"


def _durations(facts: dict[str, Any], prop: JSON, named: Mapping[str, str]) -> None:
    """Seconds, and how they are written: 5, "5" or "5s"."""
    if not prop:
        return
    written = [str(v) for v in _choices(prop)]
    numbers = [float(m[1]) for v in written if (m := re.fullmatch(r"(\d+(?:\.\d+)?)s?", v))]
    if any(v.endswith("s") for v in written if v[:-1].isdigit()):
        facts["fields"]["duration_s"] = f"{named['duration_s']}={{}}s"
    elif prop.get("type") == "string":
        facts["fields"]["duration_s"] = f"{named['duration_s']}={{}}"
    facts["durations_s"] = sorted(n for n in numbers if n > 0)
    low, high = prop.get("minimum"), prop.get("maximum")
    if not numbers and isinstance(low, (int, float)) and isinstance(high, (int, float)):
        facts["duration_range_s"] = (max(0.0, float(low)), float(high))
    default = re.fullmatch(r"(\d+(?:\.\d+)?)s?", str(prop.get("default")))
    facts["default_duration_s"] = float(default[1]) if default else None


def _camera(facts: dict[str, Any], props: JSON) -> None:
    """Luma's concepts, or a switch that keeps the camera still."""
    if props.get("concepts", {}).get("type") == "array":
        facts["camera"] = "concepts"
        facts["fields"]["camera_motion"] = "concepts[]|roll_cw=roll_right|roll_ccw=roll_left"
    elif props.get("camera_fixed", {}).get("type") == "boolean":
        facts["camera"] = "camera_fixed"
        facts["fields"]["camera_motion"] = "camera_fixed"


def _choices(prop: JSON) -> list[Any]:
    """What may be given: an enumeration, a switch's two, the integers of a short range; or []."""
    if "enum" in prop:
        return [v for v in prop["enum"] if v is not None]
    if prop.get("type") == "boolean":
        return [True, False]
    low, high = prop.get("minimum"), prop.get("maximum")
    if prop.get("type") != "integer" or not isinstance(low, int) or not isinstance(high, int):
        return []
    return list(range(low, high + 1)) if high - low < MOST_CHOICES else []


def _is_plain(prop: JSON) -> bool:
    """Whether a person may type its value: no list, no object, no file."""
    return prop.get("type") in ("string", "integer", "number", "boolean") and (
        prop.get("format") != "uri"
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_height(value: Any) -> bool:
    return re.fullmatch(r"\d+p|\dk", str(value).lower()) is not None
