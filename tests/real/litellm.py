"""A LiteLLM proxy before two fake servers: one by `hosted_vllm/`, one by `openai/`."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.real import checked, ended, fetched, free_port, server
from tests.services._meet import FOX, TOKEN, picture, wish
from tests.services.videos import VideosFake, VllmFake, form_of

REQUIRES = [["uv", "litellm[proxy]>=1.105,<1.110"]]

KEY = "sk-canary-proxy-0123456789"

CONFIG = """
model_list:
  - model_name: home-wan
    litellm_params: {{model: "hosted_vllm/{wan}", api_base: "{one}", api_key: none}}
  - model_name: sora
    litellm_params: {{model: openai/sora-2, api_base: "{two}/v1", api_key: canary-upstream}}
general_settings: {{master_key: {key}}}
"""

ROWS = """
models:
  videos/home-wan:
    title: Wan behind the proxy
    wire_id: home-wan
    start_image: true
    price: own server
    server: {flavour: litellm, fps: 16, frame_step: 4}
  videos/sora:
    title: a paid one
    wire_id: sora
    price: {per: s, usd: 0.1, date: 2026-11-01}
    server: {flavour: litellm}
"""


class OpenaiFake(VllmFake):
    """A form, and a failed job is told by status 200."""

    poll = VideosFake.poll


def try_it(python: str, folder: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with VllmFake() as one, OpenaiFake() as two:
        two.served = "sora-2"
        told = CONFIG.format(wan=one.served, one=one.url, two=two.url, key=KEY)
        (folder / "config.yaml").write_text(told)
        (folder / "catalog.yaml").write_text(ROWS)
        command = [str(Path(python).with_name("litellm")), "--config", "config.yaml"]
        os.environ |= {
            "PROMPTGRID_VIDEOS_URL": url, "PROMPTGRID_VIDEOS_KEY": KEY,
            "PROMPTGRID_CATALOG": str(folder / "catalog.yaml"),
        }  # fmt: skip
        with server(
            [*command, "--host", "127.0.0.1", "--port", str(port)], folder,
            ready=f"{url}/health/liveliness",
            env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"},
        ):  # fmt: skip
            asyncio.run(_walk(one, two, folder))


async def _walk(one: VllmFake, two: VllmFake, folder: Path) -> None:
    from toolkit import discover
    from toolkit.errors import CannotList, Refused
    from toolkit.seams import Succeeded

    made: Any = discover.load("providers", "videos").provider(folder)

    async def submitted(request: Any) -> Any:
        body = await made.prepare(request)
        return await made.submit(dataclasses.replace(request, body=body), TOKEN)

    wan = wish("videos/home-wan", negative="rain", duration_s=5, resolution="480p", seed=7)
    job = (await submitted(wan)).job
    fields, _ = form_of(one.of_kind("submit")[0])
    checked("JSON in, a form out, seed and frames with it", {
        name: fields.get(name) for name in ("prompt", "seed", "num_frames", "fps", "size",
                                            "negative_prompt")
    }, {"prompt": FOX, "seed": "7", "num_frames": "81", "fps": "16", "size": "848x480",
        "negative_prompt": "rain"})  # fmt: skip
    checked("one charge", one.charges, 1)
    state = await ended(made, job)
    checked("it ends well", isinstance(state, Succeeded))
    clip = await fetched(made, state, folder)
    checked("its clip comes through the proxy, with the key", (clip.width, clip.height), (96, 54))

    image = picture(folder)
    await submitted(wish("videos/home-wan", start_image=image, seed=9, duration_s=5))
    fields, files = form_of(one.of_kind("submit")[1])
    checked(
        "a picture goes through", files["input_reference"][2], (folder / "fox.png").read_bytes()
    )
    checked("with its seed and frames", (fields["seed"], fields["num_frames"]), ("9", "81"))

    one.end_next("failed", "CUDA out of memory")
    lost = (await submitted(wish("videos/home-wan", duration_s=5))).job
    found = await ended(made, lost, within_s=10)
    checked("a failed job is seen through it", (found.kind, found.reason),
            ("failed", "CUDA out of memory (500)"))  # fmt: skip

    job = (await submitted(wish("videos/sora", duration_s=8))).job
    fields, _ = form_of(two.of_kind("submit")[0])
    checked("the other route", (fields["model"], fields["seconds"]), ("sora-2", "8"))
    checked("ends well, too", isinstance(await ended(made, job), Succeeded))
    two.end_next("failed", "no")
    lost = (await submitted(wish("videos/sora", duration_s=8))).job
    found = await ended(made, lost, within_s=10)
    checked("by the other route, too", (found.kind, found.reason), ("failed", "no (500)"))
    checked("and may have cost something", found.charged_micro_usd, None)
    try:
        await made.recent(datetime.now(UTC), "videos/sora")
    except CannotList as problem:
        checked("it says that it cannot be searched", "does not say what was asked" in str(problem))
    os.environ["PROMPTGRID_VIDEOS_KEY"] = "sk-canary-wrong"
    other: Any = discover.load("providers", "videos").provider(folder)
    try:
        await other.submit(wish("videos/sora", duration_s=8), TOKEN)
    except Refused as problem:
        checked("a wrong key is a refusal", problem.kind, "auth")
    charges = two.charges
    try:
        row = wish("videos/sora", duration_s=8, extra={"model": "no-such-route"})
        await made.submit(row, TOKEN)
    except Refused as problem:
        checked("an unknown route is a refusal", problem.kind in ("invalid", "not_found", "auth"))
    checked("and nothing was made", two.charges, charges)
    await made.aclose()
    await other.aclose()
