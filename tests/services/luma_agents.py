"""Luma Agents as luma-agents 0.5.0 and its pages have it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

STATES = {
    "queued": "queued", "running": "processing", "succeeded": "completed", "expired": "completed",
}  # fmt: skip
RATIOS = "3:1 2:1 21:9 16:9 4:3 3:2 1:1 3:4 2:3 9:16 1:2 1:3".split()  # noqa: SIM905
TOP = {"prompt", "aspect_ratio", "model", "type", "user_id", "video"}
VIDEO = {
    "duration", "resolution", "loop", "start_frame", "end_frame", "keyframes", "keyframe_indexes",
    "hdr", "exr_export",
}  # fmt: skip


class LumaAgentsFake(FakeService):
    keys: ClassVar = {"LUMA_AGENTS_API_KEY": "Authorization: Bearer {}"}

    def environ(self, service: str) -> dict[str, str]:
        found = super().environ(service)
        return {k: f"{v}/v1" if v == self.url else v for k, v in found.items()}

    @route("POST", "/v1/generations", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        body = ask.json
        if (wrong := _wrong(body)) is not None:
            return self.error(422, wrong)
        if "forbidden" in body["prompt"]:
            return self.error(400, "content_moderated: the prompt was blocked by moderation")
        job = self.charge(body, model=body["model"])
        return Answer(201, self.generation(job))

    @route("GET", "/v1/generations/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        return Answer(200, self.generation(job)) if job else self.error(404, "not found")

    def generation(self, job: FakeJob) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": job.id,
            "type": "video",
            "state": STATES.get(job.state, "failed"),
            "model": job.model,
            "created_at": datetime.fromtimestamp(job.at, UTC).isoformat(),
        }
        if found["state"] == "completed":
            found["output"] = [{"type": "video", "url": self.result_url(job)}]
        if found["state"] == "failed":
            found["failure_code"] = {"moderated": "content_moderated"}.get(
                job.state, job.reason or "generation_failed"
            )
            found["failure_reason"] = "in a person's words"
        return found


def _wrong(body: dict[str, Any]) -> str | None:
    video = body.get("video", {})
    if unknown := (set(body) - TOP) | (set(video) - VIDEO):
        return f"unknown fields: {sorted(unknown)}"
    if not body.get("prompt") or body.get("model") != "ray-3.2" or body.get("type") != "video":
        return "prompt, model=ray-3.2 and type=video are wanted"
    if body.get("aspect_ratio", "16:9") not in RATIOS:
        return "aspect_ratio"
    if video.get("duration", "5s") not in ("5s", "10s"):
        return "duration is 5s or 10s"
    if video.get("resolution", "720p") not in ("360p", "540p", "720p", "1080p"):
        return "resolution"
    long = video.get("duration") == "10s"
    if long and (video.get("loop") or "start_frame" in video or "end_frame" in video):
        return "10s takes no loop, start_frame or end_frame"
    frames, at = video.get("keyframes", []), video.get("keyframe_indexes", [])
    if len(frames) != len(at) or any(not 0 <= n <= (240 if long else 120) for n in at):
        return "keyframe_indexes match keyframes, on the grid of 24 a second"
    pictures = [*frames, *(video[name] for name in ("start_frame", "end_frame") if name in video)]
    for picture in pictures:
        if len({"url", "data", "generation_id", "file_id"} & set(picture)) != 1:
            return "exactly one of url, data, generation_id, file_id"
        if "data" in picture:
            content = base64.b64decode(picture["data"], validate=True)
            if picture.get("media_type") != "image/png" or not content.startswith(b"\x89PNG"):
                return "data goes with its media_type"
    return None


CASES = [
    Case(
        model="luma-agents/ray-3.2",
        fake=LumaAgentsFake,
        params={"duration_s": 5, "resolution": "540p"},
        image_model="luma-agents/ray-3.2",
        image_params={"duration_s": 5},
    )
]
