"""Where a function changes its sign: on a grid, along a straight line, and narrowed down."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ...measures import Measured

Array = npt.NDArray[np.float64]
Gap = Callable[[float], Measured]


def crossings(x: Sequence[float] | Array, gap: Array) -> list[int]:
    """Return the positions after which a gap changes its sign; a zero counts with what precedes."""
    sign = np.sign(gap)
    for i in range(1, len(sign)):
        if sign[i] == 0.0:
            sign[i] = sign[i - 1]
    return [i for i in range(len(x) - 1) if sign[i] * sign[i + 1] < 0.0]


def between(x0: float, x1: float, g0: float, g1: float) -> float:
    """Return where the straight line through two gaps of opposite sign is zero."""
    return x0 if g0 == g1 else x0 - g0 * (x1 - x0) / (g1 - g0)


def narrowed(gap: Gap, left: float, right: float, steps: int) -> float:
    """Narrow a change of sign down (Brent 1973), in so many steps at most.

    Simulated gaps take a few steps only: their own error is larger than what is left. They are
    flat between neighbouring numbers of single precision, where the last step is a halving: of all
    places looked at, the one with the smallest gap is returned.
    """
    from scipy.optimize import brentq

    sizes: dict[float, float] = {}

    def value(x: float) -> float:
        at = gap(x).value or 0.0
        sizes[x] = abs(at) if math.isfinite(at) else math.inf
        return at

    brentq(value, left, right, xtol=1e-7 * (right - left), maxiter=steps, disp=False)
    return min(sizes, key=sizes.__getitem__)


def halved(gap: Gap, left: float, right: float) -> float:
    """Return the first whole number from `left` on at which the sign is that at `right`."""
    below, above = int(left), int(right)
    up = (gap(float(above)).value or 0.0) > 0.0
    while above - below > 1:
        middle = (below + above) // 2
        if ((gap(float(middle)).value or 0.0) > 0.0) == up:
            above = middle
        else:
            below = middle
    return float(above)
