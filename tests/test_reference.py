"""Reference pictures: where they come from, that they are checked and kept, and what they cost."""

from __future__ import annotations

import hashlib
import io
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import toolkit as tk
from tests.services._server import clip_bytes, image_bytes
from toolkit import pictures
from toolkit.errors import (
    BudgetError,
    ClipError,
    GridError,
    ProviderError,
    StoreError,
    ToolkitError,
)
from toolkit.records import ImageRef, RunSpec, State
from toolkit.runner import download
from toolkit.store import CellRow
from toolkit.video import frames_at, probe

FOX = "A red fox in deep snow at dawn. Static."


@pytest.fixture
def exp(tmp_path):
    with tk.Experiment(tmp_path / "walk", budget_usd=5, say=lambda _: None) as exp:
        yield exp


@pytest.fixture
def fox(tmp_path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(image_bytes("fox"))
    return path


def done_run(exp: Any, name: str = "one") -> str:
    """A run with a real clip, made nowhere."""
    path = exp.folder / f"{name}.mp4"
    path.write_bytes(clip_bytes(name))
    spec = RunSpec(name, model="import/x")
    exp.store.add_imported(spec, path, probe(path))
    return spec.key


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")])
def test_a_file_is_kept_by_content_whatever_it_is_called(exp, tmp_path, form, suffix):
    path = tmp_path / "holiday.txt"
    path.write_bytes(image_bytes("fox", form))
    ref = exp.image(path)
    assert ref == exp.image(str(path))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert ref.sha256 == sha256
    assert ref.path == str(exp.folder / "images" / sha256[:2] / f"{sha256}{suffix}")
    assert Path(ref.path).read_bytes() == path.read_bytes()
    assert path.exists()


def bomb(side: int) -> bytes:
    """A PNG that says it is so large and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no PNG, JPEG or WebP"),
        (b"<html>not found</html>", "is no PNG, JPEG or WebP"),
        (b"GIF89a" + bytes(50), "is no PNG, JPEG or WebP"),
        (image_bytes("fox")[:-30], "cannot be read as a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "cannot be read as a picture"),
        (b"RIFF\0\0\0\0WEBP" + bytes(50), "cannot be read as a picture"),
        (bomb(30_000), "at most 80 megapixels are taken"),
        (bomb(10_000), "10000x10000 px; at most 80 megapixels"),
    ],
    ids=["empty", "page", "gif", "cut", "png", "webp", "bomb", "large"],
)  # fmt: skip
def test_what_is_no_whole_picture_is_not_taken(exp, tmp_path, content, said):
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(ClipError, match=said):
        exp.image(path)
    assert list((exp.folder / "images").rglob("*.*")) == []


def test_a_file_that_is_too_large_is_not_read(exp, tmp_path):
    path = tmp_path / "x.png"
    with path.open("wb") as file:
        file.truncate(pictures.MOST_BYTES + 1)
    with pytest.raises(ClipError, match=r"50 MiB; at most 50 are taken"):
        exp.image(path)


@pytest.mark.parametrize("of", ["nothing.png", "a fox in the snow", Path("nowhere/x.png")])
def test_what_is_nothing_at_all_is_told_the_ways(exp, of):
    with pytest.raises(
        GridError, match="give a file, an https address or a run; for a picture made"
    ):
        exp.image(of)


# -- addresses -----------------------------------------------------------------------------------


@pytest.fixture
def web(monkeypatch):
    """The internet, for the guarded client: what lies where."""
    import httpx

    places: dict[str, httpx.Response] = {}
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        found = places.get(str(request.url))
        return found if found is not None else httpx.Response(404)

    def client(*_: Any, **settings: Any) -> httpx.AsyncClient:
        assert settings == {"public_only": True}
        return httpx.AsyncClient(transport=httpx.MockTransport(answer), follow_redirects=False)

    monkeypatch.setattr(download, "client", client)
    return places, asked


def served(content: bytes, status: int = 200, **headers: str) -> Any:
    import httpx

    return httpx.Response(status, stream=httpx.ByteStream(content), headers=headers)


def test_an_address_is_fetched_and_remembered(exp, web):
    places, asked = web
    url = "https://pictures.example.com/fox"
    places[url] = served(image_bytes("fox", "JPEG"))
    ref = exp.image(url)
    assert (ref.url, Path(ref.path).suffix) == (url, ".jpg")
    assert Path(ref.path).read_bytes() == image_bytes("fox", "JPEG")
    assert asked == [url]
    assert list((exp.folder / "images").glob("*.*")) == []  # no scraps


def test_a_redirect_is_followed_to_https_alone(exp, web):
    places, _ = web
    places["https://a.example.com/x"] = served(b"", 302, location="https://b.example.org/y.png")
    places["https://b.example.org/y.png"] = served(image_bytes("fox"))
    assert exp.image("https://a.example.com/x").url == "https://a.example.com/x"
    places["https://a.example.com/x"] = served(b"", 302, location="http://b.example.org/y.png")
    with pytest.raises(ProviderError, match="only https on 443"):
        exp.image("https://a.example.com/x")


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"<html>a page</html>", 200, "no picture but text"),
        (clip_bytes("x"), 200, "no picture but"),
        (b"", 200, "an empty file"),
        (b"", 404, "answered 404"),
        (b"", 500, "answered 500"),
        (bytes(10), 200, "no picture but"),
    ],
)
def test_what_an_address_serves_is_believed_by_its_content(exp, web, content, status, said):
    places, _ = web
    places["https://a.example.com/x.png"] = served(content, status)
    with pytest.raises(ProviderError, match=r"no picture could be fetched from a\.example") as why:
        exp.image("https://a.example.com/x.png")
    assert said in str(why.value)
    assert list((exp.folder / "images").rglob("*.*")) == []


@pytest.mark.parametrize(
    "url",
    ["http://example.com/x.png", "ftp://example.com/x", "file:///etc/passwd", "data:image/png,"],
)  # fmt: skip
def test_no_other_address_is_fetched(exp, url):
    with pytest.raises(GridError, match="is not fetched: give an https address"):
        exp.image(url)


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/x.png", "https://localhost/x.png", "https://u:p@example.com/x.png",
     "https://example.com:8443/x.png", "https://[::1]/x.png"],
)  # fmt: skip
def test_no_address_on_this_machine_or_in_disguise_is_fetched(exp, url):
    with pytest.raises(ProviderError, match="no picture could be fetched"):
        exp.image(url)


# -- frames of clips -----------------------------------------------------------------------------


def test_a_clip_gives_its_frames_lossless(exp):
    key = done_run(exp)
    take = exp.clip(key)
    wanted = frames_at(take.path, [0.0, 0.5, 1.0])
    for ref, frame in zip(
        (take.first_frame, take.frame(0.5), take.last_frame), wanted, strict=True
    ):
        with Image.open(ref.path) as image:
            assert np.array_equal(np.asarray(image), frame.image)
    assert take.first_frame.sha256 != take.last_frame.sha256
    assert take.last_frame == exp.image(key, at=1) == exp.image(take, at=1)
    assert exp.image(exp.store.run(key)) == take.first_frame
    assert exp.image(key[:16], at=1) == take.last_frame
    assert str(take).startswith(f"Take({key[:16]}, import/x, 96x54, 0.5 s, ")


def test_a_time_outside_the_clip_is_an_error(exp):
    with pytest.raises(ValueError, match=r"from 0 \(first frame\) to 1 \(last\)"):
        exp.clip(done_run(exp)).frame(2.5)


def test_nothing_is_written_into_an_experiment_that_is_read_alone(exp, fox):
    key = done_run(exp)
    exp.close()
    with tk.Experiment(exp.folder, read_only=True, say=lambda _: None) as reading:
        for of in (key, fox):
            with pytest.raises(StoreError, match="open for reading only"):
                reading.image(of)
    assert list((exp.folder / "images").rglob("*.*")) == []


def test_a_run_without_a_clip_has_no_frames(exp):
    spec = RunSpec("a", model="sim/draft")
    exp.store.plan([CellRow("g", 0, spec.key, spec)])
    with pytest.raises(ClipError, match="is planned: it has no clip"):
        exp.clip(spec.key)


# -- in a grid -----------------------------------------------------------------------------------


def test_a_grids_pictures_are_copied_in_before_it_runs(exp, fox):
    grid = tk.Grid("the fox looks up", models="sim/final", duration_s=1, start_image=fox)
    rows = [row.spec for row in kept(exp, grid)]
    (spec,) = rows
    ref = spec.params["start_image"]
    assert (exp.folder / ref.path).read_bytes() == fox.read_bytes()
    assert not Path(ref.path).is_absolute()  # the experiment may be moved
    assert spec.key == next(iter(grid.cells())).run_key
    fox.unlink()
    assert [row.spec for row in kept(exp, grid)] == rows  # what was copied is enough


def kept(exp: Any, grid: tk.Grid) -> list[CellRow]:
    from toolkit.planning import cell_rows
    from toolkit.reference import kept_rows

    return list(kept_rows(exp.store, grid, cell_rows(grid)))


def test_a_picture_that_changed_since_the_grid_was_made_is_refused(exp, fox):
    grid = tk.Grid("the fox looks up", models="sim/final", duration_s=1, start_image=fox)
    fox.write_bytes(image_bytes("hare"))
    with pytest.raises(GridError, match="has changed since it was named"):
        exp.run(grid, monitor=False)
    assert exp.store.runs() == []


def test_a_grid_with_what_is_no_picture_is_refused_before_anything_is_planned(exp, tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"<html>")
    grid = tk.Grid("the fox looks up", models="sim/final", duration_s=1, start_image=path)
    with pytest.raises(ClipError, match="is no PNG, JPEG or WebP"):
        exp.run(grid, monitor=False)
    assert exp.store.runs() == []


def test_the_plan_names_the_picture_its_size_and_where_it_would_go(exp, fox):
    grid = tk.Grid(
        "up", models=["luma/ray-2", "sim/final"], duration_s=5, start_image=exp.image(fox)
    )
    (line,) = [line for line in exp.plan(grid).text.splitlines() if "a picture" in line]
    sha256 = hashlib.sha256(fox.read_bytes()).hexdigest()
    assert line == (f"· a picture that would be uploaded to luma: {sha256[:12]}.png, 64x36, 0.0 MB")
    local = tk.Grid("up", models="sim/final", duration_s=5, start_image=fox)
    assert repr(local) == "<Grid 1 prompt × 1 model × 1 sample = 1 cell, with 1 picture>"
    assert "a picture that stays on this machine: fox.png, 64x36, 0.0 MB" in exp.plan(local).text


# -- pictures that are made ----------------------------------------------------------------------


def test_a_picture_is_made_once_and_paid_once(exp):
    ref = exp.image(FOX, model="sim/still")
    with Image.open(ref.path) as image:
        assert (image.format, image.size) == ("PNG", (1280, 720))
    spent = exp.store.budget().sim.spent_micro_usd
    assert spent == 10_000
    assert exp.image(FOX, model="sim/still") == ref
    assert exp.store.budget().sim.spent_micro_usd == spent
    other = exp.image(FOX, model="sim/still", sample=2)
    assert other.sha256 != ref.sha256
    wide = exp.image(FOX, model="sim/still", aspect_ratio="9:16")
    with Image.open(wide.path) as image:
        assert image.size == (720, 1280)


def test_a_picture_is_no_clip_and_has_a_table_of_its_own(exp, fox):
    ref = exp.image(FOX, model="sim/still")
    brought = exp.image(fox)
    assert len(exp.runs_df()) == 0
    assert exp.score(show=False) == 0
    assert "no clips yet" in exp.status
    assert list((exp.folder / "clips").rglob("*.*")) == []
    table = exp.images_df().set_index("sha256")
    made, other = table.loc[ref.sha256], table.loc[brought.sha256]
    assert (made["model"], made["prompt"], made["state"]) == ("sim/still", FOX, "done")
    assert (made["width"], made["height"], made["sim_cost_usd"]) == (1280, 720, 0.01)
    assert other["model"] != other["model"]  # NaN
    assert (other["width"], other["cost_usd"]) == (64, 0.0)
    (attempt,) = exp.store.attempts()
    assert (attempt.state, attempt.settled_micro_usd) == ("accepted", 10_000)


def test_one_picture_is_animated_in_every_arm_and_the_next_take_goes_on(exp):
    """Make a picture, animate it, go on from the last frame: the whole walk without a key."""
    ref = exp.image(FOX, model="sim/still")
    arms = tk.Grid(
        "The fox looks up", models="sim/final", duration_s=1, start_image=ref,
        camera_motion=["static", "push_in"],
    )  # fmt: skip
    batch = exp.run(arms, monitor=False, score=False).wait()
    assert batch.states() == {"done": 2}
    with Image.open(ref.path) as opened:
        asked = np.asarray(opened.resize((64, 36)), float)
    for key in batch.keys:
        with Image.open(exp.clip(key).first_frame.path) as opened:
            begins = np.asarray(opened.resize((64, 36)), float)
        assert np.corrcoef(asked.ravel(), begins.ravel())[0, 1] > 0.9
    last = exp.clip(batch.keys[0]).last_frame
    more = tk.Grid("The fox turns", models="sim/final", duration_s=1, start_image=last)
    assert exp.run(more, monitor=False, score=False).wait().states() == {"done": 1}
    frame = exp.runs_df()
    assert set(frame["param.start_image"]) == {ref.sha256, last.sha256}
    assert exp.images_df().set_index("sha256").loc[ref.sha256, "num_runs"] == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": "sim/final"}, "sim/final makes clips; models of pictures"),
        ({"model": "sim/still", "duration_s": 5}, "it takes no duration_s"),
        ({"model": "sim/still", "aspect_ratio": ["1:1", "16:9"]}, "one picture at a time, not 2"),
    ],
)
def test_what_makes_no_single_picture_is_refused_before_any_money(exp, settings, said):
    with pytest.raises(GridError, match=said):
        exp.image(FOX, **settings)
    assert exp.store.budget().sim.committed_micro_usd == 0


def test_a_model_of_pictures_runs_in_no_grid(exp):
    with pytest.raises(
        GridError, match=r"sim/still makes pictures, no clips: start_image=exp.image"
    ):
        exp.run(tk.Grid(FOX, models="sim/still"))
    assert exp.store.runs() == []


def test_a_picture_from_a_paid_model_needs_a_budget(tmp_path, monkeypatch):
    (model,) = tk.models(makes="image")["model"][:1]
    with (
        tk.Experiment(tmp_path / "poor", say=lambda _: None) as exp,
        pytest.raises(BudgetError, match="Nothing spent"),
    ):
        exp.image(FOX, model=model)


def test_a_picture_that_was_refused_says_why_and_the_way_on(exp, monkeypatch):
    monkeypatch.setattr("toolkit.simulator.planted._unwelcome", lambda _: True)
    with pytest.raises(
        ToolkitError, match=r"made no picture, moderated: .*; sample=2 makes another"
    ):
        exp.image(FOX, model="sim/still")
    assert list(exp.images_df()["state"]) == ["moderated"]


def test_a_broken_picture_from_a_service_is_no_picture(exp, monkeypatch):
    from toolkit.simulator import service

    real = service._write

    def half(spec: RunSpec, target: Path) -> None:
        real(spec, target)
        target.write_bytes(target.read_bytes()[:5000])

    monkeypatch.setattr(service, "_write", half)
    with pytest.raises(ToolkitError, match=r"made no picture, bad_clip: .*cannot be read"):
        exp.image(FOX, model="sim/still")
    assert exp.store.image_runs()[0].state is State.BAD_CLIP


def test_a_clip_from_a_service_that_was_to_make_a_picture_is_none(exp, monkeypatch):
    from toolkit.simulator import service

    monkeypatch.setattr(service, "_write", lambda _, target: target.write_bytes(clip_bytes("x")))
    monkeypatch.setattr("toolkit.experiment.Experiment._engine", _hasty)
    with pytest.raises(ToolkitError, match=r"made no picture, bad_clip: .*no picture but"):
        exp.image(FOX, model="sim/still")


def _hasty(exp: Any, on_change: Any) -> Any:
    """An engine that gives up a download soon."""
    from toolkit.runner import Engine, Settings

    settings = Settings(retry_fetch_s=0.01, most_fetches=2, spare_bytes=0)
    return Engine(exp.store, exp._provider, on_change=on_change, verify=probe, settings=settings)


def test_an_older_experiment_opens_with_its_clips(tmp_path):
    """Schema 1 knew no pictures."""
    import sqlite3

    with tk.Experiment(tmp_path / "old", say=lambda _: None) as exp:
        key = done_run(exp)
    with sqlite3.connect(tmp_path / "old" / "experiment.db") as db:
        db.execute("ALTER TABLE run DROP COLUMN makes")
        db.execute("UPDATE meta SET value='1' WHERE key='schema_version'")
    with tk.Experiment(tmp_path / "old", say=lambda _: None) as exp:
        assert list(exp.runs_df()["run_key"]) == [key]
        assert exp.clip(key).first_frame.sha256
    assert (tmp_path / "old" / "experiment.db.v1.bak").exists()


def test_what_is_kept_moves_with_the_experiment(tmp_path, fox):
    with tk.Experiment(tmp_path / "here", budget_usd=1, say=lambda _: None) as exp:
        grid = tk.Grid("up", models="sim/final", duration_s=1, start_image=exp.image(fox))
        exp.store.plan(kept(exp, grid))
    shutil.move(tmp_path / "here", tmp_path / "there")
    fox.unlink()
    with tk.Experiment(tmp_path / "there", say=lambda _: None) as exp:
        batch = exp.resume(score=False, monitor=False).wait()
        assert batch.states() == {"done": 1}


def test_told_in_a_line(tmp_path):
    path = tmp_path / "fox.png"
    path.write_bytes(image_bytes("fox", "JPEG", size=(640, 360)))
    ref = ImageRef("ab" * 32, path=str(path))
    assert pictures.told(ref) == "fox.png, 640x360, 0.0 MB"
    assert pictures.told(ImageRef("ab" * 32)) == "abababababab, kept in its experiment"
    path.unlink()
    assert pictures.told(ref) == "fox.png, which cannot be read"
    with io.BytesIO(image_bytes("fox")) as file:
        assert pictures.suffix_of(file.read(12)) == ".png"


def test_models_of_pictures_are_listed_apart():
    clips, stills = (set(tk.models(makes=what)["model"]) for what in ("video", "image"))
    assert "sim/still" in stills
    assert not clips & stills
    assert set(tk.models()["model"]) == clips
