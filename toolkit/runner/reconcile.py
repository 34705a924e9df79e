"""What became of a request whose answer was lost: found in the service's own list, and adopted.

Identical requests are exchangeable, so *which* one's job is adopted does not matter, only that each
is adopted once. That a job is absent counts only when no identical request was made so recently
that the list may not show it yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from toolkit.records import RunSpec, canonical_json
from toolkit.runner.settings import Settings
from toolkit.seams import Job, Provider
from toolkit.store.life import Claim

KEEP_S = 60.0
MOST_LAGS = 500

__all__ = ["Lister", "Matches", "match"]


@dataclass(frozen=True)
class Matches:
    """Jobs that may be the run's own, oldest first; `exact` where tokens tell them apart; `faded`
    jobs of the right model and time whose request the service no longer shows.
    """

    jobs: list[Job] = field(default_factory=list)
    faded: list[Job] = field(default_factory=list)
    exact: bool = False


def match(claim: Claim, jobs: Sequence[Job], *, settings: Settings) -> Matches:
    """Which of a service's jobs may have been made by this run's attempt."""
    earliest = claim.intent_at - settings.skew_s
    latest = claim.intent_at + settings.guard_s + settings.submit_timeout_s + settings.skew_s
    near = [
        job
        for job in sorted(jobs, key=lambda job: job.created_at)
        if job.model == claim.spec.model and earliest <= job.created_at.timestamp() <= latest
    ]
    tokens = [job for job in near if job.token is not None]
    if any(job.token == claim.attempt_id for job in tokens):
        return Matches([job for job in tokens if job.token == claim.attempt_id], exact=True)
    bare = [job for job in near if job.token is None]
    if tokens and not bare:
        return Matches(exact=True)
    return Matches(
        [job for job in bare if _same(job, claim.spec)],
        [job for job in bare if job.prompt is None and job.params is None],
    )


def _same(job: Job, spec: RunSpec) -> bool:
    if job.prompt is None or canonical_json(job.prompt) != canonical_json(spec.prompt):
        return False
    return job.params is None or _params(job.params) == _params(spec.params)


def _params(params: Mapping[str, Any]) -> str:
    return canonical_json(params)


class Lister:
    """One list of a service for all runs that wait for it, asked for only every so often.

    It learns how long jobs take to show: `lags` are seconds from the acceptance of a job to the
    first list with it, for jobs that an earlier list should have shown and did not.
    """

    def __init__(self, provider: Provider, settings: Settings, lags: Sequence[float] = ()) -> None:
        self.lags = list(lags)[-MOST_LAGS:]
        self.fresh: set[str] = set()
        self._seen: dict[str, set[str]] = {}
        self._asked: dict[str, float] = {}
        self._provider = provider
        self._settings = settings
        self._lock = asyncio.Lock()
        self._lists: dict[str, tuple[float, float, Sequence[Job]]] = {}

    async def recent(self, since: float, model: str) -> tuple[float, Sequence[Job]]:
        """When the list was asked for, and the jobs of `model` made since then."""
        clock = self._settings.clock
        async with self._lock:
            asked, began, jobs = self._lists.get(model, (0.0, since, ()))
            age = clock.now() - asked
            if age >= self._settings.list_every_s or began > since:
                # an older run waits for the same list: reach back far enough for both
                began = min(since, began) if age < KEEP_S else since
                asked = clock.now()
                before = self._lists.get(model)
                jobs = await self._provider.recent(datetime.fromtimestamp(began, UTC), model)
                ids = {job.handle.id for job in jobs}
                if before is not None:
                    self._asked |= dict.fromkeys(ids - self._seen[model], before[0])
                    self.fresh |= ids - self._seen[model]
                self._seen[model] = ids
                self._lists[model] = (asked, began, jobs)
            return asked, jobs

    def learn(self, accepted_at: Mapping[str, float]) -> bool:
        """Take in when the `fresh` jobs were accepted, by our clock; whether that told anything."""
        every, num = self._settings.list_every_s, len(self.lags)
        now = self._settings.clock.now()
        for job in self.fresh:
            missed_at = self._asked.pop(job)
            if job in accepted_at and accepted_at[job] < missed_at:
                # who was suspended between two lists learns no more than the first one told
                self.lags.append(min(now, missed_at + every) - accepted_at[job])
        self.fresh = set()
        grown = len(self.lags) > num
        self.lags = self.lags[-MOST_LAGS:]
        return grown

    @property
    def settle_s(self) -> float:
        """After how long a job that no list shows was never taken."""
        if not self.lags:
            return self._settings.settle_s
        p99 = sorted(self.lags)[int(0.99 * (len(self.lags) - 1) + 0.5)]
        return max(self._settings.settle_s, 10 * p99)
