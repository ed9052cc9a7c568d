"""Measures of portfolios at many price points, without an array of points x worlds.

The values and errors are those of `sim.measures`, computed from sums and a few order statistics:
means of cost and profit are linear in the coefficients, shares of worlds are counted, quantiles are
selected. `tests/questions/test_algebra.py` holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...engine.run import processors
from ...measures import Measured
from ...measures.functions import _hall_sheather as half_width
from ...measures.worlds import sides_of
from ...vary.prices import Sheet
from ..common import compared, measure_of

Array = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

MEANS = ("cost_mean", "profit_mean", "roi_mean", "loss_probability")
QUANTILES = (
    "roi_median", "roi_p05", "roi_p95", "roi_es05",
    "profit_median", "profit_p05", "profit_p95", "profit_es05",
)  # fmt: skip
PAIRED = ("a_beats_b", "roi_difference_mean", "profit_difference_mean")
#: How much a's outcome is above b's, on the measure of the decision.
DIFFERENCE = "difference"
#: Measures whose difference is one of `PAIRED`.
_SUMMED = {"roi_mean": "roi_difference_mean", "profit_mean": "profit_difference_mean"}
#: Measures whose error a heavy tail widens or takes away.
_OPEN = ("cost_mean", "profit_mean", "roi_mean", "roi_es05", "profit_es05")
_LEVELS = (0.05, 0.5, 0.95)
#: Points of a pass over the worlds: their sums stay in the first cache.
_BLOCK = 64
#: Points at which tails are judged.
_JUDGED = 24


@dataclass(frozen=True)
class Figures:
    """Measures at every point.

    Attributes
    ----------
    value, se
        By measure of a portfolio, shape (portfolios, points); by measure of the pair, shape
        (points,). NaN where there is none.
    """

    value: dict[str, Array]
    se: dict[str, Array]


def figures(
    sheet: Sheet,
    pair: tuple[str, str] | None = None,
    *,
    measure: str = "roi_mean",
    quantiles: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Figures:
    """Measure all portfolios at all points.

    Parameters
    ----------
    sheet
        Costs at the points.
    pair
        Portfolios to compare.
    measure
        One of `MEANS` or `QUANTILES`: `DIFFERENCE` is that of the first minus that of the second.
    quantiles
        Whether to compute `QUANTILES` too, which takes several times as long.
    threads
        Threads; all processors by default.
    progress
        Called with points done and points in all.
    """
    filled = Figures({}, {})
    both = [sheet.index(name) for name in pair] if pair else []
    _linear(sheet, both, filled)
    blocks = [
        slice(start, min(start + _BLOCK, sheet.points)) for start in range(0, sheet.points, _BLOCK)
    ]
    names = ["roi_mean", "loss_probability", *(QUANTILES if quantiles else ())]
    for name in names:
        for store in (filled.value, filled.se):
            store[name] = np.full((len(sheet.portfolios), sheet.points), np.nan)
    for name in ("a_beats_b", "roi_difference_mean") if pair else ():
        for store in (filled.value, filled.se):
            store[name] = np.full(sheet.points, np.nan)
    undefined = sheet.undefined()

    def work(block: slice) -> int:
        _counted(sheet, block, both, filled)
        if quantiles:
            for point in range(block.start, block.stop):
                if not undefined[point]:
                    _selected(sheet, point, filled)
        return int(block.stop - block.start)

    done = 0
    with ThreadPoolExecutor(threads or processors()) as pool:
        for points in pool.map(work, blocks):
            done += points
            if progress is not None:
                progress(done, sheet.points)
    for point in np.flatnonzero(undefined):
        _one_by_one(sheet, int(point), pair, names, filled)
    _judge_tails(sheet, pair, filled)
    if pair is not None:
        value, se = _difference(sheet, pair, measure, filled, threads)
        filled.value[DIFFERENCE], filled.se[DIFFERENCE] = value, se
    return filled


def _difference(
    sheet: Sheet, pair: tuple[str, str], measure: str, filled: Figures, threads: int | None
) -> tuple[Array, Array]:
    """Return a measure of one portfolio minus that of the other, with its paired error."""
    summed = _SUMMED.get(measure)
    if summed is not None:
        a, b = (filled.value[measure][sheet.index(name)] for name in pair)
        return np.asarray(a - b), filled.se[summed]

    def at(point: int) -> Measured:
        return compared(sheet.at(point), *pair, measure)

    with ThreadPoolExecutor(threads or processors()) as pool:
        entries = [*pool.map(at, range(sheet.points))]
    values, errors = (
        np.array([np.nan if number is None else number for number in column])
        for column in ([e.value for e in entries], [e.se for e in entries])
    )
    return values, errors


# --- Means ----------------------------------------------------------------------------------------


def _linear(sheet: Sheet, both: Sequence[int], filled: Figures) -> None:
    """Means of cost and profit and their errors, from means and covariances of the quantities."""
    units = sheet.groups or sheet.worlds
    grouped = [
        _group_means(np.concatenate([sheet.contributions[f][None], sheet.quantities[f]]), units)
        for f in range(len(sheet.portfolios))
    ]
    terms = sheet.quantities.shape[1]

    def weights(f: int, profit: bool) -> Array:
        """Shape (1 + R, points): what the measure gives to contribution and quantities."""
        sign = -1.0 if profit else 1.0
        first = np.full((1, sheet.points), 1.0 if profit else 0.0)
        return np.concatenate([first, sign * sheet.coefficients[f]])

    def put(name: str, rows: Array, weight: Array, f: int | None) -> None:
        value = rows.mean(axis=1) @ weight
        covariance = np.atleast_2d(np.cov(rows)) if units > 1 else np.full((len(rows),) * 2, np.nan)
        variance = np.einsum("rp,rs,sp->p", weight, covariance, weight)
        se = np.sqrt(np.maximum(variance, 0.0) / units)
        for store, result in ((filled.value, value), (filled.se, se)):
            if f is None:
                store[name] = result
            else:
                store.setdefault(name, np.empty((len(sheet.portfolios), sheet.points)))[f] = result

    for f, rows in enumerate(grouped):
        put("cost_mean", rows, weights(f, False), f)
        put("profit_mean", rows, weights(f, True), f)
    if both:
        a, b = both
        rows = np.concatenate([grouped[a], grouped[b]])
        weight = np.concatenate([weights(a, True), -weights(b, True)])
        put("profit_difference_mean", rows, weight.reshape(2 * (1 + terms), -1), None)


def _group_means(rows: Array, units: int) -> Array:
    return np.asarray(rows.reshape(len(rows), units, -1).mean(axis=2))


def _counted(sheet: Sheet, block: slice, both: Sequence[int], filled: Figures) -> None:
    """Fill mean ROI, loss probability and the comparison of the pair."""
    from ._counting import BEATS, GAP, LOSS, ROI, tally

    size = block.stop - block.start
    coefficients = np.ascontiguousarray(sheet.coefficients[:, :, block])
    shapes = (len(sheet.portfolios), 3, size), (4, size)
    own, pair = np.zeros(shapes[0]), np.zeros(shapes[1])
    own_squares, pair_squares = np.zeros(shapes[0]), np.zeros(shapes[1])
    step = sheet.worlds // sheet.groups if sheet.groups else sheet.worlds
    indices = np.array(both, dtype=np.int64)
    for start in range(0, sheet.worlds, step):
        here = slice(start, start + step)
        group, group_pair = np.zeros(shapes[0]), np.zeros(shapes[1])
        tally(
            coefficients,
            sheet.quantities[:, :, here],
            sheet.contributions[:, here],
            indices,
            group,
            group_pair,
        )
        own += group
        pair += group_pair
        own_squares += group**2
        pair_squares += group_pair**2
    if sheet.groups:
        # Groups are the independent units: their sums, not those of the worlds, are squared.
        squares = {ROI: own_squares[:, ROI], LOSS: own_squares[:, LOSS]}
        pairs = {BEATS: pair_squares[BEATS], GAP: pair_squares[GAP]}
    else:
        squares = {ROI: own[:, ROI + 1], LOSS: own[:, LOSS]}
        pairs = {BEATS: pair[BEATS + 1], GAP: pair[GAP + 1]}
    for name, row in (("roi_mean", ROI), ("loss_probability", LOSS)):
        value, se = _mean_and_error(sheet, own[:, row], squares[row], row == LOSS)
        filled.value[name][:, block], filled.se[name][:, block] = value, se
    for name, row in (("a_beats_b", BEATS), ("roi_difference_mean", GAP)) if both else ():
        value, se = _mean_and_error(sheet, pair[row], pairs[row], row == BEATS)
        filled.value[name][block], filled.se[name][block] = value, se


def _mean_and_error(
    sheet: Sheet, total: Array, squares: Array, proportion: bool
) -> tuple[Array, Array]:
    """Return a mean over the worlds and its error from the sums and squares of independent units."""
    units = sheet.groups or sheet.worlds
    value = total / sheet.worlds
    if units < 2:
        return value, np.full_like(value, np.nan)
    with np.errstate(invalid="ignore"):
        spread = np.maximum(squares - total**2 / units, 0.0)
        se = np.sqrt(spread * units / (units - 1)) / sheet.worlds
    if proportion:
        known = sheet.groups if sheet.clustered and sheet.groups else sheet.worlds
        # The rule of three, as in `sim.measures.precision`.
        se = np.where((value == 0.0) | (value == 1.0), (1 - 0.05 ** (1 / known)) / 2, se)
    return value, se


# --- Quantiles ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ranks:
    """Order statistics that quantiles and their errors need, for n worlds."""

    wanted: npt.NDArray[np.int64]
    levels: Array
    widths: Array
    tail: int

    @classmethod
    def of(cls, worlds: int) -> _Ranks:
        ends = []
        for p in _LEVELS:
            h = half_width(p, worlds)
            ends += [p, max(p - h, 0.0), min(p + h, 1.0)]
        levels = np.array(ends)
        lower = np.floor(levels * (worlds - 1)).astype(np.int64)
        tail = int(np.ceil(worlds * 0.05)) - 1
        wanted = np.unique([*lower, *np.minimum(lower + 1, worlds - 1), tail])
        triples = levels.reshape(-1, 3)
        return cls(wanted, levels, triples[:, 2] - triples[:, 1], tail)

    def quantiles(self, ordered: Array, worlds: int) -> tuple[Array, Array]:
        """Return quantiles at `_LEVELS` (type 7) and the slopes of the quantile function there."""
        position = self.levels * (worlds - 1)
        lower = np.floor(position).astype(np.int64)
        low = ordered[np.searchsorted(self.wanted, lower)]
        high = ordered[np.searchsorted(self.wanted, np.minimum(lower + 1, worlds - 1))]
        at = (low + (position - lower) * (high - low)).reshape(-1, 3)
        return at[:, 0], (at[:, 2] - at[:, 1]) / self.widths


def _selected(sheet: Sheet, point: int, filled: Figures) -> None:
    """Fill the quantiles and expected shortfalls of all portfolios at a point."""
    from ._counting import below, order_statistics, point_rows

    worlds, groups = sheet.worlds, sheet.groups or 1
    ranks = _Ranks.of(worlds)
    profit, roi = np.empty(worlds), np.empty(worlds)
    statistics = np.empty(len(ranks.wanted))
    counts, tail = np.empty((4, groups)), np.empty((2, groups))
    for f in range(len(sheet.portfolios)):
        coefficients = np.ascontiguousarray(sheet.coefficients[f, :, point])
        point_rows(coefficients, sheet.quantities[f], sheet.contributions[f], profit, roi)
        for variable, x in (("roi", roi), ("profit", profit)):
            order_statistics(x, ranks.wanted, statistics)
            at, slopes = ranks.quantiles(statistics, worlds)
            threshold = statistics[np.searchsorted(ranks.wanted, ranks.tail)]
            below(x, np.array([threshold, *at]), groups, counts, tail)
            errors = slopes * _spread(counts[1:], counts[1:], worlds, sheet.groups)
            shortfall = threshold + tail[0].sum() / worlds / 0.05
            error = _spread(tail[:1], tail[1:], worlds, sheet.groups)[0] / 0.05
            for name, value, se in zip(
                ("p05", "median", "p95", "es05"), [*at, shortfall], [*errors, error], strict=True
            ):
                filled.value[f"{variable}_{name}"][f, point] = value
                filled.se[f"{variable}_{name}"][f, point] = se


def _spread(sums: Array, squares: Array, worlds: int, groups: int) -> Array:
    """Return standard errors of means over the worlds, from sums and sums of squares by group."""
    if groups == 1 or worlds < 2:
        return np.full(len(sums), np.nan)
    if groups:
        return np.asarray((sums * groups / worlds).std(axis=1, ddof=1) / np.sqrt(groups))
    variance = (squares[:, 0] - sums[:, 0] ** 2 / worlds) / (worlds - 1)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0) / worlds))


# --- Where sums do not do -------------------------------------------------------------------------


def _one_by_one(
    sheet: Sheet, point: int, pair: tuple[str, str] | None, names: Sequence[str], filled: Figures
) -> None:
    """Measure a point at which some world costs nothing: its ROI is undefined and left out."""
    worlds = sheet.at(point)
    sides = sides_of(worlds)
    for f, portfolio in enumerate(sheet.portfolios):
        for name in names:
            entry = measure_of(worlds, portfolio, name, sides)
            filled.value[name][f, point] = np.nan if entry.value is None else entry.value
            filled.se[name][f, point] = np.nan if entry.se is None else entry.se
    for name in ("a_beats_b", "roi_difference_mean") if pair else ():
        entry = compared(worlds, *(pair or ("", "")), name, sides)
        filled.value[name][point] = np.nan if entry.value is None else entry.value
        filled.se[name][point] = np.nan if entry.se is None else entry.se


def _judge_tails(sheet: Sheet, pair: tuple[str, str] | None, filled: Figures) -> None:
    """Widen errors that rest on a doubtful tail; take away those of too heavy a tail or few worlds.

    Tails are judged at `_JUDGED` points at most, spread over the sweep; every other point takes the
    verdict, and the factor, of the judged one whose costs are nearest.
    """
    if not sheet.points:
        return
    judged = np.unique(np.linspace(0, sheet.points - 1, _JUDGED).round().astype(int))
    nearest = _nearest(sheet, judged)

    def judge(errors: Array, point: int, where: npt.NDArray[np.int64], entry: Measured) -> None:
        """Scale errors at points as that at the judged one must be."""
        if entry.se is None:
            errors[where] = np.nan
        elif errors[point] > 0.0:
            errors[where] *= max(entry.se / float(errors[point]), 1.0)

    for k, point in enumerate(judged.tolist()):
        where = np.flatnonzero(nearest == k)
        worlds = sheet.at(point)
        sides = sides_of(worlds)
        for name in (name for name in _OPEN if name in filled.se):
            for f, portfolio in enumerate(sheet.portfolios):
                judge(filled.se[name][f], point, where, measure_of(worlds, portfolio, name, sides))
        for name in ("roi_difference_mean", "profit_difference_mean") if pair else ():
            judge(filled.se[name], point, where, compared(worlds, *(pair or ("", "")), name, sides))


def _nearest(sheet: Sheet, judged: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for each point the place in `judged` of the point of nearest log costs, (points,)."""
    means = sheet.quantities.mean(axis=2)[:, :, None]
    place = np.log1p((sheet.coefficients * means).reshape(-1, sheet.points))
    away = np.zeros((len(judged), sheet.points))
    for row in place:
        away += (row[None, :] - row[judged][:, None]) ** 2
    return np.asarray(away.argmin(axis=0))
