"""Whom a portfolio hires: the one place that changes when the rule does.

A budget is a cap: in each world a line has its share of the budget less the fixed cost, and hires
creators in their order until the first whose quote does not fit. Where it is planned (`hiring`), and
in programmes of several stages, it hires as many as their expected quotes allow. Lines that draw on
one pool take consecutive creators in the order of their names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from equations import Array, Hired, Tables, Tier

#: Times as many creators as the expected cost would hire that are drawn.
_CHEAP = 5
Tiers = dict[tuple[str, str], Tier]


def committed(tables: Tables, terms: dict[str, Any], tier: Tier, posts: int) -> float:
    """Expected USD per creator that no result decides: fees, rights, agency, goods, hours."""
    costs, pay = tables["costs"], tables["compensation"][terms["compensation"]]
    fee = tier.law["fee"].mean * posts * pay["fee_share"] * (1.0 + costs["usage_rights_share"])
    fee += pay.get("pay_floor", 0.0)
    goods = costs["product_units"] * tier.law["product_cost"].mean + costs["shipping"]
    hours = costs["hourly_rate"] * tier.law["management_hours"].mean
    return fee * (1.0 + costs["agency_share"]) + goods + hours


def quotes(tables: Tables, hired: Hired, x: Mapping[str, Array]) -> Array:
    """USD that each creator commits, known before it is hired, shape (worlds, count)."""
    costs, pay = tables["costs"], tables["compensation"][hired.compensation]
    fee = x["fee"] * hired.posts * pay["fee_share"] * (1.0 + costs["usage_rights_share"])
    fee = (fee + pay.get("pay_floor", 0.0)) * (1.0 + costs["agency_share"])
    goods = costs["product_units"] * x["product_cost"] + costs["shipping"]
    return fee + goods + costs["hourly_rate"] * x["management_hours"]


def who_is_hired(tables: Tables, hired: Hired, x: Mapping[str, Array]) -> Array:
    """One for each creator that is hired in a world, else zero, shape (worlds, count)."""
    if hired.money == math.inf:
        return np.ones_like(x["fee"])
    fits = np.cumsum(quotes(tables, hired, x), axis=1) <= hired.money * (1.0 + 1e-9)
    if fits[:, -1].any():
        raise ValueError(f"{hired.name}: more creators fit than are drawn")
    return fits.astype(float)


def lines_of(portfolio: Tables) -> list[tuple[str, float, dict[str, Any]]]:
    """Name, share and terms of each line of a portfolio, in the order of the names."""
    keys = ("tier", "platform", "niche", "compensation", "posts", "repeat_factor")
    common = {key: portfolio[key] for key in keys if key in portfolio}
    if "mix" not in portfolio:
        return [(portfolio["tier"], 1.0, common)]
    return [
        (name, own["share"], {"tier": name} | common | {k: own[k] for k in keys if k in own})
        for name, own in sorted(portfolio["mix"].items())
    ]


def hire(tables: Tables, name: str, tiers: Tiers) -> list[Hired]:
    """Lines of a portfolio without stages."""
    portfolio, taken, hired = tables["portfolio"][name], {}, []
    for line, share, terms in lines_of(portfolio):
        tier, capped = tiers[terms["tier"], terms["platform"]], math.inf
        if "budget" in portfolio:
            money = share * (portfolio["budget"] - tables["costs"]["fixed"])
            each = committed(tables, terms, tier, terms["posts"])
            count = max(math.floor(money / each + 1e-9), 1)
            if portfolio.get("hiring", "cap") == "cap":
                # Enough for worlds in which everybody asks for little.
                fees = tables["compensation"][terms["compensation"]]["fee_share"] > 0.0
                count = _CHEAP * count + 40 if fees else count + 1
                capped = money
        else:
            count = round(share * portfolio["creators"])
        pool = (terms["tier"], terms["platform"], terms["niche"])
        first = taken.get(pool, 0)
        taken[pool] = first + count
        hired.append(Hired(line, count=count, first=first, money=capped, **terms))
    return hired


def hire_in_stages(tables: Tables, name: str, tiers: Tiers) -> tuple[Hired, list[int]]:
    """Terms and first creators of a programme, and how many take part in each stage."""
    portfolio = tables["portfolio"][name]
    ((line, _, terms),) = lines_of(portfolio)
    tier, stages = tiers[terms["tier"], terms["platform"]], portfolio["stages"]

    def counts(first: int) -> list[int]:
        kept = [first]
        for stage in stages[1:]:
            kept.append(max(round(stage.get("keep", 1.0) * kept[-1]), 1))
        return kept

    def cost(first: int) -> float:
        each = [committed(tables, terms, tier, stage.get("posts", 1)) for stage in stages]
        return sum(n * usd for n, usd in zip(counts(first), each, strict=True))

    first = portfolio.get("creators", 1)
    if "budget" in portfolio:
        while cost(first + 1) <= portfolio["budget"] - tables["costs"]["fixed"]:
            first += 1
    return Hired(line, count=first, **terms), counts(first)
