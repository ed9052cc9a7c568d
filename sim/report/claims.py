"""What others claim, beside what the model gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..charts.run import Run
from ..measures.format import number
from .models import Figure, Table
from .saved import Saved

#: Rows of the table.
MOST = 40


def audited(saved: Saved, _run: Run) -> Figure:
    """Return every claim with its verdict."""
    rows = list(saved["rows"])
    return Figure(
        key=saved.key,
        finding=saved.short,
        made=saved.made("Each claim beside the model's own figure and beside other claims"),
        models=(
            Table(
                ("claim", "source", "claimed", "simulated", "verdict"),
                tuple(
                    (str(row["says"]), str(row["source"]), _claimed(row["claimed"]),
                     _simulated(row["simulated"]), str(row["verdict"]))
                    for row in rows[:MOST]
                ),
                notes=(f"{len(rows) - MOST} more are not shown",) if len(rows) > MOST else (),
                left=frozenset({0, 1, 4}),
            ),
        ),
        method=saved.method(),
        sentences=(saved.sentence,),
    )  # fmt: skip


def _claimed(claim: Mapping[str, Any]) -> str:
    low, high, unit = claim.get("low"), claim.get("high"), str(claim.get("unit", ""))
    if low is None or high is None:
        text = f"at least {number(low)}" if high is None else f"at most {number(high)}"
    else:
        text = number(low) if low == high else f"{number(low)} to {number(high)}"
    return f"{text} {unit}".strip()


def _simulated(found: Mapping[str, Any]) -> str:
    return number(found.get("value"), found.get("se"))
