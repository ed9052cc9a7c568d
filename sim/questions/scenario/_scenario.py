"""Scenarios: named tables of overrides, run side by side with the base in the same worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.reuse import reusing
from ...experiment import Experiment, ExperimentError, Fault
from ...experiment.faults import suggestion
from ...labelled import labelled
from ...measures import COMPARISONS, Measured
from ...measures.worlds import portfolio_names, sides_of
from ...run.simulate import at_point
from ...text.names import measure_words
from ...vary.keys import Varied
from ...vary.overrides import overridden
from ..common import (
    DEFAULT_MEASURE,
    Decision,
    as_measured,
    compared,
    decide,
    estimate_of,
    measure_of,
    unit_of,
)
from ..question import Setting, Sides
from ._answer import Case, Scenarios

if TYPE_CHECKING:
    import xarray as xr

    from . import ScenarioOptions

BASE = "base"
#: What is shown of every scenario and portfolio, beside the decision's measure.
SHOWN = (
    "roi_mean", "roi_median", "roi_p05", "roi_p95", "roi_es05", "loss_probability",
    "profit_mean", "profit_median", "cost_mean",
)  # fmt: skip
_PAIRED = ("a_beats_b", "roi_difference_mean", "profit_difference_mean")


@reusing()
def ask(setting: Setting, options: ScenarioOptions) -> Scenarios:
    """Run the scenarios of an experiment beside it, in the same worlds.

    A scenario is a table ``[scenario.NAME]`` of keys with what they are instead, as a file would
    write it, or as ``"0.8x"``: so many times what they are, a distribution moved as a whole.

    Raises
    ------
    ExperimentError
        Where the experiment has no scenario, or one has unknown keys or impossible values.
    """
    experiment, threads = setting.experiment, setting.threads
    written = experiment.scenario or {}
    chosen = list(options.only) if options.only else list(written)
    _check_names(experiment, chosen)
    decision = _decision(experiment, options)
    varied = Varied(experiment, bool(options.resize))
    experiments = overridden(varied, {name: written[name] for name in chosen})
    base = setting.run if setting.run is not None else at_point(experiment, threads)
    cases = [_case(BASE, {}, base, None, decision)]
    for done, (name, changed) in enumerate(experiments.items(), 1):
        results = at_point(changed, threads)
        cases.append(_case(name, written[name], results, base, decision))
        if setting.progress is not None:
            setting.progress(done, len(experiments))
    budgets = [name for name, own in experiment.portfolio.items() if own.budget is not None]
    notes: tuple[str, ...] = ()
    if budgets and not options.resize:
        held = "creators held as hired, though they may then ask for more than the budget"
        notes = (f"{', '.join(budgets)}: {held}; --resize hires in each scenario.",)
    answer = Scenarios(
        decision=Sides(decision.a, decision.b),
        measure=decision.measure,
        worlds=int(base.sizes["sim"]),
        scenarios=tuple(cases),
        notes=notes,
    )
    return answer.on_axes(_on_axes(answer))


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


def _decision(experiment: Experiment, options: ScenarioOptions) -> Decision:
    """Return the decision; a comparison as its measure leaves the levels to mean ROI."""
    decision = decide(experiment, options.a, options.b, options.measure)
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
    portfolios, sides = portfolio_names(worlds), sides_of(worlds)
    measures = dict.fromkeys((decision.measure, *SHOWN))
    changes = {}
    if base is not None:
        unit = unit_of(decision.measure)
        for portfolio in portfolios:
            after = estimate_of(worlds, portfolio, decision.measure, sides)
            before = estimate_of(base, portfolio, decision.measure)
            changes[portfolio] = as_measured(after - before, unit, base)
    pair = {}
    if decision.b is not None:
        pair = {row: compared(worlds, decision.a, decision.b, row, sides) for row in _PAIRED}
    levels = {
        portfolio: {row: measure_of(worlds, portfolio, row, sides) for row in measures}
        for portfolio in portfolios
    }
    return Case(name, dict(overrides), levels, changes, pair)


def _on_axes(answer: Scenarios) -> xr.Dataset:
    """Return the figures as a Dataset by (scenario, portfolio), errors under ``_se``."""
    names = [case.scenario for case in answer.scenarios]
    portfolios = list(answer.scenarios[0].portfolios)
    data: dict[str, Any] = {}
    for measure in answer.scenarios[0].portfolios[portfolios[0]]:
        for suffix in ("", "_se"):
            values = [
                [_number(case.portfolios[p][measure], suffix) for p in portfolios]
                for case in answer.scenarios
            ]
            labels = {"units": unit_of(measure), "long_name": measure_words(measure)}
            data[measure + suffix] = (("scenario", "portfolio"), np.array(values), labels)
    for measure in answer.scenarios[0].pair:
        for suffix in ("", "_se"):
            row = [_number(case.pair[measure], suffix) for case in answer.scenarios]
            labels = {"units": unit_of(measure), "long_name": measure_words(measure)}
            data[measure + suffix] = (("scenario",), np.array(row), labels)
    coords: dict[str, Any] = {
        "scenario": (("scenario",), np.array(names), {}),
        "portfolio": (("portfolio",), np.array(portfolios), {}),
    }
    return labelled(coords | data, tuple(coords), {})


def _number(entry: Measured, suffix: str) -> float:
    value = entry.se if suffix else entry.value
    return np.nan if value is None else value
