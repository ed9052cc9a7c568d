"""Chances of counts whose rate is lognormal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Array = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_ROUNDS = 60


def log_poisson_lognormal(count: Array, mean: Array, variance: Array) -> Array:
    r"""Return log of :math:`\\int Poisson(n | e^\\eta) N(\\eta | m, v) d\\eta`.

    Nine Gauss-Hermite nodes around the integrand's mode, with its curvature there (Liu and Pierce
    1994); counts need not be whole, :math:`n!` is then :math:`\\Gamma(n + 1)`.

    Parameters
    ----------
    count, mean, variance
        n, m and v, broadcast against each other.
    """
    count, mean, variance = np.broadcast_arrays(
        np.asarray(count, dtype=float), np.asarray(mean, dtype=float), np.maximum(variance, 1e-12)
    )
    # The slope n - e^eta - (eta - m) / v falls and is concave: from the right, Newton never passes
    # the root.
    with np.errstate(divide="ignore"):
        mode = np.maximum(np.log(count), mean)
    for _ in range(_ROUNDS):
        rate = np.exp(mode)
        step = (count - rate - (mode - mean) / variance) / (rate + 1.0 / variance)
        mode = mode + step
        if float(np.max(np.abs(step), initial=0.0)) < 1e-8:
            break
    width = 1.0 / np.sqrt(np.exp(mode) + 1.0 / variance)
    eta = mode[..., None] + width[..., None] * _NODES
    log = (
        count[..., None] * eta
        - np.exp(eta)
        - (eta - mean[..., None]) ** 2 / (2.0 * variance[..., None])
        + _NODES**2 / 2.0
    )
    top = log.max(axis=-1)
    total = np.log(np.exp(log - top[..., None]) @ _WEIGHTS) + top
    return np.asarray(
        total + np.log(width) - np.log(2.0 * np.pi * variance) / 2.0 - gammaln(count + 1.0)
    )
