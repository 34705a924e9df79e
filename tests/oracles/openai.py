"""openai, whose `videos` outlives the service it was made for: vLLM-Omni's documents use it."""

from __future__ import annotations

from typing import Any

from openai import OpenAI

from tests.oracles import KEY, each, picture_file, server_url

REQUIRES = ["openai==3.54.0"]
REPLIES = {
    "POST /v1/videos": {"id": "video_gen_1", "object": "video", "status": "queued"},
    "GET /v1/videos/video_gen_1": {"id": "video_gen_1", "object": "video", "status": "completed"},
    "GET /v1/videos": {"object": "list", "data": [], "has_more": False},
    "DELETE /v1/videos/video_gen_1": {"id": "video_gen_1", "deleted": True},
}
ENV = {"PROMPTGRID_VIDEOS_KEY": "canary-key-of-the-oracles", "PROMPTGRID_VIDEOS_FLAVOUR": "vllm"}
DIFFERENCES = {
    "body.multipart[4].filename": "our copies are named by their content's hash",
}

SIZES = {("480p", "16:9"): "832x480", ("720p", None): "1280x720"}


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    params = dict(case["params"])
    more = dict(params.pop("extra", {}))
    if "seed" in params:
        more["seed"] = params["seed"]
    if case["negative"]:
        more["negative_prompt"] = case["negative"]
    if "duration_s" in params:  # Wan: 16 frames a second, in fours and one more
        more |= {"num_frames": params["duration_s"] * 16 + 1, "fps": 16}
    kind = "T2V" if "start_image" not in params else "I2V"
    found = {
        "prompt": case["prompt"],
        "model": f"Wan-AI/Wan2.2-{kind}-A14B-Diffusers",
        "size": SIZES[params["resolution"], params.get("aspect_ratio")],
        "extra_body": more,
    }
    if "start_image" in params:
        found["input_reference"] = picture_file(params["start_image"])
    return found


def main() -> None:
    client = OpenAI(api_key=KEY, base_url=f"{server_url()}/v1", max_retries=0)
    for _, case in each("videos"):
        job = ""
        for step in case["steps"]:
            match step:
                case "submit":
                    job = client.videos.create(**asked(case)).id
                case "poll":
                    client.videos.retrieve(job)
                case "recent":
                    client.videos.list(limit=100, order="desc")
                case "cancel":
                    client.videos.delete(job)


if __name__ == "__main__":
    main()
