"""The posterior against closed forms, and what it does where results are far from the beliefs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.learn import LearnError
from sim.learn import infer as module
from sim.learn.cells import season
from sim.learn.infer import infer

# As in the experiment `closed`: log E is normal given the scores.
LEVEL = math.log(20_000 * 0.02) - 0.4**2 / 2
SD, COMMON, BETWEEN = 0.5, 0.36, 0.4
#: Log sds of what tiers share and of the tier's own.
SHARES = SD * np.sqrt([COMMON, 1 - COMMON])
NAMES = ("engagement_rate", "engagement_rate:instagram:micro")


def normal_posterior(mean, variance):
    """Mean and covariance of the two scores after a mean of logs with a variance of its own."""
    precision = np.eye(2) + np.outer(SHARES, SHARES) / variance
    center = np.linalg.solve(precision, SHARES * (mean - (LEVEL - SD**2 / 2)) / variance)
    return center, np.linalg.inv(precision)


def assert_close(posterior, center, covariance):
    # Four errors of importance sampling, sd / sqrt(effective draws), and a fiftieth of an sd for
    # laws that rest on 16,384 simulated worlds.
    error = 4 / math.sqrt(posterior.weights.effective) + 0.02
    sd = np.sqrt(np.diagonal(covariance))
    assert np.abs((posterior.center - center) / sd).max() < error
    assert np.abs((posterior.covariance - covariance) / np.outer(sd, sd)).max() < 2 * error


def engagements(z, count, seed=0):
    """Return engagements of creators in a world of belief z (log sd SD)."""
    noise = BETWEEN * np.random.default_rng(seed).standard_normal(count)
    return np.exp(LEVEL + SD * z - SD**2 / 2 + noise)


def test_rows_of_creators(closed, campaign):
    seen = engagements(1.2, 25)
    rows = [{"engagements": e} for e in seen]
    posterior = infer([season(closed(), campaign(closed(), *rows, creators=True))], 1)
    assert posterior.names == NAMES
    assert_close(posterior, *normal_posterior(np.log(seen).mean(), BETWEEN**2 / 25))


def test_a_shared_shock_is_integrated_out(closed, campaign):
    shocked = closed(
        **{"shocks.scale": 1, "shocks.loadings": {"engagement_rate": {"campaign": 0.6}}}
    )
    seen = engagements(-0.8, 25)
    rows = [{"engagements": e} for e in seen]
    posterior = infer([season(shocked, campaign(shocked, *rows, creators=True))], 1)
    assert (posterior.names, posterior.beliefs) == ((*NAMES, "0:campaign"), 2)
    variance = (0.6 * BETWEEN) ** 2 + (1 - 0.6**2) * BETWEEN**2 / 25
    assert_close(posterior, *normal_posterior(np.log(seen).mean(), variance))


def test_two_campaigns_share_beliefs_and_not_shocks(closed, campaign):
    shocked = closed(
        **{"shocks.scale": 1, "shocks.loadings": {"engagement_rate": {"campaign": 0.6}}}
    )
    one, two = engagements(0.5, 30, 1), engagements(0.5, 30, 2)
    seasons = [
        season(shocked, campaign(shocked, *({"engagements": e} for e in seen), creators=True))
        for seen in (one, two)
    ]
    posterior = infer(seasons, 1)
    assert posterior.names == (*NAMES, "0:campaign", "1:campaign")
    both = np.log(np.concatenate([one, two])).mean()
    variance = ((0.6 * BETWEEN) ** 2 + (1 - 0.6**2) * BETWEEN**2 / 30) / 2
    assert_close(posterior, *normal_posterior(both, variance))


def test_the_total_of_many_creators(closed, campaign):
    # The log of a sum of 40 lognormals: by simulation in plain numpy.
    sums = np.log(np.exp(BETWEEN * np.random.default_rng(9).standard_normal((100_000, 40))).sum(1))
    mean, variance = sums.mean(), sums.var()
    total = 40 * 20_000 * 0.02 * 1.3
    posterior = infer([season(closed(), campaign(closed(), {"engagements": total}))], 1)
    center, covariance = normal_posterior(math.log(total) - mean, variance)
    assert_close(posterior, center, covariance)


ORDERS = {
    "beliefs.engagement_rate": 0,
    "beliefs.conversion_rate": {"sd": 0.8, "common": 0},
    "tier.micro.engagement_rate": 0.02,
}


@pytest.mark.parametrize("orders", [0, 3, 900])
def test_counted_orders(closed, campaign, orders):
    # Forty creators with 400 engagements each; an order for each twentieth, times the belief.
    counted = closed(**ORDERS)
    posterior = infer([season(counted, campaign(counted, {"tracked_orders": orders}))], 1)
    z = np.linspace(-8, 8, 20_001)
    chance = stats.poisson.pmf(orders, 40 * 400 * 0.05 * np.exp(0.8 * z - 0.32)) * stats.norm.pdf(z)
    chance /= chance.sum()
    center = chance @ z
    assert_close(posterior, [center], np.array([[chance @ (z - center) ** 2]]))


def test_revenue_tells_of_orders_as_it_scatters(closed, campaign):
    # Of N Poisson orders with values of mean 50 and cv 0.5 the total is nearly normal here, with
    # variance m 50^2 (1 + 0.5^2) around 50 m.
    sold = closed(**ORDERS)
    posterior = infer([season(sold, campaign(sold, {"revenue": 60_000}))], 1)
    z = np.linspace(-8, 8, 20_001)
    orders = 40 * 400 * 0.05 * np.exp(0.8 * z - 0.32)
    chance = stats.norm.pdf(60_000, 50 * orders, 50 * np.sqrt(1.25 * orders)) * stats.norm.pdf(z)
    chance /= chance.sum()
    center = chance @ z
    assert_close(posterior, [center], np.array([[chance @ (z - center) ** 2]]))


def test_results_far_from_the_beliefs_are_tempered(closed, campaign):
    seen = engagements(5.0, 400)
    rows = [{"engagements": e} for e in seen]
    posterior = infer([season(closed(), campaign(closed(), *rows, creators=True))], 1)
    assert posterior.steps > 0
    assert_close(posterior, *normal_posterior(np.log(seen).mean(), BETWEEN**2 / 400))


def test_degenerate_weights_are_refused(closed, campaign, monkeypatch):
    monkeypatch.setattr(module, "_MOST_STEPS", 1)
    rows = [{"engagements": e} for e in engagements(5.0, 400)]
    far = season(closed(), campaign(closed(), *rows, creators=True))
    with pytest.raises(LearnError, match="weights stay degenerate"):
        infer([far], 1)


def test_creators_who_did_not_post_say_nothing_of_the_rest(closed, campaign):
    half = closed(**{"tier.micro.delivery_rate": 0.5})
    seen = engagements(0.3, 20)
    rows = [{"engagements": e} for e in seen]
    gone = [*rows, *[{"engagements": 0.0}] * 20]
    of = season(half, campaign(half, *gone, creators=True))
    assert any("20 of 40" in note for note in of.notes)
    assert_close(infer([of], 1), *normal_posterior(np.log(seen).mean(), BETWEEN**2 / 20))
