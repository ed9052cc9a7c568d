"""A campaign on its way: what is due and to come, and what to do with the money that is left."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.experiment import build
from sim.learn import Campaign, LearnError, Row, learn

#: Orders alone are in doubt: a creator has 400 engagements, an order for each twentieth.
COUNTED = {
    "beliefs.engagement_rate": 0,
    "beliefs.conversion_rate": {"sd": 0.8, "common": 0},
    "tier.micro.engagement_rate": 0.02,
    "economics.gross_margin": 0.5,
    "economics.return_rate": 0,
    "economics.repeat_value": 0,
    "economics.halo": 0,
    "costs.product_units": 0,
    "costs.shipping": 0,
    "costs.hourly_rate": 0,
    "costs.agency_share": 0,
    "platform.instagram.half_life_days": 5,
}
PER_CREATOR = 400 * 0.05
Z = np.linspace(-8, 8, 4_001)
FACTOR = np.exp(0.8 * Z - 0.32)


def belief_after(orders, rate):
    """Return chances of the scores Z after a Poisson number of orders."""
    chance = stats.poisson.pmf(orders, rate * FACTOR) * stats.norm.pdf(Z)
    return chance / chance.sum()


def running(experiment, figures, day, **more):
    table = {"a": experiment.tables()["portfolio"]["a"]}
    row = Row("a", "", "", {name: float(value) for name, value in figures.items()})
    return learn(experiment, [Campaign("r.csv", table, (row,))], day=day, **more).running


def test_half_has_come_after_the_half_life(closed):
    of = closed(**COUNTED)
    told = running(of, {"tracked_orders": 250, "engagements": 9_000}, 5, left=4_000)
    assert (told.due_share, told.posted_share) == (pytest.approx(0.5), 1.0)
    # Engagements come in proportion; orders as a Poisson number given what was learned.
    assert told.rest["engagements"].median == pytest.approx(9_000)
    chance = belief_after(250, 20 * PER_CREATOR)
    counts = np.arange(1_000)
    law = np.cumsum(stats.poisson.pmf(counts[:, None], 20 * PER_CREATOR * FACTOR) @ chance)
    for level, seen in ((0.05, "p05"), (0.5, "median"), (0.95, "p95")):
        truth = int(np.searchsorted(law, level))
        # Quantiles of 2,000 draws: sd of about 1.3 sd / sqrt(2000) in the middle, 2.1 in the tails.
        assert getattr(told.rest["tracked_orders"], seen) == pytest.approx(truth, abs=6)
    # Money that goes on hires 40 more at 100: half of 50 USD an order.
    mean = 40 * (PER_CREATOR * 25 * (chance @ FACTOR) - 100)
    go_on = told.choices[0]
    assert (go_on.name, go_on.creators) == ("go on", 40.0)
    assert go_on.profit.value == pytest.approx(mean, abs=4 * go_on.profit.se + 0.01 * mean)
    assert told.choices[1].name == "stop"
    assert (told.choices[1].profit.value, told.choices[1].profit.se) == (0.0, 0.0)
    # Going on is right whatever comes.
    assert told.waiting.value == pytest.approx(0.0, abs=1e-6)


def test_what_waiting_is_worth(closed):
    # Creators cost as much as they are expected to bring, so what is to come decides.
    fee = PER_CREATOR * 25
    of = closed(**{**COUNTED, "tier.micro.fee": fee, "platform.instagram.half_life_days": 60})
    told = running(of, {"tracked_orders": 9}, 1, left=10_000)
    due = 1 - 2 ** (-1 / 60)
    chance = belief_after(9, 40 * PER_CREATOR * due)
    rate = 40 * PER_CREATOR * (1 - due) * FACTOR
    gain = 20 * (PER_CREATOR * 25 * FACTOR - fee)
    counts = np.arange(20_000)[::20]
    joint = stats.norm.pdf(counts[:, None], rate, np.sqrt(rate)) * 20 * chance
    worth = np.maximum(joint @ gain, 0.0).sum() - max(chance @ gain, 0.0)
    assert worth > 500
    # A cubic in the signal's score instead of the true mean: within a tenth, and four errors.
    assert told.waiting.value == pytest.approx(worth, abs=0.1 * worth + 4 * told.waiting.se)


def test_creators_who_post_over_weeks(closed):
    of = closed(**{**COUNTED, "portfolio.a.release_weeks": 2})
    told = running(of, {"tracked_orders": 120, "impressions": 1e5, "cost": 2_000}, 7)
    h = 5 / math.log(2)
    assert told.posted_share == 0.5
    # Posts at a uniform time of the first week, of 14 days: MODEL, weeks.
    assert told.due_share == pytest.approx(7 / 14 - h / 14 * (1 - 2 ** (-7 / 5)))
    # As much money is left as was spent, for as many creators.
    assert told.left == pytest.approx(2_000)
    assert told.choices[0].creators == pytest.approx(20, abs=1)
    come = told.due_share / told.posted_share
    # What is to come: the rest of those who have posted, and twenty more at 18,000 each.
    rest = 1e5 * (1 / come - 1) + 20 * 18_000
    assert told.rest["impressions"].median == pytest.approx(rest, rel=0.02)


def test_a_budget_leaves_what_was_not_spent_and_can_move():
    tables = {
        "simulation": {"worlds": 512, "seed": 3},
        "portfolio": {
            "many": {"tier": "micro", "budget": 40_000},
            "few": {"tier": "macro", "budget": 40_000},
        },
    }
    of = build(tables, name="x", file="x.toml")
    table = {"many": of.tables()["portfolio"]["many"]}
    row = Row("many", "", "", {"cost": 12_000.0, "tracked_orders": 900.0, "impressions": 4e5})
    learnt = learn(of, [Campaign("r.csv", table, (row,))], day=3)
    told = learnt.running
    assert told.left == 28_000
    assert [choice.name for choice in told.choices] == ["go on", "stop", "macro"]
    assert told.choices[0].profit.value > told.choices[0].profit.se > 0.0
    content = learnt.to_dict()
    assert {"due_share", "rest", "choices"} <= content.keys()
    assert content["choices"][0]["profit"].keys() == {"value", "se"}
    assert "moving to macro" in " ".join(learnt.sentences)


def test_money_that_hires_nobody_brings_nothing(closed):
    told = running(closed(**COUNTED), {"tracked_orders": 5}, 2)
    assert told.left == 0.0
    assert [choice.profit.value for choice in told.choices] == [0.0, 0.0]


def test_what_is_no_campaign_on_its_way_is_refused(closed):
    of = closed(**COUNTED)
    table = of.tables()["portfolio"]["a"]
    row = Row("a", "", "", {"engagements": 5.0})
    two = Campaign("r.csv", {"a": table, "b": table}, (row, Row("b", "", "", row.figures)))
    with pytest.raises(LearnError, match="one portfolio is learned from"):
        learn(of, [two], day=2)
    one = Campaign("r.csv", {"a": table}, (row,))
    with pytest.raises(LearnError, match="name one table"):
        learn(of, [one, one], day=2)
    staged = {**table, "stages": [{"posts": 1}, {"keep": 0.5, "posts": 1}]}
    with pytest.raises(LearnError, match="runs in stages"):
        learn(of, [Campaign("r.csv", {"a": staged}, (row,))], day=2)
    mixed = {
        "creators": 9,
        "mix": {"micro": 0.5, "t": {"share": 0.5, "tier": "micro", "platform": "tiktok"}},
    }
    both = closed(**{**COUNTED, "portfolio.a": mixed})
    table = both.tables()["portfolio"]["a"]
    with pytest.raises(LearnError, match="fade at different rates"):
        learn(both, [Campaign("r.csv", {"a": table}, (row,))], day=2)
