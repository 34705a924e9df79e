"""WaveSpeed as `wavespeed` 2.0.5 and WaveSpeed's pages have it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import jsonschema

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

TEXT = {"type": "string"}
LUMA = {
    "prompt": TEXT,
    "size": {"enum": ["1280*720", "720*1280"]},
    "duration": {"type": "integer", "enum": [5, 10]},
}
MODELS: dict[str, dict[str, Any]] = {
    "luma/ray-1.6-t2v": LUMA,
    "luma/ray-2-t2v": LUMA,
    "luma/ray-2-i2v": {**LUMA, "image": TEXT},
    "pixverse/pixverse-v5-t2v": {
        "prompt": TEXT,
        "resolution": {"enum": ["360p", "540p", "720p", "1080p"]},
        "aspect_ratio": {"enum": ["16:9", "4:3", "1:1", "3:4", "9:16"]},
        "duration": {"type": "integer", "enum": [5, 8]},
        "negative_prompt": TEXT,
        "seed": {"type": "integer"},
    },
}
STATES = {
    "queued": "created", "running": "processing", "succeeded": "completed",
    "expired": "completed", "cancelled": "cancelled",
}  # fmt: skip


class WaveSpeedFake(FakeService):
    keys: ClassVar = {"WAVESPEED_API_KEY": "Authorization: Bearer {}"}

    def __init__(self, **what: Any) -> None:
        super().__init__(**what)
        self.uploaded: list[bytes] = []
        self.ok = 200
        """The `code` in answers that say 200."""

    def environ(self, service: str) -> dict[str, str]:
        found = super().environ(service)
        return {k: f"{v}/api/v3" if v == self.url else v for k, v in found.items()}

    def error(self, status: int, message: str) -> Answer:
        return Answer(status, {"code": status, "message": message})

    @route("POST", "/api/v3/{model...}", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        model = ask.path_args["model"]
        if model not in MODELS:
            return self.error(404, "model not found")
        needed = [name for name in ("prompt", "image") if name in MODELS[model]]
        rules = {"properties": MODELS[model], "required": needed, "additionalProperties": False}
        try:
            jsonschema.validate(ask.json, rules)
        except jsonschema.ValidationError as problem:
            return self.error(400, problem.message)
        if self.ok != 200:
            return Answer(200, {"code": self.ok, "message": "not this time", "data": None})
        return Answer(200, self.wrapped(self.prediction(self.charge(ask.json, model=model))))

    @route("GET", "/api/v3/predictions/{id}/result", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        if job is None:
            return self.error(404, "no such prediction")
        return Answer(200, self.wrapped(self.prediction(job)))

    @route("POST", "/api/v3/media/uploads", kind="upload")
    def upload(self, ask: Ask) -> Answer:
        assert set(ask.json) == {"filename", "size", "content_type"}
        step = {"method": "PUT", "url": f"{self.url}/bucket/1", "headers": {"x-amz-acl": "private"}}
        url = "https://d1q70pf5vjeyhc.cloudfront.net/media/1.png"
        return Answer(200, self.wrapped({"upload": step, "download_url": url}))

    @route("PUT", "/bucket/{name}")
    def bucket(self, ask: Ask) -> Answer:
        if "authorization" in ask.headers or ask.headers.get("x-amz-acl") != "private":
            return Answer(400, "<Error>a signed address takes no key</Error>")
        self.uploaded.append(ask.body)
        return Answer(200)

    def wrapped(self, data: Any) -> dict[str, Any]:
        return {"code": 200, "message": "success", "data": data}

    def prediction(self, job: FakeJob) -> dict[str, Any]:
        words = {"moderated": "The content contains sensitive information.", "failed": "it broke"}
        state = STATES.get(job.state, "failed")
        code = {"moderated": 1200, "failed": 1405}.get(job.state, 0)
        return {
            "id": job.id,
            "model": job.model,
            "outputs": [self.result_url(job)] if state == "completed" else [],
            "urls": {"get": f"{self.url}/api/v3/predictions/{job.id}/result"},
            "has_nsfw_contents": [],
            "status": state,
            "code": code,
            "error": job.reason or words.get(job.state, ""),
            "created_at": datetime.fromtimestamp(job.at, UTC).isoformat().replace("+00:00", "Z"),
            "executionTime": 0,
            "timings": {"inference": 0},
        }


CASES = [
    Case(
        model="wavespeed/ray-1.6-t2v",
        fake=WaveSpeedFake,
        params={"duration_s": 5, "aspect_ratio": "16:9"},
        image_model="wavespeed/ray-2-t2v",
        uploads=True,
    )
]
