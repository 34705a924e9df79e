"""The grid: counted and indexed without being built; what it leaves out, and why."""

import itertools
import json
import time

import pytest

from tests.benchmarks.grid import million, use
from toolkit.errors import GridError, ToolkitError
from toolkit.grid import Grid, near
from toolkit.prompts.formula import Prompt

WALK = Prompt(
    "a courier pushing a bicycle", environment="a market street at dusk", mood="quiet documentary"
)
CAMERAS = ["static wide shot", "slow push in", "handheld"]


def walk(**asked):
    return Grid(WALK, **{"models": "sim/draft", "camera": CAMERAS, **asked})


# ---- counting and indexing


def test_every_combination_is_there_once_and_sample_varies_fastest():
    grid = walk(models=["sim/draft", "sim/final"], duration_s=[2, 3], samples=2)
    found = [
        (c.parts["camera"], c.spec.model, c.spec.params["duration_s"], c.spec.sample) for c in grid
    ]
    assert found == list(itertools.product(CAMERAS, ["sim/draft", "sim/final"], [2, 3], [1, 2]))
    assert len(grid) == 24


def test_a_fixed_value_is_no_axis_but_is_asked_for():
    grid = walk(duration_s=5, samples=3)
    assert len(grid) == 9
    assert grid.varies == ["camera", "sample"]
    assert {c.spec.params["duration_s"] for c in grid} == {5}


def test_cells_are_reached_by_index_and_slice():
    grid = walk(samples=3)
    assert grid[-1] == grid[8]
    assert [c.index for c in grid[2:8:3]] == [2, 5]
    with pytest.raises(IndexError, match=r"^cell 9 of 9$"):
        grid[9]


def test_a_million_cells_are_quick_and_light():
    import tracemalloc

    grid = million(0)
    assert len(grid) == 1_000_000
    use(1)
    took = []
    for seed in range(5):
        start = time.process_time()
        use(seed)
        took.append(time.process_time() - start)
    assert min(took) < 0.020, "twice what the benchmark allows"
    tracemalloc.start()
    use(9)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_a_grid_of_a_million_million_cells_is_counted_and_sampled():
    shot = Prompt("{a|b|c|d|e|f|g|h|i|j}" * 9)
    models = ["sim/draft", "vertex/veo-3.1-lite"]
    grid = Grid(shot, models=models, duration_s=[5, near(5)], samples=250)
    assert grid.size == 10**12
    assert grid.num_kept == 750 * 10**9
    drawn = grid.sample(20, seed=4)
    assert len({c.index for c in drawn}) == 20
    assert drawn == grid.sample(20, seed=4)
    assert all(c.excluded is None for c in drawn)


def test_a_seeded_draw_holds_no_excluded_cell():
    grid = walk(samples=10, exclude=[{"camera": "handheld"}])
    assert [c.index for c in grid.sample(20)] == list(range(20))
    with pytest.raises(GridError, match=r"^21 cells were asked for and 20 run$"):
        grid.sample(21)


# ---- what a grid takes


def test_a_string_is_sent_exactly_as_typed():
    assert Grid(" fox, {running} ", models="sim/draft")[0].text == " fox, {running} "


def test_a_part_given_to_the_grid_replaces_that_part_of_structured_prompts_alone():
    own = WALK.with_parts(camera="crane up")
    grid = Grid([own, "as typed"], models="sim/draft", camera=["static", "push in"])
    assert [c.text for c in grid] == [
        "A courier pushing a bicycle. A market street at dusk. Static. Quiet documentary.",
        "A courier pushing a bicycle. A market street at dusk. Push in. Quiet documentary.",
        "as typed",
    ]


def test_a_value_of_none_leaves_the_parameter_to_the_service():
    grid = walk(duration_s=[None, 5])
    assert [c.spec.params for c in grid[:2]] == [{}, {"duration_s": 5}]


def test_linked_parameters_vary_together():
    sizes = [
        {"resolution": "540p", "aspect_ratio": "16:9"},
        {"resolution": "540p", "aspect_ratio": "9:16"},
    ]
    grid = Grid(WALK, models="sim/draft", size=sizes)
    assert [c.spec.params for c in grid] == sizes
    assert grid.axes["size"] == ["540p@16:9", "540p@9:16"]


def test_extra_goes_through_untouched():
    grid = walk(extra={"cfg": [1, 2]})
    assert grid[0].spec.params == {"extra": {"cfg": [1, 2]}}


def test_samples_are_a_count_or_the_numbers_themselves():
    assert [c.spec.sample for c in Grid(WALK, models="sim/draft", samples=3)] == [1, 2, 3]
    assert [c.spec.sample for c in Grid(WALK, models="sim/draft", samples=[4, 7])] == [4, 7]


class Frame:
    """Enough of a DataFrame to be taken for one."""

    def __init__(self, rows):
        self.rows = rows
        self.columns = list(rows[0])

    def to_dict(self, orient):
        assert orient == "records"
        return self.rows


def test_a_table_gives_prompts_and_an_empty_cell_is_nothing():
    grid = Grid(
        Frame(
            [
                {"subject": "fox", "mood": float("nan"), "notes": "x"},
                {"subject": "owl", "mood": "b"},
            ]
        ),
        models="sim/draft",
    )
    assert [c.text for c in grid] == ["Fox.", "Owl. B."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_as_spreadsheets_write_it(tmp_path, encoding, delimiter):
    rows = [["Subject", "camera", "scene"], ["a füchsin", "static", "s"], ["", "", ""]]
    path = tmp_path / "prompts.csv"
    path.write_bytes("\r\n".join(delimiter.join(r) for r in rows).encode(encoding))
    (cell,) = Grid(path, models="sim/draft")
    assert (cell.text, cell.labels["scene"]) == ("A füchsin. Static.", "s")
    assert Grid(str(path), models="sim/draft")[0].text == cell.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", ("t.csv has no column of prompts; name one `text`, or some of subject, "
         "action, environment, camera, mood; found: a, b")),
        ("subject,camra\nfox,static\n", "t.csv: column `camra`: did you mean `camera`?"),
        ("text,mood\nfox,calm\n", "t.csv, row 1: give either `text` or parts, not both"),
        ("text,duration_s\nfox,5\n",
         "t.csv: column `duration_s` is a parameter; pass it to Grid as a keyword"),
        ("text\n", "t.csv has no rows of prompts"),
        ("", "t.csv has no rows of prompts"),
        ("text\n \n", "no prompts; pass a Prompt, a text, a list of them, or a CSV file"),
        ("subject\nfox\0\n",
         "t.csv, row 1: `subject` holds a NUL character at position 3; delete it"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_says_where(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(ToolkitError) as caught:
        Grid(path, models="sim/draft")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"design": "fractal"}, ("`design`: 'fractal' is none; there are: full, "
         "one_at_a_time, paired, pairwise, fractional, random")),
        ({"duraton_s": 5}, "`duraton_s`: did you mean `duration_s`?"),
        ({"seed": [1, 1]}, "`seed` names a value twice: [1, 1]"),
        ({"duration_s": [5, 5.0]}, "`duration_s` names a value twice: [5, 5.0]"),
        ({"models": ["sim/draft", "sim/draft"]},
         "`models` names a value twice: ['sim/draft', 'sim/draft']"),
        ({"camera": ["a", "a"]}, "`camera` names a value twice: ['a', 'a']"),
        ({"camera": []}, "`camera` has no values; leave it out, or give one"),
        ({"models": []}, "`models` has no values; leave it out, or give one"),
        ({"models": "sim/drat"}, "no model 'sim/drat': did you mean 'sim/draft'?"),
        ({"samples": 0}, "`samples` is a count from 1, not 0"),
        ({"samples": True}, "`samples` is a count or a list of numbers, not True"),
        ({"samples": [0]}, "`samples` counts from 1 in whole numbers, found 0"),
        ({"duration_s": "5s"}, "`duration_s` is a number, not '5s'"),
        ({"duration_s": float("nan")}, "`duration_s` is a number above 0, not nan"),
        ({"seed": -1}, "`seed` is a whole number from 0, not -1"),
        ({"audio": "yes"}, "`audio` is True or False, not 'yes'"),
        ({"resolution": "large"}, "`resolution` is a height such as '720p' or '4k', not 'large'"),
        ({"aspect_ratio": 1.78}, "`aspect_ratio` is a shape such as '16:9', not 1.78"),
        ({"camera_motion": "push inn"},
         "`camera_motion` has no move 'push inn': did you mean `push_in`?"),
        ({"start_image": "https://x.org/a.png"},
         ("`start_image` is a file on this machine, not an address ('https://x.org/a.png'): what "
         "lies at an address can change; exp.image(url) fetches it once and keeps it")),
        ({"exclude": [{"camera": "statik"}]},
         ("`exclude`: no cell has camera 'statik'; there are: 'static wide shot', 'slow push in', "
         "'handheld'")),
        ({"exclude": [{"camra": "handheld"}]}, "`camra`: did you mean `camera`?"),
        ({"size": [{"resolution": "720p"}, {"seed": 1}]},
         "`size` links resolution: every value sets just these, found {'seed': 1}"),
        ({"seed": 1, "pair": [{"seed": 1}, {"seed": 2}]}, "`seed` is set by `seed` and by `pair`"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_refused_with_the_way_out(asked, message):
    with pytest.raises(GridError) as caught:
        walk(**asked)
    assert str(caught.value) == message


def test_a_part_makes_no_sense_where_every_prompt_is_typed():
    with pytest.raises(GridError, match=r"^`camera`: the prompts are sent exactly as typed"):
        Grid("a fox", models="sim/draft", camera=["static"])


# ---- what is left out


def test_a_length_that_a_model_does_not_take_excludes_its_cells_and_names_the_way_out():
    grid = walk(models=["sim/draft", "vertex/veo-3.1-lite"], duration_s=5, samples=3)
    assert [str(e) for e in grid.exclusions] == [
        "vertex/veo-3.1-lite takes 4, 6, 8: 9 cells excluded; `tk.near(5)` would use 4"
    ]
    assert [c.spec.model for c in grid.cells()] == ["sim/draft"] * 9
    assert next(iter(grid.excluded())) == (
        3,
        "vertex/veo-3.1-lite takes 4, 6, 8; `tk.near(5)` would use 4",
    )
    assert len(grid) == 18
    assert grid.num_kept == 9


def test_near_takes_what_each_model_has():
    models = ["sim/draft", "vertex/veo-3.1-lite"]
    grid = Grid(WALK, models=models, duration_s=near(5), resolution=near("600p"))
    assert [c.spec.params for c in grid] == [
        {"duration_s": 5, "resolution": "540p"},
        {"duration_s": 4, "resolution": "720p"},
    ]
    assert grid.num_kept == 2


def test_exclude_matches_every_field_of_a_rule_and_any_value_of_a_list():
    grid = walk(
        models=["sim/draft", "sim/final"],
        exclude=[{"camera": ["handheld", "slow push in"], "model": "sim/final"}],
    )
    assert [str(e) for e in grid.exclusions] == [
        "excluded: camera handheld or slow push in, model sim/final: 2 cells excluded"
    ]
    assert grid.tally("camera") == {
        ("static wide shot",): 2,
        ("slow push in",): 1,
        ("handheld",): 1,
    }


def test_a_function_may_exclude_and_say_why():
    grid = walk(samples=2, exclude=[lambda v: "odd one" if v["sample"] == 2 else False])
    assert [str(e) for e in grid.exclusions] == ["odd one: 3 cells excluded"]


def test_exclusions_that_contradict_leave_a_grid_of_nothing_that_says_so():
    grid = walk(exclude=[{"model": "sim/draft"}])
    assert grid.num_kept == 0
    assert list(grid.cells()) == []
    assert "0 run" in grid._repr_html_()


def test_an_unfinished_prompt_is_left_out_and_not_an_error():
    grid = Grid(Prompt("", camera=""), models="sim/draft")
    assert [str(e) for e in grid.exclusions] == [
        "an empty prompt: 1 cell excluded; write what the camera should see"
    ]


def test_the_summary_counts_what_going_through_the_cells_counts():
    grid = Grid(
        [WALK.with_parts(negative=["", "text"]), "typed", Prompt(["fox", ""])],
        models=["sim/draft", "vertex/veo-3.1-lite", "luma/ray-2"],
        camera=["static", "{slow|fast} push in"],
        duration_s=[4, 5, near(7)],
        samples=2,
        exclude=[{"camera": "static", "sample": 1}, {"prompt": "typed", "duration_s": 5}],
    )
    for by in ("camera", ["model", "duration_s"], ["negative", "scene"], ["prompt"], "sample"):
        counted: dict = {}
        names = [by] if isinstance(by, str) else by
        for cell in grid.cells():
            have = {
                **cell.parts,
                **cell.spec.params,
                **cell.labels,
                "negative": cell._words.get("negative"),
                "model": cell.spec.model,
                "sample": cell.spec.sample,
                "prompt": cell.text,
            }
            key = tuple(have.get(n) for n in names)
            counted[key] = counted.get(key, 0) + 1
        assert grid.tally(by) == counted
    assert sum(e.cells for e in grid.exclusions) == len(list(grid.excluded())) > 0


def test_too_fine_a_summary_says_so():
    grid = Grid(Prompt("{a|b|c|d|e|f|g|h|i|j}" * 9), models="sim/draft")
    with pytest.raises(GridError, match=r"^too fine a summary: prompt of 1,000,000,000 cells"):
        grid.tally("prompt")


# ---- scenes


def test_twins_share_a_scene_and_typed_prompts_have_one_each():
    grid = Grid([WALK, *WALK.twins("mood", ["x", "y"]), "fox one", "fox one"], models="sim/draft",
                camera=["a", "b"])  # fmt: skip
    assert [c.labels["scene"] for c in grid] == [
        "courier pushing bicycle, market street dusk"
    ] * 6 + [
        "fox one",
        "fox one 2",
    ]


def test_other_shots_with_the_same_telling_words_are_other_scenes():
    grid = Grid([Prompt("the fox"), Prompt("a fox")], models="sim/draft")
    assert [c.labels["scene"] for c in grid] == ["fox", "fox 2"]


def test_strings_may_be_declared_wordings_of_one_shot():
    grid = Grid(["a watch", "the watch, closer"], scene="watch ad", models="sim/draft")
    assert {c.labels["scene"] for c in grid} == {"watch ad"}
    assert len({c.labels["name"] for c in grid}) == 2


def test_labels_and_parts_are_no_part_of_what_is_paid_for():
    plain = Grid("Fox.", models="sim/draft")[0]
    labelled = Grid(Prompt("fox", name="n", scene="s"), models="sim/draft")[0]
    assert plain.run_key == labelled.run_key


def test_prompts_that_say_the_same_are_pointed_out():
    grid = Grid(["a fox", "a fox"], models="sim/draft")
    assert grid.notices == [
        "1 prompt says the same as another: they share their clips and are paid once"
    ]
    assert grid[0].run_key == grid[1].run_key


# ---- pictures


def test_a_picture_is_known_by_its_content(tmp_path):
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    one.write_bytes(b"same")
    two.write_bytes(b"same")
    keys = {Grid(WALK, models="sim/final", start_image=p)[0].run_key for p in (one, str(two))}
    assert len(keys) == 1
    assert "one.png" in Grid(WALK, models="sim/final", start_image=one).notices[0]


def test_a_model_without_start_images_excludes(tmp_path):
    (tmp_path / "a.png").write_bytes(b"a")
    grid = Grid(WALK, models=["sim/draft", "sim/final"], start_image=tmp_path / "a.png")
    assert [str(e) for e in grid.exclusions] == ["sim/draft takes no start image: 1 cell excluded"]


# ---- as a document


def everything(tmp_path):
    (tmp_path / "a.png").write_bytes(b"a")
    return Grid(
        [WALK.with_parts(mood=["a: b", "no", "16:9"], negative="x"),
         Prompt.typed("t\n{x}", scene="s"), "plain"],
        models=["sim/draft", "vertex/veo-3.1-lite"],
        camera=["static", "# push in"],
        duration_s=[near(5), 4],
        aspect_ratio=["16:9", "9:16"],
        seed=range(5, 9),
        start_image=[None, tmp_path / "a.png"],
        size=[{"resolution": "720p", "loop": False}, {"resolution": near("540p"), "loop": True}],
        samples=[2, 3],
        scene="all one",
        exclude=[{"camera": "static", "model": ["sim/draft"]}],
        extra={"cfg": 0.5},
    )  # fmt: skip


def test_yaml_and_code_make_the_same_grid_again(tmp_path):

    class tk:  # noqa: N801
        Grid = Grid
        Prompt = Prompt
        near = staticmethod(near)

    grid = everything(tmp_path)
    path = tmp_path / "grid.yaml"
    grid.to_yaml(path)
    back = Grid.from_yaml(path)
    assert back.id == grid.id
    assert [c.run_key for c in back[:50]] == [c.run_key for c in grid[:50]]
    assert Grid.from_yaml(str(path)) == grid
    assert Grid.from_doc(json.loads(json.dumps(grid.to_doc()))).id == grid.id
    assert eval(grid.to_code(), {"tk": tk, "range": range}).id == grid.id


def test_shapes_and_words_that_yaml_would_misread_stay_text():
    grid = Grid.from_yaml(
        "prompts:\n  - {subject: fox, mood: on}\nmodels: sim/draft\n"
        "params:\n  aspect_ratio: [16:9, 1:1]\nsamples: 2\n"
    )
    assert grid.axes["aspect_ratio"] == ["16:9", "1:1"]
    assert grid[0].parts["mood"] == "on"


def test_the_grid_says_its_content_by_its_id():
    assert walk().id == walk().id
    assert walk().id != walk(samples=2).id
    assert walk(duration_s=5).id == walk(duration_s=5.0).id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompts: a\n", "the text: a grid file needs `models`"),
        ("models: sim/draft\n", "the text: a grid file needs `prompts`"),
        ("prompts: a\nmodel: x\n", "the text: `model` in a grid file: did you mean `models`?"),
        ("prompts: a\nprompts: b\n", "the text is no YAML: `prompts` is given twice (line 2)"),
        ("- a\n- b\n", "the text: a grid is a mapping with `prompts` and `models`, not list"),
        ("prompts: a\nmodels: sim/draft\npromptgrid: 9\n",
         "the text: this grid file is of format 9, known is 1; a newer promptgrid reads it"),
        ("prompts: a\nmodels: sim/draft\nparts: {camra: x}\n",
         "the text: `parts`: `camra`: did you mean `camera`?"),
        ("prompts: a\nmodels: sim/draft\nparams: [1]\n",
         "the text: `params` in a grid file is a mapping, not list"),
        ("prompts: a\nmodels: sim/draft\nexclude: [{function: os.system}]\n",
         ("the text: `exclude`: the function os.system is code and no data; pass it to "
         "Grid(…, exclude=[…]) again, or write the rule as values")),
    ],
)  # fmt: skip
def test_a_grid_file_that_does_not_fit_says_where(text, message):
    with pytest.raises(GridError) as caught:
        Grid.from_yaml(text)
    assert str(caught.value) == message


def test_a_grid_file_builds_no_objects():
    with pytest.raises(GridError, match="is no YAML"):
        Grid.from_yaml("prompts: !!python/object/apply:os.getcwd []\nmodels: sim/draft\n")


def test_a_grid_file_may_not_reach_outside_its_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"x")
    inner = tmp_path / "grids"
    inner.mkdir()
    for name in ("../secret.png", str(tmp_path / "secret.png")):
        (inner / "g.yaml").write_text(
            f"prompts: fox\nmodels: sim/final\nparams:\n  start_image: {name}\n"
        )
        with pytest.raises(GridError, match="lies outside the folder of the grid file"):
            Grid.from_yaml(inner / "g.yaml")


def test_a_prompt_in_a_grid_file_never_opens_another_file(tmp_path):
    (tmp_path / "p.csv").write_text("text\nfox\n")
    grid = Grid.from_yaml(f"prompts: ['{tmp_path}/p.csv']\nmodels: sim/draft\n")
    assert grid[0].text == f"{tmp_path}/p.csv"


def test_a_picture_that_changed_since_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"a")
    Grid(WALK, models="sim/final", start_image=path).to_yaml(tmp_path / "g.yaml")
    path.write_bytes(b"b")
    with pytest.raises(GridError, match="is not the picture the grid was made with"):
        Grid.from_yaml(tmp_path / "g.yaml")


def test_the_receipt_escapes_what_was_typed():
    page = Grid("<script>alert(1)</script>", models="sim/draft")._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_receipt_of_a_huge_grid_is_quick():
    grid = Grid(Prompt("{a|b|c|d|e|f|g|h|i|j}" * 12), models="sim/draft", samples=10**6)
    start = time.process_time()
    assert "1,000,000,000,000,000,000 cells" in grid._repr_html_()
    assert time.process_time() - start < 0.5
    assert repr(grid) == (
        "<Grid 1,000,000,000,000 prompts × 1 model × 1,000,000 samples "
        "= 1,000,000,000,000,000,000 cells>"
    )


def test_of_a_retired_model_nothing_else_is_said():
    """No other value would help: `tk.near` is no way out."""
    grid = Grid("a fox", models="gemini/veo-3.0", duration_s=5)  # takes 4, 6, 8
    assert [str(e) for e in grid.exclusions] == [
        "gemini/veo-3.0 was retired on 2026-06-30: 1 cell excluded"
    ]
    assert repr(grid) == "<Grid 1 prompt × 1 model × 1 sample = 1 cell>"
