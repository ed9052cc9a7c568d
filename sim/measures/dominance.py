"""Stochastic dominance between two portfolios, with the size of what speaks against it.

x dominates y to the first order when every quantile of x is at least that of y: whoever prefers
more chooses x. To the second order when every *integrated* quantile is (the mean of the worst
share p, times p): whoever also dislikes risk chooses x. Real comparisons rarely meet either to the
last world, so the size of the violation is measured as a share of area: 0 is dominance of x over
y, 1 of y over x, and below 0.5 x is ahead (almost stochastic dominance, Leshno & Levy 2002).

Both areas are means of one contribution per world, so the share is a ratio of means, and paired
worlds give it a paired error. Close to 0 or 1 the violation rests on a few worlds, and the error is
itself uncertain; at 0 and 1 there is none.

A violation that no world shows may still lie beyond the worlds drawn. So dominance is *claimed*
between two probabilities only: those up to which, level by level from the middle outwards, the one
ahead is told to be ahead. That rejects "not ahead somewhere in between" where every level between
rejects it (restricted dominance, Davidson & Duclos 2013), and since levels are tried in a fixed
order and the first that fails ends the walk, each end lies too far out with at most the error
probability of a single level, 2.3 % (fixed sequence, Maurer, Hothorn & Lehmacher 1995).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..text.verdicts import TOLD_APART
from .estimate import Estimate, FloatArray, Sample, Tail, Worldly, as_sample
from .functions import ratio_of_means
from .precision import FEWEST_EVENTS

IDENTICAL = "the two distributions are the same"
NO_VIOLATION = "no violation at any level in the worlds drawn, so its error cannot be estimated"
ALL_VIOLATION = "violated at every level in the worlds drawn, so its error cannot be estimated"

_LOW = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4)
#: Levels between which dominance is claimed, increasing.
_LEVELS = (*_LOW, 0.5, *(round(1 - level, 4) for level in _LOW[::-1]), 1.0)
#: Thresholds that are tried, evenly spaced in the log odds of their level.
_TRIED_FIRST, _TRIED_SECOND, _OUTMOST = 401, 81, 9.3
NOT_TOLD = {1: "the medians cannot be told apart", 2: "the means cannot be told apart"}


@dataclass(frozen=True)
class Dominance:
    """Between which probabilities one of two portfolios is told to dominate the other.

    Attributes
    ----------
    order : {1, 2}
        1: every quantile between the two levels is higher; 2: for every p between them the mean of
        the worst share p is.
    a_ahead : bool or None
        Whether it is a; None where neither is told to be ahead.
    low, high : float or None
        The two levels.
    """

    order: int
    a_ahead: bool | None = None
    low: float | None = None
    high: float | None = None

    def covers(self, low: float, high: float) -> bool:
        """Whether dominance is claimed at least between two levels."""
        return (
            self.low is not None and self.high is not None and self.low <= low <= high <= self.high
        )


def first_order_range(x: Worldly, y: Worldly, groups: int = 0) -> Dominance:
    """Return between which levels the quantiles of x, or of y, are told to be higher.

    At a threshold t the two distribution functions differ by the share of worlds with y <= t < x
    less that with x <= t < y: a paired sign test. F_x <= F_y from t_1 to t_2 means that quantiles of
    x are at least those of y at levels from F_y(t_1) to F_x(t_2).

    Parameters
    ----------
    x, y : array_like, shape (n,)
        The same worlds for both.
    groups : int
        0: the worlds are independent. Else that many equal contiguous groups, independent of each
        other and not within: levels must be told apart by their means too.
    """
    x, y = _pair(x, y)
    tried = _thresholds(x, y, _TRIED_FIRST)
    below_x, below_y = (np.searchsorted(v.ordered, tried, "right") for v in (x, y))
    both = np.searchsorted(x.beside(y).larger.ordered, tried, "right")
    score = _signed_score(below_y - both, below_x - both)
    if groups:
        gap = [
            np.searchsorted(b, tried, "right") - np.searchsorted(a, tried, "right")
            for a, b in _sorted_groups(x, y, groups)
        ]
        score = _nearer_zero(score, _group_score(np.array(gap, dtype=np.float64)))
    middle = tried.size // 2
    side = np.sign(score[middle]) * (abs(score[middle]) > TOLD_APART)
    if side == 0:
        return Dominance(1)
    told = side * score > TOLD_APART
    first = middle - _run(told[middle::-1]) + 1
    last = middle + _run(told[middle:]) - 1
    winner, loser = (below_x, below_y) if side > 0 else (below_y, below_x)
    low, high = loser[first] / x.worlds, winner[last] / x.worlds
    return _claimed(1, bool(side > 0), float(low), float(high))


def second_order_range(x: Worldly, y: Worldly, mean_side: int, groups: int = 0) -> Dominance:
    """Return from which level on the worst worlds of x, or of y, are told to be better in the mean.

    The mean shortfall below a threshold is compared from the largest threshold, where it is that
    of the means, down to the first at which the two cannot be told apart. Less shortfall of x below
    every t >= t_1 means a higher mean of the worst share p for every p >= F_y(t_1).

    Parameters
    ----------
    x, y : array_like, shape (n,)
        The same worlds for both.
    mean_side : int
        1 where the mean of x is told to be higher, -1 where that of y is, else 0.
    groups : int
        See `first_order_range`.
    """
    x, y = _pair(x, y)
    if mean_side == 0:
        return Dominance(2)
    loser = y if mean_side > 0 else x
    tried = _thresholds(x, y, _TRIED_SECOND)
    score = _shortfall_score(x, y, tried)
    if groups:
        gap = [_shortfall(b, tried) - _shortfall(a, tried) for a, b in _sorted_groups(x, y, groups)]
        score = _nearer_zero(score, _group_score(np.array(gap)))
    run = _run((mean_side * score > TOLD_APART)[::-1])
    low = np.searchsorted(loser.ordered, tried[-run], "right") / x.worlds if run else 1.0
    return _claimed(2, mean_side > 0, float(low), 1.0)


def _sorted_groups(x: Sample, y: Sample, groups: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the worlds of both in each group, sorted."""
    pairs = zip(x.values.reshape(groups, -1), y.values.reshape(groups, -1), strict=True)
    return ((np.sort(a), np.sort(b)) for a, b in pairs)


def _sums_below(ordered: FloatArray, tried: FloatArray, *values: FloatArray) -> list[FloatArray]:
    """Return, for each threshold, how many worlds lie at or below it, and the sums of their values."""
    count = np.searchsorted(ordered, tried, "right")
    sums = (np.concatenate([[0.0], np.cumsum(value)])[count] for value in values)
    return [count.astype(np.float64), *sums]


def _shortfall(ordered: FloatArray, tried: FloatArray) -> FloatArray:
    """Sum over worlds of what each falls short of each threshold."""
    count, first = _sums_below(ordered, tried, ordered)
    return count * tried - first


def _shortfall_score(x: Sample, y: Sample, tried: FloatArray) -> FloatArray:
    """Mean of (t - y)+ - (t - x)+ over its standard error at each threshold t.

    Squares are sums over the worlds below a threshold, cross terms over those with both below it;
    zero where fewer than `FEWEST_EVENTS` worlds fall short at all.
    """
    middle = float(np.median(tried))
    t = tried - middle
    own = [_sums_below(v.ordered - middle, t, v.ordered - middle, (v.ordered - middle) ** 2)
           for v in (x, y)]  # fmt: skip
    larger = x.beside(y).larger
    of_x, of_y = x.values[larger.order] - middle, y.values[larger.order] - middle
    shared = _sums_below(larger.ordered - middle, t, of_x + of_y, of_x * of_y)
    (count_x, first_x, _), (count_y, first_y, _) = own
    mean = (count_y * t - first_y - count_x * t + first_x) / x.worlds
    squares = [n * t**2 - 2.0 * t * first + second for n, first, second in own]
    cross = shared[0] * t**2 - t * shared[1] + shared[2]
    variance = np.maximum((sum(squares) - 2.0 * cross) / x.worlds - mean**2, 0.0)
    # Of two worlds side by side at least one falls short: all but those that neither does.
    known = (variance > 0.0) & (count_x + count_y - shared[0] >= FEWEST_EVENTS)
    error = np.sqrt(np.where(known, variance, 1.0) / x.worlds)
    return np.where(known, mean / error, 0.0)


def _thresholds(x: Sample, y: Sample, count: int) -> FloatArray:
    """Quantiles of both together at levels spread evenly in their log odds, increasing."""
    both = x.beside(y).both
    levels = 1.0 / (1.0 + np.exp(-np.linspace(-_OUTMOST, _OUTMOST, count)))
    return np.asarray(both[np.minimum((levels * both.size).astype(np.intp), both.size - 1)])


def _signed_score(ahead: npt.NDArray[np.integer], behind: npt.NDArray[np.integer]) -> FloatArray:
    """Return the normal score of a paired sign test, with the correction for whole numbers."""
    gap = ahead - behind
    size = np.maximum(np.abs(gap) - 1.0, 0.0) / np.sqrt(np.maximum(ahead + behind, 1.0))
    return np.asarray(np.sign(gap) * size)


def _group_score(sums: FloatArray) -> FloatArray:
    """Mean over its standard error from groups, (groups, k) to (k,), on the scale of a normal."""
    from scipy.special import ndtr, ndtri, stdtr

    groups = sums.shape[0]
    if groups < 2:
        return np.zeros(sums.shape[1])
    error = sums.std(axis=0, ddof=1) / math.sqrt(groups)
    mean = sums.mean(axis=0)
    ratio = np.divide(np.abs(mean), error, out=np.full(error.size, np.inf), where=error > 0.0)
    # Student's t with few groups has longer tails.
    beyond = np.maximum(stdtr(groups - 1, -ratio), ndtr(-30.0))
    return np.asarray(np.sign(mean) * -ndtri(beyond))


def _nearer_zero(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.where(a * b > 0.0, np.where(np.abs(a) < np.abs(b), a, b), 0.0)


def _run(told: npt.NDArray[np.bool_]) -> int:
    """Return how many are true before the first that is not."""
    return int(told.size if told.all() else np.argmin(told))


def _claimed(order: int, a_ahead: bool, low: float, high: float) -> Dominance:
    """Move both ends inwards to levels that people quote; nothing is left of a narrow range."""
    lowest = next(level for level in _LEVELS if level >= low)
    highest = max((level for level in _LEVELS if level <= high), default=0.0)
    if not lowest < highest:
        return Dominance(order)
    return Dominance(order, a_ahead, lowest, highest)


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
    beside = x.beside(y)
    step = np.full(2 * n, -1)
    step[beside.place_x] = 1
    excess = np.cumsum(step)[:-1]  # n (F_x - F_y) on each interval
    width = np.diff(beside.both)

    def area(weight: FloatArray) -> FloatArray:
        below = np.concatenate([[0.0], np.cumsum(weight * width)])
        return y.in_place(below[beside.place_y]) - x.in_place(below[beside.place_x])

    areas = area((excess > 0).astype(np.float64)), area(np.sign(excess) * 1.0)
    return _violation(*areas, x.tail & y.tail)


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

    areas = area((behind > 0).astype(np.float64)), area(np.sign(behind))
    return _violation(*areas, x.tail & y.tail)


def _integrated(x: Sample, weight: FloatArray) -> FloatArray:
    """Contribution of each world to int weight(p) L(p) dp, shape (n,).

    L(p) = mean over worlds of p q - max(q - x, 0), with q the quantile at p.
    """
    n = x.worlds
    level = np.arange(1, n + 1) / n
    above = np.cumsum((weight * x.ordered)[::-1])[::-1] - x.ordered * np.cumsum(weight[::-1])[::-1]
    return x.in_place(((weight * level * x.ordered).sum() - above) / n)


def _violation(against: FloatArray, total: FloatArray, tail: Tail) -> Estimate:
    """Ratio of two areas, without an error where it is 0 or 1 in every part of the sample."""
    share = ratio_of_means(Sample(against, tail), Sample(total, tail))
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
