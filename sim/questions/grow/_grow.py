"""How a programme grows: cohorts of each line, and where policies put the money of each stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...engine.keys import stream_key
from ...experiment import Experiment, ExperimentError, Fault
from ...measures.worlds import as_dataset
from ...plan import Plan, PlanLine, Terms, make_plan
from ...plan.boosting import boosts
from ...plan.hiring import most_hired
from ...text.numbers import counted
from ...vary.draw import draw, plainly
from ...vary.variant import line_names, on_terms, variant
from ..common import POINT_WORLDS, compared, measure_of
from ..question import Setting
from ._answer import KEEP, Growth, Move, Policy
from ._learning import design, expected, forecast

if TYPE_CHECKING:
    from ...engine.line import Line
    from . import GrowOptions

Array = npt.NDArray[np.float64]
Choices = npt.NDArray[np.int64]

#: Shares of the largest budget in each stage, unless told otherwise.
SHARES = (0.05, 0.20, 0.75)
#: Most lines: what is seen of each is a column of the forecasts.
MOST_LINES = 6
#: What is drawn of every cohort; the brand sees all but the profit.
_DRAWN = ("profit", "cost", "tracked_revenue", "engagements", "hired")


@dataclass(frozen=True)
class Cohorts:
    """What the creators of each line and stage bring, in the same worlds.

    Attributes
    ----------
    profit, cost
        USD, shape (lines, stages, worlds).
    seen
        What a brand sees of each cohort: tracked revenue in USD, engagements, creators hired; shape
        (lines, stages, figures, worlds).
    order
        USD of a usual order: less tracked revenue than that tells little.
    """

    profit: Array
    cost: Array
    seen: Array
    order: float


def ask(setting: Setting, options: GrowOptions) -> Growth:
    """Compare policies of moving a programme's money between the lines of an experiment.

    The first stage's money is split evenly over the lines. What follows goes to one line, or is
    kept: to the line that is best in the mean before anything is seen (fixed), to the one of which
    most is expected given all that was seen (greedy), or to the one that will turn out best
    (oracle, which nobody can be). Forecasts are learnt on half of the worlds and all policies are
    judged on the other half.

    Raises
    ------
    ExperimentError
        Where there is no budget, no line that hires numbered creators, or a stage hires nobody.
    """
    experiment = setting.experiment
    lines = _lines(experiment)
    amounts = options.stages or tuple(share * _budget(experiment) for share in SHARES)
    worlds = min(experiment.simulation.worlds, POINT_WORLDS)
    cohorts, at_once = _simulated(experiment, lines, amounts, worlds, setting)
    learn = np.arange(worlds) < worlds // 2
    chosen = {
        "fixed": fixed(cohorts, learn),
        "greedy": greedy(cohorts, learn),
        "oracle": np.argmax(_with_keeping(cohorts.profit), axis=0)[1:],
    }
    judged = ~learn
    rows = {
        name: tuple(part[judged] for part in outcome(cohorts, choice))
        for name, choice in chosen.items()
    }
    names = list(lines.values())
    best = int(np.argmax(at_once["profit"][:, learn].mean(axis=1)))
    rows["at once"] = tuple(at_once[name][best, judged] for name in ("profit", "cost"))
    own = experiment.costs.fixed
    profit = np.array([row[0] for row in rows.values()]) - own
    cost = np.array([row[1] for row in rows.values()]) + own
    roi = np.divide(profit, cost, out=np.full_like(profit, np.nan), where=cost > 0.0)
    data = as_dataset(tuple(rows), {"profit": profit, "cost": cost, "roi": roi}, {})
    return Growth(
        stages=amounts,
        lines=tuple(names),
        creators=_usual_numbers(cohorts),
        worlds=int(judged.sum()),
        best=names[best],
        planned=_planned(chosen["fixed"], names),
        policies=tuple(
            Policy(
                name,
                profit=measure_of(data, name, "profit_mean"),
                median=measure_of(data, name, "profit_median"),
                loss_probability=measure_of(data, name, "loss_probability"),
                spent=measure_of(data, name, "cost_mean"),
            )
            for name in rows
        ),
        moves=tuple(
            Move(stage + 2, _shares(choice[judged], [*names, KEEP]))
            for stage, choice in enumerate(chosen["greedy"])
        ),
        learning=compared(data, "greedy", "fixed", "profit_mean"),
        knowing=compared(data, "oracle", "greedy", "profit_mean"),
        testing=compared(data, "greedy", "at once", "profit_mean"),
        notes=_notes(experiment, amounts),
    )


# --- Policies -------------------------------------------------------------------------------------


def fixed(cohorts: Cohorts, learn: npt.NDArray[np.bool_]) -> Choices:
    """Return the line with the best mean profit at each stage from the second, the same in all worlds.

    Parameters
    ----------
    cohorts
        What cohorts bring.
    learn
        Worlds that the means are taken over.

    Returns
    -------
    Choices
        Shape (stages - 1, worlds): the number of a line; that of lines where money is kept.
    """
    means = _with_keeping(cohorts.profit)[:, 1:, learn].mean(axis=-1)
    return np.repeat(means.argmax(axis=0)[:, None], cohorts.profit.shape[-1], axis=1)


def greedy(cohorts: Cohorts, learn: npt.NDArray[np.bool_]) -> Choices:
    """Return the line of which most profit is expected given all that was seen; see `fixed`.

    The mean of each line's next cohort is a regression on what was seen of all lines (least squares
    Monte Carlo, Longstaff and Schwartz 2001, with the link of `forecast`): lines share shocks and
    doubts, so each tells of the others. Where no line is expected to earn, the money is kept.
    """
    lines, stages, _, worlds = cohorts.seen.shape
    chosen = np.empty((stages - 1, worlds), np.int64)
    for stage in range(1, stages):
        ways, way = np.unique(chosen[: stage - 1], axis=1, return_inverse=True)
        if stage == 1:
            ways, way = np.empty((0, 1), np.int64), np.zeros(worlds, np.int64)
        for k in range(ways.shape[1]):
            here = way.reshape(-1) == k
            columns = design(_log_seen(cohorts, ways[:, k]))
            gains = np.zeros((lines + 1, int(here.sum())))
            for line in range(lines):
                cost = cohorts.cost[line, stage]
                brought = cohorts.profit[line, stage] + cost
                for amount, sign in ((brought, 1.0), (cost, -1.0)):
                    fitted = forecast(columns[learn], amount[learn])
                    gains[line] += sign * expected(columns[here], fitted)
            chosen[stage - 1, here] = gains.argmax(axis=0)
    return chosen


def outcome(cohorts: Cohorts, chosen: Choices) -> tuple[Array, Array]:
    """Return profit and cost of all stages in USD, each of shape (worlds,).

    Parameters
    ----------
    cohorts
        What cohorts bring; every line's first one is hired.
    chosen
        See `fixed`.
    """
    total = []
    for amounts in (cohorts.profit, cohorts.cost):
        later = np.take_along_axis(_with_keeping(amounts)[:, 1:], chosen[None], axis=0)[0]
        total.append(amounts[:, 0].sum(axis=0) + later.sum(axis=0))
    return total[0], total[1]


def _with_keeping(amounts: Array) -> Array:
    """Return amounts with a line that brings and costs nothing."""
    return np.concatenate([amounts, np.zeros_like(amounts[:1])])


def _log_seen(cohorts: Cohorts, way: Choices) -> Array:
    """Return logarithms of what was seen of each line on a way, shape (lines x figures, worlds)."""
    total = cohorts.seen[:, 0].copy()
    for stage, line in enumerate(way, start=1):
        if line < len(total):
            total[line] += cohorts.seen[line, stage]
    least = np.array([cohorts.order, 1.0, 1.0])[:, None]
    logs: Array = np.log(total + least)
    return logs.reshape(-1, logs.shape[-1])


# --- Cohorts --------------------------------------------------------------------------------------


def _lines(experiment: Experiment) -> dict[Terms, str]:
    """Return the names of the lines that an experiment hires numbered creators on."""
    plan = make_plan(experiment)
    terms = list(
        dict.fromkeys(line.terms for line in plan.lines if not line.people and not line.programme)
    )
    if not 1 <= len(terms) <= MOST_LINES:
        problem = (
            f"has {counted(len(terms), 'line')} of numbered creators; growth is compared over 1 to "
            f"{MOST_LINES}: leave some portfolios out"
        )
        raise ExperimentError(experiment.file, [Fault("portfolio", problem)])
    return line_names(terms)


def _budget(experiment: Experiment) -> float:
    """Return the largest budget of a portfolio."""
    budgets = [p.budget for p in experiment.portfolio.values() if p.budget is not None]
    if not budgets:
        raise ExperimentError(
            experiment.file,
            [Fault("--stages", "is needed, such as 5k,20k,50k: no portfolio has a budget")],
        )
    return max(budgets)


def _simulated(
    experiment: Experiment,
    lines: dict[Terms, str],
    amounts: Sequence[float],
    worlds: int,
    setting: Setting,
) -> tuple[Cohorts, dict[str, Array]]:
    """Return cohorts of every line and stage, and each line with all the money at once."""
    first = amounts[0] / len(lines)
    budgets = [first, *amounts[1:], math.fsum(amounts)]
    portfolios = {
        f"{name} {'at once' if k == len(amounts) else f'stage {k + 1}'}": on_terms(terms)
        | {"budget": budget}
        for terms, name in lines.items()
        for k, budget in enumerate(budgets)
    }
    alone: dict[tuple[str, ...], float] = {("costs", "fixed"): 0.0, ("boost", "budget"): 0.0}
    try:
        plan = make_plan(variant(experiment, alone, portfolios=portfolios))
    except ExperimentError as error:
        told = dict.fromkeys(fault.problem for fault in error.faults)
        problem = f"a stage's share for a line {'; '.join(told)}"
        raise ExperimentError(experiment.file, [Fault("--stages", problem)]) from None
    plan = _apart(plainly(plan))
    rows = draw(plan, _DRAWN, worlds=worlds, threads=setting.threads, progress=setting.progress)
    shape = (len(lines), len(budgets), worlds)
    parts = {name: row.reshape(shape) for name, row in rows.items()}
    staged = {name: part[:, :-1] for name, part in parts.items()}
    seen = np.stack([staged[name] for name in _DRAWN[2:]], axis=2)
    order = float(np.exp(plan.economics["order_value"][0].coefficients[0, 0]))
    at_once = {name: part[:, -1] for name, part in parts.items()}
    return Cohorts(staged["profit"], staged["cost"], seen, order), at_once


def _apart(plan: Plan) -> Plan:
    """Return the plan with every line hiring creators of its own, with orders of their own.

    Those of a pool are numbered one line after another, so that stages of a line are strangers to
    each other; a line that puts all its money in at once begins at the first.
    """
    taken: dict[tuple[str, str, str], int] = {}
    lines: list[PlanLine] = []
    works: list[Line] = []
    for line in plan.lines:
        first = 0 if line.portfolio.endswith("at once") else taken.get(line.terms.pool, 0)
        if not line.portfolio.endswith("at once"):
            taken[line.terms.pool] = first + most_hired(line)
        work, t = plan.works[line.work], line.terms
        stop = work.stops[line.stop : line.stop + 1]
        own = replace(
            work,
            creators=work.creators[: int(stop[-1])] + np.uint64(first),
            stops=stop,
            known_of=work.known_of[: int(stop[-1])],
            mix_of=work.mix_of[: int(stop[-1])],
            keep=stop,
        )
        key = stream_key(plan.seed, "orders", *t.pool, t.compensation, t.posts, first)
        lines.append(replace(line, first=first, work=len(works), stop=0, order_key=key))
        works.append(own)
    return replace(plan, lines=tuple(lines), works=tuple(works))


# --- Words ----------------------------------------------------------------------------------------


def _usual_numbers(cohorts: Cohorts) -> tuple[tuple[float, ...], ...]:
    """Return the median number of creators hired, by line and stage."""
    hired = np.median(cohorts.seen[:, :, 2], axis=-1)
    return tuple(tuple(row) for row in hired.tolist())


def _planned(chosen: Choices, names: Sequence[str]) -> tuple[str, ...]:
    every = [*names, KEEP]
    return tuple(every[k] for k in chosen[:, 0].tolist())


def _shares(choice: Choices, names: Sequence[str]) -> dict[str, float]:
    counts = np.bincount(choice, minlength=len(names)) / len(choice)
    return dict(zip(names, counts.tolist(), strict=True))


def _notes(experiment: Experiment, amounts: Sequence[float]) -> tuple[str, ...]:
    notes = [
        (
            "A brand sees tracked revenue, engagements and whom it hired; what it knows of the rest, "
            "forecasts learnt on other worlds say. All stages' creators are strangers to each other, "
            "under the same shocks and doubts."
        ),
    ]
    if any(niche.market is not None for niche in experiment.niche.values()):
        notes.append(
            "Audiences of different stages and lines do not overlap here, and do not act on each other."
        )
    if boosts(experiment):
        notes.append("Boosting is left out: stages hire, and nothing else.")
    return tuple(notes)
