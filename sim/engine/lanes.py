"""Arithmetic of the compiled loops: single precision, written for one lane and run in many.

Every function here is plain code on one number. Loops over worlds that call it become 16 lanes wide
(AVX-512), 8 (AVX2) or 4 (NEON). Nothing is reordered and nothing fuses by itself, so the same
numbers give the same bits in any loop and on any processor with fused multiplication.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import COMPILES, inlined, intrinsic
from .marginals import SCORE_LIMIT

F, U, I = np.float32, np.uint32, np.int32
Singles = npt.NDArray[np.float32]

#: Worlds handled together: the length of every row. Rows of 128 stay in the first-level cache.
CHUNK = 128


@intrinsic
def _wide(context: Any) -> Any:
    from llvmlite import ir
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        for argument in builder.function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float32(types.float32, types.float32, types.float32), generate


def _wide_interpreted() -> None:
    return None


def _fma_interpreted(a: np.float32, b: np.float32, c: np.float32) -> np.float32:
    # The product of two singles is exact in double precision.
    return F(np.float64(a) * np.float64(b) + np.float64(c))


#: ``wide()`` at the head of a function tells the compiler what it cannot know: its arrays do not
#: overlap, so a look-up beside a store may be done in many lanes, and full registers pay.
wide: Any = _wide if COMPILES else _wide_interpreted
#: ``fma(a, b, c)`` is a b + c, rounded once. Left to the compiler, a product would fuse or not
#: depending on what else is made of it, and so on inputs that have nothing to do with it.
fma: Any = _fma if COMPILES else _fma_interpreted


def chebyshev(
    function: Callable[[Any], Any], low: float, high: float, degree: int
) -> tuple[float, ...]:
    """Return power-basis coefficients of the Chebyshev interpolant of `function` on [low, high]."""
    from numpy.polynomial import Chebyshev, Polynomial

    fit = Chebyshev.interpolate(function, degree, domain=[low, high])
    return tuple(float(c) for c in fit.convert(kind=Polynomial).coef)


def singles(coefficients: tuple[float, ...]) -> tuple[np.float32, ...]:
    """Return numbers in single precision."""
    return tuple(F(c) for c in coefficients)


_LN2 = math.log(2.0)
#: exp(r) for |r| <= ln 2 / 2: relative error 6e-9 before rounding.
_E0, _E1, _E2, _E3, _E4, _E5, _E6 = singles(chebyshev(np.exp, -_LN2 / 2.0, _LN2 / 2.0, 6))
# Adding it to a small number leaves the nearest whole number in the lowest bits.
_ROUND = F(1.5 * 2.0**23)
_LOG2E = F(1.0 / _LN2)
# ln 2 in two parts, so that the rest keeps its digits.
_MINUS_LN2 = F(-_LN2)
_MINUS_LN2_LOW = F(-_LN2 - float(_MINUS_LN2))
_ZERO, _HIGHEST, _EXPONENT = F(0.0), F(88.0), U(23)
#: Logarithms below it stand for zero: no product of inputs that are not zero gets there.
LOG_NOTHING = -80.0
_NOTHING = F(LOG_NOTHING)


@inlined
def exp(x: np.float32) -> np.float32:
    """Return exp x, relative error 2e-7; zero below `LOG_NOTHING`, constant above 88.

    Cody and Waite's reduction: x = n ln 2 + r, a polynomial for exp(r), and n added to the exponent.
    """
    y = min(x, _HIGHEST)
    n = F(fma(y, _LOG2E, _ROUND))
    r = fma(F(n - _ROUND), _MINUS_LN2_LOW, fma(F(n - _ROUND), _MINUS_LN2, y))
    p = fma(fma(fma(fma(fma(fma(_E6, r, _E5), r, _E4), r, _E3), r, _E2), r, _E1), r, _E0)
    value = U(F(p).view(U) + U(n.view(U) << _EXPONENT)).view(F)
    return value if x >= _NOTHING else _ZERO


@inlined
def where(condition: bool, yes: np.float32, no: np.float32) -> np.float32:
    """Return one of two numbers."""
    return yes if condition else no


@inlined
def curve(nodes: Singles, last: np.float32, position: np.float32) -> np.float32:
    """Return the value of a curve at a position among its nodes, on the line between neighbours.

    Parameters
    ----------
    nodes
        Values at the positions 0, 1, 2 ...
    last
        The largest position that has a node after it.
    position
        Where; beyond the ends the end values hold.
    """
    at = min(max(position, _ZERO), last)
    k = I(at)
    # The mask says that it is not negative, so that look-ups stay 32 bits wide.
    j = np.uint64(U(k) & U(0xFFFFF))
    low = nodes[j]
    return fma(F(at - F(k)), F(nodes[j + np.uint64(1)] - low), low)


#: Score from which on folding pushes together: tiers' truncated followers bend near it.
_FOLD = 3.0
_FOLDED_LIMIT = SCORE_LIMIT / math.hypot(_FOLD, SCORE_LIMIT)
_FOLD_FIRST, _FOLD_SECOND = F((_FOLD * _FOLDED_LIMIT) ** 2), F(_FOLDED_LIMIT**2)


@inlined
def folded(score: np.float32) -> np.float32:
    """Return z / sqrt(9 + z^2), laid on [-1, 1]: the ends of the axis pushed together.

    A law between two bounds is flat at both ends of the axis of scores, and bends where it meets them.
    On the folded axis both bends are wide, so that a polynomial follows them.
    """
    return F(score / F(math.sqrt(fma(F(score * score), _FOLD_SECOND, _FOLD_FIRST))))


def folded_rows(scores: Singles) -> Singles:
    """Return what `folded` makes of many scores, to the bit, in numpy."""
    inside = (scores * scores).astype(float) * float(_FOLD_SECOND) + float(_FOLD_FIRST)
    return np.asarray(scores / np.sqrt(inside.astype(F)))


def unfolded(t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the scores that `folded` puts at `t`, in double precision."""
    u = np.asarray(t) * _FOLDED_LIMIT
    return np.asarray(_FOLD * u / np.sqrt(1.0 - u * u))


# --- In double precision, for orders ------------------------------------------------------------------

_D = np.uint64
_SQRT_HALF_BITS, _MANTISSA, _MANTISSA_SIGNED = _D(0x3FE6A09E667F3BCD), _D(52), np.int64(52)
_BIAS, _ROUND_DOUBLE, _LOG2E_DOUBLE = _D(1023), 1.5 * 2.0**52, 1.0 / _LN2
# log(1 + f) / f on [sqrt(1/2) - 1, sqrt(2) - 1]: relative error 6e-11.
(_M0, _M1, _M2, _M3, _M4, _M5, _M6, _M7, _M8, _M9, _M10, _M11, _M12) = chebyshev(
    lambda f: np.log1p(f) / f, math.sqrt(0.5) - 1.0, math.sqrt(2.0) - 1.0, 12
)
# exp(r) on [-ln 2 / 2, ln 2 / 2]: relative error 3e-12.
(_X0, _X1, _X2, _X3, _X4, _X5, _X6, _X7, _X8) = chebyshev(np.exp, -_LN2 / 2.0, _LN2 / 2.0, 8)


@inlined
def minus_log(x: float) -> float:
    """Return -log x for 2**-65 <= x <= 1, relative error 6e-11.

    The exponent is taken off by integer arithmetic, so that the polynomial sees a number between
    sqrt(1/2) and sqrt(2).
    """
    bits = np.float64(x).view(_D)
    e = np.int64(bits - _SQRT_HALF_BITS) >> _MANTISSA_SIGNED
    f = _D(bits - (_D(e) << _MANTISSA)).view(np.float64) - 1.0
    p = _M8 + f * (_M9 + f * (_M10 + f * (_M11 + f * _M12)))
    p = _M3 + f * (_M4 + f * (_M5 + f * (_M6 + f * (_M7 + f * p))))
    return -(float(e) * _LN2 + f * (_M0 + f * (_M1 + f * (_M2 + f * p))))


@inlined
def decay(x: float) -> float:
    """Return exp(-x) for 0 <= x <= 700, relative error 3e-12."""
    n = _ROUND_DOUBLE - x * _LOG2E_DOUBLE
    r = (_ROUND_DOUBLE - n) * _LN2 - x
    p = _X4 + r * (_X5 + r * (_X6 + r * (_X7 + r * _X8)))
    p = _X0 + r * (_X1 + r * (_X2 + r * (_X3 + r * p)))
    return p * _D((np.float64(n).view(_D) + _BIAS) << _MANTISSA).view(np.float64)
