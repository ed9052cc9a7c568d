"""Rates of a tier: engagement and reach, from what each post shows to what the model is told.

The model draws organic rates of a creator; posts show them with luck u and amplification A:
``views = F a r u A``, ``engagements = F e u (1 + (A - 1) q)`` per follower, or
``views-organic e (1 + (A - 1) q)`` per impression. Quoted rates are means with all of it included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ..engine import marginals as mg
from ..experiment import models as m
from ..plan import marginal
from ..text.numbers import rounded
from .components import (
    Levels,
    average,
    between_covariance,
    between_variance,
    covariance,
    estimate,
    resampled,
    root,
    totals,
    within_variance,
)
from .estimates import Fitted, Parameter
from .goodness import level_curve, level_goodness
from .laws import Law, error_from_law
from .reading import Floats, Ints, Posts

#: Least spread between creators that is written, in logs.
LEAST_SPREAD = 0.05
#: Creators with several posts that a split between creators and posts needs.
REPEATED = 20


@dataclass(frozen=True)
class Measured:
    """Logs of a quantity, post by post and by creator.

    Attributes
    ----------
    creator, log
        Posts, shape (posts,).
    levels
        By creator, shape (creators,).
    within
        Variance from post to post; assumed where too few creators have several posts.
    assumed
        Whether it is assumed.
    """

    creator: Ints
    log: Floats
    levels: Levels
    within: float
    assumed: bool

    @classmethod
    def of(cls, creator: Ints, log: Floats, otherwise: float) -> Measured:
        """Summarise posts; ``otherwise`` is the variance assumed where it cannot be seen."""
        levels = Levels.of(creator, log)
        if levels.repeated < REPEATED:
            return cls(creator, log, levels, otherwise, True)
        ones = np.ones((1, len(levels.posts)))
        return cls(creator, log, levels, float(within_variance(ones, levels)[0]), False)

    def spread(self, weights: Floats) -> Floats:
        """Return the variance between creators for each row of weights."""
        within = np.full(len(weights), self.within)
        if not self.assumed:
            within = within_variance(weights, self.levels)
        return between_variance(weights, self.levels, within)


def fit_engagement(posts: Posts, rate: Measured, law: Law, q: float, per_view: bool) -> Fitted:
    """Fit the mean engagement rate with everything included, and its spread between creators.

    Per follower the mean is that of the posts, creators weighing the same. Per impression it is
    that of all engagements over all impressions: the organic mean, from the mean of the logs, times
    ``E[1 + (A - 1) q] / E[A]``, with the standard error of that ratio in the sample. Both are a
    start: `means.held` moves them to where the tier simulates the sample's mean engagements.

    Parameters
    ----------
    posts
        Of a tier.
    rate
        Log of engagements per follower or per view.
    law, q
        Luck, amplification, and engagement of people reached by it.
    per_view
        Whether the denominator is views.
    """
    weights, levels = resampled(len(rate.levels.posts)), rate.levels
    spread = rate.spread(weights)
    if per_view:
        organic = math.exp(float(levels.mean.mean()) + max(float(spread[0]), 0.0) / 2.0)
        whole, views = (
            totals(posts.creator, column / posts.posts) / levels.posts
            for column in (posts.engagements, posts.views)
        )
        shown, error = estimate(average(weights, whole) / average(weights, views))
        mean = organic * _quoted_per_shown(law, q)
        error *= mean / shown
    else:
        per_creator = np.bincount(rate.creator, weights=np.exp(rate.log)) / levels.posts
        mean, error = estimate(average(weights, per_creator))
    sd, sd_error = estimate(root(spread, LEAST_SPREAD))
    centre = float(levels.mean.mean())
    basis = "impressions" if per_view else "followers"
    unit = f"engagements per {'view' if per_view else 'follower'}"
    return Fitted(
        "engagement_rate",
        {"lognormal": {"mean": rounded(mean), "log_sd": rounded(sd)}},
        f"lognormal per {basis[:-1]}",
        (Parameter("mean", mean, error), Parameter("log_sd", sd, sd_error)),
        len(levels.posts),
        "creators",
        level_goodness(levels, centre, sd**2, rate.within),
        level_curve(levels, centre, sd**2, rate.within, unit),
        {"engagement_basis": basis},
    )


def _quoted_per_shown(law: Law, q: float) -> float:
    """Return the quoted mean rate over the geometric mean of posts' engagement per view."""
    log_a = law.log_amplification
    shown = np.log1p(np.expm1(log_a) * q) - log_a
    whole = 1.0 + q * float(np.mean(np.expm1(log_a)))
    return whole / float(np.mean(np.exp(log_a))) / math.exp(float(shown.mean()))


def fit_reach(tier: m.Tier, seen: Measured, law: Law) -> Fitted:
    """Fit organic reach per authentic follower: what is left of views without luck and the rest.

    ``log views / F = log a + log r + log u A``: mean and variance of log r follow, and the
    logit-normal with these two is solved for.

    Parameters
    ----------
    tier
        As packaged: its authentic share is taken.
    seen
        Log of views per follower.
    law
        Luck and amplification.
    """
    log_share, sd_share = mg.log_moments(mg.compile_marginal(marginal(tier.authentic_share, 0, 1)))
    usual = _usual(law)
    weights, levels = resampled(len(seen.levels.posts)), seen.levels
    means = average(weights, levels.mean) - log_share - usual
    variances = np.maximum(seen.spread(weights) - sd_share**2, LEAST_SPREAD**2)
    location, scale = logit_from_log(float(means[0]), math.sqrt(float(variances[0])))
    # The bootstrap goes through the slopes of the solution: solving 400 times would say the same.
    nearby = [
        logit_from_log(float(means[0]) + up, math.sqrt(float(variances[0])) + wider)
        for up, wider in ((0.02, 0.0), (0.0, 0.02))
    ]
    slopes = (np.array(nearby) - [location, scale]) / 0.02
    moved = np.stack([means - means[0], np.sqrt(variances) - math.sqrt(float(variances[0]))], 1)
    drawn = np.array([location, scale]) + moved @ slopes
    (_, location_se), (_, scale_se) = estimate(drawn[:, 0]), estimate(drawn[:, 1])
    unsure = error_from_law(_usual, law)
    location_se = math.hypot(location_se, unsure * slopes[0, 0])
    scale_se = math.hypot(scale_se, unsure * slopes[0, 1])
    median = float(special.expit(location))
    centre, between = float(levels.mean.mean()), float(np.maximum(seen.spread(weights)[0], 0.0))
    return Fitted(
        "reach_rate",
        {"logitnormal": {"median": rounded(median), "logit_sd": rounded(scale)}},
        "organic reach, logit-normal per authentic follower",
        (
            Parameter("median", median, median * (1.0 - median) * location_se),
            Parameter("logit_sd", scale, scale_se),
        ),
        len(levels.posts),
        "creators",
        level_goodness(levels, centre, max(between, LEAST_SPREAD**2), seen.within),
        level_curve(levels, centre, between, seen.within, "views per follower"),
        {"reach_basis": "authentic_followers"},
    )


def _usual(law: Law) -> float:
    """Return the mean over posts of the log of luck times amplification."""
    return -(law.luck**2) / 2.0 + float(law.log_amplification.mean())


def logit_from_log(mean: float, sd: float) -> tuple[float, float]:
    """Return location and scale of the logit-normal whose log has this mean and sd."""
    nodes, weights = mg.hermite(80)

    def off(parameters: Floats) -> Floats:
        log = special.log_expit(parameters[0] + math.exp(parameters[1]) * nodes)
        centre = float(weights @ log)
        return np.array([centre - mean, math.sqrt(float(weights @ (log - centre) ** 2)) - sd])

    start = special.logit(min(math.exp(mean), 0.9))
    solution = optimize.least_squares(off, [start, math.log(max(sd, LEAST_SPREAD))])
    return float(solution.x[0]), float(math.exp(solution.x[1]))


def fit_amplified_engagement(seen: Measured, per_view: Measured, law: Law) -> Fitted | None:
    """Fit q from how engagement per view falls when a creator's views rise; None without a tail.

    Over the posts of a creator the slope of log engagement per view on log views is
    ``Cov(log((1 + (A - 1) q) / A), log A) / (Var log u + Var log A)``.
    """
    unseen = seen.assumed or per_view.assumed or seen.within < LEAST_SPREAD**2
    if unseen or not np.any(law.log_amplification > 0.0):
        return None
    weights = resampled(len(seen.levels.posts))
    both = Levels.of(seen.creator, seen.log + per_view.log)
    parts = [within_variance(weights, each) for each in (both, seen.levels, per_view.levels)]
    slope, error = estimate((parts[0] - parts[1] - parts[2]) / (2.0 * parts[1]))
    q = _share_engaged(law, slope)
    rise = (_share_engaged(law, slope + 0.01) - _share_engaged(law, slope - 0.01)) / 0.02
    unsure = error_from_law(lambda other: _share_engaged(other, slope), law)
    return Fitted(
        "amplified_engagement", rounded(q, 2), "from engagement per view as views rise",
        (Parameter("q", q, math.hypot(error * rise, unsure)),), len(seen.log), "posts",
    )  # fmt: skip


def _share_engaged(law: Law, slope: float) -> float:
    """Return the q at which log engagement per view has this slope on log views, within 0.02..1."""
    log_a = law.log_amplification
    total, centred = law.luck**2 + float(log_a.var()), log_a - log_a.mean()

    def at(q: float) -> float:
        return float(np.mean(centred * (np.log1p(np.expm1(log_a) * q) - log_a)) / total)

    clipped = min(max(slope, at(0.02)), at(1.0))
    return float(optimize.brentq(lambda q: at(q) - clipped, 0.02, 1.0))


def fit_followers_correlation(followers: Floats, rate: Measured) -> Fitted | None:
    """Fit how a creator's engagement rate goes with its followers; None where nothing varies.

    Parameters
    ----------
    followers
        Of each creator, shape (creators,).
    rate
        Log engagement rate.
    """
    weights, x = resampled(len(followers)), np.log(followers)
    sizes = root(covariance(weights, x, x), LEAST_SPREAD)
    spread = root(rate.spread(weights), LEAST_SPREAD)
    if not sizes[0] > LEAST_SPREAD:
        return None
    correlation = covariance(weights, x, rate.levels.mean) / (sizes * spread)
    return _correlation("followers_engagement_correlation", correlation, len(x))


def fit_reach_correlation(tier: m.Tier, rate: Measured, seen: Measured) -> Fitted | None:
    """Fit how a creator's reach goes with its engagement rate; None where posts are too few."""
    if rate.assumed or seen.assumed:
        return None
    weights = resampled(len(rate.levels.posts))
    both = Levels.of(rate.creator, rate.log + seen.log)
    _, sd_share = mg.log_moments(mg.compile_marginal(marginal(tier.authentic_share, 0, 1)))
    reach = root(seen.spread(weights) - sd_share**2, LEAST_SPREAD)
    together = between_covariance(weights, rate.levels, seen.levels, both)
    correlation = together / (reach * root(rate.spread(weights), LEAST_SPREAD))
    return _correlation("engagement_reach_correlation", correlation, len(rate.levels.posts))


def _correlation(key: str, drawn: Floats, n: int) -> Fitted:
    value, error = estimate(drawn)
    written = rounded(min(max(value, -0.95), 0.95), 2)
    return Fitted(key, written, "correlation", (Parameter("value", value, error),), n, "creators")
