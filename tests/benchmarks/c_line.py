"""Opponent: the kernel's loop in C, compiled when it is needed and called through ctypes.

Same Philox streams and quantile tables as the engine, so its sums must equal the engine's to the
error of the polynomials. Shared factors are made by the engine for both and are not timed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from problem import (
    AMPLIFICATION,
    AUTHENTIC,
    CONVERSION,
    DELIVERY,
    ENGAGEMENT,
    FEE,
    FOLLOWERS,
    LUCK,
    REACH,
    SUMS,
    Array,
    Problem,
)  # fmt: skip

CHUNK = 128
FLAGS = (
    "-O3", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=fast", "-fno-math-errno",
    "-fno-trapping-math", "-ffinite-math-only", "-fno-signed-zeros", "-fno-tree-pre",
)  # fmt: skip
Pointer = ctypes.POINTER(ctypes.c_double)


class Table(ctypes.Structure):
    """The struct `table` of line.c."""

    _fields_ = (
        ("low", ctypes.c_double), ("scale", ctypes.c_double), ("last", ctypes.c_double),
        ("pieces", Pointer),
    )  # fmt: skip


def _doubles(*names: str) -> list[tuple[str, Any]]:
    return [(name, ctypes.c_double) for name in names]


class LineStruct(ctypes.Structure):
    """The struct `line` of line.c."""

    _fields_ = (
        ("key", ctypes.c_uint32 * 2),
        ("creators", ctypes.c_int64),
        *_doubles("engagement", "conversion", "luck"),
        ("fee", ctypes.c_double * 3),
        ("followers", ctypes.c_double * 2),
        ("reach", ctypes.c_double * 2),
        ("amplification", ctypes.c_double * 2),
        *_doubles("authentic", "delivery", "delivery_jump", "take_off_jump"),
        *_doubles("log_authentic_mean", "q", "w", "audience", "viral_excess"),
        ("followers_table", Table),
        ("reach_table", Table),
        ("authentic_table", Table),
        ("take_off_table", Table),
    )


def compiler() -> str | None:
    """Return the C compiler of this machine, None where there is none."""
    return next(filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))), None)


class CLine:
    """line.c, compiled for a problem."""

    def __init__(self, problem: Problem, cc: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "line.so"
            source = Path(__file__).with_name("line.c")
            flags = [f for f in FLAGS if "gcc" in Path(cc).resolve().name or "width" not in f]
            command = [cc, *flags, "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
            subprocess.run(command, check=True, capture_output=True)
            self.chunk = ctypes.CDLL(str(library)).line_chunk
        self.chunk.argtypes = [
            ctypes.POINTER(LineStruct), Pointer, Pointer, ctypes.c_uint64, Pointer,
        ]  # fmt: skip
        self.chunk.restype = None
        self.problem = problem
        self.line = problem.line
        self.kept: list[Array] = []
        self.struct = self._struct()
        self.log = _log_coefficients()

    def _weights(self, x: int, *normals: int) -> list[float]:
        return [float(self.line.mix[0, x, y]) for y in normals]

    def _slope(self, x: int) -> float:
        """Slope of a lognormal's log value in its score."""
        assert self.line.pieces[x, 1] == 0, "not a lognormal"
        return float(self.line.coefficients[self.line.pieces[x, 0], 1])

    def _table(self, x: int) -> Table:
        first, count = self.line.pieces[x]
        pieces = np.ascontiguousarray(self.line.coefficients[first : first + count])
        self.kept.append(pieces)
        low, scale = self.line.ranges[x, :2]
        return Table(low, scale, count - 1e-9, pieces.ctypes.data_as(Pointer))

    def _struct(self) -> LineStruct:
        p, line = self.problem, self.line
        fee = [self._slope(FEE) * w for w in self._weights(FEE, ENGAGEMENT, FOLLOWERS, FEE)]
        pair = ctypes.c_double * 2
        return LineStruct(
            key=(ctypes.c_uint32 * 2)(*map(int, line.key)),
            creators=p.creators,
            engagement=self._slope(ENGAGEMENT) * self._weights(ENGAGEMENT, ENGAGEMENT)[0],
            conversion=self._slope(CONVERSION) * self._weights(CONVERSION, CONVERSION)[0],
            luck=self._slope(LUCK) * line.luck_own,
            fee=(ctypes.c_double * 3)(*fee),
            followers=pair(*self._weights(FOLLOWERS, ENGAGEMENT, FOLLOWERS)),
            reach=pair(*self._weights(REACH, ENGAGEMENT, REACH)),
            amplification=pair(line.amplification_engagement, line.amplification_own),
            authentic=self._weights(AUTHENTIC, AUTHENTIC)[0],
            delivery=self._weights(DELIVERY, DELIVERY)[0],
            delivery_jump=float(line.ranges[DELIVERY, 2]),
            take_off_jump=float(line.ranges[AMPLIFICATION, 2]),
            log_authentic_mean=line.log_authentic_mean,
            q=line.amplified_engagement,
            w=line.amplified_conversion,
            audience=line.audience,
            viral_excess=line.viral_excess,
            followers_table=self._table(FOLLOWERS),
            reach_table=self._table(REACH),
            authentic_table=self._table(AUTHENTIC),
            take_off_table=self._table(AMPLIFICATION),
        )

    def shared(self, factors: Array) -> Array:
        """Return what creators share, shape (chunks, 11, CHUNK), as the struct `shared`."""
        line = self.line
        score = line.loading @ factors
        shift = line.shift[:, None] + line.belief @ factors

        def log_value(x: int) -> Array:
            base = line.coefficients[line.pieces[x, 0], 0] + self._slope(x) * score[x]
            return np.asarray(shift[x] + base)

        rows = [log_value(x) for x in (ENGAGEMENT, CONVERSION, FEE, LUCK)]
        rows += [shift[REACH], shift[AMPLIFICATION]]
        rows += [score[x] for x in (FOLLOWERS, REACH, AUTHENTIC, DELIVERY, AMPLIFICATION)]
        stacked = np.array(rows).reshape(len(rows), -1, CHUNK)
        return np.ascontiguousarray(stacked.swapaxes(0, 1))

    def sums(self, shared: Array, first: int) -> Array:
        """Return the sums of the worlds from `first` on, shape (sums, worlds)."""
        out = np.empty((len(shared), len(SUMS), CHUNK))
        log = self.log.ctypes.data_as(Pointer)
        for k, row in enumerate(shared):
            world = first + k * CHUNK
            self.chunk(
                self.struct, log, row.ctypes.data_as(Pointer), world, out[k].ctypes.data_as(Pointer)
            )
        return out.swapaxes(0, 1).reshape(len(SUMS), -1)


def _log_coefficients() -> Array:
    """Power-basis coefficients of log(1 + f) / f, degree 12, as in `sim.engine.random`."""
    from numpy.polynomial import Chebyshev, Polynomial

    domain = [float(np.sqrt(0.5)) - 1.0, float(np.sqrt(2.0)) - 1.0]
    fit = Chebyshev.interpolate(lambda f: np.log1p(f) / f, 12, domain=domain)
    return np.ascontiguousarray(fit.convert(kind=Polynomial).coef)
