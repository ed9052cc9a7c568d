"""What one would choose by the dashboard, and what that costs: `sim dashboard`.

A dashboard shows tracked ROAS: what codes and links see of the orders, leaked codes and buyers who
would have come anyway included, over what was spent. Profit counts what would not have come
otherwise, seen or not. Where portfolios differ in what is seen of them, the two choose differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from ..experiment import ExperimentError, Fault
from ..figures.spec import Bars, Figure, Series, roles
from ..measures import MEASURES, Measured
from ..measures import functions as f
from ..measures.estimate import LIGHT, Sample
from ..measures.evaluate import evaluate, measured
from ..measures.worlds import PortfolioWorlds, portfolio_names
from ..tables.table import Column, Table
from ..text.currency import currency
from ..text.numbers import FRACTION, counted, labelled, money, of_worlds, plain, told
from ..text.verdicts import direction
from .common import as_measured, gap_estimate, unit_of
from .question import Answer, Entry, Options, Question, Setting

if TYPE_CHECKING:
    import xarray as xr

_METHOD = (
    "Tracked ROAS is mean tracked revenue / mean cost: what codes and links see, leaked codes and "
    "buyers who would have come anyway included, after discounts, over what was spent. The choice by "
    "profit is the portfolio with the highest mean profit. Every portfolio runs in the same worlds, so "
    "the difference of profits is paired."
)


class DashboardOptions(Options):
    """`sim dashboard` takes no options of its own."""


@dataclass(frozen=True)
class Seen:
    """What the dashboard shows of a portfolio, and what it earns.

    Attributes
    ----------
    tracked_roas, roas : Measured
        As tracked, and of all revenue.
    roi_median : Measured
        A fraction.
    profit_mean, profit_median : Measured
        USD.
    """

    tracked_roas: Entry
    roas: Entry
    roi_median: Entry
    profit_mean: Entry
    profit_median: Entry


@dataclass(frozen=True)
class Dashboard(Answer):
    """What one would choose by tracked ROAS and by profit.

    Attributes
    ----------
    by_dashboard, by_profit : str
        Portfolio with the highest tracked ROAS, and with the highest mean profit.
    cost_of_the_dashboard : Measured
        USD of mean profit that the first lacks against the second; 0 where they are one.
    shown_apart, earned_apart : Measured
        Tracked ROAS of the first minus that of the next, and mean profit of the second minus that
        of the next.
    misled : Measured
        Share of worlds in which the portfolio with the highest tracked ROAS is not the one that
        earns most.
    given_up : Measured
        USD that following the dashboard of each world would give up on average.
    portfolios : dict of str to Seen
        By portfolio.
    worlds : int
        Worlds that all ran in.
    """

    question: ClassVar[str] = "dashboard"

    by_dashboard: str
    by_profit: str
    cost_of_the_dashboard: Entry
    shown_apart: Entry
    earned_apart: Entry
    misled: Entry
    given_up: Entry
    portfolios: dict[str, Seen]
    worlds: int

    @property
    def agree(self) -> bool:
        """Whether both choose the same portfolio."""
        return self.by_dashboard == self.by_profit

    @property
    def headline(self) -> str:
        """Say what each would choose, and the cost."""
        if self.agree:
            return f"Dashboard and profit both choose {self.by_profit}"
        if direction(self.cost_of_the_dashboard) > 0:
            return (
                f"The dashboard chooses {self.by_dashboard}, profit {self.by_profit}: it costs "
                f"{told(self.cost_of_the_dashboard)}"
            )
        return (
            f"The dashboard chooses {self.by_dashboard}; profit cannot tell it from "
            f"{self.by_profit}"
        )

    @property
    def sentence(self) -> str:
        """The answer in words."""
        shown = self.portfolios[self.by_dashboard]
        first = (
            f"By tracked ROAS one would choose {self.by_dashboard} "
            f"({told(shown.tracked_roas)}{self._others()})"
        )
        if self.agree:
            told_apart = f"{first}, and so one would by mean profit ({told(shown.profit_mean)})"
        else:
            best = self.portfolios[self.by_profit]
            told_apart = (
                f"{first}, by mean profit {self.by_profit} ({told(best.profit_mean)} against "
                f"{told(shown.profit_mean)}): going by the dashboard costs "
                f"{told(self.cost_of_the_dashboard)} of mean profit"
            )
        return (
            f"{told_apart}. World by world, the highest tracked ROAS is not the highest profit in "
            f"{of_worlds(self.misled, with_error=True)}; following it there gives up "
            f"{told(self.given_up)} on average over all {counted(self.worlds, 'world')}."
        )

    def _others(self) -> str:
        """Return the tracked ROAS of the others, for brackets."""
        others = [
            f"{told(row.tracked_roas)} with {name}"
            for name, row in self.portfolios.items()
            if name != self.by_dashboard
        ]
        return f"; {', '.join(others)}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the choice rests on beside the means."""
        notes = []
        if not direction(self.shown_apart):
            notes.append("The two highest tracked ROAS cannot be told apart in these worlds.")
        if not direction(self.earned_apart):
            notes.append("The two highest mean profits cannot be told apart in these worlds.")
        middle = max(
            self.portfolios, key=lambda name: _or_least(self.portfolios[name].profit_median)
        )
        if middle != self.by_profit:
            notes.append(f"By median profit one would choose {middle}.")
        return tuple(notes)

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each portfolio."""
        rows = list(self.portfolios.values())
        columns = [Column("portfolio", list(self.portfolios))]
        for name, heading in _HEADINGS.items():
            numbers: list[Measured] = [getattr(row, name) for row in rows]
            unit = numbers[0].unit
            columns.append(
                Column(
                    name,
                    [one.value for one in numbers],
                    unit,
                    errors=[one.se for one in numbers],
                    heading=labelled(heading, unit),
                )
            )
        return (Table("dashboard", "what the dashboard shows, and what is earned", tuple(columns)),)

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return what the dashboard shows beside what is earned."""
        own = roles(tiers or {name: name for name in self.portfolios})
        back = tuple(self.portfolios)[::-1]

        def bars(measure: str, axis: str, form: str) -> Bars:
            one: dict[str, Measured] = {n: getattr(self.portfolios[n], measure) for n in back}
            series = []
            for name in back:
                tier, repeat = own.get(name, ("ink", 0))
                entry = one[name]
                text = (
                    money(entry.value, entry.se, unit=False)
                    if form == "money"
                    else plain(entry.value, entry.se)
                )
                series.append(
                    Series(
                        name,
                        tuple(entry.value if other == name else None for other in back),
                        tier,
                        repeat,
                        errors=tuple(entry.se if other == name else None for other in back),
                        labels=tuple(text if other == name else "" for other in back),
                    )
                )
            return Bars(
                back, tuple(series), axis, form="money" if form == "money" else "number",
                horizontal=True,
            )  # fmt: skip

        return (
            Figure(
                name="dashboard",
                finding=self.headline,
                made="Left: what a dashboard shows; right: what is earned. Line at the end of a bar: "
                "two standard errors either way",
                panels=(
                    bars("tracked_roas", "tracked ROAS", "number"),
                    bars("profit_mean", f"mean profit, {currency()}", "money"),
                ),
                method=_METHOD,
                sentences=(self.sentence, *self.notes),
            ),
        )


_HEADINGS = {
    "tracked_roas": "tracked ROAS",
    "roas": "ROAS",
    "roi_median": "median ROI",
    "profit_mean": "mean profit",
    "profit_median": "median profit",
}


def _ask(setting: Setting, options: DashboardOptions) -> Dashboard:
    if len(setting.experiment.portfolio) < 2:
        problem = "a choice needs two portfolios or more; add another [portfolio.NAME]"
        raise ExperimentError(setting.experiment.file, [Fault("portfolio", problem)])
    run = setting.finished()
    names = portfolio_names(run)
    portfolios = {name: _seen(run, name) for name in names}

    def ranked(measure: str) -> list[str]:
        return sorted(names, key=lambda name: -_or_least(getattr(portfolios[name], measure)))

    shown, earned = ranked("tracked_roas"), ranked("profit_mean")
    if portfolios[shown[0]].tracked_roas.value is None:
        problem = "has no tracked ROAS: nothing is spent, or codes and links see nothing"
        raise ExperimentError(setting.experiment.file, [Fault(f"portfolio.{shown[0]}", problem)])

    def gap(a: str, b: str, measure: str) -> Measured:
        return as_measured(gap_estimate(run, a, b, measure), unit_of(measure), run)

    nothing = Measured(0.0, 0.0, currency())
    agree = shown[0] == earned[0]
    misled, given_up = _world_by_world(run)
    return Dashboard(
        by_dashboard=shown[0],
        by_profit=earned[0],
        cost_of_the_dashboard=nothing if agree else gap(earned[0], shown[0], "profit_mean"),
        shown_apart=gap(shown[0], shown[1], "tracked_roas"),
        earned_apart=gap(earned[0], earned[1], "profit_mean"),
        misled=misled,
        given_up=given_up,
        portfolios=portfolios,
        worlds=int(run.sizes["sim"]),
    )


def _seen(run: xr.Dataset, portfolio: str) -> Seen:
    worlds = PortfolioWorlds(run, portfolio)
    return Seen(**{name: evaluate(MEASURES[name], worlds, {}) for name in _HEADINGS})


def _or_least(entry: Measured) -> float:
    return -np.inf if entry.value is None else entry.value


def _world_by_world(run: xr.Dataset) -> tuple[Measured, Measured]:
    """Return how often the dashboard of a world misleads, and what following it gives up, USD.

    A portfolio that spends nothing shows nothing: it comes last on the dashboard.
    """
    shown = run["tracked_roas"].transpose("portfolio", "sim").values
    profit = run["profit"].transpose("portfolio", "sim").values
    followed = np.argmax(np.where(np.isfinite(shown), shown, -np.inf), axis=0)
    lost = profit.max(axis=0) - np.take_along_axis(profit, followed[None], axis=0)[0]
    worlds = PortfolioWorlds(run, portfolio_names(run)[0])
    tail = worlds.tail("profit")
    estimates = (
        (f.mean(Sample((lost > 0.0).astype(float), LIGHT)), FRACTION),
        (f.mean(Sample(lost, tail)), currency()),
    )
    misled, given_up = (
        measured(estimate, unit or currency(), groups=worlds.groups, clustered=worlds.clustered)
        for estimate, unit in estimates
    )
    return misled, given_up


dashboard = Question(
    name="dashboard",
    section="flips",
    asks="what one would choose by tracked ROAS, and what that costs in profit",
    about="""Say what one would choose by the dashboard of FILE's portfolios, and what that costs in profit.

Example: sim dashboard experiments/dashboard.toml""",
    options=DashboardOptions,
    answer=Dashboard,
    ask=_ask,
)
