"""A budget is a cap for programmes in stages: no world commits more, and each keeps the best that fit.

The slow model here follows every creator by itself and chooses world by world, in plain Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

import sim
from sim.engine.exact import exact_sums
from sim.engine.factors import factor_rows
from sim.engine.kernel import line_sums, place, sums_of_each
from sim.engine.line import COMMITTED, ENGAGEMENTS, FEES, HIRED, N_SUMS, NOTICED, SUMS, Line, Purse
from sim.engine.run import block_rows
from sim.measures.cautions import number_warnings
from sim.plan import Plan, make_plan
from sim.plan.hiring import charged_for
from sim.text.numbers import percent
from sim.vary.keys import Varied

Array = npt.NDArray[np.float64]
Make = Callable[..., sim.Experiment]
Simulated = Callable[..., xr.Dataset]

STAGES = [{"posts": 2}, {"keep": 0.4, "posts": 3}, {"keep": 0.5, "posts": 4}]
#: Nothing but the fee costs money.
FREE: dict[str, Any] = {"tier.small.management_hours": 0} | {
    f"costs.{name}": 0
    for name in (
        "cost_of_goods", "shipping", "hourly_rate", "fixed", "agency_share", "usage_rights_share",
        "bonus_per_order", "bonus_per_thousand_impressions",
    )
}  # fmt: skip
#: Quotes and engagement differ between creators and between worlds.
QUOTED: dict[str, Any] = {
    "tier.small.fee": {"lognormal": {"mean": 100, "log_sd": 0.7}},
    "tier.small.management_hours": {"lognormal": {"mean": 2, "log_sd": 0.3}},
    "tier.small.engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": 0.6}},
    "tier.small.delivery_rate": 0.8,
    "costs.cost_of_goods": "10 to 30",
    "beliefs": {"fee": {"sd": 0.4}},
    "shocks.loadings": {"fee": {"campaign": 0.3}},
}
TESTED: dict[str, Any] = QUOTED | {
    "portfolio.p": {"tier": "small", "budget": 9_000, "stages": STAGES},
    "tier.small.conversion_rate": {"lognormal": {"mean": 0.02, "log_sd": 0.8}},
}
WORLDS = 256


def sums_of(plan: Plan, line: Line) -> Array:
    out = np.empty((len(line.keep), N_SUMS, WORLDS))
    line_sums(line, factor_rows(plan, 0, WORLDS), np.full(WORLDS, 0.6), 0, WORLDS, out)
    return out


def chosen_slowly(noticed: Array, quotes: Array, money: list[float], keep: list[float]) -> Array:
    """Who takes part in each stage of one world, by the rule: shape (stages, creators).

    Parameters
    ----------
    noticed, quotes
        Shape (stages, creators): what the brand sees of each in a stage, and what it asks.
    money
        USD that may be committed up to the end of each stage.
    keep
        Share of those in the stage before.
    """
    count = noticed.shape[1]
    result, spent, seen = np.zeros(noticed.shape), 0.0, np.zeros(count)
    there, wanted = list(range(count)), count
    for stage, up_to in enumerate(money):
        if stage:
            there = sorted(there, key=lambda i: -seen[i])
            wanted = max(round(keep[stage] * len(there)), 1)
        taken = []
        for i in there[:wanted]:
            if spent + quotes[stage, i] > up_to * (1.0 + 1e-6):
                break
            spent += quotes[stage, i]
            taken.append(i)
        result[stage, taken] = 1.0
        seen[taken] += noticed[stage, taken]
        there = sorted(taken)
    return result


@pytest.mark.parametrize("budget", [1_500, 9_000])
def test_each_world_keeps_the_best_that_fit(make: Make, budget: float) -> None:
    """Numbers, money and engagements of every stage, from creators who are followed one by one."""
    experiment = make(TESTED | {"portfolio.p.budget": budget}, worlds=WORLDS)
    plan = make_plan(experiment)
    line = plan.works[0]
    assert line.purse is not None
    found = sums_of(plan, line)
    most = int(found[0, HIRED].max()) + 2
    everybody = replace(
        line, creators=line.creators[:most], stops=np.array([most]), keep=np.full(3, most),
        money=math.inf, purse=Purse((math.inf,) * 3, line.purse.dues),
    )  # fmt: skip
    factors, tracked = factor_rows(plan, 0, WORLDS), np.full(WORLDS, 0.6)
    each = np.array(list(sums_of_each(everybody, factors, tracked, 0, WORLDS)))
    # What a creator commits is what the file says of its fee, hours and goods.
    for stage, one in enumerate(plan.lines):
        always, by_fee, by_hours, by_goods = charged_for(experiment, one.terms)
        there = each[:, stage, FEES] > 0.0
        asked = always + by_fee * each[:, stage, FEES]
        asked += by_hours * each[:, stage, SUMS.index("hours")]
        asked += by_goods * each[:, stage, SUMS.index("goods")]
        np.testing.assert_allclose(each[:, stage, COMMITTED][there], asked[there], rtol=1e-5)
    left = budget - experiment.costs.fixed
    planned = [one.creators * one.committed_per_creator for one in plan.lines]
    money = [left * usd / sum(planned) for usd in accumulate(planned)]
    few, fewer = 0, 0
    for world in range(WORLDS):
        noticed, quotes = each[:, :, NOTICED, world].T, each[:, :, COMMITTED, world].T
        chosen = chosen_slowly(noticed, quotes, money, [1.0, 0.4, 0.5])
        np.testing.assert_array_equal(
            found[:, HIRED, world], chosen.sum(axis=1), err_msg=str(world)
        )
        for name in (COMMITTED, ENGAGEMENTS, FEES):
            slow = (each[:, :, name, world].T * chosen).sum(axis=1)
            np.testing.assert_allclose(found[:, name, world], slow, rtol=2e-5, err_msg=str(world))
        assert found[:, COMMITTED, world].sum() <= left * (1.0 + 2e-6)
        hired = chosen.sum(axis=1)
        few += hired[1] < max(round(0.4 * hired[0]), 1)
        fewer += hired[2] == 0
    # Money ends a later stage in some worlds and not in others; with little of it some stay empty.
    assert 0.05 * WORLDS < few < 0.95 * WORLDS
    assert fewer > 0 or budget > 2_000


def random_programme(rng: np.random.Generator) -> dict[str, Any]:
    """A programme of two to four stages, terms and prices, some of them nothing."""

    def number(low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < 0.7 else 0.0

    stages: list[dict[str, Any]] = [{"posts": int(rng.integers(2, 5))}]
    for _ in range(rng.integers(1, 4)):
        add = int(rng.integers(1, 9)) if rng.random() < 0.4 else 0
        stages.append(
            {"keep": float(rng.uniform(0.05, 1.0)), "posts": int(rng.integers(2, 5)), "add": add}
        )
    return QUOTED | {
        "tier.small.fee": {"lognormal": {"mean": 100, "log_sd": float(rng.uniform(0.2, 1.5))}},
        "costs.fee_due": "signing",
        "costs.agency_share": number(0.05, 0.3),
        "costs.usage_rights_share": number(0.05, 0.5),
        "costs.fixed": number(100.0, 500.0),
        "costs.shipping": number(1.0, 30.0),
        "costs.bonus_per_order": 0.0,
        "costs.bonus_per_thousand_impressions": 0.0,
        "portfolio.p": {
            "tier": "small", "stages": stages, "compensation": "floor",
            "budget": float(rng.uniform(12_000, 40_000)),
            "choose_by": str(rng.choice(["orders", "engagements"])),
        },
        "compensation.floor": {
            "fee_share": 1.0, "commission_rate": 0.0, "engagement_factor": 1.0,
            "pay_floor": number(5.0, 50.0), "pay_per_order": 0.0,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(k, marks=pytest.mark.statistical) for k in range(3, 43))]
)
def test_no_world_spends_more_than_the_budget(simulated: Simulated, seed: int) -> None:
    """Every component of cost that falls due whatever the posts bring, over all stages and intakes."""
    changes = random_programme(np.random.default_rng(seed))
    budget = changes["portfolio.p"]["budget"]
    ds = simulated(changes, worlds=512, seed=seed)
    fixed, cost = changes["costs.fixed"], ds["cost"].values[0]
    assert (cost <= budget * (1.0 + 2e-6)).all()
    committed = ds["committed"].values[0]
    assert (committed <= (budget - fixed) * (1.0 + 2e-6)).all()
    assert (committed >= (cost - fixed) * (1.0 - 1e-5)).all()
    if changes["compensation.floor"]["pay_floor"] == 0.0:  # which only those get who post
        np.testing.assert_allclose(committed, cost - fixed, rtol=1e-5, atol=1e-3)
    hired = ds["hired"].values[0]
    assert float(hired.std()) > 0.0
    assert (ds["contribution"].values[0][hired == 0.0] == 0.0).all()
    later = [stage.get("add", 0) for stage in changes["portfolio.p"]["stages"]]
    names = [str(name) for name in ds["line"].values]
    shipped = ds["cost_quantity"].sel(component="shipping").values
    for k, add in enumerate(later):
        joined = [i for i, n in enumerate(names) if n.endswith(f"added in {k + 1}")]
        if add:
            assert shipped[joined[0]].max() <= add
    # Planned by expected cost the same programme passes its budget.
    planned = changes | {"portfolio.p": changes["portfolio.p"] | {"hiring": "planned"}}
    assert float((simulated(planned, worlds=512, seed=seed)["cost"] > budget).mean()) > 0.02


def test_what_fits_exactly_fits(simulated: Simulated) -> None:
    """Six for a post at 100 and three of them for two: 1,200. A dollar less plans five and two of them,
    900, so 1,199 x 5/9 hires six again, and what is left pays for two."""
    stages = [{"posts": 1}, {"keep": 0.5, "posts": 2}]
    for budget, first, second in ((1_200, 6, 3), (1_199, 6, 2)):
        portfolio = {"tier": "small", "budget": budget, "stages": stages}
        ds = simulated(FREE | {"portfolio.p": portfolio}, worlds=128)
        fees = ds["cost_quantity"].sel(component="fee").values
        np.testing.assert_allclose(fees[0], 100.0 * first, rtol=1e-6)
        np.testing.assert_allclose(fees[1], 200.0 * second, rtol=1e-6)
        assert (ds["hired"].values == first).all()


@pytest.mark.parametrize("stages", [None, [{"posts": 1}, {"keep": 1.0, "posts": 2}]])
def test_thousands_of_quotes_add_up(simulated: Simulated, stages: Any) -> None:
    """30,000 at 70.01 for a post, and twice that for two more: rounding a sum as it grows hires others."""
    posts = 1 if stages is None else 3
    portfolio: dict[str, Any] = {"tier": "small", "budget": 70.01 * 30_000 * posts}
    portfolio |= {"posts": 1} if stages is None else {"stages": stages}
    changes = FREE | {"tier.small.fee": 70.01, "costs.fee_due": "signing"}
    ds = simulated(changes | {"portfolio.p": portfolio}, worlds=128)
    assert (ds["hired"].values == 30_000).all()
    for name in ("cost", "committed"):
        np.testing.assert_allclose(ds[name].values, portfolio["budget"], rtol=1e-6)


@pytest.mark.parametrize("fee", [50.0, 0.0])
def test_who_is_hired_stays_where_fees_are_others(make: Make, fee: float) -> None:
    """1,199 buys six and then two of them at 100 a post, whatever a question makes of the fee."""
    stages = [{"posts": 1}, {"keep": 0.5, "posts": 2}]
    portfolio = {"tier": "small", "budget": 1_199, "stages": stages}
    varied = Varied(make(FREE | {"portfolio.p": portfolio}, worlds=128))
    place = ("tier", "small", "on", "instagram", "fee")
    ds = sim.simulate(varied.with_tables({place: fee, ("tier", "small", "fee"): fee}), threads=1)
    shipped = ds["cost_quantity"].sel(component="shipping").values
    assert [set(stage) for stage in shipped] == [{6.0}, {2.0}]
    np.testing.assert_allclose(ds["cost"].values, 10.0 * fee, rtol=1e-6)


def test_those_who_are_added_have_money_of_their_own(simulated: Simulated) -> None:
    """Two are added at 200, and one of them kept at 100: 500 of 1,700 is theirs.

    The 1,200 plan five at 100, two at 200 and one at 100: 600 up to the first stage, 1,080 and 1,200.
    So six are hired, of whom three would go on and two fit, of whom one goes on.
    """
    stages = [{"posts": 1}, {"keep": 0.5, "add": 2, "posts": 2}, {"keep": 0.5, "posts": 1}]
    portfolio = {"tier": "small", "budget": 1_700, "stages": stages}
    ds = simulated(FREE | {"portfolio.p": portfolio}, worlds=128)
    shipped = ds["cost_quantity"].sel(component="shipping")
    counted = {str(name): set(shipped.sel(line=name).values) for name in ds["line"].values}
    assert counted == {
        "p/1 pilot": {6}, "p/2 growth": {2}, "p/3 scale": {1},
        "p/2 growth, added in 2": {2}, "p/3 scale, added in 2": {1},
    }  # fmt: skip
    np.testing.assert_allclose(ds["committed"].values, 1_600.0, rtol=1e-6)
    assert sim.summarize(ds).hired["p"].stages == (6, 4, 2)


def test_nobody_fits(simulated: Simulated) -> None:
    stages = [{"posts": 1}, {"keep": 0.5, "posts": 2}]
    portfolio = {"tier": "small", "budget": 100, "stages": stages}
    ds = simulated(FREE | {"costs.fixed": 20.0, "portfolio.p": portfolio}, worlds=128)
    assert (ds["hired"].values == 0.0).all()
    np.testing.assert_array_equal(ds["profit"].values, -20.0)
    assert np.isnan(ds["roi"].values).all()
    assert not ds["line_orders"].values.any()


@pytest.mark.statistical
def test_the_first_stage_is_a_portfolio_with_its_money(simulated: Simulated, make: Make) -> None:
    money = make_plan(make(TESTED, worlds=128)).lines[0].money
    alone = {"tier": "small", "budget": money + 100.0, "posts": 2}
    ds = simulated(TESTED | {"portfolio.first": alone}, worlds=512)
    hired = ds["hired"].values
    np.testing.assert_array_equal(hired[0], hired[1])
    for name in ("line_orders", "line_engagements"):
        pilot = ds[name].sel(line="p/1 pilot").values
        whole = ds[name].sel(line="first/small").values
        assert pilot.mean() == pytest.approx(
            whole.mean(), rel=0.1 if name == "line_orders" else 1e-6
        )


@pytest.mark.parametrize(
    "choose_by", ["orders", pytest.param("engagements", marks=pytest.mark.statistical)]
)
def test_both_readings_keep_alike(make: Make, choose_by: str) -> None:
    """But where two creators, or a quote and what is left, differ by rounding."""
    plan = make_plan(make(TESTED | {"portfolio.p.choose_by": choose_by}, worlds=WORLDS))
    line = plan.works[0]
    line = replace(line, creators=line.creators[:120], stops=np.array([120]))
    single = sums_of(plan, line)
    double = np.empty_like(single)
    rows = exact_sums(line, factor_rows(plan, 0, WORLDS), np.full(WORLDS, 0.6), 0, WORLDS)
    place(line, rows, double)
    for k, name in enumerate(SUMS):
        same = np.isclose(single[:, k], double[:, k], rtol=4e-5, atol=1e-9)
        assert same.mean() >= 0.996, name


def test_blocks_and_others_change_no_bit(make: Make) -> None:
    other = {"portfolio.other": {"tier": "small", "creators": 3}}
    rows = block_rows(make_plan(make(TESTED, worlds=WORLDS)), 0, WORLDS)
    with_other = block_rows(make_plan(make(TESTED | other, worlds=WORLDS)), 128, 100)
    for name in ("profit", "committed", "hired", "orders"):
        np.testing.assert_array_equal(with_other[name][0], rows[name][0, 128:228], err_msg=name)


def test_a_planned_programme_keeps_its_creators_and_says_what_they_ask(
    simulated: Simulated,
) -> None:
    """Every bit of the same numbers of creators without a budget, and what they commit beside."""
    planned = TESTED | {"portfolio.p": TESTED["portfolio.p"] | {"hiring": "planned"}}
    ds = simulated(planned, worlds=2_000)
    count = int(ds["hired"].values[0, 0])
    numbered = {"tier": "small", "creators": count, "stages": STAGES}
    theirs = simulated(TESTED | {"portfolio.p": numbered}, worlds=2_000)
    for name in theirs.data_vars:
        if name != "committed":
            np.testing.assert_array_equal(ds[name].values, theirs[name].values, err_msg=str(name))
    over = ds["committed"].values[0] + 100.0 > 9_000.0
    assert 0.2 < float(over.mean()) < 0.6
    (note,) = [text for text in number_warnings(ds, sim.summarize(ds)) if "planned" in text]
    assert f"p in {percent(float(over.mean()))} of worlds, up to" in note
    assert not [
        text for text in number_warnings(theirs, sim.summarize(theirs)) if "planned" in text
    ]


def test_a_run_says_how_many_each_stage_has(simulated: Simulated) -> None:
    ds = simulated(TESTED | {"portfolio.p.budget": 1_500}, worlds=512)
    told = sim.summarize(ds).hired["p"]
    lines = ds["cost_quantity"].sel(component="shipping").values
    assert told.stages == tuple(int(np.quantile(n, 0.5, method="inverted_cdf")) for n in lines)
    empty = (lines[0] > 0.0) & (lines[2] == 0.0)
    assert told.broken_off == float(empty.mean()) > 0.0
    left = 1_500.0 - 100.0 - float(ds["committed"].mean())
    assert told.left_over == pytest.approx(left)
