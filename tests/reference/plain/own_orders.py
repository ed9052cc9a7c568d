"""Experiments in which each creator's own orders count: pay by results, programmes in stages."""

from __future__ import annotations

from itertools import accumulate, pairwise

import equations as eq
import numpy as np
from hiring import hire, hire_in_stages, kept, quotes, who_is_hired
from lines import tiers_of


def paid_by_results(
    tables: eq.Tables, hired: eq.Hired, engagements: eq.Array, tracked: eq.Array
) -> eq.Array:
    """USD to each creator for what the brand sees of it, before it is asked whether it posts."""
    pay = tables["compensation"][hired.compensation]
    due = pay["pay_per_engagement"] * engagements + pay["pay_per_order"] * tracked
    return np.clip(due, pay["pay_floor"], pay.get("pay_cap", np.inf))


def chosen_of(taking_part: eq.Array, seen: eq.Array, keep: int) -> eq.Array:
    """Mark the `keep` creators of whom most was seen among those who take part."""
    order = np.argsort(np.where(taking_part > 0.0, -seen, np.inf), axis=1, kind="stable")
    result = np.zeros_like(taking_part)
    np.put_along_axis(result, order[:, :keep], 1.0, axis=1)
    return result


def simulate(tables: eq.Tables, count: int, seed: int) -> eq.Outcome:
    """Worlds of each portfolio; markets are unlimited here."""
    tiers = tiers_of(tables)
    if any("market" in niche for niche in tables["niche"].values()):
        raise NotImplementedError("a market")
    programmes = {}
    for name, portfolio in tables["portfolio"].items():
        if "stages" in portfolio:
            line, counts, money = hire_in_stages(tables, name, tiers)
            posts = [stage.get("posts", 1) for stage in portfolio["stages"]]
        else:
            (line,) = hire(tables, name, tiers)
            counts, posts, money = [line.count], [line.posts], [line.money]
        programmes[name] = line, counts, posts, money
    people = max(line.count for line, *_ in programmes.values())

    def run(worlds: eq.Worlds) -> eq.Outcome:
        value = eq.economics(tables, worlds)
        return {name: programme(worlds, value, name) for name in programmes}

    def programme(worlds: eq.Worlds, value: dict[str, eq.Array], name: str) -> dict[str, eq.Array]:
        line, counts, posts, money = programmes[name]
        stages = tables["portfolio"][name].get("stages", [])
        tier = tiers[line.tier, line.platform]
        by_orders = tables["portfolio"][name]["choose_by"] == "orders"
        x = eq.creators(tables, worlds, tier, line, people)
        total = {key: np.zeros(worlds.count) for key in eq.SUMMED}
        first = eq.Hired(**{**line.__dict__, "posts": posts[0]})
        here, missed = who_is_hired(tables, first, x), None
        spent = (quotes(tables, first, x) * here).sum(axis=1)
        tracked_so_far = np.zeros_like(here)
        engaged_so_far = np.zeros_like(here)
        share = value["tracked_share"][:, None]
        for stage, (first, last) in enumerate(pairwise(accumulate(posts, initial=0))):
            terms = eq.Hired(**{**line.__dict__, "posts": posts[stage]})
            if stage > 0:
                # Engagements settle between creators with as many orders.
                tie = engaged_so_far / (engaged_so_far.max(axis=1, keepdims=True) + 1.0)
                seen = tracked_so_far + tie if by_orders else engaged_so_far
                if money[stage] == np.inf:
                    here = chosen_of(here, seen, counts[stage])
                else:
                    part, left = stages[stage].get("keep", 1.0), money[stage] - spent
                    here = kept(tables, terms, x, here, seen, part, left)
                    spent += (quotes(tables, terms, x) * here).sum(axis=1)
            shown = eq.funnel(tables, worlds, tier, terms, x, people, range(first, last), missed)
            # Who does not take part meets nobody: what it has missed is of no account later.
            missed = shown["missed"]
            expected = shown["lambda"] * here
            tracked = worlds.random.poisson(share * expected).astype(float)
            other = worlds.random.poisson((1.0 - share) * expected)
            tracked_so_far += tracked
            engaged_so_far += shown["engagements"] * here
            orders = (tracked + other).sum(axis=1)
            worth = eq.order_values(worlds, orders, value)
            views = (shown["impressions"] * here).sum(axis=1)
            pay = paid_by_results(tables, terms, shown["engagements"], tracked)
            pay = (pay * x["delivery"] * here).sum(axis=1)
            total["cost"] += eq.cost_of(
                tables, terms, x, worth, orders, views, value, pay, here, len(posts)
            )
            total["orders"] += orders
            total["revenue"] += worth * (1.0 + value["halo"])
            total["contribution"] += eq.contribution(worth, value)
            total["impressions"] += views
            for key, row in (("engagements", "engagements"), ("reach", "y"),
                             ("viral_posts", "viral_posts")):  # fmt: skip
                total[key] += (shown[row] * here).sum(axis=1)
        return total

    return eq.in_parts(run, count, seed)


if __name__ == "__main__":
    eq.main(simulate)
