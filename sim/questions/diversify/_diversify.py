"""How many creators: what their number removes of the risk, what stays, where more stop paying."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment, ExperimentError, Fault
from ...measures import Estimate
from ...measures import functions as f
from ...measures.evaluate import measured
from ...measures.outcome import LOG_SCALE, Outcome, choose_outcome
from ...measures.worlds import as_dataset
from ...plan import Plan, make_plan
from ...text.numbers import fixed
from ...vary.draw import draw, plainly, shared_scores
from ...vary.variant import variant
from ..common import POINT_WORLDS, check_defined, decide, estimate_of, left_out
from ..pickfreeze import root, shared_variance
from ..question import Setting
from ._answer import MEASURES_KEPT, RISKS, Diversification, Diversified, Floor, Point, Risk

if TYPE_CHECKING:
    import xarray as xr

    from . import DiversifyOptions

Array = npt.NDArray[np.float64]

#: Numbers that are tried, roughly even in their logarithm, times powers of a hundred.
_STEPS = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80)
_VARIABLES = ("roi", "contribution", "cost")


def ask(
    setting: Setting, options: DiversifyOptions, *, worlds: int = POINT_WORLDS
) -> Diversification:
    """Follow the risk of portfolios along their number of creators.

    One pass over the creators of a line gives its sums after every number (prefix totals), so that
    the first ten of a hundred are the ten of the smaller portfolio. The floor of the spread is the
    covariance of two runs with the same shared factors and fresh creators (pick-freeze); the floors
    of expected shortfall and loss follow from the two largest numbers n and m, as what is left
    where both approach it like 1 / creators.

    Parameters
    ----------
    setting, options
        What is asked, and of what; a portfolio with a budget is asked as if it had a number of
        creators.
    worlds
        Worlds, independent.

    Raises
    ------
    ExperimentError
        For unknown portfolios, and for rosters.
    """
    experiment, threads, progress = setting.experiment, setting.threads, setting.progress
    names = _names(experiment, options.portfolios)
    counts, risk, amount = options.counts, options.risk, options.amount
    hired = _hired(make_plan(experiment))
    wanted = {name: _counts(experiment, name, hired[name], counts) for name in names}
    plan = plainly(_grown(experiment, wanted))
    worlds = max(worlds // 128, 1) * 128
    first = draw(plan, _VARIABLES, worlds=worlds, threads=threads, progress=progress)
    second = draw(
        plan,
        _VARIABLES,
        first=worlds,
        worlds=worlds,
        factors=shared_scores(plan, 0, worlds),
        threads=threads,
        progress=progress,
    )
    own = [plan.portfolios.index(_label(name, hired[name])) for name in names]
    check_defined(experiment.file, "roi", first["roi"][own], names)
    missing = left_out("roi", first["roi"][own], names)
    outcome = choose_outcome("roi", {key: row[own] for key, row in first.items()})
    outcome = replace(outcome, floors=(min(outcome.floors),)) if outcome.floors else outcome
    data = as_dataset(plan.portfolios, first, {})
    diversified = [
        _diversified(
            name, hired[name], wanted[name], plan, data, (first, second), outcome, risk, amount
        )
        for name in names
    ]
    rosters = () if options.portfolios else _rosters(experiment, decide(experiment).portfolios)
    notes = (
        *missing,
        *(f"{name} is a roster: its creators are named." for name in rosters),
        *_notes(outcome),
    )
    return Diversification(
        scale=outcome.scale,
        risk=risk,
        amount=amount,
        worlds=worlds,
        portfolios=tuple(diversified),
        notes=notes,
    )


# --- What is simulated ----------------------------------------------------------------------------


def _names(experiment: Experiment, portfolios: Sequence[str]) -> tuple[str, ...]:
    """Return the portfolios to follow: those that are named, or those of the decision."""
    faults = [
        Fault("--portfolio", "no such portfolio", name)
        for name in portfolios
        if name not in experiment.portfolio
    ]
    chosen = tuple(portfolios) or decide(experiment).portfolios
    rosters = _rosters(experiment, chosen)
    free = tuple(name for name in chosen if name not in rosters)
    if rosters and (portfolios or not free):
        problem = "is a roster of named creators, who cannot be more or fewer"
        faults += [Fault("--portfolio", f"{problem}; name another portfolio", n) for n in rosters]
    if faults:
        raise ExperimentError(experiment.file, faults)
    return free


def _rosters(experiment: Experiment, names: Sequence[str]) -> tuple[str, ...]:
    own = experiment.portfolio
    return tuple(name for name in names if name in own and own[name].roster is not None)


def _hired(plan: Plan) -> dict[str, int]:
    return {name: plan.creators(name) for name in plan.portfolios}


def _counts(
    experiment: Experiment, name: str, hired: int, counts: Sequence[int] | None
) -> list[int]:
    """Return the numbers to try: every line of a mix keeps a creator, and the hired number is in."""
    mix = experiment.portfolio[name].mix
    least = 1 if mix is None else math.ceil(1.0 / min(line.share for line in mix.values()) - 1e-9)
    if counts is None:
        largest = max(2 * hired, 100)
        ladder = [step * 100**decade for decade in range(4) for step in _STEPS]
        counts = [*(n for n in ladder if n <= largest), 2 * hired]
    return sorted({max(n, least) for n in [*counts, hired]})


def _label(name: str, count: int) -> str:
    return f"{name} with {count}"


def _grown(experiment: Experiment, wanted: dict[str, list[int]]) -> Plan:
    """Return the plan of every portfolio at every number of creators."""
    own = experiment.tables()["portfolio"]
    portfolios = {
        _label(name, count): {k: v for k, v in own[name].items() if k != "budget"}
        | {"creators": count}
        for name, counts in wanted.items()
        for count in counts
    }
    return make_plan(variant(experiment, portfolios=portfolios))


# --- What comes of it --------------------------------------------------------------------------------


def _diversified(
    name: str,
    hired: int,
    counts: list[int],
    plan: Plan,
    data: xr.Dataset,
    runs: tuple[dict[str, Array], dict[str, Array]],
    outcome: Outcome,
    risk: Risk,
    amount: float,
) -> Diversified:
    rows = [plan.portfolios.index(_label(name, count)) for count in counts]
    x, y = (outcome.values({key: run[key][rows] for key in _VARIABLES}) for run in runs)
    estimates = [
        {m: estimate_of(data, _label(name, count), m) for m in MEASURES_KEPT}
        | {"spread": f.standard_deviation(x[k])}
        for k, count in enumerate(counts)
    ]
    units = dict.fromkeys((*MEASURES_KEPT, "spread"), "fraction")
    if outcome.scale == LOG_SCALE:
        units["spread"] = LOG_SCALE
    points = [
        Point(count, **{m: measured(e, units[m]) for m, e in measures.items()})
        for count, measures in zip(counts, estimates, strict=True)
    ]
    shared = shared_variance(x[-1], y[-1])
    floor = {"spread": measured(root(shared), units["spread"])}
    for m in ("roi_es05", "loss_probability"):
        floor[m] = measured(_limit([e[m] for e in estimates], counts), "fraction")
    k = counts.index(hired)
    removable = _removable(x[k], y[k])
    enough = _enough([e[RISKS[risk][0]] for e in estimates], counts, amount)
    return Diversified(
        portfolio=name,
        hired=hired,
        enough=enough[1],
        enough_between=(enough[0], enough[2]),
        removable=measured(removable, "share of variance"),
        floor=Floor(**floor),
        points=tuple(points),
    )


def _removable(x: Array, y: Array) -> Estimate:
    """Return 1 - Cov(x, y) / Var: the share of the variance that fresh creators do not repeat."""
    both = np.concatenate([x, y])
    squares = ((x - both.mean()) ** 2 + (y - both.mean()) ** 2) / 2.0
    shared, variance = shared_variance(x, y), squares.mean()
    if variance <= 0.0:
        return Estimate(np.asarray(np.nan), np.full(x.shape, np.nan), reason="nothing varies")
    share = float(shared.value) / variance
    influence = (shared.influence - share * (squares - variance)) / variance
    return Estimate(np.asarray(1.0 - share), -influence)


def _limit(estimates: list[Estimate], counts: list[int]) -> Estimate:
    """Return a measure's limit for infinitely many creators (Richardson extrapolation in 1 / n)."""
    if len(counts) < 2:
        reason = "one number of creators only"
        return Estimate(np.asarray(np.nan), estimates[-1].influence * np.nan, reason=reason)
    # Half the largest number, or the next below it: far enough apart to tell a slope from noise.
    near = max((k for k in range(len(counts) - 1) if 2 * counts[k] <= counts[-1]), default=0)
    weight = counts[near] / (counts[-1] - counts[near])
    last, before = estimates[-1], estimates[near]
    return Estimate(
        np.asarray(last.value + weight * (last.value - before.value)),
        last.influence + weight * (last.influence - before.influence),
        "bounded",
    )


def _enough(
    estimates: list[Estimate], counts: list[int], amount: float
) -> tuple[int | None, int | None, int | None]:
    """Return the number beyond which a creator improves a measure by less than an amount.

    Between two numbers a measure runs like c / n, so creator n + 1 moves it by c / (n (n + 1)).
    Three answers: with the slope less, as, and plus 1.96 of its standard errors.
    """
    slopes = []
    for k in range(len(counts) - 1):
        step = 1.0 / counts[k] - 1.0 / counts[k + 1]
        gap = measured(estimates[k] - estimates[k + 1], "")
        slopes.append((abs(gap.value or 0.0) / step, 1.96 * (gap.se or 0.0) / step))
    low, middle, high = (
        _last_above([max(c + side * error, 0.0) for c, error in slopes], counts, amount)
        for side in (-1.0, 0.0, 1.0)
    )
    return low, middle, high


def _last_above(slopes: list[float], counts: list[int], amount: float) -> int | None:
    for k in reversed(range(len(slopes))):
        # The largest n with c / (n (n + 1)) at least the amount.
        n = math.floor((math.sqrt(1.0 + 4.0 * slopes[k] / amount) - 1.0) / 2.0 + 1e-9)
        if n >= counts[k]:
            return (
                None if k == len(slopes) - 1 and n >= counts[k + 1] else min(n + 1, counts[k + 1])
            )
    return counts[0]


# --- Words ----------------------------------------------------------------------------------------


def _notes(outcome: Outcome) -> list[str]:
    notes = [
        (
            "The floor of the spread comes from two runs with the same shared factors and fresh "
            "creators; those of expected shortfall and loss are extrapolated in 1 / creators."
        )
    ]
    if outcome.scale == LOG_SCALE:
        notes.append(
            f"Tails of ROI are too heavy for a standard deviation (Pareto k {fixed(outcome.khat or 0.0, 2)}): "
            f"spread is that of {LOG_SCALE}."
        )
    return notes
