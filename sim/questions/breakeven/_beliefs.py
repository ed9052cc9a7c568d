"""Where a tie lies given the beliefs: one answer for each of many draws of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...engine.reuse import reusing
from ...experiment import Experiment
from ...measures import COMPARISONS, MEASURES
from ...measures.estimate import Measurer
from ...measures.worlds import PortfolioWorlds
from ...plan import make_plan
from ...run.simulate import at_point
from ...text.numbers import rounded, setting
from ...vary.keys import Key, Varied
from ...vary.prices import Prices, is_price
from ...vary.variant import variant
from ..common import finite
from ._crossing import between, crossings
from ._solving import Aim

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]

#: Draws of the beliefs, and worlds for each.
DRAWS, WORLDS = 100, 300
_ENDS = (0.05, 0.95)


@dataclass(frozen=True)
class BeliefRange:
    """Where the tie lies for draws of the beliefs.

    Attributes
    ----------
    low, high
        Between them it lies for nine draws in ten; None where that end is outside of the range
        that was looked at.
    within
        Share of the draws whose tie lies in the range.
    noise
        Share of the variance of those ties that was noise of the worlds, taken out.
    draws
        Draws of the beliefs; 0 where there was nothing to draw.
    note
        Why there is no range.
    """

    low: float | None
    high: float | None
    within: float
    noise: float
    draws: int
    note: str = ""

    @property
    def sentence(self) -> str:
        """Say it."""
        if not self.draws:
            return self.note
        share = f"{round(self.within * self.draws) or 'none'} of {self.draws}"
        if self.low is None and self.high is None:
            return f"it lies in this range in {share} draws of the beliefs"
        if self.low is None:
            place = f"19 in 20 draws of the beliefs put it below {setting(self.high or 0.0)}"
        elif self.high is None:
            place = f"19 in 20 draws of the beliefs put it above {setting(self.low)}"
        else:
            ends = f"{setting(self.low)} and {setting(self.high)}"
            place = f"nine in ten draws of the beliefs put it between {ends}"
        return f"{place} (in {share} it lies in the range looked at)"

    @property
    def brief(self) -> str:
        """Say it in a title's length; empty where there is no range."""
        low, high = (
            None if end is None else setting(rounded(end, 2)) for end in (self.low, self.high)
        )
        if low is not None and high is not None:
            return f"{low} to {high}"
        if high is not None:
            return f"below {high}"
        return f"above {low}" if low is not None else ""


@reusing()
def belief_range(
    experiment: Experiment,
    key: Key,
    points: Sequence[float],
    aim: Aim,
    reference: float | None,
    resize: bool,
    threads: int | None,
) -> BeliefRange:
    """Solve for the tie in each of `DRAWS` draws of the beliefs.

    Parameters
    ----------
    experiment
        The experiment.
    key, points
        Key to solve for, and its values, increasing.
    aim
        Portfolios, and what they tie on.
    reference
        Tie over all worlds: of several ties of a draw the nearest one counts.
    resize, threads
        As in `breakeven`.
    """
    if key.table == "beliefs":
        return BeliefRange(None, None, 0.0, 0.0, 0)
    if not any(factor.kind == "belief" for factor in make_plan(experiment).factors):
        return BeliefRange(None, None, 0.0, 0.0, 0, "nothing is in doubt ([beliefs] are all zero)")
    how = {"sampling": "plain", "replicates": WORLDS, "beliefs": DRAWS}
    nested = variant(experiment, values={("simulation", key): item for key, item in how.items()})
    gaps = np.array(
        [
            [_gap_by_draw(worlds, aim, part) for part in (slice(None), *_HALVES)]
            for worlds in _worlds(nested, key, points, resize, threads)
        ]
    )
    whole, first, second = (
        np.array([_tie(points, gaps[:, h, j], reference) for j in range(DRAWS)]) for h in range(3)
    )
    return _range(whole, first, second)


_HALVES = (slice(0, WORLDS // 2), slice(WORLDS // 2, None))


def _worlds(
    experiment: Experiment, key: Key, points: Sequence[float], resize: bool, threads: int | None
) -> Any:
    """Yield the worlds at each value of the key."""
    varied = Varied(experiment, resize)
    if is_price(key, experiment) and not resize:
        held = varied.at({})
        prices = Prices(held, at_point(held, threads))
        if prices.reproduce():
            sheet = prices.sheet([key], np.array(points)[:, None])
            yield from (sheet.at(p) for p in range(sheet.points))
            return
    for value in points:
        yield at_point(varied.at({key: value}), threads)


def _gap_by_draw(worlds: xr.Dataset, aim: Aim, part: slice) -> Array:
    """Return the gap of an aim by a part of each draw's worlds, shape (draws,)."""
    sides = {name: PortfolioWorlds(worlds, name) for name in aim.portfolios}

    def rows(variable: str, portfolio: str) -> Array:
        values = sides[portfolio].read(variable)
        return np.asarray(values.reshape(DRAWS, WORLDS)[:, part])

    on = aim.measure
    if on == "a_beats_b":
        function = COMPARISONS[on].function
        value = _where_defined(function, [rows("roi", name) for name in aim.portfolios], {})
    else:
        row = MEASURES[on]
        own = [
            _where_defined(
                row.function, [rows(name, portfolio) for name in row.variables], row.options
            )
            for portfolio in aim.portfolios
        ]
        value = own[0] if aim.b is None else own[0] - own[1]
    return np.asarray(aim.sign * (value - aim.even))


def _where_defined(function: Measurer, rows: Sequence[Array], options: Mapping[str, Any]) -> Array:
    """Return a measure for each draw from the worlds in which it is defined, shape (draws,)."""
    defined = np.asarray(np.isfinite(np.array(rows)).all(axis=0))
    if defined.all():
        return np.asarray(function(*rows, **options).value)
    values = [
        function(*(row[j, keep] for row in rows), **options).value if keep.any() else np.nan
        for j, keep in enumerate(defined)
    ]
    return np.array(values, dtype=np.float64)


def _tie(points: Sequence[float], gap: Array, reference: float | None) -> float:
    """Return where a gap is zero, the nearest to the reference; +-inf where it is outside.

    Outside means on the side to which the gap falls: it is smaller in size towards that end.
    """
    ties = [between(points[i], points[i + 1], gap[i], gap[i + 1]) for i in crossings(points, gap)]
    if ties:
        aim = reference if reference is not None else ties[0]
        return min(ties, key=lambda value: abs(value - aim))
    return float("inf") if abs(gap[-1]) < abs(gap[0]) else float("-inf")


def _range(whole: Array, first: Array, second: Array) -> BeliefRange:
    """Return the range of ties over the beliefs, the noise of finite worlds taken out.

    The ties from the two halves of a draw's worlds differ by noise alone; the mean square of half
    their difference is the variance that the noise of all its worlds has.
    """
    inside = np.isfinite(whole)
    both = inside & np.isfinite(first) & np.isfinite(second)
    noise = 0.0
    if both.sum() > 2 and whole[both].var() > 0.0:
        square = float(np.mean((first[both] - second[both]) ** 2) / 4.0)
        noise = min(square / float(whole[both].var(ddof=1)), 1.0)
    # Sorted order statistics: infinities stand for ties outside of the range.
    ordered = np.sort(whole)
    ends = [ordered[round(p * (len(ordered) - 1))] for p in _ENDS]
    if inside.any():
        middle = float(np.median(whole[inside]))
        kept = np.sqrt(1.0 - noise)
        ends = [middle + kept * (end - middle) if np.isfinite(end) else end for end in ends]
    low, high = (finite(float(end)) for end in ends)
    return BeliefRange(low, high, float(inside.mean()), noise, len(whole))
