r"""The law of a cell's totals given the factors: lognormal, its moments from simulated worlds.

Given factors z the logs of a cell's totals (cost, impressions, engagements, expected orders) are
normal: of all lognormal laws the one with the simulated mean and covariance of the log is nearest
to the simulated law (in Kullback-Leibler divergence), and heavy tails of single posts cannot rule
it. In worlds with z spread around a centre the mean is a quadratic in z, since a belief adds to a
log exactly and a shock moves a score, which caps and truncation bend a little; log spreads are
linear in z, correlations constant. What the quadratic misses stays in the spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

#: Rounds in which log spreads are fitted.
_ROUNDS = 4
#: Standard errors from which a coefficient is more than noise.
_TELLING = 3.0
#: Least log spread of a figure: those that are reported are round.
_LEAST = 0.005


@dataclass(frozen=True)
class Law:
    """Means, spreads and correlations of logs given the factors.

    Attributes
    ----------
    center
        Shape (k,), where it was fitted.
    mean
        Shape (features, d): constant, slopes, products.
    spread
        Shape (1 + k, d): constant and slopes of the log standard deviation.
    correlation
        Shape (d, d).
    reach
        Shape (k,), how far from the centre worlds were simulated; beyond, spreads stay.
    """

    center: Array
    mean: Array
    spread: Array
    correlation: Array
    reach: Array

    def means(self, z: Array) -> Array:
        """Return means of the logs, shape (draws, d), of factors of shape (draws, k)."""
        return np.asarray(_features(z - self.center) @ self.mean)

    def spreads(self, z: Array) -> Array:
        """Return standard deviations of the logs, shape (draws, d)."""
        away = np.clip(z - self.center, -self.reach, self.reach)
        return np.asarray(np.exp(self.spread[0] + away @ self.spread[1:]))

    def slopes(self, z: Array) -> Array:
        """Return derivatives of the means at one point, shape (d, k)."""
        k, away = len(self.center), z - self.center
        result = self.mean[1 : 1 + k].copy()
        for row, i, j in zip(self.mean[1 + k :], *np.triu_indices(k), strict=True):
            result[i] += row * away[j]
            result[j] += row * away[i]
        return np.asarray(result.T)


def _features(away: Array) -> Array:
    i, j = np.triu_indices(away.shape[1])
    return np.column_stack([np.ones(len(away)), away, away[:, i] * away[:, j]])


def _least_squares(features: Array, values: Array) -> Array:
    """Return coefficients, those that noise explains left out; shape (features, d).

    What a factor does not move must not learn from it by the noise of a coefficient. Scores are of
    order one, so that the normal equations lose little.
    """
    products, targets = features.T @ features, features.T @ values
    full = np.linalg.solve(products, targets)
    unit = np.sqrt(np.diagonal(np.linalg.inv(products)))
    error = unit[:, None] * (values - features @ full).std(axis=0)
    result = np.zeros_like(full)
    for j in range(values.shape[1]):
        told = np.abs(full[:, j]) > _TELLING * error[:, j]
        told[0] = True
        result[told, j] = np.linalg.solve(products[np.ix_(told, told)], targets[told, j])
    return result


def fitted(z: Array, logs: Array, center: Array) -> Law:
    """Return the law of simulated logs.

    Parameters
    ----------
    z
        Factors of the worlds, shape (worlds, k).
    logs
        Shape (d, worlds); worlds with a NaN are left out.
    center
        Where the factors are spread around, shape (k,).

    Raises
    ------
    ValueError
        Where fewer worlds than coefficients have all logs.
    """
    there = np.isfinite(logs).all(axis=0)
    away, values = z[there] - center, logs[:, there].T
    features = _features(away)
    if len(values) < 2 * features.shape[1]:
        raise ValueError("too few worlds in which everything comes")
    mean = _least_squares(features, values)
    left = values - features @ mean
    freedom = len(values) / (len(values) - features.shape[1])
    linear = np.column_stack([np.ones(len(away)), away])
    sd = left.std(axis=0) * np.sqrt(freedom)
    varied = np.flatnonzero(sd > _LEAST)
    spread = np.zeros((linear.shape[1], logs.shape[0]))
    spread[0] = np.log(np.maximum(sd, _LEAST))
    for _ in range(_ROUNDS):
        # Scoring of the normal likelihood: E[(r / s)^2] = 1 along every factor.
        now = linear @ spread[:, varied]
        aim = now + (freedom * (left[:, varied] * np.exp(-now)) ** 2 - 1.0) / 2.0
        spread[:, varied] = _least_squares(linear, aim)
    correlation = np.eye(logs.shape[0])
    if varied.size:
        scaled = left[:, varied] * np.exp(-linear @ spread[:, varied])
        correlation[np.ix_(varied, varied)] = np.corrcoef(scaled, rowvar=False)
    return Law(center, mean, spread, correlation, np.abs(away).max(axis=0, initial=0.0))
