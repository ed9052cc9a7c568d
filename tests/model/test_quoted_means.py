"""Quoted figures come back: what a run without loadings shows is what the source said.

Every comparison allows four standard errors: a false alarm has probability 6e-5, about 0.002 over
this file. Seeds are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import xarray as xr
from scipy import integrate, stats

Simulated = Callable[..., xr.Dataset]

WORLDS = 200_000

LAWS = {
    "none": {},
    "spike": {"spike": {"probability": 0.15, "minimum": 1.2, "tail_index": 5.0}},
    "cascade": {"cascade": {"b": 2.0, "tail_index": 6.0}},
    "capped": {"cascade": {"b": 0.74, "tail_index": 1.34}, "cap": 20.0},
}


def quoted(law: str, **changes: Any) -> dict[str, Any]:
    """A tier that varies in everything but followers, two posts each."""
    tier = {
        "followers": 20_000,
        "authentic_share": {"beta": {"mean": 0.6, "sd": 0.1}},
        "reach_rate": {"logitnormal": {"median": 0.1, "logit_sd": 0.5}},
        "reach_basis": "followers",
        "engagement_rate": {"lognormal": {"mean": 0.002, "log_sd": 0.6}},
        "conversion_rate": {"lognormal": {"mean": 0.15, "log_sd": 0.4}},
        "post_luck": "0.3 to 3",
        "amplification": LAWS[law],
        "amplification_engagement_correlation": 0.7,
    }
    portfolio = {"portfolio.p": {"tier": "small", "creators": 2, "posts": 2}}
    return portfolio | {f"tier.small.{k}": v for k, v in (tier | changes).items()}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("basis", ["followers", "impressions"])
def test_quoted_means_come_back(
    law: str, basis: str, simulated: Simulated, checks: ModuleType
) -> None:
    """Loadings at zero: what the run shows is what the source quoted, amplified posts included."""
    rate = 0.002 if basis == "followers" else 0.02
    engagement = {"lognormal": {"mean": rate, "log_sd": 0.6}}
    changes = quoted(law, engagement_basis=basis, engagement_rate=engagement)
    ds = simulated(changes, worlds=WORLDS, seed=9)
    impressions, engagements = ds["impressions"].values[0], ds["engagements"].values[0]
    views = logit_normal_mean(0.1, 0.5)
    checks.mean(impressions / (2 * 2 * 20_000), views)
    if basis == "followers":
        checks.mean(engagements / (2 * 2 * 20_000), rate)
    else:
        checks.ratio(engagements, impressions, rate)
    checks.ratio(ds["expected_orders"].values[0], engagements, 0.15)
    checks.ratio(ds["orders"].values[0], engagements, 0.15)


def logit_normal_mean(median: float, logit_sd: float) -> float:
    odds = (1 - median) / median

    def integrand(z: float) -> float:
        return float(stats.norm.pdf(z)) / (1 + odds * math.exp(-logit_sd * z))

    return float(integrate.quad(integrand, -12, 12)[0])


def test_quoted_views_come_back_where_reach_and_amplification_go_together(
    simulated: Simulated, checks: ModuleType
) -> None:
    changes = quoted("cascade", engagement_reach_correlation=0.7)
    ds = simulated(changes, worlds=WORLDS, seed=9)
    checks.mean(ds["impressions"].values[0] / (2 * 2 * 20_000), logit_normal_mean(0.1, 0.5))
