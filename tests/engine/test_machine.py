"""Entry points: what Python hands over is what compiled code gets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.engine import kept
from sim.engine.jit import COMPILES, compiled

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")


@compiled
def _tell(whole: int, word: Any, half: float, single: Any, cube: Any, table: Any, out: Any) -> None:
    out[0], out[1], out[2], out[3] = whole, word, half, single
    out[4], out[5], out[6] = cube.shape[0], cube.shape[1], cube.shape[2]
    out[7], out[8] = table.size, table.itemsize
    at = 9
    for i in range(cube.shape[0]):
        for j in range(cube.shape[1]):
            for k in range(cube.shape[2]):
                out[at] = cube[i, j, k]
                at += 1
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            out[at] = table[i, j]
            at += 1


def test_numbers_and_arrays_arrive_as_they_are() -> None:
    """Contiguous arrays, every other row and column of one, one turned, one that may not be written."""
    cube = np.arange(24.0).reshape(2, 3, 4)
    large = np.arange(42, dtype=np.float32).reshape(6, 7)
    locked = large.copy()
    locked.flags.writeable = False
    for table in (large, large[::2, 1::3], large.T, large[::-1], locked, large[:0]):
        out = np.full(9 + cube.size + table.size, np.nan)
        _tell(-(2**40), np.uint32(2**32 - 1), 0.1, np.float32(0.1), cube, table, out)
        numbers = [-(2**40), 2**32 - 1, 0.1, float(np.float32(0.1)), 2, 3, 4, table.size, 4]
        assert out.tolist() == [*numbers, *cube.ravel(), *table.ravel()]


@compiled
def _make(size: int, out: Any) -> None:
    made = np.zeros(size)
    out[0] = made[size - 1]


def test_no_memory_is_said() -> None:
    with pytest.raises(MemoryError, match="_make"):
        _make(2**58, np.empty(1))
    out = np.ones(1)
    _make(1000, out)
    assert out[0] == 0.0


def test_what_it_cannot_take_is_refused() -> None:
    @compiled
    def returns(out: Any) -> Any:
        return out[0]

    with pytest.raises(TypeError, match="returns something"):
        returns(np.ones(1))
    with pytest.raises(TypeError, match="got 'text'"):
        _make("text", np.ones(1))
    _make(1000, np.ones(1))
    other = "<" if sys.byteorder == "big" else ">"
    with pytest.raises(TypeError, match="byte order"):
        _make(1000, np.ones(1, dtype=f"{other}f8"))


def test_numba_calls_what_cannot_be_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: bytes) -> int:
        raise RuntimeError("symbols not found")

    @compiled
    def double(x: float, out: Any) -> None:
        out[0] = 2.0 * x

    monkeypatch.setattr("sim.engine.machine._link", fail)
    out = np.zeros(1)
    double(21.0, out)
    assert out[0] == 42.0


def test_who_has_no_home_keeps_code_among_temporary_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a number without a name has none, under which a container may run."""

    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    found = kept.cache_folder.__wrapped__()
    assert found is not None
    assert found.is_relative_to(tmp_path)
