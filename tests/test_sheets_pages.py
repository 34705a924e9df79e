"""Contact sheets: what stands where, what is said, and what a file or a notebook may hold."""

from __future__ import annotations

import hashlib
import io
import itertools
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from toolkit.errors import ExportError
from toolkit.sheets import Sheet, draw, frames, sheet, sheet_files
from toolkit.sheets.layout import DARK, LIGHT, TRIM, times
from toolkit.video import thumbs
from toolkit.video.encode import write_mp4

CAMERAS = ["static wide shot", "slow push in", "handheld, following"]


@pytest.fixture(autouse=True)
def nothing_held():
    frames.forget()


def solid(level: int, w: int = 320, h: int = 180) -> np.ndarray:
    return np.full((h, w, 3), level, np.uint8)


def add_clip(folder: Path, name: str, images: list[np.ndarray]) -> dict[str, object]:
    """A clip of an experiment whose thumbnails are `images`; only its cache can be read."""
    sha = hashlib.sha256(name.encode()).hexdigest()
    clip = folder / "clips" / sha[:2] / f"{sha}.mp4"
    clip.parent.mkdir(parents=True, exist_ok=True)
    clip.write_bytes(b"never decoded")
    moments = [k / (len(images) - 1) for k in range(len(images))] if len(images) > 1 else [0.0]
    thumbs.store(thumbs.path_beside(clip), thumbs.pack(moments, images, 1.0))
    h, w = images[0].shape[:2]
    return {"clip.path": str(clip), "clip.sha256": sha, "clip.width": 4 * w, "clip.height": 4 * h}


def runs(folder: Path, *, scenes=("street", "forest"), cameras=CAMERAS, samples=1, **more):
    """A table of runs, scene by camera by sample; each clip brightens from 0 to 230 by tens."""
    rows = []
    for scene in scenes:
        for camera in cameras:
            for sample in range(1, samples + 1):
                images = [solid(10 * k) for k in range(24)]
                rows.append(
                    {
                        "run_id": f"{scene}-{camera}-{sample}", "model": "sim/draft",
                        "simulated": True, "sample": sample, "state": "done", "reason": None,
                        "prompt.scene": scene, "prompt.camera": camera,
                        "prompt.mood": "quiet documentary", "prompt.text": f"{scene} {camera}",
                        "param.duration_s": 3.0,
                        **add_clip(folder, f"{scene}-{camera}-{sample}", images), **more,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def words(page) -> list[str]:
    return [" ".join(text.lines) for text in page.texts]


def centre(pixels: np.ndarray, strip, look, num: int) -> np.ndarray:
    line, place = divmod(num, look.per_line)
    x = strip.x + place * (look.thumb_w + look.film_gap) + look.thumb_w // 2
    y = strip.y + line * (strip.thumb_h + look.film_gap) + strip.thumb_h // 2
    return pixels[y, x]


def test_every_clip_shows_the_same_moments(tmp_path):
    made = sheet(runs(tmp_path), rows="scene", cols="camera", frames=6)
    (page,), (pixels,) = made.layout(), made.pages
    wanted = [10 * round(t * 23) for t in times(6, "filmstrip")]
    assert wanted[0] == 0
    assert wanted[-1] == 230
    for strip in page.strips:
        seen = [int(centre(pixels, strip, made._look, k)[0]) for k in range(6)]
        assert np.abs(np.subtract(seen, wanted)).max() <= 2


def test_the_moments_leave_out_the_ends_and_are_even():
    assert times(1, "filmstrip") == (0.5,)
    assert times(6, "poster") == (0.5,)
    moments = times(5, "filmstrip")
    assert moments[0] == TRIM
    assert moments[-1] == 1 - TRIM
    assert np.allclose(np.diff(moments), 0.24)


def test_a_poster_is_the_middle(tmp_path):
    made = sheet(runs(tmp_path), rows="scene", cols="camera", mode="poster")
    strip = made.layout()[0].strips[0]
    assert abs(int(centre(made.pages[0], strip, made._look, 0)[0]) - 110) <= 10
    assert strip.w == made._look.thumb_w


def test_posters_without_columns_flow_in_lines_with_their_words_beneath(tmp_path):
    made = sheet(runs(tmp_path, scenes=[f"scene {i}" for i in range(9)], cameras=["x"]),
                 rows="scene", mode="poster")  # fmt: skip
    (page,) = made.layout()
    assert len({strip.y for strip in page.strips}) == 3
    assert {f"scene {i}" for i in range(9)} <= set(words(page))


def test_a_note_too_long_for_its_picture_is_broken_between_what_it_says(tmp_path):
    df = runs(tmp_path, scenes=["a scene with a name that goes on and on"], samples=2)
    (page,) = sheet(df, rows=["scene", "camera", "sample"], mode="poster", cell_px=140).layout()
    said = words(page)
    assert "slow push in · sample 2" in said
    assert [w for w in said if w.startswith("a scene with") and w.endswith("…")]


def test_the_grid_is_a_grid(tmp_path):
    made = sheet(runs(tmp_path), rows="scene", cols="camera")
    (page,) = made.layout()
    xs = sorted({strip.x for strip in page.strips})
    ys = sorted({strip.y for strip in page.strips})
    assert [len(xs), len(ys), len(page.strips)] == [3, 2, 6]
    assert len(set(np.diff(xs))) == 1
    for strip in page.strips:
        assert strip.x == xs[CAMERAS.index(strip.col[0])]
        assert strip.y == ys[["street", "forest"].index(strip.row[0])]
        assert strip.x + strip.w <= page.width - made._look.margin
        assert strip.y + strip.h <= page.height - made._look.margin
    assert xs[1] - xs[0] == page.strips[0].w + made._look.gap


def test_the_page_is_paper_between_the_strips(tmp_path):
    made = sheet(runs(tmp_path), rows="scene", cols="camera")
    (page,), (pixels,) = made.layout(), made.pages
    assert pixels.shape == (page.height, page.width, 3)
    first, second = page.strips[:2]
    between = pixels[first.y + 5, first.x + first.w : second.x]
    assert (between == LIGHT.paper).all()
    assert tuple(pixels[2, 2]) == LIGHT.paper
    dark = sheet(runs(tmp_path), rows="scene", cols="camera", theme="dark").pages[0]
    assert tuple(dark[2, 2]) == DARK.paper


def test_only_what_varies_is_a_label_and_the_rest_is_caption(tmp_path):
    (page,) = sheet(runs(tmp_path), title="Courier").layout()
    said = words(page)
    assert said[0] == "Courier"
    assert set(CAMERAS) | {"street", "forest"} <= set(said)
    assert "6 clips · 6 frames each · sim/draft · 3 s · mood: quiet documentary" in said
    assert not [w for w in said if "sim/draft" in w and "6 clips" not in w]


def test_what_varies_is_picked_shots_down_and_wordings_across(tmp_path):
    (page,) = sheet(runs(tmp_path)).layout()
    assert {strip.row for strip in page.strips} == {("street",), ("forest",)}
    assert {strip.col for strip in page.strips} == {(camera,) for camera in CAMERAS}


def test_one_varying_part_with_samples_puts_the_samples_across(tmp_path):
    (page,) = sheet(runs(tmp_path, scenes=["street"], samples=2)).layout()
    assert {strip.row for strip in page.strips} == {(camera,) for camera in CAMERAS}
    assert {strip.col for strip in page.strips} == {("sample 1",), ("sample 2",)}


def test_what_another_column_already_tells_is_no_axis(tmp_path):
    df = runs(tmp_path)
    df["param.camera_motion"] = df["prompt.camera"].map(dict(zip(CAMERAS, "abc", strict=True)))
    df["prompt.subject"] = df["prompt.scene"] + " subject"
    assert "scene × camera" in repr(sheet(df))


def test_clips_that_are_not_crossed_stand_in_rows_not_in_a_grid_of_holes(tmp_path):
    df = runs(tmp_path, scenes=list("abcde"), cameras=["one"])
    df["prompt.camera"] = list("vwxyz")
    df["prompt.mood"] = list("ppqqp")
    (page,) = sheet(df).layout()
    assert len({strip.x for strip in page.strips}) == 1


def test_samples_of_one_cell_stack_and_say_which(tmp_path):
    (page,) = sheet(runs(tmp_path, samples=3), rows="scene", cols="camera").layout()
    cell = [s for s in page.strips if s.row == ("street",) and s.col == (CAMERAS[1],)]
    assert len(cell) == 3
    assert len({s.x for s in cell}) == 1
    assert all(b.y >= a.y + a.h for a, b in itertools.pairwise(cell))
    assert [s.item.note for s in cell] == ["sample 1", "sample 2", "sample 3"]
    assert words(page).count("sample 2") == 6


def test_rows_are_ordered_by_size_for_numbers_and_as_they_come_for_words(tmp_path):
    df = runs(tmp_path, scenes=["zebra", "ant"], cameras=["c"])
    df = pd.concat([df.assign(**{"param.duration_s": d}) for d in (10.0, 5.0, 7.5)])
    (page,) = sheet(df, rows=["scene", "duration_s"]).layout()
    assert [s.row for s in page.strips] == [
        (scene, d) for scene in ("zebra", "ant") for d in ("5 s", "7.5 s", "10 s")
    ]


def test_a_failed_run_keeps_its_place_and_says_why(tmp_path):
    df = runs(tmp_path)
    df.loc[1, ["state", "reason", "clip.path"]] = ["moderated", "flagged: rain", None]
    df.loc[3, ["state", "reason"]] = ["failed", "out of memory"]
    made = sheet(df, rows="scene", cols="camera")
    (page,), (pixels,) = made.layout(), made.pages
    assert len(page.strips) == 6
    lost = next(s for s in page.strips if s.col == ("slow push in",) and s.row == ("street",))
    assert lost.item.problem == "refused by the service's content filter"
    assert lost.item.detail == "flagged: rain"
    area = pixels[lost.y : lost.y + lost.h, lost.x : lost.x + lost.w]
    assert tuple(area[1, 1]) == tuple(area[-2, -2]) == LIGHT.panel
    assert (area.min(axis=2) < 100).any()  # words are drawn in it
    assert made.text.splitlines() == [
        "Sheet: 4 clips · 2 without a clip · 6 frames each · by scene × camera · 6 simulated",
        "  1 × refused by the service's content filter: flagged: rain",
        "  1 × failed at the service: out of memory",
    ]


def test_a_clip_file_that_is_gone_or_unreadable_leaves_its_reason(tmp_path):
    df = runs(tmp_path)
    Path(df["clip.path"][0]).unlink()
    thumbs.path_beside(df["clip.path"][1]).unlink()  # decoded then, and it is no video
    made = sheet(df, rows="scene", cols="camera")
    page, pixels = made.layout()[0], made.pages[0]
    assert page.strips[0].item.problem == "the clip file is gone"
    unreadable = page.strips[1]
    assert tuple(pixels[unreadable.y + 1, unreadable.x + 1]) == LIGHT.panel
    good = page.strips[2]
    assert abs(int(centre(pixels, good, made._look, 5)[0]) - 230) <= 2


def test_a_combination_never_planned_is_an_empty_place(tmp_path):
    df = runs(tmp_path).drop(index=4)
    (page,) = sheet(df, rows="scene", cols="camera").layout()
    assert len(page.strips) == 5
    assert "–" in words(page)


def test_simulated_clips_are_labelled_and_never_taken_for_real_ones(tmp_path):
    df = runs(tmp_path)
    assert "SIMULATION" in words(sheet(df).layout()[0])
    mixed = df.assign(simulated=[True, False] * 3)
    made = sheet(mixed, rows="scene", cols="camera")
    page, pixels = made.layout()[0], made.pages[0]
    assert "SIM = SIMULATED CLIP" in words(page)
    for strip in page.strips:
        corner = pixels[strip.y : strip.y + 4, strip.x : strip.x + 4].reshape(-1, 3)
        assert (tuple(corner[0]) == LIGHT.tag) is strip.item.simulated
    real = words(sheet(df.assign(simulated=False, model="luma/ray-2")).layout()[0])
    assert not [w for w in real if "SIM" in w]


def test_without_the_column_the_model_says_whether_it_is_simulated(tmp_path):
    assert "SIMULATION" in words(sheet(runs(tmp_path).drop(columns="simulated")).layout()[0])


def test_badges_know_which_way_is_better_and_never_speak_by_colour_alone(tmp_path):
    df = runs(tmp_path)
    df["score.luma_flicker"] = [0.1, 0.2, 0.3, 0.4, 0.5, None]
    (page,) = sheet(df, badges={"luma_flicker": "lower"}).layout()
    badges = [strip.item.badges[0] for strip in page.strips]
    assert [(b.text, b.tone) for b in badges] == [
        ("luma flicker 0.1", "good"), ("luma flicker 0.2", "good"),
        ("luma flicker 0.3", "middling"), ("luma flicker 0.4", "poor"),
        ("luma flicker 0.5", "poor"), ("luma flicker –", "plain"),
    ]  # fmt: skip
    said = words(page)
    assert [said.count(glyph) for glyph in "▲●▼"] == [2, 1, 2]
    inks = {t.lines[0]: t.ink for t in page.texts if t.lines[0] in "▲▼"}
    assert inks == {"▲": LIGHT.good, "▼": LIGHT.poor}
    (note,) = [w for w in said if "best third" in w]
    assert "luma flicker: lower is better" in note
    turned = sheet(df, badges={"luma_flicker": "higher"}).layout()[0].strips
    assert [s.item.badges[0].tone for s in turned][:5] == [
        "poor",
        "poor",
        "middling",
        "good",
        "good",
    ]


def test_a_score_that_is_the_same_everywhere_is_neither_good_nor_poor(tmp_path):
    df = runs(tmp_path).assign(**{"score.x": 0.5})
    strips = sheet(df, badges={"x": "higher"}).layout()[0].strips
    assert {s.item.badges[0].tone for s in strips} == {"plain"}


def test_a_scorers_word_stands_for_its_number(tmp_path):
    df = runs(tmp_path).assign(**{"score.camera_match": 1.0, "score.camera_match.label": "push_in"})
    strips = sheet(df, badges=["score.camera_match"]).layout()[0].strips
    assert strips[0].item.badges[0].text == "camera match push in"


def test_marks_are_outlined_with_a_word(tmp_path):
    df = runs(tmp_path).assign(mark=["pick", "reject", None, None, None, None])
    made = sheet(df, rows="scene", cols="camera")
    page, pixels = made.layout()[0], made.pages[0]
    for strip, colour in zip(page.strips[:3], (LIGHT.good, LIGHT.poor, LIGHT.paper), strict=True):
        assert tuple(pixels[strip.y + strip.h // 2, strip.x - 3]) == colour
    assert {"★", "pick", "✕", "reject"} <= set(words(page))


def test_a_run_without_a_clip_is_not_outlined(tmp_path):
    df = runs(tmp_path).assign(mark="pick")
    df.loc[0, ["state", "clip.path"]] = ["failed", None]
    strips = sheet(df, rows="scene", cols="camera").layout()[0].strips
    assert [strip.item.tone for strip in strips] == ["plain"] + ["good"] * 5


def test_clips_of_many_shapes_keep_their_own(tmp_path):
    df = runs(tmp_path, scenes=["wide", "tall"], cameras=["x"])
    tall = add_clip(tmp_path, "tall", [solid(200, 180, 320)] * 24)
    df = pd.concat([df.iloc[:1], df.iloc[1:].assign(**tall)], ignore_index=True)
    made = sheet(df, rows="scene", frames=4, cell_px=160)
    (page,), (pixels,) = made.layout(), made.pages
    wide, high = page.strips
    assert [wide.thumb_h, high.thumb_h] == [90, 160]
    line = pixels[high.y + 80, high.x : high.x + 160]
    assert (line[:34] == LIGHT.panel).all()
    assert (np.abs(line[36:124].astype(int) - 200) <= 2).all()


def test_pages_hold_every_clip_once_and_respect_the_limit(tmp_path):
    df = runs(tmp_path, scenes=[f"s{i}" for i in range(12)])
    made = sheet(df, rows="scene", cols="camera", cell_px=120)
    pages = made.layout(max_side=800)
    assert len(pages) > 4
    assert all(page.height <= 800 and page.width <= 800 for page in pages)
    shown = [strip.item.index for page in pages for strip in page.strips]
    assert sorted(shown) == list(range(36))
    assert all("SIMULATION" in words(page) for page in pages)
    assert f"page 2 of {len(pages)}" in words(pages[1])
    for page in pages:  # each page says again what its columns are
        assert {strip.col[0] for strip in page.strips} <= set(words(page))


def test_a_page_for_each_value(tmp_path):
    pages = sheet(runs(tmp_path), pages="scene", cols="camera", title="T").layout()
    assert [words(page)[0] for page in pages] == ["T · street", "T · forest"]
    assert [len(page.strips) for page in pages] == [3, 3]


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".jpg", b"\xff\xd8\xff"), (".png", b"\x89PNG"), (".webp", b"RIFF")]
)
def test_the_suffix_chooses_the_format(tmp_path, suffix, magic):
    made = sheet(runs(tmp_path), cell_px=64)
    (path,) = made.save(tmp_path / "out" / f"sheet{suffix}")
    assert path == tmp_path / "out" / f"sheet{suffix}"
    assert path.read_bytes().startswith(magic)
    page = made.layout()[0]
    with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as image:
        assert image.size == (page.width, page.height)
        corner = image.convert("RGB").getpixel((3, 3))
    assert np.abs(np.subtract(corner, LIGHT.paper)).max() <= 2
    assert list(path.parent.iterdir()) == [path]


def test_a_png_holds_the_very_pixels(tmp_path):
    made = sheet(runs(tmp_path), cell_px=64)
    (path,) = made.save(tmp_path / "sheet.png")
    with Image.open(path, formats=("PNG",)) as image:
        assert np.array_equal(np.asarray(image), made.pages[0])


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png"])
def test_the_limits_are_those_of_the_formats(suffix):
    side = draw.SIDE_LIMITS[suffix]
    data = draw.encode(np.zeros((side, 2, 3), np.uint8), suffix)
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
        assert image.size == (2, side)


def test_a_sheet_too_high_for_its_format_becomes_several_files(tmp_path, monkeypatch):
    monkeypatch.setitem(draw.SIDE_LIMITS, ".webp", 600)
    made = sheet(runs(tmp_path, scenes=[f"s{i}" for i in range(9)]), cell_px=64, frames=2)
    assert len(made.save(tmp_path / "sheet.jpg")) == 1
    names = made.save(tmp_path / "sheet.webp")
    assert [p.name for p in names] == [f"sheet-{i + 1}.webp" for i in range(len(names))]
    assert len(names) > 1
    assert made.saved == names


def test_a_stack_higher_than_a_page_goes_on_with_the_next(tmp_path):
    df = runs(tmp_path, scenes=["s", "t"], cameras=["c", "d"], samples=20)
    pages = sheet(df, rows="scene", cols="camera", cell_px=120).layout(max_side=900)
    assert all(page.height <= 900 for page in pages)
    assert sorted(s.item.index for page in pages for s in page.strips) == list(range(80))
    for page in pages:
        assert {strip.row[0] for strip in page.strips} <= set(words(page))


def test_one_clip_too_large_for_its_format_is_refused_with_the_way_out(tmp_path):
    made = sheet(runs(tmp_path, cameras=["c"]), rows="scene", frames=60, cell_px=320)
    with pytest.raises(ExportError, match=r"takes 19,\d+ px and \.webp holds 16,383: show fewer"):
        made.save(tmp_path / "sheet.webp")


def test_other_suffixes_are_refused_by_name(tmp_path):
    message = r"^sheet\.gif: a sheet is saved as \.jpg, \.png or \.webp, not '\.gif'$"
    with pytest.raises(ExportError, match=message):
        sheet(runs(tmp_path)).save(tmp_path / "sheet.gif")


def test_nothing_half_written_stays_where_a_file_cannot_be(tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(ExportError, match="could not be written"):
        sheet(runs(tmp_path), cell_px=64).save(tmp_path / "taken" / "sheet.jpg")
    assert (tmp_path / "taken").read_text() == "a file, not a folder"


def test_the_preview_is_small_whatever_the_sheet(tmp_path):
    rng = np.random.default_rng(0)
    noisy = [rng.integers(0, 255, (180, 320, 3), np.uint8) for _ in range(24)]
    df = runs(tmp_path, scenes=[f"s{i}" for i in range(40)])
    clip = add_clip(tmp_path, "noise", noisy)  # what JPEG can do least about
    made = sheet(df.assign(**clip), frames=12)
    bundle = made._repr_mimebundle_()
    assert set(bundle) == {"image/jpeg", "text/plain"}
    assert len(bundle["image/jpeg"]) <= 500_000
    shown = cv2.imdecode(np.frombuffer(bundle["image/jpeg"], np.uint8), cv2.IMREAD_COLOR)
    sizes = {}
    for side in (160, 140, 120):
        look, pages = made._preview_layout(side)
        assert max(look.thumb_w, look.thumb_h) == side
        assert look.frames == 4
        assert len(pages[0].strips) == 24
        sizes[pages[0].height, pages[0].width] = side
    assert shown.shape[:2] in sizes
    assert "Preview; 96 more on the whole sheet." in " ".join(words(pages[0]))


def test_a_row_too_long_for_the_preview_shows_its_first_clips(tmp_path):
    df = runs(tmp_path, scenes=["s"], cameras=["c"], samples=30)
    _, pages = sheet(df, rows="scene", cols="camera")._preview_layout(120)
    assert len(pages[0].strips) == 24
    _, pages = sheet(df, rows="scene", cols="sample")._preview_layout(120)
    assert len(pages[0].strips) == 24


def test_the_preview_links_the_saved_sheet(tmp_path, monkeypatch, capsys):
    IPython = pytest.importorskip("IPython")
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda thing, **_: shown.append(thing))
    monkeypatch.chdir(tmp_path)
    made = sheet(runs(tmp_path), cell_px=64)
    made._ipython_display_()
    assert len(shown) == 1
    made.save(tmp_path / "my sheets" / "a.jpg")
    made._ipython_display_()
    assert '<a href="my%20sheets/a.jpg" target="_blank">my sheets/a.jpg</a>' in shown[2].data


def test_the_same_table_gives_the_same_bytes_and_words(tmp_path):
    first, second = sheet(runs(tmp_path)), sheet(runs(tmp_path))
    assert repr(first) == repr(second)
    assert np.array_equal(first.pages[0], second.pages[0])
    assert first._preview == second._preview
    assert repr(first) == "Sheet: 6 clips · 6 frames each · by scene × camera · 6 simulated"


def test_mistakes_are_named(tmp_path):
    df = runs(tmp_path)
    with pytest.raises(LookupError, match="did you mean 'camera'"):
        sheet(df, rows="camra")
    with pytest.raises(ValueError, match=r"once: prompt\.camera$"):
        sheet(df, rows="camera", cols="prompt.camera")
    with pytest.raises(ValueError, match="`frames` is at least 1, not 0"):
        sheet(df, frames=0)
    with pytest.raises(ValueError, match="`mode` is 'filmstrip' or 'poster', not 'film'"):
        sheet(df, mode="film")


def test_an_empty_table_is_said_to_be_empty(tmp_path):
    made = sheet(runs(tmp_path).head(0))
    assert repr(made) == "Sheet: 0 clips · 6 frames each"
    assert made._repr_mimebundle_() == {"text/plain": repr(made)}
    with pytest.raises(ExportError, match=r"^sheet\.jpg: no runs to show; the table is empty$"):
        made.save(tmp_path / "sheet.jpg")


def test_a_table_of_failures_alone_is_still_a_sheet(tmp_path):
    df = runs(tmp_path).assign(state="failed", reason="x", **{"clip.path": None})
    (path,) = sheet(df).save(tmp_path / "sheet.jpg")
    assert path.stat().st_size > 1000


def test_a_table_read_back_from_disk_is_a_sheet_too(tmp_path):
    df = runs(tmp_path)
    df.loc[1, "state"] = "failed"
    df.to_parquet(tmp_path / "runs.parquet")
    df.to_csv(tmp_path / "runs.csv", index=False)
    whole = sheet(df)
    for again in (pd.read_parquet(tmp_path / "runs.parquet"), pd.read_csv(tmp_path / "runs.csv")):
        assert sheet(again).text == whole.text
        assert np.array_equal(sheet(again).pages[0], whole.pages[0])


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("films")
    paths = []
    for num, level in enumerate((40, 200)):
        path = folder / f"clip {num}.mp4"
        write_mp4(path, [solid(level, 192, 108) for _ in range(12)], 12)
        paths.append(path)
    broken = folder / "page.mp4"
    broken.write_text("<!doctype html><title>404</title>")
    return [*paths, broken]


def test_files_alone_make_a_sheet(files, tmp_path):
    made = sheet_files(files, frames=3)
    page, pixels = made.layout()[0], made.pages[0]
    assert words(page)[0] == files[0].parent.name
    assert {"clip 0", "clip 1", "page"} <= set(words(page))
    for strip, level in zip(page.strips, (40, 200), strict=False):
        for k in range(3):
            assert abs(int(centre(pixels, strip, made._look, k)[0]) - level) <= 4
    bad = page.strips[2]
    assert tuple(pixels[bad.y + 1, bad.x + 1]) == LIGHT.panel


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "same.mp4")
        paths[-1].write_bytes(b"")
    assert {"a/same.mp4", "b/same.mp4"} <= set(words(sheet_files(paths).layout()[0]))


def test_the_name_over_short_row_words_is_not_cut(tmp_path: Path):
    path = tmp_path / "c1.mp4"
    path.write_bytes(b"no clip")
    assert {"c1", "name"} <= set(words(sheet_files([path]).layout()[0]))


def test_real_clips_make_a_sheet(real_clips, tmp_path):
    made = sheet_files(sorted(real_clips.glob("coast_*.mp4"))[:3], frames=4)
    assert isinstance(made, Sheet)
    (path,) = made.save(tmp_path / "coast.jpg")
    with Image.open(path, formats=("JPEG",)) as image:
        assert np.asarray(image).std() > 30


def test_a_sheet_from_cached_thumbnails_takes_a_moment():
    from tests.benchmarks.sheets import LIMITS, measure_quick

    assert measure_quick() < 2 * LIMITS["12x8_cpu_ms"]  # processor time, with a wide margin
