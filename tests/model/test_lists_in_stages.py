"""A roster in stages: the best of the whole list are kept, whatever lines its creators stand in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine import line as k
from sim.engine.each import follow
from sim.engine.line import Purse
from sim.engine.listed import best_of_list
from sim.engine.run import block_rows
from sim.experiment import Experiment, ExperimentError, build
from sim.plan import make_plan
from sim.plan.each import each_of
from sim.vary.keys import Varied, find_key

#: Two niches, and so two lines.
LIST = """name,followers,fee,niche
Ada,2000000,300,beauty
Bo,6000000,500,beauty
Cleo,3000000,250,home
Dev,7000000,600,home
Elin,4500000,400,home
"""
#: Two tiers and fees that are drawn, and so three lines.
TIERS = """name,followers,engagement_rate,posts,fee
Ada,20000,3 %,12,300
Bo,60000,2 %,5,
Cleo,30000,4 %,12,250
Dev,700000,1.5 %,10,6000
Elin,45000,,,
"""
#: Nothing but conversion differs between creators.
STILL: dict[str, Any] = {
    "tier": {
        "micro": {
            "follower_range": [1, 1e9],
            "authentic_share": 1.0,
            "reach_rate": 0.2,
            "engagement_rate": 0.01,
            "conversion_rate": {"lognormal": {"mean": 0.0005, "log_sd": 0.5}},
            "fit": 1.0,
            "management_hours": 0.0,
            "delivery_rate": 1.0,
            "post_luck": 1.0,
            "amplification": {},
            "fee_elasticity": 0.0,
            "followers_engagement_correlation": 0.0,
            "engagement_reach_correlation": 0.0,
            "amplification_engagement_correlation": 0.0,
        }
    },
    "costs": {"hourly_rate": 0.0, "cost_of_goods": 0.0},
    "economics": {"tracked_share": 1.0, "incremental_share": 1.0},
    "shocks": {"scale": 0.0},
    "beliefs": {
        name: {"sd": 0.0} for name in ("engagement_rate", "reach_rate", "conversion_rate", "fee")
    },
    "platform": {"instagram": {"audience": 1e12}},
}
STAGES = [{"posts": 1}, {"posts": 2, "keep": 0.4}]
WORLDS = 300


def listed(folder: Path, stages: Any = None, people: str = LIST, **tables: Any) -> Experiment:
    (folder / "list.csv").write_text(people)
    portfolio = {"roster": "list.csv"} | ({"stages": stages} if stages else {})
    written = {"simulation": {"worlds": WORLDS, "seed": 5}, "portfolio": {"list": portfolio}}
    rest = STILL if people == LIST else {}
    return build(rest | written | tables, name="listed", file="listed.toml", folder=folder)


def test_the_best_of_a_list_by_hand() -> None:
    rng = np.random.default_rng(3)
    noticed = rng.poisson(3.0, (6, 3, 40)).astype(float)
    chosen = best_of_list(noticed, (6, 3, 1))
    for w in range(40):
        there, seen = list(range(6)), dict.fromkeys(range(6), 0.0)
        for stage, count in enumerate((6, 3, 1)):
            if stage:
                there = sorted(sorted(there), key=lambda i: -seen[i])[:count]
            assert set(np.flatnonzero(chosen[:, stage, w])) == set(there)
            for i in there:
                seen[i] += noticed[i, stage, w]


def test_the_best_of_a_list_that_fit_by_hand() -> None:
    """The first stage in the order of the file, later ones the most seen first, as far as money goes."""
    rng = np.random.default_rng(4)
    noticed = rng.poisson(3.0, (7, 3, 60)).astype(float)
    quotes = rng.lognormal(0.0, 0.8, (7, 3, 60))
    shares, money, places = (1.0, 0.5, 0.7), (5.0, 8.0, 9.5), [3, 0, 6, 1, 5, 2, 4]
    purse = Purse(money, (), shares)
    chosen = best_of_list(noticed, (7, 4, 3), quotes, purse, places)
    ended = 0
    for w in range(60):
        there, spent, seen = (
            sorted(range(7), key=lambda i: places[i]),
            0.0,
            dict.fromkeys(range(7), 0.0),
        )
        for stage, up_to in enumerate(money):
            wanted = 7
            if stage:
                wanted = max(round(shares[stage] * len(there)), 1)
                there = sorted(sorted(there), key=lambda i: -seen[i])
            taken = []
            for i in there[:wanted]:
                if spent + quotes[i, stage, w] > up_to:
                    ended += 1
                    break
                spent += quotes[i, stage, w]
                seen[i] += noticed[i, stage, w]
                taken.append(i)
            there = taken
            assert set(np.flatnonzero(chosen[:, stage, w])) == set(there)
    assert ended > 20


@pytest.mark.parametrize(
    "people", [LIST, pytest.param(TIERS, marks=pytest.mark.statistical)], ids=["two", "three"]
)
@pytest.mark.parametrize("budget", [2_000, 3_500])
def test_no_world_of_a_list_spends_more_than_its_budget(
    tmp_path: Path, people: str, budget: float
) -> None:
    """Fees of both stages at signing; the first of the file are tested, until one does not fit."""
    costs = STILL["costs"] | {"fee_due": "signing", "fixed": 100.0}
    shared = {"costs": costs} if people == LIST else {}
    portfolio = {"list": {"roster": "list.csv", "stages": STAGES, "budget": budget}}
    experiment = listed(tmp_path, STAGES, people, portfolio=portfolio, **shared)
    ds = sim.simulate(experiment)
    assert float(ds["committed"].max()) <= (budget - experiment.costs.fixed) * (1.0 + 2e-6)
    told = sim.summarize(ds).hired["list"]
    assert told.budget == budget
    assert len(told.stages) == 2
    if people == TIERS:
        assert float(ds["committed"].std()) > 0.0
        return
    np.testing.assert_allclose(ds["committed"], ds["cost"] - 100.0, rtol=1e-6)
    # As known as the fees are: what one post costs of each, in the order of the file.
    each = np.array([300.0, 500.0, 250.0, 600.0, 400.0])
    planned = {2_000: (1_900, 3), 3_500: (3_400, 5)}[budget]
    left, count = planned
    kept = max(round(0.4 * count), 1)
    spent = [each[:count].sum(), each[:count].sum() + kept * 2.0 * each[:count].mean()]
    first = int((np.cumsum(each) <= left * spent[0] / spent[1]).sum())
    assert (ds["hired"].values == first).all()
    held = sim.simulate(Varied(experiment).at({}))
    for name in ds.data_vars:
        np.testing.assert_array_equal(held[name].values, ds[name].values, err_msg=str(name))


@pytest.mark.statistical
def test_a_list_keeps_its_creators_at_other_prices(tmp_path: Path) -> None:
    portfolio = {"list": {"roster": "list.csv", "stages": STAGES, "budget": 2_500}}
    experiment = listed(tmp_path, STAGES, TIERS, portfolio=portfolio)
    run = sim.simulate(experiment)
    same = sim.simulate(Varied(experiment).at({}))
    for name in run.data_vars:
        np.testing.assert_array_equal(same[name].values, run[name].values, err_msg=str(name))
    key = find_key(experiment, "costs.hourly_rate")
    dearer = sim.simulate(Varied(experiment).at({key: 3.0 * key.base}))
    np.testing.assert_array_equal(dearer["orders"].values, run["orders"].values)
    again = sim.simulate(Varied(experiment, resize=True).at({key: 3.0 * key.base}))
    assert float(again["hired"].mean()) < float(run["hired"].mean())
    planned = portfolio["list"] | {"hiring": "planned"}
    whole = sim.simulate(listed(tmp_path, STAGES, TIERS, portfolio={"list": planned}))
    assert float(whole["hired"].std()) == 0.0
    assert float(whole["committed"].max()) > 2_500.0


@pytest.mark.parametrize(
    "people", [LIST, pytest.param(TIERS, marks=pytest.mark.statistical)], ids=["two", "three"]
)
def test_stages_keep_the_best_of_all_lines(tmp_path: Path, people: str) -> None:
    experiment = listed(tmp_path, STAGES, people)
    rows = block_rows(make_plan(experiment), 0, WORLDS)
    followed = follow(each_of(listed(tmp_path, people=people), "list", WORLDS, stages=(1, 2)))
    totals = {name: np.zeros(WORLDS) for name in ("expected_orders", "engagements", "fees")}
    for w in range(WORLDS):
        shown = [own[0, k.NOTICED, w] for own in followed.sums]
        best = sorted(range(5), key=lambda i: -shown[i])[:2]
        for i, own in enumerate(followed.sums):
            for stage in (0, 1) if i in best else (0,):
                totals["expected_orders"][w] += own[stage, k.EXPECTED_ORDERS, w]
                totals["engagements"][w] += own[stage, k.ENGAGEMENTS, w]
                totals["fees"][w] += own[stage, k.FEES, w] * (1, 2)[stage]
    assert rows["expected_orders"][0] == pytest.approx(totals["expected_orders"], rel=1e-5)
    assert rows["engagements"][0] == pytest.approx(totals["engagements"], rel=1e-5)
    plan = make_plan(experiment)
    fees = rows["cost_quantity"][:, plan.components.index("fee")].sum(axis=0)
    assert fees == pytest.approx(totals["fees"], rel=1e-5)
    assert (rows["hired"][0] == 5.0).all()
    goods = rows["cost_quantity"][:, plan.components.index("shipping")].sum(axis=0)
    assert (goods == 7.0).all()  # five in the test, two of them again


def test_a_planned_list_keeps_its_creators_at_other_values(tmp_path: Path) -> None:
    """Where fees become nothing, or the fixed cost takes the whole budget."""
    budget = {"roster": "list.csv", "stages": STAGES, "budget": 1_500, "hiring": "planned"}
    experiment = listed(tmp_path, people=TIERS, portfolio={"list": budget})
    tested = {row.name for line in make_plan(experiment).lines for row in line.people}
    assert tested == {"Ada"}  # three posts at 300, and Bo's would cost more
    varied = Varied(experiment)
    fees = {("tier", tier, "on", "instagram", "fee"): 0.0 for tier in ("micro", "macro")}
    for places in (fees, {("costs", "fixed"): 1_500.0}):
        plan = make_plan(varied.with_tables(places))
        assert {row.name for line in plan.lines for row in line.people} == tested
        assert (block_rows(plan, 0, 128)["hired"] == 1.0).all()
    rows, same = (block_rows(make_plan(one), 0, 128) for one in (experiment, varied.at({})))
    for name in rows.keys() - {"committed"}:
        np.testing.assert_array_equal(same[name], rows[name], err_msg=name)
    again = make_plan(Varied(experiment, resize=True).with_tables(fees))
    assert "Bo" in {row.name for line in again.lines for row in line.people}


def test_choosing_the_better_brings_more_than_choosing_anybody(tmp_path: Path) -> None:
    chosen = block_rows(make_plan(listed(tmp_path, STAGES)), 0, WORLDS)["line_expected_orders"]
    everybody = [{"posts": 1}, {"posts": 2, "keep": 1.0}]
    whole = block_rows(make_plan(listed(tmp_path, everybody)), 0, WORLDS)["line_expected_orders"]
    later = [i for i, line in enumerate(make_plan(listed(tmp_path, STAGES)).lines) if line.stage]
    assert chosen[later].sum() > 0.5 * whole[later].sum()


@pytest.mark.statistical
def test_a_list_of_whom_all_are_kept_is_a_list_of_more_posts(tmp_path: Path) -> None:
    kept = listed(tmp_path, [{"posts": 1}, {"posts": 1, "keep": 1.0}], TIERS)
    stages = block_rows(make_plan(kept), 0, WORLDS)
    twice = listed(tmp_path, None, TIERS, portfolio={"list": {"roster": "list.csv", "posts": 2}})
    posts = block_rows(make_plan(twice), 0, WORLDS)
    for name in ("expected_orders", "impressions", "engagements"):
        assert stages[name][0] == pytest.approx(posts[name][0], rel=1e-5), name


def test_blocks_do_not_matter(tmp_path: Path) -> None:
    plan = make_plan(listed(tmp_path, STAGES))
    whole = block_rows(plan, 0, WORLDS)["profit"][0]
    assert (block_rows(plan, 128, 172)["profit"][0] == whole[128:]).all()


@pytest.mark.statistical
def test_a_market_thins_what_the_brand_goes_by(tmp_path: Path) -> None:
    market = {"niche": {"general": {"market": 3e5, "overlap": 1.0, "duplicate_waste": 0.8}}}
    free, full = (
        block_rows(make_plan(listed(tmp_path, STAGES, TIERS, **tables)), 0, WORLDS)
        for tables in ({}, market)
    )
    first = [
        i
        for i, line in enumerate(make_plan(listed(tmp_path, STAGES, TIERS)).lines)
        if not line.stage
    ]
    # All take part in the test, whoever is kept after it.
    some = free["line_expected_orders"][first].sum(axis=0) > 0.0
    assert some.mean() > 0.9
    thinned, whole = (
        rows["line_expected_orders"][first].sum(axis=0)[some] for rows in (full, free)
    )
    assert (thinned < whole).all()
    assert (full["hired"] == 5.0).all()


def test_run_check_and_explain_speak_of_stages(tmp_path: Path) -> None:
    experiment = listed(tmp_path, STAGES)
    results = sim.simulate(experiment)
    names = [str(name) for name in results["line"].values]
    assert any(name.endswith("1 pilot") for name in names)
    assert any(name.endswith("2 growth") for name in names)
    assert sim.summarize(results)["list"]["profit_mean"].value is not None


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        ([{"posts": 1}], "at least two stages"),
        ([{"posts": 1}, {"posts": 1, "keep": 0.5, "add": 3}], "does not go with a roster"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, stages: Any, problem: str) -> None:
    with pytest.raises(ExperimentError, match=problem):
        listed(tmp_path, stages)


@pytest.mark.parametrize(
    ("portfolio", "problem"),
    [
        ({"budget": 5_000}, "give it two `stages` or more, or ask `sim pick` whom to hire for it"),
        (
            {"budget": 20, "stages": STAGES},
            "buys no creator: there are 20 USD, and one of the list",
        ),
        ({"budget": 5_000, "creators": 3, "stages": STAGES}, "does not go with `creators`"),
    ],
)
def test_mistakes_of_a_budget_are_told(
    tmp_path: Path, portfolio: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ExperimentError, match=problem):
        make_plan(listed(tmp_path, portfolio={"list": {"roster": "list.csv"} | portfolio}))


def test_a_pick_says_where_stages_belong(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="tests the whole list and keeps the best"):
        sim.pick(listed(tmp_path, STAGES), 5_000)
