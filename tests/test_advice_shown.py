"""Advice where a person meets it: the experiment, the report, the command line, the plots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.errors import ResultsError
from toolkit.experiment import Experiment
from toolkit.exports import charts
from toolkit.exports.report import report
from toolkit.grid import Grid
from toolkit.prompts.formula import Prompt
from toolkit.tables import runs_frame

FLAWS = {
    "flaws": {"flicker": 0.08, "letterbox": 0.16, "blur": 0, "freeze": 0, "cut": 0, "drift": 0}
}
CALM = {"flaws": {"flicker": 0, "blur": 0, "freeze": 0, "cut": 0, "drift": 0}}


@pytest.fixture(scope="module")
def exp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    """Two calm clips of a scene, and one that flickers behind black bars."""
    with Experiment(tmp_path_factory.mktemp("shown") / "boat", say=lambda _: None) as made:
        boat = Prompt("a sailboat", environment="a lake at noon")
        for camera, extra in ((["static", "slow push in"], CALM), (["pull back slowly"], FLAWS)):
            grid = Grid(boat, camera=camera, models="sim/draft", duration_s=1, extra=extra)
            made.run(grid, monitor=False).wait(120)
        yield made


def test_an_experiment_says_what_to_change_and_runs_it(exp: Experiment):
    advice = exp.advice()
    assert {item.code for item in advice} == {"flicker", "letterbox"}
    assert {item.arm_label for item in advice} == {"pull back slowly"}
    grid = advice.grid()
    plan = exp.plan(grid)
    assert (plan.cells, plan.cells_done) == (3, 1)  # the original is paid for
    assert list(exp.advice(where={"camera": ["static", "slow push in"]})) == []


def test_the_report_has_a_section_with_strips_and_the_edit(exp: Experiment, tmp_path: Path):
    (path,) = exp.export(tmp_path / "out", formats="report")
    text = path.read_text()
    section = text[text.index('<section id="advice">') : text.index('<section id="sheet"')]
    assert section.count('<article class="advice">') == 2
    assert section.count("data:image/jpeg;base64,") == 2
    assert "in steady, even light" in section
    assert '<a href="#advice">What to change next</a>' in text


def test_a_report_without_advice_has_no_such_section():
    assert 'id="advice"' not in report("empty", runs_frame([]))


def test_what_advice_quotes_is_escaped_in_the_report():
    item = {
        "arm": "<script>alert(1)</script>", "symptom": "the brightness pumps", "sure": "sure",
        "grade": "A", "spread": "1 of 1 clip", "scene": "<b>", "evidence": "<i>", "change": "<u>",
        "is_lone": False, "edit": "x", "times": [], "curve": {}, "picture": b"",
        "edited": [("new", "<img src=x>")], "simulated": False,
    }  # fmt: skip
    text = report("evil", runs_frame([]), advice=[item])
    for bad in ("<script>alert", "<img src=x>", "<i>", "<u>"):
        assert bad not in text


def test_the_command_line_says_it_in_words_and_as_json(
    exp: Experiment, capsys: pytest.CaptureFixture[str]
):
    assert main(["advice", str(exp.folder)]) == 0
    assert "the brightness pumps" in capsys.readouterr().out
    assert main(["advice", str(exp.folder), "--by", "camera", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {item["symptom"] for item in found["items"]} == {"flicker", "letterbox"}


def test_the_plots_are_pictures_that_a_notebook_shows(exp: Experiment):
    frame = exp.runs_df()
    run = frame.loc[frame["prompt.camera"] == "pull back slowly", "run_id"].iloc[0]
    for figure in (
        exp.plot_twins("luma_flicker"),
        exp.plot_twins("luma_flicker", by="camera"),
        exp.plot_camera(run),
        exp.plot_trace(run, "score.motion_magnitude", frames=0),
    ):
        assert figure._repr_png_().startswith(b"\x89PNG")
    shown = exp.plot_trace(run, frames=3)
    assert shown._repr_jpeg_().startswith(b"\xff\xd8")
    assert len(shown._repr_jpeg_()) < 120_000
    with pytest.raises(
        ResultsError, match=r"has no letterbox over time; there are: .*luma_flicker"
    ):
        exp.plot_trace(run, "letterbox")


def test_a_move_asked_for_is_drawn_in_its_direction():
    figure = charts.camera_path(
        {"pan": [0.0, -0.1, -0.2], "tilt": [0.0, 0.0, 0.0]}, duration_s=2, asked=["pan_right"]
    )
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert list(lines["asked: pan right"].get_ydata()) == [0, 0.2]
    assert lines["pan, right is up"].get_ydata()[-1] == -0.2
    assert "tilt, up is up" not in lines
    with pytest.raises(ValueError, match=r"^no axis 'yaw'; there are: pan, tilt, zoom, roll$"):
        charts.camera_path({"yaw": [0.0]}, duration_s=1)


def test_frames_stand_below_the_line_in_their_order():
    import numpy as np

    pictures = [np.full((9, 16, 3), shade, np.uint8) for shade in (10, 200)]
    figure = charts.trace([0, 1, 0], duration_s=3, frames=pictures, times_s=[0.5, 2.5],
                          twins=[[0, 0, 0]])  # fmt: skip
    shown = [axes for axes in figure.axes if axes.images]
    assert [int(axes.images[0].get_array()[0, 0, 0]) for axes in shown] == [10, 200]
    assert [axes.get_title() for axes in shown] == ["0.50 s", "2.50 s"]
    with pytest.raises(ValueError, match=r"^2 frames and 1 moments"):
        charts.trace([0, 1], duration_s=3, frames=pictures, times_s=[1.0])
