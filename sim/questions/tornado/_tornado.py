"""Tornado: each uncertain input at its 10 % and 90 % points, all others as drawn.

Uncertain are what the worlds of a run differ in by doubt or by a shared season: shocks, beliefs
about the tiers, and figures of the economics that are a distribution. Creators, posts and orders
keep their own luck, the same at both points, so that a swing is about the input alone. The rank
correlation of the inputs with the outcome says much the same from a finished run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ...engine.reuse import reusing
from ...experiment import Experiment, ExperimentError, Fault
from ...measures import COMPARISONS, MEASURES, Estimate, Measured
from ...measures.outcome import variable_of
from ...measures.worlds import as_dataset, rows_of
from ...plan import make_plan
from ...text.names import TWINS, measure_words
from ...text.numbers import counted
from ...text.verdicts import TOLD_APART
from ...vary.draw import draw, shared_scores
from ...vary.factors import SCORES, Uncertain, uncertain_inputs
from ..common import (
    POINT_WORLDS,
    Decision,
    as_measured,
    check_defined,
    decide,
    estimate_of,
    gap_estimate,
    left_out,
    only,
    unit_of,
    with_worlds,
)
from ..question import Setting, Sides
from ._answer import Ends, Swing, Tornado
from ._correlation import rank_correlation

if TYPE_CHECKING:
    import xarray as xr

    from . import TornadoOptions

Array = npt.NDArray[np.float64]


@reusing()
def ask(setting: Setting, options: TornadoOptions) -> Tornado:
    """Move every uncertain input from its 10 % to its 90 % point, all others as drawn.

    With ``rank`` the inputs are ordered by their rank correlation with the outcome of the finished
    run, and nothing is simulated but that.
    """
    if options.rank:
        return _ranked(setting, options)
    experiment = setting.experiment
    decision = _outcome_of(experiment, options)
    plan = make_plan(only(with_worlds(experiment, options.points or POINT_WORLDS), decision))
    uncertain = uncertain_inputs(experiment, plan)
    factors = shared_scores(plan, 0, plan.worlds)
    variables = sorted({*_variables(decision.measure), variable_of(decision.measure), "cost"})
    total, done = 1 + len(SCORES) * len(uncertain), 0

    def worlds_at(given: Array) -> xr.Dataset:
        nonlocal done
        rows = draw(plan, variables, factors=given, threads=setting.threads)
        done += 1
        if setting.progress is not None:
            setting.progress(done, total)
        like = {"sampling": plan.sampling.kind, "groups": plan.sampling.groups}
        return as_dataset(plan.portfolios, rows, like)

    base = worlds_at(factors)
    notes = list(_checked(experiment, base, decision))
    effect = _effect(base, decision)
    inputs = []
    for one in uncertain:
        points = [worlds_at(one.pinned(factors, score)) for score in SCORES]
        correlation = rank_correlation(factors[one.row], effect, base)
        inputs.append(_swing(one, points, decision, correlation))
    inputs.sort(key=lambda swing: -abs(swing.swing.value or 0.0) if swing.swing else 0.0)
    if plan.worlds < experiment.simulation.worlds:
        notes.append(f"Each point has {counted(plan.worlds, 'world')} (--points asks for more).")
    if not all(one.alone for one in uncertain):
        notes.append("A tier's centre moves with what all tiers have in common, and that row too.")
    return _answer("swing", decision, base, inputs, notes)


def _ranked(setting: Setting, options: TornadoOptions) -> Tornado:
    """Return the inputs by their rank correlation with the variable that the measure summarises."""
    decision = _outcome_of(setting.experiment, options)
    run = setting.finished()
    plan = make_plan(setting.experiment)
    factors = shared_scores(plan, 0, plan.worlds)
    notes = _checked(setting.experiment, run, decision)
    effect = _effect(run, decision)
    inputs = [
        Swing(
            one.name,
            one.belief,
            one.settings(),
            monotone=True,
            portfolios={},
            rank_correlation=rank_correlation(factors[one.row], effect, run),
        )
        for one in uncertain_inputs(setting.experiment, plan)
    ]
    inputs.sort(key=lambda swing: -abs(swing.rank_correlation.value or 0.0))
    return _answer("rank", decision, run, inputs, notes)


def _answer(
    method: Literal["swing", "rank"],
    decision: Decision,
    base: xr.Dataset,
    inputs: Sequence[Swing],
    notes: Sequence[str],
) -> Tornado:
    return Tornado(
        method=method,
        decision=Sides(decision.a, decision.b),
        measure=decision.measure,
        outcome=_outcome_words(decision),
        label=_label(decision),
        worlds=base.sizes["sim"],
        base=as_measured(_estimate(base, decision), unit_of(decision.measure), base),
        inputs=tuple(inputs),
        twin=_twin_of(base, decision),
        notes=tuple(notes),
    )


# --- Outcome --------------------------------------------------------------------------------------


def _outcome_of(experiment: Experiment, options: TornadoOptions) -> Decision:
    """Return the decision, or a single portfolio as a decision without an alternative."""
    a, b, measure, of = options.a, options.b, options.measure, options.of
    if of is None:
        decision = decide(experiment, a, b, measure)
        if decision.b is None and decision.measure in COMPARISONS:
            fault = Fault("decision.measure", "compares two portfolios; there is one", measure)
            raise ExperimentError(experiment.file, [fault])
        return decision
    names = list(experiment.portfolio)
    other = next((name for name in names if name != of), None)
    single = decide(experiment, of, other, measure)
    if single.measure in COMPARISONS:
        problem = "compares two portfolios; --of names one"
        raise ExperimentError(experiment.file, [Fault("decision.measure", problem, single.measure)])
    return Decision(of, None, single.measure)


def _outcome_words(decision: Decision) -> str:
    what = measure_words(decision.measure)
    if decision.b is None:
        return f"The {what} of {decision.a}"
    if decision.measure == "a_beats_b":
        return f"How often {decision.a} has a higher ROI than {decision.b}"
    if decision.measure in COMPARISONS:
        return f"{what} (a: {decision.a}, b: {decision.b})"
    return f"The {what} of {decision.a} minus that of {decision.b}"


def _label(decision: Decision) -> str:
    """Return the outcome as the label of an axis."""
    if decision.b is None:
        return f"{measure_words(decision.measure)} of {decision.a}"
    if decision.measure == "a_beats_b":
        return f"share of worlds in which {decision.a} beats {decision.b}"
    if decision.measure in COMPARISONS:
        return _outcome_words(decision)
    return f"{measure_words(decision.measure)}, {decision.a} minus {decision.b}"


def _variables(measure: str) -> tuple[str, ...]:
    if measure in MEASURES:
        return MEASURES[measure].variables
    # Comparisons read a variable by side, and two ratios by their parts.
    names = [name.rpartition("_")[0] for name in COMPARISONS[measure].variables]
    parts = {"reach_per_usd": ("reach", "cost"), "cpm": ("cost", "impressions")}
    return tuple(part for name in names for part in parts.get(name, (name,)))


def _estimate(worlds: xr.Dataset, decision: Decision) -> Estimate:
    if decision.b is None:
        return estimate_of(worlds, decision.a, decision.measure)
    return gap_estimate(worlds, decision.a, decision.b, decision.measure)


def _twin_of(worlds: xr.Dataset, decision: Decision) -> Measured | None:
    """Return the median beside a mean, or the mean beside a median."""
    twin = TWINS.get(decision.measure)
    if twin is None:
        return None
    other = Decision(decision.a, decision.b, twin)
    return as_measured(_estimate(worlds, other), unit_of(twin), worlds)


def _checked(experiment: Experiment, worlds: xr.Dataset, decision: Decision) -> tuple[str, ...]:
    """Return notes on worlds without the outcome; refuse one that a portfolio never has."""
    name = variable_of(decision.measure)
    values = rows_of(worlds, name, decision.portfolios)
    check_defined(experiment.file, name, values, decision.portfolios)
    return left_out(name, values, decision.portfolios)


def _effect(worlds: xr.Dataset, decision: Decision) -> Array:
    """Return the outcome of each world, (worlds,): a portfolio's variable, or a minus b."""
    values = worlds[variable_of(decision.measure)]
    own = values.sel(portfolio=decision.a).values
    return np.asarray(own if decision.b is None else own - values.sel(portfolio=decision.b).values)


def _swing(
    one: Uncertain, points: Sequence[xr.Dataset], decision: Decision, correlation: Measured
) -> Swing:
    unit, like = unit_of(decision.measure), points[0]
    low, middle, high = (_estimate(worlds, decision) for worlds in points)
    swing = as_measured(high - low, unit, like)
    sides = {
        name: Ends(
            as_measured(estimate_of(points[0], name, decision.measure), unit, like),
            as_measured(estimate_of(points[2], name, decision.measure), unit, like),
        )
        for name in (decision.portfolios if decision.measure in MEASURES else ())
    }
    return Swing(
        one.name,
        one.belief,
        one.settings(),
        _monotone(as_measured(middle - low, unit, like), as_measured(high - middle, unit, like)),
        sides,
        correlation,
        low=as_measured(low, unit, like),
        middle=as_measured(middle, unit, like),
        high=as_measured(high, unit, like),
        swing=swing,
    )


def _monotone(first: Measured, second: Measured) -> bool:
    """Whether two steps go the same way, or one of them is too small to tell."""
    steps = (first, second)
    if any(step.value is None or step.se is None for step in steps):
        return (first.value or 0.0) * (second.value or 0.0) >= 0.0
    if any(abs(step.value or 0.0) <= TOLD_APART * (step.se or 0.0) for step in steps):
        return True
    return (first.value or 0.0) * (second.value or 0.0) > 0.0
