"""One cheapest clip from every service whose key is here, through a real experiment.

    LUMAAI_API_KEY=… python -m pytest -m live tests/test_services_live.py

It costs real money: at most $5 in all, and nothing where no key is set. What comes back is kept in
`$PROMPTGRID_LIVE` (default: a folder of pytest's), so that a clip that was paid for is not lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import toolkit as tk
from toolkit import catalog, discover
from toolkit.catalog import usual_params
from toolkit.providers import keys_of
from toolkit.providers._secrets import has_key
from toolkit.records import ModelCard, from_micro

CAP_USD = 5.0
FOX = "A red fox stands in deep snow at dawn and looks up. Static wide shot."
SERVICES = [name for name in discover.names("providers") if name != "sim"]


def cheapest(service: str) -> tuple[ModelCard, dict[str, Any], float] | None:
    """The clip of the service that costs least, as far as the catalogue knows."""
    found = []
    for card in catalog.cards():
        if card.service != service or card.makes != "video" or card.status == "retired":
            continue
        if any("needs" in limit for limit in card.limits):
            continue  # it wants a picture
        params = smallest(card)
        cost = catalog.price(card, params)
        if cost.high:
            found.append((from_micro(cost.high), card.model, params))
    if not found:
        return None
    usd, model, params = min(found, key=lambda row: row[:2])
    return catalog.card(model), params, usd


def smallest(card: ModelCard) -> dict[str, Any]:
    """The shortest and smallest clip that the model makes."""
    params = {k: v for k, v in usual_params(card).items() if k in ("duration_s", "resolution")}
    shortest: Sequence[float] = card.durations_s or (card.duration_range_s or ())[:1]
    if shortest:
        params["duration_s"] = min(shortest)
    if card.resolutions:
        params["resolution"] = min(card.resolutions, key=_lines)
    if card.audio and "audio" in card.defaults:
        params["audio"] = False
    return params


def _lines(name: str) -> int:
    digits = int("".join(filter(str.isdigit, name)) or 0)
    return digits * 540 if name.endswith("k") else digits


@pytest.fixture(scope="session")
def exp(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One experiment for all of them: its cap holds for their sum."""
    named = os.environ.get("PROMPTGRID_LIVE")
    folder = Path(named) if named else tmp_path_factory.mktemp("live") / "live"
    with tk.Experiment(folder, budget_usd=CAP_USD) as exp:
        yield exp


@pytest.mark.live
@pytest.mark.parametrize("service", SERVICES)
def test_one_clip_comes_back_from(service: str, request: pytest.FixtureRequest) -> None:
    if "live" not in (request.config.getoption("-m") or ""):
        pytest.skip("it costs money: only where it is asked for by `-m live`")
    keys = keys_of(service)
    if not keys:
        pytest.skip(f"{service} is a server or machine of one's own: it has no key to tell by")
    if not has_key(keys):
        pytest.skip(f"set {keys[0]} to try {service}")
    chosen = cheapest(service)
    if chosen is None:
        pytest.skip(f"no price of {service} is known: give one in {catalog.override_path()}")
    card, params, usd = chosen
    exp = request.getfixturevalue("exp")
    left = CAP_USD - from_micro(exp.store.budget().real.committed_micro_usd)
    if usd > left:
        pytest.skip(f"{card.model} costs ${usd:.2f}, and ${left:.2f} of ${CAP_USD:.0f} is left")
    grid = tk.Grid(FOX, models=card.model, **params)
    batch = exp.run(grid, up_to_usd=usd, score=False, monitor=False).wait(900)
    (run,) = exp.store.runs(keys=batch.keys)
    (attempt, *_) = exp.store.attempts(run.key)
    told = f"{run.state}: {run.reason}; sent {json.dumps(attempt.sent)[:500]}; {attempt.error}"
    assert run.state == "done", told
    clip = exp.store.clip(run.clip_sha256)
    assert clip.num_frames > 1, told
    if "duration_s" in params:
        assert clip.duration_s == pytest.approx(params["duration_s"], abs=1.1)
    for name in keys:
        assert os.environ.get(name, "-") not in told


def test_what_would_be_tried_is_cheap() -> None:
    """Without spending: every known service has a clip that fits under the cap."""
    for service in SERVICES:
        chosen = cheapest(service)
        assert chosen is None or chosen[2] <= CAP_USD
