"""What knowing more is worth, as an answer: figures, and the words for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...displays import Told
from ...measures import Measured
from ...text.names import listed
from ...text.numbers import counted, money, percent, told
from ...text.verdicts import near


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
    changes
        Share of worlds in which it changes the choice.
    """

    name: str
    words: str
    kind: str
    learnable: bool
    worth: Measured
    changes: float


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
        USD committed for it.
    changes
        Share of worlds in which its result changes the choice.
    """

    line: str
    creators: int
    worth: Measured
    cost: float
    changes: float

    @property
    def pays(self) -> bool | None:
        """Whether it is worth its money; None where two standard errors leave that open."""
        if self.worth.value is None:
            return None
        gap, error = self.worth.value - self.cost, self.worth.se
        # Without an error only a wide gap speaks.
        allowed = 2.0 * error if error is not None else 0.5 * max(self.cost, abs(gap))
        return None if abs(gap) <= allowed else gap > 0.0


@dataclass(frozen=True)
class Worth(Told, table="sim.questions.shown:worth_table"):
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
    perfect
        Knowing everything, luck included: what nobody can.
    known
        By input and group.
    pilots
        Pilots asked about.
    worlds
        Worlds in the regressions.
    notes
        What was done.
    """

    options: tuple[str, ...]
    best: str
    budget: float
    risk_tolerance: float | None
    perfect: Measured
    known: tuple[Known, ...]
    pilots: tuple[PilotWorth, ...]
    worlds: int
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> Known:
        """Return what knowing an input or group is worth."""
        return next(item for item in self.known if item.name == name)

    @property
    def research(self) -> Known | None:
        """The single number to research first; None where none is in doubt."""
        single = [item for item in self.known if item.kind == "belief"]
        return max(single, key=lambda item: item.worth.value or 0.0, default=None)

    @property
    def sentence(self) -> str:
        """Return what to find out before spending, with its error."""
        return " ".join([_research_sentence(self), *_pilot_sentences(self)])

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows for a table: inputs and groups, then pilots."""
        rows: list[dict[str, Any]] = [
            {
                "what": item.name,
                "kind": item.kind,
                "learnable": item.learnable,
                "worth": item.worth.value,
                "se": item.worth.se,
                "changes_choice": item.changes,
                "cost": None,
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
                "changes_choice": p.changes,
                "cost": p.cost,
            }
            for p in self.pilots
        ]
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "analysis": "worth",
            "options": list(self.options),
            "best": self.best,
            "budget": self.budget,
            "risk_tolerance": self.risk_tolerance,
            "worlds": self.worlds,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "perfect": self.perfect.to_dict(),
            "known": [
                {
                    "name": item.name,
                    "words": item.words,
                    "kind": item.kind,
                    "learnable": item.learnable,
                    "worth": item.worth.to_dict(),
                    "changes_choice": item.changes,
                }
                for item in self.known
            ],
            "pilots": [
                {
                    "line": p.line,
                    "creators": p.creators,
                    "worth": p.worth.to_dict(),
                    "cost": p.cost,
                    "pays": p.pays,
                    "changes_choice": p.changes,
                }
                for p in self.pilots
            ],
        }


def _at_most(entry: Measured) -> str:
    bound = "at most " if entry.value is not None and entry.value > 0.0 else ""
    return bound + told(entry)


def _research_group(found: Worth) -> Known | None:
    """Return the group to research, smaller than all beliefs, whose worth is told from zero."""
    groups = [k for k in found.known if k.kind == "group" and k.learnable and k.name != "beliefs"]
    told = [k for k in groups if k.worth.se and (k.worth.value or 0.0) > 2.0 * k.worth.se]
    return max(told, key=lambda k: k.worth.value or 0.0, default=None)


def _research_sentence(found: Worth) -> str:
    top = found.research
    if top is None:
        return "No number is in doubt, so there is nothing to research."
    total = next((item for item in found.known if item.name == "beliefs"), top)
    start = (
        f"Without knowing more, {found.best} is the choice; knowing every doubtful number would be "
        f"worth {_at_most(total.worth)} of profit at a budget of {money(found.budget)}"
    )
    if not top.worth.value or top.worth.value <= 2.0 * (top.worth.se or 0.0):
        none = f"{start}. No single number is worth researching first: none changes the choice"
        group = _research_group(found)
        if group is None:
            return f"{none} often enough for its worth to be told from zero."
        return (
            f"{none} by itself; the numbers to research together are {group.words}, worth "
            f"{_at_most(group.worth)}."
        )
    equal = [
        item
        for item in found.known
        if item.kind == "belief" and (item is top or near(top.worth, item.worth))
    ]
    if len(equal) > 1:
        return (
            f"{start}; the numbers to research first are {listed([i.words for i in equal])}, worth "
            f"{_at_most(top.worth)} each, which their errors do not tell apart."
        )
    return (
        f"{start}; the one to research first is {top.words}, worth {_at_most(top.worth)}, "
        f"which changes the choice in {percent(top.changes)} of worlds."
    )


def _pilot_sentences(found: Worth) -> list[str]:
    if not found.pilots:
        return []
    best = found.pilots[0]
    verdict = {
        True: "is worth its money",
        False: "is not worth its money",
        None: "may or may not be worth its money",
    }[best.pays]
    start = "Of the pilots tried, the nearest to paying is" if len(found.pilots) > 1 else ""
    words = f"one of {counted(best.creators)} {best.line}" if start else ""
    if not start:
        start = f"A pilot of {counted(best.creators)} {best.line} creators {verdict}:"
        return [f"{start} {_pilot_figures(best, found.budget)}."]
    if best.pays:
        start = "Of the pilots tried, the best is"
    return [f"{start} {words} creators: {_pilot_figures(best, found.budget)}; it {verdict}."]


def _pilot_figures(pilot: PilotWorth, budget: float) -> str:
    return (
        f"its result is worth {told(pilot.worth)} in profit at a budget of {money(budget)}, and "
        f"it costs {money(pilot.cost)}"
    )
