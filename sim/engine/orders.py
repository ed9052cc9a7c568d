"""Orders and order values of a line: one exact Poisson and one exact gamma draw per world.

Sums of independent Poisson counts are Poisson, and the total of N gamma order values of shape k is
gamma with shape N k, so no single order is ever drawn. Nearly all worlds are settled many at once,
row by row; the rest one by one.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .jit import compiled, inlined, part
from .lanes import CHUNK, F, Singles, U, decay, wide
from .random import near_score, normal_score, normals, threefry, uniform

Array = npt.NDArray[np.float64]
Key = tuple[np.uint64, np.uint64]

# Words of the counter that tell the draws of a line's world apart.
_ORDERS, _VALUES, _KEPT = U(0), U(1), U(2)
_SMALL_MEAN, _MOST_STEPS = 12.0, 80
#: Score beyond which the expansion of the Poisson quantile is not trusted.
_FAR = 3.5
#: Error of the score that rows go by.
_SCORE_ERROR = 2e-9
#: 1 / n, so that adding up probabilities divides by nothing.
_INVERSE = np.array([0.0, *(1.0 / n for n in range(1, _MOST_STEPS + 1))])


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


@inlined
def expansion(mean: float, w: float) -> tuple[float, float]:
    """Return the Poisson quantile at a normal score w as a real number, and its error.

    Cornish and Fisher's expansion (Giles 2016, ACM TOMS 42(1), equation 6, and one term more).
    """
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
    return x, error


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
    x, error = expansion(mean, w)
    n = math.floor(x)
    if n + error < x < n + 1.0 - error and abs(w) < _FAR:
        return max(n, 0.0)
    n = max(math.floor(x - error), 0.0)
    if upper:
        while n > 0.0 and poisson_not_above(n - 1.0, mean, not upper) <= p:
            n -= 1.0
        while poisson_not_above(n, mean, not upper) > p:
            n += 1.0
    else:
        while n > 0.0 and poisson_not_above(n - 1.0, mean, not upper) >= p:
            n -= 1.0
        while poisson_not_above(n, mean, not upper) < p:
            n += 1.0
    return n


@part
def poisson_rows(p: Array, upper: Array, mean: Array, out: Array) -> None:
    """Fill a row with the Poisson quantiles of `poisson_quantile`, many at once.

    Parameters
    ----------
    p
        Probabilities of the nearer tail, shape (CHUNK,).
    upper
        1 where that is the probability above, else 0.
    mean
        Poisson means.
    out
        Row to fill.
    """
    wide()
    small = 0
    for i in range(CHUNK):
        w, near = near_score(p[i])
        w = -w if upper[i] > 0.0 else w
        m = max(mean[i], _SMALL_MEAN)
        x, error = expansion(m, w)
        error += _SCORE_ERROR * math.sqrt(m)
        n = math.floor(x)
        settled = (x - n > error) & (x - n < 1.0 - error) & near & (abs(w) < _FAR)
        settled &= mean[i] >= _SMALL_MEAN
        out[i] = n if settled else -1.0
        small += mean[i] < _SMALL_MEAN
    if small > 0:
        _small_rows(p, upper, mean, out)
    for i in range(CHUNK):
        if out[i] < 0.0:
            out[i] = poisson_quantile(p[i], upper[i] > 0.0, mean[i])


@part
def _small_rows(p: Array, upper: Array, mean: Array, out: Array) -> None:
    """Settle small means: add up probabilities from zero, in all worlds at once, until all have got there."""
    wide()
    term, total, target = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    for i in range(CHUNK):
        # Far up the tail one minus the probability has lost its digits.
        mine = (mean[i] < _SMALL_MEAN) & ((upper[i] == 0.0) | (p[i] >= 1e-9))
        target[i] = (1.0 - p[i] if upper[i] > 0.0 else p[i]) if mine else 0.0
        term[i] = decay(mean[i] if mine else 0.0)
        total[i] = term[i]
        out[i] = 0.0 if mine else out[i]
    for k in range(1, _MOST_STEPS):
        inverse, left = _INVERSE[k], 0
        for i in range(CHUNK):
            more = total[i] < target[i]
            out[i] += 1.0 if more else 0.0
            left += np.int64(more)
            term[i] *= mean[i] * inverse
            total[i] += term[i]
        if left == 0:
            return


@part
def draw_own(
    s: Singles,
    seen_mean: int,
    other_mean: int,
    seen: int,
    other: int,
    world: np.uint32,
    draw: np.uint32,
    who: npt.NDArray[np.uint32],
    k0: np.uint32,
    k1: np.uint32,
) -> None:
    """Draw a creator's own orders in CHUNK worlds: those that the brand sees, and others.

    Parameters
    ----------
    s, seen_mean, other_mean, seen, other
        Scratch, and where in it rows begin: the Poisson means, and what is filled.
    world, draw, who, k0, k1
        Counter and key; both halves of the creator's number in each world, shape (2, CHUNK).
    """
    p, upper = np.empty((2, CHUNK)), np.empty((2, CHUNK))
    mean, orders = np.empty(CHUNK), np.empty(CHUNK)
    for i in range(CHUNK):
        a, b, c, d = threefry(U(world + U(i)), draw, who[0, i], who[1, i], k0, k1)
        p[0, i], upper[0, i] = 0.5 * uniform(a, b), float(a & U(1))
        p[1, i], upper[1, i] = 0.5 * uniform(c, d), float(c & U(1))
    for k in range(2):
        source, drawn = (seen_mean, seen) if k == 0 else (other_mean, other)
        for i in range(CHUNK):
            mean[i] = s[source + i]
        poisson_rows(p[k], upper[k], mean, orders)
        for i in range(CHUNK):
            s[drawn + i] = F(orders[i])


@part
def gamma_draw(shape: float, k0: np.uint32, k1: np.uint32, world: np.uint32) -> float:
    """Gamma variate of scale one (Marsaglia and Tsang 2000), attempts numbered in the counter."""
    boost = 1.0
    if shape < 1.0:
        a, b, _, _ = threefry(world, _VALUES, U(0), U(1), k0, k1)
        boost = uniform(a, b) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    attempt = U(0)
    while True:
        a, b, e, f = threefry(world, _VALUES, attempt, U(0), k0, k1)
        x = float(normals(a, b)[0])
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if math.log(uniform(e, f)) < 0.5 * x * x + d - d * v + d * math.log(v):
                return boost * d * v
        attempt = U(attempt + U(1))


@part
def value_rows(
    orders: Array, shape: float, k0: np.uint32, k1: np.uint32, world: np.uint32, out: Array
) -> None:
    """Fill a row with the total value of some orders, in units of the mean value over `shape`.

    The first attempt is decided by Marsaglia and Tsang's squeeze, many worlds at once; where it does
    not accept, `gamma_draw` begins with the same attempt.
    """
    wide()
    for i in range(CHUNK):
        a, b, c, e = threefry(U(world + U(i)), _VALUES, U(0), U(0), k0, k1)
        x = float(normals(a, b)[0])
        d = max(orders[i] * shape, 1.0) - 1.0 / 3.0
        v = 1.0 + x / math.sqrt(9.0 * d)
        x2 = x * x
        accepted = (uniform(c, e) < 1.0 - 0.0331 * x2 * x2) & (v > 0.0)
        out[i] = d * v * v * v if accepted & (orders[i] * shape >= 1.0) else -1.0
    for i in range(CHUNK):
        if out[i] < 0.0:
            n = orders[i] * shape
            out[i] = gamma_draw(n, k0, k1, U(world + U(i))) if n > 0.0 else 0.0


@part
def binomial_draw(n: float, q: float, k0: np.uint32, k1: np.uint32, world: np.uint32) -> float:
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
    a, b, _, _ = threefry(world, _KEPT, U(0), U(0), k0, k1)
    left, odds = uniform(a, b), q / (1.0 - q)
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


def draw_orders(
    key: Key, world: int, expected: Array, shape: float, orders: Array, value: Array
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
        Filled: orders, and their total value in units of the mean order value over `shape`.
    """
    _draw_orders(U(key[0]), U(key[1]), U(world), expected, float(shape), orders, value)


def keep_orders(
    key: Key, world: int, own: Array, kept: Array, shape: float, orders: Array, value: Array
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
    _keep_orders(U(key[0]), U(key[1]), U(world), own, kept, float(shape), orders, value)


@compiled
def _draw_orders(
    k0: np.uint32,
    k1: np.uint32,
    world: np.uint32,
    expected: Array,
    shape: float,
    orders: Array,
    value: Array,
) -> None:
    p, upper = np.empty(CHUNK), np.empty(CHUNK)
    mean, drawn, worth = np.zeros(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    for start in range(0, expected.shape[0], CHUNK):
        here, now = min(CHUNK, expected.shape[0] - start), U(world + U(start))
        for i in range(here):
            mean[i] = expected[start + i]
        for i in range(CHUNK):
            a, b, _, _ = threefry(U(now + U(i)), _ORDERS, U(0), U(0), k0, k1)
            p[i], upper[i] = 0.5 * uniform(a, b), float(a & U(1))
        poisson_rows(p, upper, mean, drawn)
        value_rows(drawn, shape, k0, k1, now, worth)
        for i in range(here):
            orders[start + i], value[start + i] = drawn[i], worth[i]


@compiled
def _keep_orders(
    k0: np.uint32,
    k1: np.uint32,
    world: np.uint32,
    own: Array,
    kept: Array,
    shape: float,
    orders: Array,
    value: Array,
) -> None:
    drawn, worth = np.zeros(CHUNK), np.empty(CHUNK)
    for start in range(0, own.shape[0], CHUNK):
        here, now = min(CHUNK, own.shape[0] - start), U(world + U(start))
        for i in range(here):
            drawn[i] = binomial_draw(own[start + i], kept[start + i], k0, k1, U(now + U(i)))
        value_rows(drawn, shape, k0, k1, now, worth)
        for i in range(here):
            orders[start + i], value[start + i] = drawn[i], worth[i]
