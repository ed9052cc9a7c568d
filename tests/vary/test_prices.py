"""Costs at other prices by algebra are those of a fresh run, world by world."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.vary.keys import Varied, find_key
from sim.vary.prices import Prices, is_price

#: Every kind of price with the values that are tried.
PRICES = {
    "tier.micro.fee": (0.0, 2_000.0),
    "tier.macro.fee": (10.0, 30_000.0),
    "tier.micro.management_hours": (0.1, 20.0),
    "costs.cost_of_goods": (0.0, 200.0),
    "costs.product_units": (0.0, 9.0),
    "costs.shipping": (0.0, 90.0),
    "costs.hourly_rate": (0.0, 200.0),
    "costs.agency_share": (0.0, 0.9),
    "costs.usage_rights_share": (0.0, 0.9),
    "costs.fixed": (0.0, 5_000.0),
    "costs.bonus_per_order": (0.0, 20.0),
    "costs.bonus_per_thousand_impressions": (0.0, 20.0),
    "compensation.hybrid.fee_share": (0.0, 2.0),
    "compensation.affiliate.commission_rate": (0.0, 0.9),
}


@pytest.fixture(scope="module")
def runs():
    return {}


def run_of(runs, experiment):
    if "run" not in runs:
        runs["run"] = sim.simulate(experiment)
    return runs["run"]


@given(st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_algebra_equals_fresh_runs(priced, runs, data):
    experiment = priced()
    run = run_of(runs, experiment)
    names = data.draw(
        st.lists(st.sampled_from(sorted(PRICES)), min_size=1, max_size=5, unique=True)
    )
    # A price below a millionth of a dollar is none, and quotes of nothing hold nobody.
    values = [max(round(data.draw(st.floats(*PRICES[name])), 6), 1e-6) for name in names]
    keys = [find_key(experiment, name) for name in names]
    ours = Prices(experiment, run).sheet(keys, np.array([values])).at(0)
    theirs = sim.simulate(Varied(experiment).at(dict(zip(keys, values, strict=True))))
    for name in ("cost", "contribution", "profit", "roi"):
        # Fees of a fresh run are rounded again: to single precision, of which sums keep 1e-7.
        size = 1e-6 * float(np.nanmax(np.abs(theirs[name].values)))
        np.testing.assert_allclose(
            ours[name].values, theirs[name].values, rtol=1e-6, atol=size, err_msg=name
        )


@pytest.mark.parametrize("name", sorted(PRICES))
def test_each_price_is_known_as_one(priced, name):
    assert is_price(find_key(priced(), name), priced())


@pytest.mark.parametrize(
    "name",
    ["economics.order_value", "shocks.scale", "tier.micro.engagement_rate", "costs.fee_due",
     "compensation.hybrid.engagement_factor", "portfolio.few.creators"],
)  # fmt: skip
def test_what_moves_draws_is_no_price(priced, name):
    assert not is_price(find_key(priced(), name), priced())


def test_few_coefficients_carry_all_components(priced, runs):
    experiment = priced()
    keys = [find_key(experiment, "costs.hourly_rate")]
    sheet = Prices(experiment, run_of(runs, experiment)).sheet(keys, np.array([[10.0], [90.0]]))
    # What the rate is charged on, and everything else.
    assert sheet.coefficients.shape[1] == 2


def test_a_run_that_the_algebra_does_not_give_is_noticed(priced, runs):
    experiment = priced()
    run = run_of(runs, experiment)
    assert Prices(experiment, run).reproduce()
    assert not Prices(experiment, run.assign(cost=run["cost"] * 1.001)).reproduce()
