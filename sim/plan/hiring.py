"""Who is hired: lines of portfolios, budgets into creators, prices of cost components."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NamedTuple

from ..engine import marginals as mg
from ..engine.keys import stream_key
from ..engine.line import Purse, kept_of
from ..engine.marginals import QuantileTable
from ..experiment import Experiment, Fault
from ..experiment import models as m
from ..experiment.roster import RosterRow
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

        budget = None
        if portfolio.budget is not None:
            budget = portfolio.budget - fixed_cost
            if budget <= 0.0:
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
            named = _Named(name, portfolio, experiment, tiers, goods, in_money, faults)
            hired = named.lines(budget)
        elif portfolio.stages is None:
            hired = _lines(name, portfolio, budget, parts, dues, in_money, faults)
        else:
            hired = _Stages(name, portfolio, parts, dues, in_money, faults).lines(budget)
        shares = [float(line.creators) for line in hired]
        if portfolio.mix is not None:
            shares = [share for _, _, share in portfolio_terms(portfolio)]
        shares = [share / (sum(shares) or 1.0) for share in shares]
        if portfolio.stages is not None and portfolio.format is not None:
            faults.append(Fault(f"portfolio.{name}.format", "does not go with `stages`"))
        hired = [_with_formats(experiment, line) for line in hired]
        result += boosted(experiment, name, portfolio, hired, shares, faults)
        # Where a budget is a cap, what is left over is each world's own; lines of a list share theirs.
        planned = portfolio.roster is None and all(line.money == math.inf for line in hired)
        if budget is not None and planned:
            spent = sum(line.creators * line.committed_per_creator for line in hired)
            left_over[name] = budget - spent
    return tuple(result), left_over


def _with_formats(experiment: Experiment, line: PlanLine) -> PlanLine:
    fees, assets = fee_posts(experiment, line.terms), usable_posts(experiment, line.terms)
    return replace(line, fee_posts=fees, usable_posts=assets)


PartsOf = Callable[[Terms], Parts]
DuesOf = Callable[[Terms, Parts], Parts]
#: Share of a creator's mean commitment below which a budget is a mistake.
_HARDLY = 0.1


def _lines(
    name: str,
    portfolio: m.Portfolio,
    budget: float | None,
    parts_of: PartsOf,
    dues: DuesOf,
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
    """Return the number of creators up to which a line is followed, in the first of its stages.

    Where quotes decide, that is far beyond what the expected cost would hire; but of those whom a
    later stage adds no more than it says.
    """
    if line.people:
        return len(line.people)
    first = line.creators if line.programme is None else line.programme.keep[0]
    return first if line.money == math.inf or line.joins else 10 * first + 1000


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


class _Named:
    """The creators of a roster: all of them are hired, or tested in stages as far as a budget goes.

    Parameters
    ----------
    name, portfolio
        The portfolio, which has a roster.
    experiment, tiers, goods
        What decides what its creators commit.
    fixed_cost, faults
        As of `_Stages`.
    """

    def __init__(
        self,
        name: str,
        portfolio: m.Portfolio,
        experiment: Experiment,
        tiers: Mapping[tuple[str, str], TierTables | None],
        goods: QuantileTable,
        fixed_cost: tuple[float, str],
        faults: list[Fault],
    ) -> None:
        self.name, self.portfolio, self.experiment = name, portfolio, experiment
        self.tiers, self.goods = tiers, goods
        self.fixed_cost, self.faults = fixed_cost, faults
        self.stages = portfolio.stages or (m.Stage(posts=portfolio.posts),)
        self.names = stage_names(len(self.stages))
        assert portfolio.roster is not None
        self.rows = portfolio.roster.rows

    def lines(self, budget: float | None) -> list[PlanLine]:
        """Return a line for all creators on the same terms of whom the same is known exactly.

        A programme has such a line for each of its stages. With a budget it is planned for as many
        creators from the first of the file on as all stages together allow.

        Parameters
        ----------
        budget
            USD to hire with, None where all are hired.
        """
        kept, money = _kept_of(len(self.rows), self.stages), None
        if budget is not None:
            count, spent = self._planned(budget)
            if count < 1:
                return []
            kept, money = _kept_of(count, self.stages), [math.inf] * len(spent)
            if self.portfolio.hiring == "planned":
                self.rows = self.rows[:count]
            else:
                money = [budget * usd / spent[-1] for usd in spent]
        place = {row.name: i for i, row in enumerate(self.rows)}
        ends = tuple(accumulate(stage.posts for stage in self.stages))
        lines = []
        for label, people in self._alike():
            counts = tuple(max(round(len(people) / len(self.rows) * count), 1) for count in kept)
            parts = [self._parts(label, people, k) for k in range(len(counts))]
            dues = tuple(self._dues(people, k, own) for k, own in enumerate(parts))
            programme, purse, up_to = None, None, [math.inf] * len(counts)
            if money is not None:
                up_to = money
                if self.portfolio.quotes:
                    names = [self._line(label, k) for k in range(len(counts))]
                    up_to = [self.portfolio.quotes[line][0] for line in names]
                shares = tuple(stage.keep for stage in self.stages)
                purse = Purse(tuple(up_to), dues, shares if up_to[0] < math.inf else ())
            if self.portfolio.stages is not None:
                places = tuple(place[row.name] for row in people)
                programme = Programme(
                    ends, counts, self.portfolio.choose_by, kept, places if purse else (), purse
                )
            for k, count in enumerate(counts):
                line = PlanLine(
                    self.name, self._line(label, k), self._terms(people[0], k), count, 0,
                    sum(parts[k]), money=up_to[k], programme=programme, stage=k, people=people,
                )  # fmt: skip
                lines.append(line if purse is None else replace(line, parts=parts[k], dues=dues[k]))
        return sorted(lines, key=lambda line: line.name)

    def _alike(self) -> list[tuple[str, tuple[RosterRow, ...]]]:
        """Return creators on the same terms of whom the fee is known, or of whom it is not, by label."""
        groups: dict[tuple[tuple[str, str, str], bool], list[RosterRow]] = {}
        for row in self.rows:
            groups.setdefault((row.terms, not math.isnan(row.fee)), []).append(row)
        plain = len({tier for (tier, *_), _ in groups}) == len(groups)
        result = []
        for ((tier, platform, niche), fee_known), people in sorted(groups.items()):
            known = "fee known" if fee_known else "fee drawn"
            label = tier if plain else f"{tier} on {platform}, {niche}, {known}"
            result.append((label, tuple(sorted(people, key=lambda row: row.name))))
        return result

    def _line(self, label: str, k: int) -> str:
        """Return the name of a line in a stage."""
        return label if self.portfolio.stages is None else f"{label}: {k + 1} {self.names[k]}"

    def _terms(self, row: RosterRow, k: int) -> Terms:
        """Return what a creator agrees on in a stage."""
        its = self.portfolio
        return Terms(
            *row.terms, its.compensation, self.stages[k].posts, its.repeat_factor, its.format or ()
        )

    def _parts(self, label: str, people: Sequence[RosterRow], k: int) -> Parts:
        """Return what each of some creators alike commits in a stage at the mean of its quote."""
        if self.portfolio.quotes:
            _, always, fee, hours, units = self.portfolio.quotes[self._line(label, k)]
            return always, fee, hours, units
        terms, tier = self._terms(people[0], k), self._tier(people[0])
        always, fee, hours, units = committed_parts(self.experiment, terms, tier, self.goods)
        if not math.isnan(people[0].fee):
            fee = charged_for(self.experiment, terms)[1] * _mean_fee(people)
        return always, fee, hours, units

    def _dues(self, people: Sequence[RosterRow], k: int, parts: Parts) -> Parts:
        """Return what creators alike commit in a stage, whatever they ask and per USD or hour."""
        always, fee, hours, units = parts
        if math.isnan(people[0].fee):
            return dues_of(parts, self._tier(people[0]), self.goods)
        mean = _mean_fee(people)
        always, _, hours, units = dues_of(
            (always, 0.0, hours, units), self._tier(people[0]), self.goods
        )
        return always, fee / mean if mean > 0.0 else 0.0, hours, units

    def _tier(self, row: RosterRow) -> TierTables:
        tier = self.tiers[row.tier, row.platform]
        assert tier is not None
        return tier

    def _planned(self, budget: float) -> tuple[int, list[float]]:
        """Return how many of the file a budget plans to test, and the USD up to each stage's end.

        None with a fault where it buys nobody.
        """
        asked: list[dict[str, float]] = [{} for _ in self.stages]
        for label, people in self._alike():
            for k, of_stage in enumerate(asked):
                parts = self._parts(label, people, k)
                per_fee = self._dues(people, k, parts)[1]
                for row in people:
                    known = 0.0 if math.isnan(row.fee) else (row.fee - _mean_fee(people)) * per_fee
                    of_stage[row.name] = sum(parts) + known
        up_to = [list(accumulate(of_stage[row.name] for row in self.rows)) for of_stage in asked]

        def costs(count: int) -> list[float]:
            """Return USD up to each stage's end: the kept are as dear as those they are kept of."""
            kept = _kept_of(count, self.stages)
            each = (sums[count - 1] / count for sums in up_to)
            return list(accumulate(n * usd for n, usd in zip(kept, each, strict=True)))

        first, key = costs(1)[-1], f"portfolio.{self.name}.budget"
        if costs(len(self.rows))[-1] <= 0.0:
            problem = "cannot size a list whose creators commit nothing; leave it out"
            self.faults.append(Fault(key, problem, self.portfolio.budget))
            return 0, []
        there, count = _Money(budget, 1.0, *self.fixed_cost), len(self.faults)
        hired_at_once = _usual if self.portfolio.hiring == "cap" else _bought
        if first > 0.0:
            hired_at_once(self.name, "the list", there, first, self.faults, self.portfolio.budget)
        if len(self.faults) > count:
            return 0, []
        counts = range(len(self.rows), 1, -1)
        count = next((n for n in counts if costs(n)[-1] <= budget + 1e-9), 1)
        return count, costs(count)


def _mean_fee(people: Sequence[RosterRow]) -> float:
    return sum(row.fee for row in people) / len(people)


def _kept_of(first: int, stages: Sequence[m.Stage]) -> tuple[int, ...]:
    """Return how many of the creators of a first stage take part in each."""
    kept = [first]
    for stage in stages[1:]:
        kept.append(int(kept_of(stage.keep, kept[-1])))
    return tuple(kept)


def stage_names(count: int) -> list[str]:
    """Return what the stages of a programme are called."""
    scale = ["scale"] if count == 3 else [f"scale {k}" for k in range(1, count - 1)]
    return ["pilot", "growth", *scale]


class _Stages:
    """A programme in stages: money and creators of each stage, of the first ones and of those added.

    Parameters
    ----------
    name, portfolio
        The portfolio, which has stages.
    parts_of, dues
        What creators on some terms commit at the mean, and the dues of that.
    fixed_cost
        Of the programme, and what it is counted in.
    faults
        Takes what is wrong with the budget.
    """

    def __init__(
        self,
        name: str,
        portfolio: m.Portfolio,
        parts_of: PartsOf,
        dues: DuesOf,
        fixed_cost: tuple[float, str],
        faults: list[Fault],
    ) -> None:
        self.name, self.portfolio = name, portfolio
        self.fixed_cost, self.faults = fixed_cost, faults
        self.stages = portfolio.stages or ()
        self.names = [f"{k + 1} {stage}" for k, stage in enumerate(stage_names(len(self.stages)))]
        ((_, terms, _),) = portfolio_terms(portfolio)
        self.terms = [replace(terms, posts=stage.posts) for stage in self.stages]
        self.held = portfolio.quotes or {}
        self.parts = [parts_of(of_stage) for of_stage in self.terms]
        if self.held:
            kept = (self.held[stage][1:] for stage in self.names)
            self.parts = [(always, fee, hours, goods) for always, fee, hours, goods in kept]
        self.prices = [sum(parts) for parts in self.parts]
        self.dues = tuple(map(dues, self.terms, self.parts))

    def lines(self, budget: float | None) -> list[PlanLine]:
        """Return a line for each stage of each intake.

        A budget hires as many at first as all stages and intakes together allow by their expected
        cost. Where it is a cap, that plan says what each stage may spend, and quotes say who is
        hired. Creators who are added later are an intake of their own, of whom later stages keep
        the best: they are chosen among those of whom as much was seen.

        Parameters
        ----------
        budget
            USD to hire with, None where the portfolio says how many it hires.
        """
        added = {k: stage.add for k, stage in enumerate(self.stages) if stage.add}
        first = self.portfolio.creators or 1
        money = dict.fromkeys((0, *added), math.inf)
        if budget is not None:
            money = {k: self._cost(k, n) for k, n in added.items()}
            money = {0: budget - math.fsum(money.values())} | money
            if self.held:
                money = {k: self.held[self._line(k, len(self.stages) - 1)][0] for k in money}
            first = self._first(money)
            if first < 1:
                return []
        intakes = {0: first} | added
        line = self.portfolio.tier or self.name
        _check_count(self.name, line, sum(intakes.values()), self.portfolio, self.faults)
        lines: list[PlanLine] = []
        before = 0
        for start, hired in intakes.items():
            lines += self._intake(start, hired, before, None if budget is None else money[start])
            before += most_hired(lines[-1])
        return lines

    def _counts(self, start: int, hired: int) -> list[int]:
        """Return how many of those hired in a stage take part in it and in each one after."""
        return list(_kept_of(hired, self.stages[start:]))

    def _cost(self, start: int, hired: int) -> float:
        """Return the expected USD that those who are hired in a stage commit, in all that follow too."""
        return sum(self._costs(start, hired))

    def _costs(self, start: int, hired: int) -> list[float]:
        counts = self._counts(start, hired)
        return [n * each for n, each in zip(counts, self.prices[start:], strict=True)]

    def _first(self, money: Mapping[int, float]) -> int:
        """Return how many the first stage hires at their expected cost; 0 with a fault."""
        amount, added = money[0], math.fsum(usd for k, usd in money.items() if k)
        capped = self.portfolio.hiring == "cap"
        one, line = self._cost(0, 1), self.portfolio.tier or self.name
        key, budget = f"portfolio.{self.name}.budget", self.portfolio.budget
        if added > 0.0 and amount < one * (_HARDLY if capped else 1.0):
            problem = (
                f"is less than the stages commit: those who are added {fixed(added, 0)} "
                f"{self.fixed_cost[1]}, a first creator {fixed(one, 0)}, and {fixed(amount + added, 0)} "
                "are there; `add` fewer"
            )
            self.faults.append(Fault(key, problem, budget))
            return 0
        there, count = _Money(amount, 1.0, *self.fixed_cost), len(self.faults)
        hired_at_once = _usual if capped else _bought
        hired_at_once(self.name, line, there, one, self.faults, budget)
        if len(self.faults) > count:
            return 0
        low, high = 1, int(amount / self.prices[0]) + 1
        while high - low > 1:
            middle = (low + high) // 2
            fits = self._cost(0, middle) <= amount + 1e-9
            low, high = (middle, high) if fits else (low, middle)
        return low

    def _line(self, start: int, k: int) -> str:
        """Return the name of a stage of those who are hired in a stage."""
        return self.names[k] + (f", added in {start + 1}" if start else "")

    def _intake(self, start: int, hired: int, before: int, money: float | None) -> list[PlanLine]:
        """Return the lines of those who are hired in a stage, after so many others of the programme.

        Of their `money` each stage may spend the share that its expected cost has, and what the
        stages before left over.
        """
        stages = self.stages[start:]
        counts, dues = self._counts(start, hired), self.dues[start:]
        capped = money is not None and self.portfolio.hiring == "cap"
        up_to = [math.inf] * len(counts)
        if capped:
            assert money is not None
            spent = list(accumulate(self._costs(start, hired)))
            up_to = [money * usd / spent[-1] for usd in spent]
            if self.held:
                up_to = [self.held[self._line(start, start + k)][0] for k in range(len(counts))]
        purse = None
        if money is not None:
            purse = Purse(
                tuple(up_to), dues, tuple(stage.keep for stage in stages) if capped else ()
            )
        ends = tuple(accumulate(stage.posts for stage in stages))
        programme = Programme(ends, tuple(counts), self.portfolio.choose_by, purse=purse)
        lines = [
            PlanLine(
                self.name, self._line(start, start + k), self.terms[start + k], count, before,
                self.prices[start + k], money=up_to[k],
                programme=None if len(counts) == 1 else programme, stage=k, joins=start,
            )
            for k, count in enumerate(counts)
        ]  # fmt: skip
        if purse is None:
            return lines
        return [
            replace(line, parts=parts, dues=of_stage)
            for line, parts, of_stage in zip(lines, self.parts[start:], dues, strict=True)
        ]


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
        terms, purse = replace(line.terms, posts=line.programme.post_ends[-1]), line.programme.alone
        group = Group(terms, line.first, line.programme, line.people, portfolio)
        return group if purse is None else replace(group, money=purse.money[0], dues=purse.dues[0])

    for line in lines:
        stops.setdefault(group_of(line), set()).add(most_hired(line))
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
