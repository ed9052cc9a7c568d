"""A campaign becomes cells: totals that follow one law given the factors, and what was observed.

A cell is a portfolio, a line or the creators of a line; it is simulated as a portfolio of its own,
without the fixed cost, in worlds whose factors are given. Creators of a line are alike before they
are seen, so that they share a cell of one creator with a row for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment, ExperimentError
from ..plan import Plan, make_plan
from ..plan.each import each_of
from ..text.names import spoken
from ..text.numbers import counted
from ..vary.draw import draw
from ..vary.variant import variant
from .results import FIGURES, Campaign, LearnError, Row

Array = npt.NDArray[np.float64]

#: Totals of so many creators and more follow the lognormal law that they are given.
MANY = 20
#: Figures whose logarithms are observed; expected orders come fourth, and show as counts.
LOGS = ("cost", "impressions", "engagements")
SIMULATED = (*LOGS, "expected_orders")
#: Figures of the economics that pay by orders or revenue follows.
_PAID_BY = ("order_value", "tracked_share", "return_rate")
#: Worlds that say what a budget leaves over.
_SPENT_WORLDS = 2048


@dataclass(frozen=True)
class Cell:
    """Totals that follow one law given the factors.

    Attributes
    ----------
    words
        Whose totals they are.
    portfolio
        Row of the plan's portfolios that simulates one of them.
    creators
        How many creators make a total; an expected number where a budget hires.
    single
        Whether each row is one creator: who shows nothing did not deliver.
    logs
        Shape (rows, 3), logs of cost, impressions and engagements; NaN where unknown.
    orders, revenue
        Shape (rows,), NaN where unknown.
    factors
        Rows of the plan's factors that move it.
    due
        Share of what a total brings that has come.
    """

    words: str
    portfolio: int
    creators: float
    single: bool
    logs: Array
    orders: Array
    revenue: Array
    factors: npt.NDArray[np.int64]
    due: float = 1.0

    @property
    def observed(self) -> tuple[str, ...]:
        """Figures that some row knows."""
        columns = (*self.logs.T, self.orders, self.revenue)
        known = [bool(np.isfinite(column).any()) for column in columns]
        return tuple(name for name, there in zip(FIGURES, known, strict=True) if there)


@dataclass(frozen=True)
class Season:
    """A campaign as it is learned from.

    Attributes
    ----------
    name, digest
        Of the campaign.
    plan
        One portfolio for each cell, no fixed cost, no learned beliefs.
    cells
        What was observed.
    cv
        Coefficient of variation of single order values.
    notes
        What was left out or taken for granted.
    """

    name: str
    digest: str
    plan: Plan
    cells: tuple[Cell, ...]
    cv: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Out:
    """How much of a running campaign is out.

    Attributes
    ----------
    posted
        Share of its creators who have posted.
    due
        Share of all that it brings that has come.
    """

    posted: float
    due: float


def season(
    experiment: Experiment,
    campaign: Campaign,
    *,
    out: Out | None = None,
    threads: int | None = None,
) -> Season:
    """Return a campaign's cells.

    Parameters
    ----------
    experiment
        The experiment; what was learned of it before is left out.
    campaign
        What was run and what it brought.
    out
        How much of it is out; all by default.
    threads
        See `sim.simulate`.

    Raises
    ------
    LearnError
        Where a portfolio cannot be simulated, or nothing is left to learn from.
    """
    notes: list[str] = []
    part = out is not None and out.posted < 1.0
    base = experiment.model_copy(update={"learned": None})
    base = variant(base, values={("costs", "fixed"): 0.0, ("simulation", "replicates"): 1,
                                 ("simulation", "beliefs"): None,
                                 ("simulation", "sampling"): "plain"})  # fmt: skip
    if _one_by_one(campaign, part):
        drafts, plan = _named(base, campaign)
    else:
        drafts = []
        for name, table in campaign.portfolio.items():
            drafts += _drafts(name, dict(table), campaign.of(name), experiment, part, notes)
    if out is not None:
        drafts = [_so_far(draft, out) for draft in drafts]
    if not _one_by_one(campaign, part):
        plan = _planned(base, campaign.name, drafts)
        spends = [_with_spend(draft, plan, i, threads) for i, draft in enumerate(drafts)]
        if spends != drafts:
            drafts, plan = spends, _planned(base, campaign.name, spends)
    cells = tuple(
        cell
        for i, draft in enumerate(drafts)
        if (cell := _cell(draft, plan, i, experiment, notes)).observed
    )
    if not cells:
        raise LearnError(
            f"{campaign.name}: holds nothing to learn from: every figure is 0 or missing"
        )
    cv = experiment.economics.order_value_cv
    return Season(campaign.name, campaign.digest, plan, cells, cv, tuple(notes))


def _one_by_one(campaign: Campaign, part: bool) -> bool:
    """Return whether each row is of a named creator, simulated by what the roster knows of it."""
    tables = list(campaign.portfolio.values())
    alone = len(tables) == 1 and "roster" in tables[0] and "stages" not in tables[0]
    return alone and not part and bool(campaign.rows[0].creator)


def _named(base: Experiment, campaign: Campaign) -> tuple[list[_Draft], Plan]:
    """Return a cell for each named creator with a row, and the plan of each by itself.

    Raises
    ------
    LearnError
        Where a row is of nobody on the roster.
    """
    ((name, table),) = campaign.portfolio.items()
    try:
        each = each_of(variant(base, portfolios={name: table}), name, _SPENT_WORLDS)
    except ExperimentError as error:
        told = [f"{campaign.name}: {name}: {fault.problem}" for fault in error.faults]
        raise LearnError("\n".join(told)) from None
    rows = {row.creator: row for row in campaign.rows}
    people = [row.name for row in each.people]
    others = [who for who in rows if who not in people]
    if others:
        raise LearnError(
            f"{campaign.name}: {', '.join(others)} not on the roster of {name}; those are "
            f"{', '.join(people)}"
        )
    drafts = [
        _Draft(name, who, {}, [rows[who]] if who in rows else [], True, 0.0) for who in people
    ]
    return drafts, each.plan


@dataclass(frozen=True)
class _Draft:
    """A cell before it is planned: a portfolio's table, its rows, the fixed cost in their cost."""

    of: str
    words: str
    table: dict[str, Any]
    rows: Sequence[Row]
    single: bool
    fixed: float
    sized: bool = False  #: whether the table has as many creators as there are rows
    due: float = 1.0


def _drafts(
    name: str,
    table: dict[str, Any],
    rows: list[Row],
    experiment: Experiment,
    part: bool,
    notes: list[str],
) -> list[_Draft]:
    """Return the cells of a portfolio; where only a part of it has posted, creators by their sum."""
    fixed, mix = experiment.costs.fixed, table.get("mix")
    lined, named = bool(rows[0].line), bool(rows[0].creator)
    if "budget" in table:
        table["budget"] = table["budget"] - fixed
        if table["budget"] <= 0.0:
            raise LearnError(f"{name}: its budget does not exceed the fixed cost")
    if named and (
        part or "roster" in table or "stages" in table or (mix is not None and not lined)
    ):
        notes.append(f"{name}: {_why_summed(table, part)}, so they are learned from by their sum")
        if "roster" not in table and "stages" not in table:
            table = _sized(table, len(rows))
        return [_Draft(name, name, table, [_summed(name, rows)], False, 0.0, sized=True)]
    if mix is None or not lined:
        if named:
            one = {key: item for key, item in table.items() if key != "mix"}
            words = f"creators of {name}"
            return [_Draft(name, words, _sized(one, 1), rows, True, 0.0)]
        total = [_summed(name, rows)] if len(rows) > 1 else rows
        return [_Draft(name, name, table, total, False, fixed)]
    return _lines(name, table, rows, notes)


def _why_summed(table: Mapping[str, Any], part: bool) -> str:
    """Return why creators with rows of their own are not learned from one by one."""
    if "roster" in table:
        return "named creators differ in what is known of them"
    if "stages" in table:
        return "creators of a programme in stages do not all post in each"
    return (
        "creators post one after another" if part else "no column says of which line a creator is"
    )


def _lines(name: str, table: dict[str, Any], rows: list[Row], notes: list[str]) -> list[_Draft]:
    """Return a cell for each line of a mix, sized by its share."""
    mix, lines = table["mix"], dict.fromkeys(row.line for row in rows)
    tiers = {own.get("tier") or table.get("tier") or line: line for line, own in mix.items()}
    shared = {key: item for key, item in table.items() if key not in ("mix", "creators", "budget")}
    drafts = []
    for written in lines:
        line = written if written in mix else tiers.get(written)
        if line is None:
            raise LearnError(f"{name}: has no line {written!r}; its lines are {', '.join(mix)}")
        own = {key: item for key, item in mix[line].items() if key != "share"}
        one = shared | {"tier": line} | own
        size = "budget" if "budget" in table else "creators"
        one[size] = table[size] * mix[line]["share"]
        if size == "creators":
            one[size] = max(round(one[size]), 1)
        of_line = [row for row in rows if row.line == written]
        named, words = bool(of_line[0].creator), f"{line} of {name}"
        if named:
            one, words = _sized(one, 1), f"creators of {line} of {name}"
        drafts.append(_Draft(name, words, one, of_line, named, 0.0))
    if not any(draft.single for draft in drafts) and any("cost" in row.figures for row in rows):
        notes.append(f"{name}: costs of its lines are taken to hold no fixed cost")
    return drafts


def _sized(table: Mapping[str, Any], creators: int) -> dict[str, Any]:
    """Return a portfolio's table with a number of creators instead of its size."""
    return {k: v for k, v in table.items() if k not in ("budget", "hiring")} | {
        "creators": creators
    }


def _summed(name: str, rows: Sequence[Row]) -> Row:
    """Return the sum of rows; a figure that is missing in one is missing in the sum."""
    known = [f for f in FIGURES if all(f in row.figures for row in rows)]
    return Row(name, "", "", {f: sum(row.figures[f] for row in rows) for f in known})


def _so_far(draft: _Draft, out: Out) -> _Draft:
    """Return the cell of those who have posted, of whose results a share has come."""
    table = dict(draft.table)
    if not draft.single and not draft.sized:
        for size in ("budget", "creators"):
            if size in table:
                part = table[size] * out.posted
                table[size] = max(round(part), 1) if size == "creators" else part
    return replace(draft, table=table, due=out.due / out.posted)


def _planned(base: Experiment, name: str, drafts: Sequence[_Draft]) -> Plan:
    tables = {f"cell {i}": draft.table for i, draft in enumerate(drafts)}
    try:
        return make_plan(variant(base, portfolios=tables))
    except ExperimentError as error:
        told = [
            f"{name}: {drafts[i].words}: {fault.problem}"
            for fault in error.faults
            for i in [_cell_in(fault.key)]
        ]
        raise LearnError("\n".join(dict.fromkeys(told))) from None


def _cell_in(key: str) -> int:
    """Return the cell that a fault's key names, the first where it names none."""
    _, there, rest = key.partition('portfolio."cell ')
    return int(rest.partition('"')[0]) if there else 0


def _with_spend(draft: _Draft, plan: Plan, i: int, threads: int | None) -> _Draft:
    """Return the cell with the budget that usually spends what was spent.

    What a budget spends says nothing of fees: it hires until it is spent.
    """
    known = "budget" in draft.table and all("cost" in row.figures for row in draft.rows)
    spent = sum(row.figures["cost"] for row in draft.rows) - draft.fixed if known else 0.0
    if spent <= 0.0:
        return draft
    usual = draw(plan, ["cost"], worlds=_SPENT_WORLDS, threads=threads)["cost"][i]
    median = float(np.median(usual))
    factor = spent / median if median > 0.0 else spent / draft.table["budget"]
    return replace(draft, table=draft.table | {"budget": draft.table["budget"] * factor})


def _cell(draft: _Draft, plan: Plan, i: int, experiment: Experiment, notes: list[str]) -> Cell:
    """Return a planned cell with its observations."""
    hires = "budget" in draft.table
    rows = draft.rows
    if draft.single:
        seen = [f for f in ("impressions", "engagements") if any(f in r.figures for r in rows)]
        there = [r for r in rows if all(r.figures.get(f, 1.0) > 0.0 for f in seen)]
        if len(there) < len(rows):
            notes.append(
                f"{draft.words}: {counted(len(rows) - len(there))} of {counted(len(rows))} without "
                "impressions or engagements did not post, which says nothing of what others bring"
            )
        rows = there
    logs = np.full((len(rows), len(LOGS)), np.nan)
    for at, row in enumerate(rows):
        for k, name in enumerate(LOGS):
            value = row.figures.get(name, 0.0) - (draft.fixed if name == "cost" else 0.0)
            if value > 0.0:
                logs[at, k] = math.log(value)
            elif name in row.figures and not (name == "cost" and hires):
                notes.append(
                    f"{row.creator or draft.words}: no {spoken(name)}, nothing is learned of it"
                )
    if hires:
        logs[:, 0] = np.nan
        if any("cost" in row.figures for row in rows):
            notes.append(
                f"{draft.words}: a budget hires until it is spent, so its cost says how much was "
                "hired for and nothing of fees; rows of creators would"
            )
    counts = [[row.figures.get(name, math.nan) for row in rows] for name in FIGURES[3:]]
    own = [k for k, line in enumerate(plan.lines) if plan.portfolios[i] == line.portfolio]
    works = [plan.works[plan.lines[k].work] for k in own]
    moved = np.zeros(len(plan.factors), dtype=bool)
    for work in works:
        moved |= work.loading[work.varies].any(axis=0) | work.belief.any(axis=0)
    by_orders = [plan.components.index(name) for name in ("commission", "bonus_orders")]
    paid = bool(plan.prices[own][:, by_orders].any()) or any(any(work.pay[:3]) for work in works)
    for name in _PAID_BY if paid and np.isfinite(logs[:, 0]).any() else ():
        factor = plan.economics[name][1]
        if factor is not None:
            moved[factor] = True
    creators = 1 if draft.single else plan.creators(plan.portfolios[i])
    cell = Cell(
        draft.words, i, creators, draft.single, logs, np.array(counts[0]), np.array(counts[1]),
        np.flatnonzero(moved), draft.due,
    )  # fmt: skip
    if not draft.single and creators < MANY and cell.observed:
        notes.append(
            f"{draft.words}: {counted(creators, 'creator')} are few for the lognormal law that totals "
            "are given (it holds from about twenty), so it is widened; a row for each creator says more"
        )
    return cell


Simulator = Callable[[Array, int], list[Array]]


def simulator(of: Season, threads: int | None = None) -> Simulator:
    """Return what simulates the cells of a season in worlds of given factors.

    Returns
    -------
    callable
        Takes factors, shape (factors, worlds), and the first world, a multiple of 128; returns for
        each cell the logs of `SIMULATED`, shape (4, worlds), NaN where one is zero.
    """

    def simulate(factors: Array, first: int) -> list[Array]:
        rows = draw(
            of.plan,
            SIMULATED,
            first=first,
            worlds=factors.shape[1],
            factors=factors,
            threads=threads,
        )
        with np.errstate(divide="ignore"):
            logs = [
                np.log(np.array([rows[name][cell.portfolio] for name in SIMULATED]))
                for cell in of.cells
            ]
        return [np.where(np.isfinite(log), log, np.nan) for log in logs]

    return simulate
