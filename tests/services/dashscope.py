"""Model Studio (DashScope) as its pages of 2026 and the source of dashscope 2.0.2 have it."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

STATES = {
    "queued": "PENDING", "running": "RUNNING", "succeeded": "SUCCEEDED", "expired": "SUCCEEDED",
    "failed": "FAILED", "moderated": "FAILED", "cancelled": "CANCELED",
}  # fmt: skip
INPUT = {"prompt", "negative_prompt", "audio_url", "media"}
PARAMETERS = {
    "resolution", "ratio", "duration", "prompt_extend", "watermark", "seed", "shot_type",
}  # fmt: skip
DAY_S = 24 * 3600


class DashScopeFake(FakeService):
    keys: ClassVar = {"DASHSCOPE_API_KEY": "Authorization: Bearer {}"}
    models = ("wan2.7-t2v", "wan2.7-i2v")
    page = 100
    rewrites = "a fox of the deepest winter, rewritten"

    def error(self, status: int, message: str, code: str = "") -> Answer:
        """Its codes count more than its status; arrears come with 400."""
        usual = {
            401: "InvalidApiKey", 402: "Arrearage", 404: "NotFound", 422: "InvalidParameter",
            429: "Throttling.RateQuota",
        }  # fmt: skip
        body = {"code": code or usual.get(status, "InvalidParameter"), "message": message}
        status = {402: 400, 422: 400}.get(status, status)
        return Answer(status, {**body, "request_id": "q"})

    @route("POST", "/api/v1/services/aigc/video-generation/video-synthesis", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        body = ask.json
        wrong = self.invalid(body, ask)
        if wrong:
            return self.error(400, wrong)
        if body["model"] not in self.models:
            return self.error(404, "Model not exist.", "ModelNotFound")
        if "forbidden" in body["input"]["prompt"]:
            text = "Input data may contain inappropriate content."
            return self.error(400, text, "DataInspectionFailed")
        job = self.charge(body, model=body["model"])
        output = {"task_status": "PENDING", "task_id": job.id}
        return Answer(200, {"output": output, "request_id": "q"})

    def invalid(self, body: dict[str, Any], ask: Ask) -> str:
        asked, given = body.get("parameters", {}), body.get("input", {})
        media = given.get("media", [])
        oss = any(str(item["url"]).startswith("oss://") for item in media)
        checks = {
            "current user api does not support synchronous calls": (
                ask.headers.get("x-dashscope-async") == "enable"
            ),
            "unknown fields": set(body) <= {"model", "input", "parameters"}
            and set(given) <= INPUT
            and set(asked) <= PARAMETERS,
            "prompt is missing": bool(given.get("prompt")),
            "resolution must be 720P or 1080P": asked.get("resolution", "720P")
            in ("720P", "1080P"),
            "ratio": asked.get("ratio", "16:9") in ("16:9", "9:16", "1:1", "4:3", "3:4"),
            "duration must be a whole number from 2 to 15": asked.get("duration", 5) in range(2, 16)
            and isinstance(asked.get("duration", 5), int),
            "seed": asked.get("seed", 0) in range(2**31),
            "media": all(
                item["type"] in ("first_frame", "last_frame") and "://" in item["url"]
                for item in media
            ),
            "must provide an image": body["model"] != "wan2.7-i2v" or bool(media),
            "oss:// is not resolved": not oss
            or ask.headers.get("x-dashscope-ossresourceresolve") == "enable",
        }
        return "; ".join(text for text, fine in checks.items() if not fine)

    @route("GET", "/api/v1/tasks/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        if job is None or self.now() - job.at > DAY_S:
            output = {"task_id": ask.path_args["id"], "task_status": "UNKNOWN"}
            return Answer(200, {"request_id": "q", "output": output})
        return Answer(200, {"request_id": "q", "output": self.output(job)})

    def output(self, job: FakeJob) -> dict[str, Any]:
        found = {"task_id": job.id, "task_status": STATES[job.state]}
        given, asked = job.request["input"], job.request.get("parameters", {})
        if found["task_status"] == "SUCCEEDED":
            found |= {"video_url": self.result_url(job), "orig_prompt": given["prompt"]}
            if asked.get("prompt_extend", True):
                found["actual_prompt"] = self.rewrites
        if job.state == "moderated":
            text = "Output data may contain inappropriate content."
            found |= {"code": "DataInspectionFailed", "message": text}
        if job.state == "failed":
            found |= {"code": "InternalError.Algo", "message": job.reason or "inference error"}
        return found

    @route("GET", "/api/v1/tasks", kind="list")
    def list(self, ask: Ask) -> Answer:
        rows = [self.row(job) for job in self.listed(self.now() - DAY_S)]
        size = min(int(ask.query.get("page_size", 10)), self.page)
        first = (int(ask.query.get("page_no", 1)) - 1) * size
        counts = {"total": len(rows), "total_page": -(-len(rows) // size), "page_size": size}
        return Answer(200, {"request_id": "q", "data": rows[first : first + size], **counts})

    def row(self, job: FakeJob) -> dict[str, Any]:
        return {
            "api_key_id": "15",
            "gmt_create": int(job.at * 1000),
            "model_name": job.model,
            "region": "cn-beijing",
            "request_id": "q",
            "status": STATES[job.state],
            "task_id": job.id,
            "user_api_unique_key": f"apikey:v1:aigc:video-generation:video-synthesis:{job.model}",
        }

    @route("POST", "/api/v1/tasks/{id}/cancel", kind="cancel")
    def cancel(self, ask: Ask) -> Answer:
        job = self.jobs.get(ask.path_args["id"])
        if job is None or job.state != "queued":
            text = "Failed to cancel the task, please confirm if the task is in PENDING status."
            return self.error(400, text, "UnsupportedOperation")
        self.cancelled(job.id)
        return Answer(200, {"request_id": "q"})

    @route("GET", "/api/v1/uploads", kind="upload")
    def ticket(self, ask: Ask) -> Answer:
        assert ask.query["action"] == "getPolicy"
        assert ask.query["model"] in self.models
        data = {
            "policy": "p",
            "signature": "s",
            "upload_dir": "dashscope-instant/x",
            "upload_host": f"{self.bucket_url}/bucket",
            "oss_access_key_id": "a",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        return Answer(200, {"request_id": "q", "data": data})

    @property
    def bucket_url(self) -> str:
        return self.url

    @route("POST", "/bucket")
    def bucket(self, ask: Ask) -> Answer:
        if "authorization" in ask.headers:
            return Answer(400, "<Error><Code>InvalidArgument</Code></Error>")
        names = set(re.findall(rb'name="([^"]+)"', ask.body))
        assert {b"OSSAccessKeyId", b"Signature", b"policy", b"key", b"file"} <= names
        return Answer(200, b"")


CASES = [
    Case(
        model="dashscope/wan2.7-t2v",
        fake=DashScopeFake,
        params={"duration_s": 5, "resolution": "720p"},
        lists=True,
        shows_request=False,
        cancels=True,
        image_model="dashscope/wan2.7-i2v",
        image_params={"duration_s": 5, "resolution": "720p"},
        uploads=True,
    )
]
