"""Answers as short tables for people: figures with their errors, twenty rows at most.

CSV and JSON have every row and every digit; a terminal shows what a meeting reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text.names import measure_heading
from ..text.numbers import CURRENCY, cell, labelled

if TYPE_CHECKING:
    from .discover._discover import Region
    from .frontier._answer import Frontier, Mix

Rows = list[dict[str, str]]

#: Rows of a table at most.
MOST = 20
_WORTH, _COSTS = labelled("worth", CURRENCY), labelled("costs", CURRENCY)


def frontier_table(found: Frontier) -> Rows:
    """Return the mixes of the set, and as many lines alone as there is room for, best mean first."""
    alone = sorted(found.alone, key=lambda m: -(m.checked["profit_mean"].value or 0.0))
    shown = [*found.mixes, *alone[: max(MOST - len(found.mixes), 0)]]
    return [_mix(mix) for mix in shown]


def _mix(mix: Mix) -> dict[str, str]:
    m = mix.checked
    return {
        "": mix.name if mix.name.startswith("mix ") else "alone",
        "hired": mix.words,
        labelled(measure_heading("profit_mean"), CURRENCY): cell(m["profit_mean"]),
        labelled(measure_heading("profit_median"), CURRENCY): cell(m["profit_median"]),
        labelled(measure_heading("profit_es05"), CURRENCY): cell(m["profit_es05"]),
        measure_heading("loss_probability"): cell(m["loss_probability"]),
        "efficient": "yes" if mix.efficient else "",
    }


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
