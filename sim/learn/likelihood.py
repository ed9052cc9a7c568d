"""How likely observed totals are, given the factors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from ..engine.marginals import QuantileTable
from .cells import LOGS, MANY, Cell, Season
from .counts import log_poisson_lognormal
from .emulate import Law

Array = npt.NDArray[np.float64]

_ORDERS = len(LOGS)
#: Draws times rows that are looked at together.
_AT_ONCE = 100_000
#: Order values that hardly differ: their total says no more than this lets it.
_LEAST_CV = 0.01


@dataclass(frozen=True)
class Observed:
    """A cell, the law of its totals and where its factors stand.

    Attributes
    ----------
    cell
        Cell.
    law
        Of the logs of cost, impressions, engagements and expected orders.
    delivered
        Share of worlds in which a total is not zero.
    rows
        Shape (k,), columns of the draws that the law's factors are.
    tracked, value
        Log-quantile tables of the tracked share and of the order value, and their columns of the
        draws (None for plain numbers).
    cv
        Coefficient of variation of single order values.
    """

    cell: Cell
    law: Law
    delivered: float
    rows: npt.NDArray[np.int64]
    tracked: tuple[QuantileTable, int | None]
    value: tuple[QuantileTable, int | None]
    cv: float

    def log_likelihood(self, draws: Array) -> Array:
        """Return the log likelihood of the cell's rows, shape (draws,).

        Parameters
        ----------
        draws
            Scores of all factors, shape (draws, factors).
        """
        z = draws[:, self.rows]
        mean, spread = self.law.means(z), widened(self.law.spreads(z), self.cell)
        tracked, value = self._economics(draws)
        total = np.zeros(len(draws))
        for known, at in self._patterns():
            step = max(_AT_ONCE // len(draws), 1)
            for start in range(0, len(at), step):
                some = at[start : start + step]
                total += self._rows(some, known, mean, spread, tracked, value)
        return total

    def _economics(self, draws: Array) -> tuple[Array, Array]:
        """Return logs of the share of orders that is due and tracked, and of the order value."""
        logs = []
        for table, column in (self.tracked, self.value):
            scores = np.zeros(len(draws)) if column is None else draws[:, column]
            logs.append(table.log_quantile(scores))
        return logs[0] + math.log(self.cell.due), logs[1]

    def _patterns(self) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Yield which logs are known together, and of which rows."""
        known = np.isfinite(self.cell.logs)
        patterns, of = np.unique(known, axis=0, return_inverse=True)
        for k, pattern in enumerate(patterns):
            yield np.flatnonzero(pattern), np.flatnonzero(of.ravel() == k)

    def _rows(
        self,
        at: npt.NDArray[np.int64],
        known: npt.NDArray[np.int64],
        mean: Array,
        spread: Array,
        tracked: Array,
        value: Array,
    ) -> Array:
        correlation = self.law.correlation
        inner = correlation[np.ix_(known, known)]
        observed = self.cell.logs[np.ix_(at, known)] - _come(self.cell, known)
        # Shape (draws, rows, logs).
        away = (observed[None] - mean[:, None, known]) / spread[:, None, known]
        total = np.zeros(len(mean))
        along = np.zeros(len(known))
        if known.size:
            solved = np.linalg.solve(inner, away.reshape(-1, known.size).T).T.reshape(away.shape)
            square = (away * solved).sum(axis=2)
            total -= 0.5 * square.sum(axis=1) + len(at) * np.log(spread[:, known]).sum(axis=1)
            along = np.linalg.solve(inner, correlation[known, _ORDERS])
        share = float(correlation[_ORDERS, known] @ along)
        orders, revenue = self.cell.orders[at], self.cell.revenue[at]
        if not (np.isfinite(orders) | np.isfinite(revenue)).any():
            return total
        rate = mean[:, _ORDERS, None] + tracked[:, None]
        rate = rate + spread[:, _ORDERS, None] * (away @ along)
        variance = spread[:, _ORDERS, None] ** 2 * max(1.0 - share, 1e-6)
        return total + self._counts(orders, revenue, rate, variance, value, bool(known.size))

    def _counts(
        self, orders: Array, revenue: Array, rate: Array, variance: Array, value: Array, there: bool
    ) -> Array:
        """Return the log likelihood of orders and revenue, summed over rows, shape (draws,)."""
        cv = max(self.cv, _LEAST_CV)
        dispersion = 1.0 + cv**2
        counted = np.isfinite(orders)
        told = np.zeros(rate.shape)
        if counted.any():
            told[:, counted] = log_poisson_lognormal(orders[counted], rate[:, counted], variance)
        only = ~counted & np.isfinite(revenue)
        if only.any():
            # A sum of Poisson many values has the mean and variance of so many units of
            # (1 + cv^2) mean values each.
            unit = value[:, None] + math.log(dispersion)
            units = revenue[only] * np.exp(-unit)
            told[:, only] = (
                log_poisson_lognormal(units, rate[:, only] - math.log(dispersion), variance) - unit
            )
        both = counted & np.isfinite(revenue) & (orders > 0.0) & (revenue > 0.0)
        if both.any():
            shape = orders[both] / cv**2
            scaled = np.log(revenue[both] / cv**2) - value[:, None]
            told[:, both] += shape * scaled - np.exp(scaled) - gammaln(shape)
        if self.cell.single and not there:
            # Who shows nothing may not have posted at all.
            none = np.where(counted, orders, revenue) == 0.0
            absent = np.where(none, 1.0 - self.delivered, 0.0)
            told = np.log(self.delivered * np.exp(told) + absent)
        known = counted | np.isfinite(revenue)
        return np.asarray(told[:, known].sum(axis=1))


def _come(cell: Cell, known: npt.NDArray[np.int64]) -> Array:
    """Return the log share that has come of what is known; all cost counts from the first day."""
    return np.where(known == 0, 0.0, math.log(cell.due))


def widened(spread: Array, cell: Cell) -> Array:
    """Return the spread of totals of a few creators, which are less lognormal than those of many."""
    if cell.single or cell.creators >= MANY:
        return spread
    return spread * math.sqrt(1.0 + 1.0 / cell.creators)


def observed_cells(
    of: Season, laws: list[Law], delivered: list[float], rows: npt.NDArray[np.int64]
) -> list[Observed]:
    """Return the cells of a season with their laws.

    Parameters
    ----------
    of
        The season.
    laws, delivered
        Of each cell.
    rows
        Column of the draws of each factor of the plan.
    """

    def economics(name: str) -> tuple[QuantileTable, int | None]:
        table, row = of.plan.economics[name]
        return table, None if row is None else int(rows[row])

    return [
        Observed(
            cell, law, share, rows[cell.factors], economics("tracked_share"),
            economics("order_value"), of.cv,
        )
        for cell, law, share in zip(of.cells, laws, delivered, strict=True)
    ]  # fmt: skip
