"""Scenarios side by side, as an answer: figures, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from ...figures.spec import Bars, Cells, Figure, Series, form_of, roles
from ...tables.table import Table, from_records, from_texts
from ...text.names import TWINS, measure_heading, measure_words, twin_word
from ...text.numbers import Number, brief, cell, counted, labelled, percent, told, why
from ..common import LESS_IS_BETTER
from ..question import Answer, Entry, Sides

#: Rows that a terminal shows at most.
MOST = 20
#: Measures of a table on a slide, beside the decision's.
_SIDE = ("roi_mean", "roi_median", "roi_p05", "roi_p95", "loss_probability")
_SHOWN = ("roi_median", "roi_es05", "loss_probability")
_DRAWN = ("roi_p05", "roi_median", "roi_p95", "roi_mean")


@dataclass(frozen=True)
class Case:
    """One scenario.

    Attributes
    ----------
    scenario
        Name of the table; ``base`` for the experiment itself.
    overrides
        As written.
    portfolios
        Measures by portfolio.
    changes
        By portfolio: the decision's measure minus that of the base, paired; empty for the base.
    pair
        Comparisons of the decision's portfolios.
    """

    scenario: str
    overrides: dict[str, Any]
    portfolios: dict[str, dict[str, Entry]]
    changes: dict[str, Entry]
    pair: dict[str, Entry]


@dataclass(frozen=True)
class Scenarios(Answer):
    """The base and every scenario, in the same worlds.

    Attributes
    ----------
    decision, measure
        The pair compared, and what the changes are of.
    worlds
        Worlds of each.
    scenarios
        The base first.
    notes
        What was done about what is not obvious.
    """

    question: ClassVar[str] = "scenario"

    decision: Sides
    measure: str
    worlds: int
    scenarios: tuple[Case, ...]
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """Say how the choice fares over the scenarios; of a single portfolio, its worst one."""
        a, b = self.decision.a, self.decision.b
        if b is None:
            worst = self._hardest(a)
            return f"Hardest on {a}: {worst.scenario}, median ROI {told(worst.portfolios[a]['roi_median'])}"
        low, high = self._extremes()
        ends = [percent(e.value, e.se) for e in (low.pair["a_beats_b"], high.pair["a_beats_b"])]
        return (
            f"{a} beats {b} in {ends[0]} ({low.scenario}) to {ends[1]} ({high.scenario}) of worlds"
        )

    def _extremes(self) -> tuple[Case, Case]:
        """Return the cases in which the first portfolio wins least and most often."""
        ordered = sorted(self.scenarios, key=lambda case: case.pair["a_beats_b"].value or 0.0)
        return ordered[0], ordered[-1]

    @property
    def sentence(self) -> str:
        """Say how the choice fares, and which scenario is the hardest on each portfolio."""
        measure = self.measure
        parts = []
        if self.decision.b is not None:
            ends = [
                f"{told(c.pair['a_beats_b'])} of worlds ({c.scenario})" for c in self._extremes()
            ]
            parts.append(
                f"{self.decision.a} beats {self.decision.b} least often in {ends[0]}, most often in "
                f"{ends[1]}"
            )
        for portfolio in self.decision.names:
            case = self._hardest(portfolio)
            level = f"{measure_words(measure)} {told(case.portfolios[portfolio][measure])}"
            if measure in TWINS:
                twin = case.portfolios[portfolio][TWINS[measure]]
                level += f", {twin_word(measure)} {told(twin)}"
            change = case.changes.get(portfolio)
            if change is None or change.value is None:
                parts.append(f"no scenario is harder on {portfolio} than the base: {level}")
                continue
            size = told(Number(abs(change.value), change.se, change.unit, why(change)))
            way = "up" if change.value > 0.0 else "down"
            points = size.replace(" %", " points", 1)
            parts.append(f"hardest on {portfolio} is {case.scenario}: {level}; {way} by {points}")
        return f"{'; '.join(parts)} ({len(self.scenarios)} runs in the same {counted(self.worlds, 'world')})."

    def _hardest(self, portfolio: str) -> Case:
        """Return the case with the worst level of the decision's measure."""
        measure = self.measure
        sign = -1.0 if measure in LESS_IS_BETTER else 1.0
        return min(self.scenarios, key=lambda case: sign * _level(case, portfolio, measure))

    # --- As rows and figures ----------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one row for each scenario and portfolio."""
        rows = []
        for case in self.scenarios:
            for portfolio, measures in case.portfolios.items():
                row: dict[str, Any] = {"scenario": case.scenario, "portfolio": portfolio}
                entries = {**measures}
                if portfolio in case.changes:
                    entries["change"] = case.changes[portfolio]
                if portfolio == self.decision.a:
                    entries |= case.pair
                for name, entry in entries.items():
                    row[name], row[f"{name}_se"] = entry.value, entry.se
                rows.append(row)
        return rows

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each scenario and portfolio."""
        units: dict[str, str] = {}
        for case in self.scenarios:
            changes = [{"change": entry} for entry in case.changes.values()]
            for entries in (*case.portfolios.values(), case.pair, *changes):
                units |= {name: entry.unit for name, entry in entries.items()}
        about = "a scenario and a portfolio"
        return (from_records("scenario", about, self.to_rows(), units, labels=2),)

    def shown(self) -> Table:
        """Return the scenarios for each portfolio; the pair alone where there are many."""
        names = list(self.scenarios[0].portfolios)
        if len(self.scenarios) * len(names) > MOST:
            names = list(self.decision.names)
        cases = self.scenarios[: max(MOST // len(names), 1)]
        texts = [self._texts(case, name) for case in cases for name in names]
        return from_texts("scenario", "a scenario and a portfolio", texts)

    def _texts(self, case: Case, name: str) -> dict[str, str]:
        own = case.portfolios[name]
        row = {"scenario": case.scenario, "portfolio": name}
        row[measure_heading(self.measure)] = cell(own[self.measure])
        row["change"] = cell(case.changes[name]) if name in case.changes else ""
        for measure in _SHOWN:
            if measure != self.measure:
                row[measure_heading(measure)] = cell(own[measure])
        if self.decision.b is not None:
            wins = name == self.decision.a
            row[f"{self.decision.a} beats {self.decision.b}"] = (
                cell(case.pair["a_beats_b"]) if wins else ""
            )
        return row

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return the range of ROI of each portfolio in each scenario."""
        from ...charts.scenarios import RoiRange, plot_scenarios

        ranges = {
            case.scenario: {
                name: RoiRange(*(_known(own[measure]) for measure in _DRAWN))
                for name, own in case.portfolios.items()
            }
            for case in self.scenarios
        }
        names = list(self.scenarios[0].portfolios)
        own = roles(tiers or {name: name for name in names})
        unit = self.scenarios[0].portfolios[names[0]]["roi_median"].unit
        medians = Bars(
            tuple(case.scenario for case in self.scenarios),
            tuple(self._series(name, *own.get(name, ("ink", 0))) for name in names),
            labelled(measure_words("roi_median"), unit),
            form=form_of(unit),
        )
        sample = f"{counted(self.worlds, 'world')}, the same in every scenario"
        return (
            Figure(
                name="scenario",
                finding=self.headline,
                made=f"{sample}. Bars: {measure_words('roi_median')}, two standard errors",
                reads=f"{sample}; dot and number: median, diamond: mean, bar: 5 % to 95 % of worlds",
                panels=(medians, self._cells(names)),
                method="",
                sentences=(self.sentence,),
                plot=partial(plot_scenarios, ranges, tiers=tiers),
            ),
        )

    def _series(self, name: str, tier: str, repeat: int) -> Series:
        entries = [case.portfolios[name]["roi_median"] for case in self.scenarios]
        return Series(
            name,
            tuple(entry.value for entry in entries),
            tier,
            repeat,
            errors=tuple(entry.se for entry in entries),
            labels=tuple(brief(entry, signed=True) for entry in entries),
        )

    def _cells(self, names: list[str]) -> Cells:
        measures = dict.fromkeys((*_SIDE, self.measure))
        return Cells(
            ("scenario", "portfolio", *(measure_heading(measure) for measure in measures)),
            tuple(
                (case.scenario, name, *(cell(case.portfolios[name][m]) for m in measures))
                for case in self.scenarios
                for name in names
            ),
            left=frozenset({0, 1}),
        )


def _known(entry: Entry) -> float:
    return np.nan if entry.value is None else entry.value


def _level(case: Case, portfolio: str, measure: str) -> float:
    value = case.portfolios[portfolio][measure].value
    return np.nan if value is None else value
