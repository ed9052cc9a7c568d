"""Experiments whose portfolios are lines of creators: fees, gifts, commission, mixes, markets."""

from __future__ import annotations

import math

import equations as eq
import numpy as np
from hiring import Tiers, hire, who_is_hired


def tiers_of(tables: eq.Tables) -> Tiers:
    """Every tier on every platform of an experiment; what is not written here is refused."""
    if tables["shocks"].get("preserve_mean"):
        raise NotImplementedError("preserve_mean")
    tiers = {
        (tier, platform): eq.Tier(tables, tier, platform)
        for tier, on in tables["tier"].items()
        for platform in on["on"]
    }
    if any(tier.table["incident_rate"] for tier in tiers.values()):
        raise NotImplementedError("incidents")
    return tiers


def kept_in_market(
    tables: eq.Tables, niche: str, seen: list[dict[str, eq.Array]]
) -> tuple[eq.Array, eq.Array]:
    """Unique reach of a portfolio in a niche, and the share of its expected orders that is kept."""
    given = tables["niche"][niche]
    market, overlap = given.get("market", math.inf), given["overlap"]
    y = np.concatenate([line["y"] for line in seen], axis=1)
    own = y if market == math.inf else market * (1.0 - np.exp(-y / market))
    reached = eq.unique_reach(own.sum(axis=1), y.sum(axis=1), market, overlap)
    if market == math.inf:
        return reached, np.ones_like(reached)
    shown = y.sum(axis=1)
    once = np.divide(reached, shown, out=np.ones_like(shown), where=shown > 0.0)
    expected = np.sum([line["lambda"].sum(axis=1) for line in seen], axis=0)
    kept = 1.0 - given["duplicate_waste"] * (1.0 - once)
    return reached, np.minimum(kept, market / np.maximum(expected, 1e-9))


def at_most(market: float, orders: list[eq.Array]) -> list[eq.Array]:
    """Drawn orders of lines in a niche, in proportion where they exceed the market."""
    total = np.sum(orders, axis=0)
    share = np.minimum(np.floor(min(market, 1e18)) / np.maximum(total, 1.0), 1.0)
    running = np.rint(np.cumsum(orders, axis=0) * share)
    return list(np.diff(running, axis=0, prepend=0.0))


def simulate(tables: eq.Tables, count: int, seed: int) -> eq.Outcome:
    """Worlds of each portfolio."""
    tiers = tiers_of(tables)
    hired = {name: hire(tables, name, tiers) for name in tables["portfolio"]}
    pools: dict[tuple[str, ...], int] = {}
    for line in (line for lines in hired.values() for line in lines):
        pools[line.pool] = max(pools.get(line.pool, 0), line.first + line.count)

    def run(worlds: eq.Worlds) -> eq.Outcome:
        value = eq.economics(tables, worlds)
        return {name: portfolio(worlds, value, lines) for name, lines in hired.items()}

    def portfolio(
        worlds: eq.Worlds, value: dict[str, eq.Array], lines: list[eq.Hired]
    ) -> dict[str, eq.Array]:
        people = [
            eq.creators(tables, worlds, tiers[h.tier, h.platform], h, pools[h.pool]) for h in lines
        ]
        seen = [
            eq.funnel(tables, worlds, tiers[h.tier, h.platform], h, x, pools[h.pool])
            for h, x in zip(lines, people, strict=True)
        ]
        here = [who_is_hired(tables, h, x) for h, x in zip(lines, people, strict=True)]
        seen = [
            {name: row * mask for name, row in line.items()}
            for line, mask in zip(seen, here, strict=True)
        ]
        total = {name: np.zeros(worlds.count) for name in eq.SUMMED}
        for niche in sorted({h.niche for h in lines}):
            own = [i for i, h in enumerate(lines) if h.niche == niche]
            reached, kept = kept_in_market(tables, niche, [seen[i] for i in own])
            # Several niches would overlap in their turn: not written here.
            total["reach"] += reached
            drawn = [
                eq.orders_of(
                    worlds, seen[i]["lambda"].sum(axis=1) * kept,
                    lines[i].pool, lines[i].compensation, lines[i].posts, lines[i].first,
                )
                for i in own
            ]  # fmt: skip
            drawn = at_most(tables["niche"][niche].get("market", math.inf), drawn)
            for i, orders in zip(own, drawn, strict=True):
                worth = eq.order_values(worlds, orders, value)
                views = seen[i]["impressions"].sum(axis=1)
                total["orders"] += orders
                total["revenue"] += worth * (1.0 + value["halo"])
                total["contribution"] += eq.contribution(worth, value)
                total["cost"] += eq.cost_of(
                    tables,
                    lines[i],
                    people[i],
                    worth,
                    orders,
                    views,
                    value,
                    here=here[i],
                    siblings=len(lines),
                )
        for name in ("impressions", "engagements", "viral_posts"):
            total[name] = np.sum([line[name].sum(axis=1) for line in seen], axis=0)
        return total

    return eq.in_parts(run, count, seed)


if __name__ == "__main__":
    eq.main(simulate)
