"""What is uncertain in an experiment, where its points lie, and how it goes with an outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment
from ..measures import Measured
from ..measures.worlds import CLUSTERED_SAMPLING
from ..plan import Plan
from ..text.names import factor_words
from ..text.numbers import multiple, setting

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]

#: Normal scores of the 10 %, 50 % and 90 % points.
SCORES = (-1.2815515655446004, 0.0, 1.2815515655446004)


@dataclass(frozen=True)
class Uncertain:
    """An input that differs between worlds.

    Attributes
    ----------
    name
        Dotted key of the experiment, or the name of a shock.
    words
        What it is.
    row
        Row of the plan's factors that is moved.
    weight, others
        The input's score is ``weight * own row + weight_k * row k`` over the pairs (k, weight_k) of
        `others`: a tier's centre moves with what all tiers have in common. For a single factor
        `weight` is 1 and `others` empty.
    settings
        The input at the three points, in words.
    """

    name: str
    words: str
    row: int
    weight: float
    others: tuple[tuple[int, float], ...]
    settings: tuple[str, str, str]

    def pinned(self, factors: Array, score: float) -> Array:
        """Return the factors with this input at one score in all worlds, all others as drawn."""
        rest = np.full(factors.shape[1], score)
        for k, weight in self.others:
            rest -= weight * factors[k]
        result = factors.copy()
        result[self.row] = rest / self.weight
        return result


def uncertain_inputs(experiment: Experiment, plan: Plan) -> list[Uncertain]:
    """Return what differs between worlds: shocks, beliefs, the centres of the tiers, economics.

    A belief has up to two kinds of input: what all tiers have in common, and the centre of each
    tier, in which the common part and the tier's own part add up.
    """
    row = {factor.name: k for k, factor in enumerate(plan.factors)}
    platforms = {tier: list(on.on) for tier, on in experiment.tier.items()}
    uncertain = []
    for factor in plan.factors:
        k = row[factor.name]
        name, *rest = factor.name.split(":")
        words = factor_words(factor.name, factor.kind)
        if factor.kind == "shock":
            settings: tuple[str, str, str] = ("score -1.28", "score 0", "score +1.28")
            uncertain.append(Uncertain(factor.name, words, k, 1.0, (), settings))
            continue
        weights = np.zeros(len(plan.factors))
        weights[k], place = 1.0, factor.name
        if factor.table is None:
            weights[k], place = factor.log_sd, f"beliefs.{name}"
        if rest:
            platform, tier = rest
            if name in row:
                weights[row[name]] = plan.factors[row[name]].log_sd
            on = platforms.get(tier, [])
            place = f"tier.{tier}.{name}" if len(on) == 1 else f"tier.{tier}.on.{platform}.{name}"
        if factor.table is None and not (factor.log_sd > 0.0 and (not rest or platform in on)):
            continue  # learned of, and not used here
        uncertain.append(_uncertain(plan, k, weights, place, words))
    return uncertain


def _uncertain(plan: Plan, k: int, weights: Array, place: str, words: str) -> Uncertain:
    """Return the input that is a sum of factors' scores, moved by what was learned of them."""
    level, spread, table = 0.0, math.sqrt(float(weights @ weights)), plan.factors[k].table
    prior = spread
    if plan.learned is not None:
        level, weights = float(weights @ plan.learned.center), weights @ plan.learned.root
        spread = math.sqrt(float(weights @ weights))
    points = level + spread * np.array(SCORES)
    if table is not None:
        low, middle, high = map(setting, table.quantile(points).tolist())
    else:
        low, middle, high = map(multiple, np.exp(points - prior**2 / 2.0).tolist())
    share = weights / spread
    others = tuple((j, float(share[j])) for j in np.flatnonzero(share).tolist() if j != k)
    return Uncertain(place, words, k, float(share[k]), others, (low, middle, high))


def rank_correlation(x: Array, y: Array, like: xr.Dataset) -> Measured:
    """Return Spearman's rank correlation over the worlds in which both are defined.

    The standard error is ``(1 - rho^2) sqrt((1 + rho^2 / 2) / (n - 3))`` (Bonett and Wright 2000)
    with n the independent worlds; where worlds share a draw of the beliefs, the draws.
    """
    defined = np.isfinite(x) & np.isfinite(y)
    u, v = _ranks(x[defined]), _ranks(y[defined])
    spread = float(np.sqrt((u @ u) * (v @ v)))
    if not spread > 0.0:
        return Measured(None, None, "rank correlation", "one of the two never changes")
    rho = float(u @ v) / spread
    groups = int(like.attrs.get("groups", 0))
    count = groups if groups and like.attrs.get("sampling") == CLUSTERED_SAMPLING else len(u)
    if count <= 3:
        return Measured(rho, None, "rank correlation", "too few worlds for a standard error")
    se = (1.0 - rho**2) * math.sqrt((1.0 + rho**2 / 2.0) / (count - 3))
    return Measured(rho, se, "rank correlation")


def _ranks(x: Array) -> Array:
    """Return ranks about their mean; ties share the mean of theirs."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(x) - (len(x) + 1) / 2.0)
