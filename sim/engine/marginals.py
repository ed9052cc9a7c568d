"""Any distribution becomes a short table of log-quantiles on the normal-score axis.

The kernel turns a standard normal score z into a value by ``exp(T(z))``, where T interpolates
``log F^-1(Phi(z))``. On this axis a lognormal is a straight line, a Pareto tail a parabola, and
truncation or bounded support a smooth bend, so a few dozen cubic pieces carry any family at one
price. Tables span every score that the generator can reach, so no tail is cut or made up; their
error is measured when they are built, and a distribution that cannot meet `TOLERANCE` is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

#: Largest relative error of a quantile between the probabilities 1e-9 and 1 - 1e-9.
TOLERANCE = 1e-4
#: Tables are refined until they are this good, where the distribution allows it.
TARGET = 1e-6
#: The scores that the generator can give end here, sqrt(82 ln 2) rounded up: tables and means too.
SCORE_LIMIT = 7.54
#: The scores of the probabilities 1e-9 and 1 - 1e-9.
SCORE_STATED = 5.997807015007686
#: The logarithm that stands for zero: its exponential vanishes beside any count or amount.
LOG_ZERO = -700.0

_FEWEST, _MOST = 32, 1 << 14
#: From this size on a table is good enough at `TOLERANCE`: larger ones leave the L1 cache.
_ENOUGH = 1024
#: Largest error beyond the stated probabilities, where some inverses in scipy are noisy.
_BEYOND = 1e-2
#: Order statistics that an empirical table keeps at most; fewer where ties make steep steps.
_KNOTS = (1024, 512, 256)
# A cubic through u = 0, 1/3, 2/3, 1: values to power-basis coefficients.
_NODES = np.array([0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0])
_TO_POWERS = np.linalg.inv(np.vander(_NODES, 4, increasing=True))


class MarginalError(ValueError):
    """A distribution that cannot be used, with its name and the reason."""


@dataclass(frozen=True)
class Marginal:
    """A univariate distribution of a non-negative quantity.

    Parameters
    ----------
    family
        One of `FAMILIES`, or ``"scipy"``.
    parameters
        Canonical parameters of the family (see `FAMILIES`); for ``"scipy"`` the entry ``name`` and
        the shape parameters, ``loc`` and ``scale`` of that `scipy.stats` family.
    lower, upper
        Truncation: the distribution given that the value lies between them.
    values
        Observations of an ``"empirical"`` distribution.
    """

    family: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    lower: float = 0.0
    upper: float = math.inf
    values: tuple[float, ...] = ()

    def __hash__(self) -> int:
        parameters = tuple(sorted(self.parameters.items()))
        return hash((self.family, parameters, self.lower, self.upper, self.values))


@dataclass(frozen=True, eq=False)
class QuantileTable:
    """Log-quantiles on the normal-score axis.

    Attributes
    ----------
    low, step
        First knot and distance of knots, in normal scores.
    coefficients
        Shape (pieces, 4): each piece is a cubic in its own 0..1, increasing powers. A constant and
        a lognormal have one piece of degree 0 or 1 that holds for every score.
    jump
        Scores below it mean the value zero; -inf where zero has no share of its own.
    error
        Largest relative quantile error found between the probabilities 1e-9 and 1 - 1e-9.
    """

    low: float
    step: float
    coefficients: Array
    jump: float = -math.inf
    error: float = 0.0

    @property
    def constant(self) -> bool:
        """Whether every score gives the same value."""
        return (
            len(self.coefficients) == 1
            and not self.coefficients[0, 1:].any()
            and not (self.jump > -math.inf)
        )

    @property
    def linear(self) -> bool:
        """Whether the table is a straight line over all scores: a lognormal or a constant."""
        return len(self.coefficients) == 1 and not self.coefficients[0, 2:].any()

    def log_quantile(self, score: Array) -> Array:
        """Return the log of the quantile at normal scores; `LOG_ZERO` below the jump."""
        position = (np.asarray(score, dtype=float) - self.low) / self.step
        if not self.linear:
            position = np.clip(position, 0.0, len(self.coefficients) * (1.0 - 1e-16))
        piece = np.clip(position.astype(np.int64), 0, len(self.coefficients) - 1)
        u = position - piece
        c = self.coefficients[piece]
        log = c[..., 0] + u * (c[..., 1] + u * (c[..., 2] + u * c[..., 3]))
        return np.where(score < self.jump, LOG_ZERO, log)

    def quantile(self, score: Array) -> Array:
        """Return the quantile at normal scores."""
        log = self.log_quantile(score)
        return np.where(log <= LOG_ZERO, 0.0, np.exp(log))


# --- Families -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Functions:
    """Quantiles from either end and the two distribution functions."""

    ppf: Callable[[Array], Array]
    isf: Callable[[Array], Array]
    cdf: Callable[[float], float]
    sf: Callable[[float], float]


def _lognormal(mu: float, sigma: float) -> _Functions:
    from scipy.special import ndtr, ndtri

    return _Functions(
        lambda p: np.exp(mu + sigma * ndtri(p)),
        lambda q: np.exp(mu - sigma * ndtri(q)),
        lambda x: float(ndtr((math.log(x) - mu) / sigma)) if x > 0 else 0.0,
        lambda x: float(ndtr((mu - math.log(x)) / sigma)) if x > 0 else 1.0,
    )


def _normal(mu: float, sigma: float) -> _Functions:
    from scipy.special import ndtr, ndtri

    return _Functions(
        lambda p: mu + sigma * ndtri(p),
        lambda q: mu - sigma * ndtri(q),
        lambda x: float(ndtr((x - mu) / sigma)),
        lambda x: float(ndtr((mu - x) / sigma)),
    )


def _logitnormal(mu: float, sigma: float) -> _Functions:
    from scipy.special import expit, logit, ndtr, ndtri

    def score(x: float) -> float:
        return float((logit(min(max(x, 0.0), 1.0)) - mu) / sigma)

    return _Functions(
        lambda p: expit(mu + sigma * ndtri(p)),
        lambda q: expit(mu - sigma * ndtri(q)),
        lambda x: float(ndtr(score(x))),
        lambda x: float(ndtr(-score(x))),
    )


def _beta(a: float, b: float, low: float = 0.0, high: float = 1.0) -> _Functions:
    from scipy.special import betainc, betaincc, betainccinv, betaincinv

    def unit(x: float) -> float:
        return min(max((x - low) / (high - low), 0.0), 1.0)

    return _Functions(
        lambda p: low + (high - low) * betaincinv(a, b, p),
        lambda q: low + (high - low) * betainccinv(a, b, q),
        lambda x: float(betainc(a, b, unit(x))),
        lambda x: float(betaincc(a, b, unit(x))),
    )


def _beta_prime(a: float, b: float) -> _Functions:
    """X / (1 - X) for X ~ Beta(a, b): both ends without cancellation."""
    from scipy.special import betainc, betainccinv, betaincinv, betaln

    def odds(p: Array, first: float, second: float) -> Array:
        """Return x / (1 - x) at I_x(first, second) = p; small x from the leading power of I_x.

        I_x = x^first / (first B) (1 + O(x)); scipy's inverse ends in NaN at some such p.
        """
        power = np.exp((np.log(np.asarray(p) * first) + betaln(first, second)) / first)
        inverse = betaincinv(first, second, p) / betainccinv(second, first, p)
        return np.asarray(np.where(power < 1e-9, power, inverse))

    return _Functions(
        lambda p: odds(p, a, b),
        lambda q: 1.0 / odds(q, b, a),
        lambda x: float(betainc(a, b, x / (1.0 + x))),
        lambda x: float(betainc(b, a, 1.0 / (1.0 + x))),
    )


def _gamma(shape: float, scale: float) -> _Functions:
    from scipy.special import gammainc, gammaincc, gammainccinv, gammaincinv

    return _Functions(
        lambda p: scale * gammaincinv(shape, p),
        lambda q: scale * gammainccinv(shape, q),
        lambda x: float(gammainc(shape, max(x, 0.0) / scale)),
        lambda x: float(gammaincc(shape, max(x, 0.0) / scale)),
    )


def _uniform(low: float, high: float) -> _Functions:
    width = high - low
    return _Functions(
        lambda p: low + width * p,
        lambda q: high - width * q,
        lambda x: min(max((x - low) / width, 0.0), 1.0),
        lambda x: min(max((high - x) / width, 0.0), 1.0),
    )


def _triangular(low: float, mode: float, high: float) -> _Functions:
    width = high - low
    share = (mode - low) / width

    def ppf(p: Array) -> Array:
        rising = low + np.sqrt(p * width * (mode - low))
        return np.where(p < share, rising, high - np.sqrt((1.0 - p) * width * (high - mode)))

    def isf(q: Array) -> Array:
        falling = high - np.sqrt(q * width * (high - mode))
        return np.where(q < 1.0 - share, falling, low + np.sqrt((1.0 - q) * width * (mode - low)))

    def cdf(x: float) -> float:
        x = min(max(x, low), high)
        if x < mode:
            return (x - low) ** 2 / (width * (mode - low))
        return 1.0 - (high - x) ** 2 / (width * (high - mode)) if high > mode else 1.0

    return _Functions(ppf, isf, cdf, lambda x: 1.0 - cdf(x))


def _pert(low: float, mode: float, high: float) -> _Functions:
    """Beta on [low, high] with mean (low + 4 mode + high) / 6 (Malcolm et al. 1959)."""
    width = high - low
    return _beta(1.0 + 4.0 * (mode - low) / width, 1.0 + 4.0 * (high - mode) / width, low, high)


def _pareto(minimum: float, tail_index: float) -> _Functions:
    return _Functions(
        lambda p: minimum * np.exp(-np.log1p(-p) / tail_index),
        lambda q: minimum * np.exp(-np.log(q) / tail_index),
        lambda x: 1.0 - (minimum / x) ** tail_index if x > minimum else 0.0,
        lambda x: (minimum / x) ** tail_index if x > minimum else 1.0,
    )


def _scipy(name: str, **parameters: float) -> _Functions:
    from scipy import stats

    family = getattr(stats, name, None)
    if not isinstance(family, stats.rv_continuous):
        raise MarginalError(f"{name}: not a continuous family of scipy.stats")
    try:
        frozen = family(**parameters)
    except TypeError as error:
        raise MarginalError(f"{name}: {error}") from None
    if not math.isfinite(float(frozen.ppf(0.5))):
        raise MarginalError(f"{name}: scipy.stats does not accept the parameters {parameters}")
    generic = type(family)._isf is stats.rv_continuous._isf
    isf = _continued(frozen.isf) if generic else frozen.isf
    return _Functions(
        frozen.ppf, isf, lambda x: float(frozen.cdf(x)), lambda x: float(frozen.sf(x))
    )


def _continued(isf: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Continue an inverse survival function beyond 1e-12 as a power of the probability.

    scipy's generic one is ppf(1 - q), which rounds there and ends at infinity.
    """
    near, far = np.log(isf(np.array([1e-11, 1e-12])))
    slope = (far - near) / math.log(0.1)

    def continued(q: Array) -> Array:
        q = np.asarray(q)
        tail = np.exp(far + slope * np.log(np.minimum(q, 1e-12) / 1e-12))
        return np.where(q < 1e-12, tail, isf(np.maximum(q, 1e-12)))

    return continued


#: Families by name, each with its canonical parameters.
FAMILIES: dict[str, Callable[..., _Functions]] = {
    "lognormal": _lognormal,
    "normal": _normal,
    "logitnormal": _logitnormal,
    "beta": _beta,
    "betaprime": _beta_prime,
    "gamma": _gamma,
    "uniform": _uniform,
    "triangular": _triangular,
    "pert": _pert,
    "pareto": _pareto,
    "scipy": _scipy,
}


# --- Tables ---------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def compile_marginal(marginal: Marginal) -> QuantileTable:
    """Turn a distribution into its table; that of the same distribution is made once.

    Parameters
    ----------
    marginal
        The distribution; its values must not be negative.

    Returns
    -------
    QuantileTable
        With its measured error in `QuantileTable.error`.

    Raises
    ------
    MarginalError
        Where the distribution reaches below zero, has no mass within its truncation, or cannot be
        interpolated to `TOLERANCE`.
    """
    if marginal.family == "constant":
        return _constant(float(marginal.parameters["value"]))
    if marginal.family == "empirical":
        values = np.asarray(marginal.values, dtype=float)
        if not np.isfinite(values).all() or (values < 0.0).any():
            raise MarginalError("empirical: needs finite observations that are not negative")
        return _empirical(values[(values >= marginal.lower) & (values <= marginal.upper)])
    untruncated = marginal.lower <= 0.0 and marginal.upper == math.inf
    if marginal.family == "lognormal" and untruncated:
        mu, sigma = marginal.parameters["mu"], marginal.parameters["sigma"]
        return QuantileTable(0.0, 1.0, np.array([[mu, sigma, 0.0, 0.0]]))
    functions = FAMILIES[marginal.family](**marginal.parameters)
    name = str(marginal.parameters["name"]) if marginal.family == "scipy" else marginal.family
    return interpolate(_log_quantiles(functions, marginal, name), name)


def _constant(value: float) -> QuantileTable:
    if value < 0.0 or not math.isfinite(value):
        raise MarginalError(f"constant: must be finite and not negative (got {value})")
    return QuantileTable(
        0.0, 1.0, np.array([[math.log(value) if value > 0 else LOG_ZERO, 0.0, 0.0, 0.0]])
    )


def _log_quantiles(
    functions: _Functions, marginal: Marginal, name: str
) -> Callable[[Array], Array]:
    """Return log F^-1(Phi(z)), each half of the axis computed from its own end."""
    from scipy.special import ndtr

    lower, upper = max(marginal.lower, 0.0), marginal.upper
    below, above = functions.cdf(lower), functions.sf(upper) if upper < math.inf else 0.0
    if below > 0.0 and marginal.lower <= 0.0 and marginal.upper == math.inf:
        raise MarginalError(
            f"{name}: {below:.2g} of it lies below zero; truncate it at 0, or use a "
            "lognormal, gamma, beta or pert"
        )
    inside_from_above = functions.sf(lower) - above
    inside = min(1.0 - below - above, inside_from_above)
    if not inside > 1e-12:
        raise MarginalError(f"{name}: nothing of it lies within {lower:g} to {upper:g}")

    def quantile(score: Array) -> Array:
        p = below + inside * ndtr(score)
        q = above + inside * ndtr(-score)
        with np.errstate(all="ignore"):
            low_end = functions.ppf(np.minimum(p, 0.75))
            high_end = functions.isf(np.minimum(q, 0.75))
            return np.asarray(np.where(p < q, low_end, high_end))

    # Below a millionth of the quantile at 1e-9 rounding would take over: the table ends there.
    first = float(quantile(np.array([-SCORE_STATED]))[0])
    least = max(lower, 1e-6 * first if first > 1e-290 else 0.0, 1e-300)

    def log_quantile(score: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(np.log(np.clip(quantile(score), least, upper)))

    return log_quantile


def interpolate(
    log_quantile: Callable[[Array], Array],
    name: str,
    low: float = -SCORE_LIMIT,
    high: float = SCORE_LIMIT,
    jump: float = -math.inf,
) -> QuantileTable:
    """Interpolate a log-quantile function by cubics, refining until it is good enough.

    Parameters
    ----------
    log_quantile
        Function of an array of normal scores.
    name
        What to call it in an error message.
    low, high
        Ends of the table in normal scores; beyond them the end values hold.
    jump
        Scores below it mean zero.

    Raises
    ------
    MarginalError
        Where `TOLERANCE` is not met with the finest table.
    """
    pieces, best = _FEWEST, None
    smallest = float(log_quantile(np.array([max(low, -SCORE_STATED)]))[0])
    while pieces <= _MOST:
        step = (high - low) / pieces
        start = low + step * np.arange(pieces)
        values = log_quantile(start[:, None] + step * _NODES)
        if not np.isfinite(values).all():
            raise MarginalError(f"{name}: has quantiles that are not finite numbers")
        table = QuantileTable(low, step, np.ascontiguousarray(values @ _TO_POWERS.T), jump)
        # The cubic's largest errors lie between its nodes.
        probe = (start[:, None] + step * np.array([1.0 / 6.0, 0.5, 5.0 / 6.0, 0.97])).ravel()
        exact = log_quantile(probe)
        # What is smaller than the quantile at 1e-9 counts by its distance from the truth alone.
        unit = np.maximum(exact, smallest)
        gap = np.abs(np.exp(table.log_quantile(probe) - unit) - np.exp(exact - unit))
        stated = np.abs(probe) <= SCORE_STATED
        error = float(gap[stated & (probe >= jump)].max(initial=0.0))
        beyond = float(gap[~stated & (probe >= jump)].max(initial=0.0))
        best = QuantileTable(low, step, table.coefficients, jump, error)
        if error <= (TARGET if pieces < _ENOUGH else TOLERANCE) and beyond <= _BEYOND:
            return best
        pieces *= 2
    if best is None or best.error > TOLERANCE:
        raise MarginalError(
            f"{name}: quantiles can only be interpolated to {best.error if best else 1.0:.1e} "
            f"relative error, {TOLERANCE:.0e} is needed; smooth it or choose another family"
        )
    return best


def _empirical(values: Array) -> QuantileTable:
    """Interpolate order statistics on the normal-score axis; zeros keep their share.

    Order statistic i of n stands at probability (i - 1/2) / n (Hazen 1914); between them a
    monotone cubic (Fritsch and Butland 1984, as in `scipy.interpolate.PchipInterpolator`) runs in
    the logarithm of the value. Nothing lies below the smallest or above the largest positive
    observation.
    """
    from scipy.special import ndtri

    if values.size == 0:
        raise MarginalError("empirical: has no observation within its truncation")
    positive = np.sort(values[values > 0.0])
    zero_share = 1.0 - positive.size / values.size
    if positive.size == 0:
        return _constant(0.0)
    if np.ptp(positive) == 0.0 and zero_share == 0.0:
        return _constant(float(positive[0]))
    probability = zero_share + (np.arange(positive.size) + 0.5) / values.size
    jump = float(ndtri(zero_share)) if zero_share > 0.0 else -math.inf
    if np.ptp(positive) == 0.0:
        level = math.log(float(positive[0]))
        return QuantileTable(0.0, 1.0, np.array([[level, 0.0, 0.0, 0.0]]), jump)
    score, log = ndtri(probability), np.log(positive)
    for most in _KNOTS:
        keep = _thinned(score, most)
        try:
            return _through(score[keep], log[keep], jump)
        except MarginalError as error:
            refusal = error
    raise refusal


def _through(score: Array, log: Array, jump: float) -> QuantileTable:
    """Return the table of the monotone cubic through given points."""
    from scipy.interpolate import PchipInterpolator

    curve, low, high = PchipInterpolator(score, log), float(score[0]), float(score[-1])
    return interpolate(lambda z: curve(np.clip(z, low, high)), "empirical", low, high, jump)


def _thinned(score: Array, most: int) -> npt.NDArray[np.int64]:
    """Return which order statistics to keep: all, or `most` spread evenly over the scores.

    The tails keep every observation; only the crowded centre is thinned.
    """
    if score.size <= most:
        return np.arange(score.size)
    grid = np.linspace(score[0], score[-1], most)
    return np.unique([*np.searchsorted(score, grid[:-1]), score.size - 1])


@lru_cache(maxsize=64)
def spike(probability: float, minimum: float, tail_index: float) -> QuantileTable:
    r"""Return the table of A - 1 for posts that take off with a Pareto tail (MODEL `spike`).

    A post takes off when :math:`\Phi(z) > 1 - p`; then
    :math:`A - 1 = x_{\min} ((1 - \Phi(z)) / p)^{-1/\alpha}`, else zero.

    Parameters
    ----------
    probability
        Share of posts that take off, p.
    minimum
        Smallest extra impressions of a post that takes off, per organic impression.
    tail_index
        Pareto tail index alpha.
    """
    from scipy.special import log_ndtr, ndtri

    jump = -float(ndtri(probability)) if probability < 1.0 else -math.inf

    def log_quantile(score: Array) -> Array:
        tail = np.minimum(log_ndtr(-np.asarray(score)) - math.log(probability), 0.0)
        return np.asarray(math.log(minimum) - tail / tail_index)

    return interpolate(log_quantile, "spike", max(jump, -SCORE_LIMIT), SCORE_LIMIT, jump)


# --- Moments --------------------------------------------------------------------------------------


@cache
def legendre() -> tuple[Array, Array]:
    """Return nodes and weights of Gauss-Legendre quadrature with 8 points, on -1 to 1."""
    return _fixed(*np.polynomial.legendre.leggauss(8))


@cache
def hermite(count: int) -> tuple[Array, Array]:
    """Return nodes z and weights w with sum(w f(z)) = E[f(Z)] for Z standard normal.

    Gauss-Hermite quadrature with so many points; the weights add up to one.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return _fixed(nodes, weights / weights.sum())


def _fixed(nodes: Array, weights: Array) -> tuple[Array, Array]:
    """Return arrays that everybody shares, so that nobody writes into them."""
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


@lru_cache(maxsize=64)
def score_nodes(low: float = -SCORE_LIMIT) -> tuple[Array, Array]:
    """Return nodes z and weights w with sum(w f(z)) = E[f(Z); Z > low] for Z standard normal.

    Composite Gauss-Legendre quadrature, 8 points on each of 96 panels up to `SCORE_LIMIT`.
    """
    low = max(low, -SCORE_LIMIT)
    nodes, weights = legendre()
    edges = np.linspace(low, SCORE_LIMIT, 97)
    half = np.diff(edges)[:, None] / 2.0
    z = (edges[:-1, None] + half * (1.0 + nodes)).ravel()
    w = (half * weights).ravel() * np.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)
    return _fixed(z, w)


@lru_cache(maxsize=256)
def moment(table: QuantileTable, order: float = 1.0) -> float:
    """Return E[X**order] of the distribution in a table, exact for straight lines."""
    if table.linear and table.jump == -math.inf:
        mu, sigma = table.coefficients[0, :2]
        return 0.0 if mu <= LOG_ZERO else math.exp(order * mu + (order * sigma) ** 2 / 2.0)
    z, w = score_nodes(table.jump)
    return float(np.sum(w * np.exp(order * table.log_quantile(z))))


def log_moments(table: QuantileTable) -> tuple[float, float]:
    """Return mean and standard deviation of log X given X > 0."""
    if table.linear:
        return float(table.coefficients[0, 0]), abs(float(table.coefficients[0, 1]))
    z, w = score_nodes(table.jump)
    log = table.log_quantile(z)
    mean = float(np.sum(w * log) / np.sum(w))
    return mean, math.sqrt(float(np.sum(w * (log - mean) ** 2) / np.sum(w)))
