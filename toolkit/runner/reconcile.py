"""What became of a request whose answer was lost: found in the service's own list, and adopted.

Identical requests are exchangeable, so *which* one's job is adopted does not matter, only that each
is adopted once. That a job is absent counts only when no identical request was made so recently
that the list may not show it yet. A job that may as well be another request's, because the list
shows too little of it (not its picture, say), is never guessed at.
"""

from __future__ import annotations

import asyncio
import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from toolkit.records import canonical_json
from toolkit.runner.settings import Settings
from toolkit.seams import Job, Provider
from toolkit.store.life import Claim

KEEP_S = 60.0
IDLE = 10  # a list is left alone for so many times as long as it took
MOST_LAGS = 500

__all__ = ["Lister", "Matches", "contested", "match"]


@dataclass(frozen=True)
class Matches:
    """Jobs that may be the run's own, oldest first; `exact` where tokens tell them apart; `faded`
    jobs of the right model and time whose request the service no longer shows; `doubtful` ones of
    which too little is shown to tell.
    """

    jobs: list[Job] = field(default_factory=list)
    faded: list[Job] = field(default_factory=list)
    doubtful: list[Job] = field(default_factory=list)
    exact: bool = False

    @property
    def all(self) -> list[Job]:
        return [*self.jobs, *self.faded, *self.doubtful]

    def without(self, ids: Container[str]) -> Matches:
        """Less the jobs with these ids."""

        def kept(jobs: Sequence[Job]) -> list[Job]:
            return [job for job in jobs if job.handle.id not in ids]

        return Matches(kept(self.jobs), kept(self.faded), kept(self.doubtful), exact=self.exact)


def match(claim: Claim, jobs: Sequence[Job], *, settings: Settings) -> Matches:
    """Which of a service's jobs may have been made by this run's attempt."""
    earliest = claim.intent_at - settings.skew_s
    latest = claim.intent_at + settings.guard_s + settings.submit_timeout_s + settings.skew_s
    listing = jobs if isinstance(jobs, Listing) else Listing(jobs)
    near = [job for job in listing.between(earliest, latest) if job.model == claim.spec.model]
    tokens = [job for job in near if job.token is not None]
    if any(job.token == claim.attempt_id for job in tokens):
        return Matches([job for job in tokens if job.token == claim.attempt_id], exact=True)
    bare = [job for job in near if job.token is None]
    if tokens and not bare:
        return Matches(exact=True)
    ours = _said(claim.spec.prompt, claim.spec.params)
    fits = [
        (job, listing.fits(job, ours) if job.sent is None else _fits(job.sent, claim))
        for job in bare
        if not _is_faded(job)
    ]
    return Matches(
        [job for job, fit in fits if fit],
        [job for job in bare if _is_faded(job)],
        [job for job, fit in fits if fit is None],
    )


def contested(
    claim: Claim, found: Matches, rivals: Sequence[Claim], *, settings: Settings
) -> tuple[Matches, dict[str, list[Claim]]]:
    """`found` less what is another request's, and less the jobs that nobody can tell apart: these
    by id, each with the runs that it may belong to besides.

    A request with the same recorded body is no rival: the two are exchangeable.
    """
    others = [
        (rival, match(rival, found.all, settings=settings))
        for rival in rivals
        if claim.sent is None or rival.sent != claim.sent
    ]
    open_to: dict[str, list[Claim]] = {}
    theirs = set()
    for job in found.all:
        certain = [rival for rival, its in others if job in its.jobs]
        possible = [rival for rival, its in others if job in its.all]
        if job in found.jobs:
            if certain:
                open_to[job.handle.id] = certain
        elif job in found.doubtful and certain:
            theirs.add(job.handle.id)
        elif job in found.doubtful or possible:
            open_to[job.handle.id] = possible
    return found.without(theirs | open_to.keys()), open_to


def _is_faded(job: Job) -> bool:
    return job.prompt is None and job.params is None and not job.sent


def _fits(sent: Mapping[str, Any], claim: Claim) -> bool | None:
    """Whether what a list echoes is what the claim asked for; None where it shows too little."""
    prompt = _leaf(claim.spec.prompt)
    if claim.sent is None:
        return None if any(prompt in _leaf(text) for text in _texts(sent)) else False
    pairs = [(_leaf(theirs), _leaf(ours)) for theirs, ours in _shared(sent, claim.sent)]
    unlike = [pair for pair in pairs if pair[0] != pair[1]]
    if any(not all(map(_is_address, pair)) for pair in unlike):
        return False
    said = any(theirs == ours and prompt in theirs for theirs, ours in pairs)
    return True if said and not unlike else None  # a service may keep a picture elsewhere


def _shared(theirs: Any, ours: Any) -> Iterator[tuple[Any, Any]]:
    """The values that both show, in pairs; of a picture whose place its hash holds, none."""
    if isinstance(ours, Mapping) and ours.keys() == {"image_sha256"}:
        return
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        for name in theirs.keys() & ours.keys():
            yield from _shared(theirs[name], ours[name])
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for one, other in zip(theirs, ours, strict=True):
            yield from _shared(one, other)
    else:
        yield theirs, ours


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _leaf(value: Any) -> str:
    """One spelling per meaning: 5, 5.0 and "5" are one, and so are texts but for their spaces."""
    if isinstance(value, str):
        return " ".join(unicodedata.normalize("NFC", value).split())
    return canonical_json(value)


def _is_address(text: str) -> bool:
    return re.match(r"https?://|data:|[a-z0-9]+://", text) is not None


def _said(prompt: str | None, params: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """A request in our terms as two texts to compare; None for what is not shown."""
    return (
        None if prompt is None else canonical_json(prompt),
        None if params is None else canonical_json(params),
    )


class Listing(Sequence[Job]):
    """A service's list, oldest first, ready to be searched by many runs."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = sorted(jobs, key=lambda job: job.created_at)
        self._times = [job.created_at.timestamp() for job in self._jobs]
        self._said: dict[str, tuple[str | None, str | None]] = {}

    def __getitem__(self, index: Any) -> Any:
        return self._jobs[index]

    def __len__(self) -> int:
        return len(self._jobs)

    def between(self, earliest: float, latest: float) -> list[Job]:
        """The jobs made in this time, in seconds since 1970."""
        return self._jobs[bisect_left(self._times, earliest) : bisect_right(self._times, latest)]

    def fits(self, job: Job, ours: tuple[str | None, str | None]) -> bool:
        """Whether the job was asked for in these words; compared in our own terms."""
        theirs = self._said.get(job.handle.id)
        if theirs is None:
            theirs = self._said[job.handle.id] = _said(job.prompt, job.params)
        return theirs[0] == ours[0] and theirs[1] in (None, ours[1])


class Lister:
    """One list of a service for all runs that wait for it, asked for only every so often.

    It learns how long jobs take to show: `lags` are seconds from the acceptance of a job to the
    first list with it, for jobs that an earlier list should have shown and did not. A list reaches
    back to the oldest run that waits for it, and one that takes long is asked for less often.
    """

    def __init__(self, provider: Provider, settings: Settings, lags: Sequence[float] = ()) -> None:
        self.lags = list(lags)[-MOST_LAGS:]
        self.fresh: set[str] = set()
        self._seen: dict[str, set[str]] = {}
        self._asked: dict[str, float] = {}
        self._provider = provider
        self._settings = settings
        self._lock = asyncio.Lock()
        self._lists: dict[str, tuple[float, float, Listing]] = {}
        self._wanted: dict[str, dict[float, float]] = {}
        self._took_s = 0.0

    async def recent(self, since: float, model: str) -> tuple[float, Sequence[Job]]:
        """When the list was asked for, and the jobs of `model` made since then."""
        clock, settings = self._settings.clock, self._settings
        async with self._lock:
            now = clock.now()
            wanted = self._wanted.setdefault(model, {})
            wanted[since] = now
            asked, began, jobs = self._lists.get(model, (0.0, since, Listing(())))
            pause = max(settings.list_every_s, IDLE * self._took_s)
            if now - asked >= pause or began > since:
                for start in [start for start, at in wanted.items() if now - at > KEEP_S + pause]:
                    del wanted[start]  # nobody waits for it any more
                began, asked = min(wanted), now
                before = self._lists.get(model)
                jobs = Listing(
                    await self._provider.recent(datetime.fromtimestamp(began, UTC), model)
                )
                self._took_s = clock.now() - now
                seen = self._seen.setdefault(model, set())
                if before is not None:
                    late = {job.handle.id for job in jobs.between(before[1], math.inf)} - seen
                    self._asked |= dict.fromkeys(late, before[0])
                    self.fresh |= late
                seen |= {job.handle.id for job in jobs}
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
