"""Orders, revenue, cost and profit of the second implementation, world by world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import stats
from written import law

if TYPE_CHECKING:
    from model import Draws, Hired

Array = npt.NDArray[np.float64]
Tables = Mapping[str, Any]


def covered(reaches: Array, market: float, overlap: float) -> Array:
    """Unique accounts in a market that audiences reach, (worlds, audiences) to (worlds,).

    Disjoint audiences fill it one after another; independent ones leave out whom all of them miss.
    """
    total = reaches.sum(axis=1)
    if market == math.inf:
        return total
    missed = np.prod(1.0 - reaches / market, axis=1)
    return (1.0 - overlap) * np.minimum(total, market) + overlap * market * (1.0 - missed)


def overlapping(
    tables: Tables, members: list[Hired], people: list[dict[str, Array]]
) -> tuple[Array, list[dict[str, Array]]]:
    """Unique reach of a portfolio, and its lines with the orders that duplicated reach leaves."""
    unique, markets, result = [], [], [dict(line) for line in people]
    for niche in sorted({h.terms["niche"] for h in members}):
        table = tables["niche"][niche]
        own = [i for i, h in enumerate(members) if h.terms["niche"] == niche]
        reaches = np.concatenate([people[i]["reach"] for i in own], axis=1)
        market = table.get("market", math.inf)
        unique.append(covered(reaches, market, table["overlap"]))
        markets.append(market)
        if market == math.inf:
            continue
        expected = sum(people[i]["expected_orders"].sum(axis=1) for i in own)
        shown = sum(people[i]["shown"].sum(axis=1) for i in own)
        once = np.divide(unique[-1], shown, out=np.ones_like(shown), where=shown > 0.0)
        kept = 1.0 - table["duplicate_waste"] * (1.0 - once)
        wanted = kept * expected
        kept = kept * np.minimum(market / np.maximum(wanted, 1e-9), 1.0)
        for i in own:
            result[i]["expected_orders"] = people[i]["expected_orders"] * kept[:, None]
    between = tables["audience"]["overlap_between_niches"]
    return covered(np.stack(unique, axis=1), sum(markets), between), result


def nobody_beyond(tables: Tables, members: list[Hired], orders: list[Array]) -> list[Array]:
    """Drawn orders of a portfolio's lines; those of a niche add up to its market at most."""
    result = list(orders)
    for niche in {h.terms["niche"] for h in members}:
        market = math.floor(min(tables["niche"][niche].get("market", math.inf), 1e18))
        own = [i for i, h in enumerate(members) if h.terms["niche"] == niche]
        total = np.sum([orders[i] for i in own], axis=0)
        share, before = np.minimum(market / np.maximum(total, 1.0), 1.0), np.zeros(total.size)
        for i in own:
            after = before + orders[i]
            result[i] = np.rint(after * share) - np.rint(before * share)
            before = after
    return result


def economics(tables: Tables, draws: Draws) -> dict[str, Array]:
    """Figures of the economics, each in every world; a distribution is doubt about the figure."""
    shares = ("gross_margin", "return_rate", "incremental_share", "tracked_share")
    return {
        name: law(written, share=name in shares).value(draws.normal("economics", name))
        for name, written in tables["economics"].items()
    }


def line_costs(
    tables: Tables, hired: Hired, people: Mapping[str, Array], line: Mapping[str, Array], lines: int
) -> dict[str, Array]:
    """USD of each cost component of a line in every world."""
    costs, pay = tables["costs"], tables["compensation"][hired.terms["compensation"]]
    ones = np.ones(len(line["orders"]))
    fee = (people["fee"] * people["fee_posts"]).sum(axis=1) * pay["fee_share"]
    result = {
        "fee": fee,
        "usage_rights": fee * costs["usage_rights_share"],
        "product": people["product_cost"].sum(axis=1) * costs["product_units"],
        "shipping": ones * costs["shipping"] * hired.creators,
        "management": people["management_hours"].sum(axis=1) * costs["hourly_rate"],
        "commission": line["tracked_revenue"]
        * (1.0 - line["return_rate"])
        * pay["commission_rate"],
        "discount": 0.0 * ones,
        "bonus_orders": line["orders"] * costs["bonus_per_order"],
        "bonus_impressions": line["impressions"] / 1e3 * costs["bonus_per_thousand_impressions"],
        "boosting": people["boosting"].sum(axis=1),
        "fixed": ones * costs["fixed"] / lines,
    }
    charged = ("fee", "usage_rights", "commission", "bonus_orders", "bonus_impressions")
    result["agency"] = costs["agency_share"] * sum(result[name] for name in charged)
    return result


def portfolio_accounts(
    value: Mapping[str, Array],
    people: list[dict[str, Array]],
    lines: list[dict[str, Array]],
    cost: Array,
) -> dict[str, Array]:
    """Totals of a portfolio."""
    total = {name: np.sum([line[name] for line in lines], axis=0) for name in lines[0]}
    each = np.concatenate([p["expected_orders"] for p in people], axis=1)
    result = {
        name: total[name] for name in ("impressions", "engagements", "expected_orders", "orders")
    }
    for name in ("viral_posts", "delivered", "assets"):
        result[name] = np.sum([p[name].sum(axis=1) for p in people], axis=0)
    result["cost"] = cost
    result["revenue"] = total["order_value"] * (1.0 + value["halo"])
    result["tracked_revenue"] = total["tracked_revenue"]
    kept = value["incremental_share"] * (1.0 - value["return_rate"]) * value["gross_margin"]
    result["contribution"] = result["revenue"] * kept * (1.0 + value["repeat_value"])
    if value["repeat_value"].any():
        result["repeat_contribution"] = result["revenue"] * kept * value["repeat_value"]
    result["profit"] = result["contribution"] - cost
    result["earned_media_value"] = result["engagements"] * value["earned_media_value"]
    with np.errstate(invalid="ignore", divide="ignore"):
        result["roi"] = result["profit"] / cost
        result["roas"] = result["revenue"] / cost
        result["tracked_roas"] = result["tracked_revenue"] / cost
        share = each / each.sum(axis=1, keepdims=True)
        result["top_creator_share"] = share.max(axis=1)
        result["effective_creators"] = 1.0 / (share**2).sum(axis=1)
    return result


def drawn_orders(draws: Draws, hired: Hired, people: Mapping[str, Array]) -> Array:
    """Orders of a line; lines on the same terms share the luck of the orders."""
    luck = stats.norm.cdf(draws.normal("orders", str(sorted(hired.terms.items())), hired.first))
    return stats.poisson.ppf(luck, people["expected_orders"].sum(axis=1))


def line_accounts(
    draws: Draws, orders: Array, people: Mapping[str, Array], value: Mapping[str, Array]
) -> dict[str, Array]:
    """Orders and order values of a line."""
    result = {
        name: people[name].sum(axis=1) for name in ("impressions", "engagements", "expected_orders")
    }
    result["orders"] = orders
    shape = 1.0 / value["order_value_cv"] ** 2
    total = draws.gamma(orders * shape)
    result["order_value"] = total / shape * value["order_value"]
    result["tracked_revenue"] = result["order_value"] * value["tracked_share"]
    result["return_rate"] = value["return_rate"]
    return result
