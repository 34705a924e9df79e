"""ComfyUI's server as its source has it: a queue, a history, node errors, files under /view.

`takes_ids` is what newer servers do with a `prompt_id` of ours; older ones make their own.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from tests.services._server import Answer, Ask, Case, FakeJob, FakeService, clip_bytes, route
from tests.services.videos import form_of

NODES: dict[str, dict[str, Any]] = {
    "KSampler": {"seed": (0, 2**64 - 1), "steps": (1, 10_000), "cfg": (0.0, 100.0)},
    "EmptyHunyuanLatentVideo": {"width": (16, 16384), "height": (16, 16384), "length": (1, 16384)},
    "Wan22ImageToVideoLatent": {"width": (32, 16384), "height": (32, 16384), "length": (1, 16384)},
    "CreateVideo": {"fps": (1.0, 120.0)},
    "CLIPTextEncode": {"text": str},
    "LoadImage": {"image": str},
    "SaveVideo": {}, "VAEDecode": {}, "UNETLoader": {}, "CLIPLoader": {}, "VAELoader": {},
    "ModelSamplingSD3": {},
}  # fmt: skip


class ComfyFake(FakeService):
    takes_ids = True
    place = "images"
    """Where the saver tells its files: SaveVideo says `images`, VideoHelperSuite `gifs`."""
    file_name = "promptgrid_{}_.mp4"

    @route("POST", "/upload/image", kind="upload")
    def upload(self, ask: Ask) -> Answer:
        fields, files = form_of(ask)
        name, kind, content = files["image"]
        if not kind.startswith("image/") or not content:
            return Answer(400)
        where = fields.get("subfolder", "")
        self.pictures = {**getattr(self, "pictures", {}), f"{where}/{name}": content}
        return Answer(200, {"name": name, "subfolder": where, "type": fields.get("type", "input")})

    @route("POST", "/prompt", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        body = ask.json
        graph = body.get("prompt")
        if graph is None:
            error = {"type": "no_prompt", "message": "No prompt provided", "details": ""}
            return Answer(400, {"error": error, "node_errors": {}})
        wrong = {node: found for node, about in graph.items() if (found := self.check(about))}
        if wrong:
            error = {
                "type": "prompt_outputs_failed_validation",
                "message": "Prompt outputs failed validation",
                "details": "",
                "extra_info": {},
            }
            return Answer(400, {"error": error, "node_errors": wrong})
        asked = body.get("prompt_id")
        if asked is not None and str(uuid.UUID(asked)) != asked:
            error = {"type": "invalid_prompt_id", "message": "prompt_id must be a valid UUID"}
            return Answer(400, {"error": error, "node_errors": {}})
        extra = {**body.get("extra_data", {}), "client_id": body["client_id"]}
        job = self.charge(
            {"graph": graph, "extra": extra},
            id=asked if asked and self.takes_ids else str(uuid.uuid4()),
            token=extra.get("promptgrid", {}).get("token"),
        )
        job.extra["number"] = len(self.jobs)
        return Answer(200, {"prompt_id": job.id, "number": len(self.jobs), "node_errors": {}})

    def check(self, about: dict[str, Any]) -> dict[str, Any] | None:
        """A node's errors, as the server tells them."""
        kind, errors = about["class_type"], []
        if kind not in NODES:
            errors = [{"type": "missing_node_type", "message": "no such node", "details": kind}]
        for name, rule in NODES.get(kind, {}).items():
            value = about["inputs"].get(name)
            info = {"input_name": name, "received_value": value}
            if value is None:
                errors.append(
                    {"type": "required_input_missing", "message": "Required input is missing",
                     "details": name, "extra_info": info}
                )  # fmt: skip
            elif rule is str:
                if not isinstance(value, str):
                    errors.append({"message": "not a text", "details": name, "extra_info": info})
            elif not rule[0] <= value <= rule[1]:
                bound = f"Value {value} bigger than max of {rule[1]}"
                if value < rule[0]:
                    bound = f"Value {value} smaller than min of {rule[0]}"
                errors.append({"message": bound, "details": name, "extra_info": info})
        return {"errors": errors, "dependent_outputs": [], "class_type": kind} if errors else None

    @route("GET", "/history/{id}", kind="poll")
    def one(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        done = job is not None and job.state not in ("queued", "running")
        return Answer(200, {job.id: self.entry(job)} if job is not None and done else {})

    @route("GET", "/history", kind="list")
    def history(self, ask: Ask) -> Answer:
        done = [job for job in self.listed()[::-1] if job.state not in ("queued", "running")]
        most = int(ask.query.get("max_items", len(done) or 1))
        return Answer(200, {job.id: self.entry(job) for job in done[-most:]})

    @route("GET", "/queue", kind="list")
    def queue(self, ask: Ask) -> Answer:
        open_ = [job for job in self.listed()[::-1] if job.state in ("queued", "running")]
        found: dict[str, list[Any]] = {"queue_running": [], "queue_pending": []}
        for job in open_:
            found["queue_running" if job.state == "running" else "queue_pending"].append(
                self.item(job)
            )
        found["queue_pending"].reverse()  # a heap has an order of its own
        return Answer(200, found)

    @route("POST", "/queue", kind="cancel")
    def post_queue(self, ask: Ask) -> Answer:
        for job_id in ask.json.get("delete", []):
            if job_id in self.jobs and self.jobs[job_id].state == "queued":
                self.cancelled(job_id)
                del self.jobs[job_id]  # it leaves no trace
        return Answer(200, b"")

    @route("POST", "/interrupt", kind="cancel")
    def interrupt(self, ask: Ask) -> Answer:
        for job in self.jobs.values():
            if job.state == "running" and job.id == ask.json.get("prompt_id", job.id):
                self.cancelled(job.id)
        return Answer(200, b"")

    @route("GET", "/view", kind="download")
    def view(self, ask: Ask) -> Answer:
        for job in self.jobs.values():
            if self.name_of(job) == ask.query["filename"] and job.state == "succeeded":
                assert (ask.query["subfolder"], ask.query["type"]) == ("video", "output")
                return Answer(200, clip_bytes(job.id), {"content-type": "video/mp4"})
        return Answer(404)

    def name_of(self, job: FakeJob) -> str:
        return self.file_name.format(f"{job.extra['number']:05}")

    def item(self, job: FakeJob) -> list[Any]:
        return [job.extra["number"], job.id, job.request["graph"], job.request["extra"], ["save"]]

    def entry(self, job: FakeJob) -> dict[str, Any]:
        messages: list[Any] = [["execution_start", {"prompt_id": job.id}]]
        outputs: dict[str, Any] = {}
        ok = job.state in ("succeeded", "expired")
        if ok:
            file = {"filename": self.name_of(job), "subfolder": "video", "type": "output"}
            outputs = {"save": {self.place: [file], "animated": [True]}}
            messages.append(["execution_success", {"prompt_id": job.id}])
        elif job.state == "cancelled":
            messages.append(["execution_interrupted", {"prompt_id": job.id, "node_id": "sampler"}])
        else:
            why = job.reason or (
                "refused by moderation" if job.state == "moderated" else "no memory"
            )
            error = {
                "prompt_id": job.id, "node_id": "decode", "node_type": "VAEDecode",
                "exception_type": "RuntimeError", "exception_message": why,
            }  # fmt: skip
            messages.append(["execution_error", error])
        status = {"status_str": "success" if ok else "error", "completed": ok, "messages": messages}
        return {"prompt": self.item(job), "outputs": outputs, "status": status, "meta": {}}


WAN = {"duration_s": 5, "resolution": "480p", "aspect_ratio": "16:9", "seed": 7}
GRAPHS = Path(__file__).parents[2] / "toolkit/catalog/graphs"

CASES = [
    Case(
        model="comfyui/wan-2.1-t2v-1.3b",
        fake=ComfyFake,
        params=WAN,
        lists=True,
        tokens=True,
        cancels=True,
        image_model="comfyui/wan-2.2-ti2v-5b",
        image_params={"duration_s": 5, "resolution": "720p", "seed": 7},
        uploads=True,
    )
]
