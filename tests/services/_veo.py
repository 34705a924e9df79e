"""What Google's two interfaces to Veo check alike, as google-genai 2.34.0 and 3.4.0 have it."""

from __future__ import annotations

import base64
from typing import Any

from tests.services._server import Answer, FakeJob, FakeService

PARAMETERS = {
    "sampleCount", "durationSeconds", "aspectRatio", "resolution", "personGeneration",
    "negativePrompt", "enhancePrompt",
}  # fmt: skip
VERTEX_PARAMETERS = PARAMETERS | {"seed", "fps", "generateAudio", "storageUri"}


class VeoFake(FakeService):
    """The parts of both; `parameters` are what it takes."""

    parameters = PARAMETERS
    models: tuple[str, ...] = ()

    def error(self, status: int, message: str, name: str = "") -> Answer:
        usual = {
            401: "UNAUTHENTICATED", 402: "FAILED_PRECONDITION", 403: "PERMISSION_DENIED",
            404: "NOT_FOUND", 422: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED",
        }  # fmt: skip
        if status == 402:
            message = f"{message}. Please enable billing on the project."
        if status == 404:
            message = f"Operation or page not found: {message}"
        name = name or usual.get(status, "INVALID_ARGUMENT")
        status = {402: 400, 422: 400}.get(status, status)
        return Answer(status, {"error": {"code": status, "message": message, "status": name}})

    def gone(self, model: str) -> Answer:
        text = f"models/{model} is not found for API version v1beta, or is not supported"
        error = {"code": 404, "message": text, "status": "NOT_FOUND"}
        return Answer(404, {"error": error})

    def taken(self, body: dict[str, Any], model: str, name: str) -> Answer:
        if model not in self.models:
            return self.gone(model)
        if wrong := self.invalid(body):
            return self.error(400, wrong)
        if "forbidden" in body["instances"][0]["prompt"]:
            text = "The prompt contains sensitive words that violate Google's policies."
            return self.error(400, text)
        job = self.charge(body, model=model)
        job.extra["name"] = name.format(id=job.id)
        return Answer(200, {"name": job.extra["name"]})

    def invalid(self, body: dict[str, Any]) -> str:
        (instance,) = body["instances"]
        asked = body.get("parameters", {})
        pictures = [instance[name] for name in ("image", "lastFrame") if name in instance]
        checks = {
            "unknown fields": set(body) <= {"instances", "parameters"}
            and set(instance) <= {"prompt", "image", "lastFrame", "video", "referenceImages"},
            f"not supported: {sorted(set(asked) - self.parameters)}": set(asked) <= self.parameters,
            "durationSeconds": asked.get("durationSeconds", 8) in (4, 6, 8)
            and isinstance(asked.get("durationSeconds", 8), int),
            "aspectRatio": asked.get("aspectRatio", "16:9") in ("16:9", "9:16"),
            "resolution": asked.get("resolution", "720p") in ("720p", "1080p", "4k"),
            "pictures": all(
                p.get("mimeType", "").startswith("image/")
                and base64.b64decode(p["bytesBase64Encoded"], validate=True)
                for p in pictures
            ),
        }
        return "; ".join(text for text, fine in checks.items() if not fine)

    def operation(self, job: FakeJob, samples: dict[str, Any]) -> dict[str, Any]:
        """The operation; `samples` are what it answers with where it went well."""
        found: dict[str, Any] = {"name": job.extra["name"]}
        if job.state in ("queued", "running"):
            return found
        if job.state == "failed":
            error = {"code": 13, "message": job.reason or "internal trouble"}
            return {**found, "done": True, "error": error}
        if job.state == "moderated":
            why = ["the result was held back: 58061214"]
            samples = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": why}
        return {**found, "done": True, "response": self.wrapped(samples)}

    def wrapped(self, samples: dict[str, Any]) -> dict[str, Any]:
        return samples
