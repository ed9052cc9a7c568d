"""The kernel's exponential, logarithm and normal score against exact arithmetic, over their range.

Exponentials and logarithms of the standard library's `decimal` are correctly rounded to the digits
asked for. Stated errors: exponential 3e-12, logarithm 6e-11, normal score about 1e-15, relative.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from sim.engine.marginals import LOG_ZERO
from sim.engine.random import CHUNK, LOG_NOTHING, normal_score

pytestmark = pytest.mark.jitless

Array = npt.NDArray[np.float64]
Function = Callable[[Array], Array]
LOWEST, HIGHEST = math.nextafter(LOG_NOTHING, 0.0), 708.0
_DIGITS = decimal.Context(prec=30)


def relative_errors(found: Array, exact: list[decimal.Decimal]) -> Array:
    pairs = zip(found.tolist(), exact, strict=True)
    return np.array([float(abs(decimal.Decimal(x) / y - 1)) for x, y in pairs])


def exact_exp(x: Array) -> list[decimal.Decimal]:
    return [_DIGITS.exp(decimal.Decimal(value)) for value in x.tolist()]


def exact_minus_log(x: Array) -> list[decimal.Decimal]:
    return [-_DIGITS.ln(decimal.Decimal(value)) for value in x.tolist()]


def around(x: float) -> list[float]:
    return [math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)]


def test_exponential(exp: Function) -> None:
    """Every multiple of ln 2 / 2 in range, where the reduction changes piece, and 3,000 others."""
    rng = np.random.default_rng(1)
    halves = np.arange(-2042, 2043) * math.log(2.0) / 2.0
    seams = np.array([y for x in halves[::5] for y in around(float(x))])
    x = np.concatenate([seams, rng.uniform(LOWEST, HIGHEST, 1500), rng.uniform(-1, 1, 1500)])
    x = np.concatenate([x, [LOWEST, HIGHEST, 0.0, -1e-300, 5e-324]])
    x = x[(x >= LOWEST) & (x <= HIGHEST)]
    assert relative_errors(exp(x), exact_exp(x)).max() <= 3e-12


def test_exponential_beyond_its_ends(exp: Function) -> None:
    """Exactly zero up to LOG_NOTHING, where LOG_ZERO lies; constant above 708; never a lost NaN."""
    nothing = np.array([LOG_NOTHING, LOG_ZERO, 3.0 * LOG_ZERO, -1e9, -math.inf])
    assert (exp(nothing) == 0.0).all()
    found = exp(np.array([HIGHEST, 709.0, 1e9, math.inf]))
    assert (found == found[0]).all()
    assert np.isnan(exp(np.array([math.nan]))).all()


def test_exponential_near_zero_keeps_small_differences(exp: Function) -> None:
    """1 - exp(-x), the share of a market reached: wrong by 1e-10 of it and 1e-15 of the market.

    Below 1e-5 the kernel uses a series instead.

    Measured: 2e-11 and 4e-16.
    """
    x = np.concatenate([np.logspace(-18, -1, 61), [0.0]])
    error = np.abs((1.0 - exp(-x)) + np.expm1(-x))
    assert (error <= 1e-15 + 1e-10 * x).all()


def test_logarithm(minus_log: Function) -> None:
    """Every binade down to 2**-64, both sides of the seam at sqrt(1/2), and up to one."""
    rng = np.random.default_rng(2)
    powers = 2.0 ** -np.arange(0.0, 65.0)
    seams = np.array([y for p in powers for s in (1.0, math.sqrt(0.5)) for y in around(p * s)])
    x = np.concatenate([seams, rng.uniform(0, 1, 1500), np.exp(-rng.uniform(0, 44.3, 1500))])
    x = np.concatenate([x, 1.0 - 2.0 ** -np.arange(2.0, 54.0), [2.0**-64]])
    x = x[(x >= 2.0**-64) & (x < 1.0)]
    assert relative_errors(minus_log(x), exact_minus_log(x)).max() <= 6e-11


def test_logarithm_of_one_is_zero(minus_log: Function) -> None:
    """The uniform number that rounds to one gives radius zero, not an error."""
    found = minus_log(np.ones(CHUNK))
    assert (found == 0.0).all()
    assert np.isfinite(np.sqrt(found)).all()


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


def test_largest_normal_of_the_kernel_lies_within_the_tables(minus_log: Function) -> None:
    """The radius of the smallest uniform number, sqrt(-2 ln 2**-64), is 9.42."""
    from sim.engine.marginals import SCORE_LIMIT

    largest = math.sqrt(2.0 * float(minus_log(np.array([2.0**-64]))[0]))
    assert largest == pytest.approx(math.sqrt(128.0 * math.log(2.0)), rel=1e-10)
    assert 9.41 < largest < SCORE_LIMIT
