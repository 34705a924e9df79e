"""Replicate as its OpenAPI file of 2026-05-02 has it (`tests/data/services/replicate.json`).

The shapes of models' input schemas are those of Cog, as in the one model object that was seen;
their parameters are those of the pages of 2026.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import jsonschema

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

SPEC = json.loads((Path(__file__).parents[1] / "data/services/replicate.json").read_text())
VERSION = "9dcd6d78e7c6560c340d916fe32e9f24aabfa331e5cce95fe31f77fb03121426"
STATES = {
    "queued": "starting", "running": "processing", "succeeded": "succeeded",
    "expired": "succeeded", "cancelled": "canceled",
}  # fmt: skip
KEPT_S = 3600


def one_of(*values: Any, default: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {"enum": list(values), "type": "string"}
    if isinstance(values[0], int):
        found["type"] = "integer"
    return found if default is None else {**found, "default": default}


TEXT = {"type": "string"}
FILE = {"type": "string", "format": "uri", "nullable": True}
SWITCH = {"type": "boolean", "default": False}
SEED = {"type": "integer", "nullable": True}
RAY = {
    "prompt": TEXT,
    "duration": one_of(5, 9, default=5),
    "aspect_ratio": one_of("1:1", "3:4", "4:3", "9:16", "16:9", "9:21", "21:9", default="16:9"),
    "loop": SWITCH,
    "concepts": {"type": "array", "items": TEXT},
    "start_image": FILE,
    "end_image": FILE,
    "start_image_url": FILE,
}
MODELS: dict[str, dict[str, Any]] = {
    "luma/ray-2-720p": RAY,
    "luma/ray-flash-2-540p": RAY,
    "bytedance/seedance-1-pro": {
        "prompt": TEXT,
        "image": FILE,
        "last_frame_image": FILE,
        "duration": {"type": "integer", "minimum": 2, "maximum": 12, "default": 5},
        "resolution": one_of("480p", "720p", "1080p", default="1080p"),
        "aspect_ratio": one_of("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21"),
        "fps": one_of(24, default=24),
        "camera_fixed": SWITCH,
        "seed": SEED,
    },
    "kwaivgi/kling-v3-video": {
        "prompt": {**TEXT, "maxLength": 2500},
        "negative_prompt": {**TEXT, "maxLength": 2500},
        "start_image": FILE,
        "end_image": FILE,
        "mode": one_of("standard", "pro", "4k", default="pro"),
        "aspect_ratio": one_of("16:9", "9:16", "1:1", default="16:9"),
        "duration": {"type": "integer", "minimum": 3, "maximum": 15, "default": 5},
        "generate_audio": SWITCH,
        "multi_prompt": TEXT,
    },
    "wan-video/wan-2.7-t2v": {
        "prompt": TEXT,
        "negative_prompt": TEXT,
        "audio": FILE,
        "resolution": one_of("720p", "1080p", default="1080p"),
        "aspect_ratio": one_of("16:9", "9:16", "1:1", "4:3", "3:4", default="16:9"),
        "duration": {"type": "integer", "minimum": 2, "maximum": 15, "default": 5},
        "enable_prompt_expansion": {"type": "boolean", "default": True},
        "seed": SEED,
    },
    "black-forest-labs/flux-schnell": {
        "prompt": TEXT,
        "aspect_ratio": one_of("1:1", "16:9", "9:16", default="1:1"),
        "num_outputs": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
        "output_format": one_of("webp", "jpg", "png", default="webp"),
        "megapixels": one_of("1", "0.25", default="1"),
        "seed": SEED,
    },
    "somebody/own-video": {"prompt": TEXT, "num_frames": {"type": "integer"}, "seed": SEED},
}
NEED_FILE = {"wan-video/wan-2.7-i2v"}
OFFICIAL = frozenset(MODELS) - {"somebody/own-video"}


class ReplicateFake(FakeService):
    keys: ClassVar = {"REPLICATE_API_TOKEN": "Authorization: Bearer {}"}
    page = 100

    def __init__(self, **what: Any) -> None:
        super().__init__(**what)
        self.files_need = "authorization"
        self.output: Any = None
        """What jobs make instead of a file."""
        self.uploaded: list[bytes] = []

    def environ(self, service: str) -> dict[str, str]:
        found = super().environ(service)
        return {k: f"{v}/v1" if v == self.url else v for k, v in found.items()}

    def error(self, status: int, message: str) -> Answer:
        if status == 429:
            message = f"Request was throttled. Your rate limit resets in ~{self.retry_after_s}s."
        return Answer(status, {"title": "no", "detail": message, "status": status})

    @route("POST", "/v1/models/{owner}/{name}/predictions", kind="submit")
    def submit_official(self, ask: Ask) -> Answer:
        model = f"{ask.path_args['owner']}/{ask.path_args['name']}"
        jsonschema.validate(ask.json, SPEC["schemas"]["schemas_prediction_request"])
        if model not in OFFICIAL:
            return self.error(404, "The requested resource could not be found.")
        return self._take(model, "hidden", ask.json["input"])

    @route("POST", "/v1/predictions", kind="submit")
    def submit_version(self, ask: Ask) -> Answer:
        jsonschema.validate(ask.json, SPEC["schemas"]["schemas_version_prediction_request"])
        if ask.json["version"] != VERSION:
            return self.error(422, "Invalid version or not permitted")
        return self._take("somebody/own-video", VERSION, ask.json["input"])

    def _take(self, model: str, version: str, inputs: dict[str, Any]) -> Answer:
        rules = {"type": "object", "properties": MODELS[model], "required": ["prompt"]}
        wrong = [
            {"type": e.validator, "field": f"input.{'.'.join(map(str, e.path))}"}
            for e in jsonschema.Draft202012Validator(rules).iter_errors(inputs)
        ]
        wrong += [
            {"type": "additional_property", "field": f"input.{name}"}
            for name in set(inputs) - set(MODELS[model])
        ]
        if wrong:
            return Answer(
                422,
                {
                    "title": "Input validation failed",
                    "detail": "\n".join(f"- {field['field']}" for field in wrong),
                    "status": 422,
                    "invalid_fields": wrong,
                },
            )
        job = self.charge(inputs, model=model, version=version)
        return Answer(201, self.prediction(job))

    @route("GET", "/v1/predictions/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        return Answer(200, self.prediction(job)) if job else self.error(404, "not found")

    @route("POST", "/v1/predictions/{id}/cancel", kind="cancel")
    def cancel(self, ask: Ask) -> Answer:
        job = self.cancelled(ask.path_args["id"])
        return Answer(200, self.prediction(job)) if job else self.error(404, "not found")

    @route("GET", "/v1/predictions", kind="list")
    def list(self, ask: Ask) -> Answer:
        since, first = float(ask.query.get("cursor_since", 0)), int(ask.query.get("cursor", 0))
        if "created_after" in ask.query:
            since = datetime.fromisoformat(ask.query["created_after"]).timestamp()
        rows = self.listed(since)
        more = first + self.page < len(rows)
        after = f"cursor={first + self.page}&cursor_since={since}"
        found = {
            "next": f"https://api.replicate.com/v1/predictions?{after}" if more else None,
            "previous": None,
            "results": [self.prediction(job) for job in rows[first : first + self.page]],
        }
        assert found.keys() == SPEC["examples"]["list"].keys()
        return Answer(200, found)

    @route("POST", "/v1/files", kind="upload")
    def upload(self, ask: Ask) -> Answer:
        assert b'name="content"' in ask.body
        self.uploaded.append(ask.body)
        url = f"https://api.replicate.com/v1/files/{len(self.uploaded)}"
        return Answer(201, {"id": str(len(self.uploaded)), "urls": {"get": url}})

    @route("GET", "/v1/models/{owner}/{name}")
    def model(self, ask: Ask) -> Answer:
        name = f"{ask.path_args['owner']}/{ask.path_args['name']}"
        if not self.accepts_key(ask):
            return self.error(401, "You did not pass an authentication token")
        if name in SPEC["models"]:
            seen = SPEC["models"][name]
            return Answer(200, {**self._model(name), **seen, "is_official": True})
        if name not in MODELS:
            return self.error(404, "The requested resource could not be found.")
        return Answer(200, self._model(name))

    @route("GET", "/v1/models/{owner}/{name}/versions/{version}")
    def version(self, ask: Ask) -> Answer:
        return Answer(200, self._version(f"{ask.path_args['owner']}/{ask.path_args['name']}"))

    def _model(self, name: str) -> dict[str, Any]:
        owner, _, last = name.partition("/")
        suffix = "webp" if "flux" in name else "mp4"
        example = {"output": [f"https://replicate.delivery/xezq/example/out-0.{suffix}"]}
        return {
            **SPEC["examples"]["model"],
            "owner": owner,
            "name": last,
            "is_official": name in OFFICIAL,
            "description": f"{name} in a sentence",
            "default_example": example,
            "latest_version": self._version(name),
        }

    def _version(self, name: str) -> dict[str, Any]:
        props: dict[str, Any] = {}
        schemas: dict[str, Any] = {"Output": {"type": "string", "format": "uri"}}
        for order, (key, rule) in enumerate(MODELS.get(name, {}).items()):
            props[key] = {**rule, "x-order": order, "title": key}
            if "enum" in rule:  # Cog keeps choices beside, by reference
                schemas[key] = {"enum": rule["enum"], "type": rule["type"], "title": key}
                kept = {k: v for k, v in rule.items() if k == "default"}
                ref = {"$ref": f"#/components/schemas/{key}"}
                props[key] = {"allOf": [ref], **kept, "x-order": order}
        schemas["Input"] = {"type": "object", "required": ["prompt"], "properties": props}
        return {"id": VERSION, "openapi_schema": {"components": {"schemas": schemas}}}

    def prediction(self, job: FakeJob) -> dict[str, Any]:
        gone = self.now() - job.at > KEPT_S or job.state == "expired"
        done = job.state not in ("queued", "running")
        words = {
            "moderated": "The input or output was flagged as sensitive. Please try again with "
            "different inputs. (E005)",
            "failed": "Director: unexpected error handling prediction (E9243)",
        }
        output = None
        if job.state == "succeeded" and not gone:
            output = self.result_url(job) if self.output is None else self.output
        here = f"{self.url}/v1/predictions/{job.id}"
        found = {
            "id": job.id,
            "model": job.model,
            "version": job.extra["version"],
            "input": {} if gone else job.request,
            "logs": "",
            "output": output,
            "error": None if done and job.state in STATES else job.reason or words.get(job.state),
            "status": STATES.get(job.state, "failed"),
            "created_at": _time(job.at),
            "data_removed": gone,
            "started_at": _time(job.at) if job.state != "queued" else None,
            "completed_at": _time(job.at) if done else None,
            "metrics": {"predict_time": 31.2} if done else {},
            "urls": {"get": here, "cancel": f"{here}/cancel"},
        }
        assert found.keys() >= SPEC["examples"]["prediction"].keys()
        return found


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


CASES = [
    Case(
        model="replicate/luma/ray-2-720p",
        fake=ReplicateFake,
        params={"duration_s": 5, "aspect_ratio": "16:9"},
        lists=True,
        cancels=True,
        image_model="replicate/luma/ray-2-720p",
    )
]
