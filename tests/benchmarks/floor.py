"""The floor: the random words of a line alone, from the same generator, added up.

As many calls of Threefry per creator and post as the engine's loop makes, four words each, in the
engine's order of loops, compiled the same way. No engine on this generator can be faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from problem import Array, Problem

from sim.engine.emit import source
from sim.engine.jit import OPTIONS
from sim.engine.lanes import CHUNK, F, U, wide
from sim.engine.prepare import structure_of
from sim.engine.random import threefry


def calls(problem: Problem) -> int:
    """Return the calls of the generator per creator of one post."""
    return source(structure_of(problem.line)).count("threefry(")


def floor(problem: Problem) -> Callable[[int], Array]:
    """Return a function of worlds that gives a sum over all words of each world."""
    k0, k1 = map(np.uint32, problem.line.key)
    creators, draws = problem.creators, calls(problem)

    @numba.njit(**OPTIONS)  # type: ignore[untyped-decorator]
    def chunk(row: Any, world: Any) -> None:
        wide()
        for creator in range(creators):
            for draw in range(draws):
                for i in range(CHUNK):
                    a, b, c, d = threefry(U(world + U(i)), U(draw), U(creator), U(0), k0, k1)
                    row[i] += F(U(a ^ b ^ c ^ d)) * F(2.0**-32)

    def run(worlds: int) -> Array:
        out = np.zeros((-(-worlds // CHUNK), CHUNK), np.float32)
        for k, row in enumerate(out):
            chunk(row, np.uint32(k * CHUNK))
        return out.ravel()[:worlds].astype(float)

    return run
