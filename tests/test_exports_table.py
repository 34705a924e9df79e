from __future__ import annotations

import csv
import errno
import io
import os
import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from toolkit.errors import ExportError
from toolkit.exports import _files
from toolkit.exports.table import (
    disarm,
    meanings,
    to_csv,
    to_latex,
    to_markdown,
    to_parquet,
    to_xlsx,
)
from toolkit.records import Metric

EVIL = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x",
    " =1", "\ufeff=1", "\u200b=1", "<script>alert(1)</script>", "</script><img src=x onerror=a>",
    "a\0b", "\x1b[31m", "\u202eRTL\u202c עברית", 'quote " and, comma; tab\t| pipe', "line\r\nbreak",
    r"\input{/etc/passwd} $x$ 50% & # _ ^ ~ {}", "![x](http://evil.example/x.png) `code` *b*",
    "=" + "x" * 99_999,
]  # fmt: skip
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


@pytest.fixture
def evil():
    n = len(EVIL)
    return pd.DataFrame(
        {
            "prompt.text": pd.Series(EVIL, dtype="str"),
            "=param.x": pd.Series(EVIL[::-1], dtype="str"),
            "cost_usd": np.linspace(-1, 2, n),
            "sample": pd.array([None, *range(1, n)], dtype="Int64"),
            "accepted": pd.array([True, None, *[False] * (n - 2)], dtype="boolean"),
            "done_at": pd.Series([None] + [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)] * (n - 1)),
        }
    )


def test_a_csv_holds_no_formula_and_no_control_character(evil, tmp_path):
    text = to_csv(evil, tmp_path / "x.csv").read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == len(EVIL) + 1
    for cell in [*rows[0], *(cell for row in rows[1:] for cell in (row[0], row[1]))]:
        assert not cell.lstrip(" \ufeff\u200b").startswith(FORMULA), cell[:20]
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
    assert rows[1][2] == "-1.0"  # a number is left alone
    assert rows[1][0] == "'=1+1"


def test_raw_leaves_text_as_it_is_but_for_control_characters(evil, tmp_path):
    back = pd.read_csv(to_csv(evil, tmp_path / "x.csv", raw=True))
    assert back.loc[0, "prompt.text"] == "=1+1"
    assert back.loc[16, "prompt.text"] == "a␀b"
    assert len(back.loc[len(EVIL) - 1, "prompt.text"]) == 100_000


def test_a_csv_comes_back_with_the_same_values(tmp_path):
    df = pd.DataFrame({"a": ["x", None, "y, z"], "b": [0.1, np.nan, 1e-9], "c": [1, 2, 3]})
    back = pd.read_csv(to_csv(df, tmp_path / "x.csv"))
    pd.testing.assert_frame_equal(back, df.astype({"a": back["a"].dtype}))


def test_disarm_touches_only_what_looks_like_a_formula():
    assert disarm("push in") == "push in"
    assert disarm("-") == "'-"
    assert disarm("") == ""


@pytest.mark.parametrize("raw", [False, True])
def test_a_workbook_has_no_formula_and_no_link_in_its_xml(evil, tmp_path, raw):
    evil.loc[0, "=param.x"] = "https://evil.example/x"
    path = to_xlsx({"runs": evil, "arms [all]": evil}, tmp_path / "x.xlsx", raw=raw)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            xml = archive.read(name).decode()
            assert not re.search(r"<f[ >/]", xml), name
            assert "<hyperlink" not in xml.lower().replace("<hyperlinkschanged", ""), name
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["runs", "arms  all", "notes"]
    cells = [cell for row in book["runs"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "b", "d"}
    first = book["runs"]["A2"].value
    assert first == ("=1+1" if raw else "'=1+1")
    assert book["runs"].freeze_panes == "B2"
    assert len(book["runs"].cell(len(EVIL) + 1, 1).value) <= 32_767


def test_a_workbook_keeps_numbers_times_and_big_integers(tmp_path):
    when = pd.to_datetime(["2026-01-02T03:04:05Z"], utc=True)
    df = pd.DataFrame({"cost_usd": [0.02], "seed": [2**62], "at": when, "inf": [np.inf]})
    book = openpyxl.load_workbook(to_xlsx(df, tmp_path / "x.xlsx"))
    cells = [cell.value for cell in book["runs"][2]]
    assert cells == [0.02, str(2**62), pd.Timestamp("2026-01-02 03:04:05"), "inf"]
    assert "$" in book["runs"]["A2"].number_format
    notes = {row[0]: row[1] for row in book["notes"].iter_rows(values_only=True)}
    assert notes["cost_usd"].startswith("real money")


def test_a_sheet_that_is_too_long_says_where_to_go(tmp_path):
    with pytest.raises(ExportError, match="export it as parquet or csv"):
        to_xlsx(pd.DataFrame({"a": np.zeros(1_048_576)}), tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_parquet_is_the_truth(evil, tmp_path):
    pd.testing.assert_frame_equal(pd.read_parquet(to_parquet(evil, tmp_path / "x.parquet")), evil)
    part = evil[evil["cost_usd"] > 0]
    pd.testing.assert_frame_equal(pd.read_parquet(to_parquet(part, tmp_path / "y.parquet")), part)


def test_parquet_refuses_mixed_kinds_in_words(tmp_path):
    with pytest.raises(ExportError, match="one kind of value in a column"):
        to_parquet(pd.DataFrame({"a": [1, "x", {}]}), tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_latex_is_escaped_and_ruled(evil, tmp_path):
    text = to_latex(evil, tmp_path / "x.tex", caption="50% _of_ 3", label="tab:x y")
    assert (tmp_path / "x.tex").read_text("utf-8") == text
    assert r"\caption{50\% \_of\_ 3}" in text
    assert r"\label{tab:x-y}" in text
    assert r"\input" not in text
    assert r"\textbackslash{}input\{" in text
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == len(EVIL)
    for line in body:
        assert len(re.findall(r"(?<!\\)&", line)) == evil.shape[1] - 1
        assert not re.search(r"(?<!\\)[#%_]", line.replace(r"\\", ""))


def test_markdown_cells_stay_cells(evil, tmp_path):
    text = to_markdown(evil, tmp_path / "x.md", title="T <b>")
    lines = text.splitlines()
    assert lines[0] == "## T &lt;b&gt;"
    assert len(lines) == 2 + 2 + len(EVIL)
    for line in lines[2:]:
        assert len(re.findall(r"(?<!\\)\|", line)) == evil.shape[1] + 1
    assert "<script" not in text
    assert "![" not in text.replace(r"!\[", "")


def test_a_named_index_becomes_a_column(tmp_path):
    df = pd.DataFrame({"n": [1]}, index=pd.Index(["static"], name="camera"))
    assert to_csv(df, tmp_path / "x.csv").read_text() == "camera,n\nstatic,1\n"
    assert "| static" in to_markdown(df)


def test_every_fixed_column_and_every_score_is_explained():
    from toolkit.columns import RUN_COLUMNS

    flicker = Metric("flicker", unit="0..1", description="Jumps.", direction="lower", evidence="B")
    found = meanings([*RUN_COLUMNS, "param.x", "score.flicker"], {"flicker": flicker})
    assert all(found.values())
    assert found["score.flicker"].startswith("Jumps. Unit: 0..1; lower is better; evidence B")


WRITERS = {
    "csv": to_csv,
    "xlsx": to_xlsx,
    "parquet": to_parquet,
    "tex": to_latex,
    "md": to_markdown,
}


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(evil, tmp_path, monkeypatch, suffix):
    path = tmp_path / f"x.{suffix}"
    path.write_text("before")

    def full(_handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_files.os, "fsync", full)
    with pytest.raises(ExportError, match=r"the disk is full .* export to another disk"):
        WRITERS[suffix](evil, path)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
def test_a_write_that_the_system_really_cuts_off_leaves_nothing(tmp_path):
    code = (
        "import resource, sys, pandas as pd\n"
        "from toolkit.errors import ExportError\n"
        "from toolkit.exports.table import to_csv\n"
        "df = pd.DataFrame({'a': ['x' * 1000] * 1000})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: to_csv(df, sys.argv[1])\n"
        "except ExportError as error: print(error)\n"
    )
    path = tmp_path / "x.csv"
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert "the disk is full" in run.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_named(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(ExportError, match="something else stands there"):
        to_csv(pd.DataFrame({"a": [1]}), tmp_path / "x.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["x.csv"]


def test_a_file_name_is_always_harmless():
    assert _files.slug("Ünïcode / <b> .. COURIER") == "unicode-b-courier"
    assert _files.slug("../..") == "untitled"
    assert _files.slug("CON") == "con-1"
