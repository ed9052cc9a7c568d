"""What all questions share: the decision, a measure with its error, finished runs, saved answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment, ExperimentError, Fault
from ..experiment.faults import suggestion
from ..measures import COMPARISONS, MEASURES, Estimate, Measure, Measured
from ..measures.estimate import spread_over
from ..measures.evaluate import evaluate, measured
from ..measures.summary import DEFAULT_TARGET
from ..measures.table import Setting
from ..measures.worlds import CLUSTERED_SAMPLING, LEVERS, PairWorlds, Sides, Worlds, sides_of
from ..plan import make_plan
from ..text.currency import in_currency
from ..text.numbers import counted
from ..vary.variant import variant

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]

#: Worlds of questions that simulate at every point, unless more are asked for.
POINT_WORLDS = 20_000
DEFAULT_MEASURE = "roi_mean"
#: Measures of which less is better.
LESS_IS_BETTER = ("loss_probability", "cost_mean")


# --- The decision ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """Which portfolios are compared, and on what.

    Attributes
    ----------
    a, b
        Names of the portfolios; `b` is None where the experiment has only one.
    measure
        A name from `sim.measures.MEASURES`, or from `COMPARISONS` where there are two.
    """

    a: str
    b: str | None
    measure: str = DEFAULT_MEASURE

    @property
    def portfolios(self) -> tuple[str, ...]:
        """The portfolios that the decision is about."""
        return (self.a,) if self.b is None else (self.a, self.b)


def decide(
    experiment: Experiment,
    a: str | None = None,
    b: str | None = None,
    measure: str | None = None,
    *,
    alone: bool = False,
) -> Decision:
    """Return the decision of an experiment: what is given, else ``[decision]``, else its only pair.

    Parameters
    ----------
    experiment
        The experiment.
    a, b, measure
        Override ``decision.a``, ``decision.b`` and ``decision.measure``.
    alone
        Whether it is about `a` alone, which of a pair is the first by default.

    Raises
    ------
    ExperimentError
        For more than two portfolios without a decision, and for unknown names.
    """
    names, table = list(experiment.portfolio), experiment.decision
    a = a or (table.a if table else None)
    b = b or (table.b if table else None)
    measure = measure or (table.measure if table else DEFAULT_MEASURE)
    if a is None and b is None and len(names) <= 2:
        a, b = names[0], names[1] if len(names) == 2 else None
    elif len(names) == 2 and (a is None or b is None):
        given = a or b
        other = names[1] if given == names[0] else names[0]
        a, b = a or other, b or other
    if alone:
        b = None
    faults = [
        *_decision_faults(names, a, b, measure, alone),
        *_not_simulated(experiment, measure),
    ]
    if faults:
        raise ExperimentError(experiment.file, faults)
    assert a is not None
    return Decision(a, b, measure)


def _decision_faults(
    names: list[str], a: str | None, b: str | None, measure: str, alone: bool
) -> list[Fault]:
    faults = []
    if alone and a is None:
        faults.append(Fault("a", f'says which portfolio: --a "{names[0]}"'))
    elif not alone and (a is None or b is None) and len(names) > 1:
        example = f'[decision] with a = "{names[0]}" and b = "{names[1]}"'
        faults.append(Fault("decision", f"is needed with {len(names)} portfolios: {example}"))
    for side, name in (("a", a), ("b", b)):
        if name is not None and name not in names:
            problem = f"no such portfolio; {suggestion(name, names)}"
            faults.append(Fault(f"decision.{side}", problem, name))
    if a is not None and a == b:
        faults.append(Fault("decision.b", "must be another portfolio than decision.a", b))
    if measure not in MEASURES and measure not in COMPARISONS:
        near = suggestion(measure, [*MEASURES, *COMPARISONS]) or "`sim run --json` lists them all"
        faults.append(Fault("decision.measure", f"is no measure; {near}", measure))
    return faults


def _not_simulated(experiment: Experiment, measure: str) -> list[Fault]:
    """Return what speaks against a measure of what the experiment does not simulate."""
    from ..engine.accounts import buyer_variables

    row = MEASURES.get(measure)
    needed = [name for name in row.variables if name in LEVERS] if row else []
    if not needed:
        return []
    there = buyer_variables(make_plan(experiment))
    missing = [name for name in needed if name not in there]
    return [Fault("decision.measure", LEVERS[name], measure) for name in missing]


# --- Measures -------------------------------------------------------------------------------------


def measure_of(
    dataset: xr.Dataset, portfolio: str, name: str, sides: Sides | None = None
) -> Measured:
    """Return a measure of one portfolio: value, standard error, unit, and why one is missing.

    Parameters
    ----------
    dataset
        Variables by (portfolio, sim); those that the measure reads are enough.
    portfolio
        Name of the portfolio.
    name
        A name from `sim.measures.MEASURES`.
    sides
        What `sides_of` gave for the Dataset, where several measures are asked of it: each portfolio
        is then read and sorted once. So in the functions below.
    """
    row = MEASURES[name]
    own = (sides or sides_of(dataset))(portfolio)
    return evaluate(row, own, _settings(row, dataset))


def compared(
    dataset: xr.Dataset, a: str, b: str, name: str, sides: Sides | None = None
) -> Measured:
    """Return how two portfolios compare on a measure, paired over the worlds.

    A name from `COMPARISONS` is that comparison; a name from `MEASURES` is a's minus b's.
    """
    return as_measured(gap_estimate(dataset, a, b, name, sides), unit_of(name), dataset)


def estimate_of(
    dataset: xr.Dataset, portfolio: str, name: str, sides: Sides | None = None
) -> Estimate:
    """Return a measure of one portfolio with the influence of every world, to be subtracted."""
    row = MEASURES[name]
    own = (sides or sides_of(dataset))(portfolio)
    return _estimate(row, own, _settings(row, dataset))


def gap_estimate(
    dataset: xr.Dataset, a: str, b: str, name: str, sides: Sides | None = None
) -> Estimate:
    """Return what `compared` does with the influence of every world."""
    sides = sides or sides_of(dataset)
    if name in COMPARISONS:
        return _estimate(COMPARISONS[name], PairWorlds(dataset, sides(a), sides(b)), {})
    return estimate_of(dataset, a, name, sides) - estimate_of(dataset, b, name, sides)


def as_measured(estimate: Estimate, unit: str, dataset: xr.Dataset) -> Measured:
    """Return an estimate as a number with its standard error, by how the worlds were sampled."""
    return measured(
        estimate,
        unit,
        groups=int(dataset.attrs.get("groups", 0)),
        clustered=dataset.attrs.get("sampling") == CLUSTERED_SAMPLING,
    )


def unit_of(name: str) -> str:
    """Return the unit of a measure or comparison, in the currency of the text at hand."""
    return in_currency((MEASURES.get(name) or COMPARISONS[name]).unit)


def long_name_of(name: str) -> str:
    """Return what a measure or comparison is, in words."""
    return in_currency((MEASURES.get(name) or COMPARISONS[name]).long_name)


def _settings(row: Measure, dataset: xr.Dataset) -> dict[str, float]:
    settings = {"target": DEFAULT_TARGET, "risk_tolerance": math.nan}
    if any(isinstance(o, Setting) and o.name == "risk_tolerance" for o in row.options.values()):
        # As in `summarize`: the mean cost of the dearest portfolio, the same for all.
        dearest = float(dataset["cost"].mean("sim").max())
        settings["risk_tolerance"] = dearest if dearest > 0.0 else math.nan
    return settings


def _estimate(row: Measure, worlds: Worlds, settings: Mapping[str, float]) -> Estimate:
    if lacking := worlds.lacks(row.variables):
        size = worlds.sample("cost").worlds
        return Estimate(np.asarray(np.nan), np.full(size, np.nan), reason=lacking)
    samples, keep = worlds.complete(row.variables)
    if not samples:
        size = worlds.sample(row.variables[0]).worlds
        reason = f"{' and '.join(row.variables)} undefined in every world"
        return Estimate(np.asarray(np.nan), np.full(size, np.nan), reason=reason)
    options = {
        key: settings[option.name] if isinstance(option, Setting) else option
        for key, option in row.options.items()
    }
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        estimate = row.function(*samples, **options)
    return estimate if keep is None else spread_over(estimate, keep)


# --- Worlds in which a ratio is undefined -----------------------------------------------------------


def left_out(variable: str, values: Array, portfolios: Sequence[str]) -> tuple[str, ...]:
    """Return a note for each portfolio whose variable is undefined in some worlds.

    Parameters
    ----------
    variable
        Name in the results.
    values
        Shape (portfolios, worlds), not finite where it is undefined.
    portfolios
        Their names.
    """
    missing = np.count_nonzero(~np.isfinite(values), axis=-1)
    return tuple(
        f"{variable} of {name} is undefined in {counted(count)} of {counted(values.shape[-1], 'world')} "
        f"(its denominator is zero, as where nothing is spent); they are left out. {_ON_PROFIT}"
        for name, count in zip(portfolios, missing.tolist(), strict=True)
        if count
    )


def check_defined(file: str, variable: str, values: Array, portfolios: Sequence[str]) -> None:
    """Refuse a question about a variable that a portfolio has in none of the worlds.

    Raises
    ------
    ExperimentError
        With the way out.
    """
    nowhere = np.asarray(~np.isfinite(values).any(axis=-1))
    problem = f"{variable} is undefined in every world: nothing is spent. {_ON_PROFIT}"
    faults = [
        Fault(f"portfolio.{name}", problem)
        for name, none in zip(portfolios, nowhere.tolist(), strict=True)
        if none
    ]
    if faults:
        raise ExperimentError(file, faults)


_ON_PROFIT = 'Profit is defined in all: measure = "profit_mean" in [decision], or as an option.'


# --- Experiments with less in them ----------------------------------------------------------------


def with_worlds(experiment: Experiment, worlds: int) -> Experiment:
    """Return the same experiment with at most so many worlds: the first of its own."""
    if experiment.simulation.worlds <= worlds:
        return experiment
    return variant(experiment, values={("simulation", "worlds"): worlds})


def only(experiment: Experiment, decision: Decision) -> Experiment:
    """Return the experiment with the portfolios of a decision alone: their worlds are the same."""
    return variant(experiment, only=decision.portfolios)


# --- Answers --------------------------------------------------------------------------------------


def finite(value: float | None) -> float | None:
    """Return a number for JSON: None where it is not finite."""
    return None if value is None or not math.isfinite(value) else float(value)
