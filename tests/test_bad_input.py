"""What people really hand in, from end to end: each is refused in words or goes through whole, and
nothing beside it is lost. The rooms' own tests hold the details."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests import clipmaker
from toolkit.cli import main
from toolkit.experiment import Experiment, _Bar
from toolkit.video.encode import write_mp4

SHARP = "<script>alert(1)</script><img src=x onerror=alert(2)> a fox"
BACKWARDS = "\u202ea fox that reads \u0645\u0631\u062d\u0628\u0627"
FORMULA = '=HYPERLINK("http://example.invalid","a cat")'
ENDLESS = "a fox " + "very " * 19_998 + "red"
TEN = "{" + "|".join("abcdefghij") + "}"
BILLION = tk.Prompt(" ".join([TEN] * 9))

BAD = {
    "cut_short.mp4": "cut short",
    "empty.mp4": "the file is empty (0 bytes)",
    "page.mp4": "a web page, not a video",
    "playlist.mp4": "a playlist, which may point at other files",
    "sound.mp4": "has only sound, no video track",
    "vast.mp4": "8192 x 8192 pixels",
    "gone.mp4": "no such file in the folder",
}


def quiet(name: str | Path, **settings: object) -> Experiment:
    return Experiment(name, say=lambda _: None, **settings)


def table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["file", "prompt", "model"])
        writer.writeheader()
        writer.writerows(rows)
    return path


def vast(path: Path) -> Path:
    """A small file of 8192 x 8192 pictures."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mjpeg", rate=8)
        stream.width = stream.height = 8192
        stream.pix_fmt = "yuvj420p"
        frame = av.VideoFrame(8192, 8192, "yuvj420p")
        frame.pts = 0
        film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def sound(path: Path) -> Path:
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 4800), np.float32), "fltp", "stereo")
        frame.rate, frame.pts = 48_000, 0
        film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips that play, one of them damaged inside, and one of each kind that does not."""
    folder = tmp_path_factory.mktemp("zoo")
    seen = clipmaker.path(clipmaker.texture(1), 24, (96, 160), pan=0.3)
    good = clipmaker.write(folder / "good.mp4", seen)
    clipmaker.write_uneven(folder / "uneven.mp4", seen, [k * k for k in range(24)])
    clipmaker.write_uneven(folder / "turned.mp4", seen, range(0, 960, 40), rotation=90)
    data = bytearray(good.read_bytes())
    (folder / "cut_short.mp4").write_bytes(data[: len(data) // 2])
    at = len(data) * 2 // 3
    data[at : at + 600] = bytes(600)
    (folder / "damaged.mp4").write_bytes(data)
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "page.mp4").write_text("<!doctype html><title>404</title>")
    (folder / "playlist.mp4").write_text("#EXTM3U\n#EXTINF:1,\ngood.mp4\n")
    sound(folder / "sound.mp4")
    vast(folder / "vast.mp4")
    return folder


@pytest.fixture(scope="module")
def brought(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple]:
    """The zoo imported under prompts nobody should trust; the experiment and the report."""
    home = tmp_path_factory.mktemp("brought")
    prompts = {
        "good.mp4": SHARP,
        "uneven.mp4": BACKWARDS,
        "turned.mp4": FORMULA,
        "damaged.mp4": ENDLESS,
    }
    rows = [{"file": f, "prompt": p, "model": "site"} for f, p in prompts.items()]
    rows += [{"file": f, "prompt": "a fox", "model": "site"} for f in BAD]
    rows += [{"file": "good.mp4", "prompt": "again", "model": ""}, {}]
    exp = quiet(home / "zoo")
    yield exp, exp.import_clips(zoo, table(home / "zoo.csv", rows), show=False)
    exp.close()


def test_of_a_folder_of_everything_each_bad_file_fails_alone_and_says_why(brought):
    _, report = brought
    assert len(report.imported) == 4
    why = dict(report.problems)
    assert {name: text for name, text in BAD.items() if text not in why.pop(name, "")} == {}
    assert why == {"good.mp4": "named twice; the first row counts"}
    assert "sound.mp4: sound.mp4" not in report.text


def test_what_came_in_is_measured_shown_filmed_and_exported(brought, tmp_path: Path):
    exp, _ = brought
    measured = exp.runs_df().set_index("prompt.text")["score.luma_flicker"]
    assert measured.notna().to_dict() == {
        SHARP: True, BACKWARDS: True, FORMULA: True, ENDLESS: False
    }  # fmt: skip
    sheet = exp.sheet(save=False)
    sheet.save(tmp_path / "sheet.jpg")
    assert ["damaged" in why for why in sheet.unreadable] == [True]
    said: list[str] = []
    exp._say = said.append
    film = exp.reel(best=4, out=tmp_path / "film.mp4", size="360p", transition="crossfade")
    assert film.is_file()
    assert [why.startswith("left out of the film: ") for why in said] == [True]
    made = exp.export(tmp_path / "out", formats=["csv", "xlsx", "md", "tex", "report", "page"])
    assert all(path.is_file() for path in made)
    for page in ("report.html", "page/index.html"):
        html = (tmp_path / "out" / page).read_text(encoding="utf-8")
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    told = pd.read_csv(tmp_path / "out" / "results.csv")["prompt.text"].tolist()
    assert [text[:1] for text in told if "HYPERLINK" in text] == ["'"]


def test_an_export_that_does_not_fit_names_what_failed_and_leaves_no_half_file(
    brought, tmp_path: Path
):
    """A process that may write 30 kB a file, as on a disk that fills up midway."""
    exp, _ = brought
    script = f"""
        import resource, signal, sys
        import toolkit as tk
        exp = tk.Experiment({str(exp.folder)!r}, read_only=True)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        try:
            exp.export({str(tmp_path / "out")!r}, formats=["methods", "report", "clips"])
        except tk.ExportError as error:
            sys.exit(str(error))
    """
    done = python(script, tmp_path)
    assert "Traceback" not in done.stderr
    assert "2 of 3 formats failed: report: " in done.stderr
    assert done.stderr.rstrip().endswith(f"written to {tmp_path / 'out'}: METHODS.md")
    left = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert left == ["METHODS.md"]


def test_a_folder_that_cannot_be_made_is_one_complaint(brought, tmp_path: Path):
    exp, _ = brought
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(tk.ExportError, match=r"no folder can be made there \(Not a directory\)"):
        exp.export(tmp_path / "file" / "out")


def test_a_billion_prompts_are_counted_and_priced_and_go_no_further(zoo: Path, tmp_path: Path):
    grid = tk.Grid(BILLION, models="sim/draft")
    with quiet(tmp_path / "exp") as exp:
        begun = time.perf_counter()
        assert exp.plan(grid).text.startswith("1,000,000,000 clips")
        with pytest.raises(tk.GridError, match="more than can be run at once"):
            exp.run(grid)
        with pytest.raises(tk.GridError, match="more than hands can make"):
            exp.worklist(grid)
        with pytest.raises(tk.GridError, match="more than hands can make"):
            exp.import_clips(zoo, grid=grid, show=False)
        assert time.perf_counter() - begun < 10
        assert exp.runs_df(scores=False).empty


# ---- the command line ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (
            ["sheet", "EXP", "--rows", "camra"],
            2,
            "no column 'camra': did you mean 'camera'?",
        ),
        (["sheet", "EXP", "--frames", "0"], 2, "`frames` is at least 1, not 0"),
        (["reel", "EXP", "--size", "99p"], 2, "`size` is one of 360p"),
        (["reel", "EXP", "--best", "0"], 2, "`best` is at least 1, not 0"),
        (["sheet", "./nowhere.mp4"], 1, "no such file: nowhere.mp4"),
        (["score", "EXP", "--camera", "push_in"], 1, "--camera is for files"),
    ],
)
def test_a_mistake_in_an_argument_is_said_in_a_line(brought, capsys, arguments, status, says):
    exp, _ = brought
    assert main([str(exp.folder) if a == "EXP" else a for a in arguments]) == status
    told = capsys.readouterr()
    assert says in told.err.splitlines()[-1]
    assert told.out == ""


def test_a_fault_of_ours_is_not_dressed_as_a_mistake_of_theirs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("toolkit.doctor.examine", lambda: int("a fault"))
    with pytest.raises(ValueError, match="invalid literal"):
        main(["doctor"])


def test_a_file_that_is_not_there_fails_alone_in_score(zoo: Path, capsys):
    assert main(["score", str(zoo / "good.mp4"), str(zoo / "nowhere.mp4"), "--json"]) == 1
    good, gone = json.loads(capsys.readouterr().out)
    assert "error" not in good
    assert gone["error"].startswith("nowhere.mp4: cannot be read: No such file")


def test_a_sheet_of_files_is_made_and_names_those_it_could_not_read(
    zoo: Path, tmp_path: Path, capsys
):
    files = [str(zoo / name) for name in ("good.mp4", "page.mp4", "nowhere.mp4")]
    assert main(["sheet", *files, "-o", str(tmp_path / "s.jpg")]) == 1
    told = capsys.readouterr()
    assert told.out == f"{tmp_path / 's.jpg'}\n"
    assert [line.split(":")[0] for line in told.err.splitlines()] == [
        "the clip file is gone", "page.mp4"
    ]  # fmt: skip


def test_a_grid_file_mistyped_makes_no_experiment(own_home: Path, capsys):
    assert main(["run", "new", "nowhere.yaml"]) == 1
    assert not (own_home / "new").exists()


def test_clips_from_a_worklist_find_their_cells_with_its_grid_and_never_without(
    zoo: Path, tmp_path: Path, capsys
):
    grid = tk.Grid(tk.Prompt("a fox", camera=["static", "push in"]), models="import/site")
    (tmp_path / "g.yaml").write_text(grid.to_yaml())
    assert main(["plan", str(tmp_path / "g.yaml"), "--worklist", str(tmp_path / "list.csv")]) == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text("utf-8-sig"))))
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / rows[0]["file"]).write_bytes((zoo / "good.mp4").read_bytes())
    listed = ["import", str(tmp_path / "made"), "--csv", str(tmp_path / "list.csv"), "wl"]
    capsys.readouterr()
    assert main([*listed, "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [p["why"].split(":")[0] for p in problems if p["file"] == rows[0]["file"]] == [
        "a row of a worklist"
    ]
    assert main(["import", str(tmp_path / "made"), "--grid", str(tmp_path / "g.yaml"), "wl"]) == 0
    with quiet("wl") as exp:
        found = exp.runs_df(scores=False)
        assert found[["run_id", "prompt.camera"]].to_numpy().tolist() == [
            [rows[0]["cell_id"], "static"]
        ]
        wrong = exp.import_clips(
            tmp_path / "made", grid=grid, assign={"x.mp4": "1", rows[0]["file"]: "2"}, show=False
        )
        assert [why.split(";")[0] for _, why in wrong.problems] == [
            "no such file in the folder", "no cell '2' in this grid"
        ]  # fmt: skip


# ---- an experiment that cannot do what is asked --------------------------------------------------


def test_a_model_that_nobody_can_ask_is_refused_before_anything_is_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("toolkit.discover.names", lambda _: ["sim"])
    grid = tk.Grid("a fox", models="luma/ray-2", duration_s=5, resolution="720p")
    with quiet(tmp_path / "exp", budget_usd=5) as exp:
        with pytest.raises(tk.ProviderError, match="no adapter for luma/ray-2 is installed"):
            exp.run(grid)
        assert exp.runs_df(scores=False).empty


def test_a_budget_of_nothing_runs_nothing_and_loses_nothing(tmp_path: Path):
    grid = tk.Grid("a fox", models="sim/draft", duration_s=1)
    with quiet(tmp_path / "exp", budget_usd=0) as exp:
        assert exp.run(grid, monitor=False).wait(30).states() == {"over_budget": 1}
        with pytest.raises(tk.ReviewError, match="is over_budget: it has no clip to mark"):
            exp.rate(exp.runs_df(scores=False)["run_id"][0], "pick")
        exp.set_budget(1)
        assert exp.run(grid, monitor=False).wait(60).states() == {"done": 1}


@pytest.mark.parametrize("name", ["~", "~/../\0", "a/b\0c"])
def test_a_name_that_would_be_dangerous_or_impossible_is_refused(name: str):
    with pytest.raises(tk.StoreError, match="cannot be a folder's name"):
        Experiment(name)


def test_what_a_run_waits_for_is_said_once_beside_its_bar(capsys):
    now = SimpleNamespace(message="only 12 MiB are free", money="$0.00", done=0)
    bar = _Bar(SimpleNamespace(keys=["a"], progress=lambda: now))
    for _ in range(3):
        bar.update()
    bar.close()
    assert capsys.readouterr().err.count("only 12 MiB are free") == 1


def test_opening_on_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from sqlalchemy.exc import OperationalError

    from toolkit.store import core

    def refuse(*_: object, **__: object):
        raise OperationalError("", {}, Exception("disk I/O error"))

    quiet(tmp_path / "exp").close()
    monkeypatch.setattr(core.sqlite, "transaction", refuse)
    monkeypatch.setattr(core, "_is_full", lambda _: True)
    with pytest.raises(tk.StoreError, match=r"is full; nothing .* is lost: .* read_only=True"):
        Experiment(tmp_path / "exp")
    monkeypatch.setattr(core, "_is_full", lambda _: False)
    with pytest.raises(tk.StoreError, match="does not answer as it should"):
        Experiment(tmp_path / "exp")


# ---- interrupts ----------------------------------------------------------------------------------


def python(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "script.py"
    path.write_text(textwrap.dedent(script))
    return subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=100, cwd=folder
    )


def test_a_script_that_ends_with_open_runs_says_how_to_go_on_and_nothing_else(tmp_path: Path):
    script = f"""
        import toolkit as tk
        exp = tk.Experiment({str(tmp_path / "exp")!r}, say=lambda _: None)
        batch = exp.run(tk.Grid("a red fox", models="sim/draft", duration_s=1, samples=2))
        while "submitted" not in batch.states():
            pass
    """
    done = python(script, tmp_path)
    assert done.returncode == 0
    assert "runs are open; exp.resume() or `promptgrid worker exp` goes on" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_interrupted_command_ends_quietly_and_goes_on_without_paying_again(tmp_path: Path):
    grid = tk.Grid("a red fox", models="sim/draft", duration_s=1, samples=2)
    (tmp_path / "g.yaml").write_text(grid.to_yaml())
    command = [sys.executable, "-m", "toolkit.cli", "run", f"{tmp_path}/exp", f"{tmp_path}/g.yaml"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    with quiet(tmp_path / "exp") as exp:
        until = time.monotonic() + 60
        while "submitted" not in map(str, exp.store.counts()) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Traceback" not in told
        assert "nothing new is sent" in told
        assert exp.run(grid, monitor=False).wait(60).states() == {"done": 2}
        keys = exp.runs_df(scores=False)["run_key"]
        assert [len(exp.store.attempts(key)) for key in keys] == [1, 1]


def test_a_table_of_one_clip_is_read_whatever_the_spreadsheet(zoo: Path, tmp_path: Path):
    """A mark at its front, semicolons, a name in capitals, and empty lines at its end."""
    (tmp_path / "t.csv").write_text(
        "\ufeffFile;Prompt\r\ngood.mp4;a fox; seen late\r\n;\r\n", encoding="utf-8"
    )
    (tmp_path / "made").mkdir()
    write_mp4(tmp_path / "made" / "good.mp4", [np.zeros((64, 64, 3), np.uint8)] * 4, 8)
    with quiet(tmp_path / "exp") as exp:
        report = exp.import_clips(tmp_path / "made", tmp_path / "t.csv", show=False)
        assert report.problems == []
        assert exp.runs_df(scores=False)["prompt.text"].tolist() == ["a fox"]


def test_an_experiment_that_cannot_be_written_is_still_shown_and_exported(
    brought, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    exp, _ = brought
    monkeypatch.setattr("toolkit.cli.os.access", lambda *_: False)
    assert main(["export", str(exp.folder), "-o", str(tmp_path / "o"), "--formats", "csv"]) == 0
    told = capsys.readouterr()
    assert told.out == f"{tmp_path / 'o' / 'results.csv'}\n"
    assert f"{exp.folder} cannot be written: opened for reading only" in told.err


def test_a_comparison_that_fails_for_want_of_simulated_runs_says_that_they_were_left_out(brought):
    exp, _ = brought
    real = exp.runs_df().assign(**{"prompt.camera": "static"})
    drawn = real.assign(model="sim/draft", **{"prompt.camera": "push in"})
    from toolkit.results import results

    with pytest.raises(
        tk.ToolkitError, match=r"has one value, 'static'.* 4 simulated runs left out"
    ):
        results(pd.concat([real, drawn], ignore_index=True), [], by="camera")
