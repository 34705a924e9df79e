"""The requests that clients and adapters translate alike, in the toolkit's own terms, as JSON.

`steps` are what is done with a case (default: `["submit"]`); a picture is `{"picture": NAME}`, a
file, or with a `url` one that is there alone. A case's name begins with its service.
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
PICTURES["large.png"] = PICTURES["red.png"] + bytes(300_000)  # more than goes in a body

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
    "gemini-text": {
        "model": "gemini/veo-3.1",
        "prompt": FOX,
        "negative": "text, logos",
        "params": {"duration_s": 8, "resolution": "720p", "aspect_ratio": "16:9", "audio": True},
        "steps": ["submit", "poll"],
    },
    "gemini-pictures": {
        "model": "gemini/veo-3.1",
        "prompt": FOX,
        "params": {
            "start_image": {"picture": "red.png"},
            "end_image": {"picture": "blue.png"},
            "extra": {"parameters": {"personGeneration": "allow_adult"}},
        },
    },
    "vertex-text": {
        "model": "vertex/veo-3.1-lite",
        "prompt": FOX,
        "negative": "text, logos",
        "params": {
            "duration_s": 8,
            "resolution": "1080p",
            "aspect_ratio": "9:16",
            "seed": 7,
            "audio": False,
        },
        "steps": ["submit", "poll"],
    },
    "vertex-pictures": {
        "model": "vertex/veo-3.1-lite",
        "prompt": FOX,
        "params": {
            "start_image": {"picture": "red.png"},
            "end_image": {"picture": "blue.png"},
            "extra": {"parameters": {"storageUri": "gs://bucket/clips"}},
        },
    },
    "ark-text": {
        "model": "ark/seedance-1-0-pro",
        "prompt": FOX,
        "params": {
            "duration_s": 5,
            "resolution": "720p",
            "aspect_ratio": "16:9",
            "seed": 7,
            "camera_motion": "static",
        },
        "steps": ["submit", "poll", "recent", "cancel"],
    },
    "ark-pictures": {
        "model": "ark/seedance-2-0",
        "prompt": FOX,
        "params": {
            "duration_s": 8,
            "resolution": "1080p",
            "aspect_ratio": "adaptive",
            "audio": False,
            "start_image": {"picture": "red.png"},
            "end_image": {"picture": "blue.png", "url": "https://pictures.example/blue.png"},
            "extra": {"return_last_frame": True},
        },
    },
    "replicate-text": {
        "model": "replicate/luma/ray-2-720p",
        "prompt": FOX,
        "params": {
            "duration_s": 5,
            "aspect_ratio": "16:9",
            "loop": False,
            "camera_motion": "roll_cw",
            "extra": {"end_image_url": "https://pictures.example/blue.png"},
        },
        "steps": ["submit", "poll", "recent", "cancel"],
    },
    "replicate-picture": {
        "model": "replicate/kwaivgi/kling-v3-video",
        "prompt": FOX,
        "negative": "text, logos",
        "params": {
            "duration_s": 5,
            "resolution": "720p",
            "audio": False,
            "start_image": {"picture": "red.png"},
        },
    },
    "replicate-upload": {
        "model": "replicate/bytedance/seedance-1-pro",
        "prompt": FOX,
        "params": {
            "duration_s": 5,
            "resolution": "1080p",
            "seed": 7,
            "camera_motion": "static",
            "start_image": {"picture": "large.png"},
        },
    },
    "fal-text": {
        "model": "fal/kling-video/v2.6/pro",
        "prompt": FOX,
        "negative": "text, logos",
        "params": {"duration_s": 5, "aspect_ratio": "16:9", "audio": False},
        "steps": ["submit", "poll", "cancel"],
    },
    "fal-rewritten": {
        "model": "fal/wan/v2.7",
        "prompt": FOX,
        "params": {
            "duration_s": 5,
            "resolution": "720p",
            "seed": 7,
            "prompt_rewrite": True,
            "extra": {"enable_safety_checker": True},
        },
    },
    "fal-pictures": {
        "model": "fal/luma-dream-machine/ray-2",
        "prompt": FOX,
        "params": {
            "duration_s": 9,
            "resolution": "540p",
            "start_image": {"picture": "red.png"},
            "end_image": {"picture": "blue.png"},
        },
    },
    "wavespeed-text": {
        "model": "wavespeed/ray-1.6-t2v",
        "prompt": FOX,
        "params": {"duration_s": 5, "aspect_ratio": "9:16"},
        "steps": ["submit", "poll"],
    },
    "wavespeed-picture": {
        "model": "wavespeed/ray-2-t2v",
        "prompt": FOX,
        "params": {"duration_s": 10, "start_image": {"picture": "red.png"}},
        "steps": ["submit", "poll"],
    },
    "luma-text": {
        "model": "luma/ray-2",
        "prompt": FOX,
        "params": {
            "duration_s": 9,
            "resolution": "1080p",
            "aspect_ratio": "9:16",
            "loop": True,
            "camera_motion": "roll_cw",
        },
        "steps": ["submit", "poll", "recent"],
    },
    "luma-pictures": {
        "model": "luma/ray-flash-2",
        "prompt": FOX,
        "params": {
            "start_image": {"picture": "red.png", "url": "https://pictures.example/red.png"},
            "end_image": {"picture": "blue.png", "url": "https://pictures.example/blue.png"},
        },
    },
    "luma-going-on": {
        "model": "luma/ray-2",
        "prompt": FOX,
        "params": {
            "end_image": {"picture": "blue.png", "url": "https://pictures.example/blue.png"},
            "extra": {"keyframes": {"frame0": {"type": "generation", "id": "g0"}}},
        },
    },
    "luma-agents-text": {
        "model": "luma-agents/ray-3.2",
        "prompt": FOX,
        "params": {
            "duration_s": 5,
            "resolution": "720p",
            "aspect_ratio": "21:9",
            "loop": True,
            "extra": {"video": {"hdr": False}},
        },
        "steps": ["submit", "poll"],
    },
    "luma-agents-pictures": {
        "model": "luma-agents/ray-3.2",
        "prompt": FOX,
        "params": {"start_image": {"picture": "red.png"}, "end_image": {"picture": "blue.png"}},
    },
    "luma-agents-long": {
        "model": "luma-agents/ray-3.2",
        "prompt": FOX,
        "params": {
            "duration_s": 10,
            "start_image": {"picture": "red.png"},
            "end_image": {"picture": "blue.png"},
        },
    },
    "runway-kling": {
        "model": "runway/kling3.0_pro",
        "prompt": FOX,
        "params": {
            "duration_s": 7,
            "resolution": "1080p",
            "aspect_ratio": "16:9",
            "audio": True,
        },
        "steps": ["submit", "poll", "cancel"],
    },
    "runway-veo-pictures": {
        "model": "runway/veo3.1",
        "prompt": FOX,
        "negative": "text, logos",
        "params": {
            "duration_s": 8,
            "resolution": "720p",
            "aspect_ratio": "9:16",
            "audio": False,
            "seed": 7,
            "start_image": {"picture": "red.png"},
            "end_image": {"picture": "blue.png"},
        },
    },
    "runway-seedance": {
        "model": "runway/seedance2",
        "prompt": FOX,
        "params": {"resolution": "480p", "aspect_ratio": "21:9", "seed": 7},
    },
    "runway-gen": {
        "model": "runway/gen4.5",
        "prompt": FOX,
        "params": {"duration_s": 4, "resolution": "720p", "aspect_ratio": "16:9"},
    },
    "videos-text": {
        "model": "videos/wan-2.2-t2v",
        "prompt": FOX,
        "negative": "text, logos",
        "params": {"duration_s": 5, "resolution": "480p", "aspect_ratio": "16:9", "seed": 7},
        "steps": ["submit", "poll", "recent", "cancel"],
    },
    "videos-picture": {
        "model": "videos/wan-2.2-i2v",
        "prompt": FOX,
        "params": {
            "start_image": {"picture": "red.png"},
            "resolution": "720p",
            "extra": {"flow_shift": 3.5},
        },
    },
}
