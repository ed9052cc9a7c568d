"""Stochastic dominance between two portfolios, with the size of what speaks against it.

x dominates y to the first order when every quantile of x is at least that of y: whoever prefers
more chooses x. To the second order when every *integrated* quantile is (the mean of the worst
share p, times p): whoever also dislikes risk chooses x. Real comparisons rarely meet either to the
last world, so the size of the violation is measured as a share of area: 0 is dominance of x over
y, 1 of y over x, and below 0.5 x is ahead (almost stochastic dominance, Leshno & Levy 2002).

Both areas are means of one contribution per world, so the share is a ratio of means, and paired
worlds give it a paired error. Close to 0 or 1 the violation rests on a few worlds, and the error is
itself uncertain; at 0 and 1 there is none.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .estimate import Estimate, FloatArray, Sample, Worldly, as_sample
from .functions import ratio_of_means

IDENTICAL = "the two distributions are the same"
NO_VIOLATION = "no violation at any level in the worlds drawn, so its error cannot be estimated"
ALL_VIOLATION = "violated at every level in the worlds drawn, so its error cannot be estimated"


def first_order_violation(x: Worldly, y: Worldly) -> Estimate:
    """Share of the area between the two distribution functions in which y is ahead of x.

    epsilon = int max(F_x - F_y, 0) dt / int |F_x - F_y| dt (Leshno & Levy 2002).
    With M(t) the length of {F_x > F_y} below t, the numerator is the mean of M(y_i) - M(x_i).

    Parameters
    ----------
    x, y : array_like, shape (n,)
        The same worlds for both.
    """
    x, y = _pair(x, y)
    n = x.worlds
    both = np.concatenate([x.values, y.values])
    order = np.argsort(both, kind="stable")
    excess = np.cumsum(np.where(order < n, 1, -1))[:-1]  # n (F_x - F_y) on each interval
    width = np.diff(both[order])

    def area(weight: FloatArray) -> FloatArray:
        below = np.empty(2 * n)
        below[order] = np.concatenate([[0.0], np.cumsum(weight * width)])
        return np.asarray(below[n:] - below[:n])

    return _violation(area((excess > 0).astype(np.float64)), area(np.sign(excess) * 1.0))


def second_order_violation(x: Worldly, y: Worldly) -> Estimate:
    """Share of the area between the two integrated quantile functions in which y is ahead of x.

    With L(p) the integral of the quantile function up to p, epsilon = int max(L_y - L_x, 0) dp /
    int |L_y - L_x| dp. The curves are integrated once more than for the first order, as Tzeng,
    Huang & Shih (2013) do, but over levels p: over values the area grows without bound with the
    largest world drawn.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        The same worlds for both.
    """
    x, y = _pair(x, y)
    behind = np.cumsum(y.ordered - x.ordered)

    def area(weight: FloatArray) -> FloatArray:
        return _integrated(y, weight) - _integrated(x, weight)

    return _violation(area((behind > 0).astype(np.float64)), area(np.sign(behind)))


def _integrated(x: Sample, weight: FloatArray) -> FloatArray:
    """Contribution of each world to int weight(p) L(p) dp, shape (n,).

    L(p) = mean over worlds of p q - max(q - x, 0), with q the quantile at p.
    """
    n = x.worlds
    level = np.arange(1, n + 1) / n
    above = np.cumsum((weight * x.ordered)[::-1])[::-1] - x.ordered * np.cumsum(weight[::-1])[::-1]
    return np.asarray(((weight * level * x.ordered).sum() - above[x.rank]) / n)


def _violation(against: FloatArray, total: FloatArray) -> Estimate:
    """Ratio of two areas, without an error where it is 0 or 1 in every part of the sample."""
    share = ratio_of_means(against, total)
    if not total.any():
        return replace(share, reason=IDENTICAL)
    if not against.any():
        return _at_end(0.0, against.size, NO_VIOLATION)
    if np.array_equal(against, total):
        return _at_end(1.0, against.size, ALL_VIOLATION)
    return share


def _at_end(value: float, worlds: int, reason: str) -> Estimate:
    """Estimate whose error the worlds cannot show."""
    return Estimate(np.asarray(value), np.full(worlds, np.nan), reason=reason)


def _pair(x: Worldly, y: Worldly) -> tuple[Sample, Sample]:
    x, y = as_sample(x), as_sample(y)
    if x.values.ndim != 1 or x.values.shape != y.values.shape:
        raise ValueError(
            "dominance compares two arrays of the same worlds "
            f"(got shapes {x.values.shape} and {y.values.shape})"
        )
    return x, y
