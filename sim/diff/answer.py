"""What differs between two runs, as figures and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..displays import Told
from ..measures import Measured
from ..tables.table import Column, Table
from ..text.currency import MONEY, in_own_currency
from ..text.names import measure_heading
from ..text.numbers import MISSING, change, counted, labelled, told
from ..text.verdicts import direction
from .keys import Changed


@dataclass(frozen=True)
class Moved:
    """A measure in both runs.

    Attributes
    ----------
    of
        The portfolio, or ``a against b``.
    measure
        Its name.
    old, new, difference
        In the first run, in the second, and the second minus the first.
    """

    of: str
    measure: str
    old: Measured
    new: Measured
    difference: Measured


@dataclass(frozen=True)
class Changes(Told):
    """What differs between two runs.

    Attributes
    ----------
    runs
        Folders of the first and the second run.
    paired
        Whether the runs share worlds, so that differences are paired.
    changed
        Keys with another value, as far as some portfolio uses them.
    unused
        How many more keys differ that no portfolio uses.
    moved
        Measures of the portfolios that both runs have.
    sentence
        What it did to the answer.
    notes
        What is not obvious.
    currency
        What both count money in.
    """

    runs: tuple[str, str]
    paired: bool
    changed: tuple[Changed, ...]
    unused: int
    moved: tuple[Moved, ...]
    sentence: str
    notes: tuple[str, ...]
    currency: str = MONEY

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "runs": list(self.runs),
            "paired": self.paired,
            "changed": [asdict(entry) for entry in self.changed],
            "unused": self.unused,
            "measures": self.to_rows(),
            "answer": self.sentence,
            "notes": list(self.notes),
        }

    @in_own_currency
    def tables(self) -> tuple[Table, Table]:
        """Return a row for each measure, then a row for each key that changed."""
        return self._measures(), self._keys()

    @in_own_currency
    def shown(self) -> Table:
        """Return a row for each measure as people read it, its unit in its name."""
        return self._measures(words=True)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row for each measure, with every digit."""
        return self._measures().to_rows()

    def _measures(self, *, words: bool = False) -> Table:
        moved, units = self.moved, [entry.old.unit for entry in self.moved]
        names = [entry.measure for entry in moved]
        told = [labelled(measure_heading(n), u) for n, u in zip(names, units, strict=True)]
        columns = (
            Column("of", [entry.of for entry in moved]),
            Column("measure", told if words else names),
            _side("old", [entry.old for entry in moved], "first run"),
            _side("new", [entry.new for entry in moved], "second run"),
            replace(
                _side("difference", [entry.difference for entry in moved], "difference"),
                error_name="se",
                writer=change,
                missing=MISSING,
            ),
        )
        beside = (
            Column("unit", units),
            Column("reason", [entry.difference.reason for entry in moved]),
        )
        about = "a measure in two runs, the second minus the first"
        return Table("diff", about, columns if words else (*columns, *beside), labels=2)

    def _keys(self) -> Table:
        keys = self.changed
        return Table(
            "changed",
            "a key that has another value in the second run",
            (
                Column("key", [entry.key for entry in keys], heading="changed"),
                Column("old", [entry.old for entry in keys], heading="first run"),
                Column("new", [entry.new for entry in keys], heading="second run"),
            ),
        )


def _side(name: str, entries: Sequence[Measured], heading: str) -> Column:
    return Column(
        name,
        [entry.value for entry in entries],
        errors=[entry.se for entry in entries],
        heading=heading,
        units=[entry.unit for entry in entries],
    )


def sentence_of(moved: tuple[Moved, ...]) -> str:
    """Say what became of the first measure: how often a beats b, else a median ROI."""
    if not moved:
        return "The runs have no portfolio in common: there is nothing to compare."
    wins = moved[0]
    if wins.measure != "a_beats_b":
        return f"{wins.of}: median ROI {_told(wins)}."
    a, _, b = wins.of.partition(" against ")
    before, after = direction(wins.old, 0.5), direction(wins.new, 0.5)
    text = f"{a} beats {b} {_told(wins, ' of worlds')}"
    if before != after:
        who = {1: f"{a} wins more often", -1: f"{b} wins more often", 0: "the two are level"}
        text += f". The choice moves: first {who[before]}, then {who[after]}"
    return f"{text}."


def _told(entry: Moved, of: str = "") -> str:
    """Say old, new and difference, and whether the difference exceeds its error."""
    sides = [told(side) for side in (entry.old, entry.new)]
    gap = entry.difference
    if gap.value == 0.0 and gap.se == 0.0:
        return f"in {sides[0]}{of}, unchanged" if of else f"{sides[0]}, unchanged"
    text = f"{sides[0]}{of} in the first run, {sides[1]} in the second: {change(gap)}"
    if gap.value is not None and gap.se is not None and not direction(gap):
        text += ", within two standard errors of none"
    return f"in {text}" if of else text


def notes_of(
    hired: list[dict[str, int]], folders: tuple[Path, Path], shared: bool
) -> Iterator[str]:
    """Yield what is not obvious.

    Parameters
    ----------
    hired
        Creators of each portfolio, in the first run and in the second.
    folders
        The runs.
    shared
        Whether they share worlds.
    """
    yield (
        "Both runs share their worlds: differences are paired, and so are their errors."
        if shared
        else "The runs share no worlds (seed, sampling or version differ): errors are those of "
        "independent runs; the same --seed makes them smaller."
    )
    for name, count in hired[0].items():
        if hired[1].get(name, count) != count:
            yield f"{name} has {counted(count, 'creator')} in the first run, {counted(hired[1][name])} in the second."
    for own, other, folder in zip(hired, reversed(hired), folders, strict=True):
        alone = [name for name in own if name not in other]
        if alone:
            yield f"Only in {folder}: {', '.join(alone)}."
