"""How long the engine waits for what, and by which clock. Tests pass their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from toolkit.store.life import Limits

__all__ = ["Clock", "Settings"]


@dataclass(frozen=True)
class Clock:
    """Time, `speed` times as fast as it is. All processes on one experiment use the same speed."""

    speed: float = 1.0

    def now(self) -> float:
        """Seconds since 1970; with a speed above 1 they run away from the real ones."""
        return _EPOCH + (time.time() - _EPOCH) * self.speed if self.speed != 1 else time.time()

    def ticks(self) -> float:
        """Seconds that never jump, of this process."""
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.speed)


_EPOCH = 1_700_000_000.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of an engine, in seconds and bytes.

    `settle_s` is the time after which a job that the service's list does not show was never taken:
    at least lease + guard + submit timeout + the list's own lag. Where a service's list is seen to
    lag, ten times its 99th percentile is waited for if that is longer. `late_list_s` is for how
    long a job is looked for in a list that shows finished ones alone. `guard_s` is how long it may
    take from an intent to the first byte sent: the way there, a name looked up and TLS, is in it.
    """

    lease_s: float = 60.0
    heartbeat_s: float = 15.0
    take_over_every_s: float = 5.0
    guard_s: float = 15.0
    prepare_timeout_s: float = 180.0
    submit_timeout_s: float = 60.0
    settle_s: float = 180.0
    skew_s: float = 300.0
    list_every_s: float = 5.0
    list_limit_s: float = 3600.0
    late_list_s: float = 1800.0
    retry_submit_s: float = 2.0
    poll_first_s: float = 1.0
    poll_most_s: float = 10.0
    poll_timeout_s: float = 60.0
    job_limit_s: float = 6 * 3600.0
    retry_fetch_s: float = 2.0
    most_fetches: int = 4
    most_fetching: int = 12
    download_deadline_s: float = 600.0
    most_bytes: int = 512 << 20
    least_bytes_per_s: float = 10_000.0
    spare_bytes: int = 1 << 30
    verify_timeout_s: float = 120.0
    most_tasks: int = 256
    limits: Mapping[str, Limits] = field(default_factory=dict)
    default_limits: Limits = field(default_factory=Limits)
    simulator_limits: Limits = field(default_factory=lambda: Limits(max_in_flight=16))
    clock: Clock = field(default_factory=Clock)

    def limits_of(self, service: str) -> Limits:
        """The limits of a service, simulated ones apart."""
        if service in self.limits:
            return self.limits[service]
        return self.simulator_limits if service == "sim" else self.default_limits

    def pace(self, simulated: bool) -> tuple[float, float]:
        """First and longest pause between two polls."""
        return (0.05, 0.5) if simulated else (self.poll_first_s, self.poll_most_s)
