"""Vertex AI to Veo: see `_veo`. Its results come within the answer, or lie in a bucket."""

from __future__ import annotations

import base64
from typing import ClassVar

from tests.services._server import Answer, Ask, Case, clip_bytes, route
from tests.services._veo import VERTEX_PARAMETERS, VeoFake

HERE = "projects/a-project/locations/us-central1/publishers/google/models"


class VertexFake(VeoFake):
    keys: ClassVar = {"VERTEX_ACCESS_TOKEN": "Authorization: Bearer {}"}
    parameters = VERTEX_PARAMETERS
    models = ("veo-3.1-lite-generate-001",)

    def environ(self, service: str) -> dict[str, str]:
        here = {"VERTEX_PROJECT": "a-project", "VERTEX_LOCATION": "us-central1"}
        return {**super().environ(service), **here}

    @route("POST", f"/v1/{HERE}/{{model}}:predictLongRunning", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        model = ask.path_args["model"]
        return self.taken(ask.json, model, f"{HERE}/{model}/operations/{{id}}")

    @route("POST", f"/v1/{HERE}/{{model}}:fetchPredictOperation", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        name = ask.json["operationName"]
        assert name.startswith(f"{HERE}/{ask.path_args['model']}/operations/")
        job = self.look(name.rpartition("/")[2])
        if job is None or job.state == "expired":  # the film goes with the operation
            return self.error(404, ask.path)
        bucket = job.request.get("parameters", {}).get("storageUri")
        film = base64.b64encode(clip_bytes(job.id)).decode()
        video = {"gcsUri": f"{bucket}/{job.id}/sample_0.mp4"} if bucket else {}
        video = video or {"bytesBase64Encoded": film}
        return Answer(200, self.operation(job, {"videos": [{**video, "mimeType": "video/mp4"}]}))


CASES = [
    Case(
        model="vertex/veo-3.1-lite",
        fake=VertexFake,
        params={"duration_s": 4, "resolution": "720p"},
        image_model="vertex/veo-3.1-lite",
        image_params={"duration_s": 8, "resolution": "720p"},
    )
]
