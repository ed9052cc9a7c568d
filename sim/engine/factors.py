"""The shared factors of each world: standard normal, each its own sequence keyed by its name.

Plain sampling draws every world afresh. Stratified sampling divides the worlds into independent
groups of 2^k; within a group each factor takes one value from each of 2^k equally likely strata, in
an order of its own (Latin hypercube sampling: McKay, Beckman and Conover 1979; Stein 1987). In one
dimension that is what an Owen-scrambled van der Corput sequence gives. The order is a permutation
keyed by the factor's name, so that adding a factor changes no other. Two-level sampling repeats
each draw of the beliefs for several consecutive worlds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .jit import compiled, part
from .keys import stream_key
from .lanes import CHUNK, U, wide
from .random import near_score, normal_score, threefry, uniform

if TYPE_CHECKING:
    from sim.plan import Plan

Array = npt.NDArray[np.float64]

# Words of the counter that tell the draws of a factor apart.
_DRAW, _ORDER = U(0), U(1)
_ROUNDS = 6


@part
def permuted(index: int, bits: int, group: np.uint32, k0: np.uint32, k1: np.uint32) -> int:
    """Return where a keyed permutation of 0 .. 2**bits - 1 sends an index.

    A Feistel network (Luby and Rackoff 1988) of six rounds with Threefry as its round function; the
    two halves differ by a bit where `bits` is odd.
    """
    right_bits = bits // 2
    left_bits = bits - right_bits
    left, right = U(index >> right_bits), U(index & ((1 << right_bits) - 1))
    for turn in range(_ROUNDS):
        mixed, _, _, _ = threefry(right, _ORDER, group, U(turn), k0, k1)
        left, right = right, U((left ^ mixed) & U((1 << left_bits) - 1))
        left_bits, right_bits = right_bits, left_bits
    return (np.int64(left) << right_bits) | np.int64(right)


@compiled
def _plain_row(k0: np.uint32, k1: np.uint32, world: int, repeats: int, out: Array) -> None:
    wide()
    p, sign = np.empty(CHUNK), np.empty(CHUNK)
    for start in range(0, out.shape[0], CHUNK):
        count = min(CHUNK, out.shape[0] - start)
        for i in range(CHUNK):
            draw = (world + start + i) // repeats if repeats > 1 else world + start + i
            a, b, _, _ = threefry(U(draw), _DRAW, U(draw >> 32), U(0), k0, k1)
            p[i], sign[i] = 0.5 * uniform(a, b), (1.0 if a & U(1) == U(0) else -1.0)
        for i in range(count):
            score, near = near_score(p[i])
            out[start + i] = sign[i] * score if near else np.nan
        for i in range(count):
            if math.isnan(out[start + i]):
                out[start + i] = sign[i] * normal_score(p[i])


@compiled
def _stratified_row(k0: np.uint32, k1: np.uint32, world: int, bits: int, out: Array) -> None:
    for i in range(out.shape[0]):
        draw = world + i
        a, b, _, _ = threefry(U(draw), _DRAW, U(draw >> 32), U(0), k0, k1)
        p, group = uniform(a, b), U(draw >> bits)
        place = permuted(draw & ((1 << bits) - 1), bits, group, k0, k1)
        strata = float(1 << bits)
        # The nearer tail keeps its digits: count strata from the end that is closer.
        if float(place) < strata / 2.0:
            out[i] = normal_score(min((float(place) + p) / strata, 0.5))
        else:
            rest = strata - 1.0 - float(place)
            out[i] = -normal_score(min((rest + p) / strata, 0.5))


def factor_row(
    key: tuple[np.uint64, np.uint64], world: int, repeats: int, bits: int, out: Array
) -> None:
    """Fill `out` with standard normal scores of consecutive worlds.

    Parameters
    ----------
    key
        Key words of the factor's stream.
    world
        First world.
    repeats
        How many consecutive worlds share a draw.
    bits
        Binary logarithm of the worlds in a group of stratified sampling; -1 for plain sampling.
    out
        Row to fill.
    """
    k0, k1 = U(key[0]), U(key[1])
    # Interpreted, arithmetic on the bits of numbers would warn.
    with np.errstate(over="ignore"):
        if bits > 0:
            _stratified_row(k0, k1, int(world), bits, out)
        else:
            _plain_row(k0, k1, int(world), repeats, out)


def factor_rows(plan: Plan, first: int, worlds: int) -> Array:
    """Return the factors of a block of worlds.

    Parameters
    ----------
    plan
        The plan: its factors, seed and sampling.
    first, worlds
        First world and number of worlds.

    Returns
    -------
    numpy.ndarray
        Standard normal scores, shape (factors, worlds).
    """
    rows = np.empty((len(plan.factors), worlds))
    for k, factor in enumerate(plan.factors):
        repeats = plan.sampling.replicates if factor.kind == "belief" else 1
        key = stream_key(plan.seed, "factor", factor.name)
        factor_row(key, first, repeats, plan.sampling.bits, rows[k])
    return rows
