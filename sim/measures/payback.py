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

    A line's contribution arrives as its orders do; the cost counts from the first day, also what
    falls due later, so payback is never called too early. Repeat purchases count with the order
    that they follow.

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
    chosen = slice(worlds)
    own = dataset["line_portfolio"].values == portfolio
    value = dataset["line_order_value"].transpose("line", "sim").values[own][:, chosen]
    arrived = dataset["arrived"].transpose("line", "week").values[own]
    totals = dataset.sel(portfolio=portfolio)
    contribution = totals["contribution"].values[chosen]
    cost = totals["cost"].values[chosen]
    per_value = np.divide(
        contribution, value.sum(0), out=np.zeros_like(cost), where=value.sum(0) > 0
    )
    result: Array = (arrived.T @ value) * per_value - cost
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
