"""What a search for the best mix answers: mixes, their prices, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic.dataclasses import dataclass

from ...charts.mixes import MixPoint
from ...figures.spec import Bars, Cells, Curve, Curves, Figure, Series
from ...tables.table import Table, View, from_records, from_texts
from ...text.currency import currency
from ...text.names import listed, measure_heading, measure_words
from ...text.numbers import (
    brief,
    cell,
    counted,
    labelled,
    money,
    told,
)
from ...text.verdicts import TOLD_APART
from ..common import unit_of
from ..question import Answer, Entry

Risk = Literal["es05", "loss"]

#: Rows of a table, and of one on a slide.
MOST, FEW = 20, 8


@dataclass(frozen=True)
class Price:
    """What a limit that binds costs.

    Attributes
    ----------
    limit
        Its words.
    at_margin
        USD of mean profit for moving its end by one unit (a USD of budget, a creator, all of the
        spend for a share) in the linear program.
    gain
        USD of mean profit without it, the risk no worse; of the budget: with one per cent more.
    """

    limit: str
    at_margin: float
    gain: Entry


@dataclass(frozen=True)
class Searched:
    """What the search saw of a mix.

    Attributes
    ----------
    mean, risk
        Mean profit and risk in the worlds of the search.
    bound
        The most that any mix of the numbers tried could have there at that risk; None where no
        bound is known.
    """

    mean: float
    risk: float
    bound: float | None


@dataclass(frozen=True)
class Mix:
    """A portfolio on the frontier, or one of a single line.

    Attributes
    ----------
    name
        ``"mix 1"`` has the highest mean; or the line of which all is.
    creators
        By line; only lines that are hired.
    spend
        USD committed to each line.
    committed
        USD committed, the fixed cost of the programme included.
    efficient
        Whether it meets all limits and no other that does is better in both on the fresh worlds,
        by the figures as they came.
    checked
        Measures on fresh worlds, by name.
    searched
        What the search saw.
    prices
        Of limits that bind.
    """

    name: str
    creators: dict[str, int]
    spend: dict[str, float]
    committed: float
    efficient: bool
    checked: dict[str, Entry]
    searched: Searched
    prices: tuple[Price, ...]

    @property
    def words(self) -> str:
        """Who is hired: ``120 nano-paid, 3 macro-paid``."""
        return ", ".join(f"{counted(count)} {line}" for line, count in self.creators.items())

    @property
    def mean(self) -> float:
        """Its mean profit on fresh worlds, zero where there is none."""
        return self.checked["profit_mean"].value or 0.0


@dataclass(frozen=True)
class Frontier(Answer):
    """The efficient set for a budget.

    Attributes
    ----------
    budget
        USD.
    risk
        ``"es05"`` or ``"loss"``.
    limits
        In words.
    search_worlds, check_worlds
        Worlds of the search, and fresh ones of the check.
    mixes
        From the highest mean to the lowest risk.
    alone
        Each line alone, for comparison.
    notes
        What was done.
    """

    question: ClassVar[str] = "frontier"

    budget: float
    risk: Risk
    limits: tuple[str, ...]
    search_worlds: int
    check_worlds: int
    mixes: tuple[Mix, ...]
    alone: tuple[Mix, ...]
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> list[Mix]:
        """The efficient mixes; all where none is."""
        return [mix for mix in self.mixes if mix.efficient] or list(self.mixes)

    @property
    def sentence(self) -> str:
        """Return the two ends of the set, with their errors."""
        return _sentence(self)

    @property
    def headline(self) -> str:
        """Say where the search for the highest mean profit ends, and what is risked there."""
        best = max(self.best, key=lambda mix: mix.mean)
        risk = best.checked[self._risk]
        worst = (
            f"a loss in {brief(risk)} of worlds"
            if self.risk == "loss"
            else f"{brief(risk)} in the worst 5 % of worlds"
        )
        hired = listed([f"{counted(n)} {line}" for line, n in best.creators.items()]) or "nobody"
        mean = brief(best.checked["profit_mean"])
        return f"The search for the highest mean profit ends at {hired}: {mean}, and {worst}"

    @property
    def _risk(self) -> str:
        return "profit_es05" if self.risk == "es05" else "loss_probability"

    # --- As rows ----------------------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row for every mix and every line alone, with every digit."""
        rows = []
        for mix in (*self.mixes, *self.alone):
            row: dict[str, Any] = {
                "name": mix.name,
                "hired": mix.words,
                "committed": mix.committed,
                "efficient": mix.efficient,
            }
            for name, entry in mix.checked.items():
                row[name], row[f"{name}_se"] = entry.value, entry.se
            row["searched_mean"], row["searched_risk"] = mix.searched.mean, mix.searched.risk
            row["bound"] = mix.searched.bound
            rows.append(row)
        return rows

    def tables(self) -> tuple[Table, ...]:
        """Return the mixes and the lines alone, whom each hires, and what its limits cost."""
        units = {"committed": currency(), "searched_mean": currency(), "bound": currency()}
        units |= {name: entry.unit for name, entry in self.mixes[0].checked.items()}
        units["searched_risk"] = units[self._risk]
        held = [
            {"name": mix.name, "line": line, "creators": count, "spend": mix.spend[line]}
            for mix in (*self.mixes, *self.alone)
            for line, count in mix.creators.items()
        ]
        prices = [
            {
                "name": mix.name,
                "limit": price.limit,
                "at_margin": price.at_margin,
                "gain": price.gain.value,
                "gain_se": price.gain.se,
            }
            for mix in self.mixes
            for price in mix.prices
        ]
        money = {"spend": currency(), "gain": currency()}
        tables = (
            replace(
                from_records("frontier", "a mix, or a line alone", self.to_rows(), units),
                view=View("points", self._risk, ("profit_mean",), title=self.headline),
            ),
            from_records("frontier_holdings", "a line in a mix", held, money, labels=2),
            from_records("frontier_limits", "a limit on a mix", prices, money, labels=2),
        )
        return tuple(table for table in tables if len(table))

    def shown(self) -> Table:
        """Return the mixes, and as many lines alone as there is room for, best mean first."""
        alone = sorted(self.alone, key=lambda mix: -mix.mean)
        shown = [*self.mixes, *alone[: max(MOST - len(self.mixes), 0)]]
        return from_texts("frontier", "a mix, or a line alone", [_texts(mix) for mix in shown])

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return the mixes by risk and mean profit, and what each of them spends on whom."""
        return (self._points(), self._holdings())

    def _points(self) -> Figure:
        from ...charts.mixes import plot_mixes

        axis = labelled(measure_words(self._risk), unit_of(self._risk))
        hired = [mix.creators for mix in self.best]
        alone = [mix for mix in self.alone if mix.creators not in hired]
        sample = f"{counted(self.check_worlds, 'fresh world')}; limits: {', '.join(self.limits)}"
        return Figure(
            name="frontier",
            finding=self.headline,
            made=f"{sample}. Best mixes joined by a line, each kind of creator alone beside them",
            reads=f"{sample}. Crosses: two standard errors; dots: all money on one line",
            panels=(self._curves(alone, axis), self._cells(alone)),
            method="",
            sentences=(self.sentence,),
            plot=partial(
                plot_mixes,
                [self._point(mix) for mix in self.best],
                [self._point(mix) for mix in self.alone],
                risk=axis,
                percents=self.risk == "loss",
            ),
        )

    def _point(self, mix: Mix) -> MixPoint:
        mean, risk = mix.checked["profit_mean"], mix.checked[self._risk]
        tier = mix.name.partition("-")[0]
        return MixPoint(
            mix.name, mean.value or 0.0, risk.value or 0.0, mean.se or 0.0, risk.se or 0.0, tier
        )

    def _curves(self, alone: Sequence[Mix], axis: str) -> Curves:
        line = sorted((self._point(mix) for mix in self.best), key=lambda point: point.risk)
        dots = [self._point(mix) for mix in alone]
        curves = [
            _curve("best mixes", line, "ink", 0, "line"),
            _curve("best mixes, points", line, "ink", 0, "points"),
            _curve("one kind alone", dots, "muted", 1, "points"),
        ]
        return Curves(
            tuple(curve for curve in curves if curve.x),
            axis,
            labelled(measure_words("profit_mean"), currency()),
            x_form="percent" if self.risk == "loss" else "money",
            y_form="money",
        )

    def _cells(self, alone: Sequence[Mix]) -> Cells:
        measures = dict.fromkeys(("profit_mean", "profit_median", self._risk, "loss_probability"))
        shown = [*self.best, *sorted(alone, key=lambda mix: -mix.mean)][:FEW]
        return Cells(
            (
                "mix of creators",
                *(labelled(measure_heading(m), unit_of(m)) for m in measures),
            ),
            tuple((mix.words, *(cell(mix.checked[m]) for m in measures)) for mix in shown),
            notes=("± is one standard error, in worlds that the search did not see",),
        )

    def _holdings(self) -> Figure:
        from ...charts.mixes import plot_holdings

        mixes = self.best
        lines = list(dict.fromkeys(line for mix in mixes for line in mix.spend))
        always = [line for line in mixes[0].creators if all(line in m.creators for m in mixes)]
        budget = money(self.budget)
        finding = (
            f"Every efficient mix for {budget} hires {listed(always)}"
            if always
            else f"No line of creators is in every efficient mix for {budget}"
        )
        back = mixes[::-1]
        spent = Bars(
            tuple(f"{mix.name}: {brief(mix.checked['profit_mean'])}" for mix in back),
            tuple(
                Series(line, tuple(mix.spend.get(line, 0.0) for mix in back), *_shade(line, lines))
                for line in lines
            ),
            labelled("committed", currency()),
            form="money",
            horizontal=True,
            stacked=True,
        )
        return Figure(
            name="mixes",
            finding=finding,
            made="Committed to each line, beside the mean profit; from the highest mean profit "
            f"down; limits: {', '.join(self.limits)}",
            panels=(spent,),
            method="",
            sentences=(self.sentence,),
            plot=partial(
                plot_holdings,
                {mix.name: mix.spend for mix in mixes},
                notes={mix.name: f"mean {brief(mix.checked['profit_mean'])}" for mix in mixes},
            ),
        )


def _curve(
    name: str,
    points: Sequence[MixPoint],
    tier: str,
    repeat: int,
    kind: Literal["line", "points"],
) -> Curve:
    x, y = tuple(point.risk for point in points), tuple(point.mean for point in points)
    return Curve(name, x, y, tier, repeat, kind=kind)


def _shade(line: str, lines: Sequence[str]) -> tuple[str, int]:
    """Return the tier of a line, and which of the lines of that tier it is."""
    tier = line.partition("-")[0]
    return tier, [other for other in lines if other.partition("-")[0] == tier].index(line)


def _texts(mix: Mix) -> dict[str, str]:
    own = mix.checked
    profits = ("profit_mean", "profit_median", "profit_es05")
    return (
        {"": mix.name if mix.name.startswith("mix ") else "alone", "hired": mix.words}
        | {labelled(measure_heading(name), currency()): cell(own[name]) for name in profits}
        | {measure_heading("loss_probability"): cell(own["loss_probability"])}
        | {"efficient": "yes" if mix.efficient else ""}
    )


def coordinates(mix: Mix, risk: str) -> tuple[float, float]:
    """Return mean profit, and what is safer the larger it is."""
    mean = mix.checked["profit_mean"].value or 0.0
    if risk == "es05":
        return mean, mix.checked["profit_es05"].value or 0.0
    return mean, -(mix.checked["loss_probability"].value or 0.0)


def _sentence(answer: Frontier) -> str:
    best = answer.mixes[0]
    safest = max(answer.mixes, key=lambda mix: coordinates(mix, answer.risk)[1])
    parts = [
        f"For {money(answer.budget)} the highest mean is {best.words}: {_levels(best, answer.risk)}"
    ]
    if safest.creators != best.creators:
        parts.append(f"the safest is {safest.words}: {_levels(safest, answer.risk)}")
    text = "; ".join(parts) + "."
    budget = next((p for p in best.prices if p.limit.startswith("a budget")), None)
    if budget is not None:
        text += f" One more {currency()} of budget is worth {money(budget.at_margin)} of mean profit there."
    others = [
        p
        for p in best.prices
        if p is not budget and (p.gain.value or 0.0) > TOLD_APART * (p.gain.se or 0.0)
    ]
    if others:
        dearest = max(others, key=lambda p: p.gain.value or 0.0)
        text += (
            f" The dearest limit is {dearest.limit}: without it mean profit is higher by "
            f"{told(dearest.gain)}."
        )
    return text


def priced(price: Price) -> str:
    """Return what a limit costs in words."""
    if price.limit.startswith("a budget"):
        return f"One per cent more than {price.limit} brings {told(price.gain)} of mean profit."
    return f"The limit “{price.limit}” costs {told(price.gain)} of mean profit."


def _levels(mix: Mix, risk: str) -> str:
    mean, loss = mix.checked["profit_mean"], mix.checked["loss_probability"]
    text = f"mean profit {told(mean)}, median {told(mix.checked['profit_median'])}"
    if risk == "es05":
        return f"{text}, worst 5 % of worlds {told(mix.checked['profit_es05'])}"
    return f"{text}, loses money in {told(loss)} of worlds"
