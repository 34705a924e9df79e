"""byteplus-python-sdk-v2, the maker's own client of Ark."""

from __future__ import annotations

import base64
from typing import Any

from tests.oracles import KEY, TOKEN, each, picture_file, server_url

REQUIRES = [
    "byteplus-python-sdk-v2[ark]==3.0.63",
    "httpx==0.28.1",  # these it imports, and does not require
    "sniffio==1.3.1",
    "anyio==4.16.0",
    "distro==1.9.0",
]
REPLIES = {
    "POST /api/v3/contents/generations/tasks": {"id": "cgt-1"},
    "GET /api/v3/contents/generations/tasks/cgt-1": [
        [
            200,
            {
                "id": "cgt-1",
                "model": "seedance-1-0-pro-250528",
                "status": "succeeded",
                "content": {"video_url": "https://x.tos-ap-southeast-1.volces.com/v.mp4"},
                "usage": {"completion_tokens": 108000, "total_tokens": 108000},
                "resolution": "720p",
                "created_at": 1743414619,
                "updated_at": 1743414673,
            },
        ],
        [200, {"id": "cgt-1", "status": "queued"}],
    ],
    "DELETE /api/v3/contents/generations/tasks/cgt-1": {},
    "GET /api/v3/contents/generations/tasks": {"items": [], "total": 0},
}
DIFFERENCES = {
    "DELETE /api/v3/contents/generations/tasks/cgt-1: body": "a deletion needs no body",
    "DELETE /api/v3/contents/generations/tasks/cgt-1: headers.content-type": "a deletion needs no "
    "body, nor its type",
}


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    params = dict(case["params"])
    content: list[dict[str, Any]] = [{"type": "text", "text": case["prompt"]}]
    for name, role in (("start_image", "first_frame"), ("end_image", "last_frame")):
        if image := params.pop(name, None):
            data = base64.b64encode(picture_file(image).read_bytes()).decode()
            url = image.get("url") or f"data:image/png;base64,{data}"
            content.append({"type": "image_url", "image_url": {"url": url}, "role": role})
    return {
        "content": content,
        "safety_identifier": TOKEN,
        "watermark": False,
        "duration": params.pop("duration_s", None),
        "ratio": params.pop("aspect_ratio", None),
        "generate_audio": params.pop("audio", None),
        "camera_fixed": True if params.pop("camera_motion", None) == "static" else None,
        **params.pop("extra", {}),
        **params,
    }


def main() -> None:
    from byteplussdkarkruntime import Ark

    wire = {
        "ark/seedance-1-0-pro": "seedance-1-0-pro-250528",
        "ark/seedance-2-0": "dreamina-seedance-2-0-260128",
    }
    client = Ark(base_url=f"{server_url()}/api/v3", api_key=KEY, max_retries=0)
    tasks = client.content_generation.tasks
    for _, case in each("ark"):
        made = None
        for step in case["steps"]:
            if step == "submit":
                made = tasks.create(model=wire[case["model"]], **asked(case))
            elif step == "poll":
                tasks.get(task_id=made.id)
            elif step == "recent":
                tasks.list(page_num=1, page_size=100)
            elif step == "cancel":
                tasks.get(task_id=made.id)  # a finished one would be deleted
                tasks.delete(task_id=made.id)


if __name__ == "__main__":
    main()
