"""From the sums of lines to orders, revenue, cost and profit of portfolios, world by world."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import line as k
from .audience import reach_and_waste, within_market
from .keys import stream_key
from .marginals import LOG_ZERO

if TYPE_CHECKING:
    from sim.plan import Plan, PlanLine
    from sim.plan.model import Buyers

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


def seen_share(plan: Plan, line: int, share: Array | float) -> Array | float:
    """Return the share of a line's orders that codes and links see, from that of the economics."""
    if plan.buyers is None or plan.buyers.tracked[line] == 1.0:
        return share
    seen: Array = np.minimum(share * plan.buyers.tracked[line], 1.0)
    return seen


def buyer_variables(plan: Plan) -> tuple[str, ...]:
    """Return the names of what `portfolio_rows` gives beside the usual, by what the plan says."""
    table, factor = plan.economics["repeat_value"]
    repeats = factor is not None or table.coefficients[0, 0] > LOG_ZERO
    buyers = plan.buyers
    if buyers is None:
        return ("repeat_contribution",) if repeats else ()
    names = ["tracked_orders", "outlay", *(["clicks"] if buyers.orders_per_click else [])]
    if repeats or buyers.customers:
        names.append("repeat_contribution")
    return (*names, *(("new_customers", "customer_value") if buyers.customers else ()))


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
    if plan.buyers is not None:
        of_buyers = ("coded_value", "tracked_orders", "clicks", "new_customers")
        block |= {name: np.zeros((lines, worlds)) for name in of_buyers}
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
        if plan.buyers is not None:
            block["order_value"][i] *= plan.buyers.value[i]
            coded = _follow_buyers(plan, plan.buyers, i, first, value_of, block)
        else:
            coded = block["order_value"][i] * value_of["tracked_share"]
        fees = total[k.FEES] * line.fee_posts
        price = dict(zip(plan.components, plan.prices[i], strict=True))
        quantity = {
            "fee": fees,
            "usage_rights": fees,
            "product": total[k.GOODS] * plan.product_units,
            "shipping": total[k.HIRED],
            "management": total[k.HOURS],
            "commission": coded * (1.0 - value_of["return_rate"]),
            "discount": 0.0,
            "bonus_orders": block["orders"][i],
            "bonus_impressions": total[k.IMPRESSIONS] / 1000.0,
            "performance": total[k.PAY],
            "incidents": total[k.INCIDENTS],
            "boosting": total[k.BOOSTING],
            "fixed": 1.0,
        }
        if price["discount"] > 0.0:
            quantity["discount"] = quantity["commission"]
        quantity["agency"] = sum(
            price[name] * quantity[name] for name in plan.agency_base if price[name]
        )
        for c, name in enumerate(plan.components):
            block["cost_quantity"][i, c] = quantity[name]
    return block


def _follow_buyers(
    plan: Plan,
    buyers: Buyers,
    i: int,
    first: int,
    value_of: Mapping[str, Array | float],
    block: Block,
) -> Array:
    """Fill in what a line's buyers do, each on a stream of its own; return what codes see, USD.

    Given the expected orders, tracked orders, other clicks and leaked orders are independent
    Poisson numbers: orders thinned by the share that is seen, clicks that do not buy, and buyers
    who never saw a post.
    """
    from .orders import draw_orders, keep_orders

    orders, expected = block["orders"][i], block["expected_orders"][i]
    seen = np.array(np.broadcast_to(seen_share(plan, i, value_of["tracked_share"]), orders.shape))
    unused = np.empty_like(orders)

    def stream(name: str) -> tuple[np.uint64, np.uint64]:
        return stream_key(plan.seed, name, *(str(word) for word in plan.lines[i].order_key))

    tracked = block["tracked_orders"][i]
    with np.errstate(over="ignore"):
        keep_orders(stream("tracked"), first, orders, seen, 1.0, tracked, unused)
        if buyers.orders_per_click > 0.0:
            others = np.empty_like(orders)
            idle = expected * seen * (1.0 / buyers.orders_per_click - 1.0)
            draw_orders(stream("clicks"), first, idle, 1.0, others, unused)
            block["clicks"][i] = tracked + others
        block["coded_value"][i] = block["order_value"][i] * seen
        if buyers.leaked[i] > 0.0:
            leaked = np.empty_like(orders)
            draw_orders(
                stream("leaked"), first, expected * seen * buyers.leaked[i], 1.0, leaked, unused
            )
            tracked += leaked
            block["coded_value"][i] += leaked * value_of["order_value"] * buyers.value[i]
        if buyers.customers:
            share, new = np.full_like(orders, buyers.new[i]), block["new_customers"][i]
            keep_orders(stream("new"), first, orders, share, 1.0, new, unused)
    coded: Array = block["coded_value"][i]
    return coded


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
    of_buyers: Block = {}
    if plan.buyers is None:
        tracked = value * value_of["tracked_share"]
        contribution = (
            revenue
            * value_of["incremental_share"]
            * (1.0 - value_of["return_rate"])
            * value_of["gross_margin"]
            * (1.0 + value_of["repeat_value"])
        )
        repeat = value_of["repeat_value"]
        of_buyers["repeat_contribution"] = contribution * (repeat / (1.0 + repeat))
    else:
        of_buyers = _buyers_accounts(plan, plan.buyers, value_of, lines, added)
        tracked, contribution = of_buyers.pop("tracked"), of_buyers.pop("contribution")
    profit = contribution - cost
    engagements = added(list(lines["engagements"]))
    hired = added([total(i, k.HIRED) * (plan.lines[i].stage == 0) for i in every])
    # A cost that nobody was hired for, the fixed one, has no return.
    spent = np.where(hired > 0.0, cost, 0.0)
    # What buyers do not pay is off their revenue already, so no dashboard counts it as spent.
    outlay = cost
    if "discounts" in of_buyers:
        outlay = of_buyers["outlay"] = cost - of_buyers["discounts"]
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
            "tracked_roas": np.where(spent > 0.0, tracked / outlay, np.nan),
            "top_creator_share": np.where(expected > 0.0, largest / expected, np.nan),
            "effective_creators": np.where(expected > 0.0, expected**2 / squared, np.nan),
            "hired": hired,
            "committed": added([_committed(plan.lines[i], sums) for i in every]),
            "viral_posts": added([total(i, k.VIRAL_POSTS) for i in every]),
            "delivered": added([total(i, k.DELIVERED) * (plan.lines[i].stage == 0) for i in every]),
            "assets": added([total(i, k.DELIVERED) * plan.lines[i].usable_posts for i in every]),
            "earned_media_value": engagements * value_of["earned_media_value"],
        } | {name: of_buyers[name] for name in buyer_variables(plan)}


def _buyers_accounts(
    plan: Plan,
    buyers: Buyers,
    value_of: Mapping[str, Array | float],
    lines: Block,
    added: Callable[[list[Array]], Array],
) -> Block:
    """Return what portfolios bring where buyers differ between lines, from the sums of lines."""
    every = range(len(plan.lines))
    kept = (1.0 - value_of["return_rate"]) * value_of["gross_margin"]

    def later(i: int) -> Array | float:
        """Return later contribution per USD of a new customer's first one."""
        own = buyers.repeats[i]
        return value_of["repeat_value"] if np.isnan(own) else float(own)

    first = []
    for i in every:
        incremental = np.minimum(value_of["incremental_share"] * buyers.incremental[i], 1.0)
        revenue = lines["order_value"][i] * (1.0 + value_of["halo"])
        first.append(np.asarray(revenue * incremental * kept))
    repeats = [np.asarray(first[i] * buyers.new[i] * later(i)) for i in every]
    coded = added(list(lines["coded_value"]))
    repeat = added(repeats)
    # A customer is worth what it brings, not only what would not have come anyway.
    each = [
        np.asarray(
            lines["new_customers"][i]
            * value_of["order_value"] * buyers.value[i] * kept * (1.0 + later(i))
        )
        for i in every
    ]  # fmt: skip
    return {
        "tracked": coded * (1.0 - buyers.discount_rate),
        "contribution": added(first) + repeat,
        "repeat_contribution": repeat,
        "discounts": coded * buyers.discount_rate * (1.0 - value_of["return_rate"]),
        "tracked_orders": added(list(lines["tracked_orders"])),
        "clicks": added(list(lines["clicks"])),
        "new_customers": added(list(lines["new_customers"])),
        "customer_value": added(each),
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
