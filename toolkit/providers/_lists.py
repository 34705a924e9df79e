"""A service's list of jobs, followed as far back as it is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from toolkit.errors import ProviderError
from toolkit.records import ModelCard

__all__ = ["back_to", "moment", "wire_id"]

MOST_PAGES = 100

Row = dict[str, Any]


async def back_to(
    since: datetime,
    page: Callable[[int], Awaitable[tuple[Sequence[Row], bool]]],
    made_at: Callable[[Row], datetime | None],
    *,
    provider: str,
) -> list[Row]:
    """The rows made since then. `page(n)` is the n-th page, from 0, and whether there are more.

    It stops early only where the rows are seen to come newest first: no service's order is taken on
    trust, because a list that was cut off would prove that a paid job is not there. `ProviderError`
    where there are too many pages, or a row says no time.
    """
    kept: list[Row] = []
    before: datetime | None = None
    falls = rises = False
    for n in range(MOST_PAGES):
        rows, more = await page(n)
        for row in rows:
            at = made_at(row)
            if at is None:
                raise ProviderError("its list has a row without a time", provider=provider)
            if at >= since:
                kept.append(row)
            falls = falls or (before is not None and at < before)
            rises = rises or (before is not None and at > before)
            before = at
        if not more or (falls and not rises and before is not None and before < since):
            return kept
    raise ProviderError(
        f"its list has more than {MOST_PAGES} pages since {since:%Y-%m-%d %H:%M}", provider=provider
    )


def wire_id(model: str, cards: Iterable[ModelCard]) -> str:
    """What a service calls a model of ours. `ProviderError` where its row is gone: under a guessed
    name a paid job would not be found, and be taken for one that never was.
    """
    for card in cards:
        if card.model == model:
            return card.wire_id
    raise ProviderError(
        f"no row of the catalogue says any more what {model} is: put it back, for a job of it may "
        "have been paid for",
        provider=model.partition("/")[0],
    )


def moment(value: Any) -> datetime | None:
    """A time as services write it: ISO 8601, or seconds or milliseconds since 1970; else None."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
