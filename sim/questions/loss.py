"""How likely a portfolio loses more than an amount, and how much its worst worlds lose: `sim loss`.

The amount lost in the worst 5 and 1 % of worlds is the mean of their losses: minus the expected
shortfall of profit (Rockafellar and Uryasev 2002), a loss counted positive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from ..figures.spec import Bars, Figure, Series, roles
from ..measures import Estimate, Measured
from ..measures import functions as f
from ..measures.evaluate import measured
from ..measures.worlds import PortfolioWorlds, portfolio_names
from ..tables.table import Column, Table, View
from ..text.currency import currency
from ..text.numbers import (
    FRACTION,
    Number,
    counted,
    money,
    of_worlds,
    percent,
    share_text,
    told,
)
from .question import Amount, Answer, Flag, Options, Question, Setting

if TYPE_CHECKING:
    import xarray as xr

#: The worst worlds by the name of their measure, each a share of all.
WORST = {"es05": 0.05, "es01": 0.01}
_METHOD = (
    "A loss is minus the profit of a world. The amount lost in the worst worlds is the mean of "
    "their losses (expected shortfall, Rockafellar and Uryasev 2002). Every portfolio runs in the "
    "same worlds."
)


def _not_below_zero(amount: float) -> float:
    if not amount >= 0.0:
        raise ValueError("must be 0 or more: losses count positive")
    return amount


class LossOptions(Options):
    """What `sim loss` takes."""

    more_than: Annotated[Amount, AfterValidator(_not_below_zero), Flag(metavar="AMOUNT")] = Field(
        description="The amount that a portfolio may lose."
    )


@dataclass(frozen=True)
class Value:
    """A figure and its Monte Carlo standard error; without one, why.

    Attributes
    ----------
    value, se : float or None
        In the unit of its measure.
    """

    value: float | None
    se: float | None


@dataclass(frozen=True)
class Losses:
    """What one portfolio may lose.

    Attributes
    ----------
    probability : Value
        Share of worlds that lose more than the threshold.
    es05, es01 : Value
        Money lost in the worst 5 and 1 % of worlds, the mean of each; negative for a gain.
    """

    probability: Value
    es05: Value
    es01: Value


@dataclass(frozen=True)
class Loss(Answer):
    """How likely each portfolio loses more than an amount, and what its worst worlds lose.

    Attributes
    ----------
    threshold : float
        Money.
    portfolios : dict of str to Losses
        By portfolio.
    sentence : str
        The answer in words.
    """

    question: ClassVar[str] = ""  # its JSON holds these three fields alone

    threshold: float
    portfolios: dict[str, Losses]
    sentence: str

    @property
    def headline(self) -> str:
        """Say who loses more than the amount how often, the likeliest first."""
        known = {
            name: losses.probability
            for name, losses in self.portfolios.items()
            if losses.probability.value is not None
        }
        names = sorted(known, key=lambda name: -(known[name].value or 0.0))
        shown = names if len(names) <= 3 else [names[0], names[-1]]
        told = [f"{name} in {_share(known[name])}" for name in shown]
        told[:1] = [f"{first} of worlds" for first in told[:1]]
        return f"Losing {_more_than(self.threshold)}: {', '.join(told)}"

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each portfolio."""
        losses = list(self.portfolios.values())
        columns = [Column("portfolio", list(self.portfolios))]
        heads = {
            "probability": (f"loses {_more_than(self.threshold)}", FRACTION),
            "es05": (f"lost in the worst 5 %, {currency()}", currency()),
            "es01": (f"lost in the worst 1 %, {currency()}", currency()),
        }
        for name, (heading, unit) in heads.items():
            numbers: list[Value] = [getattr(row, name) for row in losses]
            columns.append(
                Column(
                    name,
                    [one.value for one in numbers],
                    unit,
                    errors=[one.se for one in numbers],
                    heading=heading,
                )
            )
        about = f"what each portfolio may lose; {currency()} lost are means of the worst worlds"
        view = View("bars", "portfolio", ("probability",), title=self.headline)
        return (Table("loss", about, tuple(columns), view=view),)

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return how likely the loss is, beside what the worst worlds lose."""
        own = roles(tiers or {name: name for name in self.portfolios})
        names = tuple(self.portfolios)
        back = names[::-1]

        def each(name: str, measure: str, text: Callable[[Value], str]) -> Series:
            one: Value = getattr(self.portfolios[name], measure)
            tier, repeat = own.get(name, ("ink", 0))
            return Series(
                name,
                tuple(one.value if other == name else None for other in back),
                tier,
                repeat,
                errors=tuple(one.se if other == name else None for other in back),
                labels=tuple(text(one) if other == name else "" for other in back),
            )

        likely = Bars(
            back,
            tuple(each(name, "probability", _share) for name in back),
            f"worlds that lose {_more_than(self.threshold)}",
            horizontal=True,
        )
        worst = Bars(
            back,
            tuple(
                Series(
                    f"worst {percent(share)} of worlds",
                    tuple(getattr(self.portfolios[name], measure).value for name in back),
                    "muted" if measure == "es05" else "loss",
                    errors=tuple(getattr(self.portfolios[name], measure).se for name in back),
                    labels=tuple(_money(getattr(self.portfolios[name], measure)) for name in back),
                )
                for measure, share in WORST.items()
            ),
            f"mean loss, {currency()}",
            form="money",
            horizontal=True,
        )
        return (
            Figure(
                name="loss",
                finding=self.headline,
                made="Left: share of worlds; right: mean loss of the worst worlds, below zero a "
                "gain. Line at the end of a bar: two standard errors either way",
                panels=(likely, worst),
                method=_METHOD,
                sentences=(self.sentence,),
            ),
        )


def _ask(setting: Setting, options: LossOptions) -> Loss:
    run = setting.finished()
    entries = {name: _losses(run, name, options.more_than) for name in portfolio_names(run)}
    portfolios = {
        name: Losses(**{key: Value(entry.value, entry.se) for key, entry in own.items()})
        for name, own in entries.items()
    }
    return Loss(options.more_than, portfolios, _sentence(options.more_than, entries, run))


def _losses(run: xr.Dataset, portfolio: str, threshold: float) -> dict[str, Measured]:
    """Return the probability and the amounts lost of one portfolio, money."""
    worlds = PortfolioWorlds(run, portfolio)
    profit = worlds.sample("profit")
    estimates = {"probability": f.probability_below(profit, -threshold)} | {
        name: _negative(f.expected_shortfall(profit, share)) for name, share in WORST.items()
    }
    return {
        name: measured(
            estimate,
            FRACTION if name == "probability" else currency(),
            groups=worlds.groups,
            clustered=worlds.clustered,
        )
        for name, estimate in estimates.items()
    }


def _negative(estimate: Estimate) -> Estimate:
    return Estimate(-estimate.value, -estimate.influence, estimate.kind, estimate.reason)


def _sentence(
    threshold: float, entries: Mapping[str, Mapping[str, Measured]], run: xr.Dataset
) -> str:
    parts = []
    for name, own in entries.items():
        parts.append(
            f"{name} loses {_more_than(threshold)} in "
            f"{of_worlds(own['probability'], with_error=True)}; its worst 5 % "
            f"{_lost(own['es05'])} on average, its worst 1 % {_lost(own['es01'])}"
        )
    return f"{'. '.join(parts)} ({counted(run.sizes['sim'], 'world')})."


def _lost(entry: Measured) -> str:
    if entry.value is not None and entry.value < 0.0:
        return f"still gain {told(replace(entry, value=-entry.value))}"
    return f"lose {told(entry)}"


def _more_than(threshold: float) -> str:
    return f"more than {money(threshold)}" if threshold else "money"


def _share(one: Value) -> str:
    return share_text(Number(one.value, one.se, FRACTION))


def _money(one: Value) -> str:
    return money(one.value, one.se, unit=False)


loss = Question(
    name="loss",
    section="risk",
    asks="how likely a loss above an amount is, and what the worst worlds lose",
    about="""Say how likely each portfolio of FILE loses more than an amount, and what its worst worlds lose.

Example: sim loss experiments/micro_vs_macro.toml --more-than 20000""",
    options=LossOptions,
    answer=Loss,
    ask=_ask,
    needs="--more-than 20000",
)
