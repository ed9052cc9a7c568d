"""The floor: the engine's uniform numbers alone, from the same generator, summed.

As many calls of Philox per creator and post as the engine makes for the line, each call giving two
numbers, in the engine's order of loops, compiled the same way. No engine on this generator can be
faster.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from problem import AMPLIFICATION, LUCK, Array, Problem

from sim.engine.jit import OPTIONS
from sim.engine.random import CHUNK, philox, uniform

U = np.uint64


def calls(problem: Problem) -> int:
    """Return the calls of the generator per creator of one post: two numbers each."""
    line = problem.line
    return len(line.pairs) + int(line.varies[LUCK] or line.varies[AMPLIFICATION])


def floor(problem: Problem) -> Callable[[int], Array]:
    """Return a function of worlds that gives the sum of all uniforms of each world."""
    k0, k1 = problem.line.key
    creators, draws = U(problem.creators), U(calls(problem))

    @numba.njit(**OPTIONS)  # type: ignore[untyped-decorator]
    def sums(out: Array) -> None:
        for start in range(0, out.shape[0], CHUNK):
            row = out[start : start + CHUNK]
            for i in range(CHUNK):
                row[i] = 0.0
            for creator in range(creators):
                for draw in range(draws):
                    for i in range(CHUNK):
                        a, b = philox(U(start) + U(i), U(draw), U(creator), U(0), k0, k1)
                        row[i] += uniform(a) + uniform(b)

    def run(worlds: int) -> Array:
        out = np.empty(-(-worlds // CHUNK) * CHUNK)
        sums(out)
        return out[:worlds]

    return run
