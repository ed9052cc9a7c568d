"""When the money is back: profit to date, week by week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Payback:
    """How soon a portfolio has earned its cost.

    Attributes
    ----------
    weeks
        Shape (weeks,), weeks after the first post.
    paid_back, paid_back_se
        Share of worlds in which contribution to date covers the cost, by the end of each week, and
        its standard error (binomial; worlds that are not independent make it a guide only).
    median_weeks
        First week by whose end half of the worlds have paid back; None where that never happens.
    """

    weeks: Array
    paid_back: Array
    paid_back_se: Array
    median_weeks: float | None


def profit_to_date(dataset: xr.Dataset, portfolio: str, worlds: int | None = None) -> Array:
    """Return contribution to date minus the whole cost, USD.

    A line's contribution arrives as its orders do, that of repeat purchases when they happen; the
    cost counts from the first day, also what falls due later, so payback is never called too early.

    Parameters
    ----------
    dataset
        Results of a run.
    portfolio
        Its name.
    worlds
        How many worlds to follow, the first ones; all by default.

    Returns
    -------
    numpy.ndarray
        Shape (weeks, worlds).
    """
    totals = dataset.sel(portfolio=portfolio).isel(sim=slice(worlds))
    weeks = (
        dataset[name].transpose("line", "week").values for name in ("arrived", "repeats_arrived")
    )
    cost: Array = totals["cost"].values
    return contribution_to_date(dataset, portfolio, *weeks, worlds=worlds) - cost


def contribution_to_date(
    dataset: xr.Dataset,
    portfolio: str,
    arrived: Array,
    repeats_arrived: Array,
    *,
    worlds: int | None = None,
) -> Array:
    """Return the contribution that has come by some moments, USD.

    Parameters
    ----------
    dataset, portfolio, worlds
        See `profit_to_date`.
    arrived, repeats_arrived
        Shape (lines, moments), shares of each line's orders, and of its repeat purchases.

    Returns
    -------
    numpy.ndarray
        Shape (moments, worlds).
    """
    own, chosen = dataset["line_portfolio"].values == portfolio, slice(worlds)
    value = dataset["line_order_value"].transpose("line", "sim").values[own][:, chosen]
    totals = dataset.sel(portfolio=portfolio)
    first: Array = totals["contribution"].values[chosen]
    result = np.zeros((arrived.shape[1], first.size))
    if "repeat_contribution" in dataset:
        repeats = totals["repeat_contribution"].values[chosen]
        first = first - repeats
        result += _spread(
            repeats, value * dataset["later_weight"].values[own, None], repeats_arrived[own]
        )
    return result + _spread(first, value * dataset["first_weight"].values[own, None], arrived[own])


def _spread(total: Array, weight: Array, arrived: Array) -> Array:
    """Return what has come of a total that lines share by weight, shape (moments, worlds)."""
    every = weight.sum(0)
    each = np.divide(total, every, out=np.zeros_like(total), where=every > 0)
    result: Array = (arrived.T @ weight) * each
    return result


def payback(dataset: xr.Dataset, portfolio: str) -> Payback:
    """Return how soon a portfolio has earned its cost.

    Raises
    ------
    KeyError
        For a portfolio that the run does not have.
    """
    profit = profit_to_date(dataset, portfolio)
    share = (profit >= 0.0).mean(axis=1)
    reached = np.flatnonzero(share >= 0.5)
    weeks = dataset["week"].values.astype(float)
    error = np.sqrt(share * (1.0 - share) / profit.shape[1])
    middle = float(weeks[reached[0]]) if reached.size else None
    return Payback(weeks, share, error, middle)
