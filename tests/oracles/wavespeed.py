"""wavespeed, WaveSpeed's own client."""

from __future__ import annotations

from typing import Any

from tests.oracles import KEY, each, picture_file, server_url

REQUIRES = ["wavespeed==2.0.5"]
REPLIES = {
    "POST /api/v3/luma/*": {"code": 200, "message": "success", "data": {"id": "w1"}},
    "GET /api/v3/predictions/w1/result": {
        "code": 200,
        "message": "success",
        "data": {
            "id": "w1",
            "status": "completed",
            "outputs": ["https://d1q70pf5vjeyhc.cloudfront.net/predictions/w1/1.mp4"],
            "created_at": "2026-11-22T12:00:00Z",
        },
    },
    "POST /api/v3/media/uploads": {
        "code": 200,
        "message": "success",
        "data": {
            "upload": {
                "method": "PUT",
                "url": "{url}/bucket/1",
                "headers": {"x-amz-acl": "private"},
            },
            "download_url": "https://d1q70pf5vjeyhc.cloudfront.net/media/1.png",
        },
    },
    "PUT /bucket/1": [200, None],
}
DIFFERENCES = {
    "headers.x-client-*": "which client asks is for statistics of its maker",
    "body.filename": "what a person calls a file is nobody's business",
}

WIRE = {"wavespeed/ray-1.6-t2v": "luma/ray-1.6-t2v", "wavespeed/ray-2-t2v": "luma/ray-2-i2v"}
SIZES = {"16:9": "1280*720", "9:16": "720*1280"}


def asked(case: dict[str, Any], client: Any) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    found = {"prompt": case["prompt"], "duration": case["params"]["duration_s"]}
    if "aspect_ratio" in case["params"]:
        found["size"] = SIZES[case["params"]["aspect_ratio"]]
    if image := case["params"].get("start_image"):
        found["image"] = client.upload(str(picture_file(image)))
    return found


def main() -> None:
    from wavespeed import Client

    client = Client(api_key=KEY, base_url=server_url())
    for _, case in each("wavespeed"):
        client.run(WIRE[case["model"]], asked(case, client))  # submits and polls in one


if __name__ == "__main__":
    main()
