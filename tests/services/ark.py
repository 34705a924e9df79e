"""Ark (Seedance) as ModelArk's tutorial of 2026 and byteplus-python-sdk-v2 3.0.63 have it."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

STATES = {"moderated": "failed", "expired": "succeeded"}
FIELDS = {
    "model", "content", "safety_identifier", "callback_url", "return_last_frame", "service_tier",
    "execution_expires_after", "priority", "generate_audio", "draft", "camera_fixed", "watermark",
    "seed", "resolution", "ratio", "duration", "frames", "output_format",
}  # fmt: skip
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
MODELS = {
    "seedance-1-0-pro-250528": (range(2, 13), ("480p", "720p", "1080p")),
    "dreamina-seedance-2-0-260128": (range(4, 16), ("480p", "720p", "1080p", "4k")),
}
SIZES = {"480p": (864, 496), "720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}


class ArkFake(FakeService):
    keys: ClassVar = {"ARK_API_KEY": "Authorization: Bearer {}"}
    path = "/api/v3"
    echoes = True
    """Whether rows show `safety_identifier`."""
    page = 100

    def environ(self, service: str) -> dict[str, str]:
        found = super().environ(service)
        return {k: v + self.path if v == self.url else v for k, v in found.items()}

    def error(self, status: int, message: str, code: str = "") -> Answer:
        """Arrears come with 403."""
        usual = {
            401: "AuthenticationError", 402: "AccountOverdueError", 404: "NotFound",
            422: "InvalidParameter", 429: "RateLimitExceeded.EndpointRPMExceeded",
        }  # fmt: skip
        error = {"code": code or usual.get(status, "InvalidParameter"), "message": message}
        status = {402: 403, 422: 400}.get(status, status)
        return Answer(status, {"error": {**error, "param": "", "type": "BadRequest"}})

    @route("POST", "/api/v3/contents/generations/tasks", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        body = ask.json
        if body.get("model") not in MODELS:
            text = "The model or endpoint does not exist."
            return self.error(404, text, "InvalidEndpointOrModel.NotFound")
        if wrong := self.invalid(body):
            return self.error(400, wrong)
        if "forbidden" in body["content"][0]["text"]:
            text = "The input text may contain sensitive information."
            return self.error(400, text, "InputTextSensitiveContentDetected")
        job = self.charge(body, id=f"cgt-{len(self.jobs)}", model=body["model"])
        return Answer(200, {"id": job.id})

    def invalid(self, body: dict[str, Any]) -> str:
        durations, resolutions = MODELS[body["model"]]
        text, *pictures = body["content"]
        token = body.get("safety_identifier", "")
        roles = [item.get("role") for item in pictures]
        checks = {
            "unknown fields": set(body) <= FIELDS,
            "no text": text["type"] == "text" and text["text"],
            "duration": body.get("duration", 5) in durations
            and isinstance(body.get("duration", 5), int),
            "resolution": body.get("resolution", "720p") in resolutions,
            "ratio": body.get("ratio", "16:9") in RATIOS,
            "seed": body.get("seed", -1) in range(-1, 2**32),
            "safety_identifier": isinstance(token, str) and len(token) <= 64,
            "roles": roles in ([], ["first_frame"], ["first_frame", "last_frame"]),
            "pictures": all(
                item["image_url"]["url"].startswith(("https://", "data:image/"))
                for item in pictures
            ),
            "sound": body["model"].startswith("dreamina") or "generate_audio" not in body,
        }
        return "; ".join(text for text, fine in checks.items() if not fine)

    @route("GET", "/api/v3/contents/generations/tasks/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.jobs.get(ask.path_args["id"])
        if job is not None and job.extra.setdefault("waits", self.num_polls > 1):
            job.extra["waits"] = False  # at the first look it has not begun
        elif job is not None:
            self.look(job.id)
        return Answer(200, self.task(job)) if job else self.error(404, "not found")

    @route("GET", "/api/v3/contents/generations/tasks", kind="list")
    def list(self, ask: Ask) -> Answer:
        rows = [self.task(job) for job in self.listed(self.now() - 7 * 24 * 3600)]
        size = min(int(ask.query.get("page_size", 10)), self.page)
        first = (int(ask.query.get("page_num", 1)) - 1) * size
        return Answer(200, {"items": rows[first : first + size], "total": len(rows)})

    @route("DELETE", "/api/v3/contents/generations/tasks/{id}", kind="cancel")
    def delete(self, ask: Ask) -> Answer:
        job = self.jobs.get(ask.path_args["id"])
        if job is None:
            return self.error(404, "not found")
        if job.state == "running":
            return self.error(409, "The task is running.", "TaskRunningCannotCancel")
        if job.state == "queued":
            self.cancelled(job.id)
        else:
            job.extra["deleted"] = True
        return Answer(200, {})

    def task(self, job: FakeJob) -> dict[str, Any]:
        body = job.request
        found: dict[str, Any] = {
            "id": job.id,
            "model": job.model,
            "status": STATES.get(job.state, job.state),
            "created_at": int(job.at),
            "updated_at": int(job.at) + 60,
            "service_tier": "default",
            "execution_expires_after": 172800,
        }
        if self.echoes and "safety_identifier" in body:
            found["safety_identifier"] = body["safety_identifier"]
        if found["status"] == "failed":
            code = "OutputVideoSensitiveContentDetected"
            code = code if job.state == "moderated" else "InternalServiceError"
            found["error"] = {"code": code, "message": job.reason or "no luck"}
        if found["status"] == "succeeded":
            size = body.get("resolution", "720p")
            width, height = SIZES[size]
            seconds = body.get("duration", 5)
            tokens = width * height * 24 * seconds // 1024
            found |= {
                "content": {"video_url": self.result_url(job)},
                "usage": {"completion_tokens": tokens, "total_tokens": tokens},
                "seed": body.get("seed", 58944),
                "resolution": size,
                "ratio": body.get("ratio", "16:9"),
                "duration": seconds,
                "framespersecond": 24,
            }
        return found


CASES = [
    Case(
        model="ark/seedance-1-0-pro",
        fake=ArkFake,
        params={"duration_s": 5, "resolution": "720p"},
        lists=True,
        tokens=True,
        cancels=True,
        image_model="ark/seedance-1-0-pro",
        image_params={"duration_s": 5, "resolution": "720p"},
    )
]
