"""Luma Dream Machine as its OpenAPI file of 2025-06-24 has it (`tests/data/services/luma.json`)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import jsonschema

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

SPEC = json.loads((Path(__file__).parents[1] / "data/services/luma.json").read_text())
STATES = {
    "queued": "queued", "running": "dreaming", "succeeded": "completed", "expired": "completed",
}  # fmt: skip


def check(value: Any, schema: str) -> None:
    """`jsonschema.ValidationError` where the document does not allow it."""
    rules = {"$ref": f"#/components/schemas/{schema}", "components": SPEC["components"]}
    jsonschema.validate(value, rules, format_checker=jsonschema.FormatChecker())


class LumaFake(FakeService):
    keys: ClassVar = {"LUMAAI_API_KEY": "Authorization: Bearer {}"}
    path = "/dream-machine/v1"
    models = ("ray-2", "ray-flash-2")
    """`ray-1-6` is in the document, and was taken out of the official client."""
    page = 100
    newest_first = True

    def environ(self, service: str) -> dict[str, str]:
        found = super().environ(service)
        return {k: v + self.path if v == self.url else v for k, v in found.items()}

    @route("POST", "/dream-machine/v1/generations/video", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        body = ask.json
        unknown = set(body) - set(SPEC["components"]["schemas"]["GenerationRequest"]["properties"])
        try:
            check(body, "GenerationRequest")
        except jsonschema.ValidationError as problem:
            return self.error(422, problem.message)
        if unknown:  # the document does not say; a typing error would be lost otherwise
            return self.error(422, f"unknown fields: {sorted(unknown)}")
        if body["model"] not in self.models:
            loc = {"loc": ["body", "model"], "msg": "Input should be 'ray-2' or 'ray-flash-2'"}
            return Answer(422, {"detail": [{**loc, "type": "enum"}]})
        if "forbidden" in body.get("prompt", ""):
            text = "400: prompt not allowed because advanced moderation failed"
            return self.error(400, text)
        job = self.charge(body, id=_uuid(len(self.jobs)), model=body["model"])
        return Answer(201, self.generation(job))

    @route("GET", "/dream-machine/v1/generations/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        return Answer(200, self.generation(job)) if job else self.error(404, "not found")

    @route("GET", "/dream-machine/v1/generations", kind="list")
    def list(self, ask: Ask) -> Answer:
        rows = self.listed() if self.newest_first else self.listed()[::-1]
        first, num = int(ask.query.get("offset", 0)), int(ask.query.get("limit", self.page))
        num = min(num, self.page)
        shown = rows[first : first + num]
        found = {
            "has_more": first + num < len(rows),
            "count": len(shown),
            "limit": num,
            "offset": first,
            "generations": [self.generation(job) for job in shown],
        }
        return Answer(200, found)

    @route("GET", "/dream-machine/v1/credits")
    def credits(self, ask: Ask) -> Answer:
        if not self.accepts_key(ask):
            return self.error(401, "Invalid API key is provided")
        return Answer(200, {"credit_balance": 1234.0})

    def generation(self, job: FakeJob) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": job.id,
            "generation_type": "video",
            "state": STATES.get(job.state, "failed"),
            "created_at": datetime.fromtimestamp(job.at, UTC).isoformat().replace("+00:00", "Z"),
            "model": job.model,
            "request": {"generation_type": "video", "loop": False, **job.request},
        }
        if found["state"] == "failed":
            words = {
                "moderated": "400: prompt not allowed because advanced moderation failed",
                "failed": "job failed",
            }
            found["failure_reason"] = job.reason or words.get(job.state, job.state)
        if found["state"] == "completed":
            found["assets"] = {"video": self.result_url(job)}
        return found


def _uuid(n: int) -> str:
    return f"8a1c0d2e-0000-4000-8000-{n:012x}"


CASES = [
    Case(
        model="luma/ray-2",
        fake=LumaFake,
        params={"duration_s": 5, "resolution": "720p"},
        lists=True,
    )
]
