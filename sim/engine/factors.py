"""The shared factors of each world: standard normal, each its own sequence keyed by its name."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .jit import compiled
from .random import normal_score, philox, uniform

Array = npt.NDArray[np.float64]
U = np.uint64


@compiled
def factor_row(
    key: tuple[np.uint64, np.uint64], world: np.uint64, repeats: int, out: Array
) -> None:
    """Fill `out` with normal scores of consecutive worlds; `repeats` neighbours share one."""
    k0, k1 = key
    for i in range(out.shape[0]):
        a, b = philox((world + U(i)) // U(repeats), U(0), U(0), U(0), k0, k1)
        score = normal_score(0.5 * uniform(a))
        out[i] = score if b & U(1) == U(0) else -score


def factor_rows(
    keys: list[tuple[np.uint64, np.uint64]], first: int, worlds: int, repeats: list[int]
) -> Array:
    """Return the factors of a block of worlds.

    Parameters
    ----------
    keys
        Key words of each factor's stream.
    first, worlds
        First world and number of worlds.
    repeats
        For each factor, how many consecutive worlds share a draw (1 where none do).

    Returns
    -------
    numpy.ndarray
        Standard normal scores, shape (factors, worlds).
    """
    rows = np.empty((len(keys), worlds))
    for k, key in enumerate(keys):
        factor_row(key, U(first), repeats[k], rows[k])
    return rows
