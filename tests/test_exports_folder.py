from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from toolkit import video
from toolkit.errors import ExportError, ImportProblem, StoreError
from toolkit.exports import DEFAULT_FORMATS, export_all, restore
from toolkit.exports.bundle import bundle
from toolkit.exports.page import page
from toolkit.records import Rating, RunSpec
from toolkit.store import CellRow, Store
from toolkit.tables import runs_df
from toolkit.video.encode import write_mp4

MODELS = ("sim/draft", "acme/secret-model-9")
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Two real clips; each names its model in its container's comment, as services do."""
    folder = tmp_path_factory.mktemp("clips")
    for n, model in enumerate(MODELS):
        ramp = np.linspace(0, 200, 96, dtype=np.uint8)
        frames = [np.dstack([np.tile(ramp, (64, 1)) + 5 * n] * 3) + t for t in range(6)]
        write_mp4(folder / f"{n}.mp4", frames, 12, comment={"model": model, "price": 9.87})
    return [folder / f"{n}.mp4" for n in range(2)]


@pytest.fixture
def store(tmp_path, clips):
    """Two scenes, two models: both imported clips are done, one is picked; a third is planned."""
    with Store.open(tmp_path / "exp" / "rain") as store:
        for n, (clip, model) in enumerate(zip(clips, MODELS, strict=True)):
            spec = RunSpec(f"A fox {n}, <b>=cmd", model=model, params={"duration_s": 2})
            labels = {"name": "fox", "scene": f"scene {n}"}
            run = store.add_imported(spec, clip, video.probe(clip), labels=labels)
            store.add_rating(Rating(f"r{n}", run_key=run.key, mark=("pick", "reject")[n], at=T0))
        spec = RunSpec("A fox 3", model=MODELS[0])
        store.plan([CellRow("g", 0, spec.key, spec, labels={"name": "fox", "scene": "scene 0"})])
        yield store


def everything(folder):
    """The bytes and names of all that a client gets."""
    return b"".join(p.name.encode() + p.read_bytes() for p in folder.rglob("*") if p.is_file())


# ---------------------------------------------------------------- the client's page


def test_a_client_sees_clips_and_neither_model_price_nor_score(store, tmp_path):
    runs = runs_df(store)
    runs["score.luma_flicker"] = 0.123456
    runs["cost_usd"] = 98.76
    out = page(tmp_path / "page", runs, title="For you", only=None)
    found = everything(out)
    for secret in (*MODELS, "secret-model", "draft", "9.87", "98.76", "0.123456", "flicker",
                   *runs["run_id"], *runs["clip.sha256"].dropna(), "Lavf", "x264",
                   str(tmp_path)):  # fmt: skip
        assert secret.encode() not in found, secret
    html = (out / "index.html").read_text("utf-8")
    sources = re.findall(r'<video src="([^"]+)"', html)
    assert sources == ["clips/clip-01.mp4", "clips/clip-02.mp4"]
    assert all(video.probe(out / source).num_frames == 6 for source in sources)
    assert "default-src 'none'" in html
    assert not re.search(r"https?://", html)


def test_only_picks_are_shown_when_asked_for(store, tmp_path):
    out = page(tmp_path / "page", runs_df(store), title="t", only="picks")
    assert sorted(p.name for p in (out / "clips").iterdir()) == ["clip-01.jpg", "clip-01.mp4"]
    runs = runs_df(store)
    assert page(tmp_path / "p2", runs, title="t", only=[runs["run_id"][1]]).is_dir()


def test_nothing_to_show_says_the_way_out(store, tmp_path):
    runs = runs_df(store)
    with pytest.raises(ExportError, match=r"^no clip is marked pick; mark one with exp\.rate"):
        page(tmp_path / "p", runs.assign(mark=None), title="t", only="picks")
    with pytest.raises(ExportError, match=r"only='best' is not known"):
        page(tmp_path / "p", runs, title="t", only="best")
    assert not (tmp_path / "p").exists()


def test_a_page_of_ours_is_replaced_and_nothing_else_is(store, tmp_path):
    runs = runs_df(store)
    out = page(tmp_path / "page", runs, title="first")
    page(out, runs, title="second", only="picks")
    assert "second" in (out / "index.html").read_text("utf-8")
    assert len(list((out / "clips").iterdir())) == 2
    (out / "mine.txt").write_text("keep")
    with pytest.raises(ExportError, match="holds something else"):
        page(out, runs, title="third")
    assert (out / "mine.txt").read_text() == "keep"


def test_a_damaged_clip_leaves_the_others_on_the_page(store, tmp_path):
    runs = runs_df(store)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"<html>no clip</html>" * 50)
    runs.loc[0, "clip.path"] = str(broken)
    told = []
    out = page(tmp_path / "page", runs, title="t", on_problem=told.append)
    assert [p.name for p in (out / "clips").glob("*.mp4")] == ["clip-02.mp4"]
    assert len(told) == 1
    assert runs["run_id"][0] in told[0]
    with pytest.raises(ExportError, match=runs["run_id"][0]):
        page(tmp_path / "p2", runs, title="t")
    assert not (tmp_path / "p2").exists()


# ---------------------------------------------------------------- bundle


@pytest.mark.parametrize("name", ["rain.zip", "rain-bundle"])
def test_a_bundle_comes_back_whole(store, tmp_path, name):
    before = runs_df(store)
    made = bundle(store, tmp_path / name)
    store.add_rating(Rating("later", run_key=before["run_key"][1], mark="pick", at=T0))
    back = restore(made, tmp_path / "back")
    with Store.open(back) as copy:
        after = runs_df(copy)
        assert copy.name == "rain"
    for path in after["clip.path"].dropna():
        assert Path(path).is_relative_to(back)
        assert video.probe(Path(path)).sha256 == Path(path).stem
    drop = ["clip.path"]
    pd.testing.assert_frame_equal(after.drop(columns=drop), before.drop(columns=drop))


def test_a_bundle_is_one_consistent_look_while_others_write(store, tmp_path):
    code = (
        "import sys, time\n"
        "from toolkit.store import Store\n"
        "with Store.open(sys.argv[1]) as s:\n"
        "    print('on', flush=True)\n"
        "    n = 0\n"
        "    while True:\n"
        "        with s.writing() as c:\n"
        "            pass\n"
        "        s.meta_set('a', n); s.meta_set('b', n); n += 1\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(store.folder)], stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    try:
        assert writer.stdout.readline() == "on\n"
        for n in range(3):
            back = restore(bundle(store, tmp_path / f"{n}.zip"), tmp_path / f"back{n}")
            with Store.open(back) as copy:
                a, b = copy.meta_get("a", -1), copy.meta_get("b", -1)
                assert a - b in (0, 1)
    finally:
        writer.kill()
        writer.wait()


def changed(source, target, *, drop=(), add=(), edit=None):
    """A copy of the zip `source` with files left out, put in, or another manifest."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == "manifest.json" and edit:
                manifest = json.loads(data)
                edit(manifest)
                data = json.dumps(manifest).encode()
            if info.filename not in drop:
                new.writestr(info.filename, data)
        for info, data in add:
            new.writestr(info, data)
    return target


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def listed(name, data=b"x"):
    import hashlib

    entry = {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return lambda manifest: manifest["files"].append(entry)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "clips/../../evil", "..\\evil", "C:/evil",
                                  "clips/ab/evil.mp4", "experiment.db/../../evil"])  # fmt: skip
def test_a_bundle_cannot_write_where_no_clip_belongs(store, tmp_path, name):
    good = bundle(store, tmp_path / "good.zip")
    bad = changed(good, tmp_path / "bad.zip", add=[(name, b"x")], edit=listed(name))
    inside = tmp_path / "in"
    with pytest.raises(ImportProblem, match="is nothing that an experiment holds"):
        restore(bad, inside / "back")
    assert not inside.exists() or list(inside.iterdir()) == []
    assert not list(tmp_path.rglob("*evil*"))


def test_a_link_in_a_bundle_is_refused(store, tmp_path):
    good = bundle(store, tmp_path / "good.zip")
    bad = changed(good, tmp_path / "bad.zip", add=[(link("images/aa/x"), b"/etc/passwd")])
    with pytest.raises(ImportProblem, match="is a link"):
        restore(bad, tmp_path / "back")
    folder = bundle(store, tmp_path / "folder")
    (folder / "clips" / "link").symlink_to("/etc")
    with pytest.raises(ImportProblem, match="is a link"):
        restore(folder, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_changed_or_incomplete_bundle_is_refused_and_leaves_nothing(store, tmp_path):
    good = bundle(store, tmp_path / "good.zip")
    with zipfile.ZipFile(good) as archive:
        clip = next(n for n in archive.namelist() if n.startswith("clips/"))

    def other_hash(manifest):
        manifest["files"][0]["sha256"] = "0" * 64

    def other_size(manifest):
        manifest["files"][0]["size"] -= 1

    def future(manifest):
        manifest["format"] = "promptgrid-bundle/9"

    cases = {
        "lacks": changed(good, tmp_path / "1.zip", drop=[clip]),
        "not listed": changed(good, tmp_path / "2.zip", add=[("clips/extra", b"x")]),
        "not what the manifest says": changed(good, tmp_path / "3.zip", edit=other_hash),
        r"experiment\.db' is not what": changed(good, tmp_path / "4.zip", edit=other_size),
        "update promptgrid": changed(good, tmp_path / "5.zip", edit=future),
        "no manifest.json": changed(good, tmp_path / "6.zip", drop=["manifest.json"]),
        "cannot be read": changed(good, tmp_path / "7.zip", edit=lambda m: m.pop("files")),
    }
    for words, path in cases.items():
        with pytest.raises(ImportProblem, match=words):
            restore(path, tmp_path / "back")
    (tmp_path / "8.zip").write_bytes(good.read_bytes()[:-4000])
    with pytest.raises(ImportProblem, match="damaged"):
        restore(tmp_path / "8.zip", tmp_path / "back")
    assert not list(tmp_path.glob("back*"))


def test_restoring_never_writes_over_anything(store, tmp_path):
    good = bundle(store, tmp_path / "good.zip")
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "mine").write_text("keep")
    with pytest.raises(ImportProblem, match="restore into a new folder"):
        restore(good, tmp_path / "back")
    assert (tmp_path / "back" / "mine").read_text() == "keep"
    (tmp_path / "empty").mkdir()
    assert restore(good, tmp_path / "empty") == tmp_path / "empty"


def test_a_bundle_of_a_newer_version_is_refused_before_it_gets_its_name(
    store, tmp_path, monkeypatch
):
    good = bundle(store, tmp_path / "good.zip")
    monkeypatch.setattr("toolkit.store.schema.SCHEMA_VERSION", 0)
    with pytest.raises(StoreError):
        restore(good, tmp_path / "back")
    assert not list(tmp_path.glob("back*"))


# ---------------------------------------------------------------- everything


def export(store, out, **more):
    return export_all(out, runs_df(store), title="Rain or shine", by="model", **more)


def test_everything_is_written_under_the_agreed_names(store, tmp_path):
    written = export(
        store, tmp_path / "out", formats=[*DEFAULT_FORMATS, "markdown", "zip"],
        sheet=lambda path, runs: (path.write_bytes(b"s"), [path])[1],
        bundle=lambda path: bundle(store, path), findings=["=not a formula"],
    )  # fmt: skip
    names = sorted({p.relative_to(tmp_path / "out").parts[0] for p in written})
    assert names == [
        "METHODS.md", "clips", "rain-or-shine.zip", "report.html", "results.csv", "results.md",
        "results.parquet", "results.tex", "results.xlsx", "sheet.jpg",
    ]  # fmt: skip
    assert all(path.is_file() for path in written)
    assert not list(tmp_path.rglob("*.part"))
    table = pd.read_parquet(tmp_path / "out/results.parquet")
    assert not table["clip.path"].dropna().str.startswith("/").any()
    table["clip.path"] = table["clip.path"].map(
        lambda path: str((tmp_path / "out" / path).resolve()), na_action="ignore"
    )
    pd.testing.assert_frame_equal(table, runs_df(store), check_dtype=False)


def test_tables_name_clips_without_anybodys_home_directory(store, tmp_path):
    export(store, tmp_path / "out", formats=["csv", "xlsx"])
    text = (tmp_path / "out" / "results.csv").read_text()
    assert str(tmp_path) not in text
    path = pd.read_csv(tmp_path / "out" / "results.csv")["clip.path"][0]
    assert (tmp_path / "out" / path).is_file()


def test_exporting_again_writes_the_same_and_copies_no_clip_twice(store, tmp_path):
    first = export(store, tmp_path / "out", formats=["clips", "csv", "page"])
    times = {p: p.stat().st_mtime_ns for p in first if p.parent.name == "clips"}
    second = export(store, tmp_path / "out", formats=["clips", "csv", "page"])
    assert first == second
    assert {p: p.stat().st_mtime_ns for p in times} == times


def test_one_format_that_fails_stops_no_other_and_is_named(store, tmp_path):
    (tmp_path / "out" / "results.csv").mkdir(parents=True)
    with pytest.raises(
        ExportError, match=r"^1 of 2 formats failed: csv: .*written to .*METHODS.md"
    ):
        export(store, tmp_path / "out", formats=["csv", "methods"])
    assert (tmp_path / "out" / "METHODS.md").is_file()


def test_a_format_nobody_knows_is_refused_before_anything_is_written(store, tmp_path):
    with pytest.raises(ExportError, match=r"no format 'repor'; did you mean 'report'"):
        export(store, tmp_path / "out", formats=["csv", "repor"])
    with pytest.raises(ExportError, match=r"'reel' needs an experiment"):
        export(store, tmp_path / "out", formats="mp4")
    assert not (tmp_path / "out").exists()


def test_only_narrows_pictures_and_never_tables(store, tmp_path):
    written = export(store, tmp_path / "out", formats=["csv", "clips"], only="picks")
    assert [p.parent.name for p in written] == ["out", "clips"]
    assert len(pd.read_csv(tmp_path / "out" / "results.csv")) == 3


def test_a_clip_that_is_gone_is_told_and_the_others_are_copied(store, tmp_path):
    runs = runs_df(store)
    Path(runs["clip.path"][0]).rename(tmp_path / "moved.mp4")
    told = []
    written = export(store, tmp_path / "out", formats=["clips", "report"], say=told.append)
    assert len([p for p in written if p.suffix == ".mp4"]) == 1
    assert len(told) == 2  # no picture in the report, no copy among the clips
    assert all(runs["run_id"][0] in line for line in told)


def test_an_empty_experiment_exports(tmp_path):
    with Store.open(tmp_path / "e") as store:
        formats = ["csv", "parquet", "xlsx", "md", "tex", "report", "methods", "clips"]
        written = export(store, tmp_path / "out", formats=formats)
    assert len(written) == 7


def test_importing_the_exports_loads_nothing_heavy():
    code = (
        "import sys, toolkit.exports\n"
        "print([m for m in ('pandas', 'matplotlib', 'jinja2', 'cv2') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                         cwd=Path(__file__).parents[1])  # fmt: skip
    assert run.stdout.strip() == "[]"


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here")
def test_a_browser_plays_the_clients_clips_from_a_folder(store, tmp_path):
    out = page(tmp_path / "page", runs_df(store), title="t")
    index = out / "index.html"
    # the page's policy allows its own script only, so the probe goes in under its nonce
    html = index.read_text("utf-8")
    nonce = re.search(r"script nonce=\"([^\"]+)\"", html)[1]
    probe = (
        f'<script nonce="{nonce}">Promise.all([...document.querySelectorAll("video")].map((v) => '
        'v.play().then(() => document.body.append("plays")))).catch((e) => '
        "document.body.append(String(e)))</script></body>"
    )
    index.write_text(html.replace("</body>", probe), "utf-8")
    run = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         "--autoplay-policy=no-user-gesture-required", "--virtual-time-budget=8000",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", index.as_uri()],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert [line for line in run.stderr.splitlines() if "CONSOLE" in line] == []
    assert run.stdout.count(">playsplays<") + run.stdout.count("playsplays") > 0
