"""lumaai, Luma's own client of Dream Machine."""

from __future__ import annotations

from typing import Any

from tests.oracles import KEY, each, server_url

REQUIRES = ["lumaai==1.21.0"]
REPLIES = {
    "POST /dream-machine/v1/generations/video": [
        201,
        {"id": "g1", "generation_type": "video", "state": "queued", "model": "ray-2"},
    ],
    "GET /dream-machine/v1/generations/g1": {
        "id": "g1",
        "state": "completed",
        "assets": {"video": "https://storage.cdn-luma.com/v.mp4"},
    },
    "GET /dream-machine/v1/generations": {
        "has_more": False,
        "count": 0,
        "limit": 100,
        "offset": 0,
        "generations": [],
    },
}
DIFFERENCES: dict[str, str] = {}


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    params = dict(case["params"])
    extra = params.get("extra", {})
    frames = {
        place: {"type": "image", "url": image["url"]}
        for name, place in (("start_image", "frame0"), ("end_image", "frame1"))
        if (image := params.get(name))
    } | extra.get("keyframes", {})
    moves = {"push_in": "push_in", "roll_cw": "roll_right"}
    found = {
        "model": case["model"].split("/", 1)[1],
        "prompt": case["prompt"],
        "duration": f"{params['duration_s']}s" if "duration_s" in params else None,
        "resolution": params.get("resolution"),
        "aspect_ratio": params.get("aspect_ratio"),
        "loop": params.get("loop"),
        "concepts": [{"key": moves[params["camera_motion"]]}]
        if "camera_motion" in params
        else None,
        "keyframes": frames or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def main() -> None:
    from lumaai import LumaAI

    client = LumaAI(auth_token=KEY, base_url=f"{server_url()}/dream-machine/v1", max_retries=0)
    for _, case in each("luma"):
        made = None
        for step in case["steps"]:
            if step == "submit":
                made = client.generations.video.create(**asked(case))
            elif step == "poll":
                client.generations.get(made.id)
            elif step == "recent":
                client.generations.list(limit=100, offset=0)


if __name__ == "__main__":
    main()
