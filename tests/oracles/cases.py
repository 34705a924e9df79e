"""The requests that clients and adapters translate alike, in the toolkit's own terms, as JSON.

`steps` are what is done with a case (default: `["submit"]`); a picture is `{"picture": NAME}`, with
a `url` where it lies in public too. A case's name begins with its service.
"""

from __future__ import annotations

import base64
from typing import Any

PICTURES = {
    "red.png": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mM4ISdHEmIY1TCqYfhqAADkYgQQ6Zu"
        "A8QAAAABJRU5ErkJggg=="
    ),
    "blue.png": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mOQszlBEmIY1TCqYfhqAACDBSIQ9OB"
        "7HgAAAABJRU5ErkJggg=="
    ),
}

FOX = "a fox in deep snow, looking back at the camera"

CASES: dict[str, dict[str, Any]] = {
    "dashscope-text": {
        "model": "dashscope/wan2.7-t2v",
        "prompt": FOX,
        "negative": "text, logos",
        "params": {
            "duration_s": 5,
            "resolution": "720p",
            "aspect_ratio": "16:9",
            "seed": 7,
        },
        "steps": ["submit", "poll", "recent", "cancel"],
    },
    "dashscope-rewritten": {
        "model": "dashscope/wan2.7-t2v",
        "prompt": FOX,
        "params": {"prompt_rewrite": True, "extra": {"parameters": {"shot_type": "multi"}}},
    },
    "dashscope-pictures": {
        "model": "dashscope/wan2.7-i2v",
        "prompt": FOX,
        "params": {
            "duration_s": 8,
            "resolution": "1080p",
            "start_image": {"picture": "red.png", "url": "https://pictures.example/red.png"},
            "end_image": {"picture": "blue.png", "url": "https://pictures.example/blue.png"},
        },
    },
    "dashscope-upload": {
        "model": "dashscope/wan2.7-i2v",
        "prompt": FOX,
        "params": {"start_image": {"picture": "red.png"}},
    },
}
