"""Stages, rosters, pay by results and incidents: what must not change a number, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import sim
from sim.engine.run import run
from sim.plan import make_plan
from sim.vary.keys import Varied, find_key
from sim.vary.prices import Prices, is_price

from .test_invariance import RICH, of, other_tier, same

Build = Callable[..., sim.Experiment]

WORLDS = 600
STAGED: dict[str, Any] = {
    "tier": "small", "creators": 6, "stages": [{"posts": 1}, {"keep": 0.5, "posts": 2}],
}  # fmt: skip
PAID: dict[str, Any] = {"tier": "small", "creators": 4, "posts": 2, "compensation": "results"}
RESULTS = {
    "fee_share": 0.0, "commission_rate": 0.05, "engagement_factor": 1.1,
    "pay_per_engagement": 0.05, "pay_per_order": 3.0, "pay_floor": 20.0, "pay_cap": 150.0,
}  # fmt: skip
MECHANISMS: dict[str, Any] = RICH | {
    "tier.small.incident_rate": 0.1,
    "tier.small.incident_spill": 0.05,
    "tier.small.incident_cost": 300.0,
    "compensation.results": RESULTS,
    "platform.instagram.half_life_days": 3.0,
    "niche.general.market": 200_000,
    "niche.general.duplicate_waste": 0.8,
    "portfolio.p": STAGED,
    "portfolio.q": PAID,
    "portfolio.r": {"roster": "list.csv", "posts": 2},
}
LIST = (
    "name,followers,engagement_rate,posts,past_orders,past_posts\n"
    "Ada,20000,3 %,5,7,3\nBo,30000,,,,\nCleo,45000,1 %,9,,\n"
)


@pytest.fixture(scope="module")
def build(make: Build, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return an experiment with dotted keys changed, beside two rosters."""
    folder: Path = tmp_path_factory.mktemp("lists")
    (folder / "list.csv").write_text(LIST, encoding="utf-8")
    (folder / "longer.csv").write_text(LIST + "Dora,25000,2 %,4,,\n", encoding="utf-8")

    def experiment(changes: dict[str, Any], worlds: int = WORLDS) -> sim.Experiment:
        return make(changes, worlds=worlds, folder=folder)

    return experiment


@pytest.fixture(scope="module")
def all_at_once(build: Build) -> xr.Dataset:
    return sim.simulate(build(MECHANISMS), threads=2)


@pytest.mark.parametrize(("block", "threads"), [(128, 3), (256, 1), (2048, 2)])
def test_blocks_and_threads(
    block: int, threads: int, build: Build, all_at_once: xr.Dataset
) -> None:
    arrays = run(make_plan(build(MECHANISMS)), threads=threads, block=block)
    for name in set(arrays) & set(all_at_once.data_vars):
        np.testing.assert_array_equal(arrays[name], all_at_once[name].values, err_msg=name)


def test_more_worlds_extend_the_first(build: Build, all_at_once: xr.Dataset) -> None:
    longer = sim.simulate(build(MECHANISMS, worlds=2 * WORLDS + 17), threads=2)
    same(longer.isel(sim=slice(WORLDS)), all_at_once)


def test_order_of_the_file(build: Build, all_at_once: xr.Dataset) -> None:
    backwards = {k: v for k, v in reversed(MECHANISMS.items()) if not k.startswith("portfolio")}
    backwards["portfolio"] = {name: MECHANISMS[f"portfolio.{name}"] for name in "rqp"}
    ds = sim.simulate(build(backwards), threads=2)
    order = {name: all_at_once[name] for name in ("portfolio", "line", "factor", "belief")}
    same(ds.sel(order), all_at_once)


def test_other_portfolios_change_none(
    build: Build, all_at_once: xr.Dataset, still: dict[str, Any]
) -> None:
    """Larger, longer, otherwise paid ones on the same pool, and another roster with the same names."""
    more = {
        "portfolio.a": STAGED | {"creators": 11, "stages": [{"posts": 2}, {"keep": 0.5}]},
        "portfolio.b": PAID | {"creators": 9},
        "portfolio.c": PAID | {"compensation": "paid"},
        "portfolio.d": {"roster": "longer.csv", "posts": 2},
        "portfolio.z": {"tier": "other", "creators": 2, "niche": "beauty"},
        "tier.other": other_tier(still),
        "niche.beauty": {"market": 1e6},
    }
    larger = sim.simulate(build(MECHANISMS | more), threads=2)
    for portfolio in all_at_once["portfolio"].values:
        a, b = of(all_at_once, portfolio), of(larger, portfolio)
        same(a, b.sel(factor=a["factor"], belief=a["belief"]))


def test_a_named_creator_brings_the_same_in_any_roster(
    build: Build, all_at_once: xr.Dataset
) -> None:
    """The longer list is the list and Dora: impressions of the others stay as they are."""
    longer = sim.simulate(build(MECHANISMS | {"portfolio.r.roster": "longer.csv"}), threads=2)
    more, fewer = (ds["impressions"].sel(portfolio="r").values for ds in (longer, all_at_once))
    assert (more >= fewer).all()
    assert 0.5 < (more > fewer).mean() <= 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"tier.small.fee": "100 to 150"},
        {"tier.small.management_hours": 3.0},
        {"tier.small.incident_cost": 5.0},
        {"costs.hourly_rate": 90, "costs.agency_share": 0.3},
        {"compensation.results.pay_floor": 90.0},
        {"compensation.results.pay_cap": 0.01, "compensation.results.pay_floor": 0.0},
        {"compensation.results.pay_per_engagement": 1.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_costs_leave_every_other_draw(
    change: dict[str, Any], build: Build, all_at_once: xr.Dataset
) -> None:
    ds = sim.simulate(build(MECHANISMS | change), threads=2)
    costs = {"cost", "profit", "roi", "roas", "tracked_roas", "cost_quantity", "cost_price"}
    same(ds.drop_vars(costs), all_at_once.drop_vars(costs))
    assert (ds["cost"] != all_at_once["cost"]).any()


# --- Prices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("costs.agency_share", 0.4),
        ("costs.hourly_rate", 90.0),
        ("costs.bonus_per_order", 5.0),
        ("compensation.results.commission_rate", 0.3),
        ("tier.small.fee", 260.0),
        ("tier.small.management_hours", 5.0),
        ("costs.cost_of_goods", 55.0),
    ],
)
def test_prices_are_algebra_here_too(
    name: str, value: float, build: Build, all_at_once: xr.Dataset
) -> None:
    experiment = build(MECHANISMS)
    key, prices = find_key(experiment, name), Prices(experiment, all_at_once)
    assert is_price(key, experiment)
    assert prices.reproduce()
    fresh = sim.simulate(Varied(experiment).at({key: value}), threads=2)
    ours = prices.sheet([key], np.array([[value]])).at(0)
    # Fees and hours are drawn in single precision: a cost keeps six digits, whatever it is taken from.
    cost, roi = fresh["cost"].values, fresh["roi"].values
    assert (np.abs(ours["cost"].values - cost) <= 1e-6 * cost).all()
    assert (np.abs(ours["profit"].values - fresh["profit"].values) <= 1e-6 * cost).all()
    np.testing.assert_allclose(1.0 + ours["roi"].values, 1.0 + roi, rtol=1e-6)


def test_a_fee_that_tells_or_moves_is_no_price(make: Build, tmp_path: Path) -> None:
    """Known fees stay when the tier's changes, and tell of engagement; effort follows the fee."""
    (tmp_path / "list.csv").write_text("name,followers,fee\nAda,20000,150\n", encoding="utf-8")
    known = make({"portfolio": {"p": {"roster": "list.csv"}}}, folder=tmp_path)
    effort = make({"tier.small.effort_elasticity": 0.2, "tier.small.effort_fee": 100.0})
    for experiment in (known, effort):
        assert not is_price(find_key(experiment, "tier.small.fee"), experiment)
        assert is_price(find_key(experiment, "costs.hourly_rate"), experiment)
