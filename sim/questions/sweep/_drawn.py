"""What is drawn of a sweep: lines along one key, or the grid of who leads over two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ...charts.rows import SweepLine
from ...figures.spec import Cells, Figure, form_of, written
from ...text.names import capital, key_words
from ...text.numbers import labelled, setting

Array = npt.NDArray[np.float64]

#: Cells of a table on a slide: columns, rows.
MOST = (7, 8)


def as_array(values: Any) -> Array:
    """Return nested lists as an array, None as NaN."""
    return np.array(values, dtype=np.float64)


@dataclass(frozen=True)
class Lines:
    """A measure of every portfolio along one key.

    Attributes
    ----------
    x
        Values of the key, increasing.
    lines
        By portfolio.
    label, outcome, made
        The key with its unit; ``profit`` or ``ROI``; the sample, and where other keys are held.
    """

    x: Array
    lines: Mapping[str, SweepLine]
    label: str
    outcome: str
    made: str


@dataclass(frozen=True)
class Axis:
    """One key of a grid.

    Attributes
    ----------
    key, unit
        Its name and unit.
    values
        Shape (points,).
    """

    key: str
    unit: str
    values: Array

    @property
    def label(self) -> str:
        """The key with its unit."""
        return labelled(key_words(self.key), self.unit)


@dataclass(frozen=True)
class Grid:
    """The difference of two portfolios over two keys.

    Attributes
    ----------
    x, y : Axis
        Across and upwards.
    gap, se : ndarray, shape (columns, rows)
        Measure of `a` minus that of `b`, paired, and its standard error; NaN where unknown.
    a, b, words, unit, made : str
        The portfolios, the measure in words, its unit, the sample.
    """

    x: Axis
    y: Axis
    gap: Array
    se: Array
    a: str
    b: str
    words: str
    unit: str
    made: str

    @property
    def headline(self) -> str:
        """Say in how many cells each portfolio leads."""
        from ...charts.findings import leads

        *_, gap, se, _ = self._drawn()
        return leads(self.a, self.b, gap, se, self.words)

    def figure(self, name: str, sentence: str, tiers: Mapping[str, str] | None) -> Figure:
        """Return the map, and on slides a coloured table of it.

        Parameters
        ----------
        name
            Of the figure.
        sentence
            The answer in words.
        tiers
            Tier of each portfolio.
        """
        from ...charts.sweeps import plot_break_even

        x, y, gap, se, without = self._drawn()
        form = form_of(self.unit)
        unit = "percentage points" if form == "signed" else self.unit
        return Figure(
            name=name,
            finding=self.headline,
            made=f"{self.made}{without}. {capital(self.words)} of {self.a} minus that of {self.b}, "
            f"{unit}, by {self.x.label} (across) and {self.y.label} (down)",
            panels=(self._table(x, y, gap),),
            method="",
            sentences=(sentence,),
            plot=partial(
                plot_break_even,
                x,
                y,
                gap,
                a=self.a,
                b=self.b,
                se=se,
                xlabel=self.x.label,
                ylabel=self.y.label,
                measure=self.words,
                unit=self.unit,
                tiers=tiers,
            ),
            reads=f"{self.made}{without}. Colour: {self.words} of {self.a} minus that of {self.b}; "
            "line: where both tie; dotted: cannot be told",
        )

    def _drawn(self) -> tuple[Array, Array, Array, Array, str]:
        """Return both axes increasing, gap and error of shape (y, x), and a note on missing errors.

        An unknown error tells nothing apart: it is infinite; NaN where all are unknown.
        """
        across, up = np.argsort(self.x.values), np.argsort(self.y.values)
        gap, se = (rows[across][:, up].T for rows in (self.gap, self.se))
        x, y = self.x.values[across], self.y.values[up]
        unknown = np.isnan(se)
        if unknown.all():
            return x, y, gap, se, "; no standard errors (heavy tails)"
        some = "; dotted too where a heavy tail leaves no standard error" if unknown.any() else ""
        return x, y, gap, np.where(unknown, np.inf, se), some

    def _table(self, x: Array, y: Array, gap: Array) -> Cells:
        form = form_of(self.unit)
        most = float(np.nanmax(np.abs(gap))) or 1.0
        across = _some(x.size, MOST[0])
        down = _some(y.size, MOST[1])[::-1]
        cells = [[float(gap[j, i]) for i in across] for j in down]
        corner = " \\ ".join(key_words(axis.key) for axis in (self.y, self.x))
        return Cells(
            (corner, *(setting(float(x[i])) for i in across)),
            tuple(
                (setting(float(y[j])), *(written(v, form).removesuffix(" %") for v in row))
                for j, row in zip(down, cells, strict=True)
            ),
            shades=tuple(tuple(v / most for v in row) for row in cells),
        )


def _some(size: int, most: int) -> Sequence[int]:
    return range(0, size, max(1, math.ceil(size / most)))
