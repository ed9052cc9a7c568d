"""Lines of creators that share nothing, against their exact distribution.

The oracle and the product have in common what an experiment says, no code. Every comparison
allows four standard errors: false alarms 6e-5 each, below 0.01 over this file; seeds are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

import sim

Array = npt.NDArray[np.float64]
Beside = Callable[[str], ModuleType]
WORLDS = 200_000
ALLOWED = 4.0
PROBABILITIES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
STEP = 4.0

#: What both cases have in common, as in an experiment file.
TABLES: dict[str, Any] = {
    "simulation": {"worlds": WORLDS, "seed": 20},
    "economics": {"order_value": 70.0, "order_value_cv": 0.8},
    "platform": {"instagram": {"audience": 1e15, "viral_from": 5.0}},
    "shocks": {"scale": 0.0},
    "beliefs": {
        name: {"sd": 0.0} for name in ("engagement_rate", "reach_rate", "conversion_rate", "fee")
    },
}
TIER: dict[str, Any] = {
    "follower_range": [10_000, 100_000],
    "followers": {"lognormal": {"median": 12_900, "log_sd": 2.07}},
    "authentic_share": {"beta": {"mean": 0.6, "sd": 0.12}},
    "conversion_rate": {"lognormal": {"mean": 0.005, "log_sd": 0.4}},
    "fit": {"gamma": {"mean": 1.0, "sd": 0.3}},
    "post_luck": {"lognormal": {"mean": 1.0, "log_sd": 0.4}},
    "delivery_rate": 0.9,
    "amplified_engagement": 0.5,
    "amplified_conversion": 0.4,
    "followers_engagement_correlation": -0.3,
    "engagement_reach_correlation": 0.5,
    "amplification_engagement_correlation": 0.4,
    "fee_elasticity": 0.0,
}
SPIKE = {"spike": {"probability": 0.05, "minimum": 2.0, "tail_index": 2.5}, "cap": 20}
CASCADE = {"cascade": {"b": 0.74, "tail_index": 1.34}, "cap": 20}


class Case(NamedTuple):
    """One line: what its tier adds, and how many creators it has."""

    tier: dict[str, Any]
    creators: int


CASES = {
    "per follower, spike, 12": Case(
        {
            "engagement_rate": {"beta": {"mean": 0.03, "sd": 0.02}},
            "engagement_basis": "followers",
            "reach_rate": 0.9,
            "reach_basis": "authentic_followers",
            "amplification": SPIKE,
        },
        12,
    ),
    "per impression, cascade, 1": Case(
        {
            "engagement_rate": {"beta": {"mean": 0.06, "sd": 0.03}},
            "engagement_basis": "impressions",
            "reach_rate": {"logitnormal": {"median": 0.2, "logit_sd": 0.6}},
            "reach_basis": "followers",
            "amplification": CASCADE,
        },
        1,
    ),
    "per impression, spike, 150": Case(
        {
            "engagement_rate": {"lognormal": {"mean": 0.02, "log_sd": 0.5}},
            "engagement_basis": "impressions",
            "reach_rate": {"logitnormal": {"median": 0.1, "logit_sd": 0.6}},
            "reach_basis": "authentic_followers",
            "amplification": SPIKE,
        },
        150,
    ),
}


def beta(mean: float, sd: float) -> Any:
    size = mean * (1.0 - mean) / sd**2 - 1.0
    return stats.beta(mean * size, (1.0 - mean) * size)


def lognormal(mean: float, log_sd: float) -> Any:
    return stats.lognorm(log_sd, scale=mean * math.exp(-(log_sd**2) / 2.0))


def excess(law: dict[str, Any]) -> tuple[Callable[[Array], Array], float]:
    """Return A - 1 as a function of its normal score, capped, and the score of the take-off."""
    if "spike" in law:
        p, least, index = (law["spike"][k] for k in ("probability", "minimum", "tail_index"))

        def pareto(z: Array) -> Array:
            return np.minimum(least * (special.ndtr(-z) / p) ** (-1.0 / index), law["cap"] - 1.0)

        return pareto, float(-special.ndtri(p))
    b, index = law["cascade"]["b"], law["cascade"]["tail_index"]

    def cascade(z: Array) -> Array:
        # A = 1 / (1 - R): 1 - R is Beta(index, b), taken from its own end.
        kept = special.betaincinv(index, b, special.ndtr(-z))
        return np.minimum(1.0 / kept - 1.0, law["cap"] - 1.0)

    return cascade, -math.inf


def creators(oracle: ModuleType, tier: dict[str, Any]) -> Any:
    """Return the tier for the oracle: quoted figures made organic by its own quadrature."""
    (family, given), *_ = tier["engagement_rate"].items()
    engagement = oracle.law(beta(**given) if family == "beta" else lognormal(**given))
    followers = stats.lognorm(2.07, scale=12_900.0)
    authentic = oracle.law(beta(0.6, 0.12))
    more, jump = excess(tier["amplification"])
    if isinstance(tier["reach_rate"], float):
        reach = oracle.constant(tier["reach_rate"])
    else:
        given = tier["reach_rate"]["logitnormal"]
        centre, spread = special.logit(given["median"]), given["logit_sd"]
        reach = lambda z: special.expit(centre + spread * z)
    # E[x (1 + k (A - 1))] over the scores of x and of A, relative to E[x].
    rho, (z, w) = tier["amplification_engagement_correlation"], oracle.scores()
    own = rho * z[:, None] + math.sqrt(1.0 - rho * rho) * z
    extra = np.where(own >= jump, more(own), 0.0)

    def along(value: Array) -> float:
        return float(w @ (value[:, None] * extra) @ w / (w @ value))

    # The reach score goes with the engagement score: its mean given that score, node by node.
    tie = tier["engagement_reach_correlation"]
    reach_given = reach(tie * z[:, None] + math.sqrt(1.0 - tie * tie) * z) @ w
    joint, mean_excess, seen = along(engagement(z)), along(np.ones_like(z)), along(reach_given)
    q, qw = 0.5, 0.5 * 0.4
    per_impression = tier["engagement_basis"] == "impressions"
    organic = (1.0 + mean_excess if per_impression else 1.0) / (1.0 + q * joint)
    conversion = (1.0 + q * joint) / (1.0 + qw * joint)
    quoted_reach = 1.0 / (0.6 * (1.0 + seen)) if tier["reach_basis"] == "followers" else 1.0
    return oracle.Creators(
        followers=oracle.law(followers, 1e4, 1e5),
        authentic=authentic,
        reach=lambda z: quoted_reach * reach(z),
        engagement=lambda z: organic * engagement(z),
        conversion=oracle.law(lognormal(0.005 * conversion, 0.4)),
        fit=oracle.law(stats.gamma(1.0 / 0.09, scale=0.09)),
        luck=oracle.law(lognormal(1.0, 0.4)),
        excess=more,
        jump=jump,
        delivery=0.9,
        amplified=qw,
        followers_engagement=-0.3,
        reach_engagement=tie,
        amplification_engagement=rho,
        per_impression=per_impression,
        authentic_mean=0.6,
    )


class Both(NamedTuple):
    """Simulated totals in order, and exact probabilities on multiples of `STEP`."""

    simulated: Array
    mass: Array
    expected: tuple[Array, Array]


@pytest.fixture(scope="module")
def both(beside: Beside) -> Callable[[str], Both]:
    oracle = beside("oracle")

    @cache
    def compute(name: str) -> Both:
        case = CASES[name]
        tier = {**TIER, **case.tier}
        tables = {
            **TABLES,
            "tier": {"micro": tier},
            "portfolio": {"p": {"tier": "micro", "creators": case.creators}},
        }
        results = sim.simulate(sim.build(tables), threads=2)
        expected = oracle.expected_orders(creators(oracle, tier))
        severity = oracle.gamma_severity(1.0 / 0.64, 70.0, STEP, 1 << 16)
        mass = oracle.total_value(*expected, case.creators, severity)
        return Both(np.sort(results["line_order_value"].values[0]), mass, expected)

    return compute


@pytest.mark.parametrize("name", CASES)
def test_mean_and_variance(name: str, both: Callable[[str], Both]) -> None:
    x, mass, _ = both(name)
    value = STEP * np.arange(len(mass))
    mean = float(mass @ value)
    variance, fourth = (float(mass @ (value - mean) ** k) for k in (2, 4))
    assert abs(x.mean() - mean) <= ALLOWED * math.sqrt(variance / len(x))
    assert abs(x.var() - variance) <= ALLOWED * math.sqrt((fourth - variance**2) / len(x))


@pytest.mark.parametrize("name", CASES)
def test_no_orders(name: str, both: Callable[[str], Both]) -> None:
    """The atom at zero: creators who do not post, and posts that sell nothing."""
    x, _, (values, weights) = both(name)
    exact = float(weights @ np.exp(-values)) ** CASES[name].creators
    assert abs((x == 0.0).mean() - exact) <= ALLOWED * math.sqrt(exact * (1.0 - exact) / len(x))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_quantiles(name: str, p: float, both: Callable[[str], Both]) -> None:
    """The share of worlds below an exact quantile, and the quantile itself.

    The error of a sample quantile is sqrt(p (1 - p) / n) / density.
    """
    x, mass, _ = both(name)
    cumulative = np.cumsum(mass)
    if cumulative[0] >= p:
        assert x[int(p * len(x))] == 0.0
        return
    k = int(np.searchsorted(cumulative, p))
    error = math.sqrt(p * (1.0 - p) / len(x))
    # The mass of a grid point stands for half a step on either side of it.
    edge, below = STEP * (k + 0.5), float(cumulative[k])
    assert abs(np.searchsorted(x, edge) / len(x) - below) <= ALLOWED * error
    width = max(k // 50, 5)
    density = (cumulative[k + width] - cumulative[k - width]) / (2.0 * width * STEP)
    assert abs(x[int(p * len(x))] - STEP * k) <= ALLOWED * error / density + STEP


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("share", [0.05, 0.25])
@pytest.mark.parametrize("end", ["worst", "best"])
def test_expected_shortfall(name: str, share: float, end: str, both: Callable[[str], Both]) -> None:
    """Means of the worst and best shares; the error by their influence function.

    With quantile q the worst share's mean is q - E[(q - X)+] / share, and the sample's varies as
    (q - X)+ / share does (Trindade, Uryasev, Shapiro and Zrazhevsky 2007).
    """
    x, mass, _ = both(name)
    sign = 1.0 if end == "worst" else -1.0
    value = sign * STEP * np.arange(len(mass))
    order = np.argsort(value)
    cumulative = np.cumsum(mass[order])
    q = value[order][np.searchsorted(cumulative, share)]
    short = np.maximum(q - value, 0.0) / share
    expected = q - float(mass @ short)
    error = math.sqrt((float(mass @ short**2) - float(mass @ short) ** 2) / len(x))
    count = round(share * len(x))
    found = sign * (x[:count] if end == "worst" else x[-count:]).mean()
    assert abs(found - expected) <= ALLOWED * error + 1e-9


@pytest.mark.parametrize("engagement", [0.001, {"beta": {"mean": 0.001, "sd": 0.0005}}])
def test_quoted_reach_comes_back(engagement: Any) -> None:
    """Views per follower have the quoted mean, whether or not engagement ties reach to take-offs."""
    reach = {"median": 0.05, "logit_sd": 1.0}
    tier = {
        **TIER,
        "followers": 20_000.0,
        "authentic_share": 1.0,
        "delivery_rate": 1.0,
        "engagement_rate": engagement,
        "engagement_basis": "followers",
        "reach_rate": {"logitnormal": reach},
        "reach_basis": "followers",
        "amplification": {"spike": {"probability": 0.05, "minimum": 4.0, "tail_index": 5.0}},
        "amplification_engagement_correlation": 0.7,
        "engagement_reach_correlation": 0.9,
    }
    tables = {
        **TABLES,
        "tier": {"micro": tier},
        "portfolio": {"p": {"tier": "micro", "creators": 10}},
    }
    views = sim.simulate(sim.build(tables))["impressions"].values[0] / (10 * 20_000.0)
    z = np.linspace(-8.0, 8.0, 4001)
    quoted = special.expit(special.logit(reach["median"]) + reach["logit_sd"] * z)
    mean = float(quoted @ stats.norm.pdf(z)) * 0.004
    assert abs(views.mean() - mean) <= ALLOWED * views.std() / math.sqrt(len(views))


# --- The oracle itself -----------------------------------------------------------------------------


def test_oracle_knows_the_negative_binomial(beside: Beside) -> None:
    """Expected orders with a gamma law make orders negative binomial; the order value is one."""
    oracle = beside("oracle")
    z, w = oracle.scores()
    shape, mean = 0.7, 5.0
    grid = oracle.placed(stats.gamma(shape, scale=mean / shape).ppf(special.ndtr(z)), w)
    values = np.exp(oracle.LOG_STEP * (grid.first + np.arange(len(grid.mass))))
    severity = np.zeros(512)
    severity[1] = 1.0
    seen = values > 1e-9
    total = oracle.total_value(values[seen], grid.mass[seen], 4, severity)
    exact = stats.nbinom(4 * shape, shape / (shape + mean)).pmf(np.arange(512))
    np.testing.assert_allclose(total, exact, atol=2e-6)


def test_oracle_knows_a_single_compound_poisson(beside: Beside) -> None:
    """Exponential order values: Poisson mixture of Erlang distribution functions."""
    oracle = beside("oracle")
    severity = oracle.gamma_severity(1.0, 20.0, 0.25, 1 << 13)
    total = oracle.total_value(np.array([3.0]), np.ones(1), 1, severity)
    n = np.arange(1, 60)
    for x in (10.0, 50.0, 120.0, 300.0):
        exact = math.exp(-3.0) + float(
            stats.poisson(3.0).pmf(n) @ stats.gamma(n, scale=20.0).cdf(x)
        )
        below = np.cumsum(total)[int(x / 0.25)] - total[int(x / 0.25)] / 2.0
        assert below == pytest.approx(exact, abs=1e-4)


def test_oracle_refuses_a_short_grid(beside: Beside) -> None:
    oracle = beside("oracle")
    severity = oracle.gamma_severity(1.0, 20.0, 1.0, 64)
    with pytest.raises(ValueError, match="too short"):
        oracle.total_value(np.array([3.0]), np.ones(1), 1, severity)


@pytest.mark.filterwarnings("ignore")  # the other package's own
def test_agrees_with_aggregate(beside: Beside) -> None:
    """The package `aggregate` (Mildenhall) on a Poisson of 25 orders with gamma values."""
    aggregate = pytest.importorskip("aggregate")
    oracle = beside("oracle")
    other = aggregate.build("agg Orders 25 claims sev gamma 70 cv 0.8 poisson", bs=1, log2=16)
    severity = oracle.gamma_severity(1.0 / 0.64, 70.0, 1.0, 1 << 16)
    total = oracle.total_value(np.array([25.0]), np.ones(1), 1, severity)
    for p in PROBABILITIES:
        k = int(np.searchsorted(np.cumsum(total), p))
        assert k == pytest.approx(float(other.q(p)), abs=2.0)
