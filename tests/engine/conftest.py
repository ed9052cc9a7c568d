"""What the engine's tests share: rows of the kernel from Python, and modules beside the tests.

Tests marked `jitless` also run interpreted, so that coverage sees the compiled functions:

    NUMBA_DISABLE_JIT=1 pytest tests/engine -m jitless --cov=sim.engine
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sim.engine.random import CHUNK, exp_row, minus_log_row, normal_rows

Array = npt.NDArray[np.float64]
U = np.uint64


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "jitless: small enough to run with NUMBA_DISABLE_JIT=1")


@pytest.fixture(autouse=True)
def _wrap_around() -> Iterator[None]:
    """Interpreted, the generator's arithmetic modulo 2**64 would warn."""
    with np.errstate(over="ignore"):
        yield


@pytest.fixture(scope="session")
def beside() -> Iterator[Callable[[str], ModuleType]]:
    """Import a module that stands beside the tests or in `tests/reference`."""
    here = Path(__file__).parent
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(here.parent / "reference")
        patch.syspath_prepend(here)
        yield importlib.import_module


def _chunks(x: Array, filler: float) -> Iterator[Array]:
    for start in range(0, len(x), CHUNK):
        row = np.full(CHUNK, filler)
        part = x[start : start + CHUNK]
        row[: len(part)] = part
        yield row


@pytest.fixture(scope="session")
def exp() -> Callable[[Array], Array]:
    """Return the kernel's exponential of an array of any length."""

    def function(x: Array) -> Array:
        out, scale = np.empty((-(-len(x) // CHUNK), CHUNK)), np.empty(CHUNK)
        for row, result in zip(_chunks(x, 0.0), out, strict=True):
            exp_row(row, scale, scale.view(U), result)
        return out.ravel()[: len(x)]

    return function


@pytest.fixture(scope="session")
def minus_log() -> Callable[[Array], Array]:
    """Return minus the kernel's logarithm of an array of any length."""

    def function(x: Array) -> Array:
        rows = list(_chunks(x, 1.0))
        for row in rows:
            minus_log_row(row, row.view(U), np.empty(CHUNK))
        return np.concatenate(rows)[: len(x)]

    return function


@pytest.fixture(scope="session")
def normals() -> Callable[..., tuple[Array, Array]]:
    """Return the two rows of normals of CHUNK worlds at an address."""

    def function(
        key: tuple[Any, Any], world: int = 0, draw: int = 0, creator: int = 0
    ) -> tuple[Array, Array]:
        radius, exponent, first, second = np.empty((4, CHUNK))
        with np.errstate(over="ignore"):
            normal_rows(
                key, U(world), U(draw), U(creator), radius, radius.view(U), exponent, first, second
            )
        return first, second

    return function
