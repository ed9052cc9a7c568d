"""Where one portfolio loses to another, as an answer: figures, and the words for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from ...figures.spec import Bars, Cells, Figure, Series
from ...tables.table import Table, from_records, from_texts
from ...text.numbers import brief, cell, counted, labelled, setting, told, whole_percent
from ...text.verdicts import order
from ..question import Answer, Entry

#: Conditions that the headline names.
_NAMED = 2
_METHOD = (
    "The region is a box found by patient rule induction (Friedman and Fisher 1999) in one half of "
    "the worlds and judged in the other."
)


@dataclass(frozen=True)
class Condition:
    """One condition of a region.

    Attributes
    ----------
    input
        Key or shock.
    words
        The condition in words.
    unit
        Unit of the ends.
    low, high
        Ends, None where open.
    density_without_it
        Share of losing worlds in the region without this condition; None where it is empty.
    """

    input: str
    words: str
    unit: str
    low: float | None
    high: float | None
    density_without_it: Entry

    @property
    def label(self) -> str:
        """The input as the label of an axis."""
        what = self.words
        for word in (" below ", " above ", " between "):
            what = what.partition(word)[0].removesuffix(" is")
        return labelled(what, self.unit, longest=41 - len(what))

    @property
    def ends(self) -> tuple[float, float]:
        """Its ends, infinite where open."""
        low = -math.inf if self.low is None else self.low
        return low, math.inf if self.high is None else self.high


@dataclass(frozen=True)
class LostCells:
    """How often a loses by one or two inputs, in cells between their deciles.

    Attributes
    ----------
    inputs
        Conditions' inputs, one or two.
    edges
        By input, one more than it has cells.
    share
        Share of losing worlds, by cells of the first and of the second input; None for a cell of
        too few worlds.
    """

    inputs: tuple[str, ...]
    edges: tuple[list[float], ...]
    share: list[Any]


@dataclass(frozen=True)
class Region(Answer):
    """Where a loses to b.

    Attributes
    ----------
    a, b
        The portfolios.
    variable
        What is compared in each world.
    worlds
        Worlds that the figures rest on; the region was looked for in others.
    varied
        Keys that were varied beside what differs between worlds.
    conditions
        All of them hold in the region, most telling first; none where no region was found.
    losing
        Share of all worlds in which a loses to b.
    density
        Share of the region's worlds in which it does.
    coverage
        Share of the losing worlds that lie in the region.
    mass
        Share of all worlds that lie in the region.
    cells
        How often a loses over the one or two conditions that tell most; None without a region.
    notes
        What was done.
    """

    question: ClassVar[str] = "discover"

    a: str
    b: str
    variable: str
    worlds: int
    varied: tuple[str, ...]
    conditions: tuple[Condition, ...]
    losing: Entry
    density: Entry
    coverage: Entry
    mass: Entry
    cells: LostCells | None
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The region: ``campaign shock is below -0.4 sd and mean fee of macro is below 2,600 USD``."""
        return " and ".join(condition.words for condition in self.conditions)

    @property
    def headline(self) -> str:
        """Say how often the portfolio loses in the region, and overall."""
        words = [condition.words for condition in self.conditions]
        more = len(words) - _NAMED
        if more > 0:
            words[_NAMED:] = [f"{more} more condition{'s hold' if more > 1 else ' holds'}"]
        overall = brief(self.losing)
        if not words:
            return (
                f"{self._what} in {overall} of worlds; no region was found where it does so more "
                "often"
            )
        there = brief(self.density)
        return (
            f"{self._what} in {there} of worlds where {' and '.join(words)}, in {overall} overall"
        )

    @property
    def _what(self) -> str:
        return f"{self.a} loses to {self.b}"

    @property
    def sentence(self) -> str:
        """Return where a loses to b, with errors."""
        a, b, base = self.a, self.b, told(self.losing)
        if not self.losing.value:
            return f"{a} loses to {b} in none of the worlds."
        if not self.conditions:
            return (
                f"{a} loses to {b} in {base} of worlds, and no region of the assumptions stands "
                "out: chance decides."
            )
        if not self._stands_out:
            return (
                f"{a} loses to {b} in {base} of worlds, and no region of the assumptions is told "
                f"from the rest: where {self.words} it loses in {told(self.density)}."
            )
        return (
            f"{a} loses to {b} most often where {self.words}: there it loses in "
            f"{told(self.density)} of worlds against {base} overall, and {told(self.coverage)} of "
            "its losses lie there."
        )

    @property
    def _stands_out(self) -> bool:
        """Whether the region loses more often than all worlds by two standard errors of both."""
        return order(self.density, self.losing) > 0

    # --- As rows ----------------------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row for each condition, with every digit."""
        return [
            {
                "condition": c.words,
                "input": c.input,
                "low": c.low,
                "high": c.high,
                "unit": c.unit,
                "density_without_it": c.density_without_it.value,
                "density_without_it_se": c.density_without_it.se,
                "density": self.density.value,
                "density_se": self.density.se,
                "coverage": self.coverage.value,
                "coverage_se": self.coverage.se,
                "losing": self.losing.value,
                "losing_se": self.losing.se,
            }
            for c in self.conditions
        ]

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each condition of the region."""
        shares = ("density_without_it", "density", "coverage", "losing")
        units = dict.fromkeys(shares, "fraction of worlds")
        return (from_records("discover", "a condition of the region", self.to_rows(), units),)

    def shown(self) -> Table:
        """Return the conditions of the region, with what it would be without each."""
        texts = [
            {
                "condition": c.words,
                f"{self.a} loses there": cell(self.density),
                "without this condition": cell(c.density_without_it),
                "share of its losses": cell(self.coverage),
            }
            for c in self.conditions
        ]
        return from_texts("discover", "a condition of the region", texts)

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return the map of losing worlds with the region, and how often the region loses."""
        if self.cells is None:
            return (self._without_region(),)
        from ...charts.region import RegionMap, plot_region

        of = {condition.input: condition for condition in self.conditions}
        chosen = [of[name] for name in self.cells.inputs]
        region = RegionMap(
            tuple(condition.label for condition in chosen),
            tuple(np.array(edges) for edges in self.cells.edges),
            np.array(self.cells.share, dtype=np.float64),
            tuple(condition.ends for condition in chosen),
        )
        judged = f"{counted(self.worlds, 'world')} judge the region"
        named = f": {self.words}" if len(of) > _NAMED else ""
        return (
            Figure(
                name="discover",
                finding=self.headline,
                made=f"{judged}. Share of worlds in which {self._what}; the region holds "
                f"{told(self.mass)} of worlds and {told(self.coverage)} of the losses. Lines: two "
                "standard errors",
                reads=f"{judged}{named}; outlined: the region that was found",
                panels=(self._bars(), self._map(chosen, region.share)),
                method=_METHOD,
                sentences=(self.sentence,),
                plot=partial(plot_region, region, loser=self.a, winner=self.b),
            ),
        )

    def _without_region(self) -> Figure:
        return Figure(
            name="discover",
            finding=self.headline,
            made=f"{counted(self.worlds, 'world')}. Share of worlds in which {self._what}. Line: "
            "two standard errors",
            panels=(self._bars(),),
            method=_METHOD,
            sentences=(self.sentence,),
        )

    def _bars(self) -> Bars:
        places = {"in all worlds": self.losing}
        if self.conditions:
            places["in the region"] = self.density
        entries = tuple(places.values())
        return Bars(
            tuple(places),
            (
                Series(
                    self._what,
                    tuple(entry.value for entry in entries),
                    "loss",
                    errors=tuple(entry.se for entry in entries),
                    labels=tuple(brief(entry) for entry in entries),
                ),
            ),
            f"worlds in which {self._what}",
            horizontal=True,
        )

    def _map(self, chosen: list[Condition], share: np.ndarray[Any, Any]) -> Cells:
        """Return the map as a coloured table: the first input across, the second down."""
        assert self.cells is not None
        across, *down = self.cells.edges
        rows = share.T[::-1] if down else share[None, :]
        names = [setting(edge) for edge in down[0][:-1]][::-1] if down else [f"{self.a} loses"]
        corner = " \\ ".join(condition.label for condition in reversed(chosen))
        return Cells(
            (f"{corner}, from", *(setting(edge) for edge in across[:-1])),
            tuple(
                (name, *("" if np.isnan(one) else whole_percent(float(one)) for one in row))
                for name, row in zip(names, rows, strict=True)
            ),
            shades=tuple(
                tuple(None if np.isnan(one) else -float(one) for one in row) for row in rows
            ),
        )
