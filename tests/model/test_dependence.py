"""What creators share, and what it does to risk: the properties the comparison rests on.

Statistical comparisons allow four standard errors: a false alarm has probability 6e-5 each, about
0.002 over this file. Comparisons of two runs use the same random numbers, so that only the change
shows; seeds are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from scipy import integrate, stats

Array = npt.NDArray[np.float64]
Simulated = Callable[..., xr.Dataset]

ALLOWED = 4.0
#: Nothing but shocks, creators and posts: no costs that grow with revenue.
PLAIN_COSTS = {"costs.bonus_per_order": 0, "costs.bonus_per_thousand_impressions": 0}


def standard_error(x: Array) -> float:
    return float(x.std() / math.sqrt(x.size))


def sd_with_error(x: Array) -> tuple[float, float]:
    squares = (x - x.mean()) ** 2
    sd = math.sqrt(squares.mean())
    return sd, standard_error(squares) / (2 * sd)


def correlation_with_error(x: Array, y: Array) -> tuple[float, float]:
    """Pearson correlation and the standard error from its influence function."""
    a, b = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    r = float(np.mean(a * b))
    return r, standard_error(a * b - r * (a**2 + b**2) / 2)


def shortfall_gap(roi: Array) -> float:
    """Mean of the worst 5 % of worlds minus the mean of all."""
    worst = np.sort(roi)[: roi.size // 20]
    return float(worst.mean() - roi.mean())


# --- Correlation of creators, and the spread of many --------------------------------------------------

SIGMA = 0.5


@pytest.mark.parametrize("loading", [0.0, 0.4, -0.8, 1.0])
def test_creators_correlate_as_their_loading_says(loading: float, simulated: Simulated) -> None:
    """Two creators: rho = (exp(l^2 s^2) - 1) / (exp(s^2) - 1), whatever the sign of l."""
    changes: dict[str, Any] = {
        "tier.small.engagement_rate": {"lognormal": {"mean": 0.01, "log_sd": SIGMA}},
        "portfolio.p": {
            "creators": 2, "tier": "small", "mix": {"a": {"share": 0.5}, "b": {"share": 0.5}}
        },
    }  # fmt: skip
    if loading != 0.0:
        changes["shocks.loadings.engagement_rate"] = {"campaign": loading}
    ds = simulated(changes, worlds=100_000, seed=21)
    first, second = ds["line_expected_orders"].values
    expected = math.expm1((loading * SIGMA) ** 2) / math.expm1(SIGMA**2)
    r, error = correlation_with_error(first, second)
    assert r == pytest.approx(expected, rel=0, abs=ALLOWED * error + 1e-6)
    # Scores correlate by the squared loading itself.
    r, error = correlation_with_error(np.log(first), np.log(second))
    assert r == pytest.approx(loading**2, rel=0, abs=ALLOWED * error + 1e-6)


@pytest.mark.parametrize("loading", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("creators", [1, 10, 106])
def test_spread_of_many_creators(loading: float, creators: int, simulated: Simulated) -> None:
    """sd(sum) / (n sd(one)) = sqrt((1 + (n - 1) rho) / n)."""
    changes: dict[str, Any] = {
        "tier.small.engagement_rate": {"lognormal": {"mean": 0.01, "log_sd": SIGMA}},
        "portfolio.p": {"tier": "small", "creators": creators},
        "shocks.loadings.engagement_rate": {"platform": loading},
    }
    ds = simulated(changes, worlds=40_000, seed=22)
    rho = math.expm1((loading * SIGMA) ** 2) / math.expm1(SIGMA**2)
    one = 20_000 * 0.01 * 0.05 * math.sqrt(math.expm1(SIGMA**2))
    expected = creators * one * math.sqrt((1 + (creators - 1) * rho) / creators)
    sd, error = sd_with_error(ds["expected_orders"].values[0])
    assert sd == pytest.approx(expected, rel=0, abs=ALLOWED * error)


def test_scale_multiplies_all_loadings(simulated: Simulated) -> None:
    varied = {"tier.small.engagement_rate": {"lognormal": {"mean": 0.01, "log_sd": SIGMA}}}
    scaled = {"shocks.scale": 0.5, "shocks.loadings.engagement_rate": {"campaign": 0.8}}
    written = {"shocks.loadings.engagement_rate": {"campaign": 0.4}}
    a = simulated(varied | scaled, worlds=1_000)
    b = simulated(varied | written, worlds=1_000)
    np.testing.assert_array_equal(a["roi"].values, b["roi"].values)


# --- Loadings and risk --------------------------------------------------------------------------------

RISKY: dict[str, Any] = {
    "tier.small.engagement_rate": {"lognormal": {"mean": 0.01, "log_sd": 0.5}},
    "tier.small.conversion_rate": {"lognormal": {"mean": 0.05, "log_sd": 0.5}},
    "tier.small.reach_rate": {"lognormal": {"mean": 0.2, "log_sd": 0.3}},
    "tier.small.post_luck": {"lognormal": {"mean": 1, "log_sd": 0.5}},
    "tier.small.delivery_rate": 0.8,
    "tier.small.fee": {"lognormal": {"mean": 150, "log_sd": 0.5}},
    "portfolio.p": {"tier": "small", "creators": 100},
}


@pytest.mark.parametrize("name", ["engagement_rate", "conversion_rate", "post_luck", "delivery"])
def test_a_loading_on_revenue_raises_risk(name: str, simulated: Simulated) -> None:
    # Fees at signing: else delivery would load the cost as well.
    spread, gaps = [], []
    for loading in (0.0, 0.3, 0.6, 0.9):
        loadings = {f"shocks.loadings.{name}": {"campaign": loading}}
        changes = RISKY | PLAIN_COSTS | {"costs.fee_due": "signing"} | loadings
        roi = simulated(changes, worlds=20_000, seed=23)["roi"].values[0]
        spread.append(sd_with_error(roi))
        gaps.append(shortfall_gap(roi))
    for (low, low_error), (high, high_error) in pairwise(spread):
        assert high - low > ALLOWED * math.hypot(low_error, high_error)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] - gaps[-1] > 0.5 * abs(gaps[0])


def test_loading_the_fee_hedges(simulated: Simulated) -> None:
    """Where fees rise with what drives revenue, the ratio of the two moves less."""
    revenue = {"shocks.loadings.engagement_rate": {"campaign": 0.6}}
    both = revenue | {"shocks.loadings.fee": {"campaign": 0.6}}
    unhedged = simulated(RISKY | PLAIN_COSTS | revenue, worlds=20_000, seed=24)["roi"].values[0]
    hedged = simulated(RISKY | PLAIN_COSTS | both, worlds=20_000, seed=24)["roi"].values[0]
    (sd, error), (sd_hedged, error_hedged) = sd_with_error(unhedged), sd_with_error(hedged)
    assert sd - sd_hedged > ALLOWED * math.hypot(error, error_hedged)


@pytest.mark.parametrize(("fee", "sign"), [(100, 1), (600, -1)])
def test_correlation_raises_the_risk_of_loss_unless_loss_is_the_rule(
    fee: float, sign: int, simulated: Simulated
) -> None:
    """With a negative mean ROI, shared luck is the only way out: P(loss) falls."""
    losses = []
    for loading in (0.0, 0.7):
        loadings = {"shocks.loadings.conversion_rate": {"campaign": loading}}
        changes = RISKY | PLAIN_COSTS | {"tier.small.fee": fee} | loadings
        roi = simulated(changes, worlds=20_000, seed=25)["roi"].values[0]
        assert (roi.mean() > 0) == (sign > 0)
        losses.append(roi < 0)
    error = math.hypot(*(standard_error(loss) for loss in losses))
    assert sign * (losses[1].mean() - losses[0].mean()) > ALLOWED * error


@pytest.mark.parametrize("basis", ["followers", "impressions"])
def test_preserved_means_are_those_without_loadings(basis: str, simulated: Simulated) -> None:
    """Whatever the distributions: two runs, unrelated seeds, four standard errors."""
    changes = RISKY | {
        "tier.small.engagement_rate": {"beta": {"mean": 0.02, "sd": 0.01}},
        "tier.small.engagement_basis": basis,
        "tier.small.reach_rate": {"logitnormal": {"median": 0.2, "logit_sd": 0.5}},
        "tier.small.authentic_share": {"beta": {"mean": 0.8, "sd": 0.05}},
        "tier.small.amplification": {"cascade": {"b": 2, "tail_index": 7}},
        "tier.small.engagement_reach_correlation": 0.5,
        "tier.small.amplification_engagement_correlation": 0.4,
        "tier.small.followers": {"lognormal": {"median": 12_900, "log_sd": 2}},
        "tier.small.follower_range": [10_000, 100_000],
        "tier.small.followers_engagement_correlation": -0.2,
        "portfolio.p": {"tier": "small", "creators": 5, "posts": 2},
    }
    loadings: dict[str, Any] = {
        "engagement_rate": {"campaign": 0.5, "platform": 0.3},
        "reach_rate": {"platform": 0.6},
        "conversion_rate": {"campaign": 0.6},
        "delivery": {"campaign": 0.3},
        "amplification": {"platform": 0.5},
        "post_luck": {"platform": -0.4},
    }
    without = simulated(changes, worlds=100_000, seed=30)
    preserved = {"shocks.loadings": loadings, "shocks.preserve_mean": True}
    with_all = simulated(changes | preserved, worlds=100_000, seed=31)
    raised = simulated(changes | {"shocks.loadings": loadings}, worlds=100_000, seed=31)
    for name in ("impressions", "engagements", "expected_orders"):
        a, b = without[name].values[0], with_all[name].values[0]
        error = math.hypot(standard_error(a), standard_error(b))
        assert b.mean() == pytest.approx(a.mean(), rel=0, abs=ALLOWED * error)
    assert raised["expected_orders"].mean() > 1.05 * without["expected_orders"].mean()


# --- Take-off -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", [0.0, 0.9, -0.9])
@pytest.mark.parametrize("loading", [0.0, 0.6])
def test_share_of_posts_that_take_off(
    correlation: float, loading: float, simulated: Simulated
) -> None:
    probability = 0.07
    changes: dict[str, Any] = {
        "tier.small.engagement_rate": {"lognormal": {"mean": 0.01, "log_sd": SIGMA}},
        "tier.small.amplification": {
            "spike": {"probability": probability, "minimum": 1.5, "tail_index": 3}
        },
        "tier.small.amplification_engagement_correlation": correlation,
        "portfolio.p": {"tier": "small", "creators": 1},
        "shocks.loadings": {
            "amplification": {"platform": loading},
            "engagement_rate": {"platform": loading},
        },
    }
    ds = simulated(changes, worlds=100_000, seed=26)
    viral = ds["viral_posts"].values[0]
    error = math.sqrt(probability * (1 - probability) / viral.size)
    assert viral.mean() == pytest.approx(probability, rel=0, abs=ALLOWED * error)
    # Engaging creators take off more often: the mean engagement score of posts that did.
    together = correlation * (1 - loading**2) + loading**2
    impressions, engagements = ds["impressions"].values[0], ds["engagements"].values[0]
    log_e = np.log(engagements / (4000 + 0.5 * (impressions - 4000)))
    score = (log_e - log_e.mean()) / SIGMA
    # E[Z | Z_A > t] = correlation times phi(t) / p, the inverse Mills ratio.
    mills = stats.norm.pdf(stats.norm.isf(probability)) / probability
    chosen = score[viral > 0]
    assert chosen.mean() == pytest.approx(
        together * mills, rel=0, abs=ALLOWED * (standard_error(chosen) + standard_error(score))
    )


def test_delivery_stays_what_it_is_under_loadings(simulated: Simulated) -> None:
    changes = {
        "tier.small.delivery_rate": 0.3,
        "shocks.loadings.delivery": {"campaign": 0.5, "niche": -0.5},
    }
    ds = simulated(changes, worlds=100_000, seed=27)
    share = ds["delivered"].values[0] / 3
    assert share.mean() == pytest.approx(0.3, rel=0, abs=ALLOWED * standard_error(share))
    # Two creators both post with the bivariate normal probability of correlation 1/2.
    cut = stats.norm.isf(0.3)
    rho = 0.5

    def both(z: float) -> float:
        return float(
            stats.norm.pdf(z) * stats.norm.sf((cut - math.sqrt(rho) * z) / math.sqrt(1 - rho)) ** 2
        )

    pairs = integrate.quad(both, -12, 12)[0]
    observed = share * 3 * (share * 3 - 1) / 6
    assert observed.mean() == pytest.approx(pairs, rel=0, abs=ALLOWED * standard_error(observed))


# --- Fees ---------------------------------------------------------------------------------------------

FEES: dict[str, Any] = {
    "tier.small.followers": {"lognormal": {"median": 20_000, "log_sd": 0.6}},
    "tier.small.follower_range": [1e-3, 1e12],
    "tier.small.engagement_rate": {"lognormal": {"median": 0.005, "log_sd": 0.5}},
    "tier.small.followers_engagement_correlation": -0.4,
    "tier.small.fee": {"lognormal": {"median": 200, "log_sd": 0.7}},
    "portfolio.p": {"tier": "small", "creators": 1},
}


def log_fee_and_engagements(ds: xr.Dataset) -> tuple[Array, Array]:
    fee = ds["cost_quantity"].sel(component="fee").values[0]
    return np.log(fee), np.log(ds["engagements"].values[0])


def slope_with_error(x: Array, y: Array) -> tuple[float, float]:
    """Least squares slope of y on x with its robust standard error."""
    x, y = x - x.mean(), y - y.mean()
    slope = float(np.mean(x * y) / np.mean(x * x))
    return slope, standard_error(x * (y - slope * x)) / float(np.mean(x * x))


@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0, -0.5])
def test_fees_follow_engagement_and_keep_their_distribution(
    eta: float, simulated: Simulated
) -> None:
    ds = simulated(FEES | {"tier.small.fee_elasticity": eta}, worlds=50_000, seed=28)
    log_fee, log_engagements = log_fee_and_engagements(ds)
    slope, error = slope_with_error(log_engagements, log_fee)
    assert slope == pytest.approx(eta, rel=0, abs=ALLOWED * error)
    # Kolmogorov-Smirnov: false alarm 6e-5.
    assert stats.kstest(log_fee, "norm", args=(math.log(200), 0.7)).pvalue > 6e-5


def test_fees_follow_their_own_creators_engagement_only(simulated: Simulated) -> None:
    """What all creators share is not known when the contract is made."""
    shared = {"shocks.loadings.engagement_rate": {"campaign": 0.6}}
    ds = simulated(FEES | shared | {"tier.small.fee_elasticity": 0.5}, worlds=50_000, seed=29)
    log_fee, log_engagements = log_fee_and_engagements(ds)
    campaign = ds["shock"].sel(factor="campaign").values
    own = log_engagements - 0.6 * 0.5 * campaign
    slope, error = slope_with_error(own, log_fee)
    assert slope == pytest.approx(0.5, rel=0, abs=ALLOWED * error)
    r, error = correlation_with_error(log_fee, campaign)
    assert r == pytest.approx(0.0, rel=0, abs=ALLOWED * error)


def test_slope_of_fees_where_followers_are_truncated(simulated: Simulated) -> None:
    """Log followers bend in the score here: the slope is met to a few per cent, not exactly."""
    bent = {
        "tier.small.followers": {"lognormal": {"median": 12_900, "log_sd": 2.07}},
        "tier.small.follower_range": [10_000, 100_000],
        "tier.small.fee_elasticity": 0.5,
    }
    log_fee, log_engagements = log_fee_and_engagements(simulated(FEES | bent, worlds=50_000))
    slope, error = slope_with_error(log_engagements, log_fee)
    assert error < 0.005
    assert slope == pytest.approx(0.5, rel=0.05)
