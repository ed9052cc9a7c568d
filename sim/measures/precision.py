"""From the influence of each world to a standard error, or to the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .estimate import Estimate, FloatArray

HEAVY_TAIL = 0.5
"""Pareto shape from which a variance, and with it a standard error, does not exist."""

DOUBTFUL_TAIL = 0.4
"""Pareto shape from which the tail is drawn anew from its fit."""

_REDRAWN = 400
"""Samples whose tail is drawn anew."""

SMALLEST_TAIL = 5
"""Fewest worlds in a tail to which a Pareto shape is fitted (Vehtari et al. 2024)."""


FEWEST_EVENTS = 30
"""Fewest worlds out of the ordinary on which the error of a rare event's mean can rest."""


@dataclass(frozen=True)
class Precision:
    """Standard error of a measure.

    Attributes
    ----------
    se : ndarray, shape (...)
        Monte Carlo standard error; NaN where there is none.
    khat : ndarray, shape (...)
        Pareto shape of the heavier tail of the influence; NaN where the influence is bounded or
        the worlds are too few to judge, or its laws are known.
    """

    se: FloatArray
    khat: FloatArray


def standard_error(estimate: Estimate, *, groups: int = 0, clustered: bool = False) -> Precision:
    """Monte Carlo standard error from the influence of the worlds.

    Independent worlds: sd(influence) / sqrt(n). Groups: the sd of the G group means / sqrt(G).
    A share that no world, or every world, shows gets half the exact 95 % limit, (1 - 0.05^(1/m))
    / 2 with m independent worlds, so that two errors from the value is the rule of three, 3 / m
    (Hanley & Lippman-Hand 1983).

    Whether an open influence has a variance that the worlds can show is for the laws behind it to
    say (`Estimate.has_error`). Where nobody stated them, the Pareto shape of the sample decides:
    above 0.5 there is no standard error; above 0.4 it is that of samples whose tail is drawn anew
    from the fitted Pareto law, where that is larger.

    Parameters
    ----------
    estimate : Estimate
        A measure; leading axes allowed.
    groups : int
        0: the worlds are independent. Else that many equal contiguous groups, independent of each
        other and not within.
    clustered : bool
        Worlds of one group resemble each other (two levels), so that a share of 0 or 1 is judged
        by the number of groups; otherwise (stratified) by that of worlds.
    """
    units = groups or estimate.worlds
    if estimate.worlds % units:
        raise ValueError(f"{estimate.worlds} worlds do not divide into {groups} equal groups")
    khat = np.full(estimate.value.shape, np.nan)
    if units < 2:
        return Precision(np.full(estimate.value.shape, np.nan), khat)
    shape = (*estimate.influence.shape[:-1], units, estimate.worlds // units)
    means = estimate.influence.reshape(shape).mean(axis=-1) if groups else estimate.influence
    se = np.asarray(means.std(axis=-1, ddof=1) / np.sqrt(units))
    if estimate.kind == "open":
        if estimate.has_error is None:
            khat = heavier_tail_shape(estimate.influence)
            se = np.where(khat > HEAVY_TAIL, np.nan, se)
            for row in np.ndindex(khat.shape):
                if DOUBTFUL_TAIL < khat[row] <= HEAVY_TAIL:
                    se[row] *= max(redrawn_tail(estimate.influence[row]), 1.0)
        elif not estimate.has_error:
            se = np.full(estimate.value.shape, np.nan)
        se = np.where(rare(estimate.influence), np.nan, se)
    if estimate.kind == "proportion":
        unseen = (1 - 0.05 ** (1 / (units if clustered else estimate.worlds))) / 2
        se = np.where((estimate.value == 0) | (estimate.value == 1), unseen, se)
    return Precision(se, khat)


def redrawn_tail(x: FloatArray) -> float:
    """Error of a mean with a tail drawn anew from its fit, over that of the sample as it is.

    Both tails of `heavier_tail_shape` are replaced, in each of 400 samples, by as many draws of the
    generalised Pareto law fitted to them; the error is half the width of the central 68.27 % of the
    400 means, which exists whatever the shape.

    Parameters
    ----------
    x : ndarray, shape (n,)
        One number per world.
    """
    spread, n = float(x.std()), x.size
    if spread == 0.0:
        return 1.0
    random = np.random.default_rng(n)
    size = _tail_size(n)
    ordered = np.sort(x)
    middle = ordered[size : n - size]
    counts = random.multinomial(n, [size / n, 1 - 2 * size / n, size / n], _REDRAWN)
    means = counts[:, 1] * middle.mean()
    means = means + np.sqrt(counts[:, 1]) * middle.std() * random.standard_normal(_REDRAWN)
    ends = (ordered[size] - ordered[:size], -1.0), (ordered[-size:] - ordered[-size - 1], 1.0)
    for side, (beyond, sign) in zip((0, 2), ends, strict=True):
        edge = ordered[size] if side == 0 else ordered[-size - 1]
        shape, scale = pareto_fit(beyond)
        number = counts[:, side]
        total = np.add.reduceat(
            _pareto_draws(random.random(number.sum()), shape, scale),
            np.concatenate([[0], np.cumsum(number)[:-1]]),
        )
        means += number * edge + sign * total
    low, high = np.quantile(means / n, [0.15865, 0.84135])
    return float((high - low) / 2 / (spread / np.sqrt(n)))


def _pareto_draws(uniform: FloatArray, shape: float, scale: float) -> FloatArray:
    """Quantiles of a generalised Pareto law, from the chance to lie beyond."""
    if abs(shape) < 1e-9:
        return np.asarray(-scale * np.log(uniform))
    return np.asarray(scale / shape * (uniform**-shape - 1))


def rare(influence: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether so few worlds differ from the usual one that their spread is itself a matter of luck.

    A mean over worlds most of which show nothing rests on the few that do; with fewer than
    `FEWEST_EVENTS` of them intervals cover too seldom.

    Parameters
    ----------
    influence : ndarray, shape (..., n)
        One number per world.

    Returns
    -------
    ndarray of bool, shape (...)
        False where no world differs: then there is no spread at all.
    """
    fewest = min(FEWEST_EVENTS, influence.shape[-1] // 2)
    # Were it rare, most of any twice as many worlds would be usual: a look at the first settles
    # nearly every case.
    first = np.sort(influence[..., : 2 * fewest], axis=-1)
    if np.all(np.count_nonzero(first != first[..., fewest, np.newaxis], axis=-1) >= fewest):
        return np.zeros(influence.shape[:-1], dtype=bool)
    usual = np.median(influence, axis=-1, keepdims=True)
    unusual = np.count_nonzero(influence != usual, axis=-1)
    return np.asarray((unusual > 0) & (unusual < fewest))


def heavier_tail_shape(x: npt.ArrayLike) -> FloatArray:
    """Pareto shape of the heavier of the two tails of x.

    The tail is the min(0.2 n, 3 sqrt(n)) most extreme worlds on one side (Vehtari et al. 2024),
    measured from the next one inwards.

    Parameters
    ----------
    x : array_like, shape (..., n)
        One number per world.

    Returns
    -------
    ndarray, shape (...)
        NaN where a tail has fewer than five distinct-from-the-threshold worlds on both sides.
    """
    x = np.asarray(x, dtype=np.float64)
    n = x.shape[-1]
    size = _tail_size(n)
    shapes = np.full(x.shape[:-1], np.nan)
    if size < SMALLEST_TAIL:
        return shapes
    for row in np.ndindex(x.shape[:-1]):
        split = np.partition(x[row], (size, n - size - 1))
        lower = pareto_shape(split[size] - split[:size])
        upper = pareto_shape(split[n - size :] - split[n - size - 1])
        shapes[row] = np.fmax(lower, upper)
    return shapes


def _tail_size(n: int) -> int:
    """Worlds that make up a tail (Vehtari et al. 2024)."""
    return int(min(0.2 * n, 3 * np.sqrt(n)))


def pareto_shape(exceedances: FloatArray) -> float:
    """Shape k of a generalised Pareto distribution, positive for heavy tails; see `pareto_fit`."""
    return pareto_fit(exceedances)[0]


def pareto_fit(exceedances: FloatArray) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution.

    Profile-likelihood weights over a grid (Zhang & Stephens 2009, sign of k reversed), with the
    weak prior of Vehtari et al. (2024), worth ten exceedances at k = 0.5, on the shape.

    Parameters
    ----------
    exceedances : ndarray, shape (m,)
        Distances beyond the threshold; ties with the threshold (zeros) say nothing and are dropped.

    Returns
    -------
    shape, scale : float
        NaN for fewer than five exceedances.
    """
    y = np.sort(exceedances[exceedances > 0])
    m = y.size
    if m < SMALLEST_TAIL:
        return float("nan"), float("nan")
    largest = float(y[-1])
    y = y / largest  # the shape has no scale, and tiny ones would leave the range of floats
    points = 30 + int(np.sqrt(m))
    quartile = y[int(m / 4 + 0.5) - 1]
    grid = 1.0 + (1 - np.sqrt(points / (np.arange(points) + 0.5))) / (3 * quartile)
    grid = grid[grid != 0]
    k = np.log(1 - grid[:, np.newaxis] * y).mean(axis=-1)
    log_likelihood = m * (np.log(-grid / k) - k - 1)
    weights = np.exp(log_likelihood - log_likelihood.max())
    theta = float((grid * weights).sum() / weights.sum())
    shape = float(np.log(1 - theta * y).mean())
    scale = -shape / theta * largest if theta != 0.0 else float(y.mean()) * largest
    return (m * shape + 10 * 0.5) / (m + 10), scale
