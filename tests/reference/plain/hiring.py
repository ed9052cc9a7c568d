"""Whom a portfolio hires: the one place that changes when the rule does.

A budget is a cap: in each world a line has its share of the budget less the fixed cost, and hires
creators in their order until the first whose quote does not fit. Where it is planned (`hiring`), it
hires as many as their expected quotes allow. Lines that draw on one pool take consecutive creators in
the order of their names. A programme is planned as a whole; as a cap, stages up to each one may commit
what the plan says, and a stage keeps the best of those before it until their share is reached or the
first does not fit.
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


def kept(tables: Tables, hired: Hired, x: Mapping[str, Array], there: Array, seen: Array,
         share: float, left: Array) -> Array:  # fmt: skip
    """Mark whom a stage keeps of those who were there, world by world: the best whom the money pays."""
    asked, result = quotes(tables, hired, x), np.zeros_like(there)
    for w in range(len(there)):
        best = sorted(np.flatnonzero(there[w]), key=lambda i: -seen[w, i])
        money = left[w] * (1.0 + 1e-9)
        for i in best[: max(round(share * len(best)), 1)]:
            money -= asked[w, i]
            if money < 0.0:
                break
            result[w, i] = 1.0
    return result


def hire_in_stages(tables: Tables, name: str, tiers: Tiers) -> tuple[Hired, list[int], list[float]]:
    """Terms and first creators of a programme, how many are planned for each stage, and its money.

    The last is USD that may be committed up to the end of each stage, infinite where no cap says.
    """
    portfolio = tables["portfolio"][name]
    ((line, _, terms),) = lines_of(portfolio)
    tier, stages = tiers[terms["tier"], terms["platform"]], portfolio["stages"]

    def counts(first: int) -> list[int]:
        kept = [first]
        for stage in stages[1:]:
            kept.append(max(round(stage.get("keep", 1.0) * kept[-1]), 1))
        return kept

    each = [committed(tables, terms, tier, stage.get("posts", 1)) for stage in stages]

    def up_to(first: int) -> list[float]:
        return list(np.cumsum(np.multiply(counts(first), each)))

    first = portfolio.get("creators", 1)
    if "budget" not in portfolio:
        return Hired(line, count=first, **terms), counts(first), [math.inf] * len(stages)
    budget = portfolio["budget"] - tables["costs"]["fixed"]
    while up_to(first + 1)[-1] <= budget:
        first += 1
    if portfolio.get("hiring", "cap") == "planned":
        return Hired(line, count=first, **terms), counts(first), [math.inf] * len(stages)
    money = [budget * usd / up_to(first)[-1] for usd in up_to(first)]
    drawn = Hired(line, count=_CHEAP * first + 40, money=money[0], **terms)
    return drawn, counts(first), money
