"""dashscope, the maker's own client."""

from __future__ import annotations

from typing import Any

from tests.oracles import KEY, each, picture_file, server_url

REQUIRES = ["dashscope==2.0.2"]
REPLIES = {
    "POST /api/v1/services/aigc/video-generation/video-synthesis": {
        "output": {"task_id": "d1", "task_status": "PENDING"},
        "request_id": "q",
    },
    "GET /api/v1/uploads": {
        "request_id": "q",
        "data": {
            "policy": "p",
            "signature": "s",
            "upload_dir": "dashscope-instant/x",
            "upload_host": "{url}/bucket",
            "expire_in_seconds": 300,
            "oss_access_key_id": "a",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        },
    },
    "POST /bucket": [200, None],
    "GET /api/v1/tasks/d1": {
        "request_id": "q",
        "output": {
            "task_id": "d1",
            "task_status": "SUCCEEDED",
            "video_url": "https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/v.mp4",
            "orig_prompt": "a fox",
        },
    },
    "GET /api/v1/tasks": {"data": [], "total": 0, "total_page": 1, "page_no": 1, "page_size": 100},
    "POST /api/v1/tasks/d1/cancel": {"request_id": "q"},
}
DIFFERENCES = {
    "body.input.extend_prompt": "an older name that its own documentation calls deprecated; "
    "parameters.prompt_extend says it",
    "body.input.function": "its own routing, which the documented request does not have",
    "POST /bucket: body.multipart[3].value": "our copies are named by their content's hash",
    "POST /bucket: body.multipart[8].filename": "our copies are named by their content's hash",
    "POST /bucket: body.multipart[8].content_type": "it sends a file without its type",
    "body.input.media[0].url": "our copies are named by their content's hash",
}


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """A case as a person would write it for this client."""
    params = dict(case["params"])
    media = [
        {"type": kind, "url": image.get("url") or f"file://{picture_file(image)}"}
        for name, kind in (("start_image", "first_frame"), ("end_image", "last_frame"))
        if (image := params.get(name))
    ]
    return {
        "prompt": case["prompt"],
        "negative_prompt": case["negative"],
        "media": media or None,
        "duration": params.get("duration_s"),
        "resolution": params["resolution"].upper() if "resolution" in params else None,
        "ratio": params.get("aspect_ratio"),
        "seed": params.get("seed"),
        "prompt_extend": params.get("prompt_rewrite", False),
        "watermark": False,
        **params.get("extra", {}).get("parameters", {}),
    }


def main() -> None:
    import dashscope
    from dashscope import VideoSynthesis

    dashscope.base_http_api_url = f"{server_url()}/api/v1"
    for _, case in each("dashscope"):
        model = case["model"].split("/", 1)[1]
        task = None
        for step in case["steps"]:
            if step == "submit":
                task = VideoSynthesis.async_call(model, api_key=KEY, **asked(case))
            elif step == "poll":
                VideoSynthesis.fetch(task, api_key=KEY)
            elif step == "recent":
                VideoSynthesis.list(page_no=1, page_size=100, api_key=KEY)
            elif step == "cancel":
                VideoSynthesis.cancel(task, api_key=KEY)


if __name__ == "__main__":
    main()
