"""The loops' exponential, the radius of normals and the normal score against exact arithmetic.

Exponentials and logarithms of the standard library's `decimal` are correctly rounded to the digits
asked for. Stated errors: exponential 2e-7, normals 3e-7 absolute, normal score about 1e-15.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from sim.engine import random
from sim.engine.jit import called
from sim.engine.lanes import LOG_NOTHING
from sim.engine.marginals import LOG_ZERO, SCORE_LIMIT

pytestmark = pytest.mark.jitless
normal_score = called(random.normal_score)

Array = npt.NDArray[np.float64]
Function = Callable[[Array], Array]
LOWEST, HIGHEST = LOG_NOTHING, 88.0
_DIGITS = decimal.Context(prec=30)


def single(x: Any) -> Array:
    """Round to single precision, as the loops see it."""
    return np.asarray(x, np.float32).astype(float)


def around(x: float) -> list[float]:
    return [math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)]


def test_exponential(exp: Function) -> None:
    """Every multiple of ln 2 / 2 in range, where the reduction changes piece, and 3,000 others."""
    rng = np.random.default_rng(1)
    halves = np.arange(-230, 254) * math.log(2.0) / 2.0
    beside = np.concatenate([single(halves), np.nextafter(np.float32(halves), np.float32(99))])
    x = np.concatenate([beside, rng.uniform(LOWEST, HIGHEST, 1500), rng.uniform(-1, 1, 1500)])
    x = single(np.concatenate([x, [LOWEST, HIGHEST, 0.0]]))
    x = x[(x >= LOWEST) & (x <= HIGHEST)]
    exact = [_DIGITS.exp(decimal.Decimal(value)) for value in x.tolist()]
    errors = [abs(decimal.Decimal(y) / e - 1) for y, e in zip(exp(x).tolist(), exact, strict=True)]
    assert max(errors) <= decimal.Decimal("2e-7")


def test_exponential_beyond_its_ends(exp: Function) -> None:
    """Exactly zero below LOG_NOTHING, where LOG_ZERO lies; constant above 88; never a lost NaN."""
    nothing = np.array([LOG_NOTHING - 1e-4, LOG_ZERO, 3.0 * LOG_ZERO, -1e9, -math.inf])
    assert (exp(nothing) == 0.0).all()
    ends = exp(np.array([HIGHEST, 89.0, 1e9, math.inf]))
    assert (ends == ends[0]).all()
    assert np.isfinite(ends).all()


def test_radius(pair_of: Callable[..., tuple[Array, Array]]) -> None:
    """Every binade down to 2**-41, both sides of the seam at sqrt(1/2), and up to one."""
    rng = np.random.default_rng(2)
    powers = 2.0 ** np.arange(0.0, 33.0)
    words = [*(p - k for p in powers for k in (1, 0, -1)), *(p / math.sqrt(2.0) for p in powers)]
    words += [*rng.integers(0, 2**32, 1500), *np.exp(rng.uniform(0, 22, 1500)), 0, 2**32 - 1]
    first = np.clip(np.floor(np.array(words, float)), 0, 2**32 - 1)
    # An angle of zero: both normals are the radius over the root of two, whatever the signs.
    one, two = pair_of(np.column_stack([first, np.zeros(len(first))]).astype(np.uint64))
    u = single(first * 2.0**-32 + 2.0**-41)
    exact = np.array([math.sqrt(-float(_DIGITS.ln(decimal.Decimal(x)))) for x in u.tolist()])
    np.testing.assert_array_equal(one, two)
    assert (np.abs(one - exact) <= 3e-7 * np.maximum(exact, 1.0)).all()


def test_circle(pair_of: Callable[..., tuple[Array, Array]]) -> None:
    """The two normals lie on the circle of their radius, at the angle of the second word."""
    rng = np.random.default_rng(5)
    words = rng.integers(0, 2**32, (3000, 2))
    one, two = pair_of(words)
    a, b = words.T
    low = single(((b >> 2) % 2**8 + 0.5) / 2**40)
    u = np.minimum(single(single(a) * 2.0**-32 + low), 1.0)
    np.testing.assert_allclose(np.hypot(one, two), np.sqrt(-2.0 * np.log(u)), rtol=3e-7, atol=3e-7)
    angle = np.where(b >= 2**31, b - 2**32, b) / 2**31 * math.pi / 4.0
    np.testing.assert_allclose(
        np.arctan2(np.abs(one) - np.abs(two), np.abs(one) + np.abs(two)), angle, atol=3e-7
    )


def test_largest_score_is_where_tables_end(pair_of: Callable[..., tuple[Array, Array]]) -> None:
    """The radius of the smallest uniform number, sqrt(82 ln 2), at the best of 2**16 angles."""
    b = np.arange(0, 2**32, 2**16) & ~np.int64(0x3FC)
    one, two = pair_of(np.column_stack([np.zeros(len(b)), b]))
    largest = float(np.maximum(np.abs(one), np.abs(two)).max())
    assert largest == pytest.approx(math.sqrt(82.0 * math.log(2.0)), rel=1e-6)
    assert 7.4 < largest < SCORE_LIMIT
    assert largest > SCORE_LIMIT - 0.01


def probabilities() -> Array:
    rng = np.random.default_rng(3)
    seams = [0.075, math.exp(-25.0), 0.5, 2.0**-65]
    p = np.concatenate([
        np.logspace(-300, math.log10(0.5), 1500),
        rng.uniform(0.0, 0.5, 1000),
        [y for s in seams for y in around(s)],
    ])  # fmt: skip
    return p[(p > 0.0) & (p <= 0.5)]


def test_normal_score_against_scipy() -> None:
    """ndtri is Cephes's, another approximation; both claim about 1e-15."""
    p = probabilities()
    found = np.array([normal_score(value) for value in p.tolist()])
    expected = special.ndtri(p)
    assert (np.abs(found - expected) <= 2e-15 * np.maximum(np.abs(expected), 0.1)).all()


def test_normal_score_round_trip() -> None:
    """erfc of the score gives the probability back, to 2e-15 times the condition 1 + z**2."""
    for p in probabilities().tolist():
        z = normal_score(p)
        assert 0.5 * math.erfc(-z / math.sqrt(2.0)) == pytest.approx(p, rel=2e-15 * (1.0 + z * z))


def test_normal_score_at_the_ends() -> None:
    assert normal_score(0.5) == 0.0
    # Half of the smallest uniform number: the largest score a shared factor can have.
    assert normal_score(2.0**-65) == pytest.approx(-9.16, abs=0.005)
