"""Counter-based random numbers: what a draw describes decides it, nothing else.

Every draw is a function of a *key* (seed and names) and a *counter* (world, creator, post, input).
Block size, thread count and the order of tables in a file cannot reach it.

Generator: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as
1, 2, 3", SC'11, section 4.3). Normal scores: the polar form of Box and Muller (1958) with the angle
folded into an eighth of the circle, where short polynomials suffice and every step vectorises.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import inlined, part

Array = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]

#: Worlds handled together: the length of every row in the kernel. Rows of 128 fit the L1 cache.
CHUNK = 128

U = np.uint64
_MULTIPLIER_0, _MULTIPLIER_1 = U(0xD2511F53), U(0xCD9E8D57)
_WEYL_0, _WEYL_1 = U(0x9E3779B9), U(0xBB67AE85)
_LOW, _HALF = U(0xFFFFFFFF), U(32)
_ONE, _TWO, _TOP = U(1), U(2), U(63)

_ANGLE = 2.0**-62 * math.pi / 2.0
_QUARTER_PI = math.pi / 4.0
_S11, _C12 = -1.0 / 39916800.0, 1.0 / 479001600.0
_LN2 = math.log(2.0)
_SQRT_HALF_BITS = U(0x3FE6A09E667F3BCD)
_MANTISSA = U(52)
_MANTISSA_SIGNED = np.int64(52)

# log(1 + f) / f on [sqrt(1/2) - 1, sqrt(2) - 1]: Chebyshev fit of degree 12, relative error 6e-11.
# exp(r) on [-ln 2 / 2, ln 2 / 2]: Chebyshev fit of degree 8, relative error 3e-12.


def _chebyshev(function: Any, low: float, high: float, degree: int) -> tuple[float, ...]:
    """Return power-basis coefficients of the Chebyshev interpolant of `function` on [low, high]."""
    from numpy.polynomial import Chebyshev, Polynomial

    fit = Chebyshev.interpolate(function, degree, domain=[low, high])
    return tuple(float(c) for c in fit.convert(kind=Polynomial).coef)


(_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10, _L11, _L12) = _chebyshev(
    lambda f: np.log1p(f) / f, math.sqrt(0.5) - 1.0, math.sqrt(2.0) - 1.0, 12
)
(_E0, _E1, _E2, _E3, _E4, _E5, _E6, _E7, _E8) = _chebyshev(np.exp, -_LN2 / 2.0, _LN2 / 2.0, 8)
_ROUND = 1.5 * 2.0**52
_LOG2E = 1.0 / _LN2
_BIAS = U(1023)
_EXP_LOWEST, _EXP_HIGHEST = -708.0, 708.0
#: Logarithms at or below it stand for zero: no product of inputs that are not zero gets there.
LOG_NOTHING = -600.0


@inlined
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Philox4x32-10: a counter of four 32-bit words and a key of two give 2 x 64 random bits.

    Words travel in 64-bit registers whose upper halves may hold leftovers: the masked
    multiplication ignores them, and the last step cuts them off.
    """
    for _ in range(10):
        p0 = _MULTIPLIER_0 * (c0 & _LOW)
        p1 = _MULTIPLIER_1 * (c2 & _LOW)
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1, (p0 >> _HALF) ^ c3 ^ k1, p0
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return (c0 & _LOW) | (c1 << _HALF), (c2 & _LOW) | (c3 << _HALF)


@inlined
def uniform(bits: np.uint64) -> float:
    """Map 64 random bits to (0, 1]: 53 bits of mantissa, the smallest value 2**-64."""
    return (float(bits >> _ONE) + 0.5) * 2.0**-63


@part
def normal_score(p: float) -> float:
    """Return the standard normal quantile for 0 < p <= 1/2 (Wichura 1988, algorithm AS 241, PPND16)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (((((((2509.0809287301226727 * r + 33430.575583588128105) * r
            + 67265.770927008700853) * r + 45921.953931549871457) * r
            + 13731.693765509461125) * r + 1971.5909503065514427) * r
            + 133.14166789178437745) * r + 3.387132872796366608)  # fmt: skip
        bottom = (((((((5226.495278852854561 * r + 28729.085735721942674) * r
            + 39307.89580009271061) * r + 21213.794301586595867) * r
            + 5394.1960214247511077) * r + 687.1870074920579083) * r
            + 42.313330701600911252) * r + 1.0)  # fmt: skip
        return q * top / bottom
    r = math.sqrt(-math.log(p))
    if r <= 5.0:
        r -= 1.6
        top = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r
            + 0.24178072517745061177) * r + 1.27045825245236838258) * r
            + 3.64784832476320460504) * r + 5.7694972214606914055) * r
            + 4.6303378461565452959) * r + 1.42343711074968357734)  # fmt: skip
        bottom = (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r
            + 0.0151986665636164571966) * r + 0.14810397642748007459) * r
            + 0.68976733498510000455) * r + 1.6763848301838038494) * r
            + 2.05319162663775882187) * r + 1.0)  # fmt: skip
    else:
        r -= 5.0
        top = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
            + 0.0012426609473880784386) * r + 0.026532189526576123093) * r
            + 0.29656057182850489123) * r + 1.7848265399172913358) * r
            + 5.4637849111641143699) * r + 6.6579046435011037772)  # fmt: skip
        bottom = (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r
            + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r
            + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
            + 0.59983220655588793769) * r + 1.0)  # fmt: skip
    return -top / bottom


@inlined
def minus_log(x: float) -> float:
    """Return -log x for 2**-64 <= x <= 1, relative error 6e-11.

    The exponent is taken off by integer arithmetic, so that the polynomial sees a number between
    sqrt(1/2) and sqrt(2).
    """
    bits = np.float64(x).view(U)
    e = np.int64(bits - _SQRT_HALF_BITS) >> _MANTISSA_SIGNED
    f = U(bits - (U(e) << _MANTISSA)).view(np.float64) - 1.0
    p = _L8 + f * (_L9 + f * (_L10 + f * (_L11 + f * _L12)))
    p = _L0 + f * (
        _L1 + f * (_L2 + f * (_L3 + f * (_L4 + f * (_L5 + f * (_L6 + f * (_L7 + f * p))))))
    )
    return -(float(e) * _LN2 + f * p)


@inlined
def exponential(x: float) -> float:
    """Return exp x, relative error 3e-12; zero up to `LOG_NOTHING`, constant above 708.

    Cody and Waite's reduction: x = n ln 2 + r, a polynomial for exp(r), and 2**n written into the
    bits of an exponent.
    """
    y = min(max(x, _EXP_LOWEST), _EXP_HIGHEST)
    n = y * _LOG2E + _ROUND
    r = y - (n - _ROUND) * _LN2
    p = _E5 + r * (_E6 + r * (_E7 + r * _E8))
    p = _E0 + r * (_E1 + r * (_E2 + r * (_E3 + r * (_E4 + r * p))))
    scale = U((np.float64(n).view(U) + _BIAS) << _MANTISSA).view(np.float64)
    return 0.0 if x <= LOG_NOTHING else p * scale


@part
def normal_rows(
    key: tuple[np.uint64, np.uint64],
    world: np.uint64,
    draw: np.uint64,
    creator: np.uint64,
    s: Array,
    first: int,
    second: int,
) -> None:
    r"""Fill two rows with independent standard normal scores of CHUNK consecutive worlds.

    With :math:`u` uniform and :math:`\varphi` uniform on :math:`(-\pi/4, \pi/4)` the pair
    :math:`\pm\sqrt{-\ln u}\,(\cos\varphi \pm \sin\varphi)` is standard normal: the circle of Box
    and Muller (1958), turned by 45 degrees, with two random signs. The scores reach 9.4.

    Parameters
    ----------
    key
        Key words of the stream.
    world, draw, creator
        Counter: first world, what is drawn (post and pair of inputs), creator number or name id.
    s, first, second
        Scratch, and where in it the two rows begin.
    """
    k0, k1 = key
    c2, c3 = creator & _LOW, creator >> _HALF
    # Unsigned offsets need no check for counting from the end, which would keep loops scalar.
    one, two = U(first), U(second)
    for i in range(CHUNK):
        a, b = philox(world + U(i), draw, c2, c3, k0, k1)
        r = math.sqrt(minus_log(uniform(a)))
        phi = (float(b >> _TWO) + 0.5) * _ANGLE - _QUARTER_PI
        x = phi * phi
        sine = phi * (
            1.0
            + x
            * (
                -1.0 / 6.0
                + x * (1.0 / 120.0 + x * (-1.0 / 5040.0 + x * (1.0 / 362880.0 + x * _S11)))
            )
        )
        cosine = 1.0 + x * (
            -0.5
            + x
            * (
                1.0 / 24.0
                + x * (-1.0 / 720.0 + x * (1.0 / 40320.0 + x * (-1.0 / 3628800.0 + x * _C12)))
            )
        )
        plus = U(np.float64(r * (cosine + sine)).view(U) ^ (b << _TOP))
        minus = U(np.float64(r * (cosine - sine)).view(U) ^ ((b >> _ONE) << _TOP))
        s[one + U(i)] = plus.view(np.float64)
        s[two + U(i)] = minus.view(np.float64)
