"""Tables for a terminal: a few rows of a sweep, break-even, tornado or scenario, ready to read.

Every figure stands with its standard error; a star says that there is none.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.names import key_words, measure_heading
from ..text.numbers import Number, cell, setting
from .common import Decision, unit_of

if TYPE_CHECKING:
    from .breakeven._breakeven import Breakeven
    from .scenario._scenario import Scenarios
    from .sweep._sweep import Sweep

#: Rows that a terminal shows at most.
MOST = 20
_SWEPT = ("roi_mean", "roi_median", "roi_es05", "loss_probability")
Row = dict[str, str]


def sweep_table(sweep: Sweep) -> list[Row]:
    """Return points spread over a sweep: along a single key evenly, over several their ends."""
    rows = sweep.to_rows()
    portfolios = [str(name) for name in sweep.dataset["portfolio"].values]
    kept = portfolios
    chosen = _corners(sweep)
    if len(chosen) * len(portfolios) > MOST:
        kept = list(sweep.decision.portfolios)
    chosen = _spread(chosen, max(MOST // len(kept), 2))
    if len(sweep.keys) == 1 or "point" in sweep.dataset.sizes:
        chosen = _spread(range(sweep.points), max(MOST // len(kept), 2))
    return [
        _swept(sweep, rows[p * len(portfolios) + portfolios.index(name)])
        for p in chosen
        for name in kept
    ]


def _swept(sweep: Sweep, row: Mapping[str, Any]) -> Row:
    result = {key_words(key.name): setting(row[key.name]) for key in sweep.keys}
    result["portfolio"] = str(row["portfolio"])
    measures = dict.fromkeys((sweep.outcome, *_SWEPT))
    for name in measures:
        if name in row:
            result[measure_heading(name)] = _at(row, name)
    if sweep.decision.b is not None:
        result[_wins(sweep.decision)] = (
            _at(row, "a_beats_b") if row["portfolio"] == sweep.decision.a else ""
        )
    return result


def _corners(sweep: Sweep) -> list[int]:
    """Return the points at which every key has its first or its last value."""
    sizes = [sweep.dataset.sizes[key.name] for key in sweep.keys if key.name in sweep.dataset.sizes]
    if not sizes:
        return list(range(sweep.points))
    ends = [sorted({0, size - 1}) for size in sizes]
    return [int(np.ravel_multi_index(at, sizes)) for at in itertools.product(*ends)]


def breakeven_table(found: Breakeven) -> list[Row]:
    """Return points of the curve around the ties, or of the line."""
    if found.second is not None:
        line = [found.line[i] for i in _spread(range(len(found.line)), MOST)]
        return [
            {
                key_words(found.second.name): setting(x),
                key_words(found.key.name): "no tie"
                if y is None
                else cell(Number(y, se, found.key.unit)),
            }
            for x, y, se in line
        ]
    on, decision = found.decision.measure, found.decision
    rows = found.curve.to_rows()
    names = [str(name) for name in found.curve.dataset["portfolio"].values]
    places = {name: names.index(name) for name in decision.portfolios}
    table = []
    for p in _around(found):
        here = rows[p * len(names) : (p + 1) * len(names)]
        row = {key_words(found.key.name): setting(here[0][found.key.name])}
        for measure in dict.fromkeys(m for m in (on, "roi_mean", "roi_median") if m != "a_beats_b"):
            for name, f in places.items():
                figure = _at(here[f], measure)
                row[f"{name}: {measure_heading(measure)}"] = figure
        row[_wins(decision)] = _at(here[0], "a_beats_b")
        table.append(row)
    return table


def _around(found: Breakeven) -> list[int]:
    """Return a dozen points: the nearest to the ties and to today's value, and both ends."""
    values = found.curve.dataset[found.key.name].values
    aims = [tie.value for tie in found.ties]
    aims += [found.key.base] if found.key.base is not None else []
    if not found.ties:
        return _spread(range(len(values)), 12)
    near = {0, len(values) - 1}
    for aim in aims:
        first = int(np.searchsorted(values, aim))
        near |= {i for i in range(first - 2, first + 2) if 0 <= i < len(values)}
    return _spread(sorted(near), MOST)


def scenario_table(found: Scenarios) -> list[Row]:
    """Return the scenarios for each portfolio; the pair alone where there are many."""
    names = list(found.cases[0].measures)
    if len(found.cases) * len(names) > MOST:
        names = list(found.decision.portfolios)
    table = []
    for case in found.cases[: max(MOST // len(names), 1)]:
        for name in names:
            own = case.measures[name]
            row = {"scenario": case.name, "portfolio": name}
            main = found.decision.measure
            row[measure_heading(main)] = cell(own[main])
            row["change"] = cell(case.changes[name]) if name in case.changes else ""
            for measure in ("roi_median", "roi_es05", "loss_probability"):
                if measure != main:
                    row[measure_heading(measure)] = cell(own[measure])
            if found.decision.b is not None:
                wins = name == found.decision.a
                row[_wins(found.decision)] = cell(case.pair["a_beats_b"]) if wins else ""
            table.append(row)
    return table


def _at(row: Mapping[str, Any], measure: str) -> str:
    """Return a measure of a row of a sweep as a cell."""
    return cell(Number(row[measure], row[f"{measure}_se"], unit_of(measure)))


def _wins(decision: Decision) -> str:
    return f"{decision.a} beats {decision.b}"


def _spread(of: Sequence[int], most: int) -> list[int]:
    """Return at most so many members, the first and the last among them, evenly apart."""
    if len(of) <= most:
        return list(of)
    step = (len(of) - 1) / (most - 1)
    return [of[math.floor(i * step + 0.5)] for i in range(most)]
