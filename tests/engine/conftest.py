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

from sim.engine.jit import part
from sim.engine.random import CHUNK, exponential, minus_log, normal_rows

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


@part
def _each_exponential(x: Array, out: Array) -> None:
    for i in range(x.shape[0]):
        out[i] = exponential(x[i])


@part
def _each_minus_log(x: Array, out: Array) -> None:
    for i in range(x.shape[0]):
        out[i] = minus_log(x[i])


def _of_array(each: Callable[[Array, Array], None]) -> Callable[[Array], Array]:
    def function(x: Array) -> Array:
        out = np.empty(len(x))
        with np.errstate(all="ignore"):
            each(np.asarray(x, dtype=float), out)
        return out

    return function


@pytest.fixture(scope="session")
def exp() -> Callable[[Array], Array]:
    """Return the kernel's exponential of an array of any length."""
    return _of_array(_each_exponential)


@pytest.fixture(scope="session", name="minus_log")
def minus_log_fixture() -> Callable[[Array], Array]:
    """Return minus the kernel's logarithm of an array of any length."""
    return _of_array(_each_minus_log)


@pytest.fixture(scope="session")
def normals() -> Callable[..., tuple[Array, Array]]:
    """Return the two rows of normals of CHUNK worlds at an address."""

    def function(
        key: tuple[Any, Any], world: int = 0, draw: int = 0, creator: int = 0
    ) -> tuple[Array, Array]:
        rows = np.empty(2 * CHUNK)
        with np.errstate(over="ignore"):
            normal_rows(key, U(world), U(draw), U(creator), rows, 0, CHUNK)
        return rows[:CHUNK], rows[CHUNK:]

    return function
