"""Patient rule induction: a box of inputs in which something happens more often than elsewhere.

Friedman and Fisher (1999): peel a small share of the worlds off the side that leaves most of what
is looked for, again and again; then see whether a side was peeled too far (pasting). A box is said
in words, so it is kept to few inputs, and only to restrictions that noise alone would not explain
(Bryant and Lempert 2010).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Share of the box that a step takes or gives back.
PEEL = 0.05
#: Fewest worlds in a box.
_FEWEST = 100
#: Chance of noise up to which a restriction is kept.
_NOISE = 0.05


@dataclass(frozen=True)
class Box:
    """Ends of inputs; an input that is not named is free.

    Attributes
    ----------
    ends
        By input, its lower and upper end; infinite where open.
    """

    ends: dict[int, tuple[float, float]] = field(default_factory=dict)

    def holds(self, x: Array) -> Flags:
        """Return which worlds lie in it; `x` has shape (inputs, worlds)."""
        inside = np.ones(x.shape[1], dtype=bool)
        for j, (low, high) in self.ends.items():
            inside &= (x[j] >= low) & (x[j] <= high)
        return inside

    def without(self, j: int) -> Box:
        """Return the box with an input set free."""
        return Box({k: ends for k, ends in self.ends.items() if k != j})

    def with_ends(self, j: int, low: float, high: float) -> Box:
        """Return the box with other ends of an input."""
        free = low == -np.inf and high == np.inf
        return self.without(j) if free else Box(self.without(j).ends | {j: (low, high)})


def find_box(x: Array, happens: Flags, coverage: float = 0.5, most: int = 3) -> Box:
    """Return the densest box that still holds a share of what happens.

    Parameters
    ----------
    x : ndarray, shape (inputs, worlds)
        Inputs.
    happens : ndarray of bool, shape (worlds,)
        What is looked for.
    coverage : float
        Share of the happenings that the box must hold.
    most : int
        Inputs that it may name.
    """
    box = _peeled(x, happens, coverage, range(len(x)))
    kept = _telling(box, x, happens)[:most]
    if not kept:
        return Box()
    # Fewer inputs can be peeled further: again, with those that count.
    box = _pasted(_peeled(x, happens, coverage, kept), x, happens)
    final = _telling(box, x, happens)
    return Box({j: box.ends[j] for j in final})


def _peeled(x: Array, happens: Flags, coverage: float, inputs: range | list[int]) -> Box:
    """Peel while the box holds enough; return the widest that noise does not tell from the densest."""
    box, way = Box(), [(float(happens.mean()), len(happens), Box())]
    values, hits = x, happens.astype(np.float64)
    wanted = coverage * hits.sum()
    density = hits.mean()
    while len(hits) >= _FEWEST:
        peel: tuple[float, int, float, float] | None = None
        for j in inputs:
            for level, side in ((PEEL, 1), (1.0 - PEEL, -1)):
                end = _end(values[j], level, side)
                rest = values[j] >= end if side > 0 else values[j] <= end
                size = int(np.count_nonzero(rest))
                if size == len(hits) or size == 0 or hits[rest].sum() < wanted:
                    continue
                # What a step wins for each world that it costs (the paper's patience).
                gain = (hits[rest].mean() - density) / (len(hits) - size)
                if peel is None or gain > peel[0]:
                    low, high = box.ends.get(j, (-np.inf, np.inf))
                    peel = (gain, j, end, high) if side > 0 else (gain, j, low, end)
        if peel is None:
            break
        box = box.with_ends(*peel[1:])
        rest = Box({peel[1]: peel[2:]}).holds(values)
        values, hits = values[:, rest], hits[rest]
        density = hits.mean()
        way.append((float(density), len(hits), box))
    # As in pruning a tree: one standard error is no difference (Breiman et al. 1984).
    highest, size, _ = max(way, key=lambda step: step[0])
    near = highest - math.sqrt(highest * (1.0 - highest) / size)
    return next(box for density, _, box in way if density >= near)


def _end(values: Array, level: float, side: int) -> float:
    """Return where a step would end: at a quantile, or past the outermost value if many share it."""
    end = float(np.quantile(values, level))
    outermost = float(values.min() if side > 0 else values.max())
    if end != outermost:
        return end
    others = values[values != outermost]
    return end if others.size == 0 else float(others.min() if side > 0 else others.max())


def _pasted(box: Box, x: Array, happens: Flags) -> Box:
    """Move ends out again where that makes the box denser."""
    while True:
        inside = box.holds(x)
        size, density = int(np.count_nonzero(inside)), float(happens[inside].mean())
        step = max(int(PEEL * size), 1)
        densest: tuple[float, Box] | None = None
        for j, (low, high) in box.ends.items():
            others = box.without(j).holds(x)
            below, above = (
                np.sort(x[j][others & (x[j] < low)]),
                np.sort(x[j][others & (x[j] > high)]),
            )
            wider = []
            if len(below):
                end = float(below[-step]) if len(below) > step else -np.inf
                wider.append(box.with_ends(j, end, high))
            if len(above):
                end = float(above[step - 1]) if len(above) > step else np.inf
                wider.append(box.with_ends(j, low, end))
            for candidate in wider:
                now = float(happens[candidate.holds(x)].mean())
                if now >= density and (densest is None or now > densest[0]):
                    densest = now, candidate
        if densest is None:
            return box
        box = densest[1]


def _telling(box: Box, x: Array, happens: Flags) -> list[int]:
    """Return the inputs whose restrictions noise does not explain, most telling first.

    Quasi-p-value: the chance of as many happenings in the box if its density were that of the box
    without the restriction, by the normal approximation to the binomial.
    """
    inside = box.holds(x)
    size, hits = int(np.count_nonzero(inside)), int(np.count_nonzero(happens & inside))
    rates = []
    for j in box.ends:
        wider = box.without(j).holds(x)
        rate = float(happens[wider].mean())
        spread = np.sqrt(max(size * rate * (1.0 - rate), 1e-12))
        chance = 1.0 - NormalDist().cdf(float((hits - size * rate) / spread))
        if chance <= _NOISE:
            rates.append((rate, j))
    return [j for _, j in sorted(rates)]
