"""`/v1/videos` as vLLM-Omni 0.32.0rc1, SGLang 0.5.23 and LiteLLM 1.109.1 have it in their source.

What a field may be is as strict as there; unknown fields are refused, which the real ones pass by.
"""

from __future__ import annotations

import base64
import email.parser
import email.policy
import json
import re
from typing import Any, ClassVar

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, clip_bytes, route

INT, FLOAT, TEXT, BOOL = r"-?\d+", r"-?\d+(\.\d+)?", r"(?s).*", "true|false"

VLLM = {
    "prompt": TEXT, "model": TEXT, "seconds": r"[1-9]\d*", "size": r"\d+x\d+", "user": TEXT,
    "width": INT, "height": INT, "num_frames": INT, "fps": FLOAT, "aspect_ratio": TEXT,
    "short_edge": INT, "num_inference_steps": INT, "guidance_scale": FLOAT, "seed": INT,
    "generate_sound": BOOL, "negative_prompt": TEXT, "lora": TEXT, "extra_params": TEXT,
    "flow_shift": FLOAT, "guidance_scale_2": FLOAT, "boundary_ratio": FLOAT,
}  # fmt: skip

SGLANG: dict[str, type | tuple[type, ...]] = {
    "prompt": str, "enhance_prompt": bool, "model": str, "seconds": int, "size": str, "fps": int,
    "num_frames": int, "seed": int, "width": int, "height": int, "num_inference_steps": int,
    "guidance_scale": (int, float), "negative_prompt": str, "flow_shift": (int, float),
    "reference_url": str, "generator_device": str, "diffusers_kwargs": dict,
}  # fmt: skip

STATES = {"queued": "queued", "running": "in_progress", "succeeded": "completed"}


def form_of(ask: Ask) -> tuple[dict[str, str], dict[str, tuple[str, str, bytes]]]:
    """The fields and the files (name, type, content) of a multipart form."""
    head = f"content-type: {ask.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + ask.body)
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, str, bytes]] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True) or b""
        if (filename := part.get_filename()) is None:
            fields[name] = content.decode()
        else:
            files[name] = (filename, part.get_content_type(), content)
    return fields, files


class VideosFake(FakeService):
    """What the three have in common."""

    flavour: ClassVar[str]
    served = "Wan-AI/Wan2.2-T2V-A14B-Diffusers"
    page = 100

    def environ(self, service: str) -> dict[str, str]:
        found = super().environ(service)
        name = re.sub(r"[^A-Z0-9]", "_", service.upper())
        return {**found, f"PROMPTGRID_{name}_FLAVOUR": self.flavour}

    @route("GET", "/v1/videos/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(self.own_id(ask.path_args["id"]))
        return Answer(200, self.row(job)) if job else self.error(404, "Video not found")

    @route("GET", "/v1/videos", kind="list")
    def list(self, ask: Ask) -> Answer:
        rows = self.listed()
        if ask.query.get("order", "desc") == "asc":
            rows = rows[::-1]
        after = ask.query.get("after")
        if after is not None:
            at = next((n for n, job in enumerate(rows) if job.id == after), len(rows))
            rows = rows[at + 1 :]
        num = min(int(ask.query.get("limit", self.page)), self.page)
        shown = [self.row(job) for job in rows[:num]]
        ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else {}
        return Answer(
            200,
            {
                "object": "list",
                "data": shown,
                "has_more": len(rows) > num,
                "first_id": None,
                "last_id": None,
                **ends,
            },
        )

    @route("GET", "/v1/videos/{id}/content", kind="download")
    def content(self, ask: Ask) -> Answer:
        job = self.jobs.get(self.own_id(ask.path_args["id"]))
        if self.files_need and self.files_need not in ask.headers:
            return self.error(401, "Unauthorized")
        if job is None or job.state != "succeeded":
            return self.error(404, "Generation is still in-progress")
        return Answer(200, clip_bytes(job.id), {"content-type": "video/mp4"})

    def own_id(self, job_id: str) -> str:
        return job_id

    def row(self, job: FakeJob) -> dict[str, Any]:
        state = STATES.get(job.state, "completed" if job.state == "expired" else "failed")
        found: dict[str, Any] = {
            "id": job.id, "object": "video", "status": state, "created_at": int(job.at),
            "progress": 100 if state == "completed" else 0, "model": job.model, "error": None,
            "size": job.request.get("size"), "seconds": str(job.request.get("seconds", "4")),
        }  # fmt: skip
        if state == "failed":
            words = "the safety checker refused it" if job.state == "moderated" else "out of memory"
            found["error"] = {"code": 500, "message": job.reason or words}
        return found


class VllmFake(VideosFake):
    """A form and nothing else; prompts in the list; a failed job has an error status."""

    flavour = "vllm"

    @route("POST", "/v1/videos", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        if not ask.headers.get("content-type", "").startswith("multipart/form-data"):
            return self.error(422, "Field required: prompt")
        fields, files = form_of(ask)
        if set(files) - {"input_reference"}:
            return self.error(422, f"unknown files: {sorted(files)}")
        for name, value in fields.items():
            if name not in VLLM or not re.fullmatch(VLLM[name], value):
                return self.error(422, f"{name}: {value!r}")
        if "prompt" not in fields:
            return self.error(422, "Field required: prompt")
        if fields.get("model", self.served) not in (self.served, self.served.replace("T2V", "I2V")):
            why = f"Model mismatch: request specifies '{fields['model']}' but server is running"
            return self.error(400, f"{why} '{self.served}'.")
        job = self.charge({**fields, "files": files}, model=fields.get("model", self.served))
        return Answer(200, self.row(job))

    @route("GET", "/v1/videos/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        answer = super().poll(ask)
        failed = answer.status == 200 and answer.body["status"] == "failed"
        return Answer(500, answer.body) if failed else answer

    @route("DELETE", "/v1/videos/{id}", kind="cancel")
    def delete(self, ask: Ask) -> Answer:
        job = self.cancelled(ask.path_args["id"])
        if job is None:
            return self.error(404, "Video not found")
        return Answer(200, {"id": job.id, "deleted": True, "object": "video.deleted"})

    def row(self, job: FakeJob) -> dict[str, Any]:
        asked = job.request
        fps = float(asked.get("fps", 24))
        frames = int(asked.get("num_frames") or float(asked.get("seconds", 4)) * fps)
        return {
            **super().row(job), "prompt": asked["prompt"], "fps": fps, "num_frames": frames - 1,
            "quality": "default", "expires_at": None, "media_type": "video/mp4",
        }  # fmt: skip


class SglangFake(VideosFake):
    """JSON, or a form; no prompt in the list; nothing is stopped; the file may be in a bucket."""

    flavour = "sglang"
    bucket = False

    @route("POST", "/v1/videos", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        files: dict[str, Any] = {}
        if ask.headers.get("content-type", "").startswith("multipart/form-data"):
            fields, files = form_of(ask)
            body = {name: _typed(value, SGLANG.get(name, str)) for name, value in fields.items()}
        else:
            body = ask.json
        for name, value in body.items():
            if name not in SGLANG or not isinstance(value, SGLANG[name]):
                return self.error(400, f"Invalid request body: {name}: {value!r}")
        if not body.get("prompt"):
            return self.error(400, "prompt is required")
        job = self.charge({**body, "files": files}, model=body.get("model", self.served))
        return Answer(200, self.row(job))

    @route("DELETE", "/v1/videos/{id}", kind="other")
    def delete(self, ask: Ask) -> Answer:
        raise AssertionError("it would be forgotten, and go on")

    def row(self, job: FakeJob) -> dict[str, Any]:
        found = {**super().row(job), "file_path": f"/out/{job.id}.mp4", "url": None}
        if job.request.get("enhance_prompt"):
            found["revised_prompt"] = f"{job.request['prompt']}, in great detail"
        if self.bucket and found["status"] == "completed":
            found |= {"url": self.result_url(job), "file_path": None}
        return found


class LitellmFake(VideosFake):
    """A proxy: routes by `model`, ids that hold the way, what is new in `extra_body`."""

    flavour = "litellm"
    routes = ("home-wan", "sora-2")

    @route("POST", "/v1/videos", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        files: dict[str, Any] = {}
        if ask.headers.get("content-type", "").startswith("multipart/form-data"):
            body, files = form_of(ask)
            unknown = {"extra_body"} & set(body)  # the real one passes it by in a form
        else:
            body = ask.json
            unknown = set(body) - {"model", "prompt", "size", "seconds", "extra_body", "user"}
        if unknown or not isinstance(body.get("seconds", ""), str):
            return self.error(400, f"unknown or of another type: {unknown or 'seconds'}")
        if body.get("model") not in self.routes:
            return self.error(400, f"Invalid model name passed in model={body.get('model')}")
        job = self.charge({**body, "files": files}, model=body["model"])
        return Answer(200, self.row(job))

    def own_id(self, job_id: str) -> str:
        told = base64.b64decode(job_id.removeprefix("video_")).decode()
        return told.rpartition("video_id:")[2]

    def row(self, job: FakeJob) -> dict[str, Any]:
        way = f"litellm:custom_llm_provider:openai;model_id:{job.model};video_id:{job.id}"
        found = super().row(job)
        return {**found, "id": "video_" + base64.b64encode(way.encode()).decode()}


def _typed(value: str, kind: Any) -> Any:
    return value if kind is str else json.loads(value)


WAN = {"duration_s": 5, "resolution": "480p", "aspect_ratio": "16:9", "seed": 7}

CASES = [
    Case(
        model="videos/wan-2.2-t2v",
        fake=VllmFake,
        params=WAN,
        lists=True,
        cancels=True,
        image_model="videos/wan-2.2-i2v",
        image_params=WAN,
    ),
    Case(
        model="videos/wan-2.2-t2v",
        fake=SglangFake,
        params=WAN,
        image_model="videos/wan-2.2-i2v",
        image_params=WAN,
    ),
]
