"""Who is hired: lines of portfolios, budgets into creators, prices of cost components."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NamedTuple

from ..engine import marginals as mg
from ..engine.keys import stream_key
from ..engine.marginals import QuantileTable
from ..experiment import Experiment, Fault
from ..experiment import models as m
from ..experiment.roster import Roster, RosterRow
from ..text.numbers import fixed
from .boosting import boost_of, boosted, split
from .formats import fee_posts, usable_posts
from .model import COMPONENTS, LineBoost, Parts, PlanLine, Programme, Terms
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
            pick("format") or (),
        )

    if portfolio.roster is not None:
        for tier, platform, niche in portfolio.roster.terms():
            yield tier, replace(terms(tier, None), platform=platform, niche=niche), 1.0
        return
    if portfolio.mix is None:
        assert portfolio.tier is not None
        yield portfolio.tier, terms(portfolio.tier, None), 1.0
        return
    for name in sorted(portfolio.mix):
        line = portfolio.mix[name]
        yield name, terms(line.tier or portfolio.tier or name, line), line.share


def committed_parts(
    experiment: Experiment, terms: Terms, tier: TierTables, goods: QuantileTable
) -> Parts:
    """Return the USD committed per creator at the mean of its quote, nothing from revenue.

    What is due whatever it asks, its fees, hours and goods. Commission, bonus and incidents come on
    top: they are known afterwards.
    """
    always, fee, hours, units = charged_for(experiment, terms)
    return (
        always,
        fee * mg.moment(tier.tables["fee"]),
        hours * mg.moment(tier.tables["management_hours"]),
        units * mg.moment(goods),
    )


def charged_for(experiment: Experiment, terms: Terms) -> Parts:
    """Return USD committed whatever a creator asks, and per USD of fee, hour and USD of goods."""
    costs, kind = experiment.costs, experiment.compensation[terms.compensation]
    of_fees = 1.0 + costs.agency_share
    return (
        costs.shipping + kind.pay_floor * of_fees,
        fee_posts(experiment, terms) * kind.fee_share * (1.0 + costs.usage_rights_share) * of_fees,
        costs.hourly_rate,
        costs.product_units,
    )


def committed_cost(
    experiment: Experiment, terms: Terms, tier: TierTables, goods: QuantileTable
) -> float:
    """Return the expected USD committed per creator."""
    return float(sum(committed_parts(experiment, terms, tier, goods)))


def dues_of(parts: Parts, tier: TierTables, goods: QuantileTable) -> Parts:
    """Return USD committed whatever a creator asks, and per USD of fee, hour and USD of goods.

    A part that is proportional to nothing, as a fee of zero is, counts whatever a creator asks.
    """
    always, *of_quotes = parts
    names = (tier.tables["fee"], tier.tables["management_hours"], goods)
    means = [mg.moment(table) for table in names]
    always += sum(part for part, mean in zip(of_quotes, means, strict=True) if mean == 0.0)
    fee, hours, units = (
        part / mean if mean > 0.0 else 0.0 for part, mean in zip(of_quotes, means, strict=True)
    )
    return always, fee, hours, units


def hired_lines(
    experiment: Experiment,
    tiers: Mapping[tuple[str, str], TierTables | None],
    goods: QuantileTable,
    faults: list[Fault],
) -> tuple[tuple[PlanLine, ...], dict[str, float]]:
    """Return the lines of all portfolios, and the USD of each budget that hires nobody.

    Lines of one portfolio that draw on the same pool take consecutive creators, in the order of
    their names. Faults are added to the list.
    """
    result: list[PlanLine] = []
    left_over: dict[str, float] = {}
    fixed_cost = experiment.costs.fixed
    in_money = fixed_cost, experiment.currency
    for name, portfolio in experiment.portfolio.items():

        def parts(terms: Terms) -> Parts:
            tier = tiers[terms.tier, terms.platform]
            assert tier is not None
            return committed_parts(experiment, terms, tier, goods)

        def dues(terms: Terms, held: Parts) -> Parts:
            tier = tiers[terms.tier, terms.platform]
            assert tier is not None
            return dues_of(held, tier, goods)

        def price(terms: Terms) -> float:
            return sum(parts(terms))

        budget = None
        if portfolio.budget is not None:
            budget = portfolio.budget - fixed_cost
            if budget <= 0.0 and portfolio.roster is None:
                faults.append(
                    Fault(f"portfolio.{name}.budget", _used_up(experiment), portfolio.budget)
                )
                continue
            aside = boost_of(experiment, portfolio).budget or 0.0
            if aside >= budget:
                problem = (
                    f"takes {fixed(aside, 0)} {experiment.currency}; {fixed(max(budget, 0.0), 0)} are there to hire "
                    "and boost"
                )
                faults.append(Fault(f"portfolio.{name}.boost", problem))
                continue
            budget -= aside
        if portfolio.roster is not None:
            hired = _named(portfolio, name, portfolio.roster, experiment, tiers, goods)
        elif portfolio.stages is None:
            hired = _lines(name, portfolio, budget, parts, dues, in_money, faults)
        else:
            hired = _stages(name, portfolio, portfolio.stages, budget, price, in_money, faults)
        shares = [float(line.creators) for line in hired]
        if portfolio.mix is not None:
            shares = [share for _, _, share in portfolio_terms(portfolio)]
        shares = [share / (sum(shares) or 1.0) for share in shares]
        if portfolio.stages is not None and portfolio.format is not None:
            faults.append(Fault(f"portfolio.{name}.format", "does not go with `stages`"))
        hired = [_with_formats(experiment, line) for line in hired]
        result += boosted(experiment, name, portfolio, hired, shares, faults)
        # Where a budget is a cap, what is left over is each world's own.
        if budget is not None and all(line.money == math.inf for line in hired):
            spent = sum(line.creators * line.committed_per_creator for line in hired)
            left_over[name] = budget - spent
    return tuple(result), left_over


def _with_formats(experiment: Experiment, line: PlanLine) -> PlanLine:
    fees, assets = fee_posts(experiment, line.terms), usable_posts(experiment, line.terms)
    return replace(line, fee_posts=fees, usable_posts=assets)


Price = Callable[[Terms], float]
#: Share of a creator's mean commitment below which a budget is a mistake.
_HARDLY = 0.1


def _lines(
    name: str,
    portfolio: m.Portfolio,
    budget: float | None,
    parts_of: Callable[[Terms], Parts],
    dues: Callable[[Terms, Parts], Parts],
    fixed_cost: tuple[float, str],
    faults: list[Fault],
) -> list[PlanLine]:
    """Return the lines of a portfolio; a budget that is a cap gives each line its share."""
    taken: dict[tuple[str, str, str], int] = {}
    lines = []
    shares = list(portfolio_terms(portfolio))
    counts = [0] * len(shares)
    if portfolio.creators is not None:
        counts = split(portfolio.creators, [share for _, _, share in shares])
    for (line, terms, share), count in zip(shares, counts, strict=True):
        parts, hired, money = parts_of(terms), count, math.inf
        each = sum(parts)
        if budget is not None and portfolio.hiring == "cap":
            money = share * budget
            if portfolio.quotes is not None:
                money, *held = portfolio.quotes[line]
                parts = (held[0], held[1], held[2], held[3])
                each = sum(parts)
            there = _Money(money, share, *fixed_cost)
            hired = _usual(name, line, there, each, faults, portfolio.budget)
        elif budget is not None:
            there = _Money(share * budget, share, *fixed_cost)
            hired = _bought(name, line, there, each, faults, portfolio.budget)
        elif hired < 1:
            key = f"portfolio.{name}.creators"
            faults.append(Fault(key, f"leaves no creator to {line}", portfolio.creators))
        _check_count(name, line, hired, portfolio, faults)
        first = taken.get(terms.pool, 0)
        placed = PlanLine(name, line, terms, hired, first, each)
        if budget is not None:
            placed = replace(placed, money=money, parts=parts, dues=dues(terms, parts))
        taken[terms.pool] = first + most_hired(placed)
        lines.append(placed)
    return lines


def most_hired(line: PlanLine) -> int:
    """Return the number of creators up to which a line is followed.

    Where quotes decide, that is far beyond what the expected cost would hire.
    """
    return line.creators if line.money == math.inf else 10 * line.creators + 1000


class _Money(NamedTuple):
    """Money that a line may commit: its share of a budget after the fixed cost of the programme."""

    amount: float
    share: float
    fixed_cost: float
    currency: str

    def too_little(self, line: str, each: float) -> str:
        """Return that it buys no creator of a line, each of whom commits an amount."""
        there = "there are" if self.share == 1.0 else f"its share for {line} is"
        after = " after `costs.fixed`" if self.fixed_cost else ""
        return (
            f"buys no creator: {there} {fixed(self.amount, 0)} {self.currency}{after}, and one of {line} "
            f"commits {fixed(each, 0)} {self.currency}"
        )


def _used_up(experiment: Experiment) -> str:
    """Return that the fixed cost leaves nothing of a budget."""
    amount = fixed(experiment.costs.fixed, 0)
    return (
        f"is used up before anybody is hired: `costs.fixed` is {amount} {experiment.currency}; raise the budget, or "
        "lower `costs.fixed`"
    )


def _usual(
    name: str, line: str, money: _Money, each: float, faults: list[Fault], budget: float | None
) -> int:
    """Return how many creators some money hires at their expected cost, one at least."""
    key = f"portfolio.{name}.budget"
    if each <= 0.0:
        problem = f"cannot size {line}, whose creators commit nothing; give `creators`"
        faults.append(Fault(key, problem, budget))
        return 1
    if money.amount < _HARDLY * each:
        faults.append(Fault(key, money.too_little(line, each), budget))
        return 1
    return max(int(money.amount / each + 1e-9), 1)


def _bought(
    name: str, line: str, money: _Money, each: float, faults: list[Fault], budget: float | None
) -> int:
    """Return how many creators some money buys; buying none is a fault."""
    hired = int(money.amount / each + 1e-9) if each > 0.0 else 0
    key = f"portfolio.{name}.budget"
    if each <= 0.0:
        problem = f"cannot size {line}, whose creators commit nothing; give `creators`"
        faults.append(Fault(key, problem, budget))
    elif hired < 1:
        faults.append(Fault(key, money.too_little(line, each), budget))
    return hired


#: Most creators of a line, as of `creators` in a file: a plan of more would not fit into memory.
MOST_CREATORS = 10_000_000


def _check_count(
    name: str, line: str, hired: int, portfolio: m.Portfolio, faults: list[Fault]
) -> None:
    """Refuse a budget that buys more creators than can be planned."""
    if hired > MOST_CREATORS:
        problem = f"hires {hired:,} creators as {line}; at most {MOST_CREATORS:,} are simulated"
        faults.append(Fault(f"portfolio.{name}.budget", problem, portfolio.budget))


def _named(
    portfolio: m.Portfolio,
    name: str,
    roster: Roster,
    experiment: Experiment,
    tiers: Mapping[tuple[str, str], TierTables | None],
    goods: QuantileTable,
) -> list[PlanLine]:
    """Return a line for all named creators on the same terms of whom the same is known exactly.

    A programme has such a line for each of its stages.
    """
    groups: dict[tuple[tuple[str, str, str], bool], list[RosterRow]] = {}
    for row in roster.rows:
        groups.setdefault((row.terms, not math.isnan(row.fee)), []).append(row)
    several = {name for (tier, *_), _ in groups for name in (tier,)}
    plain = len(several) == len(groups)
    stages = portfolio.stages or (m.Stage(posts=portfolio.posts),)
    kept = _kept_of(len(roster.rows), stages)
    names = stage_names(len(stages))
    ends = tuple(accumulate(stage.posts for stage in stages))
    lines = []
    for (tier, platform, niche), fee_known in sorted(groups):
        people = sorted(groups[(tier, platform, niche), fee_known], key=lambda row: row.name)
        table = tiers[tier, platform]
        assert table is not None
        known = "fee known" if fee_known else "fee drawn"
        label = tier if plain else f"{tier} on {platform}, {niche}, {known}"
        share = len(people) / len(roster.rows)
        counts = tuple(max(round(share * count), 1) for count in kept)
        programme = None
        if portfolio.stages is not None:
            programme = Programme(ends, counts, portfolio.choose_by, kept)
        for k, stage in enumerate(stages):
            terms = Terms(
                tier, platform, niche, portfolio.compensation, stage.posts,
                portfolio.repeat_factor, portfolio.format or (),
            )  # fmt: skip
            each = committed_cost(experiment, terms, table, goods)
            if fee_known:
                gap = sum(row.fee for row in people) / len(people) - mg.moment(table.tables["fee"])
                each += gap * charged_for(experiment, terms)[1]
            line = label if programme is None else f"{label}: {k + 1} {names[k]}"
            lines.append(
                PlanLine(
                    name, line, terms, counts[k], 0, each, programme=programme, stage=k,
                    people=tuple(people),
                )
            )  # fmt: skip
    return sorted(lines, key=lambda line: line.name)


def _kept_of(first: int, stages: Sequence[m.Stage]) -> tuple[int, ...]:
    """Return how many of the creators of a first stage take part in each."""
    kept = [first]
    for stage in stages[1:]:
        kept.append(max(round(stage.keep * kept[-1]), 1))
    return tuple(kept)


def stage_names(count: int) -> list[str]:
    """Return what the stages of a programme are called."""
    scale = ["scale"] if count == 3 else [f"scale {k}" for k in range(1, count - 1)]
    return ["pilot", "growth", *scale]


def _stages(
    name: str,
    portfolio: m.Portfolio,
    stages: tuple[m.Stage, ...],
    budget: float | None,
    price: Price,
    fixed_cost: tuple[float, str],
    faults: list[Fault],
) -> list[PlanLine]:
    """Return a line for each stage of each intake.

    A budget hires as many at first as all stages and intakes together allow. Creators who are added
    later are an intake of their own, of whom later stages keep the best: they are chosen among those
    of whom as much was seen.
    """
    ((_, terms, _),) = portfolio_terms(portfolio)
    prices = [price(replace(terms, posts=stage.posts)) for stage in stages]

    def counts(start: int, hired: int) -> list[int]:
        """Return how many of those hired in a stage take part in it and in each one after."""
        kept = [hired]
        for stage in stages[start + 1 :]:
            kept.append(max(round(stage.keep * kept[-1]), 1))
        return kept

    def cost(start: int, hired: int) -> float:
        return sum(n * each for n, each in zip(counts(start, hired), prices[start:], strict=True))

    added = math.fsum(cost(k, stage.add) for k, stage in enumerate(stages) if stage.add)
    first = portfolio.creators or 1
    if budget is not None:
        if added + cost(0, 1) > budget and added > 0.0:
            problem = (
                f"is less than the stages commit: those who are added {fixed(added, 0)} "
                f"{fixed_cost[1]}, a first creator {fixed(cost(0, 1), 0)}, and {fixed(budget, 0)} "
                "are there; `add` fewer"
            )
            faults.append(Fault(f"portfolio.{name}.budget", problem, portfolio.budget))
            return []
        there, line = _Money(budget - added, 1.0, *fixed_cost), portfolio.tier or name
        if _bought(name, line, there, cost(0, 1), faults, portfolio.budget) < 1:
            return []
        low, high = 1, int((budget - added) / prices[0]) + 1
        while high - low > 1:
            middle = (low + high) // 2
            fits = cost(0, middle) <= budget - added + 1e-9
            low, high = (middle, high) if fits else (low, middle)
        first = low
    intakes = [(0, first), *((k, stage.add) for k, stage in enumerate(stages) if stage.add)]
    _check_count(name, portfolio.tier or name, sum(n for _, n in intakes), portfolio, faults)
    lines: list[PlanLine] = []
    for (start, hired), before in zip(
        intakes, accumulate((n for _, n in intakes), initial=0), strict=False
    ):
        lines += _intake(name, portfolio, start, counts(start, hired), before, prices)
    return lines


def _intake(
    name: str,
    portfolio: m.Portfolio,
    start: int,
    counts: list[int],
    before: int,
    prices: list[float],
) -> list[PlanLine]:
    """Return the lines of those who are hired in a stage, after so many others of the programme."""
    ((_, terms, _),) = portfolio_terms(portfolio)
    stages = portfolio.stages or ()
    names = stage_names(len(stages))
    ends = tuple(accumulate(stage.posts for stage in stages[start:]))
    alone = len(counts) == 1
    programme = None if alone else Programme(ends, tuple(counts), portfolio.choose_by)
    whose = f", added in {start + 1}" if start else ""
    return [
        PlanLine(
            name, f"{start + k + 1} {names[start + k]}{whose}",
            replace(terms, posts=stages[start + k].posts), count, before, prices[start + k],
            programme=programme, stage=k, joins=start,
        )
        for k, count in enumerate(counts)
    ]  # fmt: skip


@dataclass(frozen=True)
class Group:
    """What lines share that a loop works through at once.

    `portfolio` is empty but where each creator's own orders decide: they depend on how much of them
    the audiences of the portfolio's other creators leave. Lines that money caps share a group where
    they have as much of it. Lines that boost share one where they boost alike and have as many
    creators: the best posts are those of all.
    """

    terms: Terms
    first: int
    programme: Programme | None
    people: tuple[RosterRow, ...]
    portfolio: str = ""
    money: float = math.inf
    dues: Parts = (0.0, 0.0, 0.0, 0.0)
    boost: LineBoost | None = None
    boosted: int = 0


def grouped(
    lines: tuple[PlanLine, ...], seed: int, alone: Callable[[Terms], bool]
) -> tuple[tuple[PlanLine, ...], list[tuple[Group, list[int]]]]:
    """Group lines that start at the same creator of the same pool on the same terms.

    `alone` says of which terms no two portfolios may share a group (see `Group`).
    """
    stops: dict[Group, set[int]] = {}

    def group_of(line: PlanLine) -> Group:
        own = line.programme is not None or alone(line.terms)
        portfolio = line.portfolio if own else ""
        if line.programme is None:
            return Group(
                line.terms, line.first, None, line.people, portfolio, line.money, line.dues,
                line.boost, most_hired(line) if line.boost else 0,
            )  # fmt: skip
        terms = replace(line.terms, posts=line.programme.post_ends[-1])
        return Group(terms, line.first, line.programme, line.people, portfolio)

    for line in lines:
        people = most_hired(line) if line.programme is None else line.programme.keep[0]
        stops.setdefault(group_of(line), set()).add(people)
    groups = [(group, sorted(counts)) for group, counts in stops.items()]
    index = {group: i for i, group in enumerate(stops)}
    placed = []
    for line in lines:
        work, t = index[group_of(line)], line.terms
        own: tuple[str | int, ...] = () if line.programme is None else ("stage", line.stage)
        own += tuple(row.name for row in line.people)
        key = stream_key(seed, "orders", *t.pool, t.compensation, t.posts, line.first, *own)
        stop = line.stage if line.programme else groups[work][1].index(most_hired(line))
        placed.append(replace(line, work=work, stop=stop, order_key=key))
    return tuple(placed), groups


def prices_of(experiment: Experiment, line: PlanLine, lines: tuple[PlanLine, ...]) -> list[float]:
    """Return the price of each of `COMPONENTS` for a line, USD per unit of what it is charged on."""
    costs, kind = experiment.costs, experiment.compensation[line.terms.compensation]
    tier = experiment.tier[line.terms.tier].on[line.terms.platform]
    siblings = sum(1 for other in lines if other.portfolio == line.portfolio)
    by_component = {
        "fee": kind.fee_share,
        "usage_rights": kind.fee_share * costs.usage_rights_share,
        "product": 1.0,
        "shipping": costs.shipping,
        "management": costs.hourly_rate,
        # Commission is on what is paid, the discount off.
        "commission": kind.commission_rate * (1.0 - experiment.tracking.discount_rate),
        "discount": experiment.tracking.discount_rate,
        "bonus_orders": costs.bonus_per_order,
        "bonus_impressions": costs.bonus_per_thousand_impressions,
        "performance": 1.0,
        "incidents": tier.incident_cost,
        "boosting": 1.0,
        "agency": costs.agency_share,
        "fixed": costs.fixed / siblings,
    }
    return [by_component[name] for name in COMPONENTS]
