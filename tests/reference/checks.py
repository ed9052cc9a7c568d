"""Samples against expected moments, within four standard errors.

A false alarm has probability 6e-5 for each comparison.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

Array = npt.NDArray[np.float64]

ALLOWED = 4.0
#: Relative error of quantile tables, and of the kernel's exponentials.
ROUNDING = 2e-6


def mean(x: Array, expected: float) -> None:
    """Compare a sample mean."""
    error = x.std() / math.sqrt(x.size) + ROUNDING * abs(expected)
    assert x.mean() == pytest.approx(expected, rel=0, abs=ALLOWED * error)


def variance(x: Array, expected: float) -> None:
    """Compare a sample variance."""
    squares = (x - x.mean()) ** 2
    error = squares.std() / math.sqrt(x.size) + ROUNDING * expected
    assert squares.mean() == pytest.approx(expected, rel=0, abs=ALLOWED * error)


def both(x: Array, moments: tuple[float, float]) -> None:
    """Compare mean and variance."""
    mean(x, moments[0])
    variance(x, moments[1])


def ratio(top: Array, bottom: Array, expected: float) -> None:
    """Compare a ratio of means, with the delta method's error."""
    found = top.mean() / bottom.mean()
    error = (top - found * bottom).std() / bottom.mean() / math.sqrt(top.size)
    error += ROUNDING * expected
    assert found == pytest.approx(expected, rel=0, abs=ALLOWED * error)
