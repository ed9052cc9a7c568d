"""Partial pooling: what a fit says and what is packaged, each by what it rests on.

A packaged figure is a normal prior around itself, as wide as the doubt about it: the tier's belief
for a mean, a stated assumption for the rest. The posterior of two normals is their mean weighted by
precision (Gelman, Hill 2007, chapter 12). Rates, fees and spreads are pooled in logs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..engine import marginals as mg
from ..experiment import models as m
from ..plan import TierTables
from ..text.numbers import rounded
from .estimates import Fitted

#: How far a spread (in logs), and a correlation, an elasticity or q, of a tier of one's own lies
#: from the packaged one: two in three within (assumption).
SPREAD, SLOPE = 0.25, 0.2
#: Creators that the packaged spread between them, and the packaged law of followers, are worth
#: beside those in the sample (assumption).
WORTH = 10


@dataclass(frozen=True)
class Prior:
    """A packaged figure.

    Attributes
    ----------
    value
        The figure.
    sd
        Doubt about it, on its scale.
    single
        What one creator tells of it: standard deviation on its scale.
    scale, back, slope
        To the scale, back, and the derivative of the first.
    """

    value: float
    sd: float
    single: float
    scale: Callable[[float], float] = math.log
    back: Callable[[float], float] = math.exp
    slope: Callable[[float], float] = lambda x: 1.0 / x


def _plain(value: float, sd: float, single: float) -> Prior:
    return Prior(value, sd, single, float, float, lambda _: 1.0)


def priors(
    tier: m.Tier, tables: TierTables, doubts: Mapping[str, float]
) -> dict[str, dict[str, Prior]]:
    """Return the packaged figure of each estimate, by key and name.

    Parameters
    ----------
    tier, tables
        As packaged.
    doubts
        Standard deviation of the log of each packaged mean, by key.
    """

    def log_sd(key: str) -> float:
        return max(float(mg.log_moments(tables.tables[key])[1]), 0.05)

    def spread(key: str) -> Prior:
        return Prior(log_sd(key), SPREAD, 1.0 / math.sqrt(2.0))

    conversion = tables.tables["conversion_rate"]
    single = math.sqrt(math.expm1(log_sd("conversion_rate") ** 2))
    _, width = logit_moments(tables.tables["reach_rate"])
    fee = math.exp(mg.log_moments(tables.tables["fee"])[0])
    return {
        # Means of engagement and reach are pooled where they are held: see `means`.
        "engagement_rate": {"log_sd": spread("engagement_rate")},
        "reach_rate": {"logit_sd": Prior(width, SPREAD, 1.0 / math.sqrt(2.0))},
        "conversion_rate": {
            "mean": Prior(mg.moment(conversion), doubts.get("conversion_rate", 0.0), single),
            "log_sd": spread("conversion_rate"),
        },
        "fee": {"median": Prior(fee, doubts.get("fee", 0.0), log_sd("fee")), "log_sd": spread("fee")},
        "post_luck": {"log_sd": spread("post_luck")},
        "amplified_engagement": {"q": _plain(tier.amplified_engagement, SLOPE, 1.0)},
        **{
            key: {"value": _plain(getattr(tier, key), SLOPE, 1.0)}
            for key in (
                "followers_engagement_correlation", "engagement_reach_correlation",
                "fee_elasticity",
            )
        },
    }  # fmt: skip


def logit_moments(table: mg.QuantileTable) -> tuple[float, float]:
    """Return mean and standard deviation of the logit of a share."""
    z, w = mg.score_nodes(table.jump)
    log = table.log_quantile(z)
    logit = log - [math.log(max(-math.expm1(min(x, -1e-12)), 1e-12)) for x in log]
    mean = float(w @ logit / w.sum())
    return mean, max(math.sqrt(float(w @ (logit - mean) ** 2 / w.sum())), 0.05)


def pooled_variance(variance: float, usual: float, n: int) -> float:
    """Return the variance of a mean over n creators, of whom few show badly how they differ.

    Parameters
    ----------
    variance
        As the sample has it.
    usual
        What one creator tells: the variance of a mean over one.
    """
    return (n * n * variance + WORTH * usual) / (n + WORTH) / n


def pooled(fitted: Fitted, packaged: Mapping[str, Prior]) -> Fitted:
    """Return an input pooled with what is packaged of it.

    Estimates without a standard error, such as the fee that all have, stay.

    Parameters
    ----------
    fitted
        As the sample says.
    packaged
        By the name of the estimate.
    """
    estimates, value = [], fitted.value
    for each in fitted.estimates:
        prior = packaged.get(each.name)
        if prior is None or value is None or not (math.isfinite(each.se) and each.se > 0.0):
            estimates.append(each)
            continue
        slope = prior.slope(each.value)
        single = each.se * slope * math.sqrt(fitted.n)
        variance = pooled_variance(single**2 / fitted.n, prior.single**2, fitted.n)
        weight = prior.sd**2 / (prior.sd**2 + variance) if prior.sd > 0.0 else 0.0
        centre = weight * prior.scale(each.value) + (1.0 - weight) * prior.scale(prior.value)
        figure = prior.back(centre)
        error = math.sqrt(weight * variance) / prior.slope(figure)
        estimates.append(replace(each, value=figure, se=error, seen=each.value, weight=weight))
        value = _written(value, each.name, figure)
    doubt = fitted.doubt
    if fitted.key in ("fee", "conversion_rate") and estimates[0].name in packaged:
        doubt = estimates[0].se / estimates[0].value
    return replace(fitted, value=value, estimates=tuple(estimates), doubt=doubt)


def _written(value: Any, name: str, figure: float) -> Any:
    """Return what a file says with one figure changed."""
    if not isinstance(value, Mapping):
        return rounded(figure, 2 if name in ("value", "q") else 4)
    return {
        key: {**item, name: rounded(figure)} if isinstance(item, Mapping) and name in item else item
        for key, item in value.items()
    }
