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

from sim.engine.jit import compiled
from sim.engine.lanes import CHUNK, F, U, exp
from sim.engine.random import normals, threefry

Array = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "jitless: small enough to run with NUMBA_DISABLE_JIT=1")


@pytest.fixture(autouse=True)
def _wrap_around() -> Iterator[None]:
    """Interpreted, the generator's arithmetic modulo 2**32 would warn."""
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


@compiled
def _each_exponential(x: Singles, out: Singles) -> None:
    for i in range(x.shape[0]):
        out[i] = exp(x[i])


@compiled
def _each_draw(words: Any, out: Any) -> None:
    for i in range(words.shape[0]):
        w = words[i]
        a, b, c, d = threefry(w[0], w[1], w[2], w[3], w[4], w[5])
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = a, b, c, d


@compiled
def _each_pair(words: Any, out: Array) -> None:
    for i in range(words.shape[0]):
        one, two = normals(words[i, 0], words[i, 1])
        out[0, i], out[1, i] = one, two


@pytest.fixture(scope="session", name="exp")
def exp_fixture() -> Callable[[Array], Array]:
    """Return the loops' exponential of an array of any length."""

    def function(x: Array) -> Array:
        out = np.empty(len(x), F)
        with np.errstate(all="ignore"):
            _each_exponential(np.asarray(x, F), out)
        return out.astype(float)

    return function


def words_of(counters: Any) -> Any:
    """Return the four words of each row of counters and keys."""
    out = np.empty((len(counters), 4), U)
    with np.errstate(over="ignore"):
        _each_draw(np.asarray(counters, U), out)
    return out


@pytest.fixture(scope="session")
def drawn() -> Callable[..., tuple[int, ...]]:
    """Return the four words of four counter words and two key words."""
    return lambda *words: tuple(int(w) for w in words_of([words])[0])


@pytest.fixture(scope="session")
def pair_of() -> Callable[..., tuple[Array, Array]]:
    """Return the two normals of rows of two words."""

    def function(words: Any) -> tuple[Array, Array]:
        out = np.empty((2, len(words)))
        with np.errstate(over="ignore"):
            _each_pair(np.asarray(words, U), out)
        return out[0], out[1]

    return function


@pytest.fixture(scope="session", name="normals")
def normals_fixture(
    pair_of: Callable[..., tuple[Array, Array]],
) -> Callable[..., tuple[Array, Array]]:
    """Return the two rows of normals of CHUNK worlds at an address."""

    def function(
        key: tuple[Any, Any], world: int = 0, draw: int = 0, creator: int = 0
    ) -> tuple[Array, Array]:
        low, high = creator % 2**32, creator // 2**32
        k0, k1 = map(int, key)
        rows = [(world + i, draw, low, high, k0, k1) for i in range(CHUNK)]
        return pair_of(words_of(rows)[:, :2])

    return function
