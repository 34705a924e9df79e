"""Kling as its pages have it: `/v1/videos/text2video` and `image2video`, and its error codes."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

STATES = {
    "queued": "submitted", "running": "processing", "succeeded": "succeed", "expired": "succeed",
}  # fmt: skip
FIELDS = {
    "model_name", "prompt", "negative_prompt", "sound", "cfg_scale", "mode", "camera_control",
    "aspect_ratio", "duration", "multi_shot", "shot_type", "multi_prompt", "watermark_info",
    "callback_url", "external_task_id",
}  # fmt: skip
MODELS = {
    "kling-v1": ("5", "10"),
    "kling-v2-6": ("5", "10"),
    "kling-v3": tuple(map(str, range(3, 16))),
}
STATUS = {401: (401, 1002), 402: (429, 1102), 404: (404, 1203), 422: (400, 1201), 429: (429, 1303)}
"""The base's refusals, as Kling words them: what is 402 elsewhere comes with 429."""


class KlingFake(FakeService):
    keys: ClassVar = {"KLING_API_KEY": "Authorization: Bearer {}"}
    newest_first = True
    unique = False
    """Whether a token that is taken is refused: what Kling does then is not written."""

    @route("POST", "/v1/videos/{kind}", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        body, kind = ask.json, ask.path_args["kind"]
        if (wrong := _wrong(body, kind)) is not None:
            return self.error(422, wrong)
        if body["model_name"] not in MODELS:
            return self.code(404, 1203, "model not exist")
        if "forbidden" in body["prompt"]:
            return self.code(400, 1301, "Failure to pass the risk control system")
        token = body.get("external_task_id")
        if self.unique and token and any(job.token == token for job in self.jobs.values()):
            return self.error(422, "external_task_id is taken")
        job = self.charge(body, model=body["model_name"], token=token, kind=kind)
        return self.fine(self.task(job, brief=True))

    @route("GET", "/v1/videos/{kind}/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        wanted = ask.path_args["id"]
        named = [job.id for job in self.jobs.values() if wanted in (job.id, job.token)]
        job = self.look(named[0]) if named else None
        if job is None or job.extra["kind"] != ask.path_args["kind"]:
            return self.code(404, 1203, "task not found")
        return self.fine(self.task(job))

    @route("GET", "/v1/videos/{kind}", kind="list")
    def list(self, ask: Ask) -> Answer:
        rows = [job for job in self.listed() if job.extra["kind"] == ask.path_args["kind"]]
        rows = rows if self.newest_first else rows[::-1]
        num, page = int(ask.query.get("pageSize", 30)), int(ask.query.get("pageNum", 1))
        if not (1 <= num <= 500 and 1 <= page <= 1000):
            return self.error(422, "page")
        return self.fine([self.task(job) for job in rows[num * (page - 1) : num * page]])

    def fine(self, data: Any) -> Answer:
        return Answer(200, {"code": 0, "message": "SUCCEED", "request_id": "q", "data": data})

    def code(self, status: int, code: int, message: str) -> Answer:
        return Answer(status, {"code": code, "message": message, "request_id": "q"})

    def error(self, status: int, message: str) -> Answer:
        return self.code(*STATUS.get(status, (status, 5000)), message)

    def task(self, job: FakeJob, *, brief: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {
            "task_id": job.id,
            "task_status": STATES.get(job.state, "failed"),
            "task_info": {"external_task_id": job.token} if job.token else {},
            "created_at": int(job.at * 1000),
            "updated_at": int(job.at * 1000),
        }
        if brief:
            return found
        if found["task_status"] == "succeed":
            video = {"id": "v", "url": self.result_url(job), "duration": "5"}
            found["task_result"] = {"videos": [video]}
        if found["task_status"] == "failed":
            words = {"moderated": "Failure to pass the risk control system", "failed": "busy"}
            found["task_status_msg"] = job.reason or words.get(job.state, "")
        return found


def _wrong(body: dict[str, Any], kind: str) -> str | None:
    allowed = FIELDS | ({"image", "image_tail"} if kind == "image2video" else set())
    if kind not in ("text2video", "image2video") or set(body) - allowed:
        return f"fields of {kind}: {sorted(set(body) - allowed)}"
    if not 0 < len(body.get("prompt", "")) <= 2500:
        return "prompt"
    model = body.get("model_name", "kling-v1")
    if body.get("duration", "5") not in MODELS.get(model, ("5",)):
        return f"duration {body['duration']!r}"
    switches = (body.get("mode", "std"), body.get("sound", "off"))
    if switches[0] not in ("std", "pro") or switches[1] not in ("on", "off"):
        return "mode or sound"
    if body.get("sound") == "on" and body.get("mode", "std") != "pro":
        return "sound needs pro"
    if body.get("aspect_ratio", "16:9") not in ("16:9", "9:16", "1:1"):
        return "aspect_ratio"
    if kind == "image2video":
        if not {"image", "image_tail"} & set(body):
            return "an image"
        for name in {"image", "image_tail"} & set(body):
            if not body[name].startswith("https://"):
                base64.b64decode(body[name], validate=True)  # no data: before it
        if "image_tail" in body and (body.get("mode") != "pro" or body.get("sound") == "on"):
            return "image_tail needs pro and silence"
    if "camera_control" in body:
        config = body["camera_control"]["config"]
        if model != "kling-v1" or sum(value != 0 for value in config.values()) != 1:
            return "camera_control"
        if any(not -10 <= value <= 10 for value in config.values()):
            return "camera_control"
    return None


CASES = [
    Case(
        model="kling/kling-v2-6",
        fake=KlingFake,
        params={"duration_s": 5, "resolution": "1080p"},
        lists=True,
        tokens=True,
        image_model="kling/kling-v2-6",
        image_params={"duration_s": 5, "resolution": "1080p"},
    )
]
