"""Arrays arranged for drawing: curves, dots and ranges. Nothing is estimated here but a density."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

POINTS = 240
"""Points of a curve: one for every two pixels of a chart."""


def defined(x: npt.ArrayLike) -> FloatArray:
    """Return the worlds in which x is finite, sorted, shape (n_defined,)."""
    values = np.asarray(x, dtype=np.float64).ravel()
    return np.sort(values[np.isfinite(values)])


def at(ordered: FloatArray, p: float) -> float:
    """Return the quantile at p of sorted values, between neighbours linearly."""
    position = p * (ordered.size - 1)
    low = math.floor(position)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low] + (position - low) * (ordered[high] - ordered[low]))


def density(
    positions: FloatArray, low: float, high: float, points: int = POINTS
) -> tuple[FloatArray, FloatArray]:
    """Return a smooth density between low and high.

    A histogram of fine bins, smoothed by a normal kernel whose bandwidth is Terrell's (1990) upper
    bound, 1.144 s n^(-1/5) with s = min(sd, interquartile range / 1.34): bumps that remain are in
    the sample and not made by a narrow kernel. Values outside the range count in
    the total, so that the area is the share of values inside it; what the kernel would carry across
    an end is reflected.

    Parameters
    ----------
    positions : ndarray, shape (n,)
        Sorted values, on the axis on which they are drawn.
    low, high : float
        Ends of the range.
    points : int
        Bins.

    Returns
    -------
    x, y : ndarray, shape (points,)
        Middles of the bins, and the density there.
    """
    edges = np.linspace(low, high, points + 1)
    width = (high - low) / points
    x = (edges[:-1] + edges[1:]) / 2
    if positions.size == 0:
        return x, np.zeros(points)
    cumulative = np.searchsorted(positions, edges, side="left").astype(np.float64)
    cumulative[-1] = np.searchsorted(positions, high, side="right")
    raw = np.diff(cumulative) / (positions.size * width)
    quartiles = (at(positions, 0.75) - at(positions, 0.25)) / 1.34
    spread = min(float(positions.std()), quartiles) or float(positions.std())
    bandwidth = max(1.144 * spread * positions.size**-0.2, width / 2)
    reach = min(max(1, math.ceil(4 * bandwidth / width)), points)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * width / bandwidth) ** 2)
    reflected = np.concatenate([raw[:reach][::-1], raw, raw[-reach:][::-1]])
    return x, np.convolve(reflected, kernel / kernel.sum(), mode="valid")


def exceedance(
    ordered: FloatArray, points: int = POINTS, extra: Iterable[float] = ()
) -> tuple[FloatArray, FloatArray]:
    """Return points of the curve p = P(X >= x), denser in the tails.

    Parameters
    ----------
    ordered : ndarray, shape (n,)
        Sorted values.
    points : int
        Most points taken from the sample.
    extra : iterable of float
        Values at which the curve must have a point.

    Returns
    -------
    x, p : ndarray
        Values in order, and the share of the sample at or above each. A value that many worlds
        share stands there twice, the second time with the share above it: there the curve drops.
    """
    n = ordered.size
    if n <= points:
        chosen = np.arange(n)
    else:
        level = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, points))
        chosen = np.unique(np.round(level * (n - 1)).astype(np.intp))
    x = np.unique(np.concatenate([ordered[chosen], np.asarray(list(extra), dtype=np.float64)]))
    reached = 1 - np.searchsorted(ordered, x, side="left") / n
    above = 1 - np.searchsorted(ordered, x, side="right") / n
    times = np.where(reached - above > 1 / points, 2, 1)
    p = np.repeat(reached, times)
    p[np.cumsum(times) - 1] = np.where(times == 2, above, reached)
    return np.repeat(x, times), p


def quantile_dots(ordered: FloatArray, dots: int = 50) -> FloatArray:
    """Return the quantiles at (i - 0.5) / dots: each stands for one world in `dots`.

    Fernandes, Walls, Munson, Hullman & Kay (2018).
    """
    return np.asarray([at(ordered, (k + 0.5) / dots) for k in range(dots)])


def stacks(
    positions: FloatArray, low: float, high: float, columns: int
) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Return the middle of the column and the height in it (0, 1, ...) of each dot.

    Parameters
    ----------
    positions : ndarray, shape (dots,)
        Sorted positions; outside the range they go to the first or last column.
    low, high : float
        Ends of the range.
    columns : int
        Columns that the range is divided into.
    """
    width = (high - low) / columns
    column = np.clip(np.floor((positions - low) / width), 0, columns - 1).astype(np.intp)
    heights = np.zeros(positions.size, dtype=np.intp)
    for k in np.unique(column):
        members = np.flatnonzero(column == k)
        heights[members] = np.arange(members.size)
    return np.asarray(low + (column + 0.5) * width, dtype=np.float64), heights


def spread_apart(wanted: npt.ArrayLike, gap: float, low: float, high: float) -> FloatArray:
    """Move labels along a line until neighbours are a gap apart, and keep them inside.

    Parameters
    ----------
    wanted : array_like, shape (k,)
        Where each label belongs.
    gap : float
        Least distance between two labels; smaller if they do not fit otherwise.
    low, high : float
        Ends of the line.

    Returns
    -------
    ndarray, shape (k,)
        In the order of `wanted`, which the positions keep.
    """
    places = np.asarray(wanted, dtype=np.float64)
    if places.size < 2:
        return np.clip(places, low, high)
    gap = min(gap, (high - low) / (places.size - 1))
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(places.size)
    # distances beyond the gaps must not decrease: pool neighbours that are too close
    blocks: list[tuple[float, int]] = []
    for value in places[order] - steps:
        mean, count = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, members = blocks.pop()
            mean = (mean * count + before * members) / (count + members)
            count += members
        blocks.append((mean, count))
    level = np.concatenate([np.full(count, mean) for mean, count in blocks])
    moved = np.empty_like(places)
    moved[order] = np.clip(level, low, high - steps[-1]) + steps
    return moved


def concentration(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the share that the best creators bring, in each world.

    Parameters
    ----------
    values : ndarray, shape (creators, worlds)
        What each creator brings, zero or more.

    Returns
    -------
    x : ndarray, shape (creators + 1,)
        Share of creators, best first, from 0 to 1.
    shares : ndarray, shape (creators + 1, worlds_kept)
        Their share of the total; worlds with a total of zero are left out.
    """
    total = values.sum(axis=0)
    kept = values[:, total > 0]
    best_first = np.sort(kept, axis=0)[::-1]
    shares = np.cumsum(best_first, axis=0) / total[total > 0]
    start = np.zeros((1, kept.shape[1]))
    return np.linspace(0, 1, values.shape[0] + 1), np.concatenate([start, shares])
