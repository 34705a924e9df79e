"""replicate, Replicate's own client."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from tests.oracles import KEY, each, picture_file, server_url

REQUIRES = ["replicate==1.0.7"]
REPLIES = {
    "POST /v1/models/*/*/predictions": [201, {"id": "p1", "status": "starting", "version": "hidden",
        "model": "luma/ray-2-720p", "input": {}, "logs": "", "output": None, "error": None,
        "created_at": "2026-11-22T12:00:00Z", "urls": {}}],
    "GET /v1/predictions/p1": {"id": "p1", "status": "processing", "version": "hidden",
        "model": "luma/ray-2-720p", "input": {}, "urls": {}},
    "POST /v1/predictions/p1/cancel": {"id": "p1", "status": "canceled", "version": "hidden",
        "model": "luma/ray-2-720p", "input": {}, "urls": {}},
    "GET /v1/predictions": {"next": None, "previous": None, "results": []},
    "POST /v1/files": [201, {"id": "f1", "name": "large.png", "content_type": "image/png",
        "size": 1, "etag": "", "checksums": {}, "metadata": {}, "created_at": "",
        "expires_at": None, "urls": {"get": "https://api.replicate.com/v1/files/f1"}}],
}  # fmt: skip
DIFFERENCES = {
    "query.created_after": "only what is new is asked for; the client's newer version can too",
    "body.multipart[0].filename": "what a person calls a file is nobody's business",
}

WIRE = {
    "replicate/luma/ray-2-720p": {},
    "replicate/kwaivgi/kling-v3-video": {"resolution": "mode", "audio": "generate_audio"},
    "replicate/bytedance/seedance-1-pro": {"start_image": "image"},
}


def asked(case: dict[str, Any], stack: ExitStack) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    found = {"prompt": case["prompt"], **case["params"].get("extra", {})}
    if case["negative"]:
        found["negative_prompt"] = case["negative"]
    for name, value in case["params"].items():
        wire = WIRE[case["model"]].get(name, name)
        if name == "duration_s":
            found["duration"] = value
        elif name == "camera_motion":
            found |= {"camera_fixed": True} if value == "static" else {"concepts": ["roll_right"]}
        elif name.endswith("_image"):
            found[wire] = stack.enter_context(picture_file(value).open("rb"))
        elif wire == "mode":
            found[wire] = {"720p": "standard"}[value]
        elif name != "extra":
            found[wire] = value
    return found


def main() -> None:
    from replicate import Client

    client = Client(api_token=KEY, base_url=server_url())
    for name, case in each("replicate"):
        owner_name = case["model"].split("/", 1)[1]
        made = None
        for step in case["steps"]:
            if step == "submit":
                with ExitStack() as stack:
                    made = client.models.predictions.create(
                        model=tuple(owner_name.split("/")),
                        input=asked(case, stack),
                        file_encoding_strategy="url" if "upload" in name else "base64",
                    )
            elif step == "poll":
                client.predictions.get(made.id)
            elif step == "recent":
                client.predictions.list()
            elif step == "cancel":
                client.predictions.cancel(made.id)


if __name__ == "__main__":
    main()
