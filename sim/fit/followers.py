"""Followers within a tier: a lognormal cut at the tier's ends, or a power law."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special, stats

from ..engine.marginals import QuantileTable
from ..text.numbers import rounded
from .components import delta
from .estimates import Fitted, Parameter
from .goodness import curve, uniform_goodness
from .pooling import WORTH
from .reading import Floats

#: Followers beyond which no account lies.
LARGEST_ACCOUNT = 1e9
#: Spread of log followers, in widths of the tier, below which all are called the same; largest
#: exponents of a density on the tier's range (a spread of 0.016 of its width).
SAME, LIMIT = 0.02, 2_000.0
#: Least tail index of a Pareto that is written, and least bend of a lognormal that stands for a
#: density that rises.
LEAST_INDEX, FLATTEST = 0.01, 0.05
#: Gain in log likelihood that makes the lognormal worth its second parameter: 5 % chance.
GAIN = float(stats.chi2.isf(0.05, 1)) / 2.0


def fit_followers(
    followers: Floats, low: float, high: float, packaged: QuantileTable | None = None
) -> Fitted:
    """Fit followers that are seen only within a tier, by maximum likelihood.

    Log followers have the density ``exp(a x + b x^2)`` on the tier's range: a lognormal cut at both
    ends where b < 0, a power law where b = 0. The lognormal is kept where it gains more than 1.92
    in log likelihood (5 % of the likelihood ratio), or the density rises. What is packaged comes in as creators of its own:
    the conjugate prior of an exponential family.

    Parameters
    ----------
    followers
        Accounts of each creator, shape (creators,), within the range.
    low, high
        Ends of the tier, accounts.
    packaged
        Quantile table of the packaged tier, which counts for as much as `WORTH` creators.
    """
    high = min(high, LARGEST_ACCOUNT)
    ends = np.log([low, high])
    x = (np.log(followers) - ends[0]) / (ends[1] - ends[0])
    own = len(x)
    if packaged is not None:
        scores = special.ndtri((np.arange(WORTH) + 0.5) / WORTH)
        usual = (packaged.log_quantile(scores) - ends[0]) / (ends[1] - ends[0])
        x = np.concatenate([x, np.clip(usual, 0.0, 1.0)])
    if np.std(x[:own]) < SAME and own >= WORTH:
        median = float(np.median(followers))
        same = (Parameter("value", median, 0.0),)
        return Fitted("followers", rounded(median), "the same for all", same, own, "creators")
    nodes, weights = special.roots_legendre(200)
    grid = (nodes + 1.0) / 2.0

    def fit(terms: int, bend: float = 0.0) -> tuple[Floats, Floats, float]:
        """Return a (and b), their covariances and the loss; with one term b is given."""
        powers = np.vstack([grid, grid**2])[:terms]
        seen = np.array([np.mean(x**k) for k in range(1, terms + 1)])

        def loss(theta: Floats) -> tuple[float, Floats]:
            exponent = theta @ powers + bend * grid**2
            peak = float(exponent.max())
            mass = weights * np.exp(exponent - peak)
            gradient = powers @ mass / mass.sum() - seen
            return peak + math.log(mass.sum() / 2.0) - float(theta @ seen), gradient

        best = optimize.minimize(
            loss, np.zeros(terms), jac=True, method="L-BFGS-B", bounds=[(-LIMIT, LIMIT)] * terms,
            options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500},
        )  # fmt: skip
        exponent = best.x @ powers + bend * grid**2
        mass = weights * np.exp(exponent - exponent.max())
        mass /= mass.sum()
        off = powers - (powers @ mass)[:, None]
        information = (off * mass) @ off.T * len(x)
        return best.x, np.linalg.inv(information), float(best.fun) * len(x)

    (slope,), slope_cov, loss_power = fit(1)
    theta, theta_cov, loss_normal = fit(2)
    span = float(ends[1] - ends[0])

    # A power law cannot rise: where large accounts are more frequent, the lognormal can.
    rises = -slope / span < LEAST_INDEX
    lognormal = rises or (theta[1] < 0.0 and loss_power - loss_normal > GAIN)
    if rises and not theta[1] < -FLATTEST:
        # A lognormal so wide that it rises nearly as a power; its median must be a number.
        room = math.log(LARGEST_ACCOUNT) + 7.0 - ends[0]
        bend = -max(FLATTEST, 0.7 * float(slope) * span / room)
        (steep,), steep_cov, _ = fit(1, bend)
        theta = np.array([steep, bend])
        theta_cov = np.zeros((2, 2))
        theta_cov[0, 0] = steep_cov[0, 0]

    def above(values: Floats) -> Floats:
        chosen = theta if lognormal else np.array([slope, 0.0])
        return _share_above((np.log(values) - ends[0]) / span, chosen)

    if lognormal:
        value, law, estimates = _lognormal(theta, theta_cov, float(ends[0]), span)
    else:
        value, law, estimates = _power(float(slope), float(slope_cov[0, 0]), low, span)
    return Fitted(
        "followers", value, law, estimates, own, "creators",
        uniform_goodness(above(followers)), curve(followers, above, "followers"),
    )  # fmt: skip


def _share_above(x: Floats, theta: Floats) -> Floats:
    """Return the share above positions in 0..1 under the density ``exp(a x + b x^2)`` there."""
    fine = np.linspace(0.0, 1.0, 4_001)
    exponent = theta[0] * fine + theta[1] * fine**2
    density = np.exp(exponent - exponent.max())
    total = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2.0)])
    return np.asarray(1.0 - np.interp(x, fine, total / total[-1]), dtype=float)


def _lognormal(
    theta: Floats, covariances: Floats, start: float, span: float
) -> tuple[dict[str, object], str, tuple[Parameter, ...]]:
    def location(t: Floats) -> float:
        return float(start - t[0] / (2.0 * t[1]) * span)

    def scale(t: Floats) -> float:
        return float(span / math.sqrt(max(-2.0 * t[1], 1e-12)))

    median = math.exp(location(theta))
    estimates = (
        Parameter("median", median, median * delta(location, theta, covariances)),
        Parameter("log_sd", scale(theta), delta(scale, theta, covariances)),
    )
    written = {"median": rounded(median), "log_sd": rounded(scale(theta))}
    return {"lognormal": written}, "lognormal, cut at the tier", estimates


def _power(
    slope: float, variance: float, low: float, span: float
) -> tuple[dict[str, object], str, tuple[Parameter, ...]]:
    index = Parameter("tail_index", -slope / span, math.sqrt(variance) / span)
    written = {"minimum": low, "tail_index": rounded(index.value)}
    return {"pareto": written}, "Pareto, cut at the tier", (index,)
