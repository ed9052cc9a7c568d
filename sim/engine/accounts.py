"""From the sums of lines to orders, revenue, cost and profit of portfolios, world by world."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import line as k
from .audience import reach_and_waste, within_market
from .marginals import LOG_ZERO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.plan import Plan, PlanLine

    from .marginals import QuantileTable

Array = npt.NDArray[np.float64]
Block = dict[str, Array]


def economics_rows(plan: Plan, factors: Array) -> dict[str, Array | float]:
    """Return each figure of the economics: a number, or a row over worlds where it is in doubt."""
    return _figure_rows(plan, plan.economics, factors)


def paid_rows(plan: Plan, factors: Array) -> Array | None:
    """Return `structure.PAID` in each world, shape (3, worlds); None where nothing is boosted."""
    if not plan.paid:
        return None
    rows = _figure_rows(plan, plan.paid, factors)
    per_usd = 1000.0 / np.maximum(rows["cpm"], 1e-9)
    given = (per_usd, rows["engagement"], rows["conversion"])
    return np.array([np.broadcast_to(row, factors.shape[1]) for row in given])


def _figure_rows(
    plan: Plan, figures: Mapping[str, tuple[QuantileTable, int | None]], factors: Array
) -> dict[str, Array | float]:
    rows: dict[str, Array | float] = {}
    for name, (table, factor) in figures.items():
        if factor is None:
            log = table.coefficients[0, 0]
            rows[name] = float(np.exp(log)) if log > LOG_ZERO else 0.0
        else:
            rows[name] = table.quantile(plan.scores(factor, factors))
    return rows


def line_rows(plan: Plan, first: int, factors: Array, sums: list[Array]) -> Block:
    """Return what each line brings and what its cost components are proportional to.

    Parameters
    ----------
    plan
        The plan.
    first
        First world of the block.
    factors
        Shape (factors, worlds).
    sums
        For each work, shape (stops, N_SUMS, worlds).

    Returns
    -------
    dict
        Arrays of shape (lines, worlds); ``cost_quantity`` has shape (lines, components, worlds),
        ``unique_reach`` (portfolios, worlds); ``kept`` is the share of orders that overlapping
        audiences leave.
    """
    from . import ahead
    from .orders import draw_orders, keep_orders

    worlds, lines = factors.shape[1], len(plan.lines)
    value_of = economics_rows(plan, factors)
    names = ("impressions", "engagements", "expected_orders", "orders", "order_value")
    block = {name: np.zeros((lines, worlds)) for name in names}
    block["unique_reach"], kept = reach_and_waste(plan, sums)
    block["kept"] = kept
    block["cost_quantity"] = np.empty((lines, *plan.prices.shape[1:], worlds))
    value = np.empty((lines, worlds))
    shape = plan.order_shape if plan.order_shape < math.inf else 1.0
    for i, line in enumerate(plan.lines):
        total = sums[line.work][line.stop]
        block["impressions"][i] = total[k.IMPRESSIONS]
        block["engagements"][i] = total[k.ENGAGEMENTS]
        block["expected_orders"][i] = total[k.EXPECTED_ORDERS] * kept[i]
        with np.errstate(over="ignore"):
            orders, world = block["orders"][i], first
            if plan.works[line.work].own_orders:
                own, left = total[k.OWN_ORDERS], np.ascontiguousarray(kept[i])
                keep_orders(line.order_key, world, own, left, shape, orders, value[i])
            else:
                expected = block["expected_orders"][i]
                ahead.wait()
                draw_orders(line.order_key, world, expected, shape, orders, value[i])
    there = within_market(plan, block["orders"])
    for i in np.flatnonzero((there < block["orders"]).any(axis=1)).tolist():
        with np.errstate(over="ignore"):
            # Fewer orders: their values are drawn again, with the same luck.
            key, all_of_them = plan.lines[i].order_key, np.ones(worlds)
            orders = block["orders"][i]
            keep_orders(key, first, there[i], all_of_them, shape, orders, value[i])
    for i, line in enumerate(plan.lines):
        total = sums[line.work][line.stop]
        # Single orders that do not vary add up to their number.
        sold = value[i] / shape if plan.order_shape < math.inf else block["orders"][i]
        block["order_value"][i] = sold * value_of["order_value"]
        tracked = block["order_value"][i] * value_of["tracked_share"]
        fees = total[k.FEES] * line.fee_posts
        price = dict(zip(plan.components, plan.prices[i], strict=True))
        quantity = {
            "fee": fees,
            "usage_rights": fees,
            "product": total[k.GOODS] * plan.product_units,
            "shipping": total[k.HIRED],
            "management": total[k.HOURS],
            "commission": tracked * (1.0 - value_of["return_rate"]),
            "bonus_orders": block["orders"][i],
            "bonus_impressions": total[k.IMPRESSIONS] / 1000.0,
            "performance": total[k.PAY],
            "incidents": total[k.INCIDENTS],
            "boosting": total[k.BOOSTING],
            "fixed": 1.0,
        }
        quantity["agency"] = sum(
            price[name] * quantity[name] for name in plan.agency_base if price[name]
        )
        for c, name in enumerate(plan.components):
            block["cost_quantity"][i, c] = quantity[name]
    return block


def portfolio_rows(plan: Plan, factors: Array, sums: list[Array], lines: Block) -> Block:
    """Add up lines into portfolios and account for them.

    Parameters
    ----------
    plan
        The plan.
    factors
        Shape (factors, worlds).
    sums
        For each work, shape (stops, N_SUMS, worlds).
    lines
        What `line_rows` returned.

    Returns
    -------
    dict
        Arrays of shape (portfolios, worlds).
    """
    worlds = factors.shape[1]
    value_of = economics_rows(plan, factors)
    of_portfolio = [
        [i for i, line in enumerate(plan.lines) if line.portfolio == name]
        for name in plan.portfolios
    ]

    def added(values: list[Array]) -> Array:
        """Add up the lines of each portfolio, in the order of their names."""
        result = np.empty((len(of_portfolio), worlds))
        for p, (first, *others) in enumerate(of_portfolio):
            result[p] = values[first]
            for i in others:
                result[p] += values[i]
        return result

    def total(i: int, index: int) -> Array:
        row: Array = sums[plan.lines[i].work][plan.lines[i].stop, index]
        return row

    every, kept = range(len(plan.lines)), lines["kept"]
    cost = added([_charged(plan.prices[i], lines["cost_quantity"][i]) for i in every])
    value = added(list(lines["order_value"]))
    expected = added(list(lines["expected_orders"]))
    squared = added([total(i, k.EXPECTED_ORDERS_SQUARED) * kept[i] ** 2 for i in every])
    largest = np.array(
        [
            np.max([total(i, k.EXPECTED_ORDERS_LARGEST) * kept[i] for i in members], axis=0)
            for members in of_portfolio
        ]
    )
    revenue = value * (1.0 + value_of["halo"])
    tracked = value * value_of["tracked_share"]
    contribution = (
        revenue
        * value_of["incremental_share"]
        * (1.0 - value_of["return_rate"])
        * value_of["gross_margin"]
        * (1.0 + value_of["repeat_value"])
    )
    profit = contribution - cost
    engagements = added(list(lines["engagements"]))
    hired = added([total(i, k.HIRED) * (plan.lines[i].stage == 0) for i in every])
    # A cost that nobody was hired for, the fixed one, has no return.
    spent = np.where(hired > 0.0, cost, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "cost": cost,
            "impressions": added(list(lines["impressions"])),
            "reach": lines["unique_reach"],
            "engagements": engagements,
            "expected_orders": expected,
            "orders": added(list(lines["orders"])),
            "revenue": revenue,
            "tracked_revenue": tracked,
            "contribution": contribution,
            "profit": profit,
            "roi": np.where(spent > 0.0, profit / cost, np.nan),
            "roas": np.where(spent > 0.0, revenue / cost, np.nan),
            "tracked_roas": np.where(spent > 0.0, tracked / cost, np.nan),
            "top_creator_share": np.where(expected > 0.0, largest / expected, np.nan),
            "effective_creators": np.where(expected > 0.0, expected**2 / squared, np.nan),
            "hired": hired,
            "committed": added([_committed(plan.lines[i], sums) for i in every]),
            "viral_posts": added([total(i, k.VIRAL_POSTS) for i in every]),
            "delivered": added([total(i, k.DELIVERED) * (plan.lines[i].stage == 0) for i in every]),
            "assets": added([total(i, k.DELIVERED) * plan.lines[i].usable_posts for i in every]),
            "earned_media_value": engagements * value_of["earned_media_value"],
        }


def _committed(line: PlanLine, sums: list[Array]) -> Array:
    """Return what a line commits of a budget: what its creators ask, and what boosting spends."""
    total = sums[line.work][line.stop]
    return np.asarray(total[k.COMMITTED] + total[k.BOOSTING] * (line.money < math.inf))


def _charged(prices: Array, quantities: Array) -> Array:
    """Return the cost of a line: components in their order, so that no block size can show."""
    cost = np.zeros(quantities.shape[-1])
    for c in np.flatnonzero(prices).tolist():
        cost += prices[c] * quantities[c]
    return cost
