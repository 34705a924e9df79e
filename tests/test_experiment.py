"""What a notebook holds: opened, run, reopened, compared, exported; on the simulator throughout."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import toolkit as tk
from toolkit.experiment import Experiment, home
from toolkit.records import State, Vote

FOX = tk.Prompt("a red fox", environment="a pine forest at dawn", camera=["static", "slow push in"])


def small_grid(**more: object) -> tk.Grid:
    return tk.Grid(FOX, models="sim/draft", duration_s=1, **more)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    """Four clips: two camera twins, two samples; run, stored and scored."""
    folder = tmp_path_factory.mktemp("finished") / "fox"
    exp = Experiment(folder, budget_usd=5, say=lambda _: None)
    exp.run(small_grid(samples=2), monitor=False).wait()
    yield exp
    exp.close()


def test_opening_says_which_and_where(tmp_path: Path):
    said: list[str] = []
    Experiment(tmp_path / "exp", say=said.append).close()
    Experiment(tmp_path / "exp", say=said.append).close()
    assert said == [f"exp · NEW · {tmp_path / 'exp'}", f"exp · REOPENED · {tmp_path / 'exp'}"]


def test_a_second_experiment_of_the_same_name_is_noticed(tmp_path: Path):
    said: list[str] = []
    Experiment(tmp_path / "a" / "exp", say=said.append).close()
    Experiment(tmp_path / "b" / "exp", say=said.append).close()
    assert said[-1] == f"another experiment named 'exp' is in {tmp_path / 'a'}"


def test_a_name_lives_under_home_and_a_path_where_it_says(own_home: Path, tmp_path: Path):
    assert home() == own_home
    with Experiment("word", say=print) as exp:
        assert exp.folder == own_home / "word"
    with Experiment(tmp_path / "x" / "y", say=print) as exp:
        assert exp.folder == tmp_path / "x" / "y"


@pytest.mark.parametrize("name", ["", " ", "a\x00b", "..", "what?", "x" * 200])
def test_a_name_that_is_no_folder_is_refused(name: str):
    with pytest.raises(tk.StoreError, match="cannot be a folder's name"):
        Experiment(name, say=print)


def test_naming_one_that_is_not_there_lists_those_that_are(own_home: Path):
    Experiment("this", say=print).close()
    with pytest.raises(tk.StoreError, match=r"^no experiment 'that' in .*; there are: this$"):
        Experiment("that", create=False, say=print)


def test_a_run_ends_with_clips_scores_and_simulated_cost(finished: Experiment):
    df = finished.runs_df()
    assert list(df["state"]) == ["done"] * 4
    assert df["clip.path"].map(lambda p: Path(p).is_file()).all()
    assert df["score.luma_flicker"].notna().all()
    assert df["sim_cost_usd"].tolist() == pytest.approx([0.02] * 4)
    assert df["cost_usd"].tolist() == [0.0] * 4  # simulated money is never real money
    assert set(df["prompt.camera"]) == {"static", "slow push in"}
    assert df["prompt.scene"].nunique() == 1


def test_running_again_pays_and_generates_nothing(finished: Experiment):
    before = finished.store.budget()
    clips = {path: path.stat().st_mtime_ns for path in finished.folder.glob("clips/*/*")}
    batch = finished.run(small_grid(samples=2), monitor=False).wait()
    assert batch.is_complete
    assert finished.store.budget() == before
    assert {p: p.stat().st_mtime_ns for p in finished.folder.glob("clips/*/*")} == clips
    assert [len(finished.store.attempts(key)) for key in batch.keys] == [1] * 4


def test_every_table_column_is_named_once(finished: Experiment):
    assert finished.runs_df().columns.is_unique


def test_a_filtered_frame_is_a_sheet(finished: Experiment):
    df = finished.runs_df()
    made = tk.sheet(df[df["sample"] == 1], frames=2)
    assert made.pages[0].shape[2] == 3


def test_results_and_contrast_speak_of_scores(finished: Experiment):
    found = finished.results("camera", of="luma_flicker")
    assert set(found.df["arm"]) == {"static", "slow push in"}
    assert "simulated" in found.text
    assert finished.contrast("luma_flicker", "camera", "static", "slow push in").n == 1


def test_a_score_that_is_not_there_is_an_error_with_the_nearest(finished: Experiment):
    with pytest.raises((tk.ToolkitError, LookupError), match="luma_flicker"):
        finished.results("camera", of="luma_flickr")


def test_promote_without_votes_says_so_and_takes_arms(finished: Experiment):
    with pytest.raises(tk.ToolkitError, match=r"arms=\["):
        finished.promote("camera", models="sim/final")
    grid = finished.promote("camera", arms=["slow push in"], models="sim/final", samples=3)
    assert [cell.spec.model for cell in grid.cells()] == ["sim/final"] * 3
    assert {cell.parts["camera"] for cell in grid.cells()} == {"slow push in"}


def test_votes_decide_who_is_promoted(tmp_path: Path, finished: Experiment):
    with Experiment(tmp_path / "exp", say=print) as exp:
        rows = list(finished.store.run_rows())
        for row in rows:
            clip = finished.store.clip(row["clip.sha256"])
            run = finished.store.run(row["run_key"])
            exp.store.add_imported(
                run.spec, finished.clip_path(run.key), clip,
                parts={"camera": row["prompt.camera"]}, labels={"scene": row["prompt.scene"]},
            )  # fmt: skip
        static, push = ([r["run_key"] for r in rows if r["prompt.camera"] == c]
                        for c in ("static", "slow push in"))  # fmt: skip
        now = datetime.now(UTC)
        for n in range(8):
            exp.store.add_vote(Vote(
                f"v{n}", left=static[n % 2], right=push[n % 2], verdict="right",
                by="prompt.camera", shown_at=now, answered_at=now,
            ))  # fmt: skip
        assert exp.results("camera").df.iloc[0]["arm"] == "slow push in"
        grid = exp.promote("camera", top=1, models="sim/final")
        assert {cell.parts["camera"] for cell in grid.cells()} == {"slow push in"}


def test_marks_make_clips_accepted(tmp_path: Path, finished: Experiment):
    df = finished.runs_df()
    finished.rate(df["run_id"][0], "pick")
    try:
        assert finished.runs_df()["accepted"].tolist()[0]
        with pytest.raises(tk.ReviewError, match="unknown mark 'great'"):
            finished.rate(df["run_id"][0], "great")
        pages = finished.export(tmp_path, formats=["page"], only="picks")
        assert len(list((tmp_path / "page").rglob("*.mp4"))) == 1
        assert pages[0].name == "index.html"
    finally:
        finished.rate(df["run_id"][0], "none")


def test_export_writes_every_format(finished: Experiment, tmp_path: Path):
    formats = [
        "csv",
        "parquet",
        "xlsx",
        "md",
        "tex",
        "report",
        "methods",
        "sheet",
        "reel",
        "bundle",
    ]
    names = {path.name for path in finished.export(tmp_path, formats=formats)}
    assert names >= {"results.csv", "results.parquet", "results.xlsx", "report.html", "sheet.jpg",
                     "reel.mp4", "METHODS.md", "results.md", "results.tex", "fox.zip"}  # fmt: skip


def test_a_bundle_is_the_experiment_again(finished: Experiment, tmp_path: Path):
    from toolkit.exports.bundle import restore

    [path] = finished.export(tmp_path, formats=["bundle"])
    with Experiment(restore(path, tmp_path / "back"), say=print) as back:
        here, there = finished.runs_df(), back.runs_df()
        moved = here.columns.drop("clip.path")
        assert here[moved].equals(there[moved])


def test_a_budget_of_zero_refuses_and_spends_nothing(tmp_path: Path):
    with Experiment(tmp_path / "exp", budget_usd=0, say=print) as exp:
        batch = exp.run(small_grid(), monitor=False).wait(60)
        assert set(batch.states()) == {"over_budget"}
        assert exp.store.budget().sim.committed_micro_usd == 0


def test_a_paid_model_without_a_budget_is_refused(tmp_path: Path):
    with Experiment(tmp_path / "exp", say=print) as exp:
        grid = tk.Grid("a fox", models="luma/ray-2", duration_s=5, resolution="720p")
        with pytest.raises(
            tk.BudgetError, match=r"a paid run needs a budget; exp\.set_budget\(0\.71\)"
        ):
            exp.run(grid, monitor=False)
        assert exp.store.counts() == {}


def test_a_big_bill_wants_an_amount(tmp_path: Path):
    with Experiment(tmp_path / "exp", budget_usd=100, say=print) as exp:
        grid = tk.Grid("a fox", models="luma/ray-2", duration_s=5, resolution="720p", samples=40)
        with pytest.raises(tk.ApprovalNeeded, match=r"Nothing spent\. To run: exp\.run\(grid, up_"):
            exp.run(grid, monitor=False)
        assert exp.store.counts() == {}


def test_an_interrupt_ends_the_wait_and_not_the_work(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, signal, threading
        import toolkit as tk

        exp = tk.Experiment({str(tmp_path / "exp")!r}, budget_usd=5)
        grid = tk.Grid("a red fox", models="sim/draft", duration_s=1, samples=2)
        batch = exp.run(grid)
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            batch.wait()
        except KeyboardInterrupt:
            print("interrupted")
        batch.wait()
        print(batch.states())
        exp.close()
    """)
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["interrupted", "{'done': 2}"]


def test_a_killed_kernel_loses_nothing_and_pays_once(tmp_path: Path):
    """The process dies mid-run; the next one takes the work up where it was."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, time
        import toolkit as tk

        exp = tk.Experiment({str(tmp_path / "exp")!r}, budget_usd=5)
        grid = tk.Grid("a red fox", models="sim/draft", duration_s=1, samples=3)
        batch = exp.run(grid)
        while not any(s in batch.states() for s in ("submitted", "ready", "stored", "done")):
            time.sleep(0.02)
        os._exit(9)
    """)
    )
    died = subprocess.run([sys.executable, str(script)], timeout=120, cwd=tmp_path)
    assert died.returncode == 9
    said: list[str] = []
    with Experiment(tmp_path / "exp", say=said.append) as exp:
        assert any(line.startswith("open: ") for line in said)
        grid = tk.Grid("a red fox", models="sim/draft", duration_s=1, samples=3)
        batch = exp.run(grid, monitor=False).wait(100)
        assert batch.states() == {"done": 3}
        assert [len(exp.store.attempts(key)) for key in batch.keys] == [1, 1, 1]


def test_no_child_process_is_left_behind(tmp_path: Path):
    psutil = pytest.importorskip("psutil")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import toolkit as tk
        exp = tk.Experiment({str(tmp_path / "exp")!r}, budget_usd=5)
        exp.run(tk.Grid("a red fox", models="sim/draft", duration_s=1)).wait()
    """)
    )
    process = subprocess.Popen([sys.executable, str(script)], cwd=tmp_path)
    children: set[psutil.Process] = set()
    while process.poll() is None:
        try:
            children |= set(psutil.Process(process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    assert process.wait(60) == 0
    assert children, "decoding happens in child processes"
    _, alive = psutil.wait_procs(children, timeout=2)
    assert not [child for child in alive if child.is_running()]


def test_a_read_only_experiment_can_be_looked_at(finished: Experiment):
    with Experiment(finished.folder, read_only=True, say=print) as exp:
        assert len(exp.runs_df()) == 4
        assert exp.sheet(frames=2).pages


def test_displaying_says_how_it_stands(finished: Experiment):
    text = repr(finished)
    assert text.startswith(
        f"fox · NEW · {finished.folder} · 4 clips: 4 done · spent sim $0.08 of $5"
    )
    assert "<script>" not in finished._repr_html_()


def test_an_experiment_moved_elsewhere_still_finds_its_clips(finished: Experiment, tmp_path: Path):
    import shutil

    shutil.copytree(finished.folder, tmp_path / "moved")
    with Experiment(tmp_path / "moved", say=print) as exp:
        paths = exp.runs_df()["clip.path"]
        assert all(Path(path).is_relative_to(tmp_path / "moved") for path in paths)
        assert all(Path(path).is_file() for path in paths)


def test_states_that_are_open_are_those_the_engine_works_on():
    assert {state for state in State if state.is_open} == {
        State.PLANNED, State.SUBMITTING, State.SUBMITTED, State.READY, State.STORED, State.UNKNOWN,
    }  # fmt: skip


def test_a_run_key_never_changes():
    """The golden key: if this goes red, every clip that was paid for would be paid for again."""
    spec = tk.RunSpec(
        "A cafe\u0301 at dusk.",
        model="sim/draft",
        negative="people",
        params={"duration_s": 5.0, "seed": 7, "loop": False},
        sample=2,
    )
    assert spec.canonical() == (
        '{"model":"sim/draft","negative":"people","params":{"duration_s":5,"loop":false,"seed":7},'
        '"prompt":"A café at dusk.","sample":2}'
    )
    assert spec.key == "8903e4b067cd13c181ca0af5556f6be5433586839ef334270904412580a6d199"


def test_a_key_is_asked_for_before_anything_starts(tmp_path, monkeypatch):
    from toolkit.providers import _secrets

    monkeypatch.setattr(_secrets, "_held", {})
    monkeypatch.setattr(_secrets, "_keyring", lambda _: "")
    monkeypatch.delenv("REPLICATE_API_TOKEN", raising=False)
    grid = tk.Grid("a red fox", models="replicate/luma/ray-2-720p", duration_s=5)
    with tk.Experiment(tmp_path / "exp", budget_usd=5) as exp:
        with pytest.raises(tk.ProviderError, match="set the environment variable REPLICATE_API_T"):
            exp.run(grid, up_to_usd=5)
        assert not exp.store.runs()

        monkeypatch.setattr(_secrets, "_somebody_is_there", lambda: True)
        asked = []
        monkeypatch.setattr("getpass.getpass", lambda text: asked.append(text) or "")
        with pytest.raises(tk.ProviderError, match="no key"):
            exp.run(grid, up_to_usd=5)
        assert asked == ["REPLICATE_API_TOKEN (hidden, kept until this process ends): "]


def test_a_budget_in_words_is_refused_as_an_amount(tmp_path):
    with pytest.raises(ValueError, match=r"^an amount of money is a finite number of .*, not '5'$"):
        tk.Experiment(tmp_path / "zoo", budget_usd="5")


def test_what_the_budget_kept_back_is_told_with_the_way_out_and_then_runs(tmp_path):
    said = []
    way_out = "exp.set_budget(…), then run the grid again"
    grid = tk.Grid("a fox", models="sim/draft", duration_s=1, samples=2)
    with tk.Experiment(tmp_path / "zoo", budget_usd=0.03, say=said.append) as exp:
        exp.run(grid, score=False).wait()
        assert "1 done, 1 over budget" in exp.status
        assert exp.status.endswith(f"next: {way_out}")
    with tk.Experiment(tmp_path / "zoo", say=said.append) as exp:
        assert said[-1] == f"1 clip was not sent, over budget: {way_out}"
        exp.set_budget(1)
        assert exp.run(grid, score=False).wait().is_complete
        assert way_out not in exp.status


def test_where_nothing_is_to_be_measured_no_bar_is_shown(tmp_path, capsys):
    with tk.Experiment(tmp_path / "zoo", say=lambda _: None) as exp:
        assert exp.score() == 0
    assert capsys.readouterr().err == ""
