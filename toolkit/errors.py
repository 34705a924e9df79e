"""The error tree. Each message names the subject, what was found, and what would work.

    ToolkitError
    ├── PromptError          a prompt or template that cannot be rendered
    ├── GridError            a grid that asks for something that does not exist
    ├── CatalogError         a model, price or limit that is not known
    ├── BudgetError          the money at the door
    │   └── ApprovalNeeded   nothing was spent; says the call that would run it
    ├── StoreError           an experiment folder that cannot be opened or written
    ├── ImportProblem        clips or votes from outside that do not fit
    ├── ClipError            a file that is no usable video, or no usable picture
    ├── ScoreError           a scorer that is missing or broken
    ├── ReviewError          a review that cannot start or go on
    ├── ResultsError         a comparison that the data cannot answer
    ├── ColumnError          a column that a table lacks
    ├── ArgumentError        a call with an argument that it does not take
    ├── ExportError          a table, page or film that could not be written
    └── ProviderError        a service; `.provider` names it
        ├── NotSent          the request never left: nothing was charged
        ├── CannotList       the service has no list of its jobs
        └── Refused          a definite no before any work: `.kind`, `.retry_after_s`

Anything else that a provider's `submit` raises means *unknown*: the service may have charged.
"""

from __future__ import annotations

from typing import Literal

__all__ = [
    "ApprovalNeeded",
    "ArgumentError",
    "BudgetError",
    "CannotList",
    "CatalogError",
    "ClipError",
    "ColumnError",
    "ExportError",
    "GridError",
    "ImportProblem",
    "NotSent",
    "PromptError",
    "ProviderError",
    "RefusalKind",
    "Refused",
    "ResultsError",
    "ReviewError",
    "ScoreError",
    "StoreError",
    "ToolkitError",
]

RefusalKind = Literal[
    "auth", "arrears", "rate_limit", "moderated", "invalid", "retired", "not_found", "outage"
]


class ToolkitError(Exception):
    """The root: catch this to catch everything the toolkit raises on purpose."""


class PromptError(ToolkitError, ValueError):
    """A prompt or template that cannot be rendered."""


class GridError(ToolkitError, ValueError):
    """A grid that asks for something that does not exist."""


class CatalogError(ToolkitError, LookupError):
    """A model, price or limit that is not known."""


class BudgetError(ToolkitError):
    """Money: no budget, a full one, or an unknown price."""


class ApprovalNeeded(BudgetError):
    """The bill is above what runs without asking. Nothing was spent."""


class StoreError(ToolkitError):
    """An experiment folder that cannot be opened or written."""


class ImportProblem(ToolkitError, ValueError):
    """Clips, votes or tables from outside that do not fit."""


class ClipError(ToolkitError, ValueError):
    """A file that is no usable video, or no usable picture."""


class ScoreError(ToolkitError):
    """A scorer that is missing or broken."""


class ReviewError(ToolkitError):
    """A review that cannot start or go on."""


class ResultsError(ToolkitError, ValueError):
    """A comparison that the data cannot answer."""


class ColumnError(ToolkitError, LookupError):
    """A column that a table lacks, or a name that means several."""


class ArgumentError(ToolkitError, TypeError):
    """A call with an argument that it does not take, or without one that it needs."""


class ExportError(ToolkitError):
    """A table, page or film that could not be written."""


class ProviderError(ToolkitError):
    """Something a service said or did; `provider` is its name in the catalogue."""

    def __init__(self, message: str, *, provider: str = "") -> None:
        super().__init__(f"{provider}: {message}" if provider else message)
        self.provider = provider


class NotSent(ProviderError):
    """The request never left this machine: nothing was charged, trying again is safe."""


class CannotList(ProviderError):
    """The service offers no list of jobs, so a lost answer cannot be looked up."""


class Refused(ProviderError):
    """A definite refusal before any work was done: nothing was charged."""

    def __init__(
        self,
        message: str,
        *,
        kind: RefusalKind,
        provider: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, provider=provider)
        self.kind: RefusalKind = kind
        self.retry_after_s = retry_after_s
