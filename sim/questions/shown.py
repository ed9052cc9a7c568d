"""Answers as short tables for people: figures with their errors, twenty rows at most.

CSV and JSON have every row and every digit; a terminal shows what a meeting reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..text.names import measure_heading
from ..text.numbers import CURRENCY, cell, counted, labelled, money, percent

if TYPE_CHECKING:
    from .discover._discover import Region
    from .diversify._answer import Diversification, Diversified
    from .frontier._answer import Frontier, Mix
    from .sensitivity._answer import Driver, Sensitivity
    from .worth._answer import Worth

Rows = list[dict[str, str]]

#: Rows of a table at most.
MOST = 20
_WORTH, _COSTS = labelled("worth", CURRENCY), labelled("costs", CURRENCY)
#: Share of a variance below which an input is not shown.
_SMALL = 0.005


def sensitivity_table(found: Sensitivity) -> Rows:
    """Return inputs by what they explain of the outcome that the sentence is about.

    For ``sobol`` what every outcome owes to an input with all its interactions, and what the last
    outcome owes to it alone; for the other methods both figures of the last outcome.
    """
    names = list(dict.fromkeys(d.outcome for d in found.drivers))
    main = found.outcome
    groups = [d for d in found.of(main, groups=True) if d.input != "shared"]
    inputs = found.of(main)
    if found.method != "sobol":
        titles = {"morris": ("mean effect", "mean absolute effect"), "delta": ("alone", "delta")}
        first, total = titles[found.method]
        return [
            {"input": d.words, first: cell(d.first), total: cell(d.total)} for d in inputs[:MOST]
        ]
    table = {(d.outcome, d.input): d for d in found.drivers}

    def row(driver: Driver) -> dict[str, str]:
        cells = {f"{name}, total": cell(table[name, driver.input].total) for name in names}
        return {"input": driver.words, f"{main}, alone": cell(driver.first)} | cells

    kept = [
        d for d in inputs if any((table[n, d.input].total.value or 0.0) >= _SMALL for n in names)
    ]
    return [row(d) for d in (*groups, *kept[: MOST - len(groups)])]


def left_out(found: Sensitivity) -> int:
    """Return how many inputs the table leaves out."""
    groups = [d for d in found.of(found.outcome, groups=True) if d.input != "shared"]
    return len(found.of(found.outcome)) + len(groups) - len(sensitivity_table(found))


def worth_table(found: Worth) -> Rows:
    """Return what can be learned by worth, pilots, and last what nobody can learn."""
    learnable = sorted(
        (item for item in found.known if item.learnable), key=lambda k: -(k.worth.value or 0.0)
    )
    pilots = found.pilots[:5]
    oracles = [item for item in found.known if not item.learnable and item.kind != "shock"]
    rows = [
        {
            "what is known": item.words,
            _WORTH: cell(item.worth),
            "changes the choice": percent(item.changes),
            _COSTS: "",
        }
        for item in learnable[: MOST - len(pilots) - len(oracles)]
    ]
    rows += [
        {
            "what is known": f"result of a pilot: {p.creators} {p.line}",
            _WORTH: cell(p.worth),
            "changes the choice": percent(p.changes),
            _COSTS: money(p.cost, unit=False),
        }
        for p in pilots
    ]
    rows += [
        {
            "what is known": f"{item.words} (nobody can)",
            _WORTH: cell(item.worth),
            "changes the choice": percent(item.changes),
            _COSTS: "",
        }
        for item in oracles
    ]
    return rows


def diversify_table(found: Diversification) -> Rows:
    """Return every portfolio at a few numbers of creators, the hired one and the floor included."""
    most = MOST // len(found.portfolios) - 1
    return [row for item in found.portfolios for row in _diversified(item, found.scale, most)]


def _diversified(item: Diversified, scale: str, most: int) -> Rows:
    counts = [point.creators for point in item.points]
    spread = "spread of ROI" if scale == "roi" else f"sd of {scale}"
    found = []
    for point in [item.at(count) for count in some_of(counts, item.hired, most)]:
        creators = f"{counted(point.creators)}" + (
            " (hired)" if point.creators == item.hired else ""
        )
        m = point.measures
        found.append(
            {
                "portfolio": item.portfolio,
                "creators": creators,
                measure_heading("roi_mean"): cell(m["roi_mean"]),
                measure_heading("roi_median"): cell(m["roi_median"]),
                spread: cell(m["spread"]),
                measure_heading("roi_es05"): cell(m["roi_es05"]),
                measure_heading("loss_probability"): cell(m["loss_probability"]),
            }
        )
    found.append(
        {
            "portfolio": item.portfolio,
            "creators": "any number",
            measure_heading("roi_mean"): "",
            measure_heading("roi_median"): "",
            spread: cell(item.floor["spread"]),
            measure_heading("roi_es05"): cell(item.floor["roi_es05"]),
            measure_heading("loss_probability"): cell(item.floor["loss_probability"]),
        }
    )
    return found


def some_of(counts: Sequence[int], hired: int, most: int) -> list[int]:
    """Return at most so many of the numbers, even in their order, both ends and the hired one in."""
    if len(counts) <= most:
        return list(counts)
    at = {round(k) for k in np.linspace(0, len(counts) - 1, max(most - 1, 2))}
    return sorted({counts[k] for k in at} | {hired})


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
