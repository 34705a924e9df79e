"""PixVerse as its pages have it. Every answer has its own code, whatever the HTTP status."""

from __future__ import annotations

import email.parser
import email.policy
import uuid
from typing import Any, ClassVar

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

STATES = {"queued": 5, "running": 5, "succeeded": 1, "expired": 6, "moderated": 7, "failed": 8}
COMMON = {"model", "prompt", "negative_prompt", "quality", "duration", "motion_mode", "seed"}
FIELDS = {
    "text": COMMON | {"aspect_ratio", "style", "template_id"},
    "img": COMMON | {"img_id", "style", "template_id"},
    "transition": COMMON | {"first_frame_img", "last_frame_img"},
}
NEEDED = {
    "text": {"model", "prompt", "quality", "duration", "aspect_ratio"},
    "img": {"model", "prompt", "quality", "duration", "img_id"},
    "transition": {"model", "prompt", "quality", "duration", "first_frame_img", "last_frame_img"},
}
CODES = {401: 400012, 402: 500090, 404: 500008, 422: 400017, 429: 500044}
"""The base's refusals by PixVerse's codes, which all come with HTTP 200."""


class PixVerseFake(FakeService):
    keys: ClassVar = {"PIXVERSE_API_KEY": "API-KEY: {}"}

    unique = False
    """Whether a trace id that is used again is refused: what PixVerse does then is not sure."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.images: dict[int, bytes] = {}
        self.traces: list[str] = []

    def environ(self, service: str) -> dict[str, str]:
        found = super().environ(service)
        return {k: f"{v}/openapi/v2" if v == self.url else v for k, v in found.items()}

    @route("POST", "/openapi/v2/video/{kind}/generate", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        body, kind = ask.json, ask.path_args["kind"]
        if (problem := self._trace(ask)) is not None:
            return problem
        if kind not in FIELDS or set(body) - FIELDS[kind] or NEEDED[kind] - set(body):
            return self.code(400017, f"invalid param in {sorted(body)}")
        if not isinstance(body["duration"], int) or body["duration"] not in (5, 8):
            return self.code(400013, "incorrect parameter type or value")
        if body["quality"] == "1080p" and body["duration"] != 5:
            return self.code(400017, "1080p doesn't support 8")
        if body["model"] != "v5":
            return self.code(400017, f"model {body['model']} is no longer supported")
        pictured = {"img_id", "first_frame_img", "last_frame_img"} & set(body)
        if any(body[name] not in self.images for name in pictured):
            return self.code(400032, "Invalid image ID")
        if "forbidden" in body["prompt"]:
            return self.code(500063, "The text you entered contains sensitive information.")
        job = self.charge(body, id=str(1000 + len(self.jobs)), model=body["model"])
        return self.fine({"video_id": int(job.id), "credits": 45})

    @route("POST", "/openapi/v2/image/upload", kind="upload")
    def upload(self, ask: Ask) -> Answer:
        if (problem := self._trace(ask)) is not None:
            return problem
        head = f"content-type: {ask.headers['content-type']}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + ask.body)
        (part,) = message.iter_parts()
        name = part.get_param("name", header="content-disposition")
        if name != "image" or not part.get_filename():
            return self.code(400011, "Empty parameter")
        number = 1 + len(self.images)
        self.images[number] = part.get_payload(decode=True)
        return self.fine({"img_id": number, "img_url": "https://media.pixverse.ai/x.png"})

    @route("GET", "/openapi/v2/video/result/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        if (problem := self._trace(ask)) is not None:
            return problem
        job = self.look(ask.path_args["id"])
        return self.fine(self.clip(job)) if job else self.code(500008, "Requested data not found")

    def _trace(self, ask: Ask) -> Answer | None:
        trace = str(uuid.UUID(ask.headers["ai-trace-id"]))
        if self.unique and trace in self.traces:
            return self.code(400017, "this Ai-trace-id was used before")
        self.traces.append(trace)
        return None

    def fine(self, found: dict[str, Any]) -> Answer:
        return Answer(200, {"ErrCode": 0, "ErrMsg": "success", "Resp": found})

    def code(self, code: int, message: str) -> Answer:
        return Answer(200, {"ErrCode": code, "ErrMsg": message, "Resp": None})

    def error(self, status: int, message: str) -> Answer:
        if status >= 500:
            return Answer(status, {"ErrCode": 500100, "ErrMsg": message})
        return self.code(CODES.get(status, 99999), message)

    def clip(self, job: FakeJob) -> dict[str, Any]:
        found = {
            "id": int(job.id),
            "status": STATES[job.state],
            "prompt": job.request["prompt"],
            "seed": job.request.get("seed", 0),
            "url": "",
        }
        return {**found, "url": self.result_url(job)} if found["status"] == 1 else found


CASES = [
    Case(
        model="pixverse/v5",
        fake=PixVerseFake,
        params={"duration_s": 5, "resolution": "540p"},
        image_model="pixverse/v5",
        image_params={"duration_s": 5, "resolution": "540p"},
        uploads=True,
    )
]
