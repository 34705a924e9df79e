"""A bill as text and as HTML; everything a person typed is escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from toolkit.planning.count import Arm, plain
from toolkit.planning.money import each

if TYPE_CHECKING:
    from toolkit.planning.bill import Plan

__all__ = ["as_html", "as_table", "cut"]

SHOWN = 40


def as_table(arms: Sequence[Arm]) -> list[str]:
    if not arms:
        return []
    shown = arms[:40]
    names = list(shown[0].levels)
    head = [*names, "new", "done", "each", "cost"]
    rows = [
        [
            *(cut(plain(arm.levels[name])) for name in names),
            f"{arm.new:,}",
            f"{arm.done:,}",
            each(arm.each),
            str(arm.cost) if arm.new else "–",
        ]
        for arm in shown
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    left = len(names)
    lines = [
        "  "
        + "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]
    if len(arms) > len(shown):
        lines.append(f"  … {len(arms) - len(shown):,} more arms in .df")
    return lines


def cut(value: Any, limit: int = 44) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


_BOX = (
    "font:13px/1.5 system-ui,sans-serif;border:1px solid #8886;border-radius:8px;"
    "padding:10px 14px;display:inline-block;max-width:100%"
)


def as_html(bill: Plan) -> str:
    """The bill for a notebook; everything a person typed is escaped."""

    def cell(text: str, *, right: bool = False, head: bool = False) -> str:
        tag = "th" if head else "td"
        align = "right" if right else "left"
        return (
            f"<{tag} style='text-align:{align};padding:1px 12px 1px 0'>{html.escape(text)}</{tag}>"
        )

    names = list(bill.arms[0].levels) if bill.arms else []
    head = "".join(cell(n, head=True) for n in names) + "".join(
        cell(n, right=True, head=True) for n in ("new", "done", "each", "cost")
    )
    rows = []
    for arm in bill.arms[:40]:
        right = (
            f"{arm.new:,}",
            f"{arm.done:,}",
            each(arm.each),
            str(arm.cost) if arm.new else "–",
        )
        rows.append(
            "<tr>"
            + "".join(cell(cut(plain(arm.levels[n]))) for n in names)
            + "".join(cell(text, right=True) for text in right)
            + "</tr>"
        )
    if len(bill.arms) > 40:
        rows.append(f"<tr><td>… {len(bill.arms) - 40:,} more arms in .df</td></tr>")
    table = f"<table style='margin:6px 0'><tr>{head}</tr>{''.join(rows)}</table>" if names else ""
    warnings = "".join(
        f"<div style='color:#b45309'>{html.escape(str(e))}</div>" for e in bill.exclusions[:12]
    )
    warnings += "".join(
        f"<div style='color:#b45309'>{html.escape(str(finding))}</div>"
        for finding in bill.findings
        if finding.severity == "error"
    )
    said = (*bill.notes, *bill.remarks)
    notes = "".join(f"<div style='opacity:.75'>{html.escape(note)}</div>" for note in said)
    counts = f"<div style='opacity:.75'>{html.escape(bill.counts)}</div>"
    head = f"<b>{html.escape(bill.headline)}</b>{counts}"
    return f"<div style='{_BOX}'>{head}{table}{warnings}{notes}</div>"
