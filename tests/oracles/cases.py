"""The requests that clients and adapters translate alike, in the toolkit's own terms, as JSON.

`steps` are what is done with a case (default: `["submit"]`); a picture is `{"picture": NAME}`.
A case's name begins with its service.
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

CASES: dict[str, dict[str, Any]] = {}
