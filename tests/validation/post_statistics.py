"""Estimators for posts of creators: centres, spreads, tails, what creators share.

Array functions without knowledge of files, platforms or tiers; `derive.py` applies them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Statistics = dict[str, float]

DAY = 86_400
MIN_TAIL = 20  # order statistics a Hill estimate needs
LARGEST_ACCOUNT = 1e9  # end of the quadrature where a tier has no upper bound


@dataclass(frozen=True)
class Posts:
    """Columns of equal length, sorted by creator; ``creator`` counts 0, 1, 2, ..."""

    creator: Ints
    followers: Floats
    engagements: Floats
    likes: Floats
    posted: Floats  # unix seconds
    sponsored: NDArray[np.bool_]
    category: Ints
    views: Floats  # NaN on Instagram
    ratio: Floats  # engagement rate over its tier's median, or views over the creator's median
    own: Ints  # posts of this creator in the whole sample

    def take(self, index: Ints, creator: Ints) -> Posts:
        """Rows ``index``, with their creators renamed to ``creator``."""
        columns = {k: v[index] for k, v in vars(self).items() if k != "creator"}
        return replace(self, creator=creator, **columns)


def by_creator(creator: Ints, values: Floats) -> tuple[Floats, Floats]:
    """Count posts and average ``values`` per creator; creators without posts are left out."""
    count = np.bincount(creator).astype(float)
    total = np.bincount(creator, weights=values)
    seen = count > 0
    return count[seen], total[seen] / count[seen]


def variance_components(creator: Ints, values: Floats) -> tuple[float, float]:
    """Sd between creators and sd from post to post, from creators with two posts or more.

    One-way random effects, unbalanced (Searle, Casella and McCulloch 1992, section 3.6):
    ``s_b² = (MSB − MSW) / n0`` with ``n0 = (N − Σ n_i² / N) / (k − 1)``.
    """
    keep = np.bincount(creator)[creator] >= 2
    count, mean = by_creator(creator[keep], values[keep])
    total, creators = count.sum(), len(count)
    if creators < 3:
        return np.nan, np.nan
    within = np.sum(values[keep] ** 2) - np.sum(count * mean**2)
    between = np.sum(count * (mean - values[keep].mean()) ** 2)
    ms_within = within / (total - creators)
    typical = (total - np.sum(count**2) / total) / (creators - 1)
    component = (between / (creators - 1) - ms_within) / typical
    return float(np.sqrt(max(component, 0.0))), float(np.sqrt(ms_within))


def rate_statistics(name: str, creator: Ints, rate: Floats) -> Statistics:
    """Centre and spread of a positive rate over posts."""
    between, within = variance_components(creator, np.log(rate))
    return {
        f"{name}_median": float(np.median(rate)),
        f"{name}_mean": float(rate.mean()),
        f"{name}_log_sd": float(np.log(rate).std(ddof=1)),
        f"{name}_log_sd_between": between,
        f"{name}_log_sd_within": within,
    }


def followers_fit(log_followers: Floats, low: float, high: float) -> tuple[float, float, float]:
    """Maximum likelihood for log followers seen only in [low, high].

    Location and scale of the lognormal before truncation, and the exponent ``a`` of
    ``density(followers) ∝ followers^−(a+1)`` (0 is log-uniform). Location and scale are NaN
    where the lognormal degenerates: its curvature is not negative, or its likelihood beats the
    power law by less than 1.92 (the 5 % point of the likelihood ratio, one degree of freedom).
    """
    top = min(high, float(np.log(LARGEST_ACCOUNT)))
    nodes, weights = special.roots_legendre(300)
    grid = (nodes + 1) / 2
    z = (log_followers - low) / (top - low)
    moment = np.array([z.mean(), np.mean(z**2)])
    powers = np.vstack([grid, grid**2])

    def fit(terms: int) -> tuple[Floats, float]:
        def loss(theta: Floats) -> tuple[float, Floats]:
            exponent = theta @ powers[:terms]
            peak = exponent.max()
            mass = weights * np.exp(exponent - peak)
            mean = powers[:terms] @ mass / mass.sum()
            log_mass = peak + np.log(mass.sum() / 2)
            return float(log_mass - theta @ moment[:terms]), mean - moment[:terms]

        best = optimize.minimize(loss, np.zeros(terms), jac=True, method="BFGS", tol=1e-7)
        return best.x, float(best.fun) * len(z)

    (slope,), loss_power = fit(1)
    (linear, curve), loss_normal = fit(2)
    span = top - low
    if curve >= 0 or loss_power - loss_normal < stats.chi2.isf(0.05, 1) / 2:
        return np.nan, np.nan, float(-slope / span)
    scale = span / np.sqrt(-2 * curve)
    return float(low - linear / (2 * curve) * span), float(scale), float(-slope / span)


def followers_statistics(posts: Posts, low: float, high: float) -> Statistics:
    """Followers of each creator, counted once."""
    _, logs = by_creator(posts.creator, np.log(posts.followers))
    location, scale, exponent = followers_fit(logs, np.log(low), np.log(high))
    return {
        "followers_median": float(np.exp(np.median(logs))),
        "followers_log_sd": float(logs.std(ddof=1)),
        "followers_lognormal_location": location,
        "followers_lognormal_scale": scale,
        "followers_pareto_exponent": exponent,
    }


def correlation(x: Floats, y: Floats) -> float:
    """Pearson correlation."""
    return float(np.corrcoef(x, y)[0, 1])


def slope(x: Floats, y: Floats) -> float:
    """Slope of y on x by least squares."""
    return float(np.cov(x, y)[0, 1] / x.var(ddof=1))


def size_statistics(name: str, outcome: str, posts: Posts, total: Floats) -> Statistics:
    """Slope of log ``total`` on log followers, and how its rate goes with followers.

    The correlation ``_between`` is that of a creator's true level: the covariance over creators
    holds no luck, so it is divided by the spread between creators instead of the observed one.
    """
    x, rate = np.log(posts.followers), np.log(total / posts.followers)
    _, size = by_creator(posts.creator, x)
    _, level = by_creator(posts.creator, rate)
    between, _ = variance_components(posts.creator, rate)
    covariance = float(np.cov(size, level)[0, 1])
    clean = covariance / (size.std(ddof=1) * between) if between > 0 else np.nan
    return {
        f"{outcome}_followers_slope": float(1 + np.cov(x, rate)[0, 1] / x.var(ddof=1)),
        f"followers_{name}_correlation": correlation(x, rate),
        f"followers_{name}_correlation_between": float(np.clip(clean, -1, 1)),
    }


def tail_statistics(name: str, ratio: Floats, multiples: tuple[int, ...]) -> Statistics:
    """How often ``ratio`` exceeds each multiple, and a lognormal of the same log sd (median 1)."""
    sd = float(np.log(ratio).std(ddof=1))
    seen = {f"{name}_exceedance_{k}": float(np.mean(ratio > k)) for k in multiples}
    normal = {
        f"{name}_lognormal_exceedance_{k}": float(stats.norm.sf(np.log(k) / sd)) for k in multiples
    }
    return seen | normal


def hill_index(values: Floats, share: float = 0.01) -> float:
    """Tail index from the largest ``share`` of the values (Hill 1975); NaN below ``MIN_TAIL``."""
    tail = int(len(values) * share)
    if tail < MIN_TAIL:
        return np.nan
    top = np.sort(values)[::-1][: tail + 1]
    return float(1 / np.mean(np.log(top[:-1] / top[-1])))


def common_effect_sd(residual: Floats, period: Ints, creator: Ints, least: int = 30) -> float:
    """Sd of what all creators share within a period, its sampling noise taken off.

    Noise of a period's mean comes from its creators' totals, so posts of one creator count
    together. Periods with fewer than ``least`` creators are left out; 0 where noise is larger.
    """
    label, cell = np.unique(np.stack([period, creator]), axis=1, return_inverse=True)
    cell_sum = np.bincount(cell, weights=residual)
    count = np.bincount(period).astype(float)
    creators = np.bincount(label[0], minlength=len(count))
    mean = np.bincount(period, weights=residual) / np.maximum(count, 1)
    off = cell_sum - np.bincount(cell) * mean[label[0]]
    noise = np.bincount(label[0], weights=off**2, minlength=len(count)) / np.maximum(count, 1) ** 2
    weight = np.where(creators >= least, count, 0.0)
    weight /= weight.sum()
    effect = np.sum(weight * ((mean - weight @ mean) ** 2 - noise))
    return float(np.sqrt(max(effect, 0.0)))


def detrended(values: Floats, time: Floats) -> Floats:
    """Residuals from a straight line in time (seconds)."""
    days = (time - time.mean()) / DAY
    slope = np.sum(days * values) / np.sum(days**2)
    return np.asarray(values - values.mean() - slope * days, dtype=float)


def sponsored_within(posts: Posts, log_rate: Floats) -> float:
    """Geometric mean over creators of their sponsored posts over their own organic ones."""
    size = posts.creator.max() + 1
    paid = np.bincount(posts.creator, weights=posts.sponsored, minlength=size)
    free = np.bincount(posts.creator, weights=~posts.sponsored, minlength=size)
    both = (paid > 0) & (free > 0)
    if both.sum() < 10:
        return np.nan
    paid_sum = np.bincount(posts.creator, weights=log_rate * posts.sponsored, minlength=size)
    free_sum = np.bincount(posts.creator, weights=log_rate * ~posts.sponsored, minlength=size)
    return float(np.exp(np.mean(paid_sum[both] / paid[both] - free_sum[both] / free[both])))
