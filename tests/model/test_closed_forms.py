"""Means and variances of a line against closed forms and one-dimensional quadratures.

Every comparison allows four standard errors: a false alarm has probability 6e-5, about 0.005 over
the comparisons of this file, and seeds are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from scipy import integrate, stats

Array = npt.NDArray[np.float64]
Simulated = Callable[..., xr.Dataset]
Reference = Callable[[str], ModuleType]

WORLDS = 200_000


# --- All inputs lognormal: closed forms with loadings and beliefs ------------------------------------

CREATORS, POSTS, REPEAT, DELIVERED = 4, 2, 0.8, 0.85
LOG_SD = {
    "followers": 0.3, "authentic_share": 0.1, "reach_rate": 0.2, "engagement_rate": 0.3,
    "conversion_rate": 0.25, "fit": 0.2, "fee": 0.4, "management_hours": 0.3, "post_luck": 0.3,
}  # fmt: skip
MEDIAN = {
    "followers": 20_000.0, "authentic_share": 0.4, "reach_rate": 0.15, "engagement_rate": 0.002,
    "conversion_rate": 0.3, "fit": 0.9, "fee": 150.0, "management_hours": 2.0, "post_luck": 1.0,
}  # fmt: skip
F_E, E_R, ETA = -0.4, 0.5, 0.5
LOADINGS = {
    "engagement_rate": {"campaign": 0.4, "platform": 0.3},
    "reach_rate": {"platform": 0.5},
    "conversion_rate": {"campaign": 0.5, "niche": -0.3},
    "post_luck": {"platform": 0.4},
    "fee": {"campaign": 0.3},
}
BELIEFS = {"engagement_rate": 0.2, "conversion_rate": 0.2, "fee": 0.15, "followers": 0.1}

LOGNORMAL: dict[str, Any] = {
    **{
        f"tier.small.{name}": {"lognormal": {"median": MEDIAN[name], "log_sd": LOG_SD[name]}}
        for name in LOG_SD
    },
    "tier.small.follower_range": [1e-3, 1e12],
    "tier.small.delivery_rate": DELIVERED,
    "tier.small.followers_engagement_correlation": F_E,
    "tier.small.engagement_reach_correlation": E_R,
    "tier.small.fee_elasticity": ETA,
    "costs.cost_of_goods": {"lognormal": {"median": 20, "log_sd": 0.3}},
    "portfolio.p": {
        "tier": "small", "creators": CREATORS, "posts": POSTS, "repeat_factor": REPEAT,
        "compensation": "hybrid",
    },
    "compensation.hybrid": {
        "fee_share": 0.5, "commission_rate": 0.1, "engagement_factor": 1.2,
        "delivery_rate": DELIVERED,
    },
}  # fmt: skip


class Terms:
    """The logarithms of a creator's inputs as sums of named normals."""

    def __init__(self, lognormal: ModuleType, loaded: bool) -> None:
        self.of = lognormal.LogNormal
        self.loaded = loaded
        self.e = self.input("engagement_rate", {"creator:e": 1.0})
        self.f = self.input("followers", {"creator:e": F_E, "creator:f": math.sqrt(1 - F_E**2)})
        self.r = self.input("reach_rate", {"creator:e": E_R, "creator:r": math.sqrt(1 - E_R**2)})
        self.a = self.input("authentic_share", {"creator:a": 1.0})
        self.c = self.input("conversion_rate", {"creator:c": 1.0})
        self.fit = self.input("fit", {"creator:fit": 1.0})
        self.u = self.luck("post:u")

    def luck(self, normal: str) -> Any:
        """Luck of a post by the name of its own normal, scaled to mean one."""
        luck = self.input("post_luck", {normal: 1.0})
        return luck * (1.0 / luck.mean)

    def own(self, name: str) -> float:
        """Weight of the creator in a score."""
        loadings = LOADINGS.get(name, {}).values() if self.loaded else ()
        return math.sqrt(1.0 - sum(w * w for w in loadings))

    def input(self, name: str, normals: dict[str, float]) -> Any:
        """One input: its own normals, the loaded factors and the belief of mean one."""
        sd = LOG_SD[name]
        weights = {k: sd * self.own(name) * w for k, w in normals.items()}
        mu = math.log(MEDIAN[name])
        if self.loaded:
            weights |= {f"shared:{k}": sd * w for k, w in LOADINGS.get(name, {}).items()}
            belief = BELIEFS.get(name, 0.0)
            weights[f"shared:belief:{name}"] = belief
            mu -= belief**2 / 2
        return self.of(mu, weights)

    def fee(self) -> Any:
        """The fee per post: slope eta on log F + log e, as far as these are the creator's own."""
        x = {
            k: self.e.weights.get(k, 0.0) + self.f.weights.get(k, 0.0)
            for k in ("creator:e", "creator:f")
        }
        own_sd = LOG_SD["fee"] * self.own("fee")
        noise = own_sd**2 - ETA**2 * sum(w * w for w in x.values())
        normals = {k: ETA * w for k, w in x.items()} | {"creator:fee": math.sqrt(noise)}
        return self.input("fee", {k: w / own_sd for k, w in normals.items()})

    def engagements(self) -> list[list[Any]]:
        """Engagements of each post, on the compensation's engagement factor."""
        return [[self.f * self.e * self.u * (1.2 * REPEAT**p)] for p in range(POSTS)]

    def expected_orders(self) -> list[list[Any]]:
        """Expected orders of each post."""
        more = self.c * self.fit * self.a * (1.0 / self.a.mean)
        return [[term * more for term in post] for post in self.engagements()]


@pytest.fixture(scope="module", params=[False, True], ids=["independent", "loaded"])
def lognormal_line(
    request: pytest.FixtureRequest, simulated: Simulated, reference: Reference
) -> tuple[xr.Dataset, Terms]:
    changes = dict(LOGNORMAL)
    if request.param:
        changes["shocks.loadings"] = LOADINGS
        changes["beliefs"] = {name: {"sd": sd, "common": 0.4} for name, sd in BELIEFS.items()}
    ds = simulated(changes, worlds=WORLDS, seed=3)
    return ds, Terms(reference("lognormal"), request.param)


def test_lognormal_impressions_reach_and_engagements(
    lognormal_line: tuple[xr.Dataset, Terms], reference: Reference, checks: ModuleType
) -> None:
    ds, t = lognormal_line
    moments = reference("lognormal").line_moments
    impressions = [[t.f * t.a * t.r * t.u]] * POSTS
    # Reach of two posts: F a (1 - (1 - r u)(1 - r u')) = F a r (u + u') - F a r^2 u u'.
    views = t.f * t.a * t.r
    first, second = t.luck("creator:first"), t.luck("creator:second")
    reach = [[views * first, views * second, views * first * t.r * second * -1.0]]
    checks.both(ds["impressions"].values[0], moments(impressions, CREATORS, DELIVERED))
    checks.both(ds["reach"].values[0], moments(reach, CREATORS, DELIVERED))
    checks.both(ds["engagements"].values[0], moments(t.engagements(), CREATORS, DELIVERED))


def test_lognormal_orders_and_revenue(
    lognormal_line: tuple[xr.Dataset, Terms], reference: Reference, checks: ModuleType
) -> None:
    ds, t = lognormal_line
    mean, variance = reference("lognormal").line_moments(t.expected_orders(), CREATORS, DELIVERED)
    checks.both(ds["expected_orders"].values[0], (mean, variance))
    checks.both(ds["orders"].values[0], (mean, mean + variance))
    # Sum of N values of mean 50 and cv 1/2: variance 50^2 (E N / 4 + Var N); halo 10 %.
    value = 1.1 * 50
    spread = value**2 * (0.25 * mean + mean + variance)
    checks.both(ds["revenue"].values[0], (value * mean, spread))
    kept = 0.8 * 0.9 * 0.7 * 1.2
    checks.both(ds["contribution"].values[0], (kept * value * mean, kept**2 * spread))
    checks.both(ds["tracked_revenue"].values[0], (30 * mean, 30**2 * spread / value**2))


def test_lognormal_cost_components(
    lognormal_line: tuple[xr.Dataset, Terms], reference: Reference, checks: ModuleType
) -> None:
    ds, t = lognormal_line
    moments = reference("lognormal").line_moments
    cost = (ds["cost_quantity"] * ds["cost_price"]).isel(line=0)

    def component(name: str) -> Array:
        return cost.sel(component=name).values

    fee = t.fee() * (0.5 * POSTS)
    checks.both(component("fee"), moments([[fee]], CREATORS, DELIVERED))
    checks.both(component("usage_rights"), moments([[fee * 0.2]], CREATORS, DELIVERED))
    hours = t.input("management_hours", {"creator:h": 1.0}) * 40.0
    checks.both(component("management"), moments([[hours]], CREATORS))
    goods = t.of(math.log(20), {"creator:g": 0.3}) * 2.0
    checks.both(component("product"), moments([[goods]], CREATORS))
    mean, variance = moments(t.expected_orders(), CREATORS, DELIVERED)
    rate = 0.1 * 50 * 0.6 * 0.9
    spread = rate**2 * (1.25 * mean + variance)
    checks.both(component("commission"), (rate * mean, spread))
    checks.both(component("bonus_orders"), (mean, mean + variance))
    impressions = [[t.f * t.a * t.r * t.u * 0.002]] * POSTS
    checks.both(component("bonus_impressions"), moments(impressions, CREATORS, DELIVERED))
    for name, amount in (
        ("shipping", 5 * CREATORS),
        ("fixed", 100),
    ):
        assert component(name) == pytest.approx(amount)
    agency = 0.1 * (
        1.2 * moments([[fee]], CREATORS, DELIVERED)[0]
        + (rate + 1.0) * mean
        + moments(impressions, CREATORS, DELIVERED)[0]
    )
    checks.mean(component("agency"), agency)
    assert ds["cost"].values[0] == pytest.approx(cost.sum("component").values)


def test_fees_and_engagements_go_together_as_stated(
    lognormal_line: tuple[xr.Dataset, Terms], checks: ModuleType
) -> None:
    ds, t = lognormal_line
    fees = ds["cost_quantity"].sel(component="fee").values[0]
    engagements = ds["engagements"].values[0]
    fee, shared = t.fee() * float(POSTS), ("shared",)
    product = 0.0
    for (post,) in t.engagements():
        product += CREATORS * DELIVERED * fee.product_mean(post, ("shared", "creator"))
        pairs = CREATORS * (CREATORS - 1) * DELIVERED**2
        product += pairs * fee.product_mean(post, shared)
    checks.mean(fees * engagements, product)


def test_preserve_mean_takes_out_what_loadings_add(
    simulated: Simulated, reference: Reference, checks: ModuleType
) -> None:
    """Means are those of loadings at zero, within-creator correlation and beliefs kept."""
    ds = simulated(
        LOGNORMAL | {"shocks.loadings": LOADINGS, "shocks.preserve_mean": True},
        worlds=WORLDS,
        seed=13,
    )
    moments, t = reference("lognormal").line_moments, Terms(reference("lognormal"), loaded=False)
    checks.mean(ds["engagements"].values[0], moments(t.engagements(), CREATORS, DELIVERED)[0])
    orders = moments(t.expected_orders(), CREATORS, DELIVERED)[0]
    checks.mean(ds["expected_orders"].values[0], orders)
    impressions = moments([[t.f * t.a * t.r * t.u]] * POSTS, CREATORS, DELIVERED)[0]
    checks.mean(ds["impressions"].values[0], impressions)
    loaded = Terms(reference("lognormal"), loaded=True)
    # The correction is large enough to be seen.
    assert moments(loaded.expected_orders(), CREATORS, DELIVERED)[0] > 1.02 * orders


def test_roi_where_costs_are_fixed(
    simulated: Simulated, reference: Reference, checks: ModuleType
) -> None:
    still = {
        "tier.small.fee": 100,
        "tier.small.fee_elasticity": 0,
        "tier.small.management_hours": 2,
    }
    free = {"costs.bonus_per_order": 0, "costs.bonus_per_thousand_impressions": 0}
    changes = {k: v for k, v in LOGNORMAL.items() if not k.startswith(("costs", "compensation"))}
    changes |= still | free | {"costs.fee_due": "signing"}
    changes["portfolio.p"] = {"tier": "small", "creators": CREATORS}
    changes["shocks.loadings"] = {k: v for k, v in LOADINGS.items() if k != "fee"}
    changes["beliefs"] = {name: {"sd": sd} for name, sd in BELIEFS.items() if name != "fee"}
    ds = simulated(changes, worlds=WORLDS, seed=4)
    cost = 100 + CREATORS * (100 * 1.2 * 1.1 + 2 * 20 + 5 + 2 * 40)
    assert ds["cost"].values == pytest.approx(cost)
    t = Terms(reference("lognormal"), loaded=True)
    orders = t.f * t.e * t.u * t.c * t.fit * t.a * (1.0 / t.a.mean)
    mean, variance = reference("lognormal").line_moments([[orders]], CREATORS, DELIVERED)
    worth = 0.8 * 0.9 * 0.7 * 1.2 * 1.1 * 50 / cost
    checks.both(ds["roi"].values[0], (worth * mean - 1, worth**2 * (1.25 * mean + variance)))


# --- Amplification: one-dimensional quadratures -------------------------------------------------------


def spike_excess(z: float, p: float, minimum: float, alpha: float) -> float:
    return float(minimum * (stats.norm.sf(z) / p) ** (-1 / alpha))


def spike_moment(order: tuple[int, int], q: float, rho: float, sigma: float) -> float:
    """E[e^m (1 + q (A - 1))^k] for orders (m, k), e lognormal of median one, quadrature over z_A."""
    m, k = order
    p, minimum, alpha = SPIKE["probability"], SPIKE["minimum"], SPIKE["tail_index"]

    def lifted(z: float) -> float:
        given = math.exp(m * rho * sigma * z + m**2 * sigma**2 * (1 - rho**2) / 2)
        lift = (1 + q * spike_excess(z, p, minimum, alpha)) ** k - 1
        return float(stats.norm.pdf(z)) * given * lift

    start = stats.norm.isf(p)
    return math.exp(m**2 * sigma**2 / 2) + integrate.quad(lifted, start, 12, limit=200)[0]


SPIKE = {"probability": 0.15, "minimum": 1.2, "tail_index": 9.0}
RHO, SIGMA, Q, W, N = 0.6, 0.4, 0.5, 0.4, 3
SPIKED: dict[str, Any] = {
    "tier.small.engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": SIGMA}},
    "tier.small.amplification": {"spike": SPIKE},
    "tier.small.amplification_engagement_correlation": RHO,
    "tier.small.post_luck": {"lognormal": {"mean": 5, "log_sd": 0.3}},
    "platform.instagram": {"audience": 1e12, "viral_from": 2.1},
}


def test_spike(simulated: Simulated, checks: ModuleType) -> None:
    ds = simulated(SPIKED, worlds=WORLDS, seed=5)
    luck = math.exp(0.3**2)
    # Impressions F r u A with F r = 4,000.
    first, second = (spike_moment((0, k), 1.0, 0.0, 1e-9) for k in (1, 2))
    variance = N * 4000**2 * (second * luck - first**2)
    checks.both(ds["impressions"].values[0], (N * 4000 * first, variance))
    # Engagements and orders come back as quoted: 0.02 per follower, 0.05 per engagement.
    g, g_w = (spike_moment((1, 1), x, RHO, SIGMA) for x in (Q, Q * W))
    second = spike_moment((2, 2), Q, RHO, SIGMA) / g**2
    checks.both(ds["engagements"].values[0], (N * 400, N * 400**2 * (second * luck - 1)))
    second = spike_moment((2, 2), Q * W, RHO, SIGMA) / g_w**2
    checks.both(ds["expected_orders"].values[0], (N * 20, N * 20**2 * (second * luck - 1)))


def test_loadings_on_spike_and_engagement_raise_the_mean_as_they_must(
    simulated: Simulated, checks: ModuleType
) -> None:
    loadings = {"engagement_rate": {"campaign": 0.6}, "amplification": {"campaign": 0.7}}
    ds = simulated(SPIKED | {"shocks.loadings": loadings}, worlds=WORLDS, seed=6)
    together = RHO * math.sqrt(1 - 0.6**2) * math.sqrt(1 - 0.7**2) + 0.6 * 0.7
    lift = spike_moment((1, 1), Q, together, SIGMA) / spike_moment((1, 1), Q, RHO, SIGMA)
    assert lift > 1.005
    checks.mean(ds["engagements"].values[0], N * 400 * lift)
    checks.mean(ds["viral_posts"].values[0], N * SPIKE["probability"])


def test_preserve_mean_with_spikes(simulated: Simulated, checks: ModuleType) -> None:
    loadings = {"engagement_rate": {"campaign": 0.6}, "amplification": {"campaign": 0.7}}
    changes = {"shocks.loadings": loadings, "shocks.preserve_mean": True}
    ds = simulated(SPIKED | changes, worlds=WORLDS, seed=6)
    checks.mean(ds["engagements"].values[0], N * 400)
    checks.mean(ds["expected_orders"].values[0], N * 20)
    checks.mean(ds["impressions"].values[0], N * 4000 * spike_moment((0, 1), 1.0, 0.0, 1e-9))


def test_cascade(simulated: Simulated, checks: ModuleType) -> None:
    """A - 1 is beta-prime: mean b / (alpha - 1), variance b (b + alpha - 1) / ((alpha - 2) (alpha - 1)^2)."""
    b, alpha = 3.0, 12.0
    changes = {"tier.small.amplification": {"cascade": {"b": b, "tail_index": alpha}}}
    ds = simulated(changes, worlds=WORLDS, seed=7)
    mean = b / (alpha - 1)
    variance = b * (b + alpha - 1) / ((alpha - 2) * (alpha - 1) ** 2)
    checks.both(ds["impressions"].values[0], (N * 4000 * (1 + mean), N * 4000**2 * variance))
    # Engagement is 400 organic, all in all as quoted.
    scale = 400 / (1 + Q * mean)
    checks.both(ds["engagements"].values[0], (N * 400, N * (scale * Q) ** 2 * variance))


@pytest.mark.usefixtures("exact_reading")
def test_logit_normal_reach_and_beta_authenticity(simulated: Simulated, checks: ModuleType) -> None:
    changes = {
        "tier.small.reach_rate": {"logitnormal": {"median": 0.2, "logit_sd": 0.9}},
        "tier.small.authentic_share": {"beta": {"mean": 0.6, "sd": 0.15}},
        # Low enough that engagements never reach impressions, where they would be cut.
        "tier.small.engagement_rate": 0.001,
    }
    ds = simulated(changes, worlds=WORLDS, seed=8)

    def moment(k: int) -> float:
        def integrand(z: float) -> float:
            return float(stats.norm.pdf(z)) / (1 + 4 * math.exp(-0.9 * z)) ** k

        return integrate.quad(integrand, -12, 12)[0]

    mean = 20_000 * 0.6 * moment(1)
    square = 20_000**2 * (0.6**2 + 0.15**2) * moment(2)
    checks.both(ds["impressions"].values[0], (N * mean, N * (square - mean**2)))
    checks.both(ds["reach"].values[0], (N * mean, N * (square - mean**2)))
    # Per follower engagement is certain; orders go with the share of real followers.
    assert ds["engagements"].values == pytest.approx(N * 20, rel=1e-9)
    checks.both(ds["expected_orders"].values[0], (N, N * (0.15 / 0.6) ** 2))
