"""How a programme grows, as an answer: policies, where the money went, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic.dataclasses import dataclass

from ...figures.spec import Bars, Figure, Series, roles
from ...tables.table import Column, Table, measured
from ...text.currency import currency
from ...text.names import listed
from ...text.numbers import FRACTION, Number, counted, money, percent, told, whole_percent
from ..question import Answer, Entry

#: What a policy does with money that no line is expected to earn with.
KEEP = "kept"
#: Share of a bar that has room for its figure.
_ROOM = 0.08
_METHOD = (
    "Forecasts of each line's next cohort by regression on what was seen of all lines (least squares "
    "Monte Carlo, Longstaff and Schwartz 2001)"
)
#: What policies do, for a table.
DOES = {
    "fixed": "tests every line, then keeps to the plan",
    "greedy": "tests every line, then follows what was seen",
    "oracle": "knows every outcome beforehand",
    "at once": "all money at once in the line that is best in the mean",
}


@dataclass(frozen=True)
class Policy:
    """What one way to grow brings.

    Attributes
    ----------
    name : str
        ``fixed``, ``greedy``, ``oracle`` or ``at once``.
    profit, median : Entry
        Mean and median profit of all stages, USD.
    loss_probability : Entry
        Share of worlds that lose money.
    spent : Entry
        Mean cost, USD.
    """

    name: str
    profit: Entry
    median: Entry
    loss_probability: Entry
    spent: Entry


@dataclass(frozen=True)
class Move:
    """Where the money of a stage goes by what was seen.

    Attributes
    ----------
    stage : int
        From 2 on: the first stage tests every line.
    shares : dict of str to float
        By line, and for money that is kept, the share of worlds.
    """

    stage: int
    shares: dict[str, float]


@dataclass(frozen=True)
class Growth(Answer):
    """What following results is worth while a programme grows.

    Attributes
    ----------
    stages : tuple of float
        Money of each stage, USD.
    lines : tuple of str
        Lines that money may go to.
    creators : tuple of tuple of float
        By line and stage, the median number of creators that its money hires.
    worlds : int
        Worlds that the policies are judged on.
    best : str
        The line with the highest mean profit if it gets all the money at once.
    planned : tuple of str
        Where the fixed plan puts the money of each stage from the second on.
    policies : tuple of Policy
        What each brings.
    moves : tuple of Move
        Where greedy puts the money of each stage from the second on.
    learning, knowing, testing : Entry
        Mean profit, USD, paired over the worlds: greedy minus fixed, oracle minus greedy, greedy
        minus all money at once.
    notes : tuple of str
        What was done.
    """

    question: ClassVar[str] = "grow"

    stages: tuple[float, ...]
    lines: tuple[str, ...]
    creators: tuple[tuple[float, ...], ...]
    worlds: int
    best: str
    planned: tuple[str, ...]
    policies: tuple[Policy, ...]
    moves: tuple[Move, ...]
    learning: Entry
    knowing: Entry
    testing: Entry
    notes: tuple[str, ...] = ()

    def __getitem__(self, policy: str) -> Policy:
        """Return what a policy brings."""
        return next(item for item in self.policies if item.name == policy)

    @property
    def headline(self) -> str:
        """Say what following results adds."""
        gain, se = self.learning.value or 0.0, self.learning.se
        if se is not None and abs(gain) <= 2.0 * se:
            return "Letting money follow results changes the mean profit by no more than chance"
        more = "adds" if gain > 0.0 else "costs"
        amount = money(abs(gain), se)
        return f"Letting money follow results {more} {amount} to the plan's mean profit"

    @property
    def sentence(self) -> str:
        """Return what following results is worth, where the money goes, and what is left to know."""
        last = self.moves[-1]
        share = sorted(last.shares.items(), key=lambda item: -item[1])
        went = [
            f"{'is kept' if name == KEEP else f'goes to {name}'} in {percent(part)}"
            for name, part in share
            if part >= 0.005
        ]
        went[:1] = [f"{went[0]} of worlds"]
        testing = self.testing.value or 0.0
        beside = "more" if testing >= 0.0 else "less"
        against = Number(abs(testing), self.testing.se, self.testing.unit, self.testing.reason)
        return (
            f"{self.headline}: {told(self['greedy'].profit)} instead of {told(self['fixed'].profit)}, "
            f"a difference of {told(self.learning)}; losing money in "
            f"{told(self['greedy'].loss_probability)} instead of "
            f"{told(self['fixed'].loss_probability)} of worlds. The money of the last stage "
            f"{listed(went)}. That is {told(against)} {beside} than all of it at once in {self.best}; "
            f"whoever knew every outcome would earn {told(self.knowing)} more."
        )

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each policy, and where the money of each stage went."""
        rows = self.policies
        policies = Table(
            "grow",
            "ways to grow a programme in the same worlds",
            (
                Column("policy", [row.name for row in rows]),
                Column("does", [DOES[row.name] for row in rows], heading=""),
                measured(
                    "profit_mean", [r.profit for r in rows], heading=f"mean profit, {currency()}"
                ),
                measured(
                    "profit_median",
                    [r.median for r in rows],
                    heading=f"median profit, {currency()}",
                ),
                measured(
                    "loss_probability", [r.loss_probability for r in rows], heading="loses money"
                ),
                measured("cost_mean", [r.spent for r in rows], heading=f"mean cost, {currency()}"),
            ),
            labels=2,
        )
        return policies, self._moves()

    def _moves(self) -> Table:
        cells = [
            (stage + 1, line, self._share(stage, line), self._number(stage, line))
            for stage in range(len(self.stages))
            for line in (*self.lines, KEEP)
        ]
        return Table(
            "grow_moves",
            "where the money of each stage goes by what was seen",
            (
                Column("stage", [cell[0] for cell in cells]),
                Column("line", [cell[1] for cell in cells]),
                Column("money", [self.stages[cell[0] - 1] for cell in cells], currency()),
                Column("worlds", [cell[2] for cell in cells], FRACTION),
                Column("creators", [cell[3] for cell in cells], missing=""),
            ),
            labels=2,
        )

    def _share(self, stage: int, line: str) -> float:
        """Return the share of worlds in which a line gets money of a stage."""
        if stage == 0:
            return float(line != KEEP)
        return self.moves[stage - 1].shares[line]

    def _number(self, stage: int, line: str) -> float | None:
        return None if line == KEEP else self.creators[self.lines.index(line)][stage]

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return what policies earn, beside where the money goes."""
        names = ("oracle", "greedy", "fixed", "at once")
        means, medians = ([getattr(self[n], m) for n in names] for m in ("profit", "median"))
        profits = Bars(
            names,
            tuple(
                Series(
                    word,
                    tuple(entry.value for entry in entries),
                    role,
                    errors=tuple(entry.se for entry in entries),
                    labels=tuple(money(entry.value, entry.se, unit=False) for entry in entries),
                )
                for word, entries, role in (("mean", means, "ink"), ("median", medians, "muted"))
            ),
            f"profit, {currency()}",
            form="money",
            horizontal=True,
        )
        return (
            Figure(
                name="grow",
                finding=self.headline,
                made=f"{counted(self.worlds, 'world')} that no forecast was learnt on. Profit of all "
                "stages by policy; lines at the ends: two standard errors either way",
                panels=(profits,),
                method=_METHOD,
                sentences=(self.sentence,),
            ),
            Figure(
                name="moves",
                finding=self._where(),
                made="Share of each stage's money over all worlds, by what was seen of the stages "
                "before; the first stage tests every line",
                panels=(self._flows(),),
                method=_METHOD,
            ),
        )

    def _where(self) -> str:
        """Say where the last stage's money goes most often."""
        last = self.moves[-1].shares
        most = max(last, key=lambda name: last[name])
        verb = "is kept" if most == KEEP else f"goes to {most}"
        return (
            f"After what was seen the last stage's money {verb} in {percent(last[most])} of worlds"
        )

    def _flows(self) -> Bars:
        stages = tuple(f"stage {k + 1}, {money(amount)}" for k, amount in enumerate(self.stages))
        own = roles({name: name.split("-")[0] for name in self.lines})
        back = range(len(self.stages))[::-1]

        def share(stage: int, name: str) -> float:
            part = self._share(stage, name)
            return part / len(self.lines) if stage == 0 else part

        return Bars(
            stages[::-1],
            tuple(
                Series(
                    name,
                    tuple(share(stage, name) for stage in back),
                    *own.get(name, ("muted", 0)),
                    labels=tuple(
                        whole_percent(share(stage, name)) if share(stage, name) >= _ROOM else ""
                        for stage in back
                    ),
                )
                for name in (*self.lines, KEEP)
            ),
            "share of the stage's money over all worlds",
            horizontal=True,
            stacked=True,
        )
