"""When money goes out and comes in, month by month, and what that is worth today: `sim cash`.

The first day is that of the first post. What is paid:

- fees and rights fall due at delivery, as posts come out, or at signing (``costs.fee_due``), and are
  paid ``cash.net_days`` later; so is the agency's share of each of them;
- goods and shipping are paid when a stage begins, work as posts come out, fixed costs on the first day;
- commission, bonuses and pay by results fall due as orders come, and are paid ``cash.net_days`` later.

What is received is contribution: each order's margin after returns, ``cash.payout_days`` after the
order, first orders as `sim.plan.release` has them and repeat purchases when they happen. Goods that
are sold count as paid when they are sold (assumption). Discounts are received as so much less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..experiment import Experiment
from ..figures.spec import Curve, Curves, Figure, roles
from ..measures import MEASURES, Estimate, Measured
from ..measures import functions as f
from ..measures.estimate import Sample
from ..measures.evaluate import evaluate, measured
from ..measures.payback import contribution_to_date
from ..measures.worlds import PortfolioWorlds, portfolio_names
from ..plan import AGENCY_BASE, PlanLine, make_plan
from ..plan.buyers import DAYS_OF_A_MONTH
from ..plan.release import arrived, posted, repeats_arrived, starts
from ..tables.table import Column, Table
from ..text.currency import currency
from ..text.names import measure_heading
from ..text.numbers import FRACTION, counted, labelled, money, of_worlds, percent, told
from .question import Answer, Entry, Flag, Options, Question, Setting

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]

#: Share of what is to come that may lie beyond the months looked at without a note.
_LATE = 0.005


class CashOptions(Options):
    """What `sim cash` takes."""

    months: Annotated[int, Flag(metavar="N")] = Field(
        12, ge=1, le=120, description="Months to follow from the first post on."
    )


@dataclass(frozen=True)
class Month:
    """Cash of a portfolio in a month; month 0 is the first day.

    Attributes
    ----------
    month : int
        From the first post on.
    net : Measured
        Mean of what is received minus what is paid in it, USD.
    to_date, to_date_median, to_date_p05, to_date_p95 : Measured
        The same up to its end: mean, median, and 5 and 95 % quantile, USD.
    """

    month: int
    net: Entry
    to_date: Entry
    to_date_median: Entry
    to_date_p05: Entry
    to_date_p95: Entry


@dataclass(frozen=True)
class Flow:
    """The cash of a portfolio.

    Attributes
    ----------
    npv_mean, npv_median : Measured
        Net present value over the months, USD.
    npv_negative : Measured
        Share of worlds in which it is below zero.
    profit_mean : Measured
        Profit as the run has it, at no interest and whenever it comes, USD.
    tied_up_mean, tied_up_p95 : Measured
        Most money that is out at the end of a month: mean, and what 95 % of worlds do not pass, USD.
    back : int or None
        First month from whose end on cash to date stays at zero or above in half of the worlds.
    late : float
        Share of the mean contribution that comes after these months.
    cac, ltv, ltv_to_cac : Measured
        Cost of a new customer, what one is worth within ``customers.horizon_months``, and the ratio;
        without a value where customers are not followed.
    by_month : tuple of Month
        In order.
    """

    npv_mean: Entry
    npv_median: Entry
    npv_negative: Entry
    profit_mean: Entry
    tied_up_mean: Entry
    tied_up_p95: Entry
    back: int | None
    late: float
    cac: Entry
    ltv: Entry
    ltv_to_cac: Entry
    by_month: tuple[Month, ...]


@dataclass(frozen=True)
class Cash(Answer):
    """When money goes out and comes in with each portfolio.

    Attributes
    ----------
    months : int
        Months followed.
    cost_of_capital : float
        Interest per year at which later money is discounted.
    net_days, payout_days : float
        Days from due to paid, and from an order to its payout.
    portfolios : dict of str to Flow
        By portfolio.
    worlds : int
        Worlds that all ran in.
    """

    question: ClassVar[str] = "cash"

    months: int
    cost_of_capital: float
    net_days: float
    payout_days: float
    portfolios: dict[str, Flow]
    worlds: int

    @property
    def headline(self) -> str:
        """Say when the money is back."""
        parts = []
        for name, flow in self.portfolios.items():
            when = f"by month {flow.back}" if flow.back is not None else "never"
            parts.append(f"{name} {when}")
        return f"In half of worlds the money is back within {self._span}: {', '.join(parts)}"

    @property
    def _span(self) -> str:
        return counted(self.months, "month")

    @property
    def sentence(self) -> str:
        """The answer in words."""
        parts = []
        for name, flow in self.portfolios.items():
            back = (
                f"has its money back for good by month {flow.back} in half of worlds"
                if flow.back is not None
                else f"has not got its money back in half of worlds within {self._span}"
            )
            parts.append(
                f"{name} ties up {told(flow.tied_up_mean)} on average and {back}; its net present "
                f"value is {told(flow.npv_mean)} in the mean, {told(flow.npv_median)} in the median, "
                f"and below zero in {of_worlds(flow.npv_negative, with_error=True)}{_customer(flow)}"
            )
        return f"{'. '.join(parts)} ({self._span}, {percent(self.cost_of_capital)} a year, {counted(self.worlds, 'world')})."

    @property
    def notes(self) -> tuple[str, ...]:
        """What lies beyond the months."""
        late = {name: flow.late for name, flow in self.portfolios.items() if flow.late > _LATE}
        if not late:
            return ()
        parts = ", ".join(f"{percent(share)} of {name}" for name, share in late.items())
        left_out = f"Contribution that comes after month {self.months} is not counted: {parts}"
        return (f"{left_out}; --months follows it.",)

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each portfolio, then one for each of its months."""
        flows = list(self.portfolios.values())
        main = [Column("portfolio", list(self.portfolios))]
        main += [_column(name, words, [getattr(row, name) for row in flows])
                 for name, words in _FLOW_WORDS.items()]  # fmt: skip
        main.append(Column("back", [row.back for row in flows], heading="month it is back"))
        if any(row.ltv.value is not None for row in flows):
            main += [_column(name, measure_heading(name), [getattr(row, name) for row in flows])
                     for name in _OF_CUSTOMERS]  # fmt: skip
        pairs = [(name, one) for name, flow in self.portfolios.items() for one in flow.by_month]
        monthly = [
            Column("portfolio", [name for name, _ in pairs]),
            Column("month", [one.month for _, one in pairs]),
        ]
        monthly += [_column(name, words, [getattr(one, name) for _, one in pairs])
                    for name, words in _MONTH_WORDS.items()]  # fmt: skip
        return (
            Table("cash", "what the cash of each portfolio is worth", tuple(main)),
            Table("cash_by_month", "cash of each portfolio by month", tuple(monthly)),
        )

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return cash to date by month: median and mean over the worlds, side by side."""
        own = roles(tiers or {name: name for name in self.portfolios})

        def panel(measure: str, axis: str) -> Curves:
            curves = []
            for name, flow in self.portfolios.items():
                tier, repeat = own.get(name, ("ink", 0))
                entries: list[Measured] = [getattr(one, measure) for one in flow.by_month]
                known = [
                    (float(one.month), entry.value)
                    for one, entry in zip(flow.by_month, entries, strict=True)
                    if entry.value is not None
                ]
                last = entries[-1]
                curves.append(
                    Curve(
                        name,
                        tuple(x for x, _ in known),
                        tuple(y for _, y in known),
                        tier,
                        repeat,
                        label=f"{name} {money(last.value, last.se, unit=False)}",
                    )
                )
            return Curves(
                tuple(curves), "months after the first post", labelled(axis, currency()),
                x_form="number", y_form="money", x_range=(0.0, float(self.months)),
            )  # fmt: skip

        return (
            Figure(
                name="cash",
                finding=self.headline,
                made=f"Received minus paid up to the end of each month; month 0 is the first day. "
                f"{counted(self.worlds, 'world')}",
                panels=(
                    panel("to_date_median", "cash to date, median"),
                    panel("to_date", "cash to date, mean"),
                ),
                method=_METHOD + f" Here {percent(self.cost_of_capital)} a year, creators paid "
                f"{counted(round(self.net_days), 'day')} after they are due, shops paying out after "
                f"{counted(round(self.payout_days), 'day')}.",
                sentences=(self.sentence, *self.notes),
            ),
        )


def _customer(flow: Flow) -> str:
    """Return what a new customer costs and is worth; nothing where none are followed."""
    if flow.ltv.value is None:
        return ""
    return (
        f"; a new customer costs {money(flow.cac.value, flow.cac.se)} and is worth "
        f"{money(flow.ltv.value, flow.ltv.se)} "
        f"(LTV : CAC {told(flow.ltv_to_cac)})"
    )


_METHOD = (
    "Fees fall due as posts come out, or at signing where the file says so; commission, bonuses and "
    "pay by results as orders come; goods and shipping when creators start, fixed costs on the first "
    "day. Contribution is received as orders come, repeat purchases when they happen. Net present "
    "value discounts each month's net cash from the middle of the month."
)
_FLOW_WORDS = {
    "npv_mean": "mean NPV",
    "npv_median": "median NPV",
    "npv_negative": "NPV below zero",
    "profit_mean": "mean profit",
    "tied_up_mean": "mean tied up",
    "tied_up_p95": "95 % quantile tied up",
}
_OF_CUSTOMERS = ("cac", "ltv", "ltv_to_cac")
_MONTH_WORDS = {
    "net": "mean net cash",
    "to_date": "mean to date",
    "to_date_median": "median to date",
    "to_date_p05": "5 % quantile to date",
    "to_date_p95": "95 % quantile to date",
}


def _column(name: str, words: str, entries: list[Measured]) -> Column:
    unit = entries[0].unit
    return Column(
        name,
        [one.value for one in entries],
        unit,
        errors=[one.se for one in entries],
        heading=labelled(words, unit),
    )


# --- When what is paid ----------------------------------------------------------------------------


def paid(
    experiment: Experiment, lines: tuple[PlanLine, ...], days: Array
) -> Callable[[str], Array]:
    """Return what gives the share of a cost component that is paid by some days.

    Parameters
    ----------
    experiment, lines
        What is run.
    days
        Days after the first post, shape (moments,).

    Returns
    -------
    callable
        From the name of a component to shape (lines, moments).
    """
    net, payout = experiment.cash.net_days, experiment.cash.payout_days
    start = np.array([starts(experiment, line) for line in lines])

    def started(lag: float) -> Array:
        return np.asarray(days[None] - lag >= start[:, None], dtype=np.float64)

    def fees() -> Array:
        if experiment.costs.fee_due == "signing":
            return started(net)
        return posted(experiment, lines, days - net)

    on_results = ("commission", "bonus_orders", "bonus_impressions", "performance")

    def share(component: str) -> Array:
        if component in ("fee", "usage_rights"):
            return fees()
        if component in on_results:
            return arrived(experiment, lines, days - net)
        if component == "discount":
            return arrived(experiment, lines, days - payout)
        if component == "incidents":
            return arrived(experiment, lines, days)
        if component in ("product", "shipping"):
            return started(0.0)
        if component == "fixed":
            return np.ones((len(lines), len(days)))
        return posted(experiment, lines, days)

    return share


def cash_to_date(experiment: Experiment, run: xr.Dataset, portfolio: str, days: Array) -> Array:
    """Return what is received minus what is paid by some days after the first post, USD.

    Parameters
    ----------
    experiment, run
        What was run, and its worlds.
    portfolio
        Its name.
    days
        Shape (moments,).

    Returns
    -------
    numpy.ndarray
        Shape (moments, worlds).
    """
    lines = make_plan(experiment).lines
    late = days - experiment.cash.payout_days
    result = contribution_to_date(
        run, portfolio, arrived(experiment, lines, late), repeats_arrived(experiment, lines, late)
    )
    share = paid(experiment, lines, days)
    components = run["component"].values.tolist()
    price = run["cost_price"].transpose("line", "component").values
    agency = price[:, components.index("agency")]
    own = np.flatnonzero(run["line_portfolio"].values == portfolio)
    quantity = run["cost_quantity"].transpose("line", "component", "sim")
    for c, component in enumerate(components):
        # The agency charges its share of each payment.
        rate = price[:, c] * (1.0 + agency * (component in AGENCY_BASE))
        if component == "agency" or not rate[own].any():
            continue
        when = share(component)
        for i in own:
            result -= when[i][:, None] * (rate[i] * quantity[i, c].values)[None]
    return result


def _ask(setting: Setting, options: CashOptions) -> Cash:
    run, experiment = setting.finished(), setting.experiment
    days = DAYS_OF_A_MONTH * np.arange(options.months + 1.0)
    terms = experiment.cash
    return Cash(
        months=options.months,
        cost_of_capital=terms.cost_of_capital,
        net_days=terms.net_days,
        payout_days=terms.payout_days,
        portfolios={
            name: _flow(experiment, run, name, days, terms.cost_of_capital)
            for name in portfolio_names(run)
        },
        worlds=int(run.sizes["sim"]),
    )


def _flow(
    experiment: Experiment, run: xr.Dataset, portfolio: str, days: Array, interest: float
) -> Flow:
    worlds = PortfolioWorlds(run, portfolio)
    to_date = cash_to_date(experiment, run, portfolio, days)
    net = np.diff(to_date, axis=0, prepend=0.0)
    years = np.concatenate([[0.0], (days[1:] + days[:-1]) / 2.0]) / 365.0
    npv = (1.0 + interest) ** -years @ net
    tied_up = np.maximum(-to_date.min(axis=0), 0.0)
    profit = worlds.sample("profit")

    def sample(values: Array) -> Sample:
        return Sample(values, profit.tail)

    def entry(estimate: Estimate, unit: str | None = None) -> Measured:
        return measured(
            estimate, unit or currency(), groups=worlds.groups, clustered=worlds.clustered
        )

    by_month = tuple(
        Month(
            month=month,
            net=entry(f.mean(sample(net[month]))),
            to_date=entry(f.mean(one)),
            to_date_median=entry(f.median(one)),
            to_date_p05=entry(f.quantile(one, p=0.05)),
            to_date_p95=entry(f.quantile(one, p=0.95)),
        )
        for month, one in enumerate(map(sample, to_date))
    )
    # Creators are paid late, so that early cash may be there before it is owed.
    stays = np.minimum.accumulate(to_date[::-1], axis=0)[::-1] >= 0.0
    back = np.flatnonzero(stays.mean(axis=1) >= 0.5)
    worth = sample(npv)
    return Flow(
        npv_mean=entry(f.mean(worth)),
        npv_median=entry(f.median(worth)),
        npv_negative=entry(f.probability_below(worth, 0.0), FRACTION),
        profit_mean=entry(f.mean(profit)),
        tied_up_mean=entry(f.mean(sample(tied_up))),
        tied_up_p95=entry(f.quantile(sample(tied_up), p=0.95)),
        back=int(back[0]) if back.size else None,
        **{name: evaluate(MEASURES[name], worlds, {}) for name in _OF_CUSTOMERS},
        late=_late(experiment, run, portfolio, days[-1]),
        by_month=by_month,
    )


def _late(experiment: Experiment, run: xr.Dataset, portfolio: str, end: float) -> float:
    """Return the share of the mean contribution that is received after a day."""
    lines = make_plan(experiment).lines
    at = np.array([end - experiment.cash.payout_days])
    there = contribution_to_date(
        run, portfolio, arrived(experiment, lines, at), repeats_arrived(experiment, lines, at)
    )
    every = float(run["contribution"].sel(portfolio=portfolio).values.mean())
    return 1.0 - float(there.mean()) / every if every > 0.0 else 0.0


cash = Question(
    name="cash",
    section="risk",
    asks="when money goes out and comes in, month by month, and what that is worth today",
    about="""Show when money goes out and comes in with each portfolio of FILE, month by month, and its net present value.

Example: sim cash experiments/customers_and_cash.toml --months 18""",
    options=CashOptions,
    answer=Cash,
    ask=_ask,
)
