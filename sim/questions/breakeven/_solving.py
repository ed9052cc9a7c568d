"""Solving for ties: on a curve, at its changes of sign, and along a line of two keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...engine.reuse import reusing
from ...experiment import Experiment
from ...measures import Measured
from ...run.simulate import at_point
from ...text.numbers import Number
from ...vary.keys import Key, Varied
from ...vary.prices import Prices
from ..common import LESS_IS_BETTER, Decision, compared, finite, measure_of
from ..sweep._sweep import Swept
from ._crossing import Gap, between, crossings, halved, narrowed

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]
#: Values of the second key, each with a value of the first and its error.
Line = tuple[tuple[float, float | None, float | None], ...]

#: Steps of the search for a tie, by algebra and by simulation.
_STEPS = (100, 4)
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Aim(Decision):
    """What is solved for: a tie of two portfolios, or a level that one portfolio reaches.

    Attributes
    ----------
    level
        Value of the measure that `a` alone is to reach, in its unit; for a pair without meaning.
    """

    level: float = 0.0

    @property
    def even(self) -> float:
        """The value of what is compared at which neither side is better."""
        if self.b is None:
            return self.level
        return 0.5 if self.measure == "a_beats_b" else 0.0

    @property
    def sign(self) -> float:
        """1 where more of the measure is better, else -1."""
        return -1.0 if self.measure in LESS_IS_BETTER else 1.0


@dataclass(frozen=True)
class Tie:
    """One value at which the two portfolios tie, or at which one reaches a level.

    Attributes
    ----------
    value
        Of the key, in its unit.
    se
        Its Monte Carlo standard error; None with a reason.
    low, high
        95 % interval from Monte Carlo error.
    reason
        Why there is no error.
    better_above, better_below
        The better portfolio on either side; None where a portfolio alone falls short of its level.
    """

    value: float
    se: float | None
    low: float | None
    high: float | None
    reason: str | None
    better_above: str | None
    better_below: str | None

    @property
    def number(self) -> Number:
        """The value as it is written."""
        return Number(self.value, self.se, "", self.reason)


def gaps(curve: Swept, aim: Aim) -> Array:
    """Return how much better a is than b, or than its level, over the curve: positive for better."""
    return aim.sign * (_compared_along(curve, aim)[0] - aim.even)


def gap_errors(curve: Swept, aim: Aim) -> Array:
    """Return the standard error of `gaps`; of a pair, of paired worlds."""
    return _compared_along(curve, aim)[1]


def _compared_along(curve: Swept, aim: Aim) -> tuple[Array, Array]:
    """Return what is compared, and its standard error, over the curve."""
    data, on = curve.dataset, aim.measure
    if aim.b is not None and on != "a_beats_b":
        return curve.gap()
    rows = [data[on], data[f"{on}_se"]]
    if aim.b is None:
        rows = [row.sel(portfolio=aim.a) for row in rows]
    return np.asarray(rows[0].values), np.asarray(rows[1].values)


def gap_at(
    experiment: Experiment,
    key: Key,
    aim: Aim,
    resize: bool,
    dataset: xr.Dataset | None,
    threads: int | None,
) -> Gap:
    """Return the gap as a function of the key, on the same worlds."""
    varied = Varied(experiment, resize)
    prices = None
    if dataset is not None:
        prices = Prices(varied.at({}), dataset, aim.portfolios)

    def gap(x: float) -> Measured:
        if prices is not None:
            worlds = prices.sheet([key], np.array([[x]])).at(0)
        else:
            worlds = at_point(varied.at({key: x}), threads)
        return better(worlds, aim)

    return gap


def better(worlds: xr.Dataset, aim: Aim) -> Measured:
    """Return how much better a is than b, paired, or than its level: positive where it is better."""
    on = aim.measure
    alone = aim.b is None
    entry = measure_of(worlds, aim.a, on) if alone else compared(worlds, aim.a, str(aim.b), on)
    value = float("nan") if entry.value is None else aim.sign * (entry.value - aim.even)
    return replace(entry, value=value)


@reusing()
def find_ties(curve: Swept, key: Key, aim: Aim, gap: Gap) -> tuple[Tie, ...]:
    """Narrow down every change of sign of the curve."""
    x, g = curve.dataset[key.name].values, gaps(curve, aim)
    exact = curve.simulated == 0
    ties = []
    for i in crossings(x, g):
        left, right = float(x[i]), float(x[i + 1])
        if key.kind == "count":
            value = halved(gap, left, right)
        else:
            value = narrowed(gap, left, right, _STEPS[0] if exact else _STEPS[1])
        slope = (g[i + 1] - g[i]) / (x[i + 1] - x[i])
        at = gap(value)
        se = None if at.se is None or slope == 0.0 else abs(at.se / slope)
        if exact and se is not None:
            # The slope of the curve where it matters: within a few errors of the tie.
            reach = min(max(4.0 * se, 1e-3 * abs(value)), value - x[0], x[-1] - value)
            if reach > 0.0:
                rise = (gap(value + reach).value or 0.0) - (gap(value - reach).value or 0.0)
                se = abs((at.se or 0.0) * 2.0 * reach / rise) if rise else None
        above, below = (aim.a, aim.b) if g[i + 1] > 0.0 else (aim.b, aim.a)
        low, high = (
            (None, None)
            if se is None
            else (max(value - _NORMAL_95 * se, float(x[0])), value + _NORMAL_95 * se)
        )
        ties.append(Tie(value, finite(se), finite(low), finite(high), at.reason, above, below))
    return tuple(ties)


def with_errors(
    line: Line,
    experiment: Experiment,
    keys: tuple[Key, Key],
    aim: Aim,
    dataset: xr.Dataset,
) -> Line:
    """Return ties of two prices after one more secant step each, with their standard errors."""
    prices = Prices(Varied(experiment).at({}), dataset, aim.portfolios)
    step = 1e-2
    rows: list[tuple[float, float | None, float | None]] = []
    for x, y, _ in line:
        if y is None:
            rows.append((x, y, None))
            continue
        at = np.array([[y * (1.0 - step), x], [y, x], [y * (1.0 + step), x]])
        sheet = prices.sheet(keys, at)
        low, here, high = (better(sheet.at(p), aim) for p in range(3))
        rise = (high.value or 0.0) - (low.value or 0.0)
        if rise == 0.0:
            rows.append((x, y, None))
            continue
        slope = rise / (2.0 * step * y)
        se = None if here.se is None else abs(here.se / slope)
        rows.append((x, y - (here.value or 0.0) / slope, finite(se)))
    return tuple(rows)


def find_line(curve: Swept, key: Key, second: Key, aim: Aim) -> Line:
    """Return the least tie for each value of the second key, between points of the grid."""
    x = curve.dataset[key.name].values
    order = (key.name, second.name)
    g = gaps(curve, aim).reshape([curve.dataset.sizes[name] for name in order])
    errors = gap_errors(curve, aim).reshape(g.shape)
    rows: list[tuple[float, float | None, float | None]] = []
    for j, at in enumerate(curve.dataset[second.name].values):
        here = crossings(x, g[:, j])
        if not here:
            rows.append((float(at), None, None))
            continue
        i = here[0]
        value = between(x[i], x[i + 1], g[i, j], g[i + 1, j])
        slope = (g[i + 1, j] - g[i, j]) / (x[i + 1] - x[i])
        se = finite(float((errors[i, j] + errors[i + 1, j]) / 2.0 / abs(slope)))
        rows.append((float(at), float(value), se))
    return tuple(rows)
