"""What knowing more is worth, as an answer: figures, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pydantic import computed_field
from pydantic.dataclasses import dataclass

from ...charts.inputs import Bar
from ...figures.spec import Bars, Cells, Figure, Series
from ...measures import Measured
from ...tables.table import Table, View, from_records, from_texts
from ...text.currency import currency
from ...text.names import listed
from ...text.numbers import (
    cell,
    counted,
    money,
    percent,
    told,
)
from ...text.verdicts import TOLD_APART, near
from ..question import Answer, Entry

#: Bars of a figure, of which pilots at most; rows of a table, of which pilots at most.
MOST, PILOTS, ROWS, PILOT_ROWS = 10, 4, 20, 5


@dataclass(frozen=True)
class Known:
    """What knowing something is worth.

    Attributes
    ----------
    name, words
        What is known.
    kind
        ``"belief"``, ``"shock"``, ``"group"`` or ``"chance"``.
    learnable
        Whether research can find it out before the money is spent: beliefs only.
    worth
        USD at most that knowing it perfectly is worth.
    changes_choice
        Share of worlds in which it changes the choice.
    """

    name: str
    words: str
    kind: str
    learnable: bool
    worth: Entry
    changes_choice: float


@dataclass(frozen=True)
class PilotWorth:
    """What a pilot is worth, and what it costs.

    Attributes
    ----------
    line
        Line whose terms it is on; several joined by ``+``.
    creators
        Creators in each line.
    worth
        USD that its result is worth.
    cost
        USD committed for it, out of the budget.
    returned
        USD that its own orders bring, mean contribution.
    net
        USD of profit more than the best option at once: its own profit, and that of spending the
        rest of the budget as its result says.
    changes_choice
        Share of worlds in which its result changes the choice.
    """

    line: str
    creators: int
    worth: Entry
    cost: float
    returned: Entry
    net: Entry
    changes_choice: float

    @computed_field  # type: ignore[prop-decorator]
    @property
    def pays(self) -> bool | None:
        """Whether it is worth its money; None where two standard errors leave that open."""
        if self.net.value is None:
            return None
        gap, error = self.net.value, self.net.se
        # Without an error only a wide gap speaks.
        allowed = TOLD_APART * error if error is not None else 0.5 * max(self.cost, abs(gap))
        return None if abs(gap) <= allowed else gap > 0.0


@dataclass(frozen=True)
class Worth(Answer):
    """What finding out is worth.

    Attributes
    ----------
    options
        What is chosen among.
    best
        The choice without knowing more.
    budget
        USD that profits refer to.
    risk_tolerance
        USD of certainty equivalents; None for means.
    worlds
        Worlds in the regressions.
    perfect
        Knowing everything, luck included: what nobody can.
    known
        By input and group.
    pilots
        Pilots asked about that the budget could pay, by what they leave.
    notes
        What was done.
    """

    question: ClassVar[str] = "worth"

    options: tuple[str, ...]
    best: str
    budget: float
    risk_tolerance: float | None
    worlds: int
    perfect: Entry
    known: tuple[Known, ...]
    pilots: tuple[PilotWorth, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Known:
        """Return what knowing an input or group is worth."""
        return next(item for item in self.known if item.name == name)

    @property
    def research(self) -> Known | None:
        """The single number to research first; None where none is in doubt."""
        single = [item for item in self.known if item.kind == "belief"]
        return max(single, key=lambda item: item.worth.value or 0.0, default=None)

    @property
    def headline(self) -> str:
        """Say what is worth most to find out, and whether a pilot pays."""
        from ...charts.inputs import worth_finding

        bars, pilots, _ = self._bars()
        return worth_finding([*bars, *pilots])

    @property
    def sentence(self) -> str:
        """Return what to find out before spending, with its error."""
        return " ".join([_research_sentence(self), *_pilot_sentences(self)])

    # --- As rows ----------------------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return inputs and groups, then pilots, with every digit."""
        rows: list[dict[str, Any]] = [
            {
                "what": item.name,
                "kind": item.kind,
                "learnable": item.learnable,
                "worth": item.worth.value,
                "se": item.worth.se,
                "changes_choice": item.changes_choice,
                "cost": None,
                "returned": None,
                "returned_se": None,
                "net": None,
                "net_se": None,
            }
            for item in self.known
        ]
        rows += [
            {
                "what": f"pilot of {p.creators} {p.line}",
                "kind": "pilot",
                "learnable": True,
                "worth": p.worth.value,
                "se": p.worth.se,
                "changes_choice": p.changes_choice,
                "cost": p.cost,
                "returned": p.returned.value,
                "returned_se": p.returned.se,
                "net": p.net.value,
                "net_se": p.net.se,
            }
            for p in self.pilots
        ]
        return rows

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each input, group and pilot."""
        money_ = dict.fromkeys(("worth", "cost", "returned", "net"), currency())
        units = {**money_, "changes_choice": "fraction of worlds"}
        errors = {"worth": "se", "returned": "returned_se", "net": "net_se"}
        about = "what is known, and what that is worth"
        table = from_records("worth", about, self.to_rows(), units, errors=errors)
        return (replace(table, view=View("bars", "what", ("worth",), title=self.headline)),)

    def shown(self) -> Table:
        """Return what can be learned by worth, pilots, and last what nobody can learn."""
        return from_texts("worth", "what is known, and what that is worth", self._texts(ROWS))

    def _texts(self, most: int) -> list[dict[str, str]]:
        learnable = sorted(
            (item for item in self.known if item.learnable), key=lambda k: -(k.worth.value or 0.0)
        )
        pilots = self.pilots[:PILOT_ROWS]
        oracles = [item for item in self.known if not item.learnable and item.kind != "shock"]
        rows = [
            _row(item.words, item.worth, item.changes_choice)
            for item in learnable[: most - len(pilots) - len(oracles)]
        ]
        rows += [
            _row(f"result of a pilot: {p.creators} {p.line}", p.worth, p.changes_choice, p)
            for p in pilots
        ]
        rows += [
            _row(f"{item.words} (nobody can)", item.worth, item.changes_choice) for item in oracles
        ]
        return rows

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return what can be found out before the money is spent, and what pilots cost."""
        from ...charts.inputs import plot_inputs

        bars, pilots, nothing = self._bars()
        pilots = pilots[:PILOTS]
        shown = [*bars[: MOST - len(pilots)], *pilots]
        made = (
            f"{counted(self.worlds, 'world')}; choice among {listed(list(self.options))} at "
            f"{money(self.budget)}; lines: two standard errors"
        )
        if any(bar.value and not bar.se for bar in shown):
            made += "; *: no standard error"
        if nothing:
            made += f"; {nothing} figures and groups that are worth nothing are not shown"
        costs = "; diamonds, as far as the axis goes: what a pilot costs" if pilots else ""
        kind = "mean profit" if self.risk_tolerance is None else "certainty equivalent"
        label = f"worth of knowing before choosing, {currency()} of {kind}"
        rows = self._texts(MOST)
        table = Cells(tuple(rows[0]), tuple(tuple(row.values()) for row in rows), notes=self.notes)
        return (
            Figure(
                name="worth",
                finding=self.headline,
                made=f"Without knowing more the choice is {self.best}. {made}",
                reads=made + costs,
                panels=(_panel(shown, label), table) if shown else (table,),
                method="Expected value of (partial) perfect and of sample information.",
                sentences=(self.sentence,),
                plot=partial(plot_inputs, shown, label=label),
            ),
        )

    def _bars(self) -> tuple[list[Bar], list[Bar], int]:
        """Return what is worth knowing, most first, pilots, and how much is worth nothing."""
        known = [
            _bar(item.words, item.worth)
            for item in self.known
            if item.learnable and item.worth.value is not None
        ]
        pilots = [
            _bar(f"a pilot of {p.creators} {p.line}", p.worth, p)
            for p in self.pilots
            if p.worth.value is not None
        ]
        bars = sorted((bar for bar in known if bar.value > 0.0), key=lambda bar: -bar.value)
        return bars, pilots, len(known) - len(bars)


def _row(
    words: str, worth: Measured, changes: float, pilot: PilotWorth | None = None
) -> dict[str, str]:
    return {
        "what is known": words,
        f"worth, {currency()}": cell(worth),
        "changes the choice": percent(changes),
        f"costs, {currency()}": "" if pilot is None else money(pilot.cost, unit=False),
        f"own orders bring, {currency()}": "" if pilot is None else cell(pilot.returned),
        f"profit more, {currency()}": "" if pilot is None else cell(pilot.net),
    }


def _bar(name: str, entry: Measured, pilot: PilotWorth | None = None) -> Bar:
    value = max(entry.value or 0.0, 0.0)
    known = money(value, entry.se) if entry.se or not value else money(value, None)
    text = known if entry.se or not value else f"{known} *"
    if pilot is None:
        return Bar(name, value, entry.se, text)
    text = f"{text}; costs {money(pilot.cost)}"
    return Bar(name, value, entry.se, text, cost=pilot.cost, pays=pilot.pays)


def _panel(shown: Sequence[Bar], label: str) -> Bars:
    back = shown[::-1]
    return Bars(
        tuple(bar.name for bar in back),
        (
            Series(
                "worth",
                tuple(bar.value for bar in back),
                "muted",
                errors=tuple(bar.se for bar in back),
                labels=tuple(bar.text for bar in back),
            ),
        ),
        label,
        form="money",
        horizontal=True,
    )


def _at_most(entry: Measured) -> str:
    bound = "at most " if entry.value is not None and entry.value > 0.0 else ""
    return bound + told(entry)


def _research_group(answer: Worth) -> Known | None:
    """Return the group to research, smaller than all beliefs, whose worth is told from zero."""
    groups = [k for k in answer.known if k.kind == "group" and k.learnable and k.name != "beliefs"]
    told = [k for k in groups if k.worth.se and (k.worth.value or 0.0) > 2.0 * k.worth.se]
    return max(told, key=lambda k: k.worth.value or 0.0, default=None)


def _research_sentence(answer: Worth) -> str:
    top = answer.research
    if top is None:
        return "No number is in doubt, so there is nothing to research."
    total = next((item for item in answer.known if item.name == "beliefs"), top)
    start = (
        f"Without knowing more, {answer.best} is the choice; knowing every doubtful number would "
        f"be worth {_at_most(total.worth)} of profit at a budget of {money(answer.budget)}"
    )
    if not top.worth.value or top.worth.value <= TOLD_APART * (top.worth.se or 0.0):
        none = f"{start}. No single number is worth researching first: none changes the choice"
        group = _research_group(answer)
        if group is None:
            return f"{none} often enough for its worth to be told from zero."
        return (
            f"{none} by itself; the numbers to research together are {group.words}, worth "
            f"{_at_most(group.worth)}."
        )
    equal = [
        item
        for item in answer.known
        if item.kind == "belief" and (item is top or near(top.worth, item.worth))
    ]
    if len(equal) > 1:
        return (
            f"{start}; the numbers to research first are {listed([i.words for i in equal])}, worth "
            f"{_at_most(top.worth)} each, which their errors do not tell apart."
        )
    return (
        f"{start}; the one to research first is {top.words}, worth {_at_most(top.worth)}, "
        f"which changes the choice in {percent(top.changes_choice)} of worlds."
    )


def _pilot_sentences(answer: Worth) -> list[str]:
    if not answer.pilots:
        return []
    best = answer.pilots[0]
    verdict = {
        True: "pays",
        False: "does not pay",
        None: "may or may not pay",
    }[best.pays]
    who = f"{counted(best.creators)} {best.line} creators"
    if len(answer.pilots) == 1:
        start = f"A pilot of {who} {verdict}"
    else:
        rank = "best" if best.pays else "nearest to paying"
        start = f"Of the pilots tried, the {rank} is one of {who}, which {verdict}"
    net = told(replace(best.net, value=abs(best.net.value or 0.0)))
    side = "more" if (best.net.value or 0.0) >= 0.0 else "less"
    said = (
        f"{start}: it costs {money(best.cost)} of the budget, its own orders bring "
        f"{told(best.returned)}, and its result is worth {told(best.worth)}; together {net} {side} "
        f"than spending all of it on {answer.best} at once."
    )
    return [said]
