"""What `sim pick` answers: creators, the set to hire, how it was judged, and the words for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic.dataclasses import dataclass

from ...explain import Believed, known_table
from ...figures.spec import Bars, Cells, Figure, Format, Series
from ...tables.table import Column, Table
from ...text.currency import currency
from ...text.names import capital, listed, measure_words, some_of
from ...text.numbers import (
    FRACTION,
    Number,
    Quantity,
    brief,
    counted,
    labelled,
    money,
    of_worlds,
    share_text,
    told,
)
from ...text.verdicts import UNTOLD, direction
from ..common import unit_of
from ..people import believed_figure
from ..question import Answer, Entry
from ._sets import On

#: Creators of a figure, rows of a table on screen, and names of a set in a sentence.
FEW, MOST, NAMED = 12, 25, 6
#: The rival that is no rule of thumb.
RUNNER_UP = "runner-up"


@dataclass(frozen=True)
class Creator:
    """A named creator's forecast, hired alone.

    Attributes
    ----------
    name
        As in the roster.
    chosen
        Whether the best set holds it.
    profit, profit_median
        USD, the programme's fixed cost aside.
    orders
        Mean.
    loss_probability
        Share of worlds in which it costs more than it brings.
    best_k
        Share of worlds in which it is among the k most profitable of the list.
    ceiling_price
        USD per post above which it lowers the mean profit of the rest of the set.
    quote
        USD that it is expected to commit.
    known
        As read and as believed.
    """

    name: str
    chosen: bool
    profit: Entry
    profit_median: Entry
    orders: Entry
    loss_probability: Entry
    best_k: Entry
    ceiling_price: Entry
    quote: float
    known: Believed


@dataclass(frozen=True)
class Rival:
    """Another set for the same money.

    Attributes
    ----------
    rule
        How it came about: ``runner-up``, or a rule of thumb.
    names
        Whom it hires.
    value
        What it has of the measure.
    gap
        By how much the chosen set is better, paired; below zero it is worse.
    """

    rule: str
    names: tuple[str, ...]
    value: Entry
    gap: Entry


@dataclass(frozen=True)
class Judged:
    """The chosen set in worlds that it was not chosen on.

    Attributes
    ----------
    worlds
        How many.
    value
        Of the measure it was chosen by.
    profit_mean, profit_median
        USD.
    loss_probability
        Share of worlds in which it loses money.
    rivals
        The runner-up, and what rules of thumb hire.
    close
        Sets that came close: not told apart from the best where they were chosen, it included.
    best_share
        Share of worlds in which none of those has a higher profit.
    regret
        USD of mean profit that each world's best of those has more.
    exact
        Whether the worlds it was chosen on hold no better set.
    all_hired
        Share of worlds in which the quotes of the whole set fit into the budget.
    """

    worlds: int
    value: Entry
    profit_mean: Entry
    profit_median: Entry
    loss_probability: Entry
    rivals: tuple[Rival, ...]
    close: int
    best_share: Entry
    regret: Entry
    exact: bool
    all_hired: Entry


@dataclass(frozen=True)
class Pilot:
    """One post of a creator before the money is spent.

    Attributes
    ----------
    name
        Whose.
    cost
        USD of its expected quote.
    worth
        USD of mean profit more than hiring the chosen set at once, the pilot paid and its orders
        counted.
    returns
        USD of mean profit of that post itself.
    again
        Share of worlds in which what it shows leads to hiring the creator again.
    """

    name: str
    cost: float
    worth: Entry
    returns: Entry
    again: Entry


@dataclass(frozen=True)
class Pick(Answer):
    """Whom of a list to hire for a budget.

    Attributes
    ----------
    portfolio
        Whose roster.
    budget
        USD.
    on
        What the set was chosen by.
    worlds
        In all; half of them to choose on.
    k
        How many count as the best in `Creator.best_k`.
    creators
        The most profitable first.
    chosen
        Names, in the order in which they are asked.
    quoted
        USD that the set is expected to commit.
    judged
        In the other half of the worlds.
    pilots
        Those that the budget can pay, the best first.
    notes
        What was done.
    """

    question: ClassVar[str] = "pick"

    portfolio: str
    budget: float
    on: On
    worlds: int
    k: int
    creators: tuple[Creator, ...]
    chosen: tuple[str, ...]
    quoted: float
    judged: Judged
    pilots: tuple[Pilot, ...] = ()
    notes: tuple[str, ...] = ()

    # --- In words ---------------------------------------------------------------------------------

    @property
    def headline(self) -> str:
        """Say whom to hire, and what that brings."""
        if not self.chosen:
            return f"Nobody on the list is worth hiring for {money(self.budget)}"
        value = f"{measure_words(self.on)} {brief(self.judged.value)}"
        return f"{self._of}: hire {_names(self.chosen)}, {value}"

    @property
    def _of(self) -> str:
        share = some_of(len(self.chosen), len(self.creators))
        return f"{capital(share)} for {money(self.budget)}"

    @property
    def sentence(self) -> str:
        """Whom to hire, what it brings, how sure that is, and what seeing more is worth."""
        judged = self.judged
        if not self.chosen:
            why = f"no set has a better {measure_words(self.on)} than keeping the money"
            if min(one.quote for one in self.creators) > self.budget:
                why = "nobody's quote fits into it"
            text = f"Hire nobody of {counted(len(self.creators))} for {money(self.budget)}: {why}."
        else:
            own = judged.value if self.on != "loss_probability" else judged.profit_mean
            words = measure_words(self.on if self.on != "loss_probability" else "profit_mean")
            text = (
                f"{self._of}: hire {_names(self.chosen)}. That commits "
                f"{money(self.quoted)} and brings a {words} of {told(own)}"
            )
            if self.on == "profit_mean":
                text += f", median {told(judged.profit_median)}"
            text += f"; it loses money in {of_worlds(judged.loss_probability, with_error=True)}."
            if (judged.all_hired.value or 0.0) < 1.0:
                text += (
                    f" All quotes fit into the budget in {of_worlds(judged.all_hired)}; in the others "
                    "whoever is asked last is not hired."
                )
        for rival in judged.rivals:
            if rival.rule == RUNNER_UP:
                text += f" {capital(self._against(rival))}."
        if judged.close > 1:
            text += (
                f" Of {counted(judged.close, 'set')} that came close it is best in "
                f"{of_worlds(judged.best_share, with_error=True)}; knowing beforehand which is "
                f"would bring {told(judged.regret)} more."
            )
        return f"{text}{self._seeing()}"

    def _against(self, rival: Rival) -> str:
        if not rival.names:
            other = "keeping the money"
        elif len(self.chosen) <= NAMED and len(rival.names) <= NAMED:
            other = f"the next best, {_names(rival.names)},"
        else:
            other = f"the next best{self._exchanged(rival)}"
        if not direction(rival.gap):
            return f"{other} {UNTOLD} from it"
        return f"{other} {_more(rival.gap, self.on)}"

    def _exchanged(self, rival: Rival) -> str:
        """Say in whom another set differs."""
        comes = [name for name in rival.names if name not in self.chosen]
        goes = [name for name in self.chosen if name not in rival.names]
        if comes and goes:
            return f", with {_names(comes)} in the place of {_names(goes)},"
        if comes:
            return f", with {_names(comes)} as well,"
        return f", without {_names(goes)},"

    def _seeing(self) -> str:
        if not self.pilots:
            return ""
        best = self.pilots[0]
        post = f"one post of {best.name} first, for {money(best.cost)},"
        if direction(best.worth) > 0:
            return f" Seeing {post} is worth {told(best.worth)} more than hiring at once."
        return (
            f" No pilot pays: the nearest to it, {post} brings {told(best.worth)} of mean profit."
        )

    # --- As rows ----------------------------------------------------------------------------------

    def tables(self) -> tuple[Table, ...]:
        """Return creators, sets, pilots, and creators as read and as believed."""
        tables = (
            self._forecasts(self.creators),
            self._sets(),
            _pilots(self.pilots),
            known_table([one.known for one in self.creators], "pick_known"),
        )
        return tuple(table for table in tables if len(table))

    def shown(self) -> Table:
        """Return the creators, as many as a meeting reads: the chosen ones, then by profit."""
        return self._forecasts(self._first(MOST))

    def _first(self, most: int) -> tuple[Creator, ...]:
        """Return the chosen creators and the most profitable others, in the order of profit."""
        others = [one.name for one in self.creators if not one.chosen]
        left = max(most - len(self.chosen), 0)
        shown = {*self.chosen[:most], *others[:left]}
        return tuple(one for one in self.creators if one.name in shown)

    def _forecasts(self, creators: Sequence[Creator]) -> Table:
        return Table(
            "pick",
            "a creator of the list, hired alone",
            (
                Column("name", [one.name for one in creators]),
                Column("chosen", [one.chosen for one in creators], heading="hire"),
                Column(
                    "quote",
                    [one.quote for one in creators],
                    currency(),
                    heading=labelled("quote", currency()),
                ),
                _column("ceiling_price", creators, labelled("ceiling price per post", currency())),
                _column("profit", creators, labelled("mean profit", currency())),
                _column("profit_median", creators, labelled("median", currency())),
                _column("orders", creators, "orders"),
                _column("loss_probability", creators, "loses money"),
                _column("best_k", creators, f"among the best {self.k}"),
            ),
        )

    def _sets(self) -> Table:
        unit = unit_of(self.on)
        rivals = self.judged.rivals
        values = [self.judged.value, *(one.value for one in rivals)]
        gaps = [None, *(one.gap for one in rivals)]
        return Table(
            "pick_sets",
            "a set of creators for the budget",
            (
                Column("set", ["chosen", *(one.rule for one in rivals)]),
                Column("names", [", ".join(x) for x in (self.chosen, *(r.names for r in rivals))]),
                Column(
                    self.on,
                    [one.value for one in values],
                    unit,
                    errors=[one.se for one in values],
                    heading=labelled(measure_words(self.on), unit),
                ),
                Column(
                    "gap",
                    [None if one is None else one.value for one in gaps],
                    unit,
                    errors=[None if one is None else one.se for one in gaps],
                    heading=labelled("chosen is better by", unit),
                    missing="",
                ),
            ),
        )

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return creators, their prices, the sets, and what is known of each."""
        figures = (self._creators(), self._prices(), self._against_rules(), self._known())
        return tuple(figure for figure in figures if figure.panels)

    def _creators(self) -> Figure:
        shown = self._first(FEW)
        return Figure(
            name="pick",
            finding=self.headline,
            made=f"Hired alone, {_how_many(shown, self.creators)}; {self._worlds}. Left: "
            f"mean profit, two standard errors either way; right: worlds in which it is among the "
            f"{counted(self.k)} most profitable of the list",
            panels=(
                self._bars(shown, "profit", labelled("mean profit", currency()), "money", brief),
                self._bars(
                    shown,
                    "best_k",
                    f"among the best {self.k}",
                    "percent",
                    share_text,
                ),
                _forecast_cells(self._forecasts(shown)),
            ),
            method=_METHOD,
            sentences=(self.sentence,),
        )

    @property
    def _worlds(self) -> str:
        return counted(self.worlds, "world")

    def _bars(
        self,
        shown: Sequence[Creator],
        name: str,
        axis: str,
        form: Format,
        text: Callable[[Quantity], str],
    ) -> Bars:
        back = shown[::-1]
        return Bars(
            tuple(one.name for one in back),
            tuple(
                Series(
                    word,
                    tuple(_value(one, name) if one.chosen == chosen else None for one in back),
                    tier,
                    errors=tuple(
                        getattr(one, name).se if one.chosen == chosen else None for one in back
                    ),
                    labels=tuple(
                        text(getattr(one, name)).removesuffix(f" {currency()}")
                        if one.chosen == chosen
                        else ""
                        for one in back
                    ),
                )
                for word, chosen, tier in (("hire", True, "gain"), ("leave", False, "muted"))
                if any(one.chosen == chosen for one in back)
            ),
            axis,
            form=form,
            horizontal=True,
        )

    def _prices(self) -> Figure:
        shown = [one for one in self._first(FEW) if one.ceiling_price.value is not None]
        shown = [one for one in shown if one.known.fee_believed is not None]
        back = shown[::-1]
        dear = [one.name for one in shown if _over(one)]
        finding = (
            f"{_names(dear)} {'asks' if len(dear) == 1 else 'ask'} more than the ceiling price"
            if dear
            else "Nobody shown asks more than the ceiling price for certain"
        )
        bars = Bars(
            tuple(one.name for one in back),
            (
                Series(
                    "fee per post",
                    tuple(one.known.fee_believed for one in back),
                    "muted",
                ),
                Series(
                    "ceiling price",
                    tuple(one.ceiling_price.value for one in back),
                    "ink",
                    errors=tuple(one.ceiling_price.se for one in back),
                    labels=tuple(
                        f"{brief(one.ceiling_price).partition(' ')[0]}, "
                        f"asks {money(one.known.fee_believed, unit=False)}"
                        for one in back
                    ),
                ),
            ),
            labelled("fee per post", currency()),
            form="money",
            horizontal=True,
        )
        return Figure(
            name="ceilings",
            finding=finding,
            made=f"{capital(_how_many(shown, self.creators))}; {counted(self.judged.worlds, 'world')} "
            "that nobody was chosen on. Above its ceiling price a creator lowers the mean profit of "
            "the rest of the set; lines at the end of bars: two standard errors either way",
            panels=(bars,) if shown else (),
            method=_METHOD,
        )

    def _against_rules(self) -> Figure:
        judged = self.judged
        names = ("chosen set", *(one.rule for one in judged.rivals))
        values = (judged.value, *(one.value for one in judged.rivals))
        gaps = [one for one in judged.rivals if one.rule != RUNNER_UP]
        beaten = [one.rule for one in gaps if direction(one.gap) > 0]
        finding = (
            f"The chosen set is better than {listed(_quoted_rules(beaten))}"
            if beaten
            else "No rule of thumb can be told apart from the chosen set"
        )
        unit = unit_of(self.on)
        money_like = unit == currency()
        bars = Bars(
            names[::-1],
            tuple(
                Series(
                    word,
                    tuple(
                        one.value if (at == len(values) - 1) == chosen else None
                        for at, one in enumerate(values[::-1])
                    ),
                    tier,
                    errors=tuple(
                        one.se if (at == len(values) - 1) == chosen else None
                        for at, one in enumerate(values[::-1])
                    ),
                    labels=tuple(
                        brief(one).removesuffix(f" {currency()}")
                        if (at == len(values) - 1) == chosen
                        else ""
                        for at, one in enumerate(values[::-1])
                    ),
                )
                for word, chosen, tier in (("hire", True, "gain"), ("other sets", False, "muted"))
            ),
            labelled(measure_words(self.on), unit),
            form="money" if money_like else "percent",
            horizontal=True,
        )
        return Figure(
            name="rivals",
            finding=finding,
            made=f"Sets for the same money in {counted(judged.worlds, 'world')} that none was chosen "
            "on; a rule of thumb goes down its list and hires whoever still fits. Lines at the end "
            "of bars: two standard errors either way",
            panels=(bars, _cells(self._sets(), left=frozenset({0, 1}))) if judged.rivals else (),
            method=_METHOD,
        )

    def _known(self) -> Figure:
        return believed_figure([one.known for one in self._first(FEW)], len(self.creators))


_METHOD = (
    "Every creator is followed alone in the same worlds, drawn given what is known of it; a set is "
    "the sum of its creators where they do not act on one another, and is accounted for as one "
    "portfolio where they do. The best set for the budget is chosen on one half of the worlds and "
    "judged on the other."
)


def _value(one: Creator, name: str) -> float | None:
    value: float | None = getattr(one, name).value
    return value


def _column(name: str, creators: Sequence[Creator], heading: str) -> Column:
    entries: list[Quantity] = [getattr(one, name) for one in creators]
    return Column(
        name,
        [one.value for one in entries],
        entries[0].unit,
        errors=[one.se for one in entries],
        heading=heading,
    )


def _pilots(pilots: Sequence[Pilot]) -> Table:
    return Table(
        "pick_pilots",
        "one post of a creator before the money is spent",
        (
            Column("name", [one.name for one in pilots]),
            Column("cost", [one.cost for one in pilots], currency()),
            Column(
                "worth",
                [one.worth.value for one in pilots],
                currency(),
                errors=[one.worth.se for one in pilots],
                heading=labelled("worth over hiring at once", currency()),
            ),
            Column(
                "returns",
                [one.returns.value for one in pilots],
                currency(),
                errors=[one.returns.se for one in pilots],
                heading=labelled("profit of the post itself", currency()),
            ),
            Column(
                "again",
                [one.again.value for one in pilots],
                FRACTION,
                errors=[one.again.se for one in pilots],
                heading="hired again",
            ),
        ),
    )


def _cells(table: Table, left: frozenset[int] = frozenset({0})) -> Cells:
    return Cells(tuple(table.titles), tuple(table.texts()), left=left)


def _forecast_cells(table: Table) -> Cells:
    """Return the forecasts in as many columns as a slide has room for."""
    name, chosen, *others = table.columns
    words = [
        f"{one}, hire" if hire else one
        for one, hire in zip(name.values, chosen.values, strict=True)
    ]
    kept = ("quote", "ceiling_price", "profit", "loss_probability", "best_k")
    columns = tuple(column for column in others if column.name in kept)
    return _cells(replace(table, columns=(replace(name, values=words), *columns)))


def _names(names: Sequence[str]) -> str:
    """Return names in a sentence, the first of them where they are many."""
    if len(names) <= NAMED:
        return listed(list(names))
    return listed([*names[: NAMED - 1], f"{counted(len(names) - NAMED + 1)} more"])


def _how_many(shown: Sequence[Creator], every: Sequence[Creator]) -> str:
    if len(shown) == len(every):
        return f"all {counted(len(every), 'creator')}"
    return f"{counted(len(shown))} of {counted(len(every), 'creator')}"


def _over(one: Creator) -> bool:
    """Return whether a creator asks more than the ceiling price, for certain."""
    fee, ceiling = one.known.fee_believed, one.ceiling_price
    return fee is not None and (direction(ceiling, fee) < 0 or ceiling.value == 0.0)


def _quoted_rules(rules: Sequence[str]) -> list[str]:
    return [f"“{rule}”" for rule in rules]


def _more(gap: Quantity, on: On) -> str:
    """Return how another set compares, in words."""
    assert gap.value is not None
    worse = gap.value > 0.0
    size = told(Number(abs(gap.value), gap.se, gap.unit, gap.reason))
    if on == "loss_probability":
        return f"loses money {'more' if worse else 'less'} often, by {size}"
    return f"brings {size} {'less' if worse else 'more'}"
