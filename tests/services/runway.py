"""Runway as runwayml 5.24.0 has it: a union of bodies by model."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

STATES = {
    "queued": "PENDING", "running": "RUNNING", "succeeded": "SUCCEEDED", "expired": "SUCCEEDED",
    "cancelled": "CANCELLED",
}  # fmt: skip
_KLING = {"promptText", "ratio", "duration", "audio", "cfgScale", "providerSettings"}
_VEO = {"promptText", "ratio", "duration", "audio", "negativePrompt", "seed"}
_SEEDANCE = (
    "992:432 864:496 752:560 640:640 560:752 496:864 1470:630 1280:720 1112:834 960:960 834:1112 "
    "720:1280 2206:946 1920:1080 1664:1248 1440:1440 1248:1664 1080:1920 3840:1646 3840:2160 "
    "3840:2880 3840:3840 2880:3840 2160:3840"
)

FIELDS: dict[str, set[str]] = {
    "kling3.0_standard": _KLING,
    "kling3.0_pro": _KLING,
    "kling3.0_4k": _KLING,
    "veo3.1": _VEO,
    "gen4.5": {"promptText", "ratio", "duration", "seed", "contentModeration", "outputFormat"},
    "seedance2": {"promptText", "ratio", "duration", "audio", "seed", "references"},
}
NEEDED: dict[str, set[str]] = {
    "kling3.0_standard": {"ratio"},
    "kling3.0_pro": {"ratio"},
    "kling3.0_4k": {"ratio"},
    "veo3.1": {"ratio", "promptText"},
    "gen4.5": {"ratio", "promptText", "duration"},
    "seedance2": {"promptText"},
}
RATIOS = {
    "kling3.0_standard": "1280:720 720:1280 960:960",
    "kling3.0_pro": "1920:1080 1080:1920 1440:1440",
    "kling3.0_4k": "3840:2160 2160:3840 2880:2880",
    "veo3.1": "1280:720 720:1280 1080:1920 1920:1080",
    "gen4.5": "1280:720 720:1280",
    "seedance2": _SEEDANCE,
}
CREDITS = 60


class RunwayFake(FakeService):
    keys: ClassVar = {"RUNWAYML_API_SECRET": "Authorization: Bearer {}"}

    @route("POST", "/v1/text_to_video", kind="submit")
    def text(self, ask: Ask) -> Answer:
        return self._submit(ask, with_image=False)

    @route("POST", "/v1/image_to_video", kind="submit")
    def image(self, ask: Ask) -> Answer:
        return self._submit(ask, with_image=True)

    def _submit(self, ask: Ask, *, with_image: bool) -> Answer:
        body = ask.json
        if ask.headers.get("x-runway-version") != "2024-11-06":
            return self.error(400, "no version")
        if (wrong := _wrong(body, with_image=with_image)) is not None:
            return self.error(400, wrong)
        job = self.charge(body, id=str(uuid.uuid4()), model=body["model"])
        return Answer(200, {"id": job.id})

    @route("GET", "/v1/tasks/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        return Answer(200, self.task(job)) if job else self.error(404, "no such task")

    @route("DELETE", "/v1/tasks/{id}", kind="cancel")
    def delete(self, ask: Ask) -> Answer:
        job = self.cancelled(ask.path_args["id"])
        return Answer(204) if job else self.error(404, "no such task")

    @route("GET", "/v1/organization")
    def organization(self, ask: Ask) -> Answer:
        return Answer(200, {"creditBalance": 1234})

    def error(self, status: int, message: str) -> Answer:
        return Answer(status, {"error": message})

    def task(self, job: FakeJob) -> dict[str, Any]:
        state = STATES.get(job.state, "FAILED")
        found: dict[str, Any] = {
            "id": job.id,
            "status": state,
            "createdAt": datetime.fromtimestamp(job.at, UTC).isoformat(),
        }
        if state in ("PENDING", "RUNNING"):
            found["estimatedCost"] = {"credits": CREDITS}
        else:
            found["cost"] = {"credits": CREDITS if state == "SUCCEEDED" else 0}
        if state == "RUNNING":
            found["progress"] = 0.25
        if state == "SUCCEEDED":
            found["output"] = [self.result_url(job)]
        if state == "FAILED":
            codes = {"moderated": "SAFETY.INPUT.TEXT", "failed": "INTERNAL.BAD_OUTPUT"}
            found["failureCode"] = job.reason or codes[job.state]
            found["failure"] = "in a person's words"
        return found


def _wrong(body: dict[str, Any], *, with_image: bool) -> str | None:
    model = body.get("model")
    if model not in FIELDS:
        return f"model {model} is not supported"
    allowed = FIELDS[model] | {"model"} | ({"promptImage"} if with_image else set())
    needed = NEEDED[model] | ({"promptImage"} if with_image else set())
    if with_image and model.startswith("kling"):
        needed = needed - {"ratio"}
    if set(body) - allowed or needed - set(body):
        return f"fields: {sorted(set(body) - allowed)}, missing {sorted(needed - set(body))}"
    if "ratio" in body and body["ratio"] not in RATIOS[model].split():
        return f"ratio {body['ratio']}"
    duration = body.get("duration", 5)
    if not isinstance(duration, int) or (model == "veo3.1" and duration not in (4, 5, 6, 8)):
        return f"duration {duration}"
    images = body.get("promptImage", [])
    if images and [image["position"] for image in images] not in (["first"], ["first", "last"]):
        return "a first frame, and optionally a last"
    for image in images:
        head, _, data = image["uri"].partition(";base64,")
        if head.startswith("https://"):
            continue
        content = base64.b64decode(data, validate=True)
        if head != "data:image/png" or not content.startswith(b"\x89PNG"):
            return "uri"
        if len(image["uri"]) > 5_000_000:
            return "too large"
    return None


CASES = [
    Case(
        model="runway/kling3.0_pro",
        fake=RunwayFake,
        params={"duration_s": 5, "audio": False},
        cancels=True,
        image_model="runway/veo3.1",
        image_params={"duration_s": 4},
    )
]
