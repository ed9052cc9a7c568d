r"""What is heard of creators: a normal law of their scores, told one observation at a time.

Own scores of a creator's inputs are normal with correlations R. An observation of
:math:`h^\top s` with normal noise moves them by the rule of Kalman (1960); a likelihood of another
shape is first turned into such an observation, the one that gives the posterior the same moments
(a step of expectation propagation: Minka 2001). Arrays begin with the axis of creators, P.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.marginals import QuantileTable

Array = npt.NDArray[np.float64]

_LOWEST, _HIGHEST, _HALVINGS = -8.0, 8.0, 60
#: Known figures are round ones: each stands for those within a twentieth of it.
_ROUND = math.log(1.05)
#: Points of a grid, how often it is laid again, and how far it reaches in standard deviations.
_GRID, _PASSES, _REACH = 81, 5, 8.0
_HERMITE = 16
#: Creators whose grids are in memory at once.
_AT_ONCE = 2_000


@dataclass
class Scores:
    """A normal law of K own scores of each of P creators.

    Attributes
    ----------
    mean
        Shape (P, K).
    covariance
        Shape (P, K, K).
    moved
        Shape (P, K, K): how far a mean moves with each unit of doubt in the log of an input's tier.
    """

    mean: Array
    covariance: Array
    moved: Array

    @classmethod
    def before(cls, covariance: Array, people: int) -> Scores:
        """Return the law of creators of whom nothing is heard; covariance has shape (K, K)."""
        shape = (people, *covariance.shape)
        return cls(np.zeros(shape[:2]), np.tile(covariance, (people, 1, 1)), np.zeros(shape))

    def copy(self) -> Scores:
        """Return the same law, to be told more."""
        return Scores(self.mean.copy(), self.covariance.copy(), self.moved.copy())

    def along(self, h: Array) -> tuple[Array, Array]:
        """Return mean and variance of h s, shape (P,); h has shape (P, K)."""
        spread = np.einsum("pi,pij,pj->p", h, self.covariance, h)
        return np.einsum("pi,pi->p", h, self.mean), np.maximum(spread, 0.0)

    def hear(self, h: Array, value: Array, noise: Array, doubted: Array | None = None) -> None:
        """Take in an observation of h s; infinite noise says nothing.

        Parameters
        ----------
        h
            Shape (P, K).
        value, noise
            What is seen, and the variance of its noise, shape (P,).
        doubted
            Shape (P, K): how doubt about the tier's inputs adds to what is seen.
        """
        with_h = np.einsum("pij,pj->pi", self.covariance, h)
        total = np.einsum("pi,pi->p", h, with_h) + noise
        told = np.isfinite(total) & (total > 1e-12)
        gain = np.where(told[:, None], with_h / np.where(told, total, 1.0)[:, None], 0.0)
        off = np.where(told, value - np.einsum("pi,pi->p", h, self.mean), 0.0)
        if doubted is not None:
            along = doubted + np.einsum("pj,pjk->pk", h, self.moved)
            self.moved -= gain[:, :, None] * along[:, None, :]
        self.mean += gain * off[:, None]
        self.covariance -= gain[:, :, None] * with_h[:, None, :]


def two_digits(values: Array) -> Array:
    """Return numbers in two digits: creators whose rates rest on 17 and 17.1 orders are alike."""
    size = np.abs(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** (np.floor(np.log10(size)) - 1.0)
        return np.where((size > 0.0) & np.isfinite(size), np.round(values / unit) * unit, values)


def as_observation(
    before: tuple[Array, Array], mean: Array, variance: Array
) -> tuple[Array, Array]:
    """Return value and noise, in two digits, of the observation that leads from a law to another.

    Parameters
    ----------
    before
        Mean and variance before it, shape (P,).
    mean, variance
        After it. The mean is kept to the digit.
    """
    centre, spread = before
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = two_digits(spread * variance / (spread - variance))
        noise = np.where(variance < spread * (1.0 - 1e-9), noise, np.inf)
        value = centre + (mean - centre) * (spread + noise) / spread
    return np.where(np.isfinite(value), value, 0.0), noise


# --- Single figures -------------------------------------------------------------------------------


def score_of(table: QuantileTable, values: Array) -> Array:
    """Return the normal scores of some positive values.

    A value's probability is the mean of the distribution function a twentieth below and above it,
    so that a round number at the very end of a truncated distribution, 10,000 followers of a micro
    creator say, stands for its neighbours and not for the end itself.
    """
    from scipy.special import ndtr, ndtri

    below, above = (_score_at(table, np.log(values) + side * _ROUND) for side in (-1.0, 1.0))
    low, high = (ndtr(below) + ndtr(above)) / 2.0, (ndtr(-below) + ndtr(-above)) / 2.0
    return np.asarray(np.where(low < high, ndtri(low), -ndtri(high)))


def _score_at(table: QuantileTable, logs: Array) -> Array:
    """Return the scores whose log quantiles are some logs, by bisection."""
    low, high = np.full(logs.shape, _LOWEST), np.full(logs.shape, _HIGHEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        below = table.log_quantile(middle) < logs
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2.0)


def measured_score(
    table: QuantileTable, logs: Array, noise: Array, before: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Return value and noise of the score of an input whose log was measured with normal noise.

    Parameters
    ----------
    table
        Of the input.
    logs, noise
        Measured logs and variances of their noise, shape (P,).
    before
        Mean and variance of the score, shape (P,).
    """
    if table.linear:
        level, slope = table.coefficients[0, :2]
        weight = before[1] / (before[1] + noise / slope**2)
        mean = before[0] + weight * ((logs - level) / slope - before[0])
        return as_observation(before, mean, (1.0 - weight) * before[1])
    target, noise = _score_at(table, logs), np.maximum(noise, 1e-8)

    def likelihood(score: Array, part: slice) -> Array:
        off = logs[part, None] - table.log_quantile(score)
        return np.asarray(-(off**2) / (2.0 * noise[part, None]))

    mean, variance = np.empty(logs.shape), np.empty(logs.shape)
    for part in _parts(len(logs)):
        centre, spread = before[0][part], before[1][part]
        # A first guess on a straight line through what is measured and what was thought.
        rise = table.log_quantile(target[part] + 0.1) - table.log_quantile(target[part] - 0.1)
        width = noise[part] / np.maximum(rise / 0.2, 0.05) ** 2
        weight = spread / (spread + width)
        guess = centre + weight * (target[part] - centre)
        law = _moments(likelihood, part, (centre, spread), guess, np.sqrt(weight * width))
        mean[part], variance[part] = law.mean, law.variance
    return as_observation(before, mean, variance)


def straight(table: QuantileTable, mean: Array, variance: Array) -> tuple[Array, Array, Array]:
    """Return log values as a straight line in the score: centre, slope and what is left over.

    The line is the regression on normal scores with this mean and variance: statistical
    linearisation (García-Fernández, Svensson, Morelande and Särkkä 2015).
    """
    if table.linear:
        level, slope = table.coefficients[0, :2]
        return level + slope * mean, np.full(mean.shape, slope), np.zeros(mean.shape)
    nodes, weights = mg.hermite(_HERMITE)
    width = np.sqrt(np.maximum(variance, 1e-6))
    log = table.log_quantile(mean[:, None] + width[:, None] * nodes)
    centre = log @ weights
    slope = (log * nodes) @ weights / width
    rest = ((log - centre[:, None]) ** 2) @ weights - (slope * width) ** 2
    return centre, slope, np.maximum(rest, 0.0)


# --- Counts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Orders of earlier posts, an array entry for each count.

    Attributes
    ----------
    of
        Which creator, shape (counts,), increasing.
    orders
        How many.
    level
        Mean of the log of what luck and exposure add to the log rate.
    noise
        Its variance.
    """

    of: npt.NDArray[np.int64]
    orders: Array
    level: Array
    noise: Array


def counted_rate(counts: Counts, before: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return value and noise of the log rate of creators whose orders were counted.

    The posterior of the log rate t, normal before, under ``Poisson(exp(t + noise))``. Mean and
    variance of exp(t), not of t, are kept: they are what expected orders go by.

    Parameters
    ----------
    counts
        Of all creators.
    before
        Mean and variance of t, shape (P,).
    """
    people = len(before[0])
    noise = np.maximum(counts.noise, 1e-9)

    def likelihood(rate: Array, part: slice) -> Array:
        there = slice(*np.searchsorted(counts.of, [part.start, part.stop]))
        own = counts.of[there] - part.start
        log = np.zeros(rate.shape)
        each = _log_poisson(
            counts.orders[there, None], rate[own] + counts.level[there, None], noise[there, None]
        )
        np.add.at(log, own, each)
        return log

    mean, variance = np.zeros(people), np.zeros(people)
    for part in _parts(people):
        centre, spread = before[0][part], np.maximum(before[1][part], 1e-12)
        law = _moments(likelihood, part, (centre, spread), centre, np.sqrt(spread))
        variance[part] = law.log_variance
        mean[part] = law.log_mean
    # E[exp t] stays where the noise is written in two digits, and the variance a little other.
    _, rounded = as_observation(before, before[0], np.minimum(variance, before[1]))
    with np.errstate(invalid="ignore"):
        kept = np.where(
            np.isfinite(rounded), before[1] * rounded / (before[1] + rounded), before[1]
        )
        value = before[0] + (mean - kept / 2.0 - before[0]) * (before[1] + rounded) / before[1]
    return np.where(np.isfinite(value), value, 0.0), rounded


def _log_poisson(orders: Array, mean: Array, variance: Array) -> Array:
    """Return log E[exp(N x - exp(x))] over normal x, by Gauss and Hermite around its mode.

    The mode solves ``N - exp(x) = (x - mean) / variance``: Wright's omega function.
    """
    from scipy.special import logsumexp, wrightomega

    nodes, weights = mg.hermite(_HERMITE)
    top = mean + variance * orders
    mode = top - wrightomega(top + np.log(variance))
    width = 1.0 / np.sqrt(1.0 / variance + np.exp(mode))
    x = mode[..., None] + width[..., None] * nodes
    log = (
        orders[..., None] * x - np.exp(x) - (x - mean[..., None]) ** 2 / (2.0 * variance[..., None])
    )
    log += nodes**2 / 2.0 + np.log(weights)
    return np.asarray(logsumexp(log, axis=-1) + np.log(width) - 0.5 * np.log(variance))


# --- Quadrature -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Law:
    """Moments of x, and mean and variance that a lognormal exp(x) would have them by."""

    mean: Array
    variance: Array
    log_mean: Array
    log_variance: Array


def _moments(
    likelihood: Callable[[Array, slice], Array],
    part: slice,
    before: tuple[Array, Array],
    guess: Array,
    width: Array,
) -> _Law:
    """Return the moments of a likelihood times a normal law, on a grid that finds its place."""
    centre, spread = before
    steps = np.linspace(-1.0, 1.0, _GRID)
    for last in range(_PASSES):
        # exp(2 x) has its weight two variances further up.
        up = np.minimum(width, np.sqrt(spread)) * 2.0 if last == _PASSES - 1 else 0.0
        reach = _REACH * width
        x = (guess + up * width)[:, None] + (reach + up * width)[:, None] * steps
        log = likelihood(x, part) - (x - centre[:, None]) ** 2 / (2.0 * spread[:, None])
        log -= log.max(axis=1, keepdims=True)
        weight = np.exp(log)
        weight /= weight.sum(axis=1, keepdims=True)
        guess = np.sum(weight * x, axis=1)
        variance = np.sum(weight * (x - guess[:, None]) ** 2, axis=1)
        width = np.maximum(np.sqrt(variance), reach / _GRID)
    off = x - guess[:, None]
    first = np.log(np.sum(weight * np.exp(off), axis=1))
    second = np.log(np.sum(weight * np.exp(2.0 * off), axis=1))
    return _Law(guess, variance, guess + first, np.maximum(second - 2.0 * first, 0.0))


def _parts(people: int) -> list[slice]:
    return [slice(i, min(i + _AT_ONCE, people)) for i in range(0, people, _AT_ONCE)]
