from __future__ import annotations

import io
import re
import shutil
import subprocess
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from toolkit.exports import charts
from toolkit.exports.methods import methods, sections
from toolkit.exports.report import Chart, Comparison, report, varied_by, write_report
from toolkit.records import Metric, Rating, Reading, Score, Vote
from toolkit.tables import ratings_frame, runs_frame, scores_frame, votes_frame

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVIL = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>*{display:none}", "{{ 7 * 7 }} {% raw %}", "a\0b\x1b[31m", "\u202eevil\u2066",
    "javascript:alert(1)", "&lt;b&gt;", "x" * 100_000, "=1+1", "http://evil.example/x.png",
]  # fmt: skip


def row(n, **more):
    key = f"{n:064x}"
    return {
        "run_id": key[-16:], "run_key": key, "model": "sim/draft", "service": "sim",
        "simulated": True, "sample": 1, "state": "done", "prompt.name": "fox",
        "prompt.scene": "fox", "prompt.camera": "static", "prompt.text": "A fox.",
        "clip.path": "/nowhere/a.mp4",
        "clip.duration_s": 2.0, "cost_usd": 0.0, "sim_cost_usd": 0.5, "done_at": T0,
        "num_attempts": 1, **more,
    }  # fmt: skip


def real(n, **more):
    money = {"cost_usd": 3.25, "sim_cost_usd": 0.0}
    return row(n, simulated=False, service="luma", model="luma/ray-2", **money, **more)


def jpeg(width=60, height=20):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


class Page(HTMLParser):
    """What a browser would make of it: the tags with their attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def named(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


def evil_runs():
    rows = []
    for n, text in enumerate(EVIL):
        fields = ("prompt.name", "prompt.scene", "prompt.camera", "prompt.text", "reason", "mark")
        rows.append(row(n, state=["done", "failed"][n % 2], **dict.fromkeys(fields, text),
                        params={"extra": text}))  # fmt: skip
    return runs_frame(rows, [(r["run_key"], "flicker", 0.1, r["prompt.name"]) for r in rows])


def test_nothing_from_outside_becomes_markup_or_script():
    runs = evil_runs()
    plain = row(1)
    clean = runs_frame([plain | {"run_id": r, "run_key": r} for r in runs["run_id"]])
    told = {
        "findings": EVIL,
        "results": [Comparison(t, pd.DataFrame({"arm": EVIL}), t) for t in EVIL],
        "charts": [Chart(b"<svg/>", t) for t in EVIL],
        "methods": sections(runs),
        "strips": {r: jpeg() for r in runs["run_id"]},
    }
    page = Page(report(EVIL[0], runs, by="camera", **told))
    assert len(page.named("script")) == 1
    assert len(page.named("style")) == 1
    kinds = {tag for tag, _ in page.tags}
    assert kinds <= {tag for tag, _ in Page(report("t", clean, by="camera", **told)).tags} | {
        "dl", "dt", "dd", "details", "summary", "article", "section", "table",
    }  # fmt: skip
    for _, attrs in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attrs)
    assert "<script>alert(1)</script>" in page.text  # shown, not run
    assert "{{ 7 * 7 }}" in page.text
    assert "\0" not in page.text
    assert "\x1b" not in page.text


def test_the_page_loads_nothing_and_its_policy_says_so():
    runs = runs_frame([row(1), real(2)])
    page = Page(report("t", runs, strips={r: jpeg() for r in runs["run_id"]}))
    (policy,) = [m["content"] for m in page.named("meta") if "http-equiv" in m]
    assert re.fullmatch(
        r"default-src 'none'; img-src data:; style-src 'nonce-(\S+)'; script-src 'nonce-\1'; "
        r"base-uri 'none'; form-action 'none'",
        policy,
    )
    nonce = re.search(r"nonce-([^']+)", policy)[1]
    assert [s["nonce"] for s in page.named("script", "style")] == [nonce, nonce]
    for _, attrs in page.tags:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            assert attrs.get(name, "#").startswith(("#", "data:image/"))
    css = re.search(r"<style[^>]*>(.*?)</style>", report("t", runs), re.DOTALL)[1]
    assert "url(" not in css
    assert "@import" not in css


def test_a_nonce_is_never_used_twice():
    runs = runs_frame([row(1)])
    assert len(set(re.findall(r'nonce="(\S+)"', report("t", runs) + report("t", runs)))) == 2


def test_simulated_and_real_money_are_never_added():
    runs = runs_frame([row(1), row(2), real(3)])
    text = Page(report("t", runs)).text
    assert "$3.25 spent" in text
    assert "$1.00 simulated, no money" in text
    assert "4.25" not in text
    assert "2 of 3 runs are simulated" in text


def test_a_simulation_is_labelled_and_real_work_is_not():
    assert "Simulation." in Page(report("t", runs_frame([row(1)]))).text
    assert "imulat" not in Page(report("t", runs_frame([real(1)]))).text


def test_an_empty_experiment_is_a_page():
    assert "0 of 0" not in report("t", runs_frame([]))
    assert "<h2>All runs</h2>" in report("t", runs_frame([]))


def test_arrows_stand_only_where_there_is_evidence():
    metric = {"unit": "0..1", "description": "d", "direction": "lower"}
    runs = runs_frame([row(1)], [(f"{1:064x}", "a", 0.1, None), (f"{1:064x}", "c", 0.1, None)])
    metrics = {"a": Metric("a", evidence="A", **metric), "c": Metric("c", evidence="C", **metric)}
    html = report("t", runs, metrics=metrics)
    assert html.count("↓ lower") == 1
    assert report("t", runs).count("↓ lower") == 0


def test_failed_runs_keep_their_place_and_say_why():
    lost = row(2, state="moderated", reason="refused: a face", **{"clip.path": None})
    page = Page(report("t", runs_frame([row(1), lost]), strips={f"{1:016x}": jpeg()}))
    assert page.text.count("refused: a face") == 2  # in its place on the sheet, and in the list


def test_a_report_stays_below_five_megabytes():
    noise = np.random.default_rng(0).integers(0, 255, (200, 600, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=95)
    rows = [row(n, **{"prompt.text": f"{n} " + "word " * 2000}) for n in range(200)]
    runs = runs_frame(rows)
    html = report("t", runs, strips=dict.fromkeys(runs["run_id"], buffer.getvalue()))
    assert 3_000_000 < len(html.encode()) < 5_300_000
    assert "strips were left out" in html


def test_numbers_of_a_column_have_the_same_decimals():
    table = pd.DataFrame(
        {"arm": ["a", "b"], "value": [0.5, 0.72], "low": [0.4, 0.6], "high": [0.625, 0.8]}
    )
    html = report("t", runs_frame([row(1)]), results=[Comparison("c", table)])
    cells = re.findall(r'<td class="num"[^>]*><bdi>([^<]+)</bdi>', html)
    assert cells[:6] == ["0.500", "0.400", "0.625", "0.720", "0.600", "0.800"]
    assert html.count('<svg class="bar"') == 2


def test_what_was_compared_is_found_where_it_is_not_said():
    cameras = [row(1), row(2, **{"prompt.camera": "push"}), row(3, **{"prompt.scene": "owl"})]
    assert varied_by(runs_frame(cameras)) == ["prompt.camera"]
    assert varied_by(runs_frame([row(1), real(2)])) == ["model"]
    assert varied_by(runs_frame([row(1)])) == []


def test_the_report_is_a_file(tmp_path):
    path = write_report(tmp_path / "a" / "report.html", "t", runs_frame([row(1)]))
    assert path.read_text("utf-8").startswith("<!doctype html>")


# ---------------------------------------------------------------- methods


def test_the_methods_say_what_limits_the_results():
    rows = [row(n, **{"prompt.scene": f"s{n}"}) for n in range(3)] + [row(9, state="failed")]
    vote = {"by": "prompt.camera", "shown_at": T0, "answered_at": T0}
    votes = [Vote("1", left="a", right="b", verdict="left", **vote),
             Vote("2", left="a", right="b", verdict="tie", seen_labels=True, **vote),
             Vote("3", left="a", right="b", verdict="skip", **vote)]  # fmt: skip
    marks = ratings_frame([Rating("1", run_key="a", mark="pick", at=T0)])
    score = Score("k", clip_sha256="c", metric="flicker", scorer="light@2", tier="full",
                  settings_hash="0", reading=Reading(None, note="fewer than 3 frames"))  # fmt: skip
    text = methods("a *b* <c>", sections(
        runs_frame(rows), by="camera", votes=votes_frame(votes), ratings=marks,
        scores=scores_frame([score], {}), excluded={"takes 4, 6, 8 s": 20}, made_at=T0,
    ))  # fmt: skip
    assert text.startswith("# Methods: a \\*b\\* &lt;c&gt;\n")
    for said in (
        "4 scenes: an exact sign-flip test over scenes cannot give p below 0.12",
        "Every clip is a simulation with planted differences.",
        "One sample of each request", "1 run gave no clip", "One rater",
        "2 votes by 1 rater", "Blind: 1 of 2 votes", "Marks on 1 run by 1 rater: 1 pick.",
        "light@2, tier full: flicker", "No value for 1 reading: fewer than 3 frames.",
        "Excluded: 20 cells: takes 4, 6, 8 s.", "Simulated cost: $2.00", "pandas 3",
        "Written 2026-03-01 12:00 UTC.",
    ):  # fmt: skip
        assert said in text, said
    assert "Real cost" not in text


def test_a_section_with_nothing_to_say_is_left_out():
    titles = [part.title for part in sections(runs_frame([row(1)]))]
    assert "People" not in titles
    assert "Statistics" not in titles


# ---------------------------------------------------------------- charts


def arms():
    return pd.DataFrame(
        {
            "arm": ["a $x$", "b" * 200, "c"],
            "value": [1.0, 2, 3],
            "low": [0.5, None, 2],
            "high": [2, None, 4],
        }
    )


def test_a_forest_draws_each_arm_and_its_interval():
    figure = charts.forest(arms(), reference=0, title="t")
    ax = figure.axes[0]
    bars = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2]
    assert [list(bar) for bar in bars] == [[0, 0], [0.5, 2], [2, 4]]
    assert ax.get_yticklabels()[0].get_text() == r"a \$x\$"
    assert charts.png(figure).startswith(b"\x89PNG")


def test_twins_are_joined_within_their_scene_and_kinds_stay_apart():
    rows = [
        row(n, **{"prompt.scene": f"s{n // 2}", "prompt.camera": "ab"[n % 2]}) for n in range(6)
    ]
    rows.append(real(6, **{"prompt.scene": "s0", "prompt.camera": "a"}))
    values = [1, 2, 1, 3, 1, 4, 100]
    readings = [(r["run_key"], "f", v, None) for r, v in zip(rows, values, strict=True)]
    ax = charts.paired(runs_frame(rows, readings), "camera", "score.f").axes[0]
    lines = [line.get_ydata().tolist() for line in ax.lines]
    assert [1, 2] in lines
    assert [1, 4] in lines
    assert [1.0, 3.0] in lines  # the mean of the simulated ones, without the real 100
    assert [text.get_text() for text in ax.get_xticklabels()][
        1
    ] == "b\nreal no score\nsimulated mean 3.00"


def test_cost_against_quality_needs_its_columns():
    from toolkit.errors import ExportError

    df = pd.DataFrame({"arm": ["a", "b"], "cost": [1.0, 2], "q": [0.1, 0.9], "m": ["x", "y"]})
    figure = charts.cost_quality(df, cost="cost", quality="q", colour="m")
    assert len(figure.axes[0].lines) == 2
    with pytest.raises(ExportError, match=r"^a cost chart needs z; there are: arm, cost, q, m$"):
        charts.cost_quality(df, cost="cost", quality="z")


def test_an_svg_follows_the_readers_colours_and_chooses_no_backend():
    import matplotlib as mpl

    before = mpl.rcParams._get("backend")
    text = charts.svg(charts.forest(arms())).decode()
    assert "prefers-color-scheme:dark" in text
    assert "var(--c0)" in text
    assert charts.INK not in text.replace(f"--c0:{charts.INK}", "")
    assert "<script" not in text
    assert mpl.rcParams._get("backend") == before


# ---------------------------------------------------------------- in a browser


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here")
def test_a_browser_finds_nothing_to_refuse(tmp_path):
    runs = evil_runs()
    path = write_report(
        tmp_path / "report.html", "t", runs, by="camera", findings=EVIL[:5],
        charts=[Chart(charts.svg(charts.forest(arms())), "c")],
        strips={r: jpeg() for r in runs["run_id"]}, methods=sections(runs),
    )  # fmt: skip
    run = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         "--v=0", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    said = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    assert said == []
    page = Page(run.stdout)
    assert [b for b in page.named("button") if b.get("type") == "button"]  # its script did run
    assert len(page.named("script")) == 1
