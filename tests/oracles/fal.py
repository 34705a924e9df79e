"""fal-client, fal's own; its addresses are constants, and are turned here."""

from __future__ import annotations

from typing import Any

from tests.oracles import KEY, each, picture_file, server_url

REQUIRES = ["fal-client==1.0.3"]
REPLIES = {
    "POST /fal-ai/kling-video/v2.6/pro/text-to-video": {
        "status": "IN_QUEUE",
        "request_id": "r1",
        "queue_position": 0,
        "response_url": "{url}/fal-ai/kling-video/requests/r1",
        "status_url": "{url}/fal-ai/kling-video/requests/r1/status",
        "cancel_url": "{url}/fal-ai/kling-video/requests/r1/cancel",
    },
    "POST /fal-ai/wan/v2.7/text-to-video": {
        "request_id": "r2",
        "response_url": "{url}/fal-ai/wan/requests/r2",
        "status_url": "{url}/fal-ai/wan/requests/r2/status",
        "cancel_url": "{url}/fal-ai/wan/requests/r2/cancel",
    },
    "POST /fal-ai/luma-dream-machine/ray-2/image-to-video": {
        "request_id": "r3",
        "response_url": "{url}/fal-ai/luma-dream-machine/requests/r3",
        "status_url": "{url}/fal-ai/luma-dream-machine/requests/r3/status",
        "cancel_url": "{url}/fal-ai/luma-dream-machine/requests/r3/cancel",
    },
    "GET /fal-ai/kling-video/requests/r1/status": {
        "status": "COMPLETED",
        "request_id": "r1",
        "logs": None,
        "metrics": {"inference_time": 71.9},
    },
    "GET /fal-ai/kling-video/requests/r1": {
        "video": {"url": "https://v3.fal.media/files/a/o.mp4", "content_type": "video/mp4"}
    },
    "PUT /fal-ai/kling-video/requests/r1/cancel": [202, {"status": "CANCELLATION_REQUESTED"}],
    "POST /storage/upload/initiate": {
        "upload_url": "{url}/bucket/1",
        "file_url": "https://v3.fal.media/files/a/1.png",
    },
    "PUT /bucket/1": [200, None],
}
DIFFERENCES = {
    "headers.x-app-fal-disable-fallback": "a comparison wants the model that was named",
    "headers.x-app-fal-disable-fallbacks": "the same switch, as the documents had it before",
    "headers.x-fal-disable-fallbacks": "the same switch, as the documents had it first",
    "query.logs": "no logs are wanted, and leaving it out says that too",
    "PUT /bucket/1: headers.authorization": "the address is the permission; a key stays at home",
    "body.file_name": "what a person calls a file is nobody's business",
}

NAMES = {
    "fal/kling-video/v2.6/pro": "fal-ai/kling-video/v2.6/pro/text-to-video",
    "fal/wan/v2.7": "fal-ai/wan/v2.7/text-to-video",
    "fal/luma-dream-machine/ray-2": "fal-ai/luma-dream-machine/ray-2/image-to-video",
}
WIRE = {
    "audio": "generate_audio",
    "prompt_rewrite": "enable_prompt_expansion",
    "start_image": "image_url",
    "end_image": "end_image_url",
}


def asked(case: dict[str, Any], client: Any) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    found = {"prompt": case["prompt"], **case["params"].get("extra", {})}
    if case["negative"]:
        found["negative_prompt"] = case["negative"]
    for name, value in case["params"].items():
        if name == "duration_s":
            found["duration"] = f"{value}s" if "luma" in case["model"] else str(value)
        elif name.endswith("_image"):
            found[WIRE[name]] = client.upload_file(picture_file(value), repository="fal")
        elif name != "extra":
            found[WIRE.get(name, name)] = value
    return found


def main() -> None:
    import fal_client.client as module

    module.QUEUE_URL_FORMAT = f"{server_url()}/"
    module.REST_URL = server_url()
    client = module.SyncClient(key=KEY)
    for _, case in each("fal"):
        made = None
        for step in case["steps"]:
            if step == "submit":
                made = client.submit(NAMES[case["model"]], asked(case, client))
            elif step == "poll":
                made.get()
            elif step == "cancel":
                made.cancel()


if __name__ == "__main__":
    main()
