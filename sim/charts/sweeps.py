"""What if: lines along one input, a map over two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..text.names import abridged
from ..text.numbers import FRACTION, rounded, tick
from ..text.verdicts import TOLD_APART
from . import findings
from .marks import MIDDLE, SMALL, note, number_axis
from .numbers import FloatArray, spread_apart
from .paper import Paper, paper, wrap
from .rows import SweepLine
from .theme import Look, Theme, looks, tiers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = 4.0
"""Largest over smallest value from which values that grow by a factor stand at equal distances."""
TALL = 2.2
"""Inches of a map's axis upwards, for its label: below three lines of title and three of subtitle."""
MOST_WRITTEN = 9
"""Cells across, and upwards, of a map in whose cells figures are written."""
_LONGEST, _LETTERS = 22, 14
"""Letters of a portfolio's name beside a scale, and of a line of it beside its curve."""


def plot_sweep(
    x: npt.ArrayLike,
    lines: Mapping[str, SweepLine],
    ax: Axes | None = None,
    *,
    label: str,
    outcome: str = "ROI",
    unit: str = FRACTION,
    signed: bool = True,
    band: str = "5 % to 95 %",
    made: str = "",
    tiers: Mapping[str, str] | None = None,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw a measure of every portfolio along one input.

    Full lines are medians, dashed ones means: the two part ways where tails are heavy.

    Parameters
    ----------
    x : array_like, shape (points,)
        Values of the input, increasing.
    lines : mapping of str to SweepLine
        By portfolio.
    ax : Axes, optional
        Where to draw; a new figure by default.
    label : str
        The input with its unit, such as ``fee per macro creator, USD``.
    outcome : str
        What is measured.
    unit, signed
        Unit of the outcome, and whether gains have a plus.
    band : str
        What the bands are.
    made : str
        How the numbers were made, such as ``20,000 worlds at each point``.
    tiers : mapping of str to str, optional
        Tier of each portfolio, for its colour; by default its name.
    theme, title, subtitle
        See `plot_roi`.
    """
    x = np.asarray(x, dtype=np.float64)
    with paper(ax, theme) as sheet:
        ax, styles = sheet.ax, looks(tiers_of(list(lines), tiers), sheet.theme)
        ax.grid()
        ax.margins(x=0)
        for name, line in lines.items():
            _line(ax, x, line, styles[name], name)
        ax.yaxis.set_major_formatter(lambda value, _: tick(value, unit, signed=signed))
        ax.set_ylim(ax.get_ylim())
        if ax.get_ylim()[0] < 0 < ax.get_ylim()[1]:
            ax.axhline(0, color=sheet.theme.loss, linewidth=1.2, zorder=1)
        _names_at_end(sheet, x, lines, styles)
        if not spread_axis(ax, x):
            number_axis(ax, "x")
            ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel(label)
        ax.set_ylabel(outcome)
        finding = findings.sweep(x, lines, label, outcome)
        how = "; ".join(filter(None, [made, f"full: median, dashed: mean, band: {band} of worlds"]))
        sheet.headline(finding, how, title, subtitle)
        return ax


def plot_break_even(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    gap: npt.ArrayLike,
    ax: Axes | None = None,
    *,
    a: str,
    b: str,
    xlabel: str,
    ylabel: str,
    se: npt.ArrayLike | None = None,
    measure: str = "mean ROI",
    unit: str = FRACTION,
    signed: bool = True,
    made: str = "",
    tiers: Mapping[str, str] | None = None,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw which of two portfolios leads over a grid of two inputs, with the line of a tie.

    Parameters
    ----------
    x : array_like, shape (nx,)
        Values of the input across, increasing.
    y : array_like, shape (ny,)
        Values of the input upwards, increasing.
    gap : array_like, shape (ny, nx)
        Measure of a minus that of b.
    ax : Axes, optional
        Where to draw; a new figure by default.
    a, b : str
        The portfolios.
    xlabel, ylabel : str
        The inputs with their units.
    se : array_like, shape (ny, nx), optional
        Standard errors of the gap, where it is not exact; within two of them, cells are dotted.
    measure : str
        What is compared.
    unit, signed
        Unit of the outcome, and whether gains have a plus.
    made : str
        How the numbers were made.
    tiers : mapping of str to str, optional
        Tier of each portfolio, for its colour; by default its name.
    theme, title, subtitle
        See `plot_roi`.
    """
    from matplotlib.colors import LinearSegmentedColormap

    x, y, gap = (np.asarray(values, dtype=np.float64) for values in (x, y, gap))
    error = np.full_like(gap, np.nan) if se is None else np.asarray(se, dtype=np.float64)
    with paper(ax, theme) as sheet:
        ax, styles = sheet.ax, looks(tiers_of([a, b], tiers), sheet.theme)
        most = float(np.nanmax(np.abs(gap))) or 1.0
        shades = [styles[b].colour, sheet.theme.background, styles[a].colour]
        cells = ax.pcolormesh(
            x,
            y,
            gap,
            shading="nearest",
            vmin=-most,
            vmax=most,
            cmap=LinearSegmentedColormap.from_list("lead", shades),
            rasterized=True,
        )
        if np.nanmin(gap) < 0 < np.nanmax(gap) and min(gap.shape) > 1:
            ax.contour(x, y, gap, levels=[0], colors=[sheet.theme.ink], linewidths=2)
        unsure = np.abs(gap) <= TOLD_APART * error
        rows, columns = np.nonzero(unsure)
        ax.plot(x[columns], y[rows], ".", color=sheet.theme.ink, markersize=3, gid="unsure")
        bar = sheet.figure.colorbar(cells, ax=ax, pad=0.02, aspect=14)
        bar.outline.set_visible(False)
        bar.ax.yaxis.set_major_formatter(lambda value, _: tick(value, unit, signed=signed))
        few = (abridged(name, letters=_LONGEST, lines=1) for name in (a, b))
        bar.set_label("\n".join(wrap(f"{measure}, {' minus '.join(few)}", TALL, 11.0)))
        if max(gap.shape) <= MOST_WRITTEN:
            _figures(ax, x, y, gap, unit, signed=signed, apart=bool(unsure.any()))
        for which, values in (("x", x), ("y", y)):
            if not spread_axis(ax, values, which):
                number_axis(ax, which)
        if ax.get_xscale() == "linear":
            ax.locator_params(axis="x", nbins=5)
        ax.set_xlabel(xlabel)
        ax.set_ylabel("\n".join(wrap(ylabel, TALL, 11.0)))
        finding = findings.leads(a, b, gap, error, measure)
        notes = [made, "line: tie" + ("; dots: cannot be told apart" if unsure.any() else "")]
        how = "; ".join(filter(None, notes))
        sheet.headline(finding, how, title, subtitle)
        return ax


def _figures(
    ax: Axes, x: FloatArray, y: FloatArray, gap: FloatArray, unit: str, *, signed: bool, apart: bool
) -> None:
    """Write the gap into every cell, above its dot where there are dots."""
    from matplotlib.patheffects import withStroke

    ground = ax.get_facecolor()
    for (j, i), value in np.ndenumerate(gap):
        if not np.isfinite(value):
            continue
        text = tick(rounded(float(value), 2), unit, signed=signed, compact=True)
        ax.annotate(
            text.removesuffix(" %"),
            (x[i], y[j]),
            xytext=(0, 1 if apart else 0),
            textcoords="offset points",
            ha="center",
            va="bottom" if apart else "center",
            fontsize=SMALL,
            path_effects=[withStroke(linewidth=2.0, foreground=ground)],
            gid=f"cell {j} {i}",
        )


def by_factors(x: FloatArray) -> bool:
    """Return whether increasing values are spread by factors, over a wide range."""
    if x.size < 3 or not x[0] > 0.0 or x[-1] / x[0] < WIDE:
        return False
    steps = np.diff(np.log(x))
    return bool(np.allclose(steps, steps[0], rtol=0.05))


def spread_axis(ax: Axes, x: FloatArray, which: str = "x") -> bool:
    """Space an axis by factors where its values are; say whether it was done."""
    if not by_factors(x):
        return False
    from matplotlib.ticker import LogLocator, NullFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    few = x[-1] / x[0] > 8.0
    axis.set_major_locator(
        LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))
    )
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(lambda value, _: tick(value))
    return True


def _line(ax: Axes, x: FloatArray, line: SweepLine, look: Look, name: str) -> None:
    ax.fill_between(
        x, line.low, line.high, color=look.colour, alpha=0.16, linewidth=0, gid=f"band {name}"
    )
    ax.plot(x, line.median, color=look.colour, gid=f"median {name}")
    ax.plot(
        x, line.mean, color=look.colour, linewidth=1.6, linestyle=(0, (4, 2)), gid=f"mean {name}"
    )
    known = np.isfinite(line.se)
    ax.errorbar(
        x[known],
        line.mean[known],
        yerr=TOLD_APART * line.se[known],
        fmt="none",
        ecolor=look.colour,
        elinewidth=1.6,
    )


def _names_at_end(
    sheet: Paper, x: FloatArray, lines: Mapping[str, SweepLine], styles: Mapping[str, Look]
) -> None:
    """Name each line beside its last median."""
    low, high = sheet.ax.get_ylim()
    wanted = [float(line.median[-1]) for line in lines.values()]
    places = spread_apart(wanted, 0.08 * (high - low), low, high)
    for name, place in zip(lines, places, strict=True):
        note(
            sheet.ax,
            abridged(name, letters=_LETTERS),
            (float(x[-1]), float(place)),
            (6, 0),
            ha="left",
            color=styles[name].text,
            fontweight="bold",
            fontsize=MIDDLE,
        )
