"""The distribution of a line's total order value, computed instead of simulated.

For creators that share nothing (loadings zero, beliefs sure) and one post each. Given a creator's
engagement score all its inputs are independent, so the logarithm of its expected orders is a sum
of independent terms: their distributions stand on one logarithmic grid and are convolved by FFT.
Mixing over that score gives the law of expected orders, which mixes a Poisson law; the n-th power
of its generating function, taken at the characteristic function of one gamma order value, is the
characteristic function of the line's total (Klugman, Panjer and Willmot 2019, Loss Models, chapter
9). Nothing is shared with the product: distributions come from scipy.stats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import signal, special, stats

Array = npt.NDArray[np.float64]
Quantile = Callable[[Array], Array]  #: value at a normal score

#: Steps of the grids in score and in logarithm; errors go with their squares.
SCORE_STEP, LOG_STEP = 0.02, 0.004
SCORE_END = 8.0


class Grid(NamedTuple):
    """Probabilities at exp(LOG_STEP k), k = first, first + 1, ..."""

    first: int
    mass: Array


def law(frozen: Any, low: float = 0.0, high: float = math.inf) -> Quantile:
    """Return the quantile of a frozen scipy distribution, truncated, at normal scores."""
    below, within = frozen.cdf(low), frozen.cdf(high) - frozen.cdf(low)

    def quantile(z: Array) -> Array:
        lower = frozen.ppf(below + within * special.ndtr(z))
        upper = frozen.isf(frozen.sf(high) + within * special.ndtr(-z))
        return np.where(z < 0.0, lower, upper)

    return quantile


def constant(value: float) -> Quantile:
    """Return the quantile of a number."""
    return lambda z: np.full(np.shape(z), value)


def scores(low: float = -SCORE_END) -> tuple[Array, Array]:
    """Midpoints of equal steps from `low` on, and their share of the normal distribution."""
    count = max(math.ceil((SCORE_END - low) / SCORE_STEP), 1)
    edges = np.linspace(low, SCORE_END, count + 1)
    return (edges[1:] + edges[:-1]) / 2.0, np.diff(special.ndtr(edges))


def placed(values: Array, weights: Array) -> Grid:
    """Put masses on the grid, split between neighbours so that every mean stays exact."""
    k = np.floor(np.log(values) / LOG_STEP).astype(int)
    left, right = np.exp(LOG_STEP * k), np.exp(LOG_STEP * (k + 1))
    share = (values - left) / (right - left)
    first = int(k.min())
    mass = np.zeros(int(k.max()) - first + 2)
    np.add.at(mass, k - first, weights * (1.0 - share))
    np.add.at(mass, k - first + 1, weights * share)
    return Grid(first, mass)


def times(a: Grid, b: Grid) -> Grid:
    """Return the grid of the product of two independent factors."""
    return Grid(a.first + b.first, np.maximum(signal.fftconvolve(a.mass, b.mass), 0.0))


@dataclass(frozen=True)
class Creators:
    """What creators of a line are like; symbols as in MODEL, correlations of normal scores.

    `engagement`, `conversion` and `reach` are organic; amplification takes off above a score of
    `jump`, `excess` is A - 1 as a function of its score.
    """

    followers: Quantile
    authentic: Quantile
    reach: Quantile
    engagement: Quantile
    conversion: Quantile
    fit: Quantile
    luck: Quantile
    excess: Quantile
    jump: float
    delivery: float
    amplified: float  #: q w
    followers_engagement: float
    reach_engagement: float
    amplification_engagement: float
    per_impression: bool
    authentic_mean: float
    independent: Grid = field(init=False)

    def __post_init__(self) -> None:
        z, w = scores()
        inputs: list[Quantile] = [self.conversion, self.fit, self.luck, self._heeded]
        grid = Grid(0, np.ones(1))
        for quantile in inputs:
            grid = times(grid, placed(quantile(z), w))
        object.__setattr__(self, "independent", grid)

    def _heeded(self, z: Array) -> Array:
        """Authentic share: all of it per impression, relative to the tier's mean per follower."""
        return self.authentic(z) / (1.0 if self.per_impression else self.authentic_mean)

    def given(self, score: float) -> Grid:
        """Return the grid of expected orders, of a creator who delivers, at an engagement score."""
        z, w = scores()

        def along(rho: float) -> Array:
            return rho * score + math.sqrt(1.0 - rho * rho) * z

        grid = times(self.independent, placed(self.followers(along(self.followers_engagement)), w))
        if self.per_impression:
            reach = np.minimum(self.reach(along(self.reach_engagement)), 1.0)
            grid = times(grid, placed(reach, w))
        rate = self.engagement(np.array([score]))
        grid = times(
            grid, placed(np.minimum(rate, 1.0) if self.per_impression else rate, np.ones(1))
        )
        return times(grid, self._amplification(score))

    def _amplification(self, score: float) -> Grid:
        rho = self.amplification_engagement
        own = math.sqrt(1.0 - rho * rho)
        start = max((self.jump - rho * score) / own, -SCORE_END)
        if start >= SCORE_END:
            return placed(np.ones(1), np.ones(1))
        z, w = scores(start)
        extra = self.amplified * self.excess(rho * score + own * z)
        values, weights = np.append(1.0 + extra, 1.0), np.append(w, special.ndtr(start))
        return placed(values, weights)


def expected_orders(creators: Creators, coarse: int = 8) -> tuple[Array, Array]:
    """Return values and probabilities of one creator's expected orders, zero first.

    Masses of `coarse` neighbouring grid points are put together, their mean kept.
    """
    z, w = np.arange(-6.0, 6.01, 0.1), stats.norm.pdf(np.arange(-6.0, 6.01, 0.1)) * 0.1
    parts = [creators.given(float(score)) for score in z]
    first = min(part.first for part in parts)
    mass = np.zeros(max(part.first + len(part.mass) for part in parts) - first)
    for part, weight in zip(parts, w / w.sum(), strict=True):
        mass[part.first - first : part.first - first + len(part.mass)] += weight * part.mass
    values = np.exp(LOG_STEP * (first + np.arange(len(mass))))
    pad = -len(mass) % coarse
    blocks = np.pad(mass, (0, pad)).reshape(-1, coarse)
    means = (np.pad(mass * values, (0, pad)).reshape(-1, coarse)).sum(axis=1)
    total = blocks.sum(axis=1)
    kept = total > 1e-14
    weights = total[kept] / total[kept].sum() * creators.delivery
    return (
        np.append(0.0, means[kept] / total[kept]),
        np.append(1.0 - creators.delivery, weights),
    )


def gamma_severity(shape: float, mean: float, step: float, count: int) -> Array:
    """Gamma probabilities on multiples of a step, local means kept (Klugman et al., 9.6.5.2).

    Probabilities are second differences of the limited expected value E[min(X, x)].
    """
    x = step * np.arange(-1.0, count + 1.0)
    scale = mean / shape
    t = np.maximum(x, 0.0) / scale
    limited = mean * special.gammainc(shape + 1.0, t) + np.maximum(x, 0.0) * special.gammaincc(
        shape, t
    )
    limited[0] = -step
    mass: Array = (2.0 * limited[1:-1] - limited[:-2] - limited[2:]) / step
    return mass


def total_value(
    values: Array, weights: Array, creators: int, severity: Array, tail: float = 1e-9
) -> Array:
    """Return the probabilities of a line's total on the grid of the severity.

    Raises
    ------
    ValueError
        Where more than `tail` lies near the end of the grid, which would wrap around.
    """
    spectrum = np.fft.rfft(severity)
    generating = np.zeros(len(spectrum), dtype=complex)
    for block in range(0, len(values), 64):
        part = slice(block, block + 64)
        generating += weights[part] @ np.exp(values[part, None] * (spectrum - 1.0))
    total: Array = np.fft.irfft(generating**creators, len(severity))
    if total[-len(total) // 10 :].sum() > tail:
        raise ValueError("the grid is too short for this line")
    return total
