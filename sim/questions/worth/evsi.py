"""What a pilot with a few creators would have shown in each world, before the campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment
from ...plan import Plan, Terms, make_plan
from ...run.simulate import Progress
from ...vary.draw import draw, shared_scores
from ...vary.variant import line_names, on_terms, variant

Array = npt.NDArray[np.float64]

_SEEN = ("line_impressions", "line_engagements", "line_orders", "cost")


@dataclass(frozen=True)
class Pilot:
    """A pilot on the terms of one line.

    Attributes
    ----------
    line
        Name of the line.
    terms
        Its terms.
    creators
        How many take part.
    committed
        USD committed: fees, goods, hours.
    seen
        Shape (figures, worlds): logs of impressions, engagements, orders and cost of the pilot.
    contribution, cost
        USD that its own orders bring, and that it costs, shape (worlds,).
    """

    line: str
    terms: Terms
    creators: int
    committed: float
    seen: Array
    contribution: Array
    cost: Array


def run_pilots(
    experiment: Experiment,
    plan: Plan,
    counts: Sequence[int],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Pilot]:
    """Simulate pilots of every line of an experiment in every world of its plan.

    A pilot shares the world's beliefs and nothing else: another season, other creators, so that
    shocks and luck are noise to it.

    Parameters
    ----------
    experiment, plan
        The experiment and its plan.
    counts
        Numbers of creators.
    threads, progress
        See `sim.simulate`.
    """
    lines = {line.terms: line for line in reversed(plan.lines)}
    names = line_names(list(lines))
    portfolios = {
        f"{names[terms]} {count}": on_terms(terms) | {"creators": count, "boost": 0}
        for terms in lines
        for count in sorted(set(counts))
    }
    small = make_plan(variant(experiment, portfolios=portfolios))
    season = -(-plan.worlds // 128) * 128
    factors = _same_beliefs(plan, small, season)
    rows = draw(
        small,
        (*_SEEN, "contribution"),
        first=season,
        worlds=plan.worlds,
        factors=factors,
        threads=threads,
        progress=progress,
    )
    return [
        Pilot(
            names[line.terms],
            line.terms,
            line.creators,
            line.creators * line.committed_per_creator,
            np.log([rows[name][i] + 0.5 for name in _SEEN]),
            rows["contribution"][i],
            rows["cost"][i],
        )
        for i, line in enumerate(small.lines)
    ]


def _same_beliefs(plan: Plan, small: Plan, season: int) -> Array:
    """Return the pilots' factors, shape (factors, worlds): the plan's beliefs, fresh shocks."""
    ours, later = shared_scores(plan, 0, plan.worlds), shared_scores(plan, season, plan.worlds)
    row = {factor.name: k for k, factor in enumerate(plan.factors)}
    chosen = [
        (ours if factor.kind == "belief" else later)[row[factor.name]] for factor in small.factors
    ]
    return np.array(chosen).reshape(len(small.factors), plan.worlds)
