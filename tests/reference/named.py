"""Named creators by rejection sampling: the prior, the past that was seen, and who could have had it.

Creators are drawn from their tier, each lives through the posts that were measured, and those stay
whose past looks like the one that is known: followers and fees within a twentieth, a rate within a
hundredth or so, orders by the Poisson chance of exactly so many. What stays is drawn from the
posterior, whatever its shape. Nothing of the product is used; laws are stated as scipy has them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Quantile = Callable[[Array], Array]

#: Followers and fees are round figures: any within a twentieth would have been written so.
ROUND = math.log(1.05)
BATCH = 400_000


def lognormal(median: float, log_sd: float) -> Quantile:
    return lambda z: median * np.exp(log_sd * z)


def beta(mean: float, sd: float) -> Quantile:
    size = mean * (1.0 - mean) / sd**2 - 1.0
    law = stats.beta(mean * size, (1.0 - mean) * size)
    grid = np.linspace(-6.0, 6.0, 2_001)
    log = np.log(law.ppf(stats.norm.cdf(grid)))
    return lambda z: np.exp(np.interp(z, grid, log))


def fixed(value: float) -> Quantile:
    return lambda z: np.full(z.shape, value)


@dataclass(frozen=True)
class Tier:
    """A tier by its laws, each as a function of a normal score; spreads of logs where needed."""

    engagement: Quantile
    conversion: Quantile
    followers_median: float = 20_000.0
    followers_log_sd: float = 0.0
    fee_median: float = 100.0
    fee_log_sd: float = 0.0
    fee_elasticity: float = 0.0
    engagement_log_sd: float = 0.0
    fit: Quantile = field(default_factory=lambda: fixed(1.0))
    authentic: Quantile = field(default_factory=lambda: fixed(1.0))
    reach: Quantile = field(default_factory=lambda: fixed(1.0))
    luck_log_sd: float = 0.0
    take_off: float = 0.0
    least: float = 1.0
    tail_index: float = 3.0
    cap: float = math.inf
    q: float = 0.5
    w: float = 0.4
    followers_with_engagement: float = 0.0
    reach_with_engagement: float = 0.0
    engagement_loading: float = 0.0
    conversion_loading: float = 0.0
    per_impression: bool = False
    tracked: Quantile = field(default_factory=lambda: fixed(0.6))


@dataclass(frozen=True)
class Known:
    """What is known of a creator; nothing by default but the followers."""

    followers: float
    fee: float | None = None
    rate: float | None = None
    rate_posts: int = 0
    within: float = 0.02
    orders: tuple[int, ...] = ()
    order_posts: tuple[int, ...] = ()


class Posterior(NamedTuple):
    """Of one post of a new season, its luck left out: with standard errors.

    `variation` is the coefficient of variation of expected orders, `kept` the effective number of
    creators who stayed.
    """

    orders: float
    orders_error: float
    engagements: float
    engagements_error: float
    variation: float
    variation_error: float
    kept: float


def excess(tier: Tier, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A - 1 of posts."""
    if tier.take_off == 0.0:
        return np.zeros(shape)
    off = rng.random(shape) < tier.take_off
    size = np.minimum(tier.least * rng.random(shape) ** (-1.0 / tier.tail_index), tier.cap - 1.0)
    return np.where(off, size, 0.0)


def mean_excess(tier: Tier) -> float:
    u = (np.arange(1_000_000) + 0.5) / 1_000_000
    return tier.take_off * float(
        np.minimum(tier.least * u ** (-1.0 / tier.tail_index), tier.cap - 1.0).mean()
    )


def luck(tier: Tier, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.exp(tier.luck_log_sd * rng.standard_normal(shape) - tier.luck_log_sd**2 / 2.0)


def posterior(tier: Tier, known: Known, draws: int, seed: int) -> Posterior:
    """Draw creators until so many were tried; return moments of those who stay."""
    rng = np.random.default_rng(seed)
    parts = [_batch(tier, known, rng) for _ in range(math.ceil(draws / BATCH))]
    own = [math.sqrt(_moment(w, x, 2) / _moment(w, x, 1) ** 2 - 1.0) for w, x, _ in parts]
    error = float(np.std(own, ddof=1)) / math.sqrt(len(own))
    weight, orders, engagements = (np.concatenate(column) for column in zip(*parts, strict=True))
    weight = weight / weight.sum()

    def mean(x: Array) -> tuple[float, float]:
        centre = float(weight @ x)
        return centre, math.sqrt(float(weight**2 @ (x - centre) ** 2))

    variation = math.sqrt(_moment(weight, orders, 2) / _moment(weight, orders, 1) ** 2 - 1.0)
    kept = 1.0 / float(weight @ weight)
    return Posterior(*mean(orders), *mean(engagements), variation, error, kept)


def _moment(weight: Array, x: Array, order: int) -> float:
    return float(weight @ x**order / weight.sum())


def _batch(tier: Tier, known: Known, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    n = BATCH
    followers, score_f = _followers(tier, known, rng)
    z_e = tier.followers_with_engagement * score_f + math.sqrt(
        1.0 - tier.followers_with_engagement**2
    ) * rng.standard_normal(n)
    rho = tier.reach_with_engagement
    z_r = rho * z_e + math.sqrt(1.0 - rho**2) * rng.standard_normal(n)
    z_c, z_fit, z_a = rng.standard_normal((3, n))
    tracked = tier.tracked(rng.standard_normal(n))
    keep = np.ones(n, dtype=bool)
    if known.fee is not None:
        keep &= np.abs(np.log(_fee(tier, score_f, z_e, rng) / known.fee)) < ROUND
    fit, reach = tier.fit(z_fit), tier.reach(z_r)
    authentic = tier.authentic(z_a)
    typical = float(tier.authentic(rng.standard_normal(n)).mean())
    amplified = mean_excess(tier)
    g, g_w = 1.0 + tier.q * amplified, 1.0 + tier.q * tier.w * amplified

    def season() -> tuple[Array, Array]:
        shock = rng.standard_normal(n)
        out = []
        for law, own, loading in (
            (tier.engagement, z_e, tier.engagement_loading),
            (tier.conversion, z_c, tier.conversion_loading),
        ):
            out.append(law(math.sqrt(1.0 - loading**2) * own + loading * shock))
        e, c = out
        # Quoted means hold amplified posts: per impression all over all, per follower all over n.
        e = e / g * (1.0 + amplified if tier.per_impression else 1.0)
        return e, c * g / g_w

    views = followers * authentic * reach
    if known.rate is not None:
        e, _ = season()
        shape = (n, known.rate_posts)
        u, x = luck(tier, rng, shape), excess(tier, rng, shape)
        shown = e * (u * (1.0 + tier.q * x)).mean(axis=1)
        if tier.per_impression:
            shown = shown / (u * (1.0 + x)).mean(axis=1)
        keep &= np.abs(np.log(shown / known.rate)) < known.within
    weight = keep.astype(float)
    for orders, posts in zip(known.orders, known.order_posts, strict=True):
        e, c = season()
        u, x = luck(tier, rng, (n, posts)), excess(tier, rng, (n, posts))
        each = views * e if tier.per_impression else followers * e * authentic / typical
        seen = tracked * each * c * fit * (u * (1.0 + tier.q * tier.w * x)).sum(axis=1)
        weight *= stats.poisson.pmf(orders, seen) / stats.poisson.pmf(orders, max(orders, 1e-9))
    some = weight > 1e-12 * weight.max()
    e, c = season()
    engaged = views * e if tier.per_impression else followers * e
    expected = engaged * c * fit * (1.0 if tier.per_impression else authentic / typical)
    return weight[some], expected[some] * g_w, engaged[some] * g


def _followers(tier: Tier, known: Known, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return followers as known, and scores that would be written so."""
    n = BATCH
    if tier.followers_log_sd == 0.0:
        return np.full(n, known.followers), np.zeros(n)
    centre = math.log(known.followers / tier.followers_median)
    ends = [(centre + side * ROUND) / tier.followers_log_sd for side in (-1.0, 1.0)]
    score = stats.truncnorm.rvs(*ends, size=n, random_state=rng)
    return np.full(n, known.followers), score


def _fee(tier: Tier, score_f: Array, z_e: Array, rng: np.random.Generator) -> Array:
    """Return fees: their log follows log expected engagements with the elasticity as slope."""
    # Without shared shocks; the spread of the fee stays as stated.
    own = math.sqrt(1.0 - tier.engagement_loading**2) * tier.engagement_log_sd
    x = tier.followers_log_sd * score_f + own * z_e
    rho = tier.followers_with_engagement
    variance = tier.followers_log_sd**2 + own**2 + 2.0 * rho * tier.followers_log_sd * own
    rest = tier.fee_log_sd**2 - tier.fee_elasticity**2 * variance
    noise = math.sqrt(rest) * rng.standard_normal(x.shape)
    return tier.fee_median * np.exp(tier.fee_elasticity * x + noise)
