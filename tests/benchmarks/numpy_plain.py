"""Opponent: numpy as an analyst writes it, clear and vectorised, in chunks that fit the cache."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from problem import (
    AMPLIFICATION,
    CONVERSION,
    ENGAGEMENT,
    FEE,
    FOLLOWERS,
    LUCK,
    REACH,
    Array,
    Problem,
)  # fmt: skip
from scipy import stats

#: Worlds per chunk: the fastest of 16 to 1,024 when this was written.
CHUNK = 128


def simulate(problem: Problem, worlds: int, rng: np.random.Generator) -> dict[str, Array]:
    """Return a row of worlds for each of `problem.OUTCOMES`."""
    sizes = [min(CHUNK, worlds - start) for start in range(0, worlds, CHUNK)]
    parts = [_chunk(problem, size, rng) for size in sizes]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _chunk(p: Problem, worlds: int, rng: np.random.Generator) -> dict[str, Array]:
    shape = (worlds, p.creators)
    factors = rng.standard_normal((worlds, p.factors))
    score = factors @ p.loading.T
    shift = p.shift + factors @ p.belief.T

    def own() -> Array:
        return rng.standard_normal(shape)

    def mixed(weight: float, with_: Array) -> Array:
        return weight * with_ + np.sqrt(1.0 - weight**2) * own()

    def scores(x: int, idiosyncratic: Array) -> Array:
        return score[:, x, None] + p.own(x) * idiosyncratic

    # The creators' own scores, correlated, then with what all creators share.
    own_engagement = own()
    independent_followers = own()
    rho = p.followers_engagement
    own_followers = rho * own_engagement + np.sqrt(1.0 - rho**2) * independent_followers
    of_engagement, of_followers, of_itself = p.fee_weights
    own_fee = (
        of_engagement * own_engagement + of_followers * independent_followers + of_itself * own()
    )
    z_engagement = scores(ENGAGEMENT, own_engagement)
    z_followers = scores(FOLLOWERS, own_followers)
    z_reach = scores(REACH, mixed(p.engagement_reach, own_engagement))
    z_amplification = scores(AMPLIFICATION, mixed(p.amplification_engagement, own_engagement))

    # Values.
    mu, sd = p.log_followers.mean, p.log_followers.sd
    low, high = stats.norm.cdf((np.log(p.follower_range) - mu) / sd)
    within = low + (high - low) * stats.norm.cdf(z_followers)
    followers = np.exp(mu + sd * stats.norm.ppf(within))
    authentic = rng.beta(*p.authentic, shape)
    logit = p.logit_reach.mean + p.logit_reach.sd * z_reach
    reach = np.minimum(np.exp(shift[:, REACH, None]) / (1.0 + np.exp(-logit)), 1.0)
    log_engagement = p.log_engagement.mean + p.log_engagement.sd * z_engagement
    engagement = np.exp(log_engagement + shift[:, ENGAGEMENT, None])
    log_conversion = p.log_conversion.mean + p.log_conversion.sd * scores(CONVERSION, own())
    conversion = np.exp(log_conversion + shift[:, CONVERSION, None])
    conversion *= authentic / np.exp(p.log_authentic_mean)
    log_fee = p.log_fee.mean + p.log_fee.sd * scores(FEE, own_fee)
    delivered = rng.random(shape) < p.delivery_rate
    fee = np.where(delivered, np.exp(log_fee + shift[:, FEE, None]), 0.0)
    luck = np.exp(p.log_luck.mean + p.log_luck.sd * scores(LUCK, own()) + shift[:, LUCK, None])
    takes_off = z_amplification > stats.norm.isf(p.take_off)
    excess = np.zeros(shape)
    tail = stats.norm.sf(z_amplification[takes_off]) / p.take_off
    excess[takes_off] = p.take_off_minimum * tail ** (-1.0 / p.tail_index)

    # The funnel.
    audience = delivered * followers * authentic
    seen = audience * reach
    wanted = seen * luck * (1.0 + excess)
    organic = np.minimum(seen * luck, p.audience)
    extra = np.minimum(wanted, p.audience) - organic
    rate = engagement / (authentic * reach)
    capped_rate = np.minimum(rate, 1.0)
    expected = capped_rate * conversion * (organic + p.q * p.w * extra)
    sums = {
        "impressions": (organic + extra).sum(axis=1),
        "engagements": (capped_rate * (organic + p.q * extra)).sum(axis=1),
        "expected_orders": expected.sum(axis=1),
        "expected_orders_squared": (expected**2).sum(axis=1),
        "expected_orders_largest": expected.max(axis=1),
        "exposure": (audience * np.minimum(reach * luck, 1.0) + extra).sum(axis=1),
        "fees": fee.sum(axis=1),
        "delivered": delivered.sum(axis=1).astype(float),
        "viral_posts": (delivered & (excess >= p.viral_excess)).sum(axis=1).astype(float),
        "capped_impressions": (wanted > p.audience).sum(axis=1).astype(float),
        "capped_engagements": (delivered & (rate > 1.0)).sum(axis=1).astype(float),
    }
    return sums | account(p, sums, rng)


def account(p: Problem, sums: dict[str, Array], rng: np.random.Generator) -> dict[str, Array]:
    """Draw orders and their value; return orders, revenue, cost and profit of each world."""
    orders = rng.poisson(sums["expected_orders"]).astype(float)
    value = rng.standard_gamma(orders * p.order_shape) * (p.order_value / p.order_shape)
    cost = sums["fees"] + p.creators * p.cost_per_creator
    return {
        "orders": orders,
        "revenue": value,
        "cost": cost,
        "profit": p.margin * value - cost,
    }


def run(problem: Problem, worlds: int, rngs: list[np.random.Generator]) -> dict[str, Array]:
    """Simulate on as many threads as there are generators."""
    share = worlds // len(rngs)
    with ThreadPoolExecutor(len(rngs)) as pool:
        parts = list(pool.map(lambda rng: simulate(problem, share, rng), rngs))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
