"""What must not change a number: blocks, threads, order in the file, other portfolios, prices.

Equality here is bit for bit.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.engine.run import run
from sim.plan import make_plan

Array = npt.NDArray[np.float64]
Make = Callable[..., sim.Experiment]
Simulated = Callable[..., xr.Dataset]

#: Every mechanism at once, in few worlds.
RICH: dict[str, Any] = {
    "tier.small.followers": {"lognormal": {"median": 12_900, "log_sd": 2.07}},
    "tier.small.follower_range": [10_000, 100_000],
    "tier.small.engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": 0.8}},
    "tier.small.reach_rate": {"logitnormal": {"median": 0.2, "logit_sd": 0.5}},
    "tier.small.authentic_share": {"beta": {"mean": 0.6, "sd": 0.1}},
    "tier.small.conversion_rate": "1 to 8 %",
    "tier.small.fee": "50 to 400",
    "tier.small.management_hours": "1 to 4",
    "tier.small.delivery_rate": 0.9,
    "tier.small.post_luck": {"gamma": {"mean": 1, "sd": 0.5}},
    "tier.small.amplification": {"cascade": {"b": 0.74, "tail_index": 1.34}},
    "tier.small.amplification_engagement_correlation": 0.3,
    "tier.small.fee_elasticity": 0.1,
    "economics.order_value": "30 to 90",
    "niche.general.market": 1_000_000,
    "shocks.loadings.engagement_rate": {"campaign": 0.3, "platform": 0.2, "niche": 0.1},
    "shocks.loadings.amplification": {"platform": 0.2},
    "beliefs.engagement_rate": {"sd": 0.4, "common": 0.5},
    "portfolio.p": {"tier": "small", "creators": 5, "posts": 2},
    "portfolio.q": {
        "creators": 4, "tier": "small",
        "mix": {"a": {"share": 0.5}, "b": {"share": 0.5, "compensation": "affiliate"}},
    },
}  # fmt: skip
WORLDS = 1_000


def same(a: xr.Dataset, b: xr.Dataset) -> None:
    """Assert equal variables, bit for bit."""
    assert set(a.data_vars) == set(b.data_vars)
    for name in a.data_vars:
        np.testing.assert_array_equal(a[name].values, b[name].values, err_msg=str(name))


def of(ds: xr.Dataset, portfolio: str) -> xr.Dataset:
    """Everything of one portfolio, and what it shares."""
    return ds.sel(portfolio=portfolio).isel(line=(ds["line_portfolio"] == portfolio).values)


@pytest.fixture(scope="module")
def rich(simulated: Simulated) -> xr.Dataset:
    return simulated(RICH, worlds=WORLDS)


@pytest.mark.parametrize("block", [128, 256, 2048])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_blocks_and_threads(block: int, threads: int, make: Make, rich: xr.Dataset) -> None:
    arrays = run(make_plan(make(RICH, worlds=WORLDS)), threads=threads, block=block)
    for name in set(arrays) & set(rich.data_vars):
        np.testing.assert_array_equal(arrays[name], rich[name].values, err_msg=name)
    assert {"roi", "cost_quantity", "shock", "belief_factor", "line_orders"} <= set(arrays)


def test_order_of_tables_and_portfolios(simulated: Simulated, rich: xr.Dataset) -> None:
    reversed_file = {k: v for k, v in reversed(RICH.items()) if not k.startswith("portfolio")}
    q = RICH["portfolio.q"]
    mix = {"b": q["mix"]["b"], "a": q["mix"]["a"]}
    reversed_file["portfolio"] = {"q": q | {"mix": mix}, "p": RICH["portfolio.p"]}
    ds = simulated(reversed_file, worlds=WORLDS)
    assert list(ds["portfolio"].values) == ["q", "p"]
    again = ds.sel(portfolio=rich["portfolio"], line=rich["line"], factor=rich["factor"])
    same(again.sel(belief=rich["belief"]), rich)


def other_tier(still: dict[str, Any]) -> dict[str, Any]:
    """The tier of `RICH` under another name: other creators with the same figures."""
    prefix = "tier.small."
    return still | {k.removeprefix(prefix): v for k, v in RICH.items() if k.startswith(prefix)}


def test_adding_a_portfolio_changes_no_other(
    simulated: Simulated, rich: xr.Dataset, still: dict[str, Any]
) -> None:
    larger = simulated(
        RICH
        | {
            "portfolio.0": {"tier": "small", "creators": 9, "posts": 2},
            "portfolio.z": {"tier": "other", "creators": 2, "niche": "beauty"},
            "tier.other": other_tier(still),
            "niche.beauty": {"market": 1e6},
        },
        worlds=WORLDS,
    )
    assert set(rich["factor"].values) < set(larger["factor"].values)
    for portfolio in rich["portfolio"].values:
        a = of(rich, portfolio)
        b = of(larger, portfolio).sel(factor=rich["factor"], belief=rich["belief"])
        same(a, b)


@pytest.mark.parametrize(
    "change",
    [
        {"tier.small.fee": 500.0},
        {"tier.small.fee": "100 to 150"},
        {"tier.small.fee_elasticity": 0.0},
        {"tier.small.management_hours": 3.0},
        {"costs.cost_of_goods": "10 to 30"},
        {"costs.hourly_rate": 90, "costs.agency_share": 0.3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_costs_leave_every_other_draw(
    change: dict[str, Any], simulated: Simulated, rich: xr.Dataset
) -> None:
    ds = simulated(RICH | change, worlds=WORLDS)
    costs = {"cost", "profit", "roi", "roas", "tracked_roas", "cost_quantity", "cost_price"}
    same(ds.drop_vars(costs), rich.drop_vars(costs))
    assert (ds["cost"] != rich["cost"]).any()


def test_more_worlds_extend_the_first(simulated: Simulated, rich: xr.Dataset) -> None:
    longer = simulated(RICH, worlds=3 * WORLDS + 17)
    same(longer.isel(sim=slice(WORLDS)), rich)


def test_another_seed_is_another_run(simulated: Simulated, rich: xr.Dataset) -> None:
    other = simulated(RICH, worlds=WORLDS, seed=2)
    for name in ("cost", "impressions", "orders", "shock", "belief_factor", "line_order_value"):
        assert (other[name] != rich[name]).mean() > 0.5, name


# --- Who is hired ----------------------------------------------------------------------------------


def test_portfolios_hire_the_same_first_creators(
    simulated: Simulated, still: dict[str, Any]
) -> None:
    """A line of seven is a line of five and two more: their sums agree up to the fifth creator."""
    changes = RICH | {
        "portfolio.p": {"tier": "small", "creators": 5},
        "portfolio.q": {"tier": "small", "creators": 5},
        "portfolio.r": {"tier": "small", "creators": 7},
        "portfolio.mixed": {
            "creators": 10, "mix": {"small": 0.5, "late": {"share": 0.5, "tier": "other"}}
        },
        "tier.other": other_tier(still),
    }  # fmt: skip
    ds = simulated(changes, worlds=WORLDS)
    names = ("line_impressions", "line_engagements")
    for name in (*names, "line_expected_orders", "line_orders", "cost_quantity"):
        alone = ds[name].sel(line="p/small").values
        np.testing.assert_array_equal(alone, ds[name].sel(line="q/small").values)
    for name in names:
        # Their orders differ: the mixed portfolio's audiences overlap with others.
        alone = ds[name].sel(line="p/small").values
        np.testing.assert_array_equal(alone, ds[name].sel(line="mixed/small").values)
        more = ds[name].sel(line="r/small").values - alone
        assert (more >= 0).all()
        assert (more > 0).any()


def test_compensation_changes_terms_not_people(simulated: Simulated) -> None:
    """Gifted creators are the same people: those who deliver under both have the same audience."""
    changes = RICH | {
        "portfolio.p": {"tier": "small", "creators": 1},
        "portfolio.q": {"tier": "small", "creators": 1, "compensation": "gifted"},
    }
    ds = simulated(changes, worlds=WORLDS)
    both = (ds["delivered"] > 0).all("portfolio")
    impressions = ds["impressions"].where(both, drop=True)
    assert impressions.sizes["sim"] > 100
    np.testing.assert_array_equal(impressions.sel(portfolio="p"), impressions.sel(portfolio="q"))


def test_lines_of_one_pool_get_different_creators(simulated: Simulated) -> None:
    """Consecutive numbers in the order of names: together they are the first creators of the pool."""
    changes = {
        "tier.small.engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": 0.8}},
        "portfolio.p": {"tier": "small", "creators": 4},
        "portfolio.q": {
            "creators": 4, "tier": "small", "mix": {"b": {"share": 0.75}, "a": {"share": 0.25}}
        },
    }  # fmt: skip
    ds = simulated(changes, worlds=WORLDS)
    first = ds["line_engagements"].sel(line="q/a").values
    others = ds["line_engagements"].sel(line="q/b").values
    assert abs(np.corrcoef(first, others)[0, 1]) < 4 / np.sqrt(WORLDS)
    together = ds["engagements"].values
    # Sums in another grouping: equal but for rounding of single precision.
    np.testing.assert_allclose(together[0], together[1], rtol=1e-6)
    alone = simulated(changes | {"portfolio.p.creators": 1}, worlds=WORLDS)
    np.testing.assert_array_equal(alone["engagements"].sel(portfolio="p").values, first)


@settings(
    max_examples=10, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    worlds=st.integers(1, 400),
    block=st.sampled_from([128, 256, 384]),
    threads=st.integers(1, 4),
    creators=st.integers(1, 6),
    extra=st.integers(0, 6),
    posts=st.integers(1, 3),
)
def test_any_cut_of_the_work_gives_the_same(
    make: Make, worlds: int, block: int, threads: int, creators: int, extra: int, posts: int
) -> None:
    """Blocks, threads, later worlds and a larger sibling portfolio change nothing."""
    alone = {"tier": "small", "creators": creators, "posts": posts}
    more = alone | {"creators": creators + extra}
    small = RICH | {"portfolio.p": alone, "portfolio.q": alone}
    large = RICH | {"portfolio.p": alone, "portfolio.q": more}
    a = run(make_plan(make(small, worlds=worlds)), threads=1)
    b = run(make_plan(make(large, worlds=worlds + 150)), threads=threads, block=block)
    for name in ("impressions", "reach", "orders", "revenue", "effective_creators", "delivered"):
        np.testing.assert_array_equal(a[name][0], b[name][0, :worlds], err_msg=name)


@pytest.mark.parametrize("name", ["cost", "profit", "roi"])
def test_costs_of_the_first_worlds_do_not_depend_on_how_many_follow(
    name: str, simulated: Simulated, rich: xr.Dataset
) -> None:
    for worlds in range(1, 20):
        few = simulated(RICH, worlds=worlds)
        np.testing.assert_array_equal(few[name].values, rich[name].values[:, :worlds])


# --- Without the compiler ------------------------------------------------------------------------------

INTERPRETED = """
import json, sys
import numpy as np
import sim
from sim.engine.run import run
from sim.plan import make_plan
import numba
assert numba.config.DISABLE_JIT
arrays = run(make_plan(sim.load(sys.argv[1])), threads=1)
np.savez(sys.argv[2], **arrays)
"""


def test_interpreted_and_compiled_agree(make: Make, tmp_path: Path) -> None:
    """Interpreted, the funnel is read in double precision: what single precision may cost."""
    from sim.experiment.write import to_toml

    changes = RICH | {"portfolio.p.creators": 3}
    experiment = make(changes, worlds=128)
    file, result = tmp_path / "small.toml", tmp_path / "rows.npz"
    file.write_text(to_toml(experiment), encoding="utf-8")
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run(
        [sys.executable, "-W", "error", "-c", INTERPRETED, str(file), str(result)],
        check=True,
        env=environment,
        timeout=120,
    )
    compiled = run(make_plan(experiment), threads=1)
    with np.load(result) as interpreted:
        assert set(interpreted) == set(compiled)
        for name in interpreted:
            size = 2e-6 * float(np.nanmax(np.abs(compiled[name]), initial=1e-3))
            near = np.isclose(interpreted[name], compiled[name], 2e-5, size, equal_nan=True)
            # A mean that differs by rounding is an order more or less in few worlds.
            assert near.mean() >= 0.99, name
