"""google-genai 3.4.0, which asks Vertex AI for Veo."""

from __future__ import annotations

from tests.oracles import KEY, each, server_url
from tests.oracles.google_genai_2 import asked

REQUIRES = ["google-genai==3.4.0"]
ENV = {"VERTEX_PROJECT": "a-project", "VERTEX_LOCATION": "us-central1"}
REPLIES = {
    "POST /v1/projects/a-project/locations/us-central1/publishers/google/models/"
    "veo-3.1-lite-generate-001:predictLongRunning": {
        "name": "projects/a-project/locations/us-central1/publishers/google/models/"
        "veo-3.1-lite-generate-001/operations/o1"
    },
    "POST /v1/projects/a-project/locations/us-central1/publishers/google/models/"
    "veo-3.1-lite-generate-001:fetchPredictOperation": {
        "name": "projects/a-project/locations/us-central1/publishers/google/models/"
        "veo-3.1-lite-generate-001/operations/o1",
        "done": True,
        "response": {"videos": [{"bytesBase64Encoded": "AAAA", "mimeType": "video/mp4"}]},
    },
}
DIFFERENCES: dict[str, str] = {}


def main() -> None:
    from google import genai
    from google.oauth2.credentials import Credentials

    client = genai.Client(
        vertexai=True,
        project=ENV["VERTEX_PROJECT"],
        location=ENV["VERTEX_LOCATION"],
        credentials=Credentials(token=KEY),
        http_options={"base_url": server_url(), "api_version": "v1"},
    )
    for _, case in each("vertex"):
        made = None
        for step in case["steps"]:
            if step == "submit":
                made = client.models.generate_videos(
                    model="veo-3.1-lite-generate-001", **asked(case, vertex=True)
                )
            elif step == "poll":
                client.operations.get(made)


if __name__ == "__main__":
    main()
