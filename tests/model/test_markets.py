"""Small markets by hand: what audiences share, what that costs, and that nobody orders twice."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy import stats

Simulated = Callable[..., xr.Dataset]

MARKET, WASTE = 100_000.0, 0.5


def crowd(still: dict[str, object], overlap: float, market: float = MARKET) -> dict[str, object]:
    return {
        "tier.small": still | {"followers": 40_000},
        "tier.large": still | {"followers": 800_000},
        "portfolio.p": {"tier": "small", "creators": 20},
        "portfolio.one": {"tier": "large", "creators": 1},
        "niche.general": {"market": market, "overlap": overlap, "duplicate_waste": WASTE},
    }


@pytest.mark.usefixtures("exact_reading")
def test_a_market_is_as_small_for_one_as_for_many(
    simulated: Simulated, still: dict[str, object]
) -> None:
    """Twenty creators of 40,000 and one of 800,000, as by chance: same reach, same orders.

    160,000 accounts see them, 100,000 are there: U = M (1 - exp(-1.6)), and orders keep
    1 - kappa (1 - U / X).
    """
    ds = simulated(crowd(still, overlap=1.0), worlds=128)
    reached = MARKET * (1.0 - math.exp(-1.6))
    kept = 1.0 - WASTE * (1.0 - reached / 160_000)
    for name, expected in (("reach", reached), ("expected_orders", 800 * kept)):
        np.testing.assert_allclose(ds[name].values, expected, rtol=1e-9, err_msg=name)
    assert 800 * kept == pytest.approx(599.5, rel=1e-3)


@pytest.mark.usefixtures("exact_reading")
def test_disjoint_audiences_waste_what_one_creator_shows_twice(
    simulated: Simulated, still: dict[str, object]
) -> None:
    """Twenty disjoint ones fold 8,000 accounts each into the market, one folds 160,000."""
    ds = simulated(crowd(still, overlap=0.0, market=400_000.0), worlds=128)
    for portfolio, creators in (("p", 20), ("one", 1)):
        shown = 160_000 / creators
        reached = creators * 400_000 * (1.0 - math.exp(-shown / 400_000))
        kept = 1.0 - WASTE * (1.0 - reached / 160_000)
        of = ds.sel(portfolio=portfolio)
        np.testing.assert_allclose(of["reach"].values, reached, rtol=1e-9)
        np.testing.assert_allclose(of["expected_orders"].values, 800 * kept, rtol=1e-9)


@pytest.mark.usefixtures("exact_reading")
def test_drawn_orders_stay_within_the_market(
    simulated: Simulated, still: dict[str, object]
) -> None:
    """600 people, 800 orders expected of them without a limit: N is min(Poisson(600), 600)."""
    changes = crowd(still, overlap=1.0, market=600.0) | {
        "niche.general": {"market": 600.0, "duplicate_waste": 0.0}
    }
    worlds = 20_000
    ds = simulated(changes, worlds=worlds)
    n = np.arange(1_200)
    law = stats.poisson.pmf(n, 600.0)
    mean = float(law @ np.minimum(n, 600))
    sd = math.sqrt(float(law @ np.minimum(n, 600) ** 2) - mean**2)
    np.testing.assert_allclose(ds["expected_orders"].values, 600.0, rtol=1e-9)
    for orders in ds["orders"].values:
        assert orders.max() == 600
        assert orders.mean() == pytest.approx(mean, rel=0, abs=4 * sd / math.sqrt(worlds))
    # Values are those of the orders that come: mean 50, cv 1/2, independent of their number.
    values = ds["line_order_value"].values[0]
    spread = math.sqrt((50**2 * 0.25 * mean + 50**2 * sd**2) / worlds)
    assert values.mean() == pytest.approx(50 * mean, rel=0, abs=4 * spread)


def test_lines_share_what_the_market_cannot_order(
    simulated: Simulated, still: dict[str, object]
) -> None:
    """Together they fill the market exactly, each in proportion, none has more than it drew."""
    mix = {"a": {"share": 0.7}, "b": {"share": 0.3, "posts": 2}}
    changes = crowd(still, overlap=1.0, market=601.5)
    changes |= {"portfolio.p": {"tier": "small", "creators": 20, "mix": mix}}
    changes["niche.general"] = {"market": 601.5, "duplicate_waste": 0.0}
    ds = simulated(changes, worlds=4_000)
    lines = ds["line_orders"].values[:2]
    full = lines.sum(axis=0) == 601
    assert lines.sum(axis=0).max() == 601
    assert 0.4 < full.mean() < 0.6
    assert (lines == np.rint(lines)).all()
    # 14 creators with one post, 6 with two.
    share = lines[0][full].mean() / 601
    assert share == pytest.approx(14 / 26, abs=4 * math.sqrt(0.25 / 601 / full.sum()))
