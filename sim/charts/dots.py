"""How often, as counted worlds: quantile dotplots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..text.names import abridged
from ..text.numbers import counted, gain, setting
from . import titles
from .marks import MIDDLE, hide, name_rows
from .numbers import FloatArray, quantile_dots, stacks
from .paper import WIDTH, Paper, paper, text_width
from .run import Run, as_run
from .scale import RoiScale, roi_scale
from .theme import Theme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

COLUMNS = 34
GAP = 1.2
"""Columns of dots along the axis; space between two portfolios, in dots."""

TALLEST = 9.0
MOST = 4
"""Height of the tallest pile, in dots; portfolios drawn unless more are asked for."""


def plot_dots(
    data: xr.Dataset | Run,
    ax: Axes | None = None,
    *,
    portfolios: Sequence[str] | None = None,
    dots: int = 50,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw ROI as counted worlds: every dot stands for as many of them.

    A dot at each of the quantiles (i - 0.5) / dots; readers decided better with 50 of them than
    with densities or intervals (Fernandes et al. 2018). Full dots make money, hollow ones lose it.

    Parameters
    ----------
    data : xarray.Dataset or Run
        Results of a run.
    ax : Axes, optional
        Where to draw; a new figure by default.
    portfolios : sequence of str, optional
        Which, from top to bottom; by default the first four.
    dots : int
        Dots for each portfolio.
    theme, title, subtitle
        See `plot_roi`.
    """
    run = as_run(data)
    names = [name for name in portfolios or run.names[:MOST] if run.ordered_roi[name].size]
    values = {name: quantile_dots(run.ordered_roi[name], dots) for name in names}
    ends = [float(x[k]) for x in values.values() for k in (0, -1)]
    grid = _Grid(roi_scale([run.ordered_roi[name] for name in names], hold=ends))
    piles = {name: grid.stack(x) for name, x in values.items()}
    tops = {name: float(heights.max()) + 1 for name, (_, heights) in piles.items()}
    for name, top in tops.items():
        if top > TALLEST:  # many worlds with the same ROI: let their dots overlap
            piles[name] = (piles[name][0], piles[name][1] * (TALLEST - 1) / (top - 1))
            tops[name] = TALLEST
    total = sum(tops.values()) + GAP * len(names)
    with paper(ax, theme, height=1.85 + total * (WIDTH - 1.1) / grid.columns) as sheet:
        ax, styles = sheet.ax, run.looks(theme)
        ax.axvspan(0, grid.zero, color=sheet.theme.loss, alpha=0.09, linewidth=0, gid="loss region")
        ax.axvline(grid.zero, color=sheet.theme.loss, linewidth=1.2, gid="break-even")
        size, floor, floors = _diameter(sheet, grid.columns, names), total, {}
        for name, (column, heights) in piles.items():
            floor -= tops[name] + GAP
            floors[name] = floor
            ax.axhline(floor, color=sheet.theme.grid, linewidth=0.8, zorder=0)
            colour = styles[name].colour
            for loses, fill in ((True, "none"), (False, colour)):
                one = (values[name] < 0) == loses
                ax.plot(
                    column[one],
                    floor + heights[one] + 0.5,
                    "o",
                    markersize=size,
                    color=colour,
                    markerfacecolor=fill,
                    markeredgewidth=1.4,
                    gid=f"{'lost' if loses else 'kept'} {name}",
                )
        name_rows(ax, [low + 0.8 for low in floors.values()], names, styles)
        grid.apply(ax)
        ax.set_ylim(-0.3, total)
        hide(ax, "left")
        ax.set_xlabel(grid.scale.label("ROI"))
        summary = run.summary("loss_probability")
        finding = titles.worlds_in_hundred(
            {name: summary[name]["loss_probability"] for name in names}
        )
        some = (
            "" if len(names) == len(run.names) else f"; {len(names)} of {len(run.names)} portfolios"
        )
        made = (
            f"each dot stands for {setting(100 / dots)} of 100 worlds ({counted(run.worlds)} simulated); "
            f"hollow dots lose money{some}{run.left_out(names)}"
        )
        sheet.headline(finding, made, title, subtitle)
        return ax


class _Grid:
    """Columns of equal width on an axis of ROI; break-even lies between two of them."""

    def __init__(self, scale: RoiScale) -> None:
        low, zero, high = (float(x) for x in scale.position([scale.low, 0.0, scale.high]))
        self.scale = scale
        self.unit = (high - low) / COLUMNS
        self.zero = max(0, math.ceil((zero - low) / self.unit - 1e-9))
        self.start = zero - self.zero * self.unit
        self.columns = math.ceil((high - self.start) / self.unit - 1e-9)

    def place(self, roi: FloatArray | Sequence[float]) -> FloatArray:
        """Return where an ROI stands, in columns from the left end."""
        return np.asarray((self.scale.position(roi) - self.start) / self.unit)

    def stack(self, roi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the column's middle and the height of each dot, in dots."""
        middle, height = stacks(self.place(roi), 0, self.columns, self.columns)
        return middle, height.astype(np.float64)

    def apply(self, ax: Axes) -> None:
        """Give an x axis the limits and the ticks."""
        ticks = self.scale.ticks()
        ax.set_xticks(self.place(ticks).tolist(), labels=[gain(tick) for tick in ticks])
        ax.set_xlim(0, self.columns)


def _diameter(sheet: Paper, columns: int, names: Sequence[str]) -> float:
    """Return the size of a dot that fills its column, points."""
    width = float(sheet.figure.get_size_inches()[0])
    if sheet.own:
        width -= 0.3 + max(
            (
                text_width(row, MIDDLE, bold=True)
                for name in names
                for row in abridged(name).split("\n")
            ),
            default=0.0,
        )
    else:
        width *= sheet.ax.get_position().width
    return 0.84 * 72 * width / columns
