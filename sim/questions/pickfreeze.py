"""Sobol' indices from pairs of runs that share some inputs and draw the others afresh.

Two samples A and B of all inputs, and for each input i the sample AB_i: A with the column of i from
B. The luck of creators, posts and orders is one more input, so a noisy function of the shared
factors needs no special treatment: its noise has an index of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..measures import Estimate

Array = npt.NDArray[np.float64]


def sobol(f_a: Array, f_b: Array, f_ab: Array) -> tuple[Estimate, Estimate]:
    r"""Return first-order and total indices.

    First order after Saltelli et al. (2010), table 2 (b), total after Jansen (1999), both through
    `scipy.stats.sobol_indices`:

    .. math::
        S_i = \frac{1}{n V} \sum_j f(B)_j \left(f(AB_i)_j - f(A)_j\right), \qquad
        T_i = \frac{1}{2 n V} \sum_j \left(f(A)_j - f(AB_i)_j\right)^2

    with f less its mean and V its variance over A and B. The influence of world j is that of a
    ratio of means: the j-th term less the index times the j-th term of V, over V.

    Parameters
    ----------
    f_a, f_b : ndarray, shape (n,)
        Outcome of the two samples, n a power of two.
    f_ab : ndarray, shape (d, n)
        Outcome of A with input i from B.

    Returns
    -------
    first, total : Estimate
        Values of shape (d,), influence of shape (d, n). All NaN where nothing varies.
    """
    from scipy.stats import sobol_indices

    middle = np.concatenate([f_a, f_b]).mean()
    a, b, ab = f_a - middle, f_b - middle, f_ab - middle
    squares = (a**2 + b**2) / 2.0
    variance = squares.mean()
    if variance <= 0.0:
        missing = np.full(len(f_ab), np.nan), np.full(f_ab.shape, np.nan)
        nothing = Estimate(*missing, reason="the outcome does not vary")
        return nothing, nothing
    found = sobol_indices(func={"f_A": a[None], "f_B": b[None], "f_AB": ab[:, None, :]}, n=len(a))
    first, total = (np.asarray(x).reshape(len(ab)) for x in (found.first_order, found.total_order))

    def estimate(value: Array, terms: Array) -> Estimate:
        return Estimate(value, (terms - value[:, None] * squares) / variance)

    return estimate(first, b * (ab - a)), estimate(total, (a - ab) ** 2 / 2.0)


def shared_variance(x: Array, y: Array) -> Estimate:
    """Return the covariance of two runs with the same factors and fresh luck: what stays.

    Cov(x, y) = Var(E[x | factors]), since given the factors the two are independent (pick-freeze:
    Sobol' 1993, Janon et al. 2014). Influence (x - mx) (y - my) - value.

    Parameters
    ----------
    x, y : array_like, shape (..., n)
        One outcome per world.
    """
    terms = (x - x.mean(axis=-1, keepdims=True)) * (y - y.mean(axis=-1, keepdims=True))
    value = np.asarray(terms.mean(axis=-1))
    return Estimate(value, terms - value[..., None])


def root(estimate: Estimate) -> Estimate:
    """Return the square root of a variance; zero, without an error, where noise makes it negative."""
    value = np.sqrt(np.maximum(estimate.value, 0.0))
    slope = np.divide(0.5, value, out=np.full(value.shape, np.nan), where=value > 0.0)
    return Estimate(
        value, estimate.influence * slope[..., None], reason="no variance above its noise"
    )
