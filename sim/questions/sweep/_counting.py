"""Compiled passes over worlds for many price points: sums, shares of worlds, order statistics.

In each world the cost of a portfolio is ``sum_r coefficient[r] * quantity[r]``; ROI is
``(contribution - cost) / cost``. Nothing of size points x worlds is stored.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...engine.jit import compiled, part

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Rows of `tally` for each portfolio, and for the pair; squares follow what they are of.
ROI, LOSS = 0, 2
BEATS, GAP = 0, 2

#: Buckets of a float: sign, exponents -32 to 31, seven bits of the mantissa.
_PER_SIGN = 64 * 128
BUCKETS = 2 * _PER_SIGN


@compiled
def tally(
    coefficients: Array,
    quantities: Array,
    contributions: Array,
    pair: Ints,
    of_portfolio: Array,
    of_pair: Array,
) -> None:
    """Add the worlds of one group to running sums, all points at once.

    Every cost must be positive. Points are the inner loops, each of one plain statement, so that
    they vectorise without reordering any sum.

    Parameters
    ----------
    coefficients
        Shape (portfolios, R, points).
    quantities
        Shape (portfolios, R, worlds).
    contributions
        Shape (portfolios, worlds).
    pair
        Two portfolios to compare, shape (2,), or shape (0,).
    of_portfolio
        Shape (portfolios, 3, points): sums of ROI, its square, and losses.
    of_pair
        Shape (4, points): sums of wins of the first (a tie counts half), their squares, ROI
        differences and their squares.
    """
    portfolios, terms, points = coefficients.shape
    roi = np.empty((portfolios, points))
    for w in range(contributions.shape[1]):
        for f in range(portfolios):
            row = roi[f]
            value = contributions[f, w]
            quantity = quantities[f, 0, w]
            coefficient = coefficients[f, 0]
            for p in range(points):
                row[p] = coefficient[p] * quantity
            for r in range(1, terms):
                quantity = quantities[f, r, w]
                if quantity != 0.0:
                    coefficient = coefficients[f, r]
                    for p in range(points):
                        row[p] += coefficient[p] * quantity
            losses = of_portfolio[f, 2]
            for p in range(points):
                losses[p] += 1.0 if value < row[p] else 0.0
            for p in range(points):
                row[p] = (value - row[p]) / row[p]
            sums = of_portfolio[f, 0]
            for p in range(points):
                sums[p] += row[p]
            squares = of_portfolio[f, 1]
            for p in range(points):
                squares[p] += row[p] * row[p]
        if pair.shape[0] == 2:
            first, second = roi[pair[0]], roi[pair[1]]
            wins, wins_squared = of_pair[0], of_pair[1]
            for p in range(points):
                gap = first[p] - second[p]
                win = 1.0 if gap > 0.0 else (0.5 if gap == 0.0 else 0.0)
                wins[p] += win
                wins_squared[p] += win * win
            gaps, gaps_squared = of_pair[2], of_pair[3]
            for p in range(points):
                gap = first[p] - second[p]
                gaps[p] += gap
                gaps_squared[p] += gap * gap


@compiled
def point_rows(
    coefficients: Array, quantities: Array, contribution: Array, profit: Array, roi: Array
) -> None:
    """Fill profit and ROI of one portfolio at one point.

    Parameters
    ----------
    coefficients
        Shape (R,).
    quantities
        Shape (R, worlds).
    contribution, profit, roi
        Shape (worlds,).
    """
    worlds = contribution.shape[0]
    for w in range(worlds):
        roi[w] = coefficients[0] * quantities[0, w]
    for r in range(1, coefficients.shape[0]):
        coefficient = coefficients[r]
        for w in range(worlds):
            roi[w] += coefficient * quantities[r, w]
    for w in range(worlds):
        profit[w] = contribution[w] - roi[w]
        roi[w] = profit[w] / roi[w]


@part
def sort_between(x: Array, first: int, last: int) -> None:
    """Sort the numbers of an array from one place up to another, by Shell's method (1959)."""
    gap = last - first
    while gap > 1:
        gap = max(gap * 4 // 9, 1)
        for i in range(first + gap, last):
            this, at = x[i], i
            while at >= first + gap and x[at - gap] > this:
                x[at] = x[at - gap]
                at -= gap
            x[at] = this


@compiled
def order_statistics(x: Array, ranks: Ints, statistics: Array) -> None:
    """Find some order statistics without sorting: a radix selection on sign, exponent, mantissa.

    Parameters
    ----------
    x
        Finite numbers, shape (n,).
    ranks
        Ranks wanted, counted from zero, not decreasing.
    statistics
        Filled with the order statistics, one for each rank.
    """
    n = x.shape[0]
    bits = x.view(np.int64)
    counts = np.zeros(BUCKETS, dtype=np.int32)
    bucket = np.empty(n, dtype=np.int16)
    for i in range(n):
        b = bits[i]
        # Exponents from -32 to 31 with seven bits of the mantissa; beyond, the outermost bucket.
        place = ((b & np.int64(0x7FFFFFFFFFFFFFFF)) >> np.int64(45)) - np.int64((1023 - 32) * 128)
        place = min(max(place, np.int64(0)), np.int64(_PER_SIGN - 1))
        place = np.int64(_PER_SIGN - 1) - place if b < 0 else np.int64(_PER_SIGN) + place
        counts[place] += 1
        bucket[i] = np.int16(place)
    # Mark the buckets that hold a wanted rank.
    wanted = np.zeros(BUCKETS, dtype=np.bool_)
    start = np.zeros(BUCKETS, dtype=np.int64)
    free = np.empty(BUCKETS, dtype=np.int64)
    before, k, size = 0, 0, 0
    for place in range(BUCKETS):
        start[place] = before
        after = before + counts[place]
        while k < ranks.shape[0] and ranks[k] < after:
            if not wanted[place]:
                wanted[place] = True
                free[place] = size
                size += counts[place]
            k += 1
        before = after
    inside = np.empty(size)
    for i in range(n):
        if wanted[bucket[i]]:
            inside[free[bucket[i]]] = x[i]
            free[bucket[i]] += 1
    # Marked buckets stand in order, and each is put in order: a rank is what its bucket skips behind.
    k, skipped, place = 0, 0, 0
    for place in range(BUCKETS):
        if not wanted[place]:
            skipped += counts[place]
            continue
        after = start[place] + counts[place]
        sort_between(inside, free[place] - counts[place], free[place])
        while k < ranks.shape[0] and ranks[k] < after:
            statistics[k] = inside[ranks[k] - skipped]
            k += 1


@compiled
def below(x: Array, levels: Array, groups: int, counts: Array, tail: Array) -> None:
    """Count worlds at or below some levels, and add up what falls short of the first, by group.

    Parameters
    ----------
    x
        Shape (n,).
    levels
        Shape (m,).
    groups
        Equal contiguous groups of worlds.
    counts
        Filled, shape (m, groups): worlds with x <= level.
    tail
        Filled, shape (2, groups): sums of min(x - levels[0], 0) and of its square.
    """
    size = x.shape[0] // groups
    for g in range(groups):
        part = x[g * size : (g + 1) * size]
        for m in range(levels.shape[0]):
            level, count = levels[m], 0
            for i in range(size):
                count += 1 if part[i] <= level else 0
            counts[m, g] = count
        total, squares, level = 0.0, 0.0, levels[0]
        for i in range(size):
            if part[i] < level:
                short = part[i] - level
                total += short
                squares += short * short
        tail[0, g], tail[1, g] = total, squares
