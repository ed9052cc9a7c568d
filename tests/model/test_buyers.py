"""Who buys: clicks, discounts, leaked codes, the window, new customers and repeats, each by closed form.

Statistical comparisons allow four standard errors; a false alarm has probability 6e-5 each, for some
twenty of them. Seeds are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from scipy import integrate, special, stats

import sim
from sim.engine.each import follow
from sim.measures import profit_to_date, summarize
from sim.plan import make_plan
from sim.plan.buyers import survival
from sim.plan.each import each_of
from sim.plan.release import WEEK_ENDS, repeats_arrived

Array = npt.NDArray[np.float64]
Simulated = Callable[..., xr.Dataset]
Make = Callable[..., sim.Experiment]

#: Orders of the still portfolio: 3 creators with 20,000 followers, 2 % engage, 5 % of those order.
EXPECTED = 3 * 20_000 * 0.02 * 0.05
SEEN, MARGIN, KEPT = 0.6, 0.7, 0.9
CLICKS = {"tracking.clicks": True, "tracking.orders_per_click": 0.05}
LEAKED = {"tracking.leaked_orders": 0.5, "tracking.discount_rate": 0.15}


@pytest.fixture(scope="module")
def plain(simulated: Simulated) -> xr.Dataset:
    return simulated()


@pytest.fixture(scope="module")
def followed(simulated: Simulated) -> xr.Dataset:
    """Everything that codes and links can do, at once."""
    return simulated(CLICKS | LEAKED)


def close(values: Array, mean: float, variance: float) -> None:
    """Compare a sample's mean and variance with those of its law, by four standard errors."""
    size, spread = values.size, values.var()
    assert abs(values.mean() - mean) <= 4.0 * math.sqrt(variance / size)
    kurtosis = float(stats.kurtosis(values, fisher=False))
    assert abs(spread - variance) <= 4.0 * variance * math.sqrt((kurtosis - 1.0) / size)


# --- Off ------------------------------------------------------------------------------------------


def test_without_levers_nothing_is_there(make: Make, plain: xr.Dataset) -> None:
    assert make_plan(make()).buyers is None
    assert not {"clicks", "tracked_orders", "outlay", "new_customers"} & set(plain)


def test_no_draw_that_was_there_moves(plain: xr.Dataset, followed: xr.Dataset) -> None:
    same = ("line_orders", "line_order_value", "expected_orders", "revenue", "engagements")
    for name in same:
        np.testing.assert_array_equal(plain[name].values, followed[name].values)
    np.testing.assert_allclose(plain["contribution"], followed["contribution"], rtol=1e-12)


# --- Clicks, leaked codes, discounts ----------------------------------------------------------------


def test_clicks_are_poisson_and_tracked_orders_a_binomial_part_of_them(
    simulated: Simulated,
) -> None:
    """Poisson splitting: clicks of mean lambda s / p, of which a share p is a tracked order."""
    ds = simulated(CLICKS)
    clicks, orders = ds["clicks"].values[0], ds["tracked_orders"].values[0]
    close(clicks, EXPECTED * SEEN / 0.05, EXPECTED * SEEN / 0.05)
    close(orders, EXPECTED * SEEN, EXPECTED * SEEN)
    covariance = np.cov(clicks, orders)[0, 1]
    assert covariance == pytest.approx(EXPECTED * SEEN, rel=0.06)  # 4 errors of 20,000 pairs
    assert (clicks >= orders).all()
    assert (orders <= ds["orders"].values[0]).all()


def test_leaked_orders_are_tracked_and_earn_nothing(followed: xr.Dataset) -> None:
    value = 50.0
    close(followed["tracked_orders"].values[0], EXPECTED * SEEN * 1.5, EXPECTED * SEEN * 1.5)
    seen = EXPECTED * SEEN * value
    tracked = followed["tracked_revenue"].values[0]
    # s V + v L: a compound Poisson of orders worth v (1 + cv^2 = 1.25) and a Poisson times v.
    variance = EXPECTED * SEEN**2 * value**2 * 1.25 + 0.5 * EXPECTED * SEEN * value**2
    close(tracked, 0.85 * 1.5 * seen, 0.85**2 * variance)


def test_a_discount_costs_what_buyers_with_a_code_do_not_pay(
    plain: xr.Dataset, followed: xr.Dataset
) -> None:
    off = followed["tracked_revenue"].values / 0.85 * 0.15 * KEPT
    np.testing.assert_allclose(followed["cost"].values - followed["outlay"].values, off, rtol=1e-12)
    component = followed["component"].values.tolist().index("discount")
    quantity = followed["cost_quantity"].values[0, component]
    np.testing.assert_allclose(0.15 * quantity, off[0], rtol=1e-12)
    np.testing.assert_allclose(followed["outlay"].values, plain["cost"].values, rtol=1e-12)
    shown = followed["tracked_revenue"].values / followed["outlay"].values
    np.testing.assert_allclose(followed["tracked_roas"].values, shown, rtol=1e-12)


def test_commission_is_on_what_is_paid(simulated: Simulated) -> None:
    """With leaked codes, since a code does not know who uses it, and after the discount."""
    terms = {"portfolio.p.compensation": "affiliate", "compensation.affiliate.delivery_rate": 1.0}
    ds = simulated(terms | LEAKED, worlds=256)
    names = ds["component"].values.tolist()
    paid = ds["cost_price"].values[0, names.index("commission")]
    assert paid == pytest.approx(0.15 * 0.85)
    tracked = ds["tracked_revenue"].values[0]
    commission = paid * ds["cost_quantity"].values[0, names.index("commission")]
    np.testing.assert_allclose(commission, 0.15 * tracked * KEPT, rtol=1e-12)


@pytest.mark.parametrize(("days", "half_life"), [(7.0, 5.0), (30.0, 0.8)])
def test_the_window_holds_what_comes_within_it(
    simulated: Simulated, plain: xr.Dataset, days: float, half_life: float
) -> None:
    changes = {"tracking.window_days": days, "platform.instagram.half_life_days": half_life}
    ds = simulated(changes)
    share = integrate.quad(lambda t: math.log(2) / half_life * 2 ** (-t / half_life), 0, days)[0]
    ratio = ds["tracked_revenue"].values / plain["tracked_revenue"].values
    np.testing.assert_allclose(ratio[np.isfinite(ratio)], share, rtol=1e-8)


def test_pay_per_order_goes_by_what_is_seen(simulated: Simulated) -> None:
    """A creator who is paid by tracked orders earns half where half as many are seen."""
    terms = {
        "portfolio.p.compensation": "per_order",
        "compensation.per_order": {
            "fee_share": 0.0, "commission_rate": 0.0, "engagement_factor": 1.0, "pay_per_order": 10.0,
        },
    }  # fmt: skip
    pay = []
    for factor in (1.0, 0.5):
        ds = simulated(terms | {"tier.small.tracked_factor": factor})
        at = ds["component"].values.tolist().index("performance")
        pay.append(float(ds["cost_quantity"].values[0, at].mean()))
    error = 10.0 * math.sqrt(EXPECTED * SEEN / 20_000)
    assert abs(pay[0] - 10.0 * EXPECTED * SEEN) <= 4.0 * error
    assert abs(pay[1] - 5.0 * EXPECTED * SEEN) <= 4.0 * error


# --- Who would have come anyway, who is new, who comes again -----------------------------------------


@pytest.mark.parametrize(("factor", "share"), [(0.5, 0.4), (2.0, 1.0)])
def test_buyers_of_a_tier_may_be_less_incremental(
    simulated: Simulated, plain: xr.Dataset, factor: float, share: float
) -> None:
    """0.8 of all orders are; no share passes one. What the dashboard shows stays."""
    ds = simulated({"tier.small.incremental_factor": factor})
    np.testing.assert_allclose(
        ds["contribution"].values, plain["contribution"].values * share / 0.8, rtol=1e-12
    )
    np.testing.assert_allclose(ds["tracked_revenue"], plain["tracked_revenue"], rtol=1e-12)


def test_orders_of_a_tier_may_be_worth_more(simulated: Simulated, plain: xr.Dataset) -> None:
    ds = simulated({"tier.small.order_value_factor": 1.5})
    np.testing.assert_array_equal(ds["orders"].values, plain["orders"].values)
    np.testing.assert_allclose(ds["revenue"].values, 1.5 * plain["revenue"].values, rtol=1e-12)


def test_survival_of_alike_customers_is_geometric() -> None:
    np.testing.assert_allclose(survival(0.3, 0.0, 4), [0.3, 0.09, 0.027, 0.0081], rtol=1e-12)
    assert not survival(0.0, 0.2, 3).any()


@pytest.mark.parametrize(("mean", "sd"), [(0.26, 0.22), (0.6, 0.1)])
def test_survival_of_differing_customers_is_the_mean_power_of_a_beta(
    mean: float, sd: float
) -> None:
    """S(k) = E[r^k] over r ~ Beta, by scipy's moments, and by the beta functions of the paper."""
    size = mean * (1.0 - mean) / sd**2 - 1.0
    a, b = mean * size, (1.0 - mean) * size
    law = stats.beta(a, b)
    assert law.std() == pytest.approx(sd)
    ours = survival(mean, sd, 6)
    powers = [law.expect(lambda r, k=k: r**k) for k in range(1, 7)]
    np.testing.assert_allclose(ours, powers, rtol=1e-7)
    orders = np.arange(1, 7)
    np.testing.assert_allclose(ours, special.beta(a + orders, b) / special.beta(a, b), rtol=1e-9)


RETAINED = {
    "customers.retention": 0.4,
    "customers.interval_months": 2.0,
    "customers.new_share": 0.7,
}


def test_repeats_are_those_of_new_customers_within_the_horizon(
    simulated: Simulated, plain: xr.Dataset
) -> None:
    """0.7 of first orders, each followed by sum of 0.4^k over six intervals of two months."""
    ds = simulated(RETAINED)
    first = plain["contribution"].values / 1.2  # BASE counts 0.2 of repeat value
    later = sum(0.4**k for k in range(1, 7))
    np.testing.assert_allclose(ds["contribution"].values, first * (1 + 0.7 * later), rtol=1e-12)
    np.testing.assert_allclose(ds["repeat_contribution"].values, first * 0.7 * later, rtol=1e-12)
    new = ds["new_customers"].values[0]
    close(new, 0.7 * EXPECTED, 0.7 * EXPECTED)  # a thinned Poisson number
    measures = summarize(ds)["p"]
    each = 50.0 * MARGIN * KEPT * (1 + later)
    assert measures["ltv"].value == pytest.approx(each, rel=1e-12)
    cost = float(ds["cost"].mean())
    assert measures["cac"].value == pytest.approx(cost / new.mean(), rel=1e-12)
    assert measures["ltv_to_cac"].value == pytest.approx(each * new.mean() / cost, rel=1e-12)


def test_tiers_keep_their_own_retention(simulated: Simulated, still: dict[str, Any]) -> None:
    changes = RETAINED | {
        "tier.large": {**still, "retention": 0.1, "new_share": 1.0},
        "portfolio.p": {"mix": {"small": 0.5, "large": 0.5}, "creators": 4},
    }
    ds = simulated(changes, worlds=256)
    first = ds["line_order_value"].values * 1.1 * 0.8 * KEPT * MARGIN  # halo, incremental share
    by_tier = {
        "small": 0.7 * sum(0.4**k for k in range(1, 7)),
        "large": sum(0.1**k for k in range(1, 7)),
    }
    rate = np.array([by_tier[tier] for tier in ds["line_tier"].values])[:, None]
    np.testing.assert_allclose(
        ds["repeat_contribution"].values[0], (first * rate).sum(axis=0), rtol=1e-12
    )


# --- When repeats happen ----------------------------------------------------------------------------


def test_repeats_come_their_interval_after_the_order(make: Make) -> None:
    """Posts at once that fade in minutes: orders on day 0, so each repeat is a step of its weight."""
    experiment = make(RETAINED | {"platform.instagram.half_life_days": 0.002})
    shares = repeats_arrived(experiment, make_plan(experiment).lines)[0]
    weights = 0.4 ** np.arange(1, 7) / sum(0.4**k for k in range(1, 7))
    days = 2.0 * 365.0 / 12.0 * np.arange(1, 7)
    by_hand = [(weights * (days < day)).sum() for day in WEEK_ENDS]
    np.testing.assert_allclose(shares, by_hand, rtol=1e-12)


def test_payback_counts_repeats_when_they_happen(simulated: Simulated) -> None:
    """Half-life of two weeks, repeats of a twelfth each month: the closed form at a few weeks."""
    ds = simulated({"platform.instagram.half_life_days": 14.0}, worlds=512)
    profit = profit_to_date(ds, "p")
    first = ds["contribution"].values[0] / 1.2

    def come(days: float) -> float:
        return 1.0 - 2.0 ** (-max(days, 0.0) / 14.0)

    for week in (1, 5, 30, 52):
        later = np.mean([come(7.0 * week - 365.0 / 12.0 * k) for k in range(1, 13)])
        expected = first * (come(7.0 * week) + 0.2 * later) - ds["cost"].values[0]
        np.testing.assert_allclose(profit[week - 1], expected, rtol=1e-9, atol=1e-6)


# --- What a file may say ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tracking.orders_per_click": 0}, "orders_per_click: must be positive"),
        ({"tracking.discount_rate": 15}, "discount_rate: cannot be above 1"),
        ({"tracking.clicks": "yes"}, "clicks: must be true or false"),
        ({"customers.retention": 1}, "retention: must be below 1"),
        ({"customers.retention": 0.02, "customers.retention_sd": 0.3}, "retention_sd"),
        (
            {"customers.retention_sd": 0.2, "tier.small.retention": 0.01},
            "customers.retention_sd: is more than customers can differ around a retention of 0.01",
        ),
    ],
)
def test_what_cannot_be_is_told(make: Make, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(sim.ExperimentError, match=problem):
        make(changes)


# --- Creators one by one ------------------------------------------------------------------------------


def test_a_creator_followed_alone_has_the_buyers_of_its_own_tier(
    make: Make, still: dict[str, Any], tmp_path: Any
) -> None:
    """What `sim pick` knows of each creator is a run of a roster of that creator alone."""
    tiers = {
        "tier.small.tracked_factor": 0.5,
        "tier.large": {**still, "leaked_orders": 1.0, "order_value_factor": 2.0, "new_share": 0.5},
    }
    head = "name,followers,tier,platform\n"
    (tmp_path / "two.csv").write_text(
        head + "Ann,20000,small,instagram\nBo,30000,large,instagram\n"
    )
    (tmp_path / "one.csv").write_text(head + "Bo,30000,large,instagram\n")
    how = {"worlds": 256, "folder": tmp_path}
    both, alone = (
        make(RETAINED | LEAKED | tiers | {"portfolio.p": {"roster": name}}, **how)
        for name in ("two.csv", "one.csv")
    )
    followed = follow(each_of(both, "p", 256)).alone
    run = sim.simulate(alone, threads=1)
    at = [row.name for row in each_of(both, "p", 256).people].index("Bo")
    for name in ("contribution", "tracked_revenue", "repeat_contribution", "customer_value"):
        np.testing.assert_allclose(
            followed[name][at], run[name].values[0], rtol=1e-12, err_msg=name
        )
