"""From thirty creators on, learning and `sim fit` say the same of a tier's engagement."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from sim.experiment import build
from sim.fit import fit_posts, read_posts
from sim.learn import Campaign, Row, learn

CREATORS = 60


@pytest.fixture(scope="module")
def posts():
    """Followers and engagements of micro creators whose mean rate is 1.7 times the packaged one."""
    rng = np.random.default_rng(12)
    followers = np.exp(rng.uniform(np.log(12_000), np.log(90_000), CREATORS))
    rate = 0.07 * np.exp(0.7 * rng.standard_normal(CREATORS) - 0.7**2 / 2)
    luck = np.exp(0.5 * rng.standard_normal(CREATORS) - 0.5**2 / 2)
    return followers, followers * rate * luck


@pytest.fixture(scope="module")
def fitted(posts, tmp_path_factory):
    path = tmp_path_factory.mktemp("fit") / "instagram.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("creator", "followers", "engagements"))
        writer.writerows(
            (f"c{i}", round(f), round(e)) for i, (f, e) in enumerate(zip(*posts, strict=True))
        )
    fit = fit_posts(read_posts(path, platform="instagram"))
    micro = next(tier for tier in fit.tiers if tier.tier == "micro")
    rate = next(one for one in micro.inputs if one.key == "engagement_rate")
    return rate.estimates[0]


@pytest.mark.parametrize("scale", [0.0, 1.0], ids=["no-season", "a-season"])
def test_a_tier_mean_of_sixty_creators(posts, fitted, scale):
    of = build(
        {
            "simulation": {"worlds": 512, "seed": 2},
            "shocks": {"scale": scale},
            "portfolio": {"a": {"tier": "micro", "creators": CREATORS}},
        },
        name="x",
    )
    rows = tuple(Row("a", "", f"c{i}", {"engagements": float(e)}) for i, e in enumerate(posts[1]))
    learnt = learn(of, [Campaign("r", of.tables()["portfolio"], rows)])
    rate = next(one for one in learnt.inputs if one.name == "tier.micro.engagement_rate")
    sd = math.log(rate.posterior.p95 / rate.posterior.p05) / (2 * 1.645)
    error = math.hypot(sd, fitted.se / fitted.value)
    gap = math.log(rate.posterior.median / fitted.value)
    assert abs(gap) < 2 * error, (rate, fitted)
    # Both left what is packaged, 0.035, behind.
    assert rate.posterior.median > 1.2 * rate.prior.median
    assert sd < (0.2 if scale == 0.0 else 0.4)
