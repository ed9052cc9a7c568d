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

#: Why there is no share of a variance.
NEVER_VARIES = "the outcome does not vary"


def sobol(f_a: Array, f_b: Array, f_ab: Array) -> tuple[Estimate, Estimate]:
    r"""Return first-order and total indices.

    First order after Saltelli et al. (2010), table 2 (b), total after Jansen (1999):

    .. math::
        S_i = \frac{1}{n V} \sum_j f(B)_j \left(f(AB_i)_j - f(A)_j\right), \qquad
        T_i = \frac{1}{2 n V} \sum_j \left(f(A)_j - f(AB_i)_j\right)^2

    with f less its mean and V its variance over A and B. The influence of world j is that of a
    ratio of means: the j-th term less the index times the j-th term of V, over V.

    Parameters
    ----------
    f_a, f_b : ndarray, shape (n,)
        Outcome of the two samples; NaN in worlds where it is undefined, which are left out.
    f_ab : ndarray, shape (d, n)
        Outcome of A with input i from B.

    Returns
    -------
    first, total : Estimate
        Values of shape (d,), influence of shape (d, worlds kept). All NaN where nothing varies.
    """
    kept = np.isfinite(f_a) & np.isfinite(f_b) & np.isfinite(f_ab).all(axis=0)
    both = np.concatenate([f_a[kept], f_b[kept]])
    middle = both.mean() if both.size else 0.0
    a, b, ab = f_a[kept] - middle, f_b[kept] - middle, f_ab[:, kept] - middle
    squares = (a**2 + b**2) / 2.0
    if not both.size or not varies(both):
        missing = np.full(len(ab), np.nan), np.full(ab.shape, np.nan)
        reason = NEVER_VARIES if both.size else "the outcome is undefined in every world"
        nothing = Estimate(*missing, reason=reason)
        return nothing, nothing
    variance = squares.mean()

    def estimate(terms: Array) -> Estimate:
        value = terms.mean(axis=-1) / variance
        return Estimate(value, (terms - value[:, None] * squares) / variance)

    return estimate(b * (ab - a)), estimate((a - ab) ** 2 / 2.0)


def varies(values: Array) -> bool:
    """Return whether values differ by more than the last digits of their arithmetic."""
    return bool(np.ptp(values) > 1e-11 * max(float(np.abs(values).max()), 1e-300))


def shared_variance(x: Array, y: Array) -> Estimate:
    """Return the variance that shared factors make: the covariance of two runs with fresh luck.

    Cov(x, y) = Var(E[x | factors]), since given the factors the two are independent (pick-freeze:
    Sobol' 1993, Janon et al. 2014). Influence (x - mx) (y - my) - value.

    Parameters
    ----------
    x, y : array_like, shape (..., n)
        One outcome per world; worlds in which either is undefined are left out.
    """
    kept = np.isfinite(x) & np.isfinite(y)
    if not kept.all():
        kept = np.asarray(kept.all(axis=tuple(range(kept.ndim - 1))))
        x, y = x[..., kept], y[..., kept]
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
