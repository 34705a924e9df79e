"""Bradley-Terry: against Stigler's journals, evalica, and simulated coverage."""

from __future__ import annotations

import math

import evalica
import numpy as np
import pytest

from toolkit.stats import bradley_terry, votes_needed

# Citations between Biometrika, Comm. Statist., JASA and JRSS-B, 1987-89: Stigler (1994),
# Statistical Science 9, 94-108; row cited by column. Fitted in Agresti (2002) and in
# Turner & Firth (2012), BradleyTerry2, §2: 0, -2.949, -0.480, 0.269 with SE 0.1025, 0.0606, 0.0708
# against Biometrika.
JOURNALS = np.array(
    [[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]], dtype=int
)


def journals():
    rows = [
        (i, j, 1.0) for i in range(4) for j in range(4) for _ in range(JOURNALS[i, j]) if i != j
    ]
    return (np.array(column) for column in zip(*rows, strict=True))


def test_stiglers_journals():
    left, right, share = journals()
    found = bradley_terry(left, right, share, prior=0)
    assert found.ability - found.ability[0] == pytest.approx([0, -2.949, -0.480, 0.269], abs=5e-4)
    assert (found.wins[0], found.losses[0], found.ties[0]) == (1449, 637, 0)


def test_stiglers_standard_errors():
    """Votes independent: the sandwich is close to the published inverse information, and its floor
    is the published value exactly where the model's own variance is the larger."""
    left, right, share = journals()
    found = bradley_terry(left, right, share, prior=0)
    for other, published in ((1, 0.1025), (2, 0.0606), (3, 0.0708)):
        gap = found.gap(other, 0)
        assert (gap.high - gap.low) / 2 / 1.959964 == pytest.approx(published, rel=0.12)
        assert (gap.high - gap.low) / 2 / 1.959964 >= published - 5e-5


def test_ties_count_as_half_as_in_evalica():
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, 3, 200), rng.integers(1, 3, 200)
    right = (left + right) % 3
    share = rng.choice([0.0, 0.5, 1.0], 200)
    code = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    oracle = evalica.bradley_terry(
        left.tolist(), right.tolist(), [code[s] for s in share], tolerance=1e-12, limit=10_000
    ).scores
    logs = np.log([oracle[k] for k in range(3)])
    assert bradley_terry(left, right, share, prior=0).ability == pytest.approx(logs - logs.mean())


def test_an_arm_that_won_everything_stays_finite_and_unsure():
    """Eight of eight, one a scene: clusters alone would give a variance of 0."""
    found = bradley_terry([0] * 8, [1] * 8, [1.0] * 8, clusters=range(8))
    gap = found.gap(0, 1)
    assert 1.5 < gap.value < 4
    assert gap.high - gap.low > 2
    assert found.p_best[0] > 0.9
    with pytest.raises(ValueError, match=r"^an arm or group of arms won everything .*prior > 0$"):
        bradley_terry([0] * 8, [1] * 8, [1.0] * 8, prior=0)


def test_arms_that_were_never_compared_are_groups_of_their_own():
    found = bradley_terry([0, 1, 3, 4], [1, 0, 4, 3], [1, 0.5, 0, 0.5], num_arms=6)
    assert found.group.tolist() == [0, 0, -1, 1, 1, -1]
    assert math.isnan(found.gap(0, 3).value)
    assert math.isnan(found.ability[2])
    assert math.isnan(found.p_best[5])
    assert math.isnan(found.win_rate[2])
    assert found.p_best[:2].sum() == pytest.approx(1)
    assert found.ability[3:5].sum() == pytest.approx(0)


def test_no_votes_are_no_error():
    found = bradley_terry([], [], [], num_arms=2)
    assert found.num_votes == 0
    assert np.isnan(found.ability).all()
    assert math.isnan(found.estimate(0).low)


def test_many_votes_on_one_scene_are_worth_little():
    """The same answers, once spread over 20 scenes and once piled on 4: the second is less sure."""
    rng = np.random.default_rng(2)
    share = (rng.random(80) < 0.7).astype(float)
    piled = np.sort(share)  # whole scenes for one arm, whole scenes for the other
    spread = bradley_terry([0] * 80, [1] * 80, share, clusters=[k % 20 for k in range(80)])
    heaped = bradley_terry([0] * 80, [1] * 80, piled, clusters=[k // 20 for k in range(80)])
    assert spread.ability == pytest.approx(heaped.ability)
    assert spread.p_best[0] > 0.95 > heaped.p_best[0]
    assert heaped.gap(0, 1).high - heaped.gap(0, 1).low > 2 * (
        spread.gap(0, 1).high - spread.gap(0, 1).low
    )


def test_the_chance_of_being_best_is_seeded():
    votes = ([0, 1, 2, 0], [1, 2, 0, 2], [1, 1, 0.5, 0])
    assert (
        bradley_terry(*votes, seed=3).p_best.tolist()
        == bradley_terry(*votes, seed=3).p_best.tolist()
    )
    assert (
        bradley_terry(*votes, seed=3).p_best.tolist()
        != bradley_terry(*votes, seed=4).p_best.tolist()
    )


def test_one_scene_is_no_cluster():
    found = bradley_terry([0, 0, 1], [1, 1, 0], [1, 1, 0.5], clusters=["street"] * 3)
    assert found.num_clusters == 0
    assert found.method == "Bradley-Terry, ties as half, votes independent"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (([0], [0], [1]), "a vote compares two arms; found one against itself"),
        (([0], [1], [0.3]), "a share is 1 (left), 0.5 (tie) or 0 (right)"),
        (([0, 1], [1], [1]), "left, right and share are as long as each other; 2, 1, 1"),
    ],
)
def test_votes_that_are_none_are_refused(args, message):
    with pytest.raises(ValueError) as found:
        bradley_terry(*args)
    assert str(found.value) == message


def simulate(rng, num_scenes, ability, spread, ties, each=2):
    """Votes where each scene shifts the abilities by N(0, spread)."""
    left, right, share, scene = [], [], [], []
    for s in range(num_scenes):
        here = ability + spread * rng.normal(size=len(ability))
        for a in range(len(ability)):
            for b in range(a + 1, len(ability)):
                for _ in range(each):
                    wins = rng.random() < 1 / (1 + math.exp(here[b] - here[a]))
                    left.append(a)
                    right.append(b)
                    share.append(0.5 if rng.random() < ties else float(wins))
                    scene.append(s)
    return left, right, share, scene


@pytest.mark.parametrize("num_scenes", [6, 20])
def test_intervals_cover_what_they_claim_though_scenes_differ(num_scenes):
    """Three arms, votes of one scene correlated; the truth is the limit of very many scenes."""
    rng = np.random.default_rng(num_scenes)
    ability = np.array([0.8, 0.0, -0.8])
    *votes, scene = simulate(rng, 2000, ability, 0.8, 0.25)
    truth = bradley_terry(*votes, clusters=scene).ability
    hits = 0
    for _ in range(100):
        *votes, scene = simulate(rng, num_scenes, ability, 0.8, 0.25)
        gap = bradley_terry(*votes, clusters=scene, num_arms=3).gap(0, 2)
        hits += gap.low <= truth[0] - truth[2] <= gap.high
    assert hits >= 90


def test_equal_arms_are_rarely_called_best():
    """P(best) of 0.95 or more among three equal arms: at most one in ten, by whichever of them."""
    rng = np.random.default_rng(9)
    fooled = 0
    for _ in range(100):
        *votes, scene = simulate(rng, 8, np.zeros(3), 0.5, 0.2)
        fooled += bradley_terry(*votes, clusters=scene, num_arms=3).p_best.max() >= 0.95
    assert fooled <= 10


def test_the_sample_size_table_holds_for_the_ranking():
    """At the votes that promise 80 % for a 70 % winner the gap is told in most experiments."""
    rng = np.random.default_rng(3)
    num = votes_needed(0.7)
    told = 0
    for _ in range(100):
        share = (rng.random(num) < 0.7).astype(float)
        told += bradley_terry([0] * num, [1] * num, share).gap(0, 1).p < 0.05
    assert 70 <= told <= 92
