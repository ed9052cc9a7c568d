"""Heavy tails of what a run reports, from the laws of its inputs: what no sample can tell of itself.

A sample's own tail index flickers, and it looks light in just those runs that have not met the
large values yet. Where the laws are known they decide instead. Lognormals and everything lighter
leave a mean and its standard error in peace. A power law (amplification, Pareto inputs) does so if
what a run of this many worlds can miss carries little of the variance: the values that it meets in
fewer than `FEWEST_SEEN` creators or posts, left out those so rare that not one run in
`1 / RAREST_RUN` meets any. Caps count as they stand. Observations and laws of scipy.stats have
tails that nobody stated; there the sample must judge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..experiment import Distribution, Experiment
from ..experiment import models as m
from .model import Plan, PlanLine
from .tiers import amplification_table, marginal

Array = npt.NDArray[np.float64]

#: Creators or posts in a run beyond which a power law counts as seen. Nominal 95 % intervals then
#: cover 92 % or more (`tests/measures/test_tails.py`).
FEWEST_SEEN = 3.0
#: Expected number in a run of values that are left out: one run in twenty meets one.
RAREST_RUN = 0.05
#: Steps of the normal score of a heavy law.
_STEPS = 2_000

_VIEWED = ("followers", "authentic_share", "reach_rate", "post_luck")
#: What each group of figures is a product of, per creator or post.
_INPUTS = {
    "views": _VIEWED,
    "engagements": (*_VIEWED, "engagement_rate"),
    "orders": (*_VIEWED, "engagement_rate", "conversion_rate", "fit"),
}
_ECONOMICS = ("order_value", "halo", "repeat_value")
_COSTS = ("fee", "management_hours")
_STATED_NOWHERE = ("empirical", "scipy")


@dataclass(frozen=True)
class Missed:
    """What a run can miss of a figure, relative to its mean in a world.

    Attributes
    ----------
    second, fourth
        E[X^2] and E[X^4] over the values that a run can miss, summed over a world.
    unknown
        Whether a law has a tail that nobody stated.
    why
        The law behind it, in words.
    """

    second: float = 0.0
    fourth: float = 0.0
    unknown: bool = False
    why: str = ""

    def __or__(self, other: Missed) -> Missed:
        """Return the heavier of two."""
        heavier = self if self.second >= other.second else other
        return Missed(
            max(self.second, other.second),
            max(self.fourth, other.fourth),
            self.unknown or other.unknown,
            heavier.why,
        )


_UNSTATED = Missed(unknown=True)


def group_tails(experiment: Experiment, plan: Plan) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the tails of the figures of each portfolio, as plain tables.

    Parameters
    ----------
    experiment, plan
        What is run.

    Returns
    -------
    dict
        By portfolio, then by line, or ``""`` for what holds for all of them; then by group of
        figures (``views``, ``engagements``, ``orders``, ``cost``, ``ratios``), the fields of
        `Missed`; only groups of which a run can miss something. Under ``ratios`` cost may come near
        zero.
    """
    result: dict[str, dict[str, dict[str, Any]]] = {}
    economics = Missed()
    for name in _ECONOMICS:
        law = getattr(experiment.economics, name)
        economics |= _alone(law, f"economics.{name}", 1, plan.worlds)
    for portfolio in plan.portfolios:
        lines = [line for line in plan.lines if line.portfolio == portfolio]
        of_all = {"orders": economics}
        if not any(_cost_stays_up(experiment, line) for line in lines):
            of_all["ratios"] = _UNSTATED
        missed = {"": of_all}
        for line in lines:
            missed[f"{portfolio}/{line.name}"] = _line_tails(experiment, plan, line)
        result[portfolio] = {
            line: {group: asdict(tail) for group, tail in tails.items() if tail != Missed()}
            for line, tails in missed.items()
        }
    return result


def _line_tails(experiment: Experiment, plan: Plan, line: PlanLine) -> dict[str, Missed]:
    terms, costs, name = line.terms, experiment.costs, line.terms.tier
    spec = experiment.tier[name].on[terms.platform]
    kind = experiment.compensation[terms.compensation]
    missed = {
        "cost": _alone(costs.cost_of_goods, "costs.cost_of_goods", line.creators, plan.worlds)
    }
    for group, inputs in _INPUTS.items():
        laws = {x: getattr(spec, x) for x in inputs}
        missed[group] = _stated(laws, plan, line) | _amplified(experiment, plan, line, spec, group)
    for x in _COSTS:
        missed["cost"] |= _alone(getattr(spec, x), f"{x} of {name}", line.creators, plan.worlds)
    paid_by_results = kind.pay_cap is None and (kind.pay_per_order or kind.pay_per_engagement)
    given_off = experiment.tracking.discount_rate
    if kind.commission_rate or costs.bonus_per_order or paid_by_results or given_off:
        missed["cost"] |= missed["orders"] | missed["engagements"]
    if costs.bonus_per_thousand_impressions:
        missed["cost"] |= missed["views"]
    return missed


def _stated(laws: Mapping[str, Distribution], plan: Plan, line: PlanLine) -> Missed:
    """Return the heaviest tail among the inputs of a figure; followers end with their tier."""
    result, terms = Missed(), line.terms
    for name, law in laws.items():
        if name != "followers":
            count = line.creators * (terms.posts if name == "post_luck" else 1)
            result |= _alone(law, f"{name} of {terms.tier} on {terms.platform}", count, plan.worlds)
    return result


def _amplified(
    experiment: Experiment, plan: Plan, line: PlanLine, spec: m.Tier, group: str
) -> Missed:
    """Return the tail that amplification gives to a figure."""
    law, terms = spec.amplification, line.terms
    stated = law.spike or law.cascade
    if stated is None or (law.spike is not None and law.spike.probability == 0.0):
        return Missed()
    q, w = spec.amplified_engagement, spec.amplified_conversion
    weight = {"views": 1.0, "engagements": q, "orders": q * w}[group]
    excess, share = _excess_steps(law.model_dump_json())
    low, high = spec.follower_range
    usual_views = math.sqrt(low * high) * _median(spec.reach_rate)
    most = experiment.platform[terms.platform].audience / usual_views
    value = 1.0 + weight * np.minimum(excess, max(most, 1.0))
    cap = "" if law.cap is None else f" up to {law.cap:g}"
    why = (
        f"amplification of {terms.tier} on {terms.platform}, tail index {stated.tail_index:g}{cap}"
    )
    return _missed(value, share, line.creators * terms.posts, plan.worlds, why)


def _alone(law: Distribution, name: str, count: int, worlds: int) -> Missed:
    if law.family in _STATED_NOWHERE:
        return _UNSTATED
    if law.family != "pareto":
        return Missed()
    score, share = _score_steps(-mg.SCORE_LIMIT)
    value = np.exp(mg.compile_marginal(marginal(law)).log_quantile(score))
    return _missed(
        value, share, count, worlds, f"{name}, tail index {law.parameters['tail_index']:g}"
    )


def _missed(value: Array, share: Array, count: int, worlds: int, why: str) -> Missed:
    """Return the moments of what a run can miss of a heavy law, relative to its mean.

    Parameters
    ----------
    value, share
        Values in increasing order, and their probabilities.
    count
        Creators or posts of a world that draw from it.
    worlds, why
        Worlds of the run, and the law in words.
    """
    value = value / float(share @ value)

    def beyond(order: float) -> Array:
        """Return E[X^order] over each value and those above it."""
        return np.cumsum((share * value**order)[::-1])[::-1]

    # Values become as rare as that between two steps.
    expected, place = count * worlds * beyond(0.0), np.arange(value.size)
    ends = np.interp([-FEWEST_SEEN, -RAREST_RUN], -expected, place)
    missed = []
    for order in (2.0, 4.0):
        seen, rarest = np.interp(ends, place, beyond(order))
        missed.append(float(seen - rarest) / count ** (order - 1.0))
    return Missed(missed[0], missed[1], why=why)


@lru_cache(maxsize=64)
def _excess_steps(law: str) -> tuple[Array, Array]:
    """Return A - 1 in increasing order, and its probabilities."""
    amplification = m.Amplification.model_validate_json(law)
    table = amplification_table(amplification)
    score, share = _score_steps(table.jump)
    excess = np.exp(table.log_quantile(score))
    if amplification.cap is not None:
        excess = np.minimum(excess, amplification.cap - 1.0)
    nothing = np.array([max(1.0 - float(share.sum()), 0.0)])
    return np.concatenate([[0.0], excess]), np.concatenate([nothing, share])


def _score_steps(low: float) -> tuple[Array, Array]:
    """Return the middles of equal steps of a normal score from `low` on, and their probabilities."""
    from scipy.special import ndtr

    edges = np.linspace(max(low, -mg.SCORE_LIMIT), mg.SCORE_LIMIT, _STEPS + 1)
    above = ndtr(-edges)
    return (edges[1:] + edges[:-1]) / 2.0, above[:-1] - above[1:]


def _median(law: Distribution) -> float:
    mu = law.parameters.get("mu")
    if mu is None or law.family == "normal":
        return float(law.parameters.get("value", law.parameters.get("mean", 0.1))) or 0.1
    return float(math.exp(mu) if law.family == "lognormal" else 1.0 / (1.0 + math.exp(-mu)))


def _cost_stays_up(experiment: Experiment, line: PlanLine) -> bool:
    """Whether some cost of a line is no law that comes near zero by a power."""
    costs, terms = experiment.costs, line.terms
    spec = experiment.tier[terms.tier].on[terms.platform]
    kind = experiment.compensation[terms.compensation]
    priced = (
        (kind.fee_share, spec.fee),
        (costs.hourly_rate, spec.management_hours),
        (costs.product_units, costs.cost_of_goods),
    )
    fixed = costs.fixed + costs.shipping
    return fixed > 0.0 or any(price > 0.0 and _stays_up(law) for price, law in priced)


def _stays_up(law: Distribution) -> bool:
    if law.lower > 0.0 or law.family in ("lognormal", "pareto"):
        return True
    if law.family == "constant":
        return float(law.parameters["value"]) > 0.0
    if law.family in ("uniform", "pert", "triangular"):
        return float(law.parameters["low"]) > 0.0
    if law.family == "gamma":
        # 1 / X has a second moment for shapes above 2, a fourth above 4.
        return float(law.parameters["shape"]) > 4.0
    return False
