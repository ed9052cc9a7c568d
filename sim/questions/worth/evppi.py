"""What knowing something before choosing is worth: regression on worlds that have been drawn.

An option's value given what is known is a regression of its value on it (Strong, Oakley and
Brennan 2014). Choosing by that regression is a policy; here it is fitted on four fifths of the
worlds and judged on the fifth that it has not seen, in turn. What a policy earns more than the one
option that is best without knowing is the worth of knowing: no optimism from fitting noise, and by
the envelope theorem an error that needs no derivative of the fit. Fitting errors can only lose, so
the figure is on the low side, and scatters around zero for what is worth nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ...measures import Estimate
from ...measures import functions as f
from .smoothing import smoothing_spline

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FOLDS = 5
#: Quantile bins that a smoothing spline is fitted to, and worlds in a bin at least.
_BINS, _IN_BIN = 50, 20
#: Fewest bins that a spline is drawn through; between fewer, straight lines.
_FEWEST_BINS = 10
#: Knots of an additive term, as quantiles of the input.
_KNOTS = (0.02, 0.15, 0.35, 0.65, 0.85, 0.98)
#: Ridge relative to the mean diagonal: keeps twins among the inputs from cancelling each other.
_RIDGE = 1e-9


class Learner(Protocol):
    """Predicts what each option is worth in a world, from what is known of that world."""

    def foretell(self, part: slice, worth: Array) -> Array:
        """Return expected worth in a part of the worlds, learned on all others.

        Parameters
        ----------
        part : slice
            Worlds to judge.
        worth : ndarray, shape (options, n)
            Of all worlds; those of the part are not looked at.

        Returns
        -------
        ndarray, shape (options, worlds of the part)
        """
        ...


def policy(learner: Learner, worth: Array, folds: int = FOLDS) -> Ints:
    """Return the option that is best by what was learned on the other folds, shape (n,).

    Parameters
    ----------
    learner : Learner
        Knows what is known of each world before choosing.
    worth : ndarray, shape (options, n)
        What each option turns out to be worth.
    folds : int
        Contiguous parts of the worlds.
    """
    n = worth.shape[1]
    # Only differences decide; what options share would be noise.
    gain = worth - worth[0]
    edges = np.linspace(0, n, folds + 1).astype(int)
    parts = [slice(low, high) for low, high in pairwise(edges)]
    return np.concatenate([learner.foretell(part, gain).argmax(axis=0) for part in parts])


def worth_of_knowing(profit: Array, chosen: Ints, risk_tolerance: float = math.inf) -> Estimate:
    """Return what a policy earns beyond the best single option, in the unit of profit.

    Parameters
    ----------
    profit : ndarray, shape (options, n)
        Profit of each option in each world.
    chosen : ndarray, shape (n,)
        Option that the policy takes.
    risk_tolerance : float
        Certainty equivalents under exponential utility instead of means, where finite; what one
        would then pay at most for knowing.
    """
    value = valuation(risk_tolerance)
    best = profit[best_option(profit, risk_tolerance)]
    taken = np.take_along_axis(profit, chosen[None], axis=0)[0]
    # The mean of a difference is judged by its own tail, not by those of two large amounts.
    return f.mean(taken - best) if math.isinf(risk_tolerance) else value(taken) - value(best)


def valuation(risk_tolerance: float) -> Callable[[Array], Estimate]:
    """Return the function from profits over worlds to the sure amount worth as much, all USD."""
    if math.isinf(risk_tolerance):
        return f.mean
    return lambda x: f.certainty_equivalent(x, risk_tolerance)


def utilities(profit: Array, risk_tolerance: float) -> Array:
    """Return what a policy has to maximise in expectation: profit, or its exponential utility."""
    if math.isinf(risk_tolerance):
        return profit
    return np.asarray(-np.expm1((profit.min() - profit) / risk_tolerance))


def best_option(profit: Array, risk_tolerance: float = math.inf) -> int:
    """Return the option to take without knowing anything."""
    value = valuation(risk_tolerance)
    return int(np.argmax([float(value(row).value) for row in profit]))


# --- Learners -------------------------------------------------------------------------------------


class Smoothing:
    """One input: a smoothing spline through quantile bins, its penalty by cross-validation.

    Means of bins, weighted by their precision, go through `smoothing_spline`; constant beyond the
    outermost bins.

    Parameters
    ----------
    x : ndarray, shape (n,)
        What is known of each world.
    """

    def __init__(self, x: Array) -> None:
        n = len(x)
        self._bins = max(min(_BINS, n // _IN_BIN), 5)
        order = np.argsort(x, kind="stable")
        self._rank = np.empty(n, dtype=np.int64)
        self._rank[order] = np.arange(n) * self._bins // n
        self._x = x
        centre = np.bincount(self._rank, x, self._bins) / np.bincount(self._rank)
        # Inputs that take few values fill several bins with one value.
        self._centre, self._rank = _distinct(centre, self._rank)

    def foretell(self, part: slice, worth: Array) -> Array:
        """See `Learner.foretell`."""
        size = self._sums(part, np.ones(worth.shape[1]))
        # A value that only the judged worlds take has taught nothing.
        seen = size > 0.0
        size, centre = size[seen], self._centre[seen]
        result = np.zeros((len(worth), part.stop - part.start))
        here = np.clip(self._x[part], centre[0], centre[-1])
        for p, row in enumerate(worth):
            mean = self._sums(part, row)[seen] / size
            spread = self._sums(part, row**2)[seen] / size - mean**2
            if not row.any():
                continue
            if len(mean) < _FEWEST_BINS:
                result[p] = np.interp(here, centre, mean)
            else:
                weight = size / np.maximum(spread, max(spread.mean() * 1e-3, 1e-300))
                weight /= weight.mean()
                result[p] = _smooth(centre, mean, weight, here)
        return result

    def _sums(self, part: slice, row: Array) -> Array:
        bins = len(self._centre)
        inside = np.bincount(self._rank[part], row[part], bins)
        return np.asarray(np.bincount(self._rank, row, bins) - inside)


def _smooth(x: Array, y: Array, weight: Array, at: Array) -> Array:
    """Return a smoothing spline at some places; a line where it has no finite values."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        curve = smoothing_spline(x, y, weight)(at)
    if np.isfinite(curve).all():
        return curve
    # What is all but straight: a line is the limit of the penalty.
    return np.asarray(np.polyval(np.polyfit(x, y, 1, w=np.sqrt(weight)), at))


def _distinct(centre: Array, rank: Ints) -> tuple[Array, Ints]:
    new: npt.NDArray[np.bool_] = np.diff(centre, prepend=-np.inf) > 0.0
    return centre[new], (np.cumsum(new) - 1)[rank]


class Additive:
    """Several inputs: a sum of natural cubic splines, one for each, by least squares.

    Parameters
    ----------
    x : ndarray, shape (inputs, n)
        What is known of each world.
    """

    def __init__(self, x: Array) -> None:
        self._design = _design(x, np.quantile(x, _KNOTS, axis=1).T)
        self._gram = self._design @ self._design.T

    def foretell(self, part: slice, worth: Array) -> Array:
        """See `Learner.foretell`."""
        here = self._design[:, part]
        return np.asarray(self._coefficients(part, worth).T @ here)

    def everywhere(self, part: slice, worth: Array) -> Array:
        """Return expected worth in all worlds, learned outside the part."""
        return np.asarray(self._coefficients(part, worth).T @ self._design)

    def _coefficients(self, part: slice, worth: Array) -> Array:
        here = self._design[:, part]
        gram = self._gram - here @ here.T
        gram[np.diag_indices_from(gram)] += _RIDGE * np.trace(gram) / len(gram)
        right = self._design @ worth.T - here @ worth[:, part].T
        return np.asarray(np.linalg.solve(gram, right))


class Multiplied:
    """Several inputs, for worth made of products: contribution and cost of each option.

    Products of rates add up in the logarithm. The log of each part is an additive fit of the
    inputs; the exponentials are the inputs of an additive fit of the worth itself, which sets the
    level right whatever the residuals are.

    Parameters
    ----------
    x : ndarray, shape (inputs, n)
        What is known of each world.
    parts : ndarray, shape (parts, n)
        Positive parts of the options' worth.
    """

    def __init__(self, x: Array, parts: Array) -> None:
        self._inner = Additive(x)
        self._logs = np.log(parts)

    def foretell(self, part: slice, worth: Array) -> Array:
        """See `Learner.foretell`."""
        foretold = np.exp(self._inner.everywhere(part, self._logs))
        return Additive(foretold).foretell(part, worth)


def _design(x: Array, knots: Array) -> Array:
    """Return the basis of natural cubic splines (Hastie et al. 2009, equations 5.4 and 5.5).

    Parameters
    ----------
    x : ndarray, shape (inputs, n)
        Inputs.
    knots : ndarray, shape (inputs, K)
        Increasing.

    Returns
    -------
    ndarray, shape (1 + inputs (K - 1), n)
        The constant, then for each input x itself and K - 2 bends.
    """
    rows = [np.ones(x.shape[1])]
    for value, knot in zip(x, knots, strict=True):
        scale = knot[-1] - knot[0]
        if not scale > 0.0:
            continue
        t = (value - knot[0]) / scale
        k = (knot - knot[0]) / scale
        rows.append(t)
        last = _cubed(t - k[-1])
        ends = [(_cubed(t - left) - last) / (k[-1] - left) for left in k[:-1] if left < k[-1]]
        rows += [end - ends[-1] for end in ends[:-1]]
    return np.array(rows)


def _cubed(t: Array) -> Array:
    positive = np.maximum(t, 0.0)
    return positive * positive * positive
