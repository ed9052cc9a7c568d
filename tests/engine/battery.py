"""Tests of randomness over the way the generator is keyed: neighbouring addresses, world by world.

An address is what one row of draws is for: key, draw word and creator; an even draw word means the
first pair of words of a call of the generator, an odd one the second. The battery walks through a
list of addresses whose neighbours differ by what is being tested (the next creator, the next post,
a similar name) and collects, over all worlds, what its tests need; nothing is stored.

With Bonferroni's correction all tests of a run together raise a false alarm with `FALSE_ALARM`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from scipy import stats

from sim.engine.jit import OPTIONS
from sim.engine.lanes import CHUNK, wide
from sim.engine.lanes import U as W
from sim.engine.random import normals, threefry

Array = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]
U = np.uint64

#: Probability that a run of the battery over all kinds of neighbours fails although nothing is
#: wrong, and how many tests such a run makes at most.
FALSE_ALARM, TESTS = 1e-4, 200
BINS, SIDE = 1024, 16
#: Which two normals are held against each other.
PAIRS = ("address and next", "two of one draw", "world and next")
#: Expectations of z to z**4, and of their squares.
MOMENTS = ((0.0, 1.0), (1.0, 3.0), (0.0, 15.0), (3.0, 105.0))
TAILS = (4.0, 5.0)


class Addresses(NamedTuple):
    """Key words, draw words and creators of rows, all of one length."""

    k0: Bits
    k1: Bits
    draw: Bits
    creator: Bits


class Counts(NamedTuple):
    """What the battery needs of its draws."""

    bins: npt.NDArray[np.int64]  #: (2, BINS) equiprobable cells of either normal
    tables: npt.NDArray[np.int64]  #: (3, SIDE, SIDE) the same for `PAIRS`
    products: Array  #: (3, 2) sums of x y and of (x^2 - 1)(y^2 - 1) for `PAIRS`
    pairs: npt.NDArray[np.int64]  #: (3,) how many of each
    powers: Array  #: (4,) sums of z to z**4
    tails: npt.NDArray[np.int64]  #: (2,) how many beyond `TAILS`
    draws: int


def addresses(
    keys: list[tuple[Any, Any]], draws: Sequence[int] = (0,), creators: Sequence[int] = (0,)
) -> Addresses:
    """Return addresses along the one list that has more than one entry."""
    n = max(len(keys), len(draws), len(creators))
    words = np.array([keys[i % len(keys)] for i in range(n)], dtype=np.uint64)
    rows = [np.array([x[i % len(x)] for i in range(n)], dtype=np.uint64) for x in (draws, creators)]
    return Addresses(words[:, 0].copy(), words[:, 1].copy(), rows[0], rows[1])


@numba.njit(**OPTIONS)
def normal_rows(
    key: tuple[Any, Any], world: Any, draw: Any, creator: Any, s: Array, first: int, second: int
) -> None:
    """Fill two rows with the normals of CHUNK worlds at an address."""
    wide()
    low, high = W(creator), W(creator >> U(32))
    call, pair = W(draw >> U(1)), draw & U(1)
    for i in range(CHUNK):
        a, b, c, d = threefry(W(W(world) + W(i)), call, low, high, W(key[0]), W(key[1]))
        x, y = normals(c if pair else a, d if pair else b)
        s[first + i], s[second + i] = x, y


@numba.njit
def _cell(z: float, cells: int) -> int:
    return min(int(0.5 * math.erfc(-z * 0.7071067811865476) * cells), cells - 1)


@numba.njit
def _pair(x: Array, y: Array, table: Array, product: Array) -> None:
    for i in range(x.shape[0]):
        table[_cell(x[i], SIDE), _cell(y[i], SIDE)] += 1
        product[0] += x[i] * y[i]
        product[1] += (x[i] * x[i] - 1.0) * (y[i] * y[i] - 1.0)


@numba.njit(nogil=True)
def _collect(
    a: Addresses, chunks: int, bins: Array, tables: Array, products: Array, powers: Array,
    tails: Array,
) -> None:  # fmt: skip
    n = a.k0.shape[0]
    flat = np.empty(4 * CHUNK)
    rows = flat.reshape(2, 2, CHUNK)
    for chunk in range(chunks):
        world = U(chunk * CHUNK)
        for i in range(n):
            now, before = rows[i % 2], rows[1 - i % 2]
            key = (a.k0[i], a.k1[i])
            first = 2 * (i % 2) * CHUNK
            normal_rows(key, world, a.draw[i], a.creator[i], flat, first, first + CHUNK)
            for side in range(2):
                for j in range(CHUNK):
                    z = now[side, j]
                    bins[side, _cell(z, BINS)] += 1
                    z2 = z * z
                    powers[0] += z
                    powers[1] += z2
                    powers[2] += z2 * z
                    powers[3] += z2 * z2
                    tails[0] += z2 > 16.0
                    tails[1] += z2 > 25.0
            if i % 2:
                # Every address stands in one pair only: the cells of a table stay independent.
                _pair(before[0], now[0], tables[0], products[0])
            _pair(now[0], now[1], tables[1], products[1])
            _pair(now[0, 0::2], now[0, 1::2], tables[2], products[2])


def collect(a: Addresses, draws: int) -> Counts:
    """Run through all addresses in as many worlds as make about `draws` normals."""
    n = len(a.k0)
    assert n % 2 == 0
    chunks = max(draws // (2 * n * CHUNK), 1)
    bins = np.zeros((2, BINS), dtype=np.int64)
    tables = np.zeros((3, SIDE, SIDE), dtype=np.int64)
    products, powers, tails = np.zeros((3, 2)), np.zeros(4), np.zeros(2, dtype=np.int64)
    _collect(a, chunks, bins, tables, products, powers, tails)
    rows = n * chunks * CHUNK
    pairs = np.array([rows // 2, rows, rows // 2])
    return Counts(bins, tables, products, pairs, powers, tails, 2 * rows)


def _both_ends(lower: float, upper: float) -> float:
    return min(2.0 * min(lower, upper), 1.0)


def _chi_square(counts: Array) -> float:
    expected = counts.sum() / counts.size
    statistic = float(((counts - expected) ** 2).sum() / expected)
    law = stats.chi2(counts.size - 1)
    return _both_ends(law.cdf(statistic), law.sf(statistic))


def p_values(c: Counts) -> Iterator[tuple[str, float]]:
    """Yield the name of each test and its p-value, two-sided throughout."""
    for side in range(2):
        yield f"uniform marginal of normal {side + 1}", _chi_square(c.bins[side])
    for k, name in enumerate(PAIRS):
        yield f"independence, {name}", _chi_square(c.tables[k])
        for power, spread in enumerate((1.0, 2.0)):
            z = c.products[k, power] / (spread * math.sqrt(c.pairs[k]))
            kind = "squares" if power else "values"
            yield f"correlation of {kind}, {name}", 2.0 * stats.norm.sf(abs(z))
    for order, (mean, square) in enumerate(MOMENTS, start=1):
        error = math.sqrt((square - mean**2) * c.draws)
        z = (c.powers[order - 1] - mean * c.draws) / error
        yield f"moment {order}", 2.0 * stats.norm.sf(abs(z))
    for count, beyond in zip(c.tails, TAILS, strict=True):
        law = stats.poisson(2.0 * stats.norm.sf(beyond) * c.draws)
        yield f"beyond {beyond:g} sigma", _both_ends(law.cdf(count), law.sf(count - 1))


def suspicious(c: Counts) -> dict[str, float]:
    """Return the tests that fail at the level that keeps `FALSE_ALARM` over `TESTS`."""
    return {name: p for name, p in p_values(c) if p < FALSE_ALARM / TESTS}
