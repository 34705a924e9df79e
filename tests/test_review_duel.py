"""The blind duel: which pairs, on which sides, undo, resume, and what a rater may know."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from toolkit.errors import ReviewError
from toolkit.records import Vote
from toolkit.review import Duel, effective
from toolkit.review.duel import REST

CAMERAS = ("static", "push in", "handheld")


def runs(scenes=8, cameras=CAMERAS, samples=1, models=("sim/draft",), **more):
    """A grid of finished runs as plain rows."""
    rows = []
    for scene, camera, model, sample in itertools.product(
        range(scenes), cameras, models, range(1, samples + 1)
    ):
        key = f"{scene}-{camera}-{model}-{sample}"
        rows.append(
            {
                "run_key": key,
                "state": "done",
                "model": model,
                "sample": sample,
                "prompt.scene": f"scene {scene}",
                "prompt.subject": f"subject {scene}",
                "prompt.camera": camera,
                "prompt.text": f"Subject {scene}. {camera}.",
                "clip.path": f"/clips/{key}.mp4",
                "clip.sha256": key,
                "param.duration_s": 5.0,
                **more,
            }
        )
    return rows


def clock(step_s=10):
    times = itertools.count()
    start = datetime(2025, 1, 1, tzinfo=UTC)
    return lambda: start + timedelta(seconds=step_s * next(times))


def camera(key):
    return key.split("-")[1]


def play(duel, verdicts=("left",), limit=10_000, seed=0):
    """Answer until the end; the pairs as shown."""
    rng, shown = random.Random(seed), []
    while len(shown) < limit and (pair := duel.next_pair()):
        shown.append(pair)
        duel.vote(rng.choice(verdicts))
    return shown


def test_pairs_differ_in_what_is_under_test_and_in_nothing_else():
    rows = runs(samples=2, models=("sim/draft", "sim/final"))
    by_key = {row["run_key"]: row for row in rows}
    shown = play(Duel(rows, "camera", save=[].append, minutes=None))
    assert len(shown) == 8 * 2 * 2 * 3  # scenes × models × samples × pairs of cameras
    assert len({pair.keys for pair in shown}) == len(shown)
    for pair in shown:
        left, right = by_key[pair.left_key], by_key[pair.right_key]
        assert left["prompt.camera"] != right["prompt.camera"]
        for same in ("prompt.scene", "model", "sample", "param.duration_s"):
            assert left[same] == right[same]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("verdicts", [("left", "right"), ("left", "right", "tie", "skip")])
def test_sides_never_differ_by_more_than_one_in_any_pair_of_arms(seed, verdicts):
    lefts: Counter = Counter()
    for pair in play(Duel(runs(), "camera", save=[].append, minutes=None, seed=seed), verdicts):
        left, right = camera(pair.left_key), camera(pair.right_key)
        lefts[tuple(sorted((left, right)))] += 1 if left < right else -1
        assert max(map(abs, lefts.values())) <= 1


def test_sides_are_a_coin_over_seeds_and_the_same_for_the_same_seed():
    def first(seed, rater="me"):
        return Duel(runs(), "camera", save=[].append, seed=seed, rater=rater).next_pair()

    assert first(3) == first(3)
    lefts = sum(camera(p.left_key) < camera(p.right_key) for p in map(first, range(200)))
    assert 70 <= lefts <= 130  # 200 tosses; 4 sd are 57
    assert len({first(3, rater) for rater in ()} | {first(3, r).left_key for r in "abcdef"}) > 1


@pytest.mark.parametrize("seed", range(10))
def test_all_arms_are_joined_after_the_fewest_screens(seed):
    cameras = ("a", "b", "c", "d", "e")
    duel = Duel(runs(cameras=cameras), "camera", save=[].append, minutes=None, seed=seed)
    shown = play(duel, limit=4)
    joined = {camera(shown[0].left_key)}
    for _ in shown:
        for pair in shown:
            arms = {camera(pair.left_key), camera(pair.right_key)}
            joined |= arms if arms & joined else set()
    assert joined == set(cameras)


@pytest.mark.parametrize(("scenes", "seed"), [(4, 0), (4, 1), (8, 0), (8, 1)])
def test_pairs_of_arms_and_scenes_stay_balanced_on_the_way(scenes, seed):
    """At every screen but the last few: pairs of arms within 1 of each other, scenes within 2."""
    cameras = ("a", "b", "c", "d")
    rows = runs(scenes=scenes, cameras=cameras)
    shown = play(Duel(rows, "camera", save=[].append, minutes=None, seed=seed))
    arms = Counter({frozenset(pair): 0 for pair in itertools.combinations(cameras, 2)})
    seen = Counter({str(scene): 0 for scene in range(scenes)})
    for pair in shown[:-6]:
        arms[frozenset(map(camera, pair.keys))] += 1
        seen[pair.left_key.split("-")[0]] += 1
        assert max(arms.values()) - min(arms.values()) <= 1
        assert max(seen.values()) - min(seen.values()) <= 2


def test_a_clip_rests_between_screens():
    shown = play(Duel(runs(), "camera", save=[].append, minutes=None))
    for k, pair in enumerate(shown[:-REST]):  # the last few may have no choice
        for later in shown[k + 1 : k + 1 + REST]:
            assert not pair.keys & later.keys or k > len(shown) - 2 * REST


def test_one_scene_repeats_clips_because_it_must():
    shown = play(Duel(runs(scenes=1), "camera", save=[].append))
    assert len(shown) == 3


def test_a_session_fills_its_minutes_and_can_go_on():
    duel = Duel(runs(scenes=40), "camera", save=[].append, minutes=2, now=clock())
    assert len(play(duel)) == 12
    assert duel.next_pair() is None
    assert duel.more(1) == 6
    assert len(play(duel)) == 6
    assert duel.more() == 120 - 18


def test_progress_goes_by_the_raters_own_pace():
    duel = Duel(runs(), "camera", save=[].append, now=clock(step_s=4))
    before = duel.progress
    assert (before.done, before.total, before.eta_s) == (0, 24, 240.0)
    play(duel, limit=4)
    assert duel.progress.done == 4
    assert duel.progress.seconds_a_pair == 4.0
    assert duel.progress.eta_s == 20 * 4.0


def test_a_vote_is_saved_before_anything_moves():
    saved: list[Vote] = []

    def full_disk(vote):
        raise OSError("no space left on device")

    duel = Duel(runs(), "camera", save=full_disk)
    pair = duel.next_pair()
    with pytest.raises(OSError, match="no space left"):
        duel.vote("left")
    assert duel.next_pair() == pair
    assert duel.progress.done == 0
    duel._save = saved.append
    duel.vote("left")
    assert duel.next_pair() != pair
    assert len(saved) == 1


def test_a_vote_says_what_was_shown_and_answered():
    saved: list[Vote] = []
    duel = Duel(runs(), "camera", save=saved.append, rater="ann", seen_labels=True, now=clock())
    pair = duel.next_pair()
    duel.vote("both_bad", strong=True, reason_tags=["flicker"])
    (vote,) = saved
    assert (vote.left, vote.right) == (pair.left_key, pair.right_key)
    assert (vote.verdict, vote.strong, vote.reason_tags) == ("both_bad", True, ["flicker"])
    assert (vote.by, vote.rater, vote.dimension) == ("prompt.camera", "ann", "overall")
    assert vote.seen_labels
    assert vote.answered_at - vote.shown_at == timedelta(seconds=10)
    assert vote.policy == "balanced"
    assert vote.policy_prob == pytest.approx(1 / 24)  # all alike at the first screen


def test_undo_goes_back_any_depth_with_the_same_sides():
    saved: list[Vote] = []
    duel = Duel(runs(), "camera", save=saved.append)
    shown = play(duel, limit=3)
    fourth = duel.next_pair()
    assert [duel.undo() for _ in range(3)] == shown[::-1]
    assert duel.progress.done == 0
    assert [v.undoes for v in saved[3:]] == [v.id for v in saved[2::-1]]
    assert effective(saved) == []
    again = play(duel, ("right",), limit=4)
    assert again == [*shown, fourth]
    assert [v.verdict for v in effective(saved)] == ["right"] * 4
    for _ in range(4):
        duel.undo()
    with pytest.raises(ReviewError, match=r"^nothing to undo: no vote stands$"):
        duel.undo()


def test_what_was_undone_comes_back_though_the_seed_changed():
    saved: list[Vote] = []
    shown = play(Duel(runs(), "camera", save=saved.append, seed=1), limit=5)
    again = Duel(runs(), "camera", save=saved.append, votes=list(saved), seed=2)
    for _ in range(4):
        again.undo()
    assert play(again, limit=4) == shown[1:]


def test_an_undo_that_cannot_be_saved_undoes_nothing():
    duel = Duel(runs(), "camera", save=[].append)
    play(duel, limit=2)

    def full_disk(vote):
        raise OSError("full")

    duel._save = full_disk
    with pytest.raises(OSError, match="full"):
        duel.undo()
    assert duel.progress.done == 2


def test_a_review_goes_on_where_it_stopped_and_can_undo_what_was_before():
    saved: list[Vote] = []
    first = play(Duel(runs(), "camera", save=saved.append), limit=10)
    again = Duel(runs(), "camera", save=saved.append, votes=list(saved))
    assert again.progress.done == 10
    assert again.undo() == first[-1]
    rest = play(again)
    assert {p.keys for p in first} | {p.keys for p in rest} == {p.keys for p in [*first, *rest]}
    assert len(rest) == 24 - 9
    lefts: Counter = Counter()
    for vote in effective(saved):
        left, right = camera(vote.left), camera(vote.right)
        lefts[tuple(sorted((left, right)))] += 1 if left < right else -1
    assert max(map(abs, lefts.values())) <= 1


def test_stopping_anywhere_changes_nothing_in_what_is_shown():
    """The order is that of one unbroken session, whichever the kernel that asks."""
    whole = play(Duel(runs(), "camera", save=[].append, minutes=None))
    saved: list[Vote] = []
    pieces = []
    for _ in range(6):
        duel = Duel(runs(), "camera", save=saved.append, votes=list(saved), minutes=None)
        pieces += play(duel, limit=4)
        duel.next_pair()  # on screen when the kernel dies
    assert pieces == whole


def test_raters_do_not_see_each_others_votes():
    saved: list[Vote] = []
    play(Duel(runs(), "camera", save=saved.append, rater="ann"))
    ben = Duel(runs(), "camera", save=saved.append, votes=saved, rater="ben")
    assert ben.progress.done == 0


def test_several_dimensions_are_asked_of_each_pair():
    saved: list[Vote] = []
    duel = Duel(runs(), "camera", save=saved.append, dimensions=("motion", "overall"))
    pair = duel.next_pair()
    duel.vote("left")
    assert duel.next_pair() == pair
    again = Duel(
        runs(), "camera", save=saved.append, votes=list(saved), dimensions=("motion", "overall")
    )
    assert again.next_pair() == pair  # left half answered
    duel.vote("right")
    assert duel.next_pair() != pair
    assert [v.dimension for v in saved] == ["motion", "overall"]
    assert duel.undo() == pair
    with pytest.raises(ReviewError, match=r"^'motion' is not asked here; open: overall$"):
        duel.vote("left", dimension="motion")


def test_a_pair_tells_nothing_of_its_arms():
    pair = Duel(runs(), "camera", save=[].append).next_pair()
    words = {**pair.__dict__, "left_key": "", "right_key": "", "left_clip": "", "right_clip": ""}
    assert not any(name in str(words) for name in CAMERAS)
    assert pair.brief.keys() == {"subject"}
    duel = Duel(runs(), "camera", save=[].append)
    assert not any(name in duel.text for name in CAMERAS)
    assert duel.arm(pair.left_key) == {"prompt.camera": camera(pair.left_key)}


def test_the_text_says_what_is_asked():
    assert Duel(runs(), "camera", save=[].append).text == (
        "prompt.camera: 3 arms in 8 scenes, 24 pairs; 24 to go, about 4 min"
    )


def test_models_are_compared_though_their_durations_differ():
    """`duration_s=near(5)` gives each model its own: that comes with the model, and is said."""
    rows = runs(models=("a/one", "b/two"))
    for row in rows:
        row["param.duration_s"] = 4 if row["model"] == "a/one" else 5
    duel = Duel(rows, "model", save=[].append)
    assert duel.design["tied"] == ["param.duration_s"]
    assert "param.duration_s differ along with it" in duel.text
    assert duel.progress.total == 24


def test_a_simulation_is_never_set_beside_a_film():
    rows = runs(models=("sim/draft", "luma/ray-2", "kling/v2"))
    by_key = {row["run_key"]: row["model"] for row in rows}
    for pair in play(Duel(rows, "model", save=[].append, minutes=None)):
        assert "sim/draft" not in {by_key[pair.left_key], by_key[pair.right_key]}


def test_wordings_of_one_shot_are_arms_of_the_prompt():
    rows = []
    for k, text in enumerate(("rain on a street", "a street in the rain", "wet neon")):
        for sample in (1, 2):
            rows.append(
                {
                    "run_key": f"{k}{sample}",
                    "prompt.text": text,
                    "prompt.scene": "ad",
                    "prompt.name": None,
                    "model": "sim/draft",
                    "sample": sample,
                    "clip.path": "x.mp4",
                }
            )
    assert Duel(rows, "prompt", save=[].append).progress.total == 6
    for row in rows:
        row["prompt.scene"] = row["prompt.text"]
    with pytest.raises(
        ReviewError,
        match=r"^the 3 arms of prompt share no scene, so any difference may be the scene's; "
        r'say which are wordings of one shot: tk\.Grid\(texts, scene="watch ad"\)$',
    ):
        Duel(rows, "prompt", save=[].append)


def test_names_of_prompts_are_the_arms_where_they_differ_within_scenes():
    rows = runs(cameras=("x",))
    rows += [{**row, "run_key": row["run_key"] + "b", "prompt.text": "b"} for row in rows]
    for row in rows:
        row["prompt.name"] = "plain" if row["prompt.text"] == "b" else "flowery"
    duel = Duel(rows, "prompt", save=[].append)
    assert duel.by == "prompt.name"
    assert duel.design["num_arms"] == 2


def test_seeds_pair_where_arms_share_them_and_do_not_matter_where_not():
    shared = [{**row, "param.seed": row["sample"]} for row in runs(samples=2)]
    own = [{**row, "param.seed": n} for n, row in enumerate(runs(samples=2))]
    assert Duel(shared, "camera", save=[].append, minutes=None).progress.total == 48
    assert Duel(own, "camera", save=[].append, minutes=None).progress.total == 48


@pytest.mark.parametrize(
    ("rows", "by", "message"),
    [
        ([], "camera", "nothing to compare: no run is done and has a clip; run a grid first"),
        (
            [{**row, "state": "failed"} for row in runs()],
            "camera",
            "nothing to compare: no run is done and has a clip; run a grid first",
        ),
        (
            runs(cameras=("static",), models=("a/x", "b/y")),
            "camera",
            "camera has one value, 'static': nothing to compare; what varies: model, subject",
        ),
        (
            [{**row, "prompt.camera": float("nan")} for row in runs()],
            "camera",
            "nothing to compare: no finished clip has a value of camera",
        ),
        (runs(), "camra", "no column 'camra': did you mean 'camera'?"),
        (
            [
                r
                for n, r in enumerate(runs(models=("a/x", "b/y"), cameras=("s", "p")))
                if n % 4 in (0, 3)
            ],
            "camera",
            (
                "no two clips differ in camera alone: model changes along with it; compare "
                "by=['prompt.camera', 'model'], or run the cells that are missing"
            ),
        ),
    ],
)
def test_what_cannot_be_compared_says_what_would_work(rows, by, message):
    with pytest.raises(ReviewError) as found:
        Duel(rows, by, save=[].append)
    assert message in str(found.value)


def test_wrong_use_is_said():
    duel = Duel(runs(), "camera", save=[].append)
    with pytest.raises(ReviewError, match=r"^no pair is on screen; next_pair\(\) shows one$"):
        duel.vote("left")
    duel.next_pair()
    with pytest.raises(ReviewError, match=r"^unknown verdict 'best'; there are: left, right, tie,"):
        duel.vote("best")
    with pytest.raises(ReviewError, match=r"^minutes=0: give a time above 0"):
        Duel(runs(), "camera", save=[].append, minutes=0)
    with pytest.raises(ReviewError, match=r"^a rater needs a name"):
        Duel(runs(), "camera", save=[].append, rater=" ")


def test_a_thousand_clips_leave_the_next_pair_at_hand():
    """2,970 candidates: a screen must not wait."""
    import time

    duel = Duel(runs(scenes=66, cameras=tuple("abcdefghij")), "camera", save=[].append)
    play(duel, limit=30)
    start = time.perf_counter()
    play(duel, limit=5)
    assert (time.perf_counter() - start) / 5 < 0.2
