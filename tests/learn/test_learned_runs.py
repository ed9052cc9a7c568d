"""What was learned as later runs draw it: a joint normal law of the beliefs' scores."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.experiment import ExperimentError, build
from sim.plan import make_plan
from sim.vary.factors import uncertain_figures, uncertain_inputs
from sim.vary.variant import variant

TABLES = {
    "simulation": {"worlds": 4096, "seed": 3},
    "portfolio": {"a": {"tier": "micro", "creators": 3}},
    "economics": {"tracked_share": "15 % to 30 %"},
}
FACTORS = ["engagement_rate", "engagement_rate:instagram:micro", "economics.tracked_share"]
CENTER = [0.8, -0.5, 1.0]
COVARIANCE = [[0.5, -0.2, 0.1], [-0.2, 0.6, 0.0], [0.1, 0.0, 0.3]]
LEARNED = {"factors": FACTORS, "center": CENTER, "covariance": COVARIANCE}


@pytest.fixture(scope="module")
def prior():
    return build(TABLES)


@pytest.fixture(scope="module")
def after():
    return build({**TABLES, "learned": LEARNED})


def test_nothing_learned_leaves_every_bit(prior):
    nothing = {"factors": FACTORS, "center": [0.0] * 3, "covariance": np.eye(3).tolist()}
    one, two = sim.simulate(prior), sim.simulate(build({**TABLES, "learned": nothing}))
    for name in ("profit", "engagements", "impressions", "belief_factor"):
        assert np.array_equal(one[name].values, two[name].values, equal_nan=True), name


def test_the_scores_of_a_run_have_the_learned_moments(after):
    plan, run = make_plan(after), sim.simulate(after)
    at = {factor.name: k for k, factor in enumerate(plan.factors)}
    rows = []
    for name in FACTORS[:2]:
        sd = plan.factors[at[name]].log_sd
        rows.append((np.log(run["belief_factor"].sel(belief=name)) + sd**2 / 2) / sd)
    table = plan.economics["tracked_share"][0]
    share = run["tracked_revenue"] / run["revenue"]
    share = share.where(run["revenue"] > 0).values[0]
    grid = np.linspace(-7, 7, 20_001)
    kept = np.isfinite(share)
    score = np.interp(share[kept], table.quantile(grid), grid)
    scores = np.array(rows)
    # Four standard errors of means and covariances over 4,096 worlds.
    assert scores.mean(axis=1) == pytest.approx(CENTER[:2], abs=4 / 64)
    assert np.cov(scores) == pytest.approx(np.array(COVARIANCE)[:2, :2], abs=4 * 0.9 / 64)
    assert score.mean() == pytest.approx(CENTER[2], abs=4 / np.sqrt(kept.sum()))
    assert score.var() == pytest.approx(COVARIANCE[2][2], abs=4 * 0.5 / np.sqrt(kept.sum()))


def test_engagements_move_by_the_factor_that_was_learned(prior, after):
    # Log engagements are the sum of the two scores times their sds and what stays as it was.
    before, later = sim.simulate(prior), sim.simulate(after)
    plan = make_plan(after)
    sd = [f.log_sd for f in plan.factors if f.name in FACTORS[:2]]
    there = (before["engagements"].values > 0.0) & (later["engagements"].values > 0.0)
    moved = np.log(later["engagements"].values[there] / before["engagements"].values[there])
    assert moved.mean() == pytest.approx(np.dot(sd, CENTER[:2]), abs=0.03)


def test_other_portfolios_leave_learned_draws_as_they_are(after):
    more = variant(
        after, portfolios={**after.tables()["portfolio"], "b": {"tier": "macro", "creators": 2}}
    )
    one, two = sim.simulate(after), sim.simulate(more)
    assert np.array_equal(one["profit"].sel(portfolio="a"), two["profit"].sel(portfolio="a"))


def test_what_is_not_used_here_still_goes_with_what_is():
    # Nothing of macro is in the plan: its score, correlated with micro's, keeps its own stream.
    learned = {
        "factors": ["engagement_rate:instagram:macro", "engagement_rate:instagram:micro"],
        "center": [0.0, 0.0],
        "covariance": [[1.0, 0.6], [0.6, 1.0]],
    }
    only = build({**TABLES, "learned": learned})
    both = variant(
        only, portfolios={**only.tables()["portfolio"], "b": {"tier": "macro", "creators": 2}}
    )
    one, two = sim.simulate(only), sim.simulate(both)
    name = "engagement_rate:instagram:micro"
    factor = one["belief_factor"].sel(belief=name)
    assert np.array_equal(factor, two["belief_factor"].sel(belief=name))
    other = two["belief_factor"].sel(belief=learned["factors"][0])
    r = np.corrcoef(np.log(factor), np.log(other))[0, 1]
    assert r == pytest.approx(0.6, abs=4 * 0.64 / 64)


def test_figures_in_doubt_are_those_that_were_learned(after):
    plan = make_plan(after)
    factors = sim.engine.factors.factor_rows(plan, 0, 4096)
    rate = next(d for d in uncertain_figures(after, plan) if d.name == "tier.micro.engagement_rate")
    run = sim.simulate(after)
    product = np.prod(
        [run["belief_factor"].sel(belief=name).values for name in FACTORS[:2]], axis=0
    )
    mean = rate.of(factors) / product
    assert mean == pytest.approx(np.full(4096, mean[0]), rel=1e-9)


def test_points_of_a_tornado_are_quantiles_of_what_was_learned(after):
    plan = make_plan(after)
    factors = sim.engine.factors.factor_rows(plan, 0, 512)
    of = {u.name: u for u in uncertain_inputs(after, plan)}
    sd = {f.name: f.log_sd for f in plan.factors}
    w = np.array([sd[FACTORS[0]], sd[FACTORS[1]]])
    center = w @ CENTER[:2] - w @ w / 2
    spread = np.sqrt(w @ np.array(COVARIANCE)[:2, :2] @ w)
    micro = of["tier.micro.engagement_rate"]
    assert micro.settings()[1] == f"{np.exp(center):.2f}x"
    pinned = micro.pinned(factors, 1.2815515655446004)
    at = [k for k, f in enumerate(plan.factors) if f.name in FACTORS[:2]]
    logs = sum(sd[plan.factors[k].name] * plan.scores(k, pinned) for k in at) - w @ w / 2
    assert logs == pytest.approx(np.full(512, center + 1.2815515655446004 * spread), rel=1e-9)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("center", [0.0], "learned.center: needs a number for each of `factors`"),
        ("covariance", [[1.0]], "needs a row and a column for each"),
        ("covariance", [[1, 2, 0], [2, 1, 0], [0, 0, 1]], "learned.covariance: is no covariance"),
        ("covariance", [[1, 0.5, 0], [0, 1, 0], [0, 0, 1]], "learned.covariance: is no covariance"),
        ("factors", ["fee", "fee", "reach_rate"], "learned.factors: names one twice"),
        ("evidence", "vendors", "is not `pooled`, on which the file rests"),
    ],
)
def test_a_law_that_is_none_is_refused(key, value, told):
    with pytest.raises(ExperimentError) as refused:
        build({**TABLES, "learned": {**LEARNED, key: value}})
    assert told in str(refused.value)
    assert "sim learn" in str(refused.value)
