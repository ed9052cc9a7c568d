"""Tiers that act on each other: Poisson exposures in closed form, and against single accounts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import sim
from sim.engine.audience import met_before
from sim.plan import make_plan

Simulated = Callable[..., xr.Dataset]
Make = Callable[..., sim.Experiment]

MARKET = 1_000_000.0
#: Accounts shown to by each tier: 10 creators of 40,000 and 2 of 800,000 at a reach of 0.2.
SMALL, LARGE = 80_000.0, 320_000.0
#: Their orders, nothing wasted: 2 % engage, 5 % of those buy.
ORDERS = {"small": 400.0, "large": 1_600.0}


@pytest.fixture
def both(still: dict[str, Any]) -> dict[str, Any]:
    """Both tiers in one portfolio, and each alone, in a market where duplicates cost nothing."""
    return {
        "tier.small": still | {"followers": 40_000},
        "tier.large": still | {"followers": 800_000, "follower_range": [500_000, 1e9]},
        "portfolio.p": {
            "mix": {"small": 10 / 12, "large": {"share": 2 / 12, "tier": "large"}},
            "creators": 12,
        },
        "portfolio.small": {"tier": "small", "creators": 10},
        "niche.general": {"market": MARKET, "overlap": 0.8, "duplicate_waste": 0.0},
    }


def kept(ds: xr.Dataset) -> dict[str, float]:
    """Expected orders of each line over those that it would have alone."""
    lines = ds["line_expected_orders"].values.mean(axis=1)
    return {
        str(name): float(value) / ORDERS[tier]
        for name, tier, value in zip(ds["line"].values, ds["line_tier"].values, lines, strict=True)
    }


@pytest.mark.usefixtures("exact_reading")
@pytest.mark.parametrize("strength", [0.5, -0.4])
def test_who_comes_second_is_moved_by_who_came_first(
    simulated: Simulated, both: dict[str, Any], strength: float
) -> None:
    """1 + rho omega p: p is 1 - exp(-m) for the second, nothing for the first; a mean in between."""
    m = {"small": SMALL / MARKET, "large": LARGE / MARKET}
    met = {
        "large_first": {"small": 1 - math.exp(-m["large"]), "large": 0.0},
        "small_first": {"small": 0.0, "large": 1 - math.exp(-m["small"])},
        "together": {
            "small": 1 - (1 - math.exp(-m["large"])) / m["large"],
            "large": 1 - (1 - math.exp(-m["small"])) / m["small"],
        },
    }
    for order, shares in met.items():
        changes = {"audience.reinforcement": strength, "audience.order": order}
        ds = simulated(both | changes, worlds=128)
        factors = kept(ds)
        for tier, share in shares.items():
            assert factors[f"p/{tier}"] == pytest.approx(1 + strength * 0.8 * share, rel=1e-9)
        assert factors["small/small"] == pytest.approx(1.0, rel=1e-9)  # nobody else is there


def test_shares_who_met_before_agree_with_single_accounts() -> None:
    """A million accounts, exposures of both tiers at uniform times, counted one by one."""
    random = np.random.default_rng(5)
    m, accounts = 0.7, 1_000_000
    first = np.full(accounts, np.inf)
    times = random.random(random.poisson(m * accounts))
    np.minimum.at(first, random.integers(0, accounts, times.size), times)
    ours = random.random(accounts)  # one exposure of the other tier for each
    exposures = np.array([m])
    together = float((first < ours).mean())
    before = float(np.isfinite(first).mean())
    error = 4.0 * 0.5 / math.sqrt(accounts)
    assert abs(float(met_before(exposures, "together", True)[0]) - together) <= error
    assert abs(float(met_before(exposures, "large_first", True)[0]) - before) <= error
    assert met_before(exposures, "large_first", False)[0] == 0.0
    tiny = np.array([1e-9, 2e-6])
    np.testing.assert_allclose(met_before(tiny, "together", True), tiny / 2, rtol=1e-5)


@pytest.mark.usefixtures("exact_reading")
def test_nobody_beyond_the_market_orders(simulated: Simulated, both: dict[str, Any]) -> None:
    changes = {
        "audience.reinforcement": 10.0,
        "niche.general": {"market": 1_500.0, "overlap": 1.0, "duplicate_waste": 0.0},
    }
    ds = simulated(both | changes, worlds=128)
    np.testing.assert_allclose(ds["expected_orders"].sel(portfolio="p"), 1_500.0, rtol=1e-9)
    assert (ds["orders"].sel(portfolio="p").values <= 1_500.0).all()


def test_at_zero_nothing_is_there(make: Make, both: dict[str, Any]) -> None:
    assert make_plan(make(both | {"audience.order": "large_first"})).reaction is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"niche.general": {}}, "needs the accounts of a niche"),
        ({"audience.reinforcement": -1.5}, "must be at least -1"),
        (
            {"portfolio.p.compensation": "performance"},
            "above 0 does not go with stages or pay by results",
        ),
        ({"audience.order": "macro_first"}, "order"),
    ],
)
def test_what_cannot_be_is_told(
    make: Make, both: dict[str, Any], changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(sim.ExperimentError, match=problem):
        make_plan(make(both | {"audience.reinforcement": 0.5} | changes))
