"""The bill before anything is paid: counts, prices, the door, and the list for hands."""

import csv
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from toolkit.cli import main
from toolkit.errors import ApprovalNeeded, BudgetError, GridError
from toolkit.grid import Grid, near
from toolkit.planning import (
    Cost,
    approve,
    cell_rows,
    models,
    plan,
    promoted,
    worklist,
    write_worklist,
)
from toolkit.planning.wait import wait
from toolkit.prompts.formula import Prompt
from toolkit.records import State, to_micro
from toolkit.store import Budget, Purse, Store
from toolkit.store import schema as t

WALK = Prompt("a courier pushing a bicycle", environment="a market street at dusk")
CAMERAS = ["static wide shot", "slow push in", "handheld"]


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "exp", name="exp") as opened:
        yield opened


def run(store, grid, state, num=None):
    """Records the grid's runs and puts the first `num` of them into `state`."""
    rows = list(cell_rows(grid))
    store.add_grid(grid.to_doc())
    store.plan(rows)
    keys = [row.run_key for row in rows][:num]
    with store.writing() as conn:
        conn.execute(sa.update(t.run).where(t.run.c.key.in_(keys)).values(state=str(state)))
    return keys


def paid(samples=7, **asked):
    """Clips of 40 cents."""
    return Grid(
        "a watch", models="luma/ray-2", samples=samples, **{"duration_s": 5, "resolution": "540p",
        **asked},
    )  # fmt: skip


# ---- what it comes to


def test_the_bill_counts_prices_and_says_when_the_price_was_read():
    bill = plan(paid(7))
    assert bill.headline == "7 clips · 35 s · $2.80 (price of 2025-06-24) · about 2 min"
    assert (bill.cells, bill.new, bill.done, bill.num_excluded) == (7, 7, 0, 0)
    assert (bill.cost.low, bill.cost.expected, bill.cost.high) == (2_800_000,) * 3


def test_real_simulated_and_unknown_money_are_never_added():
    grid = Grid(WALK, models=["sim/draft", "luma/ray-2", "pixverse/v5"], duration_s=5,
                resolution=None, samples=2)  # fmt: skip
    bill = plan(grid)
    assert str(bill.cost) == "$0.80–12.74 + sim $0.20 + 2 clips of unknown price"
    assert bill.to_json()["cost_usd"] == {
        "low": 0.8, "expected": 12.74, "high": 12.74, "unknown": 2,
    }  # fmt: skip
    assert bill.to_json()["sim_usd"] == 0.2


def test_a_price_of_ones_own_stands_where_none_is_known():
    grid = Grid(WALK, models=["pixverse/v5", "luma/ray-2"], duration_s=near(5), resolution="540p")
    bill = plan(grid, price_usd=0.5)
    assert bill.cost.unknown == 0
    assert bill.cost.high == 500_000 + 400_000
    assert [row.est_cost_micro_usd for row in cell_rows(grid, price_usd=0.5)] == [500_000, 400_000]
    assert next(iter(cell_rows(grid))).est_cost_micro_usd is None


@pytest.mark.parametrize("price", [-1, float("nan"), "cheap", 0])
def test_a_price_that_is_none_is_refused(price):
    with pytest.raises(GridError, match=r"^`price_usd`: "):
        plan(paid(), price_usd=price)


def test_what_is_done_is_not_paid_again_and_what_ended_is_told_apart(store):
    grid = paid(7)
    keys = run(store, grid, State.DONE, 3)
    with store.writing() as conn:
        for key, state in ((keys[0], "moderated"), (keys[1], "submitted")):
            conn.execute(sa.update(t.run).where(t.run.c.key == key).values(state=state))
    bill = plan(grid, store)
    assert (bill.new, bill.done, bill.going, bill.ended) == (4, 1, 1, 1)
    assert bill.cost.high == 4 * 400_000
    assert bill.counts == "7 cells: 4 new · 1 done · 1 on their way · 1 ended before"


def test_a_grid_that_is_all_there_says_so(store):
    run(store, paid(2), State.DONE)
    assert plan(paid(2), store).headline == "nothing new: 2 clips done"


def test_other_wording_of_the_labels_pays_nothing_again(store):
    run(store, Grid(WALK, models="sim/draft"), State.DONE)
    relabelled = Grid(WALK.with_parts(scene="other", name="n"), models="sim/draft")
    assert plan(relabelled, store).done == 1


def test_cells_that_share_a_clip_are_paid_once():
    grid = Grid(WALK, models="luma/ray-2", duration_s=[5, near(6)], resolution="540p")
    bill = plan(grid)
    assert (bill.cells, bill.new) == (2, 1)
    assert "1 cell asks for the clip of another cell: paid once" in bill.notes


def test_one_arm_a_combination_of_what_varies():
    grid = Grid(WALK, models=["sim/draft", "sim/final"], camera=CAMERAS, duration_s=4, samples=2)
    bill = plan(grid)
    table = bill.df
    assert list(table.columns[:2]) == ["model", "camera"]
    assert len(table) == 6
    assert table["new"].tolist() == [2] * 6
    assert table["sim_usd"].sum() == pytest.approx(6 * 0.08 + 6 * 0.4)
    assert json.loads(json.dumps(bill.to_json()))["arms"][0] == {
        "model": "sim/draft", "camera": "static wide shot", "cells": 2, "new": 2, "done": 0,
        "video_s": 8.0, "cost_usd": {"low": 0.0, "expected": 0.0, "high": 0.0, "unknown": 0},
        "sim_usd": 0.16, "price_date": "2026-11-22",
    }  # fmt: skip


def test_excluded_cells_cost_nothing_and_their_reasons_are_on_the_bill():
    grid = Grid(WALK, models=["sim/draft", "vertex/veo-3.1-lite"], duration_s=5, samples=2)
    bill = plan(grid)
    assert bill.cost.high == 0
    assert bill.num_excluded == 2
    said = "! vertex/veo-3.1-lite takes 4, 6, 8: 2 cells excluded; `tk.near(5)` would use 4"
    assert said in bill.text


def big(**asked):
    return Grid(
        Prompt("{a|b|c|d|e|f|g|h|i|j}" * 4), models=["sim/draft", "luma/ray-2"],
        **{"duration_s": [5, 9], "resolution": [None, "540p"], **asked},
    )  # fmt: skip


def test_a_large_bill_is_summed_by_arm_and_quick():
    start = time.process_time()
    bill = plan(big(samples=250_000))
    assert time.process_time() - start < 0.5
    assert bill.cells == bill.new == 4 * 2 * 10**4 * 250_000
    by_model = {arm.levels["model"]: arm for arm in bill.arms}
    assert by_model["sim/draft"].cost.sim == 250_000 * 10**4 * 2 * (100_000 + 180_000)


def test_a_large_bill_and_the_sum_over_its_cells_agree(store, monkeypatch):
    from toolkit.planning import count

    grid = big(subject=["{a|b|c|d|e|f|g|h|i|j}" * 2], samples=2)
    run(store, grid, State.DONE, 30)
    exact = plan(grid, store)
    monkeypatch.setattr(count, "EXACT", 10)
    summed = plan(grid, store)
    assert (summed.cells, summed.new, summed.done) == (exact.cells, exact.new, exact.done)
    assert summed.cost == exact.cost
    assert summed.video_s == exact.video_s


def test_more_cells_than_can_be_run_are_refused_with_the_way_out():
    with pytest.raises(GridError, match=r"^1,600,000 cells are more than can be run at once"):
        next(cell_rows(big(samples=20)))


def test_what_a_person_should_know_is_said():
    grid = Grid(WALK, models=["fal/veo3.1", "luma/ray-2"], seed=[1, 2])
    notes = plan(grid).notes
    assert "luma/ray-2: no seed is honoured, so samples of one seed are not paired" in notes
    assert (
        "no duration_s is asked for and the models' own differ: fal/veo3.1 8 s, luma/ray-2 5 s"
        in notes
    )
    rewrites = "vertex/veo-3.1-lite rewrites prompts by itself and cannot be told not to"
    assert rewrites in plan(Grid(WALK, models=["vertex/veo-3.1-lite", "sim/draft"])).notes
    assert not [note for note in notes if "rewrites" in note]  # it is switched off there
    assert (
        "luma/ray-2: the price depends on resolution, left to the service; "
        "ask for one to know it" in notes
    )


class Finished:
    """A store of clips of one model that took these seconds."""

    def __init__(self, *seconds):
        self.seconds = seconds

    def counts(self):
        return {State.DONE: len(self.seconds)}

    def run_columns(self):
        start = datetime(2026, 11, 1, tzinfo=UTC)
        return {
            "model": ["luma/ray-2"] * len(self.seconds),
            "submitted_at": [start] * len(self.seconds),
            "done_at": [start + timedelta(seconds=s) for s in self.seconds],
        }


def test_times_come_from_the_clips_made_before():
    grid = paid(20)
    assert plan(grid).notes[-1] == "how long it takes is a rule of thumb until clips have arrived"
    found = wait({"luma/ray-2": 20}, Finished(30, 30, 50))
    assert (found.seconds[0], found.is_guess) == (60, False), "two rounds of ten"
    assert found.seconds[1] == pytest.approx(60 + 2**0.5 * 20)
    assert wait({"luma/ray-2": 20}, Finished(30, 50)).is_guess, "two clips are no history"


def test_services_work_side_by_side_and_models_of_one_share_its_queue():
    assert wait({"sim/draft": 4, "luma/ray-2": 10}, None).seconds == (90, 240)
    assert wait({"sim/draft": 4, "sim/final": 4}, None).seconds == pytest.approx(
        (12, 24.7), abs=0.1
    )
    assert wait({"sim/draft": 0}, None) is None


def test_the_bill_escapes_what_was_typed():
    page = plan(Grid(WALK, models="sim/draft", camera=["<b>x</b>", "<script>"]))._repr_html_()
    assert "<script>" not in page
    assert "<b>x</b>" not in page


# ---- the door


def door(grid, cap, *, up_to=None, **asked):
    micro = None if cap is None else to_micro(cap)
    budget = Budget(cap_micro_usd=micro, per_day_micro_usd=None, real=Purse(), sim=Purse())
    approve(plan(grid, **asked), budget, up_to_usd=up_to)


def test_a_small_bill_under_a_budget_runs_unasked():
    door(paid(5), 1.99 + 1)  # exactly $2.00
    door(paid(7), 11.20)  # a quarter of the cap exactly
    door(paid(25), 1000)  # exactly $10


def test_above_two_dollars_and_a_quarter_of_the_cap_an_amount_is_wanted():
    with pytest.raises(ApprovalNeeded) as caught:
        door(paid(7), 11)
    assert str(caught.value) == (
        "7 clips · 35 s · $2.80 (price of 2025-06-24) · about 2 min. Nothing spent. "
        "To run: exp.run(grid, up_to_usd=3)"
    )
    door(paid(7), 11, up_to=2.8)


def test_above_ten_dollars_an_amount_is_wanted_whatever_the_cap():
    with pytest.raises(ApprovalNeeded, match=r"up_to_usd=11\)$"):
        door(paid(26), 1000)
    door(paid(26), 1000, up_to=11)


def test_a_later_dearer_bill_is_refused_again():
    with pytest.raises(ApprovalNeeded, match=r"up_to_usd=4\)$"):
        door(paid(8), 1000, up_to=3)


@pytest.mark.parametrize("amount", [-1, float("nan"), "three"])
def test_an_amount_that_is_none_is_refused(amount):
    with pytest.raises(BudgetError, match=r"^`up_to_usd`: "):
        door(paid(1), 10, up_to=amount)


def test_a_paid_run_needs_a_budget_and_one_that_suffices():
    with pytest.raises(BudgetError) as caught:
        door(paid(1), None)
    assert str(caught.value) == (
        "1 clip · 5 s · $0.40 (price of 2025-06-24) · about 2 min. Nothing spent: "
        "a paid run needs a budget; exp.set_budget(0.40)"
    )
    with pytest.raises(BudgetError, match=r"\$0\.00 of the budget of \$0\.00 is left"):
        door(paid(1), 0)
    with pytest.raises(BudgetError, match=r"run fewer cells, or exp\.set_budget\(3\)$"):
        door(paid(7), 1)


def test_an_unknown_price_is_refused_until_one_is_given():
    grid = Grid(WALK, models="pixverse/v5", duration_s=5)
    with pytest.raises(BudgetError) as caught:
        door(grid, 100, up_to=100)
    assert str(caught.value) == (
        "no price of pixverse/v5 is known. Nothing spent. To run: exp.run(grid, price_usd=…) "
        "with the most that one clip may cost"
    )
    door(grid, 100, price_usd=0.5)


def test_simulated_money_never_asks_but_says_where_the_cap_ends_it(store):
    store.set_budget(5)
    grid = Grid(WALK, models="sim/final", duration_s=10, samples=200)
    door(grid, None)
    door(grid, 5)
    assert (
        "sim $200.00 is more than the sim $5.00 that the budget of $5.00 leaves: what comes after "
        "stays over_budget until it is raised" in plan(grid, store).notes
    )


def test_a_grid_of_which_nothing_runs_is_refused_with_the_reasons():
    grid = Grid(WALK, models="sim/draft", duration_s=20)
    with pytest.raises(GridError) as caught:
        door(grid, 5)
    assert str(caught.value) == (
        "no cell of this grid runs: sim/draft takes 1 to 10 s: 1 cell excluded; "
        "`tk.near(20)` would use 10"
    )


# ---- by hand


def test_the_worklist_has_a_row_a_clip_with_the_name_to_save_under(tmp_path):
    grid = Grid(WALK, models="luma/ray-2", camera=["static", "push in"], duration_s=5, loop=True,
                samples=2)  # fmt: skip
    rows = worklist(grid)
    assert len(rows) == 4
    cell = grid[1]
    assert rows[1] == {
        "cell_id": cell.id,
        "prompt": "A courier pushing a bicycle. A market street at dusk. Static.",
        "negative": "",
        "model": "luma/ray-2",
        "settings": "5 s, loop on",
        "sample": 2,
        "scene": "courier pushing bicycle, market street dusk",
        "file": f"{cell.id}_courier-pushing-bicycle-market-street-dusk-static-ray-2-sample-2.mp4",
    }
    assert len({row["file"] for row in rows}) == 4


def test_a_spreadsheet_takes_no_prompt_for_a_formula(tmp_path):
    path = write_worklist(Grid("=HYPERLINK(1)", models="sim/draft"), tmp_path / "in" / "w.csv")
    (row,) = csv.DictReader(path.open(encoding="utf-8-sig", newline=""))
    assert row["prompt"] == "'=HYPERLINK(1)"
    assert not list(path.parent.glob("*.part"))


@pytest.mark.parametrize("text", ["雨の中の狐", "🦊🦊", 'a/b\\c:d*?"<>|', "x" * 5000, "CON"])
def test_names_to_save_under_are_safe_on_every_file_system(text):
    import re

    (row,) = worklist(Grid(text, models="sim/draft"))
    assert re.fullmatch(r"[0-9a-f]{16}_[a-z0-9-]{1,80}\.mp4", row["file"])


def test_no_one_makes_ten_thousand_clips_by_hand():
    with pytest.raises(GridError, match=r"^a worklist of 80,000 clips is more than hands can make"):
        worklist(big())


# ---- draft first, then final


def test_the_best_arms_go_on_with_every_scene_to_other_models(store):
    shots = [WALK, Prompt("a fox", environment="a wood", negative="text")]
    drafts = Grid(shots, models="sim/draft", camera=CAMERAS, duration_s=5, seed=3,
                  resolution="540p", aspect_ratio="9:16", samples=2)  # fmt: skip
    run(store, drafts, State.DONE)
    final = promoted(store, "camera", ["slow push in"], models="vertex/veo-3.1-lite", samples=3)
    assert final.size == 2 * 3
    assert {c.parts["camera"] for c in final} == {"slow push in"}
    assert {c.labels["scene"] for c in final} == {c.labels["scene"] for c in drafts}
    assert final[0].spec.params == {"aspect_ratio": "9:16", "duration_s": 4}
    assert final[-1].spec.negative == "text"
    assert final.num_kept == 6


def test_arms_may_be_combinations_and_parameters(store):
    drafts = Grid(WALK, models="sim/draft", camera=CAMERAS, duration_s=[3, 5])
    run(store, drafts, State.DONE)
    both = promoted(
        store, ["camera", "duration_s"], [("handheld", 3), ("slow push in", 5)], models="sim/final"
    )
    assert [(c.parts["camera"], c.spec.params["duration_s"]) for c in both.cells()] == [
        ("handheld", 3),
        ("slow push in", 5),
    ]
    longer = promoted(store, "duration_s", [5], models="sim/final", resolution="720p")
    assert {c.spec.params["resolution"] for c in longer} == {"720p"}


def test_an_arm_that_never_ran_names_those_that_did(store):
    run(store, Grid(WALK, models="sim/draft", camera=["static", "push in"]), State.DONE)
    with pytest.raises(GridError) as caught:
        promoted(store, "camera", ["statik"], models="sim/final")
    assert str(caught.value) == (
        "no run of the arm 'statik' by prompt.camera; there are: 'static', 'push in'"
    )
    with pytest.raises(LookupError, match="did you mean"):
        promoted(store, "camra", ["static"], models="sim/final")


# ---- the catalogue as a table


def test_the_table_of_models_has_what_scripts_rely_on():
    table = models("action", max_usd=0.5)
    assert list(table.columns) == [
        "model", "service", "wire_id", "durations_s", "resolutions", "seed", "camera", "audio",
        "start_image", "price_usd", "price_unit", "price_date", "status", "retired_on",
        "best_for", "key", "why",
    ]  # fmt: skip
    row = json.loads(table.to_json(orient="records"))[0]
    assert (row["model"], row["price_usd"], row["price_unit"]) == (
        "fal/kling-video/v2.6/pro",
        0.07,
        "USD/s",
    )
    everything = models()
    assert len(everything) > 40
    assert everything.set_index("model").loc["pixverse/v5", "price_usd"] is None
    assert len(models("xyzzy")) == 0


# ---- clips made by hand


HANDS = ("import/SomeSite v2", "import/Other")


def by_hand(**asked):
    fox = Prompt("a red fox", environment="a pine forest at dawn")
    return Grid(fox, **{"camera": ["push in", "orbit left"], "models": HANDS[0], **asked})


def test_what_is_made_by_hand_has_no_price_and_is_counted_apart():
    bill = plan(by_hand(models=[HANDS[0], "sim/draft"], duration_s=5, seed=7))
    assert (bill.cells, bill.new, bill.by_hand, bill.cost.unknown) == (4, 2, 2, 0)
    assert bill.counts == "4 cells: 2 new · 2 by hand"
    assert bill.headline.endswith("· and 2 clips by hand")
    assert bill.to_json()["by_hand"] == 2
    assert bill.video_s == 10
    alone = plan(by_hand(models=HANDS))
    assert (alone.headline, alone.cost) == ("4 clips by hand", Cost())
    assert "by hand" in alone.text


def test_what_is_made_by_hand_takes_any_parameter_and_no_other_service_name():
    grid = by_hand(duration_s=[7.5, 61], resolution="1234p", aspect_ratio="2:1", loop=True)
    assert (grid.num_kept, grid.models) == (4, ("import/SomeSite-v2",))
    assert Grid.from_yaml(grid.to_yaml()) == grid
    with pytest.raises(GridError, match=r"^name the site or tool that makes the clips: 'import/N"):
        by_hand(models="import/")
    with pytest.raises(GridError, match=r"^`models` names a value twice:"):
        by_hand(models=["import/a b", "import/a-b"])


def test_running_what_is_made_by_hand_says_the_way_out(store):
    said = "exp.worklist(grid), then exp.import_clips(folder, grid=grid)"
    with pytest.raises(GridError) as caught:
        approve(plan(by_hand()), store.budget())
    assert str(caught.value) == f"2 clips of this grid are made by hand: {said}"
    with pytest.raises(GridError) as caught:
        approve(plan(by_hand(models=[HANDS[0], "sim/draft"])), store.budget())
    assert str(caught.value).endswith(f"{said}; run the others as a grid of their own")


def test_a_worklist_of_a_mixed_grid_lists_what_hands_make():
    rows = worklist(by_hand(models=["sim/draft", HANDS[0]]))
    assert [row["model"] for row in rows] == ["import/SomeSite-v2"] * 2
    assert all(row["file"].startswith(row["cell_id"]) for row in rows)


# ---- which model for this


def test_the_terminal_shows_facts_and_the_reason_within_120_columns(capsys, monkeypatch):
    monkeypatch.delenv("FAL_KEY", raising=False)
    assert main(["models", "--for", "action", "--max-usd", "0.5"]) == 0
    head, facts, why, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "model", "seconds", "sizes", "seed", "camera", "sound", "image", "price", "of", "key",
    ]  # fmt: skip
    assert facts.split() == [
        "fal/kling-video/v2.6/pro", "5,", "10", "1080p", "no", "words", "yes", "yes", "$0.07/s",
        "2026-05-01", "unset",
    ]  # fmt: skip
    assert why == "    best for action; $0.35 for 5 s"
    main(["models"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 80
    assert max(map(len, lines)) <= 120
    assert any(line.startswith("    deprecated; ") for line in lines)
    main(["models", "--for", "xyzzy"])
    assert capsys.readouterr().out == "no model fits; ask for less, or see them all without words\n"


def test_scripts_get_the_documented_fields_and_lists_of_lengths(capsys):
    main(["models", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert all(
        list(row)
        == [
            "model", "service", "wire_id", "durations_s", "resolutions", "seed", "camera", "audio",
            "start_image", "price_usd", "price_unit", "price_date", "status", "retired_on",
            "best_for",
        ]
        for row in rows
    )  # fmt: skip
    by_model = {row["model"]: row for row in rows}
    assert by_model["sim/draft"]["durations_s"] == [*range(1, 11)]
    assert by_model["vertex/veo-3.1-lite"]["durations_s"] == [4, 6, 8]
    assert by_model["pixverse/v5"]["price_usd"] is None


def test_a_size_may_be_asked_for():
    found = models("4k").set_index("model")
    assert found["why"]["ark/seedance-2-0"].startswith("makes 4k; ")
    assert "sim/draft" not in found.index
