"""Answers as short tables for people: figures with their errors, twenty rows at most.

CSV and JSON have every row and every digit; a terminal shows what a meeting reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text.numbers import cell

if TYPE_CHECKING:
    from .discover._discover import Region

Rows = list[dict[str, str]]


def discover_table(found: Region) -> Rows:
    """Return the conditions of the region, with what it would be without each."""
    a = found.decision.a
    return [
        {
            "condition": c.sentence,
            f"{a} loses there": cell(found.density),
            "without this condition": cell(c.matter),
            "share of its losses": cell(found.coverage),
        }
        for c in found.conditions
    ]
