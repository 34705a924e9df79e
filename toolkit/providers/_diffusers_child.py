"""The process that makes clips with diffusers: a job's name in, what becomes of it out.

`python -m toolkit.providers._diffusers_child FOLDER` reads lines `{"job": NAME}` and writes lines
`{"note": …, "progress": 0..1}` and at last `{"ended": true}`; how it ended stands in the job's
folder. It ends when there is nothing more to read. What libraries print goes to the log.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from toolkit.locks import try_lock

Say = Callable[..., None]


class _Cancelled(Exception):
    """Somebody wants it no more."""


def main() -> None:
    """Make what is asked for, one after another."""
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    jobs, models = Path(sys.argv[1]), _Models()

    def say(**what: Any) -> None:
        with contextlib.suppress(OSError):  # who asked is gone; the clip is finished all the same
            out.write(json.dumps(what) + "\n")

    for line in sys.stdin:
        place = jobs / str(json.loads(line)["job"])
        with try_lock(place / "lock") as mine:
            if mine and not (place / "ended.json").exists():
                (place / "begun").touch()
                _end(place, _attempt(place, models, say))
        say(ended=True)


def _attempt(place: Path, models: _Models, say: Say) -> dict[str, Any]:
    try:
        return _make(place, models, say)
    except _Cancelled:
        return {"state": "cancelled", "reason": "stopped at your word"}
    except BaseException as problem:
        if isinstance(problem, (KeyboardInterrupt, SystemExit)):
            raise
        text = " ".join(str(problem).split())[:600]
        name = type(problem).__name__
        if name == "OutOfMemoryError":
            text += "; use a smaller size, `offload: sequential` or `tiling: true`"
            models.forget()
        return {"state": "failed", "reason": f"{name}: {text}"}


def _end(place: Path, end: dict[str, Any]) -> None:
    part = place / "ended.part"
    part.write_text(json.dumps(end, ensure_ascii=False), encoding="utf-8")
    part.replace(place / "ended.json")


def _make(place: Path, models: _Models, say: Say) -> dict[str, Any]:
    """The clip, and how it ended."""
    from toolkit.video.encode import write_mp4

    torch: Any = importlib.import_module("torch")
    body = json.loads((place / "job.json").read_text("utf-8"))["body"]
    _look_out(place)
    say(note="loading the model")
    pipe = models.load(body["pipeline"])
    takes = inspect.signature(pipe.__call__).parameters
    call = {name: _picture(place, value) for name, value in body["call"].items()}
    if unknown := [name for name in call if name not in takes]:
        known = ", ".join(name for name in takes if not name.startswith("callback"))
        kind = type(pipe).__name__
        raise ValueError(f"{kind} takes no {', '.join(unknown)}; it takes: {known}")
    if "frame_rate" in takes:
        call.setdefault("frame_rate", body["fps"])
    seed = body.get("seed", secrets.randbelow(2**31))
    call["generator"] = torch.Generator("cpu").manual_seed(int(seed))

    def step(pipe: Any, n: int, _time: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        _look_out(place)
        total = getattr(pipe, "num_timesteps", None) or call.get("num_inference_steps") or n + 1
        say(note=f"step {n + 1} of {total}", progress=min(1.0, (n + 1) / total))
        return kwargs

    if "callback_on_step_end" in takes:
        call["callback_on_step_end"] = step
    say(note="first step")
    with torch.inference_mode():
        frames = pipe(**call, output_type="np").frames[0]
    say(note="encoding", progress=1.0)
    about = {"made_by": f"promptgrid, {body['pipeline']['source']}", "seed": seed}
    clip = place / "clip.mp4"
    num = write_mp4(clip, _pictures(frames), body["fps"], crf=16, comment=about)
    content = clip.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {
        "state": "succeeded", "sha256": digest, "size_bytes": len(content), "seed": seed,
        "num_frames": num,
    }  # fmt: skip


def _look_out(place: Path) -> None:
    if (place / "cancel").exists():
        raise _Cancelled


def _picture(place: Path, value: Any) -> Any:
    """A picture where one is named."""
    if not (isinstance(value, dict) and set(value) == {"image_sha256"}):
        return value
    from PIL import Image

    return Image.open(place / value["image_sha256"]).convert("RGB")


def _pictures(frames: Any) -> Iterator[Any]:
    """(T, H, W, 3) numbers in 0..1 as bytes."""
    import numpy as np

    for frame in frames:
        image = np.asarray(frame)
        if not np.isfinite(image).all():
            raise ValueError("the model made what is no number; try `dtype: float32`")
        yield (image.clip(0.0, 1.0) * 255.0).round().astype(np.uint8)


class _Models:
    """The model that was used last, kept while it is asked for again."""

    def __init__(self) -> None:
        self._about: dict[str, Any] | None = None
        self._pipe: Any = None

    def forget(self) -> None:
        """Free the memory."""
        import gc

        torch: Any = importlib.import_module("torch")
        self._about = self._pipe = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def load(self, about: dict[str, Any]) -> Any:
        """The pipeline, on the fastest device that there is. Only safetensors are read: other
        weights may hold programs.
        """
        if about == self._about:
            return self._pipe
        self.forget()
        torch: Any = importlib.import_module("torch")
        diffusers: Any = importlib.import_module("diffusers")
        name = about.get("pipeline") or "DiffusionPipeline"
        kind = getattr(diffusers, name, None)
        if kind is None:
            raise ValueError(f"diffusers {diffusers.__version__} has no pipeline {name}")
        dtype: Any = getattr(torch, about["dtype"])
        if parts := about.get("parts"):
            dtype = {"default": dtype, **{k: getattr(torch, v) for k, v in parts.items()}}
        more = {name: about[name] for name in ("revision", "variant") if about.get(name)}
        pipe = kind.from_pretrained(
            about["source"], torch_dtype=dtype, use_safetensors=True, **more
        )
        pipe.set_progress_bar_config(disable=True)
        if about.get("tiling") and hasattr(pipe, "vae"):
            pipe.vae.enable_tiling()
        device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cpu" and torch.backends.mps.is_available():
            device = "mps"
        if device == "cuda" and about["offload"] == "model":
            pipe.enable_model_cpu_offload()
        elif device == "cuda" and about["offload"] == "sequential":
            pipe.enable_sequential_cpu_offload()
        else:
            pipe.to(device)
        self._about, self._pipe = about, pipe
        return pipe


if __name__ == "__main__":
    main()
