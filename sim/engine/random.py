"""Counter-based random numbers: what a draw describes decides it, nothing else.

Every draw is a function of a *key* (seed and names) and a *counter* (world, input or post, creator).
Block size, thread count and the order of tables in a file cannot reach it.

Generator: Threefry4x32 with 13 rounds (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers:
as easy as 1, 2, 3", SC'11, section 4.2; Random123 publishes known answers for 13 rounds and knows no
flaw from 12 on): a counter of four 32-bit words and a key of two give four random words. Normal
scores: the polar form of Box and Muller (1958), turned by 45 degrees.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .jit import COMPILES, inlined, intrinsic, part
from .lanes import F, I, U, chebyshev, fma, minus_log, singles

ROUNDS = 13
_PARITY = 0x1BD11BDA
#: By how many bits words turn in each of eight rounds, the two pairs of a round.
TURNS = ((10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20))
#: Which words are mixed in even and in odd rounds.
PAIRS = (((0, 1), (2, 3)), ((0, 3), (2, 1)))


@intrinsic
def _threefry(context: Any, c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    # Written out round by round: a loop is unrolled on some processors only, and where it is not,
    # nothing around it becomes wide. Nor do numba's integers stay 32 bits wide by themselves.
    from llvmlite import ir
    from numba import types

    word = types.uint32

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = ir.IntType(32)
        x, key = list(arguments[:4]), [arguments[4], arguments[5], bits(0), bits(0)]
        key.append(builder.xor(builder.xor(key[0], key[1]), bits(_PARITY)))
        x = [builder.add(v, k) for v, k in zip(x, key[:4], strict=True)]
        for turn in range(ROUNDS):
            for (i, j), by in zip(PAIRS[turn % 2], TURNS[turn % 8], strict=True):
                x[i] = builder.add(x[i], x[j])
                left, right = builder.shl(x[j], bits(by)), builder.lshr(x[j], bits(32 - by))
                x[j] = builder.xor(builder.or_(left, right), x[i])
            if turn % 4 == 3:
                done = turn // 4 + 1
                x = [builder.add(v, key[(done + i) % 5]) for i, v in enumerate(x)]
                x[3] = builder.add(x[3], bits(done))
        return context.make_tuple(builder, signature.return_type, x)

    return types.UniTuple(word, 4)(word, word, word, word, word, word), generate


def threefry_words(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> tuple[Any, ...]:
    """Return the four words of `threefry`, of numbers or arrays, in numpy."""
    x = [np.asarray(word, U) for word in np.broadcast_arrays(c0, c1, c2, c3)]
    key = [U(k0), U(k1), U(0), U(0)]
    key.append(U(_PARITY) ^ key[0] ^ key[1])
    with np.errstate(over="ignore"):
        x = [v + k for v, k in zip(x, key[:4], strict=True)]
        for turn in range(ROUNDS):
            for (i, j), by in zip(PAIRS[turn % 2], TURNS[turn % 8], strict=True):
                x[i] = x[i] + x[j]
                x[j] = ((x[j] << U(by)) | (x[j] >> U(32 - by))) ^ x[i]
            if turn % 4 == 3:
                done = turn // 4 + 1
                x = [v + key[(done + i) % 5] for i, v in enumerate(x)]
                x[3] = x[3] + U(done)
    return tuple(v[()] for v in x)


#: ``threefry(c0, c1, c2, c3, k0, k1)`` gives four random words. The generator's other two key words
#: are zero, which saves their additions.
threefry: Any = _threefry if COMPILES else threefry_words

_ULP, _CELL, _HALF_CELL = F(2.0**-32), F(2.0**-42), F(2.0**-41)
_ANGLE = F(math.pi / 4.0 * 2.0**-31)
_MINUS_2LN2, _ROOT_HALF_BITS = F(-2.0 * math.log(2.0)), U(0x3F3504F3)
_EXPONENT, _ONE, _SIGN = U(23), F(1.0), U(31)
_RADIUS_BITS = U(0x3FC)

# -2 log(1 + f) / f for sqrt(1/2) <= 1 + f <= sqrt(2): relative error 2e-7.
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7 = singles(
    chebyshev(lambda f: -2.0 * np.log1p(f) / f, math.sqrt(0.5) - 1.0, math.sqrt(2.0) - 1.0, 7)
)
# sqrt(1/2) sin(x) / x and sqrt(1/2) cos(x) in x^2, |x| <= pi / 4: errors 2e-9 and 3e-8.
_S0, _S1, _S2, _S3 = singles(
    chebyshev(
        lambda q: math.sqrt(0.5) * np.sinc(np.sqrt(q) / math.pi), 0.0, (math.pi / 4.0) ** 2, 3
    )
)
_C0, _C1, _C2, _C3 = singles(
    chebyshev(lambda q: math.sqrt(0.5) * np.cos(np.sqrt(q)), 0.0, (math.pi / 4.0) ** 2, 3)
)


@inlined
def normals(a: np.uint32, b: np.uint32) -> tuple[np.float32, np.float32]:
    r"""Return two independent standard normals of two words.

    With :math:`u` uniform and :math:`\varphi` uniform on :math:`(-\pi/4, \pi/4)` they are
    :math:`\pm\sqrt{-\ln u}\,(\cos\varphi \pm \sin\varphi)`: the circle of Box and Muller (1958),
    turned by 45 degrees, with two random signs. The radius has 40 bits, the 32 of `a` and eight low
    ones of `b`; the angle is `b` as a signed number, its two lowest bits are the signs.
    """
    u = F(fma(F(a), _ULP, fma(F(U(b & _RADIUS_BITS)), _CELL, _HALF_CELL)))
    bits = u.view(U)
    e = I(bits - _ROOT_HALF_BITS) >> I(23)
    f = F(U(bits - U(U(e) << _EXPONENT)).view(F) - _ONE)
    p = fma(fma(fma(fma(_L7, f, _L6), f, _L5), f, _L4), f, _L3)
    p = fma(fma(fma(p, f, _L2), f, _L1), f, _L0)
    r = F(math.sqrt(fma(F(e), _MINUS_2LN2, F(f * F(p)))))
    x = F(F(I(b)) * _ANGLE)
    q = F(x * x)
    s = F(x * F(fma(fma(fma(_S3, q, _S2), q, _S1), q, _S0)))
    c = F(fma(fma(fma(_C3, q, _C2), q, _C1), q, _C0))
    plus = U(F(r * F(c + s)).view(U) ^ U(b << _SIGN))
    minus = U(F(r * F(c - s)).view(U) ^ U(U(b >> U(1)) << _SIGN))
    return plus.view(F), minus.view(F)


@inlined
def chance(word: np.uint32) -> np.float32:
    """Return a uniform number between 0 and 1 in steps of 2**-32, to be held against a chance."""
    return F(F(word) * _ULP)


@inlined
def uniform(low: np.uint32, high: np.uint32) -> float:
    """Map two words to (0, 1]: 63 bits, 53 bits of mantissa, the smallest value 2**-64."""
    bits = (np.uint64(high) << np.uint64(32)) | np.uint64(low)
    return (float(bits >> np.uint64(1)) + 0.5) * 2.0**-63


@inlined
def central_score(p: float) -> tuple[float, bool]:
    """Return the standard normal quantile for 0.075 <= p <= 1/2, and whether p lies there.

    The central branch of Wichura's (1988) algorithm AS 241, PPND16.
    """
    q = p - 0.5
    r = 0.180625 - q * q
    top = (((((((2509.0809287301226727 * r + 33430.575583588128105) * r
        + 67265.770927008700853) * r + 45921.953931549871457) * r
        + 13731.693765509461125) * r + 1971.5909503065514427) * r
        + 133.14166789178437745) * r + 3.387132872796366608)  # fmt: skip
    bottom = (((((((5226.495278852854561 * r + 28729.085735721942674) * r
        + 39307.89580009271061) * r + 21213.794301586595867) * r
        + 5394.1960214247511077) * r + 687.1870074920579083) * r
        + 42.313330701600911252) * r + 1.0)  # fmt: skip
    return q * top / bottom, abs(q) <= 0.425


@inlined
def middle_score(r: float) -> float:
    """Return the size of the normal quantile for r = sqrt(-log p), 1.6 <= r <= 5 (AS 241)."""
    r -= 1.6
    top = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r
        + 0.24178072517745061177) * r + 1.27045825245236838258) * r
        + 3.64784832476320460504) * r + 5.7694972214606914055) * r
        + 4.6303378461565452959) * r + 1.42343711074968357734)  # fmt: skip
    bottom = (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r
        + 0.0151986665636164571966) * r + 0.14810397642748007459) * r
        + 0.68976733498510000455) * r + 1.6763848301838038494) * r
        + 2.05319162663775882187) * r + 1.0)  # fmt: skip
    return top / bottom


@inlined
def near_score(p: float) -> tuple[float, bool]:
    """Return the normal quantile for 1e-10 <= p <= 1/2, error below 1e-9, and whether p lies there.

    Both branches of AS 241 without a library's logarithm: a loop over it becomes wide.
    """
    central, there = central_score(p)
    tail = -middle_score(math.sqrt(minus_log(p)))
    return (central if there else tail), p >= 1e-10


@part
def normal_score(p: float) -> float:
    """Return the standard normal quantile for 0 < p <= 1/2 (Wichura 1988, algorithm AS 241, PPND16)."""
    score, central = central_score(p)
    if central:
        return score
    r = math.sqrt(-math.log(p))
    if r <= 5.0:
        return -middle_score(r)
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
