"""Tornado: each uncertain input at its 10 % and 90 % points, all others as drawn.

Uncertain are what the worlds of a run differ in by doubt or by a shared season: shocks, beliefs
about the tiers, and figures of the economics that are a distribution. Creators, posts and orders
keep their own luck, the same at both points, so that a swing is about the input alone. The rank
correlation of the inputs with the outcome says much the same from a finished run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...displays import Told
from ...experiment import Experiment, ExperimentError, Fault
from ...measures import COMPARISONS, MEASURES, Estimate, Measured
from ...measures.outcome import variable_of
from ...measures.worlds import as_dataset
from ...plan import make_plan
from ...run.simulate import Progress
from ...vary.draw import draw, shared_scores
from ...vary.uncertain import SCORES, Uncertain, rank_correlation, uncertain_inputs
from ..common import (
    POINT_WORLDS,
    TWINS,
    Decision,
    as_measured,
    check_defined,
    decide,
    estimate_of,
    gap_estimate,
    left_out,
    only,
    told,
    twin_words,
    unit_of,
    with_worlds,
    words_of,
)

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]

#: Standard errors by which the middle must leave the range of the ends.
_TOLD_APART = 2.0


@dataclass(frozen=True)
class Swing:
    """What one input does to the outcome.

    Attributes
    ----------
    name, words, settings
        The input; see `Uncertain`.
    low, middle, high
        Outcome at its 10 %, 50 % and 90 % points; None where only rank correlation was asked.
    swing
        Outcome at the 90 % point minus that at the 10 % point, paired.
    monotone
        False where the middle lies outside of the two ends by more than two standard errors.
    portfolios
        The measure of each portfolio at the 10 % and the 90 % points.
    rank_correlation
        Spearman's, of the input's own row with the outcome of each world: for a tier's centre
        without what all tiers have in common, so that the rows are independent.
    """

    name: str
    words: str
    settings: tuple[str, str, str]
    low: Measured | None
    middle: Measured | None
    high: Measured | None
    swing: Measured | None
    monotone: bool
    portfolios: Mapping[str, tuple[Measured, Measured]]
    rank_correlation: Measured

    @property
    def moves(self) -> bool:
        """Whether the outcome is not the same wherever the input stands."""
        points = [entry.value for entry in (self.low, self.middle, self.high) if entry is not None]
        return len(set(points)) > 1 if points else bool(self.rank_correlation.value)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        points = {
            name: entry.to_dict()
            for name in ("low", "middle", "high", "swing")
            if (entry := getattr(self, name)) is not None
        }
        return {
            "input": self.name,
            "words": self.words,
            "settings": list(self.settings),
            **points,
            "monotone": self.monotone,
            "portfolios": {
                name: {"low": low.to_dict(), "high": high.to_dict()}
                for name, (low, high) in self.portfolios.items()
            },
            "rank_correlation": self.rank_correlation.to_dict(),
        }


@dataclass(frozen=True)
class Tornado(Told, table="sim.questions.point_tables:tornado_table"):
    """Inputs by how far each moves the outcome, the largest first.

    Attributes
    ----------
    decision
        Portfolios and measure.
    outcome
        What moves, in words.
    base
        The outcome with all inputs as drawn.
    swings
        One for each input.
    worlds
        Worlds of each point.
    method
        ``"swing"`` or ``"rank"``: by which the inputs are ordered.
    notes
        What was done about what is not obvious.
    twin
        With a mean as the outcome its median, with a median its mean; all inputs as drawn.
    """

    decision: Decision
    outcome: str
    base: Measured
    swings: tuple[Swing, ...]
    worlds: int
    method: str
    notes: tuple[str, ...] = ()
    twin: Measured | None = None

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one row for each input."""
        rows = []
        for swing in self.swings:
            row: dict[str, Any] = {"input": swing.name}
            for name in ("low", "middle", "high", "swing") if self.method == "swing" else ():
                entry = getattr(swing, name)
                row[name], row[f"{name}_se"] = entry.value, entry.se
            if self.method == "swing":
                row["monotone"] = swing.monotone
            row["rank_correlation"] = swing.rank_correlation.value
            row["rank_correlation_se"] = swing.rank_correlation.se
            rows.append({**row, "words": swing.words})
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return the answer for JSON."""
        return {
            "analysis": "tornado",
            "sentence": self.sentence,
            "notes": list(self.notes),
            "method": self.method,
            "decision": {"a": self.decision.a, "b": self.decision.b},
            "measure": self.decision.measure,
            "outcome": self.outcome,
            "label": _label(self.decision),
            "worlds": self.worlds,
            "base": self.base.to_dict(),
            **({"twin": self.twin.to_dict()} if self.twin else {}),
            "inputs": [swing.to_dict() for swing in self.swings],
        }

    @property
    def sentence(self) -> str:
        """Say what moves the outcome most, and which inputs do not push in one direction."""
        outcome = self.outcome[0].lower() + self.outcome[1:]
        if not self.swings:
            return f"Nothing is uncertain: no input moves {outcome}."
        moving = [swing for swing in self.swings if swing.moves]
        if not moving:
            return (
                f"No input moves {outcome}: it is {told(self.base)} wherever each stands "
                f"({self.worlds:,} worlds)."
            )
        parts = []
        for swing in moving[:3]:
            if swing.low is None or swing.high is None:
                rank = swing.rank_correlation
                parts.append(f"{swing.words} ({rank.value:+.3f} ± {rank.se or 0.0:.3f})")
                continue
            ends = [told(entry) for entry in (swing.low, swing.high)]
            parts.append(f"{swing.words} (from {ends[0]} at {swing.settings[0]} "
                         f"to {ends[1]} at {swing.settings[2]})")  # fmt: skip
        how = "rank correlation" if self.method == "rank" else "10 % to 90 % point"
        bent = [swing.words for swing in self.swings if not swing.monotone]
        text = (
            f"{self.outcome}, {told(self.base)}{self._twin()} with everything "
            f"as drawn, moves most with {', then '.join(parts)}"
        )
        if bent:
            text += f"; not in one direction with {', '.join(bent)}"
        return f"{text} ({how}, {self.worlds:,} worlds)."

    def _twin(self) -> str:
        if self.twin is None:
            return ""
        return f", {twin_words(self.decision.measure)} {told(self.twin)},"


def tornado(
    experiment: Experiment,
    *,
    a: str | None = None,
    b: str | None = None,
    measure: str | None = None,
    of: str | None = None,
    worlds: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Tornado:
    """Move every uncertain input from its 10 % to its 90 % point, all others as drawn.

    Parameters
    ----------
    experiment
        The experiment.
    a, b, measure
        Override ``[decision]``. The outcome is a's measure minus b's, or the comparison.
    of
        A portfolio: the outcome is its measure alone.
    worlds
        Worlds of each point, at most those of the experiment; by default 20,000.
    threads, progress
        See `sim.simulate`; progress counts points.

    Returns
    -------
    Tornado
        Ordered by the size of the swing.
    """
    decision = _outcome_of(experiment, a, b, measure, of)
    plan = make_plan(only(with_worlds(experiment, worlds or POINT_WORLDS), decision))
    inputs = uncertain_inputs(experiment, plan)
    factors = shared_scores(plan, 0, plan.worlds)
    variables = sorted({*_variables(decision.measure), variable_of(decision.measure), "cost"})
    total, done = 1 + len(SCORES) * len(inputs), 0

    def worlds_at(given: Array) -> xr.Dataset:
        nonlocal done
        rows = draw(plan, variables, factors=given, threads=threads)
        done += 1
        if progress is not None:
            progress(done, total)
        like = {"sampling": plan.sampling.kind, "groups": plan.sampling.groups}
        return as_dataset(plan.portfolios, rows, like)

    base = worlds_at(factors)
    notes = list(_checked(experiment, base, decision))
    effect = _effect(base, decision)
    swings = []
    for one in inputs:
        points = [worlds_at(one.pinned(factors, score)) for score in SCORES]
        correlation = rank_correlation(factors[one.row], effect, base)
        swings.append(_swing(one, points, decision, correlation))
    swings.sort(key=lambda swing: -abs(swing.swing.value or 0.0) if swing.swing else 0.0)
    found = as_measured(_estimate(base, decision), unit_of(decision.measure), base)
    if plan.worlds < experiment.simulation.worlds:
        notes.append(f"Each point has {plan.worlds:,} worlds (--points asks for more).")
    if any(one.others for one in inputs):
        notes.append("A tier's centre moves with what all tiers have in common, and that row too.")
    words = _outcome_words(decision)
    return Tornado(
        decision,
        words,
        found,
        tuple(swings),
        plan.worlds,
        "swing",
        tuple(notes),
        _twin_of(base, decision),
    )


def rank_tornado(
    experiment: Experiment,
    run: xr.Dataset,
    *,
    a: str | None = None,
    b: str | None = None,
    measure: str | None = None,
    of: str | None = None,
) -> Tornado:
    """Order the uncertain inputs by their rank correlation with the outcome of a finished run.

    Parameters
    ----------
    experiment
        The experiment.
    run
        Its run: nothing is simulated.
    a, b, measure, of
        As in `tornado`. Ranks are those of the variable that the measure summarises.
    """
    decision = _outcome_of(experiment, a, b, measure, of)
    plan = make_plan(experiment)
    factors = shared_scores(plan, 0, plan.worlds)
    notes = _checked(experiment, run, decision)
    effect = _effect(run, decision)
    swings = [
        Swing(
            one.name,
            one.words,
            one.settings,
            None,
            None,
            None,
            None,
            True,
            {},
            rank_correlation(factors[one.row], effect, run),
        )
        for one in uncertain_inputs(experiment, plan)
    ]
    swings.sort(key=lambda swing: -abs(swing.rank_correlation.value or 0.0))
    found = as_measured(_estimate(run, decision), unit_of(decision.measure), run)
    words, twin = _outcome_words(decision), _twin_of(run, decision)
    return Tornado(decision, words, found, tuple(swings), plan.worlds, "rank", notes, twin)


# --- Outcome --------------------------------------------------------------------------------------


def _outcome_of(
    experiment: Experiment, a: str | None, b: str | None, measure: str | None, of: str | None
) -> Decision:
    """Return the decision, or a single portfolio as a decision without an alternative."""
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
    what = words_of(decision.measure)
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
        return f"{words_of(decision.measure)} of {decision.a}"
    if decision.measure == "a_beats_b":
        return f"share of worlds in which {decision.a} beats {decision.b}"
    if decision.measure in COMPARISONS:
        return _outcome_words(decision)
    return f"{words_of(decision.measure)}, {decision.a} minus {decision.b}"


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
    rows = worlds[name].sel(portfolio=list(decision.portfolios)).transpose("portfolio", "sim")
    values = np.asarray(rows.values)
    check_defined(experiment.file, name, values, decision.portfolios)
    return left_out(name, values, decision.portfolios)


def _effect(worlds: xr.Dataset, decision: Decision) -> Array:
    """Return the outcome of each world: a variable of a portfolio, or its difference."""
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
        name: (
            as_measured(estimate_of(points[0], name, decision.measure), unit, like),
            as_measured(estimate_of(points[2], name, decision.measure), unit, like),
        )
        for name in (decision.portfolios if decision.measure in MEASURES else ())
    }
    return Swing(
        one.name,
        one.words,
        one.settings,
        as_measured(low, unit, like),
        as_measured(middle, unit, like),
        as_measured(high, unit, like),
        swing,
        _monotone(as_measured(middle - low, unit, like), as_measured(high - middle, unit, like)),
        sides,
        correlation,
    )


def _monotone(first: Measured, second: Measured) -> bool:
    """Whether two steps go the same way, or one of them is too small to tell."""
    steps = (first, second)
    if any(step.value is None or step.se is None for step in steps):
        return (first.value or 0.0) * (second.value or 0.0) >= 0.0
    if any(abs(step.value or 0.0) <= _TOLD_APART * (step.se or 0.0) for step in steps):
        return True
    return (first.value or 0.0) * (second.value or 0.0) > 0.0
