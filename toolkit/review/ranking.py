"""Ratings of arms from votes that came in a file, without any run behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit import stats
from toolkit.errors import ReviewError
from toolkit.review.votes import SHARE

__all__ = ["rank_votes"]


def rank_votes(rows: Sequence[Mapping[str, str]], *, cluster: str | None = None) -> dict[str, Any]:
    """Ratings from votes whose `left` and `right` are arms, such as `read_votes` returns.

    `cluster` is the column whose votes are not independent of each other; by default `scene`, else
    `prompt`, else none. The answer is JSON: `ratings` (best first: arm, log_ability, low, high,
    wins, losses, ties), `ties_as`, `clusters` (how many; None where every vote stands for itself),
    `p_best` by arm, and what was left out.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if cluster is None:
        cluster = next((c for c in ("scene", "prompt") if c in columns), None)
    elif cluster not in columns:
        raise ReviewError(f"no column {cluster!r} to cluster by; there are: {', '.join(columns)}")
    counted = [row for row in rows if row["verdict"] != "skip"]
    if not counted:
        raise ReviewError("no vote to rank: there are none, or every one is a skip")
    arms = list(dict.fromkeys(row[side] for row in counted for side in ("left", "right")))
    place = {arm: n for n, arm in enumerate(arms)}
    groups: list[Any] | None = None
    if cluster is not None:
        groups = [row.get(cluster) or n for n, row in enumerate(counted)]  # unnamed: its own
    found = stats.bradley_terry(
        [place[row["left"]] for row in counted],
        [place[row["right"]] for row in counted],
        [SHARE[row["verdict"]] for row in counted],
        clusters=groups,
    )
    ratings: list[dict[str, Any]] = []
    for arm in sorted(arms, key=lambda arm: -found.ability[place[arm]]):
        estimate = found.estimate(place[arm])
        ratings.append(
            {
                "arm": arm,
                "log_ability": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "wins": int(found.wins[place[arm]]),
                "losses": int(found.losses[place[arm]]),
                "ties": int(found.ties[place[arm]]),
                "group": int(found.group[place[arm]]),
            }
        )
    return {
        "ratings": ratings,
        "ties_as": 0.5,
        "clusters": found.num_clusters or None,
        "cluster_by": cluster if found.num_clusters else None,
        "p_best": {row["arm"]: float(found.p_best[place[row["arm"]]]) for row in ratings},
        "votes": len(counted),
        "skipped": len(rows) - len(counted),
        "both_bad": sum(row["verdict"] == "both_bad" for row in counted),
        "groups": len(set(found.group.tolist())),
        "level": found.level,
        "method": found.method,
    }
