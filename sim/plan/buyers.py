"""Who buys, line by line: how far they are seen, would have come anyway, are new and come again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment
from ..experiment import models as m
from .formats import half_lives
from .model import Buyers, PlanLine, Terms

Array = npt.NDArray[np.float64]

DAYS_OF_A_MONTH = 365.0 / 12.0
#: Months over which the repeat purchases of economics.repeat_value are spread, a share each.
_SPREAD = 12


@dataclass(frozen=True)
class Repeats:
    """Later orders of a new customer, one after another.

    Attributes
    ----------
    shares
        Shape (orders,), share of customers who place at least so many.
    days
        Shape (orders,), days from the first order to each.
    """

    shares: Array
    days: Array

    @property
    def weights(self) -> Array:
        """What part of all later orders each is, shape (orders,); zeros where there are none."""
        total = float(self.shares.sum())
        return self.shares / total if total > 0.0 else self.shares


def survival(retention: float, spread: float, orders: int) -> Array:
    r"""Return the share of customers with at least 1, 2, ... later orders.

    A customer comes again after each order with a chance of its own. Where all have the same chance
    r (geometric), :math:`S(k) = r^k`; where it follows a beta law of mean r and sd s between
    customers, with :math:`n = r(1-r)/s^2 - 1` (Fader and Hardie 2007, equation 5),

    .. math:: S(k) = \prod_{j=0}^{k-1} \frac{r n + j}{n + j}

    Parameters
    ----------
    retention, spread
        Mean and sd of the chance between customers; ``spread ** 2 < retention * (1 - retention)``.
    orders
        How many later orders are followed.
    """
    later = np.arange(orders, dtype=np.float64)
    if spread == 0.0 or retention == 0.0:
        return np.asarray(retention ** (later + 1.0))
    size = retention * (1.0 - retention) / spread**2 - 1.0
    return np.asarray(np.cumprod((retention * size + later) / (size + later)))


def repeats_of(experiment: Experiment, line: PlanLine) -> Repeats | None:
    """Return the later orders of a line's new customers; None where nothing says their number.

    Then economics.repeat_value says what they are worth, and they are spread over a year.
    """
    customers = experiment.customers
    own = _spec(experiment, line).retention
    retention = customers.retention if own is None else own
    if retention is None:
        return None
    orders = math.floor(customers.horizon_months / customers.interval_months + 1e-9)
    return Repeats(
        survival(retention, customers.retention_sd, orders),
        customers.interval_months * DAYS_OF_A_MONTH * np.arange(1.0, orders + 1.0),
    )


def spread_over_a_year() -> Repeats:
    """Return repeat purchases of which nothing but their worth is known: as many each month."""
    return Repeats(np.ones(_SPREAD), DAYS_OF_A_MONTH * np.arange(1.0, _SPREAD + 1.0))


def buyers_of(experiment: Experiment, lines: tuple[PlanLine, ...]) -> Buyers | None:
    """Return what lines say of their buyers; None where they all are as the economics say."""
    tracking, customers = experiment.tracking, experiment.customers
    specs = [_spec(experiment, line) for line in lines]

    def each(name: str, otherwise: float) -> Array:
        values = [getattr(spec, name) for spec in specs]
        return np.array([otherwise if value is None else value for value in values])

    tracked = np.array([tracked_factor(experiment, line.terms) for line in lines])
    leaked = each("leaked_orders", tracking.leaked_orders)
    incremental = each("incremental_factor", 1.0)
    value = each("order_value_factor", 1.0)
    new = each("new_share", customers.new_share)
    later = [repeats_of(experiment, line) for line in lines]
    told = customers.retention is not None or any(one is not None for one in later)
    plain = (
        not tracking.clicks
        and tracking.discount_rate == 0.0
        and not leaked.any()
        and all((row == 1.0).all() for row in (tracked, incremental, value, new))
        and not told
    )
    if plain:
        return None
    return Buyers(
        tracked=tracked,
        leaked=leaked,
        incremental=incremental,
        value=value,
        new=new,
        # Without a retention of its own a line has the worth that the economics say.
        repeats=np.array([math.nan if one is None else float(one.shares.sum()) for one in later]),
        orders_per_click=tracking.orders_per_click if tracking.clicks else 0.0,
        discount_rate=tracking.discount_rate,
        customers=told or bool((new < 1.0).any()),
    )


def tracked_factor(experiment: Experiment, terms: Terms) -> float:
    """Return the factor on the share of orders that codes see: of the tier, and of the window."""
    factor = experiment.tier[terms.tier].on[terms.platform].tracked_factor
    window, lives = experiment.tracking.window_days, half_lives(experiment, terms)
    share = 1.0 if window is None or lives is None else float(np.mean(inside(window, lives)))
    return (1.0 if factor is None else factor) * share


def inside(window: float, half_lives: Array) -> Array:
    r"""Return the share of each post's orders that come within some days: :math:`1 - 2^{-t/h}`."""
    return np.asarray(1.0 - np.exp2(-window / half_lives))


def _spec(experiment: Experiment, line: PlanLine) -> m.Tier:
    return experiment.tier[line.terms.tier].on[line.terms.platform]
