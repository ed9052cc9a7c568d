"""Where two portfolios tie, or one reaches a level, as an answer: figures, and words for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from ...figures.spec import Curve, Curves, Figure, form_of, roles
from ...tables.table import Table, View, from_records, from_texts
from ...text.names import capital, key_words, measure_heading
from ...text.numbers import (
    FRACTION,
    Number,
    brief,
    cell,
    counted,
    from_to,
    labelled,
    setting,
    told,
)
from ..common import LESS_IS_BETTER
from ..question import Answer, Sides, absent
from ..sweep._answer import Sweep, spread
from ..sweep._drawn import Array, Axis, Grid, as_array
from ._beliefs import BeliefRange
from ._hiring import Hiring
from ._solving import Tie

#: Rows of a table, and of one without a tie.
MOST, FEW = 20, 12
#: How far the axis goes beyond ties and today's value, by factors.
_AROUND = 2.0


@dataclass(frozen=True)
class SolvedKey:
    """The key of a break-even.

    Attributes
    ----------
    name, unit
        Dotted, and what it is.
    base
        What it is in the experiment; None for an empty key.
    """

    name: str
    unit: str
    base: float | None = None


@dataclass(frozen=True)
class LinePoint:
    """A value of the second key, and the least value of the first at which the portfolios tie.

    Attributes
    ----------
    second, value, se
        The two values and the error of the first; None where they do not tie.
    """

    second: float
    value: float | None
    se: float | None


@dataclass(frozen=True)
class Gaps:
    """How much better one portfolio is, by key and second key.

    Attributes
    ----------
    value, se
        Rows of the key.
    """

    value: list[list[float | None]]
    se: list[list[float | None]]


@dataclass(frozen=True)
class TieGrid:
    """How much better a is than b over both keys.

    Attributes
    ----------
    key, second
        Values of the keys.
    gap
        In the unit of the measure.
    """

    key: list[float]
    second: list[float]
    gap: Gaps


@dataclass(frozen=True)
class Breakeven(Answer):
    """At which value of a key two portfolios tie, or one reaches a level.

    Attributes
    ----------
    decision
        The portfolios.
    to
        Level of the measure that one portfolio is to reach, in its unit; None for a pair.
    on, words, unit
        The measure that they tie on, in words, its unit.
    key, second
        The key solved for, and the key of the line; None without a line.
    worlds
        Worlds of each point.
    sentence, headline
        Where they tie, how sure that is, and what holds on either side.
    ties
        Values at which they tie, increasing; empty where they do not within the range.
    beliefs
        Where the tie lies for nine in ten draws of the beliefs; None where that was not asked.
    hiring
        For a key about what creators share: how many of the larger portfolio are worth hiring, at
        the ties, today's value and the ends of the range.
    curve
        The sweep behind it, with means beside the measure; None for a line.
    line, grid
        With a second key: the ties for each of its values, and the gap over both.
    notes
        What was done about what is not obvious.
    """

    question: ClassVar[str] = "breakeven"

    decision: Sides
    on: str
    words: str
    unit: str
    key: SolvedKey
    worlds: int
    sentence: str
    headline: str
    to: float | None = Field(default=None, exclude_if=absent)
    ties: tuple[Tie, ...] = ()
    beliefs: BeliefRange | None = None
    hiring: tuple[Hiring, ...] = ()
    curve: Sweep | None = Field(default=None, exclude_if=absent)
    second: SolvedKey | None = Field(default=None, exclude_if=absent)
    line: tuple[LinePoint, ...] | None = Field(default=None, exclude_if=absent)
    grid: TieGrid | None = Field(default=None, exclude_if=absent)
    notes: tuple[str, ...] = ()

    # --- As rows ----------------------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the line where there is one, else the curve, as rows."""
        if self.curve is not None:
            names = self.decision.names
            return [row for row in self.curve.to_rows() if row["portfolio"] in names]
        second = self.second.name if self.second else "second"
        return [
            {second: point.second, self.key.name: point.value, f"{self.key.name}_se": point.se}
            for point in self.line or ()
        ]

    def tables(self) -> tuple[Table, ...]:
        """Return the curve or the line, and the values at which the portfolios tie."""
        unit = self.key.unit
        units = {self.key.name: unit}
        if self.curve is not None:
            units |= {name: figures.unit for name, figures in self.curve.measures.items()}
        if self.second is not None:
            units[self.second.name] = self.second.unit
        ties = [
            {
                "tie": tie.value,
                "tie_se": tie.se,
                "low": tie.low,
                "high": tie.high,
                "better_below": tie.better_below,
                "better_above": tie.better_above,
                "reason": tie.reason,
            }
            for tie in self.ties
        ]
        view = None
        if self.curve is not None and self.on in self.curve.measures and self.on != "a_beats_b":
            view = View("lines", self.key.name, (self.on,), by="portfolio", title=self.headline)
        table = from_records("breakeven", "a value of the key", self.to_rows(), units)
        tables = [replace(table, view=view)]
        if ties:
            does = "the portfolios tie" if self.to is None else "the level is reached"
            about = f"a value of the key at which {does}, with its 95 % interval"
            own = dict.fromkeys(("tie", "low", "high"), unit)
            tables.append(from_records("breakeven_ties", about, ties, own))
        return tuple(tables)

    def shown(self) -> Table:
        """Return points of the curve around the ties, or of the line."""
        texts = self._curve_texts(self.curve) if self.curve else self._line_texts()
        return from_texts("breakeven", "a value of the key", texts)

    def _line_texts(self) -> list[dict[str, str]]:
        line = self.line or ()
        second = key_words(self.second.name) if self.second else "second"
        return [
            {
                second: setting(line[i].second),
                key_words(self.key.name): "no tie"
                if line[i].value is None
                else cell(Number(line[i].value, line[i].se, self.key.unit)),
            }
            for i in spread(list(range(len(line))), MOST)
        ]

    def _curve_texts(self, curve: Sweep) -> list[dict[str, str]]:
        rows, names = curve.to_rows(), list(curve.portfolios)
        measures = dict.fromkeys(m for m in (self.on, "roi_mean", "roi_median") if m != "a_beats_b")

        def figure(row: Mapping[str, Any], measure: str) -> str:
            return cell(Number(row[measure], row[f"{measure}_se"], curve.measures[measure].unit))

        texts = []
        for p in self._around(curve):
            here = {name: rows[p * len(names) + names.index(name)] for name in self.decision.names}
            row = {key_words(self.key.name): setting(here[self.decision.a][self.key.name])}
            row |= {
                f"{name}: {measure_heading(measure)}": figure(own, measure)
                for measure in measures
                for name, own in here.items()
            }
            if self.decision.b is not None:
                wins = figure(here[self.decision.a], "a_beats_b")
                row[f"{self.decision.a} beats {self.decision.b}"] = wins
            texts.append(row)
        return texts

    def _around(self, curve: Sweep) -> list[int]:
        """Return a dozen points: the nearest to the ties and to today's value, and both ends."""
        values = as_array(curve.keys[self.key.name].values)
        aims = [tie.value for tie in self.ties]
        aims += [self.key.base] if self.key.base is not None else []
        if not self.ties:
            return spread(list(range(len(values))), FEW)
        near = {0, len(values) - 1}
        for aim in aims:
            first = int(np.searchsorted(values, aim))
            near |= {i for i in range(first - 2, first + 2) if 0 <= i < len(values)}
        return spread(sorted(near), MOST)

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return the measure along the key with the ties, or a map of who leads over two keys."""
        if self.curve is not None:
            return (self._along(self.curve, tiers),)
        if self.grid is None or self.second is None:
            return ()
        grid = Grid(
            Axis(self.second.name, self.second.unit, as_array(self.grid.second)),
            Axis(self.key.name, self.key.unit, as_array(self.grid.key)),
            as_array(self.grid.gap.value).T,
            as_array(self.grid.gap.se).T,
            self.decision.a,
            str(self.decision.b),
            self.words,
            self.unit,
            f"{counted(self.worlds, 'world')} at each point",
        )
        return (grid.figure(self.question, self.sentence, tiers),)

    def _along(self, curve: Sweep, tiers: Mapping[str, str] | None) -> Figure:
        from ...charts.sweeps import by_factors
        from ...charts.ties import Level, TieMark, plot_tie

        x = as_array(curve.keys[self.key.name].values)
        shown = self._window(x)
        x, paired = x[shown], self.on == "a_beats_b"
        figures = curve.measures[self.on]
        value, se = as_array(figures.value), as_array(figures.se)
        if paired:
            levels = {self.decision.a: Level(value[shown], se[shown])}
        else:
            rows = {name: curve.portfolios.index(name) for name in self.decision.names}
            levels = {name: Level(value[f][shown], se[f][shown]) for name, f in rows.items()}
        outcome = f"worlds won by {self.decision.a}" if paired else self.words
        label = labelled(key_words(self.key.name), self.key.unit)
        model = self._panel(x, levels, label, outcome, by_factors(x), tiers)
        now = "" if self.key.base is None else f"; now {setting(self.key.base)}"
        places = "; ".join(
            f"{self._mark} at {told(tie.number)}, 95 % interval {from_to(tie.low, tie.high, tie.se)}"
            for tie in self.ties
            if tie.low is not None and tie.high is not None
        )
        if self.beliefs is not None and self.beliefs.draws:
            places = "; ".join(filter(None, [places, self.beliefs.sentence]))
        marks = f"; upright line: {self._mark} with its 95 % interval" if self.ties else ""
        doubt = self._doubt()
        marks += "; wide band: nine in ten draws of the beliefs" if doubt else ""
        worlds = f"{counted(self.worlds, 'world')} at each point"
        return Figure(
            name=self.question,
            finding=self.headline,
            made=". ".join(
                filter(None, [worlds, f"{capital(outcome)} along {label}{now}", capital(places)])
            ),
            reads=f"{worlds}; bands: ± 2 standard errors{marks}",
            panels=(model,),
            method="Price keys are algebra on the worlds of the run: no new draws.",
            sentences=(self.sentence,),
            plot=partial(
                plot_tie,
                x,
                levels,
                [TieMark(tie.value, tie.low, tie.high) for tie in self.ties],
                label=label,
                outcome=outcome,
                unit=figures.unit,
                signed=self.on.startswith("roi"),
                base=self.key.base,
                level=0.5 if paired else self.to,
                wins=paired,
                doubt=doubt,
                tiers=tiers,
            ),
            probe=model,
        )

    def _panel(
        self,
        x: Array,
        levels: Mapping[str, Any],
        label: str,
        outcome: str,
        log: bool,
        tiers: Mapping[str, str] | None,
    ) -> Curves:
        own = roles(tiers or {name: name for name in levels})
        curves = []
        for name, level in levels.items():
            known = np.isfinite(level.value)
            curves.append(
                Curve(
                    name,
                    tuple(x[known].tolist()),
                    tuple(level.value[known].tolist()),
                    *own.get(name, ("ink", 0)),
                    y_errors=tuple(level.se[known].tolist()),
                )
            )
        heights = [y for curve in curves for y in curve.y] or [0.0, 1.0]
        low, high = min(*heights, self.to or 0.0, 0.0), max(*heights, self.to or 0.0)
        if self.on == "a_beats_b":
            curves.append(Curve("even chances", _ends(x), (0.5, 0.5), "muted", kind="dashed"))
        if self.to:
            level = cell(Number(self.to, 0.0, self.unit))
            curves.append(Curve(level, _ends(x), (self.to, self.to), "muted", kind="dashed"))
        for tie in self.ties:
            name = f"{self._mark} at {brief(tie.number)}"
            curves.append(Curve(name, (tie.value, tie.value), (low, high), "ink", kind="dashed"))
        base = self.key.base
        if base is not None and x[0] <= base <= x[-1]:
            name = f"now {setting(base)}"
            curves.append(Curve(name, (base, base), (low, high), "muted", kind="dashed"))
        unit = FRACTION if self.on == "a_beats_b" else self.unit
        return Curves(
            tuple(curves),
            label + (" (log axis)" if log else ""),
            labelled(outcome, unit),
            x_form="number",
            y_form="percent"
            if not self.on.startswith("roi") and unit == FRACTION
            else form_of(unit),
            x_range=_ends(x),
            y_range=(low, high),
            x_log=log,
        )

    @property
    def _mark(self) -> str:
        """What the line of a tie says."""
        if self.to is None:
            return "tie"
        if self.to == 0.0 and self.on not in LESS_IS_BETTER:
            return "break-even"
        return "level reached"

    def _doubt(self) -> tuple[float | None, float | None] | None:
        """Return the ends of the range over the beliefs; an open one is None."""
        ends = self.beliefs
        if ends is None or (ends.low is None and ends.high is None):
            return None
        return ends.low, ends.high

    def _window(self, x: Array) -> slice:
        """Return the part of the curve around the ties and today's value."""
        places = [tie.value for tie in self.ties]
        if not places or not x[0] > 0.0:
            return slice(None)
        places += [self.key.base] if self.key.base else []
        places += [end for end in self._doubt() or () if end is not None]
        first = int(np.searchsorted(x, min(places) / _AROUND, "right")) - 1
        last = int(np.searchsorted(x, max(places) * _AROUND, "left")) + 1
        return slice(max(first, 0), last)


def _ends(x: Sequence[float] | Array) -> tuple[float, float]:
    return float(x[0]), float(x[-1])
