"""luma-agents, Luma's own client of its current interface."""

from __future__ import annotations

import base64
from typing import Any

from tests.oracles import KEY, each, picture_file, server_url

REQUIRES = ["luma-agents==0.5.0"]
REPLIES = {
    "POST /v1/generations": [
        201,
        {"id": "g1", "state": "queued", "type": "video", "model": "ray-3.2", "created_at": "x"},
    ],
    "GET /v1/generations/g1": {
        "id": "g1",
        "state": "completed",
        "type": "video",
        "model": "ray-3.2",
        "created_at": "x",
        "output": [{"type": "video", "url": "https://luma.example/v.mp4"}],
    },
}
DIFFERENCES: dict[str, str] = {}


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    params = dict(case["params"])
    images = {
        name: {
            "data": base64.b64encode(picture_file(params[name]).read_bytes()).decode(),
            "media_type": "image/png",
        }
        for name in ("start_image", "end_image")
        if name in params
    }
    video: dict[str, Any] = {
        name: params[name] for name in ("resolution", "loop") if name in params
    }
    if "duration_s" in params:
        video["duration"] = f"{params['duration_s']}s"
    if params.get("duration_s") == 10 and images:  # its pages: start_frame and end_frame take 5 s
        video["keyframes"] = list(images.values())
        video["keyframe_indexes"] = [0, 240]
    else:
        video |= {name.replace("image", "frame"): image for name, image in images.items()}
    video |= params.get("extra", {}).get("video", {})
    ratio = {"aspect_ratio": params["aspect_ratio"]} if "aspect_ratio" in params else {}
    return {
        "model": case["model"].split("/", 1)[1],
        "type": "video",
        "prompt": case["prompt"],
        **ratio,
        "video": video,
    }


def main() -> None:
    from luma_agents import Luma

    client = Luma(auth_token=KEY, base_url=f"{server_url()}/v1", max_retries=0)
    for _, case in each("luma-agents"):
        made = None
        for step in case["steps"]:
            if step == "submit":
                made = client.generations.create(**asked(case))
            elif step == "poll":
                client.generations.get(made.id)


if __name__ == "__main__":
    main()
