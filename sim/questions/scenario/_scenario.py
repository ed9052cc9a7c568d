"""Scenarios: named tables of overrides, run side by side with the base in the same worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...displays import Told
from ...experiment import Experiment, ExperimentError, Fault
from ...experiment.faults import suggestion
from ...measures import COMPARISONS, Measured
from ...run.simulate import Progress, simulate
from ...text.names import TWINS, measure_words, twin_word
from ...text.numbers import Number, counted, percent, told
from ...vary.keys import Varied
from ...vary.overrides import overridden
from ..common import (
    DEFAULT_MEASURE,
    LESS_IS_BETTER,
    Decision,
    as_measured,
    compared,
    decide,
    estimate_of,
    measure_of,
    unit_of,
    with_worlds,
)

if TYPE_CHECKING:
    import xarray as xr

BASE = "base"
#: What is shown of every scenario and portfolio, beside the decision's measure.
SHOWN = (
    "roi_mean", "roi_median", "roi_p05", "roi_p95", "roi_es05", "loss_probability",
    "profit_mean", "profit_median", "cost_mean",
)  # fmt: skip
_PAIRED = ("a_beats_b", "roi_difference_mean", "profit_difference_mean")


@dataclass(frozen=True)
class Case:
    """One scenario.

    Attributes
    ----------
    name
        Of the table; `BASE` for the experiment itself.
    overrides
        As written.
    measures
        By portfolio, then by measure.
    changes
        By portfolio: the decision's measure minus that of the base, paired; empty for the base.
    pair
        Comparisons of the decision's portfolios.
    """

    name: str
    overrides: Mapping[str, Any]
    measures: Mapping[str, Mapping[str, Measured]]
    changes: Mapping[str, Measured]
    pair: Mapping[str, Measured]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {
            "scenario": self.name,
            "overrides": dict(self.overrides),
            "portfolios": {
                portfolio: {name: entry.to_dict() for name, entry in own.items()}
                for portfolio, own in self.measures.items()
            },
            "changes": {name: entry.to_dict() for name, entry in self.changes.items()},
            "pair": {name: entry.to_dict() for name, entry in self.pair.items()},
        }


@dataclass(frozen=True)
class Scenarios(Told, table="sim.questions.point_tables:scenario_table"):
    """The base and every scenario, in the same worlds.

    Attributes
    ----------
    decision
        The pair compared; `measure` is what the changes are of.
    cases
        The base first.
    worlds
        Worlds of each.
    notes
        What was done about what is not obvious.
    """

    decision: Decision
    cases: tuple[Case, ...]
    worlds: int
    notes: tuple[str, ...] = ()

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one row for each scenario and portfolio."""
        rows = []
        for case in self.cases:
            for portfolio, measures in case.measures.items():
                row: dict[str, Any] = {"scenario": case.name, "portfolio": portfolio}
                entries = {**measures}
                if portfolio in case.changes:
                    entries["change"] = case.changes[portfolio]
                if portfolio == self.decision.a:
                    entries |= case.pair
                for name, entry in entries.items():
                    row[name], row[f"{name}_se"] = entry.value, entry.se
                rows.append(row)
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return the answer for JSON."""
        return {
            "analysis": "scenario",
            "sentence": self.sentence,
            "headline": self.headline,
            "notes": list(self.notes),
            "decision": {"a": self.decision.a, "b": self.decision.b},
            "measure": self.decision.measure,
            "worlds": self.worlds,
            "scenarios": [case.to_dict() for case in self.cases],
        }

    @property
    def headline(self) -> str:
        """Say how the choice fares over the scenarios; of a single portfolio, its worst one."""
        a, b = self.decision.a, self.decision.b
        if b is None:
            worst = self._hardest(a)
            return (
                f"Hardest on {a}: {worst.name}, median ROI {told(worst.measures[a]['roi_median'])}"
            )
        low, high = self._extremes()
        ends = [percent(e.value, e.se) for e in (low.pair["a_beats_b"], high.pair["a_beats_b"])]
        return f"{a} beats {b} in {ends[0]} ({low.name}) to {ends[1]} ({high.name}) of worlds"

    def _extremes(self) -> tuple[Case, Case]:
        """Return the cases in which the first portfolio wins least and most often."""
        ordered = sorted(self.cases, key=lambda case: case.pair["a_beats_b"].value or 0.0)
        return ordered[0], ordered[-1]

    @property
    def sentence(self) -> str:
        """Say how the choice fares, and which scenario is the hardest on each portfolio."""
        measure = self.decision.measure
        parts = []
        if self.decision.b is not None:
            ends = [f"{told(c.pair['a_beats_b'])} of worlds ({c.name})" for c in self._extremes()]
            parts.append(
                f"{self.decision.a} beats {self.decision.b} least often in {ends[0]}, most often in "
                f"{ends[1]}"
            )
        for portfolio in self.decision.portfolios:
            case = self._hardest(portfolio)
            level = f"{measure_words(measure)} {told(case.measures[portfolio][measure])}"
            if measure in TWINS:
                twin = case.measures[portfolio][TWINS[measure]]
                level += f", {twin_word(measure)} {told(twin)}"
            change = case.changes.get(portfolio)
            if change is None or change.value is None:
                parts.append(f"no scenario is harder on {portfolio} than the base: {level}")
                continue
            size = told(Number(abs(change.value), change.se, change.unit, change.reason))
            way = "up" if change.value > 0.0 else "down"
            points = size.replace(" %", " points", 1)
            parts.append(f"hardest on {portfolio} is {case.name}: {level}; {way} by {points}")
        return f"{'; '.join(parts)} ({len(self.cases)} runs in the same {counted(self.worlds, 'world')})."

    def _hardest(self, portfolio: str) -> Case:
        """Return the case with the worst level of the decision's measure."""
        measure = self.decision.measure
        sign = -1.0 if measure in LESS_IS_BETTER else 1.0
        return min(self.cases, key=lambda case: sign * _level(case, portfolio, measure))


def _level(case: Case, portfolio: str, measure: str) -> float:
    value = case.measures[portfolio][measure].value
    return np.nan if value is None else value


def scenario(
    experiment: Experiment,
    names: Sequence[str] | None = None,
    *,
    a: str | None = None,
    b: str | None = None,
    measure: str | None = None,
    resize: bool = False,
    run: xr.Dataset | None = None,
    worlds: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Scenarios:
    """Run the scenarios of an experiment beside it, in the same worlds.

    A scenario is a table ``[scenario.NAME]`` of keys with what they are instead, as a file would
    write it, or as ``"0.8x"``: so many times what they are, a distribution moved as a whole.

    Parameters
    ----------
    experiment
        The experiment, with ``[scenario.NAME]`` tables.
    names
        Scenarios to run; all by default.
    a, b, measure
        Override ``[decision]``.
    resize
        Whether budgets hire again in each scenario; else every portfolio keeps its creators.
    run
        A finished run of the experiment.
    worlds
        Worlds of each, at most those of the experiment, which is the default.
    threads, progress
        See `sim.simulate`; progress counts runs.

    Raises
    ------
    ExperimentError
        Where the experiment has no scenario, or one has unknown keys or impossible values.
    """
    written = experiment.scenario or {}
    chosen = list(names) if names else list(written)
    _check_names(experiment, chosen)
    decision = _decision(experiment, a, b, measure)
    if worlds is not None and worlds < experiment.simulation.worlds:
        experiment, run = with_worlds(experiment, worlds), None
    varied = Varied(experiment, resize)
    experiments = overridden(varied, {name: written[name] for name in chosen})
    base = run if run is not None else simulate(experiment, threads=threads)
    cases = [_case(BASE, {}, base, None, decision)]
    for done, (name, changed) in enumerate(experiments.items(), 1):
        results = simulate(changed, threads=threads)
        cases.append(_case(name, written[name], results, base, decision))
        if progress is not None:
            progress(done, len(experiments))
    budgets = [name for name, own in experiment.portfolio.items() if own.budget is not None]
    notes: tuple[str, ...] = ()
    if budgets and not resize:
        notes = (f"{', '.join(budgets)}: creators held as hired; --resize hires in each scenario.",)
    return Scenarios(decision, tuple(cases), int(base.sizes["sim"]), notes)


def check_scenarios(experiment: Experiment) -> None:
    """Check the tables ``[scenario.NAME]`` of an experiment: every key and every value.

    Raises
    ------
    ExperimentError
        With the faults of all scenarios.
    """
    faults: list[Fault] = []
    written = experiment.scenario or {}
    for check in (
        lambda: _check_names(experiment, list(written)),
        lambda: overridden(Varied(experiment), written),
    ):
        try:
            if written:
                check()
        except ExperimentError as error:
            faults += error.faults
    if faults:
        raise ExperimentError(experiment.file, faults)


def _decision(
    experiment: Experiment, a: str | None, b: str | None, measure: str | None
) -> Decision:
    """Return the decision; a comparison as its measure leaves the levels to mean ROI."""
    decision = decide(experiment, a, b, measure)
    if decision.measure in COMPARISONS:
        return Decision(decision.a, decision.b, DEFAULT_MEASURE)
    return decision


def _check_names(experiment: Experiment, chosen: Sequence[str]) -> None:
    known = list(experiment.scenario or {})
    faults = [
        Fault(f"scenario.{name}", f"is no scenario of this file; {suggestion(name, known)}")
        for name in chosen
        if name not in known
    ]
    if BASE in chosen:
        faults.append(Fault(f"scenario.{BASE}", "is what the experiment itself is called"))
    if not chosen:
        example = '[scenario.recession] with economics.order_value = "0.8x"'
        faults.append(Fault("scenario", f"is missing: write {example}"))
    if faults:
        raise ExperimentError(experiment.file, faults)


def _case(
    name: str,
    overrides: Mapping[str, Any],
    worlds: xr.Dataset,
    base: xr.Dataset | None,
    decision: Decision,
) -> Case:
    portfolios = [str(portfolio) for portfolio in worlds["portfolio"].values]
    measures = dict.fromkeys((decision.measure, *SHOWN))
    changes = {}
    if base is not None:
        unit = unit_of(decision.measure)
        for portfolio in portfolios:
            after, before = (estimate_of(of, portfolio, decision.measure) for of in (worlds, base))
            changes[portfolio] = as_measured(after - before, unit, base)
    pair = {}
    if decision.b is not None:
        pair = {row: compared(worlds, decision.a, decision.b, row) for row in _PAIRED}
    levels = {
        portfolio: {row: measure_of(worlds, portfolio, row) for row in measures}
        for portfolio in portfolios
    }
    return Case(name, overrides, levels, changes, pair)


def table_of(found: Scenarios) -> xr.Dataset:
    """Return the figures as a Dataset by (scenario, portfolio), errors under ``_se``."""
    import xarray as xr

    names = [case.name for case in found.cases]
    portfolios = list(found.cases[0].measures)
    data: dict[str, Any] = {}
    for measure in found.cases[0].measures[portfolios[0]]:
        for suffix in ("", "_se"):
            values = [
                [_number(case.measures[p][measure], suffix) for p in portfolios]
                for case in found.cases
            ]
            labels = {"units": unit_of(measure), "long_name": measure_words(measure)}
            data[measure + suffix] = (("scenario", "portfolio"), values, labels)
    for measure in found.cases[0].pair:
        for suffix in ("", "_se"):
            row = [_number(case.pair[measure], suffix) for case in found.cases]
            labels = {"units": unit_of(measure), "long_name": measure_words(measure)}
            data[measure + suffix] = (("scenario",), row, labels)
    return xr.Dataset(data, coords={"scenario": names, "portfolio": portfolios})


def _number(entry: Measured, suffix: str) -> float:
    value = entry.se if suffix else entry.value
    return np.nan if value is None else value
