"""Models that a person adds: asked of the service, kept in their own file, used like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import toolkit as tk
from tests.services.replicate import ReplicateFake
from toolkit import catalog
from toolkit.catalog import plain_yaml
from toolkit.errors import CatalogError, ProviderError
from toolkit.records import from_micro

MODEL = "replicate/luma/ray"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mine" / "catalog.yaml"
    monkeypatch.setenv("PROMPTGRID_CATALOG", str(path))
    return path


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplicateFake]:
    with ReplicateFake() as service:
        for name, value in service.environ("replicate").items():
            monkeypatch.setenv(name, value)
        yield service


def test_a_model_is_described_kept_and_usable_in_a_grid(own: Path, fake: ReplicateFake) -> None:
    card = tk.add_model(MODEL, price_usd=0.5, price_unit="clip")
    assert (card.model, card.wire_id, card.price_unit) == (MODEL, "luma/ray", "USD/clip")
    assert card == catalog.card(MODEL)
    price = catalog.price(card, {})
    assert from_micro(price.high or 0) == 0.5
    grid = tk.Grid("a fox", models=MODEL, aspect_ratio="16:9", loop=True)
    assert len(grid) == 1
    with pytest.raises(CatalogError):
        catalog.card("replicate/luma/other")
    assert fake.charges == 0
    assert fake.of_kind("submit") == []


def test_what_is_read_back_is_what_the_service_said(own: Path, fake: ReplicateFake) -> None:
    card = tk.add_model("replicate/kwaivgi/kling-v3-video")
    row = plain_yaml.load(own.read_text())["models"]["replicate/kwaivgi/kling-v3-video"]
    assert row["prompt_limit"] == 2500
    assert (card.prompt_limit, card.audio, card.negative) == (2500, True, True)
    assert card.extra_params["mode"] == ["standard", "pro", "4k"]
    assert "price" not in row
    assert catalog.price(card, {"duration_s": 5}).unknown


def test_a_persons_file_stays_letter_by_letter(own: Path) -> None:
    own.parent.mkdir()
    before = (
        "# my own prices\nrates: {EUR: 1.1}\nmodels:   # mine\n"
        '  "replicate/me/mine":  # keep this\n    wire_id: me/mine\n    price: {per: s, eur: 0.1}\n'
        "prices:\n  luma/ray-2: {per: clip, usd: 0.4}\n"
    )
    own.write_text(before)
    tk.add_model(MODEL)
    after = own.read_text()
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert catalog.card("replicate/me/mine").wire_id == "me/mine"
    tk.add_model(MODEL, price_usd=0.25)
    assert own.read_text().count(f"  {MODEL}:") == 1
    assert plain_yaml.load(own.read_text())["models"][MODEL]["price"]["usd"] == 0.25
    assert all(line in own.read_text().splitlines() for line in before.splitlines())


def test_a_file_written_in_one_line_is_understood_too(own: Path) -> None:
    own.parent.mkdir()
    own.write_text("{models: {replicate/me/mine: {wire_id: me/mine}}}\n")
    tk.add_model(MODEL)
    assert {MODEL, "replicate/me/mine"} <= {card.model for card in catalog.cards()}


@pytest.mark.parametrize("text", ["models: [1, 2]\n", "- a\n- b\n", "models: {a\n"])
def test_a_file_that_is_no_catalogue_is_left_as_it_is(own: Path, text: str) -> None:
    own.parent.mkdir()
    own.write_text(text)
    with pytest.raises(CatalogError, match="nothing is added"):
        tk.add_model(MODEL)
    assert own.read_text() == text


def test_a_name_that_the_service_does_not_know_is_told_the_way(own: Path) -> None:
    with pytest.raises(CatalogError, match=r"replicate has no model 'nobody/nothing': .* address"):
        tk.add_model("replicate/nobody/nothing")
    assert not own.exists()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("nowhere/x", "a model to add is 'service/its name there', by "),
        ("replicate", "a model to add is 'service/its name there', by "),
        ("luma/ray-9", "luma does not say what its models take; write a row for luma/ray-9"),
    ],
)
def test_what_cannot_be_asked_is_told_the_way(own: Path, model: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        tk.add_model(model)


def test_without_a_key_its_variable_is_named(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ReplicateFake.keys:
        monkeypatch.delenv(name)
    monkeypatch.setattr("toolkit.providers._secrets._keyring", lambda _: "")
    with pytest.raises(ProviderError, match=next(iter(ReplicateFake.keys))):
        tk.add_model(MODEL)
    assert not own.exists()


def test_a_price_has_a_unit_that_is_known(own: Path) -> None:
    with pytest.raises(CatalogError, match="`price_unit` is 's' or 'clip'"):
        tk.add_model(MODEL, price_usd=1, price_unit="minute")  # type: ignore[arg-type]
