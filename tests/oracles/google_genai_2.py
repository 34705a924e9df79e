"""google-genai 2.34.0, the last that asks the Gemini API for Veo."""

from __future__ import annotations

from typing import Any

from tests.oracles import KEY, each, picture_file, server_url

REQUIRES = ["google-genai==2.34.0"]
REPLIES = {
    "POST /v1beta/models/*:predictLongRunning": {
        "name": "models/veo-3.1-generate-preview/operations/o1"
    },
    "GET /v1beta/models/veo-3.1-generate-preview/operations/o1": {
        "name": "models/veo-3.1-generate-preview/operations/o1",
        "done": True,
        "response": {
            "generateVideoResponse": {
                "generatedSamples": [{"video": {"uri": "{url}/v1beta/files/f:download?alt=media"}}]
            }
        },
    },
}
DIFFERENCES: dict[str, str] = {}


def asked(case: dict[str, Any], *, vertex: bool = False) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    from google.genai import types

    params = case["params"]
    extra = params.get("extra", {}).get("parameters", {})
    pictures = {
        name: types.Image.from_file(location=str(picture_file(params[name])))
        for name in ("start_image", "end_image")
        if name in params
    }
    config = types.GenerateVideosConfig(
        duration_seconds=params.get("duration_s"),
        resolution=params.get("resolution"),
        aspect_ratio=params.get("aspect_ratio"),
        negative_prompt=case["negative"],
        person_generation=extra.get("personGeneration"),
        output_gcs_uri=extra.get("storageUri"),
        last_frame=pictures.get("end_image"),
        seed=params.get("seed") if vertex else None,
        generate_audio=params.get("audio") if vertex else None,
    )
    found: dict[str, Any] = {"prompt": case["prompt"], "config": config}
    if "start_image" in pictures:
        found["image"] = pictures["start_image"]
    return found


def main() -> None:
    from google import genai

    client = genai.Client(api_key=KEY, http_options={"base_url": server_url()})
    for _, case in each("gemini"):
        made = None
        for step in case["steps"]:
            if step == "submit":
                made = client.models.generate_videos(
                    model="veo-3.1-generate-preview", **asked(case)
                )
            elif step == "poll":
                client.operations.get(made)


if __name__ == "__main__":
    main()
