"""What the next cohort is expected to bring, given what has been seen of those before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

#: Weight of a prior that keeps coefficients of standardised columns at zero, in worlds.
_RIDGE = 1.0
_ROUNDS, _CLOSE, _SHORTEST = 60, 1e-9, 1e-4
#: How far the logarithm of a forecast may lie from that of the mean.
_REACH = 12.0


def design(seen: Array) -> Array:
    """Return the columns of a regression: one, what was seen, its squares and products.

    Parameters
    ----------
    seen
        Shape (figures, worlds), logarithms; what is the same in every world is left out.

    Returns
    -------
    Array
        Shape (worlds, columns), standardised.
    """
    centred = seen - seen.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    varied = (centred / np.where(spread > 0.0, spread, 1.0))[spread[:, 0] > 1e-12]
    first, second = np.triu_indices(len(varied))
    return np.vstack([np.ones(seen.shape[1]), varied, varied[first] * varied[second]]).T


def forecast(columns: Array, outcome: Array) -> Array:
    """Return coefficients b of the mean of an amount given what was seen, exp(columns b).

    A regression with the logarithm as link and a variance that grows as the square of the mean
    (gamma quasi-likelihood, McCullagh and Nelder 1989, chapter 8): amounts may be zero, and the
    mean is right whatever the law around it. The quasi-likelihood is concave, so Fisher scoring with
    halved steps finds its one maximum.

    Parameters
    ----------
    columns
        Shape (worlds, columns), see `design`.
    outcome
        Shape (worlds,), not negative.
    """
    level = float(outcome.mean())
    coefficients = np.zeros(columns.shape[1])
    coefficients[0] = np.log(level) if level > 0.0 else -np.inf
    if level <= 0.0:
        return coefficients
    ridge = np.full(columns.shape[1], _RIDGE)
    ridge[0] = 0.0
    inverse = np.linalg.inv(columns.T @ columns + np.diag(ridge))

    def likelihood(at: Array) -> float:
        line = _bounded(columns @ at, level)
        return float(-(outcome * np.exp(-line) + line).sum() - 0.5 * (ridge * at * at).sum())

    value = likelihood(coefficients)
    for _ in range(_ROUNDS):
        pull = outcome * np.exp(-_bounded(columns @ coefficients, level)) - 1.0
        step = inverse @ (columns.T @ pull - ridge * coefficients)
        size, after = 1.0, likelihood(coefficients + step)
        while after < value and size > _SHORTEST:
            size /= 2.0
            after = likelihood(coefficients + size * step)
        if after < value:
            break
        coefficients = coefficients + size * step
        if after - value <= _CLOSE * abs(value):
            break
        value = after
    return coefficients


def expected(columns: Array, coefficients: Array) -> Array:
    """Return the mean of an amount given what was seen, shape (worlds,)."""
    if coefficients[0] == -np.inf:
        return np.zeros(len(columns))
    # The bound keeps a world beyond all that was learnt from out of an infinite forecast.
    line = columns @ coefficients
    return np.asarray(np.exp(np.clip(line, coefficients[0] - _REACH, coefficients[0] + _REACH)))


def _bounded(line: Array, level: float) -> Array:
    return np.clip(line, np.log(level) - _REACH, np.log(level) + _REACH)
