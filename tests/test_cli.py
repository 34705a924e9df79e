"""The command line: one JSON document on standard output, messages elsewhere, three statuses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.clipmaker import path as moves
from tests.clipmaker import texture, write
from toolkit.cli import is_file, main

GRID = """
promptgrid: 1
prompts:
- subject: a red fox
  environment: a pine forest at dawn
parts:
  camera: [static, slow push in]
models: [sim/draft]
params:
  duration_s: 1
samples: 1
"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for seed, name in enumerate(("one.mp4", "two.mp4")):
        write(folder / name, moves(texture(seed, (400, 600)), 12, (90, 160), pan=0.3))
    return folder


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    status = main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return status, out, err


def test_help_is_quick_and_names_every_command():
    best = 9.0
    for _ in range(3):
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "toolkit.cli", "--help"], capture_output=True, text=True
        )
        best = min(best, time.monotonic() - start)
    assert done.returncode == 0
    for name in ("demo", "lab", "models", "plan", "run", "import", "score", "sheet", "rank", "reel",
                 "export", "doctor"):  # fmt: skip
        assert f"\n    {name} " in done.stdout
    assert best < 0.6  # 0.3 s promised, 0.05 s measured, a noisy machine allowed for


@pytest.mark.parametrize("argument", ["a/b", "./x", "clip.MP4", "x.webm", "."])
def test_what_has_a_separator_or_a_media_suffix_is_a_file(argument: str):
    assert is_file(argument)


@pytest.mark.parametrize("argument", ["courier", "fox v1", "mp4"])
def test_any_other_word_is_an_experiment(argument: str):
    assert not is_file(argument)


def test_wrong_use_is_two(capsys: pytest.CaptureFixture[str]):
    assert run(capsys)[0] == 2
    with pytest.raises(SystemExit) as stop:
        main(["sheet"])
    assert stop.value.code == 2


def test_a_problem_in_the_work_is_one_and_said_on_standard_error(capsys):
    status, out, err = run(capsys, "score", "nowhere", "--json")
    assert (status, out) == (1, "")
    assert err.startswith("promptgrid score: no experiment 'nowhere' in ")


def test_plan_prices_a_grid_as_json(capsys, tmp_path: Path):
    (tmp_path / "grid.yaml").write_text(GRID)
    status, out, _ = run(capsys, "plan", tmp_path / "grid.yaml", "--json")
    found = json.loads(out)
    assert status == 0
    assert (found["cells"], found["new"], found["done"]) == (2, 2, 0)
    assert set(found) >= {"cells", "new", "done", "excluded", "cost_usd", "arms"}
    assert set(found["cost_usd"]) >= {"low", "expected", "high", "unknown"}


def test_plan_writes_a_worklist(capsys, tmp_path: Path):
    (tmp_path / "grid.yaml").write_text(GRID)
    status, _, _ = run(capsys, "plan", tmp_path / "grid.yaml", "--worklist", tmp_path / "w.csv")
    lines = (tmp_path / "w.csv").read_text(encoding="utf-8-sig").splitlines()
    assert status == 0
    assert len(lines) == 3
    assert lines[0].startswith("cell_id,prompt")


def test_a_grid_file_that_is_none_says_so(capsys, tmp_path: Path):
    (tmp_path / "grid.yaml").write_text("promptgrid: 1\nprompts: {a: [")
    status, out, err = run(capsys, "plan", tmp_path / "grid.yaml", "--json")
    assert (status, out) == (1, "")
    assert "grid.yaml" in err


def test_run_then_sheet_score_reel_export(capsys, tmp_path: Path):
    (tmp_path / "grid.yaml").write_text(GRID)
    status, out, err = run(
        capsys, "run", "fox", tmp_path / "grid.yaml", "--budget-usd", 5, "--json"
    )
    assert status == 0, err
    assert json.loads(out)["states"] == {"done": 2}

    status, out, _ = run(capsys, "run", "fox", tmp_path / "grid.yaml", "--json")
    assert (status, json.loads(out)["states"]) == (0, {"done": 2})

    status, out, err = run(capsys, "sheet", "fox", "--rows", "camera", "-o", tmp_path / "s.png")
    assert status == 0, err
    assert out.split() == [str(tmp_path / "s.png")]
    assert (tmp_path / "s.png").read_bytes()[1:4] == b"PNG"

    status, out, err = run(capsys, "score", "fox", "--json")
    assert status == 0, err
    scored = json.loads(out)
    assert len(scored) == 2
    assert scored[0]["metrics"]["luma_flicker"]["value"] >= 0
    assert set(scored[0]) == {"path", "sha256", "clip", "metrics"}

    status, out, err = run(capsys, "score", "fox")
    assert status == 0, err
    heads = [line for line in out.splitlines() if not line.startswith(" ")]
    assert len(heads) == 2
    assert all(" · sim/draft · " in line for line in heads)
    assert ".mp4" not in out

    status, out, err = run(capsys, "reel", "fox", "-o", tmp_path / "r.mp4")
    assert status == 0, err
    assert b"ftyp" in (tmp_path / "r.mp4").read_bytes()[:16]

    status, out, err = run(capsys, "export", "fox", "-o", tmp_path / "out", "--formats", "csv")
    assert status == 0, err
    assert out.split() == [str(tmp_path / "out" / "results.csv")]


def test_score_of_files_keeps_going_past_one_that_is_no_clip(capsys, clips: Path, tmp_path: Path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"<html>")
    status, out, _ = run(capsys, "score", clips / "one.mp4", bad, "--camera", "pan_right", "--json")
    good, wrong = json.loads(out)
    assert status == 1
    assert set(wrong) == {"path", "error"}
    assert good["clip"]["width"] == 160
    assert set(good["metrics"]["camera_match"]) >= {"value", "label", "confidence", "note"}


def test_sheet_of_a_folder(capsys, clips: Path, tmp_path: Path):
    status, out, err = run(capsys, "sheet", clips, "--frames", 3, "-o", tmp_path / "s.jpg")
    assert status == 0, err
    assert Path(out.strip()).stat().st_size > 1000


def test_files_and_an_experiment_do_not_mix(capsys, clips: Path):
    status, _, err = run(capsys, "sheet", clips / "one.mp4", "fox")
    assert status == 1
    assert "name files or one experiment, not both" in err


def test_import_without_a_table_writes_one_and_is_not_complete(capsys, clips: Path, tmp_path: Path):
    status, out, _ = run(capsys, "import", clips, "imported", "--json")
    assert status == 1
    assert Path(json.loads(out)["table"]).name.startswith("clips-to-fill-in")


def test_rank_prints_ratings(capsys, tmp_path: Path):
    votes = tmp_path / "votes.csv"
    rows = ["left,right,verdict,prompt"]
    rows += [f"a,b,{'left' if n % 4 else 'right'},p{n % 8}" for n in range(24)]
    votes.write_text("\n".join(rows))
    status, out, _ = run(capsys, "rank", votes, "--json")
    found = json.loads(out)
    assert status == 0
    assert [row["arm"] for row in found["ratings"]] == ["a", "b"]
    assert set(found["ratings"][0]) >= {
        "arm",
        "log_ability",
        "low",
        "high",
        "wins",
        "losses",
        "ties",
    }
    assert set(found) >= {"ratings", "ties_as", "clusters", "p_best"}


def test_models_and_doctor_print_json(capsys):
    status, out, _ = run(capsys, "models", "--json")
    assert status == 0
    assert {"sim/draft", "luma/ray-2"} <= {row["model"] for row in json.loads(out)}
    status, out, _ = run(capsys, "doctor", "--json")
    assert status == 0
    assert "sqlite" in json.loads(out)


def test_the_demo_runs_the_whole_loop_and_again_pays_nothing(capsys, tmp_path: Path):
    out_dir = tmp_path / "demo"
    status, out, err = run(capsys, "demo", "--small", "--out", out_dir)
    assert status == 0, err
    made = {"results.csv", "results.parquet", "results.xlsx", "report.html", "sheet.jpg",
            "reel.mp4", "METHODS.md"}  # fmt: skip
    assert made <= {path.name for path in out_dir.iterdir()}
    assert "not separated" in out
    clips = {path: path.stat().st_mtime_ns for path in out_dir.rglob("clips/*/*.mp4")}
    assert len(clips) == 6
    status, _, err = run(capsys, "demo", "--small", "--out", out_dir)
    assert status == 0
    assert "nothing new: 6 clips done" in err
    assert {path: path.stat().st_mtime_ns for path in out_dir.rglob("clips/*/*.mp4")} == clips
