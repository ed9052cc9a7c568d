"""Who is hired: lines of portfolios, budgets into creators, prices of cost components."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..engine import marginals as mg
from ..engine.keys import stream_key
from ..engine.marginals import Table
from ..experiment import Experiment, Fault
from ..experiment import models as m
from .model import COMPONENTS, PlanLine, Terms
from .tiers import TierTables


def portfolio_terms(portfolio: m.Portfolio) -> Iterator[tuple[str, Terms, float]]:
    """Yield name, terms and share of each line of a portfolio, in the order of the names."""

    def terms(tier: str, own: Any) -> Terms:
        def pick(name: str) -> Any:
            value = getattr(own, name, None)
            return getattr(portfolio, name) if value is None else value

        return Terms(
            tier,
            pick("platform"),
            pick("niche"),
            pick("compensation"),
            pick("posts"),
            pick("repeat_factor"),
        )

    if portfolio.mix is None:
        assert portfolio.tier is not None
        yield portfolio.tier, terms(portfolio.tier, None), 1.0
        return
    for name in sorted(portfolio.mix):
        line = portfolio.mix[name]
        yield name, terms(line.tier or portfolio.tier or name, line), line.share


def committed_cost(experiment: Experiment, terms: Terms, tier: TierTables, goods: Table) -> float:
    """Return the expected USD committed per creator: fees, goods, hours, nothing from revenue."""
    costs, kind = experiment.costs, experiment.compensation[terms.compensation]
    fee = mg.moment(tier.tables["fee"]) * terms.posts * kind.fee_share
    fee *= 1.0 + costs.usage_rights_share
    return float(
        fee * (1.0 + costs.agency_share)
        + costs.product_units * mg.moment(goods)
        + costs.shipping
        + costs.hourly_rate * mg.moment(tier.tables["management_hours"])
        + costs.boosting * terms.posts
    )


def hired_lines(
    experiment: Experiment,
    tiers: Mapping[tuple[str, str], TierTables | None],
    goods: Table,
    faults: list[Fault],
) -> tuple[tuple[PlanLine, ...], dict[str, float]]:
    """Return the lines of all portfolios, and the USD of each budget that hires nobody.

    Lines of one portfolio that draw on the same pool take consecutive creators, in the order of
    their names. Faults are added to the list.
    """
    result: list[PlanLine] = []
    left_over: dict[str, float] = {}
    for name, portfolio in experiment.portfolio.items():
        taken: dict[tuple[str, str, str], int] = {}
        spent = experiment.costs.fixed
        parts = list(portfolio_terms(portfolio))
        counts = _shared_counts(portfolio, [share for _, _, share in parts])
        for (line, terms, share), count in zip(parts, counts, strict=True):
            tier = tiers[terms.tier, terms.platform]
            assert tier is not None
            price = committed_cost(experiment, terms, tier, goods)
            if portfolio.budget is not None:
                money = share * (portfolio.budget - experiment.costs.fixed)
                hired = int(money / price + 1e-9) if price > 0.0 else 0
                key = f"portfolio.{name}.budget"
                if price <= 0.0:
                    problem = f"cannot size {line}, whose creators commit nothing; give `creators`"
                    faults.append(Fault(key, problem, portfolio.budget))
                elif hired < 1:
                    part = f"its share for {line} is {money:,.0f} USD, and " if share < 1 else ""
                    problem = f"buys no creator: {part}one of {line} commits {price:,.0f} USD"
                    faults.append(Fault(key, problem, portfolio.budget))
            else:
                hired = count
            if portfolio.budget is None and hired < 1:
                key = f"portfolio.{name}.creators"
                faults.append(Fault(key, f"leaves no creator to {line}", portfolio.creators))
            first = taken.get(terms.pool, 0)
            taken[terms.pool] = first + hired
            spent += hired * price
            result.append(PlanLine(name, line, terms, hired, first, price))
        if portfolio.budget is not None:
            left_over[name] = portfolio.budget - spent
    return tuple(result), left_over


def _shared_counts(portfolio: m.Portfolio, shares: list[float]) -> list[int]:
    """Split a number of creators by shares, the largest remainders first (Hamilton)."""
    if portfolio.creators is None:
        return [0] * len(shares)
    exact = [share * portfolio.creators for share in shares]
    counts = [math.floor(x + 1e-9) for x in exact]
    order = sorted(range(len(shares)), key=lambda i: (counts[i] - exact[i], i))
    for i in order[: portfolio.creators - sum(counts)]:
        counts[i] += 1
    return counts


def grouped(
    lines: tuple[PlanLine, ...], seed: int
) -> tuple[tuple[PlanLine, ...], list[tuple[Terms, int, list[int]]]]:
    """Group lines that start at the same creator of the same pool on the same terms."""
    stops: dict[tuple[Terms, int], set[int]] = {}
    for line in lines:
        stops.setdefault((line.terms, line.first), set()).add(line.creators)
    groups = [(terms, first, sorted(counts)) for (terms, first), counts in stops.items()]
    index = {(terms, first): i for i, (terms, first, _) in enumerate(groups)}
    placed = []
    for line in lines:
        work = index[line.terms, line.first]
        t = line.terms
        key = stream_key(seed, "orders", *t.pool, t.compensation, t.posts, line.first)
        stop = groups[work][2].index(line.creators)
        placed.append(replace(line, work=work, stop=stop, order_key=key))
    return tuple(placed), groups


def prices_of(experiment: Experiment, line: PlanLine, lines: tuple[PlanLine, ...]) -> list[float]:
    """Return the price of each of `COMPONENTS` for a line, USD per unit of what it is charged on."""
    costs, kind = experiment.costs, experiment.compensation[line.terms.compensation]
    siblings = sum(1 for other in lines if other.portfolio == line.portfolio)
    by_component = {
        "fee": kind.fee_share,
        "usage_rights": kind.fee_share * costs.usage_rights_share,
        "product": 1.0,
        "shipping": costs.shipping,
        "management": costs.hourly_rate,
        "commission": kind.commission_rate,
        "bonus_orders": costs.bonus_per_order,
        "bonus_impressions": costs.bonus_per_thousand_impressions,
        "boosting": costs.boosting,
        "agency": costs.agency_share,
        "fixed": costs.fixed / siblings,
    }
    return [by_component[name] for name in COMPONENTS]
