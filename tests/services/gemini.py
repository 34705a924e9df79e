"""The Gemini API to Veo: see `_veo`. Its results want the key."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.services._server import Answer, Ask, Case, route
from tests.services._veo import VeoFake


class GeminiFake(VeoFake):
    keys: ClassVar = {"GEMINI_API_KEY": "x-goog-api-key: {}"}
    models = ("veo-3.1-generate-preview", "veo-3.1-generate-001")  # as before they were retired

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.files_need = "x-goog-api-key"

    @route("POST", "/v1beta/models/{model}:predictLongRunning", kind="submit")
    def submit(self, ask: Ask) -> Answer:
        model = ask.path_args["model"]
        return self.taken(ask.json, model, f"models/{model}/operations/{{id}}")

    @route("GET", "/v1beta/models/{model}/operations/{id}", kind="poll")
    def poll(self, ask: Ask) -> Answer:
        job = self.look(ask.path_args["id"])
        if job is None:
            return self.error(404, ask.path)
        samples = {"generatedSamples": [{"video": {"uri": self.result_url(job)}}]}
        return Answer(200, self.operation(job, samples))

    def wrapped(self, samples: dict[str, Any]) -> dict[str, Any]:
        return {"generateVideoResponse": samples}


CASES = [
    Case(
        model="gemini/veo-3.1-001",
        fake=GeminiFake,
        params={"duration_s": 4, "resolution": "720p"},
        image_model="gemini/veo-3.1-001",
        image_params={"duration_s": 8, "resolution": "720p"},
    )
]
