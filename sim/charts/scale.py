"""The axis of ROI: linear, or doublings of what comes back, wide enough for what must be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..text.numbers import gain
from .numbers import FloatArray, at

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SKEWED = 2.0
"""Upper half of the 90 % interval over the lower half, from which a linear axis hides the bulk."""

MOST_LABELS = 6
NEARLY_ALL = 0.995
"""Share of worlds at each end that the axis of doublings shows."""

LOWEST, BULK = 0.01, 0.975
"""Quantiles from and up to which a linear axis reaches: a tail of gains may be long."""

LEAST = -63 / 64
"""Left end of the axis of doublings: one 64th of the money back."""


@dataclass(frozen=True)
class RoiScale:
    """An axis of ROI (a fraction), from low to high.

    With `doublings`, equal steps are equal factors of contribution / cost = 1 + ROI: half the money
    back (-50 %) is as far left of break-even as double (+100 %) is right of it.
    """

    low: float
    high: float
    doublings: bool

    def position(self, roi: npt.ArrayLike) -> FloatArray:
        """Return where ROI stands on the axis; below `low` it stands at `low`."""
        values = np.asarray(roi, dtype=np.float64)
        return np.log2(np.maximum(1 + values, 1 + self.low)) if self.doublings else values

    def roi(self, position: npt.ArrayLike) -> FloatArray:
        """Return the ROI at a position: the inverse of `position`."""
        values = np.asarray(position, dtype=np.float64)
        return np.exp2(values) - 1 if self.doublings else values

    def at_share(self, share: float) -> float:
        """Return the ROI that lies a share of the axis to the right of its left end."""
        low, high = self.position([self.low, self.high])
        return float(self.roi(low + share * (high - low)))

    def share(self, roi: float) -> float:
        """Return how far along the axis a ROI stands: 0 at the left end, 1 at the right."""
        low, here, high = self.position([self.low, roi, self.high])
        return float((here - low) / (high - low))

    @property
    def step(self) -> int:
        """Doublings from one labelled tick to the next."""
        return max(1, math.ceil(math.log2((1 + self.high) / (1 + self.low)) / MOST_LABELS))

    def ticks(self) -> list[float]:
        """Return the labelled ROIs, break-even among them if the axis holds it."""
        if not self.doublings:
            return _round_ticks(self.low, self.high)
        first = math.ceil(math.log2(1 + self.low) / self.step)
        last = math.floor(math.log2(1 + self.high) / self.step)
        return [2.0 ** (k * self.step) - 1 for k in range(first, last + 1)]

    def label(self, subject: str) -> str:
        """Return the axis label."""
        if not self.doublings:
            return subject
        return f"{subject}, log axis (each label: {2**self.step} × the money back)"

    def apply(self, ax: Axes) -> None:
        """Give an x axis this scale, its ticks and its limits."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

        if self.doublings:
            ax.set_xscale("function", functions=(self.position, self.roi))
        ax.set_xlim(self.low, self.high)
        ax.xaxis.set_major_locator(FixedLocator(self.ticks()))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda roi, _: gain(roi)))


def roi_scale(
    samples: Sequence[FloatArray], *, doublings: bool | None = None, hold: Sequence[float] = ()
) -> RoiScale:
    """Choose an axis on which the bulk of every sample can be seen.

    A sample with a heavy right tail gets doublings: on a linear axis either its tail or everybody's
    losses would vanish. The 5 % and 95 % quantiles of every sample lie inside.

    Parameters
    ----------
    samples : sequence of ndarray, each of shape (n,)
        Sorted ROIs; an empty one has no say.
    doublings : bool, optional
        Ask for one or the other; by default by the skewness of the samples.
    hold : sequence of float
        ROIs that must lie on the axis.
    """
    samples = [ordered for ordered in samples if ordered.size]
    if not samples:
        return RoiScale(-1.0, 1.0, doublings=False)
    if doublings is None:
        doublings = any(map(_skewed, samples)) and min(float(x[0]) for x in samples) >= -1
    if doublings:
        low = max(min([at(x, 1 - NEARLY_ALL) for x in samples] + [*hold]), LEAST)
        high = max([at(x, NEARLY_ALL) for x in samples] + [*hold])
        return RoiScale(min(low, -0.5), max(high, 1.0), doublings=True)
    low = min(0.0, *hold, *(at(x, LOWEST) for x in samples))
    high = max(0.0, *hold, *(at(x, BULK) for x in samples))
    margin = 0.03 * (high - low) or 1.0
    return RoiScale(low - margin, high + margin, doublings=False)


def _skewed(ordered: FloatArray) -> bool:
    low, middle, high = (at(ordered, p) for p in (0.05, 0.5, 0.95))
    return high - middle > SKEWED * (middle - low)


def _round_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / MOST_LABELS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 2.5, 5, 10) if k * power >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 10) + 0.0 for k in range(first, last + 1)]
