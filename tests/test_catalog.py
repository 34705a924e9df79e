"""The catalogue: what it knows, what it admits not to know, and a person's own file over it."""

import importlib
import json
from pathlib import Path

import pytest

from toolkit import catalog
from toolkit.catalog import (
    card,
    cards,
    find,
    limit_refusal,
    near_value,
    plain_yaml,
    price,
    provenance,
    refusal,
)
from toolkit.errors import CatalogError
from toolkit.records import from_micro

cards_module = importlib.import_module("toolkit.catalog.cards")

FAMILIES = [  # every model of the field guide, by a word of its title
    "Ray 1.6", "Ray 2", "Ray Flash 2", "Kling v2.6", "Kling v3", "Seedance 1 Pro", "Seedance 2.0",
    "PixVerse v5", "Wan 2.7 T2V", "Wan 2.7 I2V", "Veo 3", "Veo 3.1",
]  # fmt: skip


@pytest.fixture
def own_file(tmp_path, monkeypatch):
    """Writes the person's own catalogue and points to it."""

    def write(text: str) -> Path:
        path = tmp_path / "catalog.yaml"
        path.write_text(text)
        monkeypatch.setenv("PROMPTGRID_CATALOG", str(path))
        return path

    return write


# ---- the data


@pytest.mark.parametrize("title", FAMILIES)
def test_every_model_people_choose_between_is_there(title):
    rows = [c for c in cards() if title in c.title]
    assert rows
    assert all(c.strengths and c.best_for for c in rows)


def test_every_row_says_where_and_when_it_was_read():
    for c in cards():
        facts = provenance(c.model)
        assert {"wire_id", "status"} <= set(facts), c.model
        assert all(f.source and len(f.date) == 10 for f in facts.values()), c.model
        if c.price:
            assert c.price_unit in {"USD/s", "USD/clip", "USD/Mtoken"}, c.model
            assert catalog.is_own(c) or c.price_date == facts["price"].date, c.model


def test_doubts_name_facts_that_are_there():
    document = plain_yaml.load(Path(catalog.__file__).with_name("models.yaml").read_text())
    for model, row in document["models"].items():
        have = {**document["families"].get(row.get("family"), {}), **row}
        assert set(row.get("doubts", {})) <= set(have), model
        named = row["sources"] if isinstance(row["sources"], list) else [row["sources"]]
        assert set(named) <= set(document["sources"]), model
    assert provenance("luma/ray-2")["fps"].confidence == "from memory"
    assert provenance("luma/ray-2")["seed"].confidence == "read in the source"


def test_the_simulator_comes_first_and_is_marked():
    assert [c.model for c in cards()[:2]] == ["sim/draft", "sim/final"]
    assert price(card("sim/final"), {"duration_s": 4}).simulated


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("ray-2", "no model 'ray-2': did you mean 'luma/ray-2' or 'fal/luma-dream-machine/ray-2'?"),
        ("sim/drfat", "no model 'sim/drfat': did you mean 'sim/draft'?"),
        ("kling/kling-v26", "no model 'kling/kling-v26': did you mean 'kling/kling-v2-6'?"),
    ],
)
def test_an_unknown_model_names_the_nearest(asked, message):
    with pytest.raises(CatalogError) as caught:
        card(asked)
    assert str(caught.value) == message


# ---- limits


def test_lengths_are_allowed_lists_or_ranges():
    assert refusal(card("luma/ray-2"), "duration_s", 5) is None
    assert str(refusal(card("luma/ray-2"), "duration_s", 6)) == (
        "luma/ray-2 takes 5, 9; `tk.near(6)` would use 5"
    )
    assert str(refusal(card("sim/draft"), "duration_s", 12)) == (
        "sim/draft takes 1 to 10 s; `tk.near(12)` would use 10"
    )
    assert str(refusal(card("kling/kling-v3"), "duration_s", 20)) == (
        "kling/kling-v3 takes 3 to 15; `tk.near(20)` would use 15"
    )


def test_what_is_not_known_refuses_nothing():
    omni = card("gemini-interactions/omni-1.1-flash")
    assert omni.durations_s == []
    assert refusal(omni, "duration_s", 7) is None
    assert near_value(omni, "duration_s", 7) == 7


@pytest.mark.parametrize(
    ("model", "name", "value", "near"),
    [
        ("vertex/veo-3.1", "duration_s", 5, 4),
        ("vertex/veo-3.1", "duration_s", 7.5, 8),
        ("luma/ray-2", "resolution", "600p", "540p"),
        ("luma/ray-2", "resolution", "8k", "4k"),
        ("luma/ray-2", "aspect_ratio", "2:1", "16:9"),
        ("sim/draft", "duration_s", 30, 10),
    ],
)
def test_near_is_the_nearest_allowed_and_the_smaller_at_a_tie(model, name, value, near):
    assert near_value(card(model), name, value) == near


def test_values_that_do_not_go_together_are_refused_with_the_condition():
    v5 = card("fal/pixverse/v5")
    assert limit_refusal(v5, {"resolution": "1080p", "duration_s": 5}) is None
    assert str(limit_refusal(v5, {"resolution": "1080p", "duration_s": 8})) == (
        "fal/pixverse/v5 takes duration_s 5 with resolution 1080p, not 8"
    )
    kling = card("kling/kling-v2-6")
    assert str(limit_refusal(kling, {"resolution": "1080p", "audio": True, "end_image": "x"})) == (
        "kling/kling-v2-6 takes no end_image with audio True"
    )
    wan = card("dashscope/wan2.7-i2v")
    assert str(limit_refusal(wan, {})) == "dashscope/wan2.7-i2v needs `start_image`"


# ---- prices


def usd(model, **params):
    found = price(card(model), params)
    return tuple(from_micro(x) for x in (found.low, found.expected, found.high))


def test_a_price_by_the_second_the_clip_and_the_table():
    assert usd("sim/draft", duration_s=5) == (0.1, 0.1, 0.1)
    assert usd("luma/ray-2", resolution="720p", duration_s=9) == (1.28, 1.28, 1.28)
    assert usd("kling/kling-v2-6", duration_s=10, audio=False) == (0.735, 0.735, 0.735)


def test_what_is_left_open_makes_a_range():
    assert usd("luma/ray-2", duration_s=5) == (0.40, 6.37, 6.37)
    assert usd("fal/bytedance/seedance-2.0", duration_s=4) == (
        0.5384,
        1.2136,
        6.2208,
    )  # 720p default
    assert usd("replicate/luma/ray-flash-2-540p", duration_s=5) == (0.165, 0.165, 0.6)


def test_a_length_left_out_is_the_default_where_it_is_known_else_a_range():
    assert usd("replicate/luma/ray-2-720p") == (0.9, 0.9, 0.9)
    assert usd("replicate/kwaivgi/kling-v2.6", audio=False) == (0.35, 0.7, 0.7)


def test_tokens_follow_the_picture_size():
    # fal: 1080p for 5 s is about 0.62 dollars at 2.5 dollars a million tokens
    low, expected, high = usd("fal/bytedance/seedance/v1/pro", resolution="1080p", duration_s=5)
    assert low == expected == high
    assert expected == pytest.approx(1920 * 1080 * 24 * 5 / 1024 * 2.5e-6, abs=1e-4)


@pytest.mark.parametrize(
    ("model", "params", "note"),
    [
        ("pixverse/v5", {"duration_s": 5}, "no price of pixverse/v5 is known"),
        ("kling/kling-v3", {"resolution": "720p", "duration_s": 5},
         "no price of kling/kling-v3 is known for resolution=720p"),
        ("gemini-interactions/omni-1.1-flash", {},
         "gemini-interactions/omni-1.1-flash is charged by the s, and how many is not known"),
    ],
)  # fmt: skip
def test_unknown_is_said_and_is_never_nothing(model, params, note):
    found = price(card(model), params)
    assert (found.unknown, found.low, found.expected, found.high) == (True, None, None, None)
    assert found.note == note


def test_no_price_in_the_catalogue_is_zero_but_that_of_ones_own_machine():
    for c in cards():
        own = c.service in ("videos", "comfyui", "diffusers")
        assert catalog.is_own(c) == own, c.model
        assert own or all(row["usd"] > 0 for row in c.price or []), c.model
    assert price(card("videos/wan-2.2-t2v"), {}).high == 0


# ---- which one for this?


def test_the_best_use_decides_and_the_reason_is_given():
    found = find("action", 0.5)
    assert {m.card.title for m in found} <= {"Kling v2.6", "Kling v2.6 Pro"}
    assert str(found[0]) == "fal/kling-video/v2.6/pro: best for action; $0.35 for 5 s"


def test_a_word_people_use_is_understood():
    assert find("perfume bottle ad")[0].card.title.startswith("Luma Ray 2")
    assert find("music video with sound")[0].card.audio
    assert all(m.card.start_image for m in find("from a reference image"))
    assert find("anime")[0].card.maker == "PixVerse"


def test_an_unknown_price_is_not_cheap():
    assert all(m.price.expected <= 300_000 for m in find(max_usd=0.3))
    assert "pixverse/v5" not in [m.card.model for m in find("social", 100)]
    assert "pixverse/v5" in [m.card.model for m in find("social")]


def test_retired_models_are_not_suggested_and_words_that_fit_nothing_find_nothing():
    assert not {m.card.status for m in find("google veo")} & {"retired"}
    assert find("xyzzy") == []


# ---- a person's own file


def test_a_person_overrides_prices_adds_models_and_currencies(own_file):
    own_file(
        """
rates: {EUR: 1.10}
prices:
  pixverse/v5: {per: clip, eur: 0.30, date: 2026-11-01}
  luma/ray-2: {per: s, table: [{resolution: 720p, usd: 0.1}, {resolution: 540p, usd: 0.05}]}
models:
  home/wan: {wire_id: wan, durations_s: [3, 5], title: Wan at home, status: live}
"""
    )
    assert usd("pixverse/v5", duration_s=5) == (0.33, 0.33, 0.33)
    assert price(card("pixverse/v5"), {}).date == "2026-11-01"
    assert usd("luma/ray-2", duration_s=5, resolution="720p") == (0.5, 0.5, 0.5)
    assert card("home/wan").durations_s == [3, 5]
    assert price(card("home/wan"), {}).unknown
    assert provenance("pixverse/v5")["price"].confidence == "your own"
    assert len(card("pixverse/v5").resolutions) == 4


def test_the_file_is_read_again_when_it_changes(own_file):
    import os

    path = own_file("prices: {pixverse/v5: {per: clip, usd: 1}}")
    assert usd("pixverse/v5") == (1, 1, 1)
    path.write_text("prices: {pixverse/v5: {per: clip, usd: 2}}")
    os.utime(path, ns=(1, 1))
    assert usd("pixverse/v5") == (2, 2, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prices: {luma/ray-2: {per: clip, usd: -1}}",
         "`luma/ray-2`: a price cannot be below 0, found -1"),
        ("prices: {luma/ray-2: {per: clip, usd: cheap}}",
         "`luma/ray-2`: a price is a number such as 0.07, not 'cheap'"),
        ("prices: {luma/ray-2: {per: clip, usd: .nan}}",
         "`luma/ray-2`: a price is a number such as 0.07, not '.nan'"),
        ("prices: {luma/ray-2: {per: clip, usd: 0}}",
         ("`luma/ray-2`: a price of 0 is a guess; leave it out where it is not known, or write "
          "`price: own server` for a machine of yours")),
        ("prices: {luma/ray-2: {per: minute, usd: 1}}",
         "`luma/ray-2`: `per` is one of s, clip, Mtoken, not 'minute'"),
        ("prices: {luma/ray-2: 0.4}",
         "`luma/ray-2`: a price is written {per: s, usd: 0.07} or {per: clip, usd: 0.3}, not 0.4"),
        ("prices: {luma/ray-2: {per: s, eur: 1}}",
         ("`luma/ray-2`: a price names one currency (usd), found per, eur; other currencies need a "
         "rate under `rates`")),
        ("prices: {luma/ray2: {per: s, usd: 1}}",
         "a price for an unknown model 'luma/ray2': did you mean 'luma/ray-2'?"),
        ("rates: {EUR: -2}", "rate of `EUR`: a price cannot be below 0, found -2"),
        ("price: {}", "unknown section 'price': did you mean 'prices'?"),
        ("models: {a/b: {durations: [5]}}",
         "`a/b` has an unknown fact 'durations': did you mean 'durations_s'?"),
        ("models: {a/b: {durations_s: five}}",
         "`a/b`: durations_s = 'five': Input should be a valid list"),
        ("models: {b: {wire_id: b}}", "a model is 'service/model', not 'b'"),
        ("models: {a/b: {limits: [1]}}",
         "`a/b`: a limit is {when: {…}, allow: {…}} or {needs: start_image}, not 1"),
        ("models: [a/b]", "`models` must be a mapping, not list"),
        ("- 1", "a catalogue is a mapping with `models:` or `prices:`"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named_with_the_place(own_file, text, message):
    path = own_file(text)
    with pytest.raises(CatalogError) as caught:
        cards()
    assert str(caught.value) == f"{path}: {message}"


def test_broken_yaml_and_a_missing_file_are_named(own_file, monkeypatch, tmp_path):
    own_file("models: {a: {")
    with pytest.raises(CatalogError, match=r"catalog\.yaml: cannot be read as a catalogue"):
        cards()
    monkeypatch.setenv("PROMPTGRID_CATALOG", str(tmp_path / "none.yaml"))
    with pytest.raises(CatalogError, match=r"^PROMPTGRID_CATALOG names .*none\.yaml"):
        cards()


def test_litellms_price_list_is_laid_over_where_both_know_a_model(own_file, tmp_path):
    (tmp_path / "list.json").write_text(
        json.dumps(
            {
                "vertex_ai/veo-3.1-generate-001": {
                    "output_cost_per_second": 0.5,
                    "output_cost_per_second_4k": 0.9,
                    "deprecation_date": "2026-11-17",
                },
                "fal_ai/bytedance/seedance-2.0/text-to-video": {"output_cost_per_second": 0.2},
                "fal_ai/unknown": {"output_cost_per_second": 9},
            }
        )
    )
    own_file("litellm: list.json\nprices: {fal/bytedance/seedance-2.0: {per: clip, usd: 3}}")
    assert usd("vertex/veo-3.1", duration_s=4, resolution="720p") == (2, 2, 2)
    assert usd("vertex/veo-3.1", duration_s=4, resolution="4k") == (3.6, 3.6, 3.6)
    assert provenance("vertex/veo-3.1")["price"].source == "LiteLLM's price list"
    assert usd("fal/bytedance/seedance-2.0", duration_s=4) == (3, 3, 3), "one's own price wins"


def test_a_litellm_list_with_text_for_a_price_is_refused(own_file, tmp_path):
    (tmp_path / "list.json").write_text(
        '{"vertex_ai/veo-3.1-generate-001": {"output_cost_per_second": "free"}}'
    )
    own_file("litellm: list.json")
    with pytest.raises(CatalogError, match="a price is a number, not 'free'"):
        cards()


# ---- YAML as people mean it


def test_yaml_keeps_shapes_words_and_dates_as_text():
    read = plain_yaml.load(
        "a: 16:9\nb: no\nc: on\nd: 2026-01-02\ne: 5\nf: 0.5\ng: true\nh:\ni: 012"
    )
    assert read == {
        "a": "16:9", "b": "no", "c": "on", "d": "2026-01-02", "e": 5, "f": 0.5, "g": True,
        "h": None, "i": "012",
    }  # fmt: skip


def test_what_is_dumped_is_read_back_by_us_and_by_others():
    import yaml

    data = {"a": ["16:9", "no", "12e3", "", "x: y", "# z", "two\nlines", "雨"], "n": [1, 0.5, None]}
    assert plain_yaml.load(plain_yaml.dump(data)) == data
    assert yaml.safe_load(plain_yaml.dump(data)) == data


def test_what_was_to_be_retired_by_today_is_retired(own_file, monkeypatch):
    monkeypatch.setattr(cards_module, "_today", lambda: "2026-11-16")
    assert card("vertex/veo-3.1").status == "deprecated"
    monkeypatch.setattr(cards_module, "_today", lambda: "2026-11-17")
    assert card("vertex/veo-3.1").status == "retired"
    assert card("vertex/veo-3.1-lite").status == "live"
    own_file("models: {my/x: {status: live, retired_on: 2026-11-18}}")
    assert card("my/x").status == "live"
    monkeypatch.setattr(cards_module, "_today", lambda: "2026-11-19")
    assert card("my/x").status == "retired"
    assert "vertex/veo-3.1" not in [match.card.model for match in find("sound")]


def test_a_model_that_nothing_resembles_is_answered_with_few_names():
    with pytest.raises(CatalogError, match=r"^no model 'sim/pictures'; sim has: sim/draft, sim/f"):
        card("sim/pictures")
    with pytest.raises(CatalogError, match=r"^no model 'xyzzy'; tk\.models\(\) lists those there"):
        card("xyzzy")
