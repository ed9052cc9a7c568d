"""A budget is a cap: in each world hiring ends with the first creator who does not fit.

Statistical comparisons allow four standard errors; seeds are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

import sim
from sim.engine.exact import exact_sums
from sim.engine.factors import factor_rows
from sim.engine.kernel import line_sums, place
from sim.engine.line import COMMITTED, HIRED, N_SUMS, SUMS, Line
from sim.plan import Plan, make_plan

Array = npt.NDArray[np.float64]
Make = Callable[..., sim.Experiment]
Simulated = Callable[..., xr.Dataset]

#: Nothing but the fee costs money.
FREE: dict[str, Any] = {
    "tier.small.management_hours": 0,
    **{
        f"costs.{name}": 0
        for name in (
            "cost_of_goods", "shipping", "hourly_rate", "fixed", "agency_share",
            "usage_rights_share", "bonus_per_order", "bonus_per_thousand_impressions",
        )
    },
}  # fmt: skip
#: Quotes that vary between creators and between worlds.
QUOTED: dict[str, Any] = {
    "tier.small.fee": {"lognormal": {"mean": 100, "log_sd": 0.7}},
    "tier.small.management_hours": {"lognormal": {"mean": 2, "log_sd": 0.3}},
    "costs.cost_of_goods": "10 to 30",
    "beliefs": {"fee": {"sd": 0.4}},
    "shocks.loadings": {"fee": {"campaign": 0.3}},
    "tier.small.engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": 0.6}},
    "tier.small.delivery_rate": 0.8,
    "portfolio.p": {"tier": "small", "budget": 9_000},
}
WORLDS = 256


def sums_of(plan: Plan, line: Line) -> Array:
    out = np.empty((len(line.stops), N_SUMS, WORLDS))
    line_sums(line, factor_rows(plan, 0, WORLDS), np.ones(WORLDS), 0, WORLDS, out)
    return out


def test_hiring_ends_with_the_first_who_does_not_fit(make: Make) -> None:
    """Against the sums after every number of creators, of a line that nothing caps: bit for bit."""
    plan = make_plan(make(QUOTED, worlds=WORLDS))
    capped = plan.works[0]
    whole = sums_of(plan, capped)[0]
    most = int(whole[HIRED].max()) + 1
    everybody = replace(
        capped, money=math.inf, stops=np.arange(1, most + 1), creators=capped.creators[:most]
    )
    after = sums_of(plan, everybody)
    committed = after[:, COMMITTED]
    fits = committed <= capped.money * (1.0 + 1e-6)
    hired = np.where(fits.all(axis=0), most, np.argmin(fits, axis=0))
    np.testing.assert_array_equal(whole[HIRED], hired)
    assert 10 < hired.min() < hired.max() - 20
    for world in range(WORLDS):
        before = after[hired[world] - 1, :, world]
        np.testing.assert_array_equal(whole[:, world], before, err_msg=str(world))


@pytest.mark.parametrize("posts", [1, 3])
def test_no_world_commits_more_than_the_budget(simulated: Simulated, posts: int) -> None:
    bought = {"portfolio.p": QUOTED["portfolio.p"] | {"posts": posts}}
    ds = simulated(QUOTED | bought | {"costs.fixed": 500.0}, worlds=4_000)
    committed, left = ds["committed"].values[0], 9_000 - 500
    assert (committed <= left * (1.0 + 2e-6)).all()
    # One more would not have fitted: what is left is less than the dearest quote.
    assert float(np.mean(left - committed)) < 400.0 * posts
    assert float(ds["hired"].std()) > 5.0
    quantities = ds["cost_quantity"].sel(component="shipping").values[0]
    np.testing.assert_array_equal(quantities, ds["hired"].values[0])
    costs = ds["cost_quantity"] * ds["cost_price"]
    afterwards = ("commission", "bonus_orders", "bonus_impressions", "performance", "incidents")
    before = costs.drop_sel(component=[*afterwards, "agency"]).sum(["line", "component"]).values
    fees = costs.sel(component=["fee", "usage_rights"]).sum(["line", "component"]).values
    # Fees fall due on delivery: no more than was committed.
    assert (before + 0.1 * fees <= 9_000 * (1.0 + 2e-6)).all()


@pytest.mark.parametrize(("budget", "hired"), [(1_000, 10), (999, 9), (100, 1), (1_234, 12)])
def test_what_fits_exactly_fits(simulated: Simulated, budget: float, hired: int) -> None:
    """Ten fees of a hundred come to a thousand."""
    ds = simulated(FREE | {"portfolio.p": {"tier": "small", "budget": budget}}, worlds=128)
    assert (ds["hired"].values == hired).all()
    np.testing.assert_allclose(ds["committed"].values, 100.0 * hired, rtol=1e-6)


def test_nobody_fits(simulated: Simulated) -> None:
    """Where all ask for more than there is, the fixed cost is lost and there is no return on it."""
    changes = FREE | {"costs.fixed": 50.0, "portfolio.p": {"tier": "small", "budget": 120}}
    ds = simulated(changes, worlds=128)
    assert (ds["hired"].values == 0.0).all()
    np.testing.assert_array_equal(ds["profit"].values, -50.0)
    assert np.isnan(ds["roi"].values).all()


def test_number_hired_is_that_of_a_renewal_process(simulated: Simulated) -> None:
    """Independent lognormal fees against numpy's own: mean, variance and chance of few."""
    changes = FREE | {
        "tier.small.fee": {"lognormal": {"mean": 100, "log_sd": 0.9}},
        "portfolio.p": {"tier": "small", "budget": 1_500},
    }
    hired = simulated(changes, worlds=20_000)["hired"].values[0]
    rng = np.random.default_rng(7)
    fees = rng.lognormal(math.log(100) - 0.9**2 / 2.0, 0.9, (20_000, 120))
    drawn = (np.cumsum(fees, axis=1) <= 1_500).sum(axis=1)
    assert drawn.max() < 120
    for function in (lambda x: x, lambda x: (x - drawn.mean()) ** 2, lambda x: 1.0 * (x <= 8)):
        a, b = function(hired), function(drawn)
        error = math.sqrt((a.var() + b.var()) / 20_000)
        assert abs(a.mean() - b.mean()) <= 4.0 * error


def test_a_mix_caps_each_line_at_its_share(simulated: Simulated, still: dict[str, Any]) -> None:
    changes = FREE | {
        "tier.large": still | {"fee": 700.0},
        "portfolio.p": {
            "budget": 3_000, "mix": {"small": {"share": 0.4}, "large": {"share": 0.6}},
        },
    }  # fmt: skip
    ds = simulated(changes, worlds=128)
    shipped = ds["cost_quantity"].sel(component="shipping")
    assert (shipped.sel(line="p/small").values == 12.0).all()
    assert (shipped.sel(line="p/large").values == 2.0).all()
    assert (ds["hired"].values == 14.0).all()


def test_planned_hiring_overspends(simulated: Simulated) -> None:
    """As many as the expected cost allows, in every world; quotes then come to more, or less."""
    changes = QUOTED | {"portfolio.p": {"tier": "small", "budget": 9_000, "hiring": "planned"}}
    ds = simulated(changes, worlds=4_000)
    assert float(ds["hired"].std()) == 0.0
    over = float((ds["committed"] > 9_000).mean())
    assert 0.2 < over < 0.6
    capped = simulated(QUOTED, worlds=4_000)
    assert float(capped["hired"].mean()) == pytest.approx(float(ds["hired"].mean()), rel=0.3)


@pytest.mark.parametrize("posts", [1, 3])
@pytest.mark.parametrize("due", ["delivery", "signing"])
def test_both_readings_hire_alike(make: Make, posts: int, due: str) -> None:
    bought = {"portfolio.p": QUOTED["portfolio.p"] | {"posts": posts}, "costs.fee_due": due}
    plan = make_plan(make(QUOTED | bought, worlds=WORLDS))
    line = plan.works[0]
    single = sums_of(plan, line)[0]
    few = replace(line, creators=line.creators[:400], stops=np.array([400]))
    double = np.empty((1, N_SUMS, WORLDS))
    place(few, exact_sums(few, factor_rows(plan, 0, WORLDS), np.ones(WORLDS), 0, WORLDS), double)
    np.testing.assert_array_equal(single[HIRED], double[0, HIRED])
    for k, name in enumerate(SUMS):
        np.testing.assert_allclose(single[k], double[0, k], rtol=2e-5, atol=1e-9, err_msg=name)


def test_the_same_creators_with_and_without_a_cap(simulated: Simulated) -> None:
    """A budget that hires ten in every world, and ten creators: the same draws."""
    quoted = FREE | {"tier.small.engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": 0.6}}}
    capped = simulated(quoted | {"portfolio.p": {"tier": "small", "budget": 1_000}}, worlds=512)
    ten = simulated(quoted | {"portfolio.p": {"tier": "small", "creators": 10}}, worlds=512)
    np.testing.assert_array_equal(capped["engagements"].values, ten["engagements"].values)
    np.testing.assert_array_equal(capped["profit"].values, ten["profit"].values)
