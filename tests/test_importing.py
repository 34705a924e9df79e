"""Clips from outside: matched, measured, copied; nothing lost and nothing moved."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from tests.clipmaker import path as moves
from tests.clipmaker import texture, write
from toolkit.errors import ImportProblem
from toolkit.grid import Grid
from toolkit.importing import import_clips, import_model, read_table
from toolkit.planning import write_worklist
from toolkit.prompts.formula import Prompt
from toolkit.records import State
from toolkit.store import Store
from toolkit.video import probe


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three small clips that differ."""
    folder = tmp_path_factory.mktemp("three")
    for seed, name in enumerate(("a.mp4", "b.mp4", "c.mp4")):
        write(folder / name, moves(texture(seed, (240, 320)), 6, (90, 160), pan=0.1))
    return folder


@pytest.fixture
def folder(three: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three, tmp_path / "clips"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    with Store.open(tmp_path / "exp") as opened:
        yield opened


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "clips.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_a_table_says_what_each_file_is(store: Store, folder: Path):
    rows = "file,prompt,model,camera,seed\na.mp4,a fox runs,My Site v2,pan left,7\n"
    report = import_clips(store, folder, csv=table(folder, rows), probe=probe)
    [run] = store.runs()
    assert report.imported == [run.key]
    assert (run.state, run.cost_micro_usd) == (State.DONE, 0)
    assert run.spec.prompt == "a fox runs"
    assert run.spec.model == "import/My-Site-v2"
    assert run.spec.params == {"seed": 7}
    assert store.run_rows()[0]["prompt.camera"] == "pan left"
    assert report.problems == [
        ("b.mp4", "not in the table; add a row for it"),
        ("c.mp4", "not in the table; add a row for it"),
    ]


def test_import_copies_and_twice_changes_nothing(store: Store, folder: Path):
    rows = table(folder, "file,prompt\na.mp4,one\nb.mp4,two\nc.mp4,three\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    first = import_clips(store, folder, csv=rows, probe=probe)
    again = import_clips(store, folder, csv=rows, probe=probe)
    assert first.is_complete
    assert len(first.imported) == 3
    assert (again.imported, again.already) == ([], 3)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert store.counts() == {State.DONE: 3}


def test_two_files_of_one_prompt_are_two_samples(store: Store, folder: Path):
    rows = table(folder, "file,prompt\na.mp4,same\nb.mp4,same\nc.mp4,same\n")
    import_clips(store, folder, csv=rows, probe=probe)
    assert [run.spec.sample for run in store.runs()] == [1, 2, 3]
    assert import_clips(store, folder, csv=rows, probe=probe).already == 3


def test_parts_alone_make_the_prompt_and_the_scene(store: Store, folder: Path):
    rows = (
        "file,subject,environment,camera\na.mp4,a fox,a wood,pan left\nb.mp4,a fox,a wood,static\n"
    )
    import_clips(store, folder, csv=table(folder, rows), probe=probe)
    first, second = store.run_rows()
    assert first["prompt.text"] == "A fox. A wood. Pan left."
    assert first["prompt.scene"] == second["prompt.scene"] == "a fox, a wood"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_spreadsheet_in_another_country_is_read(delimiter: str, tmp_path: Path):
    path = tmp_path / "t.csv"
    text = delimiter.join(["File", "Prompt"]) + "\n" + delimiter.join(["a.mp4", "naïve café"])
    path.write_text(text, encoding="utf-8-sig")
    assert read_table(path) == [{"file": "a.mp4", "prompt": "naïve café"}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"is empty; it needs a row a clip with `file` and `prompt`$"),
        ("name,prompt\nx,y\n", r"has no column `file`; it has 'name', 'prompt'$"),
        ("file,model\na.mp4,x\n", r"does not say what was asked; add a column `prompt`"),
    ],
)
def test_a_wrong_table_says_what_it_lacks(text: str, says: str, tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(ImportProblem, match=says):
        read_table(path)


def test_a_table_that_is_not_text_says_so(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes("file,prompt\na.mp4,café".encode("latin-1"))
    with pytest.raises(ImportProblem, match="is not UTF-8; save it as CSV UTF-8"):
        read_table(path)


def test_one_bad_clip_fails_alone(store: Store, folder: Path):
    (folder / "b.mp4").write_bytes(b"<html>not found</html>")
    (folder / "c.mp4").write_bytes(b"")
    rows = (
        "file,prompt,seed\na.mp4,one,\nb.mp4,two,\nc.mp4,three,\nmissing.mp4,four,\n"
        "../exp/experiment.db,five,\na.mp4,again,\n"
    )
    report = import_clips(store, folder, csv=table(folder, rows), probe=probe)
    assert len(report.imported) == 1
    problems = dict(report.problems)
    assert "web page" in problems["b.mp4"]
    assert "empty" in problems["c.mp4"]
    assert problems["missing.mp4"] == "no such file in the folder"
    assert problems["../exp/experiment.db"].startswith("the name leads out of the folder")
    assert problems["a.mp4"] == "named twice; the first row counts"


def test_a_wrong_seed_is_a_problem_of_its_row(store: Store, folder: Path):
    rows = "file,prompt,seed\na.mp4,one,abc\nb.mp4,two,5\n"
    report = import_clips(store, folder, csv=table(folder, rows), probe=probe)
    assert ("a.mp4", "a seed is a whole number, not 'abc'") in report.problems
    assert len(report.imported) == 1


def test_without_a_table_one_is_written_and_never_overwritten(store: Store, folder: Path):
    first = import_clips(store, folder, probe=probe)
    again = import_clips(store, folder, probe=probe)
    assert (first.table.name, again.table.name) == (
        "clips-to-fill-in.csv",
        "clips-to-fill-in-2.csv",
    )
    with first.table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["a.mp4", "b.mp4", "c.mp4"]
    assert first.unmatched == sorted(path for path in folder.resolve().glob("*.mp4"))
    assert store.counts() == {}


def test_files_find_their_cell_by_the_id_in_their_name(store: Store, folder: Path):
    grid = Grid(Prompt("a fox", camera=["static", "pan left"]), models="sim/draft")
    one, other = grid.cells()
    (folder / "a.mp4").rename(folder / f"{one.id}_whatever the site called it.mp4")
    report = import_clips(store, folder, cells=[one, other], probe=probe)
    assert report.imported == [one.run_key]
    assert [path.name for path in report.unmatched] == ["b.mp4", "c.mp4"]
    report = import_clips(
        store, folder, cells=[one, other], probe=probe, assign={"b.mp4": other.id}
    )
    assert report.imported == [other.run_key]
    assert [row["prompt.camera"] for row in store.run_rows()] == ["static", "pan left"]


def test_a_planned_run_takes_a_clip_made_by_hand(store: Store, folder: Path):
    from toolkit.planning import cell_rows

    grid = Grid(Prompt("a fox", camera=["static", "pan left"]), models="sim/draft")
    store.plan(cell_rows(grid))
    one, other = grid.cells()
    import_clips(store, folder, cells=[one, other], probe=probe, assign={"a.mp4": one.id})
    assert store.run(one.run_key).state == State.DONE
    assert store.run(other.run_key).state == State.PLANNED


def test_an_empty_folder_says_what_was_looked_for(store: Store, tmp_path: Path):
    (tmp_path / "none").mkdir()
    with pytest.raises(ImportProblem, match=r"^no clips in .*none; looked for \.mp4"):
        import_clips(store, tmp_path / "none", probe=probe)
    with pytest.raises(ImportProblem, match=r"^no folder .*nowhere; name the one"):
        import_clips(store, tmp_path / "nowhere", probe=probe)


@pytest.mark.parametrize(
    ("typed", "model"),
    [("CogVideoX-2B", "import/CogVideoX-2B"), ("a/b c", "import/a-b-c"), ("", "import/unknown")],
)
def test_models_from_outside_are_named_import(typed: str, model: str):
    assert import_model(typed) == model


def test_the_real_clips_come_in(store: Store, real_clips: Path):
    report = import_clips(store, real_clips, csv=real_clips / "clips.csv", probe=probe)
    assert report.is_complete
    rows = store.run_rows()
    assert len(rows) == 12
    scenes = {
        row["prompt.scene"] for row in rows if (row["prompt.camera"] or "").startswith("roll")
    }
    assert scenes == {"rocks and waves, coastline in a storm"}


def test_a_worklist_comes_back_without_its_guard(tmp_path: Path):
    prompt = "=2+3 foxes, 'quoted'"
    grid = Grid([prompt, "'tis a fox"], models="import/Site")
    rows = read_table(write_worklist(grid, tmp_path / "list.csv"))
    assert [row["prompt"] for row in rows] == [prompt, "'tis a fox"]
