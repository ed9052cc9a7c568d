"""The measures as array functions: worlds on the last axis in, an `Estimate` out.

Signs are those of the variable itself: larger is better, and nothing is flipped into a positive
"value at risk". Inputs must be finite; `evaluate.py` leaves out worlds that are not.
"""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from .estimate import (
    BoolArray,
    Estimate,
    FloatArray,
    Known,
    Measurer,
    Sample,
    Worldly,
    as_sample,
    both_known,
    column,
    divide,
)

NORMAL = NormalDist()
NONE_BELOW = "no world below the threshold"


def mean(x: Worldly) -> Estimate:
    """Mean over the worlds; influence x - mean.

    Parameters
    ----------
    x : array_like, shape (..., n)
        One number per world.
    """
    x = as_sample(x)
    return _judged(Estimate(x.mean, x.values - column(x.mean)), x.tail.mean, x)


def standard_deviation(x: Worldly) -> Estimate:
    """Deviation s from the mean (divisor n - 1); influence ((x - mean)^2 - s^2) / (2 s).

    Parameters
    ----------
    x : array_like, shape (..., n)
        One number per world.
    """
    x = as_sample(x)
    if x.worlds < 2:
        return _missing(x, "one world has no spread")
    squares = (x.values - column(x.mean)) ** 2
    value = np.sqrt(squares.sum(axis=-1) / (x.worlds - 1))
    # worlds that all agree have deviation 0 with certainty: influence 0, not 0 / 0
    influence = np.where(
        column(value) > 0,
        divide(squares - squares.mean(axis=-1, keepdims=True), 2 * column(value)),
        0.0,
    )
    # Squares of a law that has a variance may still outrun the worlds: the sample decides then.
    return _judged(Estimate(value, influence), False if x.tail.sd is False else None, x)


def quantile(x: Worldly, p: float) -> Estimate:
    """Quantile at level p; influence (p - 1{x <= q}) / f(q).

    The value interpolates the order statistics linearly (type 7 of Hyndman & Fan 1996). 1 / f(q)
    is the slope of the quantile function between the levels p - h and p + h (Siddiqui 1960) with
    the half-width h of Hall & Sheather (1988) for 95 % intervals. Where the worlds tie around q (an
    atom), the slope and with it the error are 0: the quantile is that value.

    Parameters
    ----------
    x : array_like, shape (..., n)
        One number per world.
    p : float
        Level, between 0 and 1, both excluded.
    """
    if not 0 < p < 1:
        raise ValueError(f"the level of a quantile lies between 0 and 1 (got {p})")
    x = as_sample(x)
    half_width = _hall_sheather(p, x.worlds)
    low, high = max(p - half_width, 0.0), min(p + half_width, 1.0)
    slope = (_at_level(x.ordered, high) - _at_level(x.ordered, low)) / (high - low)
    value = _at_level(x.ordered, p)
    below = x.values <= column(value)
    influence = column(slope) * (below.mean(axis=-1, keepdims=True) - below)
    return Estimate(value, influence, "bounded", has_error=True)


def median(x: Worldly) -> Estimate:
    """Quantile at level 1/2, see `quantile`."""
    return quantile(x, 0.5)


def expected_shortfall(x: Worldly, p: float = 0.05) -> Estimate:
    """Mean of the worst share p of the worlds.

    With q the smallest order statistic that has at least n p worlds at or below it, the value is
    q + mean(min(x - q, 0)) / p: the boundary world counts for the fraction of it that is needed
    (Rockafellar & Uryasev 2002, Prop. 8). Influence: min(x - q, 0) / p + q - value.

    Parameters
    ----------
    x : array_like, shape (..., n)
        One number per world.
    p : float
        Share of worlds, above 0 and at most 1.
    """
    x = as_sample(x)
    q = x.ordered[..., _worlds_in_tail(x.worlds, p) - 1]
    shortfall = _mean_of(np.minimum(x.values - column(q), 0.0) / p + column(q))
    return _judged(shortfall, x.tail.lower, x)


def upside(x: Worldly, p: float = 0.05) -> Estimate:
    """Mean of the best share p of the worlds, the mirror of `expected_shortfall`."""
    x = as_sample(x)
    q = x.ordered[..., -_worlds_in_tail(x.worlds, p)]
    gain = _mean_of(np.maximum(x.values - column(q), 0.0) / p + column(q))
    return _judged(gain, x.tail.mean, x)


def semi_deviation(x: Worldly, threshold: float = 0.0) -> Estimate:
    """Root mean square of what falls short of the threshold, over all worlds.

    S = sqrt(mean(min(x - threshold, 0)^2)); influence (min(x - threshold, 0)^2 - S^2) / (2 S).
    Without a world below the threshold S is 0 and its error unknown.

    Parameters
    ----------
    x : array_like, shape (..., n)
        One number per world.
    threshold : float
        In units of x.
    """
    x = as_sample(x)
    variance = _mean_of(np.minimum(x.values - threshold, 0.0) ** 2)
    value = np.sqrt(variance.value)
    influence = divide(variance.influence, 2 * column(value))
    return _judged(Estimate(value, influence, reason=NONE_BELOW), x.tail.lower, x)


def sortino_ratio(x: Worldly, threshold: float = 0.0) -> Estimate:
    """(mean - threshold) / semi-deviation (Sortino & Price 1994), by the chain rule."""
    x = as_sample(x)
    gain, risk = mean(x), semi_deviation(x, threshold)
    value = divide(gain.value - threshold, risk.value)
    influence = divide(
        gain.influence - column(value) * risk.influence, column(np.asarray(risk.value))
    )
    known = both_known(x.tail.mean, x.tail.lower)
    return _judged(Estimate(value, influence, reason=NONE_BELOW), known, x)


def omega_ratio(x: Worldly, threshold: float = 0.0) -> Estimate:
    """Mean gain above the threshold / mean shortfall below it (Keating & Shadwick 2002)."""
    x = as_sample(x)
    excess = x.values - threshold
    ratio = ratio_of_means(np.maximum(excess, 0.0), np.maximum(-excess, 0.0))
    known = both_known(x.tail.mean, x.tail.lower)
    return _judged(Estimate(ratio.value, ratio.influence, reason=NONE_BELOW), known, x)


def certainty_equivalent(x: Worldly, risk_tolerance: float) -> Estimate:
    """Sure amount worth as much as x under exponential utility (Pratt 1964).

    C = -R log(mean(exp(-x / R))); influence R (1 - exp(-x / R) / mean(exp(-x / R))). The risk
    tolerance R is about the largest amount that the decision maker would stake on an even chance
    of winning R or losing R / 2 (Howard 1988).

    Parameters
    ----------
    x : array_like, shape (..., n)
        Profit per world, money.
    risk_tolerance : float
        R, money, positive; NaN gives a missing value.
    """
    x = as_sample(x)
    if np.isnan(risk_tolerance):
        return _missing(x, "no risk tolerance: give an amount of money")
    if risk_tolerance <= 0:
        raise ValueError(
            f"risk tolerance must be a positive amount of money (got {risk_tolerance})"
        )
    # the worst world is taken out of the exponent, so that none overflows
    worst = x.values.min(axis=-1, keepdims=True)
    disutility = np.exp((worst - x.values) / risk_tolerance)
    average = disutility.mean(axis=-1, keepdims=True)
    value = (worst - risk_tolerance * np.log(average))[..., 0]
    return Estimate(value, risk_tolerance * (1 - disutility / average))


def ratio_of_means(x: Worldly, y: Worldly, scale: float = 1.0) -> Estimate:
    """Ratio r = mean(x) / mean(y), times scale; influence (x - r y) / mean(y) (delta method).

    Parameters
    ----------
    x, y : array_like, shape (..., n)
        Numerator and denominator of the same worlds.
    scale : float
        Factor, such as 1,000 for a cost per thousand.
    """
    x, y = as_sample(x), as_sample(y)
    ratio = divide(x.mean, y.mean)
    influence = divide(scale * (x.values - column(ratio) * y.values), column(y.mean))
    estimate = Estimate(
        np.asarray(scale * ratio), influence, reason="the denominator is 0 in every world"
    )
    return _judged(estimate, both_known(x.tail.mean, y.tail.mean), x, y)


def probability_below(x: Worldly, threshold: float = 0.0) -> Estimate:
    """Share of worlds with x < threshold."""
    return _share(as_sample(x).values < threshold)


def probability_at_least(x: Worldly, threshold: float) -> Estimate:
    """Share of worlds with x >= threshold."""
    return _share(as_sample(x).values >= threshold)


def probability_greater(x: Worldly, y: Worldly) -> Estimate:
    """Share of worlds with x > y, paired; a tie counts half to each side."""
    x, y = as_sample(x).values, as_sample(y).values
    return _share(0.5 * ((x > y).astype(np.float64) + (x >= y)))


def probability_tied(x: Worldly, y: Worldly) -> Estimate:
    """Share of worlds with x = y."""
    return _share(as_sample(x).values == as_sample(y).values)


def probability_both_below(x: Worldly, y: Worldly, threshold: float = 0.0) -> Estimate:
    """Share of worlds in which both x and y lie below the threshold."""
    return _share((as_sample(x).values < threshold) & (as_sample(y).values < threshold))


def gap(x: Worldly, y: Worldly, of: Measurer) -> Estimate:
    """Measure `of` x minus the same measure of y, with the error of paired worlds."""
    return of(x) - of(y)


def gap_of_ratios(
    x: Worldly, y: Worldly, other_x: Worldly, other_y: Worldly, scale: float = 1.0
) -> Estimate:
    """Ratio of means of one portfolio minus that of another, paired; see `ratio_of_means`."""
    return ratio_of_means(x, y, scale) - ratio_of_means(other_x, other_y, scale)


def log_of_ratios(x: Worldly, y: Worldly, other_x: Worldly, other_y: Worldly) -> Estimate:
    """Logarithm of one ratio of means over another: log(mean x / mean y) - log(the other's).

    Logs of factors add up where factors multiply, errors included. Influence of one log ratio
    (delta method): x / mean x - y / mean y.

    Parameters
    ----------
    x, y, other_x, other_y : array_like, shape (n,)
        Numerators and denominators of two portfolios in the same worlds, none negative.
    """
    samples = [as_sample(one) for one in (x, y, other_x, other_y)]
    means = np.array([float(one.mean) for one in samples])
    if not (means > 0.0).all():
        return _missing(samples[0], "one of its means is 0")
    signs = (1.0, -1.0, -1.0, 1.0)
    parts = zip(signs, samples, means, strict=True)
    influence = sum(sign * (one.values / mean) for sign, one, mean in parts)
    value = np.asarray(np.dot(signs, np.log(means)))
    known: Known = True
    for one in samples:
        known = both_known(known, one.tail.mean)
    return _judged(Estimate(value, np.asarray(influence)), known, *samples)


def _mean_of(contribution: FloatArray) -> Estimate:
    """Measure that is the mean of one contribution per world."""
    value = np.asarray(contribution.mean(axis=-1))
    return Estimate(value, contribution - column(value))


def _share(happens: BoolArray | FloatArray) -> Estimate:
    """Share of worlds, from 0, 1/2 or 1 for each."""
    value = np.asarray(happens.mean(axis=-1))
    return Estimate(value, happens - column(value), "proportion", has_error=True)


def _judged(estimate: Estimate, known: Known, *samples: Sample) -> Estimate:
    """Return an estimate with what the laws say of its error, and which law speaks against it."""
    law = next((x.tail.why for x in samples if x.tail.why), "")
    return replace(estimate, has_error=known, law=law if known is False else "")


def _missing(x: Sample, reason: str) -> Estimate:
    """Estimate of something that does not exist."""
    return Estimate(
        np.full(x.values.shape[:-1], np.nan), np.full(x.values.shape, np.nan), reason=reason
    )


def _worlds_in_tail(n: int, p: float) -> int:
    """Fewest worlds that make up at least the share p, the boundary world included."""
    if not 0 < p <= 1:
        raise ValueError(f"the share of worlds lies between 0 and 1 (got {p})")
    # rounding may make it one more (140 x 0.05), whose contribution to the mean is then zero
    return math.ceil(n * p)


def _at_level(ordered: FloatArray, p: float) -> FloatArray:
    """Interpolate sorted worlds (..., n) at level p: type 7 of Hyndman & Fan 1996."""
    position = p * (ordered.shape[-1] - 1)
    lower = int(position)
    upper = min(lower + 1, ordered.shape[-1] - 1)
    low, high = ordered[..., lower], ordered[..., upper]
    return np.asarray(low + (position - lower) * (high - low))


def _hall_sheather(p: float, n: int) -> float:
    """Half-width in level for the slope of the quantile function (Hall & Sheather 1988).

    h = n^(-1/3) z^(2/3) (1.5 phi(x)^2 / (2 x^2 + 1))^(1/3), x the normal quantile of p and z that
    of a 95 % interval.
    """
    x, z = NORMAL.inv_cdf(p), NORMAL.inv_cdf(0.975)
    return float((z**2 * 1.5 * NORMAL.pdf(x) ** 2 / (2 * x**2 + 1) / n) ** (1 / 3))
