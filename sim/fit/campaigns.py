"""Fees, conversion and order values, from campaigns with prices and sales."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special, stats

from ..engine import marginals as mg
from ..text.currency import MONEY
from ..text.numbers import rounded, setting
from .components import SEED, Levels, average, covariance, delta, estimate, resampled, totals
from .estimates import Fitted, Parameter
from .goodness import curve, normal_goodness, uniform_goodness
from .rates import Measured
from .reading import Floats, Posts

#: Creators with a fee, or with orders, below which no spread between them can be seen; creators
#: that a slope, and orders that an order value needs.
FEWEST, SLOPED, ORDERS = 3, 30, 100
#: Spread of single orders below which they count as equal, and the packaged spread stays.
LEAST_CV = 0.01


def fit_fee(posts: Posts) -> Fitted | None:
    """Fit fees per post: a lognormal over creators; None where fewer than three have one."""
    paid = posts.fee > 0.0
    if not paid.any():
        return None
    some = posts.take(paid)
    levels = Levels.of(some.creator, np.log(some.fee / some.posts))
    if len(levels.posts) < FEWEST:
        return None
    n, x = len(levels.posts), levels.mean
    mean, sd = float(x.mean()), float(x.std(ddof=1))
    if sd < 1e-6:
        value = math.exp(mean)
        return Fitted(
            "fee", rounded(value), "the same for all", (Parameter("value", value, 0.0),), n,
            "creators", also={"fee_elasticity": 0},
        )  # fmt: skip
    median = math.exp(mean)

    def above(values: Floats) -> Floats:
        return np.asarray(stats.norm.sf((np.log(values) - mean) / sd), dtype=float)

    return Fitted(
        "fee",
        {"lognormal": {"median": rounded(median), "log_sd": rounded(sd)}},
        "lognormal per post",
        (
            Parameter("median", median, median * sd / math.sqrt(n)),
            Parameter("log_sd", sd, sd / math.sqrt(2.0 * (n - 1))),
        ),
        n,
        "creators",
        normal_goodness(x),
        curve(np.exp(x), above, f"{MONEY} per post"),
    )


def fit_fee_elasticity(posts: Posts, engaged: Measured) -> Fitted | None:
    """Fit the slope of log fee on the log of the engagements that can be expected of a creator.

    Observed engagements hold luck, which flattens a plain regression; the spread between creators
    stands in the denominator instead (errors in variables: Fuller 1987, section 1.2).

    Parameters
    ----------
    posts
        Of a tier, the rows of ``engaged``.
    engaged
        Log engagements per post.
    """
    paid = np.bincount(posts.creator, weights=np.where(posts.fee > 0.0, 1.0, 0.0)) > 0.0
    if paid.sum() < SLOPED:
        return None
    logs = np.where(posts.fee > 0.0, np.log(np.maximum(posts.fee, 1e-9) / posts.posts), 0.0)
    fees = np.bincount(posts.creator, weights=logs)
    counts = np.bincount(posts.creator, weights=(posts.fee > 0.0).astype(float))
    y = fees[paid] / counts[paid]
    own = Levels(*(column[paid] for column in vars(engaged.levels).values()))
    weights = resampled(len(y))
    noise = engaged.within * average(weights, 1.0 / own.posts)
    spread = covariance(weights, own.mean, own.mean) - noise
    if spread[0] < 0.02 or np.ptp(y) < 1e-6:
        return None
    value, error = estimate(covariance(weights, y, own.mean) / np.maximum(spread, 0.02))
    return Fitted(
        "fee_elasticity", rounded(value, 3), "slope of log fee on log expected engagements",
        (Parameter("value", value, error),), len(y), "creators",
    )  # fmt: skip


def fit_conversion(posts: Posts, tracked_share: float) -> Fitted | None:
    """Fit orders per engagement: Poisson with a lognormal rate over creators.

    Maximum likelihood, the rate integrated out by Gauss and Hermite (Aitchison and Ho 1989,
    Biometrika 76); None where fewer than three creators have orders known, or nobody ordered.

    Parameters
    ----------
    posts
        Of a tier.
    tracked_share
        Share of all orders that tracked ones are, where the file has these.
    """
    known = (posts.orders >= 0.0) & (posts.engagements > 0.0)
    if not known.any():
        return None
    some = posts.take(known)
    orders = totals(some.creator, some.orders)
    seen = tracked_share if posts.tracked else 1.0
    engagements = totals(some.creator, some.engagements) * seen
    if len(orders) < FEWEST or orders.sum() <= 0.0:
        return None
    nodes, weights = mg.hermite(61)
    log_weights = np.log(weights)
    log_factorial = special.gammaln(orders + 1.0)

    def loss(parameters: Floats) -> float:
        mean, sd = parameters[0], math.exp(parameters[1])
        # Nodes stand where each creator's own posterior lies, so that few are enough.
        guess, width = _posterior(orders, engagements, mean, sd)
        z = guess[:, None] + width[:, None] * nodes
        expected = engagements[:, None] * np.exp(mean + sd * z)
        log = orders[:, None] * np.log(expected) - expected - log_factorial[:, None]
        log += -(z**2) / 2.0 + nodes**2 / 2.0 + np.log(width)[:, None] + log_weights
        return -float(special.logsumexp(log, axis=1).sum())

    start = np.array([math.log(orders.sum() / engagements.sum()), math.log(0.6)])
    best = optimize.minimize(
        loss, start, method="L-BFGS-B", bounds=[(start[0] - 6, start[0] + 6), (-4.0, 1.5)]
    )
    covariances = np.asarray(np.linalg.pinv(_curvature(loss, best.x)), dtype=float)

    def mean_of(parameters: Floats) -> float:
        return math.exp(parameters[0] + math.exp(2.0 * parameters[1]) / 2.0)

    mean, sd = mean_of(best.x), math.exp(best.x[1])
    return Fitted(
        "conversion_rate",
        {"lognormal": {"mean": rounded(mean), "log_sd": rounded(sd)}},
        "lognormal per engagement, orders Poisson"
        + (f", {setting(seen, 3)} of them tracked as packaged" if posts.tracked else ""),
        (
            Parameter("mean", mean, delta(mean_of, best.x, covariances)),
            Parameter("log_sd", sd, sd * math.sqrt(max(float(covariances[1, 1]), 0.0))),
        ),
        len(orders),
        "creators",
        uniform_goodness(_chances(orders, engagements, float(best.x[0]), sd)),
    )


def _posterior(
    orders: Floats, engagements: Floats, mean: float, sd: float
) -> tuple[Floats, Floats]:
    """Return mode and width of each creator's normal score given its orders (Newton's method)."""
    z = np.zeros(len(orders))
    for _ in range(12):
        expected = engagements * np.exp(mean + sd * z)
        slope, bend = sd * (orders - expected) - z, sd**2 * expected + 1.0
        z = z + np.clip(slope / bend, -2.0, 2.0)
    expected = engagements * np.exp(mean + sd * z)
    return z, 1.0 / np.sqrt(sd**2 * expected + 1.0)


def _chances(orders: Floats, engagements: Floats, mean: float, sd: float) -> Floats:
    """Return randomised probability integral transforms of orders, uniform if the law holds."""
    nodes, weights = mg.hermite(61)
    expected = engagements[:, None] * np.exp(mean + sd * nodes)
    below = stats.poisson.cdf(orders[:, None] - 1.0, expected) @ weights
    upto = stats.poisson.cdf(orders[:, None], expected) @ weights
    random = np.random.default_rng(SEED).random(len(orders))
    return np.asarray(below + random * (upto - below), dtype=float)


def _curvature(loss: object, at: Floats, step: float = 1e-3) -> Floats:
    """Return the matrix of second derivatives of a function."""
    assert callable(loss)
    d, units = len(at), np.eye(len(at)) * step
    hessian = np.empty((d, d))
    for i in range(d):
        for j in range(d):
            corners = [
                loss(at + a * units[i] + b * units[j]) * a * b for a in (1, -1) for b in (1, -1)
            ]
            hessian[i, j] = sum(corners) / (4.0 * step**2)
    return hessian


def fit_order_value(posts: Posts) -> tuple[Fitted, ...]:
    """Fit the mean order value and the spread of single orders; nothing below 100 orders.

    Revenue of n orders has mean ``n m`` and variance ``n (m cv)^2``.
    """
    sold = (posts.orders > 0.0) & (posts.revenue > 0.0)
    if np.nansum(posts.orders[sold]) < ORDERS or sold.sum() < SLOPED:
        return ()
    some = posts.take(sold)
    orders, revenue = totals(some.creator, some.orders), totals(some.creator, some.revenue)
    weights = resampled(len(orders))
    means = (weights @ revenue) / (weights @ orders)
    off = (revenue[None, :] - means[:, None] * orders) ** 2 / orders
    spreads = np.sqrt(np.sum(weights * off, axis=1) / weights.sum(axis=1)) / means
    fitted = []
    for key, drawn, law in (
        ("order_value", means, "mean over all orders"),
        ("order_value_cv", spreads, "from revenue given orders"),
    ):
        value, error = estimate(drawn)
        if value < LEAST_CV:
            continue
        estimates = (Parameter("value", value, error),)
        fitted.append(Fitted(key, rounded(value), law, estimates, int(orders.sum()), "orders"))
    return tuple(fitted)
