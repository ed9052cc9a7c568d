"""Running sums of a chunk of worlds: in single precision within a group of creators, then in double."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .jit import part
from .lanes import CHUNK, F, Singles, wide

Array = npt.NDArray[np.float64]


@part
def begin(s: Singles, whole: Array, at: int) -> None:
    """Set all sums to zero.

    Parameters
    ----------
    s, at
        Scratch, and where in it the rows of the sums begin.
    whole
        The same sums in double precision, shape (sums x CHUNK,).
    """
    for j in range(whole.shape[0]):
        whole[j] = 0.0
        s[at + j] = F(0)


@part
def take(s: Singles, whole: Array, at: int) -> None:
    """Add the sums of a group of creators to those of the line, and begin a new group."""
    wide()
    for j in range(whole.shape[0]):
        whole[j] += np.float64(s[np.uint64(at + j)])
        s[np.uint64(at + j)] = F(0)


@part
def give(
    s: Singles, whole: Array, at: int, out: npt.NDArray[np.float64], step: int, start: int
) -> None:
    """Write out the sums so far, and the states of worlds, whose rows follow those of the sums."""
    wide()
    count = min(CHUNK, out.shape[2] - start)
    sums = whole.shape[0] // CHUNK
    for k in range(out.shape[1]):
        for i in range(count):
            j = np.uint64(k * CHUNK + i)
            row = np.float64(s[np.uint64(at) + j])
            out[step, k, start + i] = whole[j] + row if k < sums else row
