"""What leaves the experiment: tables, report, client page, charts, bundle, film, or all at once.

Importing this costs nothing; a name loads its file when it is first used. What is called like its
file is taken from there: `from toolkit.exports.page import page`; so `report`, `bundle`, `reel`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.exports.bundle import restore
    from toolkit.exports.folder import DEFAULT_FORMATS, FORMATS, export_all
    from toolkit.exports.report import write_report
    from toolkit.exports.table import to_csv, to_latex, to_markdown, to_parquet, to_xlsx

__all__ = [
    "DEFAULT_FORMATS",
    "FORMATS",
    "export_all",
    "restore",
    "to_csv",
    "to_latex",
    "to_markdown",
    "to_parquet",
    "to_xlsx",
    "write_report",
]

_ROOMS = {
    "restore": "bundle",
    **dict.fromkeys(("DEFAULT_FORMATS", "FORMATS", "export_all"), "folder"),
    "write_report": "report",
    **dict.fromkeys(("to_csv", "to_latex", "to_markdown", "to_parquet", "to_xlsx"), "table"),
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(f"toolkit.exports.{_ROOMS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
