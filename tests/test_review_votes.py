"""Reading votes from a CSV, undone votes, and triage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from toolkit.errors import ImportProblem, ReviewError
from toolkit.records import Rating, Vote
from toolkit.review import Triage, agreement, is_accepted, rater_facts, read_votes

EXAMPLE = Path(__file__).parents[1] / "data" / "votes_example.csv"


def test_the_example_is_read():
    rows = read_votes(EXAMPLE)
    assert rows[0].keys() == {"left", "right", "verdict", "scene", "rater"}
    assert len(rows) >= 40
    assert {row["verdict"] for row in rows} == {"left", "right", "tie", "both_bad", "skip"}


@pytest.mark.parametrize(
    "data",
    [
        b"left,right,verdict\na,b,left\n",
        b"\xef\xbb\xbfleft,right,verdict\r\na,b,left\r\n",
        b"left;right;verdict\na;b;left\n",
        b"Left\tRIGHT\t Verdict \na\tb\tLEFT",
        "left,right,verdict\na,b,left\n".encode("utf-16"),
        b"\n\nleft,right,verdict,\na,b,Left,\n,,,\n",
    ],
)
def test_every_spreadsheets_csv_is_read(tmp_path, data):
    (tmp_path / "v.csv").write_bytes(data)
    assert read_votes(tmp_path / "v.csv") == [{"left": "a", "right": "b", "verdict": "left"}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "v.csv is empty; it needs the columns left, right, verdict"),
        (b"left,right,verdict\n", "v.csv has a header and no votes"),
        (
            b"a,b,winner\nx,y,x\n",
            (
                "v.csv lacks the columns left, right, verdict; found 'a', 'b', 'winner'. "
                "Needed: left, right, verdict; optional: scene or prompt, rater"
            ),
        ),
        (
            b"left,right,verdict\na,b,better\n",
            "v.csv, line 2: unknown verdict 'better'; there are: left, right, tie, both_bad, skip",
        ),
        (b"left,right,verdict\na,a,tie\n", "v.csv, line 2: 'a' is set against itself"),
        (b"left,right,verdict\n,b,tie\n", "v.csv, line 2: `left` is empty"),
        (b"left,right,verdict\na,b\n", "v.csv, line 2: unknown verdict ''; "),
        (b"left,right,verdict\na,b,tie,x\n", "v.csv, line 2: 4 cells under 3 columns; "),
        (b"left,left,right,verdict\n", "v.csv names a column twice: left"),
        (b"left,right,verdict\n\xff\xe9,b,tie\n", "v.csv is not UTF-8 (byte 19); save it as "),
        (b'left,right,verdict\n"a,b,tie\n', "v.csv, line 2: no CSV (unexpected end of data)"),
    ],
)
def test_what_is_no_file_of_votes_says_where_and_why(tmp_path, data, message):
    (tmp_path / "v.csv").write_bytes(data)
    with pytest.raises(ImportProblem) as found:
        read_votes(tmp_path / "v.csv")
    assert str(found.value).startswith(message)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ImportProblem, match=r"none\.csv: cannot be read \(No such file"):
        read_votes(tmp_path / "none.csv")


def clips(n=12, scenes=3):
    return [
        {"run_key": f"r{k}", "clip.path": f"{k}.mp4", "prompt.scene": f"s{k % scenes}"}
        for k in range(n)
    ]


def test_triage_asks_each_clip_once_and_scenes_take_turns():
    saved: list[Rating] = []
    triage = Triage(clips(), save=saved.append)
    assert triage.eta_s == 48
    seen = []
    while clip := triage.next_clip():
        seen.append(clip.key)
        triage.rate("keep")
    assert len(set(seen)) == 12 == len(saved)
    scene = {row["run_key"]: row["prompt.scene"] for row in clips()}
    assert all({scene[k] for k in seen[i : i + 3]} == {"s0", "s1", "s2"} for i in (0, 3, 6, 9))


def test_triage_goes_on_where_it_stopped_and_takes_marks_back():
    saved: list[Rating] = []
    first = Triage(clips(), save=saved.append)
    first.rate("pick")
    second = first.next_clip()
    first.rate("reject", reason_tags=["flicker"], time_s=1.5)
    again = Triage(clips(), save=saved.append, ratings=saved)
    assert again.num_left == 10
    assert again.undo() == second
    assert saved[-1].mark == "none"
    assert again.next_clip() == second
    assert Triage(clips(), save=[].append, ratings=saved).num_left == 11


def test_triage_says_what_is_wrong():
    with pytest.raises(ReviewError, match=r"^nothing to mark: no run is done and has a clip"):
        Triage([], save=[].append)
    triage = Triage(clips(1), save=[].append, now=lambda: datetime(2025, 1, 1, tzinfo=UTC))
    with pytest.raises(ReviewError, match=r"^unknown mark 'ok'; there are: pick, keep, reject, 1"):
        triage.rate("ok")
    with pytest.raises(ReviewError, match=r"^nothing to undo: no mark stands$"):
        triage.undo()
    triage.rate("5")
    with pytest.raises(ReviewError, match=r"^every clip is marked; undo\(\) goes back$"):
        triage.rate("5")


def test_accepted_is_pick_keep_or_three_and_up():
    accepted = [m for m in ("pick", "keep", "reject", "1", "2", "3", "4", "5") if is_accepted(m)]
    assert accepted == ["pick", "keep", "3", "4", "5"]
    assert is_accepted(None) is None
    assert is_accepted("none") is None


def votes_of(rater, *answers, policy="balanced"):
    """Answers on pairs 0, 1, …: what was preferred, whichever side it stood on."""
    at = datetime(2025, 1, 1, tzinfo=UTC)
    return [
        Vote(
            f"{rater}{policy}{k}",
            left=f"a{k}" if k % 2 else f"b{k}",
            right=f"b{k}" if k % 2 else f"a{k}",
            verdict={"a": "left" if k % 2 else "right", "b": "right" if k % 2 else "left"}.get(
                answer, answer
            ),
            by="prompt.camera",
            rater=rater,
            policy=policy,
            shown_at=at,
            answered_at=at + timedelta(seconds=4 + k),
        )
        for k, answer in enumerate(answers)
    ]


def test_raters_agree_on_clips_and_not_on_sides():
    ann = votes_of("ann", "a", "b", "tie", "skip", "a")
    swapped = [
        replace(v, id=f"ben{v.id}", rater="ben", left=v.right, right=v.left, verdict=verdict)
        for v, verdict in zip(ann, ("left", "left", "both_bad", "left", "right"), strict=True)
    ]
    found = agreement([*ann, *swapped])
    assert (found.n, found.value) == (4, 3 / 4)


def test_a_raters_facts_are_pace_side_and_repeats():
    votes = votes_of("ann", "a", "b", "a", "tie") + votes_of("ann", "a", "a", policy="repeat")
    (facts,) = rater_facts(votes)
    assert (facts.rater, facts.num_votes, facts.median_s) == ("ann", 6, 5.0)
    assert (facts.with_self.n, facts.with_self.value) == (2, 0.5)
    assert facts.with_others.n == 0
    assert facts.left.n == 5
