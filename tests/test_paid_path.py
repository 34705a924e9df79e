"""What a paid run must survive: odd answers, odd rows of one's own catalogue, slow ways there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore
import pytest

from tests.fake_service import verify
from tests.services._meet import FOX, Met, wish
from tests.services._server import Answer, Ask, FakeService, clip_bytes, route
from tests.services.ark import ArkFake
from tests.services.fal import FalFake
from tests.services.luma import LumaFake
from tests.services.pixverse import PixVerseFake
from tests.services.replicate import VERSION, ReplicateFake
from toolkit import catalog
from toolkit.errors import CatalogError, ProviderError, StoreError, ToolkitError
from toolkit.experiment import Experiment
from toolkit.grid import Grid
from toolkit.planning.added import add_model
from toolkit.prompts.formula import Prompt
from toolkit.providers import _secrets
from toolkit.providers._http import check_url
from toolkit.records import ImageRef, RunSpec, State
from toolkit.runner import Engine, Limits, Settings, download, settle, worker
from toolkit.runner.download import own_hosts
from toolkit.runner.process import identity
from toolkit.store import CellRow, Store
from toolkit.store.life import Life

QUICK = Settings(
    spare_bytes=0,
    default_limits=Limits(max_in_flight=2),
    guard_s=5.0,
    lease_s=20.0,
    heartbeat_s=5.0,
    submit_timeout_s=5.0,
    settle_s=1.0,
    list_every_s=0.1,
    retry_submit_s=0.05,
    poll_first_s=0.02,
    poll_most_s=0.1,
    retry_fetch_s=0.05,
)
START = ImageRef("a" * 64, url="https://example.com/a.png")
END = ImageRef("b" * 64, url="https://example.com/b.png")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "exp") as made:
        made.set_budget(100)
        yield made


@pytest.fixture
def own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "catalog.yaml"
    path.write_text("models: {}\n")
    monkeypatch.setenv("PROMPTGRID_CATALOG", str(path))
    return path


def planned(store: Store, model: str, prompt: str = FOX, **params: Any) -> str:
    spec = RunSpec(prompt, model=model, params=params)
    store.plan([CellRow("g", 0, spec.key, spec, est_cost_micro_usd=1_000_000)])
    return spec.key


def lead(
    fake: FakeService,
    store: Store,
    patch: pytest.MonkeyPatch,
    *keys: str,
    settings: Settings = QUICK,
) -> list[State]:
    with Engine(
        store,
        lambda service: fake.provider(service, store.folder, patch),
        verify=verify,
        settings=settings,
    ) as engine:
        engine.start(keys)
        assert engine.wait(30), engine.progress()
    return [store.run(key).state for key in keys]


# -- a second row for the same model -------------------------------------------------------------


def test_a_lost_answer_of_luma_is_found_where_ones_own_row_has_the_same_model(
    own_catalogue: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_catalogue.write_text(
        "models:\n  luma/ray-2-mine:\n    wire_id: ray-2\n    durations_s: [5, 9]\n"
    )
    with LumaFake() as fake:
        fake.wrong("submit", "lose")
        key = planned(store, "luma/ray-2", duration_s=5)
        assert lead(fake, store, monkeypatch, key) == [State.DONE]
        assert fake.charges == 1


def test_a_lost_answer_of_ark_is_found_where_ones_own_row_has_the_same_model(
    own_catalogue: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_catalogue.write_text(
        "models:\n  ark/seedance-mine:\n    wire_id: seedance-1-0-pro-250528\n"
    )
    with ArkFake() as fake:
        fake.wrong("submit", "lose")
        key = planned(store, "ark/seedance-1-0-pro", duration_s=5)
        assert lead(fake, store, monkeypatch, key) == [State.DONE]
        assert fake.charges == 1


@pytest.mark.parametrize(
    ("wire_id", "listed"),
    [
        (f"somebody/own-video:{VERSION}", ("somebody/own-video", "hidden")),  # nothing is said
        (f"somebody/own-video:{VERSION}", ("somebody/own-video", VERSION)),
        ("Luma/Ray-2-720p", ("luma/ray-2-720p", "hidden")),
    ],
)
def test_a_lost_job_of_replicate_is_listed_however_the_row_names_its_model(
    own_catalogue: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wire_id: str,
    listed: tuple[str, str],
) -> None:
    own_catalogue.write_text(f'models:\n  replicate/mine:\n    wire_id: "{wire_id}"\n')
    with ReplicateFake() as fake:
        fake.charge({"prompt": FOX}, model=listed[0], version=listed[1])
        fake.charge({"prompt": FOX}, model=listed[0], version="0" * 64)
        fake.charge({"prompt": FOX}, model="luma/another", version="hidden")
        met = Met(fake, "replicate", tmp_path, monkeypatch)
        since = datetime.now(UTC) - timedelta(minutes=1)
        jobs = met(lambda made: made.recent(since, "replicate/mine"))
        assert len(jobs) == (1 if ":" in wire_id else 2)
        assert all(job.sent["$model"] == wire_id for job in jobs)


@pytest.mark.parametrize(("kind", "service"), [(LumaFake, "luma"), (ReplicateFake, "replicate")])
def test_without_its_row_a_models_job_is_not_said_to_be_absent(
    kind: Any, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kind() as fake:
        met = Met(fake, service, tmp_path, monkeypatch)
        with pytest.raises(ProviderError, match="put it back"):
            met(lambda made: made.recent(datetime.now(UTC), f"{service}/gone"))


# -- requests as the documents have them ---------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        "replicate/luma/ray-2-720p",
        "replicate/kwaivgi/kling-v2.6",
        "fal/kling-video/v3/pro",
        "wavespeed/ray-2-t2v",
    ],
)
def test_no_seed_goes_to_a_model_that_has_none(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeService() as fake:
        service = model.partition("/")[0]
        keys = {"replicate": "REPLICATE_API_TOKEN", "fal": "FAL_KEY"}
        monkeypatch.setenv(keys.get(service, "WAVESPEED_API_KEY"), "canary-none")
        body = Met(fake, service, tmp_path, monkeypatch).prepare(wish(model, seed=7))
        assert "seed" not in body


def _why_not(model: str, *, negative: str | None = None, **params: Any) -> str:
    words: Any = FOX if negative is None else Prompt(FOX, negative=negative)
    grid = Grid(words, models=model, **params)
    return "; ".join(map(str, grid.exclusions))


@pytest.mark.parametrize(
    ("model", "params", "said"),
    [
        ("fal/kling-video/v2.6/pro", {"end_image": END}, "needs `start_image` with end_image"),
        ("fal/kling-video/v3/pro", {"end_image": END}, "needs `start_image` with end_image"),
        ("fal/kling-video/v3/standard", {"end_image": END}, "needs `start_image` with end_image"),
        ("fal/bytedance/seedance/v1/pro", {"end_image": END}, "needs `start_image`"),
        ("fal/bytedance/seedance-2.0", {"end_image": END}, "needs `start_image`"),
        ("fal/pixverse/v5", {"end_image": END}, "needs `start_image` with end_image"),
        ("fal/veo3.1", {"end_image": END}, "needs `start_image` with end_image"),
        ("pixverse/v5", {"end_image": END}, "needs `start_image` with end_image"),
        ("runway/kling3.0_pro", {"end_image": END}, "needs `start_image` with end_image"),
        ("runway/seedance2", {"end_image": END}, "needs `start_image` with end_image"),
        ("runway/veo3.1", {"end_image": END}, "needs `start_image` with end_image"),
        (
            "fal/kling-video/v2.6/pro",
            {"start_image": START, "aspect_ratio": "9:16"},
            "takes no aspect_ratio with start_image",
        ),
        (
            "fal/kling-video/v3/standard",
            {"start_image": START, "aspect_ratio": "9:16"},
            "takes no aspect_ratio with start_image",
        ),
        ("fal/wan/v2.7/i2v", {"start_image": START, "aspect_ratio": "9:16"}, "no aspect_ratio"),
        (
            "replicate/wan-video/wan-2.7-i2v",
            {"start_image": START, "aspect_ratio": "9:16"},
            "no aspect_ratio",
        ),
        ("replicate/luma/ray", {"resolution": "720p"}, "takes no resolution"),
        ("kling/kling-v2-6", {"audio": True}, "takes audio False with resolution 720p"),
        ("kling/kling-v2-6", {"start_image": START, "end_image": END}, "takes no end_image"),
        ("replicate/luma/ray-2-720p", {"prompt_rewrite": True}, "prompt_rewrite False"),
        ("replicate/google/veo-3", {"prompt_rewrite": True}, "prompt_rewrite False"),
        ("fal/kling-video/v3/pro", {"prompt_rewrite": True}, "prompt_rewrite False"),
        ("wavespeed/ray-1.6-t2v", {"prompt_rewrite": True}, "prompt_rewrite False"),
    ],
)
def test_the_grid_refuses_what_the_service_would(
    model: str, params: dict[str, Any], said: str
) -> None:
    assert said in _why_not(model, **params)


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("fal/kling-video/v2.6/pro", {"start_image": START, "end_image": END}),
        ("fal/kling-video/v2.6/pro", {"aspect_ratio": "9:16"}),
        ("fal/pixverse/v5", {"start_image": START, "end_image": END, "aspect_ratio": "9:16"}),
        ("fal/luma-dream-machine/ray-2", {"end_image": END}),
        ("kling/kling-v2-6", {"audio": True, "resolution": "1080p"}),
        ("kling/kling-v2-6", {"audio": False}),
        ("fal/wan/v2.7", {"prompt_rewrite": True}),
        ("replicate/luma/ray-2-720p", {"prompt_rewrite": False}),
    ],
)
def test_and_nothing_that_it_takes(model: str, params: dict[str, Any]) -> None:
    assert _why_not(model, **params) == ""


@pytest.mark.parametrize("service", ["replicate", "fal", "wavespeed"])
def test_every_row_says_whether_it_rewrites_prompts(service: str) -> None:
    for card in catalog.cards():
        if card.service == service and not card.fields.get("prompt_rewrite"):
            assert catalog.limit_refusal(card, {"prompt_rewrite": True}), card.model


# -- a job that is there, whatever an answer says ------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "Request not found"), (400, "Request is still in progress"), (410, "gone")],
)
def test_a_result_of_fal_that_is_late_ends_no_paid_run(
    status: int, words: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(FalFake):
        num_late = 2

        @route("GET", "/{owner}/{app}/requests/{id}", kind="result")
        def response(self, ask: Ask) -> Answer:
            if self.num_late:
                self.num_late -= 1
                return self.error(status, words)
            return super().response(ask)

    with Late() as fake:
        key = planned(store, "fal/luma-dream-machine/ray-2", duration_s=5)
        assert lead(fake, store, monkeypatch, key) == [State.DONE]
        assert fake.charges == 1


class _LumaBare(LumaFake):
    bare = True

    def generation(self, job: Any) -> dict[str, Any]:
        found = super().generation(job)
        return {k: v for k, v in found.items() if k != "assets"} if self.bare else found


class _FalBare(FalFake):
    bare = True

    def output(self, job: Any) -> dict[str, Any]:
        return {"video": None} if self.bare else super().output(job)


@pytest.mark.parametrize(
    ("kind", "model"),
    [(_LumaBare, "luma/ray-2"), (_FalBare, "fal/luma-dream-machine/ray-2")],
)
def test_a_paid_job_that_ended_without_a_file_can_be_looked_at_again(
    kind: Any, model: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kind() as fake:
        key = planned(store, model, duration_s=5)
        assert lead(fake, store, monkeypatch, key) == [State.EXPIRED_PAID]
        fake.bare = False
        settle(store, key, "check")
        assert lead(fake, store, monkeypatch, key) == [State.DONE]
        assert fake.charges == 1
        assert store.budget().real.spent_micro_usd == 1_000_000


def test_a_job_that_is_not_found_at_once_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(QUICK, settle_s=60.0)
    with LumaFake() as fake:
        fake.wrong("poll", *["not_found"] * 8)
        key = planned(store, "luma/ray-2", duration_s=5)
        assert lead(fake, store, monkeypatch, key, settings=settings) == [State.DONE]
        fake.wrong("poll", "not_found", always=True)
        lost = planned(store, "luma/ray-2", "another fox", duration_s=5)
        settings = replace(QUICK, settle_s=0.2)
        assert lead(fake, store, monkeypatch, lost, settings=settings) == [State.HOLD]


def test_a_morning_without_a_network_holds_no_run_of_the_night(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(QUICK, job_limit_s=3.0)
    with LumaFake() as fake:
        key = planned(store, "luma/ray-2", duration_s=5)
        now = settings.clock.now() - 10.0
        life = Life(store, "gone", now=lambda: now, lease_s=1.0)
        (claim,) = life.claim_new("luma", [key], Limits()).got
        claim = life.intent(claim)
        job = fake.charge({"model": "ray-2", "prompt": FOX}, model="ray-2")
        life.accepted(claim, {"id": job.id}, {})
        fake.wrong("poll", "no_auth", "drop", "gateway", "no_auth")
        assert lead(fake, store, monkeypatch, key, settings=settings) == [State.DONE]


def test_a_run_whose_service_never_answers_is_held_with_what_it_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(QUICK, job_limit_s=0.5)
    with LumaFake() as fake:
        fake.wrong("poll", "no_auth", always=True)
        key = planned(store, "luma/ray-2", duration_s=5)
        assert lead(fake, store, monkeypatch, key, settings=settings) == [State.HOLD]
        assert "LUMAAI_API_KEY" in str(store.run(key).reason)
        fake._always.clear()
        settle(store, key, "check")
        assert lead(fake, store, monkeypatch, key) == [State.DONE]
        assert fake.charges == 1


def test_a_result_on_a_strangers_host_says_how_to_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Moved(LumaFake):
        def result_url(self, job: Any) -> str:
            return f"https://new-cdn.example.org/{job.id}.mp4"

    asked: list[str] = []

    async def fetched(asset: Any, part: Path, source: Any, **_: Any) -> str:
        check_url(asset.url, hosts=source.hosts, base_url=source.base_url)
        asked.append(asset.url)
        part.write_bytes(clip_bytes("moved"))
        return hashlib.sha256(part.read_bytes()).hexdigest()

    monkeypatch.setattr(download, "fetch", fetched)
    with Moved() as fake:
        key = planned(store, "luma/ray-2", duration_s=5)
        assert lead(fake, store, monkeypatch, key) == [State.HOLD]
        why = str(store.run(key).reason)
        assert "PROMPTGRID_LUMA_HOSTS=new-cdn.example.org" in why
        assert "check" in why
        assert not asked
        monkeypatch.setenv("PROMPTGRID_LUMA_HOSTS", "new-cdn.example.org")
        settle(store, key, "check")
        assert lead(fake, store, monkeypatch, key) == [State.DONE]
        assert fake.charges == 1
        assert len(asked) == 1


@pytest.mark.parametrize("named", ["*", "*.com", "http://x.org", "x.org/path", "localhost"])
def test_ones_own_hosts_are_no_whole_internet(
    named: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTGRID_LUMA_HOSTS", named)
    with pytest.raises(ProviderError, match="PROMPTGRID_LUMA_HOSTS"):
        own_hosts("luma")


def test_a_slow_way_to_the_service_is_no_reason_never_to_send(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = httpcore.AnyIOBackend.connect_tcp

    async def slowly(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(1.6)  # a name looked up far away, TLS over a satellite
        return await connect(*args, **kwargs)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", slowly)
    settings = replace(QUICK, guard_s=Settings().guard_s)
    with LumaFake(num_polls=0) as fake:
        key = planned(store, "luma/ray-2", duration_s=5)
        assert lead(fake, store, monkeypatch, key, settings=settings) == [State.DONE]
        assert len(store.attempts(key)) == 1


def test_a_job_is_proven_absent_only_after_it_could_have_been_sent() -> None:
    s = Settings()
    assert s.settle_s >= s.lease_s + s.guard_s + s.submit_timeout_s + 30


def test_the_name_of_a_paid_clip_is_kept_whether_number_or_text(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Texts(PixVerseFake):
        @route("POST", "/openapi/v2/video/text/generate", kind="submit")
        def text(self, ask: Ask) -> Answer:
            job = self.charge(ask.json, id="12345", model="v5")
            return Answer(200, {"ErrCode": 0, "ErrMsg": "", "Resp": {"video_id": job.id}})

    with Texts() as fake:
        key = planned(store, "pixverse/v5", duration_s=5)
        assert lead(fake, store, monkeypatch, key) == [State.DONE]


# -- pictures that are paid for ------------------------------------------------------------------

FLUX = "replicate/black-forest-labs/flux-schnell"


@pytest.fixture
def flux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplicateFake]:
    monkeypatch.setenv("PROMPTGRID_STATE", str(tmp_path / "state"))
    fake = ReplicateFake(makes="image", num_polls=0)
    with fake:
        for name, value in fake.environ("replicate").items():
            monkeypatch.setenv(name, value)
        yield fake


def test_a_picture_that_is_not_made_says_why(flux: ReplicateFake, tmp_path: Path) -> None:
    flux.wrong("submit", "no_auth")
    with Experiment(tmp_path / "exp", budget_usd=1, say=lambda _: None) as exp:
        with pytest.raises(ToolkitError, match="REPLICATE_API_TOKEN"):
            exp.image(FOX, model=FLUX)
        assert flux.charges == 0
        assert exp.image(FOX, model=FLUX).path
        assert flux.charges == 1


def test_a_picture_under_way_wants_its_key_before_it_is_waited_for(
    flux: ReplicateFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flux.wrong("submit", "busy")
    with Experiment(tmp_path / "exp", budget_usd=1, say=lambda _: None) as exp:
        with pytest.raises(TimeoutError):
            exp.image(FOX, model=FLUX, timeout_s=0.5)
        monkeypatch.delenv("REPLICATE_API_TOKEN")
        with pytest.raises(ProviderError, match="set the environment variable"):
            exp.image(FOX, model=FLUX, timeout_s=5)
        for batch in exp._batches:
            if (there := batch()) is not None:
                there.stop()
                there.wait(20)


# -- models of one's own -------------------------------------------------------------------------

OWN = "replicate/somebody/own-video"


@pytest.mark.parametrize("price", [0, -1.0, float("nan"), float("inf")])
def test_a_price_that_is_none_breaks_no_catalogue(
    own_catalogue: Path, flux: ReplicateFake, price: float
) -> None:
    before = own_catalogue.read_text()
    with pytest.raises(CatalogError, match="price_usd"):
        add_model(OWN, price_usd=price)
    assert own_catalogue.read_text() == before
    assert catalog.cards()


def test_adding_a_model_again_keeps_its_price(own_catalogue: Path, flux: ReplicateFake) -> None:
    add_model(OWN, price_usd=0.5, price_unit="clip")
    again = add_model(OWN)
    assert catalog.price(again, {}).high == 500_000
    assert catalog.price(add_model(OWN, price_usd=0.7, price_unit="clip"), {}).high == 700_000


# -- a worker that lives already -----------------------------------------------------------------


def test_a_worker_that_lacks_a_typed_key_is_handed_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = planned(store, "luma/ray-2", duration_s=5)
    other = planned(store, "sim/draft", duration_s=5)
    Life(store, "other").enlist(identity(), kind="worker")
    monkeypatch.setattr(_secrets, "_held", {})
    monkeypatch.setattr(worker, "START_S", 0.3)
    monkeypatch.setattr(worker, "_is_free", lambda _: False)
    _secrets.hold("LUMAAI_API_KEY", "canary-typed-0123456789", asked=True)
    with pytest.raises(StoreError, match="LUMAAI_API_KEY") as told:
        worker.detach(store, [key])
    assert "canary" not in str(told.value)
    assert store.meta_get(worker.ORDERS, []) == []
    with pytest.raises(StoreError, match="did not start"):  # another service's: it is asked
        worker.detach(store, [other])
    assert store.meta_get(worker.ORDERS, []) == [[[other], True]]
