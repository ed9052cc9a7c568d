"""Where something is zero, certain, at its limit or impossible: exact outcomes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import sim

Make = Callable[..., sim.Experiment]
Simulated = Callable[..., xr.Dataset]

FREE: dict[str, Any] = {
    "tier.small.management_hours": 0,
    **{
        f"costs.{name}": 0
        for name in (
            "cost_of_goods", "shipping", "hourly_rate", "fixed", "bonus_per_order",
            "bonus_per_thousand_impressions",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "nothing",
    [
        {"portfolio.p.compensation": "gifted"},
        {"tier.small.fee": 0},
        {"tier.small.delivery_rate": 0},
    ],
    ids=["gifted", "no fee", "nobody posts"],
)
def test_no_cost_is_zero_and_has_no_ratio(nothing: dict[str, Any], simulated: Simulated) -> None:
    ds = simulated(FREE | nothing, worlds=200)
    assert (ds["cost"] == 0).all()
    for name in ("roi", "roas", "tracked_roas"):
        assert ds[name].isnull().all(), name


def test_nobody_posts(simulated: Simulated) -> None:
    ds = simulated({"tier.small.delivery_rate": 0.0}, worlds=200)
    for name in ("impressions", "reach", "engagements", "expected_orders", "orders", "revenue"):
        assert (ds[name] == 0).all(), name
    assert (ds["delivered"] == 0).all()
    assert ds["effective_creators"].isnull().all()
    assert ds["top_creator_share"].isnull().all()
    assert ds["roi"].values == pytest.approx(-1.0)
    # Goods, shipping and hours are spent all the same.
    assert ds["cost"].values == pytest.approx(100 + 3 * (40 + 5 + 80))


def test_everything_certain(simulated: Simulated) -> None:
    """Without any spread every world has the same figures but for orders."""
    ds = simulated(worlds=2_000)
    assert ds["impressions"].values == pytest.approx(3 * 4_000)
    assert ds["reach"].values == pytest.approx(3 * 4_000)
    assert ds["engagements"].values == pytest.approx(3 * 400)
    assert ds["expected_orders"].values == pytest.approx(60)
    assert ds["effective_creators"].values == pytest.approx(3)
    assert ds["top_creator_share"].values == pytest.approx(1 / 3)
    # Poisson: mean 60 and variance 60, four standard errors.
    orders = ds["orders"].values
    assert orders.mean() == pytest.approx(60, rel=0, abs=4 * math.sqrt(60 / 2_000))
    assert orders.var() == pytest.approx(60, rel=0, abs=4 * 60 * math.sqrt((2 + 1 / 60) / 2_000))


def test_orders_of_one_value_add_up_to_their_number(simulated: Simulated) -> None:
    """Coefficient of variation 0: 50 USD each; with next to none nearly so, with the same orders."""
    exact, near = (simulated({"economics.order_value_cv": cv}, worlds=500) for cv in (0, 1e-6))
    np.testing.assert_allclose(exact["line_order_value"], 50.0 * exact["orders"], rtol=1e-14)
    np.testing.assert_array_equal(exact["orders"], near["orders"])
    np.testing.assert_allclose(near["line_order_value"], exact["line_order_value"], rtol=1e-5)


def test_a_spike_that_never_comes_is_none(simulated: Simulated) -> None:
    """Whatever its tail, and whatever goes with it."""
    never = {"spike": {"probability": 0, "minimum": 1.0, "tail_index": 0.8}}
    shocks = {"shocks.loadings.amplification": {"campaign": 0.5}, "shocks.preserve_mean": True}
    with_none, without = (
        simulated(shocks | {"tier.small.amplification": law}, worlds=200) for law in (never, {})
    )
    assert with_none.drop_attrs().identical(without.drop_attrs())
    assert json.loads(with_none.attrs["warnings_json"]) == json.loads(
        without.attrs["warnings_json"]
    )


def test_a_gamma_rate_has_its_mean(simulated: Simulated) -> None:
    """Engagement of 3 creators: 3 x 20,000 x 0.02, four standard errors of sd 0.015."""
    rate = {"tier.small.engagement_rate": {"gamma": {"mean": 0.02, "sd": 0.015}}}
    engagements = simulated(rate, worlds=20_000)["engagements"].values
    error = math.sqrt(3) * 20_000 * 0.015 / math.sqrt(20_000)
    assert engagements.mean() == pytest.approx(1_200, rel=0, abs=4 * error)


def test_effective_creators_is_one_for_one(simulated: Simulated) -> None:
    varied = {"tier.small.engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": 1}}}
    ds = simulated(varied | {"portfolio.p.creators": 1}, worlds=500)
    assert ds["effective_creators"].values == pytest.approx(1.0)
    assert (ds["top_creator_share"] == 1.0).all()


def test_a_certain_spike_is_a_fault_of_the_file(make: Make) -> None:
    """It is no yes/no any more, and its table would start at minus infinity."""
    certain = {"spike": {"probability": 1.0, "minimum": 0.5, "tail_index": 6.0}}
    with pytest.raises(sim.ExperimentError, match=r"amplification\.spike\.probability"):
        sim.simulate(make({"tier.small.amplification": certain}, worlds=128))


def test_a_law_that_cannot_be_tabulated_is_a_fault_of_the_file(make: Make) -> None:
    hopeless = {"cascade": {"b": 0.001, "tail_index": 0.5}, "cap": 10}
    with pytest.raises(sim.ExperimentError, match=r"tier\.small\.amplification"):
        sim.simulate(make({"tier.small.amplification": hopeless}, worlds=128))


@pytest.mark.parametrize("basis", ["followers", "impressions"])
def test_caps_hold_in_every_world(basis: str, simulated: Simulated) -> None:
    wide = {"lognormal": {"median": 0.2, "log_sd": 0.45}}
    changes = {
        "platform.instagram": {"audience": 9_000, "viral_from": 2},
        "tier.small.engagement_rate": wide,
        "tier.small.engagement_basis": basis,
        "tier.small.reach_rate": wide,
        "tier.small.post_luck": {"lognormal": {"mean": 1, "log_sd": 1}},
        "tier.small.amplification": {"cascade": {"b": 1, "tail_index": 1.5}},
        "tier.small.amplified_engagement": 1.0,
        "portfolio.p": {"tier": "small", "creators": 2, "posts": 2, "repeat_factor": 3},
    }
    ds = simulated(changes, worlds=5_000)
    slack = 1 + 1e-6
    assert (ds["impressions"] <= 2 * 2 * 9_000 * slack).all()
    assert (ds["engagements"] <= ds["impressions"] * slack).all()
    assert (ds["impressions"] == 2 * 2 * 9_000).any()


def test_nobody_has_more_real_followers_than_followers(simulated: Simulated) -> None:
    changes = {
        "tier.small.reach_rate": 1.0,
        "tier.small.authentic_share": 0.8,
        "beliefs.authentic_share": {"sd": 0.5},
    }
    ds = simulated(changes, worlds=1_000)
    assert (ds["impressions"] <= 3 * 20_000 * (1 + 1e-9)).all()


def test_stratified_factors_of_very_few_worlds(make: Make) -> None:
    """32 groups of one world each are 32 independent normal numbers."""
    changes = {
        "simulation.sampling": "stratified",
        "shocks.loadings.conversion_rate": {"campaign": 0.5},
    }
    scores = sim.simulate(make(changes, worlds=32))["shock"].values.ravel()
    assert len(np.unique(scores)) == 32


def test_stratified_factors_have_one_world_in_each_stratum(make: Make) -> None:
    from scipy.special import ndtr

    changes = {
        "simulation.sampling": "stratified",
        "shocks.loadings.conversion_rate": {"campaign": 0.5, "niche": 0.3},
    }
    ds = sim.simulate(make(changes, worlds=2_048))
    strata = np.floor(ndtr(ds["shock"].values) * 64).astype(int).reshape(2, 32, 64)
    assert (np.sort(strata, axis=2) == np.arange(64)).all()
    # Orders are fresh in each group and for each factor.
    orders = {tuple(row) for row in strata.reshape(64, 64)}
    assert len(orders) == 64


def test_two_levels_repeat_beliefs_and_nothing_else(make: Make) -> None:
    changes = {
        "simulation.replicates": 5,
        "shocks.loadings.conversion_rate": {"campaign": 0.5},
        "beliefs.conversion_rate": {"sd": 0.4},
        "economics.order_value": "30 to 90",
        "tier.small.engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": 0.5}},
    }
    ds = sim.simulate(make(changes, worlds=1_000))
    beliefs = ds["belief_factor"].values.reshape(-1, 200, 5)
    assert (beliefs == beliefs[:, :, :1]).all()
    assert len(np.unique(beliefs[0])) == 200
    for name in ("shock", "engagements"):
        assert len(np.unique(ds[name].values)) == 1_000, name


@pytest.mark.parametrize("law", ["spike", "cascade"])
def test_a_mean_that_rests_on_its_cap_is_told(law: str, simulated: Simulated) -> None:
    """Tail index 1 and below with a cap: a warning with tier, index and cap; above 1 none."""
    laws = {
        "spike": {"probability": 0.1, "minimum": 1.0, "tail_index": 0.9},
        "cascade": {"b": 0.5, "tail_index": 0.9},
    }
    key = "tier.small.amplification"
    for tail_index, told in ((0.9, True), (1.0, True), (1.2, False)):
        heavy = {law: laws[law] | {"tail_index": tail_index}, "cap": 80}
        warnings = json.loads(simulated({key: heavy}, worlds=128).attrs["warnings_json"])
        found = [text for text in warnings if "rests on the cap alone" in text]
        assert bool(found) == told
        if told:
            assert f"small (tail index {tail_index:g}, cap 80)" in found[0]


def test_effort_cannot_follow_no_fee(make: Make) -> None:
    changes = {"fee": 0, "effort_elasticity": 0.3, "effort_fee": 100}
    with pytest.raises(sim.ExperimentError, match="needs a `fee` above zero"):
        sim.simulate(make({f"tier.small.{k}": v for k, v in changes.items()}, worlds=128))


def test_doubt_about_tracking_compiles_nothing_new(make: Make, simulated: Simulated) -> None:
    """A figure that is a row reaches the kernel as the same kind of array as one that is a number."""
    from sim.engine.emit import loop
    from sim.engine.jit import COMPILES
    from sim.engine.prepare import prepared
    from sim.plan import make_plan

    simulated(worlds=128)
    if not COMPILES:
        pytest.skip("nothing is compiled")
    of_line = loop(prepared(make_plan(make(worlds=128)).works[0]).structure)
    before = of_line.sums.kinds
    simulated({"economics.tracked_share": "40 to 80 %"}, worlds=128)
    assert len(before) == 1
    assert of_line.sums.kinds == before
