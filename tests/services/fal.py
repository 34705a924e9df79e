"""fal's queue as `fal-client` 1.0.3 and fal's pages have it; inputs by @fal-ai/client 1.10.1.

Seedance 2.0 is in none of these types; its inputs are those of fal's pages.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import jsonschema

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, route

SPEC = json.loads((Path(__file__).parents[1] / "data/services/fal.json").read_text())
FLUX = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "image_size": {
            "type": "string",
            "enum": [
                "square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3",
                "landscape_16_9",
            ],
        },
        "seed": {"type": "integer"},
        "num_inference_steps": {"type": "integer"},
        "output_format": {"type": "string", "enum": ["jpeg", "png"]},
    },
    "additionalProperties": False,
}  # fmt: skip
SEEDANCE_2: dict[str, Any] = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "resolution": {"type": "string", "enum": ["480p", "720p", "1080p", "4k"]},
        "duration": {"type": "string", "enum": ["auto", *map(str, range(4, 16))]},
        "aspect_ratio": {
            "type": "string",
            "enum": ["auto", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16"],
        },
        "generate_audio": {"type": "boolean"},
        "seed": {"type": "integer"},
    },
    "additionalProperties": False,
}
_TYPED = {name: told["input"] for name, told in SPEC["endpoints"].items()}
ENDPOINTS: dict[str, dict[str, Any]] = {
    **_TYPED,
    # the name was seen, its inputs were not: taken as its sibling's
    "fal-ai/kling-video/v3/standard/image-to-video": _TYPED[
        "fal-ai/kling-video/v3/pro/image-to-video"
    ],
    "fal-ai/flux/schnell": FLUX,
    "bytedance/seedance-2.0/text-to-video": SEEDANCE_2,
    "bytedance/seedance-2.0/image-to-video": {
        **SEEDANCE_2,
        "properties": {
            **SEEDANCE_2["properties"],
            "image_url": {"type": "string", "format": "uri"},
            "end_image_url": {"type": "string", "format": "uri"},
        },
    },
}
PRICES = {"fal-ai/veo3": (0.4, "second"), "fal-ai/flux/schnell": (0.003, "megapixel")}
PAGE = 100


class FalFake(FakeService):
    keys: ClassVar = {"FAL_KEY": "Authorization: Key {}"}
    page = PAGE
    lists_running = False
    """Whether the platform's list shows jobs before they have ended: not documented."""
    keeps_payloads = True
    rewrites = False

    def __init__(self, **what: Any) -> None:
        super().__init__(**what)
        self.uploaded: dict[str, bytes] = {}

    # -- the queue -------------------------------------------------------------------------------

    @route("POST", "/{endpoint...}", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        endpoint = ask.path_args["endpoint"]
        if endpoint not in ENDPOINTS:
            return self.error(404, f"Application '{endpoint}' not found")
        rules = jsonschema.Draft202012Validator(ENDPOINTS[endpoint])
        wrong = [
            {"loc": ["body", *map(str, e.path)], "msg": e.message, "type": e.validator}
            for e in rules.iter_errors(ask.json)
        ]
        if wrong:
            return Answer(422, {"detail": wrong})
        job = self.charge(ask.json, model=endpoint)
        app = "/".join(endpoint.split("/")[:2])
        here = f"{self.url}/{app}/requests/{job.id}"
        return Answer(
            200,
            {
                "status": "IN_QUEUE",
                "request_id": job.id,
                "response_url": here,
                "status_url": f"{here}/status",
                "cancel_url": f"{here}/cancel",
                "queue_position": 0,
            },
        )

    @route("GET", "/{owner}/{app}/requests/{id}/status", kind="poll")
    def status(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        if job is None:
            return self.error(404, "Request not found")
        if job.state == "running":
            return Answer(202, {"status": "IN_PROGRESS", "request_id": job.id, "logs": []})
        found = {"status": "COMPLETED", "request_id": job.id, "logs": [], "metrics": {}}
        if job.state == "failed" and job.reason == "":
            found |= {"error": "the runner went away", "error_type": "runner_disconnected"}
        return Answer(200, found)

    @route("GET", "/{owner}/{app}/requests/{id}", kind="result")
    def response(self, ask: Ask) -> Answer:
        job = self.jobs.get(ask.path_args["id"])
        if job is None:
            return self.error(404, "Request not found")
        words = job.reason or job.state
        if job.state == "moderated":
            flagged = {"msg": "The content was flagged", "type": "content_policy_violation"}
            return Answer(422, {"detail": [{"loc": ["body", "prompt"], **flagged}]})
        if job.state == "cancelled":
            return self.error(400, "Request was cancelled")
        if job.state == "failed":
            headers = {"x-fal-error-type": "internal_error"}
            return Answer(500, {"detail": words}, headers)
        if job.state not in ("succeeded", "expired"):
            return self.error(400, "Request is still in progress")
        return Answer(200, self.output(job))

    def output(self, job: FakeJob) -> dict[str, Any]:
        file = {"url": self.result_url(job), "content_type": "video/mp4", "file_name": "o.mp4"}
        if "flux" in job.model:
            return {"images": [file], "seed": 7, "prompt": job.request["prompt"]}
        used = {"actual_prompt": f"{job.request['prompt']}, golden hour"} if self.rewrites else {}
        return {"video": file, **used}

    @route("PUT", "/{owner}/{app}/requests/{id}/cancel", kind="cancel")
    def cancel(self, ask: Ask) -> Answer:
        job = self.jobs.get(ask.path_args["id"])
        if job is None:
            return Answer(404, {"status": "NOT_FOUND"})
        if job.state not in ("queued", "running"):
            return Answer(400, {"status": "ALREADY_COMPLETED"})
        self.cancelled(job.id)
        return Answer(202, {"status": "CANCELLATION_REQUESTED"})

    # -- the platform ----------------------------------------------------------------------------

    @route("GET", "/v1/models/requests/by-endpoint", kind="list")
    def by_endpoint(self, ask: Ask) -> Answer:
        wanted = ask.query["endpoint_id"].split(",")
        since = datetime.fromisoformat(ask.query["start"]).timestamp()
        first = int(ask.query.get("cursor", 0))
        num = min(int(ask.query.get("limit", 50)), self.page)
        rows = [
            job
            for job in self.listed(since)
            if job.model in wanted
            and (self.lists_running or job.state not in ("queued", "running"))
        ]
        more = first + num < len(rows)
        items = []
        for job in rows[first : first + num]:
            at = datetime.fromtimestamp(job.at, UTC).isoformat()
            item = {
                "request_id": job.id,
                "endpoint_id": job.model,
                "sent_at": at,
                "started_at": at,
                "ended_at": at,
                "status_code": 200 if job.state == "succeeded" else 500,
                "duration": 7.8,
            }
            if "payloads" in ask.query.get("expand", "") and self.keeps_payloads:
                item |= {"json_input": job.request, "json_output": {"status": "ok"}}
            items.append(item)
        found: dict[str, Any] = {"items": items, "has_more": more}
        return Answer(200, {**found, "next_cursor": str(first + num) if more else None})

    @route("GET", "/v1/models/pricing")
    def pricing(self, ask: Ask) -> Answer:
        if not self.accepts_key(ask):
            return self.error(401, "no key")
        rows = [
            {"endpoint_id": name, "unit_price": price, "unit": unit, "currency": "USD"}
            for name, (price, unit) in PRICES.items()
            if name in ask.query["endpoint_id"].split(",")
        ]
        return Answer(200, {"prices": rows, "has_more": False, "next_cursor": None})

    # -- storage ---------------------------------------------------------------------------------

    @route("POST", "/storage/upload/initiate", kind="upload")
    def initiate(self, ask: Ask) -> Answer:
        assert ask.query == {"storage_type": "gcs"}
        name = f"{len(self.uploaded)}-{ask.json['file_name']}"
        self.uploaded[name] = b""
        file_url = f"https://v3.fal.media/files/fake/{name}"
        return Answer(200, {"upload_url": f"{self.url}/bucket/{name}", "file_url": file_url})

    @route("PUT", "/bucket/{name}")
    def bucket(self, ask: Ask) -> Answer:
        if "authorization" in ask.headers:
            return Answer(400, "<Error>a signed address takes no key</Error>")
        assert ask.headers["content-type"] == "image/png"
        self.uploaded[ask.path_args["name"]] = ask.body
        return Answer(200)

    # -- schemas ---------------------------------------------------------------------------------

    @route("GET", "/api/openapi/queue/openapi.json")
    def openapi(self, ask: Ask) -> Answer:
        assert "authorization" not in ask.headers
        name = ask.query["endpoint_id"]
        if name not in ENDPOINTS:
            return self.error(404, "not found")
        untyped = ["images", "seed", "prompt"] if "flux" in name else ["video", "seed"]
        outputs = SPEC["endpoints"].get(name, {"output": untyped})["output"]
        path = f"/{name}"
        in_json = {"application/json": {"schema": {"$ref": "#/components/schemas/TheInput"}}}
        out_json = {"application/json": {"schema": {"$ref": "#/components/schemas/TheOutput"}}}
        status = {"application/json": {"schema": {"$ref": "#/components/schemas/QueueStatus"}}}
        document = {
            "openapi": "3.0.4",
            "info": {"title": f"Queue OpenAPI for {name}", "version": "1.0.0"},
            "components": {
                "schemas": {
                    "TheInput": ENDPOINTS[name],
                    "TheOutput": {"properties": {key: {} for key in outputs}},
                    "QueueStatus": {"properties": {"status": {"type": "string"}}},
                }
            },
            "paths": {
                f"{path}/requests/{{request_id}}/status": {
                    "get": {"responses": {"200": {"content": status}}}
                },
                f"{path}/requests/{{request_id}}/cancel": {"put": {"responses": {}}},
                path: {"post": {"requestBody": {"content": in_json}, "responses": {}}},
                f"{path}/requests/{{request_id}}": {
                    "get": {"responses": {"200": {"content": out_json}}}
                },
            },
        }
        return Answer(200, document)


class FalThatShowsAll(FalFake):
    """As if the platform's list showed jobs at once, for what must hold of any list."""

    lists_running = True


CASES = [
    Case(
        model="fal/luma-dream-machine/ray-2",
        fake=FalThatShowsAll,
        params={"duration_s": 5, "resolution": "540p"},
        lists=True,
        cancels=True,
        image_model="fal/luma-dream-machine/ray-2",
        uploads=True,
    )
]
