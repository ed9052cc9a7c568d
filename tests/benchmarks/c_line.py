"""Opponent: the engine's loop in C, compiled when it is needed and called through ctypes.

The same streams, laws and single precision as the engine, so its sums must equal the engine's to
rounding. What creators share is made by the engine for both and is not timed.
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
    ENGAGEMENT,
    FEE,
    FOLLOWERS,
    LUCK,
    REACH,
    SUMS,
    Array,
    Problem,
)  # fmt: skip

from sim.engine import lanes, random
from sim.engine.funnel import FIGURES
from sim.engine.lanes import CHUNK, F, Singles
from sim.engine.prepare import Prepared
from sim.engine.structure import line_numbers, own_numbers

FLAGS = (
    "-O3", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=off", "-fno-math-errno",
    "-fno-trapping-math", "-ffinite-math-only", "-fno-signed-zeros", "-fno-tree-pre",
)  # fmt: skip
#: Rows of the struct's enum, by the engine's names.
ROWS = (
    "base_engagement_rate", "base_followers", "base_reach_rate", "base_conversion_rate",
    "base_authentic_share", "base_fee", "base_delivery", "base_post_luck", "base_amplification",
    "shift_reach_rate", "shift_amplification",
)  # fmt: skip
_SMOOTH = {
    "followers": FOLLOWERS,
    "reach": REACH,
    "authentic": AUTHENTIC,
    "amplification": AMPLIFICATION,
}
_float, _pointer = ctypes.c_float, ctypes.POINTER(ctypes.c_float)


def compiler() -> str | None:
    """Return the C compiler of this machine, None where there is none."""
    return next(filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))), None)


class CLine:
    """line.c, compiled for a problem."""

    def __init__(self, problem: Problem, cc: str) -> None:
        self.ready = Prepared(problem.line)
        laws = self.ready.structure.laws
        degrees = {name: laws[x].degree for name, x in _SMOOTH.items()}
        kinds = {laws[x].kind for x in _SMOOTH.values()}
        assert kinds == {"smooth"}, "the C loop knows these laws as polynomials only"
        folds = {name for name, x in _SMOOTH.items() if laws[x].folds}
        assert folds == {"followers"}, "the C loop folds the scores of followers only"
        self.struct = _struct(degrees)
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "line.so"
            source = Path(__file__).with_name("line.c")
            flags = [f for f in FLAGS if "gcc" in Path(cc).resolve().name or "width" not in f]
            names = {"followers": "F", "reach": "R", "authentic": "A", "amplification": "AMP"}
            flags += [f"-DDEGREE_{names[name]}={degree}" for name, degree in degrees.items()]
            command = [cc, *flags, "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
            subprocess.run(command, check=True, capture_output=True)
            self.chunk = ctypes.CDLL(str(library)).line_chunk
        self.chunk.restype = None
        self.kept: list[Singles] = []
        self.line = self._filled(problem, degrees)

    def _array(self, values: Any) -> Any:
        """Return a pointer to single numbers that stay."""
        self.kept.append(np.ascontiguousarray(values, F))
        return self.kept[-1].ctypes.data_as(_pointer)

    def _filled(self, problem: Problem, degrees: dict[str, int]) -> Any:
        structure = self.ready.structure
        number = dict(zip((*FIGURES, *line_numbers(structure)), self.ready.figures, strict=True))
        own = dict(zip(own_numbers(structure), self.ready.own[0], strict=True))

        def weights(x: int, *normals: int) -> list[float]:
            return [float(own[f"weight_{x}_{y}"]) for y in normals]

        def constants(module: Any, letter: str, degree: int) -> Any:
            return self._array([getattr(module, f"_{letter}{k}") for k in range(degree + 1)])

        pair, three = _float * 2, _float * 3
        names = {
            "followers": "followers",
            "reach": "reach_rate",
            "authentic": "authentic_share",
            "amplification": "amplification",
        }
        polynomials = {
            name: (_float * (degree + 1))(
                *(float(number[f"c_{names[name]}_{k}"]) for k in range(degree + 1))
            )
            for name, degree in degrees.items()
        }
        line = self.struct(
            key=(ctypes.c_uint32 * 2)(*map(int, self.ready.key)),
            creators=problem.creators,
            e=weights(ENGAGEMENT, ENGAGEMENT)[0],
            f=pair(*weights(FOLLOWERS, ENGAGEMENT, FOLLOWERS)),
            r=pair(*weights(REACH, ENGAGEMENT, REACH)),
            c=weights(CONVERSION, CONVERSION)[0],
            a=weights(AUTHENTIC, AUTHENTIC)[0],
            fee=three(*weights(FEE, ENGAGEMENT, FOLLOWERS, FEE)),
            luck=weights(LUCK, LUCK)[0],
            amp=pair(*weights(AMPLIFICATION, ENGAGEMENT, AMPLIFICATION)),
            jump_amp=float(number["jump_amplification"]),
            log_mean_a=float(number["log_mean_authentic"]),
            q=float(number["q"]),
            w=float(number["w"]),
            audience=float(number["audience"]),
            viral=float(number["viral_excess"]),
            fold=pair(float(lanes._FOLD_FIRST), float(lanes._FOLD_SECOND)),
            log_p=constants(random, "L", 7),
            exp_p=constants(lanes, "E", 6),
            sin_p=constants(random, "S", 3),
            cos_p=constants(random, "C", 3),
        )
        for name, values in polynomials.items():
            setattr(line, name, values)
        return line

    def shared(self, factors: Array) -> Singles:
        """Return what creators share, shape (chunks, rows, CHUNK), as line.c takes it."""
        rows = self.ready.shared(factors, np.ones(factors.shape[1]))
        rows = rows.reshape(len(rows), -1, CHUNK)
        out = np.zeros((len(rows), len(ROWS), CHUNK), F)
        for k, name in enumerate(ROWS):
            if name in self.ready.rows:
                out[:, k] = rows[:, self.ready.rows.index(name)]
        return out

    def sums(self, shared: Singles, first: int) -> Array:
        """Return the sums of the worlds from `first` on, shape (sums, worlds)."""
        out = np.empty((len(shared), len(SUMS), CHUNK))
        for k, row in enumerate(shared):
            self.chunk(
                ctypes.byref(self.line), row.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_uint32(first + k * CHUNK), out[k].ctypes.data_as(ctypes.c_void_p),
            )  # fmt: skip
        return out.swapaxes(0, 1).reshape(len(SUMS), -1)


def _struct(degrees: dict[str, int]) -> Any:
    """Return the struct `line` of line.c for polynomials of some degrees."""
    pair, three = _float * 2, _float * 3
    weights = [("e", _float), ("f", pair), ("r", pair), ("c", _float), ("a", _float)]
    weights += [("fee", three), ("luck", _float), ("amp", pair)]
    numbers = ("jump_amp", "log_mean_a", "q", "w", "audience", "viral")
    fields = [("key", ctypes.c_uint32 * 2), ("creators", ctypes.c_int64), *weights]
    fields += [(name, _float) for name in numbers]
    fields += [("fold", pair)]
    fields += [(name, _float * (degree + 1)) for name, degree in degrees.items()]
    fields += [(name, _pointer) for name in ("log_p", "exp_p", "sin_p", "cos_p")]
    return type("LineStruct", (ctypes.Structure,), {"_fields_": fields})
