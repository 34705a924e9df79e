"""runwayml, Runway's own client."""

from __future__ import annotations

import base64
from typing import Any

from tests.oracles import KEY, each, picture_file, server_url

REQUIRES = ["runwayml==5.24.0"]
REPLIES = {
    "POST /v1/text_to_video": {"id": "17f20503-6c24-4c16-946b-35dbbce2af2f"},
    "POST /v1/image_to_video": {"id": "17f20503-6c24-4c16-946b-35dbbce2af2f"},
    "GET /v1/tasks/*": {
        "id": "17f20503-6c24-4c16-946b-35dbbce2af2f",
        "status": "SUCCEEDED",
        "createdAt": "2026-11-22T12:00:00Z",
        "cost": {"credits": 60},
        "output": ["https://dnznrvs05pmza.cloudfront.net/v.mp4"],
    },
    "DELETE /v1/tasks/*": [204, None],
}
DIFFERENCES: dict[str, str] = {}

RATIOS = {
    ("1080p", "16:9"): "1920:1080",
    ("720p", "9:16"): "720:1280",
    ("480p", "21:9"): "992:432",
    ("720p", "16:9"): "1280:720",
}
"""As its types list them."""


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    params = dict(case["params"])
    images = []
    for name, position in (("start_image", "first"), ("end_image", "last")):
        if name in params:
            content = base64.b64encode(picture_file(params[name]).read_bytes()).decode()
            images.append({"uri": f"data:image/png;base64,{content}", "position": position})
    found = {
        "model": case["model"].split("/", 1)[1],
        "prompt_text": case["prompt"],
        "negative_prompt": case["negative"],
        "ratio": RATIOS[params["resolution"], params["aspect_ratio"]],
        "duration": params.get("duration_s"),
        "audio": params.get("audio"),
        "seed": params.get("seed"),
        "prompt_image": images or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def main() -> None:
    from runwayml import RunwayML

    client = RunwayML(api_key=KEY, base_url=server_url(), max_retries=0)
    for _, case in each("runway"):
        made = None
        for step in case["steps"]:
            if step == "submit":
                wish = asked(case)
                room = client.image_to_video if "prompt_image" in wish else client.text_to_video
                made = room.create(**wish)
            elif step == "poll":
                client.tasks.retrieve(made.id)
            elif step == "cancel":
                client.tasks.delete(made.id)


if __name__ == "__main__":
    main()
