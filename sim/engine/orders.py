"""Orders and order values of a line: one exact Poisson and one exact gamma draw per world.

Sums of independent Poisson counts are Poisson, and the total of N gamma order values of shape k is
gamma with shape N k, so no single order is ever drawn.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .jit import compiled, part
from .random import normal_score, philox, uniform

Array = npt.NDArray[np.float64]
U = np.uint64

# Words of the counter that tell the draws of a line's world apart.
_ORDERS, _VALUES, _KEPT = U(0), U(1), U(2)
_SMALL_MEAN = 12.0


@part
def poisson_not_above(n: float, mean: float, lower: bool) -> float:
    """P(N <= n) for `lower`, else P(N > n), summed from the term at n outwards."""
    term = math.exp(n * math.log(mean) - mean - math.lgamma(n + 1.0))
    total = 0.0
    if lower:
        k = n
        while term > 1e-17 * total and k >= 0.0:
            total += term
            term *= k / mean
            k -= 1.0
    else:
        k = n + 1.0
        term *= mean / k
        while term > 1e-17 * total:
            total += term
            k += 1.0
            term *= mean / k
    return total


@part
def poisson_quantile(p: float, upper: bool, mean: float) -> float:
    """Poisson quantile by inversion, exact: the smallest n with P(N <= n) at least the probability.

    Parameters
    ----------
    p
        Probability of the nearer tail, at most 1/2.
    upper
        Whether p is the probability above, else below.
    mean
        Poisson mean, not negative.

    Notes
    -----
    Small means add up probabilities from zero. Otherwise the expansion of Cornish and Fisher in
    the normal score (Giles 2016, ACM TOMS 42(1), equation 6, and one term more) gives a value whose
    integer part is the answer unless it lies within its error of an integer; there the distribution
    function decides.
    """
    if mean <= 0.0:
        return 0.0
    # Far up the tail, counting down from one would cancel: there the search below is exact.
    if mean < _SMALL_MEAN and not (upper and p < 1e-9):
        n, term = 0.0, math.exp(-mean)
        if not upper:
            total = term
            while total < p:
                n += 1.0
                term *= mean / n
                total += term
            return n
        left = 1.0 - term
        while left > p:
            n += 1.0
            term *= mean / n
            left -= term
            if n > mean + 1.0 and term < 1e-18:
                break
        return n
    w = -normal_score(p) if upper else normal_score(p)
    root = math.sqrt(mean)
    w2 = w * w
    x = (
        mean
        + root * w
        + (2.0 + w2) / 6.0
        - w * (2.0 + w2) / (72.0 * root)
        + (3.0 * w2 * w2 + 7.0 * w2 - 16.0) / (810.0 * mean)
    )
    size = abs(w)
    error = 0.04 * (1.0 + size + size * w2 / 2.0 + size * w2 * w2 / 40.0) / (mean * root)
    n = math.floor(x)
    if n + error < x < n + 1.0 - error and size < 3.5:
        return max(n, 0.0)
    n = max(math.floor(x - error), 0.0)
    if upper:
        while n > 0.0 and poisson_not_above(n - 1.0, mean, False) <= p:
            n -= 1.0
        while poisson_not_above(n, mean, False) > p:
            n += 1.0
    else:
        while n > 0.0 and poisson_not_above(n - 1.0, mean, True) >= p:
            n -= 1.0
        while poisson_not_above(n, mean, True) < p:
            n += 1.0
    return n


@part
def gamma_draw(shape: float, k0: np.uint64, k1: np.uint64, world: np.uint64) -> float:
    """Gamma variate of scale one (Marsaglia and Tsang 2000), attempts numbered in the counter."""
    boost = 1.0
    if shape < 1.0:
        a, _ = philox(world, _VALUES, U(0), U(1), k0, k1)
        boost = uniform(a) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    attempt = U(0)
    while True:
        a, b = philox(world, _VALUES, attempt, U(0), k0, k1)
        p = uniform(a)
        x = -normal_score(1.0 - p) if p > 0.5 else normal_score(p)
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if math.log(uniform(b)) < 0.5 * x * x + d - d * v + d * math.log(v):
                return boost * d * v
        attempt += U(1)


@part
def binomial_draw(n: float, q: float, k0: np.uint64, k1: np.uint64, world: np.uint64) -> float:
    """Binomial variate by inversion, searched from the mode (Kemp 1986), exact.

    The smallest number whose probability of not being passed is at least a uniform one: it never
    falls as n or q rise.

    Parameters
    ----------
    n, q
        Trials, and probability of each.
    k0, k1, world
        Key words of the line's stream, and world.
    """
    if q >= 1.0 or n <= 0.0:
        return n
    if q <= 0.0:
        return 0.0
    a, _ = philox(world, _KEPT, U(0), U(0), k0, k1)
    left, odds = uniform(a), q / (1.0 - q)
    mode = min(math.floor((n + 1.0) * q), n)
    log = math.lgamma(n + 1.0) - math.lgamma(mode + 1.0) - math.lgamma(n - mode + 1.0)
    here = math.exp(log + mode * math.log(q) + (n - mode) * math.log1p(-q))
    below, term, k = 0.0, here, mode
    while k > 0.0 and term > 1e-17 * below:
        term *= k / (odds * (n - k + 1.0))
        k -= 1.0
        below += term
    k, term = mode, here
    if left > below:
        below += term
        while below < left and k < n:
            term *= odds * (n - k) / (k + 1.0)
            k += 1.0
            if term < 1e-18:
                break
            below += term
        return k
    while k > 0.0:
        term *= k / (odds * (n - k + 1.0))
        k -= 1.0
        below -= term
        if below < left:
            break
    return k


@compiled
def draw_orders(
    key: tuple[np.uint64, np.uint64],
    world: np.uint64,
    expected: Array,
    shape: float,
    orders: Array,
    value: Array,
) -> None:
    """Draw orders and the sum of their values for a line in a block of worlds.

    Parameters
    ----------
    key
        Key words of the line's stream.
    world
        Index of the first world.
    expected
        Expected orders, shape (worlds,).
    shape
        Gamma shape of one order value: 1 / coefficient of variation squared.
    orders, value
        Filled: orders, and their total value in units of shape times the mean order value.
    """
    k0, k1 = key
    for i in range(expected.shape[0]):
        a, b = philox(world + U(i), _ORDERS, U(0), U(0), k0, k1)
        n = poisson_quantile(0.5 * uniform(a), (b & U(1)) == U(1), expected[i])
        orders[i] = n
        value[i] = gamma_draw(n * shape, k0, k1, world + U(i)) if n > 0.0 else 0.0


@compiled
def keep_orders(
    key: tuple[np.uint64, np.uint64],
    world: np.uint64,
    own: Array,
    kept: Array,
    shape: float,
    orders: Array,
    value: Array,
) -> None:
    """Thin orders that were drawn creator by creator, and draw the sum of their values.

    Parameters
    ----------
    own, kept
        Orders of all creators of the line, and the share that overlap and incidents leave: each
        order stays with that probability, so a Poisson number stays one. Shape (worlds,).
    key, world, shape, orders, value
        See `draw_orders`.
    """
    k0, k1 = key
    for i in range(own.shape[0]):
        n = binomial_draw(own[i], kept[i], k0, k1, world + U(i))
        orders[i] = n
        value[i] = gamma_draw(n * shape, k0, k1, world + U(i)) if n > 0.0 else 0.0
