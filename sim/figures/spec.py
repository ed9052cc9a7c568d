"""What a figure is: plain numbers in panels, a finding in words, and how both were made.

Nothing here knows how it will be shown. A number stands in a panel once; files, page and slides read
the same one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from ..text.currency import currency
from ..text.numbers import FRACTION, Number, brief, is_fraction, is_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Format = Literal["percent", "signed", "money", "number"]
"""How a value is written: a fraction as `12 %` or `+12 %`, an amount, or as it is."""

Values = tuple[float | None, ...]


@dataclass(frozen=True)
class Series:
    """One colour of a bar chart.

    Attributes
    ----------
    name : str
        In the legend.
    values : tuple of float or None
        One for each category.
    tier : str
        What the colour stands for: a tier, ``mixed``, or one of gain, loss, muted, ink.
    repeat : int
        Which of several series of that tier.
    errors : tuple of float or None
        Standard errors, or empty.
    labels : tuple of str
        Text at each bar, or empty for none.
    """

    name: str
    values: Values
    tier: str = "ink"
    repeat: int = 0
    errors: Values = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bars:
    """Bars or columns.

    Attributes
    ----------
    categories : tuple of str
        What stands along the axis.
    series : tuple of Series
        One or more, each with a value for every category.
    axis : str
        What the values are, with the unit.
    along : str
        What the categories are, with the unit; empty where they say it.
    form : Format
        How values are written.
    horizontal, stacked, touching : bool
        Bars, from the bottom up, instead of columns; on top of each other; without gaps, as in a
        histogram.
    start : float
        Value at which every bar starts.
    every : int
        One in how many categories is named on the axis, the first included.
    """

    categories: tuple[str, ...]
    series: tuple[Series, ...]
    axis: str
    along: str = ""
    form: Format = "percent"
    horizontal: bool = False
    stacked: bool = False
    touching: bool = False
    start: float = 0.0
    every: int = 1


@dataclass(frozen=True)
class Curve:
    """A line or points of an xy chart.

    Attributes
    ----------
    name : str
        In the legend, or beside its points.
    x, y : tuple of float
        Same length.
    tier, repeat
        See `Series`.
    kind : str
        line, dashed, points, or hollow points.
    x_errors, y_errors : tuple of float or None
        Standard errors, or empty.
    label : str
        Text at the last point; empty for none.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    tier: str = "ink"
    repeat: int = 0
    kind: Literal["line", "dashed", "points", "hollow"] = "line"
    x_errors: Values = ()
    y_errors: Values = ()
    label: str = ""


@dataclass(frozen=True)
class Curves:
    """An xy chart; the ranges are what the axes show."""

    curves: tuple[Curve, ...]
    x_axis: str
    y_axis: str
    x_form: Format = "signed"
    y_form: Format = "percent"
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_log: bool = False


@dataclass(frozen=True)
class Cells:
    """Cells as text; the first column names the rows.

    `shades` colours cells from -1 (loss) over 0 to 1 (gain), row by row without the first column.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    shades: tuple[Values, ...] = ()
    left: frozenset[int] = frozenset({0})


Panel = Bars | Curves | Cells


@dataclass(frozen=True)
class Figure:
    """A finding and what shows it.

    Attributes
    ----------
    name : str
        Letters, digits and hyphens; of its file, unique in a story.
    finding : str
        Computed from the numbers, never beyond their standard errors.
    made : str
        Sample, uncertainty, and how to read it.
    models : tuple of Panel
        The numbers; several are small charts side by side.
    method : str
        How the numbers come about, and from which sources.
    sentences : tuple of str
        What else there is to say.
    plot : callable, optional
        Draws it by hand: takes axes or None and the keywords `theme`, `title` and `subtitle`; by
        default the panels are drawn side by side.
    reads : str
        How to read that drawing, where it differs from `made`.
    tips : mapping of str to str
        What a part of the drawing says, by its gid.
    probe : Curves, optional
        Curves to read values from at every x of the drawing.
    currency : str
        What its money is counted in: that of the text where it was made.
    """

    name: str
    finding: str
    made: str
    panels: tuple[Panel, ...]
    method: str
    sentences: tuple[str, ...] = ()
    plot: Callable[..., Axes] | None = None
    reads: str = ""
    tips: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    probe: Curves | None = None
    currency: str = field(default_factory=currency)

    @property
    def caption(self) -> str:
        """How to read what is drawn."""
        return self.reads or self.made

    @property
    def charts(self) -> tuple[Bars | Curves, ...]:
        """What of it is drawn: its panels but for cells."""
        return tuple(panel for panel in self.panels if not isinstance(panel, Cells))

    @property
    def alt(self) -> str:
        """The figure in words, for readers who cannot see it."""
        return f"{self.finding.rstrip('.')}. {self.made.rstrip('.')}."


def roles(tiers: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Return the tier of each portfolio with which repeat of that tier it is."""
    seen: dict[str, int] = {}
    numbered = {}
    for name, tier in tiers.items():
        numbered[name] = (tier, seen.get(tier, 0))
        seen[tier] = seen.get(tier, 0) + 1
    return numbered


def unit_of(form: Format) -> str:
    """Return the unit of values of a format."""
    return {"percent": FRACTION, "signed": FRACTION, "money": currency(), "number": ""}[form]


def form_of(unit: str) -> Format:
    """Return how values of a unit are written on an axis."""
    if is_fraction(unit):
        return "signed"
    return "money" if is_money(unit) else "number"


def written(value: float | None, form: Format, se: float | None = 0.0) -> str:
    """Write a value for a label, in brief; its error limits the digits."""
    return brief(Number(value, se, unit_of(form)), signed=form == "signed")


def unbroken(text: str) -> str:
    """Keep a number and its unit on one line."""
    beside = rf"(?<=\d) (?=%|{currency()}\b)|(?<=±) (?=\d)"
    return re.sub(beside, "\N{NO-BREAK SPACE}", text)
