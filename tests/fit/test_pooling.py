"""What few creators tell is pooled with the packaged tier, and means are those of the sample."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import sim
from sim.engine.marginals import moment
from sim.fit import Fit, fit_posts, read_posts, to_toml
from sim.fit.estimates import Estimate, Fitted
from sim.fit.means import experiment_tier
from sim.fit.pooling import WORTH, Prior, pooled

Write = Callable[..., Path]


def packaged_rate() -> float:
    """Return the packaged mean engagement of micro creators on Instagram."""
    _, tables = experiment_tier("micro", "instagram", ())
    return moment(tables.tables["engagement_rate"])


def fitted(
    truth: SimpleNamespace, written: Write, creators: int, name: str = "instagram_posts"
) -> Fit:
    columns = getattr(truth, name)(41, creators=creators)
    columns["engagements"] = 5.0 * np.asarray(columns["engagements"])
    return fit_posts(read_posts(written(columns), platform=name.partition("_")[0]))


def test_two_normals_are_pooled_by_their_precision() -> None:
    sample = Fitted("fee", {"lognormal": {"median": 300.0, "log_sd": 0.6}}, "", (
        Estimate("median", 300.0, 60.0), Estimate("log_sd", 0.6, math.nan)), 40, "creators")  # fmt: skip
    found = pooled(sample, {"median": Prior(150.0, 0.4, 1.1), "log_sd": Prior(0.9, 0.2, 0.7)})
    variance = (40 * (0.2**2 * 40) + WORTH * 1.1**2) / (40 + WORTH) / 40
    weight = 0.4**2 / (0.4**2 + variance)
    median = math.exp(weight * math.log(300) + (1 - weight) * math.log(150))
    assert found.estimates[0].value == pytest.approx(median)
    assert found.estimates[0].se == pytest.approx(median / math.sqrt(1 / 0.4**2 + 1 / variance))
    assert found.doubt == pytest.approx(1 / math.sqrt(1 / 0.4**2 + 1 / variance))
    assert found.estimates[0].seen == 300.0
    # An estimate without an error is not moved.
    assert found.estimates[1] == sample.estimates[1]
    assert found.value["lognormal"] == {"median": pytest.approx(median, rel=1e-3), "log_sd": 0.6}


def test_the_more_creators_the_less_the_packaged_tier_counts(
    truth: SimpleNamespace, written: Write
) -> None:
    weights = []
    for creators in (4, 12, 40, 400):
        mean = fitted(truth, written, creators)["micro"]["engagement_rate"].estimates[0]
        weights.append(mean.weight)
        pulled = mean.weight * math.log(mean.seen) + (1 - mean.weight) * math.log(packaged_rate())
        assert math.log(mean.value) == pytest.approx(pulled)
    assert weights == sorted(weights)
    # Packaged over own weight falls as 1 / n, but for how creators of each sample happen to differ.
    odds = [(1.0 - weight) / weight for weight in weights]
    assert 20 < odds[0] / odds[-1] < 500


def test_the_sample_s_means_are_simulated(truth: SimpleNamespace, written: Write) -> None:
    posts = read_posts(written(truth.tiktok_posts(17)), platform="tiktok")
    tier = fit_posts(posts)["micro"]
    count = np.bincount(posts.creator)
    for mean, column in zip(tier.means, (posts.views, posts.engagements), strict=True):
        own = np.bincount(posts.creator, weights=column) / count
        assert mean.observed == pytest.approx(own.mean())
        assert mean.se == pytest.approx(stats.sem(own), rel=0.2)
        assert mean.fitted == pytest.approx(mean.observed, rel=0.03)


def test_the_mean_stays_where_the_tail_index_is_below_one(written: Write) -> None:
    """There the mean is that of the cap: taken from views over the own median it was far too high."""
    rng = np.random.default_rng(8)
    creators, posts = 150, 30
    own = np.repeat(np.arange(creators), posts)
    followers = 10 ** rng.uniform(4.0, 4.999, creators)
    amplification = np.minimum(1 / (1 - rng.beta(0.25, 0.8, len(own))), 60.0)
    luck = np.exp(0.6 * rng.standard_normal(len(own)) - 0.18)
    usual = followers * 0.85 * 0.25 * np.exp(0.8 * rng.standard_normal(creators) - 0.32)
    views = usual[own] * luck * amplification
    path = written(
        {"creator": own, "followers": followers[own], "views": views, "likes": 0.1 * views}
    )
    posts = read_posts(path, platform="tiktok")
    found = fit_posts(posts)
    assert found["micro"]["amplification"].value["cascade"]["tail_index"] < 1.1
    for mean in found["micro"].means:
        assert mean.fitted == pytest.approx(mean.observed, rel=0.04)


def test_an_experiment_simulates_the_means_that_the_fit_prints(
    truth: SimpleNamespace, written: Write
) -> None:
    """Quadrature against worlds, 4 standard errors; without caps of single posts both agree."""
    path = written(truth.tiktok_posts(18, creators=200))
    found = fit_posts(read_posts(path, platform="tiktok"))
    (path.parent / "fit.toml").write_text(to_toml(found))
    text = """
include = ["fit.toml"]
[simulation]
worlds = 20_000
[portfolio.a]
tier = "micro"
platform = "tiktok"
creators = 20
[tier.micro]
delivery_rate = 1
[shocks]
scale = 0
"""
    (path.parent / "mine.toml").write_text(text)
    dataset = sim.simulate(sim.load(path.parent / "mine.toml"), threads=1)
    for mean, name in zip(found["micro"].means, ("impressions", "engagements"), strict=True):
        values = dataset[name].values[0] / 20
        assert abs(values.mean() - mean.fitted) < 4 * values.std() / math.sqrt(values.size)


def test_standard_errors_become_beliefs(truth: SimpleNamespace, written: Write) -> None:
    path = written(truth.campaigns(21, creators=120))
    found = fit_posts(read_posts(path))
    text = to_toml(found)
    (path.parent / "fit.toml").write_text(text)
    told = tomllib.loads(text)["beliefs"]
    assert set(told) == {"engagement_rate", "conversion_rate", "fee", "source"}
    one = (
        '[portfolio.a]\ntier = "micro"\ncreators = 2\n[portfolio.b]\ntier = "macro"\ncreators = 2\n'
    )
    plain = sim.build(tomllib.loads(one))
    (path.parent / "mine.toml").write_text('include = ["fit.toml"]\n' + one)
    experiment = sim.load(path.parent / "mine.toml")
    for key in ("engagement_rate", "conversion_rate", "fee"):
        mean = found["micro"][key].estimates[0]
        belief = experiment.beliefs[key]
        assert belief.own["micro on instagram"] == pytest.approx(mean.se / mean.value, rel=0.06)
        # Macro creators were not fitted: as much doubt about them as before.
        assert belief.sd == plain.beliefs[key].sd
        assert belief.common == 0.0
    factors = {factor.name: factor.log_sd for factor in sim.plan.make_plan(experiment).factors}
    name = "engagement_rate:instagram:micro"
    assert factors[name] == experiment.beliefs["engagement_rate"].own["micro on instagram"]
    assert factors["engagement_rate:instagram:macro"] == plain.beliefs["engagement_rate"].sd


def test_a_rate_per_follower_is_the_sample_s_mean_rate(written: Write) -> None:
    """Whatever followers are like: the key is a mean over creators."""
    followers = np.linspace(12_000, 90_000, 40)
    rates = np.tile([0.014, 0.021, 0.025, 0.018], 10)
    path = written(
        {"handle": np.arange(40), "fans": followers, "er": rates, "posts": 12 + 0 * rates}
    )
    mean = fit_posts(read_posts(path))["micro"]["engagement_rate"].estimates[0]
    assert mean.seen == pytest.approx(rates.mean())
    assert mean.value == pytest.approx(rates.mean(), rel=0.02)


def test_what_was_pooled_is_told(truth: SimpleNamespace, written: Write) -> None:
    text = to_toml(fitted(truth, written, 6))
    assert "in the sample, which counts for" in text
    assert "engagements per post" in text


def test_doubt_of_a_tier_on_a_platform_may_wait_for_its_use() -> None:
    tables = {"portfolio": {"a": {"tier": "micro", "creators": 1}}}

    def built(name: str) -> sim.Experiment:
        return sim.build(tables | {"beliefs": {"fee": {"sd": 0.3, "own": {name: 0.1}}}})

    assert built("macro on tiktok").beliefs["fee"].own == {"macro on tiktok": 0.1}
    for name in ("micor on tiktok", "macro on myspace", "macro"):
        with pytest.raises(sim.ExperimentError, match="no tier in use has that name"):
            built(name)
