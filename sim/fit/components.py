"""What creators differ by, and what posts of one creator differ by.

Everything here is a sum over creators with a weight for each. Weights of one give the estimate;
weights of a bootstrap over creators (posts of one creator stay together) give its standard error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .reading import Floats, Ints

RESAMPLES, SEED = 400, 20_250_601


@dataclass(frozen=True)
class Levels:
    """A quantity of each creator, as measured on its posts; all arrays have shape (creators,).

    Attributes
    ----------
    posts
        Posts behind it.
    mean
        Its mean over them.
    squares
        Sum of squared deviations of the posts from it.
    """

    posts: Floats
    mean: Floats
    squares: Floats

    @classmethod
    def of(cls, creator: Ints, values: Floats) -> Levels:
        """Summarise posts; ``creator`` counts 0, 1, 2, ..."""
        count = np.bincount(creator).astype(float)
        mean = totals(creator, values) / count
        return cls(count, mean, totals(creator, (values - mean[creator]) ** 2))

    @property
    def repeated(self) -> int:
        """Creators with two posts or more."""
        return int(np.sum(self.posts > 1.5))


def totals(creator: Ints, values: Floats) -> Floats:
    """Return the sum of a column over the rows of each creator, shape (creators,)."""
    return np.asarray(np.bincount(creator, weights=values), dtype=float)


def resampled(creators: int, resamples: int = RESAMPLES) -> Floats:
    """Return weights, shape (1 + resamples, creators): ones, then how often each was drawn."""
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(creators, np.full(creators, 1.0 / creators), size=resamples)
    return np.vstack([np.ones(creators), drawn])


def estimate(values: Floats) -> tuple[float, float]:
    """Return the estimate and its bootstrap standard error, from values over `resampled` weights."""
    drawn = values[1:][np.isfinite(values[1:])]
    return float(values[0]), float(drawn.std(ddof=1)) if len(drawn) > 1 else float("nan")


def average(weights: Floats, values: Floats) -> Floats:
    """Return weighted means over creators, shape (resamples,)."""
    return np.asarray(weights @ values / weights.sum(axis=-1), dtype=float)


def covariance(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Return weighted covariances over creators, shape (resamples,)."""
    count = weights.sum(axis=-1)
    moved = average(weights, x * y) - average(weights, x) * average(weights, y)
    return np.asarray(moved * count / (count - 1.0), dtype=float)


def within_variance(weights: Floats, levels: Levels) -> Floats:
    """Return the variance from post to post, pooled over creators."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(weights @ levels.squares / (weights @ (levels.posts - 1.0)), dtype=float)


def between_variance(weights: Floats, levels: Levels, within: Floats) -> Floats:
    """Return the variance between creators, the luck of their posts taken off.

    Analysis of variance of unweighted means (Searle, Casella and McCulloch 1992, section 3.6): the
    variance of creator means less ``within`` times the mean of ``1 / posts``. Every creator counts
    the same, however many posts it has.
    """
    noise = within * average(weights, 1.0 / levels.posts)
    return np.asarray(covariance(weights, levels.mean, levels.mean) - noise, dtype=float)


def between_covariance(weights: Floats, x: Levels, y: Levels, both: Levels) -> Floats:
    """Return the covariance between creators of two quantities measured on the same posts.

    Parameters
    ----------
    weights
        See `resampled`.
    x, y
        The quantities.
    both
        Their sum, post by post.
    """
    total, first, second = (
        between_variance(weights, each, within_variance(weights, each)) for each in (both, x, y)
    )
    return np.asarray((total - first - second) / 2.0, dtype=float)


def root(variance: Floats, least: float = 0.0) -> Floats:
    """Return the square roots of estimated variances, at least `least`: some are negative."""
    return np.sqrt(np.maximum(variance, least**2))


def delta(function: Callable[[Floats], float], at: Floats, covariances: Floats) -> float:
    """Return the standard error of a function of estimates with known covariances, shape (d, d)."""
    step = 1e-4
    slope = np.array([
        (function(at + step * unit) - function(at - step * unit)) / (2.0 * step)
        for unit in np.eye(len(at))
    ])  # fmt: skip
    return float(np.sqrt(max(slope @ covariances @ slope, 0.0)))
